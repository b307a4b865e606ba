"""What the docstrings and README.md of the Python client say is run as it stands."""
import doctest
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import krige
import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
README = (CHECKOUT / "client/python/README.md").read_text()
SPACE = {"lr": krige.Float(1e-4, 1e-1, log=True), "opt": krige.Categorical(["sgd", "adam"])}


def examples():
    """The docstrings with examples, by name."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {}
    for thing in (krige.connect, krige.Client, krige.Study, krige.Trial, krige.TrialView):
        for test in finder.find(thing, thing.__name__, module=sys.modules[thing.__module__]):
            if test.examples:
                found[test.name] = test
    return found


EXAMPLES = examples()


@pytest.fixture(scope="module")
def client():
    from real_kriged import Daemon, find_kriged
    with tempfile.TemporaryDirectory(prefix="krige-") as folder:
        daemon = Daemon(pathlib.Path(folder), find_kriged())
        with krige.connect(daemon.endpoint) as client:
            yield client
        assert daemon.stop() == 0
        daemon.log.close()


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring(client, name):
    test = EXAMPLES[name]
    study = client.create_study(name, SPACE, "minimize loss", seed=1)
    test.globs = {"krige": krige, "client": client, "study": study}
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append, clear_globs=False)
    assert not runner.failures, "".join(said)


def test_most_verbs_have_an_example():
    assert len(EXAMPLES) >= 20


def test_everything_public_is_documented():
    for name in krige.__all__:
        thing = getattr(krige, name)
        if isinstance(thing, type):
            assert thing.__doc__, name
            for member in vars(thing):
                if not member.startswith("_") and callable(getattr(thing, member)):
                    assert getattr(thing, member).__doc__, f"{name}.{member}"


BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_readme(client, folder, number):
    """Each block is a program of its own."""
    (folder / "block.py").write_text(BLOCKS[number])
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "block.py"], cwd=folder, timeout=60,
        env={**os.environ, "KRIGE_ENDPOINT": client.endpoint},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if "pandas" in BLOCKS[number] and "needs pandas" in done.stderr:
        pytest.skip("pandas is not installed")
    assert done.returncode == 0, done.stderr
