"""Batches, crowds and long studies, through the daemon and the Python client: ./dev bench batches | thousand

    batches   16 points in one request at n = 200, d = 6; 1,000 of them, also with a deadline; one
              point beside 999 pending ones
    thousand  1,000 suggestions of one 6-dimensional study, asked and told one by one, from an empty
              study

One thread each. Wall seconds, CPU seconds of daemon and client, peak resident memory of the daemon.
"""
import argparse
import os
import statistics
import sys
import time

import numpy as np

from kriged_peer import Kriged
from problems import hartmann6
from space import Space, real

D, N, Q, CROWD, STEPS = 6, 200, 16, 999, 1000
BAR_S, BAR_MB = 60, 60


def start():
    peer = Kriged.__new__(Kriged)
    peer.space = Space([real(f"x{i}", 0.0, 1.0) for i in range(D)])
    peer.sign, peer.seed = 1, 1
    peer.setup()
    return peer


def objective(u):
    """Hartmann-6 plus a gentle bowl, as bench/latency.py has it."""
    return hartmann6(u) + 0.3 * float(np.sum((u - 0.4) ** 2)) / D


def value(trial):
    return objective(np.array([trial.params[f"x{i}"] for i in range(D)]))


def cpu_s(peer):
    threads = f"/proc/{peer.daemon.pid}/task"
    ran = sum(int(open(f"{threads}/{t}/schedstat").read().split()[0]) for t in os.listdir(threads))
    return ran / 1e9 + time.process_time()


def peak_mb(peer):
    status = open(f"/proc/{peer.daemon.pid}/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


class Timed:
    def __init__(self, peer):
        self.peer = peer

    def __enter__(self):
        self.cpu, self.began = cpu_s(self.peer), time.perf_counter()
        return self

    def __exit__(self, *_):
        self.s = time.perf_counter() - self.began
        self.cpu = cpu_s(self.peer) - self.cpu


def load(peer, n, seed=3):
    for u in np.random.default_rng(seed).random((n, D)):
        x = {f"x{i}": float(u[i]) for i in range(D)}
        peer.study.tell_point(x, objective(u))


def distinct(trials):
    return len({tuple(t.params.values()) for t in trials}) == len(trials)


def row(*cells):
    print("| " + " | ".join(str(c) for c in cells) + " |", flush=True)


def batches():
    row("request", "wall", "CPU", "all distinct")
    row("---", "---", "---", "---")

    def ask(text, peer, **how):
        with Timed(peer) as t:
            trials = peer.study.ask(timeout=600, **how)
        row(text, f"{t.s:.3f} s", f"{t.cpu:.3f} s", "yes" if distinct(trials) else "NO")
        return trials

    peer = start()
    load(peer, N)
    peer.study.ask().tell(0.0)  # the first fit
    for t in ask(f"{Q} points, n = {N}", peer, n=Q):
        t.tell(value(t))
    times = []
    for _ in range(4):
        with Timed(peer) as timed:
            trials = peer.study.ask(n=Q, timeout=600)
        times.append((timed.s, timed.cpu))
        for t in trials:
            t.tell(value(t))
    row(f"{Q} points, median of 4 more", f"{statistics.median(s for s, _ in times):.3f} s",
        f"{statistics.median(c for _, c in times):.3f} s", "")
    ask("1,000 points, n = 281", peer, n=1000)
    peer.close()

    peer = start()
    load(peer, N)
    peer.study.ask().tell(0.0)
    ask("1,000 points, deadline 0.5 s", peer, n=1000, deadline=0.5)
    peer.close()

    peer = start()
    load(peer, 20)
    held = peer.study.ask(n=CROWD, timeout=600)
    times, points = [], list(held)
    for _ in range(5):
        with Timed(peer) as timed:
            trial = peer.study.ask(timeout=600)
        times.append((timed.s, timed.cpu))
        points.append(trial)
        held[len(times)].tell(value(held[len(times)]))
    row(f"one point beside {CROWD} pending, median of 5", f"{statistics.median(s for s, _ in times):.3f} s",
        f"{statistics.median(c for _, c in times):.3f} s", "yes" if distinct(points) else "NO")
    peer.close()


def thousand():
    peer = start()
    with Timed(peer) as timed:
        for k in range(STEPS):
            trial = peer.study.ask(timeout=600)
            trial.tell(value(trial))
            if (k + 1) % 250 == 0:
                print(f"{k + 1}: {time.perf_counter() - timed.began:.1f} s", file=sys.stderr, flush=True)
    best, peak = peer.study.best.value, peak_mb(peer)
    peer.close()
    print(f"{STEPS} ask + tell: {timed.s:.1f} s wall, {timed.cpu:.1f} s CPU (bar {BAR_S} s), "
          f"daemon at most {peak:.0f} MB (bar {BAR_MB} MB), best {best:.6f}")
    return timed.s < BAR_S and peak < BAR_MB


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["batches", "thousand"])
    sys.exit(0 if {"batches": lambda: batches() or True, "thousand": thousand}[p.parse_args().what]()
             else "bench: beyond a bar")


if __name__ == "__main__":
    main()
