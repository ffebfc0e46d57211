//! Stacks of small matrices: one launch, with a team of threads and a part of a block's shared memory for each matrix.

use xp_core::DType;

use super::{Source, c_name};
use crate::{
    device::Device,
    error::Result,
    kernel::{Arguments, Shape},
};

/// Solutions, determinants, Cholesky factors.
pub(crate) const SOLVE: Source = Source::computing("small solve", concat!(include_str!("small.cu"), include_str!("small_solve.cu")));
/// QR decompositions.
pub(crate) const QR: Source = Source::computing("small qr", concat!(include_str!("small.cu"), include_str!("small_qr.cu")));
/// Eigenvalues and singular values.
pub(crate) const JACOBI: Source = Source::computing("small jacobi", concat!(include_str!("small.cu"), include_str!("small_jacobi.cu")));

/// Rows and columns up to which a single matrix counts as small: a warp works on one.
const MOST_ALONE: usize = 32;
/// The same for matrices of a stack, which together keep the device busy.
const MOST: usize = 64;
/// Threads of a team where a warp is not enough.
const BLOCK: u32 = 128;

/// How a stack is dealt to blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Teams {
    threads: u32,
    per_block: u32,
    /// Bytes of shared memory of a team.
    room: u32,
    items: usize,
}

impl Teams {
    /// Teams for `batch` matrices in `items` pieces of work that take `room` bytes each, which are asked for sizes that do not
    /// overflow; `None` where the matrices are not small, or have no elements.
    pub(crate) fn new(device: &Device, [rows, columns]: [usize; 2], batch: usize, items: usize, room: impl FnOnce() -> usize) -> Option<Self> {
        let (limits, order) = (device.limits(), rows.max(columns));
        if items == 0 || rows.min(columns) == 0 || order > if batch > 1 { MOST } else { MOST_ALONE } {
            return None;
        }
        let room = room().next_multiple_of(16);
        if room > limits.shared_memory_opt_in.max(limits.shared_memory) as usize {
            return None;
        }
        let threads = if order <= MOST_ALONE { 32 } else { BLOCK };
        // Few matrices are spread over the multiprocessors, many of them share blocks.
        let shared = (BLOCK / threads).min(limits.shared_memory / room as u32).min((items / limits.multiprocessors as usize).min(4) as u32);
        Some(Teams { threads, per_block: shared.max(1), room: room as u32, items })
    }

    /// The list that the arguments of a kernel begin with.
    pub(crate) fn arguments(&self) -> Arguments {
        Arguments::new().with(self.room)
    }

    /// Queues a kernel.
    ///
    /// # Errors
    /// Those of the compiler and the driver.
    ///
    /// # Safety
    /// As [`Kernel::launch`](crate::Kernel::launch).
    pub(crate) unsafe fn launch(&self, device: &Device, dtype: DType, source: Source, name: &str, arguments: &Arguments) -> Result<()> {
        let kernel = source.kernel(device, name, (dtype, self.threads), || header(dtype, self.threads))?;
        let blocks = self.items.div_ceil(self.per_block as usize).min(device.limits().grid[0] as usize);
        let shape = Shape::linear(blocks as u32, self.threads * self.per_block).shared(self.room * self.per_block);
        // SAFETY: passed on to the caller.
        unsafe { kernel.launch(shape, arguments) }
    }
}

fn header(dtype: DType, threads: u32) -> String {
    format!("typedef {} T;\n#define TEAM {threads}\n", c_name(dtype))
}

/// The headers and sources of all variants, with their names.
pub(crate) fn all() -> impl Iterator<Item = (String, String, Source)> {
    let dtypes = [DType::F32, DType::F64, DType::C64, DType::C128];
    let variants = dtypes.into_iter().flat_map(|dtype| [32, BLOCK].map(|threads| (dtype, threads)));
    variants.flat_map(|(dtype, threads)| [SOLVE, QR, JACOBI].map(|source| (format!("{} {threads}", c_name(dtype)), header(dtype, threads), source)))
}
