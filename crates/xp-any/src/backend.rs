//! [`AnyDevice`] as a backend: every method is that of the device inside, with its own buffers and the kernels as they are.

use xp_core::backend::{Distinct, Lanes, Scan, Slot, Stack};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{Backend, DType, Element, Num, Real, Result};

use crate::buffer::{AnyBuffer, Variant, each, own, own_mut};
use crate::device::AnyDevice;

/// A result of a device as memory of any backend. The device says of which it is.
#[inline]
fn wrap<B: Variant, T: Element>(_: &B, buffer: B::Buffer<T>) -> AnyBuffer<T> {
    B::wrap(buffer)
}

#[inline]
fn slot<'a, B: Variant, T: Element>(device: &B, out: &Slot<'a, AnyDevice, T>) -> Result<Slot<'a, B, T>> {
    Ok(Slot { buffer: own(device, out.buffer)?, offset: out.offset })
}

#[inline]
fn stack<'a, B: Variant, T: Element>(device: &B, x: &Stack<'a, AnyDevice, T>) -> Result<Stack<'a, B, T>> {
    Ok(Stack { buffer: own(device, x.buffer)?, strides: x.strides })
}

// SAFETY: as for the backends, whose memory and methods it uses; memory of another backend is refused.
unsafe impl Backend for AnyDevice {
    const NAME: &'static str = "any";
    type MaxFloat = f64;
    type Buffer<T: Element> = AnyBuffer<T>;

    // How large blocks of rows are, the core asks the type, not the device. A GPU works as well on those of the CPU, in more launches.
    #[cfg(feature = "cpu")]
    const BLOCK: usize = xp_cpu::Cpu::BLOCK;
    #[cfg(not(feature = "cpu"))]
    const BLOCK: usize = xp_cuda::Cuda::BLOCK;

    #[cfg(feature = "cpu")]
    fn part_rows(cols: usize) -> usize {
        xp_cpu::Cpu::part_rows(cols)
    }

    /// The CPU, where the build has it: a GPU is asked for by its name.
    #[inline]
    fn default_device() -> Result<Self> {
        #[cfg(feature = "cpu")]
        return xp_cpu::Cpu::default_device().map(Self::Cpu);
        #[cfg(not(feature = "cpu"))]
        return xp_cuda::Cuda::default_device().map(Self::Cuda);
    }

    fn devices() -> Vec<Self> {
        Self::all()
    }

    fn map_parts<R: Send>(&self, parts: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
        each!(AnyDevice, self, |d| d.map_parts(parts, f))
    }

    fn supports(dtype: DType) -> bool {
        let _ = dtype;
        #[cfg(feature = "cpu")]
        if !xp_cpu::Cpu::supports(dtype) {
            return false;
        }
        #[cfg(feature = "cuda")]
        if !xp_cuda::Cuda::supports(dtype) {
            return false;
        }
        true
    }

    #[inline]
    unsafe fn alloc<T: Element>(&self, len: usize) -> Result<AnyBuffer<T>> {
        // SAFETY: passed on.
        each!(AnyDevice, self, |d| unsafe { d.alloc(len) }.map(|b| wrap(d, b)))
    }

    #[inline]
    fn upload<T: Element>(&self, values: Vec<T>) -> Result<AnyBuffer<T>> {
        each!(AnyDevice, self, |d| d.upload(values).map(|b| wrap(d, b)))
    }

    fn download<T: Element>(&self, buffer: &AnyBuffer<T>, start: usize, len: usize) -> Result<Vec<T>> {
        each!(AnyDevice, self, |d| d.download(own(d, buffer)?, start, len))
    }

    /// Between devices of one backend as that has it, between backends by the host.
    fn transfer<T: Element>(&self, buffer: &AnyBuffer<T>, start: usize, len: usize, to: &Self) -> Result<AnyBuffer<T>> {
        each!(AnyDevice, self, |d| match Variant::of(to) {
            Some(to) => d.transfer(own(d, buffer)?, start, len, to).map(|b| wrap(d, b)),
            None => to.upload(d.download(own(d, buffer)?, start, len)?),
        })
    }

    #[inline]
    fn read<T: Element>(&self, buffer: &AnyBuffer<T>, at: usize) -> Result<T> {
        each!(AnyDevice, self, |d| d.read(own(d, buffer)?, at))
    }

    #[inline]
    fn address<T: Element>(buffer: &AnyBuffer<T>) -> *const T {
        match buffer {
            #[cfg(feature = "cpu")]
            AnyBuffer::Cpu(b) => xp_cpu::Cpu::address(b),
            #[cfg(feature = "cuda")]
            AnyBuffer::Cuda(b) => xp_cuda::Cuda::address(b),
        }
    }

    #[inline]
    fn len<T: Element>(buffer: &AnyBuffer<T>) -> usize {
        match buffer {
            #[cfg(feature = "cpu")]
            AnyBuffer::Cpu(b) => xp_cpu::Cpu::len(b),
            #[cfg(feature = "cuda")]
            AnyBuffer::Cuda(b) => xp_cuda::Cuda::len(b),
        }
    }

