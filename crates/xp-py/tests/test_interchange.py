"""Memory shared with other libraries, and objects made into arrays."""

import array
import gc

import numpy as np
import pytest
import xparray as xp

NAMES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64", "complex128"]


def address(x):
    return np.asarray(x).__array_interface__["data"][0]


@pytest.mark.parametrize("name", [*NAMES, "bool"])
@pytest.mark.parametrize("change", [lambda a: a, lambda a: a.T, lambda a: a[::-1, 1::2], lambda a: a[:0], lambda a: a[1, 1], lambda a: np.broadcast_to(a[0], (4, 4))])
def test_there_and_back(name, change):
    a = change((np.arange(16).reshape(4, 4) % 5).astype(name))
    for x in [xp.asarray(a), xp.from_dlpack(np.asarray(a)), xp.asarray(memoryview(np.asarray(a)))]:
        assert str(x.dtype) == name and x.shape == a.shape
        for back in [np.asarray(x), np.from_dlpack(x)]:
            assert back.dtype == a.dtype
            np.testing.assert_array_equal(back, a)


@pytest.mark.parametrize("name", NAMES)
def test_memory_is_shared_both_ways(name):
    a = np.ones((3, 4), dtype=name)[::-1, ::2]
    for x in [xp.asarray(a), xp.from_dlpack(a), xp.asarray(a, copy=False)]:
        assert address(x) == a.__array_interface__["data"][0]
        a[0, 0] = 5
        assert x[0, 0] == 5
        x[0, 0] = 7
        assert a[0, 0] == 7
        del x
    x = xp.ones((3,), dtype=getattr(xp, name))
    for b in [np.asarray(x), np.from_dlpack(x)]:
        b[0] = 3
        assert x[0] == 3
        x[0] = 4
        x[xp.asarray([False, True, False])] = 6
        assert b[0] == 4 and b[1] == 6
        x += 1
        assert b[0] == 5


def test_memory_of_views_is_shared_too():
    x = xp.zeros((2, 3))
    b = np.asarray(x.mT)
    b[1, 1] = 2.0
    x[0, 0] = 1.0
    x[xp.asarray([1]), xp.asarray([2])] = 3.0
    assert x.tolist() == [[1.0, 0.0, 0.0], [0.0, 2.0, 3.0]] and b.tolist() == [[1.0, 0.0], [0.0, 2.0], [0.0, 3.0]]
    del x
    gc.collect()
    assert b[0, 0] == 1.0


def test_memory_whose_elements_overlap_is_exported_for_reading():
    y = xp.broadcast_to(xp.zeros(3), (2, 3))
    b = np.asarray(y)
    assert not b.flags.writeable and not np.from_dlpack(y).flags.writeable
    y[0, 0] = 1.0
    assert b.tolist() == [[0.0] * 3] * 2
    with pytest.raises(BufferError):
        xp.broadcast_to(y[0, :], (2, 3)).__dlpack__(copy=False)


def test_memory_outlives_its_owner():
    x = xp.asarray(np.arange(1000.0))
    gc.collect()
    b = np.from_dlpack(x * 1.0)
    gc.collect()
    assert float(xp.sum(x)) == 499500.0 and b.sum() == 499500.0


def test_read_only_memory_is_not_written():
    a = np.zeros(3)
    a.flags.writeable = False
    x = xp.asarray(a)
    x[0] = 1.0
    assert a[0] == 0.0 and x[0] == 1.0
    b = b"abc"
    y = xp.asarray(b)
    y += xp.asarray(1, dtype=xp.uint8)
    assert b == b"abc" and y.tolist() == [98, 99, 100]


def test_copies_are_asked_for_and_refused():
    a = np.zeros(3)
    assert address(xp.asarray(a, copy=True)) != address(a)
    x = xp.asarray(a)
    assert xp.asarray(x) is x and xp.asarray(x, copy=True) is not x
    for wrong in [lambda: xp.asarray([1.0], copy=False), lambda: xp.asarray(a, dtype=xp.float32, copy=False), lambda: xp.asarray(1, copy=False)]:
        with pytest.raises(ValueError):
            wrong()


