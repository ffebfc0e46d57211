// Inclusive scans of the middle axis of [outer, len, inner]. In, Acc, Out, identity(), load(), combine() and store() come before.
//
// Elements are read and written once. A row is cut into tiles, and GROUP tiles are a group. A tile hands its total on, the last one of a
// group the group's sum and that of all groups so far; so a tile waits for the totals of its group, and looks back for the nearest sum
// of all. Sums are always made of the same parts in the same order, whoever comes first: results do not depend on chance.

#define THREADS 256
#define WARPS (THREADS / 32)
#define ITEMS 8
#define TILE (THREADS * ITEMS)
#define GROUP 32

static __device__ __forceinline__ i64 element(i64 row, i64 i, i64 len, i64 inner) { return (over(row, inner) * len + i) * inner + modulo(row, inner); }

// Short rows, or enough rows side by side to fill the device: one thread per row.
extern "C" __global__ void scan_serial(i64 rows, i64 len, i64 inner, const In* __restrict__ in, Out* __restrict__ out) {
  for (i64 row = global_thread(); row < rows; row += global_threads()) {
    Acc acc = identity();
    for (i64 i = 0; i < len; i++) {
      i64 at = element(row, i, len, inner);
      acc = i == 0 ? load(in[at], i) : combine(acc, load(in[at], i));
      out[at] = store(acc, 1);
    }
  }
}

// What the tiles of a row hand on: their totals, the sums of groups, and those of all groups up to each. Flags say what is there.
struct Parts {
  Acc *totals, *sums, *all;
  u32 *tiles, *groups;

  static __device__ void hand_on(Acc* place, Acc value, u32* flag, u32 what) {
    *place = value;
    __threadfence();
    *(volatile u32*)flag = what;
  }
  static __device__ u32 await(const u32* flag) {
    u32 what = 0;
    while (what == 0) what = *(const volatile u32*)flag;
    __threadfence();
    return what;
  }

  // The combination of what is before a tile, given its total; needs a warp. Without meaning for the first tile.
  __device__ Acc before(i64 tile, Acc total) const {
    i64 group = tile / GROUP;
    u32 lane = threadIdx.x % 32, place = tile % GROUP;
    if (lane == 0) hand_on(totals + tile, total, tiles + tile, OWN);
    Acc inside = identity();
    if (place > 0) {
      Acc value = total;
      if (lane < place) {
        await(tiles + group * GROUP + lane);
        value = fresh(totals + group * GROUP + lane);
      }
      __syncwarp();
      for (u32 distance = 1; distance < GROUP; distance *= 2) {
        Acc earlier = lane_before(value, distance);
        if (lane >= distance) value = combine(earlier, value);
      }
      inside = of_lane(value, place - 1);
    }
    bool is_last = place == GROUP - 1;
    Acc sum = is_last ? combine(inside, total) : total;
    if (group == 0) {
      if (is_last && lane == 0) hand_on(all, sum, groups, ALL);
      return inside;
    }
    if (is_last && lane == 0) hand_on(sums + group, sum, groups + group, OWN);
    i64 nearest = group - 1;
    for (u32 found = 0; found == 0;) {
      i64 at = nearest - lane;
      found = __ballot_sync(~0u, at >= 0 && await(groups + at) == ALL);
      nearest -= found ? __ffs(found) - 1 : 32;
    }
    __syncwarp();
    Acc before = fresh(all + nearest);
    for (i64 first = nearest + 1; first < group; first += 32) {
      Acc value = first + lane < group ? fresh(sums + first + lane) : total;
      for (u32 l = 0; l < 32 && first + l < group; l++) before = combine(before, of_lane(value, l));
    }
    if (is_last && lane == 0) hand_on(all + group, combine(before, sum), groups + group, ALL);
    return place > 0 ? combine(before, inside) : before;
  }
};

// Threads, which read ITEMS neighbours each, find them in different banks.
static __device__ __forceinline__ u32 slot(u32 i) { return i + i / 32; }

// All pointers to what tiles hand on are to zeroed flags, for all rows; without meaning where rows have one tile.
extern "C" __global__ void __launch_bounds__(THREADS) scan_tiles(i64 rows, i64 len, i64 inner, i64 tiles, i64 groups, const In* __restrict__ in,
                                                               Out* __restrict__ out, u64* ticket, u32* tile_flags, u32* group_flags, Acc* totals,
                                                               Acc* sums, Acc* all) {
  union Cell { In in; Out out; };
  __shared__ Cell cells[TILE + TILE / 32];
  __shared__ Acc ends[WARPS];
  __shared__ Acc shared_before;
  u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32, own = threadIdx.x * ITEMS;
  for (i64 item = tiles > 1 ? next_tile(ticket) : blockIdx.x; item < rows * tiles; item = tiles > 1 ? next_tile(ticket) : item + gridDim.x) {
    i64 row = over(item, tiles), tile = item - row * tiles, first = tile * TILE;
    u32 count = len - first < TILE ? (u32)(len - first) : TILE;
    __syncthreads();
    for (u32 e = threadIdx.x; e < count; e += THREADS) cells[slot(e)].in = in[element(row, first + e, len, inner)];
    __syncthreads();
    Acc value[ITEMS], sum = identity();
#pragma unroll
    for (u32 k = 0; k < ITEMS; k++) {
      if (own + k < count) {
        Acc x = load(cells[slot(own + k)].in, first + own + k);
        sum = k == 0 ? x : combine(sum, x);
      }
      value[k] = sum;
    }
    for (u32 distance = 1; distance < 32; distance *= 2) {
      Acc earlier = lane_before(sum, distance);
      if (lane >= distance) sum = combine(earlier, sum);
    }
    if (lane == 31) ends[warp] = sum;
    __syncthreads();
    // What comes before this thread, if anything does.
    Acc before = ends[0];
    for (u32 w = 1; w < warp; w++) before = combine(before, ends[w]);
    Acc left = lane_before(sum, 1);
    if (lane > 0) before = warp > 0 ? combine(before, left) : left;
    bool has = threadIdx.x > 0;
    if (tiles > 1) {
      if (warp == 0) {
        Acc total = ends[0];
        for (u32 w = 1; w < WARPS; w++) total = combine(total, ends[w]);
        Parts parts = {totals + row * tiles, sums + row * groups, all + row * groups, tile_flags + row * tiles, group_flags + row * groups};
        Acc earlier = parts.before(tile, total);
        if (lane == 0) shared_before = earlier;
      }
      __syncthreads();
      if (tile > 0) before = has ? combine(shared_before, before) : shared_before;
      has |= tile > 0;
    }
#pragma unroll
    for (u32 k = 0; k < ITEMS; k++)
      if (own + k < count) cells[slot(own + k)].out = store(has ? combine(before, value[k]) : value[k], 1);
    __syncthreads();
    for (u32 e = threadIdx.x; e < count; e += THREADS) out[element(row, first + e, len, inner)] = cells[slot(e)].out;
  }
}
