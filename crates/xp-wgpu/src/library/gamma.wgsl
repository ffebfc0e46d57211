// The gamma function's logarithm and its derivative, and the logarithm of the beta function.

// ---- the logarithm of the gamma function ----
// ln Gamma(x) / ((x - 1) (x - 2)) in u = x - 0.5, for u from 0 to 2.
fn gammaln_ratio(u: f32) -> f32 {
  var p = 7.2039593e-7;
  p = madd(p, u, 0.00054033263); p = madd(p, u, 0.02663348); p = madd(p, u, 0.41616380); p = madd(p, u, 2.8886049); p = madd(p, u, 10.364962);
  p = madd(p, u, 20.764935); p = madd(p, u, 23.955808); p = madd(p, u, 15.721487); p = madd(p, u, 5.4287286); p = madd(p, u, 0.76315325);
  var q = 0.0001266071;
  q = madd(q, u, 0.009714411); q = madd(q, u, 0.21587015); q = madd(q, u, 2.0704219); q = madd(q, u, 10.190750); q = madd(q, u, 28.209793);
  q = madd(q, u, 46.052753); q = madd(q, u, 44.968304); q = madd(q, u, 25.677275); q = madd(q, u, 7.8774045); q = madd(q, u, 1.0);
  return p / q;
}
// For x >= 0: Stirling's series from 8 on; below, a rational function on [0.5, 2.5] that has the zeros at 1 and 2 as factors,
// and the recurrence.
fn gammaln_positive(x: f32) -> f32 {
  if (x >= 8.0) {
    let inverse = 1.0 / x;
    let w = inverse * inverse;
    let series = inverse * madd(madd(0.00079365079, w, -0.0027777778), w, 0.083333336);
    return pick(is_infinite(x), x, madd(x - 0.5, op_log_f32(x) - 1.0, series + 0.41893854));
  }
  let tiny = x < 0.5;
  var y = pick(tiny, x + 1.0, x);
  var product = 1.0;
  for (var k = 0; k < 6; k++) {
    if (y > 2.5) { y -= 1.0; product *= y; }
  }
  let near_one = pick(tiny, x, y - 1.0);
  let middle = near_one * pick(tiny, x - 1.0, y - 2.0) * gammaln_ratio(y - 0.5);
  if (tiny) { return middle - op_log_f32(x); }
  return middle + op_log_f32(product);
}
fn op_gammaln_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = magnitude(x);
  if (is_infinite(a)) { return a; }
  let direct = gammaln_positive(a);
  if (!is_negative(x) || a == 0.0) { return direct; }
  let fraction = a - op_floor_f32(a);
  if (fraction == 0.0) { return infinity(); }
  if (a < 1.4e-14) { return negated(op_log_f32(a)); }
  let sine = op_sin_f32(3.1415927 * pick(fraction > 0.5, 1.0 - fraction, fraction));
  return op_log_f32(3.1415927 / (a * sine)) - direct;
}

// What Stirling's formula leaves of ln Gamma(x), for x >= 8.
fn stirling_remainder(x: f32) -> f32 {
  let inverse = 1.0 / x;
  let w = inverse * inverse;
  return inverse * madd(madd(0.00079365079, w, -0.0027777778), w, 0.083333336);
}
// ln Gamma(1 + a)
fn gammaln_1p(a: f32) -> f32 {
  if (a > 1.5) { return gammaln_positive(a + 1.0); }
  return a * ((a - 1.0) * gammaln_ratio(a + 0.5));
}

// ---- digamma ----
// The asymptotic series from 10 on; a rational function on [1, 3] that has the root as a factor; the recurrence below and between.
fn digamma_positive(x: f32) -> f32 {
  let inverse = 1.0 / x;
  if (x >= 10.0) {
    let w = inverse * inverse;
    return op_log_f32(x) - (0.5 * inverse + w * madd(madd(0.003968254, w, -0.008333334), w, 0.083333336));
  }
  let tiny = x < 1.0;
  var y = pick(tiny, x + 1.0, x);
  var sum = 0.0;
  for (var k = 0; k < 7; k++) {
    if (y > 3.0) { y -= 1.0; sum += 1.0 / y; }
  }
  let u = y - 1.0;
  var p = 4.097362e-8;
  p = madd(p, u, 3.9117653e-5); p = madd(p, u, 0.0022352896); p = madd(p, u, 0.04049351); p = madd(p, u, 0.31649932);
  p = madd(p, u, 1.1741605); p = madd(p, u, 2.0079985); p = madd(p, u, 1.2503802);
  var q = 7.377848e-6;
  q = madd(q, u, 0.00060000043); q = madd(q, u, 0.014396602); q = madd(q, u, 0.14810833); q = madd(q, u, 0.7470495);
  q = madd(q, u, 1.9022022); q = madd(q, u, 2.2894571); q = madd(q, u, 1.0);
  return ((y - 1.4616321) - 1.243815e-8) * (p / q) + pick(tiny, negated(inverse), sum);
}
fn op_digamma_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_infinite(x)) { return pick(is_negative(x), not_a_number(), x); }
  if (x >= 0.0) { return digamma_positive(x); }
  let fraction = x - op_round_f32(x);
  if (fraction == 0.0) { return not_a_number(); }
  let f = magnitude(fraction);
  var cotangent = 0.0;
  if (f <= 0.25) { cotangent = 1.0 / op_tan_f32(3.1415927 * f); } else { cotangent = op_tan_f32(3.1415927 * (0.5 - f)); }
  return digamma_positive(1.0 - x) - 3.1415927 * with_sign(cotangent, fraction);
}

