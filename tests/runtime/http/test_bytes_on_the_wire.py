"""Requests byte for byte, and the hosts that never get them."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import servers
from support.servers import Counting

from connector import Client, errors

ANY_BYTE = st.text(st.characters(max_codepoint=255, exclude_characters="\0"), min_size=1, max_size=12)


@given(value=ANY_BYTE)
def test_every_byte_of_a_path_value_arrives_as_one_segment(client, server, value):
    if not value.strip() or value in (".", ".."):
        return
    client.run("getUser", {"userId": value})
    assert server.last.path == f"/v2/users/{quote(value, safe='')}"
    del server.requests[:]


@pytest.mark.parametrize("value", ["x" * 10_000, "اردو", "\u202eabc", "😀", "a" * 300 + "/../" * 20])
def test_long_and_foreign_values_arrive_whole(runner, server, value):
    runner(server.url).run("getUser", {"userId": value})
    assert server.last.path == f"/v2/users/{quote(value, safe='')}"


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
    client.request("GET", "/x", query=[{"key": key, "value": value} for key, value in pairs])
    target = server.last.target.decode("ascii")
    assert parse_qsl(target.partition("?")[2], keep_blank_values=True) == pairs
    del server.requests[:]


def test_null_parameters_are_left_out_and_lists_repeat(runner, server):
    runner(server.url).request("GET", "/x", query={"a": None, "b": ["1", 2], "c": "", "d": True})
    assert server.last.query == [("b", "1"), ("b", "2"), ("c", ""), ("d", "true")]


def test_whole_numbers_beyond_2_to_the_53_are_exact_both_ways(runner, server):
    number = 9_223_372_036_854_775_807_123
    server.always(servers.reply(json_={"id": number}))
    result = runner(server.url).request("POST", "/x", data={"id": number, "text": str(number)})
    assert server.last.json() == {"id": number, "text": str(number)}
    assert result.data == {"id": number}


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
                one.request("GET", hostile.format(evil=f"127.0.0.1:{evil.port}"))
        assert (server.count, evil.connections) == (0, 0)


@given(path=st.text(max_size=20) | st.text("/.%25eEfF2\\;?#@:", max_size=14).map(lambda tail: "/" + tail))
def test_whatever_path_is_given_only_the_base_path_is_reached(client, server, path):
    try:
        client.request("GET", path)
    except errors.InputError:
        return
    assert server.last.target.startswith(b"/v2/")
    assert not {b".", b".."} & set(server.last.target.split(b"/"))
    del server.requests[:]


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
        client.run_file({"action": "listUsers", "base_url": "http://127.0.0.1:1"})


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
