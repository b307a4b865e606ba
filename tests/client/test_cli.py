"""The krige command line against a real daemon: each command, its output in a pipe,
its JSON shapes, its exit codes."""
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

from krige_cli import (CANNOT_CONNECT, CONFLICT, FAILED, FINISHED, KRIGE, NOT_FOUND, NOT_NOW, OK, SPEC, TIMEOUT,
                       USAGE, Cli, wait_for)

# ---- studies -------------------------------------------------------------------------

def test_init_creates(cli, folder):
    text = cli("init")
    assert "#" in text and "//" in text
    (folder / "study.json").write_text(text)
    cli("study", "create", folder / "study.json")
    assert cli.json("study", "show", "mnist")["name"] == "mnist"
    cli("init", "multi", code=USAGE)
    assert "not built yet" in cli.words


def test_study_show_json(cli):
    cli.create(budget=20)
    shown = cli.json("study", "show", "s")
    assert {"name", "state", "space", "metrics", "seed", "budget", "counts", "best", "created"} <= set(shown)
    assert shown["state"] == "ACTIVE" and shown["best"] is None and shown["budget"] == 20
    assert shown["seed"] == 18446744073709551615
    assert shown["space"] == SPEC["space"]
    assert [type(c) for c in shown["space"]["opt"]["choices"]] == \
        [type(c) for c in SPEC["space"]["opt"]["choices"]]
    assert shown["metrics"] == [{"name": "loss", "role": "minimize"}]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["created"])
    number = cli.json("ask", "s")["number"]
    cli("tell", "s", number, "loss=0.1")
    shown = cli.json("study", "show", "s")
    assert shown["counts"]["COMPLETE"] == 1
    assert shown["best"]["number"] == number and shown["best"]["values"] == {"loss": 0.1}
    assert set(shown["best"]["params"]) == set(SPEC["space"])


def test_if_exists(cli):
    cli.create()
    spec = json.dumps(SPEC)
    cli("study", "create", "-", stdin=spec, code=CONFLICT)
    cli("study", "create", "-", "--if-exists", "attach", stdin=spec)
    other = json.dumps({**SPEC, "seed": 3})
    cli("study", "create", "-", "--if-exists", "attach", stdin=other, code=CONFLICT)
    assert "seed" in cli.words
    cli("study", "create", "-", "--if-exists", "replace", stdin=other)
    assert cli.json("study", "show", "s")["seed"] == 3
    cli("study", "create", "-", "--if-exists", "sometimes", stdin=spec, code=USAGE)
    assert len(cli.lines("study", "list", "--deleted")) == 2
    assert len(cli.lines("study", "list")) == 1


def test_study_life(cli):
    cli.create()
    cli("study", "pause", "s")
    cli("ask", "s", code=NOT_NOW)
    cli("study", "resume", "s")
    cli("ask", "s")
    cli("study", "set", "s", "budget=1")
    cli("ask", "s", code=FINISHED)
    assert cli.json("study", "show", "s")["budget"] == 1
    cli("study", "set", "s", "budget=none")
    cli("ask", "s")
    assert cli.json("study", "show", "s")["budget"] is None
    cli("study", "set", "s", "budget=0", code=USAGE)
    assert "budget=none" in cli.words
    cli("study", "finish", "s")
    cli("ask", "s", code=FINISHED)
    cli("study", "delete", "s")
    cli("study", "show", "s", code=NOT_FOUND)
    cli("study", "undelete", "s")
    assert cli.json("study", "show", "s")["state"] == "FINISHED"
    for words in (["set", "s", "budget=many"], ["set", "s", "leas=3"], ["set", "s"], ["pause"]):
        cli("study", *words, code=USAGE)


