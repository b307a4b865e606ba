"""Backups of a daemon at work, and the way back: --check, --restore."""
import contextlib
import errno
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

from daemon import BIN, Daemon
from load import read_all
from test_disk import fault_env, faultio  # noqa: F401 (a fixture)
from wire import (ALREADY_EXISTS, CONFLICT, INVALID_ARGUMENT, UNAVAILABLE, Lost, Refused, Wire,
                  spec)


def fill(wire, n, study=b"s", size=200):
    """n trials with long notes: some megabytes of database."""
    done = 0
    while done < n:
        points = [dict(params=[dict(name=f"x{j}".encode(), value=dict(real_value=(i % 997) / 997))
                               for j in range(3)], values=[dict(value=float(i))],
                       note=b"n" * size) for i in range(done, min(n, done + size))]
        wire.call("add_trials", id=os.urandom(16), timeout=20.0, study=study, points=points)
        done += len(points)


def make(daemon, n=0):
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=3))
    fill(wire, n)
    return wire


def backup(wire, path, id=None, timeout=60.0):
    return wire.call("server_backup", id=id or os.urandom(16), timeout=timeout,
                     path=str(path).encode()).bytes


def refusal(call, *args, **more):
    with pytest.raises(Refused) as caught:
        call(*args, **more)
    return caught.value


def faults_in(faultio, place, kind, at, **more):  # noqa: F811
    """Faults of files below a place only, with the count beside it."""
    return dict(fault_env(faultio, str(place), kind, at, **more), FAULTIO_COUNT=f"{Path(place).parent}/count")


