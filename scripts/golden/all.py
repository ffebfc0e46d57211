"""Write every golden file: `python3 scripts/golden/all.py` (needs NumPy, SciPy and scikit-learn)."""

import subprocess
import sys
from pathlib import Path

AREAS = ("lda", "pca", "ridge", "linear_model", "optimize", "scaler", "scaling", "features", "preprocessing", "decomposition", "calibration", "gaussian_process", "naive_bayes", "model_selection", "vq", "cluster", "mixture", "neighbors", "hierarchy", "metrics", "linalg", "values", "extra", "fft", "signals", "npy")

if __name__ == "__main__":
    for area in AREAS:
        subprocess.run([sys.executable, "-W", "error", str(Path(__file__).parent / f"{area}.py")], check=True)
