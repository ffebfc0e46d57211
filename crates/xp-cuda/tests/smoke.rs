//! The first look at a card: which calls work, each beside `Cpu` or arithmetic, in two minutes. One line for each, `PASS` or `FAIL` with the
//! reason, and a verdict; `scripts/gpu/run.sh` runs it before anything else.
//!
//! The checks run in another process, one after the other. Where one ends that process, loses the device, or does not come back, it has
//! failed, and a new process goes on with the next one. `XP_SMOKE_ONLY` names those to run, separated by `;`. On the simulated device it
//! shows that the checks themselves work.

mod common;

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader},
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use num_complex::Complex;
use xp_core::functions::{Ascending, Descending, arange, eye};
use xp_core::random::Generator;
use xp_core::{Array, Dim, Element, Float, Floating, IntoShape, Ix1, Ix2, Ix3, Linalg, Num, Real as _, linalg, s};
use xp_cpu::Cpu;
use xp_cuda::{Arguments, Cuda, ModuleSource, Shape, driver, loader};
use xp_fft::{Direction, Fft};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A name, and a check that says what it found where that is worth a word.
type Check = (&'static str, fn(&Cuda) -> Outcome<String>);

/// In the order of what needs what: the first ones say why later ones fail.
const CHECKS: [Check; 24] = [
    ("device", about),
    ("libraries", |_| libraries()),
    ("NVRTC and launch", |device| done(own_kernel(device))),
    ("host copies", |device| done(host_copies(device))),
    ("elementwise", |device| done(elementwise(device))),
    ("fused chain", |device| done(chains(device))),
    ("transposes", |device| done(transposes(device))),
    ("reductions", |device| done(reductions(device))),
    ("scans", |device| done(scans(device))),
    ("sort", |device| done(sorts(device))),
    ("take, put, select", |device| done(indices(device))),
    ("random numbers", |device| done(draws(device))),
    ("matmul (cuBLAS)", |device| done(each(device, [products::<f32>, products::<f64>, products::<Complex<f32>>, products::<Complex<f64>>]))),
    ("Cholesky (cuSOLVER)", |device| done(each(device, [cholesky::<f32>, cholesky::<f64>, cholesky::<Complex<f32>>, cholesky::<Complex<f64>>]))),
    ("solve (cuSOLVER)", |device| done(each(device, [solve::<f32>, solve::<f64>, solve::<Complex<f32>>, solve::<Complex<f64>>]))),
    ("QR (cuSOLVER)", |device| done(each(device, [qr::<f32>, qr::<f64>, qr::<Complex<f32>>, qr::<Complex<f64>>]))),
    ("eigh (cuSOLVER)", |device| done(each(device, [eigh::<f32>, eigh::<f64>, eigh::<Complex<f32>>, eigh::<Complex<f64>>]))),
    ("SVD (cuSOLVER)", svd_of_all),
    ("stacks of small matrices", |device| done(each(device, [stacks::<f32>, stacks::<f64>, stacks::<Complex<f32>>, stacks::<Complex<f64>>]))),
    ("fft (cuFFT)", |device| done(each(device, [transforms::<f32, Complex<f32>>, transforms::<f64, Complex<f64>>]))),
    ("streams", |device| done(streams(device))),
    ("graphs", |device| done(graphs(device))),
    ("an index out of range", |device| done(late_errors(device))),
    ("memory and a second device", memory),
];

/// Those that are asked for.
fn checks() -> Vec<Check> {
    let only = env::var("XP_SMOKE_ONLY").ok();
    CHECKS.into_iter().filter(|check| only.as_deref().is_none_or(|names| names.split(';').any(|name| name == check.0))).collect()
}

fn done(outcome: Outcome) -> Outcome<String> {
    outcome.map(|()| String::new())
}

/// One check in several dtypes; all of them run.
fn each<const N: usize>(device: &Cuda, checks: [fn(&Cuda) -> Outcome; N]) -> Outcome {
    let failed: Vec<String> = checks.iter().filter_map(|check| check(device).err()).map(|error| error.to_string()).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ").into()) }
}

#[test]
fn every_call_is_as_on_the_cpu() {
    if common::real().is_none() && xp_cuda_sim::compiler_version().is_none() {
        eprintln!("skipped: the simulated device needs a C++ compiler (g++, or set CXX)");
        return;
    }
    let start = Instant::now();
    // A simulated device compiles kernels for as long as it takes.
    let (each, all) = if common::real().is_some() { (20, 115) } else { (300, 3600) };
    let seconds = |name: &str, default: u64| Duration::from_secs(env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default));
    let (each, all) = (seconds("XP_SMOKE_EACH", each), seconds("XP_SMOKE_ALL", all));
    let (checks, mut failed, mut at) = (checks(), vec![], 0);
    while at < checks.len() {
        let (mut child, lines) = run_from(at);
        // What one process gets through.
        while at < checks.len() {
            let left = all.saturating_sub(start.elapsed());
            let (began, answer) = (Instant::now(), answer(&lines, each.min(left)));
            let ended = answer.is_none();
            let answer = answer.unwrap_or_else(|| Err(how_it_ended(&mut child, began.elapsed() < each.min(left), began.elapsed())));
            let took = if common::real().is_some() { format!(" ({:.1} s)", began.elapsed().as_secs_f64()) } else { String::new() };
            let name = checks[at].0;
            match &answer {
                Ok(said) if said.is_empty() => println!("PASS {name}{took}"),
                Ok(said) => println!("PASS {name}{took}: {said}"),
                Err(why) => println!("FAIL {name}{took}: {why}"),
            }
            at += 1;
            if answer.is_err() {
                failed.push(name);
            }
            if ended {
                break;
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        if failed.contains(&checks[0].0) || (start.elapsed() >= all && at < checks.len()) {
            println!("NOT RUN {}", checks[at..].iter().map(|check| check.0).collect::<Vec<_>>().join(", "));
            failed.extend(checks[at..].iter().map(|check| check.0));
            break;
        }
    }
    let simulated = if common::real().is_some() { "" } else { " on the simulated device" };
    println!("VERDICT {} of {} work{simulated}", checks.len() - failed.len(), checks.len());
    assert!(failed.is_empty(), "these do not work: {}", failed.join(", "));
}

/// A process that runs the checks from this one on, and what it prints.
fn run_from(at: usize) -> (Child, Receiver<String>) {
    let mut child = Command::new(env::current_exe().expect("the path of this program"))
        .args(["--ignored", "--exact", "child_checks", "--nocapture", "--test-threads", "1"])
        .env("XP_SMOKE_FROM", at.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program starts once more");
    let (sender, lines) = channel();
    let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    // What libraries say of themselves goes where the rest of the messages does.
    thread::spawn(move || BufReader::new(err).lines().map_while(Result::ok).for_each(|line| eprintln!("    {line}")));
    (child, lines)
}

/// What the next check answers; `None` where the process ended, or took longer.
fn answer(lines: &Receiver<String>, limit: Duration) -> Option<Result<String, String>> {
    let end = Instant::now() + limit;
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                let said = |tag: &str| line.strip_prefix(tag).map(|text| text.trim().to_owned());
                if let Some(answer) = said("ANSWER ok").map(Ok).or_else(|| said("ANSWER failed").map(Err)) {
                    return Some(answer);
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        }
    }
}

fn how_it_ended(child: &mut Child, early: bool, after: Duration) -> String {
    if !early {
        return format!("not back after {:.0} s", after.as_secs_f64());
    }
    child.wait().map_or_else(|error| error.to_string(), |status| format!("its process ended ({status})"))
}

#[test]
#[ignore = "run by every_call_is_as_on_the_cpu"]
fn child_checks() {
    let from: usize = env::var("XP_SMOKE_FROM").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    println!();
    let device = match catch_unwind(common::cuda) {
        Ok(device) => device,
        Err(reason) => return println!("ANSWER failed {}", one_line(&said(&*reason))),
    };
    // A check that is known to work fails in every way that there is, for a test of this program.
    let broken = env::var("XP_SMOKE_BREAK").ok();
    for (name, check) in &checks()[from..] {
        let result = catch_unwind(AssertUnwindSafe(|| {
            match broken.as_deref().and_then(|text| text.strip_prefix(name)) {
                Some(" by a panic") => panic!("broken"),
                Some(" by its process") => std::process::abort(),
                Some(" by its time") => thread::sleep(Duration::from_secs(3600)),
                _ => {}
            }
            check(&device)
        }));
        let result = result.map_err(|reason| said(&*reason)).and_then(|outcome| outcome.map_err(|error| error.to_string()));
        // Errors of kernels come later: they belong to this check.
        let result = result.and_then(|said| device.device().synchronize(name).map(|()| said).map_err(|error| error.to_string()));
        match &result {
            Ok(said) => println!("ANSWER ok {}", one_line(said)),
            Err(why) => println!("ANSWER failed {}", one_line(why)),
        }
        if result.is_err() && device.device().synchronize("the next check").is_err() {
            std::process::exit(common::LOST);
        }
    }
}

fn said(reason: &(dyn std::any::Any + Send)) -> String {
    let text = reason.downcast_ref::<String>().cloned().or_else(|| reason.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic".into())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn about(device: &Cuda) -> Outcome<String> {
    let (driver, card) = (driver::version()?, device.device());
    let (major, minor) = card.limits().compute_capability;
    let (free, total) = card.memory_info()?;
    let memory = format!("{} of {} MiB free", free >> 20, total >> 20);
    Ok(format!("{}, sm_{major}{minor}, {} multiprocessors, {memory}, CUDA {}.{}", card.name(), card.limits().multiprocessors, driver.0, driver.1))
}

fn libraries() -> Outcome<String> {
    let found = loader::found(Some(driver::version()?.0));
    let text = found.iter().map(|(library, found)| format!("{library} {}", found.as_ref().unwrap_or_else(|missing| missing))).collect::<Vec<_>>();
    if found.iter().all(|(_, found)| found.is_ok()) { Ok(text.join(", ")) } else { Err(text.join(", ").into()) }
}

/// Numbers that are the same on both devices, and any others in each dtype.
fn numbers<T: Floating, S: IntoShape + Clone>(device: &Cuda, seed: u64, shape: S) -> Outcome<(Array<Cuda, T, S::Dim>, Array<Cpu, T, S::Dim>)> {
    let mut random = Generator::new(seed);
    let mut part = || random.normal::<_, f64, _>(&Cpu, shape.clone());
    let (re, im) = (part()?, part()?);
    // A real number has no imaginary unit: of `im` nothing is left.
    let part = <T::Real as Num>::from_f64;
    let host = (re.lazy().astype::<T>() + im.lazy().astype::<T>() * T::from_parts(part(0.0), part(1.0))).try_eval()?;
    Ok((host.to_backend(device)?, host))
}

/// An error unless two arrays differ by so many roundings of the largest element at most.
fn near<T: Floating, D: Dim>(what: &str, found: &Array<Cuda, T, D>, expected: &Array<Cpu, T, D>, roundings: f64) -> Outcome {
    if found.dims() != expected.dims() {
        return Err(format!("{what} of {}: shape {:?}, not {:?}", T::DTYPE, found.dims(), expected.dims()).into());
    }
    let largest = |x: Array<Cpu, T::Real, D>| -> Outcome<f64> { Ok(x.lazy().max(..).try_eval()?.item()?.to_f64()) };
    let error = largest((found.to_backend(&Cpu)?.lazy() - expected).abs().try_eval()?)?;
    let size = largest(expected.lazy().abs().try_eval()?)?.max(1.0);
    let bound = roundings * <T::Real as Float>::EPSILON.to_f64() * size;
    if error <= bound { Ok(()) } else { Err(format!("{what} of {}: off by {error:.1e}, allowed are {bound:.1e}", T::DTYPE).into()) }
}

/// An error unless two arrays are the same.
fn same<T: Element + PartialEq, D: Dim>(what: &str, found: &Array<Cuda, T, D>, expected: &Array<Cpu, T, D>) -> Outcome {
    let (found, expected) = (found.to_host()?, expected.to_host()?);
    match found.iter().zip(&expected).position(|(x, y)| x != y) {
        None if found.len() == expected.len() => Ok(()),
        None => Err(format!("{what}: {} elements, not {}", found.len(), expected.len()).into()),
        Some(at) => Err(format!("{what}: element {at} is {:?}, not {:?}", found[at], expected[at]).into()),
    }
}

fn own_kernel(device: &Cuda) -> Outcome {
    const SOURCE: &str = r#"extern "C" __global__ void twice(long long n, double* x) {
        for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < n; i += gridDim.x * (long long)blockDim.x) x[i] *= 2;
    }"#;
    let kernel = device.device().kernel(&ModuleSource { name: "smoke", source: SOURCE, options: &[] }, "twice")?;
    let mut x = arange(device, 0.0, 1e5, 1.0)?;
    let arguments = Arguments::new().with(100_000i64).with(Cuda::pointer_mut(&mut x)?);
    common::launch(&kernel, Shape::linear(64, 256), &arguments)?;
    same("twice", &x, &arange(&Cpu, 0.0, 2e5, 2.0)?)
}

fn host_copies(device: &Cuda) -> Outcome {
    // More than one slot of the page-locked ring.
    let host: Array<Cpu, f64, Ix1> = Generator::new(1).uniform(&Cpu, [1_000_000])?;
    same("there and back", &Array::from_vec(device, host.to_vec(), [1_000_000])?, &host)?;
    same("the other way", &host.to_backend(device)?.slice(s![..;-7])?, &host.slice(s![..;-7])?)
}

fn elementwise(device: &Cuda) -> Outcome {
    fn check<T: Floating>(device: &Cuda) -> Outcome {
        let ((x, y), (u, v)) = (numbers::<T, _>(device, 2, [1000, 33])?, numbers::<T, _>(device, 3, [33])?);
        near("x * v + x", &(x.lazy() * &u + &x).try_eval()?, &(y.lazy() * &v + &y).try_eval()?, 2.0)?;
        near("sqrt of a magnitude", &x.lazy().abs().sqrt().try_eval()?, &y.lazy().abs().sqrt().try_eval()?, 4.0)
    }
    each(device, [check::<f32>, check::<f64>, check::<Complex<f32>>, check::<Complex<f64>>])?;
    let (x, y) = (arange(device, -500, 500, 1i64)?, arange(&Cpu, -500, 500, 1i64)?);
    same("integers", &(x.lazy() * 7i64 % 13i64).try_eval()?, &(y.lazy() * 7i64 % 13i64).try_eval()?)?;
    same("comparisons", &x.lazy().greater(3i64).try_eval()?, &y.lazy().greater(3i64).try_eval()?)
}

fn chains(device: &Cuda) -> Outcome {
    fn check<T: Float>(device: &Cuda) -> Outcome {
        let (x, y) = numbers::<T, _>(device, 4, [100_003])?;
        let half = T::from_f64(-0.5);
        near("exp(-x^2 / 2)", &(x.lazy().square() * half).exp().try_eval()?, &(y.lazy().square() * half).exp().try_eval()?, 8.0)?;
        near("sin and log", &(x.lazy().sin() + x.lazy().abs().log1p()).try_eval()?, &(y.lazy().sin() + y.lazy().abs().log1p()).try_eval()?, 8.0)
    }
    each(device, [check::<f32>, check::<f64>])
}

fn transposes(device: &Cuda) -> Outcome {
    let (x, y) = numbers::<f32, _>(device, 5, [257, 130])?;
    same("a copy", &x.t().copy()?, &y.t().copy()?)?;
    let ((u, v), (x, y)) = (numbers::<f64, _>(device, 6, [130, 257])?, numbers::<f64, _>(device, 5, [257, 130])?);
    near("a sum", &(u.lazy() + &x.t()).try_eval()?, &(v.lazy() + &y.t()).try_eval()?, 1.0)
}

fn reductions(device: &Cuda) -> Outcome {
    fn check<T: Float>(device: &Cuda) -> Outcome {
        let (x, y) = numbers::<T, _>(device, 7, [1001, 300])?;
        near("sum of squares", &x.lazy().square().sum(..).try_eval()?, &y.lazy().square().sum(..).try_eval()?, 100.0)?;
        near("mean of columns", &x.lazy().mean(0).try_eval()?, &y.lazy().mean(0).try_eval()?, 100.0)?;
        near("maximum of rows", &x.lazy().max(1).try_eval()?, &y.lazy().max(1).try_eval()?, 0.0)?;
        same("place of the minimum", &x.lazy().argmin(1).try_eval()?, &y.lazy().argmin(1).try_eval()?)
    }
    each(device, [check::<f32>, check::<f64>])
}

fn scans(device: &Cuda) -> Outcome {
    let (x, y) = (arange(device, 0, 100_000, 1i64)?, arange(&Cpu, 0, 100_000, 1i64)?);
    let (x, y) = ((x.lazy() * 7919i64 % 101i64).try_eval()?, (y.lazy() * 7919i64 % 101i64).try_eval()?);
    same("sums of integers", &x.cumulative_sum(0)?, &y.cumulative_sum(0)?)?;
    let (x, y) = numbers::<f64, _>(device, 8, [300, 701])?;
    near("sums along rows", &x.cumulative_sum(1)?, &y.cumulative_sum(1)?, 100.0)?;
    near("sums along columns", &x.cumulative_sum(0)?, &y.cumulative_sum(0)?, 100.0)
}

fn sorts(device: &Cuda) -> Outcome {
    fn check<T: Float>(device: &Cuda) -> Outcome {
        let (x, y) = numbers::<T, _>(device, 9, [100_001])?;
        same("sort", &x.sort(0, Ascending)?, &y.sort(0, Ascending)?)?;
        same("argsort", &x.argsort(0, Descending)?, &y.argsort(0, Descending)?)?;
        let (x, y) = numbers::<T, _>(device, 10, [200, 500])?;
        same("rows", &x.sort(1, Ascending)?, &y.sort(1, Ascending)?)
    }
    each(device, [check::<f32>, check::<f64>])
}

fn indices(device: &Cuda) -> Outcome {
    let (mut x, mut y) = numbers::<f64, _>(device, 11, [10_000])?;
    let (at, there) = (arange(device, 0, 5000, 1i64)?, arange(&Cpu, 0, 5000, 1i64)?);
    let (at, there) = ((at.lazy() * 7919i64 % 10_000i64).try_eval()?, (there.lazy() * 7919i64 % 10_000i64).try_eval()?);
    same("take", &x.take(&at, 0)?, &y.take(&there, 0)?)?;
    let (mask, part) = (x.greater(0.25), y.greater(0.25));
    same("select", &x.select(&mask)?, &y.select(&part)?)?;
    same("nonzero", &mask.nonzero()?[0], &part.nonzero()?[0])?;
    x.put(&at, 2.5, 0)?;
    y.put(&there, 2.5, 0)?;
    same("put", &x, &y)?;
    let (few, places) = ((at.lazy() % 10i64).try_eval()?, (there.lazy() % 10i64).try_eval()?);
    x.put_add(&few, 1.0, 0)?;
    y.put_add(&places, 1.0, 0)?;
    near("put_add", &x, &y, 100.0)
}

fn draws(device: &Cuda) -> Outcome {
    let uniform = |seed| Generator::new(seed).uniform::<_, f64, _>(device, [10_001]);
    same("uniform", &uniform(1)?, &Generator::new(1).uniform(&Cpu, [10_001])?)?;
    near("normal", &Generator::new(2).normal::<_, f64, _>(device, [10_001])?, &Generator::new(2).normal(&Cpu, [10_001])?, 50.0)
}

fn products<T: Floating>(device: &Cuda) -> Outcome {
    let ((a, p), (b, q)) = (numbers::<T, _>(device, 12, [130, 257])?, numbers::<T, _>(device, 13, [257, 64])?);
    near("a b", &a.matmul(&b)?, &p.matmul(&q)?, 1000.0)?;
    near("b' a'", &b.t().matmul(&a.t())?, &q.t().matmul(&p.t())?, 1000.0)?;
    near("a vector", &a.matmul(&b.slice(s![.., 0])?)?, &p.matmul(&q.slice(s![.., 0])?)?, 1000.0)?;
    let (a, p) = numbers::<T, _>(device, 14, [7, 40, 40])?;
    near("a stack", &a.matmul(&a)?, &p.matmul(&p)?, 1000.0)
}

/// Larger than what this crate's own kernels take, and a stack of as large ones.
const ORDER: usize = 70;

fn adjoint<T: Floating>(x: &Array<Cuda, T, Ix3>) -> Outcome<Array<Cuda, T, Ix3>> {
    Ok(x.lazy().conj().try_eval()?.matrix_transpose()?)
}

/// One matrix, three of the same size, and a stack whose matrices are taken one by one.
fn matrices<T: Floating>(device: &Cuda, rows: usize, columns: usize) -> Outcome<Vec<Array<Cuda, T, Ix3>>> {
    [1, 3].into_iter().map(|count| Ok(numbers::<T, _>(device, 15, [count, rows, columns])?.0)).collect()
}

fn definite<T: Floating>(device: &Cuda) -> Outcome<Vec<Array<Cuda, T, Ix3>>> {
    let unit: Array<Cuda, T, Ix2> = eye(device, ORDER, ORDER, 0)?;
    let product = |x: Array<Cuda, T, Ix3>| Ok((x.matmul(&adjoint(&x)?)?.lazy() + &unit).try_eval()?);
    matrices(device, ORDER, ORDER)?.into_iter().map(product).collect()
}

/// An error unless both are the same up to roundings; both come from the device.
fn equal<T: Floating>(what: &str, found: &Array<Cuda, T, Ix3>, expected: &Array<Cuda, T, Ix3>) -> Outcome {
    near(what, found, &expected.to_backend(&Cpu)?, 2000.0)
}

/// An error unless the columns are orthonormal.
fn orthonormal<T: Floating>(what: &str, q: &Array<Cuda, T, Ix3>) -> Outcome {
    let [count, _, n] = q.shape();
    let unit: Array<Cuda, T, Ix3> = eye::<_, T>(q.device(), n, n, 0)?.broadcast_to([count, n, n])?.into_rank()?;
    equal(what, &adjoint(q)?.matmul(q)?, &unit)
}

fn cholesky<T: Floating>(device: &Cuda) -> Outcome
where
    Cuda: Linalg<T>,
    Cpu: Linalg<T>,
{
    for a in definite::<T>(device)? {
        let l = linalg::cholesky(&a, linalg::Lower)?;
        near("the factor", &l, &linalg::cholesky(&a.to_backend(&Cpu)?, linalg::Lower)?, 2000.0)?;
    }
    Ok(())
}

fn solve<T: Floating>(device: &Cuda) -> Outcome
where
    Cuda: Linalg<T>,
    Cpu: Linalg<T>,
{
    for a in definite::<T>(device)? {
        let b = a.slice(s![.., .., ..2])?.copy()?;
        near("the solution", &linalg::solve(&a, &b)?, &linalg::solve(&a.to_backend(&Cpu)?, &b.to_backend(&Cpu)?)?, 1e5)?;
    }
    Ok(())
}

fn qr<T: Floating>(device: &Cuda) -> Outcome
where
    Cuda: Linalg<T>,
{
    for a in matrices::<T>(device, ORDER + 20, ORDER)? {
        let (q, r) = linalg::qr(&a, linalg::Thin)?;
        equal("q r", &q.matmul(&r)?, &a)?;
        orthonormal("q", &q)?;
    }
    Ok(())
}

fn eigh<T: Floating>(device: &Cuda) -> Outcome
where
    Cuda: Linalg<T>,
    Cpu: Linalg<T>,
{
    for a in definite::<T>(device)? {
        let (w, v) = linalg::eigh(&a)?;
        near("the values", &w, &linalg::eigvalsh(&a.to_backend(&Cpu)?)?, 2000.0)?;
        let scaled = (v.lazy() * &w.lazy().astype::<T>().try_eval()?.expand_dims(1)?).try_eval()?;
        equal("a v", &a.matmul(&v)?, &scaled)?;
        orthonormal("v", &v)?;
    }
    Ok(())
}

fn svd_of_all(device: &Cuda) -> Outcome<String> {
    let before = device.device().polar_stats();
    each(device, [svd::<f32>, svd::<f64>, svd::<Complex<f32>>, svd::<Complex<f64>>])?;
    let after = device.device().polar_stats();
    Ok(format!("{} polar decompositions accepted, {} refused", after.accepted - before.accepted, after.refused - before.refused))
}

fn svd<T: Floating>(device: &Cuda) -> Outcome
where
    Cuda: Linalg<T>,
    Cpu: Linalg<T>,
{
    for a in [matrices::<T>(device, 64, 40)?, matrices::<T>(device, 40, 64)?].concat() {
        let (u, s, vh) = linalg::svd(&a, linalg::Thin)?;
        near("the values", &s, &linalg::svdvals(&a.to_backend(&Cpu)?)?, 2000.0)?;
        let scaled = (u.lazy() * &s.lazy().astype::<T>().try_eval()?.expand_dims(1)?).try_eval()?;
        equal("u s v'", &scaled.matmul(&vh)?, &a)?;
        orthonormal("u", &u)?;
    }
    Ok(())
}

fn stacks<T: Floating>(device: &Cuda) -> Outcome
where
    Cuda: Linalg<T>,
    Cpu: Linalg<T>,
{
    let (a, on_host) = numbers::<T, _>(device, 16, [20, 8, 8])?;
    near("determinants", &linalg::det(&a)?, &linalg::det(&on_host)?, 1e4)?;
    near("singular values", &linalg::svdvals(&a)?, &linalg::svdvals(&on_host)?, 2000.0)?;
    equal("a times its inverse times a", &a.matmul(&linalg::inv(&a)?)?.matmul(&a)?, &a)
}

fn transforms<T: Float, C: Floating<Part = T>>(device: &Cuda) -> Outcome
where
    Cuda: Fft<T, Complex = C>,
    Cpu: Fft<T, Complex = C>,
{
    let (forward, backward, all) = (Direction::Forward, Direction::Backward, T::from_f64(1.0 / 2100.0));
    let (x, y) = numbers::<T, _>(device, 17, [30, 70])?;
    let (found, expected) = (Cuda::r2c(x, &[0, 1], &[30, 70], forward, T::ONE)?, Cpu::r2c(y.clone(), &[0, 1], &[30, 70], forward, T::ONE)?);
    near("real", &found, &expected, 50.0)?;
    near("real, backward", &Cuda::c2r(found, &[0, 1], &[30, 70], backward, all)?, &y, 50.0)?;
    let (x, y) = numbers::<C, _>(device, 18, [30, 70])?;
    for (axes, lens) in [(&[1][..], &[70][..]), (&[0], &[30]), (&[0, 1], &[30, 70])] {
        let expected = Cpu::c2c(y.clone(), axes, lens, forward, T::ONE)?;
        near(&format!("complex along {axes:?}"), &Cuda::c2c(x.clone(), axes, lens, forward, T::ONE)?, &expected, 50.0)?;
    }
    Ok(())
}

fn streams(device: &Cuda) -> Outcome {
    let begin = device.device().record_event()?;
    let mut memory = device.pinned::<f64>(300_000)?;
    memory.iter_mut().zip(0..).for_each(|(x, i)| *x = f64::from(i));
    let (x, sent) = device.upload_async(memory, &[300_000])?;
    let y = (x.lazy() * 2.0).try_eval()?;
    let received = Cuda::download_async(&y, device.pinned(300_000)?)?;
    let end = device.device().record_event()?;
    sent.wait()?;
    let values = received.wait()?;
    if let Some(at) = values.iter().zip(0..).position(|(&x, i)| x != 2.0 * f64::from(i)) {
        return Err(format!("element {at} of an asynchronous copy is {}", values[at]).into());
    }
    end.wait()?;
    if end.milliseconds_since(&begin)? < 0.0 { Err("an event that comes later has passed before".into()) } else { Ok(()) }
}

fn graphs(device: &Cuda) -> Outcome {
    let a = (arange(device, 0.0, 16.0, 1.0)?.lazy() * 0.1).try_eval()?.reshape([4, 4])?;
    let mut x = a.copy()?;
    let step = |x: &mut Array<Cuda, f64, Ix2>| -> xp_core::Result<()> {
        let next = ((a.matmul(&*x)?.lazy() * 0.25) + 1.0).try_eval()?;
        x.set(s![..], &next)
    };
    // Compiles what it needs; then once while it is recorded, and five times again.
    step(&mut x)?;
    let (graph, ()) = device.capture(|| step(&mut x))?;
    (0..5).try_for_each(|_| graph.launch())?;
    let a = (arange(&Cpu, 0.0, 16.0, 1.0)?.lazy() * 0.1).try_eval()?.reshape([4, 4])?;
    let next = |x: Array<Cpu, f64, Ix2>, _| ((a.matmul(&x)?.lazy() * 0.25) + 1.0).try_eval();
    near("seven steps", &x, &(0..7).try_fold(a.copy()?, next)?, 100.0)
}

fn late_errors(device: &Cuda) -> Outcome {
    // On a device of its own: whoever reads next gets the error.
    let own = Cuda::from(common::device_with(device.device().ordinal(), common::options()).ok_or("no device")?);
    let x = arange(&own, 0.0, 8.0, 1.0)?;
    let at = Array::from_vec(&own, vec![1i64, 9], [2])?;
    let error = x.take(&at, 0)?.to_host().err().map(|error| error.to_string()).unwrap_or_default();
    if error != "take: index 9 is out of bounds for axis 0 of length 8" {
        return Err(format!("the error was `{error}`").into());
    }
    same("afterwards", &(x.lazy() * 2.0).try_eval()?, &arange(&Cpu, 0.0, 16.0, 2.0)?)
}

fn memory(device: &Cuda) -> Outcome<String> {
    let refused = device.device().alloc(usize::MAX / 4, "too much").map(drop).err().map(|error| error.to_string()).unwrap_or_default();
    if !refused.contains("out of memory") {
        return Err(format!("the error of too much memory was `{refused}`").into());
    }
    let x = arange(device, 0.0, 1000.0, 1.0)?;
    let others: Vec<Cuda> = xp_core::devices::<Cuda>().into_iter().filter(|other| other.to_string() != device.to_string()).collect();
    for other in &others {
        same(&format!("a copy on {other}"), &(x.to_backend(other)?.lazy() + 1.0).try_eval()?, &arange(&Cpu, 1.0, 1001.0, 1.0)?)?;
    }
    Ok(format!("{} other devices", others.len()))
}

/// A check that panics, ends its process, or does not come back has failed, and the others run.
#[test]
fn what_fails_does_not_end_the_rest() {
    if common::needs_simulation("checks that are broken on purpose") || xp_cuda_sim::compiler_version().is_none() {
        return;
    }
    for (way, said) in [("a panic", "broken"), ("its process", "its process ended (signal: 6"), ("its time", "not back after 3 s")] {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "every_call_is_as_on_the_cpu", "--nocapture"])
            .env("XP_SMOKE_ONLY", "libraries;device;memory and a second device")
            .env("XP_SMOKE_BREAK", format!("libraries by {way}"))
            .env("XP_SMOKE_EACH", if way == "its time" { "3" } else { "300" })
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && text.contains(&format!("FAIL libraries: {said}")), "{text}");
        assert!(text.contains("PASS memory and a second device") && text.contains("VERDICT 2 of 3 work"), "{text}");
    }
}
