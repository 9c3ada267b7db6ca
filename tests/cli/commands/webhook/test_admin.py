"""`webhook serve --admin` tells health and metrics on an address of its own, and `--log-format json` logs for programs."""

from __future__ import annotations

import json
import signal

import pytest
from support.pace import wait_until
from support.receivers import asker

VARIABLE = "ZOOM_WEBHOOK_SECRET_TOKEN"
CANARY = "canary-of-the-webhook-secret"


def read_notes(process, last):
    """Return the lines of stderr up to the one that has a text."""
    lines = []
    while not lines or last not in lines[-1]:
        lines.append(process.stderr.readline().decode())
        assert lines[-1], lines
    return lines


def test_health_readiness_and_metrics_are_beside_the_deliveries(start, cli):
    process = start("webhook", "serve", "--sandbox", "--port", "0", "--admin", "127.0.0.1:0")
    lines = read_notes(process, "Health and metrics are at")
    url, admin = lines[0].split()[5].rstrip("."), lines[-1].split()[5].rstrip(":")
    ask = asker(admin)
    wait_until(lambda: ask("/readyz")[0] == 200)
    assert ask("/healthz")[0] == 200
    assert cli("webhook", "send", "user.activated", "--sandbox", "--to", url).code == 0
    sample = b'connector_webhook_deliveries_total{outcome="kept",source="zoom.webhookReceiver"} 1.0'
    assert sample in ask("/metrics")[2]
    assert asker(url.rstrip("/"))("/metrics")[0] == 404
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("words", [["--log-format", "json"], []])
def test_each_line_of_json_logs_is_an_object_without_secrets(start, cli, words):
    env = {VARIABLE: CANARY} if words else {VARIABLE: CANARY, "CONNECTOR_LOG_FORMAT": "json"}
    process = start("webhook", "serve", "--port", "0", *words, env=env)
    (*_, last) = read_notes(process, "Events are stored in")
    url = "http://127.0.0.1:" + json.loads(_[0])["message"].partition("127.0.0.1:")[2].partition("/")[0]
    refused = cli("webhook", "send", "user.activated", "--to", f"{url}/", env={VARIABLE: "another-secret"})
    assert refused.code == 1
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    records = [json.loads(line) for line in err.decode().splitlines()]
    (refusal,) = [record for record in records if record["logger"] == "connector.webhook"]
    assert (refusal["level"], refusal["message"]) == ("warning", "delivery refused (1 so far): signature")
    assert set(json.loads(last)) == {"time", "level", "logger", "message"}
    assert CANARY not in err.decode()


def test_json_logs_of_a_command_have_its_notes_and_a_line_for_each_call(cli):
    done = cli("run", "listUsers", "--sandbox", "--output", "lines", env={"CONNECTOR_LOG_FORMAT": "json"})
    assert done.code == 0
    records = [json.loads(line) for line in done.err.splitlines()]
    (call,) = [record for record in records if record["logger"] == "connector.call"]
    assert (call["level"], call["action"], call["outcome"], call["status"]) == ("info", "listUsers", "done", 200)
    assert "Sandbox: a simulated Zoom." in records[0]["message"]


def test_a_format_that_does_not_exist_is_told(cli):
    done = cli("list", env={"CONNECTOR_LOG_FORMAT": "xml"})
    assert done.code == 2
    assert "CONNECTOR_LOG_FORMAT" in done.err
    assert "text, json" in done.err


def test_after_a_command_with_json_logs_the_next_one_in_the_process_has_text(here, monkeypatch):
    told = json.loads(here("show", "nothing", CONNECTOR_LOG_FORMAT="json").err.splitlines()[0])
    assert told["level"] == "error"
    monkeypatch.delenv("CONNECTOR_LOG_FORMAT")
    assert not here("show", "nothing").err.startswith("{")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ready-max-waiting", "5"], "need --admin"),
        (["--admin", "here"], "'here' is not an address"),
        (["--admin", "127.0.0.1:0", "--ready-max-lateness", "soon"], "--ready-max-lateness is 'soon'"),
        (["--admin", "127.0.0.1:0", "--ready-max-lateness", "0s"], "--ready-max-lateness is '0s'"),
        (["--admin", "127.0.0.1:0", "--ready-max-lateness", "1ms"], "--ready-max-lateness is '1ms'. Use 1s or more"),
    ],
)
def test_what_is_typed_wrong_is_told_at_once(cli, words, said):
    done = cli("webhook", "serve", "--sandbox", "--port", "0", *words)
    assert done.code == 2, done.err
    assert said in done.err
