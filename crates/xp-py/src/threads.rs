//! Other threads of Python while a function works.
//!
//! A function whose operands are large gives the interpreter's lock away while it computes. Its operands are then marked as
//! read ([`CpuBuffer::reading`](xp_cpu::CpuBuffer::reading)), and whoever assigns to an array of the module, which happens
//! under the lock, first waits for the marks to go: no loop ever meets memory that changes under it. On a GPU the order of its stream
//! does the same without marks.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;
use xp_any::Variant;
use xp_cpu::{Cpu, CpuBuffer, Reading};

use crate::any::{Any, dispatch};
use crate::array::PyArray;

/// From this number of elements on, giving the lock away costs nothing that could be measured.
const LARGE: usize = 1 << 14;

/// How many computations have marks; told whenever one ends. (One that ends between a look and the wait is not missed: both happen under
/// the mutex.)
static CHANGES: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

fn changes() -> MutexGuard<'static, usize> {
    CHANGES.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether work on the array is done without the interpreter's lock.
#[inline]
pub fn is_large(x: &Any) -> bool {
    x.size() >= LARGE
}

/// Runs a computation on arrays, without the interpreter's lock when one of them is large.
#[inline]
pub fn detached<R: Send>(arrays: &[&Any], compute: impl FnOnce() -> R + Send) -> R {
    if !arrays.iter().any(|x| is_large(x)) {
        return compute();
    }
    // Without its type, so that the work with the lock is compiled once and not for every function.
    let (mut compute, mut out) = (Some(compute), None);
    marked(arrays, &mut || out = compute.take().map(|compute| compute()));
    out.expect("it was computed")
}

/// Marks that are taken back when this is dropped, by a panic too.
struct Marks(Vec<Reading>);
impl Marks {
    fn of(arrays: &[&Any]) -> Self {
        *changes() += 1;
        Marks(arrays.iter().filter_map(|x| dispatch!(x, |v| Cpu::peek(v.buffer()).map(CpuBuffer::reading))).collect())
    }
}
impl Drop for Marks {
    fn drop(&mut self) {
        let mut changes = changes();
        *changes -= 1;
        self.0.clear();
        CHANGES.1.notify_all();
    }
}

#[cold]
fn marked(arrays: &[&Any], compute: &mut (dyn FnMut() + Send)) {
    let marks = Marks::of(arrays);
    Python::attach(|py| {
        py.detach(|| {
            compute();
            drop(marks);
        });
    });
}

/// Runs `f` under the interpreter's lock, unless the interpreter has ended.
///
/// For what other libraries call back, such as deleters: they may be called inside a function of the module, by a library
/// that has given the lock away meanwhile, and `Python::attach` would take the function's word that this thread holds it.
pub fn locked(f: impl FnOnce(Python<'_>)) {
    // SAFETY: the first function may always be called, and says whether the others may; the lock is held when `f` runs, and
    // given back in the state in which it was found.
    unsafe {
        if ffi::Py_IsInitialized() == 0 {
            return;
        }
        let state = ffi::PyGILState_Ensure();
        f(Python::assume_attached());
        ffi::PyGILState_Release(state);
    }
}

/// Waits until nobody reads the memory of an array, which then stays so as long as the lock is held.
pub fn wait_for_readers(x: &Bound<'_, PyArray>) -> PyResult<()> {
    loop {
        // Not borrowed while it waits: of several that wait, the first one to wake up writes.
        let any = x.try_borrow()?.any.clone();
        if !is_read(&any) {
            return Ok(());
        }
        x.py().detach(|| {
            let mut changes = changes();
            while is_read(&any) {
                changes = CHANGES.1.wait(changes).unwrap_or_else(PoisonError::into_inner);
            }
        });
    }
}

/// Waits until no other thread computes: Python calls it before it forks the process.
///
/// A thread that computes is not there in the new process, and would leave there its marks, for which assignments would wait for ever, and
/// the locks it holds. Computations begin under the interpreter's lock, so that there is none from the end of this function to the fork.
#[pyfunction]
fn _before_fork(py: Python<'_>) {
    while *changes() > 0 {
        py.detach(|| {
            let mut changes = changes();
            while *changes > 0 {
                changes = CHANGES.1.wait(changes).unwrap_or_else(PoisonError::into_inner);
            }
        });
    }
}

/// Registers the function.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_before_fork, m)?)
}

fn is_read(x: &Any) -> bool {
    dispatch!(x, |v| Cpu::peek(v.buffer()).is_some_and(CpuBuffer::is_read))
}
