"""krige plot: numbers, widths, locales, and studies of every kind."""
import json
import math
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


def dots_of(shown, width):
    """The dots of a drawing without marks, as {(x, y)} from the left and the top; and its size."""
    bits = {1: (0, 0), 2: (0, 1), 4: (0, 2), 8: (1, 0), 16: (1, 1), 32: (1, 2), 64: (0, 3), 128: (1, 3)}
    rows = [line for line in shown.splitlines() if re.match(r" *\S* ?[│┤]", line)]
    margin = re.match(r" *\S* ?[│┤]", rows[0]).end()
    dots = set()
    for row, line in enumerate(rows):
        for column, c in enumerate(line[margin:]):
            for bit, (dx, dy) in bits.items():
                if c != " " and (ord(c) - 0x2800) & bit:
                    dots.add((2 * column + dx, 4 * row + dy))
    return dots, 2 * (width - margin), 4 * len(rows)


def place(value, low, high, n):
    return int((value - low) / (high - low) * (n - 1) + 0.5)


@pytest.mark.parametrize("width", [50, 80, 131])
def test_history_is_the_data(cli, width):
    """Each value has its dot, and every other dot is on the stair of the best so far."""
    values = [(k * 37 % 101) / 10 - 3 for k in range(70)]
    cli.create(space=MIXED)
    cli("tell", "s", "-", stdin=points(70, lambda k: values[k]))
    dots, w, h = dots_of(on_terminal(cli, "plot", "s", "history", width=width, LANG="C.UTF-8", NO_COLOR="1"), width)
    low, high = min(values), max(values)
    expected = {(place(k, 0, 69, w), place(high - v, 0, high - low, h)) for k, v in enumerate(values)}
    assert expected <= dots
    stair, best = set(), None
    for k, v in enumerate(values):
        new = v if best is None else min(best, v)
        x, y = place(k, 0, 69, w), place(high - new, 0, high - low, h)
        if best is not None:
            x0, y0 = place(k - 1, 0, 69, w), place(high - best, 0, high - low, h)
            stair |= {(i, y0) for i in range(x0, x + 1)} | {(x, i) for i in range(y0, y + 1)}
        best = new
    assert stair <= dots and dots == expected | stair


def test_slice_is_the_data(cli):
    cli.create(space={"x": {"type": "float", "low": 0.01, "high": 100, "log": True}})
    data = [(10 ** (4 * (k * 7 % 40) / 39 - 2), float(k * k % 23)) for k in range(40)]
    data = [(min(max(x, 0.01), 100), v) for x, v in data]
    cli("tell", "s", "-", stdin="".join(json.dumps({"params": {"x": x}, "value": v}) + "\n" for x, v in data))
    shown = on_terminal(cli, "plot", "s", "slice", "x", LANG="C.UTF-8", NO_COLOR="1")
    assert shown.count("●") == 1
    dots, w, h = dots_of(shown.replace("●", " "), 80)
    low, high = min(v for _, v in data), max(v for _, v in data)
    expected = {(place(math.log10(x) + 2, 0, 4, w), place(high - v, 0, high - low, h)) for x, v in data}
    best = min(data, key=lambda d: d[1])
    bx, by = place(math.log10(best[0]) + 2, 0, 4, w) // 2, place(high - best[1], 0, high - low, h) // 4
    assert dots == {(x, y) for x, y in expected if (x // 2, y // 4) != (bx, by)}
