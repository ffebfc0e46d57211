//! NumPy's files: `.npy` with one array, and, with the feature `npz`, `.npz` with several under names.
//!
//! The dtype of the file must be that of the array, in either byte order; arrays in column-major order become transposed
//! views. Pickled objects are refused.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use npyz::{AutoSerialize, Deserialize, NpyFile, Order, WriterBuilder};

#[cfg(feature = "npz")]
pub use npz::{NpzReader, NpzWriter};

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, Dyn};
use crate::dtype::Element;
use crate::error::{Error, Result};

#[cfg(feature = "npz")]
mod npz;

/// A dtype that NumPy's files can hold: all but `bfloat16`.
pub trait NpyElement: Element + AutoSerialize + Deserialize {}
impl<T: Element + AutoSerialize + Deserialize> NpyElement for T {}

/// Writes an array to a file, in row-major order.
///
/// # Errors
/// [`Error::Io`].
///
/// ```
/// use xp::prelude::*;
/// let path = std::env::temp_dir().join(format!("xp-doc-{}.npy", std::process::id()));
/// let x = array![[1.5, 2.5], [3.5, 4.5]];
/// xp::npy::save(&path, &x.t())?;
/// let y: Array<Cpu, f64, _> = xp::npy::load(&Cpu, &path)?;
/// assert_eq!((y.dims(), y.to_vec()), (&[2, 2][..], vec![1.5, 3.5, 2.5, 4.5]));
/// assert!(xp::npy::load::<Cpu, i32>(&Cpu, &path).is_err());
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), xp::Error>(())
/// ```
pub fn save<B: Backend, T: NpyElement, D: Dim>(path: impl AsRef<Path>, x: &Array<B, T, D>) -> Result<()> {
    let (path, what) = (path.as_ref(), path.as_ref().display().to_string());
    let mut to = BufWriter::new(File::create(path).map_err(|e| io(&what, e))?);
    write_named(&what, &mut to, x)?;
    to.flush().map_err(|e| io(&what, e))
}

/// Reads an array from a file.
///
/// # Errors
/// [`Error::Io`] when it is no such file or has another dtype; as for [`Array::from_vec`].
pub fn load<B: Backend, T: NpyElement>(device: &B, path: impl AsRef<Path>) -> Result<Array<B, T, Dyn>> {
    let what = path.as_ref().display().to_string();
    let file = File::open(path).map_err(|e| io(&what, e))?;
    read_named(&what, device, BufReader::new(file))
}

/// Writes an array in NumPy's format, in row-major order.
///
/// # Errors
/// [`Error::Io`].
pub fn write<B: Backend, T: NpyElement, D: Dim>(to: impl Write, x: &Array<B, T, D>) -> Result<()> {
    write_named("npy", to, x)
}

/// Reads an array in NumPy's format.
///
/// # Errors
/// As for [`load`].
pub fn read<B: Backend, T: NpyElement>(device: &B, from: impl Read) -> Result<Array<B, T, Dyn>> {
    read_named("npy", device, from)
}

fn io(what: &str, e: impl core::fmt::Display) -> Error {
    Error::Io { what: what.into(), why: e.to_string() }
}

fn write_named<B: Backend, T: NpyElement, D: Dim>(what: &str, to: impl Write, x: &Array<B, T, D>) -> Result<()> {
    let shape: Vec<u64> = x.dims().iter().map(|&n| n as u64).collect();
    let values = x.to_host()?;
    let mut writer = npyz::WriteOptions::<T>::new().default_dtype().shape(&shape).writer(to).begin_nd().map_err(|e| io(what, e))?;
    writer.extend(values).and_then(|()| writer.finish()).map_err(|e| io(what, e))
}

/// Longest header that is read; those of version 1 cannot be longer.
const LONGEST_HEADER: u64 = 1 << 16;
/// Brackets that a header may open. That of an array of numbers opens two; the time to parse nested ones doubles with each.
const MOST_BRACKETS: usize = 8;

/// What the file begins with, up to the elements, if it can be parsed in little time.
fn header(what: &str, from: &mut impl Read) -> Result<Vec<u8>> {
    let mut start = vec![];
    let mut take = |n: u64, start: &mut Vec<u8>| match from.by_ref().take(n).read_to_end(start) {
        Ok(read) if read as u64 == n => Ok(()),
        Ok(_) => Err(io(what, "the file ends in the header")),
        Err(e) => Err(io(what, e)),
    };
    take(8, &mut start)?;
    if !start.starts_with(b"\x93NUMPY") {
        return Err(io(what, "not a file in NumPy's format: it does not begin with \\x93NUMPY"));
    }
    take(if start[6] == 1 { 2 } else { 4 }, &mut start)?;
    let len = start[8..].iter().rev().fold(0, |n, &b| n << 8 | u64::from(b));
    if len > LONGEST_HEADER {
        return Err(io(what, format!("a header of {len} bytes: at most {LONGEST_HEADER} are read")));
    }
    take(len, &mut start)?;
    let brackets = start[8..].iter().filter(|b| b"([{".contains(b)).count();
    if brackets > MOST_BRACKETS {
        return Err(io(what, format!("a header with {brackets} opening brackets, where an array of numbers has 2: structured dtypes are not read")));
    }
    Ok(start)
}

fn read_named<B: Backend, T: NpyElement>(what: &str, device: &B, mut from: impl Read) -> Result<Array<B, T, Dyn>> {
    let header = header(what, &mut from)?;
    let file = NpyFile::new((&header[..]).chain(from)).map_err(|e| io(what, e))?;
    let mut shape = vec![];
    for &n in file.shape() {
        shape.push(usize::try_from(n).map_err(|_| Error::TooLarge { shape: vec![usize::MAX] })?);
    }
    <Dyn as Dim>::shape_from(&shape)?;
    crate::shape::size_of_shape(&shape)?;
    let (columns_first, dtype) = (file.order() == Order::Fortran, file.dtype().descr());
    let reader = file.data::<T>().map_err(|e| io(what, format!("dtype {dtype} in the file where {} is expected ({e})", T::DTYPE)))?;
    let values = reader.collect::<std::io::Result<Vec<T>>>().map_err(|e| io(what, e))?;
    if columns_first {
        shape.reverse();
    }
    let x = Array::from_vec(device, values, shape)?;
    Ok(if columns_first { x.t() } else { x })
}
