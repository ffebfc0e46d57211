//! Fits of every estimator to the same rows on any backend.

use xp_core::{Array, Backend, Dim, Dyn, Element, Error, IntoShape, Ix1, Ix2, Linalg};
use xp_cpu::Cpu;
use xp_models::Result;
use xp_models::calibration::CalibratedClassifierCVParams;
use xp_models::cluster::{Init, KMeans, Kmeans2Params, KmeansParams, MiniBatchKMeans, Start, kmeans, kmeans2, whiten};
use xp_models::covariance::{EmpiricalCovariance, LedoitWolf, OAS, ShrunkCovariance};
use xp_models::decomposition::{IncrementalPCA, KernelPCA, PCA, SvdSolver, TruncatedSVD};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp_models::feature_extraction::TfidfTransformer;
use xp_models::gaussian_process::{GaussianProcessRegressor, Kernel};
use xp_models::impute::SimpleImputer;
use xp_models::isotonic::IsotonicRegression;
use xp_models::kernel_approximation::Nystroem;
use xp_models::kernel_ridge::KernelRidge;
use xp_models::linear_model::{
    ElasticNet, GammaRegressor, Lasso, LinearRegression, LinearSolver, LogisticRegression, LogisticRegressionCV, PoissonRegressor, Ridge, RidgeCV,
    RidgeClassifier, RidgeClassifierCV, TweedieRegressor,
};
use xp_models::metrics::pairwise::Kernel as Pairs;
use xp_models::mixture::{CovarianceType, GaussianMixture};
use xp_models::model_selection::{GridSearchCV, HalvingGridSearchCV, ParameterGrid};
use xp_models::naive_bayes::GaussianNB;
use xp_models::neighbors::{KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors};
use xp_models::preprocessing::{
    Binarizer, KernelCenterer, LabelBinarizer, LabelEncoder, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder,
    PolynomialFeatures, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler,
};
use xp_models::traits::{Estimator, Fit, Predict, PredictProba, Transform};
use xp_mpi::{Mpi, Place, simulate_at};

/// Numbers of ranks: one, few, more than divide the parts evenly.
pub const RANKS: [usize; 5] = [1, 2, 3, 4, 7];
const N: usize = 601;
const P: usize = 4;
const FEW: usize = 30;

/// A device whose arrays come from rows that are made where they are.
pub trait Make: Backend {
    fn make<T: Element, S: IntoShape>(&self, shape: S, value: impl Fn(usize) -> T) -> Array<Self, T, S::Dim>;
}
impl Make for Cpu {
    fn make<T: Element, S: IntoShape>(&self, shape: S, value: impl Fn(usize) -> T) -> Array<Self, T, S::Dim> {
        let shape = shape.into_shape().as_ref().to_vec();
        let size = shape.iter().product();
        Array::<_, T, Dyn>::from_vec(self, (0..size).map(value).collect(), shape).unwrap().into_rank().unwrap()
    }
}
impl<B: Backend> Make for Mpi<B> {
    fn make<T: Element, S: IntoShape>(&self, shape: S, value: impl Fn(usize) -> T) -> Array<Self, T, S::Dim> {
        let shape = shape.into_shape().as_ref().to_vec();
        let inner: usize = shape[1..].iter().product();
        self.from_rows::<T, Dyn>(shape, |rows| (rows.start * inner..rows.end * inner).map(value).collect()).unwrap().into_rank().unwrap()
    }
}

/// Numbers without a pattern, in -8..8.
pub fn noise(i: usize) -> f64 {
    let z = (i as u64).wrapping_add(0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 11) as f64 / (1u64 << 49) as f64 - 8.0
}

/// What a fit gave: the bytes of the model's file, and what it makes of the rows.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: &'static str,
    pub found: Result<(Vec<u8>, Vec<f64>)>,
    /// How far from the inner backend's the output may be.
    pub tolerance: f64,
}

fn numbers<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<Vec<f64>> {
    Ok(x.to_host()?.into_iter().map(|x| x.cast::<f64>()).collect())
}

