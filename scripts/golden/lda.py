"""Golden file of LinearDiscriminantAnalysis(solver="svd"): crates/xp-models/tests/golden/lda.json.

scikit-learn leaves the signs of the discriminant axes to LAPACK: compare `scalings_` and `transform` up to the sign of
each column. Everything else is determined.
"""

import warnings

from common import MODELS, encode, load_dataset, np, rounded, write
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

ATTRIBUTES = ("classes_", "priors_", "means_", "xbar_", "scalings_", "coef_", "intercept_", "explained_variance_ratio_")


def main():
    inputs = make_inputs()
    cases = [
        case(inputs, "binary", "binary"),
        case(inputs, "binary_store_covariance", "binary", store_covariance=True),
        case(inputs, "binary_priors", "binary", priors=[0.8, 0.2]),
        case(inputs, "three_class", "three_class"),
        case(inputs, "three_class_store_covariance", "three_class", store_covariance=True),
        case(inputs, "three_class_priors", "three_class", priors=[0.2, 0.5, 0.3], store_covariance=True),
        case(inputs, "three_class_priors_renormalised", "three_class", priors=[1.0, 2.0, 1.0]),
        case(inputs, "three_class_one_component", "three_class", n_components=1),
        case(inputs, "three_class_two_components", "three_class", n_components=2),
        case(inputs, "three_class_float32", "three_class", dtype=np.float32, store_covariance=True),
        case(inputs, "redundant_columns", "redundant"),
        case(inputs, "redundant_columns_store_covariance", "redundant", store_covariance=True),
        case(inputs, "near_collinear_kept", "near_collinear"),
        case(inputs, "near_collinear_dropped", "near_collinear", tol=0.1),
        case(inputs, "collinear_means", "collinear_means", tol=0.05),
        case(inputs, "wide", "wide"),
        case(inputs, "one_feature", "one_feature"),
        case(inputs, "iris", "iris", store_covariance=True),
        case(inputs, "digits", "digits"),
        case(inputs, "digits_two_components", "digits", n_components=2),
    ]
    write(MODELS / "lda.json", inputs=stored(inputs), cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def make_inputs():
    """Per name: x, y, and the query points `xq`."""
    rng = np.random.default_rng(20)

    def blobs(counts, means, mix=None):
        means = np.asarray(means, dtype=float)
        mix = np.eye(means.shape[1]) if mix is None else mix
        y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        return rounded(means[y] + rng.normal(size=(len(y), means.shape[1])) @ mix), y

    def entry(x, y, labels=None):
        y = y if labels is None else np.asarray(labels)[y]
        low, high = x.min(axis=0), x.max(axis=0)
        return {"x": x, "y": y, "xq": rounded(rng.uniform(low - 0.5, high + 0.5, size=(9, x.shape[1])))}

    mix = rounded(rng.normal(size=(5, 5)))
    inputs = {
        "binary": entry(*blobs([25, 35], [[0, 0, 0, 0], [1, -1, 0.5, 2]]), labels=[3, 7]),
        "three_class": entry(*blobs([30, 20, 40], rng.normal(size=(3, 5)), mix), labels=[-1, 0, 5]),
        "wide": entry(*blobs([5, 4, 6], 2 * rng.normal(size=(3, 20)))),
        "one_feature": entry(*blobs([10, 12, 8], [[0], [2], [5]])),
    }
    x, y = blobs([25, 25, 30], [[0, 0, 0, 0], [1, 2, 0, 1], [-1, 1, 1, 3]])
    inputs["redundant"] = entry(rounded(np.column_stack([x, x[:, 0] + x[:, 1], np.full(len(x), 2.0)])), y)
    near = x[:, 0] - x[:, 2] + 0.02 * rng.normal(size=len(x))
    inputs["near_collinear"] = entry(rounded(np.column_stack([x, near])), y)
    inputs["collinear_means"] = entry(*blobs([200, 200, 200], [[0, 0, 0], [3, 3, 0], [6, 6, 0]]))
    for name in ("iris", "digits"):
        x, y = load_dataset(name)
        inputs[name] = {"x": x, "y": y, "xq": x[:: len(x) // 15][:15]}
    return inputs


def stored(inputs):
    """What the file holds: datasets only by name and the rows of the query points."""
    out = {}
    for name, data in inputs.items():
        if name in ("iris", "digits"):
            step = len(data["x"]) // 15
            data = {"dataset": f"{name}.csv", "xq_rows": list(range(0, len(data["x"]), step))[:15]}
        out[name] = data
    return out


def case(inputs, name, source, dtype=np.float64, **params):
    x, y, xq = (inputs[source][key] for key in ("x", "y", "xq"))
    x, xq = x.astype(dtype), xq.astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # priors that do not sum to one
        model = LinearDiscriminantAnalysis(solver="svd", **params).fit(x, y)
    attributes = ATTRIBUTES + (("covariance_",) if params.get("store_covariance") else ())
    expected = {attribute: getattr(model, attribute) for attribute in attributes}
    for method in ("transform", "decision_function", "predict", "predict_proba", "predict_log_proba"):
        expected[method] = getattr(model, method)(xq)
    predicted = model.predict(x)
    expected["score"] = model.score(x, y)
    expected["misclassified_rows"] = [int(i) for i in np.flatnonzero(predicted != y)]
    assert expected["transform"].dtype == dtype
    return {"name": name, "input": source, "dtype": np.dtype(dtype).name, "params": encode(params), "expected": expected}


if __name__ == "__main__":
    main()
