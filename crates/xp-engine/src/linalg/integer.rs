//! Products of integer matrices, wrapping on overflow.

use super::functions::IntegerProducts;
use super::workspace::for_columns;
use crate::level::at_level;
use faer::{MatMut, MatRef, Par};

/// Element of an integer matrix.
pub trait Integer: Copy + Send + Sync + 'static + sealed::Sealed {
    #[doc(hidden)]
    fn products() -> &'static IntegerProducts<Self>;
    /// Zero.
    const ZERO: Self;
    /// `self + a * b` modulo two to the width of the type.
    fn add_product(self, a: Self, b: Self) -> Self;
    /// `self + a` modulo two to the width of the type.
    fn add(self, a: Self) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl sealed::Sealed for $t {}
        impl Integer for $t {
            fn products() -> &'static IntegerProducts<Self> {
                static TABLE: IntegerProducts<$t> = IntegerProducts::HERE;
                &TABLE
            }
            const ZERO: Self = 0;
            #[inline(always)]
            fn add_product(self, a: Self, b: Self) -> Self {
                self.wrapping_add(a.wrapping_mul(b))
            }
            #[inline(always)]
            fn add(self, a: Self) -> Self {
                self.wrapping_add(a)
            }
        }
    )*};
}
integers!(i8 i16 i32 i64 u8 u16 u32 u64);

/// Rows of a register tile.
const ROWS: usize = 4;
/// Bytes of a row of a register tile.
const ROW_BYTES: usize = 128;
/// Inner dimension of a packed block.
const DEPTH: usize = 256;

/// [`super::matmul_integer`].
pub(super) fn matmul_integer<T: Integer>(mut c: MatMut<'_, T>, a: MatRef<'_, T>, b: MatRef<'_, T>, par: Par) {
    let (m, n, k) = (c.nrows(), c.ncols(), a.ncols());
    assert_eq!((a.nrows(), b.nrows(), b.ncols()), (m, k, n), "the dimensions of the product fit");
    for j in 0..n {
        for i in 0..m {
            c[(i, j)] = T::ZERO;
        }
    }
    let par = super::workspace::par_for(par, m.saturating_mul(n).saturating_mul(k));
    match size_of::<T>() {
        1 => run::<T, { ROW_BYTES }>(c, a, b, par),
        2 => run::<T, { ROW_BYTES / 2 }>(c, a, b, par),
        4 => run::<T, { ROW_BYTES / 4 }>(c, a, b, par),
        _ => run::<T, { ROW_BYTES / 8 }>(c, a, b, par),
    }
}

fn run<T: Integer, const W: usize>(mut c: MatMut<'_, T>, a: MatRef<'_, T>, b: MatRef<'_, T>, par: Par) {
    let (m, n, k) = (c.nrows(), c.ncols(), a.ncols());
    let panels = n.div_ceil(W);
    let mut packed = vec![T::ZERO; panels * W * DEPTH.min(k)];
    for k0 in (0..k).step_by(DEPTH) {
        let depth = DEPTH.min(k - k0);
        for (p, panel) in packed.chunks_exact_mut(W * depth).take(panels).enumerate() {
            let width = W.min(n - p * W);
            for (kk, row) in panel.chunks_exact_mut(W).enumerate() {
                for (j, x) in row.iter_mut().enumerate() {
                    *x = if j < width { b[(k0 + kk, p * W + j)] } else { T::ZERO };
                }
            }
        }
        let a = a.subcols(k0, depth);
        let rows_of_c = |c: MatMut<'_, T>, a: MatRef<'_, T>| at_level(|| rows::<T, W>(c, a, &packed, depth));
        let chunk = 32.min(m.div_ceil(8)).max(ROWS);
        for_columns(c.as_mut().transpose_mut(), chunk, par, |i, c| {
            let height = c.ncols();
            rows_of_c(c.transpose_mut(), a.subrows(i, height));
        });
    }
}

#[inline(always)]
fn rows<T: Integer, const W: usize>(mut c: MatMut<'_, T>, a: MatRef<'_, T>, packed: &[T], depth: usize) {
    let (m, n) = (c.nrows(), c.ncols());
    let mut left = [[T::ZERO; ROWS]; DEPTH];
    for i0 in (0..m).step_by(ROWS) {
        let height = ROWS.min(m - i0);
        for (kk, column) in left[..depth].iter_mut().enumerate() {
            for (i, x) in column.iter_mut().enumerate() {
                *x = if i < height { a[(i0 + i, kk)] } else { T::ZERO };
            }
        }
        for (p, panel) in packed.chunks_exact(W * depth).take(n.div_ceil(W)).enumerate() {
            let mut sum = [[T::ZERO; W]; ROWS];
            for (l, r) in left[..depth].iter().zip(panel.as_chunks::<W>().0) {
                for i in 0..ROWS {
                    for j in 0..W {
                        sum[i][j] = sum[i][j].add_product(l[i], r[j]);
                    }
                }
            }
            let width = W.min(n - p * W);
            for (i, row) in sum[..height].iter().enumerate() {
                for (j, &x) in row[..width].iter().enumerate() {
                    let at = &mut c[(i0 + i, p * W + j)];
                    *at = at.add(x);
                }
            }
        }
    }
}
