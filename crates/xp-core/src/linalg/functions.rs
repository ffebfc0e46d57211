//! The functions of the standard's `linalg`, and those that consumers need beside it.

use std::borrow::Cow;

use super::{Basis, Eig, Linalg, LinalgError, Lower, Triangle, Triangular, default_rtol};
use crate::array::Array;
use crate::backend::{Backend, Slot};
use crate::dim::{Dim, DimBase, Dyn, Ix1, Ix2};
use crate::dtype::{Element, Floating, Num};
use crate::error::{Error, Result};
use crate::expr::Lazy;
use crate::indexing::Position;
use crate::shape::{broadcast_shapes, normalize_axis};

pub use crate::matmul::{Contraction, outer, tensordot, vecdot};
pub use crate::standard::{matmul, matrix_transpose};

type Matrices<B, T> = Array<B, T, Dyn>;

/// Singular value decomposition of every matrix: `U`, `S` in descending order, and `Vh`, so that `x = U diag(S) Vh`.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, [`LinalgError::NonFinite`], [`LinalgError::NoConvergence`].
///
/// ```
/// use xp::prelude::*;
/// use xp::linalg::{Thin, svd};
/// let x = array![[3.0_f64, 0.0], [0.0, -2.0], [0.0, 0.0]];
/// let (u, s, vh) = svd(&x, Thin)?;
/// assert!((s.get([0])? - 3.0).abs() < 1e-15 && (s.get([1])? - 2.0).abs() < 1e-15);
/// assert!((u * &s).matmul(&vh)?.lazy().subtract(&x).abs().max(..).eval().item()? < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn svd<B: Linalg<T>, T: Floating, D: Dim>(
    x: &Array<B, T, D>,
    basis: Basis,
) -> Result<(Array<B, T, D>, Array<B, T::Real, D::Smaller>, Array<B, T, D>)> {
    let (u, s, vh) = on_matrices(x, "svd", |a| B::svd(a, basis))?;
    Ok((u.into_rank()?, s.into_rank()?, vh.into_rank()?))
}

/// Singular values of every matrix in descending order.
///
/// # Errors
/// As for [`svd`].
///
/// ```
/// use xp::prelude::*;
/// let s = xp::linalg::svdvals(&array![[0.0_f64, 2.0], [1.0, 0.0]])?;
/// assert!((s.get([0])? - 2.0).abs() < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn svdvals<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T::Real, D::Smaller>> {
    on_matrices(x, "svdvals", B::svdvals)?.into_rank()
}

/// Eigenvalues in ascending order and eigenvectors, as columns, of Hermitian matrices, of which the lower triangle is read.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, [`LinalgError::NotSquare`], [`LinalgError::NonFinite`], [`LinalgError::NoConvergence`].
///
/// ```
/// use xp::prelude::*;
/// let (w, v) = xp::linalg::eigh(&array![[2.0_f64, 1.0], [1.0, 2.0]])?;
/// assert!((w.get([0])? - 1.0).abs() < 1e-15 && (w.get([1])? - 3.0).abs() < 1e-15);
/// assert!((v.get([0, 1])?.abs() - 0.5_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn eigh<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<(Array<B, T::Real, D::Smaller>, Array<B, T, D>)> {
    let (w, v) = on_square(x, "eigh", B::eigh)?;
    Ok((w.into_rank()?, v.into_rank()?))
}

/// Eigenvalues in ascending order of Hermitian matrices, of which the lower triangle is read.
///
/// # Errors
/// As for [`eigh`].
pub fn eigvalsh<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T::Real, D::Smaller>> {
    on_square(x, "eigvalsh", B::eigvalsh)?.into_rank()
}

/// Eigenvalues and right eigenvectors, as columns, of general matrices, in no particular order.
///
/// # Errors
/// As for [`eigh`].
pub fn eig<B: Eig<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<(Array<B, B::Complex, D::Smaller>, Array<B, B::Complex, D>)> {
    let (w, v) = on_square(x, "eig", B::eig)?;
    Ok((w.into_rank()?, v.into_rank()?))
}

