//! Singular value decompositions.
//!
//! Small matrices, and stacks of larger ones, are left to Jacobi's method (`small.rs`). Vectors of larger matrices come from the polar
//! decomposition (Higham and Papadimitriou, "Parallel singular value decomposition via the polar decomposition", 1993), which
//! is the fastest but decomposes a neighbour of a matrix that is close to a singular one: its result is checked, on the device,
//! and QR iteration takes its place where it is not as accurate as that. QR iteration does everything else.

use xp_core::dtype::Kind;
use xp_core::linalg::{Basis, adjoint};
use xp_core::{Float, Num, Result, functions::eye};

use super::{
    Lapack, Matrices, Real,
    decompositions::{no_convergence, shape, shape_of},
    scale::Scale,
    small,
    stack::{Columns, Reports, VectorStack, count, run, stack_of},
};
use crate::{
    backend::Cuda,
    libraries::{Matrix, solver::Gesvd},
};

/// `U`, `S`, `Vh`.
pub(super) type Factors<T> = (Matrices<T>, Matrices<Real<T>>, Matrices<T>);

/// The shorter side of matrices above which the polar decomposition is worth its products.
const LEAST_POLAR: usize = 32;

/// Singular values in descending order, with as many vectors as wanted: `U`, `S`, `Vh`.
pub(super) fn svd<T: Lapack>(x: &Matrices<T>, vectors: Option<Basis>) -> Result<Factors<T>> {
    let [m, n] = shape_of(x);
    if m.min(n) == 0 {
        return without_values(x, vectors);
    }
    if let Some(factors) = small::svd(x, vectors)? {
        return Ok(factors);
    }
    let scale = Scale::new(x, true)?;
    // cuSOLVER wants at least as many rows as columns: a wide matrix is decomposed as its transpose, which is its memory.
    let tall = m >= n;
    let scaled = scale.apply(&if tall { x.matrix_transpose()? } else { x.clone() })?;
    let problem = Problem { transposes: scaled, vectors, large: m.max(n), small: m.min(n) };
    let (u, s, vh) = problem.solve()?;
    let s = scale.undo(x, s)?;
    // Of the transpose x^T = U' S V'^H: x = conj(V') S U'^T.
    if tall { Ok((u, s, vh)) } else { Ok((vh.matrix_transpose()?, s, u.matrix_transpose()?)) }
}

/// Matrices without elements have no singular values; all vectors are those of the identity.
fn without_values<T: Lapack>(x: &Matrices<T>, vectors: Option<Basis>) -> Result<Factors<T>> {
    let (device, stack, [m, n]) = (x.device(), stack_of(x), shape_of(x));
    let identity = |k: usize| -> Result<Matrices<T>> { eye::<_, T>(device, k, k, 0)?.into_dyn().broadcast_to(shape(stack, [k, k])) };
    let empty = |rows, columns| Columns::<T>::new(device, stack, columns, rows).map(|x| x.transposes);
    let full = vectors == Some(Basis::Full);
    let u = if full { identity(m)? } else { empty(m, 0)? };
    Ok((u, VectorStack::new(device, stack, 0)?.array, if full { identity(n)? } else { empty(0, n)? }))
}

/// Matrices with at least as many rows as columns, by their transposes, which are contiguous.
struct Problem<T: Lapack> {
    transposes: Matrices<T>,
    vectors: Option<Basis>,
    large: usize,
    small: usize,
}

impl<T: Lapack> Problem<T> {
    fn solve(&self) -> Result<Factors<T>> {
        if self.vectors == Some(Basis::Thin)
            && self.small > LEAST_POLAR
            && let Some(factors) = self.by_polar_decomposition()?
        {
            return Ok(factors);
        }
        self.by_iteration()
    }

    fn device(&self) -> &Cuda {
        self.transposes.device()
    }

    /// Column-major matrices for a method to overwrite.
    fn operand(&self) -> Result<Columns<T>> {
        Ok(Columns::of(self.transposes.copy()?))
    }

    /// Room for vectors; for one vector that is never written if none is wanted.
    fn room(&self, rows: usize, columns: usize) -> Result<Columns<T>> {
        match self.vectors {
            None => Columns::new(self.device(), &[0], 1, 1),
            _ => Columns::new(self.device(), stack_of(&self.transposes), rows, columns),
        }
    }

