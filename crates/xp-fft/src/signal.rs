//! Convolution and short-time transforms by fast Fourier transforms, under the names of `scipy.signal`.

use std::f64::consts::TAU;

use xp_core::dim::DimBase;
use xp_core::functions::{arange, concat, zeros};
use xp_core::ops::AsType;
use xp_core::{Array, Backend, Dim, Dyn, Element, Error, Float, Floating, Ix1, Num, Result, normalize_axes, size_of_shape};

use crate::backend::{Direction, Fft};
use crate::helper::{next_fast_len, rfftfreq};
use crate::options::Input;

/// Which part of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All of it: lengths add up, less one.
    #[default]
    Full,
    /// As much as the first operand has, from the middle.
    Same,
    /// Where the operands overlap completely; one must be at least as long as the other along every axis.
    Valid,
}

/// Convolution of two arrays along all axes.
///
/// # Errors
/// [`Error::Value`] when an operand has no elements, or neither holds the other in mode [`Mode::Valid`]; [`Error::Rank`],
/// [`Error::Device`].
///
/// ```
/// use xp::prelude::*;
/// use xp::fft::{Mode, fftconvolve};
/// let y = fftconvolve(&array![1.0, 2.0, 3.0], &array![1.0, 1.0], Mode::Full)?;
/// assert!((y - array![1.0, 3.0, 5.0, 3.0]).abs().max_all().item()? < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn fftconvolve<B: Fft<C::Part>, C: Floating, D: Dim>(a: &Array<B, C, D>, b: &Array<B, C, D>, mode: Mode) -> Result<Array<B, C, D>> {
    let axes: Vec<isize> = (0..a.ndim() as isize).collect();
    fftconvolve_with(a, b, mode, &axes)
}

/// [`fftconvolve`] along some axes; the others broadcast.
///
/// # Errors
/// As for [`fftconvolve`]; [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Broadcast`].
pub fn fftconvolve_with<B: Fft<C::Part>, C: Floating, D: Dim>(
    a: &Array<B, C, D>,
    b: &Array<B, C, D>,
    mode: Mode,
    axes: &[isize],
) -> Result<Array<B, C, D>> {
    let (m, n) = (a.dims(), b.dims());
    if m.len() != n.len() {
        return Err(Error::Rank { expected: m.len(), given: n.len() });
    }
    for (name, dims) in [("a", m), ("b", n)] {
        if dims.contains(&0) {
            return Err(Error::value("fftconvolve", format!("{name} has shape {dims:?}: no elements")));
        }
    }
    let axes = normalize_axes(axes, m.len())?;
    let holds = |x: &[usize], y: &[usize]| axes.iter().all(|&k| x[k] >= y[k]);
    if mode == Mode::Valid && !holds(m, n) && !holds(n, m) {
        return Err(Error::value("fftconvolve", format!("neither of the shapes {m:?} and {n:?} holds the other, as mode Valid needs")));
    }
    let real = C::DTYPE == <C::Part as Element>::DTYPE;
    let mut y = {
        let whole: Vec<usize> = axes.iter().map(|&k| m[k].saturating_add(n[k]) - 1).collect();
        size_of_shape(&whole)?;
        let lens: Vec<usize> = whole.iter().map(|&len| next_fast_len(len, real)).collect::<Result<_>>()?;
        product(a, b, &axes, &lens, real)?
    };
    for &k in &axes {
        let (start, len) = match mode {
            Mode::Full => (0, m[k] + n[k] - 1),
            Mode::Same => ((n[k] - 1) / 2, m[k]),
            Mode::Valid => (m[k].min(n[k]) - 1, m[k].abs_diff(n[k]) + 1),
        };
        y = y.slice_axis(k as isize, Some(start as isize), Some((start + len) as isize), 1)?;
    }
    y.into_rank()
}

/// The cyclic convolution along axes.
fn product<B: Fft<C::Part>, C: Floating, D: Dim>(
    a: &Array<B, C, D>,
    b: &Array<B, C, D>,
    axes: &[usize],
    lens: &[usize],
    real: bool,
) -> Result<Array<B, C, Dyn>> {
    let one = <C::Part as Num>::ONE;
    let scale = one / <C::Part as Num>::from_f64(lens.iter().map(|&n| n as f64).product());
    if real && !axes.is_empty() {
        let bins = |x: &Array<B, C, D>| B::r2c(x.lazy().real().try_eval()?.into_dyn(), axes, lens, Direction::Forward, one);
        let product = (bins(a)?.into_lazy() * &bins(b)?).try_eval()?;
        return B::c2r(product, axes, lens, Direction::Backward, scale)?.into_lazy().astype::<C>().try_eval();
    }
    let bins = |x: &Array<B, C, D>| B::c2c(x.clone().into_dyn(), axes, lens, Direction::Forward, one);
    let product = (bins(a)?.into_lazy() * &bins(b)?).try_eval()?;
    B::c2c(product, axes, lens, Direction::Backward, scale)?.into_lazy().map::<AsType<C>>().try_eval()
}

