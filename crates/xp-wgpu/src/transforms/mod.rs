//! Fourier transforms: Stockham's passes of the radices 2, 3, 4, 5, 7 and 8 for lengths without other factors, Bluestein's chirps for all
//! others ("A linear filtering approach to the computation of the discrete Fourier transform", 1970). A pass is one launch, along any axis of a
//! contiguous array. Real lanes of even length are complex ones of half the length, read and written as pairs. Cosine and sine transforms,
//! and real ones of odd length, are the portable compositions of these.

mod butterflies;
mod tables;

use num_complex::Complex;
use xp_core::backend::Lanes;
use xp_core::{Array, DType, Dim, Dyn, Floating, Result, size_of_shape};
use xp_fft::{Direction, Fft, portable};

use crate::device::Device;
use crate::expression::check_count;
use crate::kernel::{Access, Source, THREADS};
use crate::memory::Memory;
use crate::operations::ITEMS;
use crate::queue::Arguments;
use crate::{Wgpu, WgpuBuffer};
use butterflies::radices;
use tables::Table;

pub(crate) use tables::Tables;

const KERNELS: &str = include_str!("../library/transforms.wgsl");
const WHAT: &str = "Fourier transform";

type Any<T> = Array<Wgpu, T, Dyn>;
type C = Complex<f32>;
type C64 = Complex<f64>;

impl Fft<f32> for Wgpu {
    type Complex = C;

    fn c2c<E: Floating<Part = f32>, D: Dim>(
        x: Array<Self, E, D>,
        axes: &[usize],
        lens: &[usize],
        direction: Direction,
        scale: f32,
    ) -> Result<Array<Self, C, D>> {
        c2c(&x.into_dyn(), axes, lens, direction, scale)?.into_rank()
    }

    fn r2c<D: Dim>(x: Array<Self, f32, D>, axes: &[usize], lens: &[usize], direction: Direction, scale: f32) -> Result<Array<Self, C, D>> {
        match lens.last() {
            Some(n) if n.is_multiple_of(2) => r2c(&x.into_dyn(), axes, lens, direction, scale)?.into_rank(),
            _ => portable::r2c(x, axes, lens, direction, scale),
        }
    }

    fn c2r<E: Floating<Part = f32>, D: Dim>(
        x: Array<Self, E, D>,
        axes: &[usize],
        lens: &[usize],
        direction: Direction,
        scale: f32,
    ) -> Result<Array<Self, f32, D>> {
        match lens.last() {
            Some(n) if n.is_multiple_of(2) => c2r(&x.into_dyn(), axes, lens, direction, scale)?.into_rank(),
            _ => portable::c2r(x, axes, lens, direction, scale),
        }
    }
}

fn c2c<E: Floating<Part = f32>>(x: &Any<E>, axes: &[usize], lens: &[usize], direction: Direction, scale: f32) -> Result<Any<C>> {
    let x = fitted(x, axes, lens)?;
    let Some((&last, others)) = axes.split_last().filter(|_| x.size() > 0) else {
        return (x.lazy().astype::<C>() * C::new(scale, 0.0)).try_eval();
    };
    let Some((&first, others)) = others.split_first() else { return complex_lanes(&x, last, direction, scale) };
    let first = complex_lanes(&x, first, direction, 1.0)?;
    let before = others.iter().try_fold(first, |x, &axis| complex_lanes(&x, axis, direction, 1.0))?;
    complex_lanes(&before, last, direction, scale)
}

