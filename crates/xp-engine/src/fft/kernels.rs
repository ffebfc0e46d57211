//! One-dimensional complex and real transforms of lanes.
//!
//! A real transform of even length packs pairs of reals into complex numbers, transforms half the
//! length and separates the spectra of the even and odd elements.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::Fft;

use super::Direction;
use super::float::{FftFloat, unit_root};
use super::lanes::LaneKernel;
use super::plan::{self, Plan, SideBySide};
#[cfg(test)]
use super::planner;
use super::stockham::{self, ColumnLine, RealLine};
use crate::level::at_most_avx2;

/// Complex to complex.
pub(super) struct C2c<T: FftFloat> {
    plan: Arc<dyn Fft<T>>,
    direction: Direction,
    scale: T,
    wide: bool,
}

impl<T: FftFloat> C2c<T> {
    pub(super) fn new(n: usize, direction: Direction, scale: T) -> Self {
        Self { plan: plan::complex(n, direction), direction, scale, wide: true }
    }

    /// As on any processor.
    #[cfg(test)]
    pub(super) fn portable(n: usize, direction: Direction, scale: T) -> Self {
        Self { plan: planner::plan(n, direction), direction, scale, wide: false }
    }
}

impl<T: FftFloat> LaneKernel for C2c<T> {
    type Real = T;
    type In = Complex<T>;
    type Out = Complex<T>;
    const IN_PLACE: bool = true;

    fn in_len(&self) -> usize {
        self.plan.len()
    }

    fn out_len(&self) -> usize {
        self.plan.len()
    }

    fn scratch_len(&self) -> usize {
        self.plan.get_immutable_scratch_len().max(self.plan.get_inplace_scratch_len())
    }

    fn run(&self, x: &[Complex<T>], out: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
        let n = self.plan.len();
        for (x, out) in x.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
            self.plan.process_immutable_with_scratch(x, out, scratch);
            rescale(out, self.scale);
        }
    }

    fn run_in_place(&self, lanes: &mut [Complex<T>], scratch: &mut [Complex<T>]) -> bool {
        for lane in lanes.chunks_exact_mut(self.plan.len()) {
            self.plan.process_with_scratch(lane, scratch);
            rescale(lane, self.scale);
        }
        true
    }

    fn columns(&self) -> Option<(Arc<dyn ColumnLine<T>>, T)> {
        if !self.wide {
            return None;
        }
        let plan = plan::get::<SideBySide<T>>(self.plan.len(), self.direction);
        Some((plan.0.clone()?, self.scale))
    }
}

/// Tables of a real transform.
pub(super) struct RealPlan<T: FftFloat> {
    n: usize,
    /// Of length `n / 2` for even, `n` for odd lengths.
    fft: Arc<dyn Fft<T>>,
    /// `exp(-2 pi i k / n)`, `k <= n / 4`, for even lengths.
    roots: Vec<Complex<T>>,
    /// Does all of it where the length and the processor allow.
    wide: Option<Arc<dyn RealLine<T>>>,
}

impl<T: FftFloat> Plan for RealPlan<T> {
    fn make(n: usize, direction: Direction) -> Self {
        let wide = stockham::real_plan(n, direction);
        Self { wide, ..Self::portable(n, direction) }
    }

    fn bytes(&self) -> usize {
        self.roots.len() * size_of::<Complex<T>>()
    }
}

impl<T: FftFloat> RealPlan<T> {
    /// A plan for any length, as on any processor but for its complex transform.
    pub(super) fn portable(n: usize, direction: Direction) -> Self {
        let even = n.is_multiple_of(2);
        let roots = if even { 0..n / 4 + 1 } else { 0..0 };
        let fft = plan::complex(if even { n / 2 } else { n }, direction);
        Self { n, fft, roots: roots.map(|k| unit_root(k as u64, n as u64)).collect(), wide: None }
    }

