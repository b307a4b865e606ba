"""The demo: kriged tunes a real model on a real data set, with two workers.

Run by `./dev demo`. Prints every command it gives, so that you can give it too.
"""
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import curve

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
BIN = pathlib.Path(os.environ.get("KRIGED_BIN", CHECKOUT / "build/release/bin/kriged")).parent
FOLDER = pathlib.Path(os.environ.get("DEMO_FOLDER", CHECKOUT / "build/demo"))
TRAIN = [sys.executable, str(HERE / "train.py")]

TRIALS = int(os.environ.get("DEMO_TRIALS", "40"))
WORKERS = 2
TREES = "25"  # of every tuned model; the default settings grow 100
STUDY = {
    "name": "digits",
    "space": {
        "learning_rate": {"type": "float", "low": 0.01, "high": 1, "log": True},
        "leaves": {"type": "int", "low": 2, "high": 32},
        "min_leaf": {"type": "int", "low": 1, "high": 100, "log": True},
        "l2": {"type": "float", "low": 1e-6, "high": 100, "log": True},
        "features": {"type": "float", "low": 0.05, "high": 1},
        "interactions": {"type": "categorical", "choices": ["all", "pairwise", "none"]},
    },
    "objective": "minimize log_loss",
    "budget": TRIALS,
    "seed": 1,
}
COMMAND = TRAIN + ["--trees", TREES] + [
    word for name in STUDY["space"] for word in (f"--{name.replace('_', '-')}", f"{{{name}}}")]
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS="1")


def say(text):
    print(f"\n==> {text}", flush=True)


def shown(words):
    """A command as one would type it in the checkout."""
    short = [str(word).replace(f"{CHECKOUT}/", "") for word in words]
    return " ".join(w if re.fullmatch(r"[\w{}@%+=:,./-]+", w) else shlex.quote(w) for w in short)


class Daemon:
    """kriged on a file; started again whenever it is killed."""

    def __init__(self, endpoint, db):
        self.command = [BIN / "kriged", "--db", db, "--endpoint", endpoint, "--idle-exit", "60"]
        self.stopping = False
        self.log = open(FOLDER / "kriged.log", "wb")
        self.start()
        threading.Thread(target=self.watch, daemon=True).start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=self.log,
                                        start_new_session=True)

    def watch(self):
        while not self.stopping:
            self.process.wait()
            if not self.stopping:
                print(f"    kriged is gone (signal {-self.process.returncode}); "
                      "starting it again on the same file", flush=True)
                self.start()

    def stop(self):
        self.stopping = True
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def krige(endpoint, *words, **options):
    command = [BIN / "krige", "--endpoint", endpoint, *words]
    return subprocess.run([str(w) for w in command], env=ENVIRONMENT, check=True, **options)


def install_sklearn():
    try:
        import sklearn  # noqa: F401
    except ImportError:
        say("installing scikit-learn into build/venv, for the model that is tuned")
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-input",
                        "--disable-pip-version-check", "scikit-learn"], check=True)


def evaluate(params):
    """What `krige run` does with a point, done by hand."""
    words = [str(w).format_map(params) for w in COMMAND]
    out = subprocess.run(words, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True)
    return float(out.stdout.rpartition("log_loss=")[2])


def draw_point(rng):
    """A point of the space at random: uniform, or log-uniform where the space says log."""
    point = {}
    for name, p in STUDY["space"].items():
        if p["type"] == "categorical":
            point[name] = rng.choice(p["choices"])
            continue
        low, high = p["low"], p["high"]
        if p["type"] == "int":
            low, high = low - 0.5, high + 0.5
        u = rng.random()
        value = low * (high / low) ** u if p.get("log") else low + (high - low) * u
        point[name] = min(p["high"], max(p["low"], round(value))) if p["type"] == "int" else value
    return point


