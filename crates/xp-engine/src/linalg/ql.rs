//! Eigenvalues and eigenvectors of small symmetric matrices.
//!
//! Reflections make the matrix tridiagonal, and the implicit QL iteration with Wilkinson's shift makes that diagonal, as EISPACK's
//! `tred2` and `tql2` do (Martin, Reinsch and Wilkinson, 1968; Bowdler et al., 1968). The vectors are the rows of an array of
//! constant width, so that a reflection or a rotation of one is a loop of constant length.

// Indices are those of the formulas; comparisons are false for NaN on purpose.
#![allow(clippy::needless_range_loop, clippy::neg_cmp_op_on_partial_ord)]

use super::tiny::{Rows, TINY, dot};
use super::workspace::exponent_of;
use super::{Error, RealScalar, Result, Scalar};
use crate::level::at_most_avx2;
use faer::{MatMut, MatRef};

/// Rotations for each eigenvalue, at most: two are usual.
const STEPS: usize = 50;

/// [`super::eigh`], or [`super::eigvalsh`] without `v`, of a real matrix of order up to [`TINY`].
pub(super) fn eigh<T: Scalar>(a: MatRef<'_, T>, w: &mut [T::R], v: Option<MatMut<'_, T>>) -> Result<()> {
    match a.nrows() {
        0..=2 => decompose::<T, 2>(a, w, v),
        3..=4 => decompose::<T, 4>(a, w, v),
        5..=8 => at_most_avx2(|| decompose::<T, 8>(a, w, v)),
        _ => at_most_avx2(|| decompose::<T, TINY>(a, w, v)),
    }
}

#[inline(always)]
fn decompose<T: Scalar, const N: usize>(a: MatRef<'_, T>, w: &mut [T::R], v: Option<MatMut<'_, T>>) -> Result<()> {
    let n = a.nrows().min(N);
    let mut rows = [[T::R::ZERO; N]; N];
    let (mut largest, mut finite) = (T::R::ZERO, true);
    for i in 0..n {
        for j in 0..=i {
            let x = a[(i, j)].re();
            (rows[i][j], rows[j][i]) = (x, x);
            largest = largest.larger(x.modulus());
            finite &= x.finite();
        }
    }
    if !finite {
        return Err(Error::NonFinite);
    }
    // Elements near 1 have squares.
    let safe = T::R::from_f64(2f64.powi(T::R::SAFE_EXPONENT));
    let exponent = if largest < safe && largest * safe > T::R::ONE { 0 } else { exponent_of(largest) };
    if exponent != 0 {
        rows.iter_mut().flatten().for_each(|x| *x = x.ldexp(-exponent));
    }
    let (values, vectors) = decompose_rows(&mut rows, n)?;
    for i in 0..n {
        w[i] = if exponent == 0 { values[i] } else { values[i].ldexp(exponent) };
    }
    if let Some(mut v) = v {
        for j in 0..n {
            for i in 0..n {
                v[(i, j)] = T::from_re(vectors[j][i]);
            }
        }
    }
    Ok(())
}

/// The eigenvalues of the symmetric matrix of order `n`, in ascending order, and its vectors as rows.
#[inline(always)]
fn decompose_rows<R: RealScalar, const N: usize>(a: &mut Rows<R, N>, n: usize) -> Result<([R; N], Rows<R, N>)> {
    let mut off = [R::ZERO; N];
    let mut vectors = tridiagonalise(a, &mut off, n);
    let mut values: [R; N] = std::array::from_fn(|i| a[i][i]);
    iterate(&mut values, &mut off, &mut vectors, n)?;
    for i in 1..n {
        let mut k = i;
        while k > 0 && values[k] < values[k - 1] {
            values.swap(k, k - 1);
            vectors.swap(k, k - 1);
            k -= 1;
        }
    }
    Ok((values, vectors))
}

