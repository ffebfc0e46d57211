//! Damaged and hostile model files: an error, or a model that can be applied without a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use xp_core::functions::zeros;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};
use xp_models::Result;
use xp_models::calibration::{CalibratedClassifierCVParams, CalibrationMethod};
use xp_models::cluster::{KMeans, KMeansStatistics, MiniBatchKMeans};
use xp_models::compose::SelectColumns;
use xp_models::covariance::{OAS, ShrunkCovariance};
use xp_models::decomposition::{IncrementalPCA, KernelPCA, PCA, TruncatedSVD};
use xp_models::discriminant_analysis::{ClassStatistics, LinearDiscriminantAnalysis};
use xp_models::feature_extraction::TfidfTransformer;
use xp_models::gaussian_process::{GaussianProcessRegressor, Kernel};
use xp_models::impute::SimpleImputer;
use xp_models::isotonic::IsotonicRegression;
use xp_models::kernel_approximation::Nystroem;
use xp_models::kernel_ridge::KernelRidge;
use xp_models::linear_model::{GramStatistics, Lasso, LinearRegression, LogisticRegression, Ridge, RidgeCV, RidgeClassifierCV, TweedieRegressor};
use xp_models::mixture::{CovarianceType, GaussianMixture};
use xp_models::model::Model;
use xp_models::model_selection::StratifiedKFold;
use xp_models::naive_bayes::GaussianNB;
use xp_models::neighbors::{KNeighborsClassifier, KNeighborsRegressor, NeighborMetric, Weights};
use xp_models::preprocessing::{
    Binarizer, HandleUnknown, KernelCenterer, LabelBinarizer, LabelEncoder, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder,
    PolynomialFeatures, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler,
};
use xp_models::traits::{Estimator, Fit, Predict};

use super::golden::*;

/// Numbers that look random: SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// Numbers that break arithmetic on lengths.
const LENGTHS: [&str; 12] =
    ["0", "1", "2", "3", "4", "5", "64", "4294967296", "9223372036854775807", "18446744073709551615", "18446744073709551616", "-1"];

