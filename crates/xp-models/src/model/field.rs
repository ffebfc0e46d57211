//! What a field of a model can be.

use core::marker::PhantomData;

use xp_core::{Array, Backend, Dim, Element, Num, Real};

use super::Contents;
use crate::{Error, Result};

/// What a field of a model can be: an array, a number, an option, or another model. It can move to another backend, and
/// be part of a file under a name.
pub trait Field<B: Backend>: Sized {
    /// The same on another backend.
    type On<C: Backend>;

    /// Moves a copy to another backend or device.
    ///
    /// # Errors
    /// When a device fails, or the other has no such dtype.
    fn to_backend<C: Backend>(&self, device: &C) -> Result<Self::On<C>>;

    #[doc(hidden)]
    fn write(&self, name: &str, to: &mut Contents) -> Result<()>;

    #[doc(hidden)]
    fn read(name: &str, from: &Contents, device: &B) -> Result<Self>;
}

impl<B: Backend, T: Element, D: Dim> Field<B> for Array<B, T, D> {
    type On<C: Backend> = Array<C, T, D>;

    fn to_backend<C: Backend>(&self, device: &C) -> Result<Array<C, T, D>> {
        Ok(Array::to_backend(self, device)?)
    }

    fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
        to.put_array(name, self.dims(), &self.to_host()?);
        Ok(())
    }

    fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
        let (shape, values) = from.array::<T>(name)?;
        if D::NDIM.is_some_and(|rank| rank != shape.len()) {
            return Err(from.error(format!("field {name} has shape {shape:?}, rank {} expected", D::NDIM.unwrap_or_default())));
        }
        Ok(Array::from_vec(device, values, shape).and_then(Array::into_rank)?)
    }
}

/// An array of the widest float of its backend. A file holds it as float64.
#[derive(Clone, Debug)]
pub struct Wide<B: Backend, D: Dim>(pub Array<B, B::MaxFloat, D>);

impl<B: Backend, D: Dim> Field<B> for Wide<B, D> {
    type On<C: Backend> = Wide<C, D>;

    fn to_backend<C: Backend>(&self, device: &C) -> Result<Wide<C, D>> {
        let values = self.0.to_host()?.into_iter().map(|v| C::MaxFloat::from_f64(v.to_f64())).collect();
        Ok(Wide(Array::from_vec(device, values, self.0.dims().to_vec())?.into_rank()?))
    }

    fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
        let values: Vec<f64> = self.0.to_host()?.into_iter().map(Real::to_f64).collect();
        to.put_array(name, self.0.dims(), &values);
        Ok(())
    }

    fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
        let (shape, values) = from.array::<f64>(name)?;
        let values = values.into_iter().map(B::MaxFloat::from_f64).collect();
        Ok(Wide(Array::from_vec(device, values, shape).and_then(Array::into_rank).map_err(|e| from.error(format!("field {name}: {e}")))?))
    }
}

impl<B: Backend, F: Field<B>> Field<B> for Option<F> {
    type On<C: Backend> = Option<F::On<C>>;

    fn to_backend<C: Backend>(&self, device: &C) -> Result<Option<F::On<C>>> {
        self.as_ref().map(|field| field.to_backend(device)).transpose()
    }

    fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
        self.as_ref().map_or(Ok(()), |field| field.write(name, to))
    }

    fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
        if from.holds(name) { F::read(name, from, device).map(Some) } else { Ok(None) }
    }
}

/// As many as there are, each under its position.
impl<B: Backend, F: Field<B>> Field<B> for Vec<F> {
    type On<C: Backend> = Vec<F::On<C>>;

    fn to_backend<C: Backend>(&self, device: &C) -> Result<Vec<F::On<C>>> {
        self.iter().map(|field| field.to_backend(device)).collect()
    }

    fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
        to.put_text(&child(name, "len"), self.len().to_string());
        self.iter().enumerate().try_for_each(|(i, field)| field.write(&child(name, &i.to_string()), to))
    }

    fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
        let length = usize::read(&child(name, "len"), from, device)?;
        // Not as many as the file says at once: each must be there.
        (0..length).map(|i| F::read(&child(name, &i.to_string()), from, device)).collect()
    }
}

/// Backend and dtype of the data of a model that has no array of them.
#[derive(Clone, Copy, Debug)]
pub struct Data<B, T>(PhantomData<fn() -> (B, T)>);

impl<B, T> Default for Data<B, T> {
    fn default() -> Self {
        Data(PhantomData)
    }
}

impl<B: Backend, T> Field<B> for Data<B, T> {
    type On<C: Backend> = Data<C, T>;

    fn to_backend<C: Backend>(&self, _: &C) -> Result<Data<C, T>> {
        Ok(Data::default())
    }

    fn write(&self, _: &str, _: &mut Contents) -> Result<()> {
        Ok(())
    }

    fn read(_: &str, _: &Contents, _: &B) -> Result<Self> {
        Ok(Data::default())
    }
}

/// Fields that a file holds as text: what the type displays, and parses.
macro_rules! text_fields {
    ($($T:ty),*) => {$(
        impl<B: xp_core::Backend> $crate::model::Field<B> for $T {
            type On<C: xp_core::Backend> = $T;

            fn to_backend<C: xp_core::Backend>(&self, _: &C) -> $crate::Result<Self> {
                Ok(self.clone())
            }

            fn write(&self, name: &str, to: &mut $crate::model::Contents) -> $crate::Result<()> {
                to.put_text(name, self.to_string());
                Ok(())
            }

            fn read(name: &str, from: &$crate::model::Contents, _: &B) -> $crate::Result<Self> {
                let text = from.text(name)?;
                text.parse().map_err(|_| from.error(format!("field {name} is {text:?}, which is no {}", stringify!($T))))
            }
        }
    )*};
}
pub(crate) use text_fields;
text_fields!(bool, usize, i64, f64);

/// Gives the variants of a type their names, as text and from text; `$argument` is what an error calls the type.
macro_rules! named {
    ($T:ident, $argument:literal: $($Variant:ident = $name:literal),+) => {
        impl core::fmt::Display for $T {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self { $($T::$Variant => $name),+ })
            }
        }

        impl core::str::FromStr for $T {
            type Err = $crate::Error;

            fn from_str(name: &str) -> $crate::Result<Self> {
                match name {
                    $($name => Ok($T::$Variant),)+
                    _ => Err($crate::Error::value($argument, name, $crate::model::any_of(&[$($name),+]))),
                }
            }
        }
    };
}
pub(crate) use named;

/// `a, b or c`.
pub(crate) fn any_of(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// A name in a file: that of a field of the model with this name, which is empty for the outermost model.
pub fn child(model: &str, field: &str) -> String {
    if model.is_empty() { field.into() } else { format!("{model}.{field}") }
}

/// What makes the fields of a model fit each other. Every model says so: a file that says otherwise is damaged, and a model
/// that has passed can be applied to anything without a panic.
pub trait Check {
    /// Fails when the fields do not fit each other.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Value`] for the first field that does not fit.
    fn check(&self) -> Result<()>;
}

/// Fails when a field does not have this shape.
pub(crate) fn fits(field: &'static str, shape: &[usize], expected: &[usize]) -> Result<()> {
    if shape == expected { Ok(()) } else { Err(Error::shape(field, shape, format!("{expected:?} after the other fields"))) }
}
