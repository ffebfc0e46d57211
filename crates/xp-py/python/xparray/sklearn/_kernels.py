"""Estimators of kernels."""

import sklearn.kernel_approximation
import sklearn.kernel_ridge
import sklearn.preprocessing

from ._base import estimator, seed_of


def kernel_of(params):
    """A kernel with its parameters, as xp takes it."""
    name = params["kernel"]
    if not isinstance(name, str) or name == "precomputed":
        raise ValueError(f"kernel must be the name of one; {name!r} given")
    degree = 3.0 if params["degree"] is None else float(params["degree"])
    coef0 = 1.0 if params["coef0"] is None else float(params["coef0"])
    return name, params["gamma"], degree, coef0


class _OfKernels:
    def _native_params(self, params):
        return {**params, "kernel": kernel_of(params)}


KernelRidge = estimator(sklearn.kernel_ridge.KernelRidge, _OfKernels, differences="kernels by name; ``'precomputed'`` and functions are not taken.")


class _OfSamples:
    def _native_params(self, params):
        n = min(params["n_components"], self._n_rows)
        return {**params, "kernel": kernel_of(params), "n_components": n, "random_state": seed_of(params["random_state"])}

    def _finish(self, X):
        self._n_features_out = self.components_.shape[0]

    def _samples(self, X, y, sample_weight, reset, new_classes=True):
        out = super()._samples(X, y, sample_weight, reset, new_classes)
        self._n_rows = out[0].shape[0]
        return out


Nystroem = estimator(
    sklearn.kernel_approximation.Nystroem, _OfSamples, differences="kernels by name; the samples that are drawn are not scikit-learn's."
)


class _OfMatrices:
    _parameter_constraints = {}
    _is_finite_first = True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = True
        return tags


KernelCenterer = estimator(sklearn.preprocessing.KernelCenterer, _OfMatrices)
