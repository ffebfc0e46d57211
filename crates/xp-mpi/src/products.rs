//! Matrix products.

use std::ops::Range;

use xp_core::backend::{Slot, Stack};
use xp_core::{Array, Backend, Ix2, Num, Result};

use crate::backend::Mpi;
use crate::fold::alone;
use crate::layout::{Crossing, GATHER, RESHARD, Shard, Split, crossing, reach, refused};
use crate::memory::{MpiBuffer, State};
use crate::operands::own_rows;
use crate::parts::{joined, sum};
use crate::world::signature;

const OPERATION: &str = "matmul";

/// An operand on this rank, and the elements before its first row here.
struct Local<B: Backend, T: Num> {
    buffer: B::Buffer<T>,
    shard: Option<Shard>,
}
impl<B: Backend, T: Num> Local<B, T> {
    fn of(mpi: &Mpi<B>, x: &MpiBuffer<B, T>) -> Result<Self> {
        Ok(match x.settled(&mpi.device)? {
            State::Replicated(buffer) => Local { buffer, shard: None },
            State::Sharded(buffer, shard) => Local { buffer, shard: Some(shard) },
        })
    }
    /// The offset here of an element of the whole.
    fn offset(&self, at: isize) -> usize {
        self.shard.as_ref().map_or(at, |shard| shard.here(at.max(0) as usize)).max(0) as usize
    }
    /// The strides here of a matrix.
    fn strides(&self, strides: [isize; 2]) -> [isize; 2] {
        self.shard.as_ref().map_or(strides, |shard| strides.map(|step| shard.step(step)))
    }
    /// Fails unless a matrix lies in rows of this rank.
    fn own(&self, dims: [usize; 2], strides: [isize; 2], offset: usize) -> Result<()> {
        let Some(shard) = &self.shard else { return Ok(()) };
        own_rows(OPERATION, &reach(OPERATION, &dims, &strides, offset, shard)?, shard)
    }
    /// How a matrix crosses the rows of the operand.
    fn split(&self, dims: [usize; 2], strides: [isize; 2], offset: usize) -> Result<Option<Split>> {
        let Some(shard) = &self.shard else { return Ok(None) };
        match crossing(OPERATION, &dims, &strides, offset, shard)? {
            Crossing::Rows(split) if split.unit == 1 => Ok(Some(split)),
            Crossing::Rows(_) => Err(refused(OPERATION, "several rows of the matrix in one row of the array", GATHER)),
            Crossing::One(_) => Err(refused(OPERATION, "a matrix that is one of its rows", "evaluate a copy of that row first")),
        }
    }
}

