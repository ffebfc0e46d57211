//! Views: slices by Python's rules, reshapes, broadcasts, diagonals.

use xp_core::indexing::SliceItem;
use xp_core::{Array, Backend, Ellipsis, Error, NewAxis, Stepped, s};

use crate::support::{sized, vector};

/// The positions that Python's `range(*slice(start, stop, step).indices(n))` gives.
pub fn python_range(start: Option<isize>, stop: Option<isize>, step: isize, n: usize) -> Vec<usize> {
    let n = n as isize;
    let bound = |i: Option<isize>, default: isize| {
        let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
        i.map_or(default, |i| if i < 0 { (i + n).max(low) } else { i.min(high) })
    };
    let (first, last) = if step > 0 { (bound(start, 0), bound(stop, n)) } else { (bound(start, n - 1), bound(stop, -1)) };
    let mut out = vec![];
    let mut i = first;
    while if step > 0 { i < last } else { i > last } {
        out.push(i as usize);
        i += step;
    }
    out
}

/// All slices of short vectors, bounds out of range and negative steps included.
pub fn python_slices<B: Backend>(device: &B) {
    let (lengths, beyond) = sized((&[0usize, 1, 4, 5][..], 7), (&[0, 3], 4));
    for &n in lengths {
        let values: Vec<i32> = (0..n as i32).collect();
        let x = vector(device, &values);
        let bounds: Vec<Option<isize>> = (-beyond..=beyond).step_by(sized(1, 2)).map(Some).chain([None]).collect();
        for &start in &bounds {
            for &stop in &bounds {
                for step in [-7, -3, -2, -1, 1, 2, 3, 7] {
                    let expected: Vec<i32> = python_range(start, stop, step, n).into_iter().map(|i| i as i32).collect();
                    let got = x.slice(vec![SliceItem::Range { start, stop, step }]).unwrap();
                    assert_eq!(got.to_vec(), expected, "{start:?}:{stop:?}:{step} of {n}");
                    assert_eq!(x.slice_axis(0, Stepped((start, stop), step)).unwrap().to_vec(), expected, "{start:?}:{stop:?}:{step} of {n}");
                }
            }
        }
    }
    let x = vector(device, &[0, 1, 2]);
    for extreme in [isize::MIN, isize::MAX] {
        assert_eq!(x.slice_axis(0, extreme..).unwrap().size(), if extreme < 0 { 3 } else { 0 });
        assert_eq!(x.slice_axis(0, Stepped(..extreme, -1)).unwrap().size(), if extreme < 0 { 3 } else { 0 });
        assert_eq!(x.slice_axis(0, Stepped(.., extreme)).unwrap().size(), 1);
    }
}

/// Indices, ranges, new axes and the ellipsis of `s!`.
pub fn items<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24).collect(), [2, 3, 4]).unwrap();
    let at = |i: usize, j: usize, k: usize| (i * 12 + j * 4 + k) as i32;
    assert_eq!(x.slice(s![1]).unwrap().shape(), [3, 4]);
    assert_eq!(x.slice(s![1, 2, 3]).unwrap().item().unwrap(), 23);
    assert_eq!(x.slice(s![-1, .., -2]).unwrap().to_vec(), [at(1, 0, 2), at(1, 1, 2), at(1, 2, 2)]);
    assert_eq!(x.slice(s![Ellipsis, 0]).unwrap().to_vec(), [at(0, 0, 0), at(0, 1, 0), at(0, 2, 0), at(1, 0, 0), at(1, 1, 0), at(1, 2, 0)]);
    assert_eq!(x.slice(s![0, Ellipsis, 1..3]).unwrap().shape(), [3, 2]);
    assert_eq!(x.slice(s![0, 1, 2, Ellipsis]).unwrap().item().unwrap(), at(0, 1, 2));
    assert_eq!(x.slice(s![NewAxis, .., 0]).unwrap().shape(), [1, 2, 4]);
    assert_eq!(x.slice(s![.., NewAxis, 0, .., NewAxis]).unwrap().shape(), [2, 1, 4, 1]);
    assert_eq!(x.slice(s![Ellipsis, NewAxis]).unwrap().shape(), [2, 3, 4, 1]);
    assert_eq!(x.slice(s![NewAxis, Ellipsis, NewAxis, 0]).unwrap().shape(), [1, 2, 3, 1]);
    assert_eq!(x.slice(s![..;-1, 0, ..=1]).unwrap().to_vec(), [at(1, 0, 0), at(1, 0, 1), at(0, 0, 0), at(0, 0, 1)]);
    assert_eq!(x.slice(s![0, 0, 1..=-1]).unwrap().to_vec(), [1, 2, 3]);
    assert_eq!(x.slice(s![0, 0, ..=-2]).unwrap().to_vec(), [0, 1, 2]);
    assert_eq!(x.slice(s![0, 0, 2..;-1]).unwrap().to_vec(), [2, 1, 0]);
    assert_eq!(x.slice(s![5.., 0]).unwrap().shape(), [0, 4]);
    assert!(matches!(x.slice(s![2]), Err(Error::Index { index: 2, axis: 0, len: 2, operation: None })));
    assert!(matches!(x.slice(s![0, -4]), Err(Error::Index { index: -4, axis: 1, len: 3, operation: None })));
    let message = x.slice(s![0, 0.., 0, 0]).unwrap_err().to_string();
    assert_eq!(message, format!("slice: 4 indices and ranges given for shape {:?}, which has 3 axes", x.dims()));
    // An end behind every axis is the end of the axis, included or not.
    for (range, name) in [(s![0..=isize::MAX], "0..=MAX"), (s![isize::MIN..=isize::MAX], "MIN..=MAX")] {
        assert_eq!(x.slice(range).unwrap().to_vec(), x.to_vec(), "{name}");
    }
    assert_eq!(x.slice(s![..=isize::MAX, 1..isize::MAX]).unwrap().to_vec(), x.slice(s![.., 1..]).unwrap().to_vec());
    assert_eq!(x.slice(s![..=-1]).unwrap().to_vec(), x.to_vec());
    assert!(x.slice(s![..=isize::MIN]).unwrap().is_empty());
    assert!(matches!(x.slice(s![..;0]), Err(Error::Value { .. })));
    assert!(matches!(x.slice(s![Ellipsis, Ellipsis]), Err(Error::Value { .. })));
    // Views of views.
    let odd = x.slice(s![.., 1.., ..;2]).unwrap().slice(s![..;-1, 0]).unwrap();
    assert_eq!(odd.to_vec(), [at(1, 1, 0), at(1, 1, 2), at(0, 1, 0), at(0, 1, 2)]);
}