/// Thousands of damaged files of every model.
pub fn files_give_errors<T: Float, B: Linalg<T>>(device: &B) {
    let (table, target) = dataset("iris.csv");
    let (table, target) = (table.rows(&[0, 1, 2, 60, 61, 62, 120, 121, 122]), target.rows(&[0, 1, 2, 60, 61, 62, 120, 121, 122]));
    let x: Array<B, T, Ix2> = table.array(device);
    let (labels, one, two) = (target.array::<B, i16, Ix1>(device), target.array::<B, T, Ix1>(device), table.array::<B, T, Ix2>(device));

    let lda = LinearDiscriminantAnalysis::params().store_covariance(true).fit(&x, &labels).unwrap();
    attack(device, &lda, |model, x| {
        model.decision_function(x)?;
        model.predict_log_proba(x)?;
        model.predict(x)?;
        model.transform(x).map(drop)
    });
    let mut sums = ClassStatistics::start(&labels, 4).unwrap();
    sums.partial_fit(&x, &labels).unwrap();
    attack(device, &sums, |model, x| {
        model.clone().partial_fit(x, &zeros(x.device(), [x.dims()[0]])?)?;
        model.clone().merge(model)?;
        LinearDiscriminantAnalysis::params().fit_statistics(model).map(drop)
    });
    let mut sums = GramStatistics::start(device, 4, 4).unwrap();
    sums.partial_fit(&x, &two).unwrap();
    attack(device, &sums, |model, x| {
        model.clone().partial_fit(x, &two.slice_axis(0, ..3)?)?;
        model.clone().merge(model)?;
        Ridge::params().fit_statistics(model)?;
        LinearRegression::params().fit_statistics(model).map(drop)
    });
    let binary = labels.equal(0);
    let lda = LinearDiscriminantAnalysis::params().fit(&x, &binary).unwrap();
    attack(device, &lda, |model, x| {
        model.predict_log_proba(x)?;
        model.predict(x)?;
        model.transform(x).map(drop)
    });
    let pca = PCA::params().n_components(2).whiten(true).fit(&x).unwrap();
    attack(device, &pca, |model, x| model.inverse_transform(&model.transform(x)?).map(drop));
    attack(device, &Ridge::params().fit(&x, &one).unwrap(), |model, x| model.predict(x).map(drop));
    attack(device, &Ridge::params().fit(&x, &two).unwrap(), |model, x| model.predict(x).map(drop));
    attack(device, &LinearRegression::params().fit(&x, &two).unwrap(), |model, x| model.predict(x).map(drop));
    attack(device, &RidgeCV::params().store_cv_results(true).fit(&x, &one).unwrap(), |model, x| model.predict(x).map(drop));
    attack(device, &Lasso::params().fit(&x, &two).unwrap(), |model, x| model.predict(x).map(drop));
    attack(device, &TweedieRegressor::params().power(1.5).max_iter(2).fit(&x, &one).unwrap(), |model, x| model.predict(x).map(drop));
    attack(device, &RidgeClassifierCV::params().fit(&x, &binary).unwrap(), |model, x| {
        model.decision_function(x)?;
        model.predict(x).map(drop)
    });
    attack(device, &LogisticRegression::params().max_iter(2).fit(&x, &labels).unwrap(), |model, x| {
        model.decision_function(x)?;
        model.predict_log_proba(x)?;
        model.predict_proba(x)?;
        model.predict(x).map(drop)
    });
    attack(device, &StandardScaler::params().fit(&x).unwrap(), |model: &StandardScaler<B, T>, x| {
        model.clone().partial_fit(x)?;
        model.inverse_transform(&model.transform(x)?).map(drop)
    });
    let scaler = MinMaxScaler::params().clip(true).fit(&x).unwrap();
    attack(device, &scaler, |model, x| {
        model.clone().partial_fit(x)?;
        model.inverse_transform(&model.transform(x)?).map(drop)
    });
    attack(device, &MaxAbsScaler::params().fit(&x).unwrap(), |model, x| {
        model.clone().partial_fit(x)?;
        model.inverse_transform(&model.transform(x)?).map(drop)
    });
    attack(device, &Normalizer::params().fit(&x).unwrap(), |model, x| model.transform(x).map(drop));
    attack(device, &SelectColumns::params().only(&[2, 0]).fit(&x).unwrap(), |model, x| model.transform(x).map(drop));
    attack(device, &Binarizer::params().fit(&x).unwrap(), |model, x| model.transform(x).map(drop));
    attack(device, &PolynomialFeatures::params().fit(&x).unwrap(), |model, x| model.transform(x).map(drop));
    attack(device, &KernelCenterer::params().fit(&x.slice_axis(0, ..4).unwrap()).unwrap(), |model, x| model.transform(x).map(drop));
    attack(device, &Nystroem::params().n_components(2).fit(&x).unwrap(), |model, x| model.transform(x).map(drop));
    attack(device, &TruncatedSVD::params().fit(&x).unwrap(), |model, x| model.inverse_transform(&model.transform(x)?).map(drop));
    attack(device, &IncrementalPCA::params().n_components(2).whiten(true).fit(&x).unwrap(), |model, x| {
        model.clone().partial_fit(x)?;
        model.clone().merge(model)?;
        model.inverse_transform(&model.transform(x)?).map(drop)
    });
    let kernel = KernelPCA::params().n_components(2).fit_inverse_transform(true).fit(&x).unwrap();
    attack(device, &kernel, |model, x| model.inverse_transform(&model.transform(x)?).map(drop));
    attack(device, &OAS::params().fit(&x).unwrap(), |model, x| {
        model.score(x)?;
        model.mahalanobis(x).map(drop)
    });
    attack(device, &ShrunkCovariance::params().fit(&x).unwrap(), |model, x| model.mahalanobis(x).map(drop));
    attack(device, &IsotonicRegression::params().fit(&one, &one).unwrap(), |model, x| model.predict(x).map(drop));
    let bayes = CalibratedClassifierCVParams::of_probabilities(GaussianNB::params()).method(CalibrationMethod::Isotonic);
    let bayes = bayes.cv(StratifiedKFold::new(3)).ensemble(false).fit(&x, &labels).unwrap();
    attack(device, &bayes, |model, x| model.predict(x).map(drop));
    attack(device, &KernelRidge::params().fit(&x, &two).unwrap(), |model, x| model.predict(x).map(drop));
    let process = GaussianProcessRegressor::params().kernel(1.0 * Kernel::rbf([1.0, 2.0, 1.0, 2.0]) + Kernel::white(0.5)).optimize(false);
    attack(device, &process.fit(&x, &two).unwrap(), |model, x| {
        model.log_marginal_likelihood_gradient(&model.kernel().theta())?;
        model.predict_std(x)?;
        model.sample_y(x, 2, 0)?;
        model.predict_cov(x).map(drop)
    });
    attack(device, &RobustScaler::params().fit(&x).unwrap(), |model, x| model.inverse_transform(&model.transform(x)?).map(drop));
    let quantiles = QuantileTransformer::params().n_quantiles(3).fit(&x).unwrap();
    attack(device, &quantiles, |model, x| model.inverse_transform(&model.transform(x)?).map(drop));
    attack(device, &PowerTransformer::params().fit(&x).unwrap(), |model, x| model.inverse_transform(&model.transform(x)?).map(drop));
    attack(device, &SimpleImputer::params().add_indicator(true).fit(&x).unwrap(), |model, x| model.transform(x).map(drop));
    attack(device, &TfidfTransformer::params().fit(&x).unwrap(), |model, x| model.transform(x).map(drop));
    let codes = x.astype::<i8>();
    let encoder = OneHotEncoder::<B, T>::params().handle_unknown(HandleUnknown::Warn).max_categories(2).fit(&codes).unwrap();
    attack(device, &encoder, |model, x| {
        model.transform(&x.astype())?;
        model.drop_idx()?;
        model.infrequent_categories()?;
        model.inverse_transform_or(&model.transform(&x.astype())?, 1, 2).map(drop)
    });
    attack(device, &OrdinalEncoder::<B, T>::params().unknown_value(-1.0).missing_value(0).max_categories(2).fit(&codes).unwrap(), |model, x| {
        model.transform(&x.astype())?;
        model.inverse_transform(x)?;
        model.inverse_transform_or(x, 1, 2).map(drop)
    });
    attack(device, &GaussianNB::params().fit(&x, &labels).unwrap(), |model, x| {
        model.clone().partial_fit(x, &zeros(x.device(), [x.dims()[0]])?)?;
        model.predict_proba(x)?;
        model.predict(x).map(drop)
    });
    files_of_groups_give_errors(device, &x, &labels, &two);
    let union = MaxAbsScaler::params().beside(PCA::params().n_components(1)).then(Ridge::params()).fit(&x, &one).unwrap();
    attack(device, &union, |model, x| model.predict(x).map(drop));
}

