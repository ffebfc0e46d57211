"""Golden file of MinMaxScaler, MaxAbsScaler, Normalizer and Binarizer: crates/xp-models/tests/golden/scaling.json.

A case fits to the first `first` rows; scalers then learn from the rest by `partial_fit`.
"""

import warnings

from common import MODELS, encode, np, rounded, write
from sklearn.preprocessing import Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer

ATTRIBUTES = {
    MinMaxScaler: ("data_min_", "data_max_", "data_range_", "scale_", "min_", "n_samples_seen_"),
    MaxAbsScaler: ("max_abs_", "scale_", "n_samples_seen_"),
    Normalizer: (),
    Binarizer: (),
}


def main():
    rng = np.random.default_rng(31)
    plain = rounded(rng.normal(size=(12, 4)) * [1, 5, 0.1, 100] + [0, 3, -1, 50])
    constant = np.column_stack([plain[:, 0], np.full(12, 2.5), np.zeros(12), np.full(12, -7.0)])
    constant[[2, 5]] = 0.0
    inputs = {"plain": {"x": plain, "xq": rounded(plain[:5] * 1.5, 4)}, "constant": {"x": constant, "xq": constant[:5] + 0.25}}
    missing = np.column_stack([plain, np.full(12, np.nan)])
    missing[[1, 8], 0] = missing[[0, 11], 1] = missing[3:9, 2] = np.nan
    inputs["missing"] = {"x": missing, "xq": np.column_stack([missing[:5, :4] * 1.5, np.ones(5)])}
    cases = []
    for model, params in (
        (MinMaxScaler, {}),
        (MinMaxScaler, {"feature_range": (-2.0, 3.0)}),
        (MinMaxScaler, {"clip": True}),
        (MaxAbsScaler, {}),
        (MaxAbsScaler, {"clip": True}),
        (Normalizer, {}),
        (Normalizer, {"norm": "l1"}),
        (Normalizer, {"norm": "max"}),
        (Binarizer, {}),
        (Binarizer, {"threshold": 1.5}),
    ):
        for source in inputs if ATTRIBUTES[model] else ("plain", "constant"):
            for first in (12, 7) if ATTRIBUTES[model] else (12,):
                cases.append(case(inputs, model, params, source, first))
    write(MODELS / "scaling.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


def case(inputs, model, params, source, first):
    x, query = inputs[source]["x"], inputs[source]["xq"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a feature that is always missing
        fitted = model(**params).fit(x[:first])
        if first < len(x):
            fitted.partial_fit(x[first:])
    transformed = fitted.transform(query)
    expected = {name: getattr(fitted, name) for name in ATTRIBUTES[model]} | {"transform": transformed}
    if ATTRIBUTES[model]:
        expected["inverse_transform"] = fitted.inverse_transform(transformed)
    return {"name": model.__name__, "input": source, "first": first, "params": encode(params), "expected": expected}


if __name__ == "__main__":
    main()
