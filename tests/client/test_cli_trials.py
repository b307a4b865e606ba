"""The life of a trial from the shell: queue, correct, cancel, give out again, report, wait."""
import csv
import json
import time

from krige_cli import CONFLICT, FINISHED, NOT_FOUND, NOT_NOW, OK, STOP, TIMEOUT, USAGE

POINT = ["lr=0.01", "n=3", "opt=sgd"]


def test_enqueue(cli):
    cli.create()
    cli("trial", "enqueue", "s", *POINT, "--note", "last year", "--label", "team=a", "--label", "shift=3")
    assert "trial 0 is QUEUED" in cli.words
    assert cli("trial", "enqueue", "s", "n=5", "-o", "name") == "1\n"
    cli("trial", "enqueue", "s", "-", stdin='{"params": {"lr": 0.05}, "note": "x", "labels": {"k": null}}\n\n{"params": {"n": 2}}\n')
    asked = [cli.json("ask", "s") for _ in range(4)]
    assert [t["number"] for t in asked] == [0, 1, 2, 3]
    assert asked[0]["params"] == {"lr": 0.01, "n": 3, "opt": "sgd"}
    assert asked[1]["params"]["n"] == 5 and asked[2]["params"]["lr"] == 0.05
    first = cli.json("trial", "show", "s", 0)
    assert first["note"] == "last year" and first["labels"] == {"team": "a", "shift": 3}
    assert [t["number"] for t in cli.lines("trial", "list", "s", "--filter", "labels.team==a")] == [0]
    for words, said in ((["lr=5"], "lr"), (["opd=3"], "did you mean 'opt'"), (["n"], "PARAMETER=VALUE"), ([], "STUDY")):
        cli("trial", "enqueue", "s", *words, code=USAGE)
        assert said in cli.words
    cli("trial", "enqueue", "s", "-", stdin='{"params": {"n": 3}, "notes": "x"}', code=USAGE)
    assert "notes" in cli.words and "line 1" in cli.words


def test_words_for_every_kind_of_parameter(cli):
    cli.create(space={"f": {"type": "float", "low": 0, "high": 1}, "b": {"type": "bool"},
                      "o": {"type": "ordinal", "values": [1, 2.5, 10]}, "k": {"type": "fixed", "value": "x"},
                      "c": {"type": "categorical", "choices": [None, True, "true"]},
                      "w": {"type": "int", "low": -3, "high": 3, "when": "b"}})
    words = ["f=0.5", "b=true", "o=2.5", "k=x", 'c="true"', "w=-2"]
    cli("trial", "enqueue", "s", *words)
    assert cli.json("ask", "s")["params"] == {"f": 0.5, "b": True, "o": 2.5, "k": "x", "c": "true", "w": -2}
    cli("trial", "enqueue", "s", "b=false", "w=1", code=USAGE)
    assert "w" in cli.words
    for word, said in (("b=yes", "true or false"), ("o=3", "1, 2.5, 10"), ("k=y", '"x"'), ("w=1.5", "whole")):
        cli("trial", "enqueue", "s", word, code=USAGE)
        assert said in cli.words
    cli("tell", "s", 0, 1)
    cli("tell", "s", "-", stdin='{"params": {"f": 0.25, "b": false, "o": 10, "k": "x", "c": null}, "value": 3}\n')
    assert cli.lines("trial", "list", "s", "--filter", "not b and o==10")[0]["number"] == 1
    assert cli("trial", "list", "s", "--filter", "w==null", "-o", "name") == "1\n"


