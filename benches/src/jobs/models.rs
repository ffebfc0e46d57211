//! Estimators and clusters. What predicts or transforms is fitted with the input, on the first 20000 rows.

use xp::models::cluster::{Init, KMeans, Kmeans2Params, Start, kmeans2, vq};
use xp::models::decomposition::{PCA, SvdSolver};
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::kernel_approximation::Nystroem;
use xp::models::linear_model::{LogisticRegression, LogisticRegressionParams, Ridge, RidgeCV, RidgeSolver};
use xp::models::metrics::pairwise::{euclidean_distances, rbf_kernel};
use xp::models::metrics::{average_precision_score, roc_curve};
use xp::models::mixture::GaussianMixture;
use xp::models::model_selection::{GridSearchCV, KFold, ParameterGrid};
use xp::models::naive_bayes::GaussianNB;
use xp::models::neighbors::NearestNeighbors;
use xp::models::preprocessing::{PolynomialFeatures, StandardScaler};
use xp::models::traits::Fit as _;
use xp::prelude::*;
use xp::{Linalg, Result};

use super::{Failure, Job, job};
use crate::data::{Matrix, Source, Vector};

type Lda<T> = LinearDiscriminantAnalysis<Cpu, T>;
type Samples<T> = (Matrix<T>, Vector<i64>);

const FITTED_ROWS: isize = 20_000;
const RANDOMIZED: SvdSolver = SvdSolver::Randomized { n_oversamples: 10, iterated_power: None, seed: 0 };

pub(super) fn jobs<T: Float>() -> Vec<Job>
where
    Cpu: Linalg<T>,
{
    vec![
        job::<T, _, _, _, _>("LDA svd fit 100000x300", classes::<T>(100_000), |(x, y)| Lda::params().fit(x, y)),
        job::<T, _, _, _, _>("LDA predict 100000x300", discriminant::<T>(100_000), |(model, x)| model.predict(x)),
        job::<T, _, _, _, _>("LDA transform 100000x300", discriminant::<T>(100_000), |(model, x)| model.transform(x)),
        job::<T, _, _, _, _>("PCA full k=10 fit 100000x300", components::<T>, |x| PCA::params().n_components(10).svd_solver(SvdSolver::Full).fit(x)),
        job::<T, _, _, _, _>("PCA cov_eigh k=10 fit 100000x300", components::<T>, |x| {
            PCA::params().n_components(10).svd_solver(SvdSolver::CovarianceEigh).fit(x)
        }),
        job::<T, _, _, _, _>("PCA randomized k=10 fit 100000x300", components::<T>, |x| PCA::params().n_components(10).svd_solver(RANDOMIZED).fit(x)),
        job::<T, _, _, _, _>(
            "PCA transform 100000x300",
            |from| {
                let x = components::<T>(from)?;
                let model = PCA::params().n_components(10).svd_solver(SvdSolver::Full).fit(&x.slice(s![..FITTED_ROWS])?)?;
                Ok::<_, Failure>((model, x))
            },
            |(model, x)| model.transform(x),
        ),
        job::<T, _, _, _, _>("Ridge svd fit 100000x300", regression::<T>(100_000, 300), |(x, y)| Ridge::params().solver(RidgeSolver::Svd).fit(x, y)),
        job::<T, _, _, _, _>("Ridge cholesky fit 100000x300", regression::<T>(100_000, 300), |(x, y)| {
            Ridge::params().solver(RidgeSolver::Cholesky).fit(x, y)
        }),
        job::<T, _, _, _, _>(
            "StandardScaler fit+transform 500000x300",
            |from| from.normal::<T, _>([500_000, 300]),
            |x| StandardScaler::params().fit_transform(x),
        ),
        job::<T, _, _, _, _>("LogisticRegression lbfgs 100000x100 2 classes", few_classes::<T>(2), |(x, y)| logistic().fit(x, y)),
        job::<T, _, _, _, _>("LogisticRegression lbfgs 100000x100 10 classes", few_classes::<T>(10), |(x, y)| logistic().fit(x, y)),
        job::<T, _, _, _, _>("RidgeCV 20 alphas fit 100000x100", regression::<T>(100_000, 100), |(x, y)| {
            RidgeCV::params().alphas(&powers(-3.0, 3.0, 20)).fit(x, y)
        }),
        job::<T, _, _, _, _>("GridSearchCV Ridge 25x5 50000x100", regression::<T>(50_000, 100), |(x, y)| {
            let ridge = Ridge::params().solver(RidgeSolver::Svd);
            let grid = ParameterGrid::new(ridge).vary(powers(-4.0, 4.0, 25), |ridge, alpha| ridge.alpha(alpha));
            GridSearchCV::params(grid).cv(KFold::new(5)).fit(x, y)
        }),
        job::<T, _, _, _, _>("GaussianNB fit+predict 500000x300", classes::<T>(500_000), |(x, y)| GaussianNB::params().fit(x, y)?.predict(x)),
        job::<T, _, _, _, _>(
            "PolynomialFeatures 2 20000x50",
            |from| from.normal::<T, _>([20_000, 50]),
            |x| PolynomialFeatures::params().degree(2).fit(x)?.transform(x),
        ),
        job::<T, _, _, _, _>(
            "Nystroem 100 fit+transform 100000x50",
            |from| from.normal::<T, _>([100_000, 50]),
            |x| Nystroem::params().fit(x)?.transform(x),
        ),
        job::<T, _, _, _, _>("roc_curve 1e7", scores::<T>, |(y, score)| roc_curve(y, score)),
        job::<T, _, _, _, _>("average_precision 1e7", scores::<T>, |(y, score)| average_precision_score(y, score)),
        job::<T, _, _, _, _>("euclidean_distances 5000x50", |from| from.normal::<T, _>([5000, 50]), |x| euclidean_distances(x, None)),
        job::<T, _, _, _, _>("rbf_kernel 5000x50", |from| from.normal::<T, _>([5000, 50]), |x| rbf_kernel(x, None, None)),
        job::<T, _, _, _, _>("scipy vq 200000x16 k=64", clusters::<T>, |(x, codes)| vq(x, codes)),
        job::<T, _, _, _, _>("scipy kmeans2 200000x16 k=64 it=10", clusters::<T>, |(x, codes)| {
            kmeans2(x, &Start::Matrix(codes.clone()), &Kmeans2Params::new().iter(10))
        }),
        job::<T, _, _, _, _>("KMeans 200000x16 k=64 it=10", clusters::<T>, |(x, codes)| {
            KMeans::params().n_clusters(64).init(Init::Centers(codes.clone())).max_iter(10).tol(0.0).fit(x)
        }),
        job::<T, _, _, _, _>("kneighbors 10 of 100000x64, 10000 queries", neighbors::<T>, |(model, queries)| model.kneighbors(&*queries, 10)),
        job::<T, _, _, _, _>("GaussianMixture full 200000x16 k=8 it=20", clusters::<T>, |(x, codes)| {
            let precisions = eye::<Cpu, T>(&Cpu, 16, 16, 0)?.broadcast_to([8, 16, 16])?;
            let params = GaussianMixture::params().n_components(8).weights_init(&[0.125; 8]).precisions_init(&precisions);
            params.means_init(&codes.slice(s![..8])?).max_iter(20).tol(0.0).fit(x)
        }),
    ]
}

