//! Real functions: accuracy, special values, repair, vectorised loops.

use super::super::Avx512;
use super::super::Isa;
use super::super::kernel::two_sum;
use super::{Avx2, Baseline, EDGES, MathFloat, Sequence, arguments, spacing, ulps};

type Function<R> = fn(R) -> R;

/// The same function without and with fused multiply-add.
type Levels<R> = [Function<R>; 2];

/// A function of one argument at the levels without and with fused multiply-add.
struct Unary<R> {
    name: &'static str,
    /// Largest error in ulp, as the method's documentation states it.
    bound: f64,
    levels: Levels<R>,
    oracle: fn(f64) -> f64,
    /// Where most of the arguments lie.
    range: (f64, f64),
}

/// The functions that the standard library has an accurate double-precision version of.
fn unary<R: MathFloat>() -> Vec<Unary<R>> {
    macro_rules! case {
        ($name:ident, $bound:literal, $oracle:expr, $low:literal, $high:literal) => {
            Unary { name: stringify!($name), bound: $bound, levels: [R::$name::<Baseline>, R::$name::<Avx2>], oracle: $oracle, range: ($low, $high) }
        };
    }
    vec![
        case!(exp, 1.0, f64::exp, -750.0, 720.0),
        case!(exp2, 1.0, f64::exp2, -1080.0, 1030.0),
        case!(exp_m1, 2.0, f64::exp_m1, -2.0, 2.0),
        case!(ln, 1.0, f64::ln, 0.5, 2.0),
        case!(ln_1p, 2.0, f64::ln_1p, -1.0, 2.0),
        case!(log2, 1.0, f64::log2, 0.5, 2.0),
        case!(log10, 2.0, f64::log10, 0.5, 2.0),
        case!(sin, 1.0, f64::sin, -100.0, 1e6),
        case!(cos, 1.0, f64::cos, -100.0, 1e6),
        case!(tan, 3.0, f64::tan, -10.0, 10.0),
        case!(asin, 2.0, f64::asin, -1.0, 1.0),
        case!(acos, 2.0, f64::acos, -1.0, 1.0),
        case!(atan, 2.0, f64::atan, -3.0, 3.0),
        case!(sinh, 2.0, f64::sinh, -3.0, 3.0),
        case!(cosh, 2.0, f64::cosh, -3.0, 3.0),
        case!(tanh, 3.0, f64::tanh, -3.0, 3.0),
    ]
}

/// The functions with a reference table, and the largest error in ulp.
fn tabulated<R: MathFloat>() -> Vec<(&'static str, Levels<R>, f64)> {
    vec![
        ("asinh", [R::asinh::<Baseline>, R::asinh::<Avx2>], 2.0),
        ("acosh", [R::acosh::<Baseline>, R::acosh::<Avx2>], 3.0),
        ("atanh", [R::atanh::<Baseline>, R::atanh::<Avx2>], 2.0),
        ("erf", [R::erf::<Baseline>, R::erf::<Avx2>], 2.0),
        ("erfc", [R::erfc::<Baseline>, R::erfc::<Avx2>], 4.0),
        ("erfcx", [R::erfcx::<Baseline>, R::erfcx::<Avx2>], 6.0),
        ("erfinv", [R::erfinv::<Baseline>, R::erfinv::<Avx2>], 4.0),
        ("ndtr", [R::ndtr::<Baseline>, R::ndtr::<Avx2>], 5.0),
        ("ndtri", [R::ndtri::<Baseline>, R::ndtri::<Avx2>], 5.0),
        ("log_ndtr", [R::log_ndtr::<Baseline>, R::log_ndtr::<Avx2>], 5.0),
        ("softplus", [R::softplus::<Baseline>, R::softplus::<Avx2>], 3.0),
        ("log_expit", [R::log_expit::<Baseline>, R::log_expit::<Avx2>], 3.0),
        ("entr", [R::entr::<Baseline>, R::entr::<Avx2>], 2.0),
        ("digamma", [digamma_everywhere::<Baseline, R>, digamma_everywhere::<Avx2, R>], 6.0),
        ("gammaln", [gammaln_everywhere::<Baseline, R>, gammaln_everywhere::<Avx2, R>], 8.0),
    ]
}

