//! Reduction of real matrices to upper bidiagonal form, and the singular values of that form.

use super::matmul::matmul;
use super::simd::Kernels;
use super::tridiagonal::{BLOCK, STRIPE, add_columns, axpy, dots, reflection};
use super::workspace::{for_columns, matrix, matrix_req, par_for};
use super::{RealScalar, Result, Scalar};
use faer::dyn_stack::{MemStack, StackReq};
use faer::{Accum, MatMut, MatRef, Par};

/// Below this many elements one thread multiplies by the matrix.
const PARALLEL: usize = 256 * 256;

/// Workspace of [`bidiagonalise`].
pub(super) fn bidiagonalise_req<T: Scalar>(m: usize, n: usize, par: Par) -> StackReq {
    StackReq::all_of(&[
        matrix_req::<T>(m, BLOCK),
        matrix_req::<T>(n, BLOCK).array(2),
        matrix_req::<T>(m, threads(par)),
        matrix_req::<T>(n, 1).array(2),
    ])
}

fn threads(par: Par) -> usize {
    match par {
        Par::Seq => 1,
        Par::Rayon(threads) => threads.get(),
    }
}

/// Where the reflections from the right go: their vectors, below the diagonal of a square matrix, and for both sides their
/// factors `tau`.
pub(super) struct Reflections<'a, T> {
    pub right: MatMut<'a, T>,
    pub tau_left: &'a mut [T],
    pub tau_right: &'a mut [T],
}

/// Reduces a column-major `m x n` matrix, `m >= n`, to the diagonal `d` and the superdiagonal `e` by reflections from both
/// sides. `a` gets the vectors of those from the left, from the diagonal on.
///
/// The blocks are those of LAPACK's `dlabrd`; the two products with the matrix of each step share one pass over it, after
/// Howell, Demmel, Fulton, Hammarling & Marmol, "Cache efficient bidiagonalization using BLAS 2.5 operators" (2008).
pub(super) fn bidiagonalise<T: Scalar>(
    mut a: MatMut<'_, T>,
    d: &mut [T::R],
    e: &mut [T::R],
    mut reflections: Option<Reflections<'_, T>>,
    kernels: &'static Kernels<T>,
    par: Par,
    stack: &mut MemStack,
) {
    let (m, n) = a.shape();
    let (mut x, stack) = matrix::<T>(m, BLOCK, stack);
    // Columns of `y` belong to the left reflections, columns of `u` are the right ones.
    let (mut y, stack) = matrix::<T>(n, BLOCK, stack);
    let (mut u, stack) = matrix::<T>(n, BLOCK, stack);
    let (mut sums, stack) = matrix::<T>(m, threads(par), stack);
    let (mut row, stack) = matrix::<T>(n, 1, stack);
    let (mut old, _) = matrix::<T>(n, 1, stack);
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        for i in start..end {
            let p = i - start;
            let (below, right) = (m - i, n - i - 1);
            // Column i after the reflections of this block so far: a - v y^T - x u^T.
            let (columns, mut column) = a.as_mut().subcols_mut(start, p + 1).split_at_col_mut(p);
            let mut column = column.as_mut().subrows_mut(i, below);
            add_columns(kernels, columns.as_ref().subrows(i, below), |q| -y[(i, q)], column.as_mut());
            add_columns(kernels, x.as_ref().submatrix(i, 0, below, p), |q| -u[(i, q)], column.as_mut());
            let (tau, beta) = reflection(column.as_mut());
            d[i] = beta.re();
            column[(0, 0)] = T::ONE;
            if let Some(reflections) = &mut reflections {
                reflections.tau_left[i] = tau;
            }
            if right == 0 {
                break;
            }
            let v_old = a.as_ref().subcols(start, p);
            // Row i after those reflections, and y_i up to the product with the matrix.
            for j in 0..right {
                row[(i + 1 + j, 0)] = a[(i, i + 1 + j)];
            }
            let mut target = row.as_mut().subrows_mut(i + 1, right);
            let (y_old, u_old) = (y.as_ref().submatrix(i + 1, 0, right, p), u.as_ref().submatrix(i + 1, 0, right, p));
            add_columns(kernels, y_old, |q| -v_old[(i, q)], target.as_mut());
            add_columns(kernels, u_old, |q| -x[(i, q)], target.as_mut());
            old.as_mut().subrows_mut(i + 1, right).copy_from(target.as_ref());
            let v = a.as_ref().col(i).subrows(i, below);
            let (vv, xv) = (dots(kernels, v_old.subrows(i, below), v), dots(kernels, x.as_ref().submatrix(i, 0, below, p), v));
            add_columns(kernels, y_old, |q| tau * vv[q], target.as_mut());
            add_columns(kernels, u_old, |q| tau * xv[q], target.as_mut());
            // row -= tau A^T v and sums = A row in one pass.
            let trailing = a.as_ref().submatrix(i, i + 1, below, right);
            both_products(trailing, v.as_mat(), -tau, target.as_mut(), sums.as_mut().subrows_mut(i, below), kernels, par);
            for j in i + 1..n {
                y[(j, p)] = old[(j, 0)] - row[(j, 0)];
            }
            // The right reflection: u = (r - beta e1) / (r1 - beta).
            let r1 = row[(i + 1, 0)];
            u.as_mut().col_mut(p).subrows_mut(i + 1, right).copy_from(row.as_ref().col(0).subrows(i + 1, right));
            let (tau, beta) = reflection(u.as_mut().submatrix_mut(i + 1, p, right, 1));
            e[i] = beta.re();
            u[(i + 1, p)] = T::ONE;
            if let Some(reflections) = &mut reflections {
                reflections.tau_right[i] = tau;
                reflections.right.as_mut().col_mut(i).subrows_mut(i + 1, right).copy_from(u.as_ref().col(p).subrows(i + 1, right));
            }
            let rows = below - 1;
            let mut target = x.as_mut().submatrix_mut(i + 1, p, rows, 1);
            if tau == T::ZERO || rows == 0 {
                target.fill(T::ZERO);
                continue;
            }
            target.copy_from(sums.as_ref().submatrix(i + 1, 0, rows, 1));
            axpy(kernels, -beta, a.as_ref().col(i + 1).subrows(i + 1, rows), target.as_mut());
            let scale = T::ONE / (r1 - beta);
            target.as_mut().col_mut(0).iter_mut().for_each(|t| *t *= scale);
            let (x_old, mut target) = x.as_mut().subcols_mut(0, p + 1).split_at_col_mut(p);
            let mut target = target.as_mut().subrows_mut(i + 1, rows);
            let current = u.as_ref().col(p).subrows(i + 1, right);
            let yu = dots(kernels, y.as_ref().submatrix(i + 1, 0, right, p + 1), current);
            add_columns(kernels, a.as_ref().submatrix(i + 1, start, rows, p + 1), |q| -yu[q], target.as_mut());
            let uu = dots(kernels, u.as_ref().submatrix(i + 1, 0, right, p), current);
            add_columns(kernels, x_old.as_ref().subrows(i + 1, rows), |q| -uu[q], target.as_mut());
            target.as_mut().col_mut(0).iter_mut().for_each(|t| *t *= tau);
        }
        let (rows, columns, width) = (m - end, n - end, end - start);
        if columns > 0 && rows > 0 {
            let (left, right) = a.as_mut().split_at_col_mut(end);
            let trailing = right.subrows_mut(end, rows);
            let (v, x) = (left.as_ref().submatrix(end, start, rows, width), x.as_ref().submatrix(end, 0, rows, width));
            for_columns(trailing, STRIPE, par_for(par, rows * columns * width), |j, mut stripe| {
                for (p, q) in [(v, &y), (x, &u)] {
                    let q = q.as_ref().submatrix(end + j, 0, stripe.ncols(), width);
                    matmul(stripe.as_mut(), Accum::Add, -T::ONE, p, q.transpose(), Par::Seq);
                }
            });
        }
        start = end;
    }
}

