//! Exponentials and logarithms.

use crate::math::complex as cmath;

floating_ops! {
    /// e to the power of `x`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0, f64::NEG_INFINITY].exp().to_vec(), [1.0, 0.0]);
    /// assert!((array![1.0_f64].exp().item().unwrap() - std::f64::consts::E).abs() < 1e-15);
    /// ```
    Exp "exp": |x| x.exp::<I>(), |z| cmath::exp(z);
    /// `exp(x) - 1`, accurate near 0.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1e-20].expm1().to_vec(), [1e-20]);
    /// ```
    Expm1 "expm1": |x| x.exp_m1::<I>(), |z| cmath::expm1(z);
    /// Natural logarithm.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.0, 0.0].log().to_vec(), [0.0, f64::NEG_INFINITY]);
    /// ```
    Log "log": |x| x.ln::<I>(), |z| cmath::log(z);
    /// `log(1 + x)`, accurate near 0.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1e-20].log1p().to_vec(), [1e-20]);
    /// ```
    Log1p "log1p": |x| x.ln_1p::<I>(), |z| cmath::log1p(z);
    /// Logarithm to base 2.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![8.0, 0.5].log2().to_vec(), [3.0, -1.0]);
    /// ```
    Log2 "log2": |x| x.log2::<I>(), |z| cmath::log2(z);
    /// Logarithm to base 10.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![1000.0_f64].log10().item().unwrap() - 3.0).abs() < 1e-15);
    /// ```
    Log10 "log10": |x| x.log10::<I>(), |z| cmath::log10(z);
}

float_ops2! {
    /// `log(exp(x1) + exp(x2))` without overflow. The error is at most 3 units in the last place, near zero too, where the
    /// exponentials add up to nearly one.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let y = array![1000.0_f64].logaddexp(array![1000.0_f64]).item().unwrap();
    /// assert!((y - 1000.0 - 2.0_f64.ln()).abs() < 1e-12);
    /// // What the rounding of ln(2) left:
    /// let half = array![-(2.0_f64.ln())];
    /// assert!((half.logaddexp(&half).item().unwrap() / 2.319_046_813_846_299_6e-17 - 1.0).abs() < 1e-9);
    /// ```
    Logaddexp "logaddexp": |x, y| x.logaddexp::<I>(y);
}
