//! Creation functions and conversions to and from the host.

use half::{bf16, f16};
use num_complex::Complex;
use xp_core::functions::*;
use xp_core::{Array, Backend, Dim, Element, Error, Float, Num, Real, Tiles, array as create, s};

use crate::support::vector;

/// `full`, `zeros`, `ones`, `empty` of every dtype, rank 0 and empty shapes included.
pub fn filled<B: Backend>(device: &B) {
    fn check<B: Backend, T: Num>(device: &B) {
        let seven = T::from_f64(7.0);
        assert_eq!(full(device, [2, 3], seven).unwrap().to_vec(), [seven; 6]);
        assert_eq!(zeros::<_, T, _>(device, [5]).unwrap().to_vec(), [T::ZERO; 5]);
        assert_eq!(ones::<_, T, _>(device, [2, 2]).unwrap().to_vec(), [T::ONE; 4]);
        assert_eq!(empty::<_, T, _>(device, [3]).unwrap().shape(), [3]);
        assert_eq!(full(device, [], seven).unwrap().item().unwrap(), seven);
        assert!(full(device, [3, 0], seven).unwrap().to_vec().is_empty());
        assert_eq!(full(device, vec![1, 2, 1], seven).unwrap().dims(), [1, 2, 1]);
        assert_eq!(full(device, [300, 300], seven).unwrap().to_vec(), vec![seven; 90_000]);
    }
    macro_rules! each {
        ($($t:ty)*) => { $(check::<B, $t>(device);)* };
    }
    each!(i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 Complex<f32>);
    if B::supports(xp_core::DType::F64) {
        each!(f64 Complex<f64>);
    }
    assert_eq!(full(device, [3], true).unwrap().to_vec(), [true; 3]);
    assert_eq!(zeros::<_, bool, _>(device, [2]).unwrap().to_vec(), [false; 2]);
}

/// A matrix from tiles is the one they are cut from; tiles that do not fit, and missing ones, are errors.
pub fn tiles<B: Backend, T: Float>(device: &B) {
    let (n, m) = (5, 7);
    let x = arange(device, T::ZERO, T::from_f64((n * m) as f64), T::ONE).unwrap().reshape([n, m]).unwrap();
    for (rows, columns) in [(1, 1), (2, 3), (5, 7), (3, 7), (5, 2)] {
        let mut tiles = Tiles::new(device, [n, m]).unwrap();
        for row in (0..n).step_by(rows) {
            let end = n.min(row + rows);
            for column in (0..m).step_by(columns) {
                let tile = x.slice(s![row..end, column..m.min(column + columns)]).unwrap();
                tiles.push(tile.shape(), tile.lazy() + T::ONE).unwrap();
            }
        }
        assert_eq!(tiles.finish().unwrap().to_vec(), (x.lazy() + T::ONE).eval().to_vec(), "{rows} x {columns}");
    }
    // A scalar and a row are broadcast, tiles without elements are nothing, and a transposed operand is walked as it lies.
    let mut tiles = Tiles::new(device, [2, 4]).unwrap();
    tiles.push([2, 1], T::ONE).unwrap();
    tiles.push([2, 0], T::ONE).unwrap();
    tiles.push([2, 1], &vector(device, &[T::ZERO])).unwrap();
    tiles.push([2, 2], &x.slice(s![..2, ..2]).unwrap().t()).unwrap();
    tiles.push([0, 4], T::ONE).unwrap();
    assert_eq!(tiles.finish().unwrap().to_vec(), [1.0, 0.0, 0.0, 7.0, 1.0, 0.0, 1.0, 8.0].map(T::from_f64));
    for shape in [[0, 3], [3, 0]] {
        assert_eq!(Tiles::<B, T>::new(device, shape).unwrap().finish().unwrap().shape(), shape);
    }

    let mut tiles = Tiles::<B, T>::new(device, [3, 4]).unwrap();
    let says = |result: xp_core::Result<()>, what: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    };
    says(tiles.push([4, 1], T::ONE), "at most 3 rows and at most 4 columns");
    tiles.push([2, 3], T::ONE).unwrap();
    says(tiles.push([1, 1], T::ONE), "2 rows and at most 1 columns");
    says(tiles.push([2, 2], T::ONE), "2 rows and at most 1 columns");
    says(tiles.push([2, 1], &x), "[5, 7]");
    // What is not written yet is not shown.
    assert_eq!(format!("{tiles:?}"), "Tiles { shape: [3, 4], at: [0, 3], rows: 2 }");
    says(tiles.finish().map(drop), "shape [3, 4] end at row 0, column 3");

    // A symmetric matrix is made of what is on and above its diagonal alone, whatever is made there; a column is broadcast.
    let asked = std::sync::Mutex::new(vec![]);
    for (n, step) in [(0, 2), (1, 3), (5, 2), (5, 5), (4, 2), (3, 0)] {
        let made = Tiles::symmetric(device, n, step, |rows, columns| {
            asked.lock().unwrap().push(rows.start <= columns.start);
            let column = arange(device, T::from_f64(rows.start as f64), T::from_f64(rows.end as f64), T::ONE)?;
            Ok::<_, Error>(column.expand_dims(1)?.into_lazy())
        });
        let blocks = n.div_ceil(step.max(1));
        assert_eq!(std::mem::take(&mut *asked.lock().unwrap()), vec![true; blocks * (blocks + 1) / 2], "{n} by {step}");
        // A tile on the diagonal is as it was made: here, not symmetric.
        let value = |i: usize, j: usize| if i / step.max(1) == j / step.max(1) { i } else { i.min(j) };
        let expected: Vec<T> = (0..n * n).map(|k| T::from_f64(value(k / n, k % n) as f64)).collect();
        assert_eq!(made.unwrap().to_vec(), expected, "{n} by {step}");
    }
    says(Tiles::symmetric(device, 5, 2, |_, _| Ok::<_, Error>(x.lazy())).map(drop), "[5, 7]");
    says(
        Tiles::symmetric(device, 2, 1, |_, _| Err::<xp_core::Lazy<Array<B, T, _>>, _>(Error::value("a tile", "none today"))).map(drop),
        "none today",
    );
}

