//! Complex functions: reference values, special values, symmetries.

use num_complex::Complex;

use super::super::complex as c;
use super::{MathFloat, spacing, ulps};

type Unary<R> = fn(Complex<R>) -> Complex<R>;
type Binary<R> = fn(Complex<R>, Complex<R>) -> Complex<R>;

/// Largest error of a component, in ulp of the larger component.
const BOUND: f64 = 3.0;
/// The same for `pow` of arguments up to 3, where the logarithm's error is multiplied.
const POW_BOUND: f64 = 16.0;

fn functions<R: MathFloat>() -> Vec<(&'static str, Unary<R>)> {
    vec![
        ("exp", c::exp),
        ("expm1", c::expm1),
        ("log", c::log),
        ("log1p", c::log1p),
        ("log2", c::log2),
        ("log10", c::log10),
        ("sqrt", c::sqrt),
        ("sin", c::sin),
        ("cos", c::cos),
        ("tan", c::tan),
        ("sinh", c::sinh),
        ("cosh", c::cosh),
        ("tanh", c::tanh),
        ("asin", c::asin),
        ("acos", c::acos),
        ("atan", c::atan),
        ("asinh", c::asinh),
        ("acosh", c::acosh),
        ("atanh", c::atanh),
        ("reciprocal", c::reciprocal),
        ("sign", c::sign),
    ]
}

fn table(text: &'static str) -> impl Iterator<Item = (&'static str, [f64; 6])> {
    text.lines().map(|line| {
        let mut fields = line.split(' ');
        let name = fields.next().unwrap();
        let mut numbers = [0.0; 6];
        for n in &mut numbers {
            *n = fields.next().unwrap().parse().unwrap();
        }
        (name, numbers)
    })
}

/// Largest errors of the lines of the table for one function: in ulp of the larger component, and of each.
fn errors<R: MathFloat>(name: &str, f: impl Fn(Complex<R>, Complex<R>) -> Complex<R>) -> (f64, f64) {
    let mut worst = (0.0_f64, 0.0_f64);
    let mut count = 0;
    for (_, n) in table(include_str!("../testdata/complex.txt")).filter(|(line, _)| *line == name) {
        let arguments = [n[0], n[1], n[2], n[3]];
        if arguments.iter().any(|&a| R::from_f64(a).to_f64() != a) {
            continue;
        }
        let [a, b, p, q] = arguments.map(R::from_f64);
        let value = f(Complex::new(a, b), Complex::new(p, q));
        let larger = n[4].abs().max(n[5].abs());
        if R::from_f64(larger).is_infinite() {
            continue;
        }
        let error = (value.re.to_f64() - n[4]).abs().max((value.im.to_f64() - n[5]).abs()) / spacing::<R>(larger);
        let component = ulps(value.re, n[4], 0.0).max(ulps(value.im, n[5], 0.0));
        assert!(!error.is_nan(), "{name} {n:?} {value:?}");
        worst = (worst.0.max(error), worst.1.max(component));
        count += 1;
    }
    assert!(count > 20, "{name}: {count} lines");
    worst
}

