//! Reading and writing parts: integers, slices, new axes, ellipses, masks, index arrays.

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyInt, PyList, PySlice, PyTuple};
use xp_any::AnyDevice;
use xp_core::indexing::SliceItem;
use xp_core::{AxisVec, DType};

use crate::any::{Any, Arr, Typed, XpResult, dispatch, rank0};
use crate::array::PyArray;
use crate::dtype::describe;
use crate::error::Named;
use crate::promotion::is_strict;
use crate::scalar::Scalar;
use crate::threads::detached;

/// One item of a key.
enum Item {
    /// An integer, a slice, a new axis, an ellipsis.
    Basic(SliceItem),
    /// An array of positions along one axis.
    Positions(Arr<i64>),
    /// A mask over some axes.
    Mask(Arr<bool>),
}
impl Item {
    /// The number of axes of the array it stands for.
    fn axes(&self) -> usize {
        match self {
            Item::Basic(SliceItem::NewAxis | SliceItem::Ellipsis) => 0,
            Item::Basic(_) | Item::Positions(_) => 1,
            Item::Mask(m) => m.ndim(),
        }
    }
}

/// A key for an array, checked against its rank and with its ellipsis made explicit.
pub enum Key {
    /// Integers, slices and new axes: a view.
    Basic(AxisVec<SliceItem>),
    /// One mask over the leading axes.
    Mask(Arr<bool>),
    /// Index arrays, and perhaps the rest.
    Arrays(Vec<KeyItem>),
}
/// An item of a key with index arrays.
pub enum KeyItem {
    /// A slice or a new axis.
    Basic(SliceItem),
    /// An array of positions along one axis.
    Positions(Arr<i64>),
}

const WHOLE: SliceItem = SliceItem::Range { start: None, stop: None, step: 1 };

impl Key {
    /// The key that an object is for an array.
    pub fn parse(key: &Bound<'_, PyAny>, x: &Any) -> PyResult<Key> {
        if let Some(basic) = basic_key(key)? {
            Self::check(basic.iter().filter(|i| matches!(i, SliceItem::At(_) | SliceItem::Range { .. })).count(), &basic, x)?;
            return Ok(Key::Basic(basic));
        }
        let mut items = Vec::with_capacity(4);
        if let Ok(tuple) = key.cast::<PyTuple>() {
            for k in tuple {
                items.push(item(&k, x.device())?);
            }
        } else {
            items.push(item(key, x.device())?);
        }
        let used: usize = items.iter().map(Item::axes).sum();
        let basics: AxisVec<SliceItem> = items.iter().filter_map(|i| if let Item::Basic(b) = i { Some(*b) } else { None }).collect();
        Self::check(used, &basics, x)?;
        let (dims, ellipses) = (x.dims(), basics.iter().filter(|i| matches!(i, SliceItem::Ellipsis)).count());
        if basics.len() == items.len() {
            return Ok(Key::Basic(basics));
        }
        if let [Item::Mask(_)] = &items[..] {
            let Some(Item::Mask(mask)) = items.pop() else { unreachable!("matched") };
            return Ok(Key::Mask(fitting_mask(mask, dims, 0)?));
        }
        if ellipses == 0 {
            items.push(Item::Basic(SliceItem::Ellipsis));
        }
        Self::with_arrays(items, x, used).map(Key::Arrays)
    }

    /// Checks a key that stands for `used` axes.
    fn check(used: usize, basics: &[SliceItem], x: &Any) -> PyResult<()> {
        let dims = x.dims();
        if used > dims.len() {
            return Err(PyIndexError::new_err(format!("too many indices: the key has {used} for an array of {} axes, shape {dims:?}", dims.len())));
        }
        if basics.iter().filter(|i| matches!(i, SliceItem::Ellipsis)).count() > 1 {
            return Err(PyIndexError::new_err("the key has more than one ellipsis"));
        }
        Ok(())
    }

    fn with_arrays(items: Vec<Item>, x: &Any, used: usize) -> PyResult<Vec<KeyItem>> {
        let (dims, device, mut out) = (x.dims(), x.device(), vec![]);
        let mut axis = 0;
        for item in items {
            let axes = item.axes();
            match item {
                Item::Basic(SliceItem::Ellipsis) => {
                    out.extend((0..dims.len() - used).map(|_| KeyItem::Basic(WHOLE)));
                    axis += dims.len() - used;
                }
                // Beside index arrays an integer is an index array of rank 0.
                Item::Basic(SliceItem::At(i)) => out.push(KeyItem::Positions(rank0(device, i as i64).named("__getitem__")?)),
                Item::Basic(b) => out.push(KeyItem::Basic(b)),
                Item::Positions(p) => out.push(KeyItem::Positions(p)),
                Item::Mask(m) if m.ndim() == 0 => {
                    return Err(PyIndexError::new_err("a mask of rank 0 must be the only item of a key"));
                }
                Item::Mask(m) => {
                    let m = fitting_mask(m, dims, axis)?;
                    out.extend(m.nonzero().named("__getitem__")?.into_iter().map(|p| KeyItem::Positions(p.into_dyn())));
                }
            }
            axis += axes;
        }
        Ok(out)
    }
}

