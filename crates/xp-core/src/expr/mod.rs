//! Lazy expressions: typed trees that a backend runs as one loop.
//!
//! [`Array::lazy`](crate::Array::lazy) starts a tree, operators and methods grow it, [`Lazy::eval`] runs it. Every eager operation is a tree
//! of one node, so there is one code path.

mod eval;
mod kernel;
mod lazy;
mod nodes;
mod plan;
pub mod program;
mod row_blocks;

pub use eval::LazyReduction;
pub(crate) use eval::{check_devices, device_of, eval_axes, eval_new, eval_onto, eval_or_stored, eval_reduction, eval_row_major};
pub use kernel::{CHUNK, Constant, InChunk, Kernel, Load, LoadRows, MapKernel, Position, Zip3Kernel, ZipKernel};
pub use lazy::{Const, IntoOperand, Lazy, Operand, c};
pub use nodes::{Evaluated, Iota, Map, Rows, Scalar, Zip, Zip3};
pub use plan::{Leaves, Plan, Walk};
pub use row_blocks::RowBlock;

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase};
use crate::dtype::Element;
use crate::error::Result;

/// An expression over arrays of one backend: what [`Lazy`] wraps.
///
/// It knows its shape and device, and can be lowered to a [`Kernel`] that a backend runs. Users need only [`Lazy`].
///
/// # Safety
/// The kernel must read nothing but the operands' elements that the plan names, its leaves must be counted as
/// [`Expr::leaves`] lists them, which must refuse a shape whose positions are not all elements of the expression, what
/// [`Expr::is_dense`] says must be true, and a buffer that is given away must be unshared and of the shape's size.
pub unsafe trait Expr: Sized {
    /// Where its arrays live.
    type Backend: Backend;
    /// The dtype of its result.
    type Elem: Element;
    /// The rank of its result.
    type Dim: Dim;
    /// What the backend runs.
    type Kernel: Kernel<Elem = Self::Elem>;

    /// The shape of the result.
    ///
    /// # Errors
    /// [`Error::Broadcast`](crate::Error::Broadcast) when operands do not broadcast.
    fn shape(&self) -> Result<<Self::Dim as DimBase>::Shape>;

    /// The device of the arrays; `None` when there is no array in the expression.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) when there are two.
    fn device(&self) -> Result<Option<&Self::Backend>>;

    /// Adds its leaves, walked over the axes of `out`, in their order in the expression.
    ///
    /// # Errors
    /// When the expression cannot be walked over `out`: [`Error::Broadcast`](crate::Error::Broadcast) when its shape does not
    /// broadcast to it, [`Error::Stretch`](crate::Error::Stretch) when it could, but holds rows that are not stretched.
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()>;

    /// Whether every leaf is an array of exactly `shape`, that of the result, in row-major order without gaps, or one number for all
    /// elements. Then [`Expr::leaves`] need not be asked, and [`Plan::dense`] is the plan.
    fn is_dense(&self, _shape: &[usize]) -> bool {
        false
    }

    /// The kernel for a plan that was made from [`Expr::leaves`], or a dense one if [`Expr::is_dense`]; `next` counts the leaves.
    fn lower(&self, plan: &Plan, next: &mut usize) -> Self::Kernel;

    /// Gives away a buffer that nobody else uses and that is walked exactly as the result of `shape` is, with `strides` that leave no
    /// gaps, for the result to be written into.
    fn donate(&self, _shape: &[usize], _strides: &[isize]) -> Option<<Self::Backend as Backend>::Buffer<Self::Elem>> {
        None
    }

    /// The array, when the expression is one and nothing needs to be computed.
    fn stored(&self) -> Option<Array<Self::Backend, Self::Elem, Self::Dim>> {
        None
    }
}
