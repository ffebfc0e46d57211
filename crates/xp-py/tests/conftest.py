"""What tests share."""

import pytest
import xparray as xp


@pytest.fixture
def strict():
    """What the standard leaves open is an error."""
    xp.set_strict(True)
    yield
    xp.set_strict(False)
