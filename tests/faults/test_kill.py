"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is
there twice, and every suggestion can be computed again.

KRIGED_KILLS (100) kills, KRIGED_SEED.
"""
import os
import random
import time

from load import Client, finish, repeat_last, verify
from wire import Wire, replay

KILLS = int(os.environ.get("KRIGED_KILLS", "100"))
SEED = int(os.environ.get("KRIGED_SEED", "1"))
CLIENTS = 4


def test_kills_lose_nothing(daemon, folder):
    print(f"seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    assert daemon.start()
    clients = [Client(daemon.endpoint, folder, f"c{i}", SEED * 1000 + i) for i in range(CLIENTS)]
    for c in clients:
        c.start()
    for k in range(KILLS):
        time.sleep(chance.uniform(0.001, 0.5))
        daemon.kill()
        assert daemon.start(), daemon.text()
        if k % 5 == 0:
            verify(daemon.endpoint, clients)
        for c in clients:
            assert c.error is None, c.error
    finish(clients)
    n, found = verify(daemon.endpoint, clients, whole=True)
    for c in clients:
        repeat_last(c)
    verify(daemon.endpoint, clients, whole=True)

    wire, n_replayed = Wire(daemon.endpoint), 0
    for study in found:
        compared, different = replay(wire, study)
        assert not different, f"{study}: trials {different} come out otherwise"
        n_replayed += compared
    wire.close()
    given = sum(a[0] == "given" for c in clients for a in c.acks)
    assert n_replayed == given
    assert daemon.stop() == 0
    code, words = daemon.check()
    assert code == 0, words
    print(f"{n} acknowledged, {n_replayed} suggestions replayed")
    assert n > 2 * KILLS
