//! A CUDA device as a backend of arrays.

use std::{fmt, marker::PhantomData, sync::Arc};

use xp_core::backend::{Lanes, Scan, Slot, Stack};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{Array, Backend, Dim, Dyn, Element, Expr, Lazy, Num, Real};

use crate::{
    device::Device,
    driver,
    error::{Error, Result},
    expression,
    graph::Graph,
    kernels::{self, Fold},
    memory::DeviceBuffer,
    products,
    range::range,
};

/// An NVIDIA GPU.
///
/// Work is queued and runs while the program goes on; reading elements waits for it. Arrays of one device can be combined,
/// and used by any thread.
#[derive(Clone, PartialEq, Eq)]
pub struct Cuda {
    device: Device,
}

impl Cuda {
    /// The device of this number.
    ///
    /// # Errors
    /// [`xp_core::Error::Backend`] when there is no driver (with everything that was tried) or no such device.
    pub fn new(ordinal: u32) -> xp_core::Result<Self> {
        Device::new(ordinal).map(Self::from).map_err(|e| translate(format!("cuda:{ordinal}"), "opening of the device", e))
    }

    /// The device below the arrays: its memory pool, its kernels, its stream.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The address of the first element of a contiguous array on the device, for kernels of one's own that read it: the others follow
    /// in row-major order. `examples/own_kernel.rs` launches one.
    ///
    /// The memory lives as long as the array, and is written by what was queued on the stream of the device.
    ///
    /// # Errors
    /// [`xp_core::Error::Value`] for an array that is not contiguous.
    pub fn pointer<T: Element, D: Dim>(x: &Array<Self, T, D>) -> xp_core::Result<u64> {
        if !x.is_contiguous() {
            return Err(xp_core::Error::value("pointer", "the array is not contiguous: make it so with `contiguous`"));
        }
        Ok(x.buffer().at(x.offset()))
    }

    /// The same, for kernels that write: first the array becomes a copy of itself if it is not contiguous, or if another one shares its
    /// memory.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn pointer_mut<T: Element, D: Dim>(x: &mut Array<Self, T, D>) -> xp_core::Result<u64> {
        if !x.is_contiguous() || !Self::is_unique(x.buffer()) {
            *x = x.copy()?;
        }
        Self::pointer(x)
    }

    /// Records what `f` asks this device for on this thread, runs that once, and gives what `f` returns with a graph that runs it again at
    /// every [`launch`](Graph::launch), by one call of the driver: for loops whose launches take the host longer than the device.
    ///
    /// `f` may do what only queues work: expressions, reductions, sorts, products, writes to slices. What waits for the device or
    /// copies from or to the host (reads, sizes of selections, checks of decompositions, new arrays of values) is an error there. Run it
    /// once before, so that its kernels are compiled. Other threads wait with their work until `f` has returned.
    ///
    /// The graph uses the memory that arrays have while it is recorded: arrays that `f` reads are inputs for all launches, and change
    /// the result of the next launch where they were written in place since; arrays that it returns are written by every launch.
    ///
    /// ```no_run
    /// use xp_core::{functions::ones, s};
    /// use xp_cuda::Cuda;
    /// let device = Cuda::new(0)?;
    /// let mut x = ones::<_, f32, _>(&device, [1000])?;
    /// let mut step = || {
    ///     let next = (x.lazy() * 0.5 + x.lazy().sqrt()).try_eval()?;
    ///     x.set(s![..], &next)
    /// };
    /// step()?;
    /// let (graph, ()) = device.capture(step)?;
    /// for _ in 0..1000 {
    ///     graph.launch()?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// That of `f`, and those of the driver. Arrays that were made by an `f` that failed hold zeros.
    pub fn capture<R>(&self, f: impl FnOnce() -> xp_core::Result<R>) -> xp_core::Result<(Graph, R)> {
        self.device.record(f, |error| translate(self.to_string(), "capture", error))
    }

    /// Runs operations of the layers below, and turns their errors into those of arrays.
    pub(crate) fn run<T>(&self, operation: &str, f: impl FnOnce(&Device) -> Result<T>) -> xp_core::Result<T> {
        let _range = self.device.has_ranges().then(|| range(operation));
        // Before any lock that a thread may want that records a graph.
        let _turn = self.device.turn();
        f(&self.device).map_err(|e| translate(self.to_string(), operation, e))
    }

    /// Uninitialised memory for `len` elements.
    pub(crate) fn buffer<T: Element>(&self, len: usize, operation: &str) -> xp_core::Result<CudaBuffer<T>> {
        let bytes = len.checked_mul(size_of::<T>()).ok_or_else(|| xp_core::Error::out_of_memory(self, usize::MAX))?;
        Ok(CudaBuffer::new(self.run(operation, |device| device.alloc(bytes, operation))?, len))
    }

    /// A new contiguous array of arbitrary content. It must be written before it is read.
    pub(crate) fn array<T: Element>(&self, shape: &[usize], operation: &str) -> xp_core::Result<Array<Self, T, Dyn>> {
        let buffer = self.buffer::<T>(xp_core::size_of_shape(shape)?, operation)?;
        // SAFETY: the buffer was made for this shape; what writes it is queued before anything can read it.
        unsafe { Array::from_buffer(self, buffer, shape) }
    }

    /// Runs an expression into a new contiguous array, in whichever order its operands lie, or into the memory of one that is given away:
    /// for what a library overwrites.
    pub(crate) fn contiguous<E: Expr<Backend = Self>>(&self, e: Lazy<E>, operation: &str) -> xp_core::Result<Array<Self, E::Elem, Dyn>> {
        let shape = e.expr().shape()?;
        if e.expr().is_dense(shape.as_ref()) {
            return e.try_eval().map(Array::into_dyn);
        }
        let mut out = self.array(shape.as_ref(), operation)?;
        e.eval_into(&mut out)?;
        Ok(out)
    }
}

