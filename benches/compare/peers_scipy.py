"""The jobs in SciPy: Fourier transforms, vector quantisation, distances."""

from scipy import fft
from scipy.cluster.vq import kmeans2, vq
from scipy.spatial.distance import cdist


def smooth(d, w):
    x = d["x"]
    rows, columns = x.shape[0] // 10, x.shape[1] // 10

    def run():
        f = fft.rfft2(x, axes=(0, 1), workers=w)
        f[rows + 1 : x.shape[0] - rows] = 0
        f[:, columns + 1 :] = 0
        return fft.irfft2(f, s=x.shape[:2], axes=(0, 1), workers=w)

    return run


JOBS = {
    "scipy vq 200000x16 k=64": lambda d, w: lambda: vq(d["x"], d["codes"]),
    "scipy kmeans2 200000x16 k=64 it=10": lambda d, w: lambda: kmeans2(d["x"], d["codes"], iter=10, minit="matrix"),
    "scipy cdist 5000x300": lambda d, w: lambda: cdist(d["x"], d["x"]),
    "fft 1d 2^20": lambda d, w: lambda: fft.fft(d["x"], workers=w),
    "fft 1d 1000003": lambda d, w: lambda: fft.fft(d["x"], workers=w),
    "fft 1d 1000000": lambda d, w: lambda: fft.fft(d["x"], workers=w),
    "fft batch 1000x1024": lambda d, w: lambda: fft.fft(d["x"], workers=w),
    "fft 2d 2048x2048": lambda d, w: lambda: fft.fft2(d["x"], workers=w),
    "fft rfft 2^20": lambda d, w: lambda: fft.rfft(d["x"], workers=w),
    "fft rfft2 2048x2048": lambda d, w: lambda: fft.rfft2(d["x"], workers=w),
    "fft dct2 2^20": lambda d, w: lambda: fft.dct(d["x"], type=2, workers=w),
    "fft batch rfft 1000x1024": lambda d, w: lambda: fft.rfft(d["x"], workers=w),
    "fft smooth 768x1024x3": smooth,
}


def prepare(name, inputs, threads):
    """What one run of the job calls."""
    return JOBS[name](inputs, threads)
