"""Clients that write down what was acknowledged, and the comparison with what is there.

Each client is a thread with its own socket and ledger. A line is on the disk before
the client goes on; a request that was not answered is sent again, with its id, until
it is. Studies are short, so that suggestions stay cheap.
"""
import json
import os
import random
import threading
import time

from wire import COMPLETE, FAILED, Lost, Wire, list_trials, params, spec

TRIALS_A_STUDY = 30


class Client(threading.Thread):
    def __init__(self, endpoint, folder, name, seed):
        super().__init__(daemon=True)
        self.wire = Wire(endpoint)
        self.random = random.Random(seed)
        self.label = name
        self.file = os.open(f"{folder}/{name}.acks", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        self.acks = []        # (kind, study, number, detail); appended only
        self.answers = []     # (method, id, fields, reply)
        self.in_flight = None
        self.n_studies = 0
        self.enough = False
        self.error = None

    # ---- one request ----

    def ask(self, method, **fields):
        id = self.random.randbytes(16)
        self.in_flight = method
        reply = self.wire.insist(method, id, time.monotonic() + 60, **fields)
        self.answers.append((method, id, fields, reply))
        return reply

    def acknowledge(self, lines):
        data = "".join(json.dumps([k, s.decode(), n, repr(d)]) + "\n" for k, s, n, d in lines)
        os.write(self.file, data.encode())
        os.fsync(self.file)
        with self.lock:
            self.acks.extend(lines)
        self.in_flight = None

    # ---- a life ----

    def create(self):
        study = f"{self.label}-{self.n_studies}".encode()
        self.n_studies += 1
        self.ask("create_study", name=study, spec=spec(seed=self.random.getrandbits(32)))
        self.acknowledge([("created", study, 0, None)])
        return study

    def round(self, study):
        n = self.random.choice([1, 1, 1, 2])
        trials = self.ask("suggest", study=study, count=n).trials
        assert len(trials) == n
        self.acknowledge([("given", study, t.number, params(t)) for t in trials])
        for t in trials:
            value = self.random.random()
            if self.random.random() < 0.1:
                self.ask("fail_trial", study=study, number=t.number, reason=b"as told")
                self.acknowledge([("failed", study, t.number, None)])
            elif self.random.random() < 0.9:
                self.ask("observe", study=study, observations=[
                    dict(number=t.number, lease=t.lease, values=[dict(value=value)])])
                self.acknowledge([("observed", study, t.number, value)])
        if self.random.random() < 0.2:
            point = [dict(name=f"x{i}".encode(), value=dict(real_value=self.random.random()))
                     for i in range(3)]
            first = self.ask("add_trials", study=study, points=[
                dict(params=point, values=[dict(value=value)])]).first_number
            self.acknowledge([("observed", study, first, value)])
            n += 1
        return n

    def run(self):
        try:
            while not self.enough:
                study, n = self.create(), 0
                while n < TRIALS_A_STUDY and not self.enough:
                    n += self.round(study)
        except Exception as e:  # told by whoever waits for this thread
            self.error = e
        finally:
            self.wire.close()

    def snapshot(self):
        with self.lock:
            return list(self.acks)


def faults_of(acks, trials_by_study):
    """Every acknowledged line against what the daemon has: a list of complaints."""
    found = []
    for kind, study, number, detail in acks:
        if study not in trials_by_study:
            found.append(f"study {study} is lost")
            continue
        trial = trials_by_study[study].get(number)
        if kind == "created":
            continue
        if trial is None:
            found.append(f"trial {number} of {study} ({kind}) is lost")
        elif kind == "given" and params(trial) != detail:
            found.append(f"trial {number} of {study} has other parameters")
        elif kind == "observed" and (trial.state != COMPLETE or trial.values[0].value != detail):
            found.append(f"trial {number} of {study} has another result")
        elif kind == "failed" and trial.state != FAILED:
            found.append(f"trial {number} of {study} is not failed")
    return found


def read_all(wire):
    """{study: {number: trial}}; numbers are unique, or it is a fault."""
    studies, after = {}, 0
    while True:
        page = wire.call("list_studies", after_id=after, timeout=30.0)
        for s in page.studies:
            assert s.name not in studies, f"study {s.name} is there twice"
            trials = list_trials(wire, s.name)
            studies[s.name] = {t.number: t for t in trials}
            assert len(studies[s.name]) == len(trials), f"a number twice in {s.name}"
            after = s.id
        if not page.more:
            return studies


def verify(endpoint, clients, whole=False):
    """All that was acknowledged so far is there; with whole, and nothing else."""
    acks = [a for c in clients for a in c.snapshot()]
    wire = Wire(endpoint)
    try:
        found = read_all(wire)
    finally:
        wire.close()
    faults = faults_of(acks, found)
    if whole:
        known = {(s, n) for kind, s, n, _ in acks if kind != "created"}
        there = {(s, n) for s, trials in found.items() for n in trials}
        faults += [f"trial {n} of {s} is there, but nobody was given it"
                   for s, n in sorted(there - known)]
        faults += [f"study {s} is there, but nobody made it"
                   for s in found if s not in {a[1] for a in acks}]
    assert not faults, "\n".join(faults[:20])
    return len(acks), found


def repeat_last(client, n=20):
    """A repeat gets the first answer, and changes nothing."""
    for method, id, fields, reply in client.answers[-n:]:
        again = client.wire.call(method, id=id, timeout=10.0, **fields)
        if method == "suggest":
            a = [(t.number, params(t)) for t in reply.trials]
            b = [(t.number, params(t)) for t in again.trials]
        elif method == "create_study":
            a, b = reply.study.id, again.study.id
        elif method == "add_trials":
            a, b = (reply.first_number, reply.count), (again.first_number, again.count)
        else:
            a = [(t.number, t.state) for t in reply.trials]
            b = [(t.number, t.state) for t in again.trials]
        assert a == b, f"{method}: first {a}, then {b}"


def finish(clients):
    for c in clients:
        c.enough = True
    for c in clients:
        c.join(90)
        assert not c.is_alive(), f"client {c.label} waits for an answer to {c.in_flight}"
        if c.error is not None:
            raise c.error
