//! N-dimensional transforms: axes, strides, padding, in place.

use num_complex::Complex;

use xp_engine::fft::*;

use super::oracle::*;

/// A small N-d array for the oracle.
#[derive(Clone)]
struct Nd {
    shape: Vec<usize>,
    data: Vec<C64>,
}

impl Nd {
    /// Replaces every lane along `axis` by `f` of it.
    fn map_lanes(&self, axis: usize, f: impl Fn(&[C64]) -> Vec<C64>) -> Self {
        let inner: usize = self.shape[axis + 1..].iter().product();
        let outer: usize = self.shape[..axis].iter().product();
        let n = self.shape[axis];
        let mut shape = self.shape.clone();
        let mut lanes = vec![];
        for o in 0..outer {
            for i in 0..inner {
                let lane: Vec<C64> = (0..n).map(|j| self.data[(o * n + j) * inner + i]).collect();
                lanes.push(f(&lane));
            }
        }
        shape[axis] = lanes.first().map_or(0, Vec::len);
        let m = shape[axis];
        let mut data = vec![C64::default(); outer * m * inner];
        for o in 0..outer {
            for i in 0..inner {
                for j in 0..m {
                    data[(o * m + j) * inner + i] = lanes[o * inner + i][j];
                }
            }
        }
        Self { shape, data }
    }

    fn fit(&self, axis: usize, n: usize) -> Self {
        self.map_lanes(axis, |lane| (0..n).map(|j| lane.get(j).copied().unwrap_or_default()).collect())
    }

    fn dft(&self, axes: &[usize], lens: &[usize], sign: f64) -> Self {
        axes.iter().zip(lens).fold(self.clone(), |a, (&axis, &n)| a.fit(axis, n).map_lanes(axis, |lane| dft(lane, sign)))
    }
}

/// A strided view of shape `shape` in fresh memory, with axes permuted and some reversed, and the
/// same values in row-major order.
struct Strided<E> {
    memory: Vec<E>,
    shape: Vec<usize>,
    strides: Vec<isize>,
    offset: usize,
    values: Vec<E>,
}

impl<E: Copy> Strided<E> {
    fn new(memory: Vec<E>, shape: &[usize], order: &[usize], reversed: u32) -> Self {
        let mut strides = vec![0isize; shape.len()];
        let mut step = 1;
        for &axis in order.iter().rev() {
            strides[axis] = step;
            step *= shape[axis] as isize;
        }
        let mut offset = 0;
        for (d, stride) in strides.iter_mut().enumerate() {
            if reversed >> d & 1 == 1 {
                offset += (shape[d] as isize - 1) * *stride;
                *stride = -*stride;
            }
        }
        let offset = offset as usize;
        let values = gather(&memory, shape, &strides, offset);
        Self { memory, shape: shape.to_vec(), strides, offset, values }
    }

    fn view(&self) -> View<'_, E> {
        View::new(&self.memory, &self.shape, &self.strides, self.offset)
    }
}

fn gather<E: Copy>(memory: &[E], shape: &[usize], strides: &[isize], offset: usize) -> Vec<E> {
    let total = shape.iter().product::<usize>();
    (0..total)
        .map(|mut i| {
            let mut at = offset as isize;
            for d in (0..shape.len()).rev() {
                at += (i % shape[d]) as isize * strides[d];
                i /= shape[d];
            }
            memory[at as usize]
        })
        .collect()
}

fn close(got: &[C64], want: &Nd, what: &str) {
    let n = want.data.len();
    let error = distance(got, &want.data);
    assert!(error <= bound::<f64>(n.max(16)), "{what}: {error:e}");
}

/// All subsets of the axes of a rank, each also in reverse order.
fn axis_sets(rank: usize) -> Vec<Vec<usize>> {
    let mut sets = vec![];
    for mask in 1u32..1 << rank {
        let set: Vec<usize> = (0..rank).filter(|d| mask >> d & 1 == 1).collect();
        let mut back = set.clone();
        back.reverse();
        if back != set {
            sets.push(back);
        }
        sets.push(set);
    }
    sets
}

