"""Golden file of PCA with the solvers full, covariance_eigh and randomized: crates/xp-models/tests/golden/pca.json.

The randomized solver draws its own random numbers; its cases use matrices whose spectrum decays so fast that the result
does not depend on them. Before it writes, this script checks that two seeds and the full solver in float64 agree.
"""

from common import MODELS, encode, load_dataset, np, rounded, write
from sklearn.decomposition import PCA

ATTRIBUTES = (
    "mean_", "components_", "explained_variance_", "explained_variance_ratio_", "singular_values_",
    "noise_variance_", "n_components_", "n_features_in_", "n_samples_",
)  # fmt: skip


def main():
    inputs = make_inputs()
    cases = []
    for solver in ("full", "covariance_eigh"):
        short = {"full": "full", "covariance_eigh": "cov"}[solver]
        for name, source, params in (
            ("all", "tall", {}),
            ("two", "tall", {"n_components": 2}),
            ("whiten", "tall", {"n_components": 3, "whiten": True}),
            ("fraction", "tall", {"n_components": 0.9}),
            ("mle", "signal_and_noise", {"n_components": "mle"}),
            ("wide", "wide", {"n_components": 3}),
            ("decay", "decay", {"n_components": 5 if solver == "full" else 2}),  # the covariance squares the condition
            ("iris", "iris", {"n_components": 2}),
            ("digits_whiten", "digits", {"n_components": 8, "whiten": True}),
        ):
            cases.append(case(inputs, f"{short}_{name}", source, svd_solver=solver, **params))
        cases.append(case(inputs, f"{short}_float32", "tall", dtype=np.float32, svd_solver=solver, n_components=3))
    for name, params in (("", {}), ("_whiten", {"whiten": True})):
        params = {"svd_solver": "randomized", "n_components": 4, **params}
        cases.append(case(inputs, f"randomized{name}", "decay", **params))
        cases.append(case(inputs, f"randomized{name}_wide", "decay_wide", **params))
    cases.append(case(inputs, "randomized_float32", "decay", dtype=np.float32, svd_solver="randomized", n_components=3))
    write(MODELS / "pca.json", inputs=stored(inputs), cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def make_inputs():
    rng = np.random.default_rng(21)

    def with_spectrum(n, p, values):
        u, _ = np.linalg.qr(rng.normal(size=(n, len(values))))
        v, _ = np.linalg.qr(rng.normal(size=(p, len(values))))
        return (u * values) @ v.T

    rotation, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    tall = rounded(rng.normal(size=(40, 6)) * [5, 3, 2, 1.4, 1, 0.7] @ rotation + [1, 0, -3, 2, 4, 0])
    noise = rounded(rng.normal(size=(60, 3)) * [6, 4, 3] @ rng.normal(size=(3, 7)) + 0.1 * rng.normal(size=(60, 7)), 4)
    return {
        "tall": tall,
        "wide": rounded(rng.normal(size=(8, 14)) * np.linspace(3, 0.5, 14)),
        "signal_and_noise": noise,
        "decay": rounded(with_spectrum(30, 16, 100 * 0.2 ** np.arange(16)) + 1, 12),
        "decay_wide": rounded(with_spectrum(14, 25, 100 * 0.2 ** np.arange(14)) - 2, 12),
        **{name: load_dataset(name)[0] for name in ("iris", "digits")},
    }


def stored(inputs):
    return {k: {"dataset": f"{k}.csv"} if k in ("iris", "digits") else {"x": v} for k, v in inputs.items()}


def case(inputs, name, source, dtype=np.float64, **params):
    x = inputs[source].astype(dtype)
    model = PCA(random_state=0, **params).fit(x)
    rows = list(range(0, len(x), max(1, len(x) // 8)))[:8]
    transformed = model.transform(x[rows])
    expected = {attribute: getattr(model, attribute) for attribute in ATTRIBUTES}
    expected |= {"transform": transformed, "inverse_transform": model.inverse_transform(transformed)}
    if params["svd_solver"] != "full":
        check_well_determined(x, model, params)
    rest = {k: v for k, v in params.items() if k != "svd_solver"}
    return {"name": name, "input": source, "dtype": np.dtype(dtype).name, "svd_solver": params["svd_solver"],
            "params": encode(rest), "rows": rows, "expected": expected}  # fmt: skip


def check_well_determined(x, model, params):
    """A case is fit to be a golden one only if neither the method nor the seed changes its components."""
    tolerance = 200 * np.finfo(x.dtype).eps
    full = {**params, "svd_solver": "full"}
    for other in (PCA(random_state=1, **params).fit(x), PCA(**full).fit(x.astype(np.float64))):
        np.testing.assert_allclose(np.abs(other.components_), np.abs(model.components_), rtol=0, atol=tolerance)
        np.testing.assert_allclose(other.singular_values_, model.singular_values_, rtol=tolerance)


if __name__ == "__main__":
    main()
