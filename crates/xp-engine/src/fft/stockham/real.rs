//! Transforms of real sequences of even length: pairs of reals as complex numbers, a transform of half the length, and
//! the separation of the spectra of the even and the odd elements.

use num_complex::Complex;

use super::RealLine;
use super::butterfly::Z;
use super::make::Roots;
use super::passes::{Blocks, Source, load, load_reversed, store, store_reversed};
use super::rows::Rows;
use super::vector::{Vector, wide};
use crate::fft::Direction;
use crate::fft::float::{FftFloat, unit_root};

/// A transform of `2 h` reals.
pub(super) struct RealRows<V: Vector> {
    packed: Rows<V>,
    /// `exp(-pi i k / h)`, in blocks of `LANES` real and `LANES` imaginary parts, as far as `h / 2`.
    roots: Roots<V::Real>,
}

/// How a result is scaled: real and imaginary parts, so that it can be conjugated on the way.
#[derive(Clone, Copy)]
struct Scale<T> {
    re: T,
    im: T,
}

impl<V: Vector> RealRows<V> {
    pub(super) fn new(n: usize, direction: Direction) -> Option<Self> {
        let h = n / 2;
        let packed = Rows::new(h, direction)?;
        if !n.is_multiple_of(2) || !h.is_multiple_of(2 * V::LANES) {
            return None;
        }
        let blocks = (h / 2).div_ceil(V::LANES);
        let root = |k: usize| unit_root::<V::Real>(k as u64, n as u64);
        let roots = (0..blocks).flat_map(|b| {
            let block = b * V::LANES..(b + 1) * V::LANES;
            block.clone().map(move |k| root(k).re).chain(block.map(move |k| root(k).im))
        });
        Some(Self { packed, roots: Roots::new(&[roots.collect()]) })
    }

    fn h(&self) -> usize {
        use rustfft::Length;
        self.packed.len()
    }
}

impl<V: Vector> RealLine<V::Real> for RealRows<V> {
    fn scratch_len(&self) -> usize {
        2 * (self.h() + V::LANES)
    }

    fn forward(&self, x: &[V::Real], out: &mut [Complex<V::Real>], scratch: &mut [Complex<V::Real>], scale: V::Real, conj: bool) {
        let h = self.h();
        assert!(x.len() == 2 * h && out.len() == h + 1 && scratch.len() >= 2 * h, "data or work memory of the wrong length");
        let (a, b) = scratch.split_at_mut(h);
        let scale = Scale { re: V::Real::HALF * scale, im: if conj { -V::Real::HALF * scale } else { V::Real::HALF * scale } };
        // SAFETY: the lengths were checked; a plan exists only on able processors.
        unsafe {
            let blocks = self.packed.process_to_blocks(x.as_ptr().cast(), a.as_mut_ptr().cast(), b.as_mut_ptr().cast());
            separate::<V>(h, blocks, self.roots.at(0), out.as_mut_ptr().cast(), scale);
        }
    }

    fn backward(&self, x: &[Complex<V::Real>], out: &mut [V::Real], scratch: &mut [Complex<V::Real>], scale: V::Real, conj: bool) {
        let h = self.h();
        assert!(x.len() == h + 1 && out.len() == 2 * h && scratch.len() >= self.scratch_len(), "data or work memory of the wrong length");
        let (packed, scratch) = scratch.split_at_mut(h + V::LANES);
        let scale = Scale { re: scale, im: if conj { -scale } else { scale } };
        // SAFETY: as above; `packed` has room for one more number than `h`.
        unsafe {
            join::<V>(h, x.as_ptr().cast(), self.roots.at(0), packed.as_mut_ptr().cast(), scale);
            self.packed.process(packed.as_ptr(), out.as_mut_ptr().cast(), scratch.as_mut_ptr(), V::Real::ONE);
        }
    }
}

