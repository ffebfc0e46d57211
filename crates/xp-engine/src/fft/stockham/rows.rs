//! The transform of one contiguous sequence.

use num_complex::Complex;
use rustfft::{Fft, FftDirection, Length};

use super::make::{Roots, factors};
use super::passes::{Blocks, Pass, Plain, first, half, last, middle, middle_roots, planar_roots};
use super::vector::Vector;
use crate::fft::float::unit_root;
use crate::fft::{Direction, planner};

/// A transform of `n` points with the registers `V`.
pub(super) struct Rows<V: Vector> {
    n: usize,
    direction: Direction,
    steps: Vec<Step>,
    roots: Roots<V::Real>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    radix: usize,
    m: usize,
    s: usize,
    roots: usize,
    half: bool,
}

impl<V: Vector> Rows<V> {
    /// A transform of this length, when the registers suit it.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Self> {
        let (wide, rest) = (V::LANES > 8, n / 8);
        if !n.is_multiple_of(8) || rest < V::LANES {
            return None;
        }
        let mut radices = vec![8];
        if wide {
            // An even radix comes second and leaves an even number.
            let second = [8, 4, 16, 2].into_iter().find(|second| rest.is_multiple_of(2 * second))?;
            radices.push(second);
            let more = factors(rest / second)?;
            // Two radices of 4 are faster than one of 16 here.
            radices.extend(more.into_iter().flat_map(|radix| if radix == 16 { vec![4, 4] } else { vec![radix] }));
        } else {
            radices.extend(factors(rest)?);
        }
        let mut roots: Vec<Vec<V::Real>> = vec![];
        let mut at = 0;
        let mut steps = Vec::new();
        let (mut length, mut s) = (n, 1);
        for (i, &radix) in radices.iter().enumerate() {
            let m = length / radix;
            let half = wide && i == 1;
            let root = |k: usize| {
                let w = unit_root::<V::Real>(k as u64, length as u64);
                (w.re, w.im)
            };
            let part = match i {
                0 => planar_roots(radix, m, 1, root),
                _ if half => planar_roots(radix, m, 8, root),
                _ if m > 1 => middle_roots(radix, m, root),
                _ => vec![],
            };
            steps.push(Step { radix, m, s, roots: at, half });
            at += part.len().next_multiple_of(64 / size_of::<V::Real>());
            roots.push(part);
            (length, s) = (m, s * radix);
        }
        Some(Self { n, direction, steps, roots: Roots::new(&roots) })
    }

    fn pass(&self, step: &Step) -> Pass<V::Real> {
        Pass { radix: step.radix, m: step.m, s: step.s, roots: self.roots.at(step.roots) }
    }

    /// # Safety
    /// `from` may be read for `n` numbers, `to` and `scratch` written; `from` may be `to`, otherwise they are different
    /// memory. The processor is able.
    unsafe fn run<const SWAP: bool>(&self, from: *const Complex<V::Real>, to: *mut Complex<V::Real>, scratch: *mut Complex<V::Real>, scale: V::Real) {
        let in_place = from == to.cast_const();
        let (to, scratch) = (to.cast::<V::Real>(), scratch.cast::<V::Real>());
        let (last_step, steps) = self.split();
        // The step before the last writes where the last one does, if that leaves the input alone.
        let (at, other) = if in_place || steps.len().is_multiple_of(2) { (scratch, to) } else { (to, scratch) };
        // SAFETY: the caller's promise.
        unsafe {
            let at = self.begin::<SWAP>(from.cast(), at, other);
            let to = Plain::<V::Real, SWAP> { start: to, stride: last_step.s as isize, scale, ahead: self.n };
            last::<V, _, _>(&self.pass(last_step), last_step.s, Blocks { start: at, s: last_step.s }, to);
        }
    }

    fn split(&self) -> (&Step, &[Step]) {
        self.steps.split_last().expect("at least two steps")
    }

    /// All passes but the last, from `from` to `at`, from there to `other` and so on. Returns where the numbers are.
    ///
    /// # Safety
    /// `from` may be read for `n` numbers; `at` and `other` written; `from` is not `at`. The processor is able.
    unsafe fn begin<const SWAP: bool>(&self, from: *const V::Real, mut at: *mut V::Real, mut other: *mut V::Real) -> *mut V::Real {
        let (_, steps) = self.split();
        let from = Plain::<V::Real, SWAP> { start: from.cast_mut(), stride: 0, scale: V::Real::ONE, ahead: self.n };
        // SAFETY: the caller's promise; a step reads what the one before it wrote, and writes elsewhere.
        unsafe {
            first::<V, _>(&self.pass(&steps[0]), from, at);
            for step in &steps[1..] {
                if step.half {
                    half::<V>(&self.pass(step), at, other);
                } else {
                    middle::<V, _>(&self.pass(step), Blocks { start: at, s: step.s }, Blocks { start: other, s: step.s });
                }
                (at, other) = (other, at);
            }
        }
        at
    }

    /// The forward transform, whatever the direction of the plan, in blocks, in one of `a` and `b`, which is returned.
    ///
    /// # Safety
    /// `from` may be read for `n` numbers, `a` and `b` written; all are different memory. The processor is able.
    pub(super) unsafe fn process_to_blocks(&self, from: *const V::Real, a: *mut V::Real, b: *mut V::Real) -> *mut V::Real {
        let (last_step, _) = self.split();
        // SAFETY: the caller's promise.
        unsafe {
            let at = self.begin::<false>(from, a, b);
            let blocks = Blocks { start: at, s: last_step.s };
            last::<V, _, _>(&self.pass(last_step), last_step.s, blocks, blocks);
            at
        }
    }

    /// As `run`, in the direction of the plan.
    ///
    /// # Safety
    /// As there.
    pub(super) unsafe fn process(&self, from: *const Complex<V::Real>, to: *mut Complex<V::Real>, scratch: *mut Complex<V::Real>, scale: V::Real) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.direction {
                Direction::Forward => self.run::<false>(from, to, scratch, scale),
                Direction::Backward => self.run::<true>(from, to, scratch, scale),
            }
        }
    }
}

