//! Compiles every kernel of this crate with the real NVRTC for the architecture given as an argument (90 for sm_90), and looks
//! into some: dense loops read and write 16 bytes at once, sums of rows read as many, and strided loops do not divide.
//!
//! With `1/3` as a second argument, one of three modules is compiled, from the one after the first on: processes share the work. With a
//! folder, the virtual machine code of the loops that are looked into is written there.

use xp_cuda::{
    kernel::{compile_only, compile_to_ptx},
    kernels,
};

fn main() {
    let architecture = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(90);
    let second = std::env::args().nth(2);
    let part = second.as_deref().and_then(|a| a.split_once('/')).and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    let (first, step) = part.unwrap_or((0, 1));
    let folder = if part.is_some() { None } else { second };
    let start = std::time::Instant::now();
    let sources: Vec<_> = kernels::all_sources().into_iter().skip(first).step_by(step).collect();
    let mut looked_at = 0;
    for (name, source) in kernels::copies() {
        let text = compile_to_ptx(&name, &source, kernels::OPTIONS, architecture).unwrap_or_else(|e| panic!("{e}"));
        if let Some(folder) = &folder {
            std::fs::write(std::path::Path::new(folder).join(format!("{}.ptx", name.replace(' ', "-"))), &text).unwrap_or_else(|e| panic!("{e}"));
        }
        look_at(&name, &text);
        looked_at += 1;
    }
    println!("{looked_at} loops read and write 16 bytes at once, or do not divide");
    let mut bytes = 0;
    for (name, source) in &sources {
        bytes += compile_only(name, source, kernels::OPTIONS, architecture).unwrap_or_else(|e| panic!("{e}")).len();
    }
    println!("{} modules compile to sm_{architecture}: {bytes} bytes in {:.1} s", sources.len(), start.elapsed().as_secs_f64());
}

/// # Panics
/// When a loop is not what it should be.
fn look_at(name: &str, text: &str) {
    if name.starts_with("strided") {
        assert!(!text.contains("div.") && !text.contains("rem."), "{name} divides");
        return;
    }
    let wide = |access: &str| {
        text.lines()
            .any(|line| line.contains(access) && [".v4.b32", ".v4.u32", ".v4.f32", ".v2.b64", ".v2.u64", ".v2.f64"].iter().any(|w| line.contains(w)))
    };
    assert!(wide("ld.global") && (wide("st.global") || name.starts_with("sum")), "{name} does not move 16 bytes at once");
}
