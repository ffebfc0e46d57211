// Elimination in small matrices; see small.cu for the teams.

// Eliminates below the diagonal of the first n columns of n rows, with row exchanges for the largest pivot, and the columns up to
// `width` with them. Returns the number, from 1 on, of a pivot that is exactly zero, where it ends, or 0. LAPACK's getf2.
DEVICE u32 eliminate(T* m, u32 ld, u32 n, u32 width, bool& is_odd) {
  is_odd = false;
  for (u32 k = 0; k < n; k++) {
    meet();
    R best = R(-1);
    u32 at = n;
    for (u32 i = k + threadIdx.x % 32; i < n; i += 32) {
      R size = rough_size(m[i * ld + k]);
      if (size > best) { best = size; at = i; }
    }
    for (u32 distance = 16; distance > 0; distance /= 2) {
      R size = other(best, distance);
      u32 place = other(at, distance);
      if (size > best || (size == best && place < at)) { best = size; at = place; }
    }
    if (best == R(0)) return k + 1;
    meet();
    if (at != k) {
      is_odd = !is_odd;
      for (u32 j = lane_of(); j < width; j += TEAM) { T x = m[k * ld + j]; m[k * ld + j] = m[at * ld + j]; m[at * ld + j] = x; }
      meet();
    }
    T pivot = m[k * ld + k];
    for (u32 i = k + 1 + lane_of(); i < n; i += TEAM) m[i * ld + k] = op_divide(m[i * ld + k], pivot);
    meet();
    if (width > k + 1)
      for (Deal d(width - k - 1); d.row < n - k - 1; d.next()) {
        T* row = m + (k + 1 + d.row) * ld;
        row[k + 1 + d.column] = minus(row[k + 1 + d.column], row[k], m[k * ld + k + 1 + d.column]);
      }
  }
  meet();
  return 0;
}

// Solves with a triangle of n rows for the `width` columns of x: forwards if it is a lower one.
DEVICE void substitute(const T* triangle, u32 ld, T* x, u32 x_ld, u32 n, u32 width, bool lower, bool unit) {
  for (u32 step = 0; step < n; step++) {
    u32 k = lower ? step : n - 1 - step, first = lower ? k + 1 : 0, rows = n - 1 - step;
    if (!unit) {
      for (u32 j = lane_of(); j < width; j += TEAM) x[k * x_ld + j] = op_divide(x[k * x_ld + j], triangle[k * ld + k]);
      meet();
    }
    if (width > 0)
      for (Deal d(width); d.row < rows; d.next()) {
        T* to = x + (first + d.row) * x_ld + d.column;
        *to = minus(*to, triangle[(first + d.row) * ld + k], x[k * x_ld + d.column]);
      }
    meet();
  }
}

// a x = b for `most` columns of b at a time, or of the identity where there is no b. A singular matrix is reported with its pivot.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) small_solve(ROOM, i64 batch, u32 n, i64 p, u32 most, i64 strips, const T* __restrict__ a, const T* __restrict__ b,
                                       T* __restrict__ out, u64* failed) {
  T* m = room_of_team();
  EACH(item, batch * strips) {
    i64 matrix = over(item, strips), first = (item - matrix * strips) * most;
    u32 width = p - first < most ? (u32)(p - first) : most, ld = odd(n + width);
    for (Deal d(n); d.row < n; d.next()) m[d.row * ld + d.column] = a[(matrix * n + d.row) * n + d.column];
    if (width > 0)
      for (Deal d(width); d.row < n; d.next())
        m[d.row * ld + n + d.column] = b ? b[(matrix * n + d.row) * p + first + d.column] : d.row == first + d.column ? one() : zero();
    bool is_odd;
    u32 pivot = eliminate(m, ld, n, n + width, is_odd);
    if (pivot == 0) {
      substitute(m, ld, m + n, ld, n, width, false, false);
      if (width > 0)
        for (Deal d(width); d.row < n; d.next()) out[(matrix * n + d.row) * p + first + d.column] = m[d.row * ld + n + d.column];
    } else if (lane_of() == 0) {
      report(failed, matrix, pivot - 1);
    }
    meet();
  }
}

