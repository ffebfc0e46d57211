//! The fast Hankel transform on a logarithmic grid (Talman 1978; Hamilton, "Uncorrelated modes of the non-linear power
//! spectrum", 2000).

use std::f64::consts::{LN_2, PI, TAU};

use num_complex::Complex;
use xp_core::{Array, Dim, Error, Float, Floating, Result};

use crate::Direction;
use crate::backend::Fft;
use crate::options::Input;

/// Options of [`fht_with`] and [`ifht_with`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct Hankel {
    offset: f64,
    bias: f64,
}

impl Hankel {
    /// The logarithm of the product of the middle points of both grids, 0 by default; see [`fhtoffset`].
    pub const fn offset(mut self, offset: f64) -> Self {
        self.offset = offset;
        self
    }

    /// The exponent of the power law that the operand is divided by before it is made periodic, 0 by default.
    pub const fn bias(mut self, bias: f64) -> Self {
        self.bias = bias;
        self
    }
}

/// Hankel transform of order `mu`, along the last axis, of a function given at points whose logarithms are `dln` apart.
///
/// The result is the transform at `k[j] = exp(offset) / r[n - 1 - j]`, times `k`.
///
/// # Errors
/// [`Error::Axis`] for a scalar array; [`Error::Value`], which names the argument, when the axis has no elements, `dln` is
/// zero, a parameter is not finite, or `mu` or the bias is not below 2^52, where doubles have no fractions.
///
/// ```
/// use xp::prelude::*;
/// use xp::fft::{fht, ifht};
/// let a = array![0.1_f64, 0.4, 1.0, 0.5, 0.2];
/// let back = ifht(&fht(&a, 0.1, 0.5)?, 0.1, 0.5)?;
/// assert!((back - &a).abs().max(..).item()? < 1e-14);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn fht<B: Fft<T>, T: Float, D: Dim>(a: impl Input<B, T, D>, dln: f64, mu: f64) -> Result<Array<B, T, D>> {
    fht_with(a, dln, mu, Hankel::default())
}

/// [`fht`] with options. When the transform is singular, the mean of the biased operand is left out.
///
/// # Errors
/// As for [`fht`].
pub fn fht_with<B: Fft<T>, T: Float, D: Dim>(a: impl Input<B, T, D>, dln: f64, mu: f64, options: Hankel) -> Result<Array<B, T, D>> {
    let a = a.into_array();
    let n = check("fht", a.dims(), &[("dln", dln), ("mu", mu), ("offset", options.offset), ("bias", options.bias)])?;
    let Hankel { offset, bias } = options;
    let mut u = coefficients(n, dln, mu, offset, bias);
    if u[0].re.is_infinite() {
        u[0] = Complex::new(0.0, 0.0);
    }
    let a = weigh(a, bias, |j| -bias * centred(j, n) * dln)?;
    let out = convolve(a, n, &u)?;
    weigh(out, bias, |j| -bias * (centred(j, n) * dln + offset))
}

/// The inverse of [`fht`], along the last axis.
///
/// # Errors
/// As for [`fht`].
pub fn ifht<B: Fft<T>, T: Float, D: Dim>(a: impl Input<B, T, D>, dln: f64, mu: f64) -> Result<Array<B, T, D>> {
    ifht_with(a, dln, mu, Hankel::default())
}

/// [`ifht`] with options. When the inverse transform is singular, the mean of the biased operand is left out.
///
/// # Errors
/// As for [`fht`].
pub fn ifht_with<B: Fft<T>, T: Float, D: Dim>(a: impl Input<B, T, D>, dln: f64, mu: f64, options: Hankel) -> Result<Array<B, T, D>> {
    let a = a.into_array();
    let n = check("ifht", a.dims(), &[("dln", dln), ("mu", mu), ("offset", options.offset), ("bias", options.bias)])?;
    let Hankel { offset, bias } = options;
    let a = weigh(a, bias, |j| bias * (centred(j, n) * dln + offset))?;
    let invert = |z: &Complex<f64>| if z.norm_sqr() == 0.0 || z.re.is_infinite() { Complex::new(0.0, 0.0) } else { z.conj().inv() };
    let u: Vec<_> = coefficients(n, dln, mu, offset, bias).iter().map(invert).collect();
    let out = convolve(a, n, &u)?;
    weigh(out, bias, |j| bias * centred(j, n) * dln)
}

