// How generated kernels find their way through memory. NDIM is the number of axes; Index is an integer that holds twice
// the number of elements.

// The axes of a loop: its size, its lengths, the strides of its output, and what divides by the lengths.
struct Walk { i64 n; i64 length[NDIM]; i64 out[NDIM]; u64 factor[NDIM]; i64 shift[NDIM]; };
// A position along the axes.
struct At { Index index[NDIM]; };

// The quotient of a number below half the range of its type and the length that factor and shift were made for (Granlund and
// Montgomery, "Division by invariant integers using multiplication", 1994): a division costs a GPU ten times as much.
DEVICE u32 quotient(u32 i, u64 factor, i64 shift) { return (__umulhi(i, (u32)factor) + i) >> (u32)shift; }
DEVICE i64 quotient(i64 i, u64 factor, i64 shift) { return (i64)((__umul64hi((u64)i, factor) + (u64)i) >> (u32)shift); }

// The position of the i-th element of axes `first..last`, the last axis the fastest.
template <int first, int last> DEVICE void split(const Walk& walk, Index i, At& at) {
#pragma unroll
  for (int k = last - 1; k > first; k--) {
    Index rest = quotient(i, walk.factor[k], walk.shift[k]);
    at.index[k] = i - rest * (Index)walk.length[k];
    i = rest;
  }
  if (last > first) at.index[first] = i;
}
DEVICE i64 offset(const i64* step, const At& at) {
  i64 sum = 0;
#pragma unroll
  for (int k = 0; k < NDIM; k++) sum += (i64)at.index[k] * step[k];
  return sum;
}

// Elements that are moved as one, in 16-byte pieces.
template <class T, int N> struct alignas(N * sizeof(T) < 16 ? N * sizeof(T) : 16) Pack { T at[N]; };

// N times the same element.
template <int N, class T> DEVICE Pack<T, N> repeated(T one) {
  Pack<T, N> all;
#pragma unroll
  for (int k = 0; k < N; k++) all.at[k] = one;
  return all;
}

// The leaves of an expression: `get` reads at a position, `flat` at a place of a loop with one axis and dense operands;
// `pack` reads N elements at once, from a place or a position on.
template <class T> struct Array {
  const T* base;
  i64 step[NDIM];
  __device__ __forceinline__ T get(const At& at) const { return base[offset(step, at)]; }
  __device__ __forceinline__ T flat(i64 i) const { return base[i * step[NDIM - 1]]; }
  template <int N> __device__ __forceinline__ Pack<T, N> pack(i64 i) const {
    if (step[NDIM - 1] == 1) return *(const Pack<T, N>*)(base + i);
    return repeated<N>(*base);
  }
  template <int N> __device__ __forceinline__ Pack<T, N> pack(const At& at) const {
    const T* from = base + offset(step, at);
    if (step[NDIM - 1] == 1) return *(const Pack<T, N>*)from;
    return repeated<N>(*from);
  }
};
template <class T> struct Scalar {
  T value;
  __device__ __forceinline__ T get(const At&) const { return value; }
  __device__ __forceinline__ T flat(i64) const { return value; }
  template <int N> __device__ __forceinline__ Pack<T, N> pack(i64) const { return repeated<N>(value); }
  template <int N> __device__ __forceinline__ Pack<T, N> pack(const At&) const { return repeated<N>(value); }
};
struct Counter {
  i64 start;
  i64 step[NDIM];
  __device__ __forceinline__ i64 get(const At& at) const { return start + offset(step, at); }
  __device__ __forceinline__ i64 flat(i64 i) const { return start + i * step[NDIM - 1]; }
  template <int N> __device__ __forceinline__ Pack<i64, N> pack(i64 i) const {
    Pack<i64, N> all;
#pragma unroll
    for (int k = 0; k < N; k++) all.at[k] = flat(i + k);
    return all;
  }
  template <int N> __device__ __forceinline__ Pack<i64, N> pack(const At& at) const {
    Pack<i64, N> all;
    i64 first = get(at);
#pragma unroll
    for (int k = 0; k < N; k++) all.at[k] = first + k * step[NDIM - 1];
    return all;
  }
};
// An array whose position along `axis` is looked up.
template <class T> struct Rows {
  const T* base;
  i64 step[NDIM];
  const i64* indices;
  i64 index_step, axis;
  __device__ __forceinline__ T get(const At& at) const {
    i64 sum = 0;
#pragma unroll
    for (int k = 0; k < NDIM; k++) {
      i64 index = (i64)at.index[k];
      if (k == axis) index = indices[index * index_step];
      sum += index * step[k];
    }
    return base[sum];
  }
};