fn gammaln_everywhere<I: Isa, R: MathFloat>(x: R) -> R {
    if x.gammaln_needs_repair() { x.gammaln_repair() } else { x.gammaln::<I>() }
}

fn digamma_everywhere<I: Isa, R: MathFloat>(x: R) -> R {
    if x.digamma_needs_repair() { x.digamma_repair() } else { x.digamma::<I>() }
}

/// A function of two arguments.
struct Binary<R> {
    name: &'static str,
    bound: f64,
    levels: [fn(R, R) -> R; 2],
    oracle: fn(f64, f64) -> f64,
    /// A pair of arguments in the middle of the domain.
    sample: fn(&mut Sequence) -> (f64, f64),
}

fn binary<R: MathFloat>() -> Vec<Binary<R>> {
    macro_rules! case {
        ($name:ident, $bound:literal, $oracle:expr, $sample:expr) => {
            Binary { name: stringify!($name), bound: $bound, levels: [R::$name::<Baseline>, R::$name::<Avx2>], oracle: $oracle, sample: $sample }
        };
    }
    let square: fn(&mut Sequence) -> (f64, f64) = |s| (s.between(-3.0, 3.0), s.between(-3.0, 3.0));
    vec![
        case!(pow, 1.0, f64::powf, |s| {
            let x = s.between(-10.0, 10.0).exp2();
            (x, s.between(-745.0, 745.0) / x.ln())
        }),
        case!(atan2, 2.0, f64::atan2, square),
        case!(hypot, 2.0, f64::hypot, square),
        case!(logaddexp, 2.0, logaddexp, |s| (s.between(-20.0, 20.0), s.between(-20.0, 20.0))),
    ]
}

fn logaddexp(x: f64, y: f64) -> f64 {
    let (larger, smaller) = if x > y { (x, y) } else { (y, x) };
    let difference = if x == y { 0.0 } else { smaller - larger };
    if difference.is_nan() {
        return f64::NAN;
    }
    // What the rounding of the difference lost.
    let lost = if difference > -800.0 && x != y { two_sum(smaller, -larger).1 } else { 0.0 };
    larger + (difference.exp() * (1.0 + lost)).ln_1p()
}

fn unary_accuracy<R: MathFloat>() {
    for case in unary::<R>() {
        let mut worst = (0.0, 0.0);
        for x in arguments(case.range.0, case.range.1, 20_000) {
            let x = R::from_f64(x);
            let outside = ["sin", "cos", "tan"].contains(&case.name) && x.sin_needs_repair();
            if outside && x.is_finite() {
                continue;
            }
            let exact = (case.oracle)(x.to_f64());
            for f in case.levels {
                let error = ulps(f(x), exact, 0.0);
                if error > worst.0 {
                    worst = (error, x.to_f64());
                }
            }
        }
        println!("{:8} {:.3} at {:e}", case.name, worst.0, worst.1);
        assert!(worst.0 <= case.bound, "{}: {} ulp at {:e}", case.name, worst.0, worst.1);
    }
}

#[test]
fn unary_accuracy_f64() {
    unary_accuracy::<f64>();
}

#[test]
fn unary_accuracy_f32() {
    unary_accuracy::<f32>();
}

fn tabulated_accuracy<R: MathFloat>() {
    for (name, levels, bound) in tabulated::<R>() {
        let mut worst = (0.0, 0.0);
        let mut count = 0;
        for line in include_str!("../testdata/real.txt").lines() {
            let mut fields = line.split(' ');
            if fields.next() != Some(name) {
                continue;
            }
            let mut number = || fields.next().unwrap().parse::<f64>().unwrap();
            let (x, exact, rest) = (number(), number(), number());
            count += 1;
            if R::from_f64(x).to_f64() != x {
                continue;
            }
            for f in levels {
                let value = f(R::from_f64(x));
                let mut error = ulps(value, exact, rest);
                if ["gammaln", "digamma"].contains(&name) && x < 0.0 {
                    // Near the zeros between the poles the absolute error counts.
                    let units = if name == "digamma" { 16.0 / 6.0 } else { 1.0 };
                    error = error.min((value.to_f64() - exact).abs() / R::EPSILON.to_f64() / units);
                }
                if error > worst.0 {
                    worst = (error, x);
                }
            }
        }
        println!("{name:8} {:.3} at {:e}", worst.0, worst.1);
        assert!(count >= 150, "{name}: {count} lines");
        assert!(worst.0 <= bound, "{name}: {} ulp at {:e}", worst.0, worst.1);
    }
}

