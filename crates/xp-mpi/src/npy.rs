//! NumPy's files: every rank reads its own rows, and nothing else, and writes them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use xp_core::npy::NpyElement;
use xp_core::{Array, Backend, DType, Dim, Dyn, Element, Error, Result};

use crate::backend::Mpi;
use crate::world::signature;

/// What the file begins with.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array from one file, or from several whose rows follow each other: each rank its own rows. All ranks call it
/// together, and must see the same files.
///
/// # Errors
/// [`Error::Io`], on all ranks, when a file is none of NumPy's, has another dtype, is in column-major order or big-endian, or
/// has rows of another shape than the first.
///
/// ```
/// use xp_core::{Array, Ix1};
/// use xp_cpu::Cpu;
/// let path = std::env::temp_dir().join(format!("xp-mpi-doc-{}.npy", std::process::id()));
/// xp_core::npy::save(&path, &Array::<Cpu, f64, Ix1>::from_vec(&Cpu, vec![1.0, 2.0, 4.0, 8.0], [4])?)?;
/// let sums = xp_mpi::simulate(2, &Cpu, |device| xp_mpi::npy::load::<_, f64>(device, &[&path, &path])?.sum(..).item())?;
/// assert_eq!(sums, [Ok(30.0), Ok(30.0)]);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), xp_core::Error>(())
/// ```
pub fn load<B: Backend, T: NpyElement>(device: &Mpi<B>, paths: &[impl AsRef<Path>]) -> Result<Array<Mpi<B>, T, Dyn>> {
    let heads = paths.iter().map(|path| Head::of::<T>(path.as_ref())).collect::<Result<Vec<_>>>().and_then(|heads| {
        let first = heads.first().ok_or_else(|| Error::value("load: paths", "no file given"))?;
        let inner = first.shape.get(1..).unwrap_or_default().to_vec();
        match heads.iter().position(|head| head.shape.is_empty() || head.shape[1..] != inner[..]) {
            Some(k) => {
                Err(io(paths[k].as_ref(), format!("rows of an array of shape {:?}; those of the first file are of shape {inner:?}", heads[k].shape)))
            }
            None => Ok(heads),
        }
    });
    // Whether all ranks see the same.
    let status = heads.as_ref().map(|_| vec![]).map_err(Clone::clone);
    let sign: Vec<usize> = heads.iter().flatten().flat_map(|head| head.shape.clone()).collect();
    device.world.gather("load", if heads.is_ok() { signature(&sign) } else { 0 }, status)?;
    let heads = heads?;
    let mut shape = heads[0].shape.clone();
    shape[0] = heads.iter().map(|head| head.shape[0]).sum();
    let size = shape[1..].iter().product::<usize>() * size_of::<T>();
    device.try_from_rows(shape, |rows| {
        let mut bytes = Vec::with_capacity(rows.len() * size);
        let mut first = 0;
        for (head, path) in heads.iter().zip(paths) {
            let end = first + head.shape[0];
            let mine = rows.start.clamp(first, end) - first..rows.end.clamp(first, end) - first;
            read(path.as_ref(), head.data, mine, size, &mut bytes)?;
            first = end;
        }
        if let DType::Bool = T::DTYPE {
            bytes.iter_mut().for_each(|b| *b = u8::from(*b != 0));
        }
        Ok(crate::memory::values(&bytes))
    })
}

/// Writes an array to one file, in row-major order: each rank its own rows, to their place. All ranks call it together, on a
/// file system that they share.
///
/// # Errors
/// [`Error::Io`], on all ranks.
///
/// ```
/// use xp_core::Ix1;
/// use xp_cpu::Cpu;
/// let path = std::env::temp_dir().join(format!("xp-mpi-save-{}.npy", std::process::id()));
/// xp_mpi::simulate(3, &Cpu, |device| {
///     let x = device.from_rows::<f64, Ix1>([100], |rows| rows.map(|i| i as f64).collect())?;
///     xp_mpi::npy::save(&path, &x)
/// })?.into_iter().collect::<Result<(), _>>()?;
/// assert_eq!(xp_core::npy::load::<_, f64>(&Cpu, &path)?.sum(..).item()?, 4950.0);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), xp_core::Error>(())
/// ```
pub fn save<B: Backend, T: NpyElement, D: Dim>(path: impl AsRef<Path>, x: &Array<Mpi<B>, T, D>) -> Result<()> {
    let (device, path) = (x.device(), path.as_ref());
    let local = device.local(x)?;
    let sharded = device.layout(x).is_some() && x.ndim() > 0;
    let head = header::<T>(x.dims());
    // The file exists, with its header, before the others write to it.
    let made = if device.rank() == 0 { File::create(path).and_then(|mut file| file.write_all(&head)).map_err(|e| io(path, e)) } else { Ok(()) };
    device.world.gather("save", signature(x.dims()), made.map(|()| vec![]))?;
    let write = || -> Result<()> {
        if !sharded && device.rank() > 0 {
            return Ok(());
        }
        let row = if sharded { x.dims()[1..].iter().product::<usize>() } else { 0 };
        let start = head.len() + device.rows(x).start * row * size_of::<T>();
        let mut file = OpenOptions::new().write(true).open(path).map_err(|e| io(path, e))?;
        file.seek(SeekFrom::Start(start as u64)).map_err(|e| io(path, e))?;
        file.write_all(&crate::memory::bytes(&local.to_host()?)).map_err(|e| io(path, e))
    };
    device.world.gather("save", signature(x.dims()), write().map(|()| vec![])).map(drop)
}

