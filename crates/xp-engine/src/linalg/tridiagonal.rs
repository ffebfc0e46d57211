//! Reduction of real symmetric matrices to tridiagonal form, and the eigenvalues of that form.

use super::matmul::matmul;
use super::simd::Kernels;
use super::workspace::{for_columns, par_for};
use super::{RealScalar, Result, Scalar};
use faer::{Accum, MatMut, MatRef, Par};
use std::ops::Range;

/// Columns reduced before the rest of the matrix is updated.
pub(super) const BLOCK: usize = 32;
/// Columns of the rest that are updated at a time: they stay in the second-level cache.
pub(super) const STRIPE: usize = 64;
/// Below this size one thread multiplies by the matrix.
const PARALLEL: usize = 384;

/// Reduces the lower triangle of a column-major matrix by reflections `1 - tau v v^T`, after LAPACK's `dlatrd`.
///
/// The diagonal ends in `a`; below the subdiagonal stand the vectors `v` without their leading 1; `tau` and the
/// subdiagonal `off` have `n - 1` elements. `w` is a workspace of `n x BLOCK`, `y` one of `n` per thread.
pub(super) fn tridiagonalise<T: Scalar>(
    mut a: MatMut<'_, T>,
    off: &mut [T],
    tau: &mut [T],
    mut w: MatMut<'_, T>,
    mut y: MatMut<'_, T>,
    kernels: &'static Kernels<T>,
    par: Par,
) {
    let n = a.nrows();
    debug_assert!(a.row_stride() == 1 && w.row_stride() == 1 && y.row_stride() == 1);
    let mut start = 0;
    while start + 1 < n {
        let end = (start + BLOCK).min(n - 1);
        for i in start..end {
            let p = i - start;
            let rest = n - i - 1;
            if p > 0 {
                // The column as it is after the reflections of this block so far.
                let (columns, mut column) = a.as_mut().subcols_mut(start, p + 1).split_at_col_mut(p);
                let (v, w) = (columns.as_ref().subrows(i, n - i), w.as_ref().subrows(i, n - i).subcols(0, p));
                let mut target = column.as_mut().subrows_mut(i, n - i);
                // The leading 1 of the last vector stands in the matrix while the block is under way.
                add_columns(kernels, v, |q| -w[(0, q)], target.as_mut());
                add_columns(kernels, w, |q| -v[(0, q)], target.as_mut());
            }
            let (t, beta) = reflection(a.as_mut().col_mut(i).subrows_mut(i + 1, rest).as_mat_mut());
            (tau[i], off[i]) = (t, beta);
            a[(i + 1, i)] = T::ONE;
            if t == T::ZERO {
                w.as_mut().col_mut(p).fill(T::ZERO);
                continue;
            }
            symmetric_product(a.as_ref(), i + 1, a.as_ref().col(i).subrows(i + 1, rest).as_mat(), y.as_mut(), kernels, par);
            let mut result = w.as_mut().submatrix_mut(i + 1, p, rest, 1);
            result.copy_from(y.as_ref().submatrix(i + 1, 0, rest, 1));
            let (v_old, mut w_all) = (a.as_ref().submatrix(i + 1, start, rest, p), w.as_mut().subrows_mut(i + 1, rest));
            let v = a.as_ref().submatrix(i + 1, i, rest, 1);
            let (w_old, mut result) = w_all.as_mut().subcols_mut(0, p + 1).split_at_col_mut(p);
            let w_old = w_old.as_ref();
            let (wv, vv) = (dots(kernels, w_old, v.col(0)), dots(kernels, v_old, v.col(0)));
            add_columns(kernels, v_old, |q| -wv[q], result.as_mut());
            add_columns(kernels, w_old, |q| -vv[q], result.as_mut());
            result.as_mut().col_mut(0).iter_mut().for_each(|x| *x *= t);
            let half = T::from_re(T::R::from_f64(-0.5)) * t * dot(result.as_ref().col(0), v.col(0));
            axpy(kernels, half, v.col(0), result.as_mut());
        }
        let rest = n - end;
        let (left, right) = a.as_mut().split_at_col_mut(end);
        let trailing = right.subrows_mut(end, rest);
        let (v, w) = (left.as_ref().submatrix(end, start, rest, end - start), w.as_ref().submatrix(end, 0, rest, end - start));
        for_columns(trailing, STRIPE, par_for(par, rest * rest * BLOCK / 2), |j, stripe| {
            let (width, mut stripe) = (stripe.ncols(), stripe.subrows_mut(j, rest - j));
            for (p, q) in [(v, w), (w, v)] {
                let (p, q) = (p.subrows(j, rest - j), q.subrows(j, width));
                matmul(stripe.as_mut(), Accum::Add, -T::ONE, p, q.transpose(), Par::Seq);
            }
        });
        start = end;
    }
}

