"""The table of commands and what is made of it: help, manual pages, completion, examples that work."""
import os
import re
import shutil
import subprocess

import pytest

from krige_cli import KRIGE, USAGE, Cli

KINDS = {"single": "mnist", "constrained": "server", "conditional": "classifier", "noisy": "reactor"}


def commands(cli):
    return [words.split() for words in re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", cli("help").split("\nOptions")[0], re.M)]


@pytest.fixture
def offline(folder):
    if not os.access(KRIGE, os.X_OK):
        pytest.skip("krige is not built: ./dev build")
    return Cli(f"ipc://{folder}/nobody.sock")


def test_help_fits_and_has_examples(offline):
    seen = commands(offline)
    assert len(seen) > 35
    assert max(map(len, offline("help").splitlines())) <= 80
    for words in seen:
        text = offline(*words, "--help")
        assert "\nExample:\n" in text, words
        body = text.split("\nExample:\n")[0]
        assert max(map(len, body.splitlines())) <= 90, words
    for topic in ("filters", "formats", "exit-codes", "environment"):
        assert offline("help", topic)


@pytest.mark.parametrize("kind", KINDS)
def test_init(cli, kind):
    text = cli("init", kind)
    assert "#" in text and max(map(len, text.splitlines())) <= 100
    cli("study", "create", "-", stdin=text)
    assert cli.json("study", "show", KINDS[kind])["name"] == KINDS[kind]
    assert cli.json("ask", KINDS[kind])["number"] == 0


def example(cli, words):
    return [line.strip() for line in cli(*words, "--help").split("\nExample:\n")[1].splitlines()]


def make_mnist(cli):
    """The study of the examples: two results, four trials under way."""
    study = cli("init")
    cli("study", "create", "-", "--if-exists", "replace", stdin=study)
    cli("ask", "mnist", "-c", 6)
    cli("tell", "mnist", 1, 0.5)
    cli("tell", "mnist", 3, 0.2)


def test_examples_work(cli, folder):
    """Each line of each example; 7, 8 and 9 are answers, too."""
    env = {**cli.env, "PATH": f"{os.path.dirname(KRIGE)}:{cli.env['PATH']}"}
    elsewhere = ("keygen", "server")  # they have tests of their own
    for words in sorted((w for w in commands(cli) if w[0] not in elsewhere), key=lambda w: w[-1] != "undelete"):
        make_mnist(cli)
        if words[-1] == "undelete":
            cli("study", "delete", "mnist")
        for line in example(cli, words):
            done = subprocess.run(["bash", "-c", line], env=env, cwd=folder, capture_output=True, text=True, timeout=60)
            assert done.returncode in (0, 7, 8, 9), (words, line, done.returncode, done.stderr)
            assert "usage:" not in done.stderr, (words, line, done.stderr)


def test_manual_pages(offline, folder):
    offline("man", folder / "man1")
    pages = sorted(p.name for p in (folder / "man1").iterdir())
    assert pages == sorted(["krige.1"] + ["krige-" + "-".join(words) + ".1" for words in commands(offline)])
    for page in (folder / "man1").iterdir():
        text = page.read_text()
        assert ".SH NAME" in text and ".SH SYNOPSIS" in text
        if shutil.which("man") and shutil.which("groff"):
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True,
                                  text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
            assert done.returncode == 0 and done.stderr == "", (page, done.stderr)
        if shutil.which("mandoc"):
            lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True).stdout
            assert [line for line in lint.splitlines() if "missing date" not in line] == []
    offline("man", folder / "no" / "such", code=1)


# ---- completion ------------------------------------------------------------------------

def complete(cli, line, tmp):
    """What bash would offer at the end of the line, by sourcing the script and calling its function."""
    script = ('eval "$(krige completion bash)"; COMP_LINE=$1; COMP_POINT=${#1}; _krige; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    env = {**cli.env, "PATH": f"{os.path.dirname(KRIGE)}:{cli.env['PATH']}"}
    done = subprocess.run(["bash", "-c", script, "bash", line], env=env, capture_output=True, text=True, timeout=30,
                          cwd=tmp)
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def test_completion(cli, folder):
    cli.create(name="mnist")
    cli.create(name="my study")
    for line, expected in (
            ("krige stu", ["study"]), ("krige study sh", ["show"]), ("krige study show ", ["mnist", "my\\ study"]),
            ("krige study show mn", ["mnist"]), ("krige -o json study show mn", ["mnist"]),
            ("krige plot mnist ", ["history", "parallel", "slice", "timeline"]), ("krige plot mnist h", ["history"]),
            ("krige trial list mnist --fi", ["--filter"]), ("krige study show mnist --fi", []),
            ("krige status -o js", ["json", "jsonl"]), ("krige init c", ["constrained", "conditional"]),
            ("krige study create --if-exists ", ["fail", "attach", "replace"]),
            ("krige completion ", ["bash", "zsh", "fish"]), ("krige run mnist -- l", []), ("krige nosuch ", []),
            ("krige study wait mnist --for i", ["idle"])):
        assert complete(cli, line, folder) == expected, line
    assert "create" in complete(cli, "krige study ", folder)
    cli.env["KRIGE_ENDPOINT"] = f"ipc://{folder}/nobody.sock"
    assert complete(cli, "krige study show ", folder) == []
    # Without an endpoint no daemon is started for it.
    del cli.env["KRIGE_ENDPOINT"]
    for variable in ("KRIGE_HOME", "XDG_RUNTIME_DIR", "HOME"):
        (folder / variable).mkdir(mode=0o700)
        cli.env[variable] = str(folder / variable)
    assert complete(cli, "krige study show ", folder) == []
    assert [p for variable in ("KRIGE_HOME", "XDG_RUNTIME_DIR", "HOME") for p in (folder / variable).iterdir()] == []


def test_every_option_completes(offline):
    """Each option that help names is offered, for each command."""
    for words in commands(offline):
        named = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", offline(*words, "--help"), re.M))
        assert named <= set(offline("complete", "--", *words, "--").split()), words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(offline, shell, folder):
    script = folder / "script"
    script.write_text(offline("completion", shell))
    if shutil.which(shell):
        assert subprocess.run([shell, "-n", script], capture_output=True).returncode == 0
    offline("completion", "tcsh", code=USAGE)


def test_mistakes_name_what_would_be_right(offline):
    for words, said in ((["trial", "lst", "s"], "did you mean 'list'"), (["plto"], "did you mean 'plot'"),
                        (["trial", "list", "s", "--filtr", "x"], "did you mean --filter"),
                        (["-o", "jsn", "status"], "did you mean 'json'"), (["ask", "s", "--lease", "5y"], "ms, s, m, h"),
                        (["ask", "s", "-c", "0"], "1 to 1024"), (["--precision", "0", "status"], "1 to 17"),
                        (["--color", "blue", "status"], "auto"), (["trial", "show", "s"], "STUDY N"),
                        (["study", "list", "x"], "one word too many"), (["init", "singel"], "did you mean 'single'")):
        offline(*words, code=USAGE)
        assert said in offline.words, words
