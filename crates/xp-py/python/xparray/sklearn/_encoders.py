"""Encoders of categories.

xp has integers for categories. Samples that are integers go to it as they are; of others each feature's categories are numbered, as labels
that are no integers are: a file holds the positions in ``categories_`` then.
"""

import warnings

import numpy as np
import sklearn.preprocessing
import xparray as xp
from sklearn.utils import check_array
from sklearn.utils._encode import _check_unknown, _encode, _unique
from sklearn.utils._missing import is_scalar_nan
from sklearn.utils.validation import _check_feature_names, _check_n_features, check_is_fitted

from .._xparray import _models
from ._base import estimator, library_of, on_host

#: Integers for what is no category: unknown ones, missing ones, and the infrequent ones of which it is not known which.
_UNKNOWN, _MISSING, _INFREQUENT = -1, -2, -3
#: How many elements of a dense result are made at once where a sparse one is wanted.
_BLOCK = 1 << 22


class _OfCategories:
    _allows_nan = True
    _names_missing = False

    def _learn(self, X, y=None, sample_weight=None, first=False, classes=None):
        self._validate_params()
        self._check_dtype()
        library, X = library_of(X), on_host(X)
        _check_feature_names(self, X, reset=True)
        columns, self.n_features_in_ = self._columns(X)
        self._are_numbers = self.categories == "auto" if isinstance(self.categories, str) else False
        self._are_numbers = self._are_numbers and all(c.dtype.kind in "iu" and c.dtype != np.uint64 for c in columns)
        if self._are_numbers:
            self._lists = None
            codes = np.stack(columns, axis=1).astype(np.int64)
        else:
            self._lists = [self._list(j, c) for j, c in enumerate(columns)]
            codes = self._codes(columns, "fit")
        self._model = _models.fit(self._declared_name, self._native_params(self.get_params(deep=False)), xp.asarray(codes))
        self._publish(library, X)
        return self

    def _columns(self, X):
        columns, _, n = self._check_X(X, ensure_all_finite="allow-nan")
        return columns, n

    def _check_dtype(self):
        if np.dtype(self.dtype).kind not in "fiu":
            raise ValueError(f"{type(self).__name__}: dtype is one of numbers; {self.dtype!r} given")

    def _list(self, j, column):
        """The categories of a feature."""
        if isinstance(self.categories, str):
            return _unique(column)
        if len(self.categories) != self.n_features_in_:
            raise ValueError("Shape mismatch: if categories is an array, it has to be of shape (n_features,).")
        given = self.categories[j]
        wide = np.issubdtype(column.dtype, np.str_)
        out = np.array(given, dtype=object if wide or any(isinstance(c, str) for c in given) else column.dtype)
        if len(set(out.tolist())) != len(out) and not is_scalar_nan(out[-1]):
            raise ValueError(f"In column {j}, the predefined categories contain duplicate elements.")
        if out.dtype.kind not in "OUS":
            numbers = out[:-1] if is_scalar_nan(out[-1]) else out
            if np.any(np.sort(numbers) != numbers) or np.isnan(numbers).any():
                raise ValueError("Unsorted categories are not supported for numerical categories")
        return out

    def _missing_at(self, j):
        """Whether the last category of a feature stands for what is missing, and gets a number of its own."""
        last = self._lists[j][-1] if len(self._lists[j]) else None
        return self._names_missing and is_scalar_nan(last)

    def _codes(self, columns, when):
        """The categories of samples as integers."""
        out = np.empty((len(columns[0]), len(columns)), dtype=np.int64)
        for j, column in enumerate(columns):
            categories = np.asarray(self.categories_[j]) if self._are_numbers else self._lists[j]
            if categories.dtype.kind == "O" and column.dtype.kind in "US":
                column = column.astype(object)
            elif categories.dtype.kind in "US" and column.dtype.kind in "OUS" and categories.itemsize < column.dtype.itemsize:
                categories = categories.astype(column.dtype)
            unknown, known = _check_unknown(column, categories, return_mask=True)
            if len(unknown) and self.handle_unknown == "error":
                raise ValueError(f"Found unknown categories {unknown} in column {j} during {when}")
            at = np.full(len(column), self._outside(j) if self._are_numbers else _UNKNOWN, dtype=np.int64)
            if known.any():
                places = _encode(column[known], uniques=categories, check_unknown=False)
                at[known] = categories[places] if self._are_numbers else places
            if not self._are_numbers and self._missing_at(j):
                at[at == len(categories) - 1] = _MISSING
            out[:, j] = at
        return out

    def _outside(self, j):
        """An integer that is no category of a feature."""
        known = np.asarray(self.categories_[j])
        return int(np.setdiff1d(np.arange(-1, -3 - len(known), -1), known)[-1])

    def _native_params(self, params):
        out = {name: params[name] for name in ("min_frequency", "max_categories")}
        out["dtype"] = xp.float32 if np.dtype(self.dtype) == np.float32 else xp.float64
        out["categories"] = None
        if not self._are_numbers:
            sizes = [len(c) - self._missing_at(j) for j, c in enumerate(self._lists)]
            out["categories"] = [list(range(n)) for n in sizes]
        return out

    def _finish(self, X):
        found = [np.asarray(x) for x in self.categories_]
        infrequent = [None if x is None else np.asarray(x) for x in self.infrequent_]
        del self.infrequent_
        self.categories_ = [c.astype(np.int64) for c in found] if self._are_numbers else self._lists
        self._infrequent_enabled = self.max_categories is not None or self.min_frequency is not None
        self._infrequent_indices = [None if x is None else np.searchsorted(c, x) for c, x in zip(found, infrequent)]

    def _call(self, method, X):
        check_is_fitted(self, "_model")
        library, X = library_of(X), on_host(X)
        _check_feature_names(self, X, reset=False)
        columns, _ = self._columns(X)
        _check_n_features(self, X, reset=False)
        codes = self._codes(columns, "transform")
        self._warn(codes)
        return self._encoded_as(library, codes)

    def _warn(self, codes):
        pass

    def _encoded_as(self, library, codes):
        out = library(self._model.call("transform", xp.asarray(codes)))
        return out if out.dtype == self.dtype or library is not np.asarray else out.astype(self.dtype)

    def inverse_transform(self, X):
        check_is_fitted(self, "_model")
        X = X.toarray() if hasattr(X, "toarray") else X
        X = check_array(on_host(X), dtype=[np.float64, np.float32], ensure_all_finite="allow-nan" if self._names_missing else True)
        labels = np.concatenate([np.asarray(c) for c in self.categories_]) if self._are_numbers else np.zeros(0, dtype=np.int64)
        infrequent, unknown = np.setdiff1d(np.arange(-3, -6 - len(labels), -1), labels)[-2:] if self._are_numbers else (_INFREQUENT, _UNKNOWN)
        codes = np.asarray(self._model.answer("inverse_transform", xp.asarray(X), [float(infrequent), float(unknown)])[0])
        columns = []
        for j, categories in enumerate(self.categories_):
            at = codes[:, j]
            plain = np.isin(at, [infrequent, unknown, _MISSING] if not self._are_numbers else [infrequent, unknown], invert=True)
            if self._are_numbers:
                column = at.astype(categories.dtype)
            else:
                column = categories[np.where(at >= 0, at, len(categories) - 1)]
                plain |= at == _MISSING
            if not plain.all():
                column = column.astype(object)
                column[at == infrequent], column[at == unknown] = "infrequent_sklearn", None
            columns.append(column)
        out = np.empty((len(codes), len(columns)), dtype=np.result_type(*columns))
        for j, column in enumerate(columns):
            out[:, j] = column
        return out

    inverse_transform.__doc__ = sklearn.preprocessing.OneHotEncoder.inverse_transform.__doc__

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.array_api_support = False
        return tags


