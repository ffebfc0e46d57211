//! A device as a backend of arrays.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use xp_core::backend::{Lanes, Scan, Slot, Stack};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{Backend, DType, Element, Error, Num, Real, Result};

use crate::device::{self, Device};
use crate::memory::Memory;
use crate::products::{self, Matrices};
use crate::queue::Counts;
use crate::{elements, expression, operations, wgsl};

/// A GPU with Vulkan, or Mesa's software driver in its place.
///
/// Work is queued and runs while the program goes on; reading elements waits for it. Arrays of one device can be combined, and
/// used by any thread.
///
/// It has neither `float64` nor `complex128`: arrays of them are an error.
///
/// ```no_run
/// use xp_core::{Array, Backend};
/// use xp_wgpu::Wgpu;
/// let device = Wgpu::default_device()?;
/// let x = Array::from_vec(&device, vec![1.0f32, 2.0, 3.0], [3])?;
/// assert_eq!((x.lazy() * 2.0 + 1.0).sum(0).eval().item()?, 15.0);
/// # Ok::<(), xp_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Wgpu {
    pub(crate) device: Device,
}

impl Wgpu {
    /// The names of the adapters of this machine, in the order of their numbers: GPUs before software, discrete ones first. There
    /// are none without a driver.
    #[must_use]
    pub fn adapters() -> Vec<String> {
        device::adapter_names()
    }

    /// The device of the adapter with this number. It is opened and tested when it is first asked for.
    ///
    /// # Errors
    /// [`Error::Backend`] when there is no such adapter, when it lacks integers of 64 bits, and when its driver fails the
    /// self-test, with what it gets wrong.
    pub fn new(number: usize) -> Result<Self> {
        Device::get(number).map(|device| Wgpu { device })
    }

    /// A device of its own on the adapter with this number, with memory, queue and kernels of its own; its arrays have at most this
    /// many bytes each, if a number is given and the adapter takes so many.
    ///
    /// # Errors
    /// As for [`Wgpu::new`].
    pub fn separate(number: usize, most_bytes: Option<u64>) -> Result<Self> {
        let lower = |limits: &mut wgpu::Limits| {
            if let Some(bytes) = most_bytes {
                limits.max_storage_buffer_binding_size = bytes;
            }
        };
        Device::open(number, lower).map(|device| Wgpu { device })
    }

    /// The number of the adapter that is meant where none is named: the one of `XP_WGPU_ADAPTER`, a number or a part of a name,
    /// or the first.
    ///
    /// # Errors
    /// [`Error::Value`] when the variable names no adapter.
    pub fn default_adapter() -> Result<usize> {
        device::default_adapter()
    }

    /// The name of the adapter.
    #[must_use]
    pub fn adapter(&self) -> &str {
        self.device.adapter()
    }

    /// Whether the driver is one in software: the CPU does the work, slower than the backend `Cpu`.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.device.is_software()
    }

    /// The name and the version of the driver.
    #[must_use]
    pub fn driver(&self) -> String {
        self.device.driver()
    }

    /// The most bytes of one array.
    #[must_use]
    pub fn most_bytes(&self) -> u64 {
        self.device.most_bytes()
    }

    /// What the device was asked to do since it was opened.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.device.counts()
    }

    /// How many pieces of memory are in use, and how many bytes are kept for later ones.
    #[must_use]
    pub fn memory(&self) -> (usize, u64) {
        self.device.memory_in_use()
    }

    /// Memory of arbitrary content for `len` elements.
    pub(crate) fn buffer<T: Element>(&self, len: usize, operation: &str) -> Result<WgpuBuffer<T>> {
        if !Self::supports(T::DTYPE) {
            return Err(Error::UnsupportedDType { backend: Self::NAME, dtype: T::DTYPE });
        }
        let words = wgsl::memory_words(T::DTYPE, len);
        // The error counts the bytes of elements, not of whole words.
        let memory = Memory::new(&self.device, words, operation).map_err(|e| match e {
            Error::OutOfMemory { device, .. } => Error::out_of_memory(device, len.saturating_mul(size_of::<T>())),
            other => other,
        });
        Ok(WgpuBuffer::new(memory?, len))
    }
}

