//! LU factorisation with partial pivoting, and what follows from it.

use super::gemm::{PanelProduct, pack};
use super::qr::par_for_factor;
use super::simd::Kernels;
use super::substitution::{solve_lower, substitute};
use super::tiny;
use super::triangular::solve_triangular;
use super::workspace::{copy_into, for_chunks, for_columns, for_columns_and, in_pool, numbers, with_workspace, zero_matrix};
use super::{Error, RealScalar, Result, Scalar, Trans, Triangle};
use faer::dyn_stack::StackReq;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::linalg::triangular_inverse::{invert_unit_lower_triangular, invert_upper_triangular};
use faer::linalg::triangular_solve::solve_unit_lower_triangular_in_place;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use std::sync::{Mutex, PoisonError};

/// The factorisation `a[p, :] = l u`, kept in one matrix.
#[derive(Debug, Clone)]
pub(super) struct Lu<T: Scalar> {
    factors: Mat<T>,
    /// Row `i` of the product of the factors is row `permutation[i]` of the matrix.
    permutation: Vec<usize>,
}

impl<T: Scalar> Lu<T> {
    /// Factors any matrix; NaN and infinities propagate, and a zero pivot leaves zeros below it.
    pub(super) fn new(a: MatRef<'_, T>, par: Par) -> Result<Self> {
        let (m, n) = a.shape();
        let mut factors = zero_matrix::<T>(m, n)?;
        copy_into(factors.as_mut(), a, par);
        let mut permutation = vec![0; m];
        factor_in_place(factors.as_mut(), &mut permutation, par)?;
        Ok(Lu { factors, permutation })
    }

    /// Row `i` of `l u` is row `permutation()[i]` of the matrix.
    pub(super) fn permutation(&self) -> &[usize] {
        &self.permutation
    }

    /// Writes the unit lower trapezoidal factor, `m x min(m, n)`.
    ///
    /// # Panics
    /// If `l` has another shape.
    pub(super) fn lower(&self, mut l: MatMut<'_, T>) {
        let (m, n) = self.factors.shape();
        assert_eq!(l.shape(), (m, m.min(n)), "shape of l");
        for j in 0..m.min(n) {
            for i in 0..m {
                l[(i, j)] = if i > j {
                    self.factors[(i, j)]
                } else if i == j {
                    T::ONE
                } else {
                    T::ZERO
                };
            }
        }
    }

    /// Writes the upper trapezoidal factor, `min(m, n) x n`.
    ///
    /// # Panics
    /// If `u` has another shape.
    pub(super) fn upper(&self, mut u: MatMut<'_, T>) {
        let (m, n) = self.factors.shape();
        assert_eq!(u.shape(), (m.min(n), n), "shape of u");
        for j in 0..n {
            for i in 0..m.min(n) {
                u[(i, j)] = if i <= j { self.factors[(i, j)] } else { T::ZERO };
            }
        }
    }

    /// Solves `a x = rhs` in place.
    ///
    /// # Errors
    /// [`Error::Singular`] if a pivot is exactly zero.
    ///
    /// # Panics
    /// If the matrix is not square or `rhs` has another number of rows.
    pub(super) fn solve(&self, rhs: MatMut<'_, T>, par: Par) -> Result<()> {
        solve_factored(self.factors.as_ref(), &self.permutation, rhs, par)
    }
}

/// [`super::solve`].
pub(super) fn solve<T: Scalar>(a: MatRef<'_, T>, rhs: MatMut<'_, T>, par: Par) -> Result<()> {
    let n = a.nrows();
    assert!(a.ncols() == n && rhs.nrows() == n, "solve: {:?} and {:?}", a.shape(), rhs.shape());
    if tiny::is_tiny::<T>(n) && tiny::is_tiny::<T>(rhs.ncols()) {
        return tiny::solve(a, rhs);
    }
    factored(a, par, |factors, permutation, _| solve_factored(factors, permutation, rhs, par))?
}

/// [`super::inv`].
pub(super) fn inv<T: Scalar>(a: MatRef<'_, T>, out: MatMut<'_, T>, par: Par) -> Result<()> {
    let n = a.nrows();
    assert!(a.ncols() == n && out.shape() == (n, n), "inverse: square matrices");
    if tiny::is_tiny::<T>(n) {
        return tiny::inv(a, out);
    }
    // The inverse of the transpose is the transpose of the inverse, and is written column by column.
    if super::workspace::is_row_major(out.as_ref()) {
        return inv(a.transpose(), out.transpose_mut(), par);
    }
    factored(a, par, |factors, permutation, _| inverse_factored(factors, permutation, out, par))?
}

