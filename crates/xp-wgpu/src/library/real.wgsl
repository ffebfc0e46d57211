// Real numbers. Of WGSL's functions only `sqrt` and conversions are used: others may err by thousands of units in the last place,
// and `fma` may round once or twice. What depends on NaN, infinity or the sign of zero is decided by bits, and nothing is multiplied
// by a literal zero or added to one, which drivers leave out.

fn infinity() -> f32 { var b = 0x7f800000u; return bitcast<f32>(b); }
fn not_a_number() -> f32 { var b = 0x7fc00000u; return bitcast<f32>(b); }
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn is_infinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }
fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u; }
fn is_negative(x: f32) -> bool { return (bitcast<u32>(x) >> 31u) == 1u; }
fn magnitude(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu); }
fn negated(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ 0x80000000u); }
fn with_sign(x: f32, s: f32) -> f32 { return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(s) & 0x80000000u)); }
// `a` where the condition holds.
fn pick(c: bool, a: f32, b: f32) -> f32 { return select(b, a, c); }
fn madd(a: f32, b: f32, c: f32) -> f32 { return a * b + c; }
fn at_least(x: f32, low: f32) -> f32 { return pick(x < low, low, x); }
fn at_most(x: f32, high: f32) -> f32 { return pick(x > high, high, x); }

fn op_add_f32(x: f32, y: f32) -> f32 { return x + y; }
fn op_subtract_f32(x: f32, y: f32) -> f32 { return x - y; }
fn op_multiply_f32(x: f32, y: f32) -> f32 { return x * y; }
fn op_divide_f32(x: f32, y: f32) -> f32 { return x / y; }
fn op_reciprocal_f32(x: f32) -> f32 { return 1.0 / x; }
fn op_square_f32(x: f32) -> f32 { return x * x; }
fn op_abs_square_f32(x: f32) -> f32 { return x * x; }
fn op_sqrt_f32(x: f32) -> f32 { return pick(x < 0.0, not_a_number(), pick(x == 0.0, x, sqrt(x))); }
fn op_negative_f32(x: f32) -> f32 { return negated(x); }
fn op_positive_f32(x: f32) -> f32 { return x; }
fn op_conj_f32(x: f32) -> f32 { return x; }
fn op_real_f32(x: f32) -> f32 { return x; }
fn op_imag_f32(x: f32) -> f32 { return 0.0; }
fn op_abs_f32(x: f32) -> f32 { return magnitude(x); }
fn op_copysign_f32(x: f32, y: f32) -> f32 { return with_sign(x, y); }
fn op_sign_f32(x: f32) -> f32 { return pick(is_nan(x), x, pick(x == 0.0, 0.0, with_sign(1.0, x))); }
fn op_isnan_f32(x: f32) -> bool { return is_nan(x); }
fn op_isinf_f32(x: f32) -> bool { return is_infinite(x); }
fn op_isfinite_f32(x: f32) -> bool { return is_finite(x); }
fn op_signbit_f32(x: f32) -> bool { return is_negative(x); }
fn is_true_f32(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) != 0u; }
// Integers in the order of the numbers, both zeros being one.
fn rank_of(x: f32) -> i32 {
  let b = bitcast<u32>(x);
  let m = bitcast<i32>(b & 0x7fffffffu);
  return select(m, -m, b >= 0x80000000u);
}
fn op_equal_f32(x: f32, y: f32) -> bool { return rank_of(x) == rank_of(y) && !is_nan(x) && !is_nan(y); }
fn op_not_equal_f32(x: f32, y: f32) -> bool { return !op_equal_f32(x, y); }
fn op_less_f32(x: f32, y: f32) -> bool { return rank_of(x) < rank_of(y) && !is_nan(x) && !is_nan(y); }
fn op_less_equal_f32(x: f32, y: f32) -> bool { return rank_of(x) <= rank_of(y) && !is_nan(x) && !is_nan(y); }
fn op_greater_f32(x: f32, y: f32) -> bool { return op_less_f32(y, x); }
fn op_greater_equal_f32(x: f32, y: f32) -> bool { return op_less_equal_f32(y, x); }
fn op_maximum_f32(x: f32, y: f32) -> f32 {
  let first = is_nan(x) || (!is_nan(y) && (rank_of(x) > rank_of(y) || (rank_of(x) == rank_of(y) && !is_negative(x))));
  return pick(first, x, y);
}
fn op_minimum_f32(x: f32, y: f32) -> f32 {
  let first = is_nan(x) || (!is_nan(y) && (rank_of(x) < rank_of(y) || (rank_of(x) == rank_of(y) && is_negative(x))));
  return pick(first, x, y);
}
fn op_nextafter_f32(x: f32, to: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_nan(to) || rank_of(x) == rank_of(to)) { return to; }
  let b = bitcast<u32>(x);
  if ((b & 0x7fffffffu) == 0u) { return bitcast<f32>((bitcast<u32>(to) & 0x80000000u) | 1u); }
  let away = (rank_of(x) < rank_of(to)) == (b < 0x80000000u);
  return bitcast<f32>(select(b - 1u, b + 1u, away));
}

