//! Complex numbers, against `num-complex` in double precision, away from branch cuts and limits: those are special cases.

use num_complex::Complex;
use xp_core::functions::*;
use xp_core::{Backend, Float, Floating, Num, Real};

use super::{AllFailures, check1, check2};
use crate::support::Any;

type C = Complex<f64>;

const PARTS: [f64; 8] = [-2.5, -1.0, -0.7, -0.3, 0.3, 0.8, 1.5, 2.0];

/// Every pair of parts.
fn values<T: Floating>() -> Vec<T> {
    let part = <T::Real as Num>::from_f64;
    PARTS.iter().flat_map(|&re| PARTS.iter().map(move |&im| T::from_parts(part(re), part(im)))).collect()
}

fn wide<T: Floating>(z: T) -> C {
    Complex::new(z.re().to_f64(), z.im().to_f64())
}

/// Whether `z` is within `bound` units of the last place of the magnitude of `exact`.
fn within<T: Floating>(z: T, exact: C, bound: f64) -> bool {
    (wide(z) - exact).norm() <= bound * <T::Part as Float>::EPSILON.to_f64() * exact.norm()
}

/// Every complex unary operation.
pub fn complex_unary<B: Backend, T: Floating>(device: &B) {
    type Case<B, T> = (&'static str, fn(&Any<B, T>) -> Any<B, T>, fn(C) -> C, f64);
    let cases: [Case<B, T>; 25] = [
        ("acos", |x| acos(x), C::acos, 32.0),
        (
            "acosh",
            |x| acosh(x),
            |z| {
                let w = z.acosh();
                if w.re < 0.0 { -w } else { w }
            },
            32.0,
        ),
        ("asin", |x| asin(x), C::asin, 32.0),
        ("asinh", |x| asinh(x), C::asinh, 32.0),
        ("atan", |x| atan(x), C::atan, 32.0),
        ("atanh", |x| atanh(x), C::atanh, 32.0),
        ("conj", |x| conj(x), |z| z.conj(), 0.0),
        ("cos", |x| cos(x), C::cos, 8.0),
        ("cosh", |x| cosh(x), C::cosh, 8.0),
        ("exp", |x| exp(x), C::exp, 8.0),
        ("expm1", |x| expm1(x), |z| z.exp() - 1.0, 16.0),
        ("log", |x| log(x), C::ln, 16.0),
        ("log10", |x| log10(x), |z| z.ln() / std::f64::consts::LN_10, 16.0),
        ("log1p", |x| log1p(x), |z| (z + 1.0).ln(), 16.0),
        ("log2", |x| log2(x), |z| z.ln() / std::f64::consts::LN_2, 16.0),
        ("negative", |x| negative(x), |z| -z, 0.0),
        ("positive", |x| positive(x), |z| z, 0.0),
        ("reciprocal", |x| reciprocal(x), |z| C::new(1.0, 0.0) / z, 8.0),
        ("round", |x| round(x), |z| C::new(z.re.round_ties_even(), z.im.round_ties_even()), 0.0),
        ("sign", |x| sign(x), |z| z / z.norm(), 8.0),
        ("sin", |x| sin(x), C::sin, 8.0),
        ("sinh", |x| sinh(x), C::sinh, 8.0),
        ("sqrt", |x| sqrt(x), C::sqrt, 8.0),
        ("square", |x| square(x), |z| z * z, 8.0),
        ("tan", |x| tan(x), C::tan, 16.0),
    ];
    let values = values::<T>();
    let _all = AllFailures::new();
    for (name, op, exact, bound) in cases {
        check1(device, name, &values, &op, &|x: T, y: T| within(y, exact(wide(x)), bound));
    }
    check1(device, "tanh", &values, &|x| tanh(x), &|x: T, y: T| within(y, wide(x).tanh(), 16.0));
    let near = |y: f64, exact: f64| (y - exact).abs() <= 4.0 * <T::Part as Float>::EPSILON.to_f64() * exact.abs();
    check1(device, "abs", &values, &|x| abs(x), &|x: T, y: T::Real| near(y.to_f64(), wide(x).norm()));
    check1(device, "abs_square", &values, &|x| abs_square(x), &|x: T, y: T::Real| near(y.to_f64(), wide(x).norm_sqr()));
    check1(device, "real", &values, &|x| real(x), &|x: T, y: T::Real| y == x.re());
    check1(device, "imag", &values, &|x| imag(x), &|x: T, y: T::Real| y == x.im());
    check1(device, "isfinite", &values, &|x| isfinite(x), &|_, y| y);
    check1(device, "isinf", &values, &|x| isinf(x), &|_, y| !y);
    check1(device, "isnan", &values, &|x| isnan(x), &|_, y| !y);
    check1(device, "astype", &values, &|x| x.astype::<Complex<f32>>(), &|x: T, y: Complex<f32>| {
        f64::from(y.re) == f64::from(x.re().to_f64() as f32) && f64::from(y.im) == f64::from(x.im().to_f64() as f32)
    });
}

/// Every complex binary operation.
pub fn complex_binary<B: Backend, T: Floating>(device: &B)
where
    xp_core::ops::Divide: xp_core::ops::BinaryOp<T, Out = T>,
{
    type Case<B, T> = (&'static str, fn(&Any<B, T>, &Any<B, T>) -> Any<B, T>, fn(C, C) -> C, f64);
    let cases: [Case<B, T>; 5] = [
        ("add", |x, y| add(x, y), |x, y| x + y, 1.0),
        ("subtract", |x, y| subtract(x, y), |x, y| x - y, 1.0),
        ("multiply", |x, y| multiply(x, y), |x, y| x * y, 8.0),
        ("divide", |x, y| divide(x, y), |x, y| x / y, 8.0),
        ("pow", |x, y| pow(x, y), C::powc, 64.0),
    ];
    let values: Vec<T> = values().into_iter().step_by(3).collect();
    let _all = AllFailures::new();
    for (name, op, exact, bound) in cases {
        check2(device, name, &values, &op, &|x: T, y: T, z: T| within(z, exact(wide(x), wide(y)), bound));
    }
    check2(device, "equal", &values, &|x, y| equal(x, y), &|x: T, y: T, z| z == (wide(x) == wide(y)));
    check2(device, "not_equal", &values, &|x, y| not_equal(x, y), &|x: T, y: T, z| z == (wide(x) != wide(y)));
}
