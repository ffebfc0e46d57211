//! Masks over leading axes, several index arrays, and assignment by both.

use xp_core::functions::*;
use xp_core::{Array, Backend, Error, Ix2};

use crate::support::{Any, array, sized, vector};

fn sample<B: Backend>(device: &B) -> Array<B, i32, Ix2> {
    Array::from_vec(device, (0..12).collect(), [4, 3]).unwrap()
}

/// `select_rows` with masks of every rank, of views.
pub fn leading_masks<B: Backend>(device: &B) {
    let x = sample(device);
    let rows = vector(device, &[true, false, false, true]);
    let got = x.select_rows(&rows).unwrap();
    assert_eq!((got.dims(), got.to_vec()), (&[2, 3][..], vec![0, 1, 2, 9, 10, 11]));
    assert_eq!(x.t().select_rows(&vector(device, &[false, true, false])).unwrap().to_vec(), [1, 4, 7, 10]);
    let even = x.remainder(2).equal(0);
    assert_eq!(x.select_rows(&even).unwrap().to_vec(), [0, 2, 4, 6, 8, 10]);
    assert_eq!(x.t().select_rows(&even.t()).unwrap().to_vec(), [0, 6, 4, 10, 2, 8]);
    for (flag, n) in [(true, 1), (false, 0)] {
        let scalar = array(device, &[flag], &[]);
        assert_eq!(x.select_rows(&scalar).unwrap().dims(), [n, 4, 3]);
        assert_eq!(array(device, &[5i32], &[]).select_rows(&scalar).unwrap().dims(), [n]);
    }
    assert_eq!(x.select_rows(&vector(device, &[false; 4])).unwrap().dims(), [0, 3]);
    assert_eq!(array::<_, f32>(device, &[], &[0, 2]).select_rows(&array(device, &[], &[0])).unwrap().dims(), [0, 2]);
    assert_eq!(array::<_, f32>(device, &[], &[2, 0]).select_rows(&vector(device, &[true, false])).unwrap().dims(), [1, 0]);
    let flags = Array::from_vec(device, vec![true, false, false, true], [2, 2]).unwrap();
    assert_eq!(flags.select_rows(&flags).unwrap().to_vec(), [true, true]);
    let wrong = x.select_rows(&vector(device, &[true; 3])).unwrap_err().to_string();
    assert!(wrong.contains("[3]") && wrong.contains("[4, 3]"), "{wrong}");
    assert!(x.select_rows(&array(device, &[true; 12], &[4, 3, 1])).is_err());
}

/// Assignment by masks: scalars, arrays, booleans; nothing else changes.
pub fn mask_assignment<B: Backend>(device: &B) {
    let mut x = sample(device);
    let before = x.clone();
    let rows = vector(device, &[false, true, false, true]);
    x.set_rows(&rows, -1).unwrap();
    assert_eq!(x.to_vec(), [0, 1, 2, -1, -1, -1, 6, 7, 8, -1, -1, -1]);
    x.set_rows(&rows, &vector(device, &[10, 20, 30])).unwrap();
    assert_eq!(x.to_vec(), [0, 1, 2, 10, 20, 30, 6, 7, 8, 10, 20, 30]);
    x.set_rows(&rows, &array(device, &[1, 2], &[2, 1])).unwrap();
    assert_eq!(x.to_vec(), [0, 1, 2, 1, 1, 1, 6, 7, 8, 2, 2, 2]);
    let large = x.greater(5);
    x.set_rows(&large, &vector(device, &[-6, -7, -8])).unwrap();
    assert_eq!(x.to_vec(), [0, 1, 2, 1, 1, 1, -6, -7, -8, 2, 2, 2]);
    x.set_rows(&array(device, &[false], &[]), 99).unwrap();
    assert_eq!(x.get([0, 0]).unwrap(), 0);
    x.set_rows(&array(device, &[true], &[]), 99).unwrap();
    assert_eq!(x.to_vec(), [99; 12]);
    assert_eq!(before.to_vec(), (0..12).collect::<Vec<_>>());
    let mut t = before.t();
    t.set_rows(&vector(device, &[true, false, false]), &vector(device, &[5, 6, 7, 8])).unwrap();
    assert_eq!(t.to_vec(), [5, 6, 7, 8, 1, 4, 7, 10, 2, 5, 8, 11]);
    let mut flags = vector(device, &[true, false, true]);
    flags.set_rows(&vector(device, &[true, true, false]), &vector(device, &[false, true])).unwrap();
    assert_eq!(flags.to_vec(), [false, true, true]);
    let wrong = x.set_rows(&rows, &vector(device, &[1, 2])).unwrap_err().to_string();
    assert!(wrong.contains("[2]") && wrong.contains("[2, 3]"), "{wrong}");
    let mut none = array::<_, i32>(device, &[], &[0, 3]);
    none.set_rows(&array(device, &[], &[0]), 1).unwrap();
}

