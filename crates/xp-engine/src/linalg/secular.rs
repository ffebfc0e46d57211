//! Secular equations: where two solved halves of an eigen- or singular value problem are joined.
//!
//! The eigenvalues of `diag(p) + rho z z^T` are the roots of `1 / rho + sum z_j^2 / (p_j - x)`, one behind each pole. A root
//! is kept as its distance from the nearest pole, so that its distances from all poles are known to full precision; the
//! vectors are those of the weights for which the computed roots are exact, and therefore orthogonal (Gu & Eisenstat, "A
//! stable and efficient algorithm for the rank-one modification of the symmetric eigenproblem", 1994).

use super::RealScalar;
use super::workspace::{for_chunks, for_columns};
use faer::{MatMut, Par};

/// A secular equation with the poles `d` or, if `SQUARES`, `d^2`. Poles ascend, and neither they nor weights coincide with
/// zero or each other: that is deflated before.
pub(super) struct Secular<'a, R, const SQUARES: bool> {
    pub d: &'a [R],
    pub z: &'a [R],
    pub rho: R,
}

/// `d[pole] + offset`, or its square if `SQUARES`.
#[derive(Clone, Copy)]
pub(super) struct Root<R> {
    pub pole: usize,
    pub offset: R,
}

impl<R: RealScalar> Root<R> {
    pub(super) fn value(self, d: &[R]) -> R {
        d[self.pole] + self.offset
    }
}

/// Iterations of one root before the best bracket is taken; bisection alone needs fewer.
const ITERATIONS: usize = 100;
/// Poles or roots of one task.
const CHUNK: usize = 32;

