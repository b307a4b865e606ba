"""Cold tell + ask of kriged and its peers in one run, one step of each in turn: ratios count.

    python suggest.py [--peers botorch,ax,..] [--ns 20,100,500] [--dims 6,20] [--steps 30]

The protocol is that of latency.py: a fresh process a peer, one thread each, n Sobol' points of its
smooth function loaded, one ask that warms up, then consecutive steps: the result of the last
suggestion is told and the next one asked for. As the peers take turns at every step, a busy machine
is busy for all of them. CPU time is that of the process and of what it started; kriged's is that of
its daemon and client. What is computed between the steps, while others have their turns, has a
column of its own. A peer that has used --seconds stops early (not before --fewest steps), and the
table says after how many; its ratios are over the turns that it took. SMAC is measured as
smac-bb-refit: the default fits at every 8th trial only, and first gives out an initial design
whatever was loaded.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
from scipy.stats import qmc

import environments
import latency
import run
from space import Space, real

HERE = os.path.dirname(os.path.abspath(__file__))
BARS = {"optuna-gp": 10}  # times faster than this peer; than any other: 20
BAR, MEMORY_BAR_MB = 20, 60
LIMIT = 600  # seconds for one answer: more than latency.py's, as peers share the machine here
ALL = "botorch,ax,optuna-gp,hebo,smac-bb-refit,vizier-padded"


class Child(run.Child):
    """As run.Child, with the cheap accounting of serve.py."""

    def __init__(self, peer):
        self.timeout = 1800
        python = os.path.join(environments.root(), run.VENV.get(peer, "venv"), "bin", "python")
        if peer == "kriged":
            python = os.path.join(os.environ["KRIGED_CHECKOUT"], "build", "venv", "bin", "python")
        env = dict(os.environ, CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu",
                   PYTHONWARNINGS="ignore", XLA_FLAGS="--xla_cpu_multi_thread_eigen=false "
                   "intra_op_parallelism_threads=1")
        for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR"):
            env[name + "_NUM_THREADS"] = "1"
        self.p = subprocess.Popen([python, os.path.join(HERE, "serve.py"), peer], env=env, cwd=HERE,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)


def tasks(pid):
    return [f"/proc/{pid}/task/{t}" for t in os.listdir(f"/proc/{pid}/task")]


def family(pid):
    found = [pid]
    for p in found:
        for task in tasks(p):
            with open(task + "/children") as fh:
                found += map(int, fh.read().split())
    return found


def cpu_s(pid):
    """CPU seconds of a process and its children: the scheduler's count of the threads that live
    (nanoseconds), or the one that has ended threads too (hundredths), if that is more."""
    total = 0.0
    for p in family(pid):
        exact = 0
        for task in tasks(p):
            with open(task + "/schedstat") as fh:
                exact += int(fh.read().split()[0])
        with open(f"/proc/{p}/stat") as fh:
            f = fh.read().rsplit(")", 1)[1].split()
        total += max(exact / 1e9, (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK"))
    return total


def peak_mb(pid):
    with open(f"/proc/{pid}/status") as fh:
        return next(int(s.split()[1]) / 1024 for s in fh if s.startswith("VmHWM"))


class Runner:
    """One peer at one size."""

    def __init__(self, peer, d, n, steps):
        self.peer, self.space = peer, Space([real("x%d" % i, 0.0, 1.0) for i in range(d)])
        self.steps, self.error = steps, None
        self.rec = {"peer": peer, "d": d, "n": n, "threads": 1, "ask_s": [], "tell_s": [],
                    "cpu_s": [], "between_s": [], "rss_mb": float("nan"),
                    "children_mb": float("nan")}
        points = qmc.Sobol(d, scramble=True, seed=1).random_base2(int(np.ceil(np.log2(n))))[:n]
        self.child = Child(peer)
        with self.guarded():
            m = self.child.call(op="init", space=self.space.params, seed=1, budget=n + steps + 50)
            self.rec["version"] = m["version"]
            m = self.child.call(op="load", data=[[self.space.decode(u), latency.objective(u)]
                                                 for u in points])
            self.rec["load_s"] = round(m["t"], 4)
            self.child.timeout = LIMIT
            m = self.child.call(op="ask")
            self.rec["first_ask_s"], self.x = round(m["t"], 5), m["x"]
            self.cpu = cpu_s(self.child.p.pid)

    @contextmanager
    def guarded(self):
        """A peer's failure is a result too: it ends that peer, not the run."""
        try:
            yield
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"

    def going(self, seconds, fewest):
        done = len(self.rec["ask_s"])
        used = sum(self.rec["ask_s"]) + sum(self.rec["tell_s"])
        return (not self.error and done < self.steps and (used < seconds or done < fewest))

    def step(self):
        with self.guarded():
            y = latency.objective(np.array(self.space.encode(self.x)))
            began = cpu_s(self.child.p.pid)
            tell = self.child.call(op="tell", x=self.x, y=y)["t"]
            m = self.child.call(op="ask")
            cpu = cpu_s(self.child.p.pid)
            for name, value in (("tell_s", tell), ("ask_s", m["t"]), ("cpu_s", cpu - began),
                                ("between_s", began - self.cpu)):
                self.rec[name].append(round(value, 6))
            self.cpu, self.x = cpu, m["x"]

    def finish(self):
        if self.child.p.poll() is None:
            pids = family(self.child.p.pid)
            self.rec["rss_mb"] = round(peak_mb(pids[0]), 1)
            self.rec["children_mb"] = round(sum(map(peak_mb, pids[1:])), 1)
        if self.error:
            self.rec["error"] = self.error
        self.child.close()
        return self.rec


