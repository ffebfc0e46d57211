//! Context switches between the simulated threads of a block.

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
compile_error!("the simulated CUDA device runs on x86-64 Linux only");

use std::arch::naked_asm;

/// Saves the callee-saved registers on the current stack, stores its pointer in `*from`, and continues on `to`.
///
/// # Safety
/// `to` must come from an earlier switch away from a live stack, or from [`prepare`].
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn switch(from: *mut *mut u8, to: *mut u8) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// Lays out a fresh stack so that the first switch to it calls `entry`, which must never return.
///
/// # Safety
/// `top` must be the 16-byte aligned end of a writable block of at least 128 bytes.
pub(crate) unsafe fn prepare(top: *mut u8, entry: unsafe extern "C" fn()) -> *mut u8 {
    let words = top.cast::<usize>();
    // SAFETY: eight words below `top` are writable. At `entry` the stack pointer is 8 below a multiple of 16, as after a call.
    unsafe {
        words.sub(1).write(0);
        words.sub(2).write(entry as usize);
        for register in 3..=8 {
            words.sub(register).write(0);
        }
        words.sub(8).cast()
    }
}
