//! The routines, on the module's own views.

use std::ops::Range;

use crate::compiled::compiled_here;

use super::half::Half;
use super::integer::Integer;
use super::{Error, qr as orthogonal, svd as singular, tall, triangular};
use super::{General, Matrix, MatrixMut, RealScalar, Result, Scalar, Threads, Trans, Triangle};
use super::{
    batch, blocks, cholesky as chol, eig as general, eigh as hermitian, gram as products, half, integer, least, lu as lower_upper, matmul as mul,
};

/// Writes rows of a matrix that is never stored: those of a range, one after the other.
pub type Rows<'a, T> = &'a (dyn Fn(Range<usize>, &mut [T]) + Sync);

compiled_here! {
    struct Routines<T: Scalar>, reached by Scalar::routines;

    /// `c = a b`.
    ///
    /// # Panics
    /// If the dimensions do not fit.
    pub fn matmul(c: MatrixMut<'_, T>, a: Matrix<'_, T>, b: Matrix<'_, T>, threads: Threads) {
        mul::matmul(c.view(), faer::Accum::Replace, T::ONE, a.view(), b.view(), threads.par());
    }

    /// `out = X^H X`, all of it; only one triangle is computed. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; nothing is written then.
    ///
    /// # Panics
    /// If `out` is not square with as many rows as `x` has columns.
    pub fn gram(out: MatrixMut<'_, T>, x: Matrix<'_, T>, threads: Threads) -> Result<()> {
        products::gram(out.view(), x.view(), threads.par())
    }

    /// `out = X^H X` for a matrix `X` of `nrows` rows that is never stored: `fill` writes a range of its rows when they are
    /// needed.
    ///
    /// The slice given to `fill` is the rows of that range one after the other, as many elements each as `out` has columns; it
    /// holds leftovers of another block, so every element must be written. The blocks stay in cache. Every row is asked for
    /// exactly once, from several threads at a time; the partition and the order of summation depend on the dimensions
    /// alone, so the result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    ///
    /// # Panics
    /// If `out` is not square.
    pub fn gram_blocks(out: MatrixMut<'_, T>, nrows: usize, fill: Rows<'_, T>, threads: Threads) -> Result<()> {
        products::gram_blocks(out.view(), nrows, fill, threads.par())
    }

    /// `out = X^H Y` for two matrices of `nrows` rows that are never stored; `fill_x` and `fill_y` are as in [`gram_blocks`],
    /// with as many columns as `out` has rows and columns.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn cross_blocks(
        out: MatrixMut<'_, T>,
        nrows: usize,
        fill_x: Rows<'_, T>,
        fill_y: Rows<'_, T>,
        threads: Threads,
    ) -> Result<()> {
        blocks::cross_blocks(out.view(), nrows, fill_x, fill_y, threads.par())
    }

    /// `out = X B` for a matrix `X` that is never stored; `fill` is as in [`gram_blocks`], with as many columns as `b` has rows.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    ///
    /// # Panics
    /// If `out` and `b` differ in their number of columns.
    pub fn project_blocks(
        out: MatrixMut<'_, T>,
        fill: Rows<'_, T>,
        b: Matrix<'_, T>,
        threads: Threads,
    ) -> Result<()> {
        blocks::project_blocks(out.view(), fill, b.view(), threads.par())
    }

    /// `a = u diag(s) vh` with `s` in descending order; `u` and `vh` may be left out.
    ///
    /// Shapes, with `k = min(m, n)`: `u` is `m x k` (thin) or `m x m` (full), `vh` is `k x n` or `n x n`, `s` has `k` elements.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if `a` holds NaN or an infinity, [`Error::NoConvergence`].
    ///
    /// # Panics
    /// If the shapes are none of these.
    pub fn svd(a: Matrix<'_, T>, s: &mut [T::R], u: Option<MatrixMut<'_, T>>, vh: Option<MatrixMut<'_, T>>, threads: Threads) -> Result<()> {
        singular::svd(a.view(), s, u.map(MatrixMut::view), vh.map(MatrixMut::view), threads.par())
    }

    /// The singular values of `a` in descending order.
    ///
    /// # Errors
    /// As [`svd`].
    ///
    /// # Panics
    /// If `s` has not `min(m, n)` elements.
    pub fn svdvals(a: Matrix<'_, T>, s: &mut [T::R], threads: Threads) -> Result<()> {
        singular::svdvals(a.view(), s, threads.par())
    }

    /// `a = v diag(w) v^H` with `w` in ascending order; only the lower triangle of `a` is read.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if the lower triangle holds NaN or an infinity, [`Error::NoConvergence`].
    ///
    /// # Panics
    /// If `a` and `v` are not square of the size of `w`.
    pub fn eigh(a: Matrix<'_, T>, w: &mut [T::R], v: MatrixMut<'_, T>, threads: Threads) -> Result<()> {
        hermitian::eigh(a.view(), w, v.view(), threads.par())
    }

    /// The eigenvalues of a Hermitian matrix in ascending order; only the lower triangle is read.
    ///
    /// # Errors
    /// As [`eigh`].
    ///
    /// # Panics
    /// If `a` is not square of the size of `w`.
    pub fn eigvalsh(a: Matrix<'_, T>, w: &mut [T::R], threads: Threads) -> Result<()> {
        hermitian::eigvalsh(a.view(), w, threads.par())
    }

    /// `a = q r` with `q` unitary and `r` upper triangular; no sign is normalised, as in LAPACK, and no column counts as
    /// dependent: the small singular values of `a` are those of `r`.
    ///
    /// Shapes, with `k = min(m, n)`: `q` is `m x k` and `r` is `k x n` (reduced), or `q` is `m x m` and `r` is `m x n` (complete).
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    ///
    /// # Panics
    /// If the shapes are neither of the two.
    pub fn qr(a: Matrix<'_, T>, q: MatrixMut<'_, T>, r: MatrixMut<'_, T>, threads: Threads) -> Result<()> {
        orthogonal::qr(a.view(), q.view(), r.view(), threads.par())
    }

    /// The factor `r` of [`qr`] alone, `min(m, n) x n`.
    ///
    /// # Errors
    /// As [`qr`].
    ///
    /// # Panics
    /// If `r` has another shape.
    pub fn qr_r(a: Matrix<'_, T>, r: MatrixMut<'_, T>, threads: Threads) -> Result<()> {
        orthogonal::qr_r(a.view(), r.view(), threads.par())
    }

    /// The factor `r` of the QR factorisation of a matrix of `nrows` rows that is never stored; `fill` is as in
    /// [`gram_blocks`]. With fewer rows than columns the last rows of `r` are zero.
    ///
    /// # Errors
    /// As [`qr`].
    ///
    /// # Panics
    /// If `r` is not square.
    pub fn tsqr_r(r: MatrixMut<'_, T>, nrows: usize, fill: Rows<'_, T>, threads: Threads) -> Result<()> {
        tall::tsqr_r(r.view(), nrows, fill, threads.par())
    }

    /// `a = l l^H` (lower) or `a = u^H u` (upper); the other triangle of `out` becomes zero. Only the lower triangle of `a` is
    /// read.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] names the first leading minor that is not positive, NaN included.
    ///
    /// # Panics
    /// If `a` and `out` are not square of the same size.
    pub fn cholesky(a: Matrix<'_, T>, triangle: Triangle, out: MatrixMut<'_, T>, threads: Threads) -> Result<()> {
        chol::cholesky(a.view(), triangle, out.view(), threads.par())
    }

    /// `a[p, :] = l u` for an `m x n` matrix, with `l` of `min(m, n)` columns, `u` of as many rows, and the diagonal of `l`
    /// ones. NaN and infinities propagate; a zero pivot leaves zeros below it.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    ///
    /// # Panics
    /// If the shapes are others.
    pub fn lu(a: Matrix<'_, T>, p: &mut [i64], l: MatrixMut<'_, T>, u: MatrixMut<'_, T>, threads: Threads) -> Result<()> {
        let factors = lower_upper::Lu::new(a.view(), threads.par())?;
        assert_eq!(p.len(), factors.permutation().len(), "rows of a permutation");
        factors.lower(l.view());
        factors.upper(u.view());
        p.iter_mut().zip(factors.permutation()).for_each(|(to, &row)| *to = row as i64);
        Ok(())
    }

    /// Solves `a x = rhs` in place, for one right-hand side per column.
    ///
    /// # Errors
    /// [`Error::Singular`] if a pivot is exactly zero.
    ///
    /// # Panics
    /// If `a` is not square or `rhs` has another number of rows.
    pub fn solve(a: Matrix<'_, T>, rhs: MatrixMut<'_, T>, threads: Threads) -> Result<()> {
        lower_upper::solve(a.view(), rhs.view(), threads.par())
    }

    /// Solves `op(a) x = rhs` in place for a triangular `a`; its other triangle is not read, nor its diagonal if `unit_diagonal`.
    ///
    /// # Errors
    /// [`Error::Singular`] if an element of the diagonal is exactly zero.
    ///
    /// # Panics
    /// If the dimensions do not fit.
    pub fn solve_triangular(
        a: Matrix<'_, T>,
        triangle: Triangle,
        unit_diagonal: bool,
        op: Trans,
        rhs: MatrixMut<'_, T>,
        threads: Threads,
    ) -> Result<()> {
        triangular::solve_triangular(a.view(), triangle, unit_diagonal, op, rhs.view(), threads.par())
    }

    /// Writes the inverse of `a`.
    ///
    /// # Errors
    /// [`Error::Singular`] if a pivot is exactly zero.
    ///
    /// # Panics
    /// If `a` and `out` are not square of the same size.
    pub fn inv(a: Matrix<'_, T>, out: MatrixMut<'_, T>, threads: Threads) -> Result<()> {
        lower_upper::inv(a.view(), out.view(), threads.par())
    }

    /// The determinant; it overflows or underflows only if the determinant itself does.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    ///
    /// # Panics
    /// If `a` is not square.
    pub fn det(a: Matrix<'_, T>, threads: Threads) -> Result<T> {
        lower_upper::det(a.view(), threads.par())
    }

    /// The sign (for complex numbers the phase) of the determinant and the logarithm of its modulus. A singular matrix has
    /// sign 0 and logarithm minus infinity.
    ///
    /// # Errors
    /// As [`det`].
    ///
    /// # Panics
    /// If `a` is not square.
    pub fn slogdet(a: Matrix<'_, T>, threads: Threads) -> Result<(T, T::R)> {
        lower_upper::slogdet(a.view(), threads.par())
    }
}

