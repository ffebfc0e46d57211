//! Estimators and clusters. What predicts or transforms is fitted with the input, on the first 20000 rows.

use xp::models::cluster::{Kmeans2Params, Start, kmeans2, vq};
use xp::models::decomposition::{PCA, SvdSolver};
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::linear_model::{Ridge, RidgeSolver};
use xp::models::preprocessing::StandardScaler;
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
        job::<T, _, _, _, _>("Ridge svd fit 100000x300", regression::<T>, |(x, y)| Ridge::params().solver(RidgeSolver::Svd).fit(x, y)),
        job::<T, _, _, _, _>("Ridge cholesky fit 100000x300", regression::<T>, |(x, y)| Ridge::params().solver(RidgeSolver::Cholesky).fit(x, y)),
        job::<T, _, _, _, _>(
            "StandardScaler fit+transform 500000x300",
            |from| from.normal::<T, _>([500_000, 300]),
            |x| StandardScaler::params().fit_transform(x),
        ),
        job::<T, _, _, _, _>("scipy vq 200000x16 k=64", clusters::<T>, |(x, codes)| vq(x, codes)),
        job::<T, _, _, _, _>("scipy kmeans2 200000x16 k=64 it=10", clusters::<T>, |(x, codes)| {
            kmeans2(x, &Start::Matrix(codes.clone()), &Kmeans2Params::new().iter(10))
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

fn regression<T: Float>(from: &mut Source) -> Result<(Matrix<T>, Vector<T>)> {
    let x: Matrix<T> = from.normal([100_000, 300])?;
    let w: Vector<T> = from.normal([300])?;
    let noise: Vector<T> = from.normal([100_000])?;
    let y = (x.matmul(&w)?.into_lazy() + T::from_f64(3.0) + &noise).try_eval()?;
    Ok((x, y))
}

fn clusters<T: Float>(from: &mut Source) -> Result<(Matrix<T>, Matrix<T>)> {
    let centres = from.normal::<T, _>([64, 16])? * T::from_f64(2.0);
    let x = from.clusters(200_000, &centres)?;
    let codes = x.slice(s![..64])?.copy()?;
    Ok((x, codes))
}
