//! Bad input: typed errors and documented panics, which say what was given and what was expected.

use xp_core::extra::einsum;
use xp_core::functions::*;
use xp_core::{Array, Backend, Error, Float, Ix2, s};

use crate::support::{array, panic_message, vector};

/// Asserts that a message names both shapes.
#[track_caller]
fn names(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{message}` does not say {part}");
    }
}

/// Operators, functions and expressions on shapes that do not broadcast.
pub fn shapes_that_do_not_broadcast<B: Backend>(device: &B) {
    let (x, y) = (Array::from_vec(device, vec![0.0f32; 6], [2, 3]).unwrap(), vector(device, &[1.0f32, 2.0]));
    let both = ["[2, 3]", "[2]", "axis 1", "3 and 2"];
    names(&panic_message(|| &x + &y), &both);
    names(&panic_message(|| x.clone() * y.clone()), &both);
    names(&panic_message(|| x.maximum(&y)), &both);
    names(&panic_message(|| hypot(&x, &y)), &both);
    names(&panic_message(|| (x.lazy() - &y).exp().eval()), &both);
    names(&panic_message(|| x.less(&y)), &both);
    names(&panic_message(|| where_(&x.less(0.0), &x, &y)), &both);
    names(&panic_message(|| x.lazy().multiply(&y).sum(0).eval()), &both);
    let expected = Error::Broadcast { left: vec![2, 3], right: vec![2], axis: 1 };
    assert_eq!((x.lazy() + &y).try_eval().unwrap_err(), expected);
    assert_eq!((x.lazy() + &y).sum(..).try_eval().unwrap_err(), expected);
    let mut z = y.clone();
    names(&panic_message(move || z += &x), &["[2]", "[2, 3]"]);
    let mut narrow = y.clone();
    let wide = Array::from_vec(device, vec![0.0f32; 4], [2, 2]).unwrap();
    names(&panic_message(move || narrow += &wide), &["[2, 2]", "[2]", "in-place"]);
    // Empty axes broadcast like others: with 1, not with 2.
    let none = Array::<B, f32, _>::from_vec(device, vec![], [0]).unwrap();
    names(&panic_message(|| &none + &y), &["[0]", "[2]"]);
}

/// Ranks that a function does not take.
pub fn ranks<B: Backend>(device: &B) {
    let v = vector(device, &[1.0f32, 2.0]).into_dyn();
    let scalar = full(device, [], 1.0f32).unwrap().into_dyn();
    assert_eq!(v.tril(0).unwrap_err(), Error::Rank { expected: 2, given: 1 });
    assert_eq!(v.matrix_transpose().unwrap_err(), Error::Rank { expected: 2, given: 1 });
    assert_eq!(v.diagonal(0).unwrap_err(), Error::Rank { expected: 2, given: 1 });
    assert_eq!(scalar.matmul(&v).unwrap_err(), Error::Rank { expected: 1, given: 0 });
    assert_eq!(v.matmul(&scalar).unwrap_err(), Error::Rank { expected: 1, given: 0 });
    assert_eq!(scalar.lazy_rows(&vector(device, &[0i64])).err(), Some(Error::Rank { expected: 1, given: 0 }));
    let deep = array(device, &[1u8], &[1; 32]);
    assert!(matches!(deep.expand_dims(0), Err(Error::Rank { expected: 32, given: 33 })));
    assert!(matches!(Array::from_vec(device, vec![1u8], vec![1; 33]), Err(Error::Rank { expected: 32, given: 33 })));
    assert_eq!(deep.slice(s![0, xp_core::Ellipsis]).unwrap().ndim(), 31);
    assert_eq!((&deep + &deep).item().unwrap(), 2);
    assert_eq!(deep.sum(3).ndim(), 31);
    names(&Error::Rank { expected: 2, given: 3 }.to_string(), &["rank 3", "rank 2"]);
}

/// Axes out of range, and named twice.
pub fn axes<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![0.0f32; 6], [2, 3]).unwrap();
    for axis in [2, -3, isize::MAX, isize::MIN] {
        let text = format!("axis {axis} is out of range for an array of rank 2");
        assert_eq!(panic_message(|| x.sum(axis)), text);
        assert_eq!(panic_message(|| x.argmax(axis)), text);
        assert_eq!(panic_message(|| x.var(axis, 0.0)), text);
        assert_eq!(x.lazy().mean(axis).try_eval().unwrap_err(), Error::Axis { axis, ndim: 2 });
        assert_eq!(x.sort(axis, Ascending).unwrap_err(), Error::Axis { axis, ndim: 2 });
        assert_eq!(x.cumulative_sum(axis).unwrap_err(), Error::Axis { axis, ndim: 2 });
        assert_eq!(x.roll(1, axis).unwrap_err(), Error::Axis { axis, ndim: 2 });
        assert_eq!(x.slice_axis(axis, ..).unwrap_err(), Error::Axis { axis, ndim: 2 });
        assert_eq!(x.flip(axis).unwrap_err(), Error::Axis { axis, ndim: 2 });
    }
    names(&panic_message(|| x.sum([0, -2])), &["axis -2", "[0, -2]"]);
    names(&panic_message(|| full(device, [], 1.0f32).unwrap().sum(0)), &["axis 0", "rank 0"]);
}

/// Indices out of bounds.
pub fn indices<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![0u8; 6], [2, 3]).unwrap();
    assert_eq!(x.get([0, 3]).unwrap_err().to_string(), "index 3 is out of bounds for axis 1 of length 3");
    assert_eq!(x.index_axis(0, -3).unwrap_err(), Error::Index { index: -3, axis: 0, len: 2, operation: None });
    assert_eq!(x.slice(s![isize::MIN]).unwrap_err(), Error::Index { index: isize::MIN, axis: 0, len: 2, operation: None });
    for (index, axis) in [(i64::MAX, 0), (i64::MIN, 1)] {
        assert!(x.take(&vector(device, &[index]), axis).and_then(|y| y.to_host()).is_err());
    }
    assert!(Array::<B, u8, _>::from_vec(device, vec![], [0]).unwrap().take(&vector(device, &[0i64]), 0).and_then(|y| y.to_host()).is_err());
}

/// Numbers of values that do not fill a shape.
pub fn lengths<B: Backend>(device: &B) {
    names(&Array::from_vec(device, vec![1u8; 5], [2, 3]).unwrap_err().to_string(), &["5 values", "[2, 3]", "6 elements"]);
    names(&vector(device, &[1u8; 5]).reshape([2, 3]).unwrap_err().to_string(), &["5 values", "[2, 3]"]);
    names(&vector(device, &[1u8; 5]).item().unwrap_err().to_string(), &["[5]", "one element"]);
    names(&vector(device, &[1u8; 5]).squeeze(0).unwrap_err().to_string(), &["[5]", "length 1"]);
    names(&vector(device, &[true; 5]).select(&vector(device, &[true; 4])).unwrap_err().to_string(), &["[4]", "[5]"]);
}

/// Subscripts and lengths that do not fit are named as they were written.
pub fn einsum_subscripts<B: Backend>(device: &B) {
    let x = array(device, &[1.0f32; 6], &[2, 3]);
    let message = |text: &str, operands: &[&Array<B, f32, xp_core::Dyn>]| einsum(text, operands).unwrap_err().to_string();
    assert_eq!(message("ij,jk->ik", &[&x, &x]), "einsum: shape [2, 3] given, length 3 along 'j' expected");
    assert_eq!(message("i...,i...", &[&x, &x.permute_dims(&[1, 0]).unwrap()]), "einsum: shape [3, 2] given, length 2 along 'i' expected");
    let y = array(device, &[1.0f32; 12], &[4, 3]);
    assert_eq!(message("...i,...i", &[&x, &y]), "einsum: shape [4, 3] given, length 2 along axis -1 of the ellipsis expected");
    names(&message("ij->ik", &[&x]), &["ij->ik", "'k' of the result"]);
}

/// More axes than an array can have.
pub fn too_many_axes<B: Backend>(device: &B) {
    use xp_core::expr::Iota;
    use xp_core::{AxisVec, Dyn};
    let rank = |given| Some(Error::Rank { expected: 32, given });
    for ndim in [33, 40, 200] {
        let (shape, steps) = (AxisVec::from(&vec![1usize; ndim][..]), AxisVec::from(&vec![1isize; ndim][..]));
        assert_eq!(Iota::<B, Dyn>::new(device, shape.clone(), 0, steps).err(), rank(ndim));
        assert_eq!(zeros::<B, f32, _>(device, shape.clone()).err(), rank(ndim));
        assert_eq!(full(device, [], 1.0f32).unwrap().broadcast_to(shape.clone()).err(), rank(ndim));
        assert_eq!(vector(device, &[1.0f32]).reshape(shape).err(), rank(ndim));
    }
    let steps = AxisVec::from(&[1isize][..]);
    assert_eq!(Iota::<B, Dyn>::new(device, AxisVec::from(&[2usize, 3][..]), 0, steps).err(), Some(Error::Rank { expected: 2, given: 1 }));
}

/// Arguments outside their domain.
pub fn values<B: Backend>(device: &B) {
    names(&arange(device, 0i32, 5, 0).unwrap_err().to_string(), &["arange", "step 0"]);
    names(&vector(device, &[1]).slice(s![..;0]).unwrap_err().to_string(), &["step 0"]);
    names(&vector(device, &[1]).permute_dims(&[0; 0]).unwrap_err().to_string(), &["[]", "rank 1"]);
}

/// Products of matrices whose inner lengths differ name both shapes.
pub fn matmul_shapes<B: Backend>(device: &B) {
    let (x, y): (Array<B, f32, Ix2>, Array<B, f32, Ix2>) = (zeros(device, [2, 3]).unwrap(), zeros(device, [4, 5]).unwrap());
    let message = "matmul: the left operand, of shape [2, 3], has 3 columns, and the right one, of shape [4, 5], has 4 rows";
    assert_eq!(x.matmul(&y).unwrap_err().to_string(), message);
    let message = "matmul: the left operand, of shape [2], has 2 elements, and the right one, of shape [4, 5], has 4 rows";
    assert_eq!(vector(device, &[1.0, 2.0]).matmul(&y).unwrap_err().to_string(), message);
    names(&x.matmul(&vector(device, &[1.0])).unwrap_err().to_string(), &["[2, 3]", "[1]"]);
    let (a, b) = (zeros::<_, f32, _>(device, [2, 1, 3]).unwrap(), zeros::<_, f32, _>(device, [3, 3, 1]).unwrap());
    names(&a.matmul(&b).unwrap_err().to_string(), &["[2]", "[3]"]);
    names(&tensordot(&x, &y, 1).unwrap_err().to_string(), &["[2, 3]", "[4, 5]"]);
}

/// Arrays that cannot be joined.
pub fn joining<B: Backend>(device: &B) {
    let (x, y) = (zeros::<_, f32, _>(device, [2, 3]).unwrap(), zeros::<_, f32, _>(device, [2, 4]).unwrap());
    names(&concat(&[&x, &y], 0).unwrap_err().to_string(), &["[2, 4]", "[2, 3]"]);
    assert_eq!(stack(&[&x, &y], 0).unwrap_err().to_string(), "stack: shape [2, 4] given, [2, 3], the shape of the first array, expected");
    assert_eq!(stack::<B, f32, Ix2, Array<B, f32, Ix2>>(&[], 0).unwrap_err().to_string(), "stack: no arrays given");
    assert!(concat(&[&x.clone().into_dyn(), &vector(device, &[1.0f32]).into_dyn()], 0).is_err());
    names(&broadcast_arrays(&[&x, &y]).unwrap_err().to_string(), &["[2, 3]", "[2, 4]"]);
    names(&x.broadcast_to([3, 3]).unwrap_err().to_string(), &["[2, 3]", "[3, 3]"]);
}

/// Arrays of two devices of one backend do not meet: both are named. Nothing to do for a backend with one device, whose
/// clones are equal.
pub fn two_devices<B: Backend, T: Float>(device: &B) {
    assert_eq!(device, &device.clone());
    let (x, y) = (vector(device, &[T::ONE]), vector(device, &[T::ONE]));
    assert_eq!((&x + &y).device(), device);
}

/// Sizes beyond what can be addressed, and beyond memory.
pub fn too_large<B: Backend>(device: &B) {
    assert!(matches!(zeros::<_, u8, _>(device, [usize::MAX, 2]), Err(Error::TooLarge { .. })));
    assert!(matches!(zeros::<_, f32, _>(device, [1 << 40, 1 << 40, 0]), Err(Error::TooLarge { .. })));
    assert!(matches!(zeros::<_, u8, _>(device, [1 << 56]), Err(Error::OutOfMemory { .. } | Error::TooLarge { .. })));
    let x = zeros::<_, u8, _>(device, [1]).unwrap();
    assert!(matches!(x.broadcast_to([usize::MAX]), Err(Error::TooLarge { .. })));
    let huge = x.broadcast_to([1 << 55]).unwrap();
    assert!(matches!(huge.copy(), Err(Error::OutOfMemory { .. } | Error::TooLarge { .. })));
    assert!(huge.lazy().astype::<f32>().try_eval().is_err());
    assert!(matches!(huge.nonzero(), Err(Error::OutOfMemory { .. } | Error::TooLarge { .. })));
    // The offsets of a product without elements are not made.
    let (stack, matrix) = (zeros::<_, f32, _>(device, [1 << 40, 0, 3]).unwrap(), zeros::<_, f32, _>(device, [3, 4]).unwrap());
    assert_eq!(stack.matmul(&matrix).unwrap().dims(), [1 << 40, 0, 4]);
    let many = zeros::<_, f32, _>(device, [1, 3, 4]).unwrap().broadcast_to([1 << 55, 3, 4]).unwrap();
    assert!(matches!(
        matrix.slice(s![..1]).unwrap().matmul(&many.permute_dims(&[0, 2, 1]).unwrap()),
        Err(Error::OutOfMemory { .. } | Error::TooLarge { .. })
    ));
    names(&panic_message(|| &huge + 1), &["36028797018963968"]);
    assert_eq!(huge.get([-1]).unwrap(), 0);
}

/// Products and norms that need no linear algebra of the backend.
pub fn linalg_free<B: Backend>(device: &B) {
    use xp_core::linalg::{trace, vector_norm};
    let x = Array::from_vec(device, vec![1i8, 2, 3, 100], [2, 2]).unwrap();
    assert_eq!(trace(&x, 0).unwrap().item().unwrap(), 101i64);
    assert_eq!(trace(&x, 1).unwrap().item().unwrap(), 2);
    assert_eq!(trace(&x, 5).unwrap().item().unwrap(), 0);
    assert!(trace(&vector(device, &[1i8]), 0).is_err());
    assert_eq!(vector_norm(&vector(device, &[3.0f32, -4.0]), -1, 2.0).unwrap().item().unwrap(), 5.0);
    assert!(vector_norm(&vector(device, &[3.0f32, -4.0]), 1, 2.0).is_err());
}
