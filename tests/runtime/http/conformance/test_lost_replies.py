"""Refused connections and lost replies: reads are repeated, writes are reported and never sent twice."""

from __future__ import annotations

import pytest
from support import servers
from support.pace import wait_until
from support.servers import Counting, free_port
from support.transports import CREATE, LEAVES_CLOSED_ONES_LATER, READ, build_request, catch_error, has_half_closed

from connector import errors


def test_a_refused_connection_is_retried_for_every_method_and_named(runner, clock):
    port = free_port()
    one = runner(f"http://127.0.0.1:{port}/v2", clock=clock)
    for action in (READ, CREATE):
        error = catch_error(one.run, *action)
        assert type(error) is errors.TransportError
        assert (error.kind, error.outcome, error.attempts, error.retryable) == ("refused", "not_sent", 3, True)
        assert f"127.0.0.1:{port}" in str(error)


def test_a_server_that_comes_up_sees_exactly_one_request(runner, clock):
    port = free_port()
    up = []
    clock.on_wait = lambda _: up or up.append(Counting(servers.reply(201, {"id": 1}), port=port))
    result = runner(f"http://127.0.0.1:{port}/v2", clock=clock).run(*CREATE)
    with up[0] as server:
        assert (result.data, result.attempts, server.count) == ({"id": 1}, 2, 1)


@pytest.mark.parametrize(
    "fault",
    [
        servers.reset(),
        servers.hang_up(),
        servers.cut_length(b'{"id": 84512370966, "topic": "Standup"}', keep=20),
        servers.cut_close(b'{"id": 84512370966, "topic": "Standup"}', keep=20),
        servers.cut_close(b'{"id": 84512370966}', keep=0),
        servers.cut_chunks(b'{"id": 84512370966, "topic": "Standup"}', keep=20),
    ],
    ids=["reset", "hang-up", "cut-length", "cut-close", "cut-close-at-once", "cut-chunks"],
)
class TestALostReply:
    """A lost or cut reply is never a result: a read is repeated, a write is uncertain."""

    def test_a_read_is_repeated(self, runner, server, clock, fault):
        server.then(fault).always(servers.reply(json_={"id": "u1"}))
        result = runner(server.url, clock=clock).run(*READ)
        assert (result.data, result.attempts, server.count) == ({"id": "u1"}, 2, 2)

    def test_a_read_that_is_never_answered_is_an_error(self, runner, server, clock, fault):
        server.always(fault)
        error = catch_error(runner(server.url, clock=clock).run, *READ)
        assert isinstance(error, errors.TransportError | errors.ServiceDown)
        assert (error.outcome, error.retryable, error.attempts, server.count) == ("rejected", True, 3, 3)

    def test_a_write_is_sent_once_and_left_open(self, runner, server, clock, fault):
        server.always(fault)
        error = catch_error(runner(server.url, clock=clock).run, *CREATE)
        assert (error.outcome, error.retryable, server.count) == ("uncertain", False, 1)
        assert "may have succeeded" in str(error)
        assert "check before retrying" in str(error)


def test_a_lost_write_is_counted_once_however_many_retries_are_allowed(runner, server, clock):
    server.always(servers.hang_up())
    for _ in range(20):
        error = catch_error(
            runner(server.url, clock=clock).run, *CREATE, retry={"maxRetries": 10, "retryAllErrors": True}
        )
        assert error.outcome == "uncertain"
    assert server.count == 20


def test_a_raw_write_with_every_retry_allowed_is_repeated_and_warns(runner, server, clock):
    server.then(servers.hang_up(), servers.reply(400, {"code": 300, "message": "no"}))
    given = {"method": "POST", "url": "/x", "data": "{}", "maxRetries": 3, "retryAllErrors": True}
    result = runner(server.url, clock=clock).run("rawRequest", given)
    assert (server.count, result.attempts) == (3, 3)
    assert "more than once" in result.warnings[0]
    server.always(servers.hang_up())
    catch_error(runner(server.url, clock=clock).run, "rawRequest", given)
    assert server.count == 3 + 4


@pytest.mark.parametrize("fault", [servers.reset(), servers.hang_up()], ids=["reset", "hang-up"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_library_sends_a_request_again_by_itself(transport, server, fault, method):
    """Libraries resend by themselves when a reused connection breaks; these must not."""
    for turn in range(1, 11):
        server.then(servers.reply(json_={}), fault)
        assert transport.send(build_request(server.url)).status == 200
        got = transport.send(build_request(server.url, method))
        assert (got.sent, got.final) == ("maybe", False)
        assert server.count == 2 * turn


def test_a_connection_that_was_closed_while_idle_costs_a_write_nothing(transport, server):
    def closes(line: servers.Line, request: servers.Recorded) -> bool:
        servers.reply(json_={})(line, request)
        return False

    for _ in range(10):
        server.then(closes, servers.reply(json_={"id": 1}))
        assert transport.send(build_request(server.url)).status == 200
        wait_until(lambda: not server.live)
        if transport.library in LEAVES_CLOSED_ONES_LATER:
            wait_until(lambda: not has_half_closed(server.port))
        assert transport.send(build_request(server.url, "POST")).body == b'{"id": 1}'
    assert server.count == 20
