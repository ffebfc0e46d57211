"""Linear models."""

import inspect
import numbers

import numpy as np
import sklearn.linear_model
import xparray as xp
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, StratifiedKFold, check_cv
from sklearn.utils import check_X_y, compute_class_weight, compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from .._xparray import _models
from ._base import DTYPES, copied_to_host, estimator, library_of, on_host, seed_of
from ._export import _bytes, _read

_SOLVERS = "``solver`` is ``'auto'``, ``'svd'`` or ``'cholesky'``, and there is no ``positive``."
_SMOOTH = "``solver`` is ``'lbfgs'`` or ``'newton-cholesky'``; no warm start."
_CYCLIC = "cyclic selection; no warm start."


class _OfRidge:
    def _finish(self, X):
        self.n_iter_ = None
        self.solver_ = "svd" if self.solver == "svd" else "cholesky"


Ridge = estimator(sklearn.linear_model.Ridge, _OfRidge, differences=_SOLVERS)
LinearRegression = estimator(sklearn.linear_model.LinearRegression, differences="there is no ``positive``.")
Lasso = estimator(sklearn.linear_model.Lasso, differences=_CYCLIC)
ElasticNet = estimator(sklearn.linear_model.ElasticNet, differences=_CYCLIC)


class _WithClassWeights:
    _min_samples = 2

    def _native_params(self, params):
        weights = params.get("class_weight")
        if isinstance(weights, dict):
            classes = self._host_classes.tolist()
            unknown = [label for label in weights if label not in classes]
            if unknown:
                raise ValueError(f"The classes, {unknown}, are not in class_weight")
            place = {label: k if self._are_codes else int(label) for k, label in enumerate(classes)}
            params = {**params, "class_weight": [(place[label], float(weight)) for label, weight in weights.items()]}
        return params


class _OfLogistic(_WithClassWeights):
    def _native_params(self, params):
        if params["l1_ratio"] not in (0, 0.0) or params["penalty"] not in ("deprecated", "l2", None):
            raise ValueError(f"LogisticRegression: the penalty is on squares only; l1_ratio={params['l1_ratio']!r} and penalty={params['penalty']!r} given")
        if params["penalty"] is None:
            params = {**params, "C": np.inf}
        return super()._native_params(params)

    def _finish(self, X):
        self.n_iter_ = np.asarray([self.n_iter_], dtype=np.int32)


LogisticRegression = estimator(sklearn.linear_model.LogisticRegression, _OfLogistic, differences=_SMOOTH)


class _WithOwnClasses:
    # scikit-learn's classes find them in a binariser, which there is none of.
    @property
    def classes_(self):
        if not hasattr(self, "_classes"):
            raise AttributeError("classes_")
        return self._classes

    @classes_.setter
    def classes_(self, classes):
        self._classes = classes


RidgeClassifier = estimator(sklearn.linear_model.RidgeClassifier, _WithOwnClasses, _WithClassWeights, _OfRidge, differences=_SOLVERS)


class _OfGeneralised:
    def _finish(self, X):
        self._base_loss = self._get_loss()


PoissonRegressor = estimator(sklearn.linear_model.PoissonRegressor, _OfGeneralised, differences=_SMOOTH)
GammaRegressor = estimator(sklearn.linear_model.GammaRegressor, _OfGeneralised, differences=_SMOOTH)
TweedieRegressor = estimator(sklearn.linear_model.TweedieRegressor, _OfGeneralised, differences=_SMOOTH)


