"""Covariance matrices."""

import sklearn.covariance

from ._base import estimator


class _OfCovariance:
    def _finish(self, X):
        if not self.store_precision:
            self.precision_ = None


EmpiricalCovariance = estimator(sklearn.covariance.EmpiricalCovariance, _OfCovariance)
LedoitWolf = estimator(sklearn.covariance.LedoitWolf, _OfCovariance)
OAS = estimator(sklearn.covariance.OAS, _OfCovariance)
ShrunkCovariance = estimator(sklearn.covariance.ShrunkCovariance, _OfCovariance)
