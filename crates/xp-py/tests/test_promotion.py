"""Operands of several dtypes: what the standard says, what the peers do where it is silent, and the strict mode."""

import itertools
import operator
import os
import subprocess
import sys

import numpy as np
import pytest
import xparray as xp

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()
SIGNED = {"int8", "int16", "int32", "int64"}
PAIRS = list(itertools.product(DTYPES, DTYPES))


def dtype(name):
    return getattr(xp, name)


def ones(name):
    return xp.ones((2,), dtype=dtype(name))


def numpys(a, b):
    return np.promote_types(a, b).name


def torchs(a, b):
    torch = pytest.importorskip("torch", exc_type=ImportError)
    try:
        return str(torch.promote_types(getattr(torch, a), getattr(torch, b))).removeprefix("torch.")
    except RuntimeError:  # of the wide unsigned integers
        return None


def jaxs(a, b):
    jax = pytest.importorskip("jax", exc_type=ImportError)
    jax.config.update("jax_enable_x64", True)
    return jax.numpy.promote_types(a, b).name


def expected(a, b):
    """The rule in words: what the standard says; the dtype of the higher kind; nothing where no integer dtype holds both."""
    ranks = [["bool"], [d for d in DTYPES if "int" in d], ["float16", "float32", "float64"], ["complex64", "complex128"]]
    i, j = (next(k for k, names in enumerate(ranks) if d in names) for d in (a, b))
    if {a, b} & SIGNED and "uint64" in (a, b):
        return None
    if i == j or {i, j} == {2, 3}:
        return numpys(a, b)
    return a if i > j else b


@pytest.mark.parametrize("a, b", PAIRS, ids="-".join)
def test_every_pair(a, b):
    e = expected(a, b)
    if e is None:
        for f in (operator.add, xp.add, lambda x, y: xp.concat([x, y]), lambda x, y: xp.stack([x, y]), lambda x, y: xp.where(ones("bool"), x, y), lambda x, y: xp.result_type(x, y)):
            with pytest.raises(TypeError, match="no integer dtype holds both"):
                f(ones(a), ones(b))
        return
    d = dtype(e)
    assert xp.result_type(dtype(a), dtype(b)) is d and xp.result_type(ones(a), dtype(b)) is d
    assert xp.concat([ones(a), ones(b)]).dtype is d and xp.stack([ones(a), ones(b)]).dtype is d
    assert xp.where(xp.asarray([True, False]), ones(a), ones(b)).dtype is d
    x = ones(a) + ones(b)
    assert x.dtype is d and x.tolist() == [True] * 2 if e == "bool" else x.tolist() == [2, 2]
    assert (ones(a) == ones(b)).tolist() == [True, True]
    assert xp.multiply(ones(a), ones(b)).dtype is d
    if "complex" not in e:
        assert xp.maximum(ones(a), ones(b)).dtype is d and (ones(a) <= ones(b)).tolist() == [True, True]
        assert xp.isin(ones(a), ones(b)).tolist() == [True, True]
        if e != "bool":
            assert xp.searchsorted(ones(a), ones(b)).tolist() == [0, 0]


@pytest.mark.parametrize("a, b", PAIRS, ids="-".join)
def test_pairs_are_the_peers(a, b):
    """NumPy, whose rules CuPy has, JAX and PyTorch: what they agree on, and PyTorch's answer where they differ and it has one."""
    e, n, j, t = expected(a, b), numpys(a, b), jaxs(a, b), torchs(a, b)
    if e is None:
        assert t is None
    elif t is not None:
        assert e == t
    else:
        assert e == j


SCALARS = [True, 1, 1.5, 1j]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("scalar", SCALARS)
def test_scalars_are_weak(name, scalar):
    torch = pytest.importorskip("torch", exc_type=ImportError)
    d = dtype((np.ones(2, name) * scalar).dtype.name)
    for x in (ones(name) * scalar, scalar * ones(name), xp.where(ones("bool"), ones(name), scalar)):
        assert x.dtype is d
    assert xp.result_type(dtype(name), scalar) is d
    if name == "float16" and scalar == 1j:
        return  # PyTorch has complex numbers of 32 bits.
    # PyTorch's default dtype is the one that differs.
    torch.set_default_dtype(torch.float64)
    try:
        theirs = torch.ones(2, dtype=getattr(torch, name)) * scalar
    finally:
        torch.set_default_dtype(torch.float32)
    assert str(theirs.dtype) == f"torch.{d}"


