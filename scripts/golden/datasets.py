"""Write crates/xp-models/data/{digits,iris}.csv from scikit-learn's copies of the UCI datasets."""

from common import DATA
from sklearn import datasets


def main():
    DATA.mkdir(parents=True, exist_ok=True)
    digits = datasets.load_digits()
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    _write("digits", [*names, "digit"], digits.data, digits.target, "{:.0f}".format)
    iris = datasets.load_iris()
    names = ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm", "species"]
    _write("iris", names, iris.data, iris.target, "{:.1f}".format)


def _write(name, header, features, labels, form):
    rows = [",".join([*(form(x) for x in row), str(label)]) for row, label in zip(features, labels)]
    path = DATA / f"{name}.csv"
    path.write_text("\n".join([",".join(header), *rows]) + "\n")
    print(path.name, features.shape, path.stat().st_size)


if __name__ == "__main__":
    main()
