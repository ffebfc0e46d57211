//! Functions that are composed of a backend's methods, on a Vulkan device: all of them but those that need linear algebra.

mod common;

xp_conformance::tests! { crate::suite_device!();
    standard {
        reductions_over_axes, axes_forms, ranks_of_reductions<f32>, clips<f32>, cumulative_initial, differences<f32>, repeats, rolls, shapes, free_forms,
        unique_of_any_dtype, sorter, leading_masks, mask_assignment, several_index_arrays, index_assignment, cross_products,
        vector_norms<f32>, norms_at_any_scale<f32>, complex_norms,
    }
    extra {
        golden<f32>, quantile_forms<f32>, counting_and_shaping, sets, first_elements<f32>, values<f32>, distances<f32>, einsum_forms,
    }
    random { streams, floats<f32>, integers, choices<f32> }
}
