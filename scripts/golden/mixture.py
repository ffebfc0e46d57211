"""Golden file of GaussianMixture: crates/xp-models/tests/golden/mixture.json.

Cases start from given weights, means and precisions, or from clusters so far apart that KMeans finds them from any start; of those, the
components are in the order of their first means.
"""

import warnings

from common import MODELS, encode, load_dataset, np, rounded, write
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

KINDS = ("full", "tied", "diag", "spherical")


def main():
    inputs = make_inputs()
    cases = []
    for kind in KINDS:
        cases.append(case(inputs, "iris", kind, given=True))
        cases.append(case(inputs, "iris", kind, given=True, again=2))
        cases.append(case(inputs, "iris", kind, given=True, max_iter=3, reg_covar=0.01))
        cases.append(case(inputs, "apart", kind, given=False))
        cases.append(case(inputs, "apart", kind, given=False, max_iter=0))
        cases.append(case(inputs, "apart", kind, given=True, tol=1e-6))
    cases.append(case(inputs, "apart", "full", given=False, n_components=1))
    write(MODELS / "mixture.json", inputs=stored(inputs), cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def make_inputs():
    rng = np.random.default_rng(26)
    iris = load_dataset("iris")[0]
    which = rng.integers(0, 3, 120)
    mix = np.array([[[1.0, 0], [0.5, 0.5]], [[0.3, 0.1], [0, 2]], [[1, -1], [0.2, 0.7]]])
    apart = np.array([[-10.0, 0], [0, 8], [10, -10]])[which] + np.einsum("nij,nj->ni", mix[which], rng.normal(size=(120, 2)))
    apart = rounded(apart)
    skew = lambda p: np.eye(p) + 0.125 * (np.ones((p, p)) - np.eye(p))  # noqa: E731
    return {
        "iris": {"x": iris, "means": iris[[0, 50, 100]], "weights": np.full(3, 1 / 3), "precision": np.eye(4), "xq_rows": [0, 17, 51, 70, 101, 149]},
        "apart": {"x": apart, "means": np.array([[-8.0, 1], [1, 6], [8, -8]]), "weights": np.array([0.25, 0.25, 0.5]), "precision": 0.25 * skew(2), "xq": apart[:6] + 0.5},
    }


def stored(inputs):
    return {k: {key: v for key, v in value.items() if key != "x"} | ({"dataset": "iris.csv"} if k == "iris" else {"x": value["x"]}) for k, value in inputs.items()}


def case(inputs, name, kind, given, again=None, n_components=3, **params):
    data = inputs[name]
    x = data["x"]
    query = x[data["xq_rows"]] if name == "iris" else data["xq"]
    precision = data["precision"]
    precisions = {"full": np.stack([precision] * 3), "tied": precision, "diag": np.stack([np.diag(precision)] * 3), "spherical": np.full(3, precision[0, 0])}[kind]
    start = {"weights_init": data["weights"], "means_init": data["means"], "precisions_init": precisions} if given else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianMixture(n_components, covariance_type=kind, random_state=0, **start, **params)
        if again is not None:
            model.set_params(max_iter=again, warm_start=True).fit(x)
            model.set_params(max_iter=100)
        model.fit(x)
    if not given:
        order = np.argsort(model.means_[:, 0])
        model.weights_, model.means_ = model.weights_[order], model.means_[order]
        if kind != "tied":
            for key in ("covariances_", "precisions_", "precisions_cholesky_"):
                setattr(model, key, getattr(model, key)[order])
    keys = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "lower_bound_", "n_iter_", "converged_")
    expected = {key: getattr(model, key) for key in keys}
    expected |= {"lower_bounds_": np.array(model.lower_bounds_), "proba": model.predict_proba(query), "predict": model.predict(query)}
    expected |= {"score_samples": model.score_samples(query), "score": model.score(x), "bic": model.bic(x), "aic": model.aic(x)}
    return {"name": "GaussianMixture", "input": name, "kind": kind, "given": given, "again": again, "n_components": n_components,
            "precisions": precisions, "params": encode(params), "expected": encode(expected)}  # fmt: skip


if __name__ == "__main__":
    main()
