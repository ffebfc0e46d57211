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
template <class To, class From> struct Convert<To, From, 3, 0> {
  // f32 has room for integers of 16 bits.
  DEVICE To of(From x) { return sizeof(From) <= 2 ? To((f32)x) : To(round_to_odd((f64)x)); }
};
template <class To, class From> struct Convert<To, From, 3, 1> { DEVICE To of(From x) { return To(x ? 1.0f : 0.0f); } };
template <class To> struct Convert<To, f32, 3, 2> { DEVICE To of(f32 x) { return To(x); } };
template <class To> struct Convert<To, f64, 3, 2> { DEVICE To of(f64 x) { return To(round_to_odd(x)); } };
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
#pragma unroll
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
// Sums of two numbers, for what has to be exact to more than the type.
struct Twice { f64 high, low; };
DEVICE Twice twice(f64 high, f64 low) { Twice both = {high + low, low - ((high + low) - high)}; return both; }
DEVICE Twice add_twice(f64 a, f64 b) {
  f64 sum = a + b, part = sum - a;
  Twice both = {sum, (a - (sum - part)) + (b - part)};
  return both;
}
DEVICE Twice multiply_twice(Twice a, Twice b) {
  f64 product = a.high * b.high;
  return twice(product, fma(a.high, b.high, -product) + (a.high * b.low + a.low * b.high));
}
// exp(x) = (1 + p) scale
DEVICE Twice expm1_twice(f64 x, f64 &scale) {
  const f64 factorials[10][2] = {{0.5, 0.0}, {0.16666666666666666, 9.25185853854297e-18}, {0.041666666666666664, 2.3129646346357427e-18}, {0.008333333333333333, 1.1564823173178714e-19}, {0.001388888888888889, -5.300543954373577e-20}, {0.0001984126984126984, 1.7209558293420705e-22}, {2.48015873015873e-5, 2.1511947866775882e-23}, {2.7557319223985893e-6, -1.858393274046472e-22}, {2.755731922398589e-7, 2.3767714622250297e-23}, {2.505210838544172e-8, -1.448814070935912e-24}};
  const f64 tail[] = {2.08767569878681e-9, 1.6059043836821613e-10, 1.1470745597729725e-11, 7.647163731819816e-13, 4.779477332387385e-14, 2.8114572543455206e-15, 1.5619206968586225e-16, 8.22063524662433e-18, 4.110317623312165e-19};
  f64 n = rint(x * 1.4426950408889634074), product = n * -1.7239444525614835e-13, lost = fma(n, -1.7239444525614835e-13, -product);
  Twice r = add_twice(fma(n, -0.6931471805601177, x), -product);
  r.low -= lost;
  scale = exp2(n);
  Twice sum = {0.0, 0.0};
  for (int k = sizeof(tail) / sizeof(f64) - 1; k >= 0; k--) sum.high = fma(sum.high, r.high, tail[k]);
  for (int k = 9; k >= 0; k--) {
    Twice term = multiply_twice(r, sum);
    Twice next = twice(factorials[k][0], term.high);
    sum = twice(next.high, next.low + (factorials[k][1] + term.low));
  }
  Twice power = multiply_twice(r, multiply_twice(r, sum)), all = twice(r.high, power.high);
  return twice(all.high, all.low + (r.low + power.low));
}
// exp(x) + exp(y) - 1 for negative numbers that are not huge: in f64 for f32, in twice the precision for f64.
DEVICE f32 sum_beside_one(f32 x, f32 y) { return (f32)(expm1((f64)x) + exp((f64)y)); }
DEVICE f64 sum_beside_one(f64 x, f64 y) {
  f64 scale, other;
  Twice first = expm1_twice(x, scale), second = expm1_twice(y, other);
  Twice a = add_twice(scale - 1.0, other), b = add_twice(a.high, first.high * scale), c = add_twice(b.high, second.high * other);
  return c.high + (a.low + b.low + c.low + first.low * scale + second.low * other);
}
template <class R> DEVICE R log_of_sum(R x, R y) {
  R larger = x > y ? x : y, smaller = x > y ? y : x;
  if (x != x || y != y) return Format<R>::nan();
  if (larger <= R(0) && smaller > R(-80)) {
    R rest = sum_beside_one(larger, smaller);
    if (op_abs(rest) < R(0.5)) return log1p(rest);
  }
  if (x == y) return x + LN_2;  // infinities too
  // The difference and its rounding error (Knuth), which matters unless the difference is infinite.
  R d = smaller - larger, t = d - smaller, low = (smaller - (d - t)) - (larger + t);
  if (!op_isfinite(low)) low = R(0);
  R e = exp(d);
  return larger + log1p(e + e * low);
}
REAL_2(logaddexp, log_of_sum(x, y))

