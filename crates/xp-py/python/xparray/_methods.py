"""What NumPy's arrays have beside the standard: methods and attributes of ``Array``, made of the functions of the namespace.

Signatures, defaults and results are NumPy's. ``install`` puts them on the class.
"""

import operator
import types

from . import _xparray as xp


def _to(out, result):
    """The result; written to out when that is given."""
    if out is None:
        return result
    if not isinstance(out, xp.Array):
        raise TypeError(f"out must be an array of xparray; {type(out).__name__} given")
    if out.shape != result.shape:
        raise ValueError(f"out has shape {out.shape}, the result {result.shape}")
    out[...] = result
    return out


def _order(x, order, allowed="CFA"):
    """Whether rows run slower than columns ("C") or faster ("F")."""
    if order not in tuple(allowed):
        raise ValueError(f"order is one of {', '.join(allowed)}; {order!r} given")
    if order == "A":
        return "F" if x.flags.fnc else "C"
    return "C" if order == "K" else order


def _reversed(x):
    return xp.permute_dims(x, tuple(range(x.ndim))[::-1])


class Flags:
    """How an array lies in memory, by attribute (``c_contiguous``) or key (``"C_CONTIGUOUS"``)."""

    __slots__ = ("aligned", "c_contiguous", "f_contiguous", "owndata", "writeable")
    _short = {"C": "c_contiguous", "F": "f_contiguous", "W": "writeable", "A": "aligned", "O": "owndata"}

    def __init__(self, x):
        def packed(axes):
            step = x.itemsize
            for n, stride in axes:
                if n > 1 and stride != step:
                    return False
                step *= n
            return True

        axes = list(zip(x.shape, x.strides))
        self.c_contiguous = x.size == 0 or packed(axes[::-1])
        self.f_contiguous = x.size == 0 or packed(axes)
        self.writeable = x._is_writable
        self.aligned = True
        self.owndata = False

    contiguous = property(lambda self: self.c_contiguous)
    fortran = property(lambda self: self.f_contiguous)
    fnc = property(lambda self: self.f_contiguous and not self.c_contiguous)
    forc = property(lambda self: self.f_contiguous or self.c_contiguous)

    def __getitem__(self, key):
        name = self._short.get(key, key.lower() if isinstance(key, str) else "")
        if name not in self.__slots__:
            raise KeyError(f"unknown flag {key!r}: one of {', '.join(n.upper() for n in self.__slots__)}")
        return getattr(self, name)

    def __repr__(self):
        return "\n".join(f"  {name.upper()} : {getattr(self, name)}" for name in self.__slots__)


