//! One-dimensional transforms: every small length, primes, large lengths, norms, padding.

use num_complex::Complex;

use xp_engine::fft::*;

use super::oracle::*;

const DIRECTIONS: [(Direction, f64); 2] = [(Direction::Forward, -1.0), (Direction::Backward, 1.0)];

fn all_trigs() -> Vec<Trig> {
    let mut all = vec![];
    for family in [TrigFamily::Cosine, TrigFamily::Sine] {
        for kind in [TrigType::I, TrigType::II, TrigType::III, TrigType::IV] {
            for orthogonalize in [false, true] {
                all.push(Trig { family, kind, orthogonalize });
            }
        }
    }
    all
}

/// Every length up to 128, then primes and others.
fn lengths() -> Vec<usize> {
    (1..=128).chain([131, 139, 251, 256, 257, 360, 509, 512, 729, 1000, 1009, 1024, 1031]).collect()
}

fn line<T: TestFloat>(x: &[Complex<T>], n: usize, direction: Direction, scale: T) -> Vec<Complex<T>> {
    output(n, |out| c2c(View::new(x, &[x.len()], &[1], 0), &[0], &[n], direction, scale, out))
}

fn real_line<T: TestFloat>(x: &[T], n: usize, direction: Direction, scale: T) -> Vec<Complex<T>> {
    output(n / 2 + 1, |out| r2c(View::new(x, &[x.len()], &[1], 0), &[0], &[n], direction, scale, out))
}

fn full_line<T: TestFloat>(x: &[T], n: usize, direction: Direction, scale: T) -> Vec<Complex<T>> {
    output(n, |out| r2c_full(View::new(x, &[x.len()], &[1], 0), &[0], &[n], direction, scale, out))
}

fn back_line<T: TestFloat>(x: &[Complex<T>], n: usize, direction: Direction, scale: T) -> Vec<T> {
    output(n, |out| c2r(View::new(x, &[x.len()], &[1], 0), &[0], &[n], direction, scale, out))
}

fn trig_line<T: TestFloat>(x: &[T], n: usize, trig: Trig, scale: T) -> Vec<T> {
    output(n, |out| r2r(View::new(x, &[x.len()], &[1], 0), &[0], &[n], trig, scale, out))
}

/// A table of the largest error of each transform, in units of `log2(n) eps`.
struct Worst(Vec<(String, f64, usize)>);

impl Worst {
    fn check<T: TestFloat>(&mut self, name: &str, n: usize, got: &[Complex<T>], want: &[C64]) {
        self.check_wide::<T>(name, n, &widen(got), want);
    }

    fn check_wide<T: TestFloat>(&mut self, name: &str, n: usize, got: &[C64], want: &[C64]) {
        let error = distance(got, want);
        assert!(error <= bound::<T>(n), "{name} {} n={n}: {error:e} > {:e}", T::NAME, bound::<T>(n));
        let error = error * 3.0 / bound::<T>(n);
        let name = format!("{name} {}", T::NAME);
        match self.0.iter_mut().find(|row| row.0 == name) {
            Some(row) if row.1 < error => (row.1, row.2) = (error, n),
            Some(_) => {}
            None => self.0.push((name, error, n)),
        }
    }
}

impl Drop for Worst {
    fn drop(&mut self) {
        println!("| transform | largest error / (log2(n) eps) | at n |");
        self.0.iter().for_each(|(name, error, n)| println!("| {name} | {error:.2} | {n} |"));
    }
}

