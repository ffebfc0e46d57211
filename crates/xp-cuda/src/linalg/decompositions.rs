//! Singular values, eigenvalues, QR and Cholesky factors.

use xp_core::linalg::{LinalgError, adjoint};
use xp_core::{Result, functions::eye};

use super::{
    Lapack, Matrices, Real,
    scale::Scale,
    stack::{Columns, Reports, Vectors, count, run, stack_of, values},
};
use crate::libraries::{
    Matrix, Triangle,
    solver::{self, Gesvd},
};

/// Singular values in descending order, with as many vectors as wanted: `U`, `S`, `Vh`.
pub(super) fn svd<T: Lapack>(x: &Matrices<T>, vectors: solver::Vectors) -> Result<(Matrices<T>, Matrices<Real<T>>, Matrices<T>)> {
    let (device, stack, [m, n]) = (x.device(), stack_of(x), shape_of(x));
    let (large, small) = (m.max(n), m.min(n));
    let long = if vectors == solver::Vectors::Full { large } else { small };
    let s = Vectors::<Real<T>>::new(device, stack, small)?;
    if small == 0 {
        let identity = |k: usize| -> Result<Matrices<T>> { eye::<_, T>(device, k, k, 0)?.into_dyn().broadcast_to(shape(stack, [k, k])) };
        let empty = |rows, columns| Columns::<T>::new(device, stack, columns, rows).map(|x| x.transposes);
        let full = vectors == solver::Vectors::Full;
        let u = if full { identity(m)? } else { empty(m, 0)? };
        return Ok((u, s.array, if full { identity(n)? } else { empty(0, n)? }));
    }
    let scale = Scale::new(x, true)?;
    // cuSOLVER wants at least as many rows as columns: a wide matrix is decomposed as its transpose, which is its memory.
    let tall = m >= n;
    let a = Columns::of(scale.apply(&if tall { x.matrix_transpose()? } else { x.clone() })?);
    let none = vectors == solver::Vectors::None;
    let wanted = |rows: usize, columns: usize| if none { Columns::new(device, &[0], 1, 1) } else { Columns::<T>::new(device, stack, rows, columns) };
    let (u, v) = (wanted(large, long)?, wanted(small, small)?);
    let reports = Reports::new(device, count(stack))?;
    let places = |x: &Columns<T>, ld: usize| -> Vec<Matrix> {
        if none { vec![Matrix { pointer: 0, ld: ld as i64 }; count(stack)] } else { x.each().collect() }
    };
    run(device, "singular value decomposition", |d| {
        let solver = d.solver()?;
        let (us, vs) = (places(&u, large), places(&v, small));
        for (i, ((a, s), report)) in a.each().zip(s.each()).zip(reports.each()).enumerate() {
            let call = Gesvd { dtype: T::DATA, vectors, m: large as i64, n: small as i64, a, s, u: us[i], v: vs[i] };
            // SAFETY: the matrices were made for these sizes.
            unsafe { solver.gesvd(d, &call, report) }?;
        }
        Ok(())
    })?;
    no_convergence(reports)?;
    let s = scale.undo(x, s.array)?;
    // Of the transpose x^T = U' S V'^H: x = conj(V') S U'^T.
    if tall { Ok((u.finish()?, s, v.finish()?)) } else { Ok((v.transposes, s, u.transposes)) }
}

/// Eigenvalues in ascending order of Hermitian matrices, of which the lower triangle is read, and eigenvectors if wanted.
pub(super) fn eigh<T: Lapack>(x: &Matrices<T>, vectors: bool) -> Result<(Matrices<Real<T>>, Matrices<T>)> {
    let (device, stack, [n, _]) = (x.device(), stack_of(x), shape_of(x));
    let lower = x.tril(0)?;
    let scale = Scale::new(&lower, true)?;
    let a = Columns::of(scale.apply(&lower.matrix_transpose()?)?);
    let w = Vectors::<Real<T>>::new(device, stack, n)?;
    if n > 0 {
        let reports = Reports::new(device, count(stack))?;
        run(device, "eigenvalue decomposition", |d| {
            let solver = d.solver()?;
            for ((a, w), report) in a.each().zip(w.each()).zip(reports.each()) {
                // SAFETY: the matrices were made for these sizes.
                unsafe { solver.syevd(d, T::DATA, vectors, Triangle::Lower, n as i64, a, w, report) }?;
            }
            Ok(())
        })?;
        no_convergence(reports)?;
    }
    Ok((scale.undo(x, w.array)?, a.finish()?))
}

/// A QR factorisation: reflectors below the diagonal, `R` above.
pub(super) struct Householder<T: Lapack> {
    a: Columns<T>,
    tau: Vectors<T>,
    scale: Scale,
    shape: [usize; 2],
    stack: Vec<usize>,
}

