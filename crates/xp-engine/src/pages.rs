//! The pages behind memory.

/// The size of a huge page. Blocks from this size on are best aligned to it.
pub const HUGE: usize = 1 << 21;

/// Whether the system would give this much memory now. Libraries that end the process where memory is missing are called after
/// that.
pub fn available(bytes: usize) -> bool {
    #[cfg(unix)]
    {
        if bytes == 0 {
            return true;
        }
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the system's choice.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, kind, -1, 0) };
        // SAFETY: the mapping was just made, and nobody knows it.
        start != libc::MAP_FAILED && unsafe { libc::munmap(start, bytes) } == 0
    }
    #[cfg(not(unix))]
    Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
}

/// Asks the system for huge pages behind a block, if it is large.
pub fn ask_for_huge_pages<T>(block: &[T]) {
    #[cfg(target_os = "linux")]
    if size_of_val(block) >= HUGE {
        const PAGE: usize = 4096;
        let range = block.as_ptr_range();
        let skipped = range.start.align_offset(PAGE);
        let start = range.start.wrapping_add(skipped);
        let length = range.end.addr().saturating_sub(start.addr()) / PAGE * PAGE;
        // SAFETY: whole pages inside the block; the advice changes how they are backed, not what they hold.
        unsafe { libc::madvise(start.cast_mut().cast(), length, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = block;
}
