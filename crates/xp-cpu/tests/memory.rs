//! Where arrays lie: small ones behind their count, freed blocks that come back, vectors that are adopted, sizes that cannot be.

use std::sync::{Mutex, MutexGuard, PoisonError};

use xp_core::{Array, Backend, Dim, Element, Error, Ix1, functions::zeros};
use xp_cpu::{Cpu, cached_bytes, clear_cache};

/// From this number of bytes on, freed blocks are kept.
const KEPT: usize = 1 << 15;
/// From this number of bytes on, the memory of a vector is adopted.
const ADOPTED: usize = 1 << 14;

/// What is freed goes to one cache of the process: the tests take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    clear_cache();
    turn
}

fn address<T: Element, D: Dim>(x: &Array<Cpu, T, D>) -> *const T {
    Cpu::address(x.buffer()).wrapping_add(x.offset())
}

fn bytes(n: usize) -> Array<Cpu, u8, Ix1> {
    zeros(&Cpu, [n]).unwrap()
}

#[test]
fn a_freed_block_is_kept_and_comes_back() {
    let _turn = alone();
    for n in [KEPT - 1, KEPT, KEPT + 1, 100_000, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 123_456_789] {
        let first = bytes(n);
        let place = address(&first);
        drop(first);
        let held = cached_bytes();
        assert!(if n < KEPT { held == 0 || held >= n } else { held >= n && held <= n + n / 8 + 64 }, "{n}: {held}");
        if n >= KEPT {
            let second = bytes(n);
            assert_eq!((address(&second), cached_bytes()), (place, 0), "{n}");
        }
        clear_cache();
        assert_eq!(cached_bytes(), 0);
    }
}

#[test]
fn small_arrays_lie_apart_and_stay_where_they_are() {
    let _turn = alone();
    for n in [0, 1, 7, 127, 128, 129, 1000, 1023, 1024, 5000, KEPT - 1, KEPT] {
        let values: Vec<u8> = (0..n).map(|k| k as u8).collect();
        let make = || Array::<Cpu, u8, Ix1>::from_vec(&Cpu, values.clone(), [n]).unwrap();
        let (a, b) = (make(), make());
        let align = if n < 1024 { 16 } else { 64 };
        // A vector that is adopted lies where it lay.
        assert!(address(&a) != address(&b) && (n >= ADOPTED || address(&a).addr().is_multiple_of(align)), "{n}");
        let (place, other) = (address(&a), a.clone());
        drop(a);
        let moved = Box::new(other);
        assert_eq!((address(&moved), moved.to_vec()), (place, values));
    }
}

#[test]
fn large_vectors_are_adopted_and_given_back() {
    let _turn = alone();
    for (n, spare) in [(0, 0), (3, 9), (ADOPTED / 8 - 1, 0), (ADOPTED / 8, 0), (ADOPTED / 8, 1000), (KEPT, 0), (1 << 20, 5)] {
        let mut values = Vec::with_capacity(n + spare);
        values.extend((0..n).map(|k| k as f64));
        let (place, adopted) = (values.as_ptr(), n * 8 >= ADOPTED);
        let x = Array::<Cpu, f64, Ix1>::from_vec(&Cpu, values, [n]).unwrap();
        assert_eq!(address(&x) == place, adopted, "{n}");
        assert!(x.to_vec().iter().enumerate().all(|(k, &v)| v == k as f64));
        let held = cached_bytes();
        drop(x);
        assert!(!adopted || cached_bytes() <= held, "the cache holds blocks of its own only");
    }
}

#[test]
fn impossible_sizes_are_errors() {
    let too_large = zeros::<Cpu, f64, _>(&Cpu, [usize::MAX / 2]).unwrap_err();
    assert!(matches!(too_large, Error::TooLarge { .. }), "{too_large}");
    let out_of_memory = zeros::<Cpu, u8, _>(&Cpu, [1 << 55]).unwrap_err();
    assert!(matches!(out_of_memory, Error::OutOfMemory { .. }), "{out_of_memory}");
}

#[test]
fn readers_are_counted() {
    let x = bytes(2);
    let other = x.clone();
    let marks = [x.buffer().reading(), other.buffer().reading()];
    assert!(x.buffer().is_read() && other.buffer().is_read());
    drop(marks);
    assert!(!x.buffer().is_read());
}

#[test]
fn the_last_handle_frees_whatever_its_thread() {
    let _turn = alone();
    for _ in 0..50 {
        let x = bytes(KEPT);
        assert_eq!(cached_bytes(), 0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let x = x.clone();
                scope.spawn(move || (0..100).for_each(|_| assert_eq!(x.clone().get([1]), Ok(0))));
            }
            drop(x);
        });
        assert!(cached_bytes() >= KEPT);
        clear_cache();
    }
}
