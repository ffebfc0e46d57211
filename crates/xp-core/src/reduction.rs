//! Reductions: sums, products, extremes, and where they are.

use crate::array::Array;
use crate::axes::Axes;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::{DType, Element, Floating, Num, Real};
use crate::error::{OrMisuse, Result};
use crate::expr::{CHUNK, Expr, InChunk, Lazy, LazyReduction, eval_axes};
use crate::math::{Baseline, Isa};
pub use crate::moments::{Std, Var};
use crate::moments::{WideReal, variance};
use crate::ops::table::row;
use crate::ops::{Add, BinaryOp, DeviceSource, Multiply, Operation, Parameters, Subtract};
pub use crate::outputs::{Outputs, Place};
use crate::wide::converted;

/// An associative combination of many elements into one.
///
/// A backend splits the elements into blocks, pushes the elements of each block one after the other, or in lanes that
/// are merged, and merges the blocks in a fixed order. For one shape the order is always the same, so results are
/// reproducible bit for bit whatever the number of threads.
///
/// A reduction is a value, whose fields, if it has any, are its parameters. A tuple of two to six reductions is a reduction
/// too: the elements are read, and those of a lazy expression computed, once for all of them, on every backend, and the
/// results are a tuple of arrays.
///
/// ```
/// use xp::prelude::*;
/// use xp::reduction::{ArgMax, Max, Mean, Var};
/// let x = array![[1.0_f64, 2.0], [3.0, 6.0], [2.0, 1.0]];
/// let (mean, var) = x.reduce((Mean, Var(1.0)), 0);
/// assert_eq!((mean.to_vec(), var.to_vec()), (vec![2.0, 3.0], vec![1.0, 7.0]));
/// // One pass over `x`, in which its squares are computed:
/// let (largest, place) = x.lazy().square().reduce((Max, ArgMax), KeepDims(1)).eval();
/// assert_eq!((largest.to_vec(), place.to_vec()), (vec![4.0, 36.0, 4.0], vec![1, 1, 0]));
/// ```
pub trait Reduction<T: Element>: Copy + Send + Sync + 'static {
    /// What is carried along.
    type Acc: Copy + Send + Sync + 'static;
    /// The dtype of the result; of a tuple of reductions a tuple.
    type Out: Outputs;
    /// An accumulator as elements: what [`Partial`] gives.
    type Partial: Outputs;
    /// The standard's name.
    const NAME: &'static str;
    /// The class template of backends that generate code.
    const DEVICE: DeviceSource;
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
    fn push_chunk<I: Isa>(acc: &mut [Self::Acc; CHUNK], x: impl Fn(InChunk) -> T, first: usize) {
        for j in InChunk::all() {
            acc[j.get()] = Self::push::<I>(acc[j.get()], x(j), first + j.get());
        }
    }
    /// Joins two accumulators, of which `a` saw earlier blocks.
    fn merge(a: Self::Acc, b: Self::Acc) -> Self::Acc;
    /// The result after `count` elements.
    fn finish(self, acc: Self::Acc, count: usize) -> Self::Out;
    /// The accumulator as elements.
    fn to_partial(acc: Self::Acc) -> Self::Partial;
    /// The accumulator of a part of the elements, the first of which is at position `first` among all.
    fn from_partial(partial: Self::Partial, first: usize) -> Self::Acc;
    /// The values that the reduction carries, as `finish` of its device template takes them after the count. A reduction whose
    /// type has fields has parameters.
    fn parameters(self) -> Parameters {
        Parameters::new()
    }
    /// What a backend that generates code has to know: of one reduction one part, of a tuple one for each of its reductions.
    #[doc(hidden)]
    fn parts(self) -> Vec<Part> {
        vec![Part {
            name: Self::NAME,
            device: Self::DEVICE,
            accumulator: size_of::<Self::Acc>(),
            has_identity: Self::HAS_IDENTITY,
            indexed: Self::INDEXED,
            has_fields: size_of::<Self>() > 0,
            parameters: self.parameters(),
            elements: Self::Partial::COUNT,
            partial: false,
        }]
    }
}

