//! A device: its primary context, its stream, its memory pool and its kernels.

use std::{
    collections::HashMap,
    fmt,
    marker::PhantomData,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, Weak},
};

use cust::{
    context::{Context, ContextHandle},
    device::{Device as CuDevice, DeviceAttribute},
    stream::{Stream, StreamFlags},
    sys,
};

use xp_core::disk_cache::DiskCache;

use crate::{
    driver::{self, OrFail},
    error::{DriverCode, Error, Result},
    index_fault::IndexFault,
    kernel::{MODULE, ModuleCache},
    libraries::Libraries,
    pool::{Pool, PoolStats},
    streams::Beside,
    transfer::Staging,
    turns::{Turn, Turns},
};

/// A CUDA device with one stream, on which all work of this crate runs in order.
///
/// Clones share the stream, the memory pool and the kernels. Everything is released when the last clone and the last
/// buffer are dropped. Any thread may use any device.
#[derive(Clone)]
pub struct Device(Arc<Inner>);

/// How a device is set up.
#[derive(Debug, Clone)]
pub struct DeviceOptions {
    pool_limit: Option<usize>,
    memory_limit: Option<usize>,
    ranges: bool,
    blocking: bool,
    /// Or what the environment says instead.
    products: Result<Products, String>,
    cache: DiskCache,
    kernels: DiskCache,
}

/// How matrix products are computed. All ways but one are for `f32` and its complex numbers, which otherwise, as everything else, are
/// computed in their own precision. Where the library lacks a way, products fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Products {
    /// In `f32`.
    #[default]
    Full,
    /// On tensor cores, with operands rounded to 10 binary digits after the first.
    Tf32,
    /// On tensor cores, with operands rounded to `bf16`.
    Bf16,
    /// On tensor cores, with operands as sums of three `bf16`: as accurate as `f32` (cuBLAS 12.9 and later, cards from 2024 on).
    Bf16x9,
    /// Those of `f64` and its complex numbers on integer tensor cores, in fixed-point numbers with as many digits as `f64` needs for most
    /// operands (cuBLAS 13.0.2 and later; where that finds no gain or too wide a range it computes in `f64`).
    FixedPoint64,
}

/// Limits of a device that decide how kernels are launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Compute capability, as `(major, minor)`.
    pub compute_capability: (u32, u32),
    /// Number of multiprocessors.
    pub multiprocessors: u32,
    /// Threads per block.
    pub threads_per_block: u32,
    /// Threads per multiprocessor.
    pub threads_per_multiprocessor: u32,
    /// Blocks per grid dimension.
    pub grid: [u32; 3],
    /// Threads per block dimension.
    pub block: [u32; 3],
    /// Dynamic shared memory per block without a kernel attribute, in bytes.
    pub shared_memory: u32,
    /// Dynamic shared memory per block that a kernel can opt in to, in bytes.
    pub shared_memory_opt_in: u32,
}

impl Products {
    fn named(name: &str) -> Option<Self> {
        match name {
            "full" => Some(Self::Full),
            "tf32" => Some(Self::Tf32),
            "bf16" => Some(Self::Bf16),
            "bf16x9" => Some(Self::Bf16x9),
            "fixed64" => Some(Self::FixedPoint64),
            _ => None,
        }
    }
}

impl Device {
    /// Opens a device by its number, with the options of the environment.
    ///
    /// While a device of this number is in use, the same device is returned.
    ///
    /// # Errors
    /// [`Error::LibraryNotFound`] without a driver, [`Error::NoDevice`] for a number that does not exist.
    pub fn new(ordinal: u32) -> Result<Self> {
        static OPEN: Mutex<Option<HashMap<u32, Weak<Inner>>>> = Mutex::new(None);
        let mut open = lock(&OPEN);
        let open = open.get_or_insert_default();
        if let Some(inner) = open.get(&ordinal).and_then(Weak::upgrade) {
            return Ok(Self(inner));
        }
        let device = Self::create(ordinal, DeviceOptions::from_env())?;
        open.insert(ordinal, Arc::downgrade(&device.0));
        Ok(device)
    }

