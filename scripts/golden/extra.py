"""Golden file of the functions beside the standard: crates/xp-conformance/golden/extra.json (float64)."""

import warnings

from common import CONFORMANCE, encode, np, rounded, write
from scipy.spatial import distance
from scipy.special import logsumexp

METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "linear",
    "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip
QUANTILES = [0.0, 0.05, 0.1, 0.125, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 0.99, 1.0]
METRICS = {"euclidean": {}, "sqeuclidean": {}, "cityblock": {}, "chebyshev": {}, "cosine": {}, "minkowski": {"p": 3}}
EINSUM = [
    ("ij,jk->ik", "ab", "bc"), ("ij,jk", "ab", "bc"), ("ij,jk,kl->il", "ab", "bc", "cd"), ("ii->i", "aa"), ("ii", "aa"),
    ("ij->ji", "ab"), ("ij->", "ab"), ("ij->j", "ab"), ("ij,ij->", "ab", "ab"), ("ij,kl->ijkl", "ab", "cd"), ("...ij,...jk->...ik", "eab", "bc"),
    ("...ij,jk", "eab", "bc"), ("bij,bjk->bik", "eab", "ebc"), ("iji->j", "aba"), ("ij,i,j->", "ab", "a", "b"), ("ij,jk,ki->", "ab", "bc", "ca"),
    ("ab,bc,ad->cd", "ab", "bc", "ad"), ("i,j->ji", "a", "b"), (",ij->ij", "", "ab"), ("ijk,jil->kl", "abc", "bad"), ("i...->...", "abc"),
    ("ij,ij->ij", "ab", "ab"), ("ij,ik->jk", "ab", "ac"), ("ikj,k", "acb", "c"), ("aab,abc->ac", "aab", "abc"),
]  # fmt: skip


