//! Serves the predictions of a model that was trained in Python: samples as lines of numbers on standard input, one label a line on
//! standard output, and the rate on standard error at the end.
//!
//! ```sh
//! python3 crates/xp/examples/train.py lda.safetensors > digits.csv
//! cargo run --release --example serve lda.safetensors < digits.csv
//! ```

use std::io::{BufRead, BufWriter, Write, stdin, stdout};
use std::time::Instant;

use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::model::Model;
use xp::models::pipeline::Pipeline;
use xp::models::preprocessing::StandardScaler;
use xp::models::traits::Predict;
use xp::prelude::*;

type Served = Pipeline<StandardScaler<Cpu, f64>, LinearDiscriminantAnalysis<Cpu, f64, i64>>;

/// Lines that are predicted together: few enough to answer soon, many enough to be one product of matrices.
const BATCH: usize = 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("the file of the model is missing: serve MODEL < samples")?;
    let model = Served::load(&path, &Cpu)?;
    let (mut out, mut lines, mut served, start) = (BufWriter::new(stdout().lock()), stdin().lock().lines(), 0, Instant::now());
    loop {
        let (mut values, mut rows) = (vec![], 0);
        for line in lines.by_ref().take(BATCH) {
            let line = line?;
            for text in line.split(',') {
                values.push(text.trim().parse::<f64>().map_err(|e| format!("line {}: {text:?}: {e}", served + rows + 1))?);
            }
            rows += 1;
        }
        if rows == 0 {
            break;
        }
        let columns = values.len() / rows;
        for label in model.predict(&Array::from_vec(&Cpu, values, [rows, columns])?)?.to_vec() {
            writeln!(out, "{label}")?;
        }
        out.flush()?;
        served += rows;
    }
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{served} samples in {seconds:.3} s: {:.0} a second", served as f64 / seconds);
    Ok(())
}
