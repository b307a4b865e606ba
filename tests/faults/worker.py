"""A worker that dies, gives back, fails and reports at random: see test_workers.py.

    worker.py ENDPOINT STUDY SEED JOURNAL

Ends with 0 when the study is over. Each result that was acknowledged is a line of JOURNAL.
"""
import os
import random
import signal
import sys
import time

import krige


def evaluate(params):
    """Loss and latency, exact functions of the point that the test can repeat."""
    loss = abs(params["lr"] - 0.01) + params["drop"] + abs(params["layers"] - 3) / 8
    loss += {"sgd": 0.0, "adam": 0.5, None: 1.0, True: 2.0}.get(params["opt"], 1.5)
    loss += 0.3 * abs(params.get("momentum", 0.5) - 0.9) + 0.1 * params.get("nesterov", False)
    latency = params["layers"] + params["size"] / 16 + (0 if params["fast"] else 2)
    return loss, float(latency)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def run_one(study, trial, chance, journal):
    loss, latency = evaluate(trial.params)
    fate = chance.random()
    if fate < 0.03:
        die()
    if fate < 0.06:
        trial.release("called away")
        return
    if fate < 0.08:
        trial.fail("the machine was lost")
        return
    if fate < 0.10:
        trial.infeasible("does not fit")
        return
    for step in range(1, chance.randrange(3)):
        if trial.report(step=step, value=loss + 1 / step):
            break
    time.sleep(chance.random() * 0.005)
    trial.tell({"loss": loss, "latency": latency})
    journal.write(f"{trial.number} {loss!r}\n")
    journal.flush()
    if fate > 0.98:
        die()


def main():
    endpoint, name, seed, path = sys.argv[1:]
    chance = random.Random(int(seed))
    study = krige.connect(endpoint).study(name)
    with open(path, "a") as journal:
        while True:
            try:
                trial = study.ask(wait=30)  # longer than the lease of one that has died
            except krige.StudyFinished:
                return
            except krige.StaleLease:
                continue
            try:
                run_one(study, trial, chance, journal)
            except (krige.StaleLease, krige.Conflict):
                continue  # its lease ran out, and somebody else was faster


if __name__ == "__main__":
    main()
