"""Memory shared with other libraries, and objects made into arrays."""

import array
import gc
import io
import operator
import subprocess
import sys

import numpy as np
import pytest
import xparray as xp

NAMES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "complex64", "complex128"]


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
    for wrong in [dict(dl_device=(10, 0)), dict(stream=1)]:
        with pytest.raises(BufferError):
            x.__dlpack__(**wrong)
    x.__dlpack__(max_version=(1, 0), copy=False)
    assert address(np.from_dlpack(x, copy=True)) != address(x)


def ways(a):
    """Arrays over the memory of a, by every protocol."""
    return {"DLPack": lambda: xp.asarray(a), "from_dlpack": lambda: xp.from_dlpack(a), "buffer": lambda: xp.asarray(memoryview(a)), "not copied": lambda: xp.asarray(a, copy=False)}


def test_others_cannot_make_invalid_booleans_of_our_memory():
    m = xp.zeros(100, dtype=xp.bool)
    b = np.asarray(m)
    m[3] = True
    assert b[3] and not b[4]
    with pytest.raises(ValueError):
        b.view(np.uint8)[:] = 255
    with pytest.raises(ValueError):
        b.flags.writeable = True
    with pytest.raises(TypeError):
        memoryview(m).cast("B")[0] = 255
    with pytest.raises((TypeError, BufferError)):
        io.BytesIO(b"x" * 100).readinto(m)
    d = np.from_dlpack(m)
    if d.flags.writeable:
        d.view(np.uint8)[:] = 255
    for version in [(1, 0), None]:
        with pytest.raises(BufferError, match="no booleans"):
            m.__dlpack__(max_version=version, copy=False)
    assert m.tolist() == [k == 3 for k in range(100)]
    assert xp.arange(100)[m].tolist() == [3] and int(xp.count_nonzero(m)) == 1
    # The module itself shares them.
    for own in [xp.from_dlpack(m), xp.from_dlpack(m, copy=False), xp.asarray(m, copy=False)]:
        own[4] = ~own[4]
    assert bool(m[4]) and not xp.from_dlpack(m, copy=True)[5]


@pytest.mark.parametrize("byte", [2, 255])
def test_others_cannot_make_invalid_booleans_of_their_memory(byte):
    a = np.zeros(1000, dtype=bool)
    xs = [make() for name, make in ways(a).items() if name != "not copied"]
    strided = xp.asarray(a[::-2])
    a.view(np.uint8)[:] = byte
    for x in [*xs, strided]:
        assert int(xp.count_nonzero(x)) == 0 and not xp.any(x)
        assert xp.arange(x.shape[0])[x].shape == (0,)
        x[1] = True
        assert xp.arange(x.shape[0])[x].tolist() == [1] and "Truetan" not in repr(x)
    # Bytes that are there when the memory is taken are true, as in NumPy.
    assert int(xp.count_nonzero(xp.asarray(a))) == 1000 and int(xp.sum(xp.astype(xp.asarray(a), xp.int64))) == 1000
    for refuse in [lambda: xp.asarray(a, copy=False), lambda: xp.from_dlpack(a, copy=False), lambda: xp.asarray(memoryview(a), copy=False)]:
        with pytest.raises(BufferError, match="no booleans"):
            refuse()
    assert xp.asarray(a[:0], copy=False).shape == (0,)


def test_elements_that_overlap_are_copied_once():
    x = xp.asarray(np.broadcast_to(True, (2**45,)))
    assert x.shape == (2**45,) and bool(x[2**44])
    y = xp.asarray(np.broadcast_to(np.asarray([[True], [False]]), (3, 2, 4)))
    assert y.tolist() == [[[True] * 4, [False] * 4]] * 3
    z = xp.asarray(np.broadcast_to(np.asarray([1.0, 2.0]), (3, 2)), copy=True)
    b = np.asarray(z)
    z[0, 0] = 5.0
    assert b.flags.writeable and z.tolist() == [[5.0, 2.0], [1.0, 2.0], [1.0, 2.0]]


OPERATORS = {
    "float64": [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod, operator.ipow, operator.imatmul],
    "int64": [operator.iadd, operator.isub, operator.imul, operator.ifloordiv, operator.imod, operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift],
}


@pytest.mark.parametrize("view", [False, True], ids=["alone", "with a view"])
@pytest.mark.parametrize("dtype, op", [(d, op) for d, ops in OPERATORS.items() for op in ops], ids=lambda p: getattr(p, "__name__", p))
def test_in_place_operators_write_to_shared_memory(dtype, op, view):
    other = np.asarray([[2, 1, 4], [1, 1, 3], [1, 2, 1]], dtype=dtype)
    for layout in [lambda: np.arange(1, 10).reshape(3, 3).astype(dtype), lambda: np.arange(1, 37).reshape(6, 6).astype(dtype)[::-2, ::2]]:
        expected = op(layout(), other)
        for name in ways(expected):
            a = layout()
            x = ways(a)[name]()
            another = x[1:, :] if view else None
            same = x
            x = op(x, xp.asarray(other))
            assert x is same
            np.testing.assert_array_equal(a, expected, err_msg=name)
            assert another is None or another.tolist() == expected[1:].tolist()
        y = xp.asarray(layout(), copy=True)
        lent = np.asarray(y)
        y = op(y, xp.asarray(other))
        np.testing.assert_array_equal(lent, expected)