/// The reflection `1 - tau v v^T` that maps a real `x` to `beta` times its first unit vector, as `(tau, beta)`; `x` becomes
/// the tail of `v`, which starts with 1.
pub(super) fn reflection<T: Scalar>(mut x: MatMut<'_, T>) -> (T, T) {
    let mut x = x.as_mut().col_mut(0);
    let n = x.nrows();
    let largest = (0..n).map(|i| x[i].re().modulus()).fold(T::R::ZERO, |a, b| if b > a { b } else { a });
    // Squares of the elements must not underflow; the vector is scaled up where they could.
    let tiny = largest * largest < T::R::MIN_POSITIVE / (T::R::EPS * T::R::EPS);
    if tiny && largest >= T::R::MIN_POSITIVE {
        (0..n).for_each(|i| x[i] = T::from_re(x[i].re() / largest));
    }
    let unit = if tiny { largest } else { T::R::ONE };
    let alpha = x[0].re();
    let tail = dot(x.as_ref().subrows(1, n - 1), x.as_ref().subrows(1, n - 1)).re();
    if tail == T::R::ZERO || largest < T::R::MIN_POSITIVE {
        (1..n).for_each(|i| x[i] = T::ZERO);
        return (T::ZERO, T::from_re(if largest < T::R::MIN_POSITIVE { alpha } else { alpha * unit }));
    }
    let norm = (tail + alpha * alpha).root();
    let beta = if alpha >= T::R::ZERO { -norm } else { norm };
    let scale = T::from_re(T::R::ONE / (alpha - beta));
    (1..n).for_each(|i| x[i] *= scale);
    (T::from_re((beta - alpha) / beta), T::from_re(beta * unit))
}

/// `y[first.., 0] = A[first.., first..] x` by the lower triangle, with a column of `y` per thread.
fn symmetric_product<T: Scalar>(a: MatRef<'_, T>, first: usize, x: MatRef<'_, T>, mut y: MatMut<'_, T>, kernels: &'static Kernels<T>, par: Par) {
    let n = a.nrows() - first;
    let threads = match par {
        Par::Rayon(threads) if n >= PARALLEL => threads.get().min(y.ncols()),
        _ => 1,
    };
    y.as_mut().subcols_mut(0, threads).subrows_mut(first, n).fill(T::ZERO);
    let sub = a.submatrix(first, first, n, n);
    let all = if threads > 1 { par } else { Par::Seq };
    for_columns(y.as_mut().subcols_mut(0, threads).subrows_mut(first, n), 1, all, |part, mut y| {
        let columns = share(n, part, threads);
        // SAFETY: the columns and rows lie in the n x n view of unit row stride; x and y have n contiguous elements.
        unsafe {
            (kernels.symv_lower)(n, columns.start, columns.end, sub.as_ptr(), sub.col_stride(), x.as_ptr(), y.as_mut().as_ptr_mut());
        }
    });
    let (mut total, parts) = y.split_at_col_mut(1);
    for part in 0..threads - 1 {
        let part = parts.as_ref().col(part).subrows(first, n);
        axpy(kernels, T::ONE, part, total.as_mut().subrows_mut(first, n));
    }
}

/// Columns of a triangle of order `n` that make up the `part`-th of `parts` equal areas.
fn share(n: usize, part: usize, parts: usize) -> Range<usize> {
    let cut = |part: usize| {
        if part == parts {
            return n;
        }
        let fraction = 1.0 - (1.0 - part as f64 / parts as f64).sqrt();
        ((n as f64 * fraction) as usize / 4 * 4).min(n)
    };
    cut(part)..cut(part + 1)
}

