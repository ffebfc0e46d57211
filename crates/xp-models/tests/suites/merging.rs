//! What is learnt batch by batch, merged, saved in between: against what is learnt from all samples at once.

use xp_core::{Array, Float, Ix1, Ix2, Linalg};
use xp_models::Result;
use xp_models::cluster::{Init, KMeans, KMeansStatistics};
use xp_models::decomposition::IncrementalPCA;
use xp_models::discriminant_analysis::{ClassStatistics, LinearDiscriminantAnalysis as Lda};
use xp_models::linear_model::{GramStatistics, LinearRegression, Ridge};
use xp_models::model::Model;
use xp_models::naive_bayes::GaussianNB;
use xp_models::preprocessing::{MaxAbsScaler, MinMaxScaler, StandardScaler};
use xp_models::traits::{Merge, PartialFit, Samples};

use super::golden::*;

/// The rows of the parts that samples come in, which are of different sizes.
const PARTS: [(i64, i64); 4] = [(0, 60), (60, 61), (61, 90), (90, 150)];

fn part<S: Samples>(of: &S, (from, to): (i64, i64)) -> S {
    of.rows(&(from..to).collect::<Vec<_>>()).unwrap()
}

/// What parts make of a model: two after the other, saved and loaded, and merged with one of the other two.
fn merged<T: Float, B: Linalg<T>, Y: Samples, M: Model<B> + Merge + PartialFit<Array<B, T, Ix2>, Y>>(
    start: impl Fn() -> M,
    x: &Array<B, T, Ix2>,
    y: &Y,
) -> M {
    let learnt = |parts: [(i64, i64); 2]| {
        let mut model = start();
        for rows in parts {
            model.partial_fit(&part(x, rows), &part(y, rows)).unwrap();
            let mut bytes = vec![];
            model.write_to(&mut bytes).unwrap();
            model = M::read_from(&mut &bytes[..], x.device()).unwrap();
        }
        model
    };
    let (mut left, mut right) = (learnt([PARTS[2], PARTS[0]]), learnt([PARTS[3], PARTS[1]]));
    left.merge(&start()).unwrap();
    right.merge(&left).unwrap();
    right
}

