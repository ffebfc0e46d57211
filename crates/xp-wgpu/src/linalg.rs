//! Linear algebra of `float32`, everything on the device: a group of threads takes a matrix of a stack.
//!
//! Cholesky's and LU factors are those of Gauss's elimination, QR is by Householder's reflections. Singular values come by
//! one-sided rotations after Jacobi; eigenvalues of Hermitian matrices are singular values of the matrix plus a multiple of the
//! identity that makes it positive definite, which keeps errors to a few units of the largest eigenvalue.

use xp_core::functions::{concat, eye, zeros};
use xp_core::linalg::{Basis, Full, Linalg, LinalgError, Thin, Trans, Triangle, Triangular, adjoint};
use xp_core::{Array, Backend, DType, Dyn, Element, Floating, KeepDims, Num, Result, size_of_shape};

use crate::kernel::{Access, Source, THREADS};
use crate::queue::Arguments;
use crate::wgsl::{self, load, register, store};
use crate::{Wgpu, WgpuBuffer};

const KERNELS: &str = include_str!("library/linalg.wgsl");

type Matrices<T> = Array<Wgpu, T, Dyn>;

/// The largest number of iterations of one thread that a launch may have: see [`crate::expression`].
const ITERATIONS: usize = 40_000;

/// A binding of a kernel: its name, what the kernel does with it, whether it holds elements, and the memory.
type Binding<'a> = (&'static str, Access, bool, &'a wgpu::Buffer);

/// The kernel of this name for a dtype.
fn source(name: &str, dtype: DType, bindings: &[Binding<'_>]) -> Source {
    let body = KERNELS.split("//# ").find_map(|part| part.strip_prefix(name).filter(|rest| rest.starts_with('\n'))).expect("a kernel of linalg.wgsl");
    let t = register(dtype);
    let suffix = wgsl::name(dtype).unwrap_or_default();
    let mut text = helpers(dtype).to_owned();
    for (binding, access, _, _) in bindings.iter().filter(|b| b.2) {
        text += &format!("fn get_{binding}(i: u32) -> {t} {{ return {}; }}\n", load(dtype, binding, "i"));
        if *access == Access::Write {
            text += &format!("fn set_{binding}(i: u32, x: {t}) {{ {} }}\n", store(dtype, binding, "i", "x"));
        }
    }
    text += &wgsl::renamed(body, |word| match word {
        "T" => Some(t.to_owned()),
        _ => word.strip_suffix("_T").map(|stem| format!("{stem}_{suffix}")),
    });
    bindings.iter().fold(Source::new(name, text), |source, (binding, access, ..)| source.binding(*binding, *access))
}

/// What the kernels need of a dtype beside its operations.
fn helpers(dtype: DType) -> &'static str {
    if dtype == DType::C64 {
        return "fn of_real_c64(x: f32) -> vec2<f32> { return vec2<f32>(x, 0.0); }\nfn zero_c64() -> vec2<f32> { return vec2<f32>(0.0, 0.0); }\n\
                fn over_c64(x: vec2<f32>, y: f32) -> vec2<f32> { return vec2<f32>(x.x / y, x.y / y); }\n\
                fn times_c64(x: vec2<f32>, y: f32) -> vec2<f32> { return vec2<f32>(x.x * y, x.y * y); }\n\
                fn imaginary_c64(x: vec2<f32>) -> f32 { return x.y; }\n\
                fn largest_part_c64(x: vec2<f32>) -> f32 { return op_maximum_f32(magnitude(x.x), magnitude(x.y)); }\n";
    }
    "fn of_real_f32(x: f32) -> f32 { return x; }\nfn zero_f32() -> f32 { return 0.0; }\nfn over_f32(x: f32, y: f32) -> f32 { return x / y; }\n\
     fn times_f32(x: f32, y: f32) -> f32 { return x * y; }\nfn imaginary_f32(x: f32) -> f32 { return 0.0; }\n\
     fn largest_part_f32(x: f32) -> f32 { return magnitude(x); }\n"
}

/// The shape of a stack of matrices.
fn stack_of<T: Element>(x: &Matrices<T>) -> &[usize] {
    &x.dims()[..x.ndim() - 2]
}

fn sides<T: Element>(x: &Matrices<T>) -> [usize; 2] {
    [x.dims()[x.ndim() - 2], x.dims()[x.ndim() - 1]]
}

fn count<T: Element>(x: &Matrices<T>) -> usize {
    stack_of(x).iter().product()
}

