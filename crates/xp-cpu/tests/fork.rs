//! A child of fork() has none of the threads of its parent's pool, and works without them.
#![cfg(unix)]

use std::time::{Duration, Instant};

use num_complex::Complex;
use xp_conformance::support::Sequence;
use xp_core::functions::*;
use xp_core::linalg::{self, Eig, Lower};
use xp_core::{Array, Element, Ix2};
use xp_cpu::Cpu;

fn matrix<T: Element>(n: usize, value: impl Fn(f64) -> T) -> Array<Cpu, T, Ix2> {
    Array::from_vec(&Cpu, Sequence::new(n as u64).numbers::<f64>(n * n).into_iter().map(value).collect(), [n, n]).unwrap()
}

/// Everything that uses threads, of a size for which it does; a number that depends on the results.
fn work() -> f64 {
    let n = 300;
    let x = matrix(n, |v| v);
    let z = matrix(n, |v| Complex::new(v, 1.0 - v));
    let gram = x.t().matmul(&x).unwrap();
    let long = matrix(1200, |v| v).ravel().unwrap();
    let bytes = long.lazy().multiply(100.0).try_eval().unwrap().astype::<i8>();
    let mut sum = long.lazy().exp().sum(..).eval().item().unwrap();
    sum += linalg::solve(&x, &x).unwrap().sum(..).item().unwrap();
    sum += linalg::cholesky(&(&gram + &eye::<_, f64>(&Cpu, n, n, 0).unwrap()), Lower).unwrap().sum(..).item().unwrap();
    sum += linalg::qr(&x, linalg::Thin).unwrap().1.sum(..).item().unwrap().abs();
    sum += linalg::svdvals(&x).unwrap().sum(..).item().unwrap();
    sum += linalg::svd(&z, linalg::Thin).unwrap().1.sum(..).item().unwrap();
    sum += linalg::eigvalsh(&gram).unwrap().sum(..).item().unwrap();
    sum += linalg::eigh(&z.matmul(&z.t().conj()).unwrap()).unwrap().0.sum(..).item().unwrap();
    sum += <Cpu as Eig<f64>>::eigvals(&x.clone().into_dyn()).unwrap().sum(..).item().unwrap().re;
    sum += linalg::gram(&(x.lazy() + 1.0)).unwrap().sum(..).item().unwrap();
    sum += z.matmul(&z).unwrap().sum(..).item().unwrap().re;
    sum += long.sort(0, Ascending).unwrap().get([1000]).unwrap();
    sum += long.argsort(0, Ascending).unwrap().get([1000]).unwrap() as f64;
    sum += bytes.argsort(0, Descending).unwrap().get([1000]).unwrap() as f64;
    sum += bytes.sort(0, Descending).unwrap().get([1000]).unwrap() as f64;
    sum += long.cumulative_sum(0).unwrap().get([-1]).unwrap();
    sum += xp_fft::fft(&long).unwrap().get([7]).unwrap().re;
    sum += xp_fft::fft(&z).unwrap().sum(..).item().unwrap().re;
    sum
}

/// Whether `f` is true in a child process.
fn in_child(f: impl FnOnce() -> bool + std::panic::UnwindSafe) -> bool {
    // SAFETY: the child calls nothing but functions of this crate and of the system, and ends without unwinding or running what
    // the test harness left to run; no other thread of this process holds a lock that it takes.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let code = if std::panic::catch_unwind(f).unwrap_or(false) { 0 } else { 1 };
        // SAFETY: ends the child.
        unsafe { libc::_exit(code) };
    }
    let end = Instant::now() + Duration::from_secs(300);
    let mut status = 0;
    // SAFETY: the child is this process's own.
    while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == 0 {
        if Instant::now() > end {
            // SAFETY: as above.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("the child hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    status == 0
}

/// Leaves this process 64 MiB of address space.
#[cfg(target_os = "linux")]
fn limit_memory() {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").unwrap().split_whitespace().next().unwrap().parse().unwrap();
    let bytes = pages * 4096 + (64 << 20);
    // SAFETY: sets a limit of this process.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &libc::rlimit { rlim_cur: bytes, rlim_max: bytes }) }, 0);
}

/// One test, because a child must not be forked off while another test works.
#[test]
fn children_work_on_one_thread_and_with_little_memory() {
    rayon::ThreadPoolBuilder::new().num_threads(3).build_global().unwrap();
    let here = work();
    assert!(in_child(|| (work() - here).abs() <= 1e-9 * here.abs()), "work in a forked process");
    #[cfg(target_os = "linux")]
    {
        // Each takes more than 64 MiB beside its operand.
        let [prime, long] = [1_200_007, 1 << 22].map(|n| zeros::<_, f64, _>(&Cpu, [n]).unwrap());
        let square = zeros::<_, f64, _>(&Cpu, [1500, 1500]).unwrap();
        let refused = |run: &dyn Fn() -> xp_core::Result<()>| matches!(run(), Err(xp_core::Error::OutOfMemory { .. }));
        let runs: [(&str, &dyn Fn() -> xp_core::Result<()>); 6] = [
            ("fft of a prime length", &|| xp_fft::fft(&prime).map(drop)),
            ("fft", &|| xp_fft::fft(&long).map(drop)),
            ("svd", &|| linalg::svd(&square, linalg::Thin).map(drop)),
            ("eig", &|| <Cpu as Eig<f64>>::eig(&square.clone().into_dyn()).map(drop)),
            ("gram", &|| linalg::gram(&zeros::<_, f64, _>(&Cpu, [1, 1])?.broadcast_to([5, 4000])?.lazy()).map(drop)),
            ("nonzero", &|| long.broadcast_to([8, 1 << 22])?.nonzero().map(drop)),
        ];
        for (name, run) in runs {
            let run = std::panic::AssertUnwindSafe(run);
            assert!(
                in_child(move || {
                    limit_memory();
                    refused(*run)
                }),
                "{name} without memory"
            );
        }
    }
}