/// [`super::det`].
pub(super) fn det<T: Scalar>(a: MatRef<'_, T>, par: Par) -> Result<T> {
    with_pivots(a, par, det_of)
}

/// [`super::slogdet`].
pub(super) fn slogdet<T: Scalar>(a: MatRef<'_, T>, par: Par) -> Result<(T, T::R)> {
    with_pivots(a, par, slogdet_of)
}

/// Calls `f` with the pivots of a square matrix and the number of row exchanges.
fn with_pivots<T: Scalar, O>(a: MatRef<'_, T>, par: Par, f: impl FnOnce(&mut dyn Iterator<Item = T>, usize) -> O) -> Result<O> {
    let n = a.nrows();
    assert_eq!(a.ncols(), n, "the matrix is square");
    if tiny::is_tiny::<T>(n) {
        let (pivots, swaps) = tiny::pivots(a);
        return Ok(f(&mut pivots[..n].iter().copied(), swaps));
    }
    factored(a, par, |factors, _, swaps| f(&mut (0..n).map(|i| factors[(i, i)]), swaps))
}

/// Factors a copy in the workspace.
fn factored<T: Scalar, O>(a: MatRef<'_, T>, par: Par, f: impl FnOnce(MatRef<'_, T>, &[usize], usize) -> O) -> Result<O> {
    use super::workspace::{matrix, matrix_req};
    let n = a.nrows();
    assert_eq!(a.ncols(), n, "the matrix is square");
    let req = matrix_req::<T>(n, n).and(faer::dyn_stack::StackReq::new::<usize>(n));
    with_workspace(req, |stack| {
        let (mut factors, stack) = matrix::<T>(n, n, stack);
        copy_into(factors.as_mut(), a, par);
        let (mut permutation, _) = stack.make_with(n, |_| 0usize);
        let swaps = factor_in_place(factors.as_mut(), &mut permutation, par)?;
        Ok(f(factors.as_ref(), &permutation, swaps))
    })?
}

/// Factors in place and returns the number of row exchanges.
///
fn factor_in_place<T: Scalar>(mut a: MatMut<'_, T>, permutation: &mut [usize], par: Par) -> Result<usize> {
    let (m, n) = a.shape();
    let size = m.min(n);
    let par = par_for_factor(par, m, n);
    with_workspace(faer::dyn_stack::StackReq::new::<usize>(size), |stack| {
        let (mut pivots, _) = stack.make_with(size, |_| 0usize);
        let mut factor = || -> Result<()> {
            match T::kernels() {
                Some(kernels) if size >= PANELS_FROM => by_panels(a.as_mut().subcols_mut(0, size), &mut pivots, kernels, par)?,
                _ => recurse(a.as_mut().subcols_mut(0, size), &mut pivots, par)?,
            }
            let (left, mut right) = a.as_mut().split_at_col_mut(size);
            if right.ncols() > 0 {
                exchange_rows(right.as_mut(), &pivots, par);
                solve_unit_lower(left.as_ref().subrows(0, size), right.subrows_mut(0, size), par)?;
            }
            Ok(())
        };
        if T::kernels().is_some() {
            factor()?
        } else {
            in_pool(par, factor)?
        }
        permutation.iter_mut().enumerate().for_each(|(i, p)| *p = i);
        let mut swaps = 0;
        for (i, &p) in pivots.iter().enumerate() {
            permutation.swap(i, p);
            swaps += usize::from(i != p);
        }
        Ok(swaps)
    })?
}

fn solve_unit_lower<T: Scalar>(l: MatRef<'_, T>, b: MatMut<'_, T>, par: Par) -> Result<()> {
    match T::kernels() {
        Some(kernels) if l.nrows() >= 8 => solve_lower(l, true, b, kernels, par),
        _ => {
            solve_unit_lower_triangular_in_place(l, b, par);
            Ok(())
        }
    }
}

/// From this size on, matrices are factored panel by panel.
const PANELS_FROM: usize = 256;
/// Columns of a panel.
const PANEL: usize = 64;
/// Columns that a thread updates at a time.
const STRIPE: usize = 96;