def test_edit_exclude_note(cli):
    cli.create()
    cli("ask", "s", "-c", 3)
    cli("tell", "s", 0, 0.5)
    cli("tell", "s", 1, 0.25)
    assert cli.json("best", "s")["number"] == 1
    cli("trial", "edit", "s", 0, "loss=-1+-0.5", "--label", "ok=true", "--note", "typo")
    edited = cli.json("best", "s")
    assert (edited["number"], edited["values"], edited["sems"]) == (0, {"loss": -1}, {"loss": 0.5})
    assert edited["labels"] == {"ok": True} and edited["note"] == "typo"
    cli("trial", "edit", "s", 0, "--unlabel", "ok")
    assert cli.json("trial", "show", "s", 0)["labels"] == {}
    cli("trial", "exclude", "s", 0)
    assert "excluded" in cli.words
    assert cli.json("best", "s")["number"] == 1
    assert cli("trial", "list", "s", "--filter", "excluded", "-o", "name") == "0\n"
    cli("trial", "exclude", "s", 0, "--undo")
    assert cli.json("best", "s")["number"] == 0
    cli("trial", "note", "s", 0, "")
    assert cli.json("trial", "show", "s", 0)["note"] is None
    cli("trial", "edit", "s", 2, "loss=1", code=CONFLICT)  # it runs
    cli("trial", "edit", "s", 0, code=USAGE)
    assert "nothing to change" in cli.words
    cli("trial", "edit", "s", 9, "1", code=NOT_FOUND)
    cli("trial", "exclude", "s", "x", code=USAGE)


def test_cancel_requeue_delete(cli):
    cli.create(budget=4)
    cli("ask", "s", "-c", 4)
    params = cli.json("trial", "show", "s", 1)["params"]
    cli("trial", "cancel", "s", 1, 2, "--reason", "wrong data")
    assert cli.json("trial", "show", "s", 2)["reason"] == "wrong data"
    cli("trial", "requeue", "s", 1)
    again = cli.json("ask", "s")
    assert (again["number"], again["attempt"], again["params"]) == (1, 2, params)
    cli("trial", "delete", "s", 3, code=CONFLICT)  # it runs
    cli("trial", "delete", "s", 2)
    assert "trial 2 is deleted; it was CANCELLED" in cli.words
    cli("trial", "show", "s", 2, code=NOT_FOUND)
    assert cli.json("ask", "s")["number"] == 4  # the number is not used again
    cli("tell", "s", 3, "--failed", "disk")
    cli("trial", "requeue", "s", 3)
    assert [t["state"] for t in cli.lines("trial", "list", "s", "--filter", "number==3")] == ["QUEUED"]
    cli("trial", "cancel", "s", code=USAGE)


def test_no_best_among_results(cli):
    cli.create()
    cli("ask", "s")
    cli("tell", "s", 0, "loss=1")
    cli("trial", "exclude", "s", 0)
    cli("best", "s", code=NOT_NOW)
    assert "no best trial" in cli.words and "excluded" in cli.words
    assert "no result yet" not in cli.words  # there is one


def test_report(cli):
    cli.create()
    cli("ask", "s", "-c", 2)
    cli("report", "s", 0, 1, "loss=0.8")
    cli("report", "s", 0, 2, "-0.5")
    cli("report", "s", 0, 2, "0.7", code=CONFLICT)
    assert [(p["step"], p["value"]) for p in cli.json("trial", "show", "s", 0)["progress"]] == [(1, 0.8), (2, -0.5)]
    assert cli.json("report", "s", 0, 3, 1)["stop"] is False
    cli("trial", "cancel", "s", 0)
    cli("report", "s", 0, 4, 1, code=STOP)
    assert "stop: trial 0 is CANCELLED" in cli.words
    cli("study", "pause", "s")
    stopped = cli.json("report", "s", 1, 1, 1, code=STOP)
    assert stopped["stop"] is True and stopped["reason"] == "PAUSED"
    for words, said in (([0, "x", 1], "STEP"), ([0, 1, "a"], "not a number"), ([0, 1, "acc=1"], "acc"),
                        ([0, 1, "1+-1"], "standard error"), ([0, 1], "STUDY N STEP"), ([0, 1, "nan"], "value")):
        cli("report", "s", *words, code=USAGE)
        assert said in cli.words, words


