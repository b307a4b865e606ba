"""krige run against a real daemon: through failures, signals, cancellations and restarts."""
import json
import re
import signal
import time

import pytest

from krige_cli import (CANNOT_CONNECT, COMMAND_FAILED, CONFLICT, INTERRUPTED, NOT_FOUND, OK, USAGE, wait_for)

LOSS = 'awk "BEGIN {{ print \\"loss=\\" ({n} - 3) ^ 2 + {lr} }}"'


def test_run(cli, folder):
    cli.create(budget=9)
    cli("run", "s", "-j", 3, "--logs", folder / "logs", "--", "sh", "-c", LOSS)
    lines = [line for line in cli.words.splitlines() if line.startswith("trial ")]
    assert len(lines) == 9
    assert all(re.match(r"trial \d+: loss \S+, best \S+ \(trial \d+\), lr=\S+ n=\d opt=\S+, \d+\.\d s$", line)
               for line in lines), lines
    trials = cli.lines("trial", "list", "s")
    assert [t["state"] for t in trials] == ["COMPLETE"] * 9
    for t in trials:
        assert t["values"]["loss"] == pytest.approx((t["params"]["n"] - 3) ** 2 + t["params"]["lr"], rel=1e-4)
        assert f"loss={t['values']['loss']:.6g}" in (folder / f"logs/trial-{t['number']}.log").read_text()
    cli("run", "s", "--", "true")  # the budget is spent: nothing to do
    assert "budget" in cli.words
    assert cli("replay", "s").startswith("9 suggestions, 9 equal")


def test_run_values(cli, folder):
    cli.create()
    script = 'echo "$KRIGE_STUDY $KRIGE_TRIAL $KRIGE_PARAM_n $KRIGE_PARAMS" >&2; echo noise; echo loss={number}.5'
    cli("run", "s", "--max", 1, "-v", "--", "sh", "-c", script)
    words = re.search(r"^\[0\] s 0 (\d) (\{.*\})$", cli.words, re.M)
    assert json.loads(words[2])["n"] == int(words[1])
    cli("run", "s", "--max", 1, "--", "sh", "-c", 'echo "{{\\"loss\\": {number}}}"')
    cli("run", "s", "--max", 1, "--", "echo", "2")
    result = folder / "r-{number}.json"
    cli("run", "s", "--max", 1, "--result", result, "--", "sh", "-c",
        f'echo loss=7; echo "{{{{ \\"loss\\": 3 }}}}" > {result}')
    cli("run", "s", "--max", 1, "--", "echo", "loss=nan")
    trials = cli.lines("trial", "list", "s")
    assert [t["values"].get("loss") for t in trials] == [0.5, 1, 2, 3, None]
    assert trials[4]["reason"] == "nonfinite"


@pytest.mark.parametrize("command, words, reason", [
    (["sh", "-c", "echo oops >&2; exit 3"], [], "exit status 3: oops"),
    (["sh", "-c", "kill -SEGV $$"], [], "signal 11 (SEGV)"),
    (["sleep", "60"], ["--timeout", "0.2"], "timeout after 0.2 s"),
    (["echo", "hello"], [], "no value: the output has no line loss=VALUE; its last: hello"),
    (["true"], ["--result", "/tmp/krige-no-result-{number}"],
     "no result file: /tmp/krige-no-result-0: No such file or directory"),
    (["printf", "\\377\\001 bad\\n"], [], "no value: the output has no line loss=VALUE; its last: ?  bad"),
])
def test_run_failures(cli, command, words, reason):
    cli.create()
    cli("run", "s", "--max-failures", 2, *words, "--", *command, code=COMMAND_FAILED)
    assert "2 failures in a row" in cli.words
    trials = cli.lines("trial", "list", "s")
    assert [t["state"] for t in trials] == ["FAILED"] * 2
    assert trials[0]["reason"] == reason


def test_run_failures_must_be_in_a_row(cli):
    cli.create()
    cli("run", "s", "--max", 8, "--max-failures", 2, "--",
        "sh", "-c", "test $(({number} % 2)) = 1 && echo loss=1")
    assert cli.json("study", "show", "s")["counts"]["FAILED"] == 4


