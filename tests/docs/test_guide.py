"""The guide does what it says: each page is followed, block by block, by a reader with an
empty home. A comment before a block says what the reader does with it:

    file: NAME          saves it under that name
    run                 runs it (sh, python); `run: exits 9` expects that exit code
    output              nothing: it is what the run before it printed; ... stands for what varies
    part of: FILE       nothing: it is a piece of that file of the checkout, which others run
    installs            nothing: it is how to install, which other tests do
    picture             nothing
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = CHECKOUT / "docs/guide"
PAGES = sorted(page.stem for page in GUIDE.glob("*.md"))
PROGRAMS = pathlib.Path(os.environ.get("KRIGED_BIN", CHECKOUT / "build/release/bin/kriged")).parent
BLOCK = re.compile(r"<!-- ([^>]*?) -->\n+```(\w+)\n(.*?)^```$", re.S | re.M)
ANY_BLOCK = re.compile(r"^```\w+$", re.M)


class Reader:
    """Somebody with an empty folder, in which the page's files and studies come to lie."""

    def __init__(self, folder):
        self.folder = folder
        self.state = f"{folder}/.state"
        self.environment = {
            "HOME": folder, "PWD": folder, "XDG_RUNTIME_DIR": folder, "TERM": "dumb",
            "LANG": "C.UTF-8", "KRIGE_TEST_FOLDER": folder,
            "PATH": f"{PROGRAMS}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
            "CPATH": str(CHECKOUT / "client/c"), "LIBRARY_PATH": str(PROGRAMS.parent / "lib"),
            "LD_LIBRARY_PATH": str(PROGRAMS.parent / "lib"),
        }
        pathlib.Path(self.state).touch()

    def run(self, language, text):
        """(exit code, what it printed). Variables of a shell block stay for the next."""
        if language == "python":
            pathlib.Path(self.folder, ".block.py").write_text(text)
            text = "python .block.py"
        script = f". {self.state}\nset -a\n{text}\nexport -p >{self.state}\n"
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder,
                              env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)
        return done.returncode, done.stdout

    def daemons(self):
        """Processes that this reader has left behind."""
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if f"KRIGE_TEST_FOLDER={self.folder}\0" in (entry / "environ").read_text():
                    yield int(entry.name)
            except (OSError, ValueError):
                continue

    def leave(self):
        for patience in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.daemons():
                os.kill(pid, patience)
            end = time.monotonic() + 10
            while list(self.daemons()) and time.monotonic() < end:
                time.sleep(0.05)


@pytest.fixture
def reader():
    if not os.access(PROGRAMS / "kriged", os.X_OK) or not os.access(PROGRAMS / "krige", os.X_OK):
        pytest.skip("kriged is not built: ./dev build")
    with tempfile.TemporaryDirectory(prefix="kg-") as folder:
        somebody = Reader(folder)
        yield somebody
        somebody.leave()


def fits(shown, printed):
    """Is this what was printed, but for each ... ?"""
    shown, printed = (" ".join(text.split()) for text in (shown, printed))
    return re.fullmatch(".*".join(re.escape(part.strip()) for part in shown.split("...")),
                        printed) is not None


def test_an_output_can_differ():
    assert fits("a ... b", "a 17 b") and fits("...\nb", "x\ny\nb") and fits("a  b", "a b")
    assert not fits("a ... b", "a 17 c") and not fits("a", "a b")


@pytest.mark.parametrize("page", PAGES)
def test_page(page, reader):
    text = (GUIDE / f"{page}.md").read_text()
    blocks = BLOCK.findall(text)
    assert len(blocks) == len(ANY_BLOCK.findall(text)), "a block without a comment before it"
    printed = ""
    for what, language, body in blocks:
        verb, _, argument = what.partition(": ")
        if verb == "file":
            pathlib.Path(reader.folder, argument).write_text(body)
        elif verb == "part of":
            whole = (CHECKOUT / argument).read_text()
            assert body in whole, f"no piece of {argument}:\n{body}"
        elif verb == "output":
            assert fits(body, printed), f"shown:\n{body}\nprinted:\n{printed}"
        elif verb not in ("installs", "picture"):
            assert verb == "run", f"unknown comment: {what}"
            wanted = int(argument.removeprefix("exits ") or 0)
            code, printed = reader.run(language, body)
            assert code == wanted, f"exit code {code}:\n{body}\n{printed}"


@pytest.mark.parametrize("page", PAGES)
def test_links(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (GUIDE / f"{page}.md").read_text()):
        assert (GUIDE / target).exists(), target
