//! Prints a C file that compares the FFI signatures of this crate with NVIDIA's headers when it is compiled.
//!
//! With the argument `symbols`, prints the names of the functions instead, one per line with its library; with `load`,
//! opens every library and looks all functions up.

use xp_cuda::{
    ffi::{
        cublas::CublasTable,
        cufft::CufftTable,
        cusolver::{CusolverTable, GeevTable, SyevBatchedTable},
        nvrtc::NvrtcTable,
        nvtx::NvtxTable,
    },
    loader::{Library, Opened},
};

type Signature = (&'static str, &'static str, &'static [&'static str]);

const TABLES: [(Library, &[Signature]); 7] = [
    (Library::Nvrtc, NvrtcTable::SIGNATURES),
    (Library::Cublas, CublasTable::SIGNATURES),
    (Library::Cusolver, CusolverTable::SIGNATURES),
    (Library::Cusolver, GeevTable::SIGNATURES),
    (Library::Cusolver, SyevBatchedTable::SIGNATURES),
    (Library::Cufft, CufftTable::SIGNATURES),
    (Library::Nvtx, NvtxTable::SIGNATURES),
];

/// The functions of the driver that cust and this crate call.
const DRIVER: &[&str] = &[
    "cuInit",
    "cuDriverGetVersion",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceTotalMem_v2",
    "cuDeviceGetAttribute",
    "cuDevicePrimaryCtxRetain",
    "cuDevicePrimaryCtxRelease_v2",
    "cuCtxSetCurrent",
    "cuMemAlloc_v2",
    "cuMemFree_v2",
    "cuMemAllocAsync",
    "cuMemFreeAsync",
    "cuMemAllocHost_v2",
    "cuMemFreeHost",
    "cuMemGetInfo_v2",
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuMemcpyDtoDAsync_v2",
    "cuMemcpyPeerAsync",
    "cuMemsetD8Async",
    "cuStreamCreateWithPriority",
    "cuStreamSynchronize",
    "cuStreamDestroy_v2",
    "cuStreamWaitEvent",
    "cuEventCreate",
    "cuEventRecord",
    "cuEventQuery",
    "cuEventSynchronize",
    "cuEventElapsedTime",
    "cuEventDestroy_v2",
    "cuCtxSynchronize",
    "cuStreamBeginCapture_v2",
    "cuStreamEndCapture",
    "cuGraphInstantiateWithFlags",
    "cuGraphLaunch",
    "cuGraphExecDestroy",
    "cuGraphDestroy",
    "cuModuleLoadDataEx",
    "cuModuleUnload",
    "cuModuleGetFunction",
    "cuFuncGetAttribute",
    "cuFuncSetAttribute",
    "cuLaunchKernel",
];

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("symbols") => {
            for (library, table) in TABLES {
                table.iter().for_each(|(name, ..)| println!("{library} {name}"));
            }
        }
        Some("load") => load(),
        _ => print_checks(),
    }
}

fn load() {
    let mut count = 0;
    for (library, table) in TABLES {
        let opened = Opened::open(library, None).unwrap_or_else(|e| panic!("{e}"));
        for (name, ..) in table {
            let symbol = std::ffi::CString::new(*name).expect("a C identifier");
            opened.require(&symbol).unwrap_or_else(|e| panic!("{e}"));
            count += 1;
        }
        println!("{library}: {} functions in {}", table.len(), opened.origin());
    }
    println!("{count} functions found");
}

fn print_checks() {
    println!(
        "#include <stdint.h>\n#include <cuda.h>\n#include <cublas_v2.h>\n#include <cusolverDn.h>\n#include <cufft.h>\n#include <nvrtc.h>\n#include <nvtx3/nvToolsExt.h>"
    );
    println!("#define SAME(f, ...) _Static_assert(__builtin_types_compatible_p(__typeof__(f), __VA_ARGS__), #f)");
    for (_, table) in TABLES {
        for (name, result, arguments) in table {
            print_check(name, result, arguments);
        }
    }
    for name in DRIVER {
        let (_, arguments) = xp_cuda::driver::signatures().iter().find(|(n, _)| n == name).expect("a function of the driver");
        print_check(name, "CUresult", arguments);
    }
}

fn print_check(name: &str, result: &str, arguments: &[&str]) {
    let arguments: Vec<_> = arguments.iter().map(|a| c_type(a)).collect();
    let list = if arguments.is_empty() { "void".into() } else { arguments.join(", ") };
    println!("SAME({name}, {}({list}));", c_type(result));
}

/// The C spelling of a type of the tables.
fn c_type(rust: &str) -> String {
    if let Some(target) = rust.strip_prefix("*mut ") {
        return format!("{}*", c_type(target));
    }
    if let Some(target) = rust.strip_prefix("*const ") {
        return if target.starts_with('*') { format!("{}const*", c_type(target)) } else { format!("const {}*", c_type(target)) };
    }
    match rust {
        "c_int" | "i32" => "int",
        "c_uint" => "unsigned int",
        "c_char" => "char",
        "c_schar" => "signed char",
        "c_uchar" => "unsigned char",
        "c_void" => "void",
        "c_longlong" => "long long",
        "c_ulonglong" => "unsigned long long",
        "i64" => "int64_t",
        "usize" => "size_t",
        "f32" => "float",
        "f64" => "double",
        other => other,
    }
    .to_owned()
}
