//! Incomplete gamma and beta functions and their inverses, in double precision for both types.
//!
//! Series and continued fractions end where their terms no longer count, so these are loops over scalars, not over vectors.

use super::gamma::{betaln_positive, remainder};
use super::kernel::{polynomial, two_product, two_sum};
use super::log::{ln, ln_1p};
use super::special::{erfcx, gammaln_positive, ndtri};
use super::tables::{Double, Tables};
use super::{Isa, exp};

/// Terms are left out below this part of a sum.
const ENOUGH: f64 = 0.25 * f64::EPSILON;
/// The most terms of a series or fraction; those of the beta function grow as the root of its parameters.
const MOST: usize = 200_000;
/// From this parameter on, Temme's expansion is used near the mode.
const TEMME_START: f64 = 200.0;
/// How far from the mode, relative to the parameter.
const TEMME_REACH: f64 = 0.4;

/// P(a, x) and Q(a, x) = 1 - P(a, x), each accurate where it is small.
pub(super) fn gamma<I: Isa>(a: f64, x: f64) -> (f64, f64) {
    if a.is_nan() || x.is_nan() || a < 0.0 || x < 0.0 || (a == 0.0 && x == 0.0) || (a == f64::INFINITY && x == f64::INFINITY) {
        return (f64::NAN, f64::NAN);
    }
    if a == 0.0 || x == f64::INFINITY {
        return (1.0, 0.0);
    }
    if x == 0.0 || a == f64::INFINITY {
        return (0.0, 1.0);
    }
    if a >= TEMME_START && (x - a).abs() <= TEMME_REACH * a {
        return temme::<I>(a, x);
    }
    if x <= 1.1 {
        let p = gamma_series::<I>(a, x);
        // Where Q is not small it is the complement; elsewhere the two largest terms are subtracted as logarithms.
        let small_p = if x <= 0.5 { -0.4 / x.ln() < a } else { x * 1.1 < a };
        return (p, if small_p { 1.0 - p } else { gamma_complement_series::<I>(a, x) });
    }
    if x < a {
        let p = gamma_series::<I>(a, x);
        return (p, 1.0 - p);
    }
    let q = gamma_fraction::<I>(a, x);
    (1.0 - q, q)
}

/// `mu - ln(1 + mu)`, given `1 + mu` too.
fn excess<I: Isa>(mu: f64, one_plus: f64) -> f64 {
    let s = mu / (2.0 + mu);
    if s.abs() <= 0.17 {
        return s * (mu - s * s * polynomial::<I, f64>(s * s, <f64 as Tables>::LOG));
    }
    mu - if mu < -0.5 { ln::<I, f64>(one_plus) } else { ln_1p::<I, f64>(mu) }
}

/// ln Γ(1 + a)
fn gammaln_1p<I: Isa>(a: f64) -> f64 {
    if a > 1.5 {
        return gammaln_positive::<I>(a + 1.0);
    }
    let u = a + 0.5;
    a * (a - 1.0) * (polynomial::<I, f64>(u, Double::GAMMALN_P) / polynomial::<I, f64>(u, Double::GAMMALN_Q))
}

/// `x^a exp(-x) / Γ(a + 1)`
fn gamma_power<I: Isa>(a: f64, x: f64) -> f64 {
    if a >= 8.0 {
        let exponent = a * excess::<I>((x - a) / a, x / a);
        return exp::exp::<I, f64>(-exponent - remainder::<I>(a)) / (core::f64::consts::TAU * a).sqrt();
    }
    let (power, lost) = two_product::<I, f64>(a, ln::<I, f64>(x));
    let (high, low) = two_sum(power, -x);
    let (high, lower) = two_sum(high, -gammaln_1p::<I>(a));
    if !low.is_finite() {
        return 0.0;
    }
    exp::exp_sum::<I, f64>(high, low + lower + lost)
}

