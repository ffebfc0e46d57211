//! Transforms of sequences side by side: as many as a register has lanes, one in each.

use num_complex::Complex;

use super::ColumnLine;
use super::make::{Roots, ahead, factors};
use super::passes::{Blocks, Pass, Plain, Source, Target, last, middle, middle_roots};
use super::vector::Vector;
use crate::fft::Direction;
use crate::fft::float::{FftFloat, unit_root};

/// Transforms of `n` points over `LANES` columns, forward.
pub(super) struct Columns<V: Vector> {
    n: usize,
    steps: Vec<(usize, usize, usize, usize)>,
    roots: Roots<V::Real>,
}

impl<V: Vector> Columns<V> {
    /// For lengths that are products of the radices.
    pub(super) fn new(n: usize) -> Option<Self> {
        let mut radices = factors(n)?;
        if radices.is_empty() {
            radices.push(1);
        }
        let (mut steps, mut roots, mut at) = (vec![], vec![], 0);
        let (mut length, mut s) = (n, V::LANES);
        for radix in radices {
            let m = length / radix;
            let root = |k: usize| {
                let w = unit_root::<V::Real>(k as u64, length as u64);
                (w.re, w.im)
            };
            let part = if m > 1 { middle_roots(radix, m, root) } else { vec![] };
            steps.push((radix, m, s, at));
            at += part.len().next_multiple_of(64 / size_of::<V::Real>());
            roots.push(part);
            (length, s) = (m, s * radix);
        }
        Some(Self { n, steps, roots: Roots::new(&roots) })
    }

    /// Points of a sequence.
    pub(super) fn len(&self) -> usize {
        self.n
    }

    /// Reals in each of the two work areas of `run`.
    pub(super) fn work_len(&self) -> usize {
        2 * self.n * V::LANES
    }

    /// That of the work areas of `run` that the last step does not read.
    pub(super) fn free_area<T>(&self, a: *mut T, b: *mut T) -> *mut T {
        if self.steps.len().is_multiple_of(2) { b } else { a }
    }

    /// Rows of `from`, one point of every sequence in each, to rows of `to`.
    ///
    /// # Safety
    /// `n` rows can be read and written; `a` and `b` have room for `work_len` reals each, and `from` is not part of them. `to`
    /// may be the [free area](Self::free_area) of them, or the memory of `from`. The processor is able.
    pub(super) unsafe fn run<S: Source<V>, D: Target<V>>(&self, from: S, to: D, mut a: *mut V::Real, mut b: *mut V::Real) {
        let pass = |&(radix, m, s, at): &(usize, usize, usize, usize)| Pass { radix, m, s, roots: self.roots.at(at) };
        let (last_step, steps) = self.steps.split_last().expect("at least one step");
        // SAFETY: the caller's promise.
        unsafe {
            let Some((first_step, steps)) = steps.split_first() else {
                return last::<V, S, D>(&pass(last_step), V::LANES, from, to);
            };
            middle::<V, S>(&pass(first_step), from, Blocks { start: a, s: first_step.2 });
            for step in steps {
                middle::<V, _>(&pass(step), Blocks { start: a, s: step.2 }, Blocks { start: b, s: step.2 });
                (a, b) = (b, a);
            }
            last::<V, _, D>(&pass(last_step), V::LANES, Blocks { start: a, s: last_step.2 }, to);
        }
    }
}

/// Transforms of the columns of an array.
pub(super) struct ArrayColumns<V: Vector> {
    columns: Columns<V>,
    inverse: bool,
}

impl<V: Vector> ArrayColumns<V> {
    pub(super) fn new(n: usize, direction: Direction) -> Option<Self> {
        Some(Self { columns: Columns::new(n)?, inverse: direction == Direction::Backward })
    }