/// Products of matrices: of sharded rows with a matrix that all ranks have, sums over sharded rows, and stacks that are
/// sharded along their first axis.
///
/// # Safety
/// As for [`Backend::matmul`].
pub(crate) unsafe fn matmul<B: Backend, T: Num>(
    mpi: &Mpi<B>,
    a: Stack<'_, Mpi<B>, T>,
    b: Stack<'_, Mpi<B>, T>,
    dims: [usize; 3],
    batches: &[[usize; 2]],
    out: Slot<'_, Mpi<B>, T>,
) -> Result<()> {
    let [m, k, n] = dims;
    let (left, right) = (Local::of(mpi, a.buffer)?, Local::of(mpi, b.buffer)?);
    let strides = [a.strides, b.strides];
    if left.shard.is_none() && right.shard.is_none() {
        let local = room(mpi, &out, None)?;
        // SAFETY: passed on.
        return unsafe { product(mpi, [&left, &right], strides, dims, batches, Slot { buffer: &local, offset: out.offset }) };
    }
    if alone() {
        for &[i, j] in batches {
            left.own([m, k], strides[0], i)?;
            right.own([k, n], strides[1], j)?;
        }
        let here: Vec<[usize; 2]> = batches.iter().map(|&[i, j]| [left.offset(i as isize), right.offset(j as isize)]).collect();
        let strides = [left.strides(strides[0]), right.strides(strides[1])];
        let local = room(mpi, &out, None)?;
        // SAFETY: passed on; the rows are here.
        return unsafe { product(mpi, [&left, &right], strides, dims, &here, Slot { buffer: &local, offset: out.offset }) };
    }
    if let &[[i, j]] = batches {
        let (sa, sb) = (left.split([m, k], strides[0], i)?, right.split([k, n], strides[1], j)?);
        let whole = strides;
        let strides = [left.strides(strides[0]), right.strides(strides[1])];
        return match (sa, sb) {
            // Rows of the result are where those of the left operand are. Each part is a product of its own: how a row is rounded may
            // depend on those beside it.
            (Some(split), None) if split.axis == 0 => {
                let shard = Shard::new(&mpi.world, split.layout, n);
                let local = room(mpi, &out, Some(shard.clone()))?;
                for rows in shard.layout.my_parts(&mpi.world) {
                    let at = [left.offset(i as isize + rows.start as isize * whole[0][0]), j];
                    let offset = (rows.start - shard.mine.start) * n;
                    // SAFETY: passed on; these rows are here.
                    unsafe { product(mpi, [&left, &right], strides, [rows.len(), k, n], &[at], Slot { buffer: &local, offset })? };
                }
                Ok(())
            }
            // Sums over sharded rows: those of one operand, or of both where they are together.
            (sa, sb) if sa.as_ref().is_none_or(|s| s.axis == 1) && sb.as_ref().is_none_or(|s| s.axis == 0) => {
                let split = match (sa, sb) {
                    (Some(x), Some(y)) if x.layout != y.layout => {
                        return Err(refused(OPERATION, "rows that belong together lie on different ranks", RESHARD));
                    }
                    (x, y) => x.or(y).ok_or_else(|| refused(OPERATION, "of these operands", GATHER))?,
                };
                let steps = [whole[0][1], whole[1][0]];
                let part = |rows: Range<usize>| {
                    let at = [left.offset(i as isize + rows.start as isize * steps[0]), right.offset(j as isize + rows.start as isize * steps[1])];
                    // SAFETY: the product fills it; the caller vouches for the operands, whose rows are here.
                    unsafe {
                        let out: B::Buffer<T> = mpi.device.alloc(m * n)?;
                        product(mpi, [&left, &right], strides, [m, rows.len(), n], &[at], Slot { buffer: &out, offset: 0 })?;
                        Ok(out)
                    }
                };
                let sign = signature(&[m, k, n, size_of::<T>(), split.layout.rows()]);
                let total = joined(mpi, OPERATION, sign, &split.layout, part, |a, b| sum(mpi, &a, &b))?;
                let local = room(mpi, &out, None)?;
                let total = match total {
                    Some(total) => total,
                    None => mpi.device.upload(vec![T::ZERO; m * n])?,
                };
                write(mpi, &total, [m, n], n, Slot { buffer: &local, offset: out.offset })
            }
            // Columns of the result are where those of the right operand are, part by part for the same reason.
            (None, Some(split)) => {
                let shard = Shard { outer: m, ..Shard::new(&mpi.world, split.layout, 1) };
                let local = room(mpi, &out, Some(shard.clone()))?;
                let width = shard.mine.len();
                for rows in shard.layout.my_parts(&mpi.world) {
                    let at = [i, right.offset(j as isize + rows.start as isize * whole[1][1])];
                    // SAFETY: the product fills it.
                    let part: B::Buffer<T> = unsafe { mpi.device.alloc(m * rows.len())? };
                    // SAFETY: passed on; these columns are here.
                    unsafe { product(mpi, [&left, &right], strides, [m, k, rows.len()], &[at], Slot { buffer: &part, offset: 0 })? };
                    let offset = rows.start - shard.mine.start;
                    write(mpi, &part, [m, rows.len()], width, Slot { buffer: &local, offset })?;
                }
                Ok(())
            }
            _ => Err(refused(OPERATION, "every row of one operand with every row of the other", GATHER)),
        };
    }
    // Stacks: the matrices of a row are in one rank's memory.
    let mut found: Option<(Shard, usize)> = None;
    for (local, side) in [(&left, 0), (&right, 1)] {
        let Some(shard) = &local.shard else { continue };
        shard.clone().first_axis(OPERATION)?;
        let rows: Vec<usize> = batches.iter().map(|at| at[side] / shard.inner.max(1)).collect();
        let each = batches.len() / shard.layout.rows().max(1);
        let aligned = each > 0 && rows.len() == each * shard.layout.rows() && rows.iter().enumerate().all(|(number, &row)| row == number / each);
        if !aligned {
            return Err(refused(OPERATION, "matrices of the stack that are not in the order of its rows", GATHER));
        }
        if found.as_ref().is_some_and(|(other, _)| other.layout != shard.layout) {
            return Err(refused(OPERATION, "rows that belong together lie on different ranks", RESHARD));
        }
        found = Some((shard.clone(), each));
    }
    let Some((shard, each)) = found else { return Err(refused(OPERATION, "of these operands", GATHER)) };
    let mine: Vec<[usize; 2]> = batches[shard.mine.start * each..shard.mine.end * each]
        .iter()
        .map(|at| [left.offset(at[0] as isize), right.offset(at[1] as isize)])
        .collect();
    let local = room(mpi, &out, Some(Shard { inner: each * m * n, ..shard }))?;
    if mine.is_empty() {
        return Ok(());
    }
    // SAFETY: passed on; these matrices are here.
    unsafe { product(mpi, [&left, &right], strides, dims, &mine, Slot { buffer: &local, offset: 0 }) }
}

