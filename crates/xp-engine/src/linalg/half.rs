//! Products of half-precision matrices, computed in single precision and rounded once.

use super::functions::HalfProducts;
use super::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use half::{bf16, f16};

/// Element of a half-precision matrix: `f16` or `bf16`.
pub trait Half: Copy + Send + Sync + 'static + sealed::Sealed {
    #[doc(hidden)]
    fn products() -> &'static HalfProducts<Self>;
    #[doc(hidden)]
    fn widen(self) -> f32;
    #[doc(hidden)]
    fn round(x: f32) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! halves {
    ($($t:ty)*) => {$(
        impl sealed::Sealed for $t {}
        impl Half for $t {
            fn products() -> &'static HalfProducts<Self> {
                static TABLE: HalfProducts<$t> = HalfProducts::HERE;
                &TABLE
            }
            fn widen(self) -> f32 {
                self.to_f32()
            }
            fn round(x: f32) -> Self {
                Self::from_f32(x)
            }
        }
    )*};
}
halves!(f16 bf16);

pub(super) fn matmul_half<T: Half>(mut c: MatMut<'_, T>, a: MatRef<'_, T>, b: MatRef<'_, T>, par: Par) {
    let wide = |x: MatRef<'_, T>| Mat::<f32>::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)].widen());
    let mut product = Mat::<f32>::zeros(c.nrows(), c.ncols());
    matmul(product.as_mut(), Accum::Replace, 1.0, wide(a).as_ref(), wide(b).as_ref(), par);
    for i in 0..c.nrows() {
        for j in 0..c.ncols() {
            c[(i, j)] = T::round(product[(i, j)]);
        }
    }
}
