//! More threads than processors: work is done in a time that one thread would need too.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use xp_engine::threads::map;

/// Set in the processes of this test.
const WORKER: &str = "XP_TEST_QUOTA_WORKER";
/// Generous: the work takes a fraction of a second.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs the work in a process of its own with sixteen threads on one processor.
fn finishes(linger: &str) {
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "work", "--test-threads=1"])
        .envs([(WORKER, "1"), ("RAYON_NUM_THREADS", "16"), ("XP_CPU_LINGER", linger)])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = worker.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT {
            worker.kill().unwrap();
            worker.wait().unwrap();
            panic!("XP_CPU_LINGER={linger:?}: not done after {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "XP_CPU_LINGER={linger:?}: {status}");
}

#[test]
fn more_threads_than_processors() {
    finishes("");
}

#[test]
fn more_threads_than_processors_that_do_not_linger() {
    finishes("0");
}

/// What the processes do; nothing in that of the tests.
#[test]
fn work() {
    if std::env::var_os(WORKER).is_none() {
        return;
    }
    keep_to_one_processor();
    assert_eq!(rayon::current_num_threads(), 16);
    for region in 0..2000 {
        assert!(map(64, |part| part * region).into_iter().eq((0..64).map(|part| part * region)));
    }
    // Regions of several threads at once, and jobs of the pool between them.
    let callers: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                for _ in 0..100 {
                    assert_eq!(map(32, |part| part).into_iter().sum::<usize>(), 496);
                    assert_eq!((0..32usize).into_par_iter().sum::<usize>(), 496);
                }
            })
        })
        .collect();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
}

/// This thread, and those that it starts, share the processor it is on.
fn keep_to_one_processor() {
    // SAFETY: the set is large enough for what the system writes and reads, and zeros are an empty set.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(usize::try_from(libc::sched_getcpu()).unwrap(), &mut set);
        assert_eq!(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set), 0);
    }
}
