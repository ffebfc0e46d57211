// Copies between layouts that are dense along different axes, through tiles in shared memory. T has the elements' size.
#define TILE 32
#define AT_ONCE 8

// Extents and strides (in elements) of at most eight axes: the last is dense in the output, the one before it in the input, and
// both are counted in tiles.
struct Layout { i64 extent[8], from[8], to[8]; i32 rank; };

extern "C" __global__ void __launch_bounds__(TILE * AT_ONCE) turn(i64 tiles, Layout layout, i64 height, i64 width, const T* __restrict__ in,
                                                                  T* __restrict__ out) {
  __shared__ T tile[TILE][TILE + 1];
  i32 down = layout.rank - 2, along = layout.rank - 1;
  u32 x = threadIdx.x % TILE, y = threadIdx.x / TILE;
  for (i64 item = blockIdx.x; item < tiles; item += gridDim.x) {
    i64 rest = item, from = 0, to = 0, first[2];
    for (i32 axis = along; axis >= 0; axis--) {
      i64 quotient = over(rest, layout.extent[axis]), index = rest - quotient * layout.extent[axis];
      if (axis >= down) first[axis - down] = index *= TILE;
      from += index * layout.from[axis];
      to += index * layout.to[axis];
      rest = quotient;
    }
    i64 rows = height - first[0], columns = width - first[1];
    __syncthreads();
    for (u32 j = y; j < TILE && j < columns; j += AT_ONCE)
      if (x < rows) tile[j][x] = in[from + x * layout.from[down] + j * layout.from[along]];
    __syncthreads();
    for (u32 i = y; i < TILE && i < rows; i += AT_ONCE)
      if (x < columns) out[to + i * layout.to[down] + x * layout.to[along]] = tile[x][i];
  }
}
