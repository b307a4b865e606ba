"""The driver of the Python client: see README.md."""
import json
import math
import sys

import krige
from krige import _schema

TYPES = {"float": krige.Float, "int": krige.Int}
ASK_SECONDS = 5.0  # how long a "not now" is waited out
NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def number(value):
    return NUMBERS.get(value, value) if isinstance(value, str) else value


def parameter(spec):
    spec = dict(spec)
    kind, when = spec.pop("type"), {"when": spec.pop("when")} if "when" in spec else {}
    if "prior" in spec:
        told = spec.pop("prior")
        when["prior"] = krige.Normal(**told) if isinstance(told, dict) else krige.Weights(told)
    if kind in TYPES:
        return TYPES[kind](number(spec.pop("low")), number(spec.pop("high")), **spec, **when)
    if kind == "categorical":
        return krige.Categorical(spec["choices"], **when)
    if kind == "ordinal":
        return krige.Ordinal(spec["choices"], **when)
    if kind == "bool":
        return krige.Bool(**when)
    return krige.Fixed(spec["value"], **when)


def outcome(step):
    if "values" in step:
        return {name: outcome({"value": value}) for name, value in step["values"].items()}
    value = step["value"]
    return tuple(map(number, value)) if isinstance(value, list) else number(value)


def view(trial):
    return {"number": trial.number, "state": trial.state, "attempt": trial.attempt,
            "params": dict(trial.params), "values": dict(trial.values), "reason": trial.reason}


class Driver:
    def __init__(self):
        self.client, self.studies, self.trials = None, {}, {}

    def study(self, step):
        name = step["study"]
        if name not in self.studies:
            self.studies[name] = self.client.study(name)
        return self.studies[name]

    def trial_of(self, step):
        return self.trials[step["trial"]]

    def seen(self, step):
        trial = self.trial_of(step)
        return view(trial._study.trial(trial.number))

    def given(self, trial):
        return {"number": trial.number, "state": "RUNNING", "attempt": trial.attempt,
                "params": dict(trial.params), "values": {}, "reason": None}

    def open(self, step):
        self.client = krige.connect(step["endpoint"])
        self.client._leases.close()  # the cases decide when a lease is renewed
        return {}

    def create(self, step):
        space = {name: parameter(spec) for name, spec in step["space"].items()}
        options = {key: step[key] for key in (
            "constraints", "parameter_constraints", "forbidden", "budget", "lease", "seed",
            "noise", "acquisition", "acquisition_level", "acquisition_beta", "warm_start",
            "on_expiry", "retry_limit", "stop", "if_exists") if key in step}
        self.studies[step["study"]] = self.client.create_study(
            step["study"], space=space, objective=step["objective"], **options)
        return {}

    def attach(self, step):
        self.studies[step["study"]] = self.client.study(step["study"])
        return {}

    def ask(self, step):
        options = {key: step[key] for key in ("fixed", "worker", "wait", "deadline")
                   if key in step}
        options["timeout"] = step.get("wait", 0) + ASK_SECONDS
        trial = self.trials[step["as"]] = self.study(step).ask(**options)
        return self.given(trial)

    def ask_many(self, step):
        trials = self.study(step).ask(step["n"])
        for i, trial in enumerate(trials):
            self.trials[f"{step['as']}.{i}"] = trial
        return {"trials": [self.given(trial) for trial in trials]}

    def tell(self, step):
        self.trial_of(step).tell(outcome(step))
        return self.seen(step)

    def fail(self, step):
        self.trial_of(step).fail(step.get("reason", ""))
        return {"state": self.seen(step)["state"]}

    def infeasible(self, step):
        self.trial_of(step).infeasible(step.get("reason", ""))
        return {"state": self.seen(step)["state"]}

    def prune(self, step):
        self.trial_of(step).prune(step.get("reason", ""))
        return {"state": self.seen(step)["state"]}

    def release(self, step):
        self.trial_of(step).release(step.get("reason", ""))
        return {"state": self.seen(step)["state"]}

    def report(self, step):
        return {"stop": self.trial_of(step).report(step=step["step"],
                                                   value=number(step["value"]))}

    def heartbeat(self, step):
        trial = self.trial_of(step)
        request = _schema.HEARTBEAT.request(study=trial._study._wire_name)
        request.leases.add().CopyFrom(trial._message.lease)
        reply = self.client._run(self.client._call(_schema.HEARTBEAT, request, 10))
        return {"lost": all(lease.number != trial.number for lease in reply.leases)}

    def tell_point(self, step):
        return {"number": self.study(step).tell_point(step["params"], outcome(step))}

    def enqueue(self, step):
        return {"number": self.study(step).enqueue(step["params"])}

    def set_stop(self, step):
        self.study(step).set(stop=step["stop"])
        return {}

    def set_acquisition(self, step):
        self.study(step).set(**{key: step[key] for key in (
            "acquisition", "acquisition_level", "acquisition_beta") if key in step})
        return {}

    def explain(self, step):
        trial = self.study(step).explain(step.get("number")).trial
        why = trial.why
        return {"number": trial.number, "rule": why.rule if why else "none",
                "role": why.role or "none" if why else "none",
                "observations": why.observations or 0 if why else 0,
                "pulls": [pull.number for pull in why.pulls] if why else []}

    def predict(self, step):
        return {name: {"mean": mean, "sd": sd} for name, (mean, sd)
                in self.study(step).predict([step["params"]])[0].items()}

    def model(self, step):
        model = self.study(step).model()
        metrics = {**model.metrics, **({} if model.success is None else {"success": model.success})}
        return {"reason": model.reason, "metrics": {
            name: {"observations": m.observations, "noise_sd": m.noise_sd,
                   "left_out": m.calibration.results if m.calibration else 0,
                   "lengthscales": dict(m.lengthscales)} for name, m in metrics.items()}}

    def best(self, step):
        best = self.study(step).best
        return best and view(best)

    def trial(self, step):
        return view(self.study(step).trial(step["number"]))

    def list(self, step):
        return {"trials": [view(t) for t in self.study(step).trials(step.get("states"))]}

    def cancel(self, step):
        self.study(step).cancel(step["number"])
        return {}

    def info(self, step):
        info = self.study(step).info()
        return {"state": info.state, "counts": dict(info.counts), "budget": info.budget}

    def pause(self, step):
        self.study(step).pause()
        return {}

    def resume(self, step):
        self.study(step).resume()
        return {}

    def finish(self, step):
        self.study(step).finish()
        return {}

    def set_budget(self, step):
        self.study(step).set(budget=step["budget"])
        return {}


def main():
    driver = Driver()
    for line in sys.stdin:
        step = json.loads(line)
        try:
            answer = {"ok": getattr(driver, step["do"])(step)}
        except krige.Error as error:
            answer = {"error": error.code, "field": error.field or "", "message": str(error)}
        print(json.dumps(answer, allow_nan=False), flush=True)


if __name__ == "__main__":
    main()