def run(*words):
    done = subprocess.run([str(BIN), *map(str, words)], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def trials(path):
    """Numbers of trials by study of a file, served for a moment."""
    d = Daemon(Path(path).parent, db=Path(path).name)
    d.endpoint = f"ipc://{path}.sock"
    assert d.start(), d.text()
    wire = Wire(d.endpoint)
    found = {name.decode(): sorted(numbers) for name, numbers in read_all(wire).items()}
    wire.close()
    assert d.stop() == 0
    return found


def test_a_backup_is_a_database(daemon, folder):
    wire = make(daemon, 300)
    target = Path(folder) / "copy.db"
    assert backup(wire, target) == target.stat().st_size
    assert target.stat().st_mode & 0o7777 == 0o600
    assert not Path(f"{target}.part").exists()
    code, out, err = run("--check", target)
    assert code == 0 and "1 studies, 300 trials" in out, err
    assert trials(target) == {"s": list(range(300))}
    wire.close()


def test_commits_go_on_and_are_in_it(daemon, folder):
    """What was acknowledged before the backup began is in it, and it ends while others write."""
    wire = make(daemon, 4000)
    stop, acked, during = threading.Event(), [], []

    def work():
        mine = Wire(daemon.endpoint)
        while not stop.is_set():
            fill(mine, 1)
            acked.append(time.monotonic())
        mine.close()
    writers = [threading.Thread(target=work) for _ in range(4)]
    for t in writers:
        t.start()
    for i in range(5):
        while len(acked) < 20 * (i + 1):
            time.sleep(0.01)
        before, began = 4000 + len(acked), time.monotonic()
        backup(wire, f"{folder}/copy{i}.db")
        during.append(sum(t > began for t in acked))
        code, out, err = run("--check", f"{folder}/copy{i}.db")
        assert code == 0, err
        assert int(out.split(" trials")[0].split()[-1]) >= before
    stop.set()
    for t in writers:
        t.join()
    assert sum(during) > 0
    wire.close()
    assert daemon.stop() == 0 and daemon.check()[0] == 0


def test_targets_that_are_none(daemon, folder):
    wire = make(daemon)
    taken, there = Path(folder) / "taken", Path(folder) / "dir"
    taken.write_text("mine")
    there.mkdir()
    link = Path(folder) / "link"
    link.symlink_to("/nowhere/at/all")
    for path, code, words in [
            (taken, ALREADY_EXISTS, "overwrite nothing"), (there, ALREADY_EXISTS, "exists"),
            (link, ALREADY_EXISTS, "exists"),
            (daemon.db, INVALID_ARGUMENT, "database in use"),
            (daemon.db + "-wal", INVALID_ARGUMENT, "database in use"),
            (daemon.db + "-shm", INVALID_ARGUMENT, "database in use"),
            (daemon.db + ".lock", INVALID_ARGUMENT, "database in use"),
            (f"{folder}/dir/../k.db", INVALID_ARGUMENT, "database in use"),
            ("relative.db", INVALID_ARGUMENT, "path"), (f"{folder}/", INVALID_ARGUMENT, "file"),
            (f"{folder}/no/such/x.db", INVALID_ARGUMENT, "No such file"),
            (f"{folder}/a\nb.db", INVALID_ARGUMENT, "control character"),
            (f"{taken}/x.db", INVALID_ARGUMENT, "Not a directory")]:
        error = refusal(backup, wire, path)
        assert error.code == code and words in error.text, error.text
    assert taken.read_text() == "mine"
    wire.call("ping")
    wire.close()


def test_nothing_to_back_up(folder):
    d = Daemon(folder, db=":memory:")
    wire = make(d)
    error = refusal(backup, wire, f"{folder}/x.db")
    assert error.code == INVALID_ARGUMENT and ":memory:" in error.text
    wire.close()
    assert d.stop() == 0


def test_a_repeat_joins_and_hears_the_same(daemon, folder):
    wire, other = make(daemon, 6000), Wire(daemon.endpoint)
    id, target = os.urandom(16), f"{folder}/copy.db"
    with contextlib.suppress(Lost):  # a slow client hears it at once
        backup(wire, target, id, timeout=0.001)
    size = backup(other, target, id)
    assert size == Path(target).stat().st_size == backup(wire, target, id)
    assert refusal(backup, wire, target).code == ALREADY_EXISTS
    wire.close()
    other.close()


def test_one_at_a_time(daemon, folder):
    wire, other = make(daemon, 20000), Wire(daemon.endpoint)
    with contextlib.suppress(Lost):
        backup(wire, f"{folder}/one.db", b"1" * 16, timeout=0.001)
    try:
        backup(other, f"{folder}/two.db")
    except Refused as error:
        assert error.code == CONFLICT and "under way" in error.text
    backup(other, f"{folder}/one.db", b"1" * 16)
    assert run("--check", f"{folder}/one.db")[0] == 0
    wire.close()
    other.close()


@pytest.mark.parametrize("wait", [0.0, 0.005, 0.02, 0.05])
def test_killed_in_the_middle(daemon, folder, wait):
    """No half backup under its name, the database whole, and the next backup clears up."""
    wire = make(daemon, 15000)
    target = Path(folder) / "copy.db"
    with contextlib.suppress(Lost):
        backup(wire, target, timeout=0.001)
    time.sleep(wait)
    daemon.kill()
    wire.close()
    if target.exists():
        assert run("--check", target)[0] == 0
        target.unlink()
    assert daemon.check()[0] == 0
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    backup(wire, target)
    assert not Path(f"{target}.part").exists()
    assert run("--check", target)[0] == 0
    wire.close()


def test_a_drain_does_not_wait_for_it(daemon, folder):
    wire = make(daemon, 20000)
    with contextlib.suppress(Lost):
        backup(wire, f"{folder}/copy.db", timeout=0.001)
    assert daemon.stop() == 0
    assert Path(f"{folder}/copy.db").exists() or not Path(f"{folder}/copy.db.part").exists()
    wire.close()


def test_no_space_for_it(daemon, folder, faultio):  # noqa: F811
    """The backup fails and leaves nothing; the daemon does not notice otherwise."""
    full = Path(folder) / "full"
    full.mkdir()
    assert daemon.start(env=faults_in(faultio, full, "write", 0))
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=3))
    fill(wire, 3000)
    Path(f"{full}.full").touch()
    error = refusal(backup, wire, full / "copy.db")
    assert error.code == UNAVAILABLE and "full" in error.text
    assert list(full.iterdir()) == []
    fill(wire, 10)
    Path(f"{full}.full").unlink()
    backup(wire, full / "copy.db")
    assert run("--check", full / "copy.db")[0] == 0
    wire.close()
    assert daemon.stop() == 0


