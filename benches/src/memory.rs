//! The resident memory of this process, as Linux reports it.

use std::fs;

/// Gives freed and cached memory back to the system, so that the size before a run does not hide what the run needs.
pub fn release_freed() {
    xp::cpu::clear_cache();
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call has no preconditions; it only returns free memory of the allocator to the system.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Makes the kernel forget the highest resident size so far. Without effect where there is no such file.
pub fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The resident size now, in KiB.
pub fn resident_kib() -> Option<u64> {
    status_kib("VmRSS:")
}

/// The highest resident size since [`reset_peak`], in KiB.
pub fn peak_kib() -> Option<u64> {
    status_kib("VmHWM:")
}

fn status_kib(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix("kB")?.trim().parse().ok())
}
