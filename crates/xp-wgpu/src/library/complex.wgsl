// Complex numbers as vectors of the real and the imaginary part. Special values and branch cuts are those of C99's Annex G and
// the Array API standard.
fn pair(re: f32, im: f32) -> vec2<f32> { return vec2<f32>(re, im); }
fn is_true_c64(z: vec2<f32>) -> bool { return is_true_f32(z.x) || is_true_f32(z.y); }
fn op_equal_c64(z: vec2<f32>, w: vec2<f32>) -> bool { return op_equal_f32(z.x, w.x) && op_equal_f32(z.y, w.y); }
fn op_not_equal_c64(z: vec2<f32>, w: vec2<f32>) -> bool { return !op_equal_c64(z, w); }
fn op_isnan_c64(z: vec2<f32>) -> bool { return is_nan(z.x) || is_nan(z.y); }
fn op_isinf_c64(z: vec2<f32>) -> bool { return is_infinite(z.x) || is_infinite(z.y); }
fn op_isfinite_c64(z: vec2<f32>) -> bool { return is_finite(z.x) && is_finite(z.y); }
fn op_real_c64(z: vec2<f32>) -> f32 { return z.x; }
fn op_imag_c64(z: vec2<f32>) -> f32 { return z.y; }
fn op_abs_c64(z: vec2<f32>) -> f32 { return op_hypot_f32(z.x, z.y); }
fn op_abs_square_c64(z: vec2<f32>) -> f32 { return z.x * z.x + z.y * z.y; }
fn op_conj_c64(z: vec2<f32>) -> vec2<f32> { return pair(z.x, negated(z.y)); }
fn op_negative_c64(z: vec2<f32>) -> vec2<f32> { return pair(negated(z.x), negated(z.y)); }
fn op_positive_c64(z: vec2<f32>) -> vec2<f32> { return z; }
fn op_round_c64(z: vec2<f32>) -> vec2<f32> { return pair(op_round_f32(z.x), op_round_f32(z.y)); }
fn op_add_c64(z: vec2<f32>, w: vec2<f32>) -> vec2<f32> { return pair(z.x + w.x, z.y + w.y); }
fn op_subtract_c64(z: vec2<f32>, w: vec2<f32>) -> vec2<f32> { return pair(z.x - w.x, z.y - w.y); }
fn op_multiply_c64(z: vec2<f32>, w: vec2<f32>) -> vec2<f32> { return pair(z.x * w.x - z.y * w.y, z.x * w.y + z.y * w.x); }
fn op_square_c64(z: vec2<f32>) -> vec2<f32> { return op_multiply_c64(z, z); }
fn times_i(z: vec2<f32>) -> vec2<f32> { return pair(negated(z.y), z.x); }
fn over_i(z: vec2<f32>) -> vec2<f32> { return pair(z.y, negated(z.x)); }
// The larger and the smaller magnitude; NaN where one of them is.
fn sorted_magnitudes(x: f32, y: f32) -> Two {
  let a = magnitude(x);
  let b = magnitude(y);
  if (is_nan(a) || is_nan(b)) { return Two(not_a_number(), not_a_number()); }
  if (a < b) { return Two(b, a); }
  return Two(a, b);
}
fn unit_if_infinite(x: f32) -> f32 { return with_sign(pick(is_infinite(x), 1.0, 0.0), x); }
fn exponent_of(z: vec2<f32>) -> f32 {
  let a = sorted_magnitudes(z.x, z.y).hi;
  if (a > 0.0 && is_finite(a)) { return decompose(a).k; }
  return 0.0;
}
fn scaled_pair(z: vec2<f32>, n: f32) -> vec2<f32> { return pair(scale(z.x, n), scale(z.y, n)); }
// Zero times x.
fn vanished(x: f32) -> f32 { return pick(is_finite(x), with_sign(0.0, x), not_a_number()); }
fn divide_limits(z: vec2<f32>, w: vec2<f32>) -> vec2<f32> {
  let inf = infinity();
  if (w.x == 0.0 && w.y == 0.0 && !(is_nan(z.x) && is_nan(z.y))) {
    let f = with_sign(inf, w.x);
    return pair(f * z.x, f * z.y);
  }
  if (op_isinf_c64(z) && op_isfinite_c64(w)) {
    let a = unit_if_infinite(z.x);
    let b = unit_if_infinite(z.y);
    return pair(inf * (a * w.x + b * w.y), inf * (b * w.x - a * w.y));
  }
  if (op_isinf_c64(w) && op_isfinite_c64(z)) {
    let c = unit_if_infinite(w.x);
    let d = unit_if_infinite(w.y);
    return pair(vanished(z.x * c + z.y * d), vanished(z.y * c - z.x * d));
  }
  return pair(not_a_number(), not_a_number());
}
fn op_divide_c64(z: vec2<f32>, w: vec2<f32>) -> vec2<f32> {
  let n = exponent_of(z);
  let d = exponent_of(w);
  let a = scaled_pair(z, negated(n));
  let b = scaled_pair(w, negated(d));
  let square = b.x * b.x + b.y * b.y;
  let re = (a.x * b.x + a.y * b.y) / square;
  let im = (a.y * b.x - a.x * b.y) / square;
  if (is_nan(re) && is_nan(im)) { return divide_limits(z, w); }
  return scaled_pair(pair(re, im), n - d);
}
fn op_reciprocal_c64(z: vec2<f32>) -> vec2<f32> {
  if (op_isinf_c64(z)) { return pair(with_sign(0.0, z.x), with_sign(0.0, negated(z.y))); }
  let n = exponent_of(z);
  let b = scaled_pair(z, negated(n));
  let square = b.x * b.x + b.y * b.y;
  if (square == 0.0) { return divide_limits(pair(1.0, 0.0), z); }
  return scaled_pair(pair(b.x / square, negated(b.y / square)), negated(n));
}
fn op_sign_c64(z: vec2<f32>) -> vec2<f32> {
  if (z.x == 0.0 && z.y == 0.0) { return pair(0.0, 0.0); }
  if (op_isnan_c64(z) || (is_infinite(z.x) && is_infinite(z.y))) { return pair(not_a_number(), not_a_number()); }
  if (op_isinf_c64(z)) { return pair(unit_if_infinite(z.x), unit_if_infinite(z.y)); }
  let a = scaled_pair(z, negated(exponent_of(z)));
  let length = op_abs_c64(a);
  return pair(a.x / length, a.y / length);
}

