//! Ranks as types, and the rank arithmetic of broadcasting, reductions, stacking and `matmul`.
//!
//! `D: Dim` is the only bound generic code needs: the ranks of results are associated types, filled in by one table.

use core::fmt::Debug;

use crate::axis_vec::AxisVec;
use crate::error::{Error, Result};

/// A rank known at compile time, `Rank<0>` to `Rank<6>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank<const N: usize>;

/// A rank known at run time, at most [`MAX_NDIM`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dyn;

/// The largest number of axes of an array.
pub const MAX_NDIM: usize = 32;

/// A scalar array.
pub type Ix0 = Rank<0>;
/// A vector.
pub type Ix1 = Rank<1>;
/// A matrix.
pub type Ix2 = Rank<2>;
/// Three axes.
pub type Ix3 = Rank<3>;
/// Four axes.
pub type Ix4 = Rank<4>;
/// Five axes.
pub type Ix5 = Rank<5>;
/// Six axes.
pub type Ix6 = Rank<6>;

/// The rank table behind [`Dim`]. Sealed: users name `Dim`.
pub trait DimBase: Copy + Debug + Send + Sync + 'static + sealed::Sealed {
    /// Lengths of the axes: `[usize; N]`, or an [`AxisVec`] for [`Dyn`].
    type Shape: IntoShape<Dim = Self> + AsRef<[usize]> + AsMut<[usize]> + Clone + Debug + PartialEq + Eq + Send + Sync + 'static;
    /// Distances between neighbours along each axis, in elements.
    type Strides: AsRef<[isize]> + AsMut<[isize]> + Clone + Debug + PartialEq + Send + Sync + 'static;
    /// The rank, when it is static.
    const NDIM: Option<usize>;
    /// A shape of `ndim` zeros. `ndim` must be the static rank where there is one.
    fn zero_shape(ndim: usize) -> Self::Shape;
    /// Strides of `ndim` zeros. `ndim` must be the static rank where there is one.
    fn zero_strides(ndim: usize) -> Self::Strides;

    /// The rank after one axis was reduced.
    type Smaller: Dim;
    /// The rank after one axis was added.
    type Larger: Dim;
    /// The rank of an array of rank `E` after one of its axes was replaced by as many as this rank has.
    type InPlaceOfAxis<E: Dim>: Dim;
    /// The rank of a broadcast with `E`.
    type Max<E: Dim>: Dim;
    #[doc(hidden)]
    type Max0: Dim;
    #[doc(hidden)]
    type Max1: Dim;
    #[doc(hidden)]
    type Max2: Dim;
    #[doc(hidden)]
    type Max3: Dim;
    #[doc(hidden)]
    type Max4: Dim;
    #[doc(hidden)]
    type Max5: Dim;
    #[doc(hidden)]
    type Max6: Dim;
    /// The rank of `matmul(self, E)`.
    type MatMul<E: Dim>: Dim;
    #[doc(hidden)]
    type VecMat: Dim;
    #[doc(hidden)]
    type MatMulL<L: Dim>: Dim;
}

/// A rank: [`Rank<0>`](Rank) to `Rank<6>`, or [`Dyn`]. The only bound that rank-generic code needs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rank xp knows",
    note = "use Rank<0> to Rank<6> (Ix0 to Ix6), or Dyn for higher ranks and ranks known at run time"
)]
pub trait Dim: DimBase<Max<Self> = Self> {
    /// Copies `dims` into this rank's shape type.
    ///
    /// # Errors
    /// [`Error::Rank`] when the number of axes is not the static rank, or above [`MAX_NDIM`].
    fn shape_from(dims: &[usize]) -> Result<Self::Shape> {
        check_rank::<Self>(dims.len())?;
        let mut shape = Self::zero_shape(dims.len());
        shape.as_mut().copy_from_slice(dims);
        Ok(shape)
    }

    /// Copies `strides` into this rank's stride type.
    ///
    /// # Errors
    /// [`Error::Rank`] as for [`Dim::shape_from`].
    fn strides_from(strides: &[isize]) -> Result<Self::Strides> {
        check_rank::<Self>(strides.len())?;
        let mut out = Self::zero_strides(strides.len());
        out.as_mut().copy_from_slice(strides);
        Ok(out)
    }
}

fn check_rank<D: Dim>(ndim: usize) -> Result<()> {
    match D::NDIM {
        Some(n) if n != ndim => Err(Error::Rank { expected: n, given: ndim }),
        _ if ndim > MAX_NDIM => Err(Error::Rank { expected: MAX_NDIM, given: ndim }),
        _ => Ok(()),
    }
}

/// A shape as users write it: `[3, 2]` has a static rank, a `Vec<usize>` or a slice a dynamic one.
pub trait IntoShape {
    /// The rank of the shape.
    type Dim: Dim;
    /// The shape itself.
    fn into_shape(self) -> <Self::Dim as DimBase>::Shape;
}
impl<const N: usize> IntoShape for [usize; N]
where
    Rank<N>: Dim<Shape = [usize; N]>,
{
    type Dim = Rank<N>;
    fn into_shape(self) -> [usize; N] {
        self
    }
}
impl IntoShape for Vec<usize> {
    type Dim = Dyn;
    fn into_shape(self) -> AxisVec<usize> {
        self.into()
    }
}
impl IntoShape for &[usize] {
    type Dim = Dyn;
    fn into_shape(self) -> AxisVec<usize> {
        self.into()
    }
}
impl IntoShape for &Vec<usize> {
    type Dim = Dyn;
    fn into_shape(self) -> AxisVec<usize> {
        self[..].into()
    }
}
impl IntoShape for AxisVec<usize> {
    type Dim = Dyn;
    fn into_shape(self) -> AxisVec<usize> {
        self
    }
}
impl IntoShape for &AxisVec<usize> {
    type Dim = Dyn;
    fn into_shape(self) -> AxisVec<usize> {
        self.clone()
    }
}