def test_dlpack_arguments():
    x = xp.zeros(3)
    assert x.__dlpack_device__() == (1, 0)
    assert '"dltensor"' in repr(x.__dlpack__()) and '"dltensor_versioned"' in repr(x.__dlpack__(max_version=(1, 0)))
    for wrong in [dict(dl_device=(2, 0)), dict(stream=1)]:
        with pytest.raises(BufferError):
            x.__dlpack__(**wrong)
    x.__dlpack__(max_version=(1, 0), copy=False)
    assert address(np.from_dlpack(x, copy=True)) != address(x)


def test_booleans_are_shared_on_demand():
    a = np.asarray([True, False])
    x = xp.from_dlpack(a, copy=False)
    a[1] = True
    assert x.tolist() == [True, True]
    odd = np.asarray([2, 0], dtype=np.uint8).view(bool)
    assert xp.asarray(odd).tolist() == [True, False]
    with pytest.raises(BufferError):
        xp.from_dlpack(odd, copy=False)


def test_wrong_capsules():
    class Wrong:
        def __init__(self, capsule, device=(1, 0)):
            self.capsule, self.device = capsule, device

        def __dlpack__(self, **_):
            return self.capsule

        def __dlpack_device__(self):
            return self.device

    used = xp.zeros(3).__dlpack__()
    xp.from_dlpack(Wrong(used))
    for producer in [Wrong(used), Wrong(None), Wrong(xp.zeros(3).__dlpack__(), (2, 0))]:
        with pytest.raises(BufferError):
            xp.from_dlpack(producer)
    for wrong in [1, [1], None, np.float64(1)]:
        with pytest.raises(TypeError):
            xp.from_dlpack(wrong)
    with pytest.raises(TypeError):
        xp.from_dlpack(np.zeros(3, dtype="float16"))


def test_objects_become_arrays():
    cases = [
        (1, "int64"), (1.0, "float64"), (True, "bool"), (1j, "complex128"), ([], "float64"), ([[], []], "float64"), ([1, 2.5], "float64"), ([True, 2], "int64"),
        ([[1], [2j]], "complex128"), ((1, 2), "int64"), (range(3), "int64"), (np.float32(1.5), "float32"), ([np.int8(1), np.int8(2)], "int8"),
        ([xp.asarray(1.0, dtype=xp.float32), 2], "float32"), ([xp.asarray([1, 2]), [3, 4]], "int64"), (array.array("h", [1, 2]), "int16"), ([np.arange(2), np.arange(2)], "int64"),
    ]
    for obj, dtype in cases:
        x = xp.asarray(obj)
        expected = np.asarray([np.asarray(o) for o in obj]) if isinstance(obj, list) and obj and isinstance(obj[0], xp.Array) else np.asarray(obj)
        assert str(x.dtype) == dtype and x.shape == expected.shape, obj
        np.testing.assert_array_equal(np.asarray(x), expected)


@pytest.mark.parametrize(
    "obj, kwargs, error",
    [
        ([[1], [1, 2]], {}, ValueError), ([1, [2]], {}, ValueError), ([[1], 2], {}, ValueError), ("a", {}, TypeError), (["a"], {}, TypeError), ({}, {}, TypeError), (object(), {}, TypeError),
        (None, {}, TypeError), ([None], {}, TypeError), (2**64, {}, OverflowError), (10**400, {"dtype": xp.float64}, OverflowError), (-1, {"dtype": xp.uint8}, OverflowError),
        (float("nan"), {"dtype": xp.int8}, ValueError), (float("inf"), {"dtype": xp.int8}, OverflowError), (1j, {"dtype": xp.float64}, TypeError), (1, {"dtype": "float64"}, TypeError),
        (1, {"device": "gpu"}, ValueError), (1, {"device": 1}, TypeError), (np.zeros(3, dtype="float16"), {}, TypeError), (np.zeros(3, dtype=object), {}, (TypeError, BufferError)),
        (np.zeros(3, dtype=">f8"), {}, (TypeError, BufferError)), (np.zeros(3, dtype="U3"), {}, (TypeError, BufferError)),
    ],
    ids=repr,
)
def test_wrong_objects(obj, kwargs, error):
    with pytest.raises(error):
        xp.asarray(obj, **kwargs)
