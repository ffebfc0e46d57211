"""Scalers and other transformers of single features."""

import warnings

import sklearn.preprocessing

from ._base import copied_to_host, estimator, seed_of


class _WithNan:
    _allows_nan = True


class _OfScaler(_WithNan):
    def _finish(self, X):
        # One number where all features have been seen as often.
        seen = copied_to_host(self.n_samples_seen_)
        if (seen == seen[0]).all():
            self.n_samples_seen_ = int(seen[0]) if seen[0] == int(seen[0]) else float(seen[0])


StandardScaler = estimator(sklearn.preprocessing.StandardScaler, _OfScaler)
MinMaxScaler = estimator(sklearn.preprocessing.MinMaxScaler, _WithNan)
MaxAbsScaler = estimator(sklearn.preprocessing.MaxAbsScaler, _WithNan)
RobustScaler = estimator(sklearn.preprocessing.RobustScaler, _WithNan)
PowerTransformer = estimator(sklearn.preprocessing.PowerTransformer, _WithNan)


class _OfQuantiles(_WithNan):
    def _native_params(self, params):
        return {**params, "random_state": seed_of(params["random_state"])}

    def _finish(self, X):
        self.n_quantiles_ = self.quantiles_.shape[0]
        if self.n_quantiles_ < self.n_quantiles:
            warnings.warn(
                f"n_quantiles ({self.n_quantiles}) is greater than the total number of samples ({X.shape[0]}). n_quantiles is set to n_samples.",
                stacklevel=4,
            )


QuantileTransformer = estimator(sklearn.preprocessing.QuantileTransformer, _OfQuantiles, differences="the samples that are drawn are not scikit-learn's.")


class _Stateless:
    _is_stateless = True


Normalizer = estimator(sklearn.preprocessing.Normalizer, _Stateless)
Binarizer = estimator(sklearn.preprocessing.Binarizer, _Stateless)


class _OfPowers:
    def _finish(self, X):
        low, high = (0, self.degree) if not isinstance(self.degree, (tuple, list)) else self.degree
        self._min_degree, self._max_degree, self._n_out_full = low, high, self.n_output_features_


PolynomialFeatures = estimator(sklearn.preprocessing.PolynomialFeatures, _OfPowers, differences="rows are contiguous, whatever ``order`` says.")
