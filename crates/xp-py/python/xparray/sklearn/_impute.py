"""Numbers for what is missing, numbers of words, monotonic functions."""

import warnings

import numpy as np
import sklearn.feature_extraction.text
import sklearn.impute
import sklearn.isotonic
import xparray as xp
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ._base import DTYPES, estimator, library_of, on_host


class _OfMissing:
    @property
    def _allows_nan(self):
        return bool(np.isnan(self._missing()))

    def _missing(self):
        """What stands for a missing number, as a number."""
        value = self.missing_values
        return float(value) if isinstance(value, (int, float, np.integer, np.floating)) else np.nan

    def _native_params(self, params):
        value, fill, strategy = params["missing_values"], params["fill_value"], params["strategy"]
        if isinstance(value, str):
            raise ValueError(f"SimpleImputer: missing_values is a number; {value!r} given")
        if callable(strategy):
            raise ValueError(f"SimpleImputer: strategy is the name of one; {strategy!r} given")
        if strategy == "constant" and not (fill is None or isinstance(fill, (int, float, np.integer, np.floating))):
            raise ValueError(f"SimpleImputer: fill_value is a number; {fill!r} given")
        number = float(fill) if strategy == "constant" and fill is not None else 0.0
        return {**params, "missing_values": self._missing(), "strategy": (strategy, number), "fill_value": None}

    def _finish(self, X):
        features = self.indicator_features_
        del self.indicator_features_
        self.indicator_ = None
        if features is not None:
            self.indicator_ = sklearn.impute.MissingIndicator(missing_values=self.missing_values, error_on_new=False)
            self.indicator_.features_ = np.asarray(features)
            self.indicator_._n_features = self.indicator_.n_features_in_ = self.n_features_in_

    def _call(self, method, X):
        out = super()._call(method, X)
        empty = np.isnan(np.asarray(self.statistics_))
        if empty.any() and not self.keep_empty_features:
            names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))[empty]
            warnings.warn(
                f"Skipping features without any observed values: {names}. At least one non-missing value is needed for imputation with "
                f"strategy='{self.strategy}'.",
                stacklevel=3,
            )
        return out


SimpleImputer = estimator(
    sklearn.impute.SimpleImputer, _OfMissing, differences="samples are numbers, and those that are no floats become float64; ``strategy`` is a name."
)


class _OfWords:
    def _finish(self, X):
        if self.idf_ is None:
            del self.idf_


TfidfTransformer = estimator(sklearn.feature_extraction.text.TfidfTransformer, _OfWords, differences="results are arrays that are not sparse.")


class _OfOrder:
    def _samples(self, X, y, sample_weight, reset, new_classes=True):
        X = self._column(X, DTYPES)
        y = check_array(on_host(y), input_name="y", dtype=X.dtype, ensure_2d=False, ensure_all_finite=False)
        check_consistent_length(X, y, sample_weight)
        if sample_weight is not None:
            sample_weight = xp.asarray(_check_sample_weight(on_host(sample_weight), X, dtype=X.dtype))
        return xp.asarray(X), xp.asarray(y), sample_weight

    def _column(self, X, dtype):
        X = check_array(on_host(X), input_name="X", dtype=dtype, ensure_2d=False, ensure_all_finite=False)
        self._check_input_data_shape(X)
        return X.reshape(-1, 1)

    def _finish(self, X):
        knots, values = np.asarray(self.X_thresholds_), np.asarray(self.y_thresholds_)
        self.X_min_, self.X_max_ = knots[0], knots[-1]
        self._build_f(knots, values)

    def _native_call(self, method, X):
        check_is_fitted(self, "_model")
        self._check_library(method, X)
        return self._model.call(method, xp.asarray(self._column(X, DTYPES)))

    def _call(self, method, X):
        return library_of(X)(self._native_call(method, X))


IsotonicRegression = estimator(sklearn.isotonic.IsotonicRegression, _OfOrder)