fn words<T: Element>(x: &Matrices<T>) -> &wgpu::Buffer {
    x.buffer().words()
}

/// A new array for kernels to fill, one matrix behind the other.
fn new<T: Element>(device: &Wgpu, stack: &[usize], last: &[usize]) -> Result<Matrices<T>> {
    let shape = [stack, last].concat();
    let buffer: WgpuBuffer<T> = device.buffer(size_of_shape(&shape)?, "linear algebra")?;
    // SAFETY: a new buffer of this size, which kernels that are queued before anything else fill.
    unsafe { Array::from_buffer(device, buffer, &shape) }
}

/// The elements in memory that nobody else has, one matrix behind the other.
fn own<T: Element>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let copy = x.copy()?;
    debug_assert!(copy.is_contiguous() && copy.offset() == 0);
    Ok(copy)
}

/// The identity, for every matrix of a stack.
fn identity<T: Num>(device: &Wgpu, stack: &[usize], rows: usize, columns: usize) -> Result<Matrices<T>> {
    eye::<_, T>(device, rows, columns, 0)?.broadcast_to([stack, &[rows, columns]].concat())
}

/// Queues a kernel for every matrix, some of the `steps` in each launch: a thread has `cost` iterations in a step at most.
fn run(
    device: &Wgpu,
    name: &str,
    dtype: DType,
    matrices: usize,
    [steps, cost]: [usize; 2],
    arguments: &[usize],
    bindings: &[Binding<'_>],
) -> Result<()> {
    if cost > ITERATIONS {
        let why = format!("matrices of this size ({arguments:?}) need {cost} iterations of a thread in a step, of {ITERATIONS} that drivers allow");
        return Err(device.device.fail(name, why));
    }
    let kernel = device.device.named(&format!("{name} of {dtype}"), || source(name, dtype, bindings))?;
    let memory: Vec<&wgpu::Buffer> = bindings.iter().map(|b| b.3).collect();
    let many = (ITERATIONS / cost.max(1)).max(1);
    for first in (0..steps.max(1)).step_by(many) {
        let mut all = Arguments::default();
        all.push(matrices).push(first).push(first + many);
        arguments.iter().for_each(|&x| _ = all.push(x));
        device.device.launch(&kernel, matrices, &all, &memory)?;
    }
    Ok(())
}

/// The numbers of an array, for which the host waits.
fn values<T: Element>(x: &Matrices<T>) -> Result<Vec<T>> {
    x.device().download(x.buffer(), 0, x.size())
}

/// Refuses matrices with NaN or infinities.
fn check_finite<T: Floating>(x: &Matrices<T>) -> Result<()> {
    let finite = x.lazy().isfinite().all([-2, -1]).try_eval()?.to_vec();
    match finite.iter().position(|finite| !finite) {
        Some(matrix) => Err(LinalgError::NonFinite { matrix: Some(matrix) }.into()),
        None => Ok(()),
    }
}

/// LU factors.
struct Factors<T: Element> {
    lu: Matrices<T>,
    order: Matrices<u32>,
    /// For each matrix the first pivot that is zero, counted from 1, and the number of exchanges.
    status: Matrices<u32>,
}

impl<T: Floating> Factors<T> {
    fn new(x: &Matrices<T>) -> Result<Self> {
        let (device, [m, n]) = (x.device(), sides(x));
        let (lu, order, status) = (own(x)?, new(device, stack_of(x), &[m])?, new(device, stack_of(x), &[2])?);
        let bindings: [Binding<'_>; 3] = [
            ("a", Access::Write, true, words(&lu)),
            ("order", Access::Write, false, words(&order)),
            ("status", Access::Write, false, words(&status)),
        ];
        run(device, "lu", T::DTYPE, count(x), [m.min(n), (m * n + n + 2 * m) / THREADS + 16], &[m, n], &bindings)?;
        Ok(Factors { lu, order, status })
    }

    fn status(&self) -> Result<Vec<[u32; 2]>> {
        Ok(values(&self.status)?.as_chunks::<2>().0.to_vec())
    }
}

/// Solves `op(a) x = b` in place of `b`, which nobody else has.
fn substitute<T: Floating>(a: &Matrices<T>, b: &Matrices<T>, form: Triangular) -> Result<()> {
    let [n, p] = sides(b);
    let lower = (form.triangle == Triangle::Lower) == (form.op == Trans::No);
    let op = match form.op {
        Trans::No => 0,
        Trans::Transpose => 1,
        Trans::Adjoint => 2,
    };
    let bindings: [Binding<'_>; 2] = [("a", Access::Read, true, words(a)), ("b", Access::Write, true, words(b))];
    let arguments = [n, p, usize::from(lower), usize::from(form.unit), op];
    run(b.device(), "substitute", T::DTYPE, count(b), [n, (n * p + p) / THREADS + 3], &arguments, &bindings)
}

fn solve<T: Floating>(a: &Matrices<T>, b: &Matrices<T>) -> Result<Matrices<T>> {
    let (device, [n, p]) = (a.device(), sides(b));
    let factors = Factors::new(a)?;
    if let Some((matrix, status)) = factors.status()?.iter().enumerate().find(|(_, s)| s[0] > 0) {
        return Err(LinalgError::Singular { matrix: Some(matrix), pivot: status[0] as usize - 1 }.into());
    }
    let x = new(device, stack_of(b), &[n, p])?;
    let b = own(b)?;
    if b.size() > 0 {
        let bindings: [Binding<'_>; 3] =
            [("a", Access::Read, true, words(&b)), ("b", Access::Write, true, words(&x)), ("order", Access::Read, false, words(&factors.order))];
        let kernel = device.device.named(&format!("rows of {}", T::DTYPE), || source("rows", T::DTYPE, &bindings))?;
        let mut arguments = Arguments::default();
        arguments.push(b.size()).push(n).push(p);
        device.device.launch(&kernel, b.size().div_ceil(THREADS), &arguments, &bindings.map(|b| b.3))?;
        substitute(&factors.lu, &x, Triangular { triangle: Triangle::Lower, unit: true, op: Trans::No })?;
        substitute(&factors.lu, &x, Triangular { triangle: Triangle::Upper, unit: false, op: Trans::No })?;
    }
    Ok(x)
}

fn solve_triangular<T: Floating>(a: &Matrices<T>, b: &Matrices<T>, form: Triangular) -> Result<Matrices<T>> {
    let n = sides(a)[0];
    if !form.unit && n > 0 {
        let zero = a.diagonal(0)?.into_dyn().lazy().equal(T::ZERO).try_eval()?.to_vec();
        if let Some(place) = zero.iter().position(|&zero| zero) {
            return Err(LinalgError::Singular { matrix: Some(place / n), pivot: place % n }.into());
        }
    }
    let (a, x) = (own(a)?, own(b)?);
    if x.size() > 0 {
        substitute(&a, &x, form)?;
    }
    Ok(x)
}

fn cholesky<T: Floating>(x: &Matrices<T>, factor: Triangle) -> Result<Matrices<T>> {
    let (device, n) = (x.device(), sides(x)[0]);
    let a = own(&x.tril(0)?)?;
    let status = new::<u32>(device, stack_of(x), &[1])?;
    let bindings: [Binding<'_>; 2] = [("a", Access::Write, true, words(&a)), ("status", Access::Write, false, words(&status))];
    run(device, "cholesky", T::DTYPE, count(x), [n, (n * n + n) / THREADS + 3], &[n], &bindings)?;
    if let Some((matrix, &order)) = values(&status)?.iter().enumerate().find(|(_, s)| **s > 0) {
        return Err(LinalgError::NotPositiveDefinite { matrix: Some(matrix), order: order as usize }.into());
    }
    if factor == Triangle::Lower { Ok(a) } else { adjoint(&a) }
}

fn qr<T: Floating>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<T>)> {
    let (device, [m, n], k) = (x.device(), sides(x), count(x));
    let most = m.min(n);
    let columns = if basis == Thin { most } else { m };
    let (a, t, q) = (own(x)?, new::<T>(device, stack_of(x), &[most])?, new(device, stack_of(x), &[m, columns])?);
    let cost = |columns: usize| 2 * m * columns.div_ceil(THREADS).max(1) + 3 * m / THREADS + 40;
    let bindings: [Binding<'_>; 2] = [("a", Access::Write, true, words(&a)), ("t", Access::Write, true, words(&t))];
    run(device, "qr", T::DTYPE, k, [most, cost(n)], &[m, n], &bindings)?;
    let bindings: [Binding<'_>; 3] =
        [("a", Access::Read, true, words(&a)), ("t", Access::Read, true, words(&t)), ("q", Access::Write, true, words(&q))];
    run(device, "q", T::DTYPE, k, [most, cost(columns)], &[m, n, columns], &bindings)?;
    Ok((q, a.slice_axis(-2, ..columns)?.triu(0)?))
}

/// Vectors that are orthogonal, and what they are made by.
struct Rotated<T: Floating> {
    /// The columns of `x v` as rows, longest first.
    vectors: Matrices<T>,
    /// Their lengths.
    lengths: Matrices<T::Real>,
    /// The columns of `v` as rows.
    turns: Matrices<T>,
}

/// One-sided Jacobi of matrices with at least as many rows as columns, of numbers of about 1.
fn rotated<T: Floating>(x: &Matrices<T>) -> Result<Rotated<T>> {
    let (device, [m, n], k) = (x.device(), sides(x), count(x));
    let stack = stack_of(x);
    let w = own(&x.matrix_transpose()?)?;
    let v = own(&identity(device, stack, n, n)?)?;
    let status = new::<u32>(device, stack, &[1])?;
    let bindings: [Binding<'_>; 3] =
        [("a", Access::Write, true, words(&w)), ("v", Access::Write, true, words(&v)), ("status", Access::Write, false, words(&status))];
    let rounds = (n + n % 2).saturating_sub(1);
    let cost = (2 * m + n) * n.div_ceil(2 * THREADS).max(1);
    let mut going = n > 1;
    for _ in 0..60 {
        if !going {
            break;
        }
        device.device.write(&vec![0; k], words(&status));
        // A launch for each round.
        if cost > ITERATIONS {
            let why = format!("matrices of {m} x {n} need {cost} iterations of a thread in a round, of {ITERATIONS} that drivers allow");
            return Err(device.device.fail("svd", why));
        }
        let kernel = device.device.named(&format!("jacobi of {}", T::DTYPE), || source("jacobi", T::DTYPE, &bindings))?;
        for round in 0..rounds {
            let mut arguments = Arguments::default();
            arguments.push(k).push(round).push(rounds).push(m).push(n);
            device.device.launch(&kernel, k, &arguments, &bindings.map(|b| b.3))?;
        }
        going = values(&status)?.iter().any(|&s| s > 0);
    }
    if going {
        let matrix = values(&status)?.iter().position(|&s| s > 0);
        return Err(LinalgError::NoConvergence { matrix }.into());
    }
    let lengths = w.lazy().abs_square().sum(-1).try_eval()?.lazy().sqrt().try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    Ok(Rotated { vectors: w, lengths, turns: v })
}

/// Singular values and vectors of matrices with at least as many rows as columns.
fn tall_svd<T: Floating>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<T::Real>, Matrices<T>)> {
    let (device, [m, n], k) = (x.device(), sides(x), count(x));
    let stack = stack_of(x).to_vec();
    let columns = if basis == Full { m } else { n };
    if n == 0 || k == 0 {
        return Ok((own(&identity(device, &stack, m, columns)?)?, new(device, &stack, &[n])?, own(&identity(device, &stack, n, n)?)?));
    }
    // Numbers of about 1, whose squares neither overflow nor vanish.
    let largest = x.lazy().abs().max(KeepDims([-2, -1])).try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    let is_zero = largest.lazy().equal(T::Real::ZERO).try_eval()?;
    let scale = (largest.lazy() + is_zero.lazy().astype::<T::Real>()).try_eval()?.into_dyn();
    let scaled = own(&(x.lazy() / scale.lazy().astype::<T>()).try_eval()?.into_dyn())?;
    let Rotated { vectors, lengths, turns } = rotated(&scaled)?;
    // What has no length has no direction: those vectors are made.
    let tiny = T::Real::from_f64(1e-18);
    let given = lengths.lazy().greater(tiny).try_eval()?;
    let known = given.lazy().astype::<u32>().sum(KeepDims(-1)).try_eval()?.lazy().astype::<u32>().try_eval()?.into_dyn();
    let safe = xp_core::functions::where_(&given, &lengths, T::Real::ONE);
    let rows = (vectors.lazy() / safe.expand_dims(-1)?.into_dyn().lazy().astype::<T>()).try_eval()?.into_dyn();
    let rows = if columns > n { concat(&[&rows, &zeros::<_, T, _>(device, [&stack[..], &[columns - n, m]].concat())?], -2)? } else { rows };
    let rows = own(&rows)?;
    let known = own(&known)?;
    let bindings: [Binding<'_>; 2] = [("a", Access::Write, true, words(&rows)), ("status", Access::Read, false, words(&known))];
    let cost = m.div_ceil(THREADS) * columns + 3 * columns * (2 * m.div_ceil(THREADS) + 10);
    run(device, "complete", T::DTYPE, k, [columns, cost], &[m, columns], &bindings)?;
    let s = (lengths.lazy() * scale.squeeze(-1)?.into_dyn().lazy()).try_eval()?.into_dyn();
    Ok((rows.matrix_transpose()?, s, turns.lazy().conj().try_eval()?))
}

fn svd<T: Floating>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<T::Real>, Matrices<T>)> {
    check_finite(x)?;
    let [m, n] = sides(x);
    if m >= n {
        return tall_svd(x, basis);
    }
    let (u, s, vh) = tall_svd(&adjoint(x)?, basis)?;
    Ok((adjoint(&vh)?, s, adjoint(&u)?))
}

fn eigh<T: Floating>(x: &Matrices<T>) -> Result<(Matrices<T::Real>, Matrices<T>)> {
    let (device, n) = (x.device(), sides(x)[0]);
    let stack = stack_of(x).to_vec();
    // The lower triangle and its mirror image, with a real diagonal.
    let lower = x.tril(-1)?;
    let diagonal = (x.tril(0)?.lazy() - &lower).try_eval()?;
    let diagonal = ((diagonal.lazy() + adjoint(&diagonal)?.lazy()) * T::from_f64(0.5)).try_eval()?;
    let whole = (lower.lazy() + adjoint(&lower)?.lazy() + &diagonal).try_eval()?.into_dyn();
    check_finite(&whole)?;
    if n == 0 || whole.size() == 0 {
        return Ok((new(device, &stack, &[n])?, own(&whole)?));
    }
    // No eigenvalue is below minus the largest sum of a row.
    let bound = whole.lazy().abs().sum(-1).try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    let bound = bound.lazy().max(KeepDims(-1)).try_eval()?.into_dyn();
    let is_zero = bound.lazy().equal(T::Real::ZERO).try_eval()?;
    let scale = (bound.lazy() + is_zero.lazy().astype::<T::Real>()).try_eval()?.into_dyn();
    let wide = scale.expand_dims(-1)?.into_dyn();
    let shifted = ((whole.lazy() / wide.lazy().astype::<T>()) + identity::<T>(device, &stack, n, n)?.lazy()).try_eval()?.into_dyn();
    let Rotated { lengths, turns, .. } = rotated(&own(&shifted)?)?;
    // Longest first: the largest eigenvalue.
    let values = ((lengths.lazy() - T::Real::ONE) * scale.lazy()).try_eval()?.into_dyn();
    Ok((own(&values.flip(-1)?)?, turns.flip(-2)?.matrix_transpose()?))
}

fn slogdet<T: Floating>(x: &Matrices<T>) -> Result<(Matrices<T>, Matrices<T::Real>)> {
    let factors = Factors::new(x)?;
    let diagonal = factors.lu.diagonal(0)?.into_dyn();
    let signs = factors.status()?.iter().map(|s| if s[1] % 2 == 1 { T::ZERO - T::ONE } else { T::ONE }).collect();
    let signs = Array::from_vec(x.device(), signs, stack_of(x).to_vec())?.into_dyn();
    let product = diagonal.lazy().sign().prod(-1).try_eval()?.lazy().astype::<T>().try_eval()?.into_dyn();
    let logs = diagonal.lazy().abs().astype::<T::Real>().log().sum(-1).try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    Ok(((product.lazy() * &signs).try_eval()?.into_dyn(), logs))
}

macro_rules! linalg_for {
    ($($t:ty),*) => {$(
        impl Linalg<$t> for Wgpu {
            fn svd(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<f32>, Matrices<$t>)> {
                svd(x, basis)
            }
            fn eigh(x: &Matrices<$t>) -> Result<(Matrices<f32>, Matrices<$t>)> {
                eigh(x)
            }
            fn qr(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<$t>)> {
                qr(x, basis)
            }
            fn cholesky(x: &Matrices<$t>, factor: Triangle) -> Result<Matrices<$t>> {
                cholesky(x, factor)
            }
            fn solve(a: &Matrices<$t>, b: &Matrices<$t>) -> Result<Matrices<$t>> {
                solve(a, b)
            }
            fn solve_triangular(a: &Matrices<$t>, b: &Matrices<$t>, form: Triangular) -> Result<Matrices<$t>> {
                solve_triangular(a, b, form)
            }
            fn slogdet(x: &Matrices<$t>) -> Result<(Matrices<$t>, Matrices<f32>)> {
                slogdet(x)
            }
        }
    )*};
}
linalg_for!(f32);
