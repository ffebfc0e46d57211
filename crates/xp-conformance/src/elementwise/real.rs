//! Real floating-point numbers. The oracle works in double precision; the bounds are those that the operations' documentation
//! states, and one more for `f64`, where the oracle rounds too.

use half::{bf16, f16};
use xp_core::extra::{betainc, betaincc, betaincinv, log_softmax, softmax};
use xp_core::functions::*;
use xp_core::math::{Baseline, MathFloat};
use xp_core::{Array, Backend, DType, Float, Ix3, s};

use super::{AllFailures, check1, check2};
use crate::support::{Any, Sequence, ulps};

/// Zeros, borders of the ranges of functions and formats, infinities, and plain numbers.
pub(crate) const EDGES: &[f64] = &[
    0.0,
    -0.0,
    0.5,
    -0.5,
    0.75,
    1.0,
    -1.0,
    1.5,
    -1.5,
    2.0,
    2.5,
    -2.5,
    3.0,
    -3.0,
    10.0,
    1e20,
    -1e20,
    1e-20,
    -1e-20,
    88.7,
    88.8,
    -103.9,
    -104.1,
    709.78,
    709.79,
    710.4,
    -745.1,
    -745.2,
    1e-45,
    -1e-45,
    1e-40,
    f32::MIN_POSITIVE as f64,
    f32::MAX as f64,
    f32::MIN as f64,
    5e-324,
    -5e-324,
    1e-310,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    65504.0,
    6e-8,
    -6e-5,
];

/// The edges, and numbers of all magnitudes near 1.
fn values<T: Float>(more: usize) -> Vec<T> {
    let mut sequence = Sequence::new(7);
    let random = (0..more).map(|i| sequence.between(-8.0, 8.0).exp2() * if i % 2 == 0 { 1.0 } else { -1.0 });
    EDGES.iter().copied().chain(random).map(T::from_f64).collect()
}

/// Whether `value` is within `bound` units of the last place of `exact`; for `f64` of one more, unless it is 0.
fn within<T: Float>(value: T, exact: f64, bound: f64, floor: f64) -> bool {
    let slack = if T::DTYPE == DType::F64 && bound > 0.0 { 1.0 } else { 0.0 };
    ulps(value, exact, floor) <= bound + slack
}

/// The largest error of an operation on a backend, given that of xp's own functions: the `f32` functions of CUDA's compiler are
/// documented with larger ones (CUDA C++ Programming Guide, "Mathematical Functions").
fn bound<B: Backend, T: Float>(name: &str, own: f64) -> f64 {
    if B::NAME != "cuda" || T::DTYPE != DType::F32 {
        return own;
    }
    let documented = match name {
        "exp" | "sin" | "cos" => 2.0,
        "acos" | "sinh" | "atan2" | "hypot" => 3.0,
        "acosh" | "asin" | "tan" => 4.0,
        "pow" => 8.0,
        _ => own,
    };
    documented.max(own)
}

struct Unary<B: Backend, T: Float> {
    name: &'static str,
    op: fn(&Any<B, T>) -> Any<B, T>,
    exact: fn(f64) -> f64,
    /// Largest error in units of the last place of the result, or of `floor` when that is larger.
    bound: f64,
    floor: f64,
}

