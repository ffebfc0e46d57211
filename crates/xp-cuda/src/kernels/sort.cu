// A stable radix sort, least significant digit first, of (row, key) pairs: rows stay apart because their number is sorted
// last. T is the element type, Key an unsigned integer of its size.

#define THREADS 256
#define WARPS (THREADS / 32)
#define ROUNDS 8
#define TILE (THREADS * ROUNDS)
#define DIGITS 256

// An unsigned integer that orders as the element does. Both zeros are equal, and every nan comes after infinity.
extern "C" __global__ void sort_keys(i64 n, i32 descending, const T* __restrict__ in, Key* __restrict__ keys, u32* __restrict__ index) {
  for (i64 i = global_thread(); i < n; i += global_threads()) {
    Key key = bit_cast<Key>(in[i]);
#if KEY_KIND != 0
    const Key sign = (Key)((Key)1 << (8 * sizeof(Key) - 1));
#endif
#if KEY_KIND == 1  // signed integer
    key = (Key)(key ^ sign);
#elif KEY_KIND == 2  // floating point, infinity being INFINITY_BITS
    bool is_nan = (Key)(key & (Key)~sign) > (Key)INFINITY_BITS;
    if ((Key)(key & (Key)~sign) == 0) key = 0;
    key = (Key)(key & sign ? ~key : key | sign);
#endif
    key = descending ? (Key)~key : key;
#if KEY_KIND == 2
    if (is_nan) key = descending ? (Key)0 : (Key)~(Key)0;
#endif
    keys[i] = key;
    index[i] = (u32)i;
  }
}

// The places that indices mean, in the order of the indices; one behind the last place for indices out of range.
extern "C" __global__ void place_keys(i64 n, i64 extent, const i64* __restrict__ index, Key* __restrict__ keys, u32* __restrict__ order, u64* fault,
                                      u64 operation) {
  for (i64 i = global_thread(); i < n; i += global_threads()) {
    i64 place = resolve(index[i], extent, fault, operation);
    keys[i] = (Key)(place < 0 ? extent : place);
    order[i] = (u32)i;
  }
}

// The digit that a pass sorts by: of the key, or of the row when `len` is not 0.
static __device__ __forceinline__ u32 digit(Key key, u32 index, u32 len, u32 shift) {
  return len ? index / len >> shift & 255u : (u32)(key >> shift) & 255u;
}

// How often each digit occurs in each tile: counts[digit, tile].
extern "C" __global__ void __launch_bounds__(THREADS) sort_count(i64 n, i64 tiles, u32 len, u32 shift, const Key* __restrict__ keys,
                                                               const u32* __restrict__ index, i64* __restrict__ counts) {
  __shared__ u32 count[DIGITS];
  for (i64 tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    __syncthreads();
    count[threadIdx.x] = 0;
    __syncthreads();
    for (u32 k = 0; k < ROUNDS; k++) {
      i64 i = tile * TILE + k * THREADS + threadIdx.x;
      if (i < n) atomicAdd(&count[digit(keys[i], index[i], len, shift)], 1u);
    }
    __syncthreads();
    counts[threadIdx.x * tiles + tile] = count[threadIdx.x];
  }
}

// Moves every pair to its place; `ends` is the inclusive scan of the counts. Each warp ranks a run of the tile in order.
extern "C" __global__ void __launch_bounds__(THREADS) sort_move(i64 n, i64 tiles, u32 len, u32 shift, const Key* __restrict__ keys,
                                                              const u32* __restrict__ index, const i64* __restrict__ counts,
                                                              const i64* __restrict__ ends, Key* __restrict__ keys_out, u32* __restrict__ index_out) {
  __shared__ u32 before[WARPS][DIGITS];
  u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (i64 tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    __syncthreads();
    for (u32 w = 0; w < WARPS; w++) before[w][threadIdx.x] = 0;
    __syncthreads();
    Key key[ROUNDS];
    u32 payload[ROUNDS], place[ROUNDS], rank[ROUNDS];
    for (u32 k = 0; k < ROUNDS; k++) {
      i64 i = tile * TILE + (warp * ROUNDS + k) * 32 + lane;
      key[k] = i < n ? keys[i] : (Key)0;
      payload[k] = i < n ? index[i] : 0u;
      place[k] = i < n ? digit(key[k], payload[k], len, shift) : DIGITS;
      u32 peers = __match_any_sync(0xffffffffu, place[k]), lower = __popc(peers & ((1u << lane) - 1u));
      u32 base = place[k] < DIGITS ? before[warp][place[k]] : 0u;
      __syncwarp();
      if (place[k] < DIGITS && lower == 0) before[warp][place[k]] = base + __popc(peers);
      __syncwarp();
      rank[k] = base + lower;
    }
    __syncthreads();
    u32 sum = 0;
    for (u32 w = 0; w < WARPS; w++) {
      u32 own = before[w][threadIdx.x];
      before[w][threadIdx.x] = sum;
      sum += own;
    }
    __syncthreads();
    for (u32 k = 0; k < ROUNDS; k++) {
      if (place[k] == DIGITS) continue;
      i64 at = place[k] * tiles + tile, to = ends[at] - counts[at] + before[warp][place[k]] + rank[k];
      keys_out[to] = key[k];
      index_out[to] = payload[k];
    }
  }
}

// Positions within the rows of `len` elements.
extern "C" __global__ void sort_positions(i64 n, u32 len, const u32* __restrict__ index, i64* __restrict__ out) {
  for (i64 i = global_thread(); i < n; i += global_threads()) out[i] = index[i] % len;
}
