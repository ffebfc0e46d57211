//! What operations cost a device: launches of kernels, waits of the host, bytes to and from the device, compared with
//! `budgets.md`. A number that grows is a regression, one that shrinks belongs into the table:
//! `XP_WRITE_DOCS=1 cargo test -p xp-wgpu --test budgets` writes it, there and in `docs/wgpu.md`.

mod common;

use num_complex::Complex;
use xp_conformance::budgets::{self, Job, Kept, Operands, kept};
use xp_conformance::pages;
use xp_core::functions::eye;
use xp_core::{Array, Ix2, Result, linalg, s};
use xp_fft::{Direction, Fft};
use xp_wgpu::Wgpu;

const HEAD: &str = "| operation | launches | waits | bytes up | bytes down |\n|---|---|---|---|---|\n";

/// Operands of this backend's own jobs: matrices larger than a block, and a length that has a large prime factor.
struct Own {
    definite: Array<Wgpu, f32, Ix2>,
    complex: Array<Wgpu, Complex<f32>, Ix2>,
}

impl Own {
    fn new(shared: &Operands<Wgpu, f32>) -> Result<Self> {
        let definite = (linalg::gram(&shared.large.lazy())?.lazy() + &eye::<_, f32>(&shared.device, 70, 70, 0)?).try_eval()?;
        Ok(Own { definite, complex: shared.x.slice(s![..64, ..33])?.lazy().astype::<Complex<f32>>().try_eval()? })
    }
}

const OWN: &[Job<Own>] = &[
    ("cholesky of order 70", |o| kept(linalg::cholesky(&o.definite, linalg::Lower))),
    ("fft of 64 numbers, axis 0", |o| kept(Wgpu::c2c(o.complex.clone(), &[0], &[64], Direction::Forward, 1.0))),
    ("fft of 33 numbers, by chirps", |o| kept(Wgpu::c2c(o.complex.clone(), &[1], &[33], Direction::Forward, 1.0))),
];

fn counts(device: &Wgpu, run: &dyn Fn() -> Kept) -> [u64; 4] {
    let before = device.counts();
    let result = run();
    let after = device.counts();
    drop(result);
    [after.launches - before.launches, after.reads - before.reads, after.bytes_up - before.bytes_up, after.bytes_down - before.bytes_down]
}

#[test]
fn every_operation_keeps_to_its_budget() {
    let operands = Operands::<Wgpu, f32>::new(device!()).unwrap();
    let own = Own::new(&operands).unwrap();
    let mut table = HEAD.to_owned();
    budgets::count(&mut table, &operands, &budgets::jobs(), |_, run| counts(&operands.device, run));
    budgets::count(&mut table, &own, OWN, |_, run| counts(&operands.device, run));
    // Nothing that is queued waits: these hold whatever the table says.
    let cell = |name: &str, column: usize| budgets::cell(&table, name, column);
    for name in ["copy", "x + x", "(x + row) * 0.5 - x, fused", "exp(-x^2 / 2), fused", "where", "astype"] {
        assert_eq!([1, 2, 3, 4].map(|k| cell(name, k)), [1, 0, 0, 0], "{name}: one launch, no wait, no transfer");
    }
    for name in ["sum of 4800", "sort of 4800", "cumulative_sum of 4800", "matmul", "gram", "fft of 64 numbers, axis 0", "qr"] {
        assert_eq!(cell(name, 2), 0, "{name} waits");
    }
    // What may fail is asked once, however large the matrix is.
    for name in ["solve of a stack of 10", "solve of order 70", "cholesky of a stack of 10", "cholesky of order 70"] {
        assert_eq!(cell(name, 2), 1, "{name} waits once");
    }
    assert_eq!(cell("fft of 64 numbers, axis 0", 1), 2, "64 numbers: two passes of radix 8");
    let command = "cargo test -p xp-wgpu --test budgets";
    pages::table("docs/wgpu.md", HEAD, &table, command);
    pages::file("crates/xp-wgpu/tests/budgets.md", &table, command);
}
