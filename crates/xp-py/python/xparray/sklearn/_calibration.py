"""Calibration of classifiers."""

import inspect
import warnings

import numpy as np
import sklearn.calibration
import xparray as xp
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import LeaveOneOut, check_cv, cross_val_predict
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils._metadata_requests import _routing_enabled, process_routing
from sklearn.utils._response import _get_response_values
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params, _check_response_method, _check_sample_weight, check_is_fitted, column_or_1d

from .._xparray import _models
from ._base import estimator, library_of, on_host

#: What of a classifier is calibrated: the first that it has.
_RESPONSES = ["decision_function", "predict_proba"]
_NAME = "CalibratedClassifierCV"


def _numbers(x):
    x = np.asarray(x)
    return x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)


class Calibrated:
    """A fitted classifier with what makes probabilities of its scores."""

    def __init__(self, estimator, classes, method):
        self.estimator = estimator
        self.classes = classes
        self.method = method
        self.dtype = "float64"
        self._says = _check_response_method(estimator, _RESPONSES).__name__

    def _scores(self, said):
        """Scores in columns: one for each class, or one for the second of two."""
        said = _numbers(said)
        said = said.reshape(-1, 1) if said.ndim == 1 else said
        if self.method != "temperature" or self._says != "predict_proba":
            return xp.asarray(said)
        # The logarithms of probabilities; of two classes half of their difference, as the scores of both are opposite.
        eps = 1e-12
        return xp.asarray((np.log(said + eps) - np.log(1 - said + eps)) / 2 if said.shape[1] == 1 else np.log(said + eps))

    def calibrate(self, said, y, sample_weight=None):
        """Learns from what the classifier says of samples whose classes it was not told."""
        codes = np.searchsorted(self.classes, y).astype(np.int64)
        scores = self._scores(said)
        for part, seen in (("train", np.asarray(self.estimator.classes_)), ("test", self.classes[np.unique(codes)])):
            if len(seen) != len(self.classes):
                raise ValueError(f"{_NAME}: cv has a split without the classes {np.setdiff1d(self.classes, seen)} in its part to {part}")
        self.dtype = np.asarray(scores).dtype.name
        weights = None if sample_weight is None else xp.asarray(np.asarray(sample_weight, dtype=self.dtype))
        self._model = _models.fit(_NAME, {"method": self.method}, scores, xp.asarray(codes), weights)
        return self

    def predict_proba(self, X):
        said, _ = _get_response_values(self.estimator, X, response_method=_RESPONSES)
        return np.asarray(self._model.call("predict_proba", self._scores(said)))


def _pair(model, X, y, codes, train, test, weights, params):
    """A classifier of one part of the samples, calibrated on the other."""
    X_train, y_train = _safe_indexing(X, train), _safe_indexing(y, train)
    model.estimator.fit(X_train, y_train, **_check_method_params(X, params=params, indices=train))
    said, _ = _get_response_values(model.estimator, _safe_indexing(X, test), response_method=_RESPONSES)
    return model.calibrate(said, codes[test], None if weights is None else weights[test])


