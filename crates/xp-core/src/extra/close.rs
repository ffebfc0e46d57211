//! An assertion for tests that says where two arrays differ most.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::{Floating, Real};
use crate::error::Result;

/// Asserts that two arrays have one shape and that every element of the first is within `atol + rtol * abs(second)` of the
/// second's; NaN is close to NaN, an infinity to itself. The message names the element that is furthest out.
///
/// Without tolerances `rtol` is `1e-7` and `atol` is 0, as in `numpy.testing.assert_allclose`.
///
/// # Panics
/// When they are not close, or a device fails.
///
/// ```
/// use xp::prelude::*;
/// xp::assert_allclose!(array![1.0, 2.0].sqrt(), array![1.0, 1.41421356]);
/// xp::assert_allclose!(array![1.0, 2.0], array![1.01, 2.0], rtol = 0.0, atol = 0.02);
/// ```
///
/// ```should_panic
/// use xp::prelude::*;
/// xp::assert_allclose!(array![[1.0, 2.0]], array![[1.0, 2.5]]); // element [0, 1]: 2 and 2.5
/// ```
#[macro_export]
macro_rules! assert_allclose {
    ($actual:expr, $expected:expr $(,)?) => {
        $crate::assert_allclose!($actual, $expected, rtol = 1e-7, atol = 0.0)
    };
    ($actual:expr, $expected:expr, rtol = $rtol:expr $(,)?) => {
        $crate::assert_allclose!($actual, $expected, rtol = $rtol, atol = 0.0)
    };
    ($actual:expr, $expected:expr, rtol = $rtol:expr, atol = $atol:expr $(,)?) => {
        match $crate::extra::difference(&$actual, &$expected, $rtol, $atol) {
            Ok(None) => {}
            Ok(Some(difference)) => panic!("{} and {} differ: {difference}", stringify!($actual), stringify!($expected)),
            Err(error) => panic!("{error}"),
        }
    };
}

/// Where and by how much two arrays differ by more than `atol + rtol * abs(expected)`, in words; `None` when they do not. What
/// [`assert_allclose!`](crate::assert_allclose) prints.
///
/// # Errors
/// When a device fails.
pub fn difference<B: Backend, C: Backend, T: Floating, D: Dim, E: Dim>(
    actual: &Array<B, T, D>,
    expected: &Array<C, T, E>,
    rtol: f64,
    atol: f64,
) -> Result<Option<String>> {
    if actual.dims() != expected.dims() {
        return Ok(Some(format!("shapes {:?} and {:?}", actual.dims(), expected.dims())));
    }
    let (left, right) = (actual.to_host()?, expected.to_host()?);
    let parts = |z: T| (z.re().to_f64(), z.im().to_f64());
    // By how much more than allowed two elements differ, in units of what is allowed.
    let excess = |a: T, b: T| {
        let ((ar, ai), (br, bi)) = (parts(a), parts(b));
        let is_nan = |(re, im): (f64, f64)| re.is_nan() || im.is_nan();
        if a == b || (is_nan((ar, ai)) && is_nan((br, bi))) {
            return 0.0;
        }
        let (difference, allowed) = ((ar - br).hypot(ai - bi), atol + rtol * br.hypot(bi));
        if difference <= allowed && allowed.is_finite() { 0.0 } else { (difference / allowed).max(1.0) }
    };
    let (mut out, mut worst) = (0_usize, (0, 0.0));
    for (k, (&a, &b)) in left.iter().zip(&right).enumerate() {
        let by = excess(a, b);
        out += usize::from(by > 0.0);
        if by > worst.1 {
            worst = (k, by);
        }
    }
    if out == 0 {
        return Ok(None);
    }
    let (mut rest, mut index) = (worst.0, vec![0; actual.ndim()]);
    for (i, &n) in index.iter_mut().zip(actual.dims()).rev() {
        (*i, rest) = (rest % n, rest / n);
    }
    let (a, b) = (left[worst.0], right[worst.0]);
    Ok(Some(format!(
        "{out} of {} elements are further apart than {atol:e} + {rtol:e} * abs(expected); furthest out is element {index:?}: {a} and {b}",
        left.len()
    )))
}