// ---- special functions in double precision for both types: series, fractions and tables as in xp-core's math ----
#define DOUBLE_1(name, function) REAL_1(name, (R)function((f64)x))
#define DOUBLE_2(name, function) REAL_2(name, (R)function((f64)x, (f64)y))
#define REAL_3(name, expression) \
  template <class R> DEVICE R real_##name(R x, R y, R z) { return expression; } \
  DEVICE f32 op_##name(f32 x, f32 y, f32 z) { return real_##name<f32>(x, y, z); } \
  DEVICE f64 op_##name(f64 x, f64 y, f64 z) { return real_##name<f64>(x, y, z); } \
  DEVICE f16 op_##name(f16 x, f16 y, f16 z) { return f16(real_##name<f32>(x, y, z)); } \
  DEVICE bf16 op_##name(bf16 x, bf16 y, bf16 z) { return bf16(real_##name<f32>(x, y, z)); }
template <int n> DEVICE f64 polynomial(f64 x, const f64 (&c)[n]) {
  f64 sum = c[n - 1];
  for (int k = n - 2; k >= 0; k--) sum = fma(sum, x, c[k]);
  return sum;
}
DEVICE f64 infinite() { return Format<f64>::infinity(); }
// By the product with a corrected exponential, or by the continued fraction of the tail.
DEVICE f64 scaled_erfc(f64 x) {
  f64 square = x * x;
  if (x < 4.0) return square > 800.0 ? infinite() : exp(square) * (1.0 + fma(x, x, -square)) * erfc(x);
  f64 fraction = x;
  for (int k = 60; k > 0; k--) fraction = x + 0.5 * k / fraction;
  return x != x ? x : 0.56418958354775628695 / fraction;
}
DOUBLE_1(erfcx, scaled_erfc)
// By Halley's method on the error function in the middle, by Newton's on the logarithm of the tail, which is nearly a parabola.
DEVICE f64 inverse_ndtr(f64 p) {
  if (!(p > 0.0 && p < 1.0)) return p == 0.0 ? -infinite() : p == 1.0 ? infinite() : Format<f64>::nan();
  f64 tail = p > 0.5 ? 1.0 - p : p, z;
  const f64 root_half = 0.70710678118654752440;
  if (tail > 0.25) {
    z = (0.5 - tail) * 2.5066282746310005024;
    for (int k = 0; k < 4; k++) {
      f64 d = (0.5 * erf(z * root_half) - (0.5 - tail)) / (0.39894228040143267794 * exp(-0.5 * z * z));
      z -= d / (1.0 + 0.5 * z * d);
    }
  } else {
    f64 wanted = log(tail);
    z = sqrt(-2.0 * wanted);
    z -= (log(z) + 0.91893853320467274178) / z;
    for (int k = 0; k < 6; k++) {
      f64 mills = scaled_erfc(z * root_half);
      z += (log(0.5 * mills) - 0.5 * z * z - wanted) * mills * 1.2533141373155002512;
    }
  }
  return p > 0.5 ? z : -z;
}
DOUBLE_1(ndtri, inverse_ndtr)
DEVICE f64 digamma_positive(f64 x) {
  const f64 p[] = {1.2503801375034054, 2.0079983521060054, 1.1741604116033721, 0.31649933632550714, 0.04049350826567144, 0.002235289521967761, 3.9117651665683125e-5, 4.097361930526724e-8};
  const f64 q[] = {1.0, 2.2894571233542136, 1.9022022748824643, 0.7470495002328587, 0.14810832904594673, 0.014396602345897333, 0.0006000004112100302, 7.3778476243478865e-6};
  const f64 series[] = {0.08333333333333333, -0.008333333333329107, 0.0039682539614681435, -0.004166662567441337, 0.007574572233138618, -0.020915106432967605, 0.06980456110893553};
  if (x >= 10.0) {
    f64 inverse = 1.0 / x, w = inverse * inverse;
    return log(x) - (0.5 * inverse + w * polynomial(w, series));
  }
  f64 y = x < 1.0 ? x + 1.0 : x, sum = 0.0;
  for (; y > 3.0; sum += 1.0 / y) y -= 1.0;
  f64 middle = ((y - 1.4616321449683622) - 9.549995429965697e-17) * (polynomial(y - 1.0, p) / polynomial(y - 1.0, q));
  return x < 1.0 ? middle - 1.0 / x : middle + sum;
}
DEVICE f64 digamma_of(f64 x) {
  if (!(x < 0.0)) return digamma_positive(x);
  const f64 pi = 3.14159265358979323846;
  f64 rest = x - round(x), a = rest < 0.0 ? -rest : rest;
  if (!(a > 0.0)) return Format<f64>::nan();
  f64 cotangent = a <= 0.25 ? 1.0 / tan(pi * rest) : copysign(tan(pi * (0.5 - a)), rest);
  return digamma_positive(1.0 - x) - pi * cotangent;
}
DOUBLE_1(digamma, digamma_of)
// What Stirling's formula leaves of ln Gamma(x), for x >= 8.
DEVICE f64 stirling_rest(f64 x) {
  const f64 series[] = {0.08333333333333333, -0.002777777777773988, 0.0007936507897524059, -0.0005952365845057049, 0.0008414700852503147, -0.0018903829938877116, 0.005065905360156066};
  f64 inverse = 1.0 / x;
  return inverse * polynomial(inverse * inverse, series);
}
DEVICE f64 log_beta_positive(f64 a, f64 b) {
  f64 sum = a + b, small = a < b ? a : b, large = a < b ? b : a;
  if (sum != sum) return sum;
  if (large == infinite()) return small > 0.0 && small < infinite() ? -infinite() : Format<f64>::nan();
  if (small == 0.0) return infinite();
  if (small >= 8.0) {
    f64 h = small / large, rest = stirling_rest(small) + (stirling_rest(large) - stirling_rest(sum));
    return (small - 0.5) * log(h / (1.0 + h)) - large * log1p(h) + (rest + (0.91893853320467274178 - 0.5 * log(large)));
  }
  f64 above = 1.0, below = 1.0, steps = 1.0, y = large;
  if (large < 8.0) {
    for (int j = 1; j < 8; j++) above *= sum + j, below *= large + j;
    steps = sum / large * (above / below), y = large + 8.0;
  }
  f64 moved = small + y, quotient = -(y - 0.5) * log1p(small / y) - small * (log(moved) - 1.0);
  return lgamma(small) + (quotient + (stirling_rest(y) - stirling_rest(moved)) + log(steps));
}
// |sin(pi x)| / pi
DEVICE f64 sine_of_turns(f64 x) {
  f64 a = x < 0.0 ? -x : x, fraction = a - floor(a), near = fraction < 0.5 ? fraction : 1.0 - fraction;
  return near < 1e-9 ? near : sin(3.141592653589793 * near) / 3.141592653589793;
}
DEVICE f64 log_beta(f64 a, f64 b) {
  if (!(a < 0.0 || b < 0.0)) return log_beta_positive(a, b);
  bool first = a <= 0.0 && a == floor(a);
  f64 pole = first ? a : b, other = first ? b : a;
  if (pole <= 0.0 && pole == floor(pole)) {
    bool finite = pole > -infinite() && other >= 0.0 && other == floor(other) && 1.0 - pole - other > 0.0;
    return finite ? log_beta_positive(1.0 - pole - other, other) : infinite();
  }
  // By the reflection formula: one function of positive arguments remains, so that nothing large cancels.
  f64 sum = a + b;
  if (a < 0.0 && b < 0.0) {
    f64 s = sine_of_turns(a), t = sine_of_turns(b), more = s < t ? t : s, less = s < t ? s : t;
    return log(sine_of_turns(sum) / more) - log(less * (1.0 - sum)) - log_beta_positive(1.0 - a, 1.0 - b);
  }
  f64 negative = a < 0.0 ? a : b, positive = a < 0.0 ? b : a, t = sine_of_turns(negative);
  if (sum < 1.0) {
    f64 s = sine_of_turns(sum), quotient = s / t;
    return (quotient == infinite() ? log(s) - log(t) : log(quotient)) + log_beta_positive(1.0 - sum, positive);
  }
  return -log(t * positive) - log_beta_positive(1.0 - negative, sum);
}
DOUBLE_2(betaln, log_beta)
// s and ln(x / y) - 2 s with s = (x - y) / (x + y), for near numbers.
template <class R> DEVICE bool near_ratio(R x, R y, R &s, R &rest) {
  R d = (x - y) / y;
  s = d / (R(2) + d);
  R z = s * s, term = R(2) * s * z;
  if (!(z < R(0.029))) return false;
  rest = R(0);
  for (int k = 3; k < 25; k += 2, term *= z) rest += term / R(k);
  return true;
}
template <class R> DEVICE R log_of_ratio(R x, R y) {
  R ratio = x / y;
  return ratio > Format<R>::smallest() && ratio < Format<R>::infinity() ? log(ratio) : log(x) - log(y);
}
template <class R> DEVICE R relative_entropy(R x, R y) {
  R s, rest;
  if (x != x || y != y) return Format<R>::nan();
  if (!(x > R(0) && y > R(0))) return x == R(0) && y >= R(0) ? R(0) : Format<R>::infinity();
  return near_ratio(x, y, s, rest) ? x * (R(2) * s + rest) : x * log_of_ratio(x, y);
}
REAL_2(rel_entr, relative_entropy(x, y))
template <class R> DEVICE R divergence(R x, R y) {
  R s, rest;
  if (x != x || y != y) return Format<R>::nan();
  if (!(x > R(0) && y > R(0))) return x == R(0) && y >= R(0) ? y : Format<R>::infinity();
  return near_ratio(x, y, s, rest) ? (x - y) * s + x * rest : x * log_of_ratio(x, y) - x + y;
}
REAL_2(kl_div, divergence(x, y))

