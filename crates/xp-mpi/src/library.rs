//! MPI opened at run time: neither headers nor a compiler of MPI are needed to build a program, and one program runs with any
//! of the three binary interfaces.
//!
//! Everything that goes between ranks is bytes, so that one communicator, one datatype and one error handler are all the
//! handles there are; the interfaces differ in these, and in the number that names the threading level.

use std::ffi::{CStr, c_char, c_int, c_void};

use libloading::os::unix::{Library as Object, RTLD_GLOBAL, RTLD_NOW};

/// The names that libraries are looked for under, in this order, unless `XP_MPI_LIBRARY` names one: the standard interface of
/// MPI 5 first, which several implementations have.
const NAMES: [&str; 6] = ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so.40", "libmpi.so.12", "libmpich.so.12", "libmpi.so"];

/// A handle: a pointer in Open MPI and in the standard interface, and in MPICH a 32-bit integer, which goes in the same
/// register.
pub(crate) type Handle = usize;

macro_rules! functions {
    ($($field:ident $name:literal fn($($arg:ty),*);)*) => {
        /// The functions that are used, with the signatures of the standard.
        pub(crate) struct Functions {
            $(pub(crate) $field: unsafe extern "C" fn($($arg),*) -> c_int,)*
        }
        impl Functions {
            /// # Safety
            /// The library must be an implementation of MPI.
            unsafe fn of(object: &Object) -> Result<Self, String> {
                Ok(Functions { $(
                    // SAFETY: by the caller, the function of this name has the standard's signature.
                    $field: unsafe { *object.get(concat!($name, "\0").as_bytes()).map_err(|e| format!("it has no {}: {e}", $name))? },
                )* })
            }
        }
    };
}
functions! {
    initialized "MPI_Initialized" fn(*mut c_int);
    init_thread "MPI_Init_thread" fn(*const c_void, *const c_void, c_int, *mut c_int);
    finalize "MPI_Finalize" fn();
    abort "MPI_Abort" fn(Handle, c_int);
    comm_rank "MPI_Comm_rank" fn(Handle, *mut c_int);
    comm_size "MPI_Comm_size" fn(Handle, *mut c_int);
    set_errhandler "MPI_Comm_set_errhandler" fn(Handle, Handle);
    isend "MPI_Isend" fn(*const c_void, c_int, Handle, c_int, c_int, Handle, *mut Handle);
    irecv "MPI_Irecv" fn(*mut c_void, c_int, Handle, c_int, c_int, Handle, *mut Handle);
    test "MPI_Test" fn(*mut Handle, *mut c_int, *mut Status);
    iprobe "MPI_Iprobe" fn(c_int, c_int, Handle, *mut c_int, *mut Status);
    version "MPI_Get_library_version" fn(*mut c_char, *mut c_int);
    processor_name "MPI_Get_processor_name" fn(*mut c_char, *mut c_int);
    error_string "MPI_Error_string" fn(c_int, *mut c_char, *mut c_int);
}

/// Room for a status of any interface, whose contents nobody reads.
#[repr(C, align(16))]
#[derive(Clone, Copy, Default)]
pub(crate) struct Status([u64; 16]);

/// An opened library, and what its interface calls things.
pub(crate) struct Library {
    pub(crate) functions: Functions,
    pub(crate) world: Handle,
    pub(crate) byte: Handle,
    errors_return: Handle,
    /// The number of `MPI_THREAD_SERIALIZED`.
    serialized: c_int,
    interface: &'static str,
    // Its functions are called until the process ends.
    _object: Object,
}

impl Library {
    /// Opens the library that `XP_MPI_LIBRARY` names, or the first one that is found.
    ///
    /// # Errors
    /// What was tried, and why it did not work.
    pub(crate) fn open() -> Result<Library, String> {
        let named = std::env::var("XP_MPI_LIBRARY").ok();
        let names: Vec<&str> = named.as_deref().map_or_else(|| NAMES.to_vec(), |name| vec![name]);
        let mut tried = vec![];
        for name in names {
            // SAFETY: a library of the system, whose initialisers are run. Open MPI's plugins want its symbols to be global.
            match unsafe { Object::open(Some(name), RTLD_NOW | RTLD_GLOBAL) } {
                // SAFETY: it says itself that it is one.
                Ok(object) => match unsafe { Library::of(object) } {
                    Ok(library) => return Ok(library),
                    Err(why) => tried.push(format!("{name}: {why}")),
                },
                Err(e) => tried.push(format!("{name}: {e}")),
            }
        }
        let hint = "install one (`openmpi-bin`, `mpich`, `pip install mpich`), or name its file in XP_MPI_LIBRARY";
        Err(format!("no MPI library was opened: {hint}. Tried {}", tried.join("; ")))
    }

