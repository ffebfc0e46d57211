//! Arrays over, and copies of, elements in memory of other libraries.

use std::any::Any;

use xp_core::{Array, DType, Dim, Dyn, Element, Error, Result, size_of_shape};

use crate::Cpu;
use crate::buffer::CpuBuffer;

pub use crate::buffer::Access;

/// Elements in memory of another library, described by an address, a shape and strides.
pub struct Foreign {
    /// The first element.
    pub start: *mut u8,
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// The distances between neighbours, in bytes.
    pub strides: Vec<isize>,
    /// Who else uses the memory.
    pub access: Access,
    /// Keeps the memory alive.
    pub owner: Box<dyn Any + Send + Sync>,
}

impl Foreign {
    /// Why no array can lie in this memory, but only in a copy of it; `None` when one can.
    #[must_use]
    pub fn why_copied<T: Element>(&self) -> Option<&'static str> {
        let step = size_of::<T>() as isize;
        let aligned = self.start.cast::<T>().is_aligned() && self.strides.iter().zip(&self.shape).all(|(s, &n)| n <= 1 || s % step == 0);
        if T::DTYPE == DType::Bool {
            // Whoever else has the memory may write other bytes than 0 and 1 at any time, and those are no values of `bool`.
            Some("others could write bytes to it that are no booleans")
        } else {
            (!aligned).then_some("the elements are not aligned")
        }
    }

    /// The array over the memory, which goes back to its owner with the last array over it.
    ///
    /// # Errors
    /// [`Error::Rank`]; [`Error::TooLarge`] when the strides reach farther than memory does.
    ///
    /// # Safety
    /// [`Foreign::why_copied`] must be `None`. Shape and strides must describe elements that live as long as the owner, all of
    /// which are values of `T`; what `access` says must be true; and nobody else may write to them while an operation runs.
    pub unsafe fn shared<T: Element, D: Dim>(self) -> Result<Array<Cpu, T, D>> {
        let shape = D::shape_from(&self.shape)?;
        if self.shape.contains(&0) {
            return Array::<Cpu, T, Dyn>::from_vec(&Cpu, vec![], self.shape)?.into_rank();
        }
        // The lowest and highest element reached, counted from the first.
        let (mut low, mut high) = (0isize, 0isize);
        let mut strides = vec![0; self.shape.len()];
        for (k, &n) in self.shape.iter().enumerate().filter(|&(_, &n)| n > 1) {
            let s = self.strides[k] / size_of::<T>() as isize;
            let end = if s < 0 { &mut low } else { &mut high };
            let reach = s.checked_mul(n as isize - 1).and_then(|reach| end.checked_add(reach)).filter(|e| e.unsigned_abs() < 1 << 60);
            *end = reach.ok_or_else(|| Error::TooLarge { shape: self.shape.clone() })?;
            strides[k] = s;
        }
        let strides = D::strides_from(&strides)?;
        // SAFETY: the elements from the lowest to the highest are inside the owner's allocation, and values of `T`, by the
        // caller; shape and strides stay between the two.
        unsafe {
            let start = self.start.cast::<T>().wrapping_offset(low);
            let buffer = CpuBuffer::from_foreign(start, (high - low) as usize + 1, self.access, self.owner);
            Ok(Array::from_strided_buffer(&Cpu, buffer, shape, strides, low.unsigned_abs()))
        }
    }

    /// An array of copies of the elements, made of what is read there as an `S`. Along a stride of 0 there is one element, in
    /// the copy too.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::OutOfMemory`]; the first one of `element`.
    ///
    /// # Safety
    /// Shape and strides must describe readable elements, which need not be aligned, but must be values of `S`.
    pub unsafe fn copied<S: Copy, T: Element>(&self, mut element: impl FnMut(S) -> Result<T>) -> Result<Array<Cpu, T, Dyn>> {
        size_of_shape(&self.shape)?;
        let lengths: Vec<usize> = self.shape.iter().zip(&self.strides).map(|(&n, &s)| if s == 0 { n.min(1) } else { n }).collect();
        let size = lengths.iter().product();
        let buffer = CpuBuffer::<T>::new(size)?;
        // Rows along the last axis; an array of rank 0 is one of length 1.
        let (row, outer) = lengths.split_last().map_or((1, &[][..]), |(&row, outer)| (row, outer));
        let step = self.strides.last().copied().unwrap_or(0);
        let mut index = vec![0; outer.len()];
        let mut first = self.start;
        // SAFETY: the buffer is new.
        let mut to = unsafe { buffer.as_uninit() };
        while !to.is_empty() {
            let (slots, rest) = to.split_at_mut(row);
            to = rest;
            if step == size_of::<S>() as isize {
                for (i, slot) in slots.iter_mut().enumerate() {
                    // SAFETY: the elements of a row, without gaps, which are readable by the caller.
                    slot.write(element(unsafe { first.cast::<S>().wrapping_add(i).read_unaligned() })?);
                }
            } else {
                for (i, slot) in slots.iter_mut().enumerate() {
                    // SAFETY: as above, with gaps.
                    slot.write(element(unsafe { first.wrapping_offset(i as isize * step).cast::<S>().read_unaligned() })?);
                }
            }
            for k in (0..outer.len()).rev() {
                index[k] += 1;
                first = first.wrapping_offset(self.strides[k]);
                if index[k] < outer[k] {
                    break;
                }
                first = first.wrapping_offset(self.strides[k].wrapping_mul(-(outer[k] as isize)));
                index[k] = 0;
            }
        }
        // SAFETY: every element was written.
        let distinct = unsafe { Array::<Cpu, T, Dyn>::from_buffer(&Cpu, buffer, &lengths)? };
        if lengths == self.shape { Ok(distinct) } else { distinct.broadcast_to(&self.shape[..]) }
    }
}
