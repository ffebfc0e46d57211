// Integers of 32 and 64 bits: T is one of i32, u32, i64 and u64, BITS its width.
// Narrower ones are these, wrapped.
fn op_add_T(x: T, y: T) -> T { return x + y; }
fn op_subtract_T(x: T, y: T) -> T { return x - y; }
fn op_multiply_T(x: T, y: T) -> T { return x * y; }
fn op_square_T(x: T) -> T { return x * x; }
fn op_abs_square_T(x: T) -> T { return x * x; }
fn op_negative_T(x: T) -> T { return T(0) - x; }
fn op_positive_T(x: T) -> T { return x; }
fn op_abs_T(x: T) -> T { return select(x, T(0) - x, x < T(0)); }
fn op_sign_T(x: T) -> T { return select(T(0), T(1), x > T(0)) - select(T(0), T(1), x < T(0)); }
fn op_maximum_T(x: T, y: T) -> T { return select(x, y, y > x); }
fn op_minimum_T(x: T, y: T) -> T { return select(x, y, y < x); }
fn op_floor_T(x: T) -> T { return x; }
fn op_ceil_T(x: T) -> T { return x; }
fn op_trunc_T(x: T) -> T { return x; }
fn op_round_T(x: T) -> T { return x; }
fn op_conj_T(x: T) -> T { return x; }
fn op_real_T(x: T) -> T { return x; }
fn op_imag_T(x: T) -> T { return T(0); }
fn op_isnan_T(x: T) -> bool { return false; }
fn op_isinf_T(x: T) -> bool { return false; }
fn op_isfinite_T(x: T) -> bool { return true; }
fn op_equal_T(x: T, y: T) -> bool { return x == y; }
fn op_not_equal_T(x: T, y: T) -> bool { return x != y; }
fn op_less_T(x: T, y: T) -> bool { return x < y; }
fn op_less_equal_T(x: T, y: T) -> bool { return x <= y; }
fn op_greater_T(x: T, y: T) -> bool { return x > y; }
fn op_greater_equal_T(x: T, y: T) -> bool { return x >= y; }
fn is_true_T(x: T) -> bool { return x != T(0); }
fn is_special_T(y: T) -> bool { return y == T(0) || (SIGNED && y == MINUS_ONE); }
fn quotient_T(x: T, y: T) -> T {
  if (is_special_T(y)) { return select(T(0) - x, T(0), y == T(0)); }
  return x / y;
}
fn remainder_T(x: T, y: T) -> T {
  if (is_special_T(y)) { return T(0); }
  return x % y;
}
fn op_floor_divide_T(x: T, y: T) -> T {
  let r = remainder_T(x, y);
  return quotient_T(x, y) - select(T(0), T(1), r != T(0) && (r < T(0)) != (y < T(0)));
}
fn op_remainder_T(x: T, y: T) -> T {
  let r = remainder_T(x, y);
  return r + select(T(0), y, r != T(0) && (r < T(0)) != (y < T(0)));
}
fn op_pow_T(x: T, n: T) -> T {
  if (n < T(0)) {
    if (x == T(1)) { return T(1); }
    if (x == MINUS_ONE) { return select(T(1), x, (n & T(1)) != T(0)); }
    return T(0);
  }
  var base = x;
  var product = T(1);
  var k = n;
  loop {
    if (k == T(0)) { break; }
    if ((k & T(1)) != T(0)) { product = product * base; }
    base = base * base;
    k = k >> 1u;
  }
  return product;
}
fn op_bitwise_and_T(x: T, y: T) -> T { return x & y; }
fn op_bitwise_or_T(x: T, y: T) -> T { return x | y; }
fn op_bitwise_xor_T(x: T, y: T) -> T { return x ^ y; }
fn op_bitwise_invert_T(x: T) -> T { return ~x; }
fn op_bitwise_left_shift_T(x: T, n: T) -> T {
  if (n < T(0) || n >= T(BITS)) { return T(0); }
  return x << u32(n);
}
fn op_bitwise_right_shift_T(x: T, n: T) -> T {
  if (n < T(0) || n >= T(BITS)) { return select(T(0), MINUS_ONE, x < T(0)); }
  return x >> u32(n);
}
