//! Saving models as JSON and loading them.
//!
//! A file holds the kind of the model, the dtype of its data, the version of the format, and named fields. An array is
//! `{"shape", "data"}` with its elements in row-major order, each with the fewest digits that read back to the same
//! `f64`; what JSON cannot hold is one of the strings `"NaN"`, `"inf"`, `"-inf"`.

use core::marker::PhantomData;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use xp_core::{Array, Backend, Dim, Float};

use crate::decomposition::PCA;
use crate::discriminant_analysis::LinearDiscriminantAnalysis;
use crate::linear_model::Ridge;
use crate::preprocessing::StandardScaler;
use crate::{Error, Result};

/// The version of the format.
const FORMAT: u32 = 1;

/// Declares `save` and `load` of a model: its name in the file, and how its fields are written and read.
macro_rules! saved {
    ($Model:ident<B, T $(, $D:ident)?> $name:literal, |$model:ident, $out:ident| $write:block, |$device:ident, $file:ident| $read:block) => {
        impl<B: Backend, T: Float $(, $D: Dim)?> $Model<B, T $(, $D)?> {
            /// Writes the model to a JSON file, from which [`load`](Self::load) makes it again, bit for bit.
            ///
            /// # Errors
            /// [`Error::File`](crate::Error::File) when the file cannot be written.
            pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
                let $model = self;
                let mut $out = Record::new::<T>($name);
                $write
                $out.write(path.as_ref())
            }

            /// Reads a model that [`save`](Self::save) has written, to any device.
            ///
            /// # Errors
            /// [`Error::File`](crate::Error::File) when the file cannot be read, is of another model or dtype, or is damaged.
            pub fn load($device: &B, path: impl AsRef<Path>) -> Result<Self> {
                let $file = File::read::<T>($name, path.as_ref())?;
                $read
            }
        }
    };
}

saved! {
    LinearDiscriminantAnalysis<B, T> "LinearDiscriminantAnalysis",
    |model, out| {
        out.integers("classes", &model.classes)?;
        out.floats("priors", &model.priors)?;
        out.floats("means", &model.means)?;
        out.floats("xbar", &model.xbar)?;
        out.floats("scalings", &model.scalings)?;
        out.floats("coef", &model.coef)?;
        out.floats("intercept", &model.intercept)?;
        out.floats("explained_variance_ratio", &model.explained_variance_ratio)?;
        if let Some(covariance) = &model.covariance {
            out.floats("covariance", covariance)?;
        }
        out.value("n_components", model.n_components);
    },
    |device, file| {
        Ok(LinearDiscriminantAnalysis {
            classes: file.integers(device, "classes")?,
            priors: file.floats(device, "priors")?,
            means: file.floats(device, "means")?,
            xbar: file.floats(device, "xbar")?,
            scalings: file.floats(device, "scalings")?,
            coef: file.floats(device, "coef")?,
            intercept: file.floats(device, "intercept")?,
            explained_variance_ratio: file.floats(device, "explained_variance_ratio")?,
            covariance: if file.has("covariance") { Some(file.floats(device, "covariance")?) } else { None },
            n_components: file.value("n_components")?,
        })
    }
}

saved! {
    PCA<B, T> "PCA",
    |model, out| {
        out.floats("components", &model.components)?;
        out.floats("explained_variance", &model.explained_variance)?;
        out.floats("explained_variance_ratio", &model.explained_variance_ratio)?;
        out.floats("singular_values", &model.singular_values)?;
        out.floats("mean", &model.mean)?;
        out.number("noise_variance", model.noise_variance);
        out.value("n_samples", model.n_samples);
        out.value("whiten", model.whiten);
    },
    |device, file| {
        Ok(PCA {
            components: file.floats(device, "components")?,
            explained_variance: file.floats(device, "explained_variance")?,
            explained_variance_ratio: file.floats(device, "explained_variance_ratio")?,
            singular_values: file.floats(device, "singular_values")?,
            mean: file.floats(device, "mean")?,
            noise_variance: file.number("noise_variance")?,
            n_samples: file.value("n_samples")?,
            whiten: file.value("whiten")?,
        })
    }
}

saved! {
    Ridge<B, T, D> "Ridge",
    |model, out| {
        out.floats("coef", &model.coef)?;
        out.floats("intercept", &model.intercept)?;
    },
    |device, file| {
        Ok(Ridge { coef: file.floats(device, "coef")?, intercept: file.floats(device, "intercept")? })
    }
}

