//! What a pass over rows gives, on its way from one machine to another.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::Element;
use crate::error::{Error, Result};

/// Arrays that [`Backend::fold_rows`] makes of some rows and joins with those of others: sums, extremes, counts. A backend whose rows lie
/// on several machines sends their bytes.
pub trait Mergeable<B: Backend>: Sized + Send {
    /// Appends shapes and elements.
    ///
    /// # Errors
    /// When elements cannot be read.
    fn write(&self, to: &mut Vec<u8>) -> Result<()>;

    /// What [`write`](Mergeable::write) has appended, which is taken from the front of the bytes.
    ///
    /// # Errors
    /// When the bytes are not those of such a value; when memory runs out.
    fn read(device: &B, from: &mut &[u8]) -> Result<Self>;
}

fn cut<'a>(from: &mut &'a [u8], len: usize) -> Result<&'a [u8]> {
    let (head, rest) = from.split_at_checked(len).ok_or_else(|| Error::value("fold_rows", format!("{} bytes, {len} expected", from.len())))?;
    *from = rest;
    Ok(head)
}

fn number(from: &mut &[u8]) -> Result<usize> {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(cut(from, 8)?);
    Ok(u64::from_le_bytes(bytes) as usize)
}

impl<B: Backend, T: Element, D: Dim> Mergeable<B> for Array<B, T, D> {
    fn write(&self, to: &mut Vec<u8>) -> Result<()> {
        to.extend((self.ndim() as u64).to_le_bytes());
        self.dims().iter().for_each(|&n| to.extend((n as u64).to_le_bytes()));
        let elements = self.to_host()?;
        // SAFETY: elements have no padding, and every byte of them may be read.
        to.extend_from_slice(unsafe { core::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(&elements[..])) });
        Ok(())
    }

    fn read(device: &B, from: &mut &[u8]) -> Result<Self> {
        let ndim = number(from)?;
        let dims = (0..ndim).map(|_| number(from)).collect::<Result<Vec<_>>>()?;
        let shape = D::shape_from(&dims)?;
        let mut elements = vec![T::default(); crate::shape::size_of_shape(&dims)?];
        let bytes = cut(from, size_of_val(&elements[..]))?;
        // SAFETY: there is room for as many bytes, which are those of elements of this dtype: whoever sends them runs the same program.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), elements.as_mut_ptr().cast(), bytes.len()) };
        let strides = crate::shape::contiguous_strides::<D>(&shape);
        Ok(Array::from_parts(device.clone(), device.upload(elements)?, shape, strides, 0))
    }
}

impl<B: Backend, M: Mergeable<B>> Mergeable<B> for Option<M> {
    fn write(&self, to: &mut Vec<u8>) -> Result<()> {
        to.push(u8::from(self.is_some()));
        self.as_ref().map_or(Ok(()), |some| some.write(to))
    }

    fn read(device: &B, from: &mut &[u8]) -> Result<Self> {
        if cut(from, 1)?[0] == 1 { M::read(device, from).map(Some) } else { Ok(None) }
    }
}

macro_rules! tuples {
    ($($($M:ident $k:tt),*;)*) => {$(
        impl<B: Backend, $($M: Mergeable<B>),*> Mergeable<B> for ($($M,)*) {
            fn write(&self, to: &mut Vec<u8>) -> Result<()> {
                $(self.$k.write(to)?;)*
                Ok(())
            }
            fn read(device: &B, from: &mut &[u8]) -> Result<Self> {
                Ok(($($M::read(device, from)?,)*))
            }
        }
    )*};
}
tuples! {
    L 0, M 1;
    L 0, M 1, N 2;
}