/// As [`recurse`], panel by panel: while one thread factors the next panel, the others update the columns behind it
/// (look-ahead, after Strazdins, "A comparison of lookahead and algorithmic blocking techniques for parallel matrix
/// factorization", 1998).
fn by_panels<T: Scalar>(mut a: MatMut<'_, T>, pivots: &mut [usize], kernels: &'static Kernels<T>, par: Par) -> Result<()> {
    let (m, n) = a.shape();
    let width = |start: usize| PANEL.min(n - start);
    recurse(a.as_mut().subcols_mut(0, width(0)), &mut pivots[..width(0)], par)?;
    let req = StackReq::new_aligned::<T>(m.next_multiple_of(kernels.tile_rows) * PANEL, 64);
    with_workspace(req, |stack| {
        let (packed, _) = numbers::<T>(m.next_multiple_of(kernels.tile_rows) * PANEL, stack);
        for start in (0..n).step_by(PANEL) {
            let (k, end) = (width(start), start + width(start));
            if end == n {
                break;
            }
            let (panel, right) = a.as_mut().subrows_mut(start, m - start).subcols_mut(start, n - start).split_at_col_mut(k);
            let (top, below) = panel.as_ref().split_at_row(k);
            let panels = below.nrows().div_ceil(kernels.tile_rows);
            let size = kernels.tile_rows * k;
            for_chunks(&mut packed[..panels * size], 4 * size, par, |i, chunk| {
                chunk.chunks_mut(size).enumerate().for_each(|(p, panel)| pack(below, (4 * i + p) * kernels.tile_rows, kernels.tile_rows, panel));
            });
            let (done, next) = pivots[start..].split_at_mut(k);
            let update = |columns: MatMut<'_, T>| update(top, packed, done, columns, kernels);
            let (mut ahead, behind) = right.split_at_col_mut(width(end));
            let failure = Mutex::new(Ok(()));
            let note = |outcome: Result<()>| {
                if outcome.is_err() {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
                }
            };
            let next = &mut next[..ahead.ncols()];
            for_columns(ahead.as_mut(), kernels.tile_rows, par, |_, columns| note(update(columns)));
            let next_panel = || recurse(ahead.subrows_mut(k, m - end), next, Par::Seq);
            for_columns_and(behind, STRIPE, par, |_, columns| note(update(columns)), || note(next_panel()));
            failure.into_inner().unwrap_or_else(PoisonError::into_inner)?;
        }
        // The columns before a panel get its exchanges at last.
        for_columns(a.as_mut(), PANEL, par, |start, mut columns| {
            for later in (start + PANEL..n).step_by(PANEL) {
                exchange_rows(columns.as_mut().subrows_mut(later, m - later), &pivots[later..later + width(later)], Par::Seq);
            }
        });
        pivots.chunks_mut(PANEL).enumerate().for_each(|(i, pivots)| pivots.iter_mut().for_each(|p| *p += i * PANEL));
        Ok(())
    })?
}

/// What a panel does to columns behind it: its exchanges, the substitution by its triangle `top`, and the product with the
/// rows below, which are `packed`.
fn update<T: Scalar>(top: MatRef<'_, T>, packed: &[T], pivots: &[usize], mut columns: MatMut<'_, T>, kernels: &'static Kernels<T>) -> Result<()> {
    let k = top.nrows();
    exchange_rows(columns.as_mut(), pivots, Par::Seq);
    let len = columns.ncols().next_multiple_of(kernels.tile_rows) * k;
    with_workspace(StackReq::new_aligned::<T>(len, 64), |stack| {
        let (right, _) = numbers::<T>(len, stack);
        let (above, below) = columns.split_at_row_mut(k);
        substitute(top, true, above, right, kernels, Par::Seq);
        PanelProduct { left: packed, right, depth: k, alpha: -T::ONE, add: true }.write(below, kernels);
    })
}

/// Multiply-adds from which an update is shared among threads.
const PARALLEL: usize = 1 << 21;

/// Factors a matrix with at least as many rows as columns; row `i` was exchanged with row `pivots[i]`, in this order.
///
/// The columns are halved recursively, after Toledo, "Locality of reference in LU decomposition with partial pivoting" (1997).
fn recurse<T: Scalar>(a: MatMut<'_, T>, pivots: &mut [usize], par: Par) -> Result<()> {
    let (m, n) = a.shape();
    if n <= 8 {
        panel(a, pivots);
        return Ok(());
    }
    let half = if n > 32 { (n / 2).next_multiple_of(16) } else { (n / 2).next_multiple_of(4) };
    let (mut left, mut right) = a.split_at_col_mut(half);
    let (first, second) = pivots.split_at_mut(half);
    recurse(left.as_mut(), first, par)?;
    exchange_rows(right.as_mut(), first, par);
    let inner = if (m - half) * half * (n - half) < PARALLEL { Par::Seq } else { par };
    let (l_top, l_bottom) = left.as_mut().split_at_row_mut(half);
    let (mut r_top, mut r_bottom) = right.split_at_row_mut(half);
    solve_unit_lower(l_top.as_ref(), r_top.as_mut(), inner)?;
    super::matmul::matmul(r_bottom.as_mut(), Accum::Add, -T::ONE, l_bottom.as_ref(), r_top.as_ref(), inner);
    recurse(r_bottom, second, par)?;
    exchange_rows(l_bottom, second, par);
    second.iter_mut().for_each(|p| *p += half);
    Ok(())
}

