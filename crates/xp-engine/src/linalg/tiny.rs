//! Factorisations of real matrices of order up to [`TINY`], in arrays on the stack.
//!
//! What larger matrices need (a workspace, blocks, threads, packed operands) costs more than the arithmetic here. A matrix lies
//! row by row in an array of constant width, so that every step is a loop of constant length over a row; what lies beside the
//! matrix is computed along and never looked at. The algorithms are those of larger matrices, and so are the errors.

// Indices are those of the formulas; comparisons are false for NaN on purpose.
#![allow(clippy::needless_range_loop, clippy::neg_cmp_op_on_partial_ord)]

use super::{Error, RealScalar, Result, Scalar};
use crate::level::at_most_avx2;
use faer::{MatMut, MatRef};

/// The largest order.
pub(super) const TINY: usize = 16;

/// Whether matrices of this type and order are factored here.
pub(super) fn is_tiny<T: Scalar>(order: usize) -> bool {
    !T::IS_COMPLEX && order <= TINY
}

/// The rows of a matrix of order up to `N`.
pub(super) type Rows<T, const N: usize> = [[T; N]; N];

/// Calls a generic function with the smallest width that has room for the order.
macro_rules! by_width {
    ($n:expr, $f:ident($($argument:expr),*)) => {
        match $n {
            0..=2 => $f::<T, 2>($($argument),*),
            3 => $f::<T, 3>($($argument),*),
            4 => $f::<T, 4>($($argument),*),
            5..=8 => at_most_avx2(|| $f::<T, 8>($($argument),*)),
            _ => at_most_avx2(|| $f::<T, TINY>($($argument),*)),
        }
    };
}

/// [`super::inv`].
pub(super) fn inv<T: Scalar>(a: MatRef<'_, T>, out: MatMut<'_, T>) -> Result<()> {
    by_width!(a.nrows(), inv_in(a, out))
}

#[inline(always)]
fn inv_in<T: Scalar, const N: usize>(a: MatRef<'_, T>, out: MatMut<'_, T>) -> Result<()> {
    let n = a.nrows();
    let factors = Factors::<T, N>::new(a)?;
    let mut x = [[T::ZERO; N]; N];
    for i in 0..n {
        x[i][factors.order[i]] = T::ONE;
    }
    factors.substitute(&mut x);
    store(&x, out);
    Ok(())
}

/// [`super::solve`] for as many right-hand sides as [`is_tiny`] allows.
pub(super) fn solve<T: Scalar>(a: MatRef<'_, T>, rhs: MatMut<'_, T>) -> Result<()> {
    let width = if rhs.ncols() == 1 { a.nrows() } else { a.nrows().max(rhs.ncols()) };
    by_width!(width, solve_in(a, rhs))
}

#[inline(always)]
fn solve_in<T: Scalar, const N: usize>(a: MatRef<'_, T>, rhs: MatMut<'_, T>) -> Result<()> {
    let factors = Factors::<T, N>::new(a)?;
    if rhs.ncols() == 1 {
        factors.solve_columns::<1>(rhs)
    } else {
        factors.solve_columns::<N>(rhs)
    }
    Ok(())
}

/// The diagonal of the upper factor of `a`, and the number of exchanged rows.
pub(super) fn pivots<T: Scalar>(a: MatRef<'_, T>) -> ([T; TINY], usize) {
    by_width!(a.nrows(), pivots_in(a))
}

#[inline(always)]
fn pivots_in<T: Scalar, const N: usize>(a: MatRef<'_, T>) -> ([T; TINY], usize) {
    let factors = Factors::<T, N>::of(a);
    let mut diagonal = [T::ZERO; TINY];
    for i in 0..N.min(TINY) {
        diagonal[i] = factors.upper[i][i];
    }
    (diagonal, factors.swaps)
}

/// `a[order, :] = l u`.
struct Factors<T, const N: usize> {
    n: usize,
    /// Below the diagonal, which is ones.
    lower: Rows<T, N>,
    /// On and above the diagonal.
    upper: Rows<T, N>,
    order: [usize; N],
    swaps: usize,
}

impl<T: Scalar, const N: usize> Factors<T, N> {
    /// The factors of a matrix that has an inverse.
    #[inline(always)]
    fn new(a: MatRef<'_, T>) -> Result<Self> {
        let factors = Self::of(a);
        match (0..factors.n).find(|&i| factors.upper[i][i] == T::ZERO) {
            Some(index) => Err(Error::Singular { index }),
            None => Ok(factors),
        }
    }

