//! Arrays over memory of others: when it goes back, from which thread, who may write to it, and shapes without elements.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ThreadId;

use xp_core::{Array, Backend, Dyn, Element, Stepped, s};
use xp_cpu::interop::foreign::{Access, Foreign};
use xp_cpu::{Cpu, CpuBuffer};

/// Memory that counts how often it is given back, and remembers by which thread.
struct Lent {
    values: Vec<f64>,
    returns: Arc<AtomicUsize>,
    by: Arc<std::sync::Mutex<Option<ThreadId>>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.returns.fetch_add(1, Ordering::SeqCst);
        *self.by.lock().unwrap() = Some(std::thread::current().id());
        self.values.fill(f64::NAN);
    }
}

/// An array over `n` numbers from 0 on, the address of the first, how often they were given back, and by whom.
#[allow(clippy::type_complexity)]
fn lent(n: usize, access: Access) -> (Array<Cpu, f64, Dyn>, *const f64, Arc<AtomicUsize>, Arc<std::sync::Mutex<Option<ThreadId>>>) {
    let (returns, by) = (Arc::new(AtomicUsize::new(0)), Arc::default());
    let mut owner = Box::new(Lent { values: (0..n).map(|i| i as f64).collect(), returns: returns.clone(), by: Arc::clone(&by) });
    let start = owner.values.as_mut_ptr();
    // SAFETY: the elements lie in the owner's vector, which nobody else writes to.
    let x = unsafe {
        let buffer = CpuBuffer::from_foreign(start, n, access, owner);
        Array::from_buffer(&Cpu, buffer, &[n]).unwrap()
    };
    (x, start, returns, by)
}

fn address<T: Element>(x: &Array<Cpu, T, Dyn>) -> *const T {
    Cpu::address(x.buffer()).wrapping_add(x.offset())
}

#[test]
fn memory_goes_back_once_with_the_last_array() {
    for access in [Access::Alone, Access::Shared, Access::ReadOnly] {
        let (x, start, returns, _) = lent(12, access);
        let views = [x.clone(), x.reshape(vec![3, 4]).unwrap().t(), x.slice_axis(0, Stepped(.., -1)).unwrap(), x.broadcast_to(vec![2, 12]).unwrap()];
        assert_eq!((address(&x), address(&views[0])), (start, start), "nothing is copied");
        drop(x);
        for view in views {
            assert_eq!(returns.load(Ordering::SeqCst), 0, "{access:?}");
            assert!(view.to_vec().iter().all(|v| v.is_finite()));
        }
        assert_eq!(returns.load(Ordering::SeqCst), 1, "{access:?}");
    }
}

#[test]
fn the_last_thread_gives_it_back() {
    let (x, _, returns, by) = lent(1000, Access::Shared);
    let y = x.clone();
    let helper = std::thread::spawn(move || {
        let sum = y.sum(..).item().unwrap();
        (sum, std::thread::current().id(), y)
    });
    drop(x);
    let (sum, _, y) = helper.join().unwrap();
    assert_eq!((sum, returns.load(Ordering::SeqCst)), (499_500.0, 0));
    let id = std::thread::spawn(move || {
        drop(y);
        std::thread::current().id()
    })
    .join()
    .unwrap();
    assert_eq!((returns.load(Ordering::SeqCst), *by.lock().unwrap()), (1, Some(id)));
}

#[test]
fn who_shares_it_sees_no_write() {
    for access in [Access::Shared, Access::ReadOnly] {
        let (mut x, start, returns, _) = lent(8, access);
        // Owned operands give their memory to results, but not this memory.
        let sum = x.clone() + 100.0;
        let scaled = x.copy().unwrap() * 2.0;
        assert_ne!(address(&sum), start);
        x.set(s![0], -1.0).unwrap();
        assert_ne!(address(&x), start, "a write goes to a copy");
        assert_eq!((x.to_vec()[0], sum.to_vec()[7], scaled.to_vec()[7]), (-1.0, 107.0, 14.0));
        assert_eq!(returns.load(Ordering::SeqCst), 1, "nobody needs it any more");
        let (y, start, returns, _) = lent(8, access);
        let y = y.into_lazy().exp().eval();
        assert_ne!(address(&y), start);
        assert_eq!((y.to_vec()[0], returns.load(Ordering::SeqCst)), (1.0, 1));
    }
}

