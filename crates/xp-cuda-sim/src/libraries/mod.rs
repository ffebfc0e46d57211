//! cuBLAS, cuSOLVER and cuFFT of the simulated device: naive algorithms on the CPU.
//!
//! Device memory is host memory here. A call waits for the work that is queued, and then computes at once, which is one of
//! the orders that a stream allows.

mod blas;
mod fft;
mod matrix;
mod solver;

use xp_cuda::{Device, Result, libraries::Factories};

use crate::{
    arena::{self, Open},
    queue,
    state::{Count, DEVICES},
};

/// Lets what is queued run, and allows access to device memory: a call into a library, with the addresses that it is given.
fn called(device: &Device, function: &str, addresses: &[u64]) -> Result<Open> {
    let state = &DEVICES[device.ordinal() as usize];
    queue::wait_for_device(device.ordinal(), false);
    if state.sticky.load(std::sync::atomic::Ordering::SeqCst) != 0 {
        device.synchronize(function)?;
    }
    drop(device.enter(function)?);
    state.count(Count::LibraryCalls, 1);
    state.note(function, addresses.iter().copied());
    Ok(arena::access())
}

/// What stands in for NVIDIA's libraries; for [`xp_cuda::libraries::install`].
#[must_use]
pub fn factories() -> Factories {
    Factories {
        blas: |_| Ok(Box::new(blas::SimulatedBlas)),
        solver: |_| Ok(Box::new(solver::SimulatedSolver)),
        fft: |_| Ok(Box::new(fft::SimulatedFft)),
    }
}
