"""Random numbers with the interface of ``numpy.random.Generator``.

The numbers are those of xp's generator, Philox 4x32-10 by position: the same for a seed on every machine, whatever the number of
threads, and not those of NumPy. With ``device=`` they are drawn where they are wanted; elements of an array, and its permutations,
where it is. Functions for the legacy interface of NumPy (``seed``, ``rand``) are left out.
"""

import operator

from . import _xparray as xp
from ._xparray import _random

__all__ = ["Generator", "default_rng"]


def _shape(size):
    if size is None:
        return ()
    return size if isinstance(size, (tuple, list)) else (operator.index(size),)


def _place(x, device):
    """Where numbers for an array are drawn: where it is."""
    if not isinstance(x, xp.Array):
        return device
    if device is not None and xp.asarray(0, device=device).device != x.device:
        raise ValueError(f"device {device} given for an array on {x.device}: move it with to_device")
    return x.device


class Generator:
    """A source of random numbers. Two with the same seed give the same numbers to the same calls. Threads may share one."""

    def __init__(self, seed=None):
        if isinstance(seed, _random.Source):
            self._source = seed
            return
        if seed is None:
            import secrets

            seed = secrets.randbits(64)
        seed = operator.index(seed)
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed is an integer from 0 to below 2**64; {seed} given")
        self._source = _random.Source(seed)

    def __reduce__(self):
        raise TypeError("a generator cannot be pickled or copied: give each part of a program one of its own, by spawn()")

    def spawn(self, n_children):
        """Generators whose numbers are independent of this one's, and of each other's."""
        return [Generator(self._source.spawn()) for _ in range(n_children)]

    def random(self, size=None, dtype=None, *, device=None):
        """Numbers from 0 to below 1."""
        return self._source.uniform(_shape(size), xp.float64 if dtype is None else dtype, device)

    def uniform(self, low=0.0, high=1.0, size=None, dtype=None, *, device=None):
        """Numbers from low to below high, which broadcast."""
        return self._scaled(self._source.uniform, high - low, low, size, dtype, device)

    def standard_normal(self, size=None, dtype=None, *, device=None):
        """Numbers of the normal distribution with mean 0 and standard deviation 1."""
        return self._source.normal(_shape(size), xp.float64 if dtype is None else dtype, device)

    def normal(self, loc=0.0, scale=1.0, size=None, dtype=None, *, device=None):
        """Numbers of the normal distribution with mean loc and standard deviation scale, which broadcast."""
        if bool(xp.any(xp.asarray(scale) < 0).to_device("cpu")):
            raise ValueError("normal(): scale must not be negative")
        return self._scaled(self._source.normal, scale, loc, size, dtype, device)

    def _scaled(self, draw, scale, shift, size, dtype, device):
        if size is None:
            size = xp.broadcast_shapes(*(x.shape for x in (scale, shift) if isinstance(x, xp.Array)))
        return draw(_shape(size), xp.float64 if dtype is None else dtype, device) * scale + shift

    def standard_exponential(self, size=None, dtype=None, *, device=None):
        """Numbers of the exponential distribution with mean 1."""
        return -xp.log1p(-self.random(size, dtype, device=device))

    def exponential(self, scale=1.0, size=None, *, device=None):
        """Numbers of the exponential distribution with mean scale."""
        return self.standard_exponential(size, device=device) * scale

    def lognormal(self, mean=0.0, sigma=1.0, size=None, *, device=None):
        """Exponentials of normal numbers."""
        return xp.exp(self.normal(mean, sigma, size, device=device))

    def integers(self, low, high=None, size=None, dtype=None, endpoint=False, *, device=None):
        """Integers from low to below high, from 0 to below low without high; up to high itself with endpoint."""
        low, high = (0, low) if high is None else (low, high)
        low, high = operator.index(low), operator.index(high) + bool(endpoint)
        dtype = xp.int64 if dtype is None else dtype
        out = self._source.integers(low, high, _shape(size), device)
        limits = xp.iinfo(xp.astype(out[..., None][..., :0], dtype).dtype)
        if low < limits.min or high - 1 > limits.max:
            raise ValueError(f"integers(): from {low} to below {high} is out of bounds for {limits.dtype}")
        return xp.astype(out, dtype, copy=False)

    def permutation(self, x, axis=0, *, device=None):
        """The numbers from 0 to below x in random order, or the parts of an array along an axis."""
        if not isinstance(x, xp.Array):
            return self._source.permutation(operator.index(x), device)
        return xp.take(x, self._source.permutation(x.shape[axis], _place(x, device)), axis=axis)

    def shuffle(self, x, axis=0):
        """Puts the parts of an array along an axis into random order, in place."""
        x[...] = self.permutation(x, axis=axis)

    def choice(self, a, size=None, replace=True, p=None, axis=0, shuffle=True, *, device=None):
        """Elements of an array along an axis, or numbers from 0 to below a; with the probabilities p."""
        n = a.shape[axis] if isinstance(a, xp.Array) else operator.index(a)
        shape = _shape(size)
        count = 1
        for length in shape:
            count *= length
        device = _place(a, device)
        if p is not None:
            # A parameter, which goes where the numbers are drawn.
            p = xp.astype(xp.asarray(p), xp.float64, copy=False)
            total = float(xp.sum(p).to_device("cpu"))
            if abs(total - 1.0) > 1e-8:
                raise ValueError(f"choice(): the probabilities must sum to 1; they sum to {total}")
            p = p.to_device("cpu" if device is None else device)
        at = self._source.choice(n, count, replace, p, device)
        if not isinstance(a, xp.Array):
            return xp.reshape(at, shape)
        axis %= a.ndim
        return xp.reshape(xp.take(a, at, axis=axis), a.shape[:axis] + tuple(shape) + a.shape[axis + 1 :])

    def multivariate_normal(self, mean, cov, size=None):
        """Numbers of the normal distribution with this mean and covariance matrix."""
        mean, cov = xp.asarray(mean), xp.asarray(cov)
        z = self.standard_normal((*_shape(size), mean.shape[0]))
        w, v = xp._linalg.eigh(cov)
        if float(xp.min(w)) < -1e-8 * max(float(xp.max(w)), 1e-300):
            raise ValueError("multivariate_normal(): the covariance matrix has a negative eigenvalue")
        return xp.matmul(z * xp.sqrt(xp.clip(w, 0.0)), v.mT) + mean


def default_rng(seed=None):
    """A generator: of a seed, which is an integer, of a seed that the system chooses, or the one given."""
    return seed if isinstance(seed, Generator) else Generator(seed)