/// The last axis is of even length.
fn r2c(x: &Any<f32>, axes: &[usize], lens: &[usize], direction: Direction, scale: f32) -> Result<Any<C>> {
    let (x, (&axis, others)) = (fitted(x, axes, lens)?, axes.split_last().expect("a real transform has an axis"));
    let own_scale = if others.is_empty() { scale } else { 1.0 };
    let (n, device) = (x.dims()[axis], &x.device().device);
    let shape = with_length(&x, axis, n / 2 + 1);
    let mut bins = new(x.device(), &shape)?;
    if bins.size() > 0 {
        let x = x.contiguous()?;
        let lane = Lane { device, outer: x.dims()[..axis].iter().product(), inner: x.dims()[axis + 1..].iter().product(), direction };
        let pairs = lane.transform((x.buffer().words(), x.offset(), lane.paired()), n / 2, 1.0, Layout::COMPLEX)?;
        let roots = device.roots(n, n / 2 + 1)?;
        let operand = (pairs.buffer(), 0, Layout::COMPLEX);
        lane.launch("bins", &roots, operand, bins.buffer().words(), Layout::COMPLEX, own_scale, [lane.rows(n / 2 + 1), n / 2 + 1, n / 2, 0])?;
    }
    if !others.is_empty() {
        bins = c2c(&bins, others, &lens[..others.len()], direction, scale)?;
    }
    Ok(bins)
}

/// The last axis is of even length.
fn c2r<E: Floating<Part = f32>>(x: &Any<E>, axes: &[usize], lens: &[usize], direction: Direction, scale: f32) -> Result<Any<f32>> {
    let ((&axis, others), n) = (axes.split_last().expect("a real transform has an axis"), lens[axes.len() - 1]);
    let half = portable::fit(x, axis, n / 2 + 1)?;
    let bins = if others.is_empty() && E::DTYPE == DType::C64 { None } else { Some(c2c(&half, others, &lens[..others.len()], direction, 1.0)?) };
    match bins {
        Some(bins) => real_lanes(&bins, axis, n, direction, scale),
        None => real_lanes(&half, axis, n, direction, scale),
    }
}

/// Transforms along one axis of complex elements.
fn complex_lanes<E: Floating<Part = f32>>(x: &Any<E>, axis: usize, direction: Direction, scale: f32) -> Result<Any<C>> {
    if E::DTYPE != DType::C64 {
        return complex_lanes(&x.lazy().astype::<C>().try_eval()?, axis, direction, scale);
    }
    let x = x.contiguous()?;
    let lane = Lane { device: &x.device().device, outer: x.dims()[..axis].iter().product(), inner: x.dims()[axis + 1..].iter().product(), direction };
    let memory = lane.transform((x.buffer().words(), 2 * x.offset(), Layout::COMPLEX), x.dims()[axis], scale, Layout::COMPLEX)?;
    // SAFETY: the passes write every element.
    unsafe { Array::from_buffer(x.device(), WgpuBuffer::new(memory, x.size()), x.dims()) }
}

/// Real lanes of the even length `n` from their bins.
fn real_lanes<E: Floating<Part = f32>>(bins: &Any<E>, axis: usize, n: usize, direction: Direction, scale: f32) -> Result<Any<f32>> {
    let bins = bins.contiguous()?;
    let (wgpu, shape) = (bins.device(), with_length(&bins, axis, n));
    let size = size_of_shape(&shape)?;
    if size == 0 {
        return xp_core::functions::zeros(wgpu, shape);
    }
    let lane = Lane { device: &wgpu.device, outer: shape[..axis].iter().product(), inner: shape[axis + 1..].iter().product(), direction };
    let roots = lane.device.roots(n, n / 2 + 1)?;
    let pairs = lane.memory(n / 2)?;
    let operand = (bins.buffer().words(), 2 * bins.offset(), Layout::COMPLEX);
    lane.launch("pairs", &roots, operand, pairs.buffer(), Layout::COMPLEX, 1.0, [lane.rows(n / 2), n / 2 + 1, n / 2, 0])?;
    let memory = lane.transform((pairs.buffer(), 0, Layout::COMPLEX), n / 2, scale, lane.paired())?;
    // SAFETY: the passes write every element.
    unsafe { Array::from_buffer(wgpu, WgpuBuffer::new(memory, size), &shape) }
}

fn fitted<E: Floating>(x: &Any<E>, axes: &[usize], lens: &[usize]) -> Result<Any<E>> {
    axes.iter().zip(lens).try_fold(x.clone(), |x, (&axis, &n)| portable::fit(&x, axis, n))
}

fn with_length<E: Floating>(x: &Any<E>, axis: usize, n: usize) -> Vec<usize> {
    let mut shape = x.dims().to_vec();
    shape[axis] = n;
    shape
}

