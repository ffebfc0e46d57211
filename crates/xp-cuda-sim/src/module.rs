//! Modules: shared objects that the simulated NVRTC produced.

use std::{
    ffi::CStr,
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

use crate::{
    block::{self, Entry, Failure, SERVICES, Services, ThreadView},
    compiler,
    driver::code,
    faults,
    state::{self, Count, DEVICES, lock},
    workers,
};

/// The first bytes of what the simulated NVRTC returns as a cubin; the shared object and its length follow.
pub(crate) const MAGIC: &[u8; 16] = b"XPSIM-CUBIN-0001";

pub(crate) struct Module {
    library: libloading::Library,
}

pub(crate) struct Function {
    module: Arc<Module>,
    pub name: String,
    entry: Entry,
    /// The kernel has barriers or warp operations, so its threads need stacks of their own.
    fibers: bool,
    /// Offset and size of each parameter in the packed argument buffer.
    parameters: Vec<(usize, usize)>,
}

/// The shape of a launch.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub grid: [u32; 3],
    pub block: [u32; 3],
    pub shared: u32,
}

impl Module {
    /// Loads an image; `image` must point to at least the length that its header states.
    ///
    /// # Safety
    /// `image` must be what the simulated NVRTC returned, or begin with at least 24 readable bytes.
    pub(crate) unsafe fn load(image: *const u8) -> Result<Arc<Self>, u32> {
        // SAFETY: 24 bytes are readable by the contract.
        let header = unsafe { std::slice::from_raw_parts(image, 24) };
        if &header[..16] != MAGIC {
            return Err(code::INVALID_IMAGE);
        }
        let len = u64::from_le_bytes(header[16..24].try_into().expect("eight bytes")) as usize;
        // SAFETY: the header is genuine, so `len` bytes follow.
        let object = unsafe { std::slice::from_raw_parts(image.add(24), len) };
        let file = unique_file("module", "so");
        fs::write(&file, object).map_err(|_| code::OPERATING_SYSTEM)?;
        // SAFETY: the shared object was built from translated kernels; it has no initialisers with preconditions.
        let opened = unsafe { libloading::os::unix::Library::open(Some(&file), libloading::os::unix::RTLD_NOW | libloading::os::unix::RTLD_LOCAL) };
        let _ = fs::remove_file(&file);
        let library: libloading::Library = opened.map_err(|_| code::INVALID_IMAGE)?.into();
        // SAFETY: device.h defines this variable with this type.
        let services = unsafe { library.get::<*mut *const Services>(b"xp_sim_services\0") }.map_err(|_| code::INVALID_IMAGE)?;
        // SAFETY: the variable is written once, before any kernel of the module runs.
        unsafe { **services = &raw const SERVICES };
        Ok(Arc::new(Self { library }))
    }

    /// A kernel by name.
    pub(crate) fn function(self: &Arc<Self>, name: &CStr) -> Result<Function, u32> {
        let name = name.to_str().map_err(|_| code::INVALID_VALUE)?;
        // SAFETY: the translator defines these symbols with these types for every kernel.
        unsafe {
            let get_entry = self.library.get::<Entry>(format!("xp_sim_entry_{name}\0").as_bytes()).map_err(|_| code::NOT_FOUND)?;
            type Describe = unsafe extern "C" fn(*mut usize) -> usize;
            let describe = self.library.get::<Describe>(format!("xp_sim_parameters_{name}\0").as_bytes()).map_err(|_| code::NOT_FOUND)?;
            let fibers = self.library.get::<*const i32>(b"xp_sim_needs_fibers\0").map_err(|_| code::NOT_FOUND)?;
            let mut raw = vec![0usize; 2 * describe(std::ptr::null_mut())];
            describe(raw.as_mut_ptr());
            let parameters = raw.chunks_exact(2).map(|p| (p[0], p[1])).collect();
            Ok(Function { entry: *get_entry, fibers: **fibers != 0, parameters, name: name.into(), module: self.clone() })
        }
    }

    /// A global variable of the module.
    pub(crate) fn global(&self, name: &CStr) -> Option<u64> {
        // SAFETY: only the address is used.
        unsafe { self.library.get::<*const u8>(name.to_bytes_with_nul()) }.ok().map(|s| *s as u64)
    }
}

impl Function {
    /// The size of the packed arguments.
    pub(crate) fn argument_size(&self) -> usize {
        self.parameters.last().map_or(0, |&(offset, size)| offset + size)
    }

    /// Packs arguments that are given as one pointer per parameter.
    ///
    /// # Safety
    /// `pointers` must hold one valid pointer per parameter of the kernel.
    pub(crate) unsafe fn pack(&self, pointers: *const *const u8) -> Vec<u8> {
        let mut packed = vec![0u8; self.argument_size()];
        for (i, &(offset, size)) in self.parameters.iter().enumerate() {
            // SAFETY: the i-th pointer refers to a value of the i-th parameter's type.
            unsafe { std::ptr::copy_nonoverlapping(*pointers.add(i), packed.as_mut_ptr().add(offset), size) };
        }
        packed
    }

