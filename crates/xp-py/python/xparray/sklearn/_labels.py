"""Labels as numbers and as columns."""

import numpy as np
import sklearn.preprocessing
import xparray as xp
from sklearn.utils import column_or_1d
from sklearn.utils._encode import _check_unknown, _encode, _unique
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _num_samples, check_array, check_is_fitted

from .._xparray import _models
from ._base import estimator, library_of, on_host


class _OfLabels:
    """Labels that are integers go to xp as they are, all others are numbered first: a file holds the positions in ``classes_`` then."""

    def _learn_labels(self, y):
        library, y = library_of(y), column_or_1d(on_host(y), warn=True)
        self._are_codes = y.dtype.kind not in "iub" or y.dtype == np.uint64
        if self._are_codes:
            self._host_classes, codes = _unique(y, return_inverse=True)
        else:
            codes = y
        self._model = _models.fit(self._declared_name, self.get_params(deep=False), xp.asarray(codes.astype(np.int64, copy=False)))
        if not self._are_codes:
            self._host_classes = np.asarray(self._model.attributes()["classes"]).astype(y.dtype)
        self.classes_ = self._host_classes
        if library is not np.asarray:
            self.classes_, self._an_array = library(xp.asarray(self._host_classes)), "classes_"
        return codes

    def _decoded(self, positions_or_labels):
        """Labels from what xp says, which are positions where they were numbered."""
        out = np.asarray(positions_or_labels)
        return self._host_classes[out] if self._are_codes else out.astype(self._host_classes.dtype, copy=False)


def _in_library(library, x):
    """Results of NumPy as those of another library; texts stay what they are."""
    return x if library is np.asarray or x.dtype.kind not in "iufb" else library(xp.asarray(x))


class _OfNumbers(_OfLabels):
    def fit(self, y):
        self._learn_labels(y)
        return self

    def fit_transform(self, y):
        codes = self._learn_labels(y)
        return library_of(y)(xp.asarray(codes) if self._are_codes else self._positions(codes))

    def _positions(self, labels):
        return self._model.call("transform", xp.asarray(labels.astype(np.int64, copy=False)))

    def transform(self, y):
        check_is_fitted(self, "_model")
        self._check_library("transform", y)
        library, y = library_of(y), column_or_1d(on_host(y), dtype=self._host_classes.dtype, warn=True)
        return library(xp.asarray(_encode(y, uniques=self._host_classes)) if self._are_codes and len(y) else self._positions(y))

    def inverse_transform(self, y):
        check_is_fitted(self, "_model")
        library, y = library_of(y), column_or_1d(on_host(y), warn=True)
        if len(y) == 0:
            y = y.astype(np.int64)
        positions = xp.asarray(y.astype(np.int64, casting="same_kind", copy=False))
        return _in_library(library, self._decoded(self._model.call("inverse_transform", positions)))


LabelEncoder = estimator(sklearn.preprocessing.LabelEncoder, _OfNumbers, differences="labels that are no integers are numbered by NumPy.")


class _OfColumns(_OfLabels):
    def fit(self, y):
        self._validate_params()
        if self.neg_label >= self.pos_label:
            raise ValueError(f"neg_label={self.neg_label} must be strictly less than pos_label={self.pos_label}.")
        if self.sparse_output and (self.pos_label == 0 or self.neg_label != 0):
            raise ValueError(
                "Sparse binarization is only supported with non zero pos_label and zero neg_label, got "
                f"pos_label={self.pos_label} and neg_label={self.neg_label}"
            )
        given = on_host(y)
        self.y_type_ = type_of_target(given, input_name="y")
        if "multioutput" in self.y_type_:
            raise ValueError("Multioutput target data is not supported with label binarization")
        if _num_samples(given) == 0:
            raise ValueError(f"y has 0 samples: {y!r}")
        self.sparse_input_ = hasattr(given, "toarray")
        if self._is_multilabel():
            # The columns are there already: what is learnt is how many.
            columns = np.arange(given.shape[1] if hasattr(given, "shape") else len(given[0]))
            self._learn_labels(library_of(y)(xp.asarray(columns)))
        else:
            check_classification_targets(given)
            self._learn_labels(y)
        return self

    def _is_multilabel(self):
        return self.y_type_.startswith("multilabel")

    def fit_transform(self, y):
        return self.fit(y).transform(y)

    def transform(self, y):
        check_is_fitted(self, "_model")
        self._check_library("transform", y)
        library, y = library_of(y), on_host(y)
        kind = type_of_target(y)
        if kind.startswith("multilabel") and not self._is_multilabel():
            raise ValueError("The object was not fitted with multilabel input.")
        if kind.startswith("multilabel"):
            columns = _dense(y)
            if columns.shape[1] != len(self._host_classes):
                raise ValueError(f"classes {self._host_classes} mismatch with the {columns.shape[1]} columns of y")
            out = np.where(columns != 0, self.pos_label, self.neg_label)
        else:
            y = column_or_1d(y)
            out = self._columns(y, kind)
            out = out.astype(y.dtype, copy=False) if y.dtype.kind == "i" else out
        if self.sparse_output:
            from scipy import sparse

            return sparse.csr_matrix(out)
        return _in_library(library, out)

    def _columns(self, y, kind):
        codes = self._codes(y)
        if kind == "multiclass" and len(self._host_classes) < 3:
            # Labels of which most are no classes: there is a column for each of these.
            known = np.arange(len(self._host_classes)) if self._are_codes else self._host_classes.astype(np.int64)
            return np.where(codes[:, None] == known, self.pos_label, self.neg_label)
        return np.asarray(self._model.call("transform", xp.asarray(codes)))

    def _codes(self, y):
        """Labels as integers; those that are no classes are -1 where they were numbered."""
        if not self._are_codes:
            return y.astype(np.int64, copy=False)
        _, known = _check_unknown(y, self._host_classes, return_mask=True)
        out = np.full(len(y), -1, dtype=np.int64)
        if known.any():
            out[known] = _encode(y[known], uniques=self._host_classes, check_unknown=False)
        return out

    def inverse_transform(self, Y, threshold=None):
        check_is_fitted(self, "_model")
        library, n = library_of(Y), len(self._host_classes)
        Y = check_array(_dense(on_host(Y)), dtype="numeric", ensure_2d=False)
        Y = Y.reshape(-1, 1) if Y.ndim == 1 else Y
        threshold = (self.pos_label + self.neg_label) / 2.0 if threshold is None else threshold
        if self._is_multilabel():
            if Y.shape[1] != n:
                raise ValueError(f"The number of class is not equal to the number of dimension of y: {n} and {Y.shape[1]}")
            out = (Y > threshold).astype(np.int64)
            if self.sparse_input_:
                from scipy import sparse

                return sparse.csr_matrix(out)
            return _in_library(library, out)
        labels = self._model.answer("inverse_transform", xp.asarray(Y), [float(threshold)])[0]
        return _in_library(library, self._decoded(labels))


def _dense(x):
    return x.toarray() if hasattr(x, "toarray") else np.asarray(x)


LabelBinarizer = estimator(
    sklearn.preprocessing.LabelBinarizer,
    _OfColumns,
    differences="labels that are no integers are numbered by NumPy, and targets that are columns already are marked by it; a sparse "
    "result is made of a dense one.",
)