ASSIGNMENTS = {
    "integer": (0, 9), "integers": ((1, 2), 9), "slice": (slice(1, None), 9), "steps": ((slice(None, None, -2), slice(None, None, 3)), 9), "ellipsis": (..., 9),
    "new axis": ((None, 1), [[5, 6, 7, 8]]), "row": (1, [5, 6, 7, 8]), "index array": (np.asarray([0, 2]), 9), "index array, rows": (np.asarray([2, 0]), [[1, 2, 3, 4], [5, 6, 7, 8]]),
    "list": ([0, -1], 9), "two index arrays": ((np.asarray([0, 1]), np.asarray([3, 2])), [8, 9]), "index array and slice": ((slice(None), np.asarray([1, 3])), 9),
    "integer and index array": ((2, np.asarray([1, 3])), [8, 9]), "mask": (np.arange(12).reshape(3, 4) % 5 == 0, 9), "mask, values": (np.arange(12).reshape(3, 4) % 5 == 0, [7, 8, 9]),
    "mask of rows": (np.asarray([True, False, True]), 9), "mask of columns": ((slice(None), np.asarray([True, False, False, True])), 9), "True": (True, 9), "nothing": ([], 9),
}


@pytest.mark.parametrize("view", [False, True], ids=["alone", "with a view"])
@pytest.mark.parametrize("key, value", ASSIGNMENTS.values(), ids=ASSIGNMENTS.keys())
@pytest.mark.parametrize("dtype", ["float64", "int16"])
def test_assignments_write_to_shared_memory(dtype, key, value, view):
    def ours(k):
        return tuple(map(ours, k)) if isinstance(k, tuple) else xp.asarray(k) if isinstance(k, np.ndarray) else k

    for layout in [lambda: np.zeros((3, 4), dtype=dtype), lambda: np.zeros((6, 8), dtype=dtype)[::-2, 1::2], lambda: np.zeros((4, 3), dtype=dtype).T]:
        expected = layout()
        expected[key] = value
        for name in ways(expected):
            a = layout()
            x = ways(a)[name]()
            another = x[...] if view else None
            x[ours(key)] = value if isinstance(value, int) else xp.asarray(value, dtype=x.dtype)
            np.testing.assert_array_equal(a, expected, err_msg=name)
            assert another is None or another.tolist() == expected.tolist()
        y = xp.zeros((3, 4), dtype=getattr(xp, dtype))
        lent = np.asarray(y)
        y[ours(key)] = value if isinstance(value, int) else xp.asarray(value, dtype=y.dtype)
        np.testing.assert_array_equal(lent, expected)


def test_results_are_never_written_to_shared_memory():
    a = np.arange(20_000.0)
    expected = a.copy()
    for x in [xp.asarray(a), xp.asarray(a)[::1], xp.from_dlpack(a)]:
        for f in [lambda v: v + 1.0, lambda v: -v, xp.sqrt, xp.fft.fft, lambda v: xp.clip(v, 3.0, 4.0), xp.sort, lambda v: xp.cumulative_sum(v), lambda v: xp.where(v > 3.0, v, 0.0)]:
            f(x)
            np.testing.assert_array_equal(a, expected)


OUT_OF_MEMORY = """
import resource
import numpy as np
import xparray as xp

N = 2_000_000
numbers, nested = [0.5] * N, [[1, 2j]] * (N // 2)
x, long = xp.zeros(N), xp.ones((N // 8, 8), dtype=xp.uint8)
restore, data, _ = xp.ones(1).__reduce__()[0], bytes(8 * N), xp.sum(x)
masks = np.zeros(1 << 27, dtype=bool)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (12 << 20), resource.getrlimit(resource.RLIMIT_AS)[1]))
jobs = {
    "asarray(list)": lambda: xp.asarray(numbers), "asarray(nested)": lambda: xp.asarray(nested), "asarray([arrays])": lambda: xp.asarray([x]), "tolist": x.tolist, "tolist of strides": lambda: long.mT.tolist(),
    "pickle": x.__reduce__, "unpickle": lambda: restore(xp.float64, (N,), data), "booleans": lambda: xp.asarray(masks), "copy": lambda: xp.asarray(x, copy=True), "x + 1": lambda: x + 1.0,
    "copy of overlapping": lambda: xp.asarray(np.broadcast_to(True, (2**45,)), copy=True),
}
for name, job in jobs.items():
    try:
        job()
    except MemoryError:
        print("MemoryError")
    else:
        print(name)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space is limited, and read, as on Linux")
def test_memory_that_runs_out_is_an_error():
    done = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split("\n")) == (0, ["MemoryError"] * 11 + [""]), done.stdout + done.stderr


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
    with pytest.raises((TypeError, BufferError)):
        xp.from_dlpack(np.zeros(3, dtype="longdouble"))


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
        (1, {"device": "gpu"}, ValueError), (1, {"device": 1}, TypeError), (np.zeros(3, dtype="longdouble"), {}, (TypeError, BufferError)), (np.zeros(3, dtype=object), {}, (TypeError, BufferError)),
        (np.zeros(3, dtype=">f8"), {}, (TypeError, BufferError)), (np.zeros(3, dtype="U3"), {}, (TypeError, BufferError)),
    ],
    ids=repr,
)
@pytest.mark.usefixtures("strict")
def test_wrong_objects(obj, kwargs, error):
    with pytest.raises(error):
        xp.asarray(obj, **kwargs)