def test_values():
    i, u, f, m = xp.asarray([-7, 2]), xp.asarray([3, 200], dtype=xp.uint8), xp.asarray([0.5, -1.5], dtype=xp.float32), xp.asarray([True, False])
    assert (i + f).tolist() == [-6.5, 0.5] and (i + f).dtype is xp.float32
    assert (i / u).tolist() == [-7 / 3, 0.01] and (i / 2).tolist() == [-3.5, 1.0]
    assert (m + i).tolist() == [-6, 2] and (m * 2.5).tolist() == [2.5, 0.0] and (m * 2).dtype is xp.int64
    assert (m + m).tolist() == [True, False] and (m * m).dtype is xp.bool
    assert (i**0.5)[1].item() == pytest.approx(2**0.5) and (2.0**u).tolist() == [8.0, 2.0**200]
    assert (i * (1 + 2j)).tolist() == [-7 - 14j, 2 + 4j]
    assert xp.result_type(xp.uint64, xp.int8, xp.float32) is xp.float32
    assert xp.can_cast(xp.int64, xp.float32) and not xp.can_cast(xp.float32, xp.int64)
    assert xp.concat([xp.asarray([2.5]), u, m]).tolist() == [2.5, 3.0, 200.0, 1.0, 0.0]
    assert xp.searchsorted(xp.asarray([1, 3, 5]), 3.5).item() == 2
    assert xp.matmul(i, f).item() == -6.5 and xp.vecdot(i, m).item() == -7
    assert xp.clip(i, -0.5, 1.5).tolist() == [-0.5, 1.5] and xp.clip(i, 0, None).dtype is xp.int64
    assert xp.where(i, 1, 2.5).tolist() == [1.0, 1.0] and xp.where(m, True, 2).tolist() == [1, 2]


def test_functions_of_floats_take_integers():
    i, m = xp.asarray([1, 4]), xp.asarray([True, False])
    for name in "acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 reciprocal sin sinh sqrt tan tanh signbit".split():
        for x in (i, m, xp.asarray([1, 4], dtype=xp.uint8)):
            with np.errstate(all="ignore"):
                y = getattr(xp, name)(xp.astype(x, xp.float64))
            assert np.array_equal(np.asarray(getattr(xp, name)(x)), np.asarray(y), equal_nan=True)
    assert xp.atan2(i, 1).dtype is xp.float64 and xp.hypot(i, xp.asarray([0, 3])).tolist() == [1.0, 5.0]
    assert xp.mean(i).item() == 2.5 and xp.var(i).item() == 2.25 and xp.std(m).item() == 0.5
    assert xp.linalg.det(xp.asarray([[2, 1], [1, 2]])).item() == pytest.approx(3.0)
    assert xp.linalg.vector_norm(xp.asarray([3, 4])).item() == 5.0
    assert xp.fft.fft(i).tolist() == [5, -3] and xp.fft.rfft(i).dtype is xp.complex128
    z = np.asarray([[1 + 2j, 3.0], [0.5j, -1]])
    assert np.allclose(np.asarray(xp.var(xp.asarray(z), axis=0, correction=1)), z.var(axis=0, ddof=1)) and np.isclose(xp.std(xp.asarray(z)).item(), z.std())


def test_booleans_in_functions_of_numbers():
    m = xp.asarray([[True, False], [True, True]])
    assert xp.sum(m).item() == 3 and xp.sum(m).dtype is xp.int64 and xp.cumulative_sum(m, axis=1).tolist() == [[1, 1], [1, 2]]
    assert xp.max(m, axis=1).tolist() == [True, True] and xp.min(m, axis=1).tolist() == [False, True] and xp.min(m).dtype is xp.bool
    assert xp.argmax(m, axis=1).tolist() == [0, 0] and xp.argmin(m).item() == 1
    assert xp.isnan(m).tolist() == [[False] * 2] * 2 and xp.isfinite(m).dtype is xp.bool
    assert xp.abs(m).tolist() == m.tolist() and xp.logical_not(xp.asarray([0.0, 2.0])).tolist() == [True, False]
    assert xp.logical_and(xp.asarray([1, 0]), xp.asarray([0.5, 0.5])).tolist() == [True, False]
    for f in (operator.sub, operator.pow, operator.truediv):
        with pytest.raises(TypeError) if f is not operator.truediv else np.errstate():
            f(m, m)
    for f in (operator.neg, operator.pos):
        with pytest.raises(TypeError):
            f(m)


