// A loop with one axis over operands that are dense or constant. PARAMETERS and the functions `flat` and `packed` are
// generated: the expression at a place, and PACK elements of it from a place on. The output may be an operand's memory.
DEVICE void put(Out* out, i64 k, Pack<Out, PACK> pack) { *(Pack<Out, PACK>*)(out + k * PACK) = pack; }
extern "C" __global__ void dense(Walk walk, i64 packs, Out* out PARAMETERS) {
  i64 k = global_thread(), step = global_threads();
  // What is read for two packs is under way at the same time: nothing is written between.
  for (; k + step < packs; k += 2 * step) {
    Pack<Out, PACK> one = packed(k * PACK ARGUMENTS), other = packed((k + step) * PACK ARGUMENTS);
    put(out, k, one);
    put(out, k + step, other);
  }
  if (k < packs) put(out, k, packed(k * PACK ARGUMENTS));
  for (i64 i = packs * PACK + global_thread(); i < walk.n; i += global_threads()) out[i] = flat(i ARGUMENTS);
}