/// `z += alpha A^T v`, then `sums[:, 0] = A z`, in one pass over the columns of `A`.
fn both_products<T: Scalar>(
    a: MatRef<'_, T>,
    v: MatRef<'_, T>,
    alpha: T,
    mut z: MatMut<'_, T>,
    mut sums: MatMut<'_, T>,
    kernels: &'static Kernels<T>,
    par: Par,
) {
    let (m, n) = a.shape();
    let parts = match par {
        Par::Rayon(threads) if m * n >= PARALLEL => threads.get().min(sums.ncols()),
        _ => 1,
    };
    let width = n.div_ceil(parts).next_multiple_of(4);
    let address = Address(z.as_mut().as_ptr_mut());
    let all = if parts > 1 { par } else { Par::Seq };
    for_columns(sums.as_mut().subcols_mut(0, parts), 1, all, |part, mut sum| {
        sum.fill(T::ZERO);
        let (first, last) = ((part * width).min(n), ((part + 1) * width).min(n));
        if first == last {
            return;
        }
        let columns = a.subcols(first, last - first);
        let z = address.at(first);
        // SAFETY: the views have unit row stride; every part uses its own elements of `z` and its own column of sums.
        unsafe {
            (kernels.gemv_both)(m, last - first, columns.as_ptr(), columns.col_stride(), v.as_ptr(), alpha, z, sum.as_mut().as_ptr_mut());
        }
    });
    let (mut total, rest) = sums.split_at_col_mut(1);
    for part in 0..parts - 1 {
        axpy(kernels, T::ONE, rest.as_ref().col(part), total.as_mut());
    }
}

/// The address of a vector of which threads use disjoint parts.
struct Address<T>(*mut T);
// SAFETY: the users write disjoint elements.
unsafe impl<T: Send> Sync for Address<T> {}

impl<T> Address<T> {
    fn at(&self, i: usize) -> *mut T {
        self.0.wrapping_add(i)
    }
}

