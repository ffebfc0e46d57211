"""Values against NumPy, and wrong arguments."""

import ast
import inspect
import pathlib

import numpy as np
import pytest
import xparray as xp

RNG = np.random.default_rng(7)
A = RNG.standard_normal((4, 5, 6))
M = RNG.standard_normal((3, 4, 4)) + 4 * np.eye(4)
I = RNG.integers(-9, 9, (4, 5))


def same(x, a, tol=1e-12):
    b = np.asarray(x)
    assert b.shape == np.shape(a) and b.dtype == np.asarray(a).dtype
    np.testing.assert_allclose(b, a, rtol=tol, atol=tol)


NAMES = {"acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atanh": "arctanh", "bitwise_invert": "invert"}


@pytest.mark.parametrize("name", "abs acos acosh asin asinh atan atanh ceil cos cosh exp expm1 floor isfinite isnan log log10 log1p log2 negative positive reciprocal round sign signbit sin sinh sqrt square tan tanh trunc conj real imag".split())
def test_unary(name):
    with np.errstate(all="ignore"):
        same(getattr(xp, name)(xp.asarray(A)), getattr(np, NAMES.get(name, name))(A))
        z = A + 1j * A[::-1]
        if name not in ("ceil", "floor", "trunc", "signbit"):
            expected = z / np.abs(z) if name == "sign" else getattr(np, NAMES.get(name, name))(z)
            same(getattr(xp, name)(xp.asarray(z)), expected)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(axis, keepdims):
    x = xp.asarray(A)
    for name in ["sum", "prod", "max", "min", "mean", "std", "var", "all", "any", "count_nonzero"]:
        same(getattr(xp, name)(x, axis=axis, keepdims=keepdims), getattr(np, name)(A, axis=axis, keepdims=keepdims))
    if not isinstance(axis, tuple):
        for name in ["argmax", "argmin"]:
            same(getattr(xp, name)(x, axis=axis, keepdims=keepdims), getattr(np, name)(A, axis=axis, keepdims=keepdims))


def test_sums_have_the_dtypes_of_the_standard():
    x = xp.asarray([100, 100], dtype=xp.int8)
    assert xp.sum(x).dtype is xp.int64 and xp.sum(xp.astype(x, xp.uint8)).dtype is xp.uint64
    s = xp.sum(x, dtype=xp.int8)
    assert s.dtype is xp.int8 and int(s) == -56
    assert xp.cumulative_sum(x, include_initial=True).tolist() == [0, 100, 200]
    assert xp.prod(x, dtype=xp.float32).dtype is xp.float32


