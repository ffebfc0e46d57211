//! Linear discriminant analysis of generated data that no rank has all of, on the ranks of an MPI program:
//!
//!     cargo build --release --features mpi --example lda_cluster
//!     mpirun -n 4 target/release/examples/lda_cluster [ROWS] [FEATURES]
//!
//! Rank 0 prints a line for every step; its hash is the same for any number of ranks. Without `mpirun` it is one rank, and
//! without MPI an error says what was tried.

use std::time::Instant;

use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::preprocessing::StandardScaler;
use xp::mpi::Session;
use xp::prelude::*;

const CLASSES: usize = 5;

fn main() -> xp::models::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut next = |default| arguments.next().and_then(Result::ok).unwrap_or(default);
    let (n, p) = (next(200_000), next(20));
    Session::<Cpu>::start()?.run(|device| {
        let start = Instant::now();
        let say = |what: &str| {
            if device.rank() == 0 {
                println!("{:7.2} s  {what}", start.elapsed().as_secs_f64());
            }
        };
        say(&format!("{} ranks, {}", device.size(), device.transport()));

        // Every rank makes its own rows, and no other.
        let x = device.from_rows::<f64, Ix2>([n, p], |rows| rows.flat_map(|i| (0..p).map(move |j| sample(i, j, p))).collect())?;
        let y = device.from_rows::<i64, Ix1>([n], |rows| rows.map(class).collect())?;
        let mine = device.rows(&x).len();
        say(&format!("{n} x {p} numbers, {mine} rows of them here: {:.1} MB", (mine * p * 8) as f64 / 1e6));

        // What follows does not know of ranks.
        let x = StandardScaler::params().fit(&x)?.transform(&x)?;
        say("scaled");
        let lda = LinearDiscriminantAnalysis::params().fit(&x, &y)?;
        say("fitted");
        let accuracy = lda.score(&x, &y)?;
        let bits = lda.coef().to_host()?.iter().fold(0u64, |hash, c| hash.rotate_left(7) ^ c.to_bits());
        say(&format!("accuracy {accuracy:.4}, coefficients {bits:016x}"));
        let sent = device.traffic();
        say(&format!("{} collectives, {:.1} KB sent by rank 0", sent.collectives, sent.bytes as f64 / 1e3));
        Ok(())
    })
}

fn class(row: usize) -> i64 {
    (row * 7 % CLASSES) as i64
}

/// Noise, moved by a little in some columns, which depend on the class.
fn sample(row: usize, column: usize, columns: usize) -> f64 {
    let mut z = ((row * columns + column) as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    }
    let noise = (z >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    noise * (1.0 + column as f64 / 8.0) + if class(row) as usize == column % CLASSES { 0.3 } else { 0.0 }
}
