"""Estimators of xp as classes of scikit-learn: the same parameters, attributes and methods, inside its pipelines and searches.

They derive from scikit-learn's classes of the same names and pass its ``check_estimator``::

    from xparray.sklearn import LinearDiscriminantAnalysis
    LinearDiscriminantAnalysis().fit(X, y).predict(X)

``save`` writes what ``xp::models`` loads in Rust; ``export`` does so with fitted objects of scikit-learn itself.
"""

from ._calibration import CalibratedClassifierCV
from ._cluster import GaussianMixture, KMeans, MiniBatchKMeans
from ._covariance import OAS, EmpiricalCovariance, LedoitWolf, ShrunkCovariance
from ._decomposition import PCA, IncrementalPCA, KernelPCA, TruncatedSVD
from ._discriminant import GaussianNB, LinearDiscriminantAnalysis
from ._encoders import OneHotEncoder, OrdinalEncoder
from ._export import export
from ._gaussian_process import GaussianProcessRegressor
from ._impute import IsotonicRegression, SimpleImputer, TfidfTransformer
from ._kernels import KernelCenterer, KernelRidge, Nystroem
from ._labels import LabelBinarizer, LabelEncoder
from ._linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    TweedieRegressor,
)
from ._neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
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
    "OAS", "PCA", "Binarizer", "CalibratedClassifierCV", "ElasticNet", "EmpiricalCovariance", "GammaRegressor", "GaussianMixture",
    "GaussianNB", "GaussianProcessRegressor", "IncrementalPCA", "IsotonicRegression", "KMeans", "KNeighborsClassifier",
    "KNeighborsRegressor", "KernelCenterer", "KernelPCA", "KernelRidge", "LabelBinarizer", "LabelEncoder", "Lasso", "LedoitWolf",
    "LinearDiscriminantAnalysis", "LinearRegression", "LogisticRegression", "LogisticRegressionCV", "MaxAbsScaler", "MinMaxScaler",
    "MiniBatchKMeans", "NearestNeighbors", "Normalizer", "Nystroem", "OneHotEncoder", "OrdinalEncoder", "PoissonRegressor",
    "PolynomialFeatures", "PowerTransformer", "QuantileTransformer", "Ridge", "RidgeCV", "RidgeClassifier", "RidgeClassifierCV",
    "RobustScaler", "ShrunkCovariance", "SimpleImputer", "StandardScaler", "TfidfTransformer", "TruncatedSVD", "TweedieRegressor", "export",
]  # fmt: skip
