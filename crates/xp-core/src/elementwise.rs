//! The elementwise functions of the standard, as array methods, lazy methods and free functions.
//!
//! One line per operation. The types, in [`crate::ops`], say what each computes.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, Ix0};
use crate::dtype::{Bits, Element, Float, Floating, Num, Promote, Real};
use crate::error::OrMisuse;
use crate::expr::{Expr, IntoOperand, Lazy, Map, Operand, Zip, Zip3, eval_new};
use crate::ops::*;

macro_rules! unary {
    ($($name:ident $Op:ident $bound:path;)*) => {
        $(
            impl<B: Backend, T: $bound, D: Dim> Array<B, T, D> {
                #[doc = concat!("[`", stringify!($Op), "`] of every element.")]
                #[must_use]
                #[track_caller]
                pub fn $name(&self) -> Array<B, <$Op as UnaryOp<T>>::Out, D> {
                    eval_new(Map::<$Op, _>::new(self)).or_misuse()
                }
            }
            impl<E: Expr> Lazy<E>
            where
                E::Elem: $bound,
            {
                #[doc = concat!("[`", stringify!($Op), "`] of every element.")]
                pub fn $name(self) -> Lazy<Map<$Op, E>> {
                    self.apply()
                }
            }
        )*
        /// The one-argument functions, free: `exp(&x)` is `x.exp()`.
        pub mod unary_functions {
            use super::*;
            $(
                #[doc = concat!("[`", stringify!($Op), "`] of every element.")]
                #[must_use]
                #[track_caller]
                pub fn $name<B: Backend, T: $bound, D: Dim>(x: &Array<B, T, D>) -> Array<B, <$Op as UnaryOp<T>>::Out, D> {
                    x.$name()
                }
            )*
        }
    };
}
unary! {
    abs Abs Num;
    abs_square AbsSquare Num;
    acos Acos Floating;
    acosh Acosh Floating;
    asin Asin Floating;
    asinh Asinh Floating;
    atan Atan Floating;
    atanh Atanh Floating;
    bitwise_invert BitwiseInvert Bits;
    ceil Ceil Real;
    conj Conj Num;
    cos Cos Floating;
    cosh Cosh Floating;
    erf Erf Float;
    erfc Erfc Float;
    exp Exp Floating;
    expit Expit Float;
    expm1 Expm1 Floating;
    floor Floor Real;
    gammaln Gammaln Float;
    imag ImagPart Num;
    isfinite IsFinite Num;
    isinf IsInf Num;
    isnan IsNan Num;
    log Log Floating;
    log10 Log10 Floating;
    log1p Log1p Floating;
    log2 Log2 Floating;
    logit Logit Float;
    negative Negative Num;
    positive Positive Num;
    real RealPart Num;
    reciprocal Reciprocal Floating;
    round Round Num;
    sign Sign Num;
    signbit Signbit Float;
    sin Sin Floating;
    sinh Sinh Floating;
    sqrt Sqrt Floating;
    square Square Num;
    tan Tan Floating;
    tanh Tanh Floating;
    trunc Trunc Real;
}

macro_rules! binary {
    ($($name:ident $Op:ident;)*) => {
        impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
            $(
                #[doc = concat!("[`", stringify!($Op), "`] of every element and the matching one of `other`, after promotion and broadcasting.")]
                ///
                /// # Panics
                /// When the shapes do not broadcast.
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
                    eval_new(Zip::<$Op, _, _>::new(self, other.into_operand())).or_misuse()
                }
            )*
        }
        // `add` and its kin are the standard's names; they do what the operators do.
        #[allow(clippy::should_implement_trait)]
        impl<E: Expr> Lazy<E> {
            $(
                #[doc = concat!("[`", stringify!($Op), "`] of every element and the matching one of `other`.")]
                pub fn $name<R: IntoOperand<E::Backend, E::Elem, E::Dim>>(self, other: R) -> Lazy<Zip<$Op, E, R::Expr>>
                where
                    E::Elem: Promote<R::Elem>,
                    $Op: BinaryOp<<E::Elem as Promote<R::Elem>>::Output>,
                {
                    Lazy::new(Zip::new(self.into_expr(), other.into_operand()))
                }
            )*
        }
        /// The two-argument functions, free: `maximum(&x, y)` is `x.maximum(y)`.
        pub mod binary_functions {
            use super::*;
            $(
                #[doc = concat!("[`", stringify!($Op), "`] of every element of `x1` and the matching one of `x2`, after promotion and broadcasting.")]
                ///
                /// # Panics
                /// When the shapes do not broadcast.
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
    };
}
binary! {
    add Add;
    atan2 Atan2;
    bitwise_and BitwiseAnd;
    bitwise_left_shift BitwiseLeftShift;
    bitwise_or BitwiseOr;
    bitwise_right_shift BitwiseRightShift;
    bitwise_xor BitwiseXor;
    copysign Copysign;
    divide Divide;
    equal Equal;
    floor_divide FloorDivide;
    greater Greater;
    greater_equal GreaterEqual;
    hypot Hypot;
    less Less;
    less_equal LessEqual;
    logaddexp Logaddexp;
    logical_and LogicalAnd;
    logical_or LogicalOr;
    logical_xor LogicalXor;
    maximum Maximum;
    minimum Minimum;
    multiply Multiply;
    nextafter Nextafter;
    not_equal NotEqual;
    pow Pow;
    remainder Remainder;
    subtract Subtract;
    xlogy Xlogy;
}

impl<B: Backend, D: Dim> Array<B, bool, D> {
    /// [`LogicalNot`] of every element.
    #[must_use]
    #[track_caller]
    pub fn logical_not(&self) -> Self {
        eval_new(Map::<LogicalNot, _>::new(self)).or_misuse()
    }
}

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
        eval_new(Map::<AsType<U>, _>::new(self)).or_misuse()
    }
}
impl<E: Expr> Lazy<E> {
    /// Every element converted to another dtype; see [`Element::cast`].
    pub fn astype<U: Element>(self) -> Lazy<Map<AsType<U>, E>> {
        const { assert!(!drops_imaginary(E::Elem::DTYPE, U::DTYPE), "complex to real: take `real()`, `imag()` or `abs()` first") };
        self.apply()
    }
}
const fn drops_imaginary(from: crate::DType, to: crate::DType) -> bool {
    use crate::DType::{Bool, C64, C128};
    matches!(from, C64 | C128) && !matches!(to, C64 | C128 | Bool)
}

impl<E: Expr<Elem = bool>> Lazy<E> {
    /// [`LogicalNot`] of every element.
    pub fn logical_not(self) -> Lazy<Map<LogicalNot, E>> {
        self.apply()
    }

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
        Lazy::new(Zip3::new(self.into_expr(), x1.into_operand(), x2.into_operand()))
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
