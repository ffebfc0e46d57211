"""What the golden-file scripts share: encoding of arrays, the file layout, and the recorded versions.

A file is a JSON object with four members:

* ``generator``: the script that wrote it;
* ``versions``: of Python and of every library that computed a value;
* ``inputs``: named arrays;
* ``cases``: a list of objects; strings in them may name inputs.

An array is ``{"dtype": ..., "shape": [...], "data": [...]}`` with the elements in C order in one flat list; complex
elements are two consecutive numbers, real part first. Every float64 is written with the fewest digits that read back
to the same value, and every float32 with the fewest that read back to the same float32. What JSON cannot hold is
written as one of the strings "nan", "inf", "-inf".
"""

import json
import math
import os
import platform
import sys
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # one thread: the same file on every machine of one kind

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "crates" / "xp-models" / "data"
MODELS = ROOT / "crates" / "xp-models" / "tests" / "golden"
CONFORMANCE = ROOT / "crates" / "xp-conformance" / "golden"


def write(path, *, inputs, cases, libraries=("numpy",)):
    """Write one golden file, one input and one case per line."""
    head = {"generator": f"scripts/golden/{Path(sys.argv[0]).name}", "versions": versions(libraries)}
    lines = [f'"{key}": {_dumps(value)}' for key, value in head.items()]
    lines.append('"inputs": {\n' + ",\n".join(f'"{k}": {_dumps(v)}' for k, v in inputs.items()) + "\n}")
    lines.append('"cases": [\n' + ",\n".join(_dumps(c) for c in cases) + "\n]")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path.relative_to(ROOT)}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} KiB")


def versions(libraries):
    """The versions of Python and of the named libraries."""
    import importlib.metadata

    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in libraries}}


def encode(value):
    """Turn NumPy arrays and scalars, and containers of them, into what the file holds."""
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "shape": list(value.shape), "data": [s for x in value.ravel() for s in _parts(x)]}
    if isinstance(value, (np.generic, complex)):
        parts = _parts(value)
        return parts[0] if len(parts) == 1 else parts
    if isinstance(value, float):
        return _number(value)
    return value


def rounded(array, decimals=3):
    """Inputs carry few digits, so that the files stay small."""
    return np.round(array, decimals) + 0.0


def load_dataset(name):
    """Features (float64) and labels (int64) of a dataset in crates/xp-models/data."""
    table = np.loadtxt(DATA / f"{name}.csv", delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1].astype(np.int64)


def _parts(x):
    if isinstance(x, (complex, np.complexfloating)):
        return [*_parts(x.real), *_parts(x.imag)]
    if isinstance(x, np.float32):
        return [_number(float(str(x)))]
    if isinstance(x, (float, np.floating)):
        return [_number(float(x))]
    if isinstance(x, (bool, np.bool_)):
        return [bool(x)]
    return [int(x)]


def _number(x):
    return x if math.isfinite(x) else str(x)


def _dumps(value):
    return json.dumps(encode(value), separators=(",", ":"), allow_nan=False)