def test_settings(cli):
    cli.create()
    cli("study", "set", "s", "budget=200", "lease=10m", "label.team=vision", "label.n=3", "on_expiry=requeue",
        "retry_limit=2")
    shown = cli.json("study", "show", "s")
    assert (shown["budget"], shown["lease"], shown["on_expiry"], shown["retry_limit"]) == (200, 600, "requeue", 2)
    assert shown["labels"] == {"team": "vision", "n": 3}
    version = shown["spec_version"]
    cli("study", "set", "s", "label.n=", "--if-version", version)
    assert cli.json("study", "show", "s")["labels"] == {"team": "vision"}
    cli("study", "set", "s", "budget=1", "--if-version", version, code=CONFLICT)
    for word, said in (("budget=x", "budget"), ("lease=5y", "lease"), ("on_expiry=never", "expire or requeue"),
                       ("retry_limit=-1", "retry_limit"), ("lese=3", "did you mean 'lease'"), ("budget", "="),
                       ("label.=3", "label")):
        cli("study", "set", "s", word, code=USAGE)
        assert said in cli.words


def test_stop_rules(cli):
    cli.create()
    cli("study", "set", "s", "stop.no_progress=2", "stop.min_progress=0.5")
    cli("study", "set", "s", "stop.target=-1")
    shown = cli.json("study", "show", "s")
    assert shown["stop"] == {"no_progress": 2, "min_progress": 0.5, "target": -1}
    assert shown["outlook"] is None
    text = cli("study", "show", "s", "-o", "table")
    assert "2 trials without progress by more than 0.5, target -1" in text
    for value in (3, 3, 2.9):
        number = cli.json("ask", "s")["number"]
        cli("tell", "s", number, value)
    cli("ask", "s", code=FINISHED)
    assert "no progress in 2 trials: none was better than 3 by more than 0.5" in cli.words
    assert cli.json("study", "show", "s")["reason"].startswith("no progress")
    cli("study", "set", "s", "stop.no_progress=none", "stop.min_progress=none")
    assert cli.json("study", "show", "s")["state"] == "ACTIVE"
    cli("study", "set", "s", "stop=none")
    assert cli.json("study", "show", "s")["stop"] is None
    for word, said in (("stop.no_progress=x", "number of trials"), ("stop.gian=1", "no setting"),
                       ("stop.target=x", "not a number"), ("stop=3", "none")):
        cli("study", "set", "s", word, code=USAGE)
        assert said in cli.words


def test_explain(cli):
    cli.create()
    cli("explain", "s", code=NOT_FOUND)
    assert "suggested nothing yet" in cli.words
    for i in range(8):
        number = cli.json("ask", "s")["number"]
        cli("tell", "s", number, i % 3 + 1)
    text = cli("explain", "s")
    assert "trial 7 was suggested by the model, from 7 results" in text
    assert "it came out as" in text and "        pull    weight  distance  trial" in text
    found = cli.json("explain", "s", 7)
    why = found["trial"]["why"]
    assert why["observations"] == 7 and why["role"] in ("explore", "exploit")
    assert {pull["number"] for pull in why["pulls"]} <= {t["number"] for t in found["related"]}
    assert found["surprise"] is not None and len(found["sentences"]) >= 5
    assert "initial design" in cli("explain", "s", 0)
    cli("explain", "s", "x", code=USAGE)
    cli("explain", "s", 99, code=NOT_FOUND)


def test_clone(cli):
    cli.create(budget=7)
    cli("tell", "s", "-", stdin='{"params": {"lr": 0.01, "n": 3, "opt": "1"}, "value": 0.5, "sem": 0.1}\n'
                                '{"params": {"lr": 0.02, "n": 4, "opt": null}, "value": 0.25}\n')
    cli("ask", "s")
    cli("study", "clone", "s", "bare")
    cli("study", "clone", "s", "full", "--results")
    bare, full, was = (cli.json("study", "show", name) for name in ("bare", "full", "s"))
    for key in ("space", "metrics", "seed", "budget", "lease"):
        assert bare[key] == was[key] == full[key]
    assert bare["counts"]["COMPLETE"] == 0 and full["counts"]["COMPLETE"] == 2
    old, new = (cli.lines("trial", "list", name, "--state", "COMPLETE") for name in ("s", "full"))
    assert [(t["params"], t["values"], t["sems"]) for t in old] == [(t["params"], t["values"], t["sems"]) for t in new]
    cli("study", "clone", "s", "full", code=CONFLICT)
    cli("study", "clone", "nosuch", "x", code=NOT_FOUND)