/// Eigenvalues of general matrices, in no particular order.
///
/// # Errors
/// As for [`eigh`].
pub fn eigvals<B: Eig<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, B::Complex, D::Smaller>> {
    on_square(x, "eigvals", B::eigvals)?.into_rank()
}

/// QR decomposition of every matrix: `Q` with orthonormal columns and upper triangular `R`: `Q` has as many columns as
/// the smaller side is long (`Thin`), or is square (`Full`).
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[3.0_f64, 1.0], [4.0, 2.0]];
/// let (q, r) = xp::linalg::qr(&x, xp::linalg::Thin)?;
/// assert_eq!(r.get([1, 0])?, 0.0);
/// assert!((q.matmul(&r)? - &x).abs().max(..).item()? < 1e-14);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn qr<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>, basis: Basis) -> Result<(Array<B, T, D>, Array<B, T, D>)> {
    let (q, r) = on_matrices(x, "qr", |a| B::qr(a, basis))?;
    Ok((q.into_rank()?, r.into_rank()?))
}

/// The factor `R` alone of the QR decomposition of every matrix.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes.
pub fn qr_r<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    on_matrices(x, "qr_r", B::qr_r)?.into_rank()
}

/// Cholesky factor of Hermitian positive definite matrices, of which the lower triangle is read: `x = L L^H` with
/// the `Lower` one, `x = U^H U` with the `Upper` one.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, [`LinalgError::NotSquare`], [`LinalgError::NotPositiveDefinite`].
///
/// ```
/// use xp::prelude::*;
/// use xp::linalg::{Lower, Upper, cholesky};
/// let x = array![[4.0, 2.0], [2.0, 5.0]];
/// assert_eq!(cholesky(&x, Lower)?.to_vec(), [2.0, 0.0, 1.0, 2.0]);
/// assert_eq!(cholesky(&x, Upper)?.to_vec(), [2.0, 1.0, 0.0, 2.0]);
/// assert!(cholesky(&array![[1.0, 2.0], [2.0, 1.0]], Lower).is_err());
/// # Ok::<(), xp::Error>(())
/// ```
pub fn cholesky<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>, factor: Triangle) -> Result<Array<B, T, D>> {
    on_square(x, "cholesky", |a| B::cholesky(a, factor))?.into_rank()
}

/// Solves `a x = b`. A `b` of rank 1 is a vector; otherwise its last two axes are matrices. Stacks broadcast.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes or another number of rows, [`LinalgError::NotSquare`], [`Error::Broadcast`], [`LinalgError::Singular`].
///
/// ```
/// use xp::prelude::*;
/// let x = xp::linalg::solve(&array![[2.0, 0.0], [0.0, 4.0]], &array![1.0, 2.0])?;
/// assert_eq!(x.to_vec(), [0.5, 0.5]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn solve<B: Linalg<T>, T: Floating, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<Array<B, T, D::MatMul<E>>> {
    let a = square(a, "solve")?;
    with_rhs("solve", &a, b, |a, b| B::solve(a, b))
}

