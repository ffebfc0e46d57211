"""Golden file of GaussianProcessRegressor and its kernels: crates/xp-models/tests/golden/gaussian_process.json.

A kernel is a list: its name, and its operands or hyperparameters. The variances of the noise are large enough that the kernels of the
samples are well conditioned.
"""

import math
import warnings

from common import MODELS, encode, np, rounded, write
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as gp

WHITE = ["white", 0.2]
KERNELS = (
    ["sum", ["rbf", 1.3], WHITE],
    ["sum", ["rbf", [0.7, 2.5]], WHITE],
    ["sum", ["product", ["constant", 2.0], ["rbf", [0.7, 2.5]]], WHITE],
    ["sum", ["matern", 1.3, 0.5], WHITE],
    ["sum", ["matern", [0.7, 2.5], 0.5], WHITE],
    ["sum", ["matern", 1.3, 1.5], WHITE],
    ["sum", ["matern", [0.7, 2.5], 1.5], WHITE],
    ["sum", ["matern", 1.3, 2.5], WHITE],
    ["sum", ["matern", [0.7, 2.5], 2.5], WHITE],
    ["sum", ["matern", [0.7, 2.5], math.inf], WHITE],
    ["sum", ["rational_quadratic", 1.3, 0.6], WHITE],
    ["sum", ["exp_sine_squared", 1.3, 2.2], ["white", 3.0]],
    ["sum", ["dot_product", 0.5], WHITE],
    ["sum", ["power", ["sum", ["rbf", 1.3], ["dot_product", 0.5]], 2.0], WHITE],
    ["sum", ["constant", 0.3], ["sum", ["product", ["rbf", 1.5], ["exp_sine_squared", 0.9, 1.7]], ["white", 1.0]]],
    ["product", ["constant", 2.0], ["sum", ["fixed", ["rbf", 1.3]], WHITE]],
)
SEARCHED = (
    (["sum", ["product", ["constant", 1.0], ["rbf", 1.0]], ["white", 1.0]], "y"),
    (["sum", ["product", ["constant", 1.0], ["matern", [1.0, 1.0], 2.5]], ["white", 1.0]], "y"),
    (["sum", ["product", ["constant", 1.0], ["rbf", 1.0]], ["white", 1.0]], "y2"),
    (["sum", ["fixed", ["rbf", 1.0]], ["white", 1.0]], "y"),
    (["sum", ["product", ["constant", 1.0], ["rational_quadratic", 1.0, 1.0]], ["white", 1.0]], "y"),
)


def build(spec):
    name, *rest = spec
    match name:
        case "sum":
            return gp.Sum(build(rest[0]), build(rest[1]))
        case "product":
            return gp.Product(build(rest[0]), build(rest[1]))
        case "power":
            return gp.Exponentiation(build(rest[0]), rest[1])
        case "fixed":
            inner = build(rest[0])
            return inner.set_params(**{f"{parameter.name}_bounds": "fixed" for parameter in inner.hyperparameters})
        case "constant":
            return gp.ConstantKernel(rest[0])
        case "white":
            return gp.WhiteKernel(rest[0])
        case "rbf":
            return gp.RBF(rest[0])
        case "matern":
            return gp.Matern(rest[0], nu=rest[1])
        case "rational_quadratic":
            return gp.RationalQuadratic(length_scale=rest[0], alpha=rest[1])
        case "exp_sine_squared":
            return gp.ExpSineSquared(rest[0], rest[1])
        case "dot_product":
            return gp.DotProduct(rest[0])


def main():
    rng = np.random.default_rng(17)
    x = rounded(rng.normal(size=(30, 2)) * [1.0, 2.0])
    y = rounded(np.sin(2 * x[:, 0]) + 0.3 * x[:, 1] + rng.normal(scale=0.5, size=30) + 1.0)
    inputs = {
        "data": {"x": x, "xq": rounded(rng.normal(size=(5, 2))), "y": y, "y2": np.column_stack([y, rounded(5 + y**2)]), "alphas": rounded(rng.uniform(0.01, 0.3, 30))},
    }
    data = inputs["data"]
    cases = []
    options = [({"alpha": 0.05}, "y", False), ({"alpha": "alphas"}, "y2", True), ({"alpha": 0.0}, "y2", False)]
    for i, spec in enumerate(KERNELS):
        given, target, normalize = options[i % 3]
        alpha = data["alphas"] if given["alpha"] == "alphas" else given["alpha"]
        model = GaussianProcessRegressor(build(spec), alpha=alpha, optimizer=None, normalize_y=normalize).fit(data["x"], data[target])
        mean, std = model.predict(data["xq"], return_std=True)
        theta = model.kernel_.theta
        value, gradient = model.log_marginal_likelihood(theta, eval_gradient=True)
        shifted = model.log_marginal_likelihood(theta + 0.25, eval_gradient=True)
        expected = {
            "mean": mean, "std": std, "cov": model.predict(data["xq"], return_cov=True)[1], "alpha": model.alpha_, "theta": theta,
            "bounds": model.kernel_.bounds, "value": value, "gradient": gradient, "shifted_value": shifted[0], "shifted_gradient": shifted[1],
            "score": model.score(data["x"], data[target]),
        }  # fmt: skip
        cases.append({"name": "fixed", "input": "data", "params": encode({"kernel": spec, "target": target, "normalize_y": normalize} | given), "expected": expected})
    for spec, target in SEARCHED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one hyperparameter ends at its bound
            model = GaussianProcessRegressor(build(spec), normalize_y=True).fit(data["x"], data[target])
        expected = {"theta": model.kernel_.theta, "value": model.log_marginal_likelihood_value_, "mean": model.predict(data["xq"])}
        cases.append({"name": "searched", "input": "data", "params": encode({"kernel": spec, "target": target}), "expected": expected})
    write(MODELS / "gaussian_process.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy", "scikit-learn"))


if __name__ == "__main__":
    main()
