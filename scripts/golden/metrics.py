"""Golden file of the metrics: crates/xp-models/tests/golden/metrics.json.

A case is a function, the arrays of an input that it gets, its parameters, and whether it gets the weights.
"""

import warnings
from operator import attrgetter

from common import MODELS, encode, np, rounded, write
from sklearn import metrics


def main():
    inputs = make_inputs()
    cases = []

    def add(function, name, args=("y_true", "y_pred"), weighted=(False, True), **params):
        cases.extend(case(attrgetter(function)(metrics), inputs, name, args, w, params) for w in weighted)

    labels(add)
    probabilities(add)
    curves(add)
    targets(add)
    pairs(add)
    write(MODELS / "metrics.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


def labels(add):
    for name in ("classes", "binary", "multilabel"):
        add("accuracy_score", name)
        add("zero_one_loss", name)
        add("hamming_loss", name)
        add("multilabel_confusion_matrix", name)
        for average in ("micro", "macro", "weighted", None) + (("samples",) if name == "multilabel" else ()):
            for function in ("precision_score", "recall_score", "f1_score", "jaccard_score"):
                add(function, name, average=average, zero_division=0.0)
    add("multilabel_confusion_matrix", "multilabel", weighted=(False,), samplewise=True)
    add("multilabel_confusion_matrix", "classes", labels=[2, 0])
    for name in ("classes", "binary"):
        add("balanced_accuracy_score", name)
        add("balanced_accuracy_score", name, adjusted=True)
        add("matthews_corrcoef", name)
        for weights in (None, "linear", "quadratic"):
            add("cohen_kappa_score", name, weights=weights)
        add("confusion_matrix", name)
        for normalize in ("true", "pred", "all"):
            add("confusion_matrix", name, normalize=normalize)
    add("confusion_matrix", "classes", labels=[3, 0, 7])
    add("cohen_kappa_score", "classes", labels=[3, 0, 1], weights="linear")
    for beta in (0.5, 2.0):
        add("fbeta_score", "classes", beta=beta, average="macro", zero_division=0.0)
        add("fbeta_score", "binary", beta=beta, average="binary", zero_division=0.0)
    add("precision_score", "binary", average="binary", zero_division=0.0)
    add("recall_score", "binary", average="binary", pos_label=0, zero_division=0.0)
    for average in ("macro", "weighted", "micro"):
        add("f1_score", "classes", average=average, labels=[1, 3, 9], zero_division=1.0)
        add("precision_score", "multilabel", average=average, labels=[3, 1], zero_division=1.0)
    add("f1_score", "classes", average="macro", labels=[1, 3, 9], zero_division=np.nan)
    add("f1_score", "multilabel", average="samples", zero_division=np.nan)


def probabilities(add):
    for function in ("log_loss", "brier_score_loss", "d2_log_loss_score", "d2_brier_score"):
        add(function, "proba", ("y_true", "y_proba"))
        add(function, "binary", ("y_true", "y_proba"))
    add("log_loss", "proba", ("y_true", "y_proba"), normalize=False)
    add("brier_score_loss", "proba", ("y_true", "y_proba"), scale_by_half=True)
    add("brier_score_loss", "binary", ("y_true", "y_proba"), pos_label=0)
    add("top_k_accuracy_score", "proba", ("y_true", "y_proba"), k=2)
    add("top_k_accuracy_score", "proba", ("y_true", "y_proba"), k=1, normalize=False)
    add("top_k_accuracy_score", "binary", ("y_true", "y_proba"), k=1)
    add("ndcg_score", "relevance", ("y_true", "y_score"), k=3)
    add("ndcg_score", "distinct", ("y_true", "y_score"), k=3, ignore_ties=True)
    add("ndcg_score", "relevance", ("y_true", "y_score"))
    add("dcg_score", "relevance", ("y_true", "y_score"), log_base=3.0)


def curves(add):
    args = ("y_true", "y_score")
    for function in ("roc_curve", "precision_recall_curve", "det_curve"):
        for drop in (False, True):
            add(function, "binary", args, drop_intermediate=drop)
    add("average_precision_score", "binary", args)
    add("average_precision_score", "binary", args, pos_label=0)
    add("roc_auc_score", "binary", args)
    add("roc_auc_score", "binary", args, max_fpr=0.3)
    for function in ("average_precision_score", "roc_auc_score"):
        for average in ("micro", "macro", "weighted", "samples"):
            add(function, "multilabel", args, average=average)
        add(function, "multilabel", args, weighted=(False,), average=None)
    for average in ("micro", "macro", "weighted"):
        add("average_precision_score", "proba", ("y_true", "y_proba"), average=average)
        add("roc_auc_score", "proba", ("y_true", "y_proba"), multi_class="ovr", average=average)
    for average in ("macro", "weighted"):
        add("roc_auc_score", "proba", ("y_true", "y_proba"), weighted=(False,), multi_class="ovo", average=average)


def targets(add):
    several = ("uniform_average", "raw_values", [0.2, 0.3, 0.5])
    for function in ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error", "mean_absolute_percentage_error",
                     "mean_pinball_loss", "median_absolute_error", "r2_score", "explained_variance_score", "d2_pinball_score",
                     "d2_absolute_error_score"):  # fmt: skip
        add(function, "one_target")
        for multioutput in several:
            add(function, "targets", multioutput=multioutput)
    for function in ("mean_squared_log_error", "root_mean_squared_log_error"):
        add(function, "positive")
    for function in ("mean_pinball_loss", "d2_pinball_score"):
        add(function, "targets", alpha=0.8)
    for function in ("r2_score", "explained_variance_score"):
        for name in ("targets", "targets_some_constant"):
            for force_finite in (True, False):
                add(function, name, multioutput="variance_weighted", force_finite=force_finite)
        for name in ("perfect", "constant", "constant_perfect"):
            for force_finite in (True, False):
                add(function, name, force_finite=force_finite)
    add("r2_score", "one_sample")
    add("d2_pinball_score", "targets_some_constant", multioutput="raw_values")
    add("max_error", "one_target", weighted=(False,))
    for power in (-1.0, 0.0, 1.0, 1.5, 2.0, 3.0):
        add("mean_tweedie_deviance", "positive", power=power)
        add("d2_tweedie_score", "positive", power=power)
    add("mean_poisson_deviance", "positive", weighted=(False,))
    add("mean_gamma_deviance", "positive", weighted=(False,))