saved! {
    StandardScaler<B, T> "StandardScaler",
    |model, out| {
        out.value("with_mean", model.with_mean);
        out.value("with_std", model.with_std);
        out.number("n_samples_seen", model.n_samples_seen);
        out.floats("mean", &model.mean)?;
        out.floats("var", &model.var)?;
        out.floats("scale", &model.scale)?;
    },
    |device, file| {
        Ok(StandardScaler {
            with_mean: file.value("with_mean")?,
            with_std: file.value("with_std")?,
            n_samples_seen: file.number("n_samples_seen")?,
            mean: file.floats(device, "mean")?,
            var: file.floats(device, "var")?,
            scale: file.floats(device, "scale")?,
            kind: PhantomData,
        })
    }
}

/// What a model file holds.
#[derive(Serialize, Deserialize)]
struct Record {
    model: String,
    dtype: String,
    format: u32,
    fields: Map<String, Value>,
}

/// An array in a model file.
#[derive(Serialize, Deserialize)]
struct Stored {
    shape: Vec<usize>,
    data: Vec<Value>,
}

impl Record {
    fn new<T: Float>(model: &str) -> Self {
        Record { model: model.into(), dtype: T::DTYPE.name().into(), format: FORMAT, fields: Map::new() }
    }

    fn floats<B: Backend, T: Float, D: Dim>(&mut self, name: &str, x: &Array<B, T, D>) -> Result<()> {
        let data = x.to_host()?.into_iter().map(|v| float_to_json(v.to_f64()));
        self.array(name, x.dims(), data.collect());
        Ok(())
    }

    fn integers<B: Backend, D: Dim>(&mut self, name: &str, x: &Array<B, i64, D>) -> Result<()> {
        self.array(name, x.dims(), x.to_host()?.into_iter().map(Value::from).collect());
        Ok(())
    }

    fn array(&mut self, name: &str, shape: &[usize], data: Vec<Value>) {
        let mut array = Map::new();
        array.insert("shape".into(), shape.to_vec().into());
        array.insert("data".into(), data.into());
        self.fields.insert(name.into(), array.into());
    }

    fn number(&mut self, name: &str, x: f64) {
        self.fields.insert(name.into(), float_to_json(x));
    }

    fn value(&mut self, name: &str, x: impl Into<Value>) {
        self.fields.insert(name.into(), x.into());
    }

    fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|e| failure(path, &e))?;
        std::fs::write(path, text).map_err(|e| failure(path, &e))
    }
}

/// A model file that has been read, and its path for messages.
struct File<'a> {
    record: Record,
    path: &'a Path,
}

impl<'a> File<'a> {
    fn read<T: Float>(model: &str, path: &'a Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| failure(path, &e))?;
        let record: Record = serde_json::from_str(&text).map_err(|e| failure(path, &e))?;
        let (given, expected) = ((&*record.model, &*record.dtype), (model, T::DTYPE.name()));
        if given != expected {
            return Err(failure(path, &format!("it holds a {} of {}, not a {} of {}", given.0, given.1, expected.0, expected.1)));
        }
        if record.format != FORMAT {
            return Err(failure(path, &format!("it has format {}, and this version reads format {FORMAT}", record.format)));
        }
        Ok(File { record, path })
    }

    fn has(&self, name: &str) -> bool {
        self.record.fields.contains_key(name)
    }

    fn value<V: serde::de::DeserializeOwned>(&self, name: &str) -> Result<V> {
        let value = self.record.fields.get(name).ok_or_else(|| self.damaged(name))?;
        serde_json::from_value(value.clone()).map_err(|_| self.damaged(name))
    }

    fn number(&self, name: &str) -> Result<f64> {
        self.record.fields.get(name).and_then(float_from_json).ok_or_else(|| self.damaged(name))
    }

    fn floats<B: Backend, T: Float, D: Dim>(&self, device: &B, name: &str) -> Result<Array<B, T, D>> {
        self.array(device, name, |v| float_from_json(v).map(T::from_f64))
    }

    fn integers<B: Backend, D: Dim>(&self, device: &B, name: &str) -> Result<Array<B, i64, D>> {
        self.array(device, name, Value::as_i64)
    }

    fn array<B: Backend, T: xp_core::Element, D: Dim>(&self, device: &B, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Array<B, T, D>> {
        let stored: Stored = self.value(name)?;
        let data = stored.data.iter().map(read).collect::<Option<Vec<T>>>().ok_or_else(|| self.damaged(name))?;
        let array = Array::from_vec(device, data, stored.shape).and_then(Array::into_rank);
        array.map_err(|e| failure(self.path, &format!("field {name}: {e}")))
    }

    fn damaged(&self, name: &str) -> Error {
        failure(self.path, &format!("field {name} is missing or not what it should be"))
    }
}

fn float_to_json(x: f64) -> Value {
    serde_json::Number::from_f64(x).map_or_else(|| Value::String(x.to_string()), Value::Number)
}

fn float_from_json(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) if matches!(&**s, "NaN" | "inf" | "-inf") => s.parse().ok(),
        _ => None,
    }
}

fn failure(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::File { path: path.display().to_string(), why: why.to_string() }
}
