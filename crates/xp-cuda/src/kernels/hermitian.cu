// What an inverse real transform reads, made the transform of something real: bins along the last axis that are their own conjugates,
// at 0 and in the middle of an even length, keep of their pairs along the other axes what is Hermitian. T is the type of the parts.

// Arrays of [batch, rows, columns, bins]; `middle` is 0 where no bin is in the middle. A thread takes a pair of bins.
extern "C" __global__ void hermitian(i64 batch, i64 rows, i64 columns, i64 bins, i64 middle, complex<T>* x) {
  i64 plane = rows * columns, planes = middle > 0 ? 2 : 1;
  for (i64 t = global_thread(); t < batch * planes * plane; t += global_threads()) {
    i64 lane = over(t, plane), place = t - lane * plane, which = over(lane, planes), bin = lane == which * planes ? 0 : middle;
    i64 row = over(place, columns), column = place - row * columns;
    i64 other = (row == 0 ? 0 : rows - row) * columns + (column == 0 ? 0 : columns - column);
    if (other < place) continue;
    complex<T>*a = x + (which * plane + place) * bins + bin, *b = x + (which * plane + other) * bins + bin;
    complex<T> half(a->re * T(0.5) + b->re * T(0.5), a->im * T(0.5) - b->im * T(0.5));
    *a = half;
    *b = complex<T>(half.re, -half.im);
  }
}