/// `y += alpha x`
pub(super) fn axpy<T: Scalar>(kernels: &Kernels<T>, alpha: T, x: faer::ColRef<'_, T>, y: MatMut<'_, T>) {
    add_columns(kernels, x.as_mat(), |_| alpha, y);
}

/// `y` plus the columns of `a`, at most [`BLOCK`], times their factors.
pub(super) fn add_columns<T: Scalar>(kernels: &Kernels<T>, a: MatRef<'_, T>, factor: impl Fn(usize) -> T, mut y: MatMut<'_, T>) {
    debug_assert!(a.row_stride() == 1 && y.row_stride() == 1 && a.nrows() == y.nrows());
    let mut factors = [T::ZERO; BLOCK];
    factors[..a.ncols()].iter_mut().enumerate().for_each(|(q, to)| *to = factor(q));
    // SAFETY: the columns have as many contiguous elements as y, and there is a factor for each.
    unsafe { (kernels.gemv)(y.nrows(), a.ncols(), a.as_ptr(), a.col_stride(), factors.as_ptr(), y.as_mut().as_ptr_mut()) };
}

/// The products of the columns of `a`, at most [`BLOCK`], with `x`.
pub(super) fn dots<T: Scalar>(kernels: &Kernels<T>, a: MatRef<'_, T>, x: faer::ColRef<'_, T>) -> [T; BLOCK] {
    debug_assert!(a.row_stride() == 1 && x.row_stride() == 1 && a.nrows() == x.nrows());
    let mut products = [T::ZERO; BLOCK];
    let products_used = &mut products[..a.ncols()];
    // SAFETY: the columns have as many contiguous elements as x, and there is room for a product of each.
    unsafe { (kernels.gemv_transposed)(a.nrows(), a.ncols(), a.as_ptr(), a.col_stride(), x.as_ptr(), products_used.as_mut_ptr()) };
    products
}

/// `x . y` for real vectors, in sixteen interleaved sums.
pub(super) fn dot<T: Scalar>(x: faer::ColRef<'_, T>, y: faer::ColRef<'_, T>) -> T {
    let (Some(x), Some(y)) = (x.try_as_col_major(), y.try_as_col_major()) else {
        return (0..x.nrows()).map(|i| x[i] * y[i]).fold(T::ZERO, |a, b| a + b);
    };
    let mut sums = [T::ZERO; 16];
    let (xc, xr) = x.as_slice().as_chunks::<16>();
    let (yc, yr) = y.as_slice().as_chunks::<16>();
    for (x, y) in xc.iter().zip(yc) {
        for l in 0..16 {
            sums[l] += x[l] * y[l];
        }
    }
    for (l, (&x, &y)) in xr.iter().zip(yr).enumerate() {
        sums[l] += x * y;
    }
    sums.into_iter().fold(T::ZERO, |a, b| a + b)
}

/// The block triangular factors that [`faer::linalg::householder`] wants for reflections `1 - tau v v^T`, whose vectors are
/// the columns of `v` from the diagonal on: blocks of `factors.nrows()` columns with `|v_i|^2 / 2` on the diagonal and
/// `v_i . v_j` above.
pub(super) fn block_factors<T: Scalar>(v: MatRef<'_, T>, tau: &[T], factors: MatMut<'_, T>, kernels: &'static Kernels<T>, par: Par) {
    debug_assert!(v.row_stride() == 1 && factors.row_stride() == 1);
    let (m, size) = (v.nrows(), factors.nrows());
    for_columns(factors, size, par_for(par, m * size * tau.len()), |first, mut block| {
        for i in 0..block.ncols() {
            let j = first + i;
            let mut column = block.as_mut().col_mut(i);
            column[i] = T::ONE / tau[j];
            column.as_mut().subrows_mut(0, i).fill(T::ZERO);
            let (before, own) = (v.submatrix(j, first, m - j, i), v.col(j).subrows(j, m - j));
            // SAFETY: the columns have as many contiguous elements as the one of `j`, and there is room for a product of each.
            unsafe { (kernels.gemv_transposed)(m - j, i, before.as_ptr(), before.col_stride(), own.as_ptr(), column.as_ptr_mut()) };
        }
    });
}

