//! Convolution and short-time transforms by fast Fourier transforms, under the names of `scipy.signal`.

use std::f64::consts::TAU;

use xp_core::dim::{DimBase, MAX_NDIM};
use xp_core::functions::{arange, concat, zeros};
use xp_core::ops::AsType;
use xp_core::{Array, Axes, Backend, Dim, Dyn, Element, Error, Float, Floating, Ix1, Num, Result, size_of_shape};

use crate::Direction;
use crate::backend::Fft;
use crate::helper::{next_fast, rfftfreq};
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
/// let y = fftconvolve(&array![1.0_f64, 2.0, 3.0], &array![1.0, 1.0], Mode::Full)?;
/// assert!((y - array![1.0_f64, 3.0, 5.0, 3.0]).abs().max(..).item()? < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn fftconvolve<B: Fft<C::Part>, C: Floating, D: Dim>(a: &Array<B, C, D>, b: &Array<B, C, D>, mode: Mode) -> Result<Array<B, C, D>> {
    fftconvolve_with(a, b, mode, ..)
}

/// [`fftconvolve`] along some [`Axes`]; the others broadcast.
///
/// # Errors
/// As for [`fftconvolve`]; [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Broadcast`].
pub fn fftconvolve_with<B: Fft<C::Part>, C: Floating, D: Dim>(
    a: &Array<B, C, D>,
    b: &Array<B, C, D>,
    mode: Mode,
    axes: impl Axes,
) -> Result<Array<B, C, D>> {
    convolve("fftconvolve", a, b, mode, axes, product)
}

/// [`fftconvolve`] by overlap-add: the longer operand is transformed in blocks, which is less work and memory when the other
/// one is much shorter.
///
/// # Errors
/// As for [`fftconvolve`].
///
/// ```
/// use xp::prelude::*;
/// use xp::fft::{Mode, fftconvolve, oaconvolve};
/// let (x, h) = (arange(&Cpu, 0.0_f64, 1000.0, 1.0)?, array![0.25, 0.5, 0.25]);
/// let y = oaconvolve(&x, &h, Mode::Same)?;
/// assert!((y.get([500])? - 500.0).abs() < 1e-9);
/// assert!((y - fftconvolve(&x, &h, Mode::Same)?).abs().max(..).item()? < 1e-9);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn oaconvolve<B: Fft<C::Part>, C: Floating, D: Dim>(a: &Array<B, C, D>, b: &Array<B, C, D>, mode: Mode) -> Result<Array<B, C, D>> {
    oaconvolve_with(a, b, mode, ..)
}

/// [`oaconvolve`] along some [`Axes`]; the others broadcast.
///
/// # Errors
/// As for [`fftconvolve_with`].
pub fn oaconvolve_with<B: Fft<C::Part>, C: Floating, D: Dim>(
    a: &Array<B, C, D>,
    b: &Array<B, C, D>,
    mode: Mode,
    axes: impl Axes,
) -> Result<Array<B, C, D>> {
    convolve("oaconvolve", a, b, mode, axes, overlap_add)
}

/// Checks the operands, and cuts what `mode` asks for from the whole convolution, at least as long along `axes` as given,
/// that `whole` makes.
fn convolve<B: Fft<C::Part>, C: Floating, D: Dim>(
    function: &'static str,
    a: &Array<B, C, D>,
    b: &Array<B, C, D>,
    mode: Mode,
    axes: impl Axes,
    whole: fn(&Array<B, C, Dyn>, &Array<B, C, Dyn>, &[usize], &[usize]) -> Result<Array<B, C, Dyn>>,
) -> Result<Array<B, C, D>> {
    let (m, n) = (a.dims(), b.dims());
    if m.len() != n.len() {
        return Err(Error::Rank { expected: m.len(), given: n.len() });
    }
    for (name, dims) in [("a", m), ("b", n)] {
        if dims.contains(&0) {
            return Err(Error::value(function, format!("{name} has shape {dims:?}: no elements")));
        }
    }
    let asked = axes.axes(m.len())?;
    // Along an axis of one element in either operand the product broadcasts, and there is nothing to transform.
    let axes: Vec<usize> = asked.iter().copied().filter(|&k| m[k] != 1 && n[k] != 1).collect();
    let holds = |x: &[usize], y: &[usize]| axes.iter().all(|&k| x[k] >= y[k]);
    if mode == Mode::Valid && !holds(m, n) && !holds(n, m) {
        return Err(Error::value(function, format!("neither of the shapes {m:?} and {n:?} holds the other, as mode Valid needs")));
    }
    let lens: Vec<usize> = axes.iter().map(|&k| m[k].saturating_add(n[k]) - 1).collect();
    size_of_shape(&lens)?;
    let mut y = whole(&a.clone().into_dyn(), &b.clone().into_dyn(), &axes, &lens)?;
    for &k in asked.iter() {
        let (start, len) = match mode {
            Mode::Full => (0, m[k] + n[k] - 1),
            Mode::Same => ((n[k] - 1) / 2, m[k]),
            Mode::Valid if !axes.contains(&k) => continue,
            Mode::Valid => (m[k].min(n[k]) - 1, m[k].abs_diff(n[k]) + 1),
        };
        y = y.slice_axis(k, start..start + len)?;
    }
    y.into_rank()
}

/// The convolution along axes, `lens` long or longer, in one piece.
fn product<B: Fft<C::Part>, C: Floating>(a: &Array<B, C, Dyn>, b: &Array<B, C, Dyn>, axes: &[usize], lens: &[usize]) -> Result<Array<B, C, Dyn>> {
    let lens: Vec<usize> = lens.iter().map(|&len| next_fast(len, is_real::<C>())).collect::<Result<_>>()?;
    cyclic(a, b, axes, &lens)
}

