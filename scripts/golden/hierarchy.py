"""Golden file of scipy.cluster.hierarchy, scipy.spatial.distance and vq.kmeans: crates/xp-models/tests/golden/hierarchy.json.

Distances are distinct wherever the order of merges could depend on rounding; "grid" has ties, for methods that only choose among
the distances.
"""

import warnings

from common import MODELS, np, rounded, write
from scipy.cluster import hierarchy as h
from scipy.cluster.vq import kmeans
from scipy.spatial.distance import cdist, jensenshannon, pdist, squareform

EUCLIDEAN = ("centroid", "median", "ward")
METHODS = ("single", "complete", "average", "weighted", *EUCLIDEAN)
REAL = ("braycurtis", "canberra", "chebyshev", "cityblock", "correlation", "cosine", "euclidean", "hamming", "mahalanobis", "seuclidean",
        "sqeuclidean")  # fmt: skip
BOOLEAN = ("dice", "jaccard", "rogerstanimoto", "russellrao", "sokalsneath", "yule")


def main():
    inputs = make_inputs()
    cases = [tree_case(inputs, name, method) for name in ("plane", "space") for method in METHODS]
    cases += [tree_case(inputs, "pairs", method) for method in METHODS]
    cases += [tree_case(inputs, "grid", method) for method in ("single", "complete")]
    cases += [tree_case(inputs, "line", method) for method in ("median", "centroid")]
    cases += [distance_case(inputs, "positive", metric) for metric in REAL]
    cases += [distance_case(inputs, "positive", "minkowski", p=1.5), distance_case(inputs, "positive", "jensenshannon")]
    cases += [distance_case(inputs, "positive", "jensenshannon", base=2.0)]
    cases += [distance_case(inputs, "positive", "mahalanobis", VI=inputs["positive"]["vi"])]
    cases += [distance_case(inputs, "positive", "seuclidean", V=inputs["positive"]["v"])]
    cases += [distance_case(inputs, "zeros", metric) for metric in ("braycurtis", "canberra", "cosine", "hamming")]
    cases += [distance_case(inputs, "flags", metric) for metric in BOOLEAN]
    for settings in DENDROGRAMS:
        cases.append(dendrogram_case(inputs, "plane", "average", settings))
    cases += [kmeans_case(inputs, thresh) for thresh in (1e-5, 0.1)]
    write(MODELS / "hierarchy.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy"))


DENDROGRAMS = (
    {},
    {"count_sort": "ascending"},
    {"count_sort": "descending"},
    {"distance_sort": "ascending"},
    {"distance_sort": "descending"},
    {"truncate_mode": "lastp", "p": 5},
    {"truncate_mode": "lastp", "p": 5, "show_leaf_counts": False},
    {"truncate_mode": "lastp", "p": 100},
    {"truncate_mode": "level", "p": 1},
    {"truncate_mode": "level", "p": 2, "color_threshold": 0.9},
    {"color_threshold": 0.0},
    {"color_threshold": 0.3, "above_threshold_color": "k"},
)


def make_inputs():
    rng = np.random.default_rng(33)
    return {
        "plane": {"y": rounded(rng.normal(size=(18, 2)))},
        "space": {"y": rounded(rng.normal(size=(14, 4)) + 3 * (np.arange(14) % 3)[:, None])},
        "pairs": {"y": rounded(rng.permutation(36) / 7 + 1)},
        "grid": {"y": np.array([[i, j] for i in range(3) for j in range(4)], dtype=float)},
        "line": {"y": np.array([[0, 0], [1, 0], [0.5, 0.88], [4, 0.5], [5.12, 0.4], [4.6, 1.3]])},
        "positive": {"x": rounded(rng.uniform(0.1, 3, size=(7, 5))), "v": rounded(rng.uniform(1, 3, 5)), "vi": spd(rng, 5)},
        "zeros": {"x": np.array([[0, 0, 0], [1, 2, 0], [1, 2, 3], [0, 2, 0], [0, 0, 0]], dtype=float)},
        "flags": {"x": np.vstack([np.zeros((1, 6)), np.ones((1, 6)), rng.integers(0, 2, size=(5, 6))])},
        "groups": {"x": rounded(rng.normal(size=(30, 2)) + 4 * (np.arange(30) % 3)[:, None]),
                   "code_book": np.array([[0, 0], [1, 1], [7, 8], [50, 50]], dtype=float)},
    }  # fmt: skip


def spd(rng, n):
    a = rng.normal(size=(n, n))
    return rounded(a @ a.T + np.eye(n))


