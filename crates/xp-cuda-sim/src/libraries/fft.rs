//! The simulated cuFFT: transforms by the CPU backend.

use num_complex::Complex;
use xp_core::{Array, Dyn, Element, Num};
use xp_cpu::Cpu;
use xp_cuda::libraries::fft::{FftLib, FftPlan, Kind, PlanKey};
use xp_cuda::{Device, Error, Result};
use xp_fft::{Direction, Fft};

use super::called;

pub(super) struct SimulatedFft;

impl FftLib for SimulatedFft {
    fn plan(&self, device: &Device, key: &PlanKey) -> Result<Box<dyn FftPlan>> {
        drop(device.enter("plan of a Fourier transform")?);
        if !(1..=3).contains(&key.lengths.len()) || key.lengths.iter().any(|&n| n < 1) || key.batch < 1 || key.stride < 1 {
            return Err(Error::InvalidArgument { operation: "plan of a Fourier transform".into(), reason: format!("{key:?}") });
        }
        Ok(Box::new(SimulatedPlan(key.clone())))
    }
}

struct SimulatedPlan(PlanKey);

impl FftPlan for SimulatedPlan {
    unsafe fn execute(&self, device: &Device, input: u64, output: u64, inverse: bool) -> Result<()> {
        let _access = called(device, "Fourier transform", &[input, output])?;
        let direction = if inverse { Direction::Backward } else { Direction::Forward };
        // SAFETY: passed on; nothing is queued.
        unsafe {
            match self.0.double {
                false => self.run::<f32, Complex<f32>>(input, output, direction),
                true => self.run::<f64, Complex<f64>>(input, output, direction),
            }
        }
        Ok(())
    }
}

impl SimulatedPlan {
    unsafe fn run<T: xp_core::Float, S: xp_core::Floating<Part = T>>(&self, input: u64, output: u64, direction: Direction)
    where
        Cpu: Fft<T, Complex = S>,
    {
        let key = &self.0;
        let lengths: Vec<usize> = key.lengths.iter().map(|&n| n as usize).collect();
        let mut half = lengths.clone();
        half.iter_mut().last().into_iter().for_each(|n| *n = *n / 2 + 1);
        let axes: Vec<usize> = (0..lengths.len()).collect();
        let one = <T as Num>::ONE;
        for i in 0..key.batch {
            // SAFETY: passed on; a half-complex input may be overwritten, here by its first element.
            unsafe {
                match key.kind {
                    Kind::Complex => {
                        let x = load::<S>(input, (i * key.distance.0, key.stride), &lengths);
                        store(&Cpu::c2c(x, &axes, &lengths, direction, one).expect("valid lengths"), output, (i * key.distance.1, key.stride));
                    }
                    Kind::RealToComplex => {
                        let x = load::<T>(input, (i * key.distance.0, key.stride), &lengths);
                        store(
                            &Cpu::r2c(x, &axes, &lengths, Direction::Forward, one).expect("valid lengths"),
                            output,
                            (i * key.distance.1, key.stride),
                        );
                    }
                    Kind::ComplexToReal => {
                        let x = load::<S>(input, (i * key.distance.0, key.stride), &half);
                        // cuFFT leaves open what a spectrum does that no real elements have: here it spoils the result.
                        let spoilt = !is_hermitian(&x, lengths[lengths.len() - 1]);
                        let y = Cpu::c2r(x, &axes, &lengths, Direction::Backward, one).expect("valid lengths");
                        store(&if spoilt { y * T::NAN } else { y }, output, (i * key.distance.1, key.stride));
                    }
                }
            }
        }
    }
}

/// Whether bins along the last axis that are their own conjugates, at 0 and at half an even length, are conjugates of each other along
/// the other axes.
fn is_hermitian<S: xp_core::Floating>(x: &Array<Cpu, S, Dyn>, n: usize) -> bool {
    let (shape, values) = (x.dims(), x.to_vec());
    let bins = shape[shape.len() - 1];
    let other = |place: usize| {
        let (mut rest, mut at, mut step) = (place, 0, 1);
        for &len in shape[..shape.len() - 1].iter().rev() {
            at += (len - rest % len) % len * step;
            (rest, step) = (rest / len, step * len);
        }
        at
    };
    let lone = [0, if n.is_multiple_of(2) { n / 2 } else { 0 }];
    (0..values.len() / bins).all(|place| lone.iter().all(|&bin| values[place * bins + bin] == values[other(place) * bins + bin].conj()))
}

/// The elements from an offset on, with a stride between neighbours.
unsafe fn load<E: Element>(address: u64, (offset, stride): (i64, i64), shape: &[usize]) -> Array<Cpu, E, Dyn> {
    let start = address as *const E;
    // SAFETY: live memory of this many elements, by the contract of `execute`.
    let values = (0..shape.iter().product::<usize>() as i64).map(|k| unsafe { start.offset((offset + k * stride) as isize).read_unaligned() });
    Array::from_vec(&Cpu, values.collect(), shape.to_vec()).expect("as many values as elements")
}

unsafe fn store<E: Element>(x: &Array<Cpu, E, Dyn>, address: u64, (offset, stride): (i64, i64)) {
    let start = address as *mut E;
    for (k, value) in x.to_vec().into_iter().enumerate() {
        // SAFETY: as above.
        unsafe { start.offset((offset + k as i64 * stride) as isize).write_unaligned(value) };
    }
}