def test_why(cli):
    cli.create(budget=1)
    assert "initial design" in cli("study", "why", "s")
    assert cli.json("study", "why", "s")["next"] == "INITIAL"
    cli("trial", "enqueue", "s", "n=3")
    why = cli.json("study", "why", "s")
    assert (why["next"], why["next_number"], why["queued"], why["left"]) == ("QUEUED", 0, 1, 1)
    cli("study", "pause", "s")
    why = cli.json("study", "why", "s")
    assert why["next"] == "NOTHING" and "paused" in why["reason"]
    assert why["sentences"] == cli("study", "why", "s").splitlines()


def test_wait(cli):
    cli.create(budget=2)
    cli("ask", "s", "-c", 2)
    start = time.monotonic()
    cli("study", "wait", "s", "--timeout", "300ms", code=TIMEOUT)
    assert time.monotonic() - start >= 0.3
    waiting = cli.start("study", "wait", "s", "--for", "complete>=1 and best<0.3")
    over = cli.start("study", "wait", "s", "--for", "complete or best<0.1")
    never = cli.start("study", "wait", "s", "--for", "best<-1")
    cli("tell", "s", 0, 0.25)
    assert waiting.wait(20) == OK
    waiting.communicate()
    assert over.poll() is None
    cli("tell", "s", 1, 0.5)
    assert over.wait(20) == OK and never.wait(20) == FINISHED
    over.communicate()
    assert "best<-1" in never.communicate()[1]
    cli("study", "wait", "s", "--for", "idle")
    assert cli.json("study", "wait", "s")["counts"]["COMPLETE"] == 2
    for text, said in (("best<x", "best"), ("bst<1", "did you mean 'best'"), ("trials >", "value"), ("", "column")):
        cli("study", "wait", "s", "--for", text, code=USAGE)
        assert said in cli.words
    cli("study", "wait", "nosuch", code=NOT_FOUND)


def test_wait_survives_a_restart(cli, daemon):
    cli.create()
    waiting = cli.start("study", "wait", "s", "--for", "complete>=1")
    watching = cli.start("trial", "list", "s", "--watch")
    cli("ask", "s")
    time.sleep(0.3)
    daemon.kill()
    time.sleep(0.3)
    daemon.start()
    cli("tell", "s", 0, 1)
    assert waiting.wait(20) == OK
    waiting.communicate()
    cli("study", "finish", "s")
    assert watching.wait(20) == OK
    assert json.loads(watching.communicate()[0].splitlines()[-1])["state"] == "COMPLETE"


def test_ask_waits(cli):
    cli.create()
    cli("study", "pause", "s")
    cli("ask", "s", code=NOT_NOW)
    cli("ask", "s", "--wait", "200ms", code=NOT_NOW)
    asking = cli.start("ask", "s", "--wait", "30s", "-o", "name")
    time.sleep(0.3)
    assert asking.poll() is None
    cli("study", "resume", "s")
    assert asking.wait(20) == OK and asking.communicate()[0] == "0\n"


def test_watch(cli):
    cli.create()
    watch = cli.start("trial", "list", "s", "--watch")
    show = cli.start("study", "show", "s", "--watch")
    cli("ask", "s")
    time.sleep(0.5)  # a line for each state, not one for both
    cli("tell", "s", 0, 0.5)
    time.sleep(0.3)
    cli("study", "finish", "s")
    assert watch.wait(20) == OK and show.wait(20) == OK
    assert [(t["number"], t["state"]) for t in map(json.loads, watch.communicate()[0].splitlines())] == \
        [(0, "RUNNING"), (0, "COMPLETE")]
    shown = [json.loads(line) for line in show.communicate()[0].splitlines()]
    assert shown[-1]["state"] == "FINISHED" and shown[-1]["counts"]["COMPLETE"] == 1
    assert [s["seq"] for s in shown] == sorted({s["seq"] for s in shown})


