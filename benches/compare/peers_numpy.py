"""The jobs in NumPy: per job a function of the inputs that returns what one run calls."""

import numpy as np


def gauss(d):
    def run():
        t = d["x"] * d["x"]
        t *= -0.5
        return np.exp(t, out=t)

    return run


def standardize_into(d):
    out = np.empty_like(d["x"])

    def run():
        np.subtract(d["x"], d["mean"], out=out)
        return np.divide(out, d["std"], out=out)

    return run


def chain(d):
    def run():
        t = d["x"] * 2.5
        t += d["y"]
        t *= d["z"]
        return t

    return run


def smooth(d):
    x = d["x"]
    rows, columns = x.shape[0] // 10, x.shape[1] // 10

    def run():
        f = np.fft.rfft2(x, axes=(0, 1))
        f[rows + 1 : x.shape[0] - rows] = 0
        f[:, columns + 1 :] = 0
        return np.fft.irfft2(f, s=x.shape[:2], axes=(0, 1))

    return run


JOBS = {
    "standardize 4000x4000": lambda d: lambda: (d["x"] - d["mean"]) / d["std"],
    "standardize 4000x4000 (out= reuse)": standardize_into,
    "gauss exp 1e7": gauss,
    "exp 1e7": lambda d: lambda: np.exp(d["x"]),
    "axpy+mul chain 1e7": chain,
    "add 1e7": lambda d: lambda: d["x"] + d["y"],
    "sum axis0 4000x4000": lambda d: lambda: d["x"].sum(axis=0),
    "sum axis1 4000x4000": lambda d: lambda: d["x"].sum(axis=1),
    "sum all 4000x4000": lambda d: lambda: d["x"].sum(),
    "var axis0 4000x4000": lambda d: lambda: d["x"].var(axis=0),
    "var all 4000x4000": lambda d: lambda: d["x"].var(),
    "transpose copy 4000x4000": lambda d: lambda: np.ascontiguousarray(d["x"].T),
    "concat 2x 4000x4000 axis0": lambda d: lambda: np.concatenate([d["x"], d["y"]], axis=0),
    "where 1e7": lambda d: lambda: np.where(d["x"] > 0, d["y"], d["z"]),
    "mask select 1e7 (v[v>0])": lambda d: lambda: d["x"][d["x"] > 0],
    "take 1e6 random of 1e7": lambda d: lambda: np.take(d["x"], d["i"]),
    "sort 1e7": lambda d: lambda: np.sort(d["x"]),
    "argsort 1e7": lambda d: lambda: np.argsort(d["x"]),
    "unique 1e7": lambda d: lambda: np.unique(d["x"]),
    "unique 1e7 of 1000 integers": lambda d: lambda: np.unique(d["x"]),
    "cumsum 1e7": lambda d: lambda: np.cumsum(d["x"]),
    "matmul 2000": lambda d: lambda: d["a"] @ d["b"],
    "matmul a@a.T 2000": lambda d: lambda: d["a"] @ d["a"].T,
    "gram X.T@X 100000x300": lambda d: lambda: d["x"].T @ d["x"],
    "matmul 100000x16 @ 16x64": lambda d: lambda: d["a"] @ d["b"],
    "matvec 2000": lambda d: lambda: d["a"] @ d["v"],
    "svd 1000": lambda d: lambda: np.linalg.svd(d["a"]),
    "svd 5000x300 thin": lambda d: lambda: np.linalg.svd(d["x"], full_matrices=False),
    "svdvals 1000": lambda d: lambda: np.linalg.svdvals(d["a"]),
    "svdvals 5000x300": lambda d: lambda: np.linalg.svdvals(d["x"]),
    "eigh 1000": lambda d: lambda: np.linalg.eigh(d["a"]),
    "eigvalsh 1000": lambda d: lambda: np.linalg.eigvalsh(d["a"]),
    "qr 2000x500": lambda d: lambda: np.linalg.qr(d["x"]),
    "cholesky 2000": lambda d: lambda: np.linalg.cholesky(d["a"]),
    "solve 2000 (vec)": lambda d: lambda: np.linalg.solve(d["a"], d["v"]),
    "solve 2000 (100 rhs)": lambda d: lambda: np.linalg.solve(d["a"], d["rhs"]),
    "inv 1000": lambda d: lambda: np.linalg.inv(d["a"]),
    "det 1000": lambda d: lambda: np.linalg.det(d["a"]),
    "pinv 1000x300": lambda d: lambda: np.linalg.pinv(d["x"]),
    "batched matmul 10000x8x8": lambda d: lambda: d["a"] @ d["b"],
    "batched solve 1000x32x32": lambda d: lambda: np.linalg.solve(d["a"], d["rhs"]),
    "batched svd 1000x16x16": lambda d: lambda: np.linalg.svd(d["a"]),
    "batched eigh 1000x32x32": lambda d: lambda: np.linalg.eigh(d["a"]),
    "fft 1d 2^20": lambda d: lambda: np.fft.fft(d["x"]),
    "fft 1d 1000003": lambda d: lambda: np.fft.fft(d["x"]),
    "fft 1d 1000000": lambda d: lambda: np.fft.fft(d["x"]),
    "fft batch 1000x1024": lambda d: lambda: np.fft.fft(d["x"]),
    "fft 2d 2048x2048": lambda d: lambda: np.fft.fft2(d["x"]),
    "fft rfft 2^20": lambda d: lambda: np.fft.rfft(d["x"]),
    "fft rfft2 2048x2048": lambda d: lambda: np.fft.rfft2(d["x"]),
    "fft batch rfft 1000x1024": lambda d: lambda: np.fft.rfft(d["x"]),
    "fft smooth 768x1024x3": smooth,
}


def prepare(name, inputs, threads):
    """What one run of the job calls."""
    return JOBS[name](inputs)
