//! Opens the driver and NVIDIA's libraries at run time.
//!
//! A library is looked for in the folders of the environment variable `XP_CUDA_PATH`, then by its plain name (which the
//! dynamic linker resolves), then in the usual CUDA folders, then in the `nvidia/*/lib` folders of Python installations.
//! Nothing is opened before it is needed, so a program that never creates a device runs without any of them.

mod search;
mod table;

use std::{
    ffi::{CStr, c_int, c_void},
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

/// What each library of a toolkit is and where it was found, as `13.0.2 from libcublas.so.13`, or why it was not: for reports.
pub fn found(driver_major: Option<u32>) -> [(Library, Result<String, String>); 4] {
    Library::TOOLKIT.map(|library| (library, Opened::open(library, driver_major).map(|opened| opened.to_string()).map_err(|error| error.to_string())))
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

    /// The version that the library gives itself, where it has a function for that.
    pub fn version(&self) -> Option<String> {
        type Version = unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int;
        type Property = unsafe extern "C" fn(c_int, *mut c_int) -> c_int;
        let (name, count) = match self.library {
            Library::Driver | Library::Nvtx => return None,
            Library::Nvrtc => (c"nvrtcVersion", 2),
            Library::Cublas => (c"cublasGetProperty", 3),
            Library::Cusolver => (c"cusolverGetProperty", 3),
            Library::Cufft => (c"cufftGetProperty", 3),
        };
        let (address, mut parts) = (self.address(name), [0; 3]);
        let succeeds = if address.is_null() {
            false
        } else if self.library == Library::Nvrtc {
            let [major, minor, _] = &mut parts;
            // SAFETY: the signature of this function in `nvrtc.h`, and output pointers.
            unsafe { std::mem::transmute::<*const c_void, Version>(address)(major, minor) == 0 }
        } else {
            // SAFETY: the signature of these functions, whose first argument is an enumeration of `library_types.h` from 0 on; output pointers.
            (0..).zip(&mut parts).all(|(kind, part)| unsafe { std::mem::transmute::<*const c_void, Property>(address)(kind, part) == 0 })
        };
        succeeds.then(|| parts[..count].iter().map(c_int::to_string).collect::<Vec<_>>().join("."))
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

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = self.version() {
            write!(f, "{version} ")?;
        }
        write!(f, "from {}", self.origin)
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