    /// Complex numbers of work memory that `forward` and `backward` need.
    pub(super) fn scratch_len(&self) -> usize {
        if let Some(wide) = &self.wide {
            return wide.scratch_len();
        }
        let inner = self.fft.get_immutable_scratch_len().max(self.fft.get_inplace_scratch_len());
        inner + if self.n.is_multiple_of(2) { 0 } else { self.n }
    }

    /// The first half of the spectrum of the real `x`, times `scale`; its complex conjugate if `conj`.
    pub(super) fn forward(&self, x: &[T], out: &mut [Complex<T>], scratch: &mut [Complex<T>], scale: T, conj: bool) {
        if let Some(wide) = &self.wide {
            return wide.forward(x, out, scratch, scale, conj);
        }
        self.portable_forward(x, out, scratch, scale);
        if conj {
            out.iter_mut().for_each(|z| z.im = -z.im);
        }
    }

    fn portable_forward(&self, x: &[T], out: &mut [Complex<T>], scratch: &mut [Complex<T>], scale: T) {
        if !self.n.is_multiple_of(2) {
            let (wide, scratch) = scratch.split_at_mut(self.n);
            wide.iter_mut().zip(x).for_each(|(w, &x)| *w = Complex::new(x, T::ZERO));
            self.fft.process_with_scratch(wide, scratch);
            out.iter_mut().zip(&*wide).for_each(|(o, w)| *o = w * scale);
            return;
        }
        let h = self.n / 2;
        let packed: &[Complex<T>] = bytemuck::cast_slice(x);
        self.fft.process_immutable_with_scratch(packed, &mut out[..h], scratch);
        let first = out[0];
        out[0] = Complex::new((first.re + first.im) * scale, T::ZERO);
        out[h] = Complex::new((first.re - first.im) * scale, T::ZERO);
        let half = T::HALF * scale;
        if h.is_multiple_of(2) {
            out[h / 2] = (out[h / 2] * scale).conj();
        }
        at_most_avx2(|| {
            let (near, far) = out[1..h].split_at_mut((h - 1) / 2);
            for ((a, b), w) in near.iter_mut().zip(far.iter_mut().rev()).zip(&self.roots[1..]) {
                (*a, *b) = separate(*a, *b, *w, half);
            }
        });
    }

    /// The real sequence with the half spectrum `x`, or its complex conjugate if `conj`, times `scale`.
    pub(super) fn backward(&self, x: &[Complex<T>], out: &mut [T], scratch: &mut [Complex<T>], scale: T, conj: bool) {
        match &self.wide {
            Some(wide) => wide.backward(x, out, scratch, scale, conj),
            None if conj => self.portable_backward(|k| x[k].conj(), out, scratch, scale),
            None => self.portable_backward(|k| x[k], out, scratch, scale),
        }
    }

    fn portable_backward(&self, x: impl Fn(usize) -> Complex<T>, out: &mut [T], scratch: &mut [Complex<T>], scale: T) {
        if !self.n.is_multiple_of(2) {
            let (wide, scratch) = scratch.split_at_mut(self.n);
            wide[0] = Complex::new(x(0).re * scale, T::ZERO);
            for k in 1..=self.n / 2 {
                let value = x(k) * scale;
                wide[k] = value;
                wide[self.n - k] = value.conj();
            }
            self.fft.process_with_scratch(wide, scratch);
            out.iter_mut().zip(&*wide).for_each(|(o, w)| *o = w.re);
            return;
        }
        let h = self.n / 2;
        let packed: &mut [Complex<T>] = bytemuck::cast_slice_mut(out);
        let (first, last) = (x(0).re * scale, x(h).re * scale);
        packed[0] = Complex::new(first + last, first - last);
        at_most_avx2(|| {
            for (k, w) in self.roots.iter().enumerate().skip(1) {
                (packed[k], packed[h - k]) = join(x(k), x(h - k), *w, scale);
            }
        });
        self.fft.process_with_scratch(packed, scratch);
    }
}