/// Every real unary operation.
pub fn float_unary<B: Backend, T: Float>(device: &B) {
    macro_rules! case {
        ($op:ident, $exact:expr, $bound:literal) => {
            case!($op, $exact, $bound, 0.0)
        };
        ($op:ident, $exact:expr, $bound:literal, $floor:literal) => {
            Unary { name: stringify!($op), op: |x: &Any<B, T>| x.$op(), exact: $exact, bound: $bound, floor: $floor }
        };
    }
    let cases: Vec<Unary<B, T>> = vec![
        case!(abs, f64::abs, 0.0),
        case!(abs_square, |x| x * x, 0.0),
        case!(acos, f64::acos, 2.0),
        case!(acosh, acosh, 3.0),
        case!(asin, f64::asin, 2.0),
        case!(asinh, asinh, 3.0),
        case!(atan, f64::atan, 2.0),
        case!(atanh, atanh, 3.0),
        case!(ceil, f64::ceil, 0.0),
        case!(conj, |x| x, 0.0),
        case!(cos, f64::cos, 1.0),
        case!(cosh, f64::cosh, 2.0),
        case!(digamma, digamma, 16.0, 1.0),
        case!(
            entr,
            |x| if x == 0.0 {
                0.0
            } else if x < 0.0 {
                -f64::INFINITY
            } else {
                -x * x.ln()
            },
            2.0
        ),
        case!(erf, erf, 4.0),
        case!(erfc, erfc, 16.0),
        case!(erfcx, MathFloat::erfcx::<Baseline>, 16.0),
        case!(erfinv, erfinv, 8.0),
        case!(exp, f64::exp, 1.0),
        case!(expit, |x| 1.0 / (1.0 + (-x).exp()), 4.0),
        case!(expm1, f64::exp_m1, 2.0),
        case!(floor, f64::floor, 0.0),
        case!(imag, |_| 0.0, 0.0),
        case!(log, f64::ln, 1.0),
        case!(log10, f64::log10, 2.0),
        case!(log1p, f64::ln_1p, 2.0),
        case!(log_expit, |x| -((-x).max(0.0) + (-x.abs()).exp().ln_1p()), 4.0),
        case!(log_ndtr, log_ndtr, 8.0),
        case!(log2, f64::log2, 1.0),
        case!(logit, |x| (x / (1.0 - x)).ln(), 4.0, 1.0),
        case!(ndtr, |x| if x < 0.0 { normal_tail(-x) } else { 1.0 - normal_tail(x) }, 16.0),
        case!(ndtri, MathFloat::ndtri::<Baseline>, 12.0),
        case!(negative, |x| -x, 0.0),
        case!(positive, |x| x, 0.0),
        case!(real, |x| x, 0.0),
        case!(reciprocal, |x| 1.0 / x, 0.0),
        case!(round, f64::round_ties_even, 0.0),
        case!(sign, |x| if x == 0.0 { 0.0 } else { x.signum() }, 0.0),
        case!(sin, f64::sin, 1.0),
        case!(sinh, f64::sinh, 2.0),
        case!(softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), 4.0),
        case!(sqrt, f64::sqrt, 0.0),
        case!(square, |x| x * x, 0.0),
        case!(tan, f64::tan, 3.0),
        case!(tanh, f64::tanh, 3.0),
        case!(trunc, f64::trunc, 0.0),
    ];
    let values = values(60);
    let _all = AllFailures::new();
    for case in &cases {
        let bound = bound::<B, T>(case.name, case.bound);
        check1(device, case.name, &values, &case.op, &|x: T, y: T| within(y, (case.exact)(x.to_f64()), bound, case.floor));
    }
}

/// What has another dtype or another oracle: predicates, `gammaln`, `nextafter`, conversions, `clip`.
pub fn float_special<B: Backend, T: Float>(device: &B) {
    let values = values::<T>(20);
    let _all = AllFailures::new();
    check1(device, "isnan", &values, &|x| x.isnan(), &|x, y| y == x.to_f64().is_nan());
    check1(device, "isinf", &values, &|x| x.isinf(), &|x, y| y == x.to_f64().is_infinite());
    check1(device, "isfinite", &values, &|x| x.isfinite(), &|x, y| y == x.to_f64().is_finite());
    check1(device, "signbit", &values, &|x| x.signbit(), &|x, y| y == x.to_f64().is_sign_negative());
    check1(device, "astype bool", &values, &|x| x.astype::<bool>(), &|x, y| y == (x.to_f64() != 0.0));
    check1(device, "astype int8", &values, &|x| x.astype::<i8>(), &|x, y| y == x.to_f64() as i8);
    check1(device, "astype uint64", &values, &|x| x.astype::<u64>(), &|x, y| y == x.to_f64() as u64);
    check1(device, "astype float32", &values, &|x| x.astype::<f32>(), &|x, y| ulps(y, x.to_f64(), 0.0) <= 0.5);
    let (low, high) = (T::from_f64(-1.5), T::from_f64(2.0));
    check1(device, "clip", &values, &|x| x.clip(low, high), &|x, y| within(y, clip(x.to_f64(), -1.5, 2.0), 0.0, 0.0));
    check2(device, "nextafter", &values, &|x, y| x.nextafter(y), &next_is_next);
    // Values of tables: Gamma(n) is (n - 1)!, Gamma(1/2) the square root of pi.
    let known = [(0.5, 0.572_364_942_924_700_1), (1.0, 0.0), (2.0, 0.0), (3.0, 2f64.ln()), (5.0, 24f64.ln()), (11.0, 3_628_800f64.ln())];
    let infinite = [0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY].map(|x| (x, f64::INFINITY));
    let x: Vec<T> = known.iter().chain(&infinite).map(|k| T::from_f64(k.0)).collect();
    check1(device, "gammaln", &x, &|x| x.gammaln(), &|x, y| {
        let exact = known.iter().chain(&infinite).find(|k| k.0 == x.to_f64()).expect("one of these").1;
        y.to_f64() == exact || within(y.abs(), exact, 8.0, 1.0)
    });
}

