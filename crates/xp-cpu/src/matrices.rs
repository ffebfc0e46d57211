//! Linear algebra on arrays: views of arrays as matrices, and stacks of them.

use faer::{MatMut, MatRef, Par};
use num_complex::Complex;
use xp_core::expr::{Expr, Lazy};
use xp_core::linalg::{Eig, LinalgError, Trans, Vectors};
use xp_core::{Array, Dyn, Element, Error, Floating, Ix2, Linalg, Num, Result};

use crate::Cpu;
use crate::buffer::CpuBuffer;
use crate::linalg::{self, Scalar};
use crate::rows;

type Matrices<T> = Array<Cpu, T, Dyn>;
type Real<T> = <T as Num>::Real;

/// The dtypes of this backend's linear algebra.
pub(crate) trait Matrix: Scalar<R: Element> + Floating<Part = <Self as Scalar>::R> {}
impl<T: Scalar<R: Element> + Floating<Part = <T as Scalar>::R>> Matrix for T {}

/// A stack of matrices: its shape without the last two axes, and the matrices as views.
pub(crate) struct Views<T: Element> {
    array: Matrices<T>,
    rows: usize,
    cols: usize,
}
impl<T: Element> Views<T> {
    /// One matrix is seen as it lies in memory, a stack is made contiguous first.
    pub(crate) fn new(x: &Matrices<T>) -> Result<Self> {
        let array = if x.ndim() == 2 { x.clone() } else { x.contiguous()? };
        let (rows, cols) = (x.dims()[x.ndim() - 2], x.dims()[x.ndim() - 1]);
        Ok(Views { array, rows, cols })
    }

    fn stack(&self) -> &[usize] {
        &self.array.dims()[..self.array.ndim() - 2]
    }

    fn count(&self) -> usize {
        self.stack().iter().product()
    }

    pub(crate) fn get(&self, i: usize) -> MatRef<'_, T> {
        let n = self.array.ndim();
        let start = self.array.buffer().ptr().wrapping_add(self.array.offset() + i * self.rows * self.cols);
        // SAFETY: shape and strides describe elements of the array, which are written and borrowed.
        unsafe { MatRef::from_raw_parts(start, self.rows, self.cols, self.array.strides()[n - 2], self.array.strides()[n - 1]) }
    }

    /// Runs `solve` on every matrix, side by side when they are small.
    fn for_each(&self, work: usize, solve: impl Fn(usize, MatRef<'_, T>, Par) -> linalg::Result<()> + Sync) -> Result<()>
    where
        T: Sync,
    {
        linalg::for_each(self.count(), work, linalg::all_threads(), |i, par| solve(i, self.get(i), par)).map_err(|(i, e)| error(i, e))
    }
}

/// A new stack of row-major matrices, or of vectors if `cols` is `None`.
pub(crate) struct Results<T: Element> {
    buffer: CpuBuffer<T>,
    rows: usize,
    cols: Option<usize>,
}
impl<T: Element> Results<T> {
    pub(crate) fn new(count: usize, rows: usize, cols: Option<usize>) -> Result<Self> {
        let buffer = CpuBuffer::new(count * rows * cols.unwrap_or(1))?;
        // Views give out `&mut T`, so the memory is initialised first.
        // SAFETY: the memory is new, and zero bits are a value of every dtype.
        unsafe { std::ptr::write_bytes(buffer.ptr(), 0, buffer.len()) };
        Ok(Results { buffer, rows, cols })
    }

    /// # Safety
    /// No two views of one matrix may live at the same time.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn matrix(&self, i: usize) -> MatMut<'_, T> {
        let cols = self.cols.unwrap_or(1);
        // SAFETY: the buffer has room for the matrix, and the caller for one view of it.
        unsafe { MatMut::from_raw_parts_mut(self.buffer.ptr().add(i * self.rows * cols), self.rows, cols, cols as isize, 1) }
    }

    /// # Safety
    /// As for [`Results::matrix`].
    #[allow(clippy::mut_from_ref)]
    unsafe fn vector(&self, i: usize) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.buffer.ptr().add(i * self.rows), self.rows) }
    }

    pub(crate) fn finish(self, stack: &[usize]) -> Result<Matrices<T>> {
        let mut shape = stack.to_vec();
        shape.push(self.rows);
        shape.extend(self.cols);
        // SAFETY: the buffer was made for this shape, and initialised.
        unsafe { Array::from_buffer(&Cpu, self.buffer, &shape) }
    }
}

