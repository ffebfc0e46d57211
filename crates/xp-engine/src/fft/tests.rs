//! What only the module itself can reach.

#[allow(dead_code)]
#[path = "../../tests/engine/fft/oracle.rs"]
mod oracle;

// The kernels for wide registers against rustfft in double precision, at every length they take; and the routes that other
// processors take.

use std::sync::{Arc, Mutex};

use num_complex::Complex;
use rustfft::FftPlanner;

use crate::fft::kernels::{C2c, RealPlan};
use crate::fft::lanes::{self, Lanes};
use crate::fft::large::{Input, Large, Output};
use crate::fft::plan::{self, Plan};
use crate::fft::{Direction, View, c2c, c2c_in_place, planner, stockham};
use crate::threads::Shared;
use oracle::*;

const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Backward];

/// Lengths up to `limit` without prime factors above 5.
fn smooth(limit: usize) -> Vec<usize> {
    let powers = |p: usize| (0..).map(move |e| p.pow(e)).take_while(move |&q| q < limit);
    let threes = || powers(3).flat_map(move |a| powers(5).map(move |b| a * b));
    let mut all: Vec<usize> = powers(2).flat_map(|a| threes().map(move |b| a * b)).filter(|&n| n < limit).collect();
    all.sort_unstable();
    all
}

fn reference(x: &[C64], direction: Direction) -> Vec<C64> {
    let mut y = x.to_vec();
    FftPlanner::new().plan_fft(x.len(), planner::sign(direction)).process(&mut y);
    y
}

fn close<T: TestFloat>(got: &[Complex<T>], want: &[C64], what: &str) {
    let (n, error) = (want.len(), distance(&widen(got), want));
    assert!(error <= bound::<T>(n), "{what} {} n={n}: {error:e} > {:e}", T::NAME, bound::<T>(n));
}

fn complex_lines<T: TestFloat>() -> usize {
    let mut taken = 0;
    for n in smooth(6000) {
        let x = complex_noise::<T>(n, n as u64);
        for direction in DIRECTIONS {
            let Some(plan) = stockham::plan::<T>(n, direction) else { continue };
            taken += 1;
            let want = reference(&widen(&x), direction);
            let mut scratch = vec![Complex::new(T::ZERO, T::ZERO); n];
            let mut out = scratch.clone();
            plan.process_immutable_with_scratch(&x, &mut out, &mut scratch);
            close(&out, &want, "out of place");
            let mut data = x.clone();
            plan.process_with_scratch(&mut data, &mut scratch);
            close(&data, &want, "in place");
        }
    }
    taken
}

#[test]
fn every_length_of_the_wide_kernels_agrees_with_rustfft() {
    let taken = complex_lines::<f64>() + complex_lines::<f32>();
    assert_eq!(taken > 0, stockham::plan::<f64>(1024, Direction::Forward).is_some());
}

fn real_lines<T: TestFloat>() {
    for n in smooth(4100).into_iter().filter(|n| n % 2 == 0) {
        let r = noise::<T>(n, n as u64);
        let want = reference(&widen_real(&r), Direction::Forward);
        let zero = Complex::new(T::ZERO, T::ZERO);
        let make = |direction| [RealPlan::<T>::portable(n, direction), Plan::make(n, direction)];
        for conj in [false, true] {
            let sign = |z: &C64| if conj { z.conj() } else { *z };
            for plan in make(Direction::Forward) {
                let mut out = vec![zero; n / 2 + 1];
                plan.forward(&r, &mut out, &mut vec![zero; plan.scratch_len()], T::HALF, conj);
                let want: Vec<C64> = want[..n / 2 + 1].iter().map(|z| sign(z) * 0.5).collect();
                close(&out, &want, "real forward");
            }
            for plan in make(Direction::Backward) {
                let mut spectrum: Vec<Complex<T>> =
                    want[..n / 2 + 1].iter().map(sign).map(|z| Complex::new(T::of_f64(z.re), T::of_f64(z.im))).collect();
                // Imaginary parts that do not count.
                (spectrum[0].im, spectrum[n / 2].im) = (T::ONE, -T::ONE);
                let mut out = vec![T::ZERO; n];
                plan.backward(&spectrum, &mut out, &mut vec![zero; plan.scratch_len()], T::of_f64(1.0 / n as f64), conj);
                close(&out.iter().map(|&v| Complex::new(v, T::ZERO)).collect::<Vec<_>>(), &widen_real(&r), "real backward");
            }
        }
    }
}

#[test]
fn real_lines_agree_on_both_routes() {
    real_lines::<f64>();
    real_lines::<f32>();
}

