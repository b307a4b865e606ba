"""The C sources of the tree as the structure tests see them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRODUCT = ("base", "gp", "acquisition", "proto", "daemon", "client")
SUFFIXES = (".c", ".h", ".def", ".inc")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)


def files(tops=PRODUCT, root=ROOT):
    """Paths relative to the root, sorted; other languages' folders hold no C."""
    return sorted(
        str(p.relative_to(root))
        for top in tops
        for p in (root / top).rglob("*")
        if p.suffix in SUFFIXES and p.is_file()
    )


def includes(text):
    """[(is_ours, path)] in order: ours are in quotes, full paths from the root."""
    return [(quote == '"', path) for quote, path in INCLUDE.findall(text)]


def read(path, root=ROOT):
    return (root / path).read_text(encoding="utf-8")


def tree(root=ROOT):
    """{path: [(is_ours, included path)]} of the product."""
    return {path: includes(read(path, root)) for path in files(root=root)}
