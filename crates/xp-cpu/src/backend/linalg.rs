//! Linear algebra on arrays.

use num_complex::Complex;
use xp_core::backend::Slot;
use xp_core::expr::{Expr, Lazy};
use xp_core::functions::Order;
use xp_core::linalg::{Basis, Eig, Triangle, Triangular};
use xp_core::{Array, Element, Error, Floating, Ix1, Ix2, Linalg, Num, Result};
use xp_engine::linalg::{self, Matrix, MatrixMut, Scalar, Threads};
use xp_engine::threads::Shared;

use crate::Cpu;
use crate::backend::lazy_rows;
use crate::backend::stack::{Matrices, Results, Views, work};

type Real<T> = <T as Num>::Real;

/// The dtypes of this backend's linear algebra.
pub(crate) trait Elem: Scalar<R: Element> + Floating<Part = <Self as Scalar>::R> {}
impl<T: Scalar<R: Element> + Floating<Part = <T as Scalar>::R>> Elem for T {}

/// Methods for real dtypes alone.
macro_rules! real {
    ($t:ty) => {
        fn matmul_top_k<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(
            e: &Lazy<E>,
            x: &Array<Self, $t, Ix2>,
            bias: Option<&Array<Self, $t, Ix1>>,
            k: usize,
            order: Order,
        ) -> Result<(Array<Self, $t, Ix2>, Array<Self, i64, Ix2>)> {
            lazy_rows::matmul_top_k(e, x, bias, k, order)
        }
    };
}

macro_rules! linalg_for {
    ($($t:ty $(, $methods:ident)?);* $(;)?) => {$(
        impl Linalg<$t> for Cpu {
            fn svd(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<Real<$t>>, Matrices<$t>)> { svd(x, basis) }
            fn svdvals(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> { svdvals(x) }
            fn eigh(x: &Matrices<$t>) -> Result<(Matrices<Real<$t>>, Matrices<$t>)> { eigh(x) }
            fn eigvalsh(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> { eigvalsh(x) }
            fn qr(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<$t>)> { qr(x, basis) }
            fn qr_r(x: &Matrices<$t>) -> Result<Matrices<$t>> { qr_r(x) }
            fn cholesky(x: &Matrices<$t>, factor: Triangle) -> Result<Matrices<$t>> { cholesky(x, factor) }
            fn solve(a: &Matrices<$t>, b: &Matrices<$t>) -> Result<Matrices<$t>> {
                with_rhs(a, b, |a, x, threads| linalg::solve(a, x, threads))
            }
            unsafe fn solve_in_place(a: &Matrices<$t>, x: Slot<'_, Self, $t>, columns: usize) -> Result<()> {
                let (v, start) = (Views::new(a)?, Shared::new(x.buffer.ptr().wrapping_add(x.offset)));
                let n = v.rows;
                v.for_each(n * n * (n / 3 + columns), |i, a, threads| {
                    // SAFETY: the caller vouches for one such matrix per matrix of the stack, which nobody else uses.
                    let x = unsafe { MatrixMut::from_raw_parts(start.get().add(i * n * columns), [n, columns], [columns as isize, 1]) };
                    linalg::solve(a, x, threads)
                })
            }
            fn solve_triangular(a: &Matrices<$t>, b: &Matrices<$t>, form: Triangular) -> Result<Matrices<$t>> {
                with_rhs(a, b, |a, x, threads| linalg::solve_triangular(a, form.triangle, form.unit, form.op, x, threads))
            }
            fn inv(x: &Matrices<$t>) -> Result<Matrices<$t>> { inv(x) }
            fn slogdet(x: &Matrices<$t>) -> Result<(Matrices<$t>, Matrices<Real<$t>>)> { slogdet(x) }
            fn lu(x: &Matrices<$t>) -> Result<(Matrices<i64>, Matrices<$t>, Matrices<$t>)> { lu(x) }
            fn det(x: &Matrices<$t>) -> Result<Matrices<$t>> { det(x) }
            fn gram<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> { lazy_rows::gram(e) }
            fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Self, $t, Ix2>>
            where
                E: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
                F: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
            {
                lazy_rows::cross(a, b)
            }
            fn project<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>, b: &Array<Self, $t, Ix2>) -> Result<Array<Self, $t, Ix2>> {
                lazy_rows::project(e, b)
            }
            fn tall_r<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> { lazy_rows::tall_r(e) }
            $($methods!($t);)?
        }
        impl Eig<$t> for Cpu {
            type Complex = Complex<<$t as Num>::Real>;
            fn eig(x: &Matrices<$t>) -> Result<(Matrices<Self::Complex>, Matrices<Self::Complex>)> {
                let v = Views::new(x)?;
                let n = v.rows;
                let (w, vectors) = (Results::new(v.stack(), n, None)?, Results::new(v.stack(), n, Some(n))?);
                // SAFETY: one view per matrix.
                v.for_each(work([25, n, n, n]), |i, x, threads| unsafe { linalg::eig(x, w.vector(i), vectors.matrix(i), threads) })?;
                Ok((w.finish(v.stack())?, vectors.finish(v.stack())?))
            }
            fn eigvals(x: &Matrices<$t>) -> Result<Matrices<Self::Complex>> {
                let v = Views::new(x)?;
                let w = Results::new(v.stack(), v.rows, None)?;
                // SAFETY: one view per matrix.
                v.for_each(work([10, v.rows, v.rows, v.rows]), |i, x, threads| unsafe { linalg::eigvals(x, w.vector(i), threads) })?;
                w.finish(v.stack())
            }
        }
    )*};
}
linalg_for!(f32, real; f64, real; Complex<f32>; Complex<f64>);

fn svd<T: Elem>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<Real<T>>, Matrices<T>)> {
    let v = Views::new(x)?;
    let (m, n) = (v.rows, v.cols);
    let k = m.min(n);
    let (um, vn) = if basis == Basis::Full { (m, n) } else { (k, k) };
    let (u, s, vh) = (Results::new(v.stack(), m, Some(um))?, Results::new(v.stack(), k, None)?, Results::new(v.stack(), vn, Some(n))?);
    // SAFETY: one view per matrix.
    v.for_each(work([12, m, n, k]), |i, x, threads| unsafe { linalg::svd(x, s.vector(i), Some(u.matrix(i)), Some(vh.matrix(i)), threads) })?;
    Ok((u.finish(v.stack())?, s.finish(v.stack())?, vh.finish(v.stack())?))
}

