"""float16: what NumPy makes of it, bit for bit, and what is left to wider dtypes."""

import numpy as np
import pytest
import xparray as xp

RNG = np.random.default_rng(0)
A = np.concatenate([RNG.normal(size=60) * 10.0 ** RNG.integers(-4, 4, 60), [0.0, -0.0, np.inf, -np.inf, np.nan, 6e-8, 65504.0, -1.0]]).astype("float16")
B = RNG.permutation(A)


def same(x, a):
    assert isinstance(x, xp.Array) and str(x.dtype) == a.dtype.name and x.shape == a.shape
    # All bits but those of NaN.
    b = np.asarray(x)
    np.testing.assert_array_equal(b, a)
    if a.dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(b[~np.isnan(a)]), np.signbit(a[~np.isnan(a)]))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum", "minimum", "equal", "less", "greater_equal", "not_equal", "copysign"])
def test_pairs_are_rounded_as_by_numpy(name):
    with np.errstate(all="ignore"):
        same(getattr(xp, name)(xp.asarray(A), xp.asarray(B)), getattr(np, name)(A, B))


@pytest.mark.parametrize("name", ["abs", "negative", "positive", "square", "sqrt", "floor", "ceil", "trunc", "round", "sign", "isnan", "isinf", "isfinite", "signbit", "reciprocal"])
def test_elements_are_rounded_as_by_numpy(name):
    with np.errstate(all="ignore"):
        same(getattr(xp, name)(xp.asarray(A)), getattr(np, name)(A))


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos", "tanh", "expm1", "log1p"])
def test_functions_are_within_a_unit(name):
    a = np.abs(A[:50]).astype("float64")
    with np.errstate(all="ignore"):
        x, e = np.asarray(getattr(xp, name)(xp.asarray(a.astype("float16")))), getattr(np, name)(a.astype("float16").astype("float64")).astype("float16")
        units = np.spacing(np.where(np.isfinite(e), np.abs(e), 1).astype("float16"))
    assert x.dtype == np.float16
    finite = np.isfinite(e)
    np.testing.assert_array_equal(np.isfinite(x), finite)
    assert np.all(np.abs(x[finite].astype("float64") - e[finite].astype("float64")) <= units[finite])


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_reductions(axis):
    a = RNG.integers(-8, 8, (32, 16)).astype("float16") / 4
    x = xp.asarray(a)
    for name in ("sum", "max", "min", "mean", "any", "all", "count_nonzero", "argmax", "argmin"):
        e = np.asarray(getattr(np, name)(a, axis=axis))
        same(getattr(xp, name)(x, axis=axis), e)
    for name in ("std", "var"):
        out = getattr(xp, name)(x, axis=axis)
        assert out.dtype is xp.float16
        np.testing.assert_allclose(np.asarray(out), getattr(np, name)(a.astype("float64"), axis=axis), rtol=2e-3)
    # Sums are rounded once: these would stop at 2048 otherwise.
    assert xp.sum(xp.ones((1 << 14,), dtype=xp.float16)).item() == 16384 and xp.sum(x, dtype=xp.float64).dtype is xp.float64
    assert xp.prod(xp.asarray([2.0, 3.0], dtype=xp.float16)).dtype is xp.float16 and xp.cumulative_sum(x, axis=0).dtype is xp.float16


def test_what_moves_elements():
    a = A.reshape(4, 17)
    x = xp.asarray(a)
    same(xp.concat([x, x], axis=1), np.concatenate([a, a], axis=1))
    same(xp.where(x > 0, x, xp.asarray(0.5, dtype=xp.float16)), np.where(a > 0, a, np.float16(0.5)))
    same(xp.take(x, xp.asarray([2, 0]), axis=1), a[:, [2, 0]])
    same(xp.roll(x, 3, axis=1), np.roll(a, 3, axis=1))
    same(x[x > 1], a[a > 1])
    same(xp.sort(xp.asarray(B)), np.sort(B))
    assert np.asarray(xp.argsort(xp.asarray(B[:60]))).tolist() == np.argsort(B[:60], kind="stable").tolist()
    same(xp.unique_values(xp.asarray(np.abs(a[:2]))), np.unique(np.abs(a[:2])))
    same(xp.clip(x, -1.0, 1.0), np.clip(a, -1.0, 1.0))
    same(xp.diff(xp.asarray(A[:40])), np.diff(A[:40]))
    y = xp.asarray(A.copy())
    y[3:9] = 1 / 3
    y += 1
    y *= xp.full((1,), 3, dtype=xp.int64)
    b = A.copy()
    b[3:9] = 1 / 3
    with np.errstate(all="ignore"):
        same(y, (b + np.float16(1)) * np.float16(3))
    assert y.tolist()[:3] == np.asarray(y)[:3].tolist() and y[3].item() == np.asarray(y)[3].item() and float(y[0]) == np.asarray(y)[0]


