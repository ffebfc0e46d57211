//! Special functions of parameters: `float32` throughout where the CPU has `float64`, against `xp_core::math` in double precision.
//!
//! The bounds are those that [`xp_core::math::MathFloat`] states, with one rounding more, but where a test says another.

mod common;

use xp_core::extra::{betainc, betaincc, betaincinv};
use xp_core::math::{Baseline, MathFloat};
use xp_core::{Array, Ix1, Result};
use xp_wgpu::Wgpu;

type Vector = Array<Wgpu, f32, Ix1>;

/// `many` numbers between two, evenly on a logarithmic scale, but for rounding.
fn spread(low: f64, high: f64, many: usize) -> Vec<f32> {
    (0..many).map(|k| (low.ln() + (high / low).ln() * k as f64 / (many - 1) as f64).exp() as f32).collect()
}

/// The last place of a number of `float32`.
fn last_place(x: f64) -> f64 {
    let x = x.abs().max(f64::from(f32::MIN_POSITIVE));
    (x.log2().floor() - 23.0).exp2()
}

/// The distance in last places of what is exact, or of `floor` where that is more.
fn apart(found: f32, exact: f64, floor: f64) -> f64 {
    if exact.is_nan() || f64::from(found) == exact || found == exact as f32 {
        return if exact.is_nan() == found.is_nan() { 0.0 } else { f64::INFINITY };
    }
    (f64::from(found) - exact).abs() / last_place(exact.abs().max(floor))
}

/// Fails unless `found` is within `bound(exact)`; says how near it comes.
fn check<const N: usize>(
    name: &str,
    found: &[f32],
    at: impl Fn(usize) -> [f32; N],
    exact: impl Fn([f64; N]) -> f64,
    bound: impl Fn(f64) -> f64,
    floor: f64,
) {
    let mut worst = (0.0, String::new());
    for (k, &y) in found.iter().enumerate() {
        let x = at(k);
        let exact = exact(x.map(f64::from));
        let share = apart(y, exact, floor) / bound(exact);
        // NaN where there should be a number is the worst.
        if share.is_nan() || share > worst.0 {
            worst = (share, format!("{name}({x:?}) = {y:e}, not {exact:e}: {:.1} units", apart(y, exact, floor)));
        }
    }
    println!("{name}: {:.3} of the bound, {}", worst.0, worst.1);
    assert!(worst.0 <= 1.0, "{}", worst.1);
}

fn vector(device: &Wgpu, values: &[f32]) -> Vector {
    Array::from_vec(device, values.to_vec(), [values.len()]).unwrap()
}

/// Every pair of two lists.
fn pairs(a: &[f32], b: &[f32]) -> Vec<[f32; 2]> {
    a.iter().flat_map(|&a| b.iter().map(move |&b| [a, b])).collect()
}

fn binary(device: &Wgpu, at: &[[f32; 2]], op: impl Fn(&Vector, &Vector) -> Vector) -> Vec<f32> {
    let column = |k: usize| vector(device, &at.iter().map(|x| x[k]).collect::<Vec<_>>());
    op(&column(0), &column(1)).to_vec()
}

/// 64 units, and 4 for each unit of the logarithm, and a rounding.
fn of_logarithm(exact: f64) -> f64 {
    if exact == 0.0 { 65.0 } else { 65.0 + 4.0 * exact.abs().max(f64::from(f32::MIN_POSITIVE)).ln().abs() }
}

#[test]
fn functions_of_one_number() {
    let device = device!();
    let positive = spread(1e-30, 1e30, 3000);
    let around = |center: f64| (-300..300).map(move |k| (center * (1.0 + f64::from(k) * 1e-6)) as f32);
    let mut x: Vec<f32> = positive.iter().flat_map(|&x| [x, -x]).collect();
    x.extend((0..4000).map(|k| k as f32 * 0.01 - 20.003));
    x.extend(around(1.461_632_144_968_362_2).chain(around(9.99)).chain(around(-0.504_083)));
    let given = vector(&device, &x);
    let ulps = |bound: f64| move |_: f64| bound;
    let (above, below): (Vec<f32>, Vec<f32>) = x.iter().partition(|&&x| x >= 0.0);
    check("digamma", &vector(&device, &above).digamma().to_vec(), |k| [above[k]], |[x]| digamma(x), ulps(6.0), 0.0);
    // Near the zeros between the poles the absolute error counts.
    let absolute = |exact: f64| (16.0 * f64::from(f32::EPSILON) / last_place(exact)).max(6.0);
    check("digamma of negative numbers", &vector(&device, &below).digamma().to_vec(), |k| [below[k]], |[x]| digamma(x), absolute, 0.0);
    check("erfcx", &given.erfcx().to_vec(), |k| [x[k]], |[x]| x.erfcx::<Baseline>(), ulps(16.0), 0.0);
    let p: Vec<f32> = spread(1e-40, 0.5, 4000).iter().flat_map(|&p| [p, 1.0 - p]).collect();
    check("ndtri", &vector(&device, &p).ndtri().to_vec(), |k| [p[k]], |[p]| p.ndtri::<Baseline>(), ulps(12.0), 0.0);
}