def main():
    rng = np.random.default_rng(41)
    lengths = {"a": 3, "b": 4, "c": 2, "d": 5, "e": 2}
    inputs, cases = {}, []

    def put(name, value):
        inputs[name] = np.asarray(value, dtype=np.float64)
        return name

    def add(function, names, result, **params):
        cases.append({"function": function, "inputs": names, "params": params, "expected": encode(np.asarray(result, dtype=np.float64))})

    for n in (1, 2, 3, 7, 8, 10):
        name = put(f"sample_{n}", np.append(rounded(rng.normal(size=n - 1)), 0.5))
        for method in METHODS:
            add("quantile", [name], np.quantile(inputs[name], QUANTILES, method=method), q=QUANTILES, method=method)
    ties = put("ties", [3.0, 1.0, 3.0, 2.0, 3.0, 1.0])
    for method in METHODS:
        add("quantile", [ties], np.quantile(inputs[ties], QUANTILES, method=method), q=QUANTILES, method=method)
    # NaN in some lanes; infinities, where nothing is interpolated (NumPy has NaN between a number and an infinity).
    lanes = rounded(np.random.default_rng(42).normal(size=(5, 4)))
    lanes[2, 1] = np.nan
    lanes[:, 2] = np.nan
    lanes[4, 3] = np.inf
    lanes = put("lanes", lanes)
    infinite = put("infinite", [np.inf, 1.0, -np.inf, np.inf, 2.0, -np.inf, 0.5])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in METHODS:
            add("quantile", [lanes], np.quantile(inputs[lanes][:, :3], QUANTILES, axis=0, method=method), q=QUANTILES, method=method, columns=3)
        for method in ("inverted_cdf", "closest_observation", "lower", "higher", "nearest"):
            add("quantile", [lanes], np.quantile(inputs[lanes], QUANTILES, axis=0, method=method), q=QUANTILES, method=method)
            add("quantile", [infinite], np.quantile(inputs[infinite], QUANTILES, method=method), q=QUANTILES, method=method)
        for name in (lanes, infinite):
            add("median", [name], np.median(inputs[name], axis=0), axes=[0])
            add("nanmedian", [name], np.nanmedian(inputs[name], axis=0), axes=[0])
        pairs = put("pairs", [[1.0, -np.inf, -np.inf, np.inf], [np.inf, 1.0, np.inf, np.inf]])
        add("median", [pairs], np.median(inputs[pairs], axis=0), axes=[0])
        add("nanmedian", [pairs], np.nanmedian(inputs[pairs], axis=0), axes=[0])
    for k, weights in enumerate(([1, 1, 1, 1, 1, 1], [0, 2, 0, 1, 0, 3], [0.5, 0.25, 3, 1, 0, 2], [0, 0, 0, 0, 1, 0])):
        w = put(f"weights_{k}", weights)
        expected = np.quantile(inputs[ties], QUANTILES, weights=inputs[w], method="inverted_cdf")
        add("weighted_quantile", [ties, w], expected, q=QUANTILES)

    cube = put("cube", rounded(rng.normal(size=(3, 4, 5))))
    gaps = inputs[cube].copy()
    gaps[0, :, 1] = np.nan
    gaps[1, 2, :] = np.nan
    gaps[:, 0, 0] = np.nan
    gaps = put("gaps", gaps)
    special = put("special", [[np.inf, 1.0, -np.inf], [np.nan, np.inf, 2.0], [-np.inf, -np.inf, -np.inf], [1000.0, 1001.0, 999.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
            for name in ("nansum", "nanmean", "nanmax", "nanmin", "nanmedian", "median"):
                add(name, [gaps], getattr(np, name)(inputs[gaps], axis=axes), axes=axes)
            for correction in (0, 1):
                add("nanvar", [gaps], np.nanvar(inputs[gaps], axis=axes, ddof=correction), axes=axes, correction=correction)
            add("logsumexp", [cube], logsumexp(inputs[cube], axis=axes), axes=axes)
            add("median", [cube], np.median(inputs[cube], axis=axes), axes=axes)
        for axes in ((0,), (1,)):
            for name in ("nansum", "nanmax", "nanmin"):
                add(name, [special], getattr(np, name)(inputs[special], axis=axes), axes=axes)
            add("logsumexp", [special], logsumexp(inputs[special], axis=axes), axes=axes)

    table = put("table", rounded(rng.normal(size=(3, 6))))
    frequencies, importance = put("frequencies", [1, 2, 0, 3, 1, 1]), put("importance", [0.5, 1.5, 1, 0.25, 2, 1])
    f = inputs[frequencies].astype(np.int64)
    for correction in (0, 1):
        add("cov", [table], np.cov(inputs[table], ddof=correction), correction=correction)
        add("cov", [table, frequencies], np.cov(inputs[table], ddof=correction, fweights=f), correction=correction, fweights=1)
        add("cov", [table, importance], np.cov(inputs[table], ddof=correction, aweights=inputs[importance]), correction=correction, aweights=1)
        both = np.cov(inputs[table], ddof=correction, fweights=f, aweights=inputs[importance])
        add("cov", [table, frequencies, importance], both, correction=correction, fweights=1, aweights=2)

    left, right = put("left", rounded(rng.normal(size=(4, 3)))), put("right", rounded(rng.normal(size=(5, 3))))
    for metric, options in METRICS.items():
        add("cdist", [left, right], distance.cdist(inputs[left], inputs[right], metric, **options), metric=metric)
    for x, y in (("left", "right"), ("cube", "right"), ("left", "cube")):
        add("kron", [x, y], np.kron(inputs[x], inputs[y]))
    for case, (subscripts, *shapes) in enumerate(EINSUM):
        names = [put(f"einsum_{case}_{k}", np.round(rng.normal(size=[lengths[c] for c in s]), 1)) for k, s in enumerate(shapes)]
        add("einsum", names, np.einsum(subscripts, *(inputs[n] for n in names)), subscripts=subscripts)
    write(CONFORMANCE / "extra.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy"))


if __name__ == "__main__":
    main()
