//! Writing by index, search, and products of integers.

use xp_core::DType;

use super::{Source, c_name, launch_blocks, launch_items, sort};
use crate::{device::Device, error::Result, kernel::Arguments, memory::DeviceBuffer};

pub(crate) const SCATTER: Source = Source::computing("scatter", include_str!("scatter.cu"));
pub(crate) const SEARCH: Source = Source::computing("search", include_str!("search.cu"));
pub(crate) const MATMUL: Source = Source::computing("matmul", include_str!("matmul.cu"));

/// `out[o, index[j], i] = input[o, j, i]` for an array of `[outer, extent, inner]`, in the order of the indices, or with `+=`
/// if `add`: then what goes to one element is summed first, in an order that depends on the sizes alone. With an index out of
/// range nothing is written, and it makes the next wait of the device fail.
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for buffers that are too small.
pub fn scatter(
    element: DType,
    [outer, extent, inner]: [usize; 3],
    input: &DeviceBuffer,
    index: &DeviceBuffer,
    out: &DeviceBuffer,
    add: bool,
) -> Result<()> {
    let operation = "scatter";
    let (device, count) = (index.device(), index.len() / 8);
    device.check_same(input.device(), operation)?;
    device.check_same(out.device(), operation)?;
    let (size, n) = (element.size(), outer * count * inner);
    let (from, to) = (input.range(0, n * size, operation)?, out.range(0, outer * extent * inner * size, operation)?);
    if count == 0 {
        return Ok(());
    }
    let pairs = sort::sorted_places(index, extent, "put")?;
    if n == 0 {
        return Ok(());
    }
    let name = if add { "put_add" } else { "put_last" };
    let kernel = SCATTER.kernel(device, name, (element, sort::place_type(extent)), || scatter_header(element, extent))?;
    if !add {
        let arguments = Arguments::new().with(outer as i64).with(extent as i64).with(inner as i64).with(count as i64);
        let arguments = arguments.with(pairs.keys.pointer()).with(pairs.index.pointer()).with(from).with(to);
        // SAFETY: the parameters of `put_last` in order; ranges were checked, and every element has one writer.
        return unsafe { launch_items(&kernel, n, &arguments) };
    }
    // Every launch leaves one sum for each chunk, until there is one chunk.
    let (mut now, mut count) = ((pairs.keys, pairs.index.pointer(), None::<DeviceBuffer>), count);
    loop {
        let chunks = count.div_ceil(CHUNK);
        let (keys, sums) = if chunks > 1 { (chunks * sort::place_type(extent).size(), outer * chunks * inner * size) } else { (0, 0) };
        let next = (device.alloc(keys, operation)?, device.alloc(sums, operation)?);
        let values = now.2.as_ref().map_or(from, DeviceBuffer::pointer);
        let arguments = Arguments::new().with(outer as i64).with(extent as i64).with(inner as i64).with(count as i64).with(chunks as i64);
        let arguments = arguments.with(now.0.pointer()).with(now.1).with(values).with(to).with(next.0.pointer()).with(next.1.pointer());
        // SAFETY: the parameters of `put_add` in order; ranges were checked, every element has one writer, and scratch memory is freed
        // in stream order.
        unsafe { launch_items(&kernel, outer * chunks * inner, &arguments) }?;
        if chunks == 1 {
            return Ok(());
        }
        (now, count) = ((next.0, 0, Some(next.1)), chunks);
    }
}

/// Elements that a thread of `put_add` takes.
const CHUNK: usize = 16;

/// What the source of scatters needs to know.
pub(crate) fn scatter_header(element: DType, extent: usize) -> String {
    format!("{}typedef {} Key;\n", typedef(element), c_name(sort::place_type(extent)))
}

/// The positions (64-bit) of `queries` elements in a sorted vector of `n`, before equal elements or after them if `right`.
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for buffers that are too small, and those of the driver.
pub fn searchsorted(element: DType, sorted: (&DeviceBuffer, usize), queries: (&DeviceBuffer, usize), right: bool) -> Result<DeviceBuffer> {
    let operation = "searchsorted";
    let (device, (n, m)) = (sorted.0.device(), (sorted.1, queries.1));
    device.check_same(queries.0.device(), operation)?;
    let (from, query) = (sorted.0.range(0, n * element.size(), operation)?, queries.0.range(0, m * element.size(), operation)?);
    let out = device.alloc(m * 8, operation)?;
    if m > 0 {
        let kernel = SEARCH.kernel(device, "searchsorted", element, || typedef(element))?;
        let arguments = Arguments::new().with(n as i64).with(m as i64).with(i32::from(right)).with(from).with(query).with(out.pointer());
        // SAFETY: the parameters of search.cu in order; ranges were checked.
        unsafe { launch_items(&kernel, m, &arguments) }?;
    }
    Ok(out)
}

/// A stack of matrices in device memory.
#[derive(Debug, Clone, Copy)]
pub struct Operand {
    /// The address that offsets count from.
    pub pointer: u64,
    /// Strides of rows and columns, in elements.
    pub strides: [isize; 2],
}

/// Row-major products of matrices of any strides, sums of halves in `f32`: for dtypes that cuBLAS lacks.
///
/// # Errors
/// Those of the compiler and the driver.
///
/// # Safety
/// Offsets and strides must describe elements of live memory, and `out` must have room for all products.
pub unsafe fn matmul(device: &Device, element: DType, a: Operand, b: Operand, [m, k, n]: [usize; 3], offsets: &[[usize; 2]], out: u64) -> Result<()> {
    let operation = "matmul";
    if m * n * offsets.len() == 0 {
        return Ok(());
    }
    let places: Vec<i64> = offsets.iter().flatten().map(|&x| x as i64).collect();
    let places = device.upload(bytemuck::cast_slice(&places), operation)?;
    let kernel = MATMUL.kernel(device, "matmul", element, || matmul_header(element))?;
    let arguments = Arguments::new().with(offsets.len() as i64).with(m as i64).with(k as i64).with(n as i64).with(places.pointer());
    let operand = |arguments: Arguments, x: Operand| arguments.with(x.pointer).with(x.strides[0] as i64).with(x.strides[1] as i64);
    let arguments = operand(operand(arguments, a), b).with(out);
    let tiles = m.div_ceil(TILE) * n.div_ceil(TILE) * offsets.len();
    // SAFETY: the parameters of matmul.cu in order; the caller vouches for the memory.
    unsafe { launch_blocks(&kernel, tiles, &arguments) }
}

/// Rows and columns of the tile of a block, which has a thread for each element.
const TILE: usize = 16;

/// What the source of products needs to know.
pub(crate) fn matmul_header(element: DType) -> String {
    let accumulator = if matches!(element, DType::F16 | DType::BF16) { "f32" } else { c_name(element) };
    format!("{}typedef {accumulator} Acc;\n", typedef(element))
}

pub(crate) fn typedef(element: DType) -> String {
    format!("typedef {} T;\n", c_name(element))
}
