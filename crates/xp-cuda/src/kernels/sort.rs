//! Stable sorting, and the first elements of what it gives.

use xp_core::DType;

use super::{Source, THREADS, c_name, copy_strided, launch_blocks, launch_items};
use crate::{
    error::{Error, Result},
    index_fault,
    kernel::{Arguments, Kernel},
    memory::DeviceBuffer,
};

pub(crate) const SOURCE: Source = Source::plain("sort", concat!(include_str!("index.cu"), include_str!("counts.cu"), include_str!("sort.cu")));

/// Elements of a tile of the radix sort, and values of a digit.
const TILE: usize = 4096;
const DIGITS: usize = 256;

/// Elements that a block sorts in its shared memory, and that one of its threads does.
const ROOM: usize = 2048;
const ITEMS: usize = 8;

/// The elements in the order of the middle axis of `[outer, len, inner]`. Equal elements keep their order, also when descending; nan
/// comes last, or first when descending.
///
/// # Errors
/// As [`argsort`].
pub fn sort(element: DType, shape: [usize; 3], descending: bool, input: &DeviceBuffer) -> Result<DeviceBuffer> {
    let operation = "sort";
    let size = element.size();
    along_last(shape, [size, size], input, |input, shape| {
        let out = input.device().alloc(elements(shape) * size, operation)?;
        Order::new(element, shape, descending).write(input, Targets { values: out.pointer(), ..Targets::default() }, operation)?;
        Ok(out)
    })
}

/// The positions (64-bit) that sort along the middle axis of `[outer, len, inner]`, as [`sort`] does.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for complex numbers, [`Error::InvalidArgument`] for rows of 2^32 elements or more,
/// [`Error::OutOfRange`] for a buffer that is too small, and those of the driver.
pub fn argsort(element: DType, shape: [usize; 3], descending: bool, input: &DeviceBuffer) -> Result<DeviceBuffer> {
    let operation = "argsort";
    along_last(shape, [element.size(), 8], input, |input, shape| {
        let out = input.device().alloc(elements(shape) * 8, operation)?;
        Order::new(element, shape, descending).write(input, Targets { positions: out.pointer(), ..Targets::default() }, operation)?;
        Ok(out)
    })
}

/// The first `k` of what [`argsort`] gives, at most as many as lanes have elements.
///
/// # Errors
/// As [`argsort`].
pub fn top_k(element: DType, shape: [usize; 3], k: usize, descending: bool, input: &DeviceBuffer) -> Result<DeviceBuffer> {
    let operation = "top_k";
    let ([outer, len, inner], device) = (shape, input.device());
    let k = k.min(len);
    let mut out = device.alloc(outer * k * inner * 8, operation)?;
    let order = Order::new(element, shape, descending);
    if out.is_empty() {
        return Ok(out);
    }
    if len <= ROOM {
        order.write_rows(input, k, Targets { positions: out.pointer(), ..Targets::default() }, operation)?;
    } else if k <= FEW {
        order.write_first(input, k, &out, operation)?;
    } else {
        let all = argsort(element, shape, descending, input)?;
        let [from, to] = [len, k].map(|len| [len * inner, inner, 1].map(|stride| stride as isize));
        copy_strided(8, &[outer, k, inner], (&all, 0, &from), (&mut out, 0, &to))?;
    }
    Ok(out)
}

/// Elements that [`top_k`] finds without a sort.
const FEW: usize = 512;

/// Where the elements of every row go in order, and their positions in the row (32-bit and 64-bit): addresses, 0 for what is not
/// wanted.
#[derive(Debug, Clone, Copy, Default)]
struct Targets {
    values: u64,
    order: u64,
    positions: u64,
}

/// How elements are put in order.
struct Order {
    element: DType,
    shape: [usize; 3],
    descending: bool,
    /// Bytes of the keys that are not 0, the least significant ones.
    digits: usize,
}

impl Order {
    fn new(element: DType, shape: [usize; 3], descending: bool) -> Self {
        Self { element, shape, descending, digits: element.size() }
    }

    /// Puts rows of any length in order; those that do not fit into a block must be contiguous.
    fn write(&self, input: &DeviceBuffer, to: Targets, operation: &str) -> Result<()> {
        if self.shape[1] <= ROOM { self.write_rows(input, self.shape[1], to, operation) } else { self.write_long(input, to, operation) }
    }

