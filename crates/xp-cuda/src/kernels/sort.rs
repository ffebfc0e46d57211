//! Stable sorting.

use xp_core::DType;

use super::{Fold, THREADS, c_name, launch_blocks, load, scan};
use crate::{
    device::Device,
    error::{Error, Result},
    index_fault,
    kernel::Arguments,
    memory::DeviceBuffer,
};

pub(crate) const SOURCE: &str = concat!(include_str!("index.cu"), include_str!("sort.cu"));

/// Pairs that one block counts and moves.
const TILE: usize = 2048;

/// The positions (64-bit) that sort each of `rows` rows of `len` elements. Equal elements keep their order, also when
/// descending; nan comes last, or first when descending.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for complex numbers, [`Error::InvalidArgument`] for 2^32 elements or more.
pub fn argsort(element: DType, rows: usize, len: usize, descending: bool, input: &DeviceBuffer) -> Result<DeviceBuffer> {
    let operation = "argsort";
    let Some(header) = header(element) else {
        return Err(Error::UnsupportedDtype { operation: operation.into(), dtype: element.name().into() });
    };
    let n = rows * len;
    let (Ok(total), Ok(length)) = (u32::try_from(n), u32::try_from(len)) else {
        return Err(Error::InvalidArgument { operation: operation.into(), reason: format!("{n} elements, at most {}", u32::MAX) });
    };
    input.range(0, n * element.size(), operation)?;
    let device = input.device();
    let out = device.alloc(n * 8, operation)?;
    if n == 0 {
        return Ok(out);
    }
    let shape = device.shape_for(n, THREADS);
    let pairs = Pairs::new(device, element.size(), n, operation)?;
    let arguments = Arguments::new()
        .with(i64::from(total))
        .with(i32::from(descending))
        .with(input.pointer())
        .with(pairs.keys.pointer())
        .with(pairs.index.pointer());
    // SAFETY: the parameters of `sort_keys` in order, all buffers hold n elements.
    unsafe { load(device, "sort", &header, SOURCE, "sort_keys")?.launch(shape, &arguments) }?;
    let pairs = pairs.sorted(device, &header, element.size(), n, passes(8 * element.size() as u32, rows, length))?;
    let arguments = Arguments::new().with(i64::from(total)).with(length).with(pairs.index.pointer()).with(out.pointer());
    // SAFETY: the parameters of `sort_positions` in order.
    unsafe { load(device, "sort", &header, SOURCE, "sort_positions")?.launch(shape, &arguments) }?;
    Ok(out)
}

/// Unsigned integers, and where they come from (32-bit).
pub(crate) struct Pairs {
    pub(crate) keys: DeviceBuffer,
    pub(crate) index: DeviceBuffer,
}

impl Pairs {
    fn new(device: &Device, key_size: usize, n: usize, operation: &str) -> Result<Self> {
        Ok(Pairs { keys: device.alloc(n * key_size, operation)?, index: device.alloc(n * 4, operation)? })
    }

    /// The pairs in ascending order of keys, equal ones as they were, after these passes.
    fn sorted(mut self, device: &Device, header: &str, key_size: usize, n: usize, passes: impl Iterator<Item = (u32, u32)>) -> Result<Self> {
        let operation = "sort";
        let tiles = n.div_ceil(TILE);
        let mut next = Pairs::new(device, key_size, n, operation)?;
        let counts = device.alloc(256 * tiles * 8, operation)?;
        let ends = device.alloc(256 * tiles * 8, operation)?;
        let kernel = |name| load(device, "sort", header, SOURCE, name);
        let (count, movement) = (kernel("sort_count")?, kernel("sort_move")?);
        let sum = Fold::cumulative(DType::I64, "0", "op_add");
        for (length, shift) in passes {
            let common =
                || Arguments::new().with(n as i64).with(tiles as i64).with(length).with(shift).with(self.keys.pointer()).with(self.index.pointer());
            // SAFETY: the parameters of `sort_count` in order; `counts` has a place per digit and tile.
            unsafe { launch_blocks(&count, tiles as i64, [THREADS, 1, 1], &common().with(counts.pointer())) }?;
            // SAFETY: both buffers hold one 64-bit integer per digit and tile.
            unsafe { scan(&sum, [1, 256 * tiles, 1], &counts, &ends) }?;
            let arguments = common().with(counts.pointer()).with(ends.pointer()).with(next.keys.pointer()).with(next.index.pointer());
            // SAFETY: the parameters of `sort_move` in order; the destinations are a permutation of 0..n.
            unsafe { launch_blocks(&movement, tiles as i64, [THREADS, 1, 1], &arguments) }?;
            std::mem::swap(&mut self, &mut next);
        }
        Ok(self)
    }
}

