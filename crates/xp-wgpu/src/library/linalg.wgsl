// Factors of matrices: a group of 256 threads takes a matrix of a stack. T is the type of the elements; `_T` in a name stands for
// their dtype. Matrices are row-major, one behind the other. p[0] is the number of matrices. A launch does some steps of the
// elimination, so that no thread has many iterations: p[1] to p[2].

//# cholesky
// The lower factor of Hermitian matrices of order p[3], in place. Status: the order of the first leading minor that is not
// positive definite, or 0.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let n = p[3];
  let first = group * n * n;
  var failed = 0u;
  if (p[1] > 0u && status[group] > 0u) { return; }
  for (var j = p[1]; j < min(p[2], n); j++) {
    let d = op_real_T(get_a(first + j * n + j));
    if (!(d > 0.0) || !is_finite(d)) { failed = j + 1u; break; }
    let r = sqrt(d);
    storageBarrier();
    for (var i = j + thread; i < n; i += 256u) {
      let at = first + i * n + j;
      if (i == j) { set_a(at, of_real_T(r)); } else { set_a(at, over_T(get_a(at), r)); }
    }
    storageBarrier();
    let m = n - 1u - j;
    for (var e = thread; e < m * m; e += 256u) {
      let i = j + 1u + e / m;
      let k = j + 1u + e % m;
      if (k <= i) {
        let product = op_multiply_T(get_a(first + i * n + j), op_conj_T(get_a(first + k * n + j)));
        let at = first + i * n + k;
        set_a(at, op_subtract_T(get_a(at), product));
      }
    }
    storageBarrier();
  }
  if (thread == 0u) { status[group] = failed; }
}

//# lu
// Factors of matrices of p[3] rows and p[4] columns, in place, with partial pivoting. `order` gets the order of the rows. Status:
// the first pivot that is zero, counted from 1, or 0, then the number of exchanges.
var<workgroup> best: array<f32, 256>;
var<workgroup> at_row: array<u32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let m = p[3];
  let n = p[4];
  let first = group * m * n;
  var singular = 0u;
  var exchanges = 0u;
  if (p[1] == 0u) {
    for (var i = thread; i < m; i += 256u) { order[group * m + i] = i; }
  } else {
    singular = status[2u * group];
    exchanges = status[2u * group + 1u];
  }
  storageBarrier();
  for (var j = p[1]; j < min(p[2], min(m, n)); j++) {
    var most = -1.0;
    var place = j;
    for (var i = j + thread; i < m; i += 256u) {
      let x = op_abs_T(get_a(first + i * n + j));
      if (x > most || (is_nan(x) && !is_nan(most))) { most = x; place = i; }
    }
    best[thread] = most;
    at_row[thread] = place;
    for (var half = 128u; half > 0u; half = half / 2u) {
      workgroupBarrier();
      if (thread < half) {
        let x = best[thread + half];
        let y = best[thread];
        if (x > y || (is_nan(x) && !is_nan(y)) || (x == y && at_row[thread + half] < at_row[thread])) {
          best[thread] = x;
          at_row[thread] = at_row[thread + half];
        }
      }
    }
    workgroupBarrier();
    let row = at_row[0];
    if (best[0] == 0.0) {
      if (singular == 0u) { singular = j + 1u; }
      workgroupBarrier();
      continue;
    }
    if (row != j) {
      exchanges += 1u;
      for (var k = thread; k < n; k += 256u) {
        let x = get_a(first + j * n + k);
        set_a(first + j * n + k, get_a(first + row * n + k));
        set_a(first + row * n + k, x);
      }
      if (thread == 0u) {
        let x = order[group * m + j];
        order[group * m + j] = order[group * m + row];
        order[group * m + row] = x;
      }
    }
    storageBarrier();
    let pivot = get_a(first + j * n + j);
    for (var i = j + 1u + thread; i < m; i += 256u) {
      let at = first + i * n + j;
      set_a(at, op_divide_T(get_a(at), pivot));
    }
    storageBarrier();
    let rows = m - 1u - j;
    let columns = n - 1u - j;
    for (var e = thread; e < rows * columns; e += 256u) {
      let i = j + 1u + e / columns;
      let k = j + 1u + e % columns;
      let at = first + i * n + k;
      set_a(at, op_subtract_T(get_a(at), op_multiply_T(get_a(first + i * n + j), get_a(first + j * n + k))));
    }
    storageBarrier();
  }
  if (thread == 0u) { status[2u * group] = singular; status[2u * group + 1u] = exchanges; }
}