/// Singular values of an upper bidiagonal matrix in descending order, by the implicit QR iteration that falls back to a
/// zero shift where a shift would lose small values (Demmel & Kahan, "Accurate singular values of bidiagonal matrices",
/// 1990). `d` becomes the singular values; `e` is destroyed.
pub(super) fn singular_values<R: RealScalar>(d: &mut [R], e: &mut [R]) -> Result<()> {
    let n = d.len();
    debug_assert!(e.len() + 1 == n || n == 0);
    let norm = d.iter().chain(e.iter()).fold(R::ZERO, |a, x| a.larger(x.modulus()));
    let tiny = (norm * R::EPS * R::from_f64(0.02)).larger(R::MIN_POSITIVE);
    let mut budget = 60 * n;
    let mut high = n.saturating_sub(1);
    while high > 0 {
        let mut low = high;
        while low > 0 {
            let i = low - 1;
            // The rounding of the elements beside it keeps an off-diagonal element from vanishing.
            let beside = if d[i].modulus() < d[low].modulus() { d[i].modulus() } else { d[low].modulus() };
            if e[i].modulus() <= tiny.larger(beside * R::EPS) {
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
            (d[low], d[high]) = two_by_two(d[low], e[low], d[high]);
            e[low] = R::ZERO;
            high = low.saturating_sub(1);
            continue;
        }
        if budget == 0 {
            return Err(super::Error::NoConvergence);
        }
        budget -= 1;
        let shift = shift(d, e, low, high, norm);
        if shift == R::ZERO { zero_shift_sweep(d, e, low, high) } else { sweep(d, e, low, high, shift) }
    }
    d.iter_mut().for_each(|x| *x = x.modulus());
    d.sort_by(|a, b| b.partial_cmp(a).expect("finite singular values"));
    Ok(())
}

/// The smaller singular value of the trailing 2 x 2 block; zero if the block `low..=high` has a negligible diagonal element
/// or the shift is negligible next to the leading one.
fn shift<R: RealScalar>(d: &[R], e: &[R], low: usize, high: usize, norm: R) -> R {
    if d[low..=high].iter().any(|x| x.modulus() <= norm * R::EPS * R::from_f64(0.02)) {
        return R::ZERO;
    }
    let (_, s2) = two_by_two(d[high - 1], e[high - 1], d[high]);
    let ratio = s2 / d[low].modulus();
    if ratio * ratio < R::EPS { R::ZERO } else { s2 }
}

/// The singular values `s1 >= s2` of `[[f, g], [0, h]]`, which is not zero: `s1 s2 = f h` and `s1^2 + s2^2 = f^2 + g^2 + h^2`.
fn two_by_two<R: RealScalar>(f: R, g: R, h: R) -> (R, R) {
    let (f, g, h) = (f.modulus(), g.modulus(), h.modulus());
    let (plus, minus) = ((f + h).hypotenuse(g), (f - h).hypotenuse(g));
    let s1 = (plus + minus) * R::from_f64(0.5);
    (s1, (f / s1) * h)
}

/// `(c, s, r)` with `c f + s g = r` and `c g = s f`.
fn rotation<R: RealScalar>(f: R, g: R) -> (R, R, R) {
    if g == R::ZERO {
        return (R::ONE, R::ZERO, f);
    }
    if f == R::ZERO {
        return (R::ZERO, R::ONE, g);
    }
    // The matrix is scaled: squares of elements that matter neither overflow nor underflow.
    let squares = f * f + g * g;
    if squares < R::MIN_POSITIVE / R::EPS {
        let r = f.hypotenuse(g);
        return (f / r, g / r, r);
    }
    let r = squares.root();
    let inverse = R::ONE / r;
    (f * inverse, g * inverse, r)
}

fn sweep<R: RealScalar>(d: &mut [R], e: &mut [R], low: usize, high: usize, shift: R) {
    let sign = if d[low] >= R::ZERO { R::ONE } else { -R::ONE };
    let mut f = (d[low].modulus() - shift) * (sign + shift / d[low]);
    let mut g = e[low];
    for i in low..high {
        let (c, s, r) = rotation(f, g);
        if i > low {
            e[i - 1] = r;
        }
        f = c * d[i] + s * e[i];
        e[i] = c * e[i] - s * d[i];
        g = s * d[i + 1];
        d[i + 1] *= c;
        let (c, s, r) = rotation(f, g);
        d[i] = r;
        f = c * e[i] + s * d[i + 1];
        d[i + 1] = c * d[i + 1] - s * e[i];
        if i + 1 < high {
            g = s * e[i + 1];
            e[i + 1] *= c;
        }
    }
    e[high - 1] = f;
}

fn zero_shift_sweep<R: RealScalar>(d: &mut [R], e: &mut [R], low: usize, high: usize) {
    let (mut c, mut old_c, mut old_s) = (R::ONE, R::ONE, R::ZERO);
    for i in low..high {
        let (c1, s1, r) = rotation(d[i] * c, e[i]);
        if i > low {
            e[i - 1] = old_s * r;
        }
        let (c2, s2, r) = rotation(old_c * r, d[i + 1] * s1);
        d[i] = r;
        (c, old_c, old_s) = (c1, c2, s2);
    }
    let h = d[high] * c;
    e[high - 1] = h * old_s;
    d[high] = h * old_c;
}
