"""Discriminant analysis and naive Bayes."""

import sklearn.discriminant_analysis
import sklearn.naive_bayes

from ._base import estimator


class _OfDiscriminants:
    _min_samples = 2

    def _finish(self, X):
        self._max_components = self._n_features_out = self.explained_variance_ratio_.shape[0]
        if self.covariance_ is None:
            del self.covariance_


LinearDiscriminantAnalysis = estimator(
    sklearn.discriminant_analysis.LinearDiscriminantAnalysis, _OfDiscriminants, differences="``solver`` is ``'svd'``; no shrinkage."
)

GaussianNB = estimator(sklearn.naive_bayes.GaussianNB)