fn small_lengths<T: TestFloat>() {
    let mut worst = Worst(vec![]);
    for n in lengths() {
        let x = complex_noise::<T>(n, n as u64);
        let r = noise::<T>(n, 7 * n as u64);
        let wide = widen(&x);
        for (direction, sign) in DIRECTIONS {
            let want = dft(&wide, sign);
            worst.check("c2c", n, &line(&x, n, direction, T::ONE), &want);
            let mut data = x.clone();
            c2c_in_place(&mut data, &[n], &[0], direction, T::ONE);
            worst.check("c2c in place", n, &data, &want);
            let want = dft(&widen_real(&r), sign);
            worst.check("r2c", n, &real_line(&r, n, direction, T::ONE), &want[..n / 2 + 1]);
            worst.check("r2c full", n, &full_line(&r, n, direction, T::ONE), &want);
            // A spectrum with imaginary parts where a real result has none: they are ignored.
            let half = &x[..n / 2 + 1];
            let mut spectrum = vec![C64::new(0.0, 0.0); n];
            for k in 0..=n / 2 {
                spectrum[k] = wide[k];
                spectrum[(n - k) % n] = wide[k].conj();
            }
            spectrum[0].im = 0.0;
            if n.is_multiple_of(2) {
                spectrum[n / 2].im = 0.0;
            }
            if direction == Direction::Forward {
                spectrum.iter_mut().for_each(|z| *z = z.conj());
            }
            let got = back_line(half, n, direction, T::ONE);
            worst.check_wide::<T>("c2r", n, &widen_real(&got), &dft(&spectrum, 1.0));
        }
        for t in all_trigs().into_iter().filter(|t| n >= t.min_len()) {
            let name = format!("{:?} {:?}", t.family, t.kind);
            let exact: Vec<f64> = r.iter().map(|v| v.wide()).collect();
            let want = widen_real(&trig(&exact, t));
            worst.check_wide::<T>(&name, n, &widen_real(&trig_line(&r, n, t, T::ONE)), &want);
            let mut data = r.clone();
            r2r_in_place(&mut data, &[n], &[0], t, T::ONE);
            worst.check_wide::<T>(&name, n, &widen_real(&data), &want);
        }
    }
}

#[test]
fn every_small_length_f64() {
    small_lengths::<f64>();
}

#[test]
fn every_small_length_f32() {
    small_lengths::<f32>();
}

/// Sampled bins of large transforms. The distance is relative to the whole result by Parseval.
fn large_lengths<T: TestFloat>(lengths: &[usize], trigs: &[Trig]) {
    let mut worst = Worst(vec![]);
    for &n in lengths {
        let x = complex_noise::<T>(n, n as u64);
        let r = noise::<T>(n, 3 * n as u64);
        let sample: Vec<usize> = [0, 1, 2, n / 2, n - 1, n / 3].into_iter().chain((0..18).map(|i| (i * 7919 * 101) % n)).collect();
        let pick = |y: &[Complex<T>]| -> Vec<C64> { widen(&sample.iter().map(|&k| y[k]).collect::<Vec<_>>()) };
        for (direction, sign) in DIRECTIONS {
            let wide = widen(&x);
            let want: Vec<C64> = sample.iter().map(|&k| bin(&wide, k, sign)).collect();
            let y = line(&x, n, direction, T::ONE);
            worst.check_wide::<T>("c2c", n, &pick(&y), &want);
            let mut data = x.clone();
            c2c_in_place(&mut data, &[n], &[0], direction, T::ONE);
            assert_eq!(data, y);
            let back = line(&y, n, if sign < 0.0 { Direction::Backward } else { Direction::Forward }, T::of_f64(1.0 / n as f64));
            worst.check::<T>("c2c and back", n, &back, &wide);
            let wide = widen_real(&r);
            let want: Vec<C64> = sample.iter().map(|&k| bin(&wide, k, sign)).collect();
            let full = full_line(&r, n, direction, T::ONE);
            worst.check_wide::<T>("r2c full", n, &pick(&full), &want);
            let half = real_line(&r, n, direction, T::ONE);
            assert_eq!(half, &full[..n / 2 + 1]);
            let other = if sign < 0.0 { Direction::Backward } else { Direction::Forward };
            let back = back_line(&half, n, other, T::of_f64(1.0 / n as f64));
            worst.check_wide::<T>("r2c, c2r", n, &widen_real(&back), &wide);
        }
        let exact: Vec<f64> = r.iter().map(|v| v.wide()).collect();
        for &t in trigs {
            let y = trig_line(&r, n, t, T::ONE);
            let mut prepared = exact.clone();
            let mut wanted: Vec<f64> = vec![];
            let flagged = t.orthogonalize;
            if flagged {
                // Linear and with ends scaled: checked through the round trip below.
                let inverse = Trig { kind: t.kind.inverse(), ..t };
                let back = trig_line(&y, n, inverse, T::of_f64(1.0 / t.period(n) as f64));
                worst.check_wide::<T>("trig and back", n, &widen_real(&back), &widen_real(&r));
                prepared.clear();
            } else {
                wanted.extend(sample.iter().map(|&k| trig_bin(&prepared, k, t)));
                let got: Vec<T> = sample.iter().map(|&k| y[k]).collect();
                let name = format!("{:?} {:?}", t.family, t.kind);
                worst.check_wide::<T>(&name, n, &widen_real(&got), &wanted.iter().map(|&v| C64::new(v, 0.0)).collect::<Vec<_>>());
            }
            let mut data = r.clone();
            r2r_in_place(&mut data, &[n], &[0], t, T::ONE);
            assert_eq!(data, y);
        }
    }
}

