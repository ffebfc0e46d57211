//! The orthogonal and triangular factors of a matrix with sharded rows.
//!
//! The parts are factored, and their triangular factors two at a time along the tree of parts; the orthogonal factor is what comes
//! of the identity on the way back (J. Demmel et al., "Communication-optimal parallel and sequential QR and LU factorizations", SIAM
//! J. Sci. Comput. 34, 2012). So it is as orthogonal as that of one matrix, whatever the condition, and no row is moved.

use std::ops::Range;

use xp_core::functions::{concat, eye};
use xp_core::linalg::Thin;
use xp_core::{Array, Backend, Error, Floating, Ix2, Linalg, Result, s};

use crate::backend::Mpi;
use crate::layout::Shard;
use crate::memory::{MpiBuffer, bytes, values};
use crate::tree::{Join, Unfold};
use crate::world::signature;

/// `Q`, with rows as the matrix has, and `R`, which all ranks have. `x` are the rows of this rank.
pub(crate) fn tall_qr<B: Linalg<T>, T: Floating>(
    mpi: &Mpi<B>,
    x: &Array<B, T, Ix2>,
    shard: &Shard,
) -> Result<(Array<Mpi<B>, T, Ix2>, Array<Mpi<B>, T, Ix2>)> {
    let (n, p) = (shard.layout.rows(), shard.inner);
    let sign = signature(&[n, p, size_of::<T>()]);
    let mut factors = Factors { mpi, x, shard, columns: p, leaves: vec![], nodes: vec![], out: vec![] };
    let parts = shard.layout.parts();
    let r = mpi.world.tree("qr", sign, &mut factors, parts)?.ok_or_else(|| Error::value("qr", "no rows"))?;
    let rank = B::len(&r) / p;
    factors.columns = rank;
    let top = packed(mpi, &eye(&mpi.device, rank, rank, 0)?)?;
    mpi.world.unfold("qr", sign, &mut factors, parts, top)?;
    // The last part came first.
    factors.out.reverse();
    let q = if factors.out.is_empty() { mpi.device.upload(vec![])? } else { packed(mpi, &concat(&factors.out, 0)?)? };
    let q = mpi.keep(q, Some(Shard { inner: rank, ..shard.clone() }))?;
    // SAFETY: every rank has written its rows, and every one has `R`.
    unsafe { Ok((Array::from_buffer(mpi, q, &[n, rank])?, Array::from_buffer(mpi, MpiBuffer::replicated(r), &[rank, p])?)) }
}

/// The elements of a matrix, in memory of their own.
fn packed<B: Backend, T: Floating>(mpi: &Mpi<B>, x: &Array<B, T, Ix2>) -> Result<B::Buffer<T>> {
    let x = x.contiguous()?;
    mpi.cut(x.buffer(), x.offset()..x.offset() + x.size())
}

struct Factors<'a, B: Backend, T: Floating> {
    mpi: &'a Mpi<B>,
    /// The rows of this rank.
    x: &'a Array<B, T, Ix2>,
    shard: &'a Shard,
    /// Columns of the matrices that go along the tree: those of `x` on the way up, those of `Q` on the way down.
    columns: usize,
    /// Orthogonal factors of the parts, and of two triangular ones, of which the first has so many rows.
    leaves: Vec<Array<B, T, Ix2>>,
    nodes: Vec<(Array<B, T, Ix2>, usize)>,
    /// Rows of `Q`, the last ones first.
    out: Vec<Array<B, T, Ix2>>,
}

impl<B: Linalg<T>, T: Floating> Factors<'_, B, T> {
    fn matrix(&self, value: &B::Buffer<T>) -> Result<Array<B, T, Ix2>> {
        self.mpi.view(value, &[B::len(value) / self.columns, self.columns])
    }
    fn factored(&self, x: Array<B, T, Ix2>) -> Result<(Array<B, T, Ix2>, B::Buffer<T>)> {
        let (q, r) = B::qr(&x.into_dyn(), Thin)?;
        Ok((q.into_rank()?, packed(self.mpi, &r.into_rank()?)?))
    }
}

fn unmatched() -> Error {
    Error::value("qr", "a factor that was not joined")
}

impl<B: Linalg<T>, T: Floating> Join for Factors<'_, B, T> {
    type Value = B::Buffer<T>;
    fn part(&mut self, part: usize) -> Result<Option<B::Buffer<T>>> {
        let (rows, first) = (self.shard.layout.part(part), self.shard.mine.start);
        if rows.is_empty() {
            return Ok(None);
        }
        let (q, r) = self.factored(self.x.slice(s![rows.start - first..rows.end - first])?.contiguous()?)?;
        self.leaves.push(q);
        Ok(Some(r))
    }
    fn join(&mut self, a: B::Buffer<T>, b: B::Buffer<T>) -> Result<B::Buffer<T>> {
        let rows = B::len(&a) / self.columns;
        let (q, r) = self.factored(concat(&[self.matrix(&a)?, self.matrix(&b)?], 0)?)?;
        self.nodes.push((q, rows));
        Ok(r)
    }
    fn encode(&self, value: &B::Buffer<T>) -> Result<Vec<u8>> {
        Ok(bytes(&self.mpi.device.download(value, 0, B::len(value))?))
    }
    fn decode(&self, bytes: &[u8]) -> Result<B::Buffer<T>> {
        self.mpi.device.upload(values(bytes))
    }
}

impl<B: Linalg<T>, T: Floating> Unfold for Factors<'_, B, T> {
    fn is_empty(&self, node: &Range<usize>) -> bool {
        self.shard.layout.rows_of(node).is_empty()
    }
    fn split(&mut self, value: B::Buffer<T>) -> Result<(B::Buffer<T>, B::Buffer<T>)> {
        let (q, rows) = self.nodes.pop().ok_or_else(unmatched)?;
        let value = self.matrix(&value)?;
        let half = |rows: Range<usize>| packed(self.mpi, &q.slice(s![rows])?.contiguous()?.matmul(&value)?);
        Ok((half(0..rows)?, half(rows..q.dims()[0])?))
    }
    fn settle(&mut self, value: B::Buffer<T>) -> Result<()> {
        let q = self.leaves.pop().ok_or_else(unmatched)?;
        self.out.push(q.matmul(&self.matrix(&value)?)?);
        Ok(())
    }
}
