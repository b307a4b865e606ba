"""A daemon of a hundred lines for the client's tests: exact where clients can see it,
naive elsewhere (random suggestions, no leases that end), and able to misbehave on order.

`script` holds what happens to the next requests, Hello apart, one entry each:
    None              as it should be
    "drop"            the request is lost
    "mute"            it is done, and its reply is lost
    "twice"           the reply comes twice
    "stale"           a reply to something else comes first
    "garbage"         bytes that are no message come first
    ("slow", s)       the reply comes after s seconds
    ("error", code, retry_after_ms)
"""
import math
import os
import random
import threading
import time

import zmq

from krige import _frame, _scalar, _schema

METHODS = {m.number: m for m in vars(_schema).values() if isinstance(m, _schema.Method)}
RUNNING, COMPLETE, FAILED = (_schema.TRIAL_STATES[s] for s in ("RUNNING", "COMPLETE", "FAILED"))
KINDS = _schema.KINDS


class Refusal(Exception):
    def __init__(self, code, message, field=""):
        self.code, self.message, self.field = code, message, field


class FakeKriged:
    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.studies, self.answers = {}, {}
        self.requests = []  # (method name, request) of all that came, Hello apart
        self.script = []
        self.lease_ms = 600000
        self.sessions = set()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.set()
        self.thread.join()

    def count(self, name):
        return sum(1 for method, _ in self.requests if method == name)

    # ---- the socket ----

    def serve(self):
        router = zmq.Context.instance().socket(zmq.ROUTER)
        router.linger = 0
        router.bind(self.endpoint)
        while not self.stop.is_set():
            if router.poll(20):
                self.answer(router, router.recv_multipart())
        router.close()

    def answer(self, router, frames):
        *route, head, body = frames
        header = _frame.unpack(head)
        method = METHODS[header.method]
        request = method.request.FromString(body)
        act = None
        if method.name != "Hello":
            self.requests.append((method.name, request))
            act = self.script.pop(0) if self.script else None
        if act == "drop":
            return
        if isinstance(act, tuple) and act[0] == "error":
            flags, reply = _frame.ERROR, _schema.message("Error")(
                code=act[1], message=b"told to", retry_after_ms=act[2])
        else:
            flags, reply = self.handle(method, request)
        out = [_frame.pack(header.method, header.correlation, _frame.REPLY | flags),
               reply.SerializeToString()]
        if isinstance(act, tuple) and act[0] == "slow":
            time.sleep(act[1])
        if act == "stale":
            router.send_multipart([*route, _frame.pack(header.method, bytes(16), _frame.REPLY),
                                   _schema.PING.reply().SerializeToString()])
        if act == "garbage":
            router.send_multipart([*route, b"nonsense", b"\xff"])
            router.send_multipart([*route, b"alone"])
        for _ in range(0 if act == "mute" else 2 if act == "twice" else 1):
            router.send_multipart([*route, *out])

    def handle(self, method, request):
        key = bytes(request.meta.request_id)
        if method.mutates:
            assert len(key) == 16
            if key in self.answers:
                return self.answers[key]
        try:
            result = 0, getattr(self, method.name.lower())(request)
        except Refusal as e:
            return _frame.ERROR, _schema.message("Error")(
                code=e.code, message=e.message.encode(), field=e.field.encode())
        if method.mutates:
            self.answers[key] = result
        return result

    # ---- methods ----

    def hello(self, q):
        session = os.urandom(16)
        self.sessions.add(session)
        reply = _schema.HELLO.reply(version=b"0-fake", protocol=1, session=session)
        reply.limits.batch = 1024
        return reply

    def ping(self, q):
        return _schema.PING.reply()

    def status(self, q):
        return _schema.STATUS.reply(version=b"0-fake", uptime_ms=1500, durable=False)

    def find(self, name):
        if bytes(name) not in self.studies:
            raise Refusal(2, "no study " + str(name, "utf-8"), "study")
        return self.studies[bytes(name)]

    def view(self, study):
        view = _schema.Study()
        view.CopyFrom(study["head"])
        for state in set(t.state for t in study["trials"]):
            view.counts.add(state=state, count=sum(t.state == state for t in study["trials"]))
        view.reserved = sum(t.state in (RUNNING, COMPLETE) for t in study["trials"])
        best = self.best_trial(study)
        if best is not None:
            view.best.CopyFrom(best)
        return view

    def createstudy(self, q):
        for i, p in enumerate(q.spec.parameters):
            for field in ("when", "fidelity", "target", "context"):
                if p.HasField(field):
                    raise Refusal(1, "not built", f"spec.parameters[{i}].{field}")
            if p.kind > KINDS["CATEGORICAL"]:
                raise Refusal(1, "not built", f"spec.parameters[{i}].kind")
        if len(q.spec.metrics) != 1:
            raise Refusal(1, "exactly one objective", "spec.metrics")
        if q.spec.parameter_constraints:
            raise Refusal(1, "not built", "spec.parameter_constraints")
        if q.spec.HasField("noise_sd"):
            raise Refusal(1, "not built", "spec.noise_sd")
        old = self.studies.get(bytes(q.name))
        if old is not None and q.if_exists == _schema.IF_EXISTS["FAIL"]:
            raise Refusal(3, "there is a study of this name", "name")
        if old is not None and q.if_exists == _schema.IF_EXISTS["ATTACH"]:
            if old["head"].spec != q.spec:
                raise Refusal(4, "another spec", "spec")
            return _schema.CREATE_STUDY.reply(study=self.view(old), attached=True)
        head = _schema.Study(name=q.name, id=len(self.studies) + 1, state=1, created_ms=1)
        head.spec.CopyFrom(q.spec)
        self.studies[bytes(q.name)] = {"head": head, "trials": []}
        return _schema.CREATE_STUDY.reply(study=head)

    def getstudy(self, q):
        return _schema.GET_STUDY.reply(study=self.view(self.find(q.study)))

    def liststudies(self, q):
        left = [s for s in self.studies.values() if s["head"].id > q.after_id]
        return _schema.LIST_STUDIES.reply(studies=[self.view(s) for s in left[:2]],
                                          more=len(left) > 2)

    def updatestudy(self, q):
        study = self.find(q.study)
        if q.HasField("action"):
            study["head"].state = {1: 2, 2: 1, 3: 3}[q.action]
        if q.HasField("budget"):
            study["head"].spec.budget = q.budget
        if q.no_budget:
            study["head"].spec.ClearField("budget")
        return _schema.UPDATE_STUDY.reply(study=self.view(study))

    def deletestudy(self, q):
        self.deleted = getattr(self, "deleted", {})
        if q.undelete:
            self.studies[bytes(q.study)] = self.deleted.pop(bytes(q.study))
            return _schema.DELETE_STUDY.reply(study=self.view(self.find(q.study)))
        study = self.deleted[bytes(q.study)] = self.find(q.study)
        del self.studies[bytes(q.study)]
        return _schema.DELETE_STUDY.reply(study=self.view(study))

    def suggest(self, q):
        study = self.find(q.study)
        head, trials = study["head"], study["trials"]
        if head.state == 2:
            raise Refusal(9, "paused", "study")
        if head.state == 3:
            raise Refusal(6, "finished", "study")
        reply = _schema.SUGGEST.reply()
        for _ in range(q.count or 1):
            taken = sum(t.state != FAILED for t in trials)
            if head.spec.HasField("budget") and taken >= head.spec.budget:
                if reply.trials:
                    break
                raise Refusal(7, "budget spent", "study")
            trial = _schema.Trial(number=len(trials), state=RUNNING, attempt=1, created_ms=1000,
                                  worker=q.meta.worker_id)
            fixed = {bytes(p.name): p.value for p in q.fixed}
            for p in head.spec.parameters:
                named = trial.params.add(name=p.name)
                if bytes(p.name) in fixed:
                    named.value.CopyFrom(fixed[bytes(p.name)])
                elif p.kind == KINDS["CATEGORICAL"]:
                    named.value.CopyFrom(random.choice(p.choices.items))
                elif p.kind == KINDS["INT"]:
                    named.value.int_value = random.randint(int(p.low), int(p.high))
                else:
                    named.value.real_value = random.uniform(p.low, p.high)
            trial.why.rule = 1
            trial.why.freshness = 1
            trials.append(trial)
            given = reply.trials.add()
            given.CopyFrom(trial)
            given.lease.number, given.lease.attempt = trial.number, 1
            given.lease.token, given.lease.remaining_ms = os.urandom(16), self.lease_ms
        return reply

    def running(self, study, number):
        if number >= len(study["trials"]):
            raise Refusal(2, "no such trial", "number")
        trial = study["trials"][number]
        if trial.state != RUNNING:
            raise Refusal(5, "the trial has a result", "number")
        return trial

    def observe(self, q):
        study = self.find(q.study)
        reply = _schema.OBSERVE.reply()
        for o in q.observations:
            if any(v.HasField("sem") for v in o.values):
                raise Refusal(1, "not built", "observations[0].values[0].sem")
            trial = self.running(study, o.number)
            finite = all(math.isfinite(v.value) for v in o.values)
            trial.state = COMPLETE if finite else FAILED
            trial.finished_ms = 2000
            if finite:
                trial.values.extend(o.values)
                trial.values[0].name = study["head"].spec.metrics[0].name
            else:
                trial.reason = b"nonfinite"
            reply.trials.add().CopyFrom(trial)
        return reply

    def failtrial(self, q):
        trial = self.running(self.find(q.study), q.number)
        trial.state, trial.reason, trial.finished_ms = q.state or FAILED, q.reason, 2000
        return _schema.FAIL_TRIAL.reply(trials=[trial])

    def heartbeat(self, q):
        study = self.find(q.study)
        reply = _schema.HEARTBEAT.reply()
        for lease in q.leases:
            if study["trials"][lease.number].state == RUNNING:
                lease.remaining_ms = self.lease_ms
                reply.leases.add().CopyFrom(lease)
            else:
                reply.lost.append(lease.number)
        return reply

    def addtrials(self, q):
        trials = self.find(q.study)["trials"]
        first = len(trials)
        for point in q.points:
            trials.append(_schema.Trial(number=len(trials), state=COMPLETE, params=point.params,
                                        values=point.values, told=True, finished_ms=2000))
        return _schema.ADD_TRIALS.reply(first_number=first, count=len(q.points))

    def listtrials(self, q):
        trials = [t for t in self.find(q.study)["trials"]
                  if t.number >= q.from_number and (not q.states or t.state in q.states)]
        reply = _schema.LIST_TRIALS.reply(trials=trials[:3])  # small pages
        if len(trials) > 3:
            reply.next_number = trials[3].number
        return reply

    def best_trial(self, study):
        done = [t for t in study["trials"] if t.state == COMPLETE]
        sign = 1 if study["head"].spec.metrics[0].role == _schema.ROLES["MINIMIZE"] else -1
        return min(done, key=lambda t: sign * t.values[0].value, default=None)

    def best(self, q):
        reply = _schema.BEST.reply()
        best = self.best_trial(self.find(q.study))
        if best is not None:
            reply.trial.CopyFrom(best)
        return reply

    def predict(self, q):
        head = self.find(q.study)["head"]
        if self.best_trial(self.find(q.study)) is None:
            raise Refusal(9, "no results", "study")
        reply = _schema.PREDICT.reply()
        for point in q.points:
            mean = sum(_scalar.get(p.value) for p in point.params
                       if p.value.WhichOneof("kind") == "real_value")
            reply.predictions.add().metrics.add(name=head.spec.metrics[0].name, mean=mean, sd=1.0)
        return reply
