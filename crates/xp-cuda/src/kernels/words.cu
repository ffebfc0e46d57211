// Values of any type by their words: what another block wrote, and what another thread of a warp has.

template <class V> union Words {
  V value;
  u32 words[(sizeof(V) + 3) / 4];
  u8 bytes[sizeof(V)];
  __device__ Words() {}
};

// Reads what another block wrote: past the first-level cache.
template <class V> static __device__ __forceinline__ V fresh(const V* from) {
  Words<V> both;
  if (sizeof(V) % 4 == 0)
    for (u32 k = 0; k < sizeof(V) / 4; k++) both.words[k] = ((const volatile u32*)from)[k];
  else
    for (u32 k = 0; k < sizeof(V); k++) both.bytes[k] = ((const volatile u8*)from)[k];
  return both.value;
}

// The value of the thread of a warp that is so far behind this one, or before it: this one's own where there is none. And that of `lane`.
#define FROM_LANE(name, exchange)                                                             \
  template <class V> static __device__ __forceinline__ V name(V value, u32 lane) {            \
    Words<V> both;                                                                            \
    both.words[(sizeof(V) - 1) / 4] = 0;                                                      \
    both.value = value;                                                                       \
    for (u32 k = 0; k < (sizeof(V) + 3) / 4; k++) both.words[k] = exchange(~0u, both.words[k], lane); \
    return both.value;                                                                        \
  }
FROM_LANE(lane_after, __shfl_down_sync)
FROM_LANE(lane_before, __shfl_up_sync)
FROM_LANE(of_lane, __shfl_sync)
