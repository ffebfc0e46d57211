//! Transforms of a few points, in registers, forward.

use super::vector::Vector;
use crate::fft::float::FftFloat;

/// `LANES` complex numbers.
#[derive(Clone, Copy)]
pub(super) struct Z<V> {
    pub(super) re: V,
    pub(super) im: V,
}

/// All functions need the instruction sets of the register.
impl<V: Vector> Z<V> {
    #[inline(always)]
    pub(super) unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.add(other.re), im: self.im.add(other.im) } }
    }

    #[inline(always)]
    pub(super) unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.sub(other.re), im: self.im.sub(other.im) } }
    }

    #[inline(always)]
    pub(super) unsafe fn mul(self, w: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.mul_sub(w.re, self.im.mul(w.im)), im: self.re.mul_add(w.im, self.im.mul(w.re)) } }
    }

    #[inline(always)]
    pub(super) unsafe fn scale(self, x: V) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.mul(x), im: self.im.mul(x) } }
    }

    /// `a + x self`.
    #[inline(always)]
    unsafe fn scale_add(self, x: V, a: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.mul_add(x, a.re), im: self.im.mul_add(x, a.im) } }
    }

    /// `self - i other`.
    #[inline(always)]
    unsafe fn sub_i(self, other: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.add(other.im), im: self.im.sub(other.re) } }
    }

    /// `self + i other`.
    #[inline(always)]
    unsafe fn add_i(self, other: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.sub(other.im), im: self.im.add(other.re) } }
    }

    /// The product with `(1 - i) / sqrt(2)`; `h` is `1 / sqrt(2)`.
    #[inline(always)]
    unsafe fn eighth(self, h: V) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Z { re: self.re.add(self.im).mul(h), im: self.im.sub(self.re).mul(h) } }
    }
}

/// The transform of `R` points.
#[inline(always)]
pub(super) unsafe fn transform<V: Vector, const R: usize>(x: [Z<V>; R]) -> [Z<V>; R] {
    let mut y = x;
    // SAFETY: the caller has the instruction set.
    unsafe {
        match R {
            1 => {}
            2 => (y[0], y[1]) = (x[0].add(x[1]), x[0].sub(x[1])),
            3 => *same(&mut y) = three(*same(&mut y)),
            4 => *same(&mut y) = four(*same(&mut y)),
            5 => *same(&mut y) = five(*same(&mut y)),
            8 => *same(&mut y) = eight(*same(&mut y)),
            16 => *same(&mut y) = sixteen(*same(&mut y)),
            _ => unreachable!("a radix without a butterfly"),
        }
    }
    y
}

/// The array, of a length that a `match` on `R` has found.
#[inline(always)]
fn same<V, const R: usize, const N: usize>(x: &mut [Z<V>; R]) -> &mut [Z<V>; N] {
    assert!(R == N);
    // SAFETY: the lengths are the same.
    unsafe { &mut *x.as_mut_ptr().cast() }
}

#[inline(always)]
unsafe fn constant<V: Vector>(x: f64) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe { V::splat(V::Real::of_f64(x)) }
}

#[inline(always)]
unsafe fn three<V: Vector>(x: [Z<V>; 3]) -> [Z<V>; 3] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (sum, difference) = (x[1].add(x[2]), x[1].sub(x[2]));
        let middle = sum.scale_add(constant(-0.5), x[0]);
        let side = difference.scale(constant(SIN_60));
        [x[0].add(sum), middle.sub_i(side), middle.add_i(side)]
    }
}

#[inline(always)]
unsafe fn four<V: Vector>(x: [Z<V>; 4]) -> [Z<V>; 4] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (a, b) = (x[0].add(x[2]), x[0].sub(x[2]));
        let (c, d) = (x[1].add(x[3]), x[1].sub(x[3]));
        [a.add(c), b.sub_i(d), a.sub(c), b.add_i(d)]
    }
}

