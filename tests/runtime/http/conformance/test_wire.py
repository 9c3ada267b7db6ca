"""Requests byte for byte."""

from __future__ import annotations

import io
from urllib.parse import quote

import pytest
from support import servers
from support.servers import TOKEN, Counting
from support.transports import WRITES_NAMES_ITS_WAY, DrainingServer, build_request, resident_bytes

from connector import errors
from connector.core.request.body import Body, MultipartPart


def test_a_request_has_exactly_the_expected_lines(runner, server):
    one = runner(server.url)
    one.request(
        "POST", "/users/me", query={"a": "b c"}, headers={"X-One": "1", "User-Agent": "mine/1"}, data={"topic": "Ünï"}
    )
    request = server.last
    assert request.head.split(b"\r\n")[0] == b"POST /v2/users/me?a=b+c HTTP/1.1"
    assert [(name.decode(), value.decode()) for name, value in request.lines] == [
        ("Host", f"127.0.0.1:{server.port}"),
        ("Authorization", f"Bearer {TOKEN}"),
        ("X-One", "1"),
        ("User-Agent", "mine/1"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(request.body))),
    ]
    assert request.body == '{"topic":"Ünï"}'.encode()


def test_a_read_has_no_body_and_an_empty_write_says_so(runner, server):
    one = runner(server.url)
    for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        one.request(method, "/x")
        assert server.last.header("Content-Length") is None
        assert server.last.header("Transfer-Encoding") is None
    for method in ("POST", "PUT", "PATCH"):
        one.request(method, "/x")
        assert server.last.header("Content-Length") == "0"
        assert server.last.header("Content-Type") is None


def test_what_a_caller_says_of_encodings_and_types_replaces_ours(runner, server):
    headers = {"accept": "text/csv", "ACCEPT-ENCODING": "identity", "content-type": "text/csv"}
    runner(server.url).request("POST", "/x", data="a,b", headers=headers)
    assert (server.last.header("Accept"), server.last.header("Accept-Encoding")) == ("text/csv", "identity")
    assert server.last.header("Content-Type") == "text/csv"


def test_one_connection_serves_many_calls(runner, server):
    one = runner(server.url)
    for _ in range(20):
        one.run("getUser", {"userId": "me"})
    assert (server.count, server.connections) == (20, 1)


def test_each_single_byte_does(client, server):
    for number in range(1, 256):
        value = f"a{chr(number)}"
        client.run("getUser", {"userId": value})
        assert server.last.path == f"/v2/users/{quote(value, safe='')}"


def test_a_uuid_that_begins_with_a_slash_arrives_encoded_twice(runner, server):
    one = runner(server.url)
    one.run("getMeetingRecordings", {"meetingId": "/ajXp112QmuoKj4854875=="})
    assert server.last.path == "/v2/meetings/%252FajXp112QmuoKj4854875%253D%253D/recordings"
    one.run("getMeetingRecordings", {"meetingId": "4444AAAiAAAAAiAiAiiAii=="})
    assert server.last.path == "/v2/meetings/4444AAAiAAAAAiAiAiiAii%3D%3D/recordings"


def test_a_path_that_is_encoded_already_arrives_untouched(runner, server):
    runner(server.url).request("GET", "/past_meetings/%252FajXp%253D%253D/x;v=1,2@y:z")
    assert server.last.target == b"/v2/past_meetings/%252FajXp%253D%253D/x;v=1,2@y:z"


def test_a_form_and_files_arrive_with_their_names_escaped(runner, server):
    files = {"a": ('q"uo\r\nte.txt', b"one\x00two"), "b": io.BytesIO(b"three")}
    runner(server.url).request("POST", "/x", form={"k": 'v"\r\n--x', "j": "é"}, files=files)
    kind = server.last.header("Content-Type")
    assert kind.startswith("multipart/form-data; boundary=")
    parts = server.last.body.split(b"--" + kind.partition("boundary=")[2].encode())
    assert len(parts) == 6
    assert b'name="k"' in parts[1]
    assert parts[1].endswith(b'\r\n\r\nv"\r\n--x\r\n')
    assert "é".encode() in parts[2]
    assert b'filename="q%22uo%0D%0Ate.txt"' in parts[3]
    assert parts[3].endswith(b"\r\n\r\none\x00two\r\n")
    assert b'filename="b"' in parts[4]
    assert parts[4].endswith(b"\r\n\r\nthree\r\n")


def test_a_file_is_sent_whole_on_every_attempt(runner, server, clock, tmp_path):
    (tmp_path / "f.bin").write_bytes(b"0123456789" * 1000)
    server.then(servers.reply(429, {"code": 429, "message": "slow"}))
    with (tmp_path / "f.bin").open("rb") as file:
        file.seek(5)
        runner(server.url, clock=clock).request("POST", "/x", files={"f": file})
    first, second = server.requests
    assert b"0123456789" * 1000 in first.body
    assert len(first.body) == len(second.body)
    assert b"0123456789" * 1000 in second.body


