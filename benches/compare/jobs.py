"""The jobs: name, area, dtypes, and the input (a function of `data.py`, whose docstring is the data rule)."""

from typing import NamedTuple


class Job(NamedTuple):
    """One operation at one size. Its full name is `name` with a dtype behind it."""

    name: str
    area: str
    dtypes: tuple
    input: str


BOTH = ("f64", "f32")
F64 = ("f64",)
COMPLEX = ("c128", "c64")


def _area(area, *rows):
    return [Job(name, area, dtypes, kind) for name, dtypes, kind in rows]


JOBS = [
    *_area(
        "elementwise",
        ("standardize 4000x4000", BOTH, "standardize"),
        ("standardize 4000x4000 (out= reuse)", BOTH, "standardize"),
        ("gauss exp 1e7", BOTH, "vectors"),
        ("exp 1e7", BOTH, "vectors"),
        ("axpy+mul chain 1e7", BOTH, "vectors"),
        ("add 1e7", BOTH, "vectors"),
    ),
    *_area(
        "reductions",
        ("sum axis0 4000x4000", BOTH, "matrix_4000"),
        ("sum axis1 4000x4000", BOTH, "matrix_4000"),
        ("sum all 4000x4000", BOTH, "matrix_4000"),
        ("var axis0 4000x4000", BOTH, "matrix_4000"),
        ("var all 4000x4000", BOTH, "matrix_4000"),
    ),
    *_area(
        "movement",
        ("transpose copy 4000x4000", BOTH, "matrix_4000"),
        ("concat 2x 4000x4000 axis0", BOTH, "matrices_4000"),
        ("where 1e7", BOTH, "vectors"),
        ("mask select 1e7 (v[v>0])", BOTH, "vectors"),
        ("take 1e6 random of 1e7", BOTH, "take"),
    ),
    *_area(
        "sorting",
        ("sort 1e7", BOTH, "vectors"),
        ("argsort 1e7", BOTH, "vectors"),
        ("unique 1e7", BOTH, "vectors"),
        ("unique 1e7 of 1000 integers", ("i64",), "integers"),
        ("cumsum 1e7", BOTH, "vectors"),
    ),
    *_area(
        "linalg",
        ("matmul 2000", BOTH, "square_2000"),
        ("matmul a@a.T 2000", BOTH, "square_2000"),
        ("gram X.T@X 100000x300", BOTH, "tall_100000x300"),
        ("matmul 100000x16 @ 16x64", BOTH, "thin_product"),
        ("matvec 2000", BOTH, "square_2000"),
        ("svd 1000", BOTH, "square_1000"),
        ("svd 5000x300 thin", BOTH, "tall_5000x300"),
        ("svdvals 1000", BOTH, "square_1000"),
        ("svdvals 5000x300", BOTH, "tall_5000x300"),
        ("eigh 1000", BOTH, "symmetric_1000"),
        ("eigvalsh 1000", BOTH, "symmetric_1000"),
        ("qr 2000x500", BOTH, "tall_2000x500"),
        ("cholesky 2000", BOTH, "definite_2000"),
        ("solve 2000 (vec)", BOTH, "square_2000"),
        ("solve 2000 (100 rhs)", BOTH, "square_2000"),
        ("inv 1000", BOTH, "square_1000"),
        ("det 1000", BOTH, "square_1000"),
        ("pinv 1000x300", BOTH, "tall_1000x300"),
    ),
    *_area(
        "batched linalg",
        ("batched matmul 10000x8x8", BOTH, "batch_10000x8x8"),
        ("batched solve 1000x32x32", BOTH, "batch_1000x32x32"),
        ("batched svd 1000x16x16", BOTH, "batch_1000x16x16"),
        ("batched eigh 1000x32x32", BOTH, "batch_symmetric_1000x32x32"),
    ),
    *_area(
        "estimators",
        ("LDA svd fit 500000x300", F64, "classes_500000x300"),
        ("LDA predict 500000x300", F64, "classes_500000x300"),
        ("LDA transform 500000x300", F64, "classes_500000x300"),
        ("LDA svd fit 100000x300", BOTH, "classes_100000x300"),
        ("LDA predict 100000x300", BOTH, "classes_100000x300"),
        ("LDA transform 100000x300", BOTH, "classes_100000x300"),
        ("PCA full k=10 fit 100000x300", BOTH, "components_100000x300"),
        ("PCA cov_eigh k=10 fit 100000x300", BOTH, "components_100000x300"),
        ("PCA randomized k=10 fit 100000x300", BOTH, "components_100000x300"),
        ("PCA transform 100000x300", BOTH, "components_100000x300"),
        ("Ridge svd fit 100000x300", BOTH, "regression_100000x300"),
        ("Ridge cholesky fit 100000x300", BOTH, "regression_100000x300"),
        ("StandardScaler fit+transform 500000x300", BOTH, "tall_500000x300"),
        ("LogisticRegression lbfgs 100000x100 2 classes", BOTH, "classes_100000x100"),
        ("LogisticRegression lbfgs 100000x100 10 classes", BOTH, "classes_100000x100"),
        ("RidgeCV 20 alphas fit 100000x100", BOTH, "regression_100000x100"),
        ("GridSearchCV Ridge 25x5 50000x100", BOTH, "regression_50000x100"),
        ("GaussianNB fit+predict 500000x300", BOTH, "classes_500000x300"),
        ("PolynomialFeatures 2 20000x50", BOTH, "tall_20000x50"),
        ("Nystroem 100 fit+transform 100000x50", BOTH, "tall_100000x50"),
    ),
    *_area(
        "metrics",
        ("roc_curve 1e7", BOTH, "scores_10000000"),
        ("average_precision 1e7", BOTH, "scores_10000000"),
        ("euclidean_distances 5000x50", BOTH, "tall_5000x50"),
        ("rbf_kernel 5000x50", BOTH, "tall_5000x50"),
    ),
    *_area(
        "clusters and distances",
        ("scipy vq 200000x16 k=64", BOTH, "clusters_200000x16"),
        ("scipy kmeans2 200000x16 k=64 it=10", BOTH, "clusters_200000x16"),
        ("KMeans 200000x16 k=64 it=10", BOTH, "clusters_200000x16"),
        ("GaussianMixture full 200000x16 k=8 it=20", BOTH, "clusters_200000x16"),
        ("kneighbors 10 of 100000x64, 10000 queries", BOTH, "tall_110000x64"),
        ("euclidean_distances 5000x300", BOTH, "tall_5000x300"),
        ("scipy cdist 5000x300", F64, "tall_5000x300"),
    ),
    *_area(
        "fft",
        ("fft 1d 2^20", COMPLEX, "signal_1048576"),
        ("fft 1d 1000003", COMPLEX, "signal_1000003"),
        ("fft 1d 1000000", COMPLEX, "signal_1000000"),
        ("fft batch 1000x1024", COMPLEX, "signal_1000x1024"),
        ("fft 2d 2048x2048", COMPLEX, "signal_2048x2048"),
        ("fft rfft 2^20", BOTH, "signal_1048576"),
        ("fft rfft2 2048x2048", BOTH, "signal_2048x2048"),
        ("fft dct2 2^20", BOTH, "signal_1048576"),
        ("fft batch rfft 1000x1024", BOTH, "signal_1000x1024"),
        ("fft smooth 768x1024x3", BOTH, "image_768x1024x3"),
    ),
]

BY_NAME = {job.name: job for job in JOBS}


def every():
    """All pairs of job and dtype, in order."""
    return [(job, dtype) for job in JOBS for dtype in job.dtypes]


def matching(wanted):
    """The pairs that a command-line JOB names: a name alone stands for all its dtypes."""
    found = [(job, dtype) for job, dtype in every() if wanted in (job.name, f"{job.name} {dtype}")]
    if not found:
        import difflib

        names = dict.fromkeys(name for job, dtype in every() for name in (job.name, f"{job.name} {dtype}"))
        near = difflib.get_close_matches(wanted, names, n=4, cutoff=0.3)
        raise SystemExit(f"no job named {wanted!r}; near it: {', '.join(repr(n) for n in near) or 'nothing'} (--list)")
    return found
