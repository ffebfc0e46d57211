"""Golden file of LabelBinarizer, PolynomialFeatures, KernelCenterer and Nystroem: crates/xp-models/tests/golden/features.json."""

from common import MODELS, encode, np, rounded, write
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import KernelCenterer, LabelBinarizer, PolynomialFeatures


def main():
    rng = np.random.default_rng(43)
    x = rounded(rng.normal(size=(7, 3)))
    inputs = {
        "small": {"x": x, "xq": rounded(rng.normal(size=(4, 3)))},
        "two": {"y": np.array([5, -1, 5, 5])},
        "four": {"y": np.array([3, 0, 7, 3, 1, 0])},
        "one": {"y": np.array([2, 2])},
    }
    cases = []
    for degree in ((0, 1), (0, 2), (0, 3), (2, 3), (3, 4)):
        for interaction_only in (False, True):
            for include_bias in (False, True):
                params = {"degree": list(degree), "interaction_only": interaction_only, "include_bias": include_bias}
                model = PolynomialFeatures(**(params | {"degree": degree})).fit(x)
                cases.append(case("PolynomialFeatures", "small", params, transform=model.transform(x), powers=model.powers_))
    for name in ("two", "four", "one"):
        for neg, pos in ((0, 1), (-1, 2)):
            model = LabelBinarizer(neg_label=neg, pos_label=pos).fit(inputs[name]["y"])
            found = model.transform(inputs[name]["y"])
            cases.append(case("LabelBinarizer", name, {"neg_label": neg, "pos_label": pos}, transform=found, classes=model.classes_))
    kernel, query = rbf_kernel(x, gamma=0.4), rbf_kernel(inputs["small"]["xq"], x, gamma=0.4)
    model = KernelCenterer().fit(kernel)
    cases.append(case("KernelCenterer", "small", {"gamma": 0.4}, transform=model.transform(query), rows=model.K_fit_rows_, all=model.K_fit_all_))
    # All samples are components, so the random choice does not matter, nor does the basis for products.
    z = Nystroem(gamma=0.4, n_components=7).fit(x).transform(inputs["small"]["xq"])
    cases.append(case("Nystroem", "small", {"gamma": 0.4}, products=z @ z.T))
    write(MODELS / "features.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


def case(name, source, params, **expected):
    return {"name": name, "input": source, "params": encode(params), "expected": expected}


if __name__ == "__main__":
    main()
