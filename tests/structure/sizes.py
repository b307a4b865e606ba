"""Reports sizes worth a second look; never fails.

    python3 tests/structure/sizes.py

Functions: median about 15 lines, 95th percentile about 80, beyond 120 a reason
in a comment. Files: 100 to 500 lines, over 700 look for a seam. Lines: at most
100 columns, a tab is 4. Prototypes in headers: documented. Tests to source:
near 1 : 1.
"""

import re
import statistics

import sources

TAB = 4


def functions(text):
    """[(name, first line, lines of the body)]: as the style has it, a body opens
    and closes with a brace in column 0."""
    found, start = [], None
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if line == "{":
            start = i
        elif line.startswith("}") and start is not None:
            head = start
            while head > 0 and not re.search(r"^$|[;}/]$", lines[head - 1]):
                head -= 1
            name = re.search(r"(\w+)\(", " ".join(lines[head:start]))
            found.append((name[1] if name else "?", start + 1, i - start - 1))
            start = None
    return found


def undocumented(text):
    """Names of prototypes of a header with no comment over their paragraph."""
    names, commented = [], False
    before = ""
    for line in text.split("\n"):
        if not line.strip():
            commented = False
        if "/*" in line or "*/" in line or line.startswith("//"):
            commented = True
        match = re.match(r"(?!#|typedef|static|return)\w[\w\s*]*?\b(\w+)\([^()]*[,;)]", line)
        if match and not commented and not before.rstrip().endswith((",", "{", "\\")):
            names.append(match[1])
        before = line
    return names


def report(title, rows):
    print(f"{title}: {len(rows) or 'none'}")
    for row in rows:
        print(f"  {row}")


def main():
    text = {path: sources.read(path) for path in sources.files()}
    bodies = [
        (n, f"{path}:{line} {name}")
        for path in text
        if path.endswith(".c")
        for name, line, n in functions(text[path])
    ]
    sizes = sorted(n for n, _ in bodies) or [0]
    count = {path: t.count("\n") for path, t in text.items()}
    tests = sum(sources.read(path).count("\n") for path in sources.files(("tests",)))
    wide = [
        f"{path}:{i}"
        for path, t in text.items()
        for i, line in enumerate(t.split("\n"), 1)
        if len(line.expandtabs(TAB)) > 100
    ]
    print(
        f"functions: {len(bodies)}, median {statistics.median(sizes):g} lines, "
        f"95th percentile {sizes[int(0.95 * (len(sizes) - 1))]}, longest {sizes[-1]}"
    )
    print(
        f"lines: {sum(count.values())} in {len(count)} files, tests {tests} "
        f"({tests / max(1, sum(count.values())):.2f} : 1)"
    )
    report("functions over 80 lines", [f"{n} {where}" for n, where in sorted(bodies) if n > 80])
    report("files over 500 lines", [f"{n} {p}" for p, n in sorted(count.items()) if n > 500])
    report("lines over 100 columns", wide)
    report(
        "prototypes without a comment",
        [f"{p} {name}" for p, t in text.items() if p.endswith(".h") for name in undocumented(t)],
    )


if __name__ == "__main__":
    main()
