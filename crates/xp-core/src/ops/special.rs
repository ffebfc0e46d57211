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
    /// Complementary error function times `exp(x^2)`: what is left of it where it would underflow.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![30.0_f64].erfcx().item().unwrap() / 0.018_795_888_861_416_754 - 1.0).abs() < 1e-14);
    /// ```
    Erfcx "erfcx": |x| x.erfcx::<I>();
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
    /// Quantile of the standard normal distribution, the inverse of [`Ndtr`]: infinite at 0 and 1.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let z = array![1e-10_f64, 0.5, 1.0].ndtri().to_vec();
    /// assert!((z[0] + 6.361_340_902_404_056).abs() < 1e-14 && z[1] == 0.0 && z[2] == f64::INFINITY);
    /// ```
    Ndtri "ndtri": |x| x.ndtri::<I>();
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
    /// Derivative of [`Gammaln`], the digamma function; NaN at its poles, the negative integers, and infinite at 0.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let y = array![1.0_f64, -0.5].digamma().to_vec();
    /// assert!((y[0] + 0.577_215_664_901_532_9).abs() < 1e-15 && (y[1] - 0.036_489_973_978_576_51).abs() < 1e-15);
    /// ```
    Digamma "digamma": |x| x.digamma::<I>(), repair digamma_needs_repair digamma_repair;
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
    /// Summand of the relative entropy of two distributions: `x1 log(x1 / x2)`; 0 where `x1` is 0 and `x2` not negative, infinite
    /// elsewhere.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let (p, q) = (array![0.5_f64, 0.0, 1.0], array![0.25, 0.0, 0.0]);
    /// assert_eq!(p.rel_entr(&q).to_vec(), [0.5 * 2.0_f64.ln(), 0.0, f64::INFINITY]);
    /// ```
    RelEntr "rel_entr": |x, y| x.rel_entr::<I>(y);
    /// Summand of the Kullback-Leibler divergence: `x1 log(x1 / x2) - x1 + x2`, accurate for near numbers; `x2` where `x1` is 0,
    /// infinite where [`RelEntr`] is.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let d = array![1.0 + 1e-6_f64].kl_div(array![1.0_f64]).item().unwrap();
    /// assert!((d / 5e-13 - 1.0).abs() < 1e-6); // half of the squared difference
    /// ```
    KlDiv "kl_div": |x, y| x.kl_div::<I>(y);
    /// Logarithm of the magnitude of the beta function.
    ///
    /// ```
    /// use xp::prelude::*;
    /// // Without the cancellation of logarithms of the gamma function:
    /// assert!((array![1e-5_f64].betaln(array![1e5_f64]).item().unwrap() / 11.512_804_563_691_176 - 1.0).abs() < 1e-14);
    /// ```
    Betaln "betaln": |x, y| x.betaln::<I>(y);
    /// Regularised lower incomplete gamma function: the probability that a gamma variable of shape `x1` is at most `x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![2.0_f64].gammainc(array![3.0_f64]).item().unwrap() - 0.800_851_726_528_544_2).abs() < 1e-14);
    /// ```
    Gammainc "gammainc": |x, y| x.gammainc::<I>(y);
    /// Regularised upper incomplete gamma function, `1 - gammainc(x1, x2)` without cancellation.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![1.0_f64].gammaincc(array![100.0_f64]).item().unwrap() / (-100.0_f64).exp() - 1.0).abs() < 1e-13);
    /// ```
    Gammaincc "gammaincc": |x, y| x.gammaincc::<I>(y);
    /// Inverse of [`Gammainc`] in its second argument: the number below which a gamma variable of shape `x1` stays with
    /// probability `x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![1.0_f64].gammaincinv(array![1.0 - (-2.0_f64).exp()]).item().unwrap();
    /// assert!((x - 2.0).abs() < 1e-14);
    /// ```
    Gammaincinv "gammaincinv": |x, y| x.gammaincinv::<I>(y);
    /// Inverse of [`Gammaincc`] in its second argument: the number above which a gamma variable of shape `x1` is with
    /// probability `x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![1.0_f64].gammainccinv(array![(-200.0_f64).exp()]).item().unwrap();
    /// assert!((x - 200.0).abs() < 1e-11);
    /// ```
    Gammainccinv "gammainccinv": |x, y| x.gammainccinv::<I>(y);
}

/// Declares an operation on three operands of one real floating-point type, which is computed in double precision.
macro_rules! float_ops3 {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$a:ident, $b:ident, $x:ident| $real:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl<T: crate::dtype::Float> crate::ops::TernaryOp<T, T> for $Op {
            const NAME: &'static str = $name;
            const DEVICE: crate::ops::DeviceSource = crate::ops::DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: crate::math::Isa>(self, a: T, b: T, x: T) -> T {
                use crate::math::MathFloat;
                let ($a, $b, $x) = (a.to_f64(), b.to_f64(), x.to_f64());
                T::from_f64($real)
            }
        }
    )*};
}

float_ops3! {
    /// Regularised incomplete beta function of two parameters: [`betainc`](crate::extra::betainc).
    Betainc "betainc": |a, b, x| MathFloat::betainc::<I>(a, b, x);
    /// Its complement: [`betaincc`](crate::extra::betaincc).
    Betaincc "betaincc": |a, b, x| MathFloat::betaincc::<I>(a, b, x);
    /// Its inverse: [`betaincinv`](crate::extra::betaincinv).
    Betaincinv "betaincinv": |a, b, p| MathFloat::betaincinv::<I>(a, b, p);
}