pub fn parts_are_the_whole<T: Float, B: Linalg<T>>(device: &B) {
    let (table, target) = dataset("iris.csv");
    // In an order in which the parts have all classes.
    let rows: Vec<usize> = (0..150).map(|i| i * 67 % 150).collect();
    let (table, target) = (table.rows(&rows), target.rows(&rows));
    let x: Array<B, T, Ix2> = table.array(device);
    let y = target.array::<B, i16, Ix1>(device);
    let near = |actual: Vec<f64>, expected: Vec<f64>, what: &str| assert_close::<T>(&actual, &expected, what);

    let scaler = merged(|| StandardScaler::params().start(device, 4).unwrap(), &x, &());
    let whole = StandardScaler::params().fit(&x).unwrap();
    near(values(&scaler.transform(&x).unwrap()), values(&whole.transform(&x).unwrap()), "standard scaler");
    assert_eq!(values(scaler.n_samples_seen()), [150.0; 4]);

    let centers: Array<B, T, Ix2> = table.rows(&[0, 1, 2]).array(device);
    let sums = merged(|| KMeansStatistics::start(&centers).unwrap(), &x, &());
    let whole = KMeans::params().n_clusters(3).init(Init::Centers(centers.clone())).max_iter(1).fit(&x).unwrap();
    near(values(&sums.centers().unwrap()), values(whole.cluster_centers()), "a step of k-means");
    assert!(sums.inertia() >= whole.inertia());

    // Extremes of nothing do not exist: these start from samples.
    for clip in [false, true] {
        let fit = |rows| MinMaxScaler::params().clip(clip).feature_range(-1.0, 3.0).fit(&part(&x, rows)).unwrap();
        let mut model = fit(PARTS[3]);
        model.partial_fit(&part(&x, PARTS[1])).unwrap();
        Merge::merge(&mut model, &fit((0, 90))).unwrap();
        let whole = fit((0, 150));
        assert_eq!(values(&model.transform(&x).unwrap()), values(&whole.transform(&x).unwrap()));
        assert_eq!(model.n_samples_seen(), 151);
        let fit = |rows| MaxAbsScaler::params().clip(clip).fit(&part(&x, rows)).unwrap();
        let mut model = fit(PARTS[3]);
        Merge::merge(&mut model, &fit((0, 90))).unwrap();
        assert_eq!((values(model.max_abs()), model.n_samples_seen()), (values(fit((0, 150)).max_abs()), 150));
    }

    // What is missing, in some samples or in all of a part, is left out.
    let missing: Vec<T> = (0..600).map(|i| if i % 7 == 3 || (i % 4 == 1 && i < 240) { f64::NAN } else { table.data[i] }).map(T::from_f64).collect();
    let holes = array(device, &missing, [150, 4]);
    let scaler = merged(|| StandardScaler::params().start(device, 4).unwrap(), &holes, &());
    let whole = StandardScaler::params().fit(&holes).unwrap();
    near(values(&scaler.transform(&x).unwrap()), values(&whole.transform(&x).unwrap()), "standard scaler with holes");
    let counts: Vec<f64> = (0..4).map(|j| (0..150).filter(|i| !missing[4 * i + j].to_f64().is_nan()).count() as f64).collect();
    assert_eq!(values(scaler.n_samples_seen()), counts);
    let fit = |rows| MinMaxScaler::params().fit(&part(&holes, rows)).unwrap();
    let mut model = fit(PARTS[3]);
    Merge::merge(&mut model, &fit((0, 90))).unwrap();
    model.partial_fit(&part(&holes, PARTS[1])).unwrap();
    near(values(&model.transform(&x).unwrap()), values(&fit((0, 150)).transform(&x).unwrap()), "range with holes");

    // Variances are raised as the last samples say, unless they are not.
    let model = merged(|| GaussianNB::params().var_smoothing(0.0).start(&y, 4).unwrap(), &x, &y);
    let whole = GaussianNB::params().var_smoothing(0.0).fit(&x, &y).unwrap();
    near(values(model.theta()), values(whole.theta()), "means of classes");
    near(values(&model.predict_proba(&x).unwrap()), values(&whole.predict_proba(&x).unwrap()), "probabilities");
    assert_eq!(values(&model.class_count().astype::<T>()), [50.0; 3]);

    let pca = merged(|| IncrementalPCA::params().n_components(4).start(device, 4).unwrap(), &x, &());
    let mut whole = IncrementalPCA::params().n_components(4).start(device, 4).unwrap();
    whole.partial_fit(&x).unwrap();
    near(values(&pca.transform(&x).unwrap()), values(&whole.transform(&x).unwrap()), "components");
}

