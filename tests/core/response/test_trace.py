"""The trace of a call as HAR, and as a curl command that sends the same request."""

from __future__ import annotations

import json
import shlex

import pytest
from support.exchange_world import NOW, bad, maybe_sent, ok, ready

from connector.core.exchange import tracing
from connector.core.exchange.asks import GetToken, SendRequest, Sleep
from connector.core.request.credential import Credential
from connector.core.response.trace import Trace, describe_entry
from connector.errors import SignInError

BEARER = Credential("canary-token", headers=(("Authorization", "Bearer canary-token"),))


def record_call(zoom, given, got=None, token=BEARER, action="rawRequest"):
    _, request, _ = ready(zoom, action, given)
    records = Trace()
    tracing.record(
        records,
        SendRequest(request.__class__(**{**_fields(request), "base_url": "https://api.zoom.us/v2"}), token, NOW),
        NOW,
        NOW + 0.25,
        got or ok({"id": 1}),
    )
    return records


def _fields(request):
    return {name: getattr(request, name) for name in request.__slots__}


def shell_words(records, token="the-token"):
    """Return the words of the curl command as a shell expands them."""
    text = records.curl().replace('"$TOKEN"', shlex.quote(token)).replace("$TOKEN", token)
    return shlex.split(text)


def test_curl_sends_the_same_request_with_the_secret_left_out(zoom):
    given = {"method": "POST", "url": "/users/me", "queryParams": {"q": "a b&c", "x": "it's"}, "headers": {"X-A": "it's $HOME `id`"},
             "data": '{"topic": "it\'s"}'}  # fmt: skip
    records = record_call(zoom, given)
    assert '"Authorization: Bearer $TOKEN"' in records.curl()
    assert shell_words(records) == [
        "curl", "-X", "POST", "-H", "Authorization: Bearer the-token", "-H", "Content-Type: application/json", "-H", "X-A: it's $HOME `id`",
        "--data-raw", '{"topic": "it\'s"}', "https://api.zoom.us/v2/users/me?q=a+b%26c&x=it%27s",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (Credential("Y2Fu", headers=(("Authorization", "Basic Y2Fu"),)), "Authorization: Basic the-token"),
        (Credential("canary", headers=(("X-Key", "canary"),)), "X-Key: the-token"),
    ],
)
def test_curl_signs_as_the_connection_does(zoom, token, expected):
    assert expected in shell_words(record_call(zoom, {"method": "GET", "url": "/x"}, token=token))


def test_a_key_in_the_query_is_left_out_too(zoom):
    token = Credential("canary", query=(("api_key", "canary"),))
    assert (
        shell_words(record_call(zoom, {"method": "GET", "url": "/x"}, token=token))[-1]
        == "https://api.zoom.us/v2/x?api_key=the-token"
    )
    records = record_call(zoom, {"method": "GET", "url": "/x", "queryParams": {"a": "1"}}, token=token)
    assert shell_words(records)[-1] == "https://api.zoom.us/v2/x?a=1&api_key=the-token"
    assert "canary" not in json.dumps(records.har())


def test_curl_of_a_multipart_form_reads_no_file_that_a_field_names(zoom):
    given = {
        "method": "POST",
        "url": "/x",
        "formData": {"note": "@/etc/passwd"},
        "fileData": {"f": b"abc"},
        "fileDataFileNames": {"f": "a b.txt"},
    }
    found = shell_words(record_call(zoom, given))
    assert found[found.index("--form-string") + 1] == "note=@/etc/passwd"
    assert found[found.index("-F") + 1] == "f=@a b.txt"


def test_a_list_as_json_body_is_json_not_a_form(zoom):
    found = shell_words(
        record_call(zoom, {"method": "POST", "url": "/x", "data": '[{"name": "n", "file_name": "f", "data": "d"}]'})
    )
    assert json.loads(found[found.index("--data-raw") + 1]) == [{"name": "n", "file_name": "f", "data": "d"}]


def test_har_is_whole(zoom):
    records = record_call(
        zoom,
        {"method": "POST", "url": "/x", "queryParams": {"a": "1", "b": ""}, "data": "[1]"},
        bad(429, retry_after="1"),
    )
    tracing.record(records, Sleep(1.0, 0.1, "retry"), NOW, NOW + 1, None)
    records.entries += record_call(zoom, {"method": "GET", "url": "/y"}, maybe_sent()).entries
    har = json.loads(json.dumps(records.har()))["log"]
    assert har["version"] == "1.2"
    assert set(har["creator"]) == {"name", "version"}
    first, second = har["entries"]
    for entry in (first, second):
        assert set(entry) == {"startedDateTime", "time", "request", "response", "cache", "timings"}
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"} <= set(
            entry["request"]
        )
        assert {
            "status",
            "statusText",
            "httpVersion",
            "cookies",
            "headers",
            "content",
            "redirectURL",
            "headersSize",
            "bodySize",
        } == set(entry["response"])
        assert entry["time"] == 250.0
    assert first["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert first["request"]["postData"] == {"mimeType": "application/json", "text": "[1]"}
    assert first["response"]["status"] == 429
    assert {"name": "retry-after", "value": "1"} in first["response"]["headers"]
    assert json.loads(first["response"]["content"]["text"])["code"] == 429
    assert "postData" not in second["request"]
    assert second["response"]["status"] == 0
    assert first["startedDateTime"] == "2027-01-15T08:00:00.000+00:00"


def test_records_tell_waits_lost_replies_and_refused_tokens(zoom):
    records = record_call(zoom, {"method": "GET", "url": "/x"}, maybe_sent())
    tracing.record(records, Sleep(1.0, 0.5, "retry"), NOW, NOW + 1.2, None)
    tracing.record(records, GetToken(None, NOW), NOW, NOW, SignInError("no canary"))
    kinds = [entry["what"] for entry in records.to_list()]
    assert kinds == ["send", "wait", "token"]
    assert records.entries[0]["failure"] == {"kind": "read", "sent": "maybe", "message": "the connection broke"}
    assert records.entries[1]["why"] == "retry"
    assert records.entries[1]["seconds"] == pytest.approx(1.2)
    assert records.entries[2]["error"] == "SignInError"
    assert [describe_entry(entry) for entry in records.entries[1:]] == [
        "waited 1.200 s: retry",
        "no token: SignInError",
    ]
    assert "-> the connection broke (" in describe_entry(records.entries[0])
    assert describe_entry({**records.entries[0], "reply": {"status": 200}}).startswith("GET ")
    json.dumps(records.to_list())


def test_nothing_sent_no_command():
    assert Trace().curl() == ""
    assert Trace().har()["log"]["entries"] == []
