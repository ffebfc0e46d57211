//! The test suite of all backends on a Vulkan device.

mod common;

xp_conformance::backend_suite!(crate::device!());
mod dtypes {
    xp_conformance::tests! { crate::device!();
        creation { conversions }
        elementwise { other_integers, halves }
    }
}
