//! `Mpi<Cuda>` on the simulated device, whose two devices the ranks take in turn: what needs accumulators of parts, products and
//! decompositions of parts, a pass over rows, and an estimator of each kind. The other operations are the same code as for `Mpi<Cpu>`.

#[path = "estimators/suite.rs"]
#[allow(dead_code)]
mod estimators;
#[path = "sharded/suite.rs"]
#[allow(dead_code)]
mod sharded;

use std::path::PathBuf;
use std::sync::OnceLock;

use xp_cpu::Cpu;
use xp_cuda::loader::{Provider, install};
use xp_cuda::{Cuda, Device, DeviceOptions};
use xp_mpi::{Mpi, Place};

/// The devices of the simulation; none, with a message, where it has no compiler.
fn devices() -> Option<&'static [Cuda; 2]> {
    static DEVICES: OnceLock<[Cuda; 2]> = OnceLock::new();
    if xp_cuda_sim::compiler_version().is_none() {
        eprintln!("skipped: the simulated device needs a C++ compiler (g++, or set CXX)");
        return None;
    }
    Some(DEVICES.get_or_init(|| {
        // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
        assert!(unsafe { install(Provider { name: "simulation", symbol: xp_cuda_sim::symbol }) }, "another driver is in use");
        let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
        let kernels = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kernels");
        let open = |ordinal| Device::create(ordinal, DeviceOptions::from_env().cache_folder(Some(kernels.clone())).pool_limit(0));
        [0, 1].map(|ordinal| open(ordinal).unwrap_or_else(|e| panic!("{e}")).into())
    }))
}

/// The device of a rank.
fn own(place: Place) -> xp_core::Result<Cuda> {
    Ok(devices().expect("devices")[place.local_rank % 2].clone())
}

macro_rules! compared {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            if devices().is_some() {
                sharded::compare(&[1, 2, 3], |_| false, own, sharded::$name::<Cpu>, sharded::$name::<Mpi<Cuda>>);
            }
        }
    )*};
}
compared! { reductions products passes }

#[test]
fn estimators_on_every_number_of_ranks() {
    if devices().is_some() {
        estimators::compare(&[], own, estimators::essential, estimators::essential);
    }
}

/// The ranks of a machine take its devices in turn.
#[test]
fn a_device_for_each_rank() {
    if devices().is_none() {
        return;
    }
    let found = xp_mpi::simulate_at(3, |place| place.device::<Cuda>(), |device: &Mpi<Cuda>| device.inner().device().ordinal()).unwrap();
    assert_eq!(found, [0, 1, 0]);
}
