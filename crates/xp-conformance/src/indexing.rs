//! Reading and writing elements, slices, masks and index arrays.

use xp_core::functions::*;
use xp_core::{Array, Backend, Error, Ix1, Ix2, Ix4, s};

use crate::support::{sized, vector};

/// `get` and `item`.
pub fn elements<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1u16, 2, 3, 4, 5, 6], [2, 3]).unwrap();
    assert_eq!((x.get([0, 0]).unwrap(), x.get([1, -1]).unwrap(), x.t().get([2, 0]).unwrap()), (1, 6, 3));
    assert_eq!(x.slice(s![.., ..;-1]).unwrap().get([0, 0]).unwrap(), 3);
    assert_eq!(x.get([2, 0]).unwrap_err(), Error::Index { index: 2, axis: 0, len: 2, operation: None });
    assert_eq!(x.get([0, -4]).unwrap_err(), Error::Index { index: -4, axis: 1, len: 3, operation: None });
    let message = |e: Error| e.to_string();
    assert_eq!(message(x.get([0]).unwrap_err()), format!("get: 1 index given for shape {:?}, which has 2 axes", x.dims()));
    assert_eq!(message(x.get([0, 0, 0]).unwrap_err()), format!("get: 3 indices given for shape {:?}, which has 2 axes", x.dims()));
    assert_eq!(x.slice(s![1..2, 2..]).unwrap().item().unwrap(), 6);
    assert!(matches!(x.item(), Err(Error::Shape { .. })));
    assert_eq!(full(device, [], 3u16).unwrap().get([0; 0]).unwrap(), 3);
}

/// Assignment of scalars and arrays to slices.
pub fn assignment<B: Backend>(device: &B) {
    let mut x = zeros::<_, i32, _>(device, [3, 4]).unwrap();
    x.set(s![1], 5).unwrap();
    x.set(s![.., -1], vector(device, &[7, 8, 9])).unwrap();
    x.set(s![0, ..;2], &vector(device, &[1, 2])).unwrap();
    assert_eq!(x.to_vec(), [1, 0, 2, 7, 5, 5, 5, 8, 0, 0, 0, 9]);
    x.set(s![..;-1, ..;-1], Array::from_vec(device, (0..12).collect(), [3, 4]).unwrap()).unwrap();
    assert_eq!(x.to_vec(), (0..12).rev().collect::<Vec<i32>>());
    // A value that shares the memory is read before it is written.
    let whole = x.clone();
    x.set(s![.., ..;-1], &whole).unwrap();
    assert_eq!(x.to_vec(), [8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3]);
    let row = x.slice(s![0]).unwrap();
    x.set(s![1..], row).unwrap();
    assert_eq!(x.to_vec(), [8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11]);
    // A lazy value.
    let y = vector(device, &[1, 2, 3, 4]);
    x.set(s![2], y.lazy() * 10).unwrap();
    assert_eq!(x.slice(s![2]).unwrap().to_vec(), [10, 20, 30, 40]);
    x.set(s![0, 0], 99).unwrap();
    assert_eq!(x.get([0, 0]).unwrap(), 99);
    x.set(s![3..], 1).unwrap();
    let wrong = x.set(s![0], vector(device, &[1, 2])).unwrap_err().to_string();
    assert!(wrong.contains("[2]") && wrong.contains("[4]"), "{wrong}");
    let grows = x.set(s![0, ..1], vector(device, &[1, 2])).unwrap_err().to_string();
    assert!(grows.contains("[2]") && grows.contains("[1]"), "{grows}");
    assert!(matches!(x.set(s![5], 1), Err(Error::Index { .. })));
    let mut t = Array::from_vec(device, (0..6).collect::<Vec<i32>>(), [2, 3]).unwrap().t();
    t.set(s![0], -1).unwrap();
    assert_eq!(t.to_vec(), [-1, -1, 1, 4, 2, 5]);
}

