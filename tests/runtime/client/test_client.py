"""The client around a call: options, connections, call files, clocks, closing."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest
from support import servers
from support.pace import WIDE, wait_until
from support.servers import TOKEN, Counting, GivenClock

from connector import AsyncClient, Client, Connection, errors
from connector.core.response.reply import Failure, Reply

READ = ("getUser", {"userId": "me"})


def problems(run, *args, **options):
    with pytest.raises(errors.InputError) as caught:
        run(*args, **options)
    return {problem.field: problem for problem in caught.value.problems}


def test_a_result_has_what_the_service_said(runner, server):
    server.always(servers.reply(200, {"id": "u1"}, headers=[("x-zm-trackingid", "v=2.0;rid=7"), ("X-Other", "o")]))
    result = runner(server.url).run(*READ)
    assert (result.data, result.status, result.request_id, result.attempts, result.outcome) == (
        {"id": "u1"},
        200,
        "v=2.0;rid=7",
        1,
        "done",
    )
    assert result.headers["x-other"] == "o"
    assert result.to_dict()["data"] == {"id": "u1"}


@pytest.mark.parametrize(
    "timeout",
    [
        0,
        -1,
        "0",
        "0s",
        "2 parsecs",
        "",
        "1w",
        float("nan"),
        float("inf"),
        1e10,
        "9999999m",
        True,
        None.__class__,
        [],
        "1_0",
        "٣s",
    ],
)
def test_a_timeout_that_is_none_is_told(runner, server, timeout):
    assert set(problems(runner(server.url).run, *READ, timeout=timeout)) == {"timeout"}
    assert server.count == 0


@pytest.mark.parametrize("timeout", [10, 0.5, "10s", "500ms", "2m", "1.5", " 10 s "])
def test_a_timeout_is_seconds_or_says_its_unit(runner, server, timeout):
    assert runner(server.url).run(*READ, timeout=timeout).status == 200


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "5", "all"])
def test_a_limit_that_is_none_is_told(runner, server, limit):
    assert set(problems(runner(server.url).run, "listUsers", limit=limit)) == {"limit"}


def test_a_limit_of_what_is_no_listing_is_told(runner, server):
    assert set(problems(runner(server.url).run, *READ, limit=3)) == {"limit"}
    assert server.count == 0


@pytest.mark.parametrize(
    ("retry", "field"),
    [
        ({"maxRetries": "three"}, "retry.maxRetries"), ({"maxRetries": -1}, "retry.maxRetries"), ({"maxRetries": 10**9}, "retry.maxRetries"),
        ({"maxRetries": True}, "retry.maxRetries"), ({"retryDelayMS": -1}, "retry.retryDelayMS"), ({"retryAllErrors": "yes"}, "retry.retryAllErrors"),
        ({"maxRetrys": 1}, "retry.maxRetrys"), ({"maxRetries": None}, "retry.maxRetries"),
    ],
)  # fmt: skip
def test_a_retry_that_makes_no_sense_is_told(runner, server, retry, field):
    assert set(problems(runner(server.url).run, *READ, retry=retry)) == {field}


@pytest.mark.parametrize("retry", ["engines", "", 5, True, [1]])
def test_a_retry_that_is_no_mapping_is_told(runner, server, retry):
    with pytest.raises(errors.UsageError):
        runner(server.url).run(*READ, retry=retry)


def test_retries_wait_as_they_are_told_to(runner, server, clock):
    server.always(servers.reply(503))
    for retry, waits in (
        ({"maxRetries": 0}, []),
        ({"maxRetries": 3, "retryDelayMS": 1500}, [1.5, 1.5, 1.5]),
        ({"maxRetries": "2", "retryDelayMS": "0"}, [0.05, 0.05]),
        ({"maxRetries": 1, "retryDelayMS": 9000, "useExponentialBackoff": True}, [0.05]),
        (None, [0.05, 0.05]),
        ("engine", []),
    ):
        clock.waits.clear()
        with pytest.raises(errors.ServiceDown) as caught:
            runner(server.url, clock=clock).run(*READ, retry=retry)
        assert clock.waits == waits
        assert caught.value.attempts == len(waits) + 1
    clock.waits.clear()
    given = {"method": "GET", "url": "/x", "maxRetries": 2, "retryDelayMS": 700}
    with pytest.raises(errors.ServiceDown):
        runner(server.url, clock=clock).run("rawRequest", given)
    assert clock.waits == [0.7, 0.7]


def test_jitter_is_drawn_for_every_wait(runner, server):
    clock = GivenClock(jitter=0.5)
    server.always(servers.reply(503))
    with pytest.raises(errors.ServiceDown):
        runner(server.url, clock=clock).run(*READ)
    assert clock.waits == pytest.approx([0.05 + 0.225, 0.05 + 0.475])


def test_a_call_without_a_connection_is_told_how_to_make_one(runner, server):
    with pytest.raises(errors.SignInError) as caught:
        runner(server.url, None).run(*READ)
    assert "from_env" in caught.value.hint
    assert server.count == 0


def test_a_connection_of_another_connector_is_refused_before_its_secret_leaves(zoom, folder, token_connection, server):
    lamp = folder()
    for kind in (Client, AsyncClient):
        with pytest.raises(errors.UsageError):
            kind(lamp, token_connection, base_url=server.url)
    assert server.connections == 0


def test_inputs_may_name_the_connection_and_ask_for_records(runner, server):
    one = runner(server.url)
    for name in ("accessToken",):
        assert one.run("getUser", {"userId": "me", "connection": name}).debug is None
    assert set(problems(one.run, "getUser", {"userId": "me", "connection": "other"})) == {"connection"}
    for given in ({"debugRequest": True}, {"debugRequest": "true"}, {"debug_request": "TRUE"}):
        assert len(one.run("getUser", {"userId": "me", **given}).debug.to_list()) == 1
    for given in ({"debugRequest": False}, {"debug_request": "false"}):
        assert one.run("getUser", {"userId": "me", **given}).debug is None
    assert set(problems(one.run, "getUser", {"userId": "me", "debugRequest": "yes"})) == {"debugRequest"}
    assert not any("debug" in str(request.target) for request in server.requests)


@pytest.mark.parametrize("given", [{"userId": "me"}, None])
def test_what_is_given_is_never_changed(runner, server, given):
    copy = dict(given or {})
    try:
        runner(server.url).run("getUser", given)
    except errors.InputError:
        assert given is None
    assert (given or {}) == copy


def test_records_tell_every_attempt_and_wait(runner, server, clock):
    server.then(servers.hang_up(), servers.reply(429, {"code": 429, "message": "slow"}, headers=[("Retry-After", "2")]))
    result = runner(server.url, clock=clock).run(*READ, debug=True)
    assert [entry["what"] for entry in result.debug.to_list()] == ["send", "wait", "send", "wait", "send"]
    assert result.debug.to_list()[0]["failure"]["sent"] == "maybe"
    assert result.debug.to_list()[2]["reply"]["status"] == 429
    assert result.to_dict()["debug"] == result.debug.to_list()
    assert len(result.debug.har()["log"]["entries"]) == 3


class TestCallFiles:
    """A call file."""

    def test_it_runs_as_it_is_written(self, runner, server, tmp_path):
        path = tmp_path / "call.yaml"
        path.write_text(
            "action: createMeeting\nconnection: accessToken\ninputs:\n  userId: me\n  topic: NO\n  password: 012345\n"
            "  availableDialInCountries: [NO, US]\n  startTime: 2030-01-31T09:00:00Z\ntimeout: 10s\nretry: {maxRetries: 0}\n"
        )
        result = runner(server.url).run_file(path)
        assert result.status == 200
        sent = server.last.json()
        assert (sent["topic"], sent["password"], sent["start_time"]) == ("NO", "012345", "2030-01-31T09:00:00Z")
        assert sent["settings"]["global_dial_in_countries"] == ["NO", "US"]
        assert runner(server.url).run_file(str(path)).status == 200

    def test_a_mapping_is_the_same(self, runner, server):
        call = {"action": "listUsers", "inputs": {"status": "pending"}, "limit": 5}
        server.always(servers.reply(json_={"users": [1, 2]}))
        assert runner(server.url).run_file(call).data["users"] == [1, 2]
        assert dict(server.last.query) == {"status": "pending", "page_size": "5"}
        assert call == {"action": "listUsers", "inputs": {"status": "pending"}, "limit": 5}

    def test_several_calls_are_made_one_after_another_as_their_results_are_asked_for(self, runner, server, tmp_path):
        path = tmp_path / "calls.yaml"
        path.write_text("action: listUsers\n---\naction: getUser\ninputs: {userId: me}\n---\naction: listUsers\n")
        calls = [{"action": "listUsers"}, {"action": "getUser", "inputs": {"userId": "me"}}, {"action": "listUsers"}]
        for several in (path, calls):
            before = server.count
            server.then(servers.reply(json_={"users": [1]})).then(servers.reply(404, {"code": 1001, "message": "no"}))
            results = runner(server.url).run_file(several)
            assert server.count == before
            assert next(results).data["users"] == [1]
            with pytest.raises(errors.NotFound):
                next(results)
            assert list(results) == []
            assert server.count == before + 2
        assert list(runner(server.url).run_file([])) == []

    def test_several_calls_are_checked_before_the_first_is_made(self, runner, server, tmp_path):
        path = tmp_path / "calls.yaml"
        path.write_text(
            "- action: listUsers\n- action: getUsr\n- action: getUser\n- action: getUser\n  limit: 5\n  inputs: {userId: me}\n"
        )
        with pytest.raises(errors.InputError) as caught:
            runner(server.url).run_file(path)
        assert [(one.field, one.line) for one in caught.value.problems] == [("action", 2), ("userId", 3), ("limit", 5)]
        assert server.count == 0

    @pytest.mark.parametrize("call", [5, None, {1, 2}])
    def test_what_is_no_call_is_told(self, runner, call):
        with pytest.raises(errors.UsageError, match=r"call is .*; expected the path of a call file"):
            runner("http://127.0.0.1:1/v2").run_file(call)

    def test_its_connection_is_the_clients_or_it_is_refused(self, runner, server):
        one = runner(server.url)
        assert one.run_file({"action": "listUsers", "connection": "accessToken"}).status == 200
        assert set(problems(one.run_file, {"action": "listUsers", "connection": "someone-else"})) == {"connection"}
        assert server.count == 1

    def test_values_may_name_the_environment_and_nothing_else_is_evaluated(self, runner, server, monkeypatch):
        monkeypatch.setenv("MY_TOPIC", "From outside")
        one = runner(server.url)
        inputs = {"userId": "me", "topic": {"env": "MY_TOPIC"}, "agenda": "${MY_TOPIC} $(id) {{ x }}"}
        one.run_file({"action": "createMeeting", "inputs": inputs})
        assert server.last.json()["topic"] == "From outside"
        assert server.last.json()["agenda"] == "${MY_TOPIC} $(id) {{ x }}"
        found = problems(
            one.run_file,
            {"action": "createMeeting", "inputs": {"userId": {"env": "NOT_SET"}, "topic": {"env": "NEITHER"}}},
        )
        assert set(found) == {"inputs.userId", "inputs.topic"}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("acton: listUsers", "4"), ("- 5", "mapping"), ("action: listUsers\ninputs: [1]", "2:"), ("action: [a]", "action"), ("", "mapping"),
            ("action: listUsers\ndebug: maybe", "2:"), ("action: listUsers\naction: listUsers", "2:"), ("action: a\n---\nacton: b", "3:"),
            ("action: listUsers\nretry: 3", "2:"), ("a: [", "1:"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_with_its_line(self, runner, server, tmp_path, text, said):
        path = tmp_path / "call.yaml"
        path.write_text(text)
        with pytest.raises((errors.DefinitionError, errors.UsageError)) as caught:
            runner(server.url).run_file(path)
        assert said in str(caught.value) or said == "4"
        assert "call.yaml" in str(caught.value)
        assert server.count == 0

    def test_a_file_that_is_not_there_is_told(self, runner, tmp_path):
        with pytest.raises(errors.DefinitionError, match=r"nowhere\.yaml"):
            runner("http://127.0.0.1:1/v2").run_file(tmp_path / "nowhere.yaml")


LAMP_POST = "action: addLamp\nlabel: Add\nsummary: Add a lamp.\nrequest: POST /lamps\ninputs: {}\n"


class TestIdempotencyKeys:
    """A service with idempotency keys."""

    @pytest.fixture
    def lamp(self, folder):
        return folder("idempotency: {to: header.Idempotency-Key}\n", {"add-lamp": LAMP_POST})

    def test_a_key_is_drawn_once_and_kept_over_retries(self, runner, server, lamp, clock):
        server.then(servers.hang_up(), servers.reply(500))
        one = runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp, clock=clock)
        assert one.run("addLamp").attempts == 3
        keys = [request.header("Idempotency-Key") for request in server.requests]
        assert len(set(keys)) == 1
        one.run("addLamp")
        assert server.last.header("Idempotency-Key") not in keys

    def test_a_callers_key_is_sent_as_it_is(self, runner, server, lamp):
        one = runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp)
        one.run("addLamp", idempotency_key="order-7")
        assert server.last.header("Idempotency-Key") == "order-7"

    def test_what_only_reads_has_none(self, folder, runner, server):
        find = LAMP_POST.replace("request:", "read_only: true\nrequest:")
        lamp = folder("idempotency: {to: header.Idempotency-Key}\n", {"add-lamp": find})
        one = runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp)
        one.run("addLamp")
        assert server.last.header("Idempotency-Key") is None

    @pytest.mark.parametrize("key", ["a\r\nEvil: 1", "a\nb", "é", "\0"])
    def test_a_key_that_is_no_header_is_refused(self, runner, server, lamp, key):
        one = runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp)
        assert set(problems(one.run, "addLamp", idempotency_key=key)) == {"idempotency_key"}
        assert server.connections == 0

    def test_a_service_without_them_says_so(self, runner, server):
        with pytest.raises(errors.UsageError, match="if-known"):
            runner(server.url).run(*READ, idempotency_key="x")

    @pytest.mark.parametrize("key", ["if-known", "if-known:order-7", "if-known: order-7", "if-known:\n", "if-known:é"])
    def test_a_soft_key_is_ignored_by_a_service_without_them(self, runner, server, key):
        client = runner(server.url)
        assert client.run(*READ, idempotency_key=key).status == 200
        assert client.request("POST", "/users", data={}, idempotency_key=key).status == 200
        call = {"action": READ[0], "inputs": READ[1], "idempotency_key": key}
        assert client.run_file(call).status == 200
        assert all(request.header("Idempotency-Key") is None for request in server.requests)
        assert server.count == 3

    @pytest.mark.parametrize("key", ["if-known:order-7", "if-known: order-7"])
    def test_a_soft_key_is_the_callers_where_the_service_knows_keys(self, runner, server, lamp, key):
        one = runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp)
        one.run("addLamp", idempotency_key=key)
        one.request("PUT", "/lamps/1", data={}, idempotency_key=key)
        one.run_file({"action": "addLamp", "idempotency_key": key})
        assert [request.header("Idempotency-Key") for request in server.requests] == ["order-7"] * 3

    @pytest.mark.parametrize(
        ("method", "keyed"), [("POST", True), ("PATCH", True), ("DELETE", True), ("PUT", True), ("GET", False)]
    )
    def test_a_soft_key_without_a_text_is_a_new_one_for_every_write(self, runner, server, lamp, method, keyed):
        one = runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp)
        for _ in range(2):
            one.request(method, "/lamps/1", idempotency_key="if-known")
        keys = {request.header("Idempotency-Key") for request in server.requests}
        assert len(keys - {None}) == (2 if keyed else 0)

    def test_a_soft_key_that_is_no_header_is_refused_where_it_would_be_sent(self, runner, server, lamp):
        one = runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp)
        assert set(problems(one.run, "addLamp", idempotency_key="if-known:é")) == {"idempotency_key"}


class TestSeams:
    """A custom transport."""

    class Box:
        def __init__(self, *answers):
            self.answers = list(answers)
            self.sent = []
            self.closed = False

        def send(self, request, credential, deadline, sink, cancel):
            self.sent.append((request, credential, deadline))
            return self.answers.pop(0)

        def close(self):
            self.closed = True

    def test_any_object_with_send_will_do_for_both_clients(self, runner, clock):
        good = Reply(200, (("content-type", "application/json"),), b'{"id": 1}')
        box = self.Box(Failure("read", "lost"), good)
        result = runner("https://box.example/v2", http=box, clock=clock).run(*READ)
        assert (result.data, result.attempts) == ({"id": 1}, 2)
        request, credential, _ = box.sent[0]
        assert (request.url.split("?")[0], credential.secret) == ("https://box.example/v2/users/me", TOKEN)

    def test_what_is_not_ours_is_not_closed(self, zoom, token_connection):
        box = self.Box()
        Client(zoom, token_connection, http=box).close()
        asyncio.run(AsyncClient(zoom, token_connection, http=box).aclose())
        assert not box.closed

    @pytest.mark.parametrize("name", ["requests", "HTTPX", ""])
    def test_a_library_that_is_not_known_is_told(self, zoom, monkeypatch, name):
        if name:
            with pytest.raises(errors.UsageError):
                Client(zoom, http=name)
        monkeypatch.setenv("CONNECTOR_HTTP_LIBRARY", name)
        if name:
            with pytest.raises(errors.UsageError):
                Client(zoom)
        else:
            Client(zoom).close()

    def test_the_deadline_of_a_given_clock_is_real_seconds_for_a_library(self, zoom, token_connection, clock):
        import time

        box = self.Box(Reply(200, (), b"{}"))
        clock.passed = 1e6
        with Client(zoom, token_connection, http=box, clock=clock) as client:
            client.run(*READ, timeout=30)
        assert 25 < box.sent[0][2] - time.monotonic() <= 30


class TestClocks:
    """Machine clocks jump; a call does not."""

    class Jumping(GivenClock):
        def time(self):
            self.start -= 3600  # every look at the wall clock finds it an hour earlier
            return super().time()

    def test_a_wall_clock_that_jumps_back_changes_no_deadline(self, runner, server):
        clock = self.Jumping()
        server.then(servers.reply(503, headers=[("Retry-After", "5")]), servers.reply(503))
        result = runner(server.url, clock=clock).run(*READ, timeout=30)
        assert result.attempts == 3
        assert sum(clock.waits) < 30

    def test_a_wall_clock_an_hour_off_still_waits_what_it_is_told(self, runner, server):
        clock = GivenClock(start=1.0)
        server.then(servers.reply(429, {"code": 429, "message": "slow"}, headers=[("Retry-After", "3")]))
        runner(server.url, clock=clock).run(*READ)
        assert 3 <= clock.waits[0] < 4


class TestTheEnd:
    """A client that is closed."""

    def test_it_takes_no_more_calls(self, runner, server):
        one = runner(server.url)
        one.run(*READ)
        one.close()
        one.close()
        for call in (
            lambda: one.run(*READ),
            lambda: one.request("GET", "/x"),
            lambda: one.run_file({"action": "listUsers"}),
            lambda: one.items("listUsers"),
        ):
            with pytest.raises(errors.UsageError) as caught:
                call()
            assert caught.value.hint
        assert one.client.dry_run(*READ).path == "/users/me"
        assert server.count == 1

    def test_closing_ends_a_wait_at_once_and_tells_what_is_known(self, zoom, token_connection, server):
        server.always(servers.hang_up())
        client = Client(zoom, token_connection, base_url=server.url)
        caught = []

        def work():
            try:
                client.run("deleteUser", {"userId": "u"}, retry={"maxRetries": 5, "retryDelayMS": 60_000}, timeout=590)
            except errors.ConnectorError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        gate = threading.Event()
        wait_until(lambda: server.count)
        gate.wait(0.05)
        client.close()
        thread.join(WIDE)
        assert not thread.is_alive()
        assert type(caught[0]) is errors.UsageError
        assert caught[0].outcome == "uncertain"
        assert server.count == 1

    @pytest.mark.parametrize(("action", "kind"), [(READ, errors.UsageError), (("deleteUser", {"userId": "u"}), errors.UsageError),
                                                  (("createMeeting", {"userId": "me"}), errors.TransportError)])  # fmt: skip
    def test_closing_ends_a_call_that_waits_for_its_reply(self, zoom, token_connection, server, action, kind):
        server.always(servers.silence())
        client = Client(zoom, token_connection, base_url=server.url)
        caught = []

        def work():
            try:
                client.run(*action, timeout=600)
            except errors.ConnectorError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        wait_until(lambda: server.count)
        client.close()
        thread.join(WIDE)
        assert not thread.is_alive()
        assert type(caught[0]) is kind
        assert caught[0].outcome == ("rejected" if action is READ else "uncertain")
        assert server.count == 1

    def test_a_child_of_a_fork_that_closes_its_client_leaves_the_parents_connection_alone(
        self, zoom, token_connection, server
    ):
        with Client(zoom, token_connection, base_url=server.url) as client:
            client.run(*READ)
            pid = os.fork()
            if pid == 0:
                client.close()
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
            client.run(*READ)
        assert (server.count, server.connections) == (2, 1)

    def test_leaving_the_block_closes_it(self, zoom, token_connection, server):
        with Client(zoom, token_connection, base_url=server.url) as client:
            client.run(*READ)
        with pytest.raises(errors.UsageError):
            client.run(*READ)

        async def main():
            async with AsyncClient(zoom, token_connection, base_url=server.url) as other:
                await other.run(*READ)
            with pytest.raises(errors.UsageError):
                await other.run(*READ)

        asyncio.run(main())
        assert server.count == 2


class TestConnections:
    """The credentials of a call."""

    def test_each_static_kind_signs_as_it_says(self, runner, server, folder):
        whole = (
            "connector: lamp\nlabel: Lamp\nsummary: S.\nbase_url: https://a.example/v2\nconnections:\n"
            "  bearer: {label: B, kind: bearer, inputs: {t: {label: T, help: T., type: password, required: true}}}\n"
            "  header: {label: H, kind: api_key, to: header.X-Lamp, inputs: {t: {label: T, help: T., type: password, required: true}}}\n"
            "  query: {label: Q, kind: api_key, to: query.key, inputs: {t: {label: T, help: T., type: password, required: true}}}\n"
            "  basic: {label: P, kind: basic, inputs: {u: {label: U, help: U., type: string, required: true, to: basic.username}, t: {label: T, help: T., type: password, to: basic.password}}}\n"
        )
        lamp = folder(whole=whole)
        for kind, inputs in (("bearer", {}), ("header", {}), ("query", {}), ("basic", {"u": "me"})):
            runner(server.url, Connection(lamp, kind, t="s3cret+", **inputs), connector=lamp).request(
                "GET", "/x", query={"a": "1"}
            )
        first, second, third, fourth = server.requests
        assert first.header("Authorization") == "Bearer s3cret+"
        assert (second.header("X-Lamp"), second.header("Authorization")) == ("s3cret+", None)
        assert third.query == [("a", "1"), ("key", "s3cret+")]
        assert fourth.header("Authorization") == "Basic bWU6czNjcmV0Kw=="

    def test_the_environment_describes_it(self, zoom, tmp_path):
        def made(**variables):
            return Connection.from_env(zoom, environ=variables)

        assert made(ZOOM_ACCESS_TOKEN="tok-1").kind == "accessToken"
        server_to_server = {"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "c", "ZOOM_CLIENT_SECRET": "s3cret"}
        assert made(**server_to_server, ZOOM_ACCESS_TOKEN="tok-1").kind == "serverToServer", (
            "the kind with the most inputs set"
        )
        (tmp_path / "token").write_text("tok-2\n")
        named = made(ZOOM_ACCESS_TOKEN_FILE=str(tmp_path / "token"), ZOOM_ACCESS_TOKEN="")
        assert named.credential(None, 0.0).secret == "tok-2"
        both = {**server_to_server, "ZOOM_ACCESS_TOKEN": "tok-3"}
        assert Connection.from_env(zoom, "accessToken", environ=both).credential(None, 0.0).secret == "tok-3"
        with pytest.raises(errors.UsageError, match="oauth2 and apiJwt"):
            made(ZOOM_CLIENT_ID="c", ZOOM_CLIENT_SECRET="s3cret", ZOOM_API_KEY="k", ZOOM_API_SECRET="s3cret")
        with pytest.raises(errors.SignInError, match="ZOOM_ACCESS_TOKEN"):
            made()
        with pytest.raises(errors.InputError, match="ZOOM_ACCESS_TOKEN_FILE"):
            made(ZOOM_ACCESS_TOKEN_FILE=str(tmp_path / "nothing"))

    def test_what_is_missing_or_unknown_is_told_together(self, zoom):
        found = problems(Connection, zoom, "serverToServer", accountId="", clientSecrt="s", client_id="c")
        assert {"clientSecrt", "clientSecret"} <= set(found)
        assert "ZOOM_CLIENT_SECRET" in found["clientSecret"].fix
        with pytest.raises(errors.UsageError, match="serverToServer"):
            Connection(zoom, "server")

    def test_a_value_in_the_base_url_is_one_label_of_a_host_name(self, folder):
        whole = (
            "connector: shop\nlabel: Shop\nsummary: S.\nbase_url: https://{shop}.shops.example/v2\nconnections:\n"
            "  k: {label: K, kind: bearer, inputs: {shop: {label: S, help: S., type: string, required: true},"
            " t: {label: T, help: T., type: password, required: true}}}\n"
        )
        shop = folder(whole=whole)
        assert Connection(shop, "k", shop="my-shop", t="s3cret").base_url == "https://my-shop.shops.example/v2"
        for bad in ("evil.example/", "a.b", "a/b", "a@b", "-a", "é", "a#", "a:1", ""):
            with pytest.raises(errors.InputError):
                Connection(shop, "k", shop=bad, t="s3cret").base_url  # noqa: B018

    def test_a_kind_runs_only_the_actions_it_may(self, runner, server, folder):
        whole = (
            "connector: lamp\nlabel: Lamp\nsummary: S.\nbase_url: https://a.example/v2\nconnections:\n"
            "  k: {label: K, kind: bearer, allowed_actions: [addLamp], inputs: {t: {label: T, help: T., type: password, required: true}}}\n"
        )
        lamp = folder(whole=whole, actions={"add-lamp": LAMP_POST, "see-lamp": LAMP_POST.replace("addLamp", "seeLamp")})
        one = runner(server.url, Connection(lamp, "k", t="s3cret"), connector=lamp)
        assert one.run("addLamp").status == 200
        assert set(problems(one.run, "seeLamp")) == {"connection"}


def list_threads():
    """Return the threads, without the one that ends by itself once no connection is idle."""
    return [thread.name for thread in threading.enumerate() if thread.name != "connector-idle"]


def test_a_hundred_clients_leave_nothing_behind(zoom, token_connection):
    before = list_threads()
    with Counting() as server:
        for _ in range(100):
            with Client(zoom, token_connection, base_url=server.url) as client:
                client.run(*READ)
    assert server.count == 100
    assert list_threads() == before


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("seam", ["http", "clock"])
@pytest.mark.parametrize("wrong", [3, object(), [], b"httpx"])
def test_a_seam_of_the_wrong_type_is_told_when_the_client_is_made(zoom, token_connection, kind, seam, wrong):
    with pytest.raises(errors.UsageError, match=f"{seam} is an? {type(wrong).__name__}, which has no"):
        kind(zoom, token_connection, **{seam: wrong})


def test_what_is_wrong_with_the_inputs_and_with_the_options_is_told_at_once(runner, server):
    given, options = {"userID": "me"}, {"retry": {"maxretries": 2}, "timeout": "soon", "limit": 0}
    found = problems(runner(server.url).run, "getUser", given, **options)
    assert set(found) == {"userID", "userId", "retry.maxretries", "timeout", "limit"}
    assert set(problems(runner(server.url).run, *READ, **options)) == {"retry.maxretries", "timeout", "limit"}


def test_a_retry_name_in_another_case_is_told_with_the_right_one(runner, server):
    with pytest.raises(errors.InputError) as caught:
        runner(server.url).run(*READ, retry={"maxretries": 2})
    assert caught.value.problems[0].fix == "Did you mean 'maxRetries'?"
