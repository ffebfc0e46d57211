//! Elements of arrays in the memory of the host: slices, iterators, indices, closures, equality.

use xp_core::functions::{arange, zeros};
use xp_core::{Array, Dyn, HostMemory, Ix2, s};

use crate::support::{panic_message, vector};

fn matrix<B: HostMemory>(device: &B, rows: &[[i32; 2]]) -> Array<B, i32, Ix2> {
    Array::from_vec(device, rows.concat(), [rows.len(), 2]).unwrap()
}

/// Every layout that a slice, a transpose or a broadcast makes.
fn layouts<B: HostMemory>(device: &B) -> Vec<Array<B, i32, Dyn>> {
    let x = arange(device, 0, 24, 1).unwrap().reshape([2, 3, 4]).unwrap();
    let layouts: [Array<B, i32, Dyn>; 9] = [
        x.clone().into_dyn(),
        x.t().into_dyn(),
        x.slice(s![.., ..;-1, ..;2]).unwrap().into_dyn(),
        x.slice(s![1, 1.., 2]).unwrap().into_dyn(),
        x.slice(s![0, 0, 0]).unwrap().into_dyn(),
        x.slice(s![.., 1..1, ..]).unwrap().into_dyn(),
        x.slice(s![0, 0, ..]).unwrap().broadcast_to([3, 4]).unwrap().into_dyn(),
        x.slice(s![.., .., ..1]).unwrap().broadcast_to([2, 3, 5]).unwrap().into_dyn(),
        x.permute_dims(&[1, 2, 0]).unwrap().slice(s![..;-1, ..;-2, ..]).unwrap().into_dyn(),
    ];
    layouts.into()
}

/// Iterators walk every layout in row-major order, from wherever they are.
pub fn iterators<B: HostMemory>(device: &B) {
    for x in layouts(device) {
        let expected = x.to_vec();
        assert_eq!(x.iter().collect::<Vec<_>>(), expected, "{:?} {:?}", x.dims(), x.strides());
        assert_eq!(
            x.iter().fold(vec![], |mut all, v| {
                all.push(v);
                all
            }),
            expected
        );
        for skip in 0..expected.len() {
            let mut iter = x.iter();
            assert_eq!(iter.by_ref().take(skip).collect::<Vec<_>>(), expected[..skip]);
            assert_eq!(iter.len(), expected.len() - skip);
            assert_eq!(
                iter.fold(0_i64, |sum, v| sum.wrapping_mul(7).wrapping_add(i64::from(v))),
                expected[skip..].iter().fold(0_i64, |sum, &v| sum.wrapping_mul(7).wrapping_add(i64::from(v)))
            );
        }
    }
}

/// Indices reach the elements of every layout; one out of bounds names its axis.
pub fn indices<B: HostMemory>(device: &B) {
    for x in layouts(device) {
        for (k, expected) in x.to_vec().into_iter().enumerate() {
            let mut index = vec![0; x.ndim()];
            let mut rest = k;
            for axis in (0..x.ndim()).rev() {
                index[axis] = rest % x.dims()[axis];
                rest /= x.dims()[axis];
            }
            match index[..] {
                [] => assert_eq!(x[[]], expected),
                [i] => assert_eq!(x[[i]], expected),
                [i, j] => assert_eq!(x[[i, j]], expected),
                [i, j, k] => assert_eq!(x[[i, j, k]], expected),
                _ => unreachable!(),
            }
        }
    }
    let message = panic_message(|| matrix(device, &[[1, 2], [3, 4]])[[0, 2]]);
    assert_eq!(message, "index 2 is out of bounds for axis 1 of length 2: index [0, 2] of shape [2, 2]");
}

/// What shares its memory, or does not lie in row-major order, is copied before it is written.
pub fn writes<B: HostMemory>(device: &B) {
    let mut x = matrix(device, &[[1, 2], [3, 4]]);
    let (clone, view) = (x.clone(), x.t());
    x[[0, 1]] = 20;
    assert_eq!((x.to_vec(), clone.to_vec(), view.to_vec()), (vec![1, 20, 3, 4], vec![1, 2, 3, 4], vec![1, 3, 2, 4]));

    let mut stretched = vector(device, &[5]).broadcast_to([3]).unwrap();
    stretched[[1]] = 7;
    assert_eq!(stretched.to_vec(), [5, 7, 5]);
    let mut turned = clone.t();
    turned.as_mut_slice().unwrap()[1] = 30;
    assert_eq!((turned.to_vec(), clone.to_vec()), (vec![1, 30, 2, 4], vec![1, 2, 3, 4]));
    // Alone on its memory, and dense: written where it is.
    let place = x.as_slice().map(<[i32]>::as_ptr);
    drop(view);
    x.as_mut_slice().unwrap().copy_from_slice(&[5, 6, 7, 8]);
    x[[1, 1]] += 1;
    assert_eq!((x.as_slice().map(<[i32]>::as_ptr), x.to_vec()), (place, vec![5, 6, 7, 9]));
    assert!(x.slice(s![.., 1..1]).unwrap().as_mut_slice().unwrap().is_empty());
}

/// Arrays are equal when shape and elements are.
pub fn equality<B: HostMemory>(device: &B) {
    let numbers = |values: &[f64]| vector(device, values);
    let x = numbers(&[1.0, f64::NAN]);
    assert!(x != x.clone(), "NaN is not equal to itself");
    assert!(numbers(&[1.0, -0.0]) == numbers(&[1.0, 0.0]) && vector(device, &[1, 2]) != vector(device, &[1, 3]));
    let row = matrix(device, &[[1, 2]]);
    assert!(row != vector(device, &[1, 2]) && row != row.t() && row == row.t().t());
    assert!(vector(device, &[1, 2]).into_dyn() == vector(device, &[1, 2]));
    assert!(zeros::<_, f64, _>(device, [0, 3]).unwrap() != zeros::<_, f64, _>(device, [3, 0]).unwrap());
}

/// Closures see the elements in order, and broadcast.
pub fn closures<B: HostMemory>(device: &B) {
    let x = matrix(device, &[[1, 2], [3, 4]]);
    let mut seen = vec![];
    let y = x.t().map(|v| {
        seen.push(v);
        i64::from(v) * 10
    });
    assert_eq!((seen, y.shape(), y.to_vec()), (vec![1, 3, 2, 4], [2, 2], vec![10, 30, 20, 40]));
    let column = Array::<_, i32, Ix2>::from_vec(device, vec![10, 20, 30], [3, 1]).unwrap();
    let z = vector(device, &[1.0, 2.0]).zip(&column, |a, b| a + f64::from(b));
    assert_eq!((z.shape(), z.to_vec()), ([3, 2], vec![11.0, 12.0, 21.0, 22.0, 31.0, 32.0]));
    assert_eq!(zeros::<_, f64, _>(device, [0, 3]).unwrap().map(|v| v > 0.0).shape(), [0, 3]);
    // A closure that panics leaves nothing behind that could be read.
    assert_eq!(panic_message(|| x.map(|v| if v < 3 { v } else { panic!("at {v}") })), "at 3");
}