fn io(path: &Path, why: impl ToString) -> Error {
    Error::Io { what: path.display().to_string(), why: why.to_string() }
}

/// What NumPy calls a dtype on this machine, without the byte order.
fn code(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "b1",
        DType::I8 => "i1",
        DType::I16 => "i2",
        DType::I32 => "i4",
        DType::I64 => "i8",
        DType::U8 => "u1",
        DType::U16 => "u2",
        DType::U32 => "u4",
        DType::U64 => "u8",
        DType::F16 => "f2",
        DType::F32 => "f4",
        DType::F64 => "f8",
        DType::C64 => "c8",
        DType::C128 => "c16",
        _ => "V",
    }
}

fn order(dtype: DType) -> char {
    match code(dtype) {
        "b1" | "i1" | "u1" => '|',
        _ if cfg!(target_endian = "little") => '<',
        _ => '>',
    }
}

/// What a file begins with: where its elements start, and its shape.
struct Head {
    data: u64,
    shape: Vec<usize>,
}

impl Head {
    fn of<T: Element>(path: &Path) -> Result<Head> {
        let mut file = File::open(path).map_err(|e| io(path, e))?;
        let mut start = [0; 10];
        file.read_exact(&mut start).map_err(|e| io(path, e))?;
        if start[..6] != *MAGIC {
            return Err(io(path, "it is not one of NumPy's files"));
        }
        // The length takes four bytes from version 2 on.
        let mut len = usize::from(u16::from_le_bytes([start[8], start[9]]));
        let mut data = 10;
        if start[6] > 1 {
            let mut more = [0; 2];
            file.read_exact(&mut more).map_err(|e| io(path, e))?;
            len = u32::from_le_bytes([start[8], start[9], more[0], more[1]]) as usize;
            data = 12;
        }
        if len > 1 << 20 {
            return Err(io(path, format!("a header of {len} bytes")));
        }
        let mut text = vec![0; len];
        file.read_exact(&mut text).map_err(|e| io(path, e))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let shape = parse::<T>(&text).map_err(|why| io(path, why))?;
        let size = shape.iter().try_fold(size_of::<T>(), |size, &n| size.checked_mul(n)).ok_or_else(|| io(path, format!("a shape of {shape:?}")))?;
        let (data, have) = (data + len as u64, file.metadata().map_err(|e| io(path, e))?.len());
        if have < data + size as u64 {
            return Err(io(path, format!("it has {have} bytes, {} expected for shape {shape:?}", data + size as u64)));
        }
        Ok(Head { data, shape })
    }
}

/// The shape in a header, if its elements are those of a dtype.
fn parse<T: Element>(text: &str) -> std::result::Result<Vec<usize>, String> {
    let value = |key: &str| {
        let at = text.find(&format!("'{key}'")).ok_or_else(|| format!("its header has no '{key}'"))?;
        let rest = text[at..].split_once(':').map_or("", |(_, rest)| rest).trim_start();
        let end = if rest.starts_with('(') { rest.find(')').map(|end| end + 1) } else { rest.find([',', '}']) };
        Ok::<_, String>(rest[..end.unwrap_or(rest.len())].trim())
    };
    let (given, expected) = (value("descr")?.trim_matches('\''), format!("{}{}", order(T::DTYPE), code(T::DTYPE)));
    let same = given == expected || (order(T::DTYPE) == '|' && given.trim_start_matches(['|', '<', '>', '=']) == code(T::DTYPE));
    if !same {
        return Err(format!("it holds elements of dtype {given}, {expected} expected"));
    }
    if value("fortran_order")? != "False" {
        return Err("it is in column-major order, in which rows do not lie together: save a copy of it in row-major order".into());
    }
    let lens = value("shape")?.trim_matches(['(', ')']).split(',').map(str::trim).filter(|n| !n.is_empty());
    lens.map(|n| n.parse().map_err(|_| format!("a length of `{n}`"))).collect()
}

fn header<T: Element>(shape: &[usize]) -> Vec<u8> {
    let lens: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let lens = if shape.len() == 1 { lens.trim_end().to_string() } else { lens.trim_end_matches(", ").to_string() };
    let mut text = format!("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({lens}), }}", order(T::DTYPE), code(T::DTYPE));
    // The elements start at a multiple of 64 bytes.
    while !(MAGIC.len() + 4 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    [MAGIC, &[1, 0], &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
}

/// Appends the bytes of some rows.
fn read(path: &Path, data: u64, rows: Range<usize>, size: usize, to: &mut Vec<u8>) -> Result<()> {
    if rows.is_empty() || size == 0 {
        return Ok(());
    }
    let mut file = File::open(path).map_err(|e| io(path, e))?;
    file.seek(SeekFrom::Start(data + (rows.start * size) as u64)).map_err(|e| io(path, e))?;
    let at = to.len();
    to.resize(at + rows.len() * size, 0);
    file.read_exact(&mut to[at..]).map_err(|e| io(path, e))
}
