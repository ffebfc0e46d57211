"""Golden file of GaussianNB: crates/xp-models/tests/golden/naive_bayes.json.

A case fits to the first `first` rows, and learns from the rest by `partial_fit`.
"""

from common import MODELS, encode, load_dataset, np, rounded, write
from sklearn.naive_bayes import GaussianNB


def main():
    rng = np.random.default_rng(41)
    x, _ = load_dataset("iris")
    rows = [0, 17, 51, 70, 101, 149]
    few = rounded(rng.normal(size=(12, 3)) * [1, 5, 0.2] + [0, 20, -3])
    few_y = np.array([4, 2, 2, 9, 4, 4, 2, 9, 9, 4, 2, 2])
    inputs = {
        "iris": {"dataset": "iris.csv", "xq_rows": rows, "weights": np.round(rng.uniform(0, 2, len(x)) * 64) / 64},
        "few": {"x": few, "y": few_y, "xq": few[:5] * 1.1, "weights": np.array([0, 1, 2, 1, 0.5, 1, 1, 3, 1, 1, 0.25, 1])},
    }
    cases = []
    for name in inputs:
        n = len(inputs[name]["weights"])
        for weighted in (False, True):
            cases.append(case(inputs, name, n, weighted))
            cases.append(case(inputs, name, n // 2, weighted, var_smoothing=0.0))
    cases.append(case(inputs, "iris", 150, False, priors=[0.5, 0.25, 0.25]))
    cases.append(case(inputs, "few", 12, False, var_smoothing=0.1))
    write(MODELS / "naive_bayes.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


def case(inputs, name, first, weighted, **params):
    data = inputs[name]
    x, y = load_dataset("iris") if name == "iris" else (data["x"], data["y"])
    query = x[data["xq_rows"]] if name == "iris" else data["xq"]
    w = data["weights"] if weighted else None
    part = lambda rows: (x[rows], y[rows], np.unique(y), None if w is None else w[rows])  # noqa: E731
    model = GaussianNB(**params).partial_fit(*part(slice(0, first)))
    if first < len(x):
        model.partial_fit(*part(slice(first, None)))
    expected = {key: getattr(model, key) for key in ("theta_", "var_", "class_count_", "class_prior_", "epsilon_", "classes_")}
    expected["joint"] = model.predict_joint_log_proba(query)
    expected["log_proba"] = model.predict_log_proba(query)
    expected["predict"] = model.predict(query)
    return {"name": "GaussianNB", "input": name, "first": first, "sample_weight": weighted, "params": encode(params), "expected": expected}


if __name__ == "__main__":
    main()