#[inline(always)]
unsafe fn five<V: Vector>(x: [Z<V>; 5]) -> [Z<V>; 5] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (c1, c2, s1, s2) = (constant(COS_72), constant(COS_144), constant(SIN_72), constant(SIN_144));
        let (a, b) = (x[1].add(x[4]), x[1].sub(x[4]));
        let (c, d) = (x[2].add(x[3]), x[2].sub(x[3]));
        let (e, f) = (c.scale_add(c2, a.scale_add(c1, x[0])), c.scale_add(c1, a.scale_add(c2, x[0])));
        let g = d.scale_add(s2, b.scale(s1));
        let h = Z { re: d.re.neg_mul_add(s1, b.re.mul(s2)), im: d.im.neg_mul_add(s1, b.im.mul(s2)) };
        [x[0].add(a).add(c), e.sub_i(g), f.sub_i(h), f.add_i(h), e.add_i(g)]
    }
}

#[inline(always)]
unsafe fn eight<V: Vector>(x: [Z<V>; 8]) -> [Z<V>; 8] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let h = constant(std::f64::consts::FRAC_1_SQRT_2);
        let even = four([x[0], x[2], x[4], x[6]]);
        let odd = four([x[1], x[3], x[5], x[7]]);
        // The products with the first and third power of the root; the second is `-i`.
        let one = odd[1].eighth(h);
        let three = odd[3].eighth(h);
        [
            even[0].add(odd[0]),
            even[1].add(one),
            even[2].sub_i(odd[2]),
            even[3].sub_i(three),
            even[0].sub(odd[0]),
            even[1].sub(one),
            even[2].add_i(odd[2]),
            even[3].add_i(three),
        ]
    }
}

#[inline(always)]
unsafe fn sixteen<V: Vector>(x: [Z<V>; 16]) -> [Z<V>; 16] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (h, c, s) = (constant::<V>(std::f64::consts::FRAC_1_SQRT_2), constant::<V>(COS_22), constant::<V>(SIN_22));
        let (minus_c, minus_s) = (constant::<V>(-COS_22), constant::<V>(-SIN_22));
        let a = four([x[0], x[4], x[8], x[12]]);
        let mut b = four([x[1], x[5], x[9], x[13]]);
        let mut d = four([x[2], x[6], x[10], x[14]]);
        let mut e = four([x[3], x[7], x[11], x[15]]);
        // Root powers 1 2 3, 2 4 6, 3 6 9; `-i` is the fourth.
        b[1] = b[1].mul(Z { re: c, im: minus_s });
        b[2] = b[2].eighth(h);
        b[3] = b[3].mul(Z { re: s, im: minus_c });
        d[1] = d[1].eighth(h);
        let six = d[3].eighth(h); // to be turned by `-i`
        e[1] = e[1].mul(Z { re: s, im: minus_c });
        let six_too = e[2].eighth(h);
        e[3] = e[3].mul(Z { re: minus_c, im: s });
        let mut y = x;
        let first = four([a[0], b[0], d[0], e[0]]);
        let second = four([a[1], b[1], d[1], e[1]]);
        // Column 2 has `-i d[2]` and `-i six_too`.
        let third = {
            let (p, q) = (a[2].sub_i(d[2]), a[2].add_i(d[2]));
            let (u, v) = (b[2].sub_i(six_too), b[2].add_i(six_too));
            [p.add(u), q.sub_i(v), p.sub(u), q.add_i(v)]
        };
        let fourth = {
            let (p, q) = (a[3].sub_i(six), a[3].add_i(six));
            let (u, v) = (b[3].add(e[3]), b[3].sub(e[3]));
            [p.add(u), q.sub_i(v), p.sub(u), q.add_i(v)]
        };
        for j in 0..4 {
            (y[4 * j], y[4 * j + 1], y[4 * j + 2], y[4 * j + 3]) = (first[j], second[j], third[j], fourth[j]);
        }
        y
    }
}

const SIN_60: f64 = 0.866_025_403_784_438_6;
const COS_72: f64 = 0.309_016_994_374_947_45;
const COS_144: f64 = -0.809_016_994_374_947_5;
const SIN_72: f64 = 0.951_056_516_295_153_5;
const SIN_144: f64 = 0.587_785_252_292_473_1;
const COS_22: f64 = 0.923_879_532_511_286_7;
const SIN_22: f64 = 0.382_683_432_365_089_8;
