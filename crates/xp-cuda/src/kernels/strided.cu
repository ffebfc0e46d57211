// A loop over an expression of any strides. PARAMETERS and the function `element`, the expression at a position, are generated.
// The output may be an operand's memory.
extern "C" __global__ void strided(Walk walk, Out* out PARAMETERS) {
  for (Index i = (Index)global_thread(); i < (Index)walk.n; i += (Index)global_threads()) {
    At at;
    split<0, NDIM>(walk, i, at);
    out[offset(walk.out, at)] = element(at ARGUMENTS);
  }
}
