//! The table of elementwise operations: one row each. That of reductions, in `reduction.rs`, has the same form.
//!
//! Whatever has to know all of them takes its list from here: the methods and functions of [`crate::elementwise`], those of the
//! Python module, the page `docs/functions.md`, the kernels that a check of the device library compiles, and the test that
//! finds an operation without an oracle. A row is
//!
//! ```text
//! /// What it computes of every element, in one sentence.
//! name Type Bound "formula" standard|beside exact|level ["what others call it"];
//! ```
//!
//! `Bound` is the trait of the dtypes it takes, or `bool`; `standard` are the functions of the array API; `exact` gives the
//! same result at every level of instruction sets.

use super::DeviceSource;
use crate::dtype::DType;

/// What is known of an operation as data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Operation {
    /// The name of its function and its method.
    pub name: &'static str,
    /// How it makes results of elements.
    pub kind: OperationKind,
    /// What it computes, in one sentence.
    pub doc: &'static str,
    /// The same as a formula.
    pub formula: &'static str,
    /// The dtypes it takes: the trait that bounds them.
    pub bound: &'static str,
    /// Whether it is a function of the array API standard.
    pub standard: bool,
    /// Whether the result is the same at every level of instruction sets.
    pub exact: bool,
    /// What other libraries call it.
    pub aliases: &'static [&'static str],
    /// Where its device function is.
    pub device: DeviceSource,
    /// The dtype of the result for a dtype of the operands, when it takes that.
    pub result: fn(DType) -> Option<DType>,
}

/// How an operation makes results of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationKind {
    /// One of each element.
    Unary,
    /// One of each pair of elements.
    Binary,
    /// One of many elements.
    Reduction,
}

