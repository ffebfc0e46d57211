//! Operations that go different ways for booleans, real and complex numbers, for code whose only bound is [`Element`].

use half::{bf16, f16};
use num_complex::Complex;

use crate::array::Array;
use crate::backend::{Backend, Distinct, Lanes};
use crate::dim::Ix1;
use crate::dtype::{Element, Num, Real};
use crate::error::Result;
use crate::sorting::Ascending;

/// Implemented for every dtype: see the module.
#[doc(hidden)]
pub trait Dispatch: Sized {
    /// Writes `values` to the positions `indices` of the lanes of a contiguous array: [`Backend::put`] for any dtype.
    fn put<B: Backend>(device: &B, x: &mut B::Buffer<Self>, lanes: Lanes, indices: &B::Buffer<i64>, values: &B::Buffer<Self>) -> Result<()>
    where
        Self: Element;

    /// The positions that bring equal elements together, real numbers in ascending order. Stable.
    fn argsort<B: Backend>(x: &Array<B, Self, Ix1>) -> Result<Array<B, i64, Ix1>>
    where
        Self: Element;

    /// The elements in the order of [`Dispatch::argsort`].
    fn sort<B: Backend>(x: &Array<B, Self, Ix1>) -> Result<Array<B, Self, Ix1>>
    where
        Self: Element,
    {
        x.take(&Self::argsort(x)?, 0)
    }

    /// [`Backend::unique`] of a contiguous vector, for the dtypes that have it.
    fn unique<B: Backend>(_: &Array<B, Self, Ix1>, _places: bool) -> Result<Option<Distinct<B, Self>>>
    where
        Self: Element,
    {
        Ok(None)
    }
}

impl Dispatch for bool {
    fn put<B: Backend>(device: &B, x: &mut B::Buffer<bool>, lanes: Lanes, indices: &B::Buffer<i64>, values: &B::Buffer<bool>) -> Result<()> {
        let bytes = |b: &B::Buffer<bool>| Array::<B, bool, Ix1>::from_result(device, b.clone(), &[B::len(b)])?.lazy().astype::<u8>().try_eval();
        let mut target = bytes(x)?.into_buffer();
        device.put(&mut target, lanes, indices, bytes(values)?.buffer(), false)?;
        let len = B::len(&target);
        *x = Array::<B, u8, Ix1>::from_result(device, target, &[len])?.lazy().astype::<bool>().try_eval()?.into_buffer();
        Ok(())
    }
    fn argsort<B: Backend>(x: &Array<B, bool, Ix1>) -> Result<Array<B, i64, Ix1>> {
        x.lazy().astype::<u8>().try_eval()?.argsort(0, Ascending)
    }
}

macro_rules! real {
    ($($t:ty)*) => {$(
        impl Dispatch for $t {
            fn put<B: Backend>(device: &B, x: &mut B::Buffer<$t>, lanes: Lanes, indices: &B::Buffer<i64>, values: &B::Buffer<$t>) -> Result<()> {
                device.put(x, lanes, indices, values, false)
            }
            fn argsort<B: Backend>(x: &Array<B, $t, Ix1>) -> Result<Array<B, i64, Ix1>> {
                x.argsort(0, Ascending)
            }
            fn sort<B: Backend>(x: &Array<B, $t, Ix1>) -> Result<Array<B, $t, Ix1>> {
                x.sort(0, Ascending)
            }
            fn unique<B: Backend>(x: &Array<B, $t, Ix1>, places: bool) -> Result<Option<Distinct<B, $t>>> {
                x.device().unique(x.packed()?.buffer(), places)
            }
        }
    )*};
}
real!(i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64);

macro_rules! complex {
    ($($t:ty)*) => {$(
        impl Dispatch for $t {
            fn put<B: Backend>(device: &B, x: &mut B::Buffer<$t>, lanes: Lanes, indices: &B::Buffer<i64>, values: &B::Buffer<$t>) -> Result<()> {
                device.put(x, lanes, indices, values, false)
            }
            fn argsort<B: Backend>(x: &Array<B, $t, Ix1>) -> Result<Array<B, i64, Ix1>> {
                by_parts(x)
            }
        }
    )*};
}
complex!(Complex<f32> Complex<f64>);

/// Sorts by the imaginary part, then, which is stable, by the real part.
fn by_parts<B: Backend, T: Num>(x: &Array<B, T, Ix1>) -> Result<Array<B, i64, Ix1>>
where
    T::Real: Real,
{
    let inner = x.lazy().imag().try_eval()?.argsort(0, Ascending)?;
    let outer = x.lazy().real().try_eval()?.take(&inner, 0)?.argsort(0, Ascending)?;
    inner.take(&outer, 0)
}
