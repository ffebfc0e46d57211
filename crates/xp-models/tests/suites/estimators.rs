//! The same checks of every estimator, after scikit-learn's: on a backend, and what came of them as a table in `docs/estimators.md`.
//!
//! `XP_WRITE_DOCS=1 cargo test --workspace --test models every_estimator` writes it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use xp_conformance::pages;
use xp_core::functions::{concat, full};
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg};
use xp_cpu::Cpu;
use xp_models::Result;
use xp_models::calibration::CalibratedClassifierCVParams;
use xp_models::cluster::{Init, KMeans, MiniBatchKMeans};
use xp_models::compose::SelectColumns;
use xp_models::covariance::{EmpiricalCovariance, LedoitWolf, OAS, ShrunkCovariance};
use xp_models::decomposition::{IncrementalPCA, KernelPCA, PCA, TruncatedSVD};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp_models::feature_extraction::TfidfTransformer;
use xp_models::gaussian_process::{GaussianProcessRegressor, Kernel};
use xp_models::impute::SimpleImputer;
use xp_models::isotonic::IsotonicRegression;
use xp_models::kernel_approximation::Nystroem;
use xp_models::kernel_ridge::KernelRidge;
use xp_models::linear_model::*;
use xp_models::mixture::{CovarianceType, GaussianMixture};
use xp_models::naive_bayes::GaussianNB;
use xp_models::neighbors::{KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors};
use xp_models::preprocessing::*;
use xp_models::traits::{Fit, FitWeighted};

use super::golden::*;

/// What an estimator is fitted to and then applied to. Classes are numbers.
#[derive(Clone)]
struct Sample<B: Backend, T: Float> {
    x: Array<B, T, Ix2>,
    y: Array<B, T, Ix1>,
    weights: Option<Array<B, T, Ix1>>,
    query: Array<B, T, Ix2>,
}

type Run<B, T> = dyn Fn(&Sample<B, T>) -> Result<Vec<f64>>;

/// An estimator, and what is different with it.
struct Subject<B: Backend, T: Float> {
    name: &'static str,
    run: Box<Run<B, T>>,
    classifies: bool,
    /// Why weights are not as repeated samples; "none" when there are no weights.
    weights: Option<&'static str>,
    /// Why the order of the samples matters.
    order: Option<&'static str>,
    /// Why NaN is no error.
    nan: Option<&'static str>,
    /// Why infinity is no error.
    infinity: Option<&'static str>,
    /// What one sample gives, if it is no number, as in scikit-learn.
    alone: Option<&'static str>,
    /// How many times 1000 eps results may differ: more for those that a search ends with.
    slack: f64,
}

impl<B: Backend, T: Float> Subject<B, T> {
    fn new(name: &'static str, run: impl Fn(&Sample<B, T>) -> Result<Vec<f64>> + 'static) -> Self {
        Subject {
            name,
            run: Box::new(run),
            classifies: false,
            weights: Some("none"),
            order: None,
            nan: None,
            infinity: None,
            alone: None,
            slack: 1.0,
        }
    }

    fn weighted(mut self) -> Self {
        self.weights = None;
        self
    }

    fn in_folds(mut self) -> Self {
        (self.weights, self.order) = (Some("folds"), Some("folds"));
        self
    }

    fn missing(mut self) -> Self {
        self.nan = Some("missing");
        self
    }

    fn integers(mut self) -> Self {
        (self.nan, self.infinity) = (Some("integers"), Some("integers"));
        self
    }

    fn slack(mut self, times: f64) -> Self {
        self.slack = times;
        self
    }
}

fn numbers<B: Backend, T: Float, D: Dim>(x: Array<B, T, D>) -> Result<Vec<f64>> {
    Ok(values(&x))
}

/// Two places of clusters that no order of the samples changes.
fn centers<B: Backend, T: Float>(s: &Sample<B, T>) -> Array<B, T, Ix2> {
    let all = |value: f64| full(s.x.device(), [1, s.x.dims()[1]], T::from_f64(value)).unwrap();
    concat(&[&all(1.0), &all(6.0)], 0).unwrap()
}

