// Stable sorts of rows. T is the element type, Key an unsigned integer of its size that orders as the elements do. Elements are moved
// as they are and their keys computed where they are compared: zeros keep their signs, and nans their bits.

#define THREADS 256
#define WARPS (THREADS / 32)

// Both zeros are equal, and every nan comes after infinity, or first when descending.
static __device__ __forceinline__ Key key_of(T value, i32 descending) {
  Key key = bit_cast<Key>(value);
#if KEY_KIND != 0
  const Key sign = (Key)((Key)1 << (8 * sizeof(Key) - 1));
#endif
#if KEY_KIND == 1  // signed integer
  key = (Key)(key ^ sign);
#elif KEY_KIND == 2  // floating point, infinity being INFINITY_BITS
  if ((Key)(key & (Key)~sign) > (Key)INFINITY_BITS) return descending ? (Key)0 : (Key)~(Key)0;
  if ((Key)(key & (Key)~sign) == 0) key = 0;
  key = (Key)(key & sign ? ~key : key | sign);
#endif
  return descending ? (Key)~key : key;
}

// The places that indices mean, in the order of the indices; one behind the last place for indices out of range.
extern "C" __global__ void place_keys(i64 n, i64 extent, const i64* __restrict__ index, Key* __restrict__ keys, u64* fault, u64 operation) {
  for (i64 i = global_thread(); i < n; i += global_threads()) {
    i64 place = resolve(index[i], extent, fault, operation);
    keys[i] = (Key)(place < 0 ? extent : place);
  }
}

// Where element `i` of a lane is, in lanes of `len` elements that are `inner` apart.
static __device__ __forceinline__ i64 element(i64 lane, i64 i, i64 len, i64 inner) {
  i64 outer = over(lane, inner);
  return (outer * len + i) * inner + (lane - outer * inner);
}

// ---- Short rows, in the shared memory of a block ----

// Pairs that a thread keeps, and a block.
#define ITEMS 8
#define ROOM (THREADS * ITEMS)

// Neighbouring threads, which read ITEMS apart, find their pairs in different banks.
static __device__ __forceinline__ u32 slot(u32 i) { return i + i / 32; }
#define SLOTS (ROOM + ROOM / 32)

// Sorts every run of `span` pairs of a block, ITEMS times a power of two; equal keys keep their order. Threads sort ITEMS pairs each,
// then runs are merged, and every thread finds where its part of the result comes from. Needs all threads; ends with a barrier.
template <class Index> static __device__ void sort_runs(Key* keys, Index* index, u32 span) {
  Key key[ITEMS];
  Index at[ITEMS];
  u32 first = threadIdx.x * ITEMS;
  __syncthreads();
#pragma unroll
  for (u32 k = 0; k < ITEMS; k++) { key[k] = keys[slot(first + k)]; at[k] = index[slot(first + k)]; }
#pragma unroll
  for (u32 round = 0; round < ITEMS; round++) {
#pragma unroll
    for (u32 k = round % 2; k + 1 < ITEMS; k += 2) {
      bool turn = key[k + 1] < key[k];
      Key low = turn ? key[k + 1] : key[k];
      Index from = turn ? at[k + 1] : at[k];
      key[k + 1] = turn ? key[k] : key[k + 1];
      at[k + 1] = turn ? at[k] : at[k + 1];
      key[k] = low;
      at[k] = from;
    }
  }
  for (u32 width = ITEMS;; width *= 2) {
    __syncthreads();
#pragma unroll
    for (u32 k = 0; k < ITEMS; k++) { keys[slot(first + k)] = key[k]; index[slot(first + k)] = at[k]; }
    __syncthreads();
    if (width >= span) return;
    u32 left = first & ~(2 * width - 1), right = left + width, diagonal = first - left;
    u32 low = diagonal > width ? diagonal - width : 0, high = diagonal < width ? diagonal : width;
    while (low < high) {
      u32 middle = (low + high) / 2;
      if (keys[slot(right + diagonal - 1 - middle)] < keys[slot(left + middle)]) high = middle; else low = middle + 1;
    }
    u32 i = low, j = diagonal - low;
#pragma unroll
    for (u32 k = 0; k < ITEMS; k++) {
      bool is_right = j < width && (i == width || keys[slot(right + j)] < keys[slot(left + i)]);
      u32 from = slot(is_right ? right + j++ : left + i++);
      key[k] = keys[from];
      at[k] = index[from];
    }
  }
}