    /// Transforms `LANES` columns.
    ///
    /// # Safety
    /// As for [`ColumnLine::run`], with work areas as for [`Columns::run`].
    unsafe fn block<const SWAP: bool>(
        &self,
        from: (*const V::Real, isize),
        to: (*mut V::Real, isize),
        scale: V::Real,
        a: *mut V::Real,
        b: *mut V::Real,
    ) {
        let source = Plain::<V::Real, SWAP> { start: from.0.cast_mut(), stride: from.1, scale, ahead: ahead::<V>(from.1.unsigned_abs()) };
        let target = Plain::<V::Real, SWAP> { start: to.0, stride: to.1, scale, ahead: 0 };
        // SAFETY: the caller's promise.
        unsafe { self.columns.run(source, target, a, b) };
    }
}

impl<V: Vector> ColumnLine<V::Real> for ArrayColumns<V> {
    fn lanes(&self) -> usize {
        V::LANES
    }

    fn work_len(&self) -> usize {
        3 * self.columns.len() * V::LANES
    }

    unsafe fn run(
        &self,
        from: (*const Complex<V::Real>, isize),
        to: (*mut Complex<V::Real>, isize),
        count: usize,
        scale: V::Real,
        work: &mut [Complex<V::Real>],
    ) {
        assert!(work.len() >= self.work_len(), "too little work memory");
        let n = self.columns.len();
        let (a, work) = work.split_at_mut(n * V::LANES);
        let (b, tile) = work.split_at_mut(n * V::LANES);
        let (a, b) = (a.as_mut_ptr().cast(), b.as_mut_ptr().cast());
        for first in (0..count).step_by(V::LANES) {
            let width = V::LANES.min(count - first);
            let (source, target) = (from.0.wrapping_add(first), to.0.wrapping_add(first));
            // SAFETY: `width` columns of `n` numbers at `source`, room for them at `target`.
            unsafe {
                if zero::<V>(source, from.1, n, width) {
                    if source != target.cast_const() {
                        (0..n as isize).for_each(|i| target.offset(i * to.1).write_bytes(0, width));
                    }
                    continue;
                }
                let (mut source, mut target) = ((source.cast::<V::Real>(), from.1), (target.cast::<V::Real>(), to.1));
                let whole = width == V::LANES;
                if !whole {
                    for (i, row) in tile.chunks_exact_mut(V::LANES).take(n).enumerate() {
                        let at = source.0.cast::<Complex<V::Real>>().offset(i as isize * from.1);
                        std::ptr::copy_nonoverlapping(at, row.as_mut_ptr(), width);
                        row[width..].fill(Complex::new(V::Real::ZERO, V::Real::ZERO));
                    }
                    source = (tile.as_ptr().cast(), V::LANES as isize);
                    target = (tile.as_mut_ptr().cast(), V::LANES as isize);
                }
                if self.inverse {
                    self.block::<true>(source, target, scale, a, b);
                } else {
                    self.block::<false>(source, target, scale, a, b);
                }
                if !whole {
                    for (i, row) in tile.chunks_exact(V::LANES).take(n).enumerate() {
                        let at = to.0.add(first).offset(i as isize * to.1);
                        std::ptr::copy_nonoverlapping(row.as_ptr(), at, width);
                    }
                }
            }
        }
    }
}

/// Whether `n` rows of `width` numbers are all zero. Spectra that were cut have such columns; most others end the search at
/// its first row.
///
/// # Safety
/// They can be read; the processor is able.
unsafe fn zero<V: Vector>(from: *const Complex<V::Real>, step: isize, n: usize, width: usize) -> bool {
    const AHEAD: isize = 16;
    (0..n as isize).all(|i| {
        // SAFETY: the caller's promise; a prefetch may look past the end.
        let row = unsafe {
            let next = from.wrapping_offset((i + AHEAD) * step).cast::<V::Real>();
            V::prefetch::<false>(next);
            V::prefetch::<false>(next.wrapping_add(V::LANES));
            std::slice::from_raw_parts(from.offset(i * step), width)
        };
        row.iter().fold(true, |zero, z| zero & (z.re == V::Real::ZERO) & (z.im == V::Real::ZERO))
    })
}
