//! The simulated cuBLAS.

use xp_core::{DType, Floating, Num};
use xp_cuda::libraries::blas::{Blas, Gemm, Syrk, Trsm};
use xp_cuda::libraries::{Matrix, Side, Trans, Triangle};
use xp_cuda::{Device, Result};

use super::matrix::{Scalar, View, convert, scalar, with_type};
use super::queued;
use super::solver::{eliminate, householder, listed, report, solve_factored, vector};

pub(super) struct SimulatedBlas;

impl Blas for SimulatedBlas {
    unsafe fn gemm(&self, device: &Device, call: &Gemm) -> Result<()> {
        let g = *call;
        queued(device, "gemm", &[g.a.pointer, g.b.pointer, g.c.pointer], move || {
            // SAFETY: the caller describes live memory, which is freed in the order of the stream.
            with_type!(g.dtype, |T| (0..g.batch).for_each(|i| unsafe { gemm::<T>(&g, i) }));
            Ok(())
        })
    }

    unsafe fn syrk(&self, device: &Device, call: &Syrk) -> Result<()> {
        let s = *call;
        queued(device, "syrk", &[s.a.pointer, s.c.pointer], move || {
            // SAFETY: as above.
            with_type!(s.dtype, |T| unsafe { syrk::<T>(&s) });
            Ok(())
        })
    }

    unsafe fn trsm(&self, device: &Device, call: &Trsm) -> Result<()> {
        let s = *call;
        queued(device, "trsm", &[s.a.pointer, s.b.pointer], move || {
            // SAFETY: as above.
            with_type!(s.dtype, |T| unsafe { trsm::<T>(&s) });
            Ok(())
        })
    }

    unsafe fn trsm_batched(&self, device: &Device, call: &Trsm, batch: i64) -> Result<()> {
        let s = *call;
        queued(device, "trsmBatched", &[s.a.pointer, s.b.pointer], move || {
            // SAFETY: as above, of both lists too.
            with_type!(s.dtype, |T| unsafe { listed(s.a, batch).zip(listed(s.b, batch)).for_each(|(a, b)| trsm::<T>(&Trsm { a, b, ..s })) });
            Ok(())
        })
    }

    unsafe fn getrf_batched(&self, device: &Device, dtype: DType, n: i64, a: Matrix, pivots: u64, info: u64, batch: i64) -> Result<()> {
        queued(device, "getrfBatched", &[a.pointer], move || {
            // SAFETY: as above.
            with_type!(dtype, |T| unsafe {
                for (i, matrix) in listed(a, batch).enumerate() {
                    let mut rows = vec![0i64; n as usize];
                    report(info + 4 * i as u64, eliminate(View::<T>::new(matrix), n as usize, n as usize, rows.as_mut_ptr()));
                    let own = vector::<i32>(pivots + 4 * (i as i64 * n) as u64);
                    rows.iter().enumerate().for_each(|(k, &row)| own.set(k, 0, row as i32));
                }
            });
            Ok(())
        })
    }

    unsafe fn getrs_batched(&self, device: &Device, dtype: DType, sizes: [i64; 2], a: Matrix, pivots: u64, b: Matrix, batch: i64) -> Result<()> {
        queued(device, "getrsBatched", &[a.pointer, b.pointer], move || {
            let [n, columns] = sizes.map(|size| size as usize);
            // SAFETY: as above.
            with_type!(dtype, |T| unsafe {
                for (i, (a, b)) in listed(a, batch).zip(listed(b, batch)).enumerate() {
                    let own = vector::<i32>(pivots + 4 * (i * n) as u64);
                    let rows: Vec<i64> = (0..n).map(|k| own.get(k, 0).into()).collect();
                    (0..columns).for_each(|j| solve_factored(View::<T>::new(a), View::new(b), Trans::No, n, j, &rows));
                }
            });
            Ok(())
        })
    }

