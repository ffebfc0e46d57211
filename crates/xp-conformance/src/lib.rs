//! One test suite for every backend: generic functions, and the lists of them that a backend's crate expands to tests.
//!
//! ```ignore
//! // tests/conformance.rs of a backend
//! xp_conformance::backend_suite!(my_backend::MyBackend::default());
//! xp_conformance::float64_suite!(my_backend::MyBackend::default());
//! xp_conformance::dtypes_suite!(my_backend::MyBackend::default());
//! mod linalg_f32 {
//!     xp_conformance::linalg_suite!(my_backend::MyBackend::default(), f32);
//!     xp_conformance::eig_suite!(my_backend::MyBackend::default(), f32);
//! }
//! ```
//!
//! Every test takes a device and panics with what differs. Only the lists are macros; what a test does is an ordinary
//! function of the module that the list names.

pub mod accuracy;
pub mod budgets;
pub mod creation;
pub mod elementwise;
pub mod errors;
pub mod extra;
pub mod fft;
pub mod fusion;
pub mod host;
pub mod indexing;
pub mod linalg;
pub mod manipulation;
pub mod matmul;
pub mod measured;
pub mod methods;
pub mod operators;
pub mod pages;
pub mod partials;
pub mod printing;
pub mod random;
pub mod reductions;
pub mod signal;
pub mod slicing;
pub mod sorting;
pub mod special_cases;
pub mod standard;
pub mod support;
pub mod values;

/// Tests for any backend; `float32` and narrower dtypes. The device is an expression that can stand in any module.
#[macro_export]
macro_rules! backend_suite {
    ($device:expr) => {
        $crate::tests! { $device;
            creation { filled, tiles<f32>, ranges<f32>, triangles, grids, from_values, like, in_generic_rank }
            elementwise {
                float_unary<f32>, float_binary<f32>, float_special<f32>, float_several<f32>, complex_unary<$crate::C64>, complex_binary<$crate::C64>, some_integers, booleans,
                every_operation_has_an_oracle,
            }
            special_cases { real<f32>, complex<$crate::C64> }
            fusion {
                chains<f32>, broadcasts<f32>, reductions_fuse<f32>, into_existing<f32>, mixed_dtypes, owned_operands<f32>, rows<f32>,
                stretched_rows<f32>, operands_beside_rows<f32>, row_blocks<f32>, own_operations<f32>,
            }
            operators { scalars_on_both_sides, promotion, in_place, value_semantics, unary_operators, constants, where_chooses }
            slicing { python_slices, items, views_share_nothing, broadcasting, reshapes, diagonals, axes }
            indexing { elements, assignment, masks, take, take_of_any_rank, take_along_axis, put, positions, head_slices }
            reductions {
                sums<f32>, sums_of_integers, sums_of_halves, sums_of_complex<$crate::C64>, extremes<f32>, extremes_of_integers,
                logical, means_and_variances<f32>, empty<f32>, layouts<f32>, reproducible<f32>, every_reduction, own_reductions<f32>,
                several<f32>, one_pass_variances<f32>, operands_of_expressions<f32>,
            }
            partials { join<f32> }
            accuracy { long_sums<f32>, shifted_variances<f32>, halves }
            sorting { sort<f32>, sort_integers, argsort<f32>, searchsorted<f32>, unique<f32>, nonzero, isin, cumulative<f32>, cumulative_integers }
            manipulation { concat, stack, owned_and_borrowed, unstack, roll, tile, repeat, flip, moveaxis, meshgrid }
            matmul { integers, floats<f32>, complex<$crate::C64>, halves, stacks<f32>, vectors<f32>, tensordot<f32>, vecdot, views<f32>, into_existing<f32> }
            values { golden<f32>, deviations<f32>, branch_cuts<$crate::C64> }
            errors {
                shapes_that_do_not_broadcast, ranks, axes, indices, lengths, values, matmul_shapes, joining, two_devices<f32>,
                too_large, linalg_free, einsum_subscripts, too_many_axes,
            }
            printing { as_numpy_does, summarised, debug, dtypes }
            methods { lanes_are_checked, handles_are_values }
        }
    };
}

/// Tests of the functions that are composed of a backend's methods, for any backend; the widest float of the tests is given.
#[macro_export]
macro_rules! standard_suite {
    ($device:expr, $t:ty) => {
        $crate::tests! { $device;
            standard {
                reductions_over_axes, axes_forms, ranks_of_reductions<$t>, clips<$t>, cumulative_initial, differences<$t>, repeats, rolls, shapes, free_forms,
                unique_of_any_dtype, sorter, leading_masks, mask_assignment, several_index_arrays, index_assignment, cross_products,
                vector_norms<$t>, norms_at_any_scale<$t>, complex_norms,
            }
            extra {
                golden<$t>, quantile_forms<$t>, counting_and_shaping, sets, first_elements<$t>, values<$t>, distances<$t>, einsum_forms, lu<$t>,
            }
            random { streams, floats<$t>, integers, choices<$t> }
        }
    };
}