/// Eigenvalues of a symmetric tridiagonal matrix in ascending order, by the root-free QL iteration of Pal, Walker and
/// Kahan (Parlett, "The Symmetric Eigenvalue Problem", §8.15). `d` becomes the eigenvalues; `e` is destroyed.
pub(super) fn eigenvalues<R: RealScalar>(d: &mut [R], e: &mut [R]) -> Result<()> {
    let n = d.len();
    debug_assert!(e.len() + 1 == n || n == 0);
    let norm = d.iter().chain(e.iter()).fold(R::ZERO, |a, x| a.larger(x.modulus()));
    // An off-diagonal element this small changes no eigenvalue by more than a tenth of a unit of the largest.
    let tiny = (norm * R::EPS * R::from_f64(0.1)).larger(R::MIN_POSITIVE);
    let (tiny2, eps2) = (tiny * tiny, R::EPS * R::EPS * R::from_f64(0.25));
    e.iter_mut().for_each(|x| *x = *x * *x);
    let mut budget = 60 * n;
    let two = R::from_f64(2.0);
    // The block `low..=high` is the last one that is not yet diagonal.
    let mut high = n.saturating_sub(1);
    while high > 0 {
        let mut low = high;
        while low > 0 {
            let i = low - 1;
            if e[i] <= tiny2 || e[i] <= eps2 * (d[i] * d[low]).modulus() {
                e[i] = R::ZERO;
                break;
            }
            low -= 1;
        }
        if low == high {
            high -= 1;
            continue;
        }
        if low + 1 == high {
            (d[low], d[high]) = two_by_two(d[low], e[low].root(), d[high]);
            e[low] = R::ZERO;
            high = low.saturating_sub(1);
            continue;
        }
        if budget == 0 {
            return Err(super::Error::NoConvergence);
        }
        budget -= 1;
        // One QR sweep from `low` to `high` with the shift of the trailing 2 x 2 block.
        let off = e[high - 1].root();
        let mut sigma = (d[high - 1] - d[high]) / (two * off);
        let r = sigma.hypotenuse(R::ONE);
        sigma = d[high] - off / (sigma + if sigma >= R::ZERO { r } else { -r });
        let (mut c, mut s) = (R::ONE, R::ZERO);
        let mut gamma = d[low] - sigma;
        let mut p = gamma * gamma;
        for i in low..high {
            let b = e[i];
            let r = p + b;
            if i > low {
                e[i - 1] = s * r;
            }
            let old_c = c;
            c = p / r;
            s = b / r;
            let old_gamma = gamma;
            let alpha = d[i + 1];
            gamma = c * (alpha - sigma) - s * old_gamma;
            d[i] = old_gamma + (alpha - gamma);
            p = if c != R::ZERO { gamma * gamma / c } else { old_c * b };
        }
        e[high - 1] = s * p;
        d[high] = sigma + gamma;
    }
    d.sort_by(|a, b| a.partial_cmp(b).expect("finite eigenvalues"));
    Ok(())
}

