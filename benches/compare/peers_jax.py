"""The jobs in JAX on the CPU: compiled before the clock starts, waited for by `block_until_ready`."""

import jax
import jax.numpy as jnp
import jax.scipy.fft

jax.config.update("jax_enable_x64", True)


def smooth(x):
    rows, columns = x.shape[0] // 10, x.shape[1] // 10
    f = jnp.fft.rfft2(x, axes=(0, 1))
    f = f.at[rows + 1 : x.shape[0] - rows].set(0).at[:, columns + 1 :].set(0)
    return jnp.fft.irfft2(f, s=x.shape[:2], axes=(0, 1))


# name -> (function, names of its arguments)
JOBS = {
    "standardize 4000x4000": (lambda x, m, s: (x - m) / s, ("x", "mean", "std")),
    "gauss exp 1e7": (lambda x: jnp.exp(-0.5 * (x * x)), "x"),
    "exp 1e7": (jnp.exp, "x"),
    "axpy+mul chain 1e7": (lambda x, y, z: (x * 2.5 + y) * z, "xyz"),
    "add 1e7": (jnp.add, "xy"),
    "sum axis0 4000x4000": (lambda x: x.sum(0), "x"),
    "sum axis1 4000x4000": (lambda x: x.sum(1), "x"),
    "sum all 4000x4000": (jnp.sum, "x"),
    "var axis0 4000x4000": (lambda x: x.var(0), "x"),
    "var all 4000x4000": (jnp.var, "x"),
    "transpose copy 4000x4000": (jnp.transpose, "x"),
    "concat 2x 4000x4000 axis0": (lambda x, y: jnp.concatenate([x, y]), "xy"),
    "where 1e7": (lambda x, y, z: jnp.where(x > 0, y, z), "xyz"),
    "take 1e6 random of 1e7": (lambda x, i: jnp.take(x, i, mode="clip"), "xi"),
    "sort 1e7": (lambda x: jnp.sort(x, stable=False), "x"),
    "argsort 1e7": (lambda x: jnp.argsort(x, stable=False), "x"),
    "cumsum 1e7": (jnp.cumsum, "x"),
    "matmul 2000": (jnp.matmul, "ab"),
    "matmul a@a.T 2000": (lambda a: a @ a.T, "a"),
    "gram X.T@X 100000x300": (lambda x: x.T @ x, "x"),
    "matmul 100000x16 @ 16x64": (jnp.matmul, "ab"),
    "matvec 2000": (jnp.matmul, "av"),
    "svd 1000": (jnp.linalg.svd, "a"),
    "svd 5000x300 thin": (lambda x: jnp.linalg.svd(x, full_matrices=False), "x"),
    "svdvals 1000": (jnp.linalg.svdvals, "a"),
    "svdvals 5000x300": (jnp.linalg.svdvals, "x"),
    "eigh 1000": (jnp.linalg.eigh, "a"),
    "eigvalsh 1000": (jnp.linalg.eigvalsh, "a"),
    "qr 2000x500": (jnp.linalg.qr, "x"),
    "cholesky 2000": (jnp.linalg.cholesky, "a"),
    "solve 2000 (vec)": (jnp.linalg.solve, "av"),
    "solve 2000 (100 rhs)": (jnp.linalg.solve, ("a", "rhs")),
    "inv 1000": (jnp.linalg.inv, "a"),
    "det 1000": (jnp.linalg.det, "a"),
    "pinv 1000x300": (jnp.linalg.pinv, "x"),
    "batched matmul 10000x8x8": (jnp.matmul, "ab"),
    "batched solve 1000x32x32": (jnp.linalg.solve, ("a", "rhs")),
    "batched svd 1000x16x16": (jnp.linalg.svd, "a"),
    "batched eigh 1000x32x32": (jnp.linalg.eigh, "a"),
    "fft 1d 2^20": (jnp.fft.fft, "x"),
    "fft 1d 1000003": (jnp.fft.fft, "x"),
    "fft 1d 1000000": (jnp.fft.fft, "x"),
    "fft batch 1000x1024": (jnp.fft.fft, "x"),
    "fft 2d 2048x2048": (jnp.fft.fft2, "x"),
    "fft rfft 2^20": (jnp.fft.rfft, "x"),
    "fft rfft2 2048x2048": (jnp.fft.rfft2, "x"),
    "fft dct2 2^20": (lambda x: jax.scipy.fft.dct(x, type=2), "x"),
    "fft batch rfft 1000x1024": (jnp.fft.rfft, "x"),
    "fft smooth 768x1024x3": (smooth, "x"),
    # The shapes of these results depend on the data: they cannot be compiled.
    "mask select 1e7 (v[v>0])": (None, "x"),
    "unique 1e7": (None, "x"),
    "unique 1e7 of 1000 integers": (None, "x"),
}


def prepare(name, inputs, threads):
    """What one run of the job calls."""
    function, names = JOBS[name]
    arguments = [jax.block_until_ready(jnp.array(inputs.pop(key))) for key in names]
    inputs.clear()
    if function is None and name.startswith("unique"):
        return lambda: jax.block_until_ready(jnp.unique(arguments[0]))
    if function is None:
        return lambda: jax.block_until_ready(arguments[0][arguments[0] > 0])
    compiled = jax.jit(lambda *a: function(*a)).lower(*arguments).compile()
    return lambda: jax.block_until_ready(compiled(*arguments))
