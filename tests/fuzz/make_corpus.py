"""Seeds for the fuzz targets of proto/: small messages of every kind, valid and
not, from text in protobuf's own format. Needs protoc.

    python3 tests/fuzz/make_corpus.py     writes tests/fuzz/corpus/{decode,record}
"""
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

META = 'meta { request_id: "0123456789abcdef" session: "SSSSSSSSSSSSSSSS" worker_id: "w" }'
SPEC = """
  parameters { name: "lr" kind: FLOAT low: 1e-5 high: 0.1 log: true }
  parameters { name: "n" kind: INT low: 1 high: 9 step: 2 }
  parameters { name: "opt" kind: CATEGORICAL choices {
    items { null_value: true } items { bool_value: false } items { int_value: -1 }
    items { real_value: 0.5 } items { string_value: "a" } } }
  parameters { name: "size" kind: ORDINAL choices { items { int_value: 4 } items { int_value: 8 } }
    when: "opt == 'a' and n > 1" }
  parameters { name: "fast" kind: BOOL }
  parameters { name: "host" kind: FIXED choices { items { string_value: "h" } } }
  metrics { name: "loss" role: MINIMIZE }
  metrics { name: "t" role: CONSTRAINT lower: 0 upper: 1 }
  parameter_constraints: "lr + n <= 3" forbidden: "fast and n == 1" noise_sd: 0.1
  acquisition: "ucb" acquisition_level: 0.5 acquisition_beta: 4
  budget: 20 lease_s: 60 seed: 7 on_expiry: REQUEUE retry_limit: 1
  labels { name: "team" value { string_value: "a" } }
"""
MODELS = ('models { name: "loss" kernel: "matern52" lengthscales: 0.2 lengthscales: 3 outputscale: 1 '
          'noise_sd: 0.1 mean: 0.5 observations: 9 fitted: 8 log_posterior: -3 jitter: 1e-10 '
          'transform: "(y - 1) / 2" calibration { results: 9 log_density: -1 crps: 0.5 '
          'mean_square_z: 1 coverage50: 0.5 coverage80: 0.8 coverage95: 0.95 outliers: 1 '
          'worst_z: -4.5 worst_number: 3 } } models { kernel: "matern52" }')
LATER_SPEC = SPEC + """
  parameters { name: "m" kind: FLOAT low: 0 high: 1 fidelity: true
    target { real_value: 1 } default_value { int_value: 1 } prior { kind: 1 numbers: 2 } }
  metrics { name: "s" role: COST }
  cost_budget: 3
"""
PARAMS = 'params { name: "lr" value { real_value: 0.01 } } params { name: "n" value { int_value: 3 } }'
VALUES = 'values { value: 0.25 } values { name: "t" value: nan sem: 0.1 }'
REPLICATES = 'values { name: "loss" replicates: 0.25 replicates: 0.5 }'
LABELS = 'labels { name: "team" value { string_value: "a" } } note: "n"'
LEASE = 'lease { number: 3 attempt: 1 token: "TTTTTTTTTTTTTTTT" remaining_ms: 5 }'
LEASES = LEASE.replace("lease", "leases", 1)
TRIAL = f"""number: 3 state: COMPLETE {PARAMS} {VALUES} reason: "r" worker: "w" attempt: 1
  created_ms: 1 finished_ms: 2 late: true told: true seq: 9
  why {{ rule: MODEL freshness: FRESH mean: 0.1 sd: 0.2 log_acq: -3 p_feasible: 0.5
    acquisition: "ucb" acq: 0.5 }} {LEASE}
  {LABELS} excluded: true progress {{ step: -1 value: 0.5 time_ms: 3 }} feasible: true"""
STUDY = f"""name: "s" id: 1 state: ACTIVE spec {{ {SPEC} }} counts {{ state: COMPLETE count: 4 }}
  best {{ {TRIAL} }} created_ms: 1 seq: 9 reason: "paused" reserved: 2 spec_version: 3"""

