//! The special values of the standard, as data: `data/special_cases.txt`.

use std::collections::HashMap;
use std::f64::consts::PI;

use xp_core::functions::*;
use xp_core::{Backend, Float, Floating, Num, Real};

use crate::support::{Any, array};

const FACTS: &str = include_str!("../data/special_cases.txt");

/// The facts about real operands.
pub fn real<B: Backend, T: Float>(device: &B) {
    macro_rules! table {
        ($variant:ident: $($op:ident),*) => { [$((stringify!($op), RealOp::$variant(|x: &Any<B, T>, y: &Any<B, T>| { let _ = y; table!(@call $variant $op x y) }))),*] };
        (@call Unary $op:ident $x:ident $y:ident) => { $op($x) };
        (@call Test $op:ident $x:ident $y:ident) => { $op($x) };
        (@call Binary $op:ident $x:ident $y:ident) => { $op($x, $y) };
        (@call Compare $op:ident $x:ident $y:ident) => { $op($x, $y) };
    }
    let mut ops: HashMap<&str, RealOp<B, T>> = HashMap::new();
    ops.extend(table!(Unary: abs, acos, acosh, asin, asinh, atan, atanh, ceil, cos, cosh, exp, expm1, floor, log, log10, log1p, log2));
    ops.extend(table!(Unary: reciprocal, round, sign, sin, sinh, sqrt, square, tan, tanh, trunc));
    ops.extend(table!(Test: isfinite, isinf, isnan, signbit));
    ops.extend(
        table!(Binary: add, atan2, copysign, divide, floor_divide, hypot, logaddexp, maximum, minimum, multiply, nextafter, pow, remainder, subtract),
    );
    ops.extend(table!(Compare: equal, not_equal));
    ops.insert("clip", RealOp::Unary(|x, _| x.clip(T::from_f64(-2.0), T::from_f64(2.0))));
    let mut checked = 0;
    for fact in facts().filter(|f| f.kind == "real") {
        if fact.conditions.iter().any(|(v, _)| matches!(*v, "min_i" | "max_i")) {
            let nan = array(device, &[T::from_f64(1.0)], &[1]).clip(
                if fact.conditions[0].0 == "min_i" { T::NAN } else { T::LOWEST },
                if fact.conditions[0].0 == "max_i" { T::NAN } else { T::HIGHEST },
            );
            assert!(nan.item().unwrap().is_nan(), "{}", fact.line);
            continue;
        }
        let op = ops.get(fact.op).unwrap_or_else(|| panic!("no operation {}", fact.op));
        let operands = real_operands(&fact, matches!(op, RealOp::Binary(_) | RealOp::Compare(_)));
        assert!(!operands.is_empty(), "no operands for: {}", fact.line);
        let part = |k: usize| array(device, &operands.iter().map(|o| T::from_f64(o[k])).collect::<Vec<_>>(), &[operands.len()]);
        let (x, y) = (part(0), part(1));
        match op {
            RealOp::Unary(f) | RealOp::Binary(f) => {
                for (o, z) in operands.iter().zip(f(&x, &y).to_vec()) {
                    assert!(real_result(fact.result, *o, z, ""), "{} gives {z} at {:?}", fact.line, o);
                }
            }
            RealOp::Test(f) | RealOp::Compare(f) => {
                for (o, z) in operands.iter().zip(f(&x, &y).to_vec()) {
                    assert_eq!(z, fact.result == "True", "{} at {:?}", fact.line, o);
                }
            }
        }
        checked += operands.len();
    }
    assert!(checked > 1000, "only {checked} values checked");
}

enum RealOp<B: Backend, T: Float> {
    Unary(fn(&Any<B, T>, &Any<B, T>) -> Any<B, T>),
    Binary(fn(&Any<B, T>, &Any<B, T>) -> Any<B, T>),
    Test(fn(&Any<B, T>, &Any<B, T>) -> Any<B, bool>),
    Compare(fn(&Any<B, T>, &Any<B, T>) -> Any<B, bool>),
}

