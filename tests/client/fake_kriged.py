"""A small daemon for the client's tests: exact where clients can see it, naive elsewhere
(random suggestions, leases that end only on order), and able to misbehave on order.

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
import statistics
import threading
import time

import zmq

from krige import _frame, _scalar, _schema

METHODS = {m.number: m for m in vars(_schema).values() if isinstance(m, _schema.Method)}
QUEUED, RUNNING, COMPLETE, FAILED, EXPIRED, CANCELLED = (_schema.TRIAL_STATES[s] for s in (
    "QUEUED", "RUNNING", "COMPLETE", "FAILED", "EXPIRED", "CANCELLED"))
GIVE_BACK = QUEUED, FAILED, EXPIRED, CANCELLED  # take no place of the budget
KINDS = _schema.KINDS
ACTIVE, PAUSED, FINISHED = 1, 2, 3


class Refusal(Exception):
    def __init__(self, code, message, field=""):
        self.code, self.message, self.field = code, message, field


class Later(Exception):
    """Nothing to say yet: asked again until the request's wait_ms are over."""


class FakeKriged:
    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.studies, self.answers = {}, {}
        self.seq = 1
        self.requests = []  # (method name, request) of all that came, Hello apart
        self.script = []
        self.lease_ms = 600000
        self.sessions = set()
        self.stops = {}     # trial number -> StopReason that heartbeats and reports tell
        self.waiting = []   # (route, header, method, request, until)
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
            if router.poll(20 if not self.waiting else 2):
                self.answer(router, router.recv_multipart())
            waiting, self.waiting = self.waiting, []
            for route, header, method, request, until in waiting:
                self.speak(router, route, header, None,
                           self.handle(method, request, route, header, until))
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
            result = _frame.ERROR, _schema.message("Error")(
                code=act[1], message=b"told to", retry_after_ms=act[2])
        else:
            until = time.monotonic() + getattr(request, "wait_ms", 0) / 1000
            result = self.handle(method, request, route, header, until)
        self.speak(router, route, header, act, result)

    def speak(self, router, route, header, act, result):
        if result is None:
            return
        flags, reply = result
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

    def handle(self, method, request, route, header, until):
        """Flags and reply; None while it waits."""
        key = bytes(request.meta.request_id)
        if method.mutates:
            assert len(key) == 16
            if key in self.answers:
                return self.answers[key]
        self.patient = time.monotonic() < until
        try:
            result = 0, getattr(self, method.name.lower())(request)
        except Later:
            self.waiting.append((route, header, method, request, until))
            return None
        except Refusal as e:
            return _frame.ERROR, _schema.message("Error")(
                code=e.code, message=e.message.encode(), field=e.field.encode())
        if method.mutates:
            self.answers[key] = result
        return result

    def refuse(self, code, message, field=""):
        """A refusal that may go away: only when the request does not wait any more."""
        raise Later if self.patient else Refusal(code, message, field)

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
        view.reserved = self.taken(study)
        view.seq = self.seq
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
        if q.spec.parameter_constraints:
            raise Refusal(1, "not built", "spec.parameter_constraints")
        if any(m.role == _schema.ROLES["COST"] for m in q.spec.metrics):
            raise Refusal(1, "not built", f"spec.metrics[{len(q.spec.metrics) - 1}].role")
        old = self.studies.get(bytes(q.name))
        if old is not None and q.if_exists == _schema.IF_EXISTS["FAIL"]:
            raise Refusal(3, "there is a study of this name", "name")
        if old is not None and q.if_exists == _schema.IF_EXISTS["ATTACH"]:
            if old["head"].spec != q.spec:
                raise Refusal(4, "another spec", "spec")
            return _schema.CREATE_STUDY.reply(study=self.view(old), attached=True)
        head = _schema.Study(name=q.name, id=len(self.studies) + 1, state=ACTIVE, created_ms=1,
                             spec_version=1)
        head.spec.CopyFrom(q.spec)
        self.studies[bytes(q.name)] = {"head": head, "trials": [], "next": 0,
                                        "tokens": {}}
        return _schema.CREATE_STUDY.reply(study=head)

    def getstudy(self, q):
        view = self.view(self.find(q.study))
        if q.HasField("since_seq") and self.seq <= q.since_seq and self.patient:
            raise Later
        return _schema.GET_STUDY.reply(study=view)

    def liststudies(self, q):
        left = [s for s in self.studies.values() if s["head"].id > q.after_id]
        return _schema.LIST_STUDIES.reply(studies=[self.view(s) for s in left[:2]],
                                          more=len(left) > 2)

    def updatestudy(self, q):
        head = self.find(q.study)["head"]
        if q.HasField("expected_version") and q.expected_version != head.spec_version:
            raise Refusal(4, "another version", "expected_version")
        if q.HasField("action"):
            head.state = {1: PAUSED, 2: ACTIVE, 3: FINISHED}[q.action]
        else:
            head.spec_version += 1
        for name in ("budget", "lease_s", "on_expiry", "retry_limit"):
            if q.HasField(name):
                setattr(head.spec, name, getattr(q, name))
        if q.no_budget:
            head.spec.ClearField("budget")
        self.label(head.spec.labels, q)
        self.seq += 1
        return _schema.UPDATE_STUDY.reply(study=self.view(self.find(q.study)))

    def label(self, labels, q):
        kept = {bytes(x.name): x.value for x in labels if x.name not in q.remove_labels}
        kept.update((bytes(x.name), x.value) for x in q.labels)
        new = [_schema.message("NamedScalar")(name=n, value=v) for n, v in kept.items()]
        del labels[:]
        labels.extend(new)

    def deletestudy(self, q):
        self.deleted = getattr(self, "deleted", {})
        if q.undelete:
            self.studies[bytes(q.study)] = self.deleted.pop(bytes(q.study))
            return _schema.DELETE_STUDY.reply(study=self.view(self.find(q.study)))
        study = self.deleted[bytes(q.study)] = self.find(q.study)
        del self.studies[bytes(q.study)]
        return _schema.DELETE_STUDY.reply(study=self.view(study))

    def taken(self, study):
        return sum(t.state not in GIVE_BACK and not t.told for t in study["trials"])

    def suggest(self, q):
        study = self.find(q.study)
        head = study["head"]
        if head.state == PAUSED:
            self.refuse(9, "paused", "study")
        if head.state == FINISHED:
            raise Refusal(6, "finished", "study")
        reply = _schema.SUGGEST.reply()
        for _ in range(q.count or 1):
            if head.spec.HasField("budget") and self.taken(study) >= head.spec.budget:
                if reply.trials:
                    break
                if any(t.state == RUNNING for t in study["trials"]):
                    self.refuse(7, "budget spent", "study")
                raise Refusal(7, "budget spent", "study")
            trial = next((t for t in study["trials"] if t.state == QUEUED), None)
            if trial is None:
                trial = self.new_trial(study)
            self.fill(head.spec, trial, q.fixed)
            trial.state, trial.worker = RUNNING, q.meta.worker_id
            trial.attempt += 1
            trial.seq = self.seq = self.seq + 1
            trial.why.rule = trial.why.freshness = 1
            given = reply.trials.add()
            given.CopyFrom(trial)
            given.lease.number, given.lease.attempt = trial.number, trial.attempt
            given.lease.token, given.lease.remaining_ms = os.urandom(16), self.lease_ms
            study["tokens"][trial.number] = bytes(given.lease.token)
        return reply

    def new_trial(self, study, **fields):
        self.seq += 1
        trial = _schema.Trial(number=study["next"], created_ms=1000, seq=self.seq, **fields)
        study["next"] += 1
        study["trials"].append(trial)
        return trial

    def fill(self, spec, trial, fixed):
        """Random values for what is not given yet."""
        given = {bytes(p.name): p.value for p in [*trial.params, *fixed]}
        params = []
        for p in spec.parameters:
            named = _schema.message("NamedScalar")(name=p.name)
            if bytes(p.name) in given:
                named.value.CopyFrom(given[bytes(p.name)])
            elif p.kind == KINDS["CATEGORICAL"]:
                named.value.CopyFrom(random.choice(p.choices.items))
            elif p.kind == KINDS["INT"]:
                named.value.int_value = random.randint(int(p.low), int(p.high))
            else:
                named.value.real_value = random.uniform(p.low, p.high)
            params.append(named)
        del trial.params[:]
        trial.params.extend(params)

    def trial_of(self, study, number):
        trial = next((t for t in study["trials"] if t.number == number), None)
        if trial is None:
            raise Refusal(2, "no such trial", "number")
        return trial

    def running(self, study, number, lease):
        trial = self.trial_of(study, number)
        if trial.state != RUNNING:
            raise Refusal(5, "the trial has a result", "number")
        if lease.token and bytes(lease.token) != study["tokens"].get(number):
            raise Refusal(5, "another's", "lease.token")
        return trial

    def change(self, trial, **fields):
        for name, value in fields.items():
            setattr(trial, name, value)
        trial.seq = self.seq = self.seq + 1
        return trial

    def put_values(self, study, trial, values):
        del trial.values[:]
        for v in values:
            mean, sem = v.value, v.sem if v.HasField("sem") else None
            if v.replicates:
                mean = statistics.mean(v.replicates)
                sem = statistics.stdev(v.replicates) / math.sqrt(len(v.replicates))
            trial.values.add(name=v.name or study["head"].spec.metrics[0].name, value=mean,
                             sem=sem)

    def observe(self, q):
        study = self.find(q.study)
        reply = _schema.OBSERVE.reply()
        for o in q.observations:
            trial = self.running(study, o.number, o.lease)
            self.put_values(study, trial, o.values)
            if all(math.isfinite(v.value) for v in trial.values):
                self.change(trial, state=COMPLETE, finished_ms=2000)
            else:
                del trial.values[:]
                self.change(trial, state=FAILED, reason=b"nonfinite", finished_ms=2000)
            reply.trials.add().CopyFrom(trial)
        return reply

    def failtrial(self, q):
        trial = self.running(self.find(q.study), q.number, q.lease)
        self.change(trial, state=q.state or FAILED, reason=q.reason, finished_ms=2000)
        return _schema.FAIL_TRIAL.reply(trials=[trial])

    def heartbeat(self, q):
        study = self.find(q.study)
        reply = _schema.HEARTBEAT.reply()
        for lease in q.leases:
            number = lease.number
            if any(t.number == number and t.state == RUNNING for t in study["trials"]) \
                    and bytes(lease.token) == study["tokens"][number]:
                reply.leases.add(number=number, remaining_ms=self.lease_ms)
                if number in self.stops:
                    reply.stops.add(number=number, reason=self.stops[number])
            else:
                reply.lost.append(number)
        return reply

    def report(self, q):
        study = self.find(q.study)
        trial = self.trial_of(study, q.number)
        if trial.state == CANCELLED:
            return _schema.REPORT.reply(stop=True, reason=1, message=b"cancelled")
        self.running(study, q.number, q.lease)
        if trial.progress and q.step <= trial.progress[-1].step:
            raise Refusal(4, "steps must grow", "step")
        trial.progress.add(step=q.step, value=q.value, time_ms=1500)
        stop = self.stops.get(q.number, 2 if study["head"].state == PAUSED else None)
        return _schema.REPORT.reply(stop=stop is not None, reason=stop,
                                    remaining_ms=self.lease_ms)

    def release(self, q):
        study = self.find(q.study)
        trial = self.trial_of(study, q.number)
        if q.HasField("lease"):
            self.running(study, q.number, q.lease)
        elif trial.state in (QUEUED, COMPLETE):
            raise Refusal(4, "nothing to requeue", "number")
        self.change(trial, state=QUEUED, reason=q.reason)
        trial.ClearField("finished_ms")
        return _schema.RELEASE.reply(trials=[trial])

    def canceltrial(self, q):
        trial = self.trial_of(self.find(q.study), q.number)
        if trial.state not in (QUEUED, RUNNING, EXPIRED):
            raise Refusal(4, "it has ended", "number")
        self.change(trial, state=CANCELLED, reason=q.reason, finished_ms=2000)
        return _schema.CANCEL_TRIAL.reply(trials=[trial])

    def enqueue(self, q):
        study = self.find(q.study)
        return _schema.ENQUEUE.reply(trials=[
            self.new_trial(study, state=QUEUED, params=p.params, labels=p.labels, note=p.note)
            for p in q.points])

    def edittrial(self, q):
        study = self.find(q.study)
        trial = self.trial_of(study, q.number)
        if q.values and trial.state != COMPLETE:
            raise Refusal(4, "it has no result", "values")
        if q.HasField("excluded") and trial.state in (QUEUED, RUNNING):
            raise Refusal(4, "it has not ended", "excluded")
        if q.values:
            self.put_values(study, trial, q.values)
        for name in ("excluded", "note"):
            if q.HasField(name):
                setattr(trial, name, getattr(q, name))
        self.label(trial.labels, q)
        return _schema.EDIT_TRIAL.reply(trials=[self.change(trial)])

    def deletetrial(self, q):
        study = self.find(q.study)
        trial = self.trial_of(study, q.number)
        if trial.state == RUNNING:
            raise Refusal(4, "cancel it first", "number")
        study["trials"].remove(trial)
        return _schema.DELETE_TRIAL.reply(trials=[trial])

    def gettrial(self, q):
        return _schema.GET_TRIAL.reply(trials=[self.trial_of(self.find(q.study), q.number)])

    def addtrials(self, q):
        study = self.find(q.study)
        first = study["next"]
        for point in q.points:
            trial = self.new_trial(study, state=COMPLETE, params=point.params, told=True,
                                   finished_ms=2000, labels=point.labels, note=point.note)
            self.put_values(study, trial, point.values)
        return _schema.ADD_TRIALS.reply(first_number=first, count=len(q.points))

    def listtrials(self, q):
        trials = [t for t in self.find(q.study)["trials"] if t.number >= q.from_number
                  and t.seq > q.since_seq and (not q.states or t.state in q.states)]
        reply = _schema.LIST_TRIALS.reply(trials=trials[:3], seq=self.seq)  # small pages
        if len(trials) > 3:
            reply.next_number = trials[3].number
        return reply

    def why(self, q):
        study = self.find(q.study)
        states = [t.state for t in study["trials"]]
        reply = _schema.WHY.reply(queued=states.count(QUEUED), running=states.count(RUNNING))
        if study["head"].state == PAUSED:
            reply.next = 1
            reply.error.code, reply.error.message = 9, b"the study is paused"
            reply.sentences.append(b"It is paused <by hand>.")
        else:
            reply.next = 3
            reply.sentences.append(b"The next point is one of the initial design.")
        if study["head"].spec.HasField("budget"):
            reply.left = study["head"].spec.budget - self.taken(study)
        return reply

    def getmodel(self, q):
        self.find(q.study)
        return _schema.GET_MODEL.reply(reason=b"there is <no> model")

    def best_trial(self, study):
        done = [t for t in study["trials"] if t.state == COMPLETE and not t.excluded]
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
