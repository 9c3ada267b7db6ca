"""The status says whether a write was done; how its body looks decides about the data alone."""

from __future__ import annotations

import pytest
from support.exchange_world import NOW, World, fail_raw, ok, ready, run_raw

from connector import errors
from connector.core.exchange import exchange
from connector.core.response.reply import Reply

WRITES = ("PUT", "PATCH", "POST", "DELETE")
JSON = ("content-type", "application/json")


def sized(status, raw, content_type="application/json"):
    return Reply(status, (("content-type", content_type), ("content-length", str(len(raw)))), raw)


@pytest.fixture
def plain(folder):
    action = "action: {key}\nlabel: L\nsummary: S.\nrequest: {request}\n{more}returns: {{type: {kind}, help: H., example: {{id: 1}}}}\n"
    return folder(
        "errors: {code: code}\n",
        {
            "create-it": action.format(key="createIt", request="POST /its", more="", kind="json"),
            "delete-it": action.format(key="deleteIt", request="DELETE /its", more="", kind="none"),
            "get-it": action.format(key="getIt", request="GET /its", more="", kind="json"),
            "search-it": action.format(key="searchIt", request="POST /search", more="read_only: true\n", kind="json"),
            "list-it": action.format(key="listIt", request="POST /list", more="pagination: {items: items, style: cursor, next: n, cursor_param: body.c}\n", kind="json"),
        },
    )  # fmt: skip


def run(connector, key, reply):
    plan, request, how = ready(connector, key, {}, max_retries=0)
    return World(reply).drive(exchange.run_call(plan, request, how, NOW + 60, NOW))


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 206, 226])
@pytest.mark.parametrize("method", WRITES)
def test_an_empty_answer_of_success_to_a_write_is_done(zoom, plain, method, status):
    for connector in (zoom, plain):
        for reply in (sized(status, b""), Reply(status, (), b"")):
            result = run_raw(connector, World(reply), method)
            assert (result.outcome, result.data, result.warnings) == ("done", {}, ())


@pytest.mark.parametrize("key", ["getIt", "searchIt", "listIt"])
def test_an_empty_200_where_data_was_asked_for_is_an_error(plain, key):
    for raw in (b"", b"nope", b"{}{}"):
        with pytest.raises(errors.ServiceDown):
            run(plain, key, sized(200, raw))


def test_an_action_that_promises_data_warns_of_none(plain):
    assert "no data" in run(plain, "createIt", sized(201, b"")).warnings[0]
    assert run(plain, "createIt", sized(202, b"")).warnings == ()
    assert run(plain, "deleteIt", sized(200, b"")).warnings == ()


@pytest.mark.parametrize("raw", [b"OK", b"{'a': 1}", b'{"a": NaN}', b"1 2", b"\xff\xff", b'{"id": 5', b"<xml/>"])
@pytest.mark.parametrize("method", WRITES)
def test_a_write_whose_data_cannot_be_read_is_done_with_a_warning(plain, method, raw):
    for status in (200, 201):
        result = run_raw(plain, World(sized(status, raw, "text/plain")), method)
        assert (result.outcome, result.data) == ("done", {})
        assert "cannot be read" in result.warnings[0]
        assert "--response-type" in result.warnings[0]
    assert run(plain, "deleteIt", sized(200, raw)).warnings == ()


@pytest.mark.parametrize("method", WRITES)
def test_a_write_that_was_answered_by_half_a_reply_or_a_page_is_uncertain(plain, zoom, method):
    cuts = [Reply(200, (JSON,), raw) for raw in (b'{"id": 5', b"{", b"")]
    pages = [sized(200, b"<html>Sign in", kind) for kind in ("text/html", "text/plain", "application/json")]
    for connector in (plain, zoom):
        for reply in (*cuts, *pages):
            assert fail_raw(connector, World(reply), method, max_retries=0).outcome == "uncertain"


def test_where_a_200_may_be_an_error_one_that_cannot_be_read_is_uncertain(zoom):
    assert fail_raw(zoom, World(sized(200, b"nope"))).outcome == "uncertain"
    assert run_raw(zoom, World(sized(201, b"nope"))).outcome == "done"


@pytest.mark.parametrize("raw", [rb'{"topic": "\ud83d"}', b'{"topic": "\xff"}', b'{"n": 1e400}'])
@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_what_cannot_be_represented_is_told_and_the_call_is_done(zoom, method, raw):
    result = run_raw(zoom, World(sized(200, raw)), method)
    assert result.outcome == "done"
    assert len(result.warnings) == 1
    assert result.data in ({"topic": "\ufffd"}, {"n": None})


def test_warnings_of_every_page_reach_the_listing(folder):
    connector = folder(
        "pagination: {style: cursor, next: next, cursor_param: query.after}\n",
        {"list-it": "action: listIt\nlabel: L\nsummary: S.\nrequest: GET /its\npagination: {items: items}\nreturns: {type: json, help: H., example: {items: []}}\n"},
    )  # fmt: skip
    plan, request, how = ready(connector, "listIt", {})
    pages = World(sized(200, rb'{"items": ["\ud83d"], "next": "b"}'), ok({"items": ["b"]}))
    result = pages.drive(exchange.collect_pages(plan, request, how, NOW))
    assert result.data["items"] == ["\ufffd", "b"]
    assert len(result.warnings) == 1


@pytest.mark.parametrize(
    "status", [100, 101, 103, 300, 301, 302, 303, 304, 305, 307, 308, 408, 500, 501, 502, 503, 504, 505, 520, 599]
)
def test_an_answer_that_does_not_say_what_became_of_a_write_is_uncertain_and_not_retryable(zoom, plain, status):
    for connector in (zoom, plain):
        for location in ((), (("location", "/v2/its/5"),)):
            for method in ("POST", "PATCH"):
                error = fail_raw(connector, World(Reply(status, location, b"")), method, max_retries=0)
                assert (error.outcome, error.retryable) == ("uncertain", False)
                assert "check before retrying" in error.hint
            assert fail_raw(connector, World(Reply(status, location, b"")), "PUT", max_retries=0).outcome == "uncertain"


@pytest.mark.parametrize(
    "status",
    [
        400,
        401,
        402,
        403,
        404,
        405,
        406,
        407,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        417,
        421,
        422,
        423,
        424,
        425,
        426,
        428,
        429,
        431,
        451,
    ],
)
def test_a_refusal_says_that_nothing_was_done(zoom, status):
    error = fail_raw(zoom, World(Reply(status, (), b""), renewable=False), max_retries=0)
    assert (error.outcome, error.retryable) == ("rejected", status in (425, 429))