// Lanes of at most `span` elements, as many to a block as it has room for. The first `keep` of each go where pointers are not null:
// the elements, and their positions.
extern "C" __global__ void __launch_bounds__(THREADS) sort_rows(i64 rows, u32 len, i64 inner, u32 span, u32 keep, i32 descending, const T* __restrict__ in,
                                                              T* __restrict__ values, u32* __restrict__ order, i64* __restrict__ positions) {
  __shared__ Key keys[SLOTS];
  __shared__ u16 index[SLOTS];
  u32 together = ROOM / span;
  for (i64 group = blockIdx.x; group * together < rows; group += gridDim.x) {
    __syncthreads();
    for (u32 e = threadIdx.x; e < ROOM; e += THREADS) {
      // Neighbouring threads have neighbouring elements.
      u32 row = inner == 1 ? e / span : e % together, column = inner == 1 ? e % span : e / together;
      i64 lane = group * together + row;
      keys[slot(row * span + column)] = lane < rows && column < len ? key_of(in[element(lane, column, len, inner)], descending) : (Key)~(Key)0;
      index[slot(row * span + column)] = (u16)column;
    }
    sort_runs(keys, index, span);
    for (u32 e = threadIdx.x; e < ROOM; e += THREADS) {
      u32 row = inner == 1 ? e / span : e % together, column = inner == 1 ? e % span : e / together;
      i64 lane = group * together + row;
      if (lane >= rows || column >= keep) continue;
      u32 from = index[slot(row * span + column)];
      i64 to = element(lane, column, keep, inner);
      if (values) values[to] = in[element(lane, from, len, inner)];
      if (order) order[to] = from;
      if (positions) positions[to] = from;
    }
  }
}

// ---- The first elements of long rows ----

// Elements that a thread looks at in a round.
#define LOOKS (ITEMS / 2)

// The positions of the first `keep` elements of each of `pieces` parts of a row, in order: of elements at the places `among` if there
// are any, `count` to a row. A block keeps the first ones that it has seen, and gathers what comes before the last of them, in the
// order of the row, until its room is half full. What follows an equal element never comes before it.
extern "C" __global__ void __launch_bounds__(THREADS) first_of_rows(i64 rows, i64 len, i64 inner, i64 pieces, u32 keep, i32 descending,
                                                                  const T* __restrict__ in, const i64* __restrict__ among, i64 count, i64 inner_out,
                                                                  i64* __restrict__ positions) {
  __shared__ Key keys[SLOTS];
  __shared__ u32 index[SLOTS];
  __shared__ u32 sums[WARPS];
  u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (i64 item = blockIdx.x; item < rows * pieces; item += gridDim.x) {
    i64 row = over(item, pieces), piece = item - row * pieces, start = over(count * piece, pieces), end = over(count * (piece + 1), pieces);
    u32 used = 0;
    bool bounded = false;
    Key bound = 0;
    while (start < end) {
      Key key[LOOKS];
      u32 place[LOOKS], rank[LOOKS], found = 0;
      __syncthreads();
#pragma unroll
      for (u32 k = 0; k < LOOKS; k++) {
        i64 i = start + (warp * LOOKS + k) * 32 + lane;
        place[k] = i < end ? (u32)(among ? among[row * count + i] : i) : 0u;
        key[k] = i < end ? key_of(in[element(row, place[k], len, inner)], descending) : (Key)0;
        u32 takers = __ballot_sync(~0u, i < end && (!bounded || key[k] < bound));
        rank[k] = takers >> lane & 1u ? found + __popc(takers & ((1u << lane) - 1u)) : ROOM;
        found += __popc(takers);
      }
      if (lane == 0) sums[warp] = found;
      __syncthreads();
      u32 before = used;
      for (u32 w = 0; w < WARPS; w++) {
        if (w < warp) before += sums[w];
        used += sums[w];
      }
#pragma unroll
      for (u32 k = 0; k < LOOKS; k++) {
        if (rank[k] == ROOM) continue;
        keys[slot(before + rank[k])] = key[k];
        index[slot(before + rank[k])] = place[k];
      }
      start += THREADS * LOOKS;
      if (used <= ROOM / 2 && bounded && start < end) continue;
      for (u32 e = used + threadIdx.x; e < ROOM; e += THREADS) keys[slot(e)] = (Key)~(Key)0;
      sort_runs(keys, index, ROOM);
      used = used < keep ? used : keep;
      bounded = used == keep;
      bound = keys[slot(keep - 1)];
    }
    for (u32 e = threadIdx.x; e < keep; e += THREADS) positions[element(item, e, keep, inner_out)] = index[slot(e)];
  }
}

