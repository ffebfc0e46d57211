//! Products of stacks of matrices of every numeric dtype.

use std::mem::MaybeUninit;

use num_complex::Complex;
use xp_core::backend::Stack;
use xp_core::{DType, Element, Num};
use xp_engine::linalg::{self, Matrix, MatrixMut, Scalar, Threads};
use xp_engine::threads::Shared;

use crate::Cpu;
use crate::backend::dispatch::with_dtype;

/// # Safety
/// Strides and offsets must describe elements of the operands; `out` must have room for the products of all pairs, and nobody
/// else may use that memory.
pub(crate) unsafe fn matmul<T: Num>(a: Stack<'_, Cpu, T>, b: Stack<'_, Cpu, T>, dims @ [m, k, n]: [usize; 3], batches: &[[usize; 2]], out: *mut T) {
    if batches.is_empty() || m * n == 0 {
        return;
    }
    if k == 0 {
        // SAFETY: the caller vouches for so much room.
        unsafe { std::slice::from_raw_parts_mut(out.cast::<MaybeUninit<T>>(), batches.len() * m * n) }.fill(MaybeUninit::new(T::ZERO));
        return;
    }
    let operand = |x: Stack<'_, Cpu, T>| (x.buffer.ptr().cast_const().cast(), x.strides);
    // SAFETY: the caller vouches for the operands and the output.
    unsafe { stack(T::DTYPE, out.cast(), operand(a), operand(b), dims, batches) };
}

/// The start of a stack of matrices, and their strides.
type Operand<T> = (*const T, [isize; 2]);

/// # Safety
/// Strides and offsets must describe written elements of `dtype` of the operands, `c` must have room for the products.
unsafe fn stack(dtype: DType, c: *mut u8, (a, sa): Operand<u8>, (b, sb): Operand<u8>, dims: [usize; 3], batches: &[[usize; 2]]) {
    // SAFETY: the caller's promise.
    unsafe {
        with_dtype!(dtype, T in [F32 f32, F64 f64] => real::<T>(c.cast(), (a.cast(), sa), (b.cast(), sb), dims, batches),
        else with_dtype!(dtype, T in [C64 Complex<f32>, C128 Complex<f64>] => floating::<T>(c.cast(), (a.cast(), sa), (b.cast(), sb), dims, batches),
        else with_dtype!(dtype, T in [I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64] => {
            each::<T>(c.cast(), (a.cast(), sa), (b.cast(), sb), dims, batches, linalg::matmul_integer);
        }, else with_dtype!(dtype, T in [F16 half::f16, BF16 half::bf16] => {
            each::<T>(c.cast(), (a.cast(), sa), (b.cast(), sb), dims, batches, linalg::matmul_half);
        }, else unreachable!("a numeric dtype")))));
    }
}

/// # Safety
/// As for [`stack`].
unsafe fn real<T: Scalar + Element>(c: *mut T, a: Operand<T>, b: Operand<T>, dims: [usize; 3], batches: &[[usize; 2]]) {
    // SAFETY: the caller's promise.
    unsafe {
        if !gram(c, a, b, dims, batches) && !linalg::short_products(c, a, b, dims, batches, Threads::All) {
            floating(c, a, b, dims, batches);
        }
    }
}

/// # Safety
/// As for [`stack`].
unsafe fn floating<T: Scalar + Element>(c: *mut T, a: Operand<T>, b: Operand<T>, dims: [usize; 3], batches: &[[usize; 2]]) {
    // SAFETY: the caller's promise.
    unsafe { each(c, a, b, dims, batches, linalg::matmul) }
}

/// Calls `product` for every pair of matrices, side by side when they are small.
///
/// # Safety
/// As for [`stack`].
unsafe fn each<T: Element>(
    c: *mut T,
    (a, a_strides): Operand<T>,
    (b, b_strides): Operand<T>,
    [m, k, n]: [usize; 3],
    batches: &[[usize; 2]],
    product: impl Fn(MatrixMut<'_, T>, Matrix<'_, T>, Matrix<'_, T>, Threads) + Sync,
) {
    let (a, b, c) = (Shared::new(a.cast_mut()), Shared::new(b.cast_mut()), Shared::new(c));
    let done = linalg::for_each(batches.len(), m.saturating_mul(k).saturating_mul(n), Threads::All, |i, threads| {
        let [at_a, at_b] = batches[i];
        // SAFETY: strides and offsets describe elements of the operands, which are written; the products of a stack are
        // written to parts of the output of their own.
        unsafe {
            let a = Matrix::from_raw_parts(a.get().wrapping_add(at_a).cast_const(), [m, k], a_strides);
            let b = Matrix::from_raw_parts(b.get().wrapping_add(at_b).cast_const(), [k, n], b_strides);
            product(MatrixMut::from_raw_parts(c.get().add(i * m * n), [m, n], [n as isize, 1]), a, b, threads);
        }
        Ok(())
    });
    debug_assert!(done.is_ok());
}

/// Number of multiplications up to which a product is not worth the savings of a symmetric one.
const SMALL_GRAM: usize = 4096;

/// The product of a matrix with its own transpose, of which only a triangle is computed. `false` if it is another product.
///
/// # Safety
/// As for [`stack`].
unsafe fn gram<T: Scalar>(c: *mut T, (a, a_strides): Operand<T>, (b, [row, col]): Operand<T>, [m, k, n]: [usize; 3], batches: &[[usize; 2]]) -> bool {
    let &[[at_a, at_b]] = batches else { return false };
    // A small product costs less than the two passes over a triangle.
    if (a, at_a, a_strides, m) != (b, at_b, [col, row], n) || m.saturating_mul(k).saturating_mul(n) <= SMALL_GRAM {
        return false;
    }
    // SAFETY: the caller's promise.
    unsafe {
        let x = Matrix::from_raw_parts(b.wrapping_add(at_b), [k, n], [row, col]);
        // Without memory for its workspace, nothing was written yet.
        linalg::gram(MatrixMut::from_raw_parts(c, [m, n], [n as isize, 1]), x, Threads::All).is_ok()
    }
}
