"""The jobs in scikit-learn; the PyTorch peer runs the same functions on its tensors.

What predicts or transforms is fitted before the clock starts, on the first 20000 rows.
"""

from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.preprocessing import StandardScaler

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
    "euclidean_distances 5000x300": lambda d: lambda: euclidean_distances(d["x"], d["x"]),
}


def prepare(name, inputs, threads):
    """What one run of the job calls."""
    return JOBS[name](inputs)
