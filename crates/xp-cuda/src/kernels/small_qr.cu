// QR decompositions of small matrices; see small.cu for the teams. LAPACK's geqr2 and org2r.

// Makes the reflector of column k, with its vector below the diagonal and its factor returned: I - tau v v^H with v = (1, ...)
// takes the column to a multiple of the first unit vector. The column is scaled by a power of two on the way, so that squares of
// small elements do not vanish.
DEVICE T reflector(T* m, u32 ld, u32 rows, u32 k) {
  R largest = R(0);
  for (u32 i = k + threadIdx.x % 32; i < rows; i += 32) {
    R size = rough_size(m[i * ld + k]);
    largest = size > largest ? size : largest;
  }
  int e = exponent_of(largest_over(largest, 32));
  R squares = R(0);
  for (u32 i = k + 1 + threadIdx.x % 32; i < rows; i += 32) squares += op_abs_square(shifted(m[i * ld + k], -e));
  squares = sum_over(squares, 32);
  T alpha = shifted(m[k * ld + k], -e);
  if (squares == R(0) && op_imag(alpha) == R(0)) return zero();
  R length = (R)sqrt(op_abs_square(alpha) + squares), beta = op_real(alpha) < R(0) ? length : -length;
  T gap = op_subtract(alpha, T(beta)), scale = op_divide(one(), gap);
  meet();
  for (u32 i = k + 1 + lane_of(); i < rows; i += TEAM) m[i * ld + k] = op_multiply(shifted(m[i * ld + k], -e), scale);
  if (lane_of() == 0) m[k * ld + k] = T(shifted(beta, e));
  return part_of(op_negative(gap), beta);
}

// Applies the reflector of column k of m, with this factor, to a column of x from row k on. The threads of a group share the rows
// evenly, the same ones for every reflector.
DEVICE void reflect(const T* m, u32 ld, u32 rows, u32 k, T tau, T* x, u32 x_ld, u32 column, bool busy, Groups g) {
  T sum = zero();
  u32 first = k + ((g.part - k) & (g.size - 1));
  if (busy)
    for (u32 i = first; i < rows; i += g.size) sum = plus(sum, i == k ? one() : op_conj(m[i * ld + k]), x[i * x_ld + column]);
  sum = op_multiply(tau, sum_over(sum, g.size));
  if (busy)
    for (u32 i = first; i < rows; i += g.size) x[i * x_ld + column] = minus(x[i * x_ld + column], i == k ? one() : m[i * ld + k], sum);
}

// R with `height` rows, and Q with as many columns where it has a place.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) small_qr(ROOM, i64 batch, u32 rows, u32 columns, u32 height, const T* __restrict__ a, T* __restrict__ q, T* __restrict__ r) {
  T* m = room_of_team();
  u32 ld = odd(columns), q_ld = odd(height), steps = rows < columns ? rows : columns;
  T* factors = m + rows * ld;
  T* basis = factors + steps;
  const int safe = sizeof(R) == 4 ? 20 : 200;
  EACH(matrix, batch) {
    for (Deal d(columns); d.row < rows; d.next()) m[d.row * ld + d.column] = a[(matrix * rows + d.row) * columns + d.column];
    meet();
    int e = exponent_of_all(m, rows, columns, ld);
    e = e > safe || e < -safe ? e : 0;
    meet();
    if (e != 0)
      for (Deal d(columns); d.row < rows; d.next()) m[d.row * ld + d.column] = shifted(m[d.row * ld + d.column], -e);
    Groups g(columns);
    for (u32 k = 0; k < steps; k++) {
      meet();
      T tau = reflector(m, ld, rows, k);
      if (lane_of() == 0) factors[k] = tau;
      meet();
      reflect(m, ld, rows, k, op_conj(tau), m, ld, g.item, g.item > k && g.item < columns, g);
    }
    meet();
    for (Deal d(columns); d.row < height; d.next())
      r[(matrix * height + d.row) * columns + d.column] = d.column >= d.row ? shifted(m[d.row * ld + d.column], e) : zero();
    if (q) {
      for (Deal d(height); d.row < rows; d.next()) basis[d.row * q_ld + d.column] = d.row == d.column ? one() : zero();
      meet();
      Groups h(height);
      for (u32 k = steps; k-- > 0;) reflect(m, ld, rows, k, factors[k], basis, q_ld, h.item, h.item >= k && h.item < height, h);
      meet();
      for (Deal d(height); d.row < rows; d.next()) q[(matrix * rows + d.row) * height + d.column] = basis[d.row * q_ld + d.column];
    }
    meet();
  }
}
