"""Virtual environments of the peers, made on demand under BENCH_VENVS.

    python3 environments.py PEER..    (`harness`: what the benchmark's own programs need)

Needs the standard library only. A peer that cannot be installed is said so and left out.
"""
import os
import subprocess
import sys

_TORCH = ("torch", "botorch", "gpytorch")
_OLD = "setuptools<81"
# environment and peers: modules that show that it is there, and what pip installs
ENVIRONMENTS = {
    "venv": {
        "harness": (("numpy", "scipy", "sklearn"), ("numpy", "scipy", "scikit-learn")),
        "botorch": (("botorch",), _TORCH),
        "ax": (("ax",), (*_TORCH, "ax-platform")),
        "optuna-tpe": (("optuna",), ("optuna",)),
        "optuna-gp": (("torch", "optuna"), ("torch", "optuna")),
        "cmaes": (("cmaes",), ("cmaes",)),
        "nevergrad": (("nevergrad",), ("nevergrad",)),
        "skopt": (("skopt",), ("scikit-optimize",)),
    },
    # HEBO wants an old numpy; without the other bounds pip tries versions for a quarter of an hour.
    "venv-hebo": {"hebo": (("hebo",), (_OLD, "hebo", "numpy<1.25", "scipy<1.14",
                                       "scikit-learn<1.6", "pandas<2.3", "matplotlib<3.10",
                                       "contourpy<1.3"))},
    "venv-smac": {"smac": (("smac",), (_OLD, "smac", "scikit-learn"))},
    "venv-vizier": {"vizier": (("vizier", "jax"), (
        "google-vizier[jax]", "jax<0.6", "jaxlib<0.6", "tfp-nightly==0.26.0.dev20250630"))},
}
_VARIANTS = {"smac-bb": "smac", "smac-refit": "smac", "smac-bb-refit": "smac",
             "vizier-padded": "vizier", "random": "harness", "sobol": "harness"}


def root():
    return os.environ["BENCH_VENVS"]


def has(python, modules):
    look = "import sys, importlib.util as u\nfor m in sys.argv[1:]:\n assert u.find_spec(m)"
    return subprocess.run([python, "-c", look, *modules], stderr=subprocess.DEVNULL).returncode == 0


def make(peer):
    """Whether the peer can run; installs it when it is missing."""
    if peer == "kriged":
        return True  # ./dev has made build/venv
    name = _VARIANTS.get(peer, peer)
    folder, (modules, packages) = next(
        ((f, peers[name]) for f, peers in ENVIRONMENTS.items() if name in peers),
        (None, (None, None)))
    if folder is None:
        sys.exit(f"bench: there is no peer {peer!r}; known are kriged, "
                 + ", ".join([p for e in ENVIRONMENTS.values() for p in e] + sorted(_VARIANTS)))
    folder = os.path.join(root(), folder)
    python = os.path.join(folder, "bin", "python")
    if os.path.exists(python) and has(python, modules):
        return True
    print(f"==> installing {' '.join(packages)} into {folder}", file=sys.stderr, flush=True)
    steps = [[python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input",
              *packages]]
    if not os.path.exists(python):
        steps.insert(0, [sys.executable, "-m", "venv", folder])
    if all(subprocess.run(step).returncode == 0 for step in steps) and has(python, modules):
        return True
    print(f"bench: {peer} cannot be installed here and is left out", file=sys.stderr, flush=True)
    return False


def usable(peers):
    """Those of the peers that can run, in their order."""
    return [p for p in dict.fromkeys(peers) if make(p)]


if __name__ == "__main__":
    sys.exit(0 if usable(sys.argv[1:]) == sys.argv[1:] else 1)
