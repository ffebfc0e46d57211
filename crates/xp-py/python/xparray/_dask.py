"""Arrays of xparray as chunks of Dask's, and on their way between its workers.

Nothing here imports Dask. ``wait`` asks to be called when it has been imported, by whom ever, and at once if it has been already.
"""

import sys

from . import _numpy
from . import _xparray as xp


def _arrays():
    """Tells ``dask.array`` how chunks are put together, and lets it compute by NumPy's functions."""
    from dask.array import backends, dispatch
    from dask.base import normalize_token

    def concatenate(arrays, axis=0, **_):
        return xp.concat([xp.asarray(x) for x in arrays], axis=axis)

    def tensordot(a, b, axes=2):
        return xp.tensordot(xp.asarray(a), xp.asarray(b), axes=axes)

    def einsum(subscripts, *operands, **kwargs):
        from .extra import einsum

        kwargs = {name: value for name, value in kwargs.items() if name not in ("dtype", "casting", "order", "optimize")}
        return einsum(subscripts, *(xp.asarray(x) for x in operands), **kwargs)

    _numpy.protocols_of_arrays()
    dispatch.concatenate_lookup.register(xp.Array, concatenate)
    dispatch.tensordot_lookup.register(xp.Array, tensordot)
    dispatch.einsum_lookup.register(xp.Array, einsum)
    dispatch.take_lookup.register(xp.Array, lambda a, indices, axis=None: a.take(indices, axis=axis))
    dispatch.numel_lookup.register(xp.Array, backends._numel_arraylike)
    dispatch.to_numpy_dispatch.register(xp.Array, lambda x, **_: x.__array__())

    @normalize_token.register(xp.Array)
    def token(x):
        return "xparray", x.dtype.name, x.shape, normalize_token(x.__array__())


def _frames():
    """Tells ``distributed`` how arrays are sent: as their memory, which is not copied when it is in one piece."""
    from distributed.protocol import dask_deserialize, dask_serialize

    @dask_serialize.register(xp.Array)
    def serialize(x):
        flat = memoryview(x if x.flags.c_contiguous else x.copy()).cast("B") if x.size else memoryview(b"")
        return {"dtype": x.dtype.name, "shape": x.shape}, [flat]

    @dask_deserialize.register(xp.Array)
    def deserialize(header, frames):
        import numpy as np

        shape, dtype = tuple(header["shape"]), header["dtype"]
        if 0 in shape:
            return xp.zeros(shape, dtype=getattr(xp, "bool" if dtype == "bool" else dtype))
        return xp.asarray(np.frombuffer(frames[0], dtype=dtype).reshape(shape))


class _Waits:
    """A finder of modules, which calls a function after one has been imported. (Its abstract class takes longer to import than xparray.)"""

    def __init__(self, name, then):
        self.name, self.then = name, then

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        import importlib.util

        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        run, then = spec.loader.exec_module, self.then

        def exec_module(module):
            run(module)
            then()

        spec.loader.exec_module = exec_module
        return spec


def wait():
    """Registers what Dask's libraries need as soon as they are there."""
    for name, then in [("dask.array", _arrays), ("distributed.protocol", _frames)]:
        module = sys.modules.get(name)
        # One that is being imported does not have everything yet.
        if module is None or getattr(getattr(module, "__spec__", None), "_initializing", False):
            sys.meta_path.insert(0, _Waits(name, then))
        else:
            then()
