//! `repeat`, `roll`, `concat` of flattened arrays, shapes by several axes, sets of any dtype, `searchsorted` with a sorter.

use num_complex::Complex;
use xp_core::functions::*;
use xp_core::{Array, Backend, DType, Error, s};

use crate::support::{array, vector};

/// `repeat` with one number and with one per element.
pub fn repeats<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..6).collect::<Vec<i16>>(), [2, 3]).unwrap();
    assert_eq!(repeat(&x, 2, 0).unwrap().to_vec(), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
    assert_eq!(repeat(&x, 0, 1).unwrap().shape(), [2, 0]);
    let times = vector(device, &[2i64, 0, 3]);
    let out = repeat(&x, &times, -1).unwrap();
    assert_eq!((out.shape(), out.to_vec()), ([2, 5], vec![0, 0, 2, 2, 2, 3, 3, 5, 5, 5]));
    assert_eq!(repeat(&x.t(), &vector(device, &[1i64, 2]), 1).unwrap().to_vec(), [0, 3, 3, 1, 4, 4, 2, 5, 5]);
    assert_eq!(repeat(&x.ravel().unwrap(), &vector(device, &[1i64]), 0).unwrap().to_vec(), (0..6).collect::<Vec<i16>>());
    assert_eq!(repeat(&x, &vector(device, &[0i64; 3]), 1).unwrap().shape(), [2, 0]);
    assert_eq!(repeat(&vector(device, &[true, false]), &vector(device, &[1i64, 2]), 0).unwrap().to_vec(), [true, false, false]);
    let wrong = repeat(&x, &vector(device, &[1i64, 2]), 1).unwrap_err().to_string();
    assert!(wrong.contains("repeats") && wrong.contains('3'), "{wrong}");
    let negative = repeat(&x, &vector(device, &[1i64, -2, 1]), 1).unwrap_err().to_string();
    assert!(negative.contains("-2"), "{negative}");
    assert!(matches!(repeat(&x, 2, 2), Err(Error::Axis { .. })));
}

/// `roll` over several axes and of the flattened array.
pub fn rolls<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..6).collect::<Vec<i32>>(), [2, 3]).unwrap();
    assert_eq!(roll(&x, 1, ..).unwrap().to_vec(), [5, 0, 1, 2, 3, 4]);
    assert_eq!(x.roll([-7], ..).unwrap().to_vec(), [1, 2, 3, 4, 5, 0]);
    assert_eq!(roll(&x, [1, 1], [0, 1]).unwrap().to_vec(), [5, 3, 4, 2, 0, 1]);
    assert_eq!(roll(&x, 1, [0, 1]).unwrap().to_vec(), [5, 3, 4, 2, 0, 1]);
    assert_eq!(roll(&x, 4usize, -1).unwrap().to_vec(), [2, 0, 1, 5, 3, 4]);
    assert_eq!(roll(&x, [0; 0], [0; 0]).unwrap().to_vec(), x.to_vec());
    assert!(roll(&x, [1, 2], ..).is_err() && roll(&x, [1, 2], [0]).is_err() && roll(&x, 1, 2).is_err());
    let empty = array::<_, i32>(device, &[], &[0, 3]);
    assert_eq!(roll(&empty, 1, ..).unwrap().dims(), [0, 3]);
}