compiled_here! {
    struct Selections<T: RealScalar>, reached by RealScalar::selections;

    /// Of each row of `X B + bias` the least elements, as many as `values` has columns, in ascending order, and the columns they stand
    /// in; for a matrix `X` that is never stored, as the product is not. Of equal elements the first ones come first, and NaN last,
    /// or before all others if `nan_first`.
    ///
    /// `fill` is as in [`gram_blocks`], with as many columns as `b` has rows. What a row gets depends neither on the rows beside it nor
    /// on the number of threads.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    ///
    /// # Panics
    /// If the dimensions do not fit, or more elements are wanted than a row has.
    pub fn least_blocks(
        fill: Rows<'_, T>,
        b: Matrix<'_, T>,
        bias: Option<&[T]>,
        nan_first: bool,
        values: MatrixMut<'_, T>,
        indices: MatrixMut<'_, i64>,
        threads: Threads,
    ) -> Result<()> {
        least::least_blocks(fill, b.view(), bias, nan_first, values.view(), indices.view(), threads.par())
    }
}

compiled_here! {
    struct Eigen<T: General>, reached by General::eigen;

    /// `a v[:, i] = w[i] v[:, i]`, with every eigenvector of 2-norm 1. The order of the eigenvalues is unspecified;
    /// the conjugate pairs of a real matrix stand next to each other.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if `a` holds NaN or an infinity, [`Error::NoConvergence`].
    ///
    /// # Panics
    /// If `a` and `v` are not square of the size of `w`.
    pub fn eig(a: Matrix<'_, T>, w: &mut [T::C], v: MatrixMut<'_, T::C>, threads: Threads) -> Result<()> {
        general::eig(a.view(), w, v.view(), threads.par())
    }

    /// The eigenvalues of a square matrix, in an unspecified order.
    ///
    /// # Errors
    /// As [`eig`].
    ///
    /// # Panics
    /// If `a` is not square of the size of `w`.
    pub fn eigvals(a: Matrix<'_, T>, w: &mut [T::C], threads: Threads) -> Result<()> {
        general::eigvals(a.view(), w, threads.par())
    }
}

