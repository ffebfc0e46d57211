"""How an estimator of xp becomes a class of scikit-learn.

``estimator`` makes a subclass of scikit-learn's class of the same name: constructor, constraints on parameters, tags, names of
features out and documentation are scikit-learn's, what is computed (``fit`` and the methods after it) is xp's. What an estimator
takes and gives is declared once, in Rust (``_models.estimators()``).
"""

import warnings

import numpy as np
import xparray as xp
from sklearn.base import ClassifierMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.externals.array_api_compat import to_device
from sklearn.utils._array_api import device, get_namespace
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, check_random_state, column_or_1d, validate_data

from .._xparray import _models

try:
    from sklearn.utils._array_api import check_same_namespace
except ImportError:  # before scikit-learn 1.9
    check_same_namespace = None

DECLARED = _models.estimators()
DTYPES = [np.float64, np.float32]
#: The number of CUDA devices in DLPack.
_CUDA = 2


def library_of(X):
    """What the results for X are arrays of: a function that makes them of xparray's."""
    if isinstance(X, xp.Array):
        return lambda x: x
    namespace, is_array_api = get_namespace(X)
    if not is_array_api or not hasattr(X, "__dlpack__") or isinstance(X, np.ndarray):
        return np.asarray

    def beside_X(x):
        x = namespace.from_dlpack(x)
        return x if device(x) == device(X) else to_device(x, device(X))

    return beside_X


def on_host(X):
    """X as something that scikit-learn's validation takes, without a copy where it is an array."""
    if isinstance(X, xp.Array):
        return np.asarray(X)
    if X is None or isinstance(X, np.ndarray) or not hasattr(X, "__dlpack__") or hasattr(X, "columns"):
        return X
    namespace, is_array_api = get_namespace(X)
    return np.asarray(xp.asarray(X)) if is_array_api else X


def on_device(X):
    """X as an array of xparray, where it lives on a GPU; None for everything else."""
    if isinstance(X, xp.Array):
        return X if X.device != "cpu" else None
    if X is None or isinstance(X, np.ndarray) or not hasattr(X, "__dlpack_device__") or not get_namespace(X)[1]:
        return None
    return xp.from_dlpack(X) if X.__dlpack_device__()[0] == _CUDA else None


def copied_to_host(x):
    """An array on any device as one of NumPy: for labels and counts, which the estimators look at on the host."""
    own = on_device(x)
    return on_host(x) if own is None else np.asarray(own.to_device("cpu"))


def seed_of(random_state):
    """An integer from what scikit-learn takes as random_state."""
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


