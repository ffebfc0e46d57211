"""Golden file of TruncatedSVD, IncrementalPCA, KernelPCA, the covariance estimators and KernelRidge:
crates/xp-models/tests/golden/decomposition.json.
"""

from common import MODELS, encode, load_dataset, np, rounded, write
from sklearn.covariance import OAS, EmpiricalCovariance, LedoitWolf, ShrunkCovariance
from sklearn.decomposition import IncrementalPCA, KernelPCA, TruncatedSVD
from sklearn.kernel_ridge import KernelRidge

KERNELS = (
    {"kernel": "linear"},
    {"kernel": "rbf"},
    {"kernel": "rbf", "gamma": 0.3},
    {"kernel": "poly", "gamma": 0.5, "degree": 2, "coef0": 1.5},
    {"kernel": "cosine"},
)  # fmt: skip
COVARIANCE = ("location_", "covariance_", "precision_")


def main():
    rng = np.random.default_rng(71)
    mix = rng.normal(size=(4, 4))
    x = rounded(rng.normal(size=(23, 4)) @ mix + [1, 0, -3, 2])
    y = rounded(np.sin(x[:, :2]) @ [2.0, -0.5] + x[:, 2])
    few = rounded(rng.normal(size=(4, 6)) * [1, 2, 1, 5, 1, 1])
    inputs = {
        "iris": {"dataset": "iris.csv", "xq_rows": [0, 60, 120]},
        "data": {"x": x, "xq": rounded(x[:5] * 0.5 + 0.25), "y": y, "y2": np.column_stack([y, rounded(y**2 / 10)]), "weights": rounded(rng.uniform(0, 2, 23), 2)},
        "few": {"x": few, "xq": rounded(rng.normal(size=(3, 6)))},
        "one": {"x": x[:, :1], "xq": x[:3, 1:2]},
    }
    inputs["data"]["weights"][4] = 0.0
    data = {name: (value["x"], value["xq"]) for name, value in inputs.items() if "x" in value}
    iris = load_dataset("iris")[0]
    data["iris"] = (iris, iris[[0, 60, 120]])
    cases = []
    for source, k in (("iris", 2), ("data", 3), ("few", 3)):
        model = TruncatedSVD(k, algorithm="arpack", random_state=0).fit(data[source][0])
        cases.append(case("TruncatedSVD", source, {"n_components": k}, transformed(model, data[source][1], DECOMPOSED)))
    for source, k, batches, whiten in (
        ("iris", 2, [50, 100, 150], False), ("iris", None, [5, 6, 150], False), ("data", 3, [3, 7, 23], True), ("data", 4, [10, 23], False),
    ):  # fmt: skip
        model = IncrementalPCA(k, whiten=whiten)
        for start, end in zip([0, *batches], batches):
            model.partial_fit(data[source][0][start:end])
        names = (*DECOMPOSED, "mean_", "var_", "noise_variance_", "n_samples_seen_")
        params = {"n_components": k, "whiten": whiten, "batches": batches}
        cases.append(case("IncrementalPCA", source, params, transformed(model, data[source][1], names)))
    model = IncrementalPCA(3, batch_size=7).fit(data["data"][0])
    cases.append(case("IncrementalPCA", "data", {"n_components": 3, "whiten": False, "batch_size": 7}, transformed(model, data["data"][1], DECOMPOSED)))
    for kernel in KERNELS:
        for k, inverse in ((3, False), (2, True)):
            model = KernelPCA(k, fit_inverse_transform=inverse, alpha=5.0, **kernel).fit(data["data"][0])
            expected = {"eigenvalues_": model.eigenvalues_, "eigenvectors_": model.eigenvectors_, "transform": model.transform(data["data"][1])}
            if inverse:
                expected["inverse_transform"] = model.inverse_transform(expected["transform"])
            cases.append(case("KernelPCA", "data", kernel | {"n_components": k}, expected))
        for target, alpha, weighted in (("y", 0.5, False), ("y", 0.5, True), ("y2", 2.0, False), ("y2", [0.5, 2.0], True)):
            model = KernelRidge(alpha=alpha, **kernel)
            model.fit(data["data"][0], inputs["data"][target], sample_weight=inputs["data"]["weights"] if weighted else None)
            expected = {"dual_coef_": model.dual_coef_, "predict": model.predict(data["data"][1])}
            expected["score"] = model.score(data["data"][0], inputs["data"][target])
            cases.append(case("KernelRidge", "data", kernel | {"alpha": alpha, "target": target, "weighted": weighted}, expected))
    for model in (EmpiricalCovariance, LedoitWolf, OAS, ShrunkCovariance):
        for source in ("data", "few", "one"):
            for centred in (False, True):
                fitted = model(assume_centered=centred).fit(data[source][0])
                expected = {name: getattr(fitted, name) for name in COVARIANCE} | {"shrinkage": getattr(fitted, "shrinkage_", getattr(fitted, "shrinkage", 0.0))}
                # A singular matrix has no density.
                expected["score"] = None if model is EmpiricalCovariance and source == "few" else fitted.score(data[source][1])
                expected["mahalanobis"] = fitted.mahalanobis(data[source][1])
                expected["error_norm"] = fitted.error_norm(np.eye(data[source][0].shape[1]))
                cases.append(case(model.__name__, source, {"assume_centered": centred}, expected))
    write(MODELS / "decomposition.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


DECOMPOSED = ("components_", "explained_variance_", "explained_variance_ratio_", "singular_values_")


def transformed(model, query, names):
    z = model.transform(query)
    return {name: getattr(model, name) for name in names} | {"transform": z, "inverse_transform": model.inverse_transform(z)}


def case(name, source, params, expected):
    return {"name": name, "input": source, "params": encode(params), "expected": expected}


if __name__ == "__main__":
    main()
