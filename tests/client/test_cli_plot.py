"""krige plot: numbers, widths, locales, and studies of every kind."""
import json
import re

import pytest

from krige_cli import NOT_FOUND, NOT_NOW, USAGE
from test_cli_rows import on_terminal

KINDS = ["history", "parallel", "slice", "timeline"]
MIXED = {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True}, "n": {"type": "int", "low": 1, "high": 8},
         "opt": {"type": "categorical", "choices": ["sgd", None, 1, "ünïcode"]}, "fast": {"type": "bool"},
         "size": {"type": "ordinal", "values": [1, 10, 100]},
         "momentum": {"type": "float", "low": 0, "high": 1, "when": "opt == 'sgd'"}}


def points(n, value):
    opts = ["sgd", None, 1, "ünïcode"]
    return "".join(json.dumps({"params": {
        "lr": 1e-5 * 10 ** (4 * (k % 11) / 10), "n": 1 + k % 8, "opt": opts[k % 4], "fast": k % 2 == 0,
        "size": [1, 10, 100][k % 3], **({"momentum": k % 5 / 5} if k % 4 == 0 else {})}, "value": value(k)}) + "\n"
        for k in range(n))


def check(cli, width, **env):
    for kind in KINDS:
        shown = on_terminal(cli, "plot", "s", kind, width=width, **env)
        lines = shown.splitlines()
        assert len(lines) > 6
        assert all(len(line) <= width for line in lines), (kind, width)
        if "LANG" not in env:
            assert re.fullmatch(r"[\x20-\x7e\nünïcode]*", shown), kind
        assert "\x1b" not in shown or "NO_COLOR" not in env


@pytest.mark.parametrize("n, value", [
    (1, lambda k: 0.5),
    (40, lambda k: 3.0),                       # constant
    (40, lambda k: -1e300 if k % 2 else 1e300),
    (60, lambda k: 10.0 ** (-k / 4)),          # a log scale
])
def test_every_kind(cli, n, value):
    cli.create(space=MIXED)
    cli("tell", "s", "-", stdin=points(n, value))
    cli("ask", "s", "-c", 3)
    cli("tell", "s", n, "--failed", "disk")
    for width in (20, 60, 80, 150):
        check(cli, width, NO_COLOR="1")
        check(cli, width, LANG="C.UTF-8", NO_COLOR="1")
    assert "\x1b[" in on_terminal(cli, "plot", "s", "history", LANG="C.UTF-8")
    assert "\x1b[" not in cli("plot", "s", "history")
    assert "\x1b[" in cli("plot", "s", "history", "--color", "always")
    shown = on_terminal(cli, "plot", "s", "history", NO_COLOR="1")
    assert "x" in shown.splitlines()[-3] and "o" in shown.splitlines()[-3]
    assert "log scale" in shown or n != 60


def test_many_trials(cli):
    cli.create(space=MIXED)
    cli("tell", "s", "-", stdin=points(10000, lambda k: (k * 7919 % 1000) / 1000))
    for kind in KINDS:
        assert all(len(line) <= 80 for line in cli("plot", "s", kind).splitlines())
    assert len(cli.json("plot", "s", "history", "--data")) == 10000
    assert "the best 200 trials" in cli("plot", "s", "parallel")


def test_data(cli):
    cli.create(space=MIXED)
    cli("plot", "s", "history", code=NOT_NOW)
    assert "no trial" in cli.words
    assert cli("plot", "s", "history", "--data") == "number\tstate\tvalue\tbest\n"
    cli("tell", "s", "-", stdin=points(8, lambda k: [3, 4, 2, 5, 2.5, 1, 9, 0.5][k]))
    cli("trial", "exclude", "s", 5)
    cli("ask", "s")
    data = cli.json("plot", "s", "history", "--data")
    assert [d["best"] for d in data] == [3, 3, 2, 2, 2, 2, 2, 0.5, 0.5]
    assert data[8] == {"number": 8, "state": "RUNNING", "value": None, "best": 0.5}
    trials = cli.lines("trial", "list", "s")
    data = cli.json("plot", "s", "slice", "lr", "opt", "--data")
    assert [(d["params.lr"], d["value"]) for d in data] == \
        [(pytest.approx(t["params"]["lr"]), t["values"].get("loss")) for t in trials]
    assert set(data[0]) == {"number", "state", "value", "params.lr", "params.opt"}
    data = cli.json("plot", "s", "timeline", "--data")
    assert data[0]["created"] == trials[0]["created"] and data[8]["finished"] is None
    assert [d["number"] for d in cli.json("plot", "s", "history", "--filter", "value<3", "--sort", "value:desc")] == \
        [4, 2, 5, 7]
    for words, said in ((["histry"], "did you mean 'history'"), (["slice", "lrr"], "did you mean 'lr'"), ([], "STUDY"),
                        (["history", "--scale", "cubic"], "linear")):
        cli("plot", "s", *words, code=USAGE)
        assert said in cli.words
    cli("tell", "s", 8, "-1")
    cli("plot", "s", "history", "--scale", "log", code=USAGE)
    assert "above 0" in cli.words
    cli("plot", "nosuch", "history", code=NOT_FOUND)


def test_slice_shows_each_parameter(cli):
    cli.create(space=MIXED)
    cli("tell", "s", "-", stdin=points(30, float))
    shown = on_terminal(cli, "plot", "s", "slice", LANG="C.UTF-8", NO_COLOR="1")
    for name in MIXED:
        assert name in shown
    assert "lr (log)" in shown and "ünïcode" in shown and "false" in shown