fn check_array(shape: &[usize], order: &[usize], reversed: u32, change: isize) {
    let total = shape.iter().product();
    let x = Strided::new(complex_noise::<f64>(total, 1), shape, order, reversed);
    let r = Strided::new(noise::<f64>(total, 2), shape, order, reversed);
    let nd = Nd { shape: shape.to_vec(), data: x.values.clone() };
    let real = Nd { shape: shape.to_vec(), data: widen_real(&r.values) };
    for axes in axis_sets(shape.len()) {
        let lens: Vec<usize> =
            axes.iter().enumerate().map(|(i, &a)| shape[a].saturating_add_signed(if i % 2 == 0 { change } else { -change }).max(1)).collect();
        let what = format!("shape {shape:?} order {order:?} reversed {reversed:b} axes {axes:?} lens {lens:?}");
        for (direction, sign) in [(Direction::Forward, -1.0), (Direction::Backward, 1.0)] {
            let want = nd.dft(&axes, &lens, sign);
            let got = output(want.data.len(), |out| c2c(x.view(), &axes, &lens, direction, 1.0, out));
            close(&got, &want, &what);
            if change == 0 {
                let mut data = x.values.clone();
                c2c_in_place(&mut data, shape, &axes, direction, 1.0);
                close(&data, &want, &what);
            }
            let want = real.dft(&axes, &lens, sign);
            let got = output(want.data.len(), |out| r2c_full(r.view(), &axes, &lens, direction, 1.0, out));
            close(&got, &want, &format!("full {what}"));
            let (&last, &n) = axes.last().zip(lens.last()).unwrap();
            let want = want.fit(last, n / 2 + 1);
            let got = output(want.data.len(), |out| r2c(r.view(), &axes, &lens, direction, 1.0, out));
            close(&got, &want, &format!("half {what}"));
            // The real inverse: complex transforms of the outer axes, then the real one by definition.
            let outer = &axes[..axes.len() - 1];
            let inner_sign = if direction == Direction::Forward { -1.0 } else { 1.0 };
            let want =
                nd.fit(last, shape[last].min(n / 2 + 1)).dft(outer, &lens[..outer.len()], inner_sign).fit(last, n / 2 + 1).map_lanes(last, |lane| {
                    let mut whole = vec![C64::default(); n];
                    for k in 0..=n / 2 {
                        whole[k] = lane[k];
                        whole[(n - k) % n] = lane[k].conj();
                    }
                    whole[0].im = 0.0;
                    if n.is_multiple_of(2) {
                        whole[n / 2].im = 0.0;
                    }
                    dft(&whole, sign)
                });
            let got = output(want.data.len(), |out| c2r(x.view(), &axes, &lens, direction, 1.0, out));
            close(&widen_real(&got), &want, &format!("back {what}"));
        }
        let t = Trig { family: TrigFamily::Sine, kind: TrigType::II, orthogonalize: true };
        let want = axes.iter().zip(&lens).fold(real.clone(), |a, (&axis, &n)| {
            a.fit(axis, n).map_lanes(axis, |lane| {
                let lane: Vec<f64> = lane.iter().map(|z| z.re).collect();
                widen_real(&trig(&lane, t))
            })
        });
        let got = output(want.data.len(), |out| r2r(r.view(), &axes, &lens, t, 1.0, out));
        close(&widen_real(&got), &want, &format!("sine {what}"));
    }
}

#[test]
fn all_axes_up_to_rank_four() {
    for change in [0, 1, -1] {
        check_array(&[7], &[0], 0, change);
        check_array(&[5, 6], &[0, 1], 0, change);
        check_array(&[3, 4, 5], &[0, 1, 2], 0, change);
        check_array(&[2, 3, 4, 3], &[0, 1, 2, 3], 0, change);
        check_array(&[1, 4, 1], &[0, 1, 2], 0, change);
    }
}

#[test]
fn transposed_and_reversed_views() {
    for change in [0, 1] {
        check_array(&[9], &[0], 1, change);
        check_array(&[5, 6], &[1, 0], 0, change);
        check_array(&[5, 6], &[1, 0], 0b11, change);
        check_array(&[3, 4, 5], &[2, 0, 1], 0b010, change);
        check_array(&[2, 3, 4, 3], &[3, 1, 0, 2], 0b1001, change);
    }
}

