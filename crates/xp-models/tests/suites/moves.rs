//! Models move between devices, and to files and back.

use xp_core::{Ix1, Linalg};
use xp_models::decomposition::PCA;
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp_models::linear_model::Ridge;
use xp_models::preprocessing::StandardScaler;

use super::golden::*;

/// A model that has moved to another backend predicts there what it predicted here, up to rounding.
pub fn models_move<B: Linalg<f64>, C: Linalg<f64>>(device: &B, other: &C) {
    let (table, target) = dataset("iris.csv");
    let (x, y) = (table.array(device), target.array(device));
    let moved = x.to_backend(other).unwrap();

    let lda = LinearDiscriminantAnalysis::params().store_covariance(true).fit(&x, &y).unwrap();
    let there = lda.to_backend(other).unwrap();
    assert_eq!(there.covariance().unwrap().to_vec(), lda.covariance().unwrap().to_vec());
    assert_eq!(there.predict(&moved).unwrap().to_vec(), lda.predict(&x).unwrap().to_vec());
    assert_close::<f64>(&values(&there.transform(&moved).unwrap()), &values(&lda.transform(&x).unwrap()), "lda");

    let pca = PCA::params().n_components(2).whiten(true).fit(&x).unwrap();
    let there = pca.to_backend(other).unwrap();
    assert_close::<f64>(&values(&there.transform(&moved).unwrap()), &values(&pca.transform(&x).unwrap()), "pca");

    let ridge = Ridge::<B, f64, Ix1>::params().fit(&x, &target.array(device)).unwrap();
    let there = ridge.to_backend(other).unwrap();
    assert_close::<f64>(&values(&there.predict(&moved).unwrap()), &values(&ridge.predict(&x).unwrap()), "ridge");

    let scaler = StandardScaler::params().fit(&x).unwrap();
    let mut there = scaler.to_backend(other).unwrap();
    assert_close::<f64>(&values(&there.transform(&moved).unwrap()), &values(&scaler.transform(&x).unwrap()), "scaler");
    there.partial_fit(&moved).unwrap();
    assert_eq!(there.n_samples_seen(), 300.0);
}

/// What is loaded is what was saved, bit for bit.
#[cfg(feature = "serde")]
pub fn files_keep_every_bit<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let folder = std::env::temp_dir().join(format!("xp-models-{}-{}", std::process::id(), B::NAME));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.json");
    let (table, target) = dataset("iris.csv");
    let (x, y) = (table.array::<B, f64, xp_core::Ix2>(device), target.array(device));

    let lda = LinearDiscriminantAnalysis::params().priors(&[0.3, 0.0, 0.7]).fit(&x, &y).unwrap();
    // A class without prior has an infinite constant, which the file holds too.
    assert_eq!(lda.intercept().get([1]).unwrap(), f64::NEG_INFINITY);
    lda.save(&path).unwrap();
    let back = LinearDiscriminantAnalysis::<B, f64>::load(device, &path).unwrap();
    assert_eq!(back.coef().to_vec(), lda.coef().to_vec());
    assert_eq!(back.intercept().to_vec(), lda.intercept().to_vec());
    assert_eq!(back.scalings().to_vec(), lda.scalings().to_vec());
    assert_eq!(back.classes().to_vec(), lda.classes().to_vec());
    assert_eq!(back.transform(&x).unwrap().to_vec(), lda.transform(&x).unwrap().to_vec());
    assert!(back.covariance().is_none());

    // Another model, another dtype, a damaged file, no file.
    let wrong = |e: xp_models::Error, part: &str| assert!(e.to_string().contains(part), "{e}");
    wrong(PCA::<B, f64>::load(device, &path).unwrap_err(), "not a PCA");
    wrong(LinearDiscriminantAnalysis::<B, f32>::load(device, &path).unwrap_err(), "float32");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"xbar\"", "\"x\"")).unwrap();
    wrong(LinearDiscriminantAnalysis::<B, f64>::load(device, &path).unwrap_err(), "xbar");
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    wrong(LinearDiscriminantAnalysis::<B, f64>::load(device, &path).unwrap_err(), "model.json");
    std::fs::remove_file(&path).unwrap();
    wrong(LinearDiscriminantAnalysis::<B, f64>::load(device, &path).unwrap_err(), "model.json");

    let single = table.array::<B, f32, xp_core::Ix2>(device);
    let pca = PCA::params().n_components(3).whiten(true).fit(&single).unwrap();
    pca.save(&path).unwrap();
    let back = PCA::<B, f32>::load(device, &path).unwrap();
    assert_eq!(back.components().to_vec(), pca.components().to_vec());
    assert_eq!(back.noise_variance(), pca.noise_variance());
    assert_eq!(back.transform(&single).unwrap().to_vec(), pca.transform(&single).unwrap().to_vec());

    let ridge = Ridge::<B, f64, Ix1>::params().fit(&x, &target.array(device)).unwrap();
    ridge.save(&path).unwrap();
    let back = Ridge::<B, f64, Ix1>::load(device, &path).unwrap();
    assert_eq!(back.predict(&x).unwrap().to_vec(), ridge.predict(&x).unwrap().to_vec());

    let mut scaler = StandardScaler::params().fit(&x).unwrap();
    scaler.save(&path).unwrap();
    let mut back = StandardScaler::<B, f64>::load(device, &path).unwrap();
    scaler.partial_fit(&x).unwrap();
    back.partial_fit(&x).unwrap();
    assert_eq!(back.transform(&x).unwrap().to_vec(), scaler.transform(&x).unwrap().to_vec());
    std::fs::remove_dir_all(&folder).unwrap();
}
