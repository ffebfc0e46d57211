//! The run-time compiler: CUDA C to a cubin for one architecture.

use std::{
    ffi::{CStr, CString, c_char, c_int},
    path::Path,
    sync::OnceLock,
};

use crate::{
    driver,
    error::{Error, Result},
    ffi::nvrtc::{NvrtcTable, nvrtcProgram, nvrtcResult},
    loader::{self, Library, Opened},
};

/// A compiled module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Image {
    /// Machine code for the device's architecture.
    Cubin(Vec<u8>),
    /// Virtual machine code (a C string), for a device newer than the compiler.
    Ptx(Vec<u8>),
}

/// NVRTC, opened once per process.
pub(crate) struct Compiler {
    table: NvrtcTable,
    version: (c_int, c_int),
    architectures: Vec<u32>,
}

impl Compiler {
    /// Opens NVRTC at the first call; later calls repeat its result.
    pub(crate) fn get() -> Result<&'static Self> {
        static COMPILER: OnceLock<Result<Compiler>> = OnceLock::new();
        COMPILER.get_or_init(Self::open).as_ref().map_err(Clone::clone)
    }

    fn open() -> Result<Self> {
        let major = driver::version().ok().map(|(major, _)| major);
        let library = Opened::open(Library::Nvrtc, major)?;
        let table = NvrtcTable::load(&library)?;
        let file = match loader::provider() {
            Some(_) => None,
            None => loader::file_of_address(table.nvrtcVersion as *const _),
        };
        if let Some(folder) = file.as_deref().and_then(Path::parent) {
            keep_builtins(folder);
        }
        let (mut version, mut count) = ((0, 0), 0);
        check(
            &table,
            // SAFETY: output pointers to live integers.
            unsafe { (table.nvrtcVersion)(&mut version.0, &mut version.1) },
            "query of the version",
        )?;
        check(
            &table,
            // SAFETY: as above.
            unsafe { (table.nvrtcGetNumSupportedArchs)(&mut count) },
            "query of the architectures",
        )?;
        let mut list = vec![0 as c_int; count.max(0) as usize];
        check(
            &table,
            // SAFETY: the list has the length that the call above returned.
            unsafe { (table.nvrtcGetSupportedArchs)(list.as_mut_ptr()) },
            "query of the architectures",
        )?;
        Ok(Self { table, version, architectures: list.into_iter().map(|a| a as u32).collect() })
    }

    /// What distinguishes this compiler from others in the keys of what it compiled: its version, wherever it lies.
    pub(crate) fn identity(&self) -> String {
        format!("nvrtc {}.{}", self.version.0, self.version.1)
    }

    /// The same in the keys of what is compiled ahead: what one version makes runs with every other one of the same CUDA.
    pub(crate) fn family(&self) -> String {
        format!("nvrtc {}", self.version.0)
    }

    /// Whether it compiles machine code of an architecture.
    pub(crate) fn knows(&self, architecture: u32) -> bool {
        self.architectures.contains(&architecture)
    }

    /// The architecture option for a device of this compute capability.
    pub(crate) fn target(&self, (major, minor): (u32, u32)) -> Target {
        let wanted = major * 10 + minor;
        if self.architectures.contains(&wanted) {
            return Target::Cubin(wanted);
        }
        Target::Ptx(self.architectures.iter().copied().filter(|&a| a < wanted).max().unwrap_or(wanted))
    }

    /// Compiles a module. `name` is only for messages.
    ///
    /// # Errors
    /// [`Error::Compile`] with the compiler's log.
    pub(crate) fn compile(&self, name: &str, source: &str, target: Target, options: &[&str]) -> Result<Image> {
        let invalid = |what: &str| Error::InvalidArgument { operation: format!("compilation of `{name}`"), reason: format!("{what} holds a NUL") };
        let text = CString::new(source).map_err(|_| invalid("the source"))?;
        let mut owned = vec![CString::new(target.option()).map_err(|_| invalid("an option"))?];
        for option in options {
            owned.push(CString::new(*option).map_err(|_| invalid("an option"))?);
        }
        let program = Program::new(&self.table, &text)?;
        let pointers: Vec<*const c_char> = owned.iter().map(|o| o.as_ptr()).collect();
        // SAFETY: a live program and `pointers.len()` C strings that outlive the call.
        let status = unsafe { (self.table.nvrtcCompileProgram)(program.handle, pointers.len() as c_int, pointers.as_ptr()) };
        if status != 0 {
            let log = program.read("log", self.table.nvrtcGetProgramLogSize, self.table.nvrtcGetProgramLog).unwrap_or_default();
            let log = String::from_utf8_lossy(&log).trim_end_matches('\0').trim_end().to_owned();
            let log = if log.is_empty() { status_name(&self.table, status) } else { log };
            let options = owned.iter().map(|o| o.to_string_lossy()).collect::<Vec<_>>().join(" ");
            return Err(Error::Compile { kernel: name.into(), options, log });
        }
        match target {
            Target::Cubin(_) => program.read("cubin", self.table.nvrtcGetCUBINSize, self.table.nvrtcGetCUBIN).map(Image::Cubin),
            Target::Ptx(_) => program.read("PTX", self.table.nvrtcGetPTXSize, self.table.nvrtcGetPTX).map(Image::Ptx),
        }
    }
}