def test_products_are_rounded_once():
    a, b = (RNG.integers(-4, 4, shape).astype("float16") / 8 for shape in ((6, 40), (40, 5)))
    x, y = xp.asarray(a), xp.asarray(b)
    same(x @ y, (a.astype("float32") @ b.astype("float32")).astype("float16"))
    same(xp.tensordot(x, y, axes=1), (a.astype("float32") @ b.astype("float32")).astype("float16"))
    same(xp.vecdot(x, x), np.sum(a.astype("float32") ** 2, axis=1).astype("float16"))


def test_creation_and_casts():
    for x in (xp.zeros(3, dtype=xp.float16), xp.full(3, 0.1, dtype="float16"), xp.arange(3, dtype=np.float16), xp.linspace(0, 1, 7, dtype=xp.float16), xp.eye(2, dtype=xp.float16), xp.zeros_like(xp.ones(2, dtype=xp.float16))):
        assert x.dtype is xp.float16 and x.itemsize == 2 and np.asarray(x).dtype == np.float16
    same(xp.linspace(0, 1, 7, dtype=xp.float16), np.linspace(0, 1, 7, dtype="float16"))
    same(xp.arange(0.0, 3.0, 0.1, dtype=xp.float16), np.arange(0.0, 3.0, 0.1).astype("float16"))
    for name in ("bool", "int16", "float32", "float64", "complex64"):
        a = np.abs(RNG.normal(size=20) * 100).astype("float16")
        same(xp.astype(xp.asarray(a), getattr(xp, name)), a.astype(name))
        if name != "complex64":
            same(xp.astype(xp.asarray(a.astype(name)), xp.float16), a.astype(name).astype("float16"))
    halves = np.asarray([1.0 + 2.0**-11, 1.0 + 3 * 2.0**-11, 65519.0, 65520.0, 2.0**-25 * 1.5])
    with np.errstate(over="ignore"):
        expected = halves.astype("float16")
    same(xp.astype(xp.asarray(halves), xp.float16), expected)
    assert xp.asarray(halves.tolist(), dtype=xp.float16).tolist() == expected.tolist()
    f, n = xp.finfo(xp.float16), np.finfo("float16")
    assert (f.bits, f.eps, f.max, f.min, f.smallest_normal, f.dtype) == (16, n.eps, n.max, n.min, n.smallest_normal, xp.float16)
    assert xp.isdtype(xp.float16, "real floating") and str(xp.asarray(A)) and "float16" in repr(xp.asarray(A))


@pytest.mark.parametrize("call", [lambda x: xp.nextafter(x, x), xp.linalg.inv, xp.linalg.svdvals, xp.linalg.cholesky, xp.linalg.matrix_norm, lambda x: xp.linalg.solve(x, x), xp.linalg.qr])
def test_what_float16_is_not_enough_for_says_what_to_do(call):
    with pytest.raises(TypeError, match=r"float16.*astype\(x, float32\)"):
        call(xp.eye(2, dtype=xp.float16))


def test_transforms_are_in_single_precision():
    same(xp.fft.fft(xp.ones(4, dtype=xp.float16)), np.asarray([4, 0, 0, 0], dtype="complex64"))


@pytest.mark.usefixtures("strict")
def test_strict_programs_have_no_float16_to_compute_with():
    x = xp.asarray(A)
    for call in (lambda: x + x, lambda: xp.sum(x), lambda: xp.sort(x)):
        with pytest.raises(TypeError, match="float16"):
            call()
