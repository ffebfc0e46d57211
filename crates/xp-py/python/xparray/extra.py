"""What array-api-extra has beside the standard, under its names, and a few functions of NumPy and SciPy that belong to it.

``xp=`` is taken and ignored, so that calls written for array-api-extra work.
"""

import operator

from . import _xparray as _x
from ._xparray import _extra
from ._xparray import Array

__all__ = [
    "angle", "apply_where", "argpartition", "at", "atleast_nd", "bincount", "broadcast_shapes", "cov", "create_diagonal", "default_dtype",
    "deg2rad", "diag_indices", "einsum", "expand_dims", "isclose", "isin", "kron", "lazy_apply", "logsumexp", "median", "nan_to_num", "nanmax",
    "nanmean", "nanmedian", "nanmin", "nansum", "nunique", "one_hot", "pad", "partition", "quantile", "rad2deg", "searchsorted", "setdiff1d", "sinc",
    "top_k", "tril_indices", "triu_indices", "union1d", "unravel_index",
]  # fmt: skip

_PI = 3.141592653589793


def _array(name, x):
    if not isinstance(x, Array):
        raise TypeError(f"{name}(): an array of xparray expected; {type(x).__name__} given")
    return x


def _floating(x):
    return x if _x.isdtype(x.dtype, ("real floating", "complex floating")) else _x.astype(x, _x.float64)


# Elements.


def angle(z, /, *, deg=False, xp=None):
    """The arguments of complex numbers, in degrees if asked for."""
    z = _array("angle", z)
    a = _x.atan2(_x.imag(z), _x.real(z))
    return rad2deg(a) if deg else a


def deg2rad(x, /, *, xp=None):
    """Degrees as radians."""
    return x * (_PI / 180.0)


def rad2deg(x, /, *, xp=None):
    """Radians as degrees."""
    return x * (180.0 / _PI)


def sinc(x, /, *, xp=None):
    """sin(pi x) / (pi x), which is 1 at 0."""
    y = _floating(x) * _PI
    zero = y == 0.0
    y = _x.where(zero, 1.0, y)
    return _x.where(zero, 1.0, _x.sin(y) / y)


def nan_to_num(x, /, *, fill_value=0.0, posinf=None, neginf=None, xp=None):
    """NaN replaced by a number, and infinities by the largest finite ones."""
    if not isinstance(x, Array):
        x = _x.asarray(x)
    if _x.isdtype(x.dtype, "complex floating"):
        parts = (nan_to_num(p, fill_value=fill_value, posinf=posinf, neginf=neginf) for p in (_x.real(x), _x.imag(x)))
        return operator.add(next(parts), next(parts) * 1j)
    if not _x.isdtype(x.dtype, "real floating"):
        return _x.asarray(x, copy=True)
    limits = _x.finfo(x.dtype)
    x = _x.where(_x.isnan(x), fill_value, x)
    x = _x.where(x == _x.inf, limits.max if posinf is None else posinf, x)
    return _x.where(x == -_x.inf, limits.min if neginf is None else neginf, x)


def isclose(a, b, *, rtol=1e-05, atol=1e-08, equal_nan=False, xp=None):
    """Whether |a - b| <= atol + rtol |b|, element by element; infinities are close to themselves, and NaN with equal_nan."""
    a, b = (x if isinstance(x, Array) else _x.asarray(x) for x in (a, b))
    if not _x.isdtype(_x.result_type(a, b), ("real floating", "complex floating")):
        if rtol == 0 and atol == 0:
            return a == b
        a, b = _floating(a), _floating(b)
    finite = _x.logical_and(_x.isfinite(a), _x.isfinite(b))
    close = _x.logical_and(finite, _x.abs(a - b) <= atol + rtol * _x.abs(b))
    out = _x.logical_or(close, a == b)
    return _x.logical_or(out, _x.logical_and(_x.isnan(a), _x.isnan(b))) if equal_nan else out


