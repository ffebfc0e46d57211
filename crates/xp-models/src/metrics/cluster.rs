//! Scores of clusterings: of samples and their clusters, and of two clusterings of the same samples.

use xp_core::extra::{Metric, cdist};
use xp_core::functions::{arange, unique_counts};
use xp_core::{Array, Backend, Float, Ix1, Ix2, KeepDims, Real, s};

use super::{Weights, same_shape, sample_mean, wide};
use crate::blocks::blocks;
use crate::labels::{Label, Labels, group_sums_by_row};
use crate::tall_svd::host;
use crate::{Error, Result, check};

/// Samples in clusters.
struct Clusters<B: Backend> {
    x: Array<B, B::MaxFloat, Ix2>,
    /// The number of the cluster of each sample.
    index: Array<B, i64, Ix1>,
    counts: Vec<f64>,
}

impl<B: Backend> Clusters<B> {
    fn of<T: Float, L: Label>(x: &Array<B, T, Ix2>, labels: &Array<B, L, Ix1>) -> Result<Self> {
        check::at_least(x, 1)?;
        check::samples("labels", labels.dims(), "x", x.dims())?;
        check::finite("x", x)?;
        let found = Labels::of(labels)?;
        let (n, k) = (x.dims()[0], found.len());
        if k < 2 || k >= n {
            return Err(Error::value("labels", format!("{k} clusters of {n} samples"), "2 at least, and fewer than samples"));
        }
        let counts = found.counts.to_host()?.into_iter().map(|count| count as f64).collect();
        Ok(Clusters { x: x.astype(), index: found.index, counts })
    }

    fn len(&self) -> usize {
        self.counts.len()
    }

    /// The numbers of samples as a column.
    fn column(&self) -> Result<Array<B, B::MaxFloat, Ix2>> {
        let counts = self.counts.iter().map(|&count| wide::<B>(count)).collect();
        Ok(Array::from_vec(self.x.device(), counts, [self.len(), 1])?)
    }

    fn means(&self) -> Result<Array<B, B::MaxFloat, Ix2>> {
        Ok((group_sums_by_row(&self.x, &self.index, self.len())?.into_lazy() / &self.column()?).try_eval()?)
    }

    /// The squared distance of each sample to the mean of its cluster.
    fn squares(&self, means: &Array<B, B::MaxFloat, Ix2>) -> Result<Weights<B>> {
        Ok((self.x.lazy() - means.lazy_rows(&self.index)?).square().sum(1).try_eval()?)
    }
}

/// The variance between clusters as a multiple of the variance within them, each over its degrees of freedom (Caliński and
/// Harabasz, 1974); 1 if there is none within them. Larger is better.
///
/// # Errors
/// [`Error::Samples`] unless each sample has a label, [`Error::NonFinite`], [`Error::Value`] unless there are 2 clusters at least and
/// more samples.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::calinski_harabasz_score;
/// let x = array![[0.0], [2.0], [10.0], [12.0]];
/// assert_eq!(calinski_harabasz_score(&x, &array![0, 0, 1, 1])?, 50.0);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn calinski_harabasz_score<B: Backend, T: Float, L: Label>(x: &Array<B, T, Ix2>, labels: &Array<B, L, Ix1>) -> Result<f64> {
    let clusters = Clusters::of(x, labels)?;
    let means = clusters.means()?;
    let within = clusters.squares(&means)?.sum(..).item()?.to_f64();
    let mean = clusters.x.mean(0);
    let between = ((means.lazy() - &mean).square() * &clusters.column()?).sum(..).try_eval()?.item()?.to_f64();
    let (n, k) = (x.dims()[0] as f64, clusters.len() as f64);
    Ok(if within == 0.0 { 1.0 } else { between * (n - k) / (within * (k - 1.0)) })
}

/// The mean over the clusters of how similar each is to the one that is most similar to it: the sum of their mean distances to
/// their means, as a fraction of the distance of the means (Davies and Bouldin, 1979). Smaller is better.
///
/// # Errors
/// As for [`calinski_harabasz_score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::davies_bouldin_score;
/// let x = array![[0.0], [2.0], [10.0], [12.0]];
/// assert_eq!(davies_bouldin_score(&x, &array![0, 0, 1, 1])?, 0.2);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn davies_bouldin_score<B: Backend, T: Float, L: Label>(x: &Array<B, T, Ix2>, labels: &Array<B, L, Ix1>) -> Result<f64> {
    let clusters = Clusters::of(x, labels)?;
    let (means, k) = (clusters.means()?, clusters.len());
    let distances = clusters.squares(&means)?.into_lazy().sqrt().try_eval()?;
    let sums = super::targets::frequencies(&clusters.index, Some(&distances), k)?;
    let spread: Vec<f64> = sums.iter().zip(&clusters.counts).map(|(sum, count)| sum / count).collect();
    let apart = host(&cdist(&means, &means, Metric::Euclidean)?.ravel()?)?;
    let zero = |values: &[f64]| values.iter().all(|v| v.abs() <= 1e-8);
    if zero(&spread) || zero(&apart) {
        return Ok(0.0);
    }
    let ratio = |i: usize, j: usize| if apart[i * k + j] == 0.0 { 0.0 } else { (spread[i] + spread[j]) / apart[i * k + j] };
    let worst = |i: usize| (0..k).map(|j| ratio(i, j)).fold(0.0, f64::max);
    Ok((0..k).map(worst).sum::<f64>() / k as f64)
}

