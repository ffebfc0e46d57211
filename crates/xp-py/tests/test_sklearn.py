"""The estimators: scikit-learn's own checks, its results, and its tools around them."""

import copy
import inspect
import os
import pathlib
import pickle
import warnings

import numpy as np
import pytest
import xparray as xp

sklearn = pytest.importorskip("sklearn", minversion="1.6")

import xparray.sklearn as xs
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.gaussian_process.kernels import RBF, DotProduct, ExpSineSquared, Matern, RationalQuadratic, WhiteKernel
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

CLASSES = [getattr(xs, name) for name in xs.__all__ if name != "export"]
ENCODERS = [xs.OneHotEncoder, xs.OrdinalEncoder]
#: What is about y alone.
OF_LABELS = [xs.LabelEncoder, xs.LabelBinarizer]
#: What computes in double precision only, as in scikit-learn.
WIDE = ["CalibratedClassifierCV", "GaussianProcessRegressor"]
TRANSFORMERS = [c for c in CLASSES if hasattr(c, "transform")]


def theirs(cls):
    """scikit-learn's class of the same name."""
    return next(base for base in cls.__mro__ if base.__module__.startswith("sklearn.") and base.__name__ == cls.__name__)


def expected_failures(estimator):
    """The checks that scikit-learn's own class of the name fails, and says so, or would if it had another library's arrays checked."""
    from sklearn.utils._test_common.instance_generator import _get_expected_failed_checks

    own = theirs(type(estimator))
    inverts_if_asked = {"KernelPCA": "fit_inverse_transform", "SimpleImputer": "add_indicator"}.get(own.__name__)
    inverse = {"check_array_api_input": f"inverse_transform needs {inverts_if_asked}=True"} if inverts_if_asked else {}
    return _get_expected_failed_checks(own()) | inverse


def checked(cls):
    """What is checked: where the defaults do not do, for 3 samples of a class and results that are compared, such as scikit-learn takes."""
    if cls is xs.CalibratedClassifierCV:
        return cls(xs.LogisticRegression(C=1), cv=3)
    return cls(cv=3, solver="newton-cholesky", tol=1e-10) if cls is xs.LogisticRegressionCV else cls()


@parametrize_with_checks([checked(c) for c in CLASSES], expected_failed_checks=expected_failures)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_parameters_are_scikit_learns(cls):
    base = theirs(cls)
    assert issubclass(cls, base) and str(inspect.signature(cls)) == str(inspect.signature(base))
    assert set(cls._declared["params"]) == set(cls().get_params())
    assert cls.__module__ == "xparray.sklearn" and base.__name__ in cls.__doc__


def data(name):
    if name == "kernel":
        X, y = data("iris")
        return X @ X.T, y
    if name == "labels":
        labels = np.random.default_rng(0).integers(-2, 5, 60)
        return labels, labels
    if name == "near":
        X, y = data("diabetes")
        return X[:80] * 10, y[:80] / 100
    if name == "one feature":
        X, y = data("diabetes")
        return X[:, 2], y
    if name == "holes":
        X, y = data("wine")
        return np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, np.round(X)), y
    return {"iris": load_iris, "wine": load_wine, "digits": load_digits, "cancer": load_breast_cancer, "diabetes": load_diabetes}[name](return_X_y=True)


