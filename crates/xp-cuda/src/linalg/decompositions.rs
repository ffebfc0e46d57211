//! Eigenvalues, QR and Cholesky factors.

use xp_core::dtype::Kind;
use xp_core::linalg::{LinalgError, adjoint};
use xp_core::ops::Multiply;
use xp_core::{Floating, Num, Result, functions::eye};

use super::{
    Lapack, Matrices, Real, reflectors,
    scale::Scale,
    small,
    stack::{Columns, Reports, VectorStack, count, is_batch, run, stack_of, values},
};
use crate::libraries::{Triangle, solver::Geev};

/// Eigenvalues in ascending order of Hermitian matrices, of which the lower triangle is read, and eigenvectors if wanted.
/// Small matrices by Jacobi's method, others by divide and conquer.
pub(super) fn eigh<T: Lapack>(x: &Matrices<T>, vectors: bool) -> Result<(Matrices<Real<T>>, Matrices<T>)> {
    if let Some(found) = small::eigh(x, vectors)? {
        return Ok(found);
    }
    let (device, stack, [n, _]) = (x.device(), stack_of(x), shape_of(x));
    if n == 0 || count(stack) == 0 {
        return Ok((VectorStack::new(device, stack, n)?.array, Columns::new(device, stack, n, n)?.finish()?));
    }
    let lower = x.tril(0)?;
    let scale = Scale::new(&lower, true)?;
    let a = Columns::of(scale.apply(&lower.matrix_transpose()?)?);
    let (w, reports) = (VectorStack::<Real<T>>::new(device, stack, n)?, Reports::new(device, count(stack))?);
    run(device, "eigenvalue decomposition", |d| {
        let solver = d.solver()?;
        if is_batch(stack, [n, n]) && solver.has_syev_batched() {
            let (matrix, batch) = (a.each().next().expect("a stack has matrices"), count(stack) as i64);
            // SAFETY: the matrices were made for these sizes.
            return unsafe { solver.syev_batched(d, T::DTYPE, vectors, Triangle::Lower, n as i64, matrix, w.first(), reports.first(), batch) };
        }
        for ((a, w), report) in a.each().zip(w.each()).zip(reports.each()) {
            // SAFETY: the matrices were made for these sizes.
            unsafe { solver.syevd(d, T::DTYPE, vectors, Triangle::Lower, n as i64, a, w, report) }?;
        }
        Ok(())
    })?;
    no_convergence(reports)?;
    Ok((scale.undo(x, w.array)?, a.finish()?))
}

/// Eigenvalues of general matrices, in no particular order, and right eigenvectors if wanted.
pub(super) fn eig<T: Lapack>(x: &Matrices<T>, vectors: bool) -> Result<(Matrices<T::Complex>, Matrices<T::Complex>)> {
    let (device, stack, [n, _]) = (x.device(), stack_of(x), shape_of(x));
    let scale = Scale::new(x, true)?;
    let a = Columns::of(scale.apply(&x.matrix_transpose()?)?);
    let w = VectorStack::<T::Complex>::new(device, stack, n)?;
    let v = Columns::<T>::new(device, if vectors { stack } else { &[0] }, n, n)?;
    if n > 0 {
        let reports = Reports::new(device, count(stack))?;
        run(device, "general eigenvalue decomposition", |d| {
            let (solver, mut vs) = (d.solver()?, v.each());
            for ((a, w), report) in a.each().zip(w.each()).zip(reports.each()) {
                let call = Geev { dtype: T::DTYPE, n: n as i64, a, w, v: vs.next() };
                // SAFETY: the matrices were made for these sizes.
                unsafe { solver.geev(d, &call, report) }?;
            }
            Ok(())
        })?;
        no_convergence(reports)?;
    }
    let (w, v) = (w.array, v.finish()?);
    let v = if vectors && n > 0 { unpacked(&w, &v)? } else { v.lazy().astype::<T::Complex>().try_eval()? };
    Ok((scale.undo(x, w)?, v))
}