/// Axes put in and taken out together; inferred lengths; no copy; the joint shape of several shapes.
pub fn shapes<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..6).collect::<Vec<u8>>(), [2, 3]).unwrap();
    assert_eq!(x.expand_dims([0, 2, -1]).unwrap().dims(), [1, 2, 1, 3, 1]);
    assert_eq!(x.expand_dims([0; 0]).unwrap().dims(), [2, 3]);
    assert!(matches!(x.expand_dims([0, -4]), Err(Error::RepeatedAxis { .. })));
    assert!(matches!(x.expand_dims([3]), Err(Error::Axis { .. })));
    let wide = x.t().expand_dims([1, 3]).unwrap();
    assert_eq!(wide.squeeze([-1, 1]).unwrap().to_vec(), x.t().to_vec());
    assert_eq!(wide.squeeze([3]).unwrap().dims(), [3, 1, 2]);
    assert!(matches!(wide.squeeze([0]), Err(Error::Shape { .. })));
    assert_eq!(x.reshape_infer(&[-1]).unwrap().dims(), [6]);
    assert_eq!(x.reshape_infer(&[3, -1, 1]).unwrap().to_vec(), x.to_vec());
    for shape in [&[4, -1][..], &[-1, -1], &[0, -1], &[-2, 3], &[5]] {
        assert!(x.reshape_infer(shape).is_err(), "{shape:?}");
    }
    assert!(array::<_, u8>(device, &[], &[0, 3]).reshape_infer(&[-1, 3]).unwrap().dims() == [0, 3]);
    assert_eq!(x.reshape_view([3, 2]).unwrap().to_vec(), x.to_vec());
    assert!(x.t().reshape_view([6]).is_err() && x.t().reshape([6]).is_ok());
    assert_eq!(x.slice(s![.., 1..2]).unwrap().reshape_view([2]).unwrap().to_vec(), [1, 4]);
    assert_eq!(broadcast_all_shapes(&[&[2, 1], &[], &[1, 3], &[3]]).unwrap(), [2, 3]);
    assert!(broadcast_all_shapes(&[&[2], &[1], &[3]]).is_err());
    assert_eq!(x.empty_like().unwrap().shape(), [2, 3]);
    assert_eq!(concat_flat(&[&x, &x.t().copy().unwrap().slice(s![..1]).unwrap()]).unwrap().to_vec(), [0, 1, 2, 3, 4, 5, 0, 3]);
    assert_eq!(xp_core::result_type_all(&[DType::I8, DType::U16, DType::I16]), Some(DType::I32));
    assert_eq!(xp_core::result_type_all(&[]), None);
    let kinds = xp_core::dtypes::<B>(xp_core::dtype::Kind::ALL);
    assert!(kinds.contains(&DType::Bool) && kinds.iter().all(|d| B::supports(*d)));
    let defaults = xp_core::default_dtypes::<B>();
    assert!(B::supports(defaults.real_floating) && B::supports(defaults.complex_floating));
}