/// `take_at`: broadcasting, negative indices, fewer arrays than axes, scalars, bounds.
pub fn several_index_arrays<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24).collect::<Vec<i32>>(), [2, 3, 4]).unwrap();
    let at = |v: &[i64], shape: &[usize]| -> Any<B, i64> { array(device, v, shape) };
    let (i, j, k) = (at(&[0, 1], &[2, 1]), at(&[2, 0, -2], &[3]), at(&[-1], &[]));
    let got = x.take_at(&[&i, &j, &k]).unwrap();
    assert_eq!((got.dims(), got.to_vec()), (&[2, 3][..], vec![11, 3, 7, 23, 15, 19]));
    let got = x.take_at(&[&i, &j]).unwrap();
    assert_eq!(got.dims(), [2, 3, 4]);
    assert_eq!(got.index_axis(2, 3).unwrap().to_vec(), [11, 3, 7, 23, 15, 19]);
    assert_eq!(x.take_at(&[&k]).unwrap().to_vec(), (12..24).collect::<Vec<_>>());
    let view = x.permute_dims(&[2, 0, 1]).unwrap();
    assert_eq!(view.take_at(&[&at(&[3, 0], &[2]), &at(&[1, 0], &[2]), &at(&[2, 2], &[2])]).unwrap().to_vec(), [23, 8]);
    assert_eq!(x.take_at(&[&at(&[], &[0]), &at(&[1], &[1])]).unwrap().dims(), [0, 4]);
    assert!(matches!(x.take_at(&[&i, &at(&[3], &[1])]), Err(Error::Index { index: 3, axis: 1, len: 3, operation: None })));
    assert!(matches!(x.take_at(&[&at(&[-3], &[1])]), Err(Error::Index { index: -3, axis: 0, len: 2, operation: None })));
    assert!(matches!(x.take_at(&[&at(&[0, 0], &[2]), &at(&[0, 0, 0], &[3])]), Err(Error::Broadcast { .. })));
    assert!(matches!(x.take_at(&[&i, &i, &i, &i]), Err(Error::Rank { .. })));
    let none: [Array<B, i64, xp_core::Ix1>; 0] = [];
    assert!(x.take_at(&none).is_err());
    let empty = array::<_, i32>(device, &[], &[0, 3]);
    assert!(matches!(empty.take_at(&[&at(&[0], &[1])]), Err(Error::Index { index: 0, axis: 0, len: 0, operation: None })));
    assert_eq!(empty.take_at(&[&at(&[], &[0])]).unwrap().dims(), [0, 3]);
}

/// `put_at` and `put_add_at`.
pub fn index_assignment<B: Backend>(device: &B) {
    let at = |v: &[i64], shape: &[usize]| -> Any<B, i64> { array(device, v, shape) };
    let mut x = sample(device);
    let before = x.clone();
    let (i, j) = (at(&[0, -1, 0], &[3]), at(&[1, 2, 1], &[3]));
    x.put_at(&[&i, &j], &vector(device, &[70, 80, 90])).unwrap();
    assert_eq!(x.to_vec(), [0, 90, 2, 3, 4, 5, 6, 7, 8, 9, 10, 80]);
    x.put_add_at(&[&i, &j], 1).unwrap();
    assert_eq!(x.to_vec(), [0, 92, 2, 3, 4, 5, 6, 7, 8, 9, 10, 81]);
    x.put_add_at(&[&i], &vector(device, &[100, 200, 300])).unwrap();
    assert_eq!(x.to_vec(), [200, 492, 602, 3, 4, 5, 6, 7, 8, 109, 210, 381]);
    x.put_at(&[&at(&[1], &[])], &vector(device, &[-1, -2, -3])).unwrap();
    assert_eq!(x.to_vec(), [200, 492, 602, -1, -2, -3, 6, 7, 8, 109, 210, 381]);
    assert_eq!(before.to_vec(), (0..12).collect::<Vec<_>>());
    let mut t = before.t();
    t.put_at(&[&at(&[0, 2], &[2]), &at(&[3], &[])], &array(device, &[-1, -2], &[1, 2])).unwrap();
    assert_eq!(t.to_vec(), [0, 3, 6, -1, 1, 4, 7, 10, 2, 5, 8, -2]);
    let mut flags = Array::from_vec(device, vec![false; 6], [2, 3]).unwrap();
    flags.put_at(&[&at(&[0, 1], &[2]), &at(&[2, 0], &[2])], true).unwrap();
    assert_eq!(flags.to_vec(), [false, false, true, true, false, false]);
    let error = x.put_at(&[&i, &at(&[5], &[])], 1).unwrap_err();
    assert_eq!(error, Error::Index { index: 5, axis: 1, len: 3, operation: None });
    assert!(x.put_at(&[&i], &vector(device, &[1, 2])).is_err());
    assert_eq!(x.get([0, 0]).unwrap(), 200, "a failed assignment writes nothing");
    // A value that shares the memory is read before it is written.
    let mut y = vector(device, &[1, 2, 3]);
    let same = y.clone();
    y.put_at(&[&at(&[2, 1, 0], &[3])], &same).unwrap();
    assert_eq!(y.to_vec(), [3, 2, 1]);
    let mut sums = zeros::<_, f32, _>(device, [3]).unwrap();
    let many = sized(3000, 150);
    sums.put_add_at(&[&(arange(device, 0i64, many, 1).unwrap() % 3).into_dyn()], 0.5).unwrap();
    assert_eq!(sums.to_vec(), [many as f32 / 6.0; 3]);
}
