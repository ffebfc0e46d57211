"""Discrete Fourier transforms: the extension ``fft`` of the standard."""

from ._xparray import _fft as _native

__all__ = [name for name in dir(_native) if not name.startswith("_")]
globals().update({name: getattr(_native, name) for name in __all__})