/// The bins `k` and `h - k` of a real spectrum from those of the packed transform; `w` is
/// `exp(-pi i k / h)`, `half` half the scale.
#[inline(always)]
pub(super) fn separate<T: FftFloat>(a: Complex<T>, b: Complex<T>, w: Complex<T>, half: T) -> (Complex<T>, Complex<T>) {
    let even = (a + b.conj()) * half;
    let odd = (a - b.conj()) * half;
    let odd = Complex::new(odd.im, -odd.re) * w;
    (even + odd, (even - odd).conj())
}

/// The bins `k` and `h - k` of the packed transform, twice, from those of a real spectrum.
#[inline(always)]
pub(super) fn join<T: FftFloat>(a: Complex<T>, b: Complex<T>, w: Complex<T>, scale: T) -> (Complex<T>, Complex<T>) {
    let even = (a + b.conj()) * scale;
    let odd = (a - b.conj()) * scale * w.conj();
    let odd = Complex::new(-odd.im, odd.re);
    (even + odd, (even - odd).conj())
}

/// Real to the first half of the spectrum, or to all of it.
pub(super) struct R2c<T: FftFloat> {
    plan: Arc<RealPlan<T>>,
    scale: T,
    conj: bool,
    full: bool,
}

impl<T: FftFloat> R2c<T> {
    pub(super) fn new(n: usize, direction: Direction, scale: T, full: bool) -> Self {
        let conj = direction == Direction::Backward;
        Self { plan: plan::get(n, Direction::Forward), scale, conj, full }
    }
}

impl<T: FftFloat> LaneKernel for R2c<T> {
    type Real = T;
    type In = T;
    type Out = Complex<T>;

    fn in_len(&self) -> usize {
        self.plan.n
    }

    fn out_len(&self) -> usize {
        if self.full { self.plan.n } else { self.plan.n / 2 + 1 }
    }

    fn scratch_len(&self) -> usize {
        self.plan.scratch_len()
    }

    fn run(&self, x: &[T], out: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
        let n = self.plan.n;
        for (x, out) in x.chunks_exact(n).zip(out.chunks_exact_mut(self.out_len())) {
            let (half, rest) = out.split_at_mut(n / 2 + 1);
            self.plan.forward(x, half, scratch, self.scale, self.conj);
            let mirrored = half[1..n.div_ceil(2)].iter().rev();
            rest.iter_mut().zip(mirrored).for_each(|(r, z)| *r = z.conj());
        }
    }
}

/// The first half of a spectrum to reals.
pub(super) struct C2r<T: FftFloat> {
    plan: Arc<RealPlan<T>>,
    scale: T,
    conj: bool,
}

impl<T: FftFloat> C2r<T> {
    pub(super) fn new(n: usize, direction: Direction, scale: T) -> Self {
        let conj = direction == Direction::Forward;
        Self { plan: plan::get(n, Direction::Backward), scale, conj }
    }
}

impl<T: FftFloat> LaneKernel for C2r<T> {
    type Real = T;
    type In = Complex<T>;
    type Out = T;

    fn in_len(&self) -> usize {
        self.plan.n / 2 + 1
    }

    fn out_len(&self) -> usize {
        self.plan.n
    }

    fn scratch_len(&self) -> usize {
        self.plan.scratch_len()
    }

    fn run(&self, x: &[Complex<T>], out: &mut [T], scratch: &mut [Complex<T>]) {
        for (x, out) in x.chunks_exact(self.in_len()).zip(out.chunks_exact_mut(self.plan.n)) {
            self.plan.backward(x, out, scratch, self.scale, self.conj);
        }
    }
}

fn rescale<T: FftFloat>(values: &mut [Complex<T>], scale: T) {
    if scale != T::ONE {
        at_most_avx2(|| values.iter_mut().for_each(|z| *z = *z * scale));
    }
}