def test_linear_algebra():
    x, b = xp.asarray(M), xp.asarray(M[:, :, :2])
    la = xp.linalg
    same(x @ b, M @ M[:, :, :2])
    same(la.inv(x), np.linalg.inv(M), 1e-10)
    same(la.det(x), np.linalg.det(M), 1e-10)
    same(la.solve(x, b), np.linalg.solve(M, M[:, :, :2]), 1e-10)
    same(la.svdvals(x), np.linalg.svd(M, compute_uv=False), 1e-10)
    u, s, vh = la.svd(x, full_matrices=False)
    same((u * s[:, None, :]) @ vh, M, 1e-10)
    h = M + np.swapaxes(M, 1, 2)
    w, v = la.eigh(xp.asarray(h))
    same(w, np.linalg.eigvalsh(h), 1e-10)
    same(la.cholesky(xp.asarray(M @ np.swapaxes(M, 1, 2))), np.linalg.cholesky(M @ np.swapaxes(M, 1, 2)), 1e-10)
    q = la.qr(x)
    same(q.Q @ q.R, M, 1e-10)
    same(la.pinv(x, rtol=1e-3), np.linalg.pinv(M, rcond=1e-3), 1e-10)
    assert la.matrix_rank(x, rtol=xp.asarray([1e-9, 1e9, 1e-9])).tolist() == [4, 0, 4]
    for ord in ["fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf")]:
        same(la.matrix_norm(x, ord=ord), np.linalg.norm(M, ord=ord, axis=(1, 2)), 1e-10)
    for ord in [0, 1, 2, 3.5, float("inf"), -float("inf")]:
        same(la.vector_norm(x, axis=1, ord=ord, keepdims=True), np.linalg.norm(M, ord=ord, axis=1, keepdims=True), 1e-10)
    same(la.trace(x, offset=1), np.trace(M, 1, 1, 2))
    same(la.matrix_power(x, -2), np.linalg.matrix_power(M, -2), 1e-10)
    same(xp.tensordot(x, b, axes=([1, 0], [1, 0])), np.tensordot(M, M[:, :, :2], axes=([1, 0], [1, 0])))
    same(la.cross(xp.asarray(A[..., :3]), xp.asarray(A[..., 3:])), np.cross(A[..., :3], A[..., 3:]))
    assert isinstance(la.slogdet(x), tuple) and la.slogdet(x)._fields == ("sign", "logabsdet")


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_transforms(name, norm):
    same(getattr(xp.fft, name)(xp.asarray(A), n=7, axis=1, norm=norm), getattr(np.fft, name)(A, n=7, axis=1, norm=norm))
    if name in ("fft", "ifft", "rfft", "irfft"):
        same(getattr(xp.fft, name + "n")(xp.asarray(A), s=(3, 8), axes=(0, 2), norm=norm), getattr(np.fft, name + "n")(A, s=(3, 8), axes=(0, 2), norm=norm))


def test_sets_and_order():
    x = xp.asarray(I)
    u = xp.unique_all(x)
    values, first, inverse, counts = np.unique(I, return_index=True, return_inverse=True, return_counts=True)
    same(u.values, values), same(u.indices, first), same(u.inverse_indices, inverse.reshape(I.shape)), same(u.counts, counts)
    same(xp.sort(x, axis=0, descending=True), -np.sort(-I, axis=0))
    same(xp.argsort(x), np.argsort(I, kind="stable"))
    same(xp.isin(x, xp.asarray([1, 2]), invert=True), np.isin(I, [1, 2], invert=True))
    same(xp.searchsorted(xp.asarray([1, 3, 5]), x, side="right"), np.searchsorted([1, 3, 5], I, side="right"))
    assert xp.unique_values(xp.asarray([True, True, False])).tolist() == [False, True]
    assert xp.unique_counts(xp.asarray([1j, 1j, 0.5])).counts.tolist() == [2, 1]


def test_shapes():
    x = xp.asarray(A)
    same(xp.moveaxis(x, (0, 1), (2, 0)), np.moveaxis(A, (0, 1), (2, 0)))
    same(xp.roll(x, (1, -2), axis=(0, 2)), np.roll(A, (1, -2), axis=(0, 2)))
    same(xp.tile(x, (2, 1)), np.tile(A, (2, 1)))
    same(xp.repeat(x, xp.asarray([0, 1, 2, 3]), axis=0), np.repeat(A, [0, 1, 2, 3], axis=0))
    same(xp.concat([x, x[:1, ...]], axis=0), np.concatenate([A, A[:1]], axis=0))
    same(xp.concat([x, x], axis=None), np.concatenate([A, A], axis=None))
    same(xp.reshape(x, (2, -1)), A.reshape(2, -1))
    same(xp.take(x, xp.asarray([2, 0]), axis=1), np.take(A, [2, 0], axis=1))
    same(xp.diff(x, n=2, axis=1, prepend=x[:, :1, :]), np.diff(A, n=2, axis=1, prepend=A[:, :1]))
    same(xp.clip(x, -0.5, xp.asarray(A[0])), np.clip(A, -0.5, A[0]))
    same(xp.meshgrid(xp.arange(2), xp.arange(3))[1], np.meshgrid(np.arange(2), np.arange(3))[1])


