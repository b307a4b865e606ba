"""Python clients with keys, and without, at daemons that have them, and have not."""
import asyncio
import os
import pickle
import subprocess
import time

import krige
import pytest
from krige import _endpoint, _keys, aio


@pytest.fixture
def krige_bin(kriged_bin):
    found = os.environ.get("KRIGE_BIN", os.path.join(os.path.dirname(kriged_bin), "krige"))
    if not os.access(found, os.X_OK):
        pytest.skip("krige is not built: ./dev build")
    return found


@pytest.fixture
def places(folder, krige_bin, monkeypatch):
    """Files of keys by name; nothing in the environment."""
    for name in [n for n in os.environ if n.startswith("KRIGE_")]:
        monkeypatch.delenv(name)
    for name in ("server", "me", "stranger"):
        subprocess.run([krige_bin, "keygen", "-q", str(folder / name)], check=True,
                       stdout=subprocess.DEVNULL)
    return folder


def start(binary, folder, *flags):
    process = subprocess.Popen(
        [binary, "--db", ":memory:", "--endpoint", "tcp://127.0.0.1:0", *flags],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("kriged: ready "):
            return process, line.split()[2]
    raise AssertionError("kriged ended")


def public(folder, name):
    return (folder / name).read_text().split()[-1]


@pytest.fixture
def protected(places, kriged_bin):
    allow = places / "allow"
    allow.write_text(f"{public(places, 'me')} worker python\n")
    allow.chmod(0o600)
    process, endpoint = start(kriged_bin, places, "--secret-key", str(places / "server.secret"),
                              "--allow", str(allow))
    yield endpoint
    process.kill()
    process.wait()
    process.stderr.close()


def test_in_with_keys(places, protected, monkeypatch):
    mine = str(places / "me.secret")
    with krige.connect(protected, server_key=public(places, "server"), key_file=mine) as client:
        assert client.studies() == []
        with pytest.raises(krige.Error, match="has the role worker, and create_study") as caught:
            client.create_study("s", {"x": krige.Float(0, 1)}, "minimize loss")
        assert caught.value.code == "FORBIDDEN"
        again = pickle.loads(pickle.dumps(client.endpoint))
        assert again == protected and again.keys == client.endpoint.keys
        secret = (places / "me.secret").read_text().split()[-1].encode()
        assert secret not in pickle.dumps(client.endpoint)
        assert secret.decode() not in repr(client.endpoint.keys)
    monkeypatch.setenv("KRIGE_SERVER_KEY", str(places / "server"))
    monkeypatch.setenv("KRIGE_KEY_FILE", mine)
    with krige.connect(protected) as client:
        client.ping()


def test_in_with_keys_on_asyncio(places, protected):
    async def main():
        keys = {"server_key": public(places, "server"), "key_file": str(places / "me.secret")}
        async with aio.connect(protected, **keys) as client:
            assert await client.studies() == [] and client.endpoint.keys is not None
        with pytest.raises(krige.Error, match="KRIGE_SERVER_KEY"):
            await aio.connect(protected, timeout=5)
    asyncio.run(main())


@pytest.mark.parametrize("who,server,words", [
    ("stranger", "server", "does not know this client's key"),
    ("me", "stranger", "most likely not its key"),
    (None, None, "KRIGE_SERVER_KEY"),
])
def test_out_without_them_and_soon(places, protected, who, server, words):
    began = time.monotonic()
    with pytest.raises(krige.Error, match=words):
        krige.connect(protected, server_key=server and public(places, server),
                      key_file=who and str(places / f"{who}.secret"), timeout=30)
    assert time.monotonic() - began < 10


def test_keys_for_a_daemon_that_has_none(places, kriged_bin):
    process, endpoint = start(kriged_bin, places)
    try:
        with pytest.raises(krige.Unauthenticated, match="has no keys"):
            krige.connect(endpoint, server_key=public(places, "server"),
                          key_file=str(places / "me.secret"), timeout=30)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("server,key,words", [
    ("{folder}/server", None, "no key of this client"),
    (None, "{folder}/me.secret", "no server key"),
    ("short", "{folder}/me.secret", "neither the 40 characters"),
    ("{folder}/server.secret", "{folder}/me.secret", "a public one is wanted"),
    ("{folder}/server", "{folder}/none", "No such file"),
    ("{folder}/server", "{folder}/me", "open to others"),
    ("{folder}/server", "{folder}/allowed", "no line 'secret KEY'"),
])
def test_keys_that_are_none(places, server, key, words):
    (places / "allowed").write_text("nothing here\n")
    (places / "allowed").chmod(0o600)
    with pytest.raises(krige.InvalidArgument, match=words) as caught:
        _keys.load(server and server.format(folder=places), key and key.format(folder=places))
    assert caught.value.field in ("server_key", "key_file")


def test_environment_keys_are_not_for_the_local_daemon(places, kriged_bin, monkeypatch):
    monkeypatch.setenv("KRIGED_BIN", kriged_bin)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(places))
    monkeypatch.setenv("KRIGE_HOME", str(places / "data"))
    monkeypatch.setenv("KRIGE_SERVER_KEY", "nonsense")
    with krige.connect() as client:
        assert client.endpoint.local and client.endpoint.keys is None
        os.kill(int((places / "data" / "kriged.db.lock").read_text()), 15)


def test_somebody_elses_runtime_folder(places, monkeypatch):
    (places / "kriged").mkdir(mode=0o700)
    (places / "kriged").chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(places))
    with pytest.raises(krige.Error, match="must be yours alone") as caught:
        krige.connect()
    assert caught.value.code == "FORBIDDEN"


def test_an_endpoint_stays_what_it_is():
    made = _endpoint.of("tcp://h:1")
    assert _endpoint.of(made) is made and made == "tcp://h:1" and not made.local


def test_aio_has_the_same_keys(places, protected):
    import asyncio

    import krige.aio

    async def go(who, server):
        async with krige.aio.connect(protected, server_key=public(places, server),
                                     key_file=str(places / f"{who}.secret")) as client:
            return await client.studies()

    assert asyncio.run(go("me", "server")) == []
    with pytest.raises(krige.Unauthenticated, match="does not know this client's key"):
        asyncio.run(go("stranger", "server"))