    /// # Safety
    /// A library with the symbols that are asked for first must be an implementation of MPI.
    unsafe fn of(object: Object) -> Result<Library, String> {
        // SAFETY: addresses are only looked at.
        let at = |name: &str| unsafe { object.get::<*const c_void>(name.as_bytes()).ok().map(|s| s.as_raw_ptr().addr()) };
        let (world, byte, errors_return, serialized, interface) = if at("MPI_Abi_get_version\0").is_some() && standard(&object) {
            (0x101, 0x247, 0x143, 2048, "MPI 5")
        } else if let (Some(world), Some(byte), Some(errors)) = (at("ompi_mpi_comm_world\0"), at("ompi_mpi_byte\0"), at("ompi_mpi_errors_return\0")) {
            (world, byte, errors, 2, "Open MPI")
        } else if at("MPIR_Err_create_code\0").is_some() || at("MPIX_Comm_agree\0").is_some() || at("MPI_Init_thread\0").is_some() {
            (0x4400_0000, 0x4c00_010d, 0x5400_0001, 2, "MPICH")
        } else {
            return Err("it is not an MPI library".into());
        };
        // SAFETY: by the caller.
        let functions = unsafe { Functions::of(&object)? };
        Ok(Library { functions, world, byte, errors_return, serialized, interface, _object: object })
    }

    /// Starts MPI, which is done once in a process.
    ///
    /// # Errors
    /// When it was started before, or does not let several threads take turns.
    pub(crate) fn start(&self) -> Result<(usize, usize), String> {
        let (mut before, mut provided, mut rank, mut size) = (0, 0, 0, 0);
        let f = &self.functions;
        // SAFETY: the standard's calls in its order; the variables outlive them.
        unsafe {
            self.check("MPI_Initialized", (f.initialized)(&raw mut before))?;
            if before != 0 {
                return Err("MPI was started before in this process, which can be done once".into());
            }
            self.check("MPI_Init_thread", (f.init_thread)(std::ptr::null(), std::ptr::null(), self.serialized, &raw mut provided))?;
            if provided < self.serialized {
                return Err(format!("{} lets only one thread call it (level {provided})", self.describe()));
            }
            self.check("MPI_Comm_set_errhandler", (f.set_errhandler)(self.world, self.errors_return))?;
            self.check("MPI_Comm_rank", (f.comm_rank)(self.world, &raw mut rank))?;
            self.check("MPI_Comm_size", (f.comm_size)(self.world, &raw mut size))?;
        }
        Ok((rank as usize, size as usize))
    }

    /// The interface, and what the library says about itself.
    pub(crate) fn describe(&self) -> String {
        let (mut text, mut len) = ([0 as c_char; 8192], 0);
        // SAFETY: the text has room for what any interface allows.
        let line = unsafe {
            (self.functions.version)(text.as_mut_ptr(), &raw mut len);
            CStr::from_ptr(text.as_ptr()).to_string_lossy().lines().next().unwrap_or("").trim().to_string()
        };
        format!("{line} ({} interface)", self.interface)
    }

    /// What the machine is called.
    pub(crate) fn machine(&self) -> Result<String, String> {
        let (mut text, mut len) = ([0 as c_char; 8192], 0);
        // SAFETY: the text has room for what any interface allows.
        self.check("MPI_Get_processor_name", unsafe { (self.functions.processor_name)(text.as_mut_ptr(), &raw mut len) })?;
        // SAFETY: the name ends with a zero.
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned())
    }

    /// An error code as words.
    pub(crate) fn check(&self, call: &str, code: c_int) -> Result<(), String> {
        if code == 0 {
            return Ok(());
        }
        let (mut text, mut len) = ([0 as c_char; 8192], 0);
        // SAFETY: the text has room for what any interface allows.
        let why = unsafe {
            (self.functions.error_string)(code, text.as_mut_ptr(), &raw mut len);
            CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()
        };
        Err(format!("{call} failed: {why}"))
    }
}

/// Whether a library has the standard interface of MPI 5, version 1.
fn standard(object: &Object) -> bool {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: the standard's signature; it may be called before MPI is started.
    let code = unsafe {
        object
            .get::<unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int>(b"MPI_Abi_get_version\0")
            .map(|version| version(&raw mut major, &raw mut minor))
    };
    code.is_ok_and(|code| code == 0) && major == 1
}
