// Booleans, random numbers, and numbers that become others.
fn op_logical_and_bool(x: bool, y: bool) -> bool { return x && y; }
fn op_logical_or_bool(x: bool, y: bool) -> bool { return x || y; }
fn op_logical_xor_bool(x: bool, y: bool) -> bool { return x != y; }
fn op_logical_not_bool(x: bool) -> bool { return !x; }
fn op_bitwise_and_bool(x: bool, y: bool) -> bool { return x && y; }
fn op_bitwise_or_bool(x: bool, y: bool) -> bool { return x || y; }
fn op_bitwise_xor_bool(x: bool, y: bool) -> bool { return x != y; }
fn op_bitwise_invert_bool(x: bool) -> bool { return !x; }
fn op_equal_bool(x: bool, y: bool) -> bool { return x == y; }
fn op_not_equal_bool(x: bool, y: bool) -> bool { return x != y; }
fn is_true_bool(x: bool) -> bool { return x; }

fn low_word(x: u64) -> u32 { return u32(x & u64(0xffffffffu)); }
fn high_word(x: u64) -> u32 { return u32(x >> 32u); }
fn join_words(low: u32, high: u32) -> u64 { return (u64(high) << 32u) | u64(low); }
// By words: Mesa 22.3 takes a comparison of `i64(x)` with zero for one of a positive number.
fn i64_of_i32(x: i32) -> i64 { return bitcast<i64>(join_words(bitcast<u32>(x), bitcast<u32>(x >> 31u))); }
// Philox 4x32 of ten rounds (Salmon, Moraes, Dror & Shaw 2011): one half of the four words of a position.
fn philox(position: i64, key: u64, stream: u64, upper: bool) -> u64 {
  let at = bitcast<u64>(position);
  var a = low_word(at);
  var b = high_word(at);
  var c = low_word(stream);
  var d = high_word(stream);
  var k = low_word(key);
  var l = high_word(key);
  for (var round = 0; round < 10; round++) {
    let p = u64(a) * u64(0xd2511f53u);
    let q = u64(c) * u64(0xcd9e8d57u);
    a = high_word(q) ^ b ^ k;
    b = low_word(q);
    c = high_word(p) ^ d ^ l;
    d = low_word(p);
    k += 0x9e3779b9u;
    l += 0xbb67ae85u;
  }
  if (upper) { return join_words(c, d); }
  return join_words(a, b);
}
fn op_random_bits_i64(position: i64, key: u64, stream: u64) -> u64 { return philox(position, key, stream, false); }
fn op_random_bits_high_i64(position: i64, key: u64, stream: u64) -> u64 { return philox(position, key, stream, true); }
fn op_multiply_high_u64(x: u64, y: u64) -> u64 {
  let mask = u64(0xffffffffu);
  let low = (x & mask) * (y & mask);
  let middle = (x >> 32u) * (y & mask) + (low >> 32u);
  let other = (x & mask) * (y >> 32u) + (middle & mask);
  return (x >> 32u) * (y >> 32u) + (middle >> 32u) + (other >> 32u);
}

fn wrap_i8(x: i32) -> i32 { return (x << 24u) >> 24u; }
fn wrap_i16(x: i32) -> i32 { return (x << 16u) >> 16u; }
fn wrap_u8(x: u32) -> u32 { return x & 0xffu; }
fn wrap_u16(x: u32) -> u32 { return x & 0xffffu; }