/// A window of a short-time transform, periodic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// All ones.
    Boxcar,
    /// `0.5 - 0.5 cos(2 pi j / n)`.
    #[default]
    Hann,
    /// `0.54 - 0.46 cos(2 pi j / n)`.
    Hamming,
    /// `0.42 - 0.5 cos(2 pi j / n) + 0.08 cos(4 pi j / n)`.
    Blackman,
}

impl Window {
    /// The `n` values.
    fn values(self, n: usize) -> impl Iterator<Item = f64> {
        let weights = match self {
            Window::Boxcar => [1.0, 0.0, 0.0],
            Window::Hann => [0.5, -0.5, 0.0],
            Window::Hamming => [0.54, -0.46, 0.0],
            Window::Blackman => [0.42, -0.5, 0.08],
        };
        (0..n).map(move |j| {
            let angle = TAU * j as f64 / n as f64;
            weights[0] + weights[1] * angle.cos() + weights[2] * (2.0 * angle).cos()
        })
    }
}

/// How [`stft`] and [`istft`] cut a signal into segments: `Segments::new(256).overlap(192).window(Window::Hamming)`.
///
/// The default is segments of 256 samples under a Hann window, of which each shares half with the next.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Segments {
    nperseg: usize,
    noverlap: usize,
    window: Window,
}

impl Default for Segments {
    fn default() -> Self {
        Segments::new(256)
    }
}

impl Segments {
    /// Segments of `nperseg` samples.
    pub const fn new(nperseg: usize) -> Self {
        Segments { nperseg, noverlap: nperseg / 2, window: Window::Hann }
    }

    /// How many samples each segment shares with the next.
    pub const fn overlap(mut self, noverlap: usize) -> Self {
        self.noverlap = noverlap;
        self
    }

    /// The window.
    pub const fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// The distance from one segment to the next.
    fn hop(self, function: &'static str) -> Result<usize> {
        if self.nperseg < 2 {
            return Err(Error::value(function, format!("nperseg is {}: a segment has at least two samples", self.nperseg)));
        }
        if self.noverlap >= self.nperseg {
            return Err(Error::value(function, format!("noverlap is {}, nperseg {}: it must be less", self.noverlap, self.nperseg)));
        }
        Ok(self.nperseg - self.noverlap)
    }
}

/// Frequencies, times and bins of a short-time Fourier transform.
pub type ShortTime<B, T, D> = (Array<B, T, Ix1>, Array<B, T, Ix1>, Array<B, <B as Fft<T>>::Complex, <D as DimBase>::Larger>);

/// Short-time Fourier transform of real samples along the last axis, `fs` per unit of time: frequencies, times of the
/// middles of segments, and bins of shape `(..., frequency, time)`.
///
/// As `scipy.signal.stft` does by default, the signal is continued by half a segment of zeros on both sides and by zeros
/// to whole segments, and bins are divided by the sum of the window.
///
/// # Errors
/// [`Error::Value`], which names the argument, when there are no samples, `fs` is zero, or the segments do not fit.
///
/// ```
/// use xp::prelude::*;
/// use xp::fft::{Segments, istft, stft};
/// let x = arange(&Cpu, 0.0, 100.0, 1.0)?.sin();
/// let (f, t, z) = stft(&x, 1.0, Segments::new(16))?;
/// assert_eq!(z.shape(), [f.size(), t.size()]);
/// let back = istft(&z, Segments::new(16))?.slice(s![..100])?;
/// assert!((back - &x).abs().max_all().item()? < 1e-14);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn stft<B: Fft<T>, T: Float, D: Dim>(x: impl Input<B, T, D>, fs: T, segments: Segments) -> Result<ShortTime<B, T, D>> {
    let x = x.into_array().into_dyn();
    let (hop, n) = (segments.hop("stft")?, segments.nperseg);
    let Some(&len) = x.dims().last() else { return Err(Error::Axis { axis: -1, ndim: 0 }) };
    if len < n {
        return Err(Error::value("stft", format!("nperseg is {n}: x has {len} samples")));
    }
    if fs == T::ZERO || !fs.is_finite() {
        return Err(Error::value("stft", format!("fs is {fs}: it must be finite and not zero")));
    }
    let padded = len + 2 * (n / 2);
    let extra = ((padded - n).next_multiple_of(hop) - (padded - n)) % n;
    let count = (padded + extra - n) / hop + 1;
    let mut side = x.dims().to_vec();
    let last = side.len() - 1;
    let mut silence = |samples: usize| {
        side[last] = samples;
        zeros(x.device(), side.clone())
    };
    let whole = concat(&[&silence(n / 2)?, &x, &silence(n / 2 + extra)?], -1)?;
    let mut shape = x.dims().to_vec();
    shape[last] = count;
    shape.push(n);
    let cut = whole.take(&positions(x.device(), count, hop, n)?, -1)?.reshape(shape)?;
    let (window, sum) = window::<B, T>(x.device(), segments)?;
    let bins = B::r2c((cut.into_lazy() * &window).try_eval()?, &[last + 1], &[n], Direction::Forward, T::ONE / sum)?;
    let frequencies = rfftfreq(x.device(), n, T::ONE / fs)?;
    // The middles of the segments, of which the first is at the start of the signal.
    let times = (arange(x.device(), T::ZERO, T::from_usize(count), T::ONE)?.into_lazy() * (T::from_usize(hop) / fs)).try_eval()?;
    Ok((frequencies, times, bins.matrix_transpose()?.into_rank()?))
}