def test_top(cli):
    cli.create()
    cli.create(name="t", budget=3)
    cli("ask", "t", "-c", 2)
    cli("tell", "t", 0, 0.5)
    first, second = cli.lines("top", "--frames", 2, "--delay", "0.1")[1::2]
    assert (first["name"], first["running"], first["complete"], first["best"]) == ("t", 1, 1, 0.5)
    assert first["rate"] is None and second["rate"] == 0 and "min" in first["lease"]
    assert cli("top", "-o", "name", "--filter", "name==s") == "s\n"
    cli("top", "--delay", "0", code=USAGE)


def test_export(cli, folder):
    cli.create()
    cli("ask", "s", "-c", 3)
    cli("tell", "s", 0, "0.1+-0.01")
    cli("report", "s", 1, 4, 0.3)
    lines = [json.loads(line) for line in cli("export", "s").splitlines()]
    assert [t["number"] for t in lines] == [0, 1, 2]
    assert lines[0]["sems"] == {"loss": 0.01} and lines[1]["progress"][0]["value"] == 0.3
    cli("export", "s", folder / "all.csv")
    rows = list(csv.DictReader(open(folder / "all.csv")))
    assert [float(r["lr"]) for r in rows] == [t["params"]["lr"] for t in lines]
    cli("export", "s", folder / "all", "--format", "csv")
    assert (folder / "all").read_text() == (folder / "all.csv").read_text() == cli("export", "s", "-", "--format", "csv")
    assert not list(folder.glob("*.part"))
    cli("export", "s", folder / "no" / "such", code=1)
    assert "No such file" in cli.words
    cli("export", "s", "--format", "xml", code=USAGE)
    assert len(cli("export", "s", "--filter", "state==RUNNING").splitlines()) == 2


def test_tell_many_lines(cli):
    """Thousands of lines take a few requests; the wrong one is still named."""
    cli.create()
    point = {"params": {"lr": 0.01, "n": 3, "opt": "sgd"}}
    before = cli.json("status")["requests"]
    cli("tell", "s", "-", stdin="".join(json.dumps({**point, "value": k / 7, "sem": 0.1}) + "\n" for k in range(3000)))
    assert "told 3000" in cli.words
    assert cli.json("status")["requests"] - before < 30
    assert cli.json("study", "show", "s")["counts"]["COMPLETE"] == 3000
    cli("ask", "s", "-c", 4)
    lines = [{"number": 3000, "value": 1}, {"number": 3001, "failed": "x"}, {"number": 3002, "value": 2},
             {"number": 7777, "value": 2}, {"number": 3003, "value": 3}]
    cli("tell", "s", "-", stdin="\n".join(map(json.dumps, lines)), code=NOT_FOUND)
    assert "7777" in cli.words and "stopped at line 4; told before it: 3" in cli.words
    states = [t["state"] for t in cli.lines("trial", "list", "s", "--filter", "number>=3000")]
    assert states == ["COMPLETE", "FAILED", "COMPLETE", "RUNNING"]
    for line, said in (('{"number": 3003, "failed": "x", "sem": 1}', "sem"),
                       ('{"number": 3003, "value": 1, "sem": "x"}', "sem"),
                       ('{"number": 3003, "values": {"loss": 1}, "sems": {"acc": 1}}', "acc")):
        cli("tell", "s", "-", stdin=line, code=USAGE)
        assert said in cli.words and "line 1" in cli.words


def test_variables_of_parameters(cli):
    cli.create(space={name: {"type": "int", "low": k, "high": k + 1} for k, name in
                      ((1, "a-b"), (11, "a b"), (21, "é"), (31, "è"))})
    lines = cli("ask", "s", "--format", "env").splitlines()
    names = [line.split("=")[0] for line in lines if "KRIGE_PARAM_" in line]
    assert names == [f"export KRIGE_PARAM_{n}" for n in ("a_b", "a_b_2", "C3A9", "C3A8")]
