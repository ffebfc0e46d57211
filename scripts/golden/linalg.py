"""Golden file of linear algebra: crates/xp-conformance/golden/linalg.json (float64 and complex128).

Only quantities that are determined up to rounding are stored: no singular or eigen vectors, whose signs or phases are a
choice.
"""

from common import CONFORMANCE, encode, np, rounded, write

SQUARE = ("one", "two", "five", "eight", "scaled_up", "scaled_down", "stack", "stack_2d", "empty")
SINGULAR = ("zero", "rank_two")
ANY_SHAPE = (*SQUARE[:7], *SINGULAR, "tall", "flat", "rank_two_tall", "stack_tall")
HERMITIAN = ("hermitian", "definite", "definite_stack", "hermitian_rank_two")
MATRIX_NORMS = ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
VECTOR_NORMS = (0, 0.5, 1, -1, 2, -2, 3, -0.5, np.inf, -np.inf)


def main():
    inputs, cases = {}, []
    for dtype in ("float64", "complex128"):
        named = make_inputs(dtype)
        inputs |= {f"{name}_{dtype}": value for name, value in named.items()}
        cases += [{**c, "inputs": [f"{name}_{dtype}" for name in c["inputs"]]} for c in make_cases(named)]
    write(CONFORMANCE / "linalg.json", inputs=inputs, cases=cases)


def make_inputs(dtype):
    rng = np.random.default_rng(30)

    def draw(*shape, decimals=3):
        real = rounded(rng.normal(size=shape), decimals)
        return real + 1j * rounded(rng.normal(size=shape), decimals) if dtype == "complex128" else real

    def adjoint(a):
        return np.conj(np.swapaxes(a, -1, -2))

    square, low, low_tall, stack = draw(5, 5), draw(5, 2, decimals=1), draw(7, 2, decimals=1), draw(3, 4, 4)
    return {
        "one": draw(1, 1), "two": draw(2, 2), "five": square, "eight": draw(8, 8), "stack": stack, "stack_2d": draw(2, 2, 3, 3),
        "scaled_up": square * 2.0**200, "scaled_down": square * 2.0**-200, "empty": draw(0, 0),
        "zero": np.zeros((3, 3), dtype), "rank_two": low @ draw(2, 5, decimals=1),
        "tall": draw(7, 3), "flat": draw(3, 6), "rank_two_tall": low_tall @ draw(2, 4, decimals=1), "stack_tall": draw(2, 5, 3),
        "hermitian": square + adjoint(square), "definite": rounded_exact(square @ adjoint(square)) + np.eye(5),
        "definite_stack": rounded_exact(stack @ adjoint(stack)) + np.eye(4), "hermitian_rank_two": rounded_exact(low @ adjoint(low)),
        "vector": draw(9), "vector_zeros": np.where(np.arange(9) % 3 == 0, 0, draw(9)), "cube": draw(2, 3, 4),
        "rhs_5": draw(5), "rhs_5x2": draw(5, 2), "rhs_stack": draw(3, 4, 2), "rhs_4x2": draw(4, 2),
        "rhs_7": draw(7), "rhs_7x2": draw(7, 2), "rhs_3": draw(3), "three_a": draw(4, 3), "three_b": draw(4, 3),
        "rank_two_flat": draw(4, 2, decimals=1) @ draw(2, 7, decimals=1), "column": draw(7, 1), "row": draw(1, 3),
        "tall_scaled_up": draw(7, 3) * 2.0**498, "tall_scaled_down": draw(7, 3) * 2.0**-498,
        "flat_scaled_up": draw(3, 6) * 2.0**498, "flat_scaled_down": draw(3, 6) * 2.0**-498,
        "rhs_1": draw(1),
    }  # fmt: skip


def rounded_exact(a):
    """Keep products of low-rank factors exact, so that the stored matrix has the intended symmetry and rank."""
    return np.round(a.real, 6) + (1j * np.round(a.imag, 6) if np.iscomplexobj(a) else 0)


