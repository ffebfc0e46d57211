"""Decompositions."""

import numpy as np
import sklearn.decomposition
from sklearn.exceptions import NotFittedError

from ._base import estimator, seed_of
from ._kernels import kernel_of


def _randomized(params, iterations):
    """The parameters of a decomposition by random projections."""
    power = params[iterations]
    return (params["n_oversamples"], None if power == "auto" else power, seed_of(params["random_state"]))


class _OfComponents:
    _min_samples = 2

    def _native_params(self, params):
        solver = params["svd_solver"]
        if solver == "randomized":
            solver = _randomized(params, "iterated_power")
        elif solver == "arpack":
            n, most = params["n_components"], min(self._shape)
            if n is not None and not 1 <= n < most:
                raise ValueError(f"n_components={n!r} must be between 1 and min(n_samples, n_features)={most}, and less, with svd_solver='arpack'")
            solver = "full"
        return {"n_components": params["n_components"], "whiten": params["whiten"], "svd_solver": solver}

    def _samples(self, X, y, sample_weight, reset, new_classes=True):
        out = super()._samples(X, y, sample_weight, reset, new_classes)
        self._shape = out[0].shape
        return out


PCA = estimator(sklearn.decomposition.PCA, _OfComponents)


class _OfBatches:
    def _finish(self, X):
        self.batch_size_ = 5 * self.n_features_in_ if self.batch_size is None else self.batch_size
        if X is not None:
            self.n_samples_seen_ = np.int64(self.n_samples_seen_)


IncrementalPCA = estimator(sklearn.decomposition.IncrementalPCA, _OfBatches)


class _OfTruncated:
    def _native_params(self, params):
        algorithm = params["algorithm"]
        return {"n_components": params["n_components"], "algorithm": "arpack" if algorithm == "arpack" else _randomized(params, "n_iter")}


TruncatedSVD = estimator(sklearn.decomposition.TruncatedSVD, _OfTruncated, differences="sparse matrices are not taken.")


class _OfKernels:
    def _native_params(self, params):
        return {**params, "kernel": kernel_of(params)}

    def _finish(self, X):
        self.gamma_ = 1 / self.n_features_in_ if self.gamma is None else self.gamma
        if self.dual_coef_ is None:
            del self.dual_coef_, self.X_transformed_fit_

    def _call_inverse(self, X):
        if not self.fit_inverse_transform:
            raise NotFittedError("fit_inverse_transform was not set to True when instantiating and hence the inverse transform is not available.")
        return super()._call_inverse(X)


KernelPCA = estimator(
    sklearn.decomposition.KernelPCA, _OfKernels, differences="kernels by name; ``'precomputed'`` and functions are not taken. All eigenvalues are computed."
)