/// `arange` and `linspace`.
pub fn ranges<B: Backend, T: Float>(device: &B) {
    let number = |x: f64| T::from_f64(x);
    let steps = |a: f64, b: f64, h: f64| arange(device, number(a), number(b), number(h)).unwrap().to_vec();
    assert_eq!(steps(0.0, 1.0, 0.25), [0.0, 0.25, 0.5, 0.75].map(number));
    assert_eq!(steps(1.0, -1.0, -0.5), [1.0, 0.5, 0.0, -0.5].map(number));
    assert!(steps(1.0, 0.0, 0.5).is_empty());
    assert_eq!(arange(device, 2i64, 9, 3).unwrap().to_vec(), [2, 5, 8]);
    assert_eq!(arange(device, 9i32, 2, -3).unwrap().to_vec(), [9, 6, 3]);
    assert_eq!(arange(device, 0u8, 255, 1).unwrap().size(), 255);
    assert!(arange(device, 3i16, 3, 1).unwrap().is_empty());
    // Beyond the integers that a double can tell apart.
    let big = 1i64 << 53;
    assert_eq!(arange(device, big, big + 3, 1).unwrap().to_vec(), [big, big + 1, big + 2]);
    assert_eq!(arange(device, u64::MAX - 3, u64::MAX, 1).unwrap().to_vec(), [u64::MAX - 3, u64::MAX - 2, u64::MAX - 1]);
    assert_eq!(arange(device, i64::MIN, i64::MAX, i64::MAX).unwrap().to_vec(), [i64::MIN, -1, i64::MAX - 1]);
    assert!(matches!(arange(device, number(0.0), number(1.0), number(0.0)), Err(Error::Value { .. })));
    assert!(matches!(arange(device, number(0.0), T::INFINITY, number(1.0)), Err(Error::Value { .. })));
    assert!(matches!(arange(device, T::NAN, number(1.0), number(1.0)), Err(Error::Value { .. })));

    let spaced = |n: usize, endpoint| {
        let (a, b) = (number(1.0), number(3.0));
        if endpoint { linspace(device, a..=b, n) } else { linspace(device, a..b, n) }.unwrap().to_vec()
    };
    assert_eq!(spaced(5, true), [1.0, 1.5, 2.0, 2.5, 3.0].map(number));
    assert_eq!(spaced(4, false), [1.0, 1.5, 2.0, 2.5].map(number));
    assert_eq!(spaced(1, true), [number(1.0)]);
    assert!(spaced(0, true).is_empty());
    // The end is exact where the step is not.
    let thirds = linspace(device, number(0.1)..=number(0.7), 4).unwrap().to_vec();
    assert_eq!((thirds[0], thirds[3]), (number(0.1), number(0.7)));
    let z = linspace(device, Complex::new(0f32, 0.0)..=Complex::new(1.0, 2.0), 3).unwrap().to_vec();
    assert_eq!(z, [Complex::new(0.0, 0.0), Complex::new(0.5, 1.0), Complex::new(1.0, 2.0)]);
}