def make_cases(x):
    lin = np.linalg
    cases = []

    def add(function, names, result, **params):
        cases.append({"function": function, "inputs": names, "params": encode(params), "expected": encode(result)})

    for name in SQUARE:
        add("det", [name], np.asarray(lin.det(x[name])))
        sign, log = lin.slogdet(x[name])
        add("slogdet", [name], {"sign": np.asarray(sign), "logabsdet": np.asarray(log)})
        add("inv", [name], lin.inv(x[name]))
        for power in (0, 1, 3, -2):
            add("matrix_power", [name], lin.matrix_power(x[name], power), n=power)
        add("trace", [name], np.asarray(np.trace(x[name], axis1=-2, axis2=-1)))
    sign, log = lin.slogdet(x["zero"])
    add("det", ["zero"], np.asarray(lin.det(x["zero"])))
    add("slogdet", ["zero"], {"sign": np.asarray(sign), "logabsdet": np.asarray(log)})
    for name in ANY_SHAPE:
        add("svdvals", [name], lin.svdvals(x[name]))
        add("pinv", [name], lin.pinv(x[name]))
        add("matrix_rank", [name], np.asarray(lin.matrix_rank(x[name])))
        for order in MATRIX_NORMS:
            add("matrix_norm", [name], np.asarray(lin.matrix_norm(x[name], ord=order)), ord=order, keepdims=False)
    for rtol in (1e-3, 0.3):
        add("pinv", ["five"], lin.pinv(x["five"], rtol=rtol), rtol=rtol)
        add("matrix_rank", ["five"], np.asarray(lin.matrix_rank(x["five"], rtol=rtol)), rtol=rtol)
    add("matrix_norm", ["stack"], lin.matrix_norm(x["stack"], keepdims=True), ord="fro", keepdims=True)
    for name in HERMITIAN:
        add("eigvalsh", [name], lin.eigvalsh(x[name]))
        add("pinv_hermitian", [name], lin.pinv(x[name], hermitian=True))
        add("matrix_rank_hermitian", [name], np.asarray(lin.matrix_rank(x[name], hermitian=True)))
    for name in ("definite", "definite_stack"):
        add("cholesky", [name], lin.cholesky(x[name]), upper=False)
        add("cholesky", [name], lin.cholesky(x[name], upper=True), upper=True)
    for a, b in (("five", "rhs_5"), ("five", "rhs_5x2"), ("scaled_up", "rhs_5"), ("stack", "rhs_stack"), ("stack", "rhs_4x2")):
        add("solve", [a, b], lin.solve(x[a], x[b]))
    for a, b in (("tall", "rhs_7"), ("tall", "rhs_7x2"), ("flat", "rhs_3"), ("five", "rhs_5"), ("rank_two", "rhs_5"),
                 ("rank_two_tall", "rhs_7x2"), ("rank_two_tall", "rhs_7"), ("rank_two_flat", "rhs_4x2"), ("zero", "rhs_3"),
                 ("column", "rhs_7x2"), ("row", "rhs_1"), ("tall_scaled_up", "rhs_7"), ("tall_scaled_down", "rhs_7x2"),
                 ("flat_scaled_up", "rhs_3"), ("flat_scaled_down", "rhs_3"), ("scaled_up", "rhs_5"), ("scaled_down", "rhs_5x2")):  # fmt: skip
        solution, residuals, rank, values = lin.lstsq(x[a], x[b])
        add("lstsq", [a, b], {"x": solution, "residuals": residuals, "rank": int(rank), "singular_values": values})
    for name in ("vector", "vector_zeros"):
        for order in VECTOR_NORMS:
            if order < 0 and name == "vector_zeros":
                continue  # a division by zero, whose warning NumPy gives and whose value is zero
            add("vector_norm", [name], np.asarray(lin.vector_norm(x[name], ord=order)), ord=order, axis=None, keepdims=False)
    for axis in (None, 0, 1, -1, (0, 2), (1, 2)):
        for keepdims in (False, True):
            result = np.asarray(lin.vector_norm(x["cube"], ord=3, axis=axis, keepdims=keepdims))
            add("vector_norm", ["cube"], result, ord=3, axis=axis, keepdims=keepdims)
    add("outer", ["rhs_5", "rhs_3"], lin.outer(x["rhs_5"], x["rhs_3"]))
    add("cross", ["three_a", "three_b"], lin.cross(x["three_a"], x["three_b"]), axis=-1)
    add("vecdot", ["three_a", "three_b"], lin.vecdot(x["three_a"], x["three_b"]), axis=-1)
    add("vecdot", ["three_a", "three_b"], lin.vecdot(x["three_a"], x["three_b"], axis=0), axis=0)
    for axes in (1, 2, ([0], [1]), ([1, 0], [0, 1])):
        a, b = ("five", "rhs_5x2") if axes == 1 else ("five", "rank_two")
        add("tensordot", [a, b], np.asarray(lin.tensordot(x[a], x[b], axes=axes)), axes=axes)
    for offset in (-2, 0, 1, 9):
        add("diagonal", ["stack"], lin.diagonal(x["stack"], offset=offset), offset=offset)
    for name in ("five", "tall", "flat", "stack", "stack_tall"):
        add("matmul_adjoint", [name], x[name] @ np.conj(lin.matrix_transpose(x[name])))
    return cases


if __name__ == "__main__":
    main()
