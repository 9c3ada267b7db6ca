"""The FastAPI application serves several tenants, tells callers what errors mean, and receives events."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from support.pace import wait_until

from connector.sandbox.events.sender import build_signed_delivery

pytest.importorskip("fastapi", reason="fastapi is not installed: pip install '.[examples]'")


@pytest.fixture
def start(serve_example):
    """Start the application; return its address."""
    return lambda **settings: serve_example("fastapi/app.py", **settings)


def test_it_runs_without_credentials_and_keeps_tenants_apart(open_browser, start):
    origin, browser = start(), open_browser()
    assert browser.ask(f"{origin}/acme/connect") == (200, [])
    status, made = browser.ask(f"{origin}/acme/meetings", {"topic": "Standup", "duration": 15})
    assert (status, made["join_url"].startswith("https://")) == (201, True)
    assert [meeting["topic"] for meeting in browser.ask(f"{origin}/acme/meetings")[1]] == ["Standup"]
    status, said = browser.ask(f"{origin}/globex/meetings")
    assert (status, said["outcome"]) == (403, "not_sent")
    assert "acme" not in json.dumps(said)


def test_a_sign_in_is_finished_in_the_browser_that_began_it(open_browser, start, shared):
    origin, browser = start(**shared), open_browser()
    back = browser.sent_back(f"{origin}/acme/connect")
    code = parse_qs(urlsplit(back).query)["code"][0]
    status, said = open_browser().open(back)
    assert (status, code in said) == (403, False)
    assert browser.ask(back) == (200, [])
    status, said = browser.open(back)
    assert (status, code in said) == (403, False)


@pytest.mark.parametrize(
    ("canned", "status", "outcome", "retryable"),
    [
        ({"status": 429, "headers": {"Retry-After": "90"}}, 503, "rejected", True),
        ({"status": 404}, 404, "rejected", False),
        ({"status": 400}, 502, "rejected", False),
        ({"status": 500}, 502, "uncertain", False),
    ],
    ids=str,
)
def test_an_error_tells_the_caller_what_it_means(
    open_browser, start, shared, sandbox, canned, status, outcome, retryable
):
    origin, browser = start(**shared), open_browser()
    browser.ask(f"{origin}/acme/connect")
    sandbox.reply("createMeeting", **canned)
    told, said = browser.ask(f"{origin}/acme/meetings", {"topic": "Standup"})
    assert (told, said["outcome"], said["retryable"]) == (status, outcome, retryable)
    assert len(sandbox.find_requests("createMeeting")) == 1


def test_wrong_inputs_are_named_and_nothing_is_sent(open_browser, start, shared, sandbox):
    origin, browser = start(**shared), open_browser()
    browser.ask(f"{origin}/acme/connect")
    status, said = browser.ask(f"{origin}/acme/meetings", {"topic": "x" * 300, "duration": -1})
    assert (status, said["problems"]) == (422, ["topic", "duration"])
    sandbox.assert_not_called("createMeeting")


def test_events_of_the_service_are_taken_and_those_of_others_refused(open_browser, start, zoom):
    origin, browser = start(), open_browser()
    headers, content = build_signed_delivery(zoom, "meeting.started")
    assert browser.open(f"{origin}/events", content + b" ", headers)[0] == 401
    assert browser.open(f"{origin}/events", content, headers)[0] == 200
    topic = json.loads(content)["payload"]["object"]["topic"]
    wait_until(lambda: browser.ask(f"{origin}/running")[1] == [topic])
    headers, content = build_signed_delivery(zoom, "meeting.ended")
    assert browser.open(f"{origin}/events", content, headers)[0] == 200
    wait_until(lambda: browser.ask(f"{origin}/running")[1] == [])