/// How much nearer each sample is to its own cluster than to the next one: `(b - a) / max(a, b)` of its mean euclidean distances
/// `a` to the others of its cluster, and `b` to those of the nearest other cluster; 0 for a sample alone in its cluster
/// (Rousseeuw, 1987).
///
/// The distances of a block of samples to all others are formed at a time.
///
/// # Errors
/// As for [`calinski_harabasz_score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::silhouette_samples;
/// let found = silhouette_samples(&array![[0.0], [2.0], [10.0]], &array![0, 0, 1])?;
/// assert_eq!(found.to_vec(), [0.8, 0.75, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn silhouette_samples<B: Backend, T: Float, L: Label>(x: &Array<B, T, Ix2>, labels: &Array<B, L, Ix1>) -> Result<Array<B, T, Ix1>> {
    Ok(silhouettes(&Clusters::of(x, labels)?)?.astype())
}

/// The mean of [`silhouette_samples`], between -1 and 1. Larger is better.
///
/// # Errors
/// As for [`calinski_harabasz_score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::silhouette_score;
/// let found = silhouette_score(&array![[0.0], [2.0], [10.0]], &array![0, 0, 1])?;
/// assert!((found - 1.55 / 3.0).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn silhouette_score<B: Backend, T: Float, L: Label>(x: &Array<B, T, Ix2>, labels: &Array<B, L, Ix1>) -> Result<f64> {
    sample_mean(&silhouettes(&Clusters::of(x, labels)?)?, None)
}

fn silhouettes<B: Backend>(clusters: &Clusters<B>) -> Result<Weights<B>> {
    let (n, k) = (clusters.x.dims()[0], clusters.len());
    let (zero, one) = (wide::<B>(0.0), wide::<B>(1.0));
    let numbers = arange(clusters.x.device(), 0, k as i64, 1)?.expand_dims(0)?;
    let is = clusters.index.expand_dims(1)?.lazy().equal(&numbers).astype::<B::MaxFloat>().try_eval()?;
    let counts = clusters.column()?.t();
    let mut out = clusters.index.zeros_like()?.astype::<B::MaxFloat>();
    for block in blocks(n, ((1 << 22) / n).max(1)) {
        let rows = clusters.x.slice(s![block.clone()])?;
        // Sums of distances to the samples of each cluster.
        let sums = cdist(&rows, &clusters.x, Metric::Euclidean)?.matmul(&is)?;
        let mine = is.slice(s![block.clone()])?;
        let own = (mine.lazy() * &sums).sum(KeepDims(1)).try_eval()?;
        let size = (mine.lazy() * &counts).sum(KeepDims(1)).try_eval()?;
        let a = (own.lazy() / (size.lazy() - one).maximum(one)).try_eval()?;
        let others = mine.lazy().equal(one).where_(<B::MaxFloat as Float>::INFINITY, sums.lazy() / &counts);
        let b = others.min(KeepDims(1)).try_eval()?;
        let larger = a.lazy().maximum(&b);
        let alone = size.lazy().equal(one).logical_or(larger.equal(zero));
        let values = alone.where_(zero, (b.lazy() - &a) / larger).try_eval()?;
        out.set(s![block], values.squeeze(1)?)?;
    }
    Ok(out)
}

/// How often a label of one clustering meets one of another: counts of pairs that occur, and of each side.
struct Contingency {
    pairs: Vec<(usize, usize, f64)>,
    rows: Vec<f64>,
    columns: Vec<f64>,
    n: f64,
}

impl Contingency {
    fn of<B: Backend, L: Label, M: Label>(a: &Array<B, L, Ix1>, b: &Array<B, M, Ix1>) -> Result<Self> {
        same_shape(a.dims(), b.dims())?;
        let (a, b) = (Labels::of(a)?, Labels::of(b)?);
        let width = b.len();
        let (places, counts) = unique_counts(&(a.index.lazy() * width as i64 + &b.index).try_eval()?)?;
        let pair = |(place, count): (i64, i64)| (place as usize / width, place as usize % width, count as f64);
        let numbers = |counts: &Array<B, i64, Ix1>| -> Result<Vec<f64>> { Ok(counts.to_host()?.into_iter().map(|n| n as f64).collect()) };
        let pairs = places.to_host()?.into_iter().zip(counts.to_host()?).map(pair).collect();
        Ok(Contingency { pairs, rows: numbers(&a.counts)?, columns: numbers(&b.counts)?, n: a.index.size() as f64 })
    }

    /// Pairs of samples that are together in both, in the first, and in the second; of `n (n - 1)`, each counted twice.
    fn together(&self) -> [f64; 3] {
        let twice = |counts: &mut dyn Iterator<Item = f64>| counts.map(|count| count * (count - 1.0)).sum::<f64>();
        [twice(&mut self.pairs.iter().map(|pair| pair.2)), twice(&mut self.rows.iter().copied()), twice(&mut self.columns.iter().copied())]
    }

