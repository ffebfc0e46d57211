//! Scans with any associative combination.

use xp_core::DType;

use super::{THREADS, c_name, launch_blocks, load_with_library};
use crate::{
    error::Result,
    kernel::{Arguments, Kernel},
    memory::DeviceBuffer,
};

pub(crate) const SCAN: &str = include_str!("scan.cu");

/// What a scan computes, in CUDA C. `combine` must be associative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Type of the elements.
    pub input: String,
    /// Type of the accumulator, a multiple of four bytes.
    pub accumulator: String,
    /// Size of the accumulator in bytes.
    pub accumulator_size: usize,
    /// Type of the results.
    pub output: String,
    /// The neutral element.
    pub identity: String,
    /// The accumulator of one element `x`.
    pub load: String,
    /// The combination of the accumulators `a` and `b`.
    pub combine: String,
    /// The result of the accumulator `a`.
    pub store: String,
}

impl Fold {
    /// The combination by an operation of the device library, carried in the type itself, or in `f32` for halves.
    pub fn cumulative(element: DType, identity: &str, operation: &str) -> Self {
        let accumulator = if matches!(element, DType::F16 | DType::BF16) { DType::F32 } else { element };
        Self {
            input: c_name(element).into(),
            accumulator: c_name(accumulator).into(),
            accumulator_size: accumulator.size(),
            output: c_name(element).into(),
            identity: format!("Acc({identity})"),
            load: "convert<Acc>(x)".into(),
            combine: format!("{operation}(a, b)"),
            store: "convert<Out>(a)".into(),
        }
    }

    /// The number of booleans that hold.
    pub fn count() -> Self {
        Self { input: "bool".into(), ..Self::cumulative(DType::I64, "0", "op_add") }
    }

    pub(crate) fn header(&self) -> String {
        format!(
            "typedef {input} In; typedef {accumulator} Acc; typedef {output} Out;\n\
             static __device__ __forceinline__ Acc identity() {{ return {identity}; }}\n\
             static __device__ __forceinline__ Acc load(In x, i64 i) {{ return {load}; }}\n\
             static __device__ __forceinline__ Acc combine(Acc a, Acc b) {{ return {combine}; }}\n\
             static __device__ __forceinline__ Out store(Acc a, i64 n) {{ return {store}; }}\n",
            input = self.input,
            accumulator = self.accumulator,
            output = self.output,
            identity = self.identity,
            load = self.load,
            combine = self.combine,
            store = self.store,
        )
    }
}

/// Elements that one block scans.
const TILE: usize = 1024;

/// Rows up to this length are worked on by one thread.
const SHORT: usize = 64;

/// With so many rows side by side, one thread per row fills a device and reads whole lines.
const MANY_ROWS: usize = 8192;

/// Inclusive scan along the middle axis of `[outer, len, inner]`.
///
/// # Errors
/// Those of the driver and the compiler; [`Error::OutOfMemory`](crate::Error::OutOfMemory) for the totals.
///
/// # Safety
/// The buffers must hold contiguous arrays of the fold's types with these extents, on one device.
pub unsafe fn scan(fold: &Fold, [outer, len, inner]: [usize; 3], input: &DeviceBuffer, out: &DeviceBuffer) -> Result<()> {
    let device = input.device();
    let (rows, tiles) = (outer * inner, len.div_ceil(TILE));
    if rows * len == 0 {
        return Ok(());
    }
    let load = |name| load_with_library(device, "scan", &fold.header(), SCAN, name);
    if len <= SHORT || (inner > 1 && rows >= MANY_ROWS) {
        let arguments = Arguments::new().with(rows as i64).with(len as i64).with(inner as i64).with(input.pointer()).with(out.pointer());
        // SAFETY: the parameters of `scan_serial` in order; the arrays are as large as the caller says.
        return unsafe { load("scan_serial")?.launch(device.shape_for(rows, THREADS), &arguments) };
    }
    let total = fold.accumulator_size;
    let scratch = device.alloc(rows * len * total, "scan")?;
    let totals = device.alloc(rows * tiles * total, "scan")?;
    let [r, l, i, t] = [rows, len, inner, tiles].map(|v| v as i64);
    let arguments = Arguments::new().with(r).with(l).with(i).with(t).with(input.pointer()).with(scratch.pointer()).with(totals.pointer());
    // SAFETY: the parameters of `scan_tiles` in order; scratch memory is freed in stream order.
    unsafe { launch_blocks(&load("scan_tiles")?, r * t, [THREADS, 1, 1], &arguments) }?;
    scan_totals(&load("scan_totals")?, &load("totals_finish")?, total, rows, tiles, &totals)?;
    let finish = load("scan_finish")?;
    let arguments = Arguments::new().with(r).with(l).with(i).with(t).with(scratch.pointer()).with(totals.pointer()).with(out.pointer());
    // SAFETY: the parameters of `scan_finish` in order.
    unsafe { finish.launch(device.shape_for(rows * len, THREADS), &arguments) }
}

/// Scans the totals of the tiles of each row in place.
fn scan_totals(kernel: &Kernel, finish: &Kernel, size: usize, rows: usize, len: usize, totals: &DeviceBuffer) -> Result<()> {
    if len == 1 {
        return Ok(());
    }
    let tiles = len.div_ceil(TILE);
    let device = totals.device();
    let upper = device.alloc(rows * tiles * size, "scan")?;
    let [r, l, t] = [rows, len, tiles].map(|v| v as i64);
    let arguments = Arguments::new().with(r).with(l).with(1i64).with(t).with(totals.pointer()).with(totals.pointer()).with(upper.pointer());
    // SAFETY: the parameters of `scan_totals` in order. Each thread reads its elements before it writes them.
    unsafe { launch_blocks(kernel, r * t, [THREADS, 1, 1], &arguments) }?;
    if tiles > 1 {
        scan_totals(kernel, finish, size, rows, tiles, &upper)?;
        let arguments = Arguments::new().with(r).with(l).with(t).with(upper.pointer()).with(totals.pointer());
        // SAFETY: the parameters of `totals_finish` in order.
        unsafe { finish.launch(device.shape_for(rows * len, THREADS), &arguments) }?;
    }
    Ok(())
}
