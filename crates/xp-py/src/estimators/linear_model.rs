//! Linear models.

use std::io::Read;
use std::ops::Deref;

use xp_any::AnyDevice;
use xp_core::{Backend, Dyn, Float, Linalg};
use xp_models::linear_model::{
    ElasticNet, GammaRegressor, GcvMode, Lasso, LinearRegression, LinearSolver, Link, LogisticRegression, LogisticRegressionCV,
    LogisticRegressionCVParams, LogisticRegressionPaths, PoissonRegressor, Ridge, RidgeCV, RidgeClassifier, RidgeClassifierCV, RidgeSolver,
    TweedieRegressor,
};
use xp_models::model_selection::StratifiedKFold;
use xp_models::progress::Outcome;

use super::table::{estimators, parameters, vector};

/// The solvers of ridge regressions under scikit-learn's names.
const RIDGE: &[(&str, RidgeSolver)] = &[("auto", RidgeSolver::Auto), ("svd", RidgeSolver::Svd), ("cholesky", RidgeSolver::Cholesky)];

/// How models with smooth losses are fitted, under scikit-learn's names.
const SMOOTH: &[(&str, LinearSolver)] = &[("lbfgs", LinearSolver::Lbfgs), ("newton-cholesky", LinearSolver::NewtonCholesky)];
/// The links of Tweedie regressions.
const LINKS: &[(&str, Link)] = &[("auto", Link::Auto), ("identity", Link::Identity), ("log", Link::Log)];

/// How penalties are compared by leaving each sample out, under scikit-learn's names.
const GCV: &[(&str, GcvMode)] = &[("auto", GcvMode::Auto), ("eigen", GcvMode::Eigen), ("svd", GcvMode::Svd)];

/// A model with what was tried for it. A file has the model alone: attributes are read when it is fitted.
struct WithPaths<B: Backend, T: Float> {
    model: LogisticRegressionCV<B, T, i64>,
    paths: Option<LogisticRegressionPaths<B, T>>,
}

impl<B: Backend, T: Float> Deref for WithPaths<B, T> {
    type Target = LogisticRegressionCV<B, T, i64>;

    fn deref(&self) -> &Self::Target {
        &self.model
    }
}

impl<B: Linalg<T>, T: Float> WithPaths<B, T> {
    fn params() -> LogisticRegressionCVParams<B, T> {
        LogisticRegressionCV::params()
    }

    fn read_from(reader: &mut impl Read, device: &B) -> xp_models::Result<Self> {
        Ok(WithPaths { model: LogisticRegressionCV::read_from(reader, device)?, paths: None })
    }
}

parameters! {
    ($) penalised {
        "alpha": |p, v| p.alpha(v.float()?);
        "copy_X": |p, _| p;
        "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
        "max_iter": |p, v| p.max_iter(v.count()?);
        "positive": |p, v| p.positive(v.flag()?);
        "precompute": |p, _| p;
        "random_state": |p, _| p;
        "selection": |p, v| { v.choice(&[("cyclic", ())])?; p };
        "tol": |p, v| p.tol(v.float()?);
        "warm_start": |p, v| { v.no()?; p };
    }
}

parameters! {
    ($) generalised {
        "alpha": |p, v| p.alpha(v.float()?);
        "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
        "max_iter": |p, v| p.max_iter(v.count()?);
        "solver": |p, v| p.solver(v.choice(SMOOTH)?);
        "tol": |p, v| p.tol(v.float()?);
        "verbose": |p, _| p;
        "warm_start": |p, v| { v.no()?; p };
    }
}

