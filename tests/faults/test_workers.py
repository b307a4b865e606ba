"""A study with every kind of parameter, worked on by 20 workers that die and come back."""
import os
import pathlib
import random
import subprocess
import sys

import krige

from worker import evaluate

HERE = pathlib.Path(__file__).resolve().parent
WORKERS = 20
TRIALS = int(os.environ.get("KRIGED_WORKER_TRIALS", "1000"))
SEED = int(os.environ.get("KRIGED_SEED", "20"))

SPACE = {
    "lr": krige.Float(1e-5, 1e-1, log=True),
    "drop": krige.Float(0, 0.5, step=0.05),
    "layers": krige.Int(1, 8),
    "width": krige.Int(16, 1024, log=True),
    "opt": krige.Categorical(["sgd", "adam", None, 1, 1.0, True]),
    "size": krige.Ordinal([16, 32, 64]),
    "fast": krige.Bool(),
    "version": krige.Fixed("v2"),
    "momentum": krige.Float(0, 0.99, when="opt == 'sgd'"),
    "nesterov": krige.Bool(when="momentum > 0.5"),
}


def check_point(params):
    expected = set(SPACE) - {"momentum", "nesterov"}
    if params["opt"] == "sgd":
        expected.add("momentum")
        if params["momentum"] > 0.5:
            expected.add("nesterov")
    assert set(params) == expected, params
    assert 1e-5 <= params["lr"] <= 1e-1 and 16 <= params["width"] <= 1024
    assert isinstance(params["width"], int) and isinstance(params["fast"], bool)
    assert abs(params["drop"] / 0.05 - round(params["drop"] / 0.05)) < 1e-9
    assert params["layers"] * 0.5 + params["drop"] <= 4
    assert not (params["size"] == 64 and params["layers"] == 8)
    assert params["version"] == "v2"


class Crew:
    """The workers: whoever is killed is replaced, under another seed."""

    def __init__(self, endpoint, folder):
        self.endpoint, self.folder = endpoint, folder
        self.chance = random.Random(SEED)
        self.deaths = 0
        self.workers = {i: self.start(i) for i in range(WORKERS)}

    def start(self, i):
        return subprocess.Popen([sys.executable, str(HERE / "worker.py"), self.endpoint, "all",
                                 str(self.chance.randrange(1 << 30)),
                                 str(self.folder / f"journal-{i}")])

    def join(self):
        while self.workers:
            for i, worker in list(self.workers.items()):
                try:
                    code = worker.wait(0.02)
                except subprocess.TimeoutExpired:
                    continue
                if code == -9:
                    self.deaths += 1
                    self.workers[i] = self.start(i)
                else:
                    assert code == 0, f"worker {i} ended with {code}"
                    del self.workers[i]

    def journals(self):
        """What the workers say was acknowledged."""
        return [line for path in self.folder.glob("journal-*")
                for line in path.read_text().splitlines()]

    def kill(self):
        for worker in self.workers.values():
            worker.kill()


def make_study(client):
    return client.create_study(
        "all", space=SPACE, objective="minimize loss", constraints=["latency <= 10"],
        parameter_constraints=["layers * 0.5 + drop <= 4"],
        forbidden=["size == 64 and layers == 8"], budget=TRIALS, lease=3.0,
        on_expiry="requeue", retry_limit=50, seed=SEED)


def check_counts(study, trials):
    counts = {}
    for trial in trials:
        counts[trial.state] = counts.get(trial.state, 0) + 1
    assert counts == {state: n for state, n in study.info().counts.items() if n}
    assert set(counts) <= {"COMPLETE", "FAILED", "INFEASIBLE"}, counts
    assert counts["COMPLETE"] + counts["INFEASIBLE"] == TRIALS, counts
    assert [trial.number for trial in trials] == list(range(len(trials)))


def check_results(study, trials, journals):
    for trial in trials:
        check_point(trial.params)
        if trial.state == "COMPLETE":
            loss, latency = evaluate(trial.params)
            assert trial.values == {"loss": loss, "latency": latency}
    for line in journals:
        number, loss = line.split()
        assert trials[int(number)].values["loss"] == float(loss)
    feasible = [t for t in trials if t.state == "COMPLETE" and t.values["latency"] <= 10]
    assert study.best.value == min(t.value for t in feasible)


def test_exact_counts_at_the_end(daemon):
    print(f"seed {SEED}")
    assert daemon.start()
    client = krige.connect(daemon.endpoint)
    crew = None
    try:
        study = make_study(client)
        crew = Crew(daemon.endpoint, daemon.folder)
        crew.join()
        trials = list(study.trials())
        check_counts(study, trials)
        check_results(study, trials, crew.journals())
        assert crew.deaths >= TRIALS / 100, f"only {crew.deaths} workers died"
    finally:
        if crew:
            crew.kill()
        client.close()
