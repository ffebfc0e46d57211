"""Write the reference values that the tests of crates/xp-core/src/math compare with.

    python math_tables.py

`real.txt`: function, argument, value rounded to double, remainder of the value.
`angles.txt`: the same for sine, cosine and tangent of huge angles, the worst ones of double and single precision first.
`complex.txt`: function, real and imaginary part of the argument, of a second argument (or 0 0), of the value.
`complex_special.txt`: the same for zeros, infinities and NaN, from NumPy (that is, from the C library), apart from
tanh(±inf + iy), and tan with it: the array API gives the zero there the sign of y, C99 that of sin 2y.

`parameters.txt`: function, up to three arguments (0 for none), value and remainder, of functions with parameters.

`logaddexp.txt`: two arguments whose exponentials add up to nearly one, and the value as above.

The values of all but `complex_special.txt` come from mpmath. Arguments of `real.txt` and `complex.txt` are single-precision numbers, apart from some that are outside
that range.
"""

import pathlib
import random

import numpy as np
from mpmath import mp, mpc, mpf

mp.dps = 60
OUT = pathlib.Path(__file__).parents[2] / "crates/xp-core/src/math/testdata"
rng = random.Random(20251)


def single(x):
    return float(np.float32(x))


def signed(x):
    return x if rng.random() < 0.5 else -x


def log_uniform(low, high):
    return 2.0 ** rng.uniform(low, high)


def gammaln(x):
    return mp.log(abs(mp.gamma(x))) if abs(x) < 1e4 else mp.loggamma(x).real


def log_ndtr(x):
    if x > 0:
        return mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2)
    if x > -1e5:
        return mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)
    z = 1 / (x * x)
    return -x * x / 2 - mp.log(-x * mp.sqrt(2 * mp.pi)) + mp.log1p(-z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z))))


def erfinv(x):
    """mpmath's is slow near 1."""
    start = mp.erfinv(mpf(float(x))) if abs(x) < 0.9 else mp.sign(x) * mp.sqrt(-mp.log(1 - abs(x)))
    return mp.findroot(lambda y: mp.erf(y) - x, start, solver="newton", df=lambda y: 2 / mp.sqrt(mp.pi) * mp.exp(-y * y), tol=mpf("1e-80"))


def erfcx(x):
    if x < 100:
        return mp.exp(x * x) * mp.erfc(x)
    z = 1 / (2 * x * x)
    return (1 - z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z)))) / (x * mp.sqrt(mp.pi))


def ndtri(p):
    """By Newton's method on the logarithm of the smaller tail."""
    tail = min(p, 1 - p)
    z = (mpf("0.5") - tail) * mpf("2.5")
    if tail < mpf("0.3"):
        z = mp.sqrt(-2 * mp.log(tail))
        z -= mp.log(z + 1) / (z + mpf("0.1"))
    for _ in range(100):
        found = mp.erfc(z / mp.sqrt(2)) / 2
        step = mp.log(found / tail) * found * mp.sqrt(2 * mp.pi) * mp.exp(z * z / 2)
        z += step
        if abs(step) < mpf("1e-40"):
            break
    return z if p > 0.5 else -z


