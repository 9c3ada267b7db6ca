"""F117, F118: in poor surroundings the answers are the same or a typed error, and what is not installed is asked for.

Each runs the real entry in a process of its own; what it must say is compared with a run in good surroundings.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support import servers

ROOT = Path(__file__).parents[3]
CALL = ("run", "createMeeting", "--user-id", "me", "--topic", "Größe İı", "--start-time", "2030-01-31T09:00:00Z")
REPLY = {"id": 84512370966, "topic": "Größe İı", "start_time": "2030-01-31T09:00:00Z", "type": "INSTANT"}


@pytest.fixture
def command(tmp_path):
    """Run the entry with little in its environment; the changes come as `env`, `python` are its options."""

    def run(*words, env=None, python=(), before=None):
        kept = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "ZOOM_ACCESS_TOKEN": "token-1",
        }
        kept |= env or {}
        if kept["HOME"] is None:  # then the system names the home of this user, where no test may leave anything
            kept |= {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
        done = subprocess.run(
            [sys.executable, *python, "-m", "connector", *words],
            env={key: value for key, value in kept.items() if value is not None},
            cwd=tmp_path, capture_output=True, timeout=60, check=False, preexec_fn=before, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
        return done

    return run


def few_files():
    """Let the process open 64 files at most."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


SURROUNDINGS = {
    "few files": {"before": few_files},
    "no home": {"env": {"HOME": None}},
    "a home that is not there": {"env": {"HOME": "/nowhere/at/all"}},
    "a home that is no folder": {"env": {"HOME": "/dev/null"}},
    "LANG=C": {"env": {"LANG": "C", "LC_ALL": "C"}},
    "POSIX without utf-8": {"env": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}},
    "Turkish": {"env": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}},
    "optimised": {"env": {"PYTHONOPTIMIZE": "2"}},
    "isolated from warnings": {"python": ("-W", "error", "-X", "dev")},
    "an odd zone": {"env": {"TZ": "Pacific/Chatham"}},
    "a zone that is none": {"env": {"TZ": "<+1345>-13:45:30"}},
    "hash seed": {"env": {"PYTHONHASHSEED": "0"}},
    "TMPDIR that is not there": {"env": {"TMPDIR": "/nowhere/at/all"}},
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_f117_a_call_comes_to_the_same_in_poor_surroundings(command, server, name):
    server.always(servers.reply(201, REPLY))
    poor = command(*CALL, "--base-url", server.url, **SURROUNDINGS[name])
    assert poor.returncode == 0, poor.stderr.decode(errors="replace")
    sent = server.last.json()
    assert (sent["topic"], sent["start_time"]) == (REPLY["topic"], REPLY["start_time"])
    assert (server.count, server.last.path) == (1, "/v2/users/me/meetings")
    assert json.loads(poor.stdout)["data"] == REPLY


WRONG = ("run", "createMeeting", "--user-id", "..", "--topic", "x" * 201, "--timezone", "europe/istanbull")


@pytest.mark.parametrize("name", ["POSIX without utf-8", "Turkish", "optimised", "few files"])
def test_f117_mistakes_are_told_the_same_in_poor_surroundings(command, name):
    poor = command(*WRONG, **SURROUNDINGS[name])
    assert poor.returncode == 2
    problems = {one["field"]: one for one in json.loads(poor.stdout)["error"]["problems"]}
    assert {key: one["expected"] for key, one in problems.items()} == {
        "userId": "a name",
        "topic": "at most 200 characters",
        "timezone": "the name of a time zone",
    }
    assert problems["timezone"]["fix"] == "did you mean Europe/Istanbul?"


@pytest.mark.parametrize(
    "name", ["no home", "a home that is not there", "a home that is no folder", "TMPDIR that is not there"]
)
def test_f117_the_sandbox_needs_a_place_and_says_so_where_it_has_none(command, name):
    done = command("run", "createMeeting", "--user-id", "me", "--topic", "Standup", "--sandbox", **SURROUNDINGS[name])
    if done.returncode == 0:
        assert json.loads(done.stdout)["data"]["topic"] == "Standup"
        return
    error = json.loads(done.stdout)["error"]
    assert "home" in name
    assert error["type"] == "StoreError"
    assert error["hint"]


