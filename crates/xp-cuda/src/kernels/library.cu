// The device library: every operation of xp-core as a function `op_<name>`, and `convert`.
// Halves are computed in f32; a type that an operation does not take has no overload.

#define DEVICE static __device__ __forceinline__
#define FOR_SIGNED(F) F(i8, u8) F(i16, u16) F(i32, u32) F(i64, u64)
#define FOR_UNSIGNED(F) F(u8, u8) F(u16, u16) F(u32, u32) F(u64, u64)
#define FOR_INTEGERS(F) FOR_SIGNED(F) FOR_UNSIGNED(F)
#define FOR_HALVES(F) F(f16) F(bf16)

template <class T> struct Limits;
#define LIMITS(T, LOW, HIGH) template <> struct Limits<T> { DEVICE T lowest() { return LOW; } DEVICE T highest() { return HIGH; } };
LIMITS(i8, -128, 127) LIMITS(i16, -32768, 32767) LIMITS(i32, -2147483647 - 1, 2147483647)
LIMITS(i64, -9223372036854775807LL - 1, 9223372036854775807LL)
LIMITS(u8, 0, 255) LIMITS(u16, 0, 65535) LIMITS(u32, 0, 4294967295u) LIMITS(u64, 0, 18446744073709551615ull)
LIMITS(f32, bit_cast<f32>(0xff800000u), bit_cast<f32>(0x7f800000u))
LIMITS(f64, bit_cast<f64>(0xfff0000000000000ull), bit_cast<f64>(0x7ff0000000000000ull))
LIMITS(f16, f16(bit_cast<f32>(0xff800000u)), f16(bit_cast<f32>(0x7f800000u)))
LIMITS(bf16, bf16(bit_cast<f32>(0xff800000u)), bf16(bit_cast<f32>(0x7f800000u)))

// What a floating-point type is made of.
template <class R> struct Format;
template <> struct Format<f32> {
  typedef u32 Bits;
  DEVICE f32 nan() { return bit_cast<f32>(0x7fc00000u); }
  DEVICE f32 infinity() { return bit_cast<f32>(0x7f800000u); }
  DEVICE f32 epsilon() { return 1.1920928955078125e-7f; }
  DEVICE f32 smallest() { return bit_cast<f32>(0x00800000u); }
  DEVICE f32 largest() { return bit_cast<f32>(0x7f7fffffu); }
  DEVICE f32 exp_max() { return 87.0f; }  // two below the largest exponent with a finite exp
  DEVICE f32 saturated() { return 10.0f; }
  DEVICE f32 square_max() { return bit_cast<f32>((127u + 48u) << 23); }
  DEVICE f32 square_up() { return bit_cast<f32>((127u + 96u) << 23); }
  DEVICE f32 square_down() { return bit_cast<f32>((127u - 96u) << 23); }
  DEVICE f32 normalize() { return 16777216.0f; }
  DEVICE f32 normalize_exponent() { return 24.0f; }
};
template <> struct Format<f64> {
  typedef u64 Bits;
  DEVICE f64 nan() { return bit_cast<f64>(0x7ff8000000000000ull); }
  DEVICE f64 infinity() { return bit_cast<f64>(0x7ff0000000000000ull); }
  DEVICE f64 epsilon() { return 2.220446049250313080847263336181640625e-16; }
  DEVICE f64 smallest() { return bit_cast<f64>(0x0010000000000000ull); }
  DEVICE f64 largest() { return bit_cast<f64>(0x7fefffffffffffffull); }
  DEVICE f64 exp_max() { return 708.0; }
  DEVICE f64 saturated() { return 20.0; }
  DEVICE f64 square_max() { return bit_cast<f64>((1023ull + 384ull) << 52); }
  DEVICE f64 square_up() { return bit_cast<f64>((1023ull + 768ull) << 52); }
  DEVICE f64 square_down() { return bit_cast<f64>((1023ull - 768ull) << 52); }
  DEVICE f64 normalize() { return 9007199254740992.0; }
  DEVICE f64 normalize_exponent() { return 53.0; }
};
template <> struct Format<f16> { typedef u16 Bits; };
template <> struct Format<bf16> { typedef u16 Bits; };
#define LN_2 R(0.693147180559945309417232121458)
#define LN_10 R(2.30258509299404568401799145468)
#define HALF_PI R(1.57079632679489661923132169164)

// ---- conversions ----
// The f32 that keeps, in its last bit, whether x lies beside it: narrowing it once more rounds x correctly.
DEVICE f32 round_to_odd(f64 x) {
  f32 y = (f32)x;
  f64 back = y;
  if (back == x || x != x) return y;
  u32 bits = bit_cast<u32>(y);
  if ((back < 0 ? -back : back) > (x < 0 ? -x : x)) bits--;
  return bit_cast<f32>(bits | 1u);
}
template <class I> DEVICE I saturate(f64 x) {
  // The bound above the highest value is a power of two, exact in f64.
  const f64 beyond = (f64)(Limits<I>::highest() / 2 + 1) * 2.0, lowest = (f64)Limits<I>::lowest();
  return x != x ? (I)0 : x >= beyond ? Limits<I>::highest() : x <= lowest ? Limits<I>::lowest() : (I)x;
}
template <class T> struct KindOf { enum { kind = 0 }; };  // 0 integer, 1 bool, 2 float, 3 half, 4 complex
template <> struct KindOf<bool> { enum { kind = 1 }; };
template <> struct KindOf<f32> { enum { kind = 2 }; };
template <> struct KindOf<f64> { enum { kind = 2 }; };
template <> struct KindOf<f16> { enum { kind = 3 }; };
template <> struct KindOf<bf16> { enum { kind = 3 }; };
template <class T> struct KindOf<complex<T>> { enum { kind = 4 }; };
template <class To, class From, int to = KindOf<To>::kind, int from = KindOf<From>::kind> struct Convert;
// The same type needs no conversion.
template <class To, class From> struct Conversion { DEVICE To of(From x) { return Convert<To, From>::of(x); } };
template <class T> struct Conversion<T, T> { DEVICE T of(T x) { return x; } };
template <class To, class From> struct Convert<To, From, 0, 0> { DEVICE To of(From x) { return (To)x; } };
template <class To, class From> struct Convert<To, From, 0, 1> { DEVICE To of(From x) { return (To)(x ? 1 : 0); } };
template <class To, class From> struct Convert<To, From, 0, 2> { DEVICE To of(From x) { return saturate<To>(x); } };
template <class To, class From> struct Convert<To, From, 0, 3> { DEVICE To of(From x) { return saturate<To>((f32)x); } };
template <class To, class From> struct Convert<To, From, 1, 0> { DEVICE To of(From x) { return x != 0; } };
template <class To, class From> struct Convert<To, From, 1, 2> { DEVICE To of(From x) { return x != 0; } };
template <class To, class From> struct Convert<To, From, 1, 3> { DEVICE To of(From x) { return (f32)x != 0; } };
template <class To, class From> struct Convert<To, From, 1, 4> { DEVICE To of(From x) { return x.re != 0 || x.im != 0; } };
template <class To, class From> struct Convert<To, From, 2, 0> { DEVICE To of(From x) { return (To)x; } };
template <class To, class From> struct Convert<To, From, 2, 1> { DEVICE To of(From x) { return (To)(x ? 1 : 0); } };
template <class To, class From> struct Convert<To, From, 2, 2> { DEVICE To of(From x) { return (To)x; } };
template <class To, class From> struct Convert<To, From, 2, 3> { DEVICE To of(From x) { return (To)(f32)x; } };
template <class To, class From> struct Convert<To, From, 3, 0> { DEVICE To of(From x) { return To(round_to_odd((f64)x)); } };
template <class To, class From> struct Convert<To, From, 3, 1> { DEVICE To of(From x) { return To(x ? 1.0f : 0.0f); } };
template <class To, class From> struct Convert<To, From, 3, 2> { DEVICE To of(From x) { return To(round_to_odd((f64)x)); } };
template <class To, class From> struct Convert<To, From, 3, 3> { DEVICE To of(From x) { return To((f32)x); } };
template <class To, class From, int from> struct Convert<complex<To>, From, 4, from> {
  DEVICE complex<To> of(From x) { return complex<To>(Conversion<To, From>::of(x), To(0)); }
};
template <class To, class From> struct Convert<complex<To>, complex<From>, 4, 4> {
  DEVICE complex<To> of(complex<From> x) { return complex<To>((To)x.re, (To)x.im); }
};
template <class To, class From, int to> struct ConvertReal { DEVICE To of(From x) { return Conversion<To, decltype(x.re)>::of(x.re); } };
template <class To, class From> struct Convert<To, From, 0, 4> : ConvertReal<To, From, 0> {};
template <class To, class From> struct Convert<To, From, 2, 4> : ConvertReal<To, From, 2> {};
template <class To, class From> struct Convert<To, From, 3, 4> : ConvertReal<To, From, 3> {};
template <class To, class From> DEVICE To convert(From x) { return Conversion<To, From>::of(x); }