    /// Opens a device with its own stream, pool and kernels, apart from the device that [`Device::new`] shares.
    ///
    /// # Errors
    /// As [`Device::new`].
    pub fn create(ordinal: u32, options: DeviceOptions) -> Result<Self> {
        let count = driver::device_count()?;
        if ordinal >= count {
            return Err(Error::NoDevice { ordinal, count });
        }
        let operation = || format!("opening of cuda:{ordinal}");
        let products = options.products.map_err(|name| Error::InvalidArgument {
            operation: operation(),
            reason: format!("XP_CUDA_PRODUCTS is {name:?}: full, tf32, bf16, bf16x9 or fixed64 expected"),
        })?;
        let failure = |code| Error::Driver { operation: operation(), code };
        let device = CuDevice::get_device(ordinal).or_fail(operation)?;
        let limits = Limits::of(device).map_err(failure)?;
        let name = device.name().or_fail(operation)?;
        let total_memory = device.total_memory().or_fail(operation)?;
        let pools = attribute(device, sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED).map_err(failure)? != 0;
        let _current = Current::unchanged().map_err(failure)?;
        let context = Context::new(device).or_fail(operation)?;
        let stream = Stream::new(StreamFlags::DEFAULT, None).or_fail(operation)?;
        Ok(Self(Arc::new(Inner {
            ordinal,
            name,
            limits,
            total_memory,
            blocking: options.blocking,
            products,
            lost: OnceLock::new(),
            ranges: options.ranges,
            pool: Pool::new(pools, options.pool_limit.unwrap_or(total_memory / 2), options.memory_limit.unwrap_or(usize::MAX)),
            turns: Turns::default(),
            beside: Beside::default(),
            modules: ModuleCache::new(options.cache, options.kernels),
            staging: Staging::default(),
            index_faults: IndexFault::default(),
            libraries: Libraries::default(),
            stream,
            context,
            after: Before::default(),
        })))
    }

    /// The number of the device.
    pub fn ordinal(&self) -> u32 {
        self.0.ordinal
    }

    /// The name of the device.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The limits of the device.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The size of the device's memory in bytes.
    pub fn total_memory(&self) -> usize {
        self.0.total_memory
    }

    /// How matrix products are computed.
    pub fn products(&self) -> Products {
        self.0.products
    }

    /// True when a simulation stands in for the driver.
    pub fn is_simulated(&self) -> bool {
        driver::simulated_by().is_some()
    }

    /// Free and total device memory in bytes, as the driver sees it: what the pool caches counts as used.
    ///
    /// # Errors
    /// Those of the driver.
    pub fn memory_info(&self) -> Result<(usize, usize)> {
        self.call(|| "query of the free memory".into(), |_| cust::memory::mem_get_info().code())
    }

    /// What the memory pool holds.
    pub fn pool_stats(&self) -> PoolStats {
        self.0.pool.stats()
    }

    /// Gives the memory that the pool caches back to the driver.
    ///
    /// # Errors
    /// Those of the driver.
    pub fn trim_pool(&self) -> Result<()> {
        self.0.pool.trim(self)?;
        self.synchronize("return of cached memory")
    }

    /// Waits for all work of this device; errors of earlier kernels appear here, under the name of `operation`.
    ///
    /// # Errors
    /// [`Error::Driver`] or [`Error::DeviceLost`], [`Error::IndexOutOfRange`] of an earlier operation, [`Error::Capturing`].
    pub fn synchronize(&self, operation: &str) -> Result<()> {
        self.check_not_recording(operation)?;
        self.call(|| operation.into(), |stream| stream.synchronize().code())?;
        self.check_indices()
    }

    /// The stream of the device, for calls into NVIDIA's libraries.
    pub fn stream(&self) -> &Stream {
        &self.0.stream
    }

    /// Makes the device's context current on this thread until the result is dropped, which brings back the one that was.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] after a sticky error.
    pub fn enter(&self, operation: &str) -> Result<Current> {
        self.check_not_lost(|| operation.into())?;
        Current::switch(&self.0.context).map_err(|code| self.failure(operation.into(), code))
    }

    /// Runs driver calls with the context current, and gives a failure the name of its operation.
    pub(crate) fn call<T>(&self, operation: impl Fn() -> String, f: impl FnOnce(&Stream) -> Result<T, DriverCode>) -> Result<T> {
        self.check_not_lost(&operation)?;
        let _turn = self.turn();
        Current::switch(&self.0.context).and_then(|_current| f(&self.0.stream)).map_err(|code| self.failure(operation(), code))
    }

    fn check_not_lost(&self, operation: impl Fn() -> String) -> Result<()> {
        match self.0.lost.get() {
            None => Ok(()),
            Some(cause) => Err(Error::DeviceLost { operation: operation(), device: self.to_string(), cause: cause.clone() }),
        }
    }

    /// The error for a result code; a sticky one marks the device as lost.
    fn failure(&self, operation: String, code: DriverCode) -> Error {
        let error = Error::Driver { operation, code };
        if code.is_sticky() {
            let _ = self.0.lost.set(error.to_string());
        }
        error
    }

    /// The device's primary context.
    pub(crate) fn context(&self) -> sys::CUcontext {
        self.0.context.get_inner()
    }

