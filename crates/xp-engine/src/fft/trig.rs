//! Discrete cosine and sine transforms of types I to IV, each by one transform of a real sequence
//! or of half as many complex numbers.
//!
//! Types II and III reorder the input (Makhoul, "A fast cosine transform in one and two
//! dimensions", 1980). Type IV of even length is a complex transform of half the length; of odd
//! length, a real transform of the same length with permuted input (Chan & Ho, "Fast algorithms
//! for computing the discrete cosine transform", 1992). Type I is a real transform of the even or
//! odd extension. Sine transforms are cosine transforms of a reversed or alternating sequence.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::Fft;

use super::float::{FftFloat, Roots, unit_root};
use super::kernels::RealPlan;
use super::lanes::{LaneKernel, Lanes, Run};
use super::large::{self, Input, Large, Output};
use super::plan::{self, Plan};
use super::{Direction, Trig, TrigFamily, TrigType};
use crate::level::at_most_avx2;
use crate::threads::Shared;

/// Roots of unity that a transform of length `n` multiplies by: `exp(-2 pi i k / 4 n)` for types II
/// and III, `exp(-2 pi i (8 k + 1) / 16 n)` for type IV, `k <= n / 2`.
enum TrigRoots<T, const IV: bool> {
    Table(Vec<Complex<T>>),
    Products(Roots<T>),
}

/// For longer transforms, products of two short tables take the place of a table of roots.
const TABLE_MAX: usize = 1 << 17;

impl<T: FftFloat, const IV: bool> TrigRoots<T, IV> {
    const fn index(k: usize) -> usize {
        if IV { 8 * k + 1 } else { k }
    }

    #[inline(always)]
    fn get(&self, k: usize) -> Complex<T> {
        match self {
            Self::Table(table) => table[k],
            Self::Products(roots) => roots.get(Self::index(k)),
        }
    }
}

impl<T: FftFloat, const IV: bool> Plan for TrigRoots<T, IV> {
    fn make(n: usize, _: Direction) -> Self {
        let order = if IV { 16 * n } else { 4 * n };
        if n > TABLE_MAX {
            return Self::Products(Roots::new(order, false));
        }
        let root = |k| unit_root(Self::index(k) as u64, order as u64);
        Self::Table((0..n / 2 + 1).map(root).collect())
    }

    fn bytes(&self) -> usize {
        let numbers = match self {
            Self::Table(table) => table.len(),
            Self::Products(roots) => roots.len(),
        };
        numbers * size_of::<Complex<T>>()
    }
}

/// A transform of lanes of length `n`.
pub(super) struct TrigKernel<T: FftFloat> {
    trig: Trig,
    n: usize,
    scale: T,
    sqrt_2: T,
    sqrt_half: T,
    roots: TrigTable<T>,
    core: Core<T>,
}

enum TrigTable<T: FftFloat> {
    None,
    Quarter(Arc<TrigRoots<T, false>>),
    Sixteenth(Arc<TrigRoots<T, true>>),
}

/// The transform at the heart of a small kernel; a large one finds its own.
enum Core<T: FftFloat> {
    Real(Arc<RealPlan<T>>, usize),
    Complex(Arc<dyn Fft<T>>),
    Large,
}

impl<T: FftFloat> TrigKernel<T> {
    pub(super) fn new(n: usize, trig: Trig, scale: T, large: bool) -> Self {
        let forward = Direction::Forward;
        let even = n.is_multiple_of(2);
        let roots = match trig.kind {
            TrigType::I => TrigTable::None,
            TrigType::II | TrigType::III => TrigTable::Quarter(plan::get(n, forward)),
            TrigType::IV if even => TrigTable::Sixteenth(plan::get(n, forward)),
            TrigType::IV => TrigTable::None,
        };
        let core = match trig.kind {
            _ if large => Core::Large,
            TrigType::I => Core::Real(plan::get(trig.period(n), forward), trig.period(n)),
            TrigType::II => Core::Real(plan::get(n, forward), n),
            TrigType::III => Core::Real(plan::get(n, Direction::Backward), n),
            TrigType::IV if even => Core::Complex(plan::complex(n / 2, forward)),
            TrigType::IV => Core::Real(plan::get(n, forward), n),
        };
        let (sqrt_2, sqrt_half) = (std::f64::consts::SQRT_2, std::f64::consts::FRAC_1_SQRT_2);
        let (sqrt_2, sqrt_half) = (T::of_f64(sqrt_2), T::of_f64(sqrt_half));
        Self { trig, n, scale, sqrt_2, sqrt_half, roots, core }
    }

