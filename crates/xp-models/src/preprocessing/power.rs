//! Power transformations that make features more like a normal distribution.

use core::marker::PhantomData;

use xp_core::extra::{nanmax, nanmin};
use xp_core::{Array, Backend, Expr, Float, Ix1, Ix2, Lazy, Num, Real};

use crate::model::{Check, Wide, fits, model, named, text_fields};
use crate::optimize::Bounded;
use crate::tall_svd::{device, host};
use crate::traits::{inverse_transformer, transformer};
use crate::{Error, Result, check};

/// Which family of functions [`PowerTransformer`] chooses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PowerMethod {
    /// `((x + 1)^lambda - 1) / lambda` of numbers that are not negative, and `-((1 - x)^(2 - lambda) - 1) / (2 - lambda)` of negative
    /// ones (Yeo and Johnson, 2000), with logarithms as the limits at 0.
    YeoJohnson,
    /// `(x^lambda - 1) / lambda` of positive numbers, with the logarithm as the limit at 0 (Box and Cox, 1964).
    BoxCox,
}

named!(PowerMethod, "method": YeoJohnson = "yeo-johnson", BoxCox = "box-cox");
text_fields!(PowerMethod);

model! {
    /// Transforms each feature by the power, of a family, that makes it most like a normal distribution.
    ///
    /// The power `lambda` of a feature maximises the likelihood of the transformed values as normal ones; then they are brought to
    /// mean 0 and variance 1. It is scikit-learn's estimator of the same name. The powers of all features are searched for at once:
    /// each step reads the data twice, and nothing of their size is stored. NaN is left out and stays NaN.
    ///
    /// ```
    /// use xp::models::preprocessing::{PowerMethod, PowerTransformer};
    /// use xp::prelude::*;
    ///
    /// // Logarithms that are symmetric: the best power is that of the logarithm, 0.
    /// let x = array![[1.0_f64], [10.0], [100.0], [0.1], [0.01]];
    /// let model = PowerTransformer::params().method(PowerMethod::BoxCox).fit(&x)?;
    /// assert!(model.lambdas().get([0])?.abs() < 1e-7);
    /// let z = model.transform(&x)?;
    /// assert!((z.get([1, 0])? - 0.5_f64.sqrt()).abs() < 1e-6);
    /// assert!((model.inverse_transform(&z)? - &x).abs().max(..).item()? < 1e-11);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct PowerTransformer<B: Backend, T: Float> {
        /// The power of each feature.
        pub lambdas: Array<B, T, Ix1>,
        mean: Wide<B, Ix1>,
        scale: Wide<B, Ix1>,
        method: PowerMethod,
    }
}

impl<B: Backend, T: Float> Check for PowerTransformer<B, T> {
    fn check(&self) -> Result<()> {
        fits("mean", self.mean.0.dims(), self.lambdas.dims())?;
        fits("scale", self.scale.0.dims(), self.lambdas.dims())
    }
}

/// Parameters of [`PowerTransformer`].
#[derive(Clone, Debug)]
pub struct PowerTransformerParams<B, T> {
    method: PowerMethod,
    standardize: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> PowerTransformer<B, T> {
    /// The default parameters: [`PowerMethod::YeoJohnson`], mean 0 and variance 1.
    #[must_use]
    pub fn params() -> PowerTransformerParams<B, T> {
        PowerTransformerParams { method: PowerMethod::YeoJohnson, standardize: true, kind: PhantomData }
    }
}

/// What is known of a column before its power is.
struct Column {
    count: f64,
    /// The sum of the logarithms that the derivative of the transformation is made of.
    logs: f64,
    /// The smallest and largest number.
    range: (f64, f64),
    constant: bool,
}

impl<B: Backend, T: Float> PowerTransformerParams<B, T> {
    /// Which family of functions is chosen from.
    #[must_use]
    pub fn method(mut self, method: PowerMethod) -> Self {
        self.method = method;
        self
    }

