"""Fit the polynomials of crates/xp-core/src/math/tables.rs.

Each polynomial interpolates a smooth function at Chebyshev nodes, in 60-digit arithmetic, with the lowest degree that
meets the stated absolute error. Prints the Rust source of the tables.

    python math_coefficients.py > crates/xp-core/src/math/tables.rs
"""

import numpy as np
from mpmath import mp, mpf

mp.dps = 60


def nodes(a, b, n):
    a, b = mpf(a), mpf(b)
    x = [(a + b) / 2 + (b - a) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    return [t if abs(t) > mpf("1e-15") else mpf("1e-15") for t in x]  # the functions have removable singularities at 0


def interpolate(g, a, b, n):
    """Coefficients of the polynomial of degree n - 1 that interpolates g at n Chebyshev nodes."""
    x = nodes(a, b, n)
    matrix = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            matrix[i, j] = x[i] ** j
    return list(mp.lu_solve(matrix, mp.matrix([g(t) for t in x])))


def rational(g, a, b, p, q):
    """P/Q of degrees p and q, Q(0) = 1, equal to g at p + q + 1 Chebyshev nodes."""
    n = p + q + 1
    x = nodes(a, b, n)
    matrix = mp.matrix(n, n)
    for i in range(n):
        for j in range(p + 1):
            matrix[i, j] = x[i] ** j
        for j in range(1, q + 1):
            matrix[i, p + j] = -g(x[i]) * x[i] ** j
    c = list(mp.lu_solve(matrix, mp.matrix([g(t) for t in x])))
    return c[: p + 1], [mpf(1)] + c[p + 1 :]


def horner(c, x):
    total = mpf(0)
    for k in reversed(c):
        total = total * x + k
    return total


def error(approximation, g, a, b, samples=200):
    a, b = mpf(a), mpf(b)
    points = [a + (b - a) * (k + mpf("0.5")) / samples for k in range(samples)]
    return max(abs(approximation(x) - g(x)) for x in points)


def polynomial(g, a, b, tolerance):
    for n in range(2, 40):
        c = interpolate(g, a, b, n)
        e = error(lambda x: horner(c, x), g, a, b)
        if e < tolerance:
            return c, e
    raise ValueError("no polynomial found")


def literal(c, double):
    value = float(c) if double else np.float32(float(c))
    text = repr(float(value)) if double else str(value)
    if "e" not in text and "." not in text:
        text += ".0"
    return text.replace("e-0", "e-").replace("e+", "e")


def table(name, doc, coefficients, e, double):
    kind = "f64" if double else "f32"
    print(f"    /// {doc}; error 2^{float(mp.log(e, 2)):.1f}.")
    print(f"    {VIS[0]}const {name}: &'static [{kind}] = &[")
    for c in coefficients:
        print(f"        {literal(c, double)},")
    print("    ];")


VIS = [""]
HALF_LN2 = mp.log(2) / 2 * mpf("1.0001")
S_MAX = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mpf("1.0001")
QUARTER = (mp.pi / 4) ** 2 * mpf("1.001")
T_MAX = (mp.sqrt(2) - 1) ** 2 * mpf("1.0001")


def log_tail(z):
    s = mp.sqrt(z)
    return (mp.log((1 + s) / (1 - s)) - 2 * s) / (s * z)


def log_tail2(z):
    return (log_tail(z) - mpf(2) / 3) / z


def erfc_scaled(k):
    def g(t):
        a = k * (1 + t) / (1 - t)
        return (1 + 2 * a) * mp.exp(a * a) * mp.erfc(a)
    return g


def erfinv_ratio(w):
    """erfinv(x) / x where 1 - x² = exp(-w)."""
    if w < mpf("1e-20"):
        return mp.sqrt(mp.pi) / 2
    x = mp.sqrt(-mp.expm1(-w))
    if x < 0.5:
        return mp.erfinv(x) / x
    log_rest = -w - mp.log(1 + x)  # of 1 - x
    y = mp.sqrt(w) * mpf("0.9")
    for _ in range(60):
        tail = mp.erfc(y)
        step = (log_rest - mp.log(tail)) * tail * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
        y -= step
        if abs(step) < mpf("1e-40") * y:
            break
    return y / x


def gammaln_middle(u):
    x = u + mpf("0.5")
    if abs(abs(x - mpf("1.5")) - mpf("0.5")) < mpf("1e-20"):
        x += mpf("1e-20")
    return mp.loggamma(x) / ((x - 1) * (x - 2))


def stirling(w):
    x = 1 / mp.sqrt(w)
    return (mp.loggamma(x) - (x - mpf("0.5")) * mp.log(x) + x - mp.log(2 * mp.pi) / 2) * x


def erfinv_far(k):
    """erfinv(x) / (x sqrt(w)) where sqrt(w) = k (1 + t) / (1 - t)."""
    def g(t):
        r = k * (1 + t) / (1 - t)
        return erfinv_ratio(r * r) / r
    return g


DIGAMMA_ROOT = mp.findroot(mp.digamma, 1.46)


def digamma_middle(u):
    x = u + 1
    return mp.digamma(x) / (x - DIGAMMA_ROOT) if abs(x - DIGAMMA_ROOT) > mpf("1e-25") else mp.polygamma(1, x)


def digamma_tail(w):
    """ln(x) - 1 / (2 x) - digamma(x), times x²."""
    x = 1 / mp.sqrt(w)
    return (mp.log(x) - 1 / (2 * x) - mp.digamma(x)) * x * x


def temme(orders, degree):
    """The coefficients of Temme's expansion of the incomplete gamma function: row k is a power series in eta, of a^-k."""
    n = degree + 2 * orders + 3
    # mu with eta²/2 = mu - ln(1 + mu), from mu mu' = eta (1 + mu).
    alpha = [mpf(0), mpf(1)]
    for k in range(2, n + 1):
        rest = alpha[k - 1] - sum(j * alpha[j] * alpha[k + 1 - j] for j in range(2, k))
        alpha.append(rest / (k + 1))
    # 1 / mu = (1 / eta) sum inverse[j] eta^j
    inverse = [mpf(1)]
    for k in range(1, n):
        inverse.append(-sum(alpha[j + 1] * inverse[k - j] for j in range(1, k + 1)))
    # The coefficients of 1 / Gamma* are those of Gamma* with alternating signs.
    bernoulli = [mp.bernoulli(2 * j) / (2 * j * (2 * j - 1)) for j in range(1, orders + 2)]
    exponent = [mpf(0)] * (2 * orders + 4)
    for j, b in enumerate(bernoulli):
        exponent[2 * j + 1] = b
    stirling_series = [mpf(1)]
    for k in range(1, orders + 1):
        stirling_series.append(sum(j * exponent[j] * stirling_series[k - j] for j in range(1, k + 1)) / k)
    rows = [inverse[1:]]
    for k in range(1, orders):
        g = (-1) ** k * stirling_series[k]
        before = rows[-1]
        # (1/eta) c' + g / mu: the terms of 1/eta cancel.
        rows.append([(j + 2) * before[j + 2] + g * inverse[j + 1] for j in range(len(before) - 2)])
    return [row[:degree] for row in rows]


def split(name, doc, value, first, double, parts=2):
    """Print `value` as a sum of numbers of `first` bits each and a last one of full precision."""
    kind = "f64" if double else "f32"
    for i in range(parts):
        bits = first if i < parts - 1 else (53 if double else 24)
        exponent = bits - 1 - int(mp.floor(mp.log(abs(value), 2)))
        part = mp.nint(value * mpf(2) ** exponent) / mpf(2) ** exponent
        suffix = ["HI", "LO"][i] if parts == 2 else str(i + 1)
        print(f"    /// {doc}, part {i + 1}.\n    {VIS[0]}const {name}_{suffix}: {kind} = {literal(part, double)};")
        value -= part


def tables(double):
    linear = 40 if double else 16  # the product with an exponent is exact
    half = 26 if double else 12  # the product with another half-length number is exact
    split("LN2", "ln(2)", mp.log(2), linear, double)
    split("LOG10_2", "log10(2)", mp.log10(2), linear, double)
    split("INV_LN2", "1/ln(2)", 1 / mp.log(2), half, double)
    split("INV_LN10", "1/ln(10)", 1 / mp.log(10), half, double)
    low = literal(mp.pi / 2 - (float(mp.pi / 2) if double else float(np.float32(float(mp.pi / 2)))), double)
    print(f"    /// π/2 minus the nearest number.\n    const FRAC_PI_2_LO: {'f64' if double else 'f32'} = {low};")
    bits = 53 if double else 24
    unit = mpf(2) ** -bits

    def fit(name, doc, g, a, b, scale):
        c, e = polynomial(g, a, b, unit / scale)
        table(name, doc, c, e, double)

    fit("EXP", "(exp(r) - 1 - r) / r² on |r| <= ln(2)/2", lambda r: (mp.expm1(r) - r) / r**2, -HALF_LN2, HALF_LN2, 6)
    fit("COSH", "(cosh(r) - 1) / z in z = r²", lambda z: (mp.cosh(mp.sqrt(z)) - 1) / z, 0, HALF_LN2**2, 4)
    fit("SINH", "(sinh(r) - r) / r³ in z = r²", lambda z: (mp.sinh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, 0, HALF_LN2**2, 4)
    fit("LOG", "(ln((1 + s) / (1 - s)) - 2 s) / s³ in z = s²", log_tail, 0, S_MAX, 2)
    fit("LOG_TAIL", "(LOG - 2/3) / z", log_tail2, 0, S_MAX, 1)
    fit("SIN", "(sin(r) - r) / r³ in z = r², |r| <= π/4", lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, 0, QUARTER, 8)
    fit("COS", "(cos(r) - 1 + z/2) / z²", lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, 0, QUARTER, 4)
    fit("ASIN", "(asin(s) - s) / s³ in z = s² <= 1/4", lambda z: (mp.asin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, 0, mpf("0.25"), 4)
    fit("ATAN", "(atan(t) - t) / t³ in z = t², |t| <= tan(π/8)", lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, 0, T_MAX, 4)
    fit("ERF", "erf(x) / x - 1 in z = x² <= 1", lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, 0, 1, 8)
    k = mpf(4) if double else mpf(2)
    top = mpf(28) if double else mpf("10.2")
    fit("ERFC", f"(1 + 2 a) exp(a²) erfc(a) in t = (a - {int(k)}) / (a + {int(k)}), 0 <= a", erfc_scaled(k), -1, (top - k) / (top + k), 8)
    def inverse(name, center, low, high, scale):
        fit(name, f"erfinv(x) / x in sqrt(w) - {float(center)}", lambda t: erfinv_ratio((t + center) ** 2), mpf(low), mpf(high), scale)

    half = mpf("3.125") if double else mpf("2.5")
    doc = f"erfinv(x) / x in w - {float(half)}, w = -ln(1 - x²) <= {float(2 * half)}"
    fit("ERFINV", doc, lambda t: erfinv_ratio(t + half), -half, half, 16 if double else 8)
    if double:
        inverse("ERFINV_MIDDLE", mpf("3.25"), "-0.75", "0.75", 4)
        inverse("ERFINV_TAIL", mpf(5), "-1", "1.15", 2)
        far, low, high = mpf(12), mpf("6.05"), mpf("27.5")
    else:
        inverse("ERFINV_MIDDLE", mpf(3), "-0.77", "1.15", 2)
        print("    /// The middle one reaches to the end.\n    const ERFINV_TAIL: &'static [f32] = Self::ERFINV_MIDDLE;")
        far, low, high = mpf(6), mpf("4.05"), mpf("10.3")
    doc = f"erfinv(x) / (x r) in (r - {int(far)}) / (r + {int(far)}), r = sqrt(-ln(1 - x²)), for the x nearer to 1 than any number"
    fit("ERFINV_FAR", doc, erfinv_far(far), (low - far) / (low + far), (high - far) / (high + far), 4)


def fast_tables():
    """Double-precision polynomials with just the accuracy that single-precision results need."""
    def fit(name, doc, g, a, b, scale):
        c, e = polynomial(g, a, b, mpf(2) ** -scale)
        table(name, doc, c, e, True)

    split("PIO2", "π/2 for `f64`", mp.pi / 2, 33, True, 4)
    split("PIO2_SHORT", "π/2 for `f32`", mp.pi / 2, 27, True)
    fit("SIN_SHORT", "As `SIN`", lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, 0, QUARTER, 30)
    fit("COS_SHORT", "As `COS`", lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, 0, QUARTER, 30)
    fit("LOG_SHORT", "As `LOG`", log_tail, 0, S_MAX, 34)
    fit("EXP_SHORT", "As `EXP`", lambda r: (mp.expm1(r) - r) / r**2, -HALF_LN2, HALF_LN2, 28)
    for degree in range(4, 14):
        p, q = rational(gammaln_middle, 0, 2, degree, degree)
        e = error(lambda u: horner(p, u) / horner(q, u), gammaln_middle, 0, 2)
        if e < mpf(2) ** -56:
            break
    table("GAMMALN_P", "lnΓ(x) / ((x - 1) (x - 2)) in u = x - 0.5, 0 <= u <= 2: numerator", p, e, True)
    table("GAMMALN_Q", "Denominator to `GAMMALN_P`", q, e, True)
    fit("STIRLING", "(lnΓ(x) - (x - 1/2) ln(x) + x - ln(2π)/2) x in w = 1/x², x >= 8", stirling, mpf(2) ** -50, mpf(1) / 64, 56)


    for degree in range(4, 14):
        p, q = rational(digamma_middle, 0, 2, degree, degree)
        e = error(lambda u: horner(p, u) / horner(q, u), digamma_middle, 0, 2)
        if e < mpf(2) ** -57:
            break
    table("DIGAMMA_P", "digamma(x) / (x - root) in u = x - 1, 0 <= u <= 2: numerator", p, e, True)
    table("DIGAMMA_Q", "Denominator to `DIGAMMA_P`", q, e, True)
    split("DIGAMMA_ROOT", "The positive root of digamma", DIGAMMA_ROOT, 53, True)
    fit("DIGAMMA_TAIL", "(ln(x) - 1/(2 x) - digamma(x)) x² in w = 1/x², x >= 10", digamma_tail, mpf(2) ** -50, mpf(1) / 100, 56)
    print("    /// 1/k! for k from 2 to 11, each as a number and what its rounding left.")
    print("    pub(super) const FACTORIALS: [[f64; 2]; 10] = [")
    for k in range(2, 12):
        value = 1 / mp.factorial(k)
        print(f"        [{literal(value, True)}, {literal(value - mpf(float(value)), True)}],")
    print("    ];\n    /// 1/k! from k = 12 on.\n    pub(super) const FACTORIALS_TAIL: &'static [f64] = &[")
    for k in range(12, 21):
        print(f"        {literal(1 / mp.factorial(k), True)},")
    print("    ];")
    print("    /// Temme's expansion of the incomplete gamma function: row k is a polynomial in η, for a^-k.")
    print(f"    pub(super) const TEMME: [[f64; {TEMME[1]}]; {TEMME[0]}] = [")
    for row in temme(*TEMME):
        print("        [" + ", ".join(literal(c, True) for c in row) + "],")
    print("    ];")


TEMME = (8, 18)
print("//! Coefficients, constant term first. Written by `scripts/golden/math_coefficients.py`.")
print()
print("/// The polynomials of one floating-point type.")
print("pub trait Tables: Sized + 'static {")
for name in ["EXP", "COSH", "SINH", "LOG", "LOG_TAIL", "SIN", "COS", "ASIN", "ATAN", "ERF", "ERFC", "ERFINV", "ERFINV_MIDDLE", "ERFINV_TAIL", "ERFINV_FAR"]:
    print(f"    /// See the implementation for `f64`.\n    const {name}: &'static [Self];")
for name in ["LN2", "LOG10_2", "INV_LN2", "INV_LN10"]:
    for part in ["HI", "LO"]:
        print(f"    /// See the implementation for `f64`.\n    const {name}_{part}: Self;")
print("    /// π/2 minus the nearest number.\n    const FRAC_PI_2_LO: Self;")
print("}")
for double in (True, False):
    kind = "f64" if double else "f32"
    print(f"\nimpl Tables for {kind} {{")
    tables(double)
    print("}")
print("\n/// Polynomials that exist in double precision only.")
print("pub(super) struct Double;\n\nimpl Double {")
VIS[0] = "pub(super) "
fast_tables()
print("}")
