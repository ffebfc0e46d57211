//! Matrices without elements, one of whose axes is longer than any memory.

use xp_core::functions::zeros;
use xp_core::linalg::{self, Full, Thin};
use xp_core::{Array, Dim, Error, Floating, Ix2, Linalg, Result};

const LONG: usize = 1 << 32;

/// What must fail because the result has more elements than can be addressed, or more than there is memory for.
#[track_caller]
fn refused<R>(what: &str, result: Result<R>) {
    match result.map(drop) {
        Err(Error::TooLarge { shape }) => assert!(shape.contains(&LONG), "{what}: {shape:?}"),
        Err(Error::OutOfMemory { .. }) => {}
        other => panic!("{what}: {other:?}"),
    }
}

#[track_caller]
fn has_shape<B: Linalg<T>, T: Floating, D: Dim>(what: &str, x: Result<Array<B, T, D>>, shape: &[usize]) {
    assert_eq!(x.unwrap_or_else(|e| panic!("{what}: {e}")).dims(), shape, "{what}");
}

/// Decompositions and products of matrices without elements have the right empty results, or are refused: sizes do not wrap.
pub fn without_elements<B: Linalg<T>, T: Floating>(device: &B) {
    let empty = |shape: [usize; 2]| -> Array<B, T, Ix2> { zeros(device, shape).unwrap() };
    let (tall, wide, none) = (empty([LONG, 0]), empty([0, LONG]), empty([0, 0]));
    for (name, x) in [("tall", &tall), ("wide", &wide)] {
        let [m, n] = x.shape();
        refused(&format!("svd of {name}"), linalg::svd(x, Full));
        let (u, s, vh) = linalg::svd(x, Thin).unwrap();
        assert_eq!((u.shape(), s.shape(), vh.shape()), ([m, 0], [0], [0, n]), "svd of {name}");
        let (q, r) = linalg::qr(x, linalg::Thin).unwrap();
        assert_eq!((q.shape(), r.shape()), ([m, 0], [0, n]), "qr of {name}");
        has_shape(&format!("qr_r of {name}"), linalg::qr_r(x), &[0, n]);
    }
    refused("complete qr of tall", linalg::qr(&tall, linalg::Full));
    has_shape("complete qr of wide", linalg::qr(&wide, linalg::Full).map(|(_, r)| r), &[0, LONG]);
    has_shape("gram of tall", linalg::gram(&tall.lazy()), &[0, 0]);
    refused("gram of wide", linalg::gram(&wide.lazy()));
    has_shape("tall_r of tall", B::tall_r(&tall.lazy()), &[0, 0]);
    refused("tall_r of wide", B::tall_r(&wide.lazy()));
    has_shape("cross of tall", B::cross(&tall.lazy(), &tall.lazy()), &[0, 0]);
    refused("cross of wide", B::cross(&wide.lazy(), &wide.lazy()));
    has_shape("project onto nothing", B::project(&tall.lazy(), &none), &[LONG, 0]);
    has_shape("project of nothing", B::project(&wide.lazy(), &tall), &[0, 0]);
    refused("project", B::project(&tall.lazy(), &wide));
    refused("matmul", tall.matmul(&wide));
    let stacks: Array<B, T, xp_core::Ix3> = zeros(device, [LONG, 0, 3]).unwrap();
    has_shape("matmul of a stack", stacks.matmul(&zeros::<B, T, _>(device, [3, 4]).unwrap()), &[LONG, 0, 4]);
    // No multiplication of a length with that of the stack beside it may wrap.
    let tower: Array<B, T, xp_core::Ix3> = zeros(device, [0, LONG, LONG >> 6]).unwrap();
    refused("stack of nothing", linalg::svd(&tower, Full));
    has_shape("values of nothing", linalg::svdvals(&tower).map(|s| s.astype::<T>()), &[0, LONG >> 6]);
}
