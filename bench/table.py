"""Tables of regret with intervals, one optimizer against all others, as Markdown on stdout.

    BENCH_RESULTS=<folder> python table.py [--peer kriged] [--seeds 10]

report.py has the definitions (normalised log10 regret, rank by the medians over seeds, AUC); here
are the claims: the distance in average rank to the best of the others, each problem against the
best and the third best peer, single runs on the same seeds. Intervals: 90 %, percentile bootstrap
over seeds, and over problems too where several problems are averaged.
"""
import argparse
import collections
import json
import os

import numpy as np
from scipy.stats import rankdata

import report
import run

DRAWS = 4000
TIE = 0.02  # decades; single runs nearer than that are ties, as in sketch/compare.py
EQUAL = 0.005  # medians nearer than that are equal
SKETCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sketch", "results", "base.jsonl")


def load(probs, below):
    """({(who, problem): {seed: value at the end}}, the same of AUC)"""
    recs = report.load()
    with open(SKETCH) as fh:
        sketch = [dict(json.loads(s), peer="sketch") for s in fh]
    scales = report.scales(probs, recs + sketch)
    end, auc = collections.defaultdict(dict), collections.defaultdict(dict)
    for r in recs + sketch:
        name, seed = r["problem"], r["seed"]
        if name in probs and seed < below:
            curve = report.curve(r, probs[name], *scales[name])
            end[r["peer"], name][seed] = curve[-1]
            auc[r["peer"], name][seed] = curve.mean()
    return end, auc


def interval(draws, sign=""):
    lo, hi = np.percentile(draws, [5, 95])
    return f"{lo:{sign}.2f}..{hi:{sign}.2f}"


def difference(value, draws):
    return f"{value:+.2f} ({interval(draws, '+')})"


def medians(rng, runs, peers, names):
    """(peer, problem) medians over seeds, and (peer, problem, draw) of seeds drawn again."""
    plain = np.array([[np.median(list(runs[p, n].values())) for n in names] for p in peers])
    drawn = np.empty((len(peers), len(names), DRAWS))
    for i, p in enumerate(peers):
        for j, n in enumerate(names):
            values = np.array(list(runs[p, n].values()))
            drawn[i, j] = np.median(values[rng.integers(len(values), size=(DRAWS, len(values)))], 1)
    return plain, drawn


def over_problems(rng, drawn):
    """Mean over problems drawn again, from (peer, problem, draw)."""
    pick = rng.integers(drawn.shape[1], size=(drawn.shape[1], DRAWS))
    return np.take_along_axis(drawn, pick[None], 1).mean(1)


def ranks(values):
    return rankdata(np.round(values, 6), axis=0)


def average_ranks(rng, end, auc, peers, names, who):
    e, e_drawn = medians(rng, end, peers, names)
    a, a_drawn = medians(rng, auc, peers, names)
    rank, rank_drawn = ranks(e).mean(1), over_problems(rng, ranks(e_drawn))
    auc_rank = ranks(a).mean(1)
    e_mean, a_mean = over_problems(rng, e_drawn), over_problems(rng, a_drawn)
    print(f"### Average rank over {len(names)} problems\n")
    rows = []
    for i in np.argsort(rank):
        seeds = sorted({len(end[peers[i], n]) for n in names})
        rows.append([peers[i], "-".join(map(str, dict.fromkeys((seeds[0], seeds[-1])))),
                     f"{rank[i]:.2f} ({interval(rank_drawn[i])})",
                     f"{auc_rank[i]:.2f}",
                     f"{e[i].mean():.2f} ({interval(e_mean[i])})",
                     f"{a[i].mean():.2f} ({interval(a_mean[i])})"])
    report.table(["peer", "seeds", "rank at the end", "rank by AUC", "log-regret at the end",
                  "AUC"], rows)
    me = peers.index(who)
    others = [i for i in range(len(peers)) if i != me]
    second = min(others, key=lambda i: rank[i])
    print(f"Average rank of {who} less that of others:\n")
    for words, drawn in (("problems and seeds drawn again", rank_drawn),
                         ("these problems, seeds drawn again", ranks(e_drawn).mean(1))):
        to_second, to_best = drawn[me] - drawn[second], drawn[me] - drawn[others].min(0)
        print(f"- {words}: of {peers[second]}, the second here, "
              f"{difference(rank[me] - rank[second], to_second)}; of whoever is best in a draw "
              f"{interval(to_best, '+')}, first in {100 * np.mean(to_best < 0):.0f} % of the draws")
    print()


