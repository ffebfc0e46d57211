//! Elements of arrays in the memory of the host: what the suite of all backends does not ask.

use xp::prelude::*;

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