// ---- declarations for all floats from a template over f32 and f64 ----
#define REAL_1(name, expression) \
  template <class R> DEVICE R real_##name(R x) { return expression; } \
  DEVICE f32 op_##name(f32 x) { return real_##name<f32>(x); } DEVICE f64 op_##name(f64 x) { return real_##name<f64>(x); } \
  DEVICE f16 op_##name(f16 x) { return f16(real_##name<f32>(x)); } DEVICE bf16 op_##name(bf16 x) { return bf16(real_##name<f32>(x)); }
#define REAL_2(name, expression) \
  template <class R> DEVICE R real_##name(R x, R y) { return expression; } \
  DEVICE f32 op_##name(f32 x, f32 y) { return real_##name<f32>(x, y); } DEVICE f64 op_##name(f64 x, f64 y) { return real_##name<f64>(x, y); } \
  DEVICE f16 op_##name(f16 x, f16 y) { return f16(real_##name<f32>(x, y)); } DEVICE bf16 op_##name(bf16 x, bf16 y) { return bf16(real_##name<f32>(x, y)); }
#define COMPLEX_1(name, expression) template <class R> DEVICE complex<R> op_##name(complex<R> z) { return expression; }
#define COMPLEX_2(name, expression) template <class R> DEVICE complex<R> op_##name(complex<R> z, complex<R> w) { return expression; }

// ---- integers ----
#define INTEGER(T, U) \
  DEVICE T op_add(T x, T y) { return (T)((U)x + (U)y); } DEVICE T op_subtract(T x, T y) { return (T)((U)x - (U)y); } \
  DEVICE T op_multiply(T x, T y) { return (T)((u64)(U)x * (u64)(U)y); } DEVICE T op_square(T x) { return op_multiply(x, x); } \
  DEVICE T op_negative(T x) { return (T)((U)0 - (U)x); } DEVICE T op_positive(T x) { return x; } \
  DEVICE T op_maximum(T x, T y) { return y > x ? y : x; } DEVICE T op_minimum(T x, T y) { return y < x ? y : x; } \
  DEVICE T op_sign(T x) { return (T)((x > 0) - (x < 0)); } \
  DEVICE T quotient_of(T x, T y) { return y == 0 ? (T)0 : (T)-1 < 0 && y == (T)-1 ? op_negative(x) : (T)(x / y); } \
  DEVICE T remainder_of(T x, T y) { return y == 0 || ((T)-1 < 0 && y == (T)-1) ? (T)0 : (T)(x % y); } \
  DEVICE T op_floor_divide(T x, T y) { T q = quotient_of(x, y), r = remainder_of(x, y); return r != 0 && (r < 0) != (y < 0) ? (T)(q - 1) : q; } \
  DEVICE T op_remainder(T x, T y) { T r = remainder_of(x, y); return r != 0 && (r < 0) != (y < 0) ? (T)(r + y) : r; } \
  DEVICE T op_pow(T x, T n) { \
    if (n < 0) return x == 1 ? (T)1 : x == (T)-1 ? (T)(n & 1 ? x : (T)1) : (T)0; \
    T base = x, product = 1; \
    for (U k = (U)n; k > 0; k = (U)(k >> 1)) { if (k & 1) product = op_multiply(product, base); base = op_multiply(base, base); } \
    return product; \
  } \
  DEVICE T op_bitwise_and(T x, T y) { return (T)(x & y); } DEVICE T op_bitwise_or(T x, T y) { return (T)(x | y); } \
  DEVICE T op_bitwise_xor(T x, T y) { return (T)(x ^ y); } DEVICE T op_bitwise_invert(T x) { return (T)~x; } \
  DEVICE T op_bitwise_left_shift(T x, T n) { return (u64)n < 8 * sizeof(T) ? (T)((U)x << (U)n) : (T)0; } \
  DEVICE T op_bitwise_right_shift(T x, T n) { return (u64)n < 8 * sizeof(T) ? (T)(x >> n) : (T)(x < 0 ? -1 : 0); } \
  DEVICE T op_floor(T x) { return x; } DEVICE T op_ceil(T x) { return x; } DEVICE T op_trunc(T x) { return x; } DEVICE T op_round(T x) { return x; } \
  DEVICE T op_conj(T x) { return x; } DEVICE T op_real(T x) { return x; } DEVICE T op_imag(T) { return (T)0; } \
  DEVICE T op_abs_square(T x) { return op_multiply(x, x); } DEVICE T op_abs(T x) { return x < 0 ? op_negative(x) : x; } \
  DEVICE bool op_isnan(T) { return false; } DEVICE bool op_isinf(T) { return false; } DEVICE bool op_isfinite(T) { return true; } \
  DEVICE bool op_equal(T x, T y) { return x == y; } DEVICE bool op_not_equal(T x, T y) { return x != y; } \
  DEVICE bool op_less(T x, T y) { return x < y; } DEVICE bool op_less_equal(T x, T y) { return x <= y; } \
  DEVICE bool op_greater(T x, T y) { return x > y; } DEVICE bool op_greater_equal(T x, T y) { return x >= y; } \
  DEVICE bool is_true(T x) { return x != 0; }