impl<R: RealScalar, const SQUARES: bool> Secular<'_, R, SQUARES> {
    /// All roots, in ascending order.
    pub(super) fn roots(&self, par: Par) -> Vec<Root<R>> {
        let mut roots = vec![Root { pole: 0, offset: R::ZERO }; self.d.len()];
        for_chunks(&mut roots, CHUNK, par, |c, roots| roots.iter_mut().enumerate().for_each(|(i, root)| *root = self.root(c * CHUNK + i)));
        roots
    }

    /// The weights for which `roots` are exact, with the signs of `z`, up to a common factor of `1 / sqrt(rho)`.
    pub(super) fn weights(&self, roots: &[Root<R>], par: Par) -> Vec<R> {
        let mut weights = vec![R::ONE; self.d.len()];
        for_chunks(&mut weights, CHUNK, par, |c, weights| {
            let first = c * CHUNK;
            let d = &self.d[first..first + weights.len()];
            for (i, root) in roots.iter().enumerate() {
                let (pole, di) = (self.d[root.pole], self.d[i]);
                let multiply = |weights: &mut [R], d: &[R]| {
                    for (weight, &d) in weights.iter_mut().zip(d) {
                        *weight *= gap::<R, SQUARES>(d, pole, root.offset) / gap::<R, SQUARES>(d, di, R::ZERO);
                    }
                };
                match i.checked_sub(first).filter(|&own| own < d.len()) {
                    None => multiply(weights, d),
                    Some(own) => {
                        multiply(&mut weights[..own], &d[..own]);
                        multiply(&mut weights[own + 1..], &d[own + 1..]);
                        weights[own] *= gap::<R, SQUARES>(d[own], pole, root.offset);
                    }
                }
            }
            for (weight, &z) in weights.iter_mut().zip(&self.z[first..]) {
                let size = weight.modulus().root();
                *weight = if z < R::ZERO { -size } else { size };
            }
        });
        weights
    }

    /// Column `i` of `s` becomes the unit vector `z_j / (p_j - x_i)` times `factor(j)`, with element `j` in row `row[j]`; where
    /// the factor is `None`, the element is -1 before the scaling.
    pub(super) fn vectors(
        &self,
        roots: &[Root<R>],
        weights: &[R],
        row: &[usize],
        factor: impl Fn(usize) -> Option<R> + Sync,
        s: MatMut<'_, R>,
        par: Par,
    ) {
        let k = self.d.len();
        for_columns(s, CHUNK, par, |first, mut columns| {
            let mut vector = vec![R::ZERO; k];
            for i in 0..columns.ncols() {
                let root = roots[first + i];
                let pole = self.d[root.pole];
                for j in 0..k {
                    vector[j] = weights[j] / gap::<R, SQUARES>(self.d[j], pole, root.offset);
                }
                let mut norm = R::ZERO;
                for (j, x) in vector.iter_mut().enumerate() {
                    *x = factor(j).map_or(-R::ONE, |by| *x * by);
                    norm += *x * *x;
                }
                let scale = R::ONE / norm.root();
                let mut column = columns.as_mut().col_mut(i);
                vector.iter().zip(row).for_each(|(&x, &r)| column[r] = x * scale);
            }
        });
    }

    /// The root behind pole `i`.
    fn root(&self, i: usize) -> Root<R> {
        let (d, z, k) = (self.d, self.z, self.d.len());
        let (two, half, inverse) = (R::from_f64(2.0), R::from_f64(0.5), R::ONE / self.rho);
        let last = i + 1 == k;
        let mut bracket;
        let (pole, mut offset);
        if last {
            let all = self.rho * z.iter().fold(R::ZERO, |sum, &z| sum + z * z);
            if k == 1 {
                return Root { pole: 0, offset: advance::<R, SQUARES>(d[0], R::ZERO, all) };
            }
            pole = i;
            // The sum of squares is rounded: the root lies below twice it.
            bracket = [R::ZERO, advance::<R, SQUARES>(d[i], R::ZERO, two * all)];
            offset = advance::<R, SQUARES>(d[i], R::ZERO, half * all);
        } else {
            let width = gap::<R, SQUARES>(d[i + 1], d[i], R::ZERO);
            let middle = advance::<R, SQUARES>(d[i], R::ZERO, half * width);
            let rest = inverse + self.sums(0..i, d[i], middle)[0] + self.sums(i + 2..k, d[i], middle)[0];
            let (left, right) = (z[i] * z[i], z[i + 1] * z[i + 1]);
            let value = rest + left / gap::<R, SQUARES>(d[i], d[i], middle) + right / gap::<R, SQUARES>(d[i + 1], d[i], middle);
            // The equation with all other poles as they are in the middle gives the first guess.
            let (near, sign) = if value >= R::ZERO { (left, R::ONE) } else { (right, -R::ONE) };
            let (a, b) = (rest * width + sign * (left + right), near * width);
            let root = (a * a - sign * R::from_f64(4.0) * b * rest).modulus().root();
            let step = match (value >= R::ZERO, a > R::ZERO) {
                (true, true) => two * b / (a + root),
                (true, false) => (a - root) / (two * rest),
                (false, true) => -(a + root) / (two * rest),
                (false, false) => two * b / (a - root),
            };
            (pole, bracket) =
                if value >= R::ZERO { (i, [R::ZERO, middle]) } else { (i + 1, [advance::<R, SQUARES>(d[i + 1], R::ZERO, -half * width), R::ZERO]) };
            offset = advance::<R, SQUARES>(d[pole], R::ZERO, step);
        }
        let inside = |x: R, [low, high]: [R; 2]| x > low && x < high;
        let split = if last { i } else { i + 1 };
        if !inside(offset, bracket) {
            offset = half * (bracket[0] + bracket[1]);
        }
        for _ in 0..ITERATIONS {
            let [psi, psi_slope] = self.sums(0..split, d[pole], offset);
            let [phi, phi_slope] = self.sums(split..k, d[pole], offset);
            let (value, slope) = (inverse + psi + phi, psi_slope + phi_slope);
            let far = gap::<R, SQUARES>(d[pole], d[pole], offset).modulus();
            let rounding = R::from_f64(8.0) * (psi.modulus() + phi.modulus()) + inverse + far * slope;
            if value.modulus() <= R::EPS * rounding {
                break;
            }
            bracket[if value < R::ZERO { 0 } else { 1 }] = offset;
            // The two sums as a constant and one pole each, with their values and slopes (Li, "Solving secular equations
            // stably and efficiently", 1993: the middle way).
            let (left, right) = (gap::<R, SQUARES>(d[split - 1], d[pole], offset), gap::<R, SQUARES>(d[split], d[pole], offset));
            let c = value - left * psi_slope - right * phi_slope;
            let a = (left + right) * value - left * right * slope;
            let b = left * right * value;
            let root = (a * a - R::from_f64(4.0) * b * c).modulus().root();
            let mut step = match (last, a > R::ZERO) {
                (false, true) => two * b / (a + root),
                (false, false) => (a - root) / (two * c),
                (true, true) => (a + root) / (two * c),
                (true, false) => two * b / (a - root),
            };
            if step * value >= R::ZERO {
                step = -value / slope;
            }
            let mut next = advance::<R, SQUARES>(d[pole], offset, step);
            // Not a number, too, is not inside.
            if !inside(next, bracket) {
                next = half * (bracket[0] + bracket[1]);
            }
            if next == offset || !inside(next, bracket) {
                break;
            }
            offset = next;
        }
        Root { pole, offset }
    }

    /// The terms of some poles and their derivatives, summed, at `pole + offset`.
    fn sums(&self, poles: std::ops::Range<usize>, pole: R, offset: R) -> [R; 2] {
        const L: usize = 8;
        let (mut values, mut slopes) = ([R::ZERO; L], [R::ZERO; L]);
        let mut add = |l: usize, d: R, z: R| {
            let ratio = z / gap::<R, SQUARES>(d, pole, offset);
            values[l] += z * ratio;
            slopes[l] += ratio * ratio;
        };
        let ((d, d_rest), (z, z_rest)) = (self.d[poles.clone()].as_chunks::<L>(), self.z[poles].as_chunks::<L>());
        for (d, z) in d.iter().zip(z) {
            for l in 0..L {
                add(l, d[l], z[l]);
            }
        }
        for (l, (&d, &z)) in d_rest.iter().zip(z_rest).enumerate() {
            add(l, d, z);
        }
        [values, slopes].map(|sums| sums.into_iter().fold(R::ZERO, |a, b| a + b))
    }
}

/// The pole of `d` less the point `pole + offset`.
#[inline(always)]
fn gap<R: RealScalar, const SQUARES: bool>(d: R, pole: R, offset: R) -> R {
    let difference = (d - pole) - offset;
    if SQUARES { difference * ((d + pole) + offset) } else { difference }
}

/// The offset of the point that lies `step` behind `pole + offset`.
fn advance<R: RealScalar, const SQUARES: bool>(pole: R, offset: R, step: R) -> R {
    if !SQUARES {
        return offset + step;
    }
    let x = pole + offset;
    offset + step / (x + (x * x + step).root())
}