#[test]
fn tabulated_accuracy_f64() {
    tabulated_accuracy::<f64>();
}

#[test]
fn tabulated_accuracy_f32() {
    tabulated_accuracy::<f32>();
}

fn binary_accuracy<R: MathFloat>() {
    for case in binary::<R>() {
        let mut sequence = Sequence(0x1234_5678_9ABC_DEF1);
        let mut pairs: Vec<(f64, f64)> = EDGES.iter().flat_map(|&a| EDGES.iter().map(move |&b| (a, b))).collect();
        for _ in 0..50_000 {
            pairs.push((case.sample)(&mut sequence));
            pairs.push((f64::from_bits(sequence.bits()), f64::from_bits(sequence.bits())));
            let single = |bits: u64| f64::from(f32::from_bits(bits as u32));
            pairs.push((single(sequence.bits()), single(sequence.bits())));
        }
        let mut worst = (0.0, (0.0, 0.0));
        for (x, y) in pairs {
            let (x, y) = (R::from_f64(x), R::from_f64(y));
            let exact = (case.oracle)(x.to_f64(), y.to_f64());
            for f in case.levels {
                let value = f(x, y);
                let mut error = ulps(value, exact, 0.0);
                let larger = x.to_f64().max(y.to_f64());
                if case.name == "logaddexp" && larger.is_finite() && exact.is_finite() {
                    // The sum of the larger argument and a logarithm: where they cancel the absolute error counts.
                    error = (value.to_f64() - exact).abs() / spacing::<R>(larger.abs().max(exact.abs()));
                }
                if error > worst.0 {
                    worst = (error, (x.to_f64(), y.to_f64()));
                }
            }
        }
        println!("{:8} {:.3} at {:?}", case.name, worst.0, worst.1);
        assert!(worst.0 <= case.bound, "{}: {} ulp at {:?}", case.name, worst.0, worst.1);
    }
}

#[test]
fn binary_accuracy_f64() {
    binary_accuracy::<f64>();
}

#[test]
fn binary_accuracy_f32() {
    binary_accuracy::<f32>();
}

/// The error in units of the documented bound, of a function with parameters at a line of the table; `None` for other arguments
/// than those of the type.
fn parameter_error<R: MathFloat, I: Isa>(name: &str, [a, b, c]: [f64; 3], exact: f64, rest: f64) -> Option<f64> {
    let single = R::EPSILON.to_f64() > f64::EPSILON;
    let inverse = name.ends_with("inv");
    let [x, y, z] = [a, b, c].map(R::from_f64);
    if [x, y, z].map(MathFloat::to_f64) != [a, b, c] || (single && inverse) {
        return None;
    }
    let value = match name {
        "betaln" => x.betaln::<I>(y),
        "rel_entr" => x.rel_entr::<I>(y),
        "kl_div" => x.kl_div::<I>(y),
        "gammainc" => x.gammainc::<I>(y),
        "gammaincc" => x.gammaincc::<I>(y),
        "gammaincinv" => x.gammaincinv::<I>(y),
        "gammainccinv" => x.gammainccinv::<I>(y),
        "betainc" => x.betainc::<I>(y, z),
        "betaincc" => x.betaincc::<I>(y, z),
        "betaincinv" => x.betaincinv::<I>(y, z),
        _ => panic!("{name}"),
    };
    let error = ulps(value, exact, rest);
    let double = |units: f64| if single { 1.0 } else { units };
    Some(match name {
        "betaln" => (error / double(16.0)).min((value.to_f64() - exact).abs() / (16.0 * R::EPSILON.to_f64())),
        "rel_entr" => error / 4.0,
        "kl_div" => error / 32.0,
        // What the rounding of the parameters and of the result is worth, for an inverse.
        _ if inverse => error / 256.0,
        _ => error / double(64.0 + 4.0 * exact.ln().abs()),
    })
}

