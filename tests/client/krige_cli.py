"""The krige command line, as the tests of its commands use it."""
import json
import os
import pathlib
import subprocess
import time

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
KRIGE = os.environ.get("KRIGE_BIN") or str(CHECKOUT / "build/release/bin/krige")
OK, FAILED, USAGE, NOT_FOUND, CONFLICT = 0, 1, 2, 3, 5
CANNOT_CONNECT, TIMEOUT, NOT_NOW, FINISHED, STOP, COMMAND_FAILED, INTERRUPTED = 6, 7, 8, 9, 10, 11, 130

SPEC = {
    "name": "s",
    "space": {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "n": {"type": "int", "low": 1, "high": 8},
        "opt": {"type": "categorical", "choices": ["sgd", "adam", None, 1, 1.0, "1", True]},
    },
    "objective": "minimize loss",
    "seed": 18446744073709551615,
}


class Cli:
    """krige with an endpoint and the plainest of environments."""

    def __init__(self, endpoint):
        self.env = {"PATH": os.environ["PATH"], "KRIGE_ENDPOINT": endpoint,
                    **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}

    def __call__(self, *words, code=OK, stdin=""):
        done = subprocess.run([KRIGE, *map(str, words)], input=stdin, env=self.env, text=True,
                              capture_output=True, timeout=120)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        self.words = done.stderr
        return done.stdout

    def json(self, *words, **more):
        return json.loads(self(*words, "-o", "json", **more))

    def lines(self, *words, **more):
        return [json.loads(line) for line in self(*words, "-o", "jsonl", **more).splitlines()]

    def start(self, *words):
        return subprocess.Popen([KRIGE, *map(str, words)], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def create(self, **changes):
        self("study", "create", "-", "-q", stdin=json.dumps({**SPEC, **changes}))


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come"
        time.sleep(0.05)