/// On the whole domain.
fn digamma(x: f64) -> f64 {
    if x.digamma_needs_repair() { x.digamma_repair() } else { x.digamma::<Baseline>() }
}

#[test]
fn entropies_and_the_beta_function() {
    let device = device!();
    let values: Vec<f32> = spread(1e-12, 1e12, 80).into_iter().chain([1.0, 1.000_001, 0.999_9, 1.1, 0.9, 1.25]).collect();
    let near = pairs(&values, &values);
    let found = binary(&device, &near, |x, y| x.rel_entr(y));
    check("rel_entr", &found, |k| near[k], |[x, y]| x.rel_entr::<Baseline>(y), |_| 8.0, 0.0);
    let found = binary(&device, &near, |x, y| x.kl_div(y));
    check("kl_div", &found, |k| near[k], |[x, y]| x.kl_div::<Baseline>(y), |_| 64.0, 0.0);
    let found = binary(&device, &near, |x, y| x.betaln(y));
    check("betaln", &found, |k| near[k], |[x, y]| x.betaln::<Baseline>(y), |_| 16.0, 1.0);
    let negative: Vec<f32> = spread(1e-6, 100.0, 60).into_iter().flat_map(|x| [x, -x]).collect();
    let at = pairs(&negative, &negative);
    let found = binary(&device, &at, |x, y| x.betaln(y));
    check("betaln of negative numbers", &found, |k| at[k], |[x, y]| x.betaln::<Baseline>(y), |_| 16.0, 1.0);
}

/// Parameters, and for each of them arguments around the mode and far from it.
fn gamma_arguments() -> Vec<[f32; 2]> {
    let mut all = pairs(&spread(1e-6, 1e6, 60), &spread(1e-8, 1e4, 60));
    for a in spread(0.01, 1e8, 80) {
        for k in -20..=20 {
            let x = a + a.sqrt() * k as f32 * 0.4;
            if x > 0.0 {
                all.push([a, x]);
            }
        }
    }
    all
}

#[test]
fn the_incomplete_gamma_function() {
    let device = device!();
    let at = gamma_arguments();
    let found = binary(&device, &at, |a, x| a.gammainc(x));
    check("gammainc", &found, |k| at[k], |[a, x]| a.gammainc::<Baseline>(x), of_logarithm, 0.0);
    let found = binary(&device, &at, |a, x| a.gammaincc(x));
    check("gammaincc", &found, |k| at[k], |[a, x]| a.gammaincc::<Baseline>(x), of_logarithm, 0.0);
}

/// Whether the inverse is within the neighbours of its argument: `f(x)` near `p`, or its complement near `q`.
fn inverts(name: &str, at: impl std::fmt::Debug, x: f32, exact: f64, p: f64, f: impl Fn(f64) -> (f64, f64)) {
    if exact as f32 == x || apart(x, exact, 0.0) <= 4.0 {
        return;
    }
    let (below, above) = f(f64::from(x));
    let off = if p <= 0.5 { (below - p).abs() / p } else { (above - (1.0 - p)).abs() / (1.0 - p) };
    // What the number beside would give, where numbers are too far apart to do better.
    let step = f(f64::from(x) + last_place(f64::from(x))).0 - below;
    let allowed = of_logarithm(p.min(1.0 - p)) * f64::from(f32::EPSILON) * p.min(1.0 - p) + 4.0 * step.abs();
    assert!(off * p.min(1.0 - p) <= allowed, "{name}{at:?} = {x:e}, not {exact:e}");
}

