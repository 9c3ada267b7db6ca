"""Sign in with a code on another device: the polls keep to the service's pace, and each end of it is told."""

from __future__ import annotations

import json
import threading
from urllib.parse import parse_qsl

import pytest
from support.servers import reply

from connector import Client, Connection, begin_device_sign_in, errors
from connector.runtime.storage.memory_store import MemoryStore

HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\nallowed_hosts: ['*.lamp.example']\n"
LIST = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\n"
SECRET = "canary/client+secret"
CODE = {
    "device_code": "canary-device", "user_code": "WDJB-MJHT", "verification_uri": "https://lamp.example/device",
    "verification_uri_complete": "https://lamp.example/device?user_code=WDJB-MJHT", "expires_in": 900, "interval": 5,
}  # fmt: skip
TOKEN = {"access_token": "canary-access", "refresh_token": "canary-refresh", "expires_in": 3600}


def pending(status=400, error="authorization_pending"):
    return reply(status, {"error": error})


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


def build(folder, **words):
    connection_type = {
        "label": "P", "kind": "oauth2_device_code", "token_url": "https://auth.lamp.example/token",
        "device_authorization_url": "https://auth.lamp.example/device",
        "inputs": {"clientId": field(), "scopes": field(required=False)}, **words,
    }  # fmt: skip
    whole = f"{HEAD}connections:\n  it: {json.dumps(connection_type)}\n"
    return folder(whole=whole, actions={"list": LIST})


@pytest.fixture
def begin(folder, server, rerouted, clock):
    """Begin a sign-in that the service answers with these replies, in order."""

    def start(*replies, store=None, inputs=None, **words):
        server.then(*replies)
        return begin_device_sign_in(
            build(folder, **words), name="a", store=store or MemoryStore(), kind="it", clock=clock, http=rerouted,
            inputs=inputs or {"clientId": "app-1", "scopes": "lamps:read"},
        )  # fmt: skip

    return start


def form(request):
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def test_a_person_enters_a_code_and_the_tokens_are_stored(begin, server, clock, rerouted):
    store = MemoryStore()
    sign_in = begin(reply(json_=CODE), pending(), pending(200), reply(json_=TOKEN), store=store)
    assert (sign_in.user_code, sign_in.url) == ("WDJB-MJHT", CODE["verification_uri"])
    assert (sign_in.complete_url, sign_in.expires_at) == (CODE["verification_uri_complete"], clock.time() + 900)
    started = clock.time()
    connection = sign_in.wait()
    assert clock.time() - started == 15
    asked, *polls = server.requests
    assert form(asked) == {"client_id": "app-1", "scope": "lamps:read"}
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    assert [form(poll) for poll in polls] == [
        {"grant_type": grant, "device_code": "canary-device", "client_id": "app-1"}
    ] * 3
    assert rerouted.urls == ["https://auth.lamp.example/device"] + ["https://auth.lamp.example/token"] * 3
    loaded = Connection.load(connection.connector, "a", store=store, http=rerouted)
    with Client(connection.connector, loaded, http=rerouted, clock=clock) as client:
        server.always(reply(json_={}))
        client.run("list")
    assert server.last.header("authorization") == "Bearer canary-access"


def test_slow_down_slows_every_later_poll(begin, server, clock):
    sign_in = begin(
        reply(json_={**CODE, "interval": 2}), pending(error="slow_down"), pending(), pending(error="slow_down"), reply(json_=TOKEN)
    )  # fmt: skip
    started = clock.time()
    sign_in.wait()
    assert clock.time() - started == 2 + 7 + 7 + 12


def test_a_service_that_is_away_for_a_moment_is_asked_less_often(begin, server, clock):
    sign_in = begin(reply(json_=CODE), reply(503), reply(502), pending(), reply(json_=TOKEN))
    started = clock.time()
    sign_in.wait()
    assert clock.time() - started == 5 + 10 + 20 + 20


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (pending(error="access_denied"), "consent was not given"),
        (pending(error="expired_token"), "the code has expired"),
        (pending(401, "invalid_client"), "invalid_client"),
        (reply(200, {"nothing": 1}), "no access token"),
    ],
)
def test_each_end_is_told_once_and_stores_nothing(begin, server, answer, message):
    store = MemoryStore()
    with pytest.raises(errors.SignInError, match=message) as caught:
        begin(reply(json_=CODE), answer, store=store).wait()
    assert "canary" not in f"{caught.value}{caught.value!r}"
    assert server.count == 2
    assert list(store.keys("")) == []


def test_it_ends_with_the_code(begin, server, clock):
    server.always(pending())
    sign_in = begin(reply(json_={**CODE, "expires_in": 60}))
    server.always(pending())
    with pytest.raises(errors.SignInError, match="the code has expired"):
        sign_in.wait()
    assert clock.time() == pytest.approx(sign_in.expires_at)


def test_it_ends_when_it_is_cancelled(begin):
    stop = threading.Event()
    stop.set()
    with pytest.raises(errors.SignInError, match="the wait was ended"):
        begin(reply(json_=CODE)).wait(stop)


def test_google_calls_the_address_a_url_and_a_confidential_client_names_itself(folder, server, rerouted, clock):
    said = {key: value for key, value in CODE.items() if not key.startswith("verification")}
    connector = build(
        folder,
        inputs={
            "clientId": field(),
            "clientSecret": field(type="password"),
            "audience": field(to="authorize.audience"),
        },
    )
    server.then(reply(json_={**said, "verification_url": "https://lamp.example/d"}), reply(json_=TOKEN))
    inputs = {"clientId": "app-1", "clientSecret": SECRET, "audience": "x"}
    sign_in = begin_device_sign_in(
        connector, name="a", store=MemoryStore(), kind="it", clock=clock, http=rerouted, inputs=inputs
    )
    assert (sign_in.url, sign_in.complete_url) == ("https://lamp.example/d", None)
    sign_in.wait()
    assert form(server.requests[0]) == {"client_id": "app-1", "audience": "x"}
    assert [request.header("authorization")[:6] for request in server.requests] == ["Basic ", "Basic "]


@pytest.mark.parametrize(
    "said",
    [
        {}, {**CODE, "user_code": ""}, {**CODE, "user_code": "A\nOpen https://evil.example"},
        {**CODE, "verification_uri": "javascript:alert(1)"}, {**CODE, "device_code": 7},
        {**CODE, "verification_uri": "https://a\x1b[2J"},
    ],
)  # fmt: skip
def test_a_reply_without_what_a_person_needs_is_an_error(begin, said):
    with pytest.raises(errors.SignInError, match="no code and no address"):
        begin(reply(json_=said))


def test_it_is_renewed_with_its_refresh_token(begin, server, clock, rerouted):
    connection = begin(reply(json_=CODE), reply(json_=TOKEN)).wait()
    clock.passed += 3600
    server.then(reply(json_={"access_token": "canary-2", "expires_in": 60}))
    with Client(connection.connector, connection, http=rerouted, clock=clock) as client:
        client.run("list")
    asked = server.requests[-2]
    assert form(asked)["grant_type"] == "refresh_token"
    assert server.last.header("authorization") == "Bearer canary-2"


def test_another_kind_has_no_code(zoom, clock):
    with pytest.raises(errors.UsageError, match="need no code"):
        begin_device_sign_in(zoom, name="a", store=MemoryStore(), kind="accessToken", inputs={"accessToken": "x"})