/// Boolean masks: selection and assignment.
pub fn masks<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![3.0f32, -1.0, 4.0, -1.0, 5.0, -9.0], [2, 3]).unwrap();
    let negative = x.less(0.0);
    assert_eq!(x.select(&negative).unwrap().to_vec(), [-1.0, -1.0, -9.0]);
    assert_eq!(x.t().select(&negative.t()).unwrap().to_vec(), [-1.0, -1.0, -9.0]);
    assert_eq!(x.t().select(&x.t().greater(0.0)).unwrap().to_vec(), [3.0, 5.0, 4.0]);
    assert!(x.select(&x.greater(100.0)).unwrap().is_empty());
    let mut y = x.clone();
    y.set_where(&negative, 0.0).unwrap();
    assert_eq!(y.to_vec(), [3.0, 0.0, 4.0, 0.0, 5.0, 0.0]);
    y.set_where(&vector(device, &[true, false, false]), &vector(device, &[7.0, 8.0, 9.0])).unwrap();
    assert_eq!(y.to_vec(), [7.0, 0.0, 4.0, 7.0, 5.0, 0.0]);
    let error = x.select(&negative.t().reshape([2, 3]).unwrap().slice(s![.., 1..]).unwrap()).unwrap_err().to_string();
    assert!(error.contains("[2, 2]") && error.contains("[2, 3]"), "{error}");
    assert!(y.set_where(&vector(device, &[true, false]), 1.0).is_err());
    // Long enough for several threads.
    let n = sized(100_000, 200);
    let long = arange(device, 0i32, n, 1).unwrap();
    let thirds = (&long % 3).equal(0);
    assert_eq!(long.select(&thirds).unwrap().to_vec(), (0..n).step_by(3).collect::<Vec<_>>());
}

/// `take` along every axis, of views, with negative and repeated indices.
pub fn take<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24).collect::<Vec<i32>>(), [2, 3, 4]).unwrap();
    let picks = [2i64, 0, -1, 1];
    for (axis, n) in [(0isize, 2i64), (1, 3), (2, 4), (-1, 4)] {
        let picks: Vec<i64> = picks.iter().map(|p| p % n).collect();
        let got = x.take(&vector(device, &picks), axis).unwrap();
        let parts: Vec<_> = picks.iter().map(|&p| x.index_axis(axis, p as isize).unwrap()).collect();
        let expected = stack(&parts, axis).unwrap();
        assert_eq!((got.dims(), got.to_vec()), (expected.dims(), expected.to_vec()), "axis {axis}");
        let reversed = x.slice(s![..;-1, .., ..;-1]).unwrap();
        assert_eq!(reversed.take(&vector(device, &[0i64]), axis).unwrap().to_vec(), reversed.slice_axis(axis, ..1).unwrap().to_vec());
    }
    let none = Array::<B, i64, _>::from_vec(device, vec![], [0]).unwrap();
    assert_eq!(x.take(&none, 1).unwrap().shape(), [2, 0, 4]);
    assert!(matches!(x.take(&vector(device, &[3i64]), 1).and_then(|y| y.to_host()), Err(Error::Index { index: 3, len: 3, .. })));
    assert!(matches!(x.take(&vector(device, &[-4i64]), 1).and_then(|y| y.to_host()), Err(Error::Index { index: -4, len: 3, .. })));
    assert!(matches!(x.take(&vector(device, &[0i64]), 3), Err(Error::Axis { axis: 3, ndim: 3 })));
    assert_eq!(vector(device, &[true, false]).take(&vector(device, &[1i64, 1]), 0).unwrap().to_vec(), [false, false]);
}

/// `take_along_axis` undoes `argsort`, and broadcasts the other axes.
pub fn take_along_axis<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![3, 1, 2, 9, 7, 8], [2, 3]).unwrap();
    for axis in [0, 1, -1] {
        let order = x.argsort(axis, Ascending).unwrap();
        assert_eq!(x.take_along_axis(&order, axis).unwrap().to_vec(), x.sort(axis, Ascending).unwrap().to_vec());
    }
    let last = Array::from_vec(device, vec![-1i64, 0], [2, 1]).unwrap();
    assert_eq!(x.take_along_axis(&last, 1).unwrap().to_vec(), [2, 9]);
    let shared = Array::from_vec(device, vec![2i64, 0], [1, 2]).unwrap();
    assert_eq!(x.take_along_axis(&shared, 1).unwrap().to_vec(), [2, 3, 8, 9]);
    assert_eq!(x.t().take_along_axis(&shared.t(), 0).unwrap().to_vec(), [2, 8, 3, 9]);
    assert!(x.take_along_axis(&Array::from_vec(device, vec![3i64; 2], [2, 1]).unwrap(), 1).and_then(|y| y.to_host()).is_err());
    assert!(x.take_along_axis(&Array::from_vec(device, vec![0i64; 3], [3, 1]).unwrap(), 1).is_err());
}

