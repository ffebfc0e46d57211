//! Files of models: whatever the bytes are, a model or an error; and a model transforms or predicts, or says why not, and is
//! written as a file that reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xp::models::decomposition::PCA;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::linear_model::Ridge;
use xp::models::model::Model;
use xp::models::pipeline::Pipeline;
use xp::models::preprocessing::{Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, StandardScaler};
use xp::models::traits::{DecisionFunction, InverseTransform, Predict, PredictProba, Transform};
use xp::prelude::*;

type X = Array<Cpu, f64, Ix2>;

/// Reads a model, uses it on samples of one to five features, and writes it.
fn check<M: Model<Cpu>>(data: &[u8], work: impl Fn(&M, &X)) {
    let Ok(model) = M::read_from(&mut &data[..], &Cpu) else { return };
    for features in 1..=5 {
        let values = (0..3 * features).map(|k| k as f64 - 2.5).collect();
        work(&model, &X::from_vec(&Cpu, values, [3, features]).expect("a small matrix"));
    }
    let mut file = vec![];
    model.write_to(&mut file).expect("a model can be written");
    let back = M::read_from(&mut &file[..], &Cpu).expect("what was written can be read");
    let mut again = vec![];
    back.write_to(&mut again).expect("a model can be written");
    assert_eq!(file, again);
}

fuzz_target!(|data: &[u8]| {
    check::<PCA<Cpu, f64>>(data, |m, x| {
        let _ = (m.transform(x), m.inverse_transform(x));
    });
    check::<LinearDiscriminantAnalysis<Cpu, f64>>(data, |m, x| {
        let _ = (Transform::transform(m, x), Predict::predict(m, x), PredictProba::predict_proba(m, x), DecisionFunction::decision_function(m, x));
    });
    check::<Ridge<Cpu, f64, Ix1>>(data, |m, x| drop(Predict::predict(m, x)));
    check::<Ridge<Cpu, f64, Ix2>>(data, |m, x| drop(Predict::predict(m, x)));
    check::<StandardScaler<Cpu, f64>>(data, |m, x| {
        let _ = (Transform::transform(m, x), InverseTransform::inverse_transform(m, x));
    });
    check::<MinMaxScaler<Cpu, f64>>(data, |m, x| {
        let _ = (Transform::transform(m, x), InverseTransform::inverse_transform(m, x));
    });
    check::<MaxAbsScaler<Cpu, f64>>(data, |m, x| {
        let _ = (Transform::transform(m, x), InverseTransform::inverse_transform(m, x));
    });
    check::<Normalizer<Cpu, f64>>(data, |m, x| drop(Transform::transform(m, x)));
    check::<Binarizer<Cpu, f64>>(data, |m, x| drop(Transform::transform(m, x)));
    check::<Pipeline<StandardScaler<Cpu, f64>, PCA<Cpu, f64>>>(data, |m, x| drop(Transform::transform(m, x)));
});
