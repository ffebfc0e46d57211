"""Golden file of convolutions and short-time transforms: crates/xp-conformance/golden/signal.json (float64 and complex128)."""

from common import CONFORMANCE, encode, np, rounded, write
from scipy import signal

# Shapes of two operands, and axes along which they are convolved.
PAIRS = (
    ((7,), (3,), None), ((3,), (8,), None), ((1,), (1,), None), ((20,), (20,), None), ((150,), (4,), None), ((4,), (130,), None),
    ((3, 6), (2, 4), None), ((2, 4), (3, 2), None), ((2, 90), (2, 3), None), ((2, 7), (2, 3), [1]), ((2, 7), (1, 3), [1]), ((6, 3), (4, 3), [0]),
    ((2, 5, 4), (2, 3, 2), [1, 2]), ((2, 5, 4), (1, 3, 2), [-1, 1]), ((5, 1), (2, 3), None), ((3, 4), (3, 4), []),
)  # fmt: skip
WINDOWS = ("boxcar", "hann", "hamming", "blackman")
SEGMENTS = ((16, 8), (16, 12), (16, 15), (15, 7), (9, 3), (8, 4), (20, 10), (2, 1), (3, 2), (40, 30))


def main():
    rng = np.random.default_rng(57)
    inputs, cases = {}, []

    def draw(shape, kind):
        name = f"{kind}_{len(inputs)}"
        value = rounded(rng.normal(size=shape), 2)
        inputs[name] = value + 1j * rounded(rng.normal(size=shape), 2) if kind == "complex" else value
        return name

    def add(function, names, params, expected):
        cases.append({"function": function, "inputs": names, "params": encode(params), "expected": encode(expected)})

    for m, n, axes in PAIRS:
        for kind in ("real", "complex"):
            a, b = draw(m, kind), draw(n, kind)
            for mode in ("full", "same", "valid"):
                for function in ("fftconvolve", "oaconvolve"):
                    try:
                        result = getattr(signal, function)(inputs[a], inputs[b], mode=mode, axes=axes)
                    except ValueError:
                        continue  # neither holds the other
                    add(function, [a, b], {"mode": mode, "axes": axes}, np.asarray(result))
    x, many = draw((61,), "real"), draw((2, 2, 40), "real")
    for k, (nperseg, noverlap) in enumerate(SEGMENTS):
        for window in (WINDOWS[k % 4], WINDOWS[(k + 1) % 4]):
            name = many if nperseg == 20 else x
            params = {"nperseg": nperseg, "noverlap": noverlap, "window": window}
            fs = 8.0 if k % 2 else 1.0
            f, t, z = signal.stft(inputs[name], fs=fs, **params)
            add("stft", [name], {"fs": fs, **params}, {"f": f, "t": t, "z": z})
            if signal.check_NOLA(window, nperseg, noverlap):
                # Not the transform of anything: the windows are divided out by least squares.
                shape = (nperseg // 2 + 1, 6)
                bins = draw(shape, "complex")
                inputs[bins][0] = inputs[bins][0].real
                inputs[bins][-1] = inputs[bins][-1].real
                add("istft", [bins], params, signal.istft(inputs[bins], **params)[1])
    write(CONFORMANCE / "signal.json", inputs=inputs, cases=cases, libraries=("numpy", "scipy"))


if __name__ == "__main__":
    main()
