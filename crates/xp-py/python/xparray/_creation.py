"""Creation functions that the namespaces of the peers share beside the standard, under NumPy's names."""

import cmath
import math

from . import _xparray as xp

__all__ = ["array", "asanyarray", "ascontiguousarray", "diag", "diagflat", "geomspace", "identity", "logspace", "tri", "tril_indices", "triu_indices", "vander"]


def array(obj, dtype=None, *, copy=True, device=None, ndmin=0):
    """An array of an object's elements with at least ndmin axes: a copy, unless copy is None or False."""
    x = xp.asarray(obj, dtype=dtype, device=device, copy=copy)
    return x if x.ndim >= ndmin else xp.reshape(x, (1,) * (ndmin - x.ndim) + x.shape)


def asanyarray(obj, dtype=None, *, copy=None, device=None):
    """An array of an object's elements: ``asarray``."""
    return xp.asarray(obj, dtype=dtype, copy=copy, device=device)


def ascontiguousarray(obj, dtype=None):
    """An array of at least one axis whose elements lie row by row without gaps; a copy where those of the object do not."""
    x = xp.asarray(obj, dtype=dtype)
    x = x if x.ndim else xp.reshape(x, (1,))
    return x if x.flags.c_contiguous else xp.asarray(x, copy=True)


def logspace(start, stop, num=50, *, endpoint=True, base=10.0, dtype=None, device=None):
    """Powers of base whose exponents are num numbers from start to stop, evenly spaced."""
    y = base ** xp.linspace(start, stop, num, endpoint=endpoint, device=device)
    return y if dtype is None else xp.astype(y, dtype, copy=False)


def geomspace(start, stop, num=50, *, endpoint=True, dtype=None, device=None):
    """num numbers from start to stop, each the same multiple of the one before. The ends are exact."""
    if start == 0 or stop == 0:
        raise ValueError(f"geomspace(): no end is zero; from {start} to {stop} given")
    if isinstance(start, complex) or isinstance(stop, complex) or (start < 0) != (stop < 0):
        first, last = complex(start), complex(stop)
        y = first * xp.exp(xp.linspace(0.0, 1.0, num, endpoint=endpoint, device=device) * cmath.log(last / first))
    else:
        sign, start, stop = (-1.0, -start, -stop) if start < 0 else (1.0, start, stop)
        y = sign * xp.exp(xp.linspace(math.log(start), math.log(stop), num, endpoint=endpoint, device=device))
        first, last = sign * start, sign * stop
    if num > 0:
        y[0] = first
        if endpoint and num > 1:
            y[-1] = last
    return y if dtype is None else xp.astype(y, dtype, copy=False)


def identity(n, dtype=None, *, device=None):
    """The identity matrix."""
    return xp.eye(n, dtype=dtype, device=device)


def diag(v, k=0):
    """The matrix with a vector on its k-th diagonal, or the k-th diagonal of a matrix."""
    v = xp.asarray(v)
    if v.ndim == 2:
        return xp.asarray(xp._linalg.diagonal(v, offset=k), copy=True)
    if v.ndim != 1:
        raise ValueError(f"diag(): an array of 1 or 2 axes expected, shape {v.shape} given")
    n = v.shape[0] + abs(k)
    out = xp.zeros((n, n), dtype=v.dtype, device=v.device)
    rows = xp.arange(v.shape[0], device=v.device) + max(-k, 0)
    out[rows, rows + k] = v
    return out


def diagflat(v, k=0):
    """The matrix with the elements of an array on its k-th diagonal."""
    return diag(xp.reshape(xp.asarray(v), (-1,)), k)


def tri(N, M=None, k=0, dtype=None):
    """The matrix with ones at and below the k-th diagonal, zeros above."""
    return xp.tril(xp.ones((N, N if M is None else M), dtype=dtype), k=k)


def tril_indices(n, k=0, m=None):
    """The positions at and below the k-th diagonal of an (n, m) matrix: rows and columns."""
    return xp.nonzero(xp.tril(xp.ones((n, n if m is None else m), dtype=xp.bool), k=k))


def triu_indices(n, k=0, m=None):
    """The positions at and above the k-th diagonal of an (n, m) matrix: rows and columns."""
    return xp.nonzero(xp.triu(xp.ones((n, n if m is None else m), dtype=xp.bool), k=k))


def vander(x, N=None, increasing=False):
    """The Vandermonde matrix of a vector: its powers as columns, the highest first unless increasing."""
    x = xp.asarray(x)
    if x.ndim != 1:
        raise ValueError(f"vander(): a vector expected, shape {x.shape} given")
    n = x.shape[0] if N is None else N
    powers = xp.arange(n, device=x.device) if increasing else xp.arange(n - 1, -1, -1, device=x.device)
    return x[:, None] ** powers
