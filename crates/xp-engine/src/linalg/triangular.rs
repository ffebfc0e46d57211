//! Triangular systems.

use super::workspace::par_for;
use super::{Error, Result, Scalar, Trans, Triangle};
use faer::linalg::triangular_solve as ts;
use faer::{Conj, MatMut, MatRef, Par};

/// [`super::solve_triangular`].
pub(super) fn solve_triangular<T: Scalar>(
    a: MatRef<'_, T>,
    triangle: Triangle,
    unit_diagonal: bool,
    op: Trans,
    rhs: MatMut<'_, T>,
    par: Par,
) -> Result<()> {
    let n = a.nrows();
    assert!(a.ncols() == n && rhs.nrows() == n, "solve_triangular: {:?} and {:?}", a.shape(), rhs.shape());
    if !unit_diagonal && let Some(index) = (0..n).find(|&i| a[(i, i)] == T::ZERO) {
        return Err(Error::Singular { index });
    }
    let conj = if op == Trans::Adjoint { Conj::Yes } else { Conj::No };
    let (a, triangle) = match (op, triangle) {
        (Trans::No, triangle) => (a, triangle),
        (_, Triangle::Lower) => (a.transpose(), Triangle::Upper),
        (_, Triangle::Upper) => (a.transpose(), Triangle::Lower),
    };
    let par = par_for(par, (n * n).saturating_mul(rhs.ncols()));
    match (triangle, unit_diagonal) {
        (Triangle::Lower, false) => ts::solve_lower_triangular_in_place_with_conj(a, conj, rhs, par),
        (Triangle::Lower, true) => ts::solve_unit_lower_triangular_in_place_with_conj(a, conj, rhs, par),
        (Triangle::Upper, false) => ts::solve_upper_triangular_in_place_with_conj(a, conj, rhs, par),
        (Triangle::Upper, true) => ts::solve_unit_upper_triangular_in_place_with_conj(a, conj, rhs, par),
    }
    Ok(())
}
