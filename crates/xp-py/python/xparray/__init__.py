"""The array API standard 2025.12, computed by xp."""

from . import _xparray
from ._xparray import *  # noqa: F403
from ._xparray import __array_api_version__, __array_namespace_info__, __version__, _restore
from . import fft, linalg

__all__ = [
    *(name for name in _xparray.__all__ if not name.startswith("_")),
    "__array_api_version__",
    "__array_namespace_info__",
    "fft",
    "linalg",
]
