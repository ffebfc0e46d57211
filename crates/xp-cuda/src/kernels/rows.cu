// A loop over rows along which the output is dense and every operand dense or constant, PACK elements at once: the lengths of
// `walk` count packs along the last axis. PARAMETERS and the function `packed`, the expression from a position on, are
// generated. The output may be an operand's memory.
extern "C" __global__ void rows(Walk walk, Out* out PARAMETERS) {
  for (Index i = (Index)global_thread(); i < (Index)walk.n; i += (Index)global_threads()) {
    At at;
    split<0, NDIM>(walk, i, at);
    at.index[NDIM - 1] *= PACK;
    *(Pack<Out, PACK>*)(out + offset(walk.out, at)) = packed(at ARGUMENTS);
  }
}
