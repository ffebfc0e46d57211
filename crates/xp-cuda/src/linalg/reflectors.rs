//! The orthogonal factors of a stack of QR factorisations, for which the libraries have no call that takes a whole stack.
//!
//! The reflectors of some columns are one matrix, `I - V T V^H`, where `T^-1` has the numbers `1 / tau` on the diagonal, and above it those
//! of `V^H V` (Joffrain, Low, Quintana-Orti, van de Geijn and Van Zee, "Accumulating Householder transformations, revisited", ACM TOMS
//! 32, 2006). So the factors are products of matrices, of all matrices of the stack at once.

use num_complex::Complex;
use xp_core::dtype::Kind;
use xp_core::expr::Iota;
use xp_core::linalg::{Lower, Trans};
use xp_core::ops::{NotEqual, Reciprocal};
use xp_core::{Ix2, Lazy, Result};

use super::{
    Lapack, Matrices, small,
    solutions::solve_triangular,
    stack::{count, run, stack_of},
};
use crate::{
    backend::Cuda,
    libraries::{Matrix, blas::Gemm},
};

/// Reflectors that are applied together; triangles of this order fit the shared memory of every device.
const PANEL: usize = 32;

/// The first `columns` columns of the products of reflectors, as transposes. `reflectors` are transposes too: of matrices that have the
/// vectors below the diagonal, as LAPACK's `geqrf` leaves them; `tau` are their factors.
pub(super) fn product<T: Lapack>(reflectors: &Matrices<T>, tau: &Matrices<T>, columns: usize) -> Result<Matrices<T>> {
    let (device, n) = (reflectors.device(), reflectors.ndim());
    let (stack, [k, m]) = (stack_of(reflectors), [reflectors.dims()[n - 2], reflectors.dims()[n - 1]]);
    // A factor of zero is that of the identity, whose vector is none.
    let tau = tau.expand_dims(-1)?;
    let is_used = tau.lazy().apply2(NotEqual, T::ZERO).try_eval()?;
    let place = || after_diagonal(device, [k, m]);
    let vectors = place()?.greater(0i64).where_(reflectors, place()?.equal(0i64).astype::<T>());
    let vectors = device.contiguous(is_used.lazy().where_(vectors, T::ZERO), "linear algebra")?;
    let is_complex = T::DTYPE.kind() == Kind::ComplexFloating;
    let conjugates = if is_complex { vectors.lazy().conj().try_eval()? } else { vectors.clone() };
    let inverses = is_used.lazy().where_(tau.lazy().apply(Reciprocal), T::ONE).try_eval()?;
    let shape: Vec<usize> = stack.iter().copied().chain([columns, m]).collect();
    let ones = after_diagonal(device, [columns, m])?.equal(0i64).astype::<T>().try_eval()?.into_dyn();
    let q = ones.broadcast_to(shape)?.copy()?;
    for first in (0..k).step_by(PANEL).rev() {
        let rows = |x: &Matrices<T>| -> Result<Matrices<T>> {
            x.slice_axis(-2, first as isize..(first + PANEL).min(k) as isize)?.slice_axis(-1, first as isize..)
        };
        let (panel, conjugate) = (rows(&vectors)?, rows(&conjugates)?);
        let width = panel.dims()[n - 2];
        let products = panel.matmul(&conjugate.matrix_transpose()?)?;
        let diagonal = inverses.slice_axis(-2, first as isize..(first + width) as isize)?;
        // Of this triangle nothing is read above the diagonal.
        let inverse = after_diagonal(device, [width, width])?.equal(0i64).where_(&diagonal, &products).try_eval()?.into_rank()?;
        let rest = q.slice_axis(-2, first as isize..)?.slice_axis(-1, first as isize..)?;
        let inside = conjugate.matmul(&rest.matrix_transpose()?)?;
        // It is regular, so nobody has to wait for what is known about it.
        let factors = match small::solve_regular(&inverse, &inside, Lower.transposed())? {
            Some((factors, _)) => factors,
            None => solve_triangular(&inverse, &inside, Lower.transposed())?,
        };
        subtract(&q, &panel, &factors, first)?;
    }
    Ok(q)
}

/// The number of the column less that of the row.
fn after_diagonal(device: &Cuda, shape: [usize; 2]) -> Result<Lazy<Iota<Cuda, Ix2>>> {
    Ok(Lazy::new(Iota::new(device, shape, 0, [-1, 1])?))
}

/// Subtracts the products of transposed `factors` and `panel` from the part of `q` that begins at row and column `first`. Nobody else may
/// have `q`.
fn subtract<T: Lapack>(q: &Matrices<T>, panel: &Matrices<T>, factors: &Matrices<T>, first: usize) -> Result<()> {
    let n = q.ndim();
    let ([k, m], [width, columns]) = ([q.dims()[n - 2], q.dims()[n - 1]], [factors.dims()[n - 2], factors.dims()[n - 1]]);
    debug_assert!(q.is_contiguous() && factors.is_contiguous() && panel.strides()[n - 1] == 1 && columns == k - first);
    let ld = |x: &Matrices<T>| x.strides()[n - 2] as i64;
    let at = |x: &Matrices<T>, place: usize| x.buffer().at(x.offset() + place);
    // Column-major, the memory of a row-major matrix is that of its transpose.
    let call = Gemm {
        dtype: T::DTYPE,
        transa: Trans::No,
        transb: Trans::Transpose,
        m: (m - first) as i64,
        n: columns as i64,
        k: width as i64,
        alpha: Complex::new(-1.0, 0.0),
        a: Matrix { pointer: at(panel, 0), ld: ld(panel) },
        stride_a: panel.strides()[n - 3] as i64,
        b: Matrix { pointer: at(factors, 0), ld: columns as i64 },
        stride_b: (width * columns) as i64,
        beta: Complex::new(1.0, 0.0),
        c: Matrix { pointer: at(q, first * m + first), ld: m as i64 },
        stride_c: (k * m) as i64,
        batch: count(stack_of(q)) as i64,
    };
    // SAFETY: the matrices have these sizes, and the sum is read and written by nothing else.
    run(q.device(), "forming of Q", |d| unsafe { d.blas()?.gemm(d, &call) })
}
