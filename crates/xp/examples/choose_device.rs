//! One program for machines with and without a GPU: the device is chosen when it starts.
//!
//!     cargo run --release --example choose_device                             # the best device there is
//!     cargo run --release --features cuda --example choose_device -- cuda:0   # this one, or an error that says why not

use xp::prelude::*;
use xp::{AnyDevice, with_device};

/// The program proper: generic, and compiled once for every backend of the build.
fn largest_singular_value<B: Linalg<f64>>(device: &B) -> xp::Result<f64> {
    let x = xp::random::Generator::new(7).normal::<_, f64, _>(device, [500, 20])?;
    linalg::svdvals(&x)?.get([0])
}

fn main() -> xp::Result<()> {
    let device: AnyDevice = std::env::args().nth(1).as_deref().unwrap_or("best").parse()?;
    let all: Vec<String> = AnyDevice::all().iter().map(ToString::to_string).collect();
    println!("devices of this machine: {}; chosen: {device}", all.join(", "));

    let value = with_device!(&device, |device| largest_singular_value(device))?;
    println!("largest singular value of a random 500 by 20 matrix: {value:.12}");
    // That of an n by p matrix of independent normal numbers is near the sum of the square roots of both.
    assert!((value - (500_f64.sqrt() + 20_f64.sqrt())).abs() < 1.0);
    Ok(())
}
