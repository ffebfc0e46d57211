//! Linear algebra on arrays: views of arrays as matrices, stacks, and lazy matrices by blocks of rows.

use std::ops::Range;

use faer::{Accum, MatMut, MatRef, Par};
use num_complex::Complex;
use xp_core::backend::Stack;
use xp_core::expr::{CHUNK, Expr, Kernel, Lazy, Leaves, Plan};
use xp_core::linalg::{Eig, LinalgError, Trans, Vectors};
use xp_core::math::Isa;
use xp_core::{Array, Dyn, Element, Error, Floating, Ix2, Linalg, Num, Result};

use crate::Cpu;
use crate::buffer::CpuBuffer;
use crate::dispatch::with_dtype;
use crate::level::at_level;
use crate::linalg::{self, Scalar};
use crate::threads::{self, Shared};

type Matrices<T> = Array<Cpu, T, Dyn>;
type Real<T> = <T as Num>::Real;

/// The dtypes of this backend's linear algebra.
pub(crate) trait Matrix: Scalar<R: Element> + Floating<Part = <Self as Scalar>::R> {}
impl<T: Scalar<R: Element> + Floating<Part = <T as Scalar>::R>> Matrix for T {}

/// Products of stacks of matrices of any numeric dtype.
///
/// # Safety
/// Strides and offsets must describe elements of the operands.
pub(crate) unsafe fn matmul<T: Num>(
    a: Stack<'_, Cpu, T>,
    b: Stack<'_, Cpu, T>,
    [m, k, n]: [usize; 3],
    batches: &[[usize; 2]],
) -> Result<CpuBuffer<T>> {
    let out = CpuBuffer::<T>::new(batches.len() * m * n)?;
    if batches.is_empty() || m * n == 0 {
        return Ok(out);
    }
    if k == 0 {
        // SAFETY: the memory is new.
        unsafe { out.as_uninit() }.fill(std::mem::MaybeUninit::new(T::ZERO));
        return Ok(out);
    }
    let (pa, pb, pc) = (Shared::new(a.buffer.ptr()), Shared::new(b.buffer.ptr()), Shared::new(out.ptr()));
    if gram(&a, &b, [m, k, n], batches, &out) {
        return Ok(out);
    }
    let short = with_dtype!(T as U in [F32 f32, F64 f64] => {
        let (a, b) = ((pa.get().cast::<U>().cast_const(), a.strides), (pb.get().cast::<U>().cast_const(), b.strides));
        // SAFETY: strides and offsets describe elements of the operands, which are written; the output is new.
        unsafe { linalg::short_products(pc.get().cast::<U>(), a, b, [m, k, n], batches, linalg::all_threads()) }
    }, else false);
    if short {
        return Ok(out);
    }
    let product = |i: usize, par: Par| {
        let [oa, ob] = batches[i];
        let (pa, pb, pc) = (pa.get().wrapping_add(oa), pb.get().wrapping_add(ob), pc.get().wrapping_add(i * m * n));
        // SAFETY: strides and offsets describe elements of the operands, which are written; the output is new, and the
        // products of a stack write disjoint parts of it.
        unsafe {
            with_dtype!(T as U in [F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>] => {
                let a = MatRef::from_raw_parts(pa.cast::<U>(), m, k, a.strides[0], a.strides[1]);
                let b = MatRef::from_raw_parts(pb.cast::<U>(), k, n, b.strides[0], b.strides[1]);
                let c = MatMut::from_raw_parts_mut(pc.cast::<U>(), m, n, n as isize, 1);
                linalg::matmul(c, Accum::Replace, <U as Scalar>::ONE, a, b, par);
            }, else with_dtype!(T as U in [I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64] => {
                let a = MatRef::from_raw_parts(pa.cast::<U>(), m, k, a.strides[0], a.strides[1]);
                let b = MatRef::from_raw_parts(pb.cast::<U>(), k, n, b.strides[0], b.strides[1]);
                let c = MatMut::from_raw_parts_mut(pc.cast::<U>(), m, n, n as isize, 1);
                linalg::matmul_integer(c, a, b, par);
            }, else with_dtype!(T as U in [F16 half::f16, BF16 half::bf16] => {
                let wide = |p: *mut T, rows, cols, s: [isize; 2]| {
                    let x = MatRef::from_raw_parts(p.cast::<U>(), rows, cols, s[0], s[1]);
                    faer::Mat::<f32>::from_fn(rows, cols, |i, j| x.row(i).ptr_at(j).read().to_f32())
                };
                let (a, b) = (wide(pa, m, k, a.strides), wide(pb, k, n, b.strides));
                let mut c = faer::Mat::<f32>::zeros(m, n);
                linalg::matmul(c.as_mut(), Accum::Replace, 1.0, a.as_ref(), b.as_ref(), par);
                for i in 0..m {
                    for j in 0..n {
                        pc.cast::<U>().add(i * n + j).write(U::from_f32(c[(i, j)]));
                    }
                }
            }, else unreachable!("a numeric dtype"))));
        }
        Ok(())
    };
    let done = linalg::for_each(batches.len(), m * k * n, linalg::all_threads(), product);
    debug_assert!(done.is_ok());
    Ok(out)
}