impl<T: Lapack> Householder<T> {
    pub(super) fn new(x: &Matrices<T>) -> Result<Self> {
        let (device, stack, shape @ [m, n]) = (x.device(), stack_of(x).to_vec(), shape_of(x));
        let scale = Scale::new(x, false)?;
        let a = Columns::of(scale.apply(&x.matrix_transpose()?)?);
        let tau = Vectors::new(device, &stack, m.min(n))?;
        if m.min(n) > 0 {
            let reports = Reports::new(device, count(&stack))?;
            run(device, "QR factorisation", |d| {
                let solver = d.solver()?;
                for ((a, tau), report) in a.each().zip(tau.each()).zip(reports.each()) {
                    // SAFETY: the matrices were made for these sizes.
                    unsafe { solver.geqrf(d, T::DATA, m as i64, n as i64, a, tau, report) }?;
                }
                Ok(())
            })?;
        }
        Ok(Householder { a, tau, scale, shape, stack })
    }

    /// The factor `R`, with as many rows as columns of `Q`.
    pub(super) fn r(&self, complete: bool) -> Result<Matrices<T>> {
        let rows = self.columns_of_q(complete) as isize;
        let r = self.a.transposes.slice_axis(-1, None, Some(rows), 1)?.matrix_transpose()?.triu(0)?;
        self.scale.undo(&r, r.clone())
    }

    /// The factor `Q`, square if `complete`.
    pub(super) fn q(&self, complete: bool) -> Result<Matrices<T>> {
        let (device, [m, n], k) = (self.a.transposes.device(), self.shape, self.columns_of_q(complete));
        let q = Columns::new(device, &self.stack, m, k)?;
        if m.min(n) == 0 {
            return if k == 0 { q.finish() } else { eye::<_, T>(device, m, m, 0)?.into_dyn().broadcast_to(shape(&self.stack, [m, m])) };
        }
        // The reflectors go to the first columns; the columns after them are arbitrary.
        let reflectors = self.a.transposes.slice_axis(-2, None, Some(m.min(n) as isize), 1)?;
        let filler = self.a.transposes.slice_axis(-2, None, Some(1), 1)?;
        let missing = k - m.min(n);
        let parts = [&reflectors, &filler.broadcast_to(shape(&self.stack, [missing, m]))?];
        let q = Columns::of(if missing == 0 { reflectors.copy()? } else { xp_core::functions::concat(&parts, -2)?.contiguous()? });
        let reports = Reports::new(device, count(&self.stack))?;
        run(device, "forming of Q", |d| {
            let solver = d.solver()?;
            for ((q, tau), report) in q.each().zip(self.tau.each()).zip(reports.each()) {
                // SAFETY: the matrices were made for these sizes.
                unsafe { solver.form_q(d, T::DATA, m as i64, k as i64, m.min(n) as i64, q, tau, report) }?;
            }
            Ok(())
        })?;
        q.finish()
    }

    fn columns_of_q(&self, complete: bool) -> usize {
        let [m, n] = self.shape;
        if complete { m } else { m.min(n) }
    }
}

/// Cholesky factors of Hermitian matrices, of which the lower triangle is read.
pub(super) fn cholesky<T: Lapack>(x: &Matrices<T>, upper: bool) -> Result<Matrices<T>> {
    let (device, [n, _]) = (x.device(), shape_of(x));
    // The lower triangle in row-major order is the upper one of the transpose, which is the conjugate: conj(A) = U^H U means
    // A = L L^H with L = U^T, which is the memory of U.
    let a = Columns::of(x.tril(0)?);
    if n > 0 {
        let reports = Reports::new(device, count(stack_of(x)))?;
        run(device, "Cholesky factorisation", |d| {
            let solver = d.solver()?;
            for (a, report) in a.each().zip(reports.each()) {
                // SAFETY: the matrices were made for these sizes.
                unsafe { solver.potrf(d, T::DATA, Triangle::Upper, n as i64, a, report) }?;
            }
            Ok(())
        })?;
        if let Some((matrix, order)) = reports.finish()? {
            return Err(LinalgError::NotPositiveDefinite { matrix, order: order.unsigned_abs() as usize }.into());
        }
    }
    let factors = a.transposes;
    // Infinity and NaN pass through a factorisation unnoticed: they end up on the diagonal.
    if n > 0
        && !factors.diagonal(0)?.lazy().isfinite().all_all().try_eval()?.item()?
        && let Some(place) = values(&factors.diagonal(0)?.isfinite().into_dyn())?.iter().position(|finite| !finite)
    {
        return Err(LinalgError::NotPositiveDefinite { matrix: place / n, order: place % n + 1 }.into());
    }
    let l = factors.tril(0)?;
    if upper { adjoint(&l) } else { Ok(l) }
}

fn no_convergence(reports: Reports) -> Result<()> {
    match reports.finish()? {
        Some((matrix, _)) => Err(LinalgError::NoConvergence { matrix }.into()),
        None => Ok(()),
    }
}

/// Rows and columns.
pub(super) fn shape_of<T: Lapack>(x: &Matrices<T>) -> [usize; 2] {
    let n = x.ndim();
    [x.dims()[n - 2], x.dims()[n - 1]]
}

fn shape(stack: &[usize], last: [usize; 2]) -> Vec<usize> {
    stack.iter().copied().chain(last).collect()
}