fn svdvals<T: Elem>(x: &Matrices<T>) -> Result<Matrices<Real<T>>> {
    let v = Views::new(x)?;
    let k = v.rows.min(v.cols);
    let s = Results::new(v.stack(), k, None)?;
    // SAFETY: one view per matrix.
    v.for_each(work([4, v.rows, v.cols, k]), |i, x, threads| unsafe { linalg::svdvals(x, s.vector(i), threads) })?;
    s.finish(v.stack())
}

fn eigh<T: Elem>(x: &Matrices<T>) -> Result<(Matrices<Real<T>>, Matrices<T>)> {
    let v = Views::new(x)?;
    let n = v.rows;
    let (w, vectors) = (Results::new(v.stack(), n, None)?, Results::new(v.stack(), n, Some(n))?);
    // SAFETY: one view per matrix.
    v.for_each(work([9, n, n, n]), |i, x, threads| unsafe { linalg::eigh(x, w.vector(i), vectors.matrix(i), threads) })?;
    Ok((w.finish(v.stack())?, vectors.finish(v.stack())?))
}

fn eigvalsh<T: Elem>(x: &Matrices<T>) -> Result<Matrices<Real<T>>> {
    let v = Views::new(x)?;
    let w = Results::new(v.stack(), v.rows, None)?;
    // SAFETY: one view per matrix.
    v.for_each(work([2, v.rows, v.rows, v.rows]), |i, x, threads| unsafe { linalg::eigvalsh(x, w.vector(i), threads) })?;
    w.finish(v.stack())
}

fn qr<T: Elem>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<T>)> {
    let v = Views::new(x)?;
    let (m, n) = (v.rows, v.cols);
    let k = if basis == Basis::Full { m } else { m.min(n) };
    let (q, r) = (Results::new(v.stack(), m, Some(k))?, Results::new(v.stack(), k, Some(n))?);
    // SAFETY: one view per matrix.
    v.for_each(work([3, m, n, m.min(n)]), |i, x, threads| unsafe { linalg::qr(x, q.matrix(i), r.matrix(i), threads) })?;
    Ok((q.finish(v.stack())?, r.finish(v.stack())?))
}

