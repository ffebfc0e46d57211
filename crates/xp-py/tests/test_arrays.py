"""The class: operators, indexing, conversions."""

import copy
import inspect
import operator
import pickle

import numpy as np
import pytest
import xparray as xp

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "complex64", "complex128"]


def some(dtype, shape=(2, 3)):
    n = int(np.prod(shape))
    return np.arange(n).reshape(shape).astype(dtype)


@pytest.mark.parametrize("name", DTYPES)
def test_a_dtype_is_one_object(name):
    x = xp.asarray(some(name))
    assert x.dtype is getattr(xp, name)
    assert pickle.loads(pickle.dumps(x.dtype)) is x.dtype
    assert xp.zeros(1, dtype=bool).dtype is xp.bool and xp.zeros(1, dtype=float).dtype is xp.float64
    assert x.dtype != "int64" and repr(x.dtype) == f"xparray.{name}"


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0, 3), (2, 3, 4)])
def test_pickles_and_copies_are_the_array(name, shape):
    a = some(name, shape)
    x = xp.asarray(a)
    for y in [pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x)]:
        assert y.dtype is x.dtype and y.shape == shape
        np.testing.assert_array_equal(np.asarray(y), a)


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow]
IN_PLACE = [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod, operator.ipow]


@pytest.mark.parametrize("op", OPERATORS)
def test_operators_are_numpys(op):
    a, b = np.asarray([1.5, -2.0, 3.0]), np.asarray([[2.0], [0.5]])
    x, y = xp.asarray(a), xp.asarray(b)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(np.asarray(op(x, y)), op(a, b), rtol=1e-15)
        np.testing.assert_allclose(np.asarray(op(x, 2.0)), op(a, 2.0), rtol=1e-15)
        np.testing.assert_allclose(np.asarray(op(2.0, x)), op(2.0, a), rtol=1e-15)
        np.testing.assert_allclose(np.asarray(op(np.float64(2.0), x)), op(2.0, a), rtol=1e-15)


@pytest.mark.parametrize("op", IN_PLACE)
def test_in_place_operators_change_the_object(op):
    a = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    x = xp.asarray(a, copy=True)
    same = x
    x = op(x, 2.0)
    np.testing.assert_allclose(np.asarray(same), op(a.copy(), 2.0))
    assert x is same
    with pytest.raises(ValueError):
        x += xp.ones((3, 2, 2))
    with pytest.raises(TypeError):
        i = xp.asarray([1])
        i += 1.5


def test_an_array_can_be_its_own_operand():
    x = xp.asarray([1, 2, 3])
    x += x
    assert x.tolist() == [2, 4, 6]
    x[1:] = x[:-1]
    assert x.tolist() == [2, 2, 4]


def test_views_are_numpys():
    a = np.arange(24.0).reshape(2, 3, 4)
    x = xp.asarray(a, copy=True)
    b = a.copy()
    for n, y in [(np, b), (xp, x)]:
        n.reshape(y[0, ...], (-1,))[::2] += 1.0
        n.permute_dims(y, (2, 0, 1))[1, 1, :] *= 2.0
        view = y[:, 1, ::-1]
        view[...] = view + 1.0
        view[n.asarray([True, False])] = -5.0
        view[n.asarray([0]), n.asarray([1])] = 7.0
        y.mT[0, 0, 0] = 9.0
        y[:, 1:, :] = y[:, :-1, :]
        y -= 1.0
    np.testing.assert_array_equal(np.asarray(x), b)


def test_results_that_are_no_views():
    x = xp.asarray([[1.0, 2.0]])
    for y in [xp.tile(x, (1, 1)), xp.repeat(x, 1, axis=0), xp.diff(x, n=0), xp.roll(x, (), axis=()), xp.fft.fftshift(x, axes=()), xp.concat([x]), +x, xp.astype(x, x.dtype), xp.real(x), xp.sum(x, axis=()), xp.clip(x)]:
        y += 1.0
    assert x.tolist() == [[1.0, 2.0]]


def test_elements_that_overlap_are_copied_first():
    x = xp.zeros(3)
    y = xp.broadcast_to(x, (2, 3))
    y[0, 0] = 1.0
    y += 1.0
    assert x.tolist() == [0.0, 0.0, 0.0] and y.tolist() == [[2.0, 1.0, 1.0], [1.0, 1.0, 1.0]]


KEYS = [
    0, -1, slice(None), slice(None, None, -1), slice(5, 1, -2), slice(-100, 100), slice(2**70), None, ..., (..., 0), (0, ...), (None, 1, ..., None),
    (slice(1, 3), slice(None, None, 2)), (0, 1, 2), (), (slice(0), 0),
    [0, 2], ([0, 1], [1, 2]), ([[0], [1]], [1, 2]), (slice(None), [2, 0, 2]), ([0, 1], slice(None), [1, 3]), (slice(None), [0, 1], [1, 3]),
    (0, slice(None), [1, 2]), ([True, False, True],), (slice(None), [True, True, False, False], 0), (..., [0, 0]), (None, [1, 2], 0), [], (slice(None), [], 0),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "bool", "complex64"])