//# rows
// The rows of matrices of p[1] rows and p[2] columns in another order.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let item = (id.y * ids.x + id.x) * 256u + thread;
  if (item >= p[0]) { return; }
  let row = item / p[2];
  let group = row / p[1];
  set_b(item, get_a((group * p[1] + order[row]) * p[2] + item % p[2]));
}

//# substitute
// Solutions of op(a) x = b in place of b, matrices of order p[3] and right sides of p[4] columns. p[5]: the triangle that is
// solved for, after op, is the lower one; p[6]: ones on the diagonal; p[7]: op is nothing (0), transposition (1), with conjugation (2).
// p[8] groups share the columns of a matrix, p[9] each.
fn factor(first: u32, i: u32, k: u32) -> T {
  if (p[7] == 0u) { return get_a(first + i * p[3] + k); }
  let x = get_a(first + k * p[3] + i);
  if (p[7] == 1u) { return x; }
  return op_conj_T(x);
}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let n = p[3];
  let matrix = group / p[8];
  let first_column = group % p[8] * p[9];
  let columns = min(p[9], p[4] - first_column);
  let first = matrix * n * n;
  let right = matrix * n * p[4] + first_column;
  for (var step = p[1]; step < min(p[2], n); step++) {
    let k = select(n - 1u - step, step, p[5] == 1u);
    if (p[6] == 0u) {
      let pivot = factor(first, k, k);
      for (var c = thread; c < columns; c += 256u) {
        let at = right + k * p[4] + c;
        set_b(at, op_divide_T(get_b(at), pivot));
      }
      storageBarrier();
    }
    let rows = n - 1u - step;
    let low = select(0u, k + 1u, p[5] == 1u);
    for (var e = thread; e < rows * columns; e += 256u) {
      let i = low + e / columns;
      let c = e % columns;
      let at = right + i * p[4] + c;
      set_b(at, op_subtract_T(get_b(at), op_multiply_T(factor(first, i, k), get_b(right + k * p[4] + c))));
    }
    storageBarrier();
  }
}

//# qr
// Householder's factors of matrices of p[3] rows and p[4] columns: R and the vectors below it, in place.
var<workgroup> parts: array<f32, 256>;
var<workgroup> sums: array<T, 256>;
fn total(thread: u32) -> f32 {
  for (var half = 128u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) { parts[thread] = parts[thread] + parts[thread + half]; }
  }
  workgroupBarrier();
  let sum = parts[0];
  workgroupBarrier();
  return sum;
}
fn largest(thread: u32) -> f32 {
  for (var half = 128u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (thread < half) { parts[thread] = op_maximum_f32(parts[thread], parts[thread + half]); }
  }
  workgroupBarrier();
  let most = parts[0];
  workgroupBarrier();
  return most;
}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let m = p[3];
  let n = p[4];
  let most = min(m, n);
  let first = group * m * n;
  let taus = group * most;
  for (var j = p[1]; j < min(p[2], most); j++) {
    // The norm of what is below the diagonal, of numbers scaled by the largest.
    var large = 0.0;
    for (var i = j + 1u + thread; i < m; i += 256u) { large = op_maximum_f32(large, largest_part_T(get_a(first + i * n + j))); }
    parts[thread] = large;
    let below = largest(thread);
    let alpha = get_a(first + j * n + j);
    let scale_by = op_maximum_f32(below, largest_part_T(alpha));
    var squares = 0.0;
    if (below > 0.0 && is_finite(scale_by)) {
      for (var i = j + 1u + thread; i < m; i += 256u) { squares = squares + op_abs_square_T(over_T(get_a(first + i * n + j), scale_by)); }
    }
    parts[thread] = squares;
    let sum = total(thread);
    var tau = zero_T();
    var beta = op_real_T(alpha);
    if (!(below == 0.0) || !(imaginary_T(alpha) == 0.0)) {
      let scaled_alpha = over_T(alpha, scale_by);
      let norm = op_sqrt_f32(sum + op_abs_square_T(scaled_alpha));
      let b = with_sign(norm, negated(op_real_T(scaled_alpha)));
      beta = b * scale_by;
      // tau = (beta - alpha) / beta of the scaled numbers; the vector is what is below, over alpha - beta.
      let difference = op_subtract_T(scaled_alpha, of_real_T(b));
      tau = over_T(op_negative_T(difference), b);
      for (var i = j + 1u + thread; i < m; i += 256u) {
        let at = first + i * n + j;
        set_a(at, op_divide_T(over_T(get_a(at), scale_by), difference));
      }
    }
    storageBarrier();
    if (thread == 0u) { set_a(first + j * n + j, of_real_T(beta)); set_t(taus + j, tau); }
    // The other columns, eight at a time, 32 threads each.
    let slot = thread % 8u;
    let piece = thread / 8u;
    for (var next = j + 1u; next < n; next += 8u) {
      let k = next + slot;
      var w = zero_T();
      if (k < n) {
        if (piece == 0u) { w = get_a(first + j * n + k); }
        for (var i = j + 1u + piece; i < m; i += 32u) { w = op_add_T(w, op_multiply_T(op_conj_T(get_a(first + i * n + j)), get_a(first + i * n + k))); }
      }
      sums[thread] = w;
      for (var half = 16u; half > 0u; half = half / 2u) {
        workgroupBarrier();
        if (piece < half) { sums[thread] = op_add_T(sums[thread], sums[thread + 8u * half]); }
      }
      workgroupBarrier();
      w = op_multiply_T(op_conj_T(tau), sums[slot]);
      workgroupBarrier();
      if (k < n) {
        if (piece == 0u) { set_a(first + j * n + k, op_subtract_T(get_a(first + j * n + k), w)); }
        for (var i = j + 1u + piece; i < m; i += 32u) {
          let at = first + i * n + k;
          set_a(at, op_subtract_T(get_a(at), op_multiply_T(w, get_a(first + i * n + j))));
        }
      }
    }
    storageBarrier();
  }
}