// ---- exponentials and logarithms ----
fn op_exp_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  if (y == 0.0) { return pair(op_exp_f32(x), y); }
  if (!is_finite(y)) {
    if (is_infinite(x) && is_negative(x)) { return pair(0.0, 0.0); }
    return pair(pick(is_infinite(x), x, not_a_number()), not_a_number());
  }
  let s = op_sin_f32(y);
  let c = op_cos_f32(y);
  if (magnitude(x) < 87.0) { let e = op_exp_f32(x); return pair(e * c, e * s); }
  let e = op_exp_f32(x * 0.5);
  return pair(e * c * e, e * s * e);
}
fn op_expm1_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  if (y == 0.0) { let e = op_expm1_f32(x); return pair(pick(e == 0.0, 0.0, e), y); }
  if (!is_finite(y) || !(magnitude(x) < 87.0)) { let e = op_exp_c64(z); return pair(e.x - 1.0, e.y); }
  let half = op_sin_f32(y * 0.5);
  return pair(op_expm1_f32(x) * op_cos_f32(y) - 2.0 * half * half, op_exp_f32(x) * op_sin_f32(y));
}
fn sum_of_squares(a: f32, b: f32, c: f32) -> f32 {
  let p = two_product(a, a);
  let q = two_product(b, b);
  let s = two_sum(p.hi, c);
  let t = two_sum(s.hi, q.hi);
  return t.hi + (t.lo + s.lo + (p.lo + q.lo));
}
fn log_abs(z: vec2<f32>) -> f32 {
  let m = sorted_magnitudes(z.x, z.y);
  let near = m.hi * m.hi + m.lo * m.lo;
  if (near > 0.5 && near < 3.0) { return 0.5 * op_log1p_f32(sum_of_squares(m.hi, m.lo, -1.0)); }
  if (is_finite(m.hi) && m.hi > 1.7014118e38) { return op_log_f32(op_hypot_f32(z.x * 0.5, z.y * 0.5)) + 0.6931472; }
  if (m.hi > 0.0 && m.hi < 9.860761e-32) {
    let up = 281474976710656.0;
    return op_log_f32(op_hypot_f32(z.x * up, z.y * up)) - 33.271065;
  }
  return op_log_f32(op_hypot_f32(z.x, z.y));
}
fn op_log_c64(z: vec2<f32>) -> vec2<f32> { return pair(log_abs(z), op_atan2_f32(z.y, z.x)); }
fn op_log2_c64(z: vec2<f32>) -> vec2<f32> {
  var re = 0.0;
  if (z.y == 0.0) { re = op_log2_f32(magnitude(z.x)); } else { re = log_abs(z) / 0.6931472; }
  return pair(re, op_atan2_f32(z.y, z.x) / 0.6931472);
}
fn op_log10_c64(z: vec2<f32>) -> vec2<f32> {
  var re = 0.0;
  if (z.y == 0.0) { re = op_log10_f32(magnitude(z.x)); } else { re = log_abs(z) / 2.3025851; }
  return pair(re, op_atan2_f32(z.y, z.x) / 2.3025851);
}
fn op_log1p_c64(z: vec2<f32>) -> vec2<f32> {
  let shifted = pair(1.0 + z.x, z.y);
  if (!(magnitude(z.x) < 0.5 && magnitude(z.y) < 2.0)) { return op_log_c64(shifted); }
  return pair(0.5 * op_log1p_f32(sum_of_squares(z.x, z.y, z.x + z.x)), op_atan2_f32(z.y, shifted.x));
}
fn op_sqrt_c64(z: vec2<f32>) -> vec2<f32> {
  var x = z.x;
  var y = z.y;
  if (is_infinite(y)) { return pair(infinity(), y); }
  if (x == 0.0 && y == 0.0) { return pair(0.0, y); }
  if (is_infinite(x)) {
    let vanishing = pick(is_nan(y), y, 0.0);
    if (x > 0.0) { return pair(x, with_sign(vanishing, y)); }
    return pair(vanishing, with_sign(infinity(), y));
  }
  if (y == 0.0 && !is_nan(x)) {
    let root = op_sqrt_f32(magnitude(x));
    if (x < 0.0) { return pair(0.0, with_sign(root, y)); }
    return pair(root, y);
  }
  let larger = sorted_magnitudes(x, y).hi;
  var factor = 1.0;
  var root_factor = 1.0;
  if (larger > 281474976710656.0) { factor = 1.262177448e-29; root_factor = 281474976710656.0; }
  if (larger < 3.552713678800501e-15) { factor = 79228162514264337593543950336.0; root_factor = 3.552713678800501e-15; }
  x *= factor;
  y *= factor;
  let t = op_sqrt_f32((magnitude(x) + op_hypot_f32(x, y)) * 0.5);
  let other = y / (t + t);
  if (x < 0.0) { return pair(magnitude(other) * root_factor, with_sign(t, y) * root_factor); }
  return pair(t * root_factor, other * root_factor);
}
// Small whole exponents are products, so that exact results are exact. Otherwise the relative error grows with |w log(z)|.
fn op_pow_c64(z: vec2<f32>, w: vec2<f32>) -> vec2<f32> {
  if (w.x == 0.0 && w.y == 0.0) { return pair(1.0, 0.0); }
  if (z.x == 0.0 && z.y == 0.0) {
    if (w.x > 0.0) { return pair(0.0, 0.0); }
    return pair(pick(w.x < 0.0 && w.y == 0.0, infinity(), not_a_number()), not_a_number());
  }
  if (!(w.y == 0.0)) { return op_exp_c64(op_multiply_c64(w, op_log_c64(z))); }
  if (z.y == 0.0 && z.x > 0.0) { return pair(op_pow_f32(z.x, w.x), 0.0); }
  let count = magnitude(w.x);
  if (count <= 32.0 && count == op_floor_f32(count)) {
    var n = u32(count);
    var base = z;
    var product = pair(1.0, 0.0);
    var started = false;
    loop {
      if (n == 0u) { break; }
      if ((n & 1u) == 1u) {
        if (started) { product = op_multiply_c64(product, base); } else { product = base; }
        started = true;
      }
      base = op_multiply_c64(base, base);
      n = n >> 1u;
    }
    if (op_isfinite_c64(product) && op_abs_c64(product) >= 1.1754944e-38) {
      if (w.x < 0.0) { return op_reciprocal_c64(product); }
      return product;
    }
  }
  let angle = w.x * op_atan2_f32(z.y, z.x);
  let length = op_pow_f32(op_abs_c64(z), w.x);
  return pair(length * op_cos_f32(angle), length * op_sin_f32(angle));
}

