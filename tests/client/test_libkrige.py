"""libkrige as others get it: its binary interface, its manual page, its examples."""
import os
import pathlib
import platform
import re
import shutil
import subprocess

import abi
import pytest

BUILD = pathlib.Path(os.environ["KRIGED_BIN"]).parents[1]
CLIENT = pathlib.Path(__file__).resolve().parents[2] / "client/c"
SIZED = {"krige_options", "krige_study_options", "krige_study_info", "krige_ask_options",
         "krige_list_options", "krige_done"}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="recorded for x86_64")
def test_the_binary_interface_only_grows():
    recorded = abi.RECORDED.read_text().splitlines()
    now = abi.describe(BUILD)
    size = re.compile(r"struct (\w+) (\d+)$")
    sizes = {m[1]: int(m[2]) for m in map(size.match, now) if m}
    changed = []
    for line in recorded:
        grown = size.match(line)
        if grown and grown[1] in SIZED:
            if sizes.get(grown[1], 0) < int(grown[2]):
                changed.append(line)
        elif line not in now:
            changed.append(line)
    assert not changed, "gone or changed; programs that were built before would break"
    unrecorded = [line for line in now if line not in recorded and not size.match(line)]
    assert not unrecorded, "new; record it with tests/client/abi.py BUILD --write"


def test_every_function_is_in_the_version_map():
    header = abi.without_comments((CLIENT / "krige.h").read_text())
    declared = set(re.findall(r"KRIGE_API[^;]*?\b(krige_\w+)\(", header))
    exported = {line.split()[1].split("@@")[0] for line in abi.symbols(BUILD)}
    assert declared == exported - {"KRIGE_0"}
    assert all("@@KRIGE_0" in line or "KRIGE_0" == line.split()[1] for line in abi.symbols(BUILD))


def test_the_manual_page_names_what_there_is():
    page = (CLIENT / "libkrige.3").read_text()
    header = (CLIENT / "krige.h").read_text()
    for name in set(re.findall(r"\b(krige_\w+)", page)):
        assert re.search(rf"\b{name}\b", header), name
    if shutil.which("mandoc"):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(CLIENT / "libkrige.3")],
                              capture_output=True, text=True, check=False)
        assert lint.returncode == 0, lint.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    where = tmp_path_factory.mktemp("install")
    subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(where)], check=True,
                   capture_output=True)
    return where


def build(installed, source, folder, compiler="cc", *flags):
    program = folder / source.stem
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", *flags, str(source),
                    f"-I{installed}/include", f"-L{installed}/lib", "-lkrige",
                    f"-Wl,-rpath,{installed}/lib", "-lm", "-o", str(program)], check=True)
    return program


@pytest.mark.parametrize("name, says", [
    ("function.c", "best: trial"),
    ("event_loop.c", "24 of 24 trials told"),
    ("many_processes.c", "30 of 30 complete, 0 running"),
])
def test_examples(installed, tmp_path, daemon, name, says):
    program = build(installed, CLIENT / "examples" / name, tmp_path)
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "KRIGE_ENDPOINT": daemon.endpoint}, check=False)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout


CPLUSPLUS = """
#include <krige.hpp>
#include <cassert>
#include <iostream>

int main()
{
	krige::client client;
	krige::space space;
	krige_study_options options{};
	options.size = sizeof(options);
	options.budget = 12;
	options.objective = "maximize score";
	space.real("x", -1, 1).categorical("kind", {"a", nullptr, 1, 1.0, true})
		.integer("n", 1, 9).when("n", "kind == 'a'");
	krige::study study = client.create_study("from-cpp", space, &options);
	assert(!study.best());
	try {
		for (;;) {
			krige::trial trial = study.ask();
			if (trial.has("n"))
				assert(trial.integer("n") >= 1);
			assert(!trial.report(1, 0.5));
			trial.tell(-trial.real("x") * trial.real("x"));
			assert(trial.value());
		}
	} catch (const krige::error &e) {
		assert(e.code == KRIGE_BUDGET_SPENT);
	}
	try {
		study.tell_point({{"x", 7.0}, {"kind", nullptr}}, 1.0);
		return 1;
	} catch (const krige::error &e) {
		assert(e.code == KRIGE_INVALID_ARGUMENT && e.field.find("x") != std::string::npos);
	}
	std::cout << study.info().counts[KRIGE_COMPLETE] << " " << study.best()->value().value() << "\\n";
}
"""


def test_cplusplus(installed, tmp_path, daemon):
    source = tmp_path / "user.cc"
    source.write_text(CPLUSPLUS)
    program = build(installed, source, tmp_path, "c++", "-std=c++17", "-Wpedantic")
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "KRIGE_ENDPOINT": daemon.endpoint}, check=False)
    assert done.returncode == 0, done.stderr
    count, best = done.stdout.split()
    assert count == "12" and -1 <= float(best) <= 0
