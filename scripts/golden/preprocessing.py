"""Golden file of RobustScaler, QuantileTransformer, PowerTransformer, SimpleImputer, the encoders and TfidfTransformer:
crates/xp-models/tests/golden/preprocessing.json.

The powers of PowerTransformer are roots of the derivative of the likelihood: scikit-learn's search for them ends earlier. Quantiles of
repeated values lie at exact fractions of the number of samples.
"""

import warnings

from common import MODELS, encode, np, rounded, write
from scipy.optimize import brentq
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, PowerTransformer, QuantileTransformer, RobustScaler


def main():
    rng = np.random.default_rng(61)
    plain = rounded(rng.normal(size=(17, 4)) * [1, 5, 0.1, 100] + [0, 3, -1, 50])
    query = rounded(rng.normal(size=(6, 4)) * [2, 9, 0.2, 150] + [0, 3, -1, 50])
    gaps = plain.copy()
    gaps[[2, 5, 11], [0, 0, 1]] = np.nan
    gaps[:7, 3] = np.nan
    gap_query = query.copy()
    gap_query[1, 1] = gap_query[4, 3] = np.nan
    steps = np.column_stack([np.repeat([1.0, 2.0, 2.5, 7.0], [5, 4, 5, 3]), np.full(17, 4.0), np.arange(17) // 2 * 0.5, plain[:, 0]])
    step_query = np.column_stack([[1.0, 2.0, 2.25, 7.0, 0.0, 8.0], [4.0, 3.0, 5.0, 4.0, 4.0, 4.0], [0.0, 1.0, 3.5, 4.0, 1.25, 7.75], query[:, 0]])
    skewed = np.column_stack([np.exp(plain[:, 0]), rounded(rng.gamma(2.0, size=17)) + 0.1, np.exp(-plain[:, 1] / 5), rounded(rng.uniform(1, 9, 17)) ** 3])
    skewed = rounded(skewed)
    skewed_gaps = skewed.copy()
    skewed_gaps[[0, 3], 1] = np.nan
    inputs = {
        "plain": {"x": plain, "xq": query},
        "gaps": {"x": gaps, "xq": gap_query},
        "steps": {"x": steps, "xq": step_query},
        "skewed": {"x": skewed, "xq": rounded(skewed[:6] * 1.25 + 0.01)},
        "skewed_gaps": {"x": skewed_gaps, "xq": skewed_gaps[:6]},
        "signs": {"x": skewed - skewed.mean(axis=0).round(1), "xq": plain[:6]},
        "negative": {"x": -skewed, "xq": -skewed[:6]},
        "mended": mended(rng),
        "categories": {"x": rng.integers(0, 4, size=(12, 3)) * [1, 3, 2] - [0, 5, 1], "xq": np.array([[0, -5, 1], [9, -2, 3], [1, 1, -4]])},
        "counts": {"x": rng.poisson(0.8, size=(9, 5)).astype(float) * [1, 1, 1, 1, 0], "xq": rng.poisson(0.8, size=(4, 5)).astype(float)},
    }
    inputs["categories"]["x"][:, 2] = inputs["categories"]["x"][:, 2] > 1
    cases = []
    for source in ("plain", "gaps", "steps"):
        for params in ({}, {"with_centering": False}, {"with_scaling": False}, {"quantile_range": (10.0, 85.0), "unit_variance": True}):
            cases.append(transformer(inputs, RobustScaler, source, params, ("center_", "scale_")))
        for m in (17, 5) if source == "steps" else (17, 9, 6, 1):
            for output in ("uniform", "normal"):
                params = {"n_quantiles": m, "output_distribution": output}
                cases.append(transformer(inputs, QuantileTransformer, source, params, ("quantiles_", "references_")))
    for method, sources in (("yeo-johnson", ("plain", "gaps", "steps", "skewed", "signs", "negative")), ("box-cox", ("skewed", "skewed_gaps"))):
        for source in sources:
            for standardize in (True, False):
                cases.append(power(inputs, source, method, standardize))
    for strategy in ("mean", "median", "most_frequent", "constant"):
        for keep, indicator in ((False, False), (True, False), (False, True)):
            params = {"strategy": strategy, "keep_empty_features": keep, "add_indicator": indicator}
            if strategy == "constant":
                params["fill_value"] = -1.5
            cases.append(imputer(inputs, "mended", params))
        cases.append(imputer(inputs, "steps", {"strategy": strategy, "missing_values": 2.0, "fill_value": 0.0}))
    for drop in (None, "first", "if_binary"):
        cases.append(encoder(inputs, OneHotEncoder, {"drop": drop}))
        cases.append(encoder(inputs, OneHotEncoder, {"drop": drop, "handle_unknown": "ignore"}))
    cases.append(encoder(inputs, OrdinalEncoder, {}))
    cases.append(encoder(inputs, OrdinalEncoder, {"handle_unknown": "use_encoded_value", "unknown_value": -1}))
    for groups in ({"min_frequency": 3}, {"min_frequency": 0.3}, {"max_categories": 2}, {"max_categories": 3, "min_frequency": 2}, {"max_categories": 1}):
        for handle in ("error", "ignore", "infrequent_if_exist", "warn"):
            cases.append(encoder(inputs, OneHotEncoder, groups | {"handle_unknown": handle}))
        # One column of each feature that is dropped leaves nothing.
        for drop in ("first", "if_binary") if groups != {"max_categories": 1} else ():
            cases.append(encoder(inputs, OneHotEncoder, groups | {"drop": drop}))
            cases.append(encoder(inputs, OneHotEncoder, groups | {"drop": drop, "handle_unknown": "infrequent_if_exist"}))
        cases.append(encoder(inputs, OrdinalEncoder, groups))
        cases.append(encoder(inputs, OrdinalEncoder, groups | {"handle_unknown": "use_encoded_value", "unknown_value": -1}))
    for handle in ("error", "ignore"):
        cases.append(encoder(inputs, OneHotEncoder, {"drop": [1, -5, 1], "handle_unknown": handle}))
    for missing in (float("nan"), -7.0):
        for groups in ({}, {"max_categories": 2}):
            cases.append(missing_encoder(inputs, groups | {"encoded_missing_value": missing}))
            cases.append(missing_encoder(inputs, groups | {"encoded_missing_value": missing, "handle_unknown": "use_encoded_value", "unknown_value": -1}))
    for norm in ("l2", "l1", None):
        for use_idf, smooth_idf, sublinear_tf in ((True, True, False), (True, False, True), (False, True, True), (False, True, False)):
            params = {"norm": norm, "use_idf": use_idf, "smooth_idf": smooth_idf, "sublinear_tf": sublinear_tf}
            # Without smoothing the weight of the last term, which no document has, is infinite.
            cases.append(tfidf(inputs, params))
    write(MODELS / "preprocessing.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def mended(rng):
    x = rounded(rng.normal(size=(8, 4)), 1)
    x[:, 1] = [3, 1, 3, np.nan, 1, 2, np.nan, 9]
    x[:, 2] = np.nan
    x[[0, 5], [0, 3]] = np.nan
    query = rounded(rng.normal(size=(3, 4)), 1)
    query[0] = np.nan
    query[1, 0] = np.nan
    return {"x": x, "xq": query}


def quiet(f):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f()


def transformer(inputs, model, source, params, attributes):
    x, query = inputs[source]["x"], inputs[source]["xq"]
    fitted = quiet(lambda: model(**params).fit(x))
    transformed = quiet(lambda: fitted.transform(query.copy()))
    expected = {name: getattr(fitted, name) for name in attributes} | {"transform": transformed}
    expected["inverse_transform"] = quiet(lambda: fitted.inverse_transform(transformed.copy()))
    return {"name": model.__name__, "input": source, "params": encode(params), "expected": expected}


def power(inputs, source, method, standardize):
    x, query = inputs[source]["x"], inputs[source]["xq"]
    fitted = PowerTransformer(method=method, standardize=standardize).fit(x)
    exact = np.array([best_power(column[~np.isnan(column)], near, method) for column, near in zip(x.T, fitted.lambdas_)])
    assert np.allclose(exact, fitted.lambdas_, rtol=1e-5, atol=1e-6), (exact, fitted.lambdas_)
    fitted.lambdas_ = exact
    if standardize:
        shaped = PowerTransformer(method=method, standardize=False)
        shaped.fit(x)
        shaped.lambdas_ = exact
        fitted._scaler.fit(shaped.transform(x))
    expected = {"lambdas_": exact, "transform": fitted.transform(query)}
    return {"name": "PowerTransformer", "input": source, "params": {"method": method, "standardize": standardize}, "expected": expected}


def best_power(x, near, method):
    """The root of the derivative of the likelihood."""
    if np.all(x == x[0]):
        return 1.0
    sign, logs = (np.ones_like(x), np.log(x)) if method == "box-cox" else (np.where(x < 0, -1.0, 1.0), np.log1p(np.abs(x)))

    def slope(power):
        p = np.where(sign < 0, 2.0 - power, power)
        t = p * logs
        z = sign * np.expm1(t) / p
        d = (np.exp(t) * logs - np.expm1(t) / p) / p
        return len(x) * np.mean((z - z.mean()) * (d - d.mean())) / np.var(z) - np.sum(sign * logs)

    return brentq(slope, near - 1e-3, near + 1e-3, xtol=1e-13)


def imputer(inputs, source, params):
    fitted = quiet(lambda: SimpleImputer(**params).fit(inputs[source]["x"]))
    expected = {"statistics_": fitted.statistics_.astype(float), "transform": quiet(lambda: fitted.transform(inputs[source]["xq"]))}
    return {"name": "SimpleImputer", "input": source, "params": encode(params), "expected": expected}


def encoder(inputs, model, params):
    x, query = inputs["categories"]["x"], inputs["categories"]["xq"]
    fitted = model(**params).fit(x)
    transformed = quiet(lambda: fitted.transform(x))
    expected = {"transform": transformed, "categories": [list(map(int, c)) for c in fitted.categories_], "inverse": labels(fitted.inverse_transform(transformed))}
    if params.get("handle_unknown", "error") != "error":
        expected["unknown"] = quiet(lambda: fitted.transform(query))
    if model is OneHotEncoder and fitted.drop_idx_ is not None:
        expected["drop_idx"] = [None if at is None else int(at) for at in fitted.drop_idx_]
    if "min_frequency" in params or "max_categories" in params:
        expected["infrequent"] = [None if c is None else list(map(int, c)) for c in fitted.infrequent_categories_]
    expected = {k: v.toarray() if hasattr(v, "toarray") else v for k, v in expected.items()}
    return {"name": model.__name__, "input": "categories", "params": encode(params), "expected": expected}


def missing_encoder(inputs, params):
    """The last category of the first feature stands for what is missing; in the query it does in all features."""
    x, query = inputs["categories"]["x"].astype(float), inputs["categories"]["xq"].astype(float)
    x[x[:, 0] == 3, 0] = np.nan
    query[query == 9] = np.nan
    fitted = OrdinalEncoder(**params).fit(x)
    transformed = quiet(lambda: fitted.transform(x))
    expected = {"transform": transformed}
    if "max_categories" not in params:  # scikit-learn takes missing and infrequent ones for each other on the way back
        expected["inverse"] = labels(fitted.inverse_transform(transformed.copy()))
    if "handle_unknown" in params:
        expected["unknown"] = quiet(lambda: fitted.transform(query))
    return {"name": "OrdinalEncoder missing", "input": "categories", "params": encode(params), "expected": expected}


def labels(found):
    """Categories as integers: 77 for infrequent ones, 88 for unknown ones, 3 for missing ones."""
    number = lambda label: 88 if label is None else 77 if label == "infrequent_sklearn" else 3 if label != label else int(label)
    return np.array([[number(label) for label in row] for row in found])


def tfidf(inputs, params):
    fitted = quiet(lambda: TfidfTransformer(**params).fit(inputs["counts"]["x"]))
    query = inputs["counts"]["x"] if not params["smooth_idf"] else inputs["counts"]["xq"]
    expected = {"transform": quiet(lambda: fitted.transform(query)).toarray(), "idf_": fitted.idf_ if params["use_idf"] else None}
    return {"name": "TfidfTransformer", "input": "counts", "params": encode(params), "expected": expected}


if __name__ == "__main__":
    main()