fn clip(x: f64, low: f64, high: f64) -> f64 {
    if x.is_nan() { x } else { x.max(low).min(high) }
}

/// Whether `z` is the neighbour of `x` in the direction of `y`: nothing lies between them.
fn next_is_next<T: Float>(x: T, y: T, z: T) -> bool {
    let (a, b, c) = (x.to_f64(), y.to_f64(), z.to_f64());
    if a.is_nan() || b.is_nan() {
        return c.is_nan();
    }
    if a == b {
        return c == b && c.is_sign_negative() == b.is_sign_negative();
    }
    // The middle, of halves so that it does not overflow, rounds to one of the two.
    let between = a / 2.0 + c / 2.0;
    let away = if b > a { c > a } else { c < a };
    let middle = T::from_f64(between).to_f64();
    away && (!a.is_finite() || !c.is_finite() || middle == a || middle == c)
}

struct Binary<B: Backend, T: Float> {
    name: &'static str,
    op: fn(&Any<B, T>, &Any<B, T>) -> Any<B, T>,
    exact: fn(f64, f64) -> f64,
    bound: f64,
    floor: f64,
}

/// Every real binary operation, and the comparisons. The functions with parameters are compared with those of `math`, which its
/// tests compare with tables; `f32` is computed in `f64` there.
pub fn float_binary<B: Backend, T: Float>(device: &B) {
    macro_rules! case {
        ($op:ident, $exact:expr, $bound:literal) => {
            case!($op, $exact, $bound, 0.0)
        };
        ($op:ident, $exact:expr, $bound:literal, $floor:literal) => {
            Binary { name: stringify!($op), op: |x: &Any<B, T>, y: &Any<B, T>| x.$op(y), exact: $exact, bound: $bound, floor: $floor }
        };
    }
    let cases: Vec<Binary<B, T>> = vec![
        case!(add, |x, y| x + y, 0.0),
        case!(atan2, f64::atan2, 2.0),
        case!(betaln, MathFloat::betaln::<Baseline>, 64.0, 1.0),
        case!(copysign, f64::copysign, 0.0),
        case!(divide, |x, y| x / y, 0.0),
        case!(floor_divide, floor_divide_exact, 1.0),
        case!(gammainc, MathFloat::gammainc::<Baseline>, 4096.0),
        case!(gammaincc, MathFloat::gammaincc::<Baseline>, 4096.0),
        case!(gammainccinv, MathFloat::gammainccinv::<Baseline>, 4096.0),
        case!(gammaincinv, MathFloat::gammaincinv::<Baseline>, 4096.0),
        case!(hypot, f64::hypot, 2.0),
        case!(kl_div, MathFloat::kl_div::<Baseline>, 64.0),
        case!(logaddexp, logaddexp_exact, 3.0, 1.0),
        case!(maximum, maximum_exact, 0.0),
        case!(minimum, |x, y| -maximum_exact(-x, -y), 0.0),
        case!(multiply, |x, y| x * y, 0.0),
        case!(pow, f64::powf, 1.0),
        case!(rel_entr, MathFloat::rel_entr::<Baseline>, 8.0),
        case!(remainder, remainder_exact, 0.0),
        case!(subtract, |x, y| x - y, 0.0),
        case!(xlog1py, |x, y| if x == 0.0 && !y.is_nan() { 0.0 } else { x * y.ln_1p() }, 3.0),
        case!(xlogy, |x, y| if x == 0.0 && !y.is_nan() { 0.0 } else { x * y.ln() }, 3.0),
    ];
    let values = values(14);
    let _all = AllFailures::new();
    for case in &cases {
        let bound = bound::<B, T>(case.name, case.bound);
        check2(device, case.name, &values, &case.op, &|x: T, y: T, z: T| {
            let exact = (case.exact)(x.to_f64(), y.to_f64());
            // The sign of a zero extreme of two zeros is not specified.
            let either = case.name.ends_with("imum") && exact == 0.0 && z.to_f64() == 0.0;
            either || within(z, exact, bound, case.floor)
        });
    }
    check2(device, "equal", &values, &|x, y| equal(x, y), &|x, y, z| z == (x.to_f64() == y.to_f64()));
    check2(device, "not_equal", &values, &|x, y| not_equal(x, y), &|x, y, z| z == (x.to_f64() != y.to_f64()));
    check2(device, "less", &values, &|x, y| less(x, y), &|x, y, z| z == (x.to_f64() < y.to_f64()));
    check2(device, "less_equal", &values, &|x, y| less_equal(x, y), &|x, y, z| z == (x.to_f64() <= y.to_f64()));
    check2(device, "greater", &values, &|x, y| greater(x, y), &|x, y, z| z == (x.to_f64() > y.to_f64()));
    check2(device, "greater_equal", &values, &|x, y| greater_equal(x, y), &|x, y, z| z == (x.to_f64() >= y.to_f64()));
}