macro_rules! fits {
    ($to:ident, $tolerance:literal: $($name:ident => $fit:expr, |$m:ident| $output:expr;)*) => {$(
        let found = (|| -> Result<_> {
            let $m = $fit?;
            let mut file = vec![];
            $m.write_to(&mut file)?;
            let output = numbers(&$output?)?;
            Ok((file, output))
        })();
        $to.push(Outcome { name: stringify!($name), found, tolerance: $tolerance });
    )*};
}

/// Samples, three classes, two, and numbers.
type Samples<B> = (Array<B, f64, Ix2>, Array<B, i64, Ix1>, Array<B, i64, Ix1>, Array<B, f64, Ix1>);

fn samples<B: Make>(device: &B) -> Samples<B> {
    let x = device.make([N, P], |i| noise(i) + if (i / P) % 3 == i % P { 4.0 } else { 0.0 });
    let y = device.make([N], |i| (i % 3) as i64 + 10);
    let two = device.make([N], |i| i64::from(noise(2 * i) > 0.0));
    let target = (x.lazy() * 0.5).sum(1).eval() + device.make([N], |i| noise(i + 999) / 8.0);
    (x, y, two, target)
}

/// Fits one estimator of each kind of sum over samples.
#[allow(clippy::redundant_closure_call)]
pub fn essential<B: Make + Linalg<f64> + Backend<MaxFloat = f64>>(device: &B) -> Vec<Outcome> {
    let (x, y, two, target) = samples(device);
    let mut to = vec![];
    fits! { to, 1e-10:
        StandardScaler => StandardScaler::params().fit(&x), |m| m.transform(&x);
        PCA => PCA::params().n_components(3).fit(&x), |m| m.transform(&x);
        LDA => LinearDiscriminantAnalysis::params().fit(&x, &y), |m| m.decision_function(&x);
        GaussianNB => GaussianNB::params().fit(&x, &y), |m| m.predict_proba(&x);
        Ridge => Ridge::params().fit(&x, &target), |m| m.predict(&x);
        KMeans_few => KMeans::params().n_clusters(3).init(Init::Random).n_init(1).max_iter(3).fit(&x), |m| m.predict(&x);
    }
    // Few iterations, since each is many launches on a device.
    fits! { to, 1e-3:
        LogisticRegression_few => LogisticRegression::params().max_iter(3).fit(&x, &two), |m| m.predict_proba(&x);
        GaussianMixture_few => GaussianMixture::params().n_components(3).covariance_type(CovarianceType::Diag).max_iter(3).fit(&x), |m| m.predict(&x);
    }
    to
}

