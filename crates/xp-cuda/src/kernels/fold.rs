//! Scans with any associative combination.

use std::borrow::Cow;

use xp_core::DType;

use super::{Source, c_name, launch_blocks, launch_items};
use crate::{error::Result, kernel::Arguments, memory::DeviceBuffer};

pub(crate) const SCAN: Source = Source::computing("scan", concat!(include_str!("words.cu"), include_str!("counts.cu"), include_str!("scan.cu")));

/// What a scan computes, in CUDA C. `combine` must be associative.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fold {
    /// Type of the elements.
    pub input: Cow<'static, str>,
    /// Type of the accumulator, a multiple of four bytes.
    pub accumulator: Cow<'static, str>,
    /// Size of the accumulator in bytes.
    pub accumulator_size: usize,
    /// Type of the results.
    pub output: Cow<'static, str>,
    /// The neutral element.
    pub identity: Cow<'static, str>,
    /// The accumulator of one element `x`.
    pub load: Cow<'static, str>,
    /// The combination of the accumulators `a` and `b`.
    pub combine: Cow<'static, str>,
    /// The result of the accumulator `a`.
    pub store: Cow<'static, str>,
}

impl Fold {
    /// The combination by an operation of the device library, carried in the type itself, or in `f32` for halves.
    pub fn cumulative(element: DType, identity: &'static str, combine: &'static str) -> Self {
        let accumulator = if matches!(element, DType::F16 | DType::BF16) { DType::F32 } else { element };
        Self {
            input: c_name(element).into(),
            accumulator: c_name(accumulator).into(),
            accumulator_size: accumulator.size(),
            output: c_name(element).into(),
            identity: identity.into(),
            load: "convert<Acc>(x)".into(),
            combine: combine.into(),
            store: "convert<Out>(a)".into(),
        }
    }

    pub(crate) fn header(&self) -> String {
        format!(
            "typedef {input} In; typedef {accumulator} Acc; typedef {output} Out;\n\
             static __device__ __forceinline__ Acc identity() {{ return Acc({identity}); }}\n\
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

/// Elements that one block scans, and blocks whose totals are combined before the rest.
const TILE: usize = 2048;
const GROUP: usize = 32;

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
    let load = |name| SCAN.kernel(device, name, fold, || fold.header());
    if len <= SHORT || (inner > 1 && rows >= MANY_ROWS) {
        let arguments = Arguments::new().with(rows as i64).with(len as i64).with(inner as i64).with(input.pointer()).with(out.pointer());
        // SAFETY: the parameters of `scan_serial` in order; the arrays are as large as the caller says.
        return unsafe { launch_items(&load("scan_serial")?, rows, &arguments) };
    }
    let kernel = load("scan_tiles")?;
    // What tiles hand on: zeroed flags, a ticket first, and accumulators.
    let groups = tiles.div_ceil(GROUP);
    let (flags, parts) = if tiles > 1 { (rows * (tiles + groups), rows * (tiles + 2 * groups)) } else { (0, 0) };
    let flags = device.alloc_zeroed(if tiles > 1 { 8 + flags * 4 } else { 0 }, "scan")?;
    let parts = device.alloc(parts * fold.accumulator_size, "scan")?;
    let flag = |place: usize| flags.pointer() + 8 + (place * 4) as u64;
    let part = |place: usize| parts.pointer() + (place * fold.accumulator_size) as u64;
    let arguments = Arguments::new().with(rows as i64).with(len as i64).with(inner as i64).with(tiles as i64).with(groups as i64);
    let arguments = arguments.with(input.pointer()).with(out.pointer()).with(flags.pointer()).with(flag(0)).with(flag(rows * tiles));
    let arguments = arguments.with(part(0)).with(part(rows * tiles)).with(part(rows * (tiles + groups)));
    // SAFETY: the parameters of `scan_tiles` in order; scratch memory is freed in stream order.
    unsafe { launch_blocks(&kernel, rows * tiles, &arguments) }
}
