//! train_test_split.

use xp_core::Backend;
use xp_models::model_selection::{TrainTestSplit, train_test_split};

use super::golden::*;

pub fn parts_are_a_partition<B: Backend>(device: &B) {
    let n = 101i64;
    let y = labels(device, &(0..n).collect::<Vec<_>>());
    let x = y.astype::<f32>().reshape([n as usize, 1]).unwrap();
    let (a, b, ya, yb) = train_test_split(&x, &y, 0.25, 3).unwrap();
    // A fraction for testing is rounded up.
    assert_eq!((a.shape(), b.shape()), ([75, 1], [26, 1]));
    let mut all = [ya.to_vec(), yb.to_vec()].concat();
    assert_ne!(all, (0..n).collect::<Vec<_>>());
    all.sort_unstable();
    assert_eq!(all, (0..n).collect::<Vec<_>>());
    assert_eq!(b.astype::<i64>().to_vec(), yb.to_vec());
    let same = train_test_split(&x, &y, 0.25, 3).unwrap().3;
    let other = train_test_split(&x, &y, 0.25, 4).unwrap().3;
    assert_eq!(same.to_vec(), yb.to_vec());
    assert_ne!(other.to_vec(), yb.to_vec());
    let (_, _, ya, yb) = TrainTestSplit::new().test_size(10_usize).train_size(20_usize).shuffle(false).split(&x, &y).unwrap();
    assert_eq!((ya.to_vec(), yb.to_vec()), ((0..20).collect(), (20..30).collect()));
}

pub fn strata_keep_their_shares<B: Backend>(device: &B) {
    let y = labels(
        device,
        &(0..60)
            .map(|i| {
                if i < 30 {
                    7
                } else if i < 50 {
                    -1
                } else {
                    3
                }
            })
            .collect::<Vec<_>>(),
    );
    let (_, _, train, test) = TrainTestSplit::new().test_size(0.3).seed(9).split_stratified(&y, &y).unwrap();
    let count = |y: &xp_core::Array<B, i64, xp_core::Ix1>, label: i64| y.equal(label).count_nonzero(..).item().unwrap();
    assert_eq!([7, -1, 3].map(|l| (count(&train, l), count(&test, l))), [(21, 9), (14, 6), (7, 3)]);
}
