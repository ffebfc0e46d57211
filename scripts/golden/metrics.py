"""Golden file of accuracy_score and r2_score: crates/xp-models/tests/golden/metrics.json."""

import warnings

from common import MODELS, encode, np, rounded, write
from sklearn.metrics import accuracy_score, r2_score


def main():
    inputs = make_inputs()
    cases = []
    for name in ("labels", "labels_perfect", "labels_wrong"):
        for normalize in (True, False):
            for weighted in (False, True):
                cases.append(case(accuracy_score, inputs, name, weighted, normalize=normalize))
    for weighted in (False, True):
        for name in ("one_target", "perfect", "constant", "constant_perfect", "one_sample"):
            for force_finite in (True, False):
                cases.append(case(r2_score, inputs, name, weighted, force_finite=force_finite))
        for name in ("targets", "targets_some_constant"):
            for multioutput in ("raw_values", "uniform_average", "variance_weighted", [0.2, 0.3, 0.5]):
                for force_finite in (True, False):
                    cases.append(case(r2_score, inputs, name, weighted, multioutput=multioutput, force_finite=force_finite))
        cases.append(case(r2_score, inputs, "one_target", weighted, dtype=np.float32))
        cases.append(case(r2_score, inputs, "targets", weighted, dtype=np.float32, multioutput="raw_values"))
    write(MODELS / "metrics.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


def make_inputs():
    rng = np.random.default_rng(25)
    labels = rng.integers(0, 4, 25)
    noisy = np.where(rng.uniform(size=25) < 0.7, labels, (labels + 1) % 4)
    one = rounded(rng.normal(size=20) * 3 + 1)
    many = rounded(rng.normal(size=(20, 3)) * [1, 10, 0.1] + [0, 5, 1])
    many_pred = rounded(many + rng.normal(size=(20, 3)) * [0.3, 5, 0.2])
    partly, partly_pred = many.copy(), many_pred.copy()
    partly[:, 1], partly_pred[:, 1] = 2.0, 2.0
    partly[:, 2] = 0.5
    flat = np.full(8, 3.0)
    pairs = {
        "labels": (labels, noisy),
        "labels_perfect": (labels, labels),
        "labels_wrong": (labels, (labels + 1) % 4),
        "one_target": (one, rounded(one + rng.normal(size=20))),
        "perfect": (one, one),
        "constant": (flat, flat + rounded(rng.normal(size=8))),
        "constant_perfect": (flat, flat),
        "one_sample": (one[:1], one[:1] + 1),
        "targets": (many, many_pred),
        "targets_some_constant": (partly, partly_pred),
    }
    return {
        name: {"y_true": true, "y_pred": pred, "weights": np.round(rng.uniform(0.1, 2, len(true)) * 64) / 64}
        for name, (true, pred) in pairs.items()
    }


def case(function, inputs, name, weighted, dtype=None, **params):
    data = inputs[name] if dtype is None else {key: value.astype(dtype) for key, value in inputs[name].items()}
    weights = data["weights"] if weighted else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # r2_score of one sample is undefined: nan
        result = function(data["y_true"], data["y_pred"], sample_weight=weights, **params)
    result = np.asarray(result, np.float64) if np.ndim(result) else float(result)
    return {"function": function.__name__, "input": name, "dtype": data["y_true"].dtype.name, "sample_weight": weighted,
            "params": encode(params), "expected": result}  # fmt: skip


if __name__ == "__main__":
    main()