/// Eigenvectors from LAPACK's form, where the columns of a conjugate pair of a real matrix are a real and an imaginary part.
fn unpacked<T: Lapack>(w: &Matrices<T::Complex>, v: &Matrices<T>) -> Result<Matrices<T::Complex>> {
    if T::DTYPE.kind() == Kind::ComplexFloating {
        return v.lazy().astype::<T::Complex>().try_eval();
    }
    // Of a pair, the first eigenvalue has a positive imaginary part, the second a negative one.
    let imaginary = w.lazy().imag().try_eval()?.expand_dims(-2)?;
    let zero = <Real<T::Complex> as Num>::ZERO;
    let (first, second) = ((imaginary.lazy().greater(zero)).try_eval()?, (imaginary.lazy().less(zero)).try_eval()?);
    let (next, previous) = (v.roll(-1, -1)?, v.roll(1, -1)?);
    let re = second.lazy().where_(&previous, v);
    let im = first.lazy().where_(&next, v).apply2(Multiply, first.lazy().astype::<T>() - second.lazy().astype::<T>());
    let i = T::Complex::from_parts(zero, <Real<T::Complex> as Num>::ONE);
    (re.astype::<T::Complex>() + im.astype::<T::Complex>() * i).try_eval()?.into_rank()
}

/// The factors `Q` and `R`: square and as high as the matrix if `complete`.
pub(super) fn qr<T: Lapack>(x: &Matrices<T>, complete: bool) -> Result<(Matrices<T>, Matrices<T>)> {
    if let Some(factors) = small::qr(x, complete, true)? {
        return Ok(factors);
    }
    let factors = Householder::new(x)?;
    Ok((factors.q(complete)?, factors.r(complete)?))
}

/// The factor `R` alone.
pub(super) fn qr_r<T: Lapack>(x: &Matrices<T>) -> Result<Matrices<T>> {
    match small::qr(x, false, false)? {
        Some((_, r)) => Ok(r),
        None => Householder::new(x)?.r(false),
    }
}

/// The factor `R` of a matrix that nobody else has, by its transpose, which is contiguous and is overwritten.
pub(super) fn qr_r_of<T: Lapack>(transpose: Matrices<T>) -> Result<Matrices<T>> {
    let scale = Scale::new(&transpose, false)?;
    let transpose = if scale.is_needed() { scale.apply(&transpose)? } else { transpose };
    Householder::of(Columns::of(transpose), scale)?.r(false)
}

/// A QR factorisation: reflectors below the diagonal, `R` above.
struct Householder<T: Lapack> {
    a: Columns<T>,
    tau: VectorStack<T>,
    scale: Scale,
    shape: [usize; 2],
    stack: Vec<usize>,
}

impl<T: Lapack> Householder<T> {
    fn new(x: &Matrices<T>) -> Result<Self> {
        let scale = Scale::new(x, false)?;
        let a = Columns::of(scale.apply(&x.matrix_transpose()?)?);
        Self::of(a, scale)
    }

    /// The factorisation of scaled matrices, in their memory.
    fn of(a: Columns<T>, scale: Scale) -> Result<Self> {
        let (device, stack, [n, m]) = (a.transposes.device(), stack_of(&a.transposes).to_vec(), shape_of(&a.transposes));
        let shape = [m, n];
        let tau = VectorStack::<T>::new(device, &stack, m.min(n))?;
        if m.min(n) > 0 && is_batch(&stack, shape) {
            let (list, factors) = (a.list()?, tau.list()?);
            let (matrices, factors, batch) = (list.matrices(), factors.matrices().pointer, count(&stack) as i64);
            // SAFETY: the matrices were made for these sizes.
            run(device, "QR factorisation", |d| unsafe { d.blas()?.geqrf_batched(d, T::DTYPE, [m as i64, n as i64], matrices, factors, batch) })?;
        } else if m.min(n) > 0 {
            let reports = Reports::new(device, count(&stack))?;
            run(device, "QR factorisation", |d| {
                let solver = d.solver()?;
                for ((a, tau), report) in a.each().zip(tau.each()).zip(reports.each()) {
                    // SAFETY: the matrices were made for these sizes.
                    unsafe { solver.geqrf(d, T::DTYPE, m as i64, n as i64, a, tau, report) }?;
                }
                Ok(())
            })?;
        }
        Ok(Householder { a, tau, scale, shape, stack })
    }

    /// The factor `R`, with as many rows as columns of `Q`.
    fn r(&self, complete: bool) -> Result<Matrices<T>> {
        let rows = self.columns_of_q(complete) as isize;
        let r = self.a.transposes.slice_axis(-1, ..rows)?.matrix_transpose()?.triu(0)?;
        self.scale.undo(&r, r.clone())
    }

