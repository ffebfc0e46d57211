//! Memory of the test backend cannot be read by accident: through its address a program ends with a fault.

use xp_core::functions::*;
use xp_core::{Array, Backend, DType, Error, linalg, s};
use xp_strict::{Strict, StrictF32};

fn array(device: &Strict) -> Array<Strict, f64, xp_core::Ix1> {
    Array::from_vec(device, vec![1.0, 2.0, 3.0], [3]).unwrap()
}

/// Reads through an address as a kernel that forgot its way back would.
#[test]
#[ignore = "ends with a fault: run by `reading_an_address_is_a_fault`"]
fn read_through_the_address() {
    let x = array(&Strict::new(0));
    // SAFETY: none. The fault is what is tested.
    let value = unsafe { std::ptr::read_volatile(Strict::address(x.buffer())) };
    println!("read {value}");
}

/// The child process above ends by a signal, and not with the value.
#[cfg(unix)]
#[test]
fn reading_an_address_is_a_fault() {
    use std::os::unix::process::ExitStatusExt;
    let program = std::env::current_exe().unwrap();
    let child = std::process::Command::new(program).args(["--ignored", "--exact", "read_through_the_address", "--nocapture"]).output().unwrap();
    let signal = child.status.signal();
    assert!(matches!(signal, Some(7 | 10 | 11)), "SIGSEGV or SIGBUS expected: {:?}, {}", child.status, String::from_utf8_lossy(&child.stdout));
    assert!(!String::from_utf8_lossy(&child.stdout).contains("read 1"));
}

/// No address of any element, of any buffer, is one that the host can use; but the values are there.
#[test]
fn values_are_there() {
    let x = array(&Strict::new(0));
    let here = [0u8; 1];
    let distance = Strict::address(x.buffer()).addr().abs_diff(here.as_ptr().addr());
    assert!(distance > 1 << 50, "the address is near {:p}", here.as_ptr());
    assert_eq!((x.to_vec(), x.item().is_err(), x.get([1]).unwrap()), (vec![1.0, 2.0, 3.0], true, 2.0));
}

/// Operands of two devices of one backend do not meet; the error names both.
#[test]
fn two_devices_do_not_meet() {
    let (a, b) = (Strict::new(0), Strict::new(1));
    assert_ne!(a, b);
    let (x, y) = (array(&a), array(&b));
    let expected = Error::Device { left: "strict:0".into(), right: "strict:1".into() };
    assert_eq!(expected.to_string(), "operands live on different devices, strict:0 and strict:1: move one with `to_backend`");
    assert_eq!((x.lazy() + &y).try_eval().unwrap_err(), expected);
    assert_eq!((x.lazy() * &y).sum(..).try_eval().unwrap_err(), expected);
    let panic = std::panic::catch_unwind(|| &x + &y).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>(), Some(&expected.to_string()));
    let panic = std::panic::catch_unwind(|| {
        let mut z = x.clone();
        z += &y;
        z
    })
    .unwrap_err();
    assert_eq!(panic.downcast_ref::<String>(), Some(&expected.to_string()));
    assert_eq!(x.matmul(&y).unwrap_err(), expected);
    assert_eq!(concat(&[&x, &y], 0).unwrap_err(), expected);
    assert_eq!(stack(&[&x, &y], 0).unwrap_err(), expected);
    assert_eq!(outer(&x, &y).unwrap_err(), expected);
    assert_eq!(vecdot(&x, &y, -1).unwrap_err(), expected);
    assert_eq!(searchsorted(&x, &y, Side::Left).unwrap_err(), expected);
    assert_eq!(isin(&x, &y).unwrap_err().to_string(), "operands live on different devices, strict:1 and strict:0: move one with `to_backend`");
    let (mask, at) = (y.greater(1.0), y.astype::<i64>());
    assert_eq!(x.select(&mask).unwrap_err(), expected);
    assert_eq!(x.take(&at, 0).unwrap_err(), expected);
    assert_eq!(x.take_along_axis(&at, 0).unwrap_err(), expected);
    assert_eq!(x.clone().put(&at, &x, 0).unwrap_err(), expected);
    assert_eq!(x.clone().put_add(&x.astype::<i64>(), &y, 0).unwrap_err(), expected);
    assert!(matches!(x.clone().set(s![..], &y), Err(Error::Device { .. })));
    assert!(matches!(x.clone().set_where(&mask, 0.0), Err(Error::Device { .. })));
    assert!(matches!((y.lazy() + 1.0).eval_into(&mut x.clone()), Err(Error::Device { .. })));
    assert!(matches!(x.lazy_rows(&at).map(|rows| rows.try_eval()), Ok(Err(Error::Device { .. })) | Err(Error::Device { .. })));
    let m = x.reshape([1, 3]).unwrap().broadcast_to([3, 3]).unwrap();
    let n = y.reshape([3, 1]).unwrap().broadcast_to([3, 3]).unwrap();
    assert_eq!(linalg::solve(&m, &n).unwrap_err(), expected);
    assert!(matches!(linalg::lstsq(&m, &n, None), Err(Error::Device { .. })));
    assert!(matches!(linalg::gram(&(m.lazy() - &n)), Err(Error::Device { .. })));
    // A copy on the other device is a value like others.
    assert_eq!((&x + &y.to_backend(&a).unwrap()).to_vec(), [2.0, 4.0, 6.0]);
    assert_eq!(y.to_backend(&StrictF32::new(3)).unwrap_err(), Error::UnsupportedDType { backend: "strict-f32", dtype: DType::F64 });
}

/// Without `float64`, every way to make one is an error that names the backend and the dtype.
#[test]
fn no_float64() {
    let device = StrictF32::new(0);
    let unsupported = |dtype| Error::UnsupportedDType { backend: "strict-f32", dtype };
    assert!(!StrictF32::supports(DType::F64) && !StrictF32::supports(DType::C128) && StrictF32::supports(DType::C64));
    assert_eq!(zeros::<_, f64, _>(&device, [2]).unwrap_err(), unsupported(DType::F64));
    assert_eq!(full(&device, [2], num_complex::Complex::new(0.0f64, 1.0)).unwrap_err(), unsupported(DType::C128));
    assert_eq!(arange(&device, 0.0f64, 1.0, 0.5).unwrap_err(), unsupported(DType::F64));
    let x = Array::from_vec(&device, vec![1.0f32, 2.0], [2]).unwrap();
    let panic = std::panic::catch_unwind(|| x.astype::<f64>()).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "backend `strict-f32` has no dtype float64");
    assert_eq!(x.lazy().astype::<f64>().try_eval().unwrap_err(), unsupported(DType::F64));
    // Inside an expression nothing is stored.
    assert_eq!(x.lazy().astype::<f64>().sqrt().astype::<f32>().eval().to_vec()[0], 1.0);
    assert_eq!(x.mean(..).item().unwrap(), 1.5);
}
