"""DLPack with PyTorch on the CPU, in both directions, in the same memory."""

import numpy as np
import pytest

import xparray as xp

torch = pytest.importorskip("torch", exc_type=ImportError)

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64", "complex64", "complex128"]


def sample(dtype, shape=(3, 4)):
    values = np.arange(np.prod(shape)).reshape(shape) % 7 - (0 if dtype in ("bool", "uint8") else 3)
    return values.astype(dtype) * (1 + 2j if dtype.startswith("complex") else 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_there_and_back(dtype):
    values = sample(dtype).astype(dtype)
    x = xp.asarray(values.copy())
    t = torch.from_dlpack(x)
    assert t.dtype == getattr(torch, dtype) and tuple(t.shape) == (3, 4)
    assert np.array_equal(t.numpy(), values)
    back = xp.from_dlpack(t)
    assert back.dtype == x.dtype and np.array_equal(np.asarray(back), values)
    assert back.shape == x.shape


def address(t):
    return t.data_ptr()


def test_memory_is_shared():
    x = xp.asarray(np.arange(12.0).reshape(3, 4)) + 0.0
    t = torch.from_dlpack(x)
    t[1, 2] = 100.0
    assert float(x[1, 2]) == 100.0
    x[0, 0] = -1.0
    assert t[0, 0].item() == -1.0
    y = xp.from_dlpack(t)
    assert torch.from_dlpack(y).data_ptr() == address(t)
    t += 1
    assert float(y[2, 3]) == 12.0
    u = torch.arange(6, dtype=torch.int32)
    z = xp.asarray(u)
    z[1:3] = 7
    assert u.tolist() == [0, 7, 7, 3, 4, 5]


def test_memory_outlives_its_maker():
    t = torch.from_dlpack(xp.asarray(np.arange(1000.0)) * 2.0)
    x = xp.from_dlpack(torch.arange(1000, dtype=torch.float64))
    junk = [xp.ones((1000,)) for _ in range(100)] + [torch.ones(1000) for _ in range(100)]
    assert t.sum().item() == 999_000.0 and float(xp.sum(x)) == 499_500.0
    del junk


@pytest.mark.parametrize(
    "view",
    [lambda v: v[1:, ::2], lambda v: v.T, lambda v: v[2], lambda v: v[:, :0], lambda v: v[1, 1], lambda v: v[None], lambda v: v[0:1, 3:4]],
)
def test_views_keep_their_strides(view):
    values = np.arange(12.0).reshape(3, 4)
    x, t = view(xp.asarray(values.copy())), view(torch.tensor(values))
    expected = view(values)
    there, back = torch.from_dlpack(x), xp.from_dlpack(t)
    assert tuple(there.shape) == back.shape == expected.shape
    assert np.array_equal(there.numpy(), expected) and np.array_equal(np.asarray(back), expected)


def test_what_cannot_be_shared_is_refused():
    with pytest.raises((BufferError, RuntimeError, TypeError)):
        xp.from_dlpack(torch.ones(3, requires_grad=True))
    with pytest.raises(TypeError, match="bfloat16: convert to float32"):
        xp.from_dlpack(torch.ones(3, dtype=torch.bfloat16))
    with pytest.raises((BufferError, RuntimeError, ValueError)):
        torch.from_dlpack(xp.flip(xp.asarray([1.0, 2.0, 3.0])))


def test_copies_are_copies():
    t = torch.arange(4.0)
    copy = xp.asarray(t, copy=True)
    t[0] = 9.0
    assert float(copy[0]) == 0.0
    x = xp.broadcast_to(xp.asarray([1.0]), (3,))
    u = torch.from_dlpack(x)
    assert u.tolist() == [1.0, 1.0, 1.0]


def test_memory_goes_back_through_both_libraries():
    # The last array over the memory belongs to one library, its owner to the other, and so on: what frees one calls the
    # other, which may have given the interpreter's lock away.
    x = xp.asarray(np.arange(10.0)) + 1.0
    for _ in range(6):
        t = torch.from_dlpack(x)
        x = xp.from_dlpack(t)
        del t
    assert float(xp.sum(x)) == 55.0
    del x
    y = xp.asarray(np.arange(10.0))
    t = torch.from_dlpack(y)
    del y
    assert t.sum().item() == 45.0
