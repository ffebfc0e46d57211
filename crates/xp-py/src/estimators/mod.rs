//! The estimators of `xp-models` as Python sees them: parameters by name in, a fitted model with attributes and methods by name
//! out. What scikit-learn's conventions ask for beside that is Python's (`xparray/sklearn`).
//!
//! One declaration in [`table`] makes an estimator: its parameters, what `y` is, its attributes and methods, for `float32` and
//! `float64`. Labels come as `int64`; targets have the dtype of the samples.

mod calibration;
mod cluster;
mod decomposition;
mod encoders;
mod gaussian_process;
mod labels;
mod linear_model;
mod neighbors;
mod others;
mod preprocessing;
mod table;
mod value;

use std::sync::{PoisonError, RwLock};

use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyList, PyTuple};
use xp_any::AnyDevice;
use xp_core::{Array, DType, Ix1};
use xp_models::Error;

use crate::any::{Any, Typed};
use crate::array::{PyArray, X};
use crate::dtype::{DTypeArg, object};
use crate::error::{guard, to_python, wrong_dtype};
use crate::info::Device;
use crate::threads::detached;
use value::Params;

/// A dtype that models are fitted in.
pub trait Number: xp_core::Float + Typed {}
impl Number for f32 {}
impl Number for f64 {}

/// What a model is fitted to.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    /// The samples.
    pub x: &'a Any,
    /// What is known of them.
    pub y: Option<&'a Any>,
    /// How much they count.
    pub weights: Option<&'a Any>,
    /// All classes there will be, for the first of several parts.
    pub classes: Option<&'a Any>,
}
impl<'a> Samples<'a> {
    fn arrays(&self) -> Vec<&'a Any> {
        [Some(self.x), self.y, self.weights].into_iter().flatten().collect()
    }
}

/// An attribute of a model.
pub enum Attribute {
    /// One that the parameters did not ask for.
    Nothing,
    /// An array.
    Array(Any),
    /// A real number.
    Float(f64),
    /// Several attributes.
    List(Vec<Attribute>),
    /// A number of things.
    Count(usize),
    /// A yes or no.
    Flag(bool),
}

impl Attribute {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(match self {
            Attribute::Nothing => py.None().into_bound(py),
            Attribute::Array(x) => Bound::new(py, PyArray::new(x))?.into_any(),
            Attribute::Float(x) => x.into_pyobject(py)?.into_any(),
            Attribute::Count(n) => n.into_pyobject(py)?.into_any(),
            Attribute::Flag(b) => PyBool::new(py, b).to_owned().into_any(),
            Attribute::List(all) => {
                let all = all.into_iter().map(|one| one.into_python(py)).collect::<PyResult<Vec<_>>>()?;
                PyList::new(py, all)?.into_any()
            }
        })
    }
}

/// The numbers that a question to a model comes with, which Python's class has checked.
#[derive(Clone, Copy)]
pub struct Numbers<'a>(&'a [f64]);
impl<'a> Numbers<'a> {
    /// The number at a place; 0 when there is none.
    pub fn float(self, at: usize) -> f64 {
        self.0.get(at).copied().unwrap_or_default()
    }
    /// The number at a place, as a number of things.
    pub fn count(self, at: usize) -> usize {
        self.float(at) as usize
    }
    /// Whether there is no number.
    pub fn is_none(self) -> bool {
        self.0.is_empty()
    }
    /// All of them.
    pub fn all(self) -> &'a [f64] {
        self.0
    }
    /// All of them as an array.
    pub fn vector<T: Number>(self, device: &AnyDevice) -> Result<Array<AnyDevice, T, Ix1>, Error> {
        Ok(Array::from_vec(device, self.0.iter().map(|&x| T::from_f64(x)).collect(), [self.0.len()])?)
    }
}

