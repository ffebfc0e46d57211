//! What a numerics crate that depends on `xp-core` looks like, and an application that uses it.
//!
//! The crate names no backend. The application picks one with a Cargo feature of `xp-array`.

/// The crate: kernel density and principal axes for any backend, dtype and number of points.
mod density {
    use xp::prelude::*;

    /// Gaussian kernel density at `queries`, of points with one coordinate each, with bandwidth `h`.
    ///
    /// One pass: the pairwise differences are never stored.
    pub fn gaussian_kde<B: Backend, T: Float>(points: &Array<B, T, Ix1>, queries: &Array<B, T, Ix1>, h: T) -> xp::Result<Array<B, T, Ix1>> {
        let n = T::from_usize(points.size());
        let scale = T::ONE / (n * h * T::from_f64(2.0 * xp::PI).sqrt());
        let differences = queries.expand_dims(1)?;
        Ok(((differences.lazy() - points) * (T::ONE / h)).square().multiply(T::from_f64(-0.5)).exp().sum(1).try_eval()? * scale)
    }

    /// The direction of largest variance of the rows of `x`. Only a backend with linear algebra for `T` will do.
    pub fn first_axis<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>) -> xp::Result<Array<B, T, Ix1>> {
        let covariance = linalg::gram(&(x.lazy() - &x.mean(0)))?;
        let (_, vectors) = linalg::eigh(&covariance)?;
        vectors.index_axis(1, -1)
    }
}

use xp::prelude::*;

fn main() -> xp::Result<()> {
    let device = DefaultBackend::default_device()?;
    let points = Array::from_vec(&device, vec![-1.0, -0.9, 0.0, 1.1, 1.0], [5])?;
    let queries = linspace(&device, -2.0..=2.0, 9)?;
    println!("density at {queries}\n        is {:.4}", density::gaussian_kde(&points, &queries, 0.3)?);

    let cloud = Array::from_vec(&device, vec![1.0_f32, 2.0, 2.0, 4.1, 3.0, 5.9, 4.0, 8.0], [4, 2])?;
    println!("first axis {:.4}", density::first_axis(&cloud)?);
    Ok(())
}