/// Those of the models of clusters, mixtures and neighbours.
pub fn files_of_groups_give_errors<T: Float, B: Linalg<T>>(device: &B, x: &Array<B, T, Ix2>, labels: &Array<B, i16, Ix1>, two: &Array<B, T, Ix2>) {
    attack(device, &KMeans::params().n_clusters(2).fit(x).unwrap(), |model, x| {
        model.transform(x)?;
        model.n_distinct()?;
        model.score(x).map(drop)
    });
    attack(device, &MiniBatchKMeans::params().n_clusters(2).batch_size(4).fit(x).unwrap(), |model, x| {
        model.clone().partial_fit(x)?;
        model.score(x).map(drop)
    });
    attack(device, &KMeansStatistics::start(x).unwrap(), |model, x| {
        model.clone().partial_fit(x)?;
        model.clone().merge(model)?;
        model.centers().map(drop)
    });
    let votes = KNeighborsClassifier::params().n_neighbors(2).metric(NeighborMetric::Minkowski(3.0)).fit(x, labels).unwrap();
    attack(device, &votes, |model, x| {
        model.neighbors().kneighbors(None, 1)?;
        model.predict_proba(x)?;
        model.predict(x).map(drop)
    });
    let means = KNeighborsRegressor::params().n_neighbors(2).weights(Weights::Distance).fit(x, two).unwrap();
    attack(device, &means, |model, x| model.predict(x).map(drop));
    for kind in [CovarianceType::Full, CovarianceType::Spherical] {
        attack(device, &GaussianMixture::params().covariance_type(kind).fit(x).unwrap(), |model, x| {
            model.predict(x)?;
            model.predict_proba(x)?;
            model.bic(x)?;
            drop(GaussianMixture::params().covariance_type(kind).max_iter(1).fit_from(x, model));
            model.sample(3, 0).map(drop)
        });
    }
}

/// Classes are searched in their order: a file has no others.
pub fn labels_out_of_order_are_refused<T: Float, B: Linalg<T>>(device: &B) {
    let x: Array<B, T, Ix2> = array(device, &[0.0, 1.0, 4.0, 5.0].map(T::from_f64), [4, 1]);
    let y = super::golden::labels(device, &[71, 71, 93, 93]);
    refuses_exchanged_labels(device, &LinearDiscriminantAnalysis::params().fit(&x, &y).unwrap());
    refuses_exchanged_labels(device, &RidgeClassifierCV::params().fit(&x, &y).unwrap());
    refuses_exchanged_labels(device, &LogisticRegression::params().fit(&x, &y).unwrap());
    refuses_exchanged_labels(device, &GaussianNB::params().fit(&x, &y).unwrap());
    refuses_exchanged_labels(device, &KNeighborsClassifier::params().fit(&x, &y).unwrap());
    refuses_exchanged_labels(device, &LabelEncoder::fit(&y).unwrap());
    refuses_exchanged_labels(device, &LabelBinarizer::params().fit(&y).unwrap());
}

fn refuses_exchanged_labels<B: Backend, M: Model<B>>(device: &B, model: &M) {
    let mut file = vec![];
    model.write_to(&mut file).unwrap();
    assert!(M::read_from(&mut &file[..], device).is_ok());
    let [right, wrong] = [[71i64, 93], [93, 71]].map(|pair| pair.map(i64::to_le_bytes).concat());
    let at = file.windows(16).position(|bytes| bytes == right).expect("the classes");
    file[at..at + 16].copy_from_slice(&wrong);
    assert!(M::read_from(&mut &file[..], device).is_err(), "{}", std::any::type_name::<M>());
}