/// Fits every estimator.
#[allow(clippy::redundant_closure_call)]
pub fn all<B: Make + Linalg<f64> + Backend<MaxFloat = f64>>(device: &B) -> Vec<Outcome> {
    let (x, y, two, target) = samples(device);
    let whole = device.make([N, 2], |i| noise(i).floor() as i64);
    let positive = target.lazy().abs().sqrt().eval() + 0.1;
    let counts = device.make([N, P], |i| noise(i).abs().floor());
    let column = device.make([N], noise);
    let wide = device.make([9, 40], noise);
    let few = Array::<B, f64, Ix2>::from_vec(device, (0..FEW * P).map(|i| noise(i + 77)).collect(), [FEW, P]).expect("a few samples");
    let few_labels = Array::<B, i64, Ix1>::from_vec(device, (0..FEW as i64).map(|i| i % 3).collect(), [FEW]).expect("their labels");
    let few_target = few.lazy().sum(1).try_eval().expect("their targets");
    let mut to = essential(device);
    fits! { to, 1e-10:
        MinMaxScaler => MinMaxScaler::params().fit(&x), |m| m.transform(&x);
        MaxAbsScaler => MaxAbsScaler::params().fit(&x), |m| m.transform(&x);
        RobustScaler => RobustScaler::params().fit(&x), |m| m.transform(&x);
        QuantileTransformer => QuantileTransformer::params().n_quantiles(50).fit(&x), |m| m.transform(&x);
        Normalizer => Normalizer::params().fit(&x), |m| m.transform(&x);
        Binarizer => Binarizer::params().fit(&x), |m| m.transform(&x);
        PolynomialFeatures => PolynomialFeatures::params().fit(&x), |m| m.transform(&x);
        OneHotEncoder => OneHotEncoder::<B, f64>::params().fit(&whole), |m| m.transform(&whole);
        OrdinalEncoder => OrdinalEncoder::<B, f64>::params().fit(&whole), |m| m.transform(&whole);
        LabelEncoder => LabelEncoder::fit(&y), |m| m.transform(&y);
        LabelBinarizer => LabelBinarizer::params().fit(&y), |m| m.transform(&y);
        SimpleImputer => SimpleImputer::params().fit(&x), |m| m.transform(&x);
        TfidfTransformer => TfidfTransformer::params().fit(&counts), |m| m.transform(&counts);
        PCA_randomized => PCA::params().n_components(2).svd_solver(SvdSolver::Randomized { n_oversamples: 2, iterated_power: None, seed: 1 }).fit(&x),
            |m| m.transform(&x);
        TruncatedSVD => TruncatedSVD::params().n_components(2).fit(&x), |m| m.transform(&x);
        TruncatedSVD_gram => TruncatedSVD::params().n_components(2).svd_solver(SvdSolver::CovarianceEigh).fit(&x), |m| m.transform(&x);
        TruncatedSVD_wide => TruncatedSVD::params().n_components(2).fit(&wide), |m| m.transform(&wide);
        IncrementalPCA => IncrementalPCA::params().n_components(2).batch_size(200).fit(&x), |m| m.transform(&x);
        LDA_labels => LinearDiscriminantAnalysis::params().fit(&x, &y), |m| m.predict(&x);
        LDA_transform => LinearDiscriminantAnalysis::params().fit(&x, &y), |m| m.transform(&x);
        GaussianNB_labels => GaussianNB::params().fit(&x, &y), |m| m.predict(&x);
        LinearRegression => LinearRegression::params().fit(&x, &target), |m| m.predict(&x);
        RidgeCV => RidgeCV::params().fit(&x, &target), |m| m.predict(&x);
        RidgeClassifier => RidgeClassifier::params().fit(&x, &y), |m| m.predict(&x);
        RidgeClassifierCV => RidgeClassifierCV::params().fit(&x, &y), |m| m.predict(&x);
        EmpiricalCovariance => EmpiricalCovariance::params().fit(&x), |m| m.mahalanobis(&x);
        LedoitWolf => LedoitWolf::params().fit(&x), |m| m.mahalanobis(&x);
        OAS => OAS::params().fit(&x), |m| m.mahalanobis(&x);
        ShrunkCovariance => ShrunkCovariance::params().fit(&x), |m| m.mahalanobis(&x);
        KMeans => KMeans::params().n_clusters(3).init(Init::Random).fit(&x), |m| m.predict(&x);
        KMeans_transform => KMeans::params().n_clusters(3).init(Init::Random).fit_weighted(&x, &positive), |m| m.transform(&x);
        KMeans_plus_plus => KMeans::params().n_clusters(3).fit(&x), |m| m.predict(&x);
        MiniBatchKMeans => MiniBatchKMeans::params().n_clusters(3).batch_size(100).fit(&x), |m| m.predict(&x);
    }
    // What compares every sample with every other one is fitted to samples that every rank has.
    fits! { to, 1e-10:
        KNeighborsClassifier => KNeighborsClassifier::params().fit(&few, &few_labels), |m| m.predict_proba(&x);
        KNeighborsRegressor => KNeighborsRegressor::params().fit(&few, &few_target), |m| m.predict(&x);
        KernelRidge => KernelRidge::params().kernel(Pairs::Rbf { gamma: Some(0.1) }).fit(&few, &few_target), |m| m.predict(&x);
        KernelPCA => KernelPCA::params().n_components(2).kernel(Pairs::Rbf { gamma: Some(0.1) }).fit(&few), |m| m.transform(&x);
        KernelCenterer => KernelCenterer::params().fit(&few.matmul(&few.t())?), |m| m.transform(&x.matmul(&few.t())?);
        Nystroem => Nystroem::params().kernel(Pairs::Rbf { gamma: Some(0.1) }).n_components(9).fit(&x), |m| m.transform(&x);
        GaussianProcessRegressor => GaussianProcessRegressor::params().kernel(Kernel::rbf(3.0)).optimize(false).alpha(0.1).fit(&few, &few_target),
            |m| m.predict(&x);
        KernelRidge_sharded => KernelRidge::params().kernel(Pairs::Rbf { gamma: Some(0.1) }).fit(&x, &target), |m| m.predict(&x);
        KernelPCA_sharded => KernelPCA::params().n_components(2).kernel(Pairs::Rbf { gamma: Some(0.1) }).fit(&x), |m| m.transform(&x);
        KNeighborsRegressor_sharded => KNeighborsRegressor::params().fit(&x, &target), |m| m.predict(&x);
        GaussianProcessRegressor_sharded => GaussianProcessRegressor::params().optimize(false).fit(&x, &target), |m| m.predict(&x);
    }
    // Iterations end where a tolerance lets them.
    fits! { to, 1e-3:
        PowerTransformer => PowerTransformer::params().fit(&x), |m| m.transform(&x);
        Lasso => Lasso::params().alpha(0.1).fit(&x, &target), |m| m.predict(&x);
        ElasticNet => ElasticNet::params().alpha(0.1).fit(&x, &target), |m| m.predict(&x);
        LogisticRegression => LogisticRegression::params().fit(&x, &y), |m| m.predict_proba(&x);
        LogisticRegression_newton => LogisticRegression::params().solver(LinearSolver::NewtonCholesky).fit(&x, &y), |m| m.predict(&x);
        LogisticRegression_two => LogisticRegression::params().fit(&x, &two), |m| m.predict_proba(&x);
        LogisticRegressionCV => LogisticRegressionCV::params().cs(&[0.1, 1.0]).fit(&x, &y), |m| m.predict_log_proba(&x);
        GaussianMixture => GaussianMixture::params().n_components(3).fit(&x), |m| m.predict_proba(&x);
        GaussianMixture_tied => GaussianMixture::params().n_components(3).covariance_type(CovarianceType::Tied).fit(&x), |m| m.score_samples(&x);
        GaussianMixture_diag => GaussianMixture::params().n_components(3).covariance_type(CovarianceType::Diag).fit(&x), |m| m.predict(&x);
        PoissonRegressor => PoissonRegressor::params().fit(&x, &positive), |m| m.predict(&x);
        GammaRegressor => GammaRegressor::params().fit(&x, &positive), |m| m.predict(&x);
        TweedieRegressor => TweedieRegressor::params().fit(&x, &positive), |m| m.predict(&x);
        IsotonicRegression => IsotonicRegression::params().fit(&column, &positive), |m| m.predict(&column);
    }
    let start = x.take(&Array::<B, i64, Ix1>::from_vec(device, vec![0, 1, 2], [3]).unwrap(), 0);
    let kmeans2 = start.map_err(Into::into).and_then(|start| {
        let found = kmeans2(&x, &Start::Matrix(start.into_rank::<Ix2>()?), &Kmeans2Params::new())?;
        Ok((vec![], [numbers(&found.centroids)?, numbers(&found.labels)?].concat()))
    });
    to.push(Outcome { name: "kmeans2", found: kmeans2, tolerance: 1e-10 });
    let book = || -> Result<_> {
        let white = whiten(&x)?;
        let found = kmeans(&white, &Start::Points(3), &KmeansParams::new().iter(2))?;
        Ok((vec![], numbers(&found.code_book)?))
    };
    to.push(Outcome { name: "kmeans", found: book(), tolerance: 1e-10 });
    let neighbors = || -> Result<_> {
        let (distances, indices) = NearestNeighbors::params().n_neighbors(3).fit(&few)?.kneighbors(&x, None)?;
        Ok((vec![], [numbers(&distances)?, numbers(&indices)?].concat()))
    };
    to.push(Outcome { name: "NearestNeighbors", found: neighbors(), tolerance: 1e-10 });
    let pipeline = || -> Result<_> {
        let params = StandardScaler::params().then(PCA::params().n_components(2)).then(LinearDiscriminantAnalysis::params());
        let union = StandardScaler::params().beside(PCA::params().n_components(1)).weights(1.0, 10.0).fit(&x, &())?;
        Ok((vec![], [numbers(&params.fit(&x, &y)?.predict(&x)?)?, numbers(&union.transform(&x)?)?].concat()))
    };
    to.push(Outcome { name: "Pipeline", found: pipeline(), tolerance: 1e-10 });
    let calibrated = || -> Result<_> {
        let model = CalibratedClassifierCVParams::of_probabilities(GaussianNB::params()).fit(&x, &y)?;
        Ok((vec![], numbers(&PredictProba::predict_proba(&model, &x)?)?))
    };
    to.push(Outcome { name: "CalibratedClassifierCV", found: calibrated(), tolerance: 1e-3 });
    let halving = || -> Result<_> {
        let grid = ParameterGrid::new(Ridge::params()).vary([0.1, 1.0, 10.0], |p, alpha| p.alpha(alpha));
        let search = HalvingGridSearchCV::params(grid).fit(&x, &target)?;
        Ok((vec![], numbers(&search.predict(&x)?)?))
    };
    to.push(Outcome { name: "HalvingGridSearchCV", found: halving(), tolerance: 1e-10 });
    let search = || -> Result<_> {
        let grid = ParameterGrid::new(Ridge::params()).vary([0.1, 1.0, 10.0], |p, alpha| p.alpha(alpha));
        let search = GridSearchCV::params(grid).fit(&x, &target)?;
        let mut file = vec![];
        search.best_estimator().write_to(&mut file)?;
        Ok((file, [search.cv_results().mean_test_score.clone(), numbers(&search.predict(&x)?)?].concat()))
    };
    to.push(Outcome { name: "GridSearchCV", found: search(), tolerance: 1e-10 });
    to
}