@pytest.mark.parametrize("change, words", [
    ({"space": {"x": {"type": "float", "low": 1, "high": 0}}}, "stdin: space.x.high is 0"),
    ({"space": {"x": {"type": "float", "low": 1, "high": 1}}}, "high"),
    ({"space": {"x": {"type": "float", "low": 0, "high": 1, "log": True}}}, "log"),
    ({"space": {"x": {"type": "int", "low": 0.5, "high": 3}}}, "low"),
    ({"space": {"x": {"type": "categorical", "choices": []}}}, "space.x.choices: the list is empty"),
    ({"space": {"": {"type": "int", "low": 0, "high": 1}}}, "space: a parameter's name is empty"),
    ({"space": {"x": {"type": "categorical", "choices": [1, 1]}}}, "choices"),
    ({"space": {}}, "parameter"),
    ({"name": ""}, "name"),
    ({"name": "n" * 300}, "name"),
    ({"budget": 0}, "stdin: budget"),
    ({"lease": -1}, "stdin: lease"),
    ({"noise": -1}, "noise"),
    ({"budgett": 3}, 'did you mean "budget"?'),
])
def test_bad_studies(cli, change, words):
    cli("study", "create", "-", stdin=json.dumps({**SPEC, **change}), code=USAGE)
    assert words in cli.words and cli.words.startswith("krige: ")
    assert cli.lines("study", "list") == []


def test_acquisition(cli):
    spec = json.dumps({**SPEC, "acquisition": "straddle", "acquisition_level": 0.5})
    cli("study", "create", "-", "-q", "--acquisition", "ucb", "--acquisition-beta", "4", stdin=spec)
    shown = cli.json("study", "show", "s")
    assert (shown["acquisition"], shown["acquisition_level"], shown["acquisition_beta"]) == (
        "ucb", None, 4.0)
    cli("study", "set", "s", "acquisition_beta=9")
    assert cli.json("study", "show", "s")["acquisition_beta"] == 9.0
    cli("study", "set", "s", "acquisition=straddle", "acquisition_level=-1e-3")
    shown = cli.json("study", "show", "s")
    assert (shown["acquisition"], shown["acquisition_level"], shown["acquisition_beta"]) == (
        "straddle", -1e-3, None)
    assert shown["spec_version"] == 3
    for words, said in ((["acquisition=magic"], "'magic'"), (["acquisition=straddle"], "is missing"),
                        (["acquisition="], "auto"), (["acquisition_level=low"], "'low'"),
                        (["acquisition_weight=1"], "acquisition_beta"), (["acquisitio=kg"], "acquisition")):
        cli("study", "set", "s", *words, code=USAGE)
        assert said in cli.words
    cli("study", "set", "s", "acquisition=auto")
    assert cli.json("study", "show", "s")["acquisition"] == "auto"
    other = spec.replace('"s"', '"t"')
    cli("study", "create", "-", "--acquisition", "magic", stdin=other, code=USAGE)
    assert "'magic'" in cli.words
    cli("study", "create", "-", "--acquisition-beta", "much", stdin=other, code=USAGE)


SEARCH = {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
          "size": {"type": "int", "low": 1, "high": 9}}


def make_source(cli, name, *points):
    cli.create(name=name, space=SEARCH)
    for lr, size, loss in points:
        point = {"params": {"lr": lr, "size": size}, "value": loss}
        cli("tell", name, "-", stdin=json.dumps(point) + "\n")


def test_priors_in_a_study_file(cli):
    space = {"lr": {**SEARCH["lr"], "prior": {"mean": 3e-4, "factor": 3}},
             "drop": {"type": "float", "low": 0, "high": 1, "prior": {"mean": 0.25, "sd": 0.1}},
             "opt": {"type": "categorical", "choices": ["sgd", "adam"], "prior": [1, 4]}}
    cli.create(space=space)
    assert cli.json("study", "show", "s")["space"] == space
    shown = cli("study", "show", "s")
    assert "prior 0.0003, factor 3" in shown and "prior 0.25, sd 0.1" in shown
    assert "prior weights 1.0, 4.0" in shown
    point = cli.json("ask", "s")["params"]  # where they say
    assert point == {"lr": pytest.approx(3e-4), "drop": 0.25, "opt": "adam"}
    for prior, words in (({"mean": 2, "sd": 0.1}, "space.drop.prior"), ({"mean": 0.5}, "prior"),
                         ({"mean": 0.5, "factor": 2}, "prior"), ([1, 2], "prior"), (3, "prior")):
        wrong = {**SPEC, "name": "t", "space": {**space, "drop": {**space["drop"], "prior": prior}}}
        cli("study", "create", "-", stdin=json.dumps(wrong), code=USAGE)
        assert words in cli.words, cli.words