/// [`solve`] into an array that exists, for loops that allocate no results. `out` is replaced when it shares its memory with
/// another array or does not lie in row-major order.
///
/// # Errors
/// As for [`solve`], and [`Error::Shape`] when `out` has not the shape of the solution. After an error of the decomposition
/// the elements of `out` are not specified.
///
/// ```
/// use xp::prelude::*;
/// let (a, mut x) = (array![[2.0, 1.0], [1.0, 3.0]], array![0.0, 0.0]);
/// linalg::solve_into(&a, &array![4.0, 7.0], &mut x)?;
/// assert_eq!(x.to_vec(), [1.0, 2.0]);
/// assert!(linalg::solve_into(&a, &array![4.0, 7.0], &mut array![0.0]).is_err());
/// # Ok::<(), xp::Error>(())
/// ```
pub fn solve_into<B: Linalg<T>, T: Floating, D: Dim, E: Dim, F: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>, out: &mut Array<B, T, F>) -> Result<()> {
    let a = square(a, "solve_into")?;
    crate::expr::check_devices(Some(a.device()), Some(b.device()))?;
    crate::expr::check_devices(Some(a.device()), Some(out.device()))?;
    let n = a.dims()[a.ndim() - 1];
    let (rhs_stack, columns) = match *b.dims() {
        [] => return Err(Error::Rank { expected: 1, given: 0 }),
        [_] => (&[][..], None),
        [ref stack @ .., _, columns] => (stack, Some(columns)),
    };
    if b.dims()[rhs_stack.len()] != n {
        return Err(Error::shape("solve_into", b.dims(), format!("{n} rows, as {:?} has", a.dims())));
    }
    let stack = broadcast_shapes(&a.dims()[..a.ndim() - 2], rhs_stack)?;
    let shape: Vec<usize> = stack.iter().copied().chain([n]).chain(columns).collect();
    if out.dims() != shape {
        return Err(Error::shape("solve_into: out", out.dims(), format!("the shape of the solution, {shape:?}")));
    }
    out.make_writable()?;
    let full: Vec<usize> = stack.into_iter().chain([n, n]).collect();
    // SAFETY: `out` is alone on its memory, so `b` does not lie there.
    unsafe { crate::expr::eval_onto(&b, out)? };
    let x = Slot { buffer: out.buffer(), offset: out.offset() };
    // SAFETY: `out` has the shape of the solution in row-major order, was just written, and is alone on its memory.
    unsafe { B::solve_in_place(&a.broadcast_to(full)?, x, columns.unwrap_or(1)) }
}

/// Solves `a x = b` for triangular `a`, `Lower` or `Upper`, of which the other triangle is not read; with the diagonal
/// taken for ones (`Lower.unit()`), or with the transpose or the adjoint of `a` (`Lower.transposed()`, `Lower.adjoint()`).
///
/// # Errors
/// As for [`solve`].
///
/// ```
/// use xp::prelude::*;
/// use xp::linalg::{Lower, Upper, solve_triangular};
/// let l = array![[2.0, 0.0], [1.0, 4.0]];
/// assert_eq!(solve_triangular(&l, &array![2.0, 9.0], Lower)?.to_vec(), [1.0, 2.0]);
/// assert_eq!(solve_triangular(&l, &array![4.0, 8.0], Lower.transposed())?.to_vec(), [1.0, 2.0]);
/// assert_eq!(solve_triangular(&l, &array![2.0, 9.0], Upper.unit())?.to_vec(), [2.0, 9.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn solve_triangular<B: Linalg<T>, T: Floating, D: Dim, E: Dim>(
    a: &Array<B, T, D>,
    b: &Array<B, T, E>,
    form: impl Into<Triangular>,
) -> Result<Array<B, T, D::MatMul<E>>> {
    let (a, form) = (square(a, "solve_triangular")?, form.into());
    with_rhs("solve_triangular", &a, b, |a, b| B::solve_triangular(a, b, form))
}

/// Solves `a x = b` given the lower Cholesky factor of `a`.
///
/// # Errors
/// As for [`solve`].
pub fn cho_solve<B: Linalg<T>, T: Floating, D: Dim, E: Dim>(factor: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<Array<B, T, D::MatMul<E>>> {
    let l = square(factor, "cho_solve")?;
    with_rhs("cho_solve", &l, b, |l, b| {
        let y = B::solve_triangular(l, b, Lower.into())?;
        B::solve_triangular(l, &y, Lower.adjoint())
    })
}

/// Inverse of every matrix.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, [`LinalgError::NotSquare`], [`LinalgError::Singular`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::linalg::inv(&array![[2.0, 0.0], [0.0, 4.0]])?.to_vec(), [0.5, 0.0, 0.0, 0.25]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn inv<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    on_square(x, "inv", B::inv)?.into_rank()
}

/// Determinant of every matrix.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, [`LinalgError::NotSquare`].
///
/// ```
/// use xp::prelude::*;
/// assert!((xp::linalg::det(&array![[1.0_f64, 2.0], [3.0, 4.0]])?.item()? + 2.0).abs() < 1e-14);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn det<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, <D::Smaller as DimBase>::Smaller>> {
    on_square(x, "det", B::det)?.into_rank()
}