/// Every estimator of samples.
fn subjects<B: Linalg<T>, T: Float>() -> Vec<Subject<B, T>> {
    // Predictions of models of targets, with weights and without them.
    macro_rules! regressor {
        ($Model:ident, $params:expr) => {
            Subject::new(stringify!($Model), |s| match &s.weights {
                None => numbers($params.fit(&s.x, &s.y)?.predict(&s.query)?),
                Some(weights) => numbers($params.fit_weighted(&s.x, &s.y, weights)?.predict(&s.query)?),
            })
            .weighted()
        };
    }
    // What classifiers decide by.
    macro_rules! classifier {
        ($Model:ident, $method:ident, $params:expr) => {{
            let subject = Subject::new(stringify!($Model), |s| {
                let (params, y) = ($params, s.y.astype::<i64>());
                let model = match &s.weights {
                    None => params.fit(&s.x, &y)?,
                    Some(weights) => params.fit_weighted(&s.x, &y, weights)?,
                };
                numbers(model.$method(&s.query)?)
            });
            Subject { classifies: true, ..subject.weighted() }
        }};
    }
    macro_rules! transformer {
        ($Model:ident, $params:expr) => {
            Subject::new(stringify!($Model), |s| numbers($params.fit(&s.x)?.transform(&s.query)?))
        };
    }
    macro_rules! covariance {
        ($Model:ident) => {
            Subject::new(stringify!($Model), |s| numbers($Model::params().fit(&s.x)?.mahalanobis(&s.query)?)).slack(30.0)
        };
    }
    let lda = Subject::new("LinearDiscriminantAnalysis", |s: &Sample<B, T>| {
        numbers(LinearDiscriminantAnalysis::params().fit(&s.x, &s.y.astype::<i64>())?.decision_function(&s.query)?)
    });
    let gaussian = Subject::new("GaussianProcessRegressor", |s: &Sample<B, T>| {
        let params = GaussianProcessRegressor::params().kernel(1.0 * Kernel::rbf(1.0) + Kernel::white(0.1)).optimize(false);
        numbers(params.fit(&s.x, &s.y)?.predict(&s.query)?)
    });
    // These have one feature, and do not extrapolate.
    let isotonic = Subject::new("IsotonicRegression", |s: &Sample<B, T>| {
        let params = IsotonicRegression::params();
        let [x, query]: [Array<B, T, Ix1>; 2] = [s.x.index_axis(1, 0)?.contiguous()?, s.query.index_axis(1, 0)?.contiguous()?];
        let model = match &s.weights {
            None => params.fit(&x, &s.y)?,
            Some(weights) => params.fit_weighted(&x, &s.y, weights)?,
        };
        numbers(model.predict(&query)?)
    });
    let one_hot = Subject::new("OneHotEncoder", |s: &Sample<B, T>| {
        let encoder = OneHotEncoder::<B, T>::params().handle_unknown(HandleUnknown::Ignore).fit(&s.x.astype::<i64>())?;
        numbers(encoder.transform(&s.query.astype::<i64>())?)
    });
    let ordinal = Subject::new("OrdinalEncoder", |s: &Sample<B, T>| {
        let encoder = OrdinalEncoder::<B, T>::params().unknown_value(-1.0).fit(&s.x.astype::<i64>())?;
        numbers(encoder.transform(&s.query.astype::<i64>())?)
    });
    let k_means = Subject::new("KMeans", |s: &Sample<B, T>| {
        let params = KMeans::params().n_clusters(2).init(Init::Centers(centers(s)));
        let model = match &s.weights {
            None => params.fit(&s.x)?,
            Some(weights) => params.fit_weighted(&s.x, weights)?,
        };
        numbers(model.transform(&s.query)?)
    });
    let mini_batch = Subject::new("MiniBatchKMeans", |s: &Sample<B, T>| {
        let params = MiniBatchKMeans::params().n_clusters(2).init(Init::Centers(centers(s))).max_iter(2);
        numbers(params.fit(&s.x)?.transform(&s.query)?)
    });
    let mixture = Subject::new("GaussianMixture", |s: &Sample<B, T>| {
        let params = GaussianMixture::params().n_components(2).covariance_type(CovarianceType::Diag).means_init(&centers(s));
        numbers(params.fit(&s.x)?.score_samples(&s.query)?)
    });
    let neighbors = Subject::new("NearestNeighbors", |s: &Sample<B, T>| numbers(NearestNeighbors::params().fit(&s.x)?.kneighbors(&s.query, 2)?.0));
    // Equally near samples of different targets make the order matter.
    let by_neighbors = Subject::new("KNeighborsRegressor", |s: &Sample<B, T>| {
        numbers(KNeighborsRegressor::params().n_neighbors(2).fit(&s.x, &s.y)?.predict(&s.query)?)
    });
    let of_neighbors = Subject::new("KNeighborsClassifier", |s: &Sample<B, T>| {
        numbers(KNeighborsClassifier::params().n_neighbors(2).fit(&s.x, &s.y.astype::<i64>())?.predict_proba(&s.query)?)
    });
    let scaler = Subject::new("StandardScaler", |s: &Sample<B, T>| match &s.weights {
        None => numbers(StandardScaler::params().fit(&s.x)?.transform(&s.query)?),
        Some(weights) => numbers(StandardScaler::params().fit_weighted(&s.x, weights)?.transform(&s.query)?),
    });
    let nystroem = transformer!(Nystroem, Nystroem::params().n_components(3));
    let bayes = classifier!(GaussianNB, predict_proba, GaussianNB::params());
    vec![
        regressor!(LinearRegression, LinearRegression::params()).slack(10.0),
        regressor!(Ridge, Ridge::params()),
        Subject { weights: Some("one is left out"), ..regressor!(RidgeCV, RidgeCV::params()) }.slack(10.0),
        regressor!(Lasso, Lasso::params().alpha(0.05).tol(1e-12).max_iter(10_000)).slack(10.0),
        regressor!(ElasticNet, ElasticNet::params().alpha(0.05).tol(1e-12).max_iter(10_000)).slack(10.0),
        regressor!(PoissonRegressor, PoissonRegressor::params().tol(1e-10)).slack(100.0),
        regressor!(GammaRegressor, GammaRegressor::params().tol(1e-10)).slack(100.0),
        regressor!(TweedieRegressor, TweedieRegressor::params().power(1.5).tol(1e-10)).slack(100.0),
        regressor!(KernelRidge, KernelRidge::params()).slack(10.0),
        gaussian.slack(10.0),
        Subject { order: Some("ties"), ..by_neighbors },
        isotonic.weighted(),
        classifier!(RidgeClassifier, decision_function, RidgeClassifier::params()),
        Subject { weights: Some("one is left out"), ..classifier!(RidgeClassifierCV, decision_function, RidgeClassifierCV::params()) }.slack(10.0),
        classifier!(LogisticRegression, decision_function, LogisticRegression::params().solver(LinearSolver::NewtonCholesky).tol(1e-10)).slack(1e3),
        classifier!(
            LogisticRegressionCV,
            decision_function,
            LogisticRegressionCV::params().cs(&[0.1, 1.0]).estimator(LogisticRegression::params().solver(LinearSolver::NewtonCholesky).tol(1e-10))
        )
        .in_folds()
        .slack(1e3),
        Subject { classifies: true, ..lda }.slack(30.0),
        // What is added to variances is a part of one without weights, and one sample has none.
        Subject { weights: Some("smoothing"), alone: Some("NaN"), ..bayes }.slack(100.0),
        classifier!(CalibratedClassifierCV, predict_proba, CalibratedClassifierCVParams::of_probabilities(GaussianNB::params()))
            .in_folds()
            .slack(1e3),
        Subject { classifies: true, order: Some("ties"), ..of_neighbors },
        neighbors.slack(10.0),
        k_means.weighted().slack(10.0),
        Subject { order: Some("random"), ..mini_batch }.slack(10.0),
        mixture.slack(1e3),
        transformer!(PCA, PCA::params().n_components(1)).slack(10.0),
        transformer!(TruncatedSVD, TruncatedSVD::params().n_components(1)).slack(10.0),
        transformer!(IncrementalPCA, IncrementalPCA::params().n_components(1).batch_size(100)).slack(10.0),
        transformer!(KernelPCA, KernelPCA::params().n_components(1)).slack(30.0),
        Subject { order: Some("random"), ..nystroem }.slack(1e3),
        covariance!(EmpiricalCovariance),
        covariance!(LedoitWolf),
        covariance!(OAS),
        covariance!(ShrunkCovariance),
        scaler.weighted().missing(),
        transformer!(MinMaxScaler, MinMaxScaler::params()).missing(),
        transformer!(MaxAbsScaler, MaxAbsScaler::params()).missing(),
        transformer!(RobustScaler, RobustScaler::params()).missing(),
        transformer!(QuantileTransformer, QuantileTransformer::params().n_quantiles(5)).missing(),
        transformer!(PowerTransformer, PowerTransformer::params()).missing().slack(1e6),
        transformer!(Normalizer, Normalizer::params()),
        transformer!(Binarizer, Binarizer::params().threshold(3.0)),
        transformer!(PolynomialFeatures, PolynomialFeatures::params()),
        transformer!(SimpleImputer, SimpleImputer::params()).missing(),
        transformer!(TfidfTransformer, TfidfTransformer::params()),
        Subject { nan: Some("passed on"), infinity: Some("passed on"), ..transformer!(SelectColumns, SelectColumns::params().only(&[-1, 0])) },
        one_hot.integers(),
        ordinal.integers(),
    ]
}