// ---- rounding ----
fn op_round_f32(x: f32) -> f32 {
  let a = magnitude(x);
  return with_sign(pick(a < 8388608.0, (a + 8388608.0) - 8388608.0, a), x);
}
fn op_floor_f32(x: f32) -> f32 { let t = op_round_f32(x); return with_sign(pick(t > x, t - 1.0, t), x); }
fn op_ceil_f32(x: f32) -> f32 { let t = op_round_f32(x); return with_sign(pick(t < x, t + 1.0, t), x); }
fn op_trunc_f32(x: f32) -> f32 { let a = magnitude(x); let t = op_round_f32(a); return with_sign(pick(t > a, t - 1.0, t), x); }

// ---- remainders ----
// The exact remainder of the division rounded towards zero: mantissas in integers, 40 bits at a time.
fn exact_remainder(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (a >= 0x7f800000u || b > 0x7f800000u || b == 0u) { return not_a_number(); }
  if (a < b) { return x; }
  let ea = max(a >> 23u, 1u);
  let eb = max(b >> 23u, 1u);
  let ma = (a & 0x7fffffu) | select(0u, 0x800000u, a >= 0x800000u);
  let mb = u64((b & 0x7fffffu) | select(0u, 0x800000u, b >= 0x800000u));
  var rest = u64(ma) % mb;
  var steps = ea - eb;
  loop {
    if (steps == 0u) { break; }
    let n = min(steps, 40u);
    rest = (rest << n) % mb;
    steps -= n;
  }
  let r = u32(rest);
  if (r == 0u) { return with_sign(0.0, x); }
  let up = countLeadingZeros(r) - 8u;
  var out = r << min(up, eb - 1u);
  if (up < eb) { out = ((eb - up) << 23u) | (out & 0x7fffffu); }
  return with_sign(bitcast<f32>(out), x);
}
fn op_remainder_f32(x: f32, y: f32) -> f32 {
  let r = exact_remainder(x, y);
  if (r == 0.0) { return with_sign(0.0, y); }
  return pick(is_negative(r) != is_negative(y) && !is_nan(r), r + y, r);
}
// The exact remainder with the sign of y decides the floor: the rounded quotient may have reached the next integer.
fn op_floor_divide_f32(x: f32, y: f32) -> f32 {
  let plain = x / y;
  if (!is_finite(x) || !is_finite(y) || y == 0.0) { return op_floor_f32(plain); }
  if (!is_finite(plain)) { return plain; }
  let q = (x - op_remainder_f32(x, y)) / y;
  let f = op_floor_f32(magnitude(q) + 0.5);
  if (f == 0.0) { return with_sign(0.0, plain); }
  return pick(magnitude(q) < 8388608.0, with_sign(f, q), q);
}

// ---- sums and products in two numbers ----
struct Two { hi: f32, lo: f32 }
fn fast_two_sum(a: f32, b: f32) -> Two { let s = a + b; return Two(s, (a - s) + b); }
fn two_sum(a: f32, b: f32) -> Two { let s = a + b; let t = s - a; return Two(s, (a - (s - t)) + (b - t)); }
// After Dekker; numbers are split by bits, so that nothing is larger than the product.
fn two_product(a: f32, b: f32) -> Two {
  let p = a * b;
  let ah = clear_low(a);
  let bh = clear_low(b);
  let al = a - ah;
  let bl = b - bh;
  return Two(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl);
}
fn clear_low(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }

// ---- exponentials: reduction by ln(2) after Cody and Waite ----
fn exp2_magic(t: f32) -> f32 { return bitcast<f32>((bitcast<u32>(t) + 127u) << 23u); }
// value * 2^n in two steps, so that the result may be subnormal or infinite.
fn scale(value: f32, n: f32) -> f32 {
  let b = bitcast<u32>(n + 12583166.0);
  let h = b >> 1u;
  return value * bitcast<f32>(h << 23u) * bitcast<f32>((b - h) << 23u);
}
struct Reduced { n: f32, r: f32, c: f32 }
fn reduce(x: f32, lo: f32) -> Reduced {
  let n = (x * 1.442695 + 12582912.0) - 12582912.0;
  let h = madd(n, -0.69314575, x);
  let l = madd(n, -1.4286068e-6, lo);
  let r = h + l;
  return Reduced(n, r, (h - r) + l);
}
fn expm1_reduced(r: f32, c: f32) -> f32 {
  let z = r * r;
  let even = madd(madd(0.001393365, z, 0.041666467), z, 0.5);
  let odd = madd(madd(0.00019890991, z, 0.0083333105), z, 0.16666667);
  return r + madd(z, madd(r, odd, even), c);
}
// exp(hi + lo) as hi * 2^lo of the result; all below `least` is as that.
fn exp_from(least: f32, hi: f32, lo: f32) -> Two {
  let t = reduce(at_most(at_least(hi, least), 89.0), lo);
  return Two(1.0 + expm1_reduced(t.r, t.c), t.n);
}
fn exp_unscaled(hi: f32, lo: f32) -> Two { return exp_from(-104.0, hi, lo); }
fn exp_sum(hi: f32, lo: f32) -> f32 { let t = exp_unscaled(hi, lo); return scale(t.hi, t.lo); }
fn op_exp_f32(x: f32) -> f32 { return exp_sum(x, 0.0); }
fn op_expm1_f32(x: f32) -> f32 {
  let y = at_most(at_least(x, -20.0), 89.0);
  let t = reduce(y, 0.0);
  let p = expm1_reduced(t.r, t.c);
  let s = exp2_magic((t.n - 1.0) + 12582912.0);
  let value = madd(p, s, s - 0.5) * 2.0;
  return pick(magnitude(x) < 5.9604645e-8, x, value);
}