// ---- the logarithm of the beta function ----
struct BetaParts { rest: f32, moved: f32 }
// ln B(a, b) as rest - a ln(moved), for a < 8 and a <= b.
fn beta_parts(a: f32, b: f32) -> BetaParts {
  var start = b;
  var steps = 0.0;
  if (b < 8.0) {
    let sum = a + b;
    start = b + 8.0;
    var above = 1.0;
    var below = 1.0;
    for (var j = 1.0; j < 8.0; j += 1.0) { above *= sum + j; below *= b + j; }
    steps = op_log_f32(sum / b * (above / below));
    // The quotient of a subnormal number may be infinite.
    if (is_infinite(sum / b)) { steps = op_log_f32(sum) - op_log_f32(b) + op_log_f32(above / below); }
  }
  let moved = a + start;
  let quotient = a - (start - 0.5) * op_log1p_f32(a / start);
  return BetaParts(gammaln_positive(a) + (quotient + (stirling_remainder(start) - stirling_remainder(moved)) + steps), moved);
}
// For arguments that are not negative. With a <= b: for a >= 8 from Stirling's series of all three gamma functions (after DiDonato and
// Morris); below, from ln Gamma(a) and ln Gamma(b) - ln Gamma(a + b), whose large parts are put together first, from b + 8 for a small b.
fn betaln_positive(x: f32, y: f32) -> f32 {
  let a = at_most(x, y);
  let b = at_least(x, y);
  if (is_infinite(b)) { return pick(a > 0.0 && is_finite(a), negated(infinity()), not_a_number()); }
  if (a == 0.0) { return infinity(); }
  if (a >= 8.0) {
    let h = a / b;
    let rest = stirling_remainder(a) + (stirling_remainder(b) - stirling_remainder(a + b));
    return (a - 0.5) * op_log_f32(h / (1.0 + h)) - b * op_log1p_f32(h) + (rest + (0.9189385 - 0.5 * op_log_f32(b)));
  }
  let parts = beta_parts(a, b);
  return parts.rest - a * op_log_f32(parts.moved);
}
fn is_pole(x: f32) -> bool { return x <= 0.0 && is_whole(x); }
// |sin(pi (x + low))| / pi
fn sine_over_pi(x: f32, low: f32) -> f32 {
  let near = magnitude((x - op_round_f32(x)) + low);
  if (near < 1e-4) { return near; }
  return op_sin_f32(3.1415927 * near) / 3.1415927;
}
// ln(x y) for x up to 1, of which a subnormal product would lose digits.
fn log_product(x: f32, y: f32) -> f32 {
  if (x < 1e-30 || y < 1e-30) { return op_log_f32(x) + op_log_f32(y); }
  return op_log_f32(x * y);
}
fn op_betaln_f32(a: f32, b: f32) -> f32 {
  // At a pole below zero NaN makes no difference, as in SciPy.
  if (is_nan(a) || is_nan(b)) { return pick((a < 0.0 && is_pole(a)) || (b < 0.0 && is_pole(b)), infinity(), not_a_number()); }
  if (a >= 0.0 && b >= 0.0) { return betaln_positive(a, b); }
  if (is_pole(a) || is_pole(b)) {
    // The poles of Gamma(a) and Gamma(a + b) cancel for an integer b that does not reach beyond zero, unless Gamma(b) has one too.
    let pole = pick(is_pole(a), a, b);
    let other = pick(is_pole(a), b, a);
    let first = (1.0 - pole) - other;
    if (is_finite(pole) && other >= 0.0 && is_finite(other) && is_whole(other) && first > 0.0) { return betaln_positive(first, other); }
    return infinity();
  }
  if (is_infinite(a) || is_infinite(b)) { return not_a_number(); }
  // Gamma(x) = pi / (sin(pi x) Gamma(1 - x)) for what is negative leaves one beta function of positive arguments.
  let sum = two_sum(a, b);
  let rest = (1.0 - sum.hi) - sum.lo;
  if (a < 0.0 && b < 0.0) {
    let s = sine_over_pi(a, 0.0);
    let t = sine_over_pi(b, 0.0);
    return op_log_f32(sine_over_pi(sum.hi, sum.lo) / at_least(s, t)) - log_product(at_most(s, t), rest) - betaln_positive(1.0 - a, 1.0 - b);
  }
  let negative = at_most(a, b);
  let other = at_least(a, b);
  let t = sine_over_pi(negative, 0.0);
  if (sum.hi < 1.0) {
    let s = sine_over_pi(sum.hi, sum.lo);
    let quotient = s / t;
    let log = pick(is_infinite(quotient), op_log_f32(s) - op_log_f32(t), op_log_f32(quotient));
    return log + betaln_positive(rest, other);
  }
  return negated(log_product(t, other)) - betaln_positive(1.0 - negative, sum.hi);
}