/// The same column by column; a zero pivot means zeros below it, which stay.
fn panel<T: Scalar>(mut a: MatMut<'_, T>, pivots: &mut [usize]) {
    let (m, n) = a.shape();
    for (j, pivot) in pivots.iter_mut().enumerate() {
        let column = a.as_ref().col(j);
        let (mut best, mut row) = (-T::R::ONE, j);
        for i in j..m {
            let x = column[i];
            let size = x.re().modulus() + x.im().modulus();
            if size > best {
                (best, row) = (size, i);
            }
        }
        *pivot = row;
        if row != j {
            for c in 0..n {
                let x = a[(j, c)];
                a[(j, c)] = a[(row, c)];
                a[(row, c)] = x;
            }
        }
        let p = a[(j, j)];
        if p == T::ZERO {
            continue;
        }
        let (left, mut right) = a.as_mut().split_at_col_mut(j + 1);
        let mut column = left.col_mut(j).subrows_mut(j + 1, m - j - 1);
        // By the larger part first, so that a complex reciprocal neither overflows nor underflows on the way.
        let part = p.max_part();
        let unit = T::from_parts(p.re() / part, p.im() / part);
        let direction = unit.conjugate().scale(T::R::ONE / (unit.re() * unit.re() + unit.im() * unit.im()));
        let size = T::R::ONE / part;
        if size.finite() {
            let inverse = direction.scale(size);
            column.as_mut().iter_mut().for_each(|x| *x *= inverse);
        } else {
            let divide = |x: T| T::from_parts(x.re() / part, x.im() / part) * direction;
            column.as_mut().iter_mut().for_each(|x| *x = divide(*x));
        }
        let column = column.as_ref();
        for c in 0..right.ncols() {
            let target = right.as_mut().col_mut(c);
            let by = target[j];
            let target = target.subrows_mut(j + 1, m - j - 1);
            if by != T::ZERO {
                target.iter_mut().zip(column.iter()).for_each(|(t, &l)| *t -= l * by);
            }
        }
    }
}

/// Exchanges row `i` with row `pivots[i]`, in this order.
fn exchange_rows<T: Scalar>(a: MatMut<'_, T>, pivots: &[usize], par: Par) {
    let exchange = |mut a: MatMut<'_, T>| {
        for c in 0..a.ncols() {
            let mut column = a.as_mut().col_mut(c);
            for (i, &p) in pivots.iter().enumerate() {
                let x = column[i];
                column[i] = column[p];
                column[p] = x;
            }
        }
    };
    let (threads, par) = match par {
        Par::Rayon(threads) if pivots.len() * a.ncols() >= 1 << 14 => (threads.get(), par),
        _ => (1, Par::Seq),
    };
    let width = a.ncols().div_ceil(threads).max(1);
    for_columns(a, width, par, |_, columns| exchange(columns));
}

fn zero_pivot<T: Scalar>(factors: MatRef<'_, T>) -> Option<usize> {
    (0..factors.nrows()).find(|&i| factors[(i, i)] == T::ZERO)
}

fn solve_factored<T: Scalar>(factors: MatRef<'_, T>, permutation: &[usize], mut rhs: MatMut<'_, T>, par: Par) -> Result<()> {
    use super::workspace::{matrix, matrix_req};
    let n = factors.nrows();
    assert!(factors.ncols() == n && rhs.nrows() == n, "solve: {:?} and {:?}", factors.shape(), rhs.shape());
    if let Some(index) = zero_pivot(factors) {
        return Err(Error::Singular { index });
    }
    let columns = rhs.ncols();
    with_workspace(matrix_req::<T>(n, columns), |stack| {
        let (mut x, _) = matrix::<T>(n, columns, stack);
        for j in 0..columns {
            for (i, &p) in permutation.iter().enumerate() {
                x[(i, j)] = rhs[(p, j)];
            }
        }
        solve_triangular(factors, Triangle::Lower, true, Trans::No, x.as_mut(), par)?;
        solve_triangular(factors, Triangle::Upper, false, Trans::No, x.as_mut(), par)?;
        copy_into(rhs.as_mut(), x.as_ref(), par);
        Ok(())
    })?
}