struct Sides { f64 low, high; };  // a distribution function and its complement
DEVICE Sides sides(f64 low, f64 high) { Sides both = {low, high}; return both; }
DEVICE f64 nonzero(f64 x) { return (x < 0.0 ? -x : x) < 1e-300 ? 1e-300 : x; }
// mu - ln(1 + mu)
DEVICE f64 excess(f64 mu, f64 one_plus) {
  f64 s = mu / (2.0 + mu), z = s * s;
  if (z <= 0.0289) {
    f64 sum = 0.0, term = 2.0;
    for (int k = 3; k < 27; k += 2, term *= z) sum += term / k;
    return s * (mu - z * sum);
  }
  return mu - (mu < -0.5 ? log(one_plus) : log1p(mu));
}
DEVICE f64 lgamma_1p(f64 a) {
  const f64 p[] = {0.7631532572329335, 5.4287287763229175, 15.721486898170802, 23.955807676310986, 20.764934091118235, 10.36496218561996, 2.8886049441708828, 0.41616378907897406, 0.02663347959354615, 0.0005403326683073451, 7.203959290795954e-7};
  const f64 q[] = {1.0, 7.877404354569129, 25.677275292344017, 44.968305277525275, 46.05275113125072, 28.209793186329843, 10.190750357456809, 2.070421720955095, 0.21587015236504556, 0.009714411077082338, 0.00012660710538094422};
  return a > 1.5 ? lgamma(a + 1.0) : a * (a - 1.0) * (polynomial(a + 0.5, p) / polynomial(a + 0.5, q));
}
DEVICE f64 gamma_power(f64 a, f64 x) {
  if (a >= 8.0) return exp(-a * excess((x - a) / a, x / a) - stirling_rest(a)) / sqrt(6.28318530717958647692 * a);
  f64 log_x = log(x), power = a * log_x, lost = fma(a, log_x, -power), sum = power - x;
  f64 part = sum - power, low = (power - (sum - part)) + (-x - part);
  f64 total = exp(sum - lgamma_1p(a));
  return op_isfinite(low) ? total + total * (low + lost) : 0.0;
}
DEVICE f64 gamma_series(f64 a, f64 x) {
  f64 term = 1.0, sum = 1.0;
  for (int n = 1; n < 200000 && term > 5e-17 * sum; n++) term *= x / (a + n), sum += term;
  return gamma_power(a, x) * sum;
}
DEVICE f64 gamma_complement_series(f64 a, f64 x) {
  f64 factor = 1.0, sum = 0.0;
  for (int n = 1; n < 100; n++) factor *= -x / n, sum += factor / (a + n);
  f64 logarithm = a * log(x) - lgamma_1p(a);
  return -expm1(logarithm) - exp(logarithm) * a * sum;
}
DEVICE f64 gamma_fraction(f64 a, f64 x) {
  f64 front = gamma_power(a, x) * a, b = x + 1.0 - a, c = Format<f64>::largest(), d = 1.0 / b, fraction = d;
  if (front == 0.0) return 0.0;
  for (int n = 1; n < 200000; n++) {
    f64 numerator = n * (a - n);
    b += 2.0;
    d = 1.0 / nonzero(numerator * d + b), c = nonzero(b + numerator / c);
    fraction *= c * d;
    if (op_abs(c * d - 1.0) <= 1.2e-16) break;
  }
  return front * fraction;
}
DEVICE Sides gamma_temme(f64 a, f64 x) {
  const f64 table[8][18] = {{-0.3333333333333333, 0.08333333333333333, -0.014814814814814815, 0.0011574074074074073, 0.0003527336860670194, -0.0001787551440329218, 3.919263178522438e-5, -2.185448510679992e-6, -1.85406221071516e-6, 8.296711340953087e-7, -1.7665952736826078e-7, 6.707853543401498e-9, 1.0261809784240309e-8, -4.382036018453353e-9, 9.14769958223679e-10, -2.5514193994946248e-11, -5.830772132550426e-11, 2.4361948020667415e-11}, {-0.001851851851851852, -0.003472222222222222, 0.0026455026455026454, -0.0009902263374485596, 0.00020576131687242798, -4.018775720164609e-7, -1.8098550334489977e-5, 7.64916091608111e-6, -1.6120900894563446e-6, 4.647127802807434e-9, 1.378633446915721e-7, -5.752545603517705e-8, 1.1951628599778148e-8, -1.7543241719747647e-11, -1.0091543710600413e-9, 4.162792991842583e-10, -8.56390702649298e-11, 6.067215101604758e-14}, {0.004133597883597883, -0.0026813271604938273, 0.0007716049382716049, 2.0093878600823047e-6, -0.0001073665322636516, 5.2923448829120125e-5, -1.2760635188618728e-5, 3.423578734096138e-8, 1.3721957309062934e-6, -6.298992138380055e-7, 1.4280614206064242e-7, -2.0477098421990866e-10, -1.409252991086752e-8, 6.228974084922022e-9, -1.3670488396617114e-9, 9.428356159014678e-13, 1.2872252400089318e-10, -5.5645956134363323e-11}, {0.0006494341563786008, 0.00022947209362139917, -0.0004691894943952557, 0.00026772063206283885, -7.561801671883977e-5, -2.396505113867297e-7, 1.1082654115347302e-5, -5.6749528269915965e-6, 1.4230900732435883e-6, -2.7861080291528143e-11, -1.6958404091930278e-7, 8.099464905388083e-8, -1.9111168485973655e-8, 2.3928620439808118e-12, 2.0620131815488797e-9, -9.460496661855133e-10, 2.1541049775774907e-10, -1.388823336813903e-14}, {-0.0008618882909167117, 0.0007840392217200666, -0.0002990724803031902, -1.4638452578843418e-6, 6.641498215465122e-5, -3.968365047179435e-5, 1.1375726970678419e-5, 2.507497226237533e-10, -1.6954149536558305e-6, 8.907507532205309e-7, -2.292934834000805e-7, 2.956794137544049e-11, 2.8865829742708783e-8, -1.4189739437803219e-8, 3.4463580499464896e-9, -2.3024517174528067e-13, -3.9409233028046403e-10, 1.86023389685045e-10}, {-0.00033679855336635813, -6.972813758365857e-5, 0.0002772753244959392, -0.00019932570516188847, 6.797780477937208e-5, 1.419062920643967e-7, -1.3594048189768693e-5, 8.018470256334202e-6, -2.291481176508095e-6, -3.252473551298454e-10, 3.4652846491085265e-7, -1.8447187191171344e-7, 4.8240967037894184e-8, -1.7989466721743514e-14, -6.306194500013523e-9, 3.162417628774568e-9, -7.840924253697429e-10, 5.192679165254041e-15}, {0.0005313079364639922, -0.0005921664373536939, 0.0002708782096718045, 7.902353232660328e-7, -8.153969367561969e-5, 5.61168275310625e-5, -1.8329116582843375e-5, -3.0796134506033047e-9, 3.465155368803609e-6, -2.0291327396058603e-6, 5.788792863149004e-7, 2.338630673826657e-13, -8.828600746330484e-8, 4.7435958880408125e-8, -1.2545415020710383e-8, 8.649648858010293e-14, 1.6846058979264062e-9, -8.575492823577594e-10}, {0.00034436760689237765, 5.171790908260592e-5, -0.00033493161081142234, 0.0002812695154763237, -0.00010976582244684731, -1.2741009095484485e-7, 2.7744451511563645e-5, -1.8263488805711332e-5, 5.7876949497350525e-6, 4.93875893393627e-10, -1.0595367014026043e-6, 6.166714376110408e-7, -1.7562973359060463e-7, -1.297447328701544e-12, 2.695423606288966e-8, -1.4578352908731272e-8, 3.887645959386175e-9, -3.881002251019412e-17}};
  f64 mu = (x - a) / a, half = excess(mu, x / a), eta = copysign(sqrt(2.0 * half), mu), sum = 0.0;
  for (int k = 8 - 1; k >= 0; k--) sum = sum / a + polynomial(eta, table[k]);
  f64 exponential = exp(-a * half), normal = 0.5 * exponential * scaled_erfc(sqrt(a * half));
  f64 correction = exponential * sum / sqrt(6.28318530717958647692 * a);
  return mu > 0.0 ? sides(1.0 - (normal + correction), normal + correction) : sides(normal - correction, 1.0 - (normal - correction));
}
DEVICE Sides gamma_sides(f64 a, f64 x) {
  bool both_zero = a == 0.0 && x == 0.0, both_infinite = a == infinite() && x == infinite();
  if (!(a >= 0.0) || !(x >= 0.0) || both_zero || both_infinite) return sides(Format<f64>::nan(), Format<f64>::nan());
  if (a == 0.0 || x == infinite()) return sides(1.0, 0.0);
  if (x == 0.0 || a == infinite()) return sides(0.0, 1.0);
  if (a >= 200.0 && op_abs(x - a) <= 0.4 * a) return gamma_temme(a, x);
  if (x > 1.1 && x >= a) {
    f64 q = gamma_fraction(a, x);
    return sides(1.0 - q, q);
  }
  f64 p = gamma_series(a, x);
  bool small = x > 1.1 || (x <= 0.5 ? -0.4 / log(x) < a : x * 1.1 < a);
  return sides(p, small ? 1.0 - p : gamma_complement_series(a, x));
}
DEVICE f64 lower_gamma(f64 a, f64 x) { return gamma_sides(a, x).low; }
DEVICE f64 upper_gamma(f64 a, f64 x) { return gamma_sides(a, x).high; }
DOUBLE_2(gammainc, lower_gamma) DOUBLE_2(gammaincc, upper_gamma)
DEVICE f64 inverse_gamma(f64 a, f64 p, f64 q) {
  if (!(a >= 0.0) || !(p >= 0.0 && p <= 1.0) || !(q >= 0.0 && q <= 1.0)) return Format<f64>::nan();
  if (p == 0.0 || q == 0.0) return p == 0.0 ? 0.0 : infinite();
  if (a == 0.0 || a == infinite()) return Format<f64>::nan();
  bool lower = p <= q;
  f64 first = exp(((lower ? log(p) : log1p(-q)) + lgamma_1p(a)) / a);
  if (first < 1e-17) return first;
  f64 z = lower ? inverse_ndtr(p) : -inverse_ndtr(q), root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * sqrt(a));
  f64 x = root > 0.3 ? a * root * root * root : first, low = 0.0, high = infinite();
  x = x < 1e-300 ? 1e-300 : x > 1e300 ? 1e300 : x;
  for (int k = 0; k < 200; k++) {
    Sides both = gamma_sides(a, x);
    f64 found = lower ? both.low : both.high, wanted = lower ? p : q;
    if ((found < wanted) == lower) low = x; else high = x;
    f64 slope = a * gamma_power(a, x) / found * (lower ? 1.0 : -1.0), step = -log1p((found - wanted) / wanted) / slope;
    f64 next = x * exp(step);
    if (op_abs(step) <= 4.5e-16) return next;
    f64 further = 2.0 * x + 1.0 < Format<f64>::largest() ? 2.0 * x + 1.0 : Format<f64>::largest();
    f64 between = high == infinite() ? further : low == 0.0 ? x * 1e-3 : sqrt(low) * sqrt(high);
    between = between < low ? low : between > high ? high : between;
    x = next > low && next < high ? next : between;
    if (high - low <= 1.2e-16 * low) break;
  }
  return x;
}
DEVICE f64 inverse_lower_gamma(f64 a, f64 p) { return inverse_gamma(a, p, 1.0 - p); }
DEVICE f64 inverse_upper_gamma(f64 a, f64 q) { return inverse_gamma(a, 1.0 - q, q); }
DOUBLE_2(gammaincinv, inverse_lower_gamma) DOUBLE_2(gammainccinv, inverse_upper_gamma)

