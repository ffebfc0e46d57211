"""Golden file of Ridge with the solvers svd and cholesky: crates/xp-models/tests/golden/ridge.json."""

from common import MODELS, encode, np, rounded, write
from sklearn.linear_model import Ridge


def main():
    inputs = make_inputs()
    cases = []
    for solver in ("svd", "cholesky"):
        for name, source, params, weights in (
            ("plain", "one_target", {"alpha": 1.0}, None),
            ("no_intercept", "one_target", {"alpha": 0.5, "fit_intercept": False}, None),
            ("small_alpha", "one_target", {"alpha": 1e-3}, None),
            ("large_alpha", "one_target", {"alpha": 1e3}, None),
            ("sample_weight", "one_target", {"alpha": 1.0}, "weights"),
            ("sample_weight_no_intercept", "one_target", {"alpha": 1.0, "fit_intercept": False}, "weights"),
            ("sample_weight_scalar", "one_target", {"alpha": 1.0}, 2.5),
            ("targets", "three_targets", {"alpha": 2.0}, None),
            ("targets_one_column", "one_column", {"alpha": 2.0}, None),
            ("targets_no_intercept", "three_targets", {"alpha": 2.0, "fit_intercept": False}, None),
            ("targets_alpha_each", "three_targets", {"alpha": [0.1, 1.0, 10.0]}, None),
            ("targets_alpha_each_sample_weight", "three_targets", {"alpha": [0.1, 1.0, 10.0]}, "weights"),
            ("wide", "wide", {"alpha": 0.7}, None),
            ("wide_sample_weight", "wide", {"alpha": 0.7}, "weights"),
            ("wide_targets_alpha_each", "wide_targets", {"alpha": [0.5, 5.0]}, None),
            ("redundant_columns", "redundant", {"alpha": 3.0}, None),
        ):
            cases.append(case(inputs, f"{solver}_{name}", source, solver, params, weights))
        cases.append(case(inputs, f"{solver}_float32", "three_targets", solver, {"alpha": 1.0}, None, np.float32))
    cases.append(case(inputs, "svd_alpha_zero", "one_target", "svd", {"alpha": 0.0}, None))
    write(MODELS / "ridge.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def make_inputs():
    rng = np.random.default_rng(22)

    def entry(x, targets, squeeze=False):
        y = rounded(x @ rng.normal(size=(x.shape[1], targets)) + rng.normal(size=(len(x), targets)) + 3)
        return {"x": x, "y": y[:, 0] if squeeze else y, "weights": rounded(rng.uniform(0.1, 3, len(x))),
                "xq": rounded(rng.normal(size=(5, x.shape[1])))}  # fmt: skip

    tall = rounded(rng.normal(size=(30, 5)) * [1, 2, 0.5, 10, 1] + [0, 1, 5, -20, 3])
    wide = rounded(rng.normal(size=(7, 12)) + 1)
    redundant = rounded(np.column_stack([tall[:, :3], tall[:, 0] - 2 * tall[:, 1], np.full(len(tall), 4.0)]))
    return {
        "one_target": entry(tall, 1, squeeze=True),
        "one_column": entry(tall, 1),
        "three_targets": entry(tall, 3),
        "wide": entry(wide, 1, squeeze=True),
        "wide_targets": entry(wide, 2),
        "redundant": entry(redundant, 1, squeeze=True),
    }


def case(inputs, name, source, solver, params, weights, dtype=np.float64):
    data = {key: value.astype(dtype) for key, value in inputs[source].items()}
    sample_weight = data[weights] if isinstance(weights, str) else weights
    alpha = np.asarray(params["alpha"], dtype) if isinstance(params["alpha"], list) else params["alpha"]
    model = Ridge(**{**params, "alpha": alpha}, solver=solver).fit(data["x"], data["y"], sample_weight=sample_weight)
    assert model.solver_ == solver and model.coef_.dtype == dtype
    expected = {"coef_": model.coef_, "intercept_": np.asarray(model.intercept_, dtype), "predict": model.predict(data["xq"]),
                "score": model.score(data["x"], data["y"])}  # fmt: skip
    return {"name": name, "input": source, "dtype": np.dtype(dtype).name, "solver": solver, "params": encode(params),
            "sample_weight": weights, "expected": expected}  # fmt: skip


if __name__ == "__main__":
    main()