    /// The factor `Q`, square if `complete`.
    fn q(&self, complete: bool) -> Result<Matrices<T>> {
        let (device, [m, n], k) = (self.a.transposes.device(), self.shape, self.columns_of_q(complete));
        let q = Columns::new(device, &self.stack, m, k)?;
        if m.min(n) == 0 {
            return if k == 0 { q.finish() } else { eye::<_, T>(device, m, m, 0)?.into_dyn().broadcast_to(shape(&self.stack, [m, m])) };
        }
        if is_batch(&self.stack, self.shape) {
            let reflectors = self.a.transposes.slice_axis(-2, ..m.min(n))?;
            return reflectors::product(&reflectors, &self.tau.array, k)?.matrix_transpose();
        }
        // The reflectors go to the first columns; the columns after them are arbitrary.
        let reflectors = self.a.transposes.slice_axis(-2, ..m.min(n))?;
        let filler = self.a.transposes.slice_axis(-2, ..1)?;
        let missing = k - m.min(n);
        let parts = [&reflectors, &filler.broadcast_to(shape(&self.stack, [missing, m]))?];
        let q = Columns::of(if missing == 0 { reflectors.copy()? } else { xp_core::functions::concat(&parts, -2)?.contiguous()? });
        let reports = Reports::new(device, count(&self.stack))?;
        run(device, "forming of Q", |d| {
            let solver = d.solver()?;
            for ((q, tau), report) in q.each().zip(self.tau.each()).zip(reports.each()) {
                // SAFETY: the matrices were made for these sizes.
                unsafe { solver.form_q(d, T::DTYPE, m as i64, k as i64, m.min(n) as i64, q, tau, report) }?;
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
    if let Some(factors) = small::cholesky(x, upper)? {
        return Ok(factors);
    }
    let (device, [n, _]) = (x.device(), shape_of(x));
    // The lower triangle in row-major order is the upper one of the transpose, which is the conjugate: conj(A) = U^H U means
    // A = L L^H with L = U^T, which is the memory of U.
    let a = Columns::of(x.contiguous()?.tril(0)?);
    if n > 0 {
        let reports = Reports::new(device, count(stack_of(x)))?;
        let stack = stack_of(x);
        let list = if is_batch(stack, [n, n]) { Some(a.list()?) } else { None };
        run(device, "Cholesky factorisation", |d| {
            let solver = d.solver()?;
            if let Some(list) = &list {
                let (matrices, batch) = (list.matrices(), count(stack) as i64);
                // SAFETY: the matrices were made for these sizes.
                return unsafe { solver.potrf_batched(d, T::DTYPE, Triangle::Upper, n as i64, matrices, reports.first(), batch) };
            }
            for (a, report) in a.each().zip(reports.each()) {
                // SAFETY: the matrices were made for these sizes.
                unsafe { solver.potrf(d, T::DTYPE, Triangle::Upper, n as i64, a, report) }?;
            }
            Ok(())
        })?;
        if let Some((matrix, order)) = reports.finish()? {
            return Err(LinalgError::NotPositiveDefinite { matrix: Some(matrix), order: order.unsigned_abs() as usize }.into());
        }
    }
    let factors = a.transposes;
    // Infinity and NaN pass through a factorisation unnoticed: they end up on the diagonal.
    if n > 0
        && !factors.diagonal(0)?.lazy().isfinite().all(..).try_eval()?.item()?
        && let Some(place) = values(&factors.diagonal(0)?.isfinite().into_dyn())?.iter().position(|finite| !finite)
    {
        return Err(LinalgError::NotPositiveDefinite { matrix: Some(place / n), order: place % n + 1 }.into());
    }
    let l = factors.tril(0)?;
    if upper { adjoint(&l) } else { Ok(l) }
}

/// Waits, and fails for the first matrix whose iteration did not converge.
pub(super) fn no_convergence(reports: Reports) -> Result<()> {
    match reports.finish()? {
        Some((matrix, _)) => Err(LinalgError::NoConvergence { matrix: Some(matrix) }.into()),
        None => Ok(()),
    }
}

/// Rows and columns.
pub(super) fn shape_of<T: Lapack>(x: &Matrices<T>) -> [usize; 2] {
    let n = x.ndim();
    [x.dims()[n - 2], x.dims()[n - 1]]
}

/// The shape of a stack of matrices of these rows and columns.
pub(super) fn shape(stack: &[usize], last: [usize; 2]) -> Vec<usize> {
    stack.iter().copied().chain(last).collect()
}
