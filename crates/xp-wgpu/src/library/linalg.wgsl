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
fn first_T(turn: Turn, a: T, b: T) -> T { return op_subtract_T(times_T(a, turn.c), times_T(op_multiply_T(turn.phase, b), turn.sine)); }
fn second_T(turn: Turn, a: T, b: T) -> T { return op_add_T(times_T(a, turn.sine), times_T(op_multiply_T(turn.phase, b), turn.c)); }
// One number of both vectors.
fn turn_a(turn: Turn, x: u32, y: u32) {
  let a = get_a(x);
  let b = get_a(y);
  let u = first_T(turn, a, b);
  let w = second_T(turn, a, b);
  if (turn.exchanged) { set_a(x, w); set_a(y, u); } else { set_a(x, u); set_a(y, w); }
}
fn turn_v(turn: Turn, x: u32, y: u32) {
  let a = get_v(x);
  let b = get_v(y);
  let u = first_T(turn, a, b);
  let w = second_T(turn, a, b);
  if (turn.exchanged) { set_v(x, w); set_v(y, u); } else { set_v(x, u); set_v(y, w); }
}

//# jacobi
// A round of one-sided Jacobi: vectors of p[3] numbers, p[4] of them to a matrix, are turned in disjoint pairs to be orthogonal, a thread
// for each pair; `v` takes part in the turns. Round p[1] of p[2]. Status: whether anything was turned, or exchanged.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let m = p[3];
  let n = p[4];
  let even = n + (n & 1u);
  for (var t = thread; t < even / 2u; t += 256u) {
    let both = partners(t, p[1], even);
    if (both.y >= n) { continue; }
    let x = (group * n + both.x) * m;
    let y = (group * n + both.y) * m;
    var alpha = 0.0;
    var beta = 0.0;
    var gamma = zero_T();
    for (var r = 0u; r < m; r++) {
      let a = get_a(x + r);
      let b = get_a(y + r);
      alpha = alpha + op_abs_square_T(a);
      beta = beta + op_abs_square_T(b);
      gamma = op_add_T(gamma, op_multiply_T(op_conj_T(a), b));
    }
    let turn = turn_T(alpha, beta, gamma, m);
    if (!turn.needed) { continue; }
    status[group] = 1u;
    for (var r = 0u; r < m; r++) { turn_a(turn, x + r, y + r); }
    for (var r = 0u; r < n; r++) { turn_v(turn, (group * n + both.x) * n + r, (group * n + both.y) * n + r); }
  }
}

//# wide jacobi
// The same with a group of threads for each pair.
var<workgroup> alphas: array<f32, 256>;
var<workgroup> betas: array<f32, 256>;
var<workgroup> gammas: array<T, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let m = p[3];
  let n = p[4];
  let even = n + (n & 1u);
  let group = id.y * ids.x + id.x;
  let matrix = group / (even / 2u);
  let both = partners(group % (even / 2u), p[1], even);
  if (matrix >= p[0] || both.y >= n) { return; }
  let x = (matrix * n + both.x) * m;
  let y = (matrix * n + both.y) * m;
  var alpha = 0.0;
  var beta = 0.0;
  var gamma = zero_T();
  for (var r = thread; r < m; r += 256u) {
    let a = get_a(x + r);
    let b = get_a(y + r);
    alpha = alpha + op_abs_square_T(a);
    beta = beta + op_abs_square_T(b);
    gamma = op_add_T(gamma, op_multiply_T(op_conj_T(a), b));
  }
  alphas[thread] = alpha;
  betas[thread] = beta;
  gammas[thread] = gamma;
  workgroupBarrier();
  if (thread < 16u) {
    for (var r = 16u * thread + 1u; r < 16u * thread + 16u; r++) {
      alphas[16u * thread] = alphas[16u * thread] + alphas[r];
      betas[16u * thread] = betas[16u * thread] + betas[r];
      gammas[16u * thread] = op_add_T(gammas[16u * thread], gammas[r]);
    }
  }
  workgroupBarrier();
  alpha = alphas[0];
  beta = betas[0];
  gamma = gammas[0];
  for (var r = 16u; r < 256u; r += 16u) {
    alpha = alpha + alphas[r];
    beta = beta + betas[r];
    gamma = op_add_T(gamma, gammas[r]);
  }
  let turn = turn_T(alpha, beta, gamma, m);
  if (!turn.needed) { return; }
  if (thread == 0u) { status[matrix] = 1u; }
  for (var r = thread; r < m; r += 256u) { turn_a(turn, x + r, y + r); }
  for (var r = thread; r < n; r += 256u) { turn_v(turn, (matrix * n + both.x) * n + r, (matrix * n + both.y) * n + r); }
}