pub(crate) fn error(matrix: usize, e: linalg::Error) -> Error {
    match e {
        linalg::Error::NotPositiveDefinite { index } => LinalgError::NotPositiveDefinite { matrix, order: index + 1 }.into(),
        linalg::Error::Singular { index } => LinalgError::Singular { matrix, pivot: index }.into(),
        linalg::Error::NoConvergence => LinalgError::NoConvergence { matrix }.into(),
        linalg::Error::NonFinite => LinalgError::NonFinite { matrix }.into(),
        linalg::Error::OutOfMemory { bytes } => Error::OutOfMemory { device: Cpu.to_string(), bytes },
    }
}

macro_rules! linalg_for {
    ($($t:ty),*) => {$(
        impl Linalg<$t> for Cpu {
            fn svd(x: &Matrices<$t>, vectors: Vectors) -> Result<(Matrices<$t>, Matrices<Real<$t>>, Matrices<$t>)> { svd(x, vectors) }
            fn svdvals(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> { svdvals(x) }
            fn eigh(x: &Matrices<$t>) -> Result<(Matrices<Real<$t>>, Matrices<$t>)> { eigh(x) }
            fn eigvalsh(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> { eigvalsh(x) }
            fn qr(x: &Matrices<$t>, complete: bool) -> Result<(Matrices<$t>, Matrices<$t>)> { qr(x, complete) }
            fn qr_r(x: &Matrices<$t>) -> Result<Matrices<$t>> { qr_r(x) }
            fn cholesky(x: &Matrices<$t>, upper: bool) -> Result<Matrices<$t>> { cholesky(x, upper) }
            fn solve(a: &Matrices<$t>, b: &Matrices<$t>) -> Result<Matrices<$t>> {
                with_rhs(a, b, |a, x, par| linalg::solve(a, x, par))
            }
            fn solve_triangular(a: &Matrices<$t>, b: &Matrices<$t>, upper: bool, unit: bool, op: Trans) -> Result<Matrices<$t>> {
                let triangle = if upper { linalg::Triangle::Upper } else { linalg::Triangle::Lower };
                let op = match op {
                    Trans::No => linalg::Op::None,
                    Trans::Transpose => linalg::Op::Transpose,
                    Trans::Adjoint => linalg::Op::Adjoint,
                };
                with_rhs(a, b, |a, x, par| linalg::solve_triangular(a, triangle, unit, op, x, par))
            }
            fn inv(x: &Matrices<$t>) -> Result<Matrices<$t>> { inv(x) }
            fn slogdet(x: &Matrices<$t>) -> Result<(Matrices<$t>, Matrices<Real<$t>>)> { slogdet(x) }
            fn lu(x: &Matrices<$t>) -> Result<(Matrices<i64>, Matrices<$t>, Matrices<$t>)> { lu(x) }
            fn det(x: &Matrices<$t>) -> Result<Matrices<$t>> { det(x) }
            fn gram<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> { rows::gram(e) }
            fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Self, $t, Ix2>>
            where
                E: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
                F: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
            {
                rows::cross(a, b)
            }
            fn project<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>, b: &Array<Self, $t, Ix2>) -> Result<Array<Self, $t, Ix2>> {
                rows::project(e, b)
            }
            fn tall_r<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> { rows::tall_r(e) }
        }
        impl Eig<$t> for Cpu {
            type Complex = Complex<<$t as Num>::Real>;
            fn eig(x: &Matrices<$t>) -> Result<(Matrices<Self::Complex>, Matrices<Self::Complex>)> {
                let v = Views::new(x)?;
                let (n, count) = (v.rows, v.count());
                let (w, vectors) = (Results::new(count, n, None)?, Results::new(count, n, Some(n))?);
                // SAFETY: one view per matrix.
                v.for_each(25 * n * n * n, |i, x, par| unsafe { linalg::eig(x, w.vector(i), vectors.matrix(i), par) })?;
                Ok((w.finish(v.stack())?, vectors.finish(v.stack())?))
            }
            fn eigvals(x: &Matrices<$t>) -> Result<Matrices<Self::Complex>> {
                let v = Views::new(x)?;
                let w = Results::new(v.count(), v.rows, None)?;
                // SAFETY: one view per matrix.
                v.for_each(10 * v.rows * v.rows * v.rows, |i, x, par| unsafe { linalg::eigvals(x, w.vector(i), par) })?;
                w.finish(v.stack())
            }
        }
    )*};
}
linalg_for!(f32, f64, Complex<f32>, Complex<f64>);

fn svd<T: Matrix>(x: &Matrices<T>, vectors: Vectors) -> Result<(Matrices<T>, Matrices<Real<T>>, Matrices<T>)> {
    let v = Views::new(x)?;
    let (m, n, count) = (v.rows, v.cols, v.count());
    let k = m.min(n);
    let (um, vn) = if vectors == Vectors::Full { (m, n) } else { (k, k) };
    let (u, s, vh) = (Results::new(count, m, Some(um))?, Results::new(count, k, None)?, Results::new(count, vn, Some(n))?);
    // SAFETY: one view per matrix.
    v.for_each(12 * m * n * k, |i, x, par| unsafe { linalg::svd(x, s.vector(i), Some(u.matrix(i)), Some(vh.matrix(i)), par) })?;
    Ok((u.finish(v.stack())?, s.finish(v.stack())?, vh.finish(v.stack())?))
}

fn svdvals<T: Matrix>(x: &Matrices<T>) -> Result<Matrices<Real<T>>> {
    let v = Views::new(x)?;
    let k = v.rows.min(v.cols);
    let s = Results::new(v.count(), k, None)?;
    // SAFETY: one view per matrix.
    v.for_each(4 * v.rows * v.cols * k, |i, x, par| unsafe { linalg::svdvals(x, s.vector(i), par) })?;
    s.finish(v.stack())
}

fn eigh<T: Matrix>(x: &Matrices<T>) -> Result<(Matrices<Real<T>>, Matrices<T>)> {
    let v = Views::new(x)?;
    let (n, count) = (v.rows, v.count());
    let (w, vectors) = (Results::new(count, n, None)?, Results::new(count, n, Some(n))?);
    // SAFETY: one view per matrix.
    v.for_each(9 * n * n * n, |i, x, par| unsafe { linalg::eigh(x, w.vector(i), vectors.matrix(i), par) })?;
    Ok((w.finish(v.stack())?, vectors.finish(v.stack())?))
}

fn eigvalsh<T: Matrix>(x: &Matrices<T>) -> Result<Matrices<Real<T>>> {
    let v = Views::new(x)?;
    let w = Results::new(v.count(), v.rows, None)?;
    // SAFETY: one view per matrix.
    v.for_each(2 * v.rows * v.rows * v.rows, |i, x, par| unsafe { linalg::eigvalsh(x, w.vector(i), par) })?;
    w.finish(v.stack())
}

fn qr<T: Matrix>(x: &Matrices<T>, complete: bool) -> Result<(Matrices<T>, Matrices<T>)> {
    let v = Views::new(x)?;
    let (m, n, count) = (v.rows, v.cols, v.count());
    let k = if complete { m } else { m.min(n) };
    let (q, r) = (Results::new(count, m, Some(k))?, Results::new(count, k, Some(n))?);
    // SAFETY: one view per matrix.
    v.for_each(3 * m * n * m.min(n), |i, x, par| unsafe { linalg::qr(x, q.matrix(i), r.matrix(i), par) })?;
    Ok((q.finish(v.stack())?, r.finish(v.stack())?))
}

fn qr_r<T: Matrix>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let k = v.rows.min(v.cols);
    let r = Results::new(v.count(), k, Some(v.cols))?;
    // SAFETY: one view per matrix.
    v.for_each(2 * v.rows * v.cols * k, |i, x, par| unsafe { linalg::qr_r(x, r.matrix(i), par) })?;
    r.finish(v.stack())
}