def test_warm_start(cli):
    make_source(cli, "a", (1e-3, 4, 0.3), (1e-2, 2, 0.5))
    make_source(cli, "b", (1e-4, 8, 7))
    spec = json.dumps({**SPEC, "space": SEARCH, "warm_start": ["a"]})
    cli("study", "create", "-", "-q", "--warm-start", "b", stdin=spec)
    shown = cli.json("study", "show", "s")["warm_start"]
    assert [(w["study"], w["taken"]) for w in shown] == [("a", 2), ("b", 1)]
    assert "a: 2 taken, 0 unfit, 0 unused" in cli("study", "show", "s")
    assert cli.json("ask", "s")["params"] == {"lr": pytest.approx(1e-3), "size": 4}
    cli("study", "create", "-", "--warm-start", "s", "--if-exists", "replace", stdin=spec, code=USAGE)
    assert "'s'" in cli.words and "warm_start[1]" in cli.words
    cli("study", "create", "-", "--warm-start", "nobody", "--if-exists", "replace", stdin=spec,
        code=NOT_FOUND)
    assert "'nobody'" in cli.words
    cli("study", "create", "-", *["--warm-start", "a"] * 9, stdin=spec, code=USAGE)


def test_a_clone_keeps_what_was_taken(cli):
    make_source(cli, "a", (1e-3, 4, 0.3), (1e-2, 2, 0.5))
    cli.create(space=SEARCH, warm_start=["a"])
    cli("study", "delete", "a")
    cli("study", "clone", "s", "t")
    make_source(cli, "a", (1e-5, 1, 3))  # another one of that name
    cli("study", "clone", "s", "u")
    for name in ("s", "t", "u"):
        shown = cli.json("study", "show", name)["warm_start"]
        assert [(w["study"], w["taken"]) for w in shown] == [("a", 2)]
        assert cli.json("ask", name)["params"] == {"lr": pytest.approx(1e-3), "size": 4}


def test_what_is_prepared_is_shown(cli):
    cli.create()
    for value in (3, 1, 2, 5, 4, 6):
        cli("tell", "s", cli.json("ask", "s")["number"], value)
    wait_for(lambda: cli.json("study", "show", "s").get("prepared") == "READY")
    assert re.search(r"^next\tready", cli("study", "show", "s"), re.M)
    why = cli.json("study", "why", "s")
    assert why["prepared"] == "READY" and not why["computing"]
    assert "the next suggestion is ready" in cli("study", "why", "s")


def test_unreadable_study_files(cli, folder):
    cli("study", "create", folder / "missing.json", code=USAGE)
    assert "No such file" in cli.words
    cli("study", "create", folder, code=USAGE)
    cli("study", "create", "-", stdin="{\n\n,}", code=USAGE)
    assert "stdin, line 3" in cli.words


# ---- trials ---------------------------------------------------------------------------

