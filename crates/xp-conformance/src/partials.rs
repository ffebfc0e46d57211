//! Accumulators of the parts of an array, each reduced alone, sent as bytes, and joined.

use half::f16;
use num_complex::Complex;
use xp_core::reduction::{All, Any, ArgMax, ArgMin, CountNonzero, Max, Mean, Min, Outputs, Partial, Prod, Ptp, Reduction, Std, Sum, Var};
use xp_core::{Array, Backend, Element, Float, Ix1, Ix2, s};

/// Where the parts begin and end: of one element, and of chunks that are cut short.
const BOUNDS: [usize; 6] = [0, 1, 70, 70 + 64, 199, 200];
const N: usize = 200;
const P: usize = 3;

/// The elements of a partial result, column by column, which `$open` makes of the arrays that the reduction gives.
macro_rules! elements {
    ($x:expr, $R:expr, [$($k:tt)+]) => {{
        let partial = $x.reduce(Partial($R), 0);
        let columns = ($(partial.$k.to_vec(),)+);
        (0..P).map(|j| ($(columns.$k[j],)+)).collect::<Vec<_>>()
    }};
    ($x:expr, $R:expr, []) => {
        $x.reduce(Partial($R), 0).to_vec()
    };
}

/// The results of a reduction of the columns of a matrix, from `one` of the parts of its rows.
fn joined<B: Backend, T: Element, R: Reduction<T>>(
    reduction: R,
    x: &Array<B, T, Ix2>,
    one: impl Fn(&Array<B, T, Ix2>) -> Vec<R::Partial>,
) -> Vec<R::Out> {
    let mut sums = vec![R::identity(); P];
    for part in BOUNDS.windows(2) {
        for (sum, partial) in sums.iter_mut().zip(one(&x.slice(s![part[0]..part[1]]).unwrap())) {
            let mut bytes = vec![];
            partial.write_bytes(&mut bytes);
            assert_eq!(bytes.len(), R::Partial::bytes());
            // SAFETY: the bytes are those of the line above.
            *sum = R::merge(*sum, R::from_partial(unsafe { R::Partial::read_bytes(&bytes) }, part[0]));
        }
    }
    sums.into_iter().map(|sum| reduction.finish(sum, N)).collect()
}

fn matrix<B: Backend, T: Element>(device: &B, value: impl Fn(usize) -> T) -> Array<B, T, Ix2> {
    Array::from_vec(device, (0..N * P).map(value).collect(), [N, P]).unwrap()
}

/// The accumulators of every reduction, and of a tuple of them, joined, give the result of the whole: small numbers, whose sums are
/// exact in any order, up to a few units in the last place for what is divided.
pub fn join<B: Backend, T: Float>(device: &B) {
    let value = |k: usize| ((k * 37) % 101) as f64 / 4.0 - 12.0;
    let x = matrix(device, |k| T::from_f64(value(k)));
    let whole = matrix(device, |k| ((k * 37) % 101) as i32);
    let half = matrix(device, |k| f16::from_f64(value(k)));
    let with_nan = matrix(device, |k| if k % 151 == 80 { T::from_f64(f64::NAN) } else { T::from_f64(value(k)) });
    let truth = matrix(device, |k| k % 7 == 3);
    macro_rules! same {
        ($x:ident: $($R:ident $fields:tt)*) => {$(
            assert_eq!(joined($R, &$x, |part| elements!(part, $R, $fields)), $x.reduce($R, 0).to_vec(), "{} of {}", stringify!($R), stringify!($x));
        )*};
    }
    same! { x: Sum[] Max[] Min[] All[] Any[] CountNonzero[] Mean[] ArgMax[0 1] ArgMin[0 1] Ptp[0 1] }
    same! { whole: Sum[] Prod[] Max[] Any[] ArgMin[0 1] Ptp[0 1] }
    same! { half: Sum[] Max[] ArgMax[0 1] Ptp[0 1] }
    same! { with_nan: ArgMax[0 1] ArgMin[0 1] }
    same! { truth: All[] Any[] CountNonzero[] }
    let near = |got: &[T], expected: &[T]| got.iter().zip(expected).all(|(g, e)| ((*g - *e) / *e).to_f64().abs() < 64.0 * T::EPSILON.to_f64());
    let (var, std) =
        (joined(Var(1.0), &x, |part| elements!(part, Var(1.0), [0 1 2 3])), joined(Std(1.0), &x, |part| elements!(part, Std(1.0), [0 1 2 3])));
    assert!(near(&var, &x.reduce(Var(1.0), 0).to_vec()) && near(&std, &x.reduce(Std(1.0), 0).to_vec()), "{var:?}, {std:?}");
    let z = matrix(device, |k| Complex::new(value(k) as f32, value(k + 5) as f32));
    let var = joined(Var(0.0), &z, |part| elements!(part, Var(0.0), [0 1 2 3]));
    assert!(var.iter().zip(z.reduce(Var(0.0), 0).to_vec()).all(|(got, e)| (got - e).abs() <= 1e-5 * e), "{var:?}");
    assert_eq!(joined(Sum, &z, |part| elements!(part, Sum, [])), z.sum(0).to_vec());
    let several = (Sum, ArgMin, Var(1.0));
    let got = joined(several, &x, |part| {
        let (sum, (least, place), (n, first, mean, squares)) = part.reduce(Partial(several), 0);
        let moments = (n.to_vec(), first.to_vec(), mean.to_vec(), squares.to_vec());
        let (sum, least, place) = (sum.to_vec(), least.to_vec(), place.to_vec());
        (0..P).map(|j| (sum[j], (least[j], place[j]), (moments.0[j], moments.1[j], moments.2[j], moments.3[j]))).collect()
    });
    let (sum, place, var) = x.reduce(several, 0);
    for (j, got) in got.into_iter().enumerate() {
        assert_eq!((got.0, got.1), (sum.to_vec()[j], place.to_vec()[j]));
        assert!(near(&[got.2], &var.to_vec()[j..=j]));
    }
    // All elements to one result.
    let v: Array<B, T, Ix1> = x.reshape([N * P]).unwrap();
    let (largest, place) = v.reduce(Partial(ArgMax), ..);
    assert_eq!((largest.item().unwrap(), place.item().unwrap()), (v.max(..).item().unwrap(), v.argmax(..).item().unwrap()));
}
