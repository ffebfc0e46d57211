//! A CUDA driver and NVRTC for tests on machines without a GPU.
//!
//! [`symbol`] returns the address of a driver or NVRTC function by its C name. Device memory is host memory, and NVRTC
//! translates CUDA C to C++ and calls the system's C++ compiler, so the same kernel source runs on the CPU. The simulation
//! is stricter than a GPU where that helps a test:
//!
//! * Work is queued per stream and runs only when something waits for it: a read without a synchronisation sees old data.
//! * Device memory is mapped without access but while an operation runs: the host cannot read it.
//! * Memory is filled with a pattern on allocation, and guard bytes around it are checked after every launch.
//! * The threads of a block run one at a time, in a shuffled order, from barrier to barrier: a missing barrier gives a
//!   wrong result, a barrier that not all threads reach is a launch failure.
//! * The blocks of a grid run at the same time on threads of the host, and begin in an order that is another one in every
//!   launch: what relies on an order of blocks, or shares memory between them without atomic operations, gives wrong results.
//! * The size of the packed arguments of a launch must be that of the kernel's parameters.
//!
//! There are two devices. [`faults`] makes chosen calls fail, [`stats`] counts launches, waits,
//! copies and what is allocated, and what kernels read and write where [`count_accesses`] asks for it; [`trace`] records what is queued.
//! Linux on x86-64 only; the C++ compiler is `$CXX` or `g++`.

mod arena;
mod block;
mod compiler;
mod driver;
pub mod faults;
mod fiber;
pub mod libraries;
mod module;
mod queue;
mod state;
pub mod trace;
mod translate;
mod workers;

use std::ffi::{CStr, c_void};

pub use compiler::{compiler_version, count_accesses};
pub use driver::empty_kernels;
pub use state::{Stats, last_report, stats};

/// How many devices the simulation has.
pub const DEVICE_COUNT: u32 = 2;

/// The memory of each device in bytes.
pub const DEVICE_MEMORY: usize = 2 << 30;

/// The address of a simulated function, or null when the simulation lacks it.
pub fn symbol(name: &CStr) -> *const c_void {
    let Ok(name) = name.to_str() else {
        return std::ptr::null();
    };
    driver::symbol(name).or_else(|| compiler::symbol(name)).unwrap_or(std::ptr::null())
}

/// Returns the match arms of a name-to-address table.
macro_rules! symbol_table {
    ($($name:ident),* $(,)?) => {
        /// The address of a function of this table.
        pub(crate) fn symbol(name: &str) -> Option<*const std::ffi::c_void> {
            match name {
                $(stringify!($name) => Some($name as *const std::ffi::c_void),)*
                _ => None,
            }
        }
    };
}
pub(crate) use symbol_table;