WRONG = [
    ("sum", lambda x: xp.sum(x, axis=2), xp.AxisError), ("sum", lambda x: xp.sum(x, axis=(0, 0)), ValueError), ("sum", lambda x: xp.sum(x, axis="a"), TypeError),
    ("max", lambda x: xp.max(x[:0, :]), ValueError), ("reshape", lambda x: xp.reshape(x, (7,)), ValueError), ("reshape", lambda x: xp.reshape(x, (-1, -1)), ValueError),
    ("zeros", lambda x: xp.zeros((-1,)), ValueError), ("zeros", lambda x: xp.zeros((2**40, 2**40)), ValueError), ("zeros", lambda x: xp.zeros((2**45,)), MemoryError),
    ("zeros", lambda x: xp.zeros(1.5), TypeError), ("full", lambda x: xp.full((2,), 300, dtype=xp.int8), OverflowError), ("eye", lambda x: xp.eye(2**40), ValueError),
    ("arange", lambda x: xp.arange(0, 1, 0), ValueError), ("arange", lambda x: xp.arange(300, dtype=xp.int8), OverflowError), ("arange", lambda x: xp.arange(2**62), ValueError),
    ("linspace", lambda x: xp.linspace(0, 1, -1), ValueError), ("linspace", lambda x: xp.linspace(0, 1, 2**62), ValueError), ("concat", lambda x: xp.concat([]), ValueError),
    ("concat", lambda x: xp.concat([x, x[0, :]]), ValueError), ("stack", lambda x: xp.stack([x, x], axis=4), xp.AxisError), ("squeeze", lambda x: xp.squeeze(x, 0), ValueError),
    ("expand_dims", lambda x: xp.expand_dims(x, axis=9), xp.AxisError), ("broadcast_to", lambda x: xp.broadcast_to(x, (4, 4)), ValueError), ("permute_dims", lambda x: xp.permute_dims(x, (0,)), ValueError),
    ("sin", lambda x: xp.sin(xp.asarray([1])), TypeError), ("sin", lambda x: xp.sin([1.0]), TypeError), ("sort", lambda x: xp.sort(x + 1j), TypeError), ("where", lambda x: xp.where(x, x, x), TypeError),
    ("take", lambda x: xp.take(x, xp.asarray([9]), axis=0), IndexError), ("take", lambda x: xp.take(x, xp.asarray([0.5]), axis=0), TypeError), ("matmul", lambda x: xp.matmul(x, x), ValueError),
    ("searchsorted", lambda x: xp.searchsorted(x, 1.0), ValueError), ("searchsorted", lambda x: xp.searchsorted(x[0, :], 1.0, side="up"), ValueError), ("inv", lambda x: xp.linalg.inv(x), ValueError),
    ("inv", lambda x: xp.linalg.inv(xp.zeros((2, 2))), xp.LinAlgError), ("cholesky", lambda x: xp.linalg.cholesky(-xp.eye(2)), xp.LinAlgError), ("fft", lambda x: xp.fft.fft(x, n=0), ValueError),
    ("fft", lambda x: xp.fft.fft(xp.asarray([1])), TypeError), ("fftn", lambda x: xp.fft.fftn(x, axes=(0, 0)), ValueError), ("fft", lambda x: xp.fft.fft(x, norm="up"), ValueError), ("fft", lambda x: xp.fft.fft(x, n=2**62), ValueError),
    ("repeat", lambda x: xp.repeat(x, -1), ValueError), ("tile", lambda x: xp.tile(x, (2**62, 8)), ValueError), ("add", lambda x: xp.add(1, 2), TypeError), ("add", lambda x: xp.add(x, xp.ones(5)), ValueError),
    ("astype", lambda x: xp.astype(x + 1j, xp.float64), TypeError), ("astype", lambda x: xp.astype(x, "float64"), TypeError), ("isdtype", lambda x: xp.isdtype(xp.int8, "nothing"), ValueError), ("finfo", lambda x: xp.finfo(xp.int8), TypeError),
    ("result_type", lambda x: xp.result_type(xp.int8, xp.float32), TypeError), ("result_type", lambda x: xp.result_type(), ValueError), ("x.T", lambda x: xp.ones(3).T, ValueError), ("__array_namespace__", lambda x: x.__array_namespace__(api_version="1999.12"), ValueError),
    ("tensordot", lambda x: xp.tensordot(x, x, axes=-1), ValueError), ("vecdot", lambda x: xp.vecdot(x, x[:, :1]), ValueError), ("cross", lambda x: xp.linalg.cross(x[:, :2], x[:, :2]), ValueError), ("meshgrid", lambda x: xp.meshgrid(x[0, :], indexing="ab"), ValueError),
    ("bitwise_left_shift", lambda x: xp.bitwise_left_shift(x, 1), TypeError), ("nonzero", lambda x: xp.nonzero(xp.asarray(1)), ValueError), ("to_device", lambda x: x.to_device("gpu"), ValueError), ("roll", lambda x: xp.roll(x, (1, 2)), ValueError),
]


