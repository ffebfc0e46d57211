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

use std::hash::Hash;

use xp_core::DType;

use crate::{
    device::Device,
    error::Result,
    kernel::{Arguments, Kernel, Shape},
    kernel_key::Key,
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

/// A source of this folder, with what comes before it.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    /// What tells it from other sources.
    pub(crate) name: &'static str,
    text: &'static str,
    /// Whether it uses the device library.
    library: bool,
}

impl Source {
    /// One that needs the types alone.
    pub(crate) const fn plain(name: &'static str, text: &'static str) -> Self {
        Source { name, text, library: false }
    }

    /// One that uses the device library.
    pub(crate) const fn computing(name: &'static str, text: &'static str) -> Self {
        Source { name, text, library: true }
    }

    /// The whole text; `header` is what the variants of the source differ in.
    pub(crate) fn with(&self, header: &str) -> String {
        format!("{PRELUDE}{}{header}\n{}", if self.library { LIBRARY } else { "" }, self.text)
    }

    /// One of its kernels. `variant` decides the header, which is not made when the kernel is there.
    pub(crate) fn kernel(&self, device: &Device, name: &str, variant: impl Hash, header: impl FnOnce() -> String) -> Result<Kernel> {
        let key = Key::of(&(self.name, name, variant));
        device.cached_kernel(key, name, || Ok(self.with(&header())), String::new)
    }
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
    let mut add = |variant: &str, source: Source, header: String| all.push((format!("{} {variant}", source.name), source.with(&header)));
    for size in [1, 2, 4, 8, 16] {
        for source in [moving::SOURCE, moving::TURN] {
            add(&size.to_string(), source, moving::header(size));
        }
        for (n, wide) in [(1, ""), (1 << 30, " wide")] {
            add(&format!("{size}{wide}"), moving::COMPACT, moving::compact_header(size, n));
        }
    }
    for real in [DType::F32, DType::F64] {
        add(c_name(real), hermitian::SOURCE, hermitian::header(real));
    }
    for dtype in DType::ALL {
        let name = c_name(dtype);
        for (len, wide) in [(1, ""), (1 << 30, " wide")] {
            if let Some(header) = sort::header(dtype, len) {
                add(&format!("{name}{wide}"), sort::SOURCE, header);
            }
        }
        if !matches!(dtype, DType::Bool) {
            for extent in [1, usize::MAX] {
                add(&format!("{name} {extent}"), indexed::SCATTER, indexed::scatter_header(dtype, extent));
            }
            add(name, indexed::MATMUL, indexed::matmul_header(dtype));
            for (operation, combine, identity) in [("op_add", "op_add(a, b)", "0"), ("op_multiply", "op_multiply(a, b)", "1")] {
                add(&format!("{operation} {name}"), fold::SCAN, Fold::cumulative(dtype, identity, combine).header());
            }
        }
        if !matches!(dtype, DType::Bool | DType::C64 | DType::C128) {
            add(name, indexed::SEARCH, indexed::typedef(dtype));
        }
    }
    for (variant, header, source) in small::all() {
        add(&variant, source, header);
    }
    all.extend(crate::samples::samples());
    all
}

/// Generated loops that copy, for a look at what the real compiler makes of them: `dense` ones for every dtype, and a strided
/// one for each width of indices.
pub fn copies() -> Vec<(String, String)> {
    crate::samples::copies()
}
