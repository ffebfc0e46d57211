//! The distributions of generalised linear models: half their deviance as a loss.

use core::ops::Range;

use xp_core::{Array, Float, Ix1, Linalg, Real, s};

use super::glm::Link;
use super::loss::{Loss, Total, own};
use crate::{Error, Result};

type Vector<B, T> = Array<B, T, Ix1>;

/// A distribution and its link.
pub(super) trait Family<B: Linalg<T>, T: Float> {
    /// Half the deviance of targets, less what does not depend on the model, times the weights.
    type Loss: Loss<B, T>;

    fn loss(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Self::Loss;

    /// The sum of what the loss lacks of half the deviance.
    fn constant(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Result<f64>;

    /// What is linear in the features for this mean.
    fn link(&self, mean: f64) -> f64;

    /// The means for `raw + shift`.
    fn mean(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>>;

    /// What is expected instead when the smallest target cannot be.
    fn refuses(&self, least: f64) -> Option<&'static str>;
}

const POSITIVE: &str = "positive targets";
const NOT_NEGATIVE: &str = "targets that are not negative";

/// Targets and weights of a loss.
pub(super) struct Targets<B: Linalg<T>, T: Float> {
    y: Vector<B, T>,
    weights: Vector<B, T>,
}

impl<B: Linalg<T>, T: Float> Targets<B, T> {
    fn new(y: &Vector<B, T>, weights: &Vector<B, T>) -> Self {
        Targets { y: y.clone(), weights: weights.clone() }
    }

    fn rows(&self, rows: Range<usize>) -> Result<Self> {
        Ok(Targets { y: self.y.slice(s![rows.clone()])?, weights: own(&self.weights, rows)? })
    }
}

/// The sum, in the widest float, of a lazy vector.
macro_rules! total {
    ($e:expr) => {
        $e.astype::<B::MaxFloat>().sum(..).try_eval()?
    };
}

/// [`total!`] on the host.
macro_rules! host {
    ($e:expr) => {
        total!($e).item()?.to_f64()
    };
}

/// Poisson's distribution, with the logarithm as link.
pub(super) struct Poisson;

pub(super) struct PoissonLoss<B: Linalg<T>, T: Float>(Targets<B, T>);

impl<B: Linalg<T>, T: Float> Family<B, T> for Poisson {
    type Loss = PoissonLoss<B, T>;

    fn loss(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Self::Loss {
        PoissonLoss(Targets::new(y, weights))
    }

    fn constant(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Result<f64> {
        Ok(host!(((y.lazy().xlogy(y) - y) * weights)))
    }

    fn link(&self, mean: f64) -> f64 {
        mean.ln()
    }

    fn mean(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>> {
        Ok((raw.lazy() + shift).exp().try_eval()?)
    }

    fn refuses(&self, least: f64) -> Option<&'static str> {
        (least < 0.0).then_some(NOT_NEGATIVE)
    }
}

impl<B: Linalg<T>, T: Float> Loss<B, T> for PoissonLoss<B, T> {
    fn rows(&self, rows: Range<usize>) -> Result<Self> {
        Ok(PoissonLoss(self.0.rows(rows)?))
    }

    fn value_and_gradient(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<(Total<B>, Vector<B, T>)> {
        let Targets { y, weights } = &self.0;
        let r = || raw.lazy() + shift;
        let sum = total!(((r().exp() - r() * y) * weights));
        Ok((sum, ((r().exp() - y) * weights).try_eval()?))
    }

    fn curvature(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>> {
        Ok(((raw.lazy() + shift).exp() * &self.0.weights).try_eval()?)
    }
}

/// The gamma distribution, with the logarithm as link.
pub(super) struct Gamma;

pub(super) struct GammaLoss<B: Linalg<T>, T: Float>(Targets<B, T>);

impl<B: Linalg<T>, T: Float> Family<B, T> for Gamma {
    type Loss = GammaLoss<B, T>;

    fn loss(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Self::Loss {
        GammaLoss(Targets::new(y, weights))
    }

    fn constant(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Result<f64> {
        Ok(-host!(((y.lazy().log() + T::ONE) * weights)))
    }

    fn link(&self, mean: f64) -> f64 {
        mean.ln()
    }

    fn mean(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>> {
        Poisson.mean(raw, shift)
    }

    fn refuses(&self, least: f64) -> Option<&'static str> {
        (least <= 0.0).then_some(POSITIVE)
    }
}

impl<B: Linalg<T>, T: Float> Loss<B, T> for GammaLoss<B, T> {
    fn rows(&self, rows: Range<usize>) -> Result<Self> {
        Ok(GammaLoss(self.0.rows(rows)?))
    }

    fn value_and_gradient(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<(Total<B>, Vector<B, T>)> {
        let Targets { y, weights } = &self.0;
        let r = || raw.lazy() + shift;
        let sum = total!(((r() + (-r()).exp() * y) * weights));
        Ok((sum, ((-((-r()).exp() * y) + T::ONE) * weights).try_eval()?))
    }

    fn curvature(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>> {
        let Targets { y, weights } = &self.0;
        Ok(((-(raw.lazy() + shift)).exp() * y * weights).try_eval()?)
    }
}

/// The distributions whose variance is a power of the mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tweedie {
    power: f64,
    identity: bool,
}

pub(super) struct TweedieLoss<B: Linalg<T>, T: Float> {
    family: Tweedie,
    targets: Targets<B, T>,
}

impl Tweedie {
    pub fn new(power: f64, link: Link) -> Result<Self> {
        if !power.is_finite() || (power > 0.0 && power < 1.0) {
            return Err(Error::value("power", power, "a number that is not between 0 and 1"));
        }
        Ok(Tweedie { power, identity: link == Link::Identity || (link == Link::Auto && power <= 0.0) })
    }
}

impl<B: Linalg<T>, T: Float> Family<B, T> for Tweedie {
    type Loss = TweedieLoss<B, T>;

    fn loss(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Self::Loss {
        TweedieLoss { family: *self, targets: Targets::new(y, weights) }
    }

    fn constant(&self, y: &Vector<B, T>, weights: &Vector<B, T>) -> Result<f64> {
        let p = self.power;
        if p == 1.0 {
            return Poisson.constant(y, weights);
        }
        if p == 2.0 {
            return Gamma.constant(y, weights);
        }
        if p == 0.0 {
            // Of the squared residual, the loss lacks the square of the target.
            return Ok(0.5 * host!((y.lazy().square() * weights)));
        }
        Ok(host!((y.lazy().maximum(T::ZERO).pow(T::from_f64(2.0 - p)) * weights)) / ((1.0 - p) * (2.0 - p)))
    }

    fn link(&self, mean: f64) -> f64 {
        if self.identity { mean } else { mean.ln() }
    }

    fn mean(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>> {
        if self.identity { Ok((raw.lazy() + shift).try_eval()?) } else { Poisson.mean(raw, shift) }
    }

    fn refuses(&self, least: f64) -> Option<&'static str> {
        match self.power {
            p if p >= 2.0 => (least <= 0.0).then_some(POSITIVE),
            p if p >= 1.0 => (least < 0.0).then_some(NOT_NEGATIVE),
            _ => None,
        }
    }
}

impl<B: Linalg<T>, T: Float> TweedieLoss<B, T> {
    /// The sum for means, not their logarithms.
    fn sum_of_means(&self, mean: &Vector<B, T>) -> Result<Total<B>> {
        let (Targets { y, weights }, p) = (&self.targets, self.family.power);
        if p == 1.0 {
            return Ok(total!(((mean.lazy() - mean.lazy().log() * y) * weights)));
        }
        if p == 2.0 {
            return Ok(total!(((mean.lazy().log() + y.lazy() / mean) * weights)));
        }
        let (one, two) = (T::from_f64(1.0 - p), T::from_f64(2.0 - p));
        Ok(total!(((mean.lazy().pow(two) * (T::ONE / two) - mean.lazy().pow(one) * y * (T::ONE / one)) * weights)))
    }
}

impl<B: Linalg<T>, T: Float> Loss<B, T> for TweedieLoss<B, T> {
    fn rows(&self, rows: Range<usize>) -> Result<Self> {
        Ok(TweedieLoss { family: self.family, targets: self.targets.rows(rows)? })
    }

    fn value_and_gradient(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<(Total<B>, Vector<B, T>)> {
        let (Targets { y, weights }, p) = (&self.targets, self.family.power);
        let r = (raw.lazy() + shift).try_eval()?;
        if self.family.identity {
            // The derivative of half the deviance by the mean is mean^-p (mean - y).
            let gradient = ((r.lazy() - y) * weights * r.lazy().pow(T::from_f64(-p))).try_eval()?;
            return Ok((self.sum_of_means(&r)?, gradient));
        }
        if p == 1.0 || p == 2.0 {
            let targets = Targets::new(y, weights);
            return if p == 1.0 { PoissonLoss(targets).value_and_gradient(raw, shift) } else { GammaLoss(targets).value_and_gradient(raw, shift) };
        }
        let (one, two) = (T::from_f64(1.0 - p), T::from_f64(2.0 - p));
        let sum = total!((((r.lazy() * two).exp() * (T::ONE / two) - (r.lazy() * one).exp() * y * (T::ONE / one)) * weights));
        Ok((sum, (((r.lazy() * two).exp() - (r.lazy() * one).exp() * y) * weights).try_eval()?))
    }

    fn curvature(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>> {
        let (Targets { y, weights }, p) = (&self.targets, self.family.power);
        let r = (raw.lazy() + shift).try_eval()?;
        let (one, two) = (T::from_f64(1.0 - p), T::from_f64(2.0 - p));
        let curvature = match (self.family.identity, p) {
            (true, 0.0) => r.ones_like()?,
            // mean^-p ((1 - p) + p y / mean).
            (true, _) => (((y.lazy() / &r) * T::from_f64(p) + one) * r.lazy().pow(T::from_f64(-p))).try_eval()?,
            (false, _) => ((r.lazy() * two).exp() * two - (r.lazy() * one).exp() * y * one).try_eval()?,
        };
        // Where the loss is not convex, Newton's method does without that part.
        Ok((curvature.into_lazy().maximum(T::ZERO) * weights).try_eval()?)
    }
}