FOR_INTEGERS(INTEGER)

DEVICE bool op_logical_and(bool x, bool y) { return x & y; }
DEVICE bool op_logical_or(bool x, bool y) { return x | y; }
DEVICE bool op_logical_xor(bool x, bool y) { return x != y; }
DEVICE bool op_logical_not(bool x) { return !x; }
DEVICE bool op_bitwise_and(bool x, bool y) { return x & y; }
DEVICE bool op_bitwise_or(bool x, bool y) { return x | y; }
DEVICE bool op_bitwise_xor(bool x, bool y) { return x != y; }
DEVICE bool op_bitwise_invert(bool x) { return !x; }
DEVICE bool op_equal(bool x, bool y) { return x == y; }
DEVICE bool op_not_equal(bool x, bool y) { return x != y; }
DEVICE bool is_true(bool x) { return x; }
template <class T> DEVICE T op_where(bool c, T x, T y) { return c ? x : y; }
// Philox 4x32 of ten rounds (Salmon, Moraes, Dror & Shaw 2011): one half of the four words of a position.
DEVICE u64 philox(i64 position, u64 key, u64 stream, bool high) {
  u32 a = (u32)position, b = (u32)((u64)position >> 32), c = (u32)stream, d = (u32)(stream >> 32), k = (u32)key, l = (u32)(key >> 32);
  for (int round = 0; round < 10; ++round) {
    u64 p = (u64)a * 0xd2511f53u, q = (u64)c * 0xcd9e8d57u;
    a = (u32)(q >> 32) ^ b ^ k; b = (u32)q; c = (u32)(p >> 32) ^ d ^ l; d = (u32)p;
    k += 0x9e3779b9u; l += 0xbb67ae85u;
  }
  return high ? (u64)d << 32 | c : (u64)b << 32 | a;
}
DEVICE u64 op_random_bits(i64 position, u64 key, u64 stream) { return philox(position, key, stream, false); }
DEVICE u64 op_random_bits_high(i64 position, u64 key, u64 stream) { return philox(position, key, stream, true); }
DEVICE u64 op_multiply_high(u64 x, u64 y) {
  u64 low = (x & 0xffffffffu) * (y & 0xffffffffu), middle = (x >> 32) * (y & 0xffffffffu) + (low >> 32);
  u64 other = (x & 0xffffffffu) * (y >> 32) + (middle & 0xffffffffu);
  return (x >> 32) * (y >> 32) + (middle >> 32) + (other >> 32);
}

// ---- real numbers ----
#define COMPARISONS(T, R) \
  DEVICE bool op_equal(T x, T y) { return (R)x == (R)y; } DEVICE bool op_not_equal(T x, T y) { return (R)x != (R)y; } \
  DEVICE bool op_less(T x, T y) { return (R)x < (R)y; } DEVICE bool op_less_equal(T x, T y) { return (R)x <= (R)y; } \
  DEVICE bool op_greater(T x, T y) { return (R)x > (R)y; } DEVICE bool op_greater_equal(T x, T y) { return (R)x >= (R)y; } \
  DEVICE bool op_isnan(T x) { return (R)x != (R)x; } \
  DEVICE bool op_isinf(T x) { R y = (R)x; return y == Format<R>::infinity() || y == -Format<R>::infinity(); } \
  DEVICE bool op_isfinite(T x) { R y = (R)x; return y - y == 0; } \
  DEVICE bool op_signbit(T x) { typedef Format<T>::Bits B; return bit_cast<B>(x) >> (8 * sizeof(T) - 1) != 0; } \
  DEVICE bool is_true(T x) { return (R)x != 0; } \
  DEVICE T op_conj(T x) { return x; } DEVICE T op_real(T x) { return x; } DEVICE T op_imag(T) { return T(R(0)); } \
  DEVICE T op_abs(T x) { typedef Format<T>::Bits B; return bit_cast<T>((B)(bit_cast<B>(x) & (B)((B)~(B)0 >> 1))); } \
  DEVICE T op_nextafter(T x, T to) { \
    typedef Format<T>::Bits B; \
    const B sign = (B)((B)1 << (8 * sizeof(T) - 1)); \
    R a = (R)x, b = (R)to; \
    if (a != a) return x; \
    if (b != b || a == b) return to; \
    if (a == 0) return bit_cast<T>((B)((bit_cast<B>(to) & sign) | 1)); \
    B bits = bit_cast<B>(x); \
    bool away = (a < b) == ((bits & sign) == 0); \
    return bit_cast<T>((B)(away ? bits + 1 : bits - 1)); \
  }
COMPARISONS(f32, f32) COMPARISONS(f64, f64) COMPARISONS(f16, f32) COMPARISONS(bf16, f32)