/// `eye`, `tril`, `triu`.
pub fn triangles<B: Backend>(device: &B) {
    for (rows, cols) in [(3, 3), (2, 5), (5, 2), (0, 3), (1, 1)] {
        for k in -6..=6isize {
            let eye = create::eye::<B, i32>(device, rows, cols, k).unwrap();
            let expected: Vec<i32> = (0..rows * cols).map(|i| i32::from((i % cols) as isize - (i / cols) as isize == k)).collect();
            assert_eq!(eye.to_vec(), expected, "eye({rows}, {cols}, {k})");
            let full: Vec<i32> = (1..=(rows * cols) as i32).collect();
            let x = Array::from_vec(device, full.clone(), [rows, cols]).unwrap();
            let kept = |lower: bool| -> Vec<i32> {
                let inside = |i: usize| {
                    let d = (i % cols) as isize - (i / cols) as isize;
                    if lower { d <= k } else { d >= k }
                };
                full.iter().enumerate().map(|(i, &v)| if inside(i) { v } else { 0 }).collect()
            };
            assert_eq!(x.tril(k).unwrap().to_vec(), kept(true), "tril({rows}, {cols}, {k})");
            assert_eq!(x.triu(k).unwrap().to_vec(), kept(false), "triu({rows}, {cols}, {k})");
        }
    }
    let stack = ones::<_, i8, _>(device, [2, 2, 2]).unwrap();
    assert_eq!(stack.tril(0).unwrap().to_vec(), [1, 0, 1, 1, 1, 0, 1, 1]);
    assert_eq!(stack.t().triu(0).unwrap().to_vec(), [1, 1, 0, 1, 1, 1, 0, 1]);
}

/// `meshgrid` in both orders.
pub fn grids<B: Backend>(device: &B) {
    let (x, y) = (vector(device, &[1, 2, 3]), vector(device, &[10, 20]));
    let ij = meshgrid(&[&x, &y], Indexing::Ij).unwrap();
    assert_eq!((ij[0].dims(), ij[0].to_vec()), (&[3, 2][..], vec![1, 1, 2, 2, 3, 3]));
    assert_eq!(ij[1].to_vec(), [10, 20, 10, 20, 10, 20]);
    let xy = meshgrid(&[x.clone(), y.clone()], Indexing::Xy).unwrap();
    assert_eq!((xy[0].dims(), xy[0].to_vec()), (&[2, 3][..], vec![1, 2, 3, 1, 2, 3]));
    assert_eq!(xy[1].to_vec(), [10, 10, 10, 20, 20, 20]);
    assert_eq!(meshgrid(&[&x], Indexing::Xy).unwrap()[0].to_vec(), [1, 2, 3]);
}

/// Values go in and come out unchanged, and nested Rust arrays become arrays.
pub fn from_values<B: Backend>(device: &B) {
    fn check<B: Backend, T: Element>(device: &B, values: &[T]) {
        assert_eq!(vector(device, values).to_host().unwrap(), values);
        let x = Array::from_vec(device, values.to_vec(), vec![values.len(), 1]).unwrap();
        assert_eq!((x.dtype(), x.ndim(), x.size(), x.is_empty()), (T::DTYPE, 2, values.len(), values.is_empty()));
        assert_eq!(x.to_backend(device).unwrap().to_vec(), values);
        assert_eq!(x.copy().unwrap().to_vec(), values);
    }
    check(device, &[true, false, true]);
    check(device, &[i8::MIN, 0, i8::MAX]);
    check(device, &[i64::MIN, 0, i64::MAX]);
    check(device, &[u64::MAX, 0]);
    check(device, &[f16::from_f32(1.5), f16::MAX]);
    check(device, &[f32::MIN_POSITIVE / 4.0, f32::INFINITY, -0.0]);
    check(device, &[Complex::new(1.0f32, -2.0)]);
    check::<_, i32>(device, &[]);
    let x = create::from_nested(device, [[1, 2, 3], [4, 5, 6]]).unwrap();
    assert_eq!((x.shape(), x.to_vec()), ([2, 3], vec![1, 2, 3, 4, 5, 6]));
    assert_eq!(create::from_nested(device, 5i64).unwrap().item().unwrap(), 5);
    let none: [[u8; 4]; 0] = [];
    assert_eq!(create::from_nested(device, none).unwrap().ndim(), 2);
    let given = Array::<B, i32, _>::from_vec(device, vec![1, 2], [3]).unwrap_err();
    assert_eq!(given, Error::Length { given: 2, shape: vec![3], expected: 3 });
    let dynamic = x.clone().into_dyn();
    assert_eq!(dynamic.shape(), vec![2, 3]);
    assert_eq!(dynamic.clone().into_rank::<xp_core::Ix2>().unwrap().shape(), [2, 3]);
    assert_eq!(dynamic.into_rank::<xp_core::Ix1>().unwrap_err(), Error::Rank { expected: 1, given: 2 });
}