#: Estimator, data, and the attributes that are compared. Signs of components are those of scikit-learn where it fixes them.
CASES = [
    ("LinearDiscriminantAnalysis", {}, "iris", ["priors_", "means_", "coef_", "intercept_", "explained_variance_ratio_"]),
    ("LinearDiscriminantAnalysis", {"n_components": 1, "store_covariance": True, "priors": [0.2, 0.3, 0.5]}, "wine", ["covariance_", "coef_", "xbar_"]),
    ("LinearDiscriminantAnalysis", {}, "cancer", ["coef_", "intercept_"]),
    ("PCA", {}, "iris", ["components_", "explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_", "noise_variance_", "n_components_", "n_samples_"]),
    ("PCA", {"n_components": 0.9, "whiten": True, "svd_solver": "full"}, "wine", ["components_", "n_components_"]),
    ("PCA", {"n_components": 5, "svd_solver": "covariance_eigh"}, "digits", ["explained_variance_", "noise_variance_"]),
    ("PCA", {"n_components": 3, "svd_solver": "arpack"}, "diabetes", ["explained_variance_", "noise_variance_"]),
    ("PCA", {"n_components": "mle", "svd_solver": "full"}, "wine", ["n_components_", "noise_variance_"]),
    ("Ridge", {}, "diabetes", ["coef_", "intercept_"]),
    ("Ridge", {"alpha": 10.0, "solver": "svd", "fit_intercept": False}, "diabetes", ["coef_", "intercept_"]),
    ("StandardScaler", {}, "wine", ["mean_", "var_", "scale_", "n_samples_seen_"]),
    ("StandardScaler", {"with_mean": False}, "digits", ["scale_"]),
    ("StandardScaler", {"with_std": False}, "digits", ["mean_", "scale_", "var_"]),
    ("MinMaxScaler", {"feature_range": (-1, 2), "clip": True}, "wine", ["data_min_", "data_max_", "data_range_", "scale_", "min_", "n_samples_seen_"]),
    ("MaxAbsScaler", {}, "wine", ["max_abs_", "scale_"]),
    ("RobustScaler", {"quantile_range": (10.0, 80.0), "unit_variance": True}, "wine", ["center_", "scale_"]),
    ("RobustScaler", {"with_centering": False}, "wine", ["center_", "scale_"]),
    ("Normalizer", {"norm": "l1"}, "wine", []),
    ("Binarizer", {"threshold": 3.0}, "digits", []),
    ("PolynomialFeatures", {"degree": (2, 3), "interaction_only": True, "include_bias": False}, "iris", ["n_output_features_", "powers_"]),
    ("PowerTransformer", {}, "wine", ["lambdas_"]),
    ("PowerTransformer", {"method": "box-cox", "standardize": False}, "iris", ["lambdas_"]),
    ("QuantileTransformer", {"n_quantiles": 50, "output_distribution": "normal"}, "wine", ["quantiles_", "references_", "n_quantiles_"]),
    ("IncrementalPCA", {"n_components": 3, "batch_size": 40}, "wine", ["components_", "explained_variance_", "singular_values_", "mean_", "var_", "noise_variance_", "n_samples_seen_"]),
    ("TruncatedSVD", {"n_components": 3, "algorithm": "arpack"}, "wine", ["explained_variance_", "singular_values_"]),
    ("KernelPCA", {"n_components": 3, "kernel": "rbf", "gamma": 0.1}, "iris", ["eigenvalues_"]),
    ("KernelRidge", {"kernel": "poly", "degree": 2, "gamma": 0.5, "alpha": 0.1}, "diabetes", []),
    ("LinearRegression", {}, "diabetes", ["coef_", "intercept_", "rank_", "singular_"]),
    ("Lasso", {"alpha": 0.5, "tol": 1e-10}, "diabetes", ["coef_", "intercept_"]),
    ("ElasticNet", {"alpha": 0.01, "l1_ratio": 0.7, "tol": 1e-10, "positive": True}, "diabetes", ["coef_", "intercept_"]),
    ("LogisticRegression", {"C": 0.01, "tol": 1e-9, "solver": "newton-cholesky", "class_weight": "balanced"}, "iris", ["coef_", "intercept_"]),
    ("LogisticRegression", {"C": 0.01, "tol": 1e-9, "solver": "newton-cholesky", "class_weight": {0: 2.0, 2: 0.5}}, "iris", ["coef_"]),
    ("RidgeClassifier", {"class_weight": "balanced", "alpha": 3.0}, "wine", ["coef_", "intercept_"]),
    ("PoissonRegressor", {"solver": "newton-cholesky", "tol": 1e-9}, "diabetes", ["coef_", "intercept_"]),
    ("GammaRegressor", {"solver": "newton-cholesky", "tol": 1e-9}, "diabetes", ["coef_", "intercept_"]),
    ("TweedieRegressor", {"power": 1.5, "solver": "newton-cholesky", "tol": 1e-9}, "diabetes", ["coef_", "intercept_"]),
    ("GaussianNB", {}, "iris", ["theta_", "var_", "class_prior_", "class_count_", "epsilon_"]),
    ("GaussianNB", {"priors": [0.2, 0.3, 0.5], "var_smoothing": 1e-3}, "wine", ["class_prior_"]),
    ("EmpiricalCovariance", {}, "iris", ["location_", "covariance_", "precision_"]),
    ("LedoitWolf", {"assume_centered": True}, "iris", ["location_", "covariance_", "shrinkage_"]),
    ("OAS", {"store_precision": False}, "iris", ["covariance_", "precision_", "shrinkage_"]),
    ("ShrunkCovariance", {"shrinkage": 0.3}, "wine", ["location_", "covariance_"]),
    ("RidgeCV", {}, "diabetes", ["coef_", "intercept_", "alpha_", "best_score_"]),
    ("RidgeCV", {"alphas": [1e-3, 1.0, 1e3], "store_cv_results": True, "gcv_mode": "svd", "fit_intercept": False}, "diabetes", ["coef_", "alpha_", "cv_results_"]),
    ("RidgeClassifierCV", {"class_weight": "balanced"}, "wine", ["coef_", "intercept_", "alpha_", "best_score_"]),
    ("LogisticRegressionCV", {"Cs": [1e-3, 1e-2], "cv": 3, "tol": 1e-9, "solver": "newton-cholesky", "scoring": "accuracy", "l1_ratios": (0,), "use_legacy_attributes": False}, "iris", ["coef_", "intercept_", "C_", "Cs_"]),
    ("LogisticRegressionCV", {"Cs": [1e-3, 1e-1], "class_weight": {1: 2.0}, "tol": 1e-9, "solver": "newton-cholesky", "scoring": "accuracy", "l1_ratios": (0,), "use_legacy_attributes": True}, "iris", ["coef_", "C_", "l1_ratio_"]),
    ("SimpleImputer", {}, "holes", ["statistics_"]),
    ("SimpleImputer", {"strategy": "median", "add_indicator": True}, "holes", ["statistics_"]),
    ("SimpleImputer", {"strategy": "most_frequent", "missing_values": 0}, "digits", ["statistics_"]),
    ("SimpleImputer", {"strategy": "constant", "fill_value": -2.5}, "holes", []),
    ("TfidfTransformer", {}, "digits", ["idf_"]),
    ("TfidfTransformer", {"norm": "l1", "sublinear_tf": True, "smooth_idf": True}, "digits", ["idf_"]),
    ("TfidfTransformer", {"norm": None, "use_idf": False, "sublinear_tf": True}, "digits", []),
    ("KernelCenterer", {}, "kernel", ["K_fit_rows_", "K_fit_all_"]),
    ("IsotonicRegression", {}, "one feature", ["X_thresholds_", "y_thresholds_", "X_min_", "X_max_", "increasing_"]),
    ("IsotonicRegression", {"increasing": "auto", "y_min": 100.0, "y_max": 200.0, "out_of_bounds": "clip"}, "one feature", ["X_thresholds_", "y_thresholds_"]),
    ("KNeighborsClassifier", {}, "cancer", ["n_samples_fit_", "effective_metric_"]),
    ("KNeighborsClassifier", {"n_neighbors": 7, "weights": "distance", "metric": "manhattan", "algorithm": "brute"}, "wine", []),
    ("KNeighborsRegressor", {"n_neighbors": 3, "p": 3, "algorithm": "brute"}, "diabetes", ["n_samples_fit_"]),
    ("GaussianProcessRegressor", {"optimizer": None}, "near", ["alpha_", "L_", "X_train_", "y_train_", "log_marginal_likelihood_value_"]),
    ("GaussianProcessRegressor", {"kernel": 2.0 * Matern(1.5, nu=2.5) + WhiteKernel(0.5), "normalize_y": True, "optimizer": None}, "near", ["y_train_", "log_marginal_likelihood_value_"]),
    ("GaussianProcessRegressor", {"kernel": RationalQuadratic(alpha=0.5) ** 2 + DotProduct(0.5), "alpha": 0.1, "optimizer": None}, "near", ["alpha_", "L_"]),
    ("CalibratedClassifierCV", {"estimator": GaussianNB()}, "iris", []),
    ("CalibratedClassifierCV", {"estimator": GaussianNB(), "method": "isotonic", "cv": 3}, "cancer", []),
    ("CalibratedClassifierCV", {"estimator": GaussianNB(), "method": "temperature", "ensemble": False}, "cancer", []),
    ("CalibratedClassifierCV", {"estimator": RidgeClassifier(), "method": "isotonic", "ensemble": False}, "wine", []),
    ("CalibratedClassifierCV", {"estimator": RidgeClassifier(), "method": "temperature"}, "wine", []),
    ("CalibratedClassifierCV", {"cv": 3}, "iris", []),
    ("LabelEncoder", {}, "labels", ["classes_"]),
    ("LabelBinarizer", {"neg_label": -1, "pos_label": 2}, "labels", ["classes_"]),
    ("KMeans", {"n_clusters": 3, "init": [[5.0, 3.4, 1.5, 0.2], [5.9, 2.7, 4.4, 1.4], [6.8, 3.0, 5.7, 2.0]], "n_init": 1, "tol": 1e-9}, "iris", ["cluster_centers_", "labels_", "inertia_"]),
    ("GaussianMixture", {"n_components": 2, "tol": 1e-10, "max_iter": 1000, "means_init": [[5.0, 3.4, 1.5, 0.2], [6.3, 2.9, 4.9, 1.7]]}, "iris", ["weights_", "means_", "covariances_", "precisions_cholesky_", "lower_bound_"]),
    ("GaussianMixture", {"n_components": 2, "covariance_type": "tied", "tol": 1e-10, "max_iter": 1000, "means_init": [[5.0, 3.4, 1.5, 0.2], [6.3, 2.9, 4.9, 1.7]]}, "iris", ["means_", "covariances_"]),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name, params, where, attributes", CASES, ids=[f"{n}-{w}-{k}" for k, (n, _, w, _) in enumerate(CASES)])
def test_results_are_scikit_learns(name, params, where, attributes, dtype):
    X, y = data(where)
    cls = getattr(xs, name)
    if cls in OF_LABELS:
        # Labels of this width instead.
        return same_labels(cls(**params), theirs(cls)(**params), y.astype({"float64": "int64", "float32": "int32"}[dtype]), attributes)
    X = X.astype(dtype)
    # Of classifiers, which are scikit-learn's in both, the calibration is compared: they are given the same samples.
    wide = X if cls is xs.CalibratedClassifierCV else X.astype("float64")
    ours, other = cls(**params).fit(X, y), theirs(cls)(**params).fit(wide, y)
    # In single precision: the rounding of the data, times the condition of the problem.
    tol = 1e-7 if dtype == "float64" else 2e-2
    for a in attributes:
        x, e = getattr(ours, a), getattr(other, a)
        if e is None or isinstance(e, str):
            assert x == e
            continue
        assert np.shape(x) == np.shape(e), a
        np.testing.assert_allclose(x, e, rtol=tol, atol=tol * max(1e-12, float(np.max(np.abs(e), initial=0.0))), err_msg=a)
    for method in ("predict", "predict_proba", "decision_function", "mahalanobis"):
        if hasattr(ours, method):
            p, q = getattr(ours, method)(X), getattr(other, method)(wide)
            if method == "predict" and (is_classifier(ours) or name in ("KMeans", "GaussianMixture")):
                assert p.dtype == q.dtype or name in ("KMeans", "GaussianMixture")
                assert np.mean(p == q) > 0.99
            else:
                assert p.dtype == ("float64" if name in WIDE else dtype)
                np.testing.assert_allclose(p, q, rtol=tol, atol=tol * float(np.max(np.abs(q))))
    if hasattr(ours, "transform"):
        p, q = ours.transform(X), other.transform(wide)
        q = q.toarray() if hasattr(q, "toarray") else q
        assert p.dtype == dtype
        if name in ("LinearDiscriminantAnalysis", "KernelPCA", "TruncatedSVD"):
            q = q * np.sign(np.sum(p * q, axis=0))
        np.testing.assert_allclose(p, q, rtol=tol, atol=tol * float(np.max(np.abs(q))))
    if is_classifier(ours) or is_regressor(ours):
        assert ours.score(X, y) == pytest.approx(other.score(wide, y), abs=1e-2 if dtype == "float32" else 1e-9)


def same_labels(ours, other, y, attributes):
    """Compares what is made of labels, and the way back."""
    ours, other = ours.fit(y), other.fit(y)
    for a in attributes:
        assert getattr(ours, a).dtype == getattr(other, a).dtype and (getattr(ours, a) == getattr(other, a)).all()
    for p, q in ((ours.transform(y), other.transform(y)), (ours.fit_transform(y), other.fit_transform(y))):
        np.testing.assert_array_equal(p, q)
        assert p.dtype == q.dtype
        back = ours.inverse_transform(p)
        np.testing.assert_array_equal(back, y)
        assert back.dtype == y.dtype


def fitted(model, X, y):
    return model.fit(X) if type(model) in OF_LABELS else model.fit(X, y)


def seeded(cls):
    """An estimator that draws the same numbers every time."""
    if cls is xs.CalibratedClassifierCV:
        return cls(xs.LogisticRegression(), cv=3)
    fixed = {"random_state": 0, "sparse_output": False}
    return cls(**{name: value for name, value in fixed.items() if name in cls().get_params()})


def samples_for(cls):
    """Samples that an estimator takes."""
    if cls in ENCODERS:
        return np.random.default_rng(0).integers(0, 5, (60, 3)), np.arange(60)
    special = {"KernelCenterer": "kernel", "IsotonicRegression": "one feature", "GaussianProcessRegressor": "near"}
    special |= {cls.__name__: "labels" for cls in OF_LABELS}
    return data(special.get(cls.__name__, "diabetes" if is_regressor(cls()) else "wine"))


def some(cls):
    """A fitted estimator and its samples."""
    X, y = samples_for(cls)
    return fitted(seeded(cls), X, y), X, y


def outputs(model, X):
    out = {m: getattr(model, m)(X) for m in ("predict", "predict_proba", "decision_function", "transform") if hasattr(model, m)}
    if hasattr(model, "kneighbors"):
        out["kneighbors"] = model.kneighbors(X)[0]
    return out


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_copies_and_pickles(cls):
    model, X, _ = some(cls)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        again = outputs(other, X)
        for method, out in outputs(model, X).items():
            np.testing.assert_array_equal(again[method], out)
    # An estimator that is a parameter is cloned too.
    assert str(clone(model).get_params()) == str(model.get_params()) and not hasattr(clone(model), "_model")


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_results_are_of_the_library_of_the_samples(cls):
    model, X, y = some(cls)
    x, labels = xp.asarray(X), xp.asarray(y)
    own = fitted(seeded(cls), x, labels)
    arrays = [name for name, value in vars(model).items() if isinstance(value, np.ndarray) and name.endswith("_")]
    for name in set(arrays) - {"n_iter_", "C_", "Cs_", "l1_ratio_", "l1_ratios_"}:
        assert isinstance(getattr(own, name), xp.Array), name
        np.testing.assert_allclose(np.asarray(getattr(own, name)), getattr(model, name), rtol=1e-10, atol=1e-12)
    mine_of = outputs(own, x)
    for method, out in outputs(model, X).items():
        mine = mine_of[method]
        assert isinstance(mine, xp.Array), method
        np.testing.assert_allclose(np.asarray(mine), out, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_arrays_of_other_libraries_with_dispatch(cls):
    torch = pytest.importorskip("torch", exc_type=ImportError)
    pytest.importorskip("array_api_compat")
    model, X, y = some(cls)
    with sklearn.config_context(array_api_dispatch=True):
        own = fitted(seeded(cls), torch.tensor(X), torch.tensor(y))
        for method, out in outputs(model, X).items():
            mine = getattr(own, method)(torch.tensor(X))
            assert isinstance(mine, torch.Tensor), method
            np.testing.assert_allclose(mine.numpy(), out, rtol=1e-9, atol=1e-9)
        own = fitted(seeded(cls), xp.asarray(X), xp.asarray(y))
        for method in outputs(model, X):
            assert isinstance(getattr(own, method)(xp.asarray(X)), xp.Array)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_arrays_of_numpy_with_dispatch(cls):
    model, X, y = some(cls)
    with sklearn.config_context(array_api_dispatch=True):
        found = outputs(fitted(seeded(cls), X, y), X)
    for method, out in outputs(model, X).items():
        assert isinstance(found[method], np.ndarray), method
        np.testing.assert_allclose(found[method], out, rtol=1e-9, atol=1e-9)


def test_samples_are_not_copied():
    X = np.asfortranarray(np.random.default_rng(0).normal(size=(400, 30)))[::-1]
    for cls in CLASSES:
        if cls in OF_LABELS or cls is xs.CalibratedClassifierCV:
            # The first take no samples, and the last gives them to others.
            continue
        X = X if cls is not xs.IsotonicRegression else X[:, :1]
        y = np.exp(X[:, 0]) if is_regressor(cls()) else (X[:, 0] > 0).astype(int)
        samples = cls()._samples(X, y, None, True)[0]
        assert np.shares_memory(np.asarray(samples), X), cls.__name__


@pytest.mark.parametrize("cls", TRANSFORMERS, ids=lambda c: c.__name__)
def test_data_frames(cls):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    if cls is xs.IsotonicRegression or cls in OF_LABELS:
        pytest.skip("what it takes has no names")
    X, y = samples_for(cls)
    names = [f"column {k}" for k in range(X.shape[1])]
    expected = seeded(cls).fit(X, y).transform(X)
    for container, frame in [("pandas", pandas.DataFrame(X, columns=names)), ("polars", polars.DataFrame(X, schema=names))]:
        model = seeded(cls).set_output(transform=container).fit(frame, y)
        out = model.transform(frame)
        assert type(out) is type(frame) and list(out.columns) == list(model.get_feature_names_out())
        np.testing.assert_allclose(np.asarray(out), expected, rtol=1e-4, atol=1e-6 * np.max(np.abs(expected)))
        assert list(model.feature_names_in_) == names
        with pytest.raises(ValueError, match="feature names"):
            model.transform(frame.rename(columns={names[0]: "other"}) if container == "pandas" else frame.rename({names[0]: "other"}))


def test_tools_of_scikit_learn_take_them():
    X, y = data("digits")
    pipe = make_pipeline(xs.StandardScaler(), xs.PCA(n_components=20), xs.LinearDiscriminantAnalysis())
    scores = cross_validate(pipe, X, y, cv=3)["test_score"]
    assert scores.min() > 0.85
    search = GridSearchCV(pipe, {"pca__n_components": [5, 30], "pca__whiten": [False, True]}, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_["pca__n_components"] == 30 and search.score(X, y) > 0.95
    X, y = data("diabetes")
    search = GridSearchCV(xs.Ridge(), {"alpha": [1e-3, 1e3]}).fit(X, y)
    assert search.best_params_ == {"alpha": 1e-3}
    sklearn.set_config(enable_metadata_routing=True)
    try:
        assert cross_validate(xs.Ridge().set_fit_request(sample_weight=True).set_score_request(sample_weight=True), X, y, params={"sample_weight": np.ones(len(y))})["test_score"].mean() > 0.3
    finally:
        sklearn.set_config(enable_metadata_routing=False)


def test_labels_of_any_kind():
    X, y = data("iris")
    names = np.asarray(["setosa", "versicolor", "virginica"])
    for labels in (names[y], names[y].astype(object), y.astype("uint8"), y == 1, y.astype("float64"), y - 1, y.astype("uint64")):
        model = xs.LinearDiscriminantAnalysis().fit(X, labels)
        other = theirs(xs.LinearDiscriminantAnalysis)().fit(X, labels)
        assert labels.dtype == object or model.classes_.dtype == other.classes_.dtype
        assert model.classes_.tolist() == other.classes_.tolist()
        p = model.predict(X)
        assert p.dtype == model.classes_.dtype and (p == other.predict(X)).all()


def test_classes_that_come_later():
    X, y = data("iris")
    names = np.asarray(["a", "b", "c"])[y]
    whole, parts = xs.GaussianNB().fit(X, names), xs.GaussianNB()
    for k in range(3):
        parts.partial_fit(X[50 * k : 50 * k + 50], names[50 * k : 50 * k + 50], classes=["c", "a", "b"])
    np.testing.assert_allclose(parts.theta_, whole.theta_, rtol=1e-12)
    assert (parts.predict(X) == whole.predict(X)).all() and parts.classes_.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="classes must be passed"):
        xs.GaussianNB().partial_fit(X, y)
    with pytest.raises(ValueError, match="not the same"):
        parts.partial_fit(X, names, classes=["a", "b"])
    with pytest.raises(ValueError, match="do not exist"):
        parts.partial_fit(X, np.full(150, "d"))


def test_learning_in_parts():
    X, _ = data("wine")
    whole, parts = xs.StandardScaler().fit(X), xs.StandardScaler()
    for k in range(0, len(X), 50):
        parts.partial_fit(X[k : k + 50])
    np.testing.assert_allclose(parts.var_, whole.var_, rtol=1e-12)
    merged = xs.StandardScaler().fit(X[:60]).merge(xs.StandardScaler().fit(X[60:]))
    np.testing.assert_allclose(merged.scale_, whole.scale_, rtol=1e-12)
    assert merged.n_samples_seen_ == len(X)
    with pytest.raises(ValueError):
        merged.merge(xs.StandardScaler().fit(X[:, :3]))
    with pytest.raises(ValueError):
        merged.merge(xs.StandardScaler().fit(X.astype("float32")))


def test_learning_in_batches():
    X, _ = data("wine")
    model = xs.MiniBatchKMeans(n_clusters=3, random_state=0)
    for _ in range(5):
        model.partial_fit(X)
    assert model.n_steps_ == 5 and model.cluster_centers_.shape == (3, 13) and not hasattr(model, "merge")
    assert model.inertia_ == pytest.approx(-model.score(X), rel=1e-9)
    batches = xs.MiniBatchKMeans(n_clusters=3, random_state=0, batch_size=50).fit(X)
    assert batches.score(X) > 1.3 * xs.KMeans(n_clusters=3, n_init=5, random_state=0).fit(X).score(X)


def test_scores_of_clusters():
    X, _ = data("iris")
    weights = np.random.default_rng(0).random(len(X))
    model = xs.KMeans(n_clusters=3, random_state=0).fit(X, sample_weight=weights)
    nearest = np.min(np.sum((X[:, None] - model.cluster_centers_) ** 2, axis=2), axis=1)
    assert model.inertia_ == pytest.approx(nearest @ weights, rel=1e-10)
    assert model.score(X) == pytest.approx(-nearest.sum(), rel=1e-10)
    assert model.score(X, sample_weight=weights) == pytest.approx(-nearest @ weights, rel=1e-10)
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="distinct"):
        xs.KMeans(n_clusters=3).fit(np.asarray([[1.0], [1.0], [2.0]]))


def test_mixtures_draw_and_weigh():
    X, _ = data("iris")
    model = xs.GaussianMixture(2, random_state=0).fit(X)
    other = theirs(xs.GaussianMixture)(2, means_init=model.means_, tol=1e-9, max_iter=500).fit(X)
    assert model.bic(X) == pytest.approx(other.bic(X), rel=1e-3) and model.aic(X) == pytest.approx(other.aic(X), rel=1e-3)
    drawn, labels = model.sample(4000)
    np.testing.assert_allclose(drawn.mean(axis=0), X.mean(axis=0), atol=0.2)
    assert np.bincount(labels) / 4000 == pytest.approx(model.weights_, abs=0.05)
    assert (model.fit_predict(X) == model.predict(X)).all()


@pytest.mark.parametrize("metric", ["minkowski", "manhattan", "chebyshev", "cosine", "sqeuclidean", "l1"])
def test_neighbors_are_scikit_learns(metric):
    X, _ = data("wine")
    Z = np.random.default_rng(0).normal(size=(20, 13)) + X[:20]
    ours, other = (c(n_neighbors=4, metric=metric, algorithm="brute").fit(X) for c in (xs.NearestNeighbors, theirs(xs.NearestNeighbors)))
    for query in (Z, None):
        (d, at), (e, where) = ours.kneighbors(query), other.kneighbors(query)
        np.testing.assert_allclose(d, e, rtol=1e-7, atol=1e-7)
        # Integers have many samples at the same largest difference.
        assert np.mean(at == where) > (0.75 if metric == "chebyshev" else 0.99)
    radius = float(np.median(d))
    near, which = ours.radius_neighbors(Z, radius, sort_results=True)
    far, where = other.radius_neighbors(Z, radius, sort_results=True)
    for d, e, at, there in zip(near, far, which, where):
        np.testing.assert_allclose(d, e, rtol=1e-7, atol=1e-7)
        assert sorted(at) == sorted(there)
    assert (ours.kneighbors_graph(Z) != other.kneighbors_graph(Z)).nnz == 0
    with pytest.raises(ValueError, match="n_neighbors"):
        ours.kneighbors(Z, n_neighbors=len(X) + 1)


def test_numbers_for_what_is_missing():
    X = np.asarray([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]])
    model = xs.SimpleImputer(add_indicator=True).fit(X)
    with pytest.warns(UserWarning, match="Skipping"):
        out = model.transform(X)
    assert out.tolist() == [[1.0, 5.0, 1.0, 1.0], [3.0, 5.0, 0.0, 1.0]]
    assert model.get_feature_names_out().tolist() == ["x0", "x1", "missingindicator_x1", "missingindicator_x2"]
    X[0, 2] = 7.0
    whole = xs.SimpleImputer(add_indicator=True)
    np.testing.assert_array_equal(whole.inverse_transform(whole.fit_transform(X)), X)
    assert xs.SimpleImputer(keep_empty_features=True).fit_transform([[np.nan], [np.nan]]).tolist() == [[0.0], [0.0]]