/// Damages the file of a model in every way below, and applies what can still be loaded to samples of several widths.
fn attack<T: Float, B: Linalg<T>, M: Model<B>>(device: &B, model: &M, apply: impl Fn(&M, &Array<B, T, Ix2>) -> Result<()>) {
    let mut file = vec![];
    model.write_to(&mut file).unwrap();
    let samples: Vec<Array<B, T, Ix2>> = (0..6).map(|p| zeros(device, [3, p]).unwrap()).collect();
    let start = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(file[8..start].to_vec()).unwrap();
    let (mut loaded, mut tried) = (0, 0);
    let mut check = |bytes: &[u8], what: &str| {
        tried += 1;
        let run = || {
            let Ok(model) = M::read_from(&mut &bytes[..], device) else { return false };
            samples.iter().for_each(|x| drop(apply(&model, x)));
            true
        };
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(success) => loaded += usize::from(success),
            Err(_) => panic!("a file with {what} caused a panic"),
        }
    };
    check(&file, "no damage");
    (0..file.len()).step_by(7).for_each(|end| check(&file[..end], "its end missing"));

    // Every number of the header by another, with the data as they were, and with as many as the header then asks for.
    let numbers = places(&header);
    for &(from, to) in &numbers {
        for length in LENGTHS {
            let header = format!("{}{length}{}", &header[..from], &header[to..]);
            check(&with_header(&header, &file[start..]), &header);
            check(&with_header(&header, &[&file[start..], &[0; 64]].concat()), &header);
        }
    }
    let mut random = Numbers(model_seed(&file));
    for _ in 0..400 {
        // One array of another length: its shape and all offsets after it agree with the data.
        let (resized, data) = self::resized(&header, &file[start..], &mut random);
        check(&with_header(&resized, &data), &resized);
    }
    for _ in 0..600 {
        let mut bytes = file.clone();
        for _ in 0..1 + random.below(3) {
            let at = if random.below(4) == 0 { random.below(file.len()) } else { random.below(start) };
            bytes[at] = if random.below(2) == 0 { bytes[at] ^ (1 << random.below(8)) } else { random.below(256) as u8 };
        }
        check(&bytes, "other bytes");
    }
    assert!(tried > 1000 && loaded > 10, "{loaded} of {tried} loaded");
}

fn model_seed(file: &[u8]) -> u64 {
    file.iter().fold(0, |seed, &byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// Where numbers stand in a header.
fn places(header: &str) -> Vec<(usize, usize)> {
    let bytes = header.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let starts = (0..bytes.len()).filter(|&i| digit(i) && matches!(bytes[i - 1], b'[' | b',' | b' ' | b'"'));
    starts.map(|from| (from, (from..).find(|&i| !digit(i)).unwrap())).collect()
}

/// The header and data with one or two arrays of other shapes, and everything else as consistent as before.
fn resized(header: &str, data: &[u8], random: &mut Numbers) -> (String, Vec<u8>) {
    let mut header: serde_json::Value = serde_json::from_str(header).unwrap();
    let mut names: Vec<String> = header.as_object().unwrap().keys().filter(|name| *name != "__metadata__").cloned().collect();
    let offset = |header: &serde_json::Value, name: &str, i: usize| header[name]["data_offsets"][i].as_u64().unwrap() as usize;
    names.sort_by_key(|name| (offset(&header, name, 0), offset(&header, name, 1)));
    if names.is_empty() {
        return (header.to_string(), data.to_vec());
    }
    let chosen = [random.below(names.len()), random.below(names.len())];
    let mut out = vec![];
    for (i, name) in names.iter().enumerate() {
        let (from, to) = (offset(&header, name, 0), offset(&header, name, 1));
        let mut bytes = data[from..to].to_vec();
        if chosen.contains(&i) {
            let mut shape: Vec<u64> = header[name]["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
            let size = bytes.len() as u64 / shape.iter().product::<u64>().max(1);
            match random.below(4) {
                0 => shape.push(1 + random.below(2) as u64),
                1 => drop(shape.pop()),
                _ if shape.is_empty() => {}
                _ => {
                    let axis = random.below(shape.len());
                    shape[axis] = random.below(6) as u64;
                }
            }
            bytes.resize((shape.iter().product::<u64>() * size) as usize, 0);
            header[name]["shape"] = shape.into();
        }
        header[name]["data_offsets"] = vec![out.len(), out.len() + bytes.len()].into();
        out.extend(bytes);
    }
    (header.to_string(), out)
}
