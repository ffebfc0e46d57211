"""DLPack's exchange API: the table of C functions on the class, called as an extension calls it."""

import ctypes
import gc
import weakref
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p, py_object

import numpy as np
import pytest
import xparray as xp


class Tensor(Structure):
    _fields_ = [
        ("data", c_void_p), ("device_type", c_int), ("device_id", c_int32), ("ndim", c_int32), ("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16),
        ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)), ("byte_offset", c_uint64),
    ]  # fmt: skip


class Managed(Structure):
    pass


DELETER = ctypes.PYFUNCTYPE(None, POINTER(Managed))
Managed._fields_ = [("major", c_uint32), ("minor", c_uint32), ("context", c_void_p), ("deleter", DELETER), ("flags", c_uint64), ("tensor", Tensor)]
SET_ERROR = ctypes.PYFUNCTYPE(None, c_void_p, c_char_p, c_char_p)


class Table(Structure):
    # Functions that set exceptions: ctypes raises them.
    _fields_ = [
        ("major", c_uint32), ("minor", c_uint32), ("older", c_void_p),
        ("allocate", ctypes.PYFUNCTYPE(c_int, POINTER(Tensor), POINTER(POINTER(Managed)), c_void_p, SET_ERROR)),
        ("managed_of", ctypes.PYFUNCTYPE(c_int, py_object, POINTER(POINTER(Managed)))),
        ("array_of", ctypes.PYFUNCTYPE(c_int, POINTER(Managed), POINTER(py_object))),
        ("view_of", ctypes.PYFUNCTYPE(c_int, py_object, POINTER(Tensor))),
        ("stream_of", ctypes.PYFUNCTYPE(c_int, c_int, c_int32, POINTER(c_void_p))),
    ]  # fmt: skip


@pytest.fixture
def table():
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c_void_p, [py_object, c_char_p]
    return Table.from_address(pointer(xp.Array.__dlpack_c_exchange_api__, b"dlpack_exchange_api"))


def managed(table, x):
    out = POINTER(Managed)()
    assert table.managed_of(x, byref(out)) == 0
    return out


def array(table, tensor):
    out = py_object()
    assert table.array_of(tensor, byref(out)) == 0
    value = out.value
    # The reference that the function has given away, which ctypes does not count.
    ctypes.pythonapi.Py_DecRef(py_object(value))
    return value


def address(x):
    return np.asarray(x).__array_interface__["data"][0]


def test_the_table_says_its_version(table):
    assert (table.major, table.minor, table.older) == (1, 3, None)
    assert "dlpack_exchange_api" in repr(type(xp.zeros(2)).__dlpack_c_exchange_api__)


def test_arrays_go_out_and_come_back(table):
    x = xp.reshape(xp.arange(12, dtype=xp.int16), (3, 4)).T
    out = managed(table, x)
    t = out.contents.tensor
    assert (out.contents.major, out.contents.flags, t.device_type, t.code, t.bits, t.lanes) == (1, 0, 1, 0, 16, 1)
    assert t.shape[: t.ndim] == [4, 3] and t.strides[: t.ndim] == [1, 4] and t.data + t.byte_offset == address(x)
    y = array(table, out)
    assert y.tolist() == x.tolist() and address(y) == address(x)
    y[0, 0] = 99
    assert x[0, 0] == 99
    # A tensor that nobody imports is given back by its deleter, and keeps the array until then.
    out, alive = managed(table, x), weakref.ref(x)
    del x, y  # the other one keeps it too
    gc.collect()
    assert alive() is not None
    out.contents.deleter(out)
    assert alive() is None
    # Memory that must not be written says so; booleans are copied.
    frozen = xp.broadcast_to(xp.ones(1), (5,))
    out = managed(table, frozen)
    assert out.contents.flags == 1
    out.contents.deleter(out)
    truth = xp.asarray([True, False])
    out = managed(table, truth)
    assert out.contents.flags == 2 and out.contents.tensor.data != address(truth)
    assert array(table, out).tolist() == [True, False]


def test_views_cost_no_allocation(table):
    x = xp.reshape(xp.arange(6.0), (2, 3))
    t = Tensor()
    assert table.view_of(x, byref(t)) == 0
    assert (t.ndim, t.shape[:2], t.strides[:2], t.data, t.code, t.bits, t.byte_offset) == (2, [2, 3], [3, 1], address(x), 2, 64, 0)
    for wrong in (xp.asarray([True]), xp.broadcast_to(xp.ones(1), (5,))):
        with pytest.raises(BufferError, match="managed"):
            table.view_of(wrong, byref(t))
    for f in (lambda: table.view_of(np.ones(2), byref(t)), lambda: table.managed_of([1], byref(POINTER(Managed)()))):
        with pytest.raises(TypeError, match="an array of xparray expected"):
            f()


def test_streams(table):
    stream = c_void_p(1)
    assert table.stream_of(1, 0, byref(stream)) == 0 and stream.value is None
    with pytest.raises(BufferError):
        table.stream_of(99, 0, byref(stream))


def test_memory_is_allocated(table):
    said = []
    tell = SET_ERROR(lambda context, kind, message: said.append((context, kind.decode(), message.decode())))
    shape = (c_int64 * 2)(3, 4)
    prototype, out = Tensor(device_type=1, ndim=2, code=2, bits=32, lanes=1, shape=shape), POINTER(Managed)()
    assert table.allocate(byref(prototype), byref(out), None, tell) == 0 and not said
    t = out.contents.tensor
    assert t.shape[:2] == [3, 4] and t.strides[:2] == [4, 1] and (t.code, t.bits, t.device_type) == (2, 32, 1)
    (ctypes.c_float * 12).from_address(t.data)[5] = 2.5
    x = array(table, out)
    assert x.shape == (3, 4) and x.dtype is xp.float32 and x[1, 1] == 2.5 and float(xp.sum(x)) == 2.5
    for change in ({"bits": 24}, {"device_type": 99}, {"shape": (c_int64 * 2)(-1, 2)}, {"ndim": -1}):
        fields = {"device_type": 1, "ndim": 2, "code": 2, "bits": 32, "lanes": 1, "shape": shape, **change}
        assert table.allocate(byref(Tensor(**fields)), byref(out), 7, tell) == -1
    assert [s[0] for s in said] == [7] * 4 and {s[1] for s in said} <= {"BufferError", "TypeError"} and all("exchange_api" in s[2] for s in said)