    unsafe fn geqrf_batched(&self, device: &Device, dtype: DType, shape: [i64; 2], a: Matrix, tau: u64, batch: i64) -> Result<()> {
        queued(device, "geqrfBatched", &[a.pointer, tau], move || {
            let [m, n] = shape.map(|size| size as usize);
            // SAFETY: as above.
            with_type!(dtype, |T| unsafe {
                for (a, tau) in listed(a, batch).zip(listed(Matrix { pointer: tau, ld: 1 }, batch)) {
                    householder(View::<T>::new(a), m, n, View::new(tau));
                }
            });
            Ok(())
        })
    }
}

/// The `index`-th product of a batch.
unsafe fn gemm<T: Scalar>(g: &Gemm, index: i64) {
    // SAFETY: passed on.
    let (a, b, c) = unsafe {
        (View::<T>::at_step(g.a, index * g.stride_a), View::<T>::at_step(g.b, index * g.stride_b), View::<T>::at_step(g.c, index * g.stride_c))
    };
    let (alpha, beta) = (scalar::<T::Sum>(g.alpha), scalar::<T::Sum>(g.beta));
    for j in 0..g.n as usize {
        for i in 0..g.m as usize {
            let mut sum = T::Sum::ZERO;
            for l in 0..g.k as usize {
                sum = sum + convert::<T, T::Sum>(a.get_op(g.transa, i, l)) * convert(b.get_op(g.transb, l, j));
            }
            c.set(i, j, convert(blend(alpha * sum, beta, convert(c.get(i, j)))));
        }
    }
}

/// `x + beta c`; `c` is not looked at when `beta` is 0.
fn blend<S: Floating>(x: S, beta: S, c: S) -> S {
    if beta == S::ZERO { x } else { x + beta * c }
}

unsafe fn syrk<T: Scalar>(s: &Syrk) {
    // SAFETY: passed on.
    let (a, c) = unsafe { (View::<T>::new(s.a), View::<T>::new(s.c)) };
    let real = |x: f64| scalar::<T::Sum>(x.into());
    let (left, right) = if s.trans { (Trans::Adjoint, Trans::No) } else { (Trans::No, Trans::Adjoint) };
    for j in 0..s.n as usize {
        let rows = if s.triangle == Triangle::Upper { 0..j + 1 } else { j..s.n as usize };
        for i in rows {
            let mut sum = T::Sum::ZERO;
            for l in 0..s.k as usize {
                sum = sum + convert::<T, T::Sum>(a.get_op(left, i, l)) * convert(a.get_op(right, l, j));
            }
            c.set(i, j, convert(blend(real(s.alpha) * sum, real(s.beta), convert(c.get(i, j)))));
        }
    }
}

unsafe fn trsm<T: Scalar>(s: &Trsm) {
    // SAFETY: passed on.
    let (a, b) = unsafe { (View::<T>::new(s.a), View::<T>::new(s.b)) };
    let (m, n, alpha) = (s.m as usize, s.n as usize, scalar::<T>(s.alpha));
    // The other triangle and a unit diagonal are not looked at.
    let element = |i: usize, j: usize| if i == j && s.unit_diagonal { T::ONE } else { a.get_op(s.trans, i, j) };
    let upper = (s.triangle == Triangle::Upper) == (s.trans == Trans::No);
    let order = |len: usize, backwards: bool| (0..len).map(move |i| if backwards { len - 1 - i } else { i });
    match s.side {
        Side::Left => {
            for j in 0..n {
                for i in order(m, upper) {
                    let mut x = alpha * b.get(i, j);
                    for l in if upper { i + 1..m } else { 0..i } {
                        x = x - element(i, l) * b.get(l, j);
                    }
                    b.set(i, j, x / element(i, i));
                }
            }
        }
        Side::Right => {
            for i in 0..m {
                for j in order(n, !upper) {
                    let mut x = alpha * b.get(i, j);
                    for l in if upper { 0..j } else { j + 1..n } {
                        x = x - b.get(i, l) * element(l, j);
                    }
                    b.set(i, j, x / element(j, j));
                }
            }
        }
    }
}
