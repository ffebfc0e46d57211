"""Golden file of CalibratedClassifierCV and IsotonicRegression: crates/xp-models/tests/golden/calibration.json.

Slopes and intercepts of the sigmoid are roots of the gradient: scikit-learn's search for them ends earlier.
"""

from common import MODELS, encode, load_dataset, np, rounded, write
from scipy.special import expit
from sklearn import calibration
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB

search = calibration._sigmoid_calibration


def exact(predictions, y, sample_weight=None, **_):
    near = search(predictions, y, sample_weight)
    w = np.ones(len(y)) if sample_weight is None else sample_weight
    positive, negative = np.sum(w[y > 0]), np.sum(w[y <= 0])
    target = np.where(y > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def gradient(ab):
        g = w * (target - expit(-(ab[0] * predictions + ab[1])))
        return [g @ predictions, g.sum()]

    def hessian(ab):
        p = expit(-(ab[0] * predictions + ab[1]))
        h = w * p * (1 - p)
        return [[h @ predictions**2, h @ predictions], [h @ predictions, h.sum()]]

    x = np.array(near)
    for _ in range(20):
        x = x - np.linalg.solve(hessian(x), gradient(x))
    assert np.allclose(x, near, rtol=1e-2, atol=1e-2), (x, near)
    return tuple(x)


def main():
    calibration._sigmoid_calibration = exact
    x, y = load_dataset("iris")
    rng = np.random.default_rng(83)
    x = x[:, :2]  # the classes overlap
    # Labels are 0, 1, 2: scikit-learn takes others as positions when it looks for a temperature.
    weights = rounded(rng.uniform(0.25, 2, len(y)), 2)
    order = np.arange(len(y)) * 67 % len(y)  # all classes in every part
    steps = rounded(np.sort(rng.uniform(0, 5, 30)), 1)
    noise = rounded(np.sqrt(steps) + rng.normal(size=30) * 0.3, 2)
    zeros = rounded(rng.uniform(0, 2, 30), 1)
    zeros[[0, 7, 29]] = 0.0
    inputs = {
        "three": {"x": x, "y": y, "weights": weights, "xq": x[::10]},
        "two": {"x": x, "y": (y > 0) * 1, "weights": weights, "xq": x[::10]},
        "mixed": {"x": x[order], "y": y[order], "weights": weights, "xq": x[::10]},
        "line": {"x": steps, "y": noise, "weights": zeros, "xq": np.array([-1.0, 0.05, 1.23, 2.0, 3.31, 4.9, 6.0])},
        "falling": {"x": steps, "y": -noise, "weights": zeros, "xq": np.array([-1.0, 0.05, 1.23, 2.0, 3.31, 4.9, 6.0])},
    }
    cases = []
    for source in ("three", "two"):
        for method in ("sigmoid", "isotonic", "temperature"):
            for ensemble in (True, False):
                for model, weighted in ((LinearDiscriminantAnalysis(), False), (GaussianNB(), False), (GaussianNB(), True)):
                    cases.append(calibrated(inputs, source, method, ensemble, model, weighted))
    for cv in (KFold(5), TimeSeriesSplit(4)):
        for method in ("sigmoid", "temperature"):
            for ensemble in (True, False) if isinstance(cv, KFold) else (True,):
                cases.append(calibrated(inputs, "mixed", method, ensemble, GaussianNB(), False, cv))
    for source in ("line", "falling"):
        for params in ({}, {"increasing": False}, {"increasing": "auto", "out_of_bounds": "clip"}, {"y_min": -0.5, "y_max": 1.5, "out_of_bounds": "clip"}):
            for weighted in (False, True):
                model = IsotonicRegression(**params).fit(inputs[source]["x"], inputs[source]["y"], inputs[source]["weights"] if weighted else None)
                expected = {"x_thresholds": model.X_thresholds_, "y_thresholds": model.y_thresholds_, "predict": model.predict(inputs[source]["xq"])}
                expected["increasing"] = bool(model.increasing_)
                cases.append({"name": "IsotonicRegression", "input": source, "params": encode(params) | {"weighted": weighted}, "expected": expected})
    write(MODELS / "calibration.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


def calibrated(inputs, source, method, ensemble, model, weighted, cv=StratifiedKFold(3)):
    data = inputs[source]
    fitted = CalibratedClassifierCV(model, method=method, cv=cv, ensemble=ensemble)
    fitted.fit(data["x"], data["y"], sample_weight=data["weights"] if weighted else None)
    params = {"method": method, "ensemble": ensemble, "model": type(model).__name__, "weighted": weighted}
    params["cv"] = type(cv).__name__
    return {"name": "CalibratedClassifierCV", "input": source, "params": params, "expected": {"proba": fitted.predict_proba(data["xq"])}}


if __name__ == "__main__":
    main()