    /// Transforms every lane by a large, parallel transform.
    ///
    /// # Safety
    /// As for [`lanes::run`](super::lanes::run).
    pub(super) unsafe fn run_large(&self, src: *const T, dst: *mut T, lanes: &Lanes) {
        let (src_step, dst_step) = lanes.steps();
        let present = lanes.src_len();
        let one = |run: Run, i: isize| {
            // SAFETY: offsets of a lane of the arrays.
            let (src, dst) = unsafe { (src.offset(run.src + i * run.src_step), dst.offset(run.dst + i * run.dst_step)) };
            let (src, dst) = (Shared::new(src), Shared::new(dst));
            // SAFETY: an element of the input lane, not written before all have been read.
            let get = |j: usize| unsafe { if j < present { *src.get().offset(j as isize * src_step) } else { T::ZERO } };
            // SAFETY: an element of the output lane; one thread writes it.
            let put = |k: usize, y: T| unsafe { *dst.get().offset(k as isize * dst_step) = y };
            self.transform(LargeStage, get, put);
        };
        lanes.runs(0, lanes.count(), |run| (0..run.count as isize).for_each(|i| one(run, i)));
    }

    /// The transform in terms of a [`Stage`]: reads the input by `get`, writes the output by `put`.
    #[inline(always)]
    fn transform<S: Stage<T>>(&self, stage: S, get: impl Fn(usize) -> T + Sync, put: impl Fn(usize, T) + Sync) {
        match self.trig.family {
            TrigFamily::Cosine => self.transform_family::<S, false>(stage, get, put),
            TrigFamily::Sine => self.transform_family::<S, true>(stage, get, put),
        }
    }

    #[inline(always)]
    fn transform_family<S: Stage<T>, const SINE: bool>(&self, stage: S, get: impl Fn(usize) -> T + Sync, put: impl Fn(usize, T) + Sync) {
        let Trig { kind, orthogonalize, .. } = self.trig;
        let sine = SINE;
        let (n, scale) = (self.n, self.scale);
        let last = n - 1;
        let negate_odd = |i: usize, x: T| if sine && i % 2 == 1 { -x } else { x };
        let reverse = |i: usize| if sine { last - i } else { i };
        let two = T::ONE + T::ONE;
        match (kind, &self.roots) {
            (TrigType::I, _) => {
                let period = self.trig.period(n);
                let ends = orthogonalize && !sine;
                let even = |j: usize| {
                    let j = j.min(period - j);
                    let x = get(j);
                    if ends && (j == 0 || j == last) { x * self.sqrt_2 } else { x }
                };
                let odd = |j: usize| match j {
                    0 => T::ZERO,
                    j if j <= n => get(j - 1),
                    j if j == n + 1 => T::ZERO,
                    j => -get(period - j - 1),
                };
                if sine {
                    stage.forward(period, scale, odd, |k, z| {
                        if (1..=n).contains(&k) {
                            put(k - 1, -z.im);
                        }
                    });
                } else {
                    stage.forward(period, scale, even, |k, z| {
                        let end = ends && (k == 0 || k == last);
                        put(k, if end { z.re * self.sqrt_half } else { z.re });
                    });
                }
            }
            (TrigType::II, TrigTable::Quarter(roots)) => {
                let first = if orthogonalize { self.sqrt_half } else { T::ONE };
                let reordered = |j: usize| {
                    let i = if 2 * j < n { 2 * j } else { 2 * (last - j) + 1 };
                    negate_odd(i, get(i))
                };
                stage.forward(n, scale * two, reordered, |k, z| {
                    if k == 0 {
                        return put(reverse(0), z.re * first);
                    }
                    let y = z * roots.get(k);
                    put(reverse(k), y.re);
                    put(reverse(n - k), -y.im);
                });
            }
            (TrigType::III, TrigTable::Quarter(roots)) => {
                let first = if orthogonalize { self.sqrt_2 } else { T::ONE };
                let bin = |k: usize| {
                    if k == 0 {
                        return Complex::new(get(reverse(0)) * first, T::ZERO);
                    }
                    Complex::new(get(reverse(k)), -get(reverse(n - k))) * roots.get(k).conj()
                };
                stage.backward(n, scale, bin, |j, x| {
                    let i = if 2 * j < n { 2 * j } else { 2 * (last - j) + 1 };
                    put(i, negate_odd(i, x));
                });
            }
            (_, TrigTable::Sixteenth(roots)) => {
                let packed = |j: usize| {
                    let z = Complex::new(get(reverse(2 * j)), get(reverse(last - 2 * j)));
                    z * roots.get(j)
                };
                stage.complex(n / 2, packed, |k, z| {
                    let y = z * roots.get(k) * (two * scale);
                    put(2 * k, y.re);
                    put(last - 2 * k, negate_odd(1, -y.im));
                });
            }
            _ => {
                let permuted = |j: usize| {
                    let (i, negative) = odd_permutation(j, n);
                    let x = get(reverse(i));
                    if negative { -x } else { x }
                };
                let (cos, sin) = match n % 8 {
                    1 => (self.sqrt_2, self.sqrt_2),
                    3 => (-self.sqrt_2, self.sqrt_2),
                    5 => (-self.sqrt_2, -self.sqrt_2),
                    _ => (self.sqrt_2, -self.sqrt_2),
                };
                let emit = |residue: usize, y: T| {
                    let (i, negative) = odd_permutation(residue, n);
                    put(i, negate_odd(i, if negative { -y } else { y }));
                };
                stage.forward(n, scale, permuted, |k, z| {
                    let residue = (8 * k) % n;
                    emit(residue, cos * z.re + sin * z.im);
                    if k > 0 {
                        emit(n - residue, cos * z.re - sin * z.im);
                    }
                });
            }
        }
    }
}

