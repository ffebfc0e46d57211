"""Files of ``xp::models`` from fitted objects of scikit-learn: train in Python, serve in Rust."""

import json

import numpy as np
import xparray as xp

from .._xparray import _models

#: The version of the layout of files.
_FORMAT = "1"
_DTYPES = {"bool": "BOOL", "float32": "F32", "float64": "F64", "int64": "I64"}


def _text(value):
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return str(value)


def _labels(model):
    """The classes as int64, or their positions where they are no integers."""
    classes = np.asarray(model.classes_)
    return classes.astype(np.int64) if classes.dtype.kind in "iub" else np.arange(len(classes), dtype=np.int64)


def _row(x):
    return np.atleast_1d(np.asarray(x))


def _linear(m):
    coef = np.asarray(m.coef_)
    return {"coef": coef, "intercept": np.broadcast_to(np.asarray(m.intercept_), coef.shape[:-1])}


def _linear_classifier(m):
    coef = np.atleast_2d(m.coef_)
    return {"classes": _labels(m), "coef": coef, "intercept": np.broadcast_to(_row(m.intercept_), coef.shape[:1])}


def _wide(x, n):
    """What a scaler did not compute is neutral in the file."""
    return np.asarray(np.zeros(n) if x is None else x, dtype=np.float64)


def _standard_scaler(m):
    n = m.n_features_in_
    scale = np.ones(n) if m.scale_ is None else m.scale_
    return {
        "with_mean": m.with_mean, "with_std": m.with_std, "fresh": False, "n_samples_seen": np.broadcast_to(np.asarray(m.n_samples_seen_, dtype=np.float64), (n,)), "mean": _wide(m.mean_, n), "var": _wide(m.var_, n),
        "scale": _wide(scale, n),
    }  # fmt: skip


def _lda(m):
    out = {"classes": _labels(m), "priors": m.priors_, "means": m.means_, "xbar": m.xbar_, "scalings": m.scalings_, "coef": np.atleast_2d(m.coef_)}
    out |= {"intercept": _row(m.intercept_), "explained_variance_ratio": m.explained_variance_ratio_, "n_components": m._max_components}
    if hasattr(m, "covariance_"):
        out["covariance"] = m.covariance_
    return out


def _gaussian(m):
    theta, var, counts = (np.asarray(x, dtype=np.float64) for x in (m.theta_, m.var_, m.class_count_))
    out = {"classes": _labels(m), "theta": theta, "var": var, "class_prior": m.class_prior_, "epsilon": float(m.epsilon_), "counts": counts, "means": theta}
    out |= {"squares": np.maximum(var - m.epsilon_, 0.0) * counts[:, None], "var_smoothing": float(m.var_smoothing)}
    if m.priors is not None:
        out["priors"] = np.asarray(m.priors, dtype=theta.dtype)
    return out


def _pca(m):
    names = ("components", "explained_variance", "explained_variance_ratio", "singular_values", "mean")
    return {**{n: getattr(m, n + "_") for n in names}, "noise_variance": float(m.noise_variance_), "n_samples": int(m.n_samples_), "whiten": bool(m.whiten)}


def _min_max(m):
    names = ("data_min", "data_max", "data_range", "scale", "min")
    low, high = m.feature_range
    return {**{n: getattr(m, n + "_") for n in names}, "n_samples_seen": int(m.n_samples_seen_), "low": float(low), "high": float(high), "clip": bool(m.clip)}


def _penalised(m):
    out = _linear(m)
    return {**out, "dual_gap": np.broadcast_to(np.asarray(m.dual_gap_), out["intercept"].shape), "n_iter": int(np.max(m.n_iter_)), "outcome": "converged"}


def _imputer(m):
    value = m.missing_values
    out = {"statistics": np.asarray(m.statistics_, dtype=np.float64), "missing_values": float(value) if isinstance(value, (int, float, np.number)) else np.nan}
    if m.add_indicator:
        out["indicator_features"] = np.asarray(m.indicator_.features_, dtype=np.int64)
    return out