/// Sign (phase, for complex matrices) and logarithm of the magnitude of the determinant of every matrix.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, [`LinalgError::NotSquare`].
pub fn slogdet<B: Linalg<T>, T: Floating, D: Dim>(
    x: &Array<B, T, D>,
) -> Result<(Array<B, T, <D::Smaller as DimBase>::Smaller>, Array<B, T::Real, <D::Smaller as DimBase>::Smaller>)> {
    let (sign, log) = on_square(x, "slogdet", B::slogdet)?;
    Ok((sign.into_rank()?, log.into_rank()?))
}

/// Moore-Penrose pseudo-inverse of every matrix. Singular values not above `rtol` times the largest count as zero;
/// `None` is `max(M, N) * eps`.
///
/// # Errors
/// As for [`svd`].
///
/// ```
/// use xp::prelude::*;
/// let p = xp::linalg::pinv(&array![[2.0, 0.0], [0.0, 0.0]], None)?;
/// assert_eq!(p.to_vec(), [0.5, 0.0, 0.0, 0.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn pinv<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>, rtol: Option<T::Real>) -> Result<Array<B, T, D>> {
    pinv_rtol(x, &scalar_rtol(x, rtol, "pinv")?)
}

/// [`pinv`] with a tolerance for every matrix: an array that broadcasts to the stack.
///
/// # Errors
/// As for [`svd`], [`Error::Broadcast`], [`Error::Shape`] when the tolerances do not broadcast to the stack.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[[2.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 1.0]]];
/// let p = xp::linalg::pinv_rtol(&x, &array![0.0, 0.6])?;
/// assert_eq!(p.to_vec(), [0.5, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 0.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn pinv_rtol<B: Linalg<T>, T: Floating, D: Dim, E: Dim>(x: &Array<B, T, D>, rtol: &Array<B, T::Real, E>) -> Result<Array<B, T, D>> {
    let a = matrices(x, "pinv")?;
    let rtol = rtol.broadcast_to(&a.dims()[..a.ndim() - 2])?;
    let (u, s, vh) = on_matrices(&a, "pinv", |a| B::svd(a, Basis::Thin))?;
    let inverse = inverse_values(&s, &rtol.expand_dims(-1)?)?;
    let scaled = (adjoint(&vh)?.lazy() * inverse.expand_dims(-2)?.lazy().astype::<T>()).try_eval()?;
    scaled.matmul(&adjoint(&u)?)?.into_rank()
}

/// Number of singular values above `rtol` times the largest; `None` is `max(M, N) * eps`.
///
/// # Errors
/// As for [`svd`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::linalg::matrix_rank(&array![[1.0, 2.0], [2.0, 4.0]], None)?.item()?, 1);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn matrix_rank<B: Linalg<T>, T: Floating, D: Dim>(
    x: &Array<B, T, D>,
    rtol: Option<T::Real>,
) -> Result<Array<B, i64, <D::Smaller as DimBase>::Smaller>> {
    matrix_rank_rtol(x, &scalar_rtol(x, rtol, "matrix_rank")?)
}

/// [`matrix_rank`] with a tolerance for every matrix: an array that broadcasts to the stack.
///
/// # Errors
/// As for [`pinv_rtol`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![[[2.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 1.0]]];
/// assert_eq!(xp::linalg::matrix_rank_rtol(&x, &array![0.0, 0.6])?.to_vec(), [2, 1]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn matrix_rank_rtol<B: Linalg<T>, T: Floating, D: Dim, E: Dim>(
    x: &Array<B, T, D>,
    rtol: &Array<B, T::Real, E>,
) -> Result<Array<B, i64, <D::Smaller as DimBase>::Smaller>> {
    let a = matrices(x, "matrix_rank")?;
    let rtol = rtol.broadcast_to(&a.dims()[..a.ndim() - 2])?.expand_dims(-1)?;
    let s = on_matrices(&a, "matrix_rank", B::svdvals)?;
    if s.dims()[s.ndim() - 1] == 0 {
        return crate::array::zeros::<B, i64, _>(a.device(), &a.dims()[..a.ndim() - 2])?.into_rank();
    }
    let largest = s.slice_axis(-1, ..1)?;
    s.lazy().greater((largest.lazy() * &rtol).try_eval()?).count_nonzero(-1).try_eval()?.into_rank()
}

