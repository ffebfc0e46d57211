"""The jobs in scikit-learn; the PyTorch peer runs the same functions on its tensors.

What predicts or transforms is fitted before the clock starts, on the first 20000 rows.
"""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import average_precision_score, roc_curve
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

FITTED_ROWS = 20_000


def lda(method):
    def job(d):
        if method == "fit":
            return lambda: LinearDiscriminantAnalysis(solver="svd").fit(d["x"], d["y"])
        model = LinearDiscriminantAnalysis(solver="svd").fit(d["x"][:FITTED_ROWS], d["y"][:FITTED_ROWS])
        return lambda: getattr(model, method)(d["x"])

    return job


def pca(solver):
    return lambda d: lambda: PCA(n_components=10, svd_solver=solver, random_state=0).fit(d["x"])


def pca_transform(d):
    model = PCA(n_components=10, svd_solver="full").fit(d["x"][:FITTED_ROWS])
    return lambda: model.transform(d["x"])


def ridge(solver):
    return lambda d: lambda: Ridge(alpha=1.0, solver=solver).fit(d["x"], d["y"])


def logistic(classes):
    def job(d):
        y = d["y"] % classes
        return lambda: LogisticRegression(max_iter=100, tol=1e-10).fit(d["x"], y)

    return job


def search(d):
    grid = {"alpha": np.logspace(-4, 4, 25).tolist()}
    return lambda: GridSearchCV(Ridge(solver="svd"), grid, cv=KFold(5)).fit(d["x"], d["y"])


def mixture(d):
    # Arrays of the library and dtype of the samples. All that `init_params` could give is given.
    weights, eye = d["x"][:8, 0] * 0 + 1 / 8, d["codes"][:16] * 0
    eye[range(16), range(16)] = 1
    precisions = d["codes"][:8, :, None] * 0 + eye
    start = {"weights_init": weights, "means_init": d["codes"][:8], "precisions_init": precisions, "init_params": "random"}
    return lambda: GaussianMixture(8, max_iter=20, tol=0.0, **start).fit(d["x"])


def neighbors(d):
    model = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(d["x"][:100_000])
    return lambda: model.kneighbors(d["x"][100_000:])


JOBS = {
    "LDA svd fit 500000x300": lda("fit"),
    "LDA predict 500000x300": lda("predict"),
    "LDA transform 500000x300": lda("transform"),
    "LDA svd fit 100000x300": lda("fit"),
    "LDA predict 100000x300": lda("predict"),
    "LDA transform 100000x300": lda("transform"),
    "PCA full k=10 fit 100000x300": pca("full"),
    "PCA cov_eigh k=10 fit 100000x300": pca("covariance_eigh"),
    "PCA randomized k=10 fit 100000x300": pca("randomized"),
    "PCA transform 100000x300": pca_transform,
    "Ridge svd fit 100000x300": ridge("svd"),
    "Ridge cholesky fit 100000x300": ridge("cholesky"),
    "StandardScaler fit+transform 500000x300": lambda d: lambda: StandardScaler().fit_transform(d["x"]),
    "LogisticRegression lbfgs 100000x100 2 classes": logistic(2),
    "LogisticRegression lbfgs 100000x100 10 classes": logistic(10),
    "RidgeCV 20 alphas fit 100000x100": lambda d: lambda: RidgeCV(alphas=np.logspace(-3, 3, 20)).fit(d["x"], d["y"]),
    "GridSearchCV Ridge 25x5 50000x100": search,
    "GaussianNB fit+predict 500000x300": lambda d: lambda: GaussianNB().fit(d["x"], d["y"]).predict(d["x"]),
    "PolynomialFeatures 2 20000x50": lambda d: lambda: PolynomialFeatures(2).fit_transform(d["x"]),
    "Nystroem 100 fit+transform 100000x50": lambda d: lambda: Nystroem(random_state=0).fit_transform(d["x"]),
    "roc_curve 1e7": lambda d: lambda: roc_curve(d["y"], d["score"]),
    "average_precision 1e7": lambda d: lambda: average_precision_score(d["y"], d["score"]),
    "KMeans 200000x16 k=64 it=10": lambda d: lambda: KMeans(64, init=d["codes"], n_init=1, max_iter=10, tol=0.0).fit(d["x"]),
    "GaussianMixture full 200000x16 k=8 it=20": mixture,
    "kneighbors 10 of 100000x64, 10000 queries": neighbors,
    "euclidean_distances 5000x50": lambda d: lambda: euclidean_distances(d["x"], d["x"]),
    "rbf_kernel 5000x50": lambda d: lambda: rbf_kernel(d["x"], d["x"]),
    "euclidean_distances 5000x300": lambda d: lambda: euclidean_distances(d["x"], d["x"]),
}


def prepare(name, inputs, threads):
    """What one run of the job calls."""
    return JOBS[name](inputs)
