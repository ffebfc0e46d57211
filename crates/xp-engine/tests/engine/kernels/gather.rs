use super::{Random, filled};
use xp_engine::kernels::gather::{IndexOutOfBounds, take, take_along_axis};
use xp_engine::kernels::mask::Selection;
use xp_engine::kernels::scatter::{put, scatter_with};
use xp_engine::kernels::sort::argsort;

const SHAPES: &[[usize; 3]] =
    &[[1, 1, 1], [1, 10, 1], [1, 1000, 1], [3, 7, 1], [2, 5, 4], [1, 100, 33], [300, 50, 2], [4, 3, 1000], [0, 3, 2], [2, 3, 0], [1, 100_000, 1]];

fn random_indices(count: usize, n: usize, random: &mut Random) -> Vec<i64> {
    (0..count).map(|_| random.below(2 * n) as i64 - n as i64).collect()
}

fn wrapped(i: i64, n: usize) -> usize {
    if i < 0 { (i + n as i64) as usize } else { i as usize }
}

#[test]
fn take_reads_rows() {
    let mut random = Random::new(10);
    for &shape in SHAPES {
        let [outer, n, inner] = shape;
        let x: Vec<u64> = (0..outer * n * inner).map(|_| random.next()).collect();
        for m in [0, 1, 5, 1000, 70_001 / (outer * inner).max(1)] {
            let indices = random_indices(m, n, &mut random);
            let out = filled(outer * m * inner, |out| take(&x, shape, &indices, out).unwrap());
            let mut at = 0;
            for o in 0..outer {
                for &i in &indices {
                    for c in 0..inner {
                        assert_eq!(out[at], x[(o * n + wrapped(i, n)) * inner + c]);
                        at += 1;
                    }
                }
            }
        }
    }
}

#[test]
fn take_along_axis_reads_lanes() {
    let mut random = Random::new(11);
    for &shape in SHAPES {
        let [outer, n, inner] = shape;
        let x: Vec<u64> = (0..outer * n * inner).map(|_| random.next()).collect();
        for m in [0, 1, 7, 100] {
            let indices = random_indices(outer * m * inner, n, &mut random);
            let out = filled(indices.len(), |out| take_along_axis(&x, shape, &indices, m, out).unwrap());
            for (at, (&got, &i)) in out.iter().zip(&indices).enumerate() {
                let (o, c) = (at / (m * inner), at % inner);
                assert_eq!(got, x[(o * n + wrapped(i, n)) * inner + c]);
            }
        }
    }
}

#[test]
fn the_first_bad_index_is_reported_and_nothing_is_scattered() {
    let n = 10;
    let mut indices = vec![3i64; 100_000];
    for (position, bad) in [(99_999, 10), (70_000, -11), (40_000, i64::MIN), (17, i64::MAX)] {
        indices[position] = bad;
        let error = IndexOutOfBounds { position, index: bad, len: n };
        let mut out = vec![std::mem::MaybeUninit::uninit(); indices.len()];
        assert_eq!(take(&[1.0; 10], [1, n, 1], &indices, &mut out), Err(error));
        assert_eq!(take_along_axis(&[1.0; 10], [1, n, 1], &indices, indices.len(), &mut out), Err(error));
        let mut x = vec![1.0; n];
        assert_eq!(put(&mut x, [1, n, 1], &indices, &vec![2.0; indices.len()]), Err(error));
        assert_eq!(x, [1.0; 10]);
    }
    let message = take(&[0u8; 0], [1, 0, 1], &[0], &mut [std::mem::MaybeUninit::uninit()]).unwrap_err().to_string();
    assert_eq!(message, "index 0 at position 0 is out of bounds for an axis of length 0");
}

#[test]
fn sizes_that_overflow_do_not_fit() {
    let huge = 1 << 63;
    let mut out: [std::mem::MaybeUninit<f64>; 0] = [];
    let panics = |run: &mut dyn FnMut()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err();
    for shape in [[2, huge, 1], [huge, 2, 1], [1, huge, 2], [2, huge, 0]] {
        assert!(panics(&mut || _ = take(&[], shape, &[], &mut out)), "take {shape:?}");
        assert!(panics(&mut || _ = take_along_axis(&[], shape, &[], shape[1], &mut out)), "take_along_axis {shape:?}");
        assert!(panics(&mut || _ = put::<f64>(&mut [], shape, &[], &[])), "put {shape:?}");
        assert!(panics(&mut || _ = put::<f64>(&mut [], shape, &[1], &[])), "put {shape:?}");
    }
}

