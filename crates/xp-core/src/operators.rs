//! `+ - * / % & | ^ << >> - !` on arrays, expressions and scalars.

use core::ops;

use half::{bf16, f16};
use num_complex::Complex;

use crate::array::Array;
use crate::axes::Axes;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase};
use crate::dtype::{Bits, Element, Num, Promote};
use crate::error::{Error, OrMisuse};
use crate::expr::{Const, Evaluated, Expr, IntoOperand, Lazy, LazyReduction, Map, Scalar, Zip, eval_new, eval_onto};
use crate::ops::{
    Add, BinaryOp, BitwiseAnd, BitwiseInvert, BitwiseLeftShift, BitwiseOr, BitwiseRightShift, BitwiseXor, Divide, Multiply, Negative, Remainder,
    Subtract, UnaryOp,
};
use crate::reduction::Reduction;

type Promoted<T, U> = <T as Promote<U>>::Output;
type OperandDim<R, B, T, D> = <<R as IntoOperand<B, T, D>>::Expr as Expr>::Dim;

macro_rules! binary_operators {
    ($($Trait:ident $method:ident $Assign:ident $assign:ident $Op:ident: $scalars:tt;)*) => {$(
        impl<B: Backend, T, D: Dim, R> ops::$Trait<R> for &Array<B, T, D>
        where
            T: Element + Promote<R::Elem>,
            R: IntoOperand<B, T, D>,
            $Op: BinaryOp<Promoted<T, R::Elem>>,
        {
            type Output = Array<B, <$Op as BinaryOp<Promoted<T, R::Elem>>>::Out, <D as DimBase>::Max<OperandDim<R, B, T, D>>>;
            #[track_caller]
            fn $method(self, other: R) -> Self::Output {
                eval_new(Zip::new($Op, self, other.into_operand())).or_misuse()
            }
        }
        impl<B: Backend, T, D: Dim, R> ops::$Trait<R> for Array<B, T, D>
        where
            T: Element + Promote<R::Elem>,
            R: IntoOperand<B, T, D>,
            $Op: BinaryOp<Promoted<T, R::Elem>>,
        {
            type Output = Array<B, <$Op as BinaryOp<Promoted<T, R::Elem>>>::Out, <D as DimBase>::Max<OperandDim<R, B, T, D>>>;
            #[track_caller]
            fn $method(self, other: R) -> Self::Output {
                eval_new(Zip::new($Op, self, other.into_operand())).or_misuse()
            }
        }
        impl<L: Expr, R> ops::$Trait<R> for Lazy<L>
        where
            L::Elem: Promote<R::Elem>,
            R: IntoOperand<L::Backend, L::Elem, L::Dim>,
            $Op: BinaryOp<Promoted<L::Elem, R::Elem>>,
        {
            type Output = Lazy<Zip<$Op, L, R::Expr>>;
            fn $method(self, other: R) -> Self::Output {
                Lazy::new(Zip::new($Op, self.into_expr(), other.into_operand()))
            }
        }
        impl<T, Q, E: Expr, A: Axes, R> ops::$Trait<R> for LazyReduction<Q, E, A>
        where
            T: Element + Promote<R::Elem>,
            Q: Reduction<E::Elem, Out = T>,
            R: IntoOperand<E::Backend, T, A::Out<E::Dim>>,
            $Op: BinaryOp<Promoted<T, R::Elem>>,
        {
            type Output = Lazy<Zip<$Op, Evaluated<E::Backend, T, A::Out<E::Dim>>, R::Expr>>;
            fn $method(self, other: R) -> Self::Output {
                Lazy::new(Zip::new($Op, self.into_evaluated(), other.into_operand()))
            }
        }
        impl<B: Backend, T, D: Dim, R> ops::$Assign<R> for Array<B, T, D>
        where
            T: Element + Promote<R::Elem, Output = T>,
            R: IntoOperand<B, T, D>,
            $Op: BinaryOp<T, Out = T>,
        {
            #[track_caller]
            fn $assign(&mut self, other: R) {
                assign($Op, self, other).or_misuse();
            }
        }
        scalar_left!($Trait $method $Op: $scalars);
    )*};
}
// Scalars stand on the left through one implementation per dtype: Rust allows no generic one.
macro_rules! scalar_left {
    ($Trait:ident $method:ident $Op:ident: [$($t:ty)*]) => {$(
        impl<B: Backend, D: Dim> ops::$Trait<&Array<B, $t, D>> for $t {
            type Output = Array<B, $t, D>;
            fn $method(self, x: &Array<B, $t, D>) -> Array<B, $t, D> {
                eval_new(Zip::new($Op, Scalar::<B, $t, D>::new(self), x)).or_misuse()
            }
        }
        impl<B: Backend, D: Dim> ops::$Trait<Array<B, $t, D>> for $t {
            type Output = Array<B, $t, D>;
            fn $method(self, x: Array<B, $t, D>) -> Array<B, $t, D> {
                eval_new(Zip::new($Op, Scalar::<B, $t, D>::new(self), x)).or_misuse()
            }
        }
        impl<Q: Reduction<E::Elem, Out = $t>, E: Expr, A: Axes> ops::$Trait<LazyReduction<Q, E, A>> for $t {
            type Output = Lazy<Zip<$Op, Scalar<E::Backend, $t, A::Out<E::Dim>>, Evaluated<E::Backend, $t, A::Out<E::Dim>>>>;
            fn $method(self, x: LazyReduction<Q, E, A>) -> Self::Output {
                Lazy::new(Zip::new($Op, Scalar::new(self), x.into_evaluated()))
            }
        }
        impl<E: Expr<Elem = $t>> ops::$Trait<Lazy<E>> for $t {
            type Output = Lazy<Zip<$Op, Scalar<E::Backend, $t, E::Dim>, E>>;
            fn $method(self, x: Lazy<E>) -> Self::Output {
                Lazy::new(Zip::new($Op, Scalar::new(self), x.into_expr()))
            }
        }
    )*};
}
// A constant of any dtype on the left.
macro_rules! constant_left {
    ($($Trait:ident $method:ident $Op:ident;)*) => {$(
        impl<B: Backend, T: Num, D: Dim> ops::$Trait<&Array<B, T, D>> for Const
        where
            $Op: BinaryOp<T, Out = T>,
        {
            type Output = Array<B, T, D>;
            #[track_caller]
            fn $method(self, x: &Array<B, T, D>) -> Array<B, T, D> {
                eval_new(Zip::new($Op, Scalar::<B, T, D>::new(self.of()), x)).or_misuse()
            }
        }
        impl<B: Backend, T: Num, D: Dim> ops::$Trait<Array<B, T, D>> for Const
        where
            $Op: BinaryOp<T, Out = T>,
        {
            type Output = Array<B, T, D>;
            #[track_caller]
            fn $method(self, x: Array<B, T, D>) -> Array<B, T, D> {
                eval_new(Zip::new($Op, Scalar::<B, T, D>::new(self.of()), x)).or_misuse()
            }
        }
        impl<T: Num, Q: Reduction<E::Elem, Out = T>, E: Expr, A: Axes> ops::$Trait<LazyReduction<Q, E, A>> for Const
        where
            $Op: BinaryOp<T>,
        {
            type Output = Lazy<Zip<$Op, Scalar<E::Backend, T, A::Out<E::Dim>>, Evaluated<E::Backend, T, A::Out<E::Dim>>>>;
            #[track_caller]
            fn $method(self, x: LazyReduction<Q, E, A>) -> Self::Output {
                Lazy::new(Zip::new($Op, Scalar::new(self.of()), x.into_evaluated()))
            }
        }
        impl<E: Expr> ops::$Trait<Lazy<E>> for Const
        where
            E::Elem: Num,
            $Op: BinaryOp<E::Elem>,
        {
            type Output = Lazy<Zip<$Op, Scalar<E::Backend, E::Elem, E::Dim>, E>>;
            #[track_caller]
            fn $method(self, x: Lazy<E>) -> Self::Output {
                Lazy::new(Zip::new($Op, Scalar::new(self.of()), x.into_expr()))
            }
        }
    )*};
}
constant_left! {
    Add add Add;
    Sub sub Subtract;
    Mul mul Multiply;
    Div div Divide;
}
binary_operators! {
    Add add AddAssign add_assign Add: [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 Complex<f32> Complex<f64>];
    Sub sub SubAssign sub_assign Subtract: [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 Complex<f32> Complex<f64>];
    Mul mul MulAssign mul_assign Multiply: [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 Complex<f32> Complex<f64>];
    Div div DivAssign div_assign Divide: [f16 bf16 f32 f64 Complex<f32> Complex<f64>];
    Rem rem RemAssign rem_assign Remainder: [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64];
    BitAnd bitand BitAndAssign bitand_assign BitwiseAnd: [bool i8 i16 i32 i64 u8 u16 u32 u64];
    BitOr bitor BitOrAssign bitor_assign BitwiseOr: [bool i8 i16 i32 i64 u8 u16 u32 u64];
    BitXor bitxor BitXorAssign bitxor_assign BitwiseXor: [bool i8 i16 i32 i64 u8 u16 u32 u64];
    Shl shl ShlAssign shl_assign BitwiseLeftShift: [i8 i16 i32 i64 u8 u16 u32 u64];
    Shr shr ShrAssign shr_assign BitwiseRightShift: [i8 i16 i32 i64 u8 u16 u32 u64];
}