/// Eigenvalues and eigenvectors of a symmetric tridiagonal matrix with off-diagonal `e` (and one more element), by QL with
/// implicit shifts, after EISPACK's `tql2`. `d` becomes the eigenvalues in ascending order, `z` the product of the unitary
/// matrix it holds with their vectors.
pub(super) fn eigenvectors<T: Scalar>(d: &mut [T::R], e: &mut [T::R], mut z: MatMut<'_, T>) -> Result<()> {
    let n = d.len();
    assert!(e.len() == n && z.ncols() == n && z.row_stride() == 1);
    let (one, two) = (T::R::ONE, T::R::from_f64(2.0));
    // Far below rounding, and far above underflow: the matrix is scaled.
    let norm = d.iter().chain(e.iter()).fold(T::R::ZERO, |norm, x| if x.modulus() > norm { x.modulus() } else { norm });
    let tiny = norm * T::R::EPS * T::R::EPS;
    let mut rotations = vec![T::ZERO; 2 * n];
    let mut budget = 30 * n;
    for low in 0..n {
        loop {
            let small = |i: usize| e[i].modulus() <= T::R::EPS * (d[i].modulus() + d[i + 1].modulus()) + tiny;
            let high = (low..n - 1).find(|&i| small(i)).unwrap_or(n - 1);
            if high == low {
                break;
            }
            if budget == 0 {
                return Err(super::Error::NoConvergence);
            }
            budget -= 1;
            // Wilkinson's shift, by the 2 x 2 block at the top.
            let slope = (d[low + 1] - d[low]) / (two * e[low]);
            let root = slope.hypotenuse(one);
            let mut g = d[high] - d[low] + e[low] / (slope + if slope < T::R::ZERO { -root } else { root });
            let (mut s, mut c, mut p) = (one, one, T::R::ZERO);
            let mut first = low;
            for i in (low..high).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let square = f * f + g * g;
                // A square that loses digits to underflow would not give a rotation.
                let r = if square > T::R::MIN_POSITIVE / T::R::EPS { square.root() } else { f.hypotenuse(g) };
                e[i + 1] = r;
                if r == T::R::ZERO {
                    // The matrix splits here.
                    d[i + 1] -= p;
                    first = i + 1;
                    break;
                }
                (s, c) = (f / r, g / r);
                g = d[i + 1] - p;
                let t = (d[i] - g) * s + two * c * b;
                p = s * t;
                d[i + 1] = g + p;
                g = c * t - b;
                (rotations[2 * i], rotations[2 * i + 1]) = (T::from_re(c), T::from_re(s));
            }
            if first == low {
                d[low] -= p;
                e[low] = g;
            }
            e[high] = T::R::ZERO;
            rotate(z.as_mut().subcols_mut(first, high - first + 1), &rotations[2 * first..2 * high]);
        }
    }
    for i in 0..n {
        let least = (i..n).fold(i, |least, j| if d[j] < d[least] { j } else { least });
        if least != i {
            d.swap(i, least);
            let (left, right) = z.as_mut().split_at_col_mut(i + 1);
            left.col_mut(i).iter_mut().zip(right.col_mut(least - i - 1).iter_mut()).for_each(|(a, b)| std::mem::swap(a, b));
        }
    }
    if d.iter().any(|x| !x.finite()) { Err(super::Error::NoConvergence) } else { Ok(()) }
}

/// Rotates neighbouring columns, the last pair first: columns `j` and `j + 1` become `c z_j - s z_(j+1)` and `s z_j + c z_(j+1)`
/// with the `j`-th pair `c`, `s` of `rotations`.
fn rotate<T: Scalar>(mut z: MatMut<'_, T>, rotations: &[T]) {
    let count = rotations.len() / 2;
    assert!(z.ncols() == count + 1 && z.row_stride() == 1);
    if let Some(kernels) = T::kernels() {
        // SAFETY: the columns have unit row stride, and there is a rotation for each but the last.
        return unsafe { (kernels.rotate)(z.nrows(), count, z.as_mut().as_ptr_mut(), z.col_stride(), rotations.as_ptr()) };
    }
    for (j, pair) in rotations.chunks_exact(2).enumerate().rev() {
        let (c, s) = (pair[0], pair[1]);
        let (left, right) = z.as_mut().split_at_col_mut(j + 1);
        for (x, y) in left.col_mut(j).iter_mut().zip(right.col_mut(0).iter_mut()) {
            (*x, *y) = (*x * c - *y * s, *x * s + *y * c);
        }
    }
}

/// Eigenvalues of `[[a, b], [b, c]]`, after LAPACK's `dlae2`.
fn two_by_two<R: RealScalar>(a: R, b: R, c: R) -> (R, R) {
    let half = R::from_f64(0.5);
    let (sum, difference) = (a + c, a - c);
    let root = difference.hypotenuse(b + b);
    let (large, small) = if a.modulus() > c.modulus() { (a, c) } else { (c, a) };
    if sum == R::ZERO {
        return (half * root, -half * root);
    }
    let first = half * if sum < R::ZERO { sum - root } else { sum + root };
    let second = (large / first) * small - (b / first) * b;
    (first, second)
}
