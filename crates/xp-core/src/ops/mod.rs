//! Operations: what is computed of one element, or of one element of each of two or three operands.
//!
//! An operation is a value of a type that implements [`UnaryOp`], [`BinaryOp`] or [`TernaryOp`]; those of xp have no fields. To
//! add one to xp: `CONTRIBUTING.md`. To write one of your own, which fuses with everything else and runs on every backend:
//! the example of [`UnaryOp`].

use core::marker::PhantomData;

use crate::dtype::Element;
use crate::math::Isa;

/// An elementwise operation on one operand.
///
/// A function that xp lacks is a type that implements this trait. [`Lazy::apply`](crate::expr::Lazy::apply) takes its values. A
/// composition of existing operations in a lazy expression is as fast, and needs no such type; write one where there are
/// branches, loops or tables.
///
/// ```
/// use xp::ops::{DeviceSource, Language, Parameters, UnaryOp};
/// use xp::math::Isa;
/// use xp::prelude::*;
///
/// /// The loss of Huber: `x^2 / 2` up to `delta`, beyond it a straight line.
/// #[derive(Clone, Copy)]
/// struct Huber {
///     delta: f64,
/// }
/// impl UnaryOp<f64> for Huber {
///     type Out = f64;
///     const NAME: &'static str = "huber";
///     // SAFETY: the function touches nothing but its arguments.
///     const DEVICE: DeviceSource = unsafe {
///         DeviceSource::own(&[(
///             Language::Cuda,
///             "DEVICE f64 op_huber(f64 x, f64 delta) {
///                  f64 a = op_abs(x);
///                  return a <= delta ? x * x / 2.0 : delta * (a - delta / 2.0);
///              }",
///         )])
///     };
///     fn apply<I: Isa>(self, x: f64) -> f64 {
///         let a = x.abs();
///         if a <= self.delta { x * x / 2.0 } else { self.delta * (a - self.delta / 2.0) }
///     }
///     fn parameters(self) -> Parameters {
///         Parameters::new().with(self.delta)
///     }
/// }
///
/// let (x, y) = (array![1.0, 5.0], array![2.0, 1.0]);
/// // One pass over `x` and `y`:
/// let loss = (x.lazy() - &y).apply(Huber { delta: 2.0 }).sum(0).eval();
/// assert_eq!(loss.item()?, 0.5 + 2.0 * (4.0 - 1.0));
/// # Ok::<(), xp::Error>(())
/// ```
pub trait UnaryOp<T: Element>: Copy + Send + Sync + 'static {
    /// The dtype of the result.
    type Out: Element;
    /// The standard's name.
    const NAME: &'static str;
    /// The function of backends that generate code.
    const DEVICE: DeviceSource;
    /// Whether [`UnaryOp::apply`] has arguments outside its domain, which [`UnaryOp::repair`] then handles.
    const REPAIRS: bool = false;
    /// The operation on one element. Branch-free where possible: it is the body of a vectorised loop.
    fn apply<I: Isa>(self, x: T) -> Self::Out;
    /// The values that the operation carries, as the device function takes them after the operand. An operation whose type has
    /// fields has parameters.
    fn parameters(self) -> Parameters {
        Parameters::new()
    }
    /// Whether `x` is outside the domain of `apply`.
    fn needs_repair(self, _: T) -> bool {
        false
    }
    /// The result at `x`, given what `apply` returned.
    fn repair(self, _: T, fast: Self::Out) -> Self::Out {
        fast
    }
}

/// An elementwise operation on two operands of one dtype. See [`UnaryOp`] for operations of your own.
pub trait BinaryOp<T: Element>: Copy + Send + Sync + 'static {
    /// The dtype of the result.
    type Out: Element;
    /// The standard's name.
    const NAME: &'static str;
    /// The function of backends that generate code.
    const DEVICE: DeviceSource;
    /// The operation on one pair of elements.
    fn apply<I: Isa>(self, x: T, y: T) -> Self::Out;
    /// As [`UnaryOp::parameters`].
    fn parameters(self) -> Parameters {
        Parameters::new()
    }
}

/// An elementwise operation on three operands, of which the last two and the result have one dtype. See [`UnaryOp`] for
/// operations of your own.
pub trait TernaryOp<C: Element, T: Element>: Copy + Send + Sync + 'static {
    /// The standard's name.
    const NAME: &'static str;
    /// The function of backends that generate code.
    const DEVICE: DeviceSource;
    /// The operation on one triple of elements.
    fn apply<I: Isa>(self, c: C, x: T, y: T) -> T;
    /// As [`UnaryOp::parameters`].
    fn parameters(self) -> Parameters {
        Parameters::new()
    }
}

/// `astype`: conversion to `U`, by [`Element::cast`].
#[derive(Clone, Copy, Debug)]
pub struct AsType<U>(PhantomData<fn() -> U>);
impl<U> AsType<U> {
    /// The conversion.
    #[must_use]
    pub const fn new() -> Self {
        AsType(PhantomData)
    }
}
impl<U> Default for AsType<U> {
    fn default() -> Self {
        Self::new()
    }
}
impl<T: Element, U: Element> UnaryOp<T> for AsType<U> {
    type Out = U;
    const NAME: &'static str = "astype";
    const DEVICE: DeviceSource = DeviceSource::CONVERSION;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T) -> U {
        x.cast()
    }
}

/// `where(condition, x1, x2)`: an element of `x1` where the condition holds, otherwise of `x2`.
#[derive(Clone, Copy, Debug)]
pub struct Where;
impl<T: Element> TernaryOp<bool, T> for Where {
    const NAME: &'static str = "where";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, c: bool, x: T, y: T) -> T {
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
            const DEVICE: crate::ops::DeviceSource = crate::ops::DeviceSource::LIBRARY;
            const REPAIRS: bool = <$Op as crate::dtype::RealFn1>::REPAIRS;
            #[inline(always)]
            fn apply<I: crate::math::Isa>(self, x: T) -> T { T::floating1::<I, Self>(x) }
            #[inline(always)]
            fn needs_repair(self, x: T) -> bool { T::needs_repair1::<Self>(x) }
            fn repair(self, x: T, fast: T) -> T { T::repair1::<Self>(x, fast) }
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
            const DEVICE: crate::ops::DeviceSource = crate::ops::DeviceSource::LIBRARY;
            const REPAIRS: bool = <$Op as crate::dtype::RealFn1>::REPAIRS;
            #[inline(always)]
            fn needs_repair(self, x: T) -> bool { T::needs_repair1::<Self>(x) }
            fn repair(self, x: T, fast: T) -> T { T::repair1::<Self>(x, fast) }
            #[inline(always)]
            fn apply<I: crate::math::Isa>(self, x: T) -> T { T::float1::<I, Self>(x) }
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
            const DEVICE: crate::ops::DeviceSource = crate::ops::DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: crate::math::Isa>(self, x: T, y: T) -> T { T::float2::<I, Self>(x, y) }
        }
    )*};
}
pub(crate) use float_ops2;

mod arithmetic;
mod bitwise;
mod classify;
mod comparison;
mod complex;
mod device;
mod exponential;
mod random;
mod rounding;
mod special;
pub(crate) mod table;
mod trigonometric;

pub use arithmetic::*;
pub use bitwise::*;
pub use classify::*;
pub use comparison::*;
pub use complex::*;
pub(crate) use device::bytes_of;
pub use device::{DeviceSource, Language, Parameters};
pub use exponential::*;
pub use random::*;
pub use rounding::*;
pub use special::*;
pub use table::{OPERATIONS, Operation, OperationKind, operations};
pub use trigonometric::*;
