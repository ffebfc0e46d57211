//! What all fitted models have in common: their attributes, moving between devices, files.
//!
//! # Files
//! A model is a [safetensors](https://github.com/huggingface/safetensors) file: its arrays under the names of the
//! attributes, and in the `__metadata__` of the header, as text, everything else:
//!
//! | key | value |
//! |---|---|
//! | `format` | `xp-models` |
//! | `format_version` | the version of this layout |
//! | `model` | the name of the model |
//! | `model_version` | the version of its attributes |
//! | any other | an attribute that is not an array |
//!
//! The parts of a model that is made of others, such as a pipeline, have the name of the part and a dot before theirs. A
//! file holds every bit of the model, and can be loaded on any device. Nothing in it is believed: a damaged or hostile file
//! is an error when it is loaded. Python reads the arrays with the package `safetensors`:
//!
//! ```python
//! from safetensors.numpy import load_file
//! coef = load_file("model.safetensors")["coef"]
//! ```

mod field;
mod json;
mod safetensors;

use std::fs;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use xp_core::{Backend, Element};

pub use field::{Check, Data, Field, Wide, child};
pub(crate) use field::{any_of, fits, named, text_fields};
use safetensors::{File, Tensor};

use crate::{Error, Result};

/// The version of the layout of files.
const FORMAT: &str = "1";

/// A fitted model: it moves to other devices, and is saved and loaded.
///
/// Every model has these methods of its own too. The trait serves code that is generic over the model, and models that are
/// made of others.
///
/// ```
/// use xp::models::model::Model;
/// use xp::models::preprocessing::StandardScaler;
/// use xp::prelude::*;
///
/// fn through_bytes<B: Backend, M: Model<B>>(model: &M, device: &B) -> xp::models::Result<M> {
///     let mut bytes = vec![];
///     model.write_to(&mut bytes)?;
///     M::read_from(&mut &bytes[..], device)
/// }
/// let scaler = StandardScaler::params().fit(&array![[0.0], [2.0]])?;
/// assert_eq!(through_bytes(&scaler, &Cpu)?.mean().unwrap().to_vec(), [1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub trait Model<B: Backend>: Field<B> + Check {
    /// Writes the model to a file, from which [`load`](Self::load) makes it again, bit for bit.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be written; when the device fails.
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let contents = Contents::of(self, path.display().to_string())?;
        let file = fs::File::create(path).map_err(|e| contents.error(e.to_string()))?;
        contents.write(&mut BufWriter::new(file))
    }

    /// Writes what [`save`](Self::save) writes to a file.
    ///
    /// # Errors
    /// [`Error::File`] when the writer fails; when the device fails.
    fn write_to(&self, writer: &mut impl Write) -> Result<()> {
        Contents::of(self, STREAM.into())?.write(writer)
    }

    /// Reads a model that [`save`](Self::save) has written, to any device.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read, is of another model, dtype, rank or version, or is damaged; when the
    /// device has no such dtype or no memory.
    fn load(path: impl AsRef<Path>, device: &B) -> Result<Self> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let file = fs::File::open(path).map_err(|e| Error::file(&name, e.to_string()))?;
        let mut file = BufReader::new(file);
        let contents = Contents::read(&mut file, name)?;
        match file.read(&mut [0]) {
            Ok(0) => contents.model(device),
            Ok(_) => Err(contents.error("it goes on after the data of the model".into())),
            Err(e) => Err(contents.error(e.to_string())),
        }
    }

    /// Reads what [`write_to`](Self::write_to) has written, and nothing after it.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    fn read_from(reader: &mut impl Read, device: &B) -> Result<Self> {
        Contents::read(reader, STREAM.into())?.model(device)
    }
}

/// The name of what has no path, in messages.
const STREAM: &str = "the stream";

/// What a model file holds, and its name for messages.
#[derive(Debug)]
pub struct Contents {
    file: File,
    name: String,
}

impl Contents {
    fn of<B: Backend, M: Model<B>>(model: &M, name: String) -> Result<Self> {
        let mut contents = Contents { file: File::default(), name };
        contents.put_text("format", "xp-models".into());
        contents.put_text("format_version", FORMAT.into());
        model.write("", &mut contents)?;
        Ok(contents)
    }

    fn write(&self, to: &mut impl Write) -> Result<()> {
        self.file.write(to).and_then(|()| to.flush()).map_err(|e| self.error(e.to_string()))
    }

