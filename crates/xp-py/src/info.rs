//! Inspection: devices, capabilities, defaults.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};
use xp_any::AnyDevice;
use xp_core::dtype::Kind;

use crate::any::HOST;
use crate::dtype::{describe, kinds_of, object};
use crate::error::{Named, guard};

/// The version of the standard.
pub const API_VERSION: &str = "2025.12";
/// The versions whose namespace this one contains.
const SUPPORTED: [&str; 5] = ["2021.12", "2022.12", "2023.12", "2024.12", "2025.12"];

/// The name of a device.
pub fn name<'py>(py: Python<'py>, device: &AnyDevice) -> Bound<'py, PyString> {
    if *device == HOST { pyo3::intern!(py, "cpu").clone() } else { PyString::new(py, &device.to_string()) }
}

/// A `device` argument: its name.
pub struct Device(pub AnyDevice);
impl Device {
    /// The device of an argument, the CPU where none is given.
    pub fn or_host(device: Option<Device>) -> AnyDevice {
        device.map_or(HOST, |d| d.0)
    }
}
impl<'a, 'py> FromPyObject<'a, 'py> for Device {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match obj.cast::<PyString>() {
            Ok(s) if s.to_str()? == "cpu" => Ok(Device(HOST)),
            Ok(s) => guard("device", || s.to_str()?.parse().map(Device).named("device")),
            Err(_) => Err(PyTypeError::new_err(format!("a device is a string, such as \"cpu\", or None; {} given", describe(&obj)))),
        }
    }
}

/// The module `xparray`, for a version of the standard that it has.
pub fn namespace<'py>(py: Python<'py>, api_version: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    if let Some(v) = api_version.filter(|v| !SUPPORTED.contains(v)) {
        return Err(PyValueError::new_err(format!("__array_namespace__(): api_version {v:?} given, one of {SUPPORTED:?} expected")));
    }
    let module = MODULE.get_or_try_init(py, || py.import("xparray").map(Bound::unbind))?;
    Ok(module.bind(py).clone().into_any())
}

/// What the namespace can do.
#[pyclass(name = "Info", module = "xparray", frozen)]
struct Info;

#[pymethods]
impl Info {
    /// What is optional in the standard and is there.
    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let c = xp_core::capabilities();
        let out = PyDict::new(py);
        out.set_item("boolean indexing", c.boolean_indexing)?;
        out.set_item("data-dependent shapes", c.data_dependent_shapes)?;
        out.set_item("max dimensions", c.max_dimensions)?;
        Ok(out)
    }
    /// The device of new arrays.
    fn default_device<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        name(py, &HOST)
    }
    /// All devices, the CPU first.
    fn devices<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let mut all = AnyDevice::all();
        all.sort_by_key(|d| *d != HOST);
        PyTuple::new(py, all.iter().map(|d| name(py, d)))
    }
    /// The dtypes of new arrays by kind.
    #[pyo3(signature = (*, device=None))]
    fn default_dtypes<'py>(&self, py: Python<'py>, device: Option<Device>) -> PyResult<Bound<'py, PyDict>> {
        let _ = device;
        let d = xp_core::default_dtypes::<AnyDevice>();
        let out = PyDict::new(py);
        out.set_item("real floating", object(py, d.real_floating)?)?;
        out.set_item("complex floating", object(py, d.complex_floating)?)?;
        out.set_item("integral", object(py, d.integral)?)?;
        out.set_item("indexing", object(py, d.indexing)?)?;
        Ok(out)
    }
    /// The dtypes by name: of one kind, of several, or all.
    #[pyo3(signature = (*, device=None, kind=None))]
    fn dtypes<'py>(&self, py: Python<'py>, device: Option<Device>, kind: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
        let _ = device;
        let mut kinds: Vec<Kind> = vec![];
        match kind {
            None => kinds.extend(Kind::ALL),
            Some(k) => {
                let names: Vec<Bound<'_, PyAny>> = if let Ok(t) = k.cast::<PyTuple>() { t.iter().collect() } else { vec![k.clone()] };
                for name in names {
                    let Ok(s) = name.cast::<PyString>() else {
                        return Err(PyTypeError::new_err(format!("dtypes(): kind is a string or a tuple of strings; {} given", describe(&name))));
                    };
                    kinds.extend(kinds_of("dtypes", s.to_str()?)?);
                }
            }
        }
        let out = PyDict::new(py);
        for d in xp_core::dtypes::<AnyDevice>(&kinds) {
            out.set_item(d.name(), object(py, d)?)?;
        }
        Ok(out)
    }
}

/// What the namespace can do.
#[pyfunction]
#[pyo3(signature = ())]
fn __array_namespace_info__() -> Info {
    Info
}

/// What the module was built from and how it runs here.
#[pyfunction]
fn _config(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("version", env!("CARGO_PKG_VERSION"))?;
    out.set_item("standard", API_VERSION)?;
    out.set_item("backends", if cfg!(feature = "cuda") { "cpu, cuda" } else { "cpu" })?;
    out.set_item("instruction set", xp_cpu::level().name())?;
    // As the pool of threads counts them.
    let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse::<usize>().ok()).filter(|&n| n > 0);
    let threads = asked.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    out.set_item("threads", threads)?;
    out.set_item("build", if cfg!(debug_assertions) { "development" } else { "release" })?;
    out.set_item("target", format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS))?;
    Ok(out)
}

/// Registers the constants and the inspection functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__array_api_version__", API_VERSION)?;
    m.add("e", std::f64::consts::E)?;
    m.add("inf", f64::INFINITY)?;
    m.add("nan", f64::NAN)?;
    m.add("pi", std::f64::consts::PI)?;
    m.add("newaxis", m.py().None())?;
    m.add_function(wrap_pyfunction!(_config, m)?)?;
    m.add_function(wrap_pyfunction!(__array_namespace_info__, m)?)
}