/// A mask whose lengths are those of the axes from `axis` on; a length 0 fits every axis and chooses nothing.
fn fitting_mask(mask: Arr<bool>, dims: &[usize], axis: usize) -> PyResult<Arr<bool>> {
    let target = &dims[axis..axis + mask.ndim()];
    if let Some(k) = (0..mask.ndim()).find(|&k| mask.dims()[k] != target[k] && mask.dims()[k] != 0) {
        return Err(PyIndexError::new_err(format!(
            "the mask has shape {:?}, and axis {k} of it does not fit axis {} of length {}",
            mask.dims(),
            axis + k,
            target[k]
        )));
    }
    if mask.dims() == target {
        return Ok(mask);
    }
    xp_core::functions::zeros(mask.device(), target).named("__getitem__")
}

/// A key of nothing but Python's integers, slices, `None` and ellipses, which most keys are.
fn basic_key(key: &Bound<'_, PyAny>) -> PyResult<Option<AxisVec<SliceItem>>> {
    let mut out = AxisVec::default();
    if let Ok(tuple) = key.cast::<PyTuple>() {
        for k in tuple {
            let Some(item) = basic_item(&k)? else { return Ok(None) };
            out.push(item);
        }
    } else {
        let Some(item) = basic_item(key)? else { return Ok(None) };
        out.push(item);
    }
    Ok(Some(out))
}

fn basic_item(obj: &Bound<'_, PyAny>) -> PyResult<Option<SliceItem>> {
    if let Ok(s) = obj.cast::<PySlice>() {
        return slice(s).map(Some);
    }
    if obj.is_none() {
        return Ok(Some(SliceItem::NewAxis));
    }
    if obj.is_exact_instance_of::<PyInt>() {
        return integer(obj).map(|i| Some(SliceItem::At(i)));
    }
    Ok(obj.is_instance_of::<PyEllipsis>().then_some(SliceItem::Ellipsis))
}

/// An item of a key for an array on a device. What the host has, numbers and lists, goes there; arrays stay where they are.
fn item(obj: &Bound<'_, PyAny>, device: &AnyDevice) -> PyResult<Item> {
    if let Some(basic) = basic_item(obj)? {
        return Ok(Item::Basic(basic));
    }
    if obj.is_instance_of::<PyBool>() {
        return Ok(Item::Mask(rank0(device, obj.extract::<bool>()?).named("__getitem__")?));
    }
    if obj.is_instance_of::<PyInt>() {
        return integer(obj).map(|i| Item::Basic(SliceItem::At(i)));
    }
    if let Ok(x) = obj.cast::<PyArray>() {
        return index_array(&x.try_borrow()?.any);
    }
    if obj.is_instance_of::<PyList>() {
        let list = crate::convert::convert("__getitem__", obj, None, None)?;
        return index_array(&list.to_device(device).named("__getitem__")?);
    }
    if obj.hasattr("__dlpack__")? {
        return index_array(&crate::convert::convert("__getitem__", obj, None, None)?);
    }
    if obj.hasattr("__index__")? {
        return integer(obj).map(|i| Item::Basic(SliceItem::At(i)));
    }
    Err(not_an_index(obj))
}

fn index_array(x: &Any) -> PyResult<Item> {
    use xp_core::dtype::Kind;
    match x.dtype().kind() {
        Kind::Bool => Ok(Item::Mask(x.cast_to().named("__getitem__")?)),
        _ if x.size() == 0 && x.ndim() == 1 && x.dtype() == DType::F64 => Ok(Item::Positions(x.cast_to().named("__getitem__")?)),
        Kind::SignedInteger | Kind::UnsignedInteger => {
            if x.ndim() == 0 {
                let i: i64 = crate::convert::scalar(x).named("__getitem__")?.to()?;
                return Ok(Item::Basic(SliceItem::At(i as isize)));
            }
            Ok(Item::Positions(x.cast_to().named("__getitem__")?))
        }
        _ => Err(PyIndexError::new_err(format!("an index array has an integer or boolean dtype; {} given", x.dtype()))),
    }
}

fn not_an_index(obj: &Bound<'_, PyAny>) -> PyErr {
    PyIndexError::new_err(format!("an index is an integer, a slice, None, an ellipsis, or an integer or boolean array; {} given", describe(obj)))
}

fn integer(obj: &Bound<'_, PyAny>) -> PyResult<isize> {
    obj.extract::<isize>().map_err(|_| PyIndexError::new_err(format!("index {} is out of bounds", describe(obj))))
}