    /// The mutual information, in nats.
    fn information(&self) -> f64 {
        let term = |&(i, j, count): &(usize, usize, f64)| count / self.n * (count * self.n / (self.rows[i] * self.columns[j])).ln();
        self.pairs.iter().map(term).sum::<f64>().max(0.0)
    }

    fn entropies(&self) -> (f64, f64) {
        let entropy = |counts: &[f64]| -counts.iter().map(|count| count / self.n * (count / self.n).ln()).sum::<f64>();
        (entropy(&self.rows), entropy(&self.columns))
    }

    /// Homogeneity and completeness.
    fn shares(&self) -> (f64, f64) {
        let (information, (first, second)) = (self.information(), self.entropies());
        let share = |entropy: f64| if entropy == 0.0 { 1.0 } else { information / entropy };
        (share(first), share(second))
    }
}

/// The methods of scoring a clustering against another one, of which only counts come to the host.
macro_rules! clustering_scores {
    ($($(#[$doc:meta])* fn $function:ident(|$of:ident| $score:expr);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none.
        pub fn $function<B: Backend, L: Label, M: Label>(labels_true: &Array<B, L, Ix1>, labels_pred: &Array<B, M, Ix1>) -> Result<f64> {
            let $of = Contingency::of(labels_true, labels_pred)?;
            Ok($score)
        }
    )*};
}

clustering_scores! {
    /// The fraction of pairs of samples on which two clusterings agree: together in both, or apart in both (Rand, 1971).
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::rand_score;
    /// assert_eq!(rand_score(&array![0, 0, 1, 1], &array![5, 5, 7, 6])?, 5.0 / 6.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn rand_score(|table| {
        let ([both, first, second], all) = (table.together(), table.n * (table.n - 1.0));
        if all == 0.0 { 1.0 } else { (all + 2.0 * both - first - second) / all }
    });
    /// [`rand_score`], adjusted to be 0 for chance and 1 for equal clusterings (Hubert and Arabie, 1985).
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::adjusted_rand_score;
    /// let found = adjusted_rand_score(&array![0, 0, 1, 1], &array![0, 0, 1, 2])?;
    /// assert!((found - 4.0 / 7.0).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn adjusted_rand_score(|table| {
        let ([both, first, second], all) = (table.together(), table.n * (table.n - 1.0));
        let (only_first, only_second) = (first - both, second - both);
        if only_first == 0.0 && only_second == 0.0 {
            1.0
        } else {
            let apart = all - both - only_first - only_second;
            2.0 * (both * apart - only_first * only_second)
                / ((both + only_first) * (only_first + apart) + (both + only_second) * (only_second + apart))
        }
    });
    /// The information, in nats, that each of two clusterings holds about the other.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::mutual_info_score;
    /// assert!((mutual_info_score(&array![0, 0, 1, 1], &array![1, 1, 0, 0])? - 2.0_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn mutual_info_score(|table| table.information());
    /// [`mutual_info_score`] as a fraction of the mean of the entropies of the two; 1 if both are one cluster.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::normalized_mutual_info_score;
    /// assert!((normalized_mutual_info_score(&array![0, 0, 1, 1], &array![0, 1, 2, 3])? - 2.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn normalized_mutual_info_score(|table| {
        let (first, second) = table.entropies();
        if first == 0.0 && second == 0.0 { 1.0 } else { table.information() / (0.5 * (first + second)) }
    });
    /// How far each cluster holds samples of one class only, between 0 and 1 (Rosenberg and Hirschberg, 2007).
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::homogeneity_score;
    /// assert!((homogeneity_score(&array![0, 0, 1, 1], &array![0, 1, 2, 3])? - 1.0).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn homogeneity_score(|table| table.shares().0);
    /// How far all samples of a class are in one cluster, between 0 and 1.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::completeness_score;
    /// assert!((completeness_score(&array![0, 0, 1, 1], &array![0, 1, 2, 3])? - 0.5).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn completeness_score(|table| table.shares().1);
    /// The harmonic mean of [`homogeneity_score`] and [`completeness_score`].
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::v_measure_score;
    /// assert!((v_measure_score(&array![0, 0, 1, 1], &array![0, 1, 2, 3])? - 2.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn v_measure_score(|table| {
        let (homogeneity, completeness) = table.shares();
        if homogeneity + completeness == 0.0 { 0.0 } else { 2.0 * homogeneity * completeness / (homogeneity + completeness) }
    });
    /// The geometric mean of precision and recall of pairs of samples that are together (Fowlkes and Mallows, 1983).
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::fowlkes_mallows_score;
    /// assert!((fowlkes_mallows_score(&array![0, 0, 1, 1], &array![0, 0, 1, 2])? - 0.5_f64.sqrt()).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn fowlkes_mallows_score(|table| {
        let [both, first, second] = table.together();
        if both == 0.0 { 0.0 } else { (both / first).sqrt() * (both / second).sqrt() }
    });
}