def test_f117_a_store_where_nothing_can_be_written_is_a_typed_error(command, tmp_path):
    (tmp_path / "file").write_text("")
    done = command("connect", "work", "--kind", "accessToken", "--sandbox", env={"XDG_DATA_HOME": str(tmp_path / "file"), "XDG_STATE_HOME": str(tmp_path / "file")})  # fmt: skip
    assert done.returncode in (1, 2)
    assert str(tmp_path / "file") in done.stderr.decode()


def test_f117_a_hundred_calls_need_few_files(command, server, tmp_path):
    """Connections are used again, and what was opened is closed."""
    calls = [f"---\naction: getUser\ninputs: {{userId: u{number}}}\n" for number in range(100)]
    (tmp_path / "calls.yaml").write_text("".join(calls))
    done = command("run", "-f", "calls.yaml", "--output", "lines", "--base-url", server.url, before=few_files)
    assert done.returncode == 0, done.stderr.decode()
    assert server.count == len(done.stdout.splitlines()) == 100


@pytest.mark.parametrize("at_once", [100])
def test_f117_more_callers_than_files_are_typed_errors_and_the_client_goes_on(server, at_once):
    """A hundred threads with room for a few sockets: each call is done or says why, and afterwards all is well."""
    script = """
import json, resource, sys, threading
from connector import Client, Connection, Connector, errors
from connector.runtime.http.transport import load_transport
load_transport("httpx", asynchronous=False)
url, many = sys.argv[1], int(sys.argv[2])
zoom = Connector.open()
client = Client(zoom, Connection(zoom, "accessToken", accessToken="token-1"), base_url=url)
client.run("getUser", {"userId": "me"})
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
done, failed, odd = [], [], []
def call():
    try:
        done.append(client.run("getUser", {"userId": "me"}, timeout=20).status)
    except errors.ConnectorError as error:
        failed.append(error.outcome)
    except BaseException as error:
        odd.append(repr(error))
threads = [threading.Thread(target=call) for _ in range(many)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
last = client.run("getUser", {"userId": "me"}).status
print(json.dumps({"done": len(done), "failed": failed, "odd": odd, "last": last}))
"""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script, server.url, str(at_once)], env=env, capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["odd"] == []
    assert said["done"] + len(said["failed"]) == at_once
    assert said["last"] == 200


EXTRAS = {
    "webhook serve": (("webhook", "serve"), ("starlette", "uvicorn"), "server"),
    "a database": (("connections", "list", "--store", "sqlite:////tmp/none.db"), ("sqlalchemy",), "sql"),
}


@pytest.mark.parametrize("name", EXTRAS)
def test_f118_a_missing_extra_says_which_to_install(tmp_path, name):
    words, missing, extra = EXTRAS[name]
    script = f"import sys\nfor one in {missing!r}: sys.modules[one] = None\nfrom connector.cli.main import run\nsys.exit(run(sys.argv[1:]))"
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "ZOOM_WEBHOOK_SECRET_TOKEN": "s" * 22,
    }
    done = subprocess.run([sys.executable, "-c", script, *words], env=env, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert f"[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("http", ["httpx2", "pyreqwest"])
def test_f118_a_missing_library_says_which_extra_has_it(zoom, token_connection, monkeypatch, http):
    from connector import Client, errors

    monkeypatch.setitem(sys.modules, http, None)
    for name in [
        one
        for one in sys.modules
        if one.startswith(("connector.runtime.http.httpx.", "connector.runtime.http.pyreqwest."))
    ]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(errors.UsageError) as caught:
        Client(zoom, token_connection, http=http)
    assert "[" in str(caught.value)
    assert http in str(caught.value)