fn parameter_accuracy<R: MathFloat>() {
    let mut worst: std::collections::BTreeMap<&str, (f64, [f64; 3], usize)> = Default::default();
    for line in include_str!("../testdata/parameters.txt").lines() {
        let (name, numbers) = line.split_once(' ').unwrap();
        let [a, b, c, exact, rest] = numbers.split(' ').map(|n| n.parse::<f64>().unwrap()).collect::<Vec<_>>()[..] else { panic!("{line}") };
        for error in [parameter_error::<R, Baseline>(name, [a, b, c], exact, rest), parameter_error::<R, Avx2>(name, [a, b, c], exact, rest)] {
            let Some(error) = error else { continue };
            let entry = worst.entry(name).or_insert((0.0, [a, b, c], 0));
            entry.2 += 1;
            if error > entry.0 || error.is_nan() {
                (entry.0, entry.1) = (error, [a, b, c]);
            }
        }
    }
    for (name, (error, at, count)) in &worst {
        println!("{name:12} {error:.3} of the bound at {at:?}, {count} values");
    }
    for (name, (error, at, count)) in worst {
        assert!(error <= 1.0, "{name}: {error} of the bound at {at:?}");
        assert!(count > 150, "{name}: {count} values");
    }
}

#[test]
fn parameter_accuracy_f64() {
    parameter_accuracy::<f64>();
}

#[test]
fn parameter_accuracy_f32() {
    parameter_accuracy::<f32>();
}

