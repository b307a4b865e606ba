"""The daemon of this user on this machine: where it listens, how it is started."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, Optional

from ._transport import reachable
from .errors import ConnectionFailed

IDLE_EXIT = 600

# Daemons that this process started: kept, so that they are reaped when they end.
_started: "List[subprocess.Popen[bytes]]" = []


def default_endpoint() -> str:
    """Where kriged listens when it is not told; the rule of base/paths.h."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        return f"ipc://{runtime}/kriged/kriged.sock"
    run = f"/run/user/{os.getuid()}"
    if os.path.isdir(run):
        return f"ipc://{run}/kriged/kriged.sock"
    return f"ipc:///tmp/kriged-{os.getuid()}/kriged.sock"


def find_program() -> Optional[str]:
    """kriged: KRIGED_BIN, beside this Python, or on PATH."""
    chosen = os.environ.get("KRIGED_BIN")
    if chosen:
        return chosen
    for folder in (os.path.dirname(sys.executable), os.path.join(sys.prefix, "bin")):
        found = shutil.which("kriged", path=folder)
        if found:
            return found
    return shutil.which("kriged")


def find_or_start(timeout: float) -> str:
    """The endpoint of this user's daemon, which is started if it is not there."""
    endpoint = default_endpoint()
    if not reachable(endpoint):
        _start(endpoint, timeout)
    return endpoint


def _start(endpoint: str, timeout: float) -> None:
    program = find_program()
    if program is None:
        raise ConnectionFailed(
            f"no kriged runs at {endpoint}, and no program kriged was found to start one: "
            "set KRIGED_BIN to it, put it on PATH, or set KRIGE_ENDPOINT to a running daemon",
            field="endpoint")
    with tempfile.TemporaryFile() as log:
        try:
            daemon = subprocess.Popen(
                [program, "--idle-exit", str(IDLE_EXIT)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                start_new_session=True)
        except OSError as error:
            raise ConnectionFailed(f"{program}: {error.strerror}", field="endpoint") from None
        _started.append(daemon)
        end = time.monotonic() + timeout
        while not reachable(endpoint):
            ended = daemon.poll() is not None
            # Another client may have started one at the same time: then ours has left.
            if time.monotonic() >= end or (ended and not _comes_up(endpoint)):
                log.seek(0)
                words = log.read().decode("utf-8", "replace").strip().splitlines()
                raise ConnectionFailed(
                    f"{Path(program).name} did not start at {endpoint}: "
                    + (words[-1] if words else "it said nothing"), field="endpoint")
            time.sleep(0.01)


def _comes_up(endpoint: str) -> bool:
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        if reachable(endpoint):
            return True
        time.sleep(0.02)
    return False