// ---- logarithms ----
struct Split { k: f32, m: f32 }
// x = m 2^k, sqrt(1/2) <= m < sqrt(2), for positive normal x.
fn split_exponent(x: f32) -> Split {
  let shifted = bitcast<u32>(x) + (0x3f800000u - 0x3f3504f3u);
  let k = bitcast<f32>((shifted >> 23u) | 0x4b000000u) - 8388735.0;
  return Split(k, bitcast<f32>((shifted & 0x7fffffu) + 0x3f3504f3u));
}
// k and f with x = 2^k (1 + f).
fn decompose(x: f32) -> Split {
  let subnormal = x < 1.1754944e-38;
  let s = split_exponent(pick(subnormal, x * 16777216.0, x));
  return Split(pick(subnormal, s.k - 24.0, s.k), s.m - 1.0);
}
fn log_polynomial(z: f32) -> f32 {
  let w = z * z;
  return madd(z, madd(0.23330583, w, 0.40000123), madd(0.28550816, w, 0.6666667));
}
struct LogTerms { s: f32, h: f32, t: f32 }
fn ln_terms(f: f32) -> LogTerms {
  let s = f / (2.0 + f);
  let z = s * s;
  return LogTerms(s, 0.5 * f * f, z * log_polynomial(z));
}
fn ln_scaled(k: f32, f: f32, c: f32) -> f32 {
  let t = ln_terms(f);
  let low = madd(t.s, t.h + t.t, madd(k, 1.4286068e-6, c));
  return madd(k, 0.69314575, f - (t.h - low));
}
// ln(1 + f) as a number of half length and a remainder.
fn ln_split(f: f32) -> Two {
  let t = ln_terms(f);
  let hi = clear_low(f - t.h);
  return Two(hi, madd(t.s, t.h + t.t, (f - hi) - t.h));
}
fn log_limits(x: f32, value: f32) -> f32 {
  let b = bitcast<u32>(x);
  if (is_nan(x) || b == 0x7f800000u) { return x; }
  if ((b & 0x7fffffffu) == 0u) { return negated(infinity()); }
  return pick(b >= 0x80000000u, not_a_number(), value);
}
fn op_log_f32(x: f32) -> f32 { let d = decompose(x); return log_limits(x, ln_scaled(d.k, d.m, 0.0)); }
fn op_log1p_f32(x: f32) -> f32 {
  if (magnitude(x) < 5.9604645e-8 || bitcast<u32>(x) == 0x7f800000u) { return x; }
  let u = 1.0 + x;
  let s = split_exponent(u);
  let rest = pick(x > 1.0, 1.0 - (u - x), x - (u - 1.0));
  let lost = rest * exp2_magic(12582912.0 - at_most(s.k, 64.0));
  let f = s.m - 1.0;
  let exact = s.k == 0.0;
  return log_limits(u, ln_scaled(s.k, pick(exact, x, f), pick(exact, 0.0, lost - lost * f)));
}
fn op_log2_f32(x: f32) -> f32 {
  let d = decompose(x);
  let t = ln_split(d.m);
  let high = t.hi * 1.4428711;
  let low = madd(t.lo + t.hi, -0.00017605285, t.lo * 1.4428711);
  let sum = d.k + high;
  return log_limits(x, sum + (low + ((d.k - sum) + high)));
}
fn op_log10_f32(x: f32) -> f32 {
  let d = decompose(x);
  let t = ln_split(d.m);
  let high = t.hi * 0.43432617;
  let low = madd(t.lo + t.hi, -3.168997e-5, madd(t.lo, 0.43432617, d.k * -3.0243555e-6));
  let exponent = d.k * 0.30103302;
  let sum = exponent + high;
  return log_limits(x, sum + (low + ((exponent - sum) + high)));
}
fn op_logaddexp_f32(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return not_a_number(); }
  let larger = pick(x > y, x, y);
  let smaller = pick(x > y, y, x);
  let same = x == y;
  let d = two_sum(smaller, negated(larger));
  let difference = pick(same, 0.0, d.hi);
  let low = pick(difference > -104.0 && !same, d.lo, 0.0);
  return larger + op_log1p_f32(exp_sum(difference, low));
}

