"""The include graph: layers point one way, modules have no cycle, and foreign
headers stay behind the one file that is for them.

    python3 tests/structure/include_graph_test.py
"""

import posixpath
import re
import unittest

import sources

# folder: what its files may include: folders (their files, not their
# subfolders) or single files. A folder may always include itself.
GP = ["base", "gp/linalg", "gp/special", "gp/optim", "gp/kernels", "gp/outcome", "gp", "gp/noise",
    "gp/sample", "gp/structure", "gp/derivative", "gp/vecchia"]
SPACE, SEARCH = "acquisition/space", "acquisition/search"
ENGINE = GP + [SPACE, "acquisition/policy", "proto", "daemon/engine"]
LAYERS = {
    "base": [],
    "gp/linalg": ["base"],
    "gp/optim": GP,
    "gp/special": ["base"],
    "gp/kernels": GP,
    "gp/outcome": GP,
    "gp": GP,
    "gp/noise": GP,
    "gp/sample": GP,
    "gp/structure": GP,
    "gp/derivative": GP,
    "gp/vecchia": GP,
    SPACE: GP,
    SEARCH: GP + [SPACE],
    "acquisition/function": GP + ["acquisition/search/ascend.h"],
    "acquisition/policy": GP + [SPACE, SEARCH, "acquisition/function"],
    "proto": ["base"],
    "daemon/engine": ENGINE + ["daemon/engine/handlers"],
    "daemon/engine/handlers": ENGINE,
    "daemon/store": ["base", "proto", "daemon/engine/row.h"],
    "daemon": ENGINE + ["daemon/store"],
    "client/c": ["base", "proto"],
    "client/c/examples": [],  # as programs of others: <krige.h> only
    "client/cli": ["base", "proto", "client/c"],
}

# (foreign header, the only files that may include it, also by way of a header)
WIRE = r"proto/(decode|encode|record)\w*\.[ch]"
BEHIND = [
    (r"(cblas|lapacke?|openblas_config)(\.h|_.*)", r"gp/linalg/blas\.c"),
    (r".*\.pb-c\.h|(google/)?protobuf-c/.*", WIRE),
    (r"sqlite3\.h", r"daemon/store/\w+\.[ch]"),
    (r"zmq\.h", r"(daemon|client/c)/\w+\.[ch]"),
]


def layer_faults(tree):
    faults = []
    for path, included in tree.items():
        folder = posixpath.dirname(path)
        if folder not in LAYERS:
            faults.append(f"{path}: {folder}/ is in no layer")
            continue
        allowed = LAYERS[folder] + [folder]
        for ours, target in included:
            if ours and target not in allowed and posixpath.dirname(target) not in allowed:
                faults.append(f"{path} includes {target}")
    return faults


def missing(tree):
    """Includes in quotes that are no full path of a file of ours."""
    return [
        f"{path} includes {target}"
        for path, included in tree.items()
        for ours, target in included
        if ours and target not in tree and not target.endswith(".pb-c.h")
    ]


def reached(tree, path, seen):
    """Every path included by path, directly or not."""
    for _, target in tree.get(path, ()):
        if target not in seen:
            seen.add(target)
            reached(tree, target, seen)
    return seen


def foreign_faults(tree):
    return [
        f"{path} reaches {target}"
        for path in tree
        for target in sorted(reached(tree, path, set()))
        for what, who in BEHIND
        if re.fullmatch(what, target) and not re.fullmatch(who, path)
    ]


def module(path):
    """foo.c, foo.h, foo_internal.h and foo.def are the module foo."""
    return posixpath.splitext(path)[0].removesuffix("_internal")


def cycle(tree):
    """One include cycle among modules as a list of names, [] if there is none."""
    graph = {}
    for path, included in tree.items():
        name = module(path)
        uses = {module(target) for ours, target in included if ours}
        graph.setdefault(name, set()).update(uses - {name})
    done, trail = set(), []

    def visit(name):
        if name in trail:
            return trail[trail.index(name):] + [name]
        if name in done:
            return []
        trail.append(name)
        for used in sorted(graph.get(name, ())):
            found = visit(used)
            if found:
                return found
        done.add(trail.pop())
        return []

    for name in sorted(graph):
        found = visit(name)
        if found:
            return found
    return []