    /// NaN and infinities propagate, and a zero pivot leaves zeros below it.
    #[inline(always)]
    fn of(a: MatRef<'_, T>) -> Self {
        let n = a.nrows();
        let (mut lower, mut upper) = ([[T::ZERO; N]; N], load(a));
        let (mut order, mut swaps) = (std::array::from_fn(|i| i), 0);
        for j in 0..n.min(N) {
            let (mut best, mut pivot) = (-T::R::ONE, j);
            for i in j..n.min(N) {
                let size = upper[i][j].modulus();
                if size > best {
                    (best, pivot) = (size, i);
                }
            }
            if pivot != j {
                upper.swap(j, pivot);
                lower.swap(j, pivot);
                order.swap(j, pivot);
                swaps += 1;
            }
            let top = upper[j];
            if top[j] == T::ZERO {
                continue;
            }
            let inverse = T::ONE / top[j];
            for i in j + 1..n.min(N) {
                let by = if inverse.finite() { upper[i][j] * inverse } else { upper[i][j] / top[j] };
                lower[i][j] = by;
                for c in 0..N {
                    upper[i][c] -= by * top[c];
                }
            }
        }
        Factors { n: n.min(N), lower, upper, order, swaps }
    }

    #[inline(always)]
    fn solve_columns<const W: usize>(&self, mut rhs: MatMut<'_, T>) {
        let mut x = [[T::ZERO; W]; N];
        for i in 0..self.n {
            for j in 0..rhs.ncols().min(W) {
                x[i][j] = rhs[(self.order[i], j)];
            }
        }
        self.substitute(&mut x);
        for i in 0..self.n {
            for j in 0..rhs.ncols().min(W) {
                rhs[(i, j)] = x[i][j];
            }
        }
    }

    /// `x = inv(u) inv(l) x`, whose rows are in the order of the factors.
    #[inline(always)]
    fn substitute<const W: usize>(&self, x: &mut [[T; W]; N]) {
        for i in 1..self.n {
            for j in 0..i {
                let (by, row) = (self.lower[i][j], x[j]);
                for c in 0..W {
                    x[i][c] -= by * row[c];
                }
            }
        }
        for i in (0..self.n).rev() {
            for j in i + 1..self.n {
                let (by, row) = (self.upper[i][j], x[j]);
                for c in 0..W {
                    x[i][c] -= by * row[c];
                }
            }
            let pivot = self.upper[i][i];
            let inverse = T::ONE / pivot;
            for c in 0..W {
                x[i][c] = if inverse.finite() { x[i][c] * inverse } else { x[i][c] / pivot };
            }
        }
    }
}

/// The lower factor of [`super::cholesky`]; zeros above the diagonal.
pub(super) fn cholesky<T: Scalar>(a: MatRef<'_, T>, out: MatMut<'_, T>) -> Result<()> {
    by_width!(a.nrows(), cholesky_in(a, out))
}

#[inline(always)]
fn cholesky_in<T: Scalar, const N: usize>(a: MatRef<'_, T>, out: MatMut<'_, T>) -> Result<()> {
    let n = a.nrows().min(N);
    let (mut rows, mut lower): (Rows<T, N>, Rows<T, N>) = (load(a), [[T::ZERO; N]; N]);
    for j in 0..n {
        let pivot = rows[j][j].re();
        if !(pivot > T::R::ZERO && pivot.finite()) {
            return Err(Error::NotPositiveDefinite { index: j });
        }
        let root = pivot.root();
        let inverse = T::R::ONE / root;
        // Column j of the factor, which is row j of its transpose.
        let mut column = [T::ZERO; N];
        for i in j + 1..n {
            column[i] = rows[i][j].scale(inverse);
            lower[i][j] = column[i];
        }
        lower[j][j] = T::from_re(root);
        for i in j + 1..n {
            for c in 0..N {
                rows[i][c] -= column[i] * column[c];
            }
        }
    }
    store(&lower, out);
    Ok(())
}

/// The product of two rows, summed in pairs; `N` is a power of two.
#[inline(always)]
pub(super) fn dot<R: RealScalar, const N: usize>(x: &[R; N], y: &[R; N]) -> R {
    let mut terms = [R::ZERO; N];
    for i in 0..N {
        terms[i] = x[i] * y[i];
    }
    let mut n = N;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            terms[i] += terms[i + n];
        }
    }
    terms[0]
}

/// A matrix of order up to `N`, with zeros beside it.
#[inline(always)]
fn load<T: Scalar, const N: usize>(a: MatRef<'_, T>) -> Rows<T, N> {
    let n = a.nrows();
    assert!(n <= N && a.ncols() == n, "a square matrix of order up to {N}");
    let mut rows = [[T::ZERO; N]; N];
    for i in 0..n {
        for j in 0..n {
            // SAFETY: both are below the order.
            rows[i][j] = unsafe { *a.ptr_inbounds_at(i, j) };
        }
    }
    rows
}

#[inline(always)]
fn store<T: Scalar, const N: usize>(rows: &Rows<T, N>, mut out: MatMut<'_, T>) {
    let n = out.nrows();
    assert!(n <= N && out.ncols() == n, "a square matrix of order up to {N}");
    for i in 0..n {
        for j in 0..n {
            // SAFETY: both are below the order.
            unsafe { *out.as_mut().ptr_inbounds_at_mut(i, j) = rows[i][j] };
        }
    }
}