/// A slice, whose bounds stand for the ends where they are too large for an axis.
fn slice(s: &Bound<'_, PySlice>) -> PyResult<SliceItem> {
    let (mut start, mut stop, mut step) = (0, 0, 0);
    // SAFETY: the object is a slice, and the bounds are written.
    if unsafe { ffi::PySlice_Unpack(s.as_ptr(), &mut start, &mut stop, &mut step) } != 0 {
        return Err(PyErr::fetch(s.py()));
    }
    Ok(SliceItem::Range { start: Some(start), stop: Some(stop.max(-isize::MAX)), step: step.max(-isize::MAX) })
}

/// `x[key]`.
pub fn get(x: &Any, key: &Bound<'_, PyAny>) -> PyResult<Any> {
    match Key::parse(key, x)? {
        Key::Basic(items) => dispatch!(x, |v| v.slice(items).map(Any::from)).named("__getitem__"),
        Key::Mask(mask) => {
            let marked = Any::from(mask.clone());
            detached(&[x, &marked], || dispatch!(x, |v| v.select_rows(&mask).map(Any::from))).named("__getitem__")
        }
        Key::Arrays(items) => {
            let positions = items.iter().filter_map(|i| if let KeyItem::Positions(p) = i { Some(Any::from(p.clone())) } else { None });
            let arrays: Vec<Any> = positions.chain([x.clone()]).collect();
            detached(&arrays.iter().collect::<Vec<_>>(), || dispatch!(x, |v| by_arrays(v, items).map(Any::from))).named("__getitem__")
        }
    }
}

/// Slices first; then the axes with index arrays go to the front, are looked up, and the axes found go where NumPy puts
/// them: in place of the index arrays when these are neighbours, otherwise first.
fn by_arrays<T: Typed>(x: &Arr<T>, items: Vec<KeyItem>) -> XpResult<Arr<T>> {
    let mut arrays: Vec<Arr<i64>> = vec![];
    let (mut places, mut basic) = (vec![], AxisVec::default());
    for item in items {
        match item {
            KeyItem::Positions(p) => {
                places.push(basic.len());
                basic.push(WHOLE);
                arrays.push(p);
            }
            KeyItem::Basic(b) => basic.push(b),
        }
    }
    let neighbours = places.windows(2).all(|w| w[1] == w[0] + 1);
    let x = x.slice(basic)?;
    let rest = (0..x.ndim()).filter(|k| !places.contains(k));
    let order: Vec<usize> = places.iter().copied().chain(rest).collect();
    let out = x.permute_dims(&order)?.take_at(&arrays)?;
    if !neighbours || places[0] == 0 {
        return Ok(out);
    }
    let found = out.ndim() + arrays.len() - x.ndim();
    let (from, to): (Vec<usize>, Vec<usize>) = (0..found).map(|k| (k, places[0] + k)).unzip();
    out.moveaxis(&from, &to)
}

/// The value of an assignment in the dtype of the array. Numbers and lists go to its device; arrays stay where they are.
pub fn value(obj: &Bound<'_, PyAny>, dtype: DType, device: &AnyDevice) -> PyResult<Any> {
    if let Some(s) = Scalar::extract(obj)? {
        if is_strict() && s.with_array(dtype) != Some(dtype) {
            return Err(PyTypeError::new_err(format!("__setitem__(): the value {} does not fit into dtype {dtype}", describe(obj))));
        }
        return s.array(dtype, device);
    }
    let mut v = crate::convert::convert("__setitem__", obj, None, None)?;
    if obj.is_instance_of::<PyList>() || obj.is_instance_of::<PyTuple>() {
        v = v.to_device(device).named("__setitem__")?;
    }
    if !is_strict() {
        return crate::convert::astype_checked("__setitem__", &v, dtype);
    }
    if !xp_core::dtype::can_cast(v.dtype(), dtype) {
        return Err(PyTypeError::new_err(format!(
            "__setitem__(): a value of dtype {} does not fit into dtype {dtype}: convert with astype",
            v.dtype()
        )));
    }
    v.cast(dtype).named("__setitem__")
}

/// `x[key] = value`.
pub fn set(x: &mut Any, key: Key, value: &Any) -> PyResult<()> {
    dispatch!(x, |v| match T::peek(value) {
        Some(value) => set_typed(v, key, value).named("__setitem__"),
        None => unreachable!("the value was cast"),
    })
}

fn set_typed<T: Typed>(x: &mut Arr<T>, key: Key, value: &Arr<T>) -> XpResult<()> {
    match key {
        Key::Basic(items) => x.set(items, value),
        Key::Mask(mask) => x.set_rows(&mask, value),
        Key::Arrays(items) => {
            // The positions that the key reads are those that it writes.
            let all: Arr<i64> = xp_core::functions::arange(x.device(), 0i64, x.size() as i64, 1)?.reshape(x.dims())?;
            let at = by_arrays(&all, items)?;
            let mut flat = x.reshape(vec![x.size()])?;
            flat.put_at(&[&at], value)?;
            *x = flat.reshape(x.dims())?;
            Ok(())
        }
    }
}