def in_turns(peers, d, n, steps, seconds, fewest):
    runners = []
    try:
        for peer in peers:
            runners.append(Runner(peer, d, n, steps))
        turn = 0
        while True:
            now = [r for r in runners if r.going(seconds, fewest)]
            if not now:
                break
            k = turn % len(now)
            for r in now[k:] + now[:k]:
                r.step()
            turn += 1
    finally:
        recs = [r.finish() for r in runners]
    return recs


def figures(rec, turns=None):
    """Mean and 95th percentile of a step's wall seconds, then of its CPU seconds."""
    wall, cpu = np.add(rec["tell_s"], rec["ask_s"])[:turns], np.array(rec["cpu_s"])[:turns]
    return [f(v) for v in (wall, cpu) for f in (np.mean, lambda x: np.percentile(x, 95))]


def cells(values, scale=1.0):
    """Two cells: mean / p95 of wall, and of CPU."""
    text = [f"{scale * v:.3g}" if scale * v < 1000 else f"{scale * v:.0f}" for v in values]
    return f"{text[0]} / {text[1]} | {text[2]} / {text[3]}"


def row(rec, own):
    """The line of one peer, and whether it keeps the bars."""
    f, head = figures(rec), f"| {rec['n']} | {rec['d']} | {rec['peer']} {rec.get('version', '')} "
    line = (head + f"| {len(rec['ask_s'])} | {cells(f, 1e3)} "
            f"| {1e3 * np.mean(rec['between_s']):.2g} ")
    if rec["peer"] == "kriged":
        mb = f"{rec['children_mb']:.0f} daemon, {rec['rss_mb']:.0f} client"
        return f"{line}| | | | {mb} |", rec["children_mb"] < MEMORY_BAR_MB
    turns = len(rec["ask_s"])  # those that both took
    bar, ratios = BARS.get(rec["peer"], BAR), [a / b for a, b in zip(f, figures(own, turns))]
    return f"{line}| {cells(ratios)} | {bar} | {rec['rss_mb']:.0f} |", min(ratios) >= bar


def tables(recs):
    """Prints them; returns whether every ratio is above its bar."""
    good = True
    print("\n| n | d | peer | steps | wall ms: mean / p95 | CPU ms: mean / p95 "
          "| CPU ms between | ratio of wall | ratio of CPU | bar | peak MB |\n|" + "---|" * 11)
    for n, d in sorted({(r["n"], r["d"]) for r in recs}):
        part = [r for r in recs if (r["n"], r["d"]) == (n, d)]
        own = next((r for r in part if r["peer"] == "kriged" and r["ask_s"]), None)
        for r in part:
            if not own or not r["ask_s"]:
                print(f"| {n} | {d} | {r['peer']} | 0 | {r.get('error')} |")
                good = False
                continue
            line, kept = row(r, own)
            good &= kept
            print(line, flush=True)
    return good


def main():
    flags = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--peers", default=ALL)
    flags.add_argument("--ns", default="20,100,500")
    flags.add_argument("--dims", default="6,20")
    flags.add_argument("--steps", type=int, default=30)
    flags.add_argument("--seconds", type=float, default=60)
    flags.add_argument("--fewest", type=int, default=5)
    flags.add_argument("--out", help="file for all single times")
    flags.add_argument("--table", action="store_true", help="only the table of what is in --out")
    a = flags.parse_args()
    if a.table:
        with open(a.out) as fh:
            sys.exit(0 if tables(list(map(json.loads, fh))) else 1)
    peers = ["kriged", *environments.usable(p for p in a.peers.split(",") if p != "kriged")]
    recs = []
    if a.out:
        open(a.out, "w").close()  # ratios are of one run
    for n in map(int, a.ns.split(",")):
        for d in map(int, a.dims.split(",")):
            load = os.getloadavg()[0]
            for r in in_turns(peers, d, n, a.steps, a.seconds, a.fewest):
                r["load_before"] = round(load, 2)
                recs.append(r)
                if a.out:
                    with open(a.out, "a") as fh:
                        fh.write(json.dumps(r) + "\n")
                if r["ask_s"]:
                    wall = [x + y for x, y in zip(r["tell_s"], r["ask_s"])]
                    print(f"n={n} d={d} {r['peer']:14} {len(wall)} steps, median "
                          f"{1e3 * statistics.median(wall):.2f} ms", file=sys.stderr, flush=True)
    print(f"load of the machine: {min(r['load_before'] for r in recs)} to "
          f"{max(r['load_before'] for r in recs)}")
    sys.exit(0 if tables(recs) else "suggest: below a bar")


if __name__ == "__main__":
    main()