/// Memory for the result: what there is when it fits, or new one, for a result that fills its buffer.
fn room<B: Backend, T: Num>(mpi: &Mpi<B>, out: &Slot<'_, Mpi<B>, T>, shard: Option<Shard>) -> Result<B::Buffer<T>> {
    match (out.buffer.state(&mpi.device)?, shard) {
        (Some(State::Replicated(b)), None) => Ok(b),
        (Some(State::Sharded(b, have)), Some(want)) if have == want => Ok(b),
        (_, Some(want)) => {
            if out.offset != 0 || want.size() != out.buffer.len() {
                return Err(refused(OPERATION, "a product into a part of another array", "multiply into an array of its own, then assign it"));
            }
            // SAFETY: the product fills it.
            let b: B::Buffer<T> = unsafe { mpi.device.alloc(want.len())? };
            out.buffer.set(State::Sharded(b.clone(), want));
            Ok(b)
        }
        (Some(State::Sharded(..)), None) => Err(refused(OPERATION, "a product that all ranks have into it", GATHER)),
        (None, None) => {
            // SAFETY: as above.
            let b: B::Buffer<T> = unsafe { mpi.device.alloc(out.buffer.len())? };
            out.buffer.set(State::Replicated(b.clone()));
            Ok(b)
        }
    }
}

/// # Safety
/// As for [`Backend::matmul`].
unsafe fn product<B: Backend, T: Num>(
    mpi: &Mpi<B>,
    [a, b]: [&Local<B, T>; 2],
    strides: [[isize; 2]; 2],
    dims: [usize; 3],
    batches: &[[usize; 2]],
    out: Slot<'_, B, T>,
) -> Result<()> {
    let (a, b) = (Stack { buffer: &a.buffer, strides: strides[0] }, Stack { buffer: &b.buffer, strides: strides[1] });
    // SAFETY: passed on.
    unsafe { mpi.device.matmul(a, b, dims, batches, out) }
}

/// Copies a matrix to a place in another buffer, in which its rows lie `width` apart.
fn write<B: Backend, T: Num>(mpi: &Mpi<B>, from: &B::Buffer<T>, shape: [usize; 2], width: usize, to: Slot<'_, B, T>) -> Result<()> {
    let value = mpi.view::<T, Ix2>(from, &shape)?;
    // SAFETY: the caller has room for as many elements there, which nobody else uses.
    unsafe {
        let target = Array::<B, T, Ix2>::from_strided_buffer(&mpi.device, to.buffer.clone(), shape, [width as isize, 1], to.offset);
        target.write_shared(&value)
    }
}