    fn call(&self, a: Matrix, s: u64, u: Option<Matrix>, v: Option<Matrix>) -> Gesvd {
        let (m, n) = (self.large as i64, self.small as i64);
        let none = |ld| Matrix { pointer: 0, ld };
        Gesvd { dtype: T::DTYPE, vectors: self.vectors, m, n, a, s, u: u.unwrap_or(none(m)), v: v.unwrap_or(none(n)) }
    }

    /// `None` where the result is not as accurate as that of QR iteration would be.
    fn by_polar_decomposition(&self) -> Result<Option<Factors<T>>> {
        let (device, stack) = (self.device(), stack_of(&self.transposes));
        let a = self.operand()?;
        let (u, v) = (self.room(self.large, self.small)?, self.room(self.small, self.small)?);
        let (s, reports) = (VectorStack::<Real<T>>::new(device, stack, self.small)?, Reports::new(device, count(stack))?);
        run(device, "singular value decomposition", |d| {
            let solver = d.solver()?;
            for ((((a, s), u), v), report) in a.each().zip(s.each()).zip(u.each()).zip(v.each()).zip(reports.each()) {
                // SAFETY: the matrices were made for these sizes. How far away the decomposed matrix is, is checked below.
                unsafe { solver.gesvdp(d, &self.call(a, s, Some(u), Some(v)), report) }?;
            }
            Ok(())
        })?;
        let factors = (u.finish()?, s.array, conj(v.transposes)?);
        let accepted = reports.finish()?.is_none() && self.is_accurate(&factors)?;
        device.device().libraries().polar.count(accepted);
        Ok(accepted.then_some(factors))
    }

    fn by_iteration(&self) -> Result<Factors<T>> {
        let (device, stack) = (self.device(), stack_of(&self.transposes));
        let a = self.operand()?;
        let long = if self.vectors == Some(Basis::Full) { self.large } else { self.small };
        let (u, v) = (self.room(self.large, long)?, self.room(self.small, self.small)?);
        let (s, reports) = (VectorStack::<Real<T>>::new(device, stack, self.small)?, Reports::new(device, count(stack))?);
        run(device, "singular value decomposition", |d| {
            let (solver, mut us, mut vs) = (d.solver()?, u.each(), v.each());
            for ((a, s), report) in a.each().zip(s.each()).zip(reports.each()) {
                // SAFETY: the matrices were made for these sizes.
                unsafe { solver.gesvd(d, &self.call(a, s, us.next(), vs.next()), report) }?;
            }
            Ok(())
        })?;
        no_convergence(reports)?;
        Ok((u.finish()?, s.array, v.finish()?))
    }

    /// Whether the factors are orthonormal, and their product is the matrix, to the rounding errors of a stable method: those of QR
    /// iteration reach five times the root of the order, in units of the roundoff, and here there is room for sums in any order.
    fn is_accurate(&self, (u, s, vh): &Factors<T>) -> Result<bool> {
        let limit = <Real<T> as Num>::from_f64(16.0 * (self.large as f64).sqrt()) * <Real<T> as Float>::EPSILON;
        let identity = eye::<_, T>(self.device(), self.small, self.small, 0)?.into_dyn();
        for product in [adjoint(u)?.matmul(u)?, vh.matmul(&adjoint(vh)?)?] {
            let error = (product.lazy() - &identity).abs().max(..).try_eval()?.item()?;
            // False when the error is NaN, too.
            let is_small = error <= limit;
            if !is_small {
                return Ok(false);
            }
        }
        let scaled = (u.lazy() * s.expand_dims(-2)?.lazy().astype::<T>()).try_eval()?;
        let x = self.transposes.matrix_transpose()?;
        let errors = (x.lazy() - &scaled.matmul(vh)?).abs().max([-2, -1]).try_eval()?;
        let limits = (s.lazy().max(-1).try_eval()?.lazy() * limit).try_eval()?;
        errors.lazy().less_equal(&limits).all(..).try_eval()?.item()
    }
}

/// Conjugates; of real numbers the numbers themselves.
fn conj<T: Lapack>(x: Matrices<T>) -> Result<Matrices<T>> {
    if T::DTYPE.kind() == Kind::ComplexFloating { x.lazy().conj().try_eval() } else { Ok(x) }
}
