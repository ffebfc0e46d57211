//! Reductions and scans with any associative combination.

use super::{ElementType, THREADS, launch_blocks, load_with_library};
use crate::{
    error::Result,
    kernel::{Arguments, Kernel},
    memory::DeviceBuffer,
};

pub(crate) const REDUCE: &str = include_str!("reduce.cu");
pub(crate) const SCAN: &str = include_str!("scan.cu");

/// What a reduction or scan computes, in CUDA C.
///
/// `combine` must be associative; reductions also use that it is commutative.
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
    /// The accumulator of one element `x` at position `i` along the axis.
    pub load: String,
    /// The combination of the accumulators `a` and `b`.
    pub combine: String,
    /// The result of the accumulator `a` of `n` elements.
    pub store: String,
}

impl Fold {
    /// Sums, accumulated and returned in the standard's default type of the kind, or in the type itself for floats.
    pub fn sum(element: ElementType) -> Option<Self> {
        Self::arithmetic(element, "0", "a + b")
    }

    /// Products, as [`Fold::sum`].
    pub fn product(element: ElementType) -> Option<Self> {
        Self::arithmetic(element, "1", "a * b")
    }

    /// Greatest elements; nan wins. `None` for complex numbers and booleans.
    pub fn max(element: ElementType) -> Option<Self> {
        Self::extremum(element, "a != a || a > b ? a : b", true)
    }

    /// Least elements; nan wins. `None` for complex numbers and booleans.
    pub fn min(element: ElementType) -> Option<Self> {
        Self::extremum(element, "a != a || a < b ? a : b", false)
    }

    /// The combination by an operation of the device library, carried in the type itself, or in `f32` for halves.
    pub(crate) fn cumulative(element: ElementType, identity: &str, operation: &str) -> Self {
        let accumulator = if matches!(element, ElementType::F16 | ElementType::BF16) { ElementType::F32 } else { element };
        Self {
            input: element.c_name().into(),
            accumulator: accumulator.c_name().into(),
            accumulator_size: accumulator.size(),
            output: element.c_name().into(),
            identity: format!("Acc({identity})"),
            load: "convert<Acc>(x)".into(),
            combine: format!("{operation}(a, b)"),
            store: "convert<Out>(a)".into(),
        }
    }

    /// The number of booleans that hold.
    pub(crate) fn count() -> Self {
        Self { input: "bool".into(), ..Self::cumulative(ElementType::I64, "0", "op_add") }
    }

    fn arithmetic(element: ElementType, identity: &str, combine: &str) -> Option<Self> {
        use ElementType as E;
        let (accumulator, accumulator_size) = match element {
            E::Bool | E::I8 | E::I16 | E::I32 | E::I64 => ("i64", 8),
            E::U8 | E::U16 | E::U32 | E::U64 => ("u64", 8),
            E::F16 | E::BF16 | E::F32 => ("f32", 4),
            E::F64 => ("f64", 8),
            E::C32 => ("c32", 8),
            E::C64 => ("c64", 16),
        };
        let output = if matches!(element, E::F16 | E::BF16) { element.c_name() } else { accumulator };
        Some(Self {
            input: element.c_name().into(),
            accumulator: accumulator.into(),
            accumulator_size,
            output: output.into(),
            identity: format!("Acc({identity})"),
            load: "Acc(x)".into(),
            combine: combine.into(),
            store: "Out(a)".into(),
        })
    }

    fn extremum(element: ElementType, combine: &str, greatest: bool) -> Option<Self> {
        use ElementType as E;
        let (accumulator, accumulator_size, lowest, highest) = match element {
            E::I8 => ("i32", 4, "-128", "127"),
            E::I16 => ("i32", 4, "-32768", "32767"),
            E::I32 => ("i32", 4, "-2147483647 - 1", "2147483647"),
            E::I64 => ("i64", 8, "-9223372036854775807LL - 1", "9223372036854775807LL"),
            E::U8 => ("u32", 4, "0", "255"),
            E::U16 => ("u32", 4, "0", "65535"),
            E::U32 => ("u32", 4, "0", "4294967295u"),
            E::U64 => ("u64", 8, "0", "18446744073709551615ull"),
            E::F16 | E::BF16 | E::F32 => ("f32", 4, "bit_cast<f32>(0xff800000u)", "bit_cast<f32>(0x7f800000u)"),
            E::F64 => ("f64", 8, "bit_cast<f64>(0xfff0000000000000ull)", "bit_cast<f64>(0x7ff0000000000000ull)"),
            E::Bool | E::C32 | E::C64 => return None,
        };
        Some(Self {
            input: element.c_name().into(),
            accumulator: accumulator.into(),
            accumulator_size,
            output: element.c_name().into(),
            identity: format!("Acc({})", if greatest { lowest } else { highest }),
            load: "Acc(x)".into(),
            combine: combine.into(),
            store: "Out(a)".into(),
        })
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

/// Elements of a row that one block reduces. Part of the result's definition: it fixes the order of the combinations.
const CHUNK: usize = 1 << 14;

/// Reduces the middle axis of `[outer, len, inner]` into `[outer, inner]`.
///
/// # Errors
/// Those of the driver and the compiler; [`Error::OutOfMemory`](crate::Error::OutOfMemory) for the partial results.
///
/// # Safety
/// The buffers must hold contiguous arrays of the fold's types with these extents, on one device.
pub unsafe fn reduce(fold: &Fold, [outer, len, inner]: [usize; 3], input: &DeviceBuffer, out: &mut DeviceBuffer) -> Result<()> {
    let device = input.device();
    let kernel = |name| load_with_library(device, "reduce", &fold.header(), REDUCE, name);
    let [o, l, i] = [outer, len, inner].map(|v| v as i64);
    if inner != 1 {
        let arguments = Arguments::new().with(o).with(l).with(i).with(input.pointer()).with(out.pointer());
        // SAFETY: the parameters of `reduce_columns` in order; the arrays are as large as the caller says.
        return unsafe { launch_blocks(&kernel("reduce_columns")?, o * (i + 31) / 32 + o, [32, 8, 1], &arguments) };
    }
    if len <= SHORT {
        let kernel = kernel("reduce_short")?;
        let arguments = Arguments::new().with(o).with(l).with(input.pointer()).with(out.pointer());
        return if outer == 0 {
            Ok(())
        } else {
            // SAFETY: the parameters of `reduce_short` in order; the arrays are as large as the caller says.
            unsafe { kernel.launch(device.shape_for(outer, THREADS), &arguments) }
        };
    }
    let chunks = len.div_ceil(CHUNK).max(1);
    let partial = device.alloc(if chunks > 1 { outer * chunks * fold.accumulator_size } else { 0 }, "reduction")?;
    let finished = device.alloc_zeroed(if chunks > 1 { outer * 4 } else { 0 }, "reduction")?;
    let arguments = Arguments::new()
        .with(o)
        .with(l)
        .with(CHUNK as i64)
        .with(chunks as i64)
        .with(input.pointer())
        .with(partial.pointer())
        .with(finished.pointer())
        .with(out.pointer());
    // SAFETY: the parameters of `reduce_rows` in order; scratch memory is freed in stream order.
    unsafe { launch_blocks(&kernel("reduce_rows")?, o * chunks as i64, [THREADS, 1, 1], &arguments) }
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
/// As [`reduce`].
///
/// # Safety
/// As [`reduce`]; the output has the extents of the input.
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
