//! The simulated cuSOLVER: factorisations as in textbooks, spectral decompositions by the CPU backend.

use num_complex::Complex;
use xp_core::linalg::{self, Basis, Eig, Full, Thin};
use xp_core::{Array, DType, Dyn, Float, Floating, Linalg, Num, Real};
use xp_cpu::Cpu;
use xp_cuda::libraries::solver::{Geev, Gesvd, Solver};
use xp_cuda::libraries::{Matrix, Trans, Triangle};
use xp_cuda::{Device, Error, Result};

use super::{called, matrix::View};

pub(super) struct SimulatedSolver;

/// Runs a function that is generic over LAPACK's types, after waiting for the queue.
macro_rules! lapack {
    ($device:expr, $dtype:expr, $operation:literal, $operand:expr, |$T:ident| $body:expr) => {{
        let _access = called($device, $operation, &[$operand])?;
        match $dtype {
            DType::F32 => lapack!(@run $T f32, $body),
            DType::F64 => lapack!(@run $T f64, $body),
            DType::C64 => lapack!(@run $T Complex<f32>, $body),
            DType::C128 => lapack!(@run $T Complex<f64>, $body),
            other => return Err(Error::UnsupportedDtype { operation: $operation.into(), dtype: format!("{other:?}") }),
        }
    }};
    (@run $T:ident $t:ty, $body:expr) => {{
        type $T = $t;
        // SAFETY: the caller describes live memory, and nothing is queued.
        unsafe { $body }
    }};
}

impl Solver for SimulatedSolver {
    unsafe fn geqrf(&self, device: &Device, dtype: DType, m: i64, n: i64, a: Matrix, tau: u64, info: u64) -> Result<()> {
        lapack!(device, dtype, "geqrf", a.pointer, |T| {
            report(info, 0);
            householder(View::<T>::new(a), m as usize, n as usize, vector(tau));
        });
        Ok(())
    }

    unsafe fn form_q(&self, device: &Device, dtype: DType, m: i64, n: i64, k: i64, a: Matrix, tau: u64, info: u64) -> Result<()> {
        lapack!(device, dtype, "orgqr", a.pointer, |T| {
            report(info, 0);
            form_q(View::<T>::new(a), [m as usize, n as usize, k as usize], vector(tau));
        });
        Ok(())
    }

    unsafe fn potrf(&self, device: &Device, dtype: DType, triangle: Triangle, n: i64, a: Matrix, info: u64) -> Result<()> {
        lapack!(device, dtype, "potrf", a.pointer, |T| {
            // As in CUDA 12.0.0, the report of a success is left to the caller.
            let failed = cholesky(&Lower::<T>::new(a, triangle), n as usize);
            if failed != 0 {
                report(info, failed);
            }
        });
        Ok(())
    }

    unsafe fn getrf(&self, device: &Device, dtype: DType, m: i64, n: i64, a: Matrix, pivots: u64, info: u64) -> Result<()> {
        lapack!(device, dtype, "getrf", a.pointer, |T| report(info, eliminate(View::<T>::new(a), m as usize, n as usize, pivots as *mut i64)));
        Ok(())
    }

    unsafe fn getrs(
        &self,
        device: &Device,
        dtype: DType,
        trans: Trans,
        n: i64,
        nrhs: i64,
        a: Matrix,
        pivots: u64,
        b: Matrix,
        info: u64,
    ) -> Result<()> {
        lapack!(device, dtype, "getrs", b.pointer, |T| {
            report(info, 0);
            let pivots = std::slice::from_raw_parts(pivots as *const i64, n as usize);
            for j in 0..nrhs as usize {
                solve_factored(View::<T>::new(a), View::new(b), trans, n as usize, j, pivots);
            }
        });
        Ok(())
    }

    unsafe fn syevd(&self, device: &Device, dtype: DType, vectors: bool, triangle: Triangle, n: i64, a: Matrix, w: u64, info: u64) -> Result<()> {
        lapack!(device, dtype, "syevd", a.pointer, |T| report(info, eigh::<T>(Lower::new(a, triangle), n as usize, vectors, w)));
        Ok(())
    }