/// Indices of any rank stand in the place of the axis.
pub fn take_of_any_rank<B: Backend>(device: &B) {
    let host: Vec<i32> = (0..2 * 5 * 3).collect();
    let x = Array::from_vec(device, host.clone(), [2, 5, 3]).unwrap();
    let turned = x.permute_dims(&[2, 0, 1]).unwrap().copy().unwrap().permute_dims(&[1, 2, 0]).unwrap();
    let at = [4i64, 0, -1, 2, 2, 1];
    let indices = vector(device, &at);
    let matrix: Array<B, i64, Ix2> = indices.reshape([2, 3]).unwrap();
    for x in [&x, &turned] {
        let pairs: Array<B, i32, Ix4> = x.take(&matrix, 1).unwrap();
        assert_eq!(pairs.shape(), [2, 2, 3, 3]);
        let expected: Vec<i32> = (0..2 * 6 * 3)
            .map(|k| {
                let place = at[k / 3 % 6].rem_euclid(5) as usize;
                host[(k / 18 * 5 + place) * 3 + k % 3]
            })
            .collect();
        assert_eq!(pairs.to_vec(), expected);
        assert_eq!(x.take(&matrix.t(), -2).unwrap().permute_dims(&[0, 2, 1, 3]).unwrap().to_vec(), expected);
        assert_eq!(x.take(&matrix.clone().into_dyn(), 1).unwrap().to_vec(), expected);
        // One index, as an array of rank 0, drops the axis; none make nothing.
        let one = x.take(&xp_core::functions::full(device, [], -2i64).unwrap(), 2).unwrap();
        assert_eq!((one.shape(), one.to_vec()), ([2, 5], x.index_axis(2, -2).unwrap().to_vec()));
        let none = x.take(&zeros::<_, i64, _>(device, [0, 4]).unwrap(), 0).unwrap();
        assert_eq!((none.shape(), none.to_vec()), ([0, 4, 5, 3], vec![]));
    }
    assert!(matches!(x.take(&(matrix + 1), 1).and_then(|y| y.to_host()), Err(Error::Index { index: 5, len: 5, .. })));
}

/// `put` keeps the last value of a repeated index, `put_add` adds all of them.
pub fn put<B: Backend>(device: &B) {
    let mut x = zeros::<_, i64, _>(device, [2, 3]).unwrap();
    let at: Array<B, i64, Ix1> = vector(device, &[2, 0, 2]);
    let values = Array::from_vec(device, vec![1i64, 2, 3, 4, 5, 6], [2, 3]).unwrap();
    x.put(&at, &values, 1).unwrap();
    assert_eq!(x.to_vec(), [2, 0, 3, 5, 0, 6]);
    x.put_add(&at, &values, -1).unwrap();
    assert_eq!(x.to_vec(), [4, 0, 7, 10, 0, 16]);
    let mut t = x.t();
    t.put(&vector(device, &[-1i64]), &Array::from_vec(device, vec![0i64, 0], [1, 2]).unwrap(), 0).unwrap();
    assert_eq!(t.to_vec(), [4, 10, 0, 0, 0, 0]);
    assert_eq!(x.to_vec(), [4, 0, 7, 10, 0, 16]);
    let error = x.put(&at, &values.slice(s![.., 1..]).unwrap(), 1).unwrap_err().to_string();
    assert!(error.contains("[2, 2]") && error.contains("[2, 3]"), "{error}");
    let failed = x.put(&vector(device, &[0i64, 1, 3]), &values, 1).and_then(|()| x.to_host());
    assert!(matches!(failed, Err(Error::Index { index: 3, len: 3, .. })));
    let failed = x.put_add(&vector(device, &[0i64, -4, 1]), &values, 1).and_then(|()| x.to_host());
    assert!(matches!(failed, Err(Error::Index { index: -4, len: 3, .. })));
    assert_eq!(x.to_vec(), [4, 0, 7, 10, 0, 16], "a failed `put` writes nothing");
    // Values broadcast, of any dtype.
    x.put(&at, 9, 1).unwrap();
    assert_eq!(x.to_vec(), [9, 0, 9, 9, 0, 9]);
    x.put_add(&vector(device, &[1i64]), &Array::from_vec(device, vec![1i64, 2], [2, 1]).unwrap(), 1).unwrap();
    assert_eq!(x.to_vec(), [9, 1, 9, 9, 2, 9]);
    x.put(&vector(device, &[0i64]), x.slice(s![1..]).unwrap().lazy() * 2, 0).unwrap();
    assert_eq!(x.to_vec(), [18, 4, 18, 9, 2, 9]);
    let mut flags = vector(device, &[false, false, true]);
    flags.put(&vector(device, &[-1i64, 0]), &vector(device, &[false, true]), 0).unwrap();
    assert_eq!(flags.to_vec(), [true, false, false]);
    let mut sums = zeros::<_, f32, _>(device, [4]).unwrap();
    let many = sized(10_000, 200);
    sums.put_add(&(arange(device, 0i64, many, 1).unwrap() % 4), &ones(device, [many as usize]).unwrap(), 0).unwrap();
    assert_eq!(sums.to_vec(), [many as f32 / 4.0; 4]);
}

