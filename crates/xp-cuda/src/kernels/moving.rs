//! Strided copy, gather, scatter, compaction.

use bytemuck::{Pod, Zeroable};

use super::{LEAST_TILED, Source, TILE, c_name, launch_blocks, launch_items, sort};
use crate::{
    device::Device,
    error::{Error, Result},
    index_fault,
    kernel::{Arguments, Kernel},
    memory::DeviceBuffer,
};

/// Copies through tiles, for all element sizes too.
pub(crate) const TURN: Source = Source::plain("turn", include_str!("turn.cu"));
pub(crate) const SOURCE: Source = Source::plain("move", concat!(include_str!("index.cu"), include_str!("move.cu")));
pub(crate) const COMPACT: Source = Source::plain("compact", concat!(include_str!("counts.cu"), include_str!("compact.cu")));

/// Masks that a block of a compaction takes.
const COMPACTED: usize = 4096;

/// Copies between two strided layouts of the same extents, with strides and offsets in elements; through tiles where they are
/// dense along different axes.
///
/// Axes of length one and axes that are contiguous with their neighbour are merged first; at most eight may remain.
///
/// # Errors
/// [`Error::InvalidArgument`] for more than eight axes, [`Error::OutOfRange`] for a layout beyond its buffer.
pub fn copy_strided(size: usize, extents: &[usize], from: (&DeviceBuffer, isize, &[isize]), to: (&mut DeviceBuffer, isize, &[isize])) -> Result<()> {
    let operation = "strided copy";
    let n: usize = extents.iter().product();
    if n == 0 {
        return Ok(());
    }
    from.0.device().check_same(to.0.device(), operation)?;
    let (axes, sides) = turned(merge_axes(extents, from.2, to.2));
    let mut layout = Layout::zeroed();
    if axes.len() > layout.extent.len() {
        return Err(Error::InvalidArgument { operation: operation.into(), reason: format!("{} axes that cannot be merged", axes.len()) });
    }
    layout.rank = axes.len() as i32;
    for (k, &(extent, from, to)) in axes.iter().enumerate() {
        (layout.extent[k], layout.from[k], layout.to[k]) = (extent as i64, from as i64, to as i64);
    }
    let source = first_element(from.0, size, extents, from.1, from.2, operation)?;
    let target = first_element(to.0, size, extents, to.1, to.2, operation)?;
    let device = from.0.device();
    let Some([height, width]) = sides else {
        let kernel = kernel(device, size, "copy_strided", operation)?;
        return strided(&kernel, n, &Arguments::new().with(n as i64).with(layout).with(source).with(target));
    };
    check_size(size, operation)?;
    let kernel = TURN.kernel(device, "turn", size, || header(size))?;
    let tiles: usize = axes.iter().map(|axis| axis.0).product();
    let arguments = Arguments::new().with(tiles as i64).with(layout).with(height as i64).with(width as i64).with(source).with(target);
    // SAFETY: the parameters of turn.cu in order; both layouts were checked.
    unsafe { launch_blocks(&kernel, tiles, &arguments) }
}

/// `out[o, j, i] = input[o, index[j], i]` for arrays of `[outer, extent, inner]` and `count` indices (64-bit, negative ones
/// count from the end). An index out of range gives zeros, and makes the next wait of the device fail.
///
/// # Errors
/// [`Error::OutOfRange`] for buffers that are too small.
pub fn gather(size: usize, [outer, extent, inner]: [usize; 3], input: &DeviceBuffer, index: &DeviceBuffer, out: &mut DeviceBuffer) -> Result<()> {
    let count = index.len() / 8;
    indexed("gather", "take", size, [outer, extent, inner, count], (input, extent), index, out)
}

/// `out[o, j, i] = input[o, index[o, j, i], i]`: a list of `count` indices for every lane; see [`gather`].
///
/// # Errors
/// As [`gather`].
pub fn gather_lanes(
    size: usize,
    [outer, extent, inner, count]: [usize; 4],
    input: &DeviceBuffer,
    index: &DeviceBuffer,
    out: &mut DeviceBuffer,
) -> Result<()> {
    index.range(0, outer * count * inner * 8, "gather")?;
    indexed("gather_lanes", "take_along_axis", size, [outer, extent, inner, count], (input, extent), index, out)
}

