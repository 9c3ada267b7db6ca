"""The Django project serves several tenants, tells callers what errors mean, and keeps events once."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from support.pace import wait_until

from connector.sandbox.events.sender import build_signed_delivery

pytest.importorskip("django", reason="django is not installed: pip install '.[examples]'")


@pytest.fixture
def start(serve_example):
    """Start the project; return its address."""
    return lambda **settings: serve_example("django/serve.py", **settings)


def test_it_runs_without_credentials_and_keeps_tenants_apart(open_browser, start):
    origin, browser = start(), open_browser()
    assert browser.ask(f"{origin}/acme/connect") == (200, [])
    status, made = browser.ask(f"{origin}/acme/meetings", {"topic": "Standup"})
    assert (status, made["join_url"].startswith("https://")) == (201, True)
    assert [meeting["topic"] for meeting in browser.ask(f"{origin}/acme/meetings")[1]] == ["Standup"]
    status, said = browser.ask(f"{origin}/globex/meetings")
    assert (status, said["outcome"]) == (403, "not_sent")


def test_a_sign_in_is_finished_once_and_in_the_browser_that_began_it(open_browser, start, shared):
    origin, browser = start(**shared), open_browser()
    back = browser.sent_back(f"{origin}/acme/connect")
    code = parse_qs(urlsplit(back).query)["code"][0]
    status, said = open_browser().open(back)
    assert (status, code in said) == (403, False)
    assert browser.ask(back) == (200, [])
    assert browser.open(back)[0] == 403


def test_the_inputs_of_a_caller_cannot_choose_another_tenants_account(open_browser, start, shared, sandbox):
    origin, browser = start(**shared), open_browser()
    browser.ask(f"{origin}/acme/connect")
    status, said = browser.ask(f"{origin}/acme/meetings", {"topic": "Standup", "connection": "globex"})
    assert (status, said["outcome"]) == (422, "not_sent")
    sandbox.assert_not_called("createMeeting")


def test_an_error_tells_the_caller_what_it_means(open_browser, start, shared, sandbox):
    origin, browser = start(**shared), open_browser()
    browser.ask(f"{origin}/acme/connect")
    sandbox.drop_reply("createMeeting")
    status, said = browser.ask(f"{origin}/acme/meetings", {"topic": "Standup"})
    assert (status, said["outcome"], said["retryable"]) == (502, "uncertain", False)
    assert len(sandbox.find_requests("createMeeting")) == 1


def test_an_event_is_kept_once_and_those_of_others_are_refused(open_browser, start, zoom):
    origin, browser = start(), open_browser()
    headers, content = build_signed_delivery(zoom, "meeting.started")
    assert browser.open(f"{origin}/events", content + b" ", headers)[0] == 401
    for _ in range(2):
        assert browser.open(f"{origin}/events", content, headers)[0] == 200
    topic = json.loads(content)["payload"]["object"]["topic"]
    wait_until(lambda: browser.ask(f"{origin}/started")[1] == [topic])
