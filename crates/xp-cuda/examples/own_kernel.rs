//! A kernel of one's own on arrays, launched through cust: in the order of xp's work, and on a stream of one's own beside it.
//!
//! Allocations, launches and copies of a device are queued on one stream, `Device::stream`. What is launched there comes after all that
//! arrays were asked for before, and before what they are asked for later. Another stream waits for it by `Device::precede`, and the other
//! way round by `Device::follow`.

use cust::{
    launch,
    module::Module,
    stream::{Stream, StreamFlags},
};
use xp_core::functions::{arange, zeros};
use xp_core::{Array, Ix1};
use xp_cuda::{Cuda, kernel::compile_only};

type Failure = Box<dyn std::error::Error>;
type Vector = Array<Cuda, f64, Ix1>;

const SOURCE: &str = r#"
extern "C" __global__ void damp(long long n, double by, const double* x, double* y) {
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < n; i += (long long)gridDim.x * blockDim.x)
    y[i] = x[i] / (1 + by * i);
}"#;

/// The kernel for the card of a device. A program keeps what it loads; `nvcc -cubin` makes such a module too.
pub fn module(device: &Cuda) -> Result<Module, Failure> {
    let device = device.device();
    let (major, minor) = device.limits().compute_capability;
    let cubin = compile_only("damp", SOURCE, &[], 10 * major + minor)?;
    let _current = device.enter("module")?;
    Ok(Module::from_cubin(cubin, &[])?)
}

/// `x[i] / (1 + by i)`, on the stream of the device.
pub fn damped(module: &Module, x: &Vector, by: f64) -> Result<Vector, Failure> {
    let x = x.contiguous()?;
    let mut y = zeros::<_, f64, _>(x.device(), [x.size()])?;
    let (n, from, to) = (x.size() as i64, Cuda::pointer(&x)?, Cuda::pointer_mut(&mut y)?);
    let device = x.device().device();
    let _current = device.enter("damp")?;
    let stream = device.stream();
    // SAFETY: the parameters of the kernel in order; both arrays have n elements, and nobody else has the memory of `y`.
    unsafe { launch!(module.damp<<<64, 256, 0, stream>>>(n, by, from, to)) }?;
    Ok(y)
}

/// The same, on a stream of one's own.
pub fn damped_beside(module: &Module, x: &Vector, by: f64) -> Result<Vector, Failure> {
    let x = x.contiguous()?;
    let mut y = zeros::<_, f64, _>(x.device(), [x.size()])?;
    let (n, from, to) = (x.size() as i64, Cuda::pointer(&x)?, Cuda::pointer_mut(&mut y)?);
    let device = x.device().device();
    let _current = device.enter("damp")?;
    let stream = Stream::new(StreamFlags::NON_BLOCKING, None)?;
    device.precede(&stream)?;
    // SAFETY: as above; the kernel begins after what made `x` and `y`, and what uses or frees them later waits for it.
    unsafe { launch!(module.damp<<<64, 256, 0, stream>>>(n, by, from, to)) }?;
    device.follow(&stream)?;
    Ok(y)
}

fn main() -> Result<(), Failure> {
    let device = Cuda::new(0)?;
    let module = module(&device)?;
    let x = (arange(&device, 0.0, 5.0, 1.0)?.lazy() + 1.0).try_eval()?;
    println!("{} and {}", damped(&module, &x, 0.5)?, damped_beside(&module, &x, 0.5)?);
    Ok(())
}
