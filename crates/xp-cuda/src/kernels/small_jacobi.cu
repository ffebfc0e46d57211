// Spectral and singular value decompositions of small matrices by Jacobi's methods; see small.cu for the teams.

// The rotation (c, t) whose matrix [[c, t], [-conj(t), c]] makes [[x, z], [conj(z), y]] diagonal, and what its tangent moves
// from one diagonal element to the other. Golub and Van Loan, "Matrix Computations", 8.5.
DEVICE R rotation(R x, R y, T z, R& c, T& t) {
  R size = op_abs(z), ratio = (y - x) / (R(2) * size), steep = op_abs(ratio);
  // Where its square could overflow, the root is the ratio itself.
  R tangent = R(1) / (steep < R(1) / Format<R>::epsilon() ? steep + (R)sqrt(R(1) + ratio * ratio) : R(2) * steep);
  if (ratio < R(0)) tangent = -tangent;
  c = R(1) / (R)sqrt(R(1) + tangent * tangent);
  t = times(part_of(z, size), tangent * c);
  return tangent * size;
}
// The columns (or rows) x and y after it.
DEVICE void rotate(T& x, T& y, R c, T t) {
  T before = x;
  x = minus(times(x, c), op_conj(t), y);
  y = plus(times(y, c), t, before);
}
// The two of `even` players that meet in the k-th game of a round: after `even - 1` rounds everybody has met everybody.
DEVICE void players(u32 even, u32 round, u32 k, u32& p, u32& q) {
  u32 last = even - 1, a = k == 0 ? last : round + k, b = k == 0 ? round : round + last - k;
  if (k > 0 && a >= last) a -= last;
  if (k > 0 && b >= last) b -= last;
  p = a < b ? a : b;
  q = a < b ? b : a;
}
// Rounds of all pairs; about ten are needed.
#define MOST_SWEEPS 40
#define NOT_FINITE 1
#define NO_CONVERGENCE 2

// Whether all elements are finite, for the whole team, which has loaded them; what is not is reported.
DEVICE bool is_finite(bool mine, i64 matrix, u64* failed) {
  meet();
  if (!any(!mine)) return true;
  if (lane_of() == 0) report(failed, matrix, NOT_FINITE);
  return false;
}

// Eigenvalues in ascending order of what the lower triangles say, and eigenvectors where they have a place: rotations of pairs of
// rows and columns that do not meet, all at once.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) small_eigh(ROOM, i64 batch, u32 n, const T* __restrict__ a, R* __restrict__ w, T* __restrict__ v, u64* failed) {
  T* m = room_of_team();
  u32 ld = odd(n), even = n + n % 2;
  T* vectors = m + n * ld;
  R* values = (R*)(vectors + (v ? n * ld : 0));
  Groups g(even / 2);
  EACH(matrix, batch) {
    bool finite = true;
    for (Deal d(n); d.row < n; d.next()) {
      if (d.column > d.row) continue;
      T x = a[(matrix * n + d.row) * n + d.column];
      if (d.column == d.row) x = T(op_real(x));
      finite = finite && op_isfinite(x);
      m[d.row * ld + d.column] = x;
      m[d.column * ld + d.row] = op_conj(x);
    }
    if (!is_finite(finite, matrix, failed)) continue;
    int e = exponent_of_all(m, n, n, ld);
    meet();
    for (Deal d(n); d.row < n; d.next()) {
      m[d.row * ld + d.column] = shifted(m[d.row * ld + d.column], -e);
      if (v) vectors[d.row * ld + d.column] = d.row == d.column ? one() : zero();
    }
    // The largest element is between 1 and 2.
    const R negligible = Format<R>::epsilon() / R(8);
    bool rotated = true;
    for (u32 sweep = 0; sweep < MOST_SWEEPS && rotated; sweep++) {
      rotated = false;
      for (u32 round = 0; round + 1 < even; round++) {
        meet();
        u32 p, q;
        players(even, round, g.item, p, q);
        bool turns = g.item < even / 2 && q < n && op_abs(m[p * ld + q]) > negligible;
        R x = R(0), y = R(0), c = R(1);
        T t = zero();
        if (turns) {
          x = op_real(m[p * ld + p]), y = op_real(m[q * ld + q]);
          R moved = rotation(x, y, m[p * ld + q], c, t);
          x -= moved, y += moved;
          rotated = true;
        }
        __syncwarp();
        for (u32 i = g.part; turns && i < n; i += g.size) {
          rotate(m[i * ld + p], m[i * ld + q], c, t);
          if (v) rotate(vectors[i * ld + p], vectors[i * ld + q], c, t);
        }
        meet();
        for (u32 j = g.part; turns && j < n; j += g.size) {
          T* upper = m + p * ld + j;
          T* lower = m + q * ld + j;
          if (j == p) { *upper = T(x); *lower = zero(); }
          else if (j == q) { *upper = zero(); *lower = T(y); }
          else rotate(*upper, *lower, c, op_conj(t));
        }
      }
      rotated = any(rotated);
    }
    meet();
    if (rotated && lane_of() == 0) report(failed, matrix, NO_CONVERGENCE);
    for (u32 i = lane_of(); i < n; i += TEAM) values[i] = op_real(m[i * ld + i]);
    meet();
    for (u32 j = g.item; j < n; j += TEAM / g.size) {
      u32 rank = 0;
      for (u32 k = 0; k < n; k++) rank += values[k] < values[j] || (values[k] == values[j] && k < j);
      if (g.part == 0) w[matrix * n + rank] = shifted(values[j], e);
      for (u32 i = g.part; v && i < n; i += g.size) v[(matrix * n + i) * n + rank] = vectors[i * ld + j];
    }
    meet();
  }
}