/// Models that are not in the list: they do not learn from samples.
const OTHERS: [(&str, &str); 6] = [
    ("LabelEncoder", "takes labels"),
    ("LabelBinarizer", "takes labels"),
    ("KernelCenterer", "takes the kernel of samples"),
    ("GramStatistics", "sums, from which others are fitted"),
    ("ClassStatistics", "sums, from which others are fitted"),
    ("KMeansStatistics", "sums, from which others are fitted"),
];

/// Every model of the crate is in one of the two lists: no one is forgotten.
pub fn no_estimator_is_forgotten() {
    fn declared(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                declared(&entry, found);
            } else {
                let text = std::fs::read_to_string(&entry).unwrap();
                let lines: Vec<&str> = text.lines().map(str::trim).collect();
                let declarations = lines.windows(2).filter(|pair| pair[0].starts_with("#[version("));
                found.extend(declarations.map(|pair| pair[1].trim_start_matches("pub struct ").split('<').next().unwrap().to_owned()));
            }
        }
    }
    let mut found = BTreeSet::new();
    declared(&root().join("crates/xp-models/src"), &mut found);
    // These are declared without the macro.
    found.insert("CalibratedClassifierCV".into());
    found.remove("$Model:ident");
    let names = subjects::<Cpu, f64>().into_iter().map(|subject| subject.name).chain(OTHERS.iter().map(|(name, _)| *name));
    assert_eq!(names.map(str::to_owned).collect::<BTreeSet<_>>(), found);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Some irises: three features, the class, and a target.