    unsafe fn potrf_batched(&self, device: &Device, dtype: DType, triangle: Triangle, n: i64, a: Matrix, info: u64, batch: i64) -> Result<()> {
        lapack!(device, dtype, "potrfBatched", a.pointer, |T| {
            for (i, matrix) in listed(a, batch).enumerate() {
                report(info + 4 * i as u64, cholesky(&Lower::<T>::new(matrix, triangle), n as usize));
            }
        });
        Ok(())
    }

    fn has_syev_batched(&self) -> bool {
        true
    }

    unsafe fn syev_batched(
        &self,
        device: &Device,
        dtype: DType,
        vectors: bool,
        triangle: Triangle,
        n: i64,
        a: Matrix,
        w: u64,
        info: u64,
        batch: i64,
    ) -> Result<()> {
        lapack!(device, dtype, "syevBatched", a.pointer, |T| {
            for i in 0..batch as u64 {
                let matrix = Matrix { pointer: a.pointer + i * (a.ld * n) as u64 * size_of::<T>() as u64, ..a };
                let values = w + i * n as u64 * size_of::<<T as Floating>::Part>() as u64;
                report(info + 4 * i, eigh::<T>(Lower::new(matrix, triangle), n as usize, vectors, values));
            }
        });
        Ok(())
    }

    unsafe fn gesvd(&self, device: &Device, svd: &Gesvd, info: u64) -> Result<()> {
        if svd.m < svd.n {
            return Err(Error::InvalidArgument { operation: "gesvd".into(), reason: format!("{} rows for {} columns", svd.m, svd.n) });
        }
        lapack!(device, svd.dtype, "gesvd", svd.a.pointer, |T| report(info, decompose::<T>(svd, true)));
        Ok(())
    }

    unsafe fn gesvdp(&self, device: &Device, svd: &Gesvd, info: u64) -> Result<f64> {
        if svd.m < svd.n {
            return Err(Error::InvalidArgument { operation: "gesvdp".into(), reason: format!("{} rows for {} columns", svd.m, svd.n) });
        }
        lapack!(device, svd.dtype, "gesvdp", svd.a.pointer, |T| {
            report(info, decompose::<T>(svd, false));
            Ok(perturb::<T>(svd))
        })
    }

    unsafe fn geev(&self, device: &Device, eig: &Geev, info: u64) -> Result<()> {
        lapack!(device, eig.dtype, "geev", eig.a.pointer, |T| report(info, general::<T>(eig)));
        Ok(())
    }
}

/// Writes LAPACK's `info`.
pub(super) unsafe fn report(info: u64, value: i32) {
    // SAFETY: the address of a 32-bit integer, by the contract of the trait.
    unsafe { (info as *mut i32).write(value) };
}

/// The matrices whose addresses are listed at that of `list`.
pub(super) unsafe fn listed(list: Matrix, batch: i64) -> impl Iterator<Item = Matrix> {
    // SAFETY: as many addresses, by the contract of the traits.
    let addresses = unsafe { std::slice::from_raw_parts(list.pointer as *const u64, batch as usize) };
    addresses.iter().map(move |&pointer| Matrix { pointer, ..list })
}

/// A vector as a matrix of one column.
pub(super) unsafe fn vector<T: Copy>(pointer: u64) -> View<T> {
    // SAFETY: passed on.
    unsafe { View::new(Matrix { pointer, ld: 1 }) }
}

fn from_re<T: Floating>(x: f64) -> T {
    T::from_real(<T::Real as Num>::from_f64(x))
}

fn magnitude<T: Floating>(x: T) -> f64 {
    x.re().to_f64().hypot(x.im().to_f64())
}

