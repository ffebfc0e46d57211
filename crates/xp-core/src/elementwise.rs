//! The elementwise functions of the standard, as array methods, lazy methods and free functions.
//!
//! They are made of the rows of the table in `ops/table.rs`; the types, in [`crate::ops`], hold what each computes, with examples.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, Ix0};
use crate::dtype::{Bits, Element, Float, Floating, Num, Promote, Real};
use crate::error::OrMisuse;
use crate::expr::{Expr, IntoOperand, Lazy, Map, Operand, Zip, Zip3, eval_new};
use crate::ops::table::row;
use crate::ops::*;

/// The methods and the function of an operation on one operand.
macro_rules! unary_item {
    (array $name:ident $Op:ident bool $($rest:tt)*) => { unary_item!(@array $name $Op [$Op: UnaryOp<T>] $($rest)*); };
    (array $name:ident $Op:ident $bound:ident $($rest:tt)*) => { unary_item!(@array $name $Op [T: $bound] $($rest)*); };
    (lazy $name:ident $Op:ident bool $($rest:tt)*) => { unary_item!(@lazy $name $Op [$Op: UnaryOp<E::Elem>] $($rest)*); };
    (lazy $name:ident $Op:ident $bound:ident $($rest:tt)*) => { unary_item!(@lazy $name $Op [E::Elem: $bound] $($rest)*); };
    (free $name:ident $Op:ident bool $($rest:tt)*) => { unary_item!(@free $name $Op [$Op: UnaryOp<T>] $($rest)*); };
    (free $name:ident $Op:ident $bound:ident $($rest:tt)*) => { unary_item!(@free $name $Op [T: $bound] $($rest)*); };
    (@array $name:ident $Op:ident [$($bound:tt)*] $doc:literal $formula:literal [$($alias:literal)*]) => {
        #[doc = $doc]
        ///
        #[doc = concat!("As a formula: `", $formula, "`. Example: [`", stringify!($Op), "`].")]
        $(#[doc(alias = $alias)])*
        #[must_use]
        #[track_caller]
        pub fn $name(&self) -> Array<B, <$Op as UnaryOp<T>>::Out, D>
        where
            $($bound)*,
        {
            eval_new(Map::new($Op, self)).or_misuse()
        }
    };
    (@lazy $name:ident $Op:ident [$($bound:tt)*] $doc:literal $formula:literal [$($alias:literal)*]) => {
        #[doc = $doc]
        ///
        #[doc = concat!("As a formula: `", $formula, "`. Example: [`", stringify!($Op), "`].")]
        $(#[doc(alias = $alias)])*
        pub fn $name(self) -> Lazy<Map<$Op, E>>
        where
            $($bound)*,
        {
            self.apply($Op)
        }
    };
    (@free $name:ident $Op:ident [$($bound:tt)*] $doc:literal $formula:literal [$($alias:literal)*]) => {
        #[doc = $doc]
        ///
        #[doc = concat!("As a formula: `", $formula, "`. Example: [`", stringify!($Op), "`].")]
        $(#[doc(alias = $alias)])*
        #[must_use]
        #[track_caller]
        pub fn $name<B: Backend, T, D: Dim>(x: &Array<B, T, D>) -> Array<B, <$Op as UnaryOp<T>>::Out, D>
        where
            T: Element,
            $($bound)*,
        {
            x.$name()
        }
    };
}

macro_rules! unary {
    ($(
        #[doc = $doc:literal]
        $name:ident $Op:ident $bound:ident $formula:literal $place:ident $exact:ident [$($alias:literal)*];
    )*) => {
        /// Elementwise functions of one array.
        impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
            $(unary_item!(array $name $Op $bound $doc $formula [$($alias)*]);)*
        }
        /// Elementwise functions of one expression.
        impl<E: Expr> Lazy<E> {
            $(unary_item!(lazy $name $Op $bound $doc $formula [$($alias)*]);)*
        }
        /// The one-argument functions, free: `exp(&x)` is `x.exp()`.
        pub mod unary_functions {
            use super::*;
            $(unary_item!(free $name $Op $bound $doc $formula [$($alias)*]);)*
        }
        pub(crate) const UNARY: &[Operation] =
            &[$(row!(Unary UnaryOp: $doc $name $Op $bound $formula $place $exact [$($alias)*])),*];
    };
}
crate::unary_operations!(unary);

macro_rules! binary {
    ($(
        #[doc = $doc:literal]
        $name:ident $Op:ident $bound:ident $formula:literal $place:ident $exact:ident [$($alias:literal)*];
    )*) => {
        /// Elementwise functions of two arrays.
        impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
            $(
                #[doc = $doc]
                ///
                #[doc = concat!("As a formula: `", $formula, "`, where `x1` is an element of this array and `x2` the matching one of `other`, after promotion")]
                #[doc = concat!("and broadcasting. Example: [`", stringify!($Op), "`].")]
                ///
                /// # Panics
                /// When the shapes do not broadcast.
                $(#[doc(alias = $alias)])*
                #[must_use]
                #[track_caller]
                pub fn $name<R: IntoOperand<B, T, D>>(
                    &self,
                    other: R,
                ) -> Array<B, <$Op as BinaryOp<<T as Promote<R::Elem>>::Output>>::Out, <D as DimBase>::Max<<R::Expr as Expr>::Dim>>
                where
                    T: Promote<R::Elem>,
                    $Op: BinaryOp<<T as Promote<R::Elem>>::Output>,
                {
                    eval_new(Zip::new($Op, self, other.into_operand())).or_misuse()
                }
            )*
        }
        // `add` and its kin are the standard's names; they do what the operators do.
        /// Elementwise functions of two expressions.
        #[allow(clippy::should_implement_trait)]
        impl<E: Expr> Lazy<E> {
            $(
                #[doc = $doc]
                ///
                #[doc = concat!("As a formula: `", $formula, "`, where `x1` is an element of this expression and `x2` the matching one of `other`, after promotion")]
                #[doc = concat!("and broadcasting. Example: [`", stringify!($Op), "`].")]
                $(#[doc(alias = $alias)])*
                pub fn $name<R: IntoOperand<E::Backend, E::Elem, E::Dim>>(self, other: R) -> Lazy<Zip<$Op, E, R::Expr>>
                where
                    E::Elem: Promote<R::Elem>,
                    $Op: BinaryOp<<E::Elem as Promote<R::Elem>>::Output>,
                {
                    Lazy::new(Zip::new($Op, self.into_expr(), other.into_operand()))
                }
            )*
        }
        /// The two-argument functions, free: `maximum(&x, y)` is `x.maximum(y)`.
        pub mod binary_functions {
            use super::*;
            $(
                #[doc = $doc]
                ///
                #[doc = concat!("As a formula: `", $formula, "` for matching elements, after promotion and broadcasting. Example: [`", stringify!($Op), "`].")]
                ///
                /// # Panics
                /// When the shapes do not broadcast.
                $(#[doc(alias = $alias)])*
                #[must_use]
                #[track_caller]
                pub fn $name<B: Backend, T, D: Dim, R: IntoOperand<B, T, D>>(
                    x1: &Array<B, T, D>,
                    x2: R,
                ) -> Array<B, <$Op as BinaryOp<<T as Promote<R::Elem>>::Output>>::Out, <D as DimBase>::Max<<R::Expr as Expr>::Dim>>
                where
                    T: Element + Promote<R::Elem>,
                    $Op: BinaryOp<<T as Promote<R::Elem>>::Output>,
                {
                    x1.$name(x2)
                }
            )*
        }
        pub(crate) const BINARY: &[Operation] =
            &[$(row!(Binary BinaryOp: $doc $name $Op $bound $formula $place $exact [$($alias)*])),*];
    };
}
crate::binary_operations!(binary);

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// A copy with another dtype; see [`Element::cast`] for the rules.
    ///
    /// A complex array has no real value: `astype` from complex to real does not compile; take `real()`, `imag()` or
    /// `abs()`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.9, -1.9].astype::<i32>().to_vec(), [1, -1]);
    /// ```
    ///
    /// ```compile_fail
    /// use xp::prelude::*;
    /// let _ = array![Complex::new(1.0, 2.0)].astype::<f64>(); // which part?
    /// ```
    #[must_use]
    #[track_caller]
    pub fn astype<U: Element>(&self) -> Array<B, U, D> {
        const { assert!(!drops_imaginary(T::DTYPE, U::DTYPE), "complex to real: take `real()`, `imag()` or `abs()` first") };
        eval_new(Map::new(AsType::<U>::new(), self)).or_misuse()
    }
}
impl<E: Expr> Lazy<E> {
    /// Every element converted to another dtype; see [`Element::cast`].
    pub fn astype<U: Element>(self) -> Lazy<Map<AsType<U>, E>> {
        const { assert!(!drops_imaginary(E::Elem::DTYPE, U::DTYPE), "complex to real: take `real()`, `imag()` or `abs()` first") };
        self.apply(AsType::new())
    }
}
const fn drops_imaginary(from: crate::DType, to: crate::DType) -> bool {
    use crate::DType::{Bool, C64, C128};
    matches!(from, C64 | C128) && !matches!(to, C64 | C128 | Bool)
}

impl<E: Expr<Elem = bool>> Lazy<E> {
    /// An element of `x1` where the expression holds, otherwise of `x2`, after promotion and broadcasting: see
    /// [`where_`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![-1.0, 2.0, f64::NAN];
    /// let y = x.lazy().greater(0.0).where_(x.lazy().sqrt(), 0.0).eval(); // one pass
    /// assert_eq!(y.to_vec(), [0.0, 2.0_f64.sqrt(), 0.0]);
    /// ```
    pub fn where_<L, R>(self, x1: L, x2: R) -> Lazy<Zip3<Where, E, L::Expr, R::Expr>>
    where
        L: Operand + IntoOperand<E::Backend, R::DType, E::Dim>,
        R: Operand + IntoOperand<E::Backend, L::DType, E::Dim>,
        L::Elem: Promote<R::Elem>,
    {
        Lazy::new(Zip3::new(Where, self.into_expr(), x1.into_operand(), x2.into_operand()))
    }
}

/// An element of `x1` where the condition holds, otherwise of `x2`, after promotion and broadcasting. The standard's
/// `where`, which is a keyword in Rust. The choices are arrays, lazy expressions or scalars; a scalar has the dtype of the
/// other choice.
///
/// # Panics
/// When the shapes do not broadcast.
///
/// ```
/// use xp::prelude::*;
/// let x = array![-1.0, 2.0];
/// assert_eq!(where_(&x.less(0.0), -&x, &x).to_vec(), [1.0, 2.0]);
/// assert_eq!(where_(&x.less(0.0), 0.0, x.lazy() * 3.0).to_vec(), [0.0, 6.0]);
/// assert_eq!(where_(x.lazy().less(0.0), 'n' as u8, b'p').to_vec(), b"np");
/// ```
#[must_use]
#[track_caller]
pub fn where_<B: Backend, C, L, R>(condition: C, x1: L, x2: R) -> Array<B, <L::Elem as Promote<R::Elem>>::Output, Chosen<C::Expr, L::Expr, R::Expr>>
where
    C: IntoOperand<B, bool, Ix0, Elem = bool>,
    L: Operand + IntoOperand<B, R::DType, <C::Expr as Expr>::Dim>,
    R: Operand + IntoOperand<B, L::DType, <C::Expr as Expr>::Dim>,
    L::Elem: Promote<R::Elem>,
{
    Lazy::new(condition.into_operand()).where_(x1, x2).eval()
}
/// The rank of a condition and its two choices.
type Chosen<C, L, R> = <<<C as Expr>::Dim as DimBase>::Max<<L as Expr>::Dim> as DimBase>::Max<<R as Expr>::Dim>;

impl<B: Backend, T: Real, D: Dim> Array<B, T, D> {
    /// Every element limited to `[min, max]`; NaN stays NaN. Where `min > max` the result is `max`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![-3, 0, 9].clip(-1, 5).to_vec(), [-1, 0, 5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clip(&self, min: T, max: T) -> Self {
        self.lazy().maximum(min).minimum(max).eval()
    }
}
