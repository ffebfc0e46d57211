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
        // Labels, sums, the bounds of the classes that are looked up, Gram matrix.
        exchanged: &[8.0 * 3.0 * K, 8.0 * K * P, 8.0 * 2.0, 8.0 * P * P],
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
        // Both products of a block go through it while it is in a cache.
        passes: 1.0,
        // Loss, gradient, that of the intercept, in one.
        exchanged: &[8.0 * (P + 2.0)],
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

/// Efficiency on every number of ranks up to 1024, drawn.
fn picture() -> String {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 320.0;
    const COLOURS: [&str; 3] = ["#4477aa", "#cc6677", "#228833"];
    let (left, right, top, bottom) = (60.0, WIDTH - 20.0, 40.0, HEIGHT - 50.0);
    // Efficiencies from 0.7 on.
    let x = |ranks: f64| left + (right - left) * ranks.log2() / 10.0;
    let y = |efficiency: f64| bottom - (bottom - top) * (efficiency - 0.7) / 0.3;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#555555\">\n\
         <title>Efficiency of fits on 1 to 1024 ranks, by the model of docs/mpi.md</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    for tenth in 7..=10 {
        let (efficiency, at) = (f64::from(tenth) / 10.0, y(f64::from(tenth) / 10.0));
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {at:.1} H{right}\" stroke=\"#dddddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{efficiency:.1}</text>",
            left - 6.0,
            at + 4.0
        );
    }
    for power in 0..=10 {
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", x(f64::from(1 << power)), bottom + 18.0, 1 << power);
    }
    let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">ranks</text>", (left + right) / 2.0, bottom + 38.0);
    for (k, (fit, colour)) in FITS.iter().zip(COLOURS).enumerate() {
        let points: Vec<String> = (1..=1024).map(|ranks| format!("{:.1} {:.1}", x(f64::from(ranks)), y(fit.efficiency(f64::from(ranks))))).collect();
        let _ = writeln!(svg, "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>", points.join(" L"));
        let _ = writeln!(svg, "<text x=\"{}\" y=\"20\" font-size=\"14\" fill=\"{colour}\">{}</text>", left + 60.0 * k as f64, fit.name);
    }
    svg + "</svg>\n"
}

#[test]
fn the_picture_is_the_one_of_the_formulas() {
    pages::file("docs/mpi-scaling.svg", &picture(), "cargo test -p xp-mpi --test scaling");
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
