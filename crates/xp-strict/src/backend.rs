//! The backend: its devices, its memory, and how kernels find their way back to it.

use std::fmt;
use std::marker::PhantomData;

use xp_core::backend::{Lanes, Scan, Slot, Stack};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{Backend, DType, Element, Error, Float, Num, Real, Result};
use xp_cpu::{Cpu, CpuBuffer};

/// Which dtypes a [`StrictBackend`] has.
pub trait Flavour: Copy + Send + Sync + 'static {
    /// The name for messages.
    const NAME: &'static str;
    /// The widest float it has.
    type MaxFloat: Float;
    /// Whether arrays of a dtype can live there.
    fn supports(dtype: DType) -> bool;
}

/// Every dtype.
#[derive(Clone, Copy, Debug)]
pub struct WithFloat64;
impl Flavour for WithFloat64 {
    const NAME: &'static str = "strict";
    type MaxFloat = f64;
    fn supports(_: DType) -> bool {
        true
    }
}

/// Neither `float64` nor `complex128`.
#[derive(Clone, Copy, Debug)]
pub struct NoFloat64;
impl Flavour for NoFloat64 {
    const NAME: &'static str = "strict-f32";
    type MaxFloat = f32;
    fn supports(dtype: DType) -> bool {
        !matches!(dtype, DType::F64 | DType::C128)
    }
}

/// A device of the test backend. Devices are equal when their numbers are.
pub struct StrictBackend<F> {
    id: usize,
    flavour: PhantomData<F>,
}

impl<F: Flavour> StrictBackend<F> {
    /// The device of this number.
    #[must_use]
    pub fn new(id: usize) -> Self {
        StrictBackend { id, flavour: PhantomData }
    }

    fn check<T: Element>() -> Result<()> {
        if F::supports(T::DTYPE) { Ok(()) } else { Err(Error::UnsupportedDType { backend: F::NAME, dtype: T::DTYPE }) }
    }
}

impl<F> Clone for StrictBackend<F> {
    fn clone(&self) -> Self {
        StrictBackend { id: self.id, flavour: PhantomData }
    }
}
impl<F> PartialEq for StrictBackend<F> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
impl<F: Flavour> fmt::Display for StrictBackend<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", F::NAME, self.id)
    }
}
impl<F: Flavour> fmt::Debug for StrictBackend<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Memory of the test backend. It gives no access to its elements.
#[derive(Clone, Debug)]
pub struct StrictBuffer<T> {
    pub(crate) memory: CpuBuffer<T>,
}

/// What [`Backend::address`] adds: on 64-bit machines the sum is not a valid address, and no array is long enough to reach
/// one from there.
const VEIL: usize = 1 << (usize::BITS - 10);

fn unveil(address: *const u8) -> *const u8 {
    address.wrapping_sub(VEIL)
}

fn wrap<T>(memory: CpuBuffer<T>) -> StrictBuffer<T> {
    StrictBuffer { memory }
}

// SAFETY: as for `Cpu`, whose memory and methods it uses.
unsafe impl<F: Flavour> Backend for StrictBackend<F> {
    const NAME: &'static str = F::NAME;
    type MaxFloat = F::MaxFloat;
    type Buffer<T: Element> = StrictBuffer<T>;

    fn default_device() -> Result<Self> {
        Ok(Self::new(0))
    }

    fn supports(dtype: DType) -> bool {
        F::supports(dtype)
    }

    unsafe fn alloc<T: Element>(&self, len: usize) -> Result<StrictBuffer<T>> {
        Self::check::<T>()?;
        // SAFETY: passed on.
        unsafe { Cpu.alloc(len).map(wrap) }
    }

    fn upload<T: Element>(&self, values: Vec<T>) -> Result<StrictBuffer<T>> {
        Self::check::<T>()?;
        Cpu.upload(values).map(wrap)
    }