def test_a_penalty_for_each_target():
    X, y = data("diabetes")
    Y = np.stack([y, X[:, 0] + 1e-3 * y], axis=1)
    ours, other = (c(alphas=np.logspace(-5, 3, 9), alpha_per_target=True).fit(X, Y) for c in (xs.RidgeCV, theirs(xs.RidgeCV)))
    np.testing.assert_allclose(ours.alpha_, other.alpha_)
    np.testing.assert_allclose(ours.best_score_, other.best_score_, rtol=1e-7)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=1e-6)


def test_penalties_by_folds():
    X, y = data("diabetes")
    alphas = np.logspace(-4, 2, 7)
    ours, other = (c(alphas=alphas, cv=4).fit(X, y) for c in (xs.RidgeCV, theirs(xs.RidgeCV)))
    assert ours.alpha_ == other.alpha_ and ours.best_score_ == pytest.approx(other.best_score_, rel=1e-9)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=1e-7)
    X, y = data("wine")
    ours, other = (c(alphas=alphas, cv=4, class_weight="balanced").fit(X, y) for c in (xs.RidgeClassifierCV, theirs(xs.RidgeClassifierCV)))
    assert ours.alpha_ == other.alpha_ and ours.best_score_ == pytest.approx(other.best_score_, rel=1e-9)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=1e-7)
    X, y = data("iris")
    splits = list(sklearn.model_selection.KFold(4, shuffle=True, random_state=0).split(X, y))
    fixed = {"Cs": [1e-3, 1e-2, 1.0], "tol": 1e-9, "max_iter": 1000, "scoring": "accuracy", "l1_ratios": (0,), "use_legacy_attributes": False}
    for cv in (splits, 3):
        ours, other = (c(cv=cv, **fixed).fit(X, y) for c in (xs.LogisticRegressionCV, theirs(xs.LogisticRegressionCV)))
        assert ours.C_ == other.C_
        np.testing.assert_allclose(ours.scores_.ravel(), other.scores_.ravel(), rtol=1e-12)
        np.testing.assert_allclose(ours.coef_, other.coef_, rtol=1e-4, atol=1e-6)