def pairs(add):
    def pair(function, **params):
        for args in (("x", "y"), ("x",)):
            add(f"pairwise.{function}", "pairs", args, (False,), **params)

    for function in ("euclidean_distances", "manhattan_distances", "cosine_distances", "cosine_similarity", "linear_kernel",
                     "polynomial_kernel", "sigmoid_kernel", "rbf_kernel", "laplacian_kernel", "additive_chi2_kernel", "chi2_kernel"):  # fmt: skip
        pair(function)
    pair("euclidean_distances", squared=True)
    pair("polynomial_kernel", gamma=0.1, degree=2.0, coef0=0.5)
    pair("sigmoid_kernel", gamma=0.01, coef0=0.5)
    for function in ("rbf_kernel", "laplacian_kernel", "chi2_kernel"):
        pair(function, gamma=0.03)
    for function in ("euclidean", "manhattan", "cosine"):
        add(f"pairwise.paired_{function}_distances", "pairs", ("x", "x2"), (False,))
    add("pairwise_distances_argmin", "pairs", ("x", "y"), (False,))
    for function in ("calinski_harabasz_score", "davies_bouldin_score", "silhouette_score", "silhouette_samples"):
        add(function, "clusters", ("x", "labels"), (False,))
    for function in ("rand_score", "adjusted_rand_score", "mutual_info_score", "normalized_mutual_info_score", "homogeneity_score",
                     "completeness_score", "v_measure_score", "fowlkes_mallows_score"):  # fmt: skip
        add(function, "clusters", ("labels", "labels2"), (False,))