class Methods:
    """The methods; ``self`` is an array."""

    # Reductions.

    def sum(self, axis=None, dtype=None, out=None, keepdims=False):
        """The sum over axes."""
        return _to(out, xp.sum(self, axis=axis, dtype=dtype, keepdims=keepdims))

    def prod(self, axis=None, dtype=None, out=None, keepdims=False):
        """The product over axes."""
        return _to(out, xp.prod(self, axis=axis, dtype=dtype, keepdims=keepdims))

    def mean(self, axis=None, dtype=None, out=None, keepdims=False):
        """The arithmetic mean over axes."""
        return _to(out, xp.mean(self if dtype is None else xp.astype(self, dtype, copy=False), axis=axis, keepdims=keepdims))

    def std(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
        """The standard deviation over axes, with n - ddof as the divisor."""
        x = self if dtype is None else xp.astype(self, dtype, copy=False)
        return _to(out, xp.std(x, axis=axis, correction=ddof if correction is None else correction, keepdims=keepdims))

    def var(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
        """The variance over axes, with n - ddof as the divisor."""
        x = self if dtype is None else xp.astype(self, dtype, copy=False)
        return _to(out, xp.var(x, axis=axis, correction=ddof if correction is None else correction, keepdims=keepdims))

    def min(self, axis=None, out=None, keepdims=False):
        """The smallest element along axes."""
        return _to(out, xp.min(self, axis=axis, keepdims=keepdims))

    def max(self, axis=None, out=None, keepdims=False):
        """The largest element along axes."""
        return _to(out, xp.max(self, axis=axis, keepdims=keepdims))

    def any(self, axis=None, out=None, keepdims=False):
        """Whether some element is neither zero nor False."""
        return _to(out, xp.any(self, axis=axis, keepdims=keepdims))

    def all(self, axis=None, out=None, keepdims=False):
        """Whether no element is zero or False."""
        return _to(out, xp.all(self, axis=axis, keepdims=keepdims))

    def argmin(self, axis=None, out=None, *, keepdims=False):
        """The position of the first smallest element."""
        return _to(out, xp.argmin(self, axis=axis, keepdims=keepdims))

    def argmax(self, axis=None, out=None, *, keepdims=False):
        """The position of the first largest element."""
        return _to(out, xp.argmax(self, axis=axis, keepdims=keepdims))

    def cumsum(self, axis=None, dtype=None, out=None):
        """The sums of the elements up to each one; of the flattened array without an axis."""
        x, axis = (self.ravel(), 0) if axis is None else (self, axis)
        return _to(out, xp.cumulative_sum(x, axis=axis, dtype=dtype))

    def cumprod(self, axis=None, dtype=None, out=None):
        """The products of the elements up to each one; of the flattened array without an axis."""
        x, axis = (self.ravel(), 0) if axis is None else (self, axis)
        return _to(out, xp.cumulative_prod(x, axis=axis, dtype=dtype))

    # Order.

    def sort(self, axis=-1, kind=None, order=None, *, stable=None):
        """Puts the elements in order along an axis, in place."""
        _no_fields(order)
        self[...] = xp.sort(self, axis=axis)

    def argsort(self, axis=-1, kind=None, order=None, *, stable=None):
        """The positions that put the elements in order along an axis. Equal elements keep their order."""
        _no_fields(order)
        x, axis = (self.ravel(), 0) if axis is None else (self, axis)
        return xp.argsort(x, axis=axis)

    def searchsorted(self, v, side="left", sorter=None):
        """The positions at which v goes into this sorted vector."""
        return xp.searchsorted(self, v if isinstance(v, (int, float)) else xp.asarray(v), side=side, sorter=sorter)

    def nonzero(self):
        """The positions of the elements that are neither zero nor False: one vector per axis."""
        return xp.nonzero(self)

    # Shape.

    def reshape(self, *shape, order="C", copy=None):
        """The elements under another shape: a view where that is possible."""
        shape = shape[0] if len(shape) == 1 else shape
        if _order(self, order) == "C":
            return xp.reshape(self, shape, copy=copy)
        shape = (shape,) if not isinstance(shape, (tuple, list)) else tuple(shape)
        return _reversed(xp.reshape(_reversed(self), shape[::-1], copy=copy))

    def ravel(self, order="C"):
        """The elements as a vector: a view where that is possible."""
        return xp.reshape(self if _order(self, order, "CFAK") == "C" else _reversed(self), (-1,))

    def flatten(self, order="C"):
        """The elements as a vector of its own."""
        return xp.reshape(self if _order(self, order, "CFAK") == "C" else _reversed(self), (-1,), copy=True)

    def transpose(self, *axes):
        """The array with its axes in another order, in reverse without arguments."""
        axes = axes[0] if len(axes) == 1 else axes
        if axes is None or axes == ():
            return _reversed(self)
        return xp.permute_dims(self, axes)

    def swapaxes(self, axis1, axis2):
        """The array with two axes swapped."""
        axes = list(range(self.ndim))
        try:
            axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
        except IndexError:
            raise xp.AxisError(f"swapaxes(): axes {axis1} and {axis2} given for an array of {self.ndim} axes") from None
        return xp.permute_dims(self, tuple(axes))

    def squeeze(self, axis=None):
        """The array without axes of length 1: all of them, or those given."""
        if axis is None:
            axis = tuple(k for k, n in enumerate(self.shape) if n == 1)
        return xp.squeeze(self, axis)

    def repeat(self, repeats, axis=None):
        """Every element repeated."""
        return xp.repeat(self, xp.asarray(repeats) if isinstance(repeats, (list, tuple)) else repeats, axis=axis)

    def take(self, indices, axis=None, out=None, mode="raise"):
        """The elements at positions along an axis; of the flattened array without one."""
        x, axis = (self.ravel(), 0) if axis is None else (self, axis)
        at = xp.asarray(indices)
        if mode not in ("raise", "wrap", "clip"):
            raise ValueError(f"take(): mode is 'raise', 'wrap' or 'clip'; {mode!r} given")
        if mode == "wrap":
            at = at % x.shape[axis]
        elif mode == "clip":
            at = xp.clip(at, 0, x.shape[axis] - 1)
        found = xp.take(x, at.ravel(), axis=axis)
        axis %= x.ndim
        return _to(out, xp.reshape(found, x.shape[:axis] + at.shape + x.shape[axis + 1 :]))

    def diagonal(self, offset=0, axis1=0, axis2=1):
        """The diagonals of two axes."""
        return xp._linalg.diagonal(xp.moveaxis(self, (axis1, axis2), (-2, -1)), offset=offset)

    def trace(self, offset=0, axis1=0, axis2=1, dtype=None, out=None):
        """The sums of the diagonals of two axes."""
        return _to(out, xp._linalg.trace(xp.moveaxis(self, (axis1, axis2), (-2, -1)), offset=offset, dtype=dtype))

    # Elements.

    def astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
        """The elements in another dtype."""
        out = xp.astype(self, dtype, copy=copy)
        if casting not in ("no", "equiv", "safe", "same_kind", "unsafe"):
            raise ValueError(f"astype(): casting {casting!r} given")
        if casting in ("no", "equiv") and out.dtype is not self.dtype or casting == "safe" and not xp.can_cast(self, out.dtype):
            raise TypeError(f"astype(): {self.dtype} cannot become {out.dtype} with casting={casting!r}")
        return out

    def copy(self, order="C"):
        """The elements in memory of their own."""
        return xp.asarray(self, copy=True)

    def view(self, dtype=None):
        """The array over the same memory; with a dtype, the same bytes read as that."""
        if dtype is None:
            return self[...]
        import numpy as np

        target = dtype.name if isinstance(dtype, xp.DType) else dtype
        return xp.asarray(np.asarray(self).view(np.dtype(target)))

    def fill(self, value):
        """Sets every element."""
        self[...] = value

    def clip(self, min=None, max=None, out=None):
        """Every element limited to the range from min to max."""
        return _to(out, xp.clip(self, min, max))

    def round(self, decimals=0, out=None):
        """The elements rounded to a number of decimals; halves go to the even neighbour."""
        if decimals == 0:
            return _to(out, xp.round(self))
        if xp.isdtype(self.dtype, ("bool", "integral")) and decimals > 0:
            return _to(out, self.copy())
        scale = 10.0 ** abs(decimals)
        x = xp.round(self * scale) / scale if decimals > 0 else xp.round(self / scale) * scale
        return _to(out, xp.astype(x, self.dtype, copy=False))

    def conj(self):
        """The complex conjugates."""
        return xp.conj(self)

    conjugate = conj

    def dot(self, b, out=None):
        """The product of vectors or matrices; over the last axis, and the last but one of b, for arrays of more axes."""
        b = b if isinstance(b, (int, float, complex, xp.Array)) else xp.asarray(b)
        if not isinstance(b, xp.Array) or self.ndim == 0 or b.ndim == 0:
            return _to(out, self * b)
        axes = ((self.ndim - 1,), (max(b.ndim - 2, 0),))
        return _to(out, xp.matmul(self, b) if self.ndim <= 2 and b.ndim <= 2 else xp.tensordot(self, b, axes=axes))

    def tobytes(self, order="C"):
        """The bytes of the elements, row by row, or column by column with order="F"."""
        x = self if _order(self, order) == "C" else _reversed(self)
        return memoryview(x.to_device("cpu")).tobytes()

    real = property(lambda self: xp.real(self), doc="The real parts.")
    imag = property(lambda self: xp.imag(self), doc="The imaginary parts.")
    flags = property(Flags, doc="How the array lies in memory.")

    # What Python and other libraries call.

    def __array__(self, dtype=None, copy=None):
        """The elements as an array of NumPy: over the same memory, unless a copy is asked for or another dtype. Arrays on other devices than
        the CPU are refused: ``to_device`` copies them, and never in silence."""
        if self.device != "cpu":
            raise TypeError(f'__array__(): an array on {self.device} does not become one of NumPy in silence: copy it with to_device("cpu")')
        import numpy as np

        x = np.asarray(memoryview(self))
        if dtype is not None and np.dtype(dtype) != x.dtype:
            if copy is False:
                raise ValueError(f"__array__(): copy=False, but dtype {x.dtype} becomes {np.dtype(dtype)} by a copy only")
            return x.astype(dtype)
        return x.copy() if copy else x

    def __format__(self, spec):
        if self.ndim == 0:
            return format(self.item(), spec)
        if spec:
            raise TypeError(f"format {spec!r} given for an array of shape {self.shape}: only arrays of rank 0 have one")
        return str(self)

    def __contains__(self, element):
        return bool(xp.any(self == element))

    def __divmod__(self, other):
        q = operator.floordiv(self, other)
        return q, operator.mod(self, other)

    def __rdivmod__(self, other):
        q = operator.floordiv(other, self)
        return q, operator.mod(other, self)

    def __round__(self, ndigits=None):
        if ndigits is None and self.ndim == 0:
            return round(self.item())
        return self.round(ndigits or 0)


def _no_fields(order):
    if order is not None:
        raise ValueError("order names fields, which arrays of xparray do not have")


def install(array):
    """Gives the class of arrays these methods and attributes."""
    for name, value in vars(Methods).items():
        if name not in ("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__static_attributes__", "__firstlineno__"):
            if isinstance(value, types.FunctionType) and value.__name__ == name:
                value.__qualname__ = f"Array.{name}"
            setattr(array, name, value)