impl From<Device> for Cuda {
    fn from(device: Device) -> Self {
        Cuda { device }
    }
}

impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.device.fmt(f)
    }
}

impl fmt::Debug for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cuda({}, {})", self.device, self.device.name())
    }
}

/// Memory of a [`Cuda`] device for elements of a dtype.
#[derive(Debug)]
pub struct CudaBuffer<T> {
    memory: Arc<DeviceBuffer>,
    len: usize,
    elements: PhantomData<fn() -> T>,
}

impl<T: Element> CudaBuffer<T> {
    pub(crate) fn new(memory: DeviceBuffer, len: usize) -> Self {
        CudaBuffer { memory: Arc::new(memory), len, elements: PhantomData }
    }

    /// The memory.
    pub(crate) fn memory(&self) -> &DeviceBuffer {
        &self.memory
    }

    /// The device that holds the memory.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.memory.device()
    }

    /// Whether the memory belongs to another library that does not allow writing to it.
    #[doc(hidden)]
    #[must_use]
    pub fn is_readonly(&self) -> bool {
        self.memory.is_readonly()
    }

    /// The device address of an element.
    pub(crate) fn at(&self, offset: usize) -> u64 {
        self.memory.pointer() + (offset * size_of::<T>()) as u64
    }
}

impl<T> Clone for CudaBuffer<T> {
    fn clone(&self) -> Self {
        CudaBuffer { memory: self.memory.clone(), len: self.len, elements: PhantomData }
    }
}

// SAFETY: buffers have room for what was asked for, every kernel fills its output, and handles are counted.
unsafe impl Backend for Cuda {
    const NAME: &'static str = "cuda";
    type MaxFloat = f64;
    type Buffer<T: Element> = CudaBuffer<T>;

    const BLOCK: usize = 1 << 24;
    const KEEPS_ORDER: bool = true;

    /// The device that `XP_CUDA_DEVICE` names, or the first one.
    fn default_device() -> xp_core::Result<Self> {
        let Some(text) = std::env::var_os("XP_CUDA_DEVICE") else {
            return Self::new(0);
        };
        let number = text.to_str().and_then(|t| t.parse().ok());
        Self::new(number.ok_or_else(|| xp_core::Error::value("XP_CUDA_DEVICE", format!("{text:?} is not the number of a device")))?)
    }

    /// Every device of the driver that can be opened; none without a driver.
    fn devices() -> Vec<Self> {
        (0..driver::device_count().unwrap_or(0)).filter_map(|ordinal| Self::new(ordinal).ok()).collect()
    }

    unsafe fn alloc<T: Element>(&self, len: usize) -> xp_core::Result<CudaBuffer<T>> {
        self.buffer(len, "allocation")
    }

    fn upload<T: Element>(&self, values: Vec<T>) -> xp_core::Result<CudaBuffer<T>> {
        let memory = self.run("upload", |device| device.upload(bytemuck::cast_slice(&values), "upload"))?;
        Ok(CudaBuffer::new(memory, values.len()))
    }