// ---- trigonometric functions ----
struct Angle { r: f32, c: f32, quadrant: u32 }
// The angle less a multiple of pi/2, in two numbers, and that multiple. After Payne and Hanek: of the product with 2/pi only 96
// bits matter, in integers.
fn reduced_angle(x: f32) -> Angle {
  let b = bitcast<u32>(x) & 0x7fffffffu;
  if (b < 0x3f490fdau) { return Angle(x, 0.0, 0u); }
  if (b >= 0x7f800000u) { return Angle(not_a_number(), 0.0, 0u); }
  var digits = array<u32, 9>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0xdebbc561u);
  let m = u64((b & 0x7fffffu) | 0x800000u);
  let first = (b >> 23u) - 120u;
  let word = first >> 5u;
  let shift = first & 31u;
  var window = array<u32, 3>(digits[word], digits[word + 1u], digits[word + 2u]);
  if (shift > 0u) {
    for (var k = 0u; k < 3u; k++) { window[k] = (digits[word + k] << shift) | (digits[word + k + 1u] >> (32u - shift)); }
  }
  let low = m * u64(window[2]);
  let middle = m * u64(window[1]) + (low >> 32u);
  let high = u32(m) * window[0] + u32(middle >> 32u);
  // The quarter turns, and the fraction of one in units of 2^-64, to the nearest.
  var quadrant = high >> 30u;
  let top = (high << 2u) | (u32(middle & u64(0xffffffffu)) >> 30u);
  let bottom = (u32(middle & u64(0xffffffffu)) << 2u) | (u32(low & u64(0xffffffffu)) >> 30u);
  var fraction = (u64(top) << 32u) | u64(bottom);
  let below = top >= 0x80000000u;
  if (below) { fraction = u64(0u) - fraction; quadrant += 1u; }
  let f = array<u32, 2>(u32(fraction >> 32u), u32(fraction & u64(0xffffffffu)));
  let upper = two_sum(f32(f[0] >> 16u) * 65536.0, f32(f[0] & 0xffffu));
  let lower = two_sum(f32(f[1] >> 16u) * 65536.0, f32(f[1] & 0xffffu));
  // In units of 2^-32, then of a quarter turn.
  let s = two_sum(upper.hi, lower.hi * 2.3283064e-10);
  let t = fast_two_sum(s.hi, s.lo + (upper.lo + lower.lo * 2.3283064e-10));
  let hi = t.hi * 2.3283064e-10;
  let lo = t.lo * 2.3283064e-10;
  let p = two_product(hi, 1.5707964);
  let r = fast_two_sum(p.hi, p.lo + madd(hi, -4.371139e-8, lo * 1.5707964));
  let turned = below != is_negative(x);
  return Angle(pick(turned, negated(r.hi), r.hi), pick(turned, negated(r.lo), r.lo), select(quadrant, 0u - quadrant, is_negative(x)) & 3u);
}
fn sin_reduced(a: Angle) -> f32 {
  let z = a.r * a.r;
  let w = z * z;
  let p = madd(z, madd(2.724962e-6, w, 0.008333332), madd(-0.00019840084, w, -0.16666667));
  return pick(a.r == 0.0, a.r, a.r + madd(a.r * z, p, a.c * madd(-0.5, z, 1.0)));
}
fn cos_reduced(a: Angle) -> f32 {
  let z = a.r * a.r;
  let p = madd(z, -0.0013888301, madd(2.454769e-5, z * z, 0.041666664));
  let half = 0.5 * z;
  let w = 1.0 - half;
  return w + (((1.0 - w) - half) + madd(z * z, p, negated(a.r * a.c)));
}
fn at_quadrant(a: Angle, quadrant: u32) -> f32 {
  var value = sin_reduced(a);
  if ((quadrant & 1u) == 1u) { value = cos_reduced(a); }
  return pick((quadrant & 2u) == 2u, negated(value), value);
}
fn op_sin_f32(x: f32) -> f32 { let a = reduced_angle(x); return at_quadrant(a, a.quadrant); }
fn op_cos_f32(x: f32) -> f32 { let a = reduced_angle(x); return at_quadrant(a, a.quadrant + 1u); }
fn op_tan_f32(x: f32) -> f32 {
  let a = reduced_angle(x);
  let s = sin_reduced(a);
  let c = cos_reduced(a);
  if ((a.quadrant & 1u) == 1u) { return negated(c) / s; }
  return pick(s == 0.0, s, s / c);
}