// Fills column `at` of an orthonormal set of columns, others of which may be zero, with a vector orthogonal to them all: the unit
// vector that is farthest from their span, less its projection, twice. `vector` and `products` are scratch.
DEVICE void complete(T* u, u32 ld, u32 rows, u32 columns, u32 at, T* vector, T* products) {
  R least = Format<R>::infinity();
  u32 row = 0;
  for (u32 i = threadIdx.x % 32; i < rows; i += 32) {
    R inside = R(0);
    for (u32 k = 0; k < columns; k++) inside += op_abs_square(u[i * ld + k]);
    if (inside < least) { least = inside; row = i; }
  }
  for (u32 distance = 16; distance > 0; distance /= 2) {
    R there = other(least, distance);
    u32 place = other(row, distance);
    if (there < least || (there == least && place < row)) { least = there; row = place; }
  }
  for (u32 i = lane_of(); i < rows; i += TEAM) vector[i] = i == row ? one() : zero();
  for (u32 pass = 0; pass < 2; pass++) {
    meet();
    for (u32 k = lane_of(); k < columns; k += TEAM) {
      T sum = zero();
      for (u32 i = 0; i < rows; i++) sum = plus(sum, op_conj(u[i * ld + k]), vector[i]);
      products[k] = sum;
    }
    meet();
    for (u32 i = lane_of(); i < rows; i += TEAM) {
      T rest = vector[i];
      for (u32 k = 0; k < columns; k++) rest = minus(rest, u[i * ld + k], products[k]);
      vector[i] = rest;
    }
  }
  meet();
  R squares = R(0);
  for (u32 i = threadIdx.x % 32; i < rows; i += 32) squares += op_abs_square(vector[i]);
  R length = (R)sqrt(sum_over(squares, 32));
  for (u32 i = lane_of(); i < rows; i += TEAM) u[i * ld + at] = part_of(vector[i], length);
  meet();
}