impl<V: Vector> Length for Rows<V> {
    fn len(&self) -> usize {
        self.n
    }
}

impl<V: Vector> rustfft::Direction for Rows<V> {
    fn fft_direction(&self) -> FftDirection {
        planner::sign(self.direction)
    }
}

impl<V: Vector> Fft<V::Real> for Rows<V> {
    fn process_with_scratch(&self, buffer: &mut [Complex<V::Real>], scratch: &mut [Complex<V::Real>]) {
        assert!(scratch.len() >= self.n && buffer.len().is_multiple_of(self.n), "work memory or data of the wrong length");
        for row in buffer.chunks_exact_mut(self.n) {
            // SAFETY: `n` numbers in all three; a plan exists only on able processors.
            unsafe { self.process(row.as_ptr(), row.as_mut_ptr(), scratch.as_mut_ptr(), V::Real::ONE) };
        }
    }

    fn process_outofplace_with_scratch(&self, input: &mut [Complex<V::Real>], output: &mut [Complex<V::Real>], scratch: &mut [Complex<V::Real>]) {
        self.process_immutable_with_scratch(input, output, scratch);
    }

    fn process_immutable_with_scratch(&self, input: &[Complex<V::Real>], output: &mut [Complex<V::Real>], scratch: &mut [Complex<V::Real>]) {
        assert!(
            scratch.len() >= self.n && input.len() == output.len() && input.len().is_multiple_of(self.n),
            "work memory or data of the wrong length"
        );
        for (from, to) in input.chunks_exact(self.n).zip(output.chunks_exact_mut(self.n)) {
            // SAFETY: as above.
            unsafe { self.process(from.as_ptr(), to.as_mut_ptr(), scratch.as_mut_ptr(), V::Real::ONE) };
        }
    }

    fn get_inplace_scratch_len(&self) -> usize {
        self.n
    }

    fn get_outofplace_scratch_len(&self) -> usize {
        self.n
    }

    fn get_immutable_scratch_len(&self) -> usize {
        self.n
    }
}

use crate::fft::float::FftFloat;