    /// Puts rows that fit into a block in order, and writes the first `keep` of each.
    fn write_rows(&self, input: &DeviceBuffer, keep: usize, to: Targets, operation: &str) -> Result<()> {
        let [outer, len, inner] = self.shape;
        let kernel = self.kernel(input, "sort_rows", operation)?;
        let span = len.div_ceil(ITEMS).next_power_of_two() * ITEMS;
        let arguments = Arguments::new().with((outer * inner) as i64).with(len as u32).with(inner as i64).with(span as u32).with(keep as u32);
        let arguments = arguments.with(i32::from(self.descending)).with(input.pointer()).with(to.values).with(to.order).with(to.positions);
        let blocks = if len == 0 { 0 } else { (outer * inner).div_ceil(ROOM / span) };
        // SAFETY: the parameters of `sort_rows` in order; the input holds the shape, and the targets `keep` elements of every row.
        unsafe { launch_blocks(&kernel, blocks, &arguments) }
    }

    /// Puts contiguous rows in order, by a pass for each digit.
    fn write_long(&self, input: &DeviceBuffer, to: Targets, operation: &str) -> Result<()> {
        let ([outer, len, inner], device, size) = (self.shape, input.device(), self.element.size());
        debug_assert_eq!(inner, 1);
        let (rows, n, tiles, last) = (outer, outer * len, len.div_ceil(TILE), self.digits - 1);
        if n == 0 {
            return Ok(());
        }
        let pairs = to.order | to.positions != 0;
        let count = self.kernel(input, "sort_count", operation)?;
        let sweep = self.kernel(input, if pairs { "sort_sweep_pairs" } else { "sort_sweep" }, operation)?;
        // A ticket for each pass, counts of digits, and what tiles hand on in each pass.
        let (tickets, counts) = (self.digits * 8, rows * self.digits * DIGITS * 4);
        let words = rows * tiles * DIGITS * word(len).size();
        let zeroed = device.alloc_zeroed(tickets + counts + self.digits * words, operation)?;
        let at = |offset: usize| zeroed.pointer() + offset as u64;
        let common = || Arguments::new().with(rows as i64).with(len as i64).with(tiles as i64).with(self.digits as u32);
        let arguments = common().with(i32::from(self.descending)).with(input.pointer()).with(at(tickets));
        // SAFETY: the parameters of `sort_count` in order; the input holds the rows, and there is a count for each row, digit and value.
        unsafe { launch_blocks(&count, rows * tiles, &arguments) }?;
        // Passes write into two places by turns, the last one into the target, which is one of them if it is wanted.
        let two = |target: u64, size: usize| -> Result<(DeviceBuffer, [u64; 2])> {
            let scratch = device.alloc(if last == 0 { 0 } else { n * size * (1 + usize::from(target == 0 && last > 1)) }, operation)?;
            let places = [if target == 0 { scratch.pointer() + (n * size) as u64 } else { target }, scratch.pointer()];
            Ok((scratch, places))
        };
        let (_values, values) = two(to.values, size)?;
        // Positions are twice as long as what is kept in their place before the last pass.
        let (_order, order) = if pairs { two(to.order | to.positions, 4)? } else { (device.alloc(0, operation)?, [0; 2]) };
        let mut from = (input.pointer(), 0);
        for pass in 0..self.digits {
            let is_last = pass == last;
            let next = if is_last { (to.values, to.order) } else { (values[(last - pass) % 2], order[(last - pass) % 2]) };
            let arguments = common().with(pass as u32).with(i32::from(self.descending)).with(from.0).with(at(tickets));
            let mut arguments = arguments.with(at(tickets + counts + pass * words)).with(at(pass * 8)).with(next.0);
            if pairs {
                arguments = arguments.with(from.1).with(next.1).with(if is_last { to.positions } else { 0 });
            }
            // SAFETY: the parameters of `sort_sweep` or `sort_sweep_pairs` in order; all places hold n elements, which are written to a
            // permutation of them, and scratch memory is freed in stream order.
            unsafe { launch_blocks(&sweep, rows * tiles, &arguments) }?;
            from = next;
        }
        Ok(())
    }

    /// The positions of the first `k` of every lane, `k` being at most [`FEW`]: those of pieces of a lane, then those of these.
    fn write_first(&self, input: &DeviceBuffer, k: usize, out: &DeviceBuffer, operation: &str) -> Result<()> {
        let ([outer, len, inner], device) = (self.shape, input.device());
        let (kernel, rows) = (self.kernel(input, "first_of_rows", operation)?, outer * inner);
        // As many pieces as leave the second launch as much as a block of the first has, and no more than fill the device.
        let fill = kernel.resident_blocks(THREADS, 0)? as usize;
        let pieces = (len / k).isqrt().min(fill.div_ceil(rows)).min(len / ROOM).max(1);
        let launch = |pieces: usize, among: u64, count: usize, inner_out: usize, to: &DeviceBuffer| {
            let arguments = Arguments::new().with(rows as i64).with(len as i64).with(inner as i64).with(pieces as i64).with(k as u32);
            let arguments = arguments.with(i32::from(self.descending)).with(input.pointer()).with(among).with(count as i64);
            let arguments = arguments.with(inner_out as i64).with(to.pointer());
            // SAFETY: the parameters of `first_of_rows` in order; the input holds the shape, the list `count` positions and the result
            // `k` for each row and piece.
            unsafe { launch_blocks(&kernel, rows * pieces, &arguments) }
        };
        if pieces == 1 {
            return launch(1, 0, len, inner, out);
        }
        let found = device.alloc(rows * pieces * k * 8, operation)?;
        launch(pieces, 0, len, 1, &found)?;
        launch(1, found.pointer(), pieces * k, inner, out)
    }