REAL_2(add, x + y) REAL_2(subtract, x - y) REAL_2(multiply, x * y) REAL_2(divide, x / y)
REAL_1(negative, -x) REAL_1(positive, x) REAL_1(square, x * x) REAL_1(abs_square, x * x) REAL_1(reciprocal, R(1) / x)
REAL_1(sign, x > R(0) ? R(1) : x < R(0) ? R(-1) : x == R(0) ? R(0) : x)
REAL_2(maximum, x > y || x != x || (x == y && !op_signbit(x)) ? x : y)
REAL_2(minimum, x < y || x != x || (x == y && op_signbit(x)) ? x : y)
REAL_2(copysign, copysign(x, y))
REAL_1(floor, floor(x)) REAL_1(ceil, ceil(x)) REAL_1(trunc, trunc(x)) REAL_1(round, rint(x))
REAL_1(sqrt, sqrt(x))
DEVICE f32 exact_remainder(f32 x, f32 y) { return fmodf(x, y); }
DEVICE f64 exact_remainder(f64 x, f64 y) { return fmod(x, y); }
template <class R> DEVICE R floored_remainder(R x, R y) {
  R r = exact_remainder(x, y);
  return r == R(0) ? copysign(R(0), y) : (r < R(0)) != (y < R(0)) ? r + y : r;
}
REAL_2(remainder, floored_remainder(x, y))
// The exact remainder with the sign of y decides the floor: the rounded quotient may have reached the next integer.
template <class R> DEVICE R floored_quotient(R x, R y) {
  R q = x / y;
  if (!op_isfinite(x) || !op_isfinite(y) || y == R(0)) return floor(q);
  if (!op_isfinite(q)) return q;
  q = (x - floored_remainder(x, y)) / y;
  R f = floor(op_abs(q) + R(0.5));
  if (f == R(0)) return copysign(R(0), x / y);
  return op_abs(q) < R(1) / Format<R>::epsilon() ? copysign(f, q) : q;
}
REAL_2(floor_divide, floored_quotient(x, y))
REAL_2(pow, pow(x, y)) REAL_2(atan2, atan2(x, y)) REAL_2(hypot, hypot(x, y))
REAL_1(exp, exp(x)) REAL_1(expm1, expm1(x)) REAL_1(log, log(x)) REAL_1(log1p, log1p(x)) REAL_1(log2, log2(x)) REAL_1(log10, log10(x))
REAL_1(sin, sin(x)) REAL_1(cos, cos(x)) REAL_1(tan, tan(x)) REAL_1(asin, asin(x)) REAL_1(acos, acos(x)) REAL_1(atan, atan(x))
REAL_1(sinh, sinh(x)) REAL_1(cosh, cosh(x)) REAL_1(tanh, tanh(x)) REAL_1(asinh, asinh(x)) REAL_1(acosh, acosh(x)) REAL_1(atanh, atanh(x))
REAL_1(erf, erf(x)) REAL_1(erfc, erfc(x)) REAL_1(gammaln, lgamma(x))
REAL_1(expit, R(1) / (R(1) + exp(-x))) REAL_1(logit, log(x / (R(1) - x)))
REAL_2(xlog1py, x == R(0) && y == y ? R(0) : x * log1p(y))
REAL_2(xlogy, x == R(0) && y == y ? R(0) : x * log(y))
REAL_1(softplus, (x < R(0) ? R(0) : x) + log1p(exp(-op_abs(x))))
REAL_1(log_expit, -real_softplus<R>(-x))
REAL_1(entr, x == R(0) ? R(0) : x < R(0) ? -Format<R>::infinity() : -x * log(x))
// The normal probability of more than a >= 0. What the rounding of a / sqrt(2) loses in the exponential comes back as a factor.
template <class R> DEVICE R normal_tail(R a) {
  const R high = R(0.70710678118654752440), low = (R)(0.70710678118654752440 - (f64)high + (sizeof(R) == 8 ? -4.833646656726457e-17 : 0.0));
  R t = a * high, lost = fma(a, high, -t) + a * low;
  R tail = R(0.5) * erfc(t);
  return tail == R(0) ? tail : tail * exp(R(-2) * t * lost);
}
REAL_1(ndtr, x < R(0) ? normal_tail(-x) : R(1) - normal_tail(x))
// Its logarithm: by the continued fraction of the tail where that is small.
template <class R> DEVICE R log_of_ndtr(R x) {
  if (!(x < R(-5))) return x < R(0) ? log(normal_tail(-x)) : log1p(-normal_tail(x));
  R a = -x, fraction = a;
  for (int k = sizeof(R) == 8 ? 60 : 20; k > 0; k--) fraction = a + R(k) / fraction;
  return R(-0.5) * x * x - log(fraction * R(2.5066282746310005024));
}
REAL_1(log_ndtr, log_of_ndtr(x))
// A start by S. Winitzki's formula, then Halley's method: on erf, or on its complement where that is exact.
template <class R> DEVICE R inverse_erf(R x) {
  R a = op_abs(x), rest = R(1) - a;
  if (!(a < R(1))) return a == R(1) ? x * Format<R>::infinity() : Format<R>::nan();
  const R c = R(0.147), scale = R(1.1283791670955125739);
  R w = log(rest * (R(1) + a)), h = R(2) / (R(3.14159265358979323846) * c) + w / R(2);
  R y = sqrt(sqrt(h * h - w / c) - h);
  if (a < R(1e-3)) y = a / scale;
  for (int k = 0; k < 3; k++) {
    R e = a < R(0.5) ? erf(y) - a : rest - erfc(y);
    R d = e / (scale * exp(-y * y));
    y -= d / (R(1) + y * d);
  }
  return copysign(y, x);
}
REAL_1(erfinv, inverse_erf(x))
template <class R> DEVICE R log_of_sum(R x, R y) {
  if (x == y) return x + LN_2;  // infinities too
  R larger = x > y ? x : y, smaller = x > y ? y : x;
  if (x != x || y != y) return Format<R>::nan();
  // The difference and its rounding error (Knuth), which matters unless the difference is infinite.
  R d = smaller - larger, t = d - smaller, low = (smaller - (d - t)) - (larger + t);
  if (!op_isfinite(low)) low = R(0);
  R e = exp(d);
  return larger + log1p(e + e * low);
}
REAL_2(logaddexp, log_of_sum(x, y))

// ---- complex numbers: special values as in C99's Annex G ----
template <class R> DEVICE bool is_true(complex<R> z) { return z.re != 0 || z.im != 0; }
template <class R> DEVICE bool op_equal(complex<R> z, complex<R> w) { return z.re == w.re && z.im == w.im; }
template <class R> DEVICE bool op_not_equal(complex<R> z, complex<R> w) { return !op_equal(z, w); }
template <class R> DEVICE bool op_isnan(complex<R> z) { return op_isnan(z.re) | op_isnan(z.im); }
template <class R> DEVICE bool op_isinf(complex<R> z) { return op_isinf(z.re) | op_isinf(z.im); }
template <class R> DEVICE bool op_isfinite(complex<R> z) { return op_isfinite(z.re) & op_isfinite(z.im); }
template <class R> DEVICE R op_real(complex<R> z) { return z.re; }
template <class R> DEVICE R op_imag(complex<R> z) { return z.im; }
template <class R> DEVICE R op_abs(complex<R> z) { return hypot(z.re, z.im); }
template <class R> DEVICE R op_abs_square(complex<R> z) { return z.re * z.re + z.im * z.im; }
template <class R> DEVICE complex<R> pair(R re, R im) { return complex<R>(re, im); }
COMPLEX_1(conj, pair(z.re, -z.im)) COMPLEX_1(negative, pair(-z.re, -z.im)) COMPLEX_1(positive, z) COMPLEX_1(round, pair(rint(z.re), rint(z.im)))
COMPLEX_2(add, pair(z.re + w.re, z.im + w.im)) COMPLEX_2(subtract, pair(z.re - w.re, z.im - w.im)) COMPLEX_2(multiply, z * w)
COMPLEX_1(square, z * z)

template <class R> DEVICE complex<R> times_i(complex<R> z) { return pair(-z.im, z.re); }
template <class R> DEVICE complex<R> over_i(complex<R> z) { return pair(z.im, -z.re); }
template <class R> DEVICE R larger_magnitude(R x, R y) { R a = op_abs(x), b = op_abs(y); return a != a || b != b ? Format<R>::nan() : a < b ? b : a; }
template <class R> DEVICE R smaller_magnitude(R x, R y) { R a = op_abs(x), b = op_abs(y); return a != a || b != b ? Format<R>::nan() : a < b ? a : b; }
template <class R> DEVICE R unit_if_infinite(R x) { return copysign(op_isinf(x) ? R(1) : R(0), x); }
// The exponent of the larger part; 0 where that is zero or not finite.
DEVICE int exponent_of(f32 x) { return x > 0 && x < Format<f32>::infinity() ? ilogbf(x) : 0; }
DEVICE int exponent_of(f64 x) { return x > 0 && x < Format<f64>::infinity() ? ilogb(x) : 0; }
template <class R> DEVICE int exponent_of(complex<R> z) { return exponent_of(larger_magnitude(z.re, z.im)); }
template <class R> DEVICE complex<R> scaled(complex<R> z, int n) { return pair((R)ldexp(z.re, n), (R)ldexp(z.im, n)); }