class _OfClassifiers:
    def fit(self, X, y, sample_weight=None, **fit_params):
        self._validate_params()
        library = library_of(X)
        X, y = on_host(X), on_host(y)
        check_classification_targets(y)
        X, y = indexable(X, y)
        labels = column_or_1d(y, warn=True)
        self.classes_ = self._host_classes = np.unique(labels)
        model = self._get_estimator()
        ensemble = not isinstance(model, FrozenEstimator) if self.ensemble == "auto" else self.ensemble
        for_model, for_splits = self._routed(model, sample_weight, fit_params)
        splits = self._splits(labels)
        weights = None if sample_weight is None else _check_sample_weight(on_host(sample_weight), X)
        begin = lambda: Calibrated(clone(model), self._host_classes, self.method)  # noqa: E731
        if ensemble:
            job = delayed(_pair)
            parts = splits.split(X, y, **for_splits)
            found = Parallel(n_jobs=self.n_jobs)(job(begin(), X, y, labels, train, test, weights, for_model) for train, test in parts)
        else:
            one = begin()
            said = cross_val_predict(clone(model), X, y, cv=splits, method=one._says, n_jobs=self.n_jobs, params=for_model)
            if one._says == "predict_proba" and len(self.classes_) == 2:
                said = said[:, 1]
            one.estimator.fit(X, y, **for_model)
            found = [one.calibrate(said, labels, weights)]
        self.calibrated_classifiers_ = found
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(found[0].estimator, name):
                setattr(self, name, getattr(found[0].estimator, name))
        if library is not np.asarray and labels.dtype.kind in "iufb":
            self.classes_, self._an_array = library(xp.asarray(self._host_classes)), "classes_"
        return self

    fit.__doc__ = sklearn.calibration.CalibratedClassifierCV.fit.__doc__

    def _routed(self, model, sample_weight, fit_params):
        """What goes to the fits of the classifier, and to the splitter."""
        if _routing_enabled():
            routed = process_routing(self, "fit", sample_weight=sample_weight, **fit_params)
            return routed.estimator.fit, routed.splitter.split
        takes = "sample_weight" in inspect.signature(model.fit).parameters
        if sample_weight is not None and not takes:
            warnings.warn(
                f"Since {type(model).__name__} does not appear to accept sample_weight, sample weights will only be used for the calibration itself. "
                "Be warned that the result of the calibration is likely to be incorrect.",
                stacklevel=3,
            )
        return {**fit_params, **({"sample_weight": sample_weight} if sample_weight is not None and takes else {})}, {}

    def _splits(self, labels):
        n = self.cv if isinstance(self.cv, int) else getattr(self.cv, "n_splits", None)
        if n and np.any(np.unique(labels, return_counts=True)[1] < n):
            raise ValueError(f"Requesting {n}-fold cross-validation but provided less than {n} examples for at least one class.")
        if isinstance(self.cv, LeaveOneOut):
            raise ValueError("LeaveOneOut cross-validation does not allow all classes to be present in test splits.")
        return check_cv(self.cv, labels, classifier=True)

    def predict_proba(self, X):
        check_is_fitted(self, "calibrated_classifiers_")
        self._check_library("predict_proba", X)
        library, X = library_of(X), on_host(X)
        mean = np.mean([model.predict_proba(X) for model in self.calibrated_classifiers_], axis=0, dtype=np.float64)
        return mean if library is np.asarray else library(xp.asarray(mean))

    predict_proba.__doc__ = sklearn.calibration.CalibratedClassifierCV.predict_proba.__doc__

    def predict(self, X):
        check_is_fitted(self, "calibrated_classifiers_")
        best = np.argmax(np.asarray(self.predict_proba(X)), axis=1)
        labels, library = self._host_classes[best], library_of(X)
        return labels if library is np.asarray or labels.dtype.kind not in "iufb" else library(xp.asarray(labels))

    predict.__doc__ = sklearn.calibration.CalibratedClassifierCV.predict.__doc__

    def __sklearn_is_fitted__(self):
        return hasattr(self, "calibrated_classifiers_")

    def save(self, path):
        """Writes the classifiers, which must have a file, and their calibration to a file, which ``xp::models`` loads in Rust. Labels that
        are no integers are written as their positions in ``classes_``."""
        from ._export import export

        check_is_fitted(self, "calibrated_classifiers_")
        export(self, path, self.calibrated_classifiers_[0].dtype)


CalibratedClassifierCV = estimator(
    sklearn.calibration.CalibratedClassifierCV,
    _OfClassifiers,
    differences="the classifier may be of any library, scikit-learn's ``LinearSVC`` where none is given; xp computes what it computes, and "
    "the calibration. All classes must be in both parts of each split.",
)
