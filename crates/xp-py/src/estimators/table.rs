//! The macro that declares estimators.

use xp_any::AnyDevice;
use xp_core::{Array, Dim, Ix1, Ix2};
use xp_models::{Error, Result};

use super::Attribute;
use crate::any::{Any, Arr, Typed};

impl<T: Typed, D: Dim> From<&Array<AnyDevice, T, D>> for Attribute {
    fn from(x: &Array<AnyDevice, T, D>) -> Self {
        Attribute::Array(x.clone().into_dyn().into())
    }
}
impl<T: Typed, D: Dim> From<Array<AnyDevice, T, D>> for Attribute {
    fn from(x: Array<AnyDevice, T, D>) -> Self {
        Attribute::Array(x.into_dyn().into())
    }
}
impl<A: Into<Attribute>> From<Option<A>> for Attribute {
    fn from(x: Option<A>) -> Self {
        x.map_or(Attribute::Nothing, Into::into)
    }
}
impl<A: Into<Attribute>> From<Vec<A>> for Attribute {
    fn from(x: Vec<A>) -> Self {
        Attribute::List(x.into_iter().map(Into::into).collect())
    }
}
impl From<f64> for Attribute {
    fn from(x: f64) -> Self {
        Attribute::Float(x)
    }
}
impl From<usize> for Attribute {
    fn from(n: usize) -> Self {
        Attribute::Count(n)
    }
}
impl From<bool> for Attribute {
    fn from(yes: bool) -> Self {
        Attribute::Flag(yes)
    }
}

/// The samples as a matrix.
pub fn matrix<T: Typed>(x: &Any) -> Result<Array<AnyDevice, T, Ix2>> {
    Ok(expect::<T>("X", x)?.clone().into_rank()?)
}

/// The labels, targets or weights as a vector.
pub fn vector<T: Typed>(name: &'static str, x: Option<&Any>) -> Result<Array<AnyDevice, T, Ix1>> {
    Ok(array::<T>(name, x)?.into_rank()?)
}

/// The targets, of any rank.
pub fn array<T: Typed>(name: &'static str, x: Option<&Any>) -> Result<Arr<T>> {
    let Some(x) = x else { return Err(Error::Degenerate(format!("{name} is needed"))) };
    Ok(expect::<T>(name, x)?.clone())
}

fn expect<'a, T: Typed>(name: &'static str, x: &'a Any) -> Result<&'a Arr<T>> {
    T::peek(x).ok_or_else(|| Error::Value { argument: name, given: format!("dtype {}", x.dtype()), expected: T::DTYPE.to_string() })
}

