//! A step of k-means, part by part.

use xp_core::functions::zeros;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, Num};

use super::kmeans::check_centers;
use super::lloyd::Weighted;
use crate::model::{Check, Wide, fits, model};
use crate::traits::{Merge, PartialFit};
use crate::{Error, Result, check};

model! {
    /// What a step of [`KMeans`](super::KMeans) learns of samples, for some centres: of those that are nearest to each centre, the sum
    /// and the weight.
    ///
    /// It learns from samples batch by batch, in the memory of a batch, and those of different samples can be [merged](Merge): so a step
    /// goes through data that are larger than one memory, or on several machines.
    ///
    /// ```
    /// use xp::models::cluster::KMeansStatistics;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0], [2.0], [10.0], [12.0]];
    /// let mut centers = array![[0.0], [1.0]];
    /// for _ in 0..3 {
    ///     let mut left = KMeansStatistics::start(&centers)?;
    ///     left.partial_fit(&x.slice(s![..1])?)?;
    ///     let mut right = KMeansStatistics::start(&centers)?;
    ///     right.partial_fit(&x.slice(s![1..])?)?;
    ///     left.merge(&right)?;
    ///     centers = left.centers()?;
    /// }
    /// assert_eq!(centers.to_vec(), [1.0, 11.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct KMeansStatistics<B: Backend, T: Float> {
        /// The centres that are compared.
        pub cluster_centers: Array<B, T, Ix2>,
        /// The weighted sum of the squares of the distances of the samples from the nearest centre.
        pub inertia: f64,
        sums: Wide<B, Ix2>,
        weights: Wide<B, Ix1>,
    }
}

impl<B: Backend, T: Float> Check for KMeansStatistics<B, T> {
    fn check(&self) -> Result<()> {
        check_centers(&self.cluster_centers)?;
        fits("sums", self.sums.0.dims(), self.cluster_centers.dims())?;
        fits("weights", self.weights.0.dims(), &self.cluster_centers.dims()[..1])
    }
}

impl<B: Linalg<T>, T: Float> KMeansStatistics<B, T> {
    /// Those of no samples, for centres of shape `(n_clusters, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no centres or features, [`Error::NonFinite`].
    pub fn start(centers: &Array<B, T, Ix2>) -> Result<Self> {
        check_centers(centers)?;
        check::finite("cluster_centers", centers)?;
        let ([k, p], device) = (centers.shape(), centers.device());
        let (sums, weights) = (Wide(zeros(device, [k, p])?), Wide(zeros(device, [k])?));
        Ok(KMeansStatistics { cluster_centers: centers.clone(), inertia: 0.0, sums, weights })
    }

    /// Takes further samples.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`]; the sums are then as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>) -> Result<()> {
        self.update(x, None)
    }

    /// [`partial_fit`](Self::partial_fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`partial_fit`](Self::partial_fit), and for weights that are negative, all zero, or not one per sample.
    pub fn partial_fit_weighted(&mut self, x: &Array<B, T, Ix2>, sample_weight: &Array<B, T, Ix1>) -> Result<()> {
        check::weights(sample_weight, x.dims())?;
        self.update(x, Some(sample_weight))
    }

    fn update(&mut self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<()> {
        check::features("x", x, self.cluster_centers.dims()[1])?;
        check::finite("x", x)?;
        let origin = self.origin()?;
        let moved = (self.cluster_centers.lazy() - &origin).try_eval()?;
        let data = Weighted { x, mean: &origin, weights };
        let found = data.step(&moved)?;
        let inertia = self.inertia + data.inertia(&moved, &found.labels)?;
        let sums = (self.sums.0.lazy() + &found.sums).try_eval()?;
        self.weights = Wide((self.weights.0.lazy() + &found.weights).try_eval()?);
        (self.sums, self.inertia) = (Wide(sums), inertia);
        Ok(())
    }

    /// Takes the samples of others.
    ///
    /// # Errors
    /// [`Error::Value`] when the centres differ.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let (own, theirs) = (&self.cluster_centers, &other.cluster_centers);
        if own.shape() != theirs.shape() || !own.equal(theirs).all(..).item()? {
            return Err(Error::value(
                "other",
                format!("other centres, of shape {:?}", theirs.dims()),
                format!("the same, of shape {:?}", own.dims()),
            ));
        }
        let sums = (self.sums.0.lazy() + &other.sums.0).try_eval()?;
        self.weights = Wide((self.weights.0.lazy() + &other.weights.0).try_eval()?);
        (self.sums, self.inertia) = (Wide(sums), self.inertia + other.inertia);
        Ok(())
    }

    /// The means of the samples of each centre: what the next step compares. A centre without samples stays where it is.
    ///
    /// # Errors
    /// When the device fails.
    pub fn centers(&self) -> Result<Array<B, T, Ix2>> {
        let some = self.weights.0.lazy().greater(B::MaxFloat::ZERO).try_eval()?;
        let divisor = some.lazy().where_(&self.weights.0, B::MaxFloat::ONE).try_eval()?.expand_dims(1)?;
        let means = (self.sums.0.lazy() / &divisor).astype::<T>() + self.origin()?;
        Ok(some.expand_dims(1)?.lazy().where_(means, &self.cluster_centers).try_eval()?)
    }

    /// What sums are taken about.
    fn origin(&self) -> Result<Array<B, T, Ix1>> {
        Ok(self.cluster_centers.lazy().mean(0).try_eval()?)
    }
}

impl<B: Linalg<T>, T: Float, Y> PartialFit<Array<B, T, Ix2>, Y> for KMeansStatistics<B, T> {
    fn partial_fit(&mut self, x: &Array<B, T, Ix2>, _: &Y) -> Result<()> {
        KMeansStatistics::partial_fit(self, x)
    }
}

impl<B: Linalg<T>, T: Float> Merge for KMeansStatistics<B, T> {
    fn merge(&mut self, other: &Self) -> Result<()> {
        KMeansStatistics::merge(self, other)
    }
}
