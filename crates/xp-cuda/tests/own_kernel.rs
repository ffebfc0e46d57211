//! The example of a user's own kernel.

mod common;

#[path = "../examples/own_kernel.rs"]
#[allow(dead_code)]
mod own_kernel;

use own_kernel::{damped, damped_beside, module};
use xp_core::functions::arange;
use xp_core::s;
use xp_cuda::Cuda;

#[test]
fn kernels_of_users_run_in_the_order_of_arrays() {
    let device = common::cuda();
    let module = module(&device).unwrap();
    for n in [0usize, 1, 5, 20_000] {
        let x = (arange(&device, 0.0, n as f64, 1.0).unwrap().lazy() + 1.0).try_eval().unwrap();
        let expected: Vec<f64> = (0..n).map(|i| (i + 1) as f64 / (1.0 + 0.5 * i as f64)).collect();
        for run in [damped, damped_beside] {
            // Operations before and after, of which nothing is waited for.
            let y = (run(&module, &x, 0.5).unwrap().lazy() * 2.0).try_eval().unwrap();
            assert!(y.to_vec().iter().zip(&expected).all(|(y, e)| *y == 2.0 * e), "{n}");
            let turned = run(&module, &x.slice(s![..;-1]).unwrap(), 0.0).unwrap();
            assert!(turned.to_vec().iter().zip(1..=n).all(|(y, i)| *y == (n + 1 - i) as f64), "{n} turned");
        }
    }
}

#[test]
fn addresses_are_those_of_arrays() {
    let device = common::cuda();
    let x = arange(&device, 0.0, 10.0, 1.0).unwrap();
    let tail = x.slice(s![3..]).unwrap();
    assert_eq!(Cuda::pointer(&tail).unwrap(), Cuda::pointer(&x).unwrap() + 24);
    let error = Cuda::pointer(&x.slice(s![..;2]).unwrap()).unwrap_err().to_string();
    assert_eq!(error, "pointer: the array is not contiguous: make it so with `contiguous`");
    // Memory that another array has is not written.
    let (mut y, kept) = (x.clone(), Cuda::pointer(&x).unwrap());
    assert_ne!(Cuda::pointer_mut(&mut y).unwrap(), kept);
    drop(x);
    drop(tail);
    let own = Cuda::pointer(&y).unwrap();
    assert_eq!((Cuda::pointer_mut(&mut y).unwrap(), y.to_vec()[9]), (own, 9.0));
}
