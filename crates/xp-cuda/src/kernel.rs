//! Kernels: compiled by NVRTC, kept in memory per device and on disk by content, launched with packed arguments.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::{CStr, c_void},
    fmt,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use bytemuck::NoUninit;
use cust::{module::Module as CuModule, sys};

use xp_core::disk_cache::DiskCache;

use crate::{
    device::{Device, Limits, lock},
    driver::{self, OrFail},
    error::{Error, Result},
    kernel_key::{Key, Taken},
    kernels::OPTIONS,
    nvrtc::{Compiler, Image, Target},
};

/// CUDA C source of a module.
#[derive(Debug, Clone, Copy)]
pub struct ModuleSource<'a> {
    /// The name that messages use.
    pub name: &'a str,
    /// The source; kernels are `extern "C" __global__` functions.
    pub source: &'a str,
    /// Options for NVRTC besides the architecture, e.g. `--fmad=false`.
    pub options: &'a [&'a str],
}

/// A kernel of a loaded module, ready to launch on its device.
#[derive(Clone)]
pub struct Kernel {
    function: Arc<Function>,
    // After the function, so that the device and its context outlive it.
    device: Device,
}

/// The shape of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Blocks per dimension.
    pub grid: [u32; 3],
    /// Threads per block and dimension.
    pub block: [u32; 3],
    /// Dynamic shared memory per block in bytes.
    pub shared: u32,
}

/// The arguments of a launch, laid out as the kernel's parameters are.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    bytes: Vec<u8>,
}

/// What files of compiled modules end in.
pub(crate) const MODULE: &str = "cubin";

/// How often modules came from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModuleStats {
    /// Compiled by NVRTC.
    pub compiled: u64,
    /// Read from the disk cache, or from what was compiled ahead.
    pub from_disk: u64,
}

impl Device {
    /// A kernel, from the cache of the device, the disk cache, or NVRTC.
    ///
    /// # Errors
    /// [`Error::Compile`] with the compiler's log, [`Error::LibraryNotFound`] without NVRTC, [`Error::Driver`] when the
    /// module has no kernel of this name.
    pub fn kernel(&self, source: &ModuleSource<'_>, name: &str) -> Result<Kernel> {
        let _turn = self.turn();
        let module = self.modules().module(self, source)?;
        let function = module.function(self, name)?;
        Ok(Kernel { function, device: self.clone() })
    }

    /// A kernel by a key that stands for its source, which is made when the kernel is not there yet, as is what it computes, for messages:
    /// a text that follows its name.
    pub(crate) fn cached_kernel(
        &self,
        key: Key,
        name: &str,
        source: impl FnOnce() -> Result<String>,
        purpose: impl FnOnce() -> String,
    ) -> Result<Kernel> {
        let known = &self.modules().known;
        if let Some(function) = known.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Kernel { function: function.clone(), device: self.clone() });
        }
        let kernel = self.kernel(&ModuleSource { name, source: &source()?, options: OPTIONS }, name)?;
        let _ = kernel.function.purpose.set(purpose());
        known.write().unwrap_or_else(PoisonError::into_inner).insert(key, kernel.function.clone());
        Ok(kernel)
    }

    /// How often modules of this device were compiled or read from disk.
    pub fn module_stats(&self) -> ModuleStats {
        let modules = self.modules();
        ModuleStats { compiled: modules.compiled.load(Relaxed), from_disk: modules.from_disk.load(Relaxed) }
    }
}

impl Kernel {
    /// The name of the kernel.
    pub fn name(&self) -> &str {
        &self.function.name
    }

    /// The device that the kernel was loaded on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The most threads per block that the kernel's use of registers allows.
    pub fn threads_per_block(&self) -> u32 {
        self.function.threads_per_block
    }

    /// A one-dimensional launch over `items`, for kernels that stride over the grid: a thread for each, as far as they run at once.
    ///
    /// # Errors
    /// As [`Kernel::resident_blocks`].
    pub fn shape_for(&self, items: usize, block: u32) -> Result<Shape> {
        let needed = items.div_ceil(block.max(1) as usize).max(1);
        Ok(Shape::linear(needed.min(self.resident_blocks(block, 0)? as usize) as u32, block))
    }

    /// How many blocks of so many threads, with so many bytes of dynamic shared memory, the device runs at once: what the kernel's
    /// registers and shared memory leave room for, and at least one on each multiprocessor. The driver is asked when the
    /// geometry is another one than before.
    ///
    /// # Errors
    /// Those of the driver.
    pub fn resident_blocks(&self, threads: u32, shared: u32) -> Result<u32> {
        self.function.resident_blocks(&self.device, threads, shared)
    }