/// For odd `n`: the sample `i` and the sign with `cos(2 pi a x / 8 n) = +-cos(2 pi (2 i + 1) x / 8 n)`
/// for all odd `x`, where `a` is `j` modulo `n` and 1 modulo 8.
#[inline(always)]
fn odd_permutation(j: usize, n: usize) -> (usize, bool) {
    let mut a = j + n * (((1 + 7 * (j % 8)) * (n % 8)) % 8);
    if a > 4 * n {
        a = 8 * n - a;
    }
    let negative = a > 2 * n;
    if negative {
        a = 4 * n - a;
    }
    ((a - 1) / 2, negative)
}

/// The transforms that the trigonometric ones are made of. All input is read before output is emitted.
trait Stage<T: FftFloat> {
    /// Passes on the half spectrum of `n` reals, times `scale`.
    fn forward(self, n: usize, scale: T, get: impl Fn(usize) -> T + Sync, emit: impl Fn(usize, Complex<T>) + Sync);
    /// Passes on the `n` reals with a half spectrum, times `scale`.
    fn backward(self, n: usize, scale: T, get: impl Fn(usize) -> Complex<T> + Sync, emit: impl Fn(usize, T) + Sync);
    /// Passes on the spectrum of `n` complex numbers.
    fn complex(self, n: usize, get: impl Fn(usize) -> Complex<T> + Sync, emit: impl Fn(usize, Complex<T>) + Sync);
}

struct LargeStage;

impl<T: FftFloat> Stage<T> for LargeStage {
    fn forward(self, n: usize, scale: T, get: impl Fn(usize) -> T + Sync, emit: impl Fn(usize, Complex<T>) + Sync) {
        large::real_forward(n, scale, get, emit);
    }

    fn backward(self, n: usize, scale: T, get: impl Fn(usize) -> Complex<T> + Sync, emit: impl Fn(usize, T) + Sync) {
        large::real_backward(n, scale, get, emit);
    }

    fn complex(self, n: usize, get: impl Fn(usize) -> Complex<T> + Sync, emit: impl Fn(usize, Complex<T>) + Sync) {
        let load = |start: usize, piece: &mut [Complex<T>]| (start..).zip(piece).for_each(|(j, z)| *z = get(j));
        let store = |start: usize, piece: &[Complex<T>]| (start..).zip(piece).for_each(|(k, z)| emit(k, *z));
        // SAFETY: functions read and write.
        unsafe { plan::get::<Large<T>>(n, Direction::Forward).run(Input::Load(&load), Output::Store(&store)) };
    }
}

/// A stage in work memory, for lanes that fit in cache.
struct SmallStage<'a, T: FftFloat> {
    core: &'a Core<T>,
    scratch: &'a mut [Complex<T>],
}