/// One reduction of those that run together.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Where its class template is.
    pub device: DeviceSource,
    /// The size of the host's accumulator in bytes.
    pub accumulator: usize,
    pub(crate) has_identity: bool,
    pub(crate) indexed: bool,
    pub(crate) has_fields: bool,
    pub(crate) parameters: Parameters,
    elements: usize,
    /// Whether it gives the elements of its accumulator, as for [`Partial`], instead of a result.
    pub partial: bool,
}

impl Part {
    /// The values that it carries: their dtypes and bytes.
    pub fn parameters(&self) -> impl Iterator<Item = (DType, [u8; 16])> + '_ {
        self.parameters.iter()
    }

    /// How many results it gives.
    #[must_use]
    pub fn results(&self) -> usize {
        if self.partial { self.elements } else { 1 }
    }
}

macro_rules! tuples {
    ($(($($R:ident $k:tt $a:ident),*);)*) => {$(
        impl<Elem: Element, $($R: Reduction<Elem>),*> Reduction<Elem> for ($($R,)*) {
            type Acc = ($($R::Acc,)*);
            type Out = ($($R::Out,)*);
            type Partial = ($($R::Partial,)*);
            const NAME: &'static str = "several reductions";
            /// Its [parts](Reduction::parts) have sources.
            const DEVICE: DeviceSource = DeviceSource::NONE;
            const HAS_IDENTITY: bool = $($R::HAS_IDENTITY)&&*;
            const INDEXED: bool = $($R::INDEXED)||*;
            #[inline(always)]
            fn identity() -> Self::Acc {
                ($($R::identity(),)*)
            }
            #[inline(always)]
            fn push<I: Isa>(acc: Self::Acc, x: Elem, index: usize) -> Self::Acc {
                ($($R::push::<I>(acc.$k, x, index),)*)
            }
            /// Every element is computed once, and each reduction takes the chunk by its own way.
            #[inline(always)]
            fn push_chunk<I: Isa>(acc: &mut [Self::Acc; CHUNK], x: impl Fn(InChunk) -> Elem, first: usize) {
                let mut values = [Elem::default(); CHUNK];
                for j in InChunk::all() {
                    values[j.get()] = x(j);
                }
                $(
                    let mut $a = [$R::identity(); CHUNK];
                    for (one, all) in $a.iter_mut().zip(&*acc) {
                        *one = all.$k;
                    }
                    $R::push_chunk::<I>(&mut $a, |j| values[j.get()], first);
                )*
                for (j, all) in acc.iter_mut().enumerate() {
                    *all = ($($a[j],)*);
                }
            }
            #[inline(always)]
            fn merge(a: Self::Acc, b: Self::Acc) -> Self::Acc {
                ($($R::merge(a.$k, b.$k),)*)
            }
            #[inline(always)]
            fn finish(self, acc: Self::Acc, count: usize) -> Self::Out {
                ($(self.$k.finish(acc.$k, count),)*)
            }
            fn to_partial(acc: Self::Acc) -> Self::Partial {
                ($($R::to_partial(acc.$k),)*)
            }
            fn from_partial(partial: Self::Partial, first: usize) -> Self::Acc {
                ($($R::from_partial(partial.$k, first),)*)
            }
            fn parts(self) -> Vec<Part> {
                [$(self.$k.parts()),*].concat()
            }
        }
    )*};
}
tuples! {
    (Q 0 a, R 1 b);
    (Q 0 a, R 1 b, S 2 c);
    (Q 0 a, R 1 b, S 2 c, T 3 d);
    (Q 0 a, R 1 b, S 2 c, T 3 d, U 4 e);
    (Q 0 a, R 1 b, S 2 c, T 3 d, U 4 e, V 5 f);
}

