"""Tries the installed module, with what there is of NumPy and scikit-learn: python smoke.py. It needs no other module."""

import pickle
import sys

import xparray as xp

x = xp.reshape(xp.arange(12, dtype=xp.float64), (3, 4))
assert xp.sum(x) == 66 and (x @ x.T).shape == (3, 3) and x[1, ::2].shape == (2,)
q, r = xp.linalg.qr(x)
assert xp.max(xp.abs(q @ r - x)) < 1e-12
back = xp.fft.ifft(xp.fft.fft(xp.astype(x, xp.complex128)))
assert xp.max(xp.abs(back - x)) < 1e-12
assert xp.all(pickle.loads(pickle.dumps(x)) == x)
assert xp.show_config("dicts")
try:
    xp.reshape(x, (5, 5))
except ValueError as error:
    assert "reshape" in str(error)
else:
    raise AssertionError("12 elements have no shape (5, 5)")
tried = ["the module"]

try:
    import numpy as np
except ImportError:
    pass
else:
    shared = np.asarray(x)
    shared[0, 0] = 7
    assert x[0, 0] == 7 and np.shares_memory(shared, np.asarray(x)) and np.from_dlpack(x).shape == (3, 4)
    assert xp.asarray(np.ones(3, dtype=np.float32)).dtype == xp.float32
    tried.append(f"NumPy {np.__version__}")

try:
    import sklearn
except ImportError:
    pass
else:
    from sklearn.datasets import load_iris
    from xparray.sklearn import LinearDiscriminantAnalysis

    X, y = load_iris(return_X_y=True)
    assert LinearDiscriminantAnalysis().fit(X, y).score(X, y) > 0.97
    tried.append(f"scikit-learn {sklearn.__version__}")

print(f"xparray {xp.__version__} works with Python {sys.version.split()[0]}: {', '.join(tried)}")