/// Jobs that the peers have for double precision only.
pub(super) fn double() -> Vec<Job> {
    vec![
        job::<f64, _, _, _, _>("LDA svd fit 500000x300", classes::<f64>(500_000), |(x, y)| Lda::params().fit(x, y)),
        job::<f64, _, _, _, _>("LDA predict 500000x300", discriminant::<f64>(500_000), |(model, x)| model.predict(x)),
        job::<f64, _, _, _, _>("LDA transform 500000x300", discriminant::<f64>(500_000), |(model, x)| model.transform(x)),
    ]
}

fn classes<T: Float>(n: usize) -> impl Fn(&mut Source) -> Result<Samples<T>> {
    move |from| from.classes(n, 300, 10)
}

fn discriminant<T: Float>(n: usize) -> impl Fn(&mut Source) -> std::result::Result<(Lda<T>, Matrix<T>), Failure>
where
    Cpu: Linalg<T>,
{
    move |from| {
        let (x, y) = from.classes::<T>(n, 300, 10)?;
        let model = Lda::params().fit(&x.slice(s![..FITTED_ROWS])?, &y.slice(s![..FITTED_ROWS])?)?;
        Ok((model, x))
    }
}

fn components<T: Float>(from: &mut Source) -> Result<Matrix<T>> {
    let scales = (0..300).map(|j| T::from_f64(10.0 * 0.95_f64.powi(j) + 0.1)).collect();
    let scales = Array::from_vec(&Cpu, scales, [300])?;
    let x = from.normal::<T, _>([100_000, 300])?;
    (x.into_lazy() * &scales + T::ONE).try_eval()
}

fn regression<T: Float>(n: usize, p: usize) -> impl Fn(&mut Source) -> Result<(Matrix<T>, Vector<T>)> {
    move |from| from.regression(n, p)
}

/// Samples of 10 classes, and their class modulo `classes`.
fn few_classes<T: Float>(classes: i64) -> impl Fn(&mut Source) -> Result<Samples<T>> {
    move |from| {
        let (x, y) = from.classes(100_000, 100, 10)?;
        Ok((x, y % classes))
    }
}

fn logistic<T: Float>() -> LogisticRegressionParams<Cpu, T>
where
    Cpu: Linalg<T>,
{
    LogisticRegression::params().max_iter(100).tol(1e-10)
}

/// `n` numbers whose logarithms are equally far apart, from `10^low` to `10^high`.
fn powers(low: f64, high: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| 10f64.powf(low + (high - low) * i as f64 / (n - 1) as f64)).collect()
}

/// Labels 0 and 1, and normal numbers plus the label.
fn scores<T: Float>(from: &mut Source) -> Result<(Vector<i64>, Vector<T>)> {
    let y = from.integers(10_000_000, 2)?;
    let score = (from.normal::<T, _>([10_000_000])?.into_lazy() + y.lazy().astype::<T>()).try_eval()?;
    Ok((y, score))
}

fn neighbors<T: Float>(from: &mut Source) -> std::result::Result<(NearestNeighbors<Cpu, T>, Matrix<T>), Failure>
where
    Cpu: Linalg<T>,
{
    let x = from.normal::<T, _>([110_000, 64])?;
    Ok((NearestNeighbors::params().fit(&x.slice(s![..100_000])?)?, x.slice(s![100_000..])?))
}

fn clusters<T: Float>(from: &mut Source) -> Result<(Matrix<T>, Matrix<T>)> {
    let centres = from.normal::<T, _>([64, 16])? * T::from_f64(2.0);
    let x = from.clusters(200_000, &centres)?;
    let codes = x.slice(s![..64])?.copy()?;
    Ok((x, codes))
}