    /// A kernel of sort.cu, after checks of what it will read.
    fn kernel(&self, input: &DeviceBuffer, name: &str, operation: &str) -> Result<Kernel> {
        let (element, len) = (self.element, self.shape[1]);
        if matches!(element, DType::C64 | DType::C128) {
            return Err(Error::UnsupportedDtype { operation: operation.into(), dtype: element.name().into() });
        }
        if u32::try_from(len).is_err() {
            let reason = format!("{len} elements in a row, at most {}", u32::MAX);
            return Err(Error::InvalidArgument { operation: operation.into(), reason });
        }
        input.range(0, elements(self.shape) * self.element.size(), operation)?;
        SOURCE.kernel(input.device(), name, (element, word(len)), || header(element, len).expect("the dtype has an order"))
    }
}

fn elements(shape: [usize; 3]) -> usize {
    shape.iter().product()
}

/// Runs a sort from elements of one size to those of another, in contiguous rows where they do not fit into a block.
fn along_last(
    [outer, len, inner]: [usize; 3],
    [size, result]: [usize; 2],
    input: &DeviceBuffer,
    run: impl FnOnce(&DeviceBuffer, [usize; 3]) -> Result<DeviceBuffer>,
) -> Result<DeviceBuffer> {
    if inner == 1 || len <= ROOM {
        return run(input, [outer, len, inner]);
    }
    let turned = transposed(size, input, [outer, len, inner])?;
    transposed(result, &run(&turned, [outer * inner, len, 1])?, [outer, inner, len])
}

/// The transpose of each of `outer` row-major matrices.
fn transposed(size: usize, x: &DeviceBuffer, [outer, rows, columns]: [usize; 3]) -> Result<DeviceBuffer> {
    let mut out = x.device().alloc(outer * rows * columns * size, "transposition")?;
    let [from, to] = [[rows * columns, 1, columns], [rows * columns, rows, 1]].map(|s| s.map(|x| x as isize));
    copy_strided(size, &[outer, columns, rows], (x, 0, &from), (&mut out, 0, &to))?;
    Ok(out)
}

/// Places in ascending order, and where they come from (32-bit).
pub(crate) struct Pairs {
    pub(crate) keys: DeviceBuffer,
    pub(crate) index: DeviceBuffer,
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
    let bits = usize::BITS - extent.leading_zeros();
    let order = Order { digits: bits.div_ceil(8).max(1) as usize, ..Order::new(key, [1, n, 1], false) };
    let places = device.alloc(n * key.size(), operation)?;
    let arguments = Arguments::new().with(n as i64).with(extent as i64).with(index.pointer()).with(places.pointer());
    let arguments = arguments.with(device.index_fault(operation)?).with(index_fault::number(operation));
    // SAFETY: the parameters of `place_keys` in order, both buffers hold n elements.
    unsafe { launch_items(&order.kernel(&places, "place_keys", operation)?, n, &arguments) }?;
    let pairs = Pairs { keys: device.alloc(n * key.size(), operation)?, index: device.alloc(n * 4, operation)? };
    order.write(&places, Targets { values: pairs.keys.pointer(), order: pairs.index.pointer(), positions: 0 }, operation)?;
    Ok(pairs)
}

/// The dtype of the words by which tiles of a row of `len` elements hand counts on: two bits are needed besides.
pub(crate) fn word(len: usize) -> DType {
    if len < 1 << 30 { DType::U32 } else { DType::U64 }
}

/// The element type, its unsigned integer, and how one becomes the other, for rows of `len` elements. `None` for complex numbers.
pub(crate) fn header(element: DType, len: usize) -> Option<String> {
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
    let (element, word) = (c_name(element), c_name(word(len)));
    Some(format!("typedef {element} T; typedef {key} Key; typedef {word} Word;\n#define KEY_KIND {kind}\n#define INFINITY_BITS {infinity}\n"))
}