/// The offset next to `initial` for which the transform of order `mu` is exact for the discrete grid ("low-ringing").
///
/// # Errors
/// [`Error::Value`], which names the argument, as for [`fht`].
///
/// ```
/// let offset = xp::fft::fhtoffset(0.1, 2.0, 0.0, 0.0)?;
/// assert!(offset.abs() <= 0.05); // at most half a step away
/// # Ok::<(), xp::Error>(())
/// ```
pub fn fhtoffset(dln: f64, mu: f64, initial: f64, bias: f64) -> Result<f64> {
    check_parameters("fhtoffset", &[("dln", dln), ("mu", mu), ("initial", initial), ("bias", bias)])?;
    let y = PI / (2.0 * dln);
    let phase = |sign: f64| ln_gamma(Complex::new((mu + 1.0 + sign * bias) / 2.0, y)).im;
    let turns = (LN_2 - initial) / dln + (phase(1.0) + phase(-1.0)) / PI;
    Ok(initial + (turns - turns.round_ties_even()) * dln)
}

fn check(function: &'static str, dims: &[usize], parameters: &[(&str, f64); 4]) -> Result<usize> {
    let Some(&n) = dims.last() else { return Err(Error::Axis { axis: -1, ndim: 0 }) };
    if n == 0 {
        return Err(Error::value(function, format!("a has shape {dims:?}: a transform has at least one point")));
    }
    check_parameters(function, parameters)?;
    Ok(n)
}

/// `dln`, `mu`, an offset and a bias, with their names.
fn check_parameters(function: &'static str, parameters: &[(&str, f64); 4]) -> Result<()> {
    if let Some((name, value)) = parameters.iter().find(|(_, v)| !v.is_finite()) {
        return Err(Error::value(function, format!("{name} is {value}: it must be finite")));
    }
    let [(_, dln), orders @ ..] = parameters;
    if *dln == 0.0 {
        return Err(Error::value(function, "dln is 0: points are some distance apart"));
    }
    for (name, value) in [orders[0], orders[2]] {
        if value.abs() >= WHOLE {
            return Err(Error::value(function, format!("{name} is {value:e}: its magnitude must be below 2^52, where doubles have fractions")));
        }
    }
    Ok(())
}

/// Doubles from here on are whole numbers: half of one more or less cannot be told apart.
const WHOLE: f64 = 4_503_599_627_370_496.0;

fn centred(j: usize, n: usize) -> f64 {
    j as f64 - (n as f64 - 1.0) / 2.0
}

/// Multiplied by `exp(exponent(j))` along the last axis, unless there is no bias.
fn weigh<B: Fft<T>, T: Float, D: Dim>(a: Array<B, T, D>, bias: f64, exponent: impl Fn(usize) -> f64) -> Result<Array<B, T, D>> {
    if bias == 0.0 {
        return Ok(a);
    }
    let n = a.dims()[a.ndim() - 1];
    let weights = (0..n).map(|j| T::from_f64(exponent(j).exp())).collect();
    let weights = Array::from_vec(a.device(), weights, [n])?.into_dyn();
    (a.into_dyn().into_lazy() * &weights).try_eval()?.into_rank()
}

/// The elements along the last axis, in reverse order, convolved with the sequence that has these bins.
fn convolve<B: Fft<T>, T: Float, D: Dim>(a: Array<B, T, D>, n: usize, bins: &[Complex<f64>]) -> Result<Array<B, T, D>> {
    let axis = a.ndim() - 1;
    let values = bins.iter().map(|z| <B::Complex as Floating>::from_parts(T::from_f64(z.re), T::from_f64(z.im))).collect();
    let bins = Array::from_vec(a.device(), values, [bins.len()])?.into_dyn();
    let spectrum = B::r2c(a.into_dyn(), &[axis], &[n], Direction::Forward, T::ONE)?;
    let product = (spectrum.into_lazy() * &bins).try_eval()?;
    B::c2r(product, &[axis], &[n], Direction::Backward, T::ONE / T::from_usize(n))?.flip(-1)?.into_rank()
}

