//! Matrices on the host, in double precision, with products written out: the oracle of linear algebra.

use num_complex::Complex;
use xp_core::{Array, Backend, Dim, Float, Floating, Num, Real};

use crate::support::{Any, Sequence, array};

/// A number of the oracle.
pub type Z = Complex<f64>;

/// The unit roundoff of the dtype, doubled.
pub fn eps<T: Floating>() -> f64 {
    <T::Part as Float>::EPSILON.to_f64()
}

/// A number of dtype `T`.
pub fn number<T: Floating>(z: Z) -> T {
    T::from_parts(<T::Real as Num>::from_f64(z.re), <T::Real as Num>::from_f64(z.im))
}

/// A number of the oracle.
pub fn wide<T: Num>(z: T) -> Z {
    Complex::new(z.re().to_f64(), z.im().to_f64())
}

/// A row-major matrix.
#[derive(Clone, Debug)]
pub struct Host {
    pub rows: usize,
    pub cols: usize,
    pub data: Vec<Z>,
}

impl Host {
    /// The elements of a matrix, times a power of two.
    pub fn scaled<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>, exponent: i32) -> Host {
        let (rows, cols) = (x.dims()[0], x.dims().get(1).copied().unwrap_or(1));
        // In two steps, each of which is exact.
        let half = 2f64.powi(exponent / 2);
        let rest = 2f64.powi(exponent - exponent / 2);
        Host { rows, cols, data: x.to_vec().into_iter().map(|z| wide(z) * half * rest).collect() }
    }

    /// The elements of a matrix, or of a vector as a column.
    pub fn of<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>) -> Host {
        Host::scaled(x, 0)
    }

    /// A matrix from its elements.
    pub fn from_fn(rows: usize, cols: usize, f: impl Fn(usize, usize) -> Z) -> Host {
        Host { rows, cols, data: (0..rows * cols).map(|i| f(i / cols, i % cols)).collect() }
    }

    /// The identity.
    pub fn eye(n: usize) -> Host {
        Host::from_fn(n, n, |i, j| Z::from(f64::from(u8::from(i == j))))
    }

    /// Elements that look random.
    pub fn random(seed: u64, rows: usize, cols: usize) -> Host {
        let mut s = Sequence::new(seed);
        Host { rows, cols, data: (0..rows * cols).map(|_| Complex::new(s.between(-1.0, 1.0), s.between(-1.0, 1.0))).collect() }
    }

    /// Orthonormal columns that look random, by the Gram-Schmidt process, twice.
    pub fn orthonormal(seed: u64, rows: usize, cols: usize, complex: bool) -> Host {
        let mut q = Host::random(seed, rows, cols);
        if !complex {
            q.data.iter_mut().for_each(|z| z.im = 0.0);
        }
        for j in 0..cols {
            for _ in 0..2 {
                for k in 0..j {
                    let dot: Z = (0..rows).map(|i| q.at(i, k).conj() * q.at(i, j)).sum();
                    (0..rows).for_each(|i| {
                        let v = q.at(i, k);
                        q.data[i * cols + j] -= dot * v
                    });
                }
                let norm = (0..rows).map(|i| q.at(i, j).norm_sqr()).sum::<f64>().sqrt();
                (0..rows).for_each(|i| q.data[i * cols + j] /= norm);
            }
        }
        q
    }

    /// The element at a position.
    pub fn at(&self, i: usize, j: usize) -> Z {
        self.data[i * self.cols + j]
    }

    /// Rounded to a dtype and moved to a device.
    pub fn on<B: Backend, T: Floating>(&self, device: &B) -> Any<B, T> {
        array(device, &self.data.iter().map(|&z| number::<T>(z)).collect::<Vec<_>>(), &[self.rows, self.cols])
    }

    /// The product.
    pub fn mul(&self, other: &Host) -> Host {
        assert_eq!(self.cols, other.rows);
        Host::from_fn(self.rows, other.cols, |i, j| (0..self.cols).map(|k| self.at(i, k) * other.at(k, j)).sum())
    }

    /// The conjugate transpose.
    pub fn adjoint(&self) -> Host {
        Host::from_fn(self.cols, self.rows, |i, j| self.at(j, i).conj())
    }

    /// The difference.
    pub fn minus(&self, other: &Host) -> Host {
        assert_eq!((self.rows, self.cols), (other.rows, other.cols));
        Host { data: self.data.iter().zip(&other.data).map(|(a, b)| a - b).collect(), ..*self }
    }

    /// Columns times numbers.
    pub fn times_columns(&self, s: &[f64]) -> Host {
        Host::from_fn(self.rows, s.len(), |i, j| self.at(i, j) * s[j])
    }

    /// The Frobenius norm.
    pub fn norm(&self) -> f64 {
        self.data.iter().map(|z| z.norm_sqr()).sum::<f64>().sqrt()
    }

    /// Asserts that the columns are orthonormal.
    #[track_caller]
    pub fn assert_orthonormal(&self, what: &str, tolerance: f64) {
        let error = self.adjoint().mul(self).minus(&Host::eye(self.cols)).norm();
        assert!(error <= tolerance, "{what}: the columns are orthonormal up to {error:e}, not {tolerance:e}");
    }

    /// Asserts that this is `other` up to `tolerance` times the norm of `other`.
    #[track_caller]
    pub fn assert_near(&self, what: &str, other: &Host, tolerance: f64) {
        let (error, norm) = (self.minus(other).norm(), other.norm());
        assert!(error <= tolerance * norm, "{what}: off by {error:e}, {:.1} times the tolerance", error / (tolerance * norm));
    }
}

/// A matrix as it may lie in memory: row-major, column-major, reversed, every other element of a larger one.
pub fn forms<B: Backend, T: Floating>(x: &Any<B, T>) -> Vec<(&'static str, Any<B, T>)> {
    let (rows, cols) = (x.dims()[0], x.dims()[1]);
    let mut sparse = xp_core::functions::full(x.device(), vec![2 * rows, 3 * cols], T::from_f64(777.0)).unwrap();
    sparse.set(vec![every(2), every(3)], x).unwrap();
    vec![
        ("row-major", x.clone()),
        ("column-major", x.t().copy().unwrap().t()),
        ("reversed", x.flip(..).unwrap().copy().unwrap().flip(..).unwrap()),
        ("sparse", sparse.slice(vec![every(2), every(3)]).unwrap()),
    ]
}

fn every(step: isize) -> xp_core::indexing::SliceItem {
    xp_core::indexing::SliceItem::Range { start: None, stop: None, step }
}