pub fn statistics_are_the_samples<T: Float, B: Linalg<T>>(device: &B) {
    let (table, target) = dataset("iris.csv");
    let rows: Vec<usize> = (0..150).map(|i| i * 67 % 150).collect();
    let (x, y) = (table.rows(&rows).array::<B, T, Ix2>(device), target.rows(&rows).array::<B, i16, Ix1>(device));
    let features = x.slice_axis(1, ..2).unwrap().contiguous().unwrap();
    let both = x.slice_axis(1, 2..).unwrap().contiguous().unwrap();
    let one: Array<B, T, Ix1> = both.index_axis(1, 0).unwrap().contiguous().unwrap();
    let near = |actual: Vec<f64>, expected: Vec<f64>, what: &str| assert_near::<T>(&actual, &expected, 3000.0, what);

    let sums = merged(|| GramStatistics::<B, T, Ix1>::start(device, 2, 1).unwrap(), &features, &one);
    for intercept in [true, false] {
        let ridge = Ridge::params().alpha(0.5).fit_intercept(intercept);
        let (parts, whole) = (ridge.fit_statistics(&sums).unwrap(), ridge.fit(&features, &one).unwrap());
        near(values(parts.coef()), values(whole.coef()), "ridge");
        near(values(parts.intercept()), values(whole.intercept()), "intercept");
        let linear = LinearRegression::params().fit_intercept(intercept);
        let (parts, whole) = (linear.fit_statistics(&sums).unwrap(), linear.fit(&features, &one).unwrap());
        near(values(&parts.predict(&features).unwrap()), values(&whole.predict(&features).unwrap()), "least squares");
        near(values(parts.singular()), values(whole.singular()), "singular values");
        assert_eq!(parts.rank(), 2);
    }
    let sums = merged(|| GramStatistics::<B, T, Ix2>::start(device, 2, 2).unwrap(), &features, &both);
    let ridge = Ridge::params().alphas(&[0.5, 20.0]);
    let (parts, whole) = (ridge.fit_statistics(&sums).unwrap(), ridge.fit(&features, &both).unwrap());
    near(values(parts.coef()), values(whole.coef()), "two targets");
    near(values(parts.intercept()), values(whole.intercept()), "two intercepts");

    // Weights repeat samples; a column twice has the least norm.
    let weights = y.astype::<T>();
    let mut sums = GramStatistics::<B, T, Ix1>::start(device, 2, 1).unwrap();
    for rows in PARTS {
        sums.partial_fit_weighted(&part(&features, rows), &part(&one, rows), &(part(&weights, rows) + T::from_f64(0.5))).unwrap();
    }
    let whole = Ridge::params().fit_weighted(&features, &one, &(&weights + T::from_f64(0.5))).unwrap();
    near(values(Ridge::params().fit_statistics(&sums).unwrap().coef()), values(whole.coef()), "weights");
    let twice = xp_core::functions::concat(&[&features, &features], 1).unwrap();
    let mut sums = GramStatistics::<B, T, Ix1>::start(device, 4, 1).unwrap();
    sums.partial_fit(&twice, &one).unwrap();
    let found = LinearRegression::params().fit_statistics(&sums).unwrap();
    let coef = values(found.coef());
    assert_eq!(found.rank(), 2);
    near(coef[..2].to_vec(), coef[2..].to_vec(), "shared coefficients");
    let none = Ridge::params().alpha(0.0).fit_statistics(&sums).unwrap();
    near(values(none.coef()), coef, "ridge without penalty");

    let sums = merged(|| ClassStatistics::start(&y, 4).unwrap(), &x, &y);
    for params in [Lda::params().store_covariance(true), Lda::params().n_components(1)] {
        let (parts, whole) = (params.fit_statistics(&sums).unwrap(), params.fit(&x, &y).unwrap());
        near(values(&parts.decision_function(&x).unwrap()), values(&whole.decision_function(&x).unwrap()), "decision function");
        near(values(parts.explained_variance_ratio()), values(whole.explained_variance_ratio()), "ratios");
        assert_eq!(parts.transform(&x).unwrap().dims(), whole.transform(&x).unwrap().dims());
        if let (Some(a), Some(b)) = (parts.covariance(), whole.covariance()) {
            near(values(a), values(b), "covariance");
        }
    }
    let priors = Lda::params().priors(&[0.5, 0.2, 0.3]);
    near(
        values(&priors.fit_statistics(&sums).unwrap().predict_proba(&x).unwrap()),
        values(&priors.fit(&x, &y).unwrap().predict_proba(&x).unwrap()),
        "priors",
    );
    // A class that was not seen, and a constant column.
    let flat = xp_core::functions::concat(&[&x, &x.slice_axis(1, ..1).unwrap().ones_like().unwrap()], 1).unwrap();
    let mut sums = ClassStatistics::start(&array(device, &[0_i16, 1, 2, 9], [4]), 5).unwrap();
    PARTS.iter().for_each(|&rows| sums.partial_fit(&part(&flat, rows), &part(&y, rows)).unwrap());
    let (parts, whole) = (Lda::params().fit_statistics(&sums).unwrap(), Lda::params().fit(&flat, &y).unwrap());
    near(values(&parts.decision_function(&flat).unwrap()), values(&whole.decision_function(&flat).unwrap()), "a class without samples");
    assert_eq!(parts.classes().to_vec(), [0, 1, 2]);
}