/// Functions of three operands, over shapes that broadcast, against those of `math`; `softmax` against loops.
pub fn float_several<B: Backend, T: Float>(device: &B) {
    let numbers = |v: &[f64]| v.iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>();
    let parameters = [0.0, 0.125, 0.5, 1.0, 3.0, 7.5, 20.0, 300.0, f64::INFINITY, -1.0, f64::NAN];
    let probabilities = [0.0, 0.0625, 0.25, 0.5, 0.75, 0.9375, 1.0, -0.5, 1.5, f64::NAN];
    let (n, m) = (parameters.len(), probabilities.len());
    let a = Array::from_vec(device, numbers(&parameters), [n, 1, 1]).unwrap();
    let b = Array::from_vec(device, numbers(&parameters), [n, 1]).unwrap();
    let x = Array::from_vec(device, numbers(&probabilities), [m]).unwrap();
    let check = |name: &str, found: xp_core::Result<Array<B, T, Ix3>>, exact: fn(f64, f64, f64) -> f64| {
        let found = found.unwrap();
        assert_eq!(found.dims(), [n, n, m], "{name}");
        for (i, y) in found.to_vec().into_iter().enumerate() {
            let (a, b, x) = (parameters[i / m / n], parameters[i / m % n], probabilities[i % m]);
            // Near a border the inverse is far from the neighbours of its argument.
            assert!(within(y, exact(a, b, x), 4096.0, 0.0), "{name}({a}, {b}, {x}) = {y:?}, not {}", exact(a, b, x));
        }
    };
    check("betainc", betainc(&a, &b, &x), MathFloat::betainc::<Baseline>);
    check("betaincc", betaincc(&a, &b, &x), MathFloat::betaincc::<Baseline>);
    check("betaincinv", betaincinv(&a, &b, &x), MathFloat::betaincinv::<Baseline>);

    let rows = [[0.0, 1.0, -2.0], [30.0, 30.0, -30.0], [f64::NEG_INFINITY, 2.0, 2.0]];
    let x = Array::from_vec(device, numbers(rows.as_flattened()), [3, 3]).unwrap();
    let (p, l) = (softmax(&x, 1).unwrap().to_vec(), log_softmax(&x, 1).unwrap().to_vec());
    for (i, row) in rows.iter().enumerate() {
        let largest = row.iter().fold(f64::NEG_INFINITY, |a: f64, &b| a.max(b));
        let total: f64 = row.iter().map(|v| (v - largest).exp()).sum();
        for (j, v) in row.iter().enumerate() {
            let exact = v - largest - total.ln();
            assert!(within(p[3 * i + j], (v - largest).exp() / total, 4.0, 0.0) && within(l[3 * i + j], exact, 4.0, 1.0), "softmax {i} {j}");
        }
    }
    let all = softmax(&x, ..).unwrap();
    assert!((all.sum(..).item().unwrap().to_f64() - 1.0).abs() < 10.0 * T::EPSILON.to_f64());
    assert_eq!(softmax(&x.slice(s![..0]).unwrap(), 1).unwrap().dims(), [0, 3]);
}