class Native:
    """What all estimators of xp have in common. ``_declared`` is the declaration in Rust."""

    # What subclasses may change.

    #: The dtypes in which samples are taken; others become the first.
    _dtypes = DTYPES
    #: How many samples there must be at least.
    _min_samples = 1
    #: Whether samples may hold NaN.
    _allows_nan = False
    #: Whether numbers are looked at before the shape. Others leave them to xp, which reads them anyway.
    _is_finite_first = False
    #: Whether there is nothing to learn, and the methods work before ``fit``.
    _is_stateless = False

    def _native_params(self, params):
        """The parameters as xp takes them."""
        return params

    def _finish(self, X):
        """Sets the attributes that scikit-learn's class has beside those of the model."""

    # The classes as an array of NumPy, in a tuple: attributes that are arrays are of the library of the samples.

    @property
    def _host_classes(self):
        return self._kept[0]

    @_host_classes.setter
    def _host_classes(self, classes):
        self._kept = (classes,)

    # Fitting.

    def _learn(self, X, y=None, sample_weight=None, first=False, classes=None):
        self._validate_params()
        library = library_of(X)
        if classes is not None:
            classes = self._encoded(np.unique(copied_to_host(classes)), reset=True)
        X, y, sample_weight = self._samples(X, y, sample_weight, reset=True, new_classes=classes is None)
        self._model = _models.fit(self._declared_name, self._given_params(X), X, y, sample_weight, classes, first=first)
        self._publish(library, X)
        return self

    def _samples(self, X, y, sample_weight, reset, new_classes=True):
        """Arrays of xparray that share the memory of what is given where that is possible."""
        kind = self._declared["y"]
        own = on_device(X)
        if own is not None:
            return self._samples_on_device(own, y, sample_weight, reset, reset and new_classes)
        X, y = on_host(X), copied_to_host(y) if kind == "labels" else on_host(y)
        check = dict(dtype=self._dtypes, ensure_all_finite=self._is_finite_first, reset=reset, ensure_min_samples=self._min_samples)
        if kind == "alone":
            X = validate_data(self, X, **check)
            y = None
        elif kind == "labels":
            X, y = validate_data(self, X, y, **check)
            y = self._encoded(y, reset and new_classes)
        else:
            X, y = validate_data(self, X, y, y_numeric=True, multi_output=kind == "targets", **check)
            y = xp.asarray(np.asarray(y, dtype=X.dtype) if kind == "targets" else column_or_1d(y, dtype=X.dtype, warn=True))
        if sample_weight is not None:
            sample_weight = xp.asarray(_check_sample_weight(on_host(sample_weight), X, dtype=X.dtype))
        return xp.asarray(X), y, sample_weight

    def _samples_on_device(self, X, y, sample_weight, reset, new_classes):
        """Arrays of xparray on a GPU, which stay there. Only labels are looked at on the host."""
        kind = self._declared["y"]
        X = self._matrix_on_device(X, reset)
        if kind == "alone":
            y = None
        elif kind == "labels":
            y = self._encoded(copied_to_host(y), new_classes).to_device(X.device)
        else:
            y = xp.astype(xp.asarray(y), X.dtype, copy=False)
            if kind == "target" and y.ndim == 2 and y.shape[1] == 1:
                y = xp.squeeze(y, 1)
        if y is not None and y.shape[:1] != X.shape[:1]:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[X.shape[0], *y.shape[:1]]}")
        if sample_weight is not None:
            sample_weight = xp.astype(xp.asarray(sample_weight), X.dtype, copy=False)
        return X, y, sample_weight

    def _matrix_on_device(self, X, reset):
        """Samples on a GPU, checked as far as that needs none of them on the host: xp looks at the numbers."""
        name = type(self).__name__
        if self._dtypes is not DTYPES:
            raise TypeError(f'{name} takes samples on the CPU; X is on {X.device}: copy it with to_device("cpu")')
        if X.ndim != 2:
            raise ValueError(f"Expected 2D array, got {X.ndim}D array instead: X has shape {X.shape}. Reshape your data.")
        if xp.isdtype(X.dtype, "complex floating"):
            raise ValueError("Complex data not supported")
        for n, least, what in ((X.shape[0], self._min_samples, "sample"), (X.shape[1], 1, "feature")):
            if n < least:
                raise ValueError(f"Found array with {n} {what}(s) (shape={X.shape}) while a minimum of {least} is required by {name}.")
        validate_data(self, X, skip_check_array=True, reset=reset)
        return X if xp.isdtype(X.dtype, "real floating") else xp.astype(X, xp.float64)

    def _taken(self, X, ensure_all_finite=False):
        """Samples for a fitted model, as an array of xparray."""
        own = on_device(X)
        if own is not None:
            return self._matrix_on_device(own, reset=False)
        return xp.asarray(validate_data(self, on_host(X), dtype=self._dtypes, ensure_all_finite=ensure_all_finite, reset=False))

    def _encoded(self, y, reset):
        """Labels as int64: as they are, or their positions among the classes."""
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        if y.dtype.kind in "iub" and y.dtype != np.uint64 and (reset or not self._are_codes):
            labels = xp.asarray(y.astype(np.int64, copy=False))
            if reset:
                self.classes_ = self._host_classes = np.asarray(xp.unique_values(labels)).astype(y.dtype)
                self._are_codes = False
            return labels
        if reset:
            self._host_classes, codes = np.unique(y, return_inverse=True)
            self.classes_, self._are_codes = self._host_classes, True
            return xp.asarray(codes.astype(np.int64))
        codes = np.searchsorted(self._host_classes, y)
        if not np.array_equal(self._host_classes[np.minimum(codes, len(self._host_classes) - 1)], y):
            raise ValueError(f"The target label(s) {np.setdiff1d(y, self._host_classes)} in y do not exist in the initial classes {self._host_classes}")
        return xp.asarray(codes.astype(np.int64))

    def _given_params(self, X):
        """The parameters; those that are matrices go where the samples are."""
        params = self.get_params(deep=False)
        unknown = [name for name in params if name not in self._declared["params"]]
        native = self._native_params({name: value for name, value in params.items() if name not in unknown})
        is_matrix = lambda value: isinstance(value, (np.ndarray, xp.Array)) and value.ndim > 1
        return {name: xp.asarray(value, device=X.device) if is_matrix(value) else value for name, value in native.items()}

    def _publish(self, library, X):
        """Sets the attributes of the model, with scikit-learn's underscore."""
        arrays = []
        for name, value in self._model.attributes().items():
            if name == "converged":
                self._converged = value
                if not value:
                    warnings.warn(f"{type(self).__name__} did not reach tol in max_iter iterations", ConvergenceWarning, stacklevel=4)
                continue
            if isinstance(value, xp.Array):
                if value.ndim > 0:
                    arrays.append(name + "_")
                value = value.item() if value.ndim == 0 else library(value)
            setattr(self, name + "_", value)
        if self._declared["y"] == "labels" and library is not np.asarray and not self._are_codes:
            self.classes_ = library(xp.asarray(self._host_classes, device=self._model.device))
        self._finish(X)
        # What is none of them any longer says nothing of the library.
        self._an_array = next((name for name in arrays if getattr(getattr(self, name, None), "ndim", 0) > 0), None)

    # After fitting.

    def _answer(self, question, X, *numbers):
        """Arrays that answer a question about samples, or about those of the fit if X is None."""
        check_is_fitted(self, "_model")
        library = self._own_library()
        if X is not None:
            library = library_of(X)
            self._check_library(question, X)
            X = self._taken(X)
        return [library(x) for x in self._model.answer(question, X, numbers)]

    def _own_library(self):
        """What results are arrays of that no samples were given for: NumPy's, or xparray's where the model is on a GPU."""
        return np.asarray if self._model.device == "cpu" else lambda x: x

    def _call(self, method, X):
        library = library_of(X)
        return library(self._native_call(method, X))

    def _native_call(self, method, X):
        model = self._model_for(X)
        self._check_library(method, X)
        X = self._taken(X, self._is_finite_first)
        if model is None:
            model = _models.fit(self._declared_name, self._given_params(X), X)
        return model.call(method, X)

    def _check_library(self, method, X):
        """With dispatch on, fails for samples of another library than those of ``fit``, as scikit-learn's classes do."""
        attribute = getattr(self, "_an_array", None)
        if check_same_namespace is not None and attribute is not None:
            check_same_namespace(X, self, attribute=attribute, method=method)

    def _model_for(self, X):
        """The fitted model; None where there is nothing to learn and nothing was fitted."""
        if self._is_stateless and not hasattr(self, "_model"):
            return None
        check_is_fitted(self, "_model")
        return self._model

    def __sklearn_is_fitted__(self):
        return self._is_stateless or hasattr(self, "_model")

    def save(self, path):
        """Writes the fitted model to a file, which ``xp::models`` loads in Rust. Labels that are no integers are written as their
        positions in ``classes_``."""
        check_is_fitted(self, "_model")
        data = self._model.to_bytes()
        with open(path, "wb") as file:
            file.write(data)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = self._allows_nan
        tags.input_tags.pairwise = False
        if tags.classifier_tags is not None:
            tags.classifier_tags.multi_label = False
        tags.array_api_support = True
        return tags