def real_table():
    points = {
        "erf": [signed(log_uniform(-30, 2.6)) for _ in range(60)] + [rng.uniform(-4, 4) for _ in range(120)],
        "erfc": [signed(log_uniform(-30, 3.2)) for _ in range(60)] + [rng.uniform(-4, 27.5) for _ in range(240)],
        "gammaln": [log_uniform(-60, 100) for _ in range(60)]
        + [rng.uniform(0, 12) for _ in range(200)]
        + [center + signed(log_uniform(-20, -1)) for center in (1, 2) for _ in range(25)]
        + [-rng.uniform(0, 30) for _ in range(60)],
    }
    points["asinh"] = [signed(log_uniform(-30, 60)) for _ in range(60)] + [rng.uniform(-3, 3) for _ in range(100)]
    points["acosh"] = [1 + log_uniform(-22, 60) for _ in range(80)] + [rng.uniform(1, 3) for _ in range(80)]
    points["atanh"] = [signed(log_uniform(-30, -1)) for _ in range(60)] + [rng.uniform(-0.999, 0.999) for _ in range(100)]
    # Their own numbers, so that those of the other functions stay.
    draw = random.Random(20254)
    spread = lambda n, low, high: [draw.choice((-1, 1)) * 2.0 ** draw.uniform(low, high) for _ in range(n)]
    points["erfinv"] = spread(40, -30, -1) + [draw.uniform(-1, 1) for _ in range(160)]
    points["erfinv"] += [draw.choice((-1, 1)) * (1 - 2.0 ** draw.uniform(-24, -1)) for _ in range(80)]
    points["ndtr"] = spread(60, -20, 5.2) + [draw.uniform(-37, 8) for _ in range(200)]
    points["log_ndtr"] = spread(60, -20, 60) + [draw.uniform(-60, 12) for _ in range(240)]
    points["softplus"] = spread(60, -20, 60) + [draw.uniform(-30, 30) for _ in range(140)]
    points["log_expit"] = spread(60, -20, 60) + [draw.uniform(-30, 30) for _ in range(140)]
    points["entr"] = [abs(x) for x in spread(60, -60, 60)] + [draw.uniform(0, 3) for _ in range(140)]
    points["erfcx"] = spread(60, -20, 60) + [draw.uniform(-9, 30) for _ in range(200)]
    points["digamma"] = [2.0 ** draw.uniform(-40, 60) for _ in range(60)] + [draw.uniform(0, 14) for _ in range(200)]
    points["digamma"] += [1.4616321449683623 * (1 + x) for x in spread(40, -22, -3)] + [-draw.uniform(0, 30) for _ in range(60)]
    points["ndtri"] = [2.0 ** draw.uniform(-140, -1) for _ in range(120)] + [draw.uniform(0, 1) for _ in range(120)]
    points["ndtri"] += [1 - 2.0 ** draw.uniform(-24, -1) for _ in range(60)] + [2.0**-1060, 2.0**-500, 1e-300, 5e-324]
    functions = {"erf": mp.erf, "erfc": mp.erfc, "gammaln": gammaln, "asinh": mp.asinh, "acosh": mp.acosh, "atanh": mp.atanh}
    functions |= {"erfinv": erfinv, "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, "log_ndtr": log_ndtr, "entr": lambda x: -x * mp.log(x)}
    functions |= {"softplus": lambda x: mp.log1p(mp.exp(x)), "log_expit": lambda x: -mp.log1p(mp.exp(-x))}
    functions |= {"erfcx": erfcx, "digamma": mp.digamma, "ndtri": ndtri}
    with open(OUT / "real.txt", "w") as f:
        for name, xs in points.items():
            for x in xs:
                x = x if name == "ndtri" and x < 1e-44 else single(x)
                value = functions[name](mpf(x))
                head = float(value)
                f.write(f"{name} {x!r} {head!r} {float(value - head)!r}\n")


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def rel_entr(x, y):
    return x * mp.log(x / y)


def gamma_both(a, x):
    """P and Q by the series that has positive terms only, with digits to spare for the difference."""
    with mp.workdps(80 if x < a + 100 else 400):
        term = total = 1 / a
        n = 0
        while term > total * mpf(10) ** -mp.dps:
            n += 1
            term *= x / (a + n)
            total += term
        p = total * mp.exp(a * mp.log(x) - x - mp.loggamma(a))
        return p, 1 - p


def gamma_density(a, x):
    return mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))


def beta_density(a, b, x):
    return mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - log_beta(a, b))


