"""Arrays on a GPU: the simulated one of a module that was built with the feature `simulated`, or a real one."""

import copy
import operator
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import xparray as xp

if "cuda" not in xp.show_config(mode="dicts")["backends"]:
    pytest.skip("the module was built without CUDA", allow_module_level=True)
if "cuda:0" not in xp.__array_namespace_info__().devices():
    pytest.skip("there is no GPU, and the module was built without the simulated one", allow_module_level=True)

GPU = "cuda:0"


def on_gpu(x, **kwargs):
    return xp.asarray(x, device=GPU, **kwargs)


def same(x, expected, rtol=1e-12):
    """Whether an array on the GPU has the elements of one on the CPU."""
    assert x.device == GPU
    expected = np.asarray(expected)
    assert (x.shape, str(x.dtype)) == (expected.shape, expected.dtype.name)
    np.testing.assert_allclose(np.asarray(x.to_device("cpu")), expected, rtol=rtol, atol=1e-14)


# Devices.


def test_devices_have_names():
    info = xp.__array_namespace_info__()
    assert info.devices()[:2] == ("cpu", GPU) and info.default_device() == "cpu"
    assert info.default_dtypes(device=GPU) == info.default_dtypes() and info.dtypes(device=GPU, kind="bool") == {"bool": xp.bool}
    assert on_gpu([1]).device == GPU and xp.asarray([1], device="cuda").device == GPU and xp.asarray([1]).device == "cpu"


@pytest.mark.parametrize("name, error, why", [
    ("gpu", ValueError, "`gpu`"), ("cuda:first", ValueError, "cuda:first"), ("cuda:99", RuntimeError, "cuda:99"), (0, TypeError, "0"),
])  # fmt: skip
def test_unknown_devices(name, error, why):
    for ask in (lambda: xp.zeros(3, device=name), lambda: xp.asarray([1.0]).to_device(name), lambda: xp.asarray(1.0, device=name)):
        with pytest.raises(error, match=why):
            ask()


def test_creation():
    x = on_gpu([[1.5, 2.5], [3.5, 4.5]])
    same(x, [[1.5, 2.5], [3.5, 4.5]])
    for make in (xp.zeros, xp.ones, xp.empty):
        for shape in ((2, 3), (100, 2)):
            same(make(shape, device=GPU) * 0, np.zeros(shape))
    same(xp.full((2, 2), 7, device=GPU), np.full((2, 2), 7))
    same(xp.arange(5, device=GPU), np.arange(5))
    same(xp.arange(200, device=GPU, dtype=xp.uint64), np.arange(200, dtype=np.uint64))
    same(xp.arange(0.0, 1.0, 0.25, device=GPU), np.arange(0.0, 1.0, 0.25))
    same(xp.linspace(0, 1, 5, device=GPU), np.linspace(0, 1, 5))
    same(xp.eye(3, k=1, device=GPU), np.eye(3, k=1))
    same(xp.fft.rfftfreq(5, device=GPU), np.fft.rfftfreq(5))
    for like in (xp.zeros_like, xp.ones_like, xp.empty_like, lambda x: xp.full_like(x, 2)):
        assert like(x).device == GPU and like(x).shape == x.shape
    assert xp.zeros_like(x, device="cpu").device == "cpu" and xp.zeros_like(xp.ones(2), device=GPU).device == GPU
    assert all(g.device == GPU for g in xp.meshgrid(on_gpu([1, 2]), on_gpu([3, 4, 5])))
    assert xp.asarray(x) is x and xp.asarray(x, copy=True) is not x
    same(xp.asarray(np.arange(3.0), device=GPU), np.arange(3.0))
    same(xp.astype(xp.arange(3), xp.float32, device=GPU), np.arange(3, dtype=np.float32))
    with pytest.raises(ValueError, match="copy=False"):
        xp.asarray(np.arange(3.0), device=GPU, copy=False)


def test_to_device():
    x = xp.reshape(xp.arange(6.0), (2, 3)).T
    y = x.to_device(GPU)
    same(y, np.asarray(x))
    back = y.to_device("cpu")
    assert back.device == "cpu" and bool(xp.all(back == x))
    assert y.to_device(GPU)._is_writable
    with pytest.raises(ValueError, match="stream must be None"):
        y.to_device("cpu", stream=1)
    if "cuda:1" in xp.__array_namespace_info__().devices():
        z = y.to_device("cuda:1")
        assert z.device == "cuda:1" and z.tolist() == x.tolist()


