//! Trigonometric and hyperbolic functions and their inverses. Angles are in radians.

use crate::math::complex as cmath;

floating_ops! {
    /// Sine.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let y = array![0.0, 0.5, 1e22].sin().to_vec();
    /// assert_eq!(y[0], 0.0);
    /// assert!((y[1] - 0.5_f64.sin()).abs() < 1e-15 && (y[2] - 1e22_f64.sin()).abs() < 1e-15);
    /// ```
    Sin "sin": |x| x.sin::<I>(), |z| cmath::sin(z), repair sin_needs_repair sin_repair;
    /// Cosine.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0].cos().to_vec(), [1.0]);
    /// ```
    Cos "cos": |x| x.cos::<I>(), |z| cmath::cos(z), repair cos_needs_repair cos_repair;
    /// Tangent.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![1.0_f64].tan().item().unwrap() - 1.0_f64.tan()).abs() < 1e-15);
    /// ```
    Tan "tan": |x| x.tan::<I>(), |z| cmath::tan(z), repair tan_needs_repair tan_repair;
    /// Inverse sine, in `[-pi/2, pi/2]`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let y = array![1.0, 2.0].asin().to_vec();
    /// assert!((y[0] - std::f64::consts::FRAC_PI_2).abs() < 1e-15 && y[1].is_nan());
    /// ```
    Asin "asin": |x| x.asin::<I>(), |z| cmath::asin(z);
    /// Inverse cosine, in `[0, pi]`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.0].acos().to_vec(), [0.0]);
    /// ```
    Acos "acos": |x| x.acos::<I>(), |z| cmath::acos(z);
    /// Inverse tangent, in `[-pi/2, pi/2]`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![1.0_f64].atan().item().unwrap() - std::f64::consts::FRAC_PI_4).abs() < 1e-15);
    /// ```
    Atan "atan": |x| x.atan::<I>(), |z| cmath::atan(z);
    /// Hyperbolic sine.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert!((array![1.0_f64].sinh().item().unwrap() - 1.0_f64.sinh()).abs() < 1e-15);
    /// ```
    Sinh "sinh": |x| x.sinh::<I>(), |z| cmath::sinh(z);
    /// Hyperbolic cosine.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0].cosh().to_vec(), [1.0]);
    /// ```
    Cosh "cosh": |x| x.cosh::<I>(), |z| cmath::cosh(z);
    /// Hyperbolic tangent.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0, f64::INFINITY].tanh().to_vec(), [0.0, 1.0]);
    /// ```
    Tanh "tanh": |x| x.tanh::<I>(), |z| cmath::tanh(z);
    /// Inverse hyperbolic sine.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1e-20].asinh().to_vec(), [1e-20]);
    /// ```
    Asinh "asinh": |x| x.asinh::<I>(), |z| cmath::asinh(z);
    /// Inverse hyperbolic cosine.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.0].acosh().to_vec(), [0.0]);
    /// ```
    Acosh "acosh": |x| x.acosh::<I>(), |z| cmath::acosh(z);
    /// Inverse hyperbolic tangent.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0, 1.0].atanh().to_vec(), [0.0, f64::INFINITY]);
    /// ```
    Atanh "atanh": |x| x.atanh::<I>(), |z| cmath::atanh(z);
}

float_ops2! {
    /// The angle of the point (`x2`, `x1`), in `[-pi, pi]`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.0, -0.0].atan2(array![-1.0, -1.0]).to_vec(), [std::f64::consts::PI, -std::f64::consts::PI]);
    /// ```
    Atan2 "atan2": |y, x| y.atan2::<I>(x);
    /// `sqrt(x1^2 + x2^2)` without overflow.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![3e300].hypot(array![4e300]).to_vec(), [5e300]);
    /// ```
    Hypot "hypot": |x, y| x.hypot::<I>(y);
}
