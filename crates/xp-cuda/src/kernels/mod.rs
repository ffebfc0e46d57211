//! Kernels that do not depend on an expression's form: moving elements, reductions, scans, sorting.
//!
//! Every function queues its launches on the device's stream and returns. Sources are CUDA C next to this file; element
//! types and the functions of a fold are put in front of them.

pub mod fold;
pub mod indexed;
pub mod moving;
pub mod sort;

use crate::{
    device::Device,
    error::Result,
    kernel::{Arguments, Kernel, Shape},
};

pub use fold::{Fold, reduce, scan};
pub use indexed::{scatter, searchsorted};
pub use moving::{compact, compact_indices, copy_strided, fill, gather, gather_lanes, gather_rows};
pub use sort::argsort;

/// Types that every source may use.
pub const PRELUDE: &str = include_str!("prelude.cu");

/// The operations of arrays, for sources that compute.
pub const LIBRARY: &str = include_str!("library.cu");

/// Nothing is contracted: a fused result equals the eager one bit for bit.
pub const OPTIONS: &[&str] = &["--std=c++17", "--fmad=false"];

/// Threads per block of the kernels here.
pub(crate) const THREADS: u32 = 256;

/// The element types of arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ElementType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    BF16,
    F32,
    F64,
    C32,
    C64,
}

impl ElementType {
    /// Every element type.
    pub const ALL: [Self; 15] = [
        Self::Bool,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::F16,
        Self::BF16,
        Self::F32,
        Self::F64,
        Self::C32,
        Self::C64,
    ];

    /// The type in CUDA C.
    pub fn c_name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::C32 => "c32",
            Self::C64 => "c64",
        }
    }

    /// The size of an element in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 | Self::C32 => 8,
            Self::C64 => 16,
        }
    }
}

/// Loads a kernel from a source of this folder with the prelude in front; `header` is what the variants of the source differ in.
pub(crate) fn load(device: &Device, module: &str, header: &str, source: &str, name: &str) -> Result<Kernel> {
    device.cached_kernel(&format!("{module} {name} {header}"), name, || format!("{PRELUDE}{header}\n{source}"))
}

/// As [`load`], with the device library in front too.
pub(crate) fn load_with_library(device: &Device, module: &str, header: &str, source: &str, name: &str) -> Result<Kernel> {
    device.cached_kernel(&format!("{module} {name} {header}"), name, || format!("{PRELUDE}{LIBRARY}{header}\n{source}"))
}

/// Launches over `items` blocks, as many as fill the device; the kernel strides over the rest.
///
/// # Safety
/// As [`Kernel::launch`].
pub(crate) unsafe fn launch_blocks(kernel: &Kernel, blocks: i64, block: [u32; 3], arguments: &Arguments) -> Result<()> {
    if blocks == 0 {
        return Ok(());
    }
    let limits = kernel.device().limits();
    let resident = limits.multiprocessors * (limits.threads_per_multiprocessor / THREADS).max(1);
    let shape = Shape { grid: [blocks.min(i64::from(resident)) as u32, 1, 1], block, shared: 0 };
    // SAFETY: passed on to the caller.
    unsafe { kernel.launch(shape, arguments) }
}

/// Every source of this folder with the headers of all its variants, and samples of generated ones that use every function
/// of the device library, for a check by the real compiler.
pub fn all_sources() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for size in [1, 2, 4, 8, 16] {
        all.push((format!("move {size}"), format!("{PRELUDE}{}\n{}", moving::header(size), moving::SOURCE)));
    }
    let mut with_library = |name: String, header: &str, source: &str| all.push((name, format!("{PRELUDE}{LIBRARY}{header}\n{source}")));
    for element in ElementType::ALL {
        let name = element.c_name();
        let typedef = format!("typedef {name} T; typedef T Acc;");
        if let Some(header) = sort::header(element) {
            with_library(format!("sort {name}"), &header, sort::SOURCE);
        }
        if !matches!(element, ElementType::Bool) {
            with_library(format!("scatter {name}"), &typedef, indexed::SCATTER);
            with_library(format!("matmul {name}"), &typedef, indexed::MATMUL);
            for (operation, identity) in [("op_add", "0"), ("op_multiply", "1")] {
                let fold = Fold::cumulative(element, identity, operation);
                with_library(format!("scan {operation} {name}"), &fold.header(), fold::SCAN);
            }
        }
        if !matches!(element, ElementType::Bool | ElementType::C32 | ElementType::C64) {
            with_library(format!("search {name}"), &typedef, indexed::SEARCH);
        }
        for (fold, f) in [("sum", Fold::sum(element)), ("product", Fold::product(element)), ("max", Fold::max(element)), ("min", Fold::min(element))]
        {
            let Some(f) = f else { continue };
            with_library(format!("reduce {fold} {name}"), &f.header(), fold::REDUCE);
        }
    }
    all.extend(crate::expression::samples());
    all
}

/// Generated loops that copy, for a look at what the real compiler makes of them: `dense` ones for every dtype, and a strided
/// one for each width of indices.
pub fn copies() -> Vec<(String, String)> {
    crate::expression::copies()
}
