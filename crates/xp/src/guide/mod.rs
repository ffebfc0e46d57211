//! The guide: first steps, for users of NumPy and of ndarray, generic code, devices, threads and memory, errors, speed.
//!
//! | page | for |
//! |---|---|
//! | [`first_steps`] | the first ten minutes |
//! | [`for_numpy_users`] | what NumPy's expressions are called here |
//! | [`for_ndarray_users`] | what ndarray's are called, and what is different |
//! | [`generic_code`] | functions for every backend, dtype and rank |
//! | [`devices`] | CPU or GPU: at compile time, at run time, in a library |
//! | [`threads_and_memory`] | how many threads, when memory is copied, kept and given back |
//! | [`errors`] | what panics, what returns a `Result`, and what never happens |
//! | [`how_fast`] | lazy expressions, profiles, what to measure |
//!
//! How the crates depend on each other, those that serve tests alone in grey:
//!
#![doc = include_str!("architecture.svg")]
//!
//! Every piece of code on these pages is compiled and run by the tests.

#[doc = include_str!("first_steps.md")]
pub mod first_steps {}

#[doc = include_str!("for_numpy_users.md")]
pub mod for_numpy_users {}

#[doc = include_str!("for_ndarray_users.md")]
pub mod for_ndarray_users {}

#[doc = include_str!("generic_code.md")]
pub mod generic_code {}

#[doc = include_str!("devices.md")]
pub mod devices {}

#[doc = include_str!("threads_and_memory.md")]
pub mod threads_and_memory {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("how_fast.md")]
pub mod how_fast {}
