//! Metrics against scikit-learn, and what it has no numbers for.

use serde_json::Value;
use xp_core::{Array, Backend, Dim, Dyn, Float, Ix1, Ix2, Real};
use xp_models::Result;
use xp_models::metrics::pairwise::*;
use xp_models::metrics::*;

use super::golden::*;

/// A case of the golden file on a device.
struct Case<'a, B: Backend, T: Float> {
    case: &'a Value,
    golden: &'a Golden,
    device: &'a B,
    weights: Option<Array<B, T, Ix1>>,
}

impl<B: Backend, T: Float> Case<'_, B, T> {
    fn function(&self) -> &str {
        self.case["function"].as_str().unwrap()
    }

    fn param(&self, name: &str) -> Option<&Value> {
        self.case["params"].get(name)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.param(name).filter(|v| !v.is_null()).map(number)
    }

    fn yes(&self, name: &str, default: bool) -> bool {
        self.param(name).map_or(default, |v| v.as_bool().unwrap())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.param(name).and_then(Value::as_str)
    }

    fn given(&self, i: usize) -> Table {
        self.golden.table(self.case, self.case["args"][i].as_str().unwrap())
    }

    fn floats<D: Dim>(&self, i: usize) -> Array<B, T, D> {
        self.given(i).array(self.device)
    }

    fn labels<D: Dim>(&self, i: usize) -> Array<B, i64, D> {
        self.given(i).array(self.device)
    }

    fn averaging(&self) -> Option<Averaging> {
        match self.param("average")?.as_str()? {
            "binary" => Some(Averaging::Binary),
            "micro" => Some(Averaging::Micro),
            "weighted" => Some(Averaging::Weighted),
            "samples" => Some(Averaging::Samples),
            _ => Some(Averaging::Macro),
        }
    }

    fn wanted(&self) -> Option<Vec<i64>> {
        Some(self.param("labels")?.as_array()?.iter().map(|v| v.as_i64().unwrap()).collect())
    }

    fn expect(&self, actual: &[f64]) {
        let expected = match &self.case["expected"] {
            Value::Object(_) => table(&self.case["expected"]).data,
            Value::Array(parts) => parts.iter().flat_map(|part| table(part).data).collect(),
            one => vec![number(one)],
        };
        // What these scores take from 1 is what is computed.
        let taken = |v: &[f64]| {
            if self.function().starts_with("d2_") { v.iter().map(|v| 1.0 - v).collect() } else { v.to_vec() }
        };
        assert_close::<T>(&taken(actual), &taken(&expected), &name(self.case));
    }

    fn expect_array<U: Float, D: Dim>(&self, actual: &Array<B, U, D>) {
        assert_eq!(actual.dims(), table(&self.case["expected"]).shape, "{}", name(self.case));
        self.expect(&values(actual));
    }
}