// Elements that share a word, four or two of them: the bits of one, and what differs in a word that gets others in their place.
fn part_4(word: u32, index: u32) -> u32 { return (word >> ((index & 3u) * 8u)) & 0xffu; }
fn part_2(word: u32, index: u32) -> u32 { return (word >> ((index & 1u) * 16u)) & 0xffffu; }
fn change_4(word: u32, index: u32, bits: u32) -> u32 { return (part_4(word, index) ^ bits) << ((index & 3u) * 8u); }
fn change_2(word: u32, index: u32, bits: u32) -> u32 { return (part_2(word, index) ^ bits) << ((index & 1u) * 16u); }
// Halves from their bits and back, by integers: drivers may flush subnormal halves. What is given back is rounded already.
fn f32_of_half(bits: u32) -> f32 {
  let sign = (bits & 0x8000u) << 16u;
  let rest = bits & 0x7fffu;
  if (rest < 0x400u) { return bitcast<f32>(bitcast<u32>(f32(rest) * 5.9604645e-8) | sign); }
  if (rest >= 0x7c00u) { return bitcast<f32>((rest << 13u) | 0x7f800000u | sign); }
  return bitcast<f32>(((rest << 13u) + 0x38000000u) | sign);
}
fn half_of_f32(x: f32) -> u32 {
  let b = bitcast<u32>(x);
  let a = b & 0x7fffffffu;
  let sign = (b >> 16u) & 0x8000u;
  if (a > 0x7f800000u) { return sign | 0x7e00u | ((a >> 13u) & 0x3ffu); }
  if (a >= 0x47800000u) { return sign | 0x7c00u; }
  if (a < 0x38800000u) { return sign | u32(bitcast<f32>(a) * 16777216.0); }
  return sign | ((a - 0x38000000u) >> 13u);
}
fn brain_of_f32(x: f32) -> u32 {
  let b = bitcast<u32>(x);
  return (b >> 16u) | select(0u, 0x40u, (b & 0x7fffffffu) > 0x7f800000u);
}

// The number nearest to an integer, ties to even: drivers may round conversions as they like.
fn f32_of_u64(x: u64) -> f32 {
  let high = high_word(x);
  let zeros = select(32u + countLeadingZeros(low_word(x)), countLeadingZeros(high), high != 0u);
  if (zeros >= 40u) { return f32(low_word(x)); }
  let drop = 40u - zeros;
  let rest = x & ((u64(1u) << drop) - u64(1u));
  let half = u64(1u) << (drop - 1u);
  var m = low_word(x >> drop);
  if (rest > half || (rest == half && (m & 1u) == 1u)) { m += 1u; }
  return f32(m) * bitcast<f32>((drop + 127u) << 23u);
}
fn f32_of_i64(x: i64) -> f32 {
  if (x < i64(0)) { return bitcast<f32>(bitcast<u32>(f32_of_u64(bitcast<u64>(i64(0) - x))) ^ 0x80000000u); }
  return f32_of_u64(bitcast<u64>(x));
}
fn f32_of_i32(x: i32) -> f32 {
  let a = f32_of_u32(bitcast<u32>(select(x, 0 - x, x < 0)));
  return select(a, bitcast<f32>(bitcast<u32>(a) ^ 0x80000000u), x < 0);
}
fn f32_of_u32(x: u32) -> f32 { return f32_of_u64(u64(x)); }
// Numbers become integers by truncation, at most the ends of the range; NaN becomes 0.
fn i32_of_f32(x: f32, low: i32, high: i32) -> i32 {
  if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) { return 0; }
  if (x >= 2147483648.0) { return high; }
  if (x <= -2147483648.0) { return low; }
  return clamp(i32(x), low, high);
}
fn u32_of_f32(x: f32, high: u32) -> u32 {
  if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u || x <= 0.0) { return 0u; }
  if (x >= 4294967296.0) { return high; }
  return min(u32(x), high);
}
fn i64_of_f32(x: f32) -> i64 {
  let b = bitcast<u32>(x);
  let exponent = (b >> 23u) & 0xffu;
  if ((b & 0x7fffffffu) > 0x7f800000u || exponent < 127u) { return i64(0); }
  if (exponent >= 190u) { return bitcast<i64>(select(join_words(0xffffffffu, 0x7fffffffu), join_words(0u, 0x80000000u), b >= 0x80000000u)); }
  let m = u64((b & 0x7fffffu) | 0x800000u);
  let n = bitcast<i64>(select(m >> (150u - min(exponent, 150u)), m << (max(exponent, 150u) - 150u), exponent >= 150u));
  return select(n, i64(0) - n, b >= 0x80000000u);
}
fn u64_of_f32(x: f32) -> u64 {
  let b = bitcast<u32>(x);
  let exponent = (b >> 23u) & 0xffu;
  if (b >= 0x80000000u || b > 0x7f800000u || exponent < 127u) { return u64(0u); }
  if (exponent >= 191u) { return join_words(0xffffffffu, 0xffffffffu); }
  let m = u64((b & 0x7fffffu) | 0x800000u);
  return select(m >> (150u - min(exponent, 150u)), m << (max(exponent, 150u) - 150u), exponent >= 150u);
}
