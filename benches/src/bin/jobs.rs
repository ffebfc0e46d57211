//! The Rust sides of `compare.py`: answers the protocol that is described there, one line of JSON per command. With the
//! argument `rustfft`, the jobs are those of that crate alone instead of xp's.

use std::io::{BufRead, Write};
use std::time::Instant;

use benches::jobs::{Job, Run, rustfft, table};
use benches::memory::{peak_kib, release_freed, reset_peak, resident_kib};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mut job = None;
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let answer = match command {
            "quit" => break,
            "list" => json!({ "jobs": jobs().iter().map(|j| [j.name, j.dtype]).collect::<Vec<_>>() }),
            "setup" => {
                drop(job.take());
                answer(setup(rest).map(|made| job = Some(made)))
            }
            "run" => run(&mut job).unwrap_or_else(|e| json!({ "error": e })),
            "drop" => {
                drop(job.take());
                release_freed();
                json!({ "ok": true })
            }
            _ => json!({ "error": format!("no command named {command:?}") }),
        };
        writeln!(answers, "{answer}")?;
        answers.flush()?;
    }
    Ok(())
}

fn jobs() -> Vec<Job> {
    if std::env::args().nth(1).is_some_and(|side| side == "rustfft") { rustfft() } else { table() }
}

fn answer(done: Result<(), String>) -> Value {
    match done {
        Ok(()) => json!({ "ok": true }),
        Err(e) => json!({ "error": e }),
    }
}

/// The job of `NAME DTYPE SEED`, with its input.
fn setup(rest: &str) -> Result<Run, String> {
    let words: Vec<&str> = rest.rsplitn(3, ' ').collect();
    let [seed, dtype, name] = words[..] else {
        return Err("setup takes a job, a dtype and a seed".into());
    };
    let seed = seed.parse().map_err(|_| format!("{seed:?} is not a seed"))?;
    let job = jobs().into_iter().find(|j| (j.name, j.dtype) == (name, dtype)).ok_or_else(|| format!("no job named {name:?} for {dtype}"))?;
    let made = (job.make)(seed).map_err(|e| e.to_string())?;
    release_freed();
    Ok(made)
}

/// One timed run; the clock stops before the result is freed.
fn run(job: &mut Option<Run>) -> Result<Value, String> {
    let job = job.as_mut().ok_or("run before setup")?;
    reset_peak();
    let before = resident_kib();
    let start = Instant::now();
    let result = job().map_err(|e| e.to_string())?;
    let seconds = start.elapsed().as_secs_f64();
    let extra = before.zip(peak_kib()).map(|(before, peak)| peak.saturating_sub(before) as f64 / 1024.0);
    drop(result);
    Ok(json!({ "seconds": seconds, "extra_mib": extra }))
}