// x^a y^b / B(a, b)
DEVICE f64 beta_power(f64 a, f64 b, f64 x, f64 y) {
  if (a < 8.0 || b < 8.0) {
    f64 log_x = x <= 0.5 ? log(x) : log1p(-y), log_y = x <= 0.5 ? log1p(-x) : log(y);
    f64 first = a * log_x, second = b * log_y, lost = fma(a, log_x, -first) + fma(b, log_y, -second);
    f64 total = exp(first + second - log_beta_positive(a, b));
    return total + total * lost;
  }
  f64 ratio = a > b ? b / a : a / b, larger = 1.0 / (1.0 + ratio), part = a > b ? larger : ratio * larger, rest = a > b ? ratio * larger : larger;
  f64 apart = a > b ? (a + b) * y - b : a - (a + b) * x;
  f64 exponent = a * excess(-apart / a, x / part) + b * excess(apart / b, y / rest);
  f64 corrections = stirling_rest(a) + (stirling_rest(b) - stirling_rest(a + b));
  return sqrt(b * part / 6.28318530717958647692) * exp(-exponent - corrections);
}
DEVICE f64 beta_fraction(f64 a, f64 b, f64 x, f64 y) {
  f64 apart = a > b ? (a + b) * y - b : a - (a + b) * x, first = a / (a + 1.0) * (apart + 1.0), c = first, d = 0.0, denominator = first;
  for (int k = 1; k < 200000; k++) {
    f64 n = k, place = a + 2.0 * n - 1.0;
    f64 numerator = (a + n - 1.0) / place * ((a + b + n - 1.0) / place) * (n * (b - n) * x) * x;
    f64 term = n + n * (b - n) * x / place + (a + n) / (place + 2.0) * (apart + 1.0 + n * (1.0 + y));
    d = 1.0 / nonzero(term + numerator * d), c = nonzero(term + numerator / c);
    denominator *= c * d;
    if (op_abs(c * d - 1.0) <= 1.2e-16) break;
  }
  return 1.0 / denominator;
}
DEVICE Sides beta_sides(f64 a, f64 b, f64 x, f64 y) {
  bool both = (a == 0.0 && b == 0.0) || (a == infinite() && b == infinite());
  if (!(x >= 0.0 && x <= 1.0) || !(a >= 0.0) || !(b >= 0.0) || both) return sides(Format<f64>::nan(), Format<f64>::nan());
  if (x == 0.0 || y == 0.0) return sides(x, y);
  if (a == 0.0 || b == infinite()) return sides(1.0, 0.0);
  if (b == 0.0 || a == infinite()) return sides(0.0, 1.0);
  bool swap = x > (a + 1.0) / (a + b + 2.0);
  f64 value = swap ? beta_power(b, a, y, x) * beta_fraction(b, a, y, x) : beta_power(a, b, x, y) * beta_fraction(a, b, x, y);
  return swap ? sides(1.0 - value, value) : sides(value, 1.0 - value);
}
REAL_3(betainc, (R)beta_sides((f64)x, (f64)y, (f64)z, 1.0 - (f64)z).low)
REAL_3(betaincc, (R)beta_sides((f64)x, (f64)y, (f64)z, 1.0 - (f64)z).high)
DEVICE f64 inverse_beta(f64 a, f64 b, f64 p) {
  if (!(a > 0.0) || !(b > 0.0) || !(p >= 0.0 && p <= 1.0) || (a == infinite() && b == infinite())) return Format<f64>::nan();
  if (p == 0.0 || p == 1.0) return p;
  if (a == infinite() || b == infinite()) return a == infinite() ? 1.0 : 0.0;
  f64 q = 1.0 - p, logarithm = log_beta_positive(a, b);
  bool lower = p <= 0.5;
  f64 first = exp(((lower ? log(p) : log1p(-q)) + logarithm + log(a)) / a), last = exp(((lower ? log1p(-p) : log(q)) + logarithm + log(b)) / b);
  if (first * (b > 1.0 ? b : 1.0) < 1e-17) return first;
  if (last * (a > 1.0 ? a : 1.0) < 1e-17) return 1.0;
  f64 z = lower ? inverse_ndtr(p) : -inverse_ndtr(q), odds = log(a / b) + z * sqrt(1.0 / a + 1.0 / b + 1.0 / (a * a) + 1.0 / (b * b));
  odds = odds < -700.0 ? -700.0 : odds > 700.0 ? 700.0 : odds;
  f64 x = 1.0 / (1.0 + exp(-odds)), y = 1.0 / (1.0 + exp(odds)), low = -infinite(), high = infinite();
  for (int k = 0; k < 200; k++) {
    Sides both = beta_sides(a, b, x, y);
    f64 found = lower ? both.low : both.high, wanted = lower ? p : q;
    odds = log(x) - log(y);
    if ((found < wanted) == lower) low = odds; else high = odds;
    f64 slope = beta_power(a, b, x, y) / found * (lower ? 1.0 : -1.0), step = -log1p((found - wanted) / wanted) / slope;
    bool done = op_abs(step) <= 4.5e-16;
    if (done || (odds + step > low && odds + step < high)) {
      f64 grown = x * exp(step), sum = grown + y;
      x = grown / sum, y = y / sum;
      if (done) break;
    } else {
      f64 middle = low == -infinite() ? high - (op_abs(high) > 1.0 ? op_abs(high) : 1.0)
                 : high == infinite() ? low + (op_abs(low) > 1.0 ? op_abs(low) : 1.0) : 0.5 * (low + high);
      if (middle <= low || middle >= high) break;
      middle = middle < -740.0 ? -740.0 : middle > 740.0 ? 740.0 : middle;
      x = 1.0 / (1.0 + exp(-middle)), y = 1.0 / (1.0 + exp(middle));
    }
  }
  return x;
}
REAL_3(betaincinv, (R)inverse_beta((f64)x, (f64)y, (f64)z))

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

