"""The array API standard 2025.12, computed by xp."""

import os as _os

from . import _creation, _dask, _methods, _numpy, _xparray
from ._xparray import *  # noqa: F403
from ._xparray import __array_api_version__, __array_namespace_info__, __version__, _restore

_methods.install(_xparray.Array)
_numpy.attributes_of_dtypes()
if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(before=_xparray._before_fork)

from . import extra, fft, linalg, random  # noqa: E402
from ._creation import *  # noqa: E402, F403

_dask.wait()


def show_config(mode="stdout"):
    """Prints what the module was built from and how it runs here: versions, the instruction set of its loops, threads, whether it is
    strict. With mode="dicts" it returns them instead."""
    if mode not in ("stdout", "dicts"):
        raise ValueError(f"show_config(): mode is 'stdout' or 'dicts'; {mode!r} given")
    found = {**_xparray._config(), "strict": is_strict()}  # noqa: F405
    if mode == "dicts":
        return found
    for name, value in found.items():
        print(f"{name}: {value}")


__all__ = [
    *(name for name in _xparray.__all__ if not name.startswith("_")),
    *_creation.__all__,
    "__array_api_version__",
    "__array_namespace_info__",
    "extra",
    "fft",
    "linalg",
    "random",
    "show_config",
]