@pytest.mark.parametrize("kind", ["write", "sync"])
def test_its_disk_fails(daemon, folder, faultio, kind):  # noqa: F811
    """Each write and each sync of the backup fails once: never a bad file under its name, and
    never a word against the database."""
    there = Path(folder) / "there"
    there.mkdir()
    for at in range(1, 60):
        assert daemon.start(env=faults_in(faultio, there, kind, at))
        wire = Wire(daemon.endpoint)
        if at == 1:
            wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=3))
            fill(wire, 300)
        try:
            backup(wire, there / "copy.db")
        except Refused as error:
            assert error.code == UNAVAILABLE, error
            assert list(there.iterdir()) == []
            wire.call("ping")
            ended = False
        else:
            assert run("--check", there / "copy.db")[0] == 0
            (there / "copy.db").unlink()
            shutil.rmtree(there)
            there.mkdir()
            ended = True
        wire.close()
        assert daemon.stop() == 0
        if ended:
            return
    assert at > 20, "it never passed"


# ---- check and restore -------------------------------------------------------


def execute(path, sql):
    with sqlite3.connect(path) as db:
        db.execute(sql)
    db.close()


def old_and_new(daemon, folder):
    """A backup with 10 trials, and the database with 5 more; the daemon has ended."""
    wire = make(daemon, 10)
    saved = Path(folder) / "backup.db"
    backup(wire, saved)
    fill(wire, 5)
    wire.close()
    return saved


def test_check_names_the_first_fault(daemon, folder):
    saved = old_and_new(daemon, folder)
    daemon.stop()
    assert run("--check", daemon.db)[:2] == (0, f"{daemon.db}: ok: " + run(
        "--check", daemon.db)[1].split("ok: ")[1])
    execute(saved, "UPDATE event SET body = x'ff' WHERE seq = 1")
    code, out, err = run("--check", saved)
    assert (code, out) == (1, "") and "row 1 of study 1 is not as it was written" in err
    execute(daemon.db, "DELETE FROM event WHERE seq = 1")
    code, out, err = run("--check", daemon.db)
    assert (code, out) == (1, "") and "study 1" in err
    code, out, err = run("--check", Path(folder) / "none.db")
    assert code == 1 and "none.db" in err and not (Path(folder) / "none.db").exists()


def test_check_wants_the_file_for_itself(daemon):
    wire = make(daemon, 1)
    code, out, err = run("--check", daemon.db)
    assert code == 1 and f"process {daemon.process.pid}" in err
    wire.call("ping")
    wire.close()


def test_restored(daemon, folder):
    saved = old_and_new(daemon, folder)
    before = saved.read_bytes()
    assert daemon.stop() == 0
    code, out, err = run("--restore", saved, "--db", daemon.db)
    assert code == 0 and "1 studies, 10 trials" in out, err
    kept = Path(out.strip().splitlines()[-1].split(" is ")[-1])
    assert kept.name.startswith("k.db.before-restore-")
    assert saved.read_bytes() == before
    assert not list(Path(folder).glob("*restoring*"))
    assert trials(daemon.db) == {"s": list(range(10))}
    assert trials(kept) == {"s": list(range(15))}


def test_restored_over_one_that_was_killed(daemon, folder):
    """The WAL of the old database goes with the old one, and never meets the new."""
    saved = old_and_new(daemon, folder)
    daemon.kill()
    assert Path(daemon.db + "-wal").stat().st_size > 0
    code, out, err = run("--restore", saved, "--db", daemon.db)
    assert code == 0, err
    kept = Path(out.strip().splitlines()[-1].split(" is ")[-1])
    assert trials(daemon.db) == {"s": list(range(10))}
    assert trials(kept) == {"s": list(range(15))}


