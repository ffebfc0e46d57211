// The place that an index into an axis means; negative ones count from the end. An index out of range gives -1, and the first one is
// kept for the host: the number of the operation, the index, the length.
static __device__ __forceinline__ i64 resolve(i64 index, i64 extent, u64* fault, u64 operation) {
  i64 place = index < 0 ? index + extent : index;
  if (place >= 0 && place < extent) return place;
  if (atomicCAS(fault, 0ull, operation) == 0ull) {
    fault[1] = (u64)index;
    fault[2] = (u64)extent;
  }
  return -1;
}
