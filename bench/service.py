"""The service measured beside its limits, all in one run: ./dev bench service

    python bench/service.py [--build build/release] [--rounds 3]

Durable observes from 64 clients against a bare SQLite loop that commits the same rows
in groups of 64; an observe while a fit of its study runs; an ask whose answer is prepared
against a tell, which is a round trip and a commit; the start with 100,000 stored
trials; memory. Absolute figures belong to the machine, ratios compare. Rounds are
interleaved, and the median counts.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLIENTS, OBSERVES, GROUP = 64, 400, 64
POINTS, PACED = 1000, 300
STUDIES, TRIALS = 100, 1000
ASKED, ASKS = 100, 40


class Daemon:
    def __init__(self, build, folder, db):
        self.endpoint = f"ipc://{folder}/k.sock"
        began = time.monotonic()
        self.process = subprocess.Popen(
            [build / "bin/kriged", "--db", db, "--endpoint", self.endpoint],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("kriged: ready "):
                break
        else:
            sys.exit("kriged did not start")
        self.start_s = time.monotonic() - began

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self):
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def peak_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6

    def stop(self):
        self.process.terminate()
        self.process.stderr.read()
        if self.process.wait() != 0:
            sys.exit("kriged did not stop well")


def load(build, *args):
    done = subprocess.run([build / "bench/service_load", *map(str, args)], stdout=subprocess.PIPE,
                          text=True, check=True)
    return json.loads(done.stdout)


def quantile(values, q):
    values = sorted(values)
    return values[round(q * (len(values) - 1))]


def observe_round(build, folder):
    """(daemon's figures with its CPU, the bare loop's rate)"""
    db = f"{folder}/observe.db"
    d = Daemon(build, folder, db)
    cpu = d.cpu_s()
    figures = load(build, "observe", d.endpoint, CLIENTS, OBSERVES)
    figures["cpu_us"] = 1e6 * (d.cpu_s() - cpu) / figures["n"]
    d.stop()
    bare = load(build, "bare", db, f"{folder}/bare.db", GROUP)
    if bare["n"] != figures["n"]:
        sys.exit(f"{figures['n']} observes were acknowledged, {bare['n']} are stored")
    for name in os.listdir(folder):
        os.unlink(f"{folder}/{name}")
    return figures, bare["rate"]


def fit_rounds(build, folder, rounds):
    d = Daemon(build, folder, f"{folder}/fit.db")
    alone, beside, fits = [], [], []
    for _ in range(rounds):
        r = load(build, "fit", d.endpoint, POINTS, 2 * PACED)
        alone += r["alone_us"]
        beside += r["beside_us"]
        fits.append(r["fit_ms"])
    d.stop()
    return alone, beside, fits


def ask_rounds(build, folder, rounds):
    d = Daemon(build, folder, f"{folder}/ask.db")
    figures = [load(build, "ask", d.endpoint, ASKED + i, ASKS) for i in range(rounds)]
    d.stop()
    return figures


def stored_round(build, folder, rounds):
    db = f"{folder}/stored.db"
    empty = Daemon(build, folder, f"{folder}/empty.db")
    empty_mb = empty.resident_mb()
    empty.stop()
    load(build, "fill", db, STUDIES, TRIALS)
    starts = []
    for _ in range(rounds):
        d = Daemon(build, folder, db)
        starts.append(d.start_s)
        mb = d.resident_mb()
        d.stop()
    return empty_mb, statistics.median(starts), mb, os.path.getsize(db) / 1e6


def row_of(cells, head=None):
    widths = [max(14, len(h)) for h in head or cells]
    print("| " + " | ".join(f"{c:>{w}}" for c, w in zip(cells, widths)) + " |", flush=True)


def row(name, value, ratio, bar):
    print(f"| {name:56} | {value:>22} | {ratio:>7} | {bar:>8} |", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", type=Path, default=ROOT / "build/release")
    p.add_argument("--rounds", type=int, default=3)
    a = p.parse_args()
    a.build = a.build.resolve()
    subprocess.run(["cmake", "--build", a.build, "--target", "kriged", "service_load"], check=True,
                   stdout=subprocess.DEVNULL)
    folder = tempfile.mkdtemp(prefix="kb-")
    try:
        row("", "measured", "ratio", "bar")
        row("-" * 56, "-" * 22, "-" * 7, "-" * 8)
        rounds = [observe_round(a.build, folder) for _ in range(a.rounds)]
        rate = statistics.median(f["rate"] for f, _ in rounds)
        bare = statistics.median(b for _, b in rounds)
        ratio = statistics.median(f["rate"] / b for f, b in rounds)
        row(f"bare loop, the same rows in groups of {GROUP}", f"{bare:.0f}/s", "1", "")
        row(f"durable observes, {CLIENTS} clients", f"{rate:.0f}/s", f"{ratio:.2f}", ">= 0.3")
        row("  p50, p99", " / ".join(f"{statistics.median(f[k] for f, _ in rounds) / 1e3:.2f} ms"
                                     for k in ("p50_us", "p99_us")), "", "")
        row("  CPU of the daemon for each observe",
            f"{statistics.median(f['cpu_us'] for f, _ in rounds):.0f} us", "", "")

        alone, beside, fits = fit_rounds(a.build, folder, a.rounds)
        p99, p99_fit = quantile(alone, 0.99), quantile(beside, 0.99)
        row(f"observe, one client: p50, p99 of {len(alone)}",
            f"{quantile(alone, 0.5) / 1e3:.2f} / {p99 / 1e3:.2f} ms", "1", "")
        row(f"  beside a fit of {POINTS} points ({statistics.median(fits):.0f} ms): of {len(beside)}",
            f"{quantile(beside, 0.5) / 1e3:.2f} / {p99_fit / 1e3:.2f} ms",
            f"{p99_fit / p99:.2f}", "<= 5")

        asks = ask_rounds(a.build, folder, a.rounds)
        told, cold, prepared = (statistics.median(f[k] for f in asks)
                                for k in ("tell_us", "cold_us", "prepared_us"))
        row(f"tell, {ASKED} results: p50 (a round trip and a commit)", f"{told / 1e3:.2f} ms", "1", "")
        row("  ask whose answer is prepared: p50", f"{prepared / 1e3:.2f} ms",
            f"{statistics.median(f['prepared_us'] / f['tell_us'] for f in asks):.2f}", "<= 2")
        row("  ask right after a tell: p50", f"{cold / 1e3:.2f} ms", f"{cold / told:.0f}", "")

        empty_mb, start_s, mb, db_mb = stored_round(a.build, folder, a.rounds)
        row(f"start with {STUDIES * TRIALS} stored trials ({db_mb:.0f} MB)", f"{start_s:.2f} s",
            "", "<= 2 s")
        row("  resident memory with those", f"{mb:.0f} MB", "", "<= 200")
        row("resident memory with an empty store", f"{empty_mb:.0f} MB", "", "<= 30")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