def test_trial_list_jsonl(cli):
    cli.create()
    for number, value in enumerate((0.1 + 0.2, -5e-324, 1e300)):
        assert cli.json("ask", "s", "--worker", "w")["number"] == number
        cli("tell", "s", number, f"loss={value!r}")
    cli("ask", "s")
    trials = cli.lines("trial", "list", "s")
    keys = {"number", "state", "params", "values", "reason", "worker", "attempt", "created", "finished"}
    assert all(keys <= set(t) for t in trials)
    assert [t["number"] for t in trials] == [0, 1, 2, 3]
    assert [t["values"].get("loss") for t in trials] == [0.1 + 0.2, -5e-324, 1e300, None]
    assert [t["state"] for t in trials] == ["COMPLETE"] * 3 + ["RUNNING"]
    assert trials[0]["worker"] == "w" and trials[3]["worker"] is None
    assert trials[0]["reason"] is None and trials[3]["finished"] is None
    assert trials[0]["attempt"] == 1
    for t in trials:
        assert set(t["params"]) == set(SPEC["space"])
        assert isinstance(t["params"]["lr"], float) and isinstance(t["params"]["n"], int)
    assert cli.json("trial", "list", "s") == trials
    assert cli.json("trial", "show", "s", 2) == trials[2]
    assert cli.json("best", "s") == trials[1]
    assert [t["number"] for t in cli.lines("trial", "list", "s", "--state", "running")] == [3]
    assert [t["number"] for t in cli.lines("trial", "list", "s", "--limit", 2)] == [0, 1]
    since = trials[1]["seq"]
    assert {t["number"] for t in cli.lines("trial", "list", "s", "--since", since)} == {2, 3}


def test_rows(cli):
    cli.create()
    cli("ask", "s", "--fix", 'opt="1"', "--fix", "n=3")
    cli("tell", "s", 0, 0.25)
    header, row = [line.split("\t") for line in cli("trial", "list", "s").splitlines()]
    assert header[:6] == ["number", "state", "loss", "lr", "n", "opt"]
    assert row[1:3] == ["COMPLETE", "0.25"] and row[4:6] == ["3", "1"]
    assert len(cli("trial", "list", "s", "--no-header").splitlines()) == 1
    rows = list(csv.DictReader(io.StringIO(cli("trial", "list", "s", "-o", "csv"))))
    assert rows[0]["state"] == "COMPLETE" and float(rows[0]["loss"]) == 0.25
    assert dict(line.split("\t") for line in cli("study", "show", "s").splitlines())["state"] == "ACTIVE"
    assert [line.split("\t")[0] for line in cli("study", "list").splitlines()] == ["name", "s"]


def test_table_on_a_terminal(cli):
    cli.create(name="größe")
    master, slave = pty.openpty()
    child = subprocess.Popen([KRIGE, "study", "list"], env=cli.env, stdout=slave, stderr=slave)
    child.wait(20)
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert "\t" not in shown and "größe" in shown and "\\x" not in shown


def test_tables_are_short(cli):
    """Six digits, and no columns that say nothing; other formats have all."""
    cli.create()
    for number in range(2):
        cli("ask", "s", "--fix", f"lr={1 / 300!r}", "--fix", f"n={3 + number}", "--fix", "opt=sgd")
        cli("tell", "s", number, 1 / 3)
    lines = cli("trial", "list", "s", "-o", "table").splitlines()
    assert lines[0].split() == ["number", "state", "loss", "lr", "n", "opt"]
    assert lines[1].split()[2:6] == ["0.333333", "0.00333333", "3", "sgd"]
    exact = next(csv.DictReader(io.StringIO(cli("trial", "list", "s", "-o", "csv"))))
    assert (float(exact["loss"]), float(exact["lr"]), exact["attempt"]) == (1 / 3, 1 / 300, "1")
    assert {"worker", "reason"} <= set(exact)
    assert "0.333333 in trial" in cli("study", "show", "s", "-o", "table")
    assert repr(1 / 3) in cli("study", "show", "s")
    cli("ask", "s", "--worker", "w")
    assert "worker" in cli("trial", "list", "s", "-o", "table").splitlines()[0]


