//! The parts of the test suite that reach the unsafe code of `xp-core`, on the plain backend: few elements, every layout.
//! `scripts/miri.sh` runs them in an interpreter.

use xp_conformance::support;
use xp_reference::Host;

macro_rules! tests {
    ($($module:ident { $($name:ident $(<$t:ty>)?),* $(,)? })*) => {$(
        mod $module {
            $(
                #[test]
                fn $name() {
                    xp_conformance::$module::$name::<_ $(, $t)?>(&xp_reference::Host);
                }
            )*
        }
    )*};
}
tests! {
    methods { lanes_are_checked, handles_are_values }
    slicing { python_slices, items, views_share_nothing, broadcasting, reshapes, diagonals, axes }
    indexing { elements, assignment, masks, take, take_of_any_rank, take_along_axis, put, head_slices }
    operators { in_place, value_semantics }
    manipulation { concat, stack, unstack, roll, tile, repeat, flip, moveaxis }
    errors { shapes_that_do_not_broadcast, ranks, axes, indices, lengths, joining, too_many_axes }
    standard { several_index_arrays, index_assignment, mask_assignment, unique_of_any_dtype }
    fusion { rows<f32>, stretched_rows<f32>, operands_beside_rows<f32>, mixed_dtypes }
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