impl<T: FftFloat> Stage<T> for SmallStage<'_, T> {
    #[inline(always)]
    fn forward(self, n: usize, scale: T, get: impl Fn(usize) -> T + Sync, emit: impl Fn(usize, Complex<T>) + Sync) {
        let Core::Real(plan, _) = self.core else { return };
        let (x, rest) = self.scratch.split_at_mut(n.div_ceil(2));
        let (bins, scratch) = rest.split_at_mut(n / 2 + 1);
        let x: &mut [T] = &mut bytemuck::cast_slice_mut(x)[..n];
        at_most_avx2(|| x.iter_mut().enumerate().for_each(|(j, x)| *x = get(j)));
        plan.forward(x, bins, scratch, scale, false);
        at_most_avx2(|| {
            emit(0, bins[0]);
            (1..).zip(&bins[1..]).for_each(|(k, z)| emit(k, *z));
        });
    }

    #[inline(always)]
    fn backward(self, n: usize, scale: T, get: impl Fn(usize) -> Complex<T> + Sync, emit: impl Fn(usize, T) + Sync) {
        let Core::Real(plan, _) = self.core else { return };
        let (x, rest) = self.scratch.split_at_mut(n.div_ceil(2));
        let (bins, scratch) = rest.split_at_mut(n / 2 + 1);
        let x: &mut [T] = &mut bytemuck::cast_slice_mut(x)[..n];
        at_most_avx2(|| bins.iter_mut().enumerate().for_each(|(k, z)| *z = get(k)));
        plan.backward(bins, x, scratch, scale, false);
        at_most_avx2(|| x.iter().enumerate().for_each(|(j, x)| emit(j, *x)));
    }

    #[inline(always)]
    fn complex(self, n: usize, get: impl Fn(usize) -> Complex<T> + Sync, emit: impl Fn(usize, Complex<T>) + Sync) {
        let Core::Complex(plan) = self.core else { return };
        let (x, scratch) = self.scratch.split_at_mut(n);
        at_most_avx2(|| x.iter_mut().enumerate().for_each(|(j, z)| *z = get(j)));
        plan.process_with_scratch(x, scratch);
        at_most_avx2(|| x.iter().enumerate().for_each(|(k, z)| emit(k, *z)));
    }
}

impl<T: FftFloat> LaneKernel for TrigKernel<T> {
    type Real = T;
    type In = T;
    type Out = T;
    const IN_PLACE: bool = true;

    fn in_len(&self) -> usize {
        self.n
    }

    fn out_len(&self) -> usize {
        self.n
    }

    fn scratch_len(&self) -> usize {
        match &self.core {
            Core::Real(plan, n) => n.div_ceil(2) + n / 2 + 1 + plan.scratch_len(),
            Core::Complex(plan) => plan.len() + plan.get_inplace_scratch_len(),
            Core::Large => 0,
        }
    }

    fn run(&self, x: &[T], out: &mut [T], scratch: &mut [Complex<T>]) {
        for (x, out) in x.chunks_exact(self.n).zip(out.chunks_exact_mut(self.n)) {
            let out = Shared::new(out.as_mut_ptr());
            // SAFETY: `transform` puts each of the lane's `n` elements, on this thread.
            let put = |k: usize, y: T| unsafe {
                debug_assert!(k < self.n);
                *out.get().add(k) = y;
            };
            let x = Shared::new(x.as_ptr());
            // SAFETY: `transform` reads elements of this lane.
            let get = |j: usize| unsafe {
                debug_assert!(j < self.n);
                *x.get().add(j)
            };
            self.transform(SmallStage { core: &self.core, scratch }, get, put);
        }
    }

    fn run_in_place(&self, lanes: &mut [T], scratch: &mut [Complex<T>]) -> bool {
        for lane in lanes.chunks_exact_mut(self.n) {
            let lane = Shared::new(lane.as_mut_ptr());
            let (get, put) = (
                // SAFETY: `transform` reads elements of this lane, all before it puts any.
                |j: usize| unsafe {
                    debug_assert!(j < self.n);
                    *lane.get().add(j)
                },
                // SAFETY: as in `run`.
                |k: usize, y: T| unsafe {
                    debug_assert!(k < self.n);
                    *lane.get().add(k) = y;
                },
            );
            self.transform(SmallStage { core: &self.core, scratch }, get, put);
        }
        true
    }
}
