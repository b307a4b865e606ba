"""What options of the policy, or other builds of it, are worth: paired runs on problems.py.

    ./dev bench ablate [VARIANT..] [--seeds 0-5] [--problems all] [--each] [--list]

A variant is options separated by commas, `members=1,exploit_every=0`; `@DRIVER` in front of them (or alone)
is another build of ablate_driver. The first is what the others are compared with; only one: with the
defaults. --problems takes families and kinds. Results are kept in build/bench/ablate, one file a
variant; the same command again only runs what is missing. A driver that was built anew begins anew.
`all` leaves out the tuning tasks, which need scikit-learn: `--problems tuning`.

Regret is log10(max(regret / scale, tol)): scale is the median regret of 64 random points. `end` is that
of the last turn, `AUC` its mean over the turns; differences are means over problems of means over
seeds, +- one standard error from the seeds; negative is better. A win or loss is a run that differs by
more than 0.01 at the end.
"""
import argparse
import hashlib
import json
import math
import os
import re
import subprocess
import sys

import numpy as np

import problems
import tuning  # noqa: F401, registers its tasks

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DRIVER = os.path.join(ROOT, "build", "release", "bench", "ablate_driver")
RESULTS = os.environ.get("ABLATE_RESULTS", os.path.join(ROOT, "build", "bench", "ablate"))


class Variant:
    def __init__(self, text):
        self.name = text
        parts = [p for p in text.split(",") if p]
        self.driver = parts.pop(0)[1:] if text.startswith("@") else DRIVER
        self.options = [p for p in parts if p != "default"]
        with open(self.driver, "rb") as fh:
            self.build = hashlib.sha256(fh.read()).hexdigest()[:12]
        self.path = os.path.join(RESULTS, re.sub(r"[^\w.=,-]", "_", text) + ".jsonl")
        self.runs = {}
        if os.path.exists(self.path):
            with open(self.path) as fh:
                for r in map(json.loads, fh):
                    if r["build"] == self.build:
                        self.runs[r["problem"], r["seed"]] = r

    def run(self, name, seed):
        if (name, seed) in self.runs:
            return
        r = {"build": self.build, "problem": name, "seed": seed,
             **play(self, problems.FAMILIES[name][1](seed), seed)}
        self.runs[name, seed] = r
        os.makedirs(RESULTS, exist_ok=True)
        with open(self.path, "a") as fh:
            fh.write(json.dumps(r) + "\n")


def play(variant, problem, seed):
    """Best noise-free values so far, and the CPU time of a suggestion."""
    noise = np.random.default_rng([seed, 7919])
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    with subprocess.Popen([variant.driver, *variant.options], stdin=subprocess.PIPE, env=env,
                          stdout=subprocess.PIPE, text=True, bufsize=1) as p:
        for line in [*problem.params, f"begin {seed}"]:
            p.stdin.write(line + "\n")
        best, trace, cpu = math.inf, [], 0.0
        for _ in range(problem.budget):
            p.stdin.write("ask\n")
            *values, role, seconds = p.stdout.readline().split() or [None, None]
            if role is None:
                sys.exit(f"ablate: the driver of {variant.name} stopped")
            f = problem.f([float(v) for v in values])
            best, cpu = min(best, f), cpu + float(seconds)
            trace.append(best)
            p.stdin.write(f"tell {f + problem.sd * noise.standard_normal()!r}\n")
        p.stdin.close()
    return {"best": trace, "cpu": cpu / problem.budget}


def curve(r, cache={}):
    """Log regret at every turn."""
    key = r["problem"], r["seed"]
    if key not in cache:
        p = problems.FAMILIES[key[0]][1](key[1])
        cache[key] = p.fopt, p.scale(), p.tol
    fopt, scale, tol = cache[key]
    return np.log10(np.maximum((np.array(r["best"]) - fopt) / scale, tol))