/// The elements whose mask (one byte each) is set, in order. Waits, because the host must know how many there are.
///
/// # Errors
/// [`Error::OutOfRange`] for fewer elements than masks, and those of the driver.
pub fn compact(size: usize, mask: &DeviceBuffer, input: &DeviceBuffer) -> Result<DeviceBuffer> {
    let operation = "compaction";
    let (device, n) = (mask.device(), mask.len());
    device.check_same(input.device(), operation)?;
    let from = input.range(0, n * size, operation)?;
    let mut out = device.alloc(n * size, operation)?;
    if n == 0 {
        return Ok(out);
    }
    let tiles = n.div_ceil(COMPACTED);
    check_size(size, operation)?;
    let kernel = COMPACT.kernel(device, "compact", (size, sort::word(n)), || compact_header(size, n))?;
    // A ticket, the number of elements, and what tiles hand on.
    let zeroed = device.alloc_zeroed(16 + tiles * sort::word(n).size(), operation)?;
    let at = |offset: u64| zeroed.pointer() + offset;
    let arguments = Arguments::new().with(n as i64).with(tiles as i64).with(mask.pointer()).with(from).with(out.pointer());
    // SAFETY: the parameters of compact.cu in order; there is room for all elements.
    unsafe { launch_blocks(&kernel, tiles, &arguments.with(at(0)).with(at(8)).with(at(16))) }?;
    let mut bytes = [0; 8];
    zeroed.download(8, &mut bytes, operation)?;
    let len = u64::from_ne_bytes(bytes) as usize * size;
    if len > out.len() / 2 {
        out.truncate(len);
        return Ok(out);
    }
    // Few are kept, so that a copy costs less than the memory.
    let mut kept = device.alloc(len, operation)?;
    kept.copy_from(0, &out, 0, len, operation)?;
    Ok(kept)
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Layout {
    extent: [i64; 8],
    from: [i64; 8],
    to: [i64; 8],
    rank: i32,
    padding: i32,
}

/// Elements are moved as unsigned integers of their size.
pub(crate) fn header(size: usize) -> String {
    let ty = match size {
        1 => "u8",
        2 => "u16",
        4 => "u32",
        8 => "u64",
        _ => return "struct alignas(16) Pair { u64 low, high; };\ntypedef Pair T;".into(),
    };
    format!("typedef {ty} T;")
}

/// The same, for compactions of `n` elements.
pub(crate) fn compact_header(size: usize, n: usize) -> String {
    format!("{} typedef {} Word;", header(size), c_name(sort::word(n)))
}

fn kernel(device: &Device, size: usize, name: &str, operation: &str) -> Result<Kernel> {
    check_size(size, operation)?;
    SOURCE.kernel(device, name, size, || header(size))
}

/// Fails for a size that elements cannot have.
fn check_size(size: usize, operation: &str) -> Result<()> {
    if ![1, 2, 4, 8, 16].contains(&size) {
        return Err(Error::InvalidArgument { operation: operation.into(), reason: format!("elements of {size} bytes") });
    }
    Ok(())
}

/// Launches a kernel that strides over `n` elements.
fn strided(kernel: &Kernel, n: usize, arguments: &Arguments) -> Result<()> {
    // SAFETY: the callers check the ranges of all pointers and pass the parameters of move.cu in order.
    unsafe { launch_items(kernel, n, arguments) }
}

fn indexed(
    name: &'static str,
    operation: &'static str,
    size: usize,
    [outer, extent, inner, count]: [usize; 4],
    (input, len): (&DeviceBuffer, usize),
    index: &DeviceBuffer,
    out: &mut DeviceBuffer,
) -> Result<()> {
    let device = index.device();
    device.check_same(input.device(), name)?;
    device.check_same(out.device(), name)?;
    let (from, to) = (input.range(0, outer * len * inner * size, name)?, out.range(0, outer * count * inner * size, name)?);
    let kernel = kernel(device, size, name, operation)?;
    let arguments = Arguments::new().with(outer as i64).with(extent as i64).with(inner as i64).with(count as i64);
    let fault = device.index_fault(operation)?;
    let arguments = arguments.with(from).with(index.pointer()).with(to).with(fault).with(index_fault::number(operation));
    strided(&kernel, outer * inner * count, &arguments)
}

/// The length of an axis, and its strides in the input and the output.
type Axis = (usize, isize, isize);

/// Drops axes of length one and merges axes that follow each other in both layouts.
fn merge_axes(extents: &[usize], from: &[isize], to: &[isize]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    for ((&extent, &f), &t) in extents.iter().zip(from).zip(to).filter(|((extent, _), _)| **extent != 1) {
        let step = extent as isize;
        match axes.last_mut() {
            Some(last) if last.1 == f * step && last.2 == t * step => *last = (last.0 * extent, f, t),
            _ => axes.push((extent, f, t)),
        }
    }
    axes
}

/// Axes of a copy for tiles, where input and output are dense along different axes that are long enough: the one of the input
/// comes before the last one, both are counted in tiles, and their lengths are returned too.
fn turned(mut axes: Vec<Axis>) -> (Vec<Axis>, Option<[usize; 2]>) {
    let is_long = |axis: &Axis| axis.0 >= LEAST_TILED;
    let Some(across) = axes.iter().position(|axis| axis.1 == 1 && is_long(axis)) else { return (axes, None) };
    if !axes.last().is_some_and(|last| last.2 == 1 && last.1.unsigned_abs() > 1 && is_long(last)) {
        return (axes, None);
    }
    let before = axes.remove(across);
    axes.insert(axes.len() - 1, before);
    let n = axes.len();
    let sides = [axes[n - 2].0, axes[n - 1].0];
    axes[n - 2..].iter_mut().for_each(|axis| axis.0 = axis.0.div_ceil(TILE));
    (axes, Some(sides))
}

/// The address of the element with index zero, after checking that every element lies in the buffer.
fn first_element(buffer: &DeviceBuffer, size: usize, extents: &[usize], offset: isize, strides: &[isize], operation: &str) -> Result<u64> {
    let (mut low, mut high) = (offset, offset);
    for (&extent, &stride) in extents.iter().zip(strides) {
        let reach = (extent as isize - 1) * stride;
        if reach < 0 { low += reach } else { high += reach }
    }
    if low < 0 || (high as usize + 1).checked_mul(size).is_none_or(|end| end > buffer.len()) {
        let requested = (high - low + 1) as usize * size;
        return Err(Error::OutOfRange { operation: operation.into(), offset: low.max(0) as usize * size, requested, len: buffer.len() });
    }
    Ok(buffer.pointer() + offset as u64 * size as u64)
}

#[cfg(test)]
mod tests {
    use super::{merge_axes, turned};

    #[test]
    fn long_axes_that_change_places_are_tiled() {
        let transposed = vec![(40, 1, 20), (20, 40, 1)];
        assert_eq!(turned(transposed), (vec![(2, 1, 20), (1, 40, 1)], Some([40, 20])));
        assert_eq!(turned(vec![(33, 1, 60), (3, 660, 20), (20, 33, 1)]).0, [(3, 660, 20), (2, 1, 60), (1, 33, 1)]);
        for plain in [vec![(40, 1, 8), (8, 40, 1)], vec![(40, 20, 20), (20, 1, 1)], vec![(40, 0, 20), (20, 2, 1)], vec![]] {
            assert_eq!(turned(plain.clone()), (plain, None));
        }
    }

    #[test]
    fn contiguous_axes_merge() {
        assert_eq!(merge_axes(&[2, 3, 4], &[12, 4, 1], &[12, 4, 1]), [(24, 1, 1)]);
        assert_eq!(merge_axes(&[2, 1, 4], &[4, 99, 1], &[4, 7, 1]), [(8, 1, 1)]);
        assert_eq!(merge_axes(&[2, 3], &[1, 2], &[3, 1]), [(2, 1, 3), (3, 2, 1)]);
        assert_eq!(merge_axes(&[2, 3], &[0, 0], &[3, 1]), [(6, 0, 1)]);
        assert!(merge_axes(&[1, 1], &[5, 5], &[1, 1]).is_empty());
    }
}
