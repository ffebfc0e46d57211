//! Clusters and mixtures.

use xp_any::AnyDevice;
use xp_core::Dyn;
use xp_models::cluster::{Init, KMeans, MiniBatchKMeans};
use xp_models::mixture::{CovarianceType, GaussianMixture, InitParams};
use xp_models::progress::Outcome;

use super::Number;
use super::table::{estimators, parameters, vector};
use super::value::Value;

/// The centres that a clustering starts from: the name of how they are drawn, or the centres.
fn init<T: Number>(v: &Value<'_>) -> pyo3::PyResult<Init<AnyDevice, T>>
where
    AnyDevice: xp_core::Linalg<T>,
{
    match v.is_text() {
        true => v.choice(&[("k-means++", 0), ("random", 1)]).map(|at| if at == 0 { Init::PlusPlus } else { Init::Random }),
        false => v.array("\"k-means++\", \"random\", or centres of shape (n_clusters, n_features)").map(Init::Centers),
    }
}

/// What the covariances of a mixture have in common, under scikit-learn's names.
const COVARIANCES: &[(&str, CovarianceType)] =
    &[("full", CovarianceType::Full), ("tied", CovarianceType::Tied), ("diag", CovarianceType::Diag), ("spherical", CovarianceType::Spherical)];
/// What a mixture starts from, under scikit-learn's names.
const STARTS: &[(&str, InitParams)] = &[
    ("kmeans", InitParams::KMeans),
    ("k-means++", InitParams::PlusPlus),
    ("random", InitParams::Random),
    ("random_from_data", InitParams::RandomFromData),
];

parameters! {
    ($) centers {
        "n_clusters": |p, v| p.n_clusters(v.count()?);
        "init": |p, v| p.init(init::<T>(v)?);
        "n_init": |p, v| match v.is_text() { true => { v.choice(&[("auto", ())])?; p } false => p.n_init(v.count()?) };
        "max_iter": |p, v| p.max_iter(v.count()?);
        "tol": |p, v| p.tol(v.float()?);
        "random_state": |p, v| p.seed(v.extract("a seed")?);
        "verbose": |p, _| p;
    }
}

estimators! {
    KMeans: KMeans<AnyDevice, T>, alone weighted => {
        params of centers {
            "algorithm": |p, v| { v.choice(&[("lloyd", ())])?; p };
            "copy_x": |p, _| p;
        }
        attributes {
            cluster_centers |m| m.cluster_centers();
            labels |m| m.labels();
            inertia |m| m.inertia();
            n_iter |m| m.n_iter();
            n_distinct |m| m.n_distinct().unwrap_or_default();
        }
        methods { transform, predict }
        answers {
            score |m, x, a| score(x, |x| if a.is_none() { m.score(x) } else { m.score_weighted(x, &a.vector(x.device())?) });
        }
    }

    MiniBatchKMeans: MiniBatchKMeans<AnyDevice, T>, alone weighted => {
        params of centers {
            "batch_size": |p, v| p.batch_size(v.count()?);
            "init_size": |p, v| match v.optional_count()? { None => p, Some(n) => p.init_size(n) };
            "max_no_improvement": |p, v| p.max_no_improvement(v.optional_count()?);
            "reassignment_ratio": |p, v| p.reassignment_ratio(v.float()?);
            "compute_labels": |p, _| p;
        }
        attributes {
            cluster_centers |m| m.cluster_centers();
            labels |m| m.labels();
            inertia |m| m.inertia();
            n_iter |m| m.n_iter();
            n_steps |m| m.n_steps();
            counts |m| m.counts();
        }
        methods { transform, predict }
        answers {
            score |m, x, a| score(x, |x| if a.is_none() { m.score(x) } else { m.score_weighted(x, &a.vector(x.device())?) });
        }
        partial {
            first |p, x, s| {
                let mut model = p.start(x)?;
                match s.weights {
                    None => model.partial_fit(x)?,
                    w => model.partial_fit_weighted(x, &vector::<T>("sample_weight", w)?)?,
                }
                Ok(model)
            },
            more |m, x, s| match s.weights {
                None => m.partial_fit(x),
                w => m.partial_fit_weighted(x, &vector::<T>("sample_weight", w)?),
            }
        }
    }

    GaussianMixture: GaussianMixture<AnyDevice, T>, alone => {
        params {
            "n_components": |p, v| p.n_components(v.count()?);
            "covariance_type": |p, v| p.covariance_type(v.choice(COVARIANCES)?);
            "tol": |p, v| p.tol(v.float()?);
            "reg_covar": |p, v| p.reg_covar(v.float()?);
            "max_iter": |p, v| p.max_iter(v.count()?);
            "n_init": |p, v| p.n_init(v.count()?);
            "init_params": |p, v| p.init_params(v.choice(STARTS)?);
            "weights_init": |p, v| if v.is_none() { p } else { p.weights_init(&v.floats()?) };
            "means_init": |p, v| if v.is_none() { p } else { p.means_init(&v.array("means of shape (n_components, n_features)")?) };
            "precisions_init": |p, v| if v.is_none() { p } else { p.precisions_init(&v.array::<T, Dyn>("precision matrices")?) };
            "random_state": |p, v| p.seed(v.extract("a seed")?);
            "warm_start": |p, v| { v.no()?; p };
            "verbose": |p, _| p;
            "verbose_interval": |p, _| p;
        }
        attributes {
            weights |m| m.weights();
            means |m| m.means();
            covariances |m| m.covariances();
            precisions |m| m.precisions();
            precisions_cholesky |m| m.precisions_cholesky();
            n_iter |m| m.n_iter();
            lower_bound |m| m.lower_bound();
            lower_bounds |m| m.lower_bounds().clone();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict, predict_proba, score_samples }
        answers {
            sample |m, x, a| {
                let (x, labels) = m.sample(a.count(0), a.count(1) as u64)?;
                Ok(vec![x.into_dyn().into(), labels.into_dyn().into()])
            };
        }
    }
}

/// A score of samples as an array of rank 0.
fn score<X>(x: Option<X>, score: impl FnOnce(&X) -> xp_models::Result<f64>) -> xp_models::Result<Vec<crate::any::Any>> {
    let x = x.ok_or_else(|| xp_models::Error::Degenerate("samples are needed".into()))?;
    Ok(vec![crate::any::rank0(&crate::any::HOST, score(&x)?)?.into()])
}
