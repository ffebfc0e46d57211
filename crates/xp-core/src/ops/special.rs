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
