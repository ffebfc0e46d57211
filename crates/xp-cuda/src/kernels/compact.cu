// The elements whose mask is set, in order. T has the size of the elements, Word room for their number and two bits.

#define THREADS 256
#define WARPS (THREADS / 32)
#define ROUNDS 16
#define TILE (THREADS * ROUNDS)

extern "C" __global__ void __launch_bounds__(THREADS) compact(i64 n, i64 tiles, const u8* __restrict__ mask, const T* __restrict__ in, T* __restrict__ out,
                                                            u64* ticket, u64* total, Word* words) {
  __shared__ u32 found[WARPS];
  __shared__ i64 start;
  u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (i64 tile; (tile = next_tile(ticket)) < tiles;) {
    i64 first = tile * TILE + warp * ROUNDS * 32 + lane;
    u32 rank[ROUNDS], sum = 0;
    // Each warp takes a run of the tile in order.
#pragma unroll
    for (u32 k = 0; k < ROUNDS; k++) {
      i64 i = first + k * 32;
      u32 set = __ballot_sync(~0u, i < n && mask[i]);
      rank[k] = set >> lane & 1u ? sum + __popc(set & ((1u << lane) - 1u)) : TILE;
      sum += __popc(set);
    }
    if (lane == 0) found[warp] = sum;
    __syncthreads();
    u32 own = 0, before = 0;
    for (u32 w = 0; w < WARPS; w++) {
      if (w < warp) before += found[w];
      own += found[w];
    }
    if (warp == 0) {
      i64 earlier = (i64)counted_before_by_warp<Word>(words, tile, own);
      if (lane == 0) start = earlier;
      if (lane == 0 && tile == tiles - 1) *total = earlier + own;
    }
    __syncthreads();
#pragma unroll
    for (u32 k = 0; k < ROUNDS; k++)
      if (rank[k] < TILE) out[start + before + rank[k]] = in[first + k * 32];
  }
}