/// Views share memory, and each stays what it is when the other one is written.
pub fn views_share_nothing<B: Backend>(device: &B) {
    let mut x = Array::from_vec(device, (0..12).collect::<Vec<i64>>(), [3, 4]).unwrap();
    let view = x.slice(s![1.., ..;2]).unwrap();
    assert_eq!(B::address(view.buffer()), B::address(x.buffer()), "a slice is a view");
    x.set(s![..], 0).unwrap();
    assert_eq!(view.to_vec(), [4, 6, 8, 10]);
    assert_eq!(x.to_vec(), [0; 12]);
}

/// `broadcast_to`, `broadcast_arrays`, `broadcast_shapes`.
pub fn broadcasting<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1, 2, 3], [3, 1]).unwrap();
    assert_eq!(x.broadcast_to([2, 3, 2]).unwrap().to_vec(), [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3]);
    assert_eq!(x.broadcast_to([3, 0]).unwrap().shape(), [3, 0]);
    assert_eq!(x.broadcast_to([3, 1]).unwrap().to_vec(), [1, 2, 3]);
    assert!(matches!(x.broadcast_to([2, 1]), Err(Error::Broadcast { .. })));
    assert!(matches!(x.broadcast_to([1, 1]), Err(Error::Shape { .. })));
    assert!(matches!(x.broadcast_to([1]), Err(Error::Shape { .. })));
    let y = vector(device, &[10, 20]);
    let both = xp_core::functions::broadcast_arrays(&[&x.clone().into_dyn(), &y.clone().into_dyn()]).unwrap();
    assert_eq!((both[0].to_vec(), both[1].to_vec()), (vec![1, 1, 2, 2, 3, 3], vec![10, 20, 10, 20, 10, 20]));
    let shapes = xp_core::broadcast_shapes;
    for (a, b, c) in [
        (&[8usize, 1, 6, 1][..], &[7usize, 1, 5][..], &[8usize, 7, 6, 5][..]),
        (&[5, 4], &[1], &[5, 4]),
        (&[], &[3], &[3]),
        (&[0, 4], &[1], &[0, 4]),
        (&[0], &[1], &[0]),
        (&[1, 0], &[5, 1], &[5, 0]),
    ] {
        assert_eq!(shapes(a, b).unwrap(), c);
        assert_eq!(shapes(b, a).unwrap(), c);
    }
    assert!(shapes(&[3], &[0]).is_err() && shapes(&[2, 1], &[8, 4, 3]).is_err());
    // Every pair of shapes of up to three axes, against the definition.
    let sum = &x + &y;
    assert_eq!((sum.shape(), sum.to_vec()), ([3, 2], vec![11, 21, 12, 22, 13, 23]));
}

