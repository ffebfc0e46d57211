//! Large products of real matrices: both operands are packed once per block of the inner dimension, and threads share
//! the blocks of the result.

use super::simd::{Kernels, Tile};
use super::workspace::{for_chunks, for_tiles, numbers, with_workspace};
use super::{Result, Scalar, Triangle};
use faer::dyn_stack::StackReq;
use faer::{Accum, MatMut, MatRef, Par};

/// Inner dimension of a block, in bytes of a column.
const DEPTH_BYTES: usize = 3072;
/// Rows of the result that one task computes, in panels.
const TASK_PANELS: usize = 8;
/// Columns of the result that one task computes.
const TASK_COLUMNS: usize = 480;

/// Whether [`gemm`] is faster than the general product.
pub(super) fn is_large(m: usize, n: usize, k: usize) -> bool {
    m >= 48 && n >= 48 && k >= 48 && m.saturating_mul(n).saturating_mul(k) >= 1 << 20
}

/// `c = alpha a b` or `c += alpha a b`, for a `c` of unit row stride.
pub(super) fn gemm<T: Scalar>(
    mut c: MatMut<'_, T>,
    accum: Accum,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    kernels: &'static Kernels<T>,
    par: Par,
) -> Result<()> {
    let (m, n, k) = (c.nrows(), c.ncols(), a.ncols());
    assert_eq!(c.row_stride(), 1);
    let (mr, nr) = (kernels.tile_rows, kernels.tile_cols);
    let blocks = k.div_ceil(DEPTH_BYTES / size_of::<T>());
    let depth = k.div_ceil(blocks);
    let (left_panels, right_panels) = (m.div_ceil(mr), n.div_ceil(nr));
    let req = StackReq::new_aligned::<T>(left_panels * mr * depth, 64).and(StackReq::new_aligned::<T>(right_panels * nr * depth, 64));
    with_workspace(req, |stack| {
        let (left, stack) = numbers::<T>(left_panels * mr * depth, stack);
        let (right, _) = numbers::<T>(right_panels * nr * depth, stack);
        for (block, k0) in (0..k).step_by(depth).enumerate() {
            let kb = depth.min(k - k0);
            let (a, b) = (a.subcols(k0, kb), b.subrows(k0, kb).transpose());
            let add = block > 0 || matches!(accum, Accum::Add);
            for_chunks(&mut left[..left_panels * mr * kb], mr * kb, par, |p, panel| pack(a, p * mr, mr, panel));
            for_chunks(&mut right[..right_panels * nr * kb], nr * kb, par, |p, panel| pack(b, p * nr, nr, panel));
            let (left, right) = (&left[..], &right[..]);
            let (rows, columns) = (TASK_PANELS * mr, TASK_COLUMNS / nr * nr);
            for_tiles(c.as_mut(), [rows, columns], par, |i0, j0, mut c| {
                for j in (0..c.ncols()).step_by(nr) {
                    for i in (0..c.nrows()).step_by(mr) {
                        let tile = Tile {
                            m: mr.min(c.nrows() - i),
                            n: nr.min(c.ncols() - j),
                            k: kb,
                            alpha,
                            a: left[(i0 + i) * kb..].as_ptr(),
                            a_k: mr as isize,
                            b: right[(j0 + j) * kb..].as_ptr(),
                            b_k: nr as isize,
                            b_j: 1,
                            c: c.as_mut().submatrix_mut(i, j, 1, 1).as_ptr_mut(),
                            c_j: c.col_stride(),
                            add,
                        };
                        // SAFETY: whole panels of kb steps are packed from i0 + i and j0 + j on, and the tile lies in `c`,
                        // which is borrowed mutably and has unit row stride.
                        unsafe { (kernels.product)(&tile) };
                    }
                }
            });
        }
    })
}

/// The lower triangle of `c = x^T x`, for a real `x` and a `c` of unit row stride.
///
/// The order of summation does not depend on the number of threads.
pub(super) fn symmetric<T: Scalar>(mut c: MatMut<'_, T>, x: MatRef<'_, T>, kernels: &'static Kernels<T>, par: Par) -> Result<()> {
    let (k, n) = x.shape();
    assert!(c.row_stride() == 1 && c.shape() == (n, n));
    let mr = kernels.tile_rows;
    let depth = k.div_ceil(k.div_ceil(DEPTH_BYTES / size_of::<T>()));
    let panels = n.div_ceil(mr);
    with_workspace(StackReq::new_aligned::<T>(panels * mr * depth, 64), |stack| {
        let (packed, _) = numbers::<T>(panels * mr * depth, stack);
        for k0 in (0..k).step_by(depth) {
            let kb = depth.min(k - k0);
            let xt = x.subrows(k0, kb).transpose();
            for_chunks(&mut packed[..panels * mr * kb], mr * kb, par, |p, panel| pack(xt, p * mr, mr, panel));
            let product = PanelProduct { left: packed, right: packed, depth: kb, alpha: T::ONE, add: k0 > 0 };
            product.write_triangle(c.as_mut(), Triangle::Lower, kernels, par);
        }
    })
}

