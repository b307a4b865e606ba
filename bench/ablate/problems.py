"""Problems for ablations: families, of which every seed is another member.

Most are functions of z = z* + width R (u - c): u in the unit cube, c the place of the optimum, drawn
from the middle 60 % of every range, R a random rotation. So nothing is gained by starting in the centre,
nor by searching along the axes.
"""
import math
from dataclasses import dataclass
from typing import Callable

import numpy as np


@dataclass
class Problem:
    """Minimise f over params (lines of the driver); f takes the values as the driver prints them."""
    family: str
    kind: str
    params: list
    f: Callable
    fopt: float
    sd: float = 0.0       # of the noise in what is told; regret is measured without
    tol: float = 1e-6     # share of the scale below which it counts as solved; more where the
                          # last step is a leap

    @property
    def budget(self):
        return 60 if len(self.params) <= 6 else 80

    def draw(self, rng):
        """Values of a random point."""
        values = []
        for kind, *bounds in (p.split() for p in self.params):
            low, high = (0, int(bounds[0]) - 1) if kind == "choice" else map(float, bounds)
            whole, log = kind in ("choice", "int", "logint"), kind.startswith("log")
            if log:
                value = math.exp(rng.uniform(math.log(low), math.log(high)))
                value = float(round(value)) if whole else value
            else:
                value = float(rng.integers(low, high + 1)) if whole else rng.uniform(low, high)
            values.append(value)
        return values

    def scale(self):
        """The median regret of 64 random points."""
        rng = np.random.default_rng(64)
        return float(np.median([self.f(self.draw(rng)) for _ in range(64)])) - self.fopt


FAMILIES = {}


def family(kind, **how):
    def register(make):
        name = make.__name__.replace("_", "-")

        def member(seed):
            rng = np.random.default_rng([seed, sum(name.encode())])
            params, f, fopt = make(rng)
            return Problem(name, kind, params, lambda v: float(f(np.array(v))), fopt, **how)
        FAMILIES[name] = (kind, member)
        return make
    return register


def cube(d):
    return ["float 0 1"] * d


def rotation(rng, d):
    q, r = np.linalg.qr(rng.standard_normal((d, d)))
    return q * np.sign(np.diag(r))


def moved(rng, d, g, width, at=0.0, rotate=True):
    """u -> g(at + width R (u - c))."""
    c, R = rng.uniform(0.2, 0.8, d), rotation(rng, d) if rotate else np.eye(d)
    return lambda u: g(at + width * (R @ (u - c)))


# ---- functions of z ------------------------------------------------------------------


def ellipsoid(z, condition=1e3):
    return np.sum(condition ** (np.arange(len(z)) / (len(z) - 1)) * z * z)


def ackley(z):
    return (-20 * np.exp(-0.2 * np.sqrt(np.mean(z * z))) - np.exp(np.mean(np.cos(2 * np.pi * z)))
            + 20 + np.e)


def rosenbrock(z):
    return np.sum(100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2)


def levy(z):
    w = 1 + (z - 1) / 4
    return (np.sin(np.pi * w[0]) ** 2 + (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
            + np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)))


def goldstein(z):
    a, b = z
    return ((1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a * a - 14 * b + 6 * a * b + 3 * b * b))
            * (30 + (2 * a - 3 * b) ** 2
               * (18 - 32 * a + 12 * a * a + 48 * b - 36 * a * b + 27 * b * b)))


def hills(rng, d, n=5):
    """Minus a sum of Gaussian hills of different height, width and direction; its minimum, by Newton's
    method from every summit."""
    C, height = rng.uniform(0.15, 0.85, (n, d)), np.linspace(1, 0.5, n)
    A = []
    for _ in range(n):
        R = rotation(rng, d)
        A.append(R.T @ np.diag(rng.uniform(0.15, 0.5, d) ** -2 / np.sqrt(d) * 2) @ R)

    def parts(u):
        steps = [a @ (u - c) for a, c in zip(A, C)]
        return steps, [h * math.exp(-0.5 * s @ (u - c)) for h, s, c in zip(height, steps, C)]

    def f(u):
        return -sum(parts(u)[1])

    best = 0.0
    for u in C:
        for _ in range(50):
            steps, e = parts(u)
            slope = sum(w * s for w, s in zip(e, steps))
            curve = sum(w * (a - np.outer(s, s)) for w, a, s in zip(e, A, steps))
            step = np.linalg.lstsq(curve, -slope, rcond=None)[0]
            while f(u + step) > f(u) and np.max(abs(step)) > 1e-14:
                step = step / 2
            u = np.clip(u + step, 0, 1)
        best = min(best, f(u))
    return f, best