/// Tests for backends with `float64` and `complex128`.
#[macro_export]
macro_rules! float64_suite {
    ($device:expr) => {
        mod float64 {
            $crate::tests! { $device;
                creation { ranges<f64> }
                fusion { chains<f64>, broadcasts<f64>, reductions_fuse<f64>, into_existing<f64>, owned_operands<f64>, rows<f64>, own_operations<f64> }
                reductions { sums<f64>, sums_of_complex<$crate::C128>, extremes<f64>, means_and_variances<f64>, empty<f64>, layouts<f64>, reproducible<f64>, one_pass_variances<f64> }
                accuracy { long_sums<f64>, shifted_variances<f64> }
                sorting { sort<f64>, argsort<f64>, searchsorted<f64>, unique<f64>, cumulative<f64> }
                matmul { floats<f64>, complex<$crate::C128>, stacks<f64>, vectors<f64>, tensordot<f64>, views<f64> }
                values { golden<f64>, deviations<f64> }
                printing { float64 }
            }
        }
    };
}

/// Tests of the elementwise operations for the dtypes that the other lists leave out. They take long to compile, and are
/// for backends with kernels of their own.
#[macro_export]
macro_rules! dtypes_suite {
    ($device:expr) => {
        mod dtypes {
            $crate::tests! { $device;
                creation { conversions }
                elementwise {
                    float_unary<f64>, float_binary<f64>, float_special<f64>, float_several<f64>, complex_unary<$crate::C128>, complex_binary<$crate::C128>,
                    other_integers, halves,
                }
                special_cases { real<f64>, complex<$crate::C128> }
                values { golden<$crate::C128>, branch_cuts<$crate::C128> }
            }
        }
    };
}

/// Tests for a backend's linear algebra of one dtype.
#[macro_export]
macro_rules! linalg_suite {
    ($device:expr, $t:ty) => {
        $crate::tests! { $device;
            linalg {
                golden<$t>, svd<$t>, svd_larger<$t>, svd_scaled<$t>, svd_ill_conditioned<$t>, eigh<$t>, qr<$t>, cholesky<$t>, solve<$t>,
                solve_into<$t>, triangular<$t>,
                inverse_and_determinant<$t>, pinv_and_rank<$t>, lstsq<$t>, stacks<$t>, stacks_of_many<$t>, square_stacks_of_many<$t>, first_failure<$t>, norms<$t>, lazy_products<$t>, lazy_products_of_stretched_rows<$t>, tall_r<$t>,
                failures<$t>, without_elements<$t>,
            }
        }
    };
}

/// Tests for a backend's linear algebra of one real dtype.
#[macro_export]
macro_rules! real_linalg_suite {
    ($device:expr, $t:ty) => {
        mod real {
            $crate::tests! { $device;
                linalg { ranked_products<$t> }
            }
        }
    };
}

/// Tests for a backend's linear algebra of one dtype at scales near its limits, and at conditions up to 1e15.
#[macro_export]
macro_rules! scales_suite {
    ($device:expr, $t:ty) => {
        mod scales {
            $crate::tests! { $device;
                linalg {
                    svd_at_scales<$t>, eigh_at_scales<$t>, qr_at_scales<$t>, cholesky_at_scales<$t>, lu_at_scales<$t>, solve_at_scales<$t>,
                    lstsq_at_scales<$t>, pinv_at_scales<$t>,
                }
            }
        }
    };
}

/// Tests of [`xp_fft`] for one precision.
#[macro_export]
macro_rules! fft_suite {
    ($device:expr, $t:ty) => {
        $crate::tests! { $device;
            fft {
                golden<$t>, definitions<$t>, axes<$t>, properties<$t>, layouts<$t>, empty_axes<$t>, bad_input<$t>, convolutions<$t>, short_time<$t>,
                portable<$t>,
            }
            signal { golden<$t> }
        }
    };
}

/// Tests for a backend's eigenvalues of general matrices of one dtype.
#[macro_export]
macro_rules! eig_suite {
    ($device:expr, $t:ty) => {
        mod general {
            $crate::tests! { $device;
                linalg { eig<$t>, eig_at_scales<$t> }
            }
        }
    };
}

/// Tests for backends whose memory the host reads and writes.
#[macro_export]
macro_rules! host_suite {
    ($device:expr) => {
        $crate::tests! { $device;
            host { iterators, indices, writes, equality, closures }
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
