//! The nearest samples.

use core::marker::PhantomData;

use xp_core::functions::arange;
use xp_core::{Array, Backend, Float, Ix1, Ix2, KeepDims, Linalg};

use super::NeighborMetric;
use super::search::{Found, nearest, within};
use crate::model::{Check, model};
use crate::traits::{Estimator, Fit};
use crate::{Error, Result, check};

model! {
    /// The nearest samples of a fit, by comparing with all of them.
    ///
    /// It is scikit-learn's estimator of the same name with `algorithm="brute"`. Distances that follow from products are found by those,
    /// block by block, and the distances of the nearest samples are then taken from differences. The samples of the fit are shared,
    /// not copied.
    ///
    /// ```
    /// use xp::models::neighbors::NearestNeighbors;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [4.0, 3.0]];
    /// let model = NearestNeighbors::params().n_neighbors(2).fit(&x)?;
    /// let (distances, indices) = model.kneighbors(&array![[1.0, 4.0], [4.0, 0.0]], None)?;
    /// assert_eq!(indices.to_vec(), [2, 1, 2, 3]);
    /// assert_eq!(distances.slice(s![.., 1])?.to_vec(), [3.0, 3.0]);
    /// // Of the samples themselves, the others.
    /// assert_eq!(model.kneighbors(None, 1)?.1.to_vec(), [1, 0, 1, 2]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct NearestNeighbors<B: Backend, T: Float> {
        /// The samples of the fit.
        pub fit_x: Array<B, T, Ix2>,
        /// How many neighbours are looked for, when nothing is said.
        pub n_neighbors: usize,
        /// The distance.
        pub metric: NeighborMetric,
    }
}

impl<B: Backend, T: Float> Check for NearestNeighbors<B, T> {
    fn check(&self) -> Result<()> {
        check::at_least(&self.fit_x, 1)?;
        if self.n_neighbors == 0 { Err(Error::value("n_neighbors", 0, "at least 1")) } else { self.metric.checked().map(drop) }
    }
}

/// Parameters of [`NearestNeighbors`].
#[derive(Clone, Debug)]
pub struct NearestNeighborsParams<B, T> {
    n_neighbors: usize,
    metric: NeighborMetric,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> NearestNeighbors<B, T> {
    /// The default parameters: 5 neighbours, [`NeighborMetric::Euclidean`].
    #[must_use]
    pub fn params() -> NearestNeighborsParams<B, T> {
        NearestNeighborsParams { n_neighbors: 5, metric: NeighborMetric::Euclidean, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> NearestNeighborsParams<B, T> {
    /// How many neighbours are looked for, when nothing is said.
    #[must_use]
    pub fn n_neighbors(mut self, n: usize) -> Self {
        self.n_neighbors = n;
        self
    }

    /// The distance.
    #[must_use]
    pub fn metric(mut self, metric: NeighborMetric) -> Self {
        self.metric = metric;
        self
    }

    /// Keeps samples `x`, of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or features, [`Error::NonFinite`], [`Error::Value`] for parameters out of range.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<NearestNeighbors<B, T>> {
        let metric = self.metric.checked()?;
        if self.n_neighbors == 0 {
            return Err(Error::value("n_neighbors", 0, "at least 1"));
        }
        check::at_least(x, 1)?;
        check::finite("x", x)?;
        Ok(NearestNeighbors { fit_x: x.clone(), n_neighbors: self.n_neighbors, metric })
    }
}

/// The samples within a radius of each query.
#[derive(Clone, Debug)]
pub struct RadiusNeighbors<B: Backend, T: Float> {
    /// The distances of the neighbours, one query after the other, each in the order of the samples.
    pub distances: Array<B, T, Ix1>,
    /// The indices of the neighbours.
    pub indices: Array<B, i64, Ix1>,
    /// Where the neighbours of each query begin, and at last the number of all of them.
    pub offsets: Vec<usize>,
}

impl<B: Linalg<T>, T: Float> NearestNeighbors<B, T> {
    /// The distances and indices of the nearest samples, each of shape `(n_queries, n_neighbors)`, in ascending order of the distances.
    /// `None` for `x` asks for the neighbours of each sample of the fit among the others; `None` for the number for
    /// [`n_neighbors`](Self::n_neighbors).
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`], [`Error::Value`] for more neighbours than samples.
    pub fn kneighbors<'a>(&self, x: impl Into<Option<&'a Array<B, T, Ix2>>>, n_neighbors: impl Into<Option<usize>>) -> Result<Found<B, T>> {
        let (x, k) = (x.into(), n_neighbors.into().unwrap_or(self.n_neighbors));
        let most = self.fit_x.dims()[0] - usize::from(x.is_none());
        if k == 0 || k > most {
            return Err(Error::value("n_neighbors", k, format!("1 to {most}, the number of samples to choose from")));
        }
        if let Some(x) = x {
            self.accepts(x)?;
            return nearest(&self.fit_x, self.metric, x, k);
        }
        // One more, without the sample itself; without the first where equal samples have crowded it out.
        let (distances, indices) = nearest(&self.fit_x, self.metric, &self.fit_x, k + 1)?;
        let device = self.fit_x.device();
        let rows = arange(device, 0, self.fit_x.dims()[0] as i64, 1)?.expand_dims(1)?;
        let own = indices.lazy().equal(&rows).astype::<i8>().argmax(KeepDims(1)).try_eval()?;
        let columns = arange(device, 0, k as i64, 1)?.expand_dims(0)?;
        let kept = (columns.lazy().greater_equal(&own).astype::<i64>() + &columns).try_eval()?;
        Ok((distances.take_along_axis(&kept, 1)?, indices.take_along_axis(&kept, 1)?))
    }

    /// The samples that are not farther than `radius` from each query, in the order of the samples; from each other for `None`. All
    /// distances are taken from differences. How many each query has is counted on the host.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`], [`Error::Value`] for a radius that is NaN.
    pub fn radius_neighbors<'a>(&self, x: impl Into<Option<&'a Array<B, T, Ix2>>>, radius: T) -> Result<RadiusNeighbors<B, T>> {
        if radius.is_nan() {
            return Err(Error::value("radius", "NaN", "a number"));
        }
        let x = x.into();
        if let Some(x) = x {
            self.accepts(x)?;
        }
        let (distances, indices, counts) = within(&self.fit_x, self.metric, x.unwrap_or(&self.fit_x), radius, x.is_none())?;
        let mut offsets = vec![0];
        offsets.extend(counts.into_iter().scan(0, |end, count| {
            *end += count as usize;
            Some(*end)
        }));
        Ok(RadiusNeighbors { distances, indices, offsets })
    }

    fn accepts(&self, x: &Array<B, T, Ix2>) -> Result<()> {
        check::features("x", x, self.fit_x.dims()[1])?;
        check::finite("x", x)
    }
}

impl<B: Linalg<T>, T: Float> Estimator for NearestNeighborsParams<B, T> {}

impl<B: Linalg<T>, T: Float, Y> Fit<Array<B, T, Ix2>, Y> for NearestNeighborsParams<B, T> {
    type Model = NearestNeighbors<B, T>;

    fn fit(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<NearestNeighbors<B, T>> {
        NearestNeighborsParams::fit(self, x)
    }
}