/// Number of multiplications up to which a product is not worth the savings of a symmetric one.
const SMALL_GRAM: usize = 4096;

/// The product of a matrix with its own transpose, of which only a triangle is computed. `false` if it is another product.
fn gram<T: Num>(a: &Stack<'_, Cpu, T>, b: &Stack<'_, Cpu, T>, [m, k, n]: [usize; 3], batches: &[[usize; 2]], out: &CpuBuffer<T>) -> bool {
    let transposed = a.buffer.ptr() == b.buffer.ptr() && a.strides == [b.strides[1], b.strides[0]] && m == n;
    let &[[oa, ob]] = batches else { return false };
    // A small product costs less than the two passes over a triangle.
    if !transposed || oa != ob || m * k * n <= SMALL_GRAM {
        return false;
    }
    with_dtype!(T as U in [F32 f32, F64 f64] => {
        // SAFETY: strides and offset describe elements of the operand, which are written; the output is new.
        let (x, out) = unsafe {
            let x = b.buffer.ptr().wrapping_add(ob).cast::<U>();
            (MatRef::from_raw_parts(x, k, n, b.strides[0], b.strides[1]), MatMut::from_raw_parts_mut(out.ptr().cast::<U>(), m, n, n as isize, 1))
        };
        linalg::gram(out, x, linalg::all_threads());
        true
    }, else false)
}