fn cholesky<T: Matrix>(x: &Matrices<T>, upper: bool) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let (n, triangle) = (v.rows, if upper { linalg::Triangle::Upper } else { linalg::Triangle::Lower });
    let out = Results::new(v.count(), n, Some(n))?;
    // SAFETY: one view per matrix.
    v.for_each(n * n * n / 3, |i, x, par| unsafe { linalg::cholesky(x, triangle, out.matrix(i), par) })?;
    out.finish(v.stack())
}

fn inv<T: Matrix>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let n = v.rows;
    let out = Results::new(v.count(), n, Some(n))?;
    // SAFETY: one view per matrix.
    v.for_each(n * n * n, |i, x, par| unsafe { linalg::inv(x, out.matrix(i), par) })?;
    out.finish(v.stack())
}

fn lu<T: Matrix>(x: &Matrices<T>) -> Result<(Matrices<i64>, Matrices<T>, Matrices<T>)> {
    let v = Views::new(x)?;
    let (m, n, count) = (v.rows, v.cols, v.count());
    let k = m.min(n);
    let (order, l, u) = (Results::<i64>::new(count, m, None)?, Results::new(count, m, Some(k))?, Results::new(count, k, Some(n))?);
    v.for_each(m * n * k, |i, x, par| {
        let factors = linalg::Lu::new(x, par)?;
        // SAFETY: one view per matrix.
        unsafe {
            factors.lower(l.matrix(i));
            factors.upper(u.matrix(i));
            order.vector(i).iter_mut().zip(factors.permutation()).for_each(|(to, &row)| *to = row as i64);
        }
        Ok(())
    })?;
    Ok((order.finish(v.stack())?, l.finish(v.stack())?, u.finish(v.stack())?))
}

