//! What a device computes, before it may compute for anybody: a driver that changes arithmetic is refused.

use xp_core::Result;

use crate::device::{ADAPTER_VARIABLE, Device};
use crate::kernel::{Access, Kernel, Source};
use crate::memory::Memory;
use crate::queue::Arguments;

/// What is tried: its name, WGSL of it in `x(k)`, the k-th operand, and what it has to give.
const CASES: &[(&str, &str, fn([f32; 8]) -> f32)] = &[
    ("sums that are reassociated", "(x(0u) + x(1u)) - x(0u)", |x| (x[0] + x[1]) - x[0]),
    ("rounding by a large number", "(x(2u) + x(3u)) - x(3u)", |x| (x[2] + x[3]) - x[3]),
    ("contraction to fused operations", "x(2u) * x(2u) - x(4u)", |x| x[2] * x[2] - x[4]),
    ("the rest of Cody and Waite's reduction", "7.0 * -0.69314575 + x(2u)", |x| 7.0 * -0.693_145_75 + x[2]),
    ("products with zero of infinity", "x(5u) * x(7u)", |x| x[5] * x[7]),
    ("differences of NaN", "x(6u) - x(6u)", |_| f32::NAN),
    ("comparisons of NaN", "select(1.0, 2.0, x(6u) < x(2u)) + select(4.0, 8.0, x(6u) == x(6u))", |_| 5.0),
    ("the sign of zero", "x(7u) * 3.0", |x| x[7] * 3.0),
    ("sums of zeros", "x(7u) + x(7u)", |x| x[7] + x[7]),
    ("subnormal numbers", "x(1u) * x(1u) * x(1u) * x(1u) * x(1u)", |x| x[1] * x[1] * x[1] * x[1] * x[1]),
    ("subnormal operands", "bitcast<f32>(u32(s(8u))) * x(3u)", |x| f32::from_bits(1) * x[3]),
    ("division", "x(2u) / x(3u) / 3.0", |x| x[2] / x[3] / 3.0),
    ("square roots", "sqrt(x(2u) * 2.0)", |x| (x[2] * 2.0).sqrt()),
];

/// Runs every case on the device.
///
/// # Errors
/// What the driver gets wrong, by name.
pub(crate) fn run(device: &Device) -> Result<()> {
    judge(device, &device.compile(&source())?)
}

/// The kernel of all cases.
fn source() -> Source {
    let mut body = String::from("fn x(k: u32) -> f32 { return bitcast<f32>(p[k]); }\n@compute @workgroup_size(256)\n");
    body += "fn main(@builtin(local_invocation_index) i: u32) {\n  if (i > 0u) { return; }\n";
    for (k, (_, text, _)) in CASES.iter().enumerate() {
        body += &format!("  o[{k}] = bitcast<u32>({text});\n");
    }
    Source::new("self-test", body + "}\n").binding("o", Access::Write)
}

/// Compares what a kernel of all cases gives.
fn judge(device: &Device, kernel: &Kernel) -> Result<()> {
    let operands = [1e8f32, 1e-9, 5.000_001, 12_582_912.0, 25.000_01, f32::INFINITY, f32::NAN, -0.0];
    let out = Memory::new(device, CASES.len(), "self-test")?;
    let mut arguments = Arguments::default();
    arguments.0.extend(operands.map(f32::to_bits));
    arguments.push(1);
    device.launch(kernel, 1, &arguments, &[out.buffer()])?;
    let got = device.read(out.buffer(), 0, CASES.len(), "self-test")?;
    let wrong: Vec<String> = CASES
        .iter()
        .zip(&got)
        .filter_map(|((name, _, exact), &bits)| {
            let (exact, got) = (exact(operands), f32::from_bits(bits));
            (got.to_bits() != exact.to_bits() && !(got.is_nan() && exact.is_nan())).then(|| format!("{name} ({got:e} for {exact:e})"))
        })
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let why = format!("its driver, {}, changes arithmetic, so results could not be trusted: {}", device.driver(), wrong.join(", "));
    Err(device.fail("self-test", format!("{why}; take another driver, or another adapter by {ADAPTER_VARIABLE}")))
}

#[cfg(test)]
mod tests {
    use super::{judge, source};
    use crate::kernel::module;
    use crate::{Wgpu, device::tests::own};

    #[test]
    fn a_driver_that_changes_arithmetic_is_refused() {
        let Some(Wgpu { device }) = own() else { return };
        if !device.is_software() {
            return eprintln!("SKIPPED: what a driver of a GPU does with arithmetic that it may change is not known");
        }
        // Mesa's reassociates what it may.
        let source = source();
        let plain = device.kernel(&source, module(&source.text()).unwrap()).unwrap();
        let error = judge(&device, &plain).unwrap_err().to_string();
        for part in [device.adapter(), &device.driver(), "sums that are reassociated", "XP_WGPU_ADAPTER"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