#[test]
fn arrays_large_enough_for_tiles_and_threads() {
    for (shape, order) in [(&[130, 257], &[0, 1]), (&[130, 257], &[1, 0]), (&[1024, 40], &[0, 1])] {
        let total = shape.iter().product();
        let x = Strided::new(complex_noise::<f64>(total, 1), shape, order, 0);
        let r = Strided::new(noise::<f64>(total, 1), shape, order, 0);
        for axis in 0..2 {
            let n = shape[axis];
            let nd = Nd { shape: shape.to_vec(), data: x.values.clone() };
            let want = nd.map_lanes(axis, |lane| output(n, |out| c2c(View::new(lane, &[n], &[1], 0), &[0], &[n], Direction::Forward, 0.5, out)));
            let got = output(total, |out| c2c(x.view(), &[axis], &[n], Direction::Forward, 0.5, out));
            close(&got, &want, "tiles");
            let mut data = x.values.clone();
            c2c_in_place(&mut data, shape, &[axis], Direction::Forward, 0.5);
            close(&data, &want, "tiles in place");
            let t = Trig { family: TrigFamily::Cosine, kind: TrigType::III, orthogonalize: false };
            let nd = Nd { shape: shape.to_vec(), data: widen_real(&r.values) };
            let want = nd.map_lanes(axis, |lane| {
                let lane: Vec<f64> = lane.iter().map(|z| z.re).collect();
                widen_real(&output(n, |out| r2r(View::new(&lane, &[n], &[1], 0), &[0], &[n], t, 1.0, out)))
            });
            let got = output(total, |out| r2r(r.view(), &[axis], &[n], t, 1.0, out));
            close(&widen_real(&got), &want, "cosine tiles");
            let mut data = r.values.clone();
            r2r_in_place(&mut data, shape, &[axis], t, 1.0);
            close(&widen_real(&data), &want, "cosine tiles in place");
        }
    }
}

#[test]
fn large_lanes_along_a_strided_axis() {
    let n = 65_536;
    let x = complex_noise::<f64>(2 * n, 1);
    let got = output(2 * n, |out| c2c(View::new(&x, &[n, 2], &[2, 1], 0), &[0], &[n], Direction::Forward, 1.0, out));
    for lane in 0..2 {
        let single: Vec<C64> = (0..n).map(|j| x[2 * j + lane]).collect();
        let want = output(n, |out| c2c(View::new(&single, &[n], &[1], 0), &[0], &[n], Direction::Forward, 1.0, out));
        assert_eq!((0..n).map(|k| got[2 * k + lane]).collect::<Vec<_>>(), want);
    }
}

#[test]
fn a_broadcast_lane_and_a_broadcast_batch() {
    let x = complex_noise::<f64>(6, 1);
    let got = output(24, |out| c2c(View::new(&x, &[4, 6], &[0, 1], 0), &[1], &[6], Direction::Forward, 1.0, out));
    let want = dft(&x, -1.0);
    got.chunks(6).for_each(|lane| assert!(distance(lane, &want) < bound::<f64>(6)));
    let got = output(24, |out| c2c(View::new(&x, &[6, 4], &[1, 0], 0), &[1], &[4], Direction::Forward, 1.0, out));
    for (lane, z) in got.chunks(4).zip(&x) {
        assert!(distance(lane, &dft(&[*z; 4], -1.0)) < bound::<f64>(4));
    }
}

#[test]
fn empty_batches_and_no_axes() {
    let none: Vec<C64> = output(0, |out| c2c(View::new(&[], &[0, 4], &[4, 1], 0), &[1], &[4], Direction::Forward, 1.0, out));
    assert!(none.is_empty());
    // An empty axis is padded with zeros.
    let zeros: Vec<C64> = output(6, |out| c2c(View::new(&[], &[2, 0], &[1, 1], 0), &[1], &[3], Direction::Forward, 1.0, out));
    assert_eq!(zeros, [C64::default(); 6]);
    let x = complex_noise::<f64>(6, 1);
    let same: Vec<C64> = output(6, |out| c2c(View::new(&x, &[2, 3], &[1, 2], 0), &[], &[], Direction::Forward, 2.0, out));
    let want: Vec<C64> = gather(&x, &[2, 3], &[1, 2], 0).iter().map(|z| z * 2.0).collect();
    assert_eq!(same, want);
}

#[test]
fn the_consuming_real_inverse_agrees() {
    let x = complex_noise::<f32>(6 * 5 * 4, 9);
    let shape = [6, 5, 4];
    let view = View::new(&x, &shape, &[20, 4, 1], 0);
    let (axes, n) = ([0, 1, 2], 7);
    let want: Vec<f32> = output(6 * 5 * n, |out| c2r(view, &axes, &[6, 5, n], Direction::Backward, 0.25, out));
    let mut work: Vec<Complex<f32>> = x.clone();
    let got = output(6 * 5 * n, |out| c2r_consuming(&mut work, &shape, &axes, n, Direction::Backward, 0.25, out));
    assert_eq!(got, want);
}
