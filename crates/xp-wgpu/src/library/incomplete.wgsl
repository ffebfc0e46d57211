// Incomplete gamma and beta functions and their inverses, as `xp_core::math` has them in double precision. Series and fractions end where
// their terms no longer count, and have few of them: a thread's iterations are limited (see `expression.rs`).

fn away_from_zero(x: f32) -> f32 { return pick(magnitude(x) < 1e-30, 1e-30, x); }
// mu - ln(1 + mu), given 1 + mu too.
fn log_excess(mu: f32, one_plus: f32) -> f32 {
  let s = mu / (2.0 + mu);
  if (magnitude(s) <= 0.17) { return s * (mu - s * s * log_polynomial(s * s)); }
  if (mu < -0.5) { return mu - op_log_f32(one_plus); }
  return mu - op_log1p_f32(mu);
}

// ---- the incomplete gamma function ----
// What is computed here is so often as large as it should be: `one` for 1. Numbers that would be subnormal keep their digits so.
fn power_of_two(lift: f32) -> f32 { return exp2_magic(lift + 12582912.0); }
fn lifted_exp(hi: f32, lo: f32, factor: f32, lift: f32) -> f32 { let t = exp_from(-146.0, hi, lo); return scale(t.hi * factor, t.lo + lift); }
// x^a exp(-x) / Gamma(a + 1)
fn gamma_power(a: f32, x: f32, lift: f32) -> f32 {
  if (a >= 8.0) {
    let exponent = a * log_excess((x - a) / a, x / a);
    return lifted_exp(negated(exponent) - stirling_remainder(a), 0.0, 1.0 / (2.5066283 * op_sqrt_f32(a)), lift);
  }
  let power = two_product(a, op_log_f32(x));
  let first = two_sum(power.hi, negated(x));
  let second = two_sum(first.hi, negated(gammaln_1p(a)));
  if (second.hi < -1000.0) { return 0.0; }
  return lifted_exp(second.hi, first.lo + second.lo + power.lo, 1.0, lift);
}
// P by its power series.
fn gamma_series(a: f32, x: f32, lift: f32) -> f32 {
  var term = 1.0;
  var sum = 1.0;
  for (var n = 1.0; n < 150.0; n += 1.0) {
    term *= x / (a + n);
    sum += term;
    if (term <= 3e-8 * sum) { break; }
  }
  return gamma_power(a, x, lift) * sum;
}
// Q for small x: 1 - x^a / Gamma(a + 1) less the other terms of the alternating series.
fn gamma_complement_series(a: f32, x: f32, lift: f32) -> f32 {
  var factor = 1.0;
  var sum = 0.0;
  for (var n = 1.0; n < 50.0; n += 1.0) {
    factor *= negated(x) / n;
    let term = factor / (a + n);
    sum += term;
    if (magnitude(term) <= 3e-8 * magnitude(sum)) { break; }
  }
  let one = power_of_two(lift);
  // Of a parameter that is nearly nothing all is of its size.
  if (a < 1e-20) { return negated(a * one) * (op_log_f32(x) - (a - 1.0) * gammaln_ratio(a + 0.5) + sum); }
  let log = a * op_log_f32(x) - gammaln_1p(a);
  return (negated(op_expm1_f32(log)) - op_exp_f32(log) * a * sum) * one;
}
// Q by its continued fraction, which Lentz's method evaluates from the front.
fn gamma_fraction(a: f32, x: f32, lift: f32) -> f32 {
  let front = gamma_power(a, x, lift) * a;
  if (front == 0.0) { return 0.0; }
  var b = x + 1.0 - a;
  var c = 3e38;
  var d = 1.0 / b;
  var fraction = d;
  for (var n = 1.0; n < 200.0; n += 1.0) {
    let numerator = n * (a - n);
    b += 2.0;
    d = 1.0 / away_from_zero(numerator * d + b);
    c = away_from_zero(b + numerator / c);
    let factor = c * d;
    fraction *= factor;
    if (magnitude(factor - 1.0) <= 6e-8) { break; }
  }
  return front * fraction;
}
// Both near the mode of a parameter that is not small, where the gamma distribution is nearly normal (Temme, 1979).
fn gamma_temme(a: f32, x: f32, lift: f32) -> Two {
  let mu = (x - a) / a;
  let half_square = log_excess(mu, x / a);
  let e = with_sign(op_sqrt_f32(2.0 * half_square), mu);
  let w = 1.0 / a;
  var row = madd(-0.00029907248, e, 0.0007840392);
  var sum = madd(row, e, -0.0008618883);
  row = madd(madd(madd(0.00026772063, e, -0.0004691895), e, 0.00022947209), e, 0.0006494342);
  sum = madd(sum, w, row);
  row = madd(madd(madd(madd(5.292343e-5, e, -0.00010736653), e, 2.009388e-6), e, 0.00077160495), e, -0.0026813271);
  sum = madd(sum, w, madd(row, e, 0.004133598));
  row = madd(madd(madd(madd(7.649161e-6, e, -1.8098551e-5), e, -4.018776e-7), e, 0.00020576131), e, -0.0009902264);
  row = madd(madd(madd(row, e, 0.0026455026), e, -0.0034722222), e, -0.0018518518);
  sum = madd(sum, w, row);
  row = madd(madd(madd(madd(madd(-1.7665953e-7, e, 8.296711e-7), e, -1.8540622e-6), e, -2.1854485e-6), e, 3.9192632e-5), e, -0.00017875514);
  row = madd(madd(madd(madd(madd(row, e, 0.00035273368), e, 0.0011574074), e, -0.014814815), e, 0.083333336), e, -0.33333334);
  sum = madd(sum, w, row);
  let exponential = lifted_exp(negated(a * half_square), 0.0, 1.0, lift);
  let normal = 0.5 * exponential * mills(op_sqrt_f32(a * half_square));
  let correction = exponential * sum / (2.5066283 * op_sqrt_f32(a));
  let one = power_of_two(lift);
  if (mu > 0.0) { return Two(one - (normal + correction), normal + correction); }
  return Two(normal - correction, one - (normal - correction));
}
// P(a, x) and Q(a, x) = 1 - P(a, x), each accurate where it is small, 2^lift times.
fn incomplete_gamma(a: f32, x: f32, lift: f32) -> Two {
  if (is_nan(a) || is_nan(x) || a < 0.0 || x < 0.0 || (a == 0.0 && x == 0.0) || (is_infinite(a) && is_infinite(x))) {
    return Two(not_a_number(), not_a_number());
  }
  let one = power_of_two(lift);
  if (a == 0.0 || is_infinite(x)) { return Two(one, 0.0); }
  if (x == 0.0 || is_infinite(a)) { return Two(0.0, one); }
  if (a >= 20.0 && magnitude(x - a) <= 0.4 * a) { return gamma_temme(a, x, lift); }
  if (x <= 1.1) {
    let p = gamma_series(a, x, lift);
    // Where Q is not small it is the complement; elsewhere the two largest terms are subtracted as logarithms.
    var small = x * 1.1 < a;
    if (x <= 0.5) { small = -0.4 / op_log_f32(x) < a; }
    if (small) { return Two(p, one - p); }
    return Two(p, gamma_complement_series(a, x, lift));
  }
  if (x < a) { let p = gamma_series(a, x, lift); return Two(p, one - p); }
  let q = gamma_fraction(a, x, lift);
  return Two(one - q, q);
}
fn op_gammainc_f32(a: f32, x: f32) -> f32 { return incomplete_gamma(a, x, 0.0).hi; }
fn op_gammaincc_f32(a: f32, x: f32) -> f32 { return incomplete_gamma(a, x, 0.0).lo; }
// ln(x / y) of numbers that may be far from each other.
fn log_quotient(x: f32, y: f32) -> f32 {
  if (x < 0.5 * y || x > 2.0 * y) { return op_log_f32(x) - op_log_f32(y); }
  return op_log1p_f32((x - y) / y);
}
// A number between two, far away from the one that is known where the other is not.
fn between(low: f32, high: f32, x: f32) -> f32 {
  if (is_infinite(high)) { return at_most(2.0 * at_most(x, 1.5e38) + 1.0, 3.4028235e38); }
  if (low == 0.0) { return x * 1e-3; }
  return at_most(at_least(op_sqrt_f32(low) * op_sqrt_f32(high), low), high);
}
// The x with P(a, x) = p and Q(a, x) = q, of which the smaller is exact: Newton's method on logarithms, between bounds.
fn gamma_inverse(a: f32, p: f32, q: f32) -> f32 {
  if (is_nan(a) || is_nan(p) || is_nan(q) || a < 0.0 || p < 0.0 || p > 1.0 || q < 0.0 || q > 1.0) { return not_a_number(); }
  if (p == 0.0) { return 0.0; }
  if (q == 0.0) { return infinity(); }
  if (a == 0.0 || is_infinite(a)) { return not_a_number(); }
  let lower = p <= q;
  var log_p = op_log_f32(p);
  if (!lower) { log_p = op_log1p_f32(negated(q)); }
  let first_term = op_exp_f32((log_p + gammaln_1p(a)) / a);
  // Where the other terms of the series are below its rounding.
  if (first_term < 1e-9) { return first_term; }
  // Wilson and Hilferty: the cube root is nearly normal.
  var z = op_ndtri_f32(p);
  if (!lower) { z = negated(op_ndtri_f32(q)); }
  let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * op_sqrt_f32(a));
  var x = at_most(at_least(pick(root > 0.3, a * (root * root * root), first_term), 1e-37), 3.4028235e38);
  var low = 0.0;
  var high = infinity();
  let lift = pick(at_most(p, q) < 1e-30, 60.0, 0.0);
  let wanted = pick(lower, p, q) * power_of_two(lift);
  for (var k = 0; k < 30; k++) {
    let both = incomplete_gamma(a, x, lift);
    let found = pick(lower, both.hi, both.lo);
    if ((found < wanted) == lower) { low = x; } else { high = x; }
    let off = log_quotient(found, wanted);
    if (magnitude(off) <= 1.2e-7) { break; }
    let slope = a * gamma_power(a, x, lift) / found;
    let step = pick(lower, negated(off), off) / slope;
    let next = x * op_exp_f32(step);
    if (magnitude(step) <= 2.4e-7) { return next; }
    let inside = is_finite(step) && next > low && next < high;
    x = pick(inside, next, between(low, high, x));
    if (high - low <= 6e-8 * low) { break; }
  }
  return x;
}
fn op_gammaincinv_f32(a: f32, p: f32) -> f32 { return gamma_inverse(a, p, 1.0 - p); }
fn op_gammainccinv_f32(a: f32, q: f32) -> f32 { return gamma_inverse(a, 1.0 - q, q); }

