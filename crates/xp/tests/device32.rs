//! Devices that are chosen at run time, those without `float64` among them: with the feature `wgpu` the Vulkan driver is one.

use xp::prelude::*;
use xp::{AnyDevice, Device32, with_device32};

/// Runs once for each backend; half of it in whatever is the widest there.
fn work<B: Backend + Linalg<<B as Backend>::MaxFloat>>(device: &B) -> xp::Result<(String, f64)> {
    let x = arange(device, 0.0f32, 6.0, 1.0)?.reshape([2, 3])?;
    let product = x.matmul(&x.t())?.sum(..).item()?;
    let widest = linalg::det(&eye::<_, B::MaxFloat>(device, 6, 6, 0)?)?.item()?;
    Ok((device.to_string(), f64::from(product) + widest.to_f64()))
}

#[test]
fn every_device_is_entered_by_its_own_name() {
    for device in Device32::all() {
        let parsed: Device32 = device.to_string().parse().unwrap();
        assert_eq!(parsed, device);
        // Columns sum to 3, 5 and 7; the determinant is 1.
        assert_eq!(with_device32!(&parsed, |d| work(d)).unwrap(), (device.to_string(), 9.0 + 25.0 + 49.0 + 1.0));
    }
}

#[test]
fn the_best_device_is_the_first_of_all() {
    let all = Device32::all();
    assert_eq!(Device32::best().unwrap(), all[0]);
    assert_eq!("best".parse::<Device32>().unwrap(), all[0]);
    assert!(all.contains(&Device32::from(AnyDevice::Cpu(Cpu))));
}

#[test]
fn the_body_may_leave_the_function() {
    fn early(device: &Device32) -> Option<String> {
        with_device32!(device, |d| Some(work(d).ok()?.0))
    }
    assert_eq!(early(&"cpu".parse().unwrap()), Some("cpu".into()));
}

#[test]
fn unknown_names_are_errors_that_list_the_known_ones() {
    for name in ["", "gpu", "best:1", "wgpu:first"] {
        let error = name.parse::<Device32>().unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")) && (error.contains("`best`") || error.contains("`wgpu:`")), "{error}");
        assert_eq!(error.contains("`wgpu"), cfg!(feature = "wgpu") || name.starts_with("wgpu"), "{error}");
    }
}

#[cfg(feature = "wgpu")]
#[test]
fn a_driver_in_software_is_had_by_its_name_alone() {
    if xp::Wgpu::adapters().is_empty() {
        assert!(std::env::var_os("XP_WGPU_REQUIRED").is_none(), "there is no Vulkan adapter, and XP_WGPU_REQUIRED asks for one");
        eprintln!("SKIPPED: there is no Vulkan adapter on this machine");
        assert!("wgpu".parse::<Device32>().unwrap_err().to_string().contains("mesa-vulkan-drivers"));
        return;
    }
    let named: Device32 = "wgpu".parse().unwrap();
    let Device32::Wgpu(device) = &named else { panic!("{named}") };
    assert_eq!(device.is_software(), !matches!(Device32::best().unwrap(), Device32::Wgpu(_)), "{device:?}");
    assert_eq!(with_device32!(&named, |d| work(d)).unwrap().1, 84.0);
    // It has no `float64`: that is an error, not silently `float32`.
    let error = with_device32!(&named, |d| arange(d, 0.0f64, 4.0, 1.0).map(drop)).unwrap_err();
    assert!(error.to_string().contains("float64"), "{error}");
}