// ---- hyperbolic and trigonometric functions ----
// sinh(x) and cosh(x), to be multiplied by a factor that keeps them from overflowing.
fn sinh_cosh(x: f32) -> vec3<f32> {
  if (magnitude(x) < 87.0 || is_nan(x)) { return vec3<f32>(op_sinh_f32(x), op_cosh_f32(x), 1.0); }
  let e = op_exp_f32(magnitude(x) * 0.5);
  return vec3<f32>(with_sign(e * 0.5, x), e * 0.5, e);
}
fn op_sinh_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  if (y == 0.0) { return pair(op_sinh_f32(x), y); }
  if (!is_finite(y)) { return pair(pick(x == 0.0 || is_infinite(x), x, not_a_number()), not_a_number()); }
  let h = sinh_cosh(x);
  return pair(h.x * op_cos_f32(y) * h.z, h.y * op_sin_f32(y) * h.z);
}
fn op_cosh_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  if (y == 0.0) { return pair(op_cosh_f32(x), pick(is_negative(x), negated(y), y)); }
  if (!is_finite(y)) {
    if (x == 0.0) { return pair(not_a_number(), 0.0); }
    return pair(pick(is_infinite(x), infinity(), not_a_number()), not_a_number());
  }
  let h = sinh_cosh(x);
  return pair(h.y * op_cos_f32(y) * h.z, h.x * op_sin_f32(y) * h.z);
}
// After Kahan.
fn op_tanh_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  if (y == 0.0) { return pair(op_tanh_f32(x), y); }
  if (is_infinite(x)) { return pair(with_sign(1.0, x), with_sign(0.0, y)); }
  if (!is_finite(y)) { return pair(pick(x == 0.0, x, not_a_number()), not_a_number()); }
  let s = op_sin_f32(y);
  let c = op_cos_f32(y);
  if (magnitude(x) > 10.0) {
    let e = op_exp_f32(negated(magnitude(x)));
    return pair(with_sign(1.0, x), 4.0 * s * c * e * e);
  }
  let t = s / c;
  let beta = 1.0 + t * t;
  let sh = op_sinh_f32(x);
  let denominator = 1.0 + beta * sh * sh;
  return pair(beta * op_cosh_f32(x) * sh / denominator, t / denominator);
}
fn op_sin_c64(z: vec2<f32>) -> vec2<f32> { return over_i(op_sinh_c64(times_i(z))); }
fn op_cos_c64(z: vec2<f32>) -> vec2<f32> { return op_cosh_c64(times_i(z)); }
fn op_tan_c64(z: vec2<f32>) -> vec2<f32> { return over_i(op_tanh_c64(times_i(z))); }

