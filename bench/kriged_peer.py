"""kriged as a peer of the side-by-side benchmark: a daemon of its own, on a file, through the
Python client with its defaults. The daemon is a child of this process, so that the harness counts
its CPU time and memory. It gets as many threads as the harness allows every peer. The database
goes into the folder KRIGED_BENCH_KEEP, if that is set, so that its study can be replayed later."""
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile

import krige

from peers import Optimizer

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def program():
    return os.environ.get("KRIGED_BIN") or os.path.join(CHECKOUT, "build/release/bin/kriged")


PR_SET_PDEATHSIG = 1


def end_with_parent():
    """A daemon whose peer was killed by the harness stops, too."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Kriged(Optimizer):
    package = "krige"

    def setup(self):
        self.folder = tempfile.mkdtemp(prefix="kriged-bench-")
        endpoint = "ipc://%s/kriged.sock" % self.folder
        keep = os.environ.get("KRIGED_BENCH_KEEP")
        db = (os.path.join(keep, "seed%d-%s.db" % (self.seed, os.path.basename(self.folder))) if keep
              else os.path.join(self.folder, "kriged.db"))
        command = [program(), "--db", db, "--endpoint", endpoint]
        if os.environ.get("OMP_NUM_THREADS"):
            command += ["--threads", os.environ["OMP_NUM_THREADS"]]
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log,
                                           preexec_fn=end_with_parent)
        self.client = krige.connect(endpoint, timeout=30)
        self.study = self.client.create_study(
            "bench", {p["name"]: self.parameter(p) for p in self.space.params},
            "minimize y" if self.sign > 0 else "maximize y", seed=self.seed)

    @staticmethod
    def parameter(p):
        if p["type"] == "cat":
            return krige.Categorical(p["choices"])
        kind = krige.Int if p["type"] == "int" else krige.Float
        return kind(p["lo"], p["hi"], log=p["log"])

    def ask(self):
        trial = self.study.ask(timeout=600)
        x = {p["name"]: trial.params[p["name"]] for p in self.space.params}
        self.asked = (x, trial)
        return x

    def tell(self, x, value, sem=None):
        outcome = value if sem is None else (value, sem)
        trial = self.handle(x)
        if trial is not None:
            trial.tell(outcome)
        else:
            self.study.tell_point(x, outcome)

    def close(self):
        self.client.close()
        self.daemon.terminate()
        self.daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
