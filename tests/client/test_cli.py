"""The krige command line against a real daemon: each command, its output in a pipe,
its JSON shapes, its exit codes; `krige run` through failures, signals and restarts."""

import csv
import io
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import time

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
KRIGE = os.environ.get("KRIGE_BIN") or str(CHECKOUT / "build/release/bin/krige")
OK, FAILED, USAGE, NOT_FOUND, CONFLICT = 0, 1, 2, 3, 5
CANNOT_CONNECT, TIMEOUT, NOT_NOW, FINISHED, COMMAND_FAILED, INTERRUPTED = 6, 7, 8, 9, 11, 130

SPEC = {
    "name": "s",
    "space": {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "n": {"type": "int", "low": 1, "high": 8},
        "opt": {"type": "categorical", "choices": ["sgd", "adam", None, 1, 1.0, "1", True]},
    },
    "objective": "minimize loss",
    "seed": 18446744073709551615,
}

pytestmark = pytest.mark.skipif(not os.access(KRIGE, os.X_OK), reason="krige is not built: ./dev build")


class Cli:
    """krige with an endpoint and the plainest of environments."""

    def __init__(self, endpoint):
        self.env = {"PATH": os.environ["PATH"], "KRIGE_ENDPOINT": endpoint,
                    **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}

    def __call__(self, *words, code=OK, stdin=""):
        done = subprocess.run([KRIGE, *map(str, words)], input=stdin, env=self.env, text=True,
                              capture_output=True, timeout=120)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        self.words = done.stderr
        return done.stdout

    def json(self, *words, **more):
        return json.loads(self(*words, "-o", "json", **more))

    def lines(self, *words, **more):
        return [json.loads(line) for line in self(*words, "-o", "jsonl", **more).splitlines()]

    def start(self, *words):
        return subprocess.Popen([KRIGE, *map(str, words)], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def create(self, **changes):
        self("study", "create", "-", "-q", stdin=json.dumps({**SPEC, **changes}))


@pytest.fixture
def cli(daemon):
    return Cli(daemon.endpoint)


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
    assert many[0] == one and many[1]["loss"]["mean"] > one["loss"]["mean"]
    header, row = cli("predict", "s", "lr=0.01", "n=3", "opt=sgd").splitlines()
    assert header == "metric\tmean\tsd\tpoint" and float(row.split("\t")[1]) == one["loss"]["mean"]
    cli("predict", "s", "lr=0.01", code=USAGE)
    cli("predict", "s", "-", stdin="{}", code=USAGE)
    cli("predict", "s", code=USAGE)


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


# ---- run --------------------------------------------------------------------------------

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


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come"
        time.sleep(0.05)