/// `2^q (2 / exp(offset))^(i y) gamma((mu + 1 + q + i y) / 2) / gamma((mu + 1 - q - i y) / 2)` at the frequencies of
/// `n / 2 + 1` bins.
fn coefficients(n: usize, dln: f64, mu: f64, offset: f64, bias: f64) -> Vec<Complex<f64>> {
    let (above, below) = ((mu + 1.0 + bias) / 2.0, (mu + 1.0 - bias) / 2.0);
    let coefficient = |k: usize| {
        let y = PI * k as f64 / (n as f64 * dln);
        let (p, m) = (ln_gamma(Complex::new(above, y)), ln_gamma(Complex::new(below, y)));
        let phase = p.im + m.im + 2.0 * y * (LN_2 - offset);
        let z = Complex::from_polar((p.re - m.re + LN_2 * bias).exp(), phase);
        if 2 * k == n { Complex::new(z.re, 0.0) } else { z }
    };
    let mut u: Vec<_> = (0..n / 2 + 1).map(coefficient).collect();
    if !u[0].is_finite() {
        u[0] = Complex::new(bias.exp2() * gamma_ratio(above, below), 0.0);
    }
    u
}

/// `gamma(a) / gamma(b)` where one of them has a pole.
fn gamma_ratio(a: f64, b: f64) -> f64 {
    let pole = |x: f64| x <= 0.0 && x.fract() == 0.0;
    match (pole(a), pole(b)) {
        (true, false) => f64::INFINITY,
        (false, true) => 0.0,
        // gamma(-k + e) / gamma(-m + e) tends to (-1)^(k - m) m! / k!.
        _ => {
            let (k, m) = (-a, -b);
            let sign = if (k - m) % 2.0 == 0.0 { 1.0 } else { -1.0 };
            let factorial = |x: f64| ln_gamma(Complex::new(x + 1.0, 0.0)).re;
            sign * (factorial(m) - factorial(k)).exp()
        }
    }
}

/// Left of here the gamma function is reflected.
const REFLECTED: f64 = -64.0;

/// The logarithm of the gamma function, continuous on the upper half-plane: Stirling's series after a shift to the right.
/// Far to the left the reflection formula, and the imaginary part is right up to multiples of 2π.
fn ln_gamma(z: Complex<f64>) -> Complex<f64> {
    // Bernoulli numbers B_2k / (2k (2k - 1)).
    const SERIES: [f64; 8] =
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0, -3617.0 / 122_400.0];
    if z.im < 0.0 {
        return ln_gamma(z.conj()).conj();
    }
    if z.re < REFLECTED {
        return (PI.ln() - ln_sin_pi(z)) - ln_gamma(1.0 - z);
    }
    let mut shifted = z;
    let mut logs = Complex::new(0.0, 0.0);
    while shifted.re < 0.0 || shifted.norm_sqr() < 144.0 {
        if shifted.re == 0.0 && shifted.im == 0.0 {
            return Complex::new(f64::INFINITY, 0.0);
        }
        logs += shifted.ln();
        shifted.re += 1.0;
    }
    let inverse = shifted.inv();
    let square = inverse * inverse;
    let series = SERIES.iter().rev().fold(Complex::new(0.0, 0.0), |sum, &b| sum * square + b);
    (shifted - 0.5) * shifted.ln() - shifted + TAU.ln() / 2.0 + series * inverse - logs
}

