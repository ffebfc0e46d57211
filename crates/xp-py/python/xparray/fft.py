"""Discrete Fourier transforms: the extension ``fft`` of the standard, and all of ``scipy.fft``.

Transforms of two axes, cosine and sine transforms, Hankel transforms and convolutions have SciPy's names and defaults.
"""

from ._xparray import _fft as _native

__all__ = [name for name in dir(_native) if not name.startswith("_")]
globals().update({name: getattr(_native, name) for name in __all__})


def _plane(name):
    many = getattr(_native, name + "n")

    def transform(x, /, *, s=None, axes=(-2, -1), norm="backward"):
        return many(x, s=s, axes=axes, norm=norm)

    transform.__name__ = transform.__qualname__ = name + "2"
    transform.__doc__ = f"``{name}n`` along two axes, the last ones unless others are given."
    return transform


fft2, ifft2, rfft2, irfft2, hfft2, ihfft2 = map(_plane, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
__all__ += ["fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2"]