/// Leaves the diagonal of the tridiagonal form in `a`, and the elements beside it in `off`. The columns of the transformation.
#[inline(always)]
fn tridiagonalise<R: RealScalar, const N: usize>(a: &mut Rows<R, N>, off: &mut [R; N], n: usize) -> Rows<R, N> {
    let (mut reflections, mut scales) = ([[R::ZERO; N]; N], [R::ZERO; N]);
    for k in 0..n.saturating_sub(1) {
        let mut v = [R::ZERO; N];
        for i in k + 1..n {
            v[i] = a[i][k];
        }
        let first = v[k + 1];
        off[k] = first;
        v[k + 1] = R::ZERO;
        let rest = dot(&v, &v);
        // Nothing is left to eliminate, or nothing that is not rounding of rounding.
        if !(rest > R::MIN_POSITIVE / R::EPS) {
            continue;
        }
        let length = (first * first + rest).root();
        off[k] = if first > R::ZERO { -length } else { length };
        v[k + 1] = first - off[k];
        let scale = R::from_f64(2.0) / (rest + v[k + 1] * v[k + 1]);
        let mut p = [R::ZERO; N];
        for i in k + 1..n {
            p[i] = scale * dot(&a[i], &v);
        }
        let by = scale * dot(&p, &v) * R::from_f64(0.5);
        for i in 0..N {
            p[i] -= by * v[i];
        }
        for i in k + 1..n {
            for c in 0..N {
                a[i][c] -= v[i] * p[c] + p[i] * v[c];
            }
        }
        (reflections[k], scales[k]) = (v, scale);
    }
    let mut columns = [[R::ZERO; N]; N];
    for i in 0..n {
        columns[i][i] = R::ONE;
    }
    for k in (0..n.saturating_sub(1)).rev() {
        let (v, scale) = (reflections[k], scales[k]);
        for column in &mut columns[k + 1..n] {
            let by = scale * dot(column, &v);
            for i in 0..N {
                column[i] -= by * v[i];
            }
        }
    }
    columns
}

/// Makes the tridiagonal matrix diagonal.
#[inline(always)]
fn iterate<R: RealScalar, const N: usize>(d: &mut [R; N], e: &mut [R; N], vectors: &mut Rows<R, N>, n: usize) -> Result<()> {
    let two = R::from_f64(2.0);
    // What is rounding of the largest elements is nothing, whatever is beside it: the eigenvalues of singular matrices are rounding.
    let norm = (0..n).fold(R::ZERO, |norm, i| norm.larger(d[i].modulus() + e[i].modulus()));
    let floor = R::EPS * norm * R::from_f64(0.25);
    for l in 0..n {
        for step in 0.. {
            // The block from `l` on ends where an element beside the diagonal is less than rounding.
            let mut m = l;
            while m + 1 < n && e[m].modulus() > floor.larger(R::EPS * (d[m].modulus() + d[m + 1].modulus())) {
                m += 1;
            }
            if m == l {
                break;
            }
            if step == STEPS {
                return Err(Error::NoConvergence);
            }
            let g = (d[l + 1] - d[l]) / (two * e[l]);
            let r = length(g, R::ONE);
            let mut g = d[m] - d[l] + e[l] / (g + if g < R::ZERO { -r } else { r });
            let (mut sine, mut cosine, mut p) = (R::ONE, R::ONE, R::ZERO);
            let mut whole = true;
            for i in (l..m).rev() {
                let (f, b) = (sine * e[i], cosine * e[i]);
                let r = length(f, g);
                e[i + 1] = r;
                if r == R::ZERO {
                    d[i + 1] -= p;
                    e[m] = R::ZERO;
                    whole = false;
                    break;
                }
                (sine, cosine) = (f / r, g / r);
                g = d[i + 1] - p;
                let r = (d[i] - g) * sine + two * cosine * b;
                p = sine * r;
                d[i + 1] = g + p;
                g = cosine * r - b;
                let (x, y) = (vectors[i], vectors[i + 1]);
                for c in 0..N {
                    vectors[i + 1][c] = sine * x[c] + cosine * y[c];
                    vectors[i][c] = cosine * x[c] - sine * y[c];
                }
            }
            if whole {
                d[l] -= p;
                e[l] = g;
                e[m] = R::ZERO;
            }
        }
    }
    Ok(())
}

/// `sqrt(x^2 + y^2)`, whose squares may be too small or too large.
#[inline(always)]
fn length<R: RealScalar>(x: R, y: R) -> R {
    let square = x * x + y * y;
    if square > R::MIN_POSITIVE / (R::EPS * R::EPS) && square.finite() { square.root() } else { x.hypotenuse(y) }
}