def score(variant, names, seeds):
    """{problem: rows of (end, AUC), one a seed}"""
    return {n: np.array([[c[-1], c.mean()] for c in (curve(variant.runs[n, s]) for s in seeds)])
            for n in names}


def mean_of(a, b, names):
    """Mean difference over problems, its standard error from the seeds; wins and losses."""
    d = [b[n] - a[n] for n in names]
    mean = np.mean([x.mean(0) for x in d], axis=0)
    se = np.sqrt(sum(x.var(0, ddof=1) / len(x) if len(x) > 1 else 0 * x[0] for x in d)) / len(d)
    end = np.concatenate([x[:, 0] for x in d])
    return mean, se, int((end < -0.01).sum()), int((end > 0.01).sum())


def row(cells):
    print("| " + " | ".join(cells) + " |")


def report(variants, names, seeds, each):
    scores = [score(v, names, seeds) for v in variants]
    kinds = list(dict.fromkeys(problems.FAMILIES[n][0] for n in names))
    print(f"{len(names)} families, {len(seeds)} seeds; end and AUC of {variants[0].name}: "
          f"{np.mean([s[:, 0].mean() for s in scores[0].values()]):.3f}, "
          f"{np.mean([s[:, 1].mean() for s in scores[0].values()]):.3f}\n")
    row(["variant", "end", "AUC", "wins-losses", "ms", *kinds])
    row(["---"] * (5 + len(kinds)))
    for v, s in zip(variants, scores):
        mean, se, wins, losses = mean_of(scores[0], s, names)
        parts = [mean_of(scores[0], s, [n for n in names if problems.FAMILIES[n][0] == k])
                 for k in kinds]
        ms = 1e3 * np.mean([v.runs[n, i]["cpu"] for n in names for i in seeds])
        row([v.name, f"{mean[0]:+.3f} +- {se[0]:.3f}", f"{mean[1]:+.3f} +- {se[1]:.3f}",
             f"{wins}-{losses}", f"{ms:.1f}",
             *(f"{m[0]:+.2f} ({e[0]:.2f})" for m, e, _, _ in parts)])
    if not each:
        return
    print("\nMedian log regret at the end, and the mean difference\n")
    row(["problem", *(v.name for v in variants)])
    row(["---"] * (1 + len(variants)))
    for n in names:
        row([n, *(f"{np.median(s[n][:, 0]):.2f} ({(s[n] - scores[0][n])[:, 0].mean():+.2f})"
                  for s in scores)])


def chosen(text):
    if text == "all":
        return [n for n, (kind, _) in problems.FAMILIES.items() if kind != "tuning"]
    wanted = text.split(",")
    names = [n for n, (kind, _) in problems.FAMILIES.items() if n in wanted or kind in wanted]
    known = set(problems.FAMILIES) | {kind for kind, _ in problems.FAMILIES.values()}
    if set(wanted) - known:
        sys.exit(f"ablate: no such problem: {', '.join(set(wanted) - known)}; see --list")
    return names


def numbers(text):
    low, _, high = text.partition("-")
    return list(range(int(low), int(high or low) + 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="*")
    parser.add_argument("--seeds", default="0-5")
    parser.add_argument("--problems", default="all")
    parser.add_argument("--each", action="store_true", help="a table of single problems, too")
    parser.add_argument("--list", action="store_true", help="the problems and options there are")
    a = parser.parse_args()
    if a.list:
        for name, (kind, _) in problems.FAMILIES.items():
            print(f"{name:<24}{kind}")
        print()
        with open(os.path.join(ROOT, "acquisition", "policy", "option_list.def")) as fh:
            print(fh.read().rstrip())
        return
    texts = a.variants if len(a.variants) > 1 else ["default", *a.variants]
    variants, names, seeds = [Variant(t) for t in texts], chosen(a.problems), numbers(a.seeds)
    for seed in seeds:
        for name in names:
            for v in variants:
                v.run(name, seed)
    report(variants, names, seeds, a.each)


if __name__ == "__main__":
    main()
