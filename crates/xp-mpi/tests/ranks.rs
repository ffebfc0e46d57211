//! Programs on ranks that are processes, under MPI's own launcher: the conformance suite and operations on sharded arrays on 1, 2 and 3 of
//! them, with the bits that threads give, and faults that are injected. Where no launcher is installed the tests say so and end.
//!
//! `XP_MPIRUN` names another launcher than `mpirun` and `mpiexec`, `XP_MPI_LIBRARY` the library that belongs to it.

#[path = "sharded/suite.rs"]
#[allow(dead_code)]
mod suite;

use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use xp_core::functions::*;
use xp_core::{Array, Error, Ix1, Ix2, Result, linalg};
use xp_cpu::Cpu;
use xp_mpi::{Mpi, Session, simulate};

fn noise(i: usize) -> f64 {
    let z = (i as u64).wrapping_add(0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((z >> 40) % 4096) as f64 / 256.0 - 8.0
}

/// Means and coefficients of fits that pass over rows part by part.
fn fitted(x: &Array<Mpi<Cpu>, f64, Ix2>) -> xp_models::Result<Array<Mpi<Cpu>, f64, Ix2>> {
    let labels = x.lazy().floor().astype::<i64>().sum(1).try_eval()? % 3;
    let x = xp_models::preprocessing::StandardScaler::params().fit(x)?.transform(x)?;
    Ok(xp_models::linear_model::LogisticRegression::params().max_iter(3).fit(&x, &labels)?.coef().clone())
}

/// A hash of what every kind of exchange gives: trees, gathered and swapped rows, rows of owners, messages of many pieces.
fn results(device: &Mpi<Cpu>) -> Result<u64> {
    const N: usize = 50_000;
    let x = device.from_rows::<f64, Ix2>([N, 6], |rows| (rows.start * 6..rows.end * 6).map(noise).collect())?;
    let at = device.from_rows::<i64, Ix1>([N], |rows| rows.map(|i| (i * 617 % N) as i64).collect())?;
    let v = x.slice(xp_core::s![.., 2])?.copy()?;
    let parts: Vec<Array<Mpi<Cpu>, f64, xp_core::Dyn>> = vec![
        x.mean(0).into_dyn(),
        x.var(0, 1.0).into_dyn(),
        x.argmax(0).astype::<f64>().into_dyn(),
        linalg::gram(&(x.lazy() - &x.mean(0)))?.into_dyn(),
        <Mpi<Cpu> as xp_core::Linalg<f64>>::tall_r(&x.lazy())?.into_dyn(),
        v.sort(0, Ascending)?.into_dyn(),
        x.take(&at, 0)?.cumulative_sum(0)?.into_dyn(),
        x.sort(0, Descending)?.into_dyn(),
        unique_values(&v)?.into_dyn(),
        x.select(&x.greater(7.0))?.into_dyn(),
        x.take(&Array::from_vec(device, vec![0, 7, 3], [3])?, 0)?.matmul(&x.t())?.max(0).into_dyn(),
        fitted(&x).map_err(|e| Error::value("fit", e.to_string()))?.into_dyn(),
    ];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        let bits = device.gather(&part)?.to_host()?.into_iter().map(f64::to_bits);
        hash = bits.fold(hash, |h, b| (h ^ b).wrapping_mul(0x100_0000_01b3).rotate_left(5));
    }
    Ok(hash)
}