/// The accumulator of a reduction instead of its result: of the parts of an array, of which each is reduced alone, as on
/// several machines, the results are then [joined](Reduction::merge) to what the whole gives, up to rounding.
///
/// Of a reduction of your own, backends that generate code need a function `partial` beside those of its source: in CUDA C++ a member of the
/// class template, which writes the elements of the accumulator to place `i` of their arrays (`static void partial(Acc a, i64 i, T* value,
/// i64* at)`).
///
/// ```
/// use xp::prelude::*;
/// use xp::reduction::{ArgMax, Mean, Partial, Reduction};
/// let x = array![3.0_f64, 1.0, 7.0, 5.0, 4.0];
/// let part = |first: usize, end: usize| {
///     let (mean, (largest, place)) = x.slice(s![first..end])?.reduce(Partial((Mean, ArgMax)), ..);
///     let partial = (mean.item()?, (largest.item()?, place.item()?));
///     Ok::<_, xp::Error>(<(Mean, ArgMax) as Reduction<f64>>::from_partial(partial, first))
/// };
/// let whole = <(Mean, ArgMax) as Reduction<f64>>::merge(part(0, 2)?, part(2, 5)?);
/// assert_eq!(Reduction::<f64>::finish((Mean, ArgMax), whole, 5), (4.0, 2));
/// # Ok::<(), xp::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Partial<R>(pub R);
impl<T: Element, R: Reduction<T>> Reduction<T> for Partial<R> {
    type Acc = R::Acc;
    type Out = R::Partial;
    type Partial = R::Partial;
    const NAME: &'static str = R::NAME;
    const DEVICE: DeviceSource = R::DEVICE;
    const HAS_IDENTITY: bool = R::HAS_IDENTITY;
    const INDEXED: bool = R::INDEXED;
    #[inline(always)]
    fn identity() -> R::Acc {
        R::identity()
    }
    #[inline(always)]
    fn push<I: Isa>(acc: R::Acc, x: T, index: usize) -> R::Acc {
        R::push::<I>(acc, x, index)
    }
    #[inline(always)]
    fn push_chunk<I: Isa>(acc: &mut [R::Acc; CHUNK], x: impl Fn(InChunk) -> T, first: usize) {
        R::push_chunk::<I>(acc, x, first);
    }
    #[inline(always)]
    fn merge(a: R::Acc, b: R::Acc) -> R::Acc {
        R::merge(a, b)
    }
    #[inline(always)]
    fn finish(self, acc: R::Acc, _: usize) -> R::Partial {
        R::to_partial(acc)
    }
    fn to_partial(acc: R::Acc) -> R::Partial {
        R::to_partial(acc)
    }
    fn from_partial(partial: R::Partial, first: usize) -> R::Acc {
        R::from_partial(partial, first)
    }
    fn parameters(self) -> Parameters {
        self.0.parameters()
    }
    fn parts(self) -> Vec<Part> {
        self.0.parts().into_iter().map(|part| Part { partial: true, ..part }).collect()
    }
}

/// Sum in a wide enough type: 64 bits for integers, `f32` for halves.
#[derive(Clone, Copy, Debug)]
pub struct Sum;
impl<T: Num> Reduction<T> for Sum {
    type Acc = T::Wide;
    type Out = T::Accum;
    type Partial = T::Wide;
    const NAME: &'static str = "sum";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    const HAS_IDENTITY: bool = true;
    #[inline(always)]
    fn identity() -> T::Wide {
        T::Wide::ZERO
    }
    #[inline(always)]
    fn push<I: Isa>(acc: T::Wide, x: T, _: usize) -> T::Wide {
        Add.apply::<I>(acc, x.cast())
    }
    #[inline(always)]
    fn merge(a: T::Wide, b: T::Wide) -> T::Wide {
        Add.apply::<Baseline>(a, b)
    }
    #[inline(always)]
    fn finish(self, acc: T::Wide, _: usize) -> T::Accum {
        acc.cast()
    }
    fn to_partial(acc: T::Wide) -> T::Wide {
        acc
    }
    fn from_partial(partial: T::Wide, _: usize) -> T::Wide {
        partial
    }
}

