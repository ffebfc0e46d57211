//! Statistics that skip NaN, weighted means, covariance.

use super::values::from_real;
use crate::array::Array;
use crate::axes::{Axes, KeepDims};
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, Dyn};
use crate::dtype::{Element, Floating, Num, Real};
use crate::error::{Error, Result};
use crate::expr::{Expr, Lazy, eval_reduction};
use crate::indexing::Position;
use crate::linalg::adjoint;
use crate::moments::WideReal;
use crate::reduction::{All, CountNonzero, Max, Min, Reduction, Sum};
use crate::wide::{converted, widened};

/// Sum of the elements that are not NaN; 0 of none.
///
/// # Errors
/// [`Error::Axis`], [`Error::RepeatedAxis`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, f64::NAN], [3.0, 4.0]];
/// assert_eq!(xp::extra::nansum(&x, 1)?.to_vec(), [1.0, 7.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn nansum<B: Backend, T: Num, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T::Accum, A::Out<D>>> {
    reduce::<_, _, A>(Sum, without_nan(x, T::ZERO), &axes.axes(x.ndim())?)
}

/// Mean of the elements that are not NaN; NaN of none.
///
/// # Errors
/// [`Error::Axis`], [`Error::RepeatedAxis`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, f64::NAN], [3.0, 4.0]];
/// assert_eq!(xp::extra::nanmean(&x, 0)?.to_vec(), [2.0, 4.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn nanmean<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    let over = axes.axes(x.ndim())?;
    let n = counts::<B, T, D, A::Out<D>>(x, &over, A::KEEP)?;
    converted(&mean_of::<_, A::Out<D>>(filled(x, widened(x)), &n, &over, A::KEEP)?)
}

/// Variance of the elements that are not NaN, as [`var`](crate::functions::var()): NaN where not more than `correction`
/// elements are left.
///
/// # Errors
/// [`Error::Axis`], [`Error::RepeatedAxis`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![1.0, f64::NAN, 3.0];
/// assert_eq!(xp::extra::nanvar(&x, 0, 0.0)?.item()?, 1.0);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn nanvar<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A, correction: f64) -> Result<Array<B, T::Real, A::Out<D>>> {
    converted(&nan_variance(x, &axes, correction)?)
}

/// Standard deviation of the elements that are not NaN, the square root of [`nanvar`].
///
/// # Errors
/// As for [`nanvar`].
pub fn nanstd<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A, correction: f64) -> Result<Array<B, T::Real, A::Out<D>>> {
    converted(&nan_variance(x, &axes, correction)?.into_lazy().sqrt().try_eval()?)
}

/// [`nanvar`] in the wide dtype: the mean, once more the mean of what is left, then the squares.
fn nan_variance<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: &A, correction: f64) -> Result<Array<B, WideReal<T>, A::Out<D>>> {
    let over = axes.axes(x.ndim())?;
    let kept = counts::<B, T, D, D>(x, &over, true)?;
    let mean = mean_of::<_, D>(filled(x, widened(x)), &kept, &over, true)?;
    let rest = mean_of::<_, D>(filled(x, widened(x) - &mean), &kept, &over, true)?;
    let squares = filled(x, (widened(x) - &mean - &rest).abs_square()).into_expr();
    let sums = eval_reduction::<_, _, A::Out<D>>(Sum, &squares, &over, A::KEEP)?;
    let n = counts::<B, T, D, A::Out<D>>(x, &over, A::KEEP)?;
    let n = (n.lazy().astype::<WideReal<T>>() - WideReal::<T>::from_f64(correction)).try_eval()?;
    let dof = n.lazy().greater(WideReal::<T>::ZERO).where_(&n, WideReal::<T>::from_f64(f64::NAN));
    (sums.lazy() / dof).try_eval()?.into_rank()
}

/// The sum of an expression in the wide dtype, divided by counts of the shape of the result.
fn mean_of<E: Expr, O: Dim>(e: Lazy<E>, n: &Array<E::Backend, i64, O>, over: &[usize], keepdims: bool) -> Result<Array<E::Backend, E::Elem, O>>
where
    E::Elem: Floating,
{
    let sums = eval_reduction::<_, _, O>(Sum, e.expr(), over, keepdims)?;
    (sums.lazy() / n.lazy().astype::<E::Elem>()).try_eval()?.into_rank()
}

/// Largest of the elements that are not NaN; NaN when all are.
///
/// # Errors
/// [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Shape`] for no elements.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, f64::NAN], [f64::NAN, f64::NAN]];
/// let top = xp::extra::nanmax(&x, 1)?.to_vec();
/// assert!(top[0] == 1.0 && top[1].is_nan());
/// # Ok::<(), xp::Error>(())
/// ```
pub fn nanmax<B: Backend, T: Real, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    let over = axes.axes(x.ndim())?;
    let best = reduce::<_, _, A>(Max, without_nan(x, T::LOWEST), &over)?;
    or_nan::<B, T, D, A>(x, &over, best)
}

