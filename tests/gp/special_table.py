#!/usr/bin/env python3
"""Writes special_table.def: functions of gp/special/special.h and gp/special/bvn.h over wide ranges, by mpmath.

    pip install mpmath==1.3.0; tests/gp/special_table.py > tests/gp/special_table.def

Arguments are doubles, printed so that they read back as the same ones; values are good to
more digits than printed."""

import random

from mpmath import erfc, exp, log, log1p, mp, mpf, pi, quad, sqrt

mp.dps = 60
random.seed(1)


def cdf(z):
    return erfc(-mpf(z) / sqrt(2)) / 2


def pdf(z):
    return exp(-mpf(z) ** 2 / 2) / sqrt(2 * pi)


def log_cdf(z):
    return log1p(-cdf(-z)) if z > 0 else log(cdf(z))


def bvn(a, b, rho):
    """The integral of phi(x) Phi((b - rho x) / sqrt(1 - rho^2)) for x up to a."""
    a, b, rho = mpf(a), mpf(b), mpf(rho)
    if rho == 0:
        return cdf(a) * cdf(b)
    s = sqrt(1 - rho * rho)
    steps = sorted({mpf(-40), a, *[c for c in (b / rho - 12 * s, b / rho, b / rho + 12 * s, mpf(0))
                                   if -40 < c < a]})
    return quad(lambda x: pdf(x) * cdf((b - rho * x) / s), steps)


def row(name, *values):
    print(f"{name}({', '.join(values)})")


def digits(x):
    if abs(x) < mpf("1e-300"):
        return "0.0"
    return mp.nstr(mpf(x), 20, strip_zeros=False, min_fixed=1, max_fixed=0)


def wide(lo, hi, count):
    """Doubles between 10^lo and 10^hi."""
    return [10 ** random.uniform(lo, hi) for _ in range(count)]


def scalars():
    for z in sorted([s * x for x in wide(-8, 1.55, 40) for s in (1, -1)]):
        row("LOG_CDF", repr(z), digits(log_cdf(z)))
        hazard = pdf(z) / cdf(-z)
        row("HAZARD", repr(z), digits(hazard), digits(log(hazard)))
        row("ERFCX", repr(z / 1.5), digits(exp(mpf(z / 1.5) ** 2) * erfc(mpf(z / 1.5))))
    for z in sorted(-x for x in wide(1.6, 4, 12)):
        row("LOG_CDF", repr(z), digits(log_cdf(z)))
    for u in sorted([-x for x in wide(-3, 2.5, 60)] + wide(-3, 1.5, 20)):
        mp.dps = 400
        value, slope = log(pdf(u) + u * cdf(u)), cdf(u) / (pdf(u) + u * cdf(u))
        mp.dps = 60
        row("LOG_H", repr(u), digits(value), digits(slope))
    for p in sorted([10 ** -x for x in wide(-1, 2.4, 30)] + [random.random() for _ in range(20)]):
        z = mp.findroot(lambda t: log_cdf(t) - log(mpf(p)),
                        -sqrt(-2 * log(mpf(p))) if p < 0.1 else 0)
        row("QUANTILE", repr(p), digits(z))


def bivariate():
    rhos = [0.0, 1e-9, 0.1, 0.29999, 0.3001, 0.5, 0.74, 0.76, 0.92499, 0.92501, 0.99, 0.9999,
            1 - 1e-8, 1 - 1e-13]
    for rho in sorted([-r for r in rhos if r] + rhos):
        for _ in range(3):
            a, b = random.gauss(0, 1.5), random.gauss(0, 1.5)
            row("BVN", repr(a), repr(b), repr(rho), digits(bvn(a, b, rho)))
        a = random.gauss(0, 2)  # near the line where the mass of |rho| = 1 lies
        b = (a if rho > 0 else -a) + random.gauss(0, 1) * float(sqrt(1 - mpf(rho) ** 2))
        row("BVN", repr(a), repr(b), repr(rho), digits(bvn(a, b, rho)))
    for rho in (0.3, 0.8, 0.95, 0.99999, -0.4, -0.95):
        row("BVN", "-6.0", "-5.5", repr(rho), digits(bvn(-6, -5.5, rho)))
        row("BVN", "7.5", "-1.25", repr(rho), digits(bvn(7.5, -1.25, rho)))


print("""/* Made by special_table.py with mpmath 1.3.0; do not edit.
 * Whoever includes it defines the rows that it wants; all are undefined at the end. */""")
names = {"LOG_CDF": "x, value", "HAZARD": "x, value, logarithm", "ERFCX": "x, value",
         "LOG_H": "x, value, slope", "QUANTILE": "x, value", "BVN": "h, k, rho, value"}
for name, arguments in names.items():
    print(f"#ifndef {name}\n#define {name}({arguments})\n#endif")
scalars()
bivariate()
for name in names:
    print(f"#undef {name}")