fn columns<T: TestFloat>() {
    for n in smooth(130).into_iter().chain([256, 375, 768, 1024]) {
        for count in [8, 9, 16, 19, 35] {
            let mut x = complex_noise::<T>(n * count, n as u64);
            // Columns of zeros stay what they are.
            let cut = count.min(17);
            x.chunks_mut(count).for_each(|row| row[..cut.min(8)].fill(Complex::new(T::ZERO, T::ZERO)));
            for direction in DIRECTIONS {
                let got = output(n * count, |out| c2c(View::new(&x, &[n, count], &[count as isize, 1], 0), &[0], &[n], direction, T::HALF, out));
                let mut data = x.clone();
                c2c_in_place(&mut data, &[n, count], &[0], direction, T::HALF);
                let mut tiled = x.clone();
                let lanes = Lanes::new(&[n, count], &[count as isize, 1], &[count as isize, 1], 0);
                // SAFETY: an array of this shape, in place.
                unsafe { lanes::run(&C2c::portable(n, direction, T::HALF), tiled.as_ptr(), tiled.as_mut_ptr(), &lanes, true) };
                for j in 0..count {
                    let column = |from: &[Complex<T>]| (0..n).map(|i| from[i * count + j]).collect::<Vec<_>>();
                    let want: Vec<C64> = reference(&widen(&column(&x)), direction).iter().map(|z| z * 0.5).collect();
                    close(&column(&got), &want, "columns");
                    close(&column(&data), &want, "columns in place");
                    close(&column(&tiled), &want, "columns in tiles");
                }
            }
        }
    }
}

#[test]
fn columns_are_transformed_side_by_side() {
    columns::<f64>();
    columns::<f32>();
}

fn three<E: Copy + PartialEq + std::fmt::Debug + 'static>(make: impl Fn(usize) -> E) {
    for n in (0..40).chain([100, 513]) {
        let x: Vec<E> = (0..3 * n).map(&make).collect();
        let pitch = n + 3;
        let mut split = vec![make(0); 3 * pitch];
        let mut merged = vec![make(0); 3 * n];
        // SAFETY: all three arrays are long enough.
        let done = unsafe {
            stockham::split_three(x.as_ptr(), split.as_mut_ptr(), pitch, n) && stockham::merge_three(split.as_ptr(), pitch, merged.as_mut_ptr(), n)
        };
        if done {
            assert_eq!(merged, x);
            (0..3 * n).for_each(|k| assert_eq!(split[k % 3 * pitch + k / 3], x[k]));
        }
    }
}

#[test]
fn three_interleaved_lanes_come_apart_and_together() {
    three(|k| k as f32);
    three(|k| k as f64);
    three(|k| Complex::new(k as f32, -1.0));
    three(|k| Complex::new(k as f64, -1.0));
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let x = complex_noise::<f32>(1 << 17, 3);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (one, plane) = ([1usize << 17], [256usize, 512]);
        pool.install(|| {
            let mut line = x.clone();
            c2c_in_place(&mut line, &one, &[0], Direction::Forward, 1.0);
            let mut both = x.clone();
            c2c_in_place(&mut both, &plane, &[0, 1], Direction::Forward, 1.0);
            (line, both)
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn all_methods_for_large_lengths_agree_with_the_definition_at_small_ones() {
    for n in (4..200).chain([256, 384, 400, 729, 1000, 1009, 1024, 2187, 2304]) {
        let x = complex_noise::<f64>(n, n as u64);
        for direction in DIRECTIONS {
            let want = dft(&x, if direction == Direction::Forward { -1.0 } else { 1.0 });
            for (name, plan) in [("large", Arc::new(Large::portable(n, direction))), ("large, wide", plan::get(n, direction))] {
                let collected = Mutex::new(vec![C64::new(f64::NAN, 0.0); n]);
                let load = |start: usize, piece: &mut [C64]| piece.copy_from_slice(&x[start..start + piece.len()]);
                let store = |start: usize, piece: &[C64]| collected.lock().unwrap()[start..start + piece.len()].copy_from_slice(piece);
                // SAFETY: functions read and write.
                unsafe { plan.run(Input::Load(&load), Output::Store(&store)) };
                close(&collected.into_inner().unwrap(), &want, name);
                let mut row = x.clone();
                let place = row.as_mut_ptr();
                // SAFETY: a row of `n` numbers, in place.
                unsafe { plan.run(Input::Row(Shared::new(place.cast_const())), Output::Row(Shared::new(place), 0.5)) };
                row.iter_mut().for_each(|z| *z *= 2.0);
                close(&row, &want, name);
                let collected = Mutex::new(vec![C64::new(f64::NAN, 0.0); n]);
                plan.run_pairs(n, &load, |k, a, b| {
                    let mut y = collected.lock().unwrap();
                    (y[k], y[(n - k) % n]) = (a, b);
                });
                close(&collected.into_inner().unwrap(), &want, "large pairs");
            }
        }
    }
}

#[test]
fn the_plan_cache_is_bounded_and_shared() {
    for n in 1..1200 {
        plan::complex::<f64>(n, Direction::Forward);
    }
    let (count, bytes) = plan::plan_cache_size();
    assert!(count <= 512 && bytes <= 256 << 20, "{count} plans, {bytes} bytes");
    let here = plan::complex::<f64>(1199, Direction::Forward);
    let there = std::thread::spawn(|| plan::complex::<f64>(1199, Direction::Forward)).join().unwrap();
    assert!(std::sync::Arc::ptr_eq(&here, &there) || plan::plan_cache_size().0 < count);
}
