"""Golden file of Fourier and related transforms: crates/xp-conformance/golden/fft.json (float64 and complex128)."""

from common import CONFORMANCE, encode, np, rounded, write
from scipy import fft

LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 30, 32)
NORMS = ("backward", "ortho", "forward")
COMPLEX_IN = ("fft", "ifft", "irfft", "hfft")
REAL_IN = ("rfft", "ihfft")
TRIGONOMETRIC = ("dct", "idct", "dst", "idst")


def main():
    inputs = make_inputs()
    cases = [*one_dimensional(inputs), *many_dimensional(inputs), *trigonometric(inputs), *hankel(inputs), *helpers(inputs)]
    write(CONFORMANCE / "fft.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy"))


def make_inputs():
    rng = np.random.default_rng(31)
    shapes = {**{f"{n}": (n,) for n in LENGTHS}, "3x4": (3, 4), "5x1": (5, 1), "2x3x4": (2, 3, 4), "2x2x3x2": (2, 2, 3, 2)}
    inputs = {}
    for name, shape in shapes.items():
        inputs[f"real_{name}"] = rounded(rng.normal(size=shape), 2)
        inputs[f"complex_{name}"] = rounded(rng.normal(size=shape), 2) + 1j * rounded(rng.normal(size=shape), 2)
    return inputs


def case(inputs, function, name, **params):
    """One call; parameters that are left out have SciPy's defaults."""
    result = getattr(fft, function)(inputs[name], **params)
    return {"function": function, "input": name, "params": encode(params), "expected": np.asarray(result)}


def one_dimensional(inputs):
    for function in COMPLEX_IN + REAL_IN:
        kind = "complex" if function in COMPLEX_IN else "real"
        for length in LENGTHS:
            if function in ("irfft", "hfft") and length == 1:
                continue  # the default output length would be 0
            yield case(inputs, function, f"{kind}_{length}")
        for norm in NORMS:
            yield case(inputs, function, f"{kind}_12", norm=norm)
        for n in (1, 5, 7, 8, 12, 15):  # cut and padded
            yield case(inputs, function, f"{kind}_8", n=n)
        for axis in (0, 1, 2, -2):
            yield case(inputs, function, f"{kind}_2x3x4", axis=axis)
            yield case(inputs, function, f"{kind}_2x3x4", axis=axis, n=5, norm="ortho")
    for function in ("fft", "ifft"):
        for length in (1, 2, 5, 8):
            yield case(inputs, function, f"real_{length}")


def many_dimensional(inputs):
    for function in ("fftn", "ifftn", "irfftn", "rfftn", "hfftn", "ihfftn"):
        kind = "real" if function in ("rfftn", "ihfftn") else "complex"
        for name in ("8", "3x4", "2x3x4", "2x2x3x2"):
            yield case(inputs, function, f"{kind}_{name}")
        for norm in NORMS[1:]:
            yield case(inputs, function, f"{kind}_3x4", norm=norm)
        for axes in ([0], [1], [0, 2], [2, 0], [1, 2], [-1, 0, 1]):
            yield case(inputs, function, f"{kind}_2x3x4", axes=axes)
        for s, axes in (([4, 3], [0, 2]), ([5, 2, 6], [0, 1, 2]), ([3, 3], [1, 2])):
            yield case(inputs, function, f"{kind}_2x3x4", s=s, axes=axes)
    for function in ("fft2", "ifft2", "irfft2", "rfft2", "hfft2", "ihfft2"):
        kind = "real" if function in ("rfft2", "ihfft2") else "complex"
        for params in ({}, {"axes": [0, 1]}, {"s": [4, 5]}, {"norm": "ortho"}):
            yield case(inputs, function, f"{kind}_2x3x4", **params)


def trigonometric(inputs):
    for function in TRIGONOMETRIC:
        for kind in (1, 2, 3, 4):
            for length in (1, 2, 3, 4, 5, 8, 9, 16, 17, 30):
                if not (kind == 1 and length == 1 and function in ("dct", "idct")):  # undefined
                    yield case(inputs, function, f"real_{length}", type=kind)
            for norm in NORMS:
                for orthogonalize in (False, True):
                    yield case(inputs, function, "real_8", type=kind, norm=norm, orthogonalize=orthogonalize)
                yield case(inputs, function, "real_7", type=kind, norm=norm)
            yield case(inputs, function, "real_8", type=kind, n=5)
            yield case(inputs, function, "real_8", type=kind, n=11, norm="ortho")
            yield case(inputs, function, "real_2x3x4", type=kind, axis=1)
            yield case(inputs, function, "complex_5", type=kind)
    for function in ("dctn", "idctn", "dstn", "idstn"):
        for kind in (1, 2, 3, 4):
            yield case(inputs, function, "real_3x4", type=kind)
            yield case(inputs, function, "real_2x3x4", type=kind, axes=[0, 2], norm="ortho")
            yield case(inputs, function, "real_2x3x4", type=kind, s=[3, 5], axes=[2, 1], norm="forward")


def hankel(inputs):
    for mu in (0.0, 0.5, 2.0, -0.4):
        for bias in (0.0, -0.1, 0.7):
            for name in ("real_8", "real_9", "real_30"):
                params = {"dln": 0.1, "mu": mu, "offset": 0.2, "bias": bias}
                yield case(inputs, "fht", name, **params)
                yield case(inputs, "ifht", name, **params)
            params = {"dln": 0.1, "mu": mu, "initial": 0.3, "bias": bias}
            yield {"function": "fhtoffset", "input": None, "params": params, "expected": np.asarray(fft.fhtoffset(**params))}
    yield case(inputs, "fht", "real_3x4", dln=0.05, mu=1.0)


def helpers(inputs):
    for function in ("fftfreq", "rfftfreq"):
        for n in (1, 2, 3, 8, 9):
            for d in (1.0, 0.1, 2.5):
                result = getattr(fft, function)(n, d=d)
                yield {"function": function, "input": None, "params": {"n": n, "d": d}, "expected": result}
    for function in ("fftshift", "ifftshift"):
        for name in ("real_1", "real_8", "real_9", "complex_5", "real_3x4", "real_2x3x4"):
            yield case(inputs, function, name)
        for axes in (0, 1, [0, 2], [-1]):
            yield case(inputs, function, "real_2x3x4", axes=axes)
    for real in (False, True):
        targets = [*range(1, 40), 97, 128, 1000, 1021, 4099, 65537, 1000003, 10**7 + 19]
        for function in ("next_fast_len", "prev_fast_len"):
            result = [getattr(fft, function)(n, real=real) for n in targets]
            yield {"function": function, "input": None, "params": {"targets": targets, "real": real}, "expected": result}


if __name__ == "__main__":
    main()