fn sample<B: Backend, T: Float>(device: &B, classifies: bool) -> Sample<B, T> {
    let rows: Vec<usize> = (0..30).map(|i| (i * 47) % 150).collect();
    let (table, classes) = (dataset("iris.csv").0, dataset("iris.csv").1);
    let columns = |rows: &[usize]| {
        let data = rows.iter().flat_map(|&i| table.data[4 * i..4 * i + 3].to_vec()).collect();
        Table { shape: vec![rows.len(), 3], data }
    };
    let target = Table { shape: vec![30], data: rows.iter().map(|&i| table.data[4 * i + 3]).collect() };
    let y = if classifies { classes.rows(&rows) } else { target };
    // The query is within the range of the samples.
    Sample { x: columns(&rows).array(device), y: y.array(device), weights: None, query: columns(&rows[3..9]).array(device) }
}

impl<B: Backend, T: Float> Sample<B, T> {
    fn rows(&self, rows: &[i64]) -> Self {
        let rows = Array::from_vec(self.x.device(), rows.to_vec(), [rows.len()]).unwrap();
        Sample { x: self.x.take(&rows, 0).unwrap(), y: self.y.take(&rows, 0).unwrap(), ..self.clone() }
    }

    /// With a number in one place of the samples.
    fn with(&self, row: usize, value: f64) -> Self {
        let mut x = self.x.copy().unwrap();
        x.set(xp_core::s![row..row + 1, ..1], T::from_f64(value)).unwrap();
        Sample { x, ..self.clone() }
    }
}

