"""Golden file of the linear models but Ridge: crates/xp-models/tests/golden/linear_model.json.

Iterative models are fitted to tolerances near rounding, Newton's method where there is one, so that they are at the minimum
whatever the way there.
"""

from common import MODELS, encode, np, rounded, write
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    TweedieRegressor,
)

LOGISTIC = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 200}
LOGISTIC_CV = LOGISTIC | {"cv": 3, "scoring": "accuracy", "l1_ratios": (0,), "use_legacy_attributes": False}
GLM = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 200}
# Where the loss is not convex.
LBFGS = {"solver": "lbfgs", "tol": 1e-9, "max_iter": 10000}
DESCENT = {"tol": 1e-14, "max_iter": 100000}
ATTRIBUTES = ("coef_", "intercept_", "rank_", "singular_", "alpha_", "best_score_", "cv_results_", "classes_", "C_", "scores_")


def main():
    inputs = make_inputs()
    cases = []

    def add(model, source, params={}, weights=False, extra={}):
        cases.append(case(inputs, model, source, params, weights, extra))

    for weights in (False, True):
        add(LinearRegression, "one_target", weights=weights)
        add(LinearRegression, "two_targets", weights=weights)
        add(RidgeCV, "one_target", {"alphas": [0.01, 0.3, 1.0, 30.0], "store_cv_results": True}, weights)
        add(RidgeCV, "two_targets", {"alphas": [0.01, 3.0], "store_cv_results": True}, weights)
        add(RidgeCV, "two_targets", {"alphas": [0.01, 0.1, 3.0, 100.0], "alpha_per_target": True}, weights)
        add(RidgeCV, "wide", {"alphas": [0.5, 2.0, 10.0], "store_cv_results": True}, weights)
        for source in ("two_classes", "three_classes"):
            add(RidgeClassifier, source, {"alpha": 2.0}, weights)
            add(RidgeClassifier, source, {"alpha": 2.0, "class_weight": "balanced"}, weights)
            add(RidgeClassifierCV, source, {"alphas": [0.1, 5.0, 100.0]}, weights)
            add(LogisticRegression, source, {"C": 0.7}, weights, LOGISTIC)
            add(LogisticRegressionCV, source, {"Cs": [0.01, 0.3, 10.0]}, weights, LOGISTIC_CV)
            add(LogisticRegression, source, {"C": 5.0, "class_weight": "balanced"}, weights, LOGISTIC)
        add(PoissonRegressor, "counts", {"alpha": 0.3}, weights, GLM)
        add(GammaRegressor, "positive", {"alpha": 0.3}, weights, GLM)
        add(TweedieRegressor, "counts", {"alpha": 0.1, "power": 1.5}, weights, GLM)
        add(Lasso, "one_target", {"alpha": 0.4}, weights, DESCENT)
        add(ElasticNet, "two_targets", {"alpha": 0.3, "l1_ratio": 0.6}, weights, DESCENT)
    add(LinearRegression, "one_target", {"fit_intercept": False})
    add(LinearRegression, "wide")
    add(LinearRegression, "redundant")
    add(RidgeCV, "one_target", {"alphas": [0.3, 1.0], "fit_intercept": False, "gcv_mode": "svd", "store_cv_results": True})
    add(RidgeCV, "one_target", {"alphas": [0.3, 1.0], "gcv_mode": "eigen", "store_cv_results": True})
    add(LogisticRegression, "two_classes", {"C": 0.7, "fit_intercept": False}, extra=LOGISTIC)
    add(LogisticRegression, "three_classes", {"C": 0.7, "fit_intercept": False}, extra=LOGISTIC)
    add(LogisticRegression, "three_classes", {"C": float("inf")}, extra=LOGISTIC)
    add(LogisticRegression, "two_classes", {"class_weight": {"4": 2.5}}, extra=LOGISTIC)
    add(PoissonRegressor, "counts", {"alpha": 0.0, "fit_intercept": False}, extra=GLM)
    add(TweedieRegressor, "counts", {"power": 1.0}, extra=GLM)
    add(TweedieRegressor, "positive", {"power": 2.0, "alpha": 0.2}, extra=GLM)
    add(TweedieRegressor, "positive", {"power": 3.0, "alpha": 0.2}, extra=LBFGS)
    add(TweedieRegressor, "one_target", {"power": 0.0, "alpha": 0.2}, extra=GLM)
    add(TweedieRegressor, "positive", {"power": 0.0, "link": "log", "alpha": 0.2}, extra=LBFGS)
    add(Lasso, "one_target", {"alpha": 0.1, "positive": True}, extra=DESCENT)
    add(Lasso, "wide", {"alpha": 0.3}, extra=DESCENT)
    add(ElasticNet, "one_target", {"alpha": 0.5, "fit_intercept": False}, extra=DESCENT)
    write(MODELS / "linear_model.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def make_inputs():
    rng = np.random.default_rng(13)
    x = rounded(rng.normal(size=(24, 4)) * [1, 2, 0.5, 1.5] + [0, 1, 2, -3])
    raw = x @ [0.8, -0.5, 1.2, 0.0] + 1
    wide = rounded(rng.normal(size=(6, 9)))
    redundant = np.column_stack([x[:, :2], rounded(x[:, 0] + 2 * x[:, 1])])
    thirds = np.argsort(np.argsort(raw + rng.normal(size=24) * 1.5)) // 8

    def entry(x, y):
        return {"x": x, "y": y, "weights": rounded(rng.uniform(0.2, 3, len(x)), 1), "xq": rounded(rng.normal(size=(4, x.shape[1])))}

    return {
        "one_target": entry(x, rounded(raw + rng.normal(size=24))),
        "two_targets": entry(x, rounded(np.column_stack([raw, x @ [0, 1, 0.2, -1]]) + rng.normal(size=(24, 2)))),
        "wide": entry(wide, rounded(wide @ rng.normal(size=9) + 2)),
        "redundant": entry(redundant, rounded(raw)),
        "counts": entry(x, rng.poisson(np.exp(raw / 3)).astype(float)),
        "positive": entry(x, rounded(rng.gamma(2.0, np.exp(raw / 4) / 2) + 0.01)),
        "two_classes": entry(x, np.where(thirds + rng.integers(0, 2, 24) > 1, 4, 1)),
        "three_classes": entry(x, thirds * 2 - 1),
    }


def case(inputs, model, source, params, weights, extra):
    data = inputs[source]
    given = dict(params)
    if isinstance(given.get("class_weight"), dict):
        given["class_weight"] = {int(label): weight for label, weight in given["class_weight"].items()}
    sample_weight = data["weights"] if weights else None
    fitted = model(**given, **extra).fit(data["x"], data["y"], sample_weight=sample_weight)
    expected = {name: np.asarray(getattr(fitted, name)) for name in ATTRIBUTES if hasattr(fitted, name)}
    if model is LinearRegression and "rank_" in expected:
        expected["rank_"] = int(fitted.rank_)
    expected["predict"] = fitted.predict(data["xq"])
    expected["score"] = fitted.score(data["x"], data["y"], sample_weight=sample_weight)
    for method in ("decision_function", "predict_proba", "predict_log_proba"):
        if hasattr(fitted, method):
            expected[method] = getattr(fitted, method)(data["xq"])
    return {"name": model.__name__, "input": source, "params": encode(params), "sample_weight": weights, "loose": extra == LBFGS,
            "expected": expected}  # fmt: skip


if __name__ == "__main__":
    main()