fn slogdet<T: Matrix>(x: &Matrices<T>) -> Result<(Matrices<T>, Matrices<Real<T>>)> {
    let v = Views::new(x)?;
    let (n, count) = (v.rows, v.count());
    let (sign, log) = (Results::new(count, 1, None)?, Results::new(count, 1, None)?);
    v.for_each(n * n * n / 3, |i, x, par| {
        // SAFETY: one view per matrix.
        let (s, l) = unsafe { (sign.vector(i), log.vector(i)) };
        (s[0], l[0]) = linalg::slogdet(x, par)?;
        Ok(())
    })?;
    let stack = v.stack().to_vec();
    Ok((sign.finish(&stack)?.squeeze(-1)?, log.finish(&stack)?.squeeze(-1)?))
}

fn det<T: Matrix>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let out = Results::new(v.count(), 1, None)?;
    v.for_each(v.rows * v.rows * v.rows / 3, |i, x, par| {
        // SAFETY: one view per matrix.
        let slot = unsafe { out.vector(i) };
        slot[0] = linalg::det(x, par)?;
        Ok(())
    })?;
    out.finish(v.stack())?.squeeze(-1)
}

/// Solves in place on copies of the right-hand sides.
fn with_rhs<T: Matrix>(
    a: &Matrices<T>,
    b: &Matrices<T>,
    solve: impl Fn(MatRef<'_, T>, MatMut<'_, T>, Par) -> linalg::Result<()> + Sync,
) -> Result<Matrices<T>> {
    let (va, vb) = (Views::new(a)?, Views::new(b)?);
    let (n, c) = (vb.rows, vb.cols);
    let out = Results::new(va.count(), n, Some(c))?;
    va.for_each(n * n * (n / 3 + c), |i, a, par| {
        // SAFETY: one view per matrix.
        let mut x = unsafe { out.matrix(i) };
        x.copy_from(vb.get(i));
        solve(a, x, par)
    })?;
    out.finish(va.stack())
}
