//! Shapes by inference, and without a copy.

use super::Array;
use crate::backend::Backend;
use crate::dim::{Dim, Dyn, IntoShape};
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::shape::size_of_shape;

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// An array of the same shape, dtype and device, whose elements the standard does not specify; here zeros.
    ///
    /// # Errors
    /// As for [`full`](super::full()).
    pub fn empty_like(&self) -> Result<Self> {
        self.zeros_like()
    }

    /// [`Array::reshape`] with one length, given as -1, that follows from the number of elements.
    ///
    /// # Errors
    /// [`Error::Value`] for a length below -1, for two of them -1, or when no length fits; [`Error::Length`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(arange(&Cpu, 0, 6, 1)?.reshape_infer(&[2, -1])?.dims(), [2, 3]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn reshape_infer(&self, shape: &[isize]) -> Result<Array<B, T, Dyn>> {
        let wrong = |why: &str| Err(Error::value("reshape: shape", format!("{shape:?} given for {} elements: {why}", self.size())));
        let mut lengths: Vec<usize> = shape.iter().map(|&n| n.max(0) as usize).collect();
        if shape.iter().any(|&n| n < -1) {
            return wrong("a length is not negative, or -1 to be inferred");
        }
        let mut unknown = (0..shape.len()).filter(|&k| shape[k] == -1);
        if let Some(k) = unknown.next() {
            if unknown.next().is_some() {
                return wrong("only one length can be inferred");
            }
            lengths[k] = 1;
            let known = size_of_shape(&lengths)?;
            if known == 0 || !self.size().is_multiple_of(known) {
                return wrong("no length of the inferred axis fits");
            }
            lengths[k] = self.size() / known;
        }
        self.reshape(lengths)
    }

    /// [`Array::reshape`] that never copies: the standard's `copy=False`.
    ///
    /// # Errors
    /// As for [`Array::reshape`], and [`Error::Value`] when the elements do not lie in memory as the shape needs it.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// assert_eq!(x.reshape_view([4])?.to_vec(), [1, 2, 3, 4]);
    /// assert!(x.t().reshape_view([4]).is_err());
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn reshape_view<S: IntoShape>(&self, shape: S) -> Result<Array<B, T, S::Dim>> {
        let shape = super::checked_shape::<S::Dim>(shape.into_shape())?;
        let expected = size_of_shape(shape.as_ref())?;
        if expected != self.size() {
            return Err(Error::Length { given: self.size(), shape: shape.as_ref().to_vec(), expected });
        }
        match super::views::reshaped_strides(self.dims(), self.strides(), shape.as_ref()) {
            Some(strides) => self.view(shape.as_ref(), &strides, self.offset()),
            None => Err(Error::value(
                "reshape",
                format!("shape {:?} with strides {:?} cannot become {:?} without a copy", self.dims(), self.strides(), shape.as_ref()),
            )),
        }
    }
}
