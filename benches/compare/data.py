"""The data rules: one function per kind of input. "normal" means independent draws from the standard normal distribution.

Each function takes a NumPy generator and a real dtype (and a complex one where it says so) and returns named arrays. Both
sides of a comparison draw their own numbers by these rules; seeds need not give the same streams.
"""

import numpy as np

DTYPES = {"f64": np.float64, "f32": np.float32, "i64": np.int64, "c128": np.complex128, "c64": np.complex64}


def make(kind, dtype, seed):
    """The input of one job."""
    rng, dtype = np.random.default_rng(seed), np.dtype(DTYPES[dtype])
    name, _, size = kind.partition("_")
    if kind in _EXACT:
        return _EXACT[kind](rng, dtype)
    if name == "batch" and size.startswith("symmetric_"):
        name, size = "batch_symmetric", size.removeprefix("symmetric_")
    return _SIZED[name](rng, dtype, *map(int, size.split("x")))


def vectors(rng, dtype):
    """x, y, z: three normal vectors of 1e7."""
    return {key: _normal(rng, dtype, 10**7) for key in "xyz"}


def take(rng, dtype):
    """x: a normal vector of 1e7; i: 1e6 int64 indices, uniform in 0..1e7, with repetition."""
    return {"x": _normal(rng, dtype, 10**7), "i": rng.integers(0, 10**7, 10**6)}


def integers(rng, dtype):
    """x: 1e7 integers, uniform in 0..1000."""
    return {"x": rng.integers(0, 1000, 10**7, dtype)}


def standardize(rng, dtype):
    """x: normal 4000x4000; mean: normal 4000; std: uniform in 0.5..2, 4000. The two vectors are given, not computed."""
    return {"x": _normal(rng, dtype, 4000, 4000), "mean": _normal(rng, dtype, 4000), "std": _uniform(rng, dtype, 0.5, 2, 4000)}


def matrices(rng, dtype, n):
    """x, y: two normal n x n matrices."""
    return {"x": _normal(rng, dtype, n, n), "y": _normal(rng, dtype, n, n)}


def matrix(rng, dtype, n):
    """x: a normal n x n matrix."""
    return {"x": _normal(rng, dtype, n, n)}


def square(rng, dtype, n):
    """a, b: two normal n x n matrices; v: a normal vector; rhs: a normal n x 100 matrix."""
    return {"a": _normal(rng, dtype, n, n), "b": _normal(rng, dtype, n, n), "v": _normal(rng, dtype, n), "rhs": _normal(rng, dtype, n, 100)}


def tall(rng, dtype, n, p):
    """x: normal n x p."""
    return {"x": _normal(rng, dtype, n, p)}


def thin_product(rng, dtype):
    """a: normal 100000x16; b: normal 16x64."""
    return {"a": _normal(rng, dtype, 100_000, 16), "b": _normal(rng, dtype, 16, 64)}


def symmetric(rng, dtype, n):
    """a: (g + g.T) / 2 of a normal n x n matrix g."""
    g = _normal(rng, dtype, n, n)
    return {"a": (g + g.T) / 2}


def definite(rng, dtype, n):
    """a: g @ g.T / n + I of a normal n x n matrix g."""
    g = _normal(rng, dtype, n, n)
    return {"a": g @ g.T / n + np.eye(n, dtype=dtype)}


def batch(rng, dtype, count, n, _):
    """a, b: normal count x n x n; rhs: normal count x n x 1."""
    return {"a": _normal(rng, dtype, count, n, n), "b": _normal(rng, dtype, count, n, n), "rhs": _normal(rng, dtype, count, n, 1)}


def batch_symmetric(rng, dtype, count, n, _):
    """a: (g + g.T) / 2 of each matrix of a normal count x n x n array g."""
    g = _normal(rng, dtype, count, n, n)
    return {"a": (g + g.swapaxes(1, 2)) / 2}


def classes(rng, dtype, n, p):
    """y: n labels (int64), uniform in 0..10; means: normal 10 x p, times 0.5; x: means[y] plus normal n x p."""
    y = rng.integers(0, 10, n)
    means = _normal(rng, dtype, 10, p) * dtype.type(0.5)
    x = _normal(rng, dtype, n, p)
    for start in range(0, n, 4096):
        x[start : start + 4096] += means[y[start : start + 4096]]
    return {"x": x, "y": y}


def components(rng, dtype, n, p):
    """x: normal n x p, column j times 10 * 0.95^j + 0.1, plus 1."""
    x = _normal(rng, dtype, n, p)
    x *= (10 * 0.95 ** np.arange(p) + 0.1).astype(dtype)
    x += 1
    return {"x": x}


def regression(rng, dtype, n, p):
    """x: normal n x p; y: x @ w + 3 + normal n, with w a normal vector."""
    x = _normal(rng, dtype, n, p)
    return {"x": x, "y": x @ _normal(rng, dtype, p) + 3 + _normal(rng, dtype, n)}


def scores(rng, dtype, n):
    """y: n labels (int64), 0 or 1; score: normal plus y."""
    y = rng.integers(0, 2, n)
    return {"y": y, "score": _normal(rng, dtype, n) + y.astype(dtype)}


def clusters(rng, dtype, n, p):
    """x: a centre plus normal n x p, each centre one of 64, normal times 2, chosen uniformly; codes: x's first 64 rows."""
    centres = 2 * _normal(rng, dtype, 64, p)
    x = centres[rng.integers(0, 64, n)] + _normal(rng, dtype, n, p)
    return {"x": x, "codes": x[:64].copy()}


def signal(rng, dtype, *shape):
    """x: normal of the shape; of a complex dtype, real and imaginary part both."""
    real = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    x = _normal(rng, real, *shape)
    return {"x": x + 1j * _normal(rng, real, *shape) if dtype.kind == "c" else x}


def image(rng, dtype, *shape):
    """x: uniform in 0..1, rows x columns x channels. The job zeroes all frequencies |k| > 10 % of the rows or columns."""
    return {"x": _uniform(rng, dtype, 0, 1, *shape)}


def _normal(rng, dtype, *shape):
    return rng.standard_normal(shape, dtype=dtype)


def _uniform(rng, dtype, low, high, *shape):
    return rng.random(shape, dtype=dtype) * dtype.type(high - low) + dtype.type(low)


_EXACT = {f.__name__: f for f in (vectors, take, integers, standardize, thin_product)}
_SIZED = {f.__name__: f for f in (matrices, matrix, square, tall, symmetric, definite, batch, batch_symmetric, classes,
                                  components, regression, scores, clusters, signal, image)}  # fmt: skip
