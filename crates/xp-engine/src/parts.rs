//! Parts of work that call everything else.

use crate::{pool, threads};

/// The values of `f` for every part below `parts`, in order. Where there are as many parts as threads, each thread does parts of its
/// own, and what they call runs on that thread alone: then nobody waits for anybody before the end of a part, and what a part makes
/// stays in the caches of one core. Fewer parts are done one after the other, each by all threads.
///
/// # Panics
/// When a part panics, after the others have ended.
pub fn map_parts<R: Send>(parts: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if parts < pool::count().max(2) {
        return (0..parts).map(f).collect();
    }
    threads::map(parts, |part| pool::alone(|| f(part)))
}

#[cfg(test)]
mod tests {
    use super::map_parts;
    use crate::pool::count;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn parts_are_done_by_one_thread_each() {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        threads.install(|| {
            assert_eq!(map_parts(2, |part| (part, count())), [(0, 3), (1, 3)]);
            assert_eq!(map_parts(4, |part| (part, count())), [(0, 1), (1, 1), (2, 1), (3, 1)]);
            assert_eq!(map_parts(3, |_| map_parts(4, |part| part).len()), [4, 4, 4]);
            let failed = catch_unwind(AssertUnwindSafe(|| map_parts(5, |part| assert!(part < 3))));
            assert!(failed.is_err());
            assert_eq!(count(), 3, "after a panic too");
        });
        assert!(map_parts(0, |part| part).is_empty());
    }
}
