//! Calibration of classifiers. Python's class fits the classifiers, which may be of any library; what they say is calibrated here.

use xp_any::AnyDevice;
use xp_core::{Array, Backend, Dyn, Float, Ix1, Ix2};
use xp_models::Result;
use xp_models::calibration::{CalibratedClassifierCV, CalibratedClassifierCVParams, CalibrationMethod, Scores};
use xp_models::model::{Check, Contents, Field, Model as _};
use xp_models::model_selection::{Fold, Split};
use xp_models::traits::{DecisionFunction, Estimator, Fit, FitWeighted};

use super::Number;
use super::table::estimators;

/// How probabilities are made, under scikit-learn's names.
const METHODS: &[(&str, CalibrationMethod)] =
    &[("sigmoid", CalibrationMethod::Sigmoid), ("isotonic", CalibrationMethod::Isotonic), ("temperature", CalibrationMethod::Temperature)];

/// A classifier that was fitted elsewhere: its samples are its scores. In a file it is nothing.
#[derive(Clone, Copy, Debug)]
pub struct Spoken;

impl Estimator for Spoken {}

impl<B: Backend, T: Float> Fit<Array<B, T, Ix2>, Array<B, i64, Ix1>> for Spoken {
    type Model = Spoken;

    fn fit(&self, _: &Array<B, T, Ix2>, _: &Array<B, i64, Ix1>) -> Result<Spoken> {
        Ok(Spoken)
    }
}

impl<B: Backend, T: Float> FitWeighted<Array<B, T, Ix2>, Array<B, i64, Ix1>> for Spoken {
    fn fit_weighted(&self, _: &Array<B, T, Ix2>, _: &Array<B, i64, Ix1>, _: &Array<B, T, Ix1>) -> Result<Spoken> {
        Ok(Spoken)
    }
}

impl<B: Backend, T: Float> DecisionFunction<Array<B, T, Ix2>> for Spoken {
    type Output = Array<B, T, Dyn>;

    fn decision_function(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Dyn>> {
        Ok(x.clone().into_dyn())
    }
}

impl<B: Backend> Field<B> for Spoken {
    type On<C: Backend> = Spoken;

    fn to_backend<C: Backend>(&self, _: &C) -> Result<Spoken> {
        Ok(Spoken)
    }

    fn write(&self, _: &str, _: &mut Contents) -> Result<()> {
        Ok(())
    }

    fn read(_: &str, _: &Contents, _: &B) -> Result<Self> {
        Ok(Spoken)
    }
}

impl Check for Spoken {
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl<B: Backend> xp_models::model::Model<B> for Spoken {}

/// One split: all samples on both sides.
#[derive(Clone, Copy, Debug)]
pub struct Whole;

impl<Y> Split<Y> for Whole {
    fn folds(&self, n: usize, _: &Y) -> Result<Vec<Fold>> {
        let rows: Vec<i64> = (0..n as i64).collect();
        Ok(vec![Fold { train: rows.clone(), test: rows }])
    }
}

/// Where the parameters begin.
trait Begin {
    fn params() -> CalibratedClassifierCVParams<Spoken, Scores, Whole> {
        CalibratedClassifierCVParams::of_scores(Spoken).cv(Whole)
    }
}
impl<T: Number> Begin for CalibratedClassifierCV<AnyDevice, T, i64, Spoken, Scores> {}

estimators! {
    CalibratedClassifierCV: CalibratedClassifierCV<AnyDevice, T, i64, Spoken, Scores>, labels weighted => {
        params {
            "method": |p, v| p.method(v.choice(METHODS)?);
            "cv": |p, _| p;
            "ensemble": |p, _| p;
            "estimator": |p, _| p;
            "n_jobs": |p, _| p;
        }
        attributes { }
        methods { predict_proba }
    }
}
