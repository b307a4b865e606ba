"""The daemon of this user on this machine: where it listens, how it is started.

`kriged --local` does the work for the clients of every language: folders, the lock that
makes many starters start one, a session of its own. It says one line when the daemon
answers, or why it does not.
"""
from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from typing import Optional

from .errors import ConnectionFailed, Forbidden

# Seconds for a daemon that is started in the middle of a call.
START_TIMEOUT = 30.0
_READY = "kriged: ready "


def default_endpoint() -> str:
    """Where kriged listens when it is not told; the rule of base/paths.h."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    run = f"/run/user/{os.getuid()}"
    if os.path.isabs(runtime):
        folder = f"{runtime}/kriged"
    elif os.path.isdir(run):
        folder = f"{run}/kriged"
    else:
        folder = f"/tmp/kriged-{os.getuid()}"
    _check_private(folder)
    return f"ipc://{folder}/kriged.sock"


def _check_private(folder: str) -> None:
    """In /tmp somebody else may have been there before."""
    try:
        found = os.lstat(folder)
    except OSError:
        return
    if (not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid()
            or stat.S_IMODE(found.st_mode) & 0o077):
        mode = stat.S_IMODE(found.st_mode)
        raise Forbidden(f"folder {folder!r} must be yours alone (mode 0700), and it is of user "
                        f"{found.st_uid} with mode {mode:04o}; remove it, or set KRIGE_ENDPOINT",
                        field="endpoint")


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


def start(endpoint: str, timeout: float) -> None:
    """Returns when this user's daemon answers; ConnectionFailed with its own words otherwise."""
    program = find_program()
    if program is None:
        raise ConnectionFailed(
            f"no kriged runs at {endpoint}, and no program kriged was found to start one: "
            "set KRIGED_BIN to it, put it on PATH, or set KRIGE_ENDPOINT to a running daemon",
            field="endpoint")
    try:
        done = subprocess.run([program, "--local"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    except OSError as error:
        raise ConnectionFailed(f"{program}: {error.strerror}; set KRIGED_BIN to the program kriged",
                               field="endpoint") from None
    except subprocess.TimeoutExpired:
        raise ConnectionFailed(f"the daemon at {endpoint} did not come up in {timeout:g} s",
                               field="endpoint") from None
    words = done.stdout.decode("utf-8", "replace").strip()
    if not words.startswith(_READY):
        lines = words.splitlines() or ["kriged said nothing"]
        raise ConnectionFailed(f"no kriged answers at {endpoint}, and none could be started: "
                               + lines[-1].replace("kriged: ", "", 1), field="endpoint")