fn qr_r<T: Elem>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let k = v.rows.min(v.cols);
    let r = Results::new(v.stack(), k, Some(v.cols))?;
    // SAFETY: one view per matrix.
    v.for_each(work([2, v.rows, v.cols, k]), |i, x, threads| unsafe { linalg::qr_r(x, r.matrix(i), threads) })?;
    r.finish(v.stack())
}

fn cholesky<T: Elem>(x: &Matrices<T>, factor: Triangle) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let n = v.rows;
    let out = Results::new(v.stack(), n, Some(n))?;
    // SAFETY: one view per matrix.
    v.for_each(work([n, n, n]) / 3, |i, x, threads| unsafe { linalg::cholesky(x, factor, out.matrix(i), threads) })?;
    out.finish(v.stack())
}

fn inv<T: Elem>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let n = v.rows;
    let out = Results::new(v.stack(), n, Some(n))?;
    // SAFETY: one view per matrix.
    v.for_each(work([n, n, n]), |i, x, threads| unsafe { linalg::inv(x, out.matrix(i), threads) })?;
    out.finish(v.stack())
}

fn lu<T: Elem>(x: &Matrices<T>) -> Result<(Matrices<i64>, Matrices<T>, Matrices<T>)> {
    let v = Views::new(x)?;
    let (m, n) = (v.rows, v.cols);
    let k = m.min(n);
    let (order, l, u) = (Results::<i64>::new(v.stack(), m, None)?, Results::new(v.stack(), m, Some(k))?, Results::new(v.stack(), k, Some(n))?);
    v.for_each(work([m, n, k]), |i, x, threads| {
        // SAFETY: one view per matrix.
        unsafe { linalg::lu(x, order.vector(i), l.matrix(i), u.matrix(i), threads) }
    })?;
    Ok((order.finish(v.stack())?, l.finish(v.stack())?, u.finish(v.stack())?))
}

fn slogdet<T: Elem>(x: &Matrices<T>) -> Result<(Matrices<T>, Matrices<Real<T>>)> {
    let v = Views::new(x)?;
    let n = v.rows;
    let (sign, log) = (Results::new(v.stack(), 1, None)?, Results::new(v.stack(), 1, None)?);
    v.for_each(work([n, n, n]) / 3, |i, x, threads| {
        // SAFETY: one view per matrix.
        let (s, l) = unsafe { (sign.vector(i), log.vector(i)) };
        (s[0], l[0]) = linalg::slogdet(x, threads)?;
        Ok(())
    })?;
    let stack = v.stack().to_vec();
    Ok((sign.finish(&stack)?.squeeze(-1)?, log.finish(&stack)?.squeeze(-1)?))
}

fn det<T: Elem>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let v = Views::new(x)?;
    let out = Results::new(v.stack(), 1, None)?;
    v.for_each(work([v.rows, v.rows, v.rows]) / 3, |i, x, threads| {
        // SAFETY: one view per matrix.
        let slot = unsafe { out.vector(i) };
        slot[0] = linalg::det(x, threads)?;
        Ok(())
    })?;
    out.finish(v.stack())?.squeeze(-1)
}

/// Solves in place on copies of the right-hand sides.
fn with_rhs<T: Elem>(
    a: &Matrices<T>,
    b: &Matrices<T>,
    solve: impl Fn(Matrix<'_, T>, MatrixMut<'_, T>, Threads) -> linalg::Result<()> + Sync,
) -> Result<Matrices<T>> {
    let (va, vb) = (Views::new(a)?, Views::new(b)?);
    let (n, c) = (vb.rows, vb.cols);
    if va.stack() != vb.stack() || (va.rows, va.cols) != (n, n) {
        return Err(Error::shape("solve", b.dims(), format!("as many rows, and the stack, of {:?}", a.dims())));
    }
    let out = Results::new(va.stack(), n, Some(c))?;
    va.for_each(work([n, n, (n / 3).saturating_add(c)]), |i, a, threads| {
        // SAFETY: one view per matrix.
        let mut x = unsafe { out.matrix(i) };
        x.copy_from(vb.get(i));
        solve(a, x, threads)
    })?;
    out.finish(va.stack())
}
