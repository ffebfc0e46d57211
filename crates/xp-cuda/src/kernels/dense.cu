// A loop with one axis over operands that are dense or constant. PARAMETERS and the functions `flat` and `packed` are
// generated: the expression at a place, and PACK elements of it from a place on. The output may be an operand's memory.
extern "C" __global__ void dense(Walk walk, i64 packs, Out* out PARAMETERS) {
  for (i64 k = global_thread(); k < packs; k += global_threads()) *(Pack<Out, PACK>*)(out + k * PACK) = packed(k * PACK ARGUMENTS);
  for (i64 i = packs * PACK + global_thread(); i < walk.n; i += global_threads()) out[i] = flat(i ARGUMENTS);
}