// ---- inverses, after Hull, Fairgrieve and Tang (1997) and Kahan (1987) ----
struct Parts { log: f32, opposite: f32, adjacent: f32 }
// (hypot(y, b) - b) / 2 without cancellation, given the hypotenuse.
fn excess(y: f32, b: f32, hypotenuse: f32) -> f32 {
  if (b < 0.0) { return (hypotenuse - b) * 0.5; }
  if (b == 0.0) { return y * 0.5; }
  return y * y / (hypotenuse + b) * 0.5;
}
fn parts_of(x: f32, y: f32) -> Parts {
  let r = op_hypot_f32(x + 1.0, y);
  let s = op_hypot_f32(x - 1.0, y);
  let a = at_least((r + s) * 0.5, 1.0);
  let off_axis = y >= 1.1920929e-7 * magnitude(x - 1.0);
  let close = x == 1.0 && y < 1.4210855e-14;
  var logarithm = 0.0;
  if (a >= 10.0) {
    logarithm = op_log_f32(a + op_sqrt_f32(a * a - 1.0));
  } else if (close) {
    logarithm = op_sqrt_f32(y);
  } else if (off_axis) {
    let e = excess(y, 1.0 + x, r) + excess(y, 1.0 - x, s);
    logarithm = op_log1p_f32(e + op_sqrt_f32(e * (a + 1.0)));
  } else if (x < 1.0) {
    logarithm = y / op_sqrt_f32((1.0 - x) * (1.0 + x));
  } else {
    logarithm = op_log1p_f32((x - 1.0) + op_sqrt_f32((x - 1.0) * (x + 1.0)));
  }
  if (close) { return Parts(logarithm, x, op_sqrt_f32(y)); }
  if (off_axis) {
    let distance = excess(y, x + 1.0, r) + excess(y, x - 1.0, s);
    return Parts(logarithm, x, op_sqrt_f32(distance * (a + x)));
  }
  if (x > 1.0) {
    let up = 70368744177664.0;
    return Parts(logarithm, x * up, y * up * x / op_sqrt_f32((x + 1.0) * (x - 1.0)));
  }
  return Parts(logarithm, x, op_sqrt_f32((1.0 - x) * (1.0 + x)));
}
fn op_asinh_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  if (op_isnan_c64(z)) {
    if (is_infinite(x)) { return z; }
    if (is_infinite(y)) { return pair(y, x); }
    return pair(not_a_number(), pick(y == 0.0, y, not_a_number()));
  }
  let larger = sorted_magnitudes(x, y).hi;
  var out = pair(magnitude(x), magnitude(y));
  if (larger > 8388608.0) {
    let w = op_log_c64(out);
    out = pair(w.x + 0.6931472, w.y);
  } else if (larger * larger >= 5.9604645e-8) {
    let p = parts_of(magnitude(y), magnitude(x));
    out = pair(p.log, op_atan2_f32(p.opposite, p.adjacent));
  }
  return pair(with_sign(out.x, x), with_sign(out.y, y));
}
fn op_acos_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  if (op_isnan_c64(z)) {
    if (is_infinite(x)) { return pair(not_a_number(), negated(infinity())); }
    if (is_infinite(y)) { return pair(not_a_number(), negated(y)); }
    return pair(pick(x == 0.0, 1.5707964, not_a_number()), not_a_number());
  }
  var out = pair(0.0, 0.0);
  if (sorted_magnitudes(x, y).hi > 8388608.0) {
    let w = op_log_c64(z);
    out = pair(magnitude(w.y), w.x + 0.6931472);
  } else {
    let p = parts_of(magnitude(x), magnitude(y));
    out = pair(op_atan2_f32(p.adjacent, with_sign(p.opposite, x)), p.log);
  }
  return pair(out.x, negated(with_sign(out.y, y)));
}
fn op_acosh_c64(z: vec2<f32>) -> vec2<f32> {
  let w = op_acos_c64(z);
  if (is_nan(w.x) && is_nan(w.y)) { return w; }
  if (is_nan(w.y)) { return pair(w.y, w.x); }
  return pair(magnitude(w.y), with_sign(w.x, z.y));
}
fn op_atanh_c64(z: vec2<f32>) -> vec2<f32> {
  let x = z.x;
  let y = z.y;
  let ax = magnitude(x);
  let ay = magnitude(y);
  if (y == 0.0 && ax <= 1.0) { return pair(op_atanh_f32(x), y); }
  if (x == 0.0) { return pair(x, op_atan_f32(y)); }
  if (is_infinite(ax) || is_infinite(ay)) { return pair(with_sign(0.0, x), pick(is_nan(y), y, with_sign(1.5707964, y))); }
  if (is_nan(ax) || is_nan(ay)) { return pair(not_a_number(), not_a_number()); }
  if (ax > 8388608.0 || ay > 8388608.0) { return pair(op_reciprocal_c64(z).x, with_sign(1.5707964, y)); }
  var re = 0.0;
  if (ax == 1.0 && ay < 1.1920929e-7) {
    re = 0.5 * (0.6931472 - op_log_f32(ay));
  } else {
    let near = 1.0 - ax;
    let square = pick(ay * ay >= 1.1754944e-38, near * near + ay * ay, near * near);
    re = op_log1p_f32(4.0 * ax / square) / 4.0;
  }
  let difference = (1.0 - ax) * (1.0 + ax);
  let im = 0.5 * op_atan2_f32(ay + ay, difference - ay * ay);
  return pair(with_sign(re, x), with_sign(im, y));
}
fn op_asin_c64(z: vec2<f32>) -> vec2<f32> { return over_i(op_asinh_c64(times_i(z))); }
fn op_atan_c64(z: vec2<f32>) -> vec2<f32> { return over_i(op_atanh_c64(times_i(z))); }