/// `alpha x^T y` for an `x` and a `y` of `depth` rows that lie in panels of `tile_rows` columns, as [`pack`] makes them.
pub(super) struct PanelProduct<'a, T> {
    pub left: &'a [T],
    pub right: &'a [T],
    pub depth: usize,
    pub alpha: T,
    pub add: bool,
}

impl<T: Scalar> PanelProduct<'_, T> {
    /// Writes or adds the product.
    pub(super) fn write(&self, c: MatMut<'_, T>, kernels: &'static Kernels<T>) {
        let needed = |len: usize| len.next_multiple_of(kernels.tile_rows) * self.depth;
        assert!(c.row_stride() == 1 && self.left.len() >= needed(c.nrows()) && self.right.len() >= needed(c.ncols()));
        self.tiles(c, 0, 0, None, kernels);
    }

    /// Writes or adds one triangle of a symmetric product; elements of the other one next to the diagonal become arbitrary.
    pub(super) fn write_triangle(&self, c: MatMut<'_, T>, triangle: Triangle, kernels: &'static Kernels<T>, par: Par) {
        let n = c.ncols();
        assert!(c.row_stride() == 1 && c.nrows() == n);
        let mr = kernels.tile_rows;
        assert!(self.left.len().min(self.right.len()) >= n.next_multiple_of(mr) * self.depth);
        let (rows, columns) = (TASK_PANELS * mr, TASK_COLUMNS / 2 / mr * mr);
        for_tiles(c, [rows, columns], par, |i, j, c| self.tiles(c, i, j, Some(triangle), kernels));
    }

    /// The tiles, of the triangle if there is one, among the rows from `i0` and the columns from `j0` on.
    fn tiles(&self, mut c: MatMut<'_, T>, i0: usize, j0: usize, triangle: Option<Triangle>, kernels: &'static Kernels<T>) {
        let (mr, nr, k) = (kernels.tile_rows, kernels.tile_cols, self.depth);
        let wanted = |i: usize, j: usize| match triangle {
            None => true,
            Some(Triangle::Lower) => i0 + i + mr > j0 + j,
            Some(Triangle::Upper) => i0 + i < j0 + j + nr,
        };
        for j in (0..c.ncols()).step_by(nr) {
            for i in (0..c.nrows()).step_by(mr).filter(|&i| wanted(i, j)) {
                let column = j0 + j;
                let tile = Tile {
                    m: mr.min(c.nrows() - i),
                    n: nr.min(c.ncols() - j),
                    k,
                    alpha: self.alpha,
                    a: self.left[(i0 + i) * k..].as_ptr(),
                    a_k: mr as isize,
                    b: self.right[column / mr * mr * k + column % mr..].as_ptr(),
                    b_k: mr as isize,
                    b_j: 1,
                    c: c.as_mut().submatrix_mut(i, j, 1, 1).as_ptr_mut(),
                    c_j: c.col_stride(),
                    add: self.add,
                };
                // SAFETY: panels of k steps are packed, a group of nr columns lies within one of them, and the tile lies in
                // `c`, which is borrowed mutably and has unit row stride.
                unsafe { (kernels.product)(&tile) };
            }
        }
    }
}

/// Rows `first..first + width` of `a`, `width` elements per column, padded with zeros.
pub(super) fn pack<T: Scalar>(a: MatRef<'_, T>, first: usize, width: usize, panel: &mut [T]) {
    let rows = width.min(a.nrows() - first);
    let a = a.subrows(first, rows);
    if rows < width {
        panel.fill(T::ZERO);
    }
    if a.row_stride() == 1 {
        for (k, out) in panel.chunks_exact_mut(width).enumerate() {
            let column = a.col(k).try_as_col_major().expect("unit stride");
            out[..rows].copy_from_slice(column.as_slice());
        }
        return;
    }
    // Eight steps at a time, so that a line of the panel is completed while it is in cache.
    for k0 in (0..a.ncols()).step_by(8) {
        for i in 0..rows {
            for k in k0..(k0 + 8).min(a.ncols()) {
                // SAFETY: i < rows and k < columns of `a`.
                panel[k * width + i] = unsafe { *a.ptr_inbounds_at(i, k) };
            }
        }
    }
}
