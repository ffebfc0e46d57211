// Counts that tiles of a row hand on to the tiles after them, in one word each: its two upper bits say whether nothing is there yet (0),
// the count of the tile alone, or that of all tiles up to it. A tile is begun after those before it, so that it can wait for them.

#define OWN 1
#define ALL 2

// The number of the next tile; needs all threads of the block.
static __device__ __forceinline__ i64 next_tile(u64* ticket) {
  __shared__ u64 number;
  __syncthreads();
  if (threadIdx.x == 0) number = atomicAdd(ticket, 1ull);
  __syncthreads();
  return (i64)number;
}

// The counts of the tiles before this one, whose words are `stride` apart; by one thread, which hands on the tile's own.
template <class W> static __device__ W counted_before(W* word, i64 stride, i64 tile, W own) {
  const u32 top = 8 * sizeof(W) - 2;
  *(volatile W*)word = (W)(tile == 0 ? ALL : OWN) << top | own;
  if (tile == 0) return 0;
  W sum = 0;
  for (const volatile W* earlier = word - stride;; earlier -= stride) {
    W found = *earlier;
    while (found >> top == 0) found = *earlier;
    sum += found & (((W)1 << top) - 1);
    if (found >> top == ALL) break;
  }
  *(volatile W*)word = (W)ALL << top | (W)(sum + own);
  return sum;
}

// The same for counts of whole tiles, by a warp.
template <class W> static __device__ W counted_before_by_warp(W* words, i64 tile, W own) {
  const u32 top = 8 * sizeof(W) - 2;
  u32 lane = threadIdx.x % 32;
  if (lane == 0) *(volatile W*)(words + tile) = (W)(tile == 0 ? ALL : OWN) << top | own;
  if (tile == 0) return 0;
  W sum = 0;
  u32 ends = 0;
  for (i64 nearest = tile - 1; ends == 0; nearest -= 32) {
    i64 at = nearest - lane;
    W found = (W)ALL << top;
    if (at >= 0) do found = *(const volatile W*)(words + at); while (found >> top == 0);
    ends = __ballot_sync(~0u, found >> top == ALL);
    u32 last = ends ? __ffs(ends) - 1 : 31;
    W part = lane <= last ? found & (((W)1 << top) - 1) : 0;
    for (u32 distance = 16; distance > 0; distance /= 2) part += __shfl_xor_sync(~0u, part, distance);
    sum += part;
  }
  if (lane == 0) *(volatile W*)(words + tile) = (W)ALL << top | (W)(sum + own);
  return sum;
}