/// A stack of matrices: its shape without the last two axes, and the matrices as views.
struct Views<T: Element> {
    array: Matrices<T>,
    rows: usize,
    cols: usize,
}
impl<T: Element> Views<T> {
    /// One matrix is seen as it lies in memory, a stack is made contiguous first.
    fn new(x: &Matrices<T>) -> Result<Self> {
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

    fn get(&self, i: usize) -> MatRef<'_, T> {
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
struct Results<T: Element> {
    buffer: CpuBuffer<T>,
    rows: usize,
    cols: Option<usize>,
}
impl<T: Element> Results<T> {
    fn new(count: usize, rows: usize, cols: Option<usize>) -> Result<Self> {
        let buffer = CpuBuffer::new(count * rows * cols.unwrap_or(1))?;
        // Views give out `&mut T`, so the memory is initialised first.
        // SAFETY: the memory is new, and zero bits are a value of every dtype.
        unsafe { std::ptr::write_bytes(buffer.ptr(), 0, buffer.len()) };
        Ok(Results { buffer, rows, cols })
    }

    /// # Safety
    /// No two views of one matrix may live at the same time.
    #[allow(clippy::mut_from_ref)]
    unsafe fn matrix(&self, i: usize) -> MatMut<'_, T> {
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

    fn finish(self, stack: &[usize]) -> Result<Matrices<T>> {
        let mut shape = stack.to_vec();
        shape.push(self.rows);
        shape.extend(self.cols);
        // SAFETY: the buffer was made for this shape, and initialised.
        unsafe { Array::from_buffer(&Cpu, self.buffer, &shape) }
    }
}

fn error(matrix: usize, e: linalg::Error) -> Error {
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
            fn gram<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> { lazy_gram(e) }
            fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Self, $t, Ix2>>
            where
                E: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
                F: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
            {
                cross(a, b)
            }
            fn project<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>, b: &Array<Self, $t, Ix2>) -> Result<Array<Self, $t, Ix2>> {
                project(e, b)
            }
            fn tall_r<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> { tall_r(e) }
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

/// A lazy matrix, ready to fill blocks of its rows.
struct LazyRows<K> {
    kernel: K,
    cols: usize,
}
impl<K: Kernel> LazyRows<K> {
    /// Writes the rows one after the other.
    fn fill(&self, rows: Range<usize>, block: &mut [K::Elem]) {
        assert_eq!(block.len(), rows.len() * self.cols);
        // SAFETY: the kernel was lowered for the plan, whose operands the caller keeps alive; `block` has room.
        unsafe { fill_rows(self.kernel.clone(), self.cols, rows, Shared::new(block.as_mut_ptr())) }
    }
}

unsafe fn fill_rows<K: Kernel>(kernel: K, cols: usize, rows: Range<usize>, to: Shared<*mut K::Elem>) {
    at_level!(fill_rows_at<K: Kernel>(kernel: K, cols: usize, rows: Range<usize>, to: Shared<*mut K::Elem>))
}

#[inline(always)]
unsafe fn fill_rows_at<I: Isa, K: Kernel>(mut kernel: K, cols: usize, rows: Range<usize>, to: Shared<*mut K::Elem>) {
    let mut to = to.get();
    for row in rows {
        // SAFETY: the row is inside the plan, chunks are inside the row, and there is room for all rows.
        unsafe {
            kernel.seek(&[row]);
            let mut at = 0;
            while at < cols {
                let len = CHUNK.min(cols - at);
                kernel.fill::<I>(at, len);
                let mut chunk = [K::Elem::default(); CHUNK];
                for (j, slot) in chunk.iter_mut().enumerate() {
                    *slot = kernel.get::<I>(j);
                }
                std::ptr::copy_nonoverlapping(chunk.as_ptr(), to, len);
                to = to.add(len);
                at += len;
            }
        }
    }
}

/// Calls `run` with the shape of a lazy matrix and a way to fill blocks of its rows.
fn with_rows<E: Expr<Dim = Ix2>, R>(e: &Lazy<E>, run: impl FnOnce([usize; 2], LazyRows<E::Kernel>) -> Result<R>) -> Result<R> {
    let [n, p] = e.expr().shape()?;
    e.expr().device()?;
    let mut leaves = Leaves::default();
    e.expr().leaves(&[n, p], &mut leaves);
    let plan = Plan::elementwise(&[n, p], &[p as isize, 1], leaves.irregular());
    let kernel = e.expr().lower(&plan, &mut 0);
    run([n, p], LazyRows { kernel, cols: p })
}

fn lazy_gram<T: Matrix, E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Cpu, T, Ix2>> {
    with_rows(e, |[n, p], rows| {
        let out = Results::new(1, p, Some(p))?;
        // SAFETY: the only view.
        linalg::gram_blocks(unsafe { out.matrix(0) }, n, |range, block| rows.fill(range, block), linalg::all_threads());
        out.finish(&[])?.into_rank()
    })
}

fn tall_r<T: Matrix, E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Cpu, T, Ix2>> {
    with_rows(e, |[n, p], rows| {
        let out = Results::new(1, p, Some(p))?;
        // SAFETY: the only view.
        linalg::tsqr_r(unsafe { out.matrix(0) }, n, |range, block| rows.fill(range, block), linalg::all_threads()).map_err(|e| error(0, e))?;
        out.finish(&[])?.into_rank()
    })
}

/// Rows of a block, so that it stays in the second-level cache.
fn block_rows(cols: usize) -> usize {
    ((64 << 10) / cols.max(1)).clamp(32, 1024)
}

fn cross<T: Matrix, E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Cpu, T, Ix2>>
where
    E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>,
    F: Expr<Backend = Cpu, Elem = T, Dim = Ix2>,
{
    with_rows(a, |[n, p], left| {
        with_rows(b, |[m, q], right| {
            if m != n {
                return Err(Error::shape("cross", &[m, q], format!("{n} rows")));
            }
            // Groups of blocks, each with a sum of its own; their number depends on the shape alone.
            let step = block_rows(p + q);
            let blocks = n.div_ceil(step);
            let groups = (n / (8 * (p + q).max(1))).clamp(1, 64).min(blocks.max(1));
            let sums = threads::map(groups, |g| {
                let mut sum = faer::Mat::<T>::zeros(p, q);
                let (mut x, mut y) = (vec![<T as Scalar>::ZERO; step * p], vec![<T as Scalar>::ZERO; step * q]);
                for block in g * blocks / groups..(g + 1) * blocks / groups {
                    let rows = block * step..((block + 1) * step).min(n);
                    let len = rows.len();
                    left.fill(rows.clone(), &mut x[..len * p]);
                    right.fill(rows, &mut y[..len * q]);
                    let (x, y) = (MatRef::from_row_major_slice(&x[..len * p], len, p), MatRef::from_row_major_slice(&y[..len * q], len, q));
                    product_adjoint(sum.as_mut(), x, y);
                }
                sum
            });
            let out = Results::new(1, p, Some(q))?;
            // SAFETY: the only view.
            let mut total = unsafe { out.matrix(0) };
            for sum in &sums {
                total += sum;
            }
            out.finish(&[])?.into_rank()
        })
    })
}

/// `sum += x^H y`.
fn product_adjoint<T: Matrix>(sum: MatMut<'_, T>, x: MatRef<'_, T>, y: MatRef<'_, T>) {
    faer::linalg::matmul::matmul(sum, Accum::Add, x.adjoint(), y, <T as Scalar>::ONE, Par::Seq);
}

fn project<T: Matrix, E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>>(e: &Lazy<E>, b: &Array<Cpu, T, Ix2>) -> Result<Array<Cpu, T, Ix2>> {
    with_rows(e, |[n, p], rows| {
        let [inner, q] = b.shape();
        if inner != p {
            return Err(Error::shape("project", b.dims(), format!("{p} rows")));
        }
        let b = Views::new(&b.contiguous()?.into_dyn())?;
        let out = CpuBuffer::<T>::new(n * q)?;
        // SAFETY: the memory is new; zeros are written so that views may be given out.
        unsafe { std::ptr::write_bytes(out.ptr(), 0, out.len()) };
        let to = Shared::new(out.ptr());
        let step = block_rows(p);
        threads::parallel(n.div_ceil(step), |blocks| {
            let mut x = vec![<T as Scalar>::ZERO; step * p];
            for block in blocks {
                let range = block * step..((block + 1) * step).min(n);
                let len = range.len();
                // SAFETY: the blocks write disjoint rows of the output.
                let c = unsafe { MatMut::from_raw_parts_mut(to.get().add(range.start * q), len, q, q as isize, 1) };
                rows.fill(range, &mut x[..len * p]);
                linalg::matmul(c, Accum::Replace, <T as Scalar>::ONE, MatRef::from_row_major_slice(&x[..len * p], len, p), b.get(0), Par::Seq);
            }
        });
        // SAFETY: the buffer was made for this shape, and initialised.
        unsafe { Array::from_buffer(&Cpu, out, &[n, q]) }
    })
}
