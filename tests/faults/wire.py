"""The wire, spoken without the client library: what a test sends is what it says.

Messages come from proto/kriged.proto, compiled when a test run begins. A Wire is
one DEALER socket of one thread.
"""
import os
import struct
import subprocess
import tempfile
from pathlib import Path

import zmq
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = Path(__file__).resolve().parents[2]
HEADER = struct.Struct("<4sBBH16s")
VERSION, REPLY, ERROR = 1, 1, 2


def _compile():
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", f"-I{ROOT}", f"--descriptor_set_out={out.name}",
                        str(ROOT / "proto/kriged.proto")], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read())


def _classes():
    pool, found = descriptor_pool.DescriptorPool(), {}
    for file in _compile().file:
        pool.AddSerializedFile(file.SerializeToString())
        for message in file.message_type:
            found[message.name] = message_factory.GetMessageClass(
                pool.FindMessageTypeByName(f"{file.package}.{message.name}"))
    return found


TYPES = _classes()
METHODS = {  # name: (number, message, reply)
    "hello": (1, "Hello", "HelloReply"), "ping": (2, "Ping", "PingReply"),
    "status": (3, "Status", "StatusReply"), "create_study": (16, "CreateStudy", "StudyReply"),
    "get_study": (17, "GetStudy", "StudyReply"), "suggest": (32, "Suggest", "SuggestReply"),
    "list_studies": (18, "ListStudies", "ListStudiesReply"),
    "observe": (33, "Observe", "TrialsReply"), "fail_trial": (34, "FailTrial", "TrialsReply"),
    "add_trials": (36, "AddTrials", "AddTrialsReply"),
    "list_trials": (38, "ListTrials", "ListTrialsReply"), "best": (48, "Best", "BestReply"),
    "predict": (49, "Predict", "PredictReply"),
    "replay": (50, "Replay", "ReplayReply"),
    "server_backup": (4, "ServerBackup", "ServerBackupReply"),
}
COMPLETE, FAILED, RUNNING = 3, 5, 2


class Refused(Exception):
    """The daemon answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error.code}: {error.message.decode()}")
        self.code = error.code
        self.text = error.message.decode()


class Lost(Exception):
    """No answer in time: the outcome is not known."""


INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, CONFLICT = 1, 2, 3, 4
OVERLOADED, UNAVAILABLE, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE = 10, 11, 13, 14, 16


def request(method, **fields):
    """A request message; nested messages as dicts are fine."""
    return TYPES[METHODS[method][1] + "Request"](**fields)


def header(method, correlation, version=VERSION, flags=0):
    return HEADER.pack(b"KRGE", version, flags, method, correlation)


class Wire:
    def __init__(self, endpoint, keys=None):
        """keys: (the daemon's public key, ours, our secret one)."""
        self.endpoint = endpoint
        self.keys = keys
        self.context = zmq.Context.instance()
        self.socket = None

    def open(self):
        if self.socket is None:
            self.socket = self.context.socket(zmq.DEALER)
            self.socket.linger = 0
            if self.keys:
                (self.socket.curve_serverkey, self.socket.curve_publickey,
                 self.socket.curve_secretkey) = (key.encode() for key in self.keys)
            self.socket.connect(self.endpoint)
        return self.socket

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def call(self, method, id=None, timeout=5.0, **fields):
        """One round trip; id: the 16 bytes of a mutating request."""
        number, _, reply = METHODS[method]
        message = request(method, **fields)
        message.meta.SetInParent()
        if id is not None:
            message.meta.request_id = id
        correlation = os.urandom(16)
        socket = self.open()
        try:
            socket.send_multipart([header(number, correlation), message.SerializeToString()],
                                  zmq.DONTWAIT)
        except zmq.Again:
            self.close()
            raise Lost(method) from None
        while True:
            if not socket.poll(int(timeout * 1000)):
                self.close()
                raise Lost(method)
            head, body = socket.recv_multipart()
            _, _, flags, _, got = HEADER.unpack(head)
            if got == correlation:
                break
        if flags & ERROR:
            raise Refused(TYPES["Error"].FromString(body))
        return TYPES[reply].FromString(body)

    def insist(self, method, id, until, timeout=1.0, **fields):
        """Send until there is an answer other than UNAVAILABLE or OVERLOADED."""
        import time
        while time.monotonic() < until:
            try:
                return self.call(method, id=id, timeout=timeout, **fields)
            except Lost:
                pass
            except Refused as e:
                if e.code not in (UNAVAILABLE, OVERLOADED):
                    raise
                time.sleep(0.02)
        raise Lost(f"{method}: no answer at all")


def spec(n_params=3, **more):
    return dict(parameters=[dict(name=f"x{i}".encode(), kind=1, low=0.0, high=1.0)
                            for i in range(n_params)],
                metrics=[dict(name=b"loss", role=1)], **more)


def points(n, n_params=3):
    """n <= 1009 results at different points, spread over the space of spec(n_params)."""
    return [dict(params=[dict(name=f"x{i}".encode(), value=dict(real_value=k * (i + 3) % 1009 / 1009))
                         for i in range(n_params)], values=[dict(value=float(k % 13))])
            for k in range(n)]


def params(trial):
    """What a trial is about, as something that compares."""
    return tuple((p.name, p.value.SerializeToString()) for p in trial.params)


def list_trials(wire, study):
    """All trials of a study, page after page."""
    found, number = [], 0
    while True:
        page = wire.call("list_trials", study=study, from_number=number, timeout=30.0)
        found.extend(page.trials)
        if not page.HasField("next_number"):
            return found
        number = page.next_number


def replay(wire, study):
    """(suggestions compared, those that differ)"""
    n, different, seq = 0, [], 0
    while True:
        page = wire.call("replay", study=study, from_seq=seq, limit=20, timeout=120.0)
        n += len(page.suggestions)
        different += [s.number for s in page.suggestions if not s.equal]
        if not page.HasField("next_seq"):
            return n, different
        seq = page.next_seq