/// Reflectors `I - tau v v^H` that make the matrix triangular, as LAPACK's `geqr2` forms them.
pub(super) fn householder<T: Floating>(a: View<T>, m: usize, n: usize, tau: View<T>) {
    for j in 0..m.min(n) {
        let alpha = a.get(j, j);
        let below = (j + 1..m).map(|i| magnitude(a.get(i, j))).fold(0.0, f64::hypot);
        if below == 0.0 && alpha.im().to_f64() == 0.0 {
            tau.set(j, 0, T::ZERO);
            continue;
        }
        let length = magnitude(alpha).hypot(below);
        let beta = from_re::<T>(if alpha.re().to_f64() > 0.0 { -length } else { length });
        let factor = (beta - alpha) / beta;
        (j + 1..m).for_each(|i| a.set(i, j, a.get(i, j) / (alpha - beta)));
        a.set(j, j, beta);
        tau.set(j, 0, factor);
        reflect(a, j, m, factor.conj(), a.from(0, j + 1), n - j - 1);
    }
}

/// `C - factor v (v^H C)` for the reflector in column `j` of `a` and `columns` columns of `c`.
fn reflect<T: Floating>(a: View<T>, j: usize, m: usize, factor: T, c: View<T>, columns: usize) {
    let v = |i: usize| if i == j { T::ONE } else { a.get(i, j) };
    for k in 0..columns {
        let mut dot = T::ZERO;
        for i in j..m {
            dot = dot + v(i).conj() * c.get(i, k);
        }
        (j..m).for_each(|i| c.set(i, k, c.get(i, k) - factor * v(i) * dot));
    }
}

/// The first `n` columns of the product of `k` reflectors, in their place.
fn form_q<T: Floating>(a: View<T>, [m, n, k]: [usize; 3], tau: View<T>) {
    let kept: Vec<T> = (0..k).flat_map(|j| (0..m).map(move |i| (i, j))).map(|(i, j)| a.get(i, j)).collect();
    // SAFETY: the copy outlives the view.
    let reflectors = unsafe { View::<T>::new(Matrix { pointer: kept.as_ptr() as u64, ld: m as i64 }) };
    for j in 0..n {
        (0..m).for_each(|i| a.set(i, j, if i == j { T::ONE } else { T::ZERO }));
    }
    (0..k).rev().for_each(|j| reflect(reflectors, j, m, tau.get(j, 0), a, n));
}

/// A Hermitian or triangular matrix by its lower triangle, whichever is stored.
struct Lower<T> {
    view: View<T>,
    triangle: Triangle,
}

impl<T: Floating> Lower<T> {
    unsafe fn new(a: Matrix, triangle: Triangle) -> Self {
        // SAFETY: passed on.
        Lower { view: unsafe { View::new(a) }, triangle }
    }

    fn get(&self, i: usize, j: usize) -> T {
        if self.triangle == Triangle::Lower { self.view.get(i, j) } else { self.view.get(j, i).conj() }
    }

    fn set(&self, i: usize, j: usize, value: T) {
        if self.triangle == Triangle::Lower { self.view.set(i, j, value) } else { self.view.set(j, i, value.conj()) }
    }
}

fn cholesky<T: Floating>(a: &Lower<T>, n: usize) -> i32 {
    for j in 0..n {
        let mut pivot = a.get(j, j).re().to_f64();
        (0..j).for_each(|k| pivot -= magnitude(a.get(j, k)).powi(2));
        if pivot <= 0.0 || pivot.is_nan() {
            return j as i32 + 1;
        }
        let root = from_re::<T>(pivot.sqrt());
        a.set(j, j, root);
        for i in j + 1..n {
            let mut x = a.get(i, j);
            for k in 0..j {
                x = x - a.get(i, k) * a.get(j, k).conj();
            }
            a.set(i, j, x / root);
        }
    }
    0
}

/// Solves with a triangular matrix in one column of `b`.
fn substitute<T: Floating>(b: View<T>, column: usize, n: usize, backwards: bool, element: impl Fn(usize, usize) -> T, unit: bool) {
    for step in 0..n {
        let i = if backwards { n - 1 - step } else { step };
        let mut x = b.get(i, column);
        for k in if backwards { i + 1..n } else { 0..i } {
            x = x - element(i, k) * b.get(k, column);
        }
        b.set(i, column, if unit { x } else { x / element(i, i) });
    }
}

