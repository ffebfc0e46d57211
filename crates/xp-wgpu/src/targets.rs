//! Kernels for drivers that take no SPIR-V: the texts that naga makes of the same WGSL for Metal and Direct3D, and what keeps their compilers from
//! changing arithmetic. No device is opened for them, so this serves tests alone.

use naga::back::{hlsl, msl};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

/// What Metal's compiler has to be told: neither contraction nor the assumption that there is no NaN.
pub(crate) const METAL: &str = "#pragma METAL fp math_mode(safe)\n#pragma METAL fp contract(off)\n";
/// The flag of Direct3D's compiler, `dxc`, for arithmetic of IEEE 754.
pub(crate) const DIRECT3D: &str = "-Gis";

fn parsed(text: &str) -> Result<(naga::Module, ModuleInfo), String> {
    let module = naga::front::wgsl::parse_str(text).map_err(|e| e.emit_to_string(text))?;
    let flags = ValidationFlags::all() - ValidationFlags::CONTROL_FLOW_UNIFORMITY;
    let info = Validator::new(flags, Capabilities::all()).validate(&module).map_err(|e| e.emit_to_string(text))?;
    Ok((module, info))
}

/// A kernel in Metal's language; the bindings are its buffers in order.
pub(crate) fn metal(text: &str) -> Result<String, String> {
    let (module, info) = parsed(text)?;
    let mut resources = msl::EntryPointResources::default();
    for (_, global) in module.global_variables.iter() {
        if let Some(binding) = global.binding {
            let target = msl::BindTarget { buffer: Some(binding.binding as u8), mutable: true, ..Default::default() };
            resources.resources.insert(binding, target);
        }
    }
    // The lengths of arrays, which naga asks for, come behind them.
    resources.sizes_buffer = Some(resources.resources.len() as u8);
    let options = msl::Options {
        // The first with integers of 64 bits.
        lang_version: (2, 3),
        per_entry_point_map: [("main".to_owned(), resources)].into_iter().collect(),
        fake_missing_bindings: false,
        force_loop_bounding: false,
        ..Default::default()
    };
    let (made, names) = msl::write_string(&module, &info, &options, &Default::default()).map_err(|e| e.to_string())?;
    // An entry point that cannot be bound is left out of the text.
    names.entry_point_names.into_iter().try_for_each(|name| name.map(drop)).map_err(|e| e.to_string())?;
    Ok(format!("{METAL}{made}"))
}

/// A kernel in Direct3D's language, for `dxc` with [`DIRECT3D`].
pub(crate) fn direct3d(text: &str) -> Result<String, String> {
    let (module, info) = parsed(text)?;
    let options = hlsl::Options { shader_model: hlsl::ShaderModel::V6_0, force_loop_bounding: false, ..Default::default() };
    let mut made = String::new();
    let pipeline = hlsl::PipelineOptions::default();
    hlsl::Writer::new(&mut made, &options, &pipeline).write(&module, &info, None).map_err(|e| e.to_string())?;
    Ok(made)
}

mod tests {
    use num_complex::Complex;
    use xp_core::functions::{Ascending, Side, arange, searchsorted};
    use xp_core::linalg::{self, Full, Lower};
    use xp_core::random::Generator;
    use xp_core::{Array, Floating, Ix2, Result};
    use xp_fft::{Direction, Fft};

    use super::*;
    use crate::Wgpu;
    use crate::kernel::compiled_texts;

    fn decompositions<T: Floating>(x: &Array<Wgpu, T, Ix2>) -> Result<()>
    where
        Wgpu: linalg::Linalg<T>,
    {
        let positive = linalg::gram(&x.lazy())?;
        linalg::cholesky(&positive, Lower)?;
        linalg::solve(&positive, x)?;
        linalg::qr(x, Full)?;
        linalg::svd(x, Full)?;
        linalg::svd(&xp_core::functions::eye::<_, T>(x.device(), 65, 65, 0)?, Full)?;
        Ok(())
    }

    /// Kernels of every kind.
    fn work(device: &Wgpu) -> Result<()> {
        let mut random = Generator::new(1);
        let x = random.normal::<_, f32, _>(device, [20, 20])?;
        let long = random.normal::<_, f32, _>(device, [20_000])?;
        let at = arange(device, 0, 300, 1i64)?;
        let (_, _) = (long.lazy().square().sum(..).try_eval()?, x.lazy().argmax(1).try_eval()?);
        let _ = (long.cumulative_sum(0)?, long.sort(0, Ascending)?, long.argsort(0, Ascending)?, at.sort(0, Ascending)?);
        let _ = (long.take(&at, 0)?, searchsorted(&long.slice(xp_core::s![..100])?.sort(0, Ascending)?, &long, Side::Left)?);
        let _ = long.select(&long.greater(0.0))?;
        let mut changed = long.clone();
        changed.put(&at, 0.0, 0)?;
        changed.put_add(&at, 1.0, 0)?;
        // Blocks of other dtypes differ in their element alone.
        let _ = at.reshape([3, 100])?.matmul(&at.reshape([100, 3])?)?;
        // Elements that share words, written one by one and in whole words.
        let halves = x.astype::<half::f16>();
        let _ = (halves.t().copy()?, halves.sort(0, Ascending)?, halves.matmul(&halves.t())?);
        decompositions(&x)?;
        let z = (x.lazy().astype::<Complex<f32>>() * Complex::new(0.5, 1.0)).try_eval()?;
        decompositions(&z)?;
        for n in [8 * 4 * 2, 3 * 5 * 7, 11] {
            Wgpu::c2c(z.clone(), &[0], &[n], Direction::Forward, 1.0)?;
        }
        Wgpu::c2r(Wgpu::r2c(x, &[0], &[20], Direction::Forward, 1.0)?, &[0], &[20], Direction::Backward, 1.0)?;
        Ok(())
    }

    #[test]
    fn the_whole_library_has_a_form_for_metal_and_direct3d() {
        let text = crate::wgsl::whole_library();
        // Functions in pairs of numbers, 64-bit integers and bit casts are among them.
        for name in ["op_sin_f32", "op_gammaln_f32", "op_multiply_c64", "op_floor_divide_i64"] {
            assert!(text.contains(name), "{name}");
        }
        let (metal, direct3d) = (metal(&text).unwrap(), direct3d(&text).unwrap());
        assert!(metal.starts_with(METAL) && metal.contains("op_sin_f32") && direct3d.contains("op_sin_f32"));
        assert!(!metal.contains("fma(") && !direct3d.contains("mad("), "no fused operation is asked for");
    }

    #[test]
    fn kernels_have_a_form_for_metal_and_direct3d() {
        if Wgpu::adapters().is_empty() {
            assert!(std::env::var_os("XP_WGPU_REQUIRED").is_none(), "there is no Vulkan adapter, and XP_WGPU_REQUIRED asks for one");
            return eprintln!("SKIPPED: there is no Vulkan adapter on this machine");
        }
        work(&Wgpu::separate(Wgpu::default_adapter().unwrap(), None).unwrap()).unwrap();
        let texts = compiled_texts();
        assert!(texts.len() > 40, "{} kernels", texts.len());
        for (name, text) in texts {
            let metal = metal(&text).unwrap_or_else(|e| panic!("{name} for Metal: {e}"));
            assert!(metal.starts_with(METAL) && metal.contains("kernel "), "{name}\n{metal}");
            let direct3d = direct3d(&text).unwrap_or_else(|e| panic!("{name} for Direct3D with {DIRECT3D}: {e}"));
            assert!(direct3d.contains("[numthreads(256, 1, 1)]"), "{name}");
        }
    }
}
