"""The first half of the example `serve`: trains a pipeline on the handwritten digits, writes it to the file that is named, and prints
the samples. Objects of scikit-learn itself are exported as well as those of xparray.sklearn."""

import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xparray.sklearn import LinearDiscriminantAnalysis, export

X, y = load_digits(return_X_y=True)
X = X[:, X.std(axis=0) > 0]
model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()).fit(X, y)
export(model, sys.argv[1])
np.savetxt(sys.stdout, X, fmt="%.17g", delimiter=",")
print(f"accuracy {model.score(X, y):.3f}", file=sys.stderr)