# In the order of proto/method_list.def: name, requests, reply.
METHODS = [
    ("Hello", ['client: "c" protocol: 1'], 'HelloReply', 'version: "0.1.0" protocol: 1 '
     'features: "a" features: "b" limits { message_bytes: 1048576 batch: 1024 } '
     'session: "SSSSSSSSSSSSSSSS" blas_core: "Haswell"'),
    ("Ping", [META], "PingReply", ""),
    ("Status", [META], "StatusReply", 'version: "0.1.0" uptime_ms: 5 studies: 1 '
     'trials { state: RUNNING count: 2 } durable: true threads: 2'),
    ("ServerBackup", ['path: "/a/b"'], "ServerBackupReply", "bytes: 4096"),
    ("CreateStudy", [f'{META} name: "s" spec {{ {SPEC} }} if_exists: ATTACH',
                     f'{META} name: "s" namespace: "x" spec {{ {LATER_SPEC} }}'],
     "StudyReply", f"study {{ {STUDY} }} attached: true"),
    ("GetStudy", ['study: "s" since_seq: 3 wait_ms: 5'], "StudyReply", f"study {{ {STUDY} }}"),
    ("ListStudies", ["deleted: true after_id: 3 limit: 10"], "ListStudiesReply",
     f"studies {{ {STUDY} }} studies {{ name: 't' }} more: true"),
    ("UpdateStudy", [f'{META} study: "s" action: PAUSE budget: 5',
                     f'{META} study: "s" no_budget: true lease_s: 5 on_expiry: EXPIRE '
                     'retry_limit: 3 labels { name: "a" value { null_value: true } } '
                     'remove_labels: "b" expected_version: 1'], "StudyReply", ""),
    ("DeleteStudy", [f'{META} study: "s" undelete: true id: 1'], "StudyReply", ""),
    ("Suggest", [f'{META} study: "s" count: 3 fixed {{ name: "n" value {{ int_value: 3 }} }} '
                 'lease_s: 5', f'{META} study: "s" wait_ms: 5'], "SuggestReply",
     f"trials {{ {TRIAL} }} trials {{ {TRIAL} }}"),
    ("Observe", [f'{META} study: "s" observations {{ number: 3 {LEASE} {VALUES} }} '
                 'observations { number: 4 values { value: inf } } '
                 f'observations {{ number: 5 {REPLICATES} }}'], "TrialsReply",
     f"trials {{ {TRIAL} }}"),
    ("FailTrial", [f'{META} study: "s" number: 3 {LEASE} state: INFEASIBLE reason: "oom"'],
     "TrialsReply", ""),
    ("Heartbeat", [f'study: "s" {LEASES} leases {{ number: 4 }}'], "HeartbeatReply",
     f"{LEASES} lost: 4 lost: 5 stops {{ number: 3 reason: STOP_BUDGET }}"),
    ("AddTrials", [f'{META} study: "s" points {{ {PARAMS} {VALUES} {LABELS} }}'], "AddTrialsReply",
     "first_number: 3 count: 1"),
    ("GetTrial", ['study: "s" number: 3'], "TrialsReply", f"trials {{ {TRIAL} }}"),
    ("ListTrials", ['study: "s" states: RUNNING states: COMPLETE since_seq: 1 from_number: 2 '
                    'limit: 3 columns: "params" columns: "progress"'], "ListTrialsReply",
     f"trials {{ {TRIAL} }} next_number: 4 seq: 9"),
    ("Release", [f'{META} study: "s" number: 3 {LEASE} reason: "r"'], "TrialsReply",
     f"trials {{ {TRIAL} }}"),
    ("CancelTrial", [f'{META} study: "s" number: 3 reason: "r"'], "TrialsReply", ""),
    ("Enqueue", [f'{META} study: "s" points {{ {PARAMS} {LABELS} }}'], "TrialsReply", ""),
    ("Report", [f'{META} study: "s" number: 3 {LEASE} step: 7 value: 0.5'], "ReportReply",
     'stop: true reason: STOP_PAUSED message: "m" remaining_ms: 5'),
    ("EditTrial", [f'{META} study: "s" number: 3 {REPLICATES} excluded: true {LABELS} '
                   'remove_labels: "b"'], "TrialsReply", ""),
    ("DeleteTrial", [f'{META} study: "s" number: 3'], "TrialsReply", ""),
    ("Best", ['study: "s"'], "BestReply", f"trial {{ {TRIAL} }}"),
    ("Predict", [f'study: "s" points {{ {PARAMS} }}'], "PredictReply",
     'predictions { metrics { name: "loss" mean: 0.1 sd: 0.2 } metrics { name: "t" mean: 1 sd: 2 } } '
     'predictions { metrics { name: "loss" mean: 0.1 sd: 0.2 } }'),
    ("Replay", ['study: "s" from_seq: 1 limit: 2'], "ReplayReply",
     'suggestions { seq: 1 number: 0 equal: false recorded { name: "lr" value { real_value: 1 } } '
     'computed { name: "lr" value { real_value: 2 } } } next_seq: 3 same_build: true'),
    ("Why", ['study: "s"'], "WhyReply", 'next: NOTHING next_number: 1 error { code: 3 message: "m" } '
     'waiting: 1 computing: true queued: 2 running: 3 left: 4 expiry_ms: 5 expiry_number: 6 '
     'sentences: "a" sentences: "b"'),
    ("GetModel", ['study: "s"'], "GetModelReply",
     f'parameters: "lr" {MODELS} reason: "r" results: 4 sentences: "x"'),
]