def test_a_stream_is_never_sent_twice(runner, server, clock):
    class Stream(io.RawIOBase):
        def __init__(self):
            self.left = [b"one ", b"two"]

        def readable(self):
            return True

        def read(self, _size=-1):
            return self.left.pop(0) if self.left else b""

    server.then(servers.reply(429, {"code": 429, "message": "slow"}))
    one = runner(server.url, clock=clock)
    with pytest.raises(errors.UsageError) as caught:
        one.request("POST", "/x", files={"f": Stream()})
    assert server.count == 1
    assert b"one two" in server.last.body
    assert "bytes" in caught.value.hint
    one.request("POST", "/x", files={"f": Stream()})
    assert server.count == 2


def test_a_file_that_fails_while_it_is_read_is_told_as_that(runner, server, clock):
    class Broken(io.BytesIO):
        def read(self, _size=-1):
            raise ValueError("canary-of-the-disk")

    with pytest.raises(errors.TransportError) as caught:
        runner(server.url, clock=clock).request("POST", "/x", files={"f": Broken(b"x" * 10)})
    assert caught.value.kind == "file"
    assert not caught.value.retryable
    assert server.count <= 1
    assert "canary" not in str(caught.value)


def test_headers_that_are_ours_never_come_from_a_caller(runner, server):
    for headers in (
        {"Host": "evil"},
        {"authorization": "x"},
        {"X": "a\r\nHost: evil"},
        {"X\r\nHost": "evil"},
        {"Cookie": "a"},
        {"X": b"a"},
    ):
        with pytest.raises(errors.InputError):
            runner(server.url).request("GET", "/x", headers=headers)
    assert server.connections == 0


def test_proxies_netrc_and_cookies_of_the_machine_change_nothing(runner, server, monkeypatch, tmp_path):
    with Counting() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password canary\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("HOME", str(tmp_path))
        server.always(servers.reply(json_={}, headers=[("Set-Cookie", "session=canary; Path=/")]))
        one = runner(server.url)
        for _ in range(2):
            assert "canary" not in repr(one.run("getUser", {"userId": "me"}).to_dict())
        assert server.last.header("Cookie") is None
        assert server.last.header("Authorization") == f"Bearer {TOKEN}"
        assert proxy.connections == 0


def test_cookies_are_never_kept_and_a_redirect_stays_where_it_is(transport, server):
    server.always(servers.reply(302, headers=[("Location", server.url + "/away"), ("Set-Cookie", "session=1; Path=/")]))
    for method in ("GET", "POST", "GET"):
        assert transport.send(build_request(server.url, method)).status == 302
        assert server.last.header("Cookie") is None
        assert (server.last.path, server.last.header("Referer")) == ("/v2/x", None)
    assert server.count == 3


def test_names_and_values_of_headers_arrive(transport, server):
    headers = (("X-One", "1"), ("x-two", "a  b\t~"), ("X-ID", "9"), ("If-Range", '"v1"'))
    transport.send(build_request(server.url, headers=headers))
    names = [name.decode() for name, _ in server.last.lines]
    for name, value in headers:
        assert server.last.header(name) == value
        assert (name in names) or transport.library in WRITES_NAMES_ITS_WAY


def test_what_http_cannot_say_is_never_sent(transport, server):
    for request in (
        build_request(server.url, "GET /evil HTTP/1.1\r\nX: "),
        build_request(server.url, headers=(("X", "a\r\nHost: evil"),)),
        build_request(server.url, headers=(("X Y", "a"),)),
        build_request(server.url, headers=(("X\r\nHost", "a"),)),
    ):
        got = transport.send(request)
        assert (got.kind, got.sent) == ("protocol", "nothing")
        assert "evil" not in got.message
    assert server.count == 0


def test_a_large_file_goes_through_without_being_held(transport, tmp_path):
    with DrainingServer() as drain, (tmp_path / "large").open("w+b") as file:
        for size in (4 << 20, 96 << 20):
            file.truncate(size)
            before = resident_bytes()
            parts = [MultipartPart("a", "1"), MultipartPart("f", file, "large.bin")]
            assert (
                transport.send(build_request(drain.url, "POST", body=Body("multipart", parts, None)), seconds=60).status
                == 200
            )
            growth = resident_bytes() - before
        assert drain.received > 100 << 20
        assert growth < 24 << 20, f"{growth >> 20} MB"


@pytest.mark.long
def test_a_file_of_two_gigabytes_does(transport, tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2 << 30)
    with DrainingServer() as drain, (tmp_path / "large").open("rb") as file:
        before = resident_bytes()
        parts = [MultipartPart("f", file, "large.bin")]
        assert (
            transport.send(build_request(drain.url, "POST", body=Body("multipart", parts, None)), seconds=600).status
            == 200
        )
        assert drain.received > 2 << 30
        assert resident_bytes() - before < 24 << 20


def test_a_delete_may_have_a_body(transport, server):
    server.always(servers.reply(204))
    body = Body("json", {"reason": "sold"}, "application/json")
    assert transport.send(build_request(server.url, "DELETE", body=body)).status == 204
    (seen,) = server.requests
    assert (seen.method, seen.body, seen.header("Content-Type")) == ("DELETE", b'{"reason":"sold"}', "application/json")
