"""A real kriged of the build, for the tests of clients."""
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def find_kriged():
    """Where the daemon is; without one the test is skipped."""
    for found in (os.environ.get("KRIGED_BIN"), str(CHECKOUT / "build/release/bin/kriged"),
                  shutil.which("kriged")):
        if found and os.access(found, os.X_OK):
            return found
    pytest.skip("kriged is not built: ./dev build")


class Daemon:
    """A real kriged on a file, which can be killed and started again."""

    def __init__(self, folder, binary):
        self.binary = binary
        self.endpoint = f"ipc://{folder}/kriged.sock"
        self.db = folder / "kriged.db"
        self.log = open(folder / "kriged.log", "a+")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "--db", str(self.db), "--endpoint", self.endpoint],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            self.log.write(line)
            if line.startswith("kriged: ready "):
                break
        else:
            raise RuntimeError("kriged did not start: " + self.words())

    def words(self):
        self.log.seek(0)
        return self.log.read()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(20)
        self.process.stderr.close()
        return code