@pytest.mark.parametrize("mix", [
    lambda x, y: x + y, lambda x, y: y - x, lambda x, y: x == y, lambda x, y: x @ y, lambda x, y: operator.iadd(x, y),
    lambda x, y: xp.concat([x, y]), lambda x, y: xp.where(x > 0, x, y), lambda x, y: xp.take(x, xp.astype(y[0, :], xp.int64), axis=0),
    lambda x, y: x[y > 0], lambda x, y: x[xp.astype(y[0, :], xp.int64)], lambda x, y: operator.setitem(x, ..., y),
    lambda x, y: xp.linalg.solve(x, y), lambda x, y: xp.searchsorted(x[0, :], y[0, :]), lambda x, y: xp.clip(x, y, None),
])  # fmt: skip
def test_devices_do_not_mix(mix):
    x, y = xp.asarray([[1.0, 0.0], [0.0, 1.0]]), on_gpu([[1.0, 0.0], [0.0, 1.0]])
    for a, b in ((x, y), (y, x)):
        with pytest.raises(ValueError, match=r"(?=.*\bcpu\b)(?=.*cuda:0)"):
            mix(a, b)


# What the host reads.


@pytest.mark.parametrize("read, error", [
    (np.asarray, TypeError), (np.array, TypeError), (lambda x: x.__array__(), TypeError), (lambda x: np.sum(np.asarray(x)), TypeError),
    (memoryview, BufferError), (lambda x: xp.asarray([x, x]), TypeError), (lambda x: xp.full((2,), x[0]), TypeError), (np.from_dlpack, (BufferError, RuntimeError)),
    (lambda x: np.ones(3) + x, TypeError),
])  # fmt: skip
def test_nothing_is_read_in_silence(read, error):
    with pytest.raises(error):
        read(on_gpu([1.0, 2.0, 3.0]))


def test_what_is_asked_for_is_read():
    x = on_gpu([[1.5, -2.0], [0.0, 4.0]])
    assert (float(x[0, 0]), int(x[1, 1]), bool(x[1, 0]), complex(x[0, 1])) == (1.5, 4, False, -2 + 0j)
    assert x[0, 0].item() == 1.5 and x.item(3) == 4.0 and x.tolist() == [[1.5, -2.0], [0.0, 4.0]] and x.T.tolist() == [[1.5, 0.0], [-2.0, 4.0]]
    assert str(x) == str(x.to_device("cpu")) and repr(x).endswith("dtype=float64, device=cuda:0)") and f"{x[0, 0]:.1f}" == "1.5"
    assert x.tobytes() == x.to_device("cpu").tobytes() and 4.0 in x and range(10)[on_gpu(3)] == 3
    for y in (pickle.loads(pickle.dumps(x.T)), copy.deepcopy(x.T), copy.copy(x.T)):
        same(y, np.asarray([[1.5, 0.0], [-2.0, 4.0]]))
    with pytest.raises(TypeError, match="rank 0"):
        float(x)


def test_parts_are_written_where_they_are():
    x = on_gpu(np.zeros((3, 4)))
    row = x[1, :]
    x[1, 2] = 5
    x[0, :] = [1, 2, 3, 4]
    x[:, 0] = on_gpu([7.0, 8.0, 9.0])
    x[x > 8] = -1.0
    x[[0, 2], [3, 3]] = 6
    x += 1
    same(x, [[8, 3, 4, 7], [9, 1, 6, 1], [0, 1, 1, 7]] + np.zeros((3, 4)))
    same(row, [9.0, 1, 6, 1])
    same(x[[2, 0]], np.asarray(x.to_device("cpu"))[[2, 0]])
    same(x[on_gpu([True, False, True])], np.asarray(x.to_device("cpu"))[[0, 2]])
    with pytest.raises(ValueError, match="different devices"):
        x[...] = np.ones((3, 4))
    with pytest.raises(IndexError):
        xp.take(x, on_gpu([9]), axis=0).tolist()


# What is computed.


