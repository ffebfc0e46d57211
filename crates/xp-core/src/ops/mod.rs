//! Operations: one zero-sized type each, with its scalar meaning.
//!
//! To add one: write the type in the file of its family (doc, scalar function, example), and its line in
//! [`crate::elementwise`], which makes the function, the array method and the lazy method. Nothing else changes.

use core::marker::PhantomData;

use crate::dtype::Element;
use crate::math::Isa;

/// An elementwise operation on one operand.
pub trait UnaryOp<T: Element>: Copy + Send + Sync + 'static {
    /// The dtype of the result.
    type Out: Element;
    /// The standard's name.
    const NAME: &'static str;
    /// Whether [`UnaryOp::apply`] has arguments outside its domain, which [`UnaryOp::repair`] then handles.
    const REPAIRS: bool = false;
    /// The operation on one element. Branch-free where possible: it is the body of a vectorised loop.
    fn apply<I: Isa>(x: T) -> Self::Out;
    /// Whether `x` is outside the domain of `apply`.
    fn needs_repair(_: T) -> bool {
        false
    }
    /// The result at `x`, given what `apply` returned.
    fn repair(_: T, fast: Self::Out) -> Self::Out {
        fast
    }
}

/// An elementwise operation on two operands of one dtype.
pub trait BinaryOp<T: Element>: Copy + Send + Sync + 'static {
    /// The dtype of the result.
    type Out: Element;
    /// The standard's name.
    const NAME: &'static str;
    /// The operation on one pair of elements.
    fn apply<I: Isa>(x: T, y: T) -> Self::Out;
}

/// An elementwise operation on three operands, of which the last two and the result have one dtype.
pub trait TernaryOp<C: Element, T: Element>: Copy + Send + Sync + 'static {
    /// The standard's name.
    const NAME: &'static str;
    /// The operation on one triple of elements.
    fn apply(c: C, x: T, y: T) -> T;
}

/// `astype`: conversion to `U`, by [`Element::cast`].
#[derive(Clone, Copy, Debug)]
pub struct AsType<U>(PhantomData<fn() -> U>);
impl<T: Element, U: Element> UnaryOp<T> for AsType<U> {
    type Out = U;
    const NAME: &'static str = "astype";
    #[inline(always)]
    fn apply<I: Isa>(x: T) -> U {
        x.cast()
    }
}

/// `where(condition, x1, x2)`: an element of `x1` where the condition holds, otherwise of `x2`.
#[derive(Clone, Copy, Debug)]
pub struct Where;
impl<T: Element> TernaryOp<bool, T> for Where {
    const NAME: &'static str = "where";
    #[inline(always)]
    fn apply(c: bool, x: T, y: T) -> T {
        if c { x } else { y }
    }
}

/// Declares a unary operation of a kind: its type, name, and scalar function for real and complex numbers.
macro_rules! floating_ops {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident| $real:expr, |$z:ident| $complex:expr $(, repair $needs:ident $repair:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl crate::dtype::RealFn1 for $Op {
            #[inline(always)]
            fn real<I: crate::math::Isa, R: crate::math::MathFloat>($x: R) -> R { $real }
            $(
                const REPAIRS: bool = true;
                #[inline(always)]
                fn needs_repair<R: crate::math::MathFloat>(x: R) -> bool { x.$needs() }
                fn repair<R: crate::math::MathFloat>(x: R) -> R { x.$repair() }
            )?
        }
        impl crate::dtype::ComplexFn1 for $Op {
            #[inline(always)]
            fn complex<I: crate::math::Isa, R: crate::math::MathFloat>($z: num_complex::Complex<R>) -> num_complex::Complex<R> { $complex }
        }
        impl<T: crate::dtype::Floating> crate::ops::UnaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            const REPAIRS: bool = <$Op as crate::dtype::RealFn1>::REPAIRS;
            #[inline(always)]
            fn apply<I: crate::math::Isa>(x: T) -> T { T::floating1::<I, Self>(x) }
            #[inline(always)]
            fn needs_repair(x: T) -> bool { T::needs_repair1::<Self>(x) }
            fn repair(x: T, fast: T) -> T { T::repair1::<Self>(x, fast) }
        }
    )*};
}
/// Declares a unary operation on real floating-point numbers.
macro_rules! float_ops {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident| $real:expr $(, repair $needs:ident $repair:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl crate::dtype::RealFn1 for $Op {
            #[inline(always)]
            fn real<I: crate::math::Isa, R: crate::math::MathFloat>($x: R) -> R { $real }
            $(
                const REPAIRS: bool = true;
                #[inline(always)]
                fn needs_repair<R: crate::math::MathFloat>(x: R) -> bool { x.$needs() }
                fn repair<R: crate::math::MathFloat>(x: R) -> R { x.$repair() }
            )?
        }
        impl<T: crate::dtype::Float> crate::ops::UnaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            const REPAIRS: bool = <$Op as crate::dtype::RealFn1>::REPAIRS;
            #[inline(always)]
            fn needs_repair(x: T) -> bool { T::needs_repair1::<Self>(x) }
            fn repair(x: T, fast: T) -> T { T::repair1::<Self>(x, fast) }
            #[inline(always)]
            fn apply<I: crate::math::Isa>(x: T) -> T { T::float1::<I, Self>(x) }
        }
    )*};
}
/// Declares a two-argument operation on real floating-point numbers.
macro_rules! float_ops2 {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident, $y:ident| $real:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl crate::dtype::RealFn2 for $Op {
            #[inline(always)]
            fn real<I: crate::math::Isa, R: crate::math::MathFloat>($x: R, $y: R) -> R { $real }
        }
        impl<T: crate::dtype::Float> crate::ops::BinaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            #[inline(always)]
            fn apply<I: crate::math::Isa>(x: T, y: T) -> T { T::float2::<I, Self>(x, y) }
        }
    )*};
}
pub(crate) use float_ops2;

mod arithmetic;
mod bitwise;
mod classify;
mod comparison;
mod complex;
mod exponential;
mod random;
mod rounding;
mod special;
mod trigonometric;

pub use arithmetic::*;
pub use bitwise::*;
pub use classify::*;
pub use comparison::*;
pub use complex::*;
pub use exponential::*;
pub use random::*;
pub use rounding::*;
pub use special::*;
pub use trigonometric::*;
