//! The methods of a backend themselves, called with what no array would give them: they check their arguments.

use xp_core::backend::{Lanes, Scan};
use xp_core::{Backend, Error};

/// Lanes that are not those of the buffer, with products that are too large, too small, or wrap around.
const WRONG: [Lanes; 7] = [
    Lanes { outer: 2, len: 3, inner: 2 },
    Lanes { outer: 1, len: 5, inner: 1 },
    Lanes { outer: 1 << 40, len: 1, inner: 1 },
    Lanes { outer: 1 << 63, len: 2, inner: 6 },
    Lanes { outer: 2, len: 1 << 63, inner: 1 },
    Lanes { outer: 0, len: 1 << 40, inner: 1 << 40 },
    Lanes { outer: 1, len: 6, inner: 0 },
];

/// Lanes and lengths that do not fit the buffers are errors, which name the method.
pub fn lanes_are_checked<B: Backend>(device: &B) {
    let x = device.upload(vec![3.0f32, 1.0, 2.0, 6.0, 5.0, 4.0]).unwrap();
    let lanes = Lanes { outer: 1, len: 3, inner: 2 };
    let index = |values: &[i64]| device.upload(values.to_vec()).unwrap();
    let named = |method: &str, e: Error| assert!(matches!(&e, Error::Value { what, .. } if what.starts_with(method)), "{method}: {e}");
    for wrong in WRONG {
        named("scan", device.scan(Scan::Sum, &x, wrong).unwrap_err());
        named("scan", device.scan(Scan::Prod, &x, wrong).unwrap_err());
        named("sort", device.sort(&x, wrong, false).unwrap_err());
        named("argsort", device.argsort(&x, wrong, true).unwrap_err());
        named("take", device.take(&x, wrong, &index(&[0]), None).unwrap_err());
        named("take", device.take(&x, wrong, &index(&[0; 6]), Some(3)).unwrap_err());
        named("put", device.put(&mut x.clone(), wrong, &index(&[0]), &x, false).unwrap_err());
        named("put", device.put(&mut x.clone(), wrong, &index(&[0]), &x, true).unwrap_err());
        assert!(device.top_k(&x, wrong, 1, false).is_err());
    }
    // One list of indices per lane has as many lanes, and a value stands for every index.
    for (count, m) in [(5, 3), (6, 2), (6, usize::MAX), (0, 1)] {
        named("take", device.take(&x, lanes, &index(&vec![0; count]), Some(m)).unwrap_err());
    }
    for indices in [&[0i64, 1][..], &[0, 1, 2, 0]] {
        named("put", device.put(&mut x.clone(), lanes, &index(indices), &x, false).unwrap_err());
    }
    assert!(device.top_k(&x, lanes, 4, false).is_err());
    assert!(device.compress(&x, &device.upload(vec![true; 5]).unwrap()).is_err());
    assert!(device.compress(&x, &device.upload(vec![true; 7]).unwrap()).is_err());
    for bad in [3, -4, i64::MAX, i64::MIN] {
        // A device may find a bad index while the program goes on.
        let read = |b: B::Buffer<f32>| device.download(&b, 0, 1);
        assert!(matches!(device.take(&x, lanes, &index(&[0, bad]), None).and_then(read), Err(Error::Index { len: 3, .. })));
        let mut y = x.clone();
        let put = device.put(&mut y, lanes, &index(&[0, bad, 1]), &x, false);
        assert!(matches!(put.and_then(|()| read(y)), Err(Error::Index { len: 3, .. })));
    }
    // What fits works.
    let values = |b: &B::Buffer<f32>| device.download(b, 0, B::len(b)).unwrap();
    assert_eq!(values(&device.sort(&x, lanes, false).unwrap()), [2.0, 1.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(values(&device.scan(Scan::Sum, &x, Lanes { outer: 3, len: 2, inner: 1 }).unwrap()), [3.0, 4.0, 2.0, 8.0, 5.0, 9.0]);
    assert_eq!(values(&x), [3.0, 1.0, 2.0, 6.0, 5.0, 4.0]);
}

/// Writing through one handle to a buffer leaves what the others see as it was, also when it is the source of the values.
pub fn handles_are_values<B: Backend>(device: &B) {
    let before = vec![3i64, 1, 2];
    let x = device.upload(before.clone()).unwrap();
    let values = |b: &B::Buffer<i64>| device.download(b, 0, B::len(b)).unwrap();
    let lanes = Lanes { outer: 1, len: 3, inner: 1 };
    for add in [false, true] {
        let (mut y, at) = (x.clone(), device.upload(vec![2i64, 0, 1]).unwrap());
        device.put(&mut y, lanes, &at, &x, add).unwrap();
        assert_eq!(values(&x), before);
        assert_eq!(values(&y), if add { vec![4, 3, 5] } else { vec![1, 2, 3] });
        // Alone on its memory now.
        device.put(&mut y, lanes, &at, &x, add).unwrap();
        assert_eq!(values(&x), before);
        assert_eq!(values(&y), if add { vec![5, 5, 8] } else { vec![1, 2, 3] });
    }
}
