//! Singular values and vectors of small real matrices by rotations of pairs of columns.
//!
//! The columns are rotated until they are orthogonal: their lengths are then the singular values, they themselves the left
//! vectors, and the product of the rotations the right ones (Hestenes, "Inversion of matrices by biorthogonalization", 1958; with
//! the order of de Rijk, 1989, which meets long columns first). The values are as accurate as those of a reduction to bidiagonal
//! form, small ones more so (Demmel and Veselić, "Jacobi's method is more accurate than QR", 1992).

// Indices are those of the formulas; comparisons are false for NaN on purpose.
#![allow(clippy::needless_range_loop, clippy::neg_cmp_op_on_partial_ord)]

use super::tiny::{Rows, TINY, dot};
use super::{Error, RealScalar, Result, Scalar};
use crate::level::at_most_avx2;
use faer::{MatMut, MatRef};

/// The largest number of columns: above, a reduction to bidiagonal form takes fewer operations.
const COLUMNS: usize = 10;

/// After so many rounds rounding is all that is left to converge; five are usual.
const ROUNDS: usize = 40;

/// Whether a matrix of `m >= n` rows of this type is decomposed here.
pub(super) fn is_small<T: Scalar>(m: usize, n: usize) -> bool {
    !T::IS_COMPLEX && m <= TINY && n <= COLUMNS
}

/// The singular values, in descending order, and vectors of `a * 2^-exponent`; `u` has as many columns as `a`.
pub(super) fn svd<T: Scalar>(a: MatRef<'_, T>, exponent: i32, s: &mut [T::R], u: Option<MatMut<'_, T>>, vh: Option<MatMut<'_, T>>) -> Result<()> {
    match a.nrows() {
        0..=2 => decompose::<T, 2>(a, exponent, s, u, vh),
        3..=4 => decompose::<T, 4>(a, exponent, s, u, vh),
        5..=8 => at_most_avx2(|| decompose::<T, 8>(a, exponent, s, u, vh)),
        _ => at_most_avx2(|| decompose::<T, TINY>(a, exponent, s, u, vh)),
    }
}

#[inline(always)]
fn decompose<T: Scalar, const N: usize>(
    a: MatRef<'_, T>,
    exponent: i32,
    s: &mut [T::R],
    u: Option<MatMut<'_, T>>,
    vh: Option<MatMut<'_, T>>,
) -> Result<()> {
    let (m, n) = (a.nrows().min(N), a.ncols().min(N));
    // Columns of the matrix, and right vectors, as rows of constant length.
    let (mut columns, mut right) = ([[T::R::ZERO; N]; N], [[T::R::ZERO; N]; N]);
    for j in 0..n {
        for i in 0..m {
            let x = a[(i, j)].re();
            columns[j][i] = if exponent == 0 { x } else { x.ldexp(-exponent) };
        }
        right[j][j] = T::R::ONE;
    }
    let squares = orthogonalise(&mut columns, &mut right, n)?;
    let mut order: [usize; N] = std::array::from_fn(|j| j);
    order[..n].sort_by(|&i, &j| squares[j].partial_cmp(&squares[i]).unwrap_or(std::cmp::Ordering::Equal));
    for (to, &j) in s.iter_mut().zip(&order) {
        *to = squares[j].root();
    }
    if let Some(mut vh) = vh {
        for (k, &j) in order[..n].iter().enumerate() {
            for i in 0..n {
                vh[(k, i)] = T::from_re(right[j][i]);
            }
        }
    }
    if let Some(mut u) = u {
        let mut left = [[T::R::ZERO; N]; N];
        let limit = negligible(&squares);
        for (k, &j) in order[..n].iter().enumerate() {
            left[k] = match squares[j] > limit {
                true => columns[j].map(|x| x / s[k]),
                // What a column without length leaves open.
                false => orthogonal(&left, k, m),
            };
            for i in 0..m {
                u[(i, k)] = T::from_re(left[k][i]);
            }
        }
    }
    Ok(())
}

/// The square of a length that is less than rounding beside the longest of some columns, given the squares of their lengths.
fn negligible<R: RealScalar>(squares: &[R]) -> R {
    squares.iter().fold(R::ZERO, |max, &x| max.larger(x)) * (R::EPS * R::EPS * R::EPS)
}

/// Rotates pairs of the first `n` columns until they are orthogonal, and `right` along. The squares of their lengths.
#[inline(always)]
fn orthogonalise<R: RealScalar, const N: usize>(columns: &mut Rows<R, N>, right: &mut Rows<R, N>, n: usize) -> Result<[R; N]> {
    let tolerance = R::EPS * R::from_f64(n as f64).root();
    let mut squares = [R::ZERO; N];
    for _ in 0..ROUNDS {
        for j in 0..n {
            squares[j] = dot(&columns[j], &columns[j]);
        }
        let limit = negligible(&squares);
        let mut turned = false;
        for p in 0..n {
            for q in p + 1..n {
                if squares[p] < squares[q] {
                    columns.swap(p, q);
                    right.swap(p, q);
                    squares.swap(p, q);
                }
                let (long, short) = (squares[p], squares[q]);
                if !(short > limit) {
                    continue;
                }
                let product = dot(&columns[p], &columns[q]);
                if !(product.modulus() > tolerance * (long * short).root()) {
                    continue;
                }
                turned = true;
                let zeta = (short - long) / (product + product);
                let size = zeta.modulus();
                let far = R::ONE / R::EPS;
                let tangent = if size > far { R::ONE / (size + size) } else { R::ONE / (size + (R::ONE + size * size).root()) };
                let tangent = if zeta < R::ZERO { -tangent } else { tangent };
                let cosine = R::ONE / (R::ONE + tangent * tangent).root();
                let sine = cosine * tangent;
                squares[p] = long - tangent * product;
                squares[q] = short + tangent * product;
                for rows in [&mut *columns, &mut *right] {
                    let (x, y) = (rows[p], rows[q]);
                    for i in 0..N {
                        rows[p][i] = cosine * x[i] - sine * y[i];
                        rows[q][i] = sine * x[i] + cosine * y[i];
                    }
                }
            }
        }
        if !turned {
            for j in 0..n {
                squares[j] = dot(&columns[j], &columns[j]);
            }
            return Ok(squares);
        }
    }
    Err(Error::NoConvergence)
}

/// A vector of length 1 with `m` elements that is orthogonal to the first `k` rows, which are such vectors; `k < m`.
fn orthogonal<R: RealScalar, const N: usize>(rows: &Rows<R, N>, k: usize, m: usize) -> [R; N] {
    let mut best = ([R::ZERO; N], -R::ONE);
    for axis in 0..m {
        let mut x = [R::ZERO; N];
        x[axis] = R::ONE;
        // Once leaves rounding of the size of what is lost, twice does not.
        for _ in 0..2 {
            for row in &rows[..k] {
                let by = dot(&x, row);
                for i in 0..N {
                    x[i] -= by * row[i];
                }
            }
        }
        let square = dot(&x, &x);
        if square > best.1 {
            best = (x, square);
        }
    }
    let length = best.1.root();
    best.0.map(|x| x / length)
}
