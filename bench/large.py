"""Studies with very many results, measured through the daemon: ./dev bench large

    python bench/large.py [--build build/release] [--sizes 1000,10000,100000] [--steps 40]

Results are handed in in bulk, then one client tells and asks in turn. The first ask fits without a
state to start from; later ones fit again when the results have grown by 1/25. The last column
spreads one such first ask over the tells between two fits, which overstates a fit: later ones
start from the last. CPU is the daemon's, handing in and first ask included. Memory is what the daemon holds at the end, and at most had.
"""
import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

from service import ROOT, Daemon, load, row_of


def measure(build, n, steps):
    folder = tempfile.mkdtemp(prefix="kb-")
    try:
        d = Daemon(build, folder, f"{folder}/large.db")
        cpu = d.cpu_s()
        r = load(build, "large", d.endpoint, n, steps)
        r["cpu_s"] = (d.cpu_s() - cpu) / (steps + 1)
        r["now_mb"], r["peak_mb"] = d.resident_mb(), d.peak_mb()
        d.stop()
        return r
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", type=Path, default=ROOT / "build/release")
    p.add_argument("--sizes", default="1000,10000,100000")
    p.add_argument("--steps", type=int, default=40)
    a = p.parse_args()
    a.build = a.build.resolve()
    subprocess.run(["cmake", "--build", a.build, "--target", "kriged", "service_load"], check=True,
                   stdout=subprocess.DEVNULL)
    head = ["results", "handed in", "first ask", "tell (median)", "tell + ask", "with the fits",
            "CPU a step", "memory (peak)"]
    row_of(head)
    row_of(["-" * max(14, len(h)) for h in head], head)
    for n in map(int, a.sizes.split(",")):
        r = measure(a.build, n, a.steps)
        row_of([n, f"{r['load_s']:.1f} s", f"{r['first_s']:.2f} s", f"{r['tell_us'] / 1e3:.1f} ms",
                f"{r['step_s']:.3f} s", f"{r['step_s'] + r['first_s'] / (n / 25):.3f} s",
                f"{r['cpu_s']:.3f} s", f"{r['now_mb']:.0f} ({r['peak_mb']:.0f}) MB"], head)


if __name__ == "__main__":
    main()
