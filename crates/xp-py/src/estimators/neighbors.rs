//! Nearest neighbours.

use xp_any::AnyDevice;
use xp_core::{Array, Dyn};
use xp_models::Result;
use xp_models::neighbors::{KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors, NeighborMetric, Weights};

use super::Number;
use super::table::{estimators, parameters};
use super::value::Value;
use crate::any::{Any, Arr, HOST};

/// How much neighbours count, under scikit-learn's names.
const WEIGHTS: &[(&str, Weights)] = &[("uniform", Weights::Uniform), ("distance", Weights::Distance)];

/// A distance by its name, with the order of a norm.
fn metric(v: &Value<'_>) -> pyo3::PyResult<NeighborMetric> {
    let (name, order): (String, f64) = v.extract("the name of a distance and an order")?;
    v.valid(if name == "minkowski" { Ok(NeighborMetric::Minkowski(order)) } else { name.parse() })
}

/// The distances and the indices of neighbours.
fn found<T: Number, D: xp_core::Dim>((distances, indices): (Array<AnyDevice, T, D>, Array<AnyDevice, i64, D>)) -> Vec<Any> {
    vec![distances.into_dyn().into(), indices.into_dyn().into()]
}

/// The samples within a radius: distances, indices, and where those of each query begin.
fn within<T: Number>(model: &NearestNeighbors<AnyDevice, T>, x: Option<&Array<AnyDevice, T, xp_core::Ix2>>, radius: f64) -> Result<Vec<Any>>
where
    AnyDevice: xp_core::Linalg<T>,
{
    let near = model.radius_neighbors(x, T::from_f64(radius))?;
    let offsets: Vec<i64> = near.offsets.iter().map(|&at| at as i64).collect();
    let count = offsets.len();
    let mut out = found((near.distances, near.indices));
    out.push(Arr::from_vec(&HOST, offsets, vec![count])?.into());
    Ok(out)
}

parameters! {
    ($) neighbors {
        "n_neighbors": |p, v| p.n_neighbors(v.count()?);
        "metric": |p, v| p.metric(metric(v)?);
        "algorithm": |p, _| p;
        "leaf_size": |p, _| p;
        "metric_params": |p, v| { v.none()?; p };
        "n_jobs": |p, _| p;
        "p": |p, _| p;
    }
}

estimators! {
    KNeighborsClassifier: KNeighborsClassifier<AnyDevice, T, i64>, labels => {
        params of neighbors {
            "weights": |p, v| p.weights(v.choice(WEIGHTS)?);
        }
        attributes {
            n_samples_fit |m| m.neighbors().fit_x().dims()[0];
        }
        methods { predict, predict_proba }
        answers {
            kneighbors |m, x, a| m.neighbors().kneighbors(x.as_ref(), a.count(0)).map(found);
        }
    }

    KNeighborsRegressor: KNeighborsRegressor<AnyDevice, T, Dyn>, targets => {
        params of neighbors {
            "weights": |p, v| p.weights(v.choice(WEIGHTS)?);
        }
        attributes {
            n_samples_fit |m| m.neighbors().fit_x().dims()[0];
        }
        methods { predict }
        answers {
            kneighbors |m, x, a| m.neighbors().kneighbors(x.as_ref(), a.count(0)).map(found);
        }
    }

    NearestNeighbors: NearestNeighbors<AnyDevice, T>, alone => {
        params of neighbors {
            "radius": |p, _| p;
        }
        attributes {
            n_samples_fit |m| m.fit_x().dims()[0];
        }
        methods { }
        answers {
            kneighbors |m, x, a| m.kneighbors(x.as_ref(), a.count(0)).map(found);
            radius_neighbors |m, x, a| within(m, x.as_ref(), a.float(0));
        }
    }
}