/// The tolerance for singular values as a scalar array.
fn scalar_rtol<B: Linalg<T>, T: Floating, D: Dim>(
    x: &Array<B, T, D>,
    rtol: Option<T::Real>,
    function: &'static str,
) -> Result<Array<B, T::Real, crate::dim::Ix0>> {
    let a = matrices(x, function)?;
    let rtol = rtol.unwrap_or_else(|| default_rtol::<T>(a.dims()[a.ndim() - 2], a.dims()[a.ndim() - 1]));
    crate::array::full(x.device(), [], rtol)
}

/// What [`lstsq`] finds.
#[derive(Clone, Debug)]
pub struct Lstsq<B: Backend, T: Floating, D: Dim> {
    /// The `x` of least 2-norm among those that minimise the 2-norm of `b - a x`.
    pub solution: Array<B, T, D>,
    /// The number of singular values of `a` that count as non-zero.
    pub rank: usize,
    /// The singular values of `a` in descending order.
    pub singular_values: Array<B, T::Real, Ix1>,
}

/// Least squares: the `x` of least 2-norm that minimises the 2-norm of `b - a x`, by the singular value decomposition.
///
/// # Errors
/// As for [`svd`], and [`Error::Shape`] when the numbers of rows differ.
///
/// ```
/// use xp::prelude::*;
/// let fit = xp::linalg::lstsq(&array![[1.0], [2.0]], &array![2.0, 4.0], None)?;
/// assert!((fit.solution.item()? - 2.0).abs() < 1e-15 && fit.rank == 1);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn lstsq<B: Linalg<T>, T: Floating, E: Dim>(a: &Array<B, T, Ix2>, b: &Array<B, T, E>, rtol: Option<T::Real>) -> Result<Lstsq<B, T, E>> {
    let [m, n] = a.shape();
    if b.ndim() == 0 || b.dims()[0] != m {
        return Err(Error::shape("lstsq: b", b.dims(), format!("{m} rows, as {:?} has", a.dims())));
    }
    let (u, s, vh) = svd(a, Basis::Thin)?;
    let inverse = inverse_values(&s.clone().into_dyn(), &scalar_rtol(a, rtol, "lstsq")?.into_dyn())?;
    let rank = inverse.lazy().count_nonzero(..).try_eval()?.item()? as usize;
    let inverse = inverse.lazy().astype::<T>().try_eval()?.expand_dims(-1)?;
    let rhs: Array<B, T, Ix2> = b.reshape([m, b.size() / m.max(1)])?;
    let y = (adjoint(&u)?.matmul(&rhs)?.lazy() * &inverse).try_eval()?;
    let mut shape = b.dims().to_vec();
    shape[0] = n;
    let solution = adjoint(&vh)?.matmul(&y.into_rank::<Ix2>()?)?.reshape(shape)?.into_rank()?;
    Ok(Lstsq { solution, rank, singular_values: s })
}

/// `1 / s` where `s` is above `rtol`, which broadcasts, times its largest, otherwise 0.
fn inverse_values<B: Backend, R: crate::dtype::Float>(s: &Array<B, R, Dyn>, rtol: &Array<B, R, Dyn>) -> Result<Array<B, R, Dyn>> {
    if s.dims()[s.ndim() - 1] == 0 {
        return Ok(s.clone());
    }
    let limit = (s.slice_axis(-1, ..1)?.lazy() * rtol).try_eval()?;
    let keep = s.lazy().greater(&limit).logical_and(s.lazy().greater(R::ZERO)).try_eval()?;
    keep.lazy().where_(s.lazy().reciprocal(), R::ZERO).try_eval()
}

