// Products of matrices of any strides, for the dtypes that the vendor's library lacks. T is the element type, Acc the type of
// the sums. A block computes a tile of TILE by TILE elements.

#define TILE 16

extern "C" __global__ void __launch_bounds__(TILE * TILE) matmul(i64 batch, i64 m, i64 k, i64 n, const i64* __restrict__ offsets, const T* a, i64 a_row,
                                                               i64 a_column, const T* b, i64 b_row, i64 b_column, T* __restrict__ out) {
  __shared__ T left[TILE][TILE + 1];
  __shared__ T right[TILE][TILE + 1];
  u32 x = threadIdx.x % TILE, y = threadIdx.x / TILE;
  i64 across = (n + TILE - 1) / TILE, down = (m + TILE - 1) / TILE;
  for (i64 item = blockIdx.x; item < batch * down * across; item += gridDim.x) {
    i64 strip = over(item, across), matrix = over(strip, down), row = (strip - matrix * down) * TILE + y, column = (item - strip * across) * TILE + x;
    const T* a0 = a + offsets[2 * matrix];
    const T* b0 = b + offsets[2 * matrix + 1];
    Acc sum = Acc(0);
    for (i64 start = 0; start < k; start += TILE) {
      __syncthreads();
      if (row < m && start + x < k) left[y][x] = a0[row * a_row + (start + x) * a_column];
      if (column < n && start + y < k) right[y][x] = b0[(start + y) * b_row + column * b_column];
      __syncthreads();
      i64 depth = k - start < TILE ? k - start : TILE;
      if (row < m && column < n)
        for (i64 l = 0; l < depth; l++) sum = op_add(sum, op_multiply(convert<Acc>(left[y][l]), convert<Acc>(right[l][x])));
    }
    if (row < m && column < n) out[(matrix * m + row) * n + column] = convert<T>(sum);
  }
}