@pytest.mark.parametrize("f", [
    lambda x: xp.sin(x) + 2.0, lambda x: 1 / x, lambda x: x ** 2, lambda x: -x, lambda x: xp.sum(x, axis=0), lambda x: xp.mean(x), lambda x: xp.std(x, axis=1, keepdims=True),
    lambda x: xp.argmax(x, axis=1), lambda x: xp.sort(x, axis=0), lambda x: xp.argsort(x), lambda x: xp.cumulative_sum(x, axis=1), lambda x: x.T @ x, lambda x: xp.unique_values(x),
    lambda x: xp.nonzero(x > 2)[1], lambda x: xp.concat([x, x.T]), lambda x: xp.where(x > 2, x, 0.0), lambda x: xp.clip(x, 1, 3), lambda x: xp.broadcast_to(x[0, :], (2, 3)),
    lambda x: xp.linalg.inv(x), lambda x: xp.linalg.svdvals(x), lambda x: xp.linalg.det(x), lambda x: xp.linalg.cholesky(x.T @ x), lambda x: xp.linalg.eigh(x.T @ x).eigenvalues,
    lambda x: xp.abs(xp.fft.fft(x)), lambda x: xp.fft.irfft(xp.fft.rfft(x), n=3), lambda x: xp.astype(x, xp.int32) % 2, lambda x: xp.diff(x), lambda x: xp.tril(x),
    lambda x: xp.extra.median(x), lambda x: xp.extra.pad(x, 1), lambda x: xp.extra.create_diagonal(x[0, :]), lambda x: xp.diag(x[0, :]), lambda x: x.round(1), lambda x: xp.vander(x[0, :]),
])  # fmt: skip
def test_functions_agree_with_those_of_the_cpu(f):
    x = np.asarray([[4.25, 1.0, 0.5], [1.5, 3.0, 0.25], [0.125, 2.5, 5.0]])
    expected = f(xp.asarray(x))
    same(f(on_gpu(x)), expected, rtol=1e-10)


# Other libraries.


class Producer:
    """An array of another library: hands its memory out by DLPack and remembers how it was asked for it."""

    def __init__(self, x, known=("stream", "max_version", "dl_device", "copy")):
        self.x, self.known, self.asked = x, known, []

    def __dlpack_device__(self):
        return self.x.__dlpack_device__()

    def __dlpack__(self, **kwargs):
        self.asked.append(kwargs)
        if kwargs.keys() - set(self.known):
            raise TypeError("unknown keywords")
        return self.x.__dlpack__(**kwargs)


def address(x):
    return x.__cuda_array_interface__["data"][0]


def test_memory_comes_from_other_libraries():
    x = on_gpu([[1.0, 2.0], [3.0, 4.0]])
    there = Producer(x.T)
    for take in (xp.from_dlpack, xp.asarray):
        y = take(there)
        same(y, [[1.0, 3.0], [2.0, 4.0]])
        assert address(y) == address(x)
        assert there.asked[-1]["stream"] > 2, "the stream of the device is told"
    y[0, 1] = -3.0
    assert x[1, 0].item() == -3.0, "the memory is shared"
    # Producers from before the keywords.
    for known in (("stream",), ("stream", "max_version")):
        old = Producer(x, known)
        same(xp.from_dlpack(old), x.to_device("cpu"))
    assert old.asked[-1].keys() == {"stream", "max_version"} and Producer(x, ()).__dlpack_device__() == (2, 0)
    z = xp.from_dlpack(there, copy=True)
    assert address(z) != address(x) and z.tolist() == x.T.tolist()
    # To other devices.
    assert xp.from_dlpack(there, device="cpu").tolist() == x.T.tolist() and there.asked[-1]["dl_device"] == (1, 0)
    assert xp.from_dlpack(Producer(xp.arange(3)), device=GPU).device == GPU
    with pytest.raises(BufferError, match="copy=False"):
        xp.from_dlpack(Producer(xp.arange(3)), device=GPU, copy=False)
    flags = Producer(on_gpu([True, False]))
    assert xp.from_dlpack(flags).tolist() == [True, False] and address(xp.from_dlpack(flags)) != address(flags.x)
    same(xp.from_dlpack(x), x.to_device("cpu"))


def test_read_only_memory_is_copied_before_it_is_written():
    x = xp.broadcast_to(on_gpu([1.0, 2.0]), (2, 2))
    y = xp.from_dlpack(Producer(x))
    assert not y._is_writable
    y[0, 0] = 5.0
    assert (y.tolist(), x.tolist()) == ([[5.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]])


def test_memory_goes_to_other_libraries():
    x = on_gpu([1.0, 2.0, 3.0])
    assert x.__dlpack_device__() == (2, 0)
    for stream in (None, -1, 1, 2):
        assert '"dltensor"' in repr(x.__dlpack__(stream=stream)) and '"dltensor_versioned"' in repr(x.__dlpack__(stream=stream, max_version=(1, 0)))
    for stream in (0, -2, "1", 1.5):
        with pytest.raises(BufferError, match="stream"):
            x.__dlpack__(stream=stream)
    np.testing.assert_array_equal(np.from_dlpack(x, device="cpu"), [1.0, 2.0, 3.0])
    for wrong in (dict(dl_device=(1, 0), copy=False), dict(dl_device=(10, 0)), dict(dl_device=(1, 0), stream=1)):
        with pytest.raises(BufferError):
            x.__dlpack__(**wrong)
    assert xp.asarray([1.0]).__dlpack__(dl_device=(2, 0)) is not None
    with pytest.raises(BufferError, match="booleans"):
        on_gpu([True]).__dlpack__(copy=False)