#[test]
fn given_away_memory_is_used_for_results() {
    let (mut x, start, returns, _) = lent(8, Access::Alone);
    x.set(s![0], -1.0).unwrap();
    let y = x + 100.0;
    assert_eq!((address(&y), y.to_vec()[0], y.to_vec()[7]), (start, 99.0, 107.0));
    let kept = y.clone();
    let z = y * 2.0;
    assert_ne!(address(&z), start, "a clone still reads it");
    assert_eq!((kept.to_vec()[7], z.to_vec()[7], returns.load(Ordering::SeqCst)), (107.0, 214.0, 0));
    drop(kept);
    assert_eq!(returns.load(Ordering::SeqCst), 1);
}

#[test]
fn nothing_may_be_adopted() {
    let returns = Arc::new(AtomicUsize::new(0));
    let owner = || Box::new(Lent { values: vec![], returns: returns.clone(), by: Arc::default() });
    // SAFETY: no elements.
    let x: Array<Cpu, f64, Dyn> = unsafe {
        let buffer = CpuBuffer::from_foreign(std::ptr::null_mut(), 0, Access::Alone, owner());
        Array::from_buffer(&Cpu, buffer, &[0, 3]).unwrap()
    };
    assert_eq!((x.sum(0).to_vec(), x.to_vec(), (x.clone() + 1.0).dims()), (vec![0.0; 3], vec![], &[0, 3][..]));
    drop(x);
    assert_eq!(returns.load(Ordering::SeqCst), 1);
    // SAFETY: no elements, wherever the address and the strides point.
    let y: Array<Cpu, f64, Dyn> = unsafe {
        let start = std::ptr::without_provenance_mut(7);
        Foreign { start, shape: vec![2, 0], strides: vec![isize::MAX, 3], access: Access::Shared, owner: owner() }.shared().unwrap()
    };
    assert_eq!((y.dims(), y.to_vec(), returns.load(Ordering::SeqCst)), (&[2, 0][..], vec![], 2));
}

#[test]
fn described_memory_is_shared_or_says_why_not() {
    let values: Vec<f64> = (0..24).map(|i| i as f64).collect();
    let owner = Arc::new(values);
    let describe = |first: usize, shape: &[usize], strides: &[isize], bytes: usize| Foreign {
        start: owner.as_ptr().wrapping_add(first).cast_mut().cast::<u8>().wrapping_add(bytes),
        shape: shape.to_vec(),
        strides: strides.to_vec(),
        access: Access::ReadOnly,
        owner: Box::new(owner.clone()),
    };
    let cases: [(Foreign, &[f64]); 5] = [
        (describe(0, &[2, 3], &[96, 8], 0), &[0.0, 1.0, 2.0, 12.0, 13.0, 14.0]),
        (describe(23, &[3], &[-64], 0), &[23.0, 15.0, 7.0]),
        (describe(5, &[2, 2], &[-8, 16], 0), &[5.0, 7.0, 4.0, 6.0]),
        (describe(4, &[3, 1], &[0, 5], 0), &[4.0, 4.0, 4.0]),
        (describe(9, &[], &[], 0), &[9.0]),
    ];
    for (foreign, expected) in cases {
        let (start, shape) = (foreign.start, foreign.shape.clone());
        assert_eq!(foreign.why_copied::<f64>(), None);
        // SAFETY: the described elements lie in the vector, which nobody writes to.
        let (copy, x) = unsafe { (foreign.copied(Ok::<f64, _>).unwrap(), foreign.shared::<f64, Dyn>().unwrap()) };
        assert_eq!((x.to_vec(), x.dims(), address(&x).cast::<u8>()), (expected.to_vec(), &shape[..], start.cast_const()));
        assert_eq!((copy.to_vec(), copy.dims()), (expected.to_vec(), &shape[..]));
    }
    // Half an element off, in the address or in a stride that counts.
    for (foreign, aligned) in [(describe(0, &[2], &[8], 4), false), (describe(0, &[2], &[12], 0), false), (describe(0, &[1], &[12], 0), true)] {
        assert_eq!(foreign.why_copied::<f64>().is_none(), aligned);
        if foreign.shape[0] == 2 {
            // SAFETY: 4 to 20 bytes into the vector, any of whose bytes are a number.
            let copy = unsafe { foreign.copied(Ok::<f64, _>).unwrap() };
            assert_eq!(copy.dims(), [2]);
        }
    }
    assert!(describe(0, &[2], &[1], 0).why_copied::<bool>().is_some());
    // SAFETY: it is refused before anything is read.
    assert!(unsafe { describe(0, &[3], &[isize::MAX - 7], 0).shared::<f64, Dyn>() }.is_err());
    assert_eq!(Arc::strong_count(&owner), 1, "every description and array is gone");
}