impl fmt::Display for Wgpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.device.fmt(f)
    }
}

impl fmt::Debug for Wgpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wgpu({}, {})", self.device, self.device.adapter())
    }
}

/// Memory of a [`Wgpu`] device for elements of a dtype.
pub struct WgpuBuffer<T> {
    memory: Arc<Memory>,
    len: usize,
    elements: PhantomData<fn() -> T>,
}

impl<T> WgpuBuffer<T> {
    pub(crate) fn new(memory: Memory, len: usize) -> Self {
        WgpuBuffer { memory: Arc::new(memory), len, elements: PhantomData }
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn words(&self) -> &wgpu::Buffer {
        self.memory.buffer()
    }
}

impl<T> Clone for WgpuBuffer<T> {
    fn clone(&self) -> Self {
        WgpuBuffer { memory: self.memory.clone(), len: self.len, elements: PhantomData }
    }
}

impl<T> fmt::Debug for WgpuBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WgpuBuffer({} elements on {})", self.len, self.memory.device())
    }
}

// SAFETY: buffers have room for what was asked for, every kernel fills its output, and handles are counted.
unsafe impl Backend for Wgpu {
    const NAME: &'static str = "wgpu";
    type MaxFloat = f32;
    type Buffer<T: Element> = WgpuBuffer<T>;

    const BLOCK: usize = 1 << 22;

    /// The device of the adapter that `XP_WGPU_ADAPTER` names, by number or a part of its name, or of the first one.
    fn default_device() -> Result<Self> {
        Self::new(Self::default_adapter()?)
    }

    /// Every adapter that can be opened; none without a driver.
    fn devices() -> Vec<Self> {
        (0..Self::adapters().len()).filter_map(|number| Self::new(number).ok()).collect()
    }

    fn supports(dtype: DType) -> bool {
        wgsl::name(dtype).is_some()
    }

    unsafe fn alloc<T: Element>(&self, len: usize) -> Result<WgpuBuffer<T>> {
        self.buffer(len, "allocation")
    }

    fn upload<T: Element>(&self, values: Vec<T>) -> Result<WgpuBuffer<T>> {
        let buffer = self.buffer(values.len(), "upload")?;
        self.device.write(bytemuck::cast_slice(&values), buffer.words());
        Ok(buffer)
    }

    fn download<T: Element>(&self, buffer: &WgpuBuffer<T>, start: usize, len: usize) -> Result<Vec<T>> {
        assert!(start.checked_add(len).is_some_and(|end| end <= buffer.len), "elements {start}.. of {len} wanted of {}", buffer.len);
        let bytes = start * size_of::<T>()..(start + len) * size_of::<T>();
        let first = bytes.start / 4;
        let words = self.device.read(buffer.words(), first, bytes.end.div_ceil(4) - first, "download")?;
        let read: &[u8] = bytemuck::cast_slice(&words);
        Ok(elements::of_bytes(&read[bytes.start - 4 * first..bytes.end - 4 * first]))
    }

    fn address<T: Element>(buffer: &WgpuBuffer<T>) -> *const T {
        std::ptr::without_provenance(buffer.memory.address())
    }

    fn len<T: Element>(buffer: &WgpuBuffer<T>) -> usize {
        buffer.len
    }

    fn is_unique<T: Element>(buffer: &WgpuBuffer<T>) -> bool {
        let alone = Arc::strong_count(&buffer.memory) == 1;
        // The count alone orders nothing: what others asked of the memory before they dropped their handles came before.
        std::sync::atomic::fence(std::sync::atomic::Ordering::Acquire);
        alone
    }

    fn synchronize(&self) -> Result<()> {
        self.device.read(&self.device.fault(), 0, 0, "synchronisation").map(|_| ())
    }