/// The conjugate transpose of the last two axes.
///
/// # Errors
/// [`Error::Rank`].
pub fn adjoint<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    let t = x.matrix_transpose()?;
    if matches!(T::DTYPE.kind(), crate::dtype::Kind::ComplexFloating) { t.lazy().conj().try_eval() } else { Ok(t) }
}

/// The Gram matrix `E^H E` of a lazy matrix with many rows, which is never stored: `gram(x.lazy() - &mean)`.
///
/// # Errors
/// As for [`Lazy::try_eval`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 2.0], [3.0, 6.0]];
/// let g = xp::linalg::gram(&(x.lazy() - &x.mean(0)))?;
/// assert_eq!(g.to_vec(), [2.0, 4.0, 4.0, 8.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn gram<B: Linalg<T>, T: Floating, E>(e: &Lazy<E>) -> Result<Array<B, T, Ix2>>
where
    E: crate::expr::Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    B::gram(e)
}

/// Sum of the diagonal of the last two axes, `offset` above the main one, in the dtype of [`Array::sum`].
///
/// # Errors
/// [`Error::Rank`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::linalg::trace(&array![[1_i64, 2], [3, 4]], 0)?.item()?, 5);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn trace<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>, offset: isize) -> Result<Array<B, T::Accum, <D::Smaller as DimBase>::Smaller>> {
    x.diagonal(offset)?.lazy().sum(-1).try_eval()
}

/// The diagonal of the last two axes, `offset` above the main one, as a view: [`Array::diagonal`].
///
/// # Errors
/// [`Error::Rank`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::linalg::diagonal(&array![[1, 2], [3, 4]], 1)?.to_vec(), [2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn diagonal<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, offset: isize) -> Result<Array<B, T, D::Smaller>> {
    x.diagonal(offset)
}

/// The cross product of the vectors of three elements along an axis, which is negative, after broadcasting the other axes.
///
/// # Errors
/// [`Error::Axis`] when `axis` is not negative or not in both arrays, [`Error::Shape`] when a length along it is not 3,
/// [`Error::Broadcast`].
///
/// ```
/// use xp::prelude::*;
/// let c = xp::linalg::cross(&array![1, 2, 3], &array![4, 5, 6], -1)?;
/// assert_eq!(c.to_vec(), [-3, 6, -3]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn cross<B: Backend, T: Num, D: Dim, E: Dim>(x1: &Array<B, T, D>, x2: &Array<B, T, E>, axis: impl Position) -> Result<Array<B, T, D::Max<E>>> {
    let axis = axis.position();
    let ndim = x1.ndim().max(x2.ndim());
    if axis >= 0 {
        return Err(Error::Axis { axis, ndim });
    }
    let (a, b) = (x1.clone().into_dyn(), x2.clone().into_dyn());
    for x in [&a, &b] {
        if x.dims()[normalize_axis(axis, x.ndim())?] != 3 {
            return Err(Error::shape("cross", x.dims(), format!("length 3 along axis {axis}")));
        }
    }
    let part = |x: &Matrices<B, T>, k: usize| x.slice_axis(axis, k % 3..k % 3 + 1);
    let component = |k: usize| {
        let (a1, a2, b1, b2) = (part(&a, k + 1)?, part(&a, k + 2)?, part(&b, k + 1)?, part(&b, k + 2)?);
        (a1.lazy() * &b2 - a2.lazy() * &b1).try_eval()
    };
    crate::array::concat(&[&component(0)?, &component(1)?, &component(2)?], axis)?.into_rank()
}

/// Product of every matrix with itself, `n` times; of its inverse for negative `n`.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, [`LinalgError::NotSquare`], [`LinalgError::Singular`].
pub fn matrix_power<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>, n: i64) -> Result<Array<B, T, D>> {
    let mut base = square(x, "matrix_power")?;
    if n < 0 {
        base = on_matrices(&base, "matrix_power", B::inv)?;
    }
    let size = base.dims()[base.ndim() - 1];
    let mut power = crate::array::eye::<B, T>(x.device(), size, size, 0)?.broadcast_to(x.dims())?;
    let mut left = n.unsigned_abs();
    while left > 0 {
        if left & 1 == 1 {
            power = power.matmul(&base)?;
        }
        left >>= 1;
        if left > 0 {
            base = base.matmul(&base)?;
        }
    }
    power.into_rank()
}