    fn read(from: &mut impl Read, name: String) -> Result<Self> {
        let file = File::read(from).map_err(|why| Error::file(&name, why))?;
        let contents = Contents { file, name };
        if contents.text("format").ok() != Some("xp-models") {
            return Err(contents.error("it is a safetensors file, but not one of a model".into()));
        }
        match contents.text("format_version")? {
            FORMAT => Ok(contents),
            given => Err(contents.error(format!("it has format version {given}, and this release reads version {FORMAT}"))),
        }
    }

    fn model<B: Backend, M: Model<B>>(&self, device: &B) -> Result<M> {
        M::read("", self, device)
    }

    /// Notes which model has its fields under `name`.
    pub fn put_model(&mut self, name: &str, model: &str, version: u32) {
        self.put_text(&child(name, "model"), model.into());
        self.put_text(&child(name, "model_version"), version.to_string());
    }

    /// Fails when the fields under `name` are not of this model.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn expect_model(&self, name: &str, model: &str, version: u32) -> Result<()> {
        let given = self.text(&child(name, "model"))?;
        if given != model {
            return Err(self.error(format!("it holds a {given}, not a {model}")));
        }
        let given = self.text(&child(name, "model_version"))?;
        if given != version.to_string() {
            return Err(self.error(format!("its {model} has version {given}, and this release reads version {version}")));
        }
        Ok(())
    }

    /// The model, if its fields fit each other.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn checked<M: Check>(&self, model: M) -> Result<M> {
        model.check().map_err(|e| self.error(e.to_string()))?;
        Ok(model)
    }

    /// Notes a text.
    pub fn put_text(&mut self, name: &str, text: String) {
        self.file.metadata.insert(name.into(), text);
    }

    fn put_array<T: Element>(&mut self, name: &str, shape: &[usize], values: &[T]) {
        self.file.tensors.insert(name.into(), Tensor::new(shape, values));
    }

    fn holds(&self, name: &str) -> bool {
        let parts = format!("{name}.model");
        self.file.tensors.contains_key(name) || self.file.metadata.contains_key(name) || self.file.metadata.contains_key(&parts)
    }

    /// The text of this name.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn text(&self, name: &str) -> Result<&str> {
        self.file.metadata.get(name).map(|text| &**text).ok_or_else(|| self.error(format!("field {name} is missing")))
    }

    fn array<T: Element>(&self, name: &str) -> Result<(Vec<usize>, Vec<T>)> {
        let tensor = self.file.tensors.get(name).ok_or_else(|| self.error(format!("field {name} is missing")))?;
        if tensor.dtype != T::DTYPE {
            return Err(self.error(format!("field {name} holds {}, {} expected", tensor.dtype, T::DTYPE)));
        }
        let values = tensor.values().ok_or_else(|| self.error(format!("field {name} holds a byte that is no boolean")))?;
        Ok((tensor.shape.clone(), values))
    }

    /// What is wrong with the file, as an error.
    pub fn error(&self, why: String) -> Error {
        Error::file(&self.name, why)
    }
}

/// Declares a fitted model: a structure over a backend `B`, the version of its attributes in files, and its fields.
///
/// A field with `pub` is an attribute: it has a method of its name, with its documentation. A field without is internal.
/// The macro makes the structure (with private fields), those methods, `to_backend`, `save`, `load`, `write_to` and
/// `read_from`. What it does not make, and what the model does not compile without, is [`Check`]: which shapes and
/// values of the fields fit each other.
///
/// When fields are added, removed or change their meaning, the version goes up.
macro_rules! model {
    ($($declaration:tt)*) => {
        $crate::model::model_struct! { $($declaration)* }
        $crate::model::model_attributes! { $($declaration)* }
    };
}