// ---- Long rows: radix sort, eight bits in a pass, the least significant first ----

#define DIGITS 256
#define ROUNDS 16
#define TILE (THREADS * ROUNDS)

// Copies of a count, so that equal digits of a warp do not all wait for each other.
#define COPIES 4

// How often each digit occurs in each row: counts[row, pass, digit], zero before. A block takes neighbouring tiles.
extern "C" __global__ void __launch_bounds__(THREADS) sort_count(i64 rows, i64 len, i64 tiles, u32 passes, i32 descending, const T* __restrict__ in,
                                                               u32* __restrict__ counts) {
  __shared__ u32 count[sizeof(Key)][DIGITS][COPIES];
  for (u32 pass = 0; pass < passes; pass++)
    for (u32 copy = 0; copy < COPIES; copy++) count[pass][threadIdx.x][copy] = 0;
  i64 all = rows * tiles, each = (all + gridDim.x - 1) / gridDim.x, begin = blockIdx.x * each, end = begin + each < all ? begin + each : all;
  for (i64 tile = begin; tile < end; tile++) {
    __syncthreads();
    i64 row = over(tile, tiles), first = (tile - row * tiles) * TILE;
#pragma unroll 4
    for (u32 k = 0; k < ROUNDS; k++) {
      i64 i = first + k * THREADS + threadIdx.x;
      if (i >= len) break;
      Key key = key_of(in[row * len + i], descending);
      for (u32 pass = 0; pass < passes; pass++) atomicAdd(&count[pass][key >> (8 * pass) & 255u][threadIdx.x % COPIES], 1u);
    }
    if (tile + 1 < end && over(tile + 1, tiles) == row) continue;
    __syncthreads();
    for (u32 pass = 0; pass < passes; pass++) {
      u32 sum = 0;
      for (u32 copy = 0; copy < COPIES; copy++) { sum += count[pass][threadIdx.x][copy]; count[pass][threadIdx.x][copy] = 0; }
      if (sum) atomicAdd(counts + (row * passes + pass) * DIGITS + threadIdx.x, sum);
    }
  }
}

// The sum over the threads before this one; needs all threads, and `sums` for itself.
static __device__ u32 sum_before(u32 own, u32* sums) {
  u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32, sum = own;
#pragma unroll
  for (u32 distance = 1; distance < 32; distance *= 2) {
    u32 other = __shfl_up_sync(~0u, sum, distance);
    if (lane >= distance) sum += other;
  }
  if (lane == 31) sums[warp] = sum;
  __syncthreads();
  for (u32 w = 0; w < warp; w++) sum += sums[w];
  return sum - own;
}

