"""Reply bodies: read, refused or stopped at the size limit, and never misread."""

from __future__ import annotations

import io
import json
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from support import servers
from support.transports import CREATE, READ, READS_TEXT_ONLY, build_request, catch_error

from connector import Connection, errors
from connector.core.request.body import Body, MultipartPart
from connector.core.response.reply import Failure


@pytest.mark.parametrize("action", [READ, CREATE])
def test_a_web_page_is_never_taken_for_data(runner, server, clock, action):
    server.always(servers.html(text="<html><title>Sign in to wifi</title></html>"))
    error = catch_error(runner(server.url, clock=clock).run, *action)
    assert type(error) is errors.ServiceDown
    assert "text/html" in str(error)
    assert "Sign in to wifi" in str(error)
    assert server.count == 1


def test_a_204_with_a_body_does_not_disturb_the_next_request(runner, server, clock):
    one = runner(server.url, clock=clock)
    for _ in range(5):
        server.then(servers.no_content_with_body(b'HTTP/1.1 500 Evil\r\nContent-Length: 2\r\n\r\n{"'))
        assert one.run("updateMeeting", {"meetingId": 1, "topic": "x"}).data == {}
        server.then(servers.reply(json_={"id": "right"}))
        result = one.run(*READ)
        assert (result.data, result.attempts) == ({"id": "right"}, 1)
    assert server.count == 10


def test_an_empty_reply_is_data_only_where_it_may_be(runner, server):
    one = runner(server.url)
    server.then(servers.reply(204), servers.reply(201), servers.reply(200))
    assert one.run("updateMeeting", {"meetingId": 1, "topic": "x"}).data == {}
    assert one.run(*CREATE).data == {}
    assert type(catch_error(one.run, *READ)) is errors.ServiceDown


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"{'a': 1}",
    ],
    ids=["nan", "deep", "digits", "quotes"],
)
def test_a_body_that_is_no_json_is_one_typed_error(runner, server, raw):
    server.always(servers.reply(body=raw, headers=[("Content-Type", "application/json")]))
    error = catch_error(runner(server.url).run, *READ)
    assert type(error) is errors.ServiceDown
    assert "not JSON" in str(error)
    assert server.count == 1


