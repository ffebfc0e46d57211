// Stacks of small matrices: a team of threads for each, a warp or a whole block, which keeps it in shared memory. T is the
// element type, TEAM the number of threads, MOST_THREADS that of a block at most. A sum or a search that all threads need is done by every warp for itself, in the same
// order; so what a matrix gives depends on it alone.

typedef RealPart<T>::type R;

// All threads of the team have come here, and see what the others wrote.
DEVICE void meet() {
#if TEAM == 32
  __syncwarp();
#else
  __syncthreads();
#endif
}
// Whether it is true for some thread of the team.
DEVICE bool any(bool x) {
#if TEAM == 32
  return __any_sync(~0u, x) != 0;
#else
  return __syncthreads_or(x) != 0;
#endif
}
DEVICE u32 lane_of() { return threadIdx.x % TEAM; }
// The team's room, so many bytes: a part of the shared memory, or of memory of the device, where a matrix does not fit there.
#ifdef OUTSIDE
#define ROOM u64 room, unsigned char* __restrict__ outside
#define room_of_team() (T*)(outside + blockIdx.x * room)
#else
#define ROOM u32 room
#define room_of_team() shared_of(room)
DEVICE T* shared_of(u32 room) {
  extern __shared__ __align__(16) unsigned char raw[];
  return (T*)(raw + threadIdx.x / TEAM * room);
}
#endif
// The matrices, dealt to the teams of all blocks.
#define EACH(item, count) \
  for (i64 item = blockIdx.x * (i64)(blockDim.x / TEAM) + threadIdx.x / TEAM; item < count; item += gridDim.x * (i64)(blockDim.x / TEAM))

// The places of a grid of rows and columns, dealt to the threads of a team.
struct Deal {
  u32 row, column, columns, down, along;
  __device__ __forceinline__ Deal(u32 columns)
      : row(lane_of() / columns), column(lane_of() % columns), columns(columns), down(TEAM / columns), along(TEAM % columns) {}
  __device__ __forceinline__ void next() {
    row += down;
    column += along;
    if (column >= columns) { column -= columns; row++; }
  }
};
// A row length that spreads a column over the banks of the shared memory.
DEVICE u32 odd(u32 length) { return length | 1; }

// The first failure of all matrices: the largest complement stays, 0 is none.
DEVICE void report(u64* failed, i64 matrix, u32 detail) { atomicMax(failed, ~((u64)matrix * 256 + detail)); }

DEVICE f32 other(f32 x, u32 distance) { return __shfl_xor_sync(~0u, x, distance); }
DEVICE f64 other(f64 x, u32 distance) { return __shfl_xor_sync(~0u, x, distance); }
DEVICE u32 other(u32 x, u32 distance) { return __shfl_xor_sync(~0u, x, distance); }
template <class P> DEVICE complex<P> other(complex<P> x, u32 distance) { return pair(other(x.re, distance), other(x.im, distance)); }
// The sum over `size` neighbouring threads, a power of two; the same for each of them.
template <class X> DEVICE X sum_over(X x, u32 size) {
  for (u32 distance = size / 2; distance > 0; distance /= 2) x = op_add(x, other(x, distance));
  return x;
}
template <class X> DEVICE X largest_over(X x, u32 size) {
  for (u32 distance = size / 2; distance > 0; distance /= 2) { X y = other(x, distance); x = y > x ? y : x; }
  return x;
}

DEVICE T zero() { return T(R(0)); }
DEVICE T one() { return T(R(1)); }
DEVICE f32 shifted(f32 x, int exponent) { return ldexp(x, exponent); }
DEVICE f64 shifted(f64 x, int exponent) { return ldexp(x, exponent); }
template <class P> DEVICE complex<P> shifted(complex<P> x, int exponent) { return pair(shifted(x.re, exponent), shifted(x.im, exponent)); }
DEVICE f32 times(f32 x, f32 by) { return x * by; }
DEVICE f64 times(f64 x, f64 by) { return x * by; }
template <class P> DEVICE complex<P> times(complex<P> x, P by) { return pair(x.re * by, x.im * by); }
DEVICE f32 part_of(f32 x, f32 whole) { return x / whole; }
DEVICE f64 part_of(f64 x, f64 whole) { return x / whole; }
template <class P> DEVICE complex<P> part_of(complex<P> x, P whole) { return pair(x.re / whole, x.im / whole); }
// x + y z
DEVICE f32 plus(f32 x, f32 y, f32 z) { return fma(y, z, x); }
DEVICE f64 plus(f64 x, f64 y, f64 z) { return fma(y, z, x); }
template <class P> DEVICE complex<P> plus(complex<P> x, complex<P> y, complex<P> z) {
  return pair(fma(-y.im, z.im, fma(y.re, z.re, x.re)), fma(y.im, z.re, fma(y.re, z.im, x.im)));
}
// x - y z
DEVICE T minus(T x, T y, T z) { return plus(x, op_negative(y), z); }
// A magnitude that is quick to find; infinity for what is not a number.
DEVICE R rough_size(T x) {
  R size = op_abs(op_real(x)) + op_abs(op_imag(x));
  return size != size ? Format<R>::infinity() : size;
}

// The groups of threads that work on one of `count` items each, the same number for all: of TEAM threads at least one, and at
// most a warp.
struct Groups {
  u32 size, item, part;
  __device__ __forceinline__ Groups(u32 count) {
    u32 width = 1;
    while (width < count) width *= 2;
    size = TEAM / width < 32 ? TEAM / width : 32;
    item = lane_of() / size;
    part = lane_of() % size;
  }
};

// The exponent of the largest element, which brings the matrix into [1, 2); needs a meeting before.
DEVICE int exponent_of_all(const T* matrix, u32 rows, u32 columns, u32 ld) {
  R largest = R(0);
  for (u32 i = 0; i < rows; i++)
    for (u32 j = threadIdx.x % 32; j < columns; j += 32) {
      R x = op_abs(op_real(matrix[i * ld + j])), y = op_abs(op_imag(matrix[i * ld + j]));
      largest = x > largest ? x : largest;
      largest = y > largest ? y : largest;
    }
  return exponent_of(largest_over(largest, 32));
}
