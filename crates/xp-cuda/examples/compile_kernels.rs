//! Compiles every kernel of this crate with the real NVRTC for the architecture given as an argument (90 for sm_90).

use xp_cuda::{kernel::compile_only, kernels};

fn main() {
    let architecture = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(90);
    let start = std::time::Instant::now();
    let sources = kernels::all_sources();
    let mut bytes = 0;
    for (name, source) in &sources {
        bytes += compile_only(name, source, kernels::OPTIONS, architecture).unwrap_or_else(|e| panic!("{e}")).len();
    }
    println!("{} modules compile to sm_{architecture}: {bytes} bytes in {:.1} s", sources.len(), start.elapsed().as_secs_f64());
}