// ---- inverse trigonometric functions ----
struct AsinParts { s: f32, tail: f32, large: bool }
fn asin_parts(a: f32) -> AsinParts {
  let large = a > 0.5;
  let half = (1.0 - a) * 0.5;
  let z = pick(large, half, a * a);
  let s = pick(large, op_sqrt_f32(half), a);
  let w = z * z;
  let even = madd(madd(0.017149238, w, 0.044599403), w, 0.16666666);
  let odd = madd(madd(0.033690847, w, 0.031100662), w, 0.07500094);
  return AsinParts(s, s * (z * madd(z, odd, even)), large);
}
fn op_asin_f32(x: f32) -> f32 {
  let p = asin_parts(magnitude(x));
  let far = 2.0 * ((0.7853982 - p.s) - (p.tail - 0.5 * -4.371139e-8));
  return with_sign(pick(p.large, far, p.s + p.tail), x);
}
fn op_acos_f32(x: f32) -> f32 {
  let p = asin_parts(magnitude(x));
  let near = 2.0 * (p.s + p.tail);
  let far = 2.0 * (1.5707964 - (p.s + (p.tail - -4.371139e-8)));
  let tail = with_sign(p.tail, x);
  let middle = 1.5707964 - (x - (-4.371139e-8 - tail));
  return pick(p.large, pick(x < 0.0, far, near), middle);
}
struct Octant { numerator: f32, denominator: f32, base: f32, low: f32 }
fn octant(a: f32, b: f32) -> Octant {
  if (a <= b * 0.41421357) { return Octant(a, b, 0.0, 0.0); }
  if (a <= b * 2.4142137) { return Octant(a - b, a + b, 0.7853982, 0.5 * -4.371139e-8); }
  return Octant(negated(b), a, 1.5707964, -4.371139e-8);
}
fn atan_reduced(t: f32, low: f32) -> f32 {
  let z = at_most(t * t, 1.0);
  let w = z * z;
  let even = madd(madd(-0.086245984, w, -0.1428415), w, -0.33333334);
  let odd = madd(madd(0.050479375, w, 0.11071355), w, 0.19999978);
  return t + madd(t * z, madd(z, odd, even), low);
}
fn op_atan_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let o = octant(magnitude(x), 1.0);
  return with_sign(o.base + atan_reduced(o.numerator / o.denominator, o.low), x);
}
fn op_atan2_f32(y: f32, x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_nan(y)) { return y; }
  var a = magnitude(y);
  var b = magnitude(x);
  let diagonal = is_infinite(a) && is_infinite(b);
  if (diagonal) { a = 1.0; }
  if (diagonal || (a == 0.0 && b == 0.0)) { b = 1.0; }
  let factor = pick(a > 8.507059e37 || b > 8.507059e37, 0.25, 1.0);
  let o = octant(a * factor, b * factor);
  var t = o.numerator / o.denominator;
  var base = o.base;
  var low = o.low;
  if (is_negative(x)) {
    let mirrored = 3.1415927 - base;
    low = 2.0 * -4.371139e-8 - low + ((3.1415927 - mirrored) - base);
    base = mirrored;
    t = negated(t);
  }
  return with_sign(base + atan_reduced(t, low), y);
}

// ---- hyperbolic functions ----
struct Halves { sum: f32, sum_low: f32, difference: f32, difference_low: f32, sinh: f32, cosh_m1: f32, factor: f32 }
fn halves_of(a: f32) -> Halves {
  let t = reduce(a, 0.0);
  let scaled = t.n > 96.0;
  let n = pick(scaled, t.n - 64.0, t.n);
  let large = exp2_magic((n - 1.0) + 12582912.0);
  let small = exp2_magic(12582912.0 - (n + 1.0));
  let s = fast_two_sum(large, small);
  let d = fast_two_sum(large, negated(small));
  let z = t.r * t.r;
  let sinh_p = madd(z, 0.0083333105, madd(0.00019890991, z * z, 0.16666667));
  let cosh_p = madd(z, 0.041666467, madd(0.001393365, z * z, 0.5));
  return Halves(s.hi, s.lo, d.hi, d.lo, t.r + madd(t.r * z, sinh_p, t.c), madd(z, cosh_p, t.r * t.c), pick(scaled, 18446744073709551616.0, 1.0));
}
fn op_sinh_f32(x: f32) -> f32 {
  let h = halves_of(at_most(magnitude(x), 91.0));
  return with_sign(madd(h.sum, h.sinh, madd(h.difference, h.cosh_m1, h.difference_low)) + h.difference, x) * h.factor;
}
fn op_cosh_f32(x: f32) -> f32 {
  let h = halves_of(at_most(magnitude(x), 91.0));
  return (madd(h.difference, h.sinh, madd(h.sum, h.cosh_m1, h.sum_low)) + h.sum) * h.factor;
}
fn op_tanh_f32(x: f32) -> f32 {
  let a = at_most(magnitude(x), 10.0);
  let e = op_expm1_f32(a + a);
  let large = e > 2.0;
  let quotient = pick(large, 2.0, e) / (e + 2.0);
  return with_sign(pick(large, 1.0 - quotient, quotient), x);
}
fn ln_1p_or_ln_2x(x: f32, y: f32, large: bool) -> f32 {
  let value = op_log1p_f32(pick(large, x, y));
  return pick(large, value + 0.6931472, value);
}
fn op_asinh_f32(x: f32) -> f32 {
  let a = magnitude(x);
  let square = a * a;
  return with_sign(ln_1p_or_ln_2x(a, a + square / (1.0 + sqrt(1.0 + square)), a > 8388608.0), x);
}
fn op_acosh_f32(x: f32) -> f32 {
  let t = x - 1.0;
  let value = ln_1p_or_ln_2x(x, t + op_sqrt_f32(t * (t + 2.0)), x > 8388608.0);
  return pick(x < 1.0, not_a_number(), value);
}
fn op_atanh_f32(x: f32) -> f32 {
  let a = magnitude(x);
  let twice = a + a;
  let quotient = pick(a < 0.5, twice * a, twice) / (1.0 - a);
  return with_sign(0.5 * op_log1p_f32(pick(a < 0.5, twice + quotient, quotient)), x);
}

