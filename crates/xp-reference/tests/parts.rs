//! Parts of arrays: kernels that advance to one, and plans narrowed to it.

use std::mem::ManuallyDrop;

use xp_core::backend::Slot;
use xp_core::expr::{Iota, Kernel, Leaves, Load, Plan};
use xp_core::functions::*;
use xp_core::math::Baseline;
use xp_core::{Array, Backend, Dyn, Expr, Ix1, Ix2, Lazy, contiguous_strides};
use xp_reference::Host;

/// Evaluates positions `first..first + len` of an axis of an expression's plan, to the start of memory of its size.
fn part<E: Expr<Backend = Host>>(e: &Lazy<E>, axes: usize, [axis, first, len]: [usize; 3]) -> Vec<E::Elem> {
    let shape = e.expr().shape().unwrap();
    let shape = shape.as_ref();
    let strides = contiguous_strides::<Dyn>(&shape.into());
    let mut leaves = Leaves::default();
    e.expr().leaves(shape, &mut leaves).unwrap();
    let plan = Plan::elementwise(shape, &strides, leaves);
    assert_eq!(plan.shape().len(), axes, "{:?}", plan.shape());
    let mut kernel = e.expr().lower(&plan, &mut 0);
    kernel.advance(axis, first);
    let plan = plan.narrowed(axis, len);
    let size = shape.iter().product();
    let out = Host.upload(vec![E::Elem::default(); size]).unwrap();
    // SAFETY: the positions are inside the plan, and the output has room for all of them.
    unsafe { Host.eval(kernel, &plan, Slot { buffer: &out, offset: 0 }).unwrap() };
    Host.download(&out, 0, size).unwrap()
}

fn table(rows: usize, columns: usize) -> Array<Host, f64, Ix2> {
    arange(&Host, 0.0, (rows * columns) as f64, 1.0).unwrap().reshape([rows, columns]).unwrap()
}

/// Every kind of leaf, in plans that keep their axes, merge them, and are walked as one row.
#[test]
fn kernels_advance() {
    // All operands in one piece: one axis.
    let x = table(10, 4);
    assert_eq!(part(&(x.lazy() * 2.0), 1, [0, 12, 20])[..20], x.lazy().multiply(2.0).eval().to_vec()[12..32]);
    // Short rows, walked as one, beside a row that repeats, a column and a counter.
    let row = Array::<_, f64, Ix1>::from_vec(&Host, vec![100.0, 200.0, 300.0, 400.0], [4]).unwrap();
    let column = arange(&Host, 0.0, 1e4, 1e3).unwrap().reshape([10, 1]).unwrap().into_rank::<Ix2>().unwrap();
    let counter = |n| Lazy::new(Iota::<Host, Ix2>::new(&Host, [10, n], 7, [1000, 10]).unwrap()).astype::<f64>();
    let e = || x.lazy() + &row + &column + counter(4);
    assert_eq!(part(&e(), 2, [0, 3, 5])[..20], e().eval().to_vec()[12..32]);
    // Long rows, along both axes; a transposed operand; a reversed one.
    let (x, t) = (table(10, 70), table(70, 10));
    let flipped = x.slice(xp_core::s![..;-1, ..;-1]).unwrap();
    let e = || x.lazy().sin() + &t.t() * 1e3 + &flipped + &column + counter(70);
    let whole = e().eval().to_vec();
    assert_eq!(part(&e(), 2, [0, 3, 5])[..350], whole[210..560]);
    let right = part(&e(), 2, [1, 65, 5]);
    assert!((0..10).all(|i| right[i * 70..i * 70 + 5] == whole[i * 70 + 65..][..5]));
    // Looked-up rows: the axis of the indices, and another one.
    let at = Array::<_, i64, Ix1>::from_vec(&Host, vec![9, 0, 0, 5, 2, 2, 7], [7]).unwrap();
    let e = || x.lazy_rows(&at).unwrap() + 0.5;
    let whole = e().eval().to_vec();
    assert_eq!(part(&e(), 2, [0, 2, 4])[..280], whole[140..420]);
    let right = part(&e(), 2, [1, 64, 6]);
    assert!((0..7).all(|i| right[i * 70..i * 70 + 6] == whole[i * 70 + 64..][..6]));
}

/// What is narrowed along an axis that a plan walked as one row does not keep apart is refused.
#[test]
#[should_panic(expected = "2 positions of axis 1")]
fn only_rows_of_one_row() {
    let row = Array::<_, f64, Ix1>::from_vec(&Host, vec![100.0, 200.0, 300.0, 400.0], [4]).unwrap();
    part(&(table(10, 4).lazy() + &row), 2, [1, 0, 2]);
}

/// An operand reads what it is asked for: the start of a row, or of the array, may be nobody's memory.
#[test]
fn only_what_is_asked_for_is_read() {
    // Neighbours, every other one, and rows of three of four, walked as one row: from which position on there is memory.
    for (shape, walk, first, place) in [(&[40][..], &[1][..], 10, 10), (&[40], &[2], 10, 20), (&[20, 3], &[4, 1], 30, 40)] {
        let held = ManuallyDrop::new([1.5f64, 2.5, 3.5, 4.5, 5.5, 6.5]);
        let mut leaves = Leaves::default();
        leaves.push(walk.into());
        let plan = Plan::elementwise(shape, &contiguous_strides::<Dyn>(&shape.into()), leaves);
        // SAFETY: only positions that are held are filled.
        let mut kernel = unsafe { Load::new(held.as_ptr().wrapping_offset(-place), &plan, 0) };
        // SAFETY: as above, and `get` follows `fill` without a move.
        let values = unsafe {
            kernel.fill::<Baseline>(first, 3);
            [0, 1, 2].map(|j| kernel.get::<Baseline>(j))
        };
        assert_eq!(values, if walk == [2] { [1.5, 3.5, 5.5] } else { [1.5, 2.5, 3.5] }, "{walk:?}");
    }
}