/// Declares estimators. `T` is the dtype of the samples.
///
/// ```text
/// Name: Model<AnyDevice, T>, alone weighted => {
///     params of relatives { "parameter": |p, v| p.parameter(v.float()?); }
///     fit |p, x, s| p.fit(x);
///     attributes { mean |m| m.mean(); }
///     methods { transform, inverse_transform }
///     answers { kneighbors |m, x, a| m.kneighbors(x, a.count(0)) }
///     partial merges { first |p, x, s| p.fit(x), more |m, x, s| m.partial_fit(x) }
/// }
/// ```
///
/// After the model stands what `y` is: `alone` for nothing, `labels` for one integer a sample, `target` for one number, `targets`
/// for one or several; and `weighted` when `fit_weighted` is there. `params of` names a list of [`parameters!`] that several estimators
/// share. `fit` is for those that are fitted otherwise than by the methods `fit` and `fit_weighted` of the parameters. `methods` take
/// samples and give an array; `answers` take samples or nothing, and numbers, and give several arrays. Samples have the dtype `T`, or,
/// for `fit` and `methods`, that in parentheses. `partial` is for models that learn in parts, with `merges` for those that take in
/// others too.
macro_rules! estimators {
    ($(
        $Name:ident: $Model:ty, $y:ident $($weighted:ident)? $(($S:ty))? => {
        params $(of $shared:ident)? { $($param:literal: |$p:pat_param, $v:pat_param| $set:expr;)* }
        $(fit |$lp:ident, $lx:ident, $ls:ident| $learn:expr;)?
        attributes { $($attribute:ident |$m:ident| $get:expr;)* }
        methods { $($method:ident),* }
        $(answers { $($answer:ident |$am:ident, $ax:ident, $aa:ident| $reply:expr;)* })?
        $(partial $($merges:ident)? { first |$fp:ident, $fx:ident, $fy:ident| $first:expr, more |$mm:ident, $mx:ident, $my:ident| $more:expr })?
        }
    )*) => {
        $(
            impl<T: super::Number> super::Fitted for $Model
            where
                xp_any::AnyDevice: xp_core::Linalg<T>,
            {
                fn attributes(&self) -> Vec<(&'static str, super::Attribute)> {
                    vec![$((stringify!($attribute), { let $m = self; super::Attribute::from($get) })),*]
                }

                #[allow(unused_variables)]
                fn call(&self, method: &str, x: &crate::any::Any) -> Option<xp_models::Result<crate::any::Any>> {
                    let samples = super::table::matrix::<super::table::samples_of!($($S)?)>;
                    match method {
                        $(stringify!($method) => Some(samples(x).and_then(|x| Ok(self.$method(&x)?.into_dyn().into()))),)*
                        _ => None,
                    }
                }

                #[allow(unused_variables)]
                fn answer(&self, question: &str, x: Option<&crate::any::Any>, numbers: super::Numbers<'_>) -> Option<xp_models::Result<Vec<crate::any::Any>>> {
                    match question {
                        $($(stringify!($answer) => {
                            let ($am, $aa) = (self, numbers);
                            let reply = |$ax: Option<xp_core::Array<xp_any::AnyDevice, T, xp_core::Ix2>>| $reply;
                            Some(x.map(super::table::matrix::<T>).transpose().and_then(reply))
                        })*)?
                        _ => None,
                    }
                }

                $(
                    fn partial_fit(&mut self, samples: super::Samples<'_>) -> xp_models::Result<()> {
                        let ($mx, $my) = (super::table::matrix::<T>(samples.x)?, samples);
                        let ($mm, $mx) = (self, &$mx);
                        let _ = &$my;
                        $more
                    }
                )?

                $($(
                    fn merge(&mut self, other: &dyn super::Fitted) -> xp_models::Result<()> {
                        let _ = stringify!($merges);
                        match other.as_any().downcast_ref::<Self>() {
                            Some(other) => Self::merge(self, other),
                            None => Err(xp_models::Error::Degenerate("models of two dtypes do not merge".into())),
                        }
                    }
                )?)?

                fn bytes(&self) -> xp_models::Result<Vec<u8>> {
                    let mut out = vec![];
                    self.write_to(&mut out)?;
                    Ok(out)
                }

                fn dtype(&self) -> xp_core::DType {
                    <T as xp_core::Element>::DTYPE
                }

                fn dtype_of_samples(&self) -> xp_core::DType {
                    <super::table::samples_of!($($S)?) as xp_core::Element>::DTYPE
                }

                fn as_any(&self) -> &dyn std::any::Any {
                    self
                }
            }
        )*

        /// The estimators of this file.
        pub const ALL: &[super::Estimator] = &[$({
            /// Fits a model in one dtype.
            // The loop over parameters of an estimator that has none.
            #[allow(unreachable_code, unused_mut, unused_variables)]
            fn fit<T: super::Number>(given: &super::value::Params<'_, '_>, samples: super::Samples<'_>, stage: super::Stage) -> pyo3::PyResult<Box<dyn super::Fitted>>
            where
                xp_any::AnyDevice: xp_core::Linalg<T>,
            {
                type Model<T> = $Model;
                let mut params = Model::<T>::params();
                given.each(|name, value| {
                    match name {
                        $($param => {
                            let ($p, $v) = (params.clone(), &value);
                            params = $set;
                            return Ok(());
                        })*
                        _ => {}
                    }
                    $($shared!(set name, params, value);)?
                    Err(given.unknown(name))
                })?;
                let learn = || -> xp_models::Result<Model<T>> {
                    let x = super::table::matrix::<super::table::samples_of!($($S)?)>(samples.x)?;
                    if stage == super::Stage::First {
                        $({
                            let ($fp, $fx, $fy) = (&params, &x, samples);
                            let _ = &$fy;
                            return $first;
                        })?
                    }
                    super::table::first!(
                        $({
                            let ($lp, $lx, $ls) = (&params, &x, samples);
                            $learn
                        })?
                        { super::table::learn!($y $($weighted)?; params, x, samples) }
                    )
                };
                let fitted = crate::threads::detached(&samples.arrays(), learn);
                Ok(Box::new(fitted.map_err(|e| super::raised(stringify!($Name), e))?))
            }
            /// Reads a model in one dtype.
            fn read<T: super::Number>(mut bytes: &[u8], device: &xp_any::AnyDevice) -> pyo3::PyResult<Box<dyn super::Fitted>>
            where
                xp_any::AnyDevice: xp_core::Linalg<T>,
            {
                type Model<T> = $Model;
                let model = Model::<T>::read_from(&mut bytes, device).map_err(|e| super::raised(stringify!($Name), e))?;
                Ok(Box::new(model))
            }
            super::Estimator {
                name: stringify!($Name),
                params: &[&[$($param),*], $($shared!(names))?],
                y: stringify!($y),
                weighted: super::table::is_given!($($weighted)?),
                partial: super::table::is_given!($($fp)?),
                merges: super::table::is_given!($($($merges)?)?),
                methods: &[$(stringify!($method)),*],
                fit: |given, samples, stage| match given.dtype(samples.x.dtype())? {
                    xp_core::DType::F32 => fit::<f32>(given, samples, stage),
                    xp_core::DType::F64 => fit::<f64>(given, samples, stage),
                    d => Err(super::no_number(stringify!($Name), d)),
                },
                read: |bytes, d, device| match d {
                    xp_core::DType::F32 => read::<f32>(bytes, device),
                    xp_core::DType::F64 => read::<f64>(bytes, device),
                    d => Err(super::no_number(stringify!($Name), d)),
                },
            }
        }),*];
    };
}

/// Declares parameters that several estimators share, as `estimators!` has them: a macro of the given name, for its `params of`. The
/// first word is `$`, by which that macro names its own variables.
macro_rules! parameters {
    (($d:tt) $name:ident { $($param:literal: |$p:pat_param, $v:pat_param| $set:expr;)* }) => {
        macro_rules! $name {
            (names) => {
                &[$($param),*]
            };
            (set $d given:ident, $d params:ident, $d value:ident) => {
                match $d given {
                    $($param => {
                        let ($p, $v) = ($d params.clone(), &$d value);
                        $d params = $set;
                        return Ok(());
                    })*
                    _ => {}
                }
            };
        }
    };
}

/// The dtype of samples: what is said, or `T`.
macro_rules! samples_of {
    () => {
        T
    };
    ($S:ty) => {
        $S
    };
}

/// The first of some blocks: what is said, or what is usual.
macro_rules! first {
    ($first:block $($usual:block)?) => {
        $first
    };
}

/// Whether there is a word.
macro_rules! is_given {
    () => {
        false
    };
    ($word:ident) => {
        true
    };
}

/// Fits parameters to samples, by what `y` is.
macro_rules! learn {
    (alone; $params:ident, $x:ident, $samples:ident) => {
        $params.fit(&$x)
    };
    (alone weighted; $params:ident, $x:ident, $samples:ident) => {
        match $samples.weights {
            None => $params.fit(&$x),
            weights => $params.fit_weighted(&$x, &super::table::vector::<T>("sample_weight", weights)?),
        }
    };
    (labels $($weighted:ident)?; $params:ident, $x:ident, $samples:ident) => {
        super::table::learn!(@ $($weighted)?; $params, $x, super::table::vector::<i64>("y", $samples.y)?, $samples)
    };
    (target $($weighted:ident)?; $params:ident, $x:ident, $samples:ident) => {
        super::table::learn!(@ $($weighted)?; $params, $x, super::table::vector::<T>("y", $samples.y)?, $samples)
    };
    (targets $($weighted:ident)?; $params:ident, $x:ident, $samples:ident) => {
        super::table::learn!(@ $($weighted)?; $params, $x, super::table::array::<T>("y", $samples.y)?, $samples)
    };
    (@; $params:ident, $x:ident, $y:expr, $samples:ident) => {
        $params.fit(&$x, &$y)
    };
    (@ weighted; $params:ident, $x:ident, $y:expr, $samples:ident) => {
        match $samples.weights {
            None => $params.fit(&$x, &$y),
            weights => $params.fit_weighted(&$x, &$y, &super::table::vector::<T>("sample_weight", weights)?),
        }
    };
}

pub(super) use {estimators, first, is_given, learn, parameters, samples_of};