def test_paths_of_penalties():
    X, y = data("iris")
    splits = list(sklearn.model_selection.KFold(3, shuffle=True, random_state=0).split(X, y))
    fixed = {"Cs": [1e-3, 1e-1], "tol": 1e-10, "solver": "newton-cholesky", "max_iter": 1000}
    several = [
        {"scoring": "accuracy", "l1_ratios": (0,), "use_legacy_attributes": False},
        {"scoring": "accuracy", "l1_ratios": (0,), "use_legacy_attributes": True},
        {"scoring": "accuracy", "l1_ratios": None, "use_legacy_attributes": True, "fit_intercept": False},
        {"scoring": "neg_log_loss", "l1_ratios": (0,), "use_legacy_attributes": False, "cv": splits},
        {"scoring": "accuracy", "l1_ratios": (0,), "use_legacy_attributes": False, "refit": False},
        {"scoring": "accuracy", "l1_ratios": None, "use_legacy_attributes": True, "refit": False, "fit_intercept": False},
        {"scoring": "neg_log_loss", "l1_ratios": (0,), "use_legacy_attributes": True, "refit": False, "cv": splits},
        {"scoring": "f1_macro", "l1_ratios": (0,), "use_legacy_attributes": True, "class_weight": "balanced", "cv": splits},
    ]
    for params in several:
        for labels in (y, np.asarray(["a", "b", "c"])[y], (y == 1).astype(int)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                if params["scoring"] == "f1_macro" and labels.dtype.kind == "i" and labels.max() == 1:
                    continue
                ours, other = (c(**{**fixed, **params}).fit(X, labels) for c in (xs.LogisticRegressionCV, theirs(xs.LogisticRegressionCV)))
            np.testing.assert_allclose(ours.C_, other.C_, rtol=1e-12)
            assert np.shape(ours.C_) == np.shape(other.C_)
            np.testing.assert_allclose(ours.coef_, other.coef_, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(ours.intercept_, other.intercept_, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=1e-5, atol=1e-7)
            assert np.all(ours.l1_ratio_ == other.l1_ratio_) and ours.l1_ratios_.tolist() == other.l1_ratios_.tolist()
            assert ours.n_iter_.shape == other.n_iter_.shape and ours.n_iter_.dtype == other.n_iter_.dtype and (ours.n_iter_ > 0).all()
            for a in ("scores_", "coefs_paths_"):
                mine, their = getattr(ours, a), getattr(other, a)
                assert type(mine) is type(their)
                pairs = [(mine[k], their[k]) for k in their] if isinstance(their, dict) else [(mine, their)]
                assert not isinstance(their, dict) or list(mine) == list(their)
                for p, q in pairs:
                    assert p.shape == q.shape
                    np.testing.assert_allclose(p, q, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_calibration_with_weights_and_labels(method):
    X, y = data("wine")
    names, weights = np.asarray(["c", "a", "b"])[y], np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    for inner in (GaussianNB(), RidgeClassifier()):
        ours, other = (c(inner, method=method, cv=4).fit(X, names, sample_weight=weights) for c in (xs.CalibratedClassifierCV, theirs(xs.CalibratedClassifierCV)))
        np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=1e-4, atol=1e-5)
        assert (ours.predict(X) == other.predict(X)).all() and ours.predict(X).dtype == names.dtype
        assert len(ours.calibrated_classifiers_) == 4 and ours.n_features_in_ == 13
    with pytest.warns(UserWarning, match="does not appear to accept sample_weight"):
        xs.CalibratedClassifierCV(xs.KNeighborsClassifier(), method=method, cv=3).fit(X, names, sample_weight=weights)
    splits = [(np.arange(59, 178), np.arange(59)), (np.arange(178), np.arange(178))]
    with pytest.raises(ValueError, match="without the classes .* in its part to train"):
        xs.CalibratedClassifierCV(GaussianNB(), method=method, cv=splits).fit(X, names)


def test_calibration_of_what_is_fitted():
    frozen = pytest.importorskip("sklearn.frozen")
    X, y = data("cancer")
    inner = frozen.FrozenEstimator(xs.LinearDiscriminantAnalysis().fit(X[::2], y[::2]))
    ours, other = (c(inner).fit(X[1::2], y[1::2]) for c in (xs.CalibratedClassifierCV, theirs(xs.CalibratedClassifierCV)))
    assert len(ours.calibrated_classifiers_) == len(other.calibrated_classifiers_) == 1
    np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_calibration_is_a_file_of_all_parts(method, dtype, tmp_path):
    from xparray._xparray import _models
    from xparray.sklearn._export import _read

    X, y = data("cancer")
    X = X.astype(dtype)
    ours, other = (c(xs.LinearDiscriminantAnalysis(), method=method, cv=3, ensemble=False).fit(X, y) for c in (xs.CalibratedClassifierCV, theirs(xs.CalibratedClassifierCV)))
    scores = xp.asarray(ours.calibrated_classifiers_[0].estimator.decision_function(X)[:, None])
    ours.save(tmp_path / "c")
    xs.export(other, tmp_path / "d", dtype)
    for name in "cd":
        raw = (tmp_path / name).read_bytes()
        model = _models.read("CalibratedClassifierCV", getattr(xp, dtype), raw)
        np.testing.assert_allclose(np.asarray(model.call("predict_proba", scores)), ours.predict_proba(X), rtol=1e-3, atol=1e-4 if dtype == "float32" else 1e-6)
        arrays, texts = _read(raw)
        assert texts["estimators.0.model"] == "LinearDiscriminantAnalysis" and texts["calibrators.0.method"] == method
        assert arrays["estimators.0.coef"].dtype == dtype and arrays["classes"].tolist() == [0, 1]
    other = xs.CalibratedClassifierCV(DecisionTreeClassifier()).fit(X, y)
    with pytest.raises(TypeError, match="no file in xp"):
        other.save(tmp_path / "e")


def test_processes_answer_as_scikit_learns():
    X, y = data("near")
    Y = np.stack([y, X[:, 0]], axis=1)
    Z = X[:7] + 0.01
    kernel = 1.5 * RBF(2.0) + WhiteKernel(0.3) * ExpSineSquared(1.0, 3.0, periodicity_bounds="fixed")
    for targets in (y, Y, y[:, None]):
        ours, other = (c(kernel, optimizer=None, normalize_y=True).fit(X, targets) for c in (xs.GaussianProcessRegressor, theirs(xs.GaussianProcessRegressor)))
        for ask in ({}, {"return_std": True}, {"return_cov": True}):
            mine, their = (m.predict(Z, **ask) for m in (ours, other))
            for p, q in zip(mine, their) if ask else [(mine, their)]:
                assert p.shape == q.shape
                np.testing.assert_allclose(p, q, rtol=1e-8, atol=1e-9)
        theta = ours.kernel_.theta + 0.1
        (value, gradient), (known, slope) = (m.log_marginal_likelihood(theta, eval_gradient=True) for m in (ours, other))
        assert value == pytest.approx(known, rel=1e-10) and ours.log_marginal_likelihood() == pytest.approx(other.log_marginal_likelihood(), rel=1e-10)
        np.testing.assert_allclose(gradient, slope, rtol=1e-7)
        assert ours.sample_y(Z, 3).shape == other.sample_y(Z, 3).shape
    with pytest.raises(RuntimeError, match="At most one"):
        ours.predict(Z, return_std=True, return_cov=True)


def test_processes_find_hyperparameters():
    X, y = data("near")
    length = RBF([1.0] * 10, (1e-2, 1e3))
    ours, other = (c(1.0 * length + WhiteKernel(), random_state=0).fit(X, y) for c in (xs.GaussianProcessRegressor, theirs(xs.GaussianProcessRegressor)))
    assert ours.log_marginal_likelihood_value_ == pytest.approx(other.log_marginal_likelihood_value_, rel=1e-4)
    assert ours.kernel.theta.tolist() != ours.kernel_.theta.tolist()
    again = xs.GaussianProcessRegressor(1.0 * RBF(1.0) + WhiteKernel(), n_restarts_optimizer=2, random_state=0).fit(X, y)
    one = xs.GaussianProcessRegressor(1.0 * RBF(1.0) + WhiteKernel()).fit(X, y)
    assert again.log_marginal_likelihood_value_ >= one.log_marginal_likelihood_value_ - 1e-6
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="close to the specified"):
        xs.GaussianProcessRegressor(RBF(1.0, (0.9, 1.0)) + WhiteKernel()).fit(X, y)


def test_processes_before_a_fit():
    X, _ = data("near")
    for kernel in (None, 2.0 * RBF(0.5)):
        ours, other = (c(kernel) for c in (xs.GaussianProcessRegressor, theirs(xs.GaussianProcessRegressor)))
        for ask in ({"return_std": True}, {"return_cov": True}):
            for p, q in zip(ours.predict(xp.asarray(X), **ask), other.predict(X, **ask)):
                assert isinstance(p, xp.Array)
                np.testing.assert_allclose(np.asarray(p), q)


def test_labels_and_columns_of_any_kind():
    texts, more = np.asarray(["b", "a", "b", "c"]), np.asarray(["c", "a", "x"])
    lists = [texts, texts.astype(object), np.asarray([1.5, 2.0, 1.5]), np.asarray([True, False]), np.asarray([3, 3, 7], dtype="uint8"), [2, 2], texts[:2]]
    for y in lists:
        ours, other = xs.LabelEncoder().fit(y), theirs(xs.LabelEncoder)().fit(y)
        assert ours.classes_.tolist() == other.classes_.tolist() and ours.classes_.dtype == other.classes_.dtype
        codes = ours.transform(y)
        assert codes.tolist() == other.transform(y).tolist() == ours.fit_transform(y).tolist()
        assert ours.inverse_transform(codes).tolist() == np.asarray(y).tolist()
        if np.asarray(y).dtype.kind == "f":
            continue
        for params in ({}, {"neg_label": -3, "pos_label": 0}, {"sparse_output": True}):
            ours, other = (c(**params).fit(y) for c in (xs.LabelBinarizer, theirs(xs.LabelBinarizer)))
            out, expected = ours.transform(y), other.transform(y)
            assert hasattr(out, "toarray") == hasattr(expected, "toarray")
            dense = lambda x: x.toarray() if hasattr(x, "toarray") else x  # noqa: E731
            np.testing.assert_array_equal(dense(out), dense(expected))
            assert ours.inverse_transform(out).tolist() == other.inverse_transform(expected).tolist() == np.asarray(y).tolist()
            assert ours.y_type_ == other.y_type_
    for a, b in ((texts, more), (np.asarray([0, 1, 0]), np.asarray([0, 1, 2])), (np.asarray([5, 5]), np.asarray([5, 6, 7]))):
        ours, other = (c().fit(a) for c in (xs.LabelBinarizer, theirs(xs.LabelBinarizer)))
        np.testing.assert_array_equal(ours.transform(b), other.transform(b))
        with pytest.raises(ValueError):
            xs.LabelEncoder().fit(a).transform(b)
    scores = np.random.default_rng(0).normal(size=(20, 3))
    ours, other = (c().fit(texts) for c in (xs.LabelBinarizer, theirs(xs.LabelBinarizer)))
    assert (ours.inverse_transform(scores) == other.inverse_transform(scores)).all()
    ours, other = (c().fit([4, 9]) for c in (xs.LabelBinarizer, theirs(xs.LabelBinarizer)))
    for threshold in (None, 0.0, 0.3):
        assert (ours.inverse_transform(scores[:, 0], threshold) == other.inverse_transform(scores[:, 0], threshold)).all()


def test_columns_that_are_there_already():
    Y = np.asarray([[0, 1, 1], [1, 0, 0]])
    for params in ({}, {"neg_label": -1, "pos_label": 2}):
        ours, other = (c(**params).fit(Y) for c in (xs.LabelBinarizer, theirs(xs.LabelBinarizer)))
        np.testing.assert_array_equal(ours.transform(Y), other.transform(Y))
        np.testing.assert_array_equal(ours.transform([0, 2, 1]), other.transform([0, 2, 1]))
        np.testing.assert_array_equal(ours.inverse_transform(ours.transform(Y)), Y)
    with pytest.raises(ValueError, match="mismatch"):
        ours.transform(Y[:, :2])
    with pytest.raises(ValueError, match="not fitted with multilabel"):
        xs.LabelBinarizer().fit([1, 2]).transform(Y)


WRONG = [
    (lambda X, y: xs.LabelBinarizer(neg_label=1, pos_label=1).fit(y), ValueError, "strictly less"),
    (lambda X, y: xs.LabelBinarizer(neg_label=1, pos_label=2, sparse_output=True).fit(y), ValueError, "Sparse"),
    (lambda X, y: xs.LabelBinarizer().fit([]), ValueError, "0 samples"),
    (lambda X, y: xs.LabelBinarizer().fit([0.5, 1.5]), ValueError, "Unknown label type"),
    (lambda X, y: xs.LabelBinarizer().fit(y).inverse_transform(X), ValueError, "3 classes"),
    (lambda X, y: xs.LabelEncoder().fit(X), ValueError, "1d array"),
    (lambda X, y: xs.LabelEncoder().fit(y).transform([0, 3]), ValueError, "3"),
    (lambda X, y: xs.LabelEncoder().fit(y).inverse_transform([0, 3]), ValueError, "3"),
    (lambda X, y: xs.LabelEncoder().fit(["a", "b"]).inverse_transform([-1]), ValueError, "-1"),
    (lambda X, y: xs.LabelEncoder().fit(y).inverse_transform([0.5]), TypeError, "same_kind"),
    (lambda X, y: xs.LabelEncoder().transform(y), sklearn.exceptions.NotFittedError, "not fitted"),
    (lambda X, y: xs.GaussianProcessRegressor(Matern(nu=0.7)).fit(X, y), ValueError, "nu"),
    (lambda X, y: xs.GaussianProcessRegressor(sklearn.gaussian_process.kernels.PairwiseKernel()).fit(X, y), ValueError, "kernel"),
    (lambda X, y: xs.GaussianProcessRegressor(optimizer=lambda *a: 0).fit(X, y), ValueError, "optimizer"),
    (lambda X, y: xs.GaussianProcessRegressor(alpha=np.ones(3)).fit(X, y), ValueError, "alpha"),
    (lambda X, y: xs.GaussianProcessRegressor(n_targets=2).fit(X, y), ValueError, "n_targets"),
    (lambda X, y: xs.GaussianProcessRegressor(alpha=0.0).fit(X[[0, 0, 1]], y[:3]), ValueError, "positive definite"),
    (lambda X, y: xs.CalibratedClassifierCV(GaussianNB(), cv=60).fit(X, y), ValueError, "less than 60"),
    (lambda X, y: xs.CalibratedClassifierCV(GaussianNB(), method="none").fit(X, y), ValueError, "method"),
    (lambda X, y: xs.CalibratedClassifierCV(GaussianNB()).predict(X), sklearn.exceptions.NotFittedError, "not fitted"),
    (lambda X, y: xs.RidgeCV(scoring="r2").fit(X, y), ValueError, "scoring"),
    (lambda X, y: xs.RidgeCV(alphas=[1.0, -1.0]).fit(X, y), ValueError, "alphas"),
    (lambda X, y: xs.LogisticRegressionCV(l1_ratios=(0.5,)).fit(X, y), ValueError, "l1_ratios"),
    (lambda X, y: xs.LogisticRegressionCV(scoring="nothing").fit(X, y), ValueError, "scoring"),
    (lambda X, y: xs.SimpleImputer(strategy="constant", fill_value="a").fit(X), ValueError, "fill_value"),
    (lambda X, y: xs.KMeans(init=lambda *a: 0).fit(X), ValueError, "init"),
    (lambda X, y: xs.KMeans(init=X[:3]).fit(X), ValueError, "init"),
    (lambda X, y: xs.KMeans(algorithm="elkan").fit(X), ValueError, "algorithm"),
    (lambda X, y: xs.KMeans(n_clusters=151).fit(X), ValueError, "n_clusters"),
    (lambda X, y: xs.KNeighborsClassifier(metric="hamming").fit(X, y), ValueError, "metric"),
    (lambda X, y: xs.KNeighborsClassifier(weights=lambda d: d).fit(X, y), ValueError, "weights"),
    (lambda X, y: xs.IsotonicRegression().fit(X, y), ValueError, "Isotonic"),
    (lambda X, y: xs.IsotonicRegression(out_of_bounds="raise").fit(X[:, 0], y).predict([99.0]), ValueError, "row 0"),
    (lambda X, y: xs.GaussianMixture(2, warm_start=True).fit(X), ValueError, "warm_start"),
    (lambda X, y: xs.KernelCenterer().fit(X), ValueError, "150, 4"),
    (lambda X, y: xs.LinearDiscriminantAnalysis(solver="eigen").fit(X, y), ValueError, "solver"),
    (lambda X, y: xs.LinearDiscriminantAnalysis(solver="nothing").fit(X, y), ValueError, "solver"),
    (lambda X, y: xs.LinearDiscriminantAnalysis(n_components=7).fit(X, y), ValueError, "n_components"),
    (lambda X, y: xs.LinearDiscriminantAnalysis().fit(X, y[:5]), ValueError, "inconsistent numbers of samples"),
    (lambda X, y: xs.LinearDiscriminantAnalysis().fit(X, X[:, 0]), ValueError, "Unknown label type"),
    (lambda X, y: xs.PCA(n_components=99).fit(X), ValueError, "n_components"),
    (lambda X, y: xs.PCA(n_components="some").fit(X), ValueError, "n_components"),
    (lambda X, y: xs.PCA().fit(X).transform(X[:, :2]), ValueError, "features"),
    (lambda X, y: xs.Ridge(alpha=-1.0).fit(X, y), ValueError, "alpha"),
    (lambda X, y: xs.Ridge(solver="sag").fit(X, y), ValueError, "solver"),
    (lambda X, y: xs.Ridge(positive=True).fit(X, y), ValueError, "positive"),
    (lambda X, y: xs.Ridge().fit(X, y, sample_weight=np.ones(3)), ValueError, "sample_weight"),
    (lambda X, y: xs.Normalizer().fit(np.where(X > 5, np.nan, X)), ValueError, "NaN"),
    (lambda X, y: xs.StandardScaler().fit(X[:, 0]), ValueError, "2D array"),
    (lambda X, y: xs.StandardScaler().transform(X), sklearn.exceptions.NotFittedError, "not fitted"),
    (lambda X, y: xs.StandardScaler().fit([["a"]]), ValueError, "could not convert"),
]


@pytest.mark.parametrize("call, error, match", WRONG, ids=[str(k) for k in range(len(WRONG))])
def test_wrong_arguments(call, error, match):
    with pytest.raises(error, match=match) as caught:
        call(*data("iris"))
    assert "internal error" not in str(caught.value)


def test_threads_predict_while_one_learns():
    import threading

    X, _ = data("digits")
    X = np.tile(X, (20, 1))
    model, errors = xs.StandardScaler().fit(X), []

    def work(f):
        try:
            for _ in range(5):
                f()
        except Exception as e:  # noqa: BLE001
            errors.append(e)

    jobs = [lambda: model.transform(X), lambda: model.partial_fit(X), lambda: pickle.dumps(model)] * 2
    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    np.testing.assert_allclose(model.mean_, X.mean(axis=0), rtol=1e-12)


def test_a_model_is_a_file(tmp_path):
    for cls in CLASSES:
        model, _, _ = some(cls)
        model.save(tmp_path / "model.safetensors")
        head = (tmp_path / "model.safetensors").read_bytes()[:5000]
        assert b'"model":"' + cls.__name__.encode() in head.replace(b'": "', b'":"') and b"xp-models" in head


def read_back(path, name):
    """The native model in a file of one model."""
    from xparray._xparray import _models

    return _models.read(name, xp.float64, path.read_bytes())


EXPORTED = ["StandardScaler", "MinMaxScaler", "MaxAbsScaler", "PCA", "LinearDiscriminantAnalysis", "GaussianNB", "Ridge", "LinearRegression", "Lasso", "ElasticNet", "LogisticRegression", "RidgeClassifier"]
EXPORTED += ["RidgeCV", "RidgeClassifierCV", "KMeans", "KernelCenterer", "SimpleImputer", "TfidfTransformer", "IsotonicRegression"]


@pytest.mark.parametrize("name", EXPORTED)
def test_fitted_objects_of_scikit_learn_are_served(name, tmp_path):
    cls = theirs(getattr(xs, name))
    X, y = samples_for(cls)
    other = cls(**({"max_iter": 5000} if name == "LogisticRegression" else {})).fit(X, y)
    xs.export(other, tmp_path / "m")
    model = read_back(tmp_path / "m", name)
    method = "predict" if hasattr(other, "predict") else "transform"
    samples = xp.asarray(X if X.ndim == 2 else X[:, None])
    dense = lambda out: out.toarray() if hasattr(out, "toarray") else out  # noqa: E731
    np.testing.assert_allclose(np.asarray(model.call(method, samples)), dense(getattr(other, method)(X)), rtol=1e-9, atol=1e-9)
    if hasattr(other, "predict_proba"):
        np.testing.assert_allclose(np.asarray(model.call("predict_proba", xp.asarray(X))), other.predict_proba(X), rtol=1e-6, atol=1e-9)
    # Our own class writes the same file.
    own = getattr(xs, name)().fit(X, y)
    xs.export(own, tmp_path / "own")
    np.testing.assert_allclose(np.asarray(read_back(tmp_path / "own", name).call(method, samples)), getattr(own, method)(X), rtol=1e-9, atol=1e-9)


def contents(path):
    """Texts and arrays of a file."""
    from xparray.sklearn._export import _read

    arrays, texts = _read(path.read_bytes())
    return texts, {name: (value.dtype, value.tolist()) for name, value in arrays.items()}


#: What the suite `selection` of xp-models loads and applies to the same samples.
SERVED = pathlib.Path(__file__).parents[2] / "xp-models/tests/golden/columns.safetensors"


def of_columns():
    """Columns that are scaled, filled in and ranged, passed on and dropped, for a regression. All numbers are short binary fractions."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import FunctionTransformer

    X = np.asarray([[1.0, 5.0, 9.0, 0.5, 8.0], [3.0, np.nan, 9.0, 1.5, 4.0], [1.0, 7.0, 9.0, 2.0, 4.0], [3.0, 9.0, 9.0, 4.0, 8.0]])
    filled = make_pipeline(theirs(xs.SimpleImputer)(), FunctionTransformer(), theirs(xs.MinMaxScaler)())
    parts = [("scaled", xs.StandardScaler(), [-1, 0]), ("none", xs.PCA(), []), ("filled", filled, np.asarray([0, 1, 0, 0, 0]) > 0), ("dropped", "drop", [2])]
    columns = ColumnTransformer(parts, remainder="passthrough", transformer_weights={"filled": 4.0}).fit(X)
    return columns, X


def test_columns_are_exported(tmp_path):
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import FeatureUnion

    columns, X = of_columns()
    assert columns.transform(X).tolist() == [[1, -1, 0, 0.5], [-1, 1, 2, 1.5], [-1, -1, 2, 2], [1, 1, 4, 4]]
    xs.export(columns, tmp_path / "c")
    if os.environ.get("XP_WRITE_GOLDEN") == "1":
        SERVED.write_bytes((tmp_path / "c").read_bytes())
    assert contents(tmp_path / "c") == contents(SERVED)
    # As a step of a pipeline, whose steps have the names of the parts.
    other = theirs(xs.Ridge)()
    xs.export(make_pipeline(columns, other).fit(X, X[:, 0]), tmp_path / "p")
    said, arrays = contents(tmp_path / "p")
    assert said["model"] == "Pipeline" and said["first.model"] == said["first.left.model"] == "FeatureUnion" and said["last.model"] == "Ridge"
    assert {name.removeprefix("first."): text for name, text in said.items() if name.startswith("first.")}.items() <= contents(SERVED)[0].items()
    assert arrays["last.coef"][1] == other.coef_.tolist()
    # A single transformer of some columns, a union, and what cannot be served.
    xs.export(ColumnTransformer([("a", theirs(xs.MinMaxScaler)(), slice(1, 3))]).fit(X[2:]), tmp_path / "c")
    said = contents(tmp_path / "c")[0]
    assert (said["first.model"], said["first.columns.0"], said["first.columns.1"], said["first.n_features"]) == ("SelectColumns", "1", "2", "5")
    union = FeatureUnion([("a", "passthrough"), ("b", "drop"), ("c", theirs(xs.MaxAbsScaler)())], transformer_weights={"a": 0.5}).fit(X[2:])
    xs.export(union, tmp_path / "u")
    said = contents(tmp_path / "u")[0]
    assert (said["left.model"], said["left.columns.len"], said["left_weight"], said["right.model"]) == ("SelectColumns", "5", "0.5", "MaxAbsScaler")
    scaler = theirs(xs.StandardScaler)()
    for parts, match in [
        ([("a", "drop", [0])], "drops all columns"),
        ([("a", Unknown(), [0])], "Unknown has no file"),
        ([("a", theirs(xs.OneHotEncoder)(), [0])], "OneHotEncoder has no file"),
    ]:
        with pytest.raises(TypeError, match=match):
            xs.export(ColumnTransformer(parts).fit(X), tmp_path / "no")
    with pytest.raises(TypeError, match="single transformer with a weight"):
        xs.export(ColumnTransformer([("a", scaler, [0])], transformer_weights={"a": 2.0}).fit(X), tmp_path / "no")
    with pytest.raises(TypeError, match="nothing to serve"):
        xs.export(make_pipeline("passthrough").fit(X), tmp_path / "no")


class Unknown(sklearn.base.TransformerMixin, sklearn.base.BaseEstimator):
    """A transformer that xp does not have."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X


def test_clusters_are_exported_whole(tmp_path):
    X, _ = data("iris")
    for params, outcome in [({"max_iter": 300}, "converged"), ({"max_iter": 1}, "limit")]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = theirs(xs.KMeans)(3, random_state=0, n_init=1, **params).fit(X.astype("float32"))
        xs.export(other, tmp_path / "k", dtype="float32")
        from xparray._xparray import _models

        raw = (tmp_path / "k").read_bytes()
        model = _models.read("KMeans", xp.float32, raw)
        found = model.attributes()
        assert np.array_equal(np.asarray(found["labels"]), other.labels_) and found["inertia"] == pytest.approx(other.inertia_)
        assert np.array_equal(np.asarray(model.call("predict", xp.asarray(X))), other.predict(X.astype("float32")))
        assert f'"outcome":"{outcome}"'.encode() in raw


def test_pipelines_are_exported(tmp_path):
    import json

    X, y = data("wine")
    pipe = make_pipeline(theirs(xs.StandardScaler)(), xs.PCA(5), "passthrough", theirs(xs.LinearDiscriminantAnalysis)()).fit(X, y)
    xs.export(pipe, tmp_path / "p", dtype="float32")
    raw = (tmp_path / "p").read_bytes()
    head = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    said = head["__metadata__"]
    assert said["model"] == said["first.model"] == "Pipeline" and said["first.first.model"] == "StandardScaler" and said["first.last.model"] == "PCA"
    assert said["last.model"] == "LinearDiscriminantAnalysis" and head["first.last.components"]["dtype"] == "F32" and head["last.classes"]["dtype"] == "I64"
    for wrong, error in [(theirs(xs.Ridge)(), sklearn.exceptions.NotFittedError), (theirs(xs.KernelRidge)().fit(X, y), TypeError)]:
        with pytest.raises(error):
            xs.export(wrong, tmp_path / "w")
    with pytest.raises(ValueError):
        xs.export(pipe, tmp_path / "w", dtype="float16")