/// Hands every estimator's name, its samples, and what fits it to them and applies it to a few others, to `each`.
#[allow(dead_code)] // For backends that count what a fit takes.
pub fn each_fit<T: Float, B: Linalg<T>>(device: &B, mut each: impl FnMut(&'static str, &Array<B, T, Ix2>, &dyn Fn())) {
    for subject in subjects::<B, T>() {
        let (name, sample) = (subject.name, sample::<B, T>(device, subject.classifies));
        each(name, &sample.x, &|| drop((subject.run)(&sample).unwrap_or_else(|e| panic!("{name}: {e}"))));
    }
}

const CHECKS: [&str; 9] = ["as on `Cpu`", "weights", "order", "one feature", "constant", "one sample", "none", "NaN", "infinity"];

/// Checks every estimator on a backend, and compares what comes of it with the table.
pub fn every_estimator<T: Float, B: Linalg<T>>(device: &B, title: &str) {
    let (mut lines, mut failed) = (vec![], vec![]);
    for (subject, reference) in subjects::<B, T>().iter().zip(subjects::<Cpu, f64>()) {
        // All that fail at once.
        match catch_unwind(AssertUnwindSafe(|| check(device, subject, &reference))) {
            Ok(cells) => lines.push(format!("| {} | {} |", subject.name, cells.join(" | "))),
            Err(_) => failed.push(subject.name),
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    let mut table = format!("| | {} |\n|---{}|\n", CHECKS.join(" | "), "|---".repeat(CHECKS.len()));
    lines.iter().for_each(|line| writeln!(table, "{line}").unwrap());
    pages::section("docs/estimators.md", title, &table, "cargo test --workspace --test models every_estimator");
}

/// What the checks of one estimator say, a cell for each. A check that fails panics.
fn check<T: Float, B: Linalg<T>>(device: &B, subject: &Subject<B, T>, reference: &Subject<Cpu, f64>) -> Vec<String> {
    let (name, plain) = (subject.name, sample::<B, T>(device, subject.classifies));
    let run = |sample: &Sample<B, T>| (subject.run)(sample);
    let near = |actual: &[f64], expected: &[f64], what: &str| {
        // Searches end where a function is known to the root of the rounding.
        let units = (1000.0 * subject.slack).min(30.0 / T::EPSILON.to_f64().sqrt());
        assert_near::<T>(actual, expected, units, &format!("{name} on {}: {what}", B::NAME));
    };
    let found = run(&plain).unwrap_or_else(|e| panic!("{name} on {}: {e}", B::NAME));
    let yes = || "✓".to_owned();
    let mut cells = vec![];

    near(&found, &(reference.run)(&sample(&Cpu, subject.classifies)).unwrap(), "not as on Cpu");
    cells.push(yes());

    cells.push(match subject.weights {
        Some(why) => why.to_owned(),
        None => {
            let counts: Vec<i64> = (0..30).map(|i| i % 3 + i64::from(i % 7 == 0)).collect();
            let repeated: Vec<i64> = (0..30).flat_map(|i| vec![i; counts[i as usize] as usize]).collect();
            let weights = array(device, &counts.iter().map(|&count| T::from_f64(count as f64)).collect::<Vec<_>>(), [30]);
            let weighted = run(&Sample { weights: Some(weights), ..plain.clone() }).unwrap();
            near(&weighted, &run(&plain.rows(&repeated)).unwrap(), "weights are not repeated samples");
            yes()
        }
    });

    cells.push(match subject.order {
        Some(why) => why.to_owned(),
        None => {
            let other: Vec<i64> = (0..30).map(|i| i * 7 % 30).collect();
            near(&run(&plain.rows(&other)).unwrap(), &found, "the order of the samples matters");
            yes()
        }
    });

    // These fit or are refused, and what fits gives numbers.
    let numbers_or_refused = |sample: &Sample<B, T>, what: &str| match run(sample) {
        Ok(values) => {
            assert!(values.iter().all(|value| value.is_finite()), "{name} on {}: {what} gives {values:?}", B::NAME);
            yes()
        }
        Err(_) => "refused".to_owned(),
    };
    let narrow = |x: &Array<B, T, Ix2>| x.slice_axis(1, ..1).unwrap().contiguous().unwrap();
    cells.push(numbers_or_refused(&Sample { x: narrow(&plain.x), query: narrow(&plain.query), ..plain.clone() }, "one feature"));
    let level = |x: &Array<B, T, Ix2>| {
        let mut x = x.copy().unwrap();
        x.set(xp_core::s![.., 1..2], T::from_f64(3.5)).unwrap();
        x
    };
    cells.push(numbers_or_refused(&Sample { x: level(&plain.x), query: level(&plain.query), ..plain.clone() }, "a constant feature"));
    let one = plain.rows(&[3]);
    let one = Sample { query: one.x.clone(), ..one };
    cells.push(match subject.alone {
        Some(what) => {
            assert!(run(&one).unwrap().iter().all(|value| value.is_nan()), "{name} on {}: one sample is not {what}", B::NAME);
            what.to_owned()
        }
        None => numbers_or_refused(&one, "one sample"),
    });

    assert!(run(&plain.rows(&[])).is_err(), "{name} on {}: no samples are fitted", B::NAME);
    cells.push("refused".to_owned());

    for (why, value) in [(subject.nan, f64::NAN), (subject.infinity, f64::INFINITY)] {
        cells.push(match why {
            Some(why) => why.to_owned(),
            None => {
                let fitted = run(&plain.with(4, value)).err().map(|e| e.to_string()).unwrap_or_default();
                let applied = run(&Sample { query: plain.with(4, value).x, ..plain.clone() }).err().map(|e| e.to_string()).unwrap_or_default();
                let said = |message: &str| message.contains("row 4") && message.contains("column 0");
                assert!(said(&fitted), "{name} on {}: `{fitted}` does not say where {value} is", B::NAME);
                assert!(said(&applied), "{name} on {}: `{applied}` does not say where {value} is when it is applied", B::NAME);
                "located".to_owned()
            }
        });
    }
    cells
}
