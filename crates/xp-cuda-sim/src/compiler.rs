//! The simulated NVRTC: translates the source, calls the C++ compiler, returns a shared object as the cubin.

use std::{
    collections::hash_map::DefaultHasher,
    ffi::{CStr, OsString, c_char, c_int},
    fs,
    hash::{Hash, Hasher},
    path::PathBuf,
    process::Command,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use crate::{
    faults::{self, Fault},
    module::{MAGIC, unique_file},
    state::lock,
    symbol_table,
    translate::{needs_fibers, translate},
};

symbol_table!(
    nvrtcVersion,
    nvrtcGetErrorString,
    nvrtcCreateProgram,
    nvrtcDestroyProgram,
    nvrtcCompileProgram,
    nvrtcGetProgramLogSize,
    nvrtcGetProgramLog,
    nvrtcGetPTXSize,
    nvrtcGetPTX,
    nvrtcGetCUBINSize,
    nvrtcGetCUBIN,
    nvrtcGetNumSupportedArchs,
    nvrtcGetSupportedArchs,
);

const DEVICE_HEADER: &str = include_str!("device.h");
const ARCHITECTURES: [c_int; 4] = [75, 80, 90, 100];

const SUCCESS: c_int = 0;
const INVALID_INPUT: c_int = 3;
const INVALID_PROGRAM: c_int = 4;
const INVALID_OPTION: c_int = 5;
const COMPILATION: c_int = 6;
const INTERNAL_ERROR: c_int = 11;

/// The first line of the C++ compiler's `--version`, or `None` when there is no compiler: then no kernel can be compiled.
pub fn compiler_version() -> Option<&'static str> {
    static VERSION: OnceLock<Option<String>> = OnceLock::new();
    VERSION
        .get_or_init(|| {
            let output = Command::new(compiler()).arg("--version").output().ok().filter(|o| o.status.success())?;
            Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
        })
        .as_deref()
}

fn compiler() -> OsString {
    std::env::var_os("CXX").unwrap_or_else(|| "g++".into())
}

struct Program {
    source: String,
    log: Vec<u8>,
    cubin: Vec<u8>,
}

#[allow(non_snake_case)]
extern "C" fn nvrtcVersion(major: *mut c_int, minor: *mut c_int) -> c_int {
    // The version changes with the device header and the compiler, so that caches keyed by it stay correct.
    let mut hasher = DefaultHasher::new();
    (DEVICE_HEADER, compiler_version(), env!("CARGO_PKG_VERSION"), include_str!("translate.rs"), include_str!("compiler.rs"), flags())
        .hash(&mut hasher);
    // SAFETY: the caller passes valid output pointers.
    unsafe {
        *major = 13;
        *minor = (hasher.finish() >> 33) as c_int;
    }
    SUCCESS
}

#[allow(non_snake_case)]
extern "C" fn nvrtcGetErrorString(code: c_int) -> *const c_char {
    match code {
        SUCCESS => c"NVRTC_SUCCESS",
        INVALID_INPUT => c"NVRTC_ERROR_INVALID_INPUT",
        INVALID_PROGRAM => c"NVRTC_ERROR_INVALID_PROGRAM",
        INVALID_OPTION => c"NVRTC_ERROR_INVALID_OPTION",
        COMPILATION => c"NVRTC_ERROR_COMPILATION",
        _ => c"NVRTC_ERROR_INTERNAL_ERROR",
    }
    .as_ptr()
}

#[allow(non_snake_case)]
extern "C" fn nvrtcCreateProgram(
    program: *mut *mut Program,
    source: *const c_char,
    _name: *const c_char,
    headers: c_int,
    _contents: *const *const c_char,
    _names: *const *const c_char,
) -> c_int {
    if source.is_null() || headers != 0 {
        return INVALID_INPUT;
    }
    // SAFETY: `source` is a C string and `program` an output pointer by the contract of NVRTC.
    unsafe {
        let source = CStr::from_ptr(source).to_string_lossy().into_owned();
        *program = Box::into_raw(Box::new(Program { source, log: vec![0], cubin: Vec::new() }));
    }
    SUCCESS
}

#[allow(non_snake_case)]
extern "C" fn nvrtcDestroyProgram(program: *mut *mut Program) -> c_int {
    // SAFETY: `program` points to a handle of `nvrtcCreateProgram` that has not been destroyed.
    unsafe {
        if (*program).is_null() {
            return INVALID_PROGRAM;
        }
        drop(Box::from_raw(*program));
        *program = std::ptr::null_mut();
    }
    SUCCESS
}

