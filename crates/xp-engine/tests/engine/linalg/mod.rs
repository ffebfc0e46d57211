//! Oracles: residuals and orthogonality in double precision, in units of the type's epsilon.

mod factorisations;
mod products;
mod spectral;

use faer::{Mat, MatMut, MatRef};
use num_complex::Complex;
use xp_engine::linalg::{self, Error, General, Integer, Matrix, MatrixMut, RealScalar, Result, Rows, Scalar, Threads, Trans, Triangle, for_each, lu};

// The routines on views of faer, which the oracles compute with.

fn of<T>(a: MatRef<'_, T>) -> Matrix<'_, T> {
    // SAFETY: a view of the same elements.
    unsafe { Matrix::from_raw_parts(a.as_ptr(), [a.nrows(), a.ncols()], [a.row_stride(), a.col_stride()]) }
}

fn to<T>(a: MatMut<'_, T>) -> MatrixMut<'_, T> {
    // SAFETY: as above, for as long.
    unsafe { MatrixMut::from_raw_parts(a.as_ptr_mut(), [a.nrows(), a.ncols()], [a.row_stride(), a.col_stride()]) }
}

/// Functions of the crate under their own names, with the matrices of their arguments as views of faer.
macro_rules! on_views {
    ($($name:ident<$T:ident: $bound:ident>($($arg:ident: $ty:ty => $as:expr),*) $(-> $result:ty)?;)*) => {$(
        fn $name<$T: $bound>($($arg: $ty),*) $(-> $result)? {
            linalg::$name($($as),*)
        }
    )*};
}
on_views! {
    matmul<T: Scalar>(c: MatMut<'_, T> => to(c), a: MatRef<'_, T> => of(a), b: MatRef<'_, T> => of(b), t: Threads => t);
    matmul_integer<T: Integer>(c: MatMut<'_, T> => to(c), a: MatRef<'_, T> => of(a), b: MatRef<'_, T> => of(b), t: Threads => t);
    gram<T: Scalar>(out: MatMut<'_, T> => to(out), x: MatRef<'_, T> => of(x), t: Threads => t) -> Result<()>;
    gram_blocks<T: Scalar>(out: MatMut<'_, T> => to(out), n: usize => n, fill: Rows<'_, T> => fill, t: Threads => t) -> Result<()>;
    svd<T: Scalar>(a: MatRef<'_, T> => of(a), s: &mut [T::R] => s, u: Option<MatMut<'_, T>> => u.map(to), vh: Option<MatMut<'_, T>> => vh.map(to), t: Threads => t) -> Result<()>;
    svdvals<T: Scalar>(a: MatRef<'_, T> => of(a), s: &mut [T::R] => s, t: Threads => t) -> Result<()>;
    eigh<T: Scalar>(a: MatRef<'_, T> => of(a), w: &mut [T::R] => w, v: MatMut<'_, T> => to(v), t: Threads => t) -> Result<()>;
    eigvalsh<T: Scalar>(a: MatRef<'_, T> => of(a), w: &mut [T::R] => w, t: Threads => t) -> Result<()>;
    eig<T: General>(a: MatRef<'_, T> => of(a), w: &mut [T::C] => w, v: MatMut<'_, T::C> => to(v), t: Threads => t) -> Result<()>;
    eigvals<T: General>(a: MatRef<'_, T> => of(a), w: &mut [T::C] => w, t: Threads => t) -> Result<()>;
    qr<T: Scalar>(a: MatRef<'_, T> => of(a), q: MatMut<'_, T> => to(q), r: MatMut<'_, T> => to(r), t: Threads => t) -> Result<()>;
    qr_r<T: Scalar>(a: MatRef<'_, T> => of(a), r: MatMut<'_, T> => to(r), t: Threads => t) -> Result<()>;
    tsqr_r<T: Scalar>(r: MatMut<'_, T> => to(r), n: usize => n, fill: Rows<'_, T> => fill, t: Threads => t) -> Result<()>;
    cholesky<T: Scalar>(a: MatRef<'_, T> => of(a), triangle: Triangle => triangle, out: MatMut<'_, T> => to(out), t: Threads => t) -> Result<()>;
    solve<T: Scalar>(a: MatRef<'_, T> => of(a), x: MatMut<'_, T> => to(x), t: Threads => t) -> Result<()>;
    solve_triangular<T: Scalar>(a: MatRef<'_, T> => of(a), triangle: Triangle => triangle, unit: bool => unit, op: Trans => op, x: MatMut<'_, T> => to(x), t: Threads => t) -> Result<()>;
    inv<T: Scalar>(a: MatRef<'_, T> => of(a), out: MatMut<'_, T> => to(out), t: Threads => t) -> Result<()>;
    det<T: Scalar>(a: MatRef<'_, T> => of(a), t: Threads => t) -> Result<T>;
    slogdet<T: Scalar>(a: MatRef<'_, T> => of(a), t: Threads => t) -> Result<(T, T::R)>;
}

type C64 = Complex<f64>;

/// Runs a generic check for the four element types.
macro_rules! for_all_types {
    ($check:ident) => {{
        $check::<f64>();
        $check::<f32>();
        $check::<Complex<f64>>();
        $check::<Complex<f32>>();
    }};
}
use for_all_types;

/// Xorshift numbers in (-1/2, 1/2).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    }

    fn scalar<T: Scalar>(&mut self) -> T {
        let (re, im) = (self.next(), self.next());
        T::from_parts(T::R::from_f64(re), T::R::from_f64(im))
    }

    fn matrix<T: Scalar>(&mut self, m: usize, n: usize) -> Mat<T> {
        Mat::from_fn(m, n, |_, _| self.scalar())
    }
}

fn numbers() -> Numbers {
    Numbers(0x9e37_79b9_7f4a_7c15)
}

fn wide<T: Scalar>(a: MatRef<'_, T>) -> Mat<C64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| C64::new(a[(i, j)].re().to_f64(), a[(i, j)].im().to_f64()))
}

/// Largest modulus of an element, infinite if one is not a number.
fn largest(a: MatRef<'_, C64>) -> f64 {
    let mut max = 0f64;
    for j in 0..a.ncols() {
        for i in 0..a.nrows() {
            let x = a[(i, j)].norm();
            max = if x.is_finite() { max.max(x) } else { f64::INFINITY };
        }
    }
    max
}

fn eps<T: Scalar>() -> f64 {
    T::R::EPS.to_f64()
}

/// `|got - want| <= units * eps * scale`, element by element.
#[track_caller]
fn assert_close<T: Scalar>(got: MatRef<'_, C64>, want: MatRef<'_, C64>, units: f64, scale: f64, what: &str) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    let error = largest((got - want).as_ref());
    let allowed = units * eps::<T>() * scale;
    assert!(error <= allowed, "{what}: error {error:e}, allowed {allowed:e} ({})", std::any::type_name::<T>());
}

/// `q^H q = 1`
#[track_caller]
fn assert_orthonormal<T: Scalar>(q: MatRef<'_, T>, what: &str) {
    let q = wide(q);
    let n = q.ncols();
    let units = 8.0 * (q.nrows() as f64 + 4.0);
    assert_close::<T>((q.adjoint() * &q).as_ref(), Mat::identity(n, n).as_ref(), units, 1.0, what);
}

/// A tall, wide, square, tiny or empty shape per entry; sizes around the block sizes.
const SHAPES: [(usize, usize); 14] =
    [(0, 0), (0, 3), (3, 0), (1, 1), (1, 5), (5, 1), (3, 2), (8, 8), (17, 9), (9, 17), (33, 33), (140, 30), (30, 140), (150, 150)];

/// The same matrix in column-major, row-major, reversed and sparsely strided storage.
fn layouts<T: Scalar>(a: &Mat<T>, check: impl Fn(MatRef<'_, T>)) {
    let (m, n) = a.shape();
    check(a.as_ref());
    let transposed = a.transpose().to_owned();
    check(transposed.transpose());
    let reversed = Mat::from_fn(m, n, |i, j| a[(m - 1 - i, n - 1 - j)]);
    check(reversed.as_ref().reverse_rows_and_cols());
    let spread = Mat::from_fn(2 * m, 3 * n, |i, j| a[(i / 2, j / 3)]);
    // SAFETY: every second row and every third column of the larger matrix.
    check(unsafe { MatRef::from_raw_parts(spread.as_ptr(), m, n, 2 * spread.row_stride(), 3 * spread.col_stride()) });
}

/// `sum_i s[i] u[:, i] v[:, i]^H` with orthonormal random factors.
fn with_singular_values<T: Scalar>(m: usize, n: usize, s: &[f64]) -> Mat<T> {
    let k = s.len();
    let mut rng = numbers();
    let orthonormal = |rows: usize, rng: &mut Numbers| {
        let mut q = Mat::<C64>::zeros(rows, k);
        let mut r = Mat::<C64>::zeros(k, k);
        let a = if T::IS_COMPLEX { rng.matrix::<C64>(rows, k) } else { wide(rng.matrix::<f64>(rows, k).as_ref()) };
        qr(a.as_ref(), q.as_mut(), r.as_mut(), Threads::One).unwrap();
        q
    };
    let (u, v) = (orthonormal(m, &mut rng), orthonormal(n, &mut rng));
    let us = Mat::from_fn(m, k, |i, j| u[(i, j)] * s[j]);
    let a = us * v.adjoint();
    Mat::from_fn(m, n, |i, j| T::from_parts(T::R::from_f64(a[(i, j)].re), T::R::from_f64(a[(i, j)].im)))
}