/// P by its power series.
fn gamma_series<I: Isa>(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..MOST {
        term *= x / (a + n as f64);
        sum += term;
        if term <= ENOUGH * sum {
            break;
        }
    }
    gamma_power::<I>(a, x) * sum
}

/// Q for small `x`: `1 - x^a / Γ(a + 1)` less the other terms of the alternating series.
fn gamma_complement_series<I: Isa>(a: f64, x: f64) -> f64 {
    let (mut factor, mut sum) = (1.0, 0.0_f64);
    for n in 1..MOST {
        factor *= -x / n as f64;
        let term = factor / (a + n as f64);
        sum += term;
        if term.abs() <= ENOUGH * sum.abs() {
            break;
        }
    }
    let log = a * ln::<I, f64>(x) - gammaln_1p::<I>(a);
    -exp::exp_m1::<I, f64>(log) - exp::exp::<I, f64>(log) * a * sum
}

/// Q by its continued fraction, which Lentz's method evaluates from the front.
fn gamma_fraction<I: Isa>(a: f64, x: f64) -> f64 {
    let front = gamma_power::<I>(a, x) * a;
    if front == 0.0 {
        return 0.0;
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::MAX, 1.0 / b);
    let mut fraction = d;
    for n in 1..MOST {
        let n = n as f64;
        let numerator = n * (a - n);
        b += 2.0;
        d = 1.0 / nonzero(numerator * d + b);
        c = nonzero(b + numerator / c);
        let factor = c * d;
        fraction *= factor;
        if (factor - 1.0).abs() <= 2.0 * ENOUGH {
            break;
        }
    }
    front * fraction
}

fn nonzero(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1e-300 } else { x }
}

/// Both near the mode of a large parameter, where the gamma distribution is nearly normal (Temme, 1979).
fn temme<I: Isa>(a: f64, x: f64) -> (f64, f64) {
    let mu = (x - a) / a;
    let half_square = excess::<I>(mu, x / a);
    let eta = (2.0 * half_square).sqrt().copysign(mu);
    let inverse = 1.0 / a;
    let series = Double::TEMME.iter().rev().fold(0.0, |sum, row| sum * inverse + polynomial::<I, f64>(eta, row));
    let exponential = exp::exp::<I, f64>(-a * half_square);
    let normal = 0.5 * exponential * erfcx::<I, f64>((a * half_square).sqrt());
    let correction = exponential * series / (core::f64::consts::TAU * a).sqrt();
    if mu > 0.0 {
        let q = normal + correction;
        (1.0 - q, q)
    } else {
        let p = normal - correction;
        (p, 1.0 - p)
    }
}

/// The `x` with `P(a, x) = p` and `Q(a, x) = q`, of which the smaller is exact.
pub(super) fn gamma_inverse<I: Isa>(a: f64, p: f64, q: f64) -> f64 {
    let outside = |v: f64| !(0.0..=1.0).contains(&v);
    if a.is_nan() || a < 0.0 || outside(p) || outside(q) {
        return f64::NAN;
    }
    if p == 0.0 || q == 0.0 {
        return if p == 0.0 { 0.0 } else { f64::INFINITY };
    }
    if a == 0.0 || a == f64::INFINITY {
        return f64::NAN;
    }
    let log_p = if p <= q { ln::<I, f64>(p) } else { ln_1p::<I, f64>(-q) };
    let first_term = exp::exp::<I, f64>((log_p + gammaln_1p::<I>(a)) / a);
    if first_term < 1e-17 {
        return first_term; // the other terms of the series are below its rounding
    }
    // Wilson and Hilferty: the cube root is nearly normal.
    let z = if p <= q { ndtri::<I, f64>(p) } else { -ndtri::<I, f64>(q) };
    let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
    let start = if root > 0.3 { a * root * root * root } else { first_term };
    let (mut x, mut low, mut high) = (start.clamp(1e-300, 1e300), 0.0, f64::INFINITY);
    for _ in 0..200 {
        let (found_p, found_q) = gamma::<I>(a, x);
        let (found, wanted) = if p <= q { (found_p, p) } else { (found_q, q) };
        if (found < wanted) == (p <= q) {
            low = x;
        } else {
            high = x;
        }
        // Newton's method on logarithms: that of P rises, that of Q falls, and both are concave in that of x.
        let slope = a * gamma_power::<I>(a, x) / found * if p <= q { 1.0 } else { -1.0 };
        let step = -ln_1p::<I, f64>((found - wanted) / wanted) / slope;
        let next = x * exp::exp::<I, f64>(step);
        if step.abs() <= 2.0 * f64::EPSILON {
            return next;
        }
        x = if next > low && next < high { next } else { between(low, high, x) };
        if high - low <= 0.5 * f64::EPSILON * low {
            break;
        }
    }
    x
}