/// Calls a macro with the rows of all operations on one operand.
#[doc(hidden)]
#[macro_export]
macro_rules! unary_operations {
    ($callback:ident) => {
        $callback! {
            /// The magnitude of every element.
            abs Abs Num "|x|" standard level ["absolute" "fabs"];
            /// The squared magnitude of every element, a real number.
            abs_square AbsSquare Num "Re(x)^2 + Im(x)^2" beside level [];
            /// The inverse cosine of every element, in `[0, pi]`.
            acos Acos Floating "arccos(x)" standard level ["arccos"];
            /// The inverse hyperbolic cosine of every element.
            acosh Acosh Floating "ln(x + sqrt(x^2 - 1))" standard level ["arccosh"];
            /// The inverse sine of every element, in `[-pi/2, pi/2]`.
            asin Asin Floating "arcsin(x)" standard level ["arcsin"];
            /// The inverse hyperbolic sine of every element.
            asinh Asinh Floating "ln(x + sqrt(x^2 + 1))" standard level ["arcsinh"];
            /// The inverse tangent of every element, in `[-pi/2, pi/2]`.
            atan Atan Floating "arctan(x)" standard level ["arctan"];
            /// The inverse hyperbolic tangent of every element.
            atanh Atanh Floating "ln((1 + x) / (1 - x)) / 2" standard level ["arctanh"];
            /// Every bit of every element inverted; the negation of a boolean.
            bitwise_invert BitwiseInvert Bits "!x" standard exact ["bitwise_not" "invert"];
            /// Every element rounded up: the smallest integer not less than it.
            ceil Ceil Real "ceil(x)" standard exact [];
            /// The complex conjugate of every element.
            conj Conj Num "Re(x) - i Im(x)" standard exact ["conjugate"];
            /// The cosine of every element, an angle in radians.
            cos Cos Floating "cos(x)" standard level [];
            /// The hyperbolic cosine of every element.
            cosh Cosh Floating "(e^x + e^-x) / 2" standard level [];
            /// The derivative of the logarithm of the gamma function of every element; NaN at the negative integers.
            digamma Digamma Float "d/dx ln|Gamma(x)|" beside level ["psi"];
            /// The summand of an entropy of every element: 0 at 0, minus infinity below.
            entr Entr Float "-x ln(x)" beside level [];
            /// The error function of every element.
            erf Erf Float "2/sqrt(pi) * integral of e^(-t^2) from 0 to x" beside level [];
            /// The complement of the error function of every element, accurate where that is near 1.
            erfc Erfc Float "1 - erf(x)" beside level [];
            /// The complement of the error function of every element times the exponential of its square, without underflow.
            erfcx Erfcx Float "e^(x^2) erfc(x)" beside level [];
            /// The inverse of the error function of every element, NaN outside of `[-1, 1]`.
            erfinv Erfinv Float "the y with erf(y) = x" beside level [];
            /// e to the power of every element.
            exp Exp Floating "e^x" standard level [];
            /// The logistic function of every element.
            expit Expit Float "1 / (1 + e^-x)" beside level ["sigmoid" "logistic"];
            /// e to the power of every element, less 1, accurate near 0.
            expm1 Expm1 Floating "e^x - 1" standard level [];
            /// Every element rounded down: the largest integer not greater than it.
            floor Floor Real "floor(x)" standard exact [];
            /// The logarithm of the magnitude of the gamma function of every element.
            gammaln Gammaln Float "ln|Gamma(x)|" beside level ["lgamma" "loggamma"];
            /// The imaginary part of every element, 0 unless complex.
            imag ImagPart Num "Im(x)" standard exact [];
            /// Whether every element is neither infinite nor NaN.
            isfinite IsFinite Num "x is finite" standard exact [];
            /// Whether every element is infinite.
            isinf IsInf Num "x is infinite" standard exact [];
            /// Whether every element is NaN.
            isnan IsNan Num "x is NaN" standard exact [];
            /// The natural logarithm of every element.
            log Log Floating "ln(x)" standard level ["ln"];
            /// The logarithm to base 10 of every element.
            log10 Log10 Floating "ln(x) / ln(10)" standard level [];
            /// The natural logarithm of 1 plus every element, accurate near 0.
            log1p Log1p Floating "ln(1 + x)" standard level [];
            /// The logarithm of the logistic function of every element, without underflow.
            log_expit LogExpit Float "-ln(1 + e^-x)" beside level ["logsigmoid" "log_sigmoid"];
            /// The logarithm of the normal distribution function of every element, accurate in both tails.
            log_ndtr LogNdtr Float "ln(ndtr(x))" beside level ["norm_logcdf"];
            /// The logarithm to base 2 of every element.
            log2 Log2 Floating "ln(x) / ln(2)" standard level [];
            /// The negation of every boolean.
            logical_not LogicalNot bool "!x" standard exact [];
            /// The logarithm of the odds of every element, the inverse of `expit`.
            logit Logit Float "ln(x / (1 - x))" beside level [];
            /// The probability that a standard normal number is at most this, of every element.
            ndtr Ndtr Float "(1 + erf(x / sqrt(2))) / 2" beside level ["norm_cdf"];
            /// The quantile of the standard normal distribution of every element, NaN outside of `[0, 1]`.
            ndtri Ndtri Float "the z with ndtr(z) = x" beside level ["norm_ppf" "probit"];
            /// Every element with the opposite sign.
            negative Negative Num "-x" standard exact ["neg"];
            /// Every element itself.
            positive Positive Num "x" standard exact [];
            /// The real part of every element.
            real RealPart Num "Re(x)" standard exact [];
            /// One divided by every element.
            reciprocal Reciprocal Floating "1 / x" standard level [];
            /// Every element rounded to the nearest integer, halves to the even one.
            round Round Num "round(x)" standard exact ["rint" "around"];
            /// -1, 0 or 1 by the sign of every element; of a complex number the number of magnitude 1 in its direction.
            sign Sign Num "x / |x|, or 0" standard level ["signum" "sgn"];
            /// Whether the sign bit of every element is set.
            signbit Signbit Float "x < 0, or x is -0" standard exact [];
            /// The sine of every element, an angle in radians.
            sin Sin Floating "sin(x)" standard level [];
            /// The hyperbolic sine of every element.
            sinh Sinh Floating "(e^x - e^-x) / 2" standard level [];
            /// The logarithm of 1 plus e to the power of every element, without overflow.
            softplus Softplus Float "ln(1 + e^x)" beside level [];
            /// The square root of every element, the one with non-negative real part.
            sqrt Sqrt Floating "x^(1/2)" standard level [];
            /// Every element times itself.
            square Square Num "x * x" standard exact [];
            /// The tangent of every element, an angle in radians.
            tan Tan Floating "sin(x) / cos(x)" standard level [];
            /// The hyperbolic tangent of every element.
            tanh Tanh Floating "sinh(x) / cosh(x)" standard level [];
            /// Every element rounded towards zero.
            trunc Trunc Real "trunc(x)" standard exact ["fix"];
        }
    };
}

