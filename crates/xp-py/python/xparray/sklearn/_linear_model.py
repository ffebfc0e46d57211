"""Linear models."""

import numpy as np
import sklearn.linear_model

from ._base import estimator

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


class _OfRidgeClassifier(_WithClassWeights, _OfRidge):
    # scikit-learn's class finds them in a binariser, which there is none of.
    @property
    def classes_(self):
        if not hasattr(self, "_classes"):
            raise AttributeError("classes_")
        return self._classes

    @classes_.setter
    def classes_(self, classes):
        self._classes = classes


RidgeClassifier = estimator(sklearn.linear_model.RidgeClassifier, _OfRidgeClassifier, differences=_SOLVERS)


class _OfGeneralised:
    def _finish(self, X):
        self._base_loss = self._get_loss()


PoissonRegressor = estimator(sklearn.linear_model.PoissonRegressor, _OfGeneralised, differences=_SMOOTH)
GammaRegressor = estimator(sklearn.linear_model.GammaRegressor, _OfGeneralised, differences=_SMOOTH)
TweedieRegressor = estimator(sklearn.linear_model.TweedieRegressor, _OfGeneralised, differences=_SMOOTH)