/// The same in blocks of the longer operand along the axis where the lengths differ most.
fn overlap_add<B: Fft<C::Part>, C: Floating>(a: &Array<B, C, Dyn>, b: &Array<B, C, Dyn>, axes: &[usize], lens: &[usize]) -> Result<Array<B, C, Dyn>> {
    let (m, n) = (a.dims(), b.dims());
    let ratio = |k: usize| m[k].max(n[k]) as f64 / m[k].min(n[k]) as f64;
    let place = (0..axes.len()).max_by(|&i, &j| ratio(axes[i]).total_cmp(&ratio(axes[j])));
    let Some((place, k)) = place.map(|i| (i, axes[i])).filter(|_| m.len() < MAX_NDIM) else {
        return product(a, b, axes, lens);
    };
    let (long, short) = if m[k] >= n[k] { (a, b) } else { (b, a) };
    let (len, kernel) = (long.dims()[k], short.dims()[k]);
    let block = block_len(len, kernel, is_real::<C>())?;
    if block >= lens[place] {
        return product(a, b, axes, lens);
    }
    // Blocks of `step` elements give `block = step + kernel - 1`, of which the last ones belong to the next block.
    let step = block + 1 - kernel;
    let blocks = len.div_ceil(step);
    let resized = |x: &Array<B, C, Dyn>, at: usize, to: usize| -> Result<Array<B, C, Dyn>> {
        let mut shape = x.dims().to_vec();
        shape[at] = to - shape[at];
        concat(&[x, &zeros(x.device(), shape)?], at)
    };
    let split = |x: &Array<B, C, Dyn>, parts: [usize; 2]| -> Result<Array<B, C, Dyn>> {
        let mut shape = x.dims().to_vec();
        shape.splice(k..=k, parts);
        x.reshape(shape)
    };
    let long = split(&resized(long, k, blocks * step)?, [blocks, step])?;
    let short = split(short, [1, kernel])?;
    // Every axis from `k` on has moved by one.
    let inner: Vec<usize> = axes.iter().map(|&j| if j >= k { j + 1 } else { j }).collect();
    let mut sizes: Vec<usize> = lens.iter().map(|&len| next_fast(len, is_real::<C>())).collect::<Result<_>>()?;
    sizes[place] = block;
    let parts = cyclic(&long, &short, &inner, &sizes)?;
    let join = |x: Array<B, C, Dyn>| -> Result<Array<B, C, Dyn>> {
        let mut shape = x.dims().to_vec();
        shape.splice(k..k + 2, [blocks * step]);
        x.reshape(shape)
    };
    let axis = k as isize + 1;
    let heads = join(parts.slice_axis(axis, ..step)?)?;
    let tails = join(resized(&parts.slice_axis(axis, step..)?, k + 1, step)?)?;
    let mut gap = heads.dims().to_vec();
    gap[k] = step;
    let gap = zeros::<B, C, _>(heads.device(), gap)?;
    (concat(&[&heads, &gap], k)?.into_lazy() + concat(&[&gap, &tails], k)?).try_eval()
}

/// The length of the blocks, at least twice the kernel's so that tails do not meet, that makes the transforms cheapest.
fn block_len(len: usize, kernel: usize, real: bool) -> Result<usize> {
    let mut best = (f64::INFINITY, 0);
    let mut block = next_fast((2 * kernel).max(64), real)?;
    while block < 2 * (len + kernel) {
        let cost = len.div_ceil(block + 1 - kernel) as f64 * block as f64 * (block as f64).log2();
        if cost < best.0 {
            best = (cost, block);
        }
        block = next_fast(2 * block, real)?;
    }
    Ok(if best.1 == 0 { block } else { best.1 })
}

fn is_real<C: Floating>() -> bool {
    C::DTYPE == <C::Part as Element>::DTYPE
}

/// The cyclic convolution along axes.
fn cyclic<B: Fft<C::Part>, C: Floating>(a: &Array<B, C, Dyn>, b: &Array<B, C, Dyn>, axes: &[usize], lens: &[usize]) -> Result<Array<B, C, Dyn>> {
    let one = <C::Part as Num>::ONE;
    let scale = one / <C::Part as Num>::from_f64(lens.iter().map(|&n| n as f64).product());
    if is_real::<C>() && !axes.is_empty() {
        let bins = |x: &Array<B, C, Dyn>| B::r2c(x.lazy().real().try_eval()?, axes, lens, Direction::Forward, one);
        let product = (bins(a)?.into_lazy() * &bins(b)?).try_eval()?;
        return B::c2r(product, axes, lens, Direction::Backward, scale)?.into_lazy().astype::<C>().try_eval();
    }
    let bins = |x: &Array<B, C, Dyn>| B::c2c(x.clone(), axes, lens, Direction::Forward, one);
    let product = (bins(a)?.into_lazy() * &bins(b)?).try_eval()?;
    B::c2c(product, axes, lens, Direction::Backward, scale)?.into_lazy().apply(AsType::<C>::new()).try_eval()
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
/// let x = arange(&Cpu, 0.0_f64, 100.0, 1.0)?.sin();
/// let (f, t, z) = stft(&x, 1.0, Segments::new(16))?;
/// assert_eq!(z.shape(), [f.size(), t.size()]);
/// let back = istft(&z, Segments::new(16))?.slice(s![..100])?;
/// assert!((back - &x).abs().max(..).item()? < 1e-14);
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
    let weight = weight.slice_axis(-1, start..stop)?;
    let samples = samples.slice_axis(-1, start..stop)?;
    if stop > start && weight.lazy().min(..).try_eval()?.item()? <= <C::Part as Num>::from_f64(1e-10) {
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