fn reference_values<R: MathFloat>() {
    let binary: [(&str, Binary<R>, f64); 2] = [("div", c::div, BOUND), ("pow", c::pow, POW_BOUND)];
    let mut failures = Vec::new();
    for (name, f) in functions::<R>() {
        let (error, component) = errors::<R>(name, |z, _| f(z));
        println!("{name:10} {error:8.2} {component:10.2}");
        if error > BOUND {
            failures.push((name, error));
        }
    }
    for (name, f, bound) in binary {
        let (error, component) = errors::<R>(name, f);
        println!("{name:10} {error:8.2} {component:10.2}");
        if error > bound {
            failures.push((name, error));
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn reference_values_f64() {
    reference_values::<f64>();
}

#[test]
fn reference_values_f32() {
    reference_values::<f32>();
}

fn special_values<R: MathFloat>() {
    let functions = functions::<R>();
    let mut failures = Vec::new();
    for (name, n) in table(include_str!("../testdata/complex_special.txt")) {
        let f = functions.iter().find(|f| f.0 == name).unwrap().1;
        let value = f(Complex::new(R::from_f64(n[0]), R::from_f64(n[1])));
        // C99 leaves signs open beside NaN, and for two infinite arguments.
        let open = n[4].is_nan() || n[5].is_nan() || (n[0].is_infinite() && n[1].is_infinite());
        let wrong = |value: R, want: f64| if open { ulps(value.abs(), want.abs(), 0.0) } else { ulps(value, want, 0.0) } > 4.0;
        if wrong(value.re, n[4]) || wrong(value.im, n[5]) {
            failures.push(format!("{name}({}, {}) = ({:?}, {:?}), not ({}, {})", n[0], n[1], value.re, value.im, n[4], n[5]));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn special_values_f64() {
    special_values::<f64>();
}

#[test]
fn special_values_f32() {
    special_values::<f32>();
}

#[test]
fn conjugates() {
    let parts = [0.0, -0.0, 0.3, -1.0, 1.0, 2.5, f64::INFINITY, f64::NEG_INFINITY];
    for (name, f) in functions::<f64>() {
        for x in parts {
            for y in parts {
                let (value, mirrored) = (f(Complex::new(x, y)), f(Complex::new(x, -y)));
                let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                // Signs beside NaN, and at two infinities, are open; the sign of zero is 0.
                let open = value.re.is_nan() || (x.is_infinite() && y.is_infinite()) || (name == "sign" && value.im == 0.0);
                assert!(same(value.re, mirrored.re), "{name} at {x} {y}: {value:?} {mirrored:?}");
                assert!(open || same(value.im, -mirrored.im), "{name} at {x} {y}: {value:?} {mirrored:?}");
            }
        }
    }
}

#[test]
fn sides_of_the_branch_cuts() {
    let above = |x: f64| Complex::new(x, 0.0);
    let below = |x: f64| Complex::new(x, -0.0);
    let right = |y: f64| Complex::new(0.0, y);
    let left = |y: f64| Complex::new(-0.0, y);
    assert_eq!(c::log(above(-2.0)).im, std::f64::consts::PI);
    assert_eq!(c::log(below(-2.0)).im, -std::f64::consts::PI);
    assert_eq!(c::log1p(above(-3.0)).im, std::f64::consts::PI);
    assert_eq!(c::log1p(below(-3.0)).im, -std::f64::consts::PI);
    assert_eq!(c::sqrt(above(-4.0)).im, 2.0);
    assert_eq!(c::sqrt(below(-4.0)).im, -2.0);
    for (name, f) in functions::<f64>() {
        let (one, other) = match name {
            "asin" | "acos" => (above(2.0), below(2.0)),
            "acosh" => (above(-2.0), below(-2.0)),
            "atanh" => (above(2.0), below(2.0)),
            "asinh" | "atan" => (right(2.0), left(2.0)),
            _ => continue,
        };
        // Each side continues what is beside it.
        let step = if one.re == 0.0 { Complex::new(1e-12, 0.0) } else { Complex::new(0.0, 1e-12) };
        assert!((f(one) - f(one + step)).norm() < 1e-9, "{name}");
        assert!((f(other) - f(other - step)).norm() < 1e-9, "{name}");
        assert!((f(one) - f(other)).norm() > 0.1, "{name}");
    }
}

#[test]
fn arithmetic() {
    let z = |re: f64, im: f64| Complex::new(re, im);
    assert_eq!(c::mul(z(1.0, 2.0), z(3.0, -4.0)), z(11.0, 2.0));
    assert_eq!(c::square(z(1.0, 2.0)), z(-3.0, 4.0));
    assert_eq!(c::div(z(11.0, 2.0), z(3.0, -4.0)), z(1.0, 2.0));
    assert_eq!(c::div(z(1e308, 1e308), z(1e308, 1e308)), z(1.0, 0.0));
    assert_eq!(c::div(z(1.0, 1.0), z(0.0, 0.0)), z(f64::INFINITY, f64::INFINITY));
    assert_eq!(c::div(z(1.0, 1.0), z(f64::INFINITY, 0.0)), z(0.0, 0.0));
    assert_eq!(c::div(z(f64::INFINITY, 1.0), z(1.0, 0.0)).re, f64::INFINITY);
    assert_eq!(c::reciprocal(z(0.0, 2.0)), z(0.0, -0.5));
    assert_eq!(c::reciprocal(z(5e-309, 0.0)).re, 1.0 / 5e-309);
    assert_eq!(c::abs(z(3e300, 4e300)), 5e300);
    assert_eq!(c::abs(z(f64::NAN, f64::NEG_INFINITY)), f64::INFINITY);
    assert_eq!(c::sign(z(3e-320, 0.0)), z(1.0, 0.0));
    assert_eq!(c::sign(z(0.0, 0.0)), z(0.0, 0.0));
    assert_eq!(c::pow(z(-2.0, 0.0), z(3.0, 0.0)), z(-8.0, 0.0));
    assert_eq!(c::pow(z(0.0, 1.0), z(2.0, 0.0)), z(-1.0, 0.0));
    assert_eq!(c::pow(z(0.0, 0.0), z(0.0, 0.0)), z(1.0, 0.0));
}
