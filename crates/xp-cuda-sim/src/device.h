// The part of CUDA C++ that kernels use, for a C++ compiler on the host. No standard header: they would dominate the
// compile time.
#define XP_SIMULATED 1
#define __CUDACC_RTC__ 1
#define __CUDA_ARCH__ 900
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __constant__ static const
#define __restrict__ __restrict
#define __align__(n) alignas(n)
#define __grid_constant__
#define warpSize 32

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x = 1, y = 1, z = 1; };
template <class T> struct alignas(2 * sizeof(T)) XpSim2 { T x, y; };
template <class T> struct alignas(4 * sizeof(T) > 16 ? 16 : 4 * sizeof(T)) XpSim4 { T x, y, z, w; };
typedef XpSim2<float> float2; typedef XpSim2<double> double2; typedef XpSim2<int> int2; typedef XpSim2<unsigned> uint2;
typedef XpSim2<long long> longlong2; typedef XpSim2<unsigned long long> ulonglong2;
typedef XpSim4<float> float4; typedef XpSim4<int> int4; typedef XpSim4<unsigned> uint4;
typedef XpSim4<unsigned short> ushort4; typedef XpSim4<unsigned char> uchar4;

typedef decltype(sizeof 0) xp_sim_size;
struct XpSimThread {
  uint3 thread, block, block_dim, grid_dim;
  unsigned char* dynamic_shared;
  unsigned linear, count;
  // The addresses of the device's memory, and how many bytes of it the block has read and written so far.
  xp_sim_size memory, room, read, written;
};
struct XpSimServices {
  int (*barrier)(int kind, int predicate);
  void (*exchange)(unsigned mask, const void* mine, unsigned size, void* all);
  void (*pause)();
  void* (*shared)(const void* key, xp_sim_size size);
};
extern "C" { const XpSimServices* xp_sim_services; }
// Blocks run beside each other on threads of the host; the threads of a block share one of these.
static __thread XpSimThread* xp_sim_thread;
#define threadIdx (xp_sim_thread->thread)
#define blockIdx (xp_sim_thread->block)
#define blockDim (xp_sim_thread->block_dim)
#define gridDim (xp_sim_thread->grid_dim)
#if XP_SIM_COUNTS
// What the compiler calls before every access to memory where it is asked to check addresses.
#define XP_SIM_HOOK __attribute__((no_sanitize("kernel-address"), visibility("hidden"))) void
#define XP_SIM_ACCESS(kind, field) \
  XP_SIM_HOOK __asan_##kind##N_noabort(xp_sim_size at, xp_sim_size n) { XpSimThread* t = xp_sim_thread; if (t && at - t->memory < t->room) t->field += n; } \
  XP_SIM_HOOK __asan_##kind##1_noabort(xp_sim_size at) { __asan_##kind##N_noabort(at, 1); } \
  XP_SIM_HOOK __asan_##kind##2_noabort(xp_sim_size at) { __asan_##kind##N_noabort(at, 2); } \
  XP_SIM_HOOK __asan_##kind##4_noabort(xp_sim_size at) { __asan_##kind##N_noabort(at, 4); } \
  XP_SIM_HOOK __asan_##kind##8_noabort(xp_sim_size at) { __asan_##kind##N_noabort(at, 8); } \
  XP_SIM_HOOK __asan_##kind##16_noabort(xp_sim_size at) { __asan_##kind##N_noabort(at, 16); }
extern "C" { XP_SIM_ACCESS(load, read) XP_SIM_ACCESS(store, written) XP_SIM_HOOK __asan_handle_no_return() {} }
#endif