class _OfLeaveOneOut:
    def _learn(self, X, y=None, sample_weight=None, first=False, classes=None):
        self._found = None
        if self.cv is not None:
            # The search of scikit-learn, over fits of xp.
            self._validate_params()
            alphas = np.atleast_1d(np.asarray(self.alphas, dtype=np.float64))
            search = GridSearchCV(self._single(fit_intercept=self.fit_intercept), {"alpha": alphas}, cv=self.cv, scoring=self.scoring)
            weights = None if sample_weight is None else _check_sample_weight(on_host(sample_weight), on_host(X))
            if getattr(self, "class_weight", None) is not None:
                # As weights of samples they count in the scores too.
                weights = (1.0 if weights is None else weights) * compute_sample_weight(self.class_weight, on_host(y))
            search.fit(on_host(X), on_host(y), **({} if weights is None else {"sample_weight": weights}))
            self._found = search.best_params_["alpha"], search.best_score_
        return super()._learn(X, y, sample_weight, first, classes)

    def _native_params(self, params):
        params = super()._native_params(params)
        return params if self._found is None else {**params, "alphas": [self._found[0]], "cv": None, "scoring": None}

    def _finish(self, X):
        if not (getattr(self, "alpha_per_target", False) and self.coef_.ndim == 2) and np.ndim(self.alpha_) == 1:
            self.alpha_, self.best_score_ = self.alpha_[0], self.best_score_[0]
        if self._found is not None:
            self.best_score_ = self._found[1]
        if getattr(self, "cv_results_", 0) is None:
            del self.cv_results_


class _OfRegression(_OfLeaveOneOut):
    _single = Ridge


class _OfClassification(_WithOwnClasses, _OfLeaveOneOut, _WithClassWeights):
    _single = RidgeClassifier


_BY_SAMPLE = "without ``cv`` every sample is left out once, and the penalty with the least squared error is taken: no ``scoring`` then."
RidgeCV = estimator(sklearn.linear_model.RidgeCV, _OfRegression, differences=_BY_SAMPLE)
RidgeClassifierCV = estimator(sklearn.linear_model.RidgeClassifierCV, _OfClassification, differences=_BY_SAMPLE + " No ``store_cv_results``.")