//# q
// p[5] columns of the product of the reflections of matrices of p[3] rows and p[4] columns, the last one first.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let m = p[3];
  let n = p[4];
  let most = min(m, n);
  let first = group * m * n;
  let taus = group * most;
  let columns = p[5];
  let out = group * m * columns;
  for (var c = thread; c < columns; c += 256u) {
    if (p[1] == 0u) {
      for (var i = 0u; i < m; i++) { set_q(out + i * columns + c, of_real_T(select(0.0, 1.0, i == c))); }
    }
    for (var step = p[1]; step < min(p[2], most); step++) {
      let j = most - 1u - step;
      var w = get_q(out + j * columns + c);
      for (var i = j + 1u; i < m; i++) { w = op_add_T(w, op_multiply_T(op_conj_T(get_a(first + i * n + j)), get_q(out + i * columns + c))); }
      w = op_multiply_T(get_t(taus + j), w);
      set_q(out + j * columns + c, op_subtract_T(get_q(out + j * columns + c), w));
      for (var i = j + 1u; i < m; i++) {
        let at = out + i * columns + c;
        set_q(at, op_subtract_T(get_q(at), op_multiply_T(w, get_a(first + i * n + j))));
      }
    }
  }
}

//# turns
// The numbers of the pair t of a round in which every number below an even one has a partner.
fn partners(t: u32, round: u32, even: u32) -> vec2<u32> {
  var i = even - 1u;
  var k = round;
  if (t > 0u) {
    i = (round + t) % (even - 1u);
    k = (round + even - 1u - t) % (even - 1u);
  }
  return vec2<u32>(min(i, k), max(i, k));
}
// Matrices have p[4] columns in p[5] blocks of HALF, the last ones with fewer or none. A pair of blocks: the matrix, the blocks, and how many columns.
struct Pair { matrix: u32, first: u32, second: u32, columns: u32 }
fn pair_of(number: u32) -> Pair {
  let both = partners(number % (p[5] / 2u), p[1], p[5]);
  let columns = min(HALF, p[4] - both.x * HALF) + min(HALF, p[4] - min(p[4], both.y * HALF));
  return Pair(number / (p[5] / 2u), both.x * HALF, both.y * HALF, columns);
}
// The column of the matrix which is one of the pair.
fn column_of(pair: Pair, k: u32) -> u32 { return pair.matrix * p[4] + select(pair.second + k - HALF, pair.first + k, k < HALF); }

