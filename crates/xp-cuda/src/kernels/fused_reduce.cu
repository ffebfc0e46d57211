// A reduction over an expression, in one launch. The first KEPT axes number the outputs, the others the elements that are
// reduced to each. PARAMETERS, OUTPUTS, STORE and `element` are generated, R is the reduction, of which several may be parts. `Walk` counts the outputs, `reduced` the
// elements of each.
//
// A block takes `width` outputs side by side, 256 / width threads for each, and one chunk of the reduced elements. Where
// there are several chunks, the block that ends last combines them. Neighbouring threads have neighbouring elements: of one output
// if `along`, of neighbouring outputs otherwise. A thread takes PACK elements of a row at a time, which it reads at once if AT_ONCE: then
// `packed` is generated too. Sizes and order depend on the shape alone, so a result is bitwise the same on every device.

#define THREADS 256
// Elements that a thread combines before it adds them to what it has, and how many such runs it combines before it adds
// those: keeps the error of long sums small.
#define RUN 64

static_assert(sizeof(Acc) <= ACCUMULATOR, "the accumulator of a reduction is larger than that of the host");

// The combination over the threads of an output, valid where `row` is 0; needs all threads of the block.
static __device__ Acc combined(Acc value, u32 row, u32 width, bool along) {
  __shared__ Acc tree[THREADS];
  u32 height = THREADS / width, step = along ? 1 : width;
  if (along && height <= 32) {
    for (u32 half = height / 2; half > 0; half /= 2) {
      Acc other = lane_after(value, half);
      if (row < half) value = R::merge(value, other);
    }
    return value;
  }
  __syncthreads();
  tree[threadIdx.x] = value;
  for (u32 half = height / 2; half > 0; half /= 2) {
    __syncthreads();
    if (row < half) tree[threadIdx.x] = R::merge(tree[threadIdx.x], tree[threadIdx.x + half * step]);
  }
  return tree[threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(THREADS) fused_reduce(Walk walk, i64 reduced, u32 width, u32 along, i64 chunk, i64 chunks, i64 count,
                                                                   OUTPUTS Acc* partial, u32* finished PARAMETERS) {
  __shared__ u32 is_last;
  u32 height = THREADS / width, column = along ? threadIdx.x / height : threadIdx.x % width, row = along ? threadIdx.x % height : threadIdx.x / width;
  i64 groups = (walk.n + width - 1) / width;
  for (i64 item = blockIdx.x; item < groups * chunks; item += gridDim.x) {
    i64 part = over(item, groups), group = item - part * groups, o = group * width + column, end = part * chunk + chunk < reduced ? part * chunk + chunk : reduced;
    bool inside = o < walk.n;
    At at;
    Acc acc = R::identity();
    if (inside) {
      split<0, KEPT>(walk, (Index)o, at);
      for (i64 i = part * chunk + row * PACK; i < end;) {
        Acc runs = R::identity();
        for (u32 k = 0; k < RUN && i < end; k++) {
          Acc run = R::identity();
#pragma unroll 4
          for (i64 stop = i + (i64)RUN * height < end ? i + (i64)RUN * height : end; i < stop; i += height * PACK) {
#if AT_ONCE
            split<KEPT, NDIM>(walk, (Index)i, at);
            Pack<Element, PACK> all = packed(at ARGUMENTS);
#pragma unroll
            for (int e = 0; e < PACK; e++) run = R::push(run, all.at[e], i + e);
#else
#pragma unroll
            for (int e = 0; e < PACK; e++) {
              split<KEPT, NDIM>(walk, (Index)(i + e), at);
              run = R::push(run, element(at ARGUMENTS), i + e);
            }
#endif
          }
          runs = R::merge(runs, run);
        }
        acc = R::merge(acc, runs);
      }
    }
    if (height > 1) acc = combined(acc, row, width, along != 0);
    if (chunks > 1) {
      if (row == 0 && inside) partial[part * walk.n + o] = acc;
      __threadfence();
      __syncthreads();
      if (threadIdx.x == 0) is_last = atomicAdd(&finished[group], 1u) == chunks - 1;
      __syncthreads();
      if (!is_last) continue;
      __threadfence();
      acc = R::identity();
      if (inside)
        for (i64 i = row; i < chunks; i += height) acc = R::merge(acc, fresh(partial + i * walk.n + o));
      if (height > 1) acc = combined(acc, row, width, along != 0);
    }
    if (row == 0 && inside) {
#pragma unroll
      for (int k = KEPT; k < NDIM; k++) at.index[k] = 0;
      i64 place = offset(walk.out, at);
      STORE
    }
    __syncthreads();
  }
}