def test_ask(cli):
    cli.create()
    trials = cli.json("ask", "s", "-c", 3)
    assert [t["number"] for t in trials] == [0, 1, 2]
    trial = cli.json("ask", "s", "--fix", "lr=0.01", "--fix", "opt=null", "--lease", "5")
    assert trial["params"]["lr"] == 0.01 and trial["params"]["opt"] is None
    assert 0 < trial["lease"]["remaining"] <= 5
    shell = cli("ask", "s", "--format", "env", "--fix", "opt=sgd")
    told = subprocess.run(["sh", "-c", shell + 'echo "$KRIGE_STUDY/$KRIGE_TRIAL/$KRIGE_PARAM_opt";'
                           'echo "$KRIGE_PARAMS"'], capture_output=True, text=True, check=True).stdout.split("\n")
    assert told[0] == "s/4/sgd" and json.loads(told[1])["opt"] == "sgd"
    assert re.match(r"--lr=\S+ --n=\d --opt=\S+$", cli("ask", "s", "--format", "args"))
    assert json.loads(cli("ask", "s", "--format", "json"))["number"] == 6
    for words, said in ((["--fix", "lr=2"], "lr"), (["--fix", "lrr=1"], "did you mean 'lr'"),
                        (["--fix", "n=x"], "not a whole number"), (["--fix", "opt=sdg"], "choices"),
                        (["-c", "0"], "-c"), (["--format", "xml"], "xml"), (["--lease", "soon"], "lease"),
                        (["--lease", "-1"], "lease")):
        cli("ask", "s", *words, code=USAGE)
        assert said in cli.words
    cli("ask", "nosuch", code=NOT_FOUND)
    cli("ask", "s", "extra", code=USAGE)


