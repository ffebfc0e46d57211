//! Function tables of NVIDIA's libraries. Types carry the names of NVIDIA's headers; enums are integers here.

pub mod cublas;
pub mod cufft;
pub mod cusolver;
pub mod nvrtc;
pub mod nvtx;
pub mod types;