/// The edges of functions with parameters, as SciPy has them.
#[test]
fn special_values_of_parameters() {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    type Two = fn(f64, f64) -> f64;
    let check = |name: &str, f: Two, values: &[(f64, f64, f64)]| {
        for &(a, x, want) in values {
            assert!(ulps(f(a, x), want, 0.0) <= 4.0, "{name}({a}, {x}) = {}, not {want}", f(a, x));
        }
    };
    check(
        "gammainc",
        |a, x| a.gammainc::<Baseline>(x),
        &[
            (0.0, 0.0, NAN),
            (0.0, 1.0, 1.0),
            (1.0, 0.0, 0.0),
            (INF, 1.0, 0.0),
            (1.0, INF, 1.0),
            (INF, INF, NAN),
            (-1.0, 1.0, NAN),
            (1.0, -1.0, NAN),
            (NAN, 1.0, NAN),
            (1.0, NAN, NAN),
            (1e20, 1e20, 0.500_000_000_013_298),
            (2.0, 3.0, 0.800_851_726_528_544_2),
        ],
    );
    check(
        "gammaincc",
        |a, x| a.gammaincc::<Baseline>(x),
        &[(0.0, 1.0, 0.0), (1.0, 0.0, 1.0), (INF, 1.0, 1.0), (1.0, INF, 0.0), (1e-10, 0.1, 1.822_923_958_326_083_7e-10)],
    );
    check(
        "gammaincinv",
        |a, x| a.gammaincinv::<Baseline>(x),
        &[
            (0.0, 0.0, 0.0),
            (0.0, 0.5, NAN),
            (1.0, 0.0, 0.0),
            (1.0, 1.0, INF),
            (INF, 0.5, NAN),
            (2.0, 1.1, NAN),
            (2.0, -0.1, NAN),
            (-1.0, 0.5, NAN),
            (0.0, 1.0, INF),
            (1e-3, 0.1, 0.0),
            (1.0, NAN, NAN),
            (1e10, 0.3, 9_999_947_559.707_062),
        ],
    );
    check("gammainccinv", |a, x| a.gammainccinv::<Baseline>(x), &[(1.0, 0.0, INF), (1.0, 1.0, 0.0), (0.0, 0.0, INF), (0.5, -1e-20, NAN)]);
    check(
        "betaln",
        |a, b| a.betaln::<Baseline>(b),
        &[
            (0.0, 1.0, INF),
            (0.0, 0.0, INF),
            (INF, 1.0, -INF),
            (1.0, INF, -INF),
            (INF, INF, NAN),
            (-1.0, 2.0, INF),
            (-2.0, 1.0, -(2f64.ln())),
            (-3.0, 2.0, -(6f64.ln())),
            (0.0, -1.0, INF),
            (-1.0, -1.0, INF),
            (NAN, 1.0, NAN),
            (-INF, 1.0, INF),
            (-0.5, 2.3, 1.490_785_451_358_648),
            (-1.5, -112.33038497007692, 7.430779631808717),
            (-7.25, 7.0, -2.552207544016835),
            (-1e-320, 0.5, 736.8272408909739),
            (-1e-05, 1e-07, 16.108045315106462),
            (-112.3, 500.1, 264.3089633826534),
            (-0.75, -0.5, 1.4747849593975275),
            (-2.5, 0.5, -INF),
        ],
    );
    let entropies = [
        (0.0, 0.0, 0.0),
        (0.0, -1.0, INF),
        (-1.0, 1.0, INF),
        (1.0, 0.0, INF),
        (INF, INF, NAN),
        (NAN, 1.0, NAN),
        (0.0, NAN, NAN),
        (1.0, -1.0, INF),
        (2.0, 2.0, 0.0),
    ];
    check("rel_entr", |x, y| x.rel_entr::<Baseline>(y), &entropies);
    check("kl_div", |x, y| x.kl_div::<Baseline>(y), &entropies);
    check("rel_entr", |x, y| x.rel_entr::<Baseline>(y), &[(INF, 1.0, INF), (1.0, INF, -INF), (1e300, 1e-300, 1e300 * 600.0 * 10f64.ln())]);
    check("kl_div", |x, y| x.kl_div::<Baseline>(y), &[(0.0, 3.0, 3.0)]);
    for (a, b, x, want) in [
        (0.0, 1.0, 0.5, 1.0),
        (1.0, 0.0, 0.5, 0.0),
        (0.0, 0.0, 0.5, NAN),
        (INF, 1.0, 0.5, 0.0),
        (1.0, INF, 0.5, 1.0),
        (INF, INF, 0.5, NAN),
        (-1.0, 1.0, 0.5, NAN),
        (1.0, 1.0, -0.1, NAN),
        (1.0, 1.0, 1.1, NAN),
        (1.0, 2.0, 0.0, 0.0),
        (1.0, 2.0, 1.0, 1.0),
        (1.0, 1.0, NAN, NAN),
        (2.0, 3.0, 0.4, 0.5248),
    ] {
        assert!(ulps(a.betainc::<Baseline>(b, x), want, 0.0) <= 8.0, "betainc({a}, {b}, {x}) = {}", a.betainc::<Baseline>(b, x));
        assert!(ulps(a.betaincc::<Baseline>(b, x), 1.0 - want, 0.0) <= 8.0, "betaincc({a}, {b}, {x})");
    }
    for (a, b, p, want) in [
        (0.0, 1.0, 0.5, NAN),
        (1.0, 0.0, 0.5, NAN),
        (INF, 1.0, 0.5, 1.0),
        (1.0, INF, 0.5, 0.0),
        (INF, INF, 0.5, NAN),
        (1.0, 1.0, -0.1, NAN),
        (1.0, 2.0, 0.0, 0.0),
        (1.0, 2.0, 1.0, 1.0),
        (2.0, 3.0, 0.2, 0.212_317_128_277_951_27),
        (1.0, 1.0, 0.25, 0.25),
    ] {
        assert!(ulps(a.betaincinv::<Baseline>(b, p), want, 0.0) <= 8.0, "betaincinv({a}, {b}, {p}) = {}", a.betaincinv::<Baseline>(b, p));
    }
}

/// Inverses at probabilities of all magnitudes, against the functions.
#[test]
fn inverses_are_inverses() {
    let parameters = [1e-3, 0.02, 0.3, 1.0, 1.7, 9.0, 60.0, 250.0, 4e3, 1e7];
    let probabilities = [1e-280, 1e-30, 1e-8, 0.01, 0.2, 0.5, 0.7, 0.99];
    // The function passes the probability within a few roundings of the argument.
    let check = |name: &str, p: f64, x: f64, function: &dyn Fn(f64) -> f64, rising: bool| {
        let slack = 1e-12 * p * (1.0 + p.ln().abs());
        let (below, above) = (function(x * (1.0 - 1e-15)), function((x * (1.0 + 1e-15)).min(if name.starts_with("beta") { 1.0 } else { f64::MAX })));
        let (low, high) = if rising { (below, above) } else { (above, below) };
        assert!(x < 1e-290 || (low <= p + slack && high >= p - slack), "{name} of {p} is {x}: {low} to {high}");
    };
    for a in parameters {
        for p in probabilities {
            check(&format!("gammaincinv({a})"), p, a.gammaincinv::<Baseline>(p), &|x| a.gammainc::<Baseline>(x), true);
            check(&format!("gammainccinv({a})"), p, a.gammainccinv::<Baseline>(p), &|x| a.gammaincc::<Baseline>(x), false);
            for b in parameters {
                check(&format!("betaincinv({a}, {b})"), p, a.betaincinv::<Baseline>(b, p), &|x| a.betainc::<Baseline>(b, x), true);
            }
        }
    }
}