/// Calls a macro with the rows of all operations on two operands.
#[doc(hidden)]
#[macro_export]
macro_rules! binary_operations {
    ($callback:ident) => {
        $callback! {
            /// The sum of the elements; integers wrap around.
            add Add Num "x1 + x2" standard exact [];
            /// The angle of the point with abscissa `x2` and ordinate `x1`, in `[-pi, pi]`.
            atan2 Atan2 Float "arg(x2 + i x1)" standard level ["arctan2"];
            /// The logarithm of the magnitude of the beta function.
            betaln Betaln Float "ln|Gamma(x1) Gamma(x2) / Gamma(x1 + x2)|" beside level ["lbeta"];
            /// The bits that are set in both elements.
            bitwise_and BitwiseAnd Bits "x1 & x2" standard exact [];
            /// The bits of `x1` moved up by `x2` places; 0 when `x2` is negative or not below the width.
            bitwise_left_shift BitwiseLeftShift Integer "x1 << x2" standard exact ["left_shift"];
            /// The bits that are set in at least one element.
            bitwise_or BitwiseOr Bits "x1 | x2" standard exact [];
            /// The bits of `x1` moved down by `x2` places, filled with the sign.
            bitwise_right_shift BitwiseRightShift Integer "x1 >> x2" standard exact ["right_shift"];
            /// The bits that are set in exactly one element.
            bitwise_xor BitwiseXor Bits "x1 ^ x2" standard exact [];
            /// The magnitude of `x1` with the sign of `x2`.
            copysign Copysign Float "|x1| * sign(x2)" standard exact [];
            /// The quotient of the elements.
            divide Divide Floating "x1 / x2" standard exact ["true_divide"];
            /// Whether the elements are equal.
            equal Equal Element "x1 == x2" standard exact ["eq"];
            /// The quotient of the elements, rounded down; division of integers by zero gives 0.
            floor_divide FloorDivide Real "floor(x1 / x2)" standard exact [];
            /// The regularised lower incomplete gamma function of the parameter `x1`.
            gammainc Gammainc Float "integral of t^(x1 - 1) e^-t from 0 to x2, over Gamma(x1)" beside level ["igamma"];
            /// The regularised upper incomplete gamma function of the parameter `x1`.
            gammaincc Gammaincc Float "integral of t^(x1 - 1) e^-t from x2 on, over Gamma(x1)" beside level ["igammac"];
            /// The number at which the upper incomplete gamma function of the parameter `x1` is `x2`.
            gammainccinv Gammainccinv Float "the x with gammaincc(x1, x) = x2" beside level [];
            /// The number at which the lower incomplete gamma function of the parameter `x1` is `x2`.
            gammaincinv Gammaincinv Float "the x with gammainc(x1, x) = x2" beside level [];
            /// Whether `x1` is greater than `x2`.
            greater Greater Real "x1 > x2" standard exact ["gt"];
            /// Whether `x1` is greater than `x2` or equal to it.
            greater_equal GreaterEqual Real "x1 >= x2" standard exact ["ge"];
            /// The length of the hypotenuse over two legs, without overflow on the way.
            hypot Hypot Float "sqrt(x1^2 + x2^2)" standard level [];
            /// The summand of a Kullback-Leibler divergence, accurate for near elements.
            kl_div KlDiv Float "x1 ln(x1 / x2) - x1 + x2" beside level [];
            /// Whether `x1` is less than `x2`.
            less Less Real "x1 < x2" standard exact ["lt"];
            /// Whether `x1` is less than `x2` or equal to it.
            less_equal LessEqual Real "x1 <= x2" standard exact ["le"];
            /// The logarithm of the sum of the exponentials of the elements, without overflow.
            logaddexp Logaddexp Float "ln(e^x1 + e^x2)" standard level [];
            /// Whether both booleans hold.
            logical_and LogicalAnd bool "x1 and x2" standard exact [];
            /// Whether at least one boolean holds.
            logical_or LogicalOr bool "x1 or x2" standard exact [];
            /// Whether exactly one boolean holds.
            logical_xor LogicalXor bool "x1 != x2" standard exact [];
            /// The larger of the elements; NaN when one is NaN.
            maximum Maximum Real "max(x1, x2)" standard exact [];
            /// The smaller of the elements; NaN when one is NaN.
            minimum Minimum Real "min(x1, x2)" standard exact [];
            /// The product of the elements; integers wrap around.
            multiply Multiply Num "x1 * x2" standard exact [];
            /// The next number after `x1` towards `x2`.
            nextafter Nextafter Float "the neighbour of x1 in the direction of x2" standard exact [];
            /// Whether the elements differ.
            not_equal NotEqual Element "x1 != x2" standard exact ["ne"];
            /// `x1` to the power of `x2`; of integers the integer part of the real result.
            pow Pow Num "x1^x2" standard level ["power"];
            /// The summand of a relative entropy: 0 where `x1` is 0, infinite where an element is negative.
            rel_entr RelEntr Float "x1 ln(x1 / x2)" beside level [];
            /// The remainder of the division rounded down, which has the sign of `x2`; by an integer zero it is 0.
            remainder Remainder Real "x1 - floor(x1 / x2) * x2" standard exact ["mod" "modulo"];
            /// The difference of the elements; integers wrap around.
            subtract Subtract Num "x1 - x2" standard exact ["sub"];
            /// `x1` times the logarithm of 1 plus `x2`, 0 where `x1` is 0.
            xlog1py Xlog1py Float "x1 * ln(1 + x2)" beside level [];
            /// `x1` times the logarithm of `x2`, 0 where `x1` is 0.
            xlogy Xlogy Float "x1 * ln(x2)" beside level [];
        }
    };
}

