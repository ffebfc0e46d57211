//! The user's side of expressions: [`Lazy`], its operands and operators.

use super::nodes::{Rows, Scalar};
use super::{Evaluated, Expr, LazyReduction, Map, Zip, Zip3};
use crate::array::Array;
use crate::axes::Axes;
use crate::backend::Backend;
use crate::dim::{Dim, Ix1};
use crate::dtype::{Element, Kind, Num, Promote};
use crate::error::{Error, Result};
use crate::ops::{BinaryOp, Parameters, TernaryOp, UnaryOp};
use crate::reduction::Reduction;

/// A computation that has not run yet.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0_f64, 2.0], [3.0, 6.0]];
/// let mean = x.mean(0);
/// // One pass over `x`, no temporary array:
/// let s = (x.lazy() - &mean).square().sum(0).eval();
/// assert_eq!(s.to_vec(), [2.0, 8.0]);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is computed before `eval`"]
pub struct Lazy<E>(E);

impl<E: Expr> Lazy<E> {
    /// Wraps an expression.
    pub fn new(e: E) -> Self {
        Lazy(e)
    }

    /// The expression inside.
    pub fn into_expr(self) -> E {
        self.0
    }

    /// The expression inside, borrowed.
    pub fn expr(&self) -> &E {
        &self.0
    }

    /// Where it runs: the device of its arrays, or the default one when there is no array in it.
    ///
    /// # Errors
    /// [`Error::Device`] when its arrays are on two, and those of [`Backend::default_device`].
    pub fn device(&self) -> Result<E::Backend> {
        super::device_of(&self.0)
    }

    /// Applies an operation to every element. For operations of your own see [`UnaryOp`].
    ///
    /// # Panics
    /// When the operation has fields, but names no [parameters](UnaryOp::parameters): devices would not see them.
    #[track_caller]
    pub fn apply<Op: UnaryOp<E::Elem>>(self, op: Op) -> Lazy<Map<Op, E>> {
        check_parameters(op, Op::NAME, Op::parameters);
        Lazy(Map::new(op, self.0))
    }

    /// Combines every element with the matching one of another operand.
    ///
    /// # Panics
    /// As for [`Lazy::apply`].
    #[track_caller]
    pub fn apply2<Op, R: IntoOperand<E::Backend, E::Elem, E::Dim>>(self, op: Op, other: R) -> Lazy<Zip<Op, E, R::Expr>>
    where
        E::Elem: Promote<R::Elem>,
        Op: BinaryOp<<E::Elem as Promote<R::Elem>>::Output>,
    {
        check_parameters(op, Op::NAME, Op::parameters);
        Lazy(Zip::new(op, self.0, other.into_operand()))
    }

    /// Combines every element with the matching ones of two operands.
    ///
    /// # Panics
    /// As for [`Lazy::apply`].
    #[track_caller]
    pub fn apply3<Op, L: Expr<Backend = E::Backend>, R: Expr<Backend = E::Backend>>(self, op: Op, l: L, r: R) -> Lazy<Zip3<Op, E, L, R>>
    where
        L::Elem: Promote<R::Elem>,
        Op: TernaryOp<E::Elem, <L::Elem as Promote<R::Elem>>::Output>,
    {
        check_parameters(op, Op::NAME, Op::parameters);
        Lazy(Zip3::new(op, self.0, l, r))
    }
}

#[track_caller]
fn check_parameters<Op>(op: Op, name: &str, parameters: fn(Op) -> Parameters) {
    if size_of::<Op>() > 0 {
        assert!(!parameters(op).is_empty(), "the operation `{name}` has fields, but its `parameters` are empty");
    }
}

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// Starts a lazy expression: operators and methods build a tree, and `eval` runs it as one loop.
    pub fn lazy(&self) -> Lazy<&Self> {
        Lazy(self)
    }

    /// Starts a lazy expression that owns the array, so that its memory can be reused for the result.
    pub fn into_lazy(self) -> Lazy<Self> {
        Lazy(self)
    }

    /// A lazy expression of the rows `self[indices[i], ...]`, which are looked up during the loop and never copied.
    ///
    /// # Errors
    /// [`Error::Rank`] for a scalar array, [`Error::Device`] for two devices, [`Error::Index`] when an index is out of bounds.
    pub fn lazy_rows(&self, indices: &Array<B, i64, Ix1>) -> Result<Lazy<Rows<B, T, D>>> {
        let Some(&len) = self.dims().first() else {
            return Err(Error::Rank { expected: 1, given: 0 });
        };
        super::check_devices(Some(self.device()), Some(indices.device()))?;
        crate::indexing::check_indices(indices, 0, len)?;
        Ok(Lazy(Rows::new(self.clone(), indices.clone())))
    }
}