#[test]
fn inverses_of_the_incomplete_gamma_function() {
    let device = device!();
    let p: Vec<f32> = spread(1e-20, 0.5, 40).into_iter().chain([0.6, 0.75, 0.9, 0.99, 0.999_999]).collect();
    let at = pairs(&spread(0.01, 1e7, 60), &p);
    let found = binary(&device, &at, |a, p| a.gammaincinv(p));
    for ([a, p], x) in at.iter().map(|x| x.map(f64::from)).zip(found) {
        let both = |x: f64| (a.gammainc::<Baseline>(x), a.gammaincc::<Baseline>(x));
        inverts("gammaincinv", [a, p], x, a.gammaincinv::<Baseline>(p), p, both);
    }
    let found = binary(&device, &at, |a, q| a.gammainccinv(q));
    for ([a, q], x) in at.iter().map(|x| x.map(f64::from)).zip(found) {
        let both = |x: f64| (a.gammaincc::<Baseline>(x), a.gammainc::<Baseline>(x));
        inverts("gammainccinv", [a, q], x, a.gammainccinv::<Baseline>(q), q, both);
    }
}

fn ternary(device: &Wgpu, at: &[[f32; 3]], op: impl Fn(&Vector, &Vector, &Vector) -> Result<Vector>) -> Vec<f32> {
    let column = |k: usize| vector(device, &at.iter().map(|x| x[k]).collect::<Vec<_>>());
    op(&column(0), &column(1), &column(2)).unwrap().to_vec()
}

#[test]
fn the_incomplete_beta_function() {
    let device = device!();
    let (mut at, parameters) = (vec![], spread(1e-4, 1e7, 22));
    for [a, b] in pairs(&parameters, &parameters) {
        let mode = f64::from(a) / (f64::from(a) + f64::from(b));
        let width = (mode * (1.0 - mode) / (f64::from(a) + f64::from(b) + 1.0)).sqrt();
        at.extend([1e-6, 0.01, 0.3, 0.7, 0.99].map(|x| [a, b, x]));
        // On both sides of where the other of both is computed.
        let middle = (f64::from(a) + 1.0) / (f64::from(a) + f64::from(b) + 2.0);
        at.extend([0.3, 0.9, 0.99, 1.01, 1.5, 3.0].map(|k| [a, b, (middle * k) as f32]).into_iter().filter(|x| x[2] < 1.0));
        at.extend((-8..=8).map(|k| [a, b, (mode + width * f64::from(k)) as f32]).filter(|x| x[2] > 0.0 && x[2] < 1.0));
    }
    let found = ternary(&device, &at, betainc);
    check("betainc", &found, |k| at[k], |[a, b, x]| a.betainc::<Baseline>(b, x), of_logarithm, 0.0);
    let found = ternary(&device, &at, betaincc);
    check("betaincc", &found, |k| at[k], |[a, b, x]| a.betaincc::<Baseline>(b, x), of_logarithm, 0.0);
}

#[test]
fn the_inverse_of_the_incomplete_beta_function() {
    let device = device!();
    let parameters = spread(0.05, 1e6, 14);
    let p: Vec<f32> = spread(1e-10, 0.5, 12).into_iter().chain([0.6, 0.75, 0.9, 0.99, 0.999_999]).collect();
    let at: Vec<[f32; 3]> = pairs(&parameters, &parameters).into_iter().flat_map(|[a, b]| p.iter().map(move |&p| [a, b, p])).collect();
    let found = ternary(&device, &at, betaincinv);
    for ([a, b, p], x) in at.iter().map(|x| x.map(f64::from)).zip(found) {
        let both = |x: f64| (a.betainc::<Baseline>(b, x), a.betaincc::<Baseline>(b, x));
        inverts("betaincinv", [a, b, p], x, a.betaincinv::<Baseline>(b, p), p, both);
    }
}

/// A thread of a reduction takes many elements, each of which takes many iterations.
#[test]
fn sums_of_long_loops_are_complete() {
    let device = device!();
    let n = 100_000;
    let p: Vec<f32> = (0..n).map(|k| (k as f32 + 0.5) / n as f32).collect();
    let p = vector(&device, &p);
    for parameter in [0.02f32, 3.0, 19.9] {
        let a = Array::from_vec(&device, vec![parameter; n], [n]).unwrap();
        let fused = a.lazy().gammaincinv(&p).sum(0).try_eval().unwrap().item().unwrap();
        let apart = a.lazy().gammaincinv(&p).try_eval().unwrap().to_vec().into_iter().map(f64::from).sum::<f64>();
        assert!((f64::from(fused) / apart - 1.0).abs() < 1e-5, "{parameter}: {fused} and {apart}");
    }
}
