//! Values of parameters, which Python's class has checked, as those of xp's estimators.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use xp_any::AnyDevice;
use xp_core::{Array, DType, Dim};
use xp_models::ClassWeight;
use xp_models::metrics::pairwise::Kernel;
use xp_models::model_selection::Size;

use crate::any::Typed;
use crate::convert::convert;
use crate::dtype::{DTypeArg, describe};
use crate::error::Named;

/// The parameters of an estimator by name.
pub struct Params<'a, 'py> {
    /// The estimator, for messages.
    pub estimator: &'static str,
    /// The parameters; those that are not given have their defaults.
    pub given: &'a Bound<'py, PyDict>,
}

impl<'py> Params<'_, 'py> {
    /// The dtype to fit in: that of the samples, or, where these are integers, what the parameter `dtype` says.
    pub fn dtype(&self, samples: DType) -> PyResult<DType> {
        match (samples, self.given.get_item("dtype")?) {
            (DType::I64, Some(dtype)) => Ok(dtype.extract::<DTypeArg>()?.0),
            _ => Ok(samples),
        }
    }
    /// The error for a parameter that there is none of.
    pub fn unknown(&self, name: &str) -> PyErr {
        PyTypeError::new_err(format!("{} has no parameter {name}", self.estimator))
    }
    /// Each parameter.
    pub fn each(&self, mut f: impl FnMut(&str, Value<'py>) -> PyResult<()>) -> PyResult<()> {
        for (name, obj) in self.given {
            let name: String = name.extract()?;
            let place = format!("{}: {name}", self.estimator);
            f(&name, Value { place, obj })?;
        }
        Ok(())
    }
}

/// The value of a parameter.
pub struct Value<'py> {
    /// Estimator and parameter, for messages.
    place: String,
    obj: Bound<'py, PyAny>,
}

impl<'py> Value<'py> {
    /// The error for a value of another type.
    pub fn wrong(&self, expected: &str) -> PyErr {
        PyTypeError::new_err(format!("{}: {expected} expected; {} given", self.place, describe(&self.obj)))
    }

    /// A real number.
    pub fn float(&self) -> PyResult<f64> {
        self.obj.extract().map_err(|_| self.wrong("a number"))
    }
    /// A number of things.
    pub fn count(&self) -> PyResult<usize> {
        self.obj.call_method0("__index__").and_then(|n| n.extract()).map_err(|_| self.wrong("an integer that is not negative"))
    }
    /// A number of things, or `None`.
    pub fn optional_count(&self) -> PyResult<Option<usize>> {
        if self.obj.is_none() { Ok(None) } else { self.count().map(Some) }
    }
    /// A yes or no.
    pub fn flag(&self) -> PyResult<bool> {
        self.obj.is_truthy()
    }
    /// A number, or several.
    pub fn floats(&self) -> PyResult<Vec<f64>> {
        if let Ok(x) = self.obj.extract::<f64>() {
            return Ok(vec![x]);
        }
        convert(&self.place, &self.obj, None, None)?.cast_to::<f64>().and_then(|x| x.to_host()).named(&self.place)
    }
    /// An array of the samples' dtype.
    pub fn array<T: Typed, D: Dim>(&self, expected: &str) -> PyResult<Array<AnyDevice, T, D>> {
        let x = convert(&self.place, &self.obj, None, None)?.cast_to::<T>().named(&self.place)?;
        x.into_rank().map_err(|_| self.wrong(expected))
    }
    /// The values of a tuple.
    pub fn parts(&self) -> PyResult<Vec<Self>> {
        let parts: Vec<Bound<'py, PyAny>> = self.extract("a tuple")?;
        Ok(parts.into_iter().map(|obj| Value { place: self.place.clone(), obj }).collect())
    }
    /// Two numbers.
    pub fn two(&self) -> PyResult<(f64, f64)> {
        self.obj.extract().or_else(|_| match self.floats()?[..] {
            [a, b] => Ok((a, b)),
            _ => Err(self.wrong("two numbers")),
        })
    }
    /// Whether it is `None`.
    pub fn is_none(&self) -> bool {
        self.obj.is_none()
    }
    /// Whether it is a text.
    pub fn is_text(&self) -> bool {
        self.obj.is_instance_of::<PyString>()
    }
    /// Any other type.
    pub fn extract<T: for<'a> FromPyObject<'a, 'py>>(&self, expected: &str) -> PyResult<T> {
        self.obj.extract().map_err(|_| self.wrong(expected))
    }
    /// Labels for each feature.
    pub fn labels(&self) -> PyResult<Vec<Vec<i128>>> {
        let lists: Vec<Vec<i64>> = self.extract("a list of integers for each feature")?;
        Ok(lists.into_iter().map(|list| list.into_iter().map(i128::from).collect()).collect())
    }
    /// A number of samples, or a fraction of them.
    pub fn size(&self) -> PyResult<Size> {
        self.count().map(Size::Count).or_else(|_| self.float().map(Size::Fraction))
    }
    /// A value that xp has checked.
    pub fn valid<T>(&self, value: xp_models::Result<T>) -> PyResult<T> {
        value.map_err(|e| PyValueError::new_err(format!("{}: {e}", self.place)))
    }
    /// A kernel: its name, gamma, degree and coef0.
    pub fn kernel(&self) -> PyResult<Kernel> {
        let (name, gamma, degree, coef0): (String, Option<f64>, f64, f64) = self.extract("a kernel and its parameters")?;
        Ok(match &*name {
            "linear" => Kernel::Linear,
            "poly" | "polynomial" => Kernel::Polynomial { gamma, degree, coef0 },
            "rbf" => Kernel::Rbf { gamma },
            "laplacian" => Kernel::Laplacian { gamma },
            "sigmoid" => Kernel::Sigmoid { gamma, coef0 },
            "cosine" => Kernel::Cosine,
            "additive_chi2" => Kernel::AdditiveChi2,
            "chi2" => Kernel::Chi2 { gamma: gamma.unwrap_or(1.0) },
            _ => return Err(PyValueError::new_err(format!("{}: xp has no kernel {name:?}", self.place))),
        })
    }
    /// The weights of classes: `None`, "balanced", or a mapping from labels to weights.
    pub fn class_weight(&self) -> PyResult<Option<ClassWeight>> {
        if self.obj.is_none() {
            return Ok(None);
        }
        if self.is_text() {
            self.choice(&[("balanced", ())])?;
            return Ok(Some(ClassWeight::Balanced));
        }
        let given: Vec<(i64, f64)> = self.extract("a list of labels and weights")?;
        Ok(Some(ClassWeight::Given(given.into_iter().map(|(label, weight)| (label.into(), weight)).collect())))
    }
    /// What one of some names stands for.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> PyResult<T> {
        let given: Option<String> = self.obj.extract().ok();
        let found = choices.iter().find(|(name, _)| Some(*name) == given.as_deref());
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
            PyValueError::new_err(format!("{}: {} expected; {} given", self.place, names.join(" or "), describe(&self.obj)))
        })
    }
    /// Fails unless it is `None`: for what xp does not have.
    pub fn none(&self) -> PyResult<()> {
        if self.obj.is_none() {
            return Ok(());
        }
        Err(PyValueError::new_err(format!("{}: only None is possible; {} given", self.place, describe(&self.obj))))
    }
    /// Fails unless it is false: for what xp does not have.
    pub fn no(&self) -> PyResult<()> {
        if !self.flag()? {
            return Ok(());
        }
        Err(PyValueError::new_err(format!("{}: only False is possible; {} given", self.place, describe(&self.obj))))
    }
}