// Singular values in descending order, and vectors where they have a place: rotations of pairs of columns (of the adjoint, where
// there are fewer rows than columns) until all are orthogonal, which gives small singular values to full accuracy (Demmel and
// Veselic, "Jacobi's method is more accurate than QR", 1992). `full` asks for as many vectors of the longer side as it has.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) small_svd(ROOM, i64 batch, u32 rows, u32 columns, u32 full, const T* __restrict__ a, T* __restrict__ u, R* __restrict__ s,
                                     T* __restrict__ vh, u64* failed) {
  T* m = room_of_team();
  bool tall = rows >= columns;
  u32 large = tall ? rows : columns, small = tall ? columns : rows, basis = full ? large : small, ld = odd(basis), v_ld = odd(small);
  u32 even = small + small % 2;
  T* v = m + large * ld;
  T* vector = v + (u ? small * v_ld : 0);
  T* products = vector + large;
  R* values = (R*)(products + basis);
  u32* ranks = (u32*)(values + small);
  Groups g(even / 2), h(basis);
  EACH(matrix, batch) {
    bool finite = true;
    for (Deal d(columns); d.row < rows; d.next()) {
      T x = a[(matrix * rows + d.row) * columns + d.column];
      finite = finite && op_isfinite(x);
      m[tall ? d.row * ld + d.column : d.column * ld + d.row] = tall ? x : op_conj(x);
    }
    if (!is_finite(finite, matrix, failed)) continue;
    int e = exponent_of_all(m, large, small, ld);
    meet();
    for (Deal d(basis); d.row < large; d.next()) m[d.row * ld + d.column] = d.column < small ? shifted(m[d.row * ld + d.column], -e) : zero();
    if (u)
      for (Deal d(small); d.row < small; d.next()) v[d.row * v_ld + d.column] = d.row == d.column ? one() : zero();
    // Columns shorter than the square of the roundoff, where the largest element is between 1 and 2, are taken for zero.
    const R epsilon = Format<R>::epsilon(), nothing = epsilon * epsilon * epsilon * epsilon, orthogonal = epsilon * (R)sqrt((R)large);
    bool rotated = true;
    for (u32 sweep = 0; sweep < MOST_SWEEPS && rotated; sweep++) {
      rotated = false;
      for (u32 round = 0; round + 1 < even; round++) {
        meet();
        u32 p, q;
        players(even, round, g.item, p, q);
        bool busy = g.item < even / 2 && q < small;
        R x = R(0), y = R(0), c = R(1);
        T z = zero(), t = zero();
        for (u32 i = g.part; busy && i < large; i += g.size) {
          T first = m[i * ld + p], second = m[i * ld + q];
          x += op_abs_square(first), y += op_abs_square(second);
          z = plus(z, op_conj(first), second);
        }
        x = sum_over(x, g.size), y = sum_over(y, g.size), z = sum_over(z, g.size);
        if (!(busy && x > nothing && y > nothing && op_abs(z) > orthogonal * (R)sqrt(x) * (R)sqrt(y))) continue;
        rotated = true;
        rotation(x, y, z, c, t);
        for (u32 i = g.part; i < large; i += g.size) rotate(m[i * ld + p], m[i * ld + q], c, t);
        for (u32 i = g.part; u && i < small; i += g.size) rotate(v[i * v_ld + p], v[i * v_ld + q], c, t);
      }
      rotated = any(rotated);
    }
    meet();
    if (rotated && lane_of() == 0) report(failed, matrix, NO_CONVERGENCE);
    R squares = R(0);
    for (u32 i = h.part; h.item < small && i < large; i += h.size) squares += op_abs_square(m[i * ld + h.item]);
    squares = sum_over(squares, h.size);
    R length = squares > nothing ? (R)sqrt(squares) : R(0);
    for (u32 i = h.part; h.item < small && i < large; i += h.size)
      m[i * ld + h.item] = length > R(0) ? part_of(m[i * ld + h.item], length) : zero();
    if (h.item < small && h.part == 0) values[h.item] = length;
    meet();
    for (u32 j = lane_of(); j < small; j += TEAM) {
      u32 rank = 0;
      for (u32 k = 0; k < small; k++) rank += values[k] > values[j] || (values[k] == values[j] && k < j);
      ranks[j] = rank;
      s[matrix * small + rank] = shifted(values[j], e);
    }
    if (!u) {
      meet();
      continue;
    }
    meet();
    for (u32 j = 0; j < basis; j++)
      if (j >= small || values[j] == R(0)) complete(m, ld, large, basis, j, vector, products);
    // The long vectors are those of the longer side; of the adjoint, the two sides are exchanged.
    for (Deal d(basis); d.row < large; d.next()) {
      u32 rank = d.column < small ? ranks[d.column] : d.column;
      T x = m[d.row * ld + d.column];
      if (tall) u[(matrix * large + d.row) * basis + rank] = x;
      else vh[(matrix * basis + rank) * large + d.row] = op_conj(x);
    }
    for (Deal d(small); d.row < small; d.next()) {
      T x = v[d.row * v_ld + d.column];
      if (tall) vh[(matrix * small + ranks[d.column]) * small + d.row] = op_conj(x);
      else u[(matrix * small + d.row) * small + ranks[d.column]] = x;
    }
    meet();
  }
}