pub fn merging_refuses<B: Linalg<f64>>(device: &B) {
    let says = |result: Result<()>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "`{message}` does not say `{part}`");
    };
    let (x, wide) = (array(device, &[1.0, 2.0, 3.0, 5.0], [2, 2]), array(device, &[1.0, 2.0, 3.0], [1, 3]));
    let y = labels(device, &[0, 1]);
    let mut scaler = StandardScaler::params().fit(&x).unwrap();
    says(scaler.merge(&StandardScaler::params().fit(&wide).unwrap()), "other: shape [3]");
    says(scaler.merge(&StandardScaler::params().with_mean(false).fit(&x).unwrap()), "the same with_mean");
    let mut scaler = MinMaxScaler::params().fit(&x).unwrap();
    says(scaler.merge(&MinMaxScaler::params().fit(&wide).unwrap()), "other: shape [3]");
    says(scaler.merge(&MinMaxScaler::params().feature_range(0.0, 2.0).fit(&x).unwrap()), "0 to 2, clip false given, 0 to 1");
    says(MaxAbsScaler::params().fit(&x).unwrap().merge(&MaxAbsScaler::params().clip(true).fit(&x).unwrap()), "clip true");
    let mut bayes = GaussianNB::params().fit(&x, &y).unwrap();
    says(bayes.merge(&GaussianNB::params().start(&labels(device, &[0, 2]), 2).unwrap()), "the same classes");
    says(bayes.merge(&GaussianNB::params().start(&y, 3).unwrap()), "other: shape [2, 3]");
    let mut sums = KMeansStatistics::start(&x).unwrap();
    says(sums.merge(&KMeansStatistics::start(&wide).unwrap()), "other centres, of shape [1, 3]");
    says(sums.merge(&KMeansStatistics::start(&(&x + 1.0)).unwrap()), "the same, of shape [2, 2]");
    says(sums.partial_fit(&wide), "fitted on 2");
    assert_eq!(sums.centers().unwrap().to_vec(), x.to_vec());
    let mut sums = GramStatistics::<B, f64, Ix1>::start(device, 2, 1).unwrap();
    says(sums.partial_fit(&wide, &array(device, &[1.0], [1])), "fitted on 2");
    says(sums.partial_fit(&x, &array(device, &[1.0], [1])), "y of shape [1]");
    says(sums.partial_fit(&x, &array(device, &[1.0, f64::NAN], [2])), "y holds NaN in row 1");
    assert_eq!(sums.count(), 0.0);
    says(Ridge::params().fit_statistics(&sums).map(drop), "no samples");
    says(sums.merge(&GramStatistics::start(device, 3, 1).unwrap()), "other: shape [3, 1]");
    says(GramStatistics::<B, f64, Ix1>::start(device, 2, 2).map(drop), "n_targets: 2 of 2 features");
    let mut sums = ClassStatistics::<B, f64>::start(&y, 2).unwrap();
    says(sums.partial_fit(&x, &labels(device, &[0, 4])), "label 4 in row 1");
    says(Lda::params().fit_statistics(&sums).map(drop), "0 samples of 0 classes");
    says(sums.merge(&ClassStatistics::start(&labels(device, &[1, 2]), 2).unwrap()), "the classes [1, 2] given, the classes [0, 1]");
    sums.partial_fit(&x, &labels(device, &[0, 0])).unwrap();
    says(Lda::params().fit_statistics(&sums).map(drop), "class 0");
}