    /// Queues a launch on the device's stream.
    ///
    /// # Errors
    /// [`Error::InvalidLaunch`] for a shape beyond the limits of the device, [`Error::Driver`] for what the driver refuses.
    ///
    /// # Safety
    /// The arguments must match the kernel's parameters in number, order, size and alignment. Every pointer among them
    /// must be valid on this device for what the kernel does with it; memory the kernel writes must not be shared with
    /// another writer.
    pub unsafe fn launch(&self, shape: Shape, arguments: &Arguments) -> Result<()> {
        let function = &*self.function;
        shape
            .check(self.device.limits(), function.threads_per_block)
            .map_err(|reason| Error::InvalidLaunch { kernel: function.name.to_string(), reason })?;
        let operation = || format!("launch of `{}`{}", function.name, function.purpose.get().map_or("", |text| text));
        if shape.shared > self.device.limits().shared_memory {
            function.opt_in(&self.device, shape.shared)?;
        }
        let ([gx, gy, gz], [bx, by, bz]) = (shape.grid, shape.block);
        self.device.call(operation, |stream| {
            let mut len = arguments.bytes.len();
            let mut extra: [*mut c_void; 5] =
                [PARAM_BUFFER_POINTER, arguments.bytes.as_ptr().cast_mut().cast(), PARAM_BUFFER_SIZE, (&raw mut len).cast(), std::ptr::null_mut()];
            // SAFETY: the function is loaded on the current context; the argument buffer matches its parameters by the
            // contract of this function, and the driver copies it before it returns.
            unsafe {
                let (none, extra) = (std::ptr::null_mut(), extra.as_mut_ptr());
                sys::cuLaunchKernel(function.handle(), gx, gy, gz, bx, by, bz, shape.shared, stream.as_inner(), none, extra)
            }
            .code()
        })?;
        if self.device.is_blocking() && !self.device.turns().is_recorded_here() { self.device.synchronize(&operation()) } else { Ok(()) }
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kernel({} on {})", self.function.name, self.device)
    }
}

/// `CU_LAUNCH_PARAM_BUFFER_POINTER` and `CU_LAUNCH_PARAM_BUFFER_SIZE` of `cuda.h`.
const PARAM_BUFFER_POINTER: *mut c_void = std::ptr::without_provenance_mut(1);
const PARAM_BUFFER_SIZE: *mut c_void = std::ptr::without_provenance_mut(2);

impl Shape {
    /// A one-dimensional launch.
    pub fn linear(blocks: u32, threads: u32) -> Self {
        Self { grid: [blocks, 1, 1], block: [threads, 1, 1], shared: 0 }
    }

    /// The same shape with dynamic shared memory.
    #[must_use]
    pub fn shared(self, bytes: u32) -> Self {
        Self { shared: bytes, ..self }
    }

    fn check(&self, limits: &Limits, threads_per_block: u32) -> Result<(), String> {
        for (axis, name) in ["x", "y", "z"].iter().enumerate() {
            if !(1..=limits.grid[axis]).contains(&self.grid[axis]) {
                return Err(format!("{} blocks in {name}, the device takes 1 to {}", self.grid[axis], limits.grid[axis]));
            }
            if !(1..=limits.block[axis]).contains(&self.block[axis]) {
                return Err(format!("{} threads in {name}, the device takes 1 to {}", self.block[axis], limits.block[axis]));
            }
        }
        let threads: u64 = self.block.iter().map(|&b| u64::from(b)).product();
        if threads > u64::from(threads_per_block) {
            return Err(format!("{threads} threads per block, the kernel takes at most {threads_per_block}"));
        }
        if self.shared > limits.shared_memory_opt_in.max(limits.shared_memory) {
            return Err(format!("{} bytes of shared memory, the device has {}", self.shared, limits.shared_memory_opt_in));
        }
        Ok(())
    }
}

impl Arguments {
    /// No arguments yet.
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(256) }
    }

    /// Appends an argument, aligned as a kernel parameter of this type is.
    pub fn push<T: NoUninit>(&mut self, value: T) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(align_of::<T>()), 0);
        self.bytes.extend_from_slice(bytemuck::bytes_of(&value));
        self
    }

    /// Appends an argument of these bytes and this alignment.
    pub(crate) fn push_bytes(&mut self, value: &[u8], align: usize) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(align), 0);
        self.bytes.extend_from_slice(value);
        self
    }

    /// The size of the list in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends an argument and returns the list.
    #[must_use]
    pub fn with<T: NoUninit>(mut self, value: T) -> Self {
        self.push(value);
        self
    }
}