def parameter_lines():
    draw = random.Random(20255)
    positive = lambda low, high: single(2.0 ** draw.uniform(low, high))
    pairs = [(positive(-30, 30), positive(-30, 30)) for _ in range(100)] + [(positive(-3, 8), positive(-3, 8)) for _ in range(150)]
    pairs += [(1e-5, 1e5), (1.0, 1.0), (1.0, 2.0), (8.0, 8.0), (7.75, 8.25), (1e300, 1e300), (1e-300, 1e-300), (3.5, 1e200)]
    for a, b in pairs:
        with mp.workdps(80 if max(a, b) < 1e50 else 700):
            yield "betaln", (a, b), log_beta(mpf(a), mpf(b))
    for name, function in (("rel_entr", rel_entr), ("kl_div", lambda x, y: rel_entr(x, y) - x + y)):
        for k in range(300):
            x = positive(-20, 20)
            y = single(x * (1 + draw.choice((-1, 1)) * 2.0 ** draw.uniform(-23, 0))) if k % 2 else positive(-20, 20)
            if y > 0:
                yield name, (x, y), function(mpf(x), mpf(y))
    pairs = [(positive(-4, 9), None) for _ in range(300)] + [(positive(-20, 0), positive(-30, 5)) for _ in range(60)]
    pairs += [(positive(6, 20), None) for _ in range(100)]
    for a, x in pairs:
        x = single(max(a + draw.gauss(0, 1) * 3 * a**0.5, a * 2.0 ** draw.uniform(-6, 0))) if x is None else x
        with mp.workdps(40):
            mp_a, mp_x = mpf(a), mpf(x)
            p, q = gamma_both(mp_a, mp_x)
            yield "gammainc", (a, x), p
            yield "gammaincc", (a, x), q
            yield from inverses(("gammaincinv", "gammainccinv"), (a,), mp_x, (p, q), gamma_density(mp_a, mp_x))
    for k in range(400):
        a, b = (positive(-3, 4), positive(-3, 4)) if k % 2 else (positive(-1, 10), positive(-1, 10))
        x = a / (a + b) + draw.gauss(0, 1) * 3 * (a * b / (a + b) ** 2 / (a + b + 1)) ** 0.5
        x = single(x if 0 < x < 1 else draw.uniform(0, 1))
        with mp.workdps(40):
            mp_a, mp_b, mp_x = mpf(a), mpf(b), mpf(x)
            p = mp.betainc(mp_a, mp_b, 0, mp_x, regularized=True)
            q = mp.betainc(mp_b, mp_a, 0, 1 - mp_x, regularized=True)
            yield "betainc", (a, b, x), p
            yield "betaincc", (a, b, x), q
            yield from inverses(("betaincinv", None), (a, b), mp_x, (p, q), beta_density(mp_a, mp_b, mp_x))


def inverses(names, parameters, x, sides, density):
    """The inverses at the values as doubles: the argument, moved by what the rounding changed."""
    for name, side, sign in zip(names, sides, (1, -1)):
        rounded = float(side)
        moved = (mpf(rounded) - side) / density * sign
        # Only where the second-order term of that is nothing.
        if name and 1e-30 < rounded < 0.99 and abs(moved) < mpf("1e-12") * min(x, 1 - x if len(parameters) > 1 else x):
            yield name, (*parameters, rounded), x + moved


def parameter_table():
    with open(OUT / "parameters.txt", "w") as f:
        for name, arguments, value in parameter_lines():
            head = float(value)
            a, b, c = (*arguments, 0.0, 0.0)[:3]
            f.write(f"{name} {a!r} {b!r} {c!r} {head!r} {float(value - head)!r}\n")


# Doubles and single-precision numbers that lie nearest to multiples of pi/2.
HARD_ANGLES = [6381956970095103 * 2.0**797, 16367173 * 2.0**72]


def angle_table():
    draw = random.Random(20252)
    angles = HARD_ANGLES + [1e22, 1e300, float(np.finfo(np.float64).max), float(np.finfo(np.float32).max), 2.0**1023, 2.0**20 + 1]
    angles += [draw.choice((-1, 1)) * 2.0 ** draw.uniform(20, 1024) for _ in range(150)]
    angles += [single(draw.choice((-1, 1)) * 2.0 ** draw.uniform(26, 128)) for _ in range(60)]
    # The doubles nearest to some multiples of pi/2.
    with mp.workprec(1200):
        angles += [float(mp.pi / 2 * draw.getrandbits(bits)) for bits in (25, 60, 200, 500, 900) for _ in range(12)]
    with open(OUT / "angles.txt", "w") as f, mp.workprec(1400):
        for x in angles:
            for name, function in ("sin", mp.sin), ("cos", mp.cos), ("tan", mp.tan):
                value = function(mpf(x))
                head = float(value)
                f.write(f"{name} {x!r} {head!r} {float(value - head)!r}\n")


def logaddexp_table():
    draw = random.Random(20253)
    with open(OUT / "logaddexp.txt", "w") as f, mp.workprec(400):
        for k in range(400):
            x = -(2.0 ** draw.uniform(-45, 6)) if k % 2 else -draw.uniform(0, 2)
            x = single(x) if k % 3 else x
            # log(1 - exp(x)), rounded, and numbers near it.
            y = float(mp.log1p(-mp.exp(mpf(x))))
            y = single(y) if k % 3 else y
            y *= 1 + draw.choice((0, 0, 0, 1e-7, -1e-7, 1e-3, -0.2))
            y = single(y) if k % 3 else y
            value = mp.log(mp.exp(mpf(x)) + mp.exp(mpf(y)))
            head = float(value)
            f.write(f"{x!r} {y!r} {head!r} {float(value - head)!r}\n")