/// What the suite of all backends asks of arrays that are not sharded, and the hash of what all operations on sharded ones give.
fn conformance(device: &Mpi<Cpu>) -> Result<u64> {
    macro_rules! each {
        ($($module:ident { $($name:ident $(<$t:ty>)?),* })*) => {$($(
            xp_conformance::$module::$name::<Mpi<Cpu> $(, $t)?>(device);
        )*)*};
    }
    each! {
        fusion { into_existing<f32>, rows<f32>, row_blocks<f32> }
        operators { in_place, value_semantics }
        slicing { python_slices, views_share_nothing, broadcasting }
        indexing { masks, take, take_along_axis, put }
        reductions { sums<f32>, extremes<f32>, empty<f32>, several<f32> }
        partials { join<f32> }
        sorting { sort<f32>, searchsorted<f32>, unique<f32>, cumulative<f32> }
        manipulation { concat, stack }
        matmul { integers, floats<f32>, stacks<f32> }
    }
    let bodies: [fn(&Mpi<Cpu>) -> Result<suite::Found>; 10] = [
        suite::elementwise,
        suite::reductions,
        suite::sorting,
        suite::gathering,
        suite::products,
        suite::columns,
        suite::made,
        suite::passes,
        suite::transforms,
        suite::small,
    ];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (_, numbers) in bodies.into_iter().map(|body| body(device)).collect::<Result<Vec<_>>>()?.concat() {
        hash = numbers.iter().fold(hash, |h, x| (h ^ x.to_bits()).wrapping_mul(0x100_0000_01b3).rotate_left(5));
    }
    Ok(hash)
}

/// What a rank does: run by the tests below, under the launcher.
#[test]
#[ignore = "a program for several processes: run by the other tests"]
fn program() {
    let what = std::env::var("XP_MPI_PROGRAM").unwrap();
    let run = || {
        Session::<Cpu>::start().and_then(|session| {
            assert!(Session::<Cpu>::start().unwrap_err().to_string().contains("was started before"));
            session.run(|device| {
                let x = device.from_rows::<f64, Ix1>([1000], |rows| rows.map(noise).collect())?;
                let other = device.rank() == device.size() - 1;
                match &what[..] {
                    "results" | "pieces" => {
                        println!("\nhash {:016x} of rank {} of {} over {}", results(device)?, device.rank(), device.size(), device.transport())
                    }
                    "conformance" => {
                        println!("\nhash {:016x} of rank {} of {} over {}", conformance(device)?, device.rank(), device.size(), device.transport())
                    }
                    "error" if other => return Err(Error::value("test", "an error of one rank")),
                    "panic" => assert!(!other, "a panic of one rank"),
                    "death" if other => std::process::exit(3),
                    "silence" if other => std::thread::sleep(Duration::from_secs(25)),
                    "divergence" if other => drop(x.sort(0, Ascending)?),
                    "shapes" => {
                        let n = 1000 + usize::from(other);
                        device.from_rows::<f64, Ix1>([n], |rows| rows.map(noise).collect())?;
                    }
                    "rows" => drop(device.from_rows::<f64, Ix1>([1000], |rows| if other { vec![] } else { rows.map(noise).collect() })?),
                    "slow" if other => std::thread::sleep(Duration::from_millis(300)),
                    _ => {}
                }
                let sum = x.lazy().sum(..).try_eval()?.item()?;
                println!("\nsum {sum} of rank {}", device.rank());
                Ok(x)
            })
        })
    };
    let run = || {
        let late = run()?.lazy().sum(..).try_eval().unwrap_err().to_string();
        assert!(late.contains("the session has ended"), "{late}");
        Ok(())
    };
    let ended = std::panic::catch_unwind(run).unwrap_or_else(|_| Err::<(), _>(Error::value("test", "the panic above")));
    if let Err(e) = ended {
        println!("\nerror of a rank: {e}");
        // The launcher of some libraries ends all processes when one fails: the others say what they have heard first.
        std::thread::sleep(Duration::from_secs(3));
        std::process::exit(2);
    }
}

/// The launcher, if there is one.
fn launcher() -> Option<String> {
    if let Ok(named) = std::env::var("XP_MPIRUN") {
        return Some(named);
    }
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let found = ["mpirun", "mpiexec"].into_iter().find(runs);
    if found.is_none() {
        eprintln!("not run: no mpirun on this machine (`openmpi-bin`, `mpich` and `pip install mpich` have one)");
    }
    found.map(Into::into)
}

/// One program at a time: deadlines are short.
static ONE: Mutex<()> = Mutex::new(());