/// The modules of a device.
pub(crate) struct ModuleCache {
    disk: DiskCache,
    /// What was compiled ahead, and is only read.
    ahead: DiskCache,
    /// By options and source. The inner lock is held while a module is compiled, so that it is compiled once.
    modules: Mutex<HashMap<String, Slot>>,
    /// Those of the folder `kernels` and those of expressions.
    known: RwLock<HashMap<Key, Arc<Function>, Taken>>,
    compiled: AtomicU64,
    from_disk: AtomicU64,
}

type Slot = Arc<Mutex<Option<Arc<Module>>>>;

impl ModuleCache {
    pub(crate) fn new(disk: DiskCache, ahead: DiskCache) -> Self {
        Self { disk, ahead, modules: Mutex::default(), known: RwLock::default(), compiled: AtomicU64::new(0), from_disk: AtomicU64::new(0) }
    }

    fn module(&self, device: &Device, source: &ModuleSource<'_>) -> Result<Arc<Module>> {
        let mut options = source.options.to_vec();
        options.sort_unstable();
        let key = format!("{}\n{}", options.join(" "), source.source);
        let slot = lock(&self.modules).entry(key).or_default().clone();
        let mut slot = lock(&slot);
        if let Some(module) = &*slot {
            return Ok(module.clone());
        }
        let module = Arc::new(self.load(device, source, &options)?);
        *slot = Some(module.clone());
        Ok(module)
    }

    fn load(&self, device: &Device, source: &ModuleSource<'_>, options: &[&str]) -> Result<Module> {
        let compiler = Compiler::get()?;
        let target = compiler.target(device.limits().compute_capability);
        let key = |compiler: &str| cache_key(compiler, target, &options.join(" "), source.source);
        let (own, ahead) = (key(&compiler.identity()), key(&compiler.family()));
        for (cache, key) in [(&self.disk, &own), (&self.ahead, &ahead)] {
            if let Some(bytes) = cache.load(key)
                && let Ok(module) = Module::load(device, source.name, &Image::new(target, bytes))
            {
                self.from_disk.fetch_add(1, Relaxed);
                return Ok(module);
            }
        }
        let image = compiler.compile(source.name, source.source, target, options)?;
        self.compiled.fetch_add(1, Relaxed);
        let module = Module::load(device, source.name, &image)?;
        self.disk.store(&own, image.bytes());
        Ok(module)
    }
}

/// The first line of every key.
const VERSION: &str = concat!("xp-cuda ", env!("CARGO_PKG_VERSION"));

/// What modules are kept under: all that they depend on, a line each, the source last.
fn cache_key(compiler: &str, target: Target, options: &str, source: &str) -> String {
    [VERSION, driver::simulated_by().unwrap_or("real"), compiler, &target.option(), options, source].join("\n")
}

/// Compiles what a folder of compiled modules holds, such as that of a run on the simulated device, to machine code of an architecture (90
/// for sm_90), for devices that are asked to look into the folder `to` ([`DeviceOptions::kernels`](crate::DeviceOptions::kernels)). Returns
/// how many modules are there; those that were there before are not compiled again. Needs NVRTC but no device.
///
/// # Errors
/// [`Error::Compile`] with the compiler's log, [`Error::LibraryNotFound`] without NVRTC, [`Error::InvalidArgument`] for an architecture that it
/// does not know, or a folder without modules of this version.
pub fn compile_ahead(from: &Path, to: &Path, architecture: u32) -> Result<usize> {
    let compiler = Compiler::get()?;
    let invalid = |reason: String| Error::InvalidArgument { operation: "compilation ahead".into(), reason };
    if !compiler.knows(architecture) {
        return Err(invalid(format!("{} does not compile for sm_{architecture}", compiler.identity())));
    }
    let [from, to] = [from, to].map(|folder| DiskCache::at(Some(folder.into()), MODULE));
    let target = Target::Cubin(architecture);
    let mut there = BTreeSet::new();
    for key in from.keys() {
        // As `cache_key` joins them.
        let lines: Vec<&str> = key.splitn(6, '\n').collect();
        let &[VERSION, _, _, _, options, source] = lines.as_slice() else { continue };
        let ahead = cache_key(&compiler.family(), target, options, source);
        if to.load(&ahead).is_none() {
            let options: Vec<&str> = options.split_whitespace().collect();
            to.store(&ahead, compiler.compile("a module", source, target, &options)?.bytes());
        }
        there.insert(ahead);
    }
    if there.is_empty() { Err(invalid("the folder holds no modules of this version".into())) } else { Ok(there.len()) }
}

/// Compiles a module to machine code of an architecture (90 for sm_90) without loading it; needs NVRTC but no device.
///
/// # Errors
/// [`Error::Compile`] with the compiler's log, [`Error::LibraryNotFound`] without NVRTC.
pub fn compile_only(name: &str, source: &str, options: &[&str], architecture: u32) -> Result<Vec<u8>> {
    let image = Compiler::get()?.compile(name, source, Target::Cubin(architecture), options)?;
    Ok(image.bytes().to_vec())
}