/// A fitted model, of any estimator and dtype.
pub trait Fitted: Send + Sync {
    /// Its attributes by their names in Rust.
    fn attributes(&self) -> Vec<(&'static str, Attribute)>;
    /// The result of a method of samples; `None` when it has no such method.
    fn call(&self, method: &str, x: &Any) -> Option<Result<Any, Error>>;
    /// The answer to a question about samples, or about those of the fit; `None` when it has none.
    fn answer(&self, question: &str, x: Option<&Any>, numbers: Numbers<'_>) -> Option<Result<Vec<Any>, Error>>;
    /// Learns from further samples.
    fn partial_fit(&mut self, _: Samples<'_>) -> Result<(), Error> {
        Err(Error::Degenerate("this estimator does not learn in parts".into()))
    }
    /// Takes in what another model of the same type has learnt.
    fn merge(&mut self, _: &dyn Fitted) -> Result<(), Error> {
        Err(Error::Degenerate("this estimator does not merge".into()))
    }
    /// The bytes of its file.
    fn bytes(&self) -> Result<Vec<u8>, Error>;
    /// The dtype it was fitted in.
    fn dtype(&self) -> DType;
    /// The dtype of the samples that its methods take: that one, or one of integers.
    fn dtype_of_samples(&self) -> DType;
    /// Itself, for `merge`.
    fn as_any(&self) -> &dyn std::any::Any;
}

type Fit = fn(&Params<'_, '_>, Samples<'_>, Stage) -> PyResult<Box<dyn Fitted>>;
type Read = fn(&[u8], DType, &AnyDevice) -> PyResult<Box<dyn Fitted>>;

/// Whether all samples are there, or the first of several parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All.
    Whole,
    /// The first part, for `partial_fit`.
    First,
}

/// An estimator.
pub struct Estimator {
    name: &'static str,
    /// The names of its parameters, in lists.
    params: &'static [&'static [&'static str]],
    y: &'static str,
    weighted: bool,
    partial: bool,
    merges: bool,
    methods: &'static [&'static str],
    fit: Fit,
    read: Read,
}

/// All estimators.
fn all() -> impl Iterator<Item = &'static Estimator> {
    let modules = [
        preprocessing::ALL,
        encoders::ALL,
        labels::ALL,
        decomposition::ALL,
        linear_model::ALL,
        calibration::ALL,
        gaussian_process::ALL,
        neighbors::ALL,
        cluster::ALL,
        others::ALL,
    ];
    modules.into_iter().flatten()
}

fn find(name: &str) -> PyResult<&'static Estimator> {
    all().find(|e| e.name == name).ok_or_else(|| PyValueError::new_err(format!("no estimator has the name {name:?}")))
}

/// What an error of a model is in Python.
fn raised(estimator: &str, e: Error) -> PyErr {
    match e {
        Error::Array(e) => to_python(estimator, e),
        Error::File { .. } => PyOSError::new_err(format!("{estimator}: {e}")),
        e => PyValueError::new_err(format!("{estimator}: {e}")),
    }
}

/// The error for samples of a dtype that models are not fitted in.
fn no_number(estimator: &str, d: DType) -> PyErr {
    wrong_dtype(estimator, "X", d, "float32 or float64")
}

/// A fitted model.
#[pyclass(name = "Model", module = "xparray._xparray._models", frozen)]
struct Model {
    estimator: &'static Estimator,
    /// Where the samples of the fit were, and the model is.
    device: AnyDevice,
    fitted: RwLock<Box<dyn Fitted>>,
}

impl Model {
    fn new(estimator: &'static Estimator, device: AnyDevice, fitted: Box<dyn Fitted>) -> Self {
        Model { estimator, device, fitted: RwLock::new(fitted) }
    }