fn special_values<R: MathFloat>() {
    type Case<R> = (&'static str, Function<R>, &'static [(f64, f64)]);
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    let cases: [Case<R>; 9] = [
        ("erfcx", R::erfcx::<Baseline>, &[(INF, 0.0), (-INF, INF), (-30.0, INF), (NAN, NAN), (0.0, 1.0)]),
        ("ndtri", R::ndtri::<Baseline>, &[(0.0, -INF), (1.0, INF), (-0.1, NAN), (1.1, NAN), (NAN, NAN)]),
        ("digamma", digamma_everywhere::<Baseline, R>, &[(0.0, -INF), (-0.0, INF), (-1.0, NAN), (INF, INF), (-INF, NAN), (NAN, NAN), (-1e30, NAN)]),
        ("asinh", R::asinh::<Baseline>, &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN), (1e-30, 1e-30)]),
        ("acosh", R::acosh::<Baseline>, &[(1.0, 0.0), (INF, INF), (0.5, NAN), (-3.0, NAN), (-INF, NAN), (NAN, NAN), (-1e30, NAN)]),
        ("atanh", R::atanh::<Baseline>, &[(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.5, NAN), (-INF, NAN), (NAN, NAN)]),
        ("erf", R::erf::<Baseline>, &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (10.0, 1.0), (NAN, NAN)]),
        ("erfc", R::erfc::<Baseline>, &[(0.0, 1.0), (INF, 0.0), (-INF, 2.0), (30.0, 0.0), (-10.0, 2.0), (NAN, NAN)]),
        (
            "gammaln",
            gammaln_everywhere::<Baseline, R>,
            &[(0.0, INF), (-0.0, INF), (1.0, 0.0), (2.0, 0.0), (-3.0, INF), (INF, INF), (-INF, INF), (NAN, NAN)],
        ),
    ];
    for (name, f, values) in cases {
        for &(x, want) in values {
            let value = f(R::from_f64(x));
            assert!(ulps(value, want, 0.0) == 0.0 || (name == "asinh" && x == 1e-30), "{name}({x}) = {value:?}, not {want}");
        }
    }
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
fn large_angles_are_repaired() {
    for x in [1.5e6, -3e7, 1e22, 1e300, f64::MAX] {
        assert!(x.sin_needs_repair() && x.cos_needs_repair() && x.tan_needs_repair());
        // Out of the domain the value is arbitrary, but the call returns.
        let _ = MathFloat::sin::<Baseline>(x) + MathFloat::cos::<Baseline>(x) + MathFloat::tan::<Baseline>(x);
    }
    assert!(!1e6_f64.sin_needs_repair() && 1e9_f32.sin_needs_repair() && !6e7_f32.sin_needs_repair());
    // The double nearest to a multiple of π among the hard cases within the domain.
    for n in 1..20_000 {
        let x = f64::from(n) * std::f64::consts::PI;
        let error = ulps(MathFloat::sin::<Baseline>(x), x.sin(), 0.0);
        assert!(error <= 1.0, "{x:e}: {error}");
    }
}