/// The dtype of the places in an axis: an index out of range counts as one place behind the last.
pub(crate) fn place_type(extent: usize) -> DType {
    if u32::try_from(extent).is_ok() { DType::U32 } else { DType::U64 }
}

/// The places that 64-bit indices mean in an axis of `extent`, in ascending order, with where they come from; equal places keep their
/// order. An index out of range makes the next wait of the device fail, under the name of the operation.
///
/// # Errors
/// [`Error::InvalidArgument`] for 2^32 indices or more, and those of the driver.
pub(crate) fn sorted_places(index: &DeviceBuffer, extent: usize, operation: &str) -> Result<Pairs> {
    let (device, n, key) = (index.device(), index.len() / 8, place_type(extent));
    if u32::try_from(n).is_err() {
        return Err(Error::InvalidArgument { operation: operation.into(), reason: format!("{n} indices, at most {}", u32::MAX) });
    }
    let header = header(key).expect("integers can be sorted");
    let pairs = Pairs::new(device, key.size(), n, operation)?;
    let arguments = Arguments::new().with(n as i64).with(extent as i64).with(index.pointer());
    let arguments = arguments.with(pairs.keys.pointer()).with(pairs.index.pointer());
    let arguments = arguments.with(device.index_fault(operation)?).with(index_fault::number(operation));
    // SAFETY: the parameters of `place_keys` in order, all buffers hold n elements.
    unsafe { load(device, "sort", &header, SOURCE, "place_keys")?.launch(device.shape_for(n, THREADS), &arguments) }?;
    let bits = usize::BITS - extent.leading_zeros();
    pairs.sorted(device, &header, key.size(), n, passes(bits, 1, 0))
}

/// The row length (0 for digits of the key) and the shift of every pass over keys of so many bits, the least significant digit first.
fn passes(bits: u32, rows: usize, len: u32) -> impl Iterator<Item = (u32, u32)> {
    let row_digits = (usize::BITS - rows.saturating_sub(1).leading_zeros()).div_ceil(8);
    let key = (0..bits.div_ceil(8)).map(|d| (0, 8 * d));
    key.chain((0..row_digits).map(move |d| (len, 8 * d)))
}

/// The element type, its unsigned integer, and how one becomes the other. `None` for complex numbers.
pub(crate) fn header(element: DType) -> Option<String> {
    use DType as E;
    let (key, kind, infinity) = match element {
        E::Bool | E::U8 => ("u8", 0, ""),
        E::U16 => ("u16", 0, ""),
        E::U32 => ("u32", 0, ""),
        E::U64 => ("u64", 0, ""),
        E::I8 => ("u8", 1, ""),
        E::I16 => ("u16", 1, ""),
        E::I32 => ("u32", 1, ""),
        E::I64 => ("u64", 1, ""),
        E::F16 => ("u16", 2, "0x7c00u"),
        E::BF16 => ("u16", 2, "0x7f80u"),
        E::F32 => ("u32", 2, "0x7f800000u"),
        E::F64 => ("u64", 2, "0x7ff0000000000000ull"),
        E::C64 | E::C128 => return None,
    };
    Some(format!("typedef {} T; typedef {key} Key;\n#define KEY_KIND {kind}\n#define INFINITY_BITS {infinity}\n", c_name(element)))
}
