"""The modules beside the standard, against array-api-extra, NumPy and SciPy."""

import inspect

import numpy as np
import pytest
import xparray as xp
from xparray import extra as xpx

RNG = np.random.default_rng(3)
A = RNG.normal(size=(4, 5))
N = np.where(RNG.random((4, 5)) < 0.3, np.nan, A)
I = RNG.integers(0, 9, (4, 5))


def same(x, a, tol=1e-12):
    if isinstance(a, tuple):
        for p, q in zip(x, a, strict=True):
            same(p, q, tol)
        return
    assert isinstance(x, xp.Array) and x.shape == np.shape(a), (x.shape, np.shape(a))
    np.testing.assert_allclose(np.asarray(x), a, rtol=tol, atol=tol)


def ours(x):
    return xp.asarray(x) if isinstance(x, np.ndarray) else tuple(map(ours, x)) if isinstance(x, tuple) and any(isinstance(k, np.ndarray) for k in x) else x


CALLS = [
    ("angle", (A + 1j * A[::-1],), {}), ("angle", (A + 1j * A[::-1],), {"deg": True}), ("atleast_nd", (A,), {"ndim": 4}), ("cov", (A,), {}), ("cov", (A[0],), {}),
    ("cov", (A,), {"axis": 0, "correction": 0}), ("cov", (A,), {"fweights": np.asarray([1, 2, 1, 3, 1])}), ("cov", (A,), {"aweights": np.asarray([0.5, 2.0, 1.0, 3.0, 1.0])}), ("create_diagonal", (A[0],), {}),
    ("create_diagonal", (A,), {"offset": -2}), ("deg2rad", (A,), {}), ("rad2deg", (A,), {}), ("expand_dims", (A,), {"axis": (0, -1)}), ("isclose", (A, A + 1e-9), {}), ("isclose", (N, N), {"equal_nan": True}),
    ("isclose", (I, I + 1), {"rtol": 0, "atol": 0}), ("isclose", (I, I + 1), {"atol": 2}), ("kron", (A, I), {}), ("kron", (A[0], A), {}), ("nan_to_num", (N,), {}), ("nan_to_num", (np.asarray([np.inf, -np.inf, 1.0]),), {}),
    ("nanmax", (N,), {"axis": 0}), ("nanmin", (N,), {"axis": 1}), ("nanmean", (N,), {}), ("nansum", (N,), {"axis": (0, 1)}), ("nunique", (I,), {}), ("one_hot", (I, 9), {}), ("one_hot", (I, 9), {"axis": 0}),
    ("pad", (A, 2), {}), ("pad", (A, (1, 2)), {"constant_values": -1.0}), ("pad", (A, ((1, 0), (0, 3))), {}), ("partition", (A[0], 2), {"axis": 0}), ("setdiff1d", (I, I[:2]), {}), ("sinc", (A,), {}),
    ("union1d", (I, I + 3), {}), ("unravel_index", (I, (3, 3)), {}), ("isin", (I, I[0]), {}), ("isin", (I, I[0]), {"invert": True}), ("searchsorted", (np.sort(A[0]), A), {}),
]  # fmt: skip


@pytest.mark.parametrize("name, args, kwargs", CALLS, ids=[f"{c[0]}-{k}" for k, c in enumerate(CALLS)])
def test_functions_are_those_of_array_api_extra(name, args, kwargs):
    aae = pytest.importorskip("array_api_extra")
    expected = getattr(aae, name)(*args, **kwargs)
    if name == "partition":
        got = np.asarray(xpx.partition(xp.asarray(args[0]), 2))
        assert sorted(got[:2]) == sorted(args[0])[:2] and got[2] == sorted(args[0])[2]
        return
    same(getattr(xpx, name)(*map(ours, args), **{k: ours(v) for k, v in kwargs.items()}), expected)
    # Over xparray, array-api-extra itself finds the same.
    theirs = getattr(aae, name)(*map(ours, args), **{k: ours(v) for k, v in kwargs.items()})
    same(theirs if isinstance(theirs, (tuple, xp.Array)) else xp.asarray(theirs), expected, 1e-10)


def test_names_are_those_of_array_api_extra():
    aae = pytest.importorskip("array_api_extra")
    names = {n for n in aae.__all__ if not n.startswith("_") and n != "testing"}
    assert names <= set(xpx.__all__)
    for name in names - {"at", "default_dtype", "searchsorted"}:
        have, want = (list(inspect.signature(getattr(m, name)).parameters) for m in (xpx, aae))
        assert set(want) <= set(have), name


