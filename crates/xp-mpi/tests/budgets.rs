//! What fits exchange, counted on four ranks and compared with `budgets.md`: operations in which all ranks take part, and bytes that
//! the rank which sends most of them sends. A number that grows is a regression, one that shrinks belongs into the table:
//! `XP_WRITE_DOCS=1 cargo test -p xp-mpi --test budgets` writes it, there and in `docs/mpi.md`.

#[path = "estimators/suite.rs"]
#[allow(dead_code)]
mod suite;

use std::fmt::Write;

use suite::{Make, noise};
use xp_conformance::{budgets, pages};
use xp_core::{Array, Ix1, Ix2};
use xp_cpu::Cpu;
use xp_models::Result;
use xp_models::cluster::{Init, KMeans};
use xp_models::decomposition::PCA;
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp_models::linear_model::{LogisticRegression, Ridge};
use xp_models::mixture::{CovarianceType, GaussianMixture, InitParams};
use xp_models::naive_bayes::GaussianNB;
use xp_models::preprocessing::StandardScaler;
use xp_mpi::{Mpi, simulate};

const TABLE: &str = include_str!("budgets.md");
const HEAD: &str = "| fit | collectives | bytes |\n|---|---|---|\n";
const N: usize = 4000;
const P: usize = 40;
const RANKS: usize = 4;
/// Bytes of a product of all features with all features.
const SQUARE: u64 = (P * P * 8) as u64;

/// What the jobs work on.
struct Operands {
    x: Array<Mpi<Cpu>, f64, Ix2>,
    /// Three classes, two, and numbers.
    classes: Array<Mpi<Cpu>, i64, Ix1>,
    two: Array<Mpi<Cpu>, i64, Ix1>,
    target: Array<Mpi<Cpu>, f64, Ix1>,
}

impl Operands {
    fn new(device: &Mpi<Cpu>) -> Self {
        Operands {
            x: device.make([N, P], noise),
            classes: device.make([N], |i| (i % 3) as i64),
            two: device.make([N], |i| i64::from(noise(3 * i) > 0.0)),
            target: device.make([N], |i| noise(i + 1)),
        }
    }
}

type Job = (&'static str, fn(&Operands) -> Result<()>);
const JOBS: &[Job] = &[
    ("LinearDiscriminantAnalysis", |o| LinearDiscriminantAnalysis::params().fit(&o.x, &o.classes).map(drop)),
    ("PCA", |o| PCA::params().n_components(3).fit(&o.x).map(drop)),
    ("Ridge", |o| Ridge::params().fit(&o.x, &o.target).map(drop)),
    ("StandardScaler", |o| StandardScaler::params().fit(&o.x).map(drop)),
    ("GaussianNB", |o| GaussianNB::params().fit(&o.x, &o.classes).map(drop)),
    ("LogisticRegression, two classes, 1 iteration", |o| LogisticRegression::params().max_iter(1).fit(&o.x, &o.two).map(drop)),
    ("LogisticRegression, two classes, 2 iterations", |o| LogisticRegression::params().max_iter(2).fit(&o.x, &o.two).map(drop)),
    ("LogisticRegression, three classes, 1 iteration", |o| LogisticRegression::params().max_iter(1).fit(&o.x, &o.classes).map(drop)),
    ("LogisticRegression, three classes, 2 iterations", |o| LogisticRegression::params().max_iter(2).fit(&o.x, &o.classes).map(drop)),
    ("KMeans, 5 centres given, 1 iteration", |o| kmeans(o, 1)),
    ("KMeans, 5 centres given, 2 iterations", |o| kmeans(o, 2)),
    ("GaussianMixture, 3 components, diagonal, 1 iteration", |o| mixture(o, 1)),
    ("GaussianMixture, 3 components, diagonal, 2 iterations", |o| mixture(o, 2)),
];

fn kmeans(o: &Operands, iterations: usize) -> Result<()> {
    let centres = o.x.take(&Array::from_vec(o.x.device(), vec![0, 1, 2, 3, 4], [5])?, 0)?;
    KMeans::params().n_clusters(5).init(Init::Centers(centres)).max_iter(iterations).tol(0.0).fit(&o.x).map(drop)
}

fn mixture(o: &Operands, iterations: usize) -> Result<()> {
    let params = GaussianMixture::params().n_components(3).covariance_type(CovarianceType::Diag).init_params(InitParams::RandomFromData);
    params.max_iter(iterations).tol(0.0).fit(&o.x).map(drop)
}

/// Collectives, and bytes, of each job.
fn counts() -> Vec<[u64; 2]> {
    let all = simulate(RANKS, &Cpu, |device: &Mpi<Cpu>| {
        let operands = Operands::new(device);
        let count = |job: &Job| {
            let before = device.traffic();
            job.1(&operands).unwrap_or_else(|e| panic!("{}: {e}", job.0));
            let after = device.traffic();
            [after.collectives - before.collectives, after.bytes - before.bytes]
        };
        JOBS.iter().map(count).collect::<Vec<_>>()
    })
    .unwrap();
    (0..JOBS.len()).map(|job| all.iter().map(|rank| rank[job]).fold([0, 0], |most, [c, b]| [most[0].max(c), most[1].max(b)])).collect()
}

#[test]
fn every_fit_keeps_to_its_budget() {
    let mut table = HEAD.to_owned();
    for (job, [collectives, bytes]) in JOBS.iter().zip(counts()) {
        writeln!(table, "| {} | {collectives} | {bytes} |", job.0).unwrap();
    }
    let command = "cargo test -p xp-mpi --test budgets";
    pages::table("docs/mpi.md", HEAD, &table, command);
    pages::file("crates/xp-mpi/tests/budgets.md", &table, command);
}

/// These hold whatever the table says: how many products of features with features a fit sends, and that no row is sent.
#[test]
fn fits_send_products_and_no_rows() {
    let cell = |name: &str, column: usize| budgets::cell(TABLE, name, column) as u64;
    // A rank sends what all have to two others, and before that what it has to one, or waits for two.
    let most = |products: u64| products * 2 * SQUARE + SQUARE;
    for (name, collectives, products) in
        [("LinearDiscriminantAnalysis", 4, 1), ("PCA", 2, 1), ("Ridge", 4, 1), ("StandardScaler", 1, 0), ("GaussianNB", 3, 0)]
    {
        assert!(cell(name, 1) <= collectives, "{name}: {} collectives", cell(name, 1));
        assert!(cell(name, 2) <= most(products), "{name}: {} bytes", cell(name, 2));
        assert!(cell(name, 2) < (N * P) as u64, "{name} sends rows");
    }
}