def random_search():
    rng = random.Random(1)
    points = [draw_point(rng) for _ in range(TRIALS)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        values = []
        for value in pool.map(evaluate, points):
            values.append(value)
            mark = "" if sys.stdout.isatty() else "\n"
            if mark == "" or len(values) % 10 == 0:
                print(f"\r    random {len(values)}/{TRIALS}  best {min(values):.5f}", end=mark,
                      flush=True)
    if sys.stdout.isatty():
        print()
    return values


def default_settings():
    out = subprocess.run(TRAIN, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True)
    return float(out.stdout.rpartition("log_loss=")[2])


def main():
    sys.stdout.reconfigure(line_buffering=True)
    install_sklearn()
    start = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    runtime = tempfile.mkdtemp(prefix="kriged-demo-")
    endpoint, db = f"ipc://{runtime}/kriged.sock", FOLDER / "kriged.db"
    study_file = FOLDER / "study.json"
    study_file.write_text(json.dumps(STUDY, indent=2) + "\n")

    say("a daemon that keeps its studies in build/demo/kriged.db")
    daemon = Daemon(endpoint, db)
    print(f"    $ {shown(daemon.command)} &")
    print(f"    $ export KRIGE_ENDPOINT={endpoint}")
    print("    $ krige ping --retry 10", flush=True)
    try:
        krige(endpoint, "ping", "--retry", "10", stdout=subprocess.DEVNULL)
        tune(endpoint, study_file, daemon)
        trials = [json.loads(line) for line in krige(
            endpoint, "trial", "list", "digits", "-o", "jsonl", stdout=subprocess.PIPE,
            text=True).stdout.splitlines()]
        say("the best trial")
        print("    $ krige best digits", flush=True)
        krige(endpoint, "best", "digits", "-o", "table")
        say("why the last trial was tried, and what came of it")
        print("    $ krige explain digits", flush=True)
        krige(endpoint, "explain", "digits")
    except KeyboardInterrupt:
        raise SystemExit("\ninterrupted; the study is kept in build/demo/kriged.db") from None
    finally:
        daemon.stop()
        shutil.rmtree(runtime, ignore_errors=True)
    tuned = [t["values"].get("log_loss") if t["values"] else None
             for t in sorted(trials, key=lambda t: t["finished"] or "~")]
    compare(tuned)
    say(f"done in {time.monotonic() - start:.0f} s; the study is kept in build/demo/kriged.db")
    print("    README.md shows how to tune a program or a Python function of your own.")


def tune(endpoint, study_file, daemon):
    say("a study: floats and integers, some on a log scale, and a categorical")
    print("    $ krige study create build/demo/study.json", flush=True)
    krige(endpoint, "study", "create", study_file)

    say(f"{TRIALS} trials of gradient boosting on handwritten digits, {WORKERS} at a time")
    print(f"    $ krige run digits -j {WORKERS} -- {shown(COMMAND)}")
    print(f"    (kill -9 {daemon.process.pid} while it runs: nothing is lost)", flush=True)
    krige(endpoint, "run", "digits", "-j", WORKERS, "--", *COMMAND)


def compare(tuned):
    say(f"the same with {TRIALS} random points, {WORKERS} at a time, and the default settings")
    at_random = random_search()
    default = default_settings()
    print(f"    default settings {default:.5f}")
    say("log loss, best so far (lower is better)")
    curves = {"-": ("default settings", [default] * TRIALS),
              ".": ("random search", curve.best_so_far(at_random)),
              "o": ("kriged", curve.best_so_far(tuned))}
    for line in curve.draw(curves):
        print("    " + line)
    best = min(v for v in tuned if v is not None)
    rows = [("default settings (100 trees)", default),
            (f"random search ({TREES} trees, {TRIALS} trials)", min(at_random)),
            (f"kriged        ({TREES} trees, {TRIALS} trials)", best)]
    say("the comparison, measured in this run")
    for name, value in rows:
        against = f"  {100 * (value / default - 1):+.1f} % against default" if value != default else ""
        print(f"    {name:<36} {value:.5f}{against}")
    needed = next((i + 1 for i, v in enumerate(curve.best_so_far(tuned))
                   if v <= min(at_random)), None)
    if needed is not None:
        print(f"    kriged was as good as all of random search after {needed} trials.")


if __name__ == "__main__":
    main()
