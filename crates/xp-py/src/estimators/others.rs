//! Discriminant analysis, naive Bayes, covariance matrices, kernels, isotonic regression.

use xp_any::AnyDevice;
use xp_core::Dyn;
use xp_models::covariance::{EmpiricalCovariance, LedoitWolf, OAS, ShrunkCovariance};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp_models::isotonic::{IsotonicRegression, OutOfBounds};
use xp_models::kernel_approximation::Nystroem;
use xp_models::kernel_ridge::KernelRidge;
use xp_models::naive_bayes::GaussianNB;

use super::table::{estimators, parameters, vector};

parameters! {
    ($) covariances {
        "assume_centered": |p, v| p.assume_centered(v.flag()?);
        "store_precision": |p, _| p;
    }
}

estimators! {
    LinearDiscriminantAnalysis: LinearDiscriminantAnalysis<AnyDevice, T, i64>, labels => {
        params {
            "solver": |p, v| { v.choice(&[("svd", ())])?; p };
            "shrinkage": |p, v| { v.none()?; p };
            "priors": |p, v| if v.is_none() { p } else { p.priors(&v.floats()?) };
            "n_components": |p, v| match v.optional_count()? { None => p, Some(n) => p.n_components(n) };
            "store_covariance": |p, v| p.store_covariance(v.flag()?);
            "tol": |p, v| p.tol(v.float()?);
            "covariance_estimator": |p, v| { v.none()?; p };
        }
        attributes {
            priors |m| m.priors();
            means |m| m.means();
            xbar |m| m.xbar();
            scalings |m| m.scalings();
            coef |m| m.coef();
            intercept |m| m.intercept();
            explained_variance_ratio |m| m.explained_variance_ratio();
            covariance |m| m.covariance();
        }
        methods { predict, decision_function, predict_proba, predict_log_proba, transform }
    }

    GaussianNB: GaussianNB<AnyDevice, T, i64>, labels weighted => {
        params {
            "priors": |p, v| if v.is_none() { p } else { p.priors(&v.floats()?) };
            "var_smoothing": |p, v| p.var_smoothing(v.float()?);
        }
        attributes {
            theta |m| m.theta();
            var |m| m.var();
            class_prior |m| m.class_prior();
            class_count |m| m.class_count();
            epsilon |m| m.epsilon();
        }
        methods { predict, predict_proba, predict_log_proba, predict_joint_log_proba }
        partial merges {
            first |p, x, s| {
                let mut model = p.start(&vector::<i64>("classes", s.classes)?, x.dims()[1])?;
                let y = vector::<i64>("y", s.y)?;
                match s.weights {
                    None => model.partial_fit(x, &y)?,
                    w => model.partial_fit_weighted(x, &y, &vector::<T>("sample_weight", w)?)?,
                }
                Ok(model)
            },
            more |m, x, s| match s.weights {
                None => m.partial_fit(x, &vector::<i64>("y", s.y)?),
                w => m.partial_fit_weighted(x, &vector::<i64>("y", s.y)?, &vector::<T>("sample_weight", w)?),
            }
        }
    }

    EmpiricalCovariance: EmpiricalCovariance<AnyDevice, T>, alone => {
        params of covariances {
        }
        attributes {
            location |m| m.location();
            covariance |m| m.covariance();
            precision |m| m.precision();
        }
        methods { mahalanobis }
    }

    LedoitWolf: LedoitWolf<AnyDevice, T>, alone => {
        params of covariances {
            "block_size": |p, _| p;
        }
        attributes {
            location |m| m.location();
            covariance |m| m.covariance();
            precision |m| m.precision();
            shrinkage |m| m.shrinkage();
        }
        methods { mahalanobis }
    }

    OAS: OAS<AnyDevice, T>, alone => {
        params of covariances {
        }
        attributes {
            location |m| m.location();
            covariance |m| m.covariance();
            precision |m| m.precision();
            shrinkage |m| m.shrinkage();
        }
        methods { mahalanobis }
    }

    KernelRidge: KernelRidge<AnyDevice, T, Dyn>, targets weighted => {
        params {
            "alpha": |p, v| p.alphas(&v.floats()?);
            "kernel": |p, v| p.kernel(v.kernel()?);
            "coef0": |p, _| p;
            "degree": |p, _| p;
            "gamma": |p, _| p;
            "kernel_params": |p, v| { v.none()?; p };
        }
        attributes {
            dual_coef |m| m.dual_coef();
            X_fit |m| m.x_fit();
        }
        methods { predict }
    }

    Nystroem: Nystroem<AnyDevice, T>, alone => {
        params {
            "kernel": |p, v| p.kernel(v.kernel()?);
            "n_components": |p, v| p.n_components(v.count()?);
            "random_state": |p, v| p.seed(v.extract("a seed")?);
            "coef0": |p, _| p;
            "degree": |p, _| p;
            "gamma": |p, _| p;
            "n_jobs": |p, _| p;
            "kernel_params": |p, v| { v.none()?; p };
        }
        attributes {
            components |m| m.components();
            component_indices |m| m.component_indices();
            normalization |m| m.normalization();
        }
        methods { transform }
    }

    ShrunkCovariance: ShrunkCovariance<AnyDevice, T>, alone => {
        params of covariances {
            "shrinkage": |p, v| p.shrinkage(v.float()?);
        }
        attributes {
            location |m| m.location();
            covariance |m| m.covariance();
            precision |m| m.precision();
        }
        methods { mahalanobis }
    }

    IsotonicRegression: IsotonicRegression<AnyDevice, T>, target weighted => {
        params {
            "y_min": |p, v| if v.is_none() { p } else { p.y_min(v.float()?) };
            "y_max": |p, v| if v.is_none() { p } else { p.y_max(v.float()?) };
            "increasing": |p, v| match v.is_text() {
                true => { v.choice(&[("auto", ())])?; p.increasing(None) }
                false => p.increasing(v.flag()?),
            };
            "out_of_bounds": |p, v| p.out_of_bounds(v.choice(&[("nan", OutOfBounds::Nan), ("clip", OutOfBounds::Clip), ("raise", OutOfBounds::Raise)])?);
        }
        attributes {
            X_thresholds |m| m.x_thresholds();
            y_thresholds |m| m.y_thresholds();
            increasing |m| m.increasing();
        }
        methods { predict, transform }
    }
}