    /// To be held while something is queued: it waits while another thread records a graph. Whoever queues under a lock takes it before.
    pub(crate) fn turn(&self) -> Turn<'_> {
        self.0.turns.take()
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    pub(crate) fn beside(&self) -> &Beside {
        &self.0.beside
    }

    /// Whether operations are ranges of a profile.
    pub(crate) fn has_ranges(&self) -> bool {
        self.0.ranges
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub(crate) fn staging(&self) -> &Staging {
        &self.0.staging
    }

    pub(crate) fn index_faults(&self) -> &IndexFault {
        &self.0.index_faults
    }

    pub(crate) fn modules(&self) -> &ModuleCache {
        &self.0.modules
    }

    pub(crate) fn libraries(&self) -> &Libraries {
        &self.0.libraries
    }

    pub(crate) fn is_blocking(&self) -> bool {
        self.0.blocking
    }

    /// Fails unless both devices are the same.
    ///
    /// # Errors
    /// [`Error::DeviceMismatch`] names both.
    pub fn check_same(&self, other: &Self, operation: &str) -> Result<()> {
        if self == other {
            return Ok(());
        }
        Err(Error::DeviceMismatch { operation: operation.into(), left: self.to_string(), right: other.to_string() })
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Device {}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cuda:{}", self.0.ordinal)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device(cuda:{}, {})", self.0.ordinal, self.0.name)
    }
}

impl DeviceOptions {
    /// The options that the environment asks for.
    ///
    /// * `XP_CUDA_POOL=off` turns the memory pool off, so that tools see every allocation; `XP_CUDA_POOL=<bytes>` bounds it
    ///   (default: half of the device's memory).
    /// * `XP_CUDA_MEMORY=<bytes>` bounds the memory that is asked of the driver, in use and kept (default: what there is).
    /// * `XP_CUDA_BLOCKING=1` waits after every launch, so that an error names its kernel and expression.
    /// * `XP_CUDA_RANGES=1` makes every operation on arrays a range of the profile that a tool records; see [`crate::range`].
    /// * `XP_CUDA_PRODUCTS=tf32`, `bf16`, `bf16x9` or `fixed64` computes matrix products in that way; see [`Products`].
    /// * `XP_CUDA_CACHE=<folder>` keeps compiled kernels there, `off` keeps none.
    /// * `XP_CUDA_KERNELS=<folder>` is where kernels that were compiled ahead are; see [`DeviceOptions::kernels`].
    pub fn from_env() -> Self {
        let pool = std::env::var("XP_CUDA_POOL").ok();
        Self {
            pool_limit: pool.and_then(|v| if v == "off" { Some(0) } else { v.parse().ok() }),
            memory_limit: std::env::var("XP_CUDA_MEMORY").ok().and_then(|v| v.parse().ok()),
            ranges: std::env::var_os("XP_CUDA_RANGES").is_some_and(|v| v == "1"),
            blocking: std::env::var_os("XP_CUDA_BLOCKING").is_some_and(|v| v == "1"),
            products: std::env::var("XP_CUDA_PRODUCTS").map_or(Ok(Products::Full), |name| Products::named(&name).ok_or(name)),
            cache: DiskCache::from_env("XP_CUDA_CACHE", "xp-cuda", MODULE),
            kernels: DiskCache::at(std::env::var_os("XP_CUDA_KERNELS").filter(|folder| !folder.is_empty()).map(PathBuf::from), MODULE),
        }
    }

    /// Bounds the memory that the pool keeps; 0 turns the pool off.
    #[must_use]
    pub fn pool_limit(mut self, bytes: usize) -> Self {
        self.pool_limit = Some(bytes);
        self
    }

    /// Bounds the memory that is asked of the driver, in use and kept for reuse: what would need more is [`Error::OutOfMemory`]. What
    /// NVIDIA's libraries take for themselves does not count.
    #[must_use]
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Makes every operation on arrays a range of the profile that a tool records; see [`crate::range`].
    #[must_use]
    pub fn ranges(mut self, ranges: bool) -> Self {
        self.ranges = ranges;
        self
    }

    /// Waits after every launch, so that an error names its kernel and expression.
    #[must_use]
    pub fn blocking(mut self, blocking: bool) -> Self {
        self.blocking = blocking;
        self
    }

    /// Computes matrix products in this way.
    #[must_use]
    pub fn products(mut self, products: Products) -> Self {
        self.products = Ok(products);
        self
    }

    /// Keeps compiled kernels in this folder, or only in memory.
    #[must_use]
    pub fn cache_folder(mut self, folder: Option<PathBuf>) -> Self {
        self.cache = DiskCache::at(folder, MODULE);
        self
    }

