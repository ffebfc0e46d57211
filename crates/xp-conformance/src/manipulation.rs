//! Joining, splitting, repeating, moving.

use xp_core::functions::{Indexing, concat as join, meshgrid as grid, repeat_each, stack as pile, unstack as split};
use xp_core::{Array, Backend, Error, s};

use crate::support::vector;

/// `concat` along every axis, of views, empty parts included.
pub fn concat<B: Backend>(device: &B) {
    let a = Array::from_vec(device, vec![1, 2, 3, 4, 5, 6], [2, 3]).unwrap();
    let b = Array::from_vec(device, vec![7, 8, 9], [1, 3]).unwrap();
    assert_eq!(join(&[&a, &b], 0).unwrap().to_vec(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let wide = join(&[&a, &a.slice(s![.., ..;-1]).unwrap(), &a.slice(s![.., ..0]).unwrap()], -1).unwrap();
    assert_eq!((wide.shape(), wide.to_vec()), ([2, 6], vec![1, 2, 3, 3, 2, 1, 4, 5, 6, 6, 5, 4]));
    assert_eq!(join(&[&a.t(), &b.t()], 1).unwrap().to_vec(), [1, 4, 7, 2, 5, 8, 3, 6, 9]);
    assert_eq!(join(&[&a], 0).unwrap().to_vec(), a.to_vec());
    assert!(matches!(join::<B, i32, xp_core::Ix1, Array<_, _, _>>(&[], 0), Err(Error::Value { .. })));
    let error = join(&[&a, &b], 1).unwrap_err().to_string();
    assert!(error.contains("[1, 3]") && error.contains("[2, 3]"), "{error}");
    assert!(matches!(join(&[&a, &b], 2), Err(Error::Axis { axis: 2, ndim: 2 })));
}

/// `stack` at every axis.
pub fn stack<B: Backend>(device: &B) {
    let (a, b) = (Array::from_vec(device, vec![1, 2, 3, 4], [2, 2]).unwrap(), Array::from_vec(device, vec![5, 6, 7, 8], [2, 2]).unwrap());
    assert_eq!(pile(&[&a, &b], 0).unwrap().to_vec(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(pile(&[&a, &b], 1).unwrap().to_vec(), [1, 2, 5, 6, 3, 4, 7, 8]);
    assert_eq!(pile(&[&a, &b.t()], -1).unwrap().to_vec(), [1, 5, 2, 7, 3, 6, 4, 8]);
    assert!(pile(&[&a, &vector(device, &[1, 2, 3, 4]).reshape([1, 4]).unwrap()], 0).is_err());
}

/// `unstack` undoes `stack`.
pub fn unstack<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..12).collect::<Vec<i16>>(), [2, 3, 2]).unwrap();
    for axis in [0, 1, 2, -1] {
        let parts = split(&x, axis).unwrap();
        assert_eq!(pile(&parts.iter().collect::<Vec<_>>(), axis).unwrap().to_vec(), x.to_vec());
    }
    assert!(matches!(split(&x, 3), Err(Error::Axis { axis: 3, ndim: 3 })));
}

/// `roll` by any number of positions.
pub fn roll<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..12).collect::<Vec<i32>>(), [3, 4]).unwrap();
    for shift in -9isize..=9 {
        for axis in [0usize, 1] {
            let n = x.dims()[axis] as isize;
            let moved = x.roll(shift, axis).unwrap();
            for i in 0..3isize {
                for j in 0..4isize {
                    let (si, sj) = if axis == 0 { ((i - shift).rem_euclid(n), j) } else { (i, (j - shift).rem_euclid(n)) };
                    assert_eq!(moved.get([i, j]).unwrap(), x.get([si, sj]).unwrap(), "shift {shift} axis {axis}");
                }
            }
        }
    }
    assert!(Array::<B, i32, _>::from_vec(device, vec![], [0]).unwrap().roll(3, 0).unwrap().is_empty());
}

/// `tile` with fewer and more repetitions than axes.
pub fn tile<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1, 2, 3, 4], [2, 2]).unwrap();
    assert_eq!(x.tile(&[2]).unwrap().to_vec(), [1, 2, 1, 2, 3, 4, 3, 4]);
    assert_eq!(x.tile(&[2, 1]).unwrap().to_vec(), [1, 2, 3, 4, 1, 2, 3, 4]);
    let y = x.tile(&[2, 1, 2]).unwrap();
    assert_eq!((y.shape().to_vec(), y.to_vec()), (vec![2, 2, 4], vec![1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4]));
    assert_eq!(x.tile(&[0, 1]).unwrap().shape(), vec![0, 2]);
    assert!(matches!(x.tile(&[usize::MAX, 1]), Err(Error::TooLarge { .. })));
}

