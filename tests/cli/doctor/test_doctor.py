"""`connector doctor` looks at everything that calls need, and says of each how it is and what to do."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
from email.utils import formatdate

import pytest
from support import receivers
from support.receivers import body
from support.servers import reply

from connector import verify_webhook
from connector.runtime.webhooks.inbox import Inbox

CANARY = "canary-of-an-access-token-4711"
NAMES = ["python", "version", "extras", "connector", "disk", "store", "key", "inbox", "runs", "records", "network"]


def test_in_the_sandbox_all_is_well_and_each_thing_has_its_line(doctor, here):
    code, checks = doctor("--sandbox")
    assert (code, list(checks)) == (0, [*NAMES, "connection"])
    assert {check["status"] for check in checks.values()} == {"ok"}
    assert "connected as" in checks["connection"]["message"]
    lines = here("doctor", "--sandbox").out.splitlines()
    assert lines[0].startswith("ok    python      Python 3.")
    assert lines[-1] == "12 ok, 0 warn, 0 fail."


def test_the_sandbox_has_a_store_of_its_own_and_takes_no_other(here):
    assert here("doctor", "--sandbox", "--store", "memory:").code == 2


def test_offline_sends_nothing_and_says_so(doctor, server):
    code, checks = doctor("--offline", ZOOM_BASE_URL=server.url, ZOOM_ACCESS_TOKEN=CANARY)
    assert (code, checks["network"]["message"]) == (0, "Not looked at: --offline")
    assert server.requests == []


def test_a_service_that_answers_is_told_with_its_clock_and_the_connection(doctor, server):
    server.always(reply(json_={"id": "u1", "email": "ada@example.com"}, headers=[("Date", formatdate(usegmt=True))]))
    _, checks = doctor(ZOOM_BASE_URL=server.url, ZOOM_ACCESS_TOKEN=CANARY)
    assert checks["clock"]["status"] == checks["connection"]["status"] == "ok"
    assert "ada@example.com" in checks["connection"]["message"]


@pytest.mark.parametrize(("offset", "status"), [(0, "ok"), (120, "warn"), (-3600, "fail")])
def test_a_clock_that_is_wrong_is_told_by_the_services_date(doctor, server, offset, status):
    import time

    server.always(reply(json_={}, headers=[("Date", formatdate(time.time() + offset, usegmt=True))]))
    _, checks = doctor(ZOOM_BASE_URL=server.url)
    assert checks["clock"]["status"] == status


def test_a_connection_that_the_service_refuses_is_a_failure_without_its_token(doctor, server, here):
    server.always(reply(status=401, json_={"code": 124, "message": f"Invalid access token {CANARY}."}))
    code, checks = doctor(ZOOM_BASE_URL=server.url, ZOOM_ACCESS_TOKEN=CANARY)
    assert (code, checks["connection"]["status"]) == (1, "fail")
    assert CANARY not in json.dumps(checks)
    assert CANARY not in here("doctor").out


def test_a_host_that_refuses_is_a_failure_and_one_without_a_network_a_warning(doctor):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    code, checks = doctor(ZOOM_BASE_URL=f"http://127.0.0.1:{port}")
    assert (code, checks["network"]["status"]) == (1, "warn" if "zoom.us" in checks["network"]["message"] else "fail")
    code, checks = doctor(ZOOM_BASE_URL="https://no-such-host.invalid")
    assert (code, checks["network"]["status"]) == (0, "warn")
    assert "offline?" in checks["network"]["message"]
    assert checks["network"]["fix"].startswith("Check the network")


def test_a_proxy_is_named_without_its_password(doctor):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    _, checks = doctor(ZOOM_BASE_URL="https://api.example.com", HTTPS_PROXY=f"http://me:{CANARY}@127.0.0.1:{port}")
    assert "through the proxy http://" in checks["network"]["message"]
    assert CANARY not in json.dumps(checks)


def test_a_store_that_others_can_read_fails_with_the_command_that_helps(doctor, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    code, checks = doctor("--offline", "--store", f"file:{folder}")
    assert (code, checks["store"]["status"]) == (1, "fail")
    assert "chmod" in checks["store"]["fix"]


def test_a_key_that_opens_no_record_fails_and_records_without_a_key_are_a_warning(doctor, here, tmp_path):
    from connector.runtime.storage.encryption import generate_key
    from connector.runtime.storage.open import open_store

    url = f"file:{tmp_path / 'store'}"
    open_store(url).write("zoom/work", {"token": CANARY})
    assert doctor("--offline", "--store", url)[1]["key"]["status"] == "warn"
    key, other = generate_key(), generate_key()
    _, checks = doctor("--offline", "--store", url, CONNECTOR_KEY=key)
    assert checks["key"]["message"] == "1 record of the store is not encrypted yet"
    assert here("connections", "rotate", "--store", url).code == 0
    assert doctor("--offline", "--store", url)[1]["key"]["status"] == "ok"
    code, checks = doctor("--offline", "--store", url, CONNECTOR_KEY=other)
    assert (code, checks["key"]["status"]) == (1, "fail")
    assert not any(secret in json.dumps(checks) for secret in (CANARY, key, other))


def test_dead_and_late_events_are_told_with_what_to_do(doctor, zoom, tmp_path):
    class Past:
        def __init__(self, clock):
            self._clock = clock

        def time(self):
            return self._clock.time() - 3600

        def __getattr__(self, name):
            return getattr(self._clock, name)

    url = f"sqlite:///{tmp_path / 'inbox.sqlite'}"
    inbox = Inbox(url)
    inbox.clock = Past(inbox.clock)
    event = verify_webhook(zoom, receivers.SECRET, receivers.sign(body(1)), body(1))
    inbox.put(event, f"zoom.{event.trigger}").result(30)
    inbox.close()
    code, checks = doctor("--offline", CONNECTOR_INBOX=url)
    assert (code, checks["inbox"]["status"]) == (0, "warn")
    assert "1 event to deliver, 0 dead; one is due since 1 h" in checks["inbox"]["message"]


def test_an_action_that_cannot_be_read_is_a_failure_of_the_folder_and_the_rest_is_looked_at(doctor, here, tmp_path):
    assert here("new", "library").code == 0
    action = next((tmp_path / "library" / "actions").glob("*.yaml"))
    action.write_text("action: [", encoding="utf-8")
    code, checks = doctor("--offline", "--connector", "library")
    assert (code, checks["connector"]["status"], checks["store"]["status"]) == (1, "fail", "ok")
    assert "connector lint" in checks["connector"]["fix"]


def test_without_a_folder_the_machine_is_looked_at_all_the_same(doctor):
    code, checks = doctor("--connector", "nowhere")
    assert (code, checks["connector"]["status"]) == (1, "fail")
    assert list(checks) == ["python", "version", "extras", "connector", "disk"]


def test_looking_creates_nothing(doctor, tmp_path):
    before = sorted(os.listdir(tmp_path))
    doctor("--offline")
    assert (
        not list((tmp_path / "data").rglob("*.sqlite"))
        if (tmp_path / "data").exists()
        else before == sorted(os.listdir(tmp_path))
    )


def test_tables_of_an_older_version_are_a_warning_and_of_a_newer_one_a_failure(doctor, tmp_path):
    database = tmp_path / "runs.sqlite"
    url = f"sqlite:///{database}"
    assert "there are none yet" in doctor("--offline", CONNECTOR_RUNS=url)[1]["tables"]["message"]
    database.touch(0o600)
    with contextlib.closing(sqlite3.connect(database)) as session:
        session.execute(
            "CREATE TABLE IF NOT EXISTS connector_versions (name TEXT PRIMARY KEY, version INT, program TEXT)"
        )
        for version, status in ((1, "ok"), (0, "warn"), (99, "fail")):
            session.execute("INSERT OR REPLACE INTO connector_versions VALUES ('runs', ?, '9.9')", (version,))
            session.commit()
            code, checks = doctor("--offline", CONNECTOR_RUNS=url)
            assert checks["tables"]["status"] == status
    assert code == 1
    assert "9.9" in checks["tables"]["message"]
