//! Models move between devices, and to files and back.

use xp_core::{Ix1, Linalg, Num};
use xp_models::decomposition::{IncrementalPCA, KernelPCA, PCA};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp_models::gaussian_process::{GaussianProcessRegressor, Kernel};
use xp_models::linear_model::{Link, LogisticRegression, Ridge, TweedieRegressor};
use xp_models::preprocessing::{HandleUnknown, OneHotEncoder, OutputDistribution, PowerTransformer, QuantileTransformer, StandardScaler};
use xp_models::progress::Outcome;

use super::golden::*;

/// A model that has moved to another backend predicts there what it predicted here, up to rounding.
pub fn models_move<B: Linalg<f64>, C: Linalg<f64>>(device: &B, other: &C) {
    let (table, target) = dataset("iris.csv");
    let (x, y) = (table.array(device), target.array::<B, i64, Ix1>(device));
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
    let rare = OneHotEncoder::<B, f64>::params().max_categories(3).handle_unknown(HandleUnknown::Warn).fit(&x.astype::<i64>()).unwrap();
    let other_rare = rare.to_backend(other).unwrap();
    assert_eq!(other_rare.transform(&moved.astype()).unwrap().to_vec(), rare.transform(&x.astype()).unwrap().to_vec());
    let kernel = Kernel::rbf([1.0, 2.0, 1.0, 1.0]) + Kernel::white(0.5);
    let process = GaussianProcessRegressor::<B, f64, Ix1>::params().kernel(kernel).optimize(false).fit(&x, &target.array(device)).unwrap();
    let other_process = process.to_backend(other).unwrap();
    assert_eq!(other_process.kernel(), process.kernel());
    let (here, far) = (process.predict_std(&x).unwrap().1, other_process.predict_std(&moved).unwrap().1);
    assert_close::<f64>(&values(&far), &values(&here), "process");
    assert_eq!(values(there.n_samples_seen()), [300.0; 4]);
}

/// The bytes with a text of the header replaced by another of the same length.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap_or_else(|| panic!("{from}"));
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