def _methods(declared):
    """The functions that go into the namespace of a class: where they stand there, scikit-learn's base classes see them."""
    alone = declared["y"] == "alone"

    if alone and declared["weighted"]:

        def fit(self, X, y=None, sample_weight=None):
            return self._learn(X, None, sample_weight)

        def partial_fit(self, X, y=None, sample_weight=None):
            return self._learn_more(X, None, sample_weight)

    elif alone:

        def fit(self, X, y=None):
            return self._learn(X)

        def partial_fit(self, X, y=None):
            return self._learn_more(X)

    elif declared["weighted"]:

        def fit(self, X, y, sample_weight=None):
            return self._learn(X, y, sample_weight)

        def partial_fit(self, X, y, classes=None, sample_weight=None):
            return self._learn_more(X, y, sample_weight, classes)

    else:

        def fit(self, X, y):
            return self._learn(X, y)

        partial_fit = None

    def predict(self, X):
        if self._declared["y"] != "labels":
            return self._call("predict", X)
        return self._decoded(X, self._native_call("predict", X))

    def inverse_transform(self, X):
        return self._call_inverse(X)

    def fit_transform(self, X, y=None, **fit_params):
        return TransformerMixin.fit_transform(self, X, y, **fit_params)

    def other(name):
        def method(self, X):
            return self._call(name, X)

        method.__name__ = name
        return method

    out = {f.__name__: f for f in (fit, predict, inverse_transform) if f.__name__ == "fit" or f.__name__ in declared["methods"]}
    out.update({name: other(name) for name in declared["methods"] if name not in out})
    if "transform" in out:
        out["fit_transform"] = fit_transform
    if declared["partial"] and partial_fit is not None:
        out["partial_fit"] = partial_fit
    return out


