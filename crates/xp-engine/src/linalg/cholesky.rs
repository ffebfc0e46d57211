//! Cholesky factorisation of Hermitian positive definite matrices.

use super::gemm::PanelProduct;
use super::qr::par_for_factor;
use super::simd::Kernels;
use super::substitution::substitute;
use super::tiny;
use super::tridiagonal::dot;
use super::workspace::{copy_into, is_row_major, matrix, matrix_req, numbers, par_for, with_workspace, zero_strict_upper};
use super::{Error, RealScalar, Result, Scalar, Triangle};
use faer::dyn_stack::StackReq;
use faer::linalg::cholesky::llt::factor::{LltError, LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::{MatMut, MatRef, Par, Spec};

/// [`super::cholesky`].
pub(super) fn cholesky<T: Scalar>(a: MatRef<'_, T>, triangle: Triangle, out: MatMut<'_, T>, par: Par) -> Result<()> {
    let n = a.nrows();
    assert!(a.ncols() == n && out.shape() == (n, n), "cholesky: square matrices");
    // u = l^H: the transposed view receives conj(l), the factor of conj(a).
    match triangle {
        Triangle::Lower => lower(a, false, out, par),
        Triangle::Upper => lower(a, T::IS_COMPLEX, out.transpose_mut(), par),
    }
}

fn lower<T: Scalar>(a: MatRef<'_, T>, conjugate: bool, mut out: MatMut<'_, T>, par: Par) -> Result<()> {
    let n = a.nrows();
    if tiny::is_tiny::<T>(n) {
        return tiny::cholesky(a, out);
    }
    let par = par_for_factor(par, n, n);
    if let (Some(kernels), true) = (T::kernels(), n >= OWN_FROM) {
        return by_blocks(a, out, kernels, par);
    }
    let in_place = !is_row_major(out.as_ref());
    let req = StackReq::all_of(&[matrix_req::<T>(n, if in_place { 0 } else { n }), cholesky_in_place_scratch::<T>(n, par, Spec::default())]);
    with_workspace(req, |stack| {
        let (mut own, stack) = matrix::<T>(n, if in_place { 0 } else { n }, stack);
        let mut work = if in_place { out.as_mut() } else { own.as_mut() };
        copy_into(work.as_mut(), a, par);
        if conjugate {
            super::workspace::conjugate_in_place(work.as_mut());
        }
        let none = LltRegularization { dynamic_regularization_delta: T::R::ZERO, dynamic_regularization_epsilon: T::R::ZERO };
        let done = cholesky_in_place(work.as_mut(), none, par, stack, Spec::default());
        if let Err(LltError::NonPositivePivot { index }) = done {
            return Err(Error::NotPositiveDefinite { index });
        }
        // A NaN below the diagonal reaches the diagonal of its row.
        if let Some(index) = (0..n).find(|&i| !work[(i, i)].finite()) {
            return Err(Error::NotPositiveDefinite { index });
        }
        zero_strict_upper(work);
        if !in_place {
            copy_into(out.as_mut(), own.as_ref(), par);
        }
        Ok(())
    })?
}

/// From this size on, real matrices are factored by this crate's blocks.
const OWN_FROM: usize = 64;
/// Rows factored before the rest is updated.
const BLOCK: usize = 128;

/// The lower factor of a real matrix, as the transpose of the upper one in column-major order.
fn by_blocks<T: Scalar>(a: MatRef<'_, T>, mut out: MatMut<'_, T>, kernels: &'static Kernels<T>, par: Par) -> Result<()> {
    let n = a.nrows();
    let in_place = out.col_stride() == 1;
    let packed_len = n.next_multiple_of(kernels.tile_rows) * BLOCK;
    let req = matrix_req::<T>(n, if in_place { 0 } else { n }).and(StackReq::new_aligned::<T>(packed_len, 64));
    with_workspace(req, |stack| {
        let (mut own, stack) = matrix::<T>(n, if in_place { 0 } else { n }, stack);
        let (packed, _) = numbers::<T>(packed_len, stack);
        let mut u = if in_place { out.as_mut().transpose_mut() } else { own.as_mut() };
        copy_into(u.as_mut(), a.transpose(), par);
        factor_upper(u.as_mut(), packed, kernels, par)?;
        zero_strict_upper(u.transpose_mut());
        if !in_place {
            copy_into(out.as_mut(), own.transpose(), par);
        }
        Ok(())
    })?
}

/// `a = u^T u` in the upper triangle of a column-major matrix, by blocks of rows: the block on the diagonal, the rows
/// to its right by substitution, and the product of those rows off the rest of the matrix.
fn factor_upper<T: Scalar>(mut a: MatMut<'_, T>, packed: &mut [T], kernels: &'static Kernels<T>, par: Par) -> Result<()> {
    let n = a.nrows();
    for start in (0..n).step_by(BLOCK) {
        let k = BLOCK.min(n - start);
        let rest = n - start - k;
        let (left, right) = a.as_mut().subrows_mut(start, n - start).split_at_col_mut(start + k);
        let mut block = left.submatrix_mut(0, start, k, k);
        factor_block(block.as_mut(), packed, kernels).map_err(|index| Error::NotPositiveDefinite { index: start + index })?;
        let (beside, below) = right.split_at_row_mut(k);
        let par = par_for(par, rest * k * k);
        substitute(block.as_ref().transpose(), false, beside, packed, kernels, par);
        PanelProduct { left: packed, right: packed, depth: k, alpha: -T::ONE, add: true }.write_triangle(below, Triangle::Upper, kernels, par);
    }
    Ok(())
}

/// The same for a small matrix, by columns; the error is the index of the pivot that is not positive.
fn factor_block<T: Scalar>(mut a: MatMut<'_, T>, panel: &mut [T], kernels: &'static Kernels<T>) -> std::result::Result<(), usize> {
    let (n, mr) = (a.nrows(), kernels.tile_rows);
    for start in (0..n).step_by(mr) {
        let width = mr.min(n - start);
        let (done, columns) = a.as_mut().split_at_col_mut(start);
        let (above, rest) = columns.subcols_mut(0, width).split_at_row_mut(start);
        let mut corner = rest.subrows_mut(0, width);
        if start > 0 {
            substitute(done.as_ref().subrows(0, start).transpose(), false, above, panel, kernels, Par::Seq);
            PanelProduct { left: panel, right: panel, depth: start, alpha: -T::ONE, add: true }.write_triangle(
                corner.as_mut(),
                Triangle::Upper,
                kernels,
                Par::Seq,
            );
        }
        for j in 0..width {
            for i in 0..=j {
                let (x, y) = (corner.as_ref().col(i).subrows(0, i), corner.as_ref().col(j).subrows(0, i));
                let value = corner[(i, j)] - dot(x, y);
                corner[(i, j)] = if i < j { value / corner[(i, i)] } else { value };
            }
            let pivot = corner[(j, j)].re();
            if !(pivot > T::R::ZERO && pivot.finite()) {
                return Err(start + j);
            }
            corner[(j, j)] = T::from_re(pivot.root());
        }
    }
    Ok(())
}
