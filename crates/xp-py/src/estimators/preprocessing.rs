//! Scalers and other transformers of features.

use xp_any::AnyDevice;
use xp_models::feature_extraction::TfidfTransformer;
use xp_models::impute::{ImputeStrategy, SimpleImputer};
use xp_models::preprocessing::{
    Binarizer, KernelCenterer, MaxAbsScaler, MinMaxScaler, Norm, Normalizer, OutputDistribution, PolynomialFeatures, PowerMethod, PowerTransformer,
    QuantileTransformer, RobustScaler, StandardScaler,
};

use super::table::{estimators, vector};

/// The norms that rows are divided by, under scikit-learn's names.
const NORMS: &[(&str, Norm)] = &[("l1", Norm::L1), ("l2", Norm::L2), ("max", Norm::Max)];

estimators! {
    StandardScaler: StandardScaler<AnyDevice, T>, alone weighted => {
        params {
            "copy": |p, _| p;
            "with_mean": |p, v| p.with_mean(v.flag()?);
            "with_std": |p, v| p.with_std(v.flag()?);
        }
        attributes {
            mean |m| m.mean();
            var |m| m.var();
            scale |m| m.scale();
            n_samples_seen |m| m.n_samples_seen();
        }
        methods { transform, inverse_transform }
        partial merges {
            first |p, x, s| match s.weights {
                None => p.fit(x),
                w => p.fit_weighted(x, &vector::<T>("sample_weight", w)?),
            },
            more |m, x, s| match s.weights {
                None => m.partial_fit(x),
                w => m.partial_fit_weighted(x, &vector::<T>("sample_weight", w)?),
            }
        }
    }

    MinMaxScaler: MinMaxScaler<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "clip": |p, v| p.clip(v.flag()?);
            "feature_range": |p, v| { let (low, high) = v.two()?; p.feature_range(low, high) };
        }
        attributes {
            data_min |m| m.data_min();
            data_max |m| m.data_max();
            data_range |m| m.data_range();
            scale |m| m.scale();
            min |m| m.min();
            n_samples_seen |m| m.n_samples_seen();
        }
        methods { transform, inverse_transform }
        partial merges { first |p, x, s| p.fit(x), more |m, x, s| m.partial_fit(x) }
    }

    MaxAbsScaler: MaxAbsScaler<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "clip": |p, v| p.clip(v.flag()?);
        }
        attributes {
            max_abs |m| m.max_abs();
            scale |m| m.scale();
            n_samples_seen |m| m.n_samples_seen();
        }
        methods { transform, inverse_transform }
        partial merges { first |p, x, s| p.fit(x), more |m, x, s| m.partial_fit(x) }
    }

    RobustScaler: RobustScaler<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "with_centering": |p, v| p.with_centering(v.flag()?);
            "with_scaling": |p, v| p.with_scaling(v.flag()?);
            "quantile_range": |p, v| { let (low, high) = v.two()?; p.quantile_range(low, high) };
            "unit_variance": |p, v| p.unit_variance(v.flag()?);
        }
        attributes {
            center |m| m.center();
            scale |m| m.scale();
        }
        methods { transform, inverse_transform }
    }

    Normalizer: Normalizer<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "norm": |p, v| p.norm(v.choice(NORMS)?);
        }
        attributes {
        }
        methods { transform }
    }

    Binarizer: Binarizer<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "threshold": |p, v| p.threshold(v.float()?);
        }
        attributes {
        }
        methods { transform }
    }

    PolynomialFeatures: PolynomialFeatures<AnyDevice, T>, alone => {
        params {
            "degree": |p, v| match v.count() { Ok(n) => p.degree(n), Err(_) => { let (low, high) = v.two()?; p.degrees(low as usize, high as usize) } };
            "interaction_only": |p, v| p.interaction_only(v.flag()?);
            "include_bias": |p, v| p.include_bias(v.flag()?);
            "order": |p, _| p;
        }
        attributes {
            n_output_features |m| m.n_output_features();
        }
        methods { transform }
    }

    PowerTransformer: PowerTransformer<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "method": |p, v| p.method(v.choice(&[("yeo-johnson", PowerMethod::YeoJohnson), ("box-cox", PowerMethod::BoxCox)])?);
            "standardize": |p, v| p.standardize(v.flag()?);
        }
        attributes {
            lambdas |m| m.lambdas();
        }
        methods { transform, inverse_transform }
    }

    QuantileTransformer: QuantileTransformer<AnyDevice, T>, alone => {
        params {
            "copy": |p, _| p;
            "ignore_implicit_zeros": |p, v| { v.no()?; p };
            "n_quantiles": |p, v| p.n_quantiles(v.count()?);
            "output_distribution": |p, v| p.output_distribution(v.choice(&[("uniform", OutputDistribution::Uniform), ("normal", OutputDistribution::Normal)])?);
            "random_state": |p, v| p.seed(v.extract("a seed")?);
            "subsample": |p, v| p.subsample(v.optional_count()?);
        }
        attributes {
            quantiles |m| m.quantiles();
            references |m| m.references();
        }
        methods { transform, inverse_transform }
    }

    SimpleImputer: SimpleImputer<AnyDevice, T>, alone => {
        params {
            "missing_values": |p, v| p.missing_values(v.float()?);
            // The strategy, and the number of "constant".
            "strategy": |p, v| p.strategy({
                let v = v.parts()?;
                let constant = ImputeStrategy::Constant(v[1].float()?);
                let others = [("mean", ImputeStrategy::Mean), ("median", ImputeStrategy::Median), ("most_frequent", ImputeStrategy::MostFrequent)];
                v[0].choice(&[others[0], others[1], others[2], ("constant", constant)])?
            });
            "add_indicator": |p, v| p.add_indicator(v.flag()?);
            "keep_empty_features": |p, v| p.keep_empty_features(v.flag()?);
            "copy": |p, _| p;
            "fill_value": |p, _| p;
        }
        attributes {
            statistics |m| m.statistics();
            indicator_features |m| m.indicator_features();
        }
        methods { transform }
    }

    TfidfTransformer: TfidfTransformer<AnyDevice, T>, alone => {
        params {
            "norm": |p, v| if v.is_none() { p.norm(None) } else { p.norm(v.choice(NORMS)?) };
            "use_idf": |p, v| p.use_idf(v.flag()?);
            "smooth_idf": |p, v| p.smooth_idf(v.flag()?);
            "sublinear_tf": |p, v| p.sublinear_tf(v.flag()?);
        }
        attributes {
            idf |m| m.idf();
        }
        methods { transform }
    }

    KernelCenterer: KernelCenterer<AnyDevice, T>, alone => {
        params {
        }
        attributes {
            K_fit_rows |m| m.k_fit_rows();
            K_fit_all |m| m.k_fit_all();
        }
        methods { transform }
    }
}
