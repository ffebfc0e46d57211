"""Clusters and mixtures."""

import warnings

import numpy as np
import sklearn.cluster
import sklearn.mixture
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ._base import estimator, library_of, on_device, on_host, seed_of


def _floats(x):
    """A parameter as an array: on a GPU where it is on one, else NumPy's."""
    own = on_device(x)
    return np.asarray(x, dtype=np.float64) if own is None else own


class _OfCenters:
    def _native_params(self, params):
        init = params["init"]
        if callable(init):
            raise ValueError(f"{type(self).__name__}: init is 'k-means++', 'random', or an array of centres; {init!r} given")
        init = init if isinstance(init, str) else _floats(init)
        return {**params, "init": init, "random_state": seed_of(params["random_state"])}

    def score(self, X, y=None, sample_weight=None):
        check_is_fitted(self, "_model")
        weights = () if sample_weight is None else _check_sample_weight(on_host(sample_weight), on_host(X), dtype=np.float64)
        return float(self._answer("score", X, *weights)[0])

    score.__doc__ = sklearn.cluster.KMeans.score.__doc__


class _OfAllSamples(_OfCenters):
    def _finish(self, X):
        found, self.n_distinct_ = self.n_distinct_, None
        del self.n_distinct_
        self._n_features_out = self.cluster_centers_.shape[0]
        if found < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({found}) found smaller than n_clusters ({self.n_clusters}). Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=4,
            )


class _OfBatches(_OfCenters):
    def _finish(self, X):
        self._counts = self.counts_
        del self.counts_
        self._n_features_out = self.cluster_centers_.shape[0]
        if not self.compute_labels:
            del self.labels_


_STARTS = "``init`` is a name or an array; the starts that are drawn are not scikit-learn's."
KMeans = estimator(sklearn.cluster.KMeans, _OfAllSamples, differences="``algorithm`` is ``'lloyd'``. " + _STARTS)
MiniBatchKMeans = estimator(sklearn.cluster.MiniBatchKMeans, _OfBatches, differences=_STARTS)


class _OfComponents:
    _min_samples = 2

    def _native_params(self, params):
        arrays = {name: None if params[name] is None else _floats(params[name]) for name in ("weights_init", "means_init", "precisions_init")}
        return {**params, **arrays, "random_state": seed_of(params["random_state"])}

    def _finish(self, X):
        self.converged_ = self._converged

    def fit_predict(self, X, y=None):
        return self.fit(X, y).predict(X)

    fit_predict.__doc__ = sklearn.mixture.GaussianMixture.fit_predict.__doc__

    def sample(self, n_samples=1):
        check_is_fitted(self, "_model")
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        library = library_of(self.means_)
        X, labels = self._answer("sample", None, n_samples, seed_of(self.random_state))
        return (X, labels) if library is np.asarray else (library(X), library(labels))

    sample.__doc__ = sklearn.mixture.GaussianMixture.sample.__doc__


GaussianMixture = estimator(
    sklearn.mixture.GaussianMixture, _OfComponents, differences="no warm start; the starts and the samples that are drawn are not scikit-learn's."
)