/// What a row of a table says, as an [`Operation`].
macro_rules! row {
    ($kind:ident $Trait:ident: $doc:literal $name:ident $Op:ident $bound:ident $formula:literal $place:ident $exact:ident [$($alias:literal)*]) => {
        $crate::ops::Operation {
            name: stringify!($name),
            kind: $crate::ops::OperationKind::$kind,
            doc: $doc.trim_ascii(),
            formula: $formula,
            bound: stringify!($bound),
            standard: $crate::ops::table::row!(@ $place),
            exact: $crate::ops::table::row!(@ $exact),
            aliases: &[$($alias),*],
            device: <$Op as $Trait<$crate::ops::table::row!(@one $bound)>>::DEVICE,
            result: |dtype| $crate::ops::table::row!(@all $bound dtype $Op $Trait),
        }
    };
    (@ standard) => { true };
    (@ beside) => { false };
    (@ exact) => { true };
    (@ level) => { false };
    (@one bool) => { bool };
    (@one Bits) => { i64 };
    (@one Integer) => { i64 };
    (@one $any:ident) => { f64 };
    (@all bool $($rest:tt)*) => { $crate::ops::table::row!(@of [bool] $($rest)*) };
    (@all Element $($rest:tt)*) => { $crate::ops::table::row!(@of [bool i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 C64 C128] $($rest)*) };
    (@all Num $($rest:tt)*) => { $crate::ops::table::row!(@of [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 C64 C128] $($rest)*) };
    (@all Real $($rest:tt)*) => { $crate::ops::table::row!(@of [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64] $($rest)*) };
    (@all Integer $($rest:tt)*) => { $crate::ops::table::row!(@of [i8 i16 i32 i64 u8 u16 u32 u64] $($rest)*) };
    (@all Bits $($rest:tt)*) => { $crate::ops::table::row!(@of [bool i8 i16 i32 i64 u8 u16 u32 u64] $($rest)*) };
    (@all Floating $($rest:tt)*) => { $crate::ops::table::row!(@of [f16 bf16 f32 f64 C64 C128] $($rest)*) };
    (@all Float $($rest:tt)*) => { $crate::ops::table::row!(@of [f16 bf16 f32 f64] $($rest)*) };
    (@of [$($t:ident)*] $dtype:ident $Op:ident $Trait:ident) => {{
        #[allow(unused_imports)]
        use $crate::ops::table::dtypes::*;
        match $dtype {
            $(<$t as $crate::dtype::Element>::DTYPE => Some(<<$Op as $Trait<$t>>::Out as $crate::dtype::Element>::DTYPE),)*
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }};
}
pub(crate) use row;

/// The names of the dtypes in rows.
pub(crate) mod dtypes {
    pub use half::{bf16, f16};
    pub type C64 = num_complex::Complex<f32>;
    pub type C128 = num_complex::Complex<f64>;
}

/// Every operation that has a row in a table: on one operand, on two, reductions.
pub const OPERATIONS: [&[Operation]; 3] = [crate::elementwise::UNARY, crate::elementwise::BINARY, crate::reduction::REDUCTIONS];

/// Every operation that has a row in a table.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{Abs, BinaryOp, Exp, Less, UnaryOp};

    #[test]
    fn every_operation_says_what_it_computes() {
        let mut names = std::collections::HashSet::new();
        for operation in operations() {
            let Operation { name, doc, formula, .. } = operation;
            assert!(names.insert(name), "two rows of {name}");
            assert!(doc.ends_with('.') && doc.len() > 10 && !doc.contains('\n'), "{name}: one sentence is wanted, not `{doc}`");
            assert!(!formula.is_empty() && formula != name, "{name}: `{formula}`");
            assert!(operation.device.is_library(), "{name}");
        }
        assert!(names.len() > 70);
    }

    #[test]
    fn results_are_those_of_the_types() {
        let of = |name: &str| *operations().find(|o| o.name == name).unwrap();
        assert_eq!((of("abs").result)(DType::C64), Some(<<Abs as UnaryOp<dtypes::C64>>::Out as crate::dtype::Element>::DTYPE));
        assert_eq!((of("abs").result)(DType::C64), Some(DType::F32));
        assert_eq!((of("less").result)(DType::U8), Some(<<Less as BinaryOp<u8>>::Out as crate::dtype::Element>::DTYPE));
        assert_eq!((of("exp").result)(DType::I32), None);
        assert_eq!((of("exp").result)(DType::F16), Some(DType::F16));
        assert_eq!((of("logical_not").result)(DType::Bool), Some(DType::Bool));
        assert_eq!((of("logical_not").result)(DType::U8), None);
        assert_eq!(of("exp").device, <Exp as UnaryOp<f64>>::DEVICE);
        assert!(of("exp").standard && !of("erf").standard && of("floor").exact && !of("exp").exact);
    }
}
