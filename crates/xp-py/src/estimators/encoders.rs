//! Encoders of categories, which are integers here: Python's classes number those that are not.

use xp_any::AnyDevice;
use xp_models::preprocessing::{DropCategory, HandleUnknown, OneHotEncoder, OrdinalEncoder};

use super::table::estimators;

/// What becomes of unknown categories, under scikit-learn's names.
const UNKNOWN: &[(&str, HandleUnknown)] = &[
    ("error", HandleUnknown::Error),
    ("ignore", HandleUnknown::Ignore),
    ("infrequent_if_exist", HandleUnknown::InfrequentIfExist),
    ("warn", HandleUnknown::Warn),
];

/// Lists of labels as the parameters take them.
fn lists(labels: &[Vec<i128>]) -> Vec<&[i128]> {
    labels.iter().map(Vec::as_slice).collect()
}

estimators! {
    OneHotEncoder: OneHotEncoder<AnyDevice, T, i64>, alone (i64) => {
        params {
            "categories": |p, v| if v.is_none() { p } else { p.categories(&lists(&v.labels()?)) };
            "drop": |p, v| match v {
                v if v.is_none() => p,
                v if v.is_text() => {
                    let first = v.choice(&[("first", true), ("if_binary", false)])?;
                    p.drop(if first { DropCategory::First } else { DropCategory::IfBinary })
                }
                v => p.drop(DropCategory::Each(v.extract::<Vec<i64>>("a category of each feature")?.into_iter().map(i128::from).collect())),
            };
            "handle_unknown": |p, v| p.handle_unknown(v.choice(UNKNOWN)?);
            "min_frequency": |p, v| if v.is_none() { p } else { p.min_frequency(v.size()?) };
            "max_categories": |p, v| match v.optional_count()? { None => p, Some(n) => p.max_categories(n) };
            "dtype": |p, _| p;
            "feature_name_combiner": |p, _| p;
            "sparse_output": |p, _| p;
        }
        attributes {
            categories |m| m.categories().unwrap_or_default();
            infrequent |m| m.infrequent_categories().unwrap_or_default();
            drop_idx |m| m.drop_idx().unwrap_or_default();
        }
        methods { transform }
        answers {
            inverse_transform |m, z, a| {
                let z = z.ok_or_else(|| xp_models::Error::Degenerate("columns are needed".into()))?;
                Ok(vec![m.inverse_transform_or(&z, a.float(0) as i64, a.float(1) as i64)?.into_dyn().into()])
            };
        }
    }

    OrdinalEncoder: OrdinalEncoder<AnyDevice, T, i64>, alone (i64) => {
        params {
            "categories": |p, v| if v.is_none() { p } else { p.categories(&lists(&v.labels()?)) };
            "unknown_value": |p, v| if v.is_none() { p } else { p.unknown_value(v.float()?) };
            // The label that stands for what is missing, and its number.
            "encoded_missing_value": |p, v| {
                let (label, number): (i64, f64) = v.extract("a label and a number")?;
                p.missing_value(label).encoded_missing_value(number)
            };
            "min_frequency": |p, v| if v.is_none() { p } else { p.min_frequency(v.size()?) };
            "max_categories": |p, v| match v.optional_count()? { None => p, Some(n) => p.max_categories(n) };
            "dtype": |p, _| p;
            "handle_unknown": |p, _| p;
        }
        attributes {
            categories |m| m.categories().unwrap_or_default();
            infrequent |m| m.infrequent_categories().unwrap_or_default();
        }
        methods { transform }
        answers {
            inverse_transform |m, z, a| {
                let z = z.ok_or_else(|| xp_models::Error::Degenerate("numbers are needed".into()))?;
                Ok(vec![m.inverse_transform_or(&z, a.float(0) as i64, a.float(1) as i64)?.into_dyn().into()])
            };
        }
    }
}
