// Types that every kernel shares. Plain structs: the headers of CUDA's own complex and half types cost seconds per module.

#pragma nv_diag_suppress 177, 186  // functions that a kernel does not use; comparisons with zero in code for all integers

typedef unsigned char u8; typedef signed char i8; typedef unsigned short u16; typedef short i16;
typedef unsigned int u32; typedef int i32; typedef unsigned long long u64; typedef long long i64;
typedef float f32; typedef double f64;

template <class To, class From> static __device__ __forceinline__ To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From), "bit_cast between types of different sizes");
  union { From from; To to; } both;
  both.from = from;
  return both.to;
}

// Half precision. Arithmetic is done in f32, which rounds a single operation correctly.
struct f16 {
  u16 bits;
  f16() = default;
  __device__ __forceinline__ f16(f32 value) {
#ifdef XP_SIMULATED
    u32 x = bit_cast<u32>(value), sign = x >> 16 & 0x8000u, magnitude = x & 0x7fffffffu;
    if (magnitude >= 0x47800000u) {               // overflow, infinity, nan
      bits = (u16)(sign | (magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u));
    } else if (magnitude < 0x38800000u) {         // subnormal: the unit in the last place is 2^-24
      f32 scaled = bit_cast<f32>(magnitude) + 0.5f;  // 0.5 has that unit: the sum rounds to nearest even
      bits = (u16)(sign | (bit_cast<u32>(scaled) - 0x3f000000u));
    } else {
      u32 rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
      bits = (u16)(sign | (rounded - 0x38000000u) >> 13);
    }
#else
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
#endif
  }
  __device__ __forceinline__ operator f32() const {
#ifdef XP_SIMULATED
    u32 sign = (u32)(bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
    if (magnitude >= 0x7c00u) return bit_cast<f32>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude >= 0x0400u) return bit_cast<f32>(sign | ((magnitude << 13) + 0x38000000u));
    f32 value = (f32)magnitude * 5.9604644775390625e-8f;  // 2^-24
    return bit_cast<f32>(sign | bit_cast<u32>(value));
#else
    f32 value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
#endif
  }
};

// The upper half of an f32.
struct bf16 {
  u16 bits;
  bf16() = default;
  __device__ __forceinline__ bf16(f32 value) {
    u32 x = bit_cast<u32>(value);
    bits = (x & 0x7fffffffu) > 0x7f800000u ? (u16)(x >> 16 | 0x40u) : (u16)((x + 0x7fffu + (x >> 16 & 1u)) >> 16);
  }
  __device__ __forceinline__ operator f32() const { return bit_cast<f32>((u32)bits << 16); }
};

template <class T> struct alignas(2 * sizeof(T)) complex {
  T re, im;
  complex() = default;
  __device__ __forceinline__ complex(T re, T im = T(0)) : re(re), im(im) {}
  __device__ __forceinline__ complex operator+(complex b) const { return complex(re + b.re, im + b.im); }
  __device__ __forceinline__ complex operator-(complex b) const { return complex(re - b.re, im - b.im); }
  __device__ __forceinline__ complex operator*(complex b) const { return complex(re * b.re - im * b.im, re * b.im + im * b.re); }
  __device__ __forceinline__ bool operator==(complex b) const { return re == b.re && im == b.im; }
};
typedef complex<f32> c32;
typedef complex<f64> c64;

static __device__ __forceinline__ i64 global_thread() { return blockIdx.x * (i64)blockDim.x + threadIdx.x; }
static __device__ __forceinline__ i64 global_threads() { return gridDim.x * (i64)blockDim.x; }

// Quotient and remainder of numbers that are not negative. Those of 64 bits cost five times as much as those of 32.
static __device__ __forceinline__ i64 over(i64 a, i64 b) { return (a | b) >> 32 ? a / b : (i64)((u32)a / (u32)b); }
static __device__ __forceinline__ i64 modulo(i64 a, i64 b) { return a - over(a, b) * b; }
