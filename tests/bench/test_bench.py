"""The harness's promises: every peer has an environment, kriged's studies are kept and replay, and
the tables say of made-up results what is true of them."""
import json
import os
import pathlib
import sys

import pytest

BENCH = pathlib.Path(__file__).parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import environments  # noqa: E402
import peers  # noqa: E402
import regret  # noqa: E402
from space import Space, cat, real  # noqa: E402


def test_every_peer_has_the_environment_that_the_harness_starts_it_in(monkeypatch, tmp_path):
    run = pytest.importorskip("run")
    monkeypatch.setenv("BENCH_VENVS", str(tmp_path))
    found = {}
    monkeypatch.setattr(environments, "has", lambda python, _: found.update(python=python) or True)
    monkeypatch.setattr(os.path, "exists", lambda _: True)
    for peer in peers.PEERS:
        assert environments.make(peer)
        folder = pathlib.Path(found["python"]).parents[1]
        assert folder == tmp_path / run.VENV.get(peer, "venv"), peer


def test_an_unknown_peer_is_refused_with_the_names_of_those_that_are_known():
    with pytest.raises(SystemExit, match="no peer 'bayesopt'.*botorch"):
        environments.make("bayesopt")


def test_a_peer_that_cannot_be_installed_is_left_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BENCH_VENVS", str(tmp_path))
    monkeypatch.setattr(environments.subprocess, "run",
                        lambda *a, **k: type("Done", (), {"returncode": 1}))
    assert environments.usable(["ax", "kriged"]) == ["kriged"]
    assert "ax cannot be installed here and is left out" in capsys.readouterr().err


def test_the_accounting_finds_children():
    serve = pytest.importorskip("serve")
    child = os.fork()
    if not child:
        os.read(os.pipe()[0], 1)
    try:
        assert serve.family() == [os.getpid(), child]
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Databases of a short study of the adapter."""
    if not os.path.exists(regret.KRIGED):
        pytest.skip(f"no {regret.KRIGED}: build first")
    monkeypatch.setenv("KRIGED_BENCH_KEEP", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    from kriged_peer import Kriged
    optimizer = Kriged(Space([real("x", 0.0, 1.0), cat("k", ["a", "b"])]), seed=3)
    optimizer.tell({"x": 0.25, "k": "b"}, 1.0)  # a point that it never suggested
    for _ in range(12):
        x = optimizer.ask()
        optimizer.tell(x, (x["x"] - 0.6) ** 2 + (x["k"] == "a"))
    optimizer.close()
    return tmp_path


def test_the_adapter_keeps_its_study_and_a_new_daemon_replays_it(kept, capsys):
    assert len(list(kept.glob("seed3-*.db"))) == 1
    assert regret.replay_all(kept)
    assert "Replayed 1 studies by a new daemon: 12 of 12 suggestions" in capsys.readouterr().out


def test_runs_of_another_build_are_dropped(monkeypatch, tmp_path):
    results, keep = tmp_path / "results", tmp_path / "keep"
    results.mkdir()
    monkeypatch.setattr(regret, "this_build", lambda: "one")
    regret.drop_other_builds(results, keep)
    (results / "kriged.jsonl").write_text("{}\n")
    (keep / "a.db").write_text("")
    regret.drop_other_builds(results, keep)
    assert (results / "kriged.jsonl").exists() and (keep / "a.db").exists()
    monkeypatch.setattr(regret, "this_build", lambda: "another")
    regret.drop_other_builds(results, keep)
    assert not (results / "kriged.jsonl").exists() and not (keep / "a.db").exists()


def test_recorded_runs_are_taken_over_once(tmp_path):
    recorded, results = tmp_path / "recorded", tmp_path / "results"
    recorded.mkdir()
    results.mkdir()
    line = json.dumps({"problem": "p", "seed": 0, "best": [1.0]}) + "\n"
    (recorded / "ax.jsonl").write_text(line + line.replace('"seed": 0', '"seed": 1'))
    (results / "ax.jsonl").write_text(line)
    for _ in range(2):
        regret.take_over(recorded, results)
    seeds = [json.loads(s)["seed"] for s in (results / "ax.jsonl").read_text().splitlines()]
    assert seeds == [0, 1]


@pytest.fixture
def table(monkeypatch):
    pytest.importorskip("scipy")
    monkeypatch.syspath_prepend(str(BENCH))
    import table
    return table


def test_the_tables_find_who_is_better(table, capsys):
    import numpy as np
    rng = np.random.default_rng(1)
    names, who = ["p", "q", "r", "s"], ["good", "middle", "fair", "bad"]
    end = {(w, n): {s: i + 0.1 * rng.standard_normal() for s in range(5)}
           for i, w in enumerate(who) for n in names}
    table.average_ranks(rng, end, end, who, names, "good")
    table.by_problem(rng, end, who, names, "good")
    table.by_problem(rng, end, who, names, "bad")
    table.paired(rng, end, end, who, names, "middle")
    out = capsys.readouterr().out
    assert "| good | 5 | 1.00 (1.00..1.00)" in out
    assert "of middle, the second here, -1.00 (-1.00..-1.00)" in out
    assert "first in 100 % of the draws" in out
    assert "At least as good as the best peer on 4 of 4 problems" in out
    assert "third best on: none" in out and "third best on: p, q, r, s" in out
    assert "| good | 20 | 0-20, 0 ties" in out and "| bad | 20 | 20-0, 0 ties" in out