// Quotients whose plain formula is nan in both parts though the operands are zero or infinite.
template <class R> static __device__ __noinline__ complex<R> divide_limits(complex<R> z, complex<R> w) {
  R a = z.re, b = z.im, c = w.re, d = w.im, inf = Format<R>::infinity();
  if (c == R(0) && d == R(0) && !(a != a && b != b)) { R f = copysign(inf, c); return pair(f * a, f * b); }
  if (op_isinf(z) && op_isfinite(w)) {
    a = unit_if_infinite(a); b = unit_if_infinite(b);
    return pair(inf * (a * c + b * d), inf * (b * c - a * d));
  }
  if (op_isinf(w) && op_isfinite(z)) {
    c = unit_if_infinite(c); d = unit_if_infinite(d);
    return pair(R(0) * (a * c + b * d), R(0) * (b * c - a * d));
  }
  return pair(Format<R>::nan(), Format<R>::nan());
}
// Both operands are scaled by powers of two first, so that nothing overflows on the way.
template <class R> DEVICE complex<R> op_divide(complex<R> z, complex<R> w) {
  int n = exponent_of(z), d = exponent_of(w);
  complex<R> a = scaled(z, -n), b = scaled(w, -d);
  R square = b.re * b.re + b.im * b.im, re = (a.re * b.re + a.im * b.im) / square, im = (a.im * b.re - a.re * b.im) / square;
  if (re != re && im != im) return divide_limits(z, w);
  return scaled(pair(re, im), n - d);
}
template <class R> DEVICE complex<R> op_reciprocal(complex<R> z) {
  if (op_isinf(z)) return pair(copysign(R(0), z.re), copysign(R(0), -z.im));
  int n = exponent_of(z);
  complex<R> b = scaled(z, -n);
  R square = b.re * b.re + b.im * b.im;
  if (square == R(0)) return divide_limits(pair(R(1), R(0)), z);
  return scaled(pair(b.re / square, -(b.im / square)), -n);
}
template <class R> DEVICE complex<R> op_sign(complex<R> z) {
  if (z.re == R(0) && z.im == R(0)) return pair(R(0), R(0));
  if (op_isnan(z) || (op_isinf(z.re) && op_isinf(z.im))) return pair(Format<R>::nan(), Format<R>::nan());
  if (op_isinf(z)) return pair(unit_if_infinite(z.re), unit_if_infinite(z.im));
  complex<R> a = scaled(z, -exponent_of(z));
  R length = op_abs(a);
  return pair(a.re / length, a.im / length);
}

template <class R> DEVICE complex<R> op_exp(complex<R> z) {
  R x = z.re, y = z.im, nan = Format<R>::nan();
  if (y == R(0)) return pair((R)exp(x), y);
  if (!op_isfinite(y)) return op_isinf(x) ? (x < R(0) ? pair(R(0), R(0)) : pair(x, nan)) : pair(nan, nan);
  R s = sin(y), c = cos(y);
  if (op_abs(x) < Format<R>::exp_max()) { R e = exp(x); return pair(e * c, e * s); }
  R e = exp(x * R(0.5));  // in two factors, because exp(x) may overflow where the result does not
  return pair(e * c * e, e * s * e);
}
template <class R> DEVICE complex<R> op_expm1(complex<R> z) {
  R x = z.re, y = z.im;
  if (y == R(0)) return pair((R)expm1(x) + R(0), y);
  if (!op_isfinite(y) || !(op_abs(x) < Format<R>::exp_max())) { complex<R> e = op_exp(z); return pair(e.re - R(1), e.im); }
  R half = sin(y * R(0.5));
  return pair((R)expm1(x) * (R)cos(y) - R(2) * half * half, (R)exp(x) * (R)sin(y));
}

// a * a + b * b + c with the error of one rounding, also where the terms cancel (Dekker, Knuth).
DEVICE f32 fused(f32 a, f32 b, f32 c) { return __fmaf_rn(a, b, c); }
DEVICE f64 fused(f64 a, f64 b, f64 c) { return __fma_rn(a, b, c); }
template <class R> DEVICE R sum_error(R a, R b, R s) { R t = s - a; return (a - (s - t)) + (b - t); }
template <class R> DEVICE R sum_of_squares(R a, R b, R c) {
  R p = a * a, p_low = fused(a, a, -p), q = b * b, q_low = fused(b, b, -q);
  R s = p + c, s_low = sum_error(p, c, s), t = s + q, t_low = sum_error(s, q, t);
  return t + (t_low + s_low + (p_low + q_low));
}
// ln|z|, accurate near the unit circle.
template <class R> DEVICE R log_abs(complex<R> z) {
  R x = z.re, y = z.im, a = larger_magnitude(x, y), b = smaller_magnitude(x, y), near = a * a + b * b;
  if (near > R(0.5) && near < R(3)) return R(0.5) * (R)log1p(sum_of_squares(a, b, R(-1)));
  if (a < Format<R>::infinity() && a > Format<R>::largest() * R(0.5)) return (R)log(hypot(x * R(0.5), y * R(0.5))) + LN_2;
  if (a > R(0) && a < Format<R>::smallest() / Format<R>::epsilon()) {
    R up = Format<R>::normalize() * Format<R>::normalize();
    return (R)log(hypot(x * up, y * up)) - R(2) * Format<R>::normalize_exponent() * LN_2;
  }
  return log(hypot(x, y));
}
template <class R> DEVICE complex<R> op_log(complex<R> z) { return pair(log_abs(z), (R)atan2(z.im, z.re)); }
template <class R> DEVICE complex<R> op_log2(complex<R> z) {
  return pair(z.im == R(0) ? (R)log2(op_abs(z.re)) : log_abs(z) / LN_2, (R)atan2(z.im, z.re) / LN_2);
}
template <class R> DEVICE complex<R> op_log10(complex<R> z) {
  return pair(z.im == R(0) ? (R)log10(op_abs(z.re)) : log_abs(z) / LN_10, (R)atan2(z.im, z.re) / LN_10);
}
template <class R> DEVICE complex<R> op_log1p(complex<R> z) {
  R x = z.re, y = z.im;
  complex<R> shifted = pair(R(1) + x, y);
  if (!(op_abs(x) < R(0.5) && op_abs(y) < R(2))) return op_log(shifted);
  return pair(R(0.5) * (R)log1p(sum_of_squares(x, y, x + x)), (R)atan2(y, shifted.re));
}
template <class R> DEVICE complex<R> op_sqrt(complex<R> z) {
  R x = z.re, y = z.im, inf = Format<R>::infinity();
  if (op_isinf(y)) return pair(inf, y);
  if (x == R(0) && y == R(0)) return pair(R(0), y);
  if (op_isinf(x)) {
    R vanishing = y != y ? y : R(0);
    return x > R(0) ? pair(x, (R)copysign(vanishing, y)) : pair(vanishing, (R)copysign(inf, y));
  }
  if (y == R(0) && x == x) {
    R root = sqrt(op_abs(x));
    return x < R(0) ? pair(R(0), (R)copysign(root, y)) : pair(root, y);
  }
  // Powers of four keep |x| + |z| in the range of normal numbers.
  R larger = larger_magnitude(x, y), factor = R(1), root_factor = R(1);
  if (larger > Format<R>::square_max()) { factor = Format<R>::square_down(); root_factor = Format<R>::square_max(); }
  else if (larger < R(1) / Format<R>::square_max()) { factor = Format<R>::square_up(); root_factor = R(1) / Format<R>::square_max(); }
  x *= factor; y *= factor;
  R t = sqrt((op_abs(x) + (R)hypot(x, y)) * R(0.5)), other = y / (t + t);
  return x < R(0) ? pair(op_abs(other) * root_factor, (R)copysign(t, y) * root_factor) : pair(t * root_factor, other * root_factor);
}
// Small integer exponents are products, so that exact results are exact; otherwise in f64 for both types.
static __device__ __noinline__ c64 pow_double(c64 z, c64 w) {
  if (w.re == 0 && w.im == 0) return c64(1, 0);
  if (z.re == 0 && z.im == 0)
    return w.re > 0 ? c64(0, 0) : w.re < 0 && w.im == 0 ? c64(Format<f64>::infinity(), Format<f64>::nan()) : c64(Format<f64>::nan(), Format<f64>::nan());
  if (w.im != 0) return op_exp(w * op_log(z));
  if (z.im == 0 && z.re > 0) return c64(pow(z.re, w.re), 0.0);
  f64 count = op_abs(w.re);
  if (count <= 32 && count == floor(count)) {
    u32 n = (u32)count;
    c64 base = z, product = c64(1, 0);
    bool started = false;
    for (; n > 0; n >>= 1) {
      if (n & 1) { product = started ? product * base : base; started = true; }
      base = base * base;
    }
    if (op_isfinite(product) && op_abs(product) >= Format<f64>::smallest()) return w.re < 0 ? op_reciprocal(product) : product;
  }
  f64 angle = w.re * atan2(z.im, z.re), magnitude = pow(op_abs(z), w.re);
  return c64(magnitude * cos(angle), magnitude * sin(angle));
}
template <class R> DEVICE complex<R> op_pow(complex<R> z, complex<R> w) {
  c64 value = pow_double(c64(z.re, z.im), c64(w.re, w.im));
  return pair((R)value.re, (R)value.im);
}

