// Writing by index. Equal indices take effect in the order in which they are given, so results do not depend on chance: the
// indices are sorted, and a run of equal ones belongs to one thread. T is the element type.

// out[o, place[order[k]], i] = in[o, order[k], i]; of a run of equal places the last one stays.
extern "C" __global__ void put_last(i64 outer, i64 extent, i64 inner, i64 count, const i64* __restrict__ place, const i64* __restrict__ order,
                                    const T* __restrict__ in, T* __restrict__ out) {
  for (i64 t = global_thread(); t < outer * count * inner; t += global_threads()) {
    i64 lane = over(t, inner), i = t - lane * inner, o = over(lane, count), k = lane - o * count, from = order[k], to = place[from];
    if (k + 1 == count || place[order[k + 1]] != to) out[(o * extent + to) * inner + i] = in[(o * count + from) * inner + i];
  }
}

// The same, with sums.
extern "C" __global__ void put_add(i64 outer, i64 extent, i64 inner, i64 count, const i64* __restrict__ place, const i64* __restrict__ order,
                                   const T* __restrict__ in, T* __restrict__ out) {
  for (i64 t = global_thread(); t < outer * count * inner; t += global_threads()) {
    i64 lane = over(t, inner), i = t - lane * inner, o = over(lane, count), k = lane - o * count, to = place[order[k]];
    if (k > 0 && place[order[k - 1]] == to) continue;
    T* slot = out + (o * extent + to) * inner + i;
    T sum = *slot;
    for (; k < count && place[order[k]] == to; k++) sum = op_add(sum, in[(o * count + order[k]) * inner + i]);
    *slot = sum;
  }
}