/// What is loaded is what was saved, bit for bit.
pub fn files_keep_every_bit<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let folder = std::env::temp_dir().join(format!("xp-models-{}-{}", std::process::id(), B::NAME));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.safetensors");
    let (table, target) = dataset("iris.csv");
    let (x, y) = (table.array::<B, f64, xp_core::Ix2>(device), target.array::<B, i64, Ix1>(device));

    let lda = LinearDiscriminantAnalysis::params().priors(&[0.3, 0.0, 0.7]).fit(&x, &y).unwrap();
    // A class without prior has an infinite constant, which the file holds too.
    assert_eq!(lda.intercept().get([1]).unwrap(), f64::NEG_INFINITY);
    lda.save(&path).unwrap();
    let back = LinearDiscriminantAnalysis::<B, f64>::load(&path, device).unwrap();
    assert_eq!(back.coef().to_vec(), lda.coef().to_vec());
    assert_eq!(back.intercept().to_vec(), lda.intercept().to_vec());
    assert_eq!(back.scalings().to_vec(), lda.scalings().to_vec());
    assert_eq!(back.classes().to_vec(), lda.classes().to_vec());
    assert_eq!(back.transform(&x).unwrap().to_vec(), lda.transform(&x).unwrap().to_vec());
    assert!(back.covariance().is_none());

    // Another model, another dtype, a damaged file, no file.
    let wrong = |e: xp_models::Error, part: &str| assert!(e.to_string().contains(part), "{e}");
    wrong(PCA::<B, f64>::load(&path, device).unwrap_err(), "not a PCA");
    wrong(LinearDiscriminantAnalysis::<B, f32>::load(&path, device).unwrap_err(), "float32");
    let bytes = std::fs::read(&path).unwrap();
    let with = |from: &str, to: &str| replaced(&bytes, from, to);
    let fails = |bytes: &[u8], part: &str| {
        std::fs::write(&path, bytes).unwrap();
        wrong(LinearDiscriminantAnalysis::<B, f64>::load(&path, device).unwrap_err(), part);
    };
    fails(&with("\"xbar\"", "\"xbas\""), "field xbar is missing");
    fails(&with("\"n_components\":\"2\"", "\"n_components\":\"3\""), "n_components: 3 given, 1 to 2");
    fails(&with("format_version\":\"1\"", "format_version\":\"9\""), "format version 9");
    fails(&with("model_version\":\"1\"", "model_version\":\"9\""), "LinearDiscriminantAnalysis has version 9");
    fails(&with("xp-models", "other-one"), "not one of a model");
    fails(&bytes[..bytes.len() / 2], "model.safetensors");
    fails(&[&bytes[..], b"x"].concat(), "goes on");
    std::fs::remove_file(&path).unwrap();
    wrong(LinearDiscriminantAnalysis::<B, f64>::load(&path, device).unwrap_err(), "model.safetensors");

    let single = table.array::<B, f32, xp_core::Ix2>(device);
    let pca = PCA::params().n_components(3).whiten(true).fit(&single).unwrap();
    pca.save(&path).unwrap();
    let back = PCA::<B, f32>::load(&path, device).unwrap();
    assert_eq!(back.components().to_vec(), pca.components().to_vec());
    assert_eq!(back.noise_variance(), pca.noise_variance());
    assert_eq!(back.transform(&single).unwrap().to_vec(), pca.transform(&single).unwrap().to_vec());

    let ridge = Ridge::<B, f64, Ix1>::params().fit(&x, &target.array(device)).unwrap();
    ridge.save(&path).unwrap();
    let back = Ridge::<B, f64, Ix1>::load(&path, device).unwrap();
    assert_eq!(back.predict(&x).unwrap().to_vec(), ridge.predict(&x).unwrap().to_vec());

    let logistic = LogisticRegression::params().max_iter(3).fit(&x, &y.equal(1)).unwrap();
    logistic.save(&path).unwrap();
    let back = LogisticRegression::<B, f64, bool>::load(&path, device).unwrap();
    assert_eq!(back.predict_proba(&x).unwrap().to_vec(), logistic.predict_proba(&x).unwrap().to_vec());
    assert_eq!((back.n_iter(), back.outcome(), back.classes().to_vec()), (3, Outcome::Limit, vec![false, true]));

    let tweedie = TweedieRegressor::params().power(1.9).fit(&x, &(target.array::<B, f64, Ix1>(device) + 1.0)).unwrap();
    tweedie.save(&path).unwrap();
    let back = TweedieRegressor::<B, f64>::load(&path, device).unwrap();
    assert_eq!((back.power(), back.link(), back.outcome()), (1.9, Link::Auto, tweedie.outcome()));
    assert_eq!(back.predict(&x).unwrap().to_vec(), tweedie.predict(&x).unwrap().to_vec());

    let encoder = OneHotEncoder::<B, f64>::params().fit(&x.astype::<u8>()).unwrap();
    encoder.save(&path).unwrap();
    let back = OneHotEncoder::<B, f64, u8>::load(&path, device).unwrap();
    assert_eq!(back.transform(&x.astype()).unwrap().to_vec(), encoder.transform(&x.astype()).unwrap().to_vec());
    assert_eq!(back.categories().unwrap()[2].to_vec(), [1, 3, 4, 5, 6]);
    let normal = QuantileTransformer::params().output_distribution(OutputDistribution::Normal).fit(&x).unwrap();
    normal.save(&path).unwrap();
    let back = QuantileTransformer::<B, f64>::load(&path, device).unwrap();
    assert_eq!(back.transform(&x).unwrap().to_vec(), normal.transform(&x).unwrap().to_vec());
    let power = PowerTransformer::params().fit(&x).unwrap();
    power.save(&path).unwrap();
    let back = PowerTransformer::<B, f64>::load(&path, device).unwrap();
    assert_eq!(back.transform(&x).unwrap().to_vec(), power.transform(&x).unwrap().to_vec());

    let mut batches = IncrementalPCA::params().n_components(2).fit(&x).unwrap();
    batches.save(&path).unwrap();
    let mut back = IncrementalPCA::<B, f64>::load(&path, device).unwrap();
    batches.partial_fit(&x).unwrap();
    back.partial_fit(&x).unwrap();
    assert_eq!(back.transform(&x).unwrap().to_vec(), batches.transform(&x).unwrap().to_vec());
    // A model that holds another one.
    let kernel = KernelPCA::params().n_components(2).fit(&x).unwrap();
    kernel.save(&path).unwrap();
    let back = KernelPCA::<B, f64>::load(&path, device).unwrap();
    assert_eq!(back.transform(&x).unwrap().to_vec(), kernel.transform(&x).unwrap().to_vec());

    let mut scaler = StandardScaler::params().fit(&x).unwrap();
    scaler.save(&path).unwrap();
    let mut back = StandardScaler::<B, f64>::load(&path, device).unwrap();
    scaler.partial_fit(&x).unwrap();
    back.partial_fit(&x).unwrap();
    assert_eq!(back.transform(&x).unwrap().to_vec(), scaler.transform(&x).unwrap().to_vec());
    std::fs::remove_dir_all(&folder).unwrap();

    // Several models in one stream.
    let mut stream = vec![];
    pca.write_to(&mut stream).unwrap();
    scaler.write_to(&mut stream).unwrap();
    let mut from = &stream[..];
    assert_eq!(PCA::<B, f32>::read_from(&mut from, device).unwrap().mean().to_vec(), pca.mean().to_vec());
    assert_eq!(StandardScaler::<B, f64>::read_from(&mut from, device).unwrap().n_samples_seen().to_vec(), [300.0; 4].map(B::MaxFloat::from_f64));
    assert!(from.is_empty());
}
