//! Arrays of other crates, in both directions and every layout.

use ndarray::Axis;
use xp_core::functions::*;
use xp_core::{Array, Dyn, Error, Ix1, Ix2, s};
use xp_cpu::{Cpu, interop};

fn layouts() -> Vec<Array<Cpu, f64, Ix2>> {
    let x = arange(&Cpu, 0.0, 20.0, 1.0).unwrap().reshape([4, 5]).unwrap();
    vec![
        x.clone(),
        x.t(),
        x.slice(s![..;-1, ..]).unwrap(),
        x.slice(s![1..3, ..;-2]).unwrap(),
        x.t().slice(s![..;-1, ..;2]).unwrap(),
        x.slice(s![1..2]).unwrap().broadcast_to([3, 5]).unwrap(),
        x.slice(s![2.., 3..4]).unwrap(),
        x.slice(s![4..]).unwrap(),
        x.slice(s![.., 5..]).unwrap(),
    ]
}

#[test]
fn ndarray_views_and_arrays() {
    for x in layouts() {
        let view = interop::ndarray::view(&x);
        assert_eq!((view.shape(), view.iter().copied().collect::<Vec<_>>()), (x.dims(), x.to_vec()));
        let back: Array<Cpu, f64, Ix2> = interop::ndarray::copy_of(&view).unwrap();
        assert_eq!((back.dims(), back.to_vec()), (x.dims(), x.to_vec()));
        let mut owned = view.to_owned();
        owned.invert_axis(Axis(1));
        let expected = owned.iter().copied().collect::<Vec<_>>();
        let adopted: Array<Cpu, f64, Dyn> = interop::ndarray::adopt(owned.reversed_axes()).unwrap();
        assert_eq!(adopted.t().to_vec(), expected);
        assert_eq!((&adopted + 1.0).t().to_vec(), expected.iter().map(|v| v + 1.0).collect::<Vec<_>>());
    }
    for mut x in layouts() {
        let (expected, shared) = (x.lazy().multiply(2.0).eval().to_vec(), x.clone());
        let before = x.to_vec();
        interop::ndarray::view_mut(&mut x).unwrap().map_inplace(|v| *v *= 2.0);
        assert_eq!((x.to_vec(), shared.to_vec()), (expected, before));
    }
    // What is written to an adopted array is written in its memory, once nobody shares it.
    let theirs = ndarray::arr1(&[1, 2, 3]);
    let address = theirs.as_ptr();
    let mut x: Array<Cpu, i32, Ix1> = interop::ndarray::adopt(theirs).unwrap();
    let before = x.clone();
    x += 1;
    assert_eq!((x.to_vec(), before.to_vec()), (vec![2, 3, 4], vec![1, 2, 3]));
    drop(x);
    let mut y = before;
    y += 1;
    assert_eq!(interop::ndarray::view(&y).as_ptr(), address);
    let sliced = ndarray::Array1::from_vec(vec![0u8, 1, 2, 3, 4, 5]).slice_move(ndarray::s![1..6;2]);
    assert_eq!(interop::ndarray::adopt::<_, _, Ix1>(sliced).unwrap().to_vec(), [1, 3, 5]);
    let scalar = interop::ndarray::adopt::<_, _, Dyn>(ndarray::arr0(7)).unwrap();
    assert_eq!((scalar.ndim(), scalar.item().unwrap()), (0, 7));
    assert_eq!(interop::ndarray::view(&scalar).ndim(), 0);
    assert!(matches!(interop::ndarray::adopt::<_, _, Ix1>(ndarray::arr2(&[[1]])), Err(Error::Rank { expected: 1, given: 2 })));
    assert_eq!(interop::ndarray::adopt::<f32, _, Ix2>(ndarray::Array2::zeros((3, 0))).unwrap().shape(), [3, 0]);
}

#[test]
fn faer_views_and_matrices() {
    for x in layouts() {
        let view = interop::faer::view(&x);
        let [m, n] = x.shape();
        assert_eq!(view.shape(), (m, n));
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            assert_eq!(view[(i, j)], x.get([i, j]).unwrap());
        }
        assert_eq!(interop::faer::copy_of(view).unwrap().to_vec(), x.to_vec());
        let adopted = interop::faer::adopt(view.to_owned()).unwrap();
        assert_eq!((adopted.dims(), adopted.to_vec()), (x.dims(), x.to_vec()));
        assert_eq!((&adopted * 2.0).to_vec(), x.to_vec().iter().map(|v| v * 2.0).collect::<Vec<_>>());
    }
}

#[test]
fn nalgebra_views_and_matrices() {
    for x in layouts() {
        let backwards = x.dims().iter().zip(x.strides()).any(|(&n, &s)| n > 1 && s <= 0);
        let view = match interop::nalgebra::view(&x) {
            Ok(view) => view,
            Err(e) => {
                assert!(backwards && e.to_string().contains("strides"), "{e}");
                continue;
            }
        };
        assert!(!backwards);
        let [m, n] = x.shape();
        assert_eq!(view.shape(), (m, n));
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            assert_eq!(view[(i, j)], x.get([i, j]).unwrap());
        }
        let adopted = interop::nalgebra::adopt(view.clone_owned()).unwrap();
        assert_eq!((adopted.dims(), adopted.to_vec()), (x.dims(), x.to_vec()));
    }
    assert_eq!(interop::nalgebra::adopt_vector(nalgebra::DVector::from_vec(vec![1u8, 2])).unwrap().to_vec(), [1, 2]);
    assert_eq!(interop::nalgebra::adopt_vector(nalgebra::DVector::<f32>::from_vec(vec![])).unwrap().shape(), [0]);
}
