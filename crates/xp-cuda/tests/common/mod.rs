//! Opens the device of the tests: the simulated one, or the real one of the number in `XP_CUDA_TEST_DEVICE` where that is set.

#![allow(dead_code)]

use std::{io::Write, path::PathBuf, sync::OnceLock};

use xp_cuda::{
    Arguments, Cuda, Device, DeviceBuffer, DeviceOptions, Kernel, ModuleSource, Shape,
    loader::{Provider, install},
};

/// The status of a process that ends because the device was lost: what it did not run is run anew, in processes of its own.
pub const LOST: i32 = 75;

/// The number of the real device that is asked for.
pub fn real() -> Option<u32> {
    let text = std::env::var_os("XP_CUDA_TEST_DEVICE")?;
    Some(text.to_str().and_then(|n| n.parse().ok()).expect("XP_CUDA_TEST_DEVICE is the number of a device"))
}

/// True, with a message, where a test needs what only the simulation has, and a real device is asked for.
pub fn needs_simulation(what: &str) -> bool {
    if real().is_some() {
        eprintln!("skipped on a real device: {what}");
    }
    real().is_some()
}

/// A device of its own, without pool, so that every overrun of a buffer is seen. Compiled kernels are kept in Cargo's folder for
/// test files.
///
/// `None`, with a message, where the simulation has no C++ compiler: then no kernel can run.
pub fn device() -> Option<Device> {
    device_with(0, options().pool_limit(0))
}

pub fn device_with(ordinal: u32, options: DeviceOptions) -> Option<Device> {
    if real().is_none() && xp_cuda_sim::compiler_version().is_none() {
        eprintln!("skipped: the simulated device needs a C++ compiler (g++, or set CXX)");
        return None;
    }
    Some(open(ordinal, options))
}

/// What is in the names of tests with indices out of bounds, which are the errors of the next read of their device, whoever reads.
const OUT_OF_BOUNDS: [&str; 6] = ["indexing::", "errors::", "methods::", "index_arrays", "index_assignment", "sorter"];

/// The device as a backend, shared by the tests of a process but those of [`OUT_OF_BOUNDS`].
pub fn cuda() -> Cuda {
    static SHARED: OnceLock<Device> = OnceLock::new();
    if real().is_none() {
        let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    }
    let options = if real().is_some() { options() } else { options().pool_limit(0) };
    let open = || device_with(0, options).expect("the tests of the simulated device need a C++ compiler (g++, or set CXX)");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    if OUT_OF_BOUNDS.iter().any(|part| test.contains(part)) {
        return open().into();
    }
    let device = SHARED.get_or_init(open);
    if real().is_some() {
        end_if_lost(device);
    }
    device.clone().into()
}

/// A device for tests that launch nothing: of the simulation the one of this number, else the real one.
pub fn open(ordinal: u32, options: DeviceOptions) -> Device {
    if real().is_none() {
        simulate();
    }
    let device = Device::create(real().unwrap_or(ordinal), options).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(device.is_simulated(), real().is_none());
    if real().is_some() {
        // One device stays open, so that the driver does not make the context anew for every test.
        static KEPT: OnceLock<Device> = OnceLock::new();
        end_if_lost(KEPT.get_or_init(|| device.clone()));
        // A context that was lost refuses devices of their own too.
        end_if_lost(&device);
    }
    device
}

/// Ends the process after an error that lost a real device, because every further test would fail for it.
fn end_if_lost(device: &Device) {
    if let Err(error) = device.synchronize("next test") {
        // Not by `eprintln`, whose text belongs to a test that never ends.
        let _ = writeln!(std::io::stderr(), "the device was lost by an earlier test: {error}");
        std::process::exit(LOST);
    }
}

/// Those of the environment; the simulated device does not keep its kernels beside real ones, unless it is told where.
pub fn options() -> DeviceOptions {
    let is_told = real().is_some() || std::env::var_os("XP_CUDA_CACHE").is_some();
    if is_told { DeviceOptions::from_env() } else { DeviceOptions::from_env().cache_folder(Some(cache_folder())) }
}

/// Cargo's folder for test files; that of the system where the program was built on another machine.
pub fn cache_folder() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    if built.exists() { built } else { std::env::temp_dir().join("xp-cuda-tests") }.join("kernels")
}

/// Installs the simulation.
pub fn simulate() {
    assert!(
        // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
        unsafe { install(Provider { name: "simulation", symbol: xp_cuda_sim::symbol }) },
        "another driver is in use"
    );
}

/// A kernel from a source without options.
pub fn kernel(device: &Device, source: &str, name: &str) -> Kernel {
    let source = ModuleSource { name: "test", source, options: &["--fmad=false"] };
    device.kernel(&source, name).unwrap_or_else(|e| panic!("{e}"))
}

/// Launches a kernel of a test.
pub fn launch(kernel: &Kernel, shape: Shape, arguments: &Arguments) -> xp_cuda::Result<()> {
    // SAFETY: tests pass arguments that match their kernels; the simulation checks the total size.
    unsafe { kernel.launch(shape, arguments) }
}

pub fn upload<T: bytemuck::NoUninit>(device: &Device, values: &[T]) -> DeviceBuffer {
    device.upload(bytemuck::cast_slice(values), "upload").unwrap()
}

pub fn download<T: bytemuck::Pod>(buffer: &DeviceBuffer) -> Vec<T> {
    let mut values = vec![T::zeroed(); buffer.len() / size_of::<T>()];
    buffer.download(0, bytemuck::cast_slice_mut(&mut values), "download").unwrap();
    values
}
