"""The handlers for AWS Lambda, called as its runtime calls them: one instance, one request after another."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import private_postgres
from support.pace import wait_for
from support.servers import TOKEN

from connector import Connection, Receiver, open_store
from connector.runtime.storage.encryption import generate_key
from connector.sandbox.events.sender import build_signed_delivery

HANDLER = Path(__file__).parents[2] / "examples" / "lambda" / "handler.py"
SECRET = "canary-of-a-webhook-secret"
FAR_AWAY = 30_000  # milliseconds


@pytest.fixture
def database(monkeypatch, zoom, stand_in):
    """The database of a function, and the service that it calls."""
    url = private_postgres.fresh()
    settings = {"CONNECTOR_STORE": url, "CONNECTOR_INBOX": url, "CONNECTOR_KEY": generate_key()}
    for name, value in {**settings, "ZOOM_WEBHOOK_SECRET_TOKEN": SECRET, "ZOOM_BASE_URL": stand_in.url}.items():
        monkeypatch.setenv(name, value)
    Connection(zoom, "accessToken", name="acme", store=open_store(), accessToken=TOKEN).save()
    return url


@pytest.fixture
def function(database):
    """A new instance of the function: its module is loaded once."""
    spec = importlib.util.spec_from_file_location("handler", HANDLER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    module.client.close()
    module.receiver.inbox.close()


def call(given, tenant="acme"):
    """Return what the gateway passes for a request with a JWT."""
    return {
        "version": "2.0",
        "routeKey": "POST /meetings",
        "rawPath": "/meetings",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": "POST", "path": "/meetings"},
            "authorizer": {"jwt": {"claims": {"tenant": tenant}, "scopes": None}},
        },
        "body": json.dumps(given),
        "isBase64Encoded": False,
    }


def delivery(headers, content, *, is_encoded=False):
    """Return what the gateway passes for an event of the service."""
    body = base64.b64encode(content) if is_encoded else content
    return {
        "version": "2.0",
        "routeKey": "POST /events",
        "rawPath": "/events",
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {"http": {"method": "POST", "path": "/events"}},
        "body": body.decode(),
        "isBase64Encoded": is_encoded,
    }


def build_context(milliseconds=FAR_AWAY):
    """Return the part of a context that the handlers use."""
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


def test_one_client_answers_the_requests_of_an_instance(function, sandbox):
    replies = [function.create_meeting(call({"topic": topic}), build_context()) for topic in ("One", "Two")]
    assert [reply["statusCode"] for reply in replies] == [201, 201]
    assert json.loads(replies[0]["body"])["join_url"].startswith("https://")
    assert [request.body["topic"] for request in sandbox.requests] == ["One", "Two"]


@pytest.mark.parametrize(
    ("given", "tenant", "status", "outcome"),
    [
        ({"topik": "One"}, "acme", 422, "not_sent"),
        ({"topic": "One", "connection": "acme"}, "globex", 422, "not_sent"),
        ({"topic": "One"}, "globex", 403, "not_sent"),
    ],
    ids=["unknown input", "another account", "not connected"],
)
def test_what_cannot_be_sent_is_refused(function, sandbox, given, tenant, status, outcome):
    reply = function.create_meeting(call(given, tenant), build_context())
    assert (reply["statusCode"], json.loads(reply["body"])["outcome"]) == (status, outcome)
    assert sandbox.requests == []
    assert TOKEN not in reply["body"]


def test_a_call_ends_before_the_function_is_cut_off(function, sandbox):
    sandbox.add_fault("slow:5")
    reply = function.create_meeting(call({"topic": "One"}), build_context(2_500))
    assert (reply["statusCode"], json.loads(reply["body"])["outcome"]) == (504, "uncertain")


def test_an_event_is_in_the_database_when_it_is_answered_and_once(function, zoom):
    headers, content = build_signed_delivery(zoom, "meeting.started", secret=SECRET)
    for is_encoded in (False, True):
        reply = function.take_event(delivery(headers, content, is_encoded=is_encoded), build_context())
        assert (reply["statusCode"], reply["body"]) == (200, "{}")
    assert function.receiver.inbox.counts()["pending"] == 1


def test_another_machine_delivers_what_the_function_kept(function, database, zoom):
    headers, content = build_signed_delivery(zoom, "meeting.started", secret=SECRET)
    function.take_event(delivery(headers, content), build_context())
    receiver, seen = Receiver(zoom, SECRET, inbox=database), []

    @receiver.on()
    async def note(event):
        seen.append(event.name)

    async def deliver():
        async with receiver.lifespan():
            await wait_for(lambda: seen)

    asyncio.run(deliver())
    receiver.inbox.close()
    assert seen == ["meeting.started"]


def test_an_event_of_somebody_else_is_refused_without_a_reason(function, zoom):
    headers, content = build_signed_delivery(zoom, "meeting.started", secret="of-somebody-else")
    reply = function.take_event(delivery(headers, content), build_context())
    assert (reply["statusCode"], reply["body"]) == (401, "")