    fn download<T: Element>(&self, buffer: &CudaBuffer<T>, start: usize, len: usize) -> xp_core::Result<Vec<T>> {
        let size = size_of::<T>();
        let mut values: Vec<T> = Vec::with_capacity(len);
        // SAFETY: the vector has room for `len` elements, and zeros are valid elements, as `Zeroable` says.
        let bytes = unsafe {
            values.as_mut_ptr().write_bytes(0, len);
            std::slice::from_raw_parts_mut(values.as_mut_ptr().cast::<u8>(), len * size)
        };
        self.run("download", |_| buffer.memory.download(start * size, bytes, "download"))?;
        // SAFETY: the elements were written by kernels or uploads of this dtype, which leave valid elements.
        unsafe { values.set_len(len) };
        Ok(values)
    }

    fn transfer<T: Element>(&self, buffer: &CudaBuffer<T>, start: usize, len: usize, to: &Self) -> xp_core::Result<CudaBuffer<T>> {
        let size = size_of::<T>();
        let memory = to.run("transfer", |device| buffer.memory.copy_to(device, start * size, len * size, "transfer"))?;
        Ok(CudaBuffer::new(memory, len))
    }

    fn address<T: Element>(buffer: &CudaBuffer<T>) -> *const T {
        std::ptr::without_provenance(buffer.memory.pointer() as usize)
    }

    fn len<T: Element>(buffer: &CudaBuffer<T>) -> usize {
        buffer.len
    }

    fn is_unique<T: Element>(buffer: &CudaBuffer<T>) -> bool {
        // The count alone orders nothing: what others asked of the memory before they dropped their handles came before.
        let alone = Arc::strong_count(&buffer.memory) == 1 && buffer.memory.is_own();
        if alone {
            std::sync::atomic::fence(std::sync::atomic::Ordering::Acquire);
        }
        alone
    }

    fn synchronize(&self) -> xp_core::Result<()> {
        self.run("synchronisation", |device| device.synchronize("synchronisation"))
    }

    unsafe fn eval<K: Kernel>(&self, kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> xp_core::Result<()> {
        // SAFETY: passed on.
        self.run("evaluation", |device| unsafe { expression::eval(device, &kernel, plan, out.buffer.at(out.offset)) })
    }

    unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
        &self,
        reduction: R,
        kernel: K,
        plan: &Plan,
        count: usize,
        out: <R::Out as Outputs>::Places,
    ) -> xp_core::Result<()> {
        // SAFETY: passed on.
        self.run(R::NAME, |device| unsafe { expression::reduce(device, reduction, &kernel, plan, count, out) })
    }

    fn scan<T: Num>(&self, op: Scan, x: &CudaBuffer<T>, lanes: Lanes) -> xp_core::Result<CudaBuffer<T>> {
        lanes.check(x.len, "scan")?;
        let (name, fold) = match op {
            Scan::Sum => ("cumulative_sum", Fold::cumulative(T::DTYPE, "0", "op_add(a, b)")),
            Scan::Prod => ("cumulative_prod", Fold::cumulative(T::DTYPE, "1", "op_multiply(a, b)")),
        };
        let out = self.buffer(lanes.size(), name)?;
        // SAFETY: both buffers hold an array of these lanes, and the fold's types are `T`.
        self.run(name, |_| unsafe { kernels::scan(&fold, [lanes.outer, lanes.len, lanes.inner], x.memory(), out.memory()) })?;
        Ok(out)
    }

    fn sort<T: Real>(&self, x: &CudaBuffer<T>, lanes: Lanes, descending: bool) -> xp_core::Result<CudaBuffer<T>> {
        lanes.check(x.len, "sort")?;
        let memory = self.run("sort", |_| kernels::sort(T::DTYPE, [lanes.outer, lanes.len, lanes.inner], descending, x.memory()))?;
        Ok(CudaBuffer::new(memory, lanes.size()))
    }

    fn argsort<T: Real>(&self, x: &CudaBuffer<T>, lanes: Lanes, descending: bool) -> xp_core::Result<CudaBuffer<i64>> {
        lanes.check(x.len, "argsort")?;
        let memory = self.run("argsort", |_| kernels::argsort(T::DTYPE, [lanes.outer, lanes.len, lanes.inner], descending, x.memory()))?;
        Ok(CudaBuffer::new(memory, lanes.size()))
    }

