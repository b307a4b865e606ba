"""Cold fits beside BoTorch's, of one model with one prior: ./dev bench gp

    python bench/gp_fit.py [--bench PROGRAM] [--cases 100x6,1000x20] [--limit 600]

SingleTaskGP with its defaults: RBF with a length scale for each input, no output scale,
a constant mean, its priors of length scales and noise. Both sides start at the modes of
the priors and run on one thread; from 10 inputs on kriged follows six starts (gp/fit.c).
The log posteriors of both optima come from one function here, in numpy, that knows neither side; the mean is profiled in both.

gpytorch leaves Cholesky for conjugate gradients above 800 points, where one fit takes many
minutes here; it is made to stay, which is the quicker peer. A fit of BoTorch's that is not
done after --limit seconds is stopped, counts as what it took until then, and is marked >.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np

BARS = {(100, 6): 30, (1000, 20): 10}  # times faster
SLACK = 1e-3  # nats of log posterior: a fit that ends this close is equal


def data(n, d, seed):
    """Sobol' points and a smooth function of them with noise, standardized."""
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sizes that are no powers of two
        X = qmc.Sobol(d, scramble=True, rng=rng).random(n)
    y = (np.sin(5 * X + np.arange(d)) / np.arange(1, d + 1)).sum(1) + 0.05 * rng.normal(size=n)
    return X, (y - y.mean()) / y.std(ddof=1)


def log_posterior(X, y, lengthscale, noise):
    """ln N(y; m 1, K) with m = 1'K^-1 y / 1'K^-1 1, plus the ln densities of the priors."""
    n, d = X.shape
    K = np.zeros((n, n))
    for k in range(d):
        K += (X[:, k, None] - X[None, :, k]) ** 2 / lengthscale[k] ** 2
    K = np.exp(-0.5 * K) + noise * np.eye(n)
    L = np.linalg.cholesky(K)
    u, v = np.linalg.solve(L, y), np.linalg.solve(L, np.ones(n))
    r = u - (v @ u) / (v @ v) * v

    def lognormal(x, mu, s):
        return -0.5 * ((np.log(x) - mu) / s) ** 2 - np.log(x * s * np.sqrt(2 * np.pi))

    return (-0.5 * r @ r - np.log(np.diag(L)).sum() - 0.5 * n * np.log(2 * np.pi)
            + lognormal(lengthscale, np.sqrt(2) + 0.5 * np.log(d), np.sqrt(3)).sum()
            + lognormal(noise, -4, 1))


def fit_own(bench, X, y, runs):
    text = f"{len(X)} {X.shape[1]} {runs}\n" + "".join(
        " ".join(map(repr, map(float, [*x, v]))) + "\n" for x, v in zip(X, y))
    done = subprocess.run([bench, "fit"], input=text, stdout=subprocess.PIPE, text=True, check=True)
    a = json.loads(done.stdout)
    theta = np.exp(a["theta"])
    return a["seconds"], theta[:-1], theta[-1], a["evaluations"]


def fit_botorch(X, y, runs, limit):
    """(CPU seconds of each run, length scales, noise, whether one was stopped)"""
    import gpytorch
    import torch
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from gpytorch.mlls import ExactMarginalLogLikelihood

    torch.set_num_threads(1)
    seconds, stopped = [], False
    for _ in range(runs):
        model = SingleTaskGP(torch.tensor(X), torch.tensor(y)[:, None], outcome_transform=None)
        mll = ExactMarginalLogLikelihood(model.likelihood, model)
        with gpytorch.settings.max_cholesky_size(10**6):
            t, began = time.process_time(), time.monotonic()
            fit_gpytorch_mll(mll, optimizer_kwargs={"timeout_sec": limit})
            seconds.append(time.process_time() - t)
            stopped |= time.monotonic() - began >= limit
    return (seconds, model.covar_module.lengthscale.detach().numpy()[0],
            model.likelihood.noise.item(), stopped)


def case(bench, n, d, limit):
    """Prints a row; whether its bars hold."""
    few = n <= 200
    fit_botorch(*data(32, 2, 0), 1, limit)  # imports, first calls
    ratios, gains = [], []
    for seed in range(3 if few else 1):
        X, y = data(n, d, seed)
        own, l, noise, count = fit_own(bench, X, y, 20 if few else 3)
        peer, peer_l, peer_noise, stopped = fit_botorch(X, y, 5 if few else 1, limit)
        own_ms, peer_ms = 1e3 * statistics.median(own), 1e3 * statistics.median(peer)
        ours, theirs = log_posterior(X, y, l, noise), log_posterior(X, y, peer_l, peer_noise)
        ratios.append(peer_ms / own_ms)
        gains.append(ours - theirs)
        more = "> " if stopped else ""
        print(f"| {n} | {d} | {seed} | {own_ms:.2f} ({count} evaluations) | {more}{peer_ms:.0f} | "
              f"{more}{ratios[-1]:.0f} | {BARS.get((n, d), '')} | {ours:.5f} | {theirs:.5f} | "
              f"{gains[-1]:+.1e} |", flush=True)
    return min(ratios) >= BARS.get((n, d), 0) and min(gains) >= -SLACK


def main():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--bench", default="build/release/bench/gp_bench")
    flags.add_argument("--cases", default="100x6,1000x20")
    flags.add_argument("--limit", type=float, default=600)
    a = flags.parse_args()
    warnings.filterwarnings("ignore")
    import botorch

    print(f"Cold fits from the priors' modes, CPU time, beside BoTorch {botorch.__version__}\n\n"
          "| n | d | seed | kriged ms | BoTorch ms | ratio | bar | log posterior, kriged | BoTorch | "
          "difference |\n|---|---|---|---|---|---|---|---|---|---|")
    held = [case(a.bench, *map(int, c.split("x")), a.limit) for c in a.cases.split(",")]
    sys.exit(0 if all(held) else "gp_fit: below a bar")


if __name__ == "__main__":
    main()
