//! Products of features.

use core::marker::PhantomData;

use xp_core::functions::concat;
use xp_core::{Array, Backend, Float, Ix2, Tiles, s};

use crate::model::{Check, Data, model};
use crate::traits::transformer;
use crate::{Error, Result, check};

model! {
    /// All products of features up to some degree, as features.
    ///
    /// The columns are a constant 1, the features, and the products of each degree, in lexicographic order of the features:
    /// `1, a, b, a^2, a b, b^2, a^3, ...`. They are computed by blocks of rows; no array is larger than such a block but the result.
    /// It is scikit-learn's estimator of the same name.
    ///
    /// ```
    /// use xp::models::preprocessing::PolynomialFeatures;
    /// use xp::prelude::*;
    ///
    /// let x = array![[2.0, 3.0]];
    /// assert_eq!(PolynomialFeatures::params().fit(&x)?.transform(&x)?.to_vec(), [1.0, 2.0, 3.0, 4.0, 6.0, 9.0]);
    /// let products = PolynomialFeatures::params().degrees(2, 3).include_bias(false).fit(&x)?;
    /// assert_eq!(products.transform(&x)?.to_vec(), [4.0, 6.0, 9.0, 8.0, 12.0, 18.0, 27.0]);
    /// assert_eq!(products.powers()[4], [2, 1]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct PolynomialFeatures<B: Backend, T: Float> {
        /// The number of features.
        pub n_features: usize,
        /// The number of columns that come out.
        pub n_output_features: usize,
        min_degree: usize,
        max_degree: usize,
        interaction_only: bool,
        include_bias: bool,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Float> Check for PolynomialFeatures<B, T> {
    fn check(&self) -> Result<()> {
        let columns = columns(self.n_features, self.min_degree, self.max_degree, self.interaction_only, self.include_bias)?;
        if columns == self.n_output_features {
            return Ok(());
        }
        Err(Error::value("n_output_features", self.n_output_features, format!("{columns} after the other fields")))
    }
}

/// Parameters of [`PolynomialFeatures`].
#[derive(Clone, Debug)]
pub struct PolynomialFeaturesParams<B, T> {
    min_degree: usize,
    max_degree: usize,
    interaction_only: bool,
    include_bias: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> PolynomialFeatures<B, T> {
    /// The default parameters: degrees up to 2, powers too, and the constant 1.
    #[must_use]
    pub fn params() -> PolynomialFeaturesParams<B, T> {
        PolynomialFeaturesParams { min_degree: 0, max_degree: 2, interaction_only: false, include_bias: true, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> PolynomialFeaturesParams<B, T> {
    /// The largest degree.
    #[must_use]
    pub fn degree(self, degree: usize) -> Self {
        self.degrees(0, degree)
    }

    /// The smallest and largest degree.
    #[must_use]
    pub fn degrees(mut self, min: usize, max: usize) -> Self {
        (self.min_degree, self.max_degree) = (min, max);
        self
    }

    /// Whether a feature is at most once in a product.
    #[must_use]
    pub fn interaction_only(mut self, yes: bool) -> Self {
        self.interaction_only = yes;
        self
    }

    /// Whether the constant 1 is the first column.
    #[must_use]
    pub fn include_bias(mut self, yes: bool) -> Self {
        self.include_bias = yes;
        self
    }

    /// Checks samples of shape `(n_samples, n_features)`, and keeps the number of features.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`], [`Error::Value`] for degrees out of order, degree 0
    /// without the constant, and for more columns than can be counted.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<PolynomialFeatures<B, T>> {
        check::at_least(x, 1)?;
        check::finite("x", x)?;
        let PolynomialFeaturesParams { min_degree, max_degree, interaction_only, include_bias, .. } = *self;
        let n_features = x.dims()[1];
        let n_output_features = columns(n_features, min_degree, max_degree, interaction_only, include_bias)?;
        Ok(PolynomialFeatures { n_features, n_output_features, min_degree, max_degree, interaction_only, include_bias, data: Data::default() })
    }
}

impl<B: Backend, T: Float> PolynomialFeatures<B, T> {
    /// The products of the features of each sample.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.n_features)?;
        check::finite("x", x)?;
        let [n, p] = x.shape();
        let m = self.n_output_features;
        Tiles::by_rows(x.device(), [n, m], 4 * B::part_rows(m), |rows, out| {
            // A row for each feature: products are of whole rows then, and turned once, where rows of samples are pieces for each feature.
            let features = x.slice(s![rows])?.t().contiguous()?;
            let samples = features.dims()[1];
            let mut all = Tiles::new(x.device(), [m, samples])?;
            if self.include_bias {
                all.push([1, samples], T::ONE)?;
            }
            // The products of one degree, and where those begin whose first feature is each one.
            let mut block = features.clone();
            let mut starts: Vec<usize> = (0..=p).collect();
            for degree in 1..=self.max_degree {
                if degree > 1 {
                    let (factors, next) = self.factors(&features, &block, &starts)?;
                    if factors.is_empty() {
                        break;
                    }
                    if degree == self.max_degree {
                        // No further products are made of these: they go to their place at once.
                        for (feature, products) in factors {
                            all.push(products.shape(), products.lazy() * &feature)?;
                        }
                        break;
                    }
                    let parts = factors.iter().map(|(feature, products)| Ok((products.lazy() * feature).try_eval()?));
                    (block, starts) = (concat(&parts.collect::<Result<Vec<_>>>()?, 0)?, next);
                }
                if degree >= self.min_degree {
                    all.push(block.shape(), &block)?;
                }
            }
            Ok(out.push([samples, m], &all.finish()?.t())?)
        })
    }

    /// What the products of the next degree are made of: each feature, and the products of this degree that begin with it or a later
    /// one; and where those of each feature begin.
    fn factors(
        &self,
        features: &Array<B, T, Ix2>,
        block: &Array<B, T, Ix2>,
        starts: &[usize],
    ) -> Result<(Vec<(Array<B, T, Ix2>, Array<B, T, Ix2>)>, Vec<usize>)> {
        let width = block.dims()[0];
        let (mut factors, mut next, mut total) = (vec![], vec![0], 0);
        for i in 0..self.n_features {
            let from = starts[i + usize::from(self.interaction_only)];
            if from < width {
                let feature = features.slice_axis(0, i..i + 1)?;
                factors.push((feature, block.slice_axis(0, from..)?));
            }
            total += width - from;
            next.push(total);
        }
        Ok((factors, next))
    }

    /// The power of each feature in each column that comes out.
    #[must_use]
    pub fn powers(&self) -> Vec<Vec<usize>> {
        let p = self.n_features;
        let mut all: Vec<Vec<usize>> = if self.include_bias { vec![vec![0; p]] } else { vec![] };
        // Products as their features, in ascending order.
        let mut block: Vec<Vec<usize>> = vec![vec![]];
        for degree in 1..=self.max_degree {
            let extended = (0..p).flat_map(|i| {
                let later =
                    move |product: &&Vec<usize>| product.first().is_none_or(|&first| if self.interaction_only { first > i } else { first >= i });
                block.iter().filter(later).map(move |product| [&[i][..], &product[..]].concat()).collect::<Vec<_>>()
            });
            block = extended.collect();
            if degree >= self.min_degree {
                all.extend(block.iter().map(|product| (0..p).map(|i| product.iter().filter(|&&feature| feature == i).count()).collect()));
            }
        }
        all
    }
}

/// The largest degree.
const MAX_DEGREE: usize = 10_000;

/// The number of columns.
fn columns(p: usize, min: usize, max: usize, interaction_only: bool, include_bias: bool) -> Result<usize> {
    if min > max || max > MAX_DEGREE || (max == 0 && !include_bias) {
        let expected = format!("degrees in ascending order, at most {MAX_DEGREE}, and not 0 alone without the constant");
        return Err(Error::value("degree", format!("{min} to {max}"), expected));
    }
    let last = if interaction_only { max.min(p) } else { max };
    let mut all = usize::from(include_bias);
    for degree in min.max(1)..=last {
        let count = if interaction_only { binomial(p, degree) } else { p.checked_add(degree - 1).and_then(|n| binomial(n, degree)) };
        all = count
            .and_then(|count| all.checked_add(count))
            .ok_or_else(|| Error::value("degree", format!("{max} of {p} features"), "fewer columns than can be counted"))?;
    }
    Ok(all)
}

/// How many sets of `k` of `n` there are.
fn binomial(n: usize, k: usize) -> Option<usize> {
    let k = k.min(n.checked_sub(k)?);
    let next = |product: u128, i: usize| product.checked_mul((n - k + i) as u128).map(|product| product / i as u128);
    usize::try_from((1..=k).try_fold(1, next)?).ok()
}

transformer!(PolynomialFeaturesParams, PolynomialFeatures, Backend);

model! {
    /// Centres a kernel matrix as centring the features it is the kernel of would: of training samples `K - row means - column means +
    /// mean`.
    ///
    /// It is scikit-learn's estimator of the same name.
    ///
    /// ```
    /// use xp::models::metrics::pairwise::linear_kernel;
    /// use xp::models::preprocessing::KernelCenterer;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0], [3.0]];
    /// let k = linear_kernel(&x, None)?;
    /// // The kernel of -1 and 1.
    /// assert_eq!(KernelCenterer::params().fit(&k)?.transform(&k)?.to_vec(), [1.0, -1.0, -1.0, 1.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct KernelCenterer<B: Backend, T: Float> {
        /// The mean of each column of the kernel of the training samples.
        pub k_fit_rows: Array<B, T, xp_core::Ix1>,
        /// The mean of all of it.
        pub k_fit_all: f64,
    }
}

/// Nothing of the model can contradict anything else of it.
impl<B: Backend, T: Float> Check for KernelCenterer<B, T> {
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Parameters of [`KernelCenterer`]: it has none.
#[derive(Clone, Debug)]
pub struct KernelCentererParams<B, T> {
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> KernelCenterer<B, T> {
    /// There are no parameters.
    #[must_use]
    pub fn params() -> KernelCentererParams<B, T> {
        KernelCentererParams { kind: PhantomData }
    }

    /// The kernel of samples, by row, and the training samples, by column, as if features had been centred.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, k: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("k", k, self.k_fit_rows.size())?;
        check::finite("k", k)?;
        let rows = k.mean(xp_core::KeepDims(1));
        Ok((k.lazy() - &self.k_fit_rows - &rows + T::from_f64(self.k_fit_all)).try_eval()?)
    }
}

impl<B: Backend, T: Float> KernelCentererParams<B, T> {
    /// Learns the means of a kernel of training samples, of shape `(n_samples, n_samples)`.
    ///
    /// # Errors
    /// [`Error::Shape`] unless the matrix is square and not empty, [`Error::NonFinite`].
    pub fn fit(&self, k: &Array<B, T, Ix2>) -> Result<KernelCenterer<B, T>> {
        check::at_least(k, 1)?;
        let [n, columns] = k.shape();
        if n != columns {
            return Err(Error::shape("k", k.dims(), "a square matrix: the kernel of all pairs of training samples"));
        }
        let rows = k.mean(0);
        check::finite_by("k", k, &rows)?;
        let all = rows.mean(..).item()?;
        Ok(KernelCenterer { k_fit_rows: rows, k_fit_all: all.to_f64() })
    }
}

transformer!(KernelCentererParams, KernelCenterer, Backend);