//# blocks jacobi
// What turns the columns of pairs of blocks, vectors of p[3] numbers, to be orthogonal, longer ones first: a group of threads for each pair
// diagonalises the product of its columns with themselves, by p[6] sweeps of rotations at most. Round p[1]. `turned`: whether there is
// anything to turn; `q`: by what, matrices whose rows have p[7] numbers. Status: whether anything was turned.
var<workgroup> gram: array<T, WIDE * WIDE>;
var<workgroup> turns: array<T, WIDE * WIDE>;
var<workgroup> tile: array<T, WIDE * 17u>;
// Of a turn of two columns a and b: a real factor of a, and a factor of b, for the first and for the second one.
var<workgroup> of_a: array<f32, WIDE>;
var<workgroup> of_b: array<T, WIDE>;
var<workgroup> going: u32;
// What makes two vectors orthogonal, and the longer one the first, so that the order is that of singular values.
struct Turn { needed: bool, exchanged: bool, c: f32, sine: f32, phase: T }
// alpha and beta: the squares of the lengths; gamma: the product of the vectors of m numbers.
fn turn_T(alpha: f32, beta: f32, gamma: T, m: u32) -> Turn {
  let size = op_abs_T(gamma);
  let exchanged = beta > alpha;
  // What is shorter than 1e-15 of numbers of about 1 counts as nothing: its square is near the least numbers.
  let something = alpha > 1e-30 && beta > 1e-30;
  let aslant = something && size > 1.1920929e-7 * sqrt(f32(max(m, 4u))) * sqrt(alpha) * sqrt(beta);
  var turn = Turn(aslant || exchanged, exchanged, 1.0, 0.0, of_real_T(1.0));
  if (aslant) {
    turn.phase = over_T(op_conj_T(gamma), size);
    let zeta = (beta - alpha) / (2.0 * size);
    let tangent = with_sign(1.0, zeta) / (magnitude(zeta) + op_hypot_f32(1.0, zeta));
    turn.c = 1.0 / op_hypot_f32(1.0, tangent);
    turn.sine = turn.c * tangent;
  }
  return turn;
}
fn turn_of(i: u32, k: u32) -> Turn { return turn_T(op_real_T(gram[i * WIDE + i]), op_real_T(gram[k * WIDE + k]), gram[i * WIDE + k], p[3]); }
fn joined(a: T, b: T, k: u32) -> T { return op_add_T(times_T(a, of_a[k]), op_multiply_T(of_b[k], b)); }
fn joined_conj(a: T, b: T, k: u32) -> T { return op_add_T(times_T(a, of_a[k]), op_multiply_T(op_conj_T(of_b[k]), b)); }
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  let pair = pair_of(group);
  if (pair.matrix >= p[0]) { return; }
  let m = p[3];
  let row = thread / HALF;
  let column = thread % HALF;
  var sums = array<T, 4>(zero_T(), zero_T(), zero_T(), zero_T());
  for (var depth = 0u; depth < m; depth += 16u) {
    for (var e = thread; e < WIDE * 16u; e += 256u) {
      let k = e / 16u;
      let l = e % 16u;
      var x = zero_T();
      if (k < pair.columns && depth + l < m) { x = get_a(column_of(pair, k) * m + depth + l); }
      tile[k * 17u + l] = x;
    }
    workgroupBarrier();
    if (row < HALF) {
      for (var l = 0u; l < 16u; l++) {
        let x = op_conj_T(tile[row * 17u + l]);
        let y = op_conj_T(tile[(row + HALF) * 17u + l]);
        let z = tile[column * 17u + l];
        let w = tile[(column + HALF) * 17u + l];
        sums[0] = op_add_T(sums[0], op_multiply_T(x, z));
        sums[1] = op_add_T(sums[1], op_multiply_T(x, w));
        sums[2] = op_add_T(sums[2], op_multiply_T(y, z));
        sums[3] = op_add_T(sums[3], op_multiply_T(y, w));
      }
    }
    workgroupBarrier();
  }
  if (row < HALF) {
    gram[row * WIDE + column] = sums[0];
    gram[row * WIDE + column + HALF] = sums[1];
    gram[(row + HALF) * WIDE + column] = sums[2];
    gram[(row + HALF) * WIDE + column + HALF] = sums[3];
  }
  for (var e = thread; e < WIDE * WIDE; e += 256u) { turns[e] = of_real_T(select(0.0, 1.0, e / WIDE == e % WIDE)); }
  if (thread == 0u) { going = 0u; }
  workgroupBarrier();
  for (var e = thread; e < WIDE * WIDE; e += 256u) {
    if (e / WIDE < e % WIDE) { if (turn_of(e / WIDE, e % WIDE).needed) { going = 1u; } }
  }
  workgroupBarrier();
  if (thread == 0u) {
    turned[group] = going;
    if (going == 1u) { status[pair.matrix] = 1u; }
  }
  let even = pair.columns + (pair.columns & 1u);
  let half = even / 2u;
  for (var sweep = 0u; sweep < p[6]; sweep++) {
    let goes_on = going == 1u;
    workgroupBarrier();
    if (!goes_on) { break; }
    if (thread == 0u) { going = 0u; }
    for (var round = 0u; round < even - 1u; round++) {
      workgroupBarrier();
      if (thread < half) {
        let both = partners(thread, round, even);
        var turn = turn_of(both.x, both.y);
        // Rounding may leave less than nothing of a short column, which must not change its place with one that is not there.
        if (both.y >= pair.columns) { turn = Turn(false, false, 1.0, 0.0, of_real_T(1.0)); }
        if (turn.needed) { going = 1u; }
        let first = 2u * thread + select(0u, 1u, turn.exchanged);
        let second = 2u * thread + select(1u, 0u, turn.exchanged);
        of_a[first] = turn.c;
        of_b[first] = times_T(turn.phase, negated(turn.sine));
        of_a[second] = turn.sine;
        of_b[second] = times_T(turn.phase, turn.c);
      }
      workgroupBarrier();
      // Two rows and two columns of the product to a thread.
      if (thread < half * half) {
        let i = thread / half;
        let k = thread % half;
        let rows = partners(i, round, even);
        let columns = partners(k, round, even);
        let a = gram[rows.x * WIDE + columns.x];
        let b = gram[rows.x * WIDE + columns.y];
        let c = gram[rows.y * WIDE + columns.x];
        let d = gram[rows.y * WIDE + columns.y];
        let ab = joined(a, b, 2u * k);
        let ba = joined(a, b, 2u * k + 1u);
        let cd = joined(c, d, 2u * k);
        let dc = joined(c, d, 2u * k + 1u);
        gram[rows.x * WIDE + columns.x] = joined_conj(ab, cd, 2u * i);
        gram[rows.x * WIDE + columns.y] = joined_conj(ba, dc, 2u * i);
        gram[rows.y * WIDE + columns.x] = joined_conj(ab, cd, 2u * i + 1u);
        gram[rows.y * WIDE + columns.y] = joined_conj(ba, dc, 2u * i + 1u);
      }
      for (var e = thread; e < even * half; e += 256u) {
        let i = e / half * WIDE;
        let columns = partners(e % half, round, even);
        let a = turns[i + columns.x];
        let b = turns[i + columns.y];
        turns[i + columns.x] = joined(a, b, 2u * (e % half));
        turns[i + columns.y] = joined(a, b, 2u * (e % half) + 1u);
      }
    }
    workgroupBarrier();
  }
  for (var e = thread; e < p[7] * p[7]; e += 256u) { set_q(group * p[7] * p[7] + e, turns[e / p[7] * WIDE + e % p[7]]); }
}

