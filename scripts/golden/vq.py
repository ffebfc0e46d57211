"""Golden file of scipy.cluster.vq's whiten, vq and kmeans2: crates/xp-models/tests/golden/vq.json.

kmeans2 is run with `minit="matrix"` only: its other starts draw random numbers.
"""

import warnings

from common import MODELS, load_dataset, np, rounded, write
from scipy.cluster.vq import ClusterError, kmeans2, vq, whiten


def main():
    inputs = make_inputs()
    cases = [whiten_case(inputs, n, d) for n in ("blobs", "line", "constant_column") for d in (np.float64, np.float32)]
    cases += [vq_case(inputs, n, d) for n in ("blobs", "line", "ties", "iris") for d in (np.float64, np.float32)]
    for name, iterations in (("blobs", 1), ("blobs", 2), ("blobs", 10), ("blobs", 50), ("line", 10), ("iris", 20)):
        for dtype in (np.float64, np.float32):
            cases.append(kmeans2_case(inputs, name, iterations, "warn", dtype))
    for missing in ("warn", "raise"):
        cases.append(kmeans2_case(inputs, "far_centroid", 10, missing))
        cases.append(kmeans2_case(inputs, "blobs", 5, missing))
    write(MODELS / "vq.json", inputs=stored(inputs), cases=cases, libraries=("numpy", "scipy"))


def make_inputs():
    rng = np.random.default_rng(24)
    centres = rounded(4 * rng.normal(size=(4, 3)))
    blobs = rounded(centres[rng.integers(0, 4, 80)] + rng.normal(size=(80, 3)))
    line = rounded(np.concatenate([rng.normal(0, 1, 20), rng.normal(8, 2, 20)]))
    iris = load_dataset("iris")[0]
    grid = np.array([[i, j] for i in range(3) for j in range(3)], dtype=float)
    return {
        "blobs": {"x": blobs, "code_book": blobs[[0, 1, 2, 3]]},
        "line": {"x": line, "code_book": line[[0, 1, 39]]},
        "ties": {"x": grid, "code_book": np.array([[0, 0], [2, 0], [0, 2], [2, 2], [0, 0]], dtype=float)},
        "iris": {"x": iris, "code_book": iris[[0, 60, 120]]},
        "constant_column": {"x": np.column_stack([blobs[:20], np.full(20, 2.0)])},
        "far_centroid": {"x": blobs, "code_book": np.vstack([blobs[[0, 5]], [[1000.0, 1000.0, 1000.0]]])},
    }


def stored(inputs):
    return {k: {"dataset": "iris.csv", "code_book": v["code_book"]} if k == "iris" else v for k, v in inputs.items()}


def whiten_case(inputs, name, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns of no variance are left as they are
        result = whiten(inputs[name]["x"].astype(dtype))
    return {"function": "whiten", "input": name, "dtype": np.dtype(dtype).name, "expected": result}


def vq_case(inputs, name, dtype):
    codes, distances = vq(*(inputs[name][key].astype(dtype) for key in ("x", "code_book")))
    return {"function": "vq", "input": name, "dtype": np.dtype(dtype).name,
            "expected": {"codes": codes, "distances": distances}}  # fmt: skip


def kmeans2_case(inputs, name, iterations, missing, dtype=np.float64):
    x, start = (inputs[name][key].astype(dtype) for key in ("x", "code_book"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            centroids, labels = kmeans2(x, start, iter=iterations, minit="matrix", missing=missing)
            expected = {"centroids": centroids, "labels": labels, "warns": len(caught) > 0}
        except ClusterError:
            expected = {"error": "empty cluster"}
    return {"function": "kmeans2", "input": name, "dtype": np.dtype(dtype).name, "iter": iterations, "missing": missing,
            "expected": expected}  # fmt: skip


if __name__ == "__main__":
    main()