/// The facts about complex operands, and the symmetry under conjugation.
pub fn complex<B: Backend, T: Floating>(device: &B) {
    macro_rules! table {
        ($variant:ident: $($op:ident),*) => { [$((stringify!($op), ComplexOp::$variant(|x: &Any<B, T>, y: &Any<B, T>| { let _ = y; table!(@call $variant $op x y) }))),*] };
        (@call Unary $op:ident $x:ident $y:ident) => { $op($x) };
        (@call ToReal $op:ident $x:ident $y:ident) => { $op($x) };
        (@call Test $op:ident $x:ident $y:ident) => { $op($x) };
        (@call Binary $op:ident $x:ident $y:ident) => { $op($x, $y) };
        (@call Compare $op:ident $x:ident $y:ident) => { $op($x, $y) };
    }
    let mut ops: HashMap<&str, ComplexOp<B, T>> = HashMap::new();
    ops.extend(table!(Unary: acos, acosh, asin, asinh, atan, atanh, cos, cosh, exp, expm1, log, log10, log1p, log2, sign, sin, sinh, sqrt, square, tan, tanh));
    ops.extend(table!(ToReal: abs));
    ops.extend(table!(Test: isfinite, isinf, isnan));
    ops.extend(table!(Binary: add, divide, multiply));
    ops.extend(table!(Compare: equal, not_equal));
    let number = |re: f64, im: f64| T::from_parts(<T::Real as Num>::from_f64(re), <T::Real as Num>::from_f64(im));
    let mut checked = 0;
    for fact in facts().filter(|f| f.kind == "complex") {
        let op = ops.get(fact.op).unwrap_or_else(|| panic!("no operation {}", fact.op));
        let operands = complex_operands(&fact, matches!(op, ComplexOp::Binary(_) | ComplexOp::Compare(_)));
        assert!(!operands.is_empty(), "no operands for: {}", fact.line);
        for conjugate in [false, true] {
            let sign = if conjugate { -1.0 } else { 1.0 };
            let part = |k: usize| array(device, &operands.iter().map(|o| number(o[k], sign * o[k + 1])).collect::<Vec<_>>(), &[operands.len()]);
            let (x, y) = (part(0), part(2));
            match op {
                ComplexOp::Unary(f) | ComplexOp::Binary(f) => {
                    for (o, z) in operands.iter().zip(f(&x, &y).to_vec()) {
                        let (re, im) = (z.re().to_f64(), sign * z.im().to_f64());
                        assert!(
                            complex_result(&fact, *o, [re, im], <T::Part as Float>::EPSILON.to_f64()),
                            "{} gives {z} at {o:?}, conjugated: {conjugate}",
                            fact.line
                        );
                    }
                }
                ComplexOp::ToReal(f) => {
                    for (o, z) in operands.iter().zip(f(&x, &y).to_vec()) {
                        assert!(real_result(fact.result, *o, z, ""), "{} gives {z} at {o:?}, conjugated: {conjugate}", fact.line);
                    }
                }
                ComplexOp::Test(f) | ComplexOp::Compare(f) => {
                    for (o, z) in operands.iter().zip(f(&x, &y).to_vec()) {
                        assert_eq!(z, fact.result == "True", "{} at {:?}, conjugated: {conjugate}", fact.line, o);
                    }
                }
            }
            checked += operands.len();
        }
    }
    assert!(checked > 1000, "only {checked} values checked");
}

enum ComplexOp<B: Backend, T: Floating> {
    Unary(fn(&Any<B, T>, &Any<B, T>) -> Any<B, T>),
    Binary(fn(&Any<B, T>, &Any<B, T>) -> Any<B, T>),
    ToReal(fn(&Any<B, T>, &Any<B, T>) -> Any<B, T::Real>),
    Test(fn(&Any<B, T>, &Any<B, T>) -> Any<B, bool>),
    Compare(fn(&Any<B, T>, &Any<B, T>) -> Any<B, bool>),
}

/// One line of the data.
struct Fact {
    line: &'static str,
    op: &'static str,
    kind: &'static str,
    conditions: Vec<(&'static str, &'static str)>,
    result: &'static str,
    free: &'static str,
}

fn facts() -> impl Iterator<Item = Fact> {
    FACTS.lines().filter(|l| !l.starts_with('#')).map(|line| {
        let mut fields = line.split(" | ");
        let mut next = || fields.next().unwrap_or("");
        let (op, kind, conditions, result, free) = (next(), next(), next(), next(), next());
        let conditions = conditions.split(", ").map(|c| c.split_once(' ').unwrap_or_else(|| panic!("{line}"))).collect();
        Fact { line, op, kind, conditions, result, free: free.trim_start_matches("free ") }
    })
}

/// What is tried where a fact allows it; exact in every dtype.
const SAMPLES: [f64; 28] = [
    f64::NAN,
    -f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    0.25,
    -0.25,
    2.5,
    -2.5,
    4.0,
    -4.0,
    7.0,
    -7.0,
    100.0,
    -100.0,
    0.001953125,
    -0.001953125,
];
/// What is tried for each part of two complex operands.
const FEW: [f64; 6] = [f64::NAN, f64::INFINITY, 0.0, -0.0, 1.5, -2.0];

/// All operands that satisfy the conditions; the last two are not used.
fn real_operands(fact: &Fact, binary: bool) -> Vec<[f64; 4]> {
    let second: &[f64] = if binary { &SAMPLES } else { &[0.0] };
    let all = SAMPLES.iter().flat_map(|&x| second.iter().map(move |&y| [x, y, 0.0, 0.0]));
    all.filter(|o| fact.conditions.iter().all(|(v, class)| holds(variable(v, *o), class, *o))).collect()
}

fn complex_operands(fact: &Fact, binary: bool) -> Vec<[f64; 4]> {
    let mut out = vec![];
    if binary {
        for (a, b) in FEW.iter().flat_map(|&a| FEW.iter().map(move |&b| (a, b))) {
            out.extend(FEW.iter().flat_map(|&c| FEW.iter().map(move |&d| [a, b, c, d])));
        }
    } else {
        out.extend(SAMPLES.iter().flat_map(|&a| SAMPLES.iter().map(move |&b| [a, b, 0.0, 0.0])));
    }
    out.retain(|o| fact.conditions.iter().all(|(v, class)| holds(variable(v, *o), class, *o)));
    out
}

