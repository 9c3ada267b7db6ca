"""What a trace keeps of a call: enough to see what happened, and nothing that grants access."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.exchange_world import NOW, maybe_sent, ok, ready

from connector.core.exchange import tracing
from connector.core.exchange.asks import AcquireSlot, GetToken, SendRequest, Sleep
from connector.core.request.credential import Credential
from connector.core.response.reply import Reply
from connector.core.response.trace import Trace
from connector.errors import SignInError

SECRET = "canary-token-1"


def request_for(zoom, secrets=(), **changes):
    _, request, _ = ready(zoom, None, {"method": "GET", "path": "/users"})
    return replace(request, base_url="https://api.zoom.us/v2", secrets=secrets, **changes)


def record(request, credential=Credential(""), answer=None):  # noqa: B008  it is frozen
    trace = Trace()
    line = tracing.record(trace, SendRequest(request, credential, NOW), NOW, NOW + 0.25, answer or ok({}))
    (entry,) = trace.entries
    assert json.loads(line) == entry
    return entry


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ((("key", SECRET),), "key=$TOKEN"),
        ((("key", f"v1:{SECRET}:x"),), "key=v1:$TOKEN:x"),
        ((("key", SECRET), ("version", "3")), "key=$TOKEN&version=3"),
        ((("signature", "made-of-the-secret"),), "signature=***"),
        ((("nonce", "made-of-the-secret"),), "nonce=made-of-the-secret"),
    ],
)
def test_what_signs_the_url_is_shown_without_its_secret(zoom, query, shown):
    entry = record(request_for(zoom), Credential(SECRET, query=query))
    assert entry["request"]["url"] == f"https://api.zoom.us/v2/users?{shown}"


def test_another_secret_of_the_connection_is_not_shown_in_what_signs(zoom):
    entry = record(request_for(zoom, ("canary-client",)), Credential(SECRET, headers=(("X-App", "id canary-client"),)))
    assert "canary" not in json.dumps(entry)
    assert entry["request"]["headers"]["X-App"] == "id ***"


def test_a_credential_without_a_secret_is_shown_as_that_of_a_sandbox(zoom):
    credential = Credential("", headers=(("Authorization", "Bearer sandbox"),), query=(("signature", "sandbox"),))
    assert record(request_for(zoom), credential)["request"] == {
        "method": "GET",
        "url": "https://api.zoom.us/v2/users?signature=sandbox",
        "headers": {"Authorization": "Bearer sandbox"},
    }
    with_secrets = record(request_for(zoom, ("canary-client",)), credential)["request"]
    assert with_secrets["headers"] == {"Authorization": "***"}
    assert with_secrets["url"].endswith("?signature=***")


@pytest.mark.parametrize("may_leave", [True, False])
def test_the_signed_address_that_a_download_is_sent_to_is_masked(zoom, may_leave):
    """What grants access by itself may have any name, so each of its values is masked."""
    location = "https://files.example.com/a?ticket=canary-ticket"
    reply = Reply(302, (("location", location), ("content-type", "text/plain")), b"go to canary-ticket")
    entry = record(request_for(zoom, may_leave_hosts=may_leave), answer=reply)
    assert ("canary-ticket" in json.dumps(entry)) is not may_leave
    assert entry["reply"]["body"] == ("go to ***" if may_leave else "go to canary-ticket")


@pytest.mark.parametrize(
    ("content_type", "body", "shown"),
    [
        ("application/json", b'{"id": 1, "password": "canary"}', {"id": 1, "password": "***"}),
        ("application/octet-stream", b'{"id": 1}', {"id": 1}),
        ("application/json", b"", None),
        ("application/json", b'{"id": ', '{"id": '),
        ("application/json", b"[" * 60_000, "[" * 32_768),
        ("text/plain", b"a lamp\xff", "a lamp\ufffd"),
        ("application/xml", b"<lamp/>", "<lamp/>"),
        ("application/pdf", b"%PDF-1.7", "8 bytes"),
        (None, b"\x00\x01", "2 bytes"),
        ("application/json", b'"' + b"a" * 70_000 + b'"', '"' + "a" * 32_767),
    ],
    ids=["json", "json by another name", "nothing", "cut", "too deep", "text", "xml", "binary", "unnamed", "long"],
)
def test_a_body_is_kept_as_data_as_text_or_as_its_size(zoom, content_type, body, shown):
    headers = () if content_type is None else (("content-type", content_type),)
    assert record(request_for(zoom), answer=Reply(200, headers, body))["reply"]["body"] == shown


def test_a_failure_is_kept_with_what_was_sent(zoom):
    entry = record(request_for(zoom), answer=maybe_sent())
    assert entry["failure"] == {"kind": "read", "sent": "maybe", "message": "the connection broke"}
    assert "reply" not in entry


@pytest.mark.parametrize(
    ("ask", "answer", "kept"),
    [
        (Sleep(1.0, 0.5, "retry"), None, {"what": "wait", "least": 1.0, "spread": 0.5, "why": "retry"}),
        (GetToken(None, NOW), SignInError("No."), {"what": "token", "error": "SignInError"}),
        (GetToken(None, NOW), Credential(SECRET), None),
        (AcquireSlot(("light",), NOW), 0.0, None),
    ],
)
def test_of_the_other_asks_waits_and_tokens_that_could_not_be_had_are_kept(ask, answer, kept):
    trace = Trace()
    line = tracing.record(trace, ask, NOW, NOW + 2, answer)
    if kept is None:
        assert (line, trace.entries) == (None, [])
    else:
        assert trace.entries == [{"at": "2027-01-15T08:00:00.000+00:00", "seconds": 2, **kept}]