#[test]
fn large_lengths_f64() {
    large_lengths::<f64>(&[65536, 65537, 65538, 65551, 100_000, 131_072, 2 * 50_021, 98_304], &all_trigs());
    large_lengths::<f64>(&[1_000_003], &[]);
}

#[test]
fn large_lengths_f32() {
    large_lengths::<f32>(&[65536, 65537, 100_000, 131_074], &all_trigs());
    large_lengths::<f32>(&[1 << 20, 1_000_003], &[]);
}

#[test]
fn orthogonal_trigs_keep_the_norm() {
    for t in all_trigs().into_iter().filter(|t| t.orthogonalize) {
        for n in [2usize, 5, 16, 33] {
            let x = noise::<f64>(n, 11);
            let scale = 1.0 / (t.period(n) as f64).sqrt();
            let y = trig_line(&x, n, t, scale);
            let (a, b): (f64, f64) = (x.iter().map(|v| v * v).sum(), y.iter().map(|v| v * v).sum());
            assert!((a / b - 1.0).abs() < 1e-14, "{t:?} {n}: {a} {b}");
        }
    }
}

#[test]
fn input_is_padded_and_cut() {
    for (len, n) in [(5usize, 8usize), (8, 5), (1, 9), (9, 1), (70_000, 65_536), (65_000, 65_540)] {
        let x = complex_noise::<f64>(len, 3);
        let fit: Vec<C64> = (0..n).map(|j| x.get(j).copied().unwrap_or_default()).collect();
        assert_eq!(line(&x, n, Direction::Forward, 1.0), line(&fit, n, Direction::Forward, 1.0));
        let r = noise::<f64>(len, 4);
        let fit: Vec<f64> = (0..n).map(|j| r.get(j).copied().unwrap_or_default()).collect();
        assert_eq!(real_line(&r, n, Direction::Forward, 1.0), real_line(&fit, n, Direction::Forward, 1.0));
        let dct = Trig { family: TrigFamily::Cosine, kind: TrigType::II, orthogonalize: false };
        assert_eq!(trig_line(&r, n, dct, 1.0), trig_line(&fit, n, dct, 1.0));
        let m = n / 2 + 1;
        let fit: Vec<C64> = (0..m).map(|j| x.get(j).copied().unwrap_or_default()).collect();
        assert_eq!(back_line(&x, n, Direction::Backward, 1.0), back_line(&fit, n, Direction::Backward, 1.0));
    }
}

#[test]
fn threads_transform_at_the_same_time() {
    let workers: Vec<_> = (0..4)
        .map(|seed| {
            std::thread::spawn(move || {
                for n in (1..64).chain([65_536]) {
                    let x = complex_noise::<f64>(n, seed);
                    let y = line(&x, n, Direction::Forward, 1.0);
                    let back = line(&y, n, Direction::Backward, 1.0 / n as f64);
                    assert!(distance(&back, &x) < bound::<f64>(n));
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|w| w.join().unwrap());
}

#[test]
#[should_panic(expected = "at least one point")]
fn a_length_of_zero_is_refused() {
    line(&[C64::new(1.0, 0.0)], 0, Direction::Forward, 1.0);
}

#[test]
#[should_panic(expected = "two points")]
fn a_type_one_cosine_transform_of_one_point_is_refused() {
    let dct = Trig { family: TrigFamily::Cosine, kind: TrigType::I, orthogonalize: false };
    trig_line(&[1.0f64], 1, dct, 1.0);
}
