//! Regions in every order of their threads: no part is lost or done twice, whoever waits is woken, what a region borrows is not
//! touched after it, and panics come through.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use loom::cell::UnsafeCell;
use xp_engine_model::sync::check;
use xp_engine_model::threads::{for_each_part, map};

/// Something that a region borrows, and that its caller has alone before and after: the checker reports a thread that
/// touches it at any other time, or two that touch one place at once.
struct Borrowed(Vec<UnsafeCell<usize>>);
// SAFETY: the checker watches the accesses.
unsafe impl Sync for Borrowed {}
impl Borrowed {
    fn new(parts: usize) -> Self {
        Borrowed((0..parts).map(|_| UnsafeCell::new(0)).collect())
    }

    fn add(&self, part: usize) {
        // SAFETY: as above.
        self.0[part].with_mut(|count| unsafe { *count += 1 });
    }

    /// The counts, which are 0 from then on.
    fn take(&self) -> Vec<usize> {
        // SAFETY: as above.
        self.0.iter().map(|count| count.with_mut(|count| unsafe { std::mem::take(&mut *count) })).collect()
    }
}

/// A region after which its caller has everything alone, and all parts are done once.
fn region(parts: usize) {
    let borrowed = Borrowed::new(parts);
    for_each_part(parts, &|part| borrowed.add(part));
    assert_eq!(borrowed.take(), vec![1; parts]);
    // A late helper would meet this.
    borrowed.0.iter().for_each(|count| count.with_mut(|_| ()));
}

#[test]
fn a_region_with_one_helper() {
    check(2, 4, || region(3));
}

#[test]
fn a_region_with_two_helpers() {
    check(3, 2, || region(3));
}

#[test]
fn regions_in_a_row_meet_helpers_that_linger() {
    check(2, 3, || {
        region(2);
        region(2);
    });
}

#[test]
fn three_regions_in_a_row() {
    check(2, 2, || {
        region(2);
        region(3);
        region(2);
    });
}

#[test]
fn two_callers_share_the_helpers() {
    check(2, 2, || {
        let other = loom::thread::spawn(|| region(2));
        region(2);
        other.join().unwrap();
    });
}

#[test]
fn regions_nest() {
    check(2, 2, || {
        let borrowed = Borrowed::new(4);
        for_each_part(2, &|i| for_each_part(2, &|j| borrowed.add(2 * i + j)));
        assert_eq!(borrowed.take(), [1; 4]);
    });
}

#[test]
fn a_panic_comes_after_the_other_parts() {
    check(2, 2, || {
        let borrowed = Borrowed::new(3);
        let run = |part| {
            borrowed.add(part);
            if part == 1 {
                // A panic that is not printed once per order.
                resume_unwind(Box::new("part one"));
            }
        };
        let panic = catch_unwind(AssertUnwindSafe(|| for_each_part(3, &run))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"part one"));
        assert_eq!(borrowed.take(), [1; 3]);
        region(2);
    });
}

#[test]
fn values_come_in_order() {
    check(2, 3, || assert_eq!(map(3, |part| Box::new(part)), [Box::new(0), Box::new(1), Box::new(2)]));
}
