//! Solutions and determinants.

use num_complex::Complex;
use xp_core::expr::Iota;
use xp_core::linalg::{LinalgError, Trans, Triangle, Triangular};
use xp_core::ops::Greater;
use xp_core::{Element, Float, Ix1, Lazy, Num, Result, functions::eye};

use super::{
    Lapack, Matrices, Real,
    decompositions::shape_of,
    small,
    stack::{Columns, Reports, VectorStack, count, is_batch, run, stack_of, values},
};
use crate::{
    backend::Cuda,
    libraries::{Side, blas::Trsm},
};

/// Solves `a x = b` for stacks of equal shapes.
pub(super) fn solve<T: Lapack>(a: &Matrices<T>, b: &Matrices<T>) -> Result<Matrices<T>> {
    if let Some(x) = small::solve(a, Some(b))? {
        return Ok(x);
    }
    let (device, [n, p]) = (a.device(), shape_of(b));
    let lu = Factors::new(a)?;
    if let Some((matrix, pivot)) = lu.reports.finish()? {
        return Err(LinalgError::Singular { matrix: Some(matrix), pivot: pivot.unsigned_abs() as usize - 1 }.into());
    }
    let x = Columns::of(b.matrix_transpose()?.copy()?);
    if n * p > 0 {
        let reports = Reports::new(device, count(stack_of(b)))?;
        let lists = if let Pivots::Batch(_) = lu.pivots { Some([lu.a.list()?, x.list()?]) } else { None };
        run(device, "LU solve", |d| {
            let (dtype, [n, p]) = (T::DTYPE, [n as i64, p as i64]);
            let pivots = match (&lu.pivots, &lists) {
                (Pivots::Batch(pivots), Some([a, x])) => {
                    // SAFETY: the matrices were made for these sizes.
                    return unsafe {
                        d.blas()?.getrs_batched(d, dtype, [n, p], a.matrices(), pivots.first(), x.matrices(), count(stack_of(b)) as i64)
                    };
                }
                (Pivots::Each(pivots), _) => pivots,
                (Pivots::Batch(_), None) => unreachable!("pivots of a batch come with lists"),
            };
            let solver = d.solver()?;
            for (((a, pivots), x), report) in lu.a.each().zip(pivots.each()).zip(x.each()).zip(reports.each()) {
                // SAFETY: as above.
                unsafe { solver.getrs(d, dtype, Trans::No, n, p, a, pivots, x, report) }?;
            }
            Ok(())
        })?;
    }
    x.finish()
}

/// Inverses.
pub(super) fn inv<T: Lapack>(x: &Matrices<T>) -> Result<Matrices<T>> {
    if let Some(inverse) = small::solve(x, None)? {
        return Ok(inverse);
    }
    let [n, _] = shape_of(x);
    solve(x, &eye::<_, T>(x.device(), n, n, 0)?.into_dyn().broadcast_to(x.dims())?)
}

/// Solves `op(a) x = b` for triangular `a` and stacks of equal shapes.
pub(super) fn solve_triangular<T: Lapack>(a: &Matrices<T>, b: &Matrices<T>, form: Triangular) -> Result<Matrices<T>> {
    if let Some(x) = small::solve_triangular(a, b, form)? {
        return Ok(x);
    }
    let (device, [n, p]) = (a.device(), shape_of(b));
    if !form.unit && n > 0 && a.diagonal(0)?.lazy().apply2(xp_core::ops::Equal, T::ZERO).any(..).try_eval()?.item()? {
        let place = values(&a.diagonal(0)?.equal(T::ZERO).into_dyn())?.iter().position(|&zero| zero).unwrap_or(0);
        return Err(LinalgError::Singular { matrix: Some(place / n), pivot: place % n }.into());
    }
    // Row-major x and b are the transposes of column-major ones: x^T op(a)^T = b^T, and the memory of a is a^T.
    let (a, x) = (Columns::of(a.copy()?), Columns::of(b.copy()?));
    if n * p > 0 {
        let call = |a, b| Trsm {
            dtype: T::DTYPE,
            side: Side::Right,
            triangle: if form.triangle == Triangle::Upper { Triangle::Lower } else { Triangle::Upper },
            trans: form.op,
            unit_diagonal: form.unit,
            m: p as i64,
            n: n as i64,
            alpha: Complex::new(1.0, 0.0),
            a,
            b,
        };
        let stack = stack_of(b);
        if is_batch(stack, [n, p]) {
            let (a, x) = (a.list()?, x.list()?);
            let call = call(a.matrices(), x.matrices());
            // SAFETY: the matrices were made for these sizes.
            run(device, "triangular solve", |d| unsafe { d.blas()?.trsm_batched(d, &call, count(stack) as i64) })?;
        } else {
            // SAFETY: as above.
            run(device, "triangular solve", |d| a.each().zip(x.each()).try_for_each(|(a, b)| unsafe { d.blas()?.trsm(d, &call(a, b)) }))?;
        }
    }
    Ok(x.transposes)
}