// One pass: moves every element, and in pairs its position, to its place among the digits of its row. A tile is put in order in shared
// memory, so that neighbouring threads write neighbouring places; where its digits begin it learns from the tiles before it.
template <bool PAIRS> static __device__ void sweep(i64 rows, i64 len, i64 tiles, u32 passes, u32 pass, i32 descending, const T* __restrict__ in,
                                                  const u32* __restrict__ order_in, const u32* __restrict__ counts, Word* words, u64* ticket,
                                                  T* __restrict__ values, u32* __restrict__ order, i64* __restrict__ positions) {
  union Staged { T value; u32 position; };
  __shared__ Staged staged[TILE];
  __shared__ u32 before[WARPS][DIGITS];
  __shared__ u32 base[DIGITS];
  __shared__ u32 sums[2][WARPS];
  u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32, shift = 8 * pass;
  for (i64 item; (item = next_tile(ticket)) < rows * tiles;) {
    i64 row = over(item, tiles), tile = item - row * tiles, first = tile * TILE;
    u32 size = len - first < TILE ? (u32)(len - first) : TILE;
    in += row * len;
    for (u32 w = 0; w < WARPS; w++) before[w][threadIdx.x] = 0;
    __syncthreads();
    T value[ROUNDS];
    u32 digit[ROUNDS], place[ROUNDS];
#pragma unroll
    for (u32 k = 0; k < ROUNDS; k++) {
      u32 i = (warp * ROUNDS + k) * 32 + lane;
      value[k] = i < size ? in[first + i] : T();
      digit[k] = i < size ? (u32)(key_of(value[k], descending) >> shift) & 255u : DIGITS;
    }
    // Each warp ranks a run of the tile in order.
#pragma unroll
    for (u32 k = 0; k < ROUNDS; k++) {
      u32 peers = __match_any_sync(~0u, digit[k]), lower = __popc(peers & ((1u << lane) - 1u));
      u32 earlier = digit[k] < DIGITS ? before[warp][digit[k]] : 0u;
      __syncwarp();
      if (digit[k] < DIGITS && lower == 0) before[warp][digit[k]] = earlier + __popc(peers);
      __syncwarp();
      place[k] = earlier + lower;
    }
    __syncthreads();
    // From here on to the next barrier a thread stands for a digit.
    u32 own = 0;
    for (u32 w = 0; w < WARPS; w++) own += before[w][threadIdx.x];
    u32 inside = sum_before(own, sums[0]), smaller = sum_before(counts[(row * passes + pass) * DIGITS + threadIdx.x], sums[1]);
    base[threadIdx.x] = smaller + (u32)counted_before<Word>(words + item * DIGITS + threadIdx.x, DIGITS, tile, own) - inside;
    for (u32 w = 0; w < WARPS; w++) {
      u32 part = before[w][threadIdx.x];
      before[w][threadIdx.x] = inside;
      inside += part;
    }
    __syncthreads();
#pragma unroll
    for (u32 k = 0; k < ROUNDS; k++) {
      if (digit[k] == DIGITS) continue;
      place[k] += before[warp][digit[k]];
      staged[place[k]].value = value[k];
    }
    __syncthreads();
    u32 to[ROUNDS];
#pragma unroll
    for (u32 k = 0; k < ROUNDS; k++) {
      u32 i = k * THREADS + threadIdx.x;
      to[k] = 0;
      if (i >= size) continue;
      T moved = staged[i].value;
      to[k] = base[(u32)(key_of(moved, descending) >> shift) & 255u] + i;
      if (values) values[row * len + to[k]] = moved;
    }
    if (PAIRS) {
      __syncthreads();
#pragma unroll
      for (u32 k = 0; k < ROUNDS; k++) {
        u32 i = (warp * ROUNDS + k) * 32 + lane;
        if (i < size) staged[place[k]].position = order_in ? order_in[row * len + first + i] : (u32)(first + i);
      }
      __syncthreads();
#pragma unroll
      for (u32 k = 0; k < ROUNDS; k++) {
        u32 i = k * THREADS + threadIdx.x;
        if (i >= size) continue;
        u32 position = staged[i].position;
        if (order) order[row * len + to[k]] = position;
        if (positions) positions[row * len + to[k]] = position;
      }
    }
    in -= row * len;
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) sort_sweep(i64 rows, i64 len, i64 tiles, u32 passes, u32 pass, i32 descending, const T* in,
                                                               const u32* counts, Word* words, u64* ticket, T* values) {
  sweep<false>(rows, len, tiles, passes, pass, descending, in, nullptr, counts, words, ticket, values, nullptr, nullptr);
}

extern "C" __global__ void __launch_bounds__(THREADS) sort_sweep_pairs(i64 rows, i64 len, i64 tiles, u32 passes, u32 pass, i32 descending, const T* in,
                                                                     const u32* counts, Word* words, u64* ticket, T* values, const u32* order_in,
                                                                     u32* order, i64* positions) {
  sweep<true>(rows, len, tiles, passes, pass, descending, in, order_in, counts, words, ticket, values, order, positions);
}