/// Compiles a module to the text of virtual machine code, as [`compile_only`]: to see what accesses and divisions become.
///
/// # Errors
/// As [`compile_only`].
pub fn compile_to_ptx(name: &str, source: &str, options: &[&str], architecture: u32) -> Result<String> {
    let image = Compiler::get()?.compile(name, source, Target::Ptx(architecture), options)?;
    Ok(String::from_utf8_lossy(image.bytes()).trim_end_matches('\0').to_owned())
}

struct Module {
    name: String,
    functions: Mutex<HashMap<String, Arc<Function>>>,
    module: Arc<CuModule>,
}

pub(crate) struct Function {
    name: Box<str>,
    /// What messages say of it besides its name.
    purpose: OnceLock<String>,
    function: usize,
    threads_per_block: u32,
    /// Dynamic shared memory that the kernel has opted in to.
    opted_in: AtomicU32,
    /// The last geometry that occupancy was asked for, and its blocks: 16, 24 and 24 bits.
    resident: AtomicU64,
    _module: Arc<CuModule>,
}

impl Module {
    fn load(device: &Device, name: &str, image: &Image) -> Result<Self> {
        let module = device.call(
            || format!("load of module `{name}`"),
            |_| match image {
                Image::Cubin(bytes) => CuModule::from_cubin(bytes, &[]).code(),
                Image::Ptx(bytes) => {
                    let text = CStr::from_bytes_until_nul(bytes).map_err(|_| crate::error::DriverCode(218))?;
                    CuModule::from_ptx_cstr(text, &[]).code()
                }
            },
        )?;
        Ok(Self { name: name.into(), functions: Mutex::default(), module: Arc::new(module) })
    }

    fn function(&self, device: &Device, name: &str) -> Result<Arc<Function>> {
        let mut functions = lock(&self.functions);
        if let Some(function) = functions.get(name) {
            return Ok(function.clone());
        }
        let operation = || format!("look-up of kernel `{name}` in module `{}`", self.name);
        let (handle, threads) = device.call(operation, |_| {
            let function = self.module.get_function(name).code()?;
            let threads = function.get_attribute(cust::function::FunctionAttribute::MaxThreadsPerBlock).code()?;
            Ok((function.to_raw() as usize, threads.max(1) as u32))
        })?;
        let function = Arc::new(Function {
            name: name.into(),
            purpose: OnceLock::new(),
            function: handle,
            threads_per_block: threads,
            opted_in: AtomicU32::new(0),
            resident: AtomicU64::new(0),
            _module: self.module.clone(),
        });
        functions.insert(name.into(), function.clone());
        Ok(function)
    }
}

impl Function {
    fn handle(&self) -> sys::CUfunction {
        self.function as sys::CUfunction
    }

    fn resident_blocks(&self, device: &Device, threads: u32, shared: u32) -> Result<u32> {
        let geometry = u64::from(threads) << 48 | u64::from(shared) << 24;
        let known = self.resident.load(Relaxed);
        if known != 0 && known >> 24 == geometry >> 24 {
            return Ok(known as u32 & 0xff_ffff);
        }
        let mut blocks = 0;
        device.call(
            || format!("occupancy of `{}`", self.name),
            // SAFETY: a loaded function and an output pointer.
            |_| unsafe { sys::cuOccupancyMaxActiveBlocksPerMultiprocessor(&mut blocks, self.handle(), threads as i32, shared as usize) }.code(),
        )?;
        let blocks = (device.limits().multiprocessors * blocks.max(1) as u32).min(0xff_ffff);
        self.resident.store(geometry | u64::from(blocks), Relaxed);
        Ok(blocks)
    }

    /// Allows more dynamic shared memory than a kernel has by default.
    fn opt_in(&self, device: &Device, bytes: u32) -> Result<()> {
        if self.opted_in.load(Relaxed) >= bytes {
            return Ok(());
        }
        let attribute = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        device.call(
            || format!("{bytes} bytes of shared memory for `{}`", self.name),
            // SAFETY: a loaded function and an attribute of the driver.
            |_| unsafe { sys::cuFuncSetAttribute(self.handle(), attribute, bytes as i32) }.code(),
        )?;
        self.opted_in.fetch_max(bytes, Relaxed);
        Ok(())
    }
}

impl Image {
    fn new(target: Target, bytes: Vec<u8>) -> Self {
        match target {
            Target::Cubin(_) => Self::Cubin(bytes),
            Target::Ptx(_) => Self::Ptx(bytes),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Cubin(bytes) | Self::Ptx(bytes) => bytes,
        }
    }
}