/// `x = x op other`, in the memory of `x` when nobody shares it.
fn assign<Op, B: Backend, T, D: Dim, R>(op: Op, x: &mut Array<B, T, D>, other: R) -> crate::Result<()>
where
    T: Element + Promote<R::Elem, Output = T>,
    R: IntoOperand<B, T, D>,
    Op: BinaryOp<T, Out = T>,
{
    let other = other.into_operand();
    let given = other.shape()?;
    if crate::shape::broadcast_shapes(x.dims(), given.as_ref())? != x.dims() {
        return Err(Error::shape("in-place operator", given.as_ref(), format!("a shape that broadcasts to {:?}", x.dims())));
    }
    x.make_unique()?;
    // SAFETY: `x` is alone on its memory, and as an operand it is walked as it is as the output.
    unsafe { eval_onto(&Zip::new(op, &*x, other), x) }
}

macro_rules! unary_operators {
    ($($Trait:ident $method:ident $Op:ident $bound:ident;)*) => {$(
        impl<B: Backend, T: $bound, D: Dim> ops::$Trait for &Array<B, T, D> {
            type Output = Array<B, T, D>;
            fn $method(self) -> Array<B, T, D> { eval_new(Map::new($Op, self)).or_misuse() }
        }
        impl<B: Backend, T: $bound, D: Dim> ops::$Trait for Array<B, T, D> {
            type Output = Array<B, T, D>;
            fn $method(self) -> Array<B, T, D> { eval_new(Map::new($Op, self)).or_misuse() }
        }
        impl<T: $bound, R: Reduction<E::Elem, Out = T>, E: Expr, A: Axes> ops::$Trait for LazyReduction<R, E, A> {
            type Output = Lazy<Map<$Op, Evaluated<E::Backend, T, A::Out<E::Dim>>>>;
            fn $method(self) -> Self::Output { self.lazy().apply($Op) }
        }
        impl<E: Expr> ops::$Trait for Lazy<E>
        where
            $Op: UnaryOp<E::Elem>,
        {
            type Output = Lazy<Map<$Op, E>>;
            fn $method(self) -> Self::Output { self.apply($Op) }
        }
    )*};
}
unary_operators! {
    Neg neg Negative Num;
    Not not BitwiseInvert Bits;
}