    /// Runs `f` on the model. The lock is held no longer than `f` runs, which never waits for the interpreter.
    fn read<R>(&self, f: impl FnOnce(&dyn Fitted) -> R) -> R {
        f(&**self.fitted.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn result<R>(&self, r: Result<R, Error>) -> PyResult<R> {
        r.map_err(|e| raised(self.estimator.name, e))
    }
}

#[pymethods]
impl Model {
    /// The name of the device that it is on.
    #[getter]
    fn device(&self) -> String {
        self.device.to_string()
    }

    /// The attributes by name.
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        for (name, value) in self.read(|m| m.attributes()) {
            out.set_item(name, value.into_python(py)?)?;
        }
        Ok(out)
    }

    /// The result of a method.
    fn call(&self, method: &str, x: X<'_>) -> PyResult<PyArray> {
        guard(method, || {
            let d = self.read(|m| m.dtype_of_samples());
            let x = x.any.cast(d).map_err(|e| to_python(method, e))?;
            match detached(&[&x], || self.read(|m| m.call(method, &x))) {
                Some(out) => self.result(out).map(PyArray::new),
                None => Err(PyTypeError::new_err(format!("{} has no method {method}", self.estimator.name))),
            }
        })
    }

    /// The answer to a question about samples, or about those of the fit: arrays.
    #[pyo3(signature = (question, x, numbers=vec![]))]
    fn answer(&self, question: &str, x: Option<X<'_>>, numbers: Vec<f64>) -> PyResult<Vec<PyArray>> {
        guard(question, || {
            let d = self.read(|m| m.dtype());
            let x = x.map(|x| x.any.cast(d).map_err(|e| to_python(question, e))).transpose()?;
            let arrays: Vec<&Any> = x.iter().collect();
            match detached(&arrays, || self.read(|m| m.answer(question, x.as_ref(), Numbers(&numbers)))) {
                Some(out) => Ok(self.result(out)?.into_iter().map(PyArray::new).collect()),
                None => Err(PyTypeError::new_err(format!("{} does not answer {question}", self.estimator.name))),
            }
        })
    }

    /// Learns from further samples.
    #[pyo3(signature = (x, y=None, weights=None))]
    fn partial_fit(&self, x: X<'_>, y: Option<X<'_>>, weights: Option<X<'_>>) -> PyResult<()> {
        guard("partial_fit", || {
            // Labels stay integers; all else has the dtype of the model.
            let d = self.read(|m| m.dtype());
            let same = |a: &Any| if a.dtype() == DType::I64 { Ok(a.clone()) } else { a.cast(d).map_err(|e| to_python("partial_fit", e)) };
            let (y, weights) = (y.map(|y| same(&y.any)).transpose()?, weights.map(|w| same(&w.any)).transpose()?);
            let x = same(&x.any)?;
            let samples = Samples { x: &x, y: y.as_ref(), weights: weights.as_ref(), classes: None };
            let learn = || self.fitted.write().unwrap_or_else(PoisonError::into_inner).partial_fit(samples);
            self.result(detached(&samples.arrays(), learn))
        })
    }

    /// Takes in what another model of the same estimator has learnt.
    fn merge(&self, other: &Bound<'_, Model>) -> PyResult<()> {
        guard("merge", || {
            // A copy, so that two models that take in each other do not wait for each other.
            let (bytes, d) = other.get().read(|m| (m.bytes(), m.dtype()));
            let other = (self.estimator.read)(&self.result(bytes)?, d, &self.device)?;
            self.result(self.fitted.write().unwrap_or_else(PoisonError::into_inner).merge(&*other))
        })
    }

    /// The bytes of the file that `xp::models` reads.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.result(self.read(|m| m.bytes()))?))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let read = py.import("xparray._xparray")?.getattr("_models")?.getattr("read")?;
        let d = object(py, self.read(|m| m.dtype()))?;
        (read, (self.estimator.name, d, self.to_bytes(py)?, self.device.to_string())).into_pyobject(py)
    }
}

/// Fits an estimator; to the first part of the samples if `first`, from where the model's `partial_fit` goes on.
#[pyfunction]
#[pyo3(signature = (name, params, x, y=None, weights=None, classes=None, *, first=false))]
fn fit(
    name: &str,
    params: &Bound<'_, PyDict>,
    x: X<'_>,
    y: Option<X<'_>>,
    weights: Option<X<'_>>,
    classes: Option<X<'_>>,
    first: bool,
) -> PyResult<Model> {
    guard(name, || {
        let estimator = find(name)?;
        let part = |a: &'_ Option<X<'_>>| a.as_ref().map(|a| a.any.clone());
        let (y, weights, classes) = (part(&y), part(&weights), part(&classes));
        let samples = Samples { x: &x.any, y: y.as_ref(), weights: weights.as_ref(), classes: classes.as_ref() };
        let stage = if first { Stage::First } else { Stage::Whole };
        let fitted = (estimator.fit)(&Params { estimator: estimator.name, given: params }, samples, stage)?;
        Ok(Model::new(estimator, x.any.device().clone(), fitted))
    })
}

/// The model that [`Model::to_bytes`] has written, on a device.
#[pyfunction]
#[pyo3(signature = (name, dtype, bytes, device=None))]
fn read(name: &str, dtype: DTypeArg, bytes: &[u8], device: Option<Device>) -> PyResult<Model> {
    guard("read", || {
        let (estimator, device) = (find(name)?, Device::or_host(device));
        let fitted = (estimator.read)(bytes, dtype.0, &device)?;
        Ok(Model::new(estimator, device, fitted))
    })
}

/// What each estimator takes and gives, by its name.
#[pyfunction]
fn estimators(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    for e in all() {
        let about = PyDict::new(py);
        about.set_item("params", PyTuple::new(py, e.params.concat())?)?;
        about.set_item("y", e.y)?;
        about.set_item("weighted", e.weighted)?;
        about.set_item("partial", e.partial)?;
        about.set_item("merges", e.merges)?;
        about.set_item("methods", PyTuple::new(py, e.methods)?)?;
        out.set_item(e.name, about)?;
    }
    Ok(out)
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Model>()?;
    m.add_function(wrap_pyfunction!(fit, m)?)?;
    m.add_function(wrap_pyfunction!(read, m)?)?;
    m.add_function(wrap_pyfunction!(estimators, m)?)
}