/// Smallest of the elements that are not NaN; NaN when all are.
///
/// # Errors
/// As for [`nanmax`].
pub fn nanmin<B: Backend, T: Real, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    let over = axes.axes(x.ndim())?;
    let best = reduce::<_, _, A>(Min, without_nan(x, T::HIGHEST), &over)?;
    or_nan::<B, T, D, A>(x, &over, best)
}

/// The mean along an axis with weights, which have the shape of the array, or are a vector along the axis.
///
/// # Errors
/// [`Error::Axis`], [`Error::Shape`], [`Error::Value`] when the weights of a lane sum to zero.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(xp::extra::average(&x, &array![3.0, 1.0], 0)?.to_vec(), [1.5, 2.5]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn average<B: Backend, T: Floating, D: Dim, E: Dim>(
    x: &Array<B, T, D>,
    weights: &Array<B, T::Real, E>,
    axis: impl Position,
) -> Result<Array<B, T, D::Smaller>> {
    let axis = axis.position();
    let w = lane_weights("average: weights", x, weights, axis)?;
    let w = w.lazy().astype::<T::Wide>();
    let total = w.sum(axis).try_eval()?;
    if total.equal(T::Wide::ZERO).any(..).item()? {
        return Err(Error::value("average: weights", "they sum to zero, and cannot be normalised"));
    }
    let sums = (widened(x) * w).sum(axis).try_eval()?;
    converted(&(sums.lazy() / &total).try_eval()?.into_dyn().into_rank::<D::Smaller>()?)
}

/// Weights as an array of the shape of `x`: given so, or as a vector along an axis.
pub(super) fn lane_weights<B: Backend, T: Num, R: Num, D: Dim, E: Dim>(
    what: &'static str,
    x: &Array<B, T, D>,
    weights: &Array<B, R, E>,
    axis: isize,
) -> Result<Array<B, R, D>> {
    let k = crate::shape::normalize_axis(axis, x.ndim())?;
    crate::expr::check_devices(Some(x.device()), Some(weights.device()))?;
    if weights.dims() == x.dims() {
        return weights.clone().into_rank();
    }
    if weights.dims() != [x.dims()[k]] {
        return Err(Error::shape(what, weights.dims(), format!("{:?}, or {} numbers along axis {k}", x.dims(), x.dims()[k])));
    }
    let mut shape = vec![1; x.ndim()];
    shape[k] = weights.size();
    weights.reshape(shape)?.broadcast_to(x.dims())?.into_rank()
}

/// The options of [`cov`].
#[derive(Clone, Copy, Debug)]
pub struct Cov<'a, B: Backend, R: Real> {
    /// What is subtracted from the number of observations.
    pub correction: f64,
    /// How often each observation was made.
    pub fweights: Option<&'a Array<B, i64, crate::dim::Ix1>>,
    /// The relative weight of each observation.
    pub aweights: Option<&'a Array<B, R, crate::dim::Ix1>>,
}
impl<B: Backend, R: Real> Default for Cov<'_, B, R> {
    /// A correction of 1 and no weights.
    fn default() -> Self {
        Cov { correction: 1.0, fweights: None, aweights: None }
    }
}

