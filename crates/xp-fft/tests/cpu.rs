//! The transforms on the CPU.

#[path = "../../xp-conformance/src/fft.rs"]
mod fft;
#[path = "../../xp-conformance/src/support.rs"]
#[allow(dead_code)]
mod support;

macro_rules! tests {
    ($($module:ident: $t:ty;)*) => {$(
        mod $module {
            use xp::Cpu;
            use crate::fft;
            #[test]
            fn golden() { fft::golden::<_, $t>(&Cpu); }
            #[test]
            fn definitions() { fft::definitions::<_, $t>(&Cpu); }
            #[test]
            fn axes() { fft::axes::<_, $t>(&Cpu); }
            #[test]
            fn properties() { fft::properties::<_, $t>(&Cpu); }
            #[test]
            fn layouts() { fft::layouts::<_, $t>(&Cpu); }
            #[test]
            fn empty_axes() { fft::empty_axes::<_, $t>(&Cpu); }
            #[test]
            fn bad_input() { fft::bad_input::<_, $t>(&Cpu); }
            #[test]
            fn convolutions() { fft::convolutions::<_, $t>(&Cpu); }
            #[test]
            fn short_time() { fft::short_time::<_, $t>(&Cpu); }
            #[test]
            fn portable() { fft::portable::<_, $t>(&Cpu); }
        }
    )*};
}
tests! {
    float32: f32;
    float64: f64;
}
