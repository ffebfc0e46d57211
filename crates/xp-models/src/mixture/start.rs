//! Where the expectation-maximisation of a mixture starts: how far each sample belongs to each component.

use core::ops::Range;

use xp_core::functions::{arange, full};
use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Float, Ix1, Ix2, KeepDims, Linalg, s};

use crate::Result;
use crate::cluster::{KMeans, plus_plus, trials};
use crate::model::named;

/// How the samples are shared out to the components at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitParams {
    /// The clusters of [`KMeans`].
    KMeans,
    /// A sample for each component, drawn as k-means++ does; the others belong to none.
    PlusPlus,
    /// At random.
    Random,
    /// A sample for each component, drawn without repetition; the others belong to none.
    RandomFromData,
}

named!(InitParams, "init_params": KMeans = "kmeans", PlusPlus = "k-means++", Random = "random", RandomFromData = "random_from_data");

/// How far each sample belongs to each component at the start.
pub(super) enum Start<B: Linalg<T>, T: Float> {
    /// Wholly to this one, or to none for -1.
    Labels(Array<B, i64, Ix1>),
    /// A row for each component.
    Shares(Array<B, T, Ix2>),
}

impl<B: Linalg<T>, T: Float> Start<B, T> {
    pub fn new(init: InitParams, x: &Array<B, T, Ix2>, mean: &Array<B, T, Ix1>, k: usize, random: &mut Generator) -> Result<Self> {
        let (n, device) = (x.dims()[0], x.device());
        let of = |rows: Array<B, i64, Ix1>| -> Result<Self> {
            let mut labels = full(device, [n], -1_i64)?;
            labels.put(&rows, arange(device, 0, k as i64, 1)?, 0)?;
            Ok(Start::Labels(labels))
        };
        match init {
            InitParams::KMeans => {
                let seed = random.spawn().lazy_bits(device, [1])?.try_eval()?.get([0])?;
                Ok(Start::Labels(KMeans::params().n_clusters(k).n_init(1).seed(seed).fit(x)?.labels().clone()))
            }
            InitParams::PlusPlus => of(plus_plus(x, mean, None, k, trials(k), random)?),
            InitParams::RandomFromData => of(random.choice(device, n, k, Replacement::Without)?),
            InitParams::Random => {
                let shares: Array<B, T, Ix2> = random.uniform(device, [k, n])?;
                let sums = shares.lazy().sum(KeepDims(0)).try_eval()?;
                Ok(Start::Shares((shares.into_lazy() / &sums).try_eval()?))
            }
        }
    }

    /// The shares of some samples: a row for each of the `k` components.
    pub fn block(&self, rows: Range<usize>, k: usize) -> Result<Array<B, T, Ix2>> {
        match self {
            Start::Shares(shares) => Ok(shares.slice(s![.., rows])?),
            Start::Labels(labels) => {
                let numbers = arange(labels.device(), 0, k as i64, 1)?.expand_dims(1)?;
                let some = labels.slice(s![rows])?.expand_dims(0)?;
                Ok(numbers.lazy().equal(&some).astype::<T>().try_eval()?)
            }
        }
    }
}
