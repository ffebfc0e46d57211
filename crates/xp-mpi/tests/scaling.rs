//! The table of `docs/mpi.md` that says how far fits scale, recomputed from its formulas: `XP_WRITE_DOCS=1 cargo test -p xp-mpi --test
//! scaling` writes it. It is a model on paper; what it takes from the code, how many collectives a fit has and how large they are, is
//! counted by `budgets.rs`.

use std::fmt::Write;

use xp_conformance::pages;

/// Rows, features, classes.
const N: f64 = 1e9;
const P: f64 = 300.0;
const K: f64 = 10.0;
/// Of a rank: operations per second in products of matrices, and in decompositions, which are no faster on more ranks; bytes per
/// second from memory.
const SPEED: f64 = 5e11;
const ALONE: f64 = 5e10;
const MEMORY: f64 = 1e11;
/// Of the network: seconds for a message, and bytes per second.
const LATENCY: f64 = 2e-6;
const BANDWIDTH: f64 = 1e10;
/// Parts of the rows.
const PARTS: f64 = 4096.0;
const RANKS: [u32; 6] = [1, 16, 64, 256, 1000, 1024];

/// What a fit, or one step of it, does.
struct Fit {
    name: &'static str,
    /// Operations over rows, and how often all rows are read from memory.
    operations: f64,
    passes: f64,
    /// Bytes of each collective.
    exchanged: &'static [f64],
    /// Operations that every rank does by itself.
    serial: f64,
}

const FITS: [Fit; 3] = [
    Fit {
        name: "LDA",
        // The sums of the classes, then the Gram matrix.
        operations: 2.0 * N * P * (K + P),
        passes: 2.0,
        // Labels, sums, the least and the largest class that is looked up, Gram matrix.
        exchanged: &[8.0 * 3.0 * K, 8.0 * K * P, 8.0, 8.0, 8.0 * P * P],
        serial: 10.0 * P * P * P,
    },
    Fit {
        name: "PCA",
        operations: 2.0 * N * P * P,
        passes: 2.0,
        // Means, Gram matrix.
        exchanged: &[8.0 * P, 8.0 * P * P],
        serial: 10.0 * P * P * P,
    },
    Fit {
        name: "gradient of logistic regression",
        operations: 4.0 * N * P,
        passes: 2.0,
        // Loss, gradient, that of the intercepts.
        exchanged: &[8.0, 8.0 * P, 8.0],
        serial: 0.0,
    },
];

impl Fit {
    /// Seconds on so many ranks.
    fn time(&self, ranks: f64) -> f64 {
        // The rank with the most parts.
        let share = (PARTS / ranks).ceil() / PARTS;
        let rows = share * (self.operations / SPEED).max(self.passes * 8.0 * N * P / MEMORY);
        let levels = ranks.log2().ceil();
        let exchange: f64 = self.exchanged.iter().map(|bytes| 2.0 * levels * (LATENCY + bytes / BANDWIDTH)).sum();
        rows + exchange + self.serial / ALONE
    }

    fn efficiency(&self, ranks: f64) -> f64 {
        self.time(1.0) / (ranks * self.time(ranks))
    }
}

fn seconds(t: f64) -> String {
    if t < 1.0 { format!("{:.3} s", t) } else { format!("{t:.1} s") }
}

fn table() -> String {
    let mut table = HEAD.to_owned();
    for fit in &FITS {
        let cells: Vec<String> = RANKS.iter().map(|&r| format!("{}, {:.2}", seconds(fit.time(r.into())), fit.efficiency(r.into()))).collect();
        writeln!(table, "| {} | {} |", fit.name, cells.join(" | ")).unwrap();
    }
    table
}

const HEAD: &str = "| on so many ranks | 1 | 16 | 64 | 256 | 1000 | 1024 |\n|---|---|---|---|---|---|---|\n";

#[test]
fn the_table_is_the_one_of_the_formulas() {
    pages::table("docs/mpi.md", HEAD, &table(), "cargo test -p xp-mpi --test scaling");
}

/// The model exchanges as often as fits do.
#[test]
fn collectives_are_those_of_the_budgets() {
    let budget = |name: &str| -> usize {
        let mut rows = include_str!("budgets.md").lines().map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
        let row = rows.find(|row| row[0] == name).unwrap_or_else(|| panic!("{name} has no budget"));
        row[1].parse().unwrap()
    };
    let iterations = |n: &str| budget(&format!("LogisticRegression, two classes, {n}"));
    let counted = [budget("LinearDiscriminantAnalysis"), budget("PCA"), iterations("2 iterations") - iterations("1 iteration")];
    assert_eq!(FITS.map(|fit| fit.exchanged.len()), counted);
}

/// What the text says about the table.
#[test]
fn what_breaks_first() {
    for fit in &FITS {
        assert!(fit.efficiency(1024.0) > 0.95, "{}: {}", fit.name, fit.efficiency(1024.0));
        // Ranks whose number does not divide that of the parts wait for those that have one more.
        assert!(fit.efficiency(1000.0) < 0.83, "{}: {}", fit.name, fit.efficiency(1000.0));
        assert!(fit.efficiency(8192.0) < 0.51, "{}: half of the ranks have no part", fit.name);
    }
}
