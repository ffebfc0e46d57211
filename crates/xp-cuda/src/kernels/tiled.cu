// A loop whose output is dense along the last axis, and some operands along the axis before it (`render` puts it there): these go
// through tiles in shared memory, so that neighbouring threads read as well as write neighbouring elements. `walk` counts tiles
// along the last two axes, which are `height` and `width` long. PARAMETERS, TILES (a tile for each such operand), LOAD (which
// fills them) and the function `element` with STAGED (their elements) are generated.
#define TILE 32
#define AT_ONCE 8

extern "C" __global__ void __launch_bounds__(TILE * AT_ONCE) tiled(Walk walk, i64 height, i64 width, Out* out PARAMETERS) {
  TILES
  u32 x = threadIdx.x % TILE, y = threadIdx.x / TILE;
  for (i64 item = blockIdx.x; item < walk.n; item += gridDim.x) {
    At at;
    split<0, NDIM>(walk, (Index)item, at);
    Index top = at.index[NDIM - 2] * TILE, left = at.index[NDIM - 1] * TILE;
    __syncthreads();
    at.index[NDIM - 2] = top + x;
    for (u32 j = y; j < TILE; j += AT_ONCE) {
      at.index[NDIM - 1] = left + j;
      if ((i64)(top + x) < height && (i64)(left + j) < width) { LOAD }
    }
    __syncthreads();
    at.index[NDIM - 1] = left + x;
    for (u32 i = y; i < TILE; i += AT_ONCE) {
      at.index[NDIM - 2] = top + i;
      if ((i64)(top + i) < height && (i64)(left + x) < width) out[offset(walk.out, at)] = element(at STAGED ARGUMENTS);
    }
  }
}
