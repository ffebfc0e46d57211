"""Golden file of NearestNeighbors, KNeighborsClassifier and KNeighborsRegressor: crates/xp-models/tests/golden/neighbors.json.

No two distances of a query are equal but those of votes, for scikit-learn leaves open which of equals comes first.
"""

from common import MODELS, encode, np, rounded, write
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

METRICS = ("euclidean", "sqeuclidean", "cosine", "manhattan", "chebyshev", ("minkowski", 3.0))


def main():
    rng = np.random.default_rng(27)
    x = rounded(rng.normal(size=(70, 3)) * [1, 2, 0.5] + [3, 0, -1], 5)
    query = rounded(rng.normal(size=(9, 3)) * [1, 2, 0.5] + [3, 0, -1], 5)
    query[4] = x[17]
    targets = rounded(rng.normal(size=(70, 2)))
    data = {"x": x, "xq": query, "y": rng.integers(0, 4, 70) * 3 - 2, "t": targets, "t1": targets[:, 0].copy()}
    cases = [search(data, metric, k) for metric in METRICS for k in (1, 6)]
    cases += [classify(data, weights, k) for weights in ("uniform", "distance") for k in (1, 5, 70)]
    cases += [regress(data, weights, t) for weights in ("uniform", "distance") for t in ("t", "t1")]
    write(MODELS / "neighbors.json", inputs={"normal": data}, cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def named(metric):
    return {"metric": metric} if isinstance(metric, str) else {"metric": metric[0], "p": metric[1]}


def search(data, metric, k):
    model = NearestNeighbors(n_neighbors=k, algorithm="brute", **named(metric)).fit(data["x"])
    distances, indices = model.kneighbors(data["xq"])
    among, others = model.kneighbors()
    radius = float(np.round(np.median(among[:, -1]) * 64) / 64 + 1 / 128)
    near, places = model.radius_neighbors(data["xq"], radius)
    order = [np.argsort(p) for p in places]
    own = model.radius_neighbors(radius=radius)[1]
    expected = {"distances": distances, "indices": indices, "among": among, "others": others}
    expected |= {"near": np.concatenate([d[o] for d, o in zip(near, order)]), "places": np.concatenate([p[o] for p, o in zip(places, order)])}
    expected |= {"counts": np.array([len(p) for p in places]), "own": np.array([len(p) for p in own])}
    name = metric if isinstance(metric, str) else f"minkowski {metric[1]:g}"
    return {"name": "NearestNeighbors", "input": "normal", "metric": name, "k": k, "radius": radius, "params": {}, "expected": encode(expected)}


# By trees, which take distances from differences: a sample at the place of the query is at distance 0, and has all weight.
def classify(data, weights, k):
    model = KNeighborsClassifier(k, weights=weights, algorithm="kd_tree").fit(data["x"], data["y"])
    expected = {"predict": model.predict(data["xq"]), "proba": model.predict_proba(data["xq"]), "score": model.score(data["x"], data["y"])}
    return {"name": "KNeighborsClassifier", "input": "normal", "k": k, "params": {"weights": weights}, "expected": encode(expected)}


def regress(data, weights, targets):
    model = KNeighborsRegressor(4, weights=weights, algorithm="kd_tree").fit(data["x"], data[targets])
    expected = {"predict": model.predict(data["xq"])}
    return {"name": "KNeighborsRegressor", "input": "normal", "k": 4, "targets": targets, "params": {"weights": weights}, "expected": encode(expected)}


if __name__ == "__main__":
    main()