/// A number between two, far away from the one that is known where the other is not.
fn between(low: f64, high: f64, x: f64) -> f64 {
    if high == f64::INFINITY {
        (2.0 * x + 1.0).min(f64::MAX)
    } else if low == 0.0 {
        x * 1e-3
    } else {
        (low.sqrt() * high.sqrt()).clamp(low, high)
    }
}

/// I(a, b, x) and its complement I(b, a, y), for `y = 1 - x`, each accurate where it is small.
pub(super) fn beta<I: Isa>(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let outside = !(0.0..=1.0).contains(&x) || a.is_nan() || b.is_nan() || a < 0.0 || b < 0.0;
    if outside || (a == 0.0 && b == 0.0) || (a == f64::INFINITY && b == f64::INFINITY) {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 || y == 0.0 {
        return (x, y);
    }
    if a == 0.0 || b == f64::INFINITY {
        return (1.0, 0.0);
    }
    if b == 0.0 || a == f64::INFINITY {
        return (0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        let value = beta_power::<I>(b, a, y, x) * beta_fraction(b, a, y, x);
        (1.0 - value, value)
    } else {
        let value = beta_power::<I>(a, b, x, y) * beta_fraction(a, b, x, y);
        (value, 1.0 - value)
    }
}

/// `x^a y^b / B(a, b)`
fn beta_power<I: Isa>(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if a < 8.0 || b < 8.0 {
        let (log_x, log_y) = if x <= 0.5 { (ln::<I, f64>(x), ln_1p::<I, f64>(-x)) } else { (ln_1p::<I, f64>(-y), ln::<I, f64>(y)) };
        let ((first, lost_first), (second, lost_second)) = (two_product::<I, f64>(a, log_x), two_product::<I, f64>(b, log_y));
        let (sum, low) = two_sum(first, second);
        let (sum, lower) = two_sum(sum, -betaln_positive::<I>(a, b));
        return exp::exp_sum::<I, f64>(sum, low + lower + lost_first + lost_second);
    }
    // By the distances from the mode, which are small where the value is not.
    let (part, rest) = if a > b { (1.0 / (1.0 + b / a), (b / a) / (1.0 + b / a)) } else { ((a / b) / (1.0 + a / b), 1.0 / (1.0 + a / b)) };
    let apart = if a > b { (a + b) * y - b } else { a - (a + b) * x };
    let exponent = a * excess::<I>(-apart / a, x / part) + b * excess::<I>(apart / b, y / rest);
    let corrections = remainder::<I>(a) + (remainder::<I>(b) - remainder::<I>(a + b));
    (b * part / core::f64::consts::TAU).sqrt() * exp::exp::<I, f64>(-exponent - corrections)
}

/// The even part of the continued fraction of the incomplete beta function (DiDonato and Morris, 1992), by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let apart = if a > b { (a + b) * y - b } else { a - (a + b) * x };
    let first = a / (a + 1.0) * (apart + 1.0);
    let (mut c, mut d, mut denominator) = (first, 0.0, first);
    for n in 1..MOST {
        let n = n as f64;
        let place = a + 2.0 * n - 1.0;
        let numerator = (a + n - 1.0) / place * ((a + b + n - 1.0) / place) * (n * (b - n) * x) * x;
        let term = n + n * (b - n) * x / place + (a + n) / (place + 2.0) * (apart + 1.0 + n * (1.0 + y));
        d = 1.0 / nonzero(term + numerator * d);
        c = nonzero(term + numerator / c);
        let factor = c * d;
        denominator *= factor;
        if (factor - 1.0).abs() <= 2.0 * ENOUGH {
            break;
        }
    }
    1.0 / denominator
}

/// The `x` with `I(a, b, x) = p`.
pub(super) fn beta_inverse<I: Isa>(a: f64, b: f64, p: f64) -> f64 {
    let invalid = |v: f64| v.is_nan() || v <= 0.0;
    if invalid(a) || invalid(b) || !(0.0..=1.0).contains(&p) || (a == f64::INFINITY && b == f64::INFINITY) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return p;
    }
    if a == f64::INFINITY || b == f64::INFINITY {
        return if a == f64::INFINITY { 1.0 } else { 0.0 };
    }
    let q = 1.0 - p;
    let lower = p <= 0.5;
    // The first term of the power series, where the others are below its rounding; the same from the other end.
    let log = betaln_positive::<I>(a, b);
    let end = |log_p: f64, a: f64| exp::exp::<I, f64>((log_p + log + ln::<I, f64>(a)) / a);
    let (log_p, log_q) = if lower { (ln::<I, f64>(p), ln_1p::<I, f64>(-p)) } else { (ln_1p::<I, f64>(-q), ln::<I, f64>(q)) };
    let first_term = end(log_p, a);
    if first_term * b.max(1.0) < 1e-17 {
        return first_term;
    }
    if end(log_q, b) * a.max(1.0) < 1e-17 {
        return 1.0;
    }
    let z = if lower { ndtri::<I, f64>(p) } else { -ndtri::<I, f64>(q) };
    let odds = (ln::<I, f64>(a / b) + z * (1.0 / a + 1.0 / b + 1.0 / (a * a) + 1.0 / (b * b)).sqrt()).clamp(-700.0, 700.0);
    let at = |odds: f64| (1.0 / (1.0 + (-odds).exp()), 1.0 / (1.0 + odds.exp()));
    let ((mut x, mut y), mut low, mut high) = (at(odds), -f64::INFINITY, f64::INFINITY);
    for _ in 0..200 {
        let (found_p, found_q) = beta::<I>(a, b, x, y);
        let (found, wanted) = if lower { (found_p, p) } else { (found_q, q) };
        let odds = ln::<I, f64>(x) - ln::<I, f64>(y);
        if (found < wanted) == lower {
            low = odds;
        } else {
            high = odds;
        }
        // Newton's method on logarithms, which are concave in the logarithm of the odds.
        let slope = beta_power::<I>(a, b, x, y) / found * if lower { 1.0 } else { -1.0 };
        let step = -ln_1p::<I, f64>((found - wanted) / wanted) / slope;
        if odds + step > low && odds + step < high || step.abs() <= 2.0 * f64::EPSILON {
            let grown = x * exp::exp::<I, f64>(step);
            let sum = grown + y;
            (x, y) = (grown / sum, y / sum);
            if step.abs() <= 2.0 * f64::EPSILON {
                break;
            }
        } else {
            let middle = match (low.is_finite(), high.is_finite()) {
                (true, true) => 0.5 * (low + high),
                (true, false) => low + low.abs().max(1.0),
                _ => high - high.abs().max(1.0),
            };
            if middle <= low || middle >= high {
                break;
            }
            (x, y) = at(middle.clamp(-740.0, 740.0));
        }
    }
    x
}
