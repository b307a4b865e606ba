"""The daemon of a user: started by whoever comes first, joined by the others, gone when idle."""
import json
import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from daemon import BIN


class Home:
    """A user's folders, and what runs there."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.runtime = self.folder / "run"
        self.runtime.mkdir(mode=0o700)
        self.env = dict(os.environ, KRIGE_HOME=str(self.data), XDG_RUNTIME_DIR=str(self.runtime),
                        OPENBLAS_NUM_THREADS="1")
        self.env.pop("KRIGE_ENDPOINT", None)
        self.socket = self.runtime / "kriged" / "kriged.sock"
        self.log = self.data / "kriged.log"

    def launch(self, *flags, **more):
        return subprocess.Popen([str(BIN), "--local", "--threads", "1", *flags], env=self.env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, **more)

    def start(self, *flags):
        """(exit code, stdout, stderr) of one kriged --local."""
        p = self.launch(*flags)
        out, err = p.communicate(timeout=90)
        return p.returncode, out, err

    def pid(self):
        return int((self.data / "kriged.db.lock").read_text())

    def ready_lines(self):
        return self.log.read_text().count("kriged: ready ")

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(self.socket))
            except OSError:
                return False
        return True

    def wait_gone(self, seconds=15.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.answers() and not alive(self.pid()):
                return True
            time.sleep(0.02)
        return False

    def kill(self, how=signal.SIGKILL):
        try:
            os.kill(self.pid(), how)
        except (OSError, ValueError):
            pass


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def home(folder):
    h = Home(folder)
    yield h
    h.kill()


def test_started_once_and_joined(home):
    ready = f"kriged: ready ipc://{home.socket}\n"
    assert home.start() == (0, ready, "")
    pid = home.pid()
    assert home.start() == (0, ready, "")
    assert home.pid() == pid and home.ready_lines() == 1
    assert stat.S_IMODE(home.socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.log.stat().st_mode) == 0o600


def test_thirty_at_once_start_one(home):
    launched = [home.launch() for _ in range(60)]
    for p in launched:
        out, err = p.communicate(timeout=90)
        assert (p.returncode, err) == (0, ""), err
        assert out == f"kriged: ready ipc://{home.socket}\n"
    assert home.ready_lines() == 1


def test_it_is_nobodys_child_and_holds_nothing(home):
    """It outlives its starter and the starter's session, and keeps none of its files open."""
    read, write = os.pipe()
    os.set_inheritable(write, True)
    p = home.launch(close_fds=False, start_new_session=True)
    p.communicate(timeout=60)
    os.close(write)
    os.set_blocking(read, True)
    assert os.read(read, 1) == b""  # nobody else has the other end
    os.close(read)
    pid = home.pid()
    try:
        os.killpg(p.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    time.sleep(0.1)
    assert alive(pid)
    assert os.getsid(pid) == pid != os.getsid(0)
    links = {n: os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
    assert links["0"] == "/dev/null" and links["1"] == links["2"] == str(home.log)
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert not any(link.endswith(".start") for link in links.values())


def test_signals_that_the_starter_ignores(home):
    """A client under nohup, or with everything masked, starts a daemon like any other."""
    def ignore():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    p = home.launch(preexec_fn=ignore)
    assert p.communicate(timeout=60)[0].startswith("kriged: ready ")
    home.kill(signal.SIGTERM)
    assert home.wait_gone()


def test_killed_and_started_again(home):
    """A socket and lock files that nobody holds are no hindrance."""
    home.start()
    home.kill()
    assert home.socket.exists()
    code, out, err = home.start()
    assert (code, err) == (0, "") and home.ready_lines() == 2


def test_a_stale_lock_file(home):
    home.socket.parent.mkdir(mode=0o700)
    for name in ("kriged.sock.start", "kriged.sock.lock"):
        (home.socket.parent / name).write_text("12345\n")
    home.data.mkdir(mode=0o700)
    (home.data / "kriged.db.lock").write_text("1\n")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(home.socket))  # never listens, and nobody has it open afterwards
    assert home.start()[0] == 0


def test_leaves_when_idle_and_comes_back(home):
    assert home.start("--idle-exit", "1")[0] == 0
    assert home.wait_gone()
    assert "reason=\"idle\"" in home.log.read_text()
    assert home.start("--idle-exit", "1")[0] == 0
    assert home.ready_lines() == 2


def test_started_while_the_old_one_leaves(home):
    home.start()
    for _ in range(4):
        home.kill(signal.SIGTERM)
        code, out, err = home.start()
        assert (code, err) == (0, ""), home.log.read_text()
        assert home.answers()


def test_a_damaged_database_is_named(home):
    home.data.mkdir(mode=0o700)
    (home.data / "kriged.db").write_bytes(b"this is no database, by any means" * 200)
    code, out, err = home.start()
    assert (code, out) == (1, "")
    assert "ended at its start" in err and "not a database" in err and str(home.log) in err
    assert err.count("\n") == 1


def test_a_database_in_use_elsewhere_is_named(home):
    home.data.mkdir(mode=0o700)
    other = subprocess.Popen([str(BIN), "--db", str(home.data / "kriged.db"), "--endpoint",
                              f"ipc://{home.folder}/other.sock"], env=home.env, text=True,
                             stderr=subprocess.PIPE)
    try:
        assert any(line.startswith("kriged: ready") for line in other.stderr)
        code, out, err = home.start()
        assert (code, out) == (1, "") and f"in use by another kriged, process {other.pid}" in err
    finally:
        other.kill()
        other.wait()
        other.stderr.close()


def test_a_runtime_folder_of_others_is_refused(home):
    home.socket.parent.mkdir(mode=0o755)
    os.chmod(home.socket.parent, 0o755)
    code, out, err = home.start()
    assert (code, out) == (1, "") and "must be yours alone (mode 0700)" in err


def test_a_runtime_folder_behind_a_link_is_refused(home):
    (home.folder / "elsewhere").mkdir(mode=0o700)
    home.socket.parent.symlink_to(home.folder / "elsewhere")
    code, out, err = home.start()
    assert (code, out) == (1, "") and "must be yours alone" in err


def test_a_long_runtime_folder_is_refused_with_the_way_out(home):
    home.env["XDG_RUNTIME_DIR"] = str(home.folder / ("x" * 100))
    code, out, err = home.start()
    assert (code, out) == (2, "") and "over 107 bytes" in err and "XDG_RUNTIME_DIR" in err


def test_a_data_folder_that_cannot_be_made(home):
    home.data.write_text("a file")
    code, out, err = home.start()
    assert (code, out) == (1, "") and str(home.data) in err and err.count("\n") == 1


@pytest.mark.parametrize("flags,word", [
    (["--db", ":memory:"], "needs a file"),
    (["--endpoint", "tcp://127.0.0.1:0"], "listens on ipc"),
])
def test_what_is_not_local_is_refused(home, flags, word):
    code, out, err = home.start(*flags)
    assert (code, out) == (1, "") and word in err


def test_the_log_does_not_grow_for_ever(home):
    home.data.mkdir(mode=0o700)
    home.log.write_bytes(b"old words\n" * 500000)
    assert home.start()[0] == 0
    assert home.log.stat().st_size < 10000
    assert (home.data / "kriged.log.1").stat().st_size == 5000000


# ---- clients that are told no endpoint ----

KRIGE = Path(os.environ.get("KRIGE_BIN", BIN.parent / "krige"))
STUDY = ('{"name": "s", "objective": "minimize loss", '
         '"space": {"x": {"type": "float", "low": 0, "high": 1}}}')


def krige(home, *words, **more):
    env = dict(home.env, KRIGED_BIN=str(BIN))
    env.update(more.pop("env", {}))
    done = subprocess.run([str(KRIGE), *words], capture_output=True, text=True, timeout=90,
                          env={k: v for k, v in env.items() if v is not None}, **more)
    return done.returncode, done.stdout, done.stderr


def test_a_command_starts_it(home):
    code, out, err = krige(home, "study", "create", "-", input=STUDY)
    assert code == 0, err
    assert krige(home, "study", "list", "-o", "name")[:2] == (0, "s\n")
    assert home.ready_lines() == 1


def test_a_question_does_not_start_it(home):
    for words in (("ping",), ("status",), ("server", "status"), ("server", "backup", "/tmp/none")):
        code, out, err = krige(home, *words)
        assert code == 6 and "no daemon listens" in err
    assert not home.log.exists()


def test_environment_keys_are_for_other_daemons(home):
    """They are for the one that KRIGE_ENDPOINT or --endpoint names."""
    code, out, err = krige(home, "study", "list", env={
        "KRIGE_SERVER_KEY": "nonsense", "KRIGE_KEY_FILE": "/nowhere"})
    assert code == 0, err


def test_many_commands_at_once_start_one(home):
    env = dict(home.env, KRIGED_BIN=str(BIN))
    running = [subprocess.Popen([str(KRIGE), "study", "list"], env=env, stderr=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, text=True) for _ in range(60)]
    for p in running:
        _, err = p.communicate(timeout=90)
        assert p.returncode == 0, err
    assert home.ready_lines() == 1


def test_workers_go_on_after_a_kill(home):
    """Each joins the next daemon; no trial is lost, and none is told twice."""
    assert krige(home, "study", "create", "-", input=STUDY)[0] == 0
    env = dict(home.env, KRIGED_BIN=str(BIN))
    workers = [subprocess.Popen(
        [str(KRIGE), "run", "s", "--max", "12", "-j", "2", "--", "sh", "-c", "sleep 0.05; echo loss={x}"],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for _ in range(4):
        time.sleep(0.4)
        home.kill()
    for p in workers:
        _, err = p.communicate(timeout=120)
        assert p.returncode == 0, err
    code, out, err = krige(home, "study", "show", "s", "-o", "json")
    counts = json.loads(out)["counts"]
    # what was asked for with a kill before the answer came may have run out of its client
    assert counts.get("COMPLETE") == 36 and home.ready_lines() >= 2


def test_without_the_program(home):
    code, out, err = krige(home, "study", "list", env={"KRIGED_BIN": "/no/such/kriged"})
    assert code == 6 and "/no/such/kriged" in err and "KRIGED_BIN" in err and "KRIGE_ENDPOINT" in err


def test_its_last_words_reach_the_user(home):
    home.data.mkdir(mode=0o700)
    (home.data / "kriged.db").write_bytes(b"this is no database, by any means" * 200)
    code, out, err = krige(home, "study", "list")
    assert code == 6 and "not a database" in err and str(home.log) in err


def test_it_waits_for_the_time_of_the_call(home, folder):
    """A program that never gets ready does not hold the client longer than it wants to wait."""
    slow = Path(folder) / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    began = time.monotonic()
    code, out, err = krige(home, "--timeout", "1", "study", "list", env={"KRIGED_BIN": str(slow)})
    assert code in (6, 7) and time.monotonic() - began < 10, err


def test_somebody_elses_folder_is_not_trusted(home):
    home.socket.parent.mkdir(mode=0o700)
    os.chmod(home.socket.parent, 0o777)
    code, out, err = krige(home, "study", "list")
    assert code == 4 and "must be yours alone" in err


def test_no_exit_while_somebody_waits(home):
    """Who waits for something to happen is a client, too."""
    from wire import Wire, spec
    assert home.start("--idle-exit", "1")[0] == 0
    wire = Wire(f"ipc://{home.socket}")
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=3, budget=1))
    wire.call("suggest", id=os.urandom(16), study=b"s")
    wire.call("observe", id=os.urandom(16), study=b"s",
              observations=[dict(number=0, values=[dict(value=1.0)])])
    seq = wire.call("get_study", study=b"s").study.seq
    began = time.monotonic()
    wire.call("get_study", study=b"s", since_seq=seq, wait_ms=2500, timeout=10.0)
    assert time.monotonic() - began > 2
    wire.close()
    assert home.wait_gone()