    fn top_k<T: Real>(&self, x: &CudaBuffer<T>, lanes: Lanes, k: usize, descending: bool) -> xp_core::Result<CudaBuffer<i64>> {
        lanes.check(x.len, "top_k")?;
        let elements = lanes.first(k, "top_k")?;
        let memory = self.run("top_k", |_| kernels::top_k(T::DTYPE, [lanes.outer, lanes.len, lanes.inner], k, descending, x.memory()))?;
        Ok(CudaBuffer::new(memory, elements))
    }

    fn searchsorted<T: Real>(&self, x: &CudaBuffer<T>, queries: &CudaBuffer<T>, right: bool) -> xp_core::Result<CudaBuffer<i64>> {
        let (sorted, wanted) = ((x.memory(), x.len), (queries.memory(), queries.len));
        let memory = self.run("searchsorted", |_| kernels::searchsorted(T::DTYPE, sorted, wanted, right))?;
        Ok(CudaBuffer::new(memory, queries.len))
    }

    fn take<T: Element>(
        &self,
        x: &CudaBuffer<T>,
        lanes: Lanes,
        indices: &CudaBuffer<i64>,
        per_lane: Option<usize>,
    ) -> xp_core::Result<CudaBuffer<T>> {
        lanes.check(x.len, "take")?;
        if let Some(count) = per_lane {
            Lanes { len: count, ..lanes }.check(indices.len, "take: indices")?;
        }
        let Lanes { outer, len, inner } = lanes;
        let elements = lanes.with_len(per_lane.unwrap_or(indices.len))?;
        let mut out = self.run("take", |device| device.alloc(elements * size_of::<T>(), "take"))?;
        self.run("take", |_| match per_lane {
            None => kernels::gather(size_of::<T>(), [outer, len, inner], x.memory(), indices.memory(), &mut out),
            Some(count) => kernels::gather_lanes(size_of::<T>(), [outer, len, inner, count], x.memory(), indices.memory(), &mut out),
        })?;
        Ok(CudaBuffer::new(out, elements))
    }

    fn compress<T: Element>(&self, x: &CudaBuffer<T>, mask: &CudaBuffer<bool>) -> xp_core::Result<(CudaBuffer<T>, usize)> {
        Lanes { outer: 1, len: mask.len, inner: 1 }.check(x.len, "compress")?;
        let memory = self.run("compress", |_| kernels::compact(size_of::<T>(), mask.memory(), x.memory()))?;
        let count = memory.len() / size_of::<T>();
        Ok((CudaBuffer::new(memory, count), count))
    }

    fn put<T: Num>(&self, x: &mut CudaBuffer<T>, lanes: Lanes, indices: &CudaBuffer<i64>, values: &CudaBuffer<T>, add: bool) -> xp_core::Result<()> {
        lanes.check(x.len, "put")?;
        Lanes { len: indices.len, ..lanes }.check(values.len, "put: values")?;
        if !Self::is_unique(x) {
            let copy = self.run("put", |_| {
                let mut copy = x.memory.device().alloc(x.memory.len(), "put")?;
                copy.copy_from(0, &x.memory, 0, x.memory.len(), "put")?;
                Ok(copy)
            })?;
            *x = CudaBuffer::new(copy, x.len);
        }
        let shape = [lanes.outer, lanes.len, lanes.inner];
        self.run("put", |_| kernels::scatter(T::DTYPE, shape, values.memory(), indices.memory(), x.memory(), add))
    }

    unsafe fn matmul<T: Num>(
        &self,
        a: Stack<'_, Self, T>,
        b: Stack<'_, Self, T>,
        dims: [usize; 3],
        batches: &[[usize; 2]],
        out: Slot<'_, Self, T>,
    ) -> xp_core::Result<()> {
        // SAFETY: passed on.
        self.run("matmul", |device| unsafe { products::matmul(device, &a, &b, dims, batches, out.buffer.at(out.offset)) })
    }
}

/// The error of arrays for an error of the layers below.
pub(crate) fn translate(device: String, operation: &str, error: Error) -> xp_core::Error {
    match error {
        Error::OutOfMemory { requested, free, total, returned, .. } => {
            let details = format!(" ({operation}); {free} of {total} are free, after the cache gave back {returned}");
            xp_core::Error::OutOfMemory { device, bytes: requested, details }
        }
        Error::DeviceMismatch { left, right, .. } => xp_core::Error::Device { left, right },
        Error::IndexOutOfRange { operation, index, len } => xp_core::Error::Index { index: index as isize, axis: 0, len, operation: Some(operation) },
        other => xp_core::Error::Backend { device, operation: operation.into(), why: other.to_string() },
    }
}
