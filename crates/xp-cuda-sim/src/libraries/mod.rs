//! cuBLAS, cuSOLVER and cuFFT of the simulated device: naive algorithms on the CPU.
//!
//! Device memory is host memory here. A call waits for the work that is queued, and then computes at once, which is one of
//! the orders that a stream allows.

mod blas;
mod fft;
mod matrix;
mod solver;

use xp_cuda::libraries::Factories;

/// What stands in for NVIDIA's libraries; for [`xp_cuda::libraries::install`].
#[must_use]
pub fn factories() -> Factories {
    Factories {
        blas: |_| Ok(Box::new(blas::SimulatedBlas)),
        solver: |_| Ok(Box::new(solver::SimulatedSolver)),
        fft: |_| Ok(Box::new(fft::SimulatedFft)),
    }
}