/// Runs fits on `Cpu`, and on every number of ranks with the devices that `choose` has for them, and compares: the same bits on all of
/// them, near what `Cpu` gives, but for those that are `refused`.
pub fn compare<B: Backend>(
    refused: &[&str],
    choose: impl Fn(Place) -> xp_core::Result<B>,
    fits: impl Fn(&Cpu) -> Vec<Outcome>,
    sharded: impl Fn(&Mpi<B>) -> Vec<Outcome> + Sync,
) {
    let expected = fits(&Cpu);
    let mut first: Option<Vec<Outcome>> = None;
    let mut wrong = vec![];
    for size in RANKS {
        for (rank, found) in simulate_at(size, &choose, &sharded).unwrap().into_iter().enumerate() {
            let first = first.get_or_insert_with(|| found.clone());
            for ((one, same), cpu) in found.iter().zip(&*first).zip(&expected) {
                let name = one.name;
                match (&one.found, &same.found, &cpu.found) {
                    (Err(xp_models::Error::Array(Error::Sharded { .. })), ..) if refused.contains(&name) => {}
                    _ if refused.contains(&name) => wrong.push(format!("{name}: {size} ranks, rank {rank}: not refused as sharded: {:?}", one.found)),
                    (Err(e), ..) => wrong.push(format!("{name}: {size} ranks, rank {rank}: {e}")),
                    (_, _, Err(e)) => wrong.push(format!("{name}: {e}")),
                    (Ok(_), Err(_), _) => wrong.push(format!("{name}: {size} ranks, rank {rank}: only here")),
                    (Ok((attributes, output)), Ok((same, equal)), Ok((_, near))) => {
                        let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                        if attributes != same || bits(output) != bits(equal) {
                            wrong.push(format!("{name}: {size} ranks, rank {rank}: other bits than of one rank"));
                        }
                        let scale = near.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
                        let far = output.iter().zip(near).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / scale;
                        if output.len() != near.len() || far.is_nan() || far > cpu.tolerance {
                            wrong.push(format!("{name}: {size} ranks, rank {rank}: {far:e} from the inner backend"));
                        }
                    }
                }
            }
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
