"""The wire's messages, built at run time from the descriptor set.

Classes made this way work with every protobuf from 3.20 on; generated code
would refuse runtimes older than its compiler. Messages are what protobuf makes
of proto/kriged.proto; text fields are bytes.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTOCOL = 1
MESSAGE_BYTES = 1 << 20
BATCH = 1024


def _load() -> Dict[str, Any]:
    data = Path(__file__).with_name("kriged.desc").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    found: Dict[str, Any] = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        pool.AddSerializedFile(file.SerializeToString())
        for message in file.message_type:
            descriptor = pool.FindMessageTypeByName(f"{file.package}.{message.name}")
            if hasattr(message_factory, "GetMessageClass"):
                found[message.name] = message_factory.GetMessageClass(descriptor)
            else:
                factory: Any = message_factory.MessageFactory(pool)
                found[message.name] = factory.GetPrototype(descriptor)
        for enum in file.enum_type:
            found[enum.name] = pool.FindEnumTypeByName(f"{file.package}.{enum.name}")
    return found


_types = _load()


def message(name: str) -> Any:
    """The class of a message."""
    return _types[name]


def enum(owner: str, name: str = "") -> Dict[str, int]:
    """Numbers of an enum by name: enum("TrialState"), enum("Metric", "Role")."""
    descriptor = _types[owner]
    if name:
        descriptor = descriptor.DESCRIPTOR.enum_types_by_name[name]
    return {value.name: value.number for value in descriptor.values}


class Method(NamedTuple):
    name: str
    number: int
    mutates: bool
    request: Any
    reply: Any


def _method(name: str, number: int, mutates: bool, reply: str = "") -> Method:
    return Method(name, number, mutates, message(name + "Request"),
                  message(reply or name + "Reply"))


HELLO = _method("Hello", 1, False)
PING = _method("Ping", 2, False)
STATUS = _method("Status", 3, False)
CREATE_STUDY = _method("CreateStudy", 16, True, "StudyReply")
GET_STUDY = _method("GetStudy", 17, False, "StudyReply")
LIST_STUDIES = _method("ListStudies", 18, False)
UPDATE_STUDY = _method("UpdateStudy", 19, True, "StudyReply")
DELETE_STUDY = _method("DeleteStudy", 20, True, "StudyReply")
SUGGEST = _method("Suggest", 32, True)
OBSERVE = _method("Observe", 33, True, "TrialsReply")
FAIL_TRIAL = _method("FailTrial", 34, True, "TrialsReply")
HEARTBEAT = _method("Heartbeat", 35, False)
ADD_TRIALS = _method("AddTrials", 36, True)
RELEASE = _method("Release", 39, True, "TrialsReply")
CANCEL_TRIAL = _method("CancelTrial", 40, True, "TrialsReply")
ENQUEUE = _method("Enqueue", 41, True, "TrialsReply")
REPORT = _method("Report", 42, True)
EDIT_TRIAL = _method("EditTrial", 43, True, "TrialsReply")
DELETE_TRIAL = _method("DeleteTrial", 44, True, "TrialsReply")
GET_TRIAL = _method("GetTrial", 37, False, "TrialsReply")
LIST_TRIALS = _method("ListTrials", 38, False)
BEST = _method("Best", 48, False)
PREDICT = _method("Predict", 49, False)
WHY = _method("Why", 51, False)
GET_MODEL = _method("GetModel", 52, False)
EXPLAIN = _method("Explain", 53, False)

Scalar = message("Scalar")
Study = message("Study")
Trial = message("Trial")
Point = message("Point")

TRIAL_STATES = enum("TrialState")
TRIAL_STATE_NAMES = {number: name for name, number in TRIAL_STATES.items()}
STOP_REASONS = {number: name[len("STOP_"):] for name, number in enum("StopReason").items()}
NEXT = {number: name.lower() for name, number in enum("WhyReply", "Next").items()}
PREPARED = {number: name[len("PREPARED_"):].lower() for name, number in enum("Prepared").items()}
STUDY_STATE_NAMES = {number: name for name, number in enum("StudyState").items()}
KINDS = enum("Parameter", "Kind")
PRIORS = enum("Prior", "Kind")
ROLES = enum("Metric", "Role")
ON_EXPIRY = enum("OnExpiry")
IF_EXISTS = enum("CreateStudyRequest", "IfExists")
ACTIONS = enum("UpdateStudyRequest", "Action")
RULES = {number: name.lower() for name, number in enum("Why", "Rule").items()}
WHY_ROLES = {number: name.lower() for name, number in enum("Why", "Role").items()}
FRESHNESS = {number: name.lower() for name, number in enum("Why", "Freshness").items()}