class _OfFolds(_WithClassWeights):
    def _learn(self, X, y=None, sample_weight=None, first=False, classes=None):
        self._found = None
        known = self.cv is None or isinstance(self.cv, numbers.Integral) or type(self.cv) is StratifiedKFold
        if not known or self._scorer() is not None:
            self._validate_params()
            self._found = self._searched(on_host(X), on_host(y), sample_weight)
        return super()._learn(X, y, sample_weight, first, classes)

    def _scorer(self):
        """The score, unless it is the accuracy."""
        return None if self.scoring in ("warn", "accuracy", None) else get_scorer(self.scoring)

    def _searched(self, X, y, sample_weight):
        """Scores, coefficients and numbers of iterations by split and penalty: each is a fit of its own."""
        X, y = check_X_y(X, y, dtype=DTYPES)
        weights = None if sample_weight is None else _check_sample_weight(on_host(sample_weight), X)
        part = lambda rows: None if weights is None else weights[rows]  # noqa: E731
        names = ("solver", "fit_intercept", "max_iter", "tol")
        params = {name: getattr(self, name) for name in names} | {"class_weight": self.class_weight}
        if self.class_weight == "balanced":
            # All samples are counted, not those of a part.
            labels = np.unique(y)
            more = {} if weights is None or "sample_weight" not in inspect.signature(compute_class_weight).parameters else {"sample_weight": weights}
            params["class_weight"] = dict(zip(labels.tolist(), compute_class_weight("balanced", classes=labels, y=y, **more).tolist()))
        models = [LogisticRegression(C=C, **params) for C in self._penalties()]
        scorer = self._scorer() or (lambda model, X, y, **weights: model.score(X, y, **weights))
        scores, paths, iterations = [], [], []
        for a, b in check_cv(self.cv, y, classifier=True).split(X, y):
            fitted = [clone(m).fit(X[a], y[a], part(a)) for m in models]
            scores.append([scorer(m, X[b], y[b], **({} if weights is None else {"sample_weight": weights[b]})) for m in fitted])
            paths.append([np.hstack([m.coef_, m.intercept_[:, None]]) if self.fit_intercept else m.coef_ for m in fitted])
            iterations.append([int(m.n_iter_[0]) for m in fitted])
        return np.asarray(scores), np.asarray(paths), np.asarray(iterations)

    def _native_params(self, params):
        ratios, penalty = params.get("l1_ratios"), params.get("penalty")
        if not (ratios is None or isinstance(ratios, str) or np.all(np.asarray(ratios) == 0)) or penalty not in ("deprecated", "l2"):
            raise ValueError(f"LogisticRegressionCV: the penalty is on squares only; l1_ratios={ratios!r} and penalty={penalty!r} given")
        params = super()._native_params(params)
        fit = tuple(params[name] for name in ("solver", "fit_intercept", "max_iter", "tol", "class_weight"))
        if self._found is not None:
            # What remains is the fit to all samples.
            best = self._penalties()[np.argmax(self._found[0].sum(axis=0))]
            return {**params, "Cs": [best], "cv": (2, None), "solver": fit}
        return {**params, "Cs": self._penalties(), "cv": _folds(params["cv"]), "solver": fit}

    def _penalties(self):
        return np.logspace(-4, 4, self.Cs) if np.ndim(self.Cs) == 0 else np.asarray(self.Cs, dtype=np.float64)

    def _finish(self, X):
        library = np.asarray if isinstance(self.coef_, np.ndarray) else library_of(self.coef_)
        found = (self.scores_, self.coefs_paths_, self.n_iter_) if self._found is None else self._found
        if not self.refit:
            self._take_mean(*(copied_to_host(x) for x in found[:2]), library)
        ratios = getattr(self, "l1_ratios", None)
        ratios = None if isinstance(ratios, str) else ratios
        # An axis of ratios, between folds and penalties: all are 0, so that all models are the same.
        scores, paths, iterations = (np.repeat(np.asarray(x)[:, None], 1 if ratios is None else len(ratios), axis=1) for x in found)
        self.Cs_, self.l1_ratios_ = self._penalties(), np.asarray([None] if ratios is None else ratios)
        self.n_iter_, self.l1_ratio_ = iterations.astype(np.int32), 0.0
        if not getattr(self, "use_legacy_attributes", True):
            self.scores_, self.coefs_paths_ = library(xp.asarray(scores)), library(xp.asarray(paths))
            return
        labels = self._host_classes if len(self._host_classes) > 2 else self._host_classes[1:]
        self.C_, self.l1_ratio_ = np.full(len(labels), self.C_), np.full(len(labels), None if ratios is None and self.refit else 0.0)
        # The axis of ratios comes after that of penalties, where there is one.
        order = (lambda x: x[:, 0]) if ratios is None else lambda x: np.swapaxes(x, 1, 2)  # noqa: E731
        self.n_iter_ = order(self.n_iter_)[None]
        self.scores_ = {label: library(xp.asarray(order(scores))) for label in labels.tolist()}
        self.coefs_paths_ = {label: library(xp.asarray(order(paths[..., row, :]))) for row, label in enumerate(labels.tolist())}

    def _take_mean(self, scores, paths, library):
        """Puts the mean of the best models of the folds in the place of the model of all samples."""
        best = np.argmax(scores, axis=1)
        mean, C = np.mean([path[k] for path, k in zip(paths, best)], axis=0), float(np.mean(self._penalties()[best]))
        arrays, texts = _read(self._model.to_bytes())
        dtype, n = arrays["coef"].dtype, self.n_features_in_
        arrays["coef"] = mean[:, :n].astype(dtype)
        arrays["intercept"] = (mean[:, n] if self.fit_intercept else np.zeros(len(mean))).astype(dtype)
        self._model = _models.read("LogisticRegressionCV", getattr(xp, dtype.name), _bytes(arrays, {**texts, "c": repr(C)}), self._model.device)
        mean = self._model.attributes()
        self.coef_, self.intercept_, self.C_ = library(mean["coef"]), library(mean["intercept"]), C


def _folds(cv):
    """The number of folds, and the seed that samples are dealt with."""
    if cv is None or isinstance(cv, numbers.Integral):
        return 5 if cv is None else int(cv), None
    return cv.n_splits, seed_of(cv.random_state) if cv.shuffle else None


LogisticRegressionCV = estimator(
    sklearn.linear_model.LogisticRegressionCV,
    _OfFolds,
    differences="the penalty is on squares. Splits of other kinds than ``StratifiedKFold``, and other scores than the "
    "accuracy, take a fit of their own for each penalty. " + _SMOOTH,
)