    /// Whether transformed features are brought to mean 0 and variance 1.
    #[must_use]
    pub fn standardize(mut self, yes: bool) -> Self {
        self.standardize = yes;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`] for infinity, [`Error::Value`] for a feature without numbers,
    /// and for [`PowerMethod::BoxCox`] numbers that are not positive or a feature whose numbers are all the same.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<PowerTransformer<B, T>> {
        check::at_least(x, 1)?;
        check::finite_or_nan("x", x)?;
        let columns = self.columns(x)?;
        // A feature that is constant stays as it is: its search ends before it begins, at power 1.
        let mut searches: Vec<Option<Bounded>> = columns.iter().map(|column| (!column.constant).then(|| self.search(column))).collect();
        let best = |searches: &[Option<Bounded>]| searches.iter().map(|search| search.as_ref().map_or(1.0, Bounded::at)).collect::<Vec<f64>>();
        while searches.iter().flatten().any(|search| !search.is_done()) {
            let losses = self.losses(x, &columns, &best(&searches))?;
            searches.iter_mut().zip(losses).for_each(|(search, loss)| search.iter_mut().for_each(|search| search.tell(loss)));
        }
        let lambdas = device::<B, T>(x.device(), &best(&searches))?;
        let (mut mean, mut scale) = (vec![0.0; columns.len()], vec![1.0; columns.len()]);
        if self.standardize {
            let eps = B::MaxFloat::EPSILON.to_f64();
            let moments = self.moments(x, &columns, &host(&lambdas)?, &vec![0.0; columns.len()])?;
            for (j, ((m, var), column)) in moments.into_iter().zip(&columns).enumerate() {
                let n = column.count;
                let constant = var <= n * eps * var + (n * m * eps).powi(2);
                (mean[j], scale[j]) = (m, if constant { 1.0 } else { var.sqrt() });
            }
        }
        let on_device = |values: &[f64]| device::<B, B::MaxFloat>(x.device(), values);
        Ok(PowerTransformer { lambdas, mean: Wide(on_device(&mean)?), scale: Wide(on_device(&scale)?), method: self.method })
    }

    fn columns(&self, x: &Array<B, T, Ix2>) -> Result<Vec<Column>> {
        let n = x.dims()[0];
        let missing = x.lazy().isnan().count_nonzero(0).try_eval()?.to_host()?;
        let (low, high) = (host(&nanmin(x, 0)?)?, host(&nanmax(x, 0)?)?);
        let zero = B::MaxFloat::ZERO;
        let wide = x.lazy().astype::<B::MaxFloat>();
        let logs = match self.method {
            PowerMethod::YeoJohnson => x.lazy().isnan().where_(zero, wide.abs().log1p().copysign(wide)).sum(0).try_eval()?,
            PowerMethod::BoxCox => x.lazy().isnan().where_(zero, wide.log()).sum(0).try_eval()?,
        };
        let logs = host(&logs)?;
        let column = |j: usize| {
            let (count, range) = (n - missing[j] as usize, (low[j], high[j]));
            let said = |given: &str, expected: &str| Err(Error::value("x", format!("{given} in column {j}"), expected));
            let constant = range.0 == range.1;
            match self.method {
                _ if count == 0 => said("no number", "at least one that is not NaN"),
                PowerMethod::BoxCox if range.0 <= 0.0 => said(&range.0.to_string(), "positive numbers for the Box-Cox transformation"),
                PowerMethod::BoxCox if constant => said("the same number everywhere", "different numbers for the Box-Cox transformation"),
                _ => Ok(Column { count: count as f64, logs: logs[j], range, constant }),
            }
        };
        (0..x.dims()[1]).map(column).collect()
    }

    /// Between which powers the best one is looked for: those that keep numbers up to 20 times the largest one within the dtype, with
    /// room for squares, as in SciPy.
    fn search(&self, column: &Column) -> Bounded {
        let (eps, tiny, max) = (T::EPSILON.to_f64().ln(), T::MIN_POSITIVE.to_f64().ln(), T::MAX.to_f64().ln());
        let (low, high) = ((tiny - eps) / 2.0, (max + eps) / 2.0);
        let (from, to) = column.range;
        let (low, high) = match self.method {
            PowerMethod::BoxCox => {
                let reach = from.ln().abs().max(to.ln().abs()) + 20f64.ln();
                (-high.min(-low) / reach, high.min(-low) / reach)
            }
            PowerMethod::YeoJohnson => {
                let reach = (20.0 * from.abs().max(to.abs())).ln_1p();
                match (low / reach, high / reach) {
                    (low, high) if to < 0.0 => (2.0 - high, 2.0 - low),
                    (low, high) if from < 0.0 => (low.max(2.0 - high), high.min(2.0 - low)),
                    ends => ends,
                }
            }
        };
        Bounded::new(low, high, 1.48e-8, B::MaxFloat::EPSILON.to_f64())
    }

    /// The negative logarithm of the likelihood of each column at its power, but for a constant.
    fn losses(&self, x: &Array<B, T, Ix2>, columns: &[Column], lambdas: &[f64]) -> Result<Vec<f64>> {
        // Of numbers of one sign the largest power is divided out of the variance, which then neither over- nor underflows.
        let exponent = |j: usize| match (self.method, columns[j].range) {
            (PowerMethod::YeoJohnson, (_, to)) if to < 0.0 => 2.0 - lambdas[j],
            _ => lambdas[j],
        };
        let shift = |j: usize| {
            let (from, to) = columns[j].range;
            let (from, to) = match self.method {
                PowerMethod::BoxCox => (from.ln(), to.ln()),
                PowerMethod::YeoJohnson if from >= 0.0 => (from.ln_1p(), to.ln_1p()),
                PowerMethod::YeoJohnson if to < 0.0 => ((-to).ln_1p(), (-from).ln_1p()),
                PowerMethod::YeoJohnson => (0.0, 0.0),
            };
            if exponent(j) > 0.0 { to } else { from }
        };
        let shifts: Vec<f64> = (0..columns.len()).map(shift).collect();
        let moments = self.moments(x, columns, lambdas, &shifts)?;
        let loss = |(j, (_, var)): (usize, (f64, f64))| {
            let log_var = if var < B::MaxFloat::MIN_POSITIVE.to_f64() { f64::INFINITY } else { var.ln() + 2.0 * exponent(j) * shifts[j] };
            columns[j].count / 2.0 * log_var - (lambdas[j] - 1.0) * columns[j].logs
        };
        Ok(moments.into_iter().enumerate().map(loss).collect())
    }

    /// Mean and variance of each transformed column, with logarithms less `shifts`.
    fn moments(&self, x: &Array<B, T, Ix2>, columns: &[Column], lambdas: &[f64], shifts: &[f64]) -> Result<Vec<(f64, f64)>> {
        let powers = Powers::new(x.device(), lambdas, shifts)?;
        match self.method {
            PowerMethod::YeoJohnson => moments(x, columns, yeo_johnson(x, &powers)),
            PowerMethod::BoxCox => moments(x, columns, box_cox(x, &powers)),
        }
    }
}

/// Mean and variance of the columns of `z` where `x` is not NaN.
fn moments<B, T, E>(x: &Array<B, T, Ix2>, columns: &[Column], z: Lazy<E>) -> Result<Vec<(f64, f64)>>
where
    B: Backend,
    T: Float,
    E: Expr<Backend = B, Elem = B::MaxFloat, Dim = Ix2> + Clone,
{
    let zero = B::MaxFloat::ZERO;
    let sums = host(&x.lazy().isnan().where_(zero, z.clone()).sum(0).try_eval()?)?;
    let means: Vec<f64> = sums.iter().zip(columns).map(|(sum, column)| sum / column.count).collect();
    let mean = device::<B, B::MaxFloat>(x.device(), &means)?;
    let squares = host(&x.lazy().isnan().where_(zero, (z - &mean).square()).sum(0).try_eval()?)?;
    Ok(means.into_iter().zip(squares.iter().zip(columns).map(|(sum, column)| sum / column.count)).collect())
}

/// The powers of the columns as rows of a matrix, for lazy expressions.
struct Powers<B: Backend> {
    /// `lambda` and `2 - lambda`, which are not zero: the logarithm is that of a very small power.
    positive: Array<B, B::MaxFloat, Ix2>,
    negative: Array<B, B::MaxFloat, Ix2>,
    shifts: Array<B, B::MaxFloat, Ix2>,
}

impl<B: Backend> Powers<B> {
    fn new(on: &B, lambdas: &[f64], shifts: &[f64]) -> Result<Self> {
        let row = |values: Vec<f64>| -> Result<_> { Ok(device::<B, B::MaxFloat>(on, &values)?.expand_dims(0)?) };
        let not_zero = |power: f64| if power.abs() < 1e-30 { 1e-30 } else { power };
        Ok(Powers {
            positive: row(lambdas.iter().map(|&l| not_zero(l)).collect())?,
            negative: row(lambdas.iter().map(|&l| not_zero(2.0 - l)).collect())?,
            shifts: row(shifts.to_vec())?,
        })
    }
}

fn yeo_johnson<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    powers: &'a Powers<B>,
) -> Lazy<impl Expr<Backend = B, Elem = B::MaxFloat, Dim = Ix2> + Clone + use<'a, B, T>> {
    let wide = x.lazy().astype::<B::MaxFloat>();
    let negative = wide.less(B::MaxFloat::ZERO);
    let power = negative.clone().where_(&powers.negative, &powers.positive);
    let sizes = ((wide.abs().log1p() - &powers.shifts) * power.clone()).expm1() / power;
    sizes * negative.where_(-B::MaxFloat::ONE, B::MaxFloat::ONE)
}

fn box_cox<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    powers: &'a Powers<B>,
) -> Lazy<impl Expr<Backend = B, Elem = B::MaxFloat, Dim = Ix2> + Clone + use<'a, B, T>> {
    ((x.lazy().astype::<B::MaxFloat>().log() - &powers.shifts) * &powers.positive).expm1() / &powers.positive
}

impl<B: Backend, T: Float> PowerTransformer<B, T> {
    /// The samples with transformed features.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity, [`Error::Value`] for numbers that are not positive with
    /// [`PowerMethod::BoxCox`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let powers = self.checked(x)?;
        Ok(match self.method {
            PowerMethod::YeoJohnson => ((yeo_johnson(x, &powers) - &self.mean.0) / &self.scale.0).astype::<T>().try_eval()?,
            PowerMethod::BoxCox => {
                if x.lazy().less_equal(T::ZERO).any(..).try_eval()?.item()? {
                    return Err(Error::value("x", "a number that is not positive", "positive numbers for the Box-Cox transformation"));
                }
                ((box_cox(x, &powers) - &self.mean.0) / &self.scale.0).astype::<T>().try_eval()?
            }
        })
    }

    /// The samples whose transform is `z`; NaN where no number has it.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let powers = self.checked(z)?;
        let y = (z.lazy().astype::<B::MaxFloat>() * &self.scale.0 + &self.mean.0).try_eval()?;
        Ok(match self.method {
            PowerMethod::YeoJohnson => {
                let power = y.lazy().less(B::MaxFloat::ZERO).where_(&powers.negative, &powers.positive);
                let sizes = ((y.lazy().abs() * power.clone()).log1p() / power).expm1();
                sizes.copysign(&y).astype::<T>().try_eval()?
            }
            PowerMethod::BoxCox => ((y.lazy() * &powers.positive).log1p() / &powers.positive).exp().astype::<T>().try_eval()?,
        })
    }

    fn checked(&self, x: &Array<B, T, Ix2>) -> Result<Powers<B>> {
        check::features("x", x, self.lambdas.size())?;
        check::finite_or_nan("x", x)?;
        Powers::new(x.device(), &host(&self.lambdas)?, &vec![0.0; self.lambdas.size()])
    }
}

transformer!(PowerTransformerParams, PowerTransformer, Backend);
inverse_transformer!(PowerTransformer, Backend);