class ThisTree(unittest.TestCase):
    tree = sources.tree()

    def test_every_include_in_quotes_is_a_full_path(self):
        self.assertEqual(missing(self.tree), [])

    def test_layers_point_one_way(self):
        self.assertEqual(layer_faults(self.tree), [])

    def test_modules_have_no_include_cycle(self):
        self.assertEqual(cycle(self.tree), [])

    def test_foreign_headers_stay_behind_their_file(self):
        self.assertEqual(foreign_faults(self.tree), [])

    def test_there_is_something_to_check(self):
        self.assertGreater(len(self.tree), 10)


class TheCheckItself(unittest.TestCase):
    """Faults that are planted are found."""

    def test_a_layer_violation(self):
        for path, target in [
            ("base/log.c", "gp/model.h"),
            ("gp/model.c", "acquisition/space/space.h"),
            ("gp/linalg/chol.c", "gp/model.h"),
            ("acquisition/space/space.c", "proto/msg.h"),
            ("proto/decode.c", "daemon/engine/engine.h"),
            ("daemon/engine/engine.c", "daemon/front.h"),
            ("daemon/engine/study.c", "daemon/store/store.h"),
            ("daemon/store/sqlite.c", "daemon/engine/engine.h"),
            ("client/c/krige.c", "gp/model.h"),
            ("client/c/krige.c", "client/cli/cmd.h"),
            ("daemon/main.c", "client/c/krige.h"),
            ("other/new.c", "base/log.h"),
        ]:
            self.assertEqual(len(layer_faults({path: [(True, target)]})), 1, path)

    def test_a_relative_include(self):
        self.assertTrue(missing({"base/log.c": [(True, "log.h")], "base/log.h": []}))

    def test_a_foreign_header(self):
        for path, target in [
            ("gp/linalg/chol.c", "cblas.h"),
            ("gp/linalg/chol.c", "lapacke.h"),
            ("gp/linalg/blas.h", "lapacke_config.h"),
            ("daemon/front.c", "proto/kriged.pb-c.h"),
            ("proto/msg.h", "proto/kriged.pb-c.h"),
            ("daemon/engine/study.c", "sqlite3.h"),
            ("daemon/engine/study.c", "zmq.h"),
        ]:
            self.assertEqual(len(foreign_faults({path: [(False, target)]})), 1, path)
        self.assertEqual(foreign_faults({"gp/linalg/blas.c": [(False, "lapacke.h")]}), [])

    def test_a_foreign_header_behind_a_header(self):
        tree = {
            "proto/decode_part.h": [(True, "proto/kriged.pb-c.h")],
            "proto/decode.c": [(True, "proto/decode_part.h")],
        }
        self.assertEqual(foreign_faults(tree), [])
        tree["daemon/front.c"] = [(True, "proto/decode_part.h")]
        self.assertEqual(foreign_faults(tree), ["daemon/front.c reaches proto/kriged.pb-c.h"])

    def test_a_cycle(self):
        tree = {
            "base/a.h": [(True, "base/b.h")],
            "base/b.c": [(True, "base/b.h"), (True, "base/c.h")],
            "base/b.h": [],
            "base/c.h": [(True, "base/a.h")],
        }
        self.assertEqual(cycle(tree), ["base/a", "base/b", "base/c", "base/a"])
        tree["base/c.h"] = []
        self.assertEqual(cycle(tree), [])

    def test_includes_are_read_as_the_compiler_reads_them(self):
        text = '#include <math.h>\n#  include "a/b.h" /* x */\n\t#include "c.def"\n// #include "d.h"\n'
        self.assertEqual(
            sources.includes(text), [(False, "math.h"), (True, "a/b.h"), (True, "c.def")]
        )


if __name__ == "__main__":
    unittest.main()