/// By the recurrence and Stirling's series from a large argument on; the reflection formula for negative ones.
fn digamma(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() || x == f64::INFINITY {
        return if x == 0.0 { -f64::INFINITY.copysign(x) } else { x };
    }
    if x < 0.0 {
        let rest = x - x.round();
        let pi = std::f64::consts::PI;
        return if x.is_infinite() || rest == 0.0 { f64::NAN } else { digamma(1.0 - x) - pi / (pi * rest).tan() };
    }
    let steps = (20.0 - x).max(0.0).ceil() as i32;
    let y = x + f64::from(steps);
    let below: f64 = (0..steps).rev().map(|k| 1.0 / (x + f64::from(k))).sum();
    let w = 1.0 / (y * y);
    y.ln() - 0.5 / y - w * (1.0 / 12.0 - w * (1.0 / 120.0 - w * (1.0 / 252.0 - w * (1.0 / 240.0 - w / 132.0)))) - below
}

/// The operations of `f16` and `bf16`, which are computed in `f32`: those that differ in kind.
pub fn halves<B: Backend>(device: &B) {
    fn check<B: Backend, T: Float>(device: &B) {
        let values = values::<T>(20);
        check1(device, "exp", &values, &|x| x.exp(), &|x, y| within(y, x.to_f64().exp(), 1.0, 0.0));
        check1(device, "sin", &values, &|x| x.sin(), &|x, y| within(y, x.to_f64().sin(), 1.0, 0.0));
        check1(device, "sqrt", &values, &|x| x.sqrt(), &|x, y| within(y, x.to_f64().sqrt(), 0.0, 0.0));
        check1(device, "abs", &values, &|x| x.abs(), &|x, y| within(y, x.to_f64().abs(), 0.0, 0.0));
        check1(device, "round", &values, &|x| x.round(), &|x, y| within(y, x.to_f64().round_ties_even(), 0.0, 0.0));
        check1(device, "isnan", &values, &|x| x.isnan(), &|x, y| y == x.to_f64().is_nan());
        check1(device, "astype float32", &values, &|x| x.astype::<f32>(), &|x, y| ulps(y, x.to_f64(), 0.0) == 0.0);
        check2(device, "add", &values, &|x, y| add(x, y), &|x, y, z| within(z, x.to_f64() + y.to_f64(), 0.0, 0.0));
        check2(device, "multiply", &values, &|x, y| multiply(x, y), &|x, y, z| within(z, x.to_f64() * y.to_f64(), 0.0, 0.0));
        check2(device, "divide", &values, &|x, y| divide(x, y), &|x, y, z| within(z, x.to_f64() / y.to_f64(), 0.0, 0.0));
        check2(device, "remainder", &values, &|x, y| remainder(x, y), &|x, y, z| within(z, remainder_exact(x.to_f64(), y.to_f64()), 0.0, 0.0));
        check2(device, "nextafter", &values, &|x, y| x.nextafter(y), &next_is_next);
        check2(device, "less", &values, &|x, y| less(x, y), &|x, y, z| z == (x.to_f64() < y.to_f64()));
    }
    let _all = AllFailures::new();
    check::<B, f16>(device);
    check::<B, bf16>(device);
}

/// Without the cancellation of `ln(x + sqrt(x * x - 1))` near 1, and without overflow.
fn acosh(x: f64) -> f64 {
    if x.is_nan() || x < 1.0 {
        return f64::NAN;
    }
    if x > 1e100 { x.ln() + std::f64::consts::LN_2 } else { (x - 1.0 + ((x - 1.0) * (x + 1.0)).sqrt()).ln_1p() }
}

/// Without overflow.
fn asinh(x: f64) -> f64 {
    if x.abs() > 1e100 { (x.abs().ln() + std::f64::consts::LN_2).copysign(x) } else { x.asinh() }
}

fn atanh(x: f64) -> f64 {
    let a = x.abs();
    (0.5 * (2.0 * a / (1.0 - a)).ln_1p()).copysign(x)
}