estimators! {
    Ridge: Ridge<AnyDevice, T, Dyn>, targets weighted => {
        params {
            "alpha": |p, v| p.alphas(&v.floats()?);
            "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
            "copy_X": |p, _| p;
            "max_iter": |p, _| p;
            "tol": |p, _| p;
            "solver": |p, v| p.solver(v.choice(RIDGE)?);
            "positive": |p, v| { v.no()?; p };
            "random_state": |p, _| p;
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
        }
        methods { predict }
    }

    LinearRegression: LinearRegression<AnyDevice, T, Dyn>, targets weighted => {
        params {
            "copy_X": |p, _| p;
            "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
            "n_jobs": |p, _| p;
            "positive": |p, v| { v.no()?; p };
            "tol": |p, v| p.tol(v.float()?);
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            rank |m| m.rank();
            singular |m| m.singular();
        }
        methods { predict }
    }

    Lasso: Lasso<AnyDevice, T, Dyn>, targets weighted => {
        params of penalised {
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            dual_gap |m| m.dual_gap();
            n_iter |m| m.n_iter();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict }
    }

    ElasticNet: ElasticNet<AnyDevice, T, Dyn>, targets weighted => {
        params of penalised {
            "l1_ratio": |p, v| p.l1_ratio(v.float()?);
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            dual_gap |m| m.dual_gap();
            n_iter |m| m.n_iter();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict }
    }

    LogisticRegression: LogisticRegression<AnyDevice, T, i64>, labels weighted => {
        params {
            "C": |p, v| p.c(v.float()?);
            "class_weight": |p, v| match v.class_weight()? { None => p, Some(w) => p.class_weight(w) };
            "dual": |p, v| { v.no()?; p };
            "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
            "intercept_scaling": |p, _| p;
            "l1_ratio": |p, _| p;
            "max_iter": |p, v| p.max_iter(v.count()?);
            "n_jobs": |p, _| p;
            "penalty": |p, _| p;
            "random_state": |p, _| p;
            "solver": |p, v| p.solver(v.choice(SMOOTH)?);
            "tol": |p, v| p.tol(v.float()?);
            "verbose": |p, _| p;
            "warm_start": |p, v| { v.no()?; p };
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            n_iter |m| m.n_iter();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict, decision_function, predict_proba, predict_log_proba }
    }

    RidgeClassifier: RidgeClassifier<AnyDevice, T, i64>, labels weighted => {
        params {
            "alpha": |p, v| p.alpha(v.float()?);
            "class_weight": |p, v| match v.class_weight()? { None => p, Some(w) => p.class_weight(w) };
            "copy_X": |p, _| p;
            "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
            "max_iter": |p, _| p;
            "positive": |p, v| { v.no()?; p };
            "random_state": |p, _| p;
            "solver": |p, v| p.solver(v.choice(RIDGE)?);
            "tol": |p, _| p;
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
        }
        methods { predict, decision_function }
    }

    PoissonRegressor: PoissonRegressor<AnyDevice, T>, target weighted => {
        params of generalised {
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            n_iter |m| m.n_iter();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict }
    }

    GammaRegressor: GammaRegressor<AnyDevice, T>, target weighted => {
        params of generalised {
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            n_iter |m| m.n_iter();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict }
    }

    TweedieRegressor: TweedieRegressor<AnyDevice, T>, target weighted => {
        params of generalised {
            "power": |p, v| p.power(v.float()?);
            "link": |p, v| p.link(v.choice(LINKS)?);
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            n_iter |m| m.n_iter();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict }
    }

    RidgeCV: RidgeCV<AnyDevice, T, Dyn>, targets weighted => {
        params {
            "alphas": |p, v| p.alphas(&v.floats()?);
            "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
            "scoring": |p, v| { v.none()?; p };
            "cv": |p, v| { v.none()?; p };
            "gcv_mode": |p, v| if v.is_none() { p } else { p.gcv_mode(v.choice(GCV)?) };
            "store_cv_results": |p, v| p.store_cv_results(v.flag()?);
            "alpha_per_target": |p, v| p.alpha_per_target(v.flag()?);
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            alpha |m| m.alpha();
            best_score |m| m.best_score();
            cv_results |m| m.cv_results();
        }
        methods { predict }
    }

    RidgeClassifierCV: RidgeClassifierCV<AnyDevice, T, i64>, labels weighted => {
        params {
            "alphas": |p, v| p.alphas(&v.floats()?);
            "fit_intercept": |p, v| p.fit_intercept(v.flag()?);
            "scoring": |p, v| { v.none()?; p };
            "cv": |p, v| { v.none()?; p };
            "class_weight": |p, v| match v.class_weight()? { None => p, Some(w) => p.class_weight(w) };
            "store_cv_results": |p, v| { v.no()?; p };
        }
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            alpha |m| m.alpha();
            best_score |m| m.best_score();
        }
        methods { predict, decision_function }
    }

    LogisticRegressionCV: WithPaths<AnyDevice, T>, labels weighted => {
        params {
            "Cs": |p, v| p.cs(&v.floats()?);
            "cv": |p, v| {
                let (n, seed): (usize, Option<u64>) = v.extract("a number of folds and a seed")?;
                let folds = StratifiedKFold::new(n);
                p.cv(match seed { None => folds, Some(seed) => folds.shuffle(seed) })
            };
            // All that a single fit takes: the solver, whether there is an intercept, max_iter, tol, class_weight.
            "solver": |p, v| p.estimator({
                let v = v.parts()?;
                let fit = LogisticRegression::params().solver(v[0].choice(SMOOTH)?).fit_intercept(v[1].flag()?);
                let fit = fit.max_iter(v[2].count()?).tol(v[3].float()?);
                match v[4].class_weight()? { None => fit, Some(w) => fit.class_weight(w) }
            });
            "class_weight": |p, _| p;
            "dual": |p, v| { v.no()?; p };
            "fit_intercept": |p, _| p;
            "intercept_scaling": |p, _| p;
            "l1_ratios": |p, _| p;
            "max_iter": |p, _| p;
            "n_jobs": |p, _| p;
            "penalty": |p, _| p;
            "random_state": |p, _| p;
            "refit": |p, _| p;
            "scoring": |p, _| p;
            "tol": |p, _| p;
            "use_legacy_attributes": |p, _| p;
            "verbose": |p, _| p;
        }
        fit |p, x, s| {
            let weights = s.weights.map(|w| vector::<T>("sample_weight", Some(w))).transpose()?;
            let (model, paths) = p.fit_paths(x, &vector::<i64>("y", s.y)?, weights.as_ref())?;
            Ok(WithPaths { model, paths: Some(paths) })
        };
        attributes {
            coef |m| m.coef();
            intercept |m| m.intercept();
            C |m| m.c();
            scores |m| m.scores();
            coefs_paths |m| m.paths.as_ref().map(|paths| &paths.coefs);
            n_iter |m| m.paths.as_ref().map(|paths| &paths.n_iter);
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict, decision_function, predict_proba, predict_log_proba }
    }
}