def test_assignments_convert_within_the_dtype():
    i = xp.asarray([1, 2, 3], dtype=xp.int8)
    i[0] = 2.9
    i[1:] = xp.asarray([-1.5, 7.0])
    assert i.tolist() == [2, -1, 7] and i.dtype is xp.int8
    for wrong, error in [(1j, TypeError), (300, OverflowError), (float("nan"), ValueError), (xp.asarray(1j), TypeError), ("a", TypeError)]:
        with pytest.raises(error):
            i[0] = wrong
    f = xp.ones(2, dtype=xp.float32)
    f += xp.asarray([1.0, 2.0])
    f *= xp.asarray([2, 3])
    assert f.tolist() == [4.0, 9.0] and f.dtype is xp.float32
    for wrong in (1.5, xp.asarray([1.0])):
        with pytest.raises(TypeError):
            i += wrong
    with pytest.raises(TypeError):
        f += 1j


def test_dtypes_by_other_names():
    for d in ("float32", np.float32, np.dtype("float32"), xp.float32):
        assert xp.zeros(2, dtype=d).dtype is xp.float32 and xp.ones(2).astype(d).dtype is xp.float32
    assert xp.zeros(2, dtype=np.bool_).dtype is xp.bool
    for wrong in ("float", "f4", "object", np.dtype("U3"), np.longdouble, list, 4):
        with pytest.raises(TypeError):
            xp.zeros(2, dtype=wrong)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("a, b", PAIRS, ids="-".join)
def test_strict_pairs_are_the_standards(a, b):
    kinds = {np.dtype(d).kind for d in (a, b)}
    beside_it = "float16" in (a, b) and "c" in kinds  # of which the standard has nothing
    if a == b or kinds in ({"i"}, {"u"}, {"f"}, {"c"}, {"f", "c"}) and not beside_it or kinds == {"i", "u"} and "uint64" not in (a, b):
        assert xp.result_type(dtype(a), dtype(b)) is dtype(numpys(a, b))
        assert (ones(a) == ones(b)).tolist() == [True, True]
    else:
        for f in (operator.mul, xp.multiply, xp.equal, xp.result_type, lambda x, y: xp.concat([x, y]), lambda x, y: xp.where(ones("bool"), x, y)):
            with pytest.raises(TypeError, match="the standard leaves"):
                f(ones(a), ones(b))


@pytest.mark.usefixtures("strict")
def test_strict_is_an_error_where_the_standard_is_silent():
    assert xp.is_strict()
    i, f, m = xp.asarray([1, 2]), xp.asarray([1.0, 2.0]), xp.asarray([True, False])
    calls = [lambda: i + 1.5, lambda: i * True, lambda: m + 1, lambda: f + True, lambda: xp.sin(i), lambda: xp.mean(i), lambda: xp.sum(m), lambda: i / i, lambda: m + m, lambda: xp.fft.fft(i)]
    calls += [lambda: xp.linalg.inv(xp.asarray([[1]])), lambda: xp.logical_and(i, i), lambda: xp.where(i, f, f), lambda: xp.clip(i, 0.5), lambda: i.__setitem__(0, 1.5), lambda: xp.where(m, True, 1)]
    calls += [lambda: i.__setitem__(0, f[0]), lambda: operator.iadd(xp.ones(2, dtype=xp.float32), f), lambda: xp.max(m), lambda: xp.astype(i, "float64"), lambda: xp.isnan(m), lambda: xp.var(f + 1j)]
    for k, call in enumerate(calls):
        with pytest.raises(TypeError):
            call()
            pytest.fail(f"call {k}")
    with pytest.raises(ValueError):
        xp.ones(3).T


def test_strict_by_the_environment():
    code = "import xparray as xp; print(xp.is_strict())"
    for value, answer in [("1", "True"), ("0", "False"), ("", "False")]:
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "XPARRAY_STRICT": value}, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == answer