def test_parts_are_written():
    x = xp.asarray([1.0, 2.0, 3.0])
    y = xpx.at(x)[1:].set(0.0)
    assert y is x and x.tolist() == [1.0, 0.0, 0.0]
    z = xpx.at(x, 0).add(5.0, copy=True)
    assert z.tolist() == [6.0, 0.0, 0.0] and x[0] == 1.0
    for name, expected in [("subtract", -1.0), ("multiply", 2.0), ("divide", 0.5), ("power", 1.0), ("min", 1.0), ("max", 2.0)]:
        assert getattr(xpx.at(xp.ones(2), 0), name)(2.0)[0] == expected
    with pytest.raises(ValueError):
        xpx.at(x).set(1.0)
    with pytest.raises(ValueError):
        xpx.at(x, 0)[1]


def test_functions_of_parts():
    x = xp.asarray(A)
    y = xpx.apply_where(x > 0, x, xp.log, lambda v: v * 0 - 1)
    with np.errstate(all="ignore"):
        same(y, np.where(A > 0, np.log(A), -1.0))
    same(xpx.apply_where(x > 0, (x, x), lambda a, b: a + b, fill_value=7), np.where(A > 0, 2 * A, 7))
    with pytest.raises(TypeError):
        xpx.apply_where(x > 0, x, xp.log)
    same(xpx.lazy_apply(np.sort, x, as_numpy=True), np.sort(A))
    assert xpx.broadcast_shapes((3, 1), (None,), (1, 4)) == (3, 4) and xpx.broadcast_shapes((None, 1), (2,)) == (None, 2)
    assert xpx.default_dtype(xp, "integral") is xp.int64


def test_statistics_are_numpys():
    x = xp.asarray(A)
    same(xpx.median(x, axis=0), np.median(A, axis=0))
    same(xpx.nanmedian(xp.asarray(N)), np.nanmedian(N))
    for method in ("linear", "lower", "hazen", "inverted_cdf", "nearest"):
        same(xpx.quantile(x, [0.1, 0.5], axis=1, method=method), np.quantile(A, [0.1, 0.5], axis=1, method=method))
    same(xpx.quantile(x, 0.3), np.quantile(A, 0.3))
    same(xpx.quantile(x, 0.3, axis=0, keepdims=True), np.quantile(A, 0.3, axis=0, keepdims=True))
    same(xpx.einsum("ij,kj->ik", x, xp.asarray(I)), np.einsum("ij,kj->ik", A, I))
    same(xpx.bincount(xp.asarray(I[0])), np.bincount(I[0]))
    same(xpx.bincount(xp.asarray(I[0]), A[0], 12), np.bincount(I[0], A[0], 12))
    values, at = xpx.top_k(x, 2)
    same(values, -np.sort(-A, axis=1)[:, :2])
    same(at, np.argsort(-A, axis=1)[:, :2])
    same(xpx.logsumexp(xp.asarray([[1000.0, 1000.0]]), axis=1), [1000.0 + np.log(2.0)])


def test_random_numbers():
    g, h = xp.random.default_rng(5), xp.random.default_rng(5)
    for draw in [lambda r: r.random((3, 4)), lambda r: r.standard_normal(7), lambda r: r.integers(-3, 9, (5,)), lambda r: r.permutation(10), lambda r: r.choice(9, 4, replace=False)]:
        assert draw(g).tolist() == draw(h).tolist()
    assert xp.random.default_rng(g) is g and g.spawn(2)[0].random(3).tolist() != h.random(3).tolist()
    n = 40_000
    u, z, k = g.uniform(2.0, 4.0, n), g.normal(1.0, 3.0, n), g.integers(1, 6, n, endpoint=True)
    assert 2.0 <= float(xp.min(u)) < float(xp.max(u)) < 4.0 and abs(float(xp.mean(u)) - 3.0) < 0.02
    assert abs(float(xp.mean(z)) - 1.0) < 0.08 and abs(float(xp.std(z)) - 3.0) < 0.06
    assert xp.unique_values(k).tolist() == [1, 2, 3, 4, 5, 6] and g.integers(2**63 - 1).dtype is xp.int64
    assert abs(float(xp.mean(g.exponential(2.0, n))) - 2.0) < 0.06
    assert g.random(dtype=xp.float32).dtype is xp.float32 and g.random().shape == ()
    x = xp.arange(100)
    g.shuffle(x)
    assert x.tolist() != list(range(100)) and sorted(x.tolist()) == list(range(100))
    rows = g.permutation(xp.reshape(xp.arange(12), (4, 3)))
    assert sorted(rows.tolist()) == xp.reshape(xp.arange(12), (4, 3)).tolist()
    counts = xp.unique_counts(g.choice(xp.asarray([10, 20, 30]), n, p=[0.5, 0.5, 0.0]))
    assert counts.values.tolist() == [10, 20] and abs(int(counts.counts[0]) - n / 2) < 600
    assert g.choice(xp.asarray(A), 2, axis=1).shape == (4, 2)
    c = g.multivariate_normal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], n)
    same(xpx.cov(c, axis=0), [[2.0, 1.0], [1.0, 2.0]], 0.08)
    assert g.uniform(xp.asarray([0.0, 5.0]), 6.0).shape == (2,)