def test_indexing_is_numpys(key, dtype):
    a = (np.arange(60) % 7).reshape(3, 4, 5).astype(dtype)
    x = xp.asarray(a)
    np.testing.assert_array_equal(np.asarray(x[key]), a[key])
    b, y = a.copy(), xp.asarray(a, copy=True)
    b[key], y[key] = 0, False if dtype == "bool" else 0
    np.testing.assert_array_equal(np.asarray(y), b)
    values = (np.arange(b[key].size) % 2).reshape(b[key].shape).astype(dtype)
    b[key], y[key] = values, xp.asarray(values)
    np.testing.assert_array_equal(np.asarray(y), b)


@pytest.mark.parametrize("shape", [(3, 4), (3,), ()])
def test_masks_are_numpys(shape):
    a = np.arange(12.0).reshape(3, 4)
    mask = np.arange(int(np.prod(shape))).reshape(shape) % 2 == 0
    x = xp.asarray(a)
    np.testing.assert_array_equal(np.asarray(x[xp.asarray(mask)]), a[mask])
    x[xp.asarray(mask)] = -1.0
    a[mask] = -1.0
    np.testing.assert_array_equal(np.asarray(x), a)


@pytest.mark.parametrize("key", [3, -4, (0, 0, 0), 1.0, "a", (..., ...), [True, False], [3], np.asarray([1.0]), xp.asarray([[True]]), 2**70])
def test_wrong_keys_are_index_errors(key):
    x = xp.ones((3, 2))
    with pytest.raises(IndexError):
        x[key]
    with pytest.raises(IndexError):
        x[key] = 1.0


@pytest.mark.usefixtures("strict")
def test_wrong_values_are_refused():
    x = xp.asarray([1, 2, 3], dtype=xp.int8)
    for value, error in [(1.5, TypeError), (300, OverflowError), (1j, TypeError), (xp.asarray([1.0]), TypeError), (xp.asarray([1, 2], dtype=xp.int8), ValueError), (xp.asarray([1, 2, 3]), TypeError), ("a", TypeError), (True, TypeError)]:
        with pytest.raises(error):
            x[:] = value
    assert x.tolist() == [1, 2, 3]
    with pytest.raises(ValueError):
        x[::0]


@pytest.mark.parametrize("convert", [bool, int, float, complex, operator.index])
def test_numbers(convert):
    assert convert(xp.asarray(1)) == 1
    with pytest.raises((TypeError, ValueError)):
        convert(xp.asarray([1, 2]))
    with pytest.raises(TypeError):
        if convert in (bool, complex):
            raise TypeError
        convert(xp.asarray(1j))


def test_iteration_and_length():
    x = xp.asarray([[1, 2], [3, 4]])
    assert [r.tolist() for r in x] == [[1, 2], [3, 4]] and len(x) == 2
    with pytest.raises(TypeError):
        len(xp.asarray(1))
    with pytest.raises(TypeError):
        iter(xp.asarray(1))
    with pytest.raises(TypeError):
        hash(x)


@pytest.mark.usefixtures("strict")
def test_mixing_is_refused():
    x = xp.asarray([1, 2])
    for other in [np.asarray([1, 2]), xp.asarray([1.0, 2.0]), 1.5, True, "a", [1, 2], None, xp.asarray([True, False]), xp.asarray([1, 2], dtype=xp.uint64)]:
        with pytest.raises(TypeError):
            x + other
        with pytest.raises(TypeError):
            other + x
    assert (x + np.int64(1)).tolist() == [2, 3] and (np.int64(1) + x).tolist() == [2, 3]


def test_text():
    assert repr(xp.asarray([[1, 2], [3, 4]])) == "Array([[1, 2],\n       [3, 4]], dtype=int64)"
    assert repr(xp.zeros((0, 2))) == "Array([], shape=(0, 2), dtype=float64)"
    assert repr(xp.asarray([1.5, -2.0])) == "Array([ 1.5, -2. ], dtype=float64)"
    assert repr(xp.asarray([1j, 2.5])) == "Array([0. +1.j, 2.5+0.j], dtype=complex128)"
    assert str(xp.asarray(1.5)) == "1.5"


def test_signatures_can_be_read():
    for module in [xp, xp.fft, xp.linalg, xp.extra, xp.random]:
        for name in module.__all__:
            f = getattr(module, name)
            if inspect.isroutine(f):
                assert inspect.signature(f) is not None and f.__doc__, name
    assert str(inspect.signature(xp.sum)) == "(x, /, *, axis=None, dtype=None, keepdims=False)"
    assert str(inspect.signature(xp.linalg.qr)) == "(x, /, *, mode='reduced')"
