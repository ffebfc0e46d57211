//! Special functions that the standard leaves out and consumers need, under SciPy's names.

float_ops! {
    /// Error function.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![1.0_f64].erf().item().unwrap() - 0.842_700_792_949_714_9).abs() < 1e-15);
    /// ```
    Erf "erf": |x| x.erf::<I>();
    /// Complementary error function, `1 - erf(x)` without cancellation.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![5.0_f64].erfc().item().unwrap() / 1.537_459_794_428_034_9e-12 - 1.0).abs() < 1e-14);
    /// ```
    Erfc "erfc": |x| x.erfc::<I>();
    /// Inverse of the error function.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let y = array![0.5_f64, -1.0, 1.5].erfinv().to_vec();
    /// assert!((y[0] - 0.476_936_276_204_469_9).abs() < 1e-15 && y[1] == f64::NEG_INFINITY && y[2].is_nan());
    /// ```
    Erfinv "erfinv": |x| x.erfinv::<I>();
    /// Distribution function of the standard normal distribution.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let p = array![0.0_f64, -30.0].ndtr().to_vec();
    /// assert!(p[0] == 0.5 && (p[1] / 4.906_713_927_148_187e-198 - 1.0).abs() < 1e-14);
    /// ```
    Ndtr "ndtr": |x| x.ndtr::<I>();
    /// Logarithm of the distribution function of the standard normal distribution, accurate in both tails.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let p = array![-1e4_f64, 10.0].log_ndtr().to_vec();
    /// assert!((p[0] / -50_000_010.129_278_91 - 1.0).abs() < 1e-15 && (p[1] / -7.619_853_024_160_527e-24 - 1.0).abs() < 1e-14);
    /// ```
    LogNdtr "log_ndtr": |x| x.log_ndtr::<I>();
    /// Smooth form of `max(x, 0)`: `log(1 + exp(x))`, without overflow.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0_f64, 1000.0].softplus().to_vec(), [2.0_f64.ln(), 1000.0]);
    /// ```
    Softplus "softplus": |x| x.softplus::<I>();
    /// Logarithm of the logistic function [`Expit`], without underflow.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0_f64, -1000.0].log_expit().to_vec(), [-(2.0_f64.ln()), -1000.0]);
    /// ```
    LogExpit "log_expit": |x| x.log_expit::<I>();
    /// Summand of the entropy of a distribution: `-x log(x)`, 0 at 0, minus infinity below.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let p = array![0.5_f64, 0.0, 0.25, 0.25];
    /// assert!((p.lazy().entr().sum(..).eval().item().unwrap() - 1.5 * 2.0_f64.ln()).abs() < 1e-15);
    /// ```
    Entr "entr": |x| x.entr::<I>();
    /// Logarithm of the magnitude of the gamma function.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![5.0_f64].gammaln().item().unwrap() - 24.0_f64.ln()).abs() < 1e-14);
    /// ```
    Gammaln "gammaln": |x| x.gammaln::<I>(), repair gammaln_needs_repair gammaln_repair;
    /// The logistic function `1 / (1 + exp(-x))`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0, -1000.0].expit().to_vec(), [0.5, 0.0]);
    /// ```
    Expit "expit": |x| R::ONE / (R::ONE + (-x).exp::<I>());
    /// The inverse of [`Expit`], `log(x / (1 - x))`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.5, 1.0].logit().to_vec(), [0.0, f64::INFINITY]);
    /// ```
    Logit "logit": |x| (x / (R::ONE - x)).ln::<I>();
}

float_ops2! {
    /// `x1 * log(x2)`, and 0 where `x1` is 0 and `x2` not NaN.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0, 2.0].xlogy(array![0.0, 1.0]).to_vec(), [0.0, 0.0]);
    /// ```
    Xlogy "xlogy": |x, y| if x == R::ZERO && !y.is_nan() { R::ZERO } else { x * y.ln::<I>() };
    /// `x1 * log(1 + x2)`, accurate for small `x2`, and 0 where `x1` is 0 and `x2` not NaN.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![2.0, 0.0].xlog1py(array![1e-20, -1.0]).to_vec(), [2e-20, 0.0]);
    /// ```
    Xlog1py "xlog1py": |x, y| if x == R::ZERO && !y.is_nan() { R::ZERO } else { x * y.ln_1p::<I>() };
}
