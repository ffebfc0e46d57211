"""A plugin of pytest that makes xparray the backend of SciPy's and of scikit-learn's own tests of the array API.

    SCIPY_ARRAY_API=1 PYTHONPATH=scripts/array_api python -m pytest -p xparray_backend --pyargs scipy.fft -m array_api_backends
    SCIPY_ARRAY_API=1 PYTHONPATH=scripts/array_api python -m pytest -p xparray_backend --pyargs sklearn -k "array_api and xparray"
"""

import importlib

import pytest
import xparray


@pytest.hookimpl(tryfirst=True)
def pytest_plugin_registered(plugin):
    """SciPy: the fixture `xp` of its conftest has one parameter, xparray."""
    if hasattr(plugin, "xp_available_backends") and hasattr(plugin, "xp_known_backends"):
        plugin.xp_known_backends.add("xparray")
        only = pytest.param(xparray, id="xparray", marks=pytest.mark.array_api_backends)
        object.__setattr__(plugin.xp._fixture_function_marker, "params", (only,))


def combinations(*args, **kwargs):
    """scikit-learn: what its tests of the array API are run for."""
    return [("xparray", None, "float64"), ("xparray", None, "float32")]


for name in ("sklearn.utils._array_api", "sklearn.utils._array_api_testing"):
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    if hasattr(module, "yield_namespace_device_dtype_combinations"):
        module.yield_namespace_device_dtype_combinations = combinations
    if hasattr(module, "yield_namespaces"):
        module.yield_namespaces = lambda *args, **kwargs: ["xparray"]
