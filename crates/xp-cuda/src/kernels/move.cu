// Moving elements of any type: T has their size.

// Extents and strides (in elements) of at most eight axes, the last the fastest.
struct Layout { i64 extent[8], from[8], to[8]; i32 rank; };

// Copies between two strided layouts; the pointers are those of the elements with index zero.
extern "C" __global__ void copy_strided(i64 n, Layout layout, const T* __restrict__ in, T* __restrict__ out) {
  for (i64 i = global_thread(); i < n; i += global_threads()) {
    i64 rest = i, from = 0, to = 0;
    for (i32 axis = layout.rank - 1; axis > 0; axis--) {
      i64 quotient = over(rest, layout.extent[axis]), index = rest - quotient * layout.extent[axis];
      from += index * layout.from[axis];
      to += index * layout.to[axis];
      rest = quotient;
    }
    if (layout.rank > 0) { from += rest * layout.from[0]; to += rest * layout.to[0]; }
    out[to] = in[from];
  }
}

// An index into an axis; negative ones count from the end. Of indices out of range the first place is kept in `bad`, and -1
// comes back.
static __device__ __forceinline__ i64 resolve(i64 index, i64 extent, i64 place, u64* bad) {
  i64 resolved = index < 0 ? index + extent : index;
  if (resolved >= 0 && resolved < extent) return resolved;
  atomicMin(bad, (u64)place);
  return -1;
}

// out[o, j, i] = in[o, index[j], i]
extern "C" __global__ void gather(i64 outer, i64 extent, i64 inner, i64 count, const T* __restrict__ in,
                                  const i64* __restrict__ index, T* __restrict__ out, u64* bad) {
  for (i64 k = global_thread(); k < outer * count * inner; k += global_threads()) {
    i64 lane = over(k, inner), i = k - lane * inner, o = over(lane, count), j = lane - o * count, at = resolve(index[j], extent, j, bad);
    if (at >= 0) out[k] = in[(o * extent + at) * inner + i];
  }
}

// out[o, j, i] = in[o, index[o, j, i], i]
extern "C" __global__ void gather_lanes(i64 outer, i64 extent, i64 inner, i64 count, const T* __restrict__ in,
                                        const i64* __restrict__ index, T* __restrict__ out, u64* bad) {
  for (i64 k = global_thread(); k < outer * count * inner; k += global_threads()) {
    i64 lane = over(k, inner), i = k - lane * inner, o = over(lane, count), at = resolve(index[k], extent, k, bad);
    if (at >= 0) out[k] = in[(o * extent + at) * inner + i];
  }
}

// out[r, j] = in[r, place[r, j]]
extern "C" __global__ void gather_rows(i64 n, i64 len, const T* __restrict__ in, const i64* __restrict__ place, T* __restrict__ out) {
  for (i64 k = global_thread(); k < n; k += global_threads()) out[k] = in[over(k, len) * len + place[k]];
}

// The places that indices mean.
extern "C" __global__ void resolve_all(i64 count, i64 extent, const i64* __restrict__ index, i64* __restrict__ place, u64* bad) {
  for (i64 j = global_thread(); j < count; j += global_threads()) place[j] = resolve(index[j], extent, j, bad);
}

// Keeps the elements whose mask is set, in order; `position` is the inclusive count of set masks.
extern "C" __global__ void compact(i64 n, const u8* __restrict__ mask, const i64* __restrict__ position,
                                   const T* __restrict__ in, T* __restrict__ out) {
  for (i64 i = global_thread(); i < n; i += global_threads())
    if (mask[i]) out[position[i] - 1] = in[i];
}
