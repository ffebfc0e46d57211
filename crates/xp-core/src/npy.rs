//! NumPy's files: `.npy` with one array, `.npz` with several under names.
//!
//! The dtype of the file must be that of the array, in either byte order; arrays in column-major order become transposed
//! views. Pickled objects are refused.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use npyz::{AutoSerialize, Deserialize, NpyFile, Order, WriterBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, Dyn};
use crate::dtype::Element;
use crate::error::{Error, Result};

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

/// Writes arrays under names, as `numpy.savez_compressed` does.
///
/// ```
/// use xp::prelude::*;
/// let path = std::env::temp_dir().join(format!("xp-doc-{}.npz", std::process::id()));
/// let mut file = xp::npy::NpzWriter::create(&path)?;
/// file.add("x", &array![1.0, 2.0])?;
/// file.add("labels", &array![[true], [false]])?;
/// file.finish()?;
/// let mut file = xp::npy::NpzReader::open(&path)?;
/// assert_eq!(file.names(), ["labels", "x"]);
/// assert_eq!(file.get::<Cpu, f64>(&Cpu, "x")?.to_vec(), [1.0, 2.0]);
/// assert!(file.get::<Cpu, f64>(&Cpu, "y").is_err());
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), xp::Error>(())
/// ```
#[derive(Debug)]
pub struct NpzWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
    what: String,
}

impl NpzWriter<BufWriter<File>> {
    /// Creates a file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let what = path.as_ref().display().to_string();
        let file = File::create(path).map_err(|e| io(&what, e))?;
        Ok(NpzWriter { zip: ZipWriter::new(BufWriter::new(file)), what })
    }
}

impl<W: Write + Seek> NpzWriter<W> {
    /// Writes to anything with positions.
    pub fn new(to: W) -> Self {
        NpzWriter { zip: ZipWriter::new(to), what: "npz".into() }
    }

    /// Adds an array under a name.
    ///
    /// # Errors
    /// [`Error::Io`], also for a name that was used before.
    pub fn add<B: Backend, T: NpyElement, D: Dim>(&mut self, name: &str, x: &Array<B, T, D>) -> Result<()> {
        let what = format!("{}: {name}", self.what);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
        self.zip.start_file(format!("{name}.npy"), options).map_err(|e| io(&what, e))?;
        write_named(&what, &mut self.zip, x)
    }

    /// Completes the file, which cannot be read before.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<()> {
        let mut to = self.zip.finish().map_err(|e| io(&self.what, e))?;
        to.flush().map_err(|e| io(&self.what, e))
    }
}

/// Reads arrays by their names.
#[derive(Debug)]
pub struct NpzReader<R: Read + Seek> {
    zip: ZipArchive<R>,
    what: String,
}

impl NpzReader<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let what = path.as_ref().display().to_string();
        let file = File::open(path).map_err(|e| io(&what, e))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|e| io(&what, e))?;
        Ok(NpzReader { zip, what })
    }
}

impl<R: Read + Seek> NpzReader<R> {
    /// Reads from anything with positions.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(from: R) -> Result<Self> {
        Ok(NpzReader { zip: ZipArchive::new(from).map_err(|e| io("npz", e))?, what: "npz".into() })
    }

    /// The names of the arrays, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.zip.file_names().filter_map(|n| n.ok()?.strip_suffix(".npy").map(String::from)).collect();
        names.sort_unstable();
        names
    }

    /// The array of a name.
    ///
    /// # Errors
    /// As for [`load`], and [`Error::Io`] when there is no such name.
    pub fn get<B: Backend, T: NpyElement>(&mut self, device: &B, name: &str) -> Result<Array<B, T, Dyn>> {
        let what = format!("{}: {name}", self.what);
        let entry = self.zip.by_name(&format!("{name}.npy")).map_err(|e| io(&what, e))?;
        read_named(&what, device, entry)
    }
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