/// What a module is compiled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Machine code of this architecture (e.g. 90).
    Cubin(u32),
    /// PTX of this virtual architecture, which the driver compiles further.
    Ptx(u32),
}

impl Target {
    pub(crate) fn option(self) -> String {
        match self {
            Self::Cubin(arch) => format!("--gpu-architecture=sm_{arch}"),
            Self::Ptx(arch) => format!("--gpu-architecture=compute_{arch}"),
        }
    }
}

/// NVRTC opens `libnvrtc-builtins` by its plain name, which fails when NVRTC itself was opened by path: open it beforehand.
fn keep_builtins(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|e| e.path()) {
        let is_builtins = path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("libnvrtc-builtins.so."));
        if is_builtins {
            // SAFETY: NVIDIA's library by name; its initialisers have no preconditions.
            if let Ok(library) = unsafe { libloading::Library::new(&path) } {
                std::mem::forget(library);
            }
        }
    }
}

struct Program<'a> {
    table: &'a NvrtcTable,
    handle: nvrtcProgram,
}

impl<'a> Program<'a> {
    fn new(table: &'a NvrtcTable, source: &CStr) -> Result<Self> {
        let mut handle = std::ptr::null_mut();
        let none = std::ptr::null();
        // SAFETY: an output pointer, C strings, and no headers.
        let status = unsafe { (table.nvrtcCreateProgram)(&mut handle, source.as_ptr(), c"kernel.cu".as_ptr(), 0, none, none) };
        check(table, status, "creation of a program")?;
        Ok(Self { table, handle })
    }

    fn read(
        &self,
        what: &str,
        size: unsafe extern "C" fn(nvrtcProgram, *mut usize) -> nvrtcResult,
        get: unsafe extern "C" fn(nvrtcProgram, *mut c_char) -> nvrtcResult,
    ) -> Result<Vec<u8>> {
        let mut len = 0;
        // SAFETY: a live program and an output pointer.
        check(self.table, unsafe { size(self.handle, &mut len) }, what)?;
        let mut bytes = vec![0u8; len];
        check(
            self.table,
            // SAFETY: the buffer has the size that NVRTC asked for.
            unsafe { get(self.handle, bytes.as_mut_ptr().cast()) },
            what,
        )?;
        Ok(bytes)
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        // SAFETY: a live program, destroyed once.
        unsafe { (self.table.nvrtcDestroyProgram)(&mut self.handle) };
    }
}

fn check(table: &NvrtcTable, status: nvrtcResult, operation: &str) -> Result<()> {
    if status == 0 {
        return Ok(());
    }
    Err(Error::Status { operation: operation.into(), library: Library::Nvrtc, status, name: status_name(table, status) })
}

fn status_name(table: &NvrtcTable, status: nvrtcResult) -> String {
    // SAFETY: the function accepts any status and returns a static C string.
    let text = unsafe { (table.nvrtcGetErrorString)(status) };
    if text.is_null() {
        return "unknown status".into();
    }
    // SAFETY: not null, so a C string.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
