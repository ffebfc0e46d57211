//! QR factorisations.

use super::householder::{block_size, factor_in_place, form};
use super::workspace::{copy_into, matrix, matrix_req, with_workspace, zero_strict_upper};
use super::{Result, Scalar};
use faer::dyn_stack::StackReq;
use faer::{MatMut, MatRef, Par};

/// [`super::qr`].
pub(super) fn qr<T: Scalar>(a: MatRef<'_, T>, q: MatMut<'_, T>, r: MatMut<'_, T>, par: Par) -> Result<()> {
    let (m, n) = a.shape();
    assert!(q.nrows() == m && (q.ncols() == m || q.ncols() == m.min(n)), "shape of q");
    assert_eq!(r.shape(), (q.ncols(), n), "shape of r");
    factor(a, Some(q), r, par)
}

/// [`super::qr_r`].
pub(super) fn qr_r<T: Scalar>(a: MatRef<'_, T>, r: MatMut<'_, T>, par: Par) -> Result<()> {
    assert_eq!(r.shape(), (a.nrows().min(a.ncols()), a.ncols()), "shape of r");
    factor(a, None, r, par)
}

fn factor<T: Scalar>(a: MatRef<'_, T>, q: Option<MatMut<'_, T>>, mut r: MatMut<'_, T>, par: Par) -> Result<()> {
    let (m, n) = a.shape();
    let k = m.min(n);
    r.fill(T::ZERO);
    if k == 0 {
        if let Some(mut q) = q {
            q.fill(T::ZERO);
            q.diagonal_mut().fill(T::ONE);
        }
        return Ok(());
    }
    let par = par_for_factor(par, m, n);
    let width = q.as_ref().map_or(0, |q| q.ncols());
    let block = block_size(m, n);
    let req = StackReq::all_of(&[matrix_req::<T>(m, n), matrix_req::<T>(m, width), matrix_req::<T>(block, k)]);
    with_workspace(req, |stack| {
        let (mut work, stack) = matrix::<T>(m, n, stack);
        let (mut own_q, stack) = matrix::<T>(m, width, stack);
        let (mut coefficients, _) = matrix::<T>(block, k, stack);
        copy_into(work.as_mut(), a, par);
        factor_in_place(work.as_mut(), coefficients.as_mut(), par)?;
        for j in 0..n {
            let rows = k.min(j + 1);
            r.as_mut().col_mut(j).subrows_mut(0, rows).copy_from(work.as_ref().col(j).subrows(0, rows));
        }
        let Some(mut q) = q else { return Ok(()) };
        let in_place = q.row_stride() == 1;
        let mut target = if in_place { q.as_mut() } else { own_q.as_mut() };
        form(work.as_ref(), coefficients.as_ref(), target.as_mut(), par)?;
        if !in_place {
            copy_into(q, own_q.as_ref(), par);
        }
        Ok(())
    })?
}

/// Threads for a factorisation of an `m x n` matrix.
pub(super) fn par_for_factor(par: Par, m: usize, n: usize) -> Par {
    if m * n < 96 * 96 { Par::Seq } else { par }
}

/// The factor `r` of the QR factorisation of `rows` rows of `a`, in place: the strict lower triangle becomes zero.
pub(super) fn r_in_place<T: Scalar>(mut a: MatMut<'_, T>, par: Par) -> Result<()> {
    let (m, n) = a.shape();
    let k = m.min(n);
    if k == 0 {
        return Ok(());
    }
    let block = block_size(m, n);
    with_workspace(matrix_req::<T>(block, k), |stack| {
        let (mut coefficients, _) = matrix::<T>(block, k, stack);
        factor_in_place(a.as_mut(), coefficients.as_mut(), par)?;
        zero_strict_upper(a.subrows_mut(0, k).subcols_mut(0, k).transpose_mut());
        Ok(())
    })?
}
