//! The time that cached operations take the host, on the simulated driver with kernels that do nothing: what comes on top of the time
//! in the driver itself. Ends with an error where it is more than three microseconds.
//!
//!     cargo run --release -p xp-cuda --example host_time

use std::{process::ExitCode, time::Instant};

use xp_core::functions::arange;
use xp_core::{Array, Ix1, Ix2, Result};
use xp_cuda::{
    Cuda, Device, DeviceOptions,
    loader::{Provider, install},
};

/// The most that an operation may take, in nanoseconds.
const MOST: f64 = 3000.0;

/// Calls in a round, and rounds.
const CALLS: u32 = 2000;
const ROUNDS: usize = 25;

/// Nanoseconds of one call, in the median of the rounds.
fn time<R>(operation: impl Fn() -> Result<R>) -> Result<f64> {
    let round = || -> Result<f64> {
        let start = Instant::now();
        for _ in 0..CALLS {
            operation()?;
        }
        Ok(start.elapsed().as_nanos() as f64 / f64::from(CALLS))
    };
    round()?;
    let mut rounds = (0..ROUNDS).map(|_| round()).collect::<Result<Vec<f64>>>()?;
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[ROUNDS / 2])
}

fn main() -> Result<ExitCode> {
    // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
    assert!(unsafe { install(Provider { name: "simulation", symbol: xp_cuda_sim::symbol }) }, "no other driver is in use");
    let device = Cuda::from(Device::create(0, DeviceOptions::from_env()).expect("the simulated device"));
    let x: Array<Cuda, f64, Ix1> = arange(&device, 0.0, 4800.0, 1.0)?;
    let rows: Array<Cuda, f64, Ix2> = x.reshape([100, 48])?;
    let row = rows.slice(xp_core::s![..1])?.copy()?;
    let places = arange(&device, 0, 100, 1i64)?;
    let jobs: [(&str, &dyn Fn() -> Result<f64>); 7] = [
        ("x + x", &|| time(|| (x.lazy() + &x).try_eval())),
        ("exp(-x^2 / 2), fused", &|| time(|| (x.lazy().square() * -0.5).exp().try_eval())),
        ("(x + row) * 0.5 - x, fused", &|| time(|| ((rows.lazy() + &row) * 0.5 - &rows).try_eval())),
        ("sum", &|| time(|| x.lazy().sum(..).try_eval())),
        ("mean along axis 0", &|| time(|| rows.lazy().mean(0).try_eval())),
        ("take", &|| time(|| x.take(&places, 0))),
        ("cumulative_sum along axis 1", &|| time(|| rows.cumulative_sum(1))),
    ];
    // Compiles what the jobs need.
    let run = |operation: &dyn Fn() -> Result<()>| operation();
    run(&|| {
        drop((x.lazy() + &x).try_eval()?);
        drop((x.lazy().square() * -0.5).exp().try_eval()?);
        drop(((rows.lazy() + &row) * 0.5 - &rows).try_eval()?);
        drop((x.lazy().sum(..).try_eval()?, rows.lazy().mean(0).try_eval()?, x.take(&places, 0)?, rows.cumulative_sum(1)?));
        device.device().synchronize("start").map_err(|e| xp_core::Error::value("start", e.to_string()))
    })?;
    xp_cuda_sim::empty_kernels(true);
    let mut slowest = 0.0f64;
    for (name, job) in jobs {
        let time = job()?;
        slowest = slowest.max(time);
        println!("{name}: {time:.0} ns");
    }
    Ok(if slowest <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