/// An array for a kernel to fill.
fn new(device: &Wgpu, shape: &[usize]) -> Result<Any<C>> {
    let buffer: WgpuBuffer<C> = device.buffer(size_of_shape(shape)?, WHAT)?;
    // SAFETY: a new buffer of this size, which the kernel that is queued next fills.
    unsafe { Array::from_buffer(device, buffer, shape) }
}

/// How complex numbers lie in memory: words between columns, and between the parts of a number.
#[derive(Clone, Copy)]
struct Layout {
    column: usize,
    imaginary: usize,
}

impl Layout {
    const COMPLEX: Layout = Layout { column: 2, imaginary: 1 };
}

/// Memory, the word where numbers begin in it, and how they lie.
type Operand<'a> = (&'a wgpu::Buffer, usize, Layout);

/// Lanes along an axis with `outer` elements along the axes before it and `inner` along those behind.
struct Lane<'a> {
    device: &'a Device,
    outer: usize,
    inner: usize,
    direction: Direction,
}

impl Lane<'_> {
    /// The layout of pairs of real numbers of a lane as complex ones.
    fn paired(&self) -> Layout {
        Layout { column: 1, imaginary: self.inner }
    }

    /// Numbers of lanes of this length, columns counted once.
    fn rows(&self, n: usize) -> usize {
        self.outer * n
    }

    fn memory(&self, n: usize) -> Result<Memory> {
        let size = Lanes { outer: self.outer, len: n, inner: self.inner }.with_len(n)?;
        Memory::new(self.device, size.saturating_mul(2), WHAT)
    }

    /// The transform of length `n`, times a factor.
    fn transform(&self, operand: Operand<'_>, n: usize, scale: f32, layout: Layout) -> Result<Memory> {
        match radices(n) {
            Some(all) => self.passes(operand, n, &all, scale, layout),
            None => self.bluestein(operand, n, scale, layout),
        }
    }

    fn passes(&self, operand: Operand<'_>, n: usize, radices: &[usize], scale: f32, layout: Layout) -> Result<Memory> {
        let (mut held, mut length) = (None::<Memory>, 1);
        for (k, &radix) in radices.iter().enumerate() {
            let (to, roots) = (self.memory(n)?, self.device.roots(n, n)?);
            let (scale, layout) = if k + 1 == radices.len() { (scale, layout) } else { (1.0, Layout::COMPLEX) };
            let from = held.as_ref().map_or(operand, |m| (m.buffer(), 0, Layout::COMPLEX));
            let numbers = [self.rows(n / radix), n / radix, length, n / (length * radix)];
            self.launch(PASSES[radix], &roots, from, to.buffer(), layout, scale, numbers)?;
            length *= radix;
            held = Some(to);
        }
        match held {
            Some(out) => Ok(out),
            None => self.weighed(operand, &self.device.roots(1, 1)?, [1, 1, 1], scale, layout),
        }
    }

    /// The first `count` numbers of lanes of length `n`, times those of a table, in lanes of length `to` with zeros behind them.
    fn weighed(&self, operand: Operand<'_>, table: &wgpu::Buffer, [n, count, to]: [usize; 3], scale: f32, layout: Layout) -> Result<Memory> {
        let out = self.memory(to)?;
        self.launch("weigh", table, operand, out.buffer(), layout, scale, [self.rows(to), to, count, n])?;
        Ok(out)
    }

    /// `X[k] = c[k] sum of x[j] c[j] conj(c[k - j])` with the chirp `c[j] = exp(-pi i j^2 / n)`: a convolution, by transforms of a length `m`
    /// of at least `2 n - 1`.
    fn bluestein(&self, operand: Operand<'_>, n: usize, scale: f32, layout: Layout) -> Result<Memory> {
        let m = convenient(2 * n - 1);
        let all = radices(m).expect("a convenient length");
        let chirp = self.device.table(Table::Chirp { n }, n, |to| {
            self.device.write(bytemuck::cast_slice(&tables::words((0..n).map(|k| tables::chirp(k, n)))), to);
            Ok(())
        })?;
        let along = |direction| Lane { direction, ..*self };
        let wide = self.weighed(operand, &chirp, [n, n, m], 1.0, Layout::COMPLEX)?;
        let spectrum = along(Direction::Forward).passes((wide.buffer(), 0, Layout::COMPLEX), m, &all, 1.0, Layout::COMPLEX)?;
        let filter = self.device.table(Table::Filter { n, m }, m, |to| {
            let values = (0..m).map(|k| match k.min(m - k) {
                far if far >= n => C64::default(),
                near => tables::chirp(near, n),
            });
            let given = Memory::new(self.device, 2 * m, WHAT)?;
            self.device.write(bytemuck::cast_slice(&tables::words(values)), given.buffer());
            let one = Lane { device: self.device, outer: 1, inner: 1, direction: Direction::Forward };
            let spectrum = one.passes((given.buffer(), 0, Layout::COMPLEX), m, &all, 1.0, Layout::COMPLEX)?;
            self.device.copy(spectrum.buffer(), to, 2 * m);
            Ok(())
        })?;
        // The filter has the conjugate of the chirp, and its transform is symmetric.
        let opposite = if self.direction == Direction::Forward { Direction::Backward } else { Direction::Forward };
        let product = along(opposite).weighed((spectrum.buffer(), 0, Layout::COMPLEX), &filter, [m, m, m], 1.0, Layout::COMPLEX)?;
        let back = along(Direction::Backward).passes((product.buffer(), 0, Layout::COMPLEX), m, &all, 1.0 / m as f32, Layout::COMPLEX)?;
        self.weighed((back.buffer(), 0, Layout::COMPLEX), &chirp, [m, n, n], scale, layout)
    }

    /// Queues a kernel over `rows` times the columns: `[rows, p[1], p[3], p[6]]` are its numbers.
    #[allow(clippy::too_many_arguments)]
    fn launch(
        &self,
        name: &'static str,
        table: &wgpu::Buffer,
        (operand, start, from): Operand<'_>,
        out: &wgpu::Buffer,
        to: Layout,
        scale: f32,
        [rows, first, second, third]: [usize; 4],
    ) -> Result<()> {
        let items = rows.saturating_mul(self.inner);
        check_count(self.device, items, WHAT)?;
        let kernel = self.device.named(name, || source(name))?;
        let sign = if self.direction == Direction::Forward { -1.0f32 } else { 1.0 };
        let mut arguments = Arguments::default();
        arguments.push(items).push(first).push(self.inner).push(second);
        arguments.0.extend([sign.to_bits(), scale.to_bits()]);
        arguments.push(third).push(start).push(from.column).push(from.imaginary).push(to.column).push(to.imaginary);
        self.device.launch(&kernel, items.div_ceil(THREADS), &arguments, &[out, operand, table])
    }
}

