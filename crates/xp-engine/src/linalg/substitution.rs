//! Forward substitution with many right-hand sides, in packed panels.

use super::Result;
use super::Scalar;
use super::gemm::pack;
use super::simd::{Kernels, Packed};
use super::workspace::{for_columns, numbers, par_for, with_workspace};
use crate::threads::Shared;
use faer::dyn_stack::StackReq;
use faer::{Accum, MatMut, MatRef, Par};

/// Rows whose panel stays in the nearest cache.
const BLOCK: usize = 128;

/// Solves `t x = b` in place for a lower triangular `t`, whose diagonal counts as ones if `unit`.
///
/// The system is halved, after Elmroth, Gustavson, Jonsson & Kågström, "Recursive blocked algorithms and hybrid data
/// structures for dense matrix library software" (2004), down to panels in cache.
pub(super) fn solve_lower<T: Scalar>(t: MatRef<'_, T>, unit: bool, b: MatMut<'_, T>, kernels: &'static Kernels<T>, par: Par) -> Result<()> {
    let k = t.nrows();
    if k > BLOCK {
        let half = (k / 2).next_multiple_of(BLOCK.min(k / 2));
        let (mut top, mut bottom) = b.split_at_row_mut(half);
        solve_lower(t.submatrix(0, 0, half, half), unit, top.as_mut(), kernels, par)?;
        super::matmul::matmul(bottom.as_mut(), Accum::Add, -T::ONE, t.submatrix(half, 0, k - half, half), top.as_ref(), par);
        return solve_lower(t.submatrix(half, half, k - half, k - half), unit, bottom, kernels, par);
    }
    let len = b.ncols().next_multiple_of(kernels.tile_rows) * k;
    with_workspace(StackReq::new_aligned::<T>(len, 64), |stack| {
        let (packed, _) = numbers::<T>(len, stack);
        let par = par_for(par, b.ncols() * k * k / 2);
        substitute(t, unit, b, packed, kernels, par);
    })
}

/// The same for a `t` of moderate order. The solution is left in `packed` as well: in panels of `tile_rows` columns, as
/// [`pack`] makes them.
pub(super) fn substitute<T: Scalar>(t: MatRef<'_, T>, unit: bool, b: MatMut<'_, T>, packed: &mut [T], kernels: &'static Kernels<T>, par: Par) {
    let (k, width) = (t.nrows(), kernels.tile_rows);
    assert!(t.ncols() == k && b.nrows() == k && packed.len() >= b.ncols().next_multiple_of(width) * k);
    if k == 0 {
        return;
    }
    let start = Shared::new(packed.as_mut_ptr());
    for_columns(b, width, par, |j, columns| {
        // SAFETY: `packed` has a panel of k * width elements for every `width` columns, and is borrowed mutably.
        let panel = unsafe { std::slice::from_raw_parts_mut(start.get().add(j * k), width * k) };
        pack(columns.as_ref().transpose(), 0, width, panel);
        let system = Packed { k, t: t.as_ptr(), t_i: t.row_stride(), t_p: t.col_stride(), unit, x: panel.as_mut_ptr() };
        // SAFETY: `t` has k rows and columns, the panel k rows of `tile_rows` elements, borrowed mutably.
        unsafe { (kernels.substitute)(&system) };
        unpack(panel, columns);
    });
}

/// Writes the panel of the columns of `b` back.
fn unpack<T: Scalar>(panel: &[T], b: MatMut<'_, T>) {
    let width = panel.len() / b.nrows();
    for (j, column) in b.col_iter_mut().enumerate() {
        for (x, row) in column.iter_mut().zip(panel.chunks_exact(width)) {
            *x = row[j];
        }
    }
}