def tree_case(inputs, name, method):
    y = inputs[name]["y"]
    z = h.linkage(y, method)
    r = h.inconsistent(z, 3)
    labels = h.fcluster(z, 3, "maxclust")
    nodes, of_nodes = h.leaders(z, labels)
    heights = [float(np.round(v, 2)) for v in np.quantile(z[:, 2], (0.1, 0.5, 0.9))]
    distances = y if y.ndim == 1 else pdist(y)
    n = len(z) + 1
    flat = {
        "inconsistent": [h.fcluster(z, t, "inconsistent", depth=2) for t in (0.75, 1.1)],
        "distance": [h.fcluster(z, t, "distance") for t in heights],
        "maxclust": [h.fcluster(z, t, "maxclust") for t in (1, 2, 3, n - 1, n)],
        "monocrit": h.fcluster(z, 0.9, "monocrit", monocrit=h.maxinconsts(z, r)),
        "maxclust_monocrit": h.fcluster(z, 4, "maxclust_monocrit", monocrit=h.maxdists(z)),
    }
    if not h.is_monotonic(z):
        del flat["maxclust"], flat["maxclust_monocrit"]
    if name == "grid":  # how many are equally far from each other depends on rounding
        del flat["inconsistent"], flat["monocrit"]
    expected = {
        "z": z,
        "cophenet": h.cophenet(z),
        "inconsistent": two_passes(z, 3, r),
        "maxdists": h.maxdists(z),
        "max_deviations": h.maxRstat(z, r, 1),
        "leaves": h.leaves_list(z),
        "cut_all": h.cut_tree(z),
        "cut_heights": cut_heights(z, heights),
        "leaders": [nodes, of_nodes],
        "leaders_of": labels,
        "monotonic": bool(h.is_monotonic(z)),
        "flat": flat,
    }
    if name != "grid":
        expected["correlation"] = h.cophenet(z, distances)[0]
        expected["ordered"] = ordered(z, y, distances)
    return {"function": "tree", "input": name, "method": method, "heights": heights, "expected": expected}


def cut_heights(z, heights):
    """cut_tree, whose columns without a merge are zeros for all heights but the first."""
    cuts = h.cut_tree(z, height=heights)
    for column, height in enumerate(heights):
        if np.all(z[:, 2] >= height):
            cuts[:, column] = np.arange(len(cuts))
    return cuts


def ordered(z, y, distances):
    """How long optimal_leaf_ordering's order is: the sum of the distances of neighbours. It is not always the shortest."""
    leaves = h.leaves_list(h.optimal_leaf_ordering(z, y))
    return float(squareform(distances)[leaves[:-1], leaves[1:]].sum())


def two_passes(z, depth, wanted):
    """SciPy's inconsistency matrix, whose deviations lose half their digits in sums of squares, with all digits."""
    n, out = len(z) + 1, np.zeros_like(wanted)
    for row in range(n - 1):
        links, below = [], [row]
        for _ in range(depth):
            links += [z[i, 2] for i in below]
            below = [int(c) - n for i in below for c in z[i, :2] if c >= n]
        mean, deviation = np.mean(links), np.std(links, ddof=1) if len(links) > 1 else 0.0
        out[row] = mean, deviation, len(links), (z[row, 2] - mean) / deviation if deviation > 0 else 0.0
    assert np.allclose(out, wanted, rtol=1e-7, atol=1e-7)
    return out


def distance_case(inputs, name, metric, **options):
    x, keywords, of = inputs[name]["x"], options, metric
    x = x.astype(bool) if name == "flags" else x
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if "base" in options:  # of the function only
            metric, options = (lambda u, v: jensenshannon(u, v, **keywords)), {}
        pairs = pdist(x, metric, **options)
        # The defaults of a metric are of all vectors, which pdist and cdist have alike.
        table = cdist(x[:3], x[3:], metric, **options)
    return {"function": "distance", "input": name, "metric": of, "options": keywords, "expected": {"pdist": pairs, "cdist": table}}


def dendrogram_case(inputs, name, method, settings):
    z = h.linkage(inputs[name]["y"], method)
    d = h.dendrogram(z, no_plot=True, **settings)
    keys = ("icoord", "dcoord", "ivl", "leaves", "color_list", "leaves_color_list")
    return {"function": "dendrogram", "input": name, "method": method, "params": settings,
            "expected": {key: [list(map(float, v)) if isinstance(v, list) else v for v in d[key]] for key in keys}}  # fmt: skip


def kmeans_case(inputs, thresh):
    x, guess = inputs["groups"]["x"], inputs["groups"]["code_book"]
    book, distortion = kmeans(x, guess, thresh=thresh)
    return {"function": "kmeans", "input": "groups", "thresh": thresh, "expected": {"code_book": book, "distortion": distortion}}


if __name__ == "__main__":
    main()