    /// Looks into this folder for kernels that were compiled ahead ([`compile_ahead`](crate::kernel::compile_ahead)), before it compiles one that
    /// it has not kept. A kernel that does not load on the device is compiled as ever.
    #[must_use]
    pub fn kernels(mut self, folder: Option<PathBuf>) -> Self {
        self.kernels = DiskCache::at(folder, MODULE);
        self
    }
}

struct Inner {
    ordinal: u32,
    name: String,
    limits: Limits,
    total_memory: usize,
    blocking: bool,
    ranges: bool,
    products: Products,
    /// The first sticky error.
    lost: OnceLock<String>,
    turns: Turns,
    pool: Pool,
    // The fields below hold driver objects: they are dropped in this order, the context last.
    libraries: Libraries,
    modules: ModuleCache,
    staging: Staging,
    index_faults: IndexFault,
    beside: Beside,
    stream: Stream,
    context: Context,
    /// Brings back the context that was current when the device began to end.
    after: Before,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Errors have nowhere to go here; a lost context is cleaned up by the driver.
        self.after = Before::switch(&self.context).map(Before::never_the_own).unwrap_or_default();
        self.pool.release_all(&self.stream);
        let _ = self.stream.synchronize();
    }
}

/// A device's context that is current on this thread while this lives; then the one that was before is again. Contexts of other
/// code of the program are never left switched, and no context stays current after its device.
#[must_use = "the context is current only as long as this lives"]
#[derive(Debug)]
pub struct Current {
    _before: Before,
    /// What is current belongs to a thread.
    thread: PhantomData<*const ()>,
}

impl Current {
    /// Brings back what is current now, whatever is switched meanwhile.
    fn unchanged() -> Result<Self, DriverCode> {
        Ok(Self { _before: Before(Some(current_context()? as usize)), thread: PhantomData })
    }

    fn switch(context: &Context) -> Result<Self, DriverCode> {
        Before::switch(context).map(|before| Self { _before: before, thread: PhantomData })
    }
}

/// The context to bring back, if it is another one.
#[derive(Debug, Default)]
struct Before(Option<usize>);

impl Before {
    fn switch(context: &Context) -> Result<Self, DriverCode> {
        let (before, own) = (current_context()?, context.get_inner());
        if before == own {
            return Ok(Self(None));
        }
        // SAFETY: a live context.
        unsafe { sys::cuCtxSetCurrent(own) }.code()?;
        Ok(Self(Some(before as usize)))
    }

    /// For the end of a context: if it was current before, none is current afterwards.
    fn never_the_own(mut self) -> Self {
        self.0.get_or_insert(0);
        self
    }
}

impl Drop for Before {
    fn drop(&mut self) {
        if let Some(before) = self.0 {
            // SAFETY: the context was current before; where it has ended since, the driver refuses it.
            let _ = unsafe { sys::cuCtxSetCurrent(before as sys::CUcontext) };
        }
    }
}

fn current_context() -> Result<sys::CUcontext, DriverCode> {
    let mut context = std::ptr::null_mut();
    // SAFETY: an output pointer.
    unsafe { sys::cuCtxGetCurrent(&mut context) }.code()?;
    Ok(context)
}

impl Limits {
    fn of(device: CuDevice) -> Result<Self, DriverCode> {
        use DeviceAttribute as A;
        let get = |attribute| device.get_attribute(attribute).code().map(|v| v.max(0) as u32);
        Ok(Self {
            compute_capability: (get(A::ComputeCapabilityMajor)?, get(A::ComputeCapabilityMinor)?),
            multiprocessors: get(A::MultiprocessorCount)?.max(1),
            threads_per_block: get(A::MaxThreadsPerBlock)?,
            threads_per_multiprocessor: get(A::MaxThreadsPerMultiprocessor)?,
            grid: [get(A::MaxGridDimX)?, get(A::MaxGridDimY)?, get(A::MaxGridDimZ)?],
            block: [get(A::MaxBlockDimX)?, get(A::MaxBlockDimY)?, get(A::MaxBlockDimZ)?],
            shared_memory: get(A::MaxSharedMemoryPerBlock)?,
            shared_memory_opt_in: attribute(device, sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?,
        })
    }
}

/// An attribute that cust has no name for.
fn attribute(device: CuDevice, attribute: sys::CUdevice_attribute) -> Result<u32, DriverCode> {
    let mut value = 0;
    // SAFETY: an output pointer, and a device of the driver.
    unsafe { sys::cuDeviceGetAttribute(&mut value, attribute, device.as_raw()) }.code()?;
    Ok(value.max(0) as u32)
}

/// Locks; a panic of another thread while it held the lock leaves the data usable here, because every holder keeps it
/// consistent between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
