"""What every command with rows has: --filter, --sort, --limit, --columns, and each -o; in pipes, on
terminals of any width, with names that could steer them."""
import csv
import io
import json
import os
import pty
import subprocess
import threading

import pytest

from krige_cli import KRIGE, OK, USAGE


@pytest.fixture
def told(cli):
    cli.create()
    cli("tell", "s", "-", stdin="".join(
        json.dumps({"params": {"lr": 0.001 * (k + 1), "n": 1 + k % 8, "opt": ["sgd", None, 1, "1"][k % 4]},
                    "value": (k - 5) ** 2 / 4}) + "\n" for k in range(12)))
    cli("ask", "s", "--worker", "gpu-3")
    return cli


def numbers(cli, *words):
    return [int(n) for n in cli("trial", "list", "s", "-o", "name", *words).split()]


def test_filter(told):
    trials = told.lines("trial", "list", "s")
    for text, holds in (
            ("state==COMPLETE and value<2", lambda t: t["state"] == "COMPLETE" and t["values"]["loss"] < 2),
            ("params.lr>5e-3 or n in (1, 2)", lambda t: t["params"]["lr"] > 5e-3 or t["params"]["n"] in (1, 2)),
            ("worker~gpu", lambda t: t["worker"] == "gpu-3"),
            ("not (value>=1)", lambda t: not t["values"].get("loss", -1) >= 1),
            ("opt=='1'", lambda t: t["params"]["opt"] == "1"),
            ("value==null", lambda t: not t["values"]),
            ("created>2020-01-01 and told", lambda t: t["told"])):
        assert numbers(told, "--filter", text) == [t["number"] for t in trials if holds(t)], text
    for text, said in (("valu<1", "did you mean 'value'"), ("value<", "value is expected"), ("state==DONE", "COMPLETE"),
                       ("worker~'['", "regular expression")):
        told("trial", "list", "s", "--filter", text, code=USAGE)
        assert said in told.words and "--filter" in told.words


def test_sort_limit_columns(told):
    by_value = numbers(told, "--sort", "value")
    assert by_value[:3] == [5, 4, 6] and by_value[-1] == 12  # the one without a value is last
    assert numbers(told, "--sort", "value:desc")[-2:] == [5, 12]
    assert numbers(told, "--sort", "value", "--limit", 2) == [5, 4]
    assert numbers(told, "--limit", 0) == []
    assert numbers(told, "--filter", "number>3", "--limit", 2) == [4, 5]
    assert told("trial", "list", "s", "--columns", "seq,value,params.n", "--limit", 1) == "seq\tloss\tn\n2\t6.25\t1\n"
    assert told.lines("trial", "list", "s", "--columns", "number,opt", "--limit", 2) == \
        [{"number": 0, "opt": "sgd"}, {"number": 1, "opt": "null"}]
    for option, text in (("--sort", "vlue"), ("--columns", "number,statee"), ("--limit", "-1"), ("--limit", "x")):
        told("trial", "list", "s", option, text, code=USAGE)
    told("study", "list", "--filter", "state==ACTIVE and complete>=12", "-o", "name")
    assert told("study", "list", "--sort", "best:desc", "-o", "name") == "s\n"


def test_formats(told):
    whole = told.json("trial", "list", "s")
    assert told.lines("trial", "list", "s") == whole
    assert told.json("trial", "list", "s", "--sort", "number:desc") == whole[::-1]
    rows = list(csv.DictReader(io.StringIO(told("trial", "list", "s", "-o", "csv"))))
    assert [float(r["lr"]) for r in rows] == [t["params"]["lr"] for t in whole]
    md = told("trial", "list", "s", "-o", "md", "--columns", "number,opt", "--limit", 1)
    assert md == "| number | opt |\n| ---: | --- |\n| 0 | sgd |\n"
    assert told("trial", "list", "s", "--precision", 2, "--columns", "lr", "--limit", 3, "--no-header") == \
        "0.001\n0.002\n0.003\n"
    assert told("trial", "show", "s", 0, "-o", "name") == "0\n"
    for words in (["trial", "show", "s", 0], ["study", "show", "s"], ["status"], ["study", "list"]):
        text = told(*words, "-o", "yaml")
        try:
            import yaml
        except ImportError:
            assert not text.startswith(("{", "["))
            continue
        assert yaml.safe_load(text)
    assert told("study", "list", "--filter", "name==nosuch", "-o", "json") == "[]\n"
    assert told("study", "list", "--filter", "name==nosuch") == told("study", "list").splitlines()[0] + "\n"