/// Product, in the type of [`Sum`].
#[derive(Clone, Copy, Debug)]
pub struct Prod;
impl<T: Num> Reduction<T> for Prod {
    type Acc = T::Wide;
    type Out = T::Accum;
    type Partial = T::Wide;
    const NAME: &'static str = "prod";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    const HAS_IDENTITY: bool = true;
    #[inline(always)]
    fn identity() -> T::Wide {
        T::Wide::ONE
    }
    #[inline(always)]
    fn push<I: Isa>(acc: T::Wide, x: T, _: usize) -> T::Wide {
        Multiply.apply::<I>(acc, x.cast())
    }
    #[inline(always)]
    fn merge(a: T::Wide, b: T::Wide) -> T::Wide {
        Multiply.apply::<Baseline>(a, b)
    }
    #[inline(always)]
    fn finish(self, acc: T::Wide, _: usize) -> T::Accum {
        acc.cast()
    }
    fn to_partial(acc: T::Wide) -> T::Wide {
        acc
    }
    fn from_partial(partial: T::Wide, _: usize) -> T::Wide {
        partial
    }
}

/// Arithmetic mean; NaN of no elements.
#[derive(Clone, Copy, Debug)]
pub struct Mean;
impl<T: Floating> Reduction<T> for Mean {
    type Acc = T::Wide;
    type Out = T;
    type Partial = T::Wide;
    const NAME: &'static str = "mean";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
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
    fn finish(self, acc: T::Wide, count: usize) -> T {
        (acc / T::Wide::from_usize(count)).cast()
    }
    fn to_partial(acc: T::Wide) -> T::Wide {
        acc
    }
    fn from_partial(partial: T::Wide, _: usize) -> T::Wide {
        partial
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
            type Partial = T;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            const HAS_IDENTITY: bool = false;
            #[inline(always)]
            fn identity() -> T { T::$start }
            #[inline(always)]
            fn push<I: Isa>(acc: T, x: T, _: usize) -> T { if (x $better acc) | x.is_nan() { x } else { acc } }
            #[inline(always)]
            fn merge(a: T, b: T) -> T { Self::push::<Baseline>(a, b, 0) }
            #[inline(always)]
            fn finish(self, acc: T, _: usize) -> T { acc }
            fn to_partial(acc: T) -> T { acc }
            fn from_partial(partial: T, _: usize) -> T { partial }
        }
        #[doc = concat!("Position of the first ", $name, "imum; of the first NaN when there is one.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $arg;
        impl<T: Real> Reduction<T> for $arg {
            /// The element as wide as its position: the compiler then keeps both side by side in vectors.
            type Acc = (T::Widest, i64);
            type Out = i64;
            type Partial = (T, i64);
            const NAME: &'static str = $arg_name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            const HAS_IDENTITY: bool = false;
            const INDEXED: bool = true;
            #[inline(always)]
            fn identity() -> Self::Acc { (T::$start.cast(), i64::MAX) }
            #[inline(always)]
            fn push<I: Isa>(acc: Self::Acc, x: T, index: usize) -> Self::Acc { <Self as Reduction<T>>::merge(acc, (x.cast(), index as i64)) }
            /// Looks for the position only in chunks that beat all before.
            #[inline(always)]
            fn push_chunk<I: Isa>(acc: &mut [Self::Acc; CHUNK], x: impl Fn(InChunk) -> T, first: usize) {
                let (best, at): (T, i64) = (acc[0].0.cast(), acc[0].1);
                let mut beaten = at == i64::MAX;
                for j in InChunk::all() {
                    beaten |= (x(j) $better best) | (x(j).is_nan() & !best.is_nan());
                }
                if beaten {
                    for j in InChunk::all() {
                        acc[0] = <Self as Reduction<T>>::push::<I>(acc[0], x(j), first + j.get());
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
            fn finish(self, acc: Self::Acc, _: usize) -> i64 { acc.1 }
            fn to_partial((x, at): Self::Acc) -> (T, i64) { (x.cast(), at) }
            /// The start, which has no position, stays.
            fn from_partial((x, at): (T, i64), first: usize) -> Self::Acc { (x.cast(), at.saturating_add_unsigned(first as u64)) }
        }
    )*};
}
extremes! {
    /// The largest element; NaN when there is one.
    Max "max" ArgMax "argmax" LOWEST >;
    /// The smallest element; NaN when there is one.
    Min "min" ArgMin "argmin" HIGHEST <;
}

/// The distance between the smallest and the largest element; NaN when there is one.
#[derive(Clone, Copy, Debug)]
pub struct Ptp;
impl<T: Real> Reduction<T> for Ptp {
    /// The smallest and the largest element so far.
    type Acc = (T, T);
    type Out = T;
    type Partial = (T, T);
    const NAME: &'static str = "ptp";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    const HAS_IDENTITY: bool = false;
    #[inline(always)]
    fn identity() -> (T, T) {
        (<Min as Reduction<T>>::identity(), <Max as Reduction<T>>::identity())
    }
    #[inline(always)]
    fn push<I: Isa>(acc: (T, T), x: T, i: usize) -> (T, T) {
        (<Min as Reduction<T>>::push::<I>(acc.0, x, i), <Max as Reduction<T>>::push::<I>(acc.1, x, i))
    }
    #[inline(always)]
    fn merge(a: (T, T), b: (T, T)) -> (T, T) {
        (<Min as Reduction<T>>::merge(a.0, b.0), <Max as Reduction<T>>::merge(a.1, b.1))
    }
    fn finish(self, acc: (T, T), _: usize) -> T {
        <Subtract as BinaryOp<T>>::apply::<Baseline>(Subtract, acc.1, acc.0)
    }
    fn to_partial(acc: (T, T)) -> (T, T) {
        acc
    }
    fn from_partial(partial: (T, T), _: usize) -> (T, T) {
        partial
    }
}

macro_rules! tests {
    ($($(#[$doc:meta])* $R:ident $name:literal $acc:ty => $out:ty, $start:literal, |$a:ident, $b:ident| $merge:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $R;
        impl<T: Element> Reduction<T> for $R {
            type Acc = $acc;
            type Out = $out;
            type Partial = $acc;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            const HAS_IDENTITY: bool = true;
            #[inline(always)]
            fn identity() -> $acc { $start }
            #[inline(always)]
            fn push<I: Isa>($a: $acc, x: T, _: usize) -> $acc { let $b: $acc = x.is_truthy().into(); $merge }
            #[inline(always)]
            fn merge($a: $acc, $b: $acc) -> $acc { $merge }
            #[inline(always)]
            fn finish(self, acc: $acc, _: usize) -> $out { acc }
            fn to_partial(acc: $acc) -> $acc { acc }
            fn from_partial(partial: $acc, _: usize) -> $acc { partial }
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

/// Calls a macro with the rows of all reductions: first a sentence, then more documentation, then name, type, bound, formula and
/// the rest as in the table of elementwise operations.
#[doc(hidden)]
#[macro_export]
macro_rules! reduction_operations {
    ($callback:ident) => {
        $callback! {
            /// Whether no element is zero or `false`.
            all All Element "x[0] != 0 and x[1] != 0 and ..." standard exact [];
            /// Whether some element is neither zero nor `false`.
            any Any Element "x[0] != 0 or x[1] != 0 or ..." standard exact [];
            /// The position of the first largest element, of the first NaN when there is one.
            ///
            /// It is that along one axis, or among all elements (`..`); several axes that are not all have no positions, and
            /// panic.
            ///
            /// ```
            /// use xp::prelude::*;
            /// let x = array![[1, 5], [7, 2]];
            /// assert_eq!(x.argmax(..).item()?, 2);
            /// assert_eq!(argmax(&x, 1).to_vec(), [1, 0]);
            /// # Ok::<(), xp::Error>(())
            /// ```
            argmax ArgMax Real "the smallest i with x[i] = max(x)" standard exact [];
            /// The position of the first smallest element, of the first NaN when there is one.
            ///
            /// It is that along one axis, or among all elements (`..`); several axes that are not all have no positions, and
            /// panic.
            ///
            /// ```
            /// use xp::prelude::*;
            /// let x = array![[1, 5], [7, 2]];
            /// assert_eq!(x.argmin(KeepDims(0)).to_vec(), [0, 1]);
            /// assert_eq!(argmin(&x, ..).item()?, 0);
            /// # Ok::<(), xp::Error>(())
            /// ```
            argmin ArgMin Real "the smallest i with x[i] = min(x)" standard exact [];
            /// The number of elements that are neither zero nor `false`.
            count_nonzero CountNonzero Element "(x[0] != 0) + (x[1] != 0) + ..." standard exact [];
            /// The largest element; NaN when there is one.
            max Max Real "max(x[0], x[1], ...)" standard exact ["amax"];
            /// The arithmetic mean of the elements; NaN of none.
            mean Mean Floating "(x[0] + x[1] + ...) / n" standard level ["average"];
            /// The smallest element; NaN when there is one.
            min Min Real "min(x[0], x[1], ...)" standard exact ["amin"];
            /// The product of the elements, in 64 bits for integers.
            prod Prod Num "x[0] * x[1] * ..." standard level ["product"];
            /// The distance between the smallest and the largest element; NaN when there is one.
            ///
            /// That of integers is modulo their width, as any difference.
            ///
            /// ```
            /// use xp::prelude::*;
            /// let x = array![[1.0, 7.0], [4.0, -2.0]];
            /// assert_eq!(x.ptp(0).to_vec(), [3.0, 9.0]);
            /// assert_eq!(ptp(&x, ..).item()?, 9.0);
            /// # Ok::<(), xp::Error>(())
            /// ```
            ptp Ptp Real "max(x) - min(x)" beside exact ["peak_to_peak"];
            /// The sum of the elements, in 64 bits for integers.
            ///
            /// ```
            /// use xp::prelude::*;
            /// let x = array![[1.0_f64, 2.0], [3.0, 4.0]];
            /// assert_eq!(x.sum(0).to_vec(), [4.0, 6.0]);
            /// assert_eq!(x.sum(..).item()?, 10.0);
            /// assert_eq!(x.sum(KeepDims(1)).shape(), [2, 1]);
            /// # Ok::<(), xp::Error>(())
            /// ```
            sum Sum Num "x[0] + x[1] + ..." standard level [];
        }
    };
}

macro_rules! reductions {
    ($(
        #[doc = $doc:literal]
        $(#[doc = $more:literal])*
        $name:ident $R:ident $bound:ident $formula:literal $place:ident $exact:ident [$($alias:literal)*];
    )*) => {
        impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
            $(
                #[doc = $doc]
                ///
                #[doc = concat!("As a formula: `", $formula, "`, over [`Axes`]: one, several, or all (`..`).")]
                ///
                $(#[doc = $more])*
                $(#[doc(alias = $alias)])*
                ///
                /// # Panics
                /// When an axis does not exist or is named twice, or when there is nothing to reduce and the result has no
                /// identity.
                #[must_use]
                #[track_caller]
                pub fn $name<A: Axes>(&self, axes: A) -> Array<B, <$R as Reduction<T>>::Out, A::Out<D>>
                where
                    T: $bound,
                {
                    eval_axes($R, &self, &axes).or_misuse()
                }
            )*
        }
        impl<E: Expr> Lazy<E> {
            $(
                #[doc = $doc]
                ///
                #[doc = concat!("As a formula: `", $formula, "`, over [`Axes`]; the end of an expression. See [`Array::", stringify!($name), "`].")]
                $(#[doc(alias = $alias)])*
                pub fn $name<A: Axes>(self, axes: A) -> LazyReduction<$R, E, A>
                where
                    E::Elem: $bound,
                {
                    self.reduce($R, axes)
                }
            )*
        }
        /// The reductions, free: `sum(&x, 0)` is `x.sum(0)`.
        pub mod reduction_functions {
            use super::*;
            $(
                #[doc = $doc]
                ///
                #[doc = concat!("As a formula: `", $formula, "`, over [`Axes`]: one, several, or all (`..`).")]
                ///
                $(#[doc = $more])*
                $(#[doc(alias = $alias)])*
                ///
                /// # Panics
                #[doc = concat!("As for [`Array::", stringify!($name), "`].")]
                #[must_use]
                #[track_caller]
                pub fn $name<B: Backend, T: $bound, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Array<B, <$R as Reduction<T>>::Out, A::Out<D>> {
                    x.$name(axes)
                }
            )*
        }
        pub(crate) const REDUCTIONS: &[Operation] =
            &[$(row!(Reduction Reduction: $doc $name $R $bound $formula $place $exact [$($alias)*])),*];
    };
}
crate::reduction_operations!(reductions);

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// One [reduction](Reduction) over [`Axes`], such as one of your own, or a tuple of several, which read the array once:
    /// `reduce(Sum, 0)` is `sum(0)`.
    ///
    /// # Panics
    /// As for [`Array::max`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::reduction::{Max, Min, Sum};
    /// let (low, high, sum) = array![3_i64, -1, 5].reduce((Min, Max, Sum), ..);
    /// assert_eq!((low.item()?, high.item()?, sum.item()?), (-1, 5, 7));
    /// # Ok::<(), xp::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn reduce<R: Reduction<T>, A: Axes>(&self, reduction: R, axes: A) -> <R::Out as Outputs>::Arrays<B, A::Out<D>> {
        self.lazy().reduce(reduction, axes).eval()
    }
}

impl<B: Backend, T: Floating, D: Dim> Array<B, T, D> {
    /// Variance over [`Axes`]: the sum of the squared magnitudes of the deviations from the mean, divided by
    /// `n - correction`; NaN when that is not positive.
    ///
    /// Two passes (the mean, then the deviations, with a correction for the rounding of the mean), so that it is accurate
    /// whatever the mean. Half-precision numbers are carried in `f32`.
    ///
    /// # Panics
    /// When an axis does not exist or is named twice.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1.0_f64, 2.0], [3.0, 6.0]];
    /// assert_eq!(x.var(0, 0.0).to_vec(), [1.0, 4.0]);
    /// assert_eq!(x.var(KeepDims(0), 1.0).to_vec(), [2.0, 8.0]);
    /// assert_eq!(x.var(.., 0.0).item()?, 3.5);
    /// # Ok::<(), xp::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var<A: Axes>(&self, axes: A, correction: f64) -> Array<B, T::Real, A::Out<D>> {
        self.wide_var(&axes, correction).and_then(|v| converted(&v)).or_misuse()
    }

    /// Standard deviation over [`Axes`], the square root of [`Array::var`].
    ///
    /// # Panics
    /// As for [`Array::var`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![[1.0, 2.0], [3.0, 6.0]].std(0, 0.0).to_vec(), [1.0, 2.0]);
    /// assert_eq!(array![1.0_f64, 3.0].std(.., 0.0).item()?, 1.0);
    /// # Ok::<(), xp::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn std<A: Axes>(&self, axes: A, correction: f64) -> Array<B, T::Real, A::Out<D>> {
        // The root may be in the range of the dtype where the variance is not.
        self.wide_var(&axes, correction).and_then(|v| converted(&v.into_lazy().sqrt().try_eval()?)).or_misuse()
    }

    fn wide_var<A: Axes>(&self, axes: &A, correction: f64) -> Result<Array<B, WideReal<T>, A::Out<D>>> {
        variance(self, &axes.axes(self.ndim())?, A::KEEP, correction)
    }
}

/// Variance over [`Axes`]: [`Array::var`].
///
/// # Panics
/// As for [`Array::var`].
#[must_use]
#[track_caller]
pub fn var<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A, correction: f64) -> Array<B, T::Real, A::Out<D>> {
    x.var(axes, correction)
}

/// Standard deviation over [`Axes`]: [`Array::std`].
///
/// # Panics
/// As for [`Array::var`].
#[must_use]
#[track_caller]
pub fn std<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A, correction: f64) -> Array<B, T::Real, A::Out<D>> {
    x.std(axes, correction)
}