/// The structure of [`model!`], and what goes through all its fields.
macro_rules! model_struct {
    (
        $(#[doc = $doc:literal])*
        #[version($version:literal)]
        pub struct $Model:ident<B: Backend $(, $P:ident: $Bound:ident $(= $Default:ty)?)*> {
            $($(#[doc = $about:literal])* $vis:vis $field:ident: $Type:ty,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $Model<B: Backend $(, $P: $Bound $(= $Default)?)*> {
            $($(#[doc = $about])* $field: $Type,)*
        }

        impl<B: Backend $(, $P: $Bound)*> $crate::model::Field<B> for $Model<B $(, $P)*> {
            type On<C: Backend> = $Model<C $(, $P)*>;

            fn to_backend<C: Backend>(&self, device: &C) -> $crate::Result<$Model<C $(, $P)*>> {
                Ok($Model { $($field: $crate::model::Field::<B>::to_backend(&self.$field, device)?),* })
            }

            fn write(&self, name: &str, to: &mut $crate::model::Contents) -> $crate::Result<()> {
                to.put_model(name, stringify!($Model), $version);
                $($crate::model::Field::<B>::write(&self.$field, &$crate::model::child(name, stringify!($field)), to)?;)*
                Ok(())
            }

            fn read(name: &str, from: &$crate::model::Contents, device: &B) -> $crate::Result<Self> {
                from.expect_model(name, stringify!($Model), $version)?;
                from.checked($Model { $($field: $crate::model::Field::<B>::read(&$crate::model::child(name, stringify!($field)), from, device)?),* })
            }
        }

        impl<B: Backend $(, $P: $Bound)*> $crate::model::Model<B> for $Model<B $(, $P)*> {}

        impl<B: Backend $(, $P: $Bound)*> $Model<B $(, $P)*> {
            /// The model on another backend or device.
            ///
            /// # Errors
            /// When a device fails, or the other has no such dtype.
            pub fn to_backend<C: Backend>(&self, device: &C) -> $crate::Result<$Model<C $(, $P)*>> {
                $crate::model::Field::to_backend(self, device)
            }

            /// Writes the model to a [file](crate::model), from which [`load`](Self::load) makes it again, bit for bit.
            ///
            /// # Errors
            /// [`Error::File`](crate::Error::File) when the file cannot be written; when the device fails.
            pub fn save(&self, path: impl AsRef<std::path::Path>) -> $crate::Result<()> {
                $crate::model::Model::save(self, path)
            }

            /// Writes what [`save`](Self::save) writes to a file.
            ///
            /// # Errors
            /// [`Error::File`](crate::Error::File) when the writer fails; when the device fails.
            pub fn write_to(&self, writer: &mut impl std::io::Write) -> $crate::Result<()> {
                $crate::model::Model::write_to(self, writer)
            }

            /// Reads a model that [`save`](Self::save) has written, to any device.
            ///
            /// # Errors
            /// [`Error::File`](crate::Error::File) when the file cannot be read, is of another model, dtype, rank or version,
            /// or is damaged; when the device has no such dtype or no memory.
            pub fn load(path: impl AsRef<std::path::Path>, device: &B) -> $crate::Result<Self> {
                $crate::model::Model::load(path, device)
            }

            /// Reads what [`write_to`](Self::write_to) has written, and nothing after it.
            ///
            /// # Errors
            /// As for [`load`](Self::load).
            pub fn read_from(reader: &mut impl std::io::Read, device: &B) -> $crate::Result<Self> {
                $crate::model::Model::read_from(reader, device)
            }
        }
    };
}

/// The attributes of [`model!`]: a method for each field with `pub`.
macro_rules! model_attributes {
    (
        $(#[doc = $doc:literal])*
        #[version($version:literal)]
        pub struct $Model:ident<B: Backend $(, $P:ident: $Bound:ident $(= $Default:ty)?)*> { $($fields:tt)* }
    ) => {
        impl<B: Backend $(, $P: $Bound)*> $Model<B $(, $P)*> {
            $crate::model::attribute! { $($fields)* }
        }
    };
}

/// The method of the first field, and of those after it. Numbers are returned, arrays are borrowed.
macro_rules! attribute {
    () => {};
    ($(#[doc = $about:literal])* pub $field:ident: Option<$Type:ty>, $($rest:tt)*) => {
        $(#[doc = $about])*
        #[must_use]
        pub fn $field(&self) -> Option<&$Type> {
            self.$field.as_ref()
        }
        $crate::model::attribute! { $($rest)* }
    };
    ($(#[doc = $about:literal])* pub $field:ident: $Number:ident, $($rest:tt)*) => {
        $(#[doc = $about])*
        #[must_use]
        pub fn $field(&self) -> $Number {
            self.$field
        }
        $crate::model::attribute! { $($rest)* }
    };
    ($(#[doc = $about:literal])* pub $field:ident: $Type:ty, $($rest:tt)*) => {
        $(#[doc = $about])*
        #[must_use]
        pub fn $field(&self) -> &$Type {
            &self.$field
        }
        $crate::model::attribute! { $($rest)* }
    };
    ($(#[doc = $about:literal])* $field:ident: $Type:ty, $($rest:tt)*) => {
        $crate::model::attribute! { $($rest)* }
    };
}

pub(crate) use {attribute, model, model_attributes, model_struct};
