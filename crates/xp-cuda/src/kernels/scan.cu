// Inclusive scans of the middle axis of [outer, len, inner]. In, Acc, Out, identity(), load(), combine() and store() come
// before. A row is cut into tiles; the totals of its tiles are scanned by the same kernel, and added in a second one.

#define THREADS 256
#define ITEMS 4
#define TILE (THREADS * ITEMS)

static __device__ __forceinline__ i64 element(i64 row, i64 i, i64 len, i64 inner) { return (over(row, inner) * len + i) * inner + modulo(row, inner); }
static __device__ __forceinline__ Acc read(const In* in, i64 at, i64 i) { return load(in[at], i); }
struct Total { Acc value; };
static __device__ __forceinline__ Acc read(const Total* in, i64 at, i64) { return in[at].value; }
static __device__ __forceinline__ void write(Out* out, i64 at, Acc value) { out[at] = store(value, 1); }
static __device__ __forceinline__ void write(Total* out, i64 at, Acc value) { out[at].value = value; }

template <class From, class To> static __device__ void scan(i64 rows, i64 len, i64 inner, i64 tiles, const From* in, To* out, Total* totals) {
  __shared__ Acc sums[2][THREADS];
  for (i64 item = blockIdx.x; item < rows * tiles; item += gridDim.x) {
    i64 row = over(item, tiles), tile = item - row * tiles, first = tile * TILE + (i64)threadIdx.x * ITEMS;
    Acc value[ITEMS], sum = identity();
    for (u32 k = 0; k < ITEMS; k++) {
      if (first + k < len) sum = k == 0 ? read(in, element(row, first, len, inner), first) : combine(sum, read(in, element(row, first + k, len, inner), first + k));
      value[k] = sum;
    }
    // Hillis and Steele's scan of the threads' sums.
    u32 side = 0;
    __syncthreads();
    sums[0][threadIdx.x] = sum;
    for (u32 distance = 1; distance < THREADS; distance *= 2) {
      __syncthreads();
      Acc own = sums[side][threadIdx.x];
      sums[side ^ 1][threadIdx.x] = threadIdx.x >= distance ? combine(sums[side][threadIdx.x - distance], own) : own;
      side ^= 1;
    }
    __syncthreads();
    for (u32 k = 0; k < ITEMS; k++)
      if (first + k < len) write(out, element(row, first + k, len, inner), threadIdx.x == 0 ? value[k] : combine(sums[side][threadIdx.x - 1], value[k]));
    if (threadIdx.x == 0 && totals) totals[item].value = sums[side][THREADS - 1];
    __syncthreads();
  }
}


// Short rows, or enough rows side by side to fill the device: one thread per row.
extern "C" __global__ void scan_serial(i64 rows, i64 len, i64 inner, const In* __restrict__ in, Out* __restrict__ out) {
  for (i64 row = global_thread(); row < rows; row += global_threads()) {
    Acc acc = identity();
    for (i64 i = 0; i < len; i++) {
      i64 at = element(row, i, len, inner);
      acc = i == 0 ? read(in, at, i) : combine(acc, read(in, at, i));
      write(out, at, acc);
    }
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_tiles(i64 rows, i64 len, i64 inner, i64 tiles, const In* __restrict__ in, Acc* scratch, Total* totals) {
  scan(rows, len, inner, tiles, in, (Total*)scratch, totals);
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_totals(i64 rows, i64 len, i64 inner, i64 tiles, const Total* in, Total* out, Total* totals) {
  scan(rows, len, inner, tiles, in, out, totals);
}

// Adds to every element the scanned total of the tiles before its own, and stores the result.
extern "C" __global__ void scan_finish(i64 rows, i64 len, i64 inner, i64 tiles, const Total* __restrict__ values, const Total* __restrict__ totals, Out* __restrict__ out) {
  for (i64 k = global_thread(); k < rows * len; k += global_threads()) {
    i64 row = over(k, len), i = k - row * len, at = element(row, i, len, inner), tile = i / TILE;
    Acc value = values[at].value;
    write(out, at, tile == 0 ? value : combine(totals[row * tiles + tile - 1].value, value));
  }
}

extern "C" __global__ void totals_finish(i64 rows, i64 len, i64 tiles, const Total* __restrict__ totals, Total* out) {
  for (i64 k = global_thread(); k < rows * len; k += global_threads()) {
    i64 row = over(k, len), tile = (k - row * len) / TILE;
    if (tile > 0) out[k].value = combine(totals[row * tiles + tile - 1].value, out[k].value);
  }
}