/// The logarithm of `sin(π z)` for `z` on or above the real axis: that of `exp(-iπ z) i / 2`, whose imaginary part is taken
/// modulo 2π, and of `1 - exp(2iπ z)`.
fn ln_sin_pi(z: Complex<f64>) -> Complex<f64> {
    let (sin, cos) = (PI * (z.re - z.re.round())).sin_cos();
    let decay = (-TAU * z.im).exp();
    let rest = Complex::new(2.0 * decay * sin * sin - (-TAU * z.im).exp_m1(), -2.0 * decay * sin * cos);
    Complex::new(PI * z.im - LN_2, PI * (0.5 - z.re % 2.0)) + rest.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of mpmath with 30 digits.
    const LN_GAMMA: [[f64; 4]; 8] = [
        [0.5, 3.0, -3.793450450436223, 0.30981927108643914],
        [-0.05, 0.0, 3.0267010687919638, -PI],
        [1.85, 15.7, -20.023688593422637, 29.597713188299842],
        [0.15, 100.0, -157.77250296762054, 359.9670440496744],
        [-3.3, 0.25, -1.1995943695157878, -11.78708946935989],
        [1.0, 0.0, 0.0, 0.0],
        [30.0, 0.0, 71.25703896716801, 0.0],
        [-2.5, 40.0, -72.98228297111618, 102.73143029311738],
    ];

    #[test]
    fn logarithms_of_gamma() {
        for [re, im, expected_re, expected_im] in LN_GAMMA {
            let error = (ln_gamma(Complex::new(re, im)) - Complex::new(expected_re, expected_im)).norm();
            assert!(error <= 1e-14 * expected_re.hypot(expected_im).max(1.0), "{re} + {im} i: error {error:e}");
        }
    }

    /// Far to the left, where phases count up to whole turns; values of mpmath with 60 digits.
    const REFLECTED_VALUES: [[f64; 4]; 5] = [
        [-64.5, 0.25, -206.38937680414625, 4.185192552776437],
        [-1000.75, 15.7, -5964.67169243688, 4.014058870397859],
        [-999999.875, 3.0, -12815524.244615685, 2.569323715328516],
        [-4000000000000.0, 100.0, -112069261908521.5, 3.6123247682721202],
        [-77.3, -2.5, -267.84655130438614, 1.0522513521038865],
    ];

    #[test]
    fn logarithms_of_gamma_far_to_the_left() {
        for [re, im, expected_re, expected_im] in REFLECTED_VALUES {
            let got = ln_gamma(Complex::new(re, im));
            let turns = (got.im - expected_im) / TAU;
            assert!((got.re - expected_re).abs() <= 1e-14 * expected_re.abs(), "{re} + {im} i: {got}");
            assert!((turns - turns.round()).abs() <= 1e-14 * (im.abs() * re.abs().ln()).max(1.0), "{re} + {im} i: {got}, {turns} turns");
        }
        assert_eq!(ln_gamma(Complex::new(-1e6, 0.0)).re, f64::INFINITY);
    }

    #[test]
    fn orders_without_fractions_are_refused() {
        for (mu, bias) in [(-1e300, 0.0), (1e17, 0.0), (0.0, -1e17), (0.0, 1e300)] {
            let error = fhtoffset(0.1, mu, 0.0, bias).unwrap_err().to_string();
            assert!(error.contains(if bias == 0.0 { "mu" } else { "bias" }) && error.contains("2^52"), "{error}");
        }
        // An order of a million below zero takes no longer than any other.
        assert!(fhtoffset(0.1, -4e15, 0.0, 0.5).unwrap().is_finite() && coefficients(8, 0.1, -4e15, 0.0, 0.0).iter().all(|u| u.is_finite()));
    }

    #[test]
    fn ratios_at_poles() {
        assert_eq!(gamma_ratio(-1.0, 0.5), f64::INFINITY);
        assert_eq!(gamma_ratio(0.5, -1.0), 0.0);
        // gamma(x - 2) / gamma(x) = 1 / ((x - 1) (x - 2)) at x = 0.
        assert!((gamma_ratio(-2.0, 0.0) - 0.5).abs() < 1e-14);
        assert!((gamma_ratio(-1.0, 0.0) + 1.0).abs() < 1e-14);
    }
}