def _tfidf(m):
    out = {"n_features": int(m.n_features_in_), "sublinear_tf": bool(m.sublinear_tf)}
    if m.norm is not None:
        out["norm"] = m.norm
    return {**out, "idf": m.idf_} if m.use_idf else out


def _isotonic(m):
    return {"x_thresholds": m.X_thresholds_, "y_thresholds": m.y_thresholds_, "increasing": bool(m.increasing_), "out_of_bounds": m.out_of_bounds}


def _clusters(m):
    out = {"cluster_centers": m.cluster_centers_, "labels": np.asarray(m.labels_, dtype=np.int64), "inertia": float(m.inertia_), "n_iter": int(m.n_iter_)}
    return {**out, "outcome": "limit" if m.n_iter_ >= m.max_iter else "converged"}


#: The versions of models whose fields have changed.
_VERSIONS = {"StandardScaler": "2"}
#: The fields of each model under the names of scikit-learn's classes. Arrays of "Wide" fields are always float64.
_FIELDS = {
    "StandardScaler": _standard_scaler,
    "MinMaxScaler": _min_max,
    "MaxAbsScaler": lambda m: {"max_abs": m.max_abs_, "scale": m.scale_, "n_samples_seen": int(m.n_samples_seen_), "clip": bool(getattr(m, "clip", False))},
    "PCA": _pca,
    "LinearDiscriminantAnalysis": _lda,
    "GaussianNB": _gaussian,
    "Ridge": _linear,
    "LinearRegression": lambda m: {**_linear(m), "rank": int(m.rank_), "singular": _row(m.singular_)},
    "Lasso": _penalised,
    "ElasticNet": _penalised,
    "LogisticRegression": lambda m: {**_linear_classifier(m), "n_iter": int(np.max(m.n_iter_)), "outcome": "converged"},
    "RidgeClassifier": _linear_classifier,
    "RidgeCV": lambda m: {**_linear(m), "alpha": _row(m.alpha_), "best_score": _row(m.best_score_)},
    "RidgeClassifierCV": lambda m: {**_linear_classifier(m), "alpha": float(m.alpha_), "best_score": float(m.best_score_)},
    "KMeans": _clusters,
    "KernelCenterer": lambda m: {"k_fit_rows": np.asarray(m.K_fit_rows_), "k_fit_all": float(m.K_fit_all_)},
    "SimpleImputer": _imputer,
    "TfidfTransformer": _tfidf,
    "IsotonicRegression": _isotonic,
}
_WIDE = {"StandardScaler": {"n_samples_seen", "mean", "var", "scale"}, "GaussianNB": {"counts", "means", "squares"}}


def _name_of(model):
    return next((c.__name__ for c in type(model).__mro__ if c.__name__ in _FIELDS), None)


def _fields(model, dtype):
    """The name of a model, and its fields: arrays in a dtype, and texts."""
    name = _name_of(model)
    if name is None:
        expected = f"{', '.join(sorted(_FIELDS))}, or a CalibratedClassifierCV, ColumnTransformer, FeatureUnion or Pipeline of these expected"
        raise TypeError(f"{type(model).__name__} has no file in xp: {expected}")
    arrays, texts = {}, {}
    for field, value in _FIELDS[name](model).items():
        if isinstance(value, (np.ndarray, xp.Array)):
            value = np.asarray(value)
            keep = value.dtype == np.int64 or field in _WIDE.get(name, ())
            arrays[field] = value if keep else value.astype(dtype)
        else:
            texts[field] = _text(value)
    return name, arrays, texts