// op(a) x = b for a triangle, as above. `lower` is the side of op(a).
extern "C" __global__ void __launch_bounds__(MOST_THREADS) small_triangular(ROOM, i64 batch, u32 n, i64 p, u32 most, i64 strips, const T* __restrict__ a, const T* __restrict__ b,
                                            T* __restrict__ out, u64* failed, u32 lower, u32 transposed, u32 conjugate, u32 unit) {
  T* m = room_of_team();
  u32 ld = odd(n);
  T* x = m + n * ld;
  EACH(item, batch * strips) {
    i64 matrix = over(item, strips), first = (item - matrix * strips) * most;
    u32 width = p - first < most ? (u32)(p - first) : most, x_ld = odd(width);
    for (Deal d(n); d.row < n; d.next()) {
      T value = a[(matrix * n + d.row) * n + d.column];
      if (conjugate) value = op_conj(value);
      m[transposed ? d.column * ld + d.row : d.row * ld + d.column] = value;
    }
    if (width > 0)
      for (Deal d(width); d.row < n; d.next()) x[d.row * x_ld + d.column] = b[(matrix * n + d.row) * p + first + d.column];
    meet();
    bool is_singular = false;
    for (u32 i = lane_of(); i < n && !unit; i += TEAM)
      if (op_equal(m[i * ld + i], zero())) {
        report(failed, matrix, i);
        is_singular = true;
      }
    if (!any(is_singular)) {
      substitute(m, ld, x, x_ld, n, width, lower != 0, unit != 0);
      if (width > 0)
        for (Deal d(width); d.row < n; d.next()) out[(matrix * n + d.row) * p + first + d.column] = x[d.row * x_ld + d.column];
    }
    meet();
  }
}

// Determinants, or their signs and logarithms where these have a place.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) small_det(ROOM, i64 batch, u32 n, const T* __restrict__ a, T* __restrict__ out, R* __restrict__ logarithms) {
  T* m = room_of_team();
  u32 ld = odd(n);
  R* logs = (R*)(m + n * ld);
  EACH(matrix, batch) {
    for (Deal d(n); d.row < n; d.next()) m[d.row * ld + d.column] = a[(matrix * n + d.row) * n + d.column];
    bool is_odd;
    bool is_singular = eliminate(m, ld, n, n, is_odd) != 0;
    if (logarithms && !is_singular) {
      for (u32 i = lane_of(); i < n; i += TEAM) {
        T pivot = m[i * ld + i];
        logs[i] = op_log(op_abs(pivot));
        m[i * ld + i] = op_sign(pivot);
      }
      meet();
    }
    if (lane_of() == 0) {
      T product = is_singular ? zero() : is_odd ? op_negative(one()) : one();
      R sum = is_singular ? -Format<R>::infinity() : R(0);
      for (u32 i = 0; i < n && !is_singular; i++) {
        product = op_multiply(product, m[i * ld + i]);
        if (logarithms) sum += logs[i];
      }
      out[matrix] = product;
      if (logarithms) logarithms[matrix] = sum;
    }
    meet();
  }
}

// Cholesky factors of what the lower triangles say: lower ones, or their adjoints if `upper`. A matrix that is not positive
// definite is reported with the order of the minor that is not.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) small_cholesky(ROOM, i64 batch, u32 n, const T* __restrict__ a, T* __restrict__ out, u64* failed, u32 upper) {
  T* m = room_of_team();
  u32 ld = odd(n);
  EACH(matrix, batch) {
    for (Deal d(n); d.row < n; d.next()) m[d.row * ld + d.column] = a[(matrix * n + d.row) * n + d.column];
    u32 minor = 0;
    for (u32 k = 0; k < n && minor == 0; k++) {
      meet();
      R square = op_real(m[k * ld + k]);
      if (!(square > R(0) && square < Format<R>::infinity())) {
        minor = k + 1;
        break;
      }
      R root = (R)sqrt(square);
      for (u32 i = k + 1 + lane_of(); i < n; i += TEAM) m[i * ld + k] = part_of(m[i * ld + k], root);
      meet();
      if (lane_of() == 0) m[k * ld + k] = T(root);
      if (n > k + 1)
        for (Deal d(n - k - 1); d.row < n - k - 1; d.next())
          if (d.column <= d.row) {
            T* to = m + (k + 1 + d.row) * ld + k + 1 + d.column;
            *to = minus(*to, m[(k + 1 + d.row) * ld + k], op_conj(m[(k + 1 + d.column) * ld + k]));
          }
    }
    meet();
    if (minor == 0) {
      for (Deal d(n); d.row < n; d.next()) {
        u32 i = upper ? d.column : d.row, j = upper ? d.row : d.column;
        T value = j <= i ? m[i * ld + j] : zero();
        out[(matrix * n + d.row) * n + d.column] = upper ? op_conj(value) : value;
      }
    } else if (lane_of() == 0) {
      report(failed, matrix, minor);
    }
    meet();
  }
}
