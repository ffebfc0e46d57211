//! The class `Array`: attributes, operators, conversions.
//!
//! The attribute macros of `pymethods` inside a macro of this file give their code the edition and the lints of the file.
#![allow(unsafe_op_in_unsafe_fn)]

use std::borrow::Cow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyDict, PyString, PyTuple};
use xp_core::dtype::Kind;

use crate::any::{Any, dispatch};
use crate::dtype::{PyDType, object};
use crate::elementwise::{binary, unary};
use crate::error::{Named, guard, wrong_dtype};
use crate::scalar::{Operand, Scalar, no_operand, promoted};
use crate::threads::{is_large, wait_for_readers};

/// An n-dimensional array of the array API standard.
///
/// As in NumPy, a slice, a transpose and a reshaped array are views, through which writes are seen. Memory handed to or
/// taken from another library (DLPack, the buffer protocol) is shared with it. An array over memory that must not be
/// written, or whose elements overlap (`broadcast_to`), is copied when it is written to. Booleans are copied on the way in,
/// and may be read by others (`numpy.asarray`) but not written: a byte that is neither 0 nor 1 is no boolean.
#[pyclass(name = "Array", module = "xparray", weakref)]
pub struct PyArray {
    /// The elements.
    pub any: Any,
    exports: Exports,
}

/// Who else holds the address of the memory.
#[derive(Default)]
struct Exports {
    count: AtomicUsize,
    /// Memory that was replaced while others held its address.
    retired: Mutex<Vec<Any>>,
}

/// An argument that is an array.
///
/// It holds the elements, not the Python object, which may be changed by others while the function works.
pub struct X<'py> {
    /// The elements.
    pub any: Any,
    call: std::marker::PhantomData<&'py ()>,
}
impl<'a, 'py> FromPyObject<'a, 'py> for X<'py> {
    type Error = PyErr;
    #[inline]
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match obj.cast::<PyArray>() {
            Ok(x) => Ok(X { any: x.try_borrow()?.any.clone(), call: std::marker::PhantomData }),
            Err(_) => Err(PyTypeError::new_err(format!("an array of xparray expected; {} given", crate::dtype::describe(&obj)))),
        }
    }
}

impl PyArray {
    /// The Python object's contents.
    #[inline]
    pub fn new(any: impl Into<Any>) -> Self {
        PyArray { any: any.into(), exports: Exports::default() }
    }

    /// Says that somebody holds the address of the memory, until [`PyArray::release`].
    pub fn retain(&self) {
        self.exports.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that somebody no longer holds the address of the memory.
    pub fn release(&self) {
        if self.exports.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.exports.retired.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
        }
    }

    /// Gives the array new elements, of the same dtype and shape, which everybody sees who shares the memory.
    fn store(&mut self, function: &str, elements: Any) -> PyResult<()> {
        let held = self.exports.count.load(Ordering::Relaxed) > 0;
        if !held && self.any.is_unique() {
            self.any = elements;
            return Ok(());
        }
        if self.any.is_writable() {
            return write(&self.any, &elements).named(function);
        }
        let old = std::mem::replace(&mut self.any, elements.copy().named(function)?);
        if held {
            self.exports.retired.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(old);
        }
        Ok(())
    }

    /// `x[key] = value`, with the value in the dtype of the array.
    fn assign(&mut self, key: crate::index::Key, value: Any) -> PyResult<()> {
        const NAME: &str = "__setitem__";
        let value = value.apart_from(&self.any).named(NAME)?;
        if !self.any.is_writable() {
            let copy = self.any.copy().named(NAME)?;
            self.store(NAME, copy)?;
        }
        match key {
            crate::index::Key::Basic(items) => write(&dispatch!(&self.any, |v| v.slice(items).map(Any::from)).named(NAME)?, &value).named(NAME),
            key if self.exports.count.load(Ordering::Relaxed) == 0 && self.any.is_unique() => crate::index::set(&mut self.any, key, &value),
            key => {
                let mut changed = self.any.copy().named(NAME)?;
                crate::index::set(&mut changed, key, &value)?;
                self.store(NAME, changed)
            }
        }
    }
}

/// Writes elements of the same dtype, which are broadcast, to memory that others may share.
fn write(to: &Any, from: &Any) -> crate::any::XpResult<()> {
    let from = from.clone().apart_from(to)?;
    dispatch!(to, |v| match <T as crate::any::Typed>::peek(&from) {
        // SAFETY: callers write to writable arrays only, whose elements have places of their own; the value is apart; and
        // whoever writes to arrays of the module holds the interpreter's lock, and has waited for those who read without it.
        Some(w) => unsafe { v.write_shared(w) },
        None => unreachable!("of one dtype"),
    })
}