class Labels:
    """Classifiers: what the model predicts is int64."""

    def _decoded(self, X, labels):
        classes = self._host_classes
        if self._are_codes:
            return classes[copied_to_host(labels)]
        library = library_of(X)
        if library is np.asarray:
            return np.asarray(labels).astype(classes.dtype, copy=False)
        return library(xp.astype(labels, xp.asarray(classes[:0]).dtype, copy=False))


class Parts:
    """Estimators that learn in parts."""

    def _learn_more(self, X, y=None, sample_weight=None, classes=None):
        if not hasattr(self, "_model"):
            if self._declared["y"] == "labels" and classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            return self._learn(X, y, sample_weight, first=True, classes=classes)
        if classes is not None and not np.array_equal(np.unique(copied_to_host(classes)), self._host_classes):
            raise ValueError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self._host_classes!r}")
        self._validate_params()
        library = library_of(X)
        X, y, sample_weight = self._samples(X, y, sample_weight, reset=False)
        self._model.partial_fit(X, y, sample_weight)
        self._publish(library, X)
        return self


class Merges:
    """Estimators that take in what others have learnt."""

    def merge(self, other):
        """Takes in what another fitted estimator of the same class has learnt from other samples, whose parameters were the same."""
        check_is_fitted(self, "_model")
        check_is_fitted(other, "_model")
        if self.n_features_in_ != other.n_features_in_:
            raise ValueError(f"merge(): {self.n_features_in_} and {other.n_features_in_} features")
        self._model.merge(other._model)
        self._publish(self._own_library(), None)
        return self


class Inverse:
    """Transformers that can be undone."""

    def _call_inverse(self, X):
        from sklearn.utils import check_array

        check_is_fitted(self, "_model")
        self._check_library("inverse_transform", X)
        library = library_of(X)
        own = on_device(X)
        if own is None:
            own = xp.asarray(check_array(on_host(X), dtype=DTYPES, ensure_all_finite=False))
        return library(self._model.call("inverse_transform", own))


def _documented(name, base, declared, differences):
    lines = [f"scikit-learn's ``{base.__module__.split('._')[0]}.{name}``, computed by xp.", ""]
    lines += ["Parameters, attributes and methods are those of the class it derives from, which documents them. Samples are arrays of",
              "NumPy, xparray, or any library with DLPack, or data frames; they are not copied, and the interpreter is free meanwhile.",
              "Results are arrays of the library of the samples. Sparse matrices are not taken."]  # fmt: skip
    if differences:
        lines += ["", "Differences: " + differences]
    return "\n".join(lines)


def estimator(base, *mixins, differences=""):
    """The class of xp's estimator with the name of scikit-learn's class ``base``."""
    name = base.__name__
    declared = DECLARED[name]
    bases = [*mixins]
    if declared["y"] == "labels" or issubclass(base, ClassifierMixin):
        bases.append(Labels)
    if declared["partial"]:
        bases.append(Parts)
    if declared["merges"]:
        bases.append(Merges)
    if "inverse_transform" in declared["methods"]:
        bases.append(Inverse)
    namespace = {
        "__module__": "xparray.sklearn",
        "__doc__": _documented(name, base, declared, differences),
        "_declared": declared,
        "_declared_name": name,
        # A mixin's own methods come before those of the declaration.
        **{method: f for method, f in _methods(declared).items() if not any(method in vars(mixin) for mixin in mixins)},
    }
    for method in namespace:
        original = getattr(base, method, None)
        if callable(namespace[method]) and not namespace[method].__doc__:
            namespace[method].__doc__ = original.__doc__ if original is not None else None
            namespace[method].__qualname__ = f"{name}.{method}"
    return type(base)(name, (*bases, Native, base), namespace)