/// The names of the passes by their radices.
const PASSES: [&str; 9] =
    ["", "", "pass of radix 2", "pass of radix 3", "pass of radix 4", "pass of radix 5", "", "pass of radix 7", "pass of radix 8"];

/// The source of a kernel: a pass, or one of the file.
pub(crate) fn source(name: &str) -> Source {
    let part = |name: &str| {
        let rest = KERNELS.split("//# ").find_map(|part| part.strip_prefix(name).and_then(|rest| rest.strip_prefix('\n')));
        rest.expect("a part of transforms.wgsl")
    };
    let body = match PASSES.iter().position(|pass| *pass == name) {
        Some(radix) => butterflies::pass(radix),
        None => format!("{ITEMS}{}", part(name)),
    };
    let source = Source::new(name, format!("{}{body}", part("common"))).binding("o", Access::Write);
    source.binding("a", Access::Read).binding("t", Access::Read)
}

/// The least number from `least` on that is a power of two, or 3, 5 or 9 times one.
fn convenient(least: usize) -> usize {
    [1, 3, 5, 9].into_iter().map(|odd| odd * least.div_ceil(odd).next_power_of_two()).min().expect("four numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convenient_lengths_are_near_and_have_passes() {
        for least in 1..5000 {
            let m = convenient(least);
            assert!(m >= least && m <= least.max(1) * 4 / 3 + 2 && radices(m).is_some(), "{least}: {m}");
        }
    }
}