def test_run_wrong_commands(cli):
    cli.create()
    cli("run", "s", "--", "echo", "{momentum}", code=USAGE)
    assert "{momentum}" in cli.words and "{lr}" in cli.words
    cli("run", "s", "--", "echo", "{", code=USAGE)
    cli("run", "nosuch", "--", "true", code=NOT_FOUND)
    cli("run", "s", "--", "krige-no-such-program", code=COMMAND_FAILED)
    assert "No such file" in cli.words
    cli("run", "s", "--", "/", code=COMMAND_FAILED)
    cli("run", "s", "-j", 2, "--result", "/tmp/r.json", "--", "true", code=USAGE)
    assert "{number}" in cli.words
    assert cli.lines("trial", "list", "s") == []
    cli("run", "s", "--", "{opt}-no-such-program", code=COMMAND_FAILED)
    assert len(cli.lines("trial", "list", "s")) == 1


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
def test_run_interrupted(cli, signal_sent):
    cli.create()
    run = cli.start("run", "s", "-j", 2, "--", "sh", "-c", "sleep 60 & wait; echo loss=1")
    wait_for(lambda: len(cli.lines("trial", "list", "s")) == 2)
    run.send_signal(signal_sent)
    assert run.wait(20) == INTERRUPTED
    run.communicate()
    assert [t["state"] for t in cli.lines("trial", "list", "s")] == ["QUEUED"] * 2
    cli("run", "s", "--max", 2, "--", "echo", "loss=1")  # the next ones get them
    trials = cli.lines("trial", "list", "s")
    assert [(t["number"], t["state"], t["attempt"]) for t in trials] == [(0, "COMPLETE", 2), (1, "COMPLETE", 2)]


def test_run_of_a_cancelled_trial(cli):
    """Its command is ended, and the run goes on with others."""
    cli.create(lease=0.3)
    run = cli.start("run", "s", "--max", 2, "--", "sh", "-c",
                    "test {number} = 1 || {{ sleep 60 & wait; }}; echo loss=1")
    wait_for(lambda: cli.lines("trial", "list", "s"))
    cli("trial", "cancel", "s", 0)
    assert run.wait(20) == OK
    assert "trial 0 was cancelled" in run.communicate()[1]
    assert [t["state"] for t in cli.lines("trial", "list", "s")] == ["CANCELLED", "COMPLETE"]


def test_run_with_constraints(cli):
    """Every metric of the study needs its line; the best is a feasible one."""
    cli.create(constraints=["latency <= 4"], budget=6)
    cli("run", "s", "--max", 1, "--max-failures", 1, "--", "echo", "loss=1", code=COMMAND_FAILED)
    assert "no value: the output has no line latency=VALUE" in cli.words
    cli("run", "s", "--", "sh", "-c", "echo latency={n} ; echo epoch=3, loss=-{n}")
    trials = cli.lines("trial", "list", "s")
    told = [t for t in trials if t["state"] == "COMPLETE"]
    assert all(t["values"] == {"loss": -t["params"]["n"], "latency": t["params"]["n"]} for t in told)
    feasible = [t["params"]["n"] for t in told if t["feasible"]]
    assert feasible == [t["params"]["n"] for t in told if t["params"]["n"] <= 4]
    if len(feasible) < len(told):
        assert "feasible" in cli("trial", "list", "s", "-o", "table").splitlines()[0]
    if feasible:
        assert cli.json("best", "s")["values"]["latency"] == max(feasible)


def test_run_keeps_its_leases(cli):
    cli.create(lease=1)
    cli("run", "s", "--max", 1, "--", "sh", "-c", "sleep 3; echo loss=1")
    (trial,) = cli.lines("trial", "list", "s")
    assert trial["state"] == "COMPLETE" and not trial["late"]


def test_run_of_a_paused_study(cli):
    cli.create()
    cli("study", "pause", "s")
    run = cli.start("run", "s", "--max", 1, "--", "echo", "loss=1")
    time.sleep(0.5)
    assert run.poll() is None
    cli("study", "resume", "s")
    assert run.wait(20) == OK
    assert "waiting" in run.communicate()[1]


def test_run_of_a_deleted_study(cli):
    cli.create()
    run = cli.start("run", "s", "--", "sh", "-c", "sleep 0.5; echo loss=1")
    wait_for(lambda: cli.lines("trial", "list", "s"))
    cli("study", "delete", "s")
    assert run.wait(20) == NOT_FOUND
    run.communicate()


