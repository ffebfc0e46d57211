"""Golden file of what is not linear algebra: crates/xp-conformance/golden/values.json (float64 and complex128).

Products, statistics and cumulative functions over axes, from NumPy; and elementwise functions of complex numbers on both
sides of their branch cuts, where the sign of a zero decides.
"""

from common import CONFORMANCE, encode, np, rounded, write

CUTS = {
    # function: where its cuts are: the real or the imaginary axis, and points on them
    "sqrt": ("real", (-4.0, -1.0, -0.25)),
    "log": ("real", (-4.0, -1.0, -0.25)),
    "log2": ("real", (-4.0, -0.25)),
    "log10": ("real", (-4.0, -0.25)),
    "log1p": ("real", (-4.0, -1.5)),
    "acos": ("real", (-4.0, -1.25, 1.25, 4.0)),
    "asin": ("real", (-4.0, -1.25, 1.25, 4.0)),
    "acosh": ("real", (-4.0, -1.0, -0.25, 0.25)),
    "atanh": ("real", (-4.0, -1.25, 1.25, 4.0)),
    "asinh": ("imaginary", (-4.0, -1.25, 1.25, 4.0)),
    "atan": ("imaginary", (-4.0, -1.25, 1.25, 4.0)),
}


def main():
    inputs, cases = {}, []
    for dtype in ("float64", "complex128"):
        named = make_inputs(dtype)
        inputs |= {f"{name}_{dtype}": value for name, value in named.items()}
        cases += [{**c, "inputs": [f"{name}_{dtype}" for name in c["inputs"]]} for c in make_cases(named, dtype)]
    cuts = branch_cuts()
    inputs |= {f"cut_{name}": z for name, (z, _) in cuts.items()}
    cases += [{"function": name, "inputs": [f"cut_{name}"], "params": {}, "expected": encode(w)} for name, (_, w) in cuts.items()]
    write(CONFORMANCE / "values.json", inputs=inputs, cases=cases)


def make_inputs(dtype):
    rng = np.random.default_rng(40)

    def draw(*shape):
        real = rounded(rng.normal(size=shape), 3)
        return real + 1j * rounded(rng.normal(size=shape), 3) if dtype == "complex128" else real

    return {
        "vector": draw(9), "other": draw(9), "matrix": draw(5, 7), "right": draw(7, 4), "left": draw(3, 5), "cube": draw(3, 4, 5),
        "stack": draw(3, 5, 2), "wide": draw(2, 1, 4, 5), "column": draw(7), "long": draw(70), "shifted": draw(50) + 1e4, "one": draw(1),
    }  # fmt: skip


def make_cases(x, dtype):
    cases = []

    def add(function, names, result, **params):
        cases.append({"function": function, "inputs": names, "params": encode(params), "expected": encode(np.asarray(result))})

    for a, b in (("vector", "other"), ("matrix", "right"), ("left", "matrix"), ("matrix", "column"), ("cube", "stack"), ("wide", "stack")):
        add("matmul", [a, b], x[a] @ x[b])
    for name in ("vector", "matrix", "cube", "long", "shifted", "one"):
        for axis in range(-x[name].ndim, x[name].ndim):
            for keepdims in (False, True):
                add("sum", [name], x[name].sum(axis, keepdims=keepdims), axis=axis, keepdims=keepdims)
                add("prod", [name], x[name].prod(axis, keepdims=keepdims), axis=axis, keepdims=keepdims)
                add("mean", [name], x[name].mean(axis, keepdims=keepdims), axis=axis, keepdims=keepdims)
                if dtype == "float64":
                    for correction in (0.0, 1.0, 0.5):
                        if x[name].shape[axis] > correction:
                            options = {"axis": axis, "keepdims": keepdims, "correction": correction}
                            add("var", [name], np.var(x[name], axis, ddof=correction, keepdims=keepdims), **options)
                            add("std", [name], np.std(x[name], axis, ddof=correction, keepdims=keepdims), **options)
            for initial in (False, True):
                add("cumulative_sum", [name], np.cumulative_sum(x[name], axis=axis, include_initial=initial), axis=axis, initial=initial)
                add("cumulative_prod", [name], np.cumulative_prod(x[name], axis=axis, include_initial=initial), axis=axis, initial=initial)
    return cases


def branch_cuts():
    """Points on the cuts with both signs of the zero part, and what NumPy makes of them."""
    out = {}
    for name, (axis, points) in CUTS.items():
        zeros = (0.0, -0.0)
        pairs = [(p, z) if axis == "real" else (z, p) for p in points for z in zeros]
        z = np.array([complex(re, im) for re, im in pairs])
        z.real, z.imag = [re for re, _ in pairs], [im for _, im in pairs]
        out[name] = (z, getattr(np, name)(z))
    return out


if __name__ == "__main__":
    main()
