//! Reductions: sums, products, extremes, and where they are.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, Dyn, Ix0};
use crate::dtype::{Element, Float, Floating, Num, Real};
use crate::error::{OrMisuse, Result};
use crate::expr::{CHUNK, Expr, Lazy, LazyReduction, eval_reduction};
use crate::math::{Baseline, Isa};
use crate::ops::{Add, BinaryOp, Multiply};
use crate::shape::{normalize_axes, normalize_axis};

/// An associative combination of many elements into one.
///
/// A backend splits the elements into blocks, pushes the elements of each block one after the other, or in lanes that
/// are merged, and merges the blocks in a fixed order. For one shape the order is always the same, so results are
/// reproducible bit for bit whatever the number of threads.
pub trait Reduction<T: Element>: Copy + Send + Sync + 'static {
    /// What is carried along.
    type Acc: Copy + Send + Sync + 'static;
    /// The dtype of the result.
    type Out: Element;
    /// The standard's name.
    const NAME: &'static str;
    /// Whether there is a result for no elements.
    const HAS_IDENTITY: bool;
    /// Whether `push` uses the position of the element.
    const INDEXED: bool = false;
    /// The start: merging with it changes nothing.
    fn identity() -> Self::Acc;
    /// Adds the element at position `index` among the reduced ones.
    fn push<I: Isa>(acc: Self::Acc, x: T, index: usize) -> Self::Acc;
    /// Adds a chunk of elements, `x(j)` at position `first + j`, each to an accumulator of its own or all to one of them.
    #[inline(always)]
    fn push_chunk<I: Isa>(acc: &mut [Self::Acc; CHUNK], x: impl Fn(usize) -> T, first: usize) {
        for (j, a) in acc.iter_mut().enumerate() {
            *a = Self::push::<I>(*a, x(j), first + j);
        }
    }
    /// Joins two accumulators, of which `a` saw earlier blocks.
    fn merge(a: Self::Acc, b: Self::Acc) -> Self::Acc;
    /// The result after `count` elements.
    fn finish(acc: Self::Acc, count: usize) -> Self::Out;
    /// The name of the class template in the device library of a backend that generates kernels: over the dtype of the
    /// elements, with this trait's types and functions (see [`crate::expr::source`]).
    #[must_use]
    fn source() -> String {
        format!("reduce_{}", Self::NAME)
    }
}

/// Sum in a wide enough type: 64 bits for integers, `f32` for halves.
#[derive(Clone, Copy, Debug)]
pub struct Sum;
impl<T: Num> Reduction<T> for Sum {
    type Acc = T::Wide;
    type Out = T::Accum;
    const NAME: &'static str = "sum";
    const HAS_IDENTITY: bool = true;
    #[inline(always)]
    fn identity() -> T::Wide {
        T::Wide::ZERO
    }
    #[inline(always)]
    fn push<I: Isa>(acc: T::Wide, x: T, _: usize) -> T::Wide {
        <Add as BinaryOp<T::Wide>>::apply::<I>(acc, x.cast())
    }
    #[inline(always)]
    fn merge(a: T::Wide, b: T::Wide) -> T::Wide {
        <Add as BinaryOp<T::Wide>>::apply::<Baseline>(a, b)
    }
    #[inline(always)]
    fn finish(acc: T::Wide, _: usize) -> T::Accum {
        acc.cast()
    }
}

/// Product, in the type of [`Sum`].
#[derive(Clone, Copy, Debug)]
pub struct Prod;
impl<T: Num> Reduction<T> for Prod {
    type Acc = T::Wide;
    type Out = T::Accum;
    const NAME: &'static str = "prod";
    const HAS_IDENTITY: bool = true;
    #[inline(always)]
    fn identity() -> T::Wide {
        T::Wide::ONE
    }
    #[inline(always)]
    fn push<I: Isa>(acc: T::Wide, x: T, _: usize) -> T::Wide {
        <Multiply as BinaryOp<T::Wide>>::apply::<I>(acc, x.cast())
    }
    #[inline(always)]
    fn merge(a: T::Wide, b: T::Wide) -> T::Wide {
        <Multiply as BinaryOp<T::Wide>>::apply::<Baseline>(a, b)
    }
    #[inline(always)]
    fn finish(acc: T::Wide, _: usize) -> T::Accum {
        acc.cast()
    }
}