def apply_where(cond, args, f1, f2=None, /, *, fill_value=None, kwargs=None, xp=None):
    """f1 of the elements of args where cond holds; elsewhere f2 of them, or fill_value. Neither sees the elements of the other."""
    if (f2 is None) == (fill_value is None):
        raise TypeError("apply_where(): exactly one of f2 and fill_value must be given")
    args = (args,) if isinstance(args, Array) else tuple(args)
    kwargs = kwargs or {}
    cond, *args = _x.broadcast_arrays(cond, *args)
    yes = f1(*(x[cond] for x in args), **kwargs)
    no = None if f2 is None else f2(*(x[_x.logical_not(cond)] for x in args), **kwargs)
    other = fill_value if f2 is None else no
    dtype = _x.result_type(yes, other)
    if f2 is None:
        out = _x.astype(_x.broadcast_to(_x.asarray(other, device=cond.device), cond.shape), dtype, copy=True)
        out = _x.asarray(out, copy=True)
    else:
        out = _x.zeros(cond.shape, dtype=dtype, device=cond.device)
        out[_x.logical_not(cond)] = no
    out[cond] = yes
    return out


class at:
    """Writes to parts of an array: ``at(x)[key].set(y)``, ``at(x, key).add(y)`` and so on; in place unless copy is True, and
    the array is what they return."""

    __slots__ = ("_idx", "_x")
    _nothing = object()

    def __init__(self, x, idx=_nothing, /):
        self._x, self._idx = x, idx

    def __getitem__(self, idx):
        if self._idx is not at._nothing:
            raise ValueError("at(): the index was given already")
        return at(self._x, idx)

    def _write(self, value, copy, f=None):
        if self._idx is at._nothing:
            raise ValueError("at(): an index is missing: at(x, key) or at(x)[key]")
        x = self._x
        if copy:
            x = _x.asarray(x, copy=True)
        elif not x.flags.writeable:
            if copy is False:
                raise ValueError("at(): copy=False, but the memory must not be written")
            x = _x.asarray(x, copy=True)
        x[self._idx] = value if f is None else f(x[self._idx], value)
        return x

    def set(self, y, /, copy=None, xp=None):
        """x[key] = y"""
        return self._write(y, copy)

    def add(self, y, /, copy=None, xp=None):
        """x[key] += y"""
        return self._write(y, copy, operator.add)

    def subtract(self, y, /, copy=None, xp=None):
        """x[key] -= y"""
        return self._write(y, copy, operator.sub)

    def multiply(self, y, /, copy=None, xp=None):
        """x[key] *= y"""
        return self._write(y, copy, operator.mul)

    def divide(self, y, /, copy=None, xp=None):
        """x[key] /= y"""
        return self._write(y, copy, operator.truediv)

    def power(self, y, /, copy=None, xp=None):
        """x[key] **= y"""
        return self._write(y, copy, operator.pow)

    def min(self, y, /, copy=None, xp=None):
        """x[key] = minimum(x[key], y)"""
        return self._write(y, copy, _x.minimum)

    def max(self, y, /, copy=None, xp=None):
        """x[key] = maximum(x[key], y)"""
        return self._write(y, copy, _x.maximum)


def lazy_apply(func, *args, shape=None, dtype=None, as_numpy=False, xp=None, **kwargs):
    """func of the arguments: arrays of xparray are never lazy. With as_numpy it sees NumPy's arrays, and what it returns becomes
    arrays again."""
    if not as_numpy:
        return func(*args, **kwargs)
    import numpy as np

    out = func(*(np.asarray(x) if isinstance(x, Array) else x for x in args), **kwargs)
    return tuple(_x.asarray(x) for x in out) if isinstance(out, (tuple, list)) else _x.asarray(out)


# Shapes.


def atleast_nd(x, /, *, ndim, xp=None):
    """The array with new axes in front until it has ndim."""
    return x if x.ndim >= ndim else _x.reshape(x, (1,) * (ndim - x.ndim) + x.shape)