/// LU factorisation with row exchanges; the report is the first pivot that is zero, counted from 1.
pub(super) unsafe fn eliminate<T: Floating>(a: View<T>, m: usize, n: usize, pivots: *mut i64) -> i32 {
    let mut failed = 0;
    for k in 0..m.min(n) {
        let row = (k..m).fold(k, |best, i| if magnitude(a.get(i, k)) > magnitude(a.get(best, k)) { i } else { best });
        // SAFETY: there is a pivot for every column.
        unsafe { pivots.add(k).write(row as i64 + 1) };
        if a.get(row, k) == T::ZERO {
            failed = if failed == 0 { k as i32 + 1 } else { failed };
            continue;
        }
        for j in 0..n {
            let (x, y) = (a.get(k, j), a.get(row, j));
            a.set(k, j, y);
            a.set(row, j, x);
        }
        for i in k + 1..m {
            let factor = a.get(i, k) / a.get(k, k);
            a.set(i, k, factor);
            (k + 1..n).for_each(|j| a.set(i, j, a.get(i, j) - factor * a.get(k, j)));
        }
    }
    if failed > 0 {
        // What comes after such a pivot is unspecified.
        let nan = from_re::<T>(<T::Part as Float>::NAN.to_f64());
        (failed as usize..m.min(n)).for_each(|k| a.set(k, k, nan));
    }
    failed
}

pub(super) fn solve_factored<T: Floating>(a: View<T>, b: View<T>, trans: Trans, n: usize, column: usize, pivots: &[i64]) {
    let swap = |k: usize| {
        let row = pivots[k] as usize - 1;
        let (x, y) = (b.get(k, column), b.get(row, column));
        b.set(k, column, y);
        b.set(row, column, x);
    };
    let element = |i: usize, k: usize| a.get_op(trans, i, k);
    if trans == Trans::No {
        (0..n).for_each(swap);
        substitute(b, column, n, false, element, true);
        substitute(b, column, n, true, element, false);
    } else {
        substitute(b, column, n, false, element, false);
        substitute(b, column, n, true, element, true);
        (0..n).rev().for_each(swap);
    }
}

/// A matrix of the CPU backend.
fn on_cpu<T: Floating>(rows: usize, columns: usize, element: impl Fn(usize, usize) -> T) -> Array<Cpu, T, Dyn> {
    let values = (0..rows * columns).map(|i| element(i / columns, i % columns)).collect();
    Array::from_vec(&Cpu, values, vec![rows, columns]).expect("as many values as elements")
}

fn store<T: Floating>(x: &Array<Cpu, T, Dyn>, to: View<T>, conjugate_transpose: bool) {
    let columns = x.dims()[1].max(1);
    for (i, value) in x.to_vec().into_iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        if conjugate_transpose { to.set(column, row, value.conj()) } else { to.set(row, column, value) }
    }
}

unsafe fn eigh<T: Floating>(a: Lower<T>, n: usize, vectors: bool, w: u64) -> i32
where
    Cpu: Linalg<T>,
{
    let x = on_cpu(n, n, |i, j| if i >= j { a.get(i, j) } else { a.get(j, i).conj() });
    let Ok((values, basis)) = linalg::eigh(&x) else { return 1 };
    // SAFETY: passed on.
    let w = unsafe { vector(w) };
    values.to_vec().into_iter().enumerate().for_each(|(i, value)| w.set(i, 0, value));
    if vectors {
        store(&basis, a.view, false);
    }
    0
}