/// The series of all positive terms near 0, 1 less the complement elsewhere.
fn erf(x: f64) -> f64 {
    let a = x.abs();
    if a > 1.5 {
        return (1.0 - erfc(a)).copysign(x);
    }
    let (mut term, mut sum, mut n) = (a, a, 1.0);
    while term > sum * 1e-18 {
        term *= 2.0 * a * a / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    (std::f64::consts::FRAC_2_SQRT_PI * (-a * a).exp() * sum).copysign(x)
}

/// The complement, by a continued fraction where the complement is small.
fn erfc(x: f64) -> f64 {
    if x.is_nan() || x <= 1.5 {
        return 1.0 - erf(x);
    }
    if x > 30.0 {
        return 0.0;
    }
    // sqrt(pi) exp(x^2) erfc(x) = 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))))
    let mut tail = x;
    for k in (1..200).rev() {
        tail = x + 0.5 * f64::from(k) / tail;
    }
    // exp(-x^2) with the rounding error of the square.
    let square = x * x;
    let lost = x.mul_add(x, -square);
    (-square).exp() * (1.0 - lost) / (tail * std::f64::consts::PI.sqrt())
}

/// By Newton's method on the logarithm of the complement, which is nearly a parabola.
fn erfinv(x: f64) -> f64 {
    let a = x.abs();
    if a == 0.0 || a.is_nan() || a >= 1.0 {
        return if a == 1.0 {
            f64::INFINITY.copysign(x)
        } else if a == 0.0 {
            x
        } else {
            f64::NAN
        };
    }
    // erf(y) / y hardly changes near 0, where the complement says little.
    if a < 0.5 {
        let mut y = a;
        for _ in 0..50 {
            y = if a < 1e-8 { a / std::f64::consts::FRAC_2_SQRT_PI } else { y - (erf(y) - a) / (std::f64::consts::FRAC_2_SQRT_PI * (-y * y).exp()) };
        }
        return y.copysign(x);
    }
    let mut y = 0.5;
    for _ in 0..50 {
        let tail = erfc(y);
        y += (tail / (1.0 - a)).ln() * tail / (std::f64::consts::FRAC_2_SQRT_PI * (-y * y).exp());
    }
    y.copysign(x)
}

/// The normal probability of more than `x >= 0`: by the error function, or a continued fraction where it is small.
fn normal_tail(x: f64) -> f64 {
    if x < 1.5 {
        return 0.5 - 0.5 * erf(x * std::f64::consts::FRAC_1_SQRT_2);
    }
    // With the rounding error of the square, which is infinite far behind the last number that has a tail.
    if x > 40.0 { 0.0 } else { (-0.5 * x * x).exp() * (1.0 - 0.5 * x.mul_add(x, -(x * x))) * mills(x) }
}

/// The normal probability of more than `x`, divided by `exp(-x^2 / 2)`.
fn mills(x: f64) -> f64 {
    let fraction = (1..400).rev().fold(x, |tail, k| x + f64::from(k) / tail);
    1.0 / (fraction * (2.0 * std::f64::consts::PI).sqrt())
}

fn log_ndtr(x: f64) -> f64 {
    if x < -1.5 {
        mills(-x).ln() - 0.5 * x * x
    } else if x < 0.0 {
        normal_tail(-x).ln()
    } else {
        (-normal_tail(x)).ln_1p()
    }
}

fn maximum_exact(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() { f64::NAN } else { x.max(y) }
}

fn remainder_exact(x: f64, y: f64) -> f64 {
    let r = x % y;
    if r == 0.0 {
        0f64.copysign(y)
    } else if (r < 0.0) != (y < 0.0) {
        r + y
    } else {
        r
    }
}

/// As Python's `//` for finite operands, the standard's table for others.
fn floor_divide_exact(x: f64, y: f64) -> f64 {
    let q = x / y;
    if !x.is_finite() || !y.is_finite() || y == 0.0 {
        return q.floor();
    }
    let r = remainder_exact(x, y);
    let whole = (x - r) / y;
    if whole == 0.0 { 0f64.copysign(q) } else { (whole.abs() + 0.5).floor().copysign(whole) }
}

fn logaddexp_exact(x: f64, y: f64) -> f64 {
    let (large, small) = if x > y { (x, y) } else { (y, x) };
    if x == y { x + std::f64::consts::LN_2 } else { large + (small - large).exp().ln_1p() }
}
