"""Arrays of xparray as chunks of Dask's arrays, here and on a cluster of two processes."""

import subprocess
import sys

import numpy as np
import pytest
import xparray as xp

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")

X = np.random.default_rng(0).normal(size=(60, 12))


def chunked(x=X, chunks=(20, 12)):
    return da.from_array(xp.asarray(x), chunks=chunks)


def computed(x):
    """What a Dask array is, as NumPy's; it must be of xparray."""
    assert isinstance(x._meta, xp.Array), type(x._meta)
    out = x.compute(scheduler="synchronous")
    assert isinstance(out, xp.Array), type(out)
    return np.asarray(out)


FUNCTIONS = {
    "itself": lambda x: x,
    "arithmetic": lambda x: 2 * x - x / 3 + x**2,
    "sum": lambda x: x.sum(axis=0),
    "mean": lambda x: x.mean(axis=1),
    "max": lambda x: x.max(axis=0),
    "std": lambda x: x.std(axis=0),
    "var": lambda x: x.var(axis=1, ddof=1),
    "sin": lambda x: np.sin(x),
    "transpose": lambda x: x.T,
    "slice": lambda x: x[5:33, ::2],
    "rows": lambda x: x[[3, 1, 40]],
    "tensordot": lambda x: (da if isinstance(x, da.Array) else np).tensordot(x.T, x, axes=1),
    "matmul": lambda x: x @ x.T,
    "dot": lambda x: x.T.dot(x),
    "reshape": lambda x: x.reshape((60, 3, 4)),
    "compare": lambda x: x > 0,
    "einsum": lambda x: (da if isinstance(x, da.Array) else np).einsum("ij,kj->ik", x, x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_chunks_stay(name, dtype):
    x = X.astype(dtype)
    out, expected = computed(FUNCTIONS[name](chunked(x))), FUNCTIONS[name](x)
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out, expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-4 if dtype == "float32" else 1e-12)


def test_chunks_are_put_together():
    x = chunked()
    assert np.array_equal(computed(da.concatenate([x, x + 1], axis=1)), np.concatenate([X, X + 1], axis=1))
    assert np.array_equal(computed(da.stack([x, x])), np.stack([X, X]))
    assert np.array_equal(computed(x.rechunk((7, 5))), X)
    out = computed(x.map_blocks(lambda block: xp.fft.fft(block), dtype=np.complex128, meta=xp.zeros((0, 0), dtype=xp.complex128)))
    np.testing.assert_allclose(out, np.fft.fft(X), atol=1e-12)
    np.testing.assert_allclose(computed(x.map_blocks(xp.exp)), np.exp(X), rtol=1e-14)
    assert dask.base.tokenize(xp.asarray(X)) == dask.base.tokenize(xp.asarray(X)) != dask.base.tokenize(xp.asarray(X + 1))


def test_functions_of_numpy():
    """With Dask they give arrays of xparray where it has the function."""
    x = xp.asarray([[1.0, 2.0], [3.0, 5.0]], dtype=xp.float32)
    a = np.asarray(x)
    for f in (
        lambda m: np.add(m, 1.0),
        lambda m: np.multiply(2, m, dtype="float64"),
        np.sin, np.arctan, np.absolute, np.sign,
        lambda m: np.less(m, 2.5), lambda m: np.float32(2.0) ** m, lambda m: np.maximum(m, 2),
        lambda m: np.concatenate([m, m], axis=1), lambda m: np.vstack([m[0], m]), lambda m: np.hstack([m[0], m[1]]), lambda m: np.stack([m, m]),
        lambda m: np.dot(m, m), lambda m: np.tensordot(m, m, axes=1), lambda m: np.einsum("ij,jk->ik", m, m), lambda m: np.where(m > 2, m, 0.0),
        lambda m: np.take(m, [1, 0], axis=1), lambda m: np.broadcast_to(m, (2, 2, 2)), lambda m: np.expand_dims(m, 0), lambda m: np.moveaxis(m, 0, 1),
        np.flip, np.zeros_like, np.ones_like, lambda m: np.full_like(m, 3.0), lambda m: np.sum(m, axis=0), lambda m: np.linalg.inv(m),
        lambda m: np.linalg.svd(m)[1], lambda m: np.abs(np.linalg.qr(m)[1]), lambda m: np.linalg.solve(m, m), lambda m: np.array([[1.0, 2.0]], like=m),
    ):  # fmt: skip
        out, expected = f(x), f(a)
        assert isinstance(out, xp.Array) and np.asarray(out).dtype == expected.dtype and out.shape == expected.shape
        np.testing.assert_allclose(np.asarray(out), expected, rtol=1e-5, atol=1e-6)
    # What xparray does not have is NumPy's.
    assert isinstance(np.percentile(x, 50), (float, np.floating, np.ndarray)) and np.shape(x) == (2, 2) and np.allclose(np.asarray(x), a)


def test_matrices_by_blocks():
    q, r = da.linalg.qr(chunked())
    q, r = computed(q), computed(r)
    np.testing.assert_allclose(q @ r, X, atol=1e-12)
    np.testing.assert_allclose(q.T @ q, np.eye(12), atol=1e-12)
    np.testing.assert_allclose(computed(da.linalg.svd(chunked())[1]), np.linalg.svd(X, compute_uv=False), rtol=1e-12)
    u, s, vt = (np.asarray(part) for part in dask.compute(*da.linalg.svd_compressed(chunked(), 12, n_power_iter=4, seed=0), scheduler="synchronous"))
    np.testing.assert_allclose(u * s @ vt, X, atol=1e-8)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float32", "complex128"])
def test_arrays_are_sent(dtype):
    protocol = pytest.importorskip("distributed.protocol")
    whole = xp.astype(xp.reshape(xp.arange(24), (2, 3, 4)), getattr(xp, dtype))
    for x in (whole, whole[:, ::2], xp.permute_dims(whole, (2, 0, 1)), whole[:0], whole[0, 0, 0]):
        header, frames = protocol.serialize(x, serializers=["dask"])
        back = protocol.deserialize(header, frames)
        assert isinstance(back, xp.Array) and back.dtype is x.dtype and back.shape == x.shape
        assert np.array_equal(np.asarray(back), np.asarray(x))
        back = protocol.deserialize(header, [bytes(frame) for frame in frames])
        assert np.array_equal(np.asarray(back + back if dtype != "bool" else back), np.asarray(x + x if dtype != "bool" else x))


@pytest.mark.parametrize("first", ["xparray", "dask.array"])
def test_neither_imports_the_other(first):
    order = ["xparray", "dask.array"] if first == "xparray" else ["dask.array", "xparray"]
    code = f"""
import sys, {order[0]}
assert {order[1]!r} not in sys.modules and "distributed" not in sys.modules
import {order[1]}, dask.array.dispatch, xparray
assert dask.array.dispatch.concatenate_lookup.dispatch(xparray.Array).__module__ == "xparray._dask"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            yield client


def test_a_cluster_computes(client):
    x = chunked(chunks=(10, 12))
    gram = (x.T @ x).compute()
    assert isinstance(gram, xp.Array)
    np.testing.assert_allclose(np.asarray(gram), X.T @ X, rtol=1e-12)
    s = da.linalg.svd_compressed(x, 5, n_power_iter=6, seed=0)[1].compute()
    np.testing.assert_allclose(np.asarray(s), np.linalg.svd(X, compute_uv=False)[:5], rtol=1e-3)


def test_a_cluster_learns_in_parts(client):
    pytest.importorskip("sklearn")
    from xparray.sklearn import GaussianNB, IncrementalPCA, StandardScaler

    y = (X[:, 0] > 0).astype(np.int64)
    x = chunked(chunks=(20, 12))
    parts = x.to_delayed().ravel()
    learn = dask.delayed(lambda part: StandardScaler().partial_fit(part))
    merge = dask.delayed(lambda a, b: a.merge(b))
    a, b, c = (learn(part) for part in parts)
    scaler = merge(merge(a, b), c).compute()
    np.testing.assert_allclose(scaler.mean_, X.mean(axis=0), atol=1e-14)
    np.testing.assert_allclose(scaler.scale_, X.std(axis=0), rtol=1e-12)
    labels = np.split(y, 3)
    bayes = dask.delayed(lambda part, labels: GaussianNB().partial_fit(part, labels, classes=[0, 1]))
    a, b, c = (bayes(part, own) for part, own in zip(parts, labels))
    model = merge(merge(a, b), c).compute()
    np.testing.assert_allclose(model.theta_, GaussianNB().fit(X, y).theta_, rtol=1e-10)
    pca = dask.delayed(lambda part: IncrementalPCA(12).partial_fit(part))
    a, b, c = (pca(part) for part in parts)
    model = merge(merge(a, b), c).compute()
    np.testing.assert_allclose(model.singular_values_, np.linalg.svd(X - X.mean(axis=0), compute_uv=False), rtol=1e-9)
