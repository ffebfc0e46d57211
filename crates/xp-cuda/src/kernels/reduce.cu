// Reductions of the middle axis of [outer, len, inner]. In, Acc, Out, identity(), load(), combine() and store() come before.
// The partition depends on the shape alone, so a result is bitwise the same on every device.

#define THREADS 256

// The combination of one value per thread, valid in thread 0; needs all threads of the block.
static __device__ Acc block_combine(Acc value) {
  __shared__ Acc tree[THREADS];
  u32 t = threadIdx.y * blockDim.x + threadIdx.x;
  __syncthreads();
  tree[t] = value;
  for (u32 half = THREADS / 2; half > 0; half /= 2) {
    __syncthreads();
    if (t < half) tree[t] = combine(tree[t], tree[t + half]);
  }
  return tree[0];
}

// Reads what another block wrote: volatile, past the first-level cache.
static __device__ Acc fresh(const Acc* from) {
  static_assert(sizeof(Acc) % 4 == 0, "accumulators consist of 32-bit words");
  union Words { Acc acc; u32 words[sizeof(Acc) / 4]; __device__ Words() {} } both;
  for (u32 k = 0; k < sizeof(Acc) / 4; k++) both.words[k] = ((const volatile u32*)from)[k];
  return both.acc;
}

// inner == 1: one block per row and chunk. The block that finishes a row last combines the row's chunks.
extern "C" __global__ void __launch_bounds__(THREADS) reduce_rows(i64 rows, i64 len, i64 chunk, i64 chunks, const In* __restrict__ in,
                                                                Acc* partial, u32* finished, Out* __restrict__ out) {
  for (i64 item = blockIdx.x; item < rows * chunks; item += gridDim.x) {
    i64 row = over(item, chunks), from = (item - row * chunks) * chunk, to = from + chunk < len ? from + chunk : len;
    Acc acc = identity();
    for (i64 i = from + threadIdx.x; i < to; i += THREADS) acc = combine(acc, load(in[row * len + i], i));
    acc = block_combine(acc);
    if (chunks == 1) {
      if (threadIdx.x == 0) out[row] = store(acc, len);
      continue;
    }
    __shared__ u32 is_last;
    if (threadIdx.x == 0) {
      partial[item] = acc;
      __threadfence();
      is_last = atomicAdd(&finished[row], 1u) == chunks - 1;
    }
    __syncthreads();
    if (is_last) {
      __threadfence();
      acc = identity();
      for (i64 i = threadIdx.x; i < chunks; i += THREADS) acc = combine(acc, fresh(partial + row * chunks + i));
      acc = block_combine(acc);
      if (threadIdx.x == 0) out[row] = store(acc, len);
    }
    __syncthreads();
  }
}

// inner == 1 and short rows: one thread per row.
extern "C" __global__ void reduce_short(i64 rows, i64 len, const In* __restrict__ in, Out* __restrict__ out) {
  for (i64 row = global_thread(); row < rows; row += global_threads()) {
    Acc acc = identity();
    for (i64 i = 0; i < len; i++) acc = combine(acc, load(in[row * len + i], i));
    out[row] = store(acc, len);
  }
}

// inner > 1: 32 columns per block, eight threads per column. Values are combined in runs of 64, and then the runs.
extern "C" __global__ void __launch_bounds__(THREADS) reduce_columns(i64 outer, i64 len, i64 inner, const In* __restrict__ in, Out* __restrict__ out) {
  __shared__ Acc part[THREADS];
  i64 groups = (inner + 31) / 32;
  for (i64 item = blockIdx.x; item < outer * groups; item += gridDim.x) {
    i64 o = over(item, groups), column = (item - o * groups) * 32 + threadIdx.x;
    Acc acc = identity();
    if (column < inner) {
      const In* base = in + o * len * inner + column;
      for (i64 start = threadIdx.y; start < len; start += 8 * 64) {
        Acc run = identity();
        for (i64 i = start; i < len && i < start + 8 * 64; i += 8) run = combine(run, load(base[i * inner], i));
        acc = combine(acc, run);
      }
    }
    __syncthreads();
    part[threadIdx.y * 32 + threadIdx.x] = acc;
    __syncthreads();
    if (threadIdx.y == 0 && column < inner) {
      for (u32 y = 1; y < 8; y++) acc = combine(acc, part[y * 32 + threadIdx.x]);
      out[o * inner + column] = store(acc, len);
    }
  }
}