/// What can stand beside an array or expression of backend `B`, dtype `T` and rank `D`: an array, owned or borrowed, of
/// the same backend; a lazy expression or [reduction](LazyReduction), which runs at once; a scalar of the same dtype.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be combined with an array of dtype `{T}` on backend `{B}`",
    note = "both arrays must live on the same backend (`to_backend` moves one), and a scalar must have the array's dtype"
)]
pub trait IntoOperand<B: Backend, T, D> {
    /// The dtype of the operand.
    type Elem: Element;
    /// The operand as an expression.
    type Expr: Expr<Backend = B, Elem = Self::Elem>;
    /// Makes it an expression.
    fn into_operand(self) -> Self::Expr;
}
impl<B: Backend, T: Element, D: Dim> IntoOperand<B, T, D> for T {
    type Elem = T;
    type Expr = Scalar<B, T, D>;
    fn into_operand(self) -> Scalar<B, T, D> {
        Scalar::new(self)
    }
}
impl<'a, B: Backend, T, D, U: Element, F: Dim> IntoOperand<B, T, D> for &'a Array<B, U, F> {
    type Elem = U;
    type Expr = &'a Array<B, U, F>;
    fn into_operand(self) -> Self {
        self
    }
}
impl<B: Backend, T, D, U: Element, F: Dim> IntoOperand<B, T, D> for Array<B, U, F> {
    type Elem = U;
    type Expr = Self;
    fn into_operand(self) -> Self {
        self
    }
}
impl<B: Backend, T, D, E: Expr<Backend = B>> IntoOperand<B, T, D> for Lazy<E> {
    type Elem = E::Elem;
    type Expr = E;
    fn into_operand(self) -> E {
        self.0
    }
}
impl<B: Backend, T, D, U: Element, R: Reduction<E::Elem, Out = U>, E: Expr<Backend = B>, A: Axes> IntoOperand<B, T, D> for LazyReduction<R, E, A> {
    type Elem = U;
    type Expr = Evaluated<B, U, A::Out<E::Dim>>;
    fn into_operand(self) -> Self::Expr {
        self.into_evaluated()
    }
}
impl<B: Backend, T: Num, D: Dim> IntoOperand<B, T, D> for Const {
    type Elem = T;
    type Expr = Scalar<B, T, D>;
    #[track_caller]
    fn into_operand(self) -> Scalar<B, T, D> {
        Scalar::new(self.of())
    }
}

/// A number that takes the dtype of the array or expression it stands beside: made by [`c`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Const(f64);

impl Const {
    /// The number in a dtype, rounded when that is a floating-point one.
    #[track_caller]
    pub(crate) fn of<T: Num>(self) -> T {
        let value = T::from_f64(self.0);
        let whole = matches!(T::DTYPE.kind(), Kind::SignedInteger | Kind::UnsignedInteger);
        assert!(!whole || value.cast::<f64>() == self.0, "c({}) is no {}: a constant beside integers is one of them", self.0, T::DTYPE);
        value
    }
}

/// A number for generic code, which takes the dtype of the array or expression it stands beside: `c(1) - &p`, `x * c(0.5)`.
///
/// # Panics
/// Where it is used, beside integers that it is none of: `c(0.5)`, or `c(300)` beside `u8`.
///
/// ```
/// use xp::prelude::*;
/// fn logistic_loss<B: Backend, T: Float, D: Dim>(p: &Array<B, T, D>) -> Array<B, T, D> {
///     c(0.5) * ((c(1) - p).log() + p.log())
/// }
/// assert_eq!(logistic_loss(&array![0.5_f32]).to_vec(), [0.5_f32.ln()]);
/// ```
pub fn c(value: impl Into<f64>) -> Const {
    Const(value.into())
}

impl Operand for Const {
    type DType = f64;
}

/// What can be chosen by [`where_`](crate::functions::where_()): an array, a lazy expression, or a scalar, which takes the
/// dtype of the other choice.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an array, a lazy expression or a scalar")]
pub trait Operand {
    /// Its dtype.
    type DType: Element;
}
impl<T: Element> Operand for T {
    type DType = T;
}
impl<B: Backend, T: Element, D: Dim> Operand for Array<B, T, D> {
    type DType = T;
}
impl<B: Backend, T: Element, D: Dim> Operand for &Array<B, T, D> {
    type DType = T;
}
impl<E: Expr> Operand for Lazy<E> {
    type DType = E::Elem;
}
impl<U: Element, R: Reduction<E::Elem, Out = U>, E: Expr, A: Axes> Operand for LazyReduction<R, E, A> {
    type DType = U;
}