def by_problem(rng, end, peers, names, who):
    e, drawn = medians(rng, end, peers, names)
    me = peers.index(who)
    rows, equal, worse = [], 0, []
    for j, n in enumerate(names):
        order = [i for i in np.argsort(e[:, j], kind="stable") if i != me]
        row = [n, f"{e[me, j]:.2f} ({len(end[who, n])})"]
        for place, i in (("best", order[0]), ("third", order[2])):
            gap = e[me, j] - e[i, j]
            row.append(f"{peers[i]} {e[i, j]:.2f} ({len(end[peers[i], n])})")
            row.append(difference(gap, drawn[me, j] - drawn[i, j]))
            if place == "best":
                equal += gap <= EQUAL
            elif np.percentile(drawn[me, j] - drawn[i, j], 5) > EQUAL:
                worse.append(n)
        rows.append(row)
    print("### Median log-regret at the end (seeds) beside the best and the third best peer\n")
    report.table(["problem", who, "best peer", "difference", "third best", "difference"], rows)
    print(f"- At least as good as the best peer on {equal} of {len(names)} problems.")
    print(f"- Significantly worse than the third best on: {', '.join(worse) or 'none'}.\n")


def paired(rng, end, auc, peers, names, who):
    """Single runs with the same problem and seed."""
    rows = []
    for p in peers:
        gaps = [[np.array([[runs[who, n][s] - runs[p, n][s] for runs in (end, auc)]
                           for s in sorted(set(end[who, n]) & set(end.get((p, n), ())))])]
                for n in names]
        gaps = [g[0] for g in gaps if len(g[0])]
        if p == who or not gaps:
            continue
        single = np.concatenate(gaps)[:, 0]
        mean = np.mean([g.mean(0) for g in gaps], 0)
        drawn = np.array([np.mean([g[rng.integers(len(g), size=len(g))].mean(0) for g in
                                   (gaps[k] for k in rng.integers(len(gaps), size=len(gaps)))], 0)
                          for _ in range(DRAWS // 2)])
        wins, losses = (single < -TIE).sum(), (single > TIE).sum()
        rows.append([p, len(single), f"{wins}-{losses}, {len(single) - wins - losses} ties",
                     difference(mean[0], drawn[:, 0]), difference(mean[1], drawn[:, 1])])
    print(f"### Single runs on the same problems and seeds: {who} less the other\n")
    report.table(["against", "pairs", "wins-losses", "log-regret at the end", "AUC"],
                 sorted(rows, key=lambda r: float(r[3].split()[0]), reverse=True))


def all_medians(end, peers, names):
    print("### Median log-regret at the end\n")
    report.table(["problem"] + peers, [[n] + [
        f"{np.median(list(end[p, n].values())):.2f}" if end.get((p, n)) else "-" for p in peers]
        for n in names])


def main():
    flags = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--peer", default="kriged", help="whose claims these are")
    flags.add_argument("--seeds", type=int, default=10, help="use seeds below this number")
    flags.add_argument("--min-share", type=float, default=0.9,
                       help="leave out peers that finished a smaller share of the problems")
    a = flags.parse_args()
    probs = run.pick("dev")
    end, auc = load(probs, a.seeds)
    names = [n for n in probs if (a.peer, n) in end]
    everyone = sorted({p for p, _ in end} - {"sketch"})
    peers = [p for p in everyone
             if sum((p, n) in end for n in names) >= a.min_share * len(names)]
    if a.peer not in peers:
        raise SystemExit(f"table: no results of {a.peer} in {run.RESULTS}")
    common = [n for n in names if all((p, n) in end for p in peers)]
    rng = np.random.default_rng(0)
    average_ranks(rng, end, auc, peers, common, a.peer)
    by_problem(rng, end, peers, common, a.peer)
    paired(rng, end, auc, everyone + ["sketch"], names, a.peer)
    all_medians(end, everyone + ["sketch"], names)


if __name__ == "__main__":
    main()
