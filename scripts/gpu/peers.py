"""Times the jobs of `xp-cuda/examples/gpu.rs` in other libraries: python3 peers.py cupy|torch|jax|numpy [tiny]

One JSON object a line, as the example prints them. Every job is warmed up, then repeated; the median is printed. `numpy` stands
for what NumPy, SciPy and scikit-learn do on the processor, for the two jobs whose goal is stated against them. A job that a
library lacks, or that fails, is left out, with a line on the error stream. With `tiny` the sizes are those of a trial run.
"""
import json
import statistics
import sys
import time

REAL = dict(n=100_000_000, order=8192, small=1024, samples=500_000, features=300, image=(768, 1024))
TINY = dict(n=10_000, order=64, small=24, samples=300, features=8, image=(24, 32))


class Library:
    """What differs between the libraries."""

    def __init__(self, np, name, version, to_device, wait, compiled=lambda f: f):
        self.np, self.name, self.version, self.to_device, self.wait, self.compiled = np, name, version, to_device, wait, compiled

    def measure(self, job, run, count=1, most=50, seconds=0.7):
        try:
            for _ in range(3 if most > 1 else 0):
                self.wait(run())
            times, begin = [], time.perf_counter()
            while len(times) < min(3, most) or (len(times) < most and time.perf_counter() - begin < seconds):
                start = time.perf_counter()
                result = run()
                self.wait(result)
                times.append((time.perf_counter() - start) / count)
                del result
        except Exception as error:  # what the library lacks on this machine
            print(f"{self.name}: {job}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return
        print(json.dumps({"job": job, "seconds": statistics.median(times), "runs": len(times)}), flush=True)


def cupy():
    import cupy as np

    np.cuda.Device(0).use()
    return Library(np, "cupy", np.__version__, np.asarray, lambda *_: np.cuda.Device().synchronize())


def torch():
    import numpy
    import torch as np

    if not np.cuda.is_available():
        raise ImportError("this PyTorch sees no CUDA device")
    np.backends.cuda.matmul.allow_tf32 = False
    np.backends.cudnn.allow_tf32 = False
    return Library(np, "torch", np.__version__, lambda x: np.from_numpy(numpy.ascontiguousarray(x)).cuda(), lambda *_: np.cuda.synchronize())


def jax():
    import jax as j

    if j.default_backend() != "gpu":
        raise ImportError("this JAX sees no CUDA device")
    j.config.update("jax_enable_x64", True)
    j.config.update("jax_default_matmul_precision", "highest")
    return Library(j.numpy, "jax", j.__version__, j.device_put, lambda *results: j.block_until_ready(results), j.jit)


def numpy():
    import numpy as np

    return Library(np, "numpy", np.__version__, lambda x: x, lambda *_: None)


def vectors(l, sizes, numpy):
    np, n = l.np, sizes["n"]
    counter = numpy.arange(n, dtype=numpy.float32)
    x, y = l.to_device(counter * numpy.float32(1e-8)), l.to_device(counter * numpy.float32(-3e-8))
    del counter
    l.measure("copy", (lambda: x.clone()) if l.name == "torch" else (lambda: x.copy()))
    chain = l.compiled(lambda a, b: (a + b) * 0.5 - a)
    l.measure("chain of three", lambda: chain(x, y))
    gauss = l.compiled(lambda a: np.exp(a * a * -0.5))
    l.measure("gauss", lambda: gauss(x))
    squares = l.compiled(lambda a: (a * a).sum())
    l.measure("sum of squares", lambda: squares(x))
    table = x.reshape(n // 100, 100)
    means = l.compiled(lambda a: a.mean(0))
    l.measure("mean of columns", lambda: means(table))
    square, turned = x.reshape(1000, n // 1000), y.reshape(n // 1000, 1000).T
    add = l.compiled(lambda a, b: a + b)
    # JAX would lay the transpose out anew before the clock starts: it transposes within the job.
    turn = l.compiled(lambda a, b: a + b.T)
    l.measure("transposed sum", (lambda: turn(square, y.reshape(n // 1000, 1000))) if l.name == "jax" else (lambda: add(square, turned)))
    part = y[: n // 10]
    l.measure("sort of a tenth", (lambda: np.sort(part, stable=True)) if l.name == "torch" else (lambda: np.sort(part)))
    tiny = x[:16] + 0
    l.measure("small add", lambda: add(tiny, tiny))

    def many():
        for _ in range(1000):
            result = add(tiny, tiny)
        return result

    l.measure("small add, queued", many, count=1000)


def matrices(l, sizes, numpy):
    np, linalg = l.np, l.np.linalg

    def square(k, dtype):
        i = numpy.arange(k * k, dtype=numpy.int64).reshape(k, k)
        return l.to_device(((i * 7919 % 1000) * 1e-3).astype(dtype))

    product = l.compiled(lambda a: a @ a)
    a = square(sizes["order"], numpy.float32)
    l.measure("gemm", lambda: product(a))
    transform = l.compiled(np.fft.rfft2)
    l.measure("fft2", lambda: transform(a))
    a = square(sizes["order"] // 2, numpy.float64)
    l.measure("gemm of doubles", lambda: product(a))
    k = sizes["small"]
    b = square(k, numpy.float64)
    values = l.compiled(linalg.svdvals) if hasattr(linalg, "svdvals") else (lambda x: linalg.svd(x, compute_uv=False))
    thin = l.compiled(lambda x: linalg.svd(x, full_matrices=False))
    l.measure("singular values", lambda: values(b))
    l.measure("svd", lambda: thin(b))
    m = min(k, 16)
    stack = l.to_device(numpy.random.default_rng(1).standard_normal((1000, m, m)))
    l.measure("svd of 1000 matrices of 16", lambda: thin(stack))
    gram = b.T @ b + l.to_device(numpy.eye(k))
    for job, function in [("cholesky", linalg.cholesky), ("eigh", linalg.eigh)]:
        function = l.compiled(function)
        l.measure(job, lambda: function(gram))
    qr = l.compiled(linalg.qr)
    l.measure("qr", lambda: qr(b))


def discriminants(l, sizes, numpy):
    """scikit-learn on the library's arrays; only CuPy's, PyTorch's and NumPy's can be dispatched."""
    if l.name == "jax":
        return
    try:
        import os

        os.environ.setdefault("SCIPY_ARRAY_API", "1")
        import sklearn
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    except ImportError as error:
        print(f"{l.name}: LDA fit: {error}", file=sys.stderr)
        return
    n, p = sizes["samples"], sizes["features"]
    random = numpy.random.default_rng(0)
    y = random.integers(0, 10, n)
    x = random.standard_normal((n, p)) + 0.5 * random.standard_normal((10, p))[y]
    x, y = l.to_device(x), l.to_device(y)
    on_processor = l.name == "numpy"
    with sklearn.config_context(array_api_dispatch=not on_processor):
        l.measure("LDA fit", lambda: LinearDiscriminantAnalysis().fit(x, y), most=1 if on_processor else 10)


def smoothing(l, sizes, numpy):
    np, fft = l.np, l.np.fft
    if l.name == "numpy":
        try:
            from scipy import fft
        except ImportError:
            pass
    rows, cols = sizes["image"]
    image = l.to_device(numpy.random.default_rng(2).random((rows, cols, 3), dtype=numpy.float32))
    axes = dict(dim=(0, 1)) if l.name == "torch" else dict(axes=(0, 1))

    def smooth(x):
        # Frequencies are made on the device, as in the example.
        where = dict(device=x.device) if l.name == "torch" else {}
        down, across = fft.fftfreq(rows, **where).reshape(-1, 1, 1), fft.rfftfreq(cols, **where).reshape(-1, 1)
        low = down * down + across * across <= 0.06**2
        return fft.irfft2(fft.rfft2(x, **axes) * low, s=(rows, cols), **axes)

    smooth = l.compiled(smooth)
    l.measure("smoothing", lambda: smooth(image))


def main(name, sizes):
    try:
        l = {"cupy": cupy, "torch": torch, "jax": jax, "numpy": numpy}[name]()
    except Exception as error:  # not installed, or without a device
        raise SystemExit(f"{name} is not measured: {type(error).__name__}: {error}")
    import numpy as host

    print(json.dumps({"library": l.name, "version": str(l.version)}), flush=True)
    groups = [smoothing, discriminants] if name == "numpy" else [vectors, matrices, smoothing, discriminants]
    for group in groups:
        try:
            group(l, sizes, host)
        except Exception as error:  # the other groups go on
            print(f"{name}: {group.__name__}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], TINY if "tiny" in sys.argv[2:] else REAL)
