"""Starting and stopping: what is wrong is one clear line and an exit code."""
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from daemon import BIN, Daemon
from wire import UNAVAILABLE, Lost, Refused, Wire, params, points, spec


def kriged(*flags, **env):
    """A run that ends by itself: (exit code, stdout, stderr)."""
    done = subprocess.run([str(BIN), *flags], capture_output=True, text=True, timeout=30,
                          env=dict(os.environ, **env))
    return done.returncode, done.stdout, done.stderr


def execute(path, sql):
    db = sqlite3.connect(path)
    db.execute(sql)
    db.commit()
    db.close()


def assert_refused(daemon, words, *flags):
    assert not daemon.start(*flags)
    assert daemon.ended() == 1
    assert words in daemon.complaint(), daemon.text()


def test_ready_line_and_drain(daemon):
    assert daemon.start()
    assert f"kriged: ready ipc://{daemon.folder}/k.sock\n" in daemon.said
    wire = Wire(daemon.endpoint)
    wire.call("ping")
    assert daemon.stop() == 0
    assert not Path(daemon.endpoint[len("ipc://"):]).exists()
    assert not Path(daemon.db + "-wal").exists()  # a drain leaves one file
    wire.close()


def test_port_zero_is_told(folder):
    d = Daemon(folder)
    d.endpoint = "tcp://127.0.0.1:0"
    assert d.start()
    assert re.fullmatch(r"tcp://127\.0\.0\.1:[1-9]\d*", d.endpoint)
    wire = Wire(d.endpoint)
    wire.call("ping")
    wire.close()
    assert d.stop() == 0


def test_memory_database(folder):
    d = Daemon(folder, db=":memory:")
    assert d.start()
    wire = Wire(d.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec())
    assert not wire.call("status").durable
    wire.close()
    assert d.stop() == 0
    assert not [n for n in os.listdir(folder) if "memory" in n or n.endswith(".db")]


def test_what_was_stored_is_there_after_a_drain(daemon):
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=3))
    trial = wire.call("suggest", id=os.urandom(16), study=b"s").trials[0]
    assert daemon.stop() == 0
    assert daemon.start()
    again = wire.call("list_trials", study=b"s").trials
    assert [params(t) for t in again] == [params(trial)]
    wire.close()
    assert daemon.stop() == 0


def test_a_drain_gives_what_is_computed(daemon):
    """SIGTERM while a computation runs; its client, which did not wait, asks again."""
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(n_params=6, seed=3))
    wire.call("add_trials", id=os.urandom(16), study=b"s", points=points(1000, 6))
    id = os.urandom(16)
    with pytest.raises(Lost):
        wire.call("suggest", id=id, timeout=0.05, study=b"s")
    assert daemon.stop() == 0
    assert daemon.start()
    trial = wire.call("suggest", id=id, timeout=30.0, study=b"s").trials[0]
    assert trial.number == 1000
    assert len(wire.call("list_trials", study=b"s", from_number=1000).trials) == 1
    wire.close()
    assert daemon.stop() == 0


def test_who_waits_at_a_drain_is_answered(daemon):
    """The one connection, which stays: suggests that are cut, and a replay, which can't be."""
    daemon.threads = 1
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(n_params=6, seed=3))
    wire.call("add_trials", id=os.urandom(16), study=b"s", points=points(1000, 6))
    for k in range(20):
        trial = wire.call("suggest", id=os.urandom(16), study=b"s", timeout=60).trials[0]
        wire.call("observe", id=os.urandom(16), study=b"s",
                  observations=[dict(number=trial.number, values=[dict(value=k / 20)])])
    asker = Wire(daemon.endpoint)
    with ThreadPoolExecutor() as pool:
        replayed = pool.submit(lambda: wire.call("replay", study=b"s", timeout=10.0))
        given = pool.submit(lambda: asker.call("suggest", id=os.urandom(16), study=b"s",
                                               timeout=10.0))
        time.sleep(0.1)
        assert daemon.stop() == 0
        assert given.result().trials[0].number == 1020
        try:
            assert all(s.equal for s in replayed.result().suggestions)
        except Refused as e:
            assert e.code == UNAVAILABLE
    wire.close()
    asker.close()


def test_idle_exit(daemon):
    assert daemon.start("--idle-exit", "1")
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=3))
    trial = wire.call("suggest", id=os.urandom(16), study=b"s").trials[0]
    time.sleep(2.5)
    assert daemon.running()  # somebody works on a trial
    wire.call("observe", id=os.urandom(16), study=b"s",
              observations=[dict(number=trial.number, values=[dict(value=1.0)])])
    wire.close()
    assert daemon.ended(10) == 0


def test_taken_database(daemon, folder):
    assert daemon.start()
    other = Daemon(folder)
    other.endpoint += "2"
    assert_refused(other, f"process {daemon.process.pid}")
    wire = Wire(daemon.endpoint)
    wire.call("ping")
    wire.close()


def test_taken_endpoint(daemon, folder):
    assert daemon.start()
    assert_refused(Daemon(folder, db="other.db"), "taken")
    wire = Wire(daemon.endpoint)
    wire.call("ping")  # not stolen
    wire.close()


def test_taken_endpoint_of_somebody_busy(daemon):
    """Who listens there has no room for one more connection: still taken, and no wait."""
    path = daemon.endpoint[len("ipc://"):]
    crowd = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        while True:
            s = socket.socket(socket.AF_UNIX)
            crowd.append(s)
            s.setblocking(False)
            if s.connect_ex(path) != 0:
                break
        assert_refused(daemon, "taken")
    assert Path(path).exists()
    for s in crowd:
        s.close()


