"""A session: an action signs in, its token goes where the type says, and one sign-in serves every caller."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.servers import html, reply

from connector import Client, Connection, errors
from connector.runtime.storage.memory_store import MemoryStore

PASSWORD = "canary-pass word"
HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\nallowed_hosts: [api.lamp.example]\n"
ERRORS = """errors: {message: message, code: code, failed: {code: [7, 8, 9]}, rules: [
  {category: token_rejected, code: old}, {category: rate_limit, code: 8}, {category: unavailable, code: 9}]}
"""
LOGIN = """action: logIn
label: Log In
summary: Sign in.
request: POST /login
inputs:
  user: {label: U, help: U., type: string, required: true, to: body.user.name}
  password: {label: P, help: P., type: password, required: true, to: body.user.password}
returns: {help: The session., example: {data: {token: t}}}
"""
LIST = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\nreturns: {help: Lamps., example: {}}\n"


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


def build(folder, **words):
    connection_type = {
        "label": "P", "kind": "session", "to": "header.X-Session", "login": {"action": "logIn", "token": "data.token"},
        "inputs": {"user": field(), "password": field(type="password"), "tenant": field(to="header.X-Tenant")},
        **words,
    }  # fmt: skip
    whole = f"{HEAD}{ERRORS}connections:\n  it: {json.dumps(connection_type)}\n"
    return folder(whole=whole, actions={"log-in": LOGIN, "list": LIST})


def connect(connector, http=None, **more):
    return Connection(connector, "it", user="ada", password=PASSWORD, tenant="acme", http=http, **more)


class Service:
    """Issues numbered sessions; `valid` is the newest."""

    def __init__(self, server):
        self.logins, self.lock, self.refuse = 0, threading.Lock(), None
        server.always(self.answer)

    def answer(self, request):
        with self.lock:
            if request.method == "POST":
                self.logins += 1
                return self.refuse or reply(json_={"data": {"token": f"canary-session-{self.logins}"}})
            is_valid = request.header("x-session") == f"canary-session-{self.logins}"
            return reply(json_={"ok": True}) if is_valid else reply(401, {"code": "old", "message": "Session ended."})


@pytest.fixture
def service(server):
    return Service(server)


def test_an_action_signs_in_and_its_token_goes_where_the_type_says(folder, server, service, rerouted):
    connector = build(folder)
    with Client(connector, connect(connector, rerouted), http=rerouted) as client:
        assert client.run("list").data == {"ok": True}
        client.run("list")
    login, call, _ = server.requests
    assert (login.path, login.json()) == ("/v2/login", {"user": {"name": "ada", "password": PASSWORD}})
    assert (login.header("x-session"), login.header("x-tenant")) == (None, "acme")
    assert (call.header("x-session"), call.header("authorization")) == ("canary-session-1", None)


@pytest.mark.parametrize("base_url", [None, "https://api.lamp.example/proxy/v2"])
def test_an_action_of_another_server_signs_in_there(folder, server, service, rerouted, base_url):
    connector = build(folder)
    whole = (connector.folder / "manifest.yaml").read_text() + "servers: {accounts: https://api.lamp.example/auth}\n"
    connector = folder(whole=whole, actions={"log-in": f"{LOGIN}server: accounts\n"})
    with Client(connector, connect(connector, rerouted), http=rerouted, base_url=base_url) as client:
        client.run("list")
    paths = ["/auth/login", "/v2/lamps"]
    assert [one.path for one in server.requests] == [f"/proxy{path}" if base_url else path for path in paths]


def test_one_sign_in_serves_all_callers(folder, service, rerouted):
    connector = build(folder)
    connection = connect(connector, rerouted)
    with Client(connector, connection, http=rerouted) as client, ThreadPoolExecutor(20) as pool:
        assert all(result.data["ok"] for result in pool.map(lambda _: client.run("list"), range(40)))
    assert service.logins == 1


def test_a_session_that_the_service_ended_is_begun_again_once(folder, server, service, rerouted, clock):
    connector = build(folder)
    with Client(connector, connect(connector, rerouted), http=rerouted, clock=clock) as client:
        client.run("list")
        service.logins += 10  # the session ends
        clock.passed += 120
        assert client.run("list").data == {"ok": True}
        service.logins += 10  # and the next one at once
        with pytest.raises(errors.SignInError, match="less than a minute old"):
            client.run("list")
    assert [request.method for request in server.requests] == ["POST", "GET", "GET", "POST", "GET", "GET"]


def test_a_session_is_begun_again_before_its_lifetime_ends(folder, service, rerouted, clock):
    connector = build(folder, login={"action": "logIn", "token": "data.token", "lifetime": 600})
    with Client(connector, connect(connector, rerouted), http=rerouted, clock=clock) as client:
        client.run("list")
        clock.passed += 500
        client.run("list")
        assert service.logins == 1
        clock.passed += 60
        client.run("list")
    assert service.logins == 2


def test_a_session_is_kept_in_the_store_for_other_processes(folder, service, rerouted):
    connector, store = build(folder), MemoryStore()
    connect(connector, rerouted, name="a", store=store).save()
    for _ in range(2):
        loaded = Connection.load(connector, "a", store=store, http=rerouted)
        with Client(connector, loaded, http=rerouted) as client:
            client.run("list")
    assert service.logins == 1


@pytest.mark.parametrize("status", [200, 400, 401, 403, 422])
def test_a_refused_password_is_not_tried_again_and_never_shown(folder, server, service, rerouted, status, caplog):
    service.refuse = reply(status, {"code": 7, "message": f"Wrong password {PASSWORD} for ada."})
    connector = build(folder)
    connection = connect(connector, rerouted)
    with Client(connector, connection, http=rerouted) as client:
        for _ in range(3):
            with pytest.raises(errors.SignInError, match="the sign-in was refused") as caught:
                client.run("list")
            assert PASSWORD not in f"{caught.value}{caught.value!r}{connection!r}{caplog.text}"
    assert service.logins == 1


@pytest.mark.parametrize(
    "refusal",
    [
        reply(503, {}), reply(404, {}), reply(200, {"code": 8, "message": "Slow down."}), reply(403, {"code": 8}),
        reply(400, {"code": 9}), html(),
    ],
)  # fmt: skip
def test_a_service_that_is_away_or_busy_ends_nothing(folder, service, rerouted, clock, refusal):
    service.refuse = refusal
    connector = build(folder)
    with Client(connector, connect(connector, rerouted), http=rerouted, clock=clock) as client:
        with pytest.raises(errors.ConnectorError):
            client.run("list")
        service.refuse = None
        assert client.run("list").data == {"ok": True}


@pytest.mark.parametrize("token", [None, "two words", {"a": 1}, True, ""])
def test_a_reply_without_a_token_says_where_it_was_looked_for(folder, service, rerouted, token):
    service.refuse = reply(json_={"data": {"token": token}})
    connector = build(folder)
    with (
        Client(connector, connect(connector, rerouted), http=rerouted) as client,
        pytest.raises(errors.ServiceDown, match="has no token at"),
    ):
        client.run("list")


def test_a_token_may_come_in_a_header_of_the_reply(folder, server, rerouted):
    server.always(
        lambda request: (
            reply(201, {}, headers=[("X-Subject-Token", "canary-subject")])
            if request.method == "POST"
            else reply(json_={})
        )
    )
    connector = build(folder, login={"action": "logIn", "token": "header.X-Subject-Token"}, scheme="Session")
    with Client(connector, connect(connector, rerouted), http=rerouted) as client:
        client.run("list")
    assert server.last.header("x-session") == "Session canary-subject"


def test_the_owner_of_the_process_points_the_sign_in_where_the_calls_go(folder, server, service):
    connector = build(folder)
    with Client(connector, connect(connector), base_url=server.url) as client:
        assert client.run("list").data == {"ok": True}
    assert [request.path for request in server.requests] == ["/v2/login", "/v2/lamps"]


def test_values_that_the_action_does_not_take_are_told_without_the_secret(folder):
    connector = build(folder)
    with pytest.raises(errors.InputError) as caught:
        Connection(connector, "it", user="ada", password="", tenant="acme")
    assert "password: got ***" in str(caught.value)
