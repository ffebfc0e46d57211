//! Elements of arrays in the memory of the host: slices, iterators, indices, closures, equality.

use xp::prelude::*;

/// Every layout that a slice, a transpose or a broadcast makes.
fn layouts() -> Vec<Array<Cpu, i32, Dyn>> {
    let x = arange(&Cpu, 0, 24, 1).unwrap().reshape([2, 3, 4]).unwrap();
    let shapes: [Array<Cpu, i32, Dyn>; 9] = [
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
    shapes.into()
}

#[test]
fn iterators_walk_every_layout_in_row_major_order() {
    for x in layouts() {
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

#[test]
fn indices_reach_every_layout() {
    for x in layouts() {
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
}

#[test]
fn writing_copies_what_is_shared() {
    let mut x = array![[1, 2], [3, 4]];
    let (clone, view) = (x.clone(), x.t());
    x[[0, 1]] = 20;
    assert_eq!((x.to_vec(), clone.to_vec(), view.to_vec()), (vec![1, 20, 3, 4], vec![1, 2, 3, 4], vec![1, 3, 2, 4]));

    let mut stretched = array![5].broadcast_to([3]).unwrap();
    stretched[[1]] = 7;
    assert_eq!(stretched.to_vec(), [5, 7, 5]);
    let mut turned = clone.t();
    turned.as_mut_slice().unwrap()[1] = 30;
    assert_eq!((turned.to_vec(), clone.to_vec()), (vec![1, 30, 2, 4], vec![1, 2, 3, 4]));
}

#[test]
#[should_panic(expected = "index 2 is out of bounds for axis 1 of length 2: index [0, 2] of shape [2, 2]")]
fn an_index_out_of_bounds_names_its_axis() {
    let _ = array![[1, 2], [3, 4]][[0, 2]];
}

#[test]
fn equality_is_of_shape_and_elements() {
    let x = array![[1.0, 2.0], [3.0, f64::NAN]];
    assert!(x != x.clone(), "NaN is not equal to itself");
    assert!(array![1.0, -0.0] == array![1.0, 0.0] && array![1, 2] != array![1, 3]);
    assert!(array![[1, 2]] != array![1, 2] && array![[1, 2]] != array![[1], [2]]);
    assert!(array![1, 2].into_dyn() == array![1, 2]);
    assert!(zeros::<_, f64, _>(&Cpu, [0, 3]).unwrap() != zeros::<_, f64, _>(&Cpu, [3, 0]).unwrap());
}

#[test]
fn closures_see_elements_in_order_and_broadcast() {
    let x = array![[1, 2], [3, 4]];
    let mut seen = vec![];
    let y = x.t().map(|v| {
        seen.push(v);
        i64::from(v) * 10
    });
    assert_eq!((seen, y.shape(), y.to_vec()), (vec![1, 3, 2, 4], [2, 2], vec![10, 30, 20, 40]));
    let z = array![1.0, 2.0].zip(&array![[10], [20], [30]], |a, b| a + f64::from(b));
    assert_eq!((z.shape(), z.to_vec()), ([3, 2], vec![11.0, 12.0, 21.0, 22.0, 31.0, 32.0]));
    assert_eq!(zeros::<_, f64, _>(&Cpu, [0, 3]).unwrap().map(|v| v > 0.0).shape(), [0, 3]);
}

/// Writes at indices are in place while nobody else has the memory, and a copy when somebody has.
#[test]
fn writes_at_indices_are_in_place() {
    let mut x = Array::from_vec(&Cpu, vec![0.0; 1000], [500, 2]).unwrap();
    let place = x.as_slice().map(<[f64]>::as_ptr);
    let at = Array::from_vec(&Cpu, vec![3i64, -1], [2]).unwrap();
    x.put(&at, 1.0, 0).unwrap();
    x.put_add(&at, 2.0, 0).unwrap();
    x.put_at(&[&at], 5.0).unwrap();
    assert_eq!(x.as_slice().map(<[f64]>::as_ptr), place);
    let before = x.clone();
    x.put_add(&at, 1.0, 0).unwrap();
    assert_ne!(x.as_slice().map(<[f64]>::as_ptr), place);
    assert_eq!((before.sum(..).item().unwrap(), x.sum(..).item().unwrap()), (20.0, 24.0));
}