def test_an_address_that_is_not_here(daemon):
    daemon.endpoint = "tcp://203.0.113.9:5555"
    assert_refused(daemon, "no such address", "--insecure")


def test_taken_port(folder):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(1)
        d = Daemon(folder)
        d.endpoint = f"tcp://127.0.0.1:{s.getsockname()[1]}"
        assert_refused(d, "taken")


def test_a_socket_left_by_a_kill_is_no_obstacle(daemon):
    assert daemon.start()
    daemon.kill()
    assert Path(daemon.endpoint[len("ipc://"):]).exists()
    assert daemon.start()
    assert daemon.stop() == 0


def test_unreadable_newer_and_foreign_databases(daemon, folder):
    assert daemon.start()
    assert daemon.stop() == 0
    execute(daemon.db, "PRAGMA user_version = 99")
    assert_refused(daemon, "newer kriged")
    Path(daemon.db).write_bytes(b"hello, world\n" * 1000)
    assert_refused(daemon, "not a database")
    Path(daemon.db).unlink()
    execute(daemon.db, "CREATE TABLE t(x)")
    assert_refused(daemon, "another program")
    daemon.db = f"{folder}/no/such/folder/k.db"
    assert_refused(daemon, "No such file or directory")
    daemon.db = folder
    assert_refused(daemon, "database")


def test_damaged_database(daemon):
    """Rows that are not as they were written: named, and nothing is served."""
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    for name in (b"one", b"two"):
        wire.call("create_study", id=os.urandom(16), name=name, spec=spec(seed=3))
    wire.close()
    assert daemon.stop() == 0
    execute(daemon.db, "UPDATE event SET time_ms = time_ms + 1 WHERE study = 2")
    assert_refused(daemon, "row 1 of study 2 is not as it was written")
    code, words = daemon.check()
    assert code == 1 and "row 1 of study 2" in words
    execute(daemon.db, "UPDATE event SET time_ms = time_ms - 1 WHERE study = 2")
    code, words = daemon.check()
    assert code == 0 and "2 studies, 0 trials, 2 events" in words


def test_read_only_folder(daemon, folder):
    if os.geteuid() == 0:
        d = Daemon(folder)
        d.endpoint = f"ipc://{folder}/k.sock"
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "kriged-test", folder],
                               capture_output=True)
        if mount.returncode != 0:
            pytest.skip("root writes everywhere, and a read-only mount is refused")
        try:
            assert_refused(d, "Read-only file system")
        finally:
            subprocess.run(["umount", folder], check=True)
    else:
        os.chmod(folder, 0o500)
        try:
            assert_refused(daemon, "Permission denied")
        finally:
            os.chmod(folder, 0o700)


def test_usage_errors_exit_2(folder):
    long_path = f"{folder}/" + "x" * 120
    for flags, words in [
            (["--nonsense"], "--nonsense"),
            (["--threads", "none"], "threads"),
            (["--endpoint", f"ipc://{long_path}"], "107"),
            (["--endpoint", "tcp://0.0.0.0:5555"], "--insecure"),
            (["--endpoint", "http://localhost"], "ipc:// or tcp://"),
            (["--config", f"{folder}/none.conf"], "No such file"),
            (["--idle-exit", "soon"], "idle-exit")]:
        code, out, err = kriged(*flags)
        assert code == 2 and out == "" and words in err and err.count("\n") == 1, (flags, err)


def test_words(folder):
    code, out, err = kriged("--version")
    assert (code, err) == (0, "") and out.startswith("kriged ")
    code, out, err = kriged("--help")
    assert code == 0 and "--idle-exit SECONDS" in out
    code, out, err = kriged("--print-config", "--threads", "3", KRIGE_HOME=folder)
    assert code == 0 and f"db = {folder}/kriged.db ; built in\n" in out
    assert "threads = 3 ; flag\n" in out
    config = Path(folder, "k.conf")
    config.write_text("threads = 2\nspeed = 9\n")
    code, out, err = kriged("--check-config", "--config", str(config))
    assert code == 2 and f"{config}:2: unknown setting 'speed'" in err
    config.write_text("threads = 2\n")
    assert kriged("--check-config", "--config", str(config))[0] == 0
    code, out, err = kriged("--check", f"{folder}/none.db")
    assert code == 1 and "No such file" in err and not Path(folder, "none.db").exists()
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(BIN), "--help"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"No space left" in done.stderr


def test_closed_streams(folder):
    """No file of the daemon gets the number of stderr, and with it the log."""
    command = f"exec {BIN} --db :memory: --endpoint ipc://{folder}/k.sock 0<&- 1>&- 2>&-"
    process = subprocess.Popen(["/bin/sh", "-c", command])
    wire = Wire(f"ipc://{folder}/k.sock")
    try:
        wire.call("ping", timeout=20.0)
        assert [os.readlink(f"/proc/{process.pid}/fd/{n}") for n in range(3)] == ["/dev/null"] * 3
    finally:
        wire.close()
        process.terminate()
        assert process.wait() == 0


def test_second_signal_ends_at_once(daemon):
    assert daemon.start()
    for _ in range(200):
        daemon.process.send_signal(signal.SIGTERM)
    assert daemon.ended() in (0, 1)
    assert daemon.start()
    assert daemon.stop() == 0