wide! {
    /// From the packed transform of `h` numbers the first `h + 1` bins.
    ///
    /// # Safety
    /// `from` holds `h` numbers in blocks, `to` has room for `h + 1` complex numbers; `h` is a multiple of `2 LANES`; the
    /// processor is able.
    unsafe fn separate<V: Vector>(h: usize, from: *mut V::Real, roots: *const V::Real, to: *mut V::Real, scale: Scale<V::Real>) {
        let blocks = Blocks { start: from, s: 0 };
        // SAFETY: the caller's promise; the indices are explained below.
        unsafe {
            let (scale_re, scale_im) = (V::splat(scale.re), V::splat(scale.im));
            // The block that starts at `h - k`, which for `k = 0` is that at 0 by periodicity.
            let mut after: Z<V> = blocks.get( 0, 0);
            let mut k = 0;
            while k < h / 2 {
                let a: Z<V> = blocks.get( 0, k);
                let before: Z<V> = blocks.get( 0, h - k - V::LANES);
                let b = Z { re: V::turn(after.re, before.re), im: V::turn(after.im, before.im) };
                after = before;
                let (wr, wi) = (V::load(roots.add(2 * k)), V::load(roots.add(2 * k + V::LANES)));
                let (even_re, even_im) = (a.re.add(b.re), a.im.sub(b.im));
                let (odd_re, odd_im) = (a.re.sub(b.re), a.im.add(b.im));
                // (odd_im - i odd_re) w
                let turned_re = odd_im.mul_add(wr, odd_re.mul(wi));
                let turned_im = odd_im.mul_sub(wi, odd_re.mul(wr));
                let near = Z { re: even_re.add(turned_re).mul(scale_re), im: even_im.add(turned_im).mul(scale_im) };
                let far = Z { re: even_re.sub(turned_re).mul(scale_re), im: turned_im.sub(even_im).mul(scale_im) };
                // The next sequence's bins follow these.
                for at in [2 * k, 2 * (h - k - V::LANES)] {
                    let next = to.wrapping_add(2 * (h + 1) + at);
                    V::prefetch::<true>(next);
                    V::prefetch::<true>(next.wrapping_add(V::LANES));
                }
                store(to.add(2 * k), near);
                store_reversed(to.add(2 * (h + 1 - k - V::LANES)), far);
                k += V::LANES;
            }
            // The middle is its own opposite.
            let middle = from.add(h);
            let two = V::Real::ONE + V::Real::ONE;
            *to.add(h) = *middle * scale.re * two;
            *to.add(h + 1) = -*middle.add(V::LANES) * scale.im * two;
        }
    }

    /// The inverse of `separate`, times 2: `h` numbers.
    ///
    /// # Safety
    /// `from` holds `h + 1` complex numbers, `to` has room for as many; otherwise as there.
    unsafe fn join<V: Vector>(h: usize, from: *const V::Real, roots: *const V::Real, to: *mut V::Real, scale: Scale<V::Real>) {
        // SAFETY: the caller's promise.
        unsafe {
            let (scale_re, scale_im) = (V::splat(scale.re), V::splat(scale.im));
            let mut k = 0;
            while k < h / 2 {
                let a: Z<V> = load(from.add(2 * k));
                let b: Z<V> = load_reversed(from.add(2 * (h + 1 - k - V::LANES)));
                let (wr, wi) = (V::load(roots.add(2 * k)), V::load(roots.add(2 * k + V::LANES)));
                let (even_re, even_im) = (a.re.add(b.re).mul(scale_re), a.im.sub(b.im).mul(scale_im));
                let (odd_re, odd_im) = (a.re.sub(b.re).mul(scale_re), a.im.add(b.im).mul(scale_im));
                // i odd conj(w)
                let turned_re = odd_re.mul_sub(wi, odd_im.mul(wr));
                let turned_im = odd_re.mul_add(wr, odd_im.mul(wi));
                store(to.add(2 * k), Z { re: even_re.add(turned_re), im: even_im.add(turned_im) });
                store_reversed(to.add(2 * (h + 1 - k - V::LANES)), Z { re: even_re.sub(turned_re), im: turned_im.sub(even_im) });
                k += V::LANES;
            }
            // Whatever imaginary parts the first and the last bin have, they do not count; the middle is its own opposite.
            let (first, last) = (*from * scale.re, *from.add(2 * h) * scale.re);
            (*to, *to.add(1)) = (first + last, first - last);
            let two = V::Real::ONE + V::Real::ONE;
            (*to.add(h), *to.add(h + 1)) = (*from.add(h) * scale.re * two, -*from.add(h + 1) * scale.im * two);
        }
    }
}