// ---- powers ----
// ln(x) as a sum of two numbers.
fn ln_double(x: f32) -> Two {
  let d = decompose(x);
  let f = d.m;
  let e = fast_two_sum(2.0, f);
  let inverse = 1.0 / e.hi;
  let s = f * inverse;
  let sd = two_product(s, e.hi);
  let s_low = inverse * (((f - sd.hi) - sd.lo) - s * e.lo);
  let z = two_product(s, s);
  let z_low = madd(2.0 * s, s_low, z.lo);
  let w = z.hi * z.hi;
  let tail = z.hi * madd(z.hi, madd(0.19120455, w, 0.2857153), madd(0.22204763, w, 0.4));
  let c = fast_two_sum(0.6666667, tail);
  let u = two_product(z.hi, c.hi);
  let u_low = u.lo + madd(z.hi, c.lo - 1.9868216e-8, z_low * c.hi);
  let v = two_product(s, u.hi);
  let v_low = v.lo + madd(s, u_low, s_low * u.hi);
  let a = fast_two_sum(d.k * 0.69314575, 2.0 * s);
  let b = fast_two_sum(a.hi, v.hi);
  return fast_two_sum(b.hi, madd(d.k, 1.4286068e-6, 2.0 * s_low) + v_low + a.lo + b.lo);
}
fn is_whole(y: f32) -> bool { let a = magnitude(y); return a >= 8388608.0 || (a + 8388608.0) - 8388608.0 == a; }
fn op_pow_f32(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) { return 1.0; }
  if (is_nan(x) || is_nan(y)) { return not_a_number(); }
  let a = magnitude(x);
  let whole = is_whole(y);
  let odd = whole && !is_whole(y * 0.5);
  var value = 0.0;
  if (a == 0.0 || is_infinite(a)) {
    value = pick(is_negative(y) == (a == 0.0), infinity(), 0.0);
  } else if (is_infinite(y)) {
    value = pick(a == 1.0, 1.0, pick((a > 1.0) == !is_negative(y), infinity(), 0.0));
  } else {
    let t = at_most(at_least(y, -1e12), 1e12);
    let l = ln_double(a);
    let p = two_product(t, l.hi);
    value = exp_sum(p.hi, pick(magnitude(p.hi) > 1000.0, 0.0, madd(t, l.lo, p.lo)));
    if (is_negative(x) && !whole) { return not_a_number(); }
  }
  return pick(odd, with_sign(value, x), value);
}
fn op_hypot_f32(x: f32, y: f32) -> f32 {
  let a = magnitude(x);
  let b = magnitude(y);
  if (is_infinite(a) || is_infinite(b)) { return infinity(); }
  let larger = pick(a > b, a, b);
  var factor = 1.0;
  var inverse = 1.0;
  if (larger > 281474976710656.0) { factor = 1.262177448e-29; inverse = 79228162514264337593543950336.0; }
  if (larger < 3.552713678800501e-15) { factor = 79228162514264337593543950336.0; inverse = 1.262177448e-29; }
  let p = a * factor;
  let q = b * factor;
  return op_sqrt_f32(madd(p, p, q * q)) * inverse;
}