class _OfColumns(_OfCategories):
    def _native_params(self, params):
        out = super()._native_params(params)
        drop = self.drop
        if drop is not None and not isinstance(drop, str):
            drop = np.asarray(drop, dtype=object)
            if len(drop) != self.n_features_in_:
                raise ValueError(f"`drop` should have length equal to the number of features ({self.n_features_in_}), got {len(drop)}")
            if not self._are_numbers:
                drop = [self._place(j, category) for j, category in enumerate(drop)]
            drop = [int(category) for category in drop]
        return {**out, "drop": drop, "handle_unknown": self.handle_unknown}

    def _place(self, j, category):
        """The position of a category of a feature."""
        found = [k for k, known in enumerate(self._lists[j].tolist()) if known == category or is_scalar_nan(known) and is_scalar_nan(category)]
        if not found:
            raise ValueError(f"The following categories were supposed to be dropped, but were not found in the training data. Category: {category}, Feature: {j}")
        return found[0]

    def _finish(self, X):
        dropped = self.drop_idx_
        super()._finish(X)
        self.drop_idx_ = None if self.drop is None or all(k is None for k in dropped) else np.asarray(dropped, dtype=object)
        # Positions among categories of which the infrequent ones are taken together, as scikit-learn's names of features ask for them.
        self._default_to_infrequent_mappings = [self._grouped(j) for j in range(self.n_features_in_)]
        self._drop_idx_after_grouping = None
        if self.drop_idx_ is not None:
            maps = self._default_to_infrequent_mappings
            places = [k if k is None or m is None else m[k] for k, m in zip(dropped, maps)]
            self._drop_idx_after_grouping = np.asarray(places, dtype=object)
        self._n_features_outs = self._compute_n_features_outs()

    def _grouped(self, j):
        infrequent = self._infrequent_indices[j]
        if infrequent is None:
            return None
        common = np.setdiff1d(np.arange(len(self.categories_[j])), infrequent)
        out = np.full(len(self.categories_[j]), len(common), dtype=np.int64)
        out[common] = np.arange(len(common))
        return out

    def _warn(self, codes):
        if self.handle_unknown == "warn" or self.drop is not None and self.handle_unknown != "error":
            outside = [self._outside(j) if self._are_numbers else _UNKNOWN for j in range(self.n_features_in_)]
            columns = np.flatnonzero((codes == outside).any(axis=0)).tolist()
            if columns:
                warnings.warn(
                    f"Found unknown categories in columns {columns} during transform. These unknown categories will be encoded as all zeros, or "
                    "as the infrequent category of the feature where there is one",
                    stacklevel=4,
                )

    def _encoded_as(self, library, codes):
        if not self.sparse_output:
            return super()._encoded_as(library, codes)
        from scipy import sparse

        rows = max(1, _BLOCK // max(1, sum(self._n_features_outs)))
        blocks = [sparse.csr_matrix(super(_OfColumns, self)._encoded_as(np.asarray, codes[k : k + rows])) for k in range(0, len(codes), rows)]
        return sparse.vstack(blocks, format="csr", dtype=self.dtype)


class _OfNumbers(_OfCategories):
    _names_missing = True

    def _check_dtype(self):
        super()._check_dtype()
        value = self.unknown_value
        if self.handle_unknown == "use_encoded_value":
            if is_scalar_nan(value):
                if np.dtype(self.dtype).kind != "f":
                    raise ValueError(f"When unknown_value is np.nan, the dtype parameter should be a float dtype. Got {self.dtype}.")
            elif not isinstance(value, (int, np.integer)):
                raise TypeError(f"unknown_value should be an integer or np.nan when handle_unknown is 'use_encoded_value', got {value}.")
        elif value is not None:
            raise TypeError(f"unknown_value should only be set when handle_unknown is 'use_encoded_value', got {value}.")

    def _native_params(self, params):
        out = super()._native_params(params)
        if not self._are_numbers:
            out["encoded_missing_value"] = (_MISSING, float(self.encoded_missing_value))
            missing = [j for j in range(self.n_features_in_) if self._missing_at(j)]
            if missing and np.dtype(self.dtype).kind != "f" and is_scalar_nan(self.encoded_missing_value):
                raise ValueError(
                    f"There are missing values in features {missing}. For OrdinalEncoder to encode missing values with dtype: {self.dtype}, set "
                    "encoded_missing_value to a non-nan value, or set dtype to a float"
                )
        return {**out, "unknown_value": None if self.unknown_value is None else float(self.unknown_value)}


_SAMPLES = "samples are numbers, texts or data frames; results are arrays of float32 or float64 that are converted for another ``dtype``."
OneHotEncoder = estimator(
    sklearn.preprocessing.OneHotEncoder, _OfColumns, differences=_SAMPLES + " A sparse result is made of dense blocks of rows."
)
OrdinalEncoder = estimator(sklearn.preprocessing.OrdinalEncoder, _OfNumbers, differences=_SAMPLES)