/// The array, which must be a matrix or a stack of matrices.
pub(super) fn matrices<B: Backend, T: Floating, D: Dim>(x: &Array<B, T, D>, function: &'static str) -> Result<Matrices<B, T>> {
    if x.ndim() < 2 {
        return Err(Error::shape(function, x.dims(), "a matrix or a stack of matrices"));
    }
    Ok(x.clone().into_dyn())
}

pub(super) fn square<B: Backend, T: Floating, D: Dim>(x: &Array<B, T, D>, function: &'static str) -> Result<Matrices<B, T>> {
    let a = matrices(x, function)?;
    let n = a.ndim();
    if a.dims()[n - 1] != a.dims()[n - 2] {
        return Err(LinalgError::NotSquare { function, shape: a.dims().to_vec() }.into());
    }
    Ok(a)
}

/// Runs a method of the backend on a stack of matrices.
pub(super) fn on_matrices<B: Backend, T: Floating, D: Dim, R>(
    x: &Array<B, T, D>,
    function: &'static str,
    run: impl FnOnce(&Matrices<B, T>) -> Result<R>,
) -> Result<R> {
    run(&matrices(x, function)?).map_err(|e| in_stack(e, x.ndim() > 2).of_operand(T::DTYPE, x.dims()))
}

/// Runs a method of the backend on a stack of square matrices.
fn on_square<B: Backend, T: Floating, D: Dim, R>(
    x: &Array<B, T, D>,
    function: &'static str,
    run: impl FnOnce(&Matrices<B, T>) -> Result<R>,
) -> Result<R> {
    run(&square(x, function)?).map_err(|e| in_stack(e, x.ndim() > 2).of_operand(T::DTYPE, x.dims()))
}

/// The error of a backend, which says which matrix of a stack it is about when there is a stack.
pub(super) fn in_stack(e: Error, stack: bool) -> Error {
    match e {
        Error::Linalg(e) if !stack => Error::Linalg(e.of_only_matrix()),
        e => e,
    }
}

/// Broadcasts the stacks of a square `a` and a right-hand side, which may be one vector, and solves.
pub(super) fn with_rhs<B: Backend, T: Floating, E: Dim, F: Dim>(
    what: &'static str,
    a: &Matrices<B, T>,
    b: &Array<B, T, E>,
    solve: impl Fn(&Matrices<B, T>, &Matrices<B, T>) -> Result<Matrices<B, T>>,
) -> Result<Array<B, T, F>> {
    crate::expr::check_devices(Some(a.device()), Some(b.device()))?;
    let n = a.dims()[a.ndim() - 1];
    let vector = b.ndim() == 1;
    let rhs = if vector { b.clone().into_dyn().expand_dims(1)? } else { matrices(b, what)? };
    if rhs.dims()[rhs.ndim() - 2] != n {
        return Err(Error::shape(what, b.dims(), format!("{n} rows, as {:?} has", a.dims())));
    }
    let stack = broadcast_shapes(&a.dims()[..a.ndim() - 2], &rhs.dims()[..rhs.ndim() - 2])?;
    let out = solve(&*widened(a, &stack)?, &*widened(&rhs, &stack)?).map_err(|e| in_stack(e, !stack.is_empty()).of_operand(T::DTYPE, a.dims()))?;
    if vector { out.squeeze(-1)?.into_rank() } else { out.into_rank() }
}

/// The matrices, repeated along the axes of a stack that they do not have.
fn widened<'a, B: Backend, T: Floating>(x: &'a Matrices<B, T>, stack: &[usize]) -> Result<Cow<'a, Matrices<B, T>>> {
    let (own, matrix) = x.dims().split_at(x.ndim() - 2);
    if own == stack { Ok(Cow::Borrowed(x)) } else { x.broadcast_to([stack, matrix].concat()).map(Cow::Owned) }
}