// sinh(x) and cosh(x), to be multiplied by a factor that keeps them from overflowing.
template <class R> struct Hyperbolic {
  R sinh_, cosh_, factor;
  __device__ __forceinline__ Hyperbolic(R x) {
    if (op_abs(x) < Format<R>::exp_max() || x != x) { sinh_ = sinh(x); cosh_ = cosh(x); factor = R(1); return; }
    factor = exp(op_abs(x) * R(0.5));
    sinh_ = copysign(factor * R(0.5), x);
    cosh_ = factor * R(0.5);
  }
};
template <class R> DEVICE complex<R> op_sinh(complex<R> z) {
  R x = z.re, y = z.im, nan = Format<R>::nan();
  if (y == R(0)) return pair((R)sinh(x), y);
  if (!op_isfinite(y)) return x == R(0) || op_isinf(x) ? pair(x, nan) : pair(nan, nan);
  Hyperbolic<R> h(x);
  return pair(h.sinh_ * (R)cos(y) * h.factor, h.cosh_ * (R)sin(y) * h.factor);
}
template <class R> DEVICE complex<R> op_cosh(complex<R> z) {
  R x = z.re, y = z.im, nan = Format<R>::nan();
  if (y == R(0)) return pair((R)cosh(x), op_signbit(x) ? -y : y);
  if (!op_isfinite(y)) return x == R(0) ? pair(nan, R(0)) : op_isinf(x) ? pair(Format<R>::infinity(), nan) : pair(nan, nan);
  Hyperbolic<R> h(x);
  return pair(h.cosh_ * (R)cos(y) * h.factor, h.sinh_ * (R)sin(y) * h.factor);
}
// After Kahan.
template <class R> DEVICE complex<R> op_tanh(complex<R> z) {
  R x = z.re, y = z.im, nan = Format<R>::nan();
  if (y == R(0)) return pair((R)tanh(x), y);
  if (op_isinf(x)) return pair((R)copysign(R(1), x), (R)copysign(R(0), y));
  if (!op_isfinite(y)) return pair(x == R(0) ? x : nan, nan);
  R s = sin(y), c = cos(y);
  if (op_abs(x) > Format<R>::saturated()) {
    R e = exp(-op_abs(x));
    return pair((R)copysign(R(1), x), R(4) * s * c * e * e);
  }
  R t = s / c, beta = R(1) + t * t, sh = sinh(x), ch = cosh(x), denominator = R(1) + beta * sh * sh;
  return pair(beta * ch * sh / denominator, t / denominator);
}
COMPLEX_1(sin, over_i(op_sinh(times_i(z)))) COMPLEX_1(cos, op_cosh(times_i(z))) COMPLEX_1(tan, over_i(op_tanh(times_i(z))))