def test_run_survives_restarts(cli, daemon):
    """The daemon is killed again and again; each trial counts once."""
    cli.create(budget=25)
    run = cli.start("run", "s", "-j", 3, "--worker", "w", "--", "sh", "-c",
                    "sleep 0.1; echo loss={lr}")
    for _ in range(4):
        time.sleep(0.25)
        daemon.kill()
        time.sleep(0.1)
        daemon.start()
    out, words = run.communicate(timeout=60)
    assert run.returncode == OK, words
    trials = cli.lines("trial", "list", "s")
    assert [t["number"] for t in trials] == list(range(25))
    assert [t["state"] for t in trials] == ["COMPLETE"] * 25
    assert all(t["values"]["loss"] == pytest.approx(t["params"]["lr"]) for t in trials)
    assert len(re.findall("^trial ", words, re.M)) == 25
    assert cli("replay", "s") == "25 suggestions, 25 equal, 0 different\n"


def test_run_gives_up_on_an_absent_daemon(cli, daemon):
    cli.create()
    run = cli.start("run", "s", "--retry", "0.5", "--", "sh", "-c", "sleep 0.2; echo loss=1")
    wait_for(lambda: cli.lines("trial", "list", "s"))
    daemon.kill()
    assert run.wait(20) == CANNOT_CONNECT
    assert "kriged --db" in run.communicate()[1]
    daemon.start()


def test_run_says_that_the_daemon_is_away(cli, daemon):
    cli.create(budget=4)
    run = cli.start("run", "s", "-j", 2, "--retry", 30, "--", "sh", "-c", "sleep 0.3; echo loss=1")
    wait_for(lambda: cli.lines("trial", "list", "s"))
    daemon.kill()
    time.sleep(1)
    daemon.start()
    assert run.wait(30) == OK
    words = run.communicate()[1]
    assert words.count("the daemon does not answer; waiting up to 30 s\n") == 1, words
    assert words.count("the daemon is back\n") == 1, words


def variables(text):
    return dict(line.removeprefix("export ").split("=", 1) for line in text.splitlines() if line.startswith("export "))


def test_a_worker_that_was_given_up(cli):
    """With the variables of its trial it cannot speak for the worker that has the trial now."""
    cli.create()
    first = variables(cli("ask", "s", "--format", "env"))
    cli("trial", "requeue", "s", 0)
    second = variables(cli("ask", "s", "--format", "env"))
    assert first["KRIGE_TRIAL"] == second["KRIGE_TRIAL"] == "0" and first["KRIGE_LEASE"] != second["KRIGE_LEASE"]
    plain = dict(cli.env)
    cli.env.update(first)
    cli("report", "s", 0, 1, 0.5, code=CONFLICT)
    cli.env.update(second)
    cli("report", "s", 0, 1, 0.5)
    cli("tell", "s", 0, 0.25)
    cli.env.update(first)
    cli("tell", "s", 0, 0.5, code=CONFLICT)
    cli.env = plain
    assert cli.json("trial", "show", "s", 0)["values"] == {"loss": 0.25}


def test_variables_of_inactive_parameters(cli):
    """A loop with eval sees no value of the trial before."""
    cli.create(space={"on": {"type": "bool"}, "x": {"type": "int", "low": 7, "high": 8, "when": "on"}})
    cli("trial", "enqueue", "s", "on=true", "x=7")
    cli("trial", "enqueue", "s", "on=false")
    first, second = cli("ask", "s", "--format", "env"), cli("ask", "s", "--format", "env")
    assert "export KRIGE_PARAM_x=7\n" in first
    assert "unset KRIGE_PARAM_x\n" in second and "export KRIGE_PARAM_on=false\n" in second


def test_run_of_a_conditional_study(cli):
    """What an inactive parameter would stand in is left out; {gamma} inside a text is empty."""
    cli.create(budget=8, space={"kernel": {"type": "categorical", "choices": ["linear", "rbf"]},
                                "gamma": {"type": "float", "low": 1, "high": 2, "when": "kernel == 'rbf'"}})
    cli("run", "s", "-j", 2, "--logs", "/nowhere/at/all", "--", "true", code=USAGE)
    cli("run", "s", "--max-failures", 1, "--", "sh", "-c", 'test "$1$2" = "$0--gamma=$KRIGE_PARAM_gamma" || test "$#" = 1; '
        'echo "loss=$#"', "{kernel}", "{kernel}", "--gamma={gamma}")
    trials = cli.lines("trial", "list", "s", "--state", "COMPLETE")
    assert len(trials) == 8 and {t["params"]["kernel"] for t in trials} == {"linear", "rbf"}
    for t in trials:
        assert t["values"]["loss"] == (2 if "gamma" in t["params"] else 1)
        assert ("gamma" in t["params"]) == (t["params"]["kernel"] == "rbf")
