//! A part of the suite of all backends, each method of `Backend`, `Linalg` and `Fft` at least once. That the backends inside pass all of it,
//! their own tests say.

use xp_any::AnyDevice;
use xp_core::Backend;

fn cpu() -> AnyDevice {
    AnyDevice::default_device().unwrap()
}

mod any {
    xp_conformance::tests! { crate::cpu();
        creation { from_values, like }
        fusion { into_existing<f32>, row_blocks<f32> }
        slicing { views_share_nothing }
        indexing { assignment, masks, take, put }
        reductions { sums<f32>, several<f32> }
        sorting { sort_integers, argsort<f32>, unique<f32>, cumulative<f32> }
        matmul { stacks<f32>, into_existing<f32> }
        methods { lanes_are_checked, handles_are_values }
        linalg { solve_into<f64>, lazy_products<f64>, tall_r<f64>, without_elements<f64>, eig<f64> }
        fft { layouts<f64> }
    }
}
