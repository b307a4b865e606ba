"""Regret of kriged beside its peers: runs what is missing, replays every study, prints the tables.

    python regret.py [--peers kriged] [--seeds 0-9] [--problems dev] [--jobs 1] [--no-replay]

Recorded runs of the peers (results/, results-more/) are taken over into BENCH_RESULTS. Runs of
kriged by another build are dropped first. The databases of its studies stay in KRIGED_BENCH_KEEP,
and a new daemon on each of them recomputes every suggestion.
"""
import argparse
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import environments

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.join(os.path.dirname(HERE), "build", "release", "bin")
KRIGED = os.environ.get("KRIGED_BIN") or os.path.join(BIN, "kriged")
KRIGE = os.environ.get("KRIGE_BIN") or os.path.join(BIN, "krige")


def records(path):
    if not os.path.exists(path):
        return []
    with open(path) as fh:
        return [(s, json.loads(s)) for s in fh]


def take_over(recorded, results):
    """Recorded runs that are not in `results` yet; the best values known too."""
    for path in sorted(glob.glob(os.path.join(recorded, "*.jsonl"))):
        own = os.path.join(results, os.path.basename(path))
        have = {(r.get("problem"), r.get("seed")) for _, r in records(own)}
        with open(own, "a") as fh:
            fh.writelines(s for s, r in records(path)
                          if "seed" in r and (r["problem"], r["seed"]) not in have)
    known = os.path.join(recorded, "best_known.json")
    if os.path.exists(known):
        shutil.copy(known, results)


def this_build():
    with open(KRIGED, "rb") as fh:
        return hashlib.sha256(fh.read()).hexdigest()


def drop_other_builds(results, keep):
    mark = os.path.join(keep, "build")
    if os.path.exists(mark) and open(mark).read() == this_build():
        return
    shutil.rmtree(keep, ignore_errors=True)
    os.makedirs(keep)
    own = os.path.join(results, "kriged.jsonl")
    if os.path.exists(own):
        print("dropping the runs of another build of kriged", flush=True)
        os.unlink(own)
    with open(mark, "w") as fh:
        fh.write(this_build())


def replay(db):
    """The answer of `krige replay` by a new daemon on this database."""
    folder = tempfile.mkdtemp(prefix="kriged-replay-")
    endpoint = f"ipc://{folder}/kriged.sock"
    daemon = subprocess.Popen([KRIGED, "--db", db, "--endpoint", endpoint, "--threads", "1"],
                              stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        done = subprocess.run([KRIGE, "--endpoint", endpoint, "--retry", "30", "--timeout", "600",
                               "replay", "bench", "-o", "json"], stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout) if done.stdout else {"error": done.returncode}
    finally:
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(folder, ignore_errors=True)


def replay_all(keep):
    """Prints the count; returns whether everything was equal."""
    equal = suggestions = 0
    bad = []
    dbs = sorted(glob.glob(os.path.join(keep, "*.db")))
    for db in dbs:
        r = replay(db)
        equal += r.get("equal", 0)
        suggestions += r.get("suggestions", 0)
        if "error" in r or r["equal"] != r["suggestions"] or not r["same_build"]:
            bad.append(db)
    print(f"Replayed {len(dbs)} studies by a new daemon: {equal} of {suggestions} suggestions are "
          "bit for bit the same.\n", flush=True)
    for db in bad:
        print(f"- differs: {db}", flush=True)
    return not bad


def main():
    flags = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--peers", default="kriged")
    flags.add_argument("--seeds", default="0-9")
    flags.add_argument("--problems", default="dev")
    flags.add_argument("--jobs", default="1")
    flags.add_argument("--no-replay", action="store_true")
    a = flags.parse_args()
    results, keep = os.environ["BENCH_RESULTS"], os.environ["KRIGED_BENCH_KEEP"]
    os.makedirs(results, exist_ok=True)
    for recorded in ("results", "results-more"):
        take_over(os.path.join(HERE, recorded), results)
    drop_other_builds(results, keep)
    peers = environments.usable(a.peers.split(","))
    if peers:
        subprocess.run([sys.executable, os.path.join(HERE, "run.py"), "--peers", ",".join(peers),
                        "--seeds", a.seeds, "--problems", a.problems, "--jobs", a.jobs], check=True)
    same = a.no_replay or replay_all(keep)
    subprocess.run([sys.executable, os.path.join(HERE, "table.py")], check=True)
    sys.exit(0 if same else "regret: a replay differs")


if __name__ == "__main__":
    main()
