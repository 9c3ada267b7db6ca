"""With encryption, no file of a connection holds one of its secrets in clear text."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from support import private_postgres
from support.oauth_server import CLIENT_SECRET, Authority, when
from support.pace import wait_until
from support.processes import callers, refreshes
from support.processes.forked import Sibling
from support.servers import GivenClock

from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in
from connector.runtime.storage.encryption import Keyring, generate_key
from connector.runtime.storage.open import open_store

KIND = ["file", "sqlite", "postgres"]
BACK = "http://127.0.0.1:1/callback"
KEY = generate_key()


@pytest.fixture
def authority():
    with Authority(lenient=True) as one:
        yield one


def place(kind, folder):
    if kind == "postgres":
        return private_postgres.fresh()
    return {"file": f"file:{folder}/place", "sqlite": f"sqlite:///{folder}/place/store.db"}[kind]


def secrets(authority):
    """Everything secret that has passed so far, by what it is."""
    found = {"client secret": [CLIENT_SECRET], "code": [], "code_verifier": [], "refresh_token": [], "access token": []}
    for form in authority.forms:
        for name in ("code", "code_verifier", "refresh_token"):
            found[name] += [form[name]] if name in form else []
    for family in authority.families:
        found["refresh_token"] += filter(None, [family.good, family.before, *family.spent])
        found["access token"] += [family.newest]
    return {name: set(values) for name, values in found.items()}


def spellings(text):
    raw = text.encode()
    shifted = [base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3)]
    return {raw, quote_plus(text).encode(), raw.hex().encode(), text.encode("utf-16-le"), *shifted}


def told(authority, contents):
    """The names of the secrets that stand in bytes."""
    every = b"\0\0\0\0".join(contents)
    return {
        name
        for name, values in secrets(authority).items()
        for value in values
        for form in spellings(value)
        if form in every
    }


def below(folder):
    """What every file below a folder holds; one may go meanwhile."""
    for path in Path(folder).rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                yield path.read_bytes()


def left(kind, url, folder):
    """Everything that a store has put anywhere: files, write-ahead logs, temporary files, rows, the server's files."""
    if kind != "postgres":
        return list(below(folder))
    [(data,)] = private_postgres.execute(url, "SHOW data_directory")
    [(oid,)] = private_postgres.execute(url, "SELECT oid FROM pg_database WHERE datname = current_database()")
    rows = str(private_postgres.execute(url, "SELECT * FROM connector_store")).encode()
    log = b"".join(below(f"{data}/pg_wal"))  # of all databases of these tests, others of which have this client secret
    return [rows, *below(f"{data}/base/{oid}"), log.replace(CLIENT_SECRET.encode(), b"another's")]


@contextlib.contextmanager
def lingering(kind, url):
    """Have SQLite keep its write-ahead log, as it does while another process reads."""
    if kind != "sqlite":
        yield
        return
    path = url.removeprefix("sqlite:///")
    reader = Sibling(callers.read_on, path)
    assert reader.hear() == "reading"
    yield
    assert Path(f"{path}-wal").stat().st_size > 0
    reader.kill()


@pytest.mark.parametrize("kind", KIND)
def test_no_byte_of_a_store_with_a_key_holds_a_secret(zoom, authority, tmp_path, kind):
    url, waiting = place(kind, tmp_path), []
    store = open_store(url, keys=Keyring.from_texts([KEY]))
    begun = begin_sign_in(zoom, name="work", redirect_uri=BACK, store=store, inputs=authority.inputs())
    waiting += left(kind, url, tmp_path)
    finish_sign_in(zoom, authority.consent(begun.url), store=store)
    with lingering(kind, url):
        authority.on_token = lambda: waiting.extend([] if kind == "postgres" else left(kind, url, tmp_path))
        now = GivenClock().start
        for step in range(10, 300, 30):  # killed where its files lie about
            now += refreshes.LIFE
            victim = Sibling(callers.with_key, KEY, refreshes.call_and_die, url, authority.url, now, step)
            victim.process.join(30)
            waiting += left(kind, url, tmp_path) if kind != "postgres" else []
        whole = left(kind, url, tmp_path)
    assert set(secrets(authority)) == {name for name, values in secrets(authority).items() if values}
    assert any(b"sealed" in content for content in whole)
    assert told(authority, [*waiting, *whole]) == set()


@pytest.mark.parametrize("kind", KIND)
def test_without_a_key_they_would_be_found(zoom, authority, tmp_path, kind):
    url, waiting = place(kind, tmp_path), []
    store = open_store(url)
    begun = begin_sign_in(zoom, name="work", redirect_uri=BACK, store=store, inputs=authority.inputs())
    with lingering(kind, url):
        waiting += left(kind, url, tmp_path)
        finish_sign_in(zoom, authority.consent(begun.url), store=store)
        waiting += left(kind, url, tmp_path)
    found = told(authority, waiting)
    assert found == {"client secret", "code_verifier", "refresh_token", "access token"}, "a code is never kept"


@pytest.mark.parametrize("then", ["it ends", "kill -9"])
def test_neither_arguments_nor_environment_nor_files_of_a_command_hold_a_secret(zoom, authority, tmp_path, then):
    folder, gate = tmp_path / "place", threading.Event()
    key = tmp_path / "key"
    key.write_text(KEY)
    store = open_store(f"file:{folder}", keys=Keyring.from_texts([KEY]))
    begun = begin_sign_in(zoom, name="work", redirect_uri=BACK, store=store, inputs=authority.inputs())
    finish_sign_in(zoom, authority.consent(begun.url), store=store)
    authority.expire()  # so that the call refreshes
    [family] = authority.families
    kept = store.read("connection:zoom:work")
    store.write(
        "connection:zoom:work", {**kept.data, "grant": {**kept.data["grant"], "expires_at": 1.0, "obtained_at": 0.0}}
    )
    authority.then(when(gate))
    places = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    env = {**places, "PATH": os.environ["PATH"], "CONNECTOR_KEY_FILE": str(key), "ZOOM_BASE_URL": authority.url}
    root = str(Path(__file__).parents[4])
    command = [sys.executable, "-m", "connector", "run", "getUser", "-i", "userId=me", "--connection", "work"]
    with subprocess.Popen(
        [*command, "--store", f"file:{folder}"],
        env={**env, "PYTHONPATH": root}, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        wait_until(lambda: authority.asked == 2)
        proc = Path(f"/proc/{process.pid}")
        seen = [(proc / "cmdline").read_bytes(), (proc / "environ").read_bytes(), *below(tmp_path)]
        if then == "kill -9":
            process.kill()
        gate.set()
        out, err = process.communicate(timeout=60)
    assert process.returncode == (0 if then == "it ends" else -9), err
    assert any(b"getUser" in content for content in seen)
    assert told(authority, [*seen, out, err, *below(tmp_path)]) == set()
    assert family.good