    fn download<T: Element>(&self, buffer: &StrictBuffer<T>, start: usize, len: usize) -> Result<Vec<T>> {
        Cpu.download(&buffer.memory, start, len)
    }

    fn address<T: Element>(buffer: &StrictBuffer<T>) -> *const T {
        Cpu::address(&buffer.memory).wrapping_byte_add(VEIL)
    }

    fn len<T: Element>(buffer: &StrictBuffer<T>) -> usize {
        Cpu::len(&buffer.memory)
    }

    fn is_unique<T: Element>(buffer: &StrictBuffer<T>) -> bool {
        Cpu::is_unique(&buffer.memory)
    }

    unsafe fn eval<K: Kernel>(&self, mut kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> Result<()> {
        kernel.rebase(&unveil);
        // SAFETY: passed on; the addresses are those of the memory again.
        unsafe { Cpu.eval(kernel, plan, Slot { buffer: &out.buffer.memory, offset: out.offset }) }
    }

    unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
        &self,
        reduction: R,
        mut kernel: K,
        plan: &Plan,
        count: usize,
        out: <R::Out as Outputs>::Places,
    ) -> Result<()> {
        kernel.rebase(&unveil);
        // SAFETY: passed on; the addresses are those of the memory again.
        unsafe { Cpu.reduce(reduction, kernel, plan, count, R::Out::rebased(out, &unveil)) }
    }

    fn scan<T: Num>(&self, op: Scan, x: &StrictBuffer<T>, lanes: Lanes) -> Result<StrictBuffer<T>> {
        Cpu.scan(op, &x.memory, lanes).map(wrap)
    }

    fn sort<T: Real>(&self, x: &StrictBuffer<T>, lanes: Lanes, descending: bool) -> Result<StrictBuffer<T>> {
        Cpu.sort(&x.memory, lanes, descending).map(wrap)
    }

    fn argsort<T: Real>(&self, x: &StrictBuffer<T>, lanes: Lanes, descending: bool) -> Result<StrictBuffer<i64>> {
        Cpu.argsort(&x.memory, lanes, descending).map(wrap)
    }

    fn searchsorted<T: Real>(&self, x: &StrictBuffer<T>, queries: &StrictBuffer<T>, right: bool) -> Result<StrictBuffer<i64>> {
        Cpu.searchsorted(&x.memory, &queries.memory, right).map(wrap)
    }

    fn take<T: Element>(&self, x: &StrictBuffer<T>, lanes: Lanes, indices: &StrictBuffer<i64>, per_lane: Option<usize>) -> Result<StrictBuffer<T>> {
        Cpu.take(&x.memory, lanes, &indices.memory, per_lane).map(wrap)
    }

    fn compress<T: Element>(&self, x: &StrictBuffer<T>, mask: &StrictBuffer<bool>) -> Result<(StrictBuffer<T>, usize)> {
        Cpu.compress(&x.memory, &mask.memory).map(|(memory, len)| (wrap(memory), len))
    }

    fn put<T: Num>(&self, x: &mut StrictBuffer<T>, lanes: Lanes, indices: &StrictBuffer<i64>, values: &StrictBuffer<T>, add: bool) -> Result<()> {
        Cpu.put(&mut x.memory, lanes, &indices.memory, &values.memory, add)
    }

    unsafe fn matmul<T: Num>(
        &self,
        a: Stack<'_, Self, T>,
        b: Stack<'_, Self, T>,
        dims: [usize; 3],
        batches: &[[usize; 2]],
        out: Slot<'_, Self, T>,
    ) -> Result<()> {
        let (a, b) = (Stack { buffer: &a.buffer.memory, strides: a.strides }, Stack { buffer: &b.buffer.memory, strides: b.strides });
        // SAFETY: passed on.
        unsafe { Cpu.matmul(a, b, dims, batches, Slot { buffer: &out.buffer.memory, offset: out.offset }) }
    }
}
