//! The search for a driver library, without the simulation.

use std::{path::Path, process::Command};

use xp_cuda::{Device, Error};

#[test]
fn without_a_driver_the_error_lists_what_was_tried() {
    match Device::new(0) {
        Err(Error::LibraryNotFound { tried, .. }) => {
            let text = Device::new(0).unwrap_err().to_string();
            for place in ["libcuda.so.1", "libcuda.so", "XP_CUDA_PATH", "/usr/lib/wsl/lib"] {
                assert!(tried.iter().any(|a| a.place == place) && text.contains(place), "{place} is missing in:\n{text}");
            }
        }
        // This machine has a driver: then it answers, with a device or with its own reason.
        Ok(device) => assert!(!device.is_simulated()),
        Err(other) => assert!(matches!(other, Error::Driver { .. } | Error::NoDevice { .. }), "{other}"),
    }
}

/// A driver library that starts with a code which the bindings do not know, and then has no device.
const FAKE_DRIVER: &str = "int cuInit(unsigned f) { (void)f; return FAKE_CODE; }\n\
    int cuDeviceGetCount(int* n) { *n = 0; return 0; }\n\
    int cuDriverGetVersion(int* v) { *v = 12040; return 0; }\n";

#[test]
fn the_environment_variable_comes_first_and_codes_are_kept() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake-driver");
    for (code, expected) in [("4711", "start of the CUDA driver: CUDA_ERROR (4711)"), ("0", "no CUDA device 0: the driver reports 0 device(s)")] {
        let lib = folder.join(code).join("lib64");
        std::fs::create_dir_all(&lib).unwrap();
        let source = folder.join("driver.c");
        std::fs::write(&source, FAKE_DRIVER).unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC"])
            .arg(format!("-DFAKE_CODE={code}"))
            .arg("-o")
            .arg(lib.join("libcuda.so.1"))
            .arg(&source)
            .status();
        if !built.is_ok_and(|s| s.success()) {
            eprintln!("skipped: no C compiler");
            return;
        }
        // A folder, the root of a toolkit, and the file itself are all accepted.
        for entry in [lib.clone(), folder.join(code), lib.join("libcuda.so.1")] {
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "child_opens_a_device", "--nocapture"])
                .env("XP_CUDA_PATH", std::env::join_paths([Path::new("/nonexistent"), &entry]).unwrap())
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&child.stdout);
            assert!(text.contains(&format!("answer: {expected}")), "{}: {text}", entry.display());
        }
    }
}

#[test]
#[ignore = "run by the_environment_variable_comes_first_and_codes_are_kept"]
fn child_opens_a_device() {
    println!("\nanswer: {}", Device::new(0).unwrap_err());
}