# ---- one basin -----------------------------------------------------------------------


@family("one basin")
def ellipsoid5(rng):
    return cube(5), moved(rng, 5, ellipsoid, 10), 0.0


@family("one basin")
def rosenbrock5(rng):
    return cube(5), moved(rng, 5, rosenbrock, 4, at=1.0), 0.0


@family("one basin")
def ridge6(rng):
    return cube(6), moved(rng, 6, lambda z: z[0] ** 2 + 10 * np.sqrt(np.sum(z[1:] ** 2)), 10), 0.0


@family("one basin")
def powers6(rng):
    p = 2 + 4 * np.arange(6) / 5
    return cube(6), moved(rng, 6, lambda z: np.sum(abs(z) ** p), 4), 0.0


# ---- several -------------------------------------------------------------------------


@family("basins")
def hills3(rng):
    return cube(3), *hills(rng, 3)


@family("basins")
def hills6(rng):
    return cube(6), *hills(rng, 6)


@family("basins")
def styblinski5(rng):
    at = -2.9035340277711770
    g = lambda z: np.sum(z ** 4 - 16 * z * z + 5 * z) / 2  # noqa: E731
    return cube(5), moved(rng, 5, g, 10, at=at), float(g(np.full(5, at)))


@family("basins")
def levy6(rng):
    return cube(6), moved(rng, 6, levy, 15, at=1.0), 0.0


# ---- sums over the parameters ----------------------------------------------------------

@family("axes")
def styblinski7_axes(rng):
    at = -2.9035340277711770
    g = lambda z: np.sum(z ** 4 - 16 * z * z + 5 * z) / 2  # noqa: E731
    return cube(7), moved(rng, 7, g, 10, at=at, rotate=False), float(g(np.full(7, at)))


@family("axes")
def levy8_axes(rng):
    return cube(8), moved(rng, 8, levy, 20, at=1.0, rotate=False), 0.0


@family("axes", tol=1e-4)
def rastrigin6_axes(rng):
    return cube(6), moved(rng, 6, lambda z: np.sum(z * z + 10 - 10 * np.cos(2 * np.pi * z)), 5, rotate=False), 0.0


@family("axes")
def effects8(rng):
    """Each parameter an effect of its own, and those of pairs."""
    c, a, w = rng.uniform(0.1, 0.9, 8), 10 ** rng.uniform(-1, 0, 8), rng.uniform(0.1, 0.5, 8)

    def f(u):
        z = (u - c) / w
        s = a * (1 - 1 / (1 + z * z))
        return np.sum(s) + np.sum(s[::2] * s[1::2])
    return cube(8), f, 0.0


# ---- ripples -------------------------------------------------------------------------


@family("ripples", tol=1e-4)
def ackley5(rng):
    return cube(5), moved(rng, 5, ackley, 30), 0.0


@family("ripples", tol=1e-4)
def rastrigin4(rng):
    return cube(4), moved(rng, 4, lambda z: np.sum(z * z + 10 - 10 * np.cos(2 * np.pi * z)), 7), 0.0


@family("ripples", tol=1e-4)
def griewank6(rng):
    root = np.sqrt(np.arange(1, 7))
    return cube(6), moved(
        rng, 6, lambda z: np.sum(z * z) / 4000 + 1 - np.prod(np.cos(z / root)), 300), 0.0


@family("ripples", tol=1e-4)
def schwefel3(rng):
    flip = rng.choice([-1, 1], 3)

    def f(u):
        x = 500 * (2 * u - 1) * flip
        return 418.9828872724339 * 3 - np.sum(x * np.sin(np.sqrt(abs(x))))
    return cube(3), f, 0.0


@family("ripples", tol=1e-4)
def michalewicz5(rng):
    flip, i = rng.integers(0, 2, 5), np.arange(1, 6)

    def f(u):
        x = np.pi * np.where(flip, u, 1 - u)
        return -np.sum(np.sin(x) * np.sin(i * x * x / np.pi) ** 20)
    return cube(5), f, -4.687658179


# ---- on the boundary -----------------------------------------------------------------


@family("boundary")
def faces6(rng):
    a, c = 10 ** rng.uniform(0, 1.5, 6), rng.uniform(-0.5, 1.5, 6)
    return cube(6), lambda u: np.sum(a * (u - c) ** 2), float(np.sum(a * (np.clip(c, 0, 1) - c) ** 2))


@family("boundary")
def corner5(rng):
    flip, a = rng.integers(0, 2, 5), rng.uniform(0.5, 3, 5)

    def f(u):
        x = np.where(flip, u, 1 - u)
        return np.exp(np.mean(a * x)) * (1 + np.sum(x) ** 2)
    return cube(5), f, 1.0