// (hypot(y, b) - b) / 2 without cancellation, given the hypotenuse.
template <class R> DEVICE R excess(R y, R b, R hypotenuse) {
  return b < R(0) ? (hypotenuse - b) * R(0.5) : b == R(0) ? y * R(0.5) : y * y / (hypotenuse + b) * R(0.5);
}
// What the inverse sine and cosine of x + i y in the first quadrant are made of (Hull, Fairgrieve and Tang, 1997).
template <class R> struct InverseParts {
  R log_, opposite, adjacent;
  __device__ __forceinline__ InverseParts(R x, R y) {
    const R eps = Format<R>::epsilon();
    R r = hypot(x + R(1), y), s = hypot(x - R(1), y), a = (r + s) * R(0.5);
    if (a < R(1)) a = R(1);
    // Where y is negligible beside |x - 1|, its square may not even be representable.
    bool off_axis = y >= eps * op_abs(x - R(1)), at_one = x == R(1) && y < eps * eps;
    if (a >= R(10)) log_ = log(a + (R)sqrt(a * a - R(1)));
    else if (at_one) log_ = sqrt(y);
    else if (off_axis) { R e = excess(y, R(1) + x, r) + excess(y, R(1) - x, s); log_ = log1p(e + (R)sqrt(e * (a + R(1)))); }
    else if (x < R(1)) log_ = y / (R)sqrt((R(1) - x) * (R(1) + x));
    else log_ = log1p((x - R(1)) + (R)sqrt((x - R(1)) * (x + R(1))));
    if (at_one) { opposite = x; adjacent = sqrt(y); }
    else if (off_axis) { R d = excess(y, x + R(1), r) + excess(y, x - R(1), s); opposite = x; adjacent = sqrt(d * (a + x)); }
    else if (x > R(1)) {  // scaled, because the adjacent side may underflow
      R up = R(1) / (eps * eps);
      opposite = x * up;
      adjacent = y * up * x / (R)sqrt((x + R(1)) * (x - R(1)));
    } else { opposite = x; adjacent = sqrt((R(1) - x) * (R(1) + x)); }
  }
};
template <class R> DEVICE complex<R> op_asinh(complex<R> z) {
  R x = z.re, y = z.im, nan = Format<R>::nan(), re, im;
  if (x != x || y != y) return op_isinf(x) ? z : op_isinf(y) ? pair(y, x) : y == R(0) ? pair(nan, y) : pair(nan, nan);
  R larger = larger_magnitude(x, y);
  if (larger > R(1) / Format<R>::epsilon()) {
    complex<R> w = op_log(pair(op_abs(x), op_abs(y)));
    re = w.re + LN_2; im = w.im;
  } else if (larger * larger < Format<R>::epsilon() * R(0.5)) {
    re = op_abs(x); im = op_abs(y);
  } else {
    InverseParts<R> parts(op_abs(y), op_abs(x));
    re = parts.log_; im = atan2(parts.opposite, parts.adjacent);
  }
  return pair((R)copysign(re, x), (R)copysign(im, y));
}
template <class R> DEVICE complex<R> op_acos(complex<R> z) {
  R x = z.re, y = z.im, nan = Format<R>::nan(), re, im;
  if (x != x || y != y)
    return op_isinf(x) ? pair(nan, -Format<R>::infinity()) : op_isinf(y) ? pair(nan, -y) : x == R(0) ? pair(HALF_PI, nan) : pair(nan, nan);
  if (larger_magnitude(x, y) > R(1) / Format<R>::epsilon()) {
    complex<R> w = op_log(z);
    re = op_abs(w.im); im = w.re + LN_2;
  } else {
    InverseParts<R> parts(op_abs(x), op_abs(y));
    re = atan2(parts.adjacent, (R)copysign(parts.opposite, x)); im = parts.log_;
  }
  return pair(re, -(R)copysign(im, y));
}
template <class R> DEVICE complex<R> op_acosh(complex<R> z) {
  complex<R> w = op_acos(z);
  if (w.re != w.re && w.im != w.im) return w;
  if (w.im != w.im) return pair(w.im, w.re);  // the angle is known, the magnitude is not
  return pair(op_abs(w.im), (R)copysign(w.re, z.im));
}
// After Kahan, "Branch cuts for complex elementary functions" (1987).
template <class R> DEVICE complex<R> op_atanh(complex<R> z) {
  const R eps = Format<R>::epsilon();
  R x = z.re, y = z.im, ax = op_abs(x), ay = op_abs(y);
  if (y == R(0) && ax <= R(1)) return pair((R)atanh(x), y);
  if (x == R(0)) return pair(x, (R)atan(y));
  if (op_isinf(ax) || op_isinf(ay)) return pair((R)copysign(R(0), x), y != y ? y : (R)copysign(HALF_PI, y));
  if (ax != ax || ay != ay) return pair(Format<R>::nan(), Format<R>::nan());
  if (ax > R(1) / eps || ay > R(1) / eps) return pair(op_reciprocal(z).re, (R)copysign(HALF_PI, y));
  // re = ln(|1 + z|^2 / |1 - z|^2) / 4, im = half the argument of (1 + z) / (1 - z).
  R re;
  if (ax == R(1) && ay < eps) re = R(0.5) * (LN_2 - (R)log(ay));
  else {
    R near = R(1) - ax, square = ay * ay >= Format<R>::smallest() ? near * near + ay * ay : near * near;
    re = (R)log1p(R(4) * ax / square) / R(4);
  }
  R im = R(0.5) * (R)atan2(ay + ay, (R(1) - ax) * (R(1) + ax) - ay * ay);
  return pair((R)copysign(re, x), (R)copysign(im, y));
}
COMPLEX_1(asin, over_i(op_asinh(times_i(z)))) COMPLEX_1(atan, over_i(op_atanh(times_i(z))))

// ---- reductions: the class template `reduce_<name>` for each ----
template <class T> struct Wide { typedef T type; };
#define WIDE_SIGNED(T, U) template <> struct Wide<T> { typedef i64 type; };
#define WIDE_UNSIGNED(T, U) template <> struct Wide<T> { typedef u64 type; };
FOR_SIGNED(WIDE_SIGNED) FOR_UNSIGNED(WIDE_UNSIGNED)
template <> struct Wide<f16> { typedef f32 type; };
template <> struct Wide<bf16> { typedef f32 type; };
template <class T, int kind = KindOf<T>::kind> struct Accumulated { typedef typename Wide<T>::type type; };
template <class T> struct Accumulated<T, 3> { typedef T type; };

