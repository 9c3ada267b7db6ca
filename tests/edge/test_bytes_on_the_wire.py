"""What stands on the wire, byte for byte, and where it never goes."""

from __future__ import annotations

import io
import os
from urllib.parse import parse_qsl, quote

import pytest
import servers
from hypothesis import given
from hypothesis import strategies as st
from servers import TOKEN, Counting

from connector import Client, errors

ANY_BYTE = st.text(st.characters(max_codepoint=255, exclude_characters="\0"), min_size=1, max_size=12)


def test_a_request_has_exactly_the_expected_lines(runner, server):
    one = runner(server.url)
    one.raw(
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
        one.raw(method, "/x")
        assert server.last.header("Content-Length") is None
        assert server.last.header("Transfer-Encoding") is None
    for method in ("POST", "PUT", "PATCH"):
        one.raw(method, "/x")
        assert server.last.header("Content-Length") == "0"
        assert server.last.header("Content-Type") is None


def test_what_a_caller_says_of_encodings_and_types_replaces_ours(runner, server):
    headers = {"accept": "text/csv", "ACCEPT-ENCODING": "identity", "content-type": "text/csv"}
    runner(server.url).raw("POST", "/x", data="a,b", headers=headers)
    assert (server.last.header("Accept"), server.last.header("Accept-Encoding")) == ("text/csv", "identity")
    assert server.last.header("Content-Type") == "text/csv"


def test_one_connection_serves_many_calls(runner, server):
    one = runner(server.url)
    for _ in range(20):
        one.run("getUser", {"userId": "me"})
    assert (server.count, server.connections) == (20, 1)


@given(value=ANY_BYTE)
def test_every_byte_of_a_path_value_arrives_as_one_segment(client, server, value):
    if not value.strip() or value in (".", ".."):
        return
    client.run("getUser", {"userId": value})
    assert server.last.path == f"/v2/users/{quote(value, safe='')}"
    del server.requests[:]


def test_each_single_byte_does(client, server):
    for number in range(1, 256):
        value = f"a{chr(number)}"
        client.run("getUser", {"userId": value})
        assert server.last.path == f"/v2/users/{quote(value, safe='')}"


@pytest.mark.parametrize("value", ["x" * 10_000, "اردو", "\u202eabc", "😀", "a" * 300 + "/../" * 20])
def test_long_and_foreign_values_arrive_whole(runner, server, value):
    runner(server.url).run("getUser", {"userId": value})
    assert server.last.path == f"/v2/users/{quote(value, safe='')}"


def test_a_uuid_that_begins_with_a_slash_arrives_encoded_twice(runner, server):
    one = runner(server.url)
    one.run("getMeetingRecordings", {"meetingId": "/ajXp112QmuoKj4854875=="})
    assert server.last.path == "/v2/meetings/%252FajXp112QmuoKj4854875%253D%253D/recordings"
    one.run("getMeetingRecordings", {"meetingId": "4444AAAiAAAAAiAiAiiAii=="})
    assert server.last.path == "/v2/meetings/4444AAAiAAAAAiAiAiiAii%3D%3D/recordings"


def test_a_path_that_is_encoded_already_arrives_untouched(runner, server):
    runner(server.url).raw("GET", "/past_meetings/%252FajXp%253D%253D/x;v=1,2@y:z")
    assert server.last.target == b"/v2/past_meetings/%252FajXp%253D%253D/x;v=1,2@y:z"


@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from(["a", "b c", "é", "a&b"]),
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
        ),
        max_size=5,
    )
)
def test_a_query_arrives_in_its_order_with_nothing_injected(client, server, pairs):
    client.raw("GET", "/x", query=[{"key": key, "value": value} for key, value in pairs])
    target = server.last.target.decode("ascii")
    assert parse_qsl(target.partition("?")[2], keep_blank_values=True) == pairs
    del server.requests[:]


def test_null_parameters_are_left_out_and_lists_repeat(runner, server):
    runner(server.url).raw("GET", "/x", query={"a": None, "b": ["1", 2], "c": "", "d": True})
    assert server.last.query == [("b", "1"), ("b", "2"), ("c", ""), ("d", "true")]


def test_whole_numbers_beyond_2_to_the_53_are_exact_both_ways(runner, server):
    number = 9_223_372_036_854_775_807_123
    server.always(servers.reply(json_={"id": number}))
    result = runner(server.url).raw("POST", "/x", data={"id": number, "text": str(number)})
    assert server.last.json() == {"id": number, "text": str(number)}
    assert result.data == {"id": number}


