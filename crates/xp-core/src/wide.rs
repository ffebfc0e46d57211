//! Intermediate results in a dtype that is wide enough: expressions begin with [`widened`], are computed in [`Num::Wide`],
//! and their result is [`converted`] at the end. For all dtypes but halves and narrow integers that changes nothing and
//! costs nothing.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::{Element, Num};
use crate::error::Result;
use crate::expr::{Lazy, Map};
use crate::ops::AsType;

/// The elements in [`Num::Wide`]: `f32` for halves, 64 bits for integers, otherwise as they are.
pub(crate) fn widened<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>) -> Lazy<Map<AsType<T::Wide>, &Array<B, T, D>>> {
    x.lazy().astype()
}

/// The same array under another dtype, copied when it does not have it already.
pub(crate) fn converted<B: Backend, T: Element, U: Element, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, U, D>> {
    match (x as &dyn core::any::Any).downcast_ref::<Array<B, U, D>>() {
        Some(same) => Ok(same.clone()),
        None => x.lazy().astype::<U>().try_eval(),
    }
}
