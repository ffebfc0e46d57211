//! Files of models: whatever the bytes are, a model or an error, and a model predicts or says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xp::models::Model;
use xp::models::prelude::*;
use xp::prelude::*;

fuzz_target!(|data: &[u8]| {
    let x = Array::<Cpu, f64, Ix2>::from_vec(&Cpu, (0..8).map(f64::from).collect(), [2, 4]).expect("a small matrix");
    todo!()
});