/// The free forms of methods do what the methods do.
pub fn free_forms<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![3i64, 1, 2, 6, 5, 4], [2, 3]).unwrap();
    assert_eq!(sort(&x, 1, Descending).unwrap().to_vec(), [3, 2, 1, 6, 5, 4]);
    assert_eq!(argsort(&x, 1, Ascending).unwrap().to_vec(), [1, 2, 0, 2, 1, 0]);
    assert_eq!(take_along_axis(&x, &argsort(&x, 1, Ascending).unwrap(), 1).unwrap().to_vec(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(take(&x, &vector(device, &[-1i64]), 1).unwrap().to_vec(), [2, 4]);
    assert_eq!(flip(&x, 1).unwrap().to_vec(), [2, 1, 3, 4, 5, 6]);
    assert_eq!(reshape(&permute_dims(&x, &[1, 0]).unwrap(), [6]).unwrap().to_vec(), [3, 6, 1, 5, 2, 4]);
    assert_eq!(matrix_transpose(&x).unwrap().shape(), [3, 2]);
    assert_eq!(moveaxis(&x, &[0], &[1]).unwrap().shape(), [3, 2]);
    assert_eq!(squeeze(&expand_dims(&x, 1).unwrap(), 1).unwrap().shape(), [2, 3]);
    assert_eq!(broadcast_to(&x, [2, 2, 3]).unwrap().size(), 12);
    assert_eq!(tile(&x, &[1, 2]).unwrap().dims(), [2, 6]);
    assert_eq!(tril(&x, 0).unwrap().to_vec(), [3, 0, 0, 6, 5, 0]);
    assert_eq!(triu(&x, 0).unwrap().to_vec(), [3, 1, 2, 0, 5, 4]);
    assert_eq!(nonzero(&tril(&x, 0).unwrap()).unwrap()[1].to_vec(), [0, 0, 1]);
    assert_eq!(full_like(&x, 2.5f32).unwrap().to_vec(), [2.5; 6]);
    assert_eq!((zeros_like(&x).unwrap().to_vec(), ones_like(&x).unwrap().to_vec()), (vec![0; 6], vec![1; 6]));
    assert_eq!(astype::<_, _, u8, _>(&x).to_vec(), [3, 1, 2, 6, 5, 4]);
    let narrow = x.astype::<i16>();
    assert_eq!(matmul(&narrow, &x.t()).unwrap().to_vec(), matmul(&x, &x.t()).unwrap().to_vec());
    assert_eq!(matmul(&narrow, &x.t()).unwrap().dtype(), DType::I64);
}

/// `unique_*` of booleans and complex numbers.
pub fn unique_of_any_dtype<B: Backend>(device: &B) {
    let flags = vector(device, &[true, false, true, true]);
    let u = unique_all(&flags).unwrap();
    assert_eq!((u.values.to_vec(), u.indices.to_vec(), u.counts.to_vec()), (vec![false, true], vec![1, 0], vec![1, 3]));
    assert_eq!(u.inverse_indices.to_vec(), [1, 0, 1, 1]);
    assert_eq!(unique_values(&vector(device, &[true; 3])).unwrap().to_vec(), [true]);
    let c = |re: f32, im: f32| Complex::new(re, im);
    let nan = f32::NAN;
    let z = [c(1.0, 2.0), c(0.0, 5.0), c(1.0, -2.0), c(-0.0, 5.0), c(1.0, 2.0), c(nan, 0.0), c(0.0, 7.0), c(nan, 0.0), c(0.0, 5.0)];
    let x = Array::from_vec(device, z.to_vec(), [3, 3]).unwrap();
    let u = unique_all(&x).unwrap();
    let values = u.values.to_vec();
    assert_eq!(values.len(), 6, "{values:?}");
    assert_eq!(values[..4], [c(0.0, 5.0), c(0.0, 7.0), c(1.0, -2.0), c(1.0, 2.0)]);
    assert_eq!(u.counts.to_vec(), [3, 1, 1, 2, 1, 1]);
    assert_eq!(u.indices.to_vec(), [1, 6, 2, 0, 5, 7]);
    assert_eq!(u.inverse_indices.shape(), [3, 3]);
    for (i, &k) in u.inverse_indices.to_vec().iter().enumerate() {
        let v = values[k as usize];
        assert!(v == z[i] || (v.re.is_nan() && z[i].re.is_nan()), "{i}: {v} {}", z[i]);
    }
    assert_eq!(unique_values(&x).unwrap().size(), 6);
}

/// `searchsorted` through a sorter.
pub fn sorter<B: Backend>(device: &B) {
    let x = vector(device, &[50i32, 10, 30, 30]);
    let order = argsort(&x, 0, Ascending).unwrap();
    let queries = array(device, &[30, 5, 60, 40], &[2, 2]);
    assert_eq!(searchsorted_by(&x, &queries, Side::Left, &order).unwrap().to_vec(), [1, 0, 4, 3]);
    assert_eq!(searchsorted_by(&x, &queries, Side::Right, &order).unwrap().to_vec(), [3, 0, 4, 3]);
    assert!(searchsorted_by(&x, &queries, Side::Left, &vector(device, &[0i64, 1])).is_err());
    let outside = searchsorted_by(&x, &queries, Side::Left, &vector(device, &[0i64, 1, 2, 4]));
    assert!(outside.and_then(|places| places.to_host()).is_err());
}
