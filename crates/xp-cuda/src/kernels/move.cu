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


// out[o, j, i] = in[o, index[j], i]
extern "C" __global__ void gather(i64 outer, i64 extent, i64 inner, i64 count, const T* __restrict__ in,
                                  const i64* __restrict__ index, T* __restrict__ out, u64* fault, u64 operation) {
  for (i64 k = global_thread(); k < outer * count * inner; k += global_threads()) {
    i64 lane = over(k, inner), i = k - lane * inner, o = over(lane, count), j = lane - o * count, at = resolve(index[j], extent, fault, operation);
    out[k] = at >= 0 ? in[(o * extent + at) * inner + i] : T();
  }
}

// out[o, j, i] = in[o, index[o, j, i], i]
extern "C" __global__ void gather_lanes(i64 outer, i64 extent, i64 inner, i64 count, const T* __restrict__ in,
                                        const i64* __restrict__ index, T* __restrict__ out, u64* fault, u64 operation) {
  for (i64 k = global_thread(); k < outer * count * inner; k += global_threads()) {
    i64 lane = over(k, inner), i = k - lane * inner, o = over(lane, count), at = resolve(index[k], extent, fault, operation);
    out[k] = at >= 0 ? in[(o * extent + at) * inner + i] : T();
  }
}
