"""Golden file of SciPy's L-BFGS-B without bounds and Newton-CG: crates/xp-models/tests/golden/optimize.json.

What is written: where they end, and after how many iterations and evaluations, of functions that the test has too.
"""

from common import MODELS, encode, np, write
from scipy.optimize import minimize


def rosenbrock(x):
    e = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[:-1] = -400 * e * x[:-1] + 2 * (x[:-1] - 1)
    g[1:] += 200 * e
    return (100 * e**2 + (x[:-1] - 1) ** 2).sum(), g


def rosenbrock_product(x, p):
    d = np.zeros_like(x)
    d[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    d[1:] += 200
    off = -400 * x[:-1]
    out = d * p
    out[:-1] += off * p[1:]
    out[1:] += off * p[:-1]
    return out


def cosh(x):
    b = np.arange(len(x)) - 1.5
    return (np.cosh(x) - b * x).sum(), np.sinh(x) - b


def quartic(x):
    """Scales from 1 to 1e4, and a flat minimum in one variable."""
    c = 10.0 ** np.arange(len(x))
    return 0.5 * (c[1:] * x[1:] ** 2).sum() + x[0] ** 4 / 4, np.concatenate([[x[0] ** 3], c[1:] * x[1:]])


PRODUCTS = {"rosenbrock": rosenbrock_product, "cosh": lambda x, p: np.cosh(x) * p}


def main():
    cases = []
    for function, start in ((rosenbrock, [-1.2, 1.0]), (rosenbrock, [-1.2, 1.0] * 5), (cosh, [0.0] * 5), (quartic, [1.0] * 5)):
        for options in ({}, {"ftol": 0.0, "gtol": 1e-10}, {"maxcor": 3, "gtol": 1e-8}, {"maxiter": 4}):
            found = minimize(function, start, jac=True, method="L-BFGS-B", options=options)
            cases.append(case("lbfgs", function, start, options, found))
        if function.__name__ in PRODUCTS:
            found = minimize(function, start, jac=True, hessp=PRODUCTS[function.__name__], method="Newton-CG", options={"xtol": 1e-9})
            cases.append(case("newton_cg", function, start, {"xtol": 1e-9}, found))
    write(MODELS / "optimize.json", inputs={}, cases=cases, libraries=("numpy", "scipy"))


def case(method, function, start, options, found):
    expected = {"x": found.x, "fun": float(found.fun), "nit": int(found.nit), "nfev": int(found.nfev), "success": bool(found.success)}
    return {"name": method, "function": function.__name__, "params": encode(options), "start": np.array(start), "expected": encode(expected)}


if __name__ == "__main__":
    main()