def test_restored_over_a_damaged_one(daemon, folder):
    """It cannot be opened: it is kept with its WAL as it is."""
    saved = old_and_new(daemon, folder)
    daemon.kill()
    for file in (daemon.db, daemon.db + "-wal"):
        with open(file, "r+b") as f:
            f.write(b"not a database, any more")
    wal = Path(daemon.db + "-wal").read_bytes()
    damaged = Path(daemon.db).read_bytes()
    code, out, err = run("--restore", saved, "--db", daemon.db)
    assert code == 0, err
    kept = Path(out.strip().splitlines()[-1].split(" is ")[-1])
    assert kept.read_bytes() == damaged and Path(f"{kept}-wal").read_bytes() == wal
    assert not Path(daemon.db + "-wal").exists()
    assert trials(daemon.db) == {"s": list(range(10))}


def test_restored_where_nothing_was(daemon, folder):
    saved = old_and_new(daemon, folder)
    code, out, err = run("--restore", saved, "--db", f"{folder}/new.db")
    assert code == 0 and "before" not in out, err
    assert trials(f"{folder}/new.db") == {"s": list(range(10))}


def test_not_over_a_live_one(daemon, folder):
    saved = old_and_new(daemon, folder)
    code, out, err = run("--restore", saved, "--db", daemon.db)
    assert code == 1 and f"process {daemon.process.pid}" in err
    wire = Wire(daemon.endpoint)
    fill(wire, 3)
    wire.close()
    code, out, err = run("--restore", daemon.db, "--db", f"{folder}/other.db")
    assert code == 1 and "a database in use" in err and "krige server backup" in err
    assert not Path(f"{folder}/other.db").exists()


@pytest.mark.parametrize("break_it,words", [
    (lambda p: p.unlink(), "No such file"),
    (lambda p: p.write_bytes(b"x" * 9000), "not a database"),
    (lambda p: p.write_bytes(p.read_bytes()[:-4096]), "not whole"),
    (lambda p: execute(p, "UPDATE event SET body = x'ff' WHERE seq = 1"), "row 1 of study 1"),
    (lambda p: execute(p, "PRAGMA user_version = 99"), "newer kriged"),
    (lambda p: (p.unlink(), p.mkdir()), "not a regular file"),
])
def test_a_bad_backup_changes_nothing(daemon, folder, break_it, words):
    saved = old_and_new(daemon, folder)
    assert daemon.stop() == 0
    before = Path(daemon.db).read_bytes()
    break_it(saved)
    code, out, err = run("--restore", saved, "--db", daemon.db)
    assert code == 1 and words in err, err
    assert Path(daemon.db).read_bytes() == before
    assert not list(Path(folder).glob("*restor*"))


def test_no_space_for_the_restored(daemon, folder, faultio):  # noqa: F811
    saved = old_and_new(daemon, folder)
    assert daemon.stop() == 0
    before = Path(daemon.db).read_bytes()
    env = dict(os.environ, **faults_in(faultio, daemon.db + ".restoring", "write", 1, n=10**6,
                                       error=errno.ENOSPC))
    done = subprocess.run([str(BIN), "--restore", str(saved), "--db", daemon.db], env=env,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "No space left" in done.stderr
    assert Path(daemon.db).read_bytes() == before
    assert not list(Path(folder).glob("*restor*"))


def test_a_database_is_no_backup_of_itself(daemon, folder):
    old_and_new(daemon, folder)
    assert daemon.stop() == 0
    code, out, err = run("--restore", daemon.db, "--db", daemon.db)
    assert code == 1 and "not a backup" in err
    code, out, err = run("--restore", daemon.db, "--db", ":memory:")
    assert code == 2 and "--db FILE" in err


def test_from_the_command_line(daemon, folder):
    krige = Path(os.environ.get("KRIGE_BIN", BIN.parent / "krige"))
    wire = make(daemon, 5)

    def cli(*words):
        done = subprocess.run([str(krige), "--endpoint", daemon.endpoint, "server", *words], cwd=folder,
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr
    code, out, err = cli("backup", "here.db", "-o", "json")  # beside us, on the same machine
    assert code == 0 and os.path.samefile(json.loads(out)["path"], f"{folder}/here.db"), err
    assert run("--check", f"{folder}/here.db")[0] == 0
    code, out, err = cli("backup", "here.db")
    assert code == 5 and "overwrite nothing" in err
    code, out, err = cli("restore", "here.db")
    assert code == 2 and "kriged --restore here.db --db FILE" in err
    assert cli("status")[0] == 0
    wire.close()