#[allow(non_snake_case)]
extern "C" fn nvrtcCompileProgram(program: *mut Program, count: c_int, options: *const *const c_char) -> c_int {
    // SAFETY: `program` is a live handle and `options` an array of `count` C strings.
    let (program, options) = unsafe {
        let options = (0..count as usize).map(|i| CStr::from_ptr(*options.add(i)).to_string_lossy().into_owned());
        (&mut *program, options.collect::<Vec<_>>())
    };
    let (code, log) = match compile(&program.source, &options) {
        Ok(cubin) => {
            program.cubin = cubin;
            (SUCCESS, String::new())
        }
        Err((code, log)) => (code, log),
    };
    program.log = log.into_bytes();
    program.log.push(0);
    code
}

fn compile(source: &str, options: &[String]) -> Result<Vec<u8>, (c_int, String)> {
    if faults::strikes(Fault::Compile) {
        return Err((COMPILATION, "k.cu(1): error: injected by the simulation".into()));
    }
    let mut defines = Vec::new();
    for option in options {
        let known = [
            "--gpu-architecture=",
            "-arch=",
            "--std=",
            "-std=",
            "--fmad=",
            "--prec-div=",
            "--prec-sqrt=",
            "--ftz=",
            "--device-as-default-execution-space",
            "-default-device",
            "--extra-device-vectorization",
        ];
        if option.starts_with("-D") {
            defines.push(option.clone());
        } else if !known.iter().any(|k| option.starts_with(k)) {
            return Err((INVALID_OPTION, format!("nvrtc: error: unrecognized option {option}")));
        }
    }
    if compiler_version().is_none() {
        let text = format!("the simulated NVRTC needs a C++ compiler: `{}` does not run (set CXX)", compiler().display());
        return Err((INTERNAL_ERROR, text));
    }
    let fibers = i32::from(needs_fibers(source));
    // What comes before the mark is the same for many kernels: it is compiled once.
    let (library, own) = source.split_once(END_OF_LIBRARY).unwrap_or(("", source));
    let counts = u8::from(counts_accesses());
    let header = format!("#define XP_SIM_FIBERS {fibers}\n#define XP_SIM_COUNTS {counts}\n{DEVICE_HEADER}\n{}", translate(library));
    let line = library.lines().count() + 1;
    let text = format!("#line {line} \"k.cu\"\n{}\nextern \"C\" {{ int xp_sim_needs_fibers = {fibers}; }}\n", translate(own));
    let text = match precompiled(&header, &defines) {
        Some(file) => format!("#include \"{}\"\n{text}", file.display()),
        None => format!("{header}\n{text}"),
    };
    let (input, output) = (unique_file("kernel", "cpp"), unique_file("kernel", "so"));
    let built = build(&input, &output, &text, &defines);
    let _ = fs::remove_file(&input);
    let object = built.and_then(|()| fs::read(&output).map_err(|e| (INTERNAL_ERROR, e.to_string())));
    let _ = fs::remove_file(&output);
    let object = object?;
    let mut cubin = MAGIC.to_vec();
    cubin.extend((object.len() as u64).to_le_bytes());
    cubin.extend(object);
    Ok(cubin)
}

/// The line that ends the part of a source that other kernels share.
const END_OF_LIBRARY: &str = "// ---- end of the library ----";

const FLAGS: &[&str] = &[
    "-std=c++17",
    "-O1",
    "-fmax-errors=10",
    "-fno-diagnostics-show-caret",
    "-w",
    "-shared",
    "-fPIC",
    "-ffp-contract=off",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-strict-aliasing",
    "-fwrapv",
    "-fno-threadsafe-statics",
    "-fno-math-errno",
];

/// Those of GCC with which the compiler calls a function of `device.h` before every access to memory.
const COUNTING: &[&str] = &[
    "-fsanitize=kernel-address",
    "-fno-sanitize-address-use-after-scope",
    "--param=asan-instrumentation-with-call-threshold=0",
    "--param=asan-stack=0",
    "--param=asan-globals=0",
];

static COUNTS: AtomicBool = AtomicBool::new(false);

