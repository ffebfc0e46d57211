"""Gaussian processes."""

import numpy as np
import sklearn.gaussian_process
import xparray as xp
from sklearn.base import clone
from sklearn.gaussian_process import kernels

from ._base import estimator, library_of, on_host, seed_of

#: Kernels of numbers: the name in xp, the hyperparameters, and other numbers.
_NAMES = {
    kernels.ConstantKernel: ("constant", ["constant_value"], []),
    kernels.WhiteKernel: ("white", ["noise_level"], []),
    kernels.RBF: ("rbf", ["length_scale"], []),
    kernels.Matern: ("matern", ["length_scale"], ["nu"]),
    kernels.RationalQuadratic: ("rational_quadratic", ["length_scale", "alpha"], []),
    kernels.ExpSineSquared: ("exp_sine_squared", ["length_scale", "periodicity"], []),
    kernels.DotProduct: ("dot_product", ["sigma_0"], []),
}
#: Kernels of two kernels.
_OPERATORS = {kernels.Sum: "sum", kernels.Product: "product"}


def described(kernel):
    """A kernel of scikit-learn as xp takes it: nested tuples."""
    if type(kernel) in _OPERATORS:
        return _OPERATORS[type(kernel)], described(kernel.k1), described(kernel.k2)
    if type(kernel) is kernels.Exponentiation:
        return "power", described(kernel.kernel), float(kernel.exponent)
    if type(kernel) not in _NAMES:
        expected = ", ".join(sorted(c.__name__ for c in (*_NAMES, *_OPERATORS, kernels.Exponentiation)))
        raise ValueError(f"GaussianProcessRegressor: kernel is made of {expected}; {kernel!r} given")
    name, parameters, numbers = _NAMES[type(kernel)]
    return name, *(_with_bounds(kernel, p) for p in parameters), *(float(getattr(kernel, n)) for n in numbers)


def _with_bounds(kernel, name):
    """The numbers of a hyperparameter, and their bounds unless they are fixed."""
    values = np.atleast_1d(np.asarray(getattr(kernel, name), dtype=np.float64)).tolist()
    parameter = next(p for p in kernel.hyperparameters if p.name == name)
    if parameter.fixed:
        return values, None
    return values, [tuple(pair) for pair in np.atleast_2d(np.asarray(parameter.bounds, dtype=np.float64)).tolist()]


def _default():
    """What scikit-learn takes where no kernel is given, which differs between its releases."""
    cls = sklearn.gaussian_process.GaussianProcessRegressor
    return cls(optimizer=None).fit([[0.0]], [0.0]).kernel_


class _OfProcesses:
    # As in scikit-learn: kernels of near samples are no longer positive definite in single precision.
    _dtypes = [np.float64]

    def _samples(self, X, y, sample_weight, reset, new_classes=True):
        X, y, _ = super()._samples(X, y, sample_weight, reset, new_classes)
        seen = y.shape[1] if y.ndim > 1 else 1
        if self.n_targets is not None and seen != self.n_targets:
            raise ValueError(f"The number of targets seen in `y` is different from the parameter `n_targets`. Got {seen} != {self.n_targets}.")
        return X, y, None

    def _native_params(self, params):
        if callable(params["optimizer"]):
            raise ValueError(f"{type(self).__name__}: optimizer is 'fmin_l_bfgs_b' or None; {params['optimizer']!r} given")
        self.kernel_ = _default() if self.kernel is None else clone(self.kernel)
        return {**params, "kernel": described(self.kernel_), "optimizer": params["optimizer"] is not None, "random_state": seed_of(params["random_state"])}

    def _finish(self, X):
        self.kernel_.theta = np.asarray(self.theta_)
        del self.theta_
        if self.optimizer is not None and self.kernel_.n_dims > 0:
            self.kernel_._check_bounds_params()

    def predict(self, X, return_std=False, return_cov=False):
        if return_std and return_cov:
            raise RuntimeError("At most one of return_std or return_cov can be requested.")
        library = library_of(X)
        if not hasattr(self, "_model"):
            # Before a fit the kernel alone answers.
            prior = super().predict(on_host(X), return_std, return_cov)
            out = [prior] if not (return_std or return_cov) else prior
            out = out if library is np.asarray else [library(xp.asarray(x)) for x in out]
            return tuple(out) if return_std or return_cov else out[0]
        if not (return_std or return_cov):
            return _one_target(self._call("predict", X))
        mean, more = self._answer("predict_cov" if return_cov else "predict_std", X)
        return _one_target(mean), more[..., 0] if more.shape[-1] == 1 and more.ndim > 1 + return_cov else more

    predict.__doc__ = sklearn.gaussian_process.GaussianProcessRegressor.predict.__doc__

    def sample_y(self, X, n_samples=1, random_state=0):
        library = library_of(X)
        out = super().sample_y(on_host(X), n_samples, random_state)
        return out if library is np.asarray else library(xp.asarray(out))

    sample_y.__doc__ = sklearn.gaussian_process.GaussianProcessRegressor.sample_y.__doc__

    def log_marginal_likelihood(self, theta=None, eval_gradient=False, clone_kernel=True):
        if theta is None:
            if eval_gradient:
                raise ValueError("Gradient can only be evaluated for theta!=None")
            return self.log_marginal_likelihood_value_
        theta = np.asarray(theta, dtype=np.float64)
        value, gradient = self._answer("log_marginal_likelihood", None, *theta.tolist())
        if not clone_kernel:
            self.kernel_.theta = theta
        return (float(value), gradient) if eval_gradient else float(value)

    log_marginal_likelihood.__doc__ = sklearn.gaussian_process.GaussianProcessRegressor.log_marginal_likelihood.__doc__


def _one_target(y):
    return y[:, 0] if y.ndim > 1 and y.shape[1] == 1 else y


GaussianProcessRegressor = estimator(
    sklearn.gaussian_process.GaussianProcessRegressor,
    _OfProcesses,
    differences="kernels are made of ``ConstantKernel``, ``WhiteKernel``, ``RBF``, ``Matern``, ``RationalQuadratic``, ``ExpSineSquared``, ``DotProduct``, sums, "
    "products and powers, and a Matern kernel has ``nu`` 0.5, 1.5, 2.5 or infinity; ``optimizer`` is no "
    "function; the starts of searches that are drawn are not scikit-learn's. All is computed in double precision.",
)
