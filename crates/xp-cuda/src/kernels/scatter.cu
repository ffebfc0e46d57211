// Writing by index. Equal indices take effect in the order in which they are given, so results do not depend on chance: the
// places are sorted, with where they come from. T is the element type, Key an unsigned integer. A last place that is not below
// `extent` belongs to an index out of range: then nothing is written.

// out[o, place[k], i] = in[o, order[k], i]; of a run of equal places the last one stays.
extern "C" __global__ void put_last(i64 outer, i64 extent, i64 inner, i64 count, const Key* __restrict__ place, const u32* __restrict__ order,
                                    const T* __restrict__ in, T* __restrict__ out) {
  if ((i64)place[count - 1] >= extent) return;
  for (i64 t = global_thread(); t < outer * count * inner; t += global_threads()) {
    i64 lane = over(t, inner), i = t - lane * inner, o = over(lane, count), k = lane - o * count, to = (i64)place[k];
    if (k + 1 == count || (i64)place[k + 1] != to) out[(o * extent + to) * inner + i] = in[(o * count + order[k]) * inner + i];
  }
}

// Sums of runs of equal places, CHUNK elements to a thread. A run that ends within a chunk is added to its element of `out`, by this
// thread alone; the last run of a chunk, which may go on in the next one, is carried to another launch of this kernel, where there is
// one element for each chunk, without `order`. So few places make no long sums of one thread, and the order of every sum depends on
// the sizes alone. The single chunk of the last launch carries nothing.
#define CHUNK 16
extern "C" __global__ void put_add(i64 outer, i64 extent, i64 inner, i64 count, i64 chunks, const Key* __restrict__ place, const u32* __restrict__ order,
                                   const T* __restrict__ in, T* __restrict__ out, Key* __restrict__ carried, T* __restrict__ carry) {
  bool fails = (i64)place[count - 1] >= extent;
  for (i64 t = global_thread(); t < outer * chunks * inner; t += global_threads()) {
    i64 lane = over(t, inner), i = t - lane * inner, o = over(lane, chunks), chunk = lane - o * chunks, k = chunk * CHUNK;
    i64 end = k + CHUNK < count ? k + CHUNK : count;
    while (k < end) {
      i64 to = (i64)place[k];
      T sum = in[(o * count + (order ? (i64)order[k] : k)) * inner + i];
      for (k++; k < end && (i64)place[k] == to; k++) sum = op_add(sum, in[(o * count + (order ? (i64)order[k] : k)) * inner + i]);
      if (k == end && chunks > 1) {
        carry[t] = sum;
        if (o == 0 && i == 0) carried[chunk] = (Key)to;
      } else if (!fails) {
        T* slot = out + (o * extent + to) * inner + i;
        *slot = op_add(*slot, sum);
      }
    }
  }
}