# ---- many parameters -----------------------------------------------------------------


@family("many parameters")
def ackley20(rng):
    return cube(20), moved(rng, 20, ackley, 20, rotate=False), 0.0


@family("many parameters")
def ellipsoid20(rng):
    return cube(20), moved(rng, 20, lambda z: ellipsoid(z, 100), 10), 0.0


@family("many parameters")
def hills4_in_20(rng):
    f, fopt = hills(rng, 4)
    which = rng.choice(20, 4, replace=False)
    return cube(20), lambda u: f(u[which]), fopt


@family("many parameters")
def rosenbrock10(rng):
    return cube(10), moved(rng, 10, rosenbrock, 3, at=1.0, rotate=False), 0.0


# ---- noise ---------------------------------------------------------------------------


@family("noise", sd=0.05, tol=1e-3)
def hills4_noisy(rng):
    return cube(4), *hills(rng, 4)


@family("noise", sd=20.0, tol=1e-3)
def ellipsoid5_noisy(rng):
    return cube(5), moved(rng, 5, lambda z: ellipsoid(z, 100), 5), 0.0


@family("noise", sd=0.5, tol=1e-3)
def ackley5_noisy(rng):
    return cube(5), moved(rng, 5, ackley, 30), 0.0


# ---- outcomes over decades -----------------------------------------------------------


@family("heavy tails")
def goldstein2(rng):
    return cube(2), moved(rng, 2, goldstein, 4, at=np.array([0.0, -1.0])), 3.0


@family("heavy tails")
def exponential5(rng):
    return cube(5), moved(rng, 5, lambda z: np.expm1(np.sqrt(ellipsoid(z, 30))), 3), 0.0


# ---- other kinds of parameters -------------------------------------------------------


@family("mixed")
def mixed_ackley6(rng):
    c, i, k = rng.uniform(0.2, 0.8, 3), rng.integers(2, 11, 2), rng.permutation([0.0, 1.5, -2.5])

    def f(v):
        return ackley(np.array([*20 * (v[:3] - c), *(v[3:5] - i), k[int(v[5])]]))
    return [*cube(3), "int 0 12", "int 0 12", "choice 3"], f, 0.0


@family("mixed", tol=1e-4)
def kinds4(rng):
    C, level = rng.uniform(0.1, 0.9, (5, 3)), rng.permutation(5) * 0.1
    A = 10 ** rng.uniform(0, 1, (5, 3))

    def f(v):
        k = int(v[3])
        return level[k] + np.sum(A[k] * (v[:3] - C[k]) ** 2)
    return [*cube(3), "choice 5"], f, 0.0


@family("mixed", tol=1e-4)
def integers5(rng):
    R, c = rotation(rng, 5), rng.integers(3, 13, 5)
    return ["int 0 15"] * 5, lambda v: ellipsoid(R @ (v - c), 30), 0.0


@family("mixed", tol=1e-4)
def integers8(rng):
    c = rng.integers(3, 18, 8)
    return ["int 0 20"] * 8, lambda v: ackley((v - c) / 2), 0.0


@family("mixed", tol=1e-4)
def grid4(rng):
    f = hills(rng, 4)[0]
    every = np.stack(np.meshgrid(*[np.arange(10) / 9] * 4), -1).reshape(-1, 4)
    return ["int 0 9"] * 4, lambda v: f(v / 9), min(f(u) for u in every)


def idle(rng):
    """The choice decides which two of four numbers matter; for one of five none does."""
    C, level = rng.uniform(0.1, 0.9, (5, 2)), [0.0, 0.06, 0.1, 0.15, 0.12]
    order = rng.permutation(5)

    def f(v):
        k = order[int(v[4])]
        z = v[[k % 4, (k + 1) % 4]] - C[k]
        return level[k] + (0 if k == 4 else 1 - np.exp(-4 * np.sum(z * z)))
    return [*cube(4), "choice 5"], f


@family("mixed", tol=1e-4)
def idle5(rng):
    params, f = idle(rng)
    return params, f, 0.0


# ---- plateaus, as in accuracies ------------------------------------------------------


@family("plateaus", tol=1e-3)
def steps4(rng):
    f, fopt = hills(rng, 4)
    return cube(4), lambda u: np.ceil(40 * f(u)) / 40, float(np.ceil(40 * fopt) / 40)


@family("plateaus", tol=1e-3)
def idle5_steps(rng):
    params, f = idle(rng)
    return params, lambda v: np.floor(100 * f(v)) / 100, 0.0