/// Indices, bounds, steps and axes are `isize`, `i32` or `usize`, literals and variables.
pub fn positions<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..12i32).collect(), [3, 4]).unwrap();
    let [rows, columns] = x.shape();
    let (short, signed) = (-1i32, -2isize);
    assert_eq!(x.slice(s![rows - 1, 1..columns]).unwrap().to_vec(), [9, 10, 11]);
    assert_eq!(x.slice(s![short, ..=signed]).unwrap().to_vec(), [8, 9, 10]);
    assert_eq!(x.slice(s![rows.., ..]).unwrap().shape(), [0, 4]);
    assert_eq!(x.slice(s![0, ..;columns - 2]).unwrap().to_vec(), [0, 2]);
    assert_eq!(x.slice(s![..;signed, 1..=short]).unwrap().to_vec(), [9, 10, 11, 1, 2, 3]);
    assert_eq!((x.get([rows - 1, columns - 1]).unwrap(), x.get([short, 0]).unwrap(), x.get([signed, signed]).unwrap()), (11, 8, 6));
    assert_eq!(x.index_axis(1usize, columns - 1).unwrap().to_vec(), x.index_axis(short, short).unwrap().to_vec());
    assert_eq!(x.sort(x.ndim() - 1, Descending).unwrap().to_vec()[..4], [3, 2, 1, 0]);
    assert_eq!(x.take(&vector(device, &[0i64]), 1usize).unwrap().to_vec(), [0, 4, 8]);
    assert_eq!(x.slice_axis(0usize, 1..).unwrap().shape(), [2, 4]);
    assert!(matches!(x.get([0, usize::MAX]), Err(Error::Index { axis: 1, len: 4, .. })));
    assert!(matches!(x.index_axis(usize::MAX, 0), Err(Error::Axis { ndim: 2, .. })));
    assert_eq!(x.slice(s![..usize::MAX]).unwrap().shape(), [3, 4]);
}

/// Views of the first elements of a longer vector are as long as they say: as data, indices, masks, queries and values.
pub fn head_slices<B: Backend>(device: &B) {
    let long = |values: &[i64]| vector(device, &[values, &[1, 0, 1, 0, 1, 0]].concat()).slice(s![..values.len()]).unwrap();
    let x = Array::from_vec(device, vec![1.0f32, 2.0, 3.0, 4.0], [2, 2]).unwrap();
    assert_eq!(x.take(&long(&[1]), 1).unwrap().to_vec(), [2.0, 4.0]);
    assert_eq!(searchsorted(&long(&[1, 3, 5]), &vector(device, &[4i64, 9]), Side::Left).unwrap().to_vec(), [2, 3]);
    assert_eq!(searchsorted(&vector(device, &[1i64, 3, 5]), &long(&[4]), Side::Right).unwrap().to_vec(), [2]);
    let mask = vector(device, &[true, false, true, true, true]).slice(s![..2]).unwrap();
    assert_eq!(vector(device, &[7, 8]).select(&mask).unwrap().to_vec(), [7]);
    let short = vector(device, &[7, 8, 9, 10]).slice(s![..2]).unwrap();
    assert_eq!(short.select(&mask).unwrap().to_vec(), [7]);
    let mut y = zeros::<_, i64, _>(device, [2, 2]).unwrap();
    y.put(&long(&[0]), &Array::from_vec(device, vec![5i64, 6, 7, 8], [2, 2]).unwrap().slice(s![.., ..1]).unwrap(), 1).unwrap();
    assert_eq!(y.to_vec(), [5, 0, 7, 0]);
    assert_eq!(long(&[3, 1, 2]).sort(0, Ascending).unwrap().to_vec(), [1, 2, 3]);
    assert_eq!(long(&[3, 1, 2]).argsort(0, Ascending).unwrap().to_vec(), [1, 2, 0]);
    assert_eq!(long(&[3, 1, 2]).cumulative_sum(0).unwrap().to_vec(), [3, 4, 6]);
    assert_eq!(unique_values(&long(&[3, 1, 3])).unwrap().to_vec(), [1, 3]);
    assert_eq!(isin(&vector(device, &[0i64, 3]), &long(&[3])).unwrap().to_vec(), [false, true]);
    // Its memory may be given away, but not seen whole.
    let sum = long(&[1, 2]) + long(&[10, 20]);
    assert_eq!(sum.cumulative_sum(0).unwrap().to_vec(), [11, 33]);
}