def _bytes(arrays, texts):
    """A file of safetensors: large elements first."""
    header, data = {"__metadata__": dict(sorted(texts.items()))}, b""
    for name, value in sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])):
        part = np.ascontiguousarray(value).tobytes()
        header[name] = {"dtype": _DTYPES[value.dtype.name], "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def _read(data):
    """The arrays and texts of a file of safetensors."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    texts, names = header.pop("__metadata__"), {short: name for name, short in _DTYPES.items()}
    arrays = {}
    for name, about in header.items():
        low, high = about["data_offsets"]
        arrays[name] = np.frombuffer(data[start + low : start + high], dtype=names[about["dtype"]]).reshape(about["shape"])
    return arrays, texts


def _calibrated(dot, parts, model):
    """Notes classifiers and what makes probabilities of their scores."""
    arrays, texts, _ = parts
    texts[dot + "model"], texts[dot + "model_version"] = "CalibratedClassifierCV", "1"
    arrays[dot + "classes"] = _labels(model)
    pairs = model.calibrated_classifiers_
    texts[dot + "estimators.len"] = texts[dot + "calibrators.len"] = str(len(pairs))
    for k, pair in enumerate(pairs):
        _under(f"{dot}estimators.{k}", parts, pair.estimator)
        place = f"{dot}calibrators.{k}."
        if hasattr(pair, "_model"):
            theirs, said = _read(pair._model.to_bytes())
            for whole, own in ((arrays, theirs), (texts, said)):
                whole.update({place + name.removeprefix("calibrators.0."): x for name, x in own.items() if name.startswith("calibrators.0.")})
            continue
        texts[place + "method"] = pair.method
        if pair.method == "isotonic":
            texts[place + "parts.len"] = str(len(pair.calibrators))
            for j, function in enumerate(pair.calibrators):
                _under(f"{place}parts.{j}", parts, function)
        elif pair.method == "temperature":
            texts[place + "beta"] = _text(float(pair.calibrators[0].beta_))
        else:
            for name in "ab":
                texts[f"{place}{name}.len"] = str(len(pair.calibrators))
                texts |= {f"{place}{name}.{j}": _text(float(getattr(c, name + "_"))) for j, c in enumerate(pair.calibrators)}


def _is_identity(model):
    """Whether a transformer gives the samples as they are."""
    if model is None or isinstance(model, str):
        return model in (None, "passthrough")
    if hasattr(model, "steps"):
        return all(_is_identity(step) for _, step in model.steps)
    return type(model).__name__ == "FunctionTransformer" and model.func is None


class _Columns:
    """Some columns of the samples, and what transforms them."""

    def __init__(self, columns, n_features, transformer):
        self.columns, self.n_features, self.transformer = columns, n_features, transformer


def _columns(place, parts, model):
    """Notes which columns are taken, and the model of these."""
    texts = parts[1]
    if not _is_identity(model.transformer):
        texts |= {_in(place, "model"): "Pipeline", _in(place, "model_version"): "1"}
        _columns(_in(place, "first"), parts, _Columns(model.columns, model.n_features, None))
        return _under(_in(place, "last"), parts, model.transformer)
    texts |= {_in(place, "model"): "SelectColumns", _in(place, "model_version"): "1", _in(place, "n_features"): str(model.n_features)}
    texts |= {_in(place, f"columns.{k}"): str(column) for k, column in enumerate(model.columns)}
    texts[_in(place, "columns.len")] = str(len(model.columns))
    return None


def _side_by_side(place, parts, models):
    """Notes models whose features stand side by side, each with its weight."""
    *most, (last, weight) = models
    if not most:
        if weight != 1.0:
            raise TypeError("export(): a single transformer with a weight has no file in xp: weigh its results where they are served")
        return _under(place, parts, last)
    inner = most if len(most) > 1 else [(most[0][0], 1.0)]
    parts[1].update({_in(place, "model"): "FeatureUnion", _in(place, "model_version"): "1"})
    parts[1].update({_in(place, "left_weight"): _text(1.0 if len(most) > 1 else float(most[0][1])), _in(place, "right_weight"): _text(float(weight))})
    _side_by_side(_in(place, "left"), parts, inner)
    return _under(_in(place, "right"), parts, last)


def _of_columns(model):
    """The parts of a ColumnTransformer that have columns, and their weights."""
    places, weights = model._transformer_to_input_indices, model.transformer_weights or {}
    of = [(name, transformer, places[name]) for name, transformer, _ in model.transformers_ if not (isinstance(transformer, str) and transformer == "drop")]
    return [(_Columns([int(c) for c in columns], model.n_features_in_, transformer), weights.get(name, 1.0)) for name, transformer, columns in of if len(columns)]


def _in(place, name):
    """The name of a field of a model below a place."""
    return f"{place}.{name}" if place else name


def _under(place, parts, model):
    """Notes the fields of a model, or of the parts of one that is made of others, below a name."""
    arrays, texts, dtype = parts
    dot = place + "." if place else ""
    steps = getattr(model, "steps", None)
    if steps is not None:
        steps = [step for _, step in steps if not _is_identity(step)]
        if not steps:
            raise TypeError("export(): the pipeline gives the samples as they are: there is nothing to serve")
        if len(steps) == 1:
            return _under(place, parts, steps[0])
        texts[dot + "model"], texts[dot + "model_version"] = "Pipeline", "1"
        first = steps[0] if len(steps) == 2 else type(model)([(str(k), step) for k, step in enumerate(steps[:-1])])
        _under(dot + "first", parts, first)
        return _under(dot + "last", parts, steps[-1])
    if isinstance(model, _Columns):
        return _columns(place, parts, model)
    if hasattr(model, "transformers_"):
        some = _of_columns(model)
        if not some:
            raise TypeError("export(): the ColumnTransformer drops all columns: there is nothing to serve")
        return _side_by_side(place, parts, some)
    if hasattr(model, "transformer_list"):
        weights = model.transformer_weights or {}
        of = [(name, part) for name, part in model.transformer_list if not (isinstance(part, str) and part == "drop")]
        every = list(range(model.n_features_in_))
        return _side_by_side(place, parts, [(_Columns(every, len(every), part) if _is_identity(part) else part, weights.get(name, 1.0)) for name, part in of])
    if hasattr(model, "calibrated_classifiers_"):
        return _calibrated(dot, parts, model)
    if type(model).__name__ == "FrozenEstimator":
        return _under(place, parts, model.estimator)
    if _name_of(model) is None and hasattr(model, "_model"):
        own, said = _read(model._model.to_bytes())
        if any(value.dtype.kind == "f" and value.dtype != dtype for value in own.values()):
            raise TypeError(f"export(): {type(model).__name__} was fitted in another dtype than {dtype}")
        arrays.update({dot + field: value for field, value in own.items()})
        texts.update({dot + field: value for field, value in said.items() if not field.startswith("format")})
        return None
    name, own, said = _fields(model, dtype)
    # What xp reads back is what it will serve: a file that it refuses is an error here.
    _models.read(name, getattr(xp, dtype), _bytes(own, {**said, "model": name, "model_version": _VERSIONS.get(name, "1"), "format": "xp-models", "format_version": _FORMAT}))
    arrays.update({dot + field: value for field, value in own.items()})
    texts.update({dot + field: value for field, value in said.items()})
    texts[dot + "model"], texts[dot + "model_version"] = name, _VERSIONS.get(name, "1")
    return None


def export(model, path, dtype="float64"):
    """Writes a fitted estimator of scikit-learn, or of this module, or a Pipeline, FeatureUnion or ColumnTransformer of these, to a file
    that ``xp::models`` loads in Rust.

    A pipeline of three steps is ``Pipeline<Pipeline<A, B>, C>`` there, and a ColumnTransformer of three transformers is
    ``FeatureUnion<FeatureUnion<A, B>, C>``, in which each is a ``Pipeline<SelectColumns, M>``, or ``SelectColumns`` alone for
    "passthrough". Transformers without columns, and "drop", are left out. Labels that are no integers are their positions in ``classes_``.
    dtype is that of the samples that will be served.
    """
    from sklearn.utils.validation import check_is_fitted

    if dtype not in ("float32", "float64"):
        raise ValueError(f"export(): dtype is 'float32' or 'float64'; {dtype!r} given")
    check_is_fitted(model)
    arrays, texts = {}, {"format": "xp-models", "format_version": _FORMAT}
    _under("", (arrays, texts, dtype), model)
    data = _bytes(arrays, texts)
    with open(path, "wb") as file:
        file.write(data)