// ---- barriers, warp operations, atomics ----
static inline void __syncthreads() { xp_sim_services->barrier(0, 0); }
static inline int __syncthreads_or(int p) { return xp_sim_services->barrier(1, p); }
static inline int __syncthreads_and(int p) { return xp_sim_services->barrier(2, p); }
static inline int __syncthreads_count(int p) { return xp_sim_services->barrier(3, p); }
static inline void __syncwarp(unsigned mask = ~0u) { char a = 0, all[32]; xp_sim_services->exchange(mask, &a, 1, all); }
static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_block() { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
static inline void __nanosleep(unsigned) { xp_sim_services->pause(); }
static inline int xp_sim_lane() { return xp_sim_thread->linear & 31; }
template <class T> static inline T xp_sim_shuffle(unsigned mask, T v, int source) {
  T all[32];
  xp_sim_services->exchange(mask, &v, sizeof(T), all);
  return source >= 0 && source < 32 ? all[source] : v;
}
template <class T> static inline T __shfl_sync(unsigned m, T v, int s, int w = 32) { int l = xp_sim_lane(); return xp_sim_shuffle(m, v, l / w * w + (s & (w - 1))); }
template <class T> static inline T __shfl_down_sync(unsigned m, T v, unsigned d, int w = 32) { int l = xp_sim_lane(), s = l + (int)d; return xp_sim_shuffle(m, v, s / w == l / w ? s : l); }
template <class T> static inline T __shfl_up_sync(unsigned m, T v, unsigned d, int w = 32) { int l = xp_sim_lane(), s = l - (int)d; return xp_sim_shuffle(m, v, s >= l / w * w ? s : l); }
template <class T> static inline T __shfl_xor_sync(unsigned m, T v, int x, int w = 32) { int l = xp_sim_lane(), s = l ^ x; return xp_sim_shuffle(m, v, s / w == l / w ? s : l); }
// `exchange` fills the slots of absent lanes with older values, so only the lanes of the mask count; an exited lane is
// not named by correct kernels.
static inline unsigned __ballot_sync(unsigned m, int p) { int a = p != 0, all[32]; xp_sim_services->exchange(m, &a, 4, all); unsigned r = 0; for (int i = 0; i < 32; i++) if ((m >> i & 1) && all[i] == 1) r |= 1u << i; return r; }
static inline int __any_sync(unsigned m, int p) { return __ballot_sync(m, p) != 0; }
static inline int __all_sync(unsigned m, int p) { return __ballot_sync(m, !p) == 0; }
template <class T> static inline unsigned __match_any_sync(unsigned m, T v) { T all[32]; xp_sim_services->exchange(m, &v, sizeof(T), all); unsigned r = 0; for (int i = 0; i < 32; i++) if ((m >> i & 1) && all[i] == v) r |= 1u << i; return r; }
static inline unsigned __activemask() { return ~0u; }
// Other blocks run at the same time: an update is one access to memory, which orders no other one.
template <class T> struct XpSimSame { typedef T type; };
#define XP_SIM_ATOMIC(name, expression) \
  template <class T> static inline T name(T* p, typename XpSimSame<T>::type v) { \
    T o, n; \
    __atomic_load(p, &o, __ATOMIC_RELAXED); \
    do n = (expression); while (!__atomic_compare_exchange(p, &o, &n, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)); \
    return o; \
  }
XP_SIM_ATOMIC(atomicAdd, o + v) XP_SIM_ATOMIC(atomicSub, o - v) XP_SIM_ATOMIC(atomicExch, v) XP_SIM_ATOMIC(atomicOr, o | v)
XP_SIM_ATOMIC(atomicAnd, o & v) XP_SIM_ATOMIC(atomicXor, o ^ v) XP_SIM_ATOMIC(atomicMin, v < o ? v : o) XP_SIM_ATOMIC(atomicMax, o < v ? v : o)
template <class T> static inline T atomicCAS(T* p, typename XpSimSame<T>::type c, typename XpSimSame<T>::type v) { __atomic_compare_exchange(p, &c, &v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED); return c; }
template <class T> static inline T __ldg(const T* p) { return *p; }
template <class T> static inline T __ldcs(const T* p) { return *p; }
template <class T> static inline void __stcs(T* p, T v) { *p = v; }

// ---- bits ----
template <class To, class From> static inline To xp_sim_bits(From f) { static_assert(sizeof(To) == sizeof(From), "size"); To t; __builtin_memcpy(&t, &f, sizeof t); return t; }
static inline long long __double_as_longlong(double v) { return xp_sim_bits<long long>(v); }
static inline double __longlong_as_double(long long v) { return xp_sim_bits<double>(v); }
static inline int __float_as_int(float v) { return xp_sim_bits<int>(v); }
static inline unsigned __float_as_uint(float v) { return xp_sim_bits<unsigned>(v); }
static inline float __int_as_float(int v) { return xp_sim_bits<float>(v); }
static inline float __uint_as_float(unsigned v) { return xp_sim_bits<float>(v); }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static inline int __clz(int v) { return v ? __builtin_clz(v) : 32; }
static inline int __clzll(long long v) { return v ? __builtin_clzll(v) : 64; }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline int __ffsll(long long v) { return __builtin_ffsll(v); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (unsigned long long)((unsigned __int128)a * b >> 64); }

// ---- arithmetic ----
#define XP_SIM_RN(T, suffix) \
  static inline T __##suffix##add_rn(T a, T b) { return a + b; } static inline T __##suffix##mul_rn(T a, T b) { return a * b; }
XP_SIM_RN(double, d) XP_SIM_RN(float, f)
static inline double __dsub_rn(double a, double b) { return a - b; } static inline float __fsub_rn(float a, float b) { return a - b; }
static inline double __ddiv_rn(double a, double b) { return a / b; } static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline double __dsqrt_rn(double a) { return __builtin_sqrt(a); } static inline float __fsqrt_rn(float a) { return __builtin_sqrtf(a); }
static inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }
static inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#define XP_SIM_1(name) static inline double name(double x) { return __builtin_##name(x); } static inline float name(float x) { return __builtin_##name##f(x); } static inline float name##f(float x) { return __builtin_##name##f(x); }
#define XP_SIM_2(name) static inline double name(double x, double y) { return __builtin_##name(x, y); } static inline float name(float x, float y) { return __builtin_##name##f(x, y); } static inline float name##f(float x, float y) { return __builtin_##name##f(x, y); }
XP_SIM_1(sin) XP_SIM_1(cos) XP_SIM_1(tan) XP_SIM_1(asin) XP_SIM_1(acos) XP_SIM_1(atan) XP_SIM_1(sinh) XP_SIM_1(cosh) XP_SIM_1(tanh)
XP_SIM_1(asinh) XP_SIM_1(acosh) XP_SIM_1(atanh) XP_SIM_1(exp) XP_SIM_1(exp2) XP_SIM_1(exp10) XP_SIM_1(expm1) XP_SIM_1(log) XP_SIM_1(log2) XP_SIM_1(log10)
XP_SIM_1(log1p) XP_SIM_1(sqrt) XP_SIM_1(cbrt) XP_SIM_1(floor) XP_SIM_1(ceil) XP_SIM_1(trunc) XP_SIM_1(rint) XP_SIM_1(round) XP_SIM_1(nearbyint)
XP_SIM_1(fabs) XP_SIM_1(erf) XP_SIM_1(erfc) XP_SIM_1(tgamma) XP_SIM_1(lgamma)
XP_SIM_2(atan2) XP_SIM_2(pow) XP_SIM_2(fmod) XP_SIM_2(hypot) XP_SIM_2(copysign) XP_SIM_2(fmin) XP_SIM_2(fmax) XP_SIM_2(nextafter) XP_SIM_2(remainder) XP_SIM_2(fdim)
static inline double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
static inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline float fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline double ldexp(double x, int e) { return __builtin_ldexp(x, e); } static inline float ldexp(float x, int e) { return __builtin_ldexpf(x, e); }
static inline float ldexpf(float x, int e) { return __builtin_ldexpf(x, e); }
static inline double frexp(double x, int* e) { return __builtin_frexp(x, e); } static inline float frexp(float x, int* e) { return __builtin_frexpf(x, e); }
static inline int ilogb(double x) { return __builtin_ilogb(x); } static inline int ilogbf(float x) { return __builtin_ilogbf(x); }
static inline void sincos(double x, double* s, double* c) { *s = __builtin_sin(x); *c = __builtin_cos(x); }
static inline void sincosf(float x, float* s, float* c) { *s = __builtin_sinf(x); *c = __builtin_cosf(x); }
static inline void sincospi(double x, double* s, double* c) { double r = x - 2 * __builtin_floor(x / 2); sincos(3.14159265358979323846 * r, s, c); }
static inline double rsqrt(double x) { return 1 / __builtin_sqrt(x); } static inline float rsqrtf(float x) { return 1 / __builtin_sqrtf(x); }
template <class T> static inline bool isnan(T x) { return __builtin_isnan(x); }
template <class T> static inline bool isinf(T x) { return __builtin_isinf(x); }
template <class T> static inline bool isfinite(T x) { return __builtin_isfinite(x); }
template <class T> static inline bool signbit(T x) { return __builtin_signbit(x); }
template <class T> static inline T min(T a, T b) { return b < a ? b : a; }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }
static inline double min(double a, double b) { return __builtin_fmin(a, b); } static inline double max(double a, double b) { return __builtin_fmax(a, b); }
static inline float min(float a, float b) { return __builtin_fminf(a, b); } static inline float max(float a, float b) { return __builtin_fmaxf(a, b); }
static inline int abs(int x) { return x < 0 ? -x : x; } static inline long long llabs(long long x) { return x < 0 ? -x : x; }
static inline double abs(double x) { return __builtin_fabs(x); } static inline float abs(float x) { return __builtin_fabsf(x); }

