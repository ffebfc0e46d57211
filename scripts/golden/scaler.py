"""Golden file of StandardScaler: crates/xp-models/tests/golden/scaler.json.

Each step of a case is one `partial_fit` over a range of rows (the first on a fresh scaler), with the attributes after it.
The `var_` of a column that is constant up to rounding may be a rounding residue: compare it relative to the squared mean.
"""

from common import MODELS, encode, np, rounded, write
from sklearn.preprocessing import StandardScaler


def main():
    inputs = make_inputs()
    whole, chunks, singles = [(0, 40)], [(0, 7), (7, 8), (8, 30), (30, 40)], [(i, i + 1) for i in range(4)]
    cases = []
    for name, source, steps, weighted, params in (
        ("plain", "plain", whole, False, {}),
        ("without_mean", "plain", whole, False, {"with_mean": False}),
        ("without_std", "plain", whole, False, {"with_std": False}),
        ("without_both", "plain", whole, False, {"with_mean": False, "with_std": False}),
        ("sample_weight", "plain", whole, True, {}),
        ("sample_weight_without_mean", "plain", whole, True, {"with_mean": False}),
        ("partial_fit", "plain", chunks, False, {}),
        ("partial_fit_single_rows", "plain", singles, False, {}),
        ("partial_fit_without_std", "plain", chunks, False, {"with_std": False}),
        ("partial_fit_sample_weight", "plain", chunks, True, {}),
        ("constant_columns", "constant", whole, False, {}),
        ("constant_columns_sample_weight", "constant", whole, True, {}),
        ("constant_columns_partial_fit", "constant", chunks, False, {}),
        ("offset", "offset", whole, False, {}),
        ("offset_partial_fit", "offset", chunks, False, {}),
        ("one_row", "plain", [(0, 1)], False, {}),
        ("missing", "missing", whole, False, {}),
        ("missing_sample_weight", "missing", whole, True, {}),
        ("missing_partial_fit", "missing", chunks, False, {}),
        ("missing_partial_fit_sample_weight", "missing", chunks, True, {"with_mean": False}),
        ("missing_without_std", "missing", whole, False, {"with_std": False}),
    ):
        cases.append(case(inputs, name, source, steps, weighted, params))
    for name, source, steps, weighted in (
        ("float32", "plain", whole, False),
        ("float32_sample_weight", "plain", whole, True),
        ("float32_constant_columns", "constant", whole, False),
        ("float32_partial_fit", "plain", chunks, False),
        ("float32_missing", "missing", chunks, False),
    ):
        cases.append(case(inputs, name, source, steps, weighted, {}, np.float32))
    write(MODELS / "scaler.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


def make_inputs():
    rng = np.random.default_rng(23)
    plain = rounded(rng.normal(size=(40, 4)) * [1, 5, 0.1, 100] + [0, 3, -1, 50])
    weights = rounded(rng.uniform(0, 3, 40), 2)
    weights[[3, 9]] = 0.0
    constants = np.column_stack([plain[:, 0], np.full(40, 0.1), np.zeros(40), np.full(40, 1e8 + 0.3), np.full(40, -7.0)])
    offset = rounded(rng.normal(size=(40, 3)) + [300, -100, 30])
    # One feature is always missing; no other one is in all rows of a step.
    missing = np.column_stack([plain, np.full(40, np.nan)])
    missing[[1, 8, 20, 33], 0] = missing[[0, 2, 39], 1] = missing[10:30, 2] = np.nan
    return {name: {"x": x, "weights": weights} for name, x in
            (("plain", plain), ("constant", constants), ("offset", offset), ("missing", missing))}  # fmt: skip


def case(inputs, name, source, steps, weighted, params, dtype=np.float64):
    x, weights = inputs[source]["x"].astype(dtype), inputs[source]["weights"].astype(dtype)
    model = StandardScaler(**params)
    states = []
    for start, stop in steps:
        rows = slice(start, stop)
        with np.errstate(invalid="ignore"):  # a feature that is always missing
            model.partial_fit(x[rows], sample_weight=weights[rows] if weighted else None)
        states.append({"rows": [start, stop], **{a: getattr(model, a) for a in ("mean_", "var_", "scale_", "n_samples_seen_")}})
    query = x[:5] * dtype(1.5)
    transformed = model.transform(query)
    expected = {"steps": states, "query": query, "transform": transformed,
                "inverse_transform": model.inverse_transform(transformed)}  # fmt: skip
    return {"name": name, "input": source, "dtype": np.dtype(dtype).name, "params": encode(params),
            "sample_weight": weighted, "expected": expected}  # fmt: skip


if __name__ == "__main__":
    main()