fn huge_angles<R: MathFloat>() {
    let mut count = 0;
    for line in include_str!("../testdata/angles.txt").lines() {
        let (name, numbers) = line.split_once(' ').unwrap();
        let [x, exact, rest] = numbers.split(' ').map(|n| n.parse::<f64>().unwrap()).collect::<Vec<_>>()[..] else { panic!("{line}") };
        let angle = R::from_f64(x);
        if angle.to_f64() != x {
            continue;
        }
        let (value, bound) = match name {
            "sin" => (angle.sin_repair(), 1.0),
            "cos" => (angle.cos_repair(), 1.0),
            _ => (angle.tan_repair(), 3.0),
        };
        let error = ulps(value, exact, rest);
        assert!(error <= bound, "{name}({x:e}) = {value:?} for {exact}: {error} ulp");
        count += 1;
    }
    assert!(count > 180, "only {count} angles");
    for x in [R::INFINITY, -R::INFINITY, R::NAN] {
        assert!(x.sin_repair().is_nan() && x.cos_repair().is_nan() && x.tan_repair().is_nan());
    }
    let small = R::from_f64(-0.0);
    assert!(small.sin_repair().is_sign_negative() && small.cos_repair() == R::ONE, "the slow form serves any angle");
}

#[test]
fn huge_angles_f64() {
    huge_angles::<f64>();
}

#[test]
fn huge_angles_f32() {
    huge_angles::<f32>();
}

fn cancelling_logaddexp<R: MathFloat>() {
    let mut worst = 0.0f64;
    let limit = if R::EPSILON.to_f64() == f64::EPSILON { 2f64.powi(-95) } else { 2f64.powi(-50) };
    for line in include_str!("../testdata/logaddexp.txt").lines() {
        let [x, y, exact, rest] = line.split(' ').map(|n| n.parse::<f64>().unwrap()).collect::<Vec<_>>()[..] else { panic!("{line}") };
        if R::from_f64(x).to_f64() != x || R::from_f64(y).to_f64() != y {
            continue;
        }
        for f in [R::logaddexp::<Baseline>, R::logaddexp::<Avx2>] {
            for value in [f(R::from_f64(x), R::from_f64(y)), f(R::from_f64(y), R::from_f64(x))] {
                let absolute = ((value.to_f64() - exact) - rest).abs();
                let error = if absolute <= limit { 0.0 } else { absolute / spacing::<R>(exact) };
                worst = worst.max(error);
                assert!(error <= 3.0, "logaddexp({x:e}, {y:e}) = {value:?} for {exact:e}: {error} ulp");
            }
        }
    }
    println!("logaddexp near zero: {worst:.3} ulp");
}

#[test]
fn cancelling_logaddexp_f64() {
    cancelling_logaddexp::<f64>();
}

#[test]
fn cancelling_logaddexp_f32() {
    cancelling_logaddexp::<f32>();
}

/// The level's loop gives what scalar calls give: the functions have no state, order or rounding that depends on it.
#[cfg(target_arch = "x86_64")]
#[test]
fn vector_loops_equal_scalar_calls() {
    #[inline(always)]
    fn all<I: Isa, R: MathFloat>(x: &[R], y: &mut [R]) {
        for (a, b) in x.iter().zip(y) {
            let s = a.sin::<I>() + a.atan::<I>() * a.exp::<I>();
            *b = s + a.erf::<I>() + a.abs().pow::<I>(s) + a.tanh::<I>() + a.abs().ln_1p::<I>() + a.abs().gammaln::<I>();
        }
    }
    #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
    fn avx2<R: MathFloat>(x: &[R], y: &mut [R]) {
        all::<Avx2, R>(x, y);
    }
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
    fn avx512<R: MathFloat>(x: &[R], y: &mut [R]) {
        all::<Avx512, R>(x, y);
    }
    fn check<R: MathFloat>() {
        let x: Vec<R> = arguments(-4.0, 4.0, 500).into_iter().map(R::from_f64).collect();
        let mut y = vec![R::ZERO; x.len()];
        let mut z = vec![R::ZERO; x.len()];
        // Fused operations without the feature are calls, with the same result.
        all::<Avx2, R>(&x, &mut y);
        let same = |a: R, b: R| a == b || (a.is_nan() && b.is_nan());
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("bmi2") {
            // SAFETY: the features were detected.
            unsafe { avx2(&x, &mut z) };
            assert!(y.iter().zip(&z).all(|(&a, &b)| same(a, b)));
        }
        let level = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        let level = level && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl");
        if level && is_x86_feature_detected!("avx512cd") && is_x86_feature_detected!("bmi2") {
            // SAFETY: the features were detected.
            unsafe { avx512(&x, &mut z) };
            assert!(y.iter().zip(&z).all(|(&a, &b)| same(a, b)));
        }
    }
    check::<f64>();
    check::<f32>();
}
