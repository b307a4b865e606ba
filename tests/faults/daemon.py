"""A real kriged: started, killed, stopped; what it says is kept."""
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("KRIGED_BIN", ROOT / "build/release/bin/kriged"))


def debug_binary():
    """A build that knows KRIGED_FAIL_ALLOC, or None."""
    named = os.environ.get("KRIGED_DEBUG_BIN")
    for path in [Path(named)] if named else [ROOT / f"build/{p}/bin/kriged" for p in ("asan", "dev")]:
        if path.exists():
            return path
    return None


class Daemon:
    def __init__(self, folder, db="k.db", binary=None, threads=2):
        self.folder = Path(folder)
        self.db = str(self.folder / db) if db != ":memory:" else db
        self.endpoint = f"ipc://{self.folder}/k.sock"
        self.binary = binary or BIN
        self.threads = threads
        self.process = None
        self.said = []

    def start(self, *flags, env=None, wait=20.0):
        """True when it is ready; False when it ended instead."""
        environ = dict(os.environ, OPENBLAS_NUM_THREADS="1", **(env or {}))
        self.process = subprocess.Popen(
            [str(self.binary), "--db", self.db, "--endpoint", self.endpoint, "--threads",
             str(self.threads), *flags],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environ, text=True,
            errors="replace")
        self.said, self.ready = [], threading.Event()
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        end = time.monotonic() + wait
        while time.monotonic() < end:
            if self.ready.wait(0.005):
                return True
            if self.process.poll() is not None:
                self.reader.join()
                return self.ready.is_set()
        raise AssertionError("not ready in time:\n" + "".join(self.said))

    def _read(self, process):
        for line in process.stderr:
            self.said.append(line)
            if line.startswith("kriged: ready "):
                self.endpoint = line.split()[2]
                self.ready.set()
        process.stderr.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def stop(self, wait=20.0):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended(wait)

    def ended(self, wait=20.0):
        try:
            code = self.process.wait(wait)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("does not end:\n" + "".join(self.said)) from None
        self.reader.join()
        return code

    def running(self):
        return self.process is not None and self.process.poll() is None

    def text(self):
        return "".join(self.said)

    def complaint(self):
        """The line of an orderly refusal, which is one."""
        lines = [line for line in self.said if line.startswith("kriged: ")
                 and not line.startswith("kriged: ready")]
        assert len(lines) == 1, self.text()
        return lines[0]

    def check(self):
        """kriged --check of the file: (exit code, words)."""
        done = subprocess.run([str(self.binary), "--check", self.db], capture_output=True,
                              text=True)
        return done.returncode, done.stdout + done.stderr
