"""What tests share."""

import os

# A module that was built with the simulated GPU (the feature `simulated`) has it in the place of a real one.
os.environ.setdefault("XP_CUDA_SIMULATED", "1")
# scikit-learn computes with arrays of other libraries only where SciPy does, which looks when it is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import pytest  # noqa: E402
import xparray as xp  # noqa: E402


@pytest.fixture
def strict():
    """What the standard leaves open is an error."""
    xp.set_strict(True)
    yield
    xp.set_strict(False)