def expand_dims(a, /, *, axis=(0,), xp=None):
    """The array with new axes of length 1."""
    axis = axis if isinstance(axis, tuple) else (axis,)
    return _x.expand_dims(a, axis=axis) if axis else a


def broadcast_shapes(*shapes, xp=None):
    """The shape that shapes broadcast to; a length of None is unknown, and stays so unless another one decides."""
    ndim = max((len(s) for s in shapes), default=0)
    out = []
    for k in range(-ndim, 0):
        lengths = {s[k] for s in shapes if len(s) >= -k} - {1}
        known = lengths - {None}
        if len(known) > 1:
            raise ValueError(f"broadcast_shapes(): the shapes {shapes} do not broadcast: axis {k} has lengths {sorted(known)}")
        out.append(known.pop() if known else None if lengths else 1)
    return tuple(out)


def pad(x, pad_width, mode="constant", *, constant_values=0, xp=None):
    """The array with more elements at the ends of its axes, which have the value constant_values."""
    if mode != "constant":
        raise NotImplementedError(f"pad(): only mode='constant' is there; {mode!r} given")
    if isinstance(pad_width, int):
        pad_width = ((pad_width, pad_width),) * x.ndim
    pad_width = tuple(pad_width)
    if pad_width and isinstance(pad_width[0], int):
        pad_width = (pad_width,) * x.ndim if len(pad_width) == 2 else ((*pad_width, *pad_width),) * x.ndim
    if len(pad_width) == 1:
        pad_width *= x.ndim
    if len(pad_width) != x.ndim or any(a < 0 or b < 0 for a, b in pad_width):
        raise ValueError(f"pad(): one pair of lengths for each of {x.ndim} axes expected; {pad_width} given")
    out = _x.full(tuple(n + a + b for n, (a, b) in zip(x.shape, pad_width)), constant_values, dtype=x.dtype, device=x.device)
    out[tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, pad_width))] = x
    return out


def create_diagonal(x, /, *, offset=0, xp=None):
    """Matrices with the last axis of an array on a diagonal."""
    if x.ndim == 0:
        raise ValueError("create_diagonal(): an array of at least one axis expected")
    n = x.shape[-1] + abs(offset)
    out = _x.zeros((*x.shape[:-1], n, n), dtype=x.dtype, device=x.device)
    rows = _x.arange(x.shape[-1], device=x.device) + max(-offset, 0)
    out[..., rows, rows + offset] = x
    return out


def one_hot(x, /, num_classes, *, dtype=None, axis=-1, xp=None):
    """A new axis of length num_classes with a one at the place that each element names."""
    if not _x.isdtype(x.dtype, "integral"):
        raise TypeError(f"one_hot(): x must have an integer dtype; {x.dtype} given")
    out = _x.astype(x[..., None] == _x.arange(num_classes, dtype=x.dtype, device=x.device), _x.float64 if dtype is None else dtype)
    return _x.moveaxis(out, -1, axis)


def tril_indices(n, /, *, offset=0, m=None, device=None, xp=None):
    """The positions at and below a diagonal of an (n, m) matrix: rows and columns."""
    return _x.nonzero(_x.tril(_x.ones((n, n if m is None else m), dtype=_x.bool, device=device), k=offset))


def triu_indices(n, /, *, offset=0, m=None, device=None, xp=None):
    """The positions at and above a diagonal of an (n, m) matrix: rows and columns."""
    return _x.nonzero(_x.triu(_x.ones((n, n if m is None else m), dtype=_x.bool, device=device), k=offset))


def diag_indices(n, /, *, ndim=2, device=None, xp=None):
    """The positions of the diagonal of an array of ndim axes of length n."""
    return (_x.arange(n, device=device),) * ndim


