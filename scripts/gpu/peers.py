"""Times the jobs of `xp-cuda/examples/gpu.rs` in CuPy, PyTorch or JAX: python3 peers.py cupy|torch|jax

One JSON object a line. Every job is warmed up, then repeated; the median is printed.
"""
import json
import statistics
import sys
import time

N = 100_000_000
K = 8192


def measure(job, run, wait):
    for _ in range(3):
        run()
        wait()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or (len(times) < 50 and time.perf_counter() - begin < 2):
        start = time.perf_counter()
        result = run()
        wait(result)
        times.append(time.perf_counter() - start)
        del result
    print(json.dumps({"job": job, "seconds": statistics.median(times), "runs": len(times)}), flush=True)


def cupy():
    import cupy as np

    def wait(*_):
        np.cuda.Device().synchronize()

    return np, np.asarray, (lambda f: f), wait, np.linalg, np.fft, str(np.__version__)


def torch():
    import numpy
    import torch as np

    def wait(*_):
        np.cuda.synchronize()

    np.backends.cuda.matmul.allow_tf32 = False
    return np, (lambda x: np.from_numpy(numpy.ascontiguousarray(x)).cuda()), (lambda f: f), wait, np.linalg, np.fft, np.__version__


def jax():
    import jax as j

    j.config.update("jax_enable_x64", True)
    j.config.update("jax_default_matmul_precision", "highest")

    def wait(*results):
        j.block_until_ready(results)

    return j.numpy, j.device_put, j.jit, wait, j.numpy.linalg, j.numpy.fft, j.__version__


def main(name):
    np, to_device, compiled, wait, linalg, fft, version = {"cupy": cupy, "torch": torch, "jax": jax}[name]()
    import numpy

    print(json.dumps({"library": name, "version": version}), flush=True)
    counter = numpy.arange(N, dtype=numpy.float32)
    x, y = to_device(counter * numpy.float32(1e-8)), to_device(counter * numpy.float32(-3e-8))
    copy = (lambda: x.clone()) if name == "torch" else (lambda: x.copy())
    measure("copy", copy, wait)
    chain = compiled(lambda a, b: (a + b) * 0.5 - a)
    measure("chain of three", lambda: chain(x, y), wait)
    gauss = compiled(lambda a: np.exp(a * a * -0.5))
    measure("gauss", lambda: gauss(x), wait)
    squares = compiled(lambda a: (a * a).sum())
    measure("sum of squares", lambda: squares(x), wait)
    table = x.reshape(1_000_000, 100)
    means = compiled(lambda a: a.mean(0))
    measure("mean of columns", lambda: means(table), wait)
    part = y[:10_000_000]
    measure("sort", lambda: np.sort(part), wait)
    tiny = x[:16] + 0
    add = compiled(lambda a: a + a)
    measure("small add", lambda: add(tiny), wait)
    del x, y, table, part

    def square(k, dtype):
        i = numpy.arange(k * k, dtype=numpy.int64).reshape(k, k)
        return to_device(((i * 7919 % 1000) * 1e-3).astype(dtype))

    a = square(K, numpy.float32)
    measure("gemm", lambda: a @ a, wait)
    measure("fft2", lambda: fft.rfft2(a), wait)
    del a
    b = square(1024, numpy.float64)
    measure("svd", (lambda: linalg.svdvals(b)) if hasattr(linalg, "svdvals") else (lambda: linalg.svd(b, compute_uv=False)), wait)
    gram = b.T @ b + to_device(numpy.eye(1024))
    measure("cholesky", lambda: linalg.cholesky(gram), wait)
    measure("eigh", lambda: linalg.eigh(gram), wait)
    measure("qr", lambda: linalg.qr(b), wait)


if __name__ == "__main__":
    main(sys.argv[1])
