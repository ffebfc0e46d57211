//! The transforms on the simulated device.

mod common;

#[path = "../../xp-conformance/src/fft.rs"]
mod fft;
#[path = "../../xp-conformance/src/support.rs"]
#[allow(dead_code)]
mod support;

macro_rules! tests {
    ($($module:ident: $t:ty;)*) => {$(
        mod $module {
            use crate::common::cuda;
            use crate::fft;
            #[test]
            fn golden() { fft::golden::<_, $t>(&cuda()); }
            #[test]
            fn definitions() { fft::definitions::<_, $t>(&cuda()); }
            #[test]
            fn axes() { fft::axes::<_, $t>(&cuda()); }
            #[test]
            fn properties() { fft::properties::<_, $t>(&cuda()); }
            #[test]
            fn layouts() { fft::layouts::<_, $t>(&cuda()); }
            #[test]
            fn empty_axes() { fft::empty_axes::<_, $t>(&cuda()); }
            #[test]
            fn bad_input() { fft::bad_input::<_, $t>(&cuda()); }
            #[test]
            fn convolutions() { fft::convolutions::<_, $t>(&cuda()); }
            #[test]
            fn short_time() { fft::short_time::<_, $t>(&cuda()); }
            #[test]
            fn portable() { fft::portable::<_, $t>(&cuda()); }
        }
    )*};
}
tests! {
    float32: f32;
    float64: f64;
}