/// The inverse of [`stft`] with the same segments: samples along the last axis, of which the last ones are the zeros that
/// filled the last segment.
///
/// # Errors
/// [`Error::Value`], which names the argument, when the number of bins is not `nperseg / 2 + 1`, the segments do not fit, or
/// the windows leave out samples; [`Error::Rank`] for an array of rank below 2.
pub fn istft<B: Fft<C::Part>, C: Floating, D: Dim>(z: impl Input<B, C, D>, segments: Segments) -> Result<Array<B, C::Part, D::Smaller>> {
    let bins = z.into_array().into_dyn().matrix_transpose()?;
    let (hop, n) = (segments.hop("istft")?, segments.nperseg);
    let last = bins.ndim() - 1;
    let (count, given) = (bins.dims()[last - 1], bins.dims()[last]);
    if given != n / 2 + 1 || count == 0 {
        return Err(Error::value("istft", format!("z has {given} bins and {count} segments: nperseg {n} needs {} and at least one", n / 2 + 1)));
    }
    let device = bins.device().clone();
    let (window, sum) = window::<B, C::Part>(&device, segments)?;
    let frames = B::c2r(bins, &[last], &[n], Direction::Backward, sum / <C::Part as Num>::from_usize(n))?;
    let mut shape = frames.dims().to_vec();
    shape.pop();
    shape[last - 1] = count * n;
    let frames = (frames.into_lazy() * &window).try_eval()?.reshape(shape.clone())?;
    let squares = window.lazy().square().try_eval()?.broadcast_to([count, n])?.reshape([count * n])?;
    let at = positions(&device, count, hop, n)?;
    shape[last - 1] = (count - 1) * hop + n;
    let mut samples = zeros::<B, C::Part, _>(&device, shape.clone())?;
    samples.put_add(&at, &frames, -1)?;
    let mut weight = zeros::<B, C::Part, _>(&device, [shape[last - 1]])?;
    weight.put_add(&at, &squares, -1)?;
    let (start, stop) = ((n / 2) as isize, (shape[last - 1] - n / 2) as isize);
    let weight = weight.slice_axis(-1, Some(start), Some(stop), 1)?;
    let samples = samples.slice_axis(-1, Some(start), Some(stop), 1)?;
    if stop > start && weight.lazy().min_all().try_eval()?.item()? <= <C::Part as Num>::from_f64(1e-10) {
        return Err(Error::value("istft", "the windows leave out samples: take a larger noverlap"));
    }
    (samples.into_lazy() / &weight).try_eval()?.into_rank()
}

/// Where the samples of all segments lie.
fn positions<B: Backend>(device: &B, count: usize, hop: usize, n: usize) -> Result<Array<B, i64, Ix1>> {
    let starts = arange(device, 0, (count * hop) as i64, hop as i64)?.reshape([count, 1])?;
    (starts.into_lazy() + &arange(device, 0, n as i64, 1)?).try_eval()?.reshape([count * n])
}

/// The window and its sum.
fn window<B: Backend, T: Float>(device: &B, segments: Segments) -> Result<(Array<B, T, Ix1>, T)> {
    let n = segments.nperseg;
    let values = segments.window.values(n).map(T::from_f64).collect();
    Ok((Array::from_vec(device, values, [n])?, T::from_f64(segments.window.values(n).sum())))
}