template <class T> struct reduce_sum {
  typedef typename Wide<T>::type Acc;
  typedef typename Accumulated<T>::type Out;
  DEVICE Acc identity() { return Acc(0); }
  DEVICE Acc push(Acc a, T x, i64) { return op_add(a, convert<Acc>(x)); }
  DEVICE Acc merge(Acc a, Acc b) { return op_add(a, b); }
  DEVICE Out finish(Acc a, i64) { return convert<Out>(a); }
};
template <class T> struct reduce_prod {
  typedef typename Wide<T>::type Acc;
  typedef typename Accumulated<T>::type Out;
  DEVICE Acc identity() { return Acc(1); }
  DEVICE Acc push(Acc a, T x, i64) { return op_multiply(a, convert<Acc>(x)); }
  DEVICE Acc merge(Acc a, Acc b) { return op_multiply(a, b); }
  DEVICE Out finish(Acc a, i64) { return convert<Out>(a); }
};
DEVICE f32 divided_by(f32 a, i64 n) { return a / (f32)(f64)n; }
DEVICE f64 divided_by(f64 a, i64 n) { return a / (f64)n; }
template <class R> DEVICE complex<R> divided_by(complex<R> a, i64 n) { return pair(divided_by(a.re, n), divided_by(a.im, n)); }
template <class T> struct reduce_mean : reduce_sum<T> {
  typedef typename Wide<T>::type Acc;
  typedef T Out;
  DEVICE T finish(Acc a, i64 n) { return convert<T>(divided_by(a, n)); }
};
template <class T> struct RealPart { typedef T type; };
template <class R> struct RealPart<complex<R> > { typedef R type; };
template <class T> struct Deviations { T sum; typename RealPart<T>::type squares; };
template <class T> struct reduce_squared_deviations {
  typedef Deviations<T> Acc;
  typedef typename RealPart<T>::type Out;
  DEVICE Acc both(T sum, Out squares) { Acc a; a.sum = sum; a.squares = squares; return a; }
  DEVICE Acc identity() { return both(T(0), Out(0)); }
  DEVICE Acc push(Acc a, T x, i64) { return both(op_add(a.sum, x), op_add(a.squares, op_abs_square(x))); }
  DEVICE Acc merge(Acc a, Acc b) { return both(op_add(a.sum, b.sum), op_add(a.squares, b.squares)); }
  DEVICE Out finish(Acc a, i64 n) {
    Out re = op_real(a.sum), im = op_imag(a.sum);
    i64 count = n > 0 ? n : 1;
    Out corrected = a.squares - (re * divided_by(re, count) + im * divided_by(im, count));
    return corrected < Out(0) ? Out(0) : corrected != corrected ? a.squares : corrected;
  }
};
// The number of elements, the first of them, the mean less the first, and the sum of squared deviations.
template <class T> struct Moments { typename RealPart<T>::type n; T first, mean; typename RealPart<T>::type squares; };
template <class R> DEVICE R scaled(R x, R by) { return x * by; }
template <class R> DEVICE complex<R> scaled(complex<R> x, R by) { return pair(x.re * by, x.im * by); }
template <class T> struct reduce_var {
  typedef typename Wide<T>::type W;
  typedef typename RealPart<W>::type P;
  typedef Moments<W> Acc;
  typedef typename RealPart<T>::type Out;
  DEVICE P product(W x, W y) { return op_real(x) * op_real(y) + op_imag(x) * op_imag(y); }
  DEVICE Acc identity() { Acc a; a.n = P(0); a.first = W(0); a.mean = W(0); a.squares = P(0); return a; }
  DEVICE Acc push(Acc a, T value, i64) {
    W x = convert<W>(value);
    if (a.n == P(0)) a.first = x;
    a.n += P(1);
    W before = op_subtract(op_subtract(x, a.first), a.mean);
    a.mean = op_add(a.mean, scaled(before, P(1) / a.n));
    a.squares += product(before, op_subtract(op_subtract(x, a.first), a.mean));
    return a;
  }
  DEVICE Acc merge(Acc a, Acc b) {
    if (a.n == P(0)) return b;
    if (b.n == P(0)) return a;
    W apart = op_add(op_subtract(b.first, a.first), op_subtract(b.mean, a.mean));
    P n = a.n + b.n, share = b.n / n;
    a.squares += b.squares + product(apart, apart) * (a.n * share);
    a.mean = op_add(a.mean, scaled(apart, share));
    a.n = n;
    return a;
  }
  DEVICE P variance(Acc a, i64 n, f64 correction) {
    f64 left = (f64)n - correction;
    return a.squares / (left > 0 ? (P)left : Format<P>::nan());
  }
  DEVICE Out finish(Acc a, i64 n, f64 correction) { return convert<Out>(variance(a, n, correction)); }
};
template <class T> struct reduce_std : reduce_var<T> {
  typedef typename reduce_var<T>::Acc Acc;
  typedef typename RealPart<T>::type Out;
  DEVICE Out finish(Acc a, i64 n, f64 correction) { return convert<Out>(op_sqrt(reduce_var<T>::variance(a, n, correction))); }
};
template <class T> struct reduce_max {
  typedef T Acc;
  typedef T Out;
  DEVICE T identity() { return Limits<T>::lowest(); }
  DEVICE T push(T a, T x, i64) { return op_greater(x, a) | op_isnan(x) ? x : a; }
  DEVICE T merge(T a, T b) { return push(a, b, 0); }
  DEVICE T finish(T a, i64) { return a; }
};
template <class T> struct reduce_min {
  typedef T Acc;
  typedef T Out;
  DEVICE T identity() { return Limits<T>::highest(); }
  DEVICE T push(T a, T x, i64) { return op_less(x, a) | op_isnan(x) ? x : a; }
  DEVICE T merge(T a, T b) { return push(a, b, 0); }
  DEVICE T finish(T a, i64) { return a; }
};
template <class T> struct Both { T low, high; };
template <class T> struct reduce_ptp {
  typedef Both<T> Acc;
  typedef T Out;
  DEVICE Acc identity() { Acc a; a.low = Limits<T>::highest(); a.high = Limits<T>::lowest(); return a; }
  DEVICE Acc push(Acc a, T x, i64) { a.low = reduce_min<T>::push(a.low, x, 0); a.high = reduce_max<T>::push(a.high, x, 0); return a; }
  DEVICE Acc merge(Acc a, Acc b) { a.low = reduce_min<T>::merge(a.low, b.low); a.high = reduce_max<T>::merge(a.high, b.high); return a; }
  DEVICE T finish(Acc a, i64) { return op_subtract(a.high, a.low); }
};
template <class T> struct Found { T value; i64 at; };
template <class T> struct reduce_argmax {
  typedef Found<T> Acc;
  typedef i64 Out;
  DEVICE Acc identity() { Acc a; a.value = Limits<T>::lowest(); a.at = Limits<i64>::highest(); return a; }
  DEVICE Acc push(Acc a, T x, i64 i) { Acc b; b.value = x; b.at = i; return merge(a, b); }
  DEVICE Acc merge(Acc a, Acc b) {
    bool better = op_greater(b.value, a.value) | (op_isnan(b.value) & !op_isnan(a.value));
    bool tie = op_equal(b.value, a.value) | (op_isnan(a.value) & op_isnan(b.value));
    return better | (tie & (b.at < a.at)) ? b : a;
  }
  DEVICE i64 finish(Acc a, i64) { return a.at; }
};
template <class T> struct reduce_argmin {
  typedef Found<T> Acc;
  typedef i64 Out;
  DEVICE Acc identity() { Acc a; a.value = Limits<T>::highest(); a.at = Limits<i64>::highest(); return a; }
  DEVICE Acc push(Acc a, T x, i64 i) { Acc b; b.value = x; b.at = i; return merge(a, b); }
  DEVICE Acc merge(Acc a, Acc b) {
    bool better = op_less(b.value, a.value) | (op_isnan(b.value) & !op_isnan(a.value));
    bool tie = op_equal(b.value, a.value) | (op_isnan(a.value) & op_isnan(b.value));
    return better | (tie & (b.at < a.at)) ? b : a;
  }
  DEVICE i64 finish(Acc a, i64) { return a.at; }
};
template <class T> struct reduce_all {
  typedef u32 Acc;
  typedef bool Out;
  DEVICE u32 identity() { return 1; }
  DEVICE u32 push(u32 a, T x, i64) { return a & (is_true(x) ? 1u : 0u); }
  DEVICE u32 merge(u32 a, u32 b) { return a & b; }
  DEVICE bool finish(u32 a, i64) { return a != 0; }
};
template <class T> struct reduce_any {
  typedef u32 Acc;
  typedef bool Out;
  DEVICE u32 identity() { return 0; }
  DEVICE u32 push(u32 a, T x, i64) { return a | (is_true(x) ? 1u : 0u); }
  DEVICE u32 merge(u32 a, u32 b) { return a | b; }
  DEVICE bool finish(u32 a, i64) { return a != 0; }
};
template <class T> struct reduce_count_nonzero {
  typedef i64 Acc;
  typedef i64 Out;
  DEVICE i64 identity() { return 0; }
  DEVICE i64 push(i64 a, T x, i64) { return a + (is_true(x) ? 1 : 0); }
  DEVICE i64 merge(i64 a, i64 b) { return a + b; }
  DEVICE i64 finish(i64 a, i64) { return a; }
};
// ---- end of the library ----
