"""Tuning tasks: hyperparameters of small models on data sets that come with scikit-learn.

The objective is a cross-validation score on fixed folds: deterministic, with the plateaus, ties and
cliffs of such scores (an error rate of a few hundred points has discrete levels). An evaluation takes
milliseconds. The optimum is the best value known (tuning_best.json): of random and local search
(`python tuning.py`), or of a run that found a better one.
"""
import json
import math
import os
import warnings
from functools import cache

import numpy as np

from problems import FAMILIES, Problem

BEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tuning_best.json")
FOLDS = 3
KERNELS = ["rbf", "poly", "sigmoid", "linear"]
BOOLS = [False, True]
_known = {}


@cache
def data(name):
    """Standardized inputs, targets, and the folds: (X, y, [(train, test)]). name: that of a data
    set, /k: every k-th row of it."""
    from sklearn import datasets, model_selection
    if name == "blobs":
        X, y = datasets.make_classification(
            240, 12, n_informative=5, n_redundant=2, n_classes=3, flip_y=0.08, class_sep=0.9,
            random_state=3)
    elif name == "moons":
        X, y = datasets.make_moons(240, noise=0.35, random_state=5)
    elif name == "friedman":
        X, y = datasets.make_friedman1(180, 8, noise=1.0, random_state=7)
    else:
        base, _, step = name.partition("/")
        X, y = getattr(datasets, "load_" + base)(return_X_y=True)
        X, y = X[::int(step or 1)], y[::int(step or 1)]
    classes = np.issubdtype(y.dtype, np.integer)
    kind = model_selection.StratifiedKFold if classes else model_selection.KFold
    spread = X.std(0)
    X = (X - X.mean(0)) / np.where(spread > 0, spread, 1)
    return X, y, list(kind(FOLDS, shuffle=True, random_state=0).split(X, y))


def score(name, model, loss, features=None):
    """Mean loss over the folds. features: inputs of train and test to what the model sees."""
    X, y, folds = data(name)
    losses = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for train, test in folds:
            A, B = X[train], X[test]
            if features:
                A, B = features(A, B)
            losses.append(loss(model.fit(A, y[train]), B, y[test]))
    return float(np.mean(losses))


def error(model, X, y):
    return np.mean(model.predict(X) != y)


def log_loss(model, X, y):
    P = np.clip(model.predict_proba(X), 1e-6, 1)
    return -np.mean(np.log(P[np.arange(len(y)), np.searchsorted(model.classes_, y)]))


def absolute(model, X, y):
    return np.mean(np.abs(np.clip(model.predict(X), -1e6, 1e6) - y))


def squared(model, X, y):
    return np.mean((np.clip(model.predict(X), -1e6, 1e6) - y) ** 2)


# ---- tasks ---------------------------------------------------------------------------


def task(**params):
    """Register f(dict) as a family. A parameter is a list of choices, or a line of the driver."""
    def register(f):
        name = f.__name__.replace("_", "-")
        memo = {}

        def value(v):
            if tuple(v) not in memo:
                x = {k: p[int(c)] if isinstance(p, list) else int(c) if "int" in p else c
                     for (k, p), c in zip(params.items(), map(float, v))}
                y = f(**x)
                memo[tuple(v)] = y if math.isfinite(y) else 1e6
            return memo[tuple(v)]

        def member(seed):
            if not _known:
                with open(BEST) as fh:
                    _known.update(json.load(fh))
            lines = [f"choice {len(p)}" if isinstance(p, list) else p for p in params.values()]
            return Problem(name, "tuning", lines, value, _known.get(name, math.nan), tol=1e-3)
        FAMILIES[name] = ("tuning", member)
        return f
    return register


def svc(name, shrink, **p):
    from sklearn.svm import SVC
    return score(name, SVC(max_iter=2000, shrinking=shrink, **p), error)


