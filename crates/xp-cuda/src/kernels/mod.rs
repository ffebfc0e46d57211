//! Kernels that do not depend on an expression's form: moving elements, scans, sorting.
//!
//! Every function queues its launches on the device's stream and returns. Sources are CUDA C next to this file; element
//! types and the functions of a fold are put in front of them.

pub mod fold;
pub mod hermitian;
pub mod indexed;
pub mod moving;
pub(crate) mod small;
pub mod sort;

use xp_core::DType;

use crate::{
    device::Device,
    error::Result,
    kernel::{Arguments, Kernel, Shape},
};

pub use fold::{Fold, scan};
pub use hermitian::hermitian;
pub use indexed::{scatter, searchsorted};
pub use moving::{compact, copy_strided, gather, gather_lanes};
pub use sort::{argsort, sort, top_k};

/// Rows and columns of a tile, of which one dimension is padded.
pub(crate) const TILE: usize = 32;

/// Lengths of axes from which on tiles are worth their barriers.
pub(crate) const LEAST_TILED: usize = 16;

/// Types that every source may use.
pub const PRELUDE: &str = include_str!("prelude.cu");

/// The operations of arrays, for sources that compute.
pub const LIBRARY: &str = include_str!("library.cu");

/// Nothing is contracted: a fused result equals the eager one bit for bit.
pub const OPTIONS: &[&str] = &["--std=c++17", "--fmad=false"];

/// Threads per block of the kernels here.
pub(crate) const THREADS: u32 = 256;

/// The type of a dtype's elements in CUDA C++. Complex types bear the size of their parts.
pub(crate) fn c_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::I8 => "i8",
        DType::I16 => "i16",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::U8 => "u8",
        DType::U16 => "u16",
        DType::U32 => "u32",
        DType::U64 => "u64",
        DType::F16 => "f16",
        DType::BF16 => "bf16",
        DType::F32 => "f32",
        DType::F64 => "f64",
        DType::C64 => "c32",
        DType::C128 => "c64",
    }
}

/// Loads a kernel from a source of this folder with the prelude in front; `header` is what the variants of the source differ in.
pub(crate) fn load(device: &Device, module: &str, header: &str, source: &str, name: &str) -> Result<Kernel> {
    device.cached_kernel(&format!("{module} {name} {header}"), name, || Ok(format!("{PRELUDE}{header}\n{source}")))
}

/// As [`load`], with the device library in front too.
pub(crate) fn load_with_library(device: &Device, module: &str, header: &str, source: &str, name: &str) -> Result<Kernel> {
    device.cached_kernel(&format!("{module} {name} {header}"), name, || Ok(format!("{PRELUDE}{LIBRARY}{header}\n{source}")))
}

/// Launches so many blocks of [`THREADS`] threads, as far as they run at once; the kernel strides over the rest.
///
/// # Safety
/// As [`Kernel::launch`].
pub(crate) unsafe fn launch_blocks(kernel: &Kernel, blocks: usize, arguments: &Arguments) -> Result<()> {
    if blocks == 0 {
        return Ok(());
    }
    let grid = blocks.min(kernel.resident_blocks(THREADS, 0)? as usize);
    // SAFETY: passed on to the caller.
    unsafe { kernel.launch(Shape::linear(grid as u32, THREADS), arguments) }
}

/// Launches a thread for each item, as far as they run at once; the kernel strides over the rest.
///
/// # Safety
/// As [`Kernel::launch`].
pub(crate) unsafe fn launch_items(kernel: &Kernel, items: usize, arguments: &Arguments) -> Result<()> {
    // SAFETY: passed on to the caller.
    unsafe { launch_blocks(kernel, items.div_ceil(THREADS as usize), arguments) }
}

/// Every source of this folder with the headers of all its variants, and samples of generated ones that use every function
/// of the device library, for a check by the real compiler.
pub fn all_sources() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for size in [1, 2, 4, 8, 16] {
        for (name, source) in [("move", moving::SOURCE), ("turn", moving::TURN)] {
            all.push((format!("{name} {size}"), format!("{PRELUDE}{}\n{source}", moving::header(size))));
        }
        for (n, wide) in [(1, ""), (1 << 30, " wide")] {
            all.push((format!("compact {size}{wide}"), format!("{PRELUDE}{}\n{}", moving::compact_header(size, n), moving::COMPACT)));
        }
    }
    for real in [DType::F32, DType::F64] {
        all.push((format!("hermitian {}", c_name(real)), format!("{PRELUDE}{}\n{}", hermitian::header(real), hermitian::SOURCE)));
    }
    let mut with_library = |name: String, header: &str, source: &str| all.push((name, format!("{PRELUDE}{LIBRARY}{header}\n{source}")));
    for dtype in DType::ALL {
        let name = c_name(dtype);
        let typedef = format!("typedef {name} T; typedef T Acc;");
        for (len, wide) in [(1, ""), (1 << 30, " wide")] {
            if let Some(header) = sort::header(dtype, len) {
                with_library(format!("sort {name}{wide}"), &header, sort::SOURCE);
            }
        }
        if !matches!(dtype, DType::Bool) {
            for extent in [1, usize::MAX] {
                with_library(format!("scatter {name} {extent}"), &indexed::scatter_header(dtype, extent), indexed::SCATTER);
            }
            with_library(format!("matmul {name}"), &typedef, indexed::MATMUL);
            for (operation, identity) in [("op_add", "0"), ("op_multiply", "1")] {
                let fold = Fold::cumulative(dtype, identity, operation);
                with_library(format!("scan {operation} {name}"), &fold.header(), fold::SCAN);
            }
        }
        if !matches!(dtype, DType::Bool | DType::C64 | DType::C128) {
            with_library(format!("search {name}"), &typedef, indexed::SEARCH);
        }
    }
    for (name, header, source) in small::all() {
        with_library(name, &header, source);
    }
    all.extend(crate::samples::samples());
    all
}

/// Generated loops that copy, for a look at what the real compiler makes of them: `dense` ones for every dtype, and a strided
/// one for each width of indices.
pub fn copies() -> Vec<(String, String)> {
    crate::samples::copies()
}