/// `astype` between every two dtypes, by the documented rules.
pub fn conversions<B: Backend>(device: &B) {
    fn from<B: Backend, T: Real>(device: &B, values: &[T]) {
        fn to<B: Backend, T: Real, U: Real, D: Dim>(x: &Array<B, T, D>) {
            let expected: Vec<U> = x.to_vec().into_iter().map(xp_core::Element::cast::<U>).collect();
            assert_eq!(x.astype::<U>().to_vec(), expected, "{} to {}", T::DTYPE, U::DTYPE);
        }
        let x = vector(device, values);
        macro_rules! each {
            ($($u:ty)*) => { $(to::<B, T, $u, _>(&x);)* };
        }
        each!(i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32);
        assert_eq!(x.astype::<bool>().to_vec(), values.iter().map(|v| *v != T::ZERO).collect::<Vec<_>>());
        let z = x.astype::<Complex<f32>>().to_vec();
        assert!(z.iter().zip(values).all(|(z, v)| z.re == v.cast::<f32>() && z.im == 0.0));
    }
    macro_rules! integers {
        ($($t:ty)*) => { $(from::<B, $t>(device, &[<$t>::MIN, 0, 1, 7, <$t>::MAX / 2, <$t>::MAX]);)* };
    }
    integers!(i8 i16 i32 i64 u8 u16 u32 u64);
    from(device, &[-1e30f32, -300.7, -1.5, -0.0, 0.4, 2.9, 70000.0, 1e30, f32::INFINITY, f32::NEG_INFINITY]);
    from(device, &[f16::from_f32(-2.5), f16::from_f32(100.0)]);
    assert_eq!(vector(device, &[1.9f32, -1.9, f32::NAN, 1e30]).astype::<i32>().to_vec(), [1, -1, 0, i32::MAX]);
    assert_eq!(vector(device, &[300i32, -1]).astype::<u8>().to_vec(), [44, 255]);
    assert_eq!(vector(device, &[true, false]).astype::<f32>().to_vec(), [1.0, 0.0]);
    assert_eq!(vector(device, &[Complex::new(0f32, 2.0), Complex::new(0.0, 0.0)]).astype::<bool>().to_vec(), [true, false]);
}

/// `zeros_like` and its kin.
pub fn like<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1i16, 2, 3, 4, 5, 6], [2, 3]).unwrap().t();
    assert_eq!((x.zeros_like().unwrap().shape(), x.zeros_like().unwrap().to_vec()), ([3, 2], vec![0; 6]));
    assert_eq!(x.ones_like().unwrap().to_vec(), [1; 6]);
    assert_eq!(x.full_like(2.5f32).unwrap().to_vec(), [2.5; 6]);
    assert_eq!(x.zeros_like().unwrap().device(), device);
}

/// Arrays made in generic rank, from a shape of that rank and from a function of the index.
pub fn in_generic_rank<B: Backend>(device: &B) {
    fn check<B: Backend, D: Dim>(device: &B, x: &Array<B, i32, D>) {
        let again = Array::<B, i32, D>::from_vec(device, x.to_vec(), x.shape()).unwrap();
        assert_eq!((again.shape(), again.to_vec()), (x.shape(), x.to_vec()));
        let mut next = 0;
        let counted = Array::from_fn(device, x.shape(), |index| {
            let dims = x.dims();
            let at = index.as_ref().iter().zip(dims).fold(0, |at, (&i, &n)| at * n + i);
            assert_eq!(at, next, "row-major order");
            next += 1;
            at as i64
        });
        let counted = counted.unwrap();
        assert_eq!((counted.dims(), counted.to_vec()), (x.dims(), (0..x.size() as i64).collect()));
        assert_eq!(zeros::<_, f32, _>(device, x.shape()).unwrap().shape(), x.shape());
    }
    check(device, &full(device, [], 5).unwrap());
    check(device, &arange(device, 0, 4, 1).unwrap());
    check(device, &full(device, [2, 0, 3], 5).unwrap());
    check(device, &arange(device, 0, 24, 1).unwrap().reshape([2, 3, 4]).unwrap());
    check(device, &full(device, vec![1; 7], 5).unwrap());
    assert!(matches!(Array::from_fn(device, [usize::MAX, 2], |_| 0u8), Err(Error::TooLarge { .. })));
}