type More<E> = <E as DimBase>::Larger;

macro_rules! ranks {
    ($($n:literal: $max:ident, smaller $s:ty, larger $l:ty, in_place_of_axis($i:ident) $it:ty, [$($m:ident $mv:literal)*],
       matmul($e:ident) $mm:ty, vecmat $vm:ty, matmul_l($lh:ident) $ml:ty;)*) => {$(
        impl sealed::Sealed for Rank<$n> {}
        impl DimBase for Rank<$n> {
            type Shape = [usize; $n];
            type Strides = [isize; $n];
            const NDIM: Option<usize> = Some($n);
            fn zero_shape(_: usize) -> [usize; $n] { [0; $n] }
            fn zero_strides(_: usize) -> [isize; $n] { [0; $n] }
            type Smaller = $s;
            type Larger = $l;
            type InPlaceOfAxis<$i: Dim> = $it;
            type Max<E: Dim> = E::$max;
            $(type $m = Rank<$mv>;)*
            type MatMul<$e: Dim> = $mm;
            type VecMat = $vm;
            type MatMulL<$lh: Dim> = $ml;
        }
        impl Dim for Rank<$n> {}
    )*};
}
// One row per rank. The products read: vector @ E, matrix @ E. A scalar has no product: its entries stay dynamic, and
// `matmul` reports the error.
ranks! {
    0: Max0, smaller Rank<0>, larger Rank<1>, in_place_of_axis(E) E::Smaller, [Max0 0 Max1 1 Max2 2 Max3 3 Max4 4 Max5 5 Max6 6], matmul(E) Dyn, vecmat Dyn, matmul_l(L) Dyn;
    1: Max1, smaller Rank<0>, larger Rank<2>, in_place_of_axis(E) E, [Max0 1 Max1 1 Max2 2 Max3 3 Max4 4 Max5 5 Max6 6], matmul(E) E::VecMat, vecmat Rank<0>, matmul_l(L) L::Smaller;
    2: Max2, smaller Rank<1>, larger Rank<3>, in_place_of_axis(E) E::Larger, [Max0 2 Max1 2 Max2 2 Max3 3 Max4 4 Max5 5 Max6 6], matmul(E) E::MatMulL<Rank<2>>, vecmat Rank<1>, matmul_l(L) L::Max<Rank<2>>;
    3: Max3, smaller Rank<2>, larger Rank<4>, in_place_of_axis(E) More<E::Larger>, [Max0 3 Max1 3 Max2 3 Max3 3 Max4 4 Max5 5 Max6 6], matmul(E) E::MatMulL<Rank<3>>, vecmat Rank<2>, matmul_l(L) L::Max<Rank<3>>;
    4: Max4, smaller Rank<3>, larger Rank<5>, in_place_of_axis(E) More<More<E::Larger>>, [Max0 4 Max1 4 Max2 4 Max3 4 Max4 4 Max5 5 Max6 6], matmul(E) E::MatMulL<Rank<4>>, vecmat Rank<3>, matmul_l(L) L::Max<Rank<4>>;
    5: Max5, smaller Rank<4>, larger Rank<6>, in_place_of_axis(E) More<More<More<E::Larger>>>, [Max0 5 Max1 5 Max2 5 Max3 5 Max4 5 Max5 5 Max6 6], matmul(E) E::MatMulL<Rank<5>>, vecmat Rank<4>, matmul_l(L) L::Max<Rank<5>>;
    6: Max6, smaller Rank<5>, larger Dyn, in_place_of_axis(E) More<More<More<More<E::Larger>>>>, [Max0 6 Max1 6 Max2 6 Max3 6 Max4 6 Max5 6 Max6 6], matmul(E) E::MatMulL<Rank<6>>, vecmat Rank<5>, matmul_l(L) L::Max<Rank<6>>;
}

impl sealed::Sealed for Dyn {}
impl DimBase for Dyn {
    type Shape = AxisVec<usize>;
    type Strides = AxisVec<isize>;
    const NDIM: Option<usize> = None;
    fn zero_shape(ndim: usize) -> AxisVec<usize> {
        AxisVec::zeros(ndim)
    }
    fn zero_strides(ndim: usize) -> AxisVec<isize> {
        AxisVec::zeros(ndim)
    }
    type Smaller = Dyn;
    type Larger = Dyn;
    type InPlaceOfAxis<E: Dim> = Dyn;
    type Max<E: Dim> = Dyn;
    type Max0 = Dyn;
    type Max1 = Dyn;
    type Max2 = Dyn;
    type Max3 = Dyn;
    type Max4 = Dyn;
    type Max5 = Dyn;
    type Max6 = Dyn;
    type MatMul<E: Dim> = Dyn;
    type VecMat = Dyn;
    type MatMulL<L: Dim> = Dyn;
}
impl Dim for Dyn {
    #[inline]
    fn shape_from(dims: &[usize]) -> Result<AxisVec<usize>> {
        check_rank::<Self>(dims.len())?;
        Ok(dims.into())
    }

    #[inline]
    fn strides_from(strides: &[isize]) -> Result<AxisVec<isize>> {
        check_rank::<Self>(strides.len())?;
        Ok(strides.into())
    }
}

/// What nobody outside can name, so that nobody outside can implement [`DimBase`] and [`Dim`].
///
/// ```
/// use xp_core::dim::DimBase;
/// ```
/// ```compile_fail,E0603
/// use xp_core::dim::sealed::Sealed;
/// ```
mod sealed {
    pub trait Sealed {}
}
