//! Several arrays under names, in one file.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{NpyElement, io, read_named, write_named};
use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, Dyn};
use crate::error::Result;

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
    /// [`Error::Io`](crate::Error::Io).
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
    /// [`Error::Io`](crate::Error::Io), also for a name that was used before.
    pub fn add<B: Backend, T: NpyElement, D: Dim>(&mut self, name: &str, x: &Array<B, T, D>) -> Result<()> {
        let what = format!("{}: {name}", self.what);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
        self.zip.start_file(format!("{name}.npy"), options).map_err(|e| io(&what, e))?;
        write_named(&what, &mut self.zip, x)
    }

    /// Completes the file, which cannot be read before.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
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
    /// [`Error::Io`](crate::Error::Io).
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
    /// [`Error::Io`](crate::Error::Io).
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
    /// As for [`load`](super::load), and [`Error::Io`](crate::Error::Io) when there is no such name.
    pub fn get<B: Backend, T: NpyElement>(&mut self, device: &B, name: &str) -> Result<Array<B, T, Dyn>> {
        let what = format!("{}: {name}", self.what);
        let entry = self.zip.by_name(&format!("{name}.npy")).map_err(|e| io(&what, e))?;
        read_named(&what, device, entry)
    }
}
