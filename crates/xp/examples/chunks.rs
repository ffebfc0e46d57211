//! Fits models to a file of NumPy's that is read chunk by chunk: in the memory of a chunk, and in two halves, as on two machines.
//!
//!     cargo run --release --example chunks [FILE.npy]

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use xp::models::decomposition::IncrementalPCA;
use xp::models::linear_model::{GramStatistics, Ridge};
use xp::models::preprocessing::StandardScaler;
use xp::prelude::*;

type Failure = Box<dyn std::error::Error>;

/// Features of the samples; one more column holds the target.
const FEATURES: usize = 3;
const ROWS: usize = 30_000;
const CHUNK: usize = 1000;

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "chunks.npy".into());
    write(Path::new(&path))?;
    let device = DefaultBackend::default_device()?;

    // Each half is learnt from by itself; what is learnt is small, and could come from another machine in a file.
    let mut models = [0..ROWS / 2, ROWS / 2..ROWS].map(|rows| learn(&device, Path::new(&path), rows)).into_iter();
    let (mut first, second) = (models.next().expect("a half")?, models.next().expect("a half")?);
    first.scaler.merge(&second.scaler)?;
    first.pca.merge(&second.pca)?;
    first.sums.merge(&second.sums)?;

    println!("{} samples in chunks of {CHUNK}", first.scaler.n_samples_seen().max(..).item()?);
    println!("means      {:6.3?}", first.scaler.mean().expect("with_mean").to_host()?);
    println!("variance   {:6.3?} along the components", first.pca.explained_variance().to_host()?);
    let ridge = Ridge::params().alpha(1e-3).fit_statistics(&first.sums)?;
    println!("target     {:6.3?} x + {:.3}", ridge.coef().to_host()?, ridge.intercept().item()?);
    let expected = [2.0, -1.0, 0.5];
    assert!(ridge.coef().to_host()?.iter().zip(expected).all(|(found, true_one)| (found - true_one).abs() < 0.01));
    Ok(())
}

/// What is learnt of some samples.
struct Learnt<B: Backend> {
    scaler: StandardScaler<B, f64>,
    pca: IncrementalPCA<B, f64>,
    sums: GramStatistics<B, f64, Ix1>,
}

fn learn<B: Linalg<f64>>(device: &B, path: &Path, rows: Range<usize>) -> Result<Learnt<B>, Failure> {
    let scaler = StandardScaler::params().start(device, FEATURES)?;
    let pca = IncrementalPCA::params().n_components(FEATURES).start(device, FEATURES)?;
    let mut learnt = Learnt { scaler, pca, sums: GramStatistics::start(device, FEATURES, 1)? };
    for chunk in Chunks::open(path, rows)? {
        let values = chunk?;
        let rows = values.len() / (FEATURES + 1);
        let table = Array::from_vec(device, values, [rows, FEATURES + 1])?;
        let (x, y) = (table.slice(s![.., ..FEATURES])?, table.index_axis(1, FEATURES)?);
        learnt.scaler.partial_fit(&x)?;
        learnt.pca.partial_fit(&x)?;
        learnt.sums.partial_fit(&x, &y)?;
    }
    Ok(learnt)
}

/// Rows of a file of NumPy's, a chunk at a time.
struct Chunks {
    file: BufReader<File>,
    rows: usize,
}

impl Chunks {
    fn open(path: &Path, rows: Range<usize>) -> Result<Self, Failure> {
        let mut file = BufReader::new(File::open(path)?);
        // The magic bytes, the version, and the length of the text that describes the array.
        let mut start = [0; 10];
        file.read_exact(&mut start)?;
        let header = u16::from_le_bytes([start[8], start[9]]);
        let row = 8 * (FEATURES as u64 + 1);
        file.seek(SeekFrom::Start(10 + u64::from(header) + rows.start as u64 * row))?;
        Ok(Chunks { file, rows: rows.len() })
    }
}

impl Iterator for Chunks {
    type Item = std::io::Result<Vec<f64>>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.rows.min(CHUNK);
        self.rows -= rows;
        let mut bytes = vec![0; rows * (FEATURES + 1) * 8];
        let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        (rows > 0).then(|| self.file.read_exact(&mut bytes).map(|()| bytes.chunks_exact(8).map(number).collect()))
    }
}

/// Writes samples and the targets that a line and some noise make of them.
fn write(path: &Path) -> Result<(), Failure> {
    let mut to = BufWriter::new(File::create(path)?);
    let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({ROWS}, {}), }}", FEATURES + 1);
    let header = format!("{text:<117}\n");
    to.write_all(b"\x93NUMPY\x01\x00")?;
    to.write_all(&(header.len() as u16).to_le_bytes())?;
    to.write_all(header.as_bytes())?;
    let mut random = xp::random::Generator::new(1);
    let host = DefaultBackend::default_device()?;
    for _ in 0..ROWS / CHUNK {
        let normal: Vec<f64> = random.normal(&host, [CHUNK, FEATURES + 1])?.to_host()?;
        for z in normal.chunks_exact(FEATURES + 1) {
            let x = [z[0] + 1.0, z[0] + 2.0 * z[1], z[2] - 3.0];
            let y = 2.0 * x[0] - x[1] + 0.5 * x[2] + 4.0 + 0.1 * z[3];
            for value in [x[0], x[1], x[2], y] {
                to.write_all(&f64::to_le_bytes(value))?;
            }
        }
    }
    Ok(to.flush()?)
}