type Binary = fn(&Any, &Any) -> PyResult<Any>;

/// Calls `f` with the elements of an array: with others than the Python object's when they are many, as that one may then be
/// changed meanwhile.
#[inline]
fn with_elements<R>(x: &Bound<'_, PyArray>, f: impl FnOnce(Cow<'_, Any>) -> PyResult<R>) -> PyResult<R> {
    let held = x.try_borrow()?;
    if !is_large(&held.any) {
        return f(Cow::Borrowed(&held.any));
    }
    let any = held.any.clone();
    drop(held);
    f(Cow::Owned(any))
}

/// `a op b`, or `b op a` if `reflected`; `None` when `b` is no operand.
#[inline]
fn combine(name: &str, a: &Bound<'_, PyArray>, b: &Bound<'_, PyAny>, reflected: bool, f: Binary) -> PyResult<Option<Any>> {
    let apply = |a: Operand<'_>, b: Operand<'_>| if reflected { promoted(name, &b, &a, f) } else { promoted(name, &a, &b, f) };
    if let Ok(b) = b.cast::<PyArray>() {
        let (x, y) = (a.try_borrow()?, b.try_borrow()?);
        if is_large(&x.any) || is_large(&y.any) {
            let owned = (Operand::Array(Cow::Owned(x.any.clone())), Operand::Array(Cow::Owned(y.any.clone())));
            drop((x, y));
            return apply(owned.0, owned.1).map(Some);
        }
        return apply(Operand::Array(Cow::Borrowed(&x.any)), Operand::Array(Cow::Borrowed(&y.any))).map(Some);
    }
    let Some(b) = Scalar::operand(b)? else { return Ok(None) };
    with_elements(a, |a| apply(Operand::Array(a), Operand::Scalar(b))).map(Some)
}

/// `a op b`, or `NotImplemented` when `other` is no operand.
#[inline]
fn operator(name: &'static str, slf: &Bound<'_, PyArray>, other: &Bound<'_, PyAny>, reflected: bool, f: Binary) -> PyResult<Py<PyAny>> {
    let py = slf.py();
    guard(name, || match combine(name, slf, other, reflected, f)? {
        Some(out) => Ok(Py::new(py, PyArray::new(out))?.into_any()),
        None => Ok(py.NotImplemented()),
    })
}

/// `a op= b`: the array keeps its dtype and shape.
fn in_place(name: &'static str, slf: &Bound<'_, PyArray>, other: &Bound<'_, PyAny>, f: Binary) -> PyResult<()> {
    guard(name, || {
        let mut out = combine(name, slf, other, false, f)?.ok_or_else(|| no_operand(name, "the right operand", other))?;
        let dtype = slf.try_borrow()?.any.dtype();
        if out.dtype() != dtype && crate::promotion::holds(dtype, out.dtype()) {
            out = out.cast(dtype).named(name)?;
        }
        wait_for_readers(slf)?;
        let mut x = slf.try_borrow_mut()?;
        if out.dtype() != x.any.dtype() {
            return Err(PyTypeError::new_err(format!(
                "{name}: the result has dtype {}, which an array of dtype {} cannot hold",
                out.dtype(),
                x.any.dtype()
            )));
        }
        if out.dims() != x.any.dims() {
            return Err(PyValueError::new_err(format!(
                "{name}: the result has shape {:?}, which an array of shape {:?} cannot hold",
                out.dims(),
                x.any.dims()
            )));
        }
        x.store(name, out)
    })
}

macro_rules! compare {
    ($op:expr) => {
        match $op {
            CompareOp::Lt => ("__lt__", binary::less as Binary),
            CompareOp::Le => ("__le__", binary::less_equal as Binary),
            CompareOp::Eq => ("__eq__", binary::equal as Binary),
            CompareOp::Ne => ("__ne__", binary::not_equal as Binary),
            CompareOp::Gt => ("__gt__", binary::greater as Binary),
            CompareOp::Ge => ("__ge__", binary::greater_equal as Binary),
        }
    };
}

