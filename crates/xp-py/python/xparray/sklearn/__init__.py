"""Estimators of xp as classes of scikit-learn: the same parameters, attributes and methods, inside its pipelines and searches.

They derive from scikit-learn's classes of the same names and pass its ``check_estimator``::

    from xparray.sklearn import LinearDiscriminantAnalysis
    LinearDiscriminantAnalysis().fit(X, y).predict(X)

``save`` writes what ``xp::models`` loads in Rust; ``export`` does so with fitted objects of scikit-learn itself.
"""

from ._covariance import OAS, EmpiricalCovariance, LedoitWolf
from ._decomposition import PCA, IncrementalPCA, KernelPCA, TruncatedSVD
from ._discriminant import GaussianNB, LinearDiscriminantAnalysis
from ._export import export
from ._kernels import KernelRidge, Nystroem
from ._linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    TweedieRegressor,
)
from ._preprocessing import (
    Binarizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

__all__ = [
    "OAS", "PCA", "Binarizer", "ElasticNet", "EmpiricalCovariance", "GammaRegressor", "GaussianNB", "IncrementalPCA", "KernelPCA", "KernelRidge",
    "Lasso", "LedoitWolf", "LinearDiscriminantAnalysis", "LinearRegression", "LogisticRegression", "MaxAbsScaler", "MinMaxScaler", "Normalizer",
    "Nystroem", "PoissonRegressor", "PolynomialFeatures", "PowerTransformer", "QuantileTransformer", "Ridge", "RidgeClassifier", "RobustScaler",
    "StandardScaler", "TruncatedSVD", "TweedieRegressor", "export",
]  # fmt: skip