compiled_here! {
    struct IntegerProducts<T: Integer>, reached by Integer::products;

    /// `c = a b` modulo two to the width of the type.
    ///
    /// # Panics
    /// If the dimensions do not fit.
    pub fn matmul_integer(c: MatrixMut<'_, T>, a: Matrix<'_, T>, b: Matrix<'_, T>, threads: Threads) {
        integer::matmul_integer(c.view(), a.view(), b.view(), threads.par());
    }
}

compiled_here! {
    struct HalfProducts<T: Half>, reached by Half::products;

    /// `c = a b`, computed in single precision and rounded once.
    ///
    /// # Panics
    /// If the dimensions do not fit.
    pub fn matmul_half(c: MatrixMut<'_, T>, a: Matrix<'_, T>, b: Matrix<'_, T>, threads: Threads) {
        half::matmul_half(c.view(), a.view(), b.view(), threads.par());
    }
}

/// The products of small matrices `a` (`m x k`) and `b` (`k x n`), given as the first address and the strides, one
/// after the other in `c`. Each pair of offsets names the matrices of one product. `false`, and nothing is done, where
/// the matrices are not small, or there is no kernel for their layout.
///
/// # Safety
/// The addresses must be those of elements of the operands, which are written, and `c` must have room for all products and
/// not be used by anybody else.
pub unsafe fn short_products<T: Scalar>(
    c: *mut T,
    a: (*const T, [isize; 2]),
    b: (*const T, [isize; 2]),
    dims: [usize; 3],
    offsets: &[[usize; 2]],
    threads: Threads,
) -> bool {
    // SAFETY: passed on.
    unsafe { mul::short_products(c, a, b, dims, offsets, threads) }
}

/// Runs `solve(i, threads)` for every `i < count` and reports the error of the smallest failing `i`.
///
/// Small problems run side by side, one thread each; large ones run one after the other with all threads. `work` is the
/// number of multiply-adds of one problem.
///
/// # Errors
/// The index and the error of the first problem that fails; later ones may not have run.
pub fn for_each(
    count: usize,
    work: usize,
    threads: Threads,
    solve: impl Fn(usize, Threads) -> Result<()> + Sync,
) -> std::result::Result<(), (usize, Error)> {
    if count == 1 && work < 1 << 12 {
        // So small a problem does not even ask how many threads there are.
        return solve(0, Threads::One).map_err(|error| (0, error));
    }
    batch::for_each(count, work, threads.par(), |i, par| solve(i, Threads::of(par)))
}