def test_a_form_and_files_arrive_with_their_names_escaped(runner, server):
    files = {"a": ('q"uo\r\nte.txt', b"one\x00two"), "b": io.BytesIO(b"three")}
    runner(server.url).raw("POST", "/x", form={"k": 'v"\r\n--x', "j": "é"}, files=files)
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
        runner(server.url, clock=clock).raw("POST", "/x", files={"f": file})
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
        one.raw("POST", "/x", files={"f": Stream()})
    assert server.count == 1
    assert b"one two" in server.last.body
    assert "bytes" in caught.value.hint
    one.raw("POST", "/x", files={"f": Stream()})
    assert server.count == 2


def test_a_file_that_fails_while_it_is_read_is_told_as_that(runner, server, clock):
    class Broken(io.BytesIO):
        def read(self, _size=-1):
            raise ValueError("canary-of-the-disk")

    with pytest.raises(errors.TransportError) as caught:
        runner(server.url, clock=clock).raw("POST", "/x", files={"f": Broken(b"x" * 10)})
    assert caught.value.kind == "file"
    assert not caught.value.retryable
    assert server.count <= 1
    assert "canary" not in str(caught.value)


HOSTILE = [
    "//{evil}/x", "\\\\{evil}\\x", "/\\{evil}/x", "http://{evil}/v2/x", "HTTP://{evil}/x", "http:{evil}/x", "https://{evil}", "@{evil}/x",
    "//user@{evil}/x", "/..//{evil}", "/../x", "/%2e%2e/x", "/users/..%2f..%2fx", "/users/%252e%252e/x", "/x/..;/..;/y", "/\r\nHost: {evil}\r\n",
    "/x HTTP/1.1\r\nHost: {evil}\r\n\r\nGET /", "?x", "#x", "", "x", "/x\0y", "/.", "//", "/v2/../x", "///{evil}/x", "/\t/{evil}",
]  # fmt: skip


def test_a_raw_path_never_reaches_another_host_nor_leaves_the_base_path(runner, server):
    with Counting() as evil:
        one = runner(server.url)
        for hostile in HOSTILE:
            with pytest.raises(errors.InputError):
                one.raw("GET", hostile.format(evil=f"127.0.0.1:{evil.port}"))
        assert (server.count, evil.connections) == (0, 0)


@given(path=st.text(max_size=20) | st.text("/.%25eEfF2\\;?#@:", max_size=14).map(lambda tail: "/" + tail))
def test_whatever_path_is_given_only_the_base_path_is_reached(client, server, path):
    try:
        client.raw("GET", path)
    except errors.InputError:
        return
    assert server.last.target.startswith(b"/v2/")
    assert not {b".", b".."} & set(server.last.target.split(b"/"))
    del server.requests[:]


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
            runner(server.url).raw("GET", "/x", headers=headers)
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


def test_a_base_url_of_the_environment_is_the_owners_and_an_argument_wins(zoom, token_connection, server, monkeypatch):
    monkeypatch.setenv("ZOOM_BASE_URL", server.url)
    with Client(zoom, token_connection) as client:
        client.run("getUser", {"userId": "me"})
    assert server.count == 1
    monkeypatch.setenv("ZOOM_BASE_URL", "http://evil.example/v2")
    with pytest.raises(errors.InputError, match="ZOOM_BASE_URL"):
        Client(zoom, token_connection)
    with Client(zoom, token_connection, base_url=server.url + "/") as client:
        client.run("getUser", {"userId": "me"})
    assert server.last.path == "/v2/users/me"


@pytest.mark.parametrize("given_", [{"base_url": "x"}, {"baseUrl": "x"}])
def test_a_base_url_is_no_input(zoom, token_connection, given_):
    with Client(zoom, token_connection) as client, pytest.raises(errors.InputError):
        client.dry_run("listUsers", given_)
    with Client(zoom, token_connection) as client, pytest.raises(errors.DefinitionError):
        client.call({"action": "listUsers", "base_url": "http://127.0.0.1:1"})


def test_a_child_of_a_fork_uses_connections_of_its_own(zoom, token_connection, server):
    """A child that used its parent's socket would take the parent's reply, and the reverse."""
    server.always(lambda request: servers.reply(json_={"path": request.path}))
    with Client(zoom, token_connection, base_url=server.url) as client:
        client.run("getUser", {"userId": "before"})
        children = []
        for child in range(3):
            pid = os.fork()
            if pid == 0:
                good = 1
                try:
                    got = [client.run("getUser", {"userId": f"c{child}-{turn}"}).data["path"] for turn in range(10)]
                    good = int(got != [f"/v2/users/c{child}-{turn}" for turn in range(10)])
                finally:
                    os._exit(good)
            children.append(pid)
        for turn in range(10):
            assert client.run("getUser", {"userId": f"p{turn}"}).data["path"] == f"/v2/users/p{turn}"
        assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    assert server.count == 1 + 3 * 10 + 10
    assert server.connections == 4