/// From here on kernels are compiled so that what they read and write is counted ([`Stats::read`](crate::Stats::read)); before the
/// first device is opened, and with GCC. An element is counted as often as it is accessed, wherever a GPU would find it. The blocks of a
/// grid then run one after the other.
pub fn count_accesses() {
    COUNTS.store(true, Relaxed);
}

pub(crate) fn counts_accesses() -> bool {
    COUNTS.load(Relaxed)
}

fn flags() -> Vec<&'static str> {
    FLAGS.iter().chain(if counts_accesses() { COUNTING } else { &[] }).copied().collect()
}

/// A file with this text that the compiler has a precompiled form of; it is shared by processes. `None` when the temporary
/// folder does not allow it: then the text is compiled with every kernel.
fn precompiled(text: &str, defines: &[String]) -> Option<PathBuf> {
    static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut hasher = DefaultHasher::new();
    (text, defines, flags(), compiler_version(), user()).hash(&mut hasher);
    let folder = std::env::temp_dir().join(format!("xp-sim-{}", user()));
    let file = folder.join(format!("{:016x}.h", hasher.finish()));
    let mut made = lock(&MADE);
    if made.contains(&file) {
        return Some(file);
    }
    let compiled = file.with_extension("h.gch");
    if !compiled.exists() {
        fs::create_dir_all(&folder).ok()?;
        let (source, result) = (unique_file("library", "h"), folder.join(unique_file("library", "gch").file_name()?));
        fs::write(&source, text).ok()?;
        let output = Command::new(compiler()).args(flags()).args(defines).args(["-x", "c++-header", "-o"]).arg(&result).arg(&source).output();
        let _ = fs::remove_file(&source);
        if !output.is_ok_and(|o| o.status.success()) {
            let _ = fs::remove_file(&result);
            return None;
        }
        // The text last, so that whoever sees it finds the precompiled form too.
        fs::rename(&result, &compiled).ok()?;
        fs::write(&file, text).ok()?;
    }
    made.push(file.clone());
    Some(file)
}

/// Who the precompiled files belong to.
fn user() -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").map_or(0, |m| m.uid())
}

fn build(input: &std::path::Path, output: &std::path::Path, text: &str, defines: &[String]) -> Result<(), (c_int, String)> {
    fs::write(input, text).map_err(|e| (INTERNAL_ERROR, e.to_string()))?;
    let result = Command::new(compiler())
        .args(flags())
        .arg("-Wl,--as-needed")
        .args(defines)
        .arg("-o")
        .arg(output)
        .arg(input)
        .arg("-lm")
        .output()
        .map_err(|e| (INTERNAL_ERROR, e.to_string()))?;
    if result.status.success() { Ok(()) } else { Err((COMPILATION, String::from_utf8_lossy(&result.stderr).into_owned())) }
}

macro_rules! output_pair {
    ($size:ident, $get:ident, $program:ident => $bytes:expr) => {
        #[allow(non_snake_case)]
        extern "C" fn $size($program: *mut Program, size: *mut usize) -> c_int {
            // SAFETY: a live handle and a valid output pointer.
            unsafe {
                let $program = &*$program;
                *size = $bytes.len();
            }
            SUCCESS
        }

        #[allow(non_snake_case)]
        extern "C" fn $get($program: *mut Program, out: *mut u8) -> c_int {
            // SAFETY: a live handle; `out` has room for the size that the call above returns.
            unsafe {
                let $program = &*$program;
                std::ptr::copy_nonoverlapping($bytes.as_ptr(), out, $bytes.len());
            }
            SUCCESS
        }
    };
}

output_pair!(nvrtcGetProgramLogSize, nvrtcGetProgramLog, program => program.log);
output_pair!(nvrtcGetCUBINSize, nvrtcGetCUBIN, program => program.cubin);
output_pair!(nvrtcGetPTXSize, nvrtcGetPTX, program => program.cubin);

#[allow(non_snake_case)]
extern "C" fn nvrtcGetNumSupportedArchs(count: *mut c_int) -> c_int {
    // SAFETY: a valid output pointer.
    unsafe { *count = ARCHITECTURES.len() as c_int };
    SUCCESS
}

#[allow(non_snake_case)]
extern "C" fn nvrtcGetSupportedArchs(list: *mut c_int) -> c_int {
    // SAFETY: `list` has room for the count that the call above returns.
    unsafe { std::ptr::copy_nonoverlapping(ARCHITECTURES.as_ptr(), list, ARCHITECTURES.len()) };
    SUCCESS
}