def test_ask_loop_ends(cli):
    """The loop of a shell script needs no parsing: ask ends it."""
    cli.create(budget=3)
    script = f'while p=$({KRIGE} ask s --format env); do eval "$p"; {KRIGE} tell -q s $KRIGE_TRIAL 1; done; ' \
             f'{KRIGE} ask s; echo $?'
    done = subprocess.run(["sh", "-c", script], env=cli.env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "9\n"
    assert cli.json("study", "show", "s")["counts"]["COMPLETE"] == 3


def test_tell(cli):
    cli.create()
    cli("ask", "s", "-c", 6)
    cli("tell", "s", 0, "-0.5")
    cli("tell", "s", 0, "-0.5")  # repeating it is harmless
    cli("tell", "s", 0, "0.5", code=CONFLICT)
    assert "0" in cli.words
    cli("tell", "s", 1, "loss=nan")
    cli("tell", "s", 2, "--failed", "out of memory")
    cli("tell", "s", 3, "--infeasible", "no such mesh")
    trials = cli.lines("trial", "list", "s")
    assert [t["state"] for t in trials[:4]] == ["COMPLETE", "FAILED", "FAILED", "INFEASIBLE"]
    assert [t["reason"] for t in trials[:4]] == [None, "nonfinite", "out of memory", "no such mesh"]
    assert trials[0]["values"] == {"loss": -0.5}
    cli("tell", "s", 4, "acc=3", code=USAGE)
    assert "acc" in cli.words
    cli("tell", "s", 4, "loss=much", code=USAGE)
    cli("tell", "s", 4, "0.1+-0.01")
    assert cli.json("trial", "show", "s", 4)["sems"] == {"loss": 0.01}
    cli("tell", "s", 5, "0.1+--0.01", code=USAGE)
    assert "sem" in cli.words
    cli("tell", "s", 99, "1", code=NOT_FOUND)
    cli("tell", "s", "four", "1", code=USAGE)
    cli("tell", "s", 4, code=USAGE)
    cli("tell", "nosuch", 0, "1", code=NOT_FOUND)


def test_tell_lines(cli):
    cli.create()
    cli("ask", "s", "-c", 5)
    cli("tell", "s", "-", stdin="\n".join([
        '{"number": 0, "value": 0.5}', '', '{"number": 1, "values": {"loss": 0.25}}',
        '{"number": 2, "failed": "crash"}', '{"number": 3, "infeasible": "no"}',
        '{"params": {"lr": 0.1, "n": 3, "opt": "sgd"}, "value": 1}',
        '{"number": 4, "value": NaN}']))
    trials = cli.lines("trial", "list", "s")
    assert [t["state"] for t in trials] == \
        ["COMPLETE", "COMPLETE", "FAILED", "INFEASIBLE", "FAILED", "COMPLETE"]
    assert trials[5]["told"] and trials[5]["params"] == {"lr": 0.1, "n": 3, "opt": "sgd"}
    for line, said in (('{"number": 1}', "value"), ('{"value": 1}', "number"), ("[1]", "object"),
                       ('{"number": 1, "value": "x"}', "number"), ("nonsense", "not JSON"),
                       ('{"number": 1, "walue": 1}', "walue"),
                       ('{"params": {"lr": 1}, "value": 1}', "lr"),
                       ('{"params": {"lr": 0.1, "n": 3, "opt": [1]}, "value": 1}', "opt"),
                       ('{"params": {"lr": 0.1, "n": 3}, "value": 1}', "opt")):
        cli("tell", "s", "-", stdin=line, code=USAGE)
        assert said in cli.words and "line 1" in cli.words and "line 1, " not in cli.words
    assert len(cli.lines("trial", "list", "s")) == 6


def test_best_and_predict(cli):
    cli.create()
    cli("best", "s", code=NOT_NOW)
    assert "no result yet" in cli.words and "try again" not in cli.words
    cli("predict", "s", "lr=0.01", "n=3", "opt=sgd", code=NOT_NOW)
    assert "no result yet" in cli.words and "try again" not in cli.words
    points = "".join(json.dumps({"params": {"lr": 0.01, "n": n, "opt": "sgd"}, "value": (n - 3) ** 2}) + "\n"
                     for n in range(1, 9))
    cli("tell", "s", "-", stdin=points)
    assert cli.json("best", "s")["values"] == {"loss": 0}
    (one,) = cli.json("predict", "s", "lr=0.01", "n=3", "opt=sgd")
    assert set(one["loss"]) == {"mean", "sd"} and one["loss"]["sd"] >= 0
    many = cli.lines("predict", "s", "-", stdin='{"lr": 0.01, "n": 3, "opt": "sgd"}\n'
                     '{"lr": 0.01, "n": 8, "opt": "sgd"}\n')
    # many at once round elsewhere: the sd where a result is known is a difference of near equals
    for term in ("mean", "sd"):
        assert many[0]["loss"][term] == pytest.approx(one["loss"][term], rel=1e-8)
    assert many[1]["loss"]["mean"] > one["loss"]["mean"]
    header, row = cli("predict", "s", "lr=0.01", "n=3", "opt=sgd").splitlines()
    assert header == "metric\tmean\tsd\tpoint" and float(row.split("\t")[1]) == one["loss"]["mean"]
    cli("predict", "s", "lr=0.01", code=USAGE)
    cli("predict", "s", "-", stdin="{}", code=USAGE)
    cli("predict", "s", code=USAGE)


def test_model(cli):
    space = {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
             "n": {"type": "int", "low": 1, "high": 8}, "host": {"type": "fixed", "value": "h"}}
    cli.create(space=space)
    cli("model", "s", code=NOT_NOW)
    assert "no result yet" in cli.words
    assert cli.json("model", "s", code=NOT_NOW)["models"] == []
    for number in range(12):
        trial = cli.json("ask", "s")
        cli("tell", "s", number, (trial["params"]["n"] - 5) ** 2)
    found = cli.json("model", "s")
    assert found["reason"] is None and found["results"] == 12
    (loss,) = found["models"]
    assert loss["metric"] == "loss" and loss["observations"] == loss["fitted"] == 11
    assert set(loss["lengthscales"]) == set(loss["relevance"]) == {"lr", "n"}  # a fixed one has none
    assert loss["lengthscales"]["n"] < loss["lengthscales"]["lr"] and loss["jitter"] >= 0
    assert loss["calibration"]["results"] == 11 and 0 <= loss["calibration"]["coverage95"] <= 1
    assert "of 11 left-out results" in found["sentences"][0]
    header, first, second = cli("model", "s").splitlines()
    assert header == "metric\tparameter\tlengthscale\trelevance"
    assert first.split("\t")[:2] == ["loss", "lr"] and float(second.split("\t")[2]) == loss["lengthscales"]["n"]
    shown = cli("model", "s", "-o", "table")
    assert "kernel" in shown and "noise sd" in shown and found["sentences"][0] in shown
    cli("model", "nobody", code=NOT_FOUND)
    cli("model", code=USAGE)


def test_replay(cli):
    cli.create()
    assert cli("replay", "s") == "0 suggestions, 0 equal, 0 different\n"
    for number in range(12):
        cli("ask", "s")
        cli("tell", "s", number, (number - 5) ** 2)
    assert cli("replay", "s") == "12 suggestions, 12 equal, 0 different\n"
    count = {"suggestions": 12, "equal": 12, "different": 0, "same_build": True}
    assert cli.json("replay", "s") == {"differing": [], **count}
    assert cli.lines("replay", "s") == [count]
    assert cli("replay", "s", "-o", "csv") == "number,seq,recorded,computed\n"
    assert cli.words == "krige: 12 suggestions, 12 equal, 0 different\n"
    cli("replay", "nosuch", code=NOT_FOUND)


# ---- the daemon and the program itself -------------------------------------------------

def test_status_and_ping(cli, daemon):
    cli.create()
    status = cli.json("status")
    assert status["studies"] == 1 and status["durable"] is True and status["version"]
    assert dict(line.split("\t") for line in cli("status").splitlines())["studies"] == "1"
    assert cli("ping") == ""
    assert daemon.endpoint in cli.words
    pinged = cli.json("ping")
    assert pinged.keys() == {"endpoint", "ms"} and pinged["endpoint"] == daemon.endpoint
    assert pinged["ms"] > 0 and cli.words == ""
    assert cli("version") == cli("--version") and cli("version").startswith("krige ")


def test_cannot_connect(folder):
    endpoint = f"ipc://{folder}/nobody.sock"
    cli = Cli(endpoint)
    start = time.monotonic()
    for words in (["ping"], ["study", "list"], ["ask", "s"], ["run", "s", "--", "true"]):
        cli(*words, code=CANNOT_CONNECT)
        assert f"kriged --db FILE --endpoint {endpoint}" in cli.words
    assert time.monotonic() - start < 10
    cli("ping", "--endpoint", "nonsense", code=USAGE)
    cli("ping", "--endpoint", "ipc:///" + "x" * 200, code=USAGE)
    assert "107" in cli.words


def test_timeout(cli, daemon):
    daemon.process.send_signal(signal.SIGSTOP)
    cli("--timeout", "0.5", "ping", code=TIMEOUT)
    assert "--timeout" in cli.words
    daemon.process.send_signal(signal.SIGCONT)
    cli("ping")


def test_usage():
    cli = Cli("ipc:///nowhere")
    assert "usage: krige ask STUDY" in cli("ask", "--help")
    assert "study create" in cli("help") and "study create" in cli("--help")
    assert "usage: krige study create" in cli("help", "study", "create")
    assert "study pause" in cli("help", "study")
    commands = [words.split() for words in re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", cli("help"), re.M)]
    assert ["study", "undelete"] in commands and ["run"] in commands
    for words in commands:
        assert cli(*words, "--help").startswith("usage: krige " + " ".join(words))
        assert cli("help", *words) == cli(*words, "--help")
    for words in ([], ["stdy"], ["study"], ["study", "shwo"], ["ask"], ["ask", "s", "--cout", "3"],
                  ["trial", "show", "s"], ["trial", "list", "s", "--state", "DONE"],
                  ["-o", "xml", "status"], ["run", "s"], ["run", "s", "-j", "0", "--", "true"],
                  ["--timeout", "x", "ping"], ["help", "nosuch"]):
        cli(*words, code=USAGE)
        assert cli.words
    cli("stdy", code=USAGE)
    assert "did you mean 'study'" in cli.words
    cli.env["KRIGE_TIMEOUT_MS"] = "soon"
    cli("ping", code=USAGE)
    assert "KRIGE_TIMEOUT_MS" in cli.words


def test_full_output(cli):
    cli.create()
    with open("/dev/full", "w") as full:
        done = subprocess.run([KRIGE, "study", "show", "s"], env=cli.env, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=20)
    assert done.returncode == FAILED and "No space left" in done.stderr