//# panels jacobi
// Turns the columns of pairs of blocks, of `a` and of `v`: 64 rows to a group of threads, p[8] groups for the rows of `a`, p[9] for those of `v`.
var<workgroup> by: array<T, WIDE * WIDE>;
var<workgroup> panel: array<T, WIDE * 64u>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  let number = group / (p[8] + p[9]);
  let pair = pair_of(number);
  if (pair.matrix >= p[0]) { return; }
  if (turned[number] == 0u) { return; }
  let piece = group % (p[8] + p[9]);
  let is_a = piece < p[8];
  let rows = select(p[4], p[3], is_a);
  let row = select(piece - p[8], piece, is_a) * 64u + thread % 64u;
  let side = p[7];
  for (var e = thread; e < side * side; e += 256u) { by[e / side * WIDE + e % side] = get_q(number * side * side + e); }
  for (var k = thread / 64u; k < pair.columns; k += 4u) {
    var x = zero_T();
    let at = column_of(pair, k) * rows + row;
    if (row < rows) { if (is_a) { x = get_a(at); } else { x = get_v(at); } }
    panel[k * 64u + thread % 64u] = x;
  }
  workgroupBarrier();
  if (row >= rows) { return; }
  for (var k = thread / 64u; k < pair.columns; k += 8u) {
    // Two columns at once.
    let other = min(k + 4u, pair.columns - 1u);
    var x = zero_T();
    var y = zero_T();
    for (var l = 0u; l < pair.columns; l++) {
      let z = panel[l * 64u + thread % 64u];
      x = op_add_T(x, op_multiply_T(z, by[l * WIDE + k]));
      y = op_add_T(y, op_multiply_T(z, by[l * WIDE + other]));
    }
    let at = column_of(pair, k) * rows + row;
    let beside = column_of(pair, other) * rows + row;
    if (is_a) { set_a(at, x); } else { set_v(at, x); }
    if (k + 4u < pair.columns) { if (is_a) { set_a(beside, y); } else { set_v(beside, y); } }
  }
}