/// What the ranks of a program print, whether all went well, and how long it took.
fn launch(launcher: &str, ranks: usize, what: &str, deadline: &str) -> (String, bool, Duration) {
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    let start = Instant::now();
    let mut command = Command::new(launcher);
    command.args(["-n", &ranks.to_string()]).arg(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "program", "--nocapture", "--test-threads=1"]);
    if what == "pieces" {
        command.env("XP_MPI_PIECE", "1000");
    }
    command.env("XP_MPI_PROGRAM", what).env("XP_MPI_DEADLINE", deadline).env("RAYON_NUM_THREADS", "1");
    // Open MPI: as many processes as are asked for, by any user.
    for (name, value) in [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_mpi_yield_when_idle", "1"),
        ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
    ] {
        command.env(name, value);
    }
    let out = command.output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (text, out.status.success(), start.elapsed())
}

/// The conformance suite on ranks that are threads.
#[test]
fn conformance_on_threads() {
    let hashes: Vec<_> = [1, 2, 3].into_iter().flat_map(|size| simulate(size, &Cpu, conformance).unwrap()).collect();
    assert!(hashes.iter().all(|hash| hash.is_ok() && *hash == hashes[0]), "{hashes:x?}");
}

/// The same hash from every rank of 1, 2 and 3 processes, and from threads.
#[test]
fn processes_give_the_bits_of_threads() {
    let Some(launcher) = launcher() else { return };
    let hashes = [results, conformance].map(|program| simulate(2, &Cpu, program).unwrap()[0].clone().unwrap());
    // Messages above the 32-bit counts of the interface go by pieces: here, small ones.
    let programs = [(1, "results"), (2, "results"), (3, "results"), (2, "pieces"), (1, "conformance"), (2, "conformance"), (3, "conformance")];
    for (ranks, what) in programs {
        let hash = hashes[usize::from(what == "conformance")];
        let (text, good, _) = launch(&launcher, ranks, what, "120");
        let hashes: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("hash ")).collect();
        println!("{}", hashes.join("\n"));
        assert!(good && hashes.len() == ranks, "{ranks} ranks: {text}");
        assert!(hashes.iter().all(|line| line.starts_with(&format!("{hash:016x}"))), "{hash:016x} expected of {ranks} ranks: {text}");
    }
}

/// An error, a panic, a wrong shape, another operation of one rank end as an error on all, which says what happened.
#[test]
fn faults_of_one_rank_are_errors_of_all() {
    let Some(launcher) = launcher() else { return };
    for (what, words) in [
        ("error", "an error of one rank"),
        ("panic", "it panicked"),
        ("divergence", "is in `"),
        ("shapes", "shapes or dtypes"),
        ("rows", "0 elements given"),
    ] {
        let (text, good, took) = launch(&launcher, 3, what, "60");
        let errors = text.lines().filter(|line| line.starts_with("error of a rank") && line.contains(words)).count();
        assert!(!good && took < Duration::from_secs(45), "{what}: {text}");
        assert!(errors >= 2, "{what}: {errors} errors: {text}");
        assert!(!text.contains("\nsum "), "{what}: {text}");
    }
}

/// A rank that is silent for longer than the deadline, or has died, is noticed; a slow one is waited for.
#[test]
fn silence_is_noticed() {
    let Some(launcher) = launcher() else { return };
    let (text, good, took) = launch(&launcher, 2, "silence", "3.5");
    assert!(!good && text.contains("nothing was heard of rank 1 for 3.5 s") && took < Duration::from_secs(20), "{took:?}: {text}");
    let (text, good, took) = launch(&launcher, 2, "death", "5");
    assert!(!good && took < Duration::from_secs(30), "{took:?}: {text}");
    let (text, good, _) = launch(&launcher, 2, "slow", "30");
    assert!(good && text.lines().filter(|line| line.starts_with("sum ")).count() == 2, "{text}");
}

/// Without a library, the error lists what was tried.
#[test]
fn a_missing_library_is_an_error() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "program", "--nocapture"]).env("XP_MPI_PROGRAM", "results").env("XP_MPI_LIBRARY", "libno-such-mpi.so.7");
    let out = command.output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("start failed: no MPI library was opened") && text.contains("Tried libno-such-mpi.so.7"), "{text}");
}
