//! Every elementwise operation for every dtype it takes, over every layout, against a naive evaluation per element.

mod complex;
mod integers;
mod real;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;

use xp_core::ops::{OperationKind, operations};
use xp_core::{Backend, DType, Element};

pub use complex::{complex_binary, complex_unary};
pub use integers::{booleans, other_integers, some_integers};
pub use real::{float_binary, float_several, float_special, float_unary, halves};

use crate::support::{Any, layouts, pairs};

thread_local! {
    /// Where checks note what they are about, instead of running.
    static NOTED: RefCell<Option<BTreeSet<(String, DType)>>> = const { RefCell::new(None) };
    /// What is wrong so far, while an [`AllFailures`] lives.
    static FAILURES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// While this lives, checks that fail are kept; its end panics with all of them, so that one run says everything about a device.
pub(crate) struct AllFailures;

impl AllFailures {
    pub(crate) fn new() -> Self {
        FAILURES.set(Some(Vec::new()));
        AllFailures
    }
}

impl Drop for AllFailures {
    fn drop(&mut self) {
        let failures = FAILURES.take().unwrap_or_default();
        if !std::thread::panicking() && !failures.is_empty() {
            panic!("{} operations are wrong:\n{}", failures.len(), failures.join("\n"));
        }
    }
}

/// Fails with the number of wrong elements and the first of them, at once or at the end of [`AllFailures`].
fn report(wrong: usize, first: Option<String>) {
    let Some(first) = first else { return };
    let text = format!("{first}, and {} more", wrong - 1);
    let kept = FAILURES.with_borrow_mut(|failures| failures.as_mut().map(|all| all.push(text.clone())).is_some());
    assert!(kept, "{text}");
}

/// Whether a check is only to be noted.
fn noted(name: &str, dtype: DType) -> bool {
    NOTED.with_borrow_mut(|noted| noted.as_mut().map(|checks| checks.insert((name.to_owned(), dtype))).is_some())
}

/// Every operation of the tables is checked for every kind of dtype that it takes.
pub fn every_operation_has_an_oracle<B: Backend>(device: &B) {
    NOTED.set(Some(BTreeSet::new()));
    float_unary::<B, f32>(device);
    float_binary::<B, f32>(device);
    float_special::<B, f32>(device);
    complex_unary::<B, crate::C64>(device);
    complex_binary::<B, crate::C64>(device);
    some_integers(device);
    booleans(device);
    let checks = NOTED.take().expect("set above");
    for operation in operations().filter(|o| o.kind != OperationKind::Reduction) {
        for dtype in [DType::Bool, DType::I64, DType::U8, DType::F32, DType::C64] {
            let known = checks.contains(&(operation.name.to_owned(), dtype));
            assert!(known || (operation.result)(dtype).is_none(), "`{}` takes {dtype}, but no test of this folder checks that", operation.name);
        }
    }
}

/// Runs `op` over arrays of every layout of `values` and asks `agrees` about every element.
pub(crate) fn check1<B: Backend, T: Element, U: Element>(
    device: &B,
    name: &str,
    values: &[T],
    op: &dyn Fn(&Any<B, T>) -> Any<B, U>,
    agrees: &dyn Fn(T, U) -> bool,
) {
    if noted(name, T::DTYPE) {
        return;
    }
    let (mut wrong, mut first) = (0, None);
    for sample in layouts(device, values) {
        let out = op(&sample.array);
        assert_eq!(out.dims(), sample.array.dims(), "{name}: {}", sample.layout);
        assert_eq!(out.to_vec().len(), sample.values.len(), "{name}: {}", sample.layout);
        for (i, (&x, y)) in sample.values.iter().zip(out.to_vec()).enumerate() {
            if !agrees(x, y) {
                wrong += 1;
                first.get_or_insert_with(|| format!("{name} of {} is {y:?} at {x:?}, element {i} of `{}`", T::DTYPE, sample.layout));
            }
        }
    }
    report(wrong, first);
    let owned = crate::support::array(device, values, &[values.len()]);
    let kept = owned.clone();
    op(&owned);
    assert!(bits(&kept.to_vec()) == bits(values), "{name} of {} changed its operand", T::DTYPE);
}

/// Runs `op` over pairs of arrays of every layout of `values` and asks `agrees` about every element.
pub(crate) fn check2<B: Backend, T: Element, U: Element>(
    device: &B,
    name: &str,
    values: &[T],
    op: &dyn Fn(&Any<B, T>, &Any<B, T>) -> Any<B, U>,
    agrees: &dyn Fn(T, T, U) -> bool,
) {
    if noted(name, T::DTYPE) {
        return;
    }
    let (mut wrong, mut first) = (0, None);
    for pair in pairs(device, values) {
        let out = op(&pair.arrays[0], &pair.arrays[1]).to_vec();
        assert_eq!(out.len(), pair.values.len(), "{name}: {}", pair.layout);
        for (i, (&[x, y], z)) in pair.values.iter().zip(out).enumerate() {
            if !agrees(x, y, z) {
                wrong += 1;
                first.get_or_insert_with(|| format!("{name} of {} is {z:?} at {x:?}, {y:?}, element {i} of `{}`", T::DTYPE, pair.layout));
            }
        }
    }
    report(wrong, first);
}

fn bits<T: Debug>(values: &[T]) -> Vec<String> {
    values.iter().map(|x| format!("{x:?}")).collect()
}

#[cfg(test)]
mod tests {
    use xp_cpu::Cpu;

    use super::{AllFailures, check1};

    #[test]
    #[should_panic(expected = "2 operations are wrong:\nfirst of float64 is 1.0 at 1.0")]
    fn every_wrong_operation_is_named() {
        let _all = AllFailures::new();
        for name in ["first", "second"] {
            check1(&Cpu, name, &[1.0, 2.0], &|x| x.clone(), &|_, y: f64| y == 2.0);
        }
    }
}