SVM = {"C": "logfloat 1e-3 1e3", "gamma": "logfloat 1e-6 1", "kernel": KERNELS,
       "degree": "int 2 5", "coef0": "float -1 1", "shrink": BOOLS}


@task(**SVM)
def svc_cancer(**p):
    return svc("breast_cancer/2", **p)


@task(**SVM)
def svc_digits4(**p):
    return svc("digits/4", **p)


@task(**SVM)
def svc_blobs(**p):
    return svc("blobs", **p)


@task(C="logfloat 1e-2 1e4", epsilon="logfloat 1e-2 1e2", gamma="logfloat 1e-5 10",
      degree="int 2 4", kernel=KERNELS)
def svr_diabetes(**p):
    from sklearn.svm import SVR
    return score("diabetes/2", SVR(max_iter=2000, **p), absolute)


@task(dims="logint 2 50", n_neighbors="logint 1 40", weights=["uniform", "distance"],
      metric=["euclidean", "manhattan", "chebyshev", "cosine"])
def knn_digits4(dims, **p):
    from sklearn.neighbors import KNeighborsClassifier

    def project(A, B):
        middle = A.mean(0)
        V = np.linalg.svd(A - middle, full_matrices=False)[2][:dims].T
        return (A - middle) @ V, (B - middle) @ V
    return score("digits/4", KNeighborsClassifier(algorithm="brute", **p), error, project)


@task(n_estimators="logint 2 12", max_depth="int 1 12", min_samples_leaf="logint 1 30",
      max_features="float 0.05 1", criterion=["gini", "entropy"], bootstrap=BOOLS)
def forest_wine(**p):
    from sklearn.ensemble import RandomForestClassifier
    return score("wine", RandomForestClassifier(random_state=0, **p), log_loss)


@task(n_estimators="logint 2 20", max_depth="int 1 16", min_samples_split="logint 2 40",
      max_features="float 0.05 1")
def extra_trees_diabetes(**p):
    from sklearn.ensemble import ExtraTreesRegressor
    return score("diabetes/2", ExtraTreesRegressor(random_state=0, **p), absolute)


@task(n_estimators="logint 3 30", learning_rate="logfloat 1e-3 1", max_depth="int 1 6",
      subsample="float 0.2 1", min_samples_leaf="logint 1 40", max_features="float 0.05 1")
def boosting_cancer(**p):
    from sklearn.ensemble import GradientBoostingClassifier
    return score("breast_cancer/2", GradientBoostingClassifier(random_state=0, **p), log_loss)


@task(learning_rate="logfloat 1e-3 1", max_iter="logint 3 20", max_leaf_nodes="logint 2 32",
      min_samples_leaf="logint 1 60", l2_regularization="logfloat 1e-6 100",
      max_features="float 0.1 1")
def histogram_blobs(**p):
    from sklearn.ensemble import HistGradientBoostingClassifier
    return score("blobs", HistGradientBoostingClassifier(
        max_bins=16, early_stopping=False, random_state=0, **p), log_loss)


@task(units="logint 2 32", activation=["relu", "tanh", "logistic", "identity"],
      solver=["adam", "sgd"], alpha="logfloat 1e-7 1", learning_rate_init="logfloat 1e-4 1",
      max_iter="logint 3 20")
def network_iris(units, **p):
    from sklearn.neural_network import MLPClassifier
    return score("iris", MLPClassifier((units,), batch_size=32, random_state=0, **p), log_loss)


@task(loss=["log_loss", "hinge", "modified_huber", "perceptron"],
      penalty=["l2", "l1", "elasticnet"], alpha="logfloat 1e-7 1", l1_ratio="float 0 1",
      eta0="logfloat 1e-5 10", power_t="float 0.1 0.9",
      learning_rate=["constant", "optimal", "invscaling", "adaptive"],
      max_iter="logint 2 20", average=BOOLS)
def linear_blobs(**p):
    from sklearn.linear_model import SGDClassifier
    return score("blobs", SGDClassifier(random_state=0, **p), error)