    unsafe fn eval<K: Kernel>(&self, kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> Result<()> {
        expression::eval(&self.device, &kernel, plan, &out.buffer.memory, out.offset)
    }

    unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
        &self,
        reduction: R,
        kernel: K,
        plan: &Plan,
        count: usize,
        out: <R::Out as Outputs>::Places,
    ) -> Result<()> {
        expression::reduce(&self.device, reduction, &kernel, plan, count, out)
    }

    fn scan<T: Num>(&self, op: Scan, x: &WgpuBuffer<T>, lanes: Lanes) -> Result<WgpuBuffer<T>> {
        lanes.check(x.len, "scan")?;
        Ok(WgpuBuffer::new(operations::scan(&self.device, op, T::DTYPE, x.words(), lanes)?, x.len))
    }

    fn sort<T: Real>(&self, x: &WgpuBuffer<T>, lanes: Lanes, descending: bool) -> Result<WgpuBuffer<T>> {
        lanes.check(x.len, "sort")?;
        Ok(WgpuBuffer::new(operations::sort(&self.device, T::DTYPE, x.words(), lanes, descending)?, x.len))
    }

    fn argsort<T: Real>(&self, x: &WgpuBuffer<T>, lanes: Lanes, descending: bool) -> Result<WgpuBuffer<i64>> {
        lanes.check(x.len, "argsort")?;
        Ok(WgpuBuffer::new(operations::argsort(&self.device, T::DTYPE, x.words(), lanes, descending)?, x.len))
    }

    fn searchsorted<T: Real>(&self, x: &WgpuBuffer<T>, queries: &WgpuBuffer<T>, right: bool) -> Result<WgpuBuffer<i64>> {
        let memory = operations::search(&self.device, T::DTYPE, (x.words(), x.len), (queries.words(), queries.len), right)?;
        Ok(WgpuBuffer::new(memory, queries.len))
    }

    fn take<T: Element>(&self, x: &WgpuBuffer<T>, lanes: Lanes, indices: &WgpuBuffer<i64>, per_lane: Option<usize>) -> Result<WgpuBuffer<T>> {
        lanes.check(x.len, "take")?;
        if let Some(count) = per_lane {
            Lanes { len: count, ..lanes }.check(indices.len, "take: indices")?;
        }
        let count = per_lane.unwrap_or(indices.len);
        let memory = operations::take(&self.device, T::DTYPE, x.words(), lanes, indices.words(), count, per_lane.is_some())?;
        Ok(WgpuBuffer::new(memory, lanes.with_len(count)?))
    }

    fn compress<T: Element>(&self, x: &WgpuBuffer<T>, mask: &WgpuBuffer<bool>) -> Result<(WgpuBuffer<T>, usize)> {
        Lanes { outer: 1, len: mask.len, inner: 1 }.check(x.len, "compress")?;
        let (memory, count) = operations::compress(&self.device, T::DTYPE, x.words(), mask.words(), mask.len)?;
        Ok((WgpuBuffer::new(memory, count), count))
    }

    fn put<T: Num>(&self, x: &mut WgpuBuffer<T>, lanes: Lanes, indices: &WgpuBuffer<i64>, values: &WgpuBuffer<T>, add: bool) -> Result<()> {
        lanes.check(x.len, "put")?;
        Lanes { len: indices.len, ..lanes }.check(values.len, "put: values")?;
        if !Self::is_unique(x) {
            let copy = self.buffer(x.len, "put")?;
            self.device.copy(x.words(), copy.words(), wgsl::memory_words(T::DTYPE, x.len));
            *x = copy;
        }
        operations::put(&self.device, T::DTYPE, &x.memory, lanes, (indices.words(), indices.len), values.words(), add)
    }

    unsafe fn matmul<T: Num>(
        &self,
        a: Stack<'_, Self, T>,
        b: Stack<'_, Self, T>,
        dims: [usize; 3],
        batches: &[[usize; 2]],
        out: Slot<'_, Self, T>,
    ) -> Result<()> {
        let [a, b] = [a, b].map(|x| Matrices { buffer: x.buffer.words(), strides: x.strides });
        products::matmul(&self.device, T::DTYPE, [&a, &b], dims, batches, (&out.buffer.memory, out.offset))
    }
}
