"""The jobs in PyTorch on the CPU, eager, in place on temporaries; estimators are scikit-learn's on PyTorch tensors."""

import os
import sys

sys.setdlopenflags(os.RTLD_LAZY)  # the placeholders of `environment.py` have no GPU functions

import sklearn  # noqa: E402
import torch  # noqa: E402
from scipy.cluster.vq import kmeans2  # noqa: E402

from . import peers_sklearn  # noqa: E402

sklearn.set_config(array_api_dispatch=True)
torch.set_grad_enabled(False)


def standardize_into(d):
    out = torch.empty_like(d["x"])

    def run():
        torch.sub(d["x"], d["mean"], out=out)
        return out.div_(d["std"])

    return run


def vq(d):
    def run():
        distances, codes = torch.cdist(d["x"], d["codes"]).min(dim=1)
        return codes, distances

    return run


def smooth(d):
    x = d["x"]
    rows, columns = x.shape[0] // 10, x.shape[1] // 10

    def run():
        f = torch.fft.rfft2(x, dim=(0, 1))
        f[rows + 1 : x.shape[0] - rows] = 0
        f[:, columns + 1 :] = 0
        return torch.fft.irfft2(f, s=x.shape[:2], dim=(0, 1))

    return run


JOBS = {
    "standardize 4000x4000": lambda d: lambda: (d["x"] - d["mean"]).div_(d["std"]),
    "standardize 4000x4000 (out= reuse)": standardize_into,
    "gauss exp 1e7": lambda d: lambda: (d["x"] * d["x"]).mul_(-0.5).exp_(),
    "exp 1e7": lambda d: lambda: torch.exp(d["x"]),
    "axpy+mul chain 1e7": lambda d: lambda: torch.add(d["y"], d["x"], alpha=2.5).mul_(d["z"]),
    "add 1e7": lambda d: lambda: d["x"] + d["y"],
    "sum axis0 4000x4000": lambda d: lambda: d["x"].sum(0),
    "sum axis1 4000x4000": lambda d: lambda: d["x"].sum(1),
    "sum all 4000x4000": lambda d: lambda: d["x"].sum(),
    "var axis0 4000x4000": lambda d: lambda: d["x"].var(0, correction=0),
    "var all 4000x4000": lambda d: lambda: d["x"].var(correction=0),
    "transpose copy 4000x4000": lambda d: lambda: d["x"].T.contiguous(),
    "concat 2x 4000x4000 axis0": lambda d: lambda: torch.cat([d["x"], d["y"]], dim=0),
    "where 1e7": lambda d: lambda: torch.where(d["x"] > 0, d["y"], d["z"]),
    "mask select 1e7 (v[v>0])": lambda d: lambda: d["x"][d["x"] > 0],
    "take 1e6 random of 1e7": lambda d: lambda: torch.take(d["x"], d["i"]),
    "sort 1e7": lambda d: lambda: torch.sort(d["x"]).values,
    "argsort 1e7": lambda d: lambda: torch.argsort(d["x"]),
    "unique 1e7": lambda d: lambda: torch.unique(d["x"]),
    "unique 1e7 of 1000 integers": lambda d: lambda: torch.unique(d["x"]),
    "cumsum 1e7": lambda d: lambda: torch.cumsum(d["x"], 0),
    "matmul 2000": lambda d: lambda: d["a"] @ d["b"],
    "matmul a@a.T 2000": lambda d: lambda: d["a"] @ d["a"].T,
    "gram X.T@X 100000x300": lambda d: lambda: d["x"].T @ d["x"],
    "matmul 100000x16 @ 16x64": lambda d: lambda: d["a"] @ d["b"],
    "matvec 2000": lambda d: lambda: d["a"] @ d["v"],
    "svd 1000": lambda d: lambda: torch.linalg.svd(d["a"]),
    "svd 5000x300 thin": lambda d: lambda: torch.linalg.svd(d["x"], full_matrices=False),
    "svdvals 1000": lambda d: lambda: torch.linalg.svdvals(d["a"]),
    "svdvals 5000x300": lambda d: lambda: torch.linalg.svdvals(d["x"]),
    "eigh 1000": lambda d: lambda: torch.linalg.eigh(d["a"]),
    "eigvalsh 1000": lambda d: lambda: torch.linalg.eigvalsh(d["a"]),
    "qr 2000x500": lambda d: lambda: torch.linalg.qr(d["x"]),
    "cholesky 2000": lambda d: lambda: torch.linalg.cholesky(d["a"]),
    "solve 2000 (vec)": lambda d: lambda: torch.linalg.solve(d["a"], d["v"]),
    "solve 2000 (100 rhs)": lambda d: lambda: torch.linalg.solve(d["a"], d["rhs"]),
    "inv 1000": lambda d: lambda: torch.linalg.inv(d["a"]),
    "det 1000": lambda d: lambda: torch.linalg.det(d["a"]),
    "pinv 1000x300": lambda d: lambda: torch.linalg.pinv(d["x"]),
    "batched matmul 10000x8x8": lambda d: lambda: torch.bmm(d["a"], d["b"]),
    "batched solve 1000x32x32": lambda d: lambda: torch.linalg.solve(d["a"], d["rhs"]),
    "batched svd 1000x16x16": lambda d: lambda: torch.linalg.svd(d["a"]),
    "batched eigh 1000x32x32": lambda d: lambda: torch.linalg.eigh(d["a"]),
    **{name: job for name, job in peers_sklearn.JOBS.items() if not name.startswith(("Ridge cholesky", "KMeans", "kneighbors"))},
    "scipy vq 200000x16 k=64": vq,
    "scipy kmeans2 200000x16 k=64 it=10": lambda d: lambda: kmeans2(d["x"], d["codes"], iter=10, minit="matrix"),
    "euclidean_distances 5000x300": lambda d: lambda: torch.cdist(d["x"], d["x"]),
    "scipy cdist 5000x300": lambda d: lambda: torch.cdist(d["x"], d["x"], compute_mode="donot_use_mm_for_euclid_dist"),
    "fft 1d 2^20": lambda d: lambda: torch.fft.fft(d["x"]),
    "fft 1d 1000003": lambda d: lambda: torch.fft.fft(d["x"]),
    "fft 1d 1000000": lambda d: lambda: torch.fft.fft(d["x"]),
    "fft batch 1000x1024": lambda d: lambda: torch.fft.fft(d["x"]),
    "fft 2d 2048x2048": lambda d: lambda: torch.fft.fft2(d["x"]),
    "fft rfft 2^20": lambda d: lambda: torch.fft.rfft(d["x"]),
    "fft rfft2 2048x2048": lambda d: lambda: torch.fft.rfft2(d["x"]),
    "fft batch rfft 1000x1024": lambda d: lambda: torch.fft.rfft(d["x"]),
    "fft smooth 768x1024x3": smooth,
}


def prepare(name, inputs, threads):
    """What one run of the job calls."""
    torch.set_num_threads(threads)
    return JOBS[name]({key: torch.from_numpy(value) for key, value in inputs.items()})