fn variable(name: &str, o: [f64; 4]) -> f64 {
    match name {
        "x" | "a" => o[0],
        "y" | "b" => o[1],
        "c" => o[2],
        "d" => o[3],
        "|x|" => o[0].abs(),
        _ => panic!("no operand {name}"),
    }
}

/// Whether `v` belongs to a class, which may be several words.
fn holds(v: f64, class: &str, o: [f64; 4]) -> bool {
    let is = |x: f64| v == x && v.is_sign_negative() == x.is_sign_negative();
    match class {
        "nan" => v.is_nan(),
        "!nan" => !v.is_nan(),
        "any" => true,
        "inf" => v.is_infinite(),
        "zero" => v == 0.0,
        "finite" => v.is_finite(),
        "nonzero" | "!=0" => v != 0.0,
        "!=1" => v != 1.0,
        "finite-or-nan" => !v.is_infinite(),
        "integer" => v.is_finite() && v.fract() == 0.0,
        "!integer" => v.fract() != 0.0,
        "odd" => v % 2.0 == 1.0 || v % 2.0 == -1.0,
        "!odd" => v % 2.0 != 1.0 && v % 2.0 != -1.0,
        ">0" => v > 0.0,
        "<0" => v < 0.0,
        ">1" => v > 1.0,
        "<1" => v < 1.0,
        "<-1" => v < -1.0,
        "sign0" => v.is_sign_positive(),
        "sign1" => v.is_sign_negative(),
        "-x" => o[0] != 0.0 && v == -o[0] && v.is_finite(),
        "=x" => v == o[0],
        _ if class.contains(' ') => class.split(' ').all(|c| holds(v, c, o)),
        _ => is(number(class)),
    }
}

fn number(text: &str) -> f64 {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text.trim_start_matches('+')), |d| (true, d));
    let value = match digits {
        "inf" => f64::INFINITY,
        "nan" => f64::NAN,
        "pi" => PI,
        "pi/2" => PI / 2.0,
        "pi/4" => PI / 4.0,
        "3pi/4" => 3.0 * PI / 4.0,
        d => d.parse().unwrap_or_else(|_| panic!("no number {text}")),
    };
    if negative { -value } else { value }
}

/// Whether `z` is the result; `free` names it when its sign is not specified.
fn real_result<T: Float>(result: &str, o: [f64; 4], z: T, free: &str) -> bool {
    let v = z.to_f64();
    let expected = match result {
        "any" => return true,
        "nan sign0" => return v.is_nan() && v.is_sign_positive(),
        "nan sign1" => return v.is_nan() && v.is_sign_negative(),
        "0" => return v == 0.0,
        "x" => o[0],
        "y" => o[1],
        "|x|" | "|a|" => o[0].abs(),
        "-|x|" => -o[0].abs(),
        "|y|" | "|b|" => o[1].abs(),
        text => number(text),
    };
    close(v, expected, T::EPSILON.to_f64(), !free.is_empty())
}

fn complex_result(fact: &Fact, o: [f64; 4], z: [f64; 2], eps: f64) -> bool {
    let b = o[1];
    let expected = match fact.result {
        "inf * cis(b)" => [f64::INFINITY * b.cos(), f64::INFINITY * b.sin()],
        "inf * cis(b) - 1.0" => [f64::INFINITY * b.cos() - 1.0, f64::INFINITY * b.sin()],
        "0 * cis(b)" | "+0 * cis(b)" => [0.0 * b.cos(), 0.0 * b.sin()],
        "0 * cis(b) - 1.0" | "+0 * cis(b) - 1.0" => [0.0 * b.cos() - 1.0, 0.0 * b.sin()],
        text => {
            let parts = text.split_once("; ").unwrap_or_else(|| panic!("{}", fact.line));
            // The sign before an imaginary part is always given.
            let either_zero = parts.0 == "0" && z[0] == 0.0;
            [if either_zero || parts.0 == "any" { z[0] } else { number(parts.0) }, if parts.1 == "any" { z[1] } else { number(parts.1) }]
        }
    };
    close(z[0], expected[0], eps, fact.free.contains('r')) && close(z[1], expected[1], eps, fact.free.contains('i'))
}

/// Whether `v` is `expected` up to two units of the last place, and up to its sign if `free`.
fn close(v: f64, expected: f64, eps: f64, free: bool) -> bool {
    if free {
        return close(v.abs(), expected.abs(), eps, false);
    }
    if expected.is_nan() || v.is_nan() {
        return expected.is_nan() && v.is_nan();
    }
    if expected == 0.0 || expected.is_infinite() {
        return v == expected && v.is_sign_negative() == expected.is_sign_negative();
    }
    (v - expected).abs() <= 2.0 * eps * expected.abs()
}