FUNCTIONS = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": lambda z: mp.log(1 + z),
    "log2": lambda z: mp.log(z) / mp.log(2),
    "log10": lambda z: mp.log(z) / mp.log(10),
    "sqrt": mp.sqrt,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "reciprocal": lambda z: 1 / z,
    "sign": lambda z: z / abs(z),
}


def arguments(name):
    bounded = name in ("exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh")
    for _ in range(12):
        yield rng.uniform(-3, 3), rng.uniform(-3, 3)
    for _ in range(8):
        yield signed(log_uniform(-40, 5)), signed(log_uniform(-40, 5))
    for _ in range(5):  # near the unit circle, and near the branch points
        angle = rng.uniform(0, 7)
        yield np.cos(angle), np.sin(angle)
        yield signed(1) + signed(log_uniform(-22, -2)), signed(log_uniform(-22, -2))
        yield signed(log_uniform(-22, -2)), signed(1) + signed(log_uniform(-22, -2))
    if not bounded:
        for _ in range(8):
            yield signed(log_uniform(-120, 120)), signed(log_uniform(-120, 120))
        yield from [(1e300, 1e300), (1.5e308, -1.5e308), (-1e-310, 1e-312), (3e-320, -7e-320), (1e-200, 1e200)]
    else:
        yield from [(709.9, 0.78), (-30.5, 709.9), (0.5, 1e5), (1e5, 0.5)] if name == "tan" else [(80.5, 3.25), (-80.5, 0.125)]


def unary_lines():
    for name, f in FUNCTIONS.items():
        for x, y in arguments(name):
            if max(abs(x), abs(y)) < 1e38 and min(abs(x), abs(y)) > 1e-37:
                x, y = single(x), single(y)
            with mp.workdps(200 if min(abs(x), abs(y)) > 1e-40 and max(abs(x), abs(y)) < 1e40 else 2000):
                value = f(mpc(x, y))
            yield name, (x, y), (0.0, 0.0), value


def binary_lines():
    for _ in range(60):
        z, w = [(single(signed(log_uniform(-60, 60))), single(signed(log_uniform(-60, 60)))) for _ in range(2)]
        yield "div", z, w, mpc(*z) / mpc(*w)
    for z, w in [((1e308, 1e308), (1e308, 1e308)), ((1e-320, 1e-320), (1e-320, 2e-320)), ((1e308, -1e300), (2.0, 1e-300)),
                 ((1.0, 1e-300), (1e200, 1e-200)), ((3e-310, 1e-300), (1e-305, 4e-308))]:
        yield "div", z, w, mpc(*z) / mpc(*w)
    for _ in range(60):
        z, w = [(single(rng.uniform(-3, 3)), single(rng.uniform(-3, 3))) for _ in range(2)]
        yield "pow", z, w, mp.power(mpc(*z), mpc(*w))
    for _ in range(20):
        z, n = (single(rng.uniform(-3, 3)), single(rng.uniform(-3, 3))), float(rng.randint(-9, 9))
        yield "pow", z, (n, 0.0), mp.power(mpc(*z), mpf(n))


def write(path, lines):
    with open(OUT / path, "w") as f:
        for name, z, w, value in lines:
            numbers = [*z, *w, float(value.real), float(value.imag)]
            f.write(" ".join([name, *(repr(float(v)) for v in numbers)]) + "\n")


def special_lines():
    names = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}
    parts = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, np.inf, -np.inf, np.nan]
    for name in ["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", *names]:
        function = getattr(np, names.get(name, name))
        for x in parts:
            for y in parts:
                if all(np.isfinite(t) and t not in (0.0, 1.0, -1.0) for t in (x, y)):
                    continue
                with np.errstate(all="ignore"):
                    value = function(np.complex128(complex(x, y)))
                if name == "tanh" and np.isinf(x) and np.isfinite(y):
                    value = complex(value.real, np.copysign(0.0, y))
                if name == "tan" and np.isinf(y) and np.isfinite(x):
                    value = complex(np.copysign(0.0, x), value.imag)
                yield name, (x, y), (0.0, 0.0), value


real_table()
angle_table()
logaddexp_table()
parameter_table()
write("complex.txt", [*unary_lines(), *binary_lines()])
write("complex_special.txt", special_lines())