// ---- reductions: the class template `reduce_<name>` for each; `partial` writes the elements of the accumulator that the host's has ----
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
  DEVICE void partial(Acc a, i64 i, Acc* to) { to[i] = a; }
};
template <class T> struct reduce_prod {
  typedef typename Wide<T>::type Acc;
  typedef typename Accumulated<T>::type Out;
  DEVICE Acc identity() { return Acc(1); }
  DEVICE Acc push(Acc a, T x, i64) { return op_multiply(a, convert<Acc>(x)); }
  DEVICE Acc merge(Acc a, Acc b) { return op_multiply(a, b); }
  DEVICE Out finish(Acc a, i64) { return convert<Out>(a); }
  DEVICE void partial(Acc a, i64 i, Acc* to) { to[i] = a; }
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
  DEVICE void partial(Acc a, i64 i, T* sum, Out* squares) { sum[i] = a.sum; squares[i] = a.squares; }
};
// The first of the elements, the mean less the first, the number of elements, and the sum of squared deviations: complex numbers
// first, whose alignment then leaves no gaps.
template <class T> struct Moments { T first, mean; typename RealPart<T>::type n, squares; };
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
  DEVICE void partial(Acc a, i64 i, P* n, W* first, W* mean, P* squares) { n[i] = a.n; first[i] = a.first; mean[i] = a.mean; squares[i] = a.squares; }
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
  DEVICE void partial(T a, i64 i, T* to) { to[i] = a; }
};
template <class T> struct reduce_min {
  typedef T Acc;
  typedef T Out;
  DEVICE T identity() { return Limits<T>::highest(); }
  DEVICE T push(T a, T x, i64) { return op_less(x, a) | op_isnan(x) ? x : a; }
  DEVICE T merge(T a, T b) { return push(a, b, 0); }
  DEVICE T finish(T a, i64) { return a; }
  DEVICE void partial(T a, i64 i, T* to) { to[i] = a; }
};
template <class T> struct Both { T low, high; };
template <class T> struct reduce_ptp {
  typedef Both<T> Acc;
  typedef T Out;
  DEVICE Acc identity() { Acc a; a.low = Limits<T>::highest(); a.high = Limits<T>::lowest(); return a; }
  DEVICE Acc push(Acc a, T x, i64) { a.low = reduce_min<T>::push(a.low, x, 0); a.high = reduce_max<T>::push(a.high, x, 0); return a; }
  DEVICE Acc merge(Acc a, Acc b) { a.low = reduce_min<T>::merge(a.low, b.low); a.high = reduce_max<T>::merge(a.high, b.high); return a; }
  DEVICE T finish(Acc a, i64) { return op_subtract(a.high, a.low); }
  DEVICE void partial(Acc a, i64 i, T* low, T* high) { low[i] = a.low; high[i] = a.high; }
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
  DEVICE void partial(Acc a, i64 i, T* value, i64* at) { value[i] = a.value; at[i] = a.at; }
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
  DEVICE void partial(Acc a, i64 i, T* value, i64* at) { value[i] = a.value; at[i] = a.at; }
};
template <class T> struct reduce_all {
  typedef u32 Acc;
  typedef bool Out;
  DEVICE u32 identity() { return 1; }
  DEVICE u32 push(u32 a, T x, i64) { return a & (is_true(x) ? 1u : 0u); }
  DEVICE u32 merge(u32 a, u32 b) { return a & b; }
  DEVICE bool finish(u32 a, i64) { return a != 0; }
  DEVICE void partial(u32 a, i64 i, bool* to) { to[i] = a != 0; }
};
template <class T> struct reduce_any {
  typedef u32 Acc;
  typedef bool Out;
  DEVICE u32 identity() { return 0; }
  DEVICE u32 push(u32 a, T x, i64) { return a | (is_true(x) ? 1u : 0u); }
  DEVICE u32 merge(u32 a, u32 b) { return a | b; }
  DEVICE bool finish(u32 a, i64) { return a != 0; }
  DEVICE void partial(u32 a, i64 i, bool* to) { to[i] = a != 0; }
};
template <class T> struct reduce_count_nonzero {
  typedef i64 Acc;
  typedef i64 Out;
  DEVICE i64 identity() { return 0; }
  DEVICE i64 push(i64 a, T x, i64) { return a + (is_true(x) ? 1 : 0); }
  DEVICE i64 merge(i64 a, i64 b) { return a + b; }
  DEVICE i64 finish(i64 a, i64) { return a; }
  DEVICE void partial(i64 a, i64 i, i64* to) { to[i] = a; }
};
// ---- end of the library ----