@task(alpha="logfloat 1e-5 1e3", l1_ratio="float 0 1", degree="int 1 2", inputs="int 1 10",
      products=BOOLS)
def elastic_diabetes(degree, inputs, products, **p):
    from sklearn.linear_model import ElasticNet
    from sklearn.preprocessing import PolynomialFeatures

    def expand(A, B):
        poly = PolynomialFeatures(degree, interaction_only=products, include_bias=False)
        return poly.fit_transform(A[:, :inputs]), poly.transform(B[:, :inputs])
    return score("diabetes/2", ElasticNet(max_iter=200, **p), squared, expand)


@task(alpha="logfloat 1e-6 1e3", gamma="logfloat 1e-5 10",
      kernel=["rbf", "laplacian", "polynomial", "sigmoid", "linear"], degree="int 1 5",
      coef0="float -2 2")
def kernel_ridge_friedman(**p):
    from sklearn.kernel_ridge import KernelRidge
    return score("friedman", KernelRidge(**p), squared)


@task(criterion=["gini", "entropy", "log_loss"], splitter=["best", "random"],
      max_depth="logint 1 30", min_samples_split="logint 2 60", min_samples_leaf="logint 1 30",
      max_features="float 0.02 1", ccp_alpha="logfloat 1e-6 0.1")
def tree_digits4(**p):
    from sklearn.tree import DecisionTreeClassifier
    return score("digits/4", DecisionTreeClassifier(random_state=0, **p), error)


@task(features="logint 2 200", gamma="logfloat 1e-4 1e2", alpha="logfloat 1e-6 1e3",
      fit_intercept=BOOLS, class_weight=[None, "balanced"])
def random_features_moons(features, gamma, **p):
    from sklearn.linear_model import RidgeClassifier

    def expand(A, B):
        rng = np.random.default_rng(0)
        W = rng.standard_normal((A.shape[1], features)) * np.sqrt(2 * gamma)
        b = rng.uniform(0, 2 * np.pi, features)
        return np.cos(A @ W + b), np.cos(B @ W + b)
    return score("moons", RidgeClassifier(**p), error, expand)


# ---- best known values ---------------------------------------------------------------


def neighbour(params, v, width, rng):
    """v with one or two parameters changed: choices by lot, numbers by a step of their range."""
    v = list(v)
    for i in rng.permutation(len(params))[:rng.integers(1, 3)]:
        kind, *bounds = params[i].split()
        if kind == "choice":
            v[i] = float(rng.integers(int(bounds[0])))
            continue
        log = kind.startswith("log")
        low, high, at = (math.log(float(x)) if log else float(x) for x in (*bounds, v[i]))
        at = min(high, max(low, at + width * (high - low) * rng.standard_normal()))
        v[i] = math.exp(at) if log else at
        v[i] = float(round(v[i])) if "int" in kind else v[i]
        v[i] = min(float(bounds[1]), max(float(bounds[0]), v[i]))
    return v


def search(problem, n_random=600, n_climbs=4, n_steps=200):
    """The least value of random points and of climbs from the best of them."""
    rng = np.random.default_rng(12345)
    tried = sorted((problem.f(v), v) for v in (problem.draw(rng) for _ in range(n_random)))
    best = tried[0][0]
    for y, v in tried[:n_climbs]:
        for k in range(n_steps):
            w = neighbour(problem.params, v, 0.3 * 0.1 ** (k / n_steps), rng)
            if problem.f(w) <= y:
                y, v = problem.f(w), w
        best = min(best, y)
    return best


def main():
    for name, (kind, member) in list(FAMILIES.items()):
        if kind != "tuning":
            continue
        problem = member(0)
        _known[name] = min(_known.get(name, math.inf), search(problem))
        print(name, _known[name], flush=True)
        with open(BEST, "w") as fh:
            json.dump(_known, fh, indent=1, sort_keys=True)
            fh.write("\n")


if __name__ == "__main__":
    main()
