// The position at which each query goes into a sorted vector: before equal elements, or after them if `right`. Every nan is
// equal to the others and above all numbers.

static __device__ __forceinline__ bool comes_before(T x, T y) { return op_isnan(x) ? false : op_isnan(y) ? true : op_less(x, y); }

extern "C" __global__ void searchsorted(i64 n, i64 queries, i32 right, const T* __restrict__ sorted, const T* __restrict__ query, i64* __restrict__ out) {
  for (i64 k = global_thread(); k < queries; k += global_threads()) {
    T q = query[k];
    i64 low = 0, high = n;
    while (low < high) {
      i64 middle = low + (high - low) / 2;
      bool up = right ? !comes_before(q, sorted[middle]) : comes_before(sorted[middle], q);
      if (up) low = middle + 1; else high = middle;
    }
    out[k] = low;
  }
}