def unravel_index(indices, shape, /, *, xp=None):
    """Positions in row-major order as one index for each axis."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    rest, out = indices, []
    for n in shape[::-1]:
        out.append(rest % n)
        rest = rest // n
    return tuple(out[::-1])


# Sets and order.


def isin(a, b, /, *, assume_unique=False, invert=False, kind=None, xp=None):
    """Whether each element of a is among those of b."""
    return _x.isin(a, b, invert=invert)


def searchsorted(x1, x2, /, *, side="left", xp=None):
    """The positions at which x2 goes into x1, whose last axis is sorted; the axes before it are those of x2."""
    if x1.ndim == 1:
        return _x.searchsorted(x1, x2, side=side)
    if x1.shape[:-1] != x2.shape[:-1]:
        raise ValueError(f"searchsorted(): shapes {x1.shape} and {x2.shape} differ before the last axis")
    rows = zip(_x.reshape(x1, (-1, x1.shape[-1])), _x.reshape(x2, (-1, x2.shape[-1])))
    found = [_x.searchsorted(a, b, side=side) for a, b in rows]
    return _x.reshape(_x.stack(found), x2.shape) if found else _x.zeros(x2.shape, dtype=_x.int64, device=x2.device)


def nunique(x, /, *, xp=None):
    """The number of distinct elements."""
    return _x.asarray(_x.unique_values(x).shape[0], device=x.device)


def union1d(a, b, /, *, xp=None):
    """The distinct elements of both, in ascending order."""
    return _x.unique_values(_x.concat([_x.reshape(a, (-1,)), _x.reshape(b, (-1,))]))


def setdiff1d(x1, x2, /, *, assume_unique=False, xp=None):
    """The distinct elements of x1 that are not in x2."""
    x1, x2 = (_x.reshape(x if isinstance(x, Array) else _x.asarray(x), (-1,)) for x in (x1, x2))
    x1 = x1 if assume_unique else _x.unique_values(x1)
    return x1[_x.isin(x1, x2, invert=True)]


def partition(a, kth, /, axis=-1, *, xp=None):
    """A reordering along an axis with element kth where sorting puts it, nothing greater before it and nothing smaller behind."""
    a, axis = (_x.reshape(a, (-1,)), 0) if axis is None else (a, axis)
    return _extra.partition(a, kth, axis)


def argpartition(a, kth, /, axis=-1, *, xp=None):
    """The positions that partition."""
    a, axis = (_x.reshape(a, (-1,)), 0) if axis is None else (a, axis)
    return _extra.argpartition(a, kth, axis)


def top_k(x, k, /, *, axis=-1, largest=True, xp=None):
    """The k largest elements along an axis, or the smallest, in order, and their positions."""
    return _extra.top_k(x, k, axis=axis, largest=largest)


# Statistics.


def cov(m, /, *, axis=-1, correction=1, fweights=None, aweights=None, xp=None):
    """The covariance matrix of variables, whose observations lie along an axis and may have weights."""
    m = _floating(m)
    if m.ndim == 0:
        m = _x.reshape(m, (1, 1))
    m = _x.moveaxis(m, axis, -1) if m.ndim > 1 else m[None, :]
    w = None
    for weights in (fweights, aweights):
        if weights is not None:
            weights = _x.astype(_x.asarray(weights), _x.float64, copy=False)
            w = weights if w is None else w * weights
    n = m.shape[-1]
    if w is None:
        divisor, centred = n - correction, m - _x.mean(m, axis=-1, keepdims=True)
        scaled = centred
    else:
        total = float(_x.sum(w))
        divisor = total - correction * (1.0 if aweights is None else float(_x.sum(w * _x.asarray(aweights))) / total)
        centred = m - _x.sum(m * w, axis=-1, keepdims=True) / total
        scaled = centred * w
    out = _x.matmul(scaled, _x.conj(centred).mT) / divisor if divisor > 0 else _x.full((*m.shape[:-1], m.shape[-2]), _x.nan, dtype=m.dtype, device=m.device)
    return out[..., 0, 0] if m.shape[-2] == 1 and m.ndim == 2 else out


def kron(a, b, /, *, xp=None):
    """The Kronecker product."""
    a, b = (x if isinstance(x, Array) else _x.asarray(x) for x in (a, b))
    ndim = max(a.ndim, b.ndim)
    a, b = atleast_nd(a, ndim=ndim), atleast_nd(b, ndim=ndim)
    left = _x.expand_dims(a, axis=tuple(range(1, 2 * ndim, 2))) if ndim else a
    right = _x.expand_dims(b, axis=tuple(range(0, 2 * ndim, 2))) if ndim else b
    return _x.reshape(left * right, tuple(n * m for n, m in zip(a.shape, b.shape)))


def median(x, /, *, axis=None, keepdims=False, xp=None):
    """The median; NaN when there is a NaN."""
    return _extra.median(x, axis=axis, keepdims=keepdims)


def nanmedian(x, /, *, axis=None, keepdims=False, xp=None):
    """The median of the elements that are not NaN."""
    return _extra.nanmedian(x, axis=axis, keepdims=keepdims)


def nanmean(a, /, *, axis=None, keepdims=False, xp=None):
    """The mean of the elements that are not NaN."""
    return _extra.nanmean(a, axis=axis, keepdims=keepdims)


def nansum(a, /, *, axis=None, keepdims=False, xp=None):
    """The sum of the elements that are not NaN."""
    if not _x.isdtype(a.dtype, ("real floating", "complex floating")):
        return _x.sum(a, axis=axis, keepdims=keepdims)
    return _extra.nansum(a, axis=axis, keepdims=keepdims)


def nanmax(a, /, *, axis=None, keepdims=False, xp=None):
    """The largest of the elements that are not NaN."""
    return _extra.nanmax(a, axis=axis, keepdims=keepdims) if _x.isdtype(a.dtype, "real floating") else _x.max(a, axis=axis, keepdims=keepdims)


def nanmin(a, /, *, axis=None, keepdims=False, xp=None):
    """The smallest of the elements that are not NaN."""
    return _extra.nanmin(a, axis=axis, keepdims=keepdims) if _x.isdtype(a.dtype, "real floating") else _x.min(a, axis=axis, keepdims=keepdims)


def logsumexp(x, /, *, axis=None, keepdims=False, xp=None):
    """The logarithm of the sum of the exponentials, without overflow."""
    return _extra.logsumexp(x, axis=axis, keepdims=keepdims)


def quantile(x, q, /, *, axis=None, method="linear", keepdims=False, xp=None):
    """The q-quantiles along an axis, or of all elements. The axes of q come first."""
    q = _x.asarray(q, dtype=_x.float64)
    whole = axis is None
    y, along = (_x.reshape(x, (-1,)), 0) if whole else (x, axis % x.ndim)
    out = _x.moveaxis(_extra.quantiles(y, _x.reshape(q, (-1,)).tolist(), axis=along, method=method), along, 0)
    if keepdims:
        out = _x.reshape(out, (out.shape[0], *(1,) * x.ndim)) if whole else _x.expand_dims(out, axis=along + 1)
    return _x.reshape(out, q.shape + out.shape[1:])


def einsum(subscripts, /, *operands, xp=None):
    """The sum of products that subscripts describe; integers are computed as float64."""
    return _extra.einsum(subscripts, *(_floating(x) for x in operands))


def bincount(x, /, weights=None, minlength=0, *, xp=None):
    """How often each number occurs, or the sums of its weights."""
    return _extra.bincount(x, None if weights is None else _x.asarray(weights), minlength)


def default_dtype(xp=None, kind="real floating", *, device=None):
    """The dtype of new arrays of a kind."""
    dtypes = _x.__array_namespace_info__().default_dtypes()
    if kind not in dtypes:
        raise ValueError(f"default_dtype(): kind is one of {', '.join(dtypes)}; {kind!r} given")
    return dtypes[kind]
