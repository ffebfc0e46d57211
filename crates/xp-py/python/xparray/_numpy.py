"""NumPy's functions on arrays of xparray, for Dask, which computes by them.

With Dask ``np.sin(x)``, ``np.concatenate([x, y])``, ``np.linalg.svd(x)`` give arrays of xparray where xparray has the function. What it does
not have is left to NumPy, as everything is without Dask: it works by the methods of the array, or takes the array as one of its own.
"""

import operator

from . import _xparray as xp

#: ufuncs that are operators.
_OPERATORS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "true_divide": "truediv", "floor_divide": "floordiv", "remainder": "mod",
    "power": "pow", "matmul": "matmul", "bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor", "left_shift": "lshift", "right_shift": "rshift",
}  # fmt: skip
_COMPARED = {"less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne"}
#: ufuncs that the standard calls otherwise.
_NAMES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2",
    "arctanh": "atanh", "conjugate": "conj", "invert": "bitwise_invert",
}  # fmt: skip


def _ufunc(self, ufunc, method, *inputs, out=None, **kwargs):
    """``__array_ufunc__``."""
    if method != "__call__" or kwargs.keys() - {"dtype"} or out is not None:
        return NotImplemented
    name = ufunc.__name__
    inputs = [_operand(name, x) for x in inputs]
    if name in _OPERATORS or name in _COMPARED:
        word = _OPERATORS.get(name) or _COMPARED[name]
        result = getattr(operator, f"__{word}__")(*inputs)
    else:
        known = getattr(xp, _NAMES.get(name, name), None)
        if known is None:
            return NotImplemented
        result = known(*inputs)
    dtype = kwargs.get("dtype")
    return result if dtype is None else xp.astype(result, dtype, copy=False)


def _operand(name, x):
    """An operand as xparray takes it. Single numbers do not decide on the dtype; arrays of others are refused, as they are by operators."""
    if isinstance(x, xp.Array) or type(x) in (bool, int, float, complex):
        return x
    if getattr(x, "ndim", None) == 0 and hasattr(x, "item"):
        return x.item()
    raise TypeError(f"{name}: an array of xparray and an object of type {type(x).__name__} given: make it one by xparray.asarray")


def _arrays(items):
    return [xp.asarray(x) for x in items]


def _rows(x):
    return xp.reshape(x, (1, -1)) if x.ndim < 2 else x


def _array(object, dtype=None, copy=None, ndmin=0):
    x = xp.asarray(object, dtype=dtype, copy=copy)
    return xp.reshape(x, (1,) * (ndmin - x.ndim) + x.shape) if x.ndim < ndmin else x


def _einsum(*operands, **kwargs):
    from .extra import einsum

    return einsum(operands[0], *_arrays(operands[1:]), **kwargs)


def _like(make):
    def like(prototype, *value, dtype=None, order="K", subok=True, shape=None, device=None):
        shape = prototype.shape if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        return make(shape, *value, dtype=prototype.dtype if dtype is None else dtype)

    return like


#: What xparray computes, by NumPy's names; a dot stands for ``numpy.linalg``.
_FUNCTIONS = {
    "array": _array,
    "asarray": _array,
    "concatenate": lambda arrays, axis=0: xp.concat(_arrays(arrays), axis=axis),
    "stack": lambda arrays, axis=0: xp.stack(_arrays(arrays), axis=axis),
    "vstack": lambda tup: xp.concat([_rows(x) for x in _arrays(tup)], axis=0),
    "hstack": lambda tup: xp.concat([xp.reshape(x, (-1,)) if x.ndim == 0 else x for x in _arrays(tup)], axis=0 if all(x.ndim < 2 for x in tup) else 1),
    "dot": lambda a, b: xp.asarray(a).dot(xp.asarray(b)),
    "tensordot": lambda a, b, axes=2: xp.tensordot(xp.asarray(a), xp.asarray(b), axes=axes),
    "einsum": _einsum,
    "where": lambda condition, x, y: xp.where(xp.asarray(condition), x, y),
    "take": lambda a, indices, axis=None: a.take(indices, axis=axis),
    "broadcast_to": lambda array, shape: xp.broadcast_to(array, (shape,) if isinstance(shape, int) else tuple(shape)),
    "expand_dims": lambda a, axis: xp.expand_dims(a, axis=axis),
    "moveaxis": lambda a, source, destination: xp.moveaxis(a, source, destination),
    "flip": lambda m, axis=None: xp.flip(m, axis=axis),
    "empty_like": _like(xp.empty),
    "zeros_like": _like(xp.zeros),
    "ones_like": _like(xp.ones),
    "full_like": _like(xp.full),
    ".qr": lambda a, mode="reduced": xp._linalg.qr(a, mode=mode),
    ".svd": lambda a, full_matrices=True: xp._linalg.svd(a, full_matrices=full_matrices),
    ".inv": lambda a: xp._linalg.inv(a),
    ".solve": lambda a, b: xp._linalg.solve(xp.asarray(a), xp.asarray(b)),
    ".cholesky": lambda a: xp._linalg.cholesky(a),
}


def _fits(function, args, kwargs):
    """Whether a function has the arguments that are given: what has others is left to NumPy."""
    import inspect

    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _function(self, func, types, args, kwargs):
    """``__array_function__``."""
    module = func.__module__ or ""
    known = _FUNCTIONS.get(("." if module.startswith("numpy.linalg") else "") + func.__name__) if module.split(".")[0] == "numpy" else None
    if known is not None and _fits(known, args, kwargs):
        return known(*args, **kwargs)
    plain = getattr(func, "_implementation", None)
    if plain is None:
        return NotImplemented
    return plain(*args, **kwargs)


def _numpy_dtype(self):
    """The dtype of NumPy with the same elements."""
    import numpy as np

    return np.dtype(self.name)


def protocols_of_arrays():
    """Puts NumPy's protocols on the class of arrays. Dask asks for them; the standard does without."""
    xp.Array.__array_ufunc__ = _ufunc
    xp.Array.__array_function__ = _function
    # Libraries that do without the protocols ask this number whose functions are taken.
    xp.Array.__array_priority__ = 10.0


def attributes_of_dtypes():
    """Gives dtypes what those of NumPy have."""
    xp.DType.__numpy_dtype__ = property(_numpy_dtype)
    for name in ("kind", "char", "type", "str", "num", "hasobject", "names", "fields"):
        setattr(xp.DType, name, property(lambda self, name=name: getattr(_numpy_dtype(self), name), doc="As of NumPy's dtype."))
