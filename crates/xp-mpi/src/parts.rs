//! Buffers that the parts of the rows give, joined along the tree of parts.

use std::marker::PhantomData;
use std::ops::Range;

use xp_core::{Array, Backend, Element, Ix1, Num, Result};

use crate::backend::Mpi;
use crate::layout::Layout;
use crate::memory::{bytes, values};
use crate::tree::Join;

/// What the rows of each part give, joined two by two; `None` where no part has rows. `sign` is the [signature](crate::world::signature)
/// of the operation.
pub(crate) fn joined<B: Backend, T: Element>(
    mpi: &Mpi<B>,
    operation: &'static str,
    sign: u64,
    layout: &Layout,
    part: impl FnMut(Range<usize>) -> Result<B::Buffer<T>>,
    join: impl FnMut(B::Buffer<T>, B::Buffer<T>) -> Result<B::Buffer<T>>,
) -> Result<Option<B::Buffer<T>>> {
    let mut parts = Parts { mpi, layout, part, join, elements: PhantomData::<T> };
    mpi.world.tree(operation, sign, &mut parts, layout.parts())
}

/// Sums of the elements of two buffers.
pub(crate) fn sum<B: Backend, T: Num>(mpi: &Mpi<B>, a: &B::Buffer<T>, b: &B::Buffer<T>) -> Result<B::Buffer<T>> {
    let (a, b): (Array<B, T, Ix1>, Array<B, T, Ix1>) = (mpi.view(a, &[B::len(a)])?, mpi.view(b, &[B::len(b)])?);
    Ok(a.lazy().add(&b).try_eval()?.buffer().clone())
}

struct Parts<'a, B: Backend, T, P, J> {
    mpi: &'a Mpi<B>,
    layout: &'a Layout,
    part: P,
    join: J,
    elements: PhantomData<T>,
}
impl<B: Backend, T: Element, P, J> Join for Parts<'_, B, T, P, J>
where
    P: FnMut(Range<usize>) -> Result<B::Buffer<T>>,
    J: FnMut(B::Buffer<T>, B::Buffer<T>) -> Result<B::Buffer<T>>,
{
    type Value = B::Buffer<T>;
    fn part(&mut self, part: usize) -> Result<Option<B::Buffer<T>>> {
        let rows = self.layout.part(part);
        if rows.is_empty() { Ok(None) } else { (self.part)(rows).map(Some) }
    }
    fn join(&mut self, a: B::Buffer<T>, b: B::Buffer<T>) -> Result<B::Buffer<T>> {
        (self.join)(a, b)
    }
    fn encode(&self, value: &B::Buffer<T>) -> Result<Vec<u8>> {
        Ok(bytes(&self.mpi.device.download(value, 0, B::len(value))?))
    }
    fn decode(&self, bytes: &[u8]) -> Result<B::Buffer<T>> {
        self.mpi.device.upload(values(bytes))
    }
}
