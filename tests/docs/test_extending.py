"""docs/extending.md names what there is, and its examples belong to lists that exist.

The examples are built and tested in a copy of the checkout."""
import pathlib
import re
import shutil
import subprocess

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs/extending.md").read_text()
PARTS = re.compile(r"<!-- (file|line): ([^ ]+) -->\n```c\n(.*?)```\n", re.S)


def test_files_that_it_names():
    names = set(re.findall(r"`((?:[a-z0-9_]+/)+[a-z0-9_]+\.[a-z]+)`", PAGE))
    examples = {name for kind, name, _ in PARTS.findall(PAGE) if kind == "file"}
    assert len(names) > 25
    assert [n for n in sorted(names - examples) if not (CHECKOUT / n).exists()
            and n != "daemon/engine/handlers/foo.c"] == []
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (CHECKOUT / "docs" / target).exists(), target


def test_every_list_has_a_recipe():
    for path in CHECKOUT.glob("*/**/*_list.def"):
        name = str(path.relative_to(CHECKOUT))
        if not name.startswith(("build/", "tests/")):
            assert name in PAGE, name


def test_lines_look_like_those_of_their_list():
    for kind, name, text in PARTS.findall(PAGE):
        if kind == "line":
            macro = text.partition("(")[0]
            assert re.search(rf"^{macro}\(", (CHECKOUT / name).read_text(), re.M), name
    assert "call_commit" in (CHECKOUT / "daemon/engine/call.h").read_text()
    assert "kernel_scaled(" in (CHECKOUT / "acquisition/policy/policy_kernel.c").read_text()
    assert '"log_ei"' in (CHECKOUT / "acquisition/policy/policy_acquire.c").read_text()
    assert 'store_find(memory ? "memory" : "sqlite")' in (CHECKOUT / "daemon/shell.c").read_text()


@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("ninja"), reason="no cmake")
def test_examples_build_and_pass(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(CHECKOUT, copy, ignore=shutil.ignore_patterns("build", ".git"))
    for kind, name, text in PARTS.findall(PAGE):
        with open(copy / name, "w" if kind == "file" else "a") as f:
            f.write(text)

    def run(*words):
        done = subprocess.run(words, cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout
    run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
        "-DKRIGED_WERROR=ON")
    run("cmake", "--build", "build", "-j2", "--target", "krige", "kernel_contract_test",
        "kernel_test", "acquisition_contract_test")
    assert "quadratic" in (copy / "gp/kernels/kernel_list.def").read_text()
    run("ctest", "--test-dir", "build", "-R",
        "contracts/(kernel|acquisition)_contract_test|gp/kernel_test")
    assert "print how many studies" in run("build/bin/krige", "help")
