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
  let columns = p[4];
  let first = group * n * n;
  let right = group * n * columns;
  for (var step = p[1]; step < min(p[2], n); step++) {
    let k = select(n - 1u - step, step, p[5] == 1u);
    if (p[6] == 0u) {
      let pivot = factor(first, k, k);
      for (var c = thread; c < columns; c += 256u) {
        let at = right + k * columns + c;
        set_b(at, op_divide_T(get_b(at), pivot));
      }
      storageBarrier();
    }
    let rows = n - 1u - step;
    let low = select(0u, k + 1u, p[5] == 1u);
    for (var e = thread; e < rows * columns; e += 256u) {
      let i = low + e / columns;
      let at = right + i * columns + e % columns;
      set_b(at, op_subtract_T(get_b(at), op_multiply_T(factor(first, i, k), get_b(right + k * columns + e % columns))));
    }
    storageBarrier();
  }
}

//# qr
// Householder's factors of matrices of p[3] rows and p[4] columns: R and the vectors below it, in place.
var<workgroup> parts: array<f32, 256>;
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
    // The other columns, a thread each.
    for (var k = j + 1u + thread; k < n; k += 256u) {
      var w = get_a(first + j * n + k);
      for (var i = j + 1u; i < m; i++) { w = op_add_T(w, op_multiply_T(op_conj_T(get_a(first + i * n + j)), get_a(first + i * n + k))); }
      w = op_multiply_T(op_conj_T(tau), w);
      set_a(first + j * n + k, op_subtract_T(get_a(first + j * n + k), w));
      for (var i = j + 1u; i < m; i++) {
        let at = first + i * n + k;
        set_a(at, op_subtract_T(get_a(at), op_multiply_T(w, get_a(first + i * n + j))));
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


//# jacobi
// A round of one-sided Jacobi: vectors of p[3] numbers, p[4] of them to a matrix, are turned in disjoint pairs to be orthogonal, a thread
// for each pair; `v` takes part in the turns. Round p[1] of p[2]. Status: whether anything was turned, or exchanged.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let m = p[3];
  let n = p[4];
  let first = group * m * n;
  let second = group * n * n;
  let even = n + (n & 1u);
  let round = p[1];
  let tolerance = 1.1920929e-7 * sqrt(f32(m));
  for (var t = thread; t < even / 2u; t += 256u) {
    var i = even - 1u;
    var k = round;
    if (t > 0u) {
      i = (round + t) % (even - 1u);
      k = (round + even - 1u - t) % (even - 1u);
    }
    let low = min(i, k);
    let high = max(i, k);
    if (high >= n) { continue; }
    let x = first + low * m;
    let y = first + high * m;
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
    let size = op_abs_T(gamma);
    // Larger vectors first, so that the order is that of singular values.
    let swap = beta > alpha;
    if (!(size > tolerance * sqrt(alpha) * sqrt(beta)) && !swap) { continue; }
    status[group] = 1u;
    var c = 1.0;
    var sine = 0.0;
    var phase = of_real_T(1.0);
    if (size > tolerance * sqrt(alpha) * sqrt(beta)) {
      
      phase = over_T(op_conj_T(gamma), size);
      let zeta = (beta - alpha) / (2.0 * size);
      let tangent = with_sign(1.0, zeta) / (magnitude(zeta) + op_hypot_f32(1.0, zeta));
      c = 1.0 / op_hypot_f32(1.0, tangent);
      sine = c * tangent;
    }
    for (var r = 0u; r < m; r++) {
      let a = get_a(x + r);
      let b = op_multiply_T(phase, get_a(y + r));
      let u = op_subtract_T(times_T(a, c), times_T(b, sine));
      let w = op_add_T(times_T(a, sine), times_T(b, c));
      if (swap) { set_a(x + r, w); set_a(y + r, u); } else { set_a(x + r, u); set_a(y + r, w); }
    }
    for (var r = 0u; r < n; r++) {
      let a = get_v(second + low * n + r);
      let b = op_multiply_T(phase, get_v(second + high * n + r));
      let u = op_subtract_T(times_T(a, c), times_T(b, sine));
      let w = op_add_T(times_T(a, sine), times_T(b, c));
      if (swap) { set_v(second + low * n + r, w); set_v(second + high * n + r, u); } else { set_v(second + low * n + r, u); set_v(second + high * n + r, w); }
    }
  }
}

//# complete
// Orthonormal vectors of p[3] numbers, p[4] to a matrix, of which as many as `status` says are given; those of the numbers p[1] to
// p[2] are made where they are not. Each begins as the unit vector of which most is left.
var<workgroup> rest: array<f32, 256>;
var<workgroup> at_row: array<u32, 256>;
var<workgroup> sums: array<T, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let group = id.y * ids.x + id.x;
  if (group >= p[0]) { return; }
  let m = p[3];
  let n = p[4];
  let first = group * m * n;
  for (var k = max(p[1], status[group]); k < min(p[2], n); k++) {
    var most = -1.0;
    var place = 0u;
    for (var i = thread; i < m; i += 256u) {
      var left = 1.0;
      for (var j = 0u; j < k; j++) { left = left - op_abs_square_T(get_a(first + j * m + i)); }
      if (left > most) { most = left; place = i; }
    }
    rest[thread] = most;
    at_row[thread] = place;
    for (var half = 128u; half > 0u; half = half / 2u) {
      workgroupBarrier();
      if (thread < half && (rest[thread + half] > rest[thread] || (rest[thread + half] == rest[thread] && at_row[thread + half] < at_row[thread]))) {
        rest[thread] = rest[thread + half];
        at_row[thread] = at_row[thread + half];
      }
    }
    workgroupBarrier();
    let unit = at_row[0];
    let own = first + k * m;
    for (var i = thread; i < m; i += 256u) { set_a(own + i, of_real_T(select(0.0, 1.0, i == unit))); }
    storageBarrier();
    workgroupBarrier();
    for (var pass_number = 0u; pass_number < 3u; pass_number++) {
      for (var j = 0u; j <= k; j++) {
        // At last the vector meets itself: its norm.
        var sum = zero_T();
        for (var i = thread; i < m; i += 256u) { sum = op_add_T(sum, op_multiply_T(op_conj_T(get_a(first + j * m + i)), get_a(own + i))); }
        sums[thread] = sum;
        for (var half = 128u; half > 0u; half = half / 2u) {
          workgroupBarrier();
          if (thread < half) { sums[thread] = op_add_T(sums[thread], sums[thread + half]); }
        }
        workgroupBarrier();
        let c = sums[0];
        workgroupBarrier();
        let norm = op_sqrt_f32(op_real_T(c));
        for (var i = thread; i < m; i += 256u) {
          if (j < k) {
            set_a(own + i, op_subtract_T(get_a(own + i), op_multiply_T(c, get_a(first + j * m + i))));
          } else {
            set_a(own + i, over_T(get_a(own + i), norm));
          }
        }
        storageBarrier();
        workgroupBarrier();
      }
    }
  }
}