def test_cuda_array_interface():
    x = on_gpu([[1.0, 2.0], [3.0, 4.0]], dtype=xp.float32)
    found = x.__cuda_array_interface__
    assert (found["shape"], found["typestr"], found["strides"], found["version"]) == ((2, 2), "<f4", None, 3)
    assert found["data"][0] > 0 and found["data"][1] is False and found["stream"] > 2
    assert x.T.__cuda_array_interface__["strides"] == (4, 8) and address(x[1, 1:]) == address(x) + 12
    assert on_gpu([True]).__cuda_array_interface__["data"][1] is True
    # Memory that somebody was told the address of stays.
    before = address(x)
    x[xp.zeros((2, 2), dtype=xp.bool, device=GPU)] = 0.0
    assert address(x) == before
    assert not hasattr(xp.asarray([1.0]), "__cuda_array_interface__")


# Random numbers.


@pytest.mark.parametrize("draw", [
    lambda g, **kw: g.random((100,), **kw),
    lambda g, **kw: g.random(7, dtype=xp.float32, **kw),
    lambda g, **kw: g.uniform(-1.0, 3.0, (5, 4), **kw),
    lambda g, **kw: g.normal(2.0, 0.5, 1000, **kw),
    lambda g, **kw: g.exponential(2.0, 10, **kw),
    lambda g, **kw: g.lognormal(size=10, **kw),
    lambda g, **kw: g.integers(-3, 9, (50,), **kw),
    lambda g, **kw: g.permutation(300, **kw),
    lambda g, **kw: g.choice(40, 20, replace=False, **kw),
    lambda g, **kw: g.choice(4, 30, p=[0.1, 0.2, 0.3, 0.4], **kw),
])  # fmt: skip
def test_random_numbers_are_drawn_where_they_are_wanted(draw):
    expected = draw(xp.random.default_rng(3))
    assert expected.device == "cpu"
    same(draw(xp.random.default_rng(3), device=GPU), expected, rtol=1e-6 if expected.dtype == xp.float32 else 1e-12)


def test_elements_are_drawn_where_they_are():
    x = xp.reshape(xp.arange(60.0), (20, 3))
    for draw in (lambda g, x: g.permutation(x), lambda g, x: g.choice(x, 7), lambda g, x: g.choice(x, 2, p=[0.5, 0.25, 0.25], axis=1)):
        same(draw(xp.random.default_rng(5), x.to_device(GPU)), draw(xp.random.default_rng(5), x))
    shuffled, there = xp.asarray(x, copy=True), on_gpu(x, copy=True)
    xp.random.default_rng(6).shuffle(shuffled)
    xp.random.default_rng(6).shuffle(there)
    same(there, shuffled)
    with pytest.raises(ValueError, match="device cpu given for an array on cuda:0"):
        xp.random.default_rng(7).permutation(there, device="cpu")
    scale = on_gpu([1.0, 2.0])
    same(xp.random.default_rng(8).normal(0.0, scale, device=GPU), xp.random.default_rng(8).normal(0.0, scale.to_device("cpu")))