/// The operators of a row: `a op b`, `b op a`, `a op= b`.
macro_rules! operators {
    ($($op:ident $rop:ident $iop:ident $f:expr;)*) => {
        #[pymethods]
        impl PyArray {
            $(
                fn $op(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                    operator(stringify!($op), slf, other, false, $f)
                }
                fn $rop(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                    operator(stringify!($rop), slf, other, true, $f)
                }
                fn $iop(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
                    in_place(stringify!($iop), slf, other, $f)
                }
            )*
        }
    };
}
operators! {
    __add__ __radd__ __iadd__ binary::add;
    __sub__ __rsub__ __isub__ binary::subtract;
    __mul__ __rmul__ __imul__ binary::multiply;
    __truediv__ __rtruediv__ __itruediv__ binary::divide;
    __floordiv__ __rfloordiv__ __ifloordiv__ binary::floor_divide;
    __mod__ __rmod__ __imod__ binary::remainder;
    __and__ __rand__ __iand__ binary::bitwise_and;
    __or__ __ror__ __ior__ binary::bitwise_or;
    __xor__ __rxor__ __ixor__ binary::bitwise_xor;
    __lshift__ __rlshift__ __ilshift__ binary::bitwise_left_shift;
    __rshift__ __rrshift__ __irshift__ binary::bitwise_right_shift;
}

fn any_of(x: &Bound<'_, PyArray>) -> PyResult<Any> {
    Ok(x.try_borrow()?.any.clone())
}

/// The operand of `@`: arrays only.
fn matrix_operand(other: &Bound<'_, PyAny>) -> Option<Any> {
    Some(other.cast::<PyArray>().ok()?.try_borrow().ok()?.any.clone())
}

