"""The binary interface of libkrige as text: exported symbols with their versions,
values of enums, and sizes and offsets of public structs.

    abi.py BUILD            print it
    abi.py BUILD --write    make it the recorded one (client/c/krige.abi)

Lines may be added by a new version, and a struct that begins with its size may
grow at its end; nothing may go or change.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HEADER = SOURCE / "client/c/krige.h"
RECORDED = SOURCE / "client/c/krige.abi"


def symbols(build):
    library = pathlib.Path(build) / "lib/libkrige.so"
    out = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", str(library)],
                         capture_output=True, text=True, check=True).stdout
    names = [line.split()[-1] for line in out.splitlines()]
    return [f"symbol {name}" for name in sorted(names) if "krige_" in name]


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def members(body):
    """Names of the members of a struct, in order; those of a union by its own name."""
    body = re.sub(r"union\s*\{[^}]*\}", "union", body)
    for declaration in body.split(";"):
        for part in declaration.split(",") if "(" not in declaration else []:
            name = re.search(r"(\w+)(\[[^\]]*\])*\s*$", part.strip())
            if name:
                yield name.group(1)


def layouts():
    text = without_comments(HEADER.read_text())
    lines = []
    for match in re.finditer(r"^struct (krige_\w+) \{(.*?)^\};", text, re.S | re.M):
        struct = f"struct {match.group(1)}"
        lines.append(f'printf("{struct} %zu\\n", sizeof({struct}));')
        lines += [f'printf("{struct}.{name} at %zu\\n", offsetof({struct}, {name}));'
                  for name in members(match.group(2))]
    for match in re.finditer(r"^enum \w+ \{(.*?)\};", text, re.S | re.M):
        for constant in re.findall(r"\b(KRIGE_\w+)", match.group(1)):
            lines.append(f'printf("{constant} = %d\\n", (int){constant});')
    program = ("#include <stddef.h>\n#include <stdio.h>\n#include <krige.h>\n"
               "int main(void)\n{\n" + "\n".join(lines) + "\nreturn 0;\n}\n")
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "layout.c"
        source.write_text(program)
        subprocess.run(["cc", f"-I{HEADER.parent}", str(source), "-o", f"{folder}/layout"],
                       check=True)
        return subprocess.run([f"{folder}/layout"], capture_output=True, text=True,
                              check=True).stdout.splitlines()


def describe(build):
    return symbols(build) + layouts()


def main(argv):
    lines = "\n".join(describe(argv[1])) + "\n"
    if "--write" in argv:
        RECORDED.write_text(lines)
    else:
        sys.stdout.write(lines)


if __name__ == "__main__":
    main(sys.argv)
