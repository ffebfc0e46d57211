//! One test suite for every backend: generic functions, and the lists of them that a backend's crate expands to tests.
//!
//! ```ignore
//! // tests/conformance.rs of a backend
//! xp_conformance::backend_suite!(my_backend::MyBackend::default());
//! xp_conformance::float64_suite!(my_backend::MyBackend::default());
//! mod linalg_f32 {
//!     xp_conformance::linalg_suite!(my_backend::MyBackend::default(), f32);
//! }
//! ```
//!
//! Every test takes a device and panics with what differs. Only the lists are macros; what a test does is an ordinary
//! function of the module that the list names.

pub mod elementwise;
pub mod special_cases;
pub mod support;

/// Tests for any backend; `float32` and narrower dtypes. The device is an expression that can stand in any module.
#[macro_export]
macro_rules! backend_suite {
    ($device:expr) => {
        $crate::tests! { $device;
            elementwise {
                float_unary<f32>, float_binary<f32>, float_special<f32>, halves, integers, booleans,
                complex_unary<$crate::C64>, complex_binary<$crate::C64>,
            }
            special_cases { real<f32>, complex<$crate::C64> }
        }
    };
}

/// Tests for backends with `float64` and `complex128`.
#[macro_export]
macro_rules! float64_suite {
    ($device:expr) => {
        mod float64 {
            $crate::tests! { $device;
                elementwise { float_unary<f64>, float_binary<f64>, float_special<f64>, complex_unary<$crate::C128>, complex_binary<$crate::C128> }
                special_cases { real<f64>, complex<$crate::C128> }
            }
        }
    };
}

/// Tests for a backend's linear algebra of one dtype.
#[macro_export]
macro_rules! linalg_suite {
    ($device:expr, $t:ty) => {
        $crate::tests! { $device;
        }
    };
}

/// Wraps the functions of this crate's modules as tests.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($device:expr; $($module:ident { $($name:ident $(<$t:ty>)?),* $(,)? })*) => {$(
        mod $module {
            $(
                #[test]
                fn $name() {
                    $crate::$module::$name::<_ $(, $t)?>(&$device);
                }
            )*
        }
    )*};
}

/// `complex64`.
pub type C64 = num_complex::Complex<f32>;
/// `complex128`.
pub type C128 = num_complex::Complex<f64>;
