//! Decompositions.

use xp_any::AnyDevice;
use xp_models::decomposition::{Components, IncrementalPCA, KernelPCA, PCA, SvdSolver, TruncatedSVD};

use super::table::estimators;

estimators! {
    PCA: PCA<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "n_components": |p, v| p.n_components(match v {
                v if v.is_none() => Components::All,
                v if v.is_text() => v.choice(&[("mle", Components::Mle)])?,
                v => match v.count() {
                    Ok(n) => Components::Count(n),
                    Err(_) => Components::Fraction(v.float()?),
                },
            });
            "svd_solver": |p, v| p.svd_solver(match v {
                v if v.is_text() => v.choice(&[("auto", SvdSolver::Auto), ("full", SvdSolver::Full), ("covariance_eigh", SvdSolver::CovarianceEigh)])?,
                v => {
                    let (n_oversamples, iterated_power, seed) = v.extract("\"auto\", \"full\", \"covariance_eigh\", or the parameters of \"randomized\"")?;
                    SvdSolver::Randomized { n_oversamples, iterated_power, seed }
                }
            });
            "whiten": |p, v| p.whiten(v.flag()?);
            "tol": |p, _| p;
            "iterated_power": |p, _| p;
            "n_oversamples": |p, _| p;
            "power_iteration_normalizer": |p, _| p;
            "random_state": |p, _| p;
        }
        attributes {
            components |m| m.components();
            explained_variance |m| m.explained_variance();
            explained_variance_ratio |m| m.explained_variance_ratio();
            singular_values |m| m.singular_values();
            mean |m| m.mean();
            noise_variance |m| m.noise_variance();
            n_samples |m| m.n_samples();
            n_components |m| m.n_components();
        }
        methods { transform, inverse_transform }
    }

    IncrementalPCA: IncrementalPCA<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "n_components": |p, v| p.n_components(v.optional_count()?);
            "whiten": |p, v| p.whiten(v.flag()?);
            "batch_size": |p, v| p.batch_size(v.optional_count()?);
        }
        attributes {
            components |m| m.components();
            explained_variance |m| m.explained_variance();
            explained_variance_ratio |m| m.explained_variance_ratio();
            singular_values |m| m.singular_values();
            mean |m| m.mean();
            var |m| m.var();
            noise_variance |m| m.noise_variance();
            n_samples_seen |m| m.n_samples_seen();
            n_components |m| m.components().dims()[0];
        }
        methods { transform, inverse_transform }
        partial merges {
            first |p, x, s| {
                let mut model = p.start(x.device(), x.dims()[1])?;
                model.partial_fit(x)?;
                Ok(model)
            },
            more |m, x, s| m.partial_fit(x)
        }
    }

    TruncatedSVD: TruncatedSVD<AnyDevice, T>, alone => {
        params {
            "n_components": |p, v| p.n_components(v.count()?);
            "algorithm": |p, v| p.svd_solver(match v {
                v if v.is_text() => v.choice(&[("arpack", SvdSolver::Full)])?,
                v => {
                    let (n_oversamples, iterated_power, seed) = v.extract("\"arpack\", or the parameters of \"randomized\"")?;
                    SvdSolver::Randomized { n_oversamples, iterated_power, seed }
                }
            });
            "n_iter": |p, _| p;
            "n_oversamples": |p, _| p;
            "power_iteration_normalizer": |p, _| p;
            "random_state": |p, _| p;
            "tol": |p, _| p;
        }
        attributes {
            components |m| m.components();
            explained_variance |m| m.explained_variance();
            explained_variance_ratio |m| m.explained_variance_ratio();
            singular_values |m| m.singular_values();
        }
        methods { transform, inverse_transform }
    }

    KernelPCA: KernelPCA<AnyDevice, T>, alone => {
        params {
            "n_components": |p, v| p.n_components(v.optional_count()?);
            "kernel": |p, v| p.kernel(v.kernel()?);
            "alpha": |p, v| p.alpha(v.float()?);
            "fit_inverse_transform": |p, v| p.fit_inverse_transform(v.flag()?);
            "remove_zero_eig": |p, v| p.remove_zero_eig(v.flag()?);
            "coef0": |p, _| p;
            "copy_X": |p, _| p;
            "degree": |p, _| p;
            "eigen_solver": |p, _| p;
            "gamma": |p, _| p;
            "iterated_power": |p, _| p;
            "max_iter": |p, _| p;
            "n_jobs": |p, _| p;
            "random_state": |p, _| p;
            "tol": |p, _| p;
            "kernel_params": |p, v| { v.none()?; p };
        }
        attributes {
            eigenvalues |m| m.eigenvalues();
            eigenvectors |m| m.eigenvectors();
            X_fit |m| m.x_fit();
            dual_coef |m| m.dual_coef();
            X_transformed_fit |m| m.x_transformed_fit();
        }
        methods { transform, inverse_transform }
    }
}
