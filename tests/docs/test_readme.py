"""README.md does what it says: its blocks are run, in order, as a reader would.

A comment before a block says what it is: `file: NAME` (the reader saves it),
`run: NAME` (the reader runs it). Only the commands that install are not run here.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text()
BLOCK = re.compile(r"<!-- (file|run): ([^ ]+) -->\n```(\w+)\n(.*?)```\n", re.S)
PROGRAMS = pathlib.Path(os.environ.get("KRIGED_BIN", CHECKOUT / "build/release/bin/kriged")).parent


def start_daemon(words, folder, environment):
    daemon = subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    for line in daemon.stderr:
        if line.startswith("kriged: ready "):
            return daemon
    raise AssertionError(f"{words} ended with {daemon.wait()}")


@pytest.fixture(scope="module")
def reader():
    """A folder with the README's files, an environment, and the daemons a reader has by then."""
    if not os.access(PROGRAMS / "kriged", os.X_OK) or not os.access(PROGRAMS / "krige", os.X_OK):
        pytest.skip("kriged is not built: ./dev build")
    with tempfile.TemporaryDirectory(prefix="krige-") as folder:
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder, KRIGE_HOME=folder,
                           PATH=f"{PROGRAMS}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}")
        environment.pop("KRIGE_ENDPOINT", None)
        blocks = {name: text for _, name, _, text in BLOCK.findall(README)}
        for kind, name, _, text in BLOCK.findall(README):
            if kind == "file":
                pathlib.Path(folder, name).write_text(text)
        environment["PWD"] = folder
        export, command = blocks["daemon"].strip().splitlines()
        name, value = export.removeprefix("export ").split("=")
        start = f"{export}; exec {command.removesuffix('&')}"
        # The first is what the first example would start, and leave on the default socket.
        daemons = [start_daemon(["kriged"], folder, environment),
                   start_daemon(["sh", "-euc", start], folder, environment)]
        exported = {name: value.strip('"').replace("$PWD", folder)}

        def run(name):
            language, text = next((lang, t) for k, n, lang, t in BLOCK.findall(README)
                                  if k == "run" and n == name)
            command = [sys.executable, "-c", text] if language == "python" else [
                "sh", "-eu", "-c", text]
            # The first example comes before the export.
            seen = environment if name == "example" else dict(environment, **exported)
            return subprocess.run(command, cwd=folder, env=seen, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  timeout=300)
        yield run
        for daemon in daemons:
            daemon.terminate()
            assert daemon.wait(20) == 0
            daemon.stderr.close()


def succeed(run, name):
    done = run(name)
    assert done.returncode == 0, done.stderr
    return done


def test_blocks_are_all_known():
    """Every block of Python, shell or JSON is run or saved here."""
    assert len(re.findall(r"```(?:python|sh|json)\n", README)) == len(BLOCK.findall(README))


def test_first_example(reader):
    done = succeed(reader, "example")
    assert re.match(r"\d+ [\d.e-]+ \{'lr': ", done.stdout)
    assert "example 30/30" in done.stderr


def test_tuning_a_program(reader):
    tuned = succeed(reader, "tune")
    assert len(re.findall(r"^trial \d+: cost ", tuned.stderr, re.M)) == 25
    more = succeed(reader, "more")
    assert len(re.findall(r"^trial \d+: cost ", more.stderr, re.M)) == 5
    best = float(re.findall(r"best ([\d.e-]+) \(trial", tuned.stderr)[-1])
    assert best < 5  # the mean over the space is over 500

    seen = succeed(reader, "inspect")
    assert "engine" in seen.stdout and '"counts"' in seen.stdout
    succeed(reader, "shell")


def test_tuning_a_function(reader):
    done = succeed(reader, "function")
    lines = done.stdout.splitlines()
    assert len(lines) == 1 + 13 and float(lines[0].split()[0]) > 9


def test_links_and_verbs():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (CHECKOUT / target).exists(), target
    helped = subprocess.run([CHECKOUT / "dev", "help"], stdout=subprocess.PIPE, text=True).stdout
    for verb in set(re.findall(r"\./dev (\w+)", README)):
        assert re.search(rf"^  {verb}\b", helped, re.M), verb


def test_paths_in_the_readme():
    """The programs of "Install" are where it says when they are built."""
    if not all(os.access(CHECKOUT / "build" / p, os.X_OK)
               for p in ("release/bin/kriged", "release/bin/krige", "venv/bin/python")):
        pytest.skip("kriged is not built: ./dev build")
    for path in ("build/release/bin/krige", "build/release/lib/libkrige.so"):
        assert path in README and (CHECKOUT / path).exists(), path
    text = next(t for k, n, _, t in BLOCK.findall(README) if n == "path")
    done = subprocess.run(["sh", "-eu", "-c", text], cwd=CHECKOUT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and len(done.stdout.split()) >= 2, done.stderr