/// Memory that another thread writes to until this is dropped, as other software does with memory it shares.
struct Contended {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Contended {
    fn new<T: Copy + Send + Sync + 'static>(memory: &[T], values: [T; 2]) -> Self {
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (flag, at) = (stop.clone(), xp_engine::threads::Shared::new(memory.as_ptr().cast_mut()));
        let len = memory.len();
        let run = move || {
            while !flag.load(std::sync::atomic::Ordering::Relaxed) {
                for k in 0..len {
                    // SAFETY: the memory outlives this thread. It is read meanwhile, which is what the test is about.
                    unsafe { at.get().add(k).write_volatile(values[k % 2]) };
                    // SAFETY: as above.
                    unsafe { at.get().add(k).write_volatile(values[(k + 1) % 2]) };
                }
            }
        };
        Contended { stop, thread: Some(std::thread::spawn(run)) }
    }
}

impl Drop for Contended {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let _ = self.thread.take().map(|t| t.join());
    }
}

#[test]
fn indices_and_masks_that_change_meanwhile_reach_no_other_memory() {
    const N: usize = 4000;
    let x: Vec<f64> = vec![1.5; N];
    let indices = vec![0i64; N].leak();
    let mask = vec![false; N].leak();
    let keys = vec![0u8; N].leak();
    let _writers = [Contended::new(indices, [0, 1 << 40]), Contended::new(mask, [false, true]), Contended::new(keys, [0, 255])];
    let end = std::time::Instant::now() + std::time::Duration::from_millis(300);
    let mut out = vec![std::mem::MaybeUninit::new(0.0); N];
    while std::time::Instant::now() < end {
        // Whether an index out of bounds was met depends on chance.
        let _ = take(&x, [1, N, 1], indices, &mut out);
        let _ = take_along_axis(&x, [1, N, 1], indices, N, &mut out);
        let _ = put(&mut x.clone(), [1, N, 1], indices, &x);
        let chosen = Selection::new(mask);
        let picked = filled(chosen.count(), |out| chosen.compress(&x, 1, out));
        assert!(picked.iter().all(|&p| p == 1.5));
        let mut order = vec![std::mem::MaybeUninit::new(0i64); N + 64];
        argsort(keys, N, false, &mut order[..N]);
        // SAFETY: written when it was made, at least.
        assert!(order[N..].iter().all(|k| unsafe { k.assume_init() } == 0));
    }
}

#[test]
fn scatter_keeps_the_order_of_the_indices() {
    let mut random = Random::new(12);
    for &shape in SHAPES {
        let [outer, n, inner] = shape;
        for m in [0, 1, 10, 3000, 100_000 / (outer * inner).max(1)] {
            let indices = random_indices(m, n, &mut random);
            let values: Vec<u64> = (0..outer * m * inner).map(|_| random.next()).collect();
            let (mut set, mut mixed) = (vec![0; outer * n * inner], vec![1; outer * n * inner]);
            put(&mut set, shape, &indices, &values).unwrap();
            // Sensitive to order.
            let mix = |to: &mut u64, v: u64| *to = to.wrapping_mul(31).wrapping_add(v);
            scatter_with(&mut mixed, shape, &indices, &values, mix).unwrap();
            let (mut want_set, mut want_mixed) = (vec![0; set.len()], vec![1; set.len()]);
            for o in 0..outer {
                for (k, &i) in indices.iter().enumerate() {
                    for c in 0..inner {
                        let at = (o * n + wrapped(i, n)) * inner + c;
                        let v = values[(o * m + k) * inner + c];
                        want_set[at] = v;
                        mix(&mut want_mixed[at], v);
                    }
                }
            }
            assert!(set == want_set && mixed == want_mixed, "{shape:?}, {m} indices");
        }
    }
}