def test_wrong_random_numbers():
    g = xp.random.default_rng()
    for call in [lambda: g.integers(5, 5), lambda: g.integers(300, dtype=xp.int8), lambda: g.choice(3, 4, replace=False), lambda: g.choice(2, 1, p=[0.5, 0.6]), lambda: g.choice(2, 1, p=[1.0]), lambda: g.normal(scale=-1.0),
                 lambda: xp.random.default_rng(-1), lambda: g.random((-1,)), lambda: g.multivariate_normal([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]])]:  # fmt: skip
        with pytest.raises(ValueError):
            call()
    for call in [lambda: g.random(dtype=xp.int8), lambda: xp.random.default_rng("a"), lambda: g.random(1.5), lambda: __import__("pickle").dumps(g)]:
        with pytest.raises(TypeError):
            call()


def test_all_of_scipy_fft():
    fft = pytest.importorskip("scipy.fft")
    names = {n for n in fft.__all__ if "backend" not in n and "workers" not in n}
    assert names <= set(xp.fft.__all__)
    x = xp.asarray(A)
    for name in ("dct", "idct", "dst", "idst"):
        for kind in (1, 2, 3, 4):
            for norm in (None, "ortho", "forward"):
                same(getattr(xp.fft, name)(x, kind, norm=norm), getattr(fft, name)(A, kind, norm=norm))
                same(getattr(xp.fft, name + "n")(x, kind, axes=(0,), norm=norm), getattr(fft, name + "n")(A, kind, axes=(0,), norm=norm))
        same(getattr(xp.fft, name)(x, 2, 7, 0), getattr(fft, name)(A, 2, 7, 0))
    for name in ("fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2", "hfftn", "ihfftn"):
        same(getattr(xp.fft, name)(x), getattr(fft, name)(A))
    same(xp.fft.fft2(x, s=(3, 8), norm="ortho"), fft.fft2(A, s=(3, 8), norm="ortho"))
    same(xp.fft.fht(x, 0.1, 0.5, offset=0.2, bias=0.1), fft.fht(A, 0.1, 0.5, offset=0.2, bias=0.1), 1e-9)
    same(xp.fft.ifht(x, 0.1, 0.5), fft.ifht(A, 0.1, 0.5), 1e-9)
    assert xp.fft.fhtoffset(0.1, 0.5, initial=0.2) == pytest.approx(fft.fhtoffset(0.1, 0.5, initial=0.2))
    assert xp.fft.next_fast_len(1021) == fft.next_fast_len(1021) and xp.fft.prev_fast_len(1021, real=True) == fft.prev_fast_len(1021, real=True)


def test_convolutions_are_scipys():
    signal = pytest.importorskip("scipy.signal")
    x, k = xp.asarray(A), xp.asarray(I[:3, :2])
    for name in ("fftconvolve", "oaconvolve"):
        for mode in ("full", "same", "valid"):
            same(getattr(xp.fft, name)(x, k, mode), getattr(signal, name)(A, I[:3, :2], mode))
        same(getattr(xp.fft, name)(x, x, axes=1), getattr(signal, name)(A, A, axes=1))
    with pytest.raises(ValueError):
        xp.fft.fftconvolve(x, k, "some")


def test_linear_algebra_beyond_the_standard():
    m, b = RNG.normal(size=(4, 4)) + 4 * np.eye(4), RNG.normal(size=(4, 2))
    x, y = xp.asarray(m), xp.asarray(b)
    p, low, up = xp.linalg.lu(x)
    same(xp.matmul(low, up), m[np.asarray(p)])
    same(xp.linalg.solve_triangular(x, y), np.linalg.solve(np.triu(m), b))
    same(xp.linalg.solve_triangular(x, y, lower=True, trans="T"), np.linalg.solve(np.tril(m).T, b))
    same(xp.linalg.solve_triangular(x, y, lower=True, unit_diagonal=True), np.linalg.solve(np.tril(m, -1) + np.eye(4), b))
    spd = m @ m.T
    same(xp.linalg.cho_solve(xp.linalg.cholesky(xp.asarray(spd)), y), np.linalg.solve(spd, b))
    found = xp.linalg.lstsq(x[:, :2], y)
    e = np.linalg.lstsq(m[:, :2], b, rcond=None)
    same(found.x, e[0])
    same(found.singular_values, e[3])
    assert int(found.rank) == e[2]
    with pytest.raises(ValueError):
        xp.linalg.solve_triangular(x, y, trans="X")


def test_configuration():
    text = xp.show_config(mode="dicts")
    assert text["threads"] >= 1 and text["version"] == xp.__version__ and text["instruction set"] and text["standard"] == "2025.12"
