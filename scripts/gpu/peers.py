"""Times the jobs of `xp-cuda/examples/gpu.rs` in other libraries.

    python3 peers.py --list          their names, one a line: the keys of PEERS below, the only list of them
    python3 peers.py NAME [tiny]     one JSON object a line, as the example prints them

The same sums of operands (`input`) and averages of results (`result`) as in the example. Every job is warmed up, then repeated; the
median is printed. `numpy` stands for what NumPy, SciPy and scikit-learn do on the processor, for the two jobs whose goal is stated
against them. A job that a library lacks, or that fails, is left out, with a line on the error stream. With `tiny` the sizes are those
of a trial run.
"""
import concurrent.futures
import json
import math
import statistics
import sys
import time

REAL = dict(n=100_000_000, order=8192, small=1024, samples=500_000, features=300, image=(768, 1024))
TINY = dict(n=10_000, order=64, small=24, samples=300, features=8, image=(24, 32))


class Library:
    """What differs between the libraries."""

    def __init__(self, np, name, version, to_device, to_host, wait, compiled=lambda f: f):
        self.np, self.name, self.version, self.to_device, self.to_host = np, name, version, to_device, to_host
        self.wait, self.compiled, self.input = wait, compiled, 0

    def noise(self, seed, shape, dtype):
        """Numbers in [-1, 1), those of the example bit for bit; their sum as integers is added to `input`."""
        import numpy

        digits = 24 if dtype == "float32" else 53
        half, n = 1 << (digits - 1), math.prod(shape)
        out = numpy.empty(n, dtype)

        def fill(start):
            k = (hashed(seed, start, min(n, start + CHUNK)) >> numpy.uint64(64 - digits)).astype(numpy.int64) - half
            out[start : start + CHUNK] = k.astype(dtype) * numpy.dtype(dtype).type(1 / half)
            return int(k.sum())

        with concurrent.futures.ThreadPoolExecutor() as threads:
            self.input = (self.input + sum(threads.map(fill, range(0, n, CHUNK)))) % 2**64
        return out.reshape(shape)

    def average(self, result):
        """The average of the magnitudes of the first elements, which weigh 1 to 7 by turns."""
        import numpy

        first = numpy.abs(self.to_host(result.reshape(-1)[: 1 << 20])).astype(numpy.float64)
        return float((first * (numpy.arange(len(first)) % 7 + 1)).mean())

    def measure(self, job, run, count=1, most=50, seconds=0.7, result_of=lambda result: result):
        try:
            average = self.average(result_of(run())) if most > 1 else None
            for _ in range(3 if most > 1 else 0):
                self.wait(run())
            times, begin = [], time.perf_counter()
            while len(times) < min(3, most) or (len(times) < most and time.perf_counter() - begin < seconds):
                start = time.perf_counter()
                result = run()
                self.wait(result)
                times.append((time.perf_counter() - start) / count)
                if average is None:
                    average = self.average(result_of(result))
                del result
        except Exception as error:  # what the library lacks on this machine
            print(f"{self.name}: {job}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return
        row = {"job": job, "seconds": statistics.median(times), "runs": len(times), "input": f"{self.input:016x}", "result": average}
        print(json.dumps(row), flush=True)


# Elements that are hashed at once.
CHUNK = 1 << 20


def hashed(seed, start, stop):
    """SplitMix64 of the positions `start` to `stop`, as in the example."""
    import numpy

    z = (numpy.arange(start + 1, stop + 1, dtype=numpy.uint64) + numpy.uint64(seed << 40)) * numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def cupy():
    import cupy as np

    np.cuda.Device(0).use()
    return Library(np, "cupy", np.__version__, np.asarray, np.asnumpy, lambda *_: np.cuda.Device().synchronize())


def torch():
    import numpy
    import torch as np

    if not np.cuda.is_available():
        raise ImportError("this PyTorch sees no CUDA device")
    np.backends.cuda.matmul.allow_tf32 = False
    np.backends.cudnn.allow_tf32 = False
    to_device = lambda x: np.from_numpy(numpy.ascontiguousarray(x)).cuda()
    return Library(np, "torch", np.__version__, to_device, lambda x: x.cpu().numpy(), lambda *_: np.cuda.synchronize())


def jax():
    import jax as j

    if j.default_backend() != "gpu":
        raise ImportError("this JAX sees no CUDA device")
    j.config.update("jax_enable_x64", True)
    j.config.update("jax_default_matmul_precision", "highest")
    import numpy

    return Library(j.numpy, "jax", j.__version__, j.device_put, numpy.asarray, lambda *results: j.block_until_ready(results), j.jit)


def numpy():
    import numpy as np

    return Library(np, "numpy", np.__version__, lambda x: x, lambda x: x, lambda *_: None)


# What tables call the libraries, and what opens them. The last one is on the processor.
PEERS = {"cupy": ("CuPy", cupy), "torch": ("PyTorch", torch), "jax": ("JAX", jax), "numpy": ("processor", numpy)}


def vectors(l, sizes, numpy):
    np, n = l.np, sizes["n"]
    l.input = 0
    x, y = l.to_device(l.noise(1, (n,), "float32")), l.to_device(l.noise(2, (n,), "float32"))
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

    def operand(seed, shape, dtype):
        l.input = 0
        return l.to_device(l.noise(seed, shape, dtype))

    k = sizes["order"]
    product = l.compiled(lambda a: a @ a)
    a = operand(3, (k, k), "float32")
    l.measure("gemm", lambda: product(a))
    transform = l.compiled(np.fft.rfft2)
    l.measure("fft2", lambda: transform(a))
    a = operand(4, (k // 2, k // 2), "float64")
    l.measure("gemm of doubles", lambda: product(a))
    k = sizes["small"]
    b = operand(5, (k, k), "float64")
    values = l.compiled(linalg.svdvals) if hasattr(linalg, "svdvals") else (lambda x: linalg.svd(x, compute_uv=False))
    thin = l.compiled(lambda x: linalg.svd(x, full_matrices=False))
    l.measure("singular values", lambda: values(b))
    l.measure("svd", lambda: thin(b), result_of=lambda factors: factors[1])
    gram = b.T @ b + l.to_device(numpy.eye(k))
    cholesky, eigh, qr = (l.compiled(f) for f in (linalg.cholesky, linalg.eigh, linalg.qr))
    l.measure("cholesky", lambda: cholesky(gram))
    l.measure("eigh", lambda: eigh(gram), result_of=lambda pairs: pairs[0])
    l.measure("qr", lambda: qr(b), result_of=lambda factors: factors[1])
    m = min(k, 16)
    stack = operand(6, (1000, m, m), "float64")
    l.measure("svd of 1000 matrices of 16", lambda: thin(stack), result_of=lambda factors: factors[1])


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
    l.input = 0
    y = (hashed(7, 0, n) >> numpy.uint64(40)).astype(numpy.int64) % 10
    means = l.noise(8, (10, p), "float64")
    x = l.noise(9, (n, p), "float64") + 0.5 * means[y]
    x, y = l.to_device(x), l.to_device(y)
    on_processor = l.name == "numpy"
    with sklearn.config_context(array_api_dispatch=not on_processor):
        fit = lambda: LinearDiscriminantAnalysis().fit(x, y)
        l.measure("LDA fit", fit, most=1 if on_processor else 10, result_of=lambda model: model.coef_)


def smoothing(l, sizes, numpy):
    np, fft = l.np, l.np.fft
    if l.name == "numpy":
        try:
            from scipy import fft
        except ImportError:
            pass
    rows, cols = sizes["image"]
    l.input = 0
    image = l.to_device(l.noise(10, (rows, cols, 3), "float32"))
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
        l = PEERS[name][1]()
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
    if sys.argv[1:] == ["--list"]:
        print("\n".join(PEERS))
    elif len(sys.argv) > 1 and sys.argv[1] in PEERS:
        main(sys.argv[1], TINY if "tiny" in sys.argv[2:] else REAL)
    else:
        raise SystemExit(__doc__)
