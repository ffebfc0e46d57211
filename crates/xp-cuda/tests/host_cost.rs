//! What a cached operation costs the host, as far as it can be counted: allocations of host memory, with the end of the result. Times
//! are measured by `examples/host_time.rs`.

mod common;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use xp_core::functions::arange;
use xp_core::{Array, Ix1, Ix2, Result};
use xp_cuda::Cuda;

/// The system's memory, and how often each thread asked for some.
struct Counting;

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static MEMORY: Counting = Counting;

/// How often an operation asks for memory, once it has run before.
fn asked<R>(operation: impl Fn() -> Result<R>) -> usize {
    let run = || drop(operation().expect("the operation"));
    (0..3).for_each(|_| run());
    let before = ASKED.get();
    run();
    ASKED.get() - before
}

#[test]
fn cached_operations_ask_for_little_host_memory() {
    if common::needs_simulation("counts of allocations, with kernels that do nothing") {
        return;
    }
    let Some(device) = common::device_with(0, common::options()).map(Cuda::from) else { return };
    let x: Array<Cuda, f64, Ix1> = arange(&device, 0.0, 4800.0, 1.0).unwrap();
    let rows: Array<Cuda, f64, Ix2> = x.reshape([100, 48]).unwrap();
    let row = rows.slice(xp_core::s![..1]).unwrap().copy().unwrap();
    let places = arange(&device, 0, 100, 1i64).unwrap();
    // Compiled once, and then not run: what is counted is the host's.
    let all = || {
        [
            ("x + x", asked(|| (x.lazy() + &x).try_eval()), 5),
            ("(x + row) * 0.5 - x, fused", asked(|| ((rows.lazy() + &row) * 0.5 - &rows).try_eval()), 7),
            ("sum", asked(|| x.lazy().sum(..).try_eval()), 7),
            ("mean along axis 0", asked(|| rows.lazy().mean(0).try_eval()), 7),
            ("take", asked(|| x.take(&places, 0)), 3),
            ("cumulative_sum along axis 1", asked(|| rows.cumulative_sum(1)), 5),
        ]
    };
    all();
    xp_cuda_sim::empty_kernels(true);
    let counts = all();
    xp_cuda_sim::empty_kernels(false);
    println!("{counts:?}");
    for (name, count, most) in counts {
        assert!(count <= most, "{name} asks {count} times for host memory, at most {most} are in its budget");
    }
}