// ---- calling a kernel with packed arguments ----
// Until `run` says whose accesses these are there is nobody to count them for.
#define XP_SIM_UNCOUNTED __attribute__((no_sanitize("kernel-address")))
namespace xp_sim {
typedef xp_sim_size size;
template <class T> struct Plain { typedef T type; };
template <class T> struct Plain<const T> { typedef T type; };
template <class... A> XP_SIM_UNCOUNTED constexpr size offset(size i) {
  size sizes[] = {sizeof(A)..., 1}, aligns[] = {alignof(A)..., 1}, o = 0;
  for (size k = 0;; k++) { o = (o + aligns[k] - 1) / aligns[k] * aligns[k]; if (k == i) return o; o += sizes[k]; }
}
template <size... I> struct Seq {};
template <size N, size... I> struct Make : Make<N - 1, N - 1, I...> {};
template <size... I> struct Make<0, I...> { typedef Seq<I...> type; };
template <class... A, size... I>
static inline void call(void (*f)(A...), const unsigned char* a, Seq<I...>) { f(*(const typename Plain<A>::type*)(a + offset<A...>(I))...); }
template <class... A> XP_SIM_UNCOUNTED static inline void run(void (*f)(A...), const unsigned char* a, XpSimThread* t) {
  xp_sim_thread = t;
#if XP_SIM_FIBERS
  call(f, a, typename Make<sizeof...(A)>::type());
#else
  unsigned i = 0;
  for (unsigned z = 0; z < t->block_dim.z; z++) for (unsigned y = 0; y < t->block_dim.y; y++) for (unsigned x = 0; x < t->block_dim.x; x++) {
    t->thread.x = x; t->thread.y = y; t->thread.z = z; t->linear = i++;
    call(f, a, typename Make<sizeof...(A)>::type());
  }
#endif
}
template <class... A> XP_SIM_UNCOUNTED static inline size parameters(void (*)(A...), size* p) {
  size sizes[] = {sizeof(A)..., 1};
  if (p) for (size i = 0; i < sizeof...(A); i++) { p[2 * i] = offset<A...>(i); p[2 * i + 1] = sizes[i]; }
  return sizeof...(A);
}
}
