"""Golden file of KMeans and MiniBatchKMeans: crates/xp-models/tests/golden/cluster.json.

Both start from given centres: their other starts draw random numbers. MiniBatchKMeans takes the batches of a case by `partial_fit`.
"""

import warnings

from common import MODELS, encode, load_dataset, np, rounded, write
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning


def main():
    inputs = make_inputs()
    cases = []
    for name in inputs:
        for weighted in (False, True):
            cases.append(kmeans_case(inputs, name, weighted))
    for params in ({"max_iter": 1}, {"max_iter": 3}, {"tol": 0.0}, {"tol": 0.1}):
        cases.append(kmeans_case(inputs, "blobs", False, **params))
        cases.append(kmeans_case(inputs, "blobs", True, **params))
    for name in ("blobs", "iris", "far"):
        for weighted in (False, True):
            cases.append(mini_batch_case(inputs, name, weighted))
    write(MODELS / "cluster.json", inputs=stored(inputs), cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def make_inputs():
    rng = np.random.default_rng(25)
    centres = rounded(3 * rng.normal(size=(5, 3)))
    blobs = rounded(centres[rng.integers(0, 5, 90)] + rng.normal(size=(90, 3)))
    iris = load_dataset("iris")[0]
    few = np.array([[0.0, 1], [0, 1], [4, 5], [4, 5]])
    weights = lambda n: np.round(rng.uniform(0.1, 2, n) * 64) / 64  # noqa: E731
    return {
        "iris": {"x": iris, "init": iris[[0, 50, 100]], "xq_rows": [0, 17, 51, 70, 101, 149], "weights": weights(150)},
        "blobs": {"x": blobs, "init": blobs[:5], "xq": blobs[:7] * 1.5, "weights": weights(90)},
        "far": {"x": blobs, "init": np.vstack([blobs[[0, 5, 7]], [[1000.0] * 3]]), "xq": blobs[:4], "weights": weights(90)},
        "few": {"x": few, "init": np.array([[0.0, 0], [1, 1], [5, 7]]), "xq": few[:3], "weights": np.array([1.0, 2, 1, 0.5])},
        "one": {"x": blobs[:, :1], "init": blobs[:2, :1], "xq": blobs[:4, :1], "weights": weights(90)},
    }


def stored(inputs):
    return {k: {key: v for key, v in value.items() if key != "x"} | ({"dataset": "iris.csv"} if k == "iris" else {"x": value["x"]}) for k, value in inputs.items()}


def parts(inputs, name, weighted):
    data = inputs[name]
    query = data["x"][data["xq_rows"]] if name == "iris" else data["xq"]
    return data["x"], data["init"], query, data["weights"] if weighted else None


def kmeans_case(inputs, name, weighted, **params):
    x, init, query, w = parts(inputs, name, weighted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(len(init), init=init, n_init=1, **params).fit(x, sample_weight=w)
    expected = {key: getattr(model, key) for key in ("cluster_centers_", "labels_", "inertia_", "n_iter_")}
    expected |= {"transform": model.transform(query), "predict": model.predict(query), "score": model.score(query)}
    return {"name": "KMeans", "input": name, "sample_weight": weighted, "params": encode(params), "expected": expected}


def mini_batch_case(inputs, name, weighted):
    x, init, query, w = parts(inputs, name, weighted)
    batches = [(0, 20), (20, 50), (50, 51), (51, 90), (10, 60)]
    model = MiniBatchKMeans(len(init), init=init, n_init=1, reassignment_ratio=0.0)
    for start, stop in batches:
        model.partial_fit(x[start:stop], sample_weight=None if w is None else w[start:stop])
    expected = {key: getattr(model, key) for key in ("cluster_centers_", "labels_", "inertia_", "n_steps_")}
    expected |= {"counts": model._counts, "predict": model.predict(query)}
    return {"name": "MiniBatchKMeans", "input": name, "sample_weight": weighted, "params": {}, "batches": batches, "expected": expected}


if __name__ == "__main__":
    main()