fn inverse_factored<T: Scalar>(factors: MatRef<'_, T>, permutation: &[usize], mut out: MatMut<'_, T>, par: Par) -> Result<()> {
    use super::workspace::{matrix, matrix_req};
    let n = factors.nrows();
    assert!(factors.ncols() == n && out.shape() == (n, n), "inverse: square matrices");
    if let Some(index) = zero_pivot(factors) {
        return Err(Error::Singular { index });
    }
    let par = par_for_factor(par, n, n);
    let square = matrix_req::<T>(n, n);
    with_workspace(square.and(square), |stack| {
        let (mut inverses, stack) = matrix::<T>(n, n, stack);
        let (mut product, _) = matrix::<T>(n, n, stack);
        match T::kernels() {
            Some(kernels) if n >= STRIPES_FROM => inverse_by_stripes(factors, product.as_mut(), kernels, par)?,
            _ => {
                invert_unit_lower_triangular(inverses.as_mut(), factors, par);
                invert_upper_triangular(inverses.as_mut(), factors, par);
                triangular_matmul(
                    product.as_mut(),
                    BlockStructure::Rectangular,
                    Accum::Replace,
                    inverses.as_ref(),
                    BlockStructure::TriangularUpper,
                    inverses.as_ref(),
                    BlockStructure::UnitTriangularLower,
                    T::ONE,
                    par,
                );
            }
        }
        // inv(a) = inv(u) inv(l) p: column i of the product belongs to column permutation[i].
        let mut from = vec![0; n];
        permutation.iter().enumerate().for_each(|(j, &p)| from[p] = j);
        for_columns(out.as_mut(), PANEL, par, |first, columns| {
            columns.col_iter_mut().zip(&from[first..]).for_each(|(mut to, &j)| to.copy_from(product.as_ref().col(j)));
        });
        Ok(())
    })?
}

/// From this size on, an inverse is solved for by stripes of its columns.
const STRIPES_FROM: usize = 256;

/// `x = inv(u) inv(l)` by stripes of columns, which are independent: a thread takes whole ones.
fn inverse_by_stripes<T: Scalar>(factors: MatRef<'_, T>, x: MatMut<'_, T>, kernels: &'static Kernels<T>, par: Par) -> Result<()> {
    let n = factors.nrows();
    let failure = Mutex::new(Ok(()));
    for_columns(x, INVERSE_STRIPE, par, |first, mut x| {
        x.fill(T::ZERO);
        let mut solve = || -> Result<()> {
            // The identity has zeros above the stripe's rows, and so has its solution by the lower triangle.
            let mut below = x.as_mut().subrows_mut(first, n - first);
            below.as_mut().diagonal_mut().fill(T::ONE);
            solve_lower(factors.submatrix(first, first, n - first, n - first), true, below, kernels, Par::Seq)?;
            solve_lower(factors.reverse_rows_and_cols(), false, x.as_mut().reverse_rows_mut(), kernels, Par::Seq)
        };
        if let Err(error) = solve() {
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Err(error);
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Columns of an inverse that a thread solves for at a time.
const INVERSE_STRIPE: usize = 120;

fn slogdet_of<T: Scalar>(pivots: &mut dyn Iterator<Item = T>, swaps: usize) -> (T, T::R) {
    let mut sign = if swaps % 2 == 1 { -T::ONE } else { T::ONE };
    let mut log = T::R::ZERO;
    for pivot in pivots {
        let modulus = pivot.modulus();
        if modulus == T::R::ZERO {
            return (T::ZERO, -T::R::INFINITY);
        }
        log += modulus.log();
        sign *= T::from_parts(pivot.re() / modulus, pivot.im() / modulus);
    }
    (sign, log)
}

/// Product of the pivots with its exponent kept apart.
fn det_of<T: Scalar>(pivots: &mut dyn Iterator<Item = T>, swaps: usize) -> T {
    let mut product = if swaps % 2 == 1 { -T::ONE } else { T::ONE };
    let mut exponent = 0i64;
    for pivot in pivots {
        product *= normalise(pivot, &mut exponent);
        product = normalise(product, &mut exponent);
    }
    let exponent = exponent.clamp(-8192, 8192) as i32;
    T::from_parts(product.re().ldexp(exponent), product.im().ldexp(exponent))
}

/// Divides by a power of two so that the larger part is near 1, and adds its exponent.
fn normalise<T: Scalar>(x: T, exponent: &mut i64) -> T {
    let part = x.max_part().to_f64();
    if part == 0.0 || !part.is_finite() {
        return x;
    }
    let e = part.log2().floor() as i32;
    *exponent += i64::from(e);
    T::from_parts(x.re().ldexp(-e), x.im().ldexp(-e))
}
