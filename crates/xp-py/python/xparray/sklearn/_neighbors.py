"""Nearest neighbours."""

import numbers

import numpy as np
import sklearn.neighbors
from sklearn.utils.validation import check_is_fitted

from ._base import estimator

#: Distances under the names they have in xp.
_METRICS = {"l1": "manhattan", "cityblock": "manhattan", "l2": "euclidean", "infinity": "chebyshev"}


class _OfNeighbors:
    def _native_params(self, params):
        metric = params["metric"]
        if not isinstance(metric, str) or metric == "precomputed":
            raise ValueError(f"{type(self).__name__}: metric is the name of a distance; {metric!r} given")
        out = {**params, "metric": (_METRICS.get(metric, metric), float(params["p"]))}
        if "weights" in params and params["weights"] is None:
            out["weights"] = "uniform"
        return out

    def _finish(self, X):
        self.effective_metric_ = "euclidean" if self.metric == "minkowski" and self.p == 2 else self.metric
        self.effective_metric_params_ = {"p": self.p} if self.effective_metric_ == "minkowski" else {}
        self._fit_method = "brute"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self._declared["y"] == "targets"
        return tags

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        n = self.n_neighbors if n_neighbors is None else n_neighbors
        check_is_fitted(self, "_model")
        if not isinstance(n, numbers.Integral):
            raise TypeError(f"n_neighbors does not take {type(n)} value, enter integer value")
        if n <= 0:
            raise ValueError(f"Expected n_neighbors > 0. Got {n}")
        distances, indices = self._answer("kneighbors", X, n)
        return (distances, indices) if return_distance else indices

    kneighbors.__doc__ = sklearn.neighbors.NearestNeighbors.kneighbors.__doc__


class _OfVotes(_OfNeighbors):
    def _finish(self, X):
        super()._finish(X)
        self.outputs_2d_ = False


class _OfRadii(_OfNeighbors):
    def radius_neighbors(self, X=None, radius=None, return_distance=True, sort_results=False):
        if sort_results and not return_distance:
            raise ValueError("return_distance must be True if sort_results is True.")
        parts = self._answer("radius_neighbors", X, self.radius if radius is None else radius)
        distances, indices, ends = (np.asarray(x) for x in parts)
        pairs = [(distances[i:j], indices[i:j]) for i, j in zip(ends[:-1], ends[1:])]
        if sort_results:
            pairs = [(d[order], at[order]) for d, at in pairs for order in [np.argsort(d, kind="stable")]]
        near, which = _ragged([d for d, _ in pairs]), _ragged([at for _, at in pairs])
        return (near, which) if return_distance else which

    radius_neighbors.__doc__ = sklearn.neighbors.NearestNeighbors.radius_neighbors.__doc__


def _ragged(rows):
    """An array of arrays of several lengths."""
    out = np.empty(len(rows), dtype=object)
    out[:] = rows
    return out


_ALL = "all distances are compared, whatever ``algorithm`` says; metrics by name, weights by name."
KNeighborsClassifier = estimator(sklearn.neighbors.KNeighborsClassifier, _OfVotes, differences=_ALL + " One label a sample.")
KNeighborsRegressor = estimator(sklearn.neighbors.KNeighborsRegressor, _OfNeighbors, differences=_ALL)
NearestNeighbors = estimator(sklearn.neighbors.NearestNeighbors, _OfRadii, differences=_ALL)