RECORDS = [
    ("StudyCreated", f'name: "s" spec {{ {SPEC} }}'),
    ("StudyUpdated", "state: 2 budget: 5 no_budget: true lease_s: 5 on_expiry: 2 "
     "retry_limit: 3 has_labels: true labels { name: 'a' value { bool_value: true } }"),
    ("Suggested", 'trials { number: 0 values: 0.5 values: 2 attempt: 1 token: "TTTTTTTTTTTTTTTT" '
     'lease_ms: 60000 why { rule: INITIAL freshness: FRESH } } '
     'job { snapshot_seq: 1 first_number: 0 n_slots: 2 first_slot: 1 fixed: nan fixed: 1 '
     'state_in: 0.1 state_out: 0.2 units: 4 cut: true build: "b" numbers: 7 numbers: 9 '
     f'{MODELS} }} '
     'worker: "w" session: "SSSSSSSSSSSSSSSS"'),
    ("Ended", 'outcomes { number: 0 state: 3 values: 0.25 reason: "r" late: true sems: nan }'),
    ("Added", 'first_number: 1 trials { values: 0.5 values: 2 metrics: 0.25 sems: 0.1 '
     'labels { name: "a" value { int_value: 1 } } note: "n" } trials { values: 1 reason: "nonfinite" }'),
    ("Enqueued", 'first_number: 1 trials { values: 0.5 values: nan note: "n" }'),
    ("Reported", "number: 1 step: -3 value: 0.5 stop: 2"),
    ("Edited", 'number: 1 values: 0.5 sems: 0.1 excluded: true note: "" has_labels: true '
     'labels { name: "a" value { int_value: 1 } } deleted: true'),
    ("Stale", 'number: 1 attempt: 2 values: nan sems: nan worker: "w"'),
]

REQUEST, REPLY, ERROR, HEADER = 0x00, 0x40, 0x80, 0xC0


def encode(file, kind, text):
    return subprocess.run(
        ["protoc", f"-I{ROOT}", f"--encode={kind}", file],
        input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def write(target, name, first, body):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(bytes([first]) + body)


def main():
    wire = "proto/kriged.proto"
    for i, (name, requests, reply, text) in enumerate(METHODS):
        for k, request in enumerate(requests):
            body = encode(wire, f"kriged.{name}Request", request)
            write("decode", f"{name}Request{k}", REQUEST | i, body)
        write("decode", f"{name}_{reply}", REPLY | i, encode(wire, f"kriged.{reply}", text))
    error = 'code: 10 message: "m" field: "f" retry_after_ms: 5 endpoint: "tcp://h:1"'
    write("decode", "Error", ERROR, encode(wire, "kriged.Error", error))
    write("decode", "Header", HEADER, b"KRGE\x01\x01\x20\x00" + bytes(range(16)))
    for i, (name, text) in enumerate(RECORDS):
        write("record", name, i + 1, encode("proto/record.proto", f"kriged.record.{name}", text))


if __name__ == "__main__":
    main()
