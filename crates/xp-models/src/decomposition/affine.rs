//! Samples in the coordinates of components, and back.

use xp_core::{Array, Float, Ix1, Ix2, Linalg};

use crate::{Error, Result, check};

/// Directions, as rows, through a point.
pub(super) struct Affine<'a, B: Linalg<T>, T: Float> {
    pub components: &'a Array<B, T, Ix2>,
    pub mean: &'a Array<B, T, Ix1>,
    /// The variances that coordinates are divided by the roots of.
    pub whiten: Option<&'a Array<B, T, Ix1>>,
}

impl<B: Linalg<T>, T: Float> Affine<'_, B, T> {
    /// The coordinates of samples.
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.mean.size())?;
        let out = B::project(&(x.lazy() - self.mean), &self.components.t().contiguous()?)?;
        check::finite_by("x", x, &out)?;
        let Some(variance) = self.whiten else { return Ok(out) };
        // Components without variance are not blown up beyond the rounding unit, as in scikit-learn.
        let scale = variance.lazy().sqrt().maximum(T::EPSILON).try_eval()?;
        Ok(out / &scale)
    }

    /// The samples with these coordinates.
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let out = restored(z, self.components, self.whiten)?;
        Ok(out + self.mean)
    }
}

/// What components make of coordinates.
pub(super) fn restored<B: Linalg<T>, T: Float>(
    z: &Array<B, T, Ix2>,
    components: &Array<B, T, Ix2>,
    whiten: Option<&Array<B, T, Ix1>>,
) -> Result<Array<B, T, Ix2>> {
    let k = components.dims()[0];
    if z.dims()[1] != k {
        return Err(Error::shape("z", z.dims(), format!("{k} columns, one per component")));
    }
    let out = match whiten {
        Some(variance) => z.matmul(&(components * &variance.lazy().sqrt().try_eval()?.expand_dims(1)?))?,
        None => z.matmul(components)?,
    };
    check::finite_by("z", z, &out)?;
    Ok(out)
}
