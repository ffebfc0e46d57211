//! The parts of the test suite that reach the unsafe code of `xp-core`, on the plain backend: few elements, every layout.
//! `scripts/miri.sh` runs them in an interpreter.

use xp_conformance::support;
use xp_core::extra::{PadMode, add_to_diagonal, pad};
use xp_core::functions::arange;
use xp_reference::Host;

xp_conformance::tests! { xp_reference::Host;
    creation { tiles<f32> }
    operators { in_place, value_semantics }
    fusion { owned_operands<f32>, rows<f32>, stretched_rows<f32>, operands_beside_rows<f32>, row_blocks<f32>, mixed_dtypes }
    matmul { into_existing<f32> }
    partials { join<f32> }
}

/// What is evaluated onto a part of an array's memory.
#[test]
fn onto_views() {
    let x = arange(&Host, 0, 6, 1).unwrap().reshape([2, 3]).unwrap();
    let padded = pad(&x.t(), &[(1, 0), (0, 2)], PadMode::Constant(9)).unwrap();
    assert_eq!(padded.to_vec(), [9, 9, 9, 9, 0, 3, 9, 9, 1, 4, 9, 9, 2, 5, 9, 9]);
    let mut y = x.clone();
    add_to_diagonal(&mut y, support::vector(&Host, &[10, 20])).unwrap();
    add_to_diagonal(&mut y, 100).unwrap();
    assert_eq!((y.to_vec(), x.to_vec()), (vec![110, 1, 2, 3, 124, 5], (0..6).collect()));
}

/// Chunks of every layout: direct, constant, strided, gathered, whole and cut short, in place and not, with an operation that
/// has a slow path.
#[test]
fn layouts() {
    let values: Vec<f32> = (0..support::LONGEST).map(|k| k as f32 - 60.5).collect();
    for sample in support::layouts(&Host, &values) {
        let what = &sample.layout;
        let twice: Vec<f32> = sample.values.iter().map(|x| x * 2.0).collect();
        assert_eq!((sample.array.lazy() + &sample.array).eval().to_vec(), twice, "{what}");
        assert_eq!((sample.array.lazy() * 2.0).eval().to_vec(), twice, "{what}");
        let sines = sample.array.lazy().sin().eval().to_vec();
        assert!(sines.iter().zip(&sample.values).all(|(s, x)| (s - x.sin()).abs() < 1e-6), "{what}");
        let sum: f64 = sample.values.iter().map(|&x| f64::from(x)).sum();
        assert_eq!(f64::from(sample.array.lazy().sum(..).eval().item().unwrap()), sum, "{what}");
        if let Some(largest) = sample.values.iter().copied().reduce(f32::max) {
            let at = sample.array.lazy().argmax(..).eval().item().unwrap() as usize;
            assert_eq!(Some(at), sample.values.iter().position(|&x| x == largest), "{what}");
        }
        let mut owned = sample.array.copy().unwrap();
        owned += &sample.array;
        assert_eq!(owned.to_vec(), twice, "{what}");
        assert_eq!((owned.into_lazy() - &sample.array).eval().to_vec(), sample.values, "{what}");
    }
}
