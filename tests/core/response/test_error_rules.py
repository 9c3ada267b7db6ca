"""Replies are parsed by the manifest's error rules first, then by status; any reply gives a typed error."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import NOW, TYPED, bad, ok, ready

from connector import errors
from connector.core.response.api_errors import build_reply_error
from connector.core.response.error_details import ErrorDetails
from connector.core.response.reply import Reply
from connector.core.response.result import Result


@pytest.fixture(scope="module")
def reading(zoom):
    return {
        name: ready(zoom, name, given)[:2]
        for name, given in (("getUser", {"userId": "me"}), ("updateMeeting", {"meetingId": 1}))
    }


def read(reading, reply, action="getUser"):
    plan, request = reading[action]
    got = plan.parser.parse(request, reply)
    return got if isinstance(got, Result) else build_reply_error(plan.parser, request, reply, got, NOW)


def body(raw, status=200, kind="application/json"):
    return Reply(status, (("content-type", kind), ("content-length", str(len(raw)))), raw)


def test_no_content_is_an_empty_mapping(reading):
    for status in (204, 205):
        assert read(reading, body(b"", status)).data == {}
        assert read(reading, body(b'{"late": 1}', status)).data == {}
    for status in (201, 202):
        assert read(reading, body(b"", status)).data == {}
    assert read(reading, body(b"", 200), "updateMeeting").data == {}


def test_an_empty_200_for_data_is_told(reading):
    error = read(reading, body(b""))
    assert type(error) is errors.ServiceDown
    assert "empty" in str(error)


@pytest.mark.parametrize(
    "raw",
    [b"NaN", b'{"a": NaN}', b"[Infinity]", b"-Infinity", b"{", b"{'a': 1}", b"nope", b"1 2", b'{"a": 1}{"a": 2}', b"\x00", b"\xff",
     b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b'{"a": ' + b"9" * 5000 + b"}"],
    ids=lambda raw: repr(raw[:12]),
)  # fmt: skip
def test_what_is_no_json_is_one_typed_error(reading, raw):
    for status in (200, 201):
        error = read(reading, body(raw, status))
        assert type(error) is errors.ServiceDown
        assert (error.status, error.outcome, error.retryable) == (status, "rejected", False)
        assert "not JSON" in str(error)
    assert read(reading, body(raw, 200), "updateMeeting").outcome == "uncertain", "an error may have this status"
    assert read(reading, body(raw, 201), "updateMeeting").outcome == "done"
    for status in (400, 500):
        error = read(reading, body(raw, status))
        assert isinstance(error, errors.ApiError)
        assert pickle.loads(pickle.dumps(error)).to_dict() == error.to_dict()


def test_the_place_of_the_mistake_is_told(reading):
    assert "line 2 column 8" in str(read(reading, body(b'{"a": 1,\n "b": nope}')))


def test_a_mark_of_byte_order_is_no_mistake_and_of_two_keys_the_last_wins(reading):
    assert read(reading, body(b"\xef\xbb\xbf" + b'{"a": 1, "a": 2}')).data == {"a": 2}


def test_a_number_too_large_for_a_float_is_null_in_json(reading):
    result = read(reading, body(b'{"a": [1e400], "b": 1e300}'))
    assert result.to_dict()["data"] == {"a": [None], "b": 1e300}


def test_numbers_arrive_exactly(reading):
    data = read(reading, body(b'{"id": 92674392836123456789, "n": -0.5, "big": 9007199254740993}')).data
    assert data == {"id": 92674392836123456789, "n": -0.5, "big": 9007199254740993}


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml"])
def test_a_page_in_place_of_data_is_told_with_its_beginning(reading, kind):
    error = read(reading, body(b"<html><title>Sign in</title>" + b"x" * 5000, kind=kind))
    assert type(error) is errors.ServiceDown
    assert "unexpected content type" in str(error)
    assert "<title>Sign in" in str(error)
    assert len(str(error)) < 700
    assert not error.retryable


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 300, errors.Rejected), (404, 1001, errors.NotFound), (400, 1001, errors.NotFound), (400, 1010, errors.NotFound), (400, 3001, errors.NotFound), (404, 3001, errors.NotFound),
        (409, 1005, errors.Rejected), (403, 200, errors.Denied), (429, 429, errors.RateLimited), (500, 500, errors.ServiceDown),
        (401, 124, errors.SignInError), (400, 124, errors.SignInError), (401, 201, errors.SignInError),
        (400, 4711, errors.SignInError), (403, 4711, errors.SignInError), (404, 404, errors.NotFound), (410, 1, errors.NotFound),
        (418, 1, errors.Rejected), (300, 1, errors.Rejected), (599, 1, errors.ServiceDown), (100, 1, errors.Rejected),
    ],
)  # fmt: skip
def test_code_and_status_name_the_error(reading, status, code, kind):
    error = read(reading, bad(status, code, "because", x_zm_trackingid="v=2.0;rid=1"))
    assert type(error) is kind
    assert (error.status, error.code, error.request_id) == (status, code, "v=2.0;rid=1")
    assert "because" in str(error)
    assert error.hint
    if isinstance(error, errors.ApiError):
        assert error.message == "because"
        assert error.result.data == {"code": code, "message": "because"}
        assert (error.result.status, error.to_dict()["said"]) == (status, "because")
        assert f"HTTP {status}" in str(error)


def test_the_messages_of_single_fields_are_told(reading):
    reply = ok(
        {"code": 300, "message": "Validation Failed.", "errors": [{"field": "topic", "message": "too long"}, "odd"]},
        400,
    )
    assert read(reading, reply).message == "Validation Failed. [topic: too long] [odd]"


def test_a_hint_of_the_manifest_is_what_to_do(reading, zoom):
    assert zoom.manifest.errors.hints["1001"] in str(read(reading, bad(404, 1001)))


def test_an_error_may_come_with_a_status_of_success(reading):
    error = read(reading, ok({"code": 200, "message": "No permission."}))
    assert type(error) is errors.Rejected
    assert (error.status, error.code, error.outcome) == (200, 200, "rejected")
    elsewhere = read(reading, ok({"status": False, "errorCode": 1010, "errorMessage": "No such user."}))
    assert (type(elsewhere), elsewhere.code, elsewhere.message) == (errors.NotFound, 1010, "No such user.")
    assert read(reading, ok({"code": "DE", "name": "no error"})).data == {"code": "DE", "name": "no error"}


def test_broken_json_in_an_error_is_searched_for_code_and_message(reading):
    raw = b'{"code":104,"message":"Invalid access token, does not contain scopes:["zoom_events_basic:read","x:y"]."}'
    error = read(reading, body(raw, 400))
    assert type(error) is errors.SignInError
    assert error.scopes == ("zoom_events_basic:read", "x:y")
    assert error.code == 104


ODD = [None, True, 1.5, [], {}, "²", "٣", "", "x" * 5000, {"a": "²"}, -1, 10**30, ["a"], "1" * 12, "\ud800"]


@pytest.mark.parametrize("code", ODD, ids=lambda odd: f"{odd!r:.15}")
def test_an_odd_code_or_message_breaks_nothing(reading, code):
    for status in (200, 400, 401, 500):
        for data in (
            {"code": code, "message": "m"},
            {"code": 1, "message": code},
            {"code": 1, "message": "m", "errors": code},
        ):
            raw = json.dumps(data).encode()
            got = read(reading, body(raw, status))
            if isinstance(got, Result):
                continue
            assert isinstance(got, errors.ConnectorError)
            assert len(str(got)) < 2000
            json.dumps(got.to_dict(), allow_nan=False)
            code_ = getattr(got, "code", None)
            assert code_ is None or type(code_) in (int, str)


@given(
    st.binary(max_size=200), st.integers(100, 599), st.sampled_from(["application/json", "text/html", "", "text/plain"])
)
def test_whatever_bytes_come_there_is_a_result_or_one_of_our_errors(reading, raw, status, kind):
    for action in ("getUser", "updateMeeting"):
        got = read(reading, body(raw, status, kind), action)
        if isinstance(got, Result):
            json.dumps(got.to_dict(), allow_nan=False)
        else:
            assert isinstance(got, errors.ConnectorError)
            assert str(got).isprintable()
            assert pickle.loads(pickle.dumps(got)).to_dict() == got.to_dict()


def test_text_and_bytes_come_as_they_are(zoom):
    plan, request, _ = ready(zoom, None, {"method": "GET", "path": "/x", "response_type": "text"})
    assert plan.parser.parse(request, body(b"caf\xc3\xa9", kind="text/plain")).data == "café"
    plan, request, _ = ready(zoom, None, {"method": "GET", "path": "/x", "response_type": "binary"})
    result = plan.parser.parse(request, body(b"\x00\xff", kind="application/octet-stream"))
    assert result.data == b"\x00\xff"
    assert result.to_dict()["data"] == "AP8="
    assert result.to_dict()["encoding"] == "base64"
    assert isinstance(plan.parser.parse(request, body(b"<html>", kind="text/html")), ErrorDetails)


def test_no_cookie_is_kept_on_a_result_and_a_header_that_came_twice_is_joined(reading):
    reply = Reply(200, (*TYPED, ("set-cookie", "session=canary"), ("x-a", "1"), ("x-a", "2")), b"{}")
    result = read(reading, reply)
    assert "canary" not in repr(result.to_dict())
    assert result.headers["x-a"] == "1, 2"


def test_a_result_is_safe_for_json_and_says_little_in_its_repr(reading):
    result = read(reading, ok({"start_url": "https://zoom.us/s/1?zak=canary"}))
    json.dumps(result.to_dict(), allow_nan=False)
    assert result.data["start_url"].endswith("canary"), "the caller's own data is untouched"
    assert "canary" not in repr(result)