/// `repeat` of every element.
pub fn repeat<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1, 2, 3, 4], [2, 2]).unwrap();
    assert_eq!(repeat_each(&x, 2, 0).unwrap().to_vec(), [1, 2, 1, 2, 3, 4, 3, 4]);
    assert_eq!(repeat_each(&x.t(), 3, 1).unwrap().to_vec(), [1, 1, 1, 3, 3, 3, 2, 2, 2, 4, 4, 4]);
    assert_eq!(repeat_each(&x, 0, 1).unwrap().shape(), [2, 0]);
    assert!(repeat_each(&x, usize::MAX, 1).is_err());
}

/// `flip` along some axes and all.
pub fn flip<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..6).collect::<Vec<i32>>(), [2, 3]).unwrap();
    assert_eq!(x.flip(..).unwrap().to_vec(), [5, 4, 3, 2, 1, 0]);
    assert_eq!(x.flip(0).unwrap().to_vec(), [3, 4, 5, 0, 1, 2]);
    assert_eq!(x.flip(-1).unwrap().flip(1).unwrap().to_vec(), x.to_vec());
    assert!(matches!(x.flip([0, 0]), Err(Error::RepeatedAxis { .. })));
    assert!(Array::<B, i32, _>::from_vec(device, vec![], [0, 2]).unwrap().flip(..).unwrap().is_empty());
}

/// `moveaxis` of one and several axes.
pub fn moveaxis<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24).collect::<Vec<i32>>(), [2, 3, 4]).unwrap();
    assert_eq!(x.moveaxis(&[0], &[-1]).unwrap().shape(), [3, 4, 2]);
    assert_eq!(x.moveaxis(&[0], &[-1]).unwrap().to_vec(), x.permute_dims(&[1, 2, 0]).unwrap().to_vec());
    assert_eq!(x.moveaxis(&[0, 1], &[2, 0]).unwrap().shape(), [3, 4, 2]);
    assert_eq!(x.moveaxis(&[2, 1, 0], &[0, 1, 2]).unwrap().to_vec(), x.t().to_vec());
    assert!(matches!(x.moveaxis(&[0, 1], &[0]), Err(Error::Value { .. })));
    assert!(matches!(x.moveaxis(&[0, 0], &[0, 1]), Err(Error::RepeatedAxis { .. })));
}

/// `concat` and its kin take owned arrays and borrowed ones.
pub fn owned_and_borrowed<B: Backend>(device: &B) {
    let (x, y) = (vector(device, &[1, 2]), vector(device, &[3, 4]));
    let parts = vec![x.clone(), y.clone()];
    assert_eq!(join(&parts, 0).unwrap().to_vec(), join(&[&x, &y], 0usize).unwrap().to_vec());
    assert_eq!(join(&parts[..1], -1).unwrap().to_vec(), [1, 2]);
    assert_eq!(pile(&parts, 1).unwrap().to_vec(), pile(&[&x, &y], 1).unwrap().to_vec());
    assert_eq!(xp_core::functions::concat_flat(&parts).unwrap().to_vec(), [1, 2, 3, 4]);
    assert_eq!(xp_core::functions::broadcast_arrays(&parts).unwrap()[1].to_vec(), [3, 4]);
    assert_eq!(grid(&parts, Indexing::Xy).unwrap()[0].to_vec(), grid(&[&x, &y], Indexing::Xy).unwrap()[0].to_vec());
    let (i, j) = (vector(device, &[0i64]), vector(device, &[1i64]));
    let m = pile(&parts, 0).unwrap();
    assert_eq!(m.take_at(&[i.clone(), j.clone()]).unwrap().to_vec(), m.take_at(&[&i, &j]).unwrap().to_vec());
}

/// A grid of three axes.
pub fn meshgrid<B: Backend>(device: &B) {
    let (x, y, z) = (vector(device, &[1, 2]), vector(device, &[3, 4, 5]), vector(device, &[6]));
    let g = grid(&[&x, &y, &z], Indexing::Ij).unwrap();
    assert!(g.iter().all(|a| a.dims() == [2, 3, 1]));
    assert_eq!(g[0].to_vec(), [1, 1, 1, 2, 2, 2]);
    let g = grid(&[&x, &y, &z], Indexing::Xy).unwrap();
    assert!(g.iter().all(|a| a.dims() == [3, 2, 1]));
    assert_eq!(g[2].to_vec(), [6; 6]);
    let none: [Array<B, i32, xp_core::Ix1>; 0] = [];
    assert!(grid(&none, Indexing::Ij).unwrap().is_empty());
}