/// Covariance matrices: the rows of the last two axes are variables, the columns observations. A vector is one variable,
/// and has a scalar variance. Without observations to spare (their number, corrected, is not positive) all is NaN.
///
/// # Errors
/// [`Error::Rank`] for a scalar array, [`Error::Shape`] when the weights are not one per observation, [`Error::Value`] for
/// negative weights.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::{Cov, cov};
/// let x = array![[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]];
/// assert_eq!(cov(&x, Cov::default())?.to_vec(), [1.0, -1.0, -1.0, 1.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn cov<B: Backend, T: Floating, D: Dim>(x: &Array<B, T, D>, options: Cov<'_, B, T::Real>) -> Result<Array<B, T, Dyn>> {
    let vector = x.ndim() == 1;
    let m = if vector { x.clone().into_dyn().expand_dims(0)? } else { x.clone().into_dyn() };
    if m.ndim() < 2 {
        return Err(Error::Rank { expected: 2, given: m.ndim() });
    }
    let n = m.dims()[m.ndim() - 1];
    let real = WideReal::<T>::from_f64;
    let mut weights: Option<Array<B, WideReal<T>, Dyn>> = None;
    if let Some(f) = options.fweights {
        check_weights("cov: fweights", f, n)?;
        weights = Some(f.lazy().astype::<WideReal<T>>().try_eval()?.into_dyn());
    }
    let mut relative: Option<Array<B, WideReal<T>, Dyn>> = None;
    if let Some(a) = options.aweights {
        check_weights("cov: aweights", a, n)?;
        let a = converted(a)?.into_dyn();
        weights = Some(match weights {
            Some(w) => (w.lazy() * &a).try_eval()?,
            None => a.clone(),
        });
        relative = Some(a);
    }
    // The mean is subtracted twice: the second time removes what the first left for its rounding.
    let mut centred = widened(&m).try_eval()?;
    let (weighted, dof): (_, f64);
    if let Some(w) = weights {
        let total = w.lazy().sum(..).try_eval()?.item()?.cast::<f64>();
        let second = match relative {
            Some(a) => (w.lazy() * &a).sum(..).try_eval()?.item()?.cast::<f64>() / total,
            None => 1.0,
        };
        dof = total - options.correction * second;
        let w = from_real::<B, T::Wide, Dyn>(&w)?;
        for _ in 0..2 {
            let mean = ((centred.lazy() * &w).sum(KeepDims(-1)).try_eval()?.lazy() / T::Wide::from_f64(total)).try_eval()?;
            centred = (centred.into_lazy() - &mean).try_eval()?;
        }
        weighted = (centred.lazy() * &w).try_eval()?;
    } else {
        dof = n as f64 - options.correction;
        for _ in 0..2 {
            let mean = centred.lazy().mean(KeepDims(-1)).try_eval()?;
            centred = (centred.into_lazy() - &mean).try_eval()?;
        }
        weighted = centred.clone();
    }
    let dof = real(if dof > 0.0 { dof } else { f64::NAN });
    let out = converted(&(weighted.matmul(&adjoint(&centred)?)?.lazy() / T::Wide::from_real(dof)).try_eval()?)?;
    if vector { out.reshape(vec![]) } else { Ok(out) }
}

fn check_weights<B: Backend, R: Real>(what: &'static str, w: &Array<B, R, crate::dim::Ix1>, n: usize) -> Result<()> {
    if w.size() != n {
        return Err(Error::shape(what, w.dims(), format!("one for each of {n} observations")));
    }
    if w.lazy().less(R::ZERO).any(..).try_eval()?.item()? {
        return Err(Error::value(what, "a negative weight given"));
    }
    Ok(())
}

/// `x` with `instead` in place of NaN.
fn without_nan<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>, instead: T) -> Lazy<impl Expr<Backend = B, Elem = T, Dim = D> + use<'_, B, T, D>> {
    x.lazy().isnan().where_(instead, x)
}

/// An expression with zeros where `x` is NaN.
fn filled<'a, B: Backend, T: Num, D: Dim, E: Expr<Backend = B>>(
    x: &'a Array<B, T, D>,
    e: Lazy<E>,
) -> Lazy<impl Expr<Backend = B, Elem = E::Elem, Dim = <D as DimBase>::Max<E::Dim>> + use<'a, B, T, D, E>>
where
    E::Elem: Num,
{
    x.lazy().isnan().where_(E::Elem::ZERO, e)
}

fn reduce<T: Element, E: Expr, A: Axes>(
    reduction: impl Reduction<E::Elem, Out = T>,
    e: Lazy<E>,
    over: &[usize],
) -> Result<Array<E::Backend, T, ReducedDim<A, E>>> {
    eval_reduction::<_, E, ReducedDim<A, E>>(reduction, e.expr(), over, A::KEEP)
}
type ReducedDim<A, E> = <A as Axes>::Out<<E as Expr>::Dim>;

/// The number of elements that are not NaN.
fn counts<B: Backend, T: Num, D: Dim, O: Dim>(x: &Array<B, T, D>, over: &[usize], keepdims: bool) -> Result<Array<B, i64, O>> {
    eval_reduction::<_, _, O>(CountNonzero, &x.lazy().isnan().logical_not().into_expr(), over, keepdims)
}

/// `best`, but NaN where all elements are.
fn or_nan<B: Backend, T: Real, D: Dim, A: Axes>(x: &Array<B, T, D>, over: &[usize], best: Array<B, T, A::Out<D>>) -> Result<Array<B, T, A::Out<D>>> {
    if !matches!(T::DTYPE.kind(), crate::dtype::Kind::RealFloating) {
        return Ok(best);
    }
    let none = eval_reduction::<_, _, A::Out<D>>(All, &x.lazy().isnan().into_expr(), over, A::KEEP)?;
    none.lazy().where_(T::from_f64(f64::NAN), &best).try_eval()
}