@pytest.mark.parametrize("name, call, error", WRONG, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(WRONG)])
@pytest.mark.usefixtures("strict")
def test_wrong_arguments(name, call, error):
    with pytest.raises(error) as caught:
        call(xp.asarray(A[0]))
    assert "internal error" not in str(caught.value)


def test_namespace_is_that_of_the_stubs():
    for module, file in [(xp, "__init__"), (xp.fft, "fft"), (xp.linalg, "linalg")]:
        tree = ast.parse((pathlib.Path(xp.__file__).parent / f"{file}.pyi").read_text())
        stubs = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        functions = {name for name in module.__all__ if inspect.isroutine(getattr(module, name))}
        assert set(stubs) == functions
        for name, node in stubs.items():
            parameters = inspect.signature(getattr(module, name)).parameters.values()
            kinds = [(p.name, p.kind.name) for p in parameters]
            a = node.args
            expected = [(p.arg, "POSITIONAL_ONLY") for p in a.posonlyargs] + [(p.arg, "POSITIONAL_OR_KEYWORD") for p in a.args]
            expected += [(a.vararg.arg, "VAR_POSITIONAL")] if a.vararg else []
            assert kinds == expected + [(p.arg, "KEYWORD_ONLY") for p in a.kwonlyargs], name


def test_inspection():
    info = xp.asarray(1).__array_namespace__().__array_namespace_info__()
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 32}
    assert info.devices()[0] == "cpu" and info.default_device() == "cpu"
    assert info.default_dtypes()["real floating"] is xp.float64 and set(info.dtypes(kind="real floating")) == {"float32", "float64"}
    assert xp.finfo(xp.complex64).eps == np.finfo("float32").eps and xp.iinfo(xp.uint64).max == 2**64 - 1


@pytest.mark.parametrize("k", [2**63, 2**63 - 1, 2**200, -(2**63), -(2**200), 3, -3])
def test_diagonals_beyond_the_matrix(k):
    x = xp.ones((2, 3))
    assert not xp.any(xp.eye(2, 3, k=k))
    assert xp.all(xp.tril(x, k=k)) if k > 0 else not xp.any(xp.tril(x, k=k))
    assert xp.all(xp.triu(x, k=k)) if k < 0 else not xp.any(xp.triu(x, k=k))
    with pytest.raises(TypeError):
        xp.eye(2, k="1")


def test_the_import_takes_nothing_heavy_along():
    """Modules that are imported with it: what takes longer than itself waits until it is needed."""
    import subprocess
    import sys

    code = "import sys; before = set(sys.modules); import xparray; print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    found = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    of_named_tuples = {"_collections", "collections", "itertools", "keyword", "reprlib"}
    assert found <= {"xparray", "_operator", "cmath", "math", "operator", "types"} | of_named_tuples