// ---- error functions, the normal distribution, logistic functions ----
fn erf_small(x: f32, a: f32) -> f32 {
  let z = at_most(a * a, 1.0);
  let w = z * z;
  let even = madd(madd(madd(7.875875e-5, w, 0.0051890872), w, 0.11283594), w, 0.12837917);
  let odd = madd(madd(-0.00080168643, w, -0.026854211), w, -0.37612626);
  return madd(x, madd(z, odd, even), x);
}
// p and q with erfc(a) = exp(-a^2) p / q.
fn erfc_parts(a: f32) -> Two {
  let t = (a - 2.0) / (a + 2.0);
  let w = t * t;
  let even = madd(madd(madd(madd(madd(0.0001764832, w, -0.001428781), w, 0.008712289), w, -0.054218363), w, -0.1660305), w, 1.2769784);
  let odd = madd(madd(madd(madd(madd(8.318472e-5, w, -0.00040183106), w, 0.0012510566), w, -0.008029977), w, 0.1640509), w, -0.09276382);
  return Two(madd(t, odd, even), madd(2.0, a, 1.0));
}
fn erfc_unscaled(a: f32) -> Two {
  let f = erfc_parts(a);
  let hi = clear_low(a);
  let e = exp_unscaled(negated(hi * hi), (hi - a) * (hi + a));
  return Two(e.hi * f.hi / f.lo, e.lo);
}
fn op_erf_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = magnitude(x);
  let t = erfc_unscaled(at_most(a, 10.0));
  return pick(a > 1.0, with_sign(1.0 - scale(t.hi, t.lo), x), erf_small(x, a));
}
fn op_erfc_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = magnitude(x);
  let t = erfc_unscaled(at_most(a, 10.2));
  let positive = scale(t.hi, t.lo);
  return pick(a < 0.5, 1.0 - erf_small(x, a), pick(x < 0.0, 2.0 - positive, positive));
}
// erfinv(x) / x in w = -ln(1 - x^2).
fn erfinv_ratio(w: f32) -> f32 {
  let c = at_most(w, 5.0) - 2.5;
  let d = c * c;
  let even = madd(madd(madd(madd(madd(4.6719325e-10, d, 1.5984306e-8), d, -3.4234143e-6), d, 0.00021825773), d, -0.00417732), d, 1.5014093);
  let odd = madd(madd(madd(madd(-8.73901e-9, d, 4.654174e-7), d, -4.959692e-6), d, -0.0012527485), d, 0.2466403);
  let m = op_sqrt_f32(at_most(magnitude(w), 17.0)) - 3.0;
  let n = m * m;
  let even_m = madd(madd(madd(madd(madd(-3.4432047e-5, n, -0.0002723821), n, 0.0014738754), n, 0.005687606), n, 0.009445338), n, 2.8329768);
  let odd_m = madd(madd(madd(madd(0.00016843174, n, -0.00013141861), n, -0.0035615154), n, -0.007643796), n, 1.0016753);
  return pick(w < 5.0, madd(c, odd, even), madd(m, odd_m, even_m));
}
fn op_erfinv_f32(x: f32) -> f32 {
  let a = magnitude(x);
  if (is_nan(x) || a > 1.0) { return not_a_number(); }
  if (a == 1.0) { return with_sign(infinity(), x); }
  return x * erfinv_ratio(negated(op_log_f32((1.0 - a) * (1.0 + a))));
}
// By the inverse error function of 2 p - 1, whose distance from -1 and 1 is known from p.
fn op_ndtri_f32(p: f32) -> f32 {
  if (is_nan(p) || p < 0.0 || p > 1.0) { return not_a_number(); }
  let upper = p > 0.5;
  let tail = pick(upper, 1.0 - p, p);
  if (tail == 0.0) { return with_sign(infinity(), pick(upper, 1.0, -1.0)); }
  let w = at_least(negated(op_log_f32(tail * (1.0 - tail) * 4.0)), 0.0);
  let root = op_sqrt_f32(w);
  let t = (root - 6.0) / (root + 6.0);
  let z = t * t;
  let even = madd(madd(madd(0.09330171, z, -0.015347642), z, -0.07725173), z, 0.9766522);
  let odd = madd(madd(madd(-0.10397069, z, -0.034159724), z, 0.05359656), z, 0.065905586);
  let ratio = pick(root < 4.0625, erfinv_ratio(w), root * madd(t, odd, even));
  let value = (1.0 - 2.0 * tail) * ratio * 1.4142135;
  return pick(upper, value, negated(value));
}
fn mills(a: f32) -> f32 {
  let f = erfc_parts(at_most(a, 10.2));
  let z = 0.5 / (a * a);
  var series = 1.0 - 7.0 * z;
  series = 1.0 - 5.0 * z * series;
  series = 1.0 - 3.0 * z * series;
  series = 1.0 - 1.0 * z * series;
  return pick(a > 10.2, series * 0.56418958 / a, f.hi / f.lo);
}
fn op_erfcx_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let positive = mills(magnitude(x));
  if (x >= 0.0) { return positive; }
  let a = at_most(magnitude(x), 10.2);
  let hi = clear_low(a);
  let square = exp_sum(hi * hi, (a - hi) * (a + hi));
  return square + square - positive;
}
fn normal_tail(x: f32) -> f32 {
  let a = at_most(x, 20.4);
  let hi = clear_low(a);
  let e = exp_unscaled(negated(0.5 * (hi * hi)), 0.5 * ((hi - a) * (hi + a)));
  return scale(0.5 * (e.hi * mills(a * 0.70710677)), e.lo);
}
fn op_ndtr_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let tail = normal_tail(magnitude(x));
  return pick(x < 0.0, tail, 1.0 - tail);
}
fn op_log_ndtr_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = magnitude(x);
  if (x < 0.0) { return op_log_f32(0.5 * mills(a * 0.70710677)) - 0.5 * (x * x); }
  return op_log1p_f32(negated(normal_tail(a)));
}
fn op_expit_f32(x: f32) -> f32 { return 1.0 / (1.0 + op_exp_f32(negated(x))); }
fn op_logit_f32(x: f32) -> f32 { return op_log_f32(x / (1.0 - x)); }
fn op_softplus_f32(x: f32) -> f32 { return at_least(x, 0.0) + op_log1p_f32(op_exp_f32(negated(magnitude(x)))); }
fn op_log_expit_f32(x: f32) -> f32 { return negated(op_softplus_f32(negated(x))); }
fn op_entr_f32(x: f32) -> f32 {
  let value = negated(x) * op_log_f32(x);
  return pick(x == 0.0, 0.0, pick(x < 0.0, negated(infinity()), value));
}
struct LogRatio { s: f32, tail: f32, near: bool, whole: f32 }
// s and tail with ln(x / y) = 2 s + s tail where the numbers are near; ln(x / y) of positive numbers, whose quotient may be no number.
fn log_ratio(x: f32, y: f32) -> LogRatio {
  let d = (x - y) / y;
  let s = d / (2.0 + d);
  let z = s * s;
  let near = z < 0.029;
  let c = at_most(z, 0.029);
  let ratio = x / y;
  let one = ratio > 1.1754944e-38 && is_finite(ratio);
  var whole = op_log_f32(pick(one, ratio, x));
  if (!one) { whole = whole - op_log_f32(y); }
  return LogRatio(s, c * log_polynomial(c), near && is_finite(d), whole);
}
fn op_rel_entr_f32(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return not_a_number(); }
  if (x > 0.0 && y > 0.0) {
    let r = log_ratio(x, y);
    return x * pick(r.near, madd(r.s, r.tail, r.s + r.s), r.whole);
  }
  return pick(x == 0.0 && y >= 0.0, 0.0, infinity());
}
fn op_kl_div_f32(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return not_a_number(); }
  if (x > 0.0 && y > 0.0) {
    let r = log_ratio(x, y);
    return pick(r.near, (x - y) * r.s + x * (r.s * r.tail), x * r.whole - x + y);
  }
  return pick(x == 0.0 && y >= 0.0, y, infinity());
}
fn op_xlogy_f32(x: f32, y: f32) -> f32 { return pick(x == 0.0 && !is_nan(y), 0.0, x * op_log_f32(y)); }
fn op_xlog1py_f32(x: f32, y: f32) -> f32 { return pick(x == 0.0 && !is_nan(y), 0.0, x * op_log1p_f32(y)); }