def make_inputs():
    rng = np.random.default_rng(25)
    n = 24
    classes = rng.integers(0, 4, n)
    classes_pred = np.where(rng.uniform(size=n) < 0.6, classes, rng.integers(0, 4, n))
    binary = rng.integers(0, 2, n)
    score = np.round(binary * 0.5 + rng.normal(size=n), 1)
    proba = np.round(np.clip(binary * 0.4 + rng.uniform(size=n) * 0.6, 0.01, 0.99), 3)
    many = rng.integers(0, 2, (12, 4))
    many[3], many[:, 2] = 0, [0, 1] * 6
    many_score = rounded(many * 0.6 + rng.normal(size=(12, 4)))
    # Quarters of a power of two, so that rows sum to 1 in every dtype.
    parts = rng.multinomial(64, [0.3, 0.3, 0.4], n) / 64
    three = np.array([rng.choice(3, p=p) for p in parts])
    one = rounded(rng.normal(size=20) * 3 + 1)
    several = rounded(rng.normal(size=(20, 3)) * [1, 10, 0.1] + [0, 5, 1])
    several_pred = rounded(several + rng.normal(size=(20, 3)) * [0.3, 5, 0.2])
    partly, partly_pred = several.copy(), several_pred.copy()
    partly[:, 1], partly_pred[:, 1] = 2.0, 2.0
    partly[:, 2] = 0.5
    flat = np.full(8, 3.0)
    positive = rounded(rng.gamma(2, size=15) + 0.1)
    x, y = rounded(rng.gamma(2, size=(6, 4)), 2), rounded(rng.gamma(2, size=(5, 4)), 2)
    x[0], x[1, 1], y[1, 1] = 1.5, 0.0, 0.0
    centres = np.array([[0, 0], [4, 0], [2, 5]])[rng.integers(0, 3, n)]
    found = {
        "classes": {"y_true": classes, "y_pred": classes_pred},
        "binary": {"y_true": binary, "y_pred": (score > 0.3).astype(int), "y_score": score, "y_proba": proba},
        "multilabel": {"y_true": many, "y_pred": (many_score > 0.4).astype(int), "y_score": many_score},
        "proba": {"y_true": three, "y_proba": parts},
        "relevance": {"y_true": rng.integers(0, 4, (5, 6)).astype(float), "y_score": np.round(rng.uniform(size=(5, 6)), 1)},
        "distinct": {"y_true": rng.integers(0, 4, (5, 6)).astype(float), "y_score": rng.permuted(np.arange(30).reshape(5, 6) / 4, axis=1)},
        "one_target": {"y_true": one, "y_pred": rounded(one + rng.normal(size=20))},
        "perfect": {"y_true": one, "y_pred": one},
        "constant": {"y_true": flat, "y_pred": flat + rounded(rng.normal(size=8))},
        "constant_perfect": {"y_true": flat, "y_pred": flat},
        "one_sample": {"y_true": one[:1], "y_pred": one[:1] + 1},
        "targets": {"y_true": several, "y_pred": several_pred},
        "targets_some_constant": {"y_true": partly, "y_pred": partly_pred},
        "positive": {"y_true": positive, "y_pred": rounded(positive * rng.gamma(9, 1 / 9, size=15) + 0.01)},
        "pairs": {"x": x, "y": y, "x2": x[::-1].copy()},
        "clusters": {"x": rounded(centres + rng.normal(size=(n, 2)), 2), "labels": rng.integers(0, 3, n), "labels2": rng.integers(3, 7, n)},
    }
    for data in found.values():
        if "y_true" in data:
            data["weights"] = np.round(rng.uniform(0.1, 2, len(data["y_true"])) * 64) / 64
    return found


def case(function, inputs, name, args, weighted, params):
    data = inputs[name]
    extra = {"sample_weight": data["weights"]} if weighted else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # undefined scores of one sample or class
        result = function(*(data[arg] for arg in args), **extra, **params)
    if isinstance(result, tuple):
        result = [np.asarray(part, np.float64) for part in result]
    else:
        result = np.asarray(result, np.float64) if np.ndim(result) else float(result)
    return {"function": function.__name__, "input": name, "args": list(args), "sample_weight": weighted, "params": encode(params),
            "expected": result}  # fmt: skip


if __name__ == "__main__":
    main()