#[pymethods]
impl PyArray {
    /// The operators `**` have an argument more.
    fn __pow__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, modulo: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        no_modulo(modulo)?;
        operator("__pow__", slf, other, false, binary::pow)
    }
    fn __rpow__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, modulo: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        no_modulo(modulo)?;
        operator("__rpow__", slf, other, true, binary::pow)
    }
    fn __ipow__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, modulo: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        no_modulo(modulo)?;
        in_place("__ipow__", slf, other, binary::pow)
    }
    fn __matmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let Some(other) = matrix_operand(other) else { return Ok(slf.py().NotImplemented()) };
        let out = guard("__matmul__", || crate::linalg::product("__matmul__", &any_of(slf)?, &other))?;
        Ok(Py::new(slf.py(), PyArray::new(out))?.into_any())
    }
    fn __rmatmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let Some(other) = matrix_operand(other) else { return Ok(slf.py().NotImplemented()) };
        let out = guard("__rmatmul__", || crate::linalg::product("__rmatmul__", &other, &any_of(slf)?))?;
        Ok(Py::new(slf.py(), PyArray::new(out))?.into_any())
    }
    fn __imatmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        in_place("__imatmul__", slf, other, |a, b| crate::linalg::product("__imatmul__", a, b))
    }
    fn __richcmp__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        let (name, f) = compare!(op);
        operator(name, slf, other, false, f)
    }
    fn __neg__(slf: &Bound<'_, Self>) -> PyResult<PyArray> {
        guard("__neg__", || with_elements(slf, |x| unary::negative(&x).map(PyArray::new)))
    }
    fn __pos__(slf: &Bound<'_, Self>) -> PyResult<PyArray> {
        guard("__pos__", || with_elements(slf, |x| unary::positive(&x).map(PyArray::new)))
    }
    fn __abs__(slf: &Bound<'_, Self>) -> PyResult<PyArray> {
        guard("__abs__", || with_elements(slf, |x| unary::abs(&x).map(PyArray::new)))
    }
    fn __invert__(slf: &Bound<'_, Self>) -> PyResult<PyArray> {
        guard("__invert__", || with_elements(slf, |x| unary::bitwise_invert(&x).map(PyArray::new)))
    }

    /// The data type.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDType>> {
        Ok(object(py, self.any.dtype())?.clone())
    }
    /// The device, a string: "cpu", or "cuda:0" and so on.
    #[getter]
    fn device<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        crate::info::name(py, self.any.device())
    }
    /// The number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.any.ndim()
    }
    /// The number of elements.
    #[getter]
    fn size(&self) -> usize {
        self.any.size()
    }
    /// The lengths of the axes.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.any.dims())
    }
    /// The size of the elements in bytes.
    #[getter]
    fn nbytes(&self) -> usize {
        self.any.size() * self.any.dtype().size()
    }
    /// The size of an element in bytes.
    #[getter]
    fn itemsize(&self) -> usize {
        self.any.dtype().size()
    }
    /// The distances between neighbours along the axes, in bytes.
    #[getter]
    fn strides<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let size = self.any.dtype().size() as isize;
        PyTuple::new(py, self.any.strides().iter().map(|s| s * size))
    }
    /// Whether assignments change the memory in place, instead of taking a copy first.
    #[getter]
    fn _is_writable(&self) -> bool {
        self.any.is_writable()
    }
    /// The array with its axes in reverse order: the matrix transpose of an array of two axes, and an error for others if strict.
    #[getter(T)]
    fn transpose(&self) -> PyResult<PyArray> {
        if self.any.ndim() != 2 && !crate::promotion::is_strict() {
            let axes: Vec<isize> = (0..self.any.ndim() as isize).rev().collect();
            return self.any.permute(&axes).map(PyArray::new).named("x.T");
        }
        if self.any.ndim() != 2 {
            return Err(PyValueError::new_err(format!(
                "x.T: an array of 2 axes expected, shape {:?} given: use x.mT or permute_dims",
                self.any.dims()
            )));
        }
        self.matrix_transpose()
    }
    /// The array with its last two axes swapped.
    #[getter(mT)]
    fn matrix_transpose(&self) -> PyResult<PyArray> {
        guard("x.mT", || dispatch!(&self.any, |v| v.matrix_transpose().map(PyArray::new)).named("x.mT"))
    }

    fn __bool__(&self) -> PyResult<bool> {
        if self.any.ndim() != 0 {
            return Err(PyValueError::new_err(format!(
                "the truth value of an array of shape {:?} is ambiguous: use any() or all()",
                self.any.dims()
            )));
        }
        guard("__bool__", || dispatch!(&self.any, |v| v.item().map(xp_core::Element::is_truthy)).named("__bool__"))
    }
    fn __float__(&self) -> PyResult<f64> {
        self.scalar("__float__", |x| match x {
            crate::scalar::Scalar::Complex(_) => Err(wrong_dtype("__float__", "x", self.any.dtype(), "a real-valued dtype")),
            x => x.to(),
        })
    }
    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.scalar("__int__", |x| match x {
            crate::scalar::Scalar::Complex(_) => Err(wrong_dtype("__int__", "x", self.any.dtype(), "a real-valued dtype")),
            crate::scalar::Scalar::Float(f) => f.into_pyobject(py)?.call_method0("__int__"),
            crate::scalar::Scalar::Bool(b) => Ok(i64::from(b).into_pyobject(py)?.into_any()),
            x => self.python(py, x),
        })
    }
    fn __index__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if !matches!(self.any.dtype().kind(), Kind::SignedInteger | Kind::UnsignedInteger) {
            return Err(wrong_dtype("__index__", "x", self.any.dtype(), "an integer dtype"));
        }
        self.scalar("__index__", |x| self.python(py, x))
    }
    fn __complex__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyComplex>> {
        self.scalar("__complex__", |x| {
            let z: crate::any::C128 = x.to()?;
            Ok(PyComplex::from_doubles(py, z.re, z.im))
        })
    }
    fn __len__(&self) -> PyResult<usize> {
        self.any.dims().first().copied().ok_or_else(|| PyTypeError::new_err("len() of an array of rank 0"))
    }
    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let parts = guard("__iter__", || {
            let x = slf.try_borrow()?;
            if x.any.ndim() == 0 {
                return Err(PyTypeError::new_err("iteration over an array of rank 0"));
            }
            dispatch!(&x.any, |v| xp_core::functions::unstack(v, 0).map(|p| p.into_iter().map(PyArray::new).collect::<Vec<_>>())).named("__iter__")
        })?;
        Ok(PyTuple::new(slf.py(), parts)?.try_iter()?.into_any().unbind())
    }
    fn __repr__(&self) -> PyResult<String> {
        guard("__repr__", || Ok(crate::repr::array(&self.any)))
    }
    fn __str__(&self) -> PyResult<String> {
        guard("__str__", || Ok(crate::repr::elements(&self.any)))
    }
    /// Arrays are not hashable: they can change, and `==` is elementwise.
    #[classattr]
    #[pyo3(name = "__hash__")]
    const HASH: Option<Py<PyAny>> = None;
    /// The functions of DLPack for C extensions.
    #[classattr]
    fn __dlpack_c_exchange_api__(py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(crate::exchange::capsule(py)?.unbind())
    }
    /// NumPy leaves the operators to this class.
    #[classattr]
    #[pyo3(name = "__array_ufunc__")]
    const ARRAY_UFUNC: Option<Py<PyAny>> = None;

    fn __getitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<PyArray> {
        guard("__getitem__", || with_elements(slf, |x| crate::index::get(&x, key).map(PyArray::new)))
    }
    fn __setitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        guard("__setitem__", || {
            let (dtype, device, key) = {
                let x = slf.try_borrow()?;
                (x.any.dtype(), x.any.device().clone(), crate::index::Key::parse(key, &x.any)?)
            };
            let value = crate::index::value(value, dtype, &device)?;
            wait_for_readers(slf)?;
            slf.try_borrow_mut()?.assign(key, value)
        })
    }

    /// The module, which is the namespace of the standard.
    #[pyo3(signature = (/, *, api_version=None))]
    fn __array_namespace__<'py>(&self, py: Python<'py>, api_version: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        crate::info::namespace(py, api_version)
    }
    /// The array on a device: a copy when it is another one.
    #[pyo3(signature = (device, /, *, stream=None))]
    fn to_device(slf: &Bound<'_, Self>, device: crate::info::Device, stream: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
        if stream.is_some_and(|s| !s.is_none()) {
            return Err(PyValueError::new_err("to_device(): stream must be None: copies come after what is queued on the devices' own streams"));
        }
        guard("to_device", || any_of(slf)?.to_device(&device.0).map(PyArray::new).named("to_device"))
    }
    /// The elements as a Python number or nested lists.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard("tolist", || crate::repr::nested(py, &self.any))
    }
    /// The only element as a Python number; that at a position, given by an index in row-major order or one for each axis.
    #[pyo3(signature = (*args))]
    fn item<'py>(slf: &Bound<'py, Self>, py: Python<'py>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        if !args.is_empty() {
            let flat = args.len() == 1 && slf.try_borrow()?.any.ndim() != 1 && !args.get_item(0)?.is_instance_of::<PyTuple>();
            let key = if args.len() == 1 { args.get_item(0)? } else { args.clone().into_any() };
            let found = guard("item", || {
                let x = any_of(slf)?;
                let x = if flat { x.reshape(&[x.size()]).named("item")? } else { x };
                crate::index::get(&x, &key)
            })?;
            return Self::item(&Bound::new(py, PyArray::new(found))?, py, &PyTuple::empty(py));
        }
        let x = slf.try_borrow()?;
        x.only(py)
    }
    fn __copy__(&self) -> PyResult<PyArray> {
        guard("__copy__", || self.any.copy().map(PyArray::new).named("__copy__"))
    }
    #[pyo3(signature = (memo, /))]
    fn __deepcopy__(&self, memo: &Bound<'_, PyAny>) -> PyResult<PyArray> {
        let _ = memo;
        self.__copy__()
    }
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        guard("__reduce__", || crate::convert::pickle(py, &self.any))
    }

    /// A DLPack capsule of the memory.
    #[pyo3(signature = (/, *, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        slf: &Bound<'py, Self>,
        stream: Option<&Bound<'py, PyAny>>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<(i32, i32)>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard("__dlpack__", || crate::dlpack::export(slf, stream, max_version, dl_device, copy))
    }
    /// The DLPack device: (1, 0) for the CPU, (2, n) for "cuda:n".
    fn __dlpack_device__(&self) -> (i32, i32) {
        crate::dlpack::place(self.any.device())
    }
    /// The memory as the CUDA Array Interface describes it, version 3; an AttributeError for arrays that are not on a CUDA device.
    #[getter]
    fn __cuda_array_interface__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        crate::dlpack::cuda_array_interface(slf)
    }
    unsafe fn __getbuffer__(slf: &Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: std::ffi::c_int) -> PyResult<()> {
        guard("__buffer__", || {
            // SAFETY: the interpreter passes a view to fill, and `fill` follows the protocol.
            unsafe { crate::buffer::fill(slf, view, flags) }
        })
    }
    unsafe fn __releasebuffer__(slf: &Bound<'_, Self>, view: *mut ffi::Py_buffer) {
        // SAFETY: the interpreter passes a view that `fill` has filled.
        unsafe { crate::buffer::release(slf, view) };
    }
}

impl PyArray {
    /// The only element.
    fn only<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.any.size() != 1 {
            return Err(PyValueError::new_err(format!("item(): an array of one element expected, shape {:?} given", self.any.dims())));
        }
        guard("item", || crate::repr::nested(py, &self.any.reshape(&[]).named("item")?))
    }

    /// The element of an array of rank 0 as a number.
    fn scalar<R>(&self, function: &str, f: impl FnOnce(crate::scalar::Scalar) -> PyResult<R>) -> PyResult<R> {
        if self.any.ndim() != 0 {
            return Err(PyTypeError::new_err(format!("{function}(): an array of rank 0 expected, shape {:?} given", self.any.dims())));
        }
        f(guard(function, || crate::convert::scalar(&self.any).named(function))?)
    }
    fn python<'py>(&self, py: Python<'py>, x: crate::scalar::Scalar) -> PyResult<Bound<'py, PyAny>> {
        crate::repr::number(py, x)
    }
}

fn no_modulo(modulo: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    match modulo {
        Some(m) if !m.is_none() => Err(PyTypeError::new_err("pow(): arrays take no modulus")),
        _ => Ok(()),
    }
}
