//! Linear algebra of `float32` and `complex64`, everything on the device.
//!
//! A group of threads takes a small matrix of a stack, or a block of columns of a large one. Large matrices are cut in two, and what
//! is left of one part after the other is a product of matrices: `elimination` (Cholesky's and LU factors, triangular systems) and
//! `reflections` (QR). Singular values and eigenvalues come by rotations of pairs of blocks (`rotations`). Products of lazy matrices with many
//! rows are made block of rows by block of rows (`rows`).

mod elimination;
mod reflections;
mod rotations;
mod rows;

use std::ops::Range;

use num_complex::Complex;
use xp_core::functions::{concat, eye};
use xp_core::linalg::{Basis, Linalg, LinalgError, Triangle, Triangular};
use xp_core::{Array, Backend, DType, Dyn, Element, Expr, Floating, Ix2, Lazy, Num, Result, size_of_shape};

use crate::kernel::{Access, Source};
use crate::queue::Arguments;
use crate::wgsl::{self, load, load_written, register, store};
use crate::{Wgpu, WgpuBuffer};

const KERNELS: &str = include_str!("../library/linalg.wgsl");

type Matrices<T> = Array<Wgpu, T, Dyn>;

/// The largest number of iterations of one thread that a launch may have: see [`crate::expression`].
const ITERATIONS: usize = 40_000;

/// A binding of a kernel: its name, what the kernel does with it, whether it holds elements, and the memory.
type Binding<'a> = (&'static str, Access, bool, &'a wgpu::Buffer);

/// The kernel of this name for a dtype.
fn source(name: &str, dtype: DType, bindings: &[Binding<'_>]) -> Source {
    let part = |name: &str| {
        KERNELS.split("//# ").find_map(|part| part.strip_prefix(name).filter(|rest| rest.starts_with('\n'))).expect("a kernel of linalg.wgsl")
    };
    let shared = if name.ends_with("jacobi") { part("turns") } else { "" };
    let body = &format!("{shared}{}", part(name));
    let t = register(dtype);
    let suffix = wgsl::name(dtype).unwrap_or_default();
    let mut text = helpers(dtype).to_owned();
    for (binding, access, _, _) in bindings.iter().filter(|b| b.2) {
        let load = if *access == Access::Write { load_written } else { load };
        text += &format!("fn get_{binding}(i: u32) -> {t} {{ return {}; }}\n", load(dtype, binding, "i"));
        if *access == Access::Write {
            text += &format!("fn set_{binding}(i: u32, x: {t}) {{ {} }}\n", store(dtype, binding, "i", "x"));
        }
    }
    text += &wgsl::renamed(body, |word| match word {
        "T" => Some(t.to_owned()),
        "HALF" => Some(format!("{}u", half(dtype))),
        "WIDE" => Some(format!("{}u", 2 * half(dtype))),
        _ => word.strip_suffix("_T").map(|stem| format!("{stem}_{suffix}")),
    });
    bindings.iter().fold(Source::new(name, text), |source, (binding, access, elements, _)| {
        if *elements { source.elements(*binding, dtype.size(), *access) } else { source.binding(*binding, *access) }
    })
}

/// Columns of a block that is rotated with another one: the products of both fit into the memory that a group of threads shares.
fn half(dtype: DType) -> usize {
    if dtype == DType::C64 { 8 } else { 16 }
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

/// The elements for kernels to read, one matrix behind the other.
fn dense<T: Element>(x: &Matrices<T>) -> Result<Matrices<T>> {
    if x.is_contiguous() && x.offset() == 0 { Ok(x.clone()) } else { own(x) }
}

/// Some rows and columns of every matrix.
fn part<T: Element>(x: &Matrices<T>, rows: Range<usize>, columns: Range<usize>) -> Result<Matrices<T>> {
    x.slice_axis(-2, rows)?.slice_axis(-1, columns)
}

/// Where `n` rows or columns are cut in two, both parts about as large, the first a multiple of `block`; `n` is larger than that.
fn cut(n: usize, block: usize) -> usize {
    (n / 2).next_multiple_of(block)
}

/// Matrices of four parts.
fn joined<T: Element>([[a, b], [c, d]]: [[&Matrices<T>; 2]; 2]) -> Result<Matrices<T>> {
    concat(&[&concat(&[a, b], -1)?, &concat(&[c, d], -1)?], -2)
}

/// The identity, for every matrix of a stack.
fn identity<T: Num>(device: &Wgpu, stack: &[usize], rows: usize, columns: usize) -> Result<Matrices<T>> {
    let shape = [stack, &[rows, columns]].concat();
    if size_of_shape(&shape)? == 0 {
        return xp_core::functions::zeros(device, shape);
    }
    eye::<_, T>(device, rows, columns, 0)?.broadcast_to(shape)
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

macro_rules! linalg_for {
    ($($t:ty),*) => {$(
        impl Linalg<$t> for Wgpu {
            fn svd(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<f32>, Matrices<$t>)> {
                rotations::svd(x, basis)
            }
            fn eigh(x: &Matrices<$t>) -> Result<(Matrices<f32>, Matrices<$t>)> {
                rotations::eigh(x)
            }
            fn qr(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<$t>)> {
                reflections::qr(x, basis)
            }
            fn qr_r(x: &Matrices<$t>) -> Result<Matrices<$t>> {
                reflections::r(x)
            }
            fn cholesky(x: &Matrices<$t>, factor: Triangle) -> Result<Matrices<$t>> {
                elimination::cholesky(x, factor)
            }
            fn solve(a: &Matrices<$t>, b: &Matrices<$t>) -> Result<Matrices<$t>> {
                elimination::solve(a, b)
            }
            fn solve_triangular(a: &Matrices<$t>, b: &Matrices<$t>, form: Triangular) -> Result<Matrices<$t>> {
                elimination::solve_triangular(a, b, form)
            }
            fn slogdet(x: &Matrices<$t>) -> Result<(Matrices<$t>, Matrices<f32>)> {
                elimination::slogdet(x)
            }
            fn lu(x: &Matrices<$t>) -> Result<(Matrices<i64>, Matrices<$t>, Matrices<$t>)> {
                elimination::lu(x)
            }
            fn gram<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> {
                rows::gram(e)
            }
            fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Self, $t, Ix2>>
            where
                E: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
                F: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
            {
                rows::cross(a, b)
            }
        }
    )*};
}
linalg_for!(f32, Complex<f32>);

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn both_parts_have_something() {
        for block in [32, 64] {
            for n in block + 1..1000 {
                let first = cut(n, block);
                assert!(first > 0 && first < n && first.is_multiple_of(block), "{n}: {first}");
            }
        }
    }
}