/// Arithmetic mean; NaN of no elements.
#[derive(Clone, Copy, Debug)]
pub struct Mean;
impl<T: Floating> Reduction<T> for Mean {
    type Acc = T::Wide;
    type Out = T;
    const NAME: &'static str = "mean";
    const HAS_IDENTITY: bool = true;
    #[inline(always)]
    fn identity() -> T::Wide {
        T::Wide::ZERO
    }
    #[inline(always)]
    fn push<I: Isa>(acc: T::Wide, x: T, i: usize) -> T::Wide {
        <Sum as Reduction<T>>::push::<I>(acc, x, i)
    }
    #[inline(always)]
    fn merge(a: T::Wide, b: T::Wide) -> T::Wide {
        <Sum as Reduction<T>>::merge(a, b)
    }
    fn finish(acc: T::Wide, count: usize) -> T {
        (acc / T::Wide::from_usize(count)).cast()
    }
}

macro_rules! extremes {
    ($($(#[$doc:meta])* $R:ident $name:literal $arg:ident $arg_name:literal $start:ident $better:tt;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $R;
        impl<T: Real> Reduction<T> for $R {
            type Acc = T;
            type Out = T;
            const NAME: &'static str = $name;
            const HAS_IDENTITY: bool = false;
            #[inline(always)]
            fn identity() -> T { T::$start }
            #[inline(always)]
            fn push<I: Isa>(acc: T, x: T, _: usize) -> T { if (x $better acc) | x.is_nan() { x } else { acc } }
            #[inline(always)]
            fn merge(a: T, b: T) -> T { Self::push::<Baseline>(a, b, 0) }
            #[inline(always)]
            fn finish(acc: T, _: usize) -> T { acc }
        }
        #[doc = concat!("Position of the first ", $name, "imum; of the first NaN when there is one.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $arg;
        impl<T: Real> Reduction<T> for $arg {
            /// The element as wide as its position: the compiler then keeps both side by side in vectors.
            type Acc = (T::Widest, i64);
            type Out = i64;
            const NAME: &'static str = $arg_name;
            const HAS_IDENTITY: bool = false;
            const INDEXED: bool = true;
            #[inline(always)]
            fn identity() -> Self::Acc { (T::$start.cast(), i64::MAX) }
            #[inline(always)]
            fn push<I: Isa>(acc: Self::Acc, x: T, index: usize) -> Self::Acc { <Self as Reduction<T>>::merge(acc, (x.cast(), index as i64)) }
            /// Looks for the position only in chunks that beat all before.
            #[inline(always)]
            fn push_chunk<I: Isa>(acc: &mut [Self::Acc; CHUNK], x: impl Fn(usize) -> T, first: usize) {
                let (best, at): (T, i64) = (acc[0].0.cast(), acc[0].1);
                let mut beaten = at == i64::MAX;
                for j in 0..CHUNK {
                    beaten |= (x(j) $better best) | (x(j).is_nan() & !best.is_nan());
                }
                if beaten {
                    for j in 0..CHUNK {
                        acc[0] = <Self as Reduction<T>>::push::<I>(acc[0], x(j), first + j);
                    }
                }
            }
            #[inline(always)]
            fn merge(a: Self::Acc, b: Self::Acc) -> Self::Acc {
                let better = (b.0 $better a.0) | (b.0.is_nan() & !a.0.is_nan());
                let tie = (b.0 == a.0) | (b.0.is_nan() & a.0.is_nan());
                if better | (tie & (b.1 < a.1)) { b } else { a }
            }
            #[inline(always)]
            fn finish(acc: Self::Acc, _: usize) -> i64 { acc.1 }
        }
    )*};
}
extremes! {
    /// The largest element; NaN when there is one.
    Max "max" ArgMax "argmax" LOWEST >;
    /// The smallest element; NaN when there is one.
    Min "min" ArgMin "argmin" HIGHEST <;
}

macro_rules! tests {
    ($($(#[$doc:meta])* $R:ident $name:literal $acc:ty => $out:ty, $start:literal, |$a:ident, $b:ident| $merge:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $R;
        impl<T: Element> Reduction<T> for $R {
            type Acc = $acc;
            type Out = $out;
            const NAME: &'static str = $name;
            const HAS_IDENTITY: bool = true;
            #[inline(always)]
            fn identity() -> $acc { $start }
            #[inline(always)]
            fn push<I: Isa>($a: $acc, x: T, _: usize) -> $acc { let $b: $acc = x.is_truthy().into(); $merge }
            #[inline(always)]
            fn merge($a: $acc, $b: $acc) -> $acc { $merge }
            #[inline(always)]
            fn finish(acc: $acc, _: usize) -> $out { acc }
        }
    )*};
}
tests! {
    /// Whether no element is zero or `false`.
    All "all" bool => bool, true, |a, b| a & b;
    /// Whether some element is neither zero nor `false`.
    Any "any" bool => bool, false, |a, b| a | b;
    /// The number of elements that are neither zero nor `false`.
    CountNonzero "count_nonzero" i64 => i64, 0, |a, b| a + b;
}

macro_rules! reductions {
    ($($name:ident $keep:ident $all:ident $axes:tt $R:ident $bound:ident: $what:literal;)*) => {$(
        impl<B: Backend, T: $bound, D: Dim> Array<B, T, D> {
            #[doc = concat!($what, " along one axis, counted from the end when negative.")]
            ///
            /// # Panics
            /// When the axis does not exist, or is empty and the result has no identity.
            #[must_use]
            #[track_caller]
            pub fn $name(&self, axis: isize) -> Array<B, <$R as Reduction<T>>::Out, D::Smaller> {
                reduce_axis::<$R, _, _>(&self, axis, false).or_misuse()
            }
            #[doc = concat!($what, " along one axis, which stays with length 1.")]
            ///
            /// # Panics
            /// When the axis does not exist, or is empty and the result has no identity.
            #[must_use]
            #[track_caller]
            pub fn $keep(&self, axis: isize) -> Array<B, <$R as Reduction<T>>::Out, D> {
                reduce_axis::<$R, _, _>(&self, axis, true).or_misuse()
            }
            #[doc = concat!($what, " of all elements, as a scalar array.")]
            ///
            /// # Panics
            /// When the array is empty and the result has no identity.
            #[must_use]
            #[track_caller]
            pub fn $all(&self) -> Array<B, <$R as Reduction<T>>::Out, Ix0> {
                let axes: Vec<usize> = (0..self.ndim()).collect();
                eval_reduction::<$R, _, _>(&self, &axes, false).or_misuse()
            }
        }
        impl<E: Expr> Lazy<E>
        where
            E::Elem: $bound,
        {
            #[doc = concat!($what, " along one axis.")]
            pub fn $name(self, axis: isize) -> LazyReduction<$R, E, <E::Dim as DimBase>::Smaller> {
                self.reduce(axis)
            }
            #[doc = concat!($what, " along one axis, which stays with length 1.")]
            pub fn $keep(self, axis: isize) -> LazyReduction<$R, E, E::Dim> {
                self.reduce_keepdims(axis)
            }
            #[doc = concat!($what, " of all elements.")]
            pub fn $all(self) -> LazyReduction<$R, E, Ix0> {
                self.reduce_all()
            }
        }
        reductions!(@axes $axes $R $bound $what);
    )*};
    (@axes _ $R:ident $bound:ident $what:literal) => {};
    (@axes $axes:ident $R:ident $bound:ident $what:literal) => {
        impl<B: Backend, T: $bound, D: Dim> Array<B, T, D> {
            #[doc = concat!($what, " along several axes, which stay with length 1 if `keepdims`.")]
            ///
            /// # Panics
            /// When an axis does not exist or is named twice.
            #[must_use]
            #[track_caller]
            pub fn $axes(&self, axes: &[isize], keepdims: bool) -> Array<B, <$R as Reduction<T>>::Out, Dyn> {
                normalize_axes(axes, self.ndim()).and_then(|axes| eval_reduction::<$R, _, _>(&self, &axes, keepdims)).or_misuse()
            }
        }
        impl<E: Expr> Lazy<E>
        where
            E::Elem: $bound,
        {
            #[doc = concat!($what, " along several axes, which stay with length 1 if `keepdims`.")]
            pub fn $axes(self, axes: &[isize], keepdims: bool) -> LazyReduction<$R, E, Dyn> {
                self.reduce_axes(axes, keepdims)
            }
        }
    };
}
reductions! {
    sum sum_keepdims sum_all sum_axes Sum Num: "Sum";
    prod prod_keepdims prod_all prod_axes Prod Num: "Product";
    mean mean_keepdims mean_all mean_axes Mean Floating: "Arithmetic mean";
    max max_keepdims max_all max_axes Max Real: "Largest element";
    min min_keepdims min_all min_axes Min Real: "Smallest element";
    all all_keepdims all_all all_axes All Element: "Whether no element is zero or `false`";
    any any_keepdims any_all any_axes Any Element: "Whether some element is neither zero nor `false`";
    count_nonzero count_nonzero_keepdims count_nonzero_all count_nonzero_axes CountNonzero Element: "Number of elements that are neither zero nor `false`";
    argmax argmax_keepdims argmax_all _ ArgMax Real: "Position of the first largest element";
    argmin argmin_keepdims argmin_all _ ArgMin Real: "Position of the first smallest element";
}

fn reduce_axis<R: Reduction<E::Elem>, E: Expr, D: Dim>(e: &E, axis: isize, keepdims: bool) -> Result<Array<E::Backend, R::Out, D>> {
    let axis = normalize_axis(axis, e.shape()?.as_ref().len())?;
    eval_reduction::<R, E, D>(e, &[axis], keepdims)
}

impl<B: Backend, T: Floating, D: Dim> Array<B, T, D> {
    /// Variance along one axis: the sum of the squared magnitudes of the deviations from the mean, divided by
    /// `n - correction`; NaN when that is not positive.
    ///
    /// Two passes (the mean, then the deviations), so that it is accurate whatever the mean.
    ///
    /// # Panics
    /// When the axis does not exist.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1.0, 2.0], [3.0, 6.0]];
    /// assert_eq!(x.var(0, 0.0).to_vec(), [1.0, 4.0]);
    /// assert_eq!(x.var(0, 1.0).to_vec(), [2.0, 8.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var(&self, axis: isize, correction: f64) -> Array<B, T::Real, D::Smaller> {
        let n = self.axis_len(axis);
        let mean = self.mean_keepdims(axis);
        let sums = (self.lazy() - &mean).abs_square().sum(axis).eval();
        scale(sums, n, correction)
    }
    /// Variance along one axis, which stays with length 1; see [`Array::var`].
    ///
    /// # Panics
    /// When the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn var_keepdims(&self, axis: isize, correction: f64) -> Array<B, T::Real, D> {
        let n = self.axis_len(axis);
        let mean = self.mean_keepdims(axis);
        scale((self.lazy() - &mean).abs_square().sum_keepdims(axis).eval(), n, correction)
    }
    /// Variance of all elements; see [`Array::var`].
    #[must_use]
    #[track_caller]
    pub fn var_all(&self, correction: f64) -> Array<B, T::Real, Ix0> {
        let mean = self.mean_all();
        let sums = (self.lazy() - &mean).abs_square().sum_all().eval();
        scale(sums, self.size(), correction)
    }
    #[track_caller]
    fn axis_len(&self, axis: isize) -> usize {
        self.dims()[normalize_axis(axis, self.ndim()).or_misuse()]
    }
}