/// Signs and logarithms of the magnitudes of determinants.
pub(super) fn slogdet<T: Lapack>(x: &Matrices<T>) -> Result<(Matrices<T>, Matrices<Real<T>>)> {
    if let Some(both) = small::determinants(x, true)? {
        return Ok(both);
    }
    let lu = Factors::new(x)?;
    let (diagonal, sign) = (lu.diagonal()?, lu.sign()?);
    let signs = (diagonal.lazy().sign().prod(-1).try_eval()?.lazy() * &sign).try_eval()?;
    let logs = diagonal.lazy().abs().log().sum(-1).try_eval()?;
    Ok((lu.unless_singular(T::ZERO, signs)?, lu.unless_singular(-Real::<T>::INFINITY, logs)?))
}

/// Determinants.
pub(super) fn det<T: Lapack>(x: &Matrices<T>) -> Result<Matrices<T>> {
    if let Some((determinants, _)) = small::determinants(x, false)? {
        return Ok(determinants);
    }
    let lu = Factors::new(x)?;
    lu.unless_singular(T::ZERO, (lu.diagonal()?.lazy().prod(-1).try_eval()?.lazy() * &lu.sign()?).try_eval()?)
}

/// LU factorisations with row exchanges.
struct Factors<T: Lapack> {
    a: Columns<T>,
    pivots: Pivots,
    reports: Reports,
    n: usize,
}

/// The rows that were exchanged, as one call for all matrices leaves them, or one for each matrix.
enum Pivots {
    Batch(VectorStack<i32>),
    Each(VectorStack<i64>),
}

impl<T: Lapack> Factors<T> {
    fn new(x: &Matrices<T>) -> Result<Self> {
        let (device, stack, [n, _]) = (x.device(), stack_of(x), shape_of(x));
        let a = Columns::of(x.matrix_transpose()?.copy()?);
        let reports = Reports::new(device, if n == 0 { 0 } else { count(stack) })?;
        if n > 0 && is_batch(stack, [n, n]) {
            let (list, pivots) = (a.list()?, VectorStack::<i32>::new(device, stack, n)?);
            let (dtype, order, batch) = (T::DTYPE, n as i64, count(stack) as i64);
            run(device, "LU factorisation", |d| {
                // SAFETY: the matrices were made for these sizes.
                unsafe { d.blas()?.getrf_batched(d, dtype, order, list.matrices(), pivots.first(), reports.first(), batch) }
            })?;
            return Ok(Factors { a, pivots: Pivots::Batch(pivots), reports, n });
        }
        let pivots = VectorStack::new(device, stack, n)?;
        if n > 0 {
            run(device, "LU factorisation", |d| {
                let solver = d.solver()?;
                for ((a, pivots), report) in a.each().zip(pivots.each()).zip(reports.each()) {
                    // SAFETY: the matrices were made for these sizes.
                    unsafe { solver.getrf(d, T::DTYPE, n as i64, n as i64, a, pivots, report) }?;
                }
                Ok(())
            })?;
        }
        Ok(Factors { a, pivots: Pivots::Each(pivots), reports, n })
    }

    /// The diagonal of `U`, whose product is the determinant up to its sign.
    fn diagonal(&self) -> Result<Matrices<T>> {
        self.a.transposes.diagonal(0)?.into_rank()
    }

    /// What is computed from the factors, or the value that belongs to a matrix with a pivot of exactly zero: the other pivots
    /// of such a matrix are unspecified.
    fn unless_singular<U: Element>(&self, value: U, computed: Matrices<U>) -> Result<Matrices<U>> {
        if self.n == 0 || computed.is_empty() {
            return Ok(computed);
        }
        let singular = self.reports.array().reshape(computed.dims().to_vec())?.lazy().apply2(Greater, 0).try_eval()?;
        singular.lazy().where_(value, &computed).try_eval()?.into_rank()
    }

    /// 1, or -1 after an odd number of exchanges.
    fn sign(&self) -> Result<Matrices<T>> {
        let own = Lazy::new(Iota::<Cuda, Ix1>::new(self.a.transposes.device(), [self.n], 1, [1])?).try_eval()?;
        let pivots = match &self.pivots {
            Pivots::Batch(pivots) => pivots.array.lazy().astype::<i64>().try_eval()?,
            Pivots::Each(pivots) => pivots.array.clone(),
        };
        let exchanges = pivots.lazy().apply2(xp_core::ops::NotEqual, &own).count_nonzero(-1).try_eval()?;
        let minus_two = <T as Num>::from_f64(-2.0);
        (exchanges.lazy().apply2(xp_core::ops::BitwiseAnd, 1).astype::<T>() * minus_two + T::ONE).try_eval()?.into_rank()
    }
}