/// A singular value decomposition; `v` is `V^H` if `adjoint`. The operand is overwritten, here by NaN.
unsafe fn decompose<T: Floating>(s: &Gesvd, adjoint: bool) -> i32
where
    Cpu: Linalg<T>,
{
    let (m, n) = (s.m as usize, s.n as usize);
    // SAFETY: passed on.
    let (a, values) = unsafe { (View::<T>::new(s.a), vector(s.s)) };
    let x = on_cpu(m, n, |i, j| a.get(i, j));
    let nan = from_re::<T>(<T::Part as Float>::NAN.to_f64());
    (0..m * n).for_each(|i| a.set(i % m, i / m, nan));
    let Ok((u, sigma, vh)) = linalg::svd(&x, if s.vectors == Some(Basis::Full) { Full } else { Thin }) else { return 1 };
    sigma.to_vec().into_iter().enumerate().for_each(|(i, value)| values.set(i, 0, value));
    if s.vectors.is_some() {
        // SAFETY: as above.
        let (to_u, to_v) = unsafe { (View::new(s.u), View::new(s.v)) };
        store(&u, to_u, false);
        store(&vh, to_v, !adjoint);
    }
    0
}

/// What the polar decomposition does to a matrix that is close to a singular one: it decomposes another one, and says how far
/// away that is. Here the vectors are made wrong, so that a caller who does not notice fails.
unsafe fn perturb<T: Floating>(s: &Gesvd) -> f64 {
    // SAFETY: passed on.
    let (values, u) = unsafe { (vector::<T::Part>(s.s), View::<T>::new(s.u)) };
    let (largest, least) = (values.get(0, 0).to_f64(), values.get(s.n as usize - 1, 0).to_f64());
    if least > 1e3 * <T::Part as Float>::EPSILON.to_f64() * largest {
        return 0.0;
    }
    let wrong = 1e-3 * largest;
    values.set(0, 0, <T::Part as Num>::from_f64(largest + wrong));
    if s.vectors.is_some() {
        u.set(0, 0, u.get(0, 0) + from_re(0.1));
    }
    wrong
}

/// Eigenvalues, conjugate pairs of real matrices side by side, and right eigenvectors, packed as LAPACK's `geev` packs them.
unsafe fn general<T: Floating>(e: &Geev) -> i32
where
    Cpu: Eig<T>,
{
    let n = e.n as usize;
    // SAFETY: passed on.
    let (a, w) = unsafe { (View::<T>::new(e.a), vector::<<Cpu as Eig<T>>::Complex>(e.w)) };
    let x = on_cpu(n, n, |i, j| a.get(i, j));
    let nan = from_re::<T>(<T::Part as Float>::NAN.to_f64());
    (0..n * n).for_each(|i| a.set(i % n, i / n, nan));
    let Ok((values, vectors)) = linalg::eig(&x) else { return 1 };
    let (values, vectors) = (values.to_vec(), vectors.to_vec());
    let is_complex = matches!(e.dtype, DType::C64 | DType::C128);
    let place = |j: usize, value, part: &dyn Fn(usize) -> T| {
        w.set(j, 0, value);
        if let Some(v) = e.v {
            // SAFETY: passed on.
            let v = unsafe { View::<T>::new(v) };
            (0..n).for_each(|i| v.set(i, j, part(i)));
        }
    };
    let real = |x: f64| from_re::<T>(x);
    let mut next = 0;
    for (j, &value) in values.iter().enumerate() {
        let vector = |i: usize| vectors[i * n + j];
        let imaginary = value.im().to_f64();
        if is_complex {
            place(next, value, &|i| T::from_parts(cast(vector(i).re().to_f64()), cast(vector(i).im().to_f64())));
            next += 1;
        } else if imaginary == 0.0 {
            place(next, value, &|i| real(vector(i).re().to_f64()));
            next += 1;
        } else if imaginary > 0.0 {
            place(next, value, &|i| real(vector(i).re().to_f64()));
            place(next + 1, value.conj(), &|i| real(vector(i).im().to_f64()));
            next += 2;
        }
    }
    if next == n { 0 } else { 1 }
}

fn cast<R: Num>(x: f64) -> R {
    R::from_f64(x)
}