    #[inline]
    fn is_unique<T: Element>(buffer: &AnyBuffer<T>) -> bool {
        match buffer {
            #[cfg(feature = "cpu")]
            AnyBuffer::Cpu(b) => xp_cpu::Cpu::is_unique(b),
            #[cfg(feature = "cuda")]
            AnyBuffer::Cuda(b) => xp_cuda::Cuda::is_unique(b),
        }
    }

    fn synchronize(&self) -> Result<()> {
        each!(AnyDevice, self, |d| d.synchronize())
    }

    #[inline]
    unsafe fn eval<K: Kernel>(&self, kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> Result<()> {
        // SAFETY: passed on: the addresses in the kernel are those of the device's own buffers.
        each!(AnyDevice, self, |d| unsafe { d.eval(kernel, plan, slot(d, &out)?) })
    }

    #[inline]
    unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
        &self,
        reduction: R,
        kernel: K,
        plan: &Plan,
        count: usize,
        out: <R::Out as Outputs>::Places,
    ) -> Result<()> {
        // SAFETY: passed on, as for `eval`.
        each!(AnyDevice, self, |d| unsafe { d.reduce(reduction, kernel, plan, count, out) })
    }

    fn scan<T: Num>(&self, op: Scan, x: &AnyBuffer<T>, lanes: Lanes) -> Result<AnyBuffer<T>> {
        each!(AnyDevice, self, |d| d.scan(op, own(d, x)?, lanes).map(|b| wrap(d, b)))
    }

    fn sort<T: Real>(&self, x: &AnyBuffer<T>, lanes: Lanes, descending: bool) -> Result<AnyBuffer<T>> {
        each!(AnyDevice, self, |d| d.sort(own(d, x)?, lanes, descending).map(|b| wrap(d, b)))
    }

    fn argsort<T: Real>(&self, x: &AnyBuffer<T>, lanes: Lanes, descending: bool) -> Result<AnyBuffer<i64>> {
        each!(AnyDevice, self, |d| d.argsort(own(d, x)?, lanes, descending).map(|b| wrap(d, b)))
    }

    fn top_k<T: Real>(&self, x: &AnyBuffer<T>, lanes: Lanes, k: usize, descending: bool) -> Result<AnyBuffer<i64>> {
        each!(AnyDevice, self, |d| d.top_k(own(d, x)?, lanes, k, descending).map(|b| wrap(d, b)))
    }

    fn searchsorted<T: Real>(&self, x: &AnyBuffer<T>, queries: &AnyBuffer<T>, right: bool) -> Result<AnyBuffer<i64>> {
        each!(AnyDevice, self, |d| d.searchsorted(own(d, x)?, own(d, queries)?, right).map(|b| wrap(d, b)))
    }

    fn unique<T: Real>(&self, x: &AnyBuffer<T>, places: bool) -> Result<Option<Distinct<Self, T>>> {
        each!(AnyDevice, self, |d| {
            let found = d.unique(own(d, x)?, places)?;
            Ok(found.map(|Distinct { len, values, counts, places }| Distinct {
                len,
                values: wrap(d, values),
                counts: wrap(d, counts),
                places: places.map(|both| both.map(|b| wrap(d, b))),
            }))
        })
    }

    fn take<T: Element>(&self, x: &AnyBuffer<T>, lanes: Lanes, indices: &AnyBuffer<i64>, per_lane: Option<usize>) -> Result<AnyBuffer<T>> {
        each!(AnyDevice, self, |d| d.take(own(d, x)?, lanes, own(d, indices)?, per_lane).map(|b| wrap(d, b)))
    }

    fn compress<T: Element>(&self, x: &AnyBuffer<T>, mask: &AnyBuffer<bool>) -> Result<(AnyBuffer<T>, usize)> {
        each!(AnyDevice, self, |d| d.compress(own(d, x)?, own(d, mask)?).map(|(b, len)| (wrap(d, b), len)))
    }

    fn put<T: Num>(&self, x: &mut AnyBuffer<T>, lanes: Lanes, indices: &AnyBuffer<i64>, values: &AnyBuffer<T>, add: bool) -> Result<()> {
        each!(AnyDevice, self, |d| d.put(own_mut(d, x)?, lanes, own(d, indices)?, own(d, values)?, add))
    }

    #[inline]
    unsafe fn matmul<T: Num>(
        &self,
        a: Stack<'_, Self, T>,
        b: Stack<'_, Self, T>,
        dims: [usize; 3],
        batches: &[[usize; 2]],
        out: Slot<'_, Self, T>,
    ) -> Result<()> {
        // SAFETY: passed on.
        each!(AnyDevice, self, |d| unsafe { d.matmul(stack(d, &a)?, stack(d, &b)?, dims, batches, slot(d, &out)?) })
    }
}
