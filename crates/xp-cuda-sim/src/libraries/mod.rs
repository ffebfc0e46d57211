//! cuBLAS, cuSOLVER and cuFFT of the simulated device: naive algorithms on the CPU.
//!
//! Device memory is host memory here. cuBLAS queues its work; a call of the others waits for what is queued, and then computes at
//! once, which is one of the orders that a stream allows.

mod blas;
mod fft;
mod matrix;
mod solver;

use std::sync::atomic::Ordering::SeqCst;

use xp_cuda::{Device, DriverCode, Error, Result, libraries::Factories};

use crate::{
    arena::{self, Open},
    queue,
    state::{Count, DEVICES},
};

/// Lets what is queued run, and allows access to device memory: a call into a library, with the addresses that it is given.
fn called(device: &Device, function: &str, addresses: &[u64]) -> Result<Open> {
    if stream(device).breaks_capture() {
        return Err(Error::Driver { operation: function.into(), code: DriverCode(crate::driver::code::CAPTURE_UNSUPPORTED) });
    }
    queue::wait_for_device(device.ordinal(), false);
    count(device, function, addresses)?;
    Ok(arena::access())
}

/// Queues a call of a library.
fn queued(device: &Device, function: &str, addresses: &[u64], operation: impl Fn() -> Result<()> + Send + Sync + 'static) -> Result<()> {
    count(device, function, addresses)?;
    let ordinal = device.ordinal() as usize;
    stream(device).push(
        move || {
            if DEVICES[ordinal].sticky.load(SeqCst) != 0 || operation().is_ok() { 0 } else { crate::driver::code::LAUNCH_FAILED }
        },
    );
    Ok(())
}

fn count(device: &Device, function: &str, addresses: &[u64]) -> Result<()> {
    let state = &DEVICES[device.ordinal() as usize];
    if state.sticky.load(SeqCst) != 0 {
        device.synchronize(function)?;
    }
    drop(device.enter(function)?);
    state.count(Count::LibraryCalls, 1);
    state.note(function, addresses.iter().copied());
    Ok(())
}

fn stream(device: &Device) -> &queue::Stream {
    // SAFETY: a handle of the simulated driver, which lives as long as the device.
    unsafe { &*device.stream().as_inner().cast::<queue::Stream>() }
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
