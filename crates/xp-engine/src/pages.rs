//! The pages behind memory.

/// The size of a huge page. Blocks from this size on are best aligned to it.
pub const HUGE: usize = 1 << 21;

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