// ---- the incomplete beta function ----
// a - (a + b) x, the distance from the mode, for y = 1 - x: from the smaller of both, which is exact.
fn beta_apart(a: f32, b: f32, x: f32, y: f32) -> f32 {
  let sum = two_sum(a, b);
  if (x <= 0.5) {
    let p = two_product(sum.hi, x);
    return (a - p.hi) - madd(sum.lo, x, p.lo);
  }
  let p = two_product(sum.hi, y);
  return (p.hi - b) + madd(sum.lo, y, p.lo);
}
// The exponent of x^a y^b / B(a, b) for parameters that are not small, by the distances from the mode.
fn beta_exponent(a: f32, b: f32, x: f32, y: f32) -> f32 {
  let apart = beta_apart(a, b, x, y);
  return a * log_excess(negated(apart) / a, x * (1.0 + b / a)) + b * log_excess(apart / b, y * (1.0 + a / b));
}
// x^a y^b / B(a, b)
fn beta_power(a: f32, b: f32, x: f32, y: f32) -> f32 {
  if (a < 8.0 || b < 8.0) {
    // Of the smaller parameter and its variable, and of the other: the logarithm of what is large goes with that of the variable.
    let first = a < b;
    let small = at_most(a, b);
    let u = pick(first, x, y);
    let beta = beta_parts(small, at_least(a, b));
    var log_v = op_log1p_f32(negated(u));
    if (u > 0.5) { log_v = op_log_f32(pick(first, y, x)); }
    let p = two_product(small, op_log_f32(u * beta.moved));
    let q = two_product(at_least(a, b), log_v);
    let both = two_sum(p.hi, q.hi);
    let all = two_sum(both.hi, negated(beta.rest));
    if (is_infinite(p.hi) || is_infinite(q.hi) || all.hi < -1000.0) { return 0.0; }
    return exp_sum(all.hi, both.lo + all.lo + p.lo + q.lo);
  }
  let corrections = stirling_remainder(a) + (stirling_remainder(b) - stirling_remainder(a + b));
  let root = op_sqrt_f32(at_most(a, b)) / op_sqrt_f32(1.0 + at_most(a, b) / at_least(a, b));
  return 0.3989423 * root * op_exp_f32(negated(beta_exponent(a, b, x, y)) - corrections);
}
// The even part of the continued fraction of the incomplete beta function (DiDonato and Morris, 1992), by Lentz's method.
fn beta_fraction(a: f32, b: f32, x: f32, y: f32) -> f32 {
  let apart = beta_apart(a, b, x, y);
  let first = a / (a + 1.0) * (apart + 1.0);
  var c = first;
  var d = 0.0;
  var denominator = first;
  for (var n = 1.0; n < 400.0; n += 1.0) {
    let place = a + 2.0 * n - 1.0;
    let product = n * ((b - n) * x);
    let numerator = (a + n - 1.0) / place * ((a + b + n - 1.0) / place * product) * x;
    let term = n + product / place + (a + n) / (place + 2.0) * (apart + 1.0 + n * (1.0 + y));
    d = 1.0 / away_from_zero(term + numerator * d);
    c = away_from_zero(term + numerator / c);
    let factor = c * d;
    denominator *= factor;
    if (magnitude(factor - 1.0) <= 6e-8) { break; }
  }
  return 1.0 / denominator;
}
// Both for large parameters, where the beta distribution is nearly normal; the term after it at the mode.
fn beta_normal(a: f32, b: f32, x: f32, y: f32) -> Two {
  // Only the quotients count beyond this.
  let factor = pick(at_least(a, b) > 1e30, 7.888609e-31, 1.0);
  let exponent = beta_exponent(a * factor, b * factor, x, y) / factor;
  let small = at_most(a, b);
  let part = small / at_least(a, b);
  // (1 - 2 m) / sqrt(m (1 - m) (a + b)) for the mode m.
  let skew = pick(a > b, -1.0, 1.0) * (1.0 - part) / (op_sqrt_f32(small) * op_sqrt_f32(1.0 + part));
  let exponential = op_exp_f32(negated(exponent));
  let normal = 0.5 * exponential * mills(op_sqrt_f32(exponent));
  let correction = exponential * skew * 0.13298076;
  if (beta_apart(a * factor, b * factor, x, y) < 0.0) { return Two(1.0 - (normal - correction), normal - correction); }
  return Two(normal + correction, 1.0 - (normal + correction));
}
// 1 - I(a, b, x) for a below 1, where little is left of 1: by the power series of I(a, b, x) = x^a / (a B(a, b)) (1 + a sum), as gamma_complement_series.
// Everything is computed as a multiple of a, which the result is for a small one: so is ln(a B(a, b)) = rest - a ln(moved), of the parts of
// `beta_parts`, whose differences over a distance of a are taken term by term.
fn beta_complement_series(a: f32, b: f32, x: f32) -> f32 {
  var start = b;
  var steps = 0.0;
  if (b < 8.0) {
    start = b + 8.0;
    // The product of the (a + b + j) / (b + j), less 1.
    var grown = a / b;
    for (var j = 1.0; j < 8.0; j += 1.0) { let next = a / (b + j); grown += next + grown * next; }
    steps = op_log1p_f32(grown);
  }
  let moved = a + start;
  let u = 1.0 / start;
  let v = 1.0 / moved;
  let cubes = u * u + u * v + v * v;
  let fifths = u * u * (u * u) + u * v * cubes + v * v * (v * v);
  let remainder = a * (u * v) * madd(0.00079365079, fifths, madd(-0.0027777778, cubes, 0.083333336));
  let quotient = pick(start > 1e8, 0.0, a - (start - 0.5) * op_log1p_f32(a / start));
  let log = a * op_log_f32(x * moved) - (gammaln_1p(a) + (quotient + remainder + steps));
  var factor = 1.0;
  var sum = 0.0;
  for (var n = 1.0; n < 150.0; n += 1.0) {
    factor *= (n - b) * x / n;
    let term = factor / (a + n);
    sum += term;
    if (magnitude(term) <= 3e-8 * magnitude(sum)) { break; }
  }
  return negated(op_expm1_f32(log)) - op_exp_f32(log) * (a * sum);
}
// I(a, b, x) and its complement I(b, a, y), for y = 1 - x, each accurate where it is small.
fn incomplete_beta(a: f32, b: f32, x: f32, y: f32) -> Two {
  let outside = is_nan(x) || is_nan(a) || is_nan(b) || x < 0.0 || x > 1.0 || a < 0.0 || b < 0.0;
  if (outside || (a == 0.0 && b == 0.0) || (is_infinite(a) && is_infinite(b))) { return Two(not_a_number(), not_a_number()); }
  if (x == 0.0 || y == 0.0) { return Two(x, y); }
  if (a == 0.0 || is_infinite(b)) { return Two(1.0, 0.0); }
  if (b == 0.0 || is_infinite(a)) { return Two(0.0, 1.0); }
  if (at_most(a, b) > 4e5) { return beta_normal(a, b, x, y); }
  let beyond = x > (a + 1.0) / (a + b + 2.0);
  let p = pick(beyond, b, a);
  let q = pick(beyond, a, b);
  let u = pick(beyond, y, x);
  let v = pick(beyond, x, y);
  let value = beta_power(p, q, u, v);
  var found = 0.0;
  if (value > 0.0) { found = value * beta_fraction(p, q, u, v); }
  var other = 1.0 - found;
  if (p < 1.0 && found > 0.5) {
    other = beta_complement_series(p, q, u);
    found = 1.0 - other;
  }
  if (beyond) { return Two(other, found); }
  return Two(found, other);
}
fn op_betainc_f32(a: f32, b: f32, x: f32) -> f32 { return incomplete_beta(a, b, x, 1.0 - x).hi; }
fn op_betaincc_f32(a: f32, b: f32, x: f32) -> f32 { return incomplete_beta(a, b, x, 1.0 - x).lo; }
// x and 1 - x of the logarithm of the odds.
fn of_odds(odds: f32) -> Two { return Two(1.0 / (1.0 + op_exp_f32(negated(odds))), 1.0 / (1.0 + op_exp_f32(odds))); }
// The first term of the power series at an end.
fn beta_end(log_p: f32, log_beta: f32, a: f32) -> f32 { return op_exp_f32((log_p + log_beta + op_log_f32(a)) / a); }
// The x with I(a, b, x) = p: Newton's method on logarithms, which are concave in the logarithm of the odds, between bounds.
fn op_betaincinv_f32(a: f32, b: f32, p: f32) -> f32 {
  if (is_nan(a) || is_nan(b) || is_nan(p) || a <= 0.0 || b <= 0.0 || p < 0.0 || p > 1.0 || (is_infinite(a) && is_infinite(b))) {
    return not_a_number();
  }
  if (p == 0.0 || p == 1.0) { return p; }
  if (is_infinite(a)) { return 1.0; }
  if (is_infinite(b)) { return 0.0; }
  let q = 1.0 - p;
  let lower = p <= 0.5;
  var log_p = op_log_f32(p);
  var log_q = op_log1p_f32(negated(p));
  if (!lower) { log_p = op_log1p_f32(negated(q)); log_q = op_log_f32(q); }
  let log_beta = betaln_positive(a, b);
  let first_term = beta_end(log_p, log_beta, a);
  if (first_term * at_least(b, 1.0) < 1e-9) { return first_term; }
  if (beta_end(log_q, log_beta, b) * at_least(a, 1.0) < 1e-9) { return 1.0; }
  var z = op_ndtri_f32(p);
  if (!lower) { z = negated(op_ndtri_f32(q)); }
  let spread = 1.0 / a + 1.0 / b + 1.0 / a / a + 1.0 / b / b;
  var odds = at_most(at_least(op_log_f32(a / b) + z * op_sqrt_f32(spread), -80.0), 80.0);
  var at = of_odds(odds);
  var low = negated(infinity());
  var high = infinity();
  for (var k = 0; k < 30; k++) {
    let both = incomplete_beta(a, b, at.hi, at.lo);
    let found = pick(lower, both.hi, both.lo);
    let wanted = pick(lower, p, q);
    odds = op_log_f32(at.hi) - op_log_f32(at.lo);
    if ((found < wanted) == lower) { low = odds; } else { high = odds; }
    let off = log_quotient(found, wanted);
    if (magnitude(off) <= 1.2e-7) { break; }
    let slope = beta_power(a, b, at.hi, at.lo) / found;
    let step = pick(lower, negated(off), off) / slope;
    let little = magnitude(step) <= 2.4e-7 * at_least(magnitude(odds), 1.0);
    if (is_finite(step) && ((odds + step > low && odds + step < high) || little)) {
      let grown = at.hi * op_exp_f32(step);
      let sum = grown + at.lo;
      at = Two(grown / sum, at.lo / sum);
      if (little) { break; }
    } else {
      var middle = 0.5 * (low + high);
      if (is_infinite(high)) { middle = low + at_least(magnitude(low), 1.0); }
      if (is_infinite(low)) { middle = high - at_least(magnitude(high), 1.0); }
      if (middle <= low || middle >= high) { break; }
      at = of_odds(at_most(at_least(middle, -87.0), 87.0));
    }
  }
  return at.hi;
}