    /// Runs the whole grid, several blocks at the same time, and checks the guards of the device's memory.
    pub(crate) fn run(&self, device: u32, shape: Shape, arguments: &[u8]) -> u32 {
        debug_assert!(Arc::strong_count(&self.module) > 0);
        // Alignment of the buffer: kernel parameters need at most 16 bytes.
        let mut aligned = vec![0u128; arguments.len().div_ceil(16)];
        bytes_of(&mut aligned)[..arguments.len()].copy_from_slice(arguments);
        let order = Order::new(shape.grid.iter().map(|&n| u64::from(n)).product());
        let (next, wrong, moved) = (AtomicU64::new(0), Mutex::new(None), [const { AtomicUsize::new(0) }; 2]);
        let memory = DEVICES[device as usize].memory().addresses();
        let run_blocks = || {
            let mut dynamic = vec![0u128; (shape.shared as usize).div_ceil(16) + 1];
            loop {
                let turn = next.fetch_add(1, SeqCst);
                if turn >= order.blocks || lock(&wrong).is_some() {
                    return;
                }
                match self.run_block(order.block(turn), shape, memory, &aligned, &mut dynamic) {
                    Ok(bytes) => {
                        for (sum, bytes) in moved.iter().zip(bytes) {
                            sum.fetch_add(bytes, SeqCst);
                        }
                    }
                    Err(failure) => {
                        lock(&wrong).get_or_insert(failure);
                    }
                }
            }
        };
        // A block that waits for another one reads again and again: where that is counted none waits.
        if order.blocks > 1 && !compiler::counts_accesses() {
            workers::beside_each_other(&run_blocks)
        } else {
            run_blocks()
        }
        for (what, bytes) in [Count::Read, Count::Written].into_iter().zip(moved) {
            DEVICES[device as usize].count(what, bytes.into_inner());
        }
        if let Some((code, what)) = wrong.into_inner().unwrap_or_else(|e| e.into_inner()) {
            state::report(format!("kernel `{}`{what}", self.name));
            return code;
        }
        if let Some((address, size)) = DEVICES[device as usize].memory().broken_guard() {
            state::report(format!("kernel `{}` writes outside the allocation of {size} bytes at {address:#x}", self.name));
            return code::ILLEGAL_ADDRESS;
        }
        if faults::strikes(faults::Fault::Execution) { code::LAUNCH_FAILED } else { 0 }
    }

    /// Runs one block; `dynamic` is its shared memory, with at least one byte behind it. Returns how many bytes of `memory` it read and wrote.
    fn run_block(&self, block: u64, shape: Shape, memory: [usize; 2], arguments: &[u128], dynamic: &mut [u128]) -> Result<[usize; 2], (u32, String)> {
        let ([gx, gy, _], [bx, by, bz]) = (shape.grid.map(u64::from), shape.block);
        // Shared memory holds arbitrary values at the start of a block; the tail is a guard.
        bytes_of(dynamic).fill(0xCD);
        let mut view = ThreadView {
            thread: [0; 3],
            block: [(block % gx) as u32, (block / gx % gy) as u32, (block / (gx * gy)) as u32],
            block_dim: shape.block,
            grid_dim: shape.grid,
            dynamic: dynamic.as_mut_ptr().cast(),
            linear: 0,
            count: bx * by * bz,
            memory,
            moved: [0; 2],
        };
        let moved = if self.fibers {
            block::run(self.entry, arguments.as_ptr().cast(), view, block + 1).map_err(|failure| match failure {
                Failure::Deadlock => (code::LAUNCH_FAILED, format!(": block {block}: a barrier or warp operation is not reached by all threads")),
                Failure::SharedOverrun => (code::ILLEGAL_ADDRESS, format!(": block {block}: a write outside an array in shared memory")),
            })?
        } else {
            // SAFETY: the arguments have the kernel's packed size; the entry runs all threads of the block.
            unsafe { (self.entry)(arguments.as_ptr().cast(), &raw mut view) };
            view.moved
        };
        let tail = shape.shared as usize;
        if bytes_of(dynamic)[tail..].iter().any(|&b| b != 0xCD) {
            return Err((code::ILLEGAL_ADDRESS, format!(" writes beyond its {tail} bytes of dynamic shared memory")));
        }
        Ok(moved)
    }
}

/// An order of the blocks of a grid, another one in every launch: no kernel can rely on one.
struct Order {
    blocks: u64,
    first: u64,
    /// Has no divisor in common with the number of blocks.
    step: u64,
}

impl Order {
    fn new(blocks: u64) -> Self {
        static LAUNCHES: AtomicU64 = AtomicU64::new(0);
        // Knuth's multiplicative hash of the launch's number.
        let seed = LAUNCHES.fetch_add(1, SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let step = (1 + seed % blocks..).find(|&step| are_coprime(step, blocks)).expect("a prime follows");
        Self { blocks, first: seed / 3 % blocks, step }
    }

    /// The block whose turn it is.
    fn block(&self, turn: u64) -> u64 {
        ((u128::from(turn) * u128::from(self.step) + u128::from(self.first)) % u128::from(self.blocks)) as u64
    }
}

fn are_coprime(mut a: u64, mut b: u64) -> bool {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

/// A file name in the temporary folder that no other process or thread uses.
pub(crate) fn unique_file(stem: &str, extension: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Relaxed);
    std::env::temp_dir().join(format!("xp-sim-{}-{number}-{stem}.{extension}", std::process::id()))
}

fn bytes_of(words: &mut [u128]) -> &mut [u8] {
    // SAFETY: any bytes are valid u128 values and the length is that of the slice.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), std::mem::size_of_val(words)) }
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn an_order_has_every_block_once() {
        let mut differ = false;
        for blocks in [1, 2, 3, 16, 97, 1000] {
            for _ in 0..20 {
                let order = Order::new(blocks);
                let turns: Vec<u64> = (0..blocks).map(|turn| order.block(turn)).collect();
                let mut sorted = turns.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..blocks), "{blocks}: {turns:?}");
                differ |= turns[0] != 0;
            }
        }
        assert!(differ);
    }
}
