"""What `cmake --install` leaves is enough to build a program against libkrige,
with pkg-config and with CMake's find_package, in C and from C++."""

import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["KRIGED_BIN"]).parents[1]

PROGRAM = """
#include <krige.h>
#include <stdio.h>
int main(void)
{
	printf("%s", krige_version());
	return 0;
}
"""

CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(krige REQUIRED)
add_executable(user user.c)
target_link_libraries(user krige::krige)
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    # A path with a space and away from where it was configured for: relocatable.
    where = tmp_path_factory.mktemp("an install")
    run("cmake", "--install", str(BUILD), "--prefix", str(where))
    return where


def test_programs_are_installed(prefix):
    assert os.access(prefix / "bin" / "kriged", os.X_OK)
    assert os.access(prefix / "bin" / "krige", os.X_OK)
    for page in ("krige.1", "krige-study-create.1"):
        assert ".SH NAME" in (prefix / "share" / "man" / "man1" / page).read_text()
    for script in ("bash-completion/completions/krige", "zsh/site-functions/_krige",
                   "fish/vendor_completions.d/krige.fish"):
        assert "krige" in (prefix / "share" / script).read_text()


@pytest.mark.parametrize("compiler,suffix", [("cc", "c"), ("c++", "cc")])
def test_pkg_config(prefix, tmp_path, compiler, suffix):
    (tmp_path / f"user.{suffix}").write_text(PROGRAM)
    # --define-variable: pkg-config does not quote the space of pcfiledir
    env = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    link = tmp_path / "prefix"
    link.symlink_to(prefix)
    flags = run("pkg-config", f"--define-variable=prefix={link}", "--cflags", "--libs", "krige",
                env=env).split()
    run(compiler, "-Wall", "-Werror", f"user.{suffix}", *flags, "-o", "user", cwd=tmp_path)
    version = run("pkg-config", "--modversion", "krige", env=env).strip()
    assert run("./user", cwd=tmp_path,
               env={**os.environ, "LD_LIBRARY_PATH": str(prefix / "lib")}) == version


def test_find_package(prefix, tmp_path):
    (tmp_path / "user.c").write_text(PROGRAM)
    (tmp_path / "CMakeLists.txt").write_text(CMAKE)
    run("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=tmp_path)
    run("cmake", "--build", "build", cwd=tmp_path)
    assert run("build/user", cwd=tmp_path).startswith("0.")


def test_only_the_interface_is_exported():
    symbols = run("nm", "-D", "--defined-only", str(BUILD / "lib" / "libkrige.so")).splitlines()
    names = [line.split()[-1].split("@")[0] for line in symbols]
    assert names
    assert [n for n in names if not n.lower().startswith("krige_")] == []