/// The cases of some functions.
fn each<B: Backend, T: Float>(device: &B, check: impl Fn(&Case<'_, B, T>) -> Result<bool>) {
    let golden = Golden::open("metrics");
    let mut checked = 0;
    for case in golden.cases() {
        let weights = case["sample_weight"].as_bool().unwrap().then(|| golden.table(case, "weights").array(device));
        let case = Case { case, golden: &golden, device, weights };
        checked += usize::from(check(&case).unwrap_or_else(|e| panic!("{}: {e}", name(case.case))));
    }
    assert!(checked >= 50, "{checked} cases");
}

/// Calls a method, or the one with weights.
macro_rules! scored {
    ($case:expr, $metric:expr, $method:ident, $weighted:ident, $($arg:expr),*) => {
        match &$case.weights {
            None => $metric.$method($($arg),*)?,
            Some(w) => $metric.$weighted($($arg,)* w)?,
        }
    };
}

pub fn labels_agree_with_scikit_learn<T: Float, B: Backend>(device: &B) {
    each::<B, T>(device, |case| {
        let input = case.case["input"].as_str().unwrap();
        if !matches!(input, "classes" | "binary" | "multilabel") || case.case["args"][1] != "y_pred" {
            return Ok(false);
        }
        let (t, p) = (case.labels::<Dyn>(0), case.labels::<Dyn>(1));
        let n = t.dims()[0];
        let found = match (case.function(), &case.weights) {
            ("accuracy_score", None) => {
                assert_eq!(count_correct(&t, &p)? as f64 / n as f64, accuracy_score(&t, &p)?);
                accuracy_score(&t, &p)?
            }
            ("accuracy_score", Some(w)) => accuracy_score_weighted(&t, &p, w)?,
            ("zero_one_loss", None) => zero_one_loss(&t, &p)?,
            ("zero_one_loss", Some(w)) => zero_one_loss_weighted(&t, &p, w)?,
            ("hamming_loss", None) => hamming_loss(&t, &p)?,
            ("hamming_loss", Some(w)) => hamming_loss_weighted(&t, &p, w)?,
            ("balanced_accuracy_score", _) => {
                scored!(case, BalancedAccuracy::new().adjusted(case.yes("adjusted", false)), score, score_weighted, &t, &p)
            }
            ("matthews_corrcoef", _) => scored!(case, MatthewsCorrcoef::new(), score, score_weighted, &t, &p),
            ("cohen_kappa_score", _) => {
                let mut kappa = CohenKappa::new().weights(match case.text("weights") {
                    Some("linear") => Disagreement::Linear,
                    Some(_) => Disagreement::Quadratic,
                    None => Disagreement::Equal,
                });
                if let Some(labels) = case.wanted() {
                    kappa = kappa.labels(&labels);
                }
                scored!(case, kappa, score, score_weighted, &t, &p)
            }
            ("multilabel_confusion_matrix", _) => {
                multilabel_confusion(case, &t, &p)?;
                return Ok(true);
            }
            ("confusion_matrix", _) => {
                confusion(case, &t.into_rank()?, &p.into_rank()?)?;
                return Ok(true);
            }
            _ => {
                let mut score = match case.function() {
                    "precision_score" => ClassScore::precision(),
                    "recall_score" => ClassScore::recall(),
                    "f1_score" => ClassScore::f1(),
                    "fbeta_score" => ClassScore::fbeta(case.number("beta").unwrap()),
                    "jaccard_score" => ClassScore::jaccard(),
                    other => panic!("{other}"),
                };
                score = score.zero_division(case.number("zero_division").unwrap());
                if let Some(labels) = case.wanted() {
                    score = score.labels(&labels);
                }
                if let Some(label) = case.number("pos_label") {
                    score = score.pos_label(label as i64);
                }
                let Some(average) = case.averaging() else {
                    case.expect(&scored!(case, score, per_class, per_class_weighted, &t, &p));
                    return Ok(true);
                };
                scored!(case, score.average(average), score, score_weighted, &t, &p)
            }
        };
        case.expect(&[found]);
        Ok(true)
    });
    labels_of_other_kinds::<T, B>(device).unwrap();
}

fn multilabel_confusion<B: Backend, T: Float>(case: &Case<'_, B, T>, t: &Array<B, i64, Dyn>, p: &Array<B, i64, Dyn>) -> Result<()> {
    let mut matrix = MultilabelConfusionMatrix::new();
    if let Some(labels) = case.wanted() {
        matrix = matrix.labels(&labels);
    }
    match &case.weights {
        Some(w) => case.expect_array(&matrix.of_weighted(t, p, w)?),
        None if case.yes("samplewise", false) => {
            case.expect_array(&matrix.samplewise(&t.clone().into_rank()?, &p.clone().into_rank()?)?.astype::<B::MaxFloat>());
        }
        None => case.expect_array(&matrix.of(t, p)?.astype::<B::MaxFloat>()),
    }
    Ok(())
}

fn confusion<B: Backend, T: Float>(case: &Case<'_, B, T>, t: &Array<B, i64, Ix1>, p: &Array<B, i64, Ix1>) -> Result<()> {
    let mut matrix = ConfusionMatrix::new();
    if let Some(labels) = case.wanted() {
        matrix = matrix.labels(&labels);
    }
    let normalize = case.text("normalize").map(|of| match of {
        "true" => Normalize::True,
        "pred" => Normalize::Pred,
        _ => Normalize::All,
    });
    match (&case.weights, normalize) {
        (None, None) => case.expect_array(&matrix.of(t, p)?.astype::<B::MaxFloat>()),
        (Some(w), None) => case.expect_array(&matrix.of_weighted(t, p, w)?),
        (None, Some(of)) => case.expect_array(&matrix.normalized(t, p, of)?),
        (Some(w), Some(of)) => case.expect_array(&matrix.normalized_weighted(t, p, w, of)?),
    }
    Ok(())
}

/// Booleans, columns, counts that cancel.
fn labels_of_other_kinds<T: Float, B: Backend>(device: &B) -> Result<()> {
    let (t, p) = (array(device, &[true, false, true, true], [4]), array(device, &[true, true, false, true], [4]));
    assert_eq!(f1_score(&t, &p)?, 2.0 / 3.0);
    assert_eq!(f1_score(&t.reshape([4, 1])?, &p.reshape([4, 1])?)?, 2.0 / 3.0);
    assert_eq!(confusion_matrix(&t, &p)?.to_host()?, [0, 1, 1, 2]);
    let (t, p) = (array(device, &[i64::MIN, 0, i64::MAX], [3]), array(device, &[i64::MIN, i64::MAX, i64::MAX], [3]));
    assert_eq!(confusion_matrix(&t, &p)?.to_host()?, [1, 0, 0, 0, 0, 1, 0, 0, 1]);
    assert_eq!(ClassScore::recall().labels(&[i64::MAX]).per_class(&t, &p)?, [1.0]);
    // Samples without weight are as if they were not there, and a negative weight takes one away.
    let (t, p) = (labels(device, &[0, 1, 2, 1]), labels(device, &[0, 1, 1, 1]));
    let weights: Array<B, T, Ix1> = Table { shape: vec![4], data: vec![1.0, 1.0, 0.0, 0.0] }.array(device);
    assert_eq!(accuracy_score_weighted(&t, &p, &weights)?, 1.0);
    let weights: Array<B, T, Ix1> = Table { shape: vec![4], data: vec![1.0, 2.0, 1.0, -1.0] }.array(device);
    assert_eq!(accuracy_score_weighted(&t, &p, &weights)?, 2.0 / 3.0);
    Ok(())
}

pub fn scores_agree_with_scikit_learn<T: Float, B: Backend>(device: &B) {
    each::<B, T>(device, |case| {
        let found = match case.case["args"][1].as_str() {
            Some("y_proba") => probability(case)?,
            Some("y_score") => match case.function() {
                "ndcg_score" | "dcg_score" => gain(case)?,
                "average_precision_score" | "roc_auc_score" => area::<_, _, Dyn, Dyn>(case, &case.labels(0), &case.floats(1))?,
                _ => curve(case)?,
            },
            _ => return Ok(false),
        };
        case.expect(&found);
        Ok(true)
    });
}

fn probability<B: Backend, T: Float>(case: &Case<'_, B, T>) -> Result<Vec<f64>> {
    let (t, p) = (case.labels::<Ix1>(0), case.floats::<Dyn>(1));
    Ok(vec![match case.function() {
        "log_loss" => scored!(case, LogLoss::new().normalize(case.yes("normalize", true)), score, score_weighted, &t, &p),
        "d2_log_loss_score" => scored!(case, D2LogLossScore::new(), score, score_weighted, &t, &p),
        "d2_brier_score" => scored!(case, D2BrierScore::new(), score, score_weighted, &t, &p),
        "brier_score_loss" => {
            let mut loss = BrierScoreLoss::new().scale_by_half(case.param("scale_by_half").and_then(Value::as_bool));
            if let Some(label) = case.number("pos_label") {
                loss = loss.pos_label(label as i64);
            }
            scored!(case, loss, score, score_weighted, &t, &p)
        }
        "top_k_accuracy_score" => {
            let score = TopKAccuracy::new().k(case.number("k").unwrap() as usize).normalize(case.yes("normalize", true));
            scored!(case, score, score, score_weighted, &t, &p)
        }
        _ => return area(case, &t, &p),
    }])
}

fn area<B: Backend, T: Float, D: Dim, E: Dim>(case: &Case<'_, B, T>, t: &Array<B, i64, D>, p: &Array<B, T, E>) -> Result<Vec<f64>> {
    let per_class = case.param("average").is_some_and(Value::is_null);
    let average = case.averaging().unwrap_or(Averaging::Macro);
    if case.function() == "roc_auc_score" {
        let mut auc = RocAuc::new().average(average).max_fpr(case.number("max_fpr").unwrap_or(1.0));
        if case.text("multi_class") == Some("ovo") {
            auc = auc.multi_class(MultiClass::OneVsOne);
        }
        return if per_class { auc.per_class(t, p) } else { Ok(vec![scored!(case, auc, score, score_weighted, t, p)]) };
    }
    let mut precision = AveragePrecision::new().average(average);
    if let Some(label) = case.number("pos_label") {
        precision = precision.pos_label(label as i64);
    }
    if per_class { precision.per_class(t, p) } else { Ok(vec![scored!(case, precision, score, score_weighted, t, p)]) }
}

fn curve<B: Backend, T: Float>(case: &Case<'_, B, T>) -> Result<Vec<f64>> {
    let (t, s) = (case.labels::<Ix1>(0), case.floats::<Ix1>(1));
    let options = Curve::new().drop_intermediate(case.yes("drop_intermediate", false));
    let (x, y, thresholds) = match case.function() {
        "roc_curve" => {
            let curve = scored!(case, options, roc, roc_weighted, &t, &s);
            (curve.fpr, curve.tpr, curve.thresholds)
        }
        "precision_recall_curve" => {
            let curve = scored!(case, options, precision_recall, precision_recall_weighted, &t, &s);
            (curve.precision, curve.recall, curve.thresholds)
        }
        _ => {
            let curve = scored!(case, options, det, det_weighted, &t, &s);
            (curve.fpr, curve.fnr, curve.thresholds)
        }
    };
    assert_eq!(x.device(), case.device);
    Ok([values(&x), values(&y), values(&thresholds)].concat())
}

fn gain<B: Backend, T: Float>(case: &Case<'_, B, T>) -> Result<Vec<f64>> {
    let (t, s) = (case.floats(0), case.floats(1));
    let mut options = CumulativeGain::new().ignore_ties(case.yes("ignore_ties", false));
    if let Some(k) = case.number("k") {
        options = options.k(k as usize);
    }
    if case.function() == "ndcg_score" {
        return Ok(vec![scored!(case, options, ndcg, ndcg_weighted, &t, &s)]);
    }
    let options = options.log_base(case.number("log_base").unwrap());
    Ok(vec![scored!(case, options, dcg, dcg_weighted, &t, &s)])
}

/// The methods of a metric of targets on a case.
macro_rules! target_score {
    ($case:expr, $metric:expr, $t:expr, $p:expr) => {{
        let metric = match $case.param("multioutput") {
            Some(Value::String(how)) if how == "raw_values" => {
                return Ok(scored!($case, $metric, raw_values, raw_values_weighted, $t, $p));
            }
            Some(Value::String(how)) if how == "variance_weighted" => $metric.average(Average::Variance),
            Some(Value::Array(weights)) => $metric.average(Average::Weights(weights.iter().map(number).collect())),
            _ => $metric,
        };
        scored!($case, metric, score, score_weighted, $t, $p)
    }};
}

pub fn targets_agree_with_scikit_learn<T: Float, B: Backend>(device: &B) {
    each::<B, T>(device, |case| {
        if case.case["args"][1] != "y_pred" || matches!(case.case["input"].as_str(), Some("classes" | "binary" | "multilabel")) {
            return Ok(false);
        }
        case.expect(&target(case)?);
        Ok(true)
    });
}

fn target<B: Backend, T: Float>(case: &Case<'_, B, T>) -> Result<Vec<f64>> {
    let (t, p) = (&case.floats::<Dyn>(0), &case.floats::<Dyn>(1));
    let (alpha, power, finite) = (case.number("alpha").unwrap_or(0.5), case.number("power").unwrap_or(0.0), case.yes("force_finite", true));
    Ok(vec![match case.function() {
        "mean_absolute_error" => target_score!(case, MeanAbsoluteError::new(), t, p),
        "mean_squared_error" => target_score!(case, MeanSquaredError::new(), t, p),
        "root_mean_squared_error" => target_score!(case, RootMeanSquaredError::new(), t, p),
        "mean_squared_log_error" => target_score!(case, MeanSquaredLogError::new(), t, p),
        "root_mean_squared_log_error" => target_score!(case, RootMeanSquaredLogError::new(), t, p),
        "mean_absolute_percentage_error" => target_score!(case, MeanAbsolutePercentageError::new(), t, p),
        "mean_pinball_loss" => target_score!(case, MeanPinballLoss::new().alpha(alpha), t, p),
        "median_absolute_error" => target_score!(case, MedianAbsoluteError::new(), t, p),
        "max_error" => target_score!(case, MaxError::new(), t, p),
        "r2_score" => target_score!(case, R2Score::new().force_finite(finite), t, p),
        "explained_variance_score" => target_score!(case, ExplainedVarianceScore::new().force_finite(finite), t, p),
        "mean_tweedie_deviance" => target_score!(case, MeanTweedieDeviance::new().power(power), t, p),
        "d2_tweedie_score" => target_score!(case, D2TweedieScore::new().power(power), t, p),
        "d2_pinball_score" => target_score!(case, D2PinballScore::new().alpha(alpha), t, p),
        "d2_absolute_error_score" => target_score!(case, D2AbsoluteErrorScore::new(), t, p),
        "mean_poisson_deviance" => mean_poisson_deviance(t, p)?,
        "mean_gamma_deviance" => mean_gamma_deviance(t, p)?,
        other => panic!("{other}"),
    }])
}

pub fn pairs_agree_with_scikit_learn<T: Float, B: Backend>(device: &B) {
    each::<B, T>(device, |case| {
        let input = case.case["input"].as_str().unwrap();
        if input == "clusters" {
            return clusters(case).map(|()| true);
        }
        if input != "pairs" {
            return Ok(false);
        }
        let x: Array<B, T, Ix2> = case.floats(0);
        let two = case.case["args"].as_array().unwrap().len() == 2;
        let other: Option<Array<B, T, Ix2>> = two.then(|| case.floats(1));
        let y = other.as_ref();
        let (gamma, coef0) = (case.number("gamma"), case.number("coef0").unwrap_or(1.0));
        case.expect_array(&match case.function() {
            "paired_euclidean_distances" => return pair(case, paired_euclidean_distances(&x, y.unwrap())),
            "paired_manhattan_distances" => return pair(case, paired_manhattan_distances(&x, y.unwrap())),
            "paired_cosine_distances" => return pair(case, paired_cosine_distances(&x, y.unwrap())),
            "pairwise_distances_argmin" => return pair(case, Ok(pairwise_distances_argmin(&x, y.unwrap())?.astype::<T>())),
            "euclidean_distances" if case.yes("squared", false) => pairwise_distances(&x, y, Distance::SqEuclidean)?,
            "euclidean_distances" => pairwise_distances(&x, y, Distance::Euclidean)?,
            "manhattan_distances" => pairwise_distances(&x, y, Distance::Manhattan)?,
            "cosine_distances" => pairwise_distances(&x, y, Distance::Cosine)?,
            "cosine_similarity" => pairwise_kernels(&x, y, Kernel::Cosine)?,
            "linear_kernel" => pairwise_kernels(&x, y, Kernel::Linear)?,
            "polynomial_kernel" => pairwise_kernels(&x, y, Kernel::Polynomial { gamma, degree: case.number("degree").unwrap_or(3.0), coef0 })?,
            "sigmoid_kernel" => pairwise_kernels(&x, y, Kernel::Sigmoid { gamma, coef0 })?,
            "rbf_kernel" => pairwise_kernels(&x, y, Kernel::Rbf { gamma })?,
            "laplacian_kernel" => pairwise_kernels(&x, y, Kernel::Laplacian { gamma })?,
            "additive_chi2_kernel" => pairwise_kernels(&x, y, Kernel::AdditiveChi2)?,
            "chi2_kernel" => pairwise_kernels(&x, y, Kernel::Chi2 { gamma: gamma.unwrap_or(1.0) })?,
            other => panic!("{other}"),
        });
        Ok(true)
    });
    // More rows than a block, and single precision that is kept.
    let rows = 700;
    let x: Array<B, T, Ix2> =
        Table { shape: vec![rows, 2], data: (0..2 * rows).map(|i| ((i * 37) % 101) as f64 * 0.25 + 1000.0).collect() }.array(device);
    let (fast, slow) = (euclidean_distances(&x, None).unwrap(), xp_core::extra::cdist(&x, &x, xp_core::extra::Metric::Euclidean).unwrap());
    // Without a wider dtype the squares of the coordinates, of 1e6, limit what products can say.
    let eps: f64 = B::MaxFloat::EPSILON.to_f64();
    let bound = if eps < 1e-10 { 1e-4 } else { 1.0 };
    assert!((&fast - slow).abs().max(..).item().unwrap().to_f64() < bound);
    assert_eq!(fast.to_vec(), fast.t().to_vec());
    // The same samples as two sides, of which every product is taken.
    assert!((fast - euclidean_distances(&x, &x).unwrap()).abs().max(..).item().unwrap().to_f64() < bound);
}

fn pair<B: Backend, T: Float>(case: &Case<'_, B, T>, found: Result<Array<B, T, Ix1>>) -> Result<bool> {
    case.expect_array(&found?);
    Ok(true)
}

fn clusters<B: Backend, T: Float>(case: &Case<'_, B, T>) -> Result<()> {
    let second = case.labels::<Ix1>(1);
    if case.case["args"][0] == "x" {
        let x = case.floats(0);
        match case.function() {
            "calinski_harabasz_score" => case.expect(&[calinski_harabasz_score(&x, &second)?]),
            "davies_bouldin_score" => case.expect(&[davies_bouldin_score(&x, &second)?]),
            "silhouette_score" => case.expect(&[silhouette_score(&x, &second)?]),
            _ => case.expect_array(&silhouette_samples(&x, &second)?),
        }
        return Ok(());
    }
    let first = case.labels::<Ix1>(0);
    let function = match case.function() {
        "rand_score" => rand_score,
        "adjusted_rand_score" => adjusted_rand_score,
        "mutual_info_score" => mutual_info_score,
        "normalized_mutual_info_score" => normalized_mutual_info_score,
        "homogeneity_score" => homogeneity_score,
        "completeness_score" => completeness_score,
        "v_measure_score" => v_measure_score,
        _ => fowlkes_mallows_score::<B, i64, i64>,
    };
    case.expect(&[function(&first, &second)?]);
    Ok(())
}
