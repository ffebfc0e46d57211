//! Opens the driver and NVIDIA's libraries at run time.
//!
//! A library is looked for in the folders of the environment variable `XP_CUDA_PATH`, then by its plain name (which the
//! dynamic linker resolves), then in the usual CUDA folders, then in the `nvidia/*/lib` folders of Python installations.
//! Nothing is opened before it is needed, so a program that never creates a device runs without any of them.

mod search;
mod table;

use std::{
    ffi::{CStr, c_void},
    fmt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

pub(crate) use table::function_table;

use crate::error::{Error, Result};

/// A library that this crate opens at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Library {
    /// The CUDA driver, `libcuda`.
    Driver,
    /// The run-time compiler, `libnvrtc`.
    Nvrtc,
    /// cuBLAS.
    Cublas,
    /// cuSOLVER.
    Cusolver,
    /// cuFFT.
    Cufft,
    /// NVTX, by which programs name parts of a profile.
    Nvtx,
}

impl Library {
    /// The libraries of a CUDA toolkit that arrays need (all but the driver).
    pub const TOOLKIT: [Self; 4] = [Self::Nvrtc, Self::Cublas, Self::Cusolver, Self::Cufft];

    /// The file names of the library, those for the driver's CUDA version first.
    ///
    /// `driver_major` is the major CUDA version that the driver supports; a toolkit newer than that does not run on it.
    pub fn file_names(self, driver_major: Option<u32>) -> Vec<&'static str> {
        let [cuda_13, cuda_12] = match self {
            Self::Driver => return vec!["libcuda.so.1", "libcuda.so"],
            Self::Nvrtc => ["libnvrtc.so.13", "libnvrtc.so.12"],
            Self::Cublas => ["libcublas.so.13", "libcublas.so.12"],
            Self::Cusolver => ["libcusolver.so.12", "libcusolver.so.11"],
            Self::Cufft => ["libcufft.so.12", "libcufft.so.11"],
            Self::Nvtx => ["libnvtx3interop.so.1", "libnvToolsExt.so.1"],
        };
        match driver_major {
            Some(..=12) => vec![cuda_12, cuda_13],
            _ => vec![cuda_13, cuda_12],
        }
    }
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Driver => "the CUDA driver",
            Self::Nvrtc => "NVRTC",
            Self::Cublas => "cuBLAS",
            Self::Cusolver => "cuSOLVER",
            Self::Cufft => "cuFFT",
            Self::Nvtx => "NVTX",
        })
    }
}

/// One name or folder that was tried for a library, and why it was of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried: a plain name, a file, or a pattern of folders.
    pub place: String,
    /// Why it did not work.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// A source of functions that stands in for the driver and the libraries, such as a simulated device.
#[derive(Debug, Clone, Copy)]
pub struct Provider {
    /// What messages and caches call this source.
    pub name: &'static str,
    /// Returns the address of a function by its C name, or null.
    pub symbol: fn(&CStr) -> *const c_void,
}

static PROVIDER: OnceLock<Option<Provider>> = OnceLock::new();

/// Makes `provider` the source of the driver and of all libraries for the rest of the process.
///
/// Returns false, without effect, when another source is already in use: install before the first device is created.
///
/// # Safety
/// Every address that `provider.symbol` returns must be a function with the C signature that NVIDIA's headers give it,
/// must stay valid for the rest of the process, and must not unwind.
#[must_use = "the provider is ignored when a source is already in use"]
pub unsafe fn install(provider: Provider) -> bool {
    PROVIDER.get_or_init(|| Some(provider)).is_some_and(|p| std::ptr::fn_addr_eq(p.symbol, provider.symbol))
}

/// The installed provider; after this call no other can be installed.
pub(crate) fn provider() -> Option<Provider> {
    *PROVIDER.get_or_init(|| None)
}

/// An open library. It stays open for the rest of the process.
#[derive(Debug)]
pub struct Opened {
    library: Library,
    origin: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    File(&'static libloading::Library),
    Provider(Provider),
}

impl Opened {
    /// Opens a library; see the module documentation for where it is looked for.
    ///
    /// # Errors
    /// [`Error::LibraryNotFound`] lists everything that was tried.
    pub fn open(library: Library, driver_major: Option<u32>) -> Result<Self> {
        if let Some(provider) = provider() {
            return Ok(Self { library, origin: provider.name.into(), source: Source::Provider(provider) });
        }
        let found = search::open(library, driver_major).map_err(|tried| Error::LibraryNotFound { library, tried })?;
        Ok(Self { library, origin: found.origin, source: Source::File(Box::leak(Box::new(found.handle))) })
    }

    /// Which library this is.
    pub fn library(&self) -> Library {
        self.library
    }

    /// The name or path under which the library was opened.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address of a function, or null when the library lacks it.
    pub fn address(&self, symbol: &CStr) -> *const c_void {
        match &self.source {
            Source::Provider(p) => (p.symbol)(symbol),
            Source::File(lib) => {
                // SAFETY: the symbol is only read as an address here; whoever calls it states its type.
                let found = unsafe { lib.get::<*const c_void>(symbol.to_bytes_with_nul()) };
                found.map_or(std::ptr::null(), |s| *s)
            }
        }
    }

    /// The address of a function that must be there.
    ///
    /// # Errors
    /// [`Error::SymbolMissing`] names the library, the file and the function.
    pub fn require(&self, symbol: &CStr) -> Result<*const c_void> {
        let address = self.address(symbol);
        if address.is_null() {
            return Err(Error::SymbolMissing { library: self.library, origin: self.origin.clone(), symbol: symbol.to_string_lossy().into_owned() });
        }
        Ok(address)
    }
}

/// The file that holds an address, as the kernel's memory map reports it (Linux only).
pub(crate) fn file_of_address(address: *const c_void) -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let address = address as usize;
    maps.lines().find_map(|line| {
        let (from, to) = line.split_once(' ')?.0.split_once('-')?;
        let range = usize::from_str_radix(from, 16).ok()?..usize::from_str_radix(to, 16).ok()?;
        let path = Path::new(&line[line.find('/')?..]);
        range.contains(&address).then(|| path.to_path_buf())
    })
}