// ---- the formats of halves: a number of the format nearest to x, ties to even ----
fn round_f16(x: f32) -> f32 {
  let b = bitcast<u32>(x);
  let a = b & 0x7fffffffu;
  if (a >= 0x7f800000u) { return x; }
  if (a >= 0x477ff000u) { return with_sign(infinity(), x); }
  if (a < 0x38800000u) { return with_sign((bitcast<f32>(a) + 0.5) - 0.5, x); }
  return bitcast<f32>((b + 0xfffu + ((b >> 13u) & 1u)) & 0xffffe000u);
}
fn round_bf16(x: f32) -> f32 {
  let b = bitcast<u32>(x);
  if ((b & 0x7fffffffu) >= 0x7f800000u) { return x; }
  return bitcast<f32>((b + 0x7fffu + ((b >> 16u) & 1u)) & 0xffff0000u);
}
fn op_nextafter_f16(x: f32, to: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_nan(to) || rank_of(x) == rank_of(to)) { return to; }
  let b = bitcast<u32>(x);
  let a = b & 0x7fffffffu;
  if (a == 0u) { return with_sign(5.9604645e-8, to); }
  let away = (rank_of(x) < rank_of(to)) == (b < 0x80000000u);
  if (a == 0x7f800000u) { return with_sign(65504.0, x); }
  if (away) { return round_f16(bitcast<f32>(select(bitcast<u32>(with_sign(magnitude(x) + 5.9604645e-8, x)), b + 0x2000u, a >= 0x38800000u))); }
  return bitcast<f32>(select(bitcast<u32>(with_sign(magnitude(x) - 5.9604645e-8, x)), b - 0x2000u, a > 0x38800000u));
}
fn op_nextafter_bf16(x: f32, to: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_nan(to) || rank_of(x) == rank_of(to)) { return to; }
  let b = bitcast<u32>(x);
  if ((b & 0x7fffffffu) == 0u) { return bitcast<f32>((bitcast<u32>(to) & 0x80000000u) | 0x10000u); }
  let away = (rank_of(x) < rank_of(to)) == (b < 0x80000000u);
  return bitcast<f32>(select(b - 0x10000u, b + 0x10000u, away));
}
