//! Random numbers: the generator of `xp`, whose numbers are the same on every run, machine and number of threads.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use xp_core::random::{Generator, Replacement};
use xp_core::{DType, Ix1};

use crate::any::{Any, XpResult};
use crate::args::Shape;
use crate::array::{PyArray, X};
use crate::dtype::DTypeArg;
use crate::error::{Named, guard, wrong_dtype};
use crate::info::Device;
use crate::promotion::Takes;

/// A source of random numbers: what `xparray.random.Generator` draws from.
#[pyclass(name = "Source", module = "xparray._xparray._random", frozen)]
struct Source(Mutex<Generator>);

impl Source {
    /// Draws without the interpreter's lock: nobody else sees what is drawn before it is returned.
    fn draw(&self, py: Python<'_>, name: &'static str, f: impl FnOnce(&mut Generator) -> XpResult + Send) -> PyResult<PyArray> {
        guard(name, || {
            let drawn = py.detach(|| f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)));
            drawn.map(PyArray::new).named(name)
        })
    }
}

#[pymethods]
impl Source {
    #[new]
    fn new(seed: u64) -> Self {
        Source(Mutex::new(Generator::new(seed)))
    }

    /// A source whose numbers are independent of this one's.
    fn spawn(&self) -> Self {
        Source(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn()))
    }

    /// Numbers from 0 to below 1.
    #[pyo3(signature = (shape, dtype, device=None))]
    fn uniform(&self, py: Python<'_>, shape: Shape, dtype: DTypeArg, device: Option<Device>) -> PyResult<PyArray> {
        let (shape, on) = (shape.lengths("random")?.to_vec(), Device::or_host(device));
        match dtype.0 {
            DType::F32 => self.draw(py, "random", |g| g.uniform::<_, f32, _>(&on, shape).map(Any::from)),
            DType::F64 => self.draw(py, "random", |g| g.uniform::<_, f64, _>(&on, shape).map(Any::from)),
            d => Err(wrong_dtype("random", "dtype", d, Takes::Float.name())),
        }
    }

    /// Numbers of the standard normal distribution.
    #[pyo3(signature = (shape, dtype, device=None))]
    fn normal(&self, py: Python<'_>, shape: Shape, dtype: DTypeArg, device: Option<Device>) -> PyResult<PyArray> {
        let (shape, on) = (shape.lengths("standard_normal")?.to_vec(), Device::or_host(device));
        match dtype.0 {
            DType::F32 => self.draw(py, "standard_normal", |g| g.normal::<_, f32, _>(&on, shape).map(Any::from)),
            DType::F64 => self.draw(py, "standard_normal", |g| g.normal::<_, f64, _>(&on, shape).map(Any::from)),
            d => Err(wrong_dtype("standard_normal", "dtype", d, Takes::Float.name())),
        }
    }

    /// Integers from low to below high.
    #[pyo3(signature = (low, high, shape, device=None))]
    fn integers(&self, py: Python<'_>, low: i64, high: i64, shape: Shape, device: Option<Device>) -> PyResult<PyArray> {
        if low >= high {
            return Err(PyValueError::new_err(format!("integers(): low must be below high; {low} and {high} given")));
        }
        let (shape, on) = (shape.lengths("integers")?.to_vec(), Device::or_host(device));
        self.draw(py, "integers", |g| g.integers(&on, low, high, shape).map(Any::from))
    }

    /// The numbers from 0 to below n in random order.
    #[pyo3(signature = (n, device=None))]
    fn permutation(&self, py: Python<'_>, n: usize, device: Option<Device>) -> PyResult<PyArray> {
        let on = Device::or_host(device);
        self.draw(py, "permutation", |g| g.permutation(&on, n).map(|x| x.into_dyn().into()))
    }

    /// size numbers from 0 to below n, with the probabilities p, which are on the device.
    #[pyo3(signature = (n, size, replace, p=None, device=None))]
    fn choice(&self, py: Python<'_>, n: usize, size: usize, replace: bool, p: Option<X<'_>>, device: Option<Device>) -> PyResult<PyArray> {
        let replacement = if replace { Replacement::With } else { Replacement::Without };
        let Some(p) = p else {
            let on = Device::or_host(device);
            return self.draw(py, "choice", |g| g.choice(&on, n, size, replacement).map(|x| x.into_dyn().into()));
        };
        let Any::F64(p) = &p.any else { return Err(PyTypeError::new_err("choice(): p must be an array of float64")) };
        if p.dims() != [n] {
            return Err(PyValueError::new_err(format!("choice(): p must have one probability for each of {n} elements; shape {:?} given", p.dims())));
        }
        // A copy of their own, which nobody changes meanwhile.
        let p = p.copy().and_then(|p| p.into_rank::<Ix1>()).named("choice")?;
        self.draw(py, "choice", |g| g.choice_weighted(&p, size, replacement).map(|x| x.into_dyn().into()))
    }
}

/// Registers the class.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Source>()
}
