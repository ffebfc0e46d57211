//! Stable sorting.

use xp_core::DType;

use super::{Fold, THREADS, c_name, launch_blocks, load, scan};
use crate::{
    error::{Error, Result},
    kernel::Arguments,
    memory::DeviceBuffer,
};

pub(crate) const SOURCE: &str = include_str!("sort.cu");

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
    let kernel = |name| load(device, "sort", &header, SOURCE, name);
    let shape = device.shape_for(n, THREADS);
    let (key_size, tiles) = (element.size(), n.div_ceil(TILE));
    let pair = || Ok::<_, Error>((device.alloc(n * key_size, operation)?, device.alloc(n * 4, operation)?));
    let (mut now, mut next) = (pair()?, pair()?);
    let counts = device.alloc(256 * tiles * 8, operation)?;
    let ends = device.alloc(256 * tiles * 8, operation)?;

    let arguments =
        Arguments::new().with(i64::from(total)).with(i32::from(descending)).with(input.pointer()).with(now.0.pointer()).with(now.1.pointer());
    // SAFETY: the parameters of `sort_keys` in order, all buffers hold n elements.
    unsafe { kernel("sort_keys")?.launch(shape, &arguments) }?;
    let (count, movement) = (kernel("sort_count")?, kernel("sort_move")?);
    let sum = Fold::cumulative(DType::I64, "0", "op_add");
    for (length, shift) in passes(key_size, rows, length) {
        let common =
            || Arguments::new().with(i64::from(total)).with(tiles as i64).with(length).with(shift).with(now.0.pointer()).with(now.1.pointer());
        // SAFETY: the parameters of `sort_count` in order; `counts` has a place per digit and tile.
        unsafe { launch_blocks(&count, tiles as i64, [THREADS, 1, 1], &common().with(counts.pointer())) }?;
        // SAFETY: both buffers hold one 64-bit integer per digit and tile.
        unsafe { scan(&sum, [1, 256 * tiles, 1], &counts, &ends) }?;
        let arguments = common().with(counts.pointer()).with(ends.pointer()).with(next.0.pointer()).with(next.1.pointer());
        // SAFETY: the parameters of `sort_move` in order; the destinations are a permutation of 0..n.
        unsafe { launch_blocks(&movement, tiles as i64, [THREADS, 1, 1], &arguments) }?;
        std::mem::swap(&mut now, &mut next);
    }
    let arguments = Arguments::new().with(i64::from(total)).with(length).with(now.1.pointer()).with(out.pointer());
    // SAFETY: the parameters of `sort_positions` in order.
    unsafe { kernel("sort_positions")?.launch(shape, &arguments) }?;
    Ok(out)
}

/// The row length (0 for digits of the key) and the shift of every pass, the least significant digit first.
fn passes(key_size: usize, rows: usize, len: u32) -> impl Iterator<Item = (u32, u32)> {
    let row_digits = (usize::BITS - rows.saturating_sub(1).leading_zeros()).div_ceil(8);
    let key = (0..key_size as u32).map(|d| (0, 8 * d));
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