@pytest.mark.parametrize(
    "raw", [b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', rb'{"a": "\ud83d"}'], ids=["utf8", "surrogate", "half"]
)
def test_a_character_that_is_none_is_replaced_and_told(runner, server, raw):
    server.always(servers.reply(body=raw, headers=[("Content-Type", "application/json")]))
    for action in (READ, CREATE):
        result = runner(server.url).run(*action)
        assert set(result.data["a"]) == {"\ufffd"}
        assert (result.outcome, len(result.warnings)) == ("done", 1)


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-16-le"])
def test_the_charset_of_a_reply_is_obeyed(runner, server, charset):
    body = '{"a": "café"}'.encode(charset)
    server.always(servers.reply(body=body, headers=[("Content-Type", f"application/json; charset={charset}")]))
    assert runner(server.url).run(*READ).data == {"a": "café"}


def test_a_mark_of_byte_order_is_skipped(runner, server):
    server.always(servers.reply(body=b"\xef\xbb\xbf" + b'{"id": 92674392836123456789}'))
    assert runner(server.url).run(*READ).data == {"id": 92674392836123456789}


def test_a_compressed_reply_is_read(runner, server):
    def squeezed(coding: str, content: bytes) -> servers.Behaviour:
        return servers.reply(body=content, headers=[("Content-Encoding", coding), ("Content-Type", "application/json")])

    text = b'{"id": "u1"}'
    bare = zlib.compressobj(wbits=-15)
    for one in (
        servers.compressed(text, "gzip"),
        servers.compressed(text, "GZIP"),
        squeezed("deflate", zlib.compress(text)),
        squeezed("deflate", bare.compress(text) + bare.flush()),
        squeezed("identity", text),
    ):
        server.then(one)
        assert runner(server.url).run(*READ).data == {"id": "u1"}
    assert server.last.header("accept-encoding") == "gzip, deflate"


@pytest.mark.parametrize("bomb", [servers.bomb(120), servers.bomb(120, times=2)], ids=["once", "twice"])
def test_a_bomb_is_stopped_at_the_cap(runner, server, clock, bomb):
    server.always(bomb)
    for action, outcome in ((READ, "rejected"), (CREATE, "uncertain")):
        tracemalloc.start()
        try:
            error = catch_error(runner(server.url, clock=clock).run, *action)
            peak = tracemalloc.get_traced_memory()[1] >> 20
        finally:
            tracemalloc.stop()
        assert error.kind in ("too_large", "decoding")
        assert error.outcome == outcome
        assert peak < 50 + 32, f"{peak} MB"
    assert "52,428,800" in str(error) or error.kind == "decoding"


def test_an_action_may_declare_a_smaller_cap(runner, server, folder):
    action = "action: getLamp\nlabel: L\nsummary: S.\nrequest: GET /lamp\nreturns: {max_bytes: 1000}\n"
    lamp = folder("", {"get-lamp": action})
    one = runner(server.url, Connection(lamp, "key", apiKey="canary-key"), connector=lamp)
    server.always(lambda _: servers.reply(json_={"a": "x" * 900}))
    assert one.run("getLamp").data["a"]
    server.always(lambda _: servers.reply(json_={"a": "x" * 2000}))
    assert catch_error(one.run, "getLamp").kind == "too_large"


def test_a_long_error_is_read_in_part(runner, server):
    body = json.dumps({"code": 300, "message": "no"}).encode() + b" " * (10 << 20)
    server.always(servers.reply(400, body=body, headers=[("Content-Type", "application/json")]))
    error = catch_error(runner(server.url).run, *READ)
    assert (type(error), error.code) == (errors.Rejected, 300)


def test_what_a_service_says_besides_is_passed_on_as_it_is(runner, server):
    said = {"id": "1", "type": "2", "new_one": [None, {"x": 1.5}], "verified": 1, "pmi": 92674392836123456789}
    server.always(servers.reply(json_=said))
    assert runner(server.url).run(*READ).data == said


def test_headers_of_a_reply_are_all_there_and_the_last_of_a_long_one(transport, server):
    long = "a" * 60_000
    server.always(servers.reply(json_={}, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-L", long)]))
    got = transport.send(build_request(server.url))
    assert [value for name, value in got.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert got.header("x-l") == long
    server.always(servers.reply(json_={}, headers=[("X-Name", "caf\xe9"), ("X-Last", "1")]))
    got = transport.send(build_request(server.url))
    assert got.header("x-name") == ("" if transport.library in READS_TEXT_ONLY else "caf\xe9")
    assert got.header("x-last") == "1"


def test_a_form_has_json_and_files_as_parts_of_their_own_kinds(transport, server):
    parts = [
        MultipartPart("metadata", {"title": "Été"}, None, "application/json"),
        MultipartPart("file", b"%PDF", "report.pdf"),
    ]
    request = replace(build_request(server.url, "POST", "/files"), body=Body("multipart", parts, None))
    assert transport.send(request).status == 200
    assert server.last.header("content-type").startswith("multipart/form-data; boundary=")
    heads = server.last.body.lower()
    assert heads.count(b"content-type: application/json") == 1
    assert json.dumps({"title": "Été"}, ensure_ascii=False, separators=(",", ":")).encode() in server.last.body
    assert b'name="file"; filename="report.pdf"' in server.last.body
    assert b"content-type: application/pdf" in heads


CHUNK = b"x" * 65_536


class ChangedFile(io.BytesIO):
    """A file that has another content when it is read than when it was measured."""

    def __init__(self, measured, parts):
        super().__init__(measured)
        self._parts = iter(parts)

    def read(self, size=-1):
        return next(self._parts, b"")


@pytest.mark.parametrize(
    ("measured", "parts"),
    [(b"as it was", [b"longer than it was"]), (b"as it was", [b"short"]), (CHUNK, [CHUNK, b"more"]), (CHUNK, [b"x"])],
    ids=["longer", "shorter", "longer by a part", "shorter by a part"],
)
def test_a_file_that_changes_its_size_while_it_is_sent_is_a_failure_and_no_exception(
    transport, server, measured, parts
):
    body = Body("multipart", [MultipartPart("file", ChangedFile(measured, parts), "a.txt")], None)
    request = replace(build_request(server.url, "POST", "/files"), body=body)
    assert isinstance(transport.send(request, seconds=2), Failure)