def test_without_a_driver():
    program = """
import xparray as xp

assert xp.__array_namespace_info__().devices() == ("cpu",)
try:
    xp.zeros(3, device="cuda:0")
except RuntimeError as e:
    assert "libcuda.so.1" in str(e) and "cuda:0" in str(e), e
else:
    raise SystemExit("a device without a driver")


class Cupy:
    def __dlpack_device__(self):
        return (2, 0)

    def __dlpack__(self, **kwargs):
        raise SystemExit("asked for memory that nobody here can use")


try:
    xp.from_dlpack(Cupy())
except BufferError as e:
    assert "(2, 0)" in str(e), e
else:
    raise SystemExit("memory of a device without a driver")
"""
    environment = {**os.environ, "XP_CUDA_SIMULATED": "0", "XP_CUDA_PATH": "/nowhere"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    if "a device without a driver" in done.stderr:
        pytest.skip("there is a real driver")
    assert done.returncode == 0, done.stderr


# Estimators.


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * [1.0, 2.0, 0.5, 3.0] + [0.0, 1.0, -2.0, 5.0]
    y = np.repeat([0, 1, 2], 20)
    return X + y[:, None] * [2.0, -1.0, 0.5, 0.0], y


#: The estimators that compute on the device, and what they are asked for.
ON_DEVICE = {
    "StandardScaler": ["transform", "inverse_transform", "mean_", "scale_"],
    "MinMaxScaler": ["transform", "data_min_"],
    "MaxAbsScaler": ["transform", "scale_"],
    "PCA": ["transform", "inverse_transform", "components_", "explained_variance_"],
    "Ridge": ["predict", "coef_"],
    "LinearRegression": ["predict", "coef_"],
    "LinearDiscriminantAnalysis": ["predict", "transform", "predict_proba", "means_", "classes_"],
    "GaussianNB": ["predict", "predict_proba", "theta_"],
}


@pytest.mark.parametrize("name", ON_DEVICE)
def test_estimators_compute_where_the_samples_are(name):
    sklearn = pytest.importorskip("xparray.sklearn")
    X, y = data()
    target = X @ [1.0, -2.0, 0.5, 0.25] + 3.0 if name in ("Ridge", "LinearRegression") else y
    there, here = getattr(sklearn, name)(), getattr(sklearn, name)()
    there.fit(on_gpu(X), on_gpu(target))
    here.fit(X, target)
    Z = X[:, : here.n_components_] if name == "PCA" else X
    for asked in ON_DEVICE[name]:
        found, expected = getattr(there, asked), getattr(here, asked)
        if callable(found):
            found, expected = found(on_gpu(Z)), expected(Z)
        same(found, expected, rtol=1e-9)
    with pytest.raises(ValueError, match="different devices"):
        there.predict(X) if hasattr(there, "predict") else there.transform(X)
    with pytest.raises(ValueError, match="samples|features"):
        getattr(there, ON_DEVICE[name][0])(on_gpu(X[:, :2]))
    restored = pickle.loads(pickle.dumps(there))
    asked = ON_DEVICE[name][0]
    same(getattr(restored, asked)(on_gpu(X)), getattr(here, asked)(X), rtol=1e-9)


@pytest.mark.parametrize("given", [lambda x: x, lambda x: x.tolist(), on_gpu])
def test_centres_go_where_the_samples_are(given):
    sklearn = pytest.importorskip("xparray.sklearn")
    X, _ = data()
    for make in (
        lambda centres: sklearn.KMeans(n_clusters=3, n_init=1, init=centres),
        lambda centres: sklearn.GaussianMixture(n_components=3, covariance_type="diag", means_init=centres, random_state=0),
    ):
        there, here = make(given(X[::20])).fit(on_gpu(X)), make(X[::20]).fit(X)
        same(there.predict(on_gpu(X)), here.predict(X))


def test_labels_may_be_words_and_parts_merge():
    sklearn = pytest.importorskip("xparray.sklearn")
    X, y = data()
    words = np.asarray(["low", "mid", "high"])[y]
    lda = sklearn.LinearDiscriminantAnalysis().fit(on_gpu(X), words)
    assert (lda.predict(on_gpu(X)) == sklearn.LinearDiscriminantAnalysis().fit(X, words).predict(X)).all()
    a, b = sklearn.StandardScaler().partial_fit(on_gpu(X[:30])), sklearn.StandardScaler().fit(on_gpu(X[30:]))
    same(a.merge(b).mean_, X.mean(axis=0), rtol=1e-9)
    with pytest.raises(ValueError, match="inconsistent"):
        sklearn.LinearDiscriminantAnalysis().fit(on_gpu(X), words[:5])
    with pytest.raises(ValueError, match="NaN"):
        sklearn.PCA().fit(on_gpu(np.full((5, 2), np.nan)))


@pytest.mark.parametrize("name", ["OneHotEncoder", "OrdinalEncoder", "CalibratedClassifierCV", "LabelBinarizer", "RidgeCV"])
def test_other_estimators_say_what_they_take(name):
    sklearn = pytest.importorskip("xparray.sklearn")
    X, y = data()
    estimator = getattr(sklearn, name)()
    if name == "RidgeCV":
        estimator.set_params(cv=3)
    with pytest.raises(TypeError, match='cuda:0.*to_device|to_device.*cuda:0'):
        estimator.fit(on_gpu(y)) if name == "LabelBinarizer" else estimator.fit(on_gpu(X), y)