def on_terminal(cli, *words, width=80, **env):
    """What a terminal of that width gets."""
    master, slave = pty.openpty()
    child = subprocess.Popen([KRIGE, *map(str, words)], env={**cli.env, "COLUMNS": str(width), **env}, stdout=slave,
                             stderr=subprocess.DEVNULL)
    os.close(slave)
    text = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(master)
    assert child.wait(20) == OK
    return text.decode().replace("\r\n", "\n")


def test_tables_fit(told):
    for width in (20, 33, 80, 200):
        for words in (["trial", "list", "s"], ["study", "list"], ["study", "show", "s"]):
            lines = on_terminal(told, *words, width=width, LANG="C.UTF-8").splitlines()
            assert lines and all(len(line) <= width for line in lines)
    assert "…" in on_terminal(told, "study", "list", width=40, LANG="C.UTF-8")
    plain = on_terminal(told, "study", "list", width=40)
    assert "..." in plain and plain.isascii()
    wide = told("trial", "list", "s", "-o", "wide").splitlines()[0].split()
    assert {"created", "finished", "worker"} <= set(wide)


def test_watch_on_a_terminal(told):
    """The table is drawn again after a change, the newest trials first, and no longer than the terminal."""
    threading.Timer(0.4, lambda: told("tell", "s", 12, "0.125")).start()
    threading.Timer(0.9, lambda: told("study", "finish", "s")).start()
    frames = on_terminal(told, "trial", "list", "s", "--watch").split("\x1b[H\x1b[2J")[1:]
    assert len(frames) >= 3
    first, last = ([line.split() for line in frame.splitlines()] for frame in (frames[0], frames[-1]))
    assert first[1][:2] == ["12", "RUNNING"] and last[1][:3] == ["12", "COMPLETE", "0.125"]
    assert [int(row[0]) for row in last[1:]] == list(range(12, -1, -1))
    lines = told("trial", "list", "s", "--watch", "-o", "tsv").splitlines()
    assert len(lines) == 14


def test_names_cannot_steer_a_terminal(cli):
    """Names cannot have control characters, but notes, reasons and labels may hold any text."""
    cli.create(name="größe")
    cli("ask", "größe")
    cli("trial", "note", "größe", 0, "tab\there \x1b[31mred\nline \\ back")
    shown = on_terminal(cli, "trial", "list", "größe", "--columns", "note", "--no-header", width=200)
    assert shown == "tab\\there \\x1b[31mred\\nline \\ back\n"
    piped = cli("trial", "list", "größe", "--columns", "note", "--no-header")
    assert piped == "tab\\there \\x1b[31mred\\nline \\\\ back\n"
    assert cli.json("trial", "list", "größe")[0]["note"] == "tab\there \x1b[31mred\nline \\ back"


def test_pipes_that_end_early(told):
    """`krige .. | head -1` says nothing and does not hang."""
    for words in ("trial list s -o jsonl", "export s", "trial list s"):
        done = subprocess.run(["bash", "-c", f"for i in 1 2 3 4 5; do {KRIGE} {words}; done | head -n 1"],
                              env=told.env, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0 and done.stderr == "" and len(done.stdout.splitlines()) == 1
    ignored = subprocess.run(["bash", "-c", f"trap '' PIPE; {KRIGE} export s | true"], env=told.env,
                             capture_output=True, text=True, timeout=20)
    assert ignored.returncode == 0 and ignored.stderr == ""
    told("tell", "s", "-", stdin="".join(json.dumps({"params": {"lr": 0.01, "n": 3, "opt": 1}, "value": k}) + "\n"
                                         for k in range(2000)))
    piped = subprocess.run(["bash", "-c", f"set -o pipefail; {KRIGE} export s | head -n 1"], env=told.env,
                           capture_output=True, text=True, timeout=20)
    assert piped.returncode == 0 and piped.stderr == "" and len(piped.stdout.splitlines()) == 1


def test_times(told):
    zoned = {**told.env, "TZ": "Etc/GMT-3"}
    shown = subprocess.run([KRIGE, "study", "list", "-o", "wide"], env=zoned, capture_output=True, text=True).stdout
    assert "+03:00" in shown
    shown = subprocess.run([KRIGE, "study", "list", "-o", "wide", "--utc"], env=zoned, capture_output=True,
                           text=True).stdout
    assert "Z" in shown.splitlines()[1] and "+03" not in shown
    assert subprocess.run([KRIGE, "study", "list"], env=zoned, capture_output=True, text=True).stdout == \
        told("study", "list")
