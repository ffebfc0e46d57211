//! Compiles every kernel of this crate with the real NVRTC for the architecture given as an argument (90 for sm_90), and looks
//! into some: dense loops read and write 16 bytes at once, twice before anything is written, sums of rows read as many, and strided loops
//! do not divide.
//!
//! With `1/3` as a second argument, one of three modules is compiled, from the one after the first on: processes share the work. With a
//! folder, the virtual machine code of the loops that are looked into is written there.
//!
//! `compile_kernels ahead FROM TO 80,90,100` compiles what the folder FROM of compiled kernels holds, such as that of a run on the simulated
//! device, for these architectures into the folder TO, where `XP_CUDA_KERNELS` finds it.

use xp_cuda::{
    kernel::{compile_ahead, compile_only, compile_to_ptx},
    kernels,
};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("ahead") {
        return ahead();
    }
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
/// When a kernel does not compile.
fn ahead() {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let [from, to, architectures] = arguments.as_slice() else { panic!("compile_kernels ahead FROM TO 80,90,100") };
    for architecture in architectures.split(',') {
        let number = architecture.parse().unwrap_or_else(|_| panic!("`{architecture}` is no architecture: 90 for sm_90"));
        let count = compile_ahead(from.as_ref(), to.as_ref(), number).unwrap_or_else(|e| panic!("{e}"));
        println!("{count} modules for sm_{number}");
    }
}

/// # Panics
/// When a loop is not what it should be.
fn look_at(name: &str, text: &str) {
    if name.starts_with("strided") {
        assert!(!text.contains("div.") && !text.contains("rem."), "{name} divides");
        return;
    }
    let is_wide = |line: &&str| [".v4.b32", ".v4.u32", ".v4.f32", ".v2.b64", ".v2.u64", ".v2.f64"].iter().any(|w| line.contains(w));
    let way = |line: &str| [("ld.global", 'r'), ("st.global", 'w')].iter().find(|(access, _)| line.contains(access)).map(|(_, way)| *way);
    let wide: String = text.lines().filter(is_wide).filter_map(way).collect();
    assert!(wide.contains('r') && (wide.contains('w') || name.starts_with("sum")), "{name} does not move 16 bytes at once");
    assert!(wide.contains("rrww") || !name.starts_with("dense"), "{name} does not have two packs under way: {wide}");
}
