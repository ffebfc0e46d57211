//! Stacks of small matrices: one launch, with a team of threads and a part of a block's shared memory for each matrix. Jacobi's methods
//! do so for somewhat larger ones too, in memory of the device where they do not fit.

use xp_core::DType;

use super::{Source, c_name};
use crate::{
    device::Device,
    error::Result,
    kernel::{Arguments, Shape},
    memory::DeviceBuffer,
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

/// Rows and columns up to which stacks are decomposed by Jacobi's method, one block for a matrix.
const MOST_LARGE: usize = 256;
/// Rows and columns for which a stack has to have another matrix for that to pay: a block alone takes the longer, beside the whole device,
/// the larger its matrix is.
const ROWS_PER_MATRIX: usize = 32;
/// Threads of such a block: two for each column at least.
const LARGE_BLOCK: u32 = 512;

/// How a stack is dealt to blocks.
#[derive(Debug)]
pub(crate) struct Teams {
    threads: u32,
    per_block: u32,
    /// Bytes that a team keeps.
    room: usize,
    blocks: usize,
    /// Where blocks keep them that have too little shared memory.
    outside: Option<DeviceBuffer>,
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
        if room > most_shared(device) {
            return None;
        }
        let threads = if order <= MOST_ALONE { 32 } else { BLOCK };
        // Few matrices are spread over the multiprocessors, many of them share blocks.
        let shared = (BLOCK / threads).min(limits.shared_memory / room as u32).min((items / limits.multiprocessors as usize).min(4) as u32);
        let per_block = shared.max(1);
        Some(Teams { threads, per_block, room, blocks: items.div_ceil(per_block as usize), outside: None })
    }

    /// Teams of a block each for a stack of matrices that are not small; `None` where they are too large, or too few.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory), where they do not fit into shared memory.
    pub(crate) fn large(device: &Device, [rows, columns]: [usize; 2], batch: usize, room: impl FnOnce() -> usize) -> Result<Option<Self>> {
        let order = rows.max(columns);
        if rows.min(columns) == 0 || order > MOST_LARGE || batch < 2 || batch * ROWS_PER_MATRIX < order {
            return Ok(None);
        }
        let room = room().next_multiple_of(16);
        let (blocks, outside) = if room <= most_shared(device) {
            (batch, None)
        } else {
            // No more than run at once, so that the room does not grow with the stack.
            let blocks = batch.min(device.limits().multiprocessors as usize);
            (blocks, Some(device.alloc(blocks * room, "linear algebra")?))
        };
        Ok(Some(Teams { threads: LARGE_BLOCK, per_block: 1, room, blocks, outside }))
    }

    /// The list that the arguments of a kernel begin with.
    pub(crate) fn arguments(&self) -> Arguments {
        match &self.outside {
            None => Arguments::new().with(self.room as u32),
            Some(memory) => Arguments::new().with(self.room as u64).with(memory.pointer()),
        }
    }

    /// Queues a kernel.
    ///
    /// # Errors
    /// Those of the compiler and the driver.
    ///
    /// # Safety
    /// As [`Kernel::launch`](crate::Kernel::launch).
    pub(crate) unsafe fn launch(&self, device: &Device, dtype: DType, source: Source, name: &str, arguments: &Arguments) -> Result<()> {
        let is_outside = self.outside.is_some();
        let kernel = source.kernel(device, name, (dtype, self.threads, is_outside), || header(dtype, self.threads, is_outside))?;
        let blocks = self.blocks.min(device.limits().grid[0] as usize);
        let shared = if is_outside { 0 } else { self.room as u32 * self.per_block };
        let shape = Shape::linear(blocks as u32, self.threads * self.per_block).shared(shared);
        // SAFETY: passed on to the caller.
        unsafe { kernel.launch(shape, arguments) }
    }
}

/// Bytes of shared memory that a block can have.
fn most_shared(device: &Device) -> usize {
    device.limits().shared_memory_opt_in.max(device.limits().shared_memory) as usize
}

fn header(dtype: DType, threads: u32, is_outside: bool) -> String {
    let outside = if is_outside { "#define OUTSIDE\n" } else { "" };
    format!("typedef {} T;\n#define TEAM {threads}\n#define MOST_THREADS {}\n{outside}", c_name(dtype), threads.max(BLOCK))
}

/// The headers and sources of all variants, with their names.
pub(crate) fn all() -> impl Iterator<Item = (String, String, Source)> {
    let small = [32, BLOCK].into_iter().flat_map(|threads| [SOLVE, QR, JACOBI].map(|source| (threads, false, source)));
    let variants = small.chain([false, true].map(|is_outside| (LARGE_BLOCK, is_outside, JACOBI)));
    variants.flat_map(|(threads, is_outside, source)| {
        [DType::F32, DType::F64, DType::C64, DType::C128].map(|dtype| {
            let place = if is_outside { " outside" } else { "" };
            (format!("{} {threads}{place}", c_name(dtype)), header(dtype, threads, is_outside), source)
        })
    })
}
