//! What is measured: input by the rules of `compare/data.py`, and the jobs of `compare/jobs.py` as a user of xp would
//! write them.

pub mod data;
pub mod jobs;
pub mod memory;