impl<B: Backend, T: Floating, D: Dim> Array<B, T, D> {
    /// Standard deviation along one axis, the square root of [`Array::var`].
    ///
    /// # Panics
    /// When the axis does not exist.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![[1.0, 2.0], [3.0, 6.0]].std(0, 0.0).to_vec(), [1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn std(&self, axis: isize, correction: f64) -> Array<B, T::Real, D::Smaller> {
        self.var(axis, correction).into_lazy().sqrt().eval()
    }
    /// Standard deviation along one axis, which stays with length 1; see [`Array::std`].
    ///
    /// # Panics
    /// When the axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn std_keepdims(&self, axis: isize, correction: f64) -> Array<B, T::Real, D> {
        self.var_keepdims(axis, correction).into_lazy().sqrt().eval()
    }
    /// Standard deviation of all elements; see [`Array::std`].
    #[must_use]
    #[track_caller]
    pub fn std_all(&self, correction: f64) -> Array<B, T::Real, Ix0> {
        self.var_all(correction).into_lazy().sqrt().eval()
    }
}

pub(crate) fn scale<B: Backend, R: Float, D: Dim>(sums: Array<B, R, D>, n: usize, correction: f64) -> Array<B, R, D> {
    let dof = n as f64 - correction;
    let dof = if dof > 0.0 { dof } else { f64::NAN };
    sums / R::from_f64(dof)
}
