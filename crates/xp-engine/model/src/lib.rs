//! The threads of xp-engine on a checker's atomics, locks and threads, which tries every order in which they may run.

pub mod sync;
#[path = "../../src/threads.rs"]
pub mod threads;