/// Reshapes of contiguous arrays and of views, with and without a copy.
pub fn reshapes<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24).collect::<Vec<i32>>(), [2, 3, 4]).unwrap();
    let views = [
        x.clone(),
        x.t().copy().unwrap().t(),
        x.slice(s![..;-1, ..;-1, ..;-1]).unwrap(),
        x.permute_dims(&[1, 0, 2]).unwrap().copy().unwrap().permute_dims(&[1, 0, 2]).unwrap(),
        Array::from_vec(device, (0..48).collect::<Vec<i32>>(), [2, 3, 8]).unwrap().slice(s![.., .., ..;2]).unwrap(),
        Array::from_vec(device, vec![1, 2], [2, 1, 1]).unwrap().broadcast_to([2, 3, 4]).unwrap(),
    ];
    for view in views {
        let flat = view.to_vec();
        for shape in [vec![24], vec![6, 4], vec![2, 12], vec![1, 24, 1], vec![4, 3, 2], vec![2, 3, 2, 2], vec![2, 1, 3, 4], vec![3, 8]] {
            let y = view.reshape(shape.clone()).unwrap();
            assert_eq!((y.shape().to_vec(), y.to_vec()), (shape, flat.clone()));
        }
        assert_eq!(view.ravel().unwrap().to_vec(), flat);
        assert!(matches!(view.reshape([5, 5]), Err(Error::Length { given: 24, expected: 25, .. })));
    }
    assert_eq!(B::address(x.reshape([4, 6]).unwrap().buffer()), B::address(x.buffer()), "no copy where none is needed");
    let none = Array::<B, f32, _>::from_vec(device, vec![], [0, 3]).unwrap();
    assert_eq!(none.reshape([3, 0, 5]).unwrap().shape(), [3, 0, 5]);
    let one = Array::from_vec(device, vec![5], [1, 1]).unwrap();
    assert_eq!(one.reshape([]).unwrap().item().unwrap(), 5);
}

/// `diagonal` with offsets, of stacks and transposed matrices.
pub fn diagonals<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24).collect::<Vec<i32>>(), [2, 3, 4]).unwrap();
    for offset in -5isize..=5 {
        let expected: Vec<i32> = (0..2i32)
            .flat_map(|b| (0..3isize).filter(move |i| (0..4).contains(&(i + offset))).map(move |i| b * 12 + (i * 4 + i + offset) as i32))
            .collect();
        assert_eq!(x.diagonal(offset).unwrap().to_vec(), expected, "offset {offset}");
        let turned: Vec<i32> = x.matrix_transpose().unwrap().diagonal(-offset).unwrap().to_vec();
        assert_eq!(turned, expected, "transposed, offset {}", -offset);
    }
    assert!(x.diagonal(isize::MIN).unwrap().is_empty() && x.diagonal(isize::MAX).unwrap().is_empty());
    assert_eq!((x.triu(isize::MIN).unwrap().to_vec(), x.tril(isize::MIN).unwrap().to_vec()), (x.to_vec(), vec![0; 24]));
    assert!(matches!(vector(device, &[1]).diagonal(0), Err(Error::Rank { expected: 2, given: 1 })));
}

/// `permute_dims`, `expand_dims`, `squeeze`, transposes.
pub fn axes<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24).collect::<Vec<i32>>(), [2, 3, 4]).unwrap();
    for order in [[0isize, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [-1, 0, -2]] {
        let y = x.permute_dims(&order).unwrap();
        let axis = order.map(|k| if k < 0 { k + 3 } else { k } as usize);
        let shape = axis.map(|k| x.dims()[k]);
        assert_eq!(y.shape(), shape);
        for (i, v) in y.to_vec().into_iter().enumerate() {
            let index = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
            let mut source = [0; 3];
            for k in 0..3 {
                source[axis[k]] = index[k];
            }
            assert_eq!(v, (source[0] * 12 + source[1] * 4 + source[2]) as i32);
        }
    }
    assert!(matches!(x.permute_dims(&[0, 1]), Err(Error::Value { .. })));
    assert!(matches!(x.permute_dims(&[0, 1, 1]), Err(Error::RepeatedAxis { axis: 1, .. })));
    assert!(matches!(x.permute_dims(&[0, 1, 3]), Err(Error::Axis { axis: 3, ndim: 3 })));
    assert_eq!(x.matrix_transpose().unwrap().shape(), [2, 4, 3]);
    assert_eq!(x.expand_dims(0).unwrap().shape(), [1, 2, 3, 4]);
    assert_eq!(x.expand_dims(-1).unwrap().shape(), [2, 3, 4, 1]);
    assert_eq!(x.expand_dims(2).unwrap().squeeze(2).unwrap().to_vec(), x.to_vec());
    assert!(matches!(x.expand_dims(5), Err(Error::Axis { axis: 5, ndim: 4 })));
    assert!(matches!(x.squeeze(0), Err(Error::Shape { .. })));
    assert_eq!(x.index_axis(1, -1).unwrap().to_vec(), [8, 9, 10, 11, 20, 21, 22, 23]);
    assert_eq!(x.t().index_axis(0, 1).unwrap().to_vec(), [1, 13, 5, 17, 9, 21]);
}
