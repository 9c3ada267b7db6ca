"""Canaries: no secret of a connection is in a log, an error, a repr, a record or a URL, whatever the service echoes."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
from functools import partial
from urllib.parse import quote, quote_plus, urlencode

import pytest
from support.calling import ME
from support.oauth_server import CLIENT_SECRET, lost, unheard
from support.servers import hang_up, html, raw, redirect, reply

from connector import Client, Connection, begin_sign_in, errors, finish_sign_in
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.memory_store import MemoryStore

LOGGERS = (
    "",
    "httpx",
    "httpcore",
    "httpcore.http11",
    "httpcore.connection",
    "asyncio",
    "connector",
    "filelock",
    "oauthlib",
)
_SECRET = ("refresh_token", "code", "code_verifier")


@pytest.fixture
def log(caplog):
    """Every record of every logger."""
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def spelled(secret):
    """A secret, and what it may look like elsewhere."""
    coded = (
        base64.b64encode(b"\0" * offset + secret.encode()).decode().rstrip("=")[4 * bool(offset) : -2]
        for offset in range(3)
    )
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], *coded}
    return forms | {one.replace("+", "-").replace("/", "_") for one in forms}


def known(authority, *more):
    """Every secret that the service has given or seen, in every spelling."""
    plain = {CLIENT_SECRET, *more}
    for form in authority.forms:
        plain |= {form[name] for name in _SECRET if name in form}
    for family in authority.families:
        plain |= {family.good, family.newest, *family.spent, *family.access}
    for request in authority.requests:
        plain |= {text.partition(" ")[2] for text in request.all("authorization")}
    return {one for secret in plain - {""} for one in spelled(secret)}


def seen_of(error_or_result):
    """Every text of an error or a result that a person, a log or an engine may see."""
    for record in filter(None, [error_or_result.debug]):
        yield from (json.dumps(record.to_list()), json.dumps(record.har()), record.curl(), repr(record))
    yield from (repr(error_or_result), json.dumps(error_or_result.to_dict()))
    if isinstance(error_or_result, errors.ConnectorError):
        error = error_or_result
        yield "".join(traceback.format_exception(error))
        yield pickle.dumps(error).decode("latin-1")
        for one in (error, pickle.loads(pickle.dumps(error)), error.__cause__, error.__context__):
            yield from (str(one), repr(one), repr(getattr(one, "args", "")), repr(getattr(one, "__dict__", "")))


def seen_of_log(log):
    for record in log.records:
        yield from (record.getMessage(), repr(vars(record)))
        if record.exc_info:
            yield "".join(traceback.format_exception(*record.exc_info))


def assert_clean(authority, log, *things, secrets=()):
    """No secret shows, and there were secrets to show."""
    hidden = known(authority, *secrets)
    assert len(hidden) > 6
    texts = [*seen_of_log(log), *(str(one.target) for one in authority.requests)]
    for one in things:
        texts += seen_of(one) if hasattr(one, "debug") else [repr(one), f"{one}"]
    for text in texts:
        found = [one for one in hidden if one in text]
        assert not found, f"{found} in {text[:3000]}"


def everything(authority):
    """All that the service was shown, as it may give it back."""
    asked = authority.requests[-1]
    form = authority.forms[-1]
    shown = " ".join([*form.values(), asked.header("authorization"), CLIENT_SECRET, quote(CLIENT_SECRET, safe="")])
    return f"{asked.body.decode()} {shown} {base64.b64encode(CLIENT_SECRET.encode()).decode()}"


def one_line(authority):
    return everything(authority).replace("\n", " ")


ECHOES = {
    "an end": lambda a: reply(400, {"error": "invalid_grant", "error_description": everything(a)}),
    "an end in other words": lambda a: reply(400, {"error": "invalid_grant", "reason": everything(a)}),
    "a wrong client": lambda a: reply(401, {"error": "invalid_client", "message": everything(a)}),
    "a wrong request": lambda a: reply(400, {"error": everything(a)}),
    "a code of its own": lambda a: reply(400, {"code": everything(a), "message": "odd"}),
    "an error with 200": lambda a: reply(200, {"error": "x", "error_description": everything(a)}),
    "trouble": lambda a: reply(503, {"error": everything(a)}),
    "trouble on a page": lambda a: html(502, everything(a)),
    "a page": lambda a: html(200, everything(a)),
    "a page of a 403": lambda a: html(403, everything(a)),
    "its own kind of content": lambda a: reply(200, body=b"x", headers=[("Content-Type", one_line(a))]),
    "its own kind of token": lambda a: reply(200, {"access_token": "canary-access-odd", "token_type": everything(a)}),
    "its own kind of life": lambda a: reply(200, {"access_token": "canary-access-odd", "expires_in": everything(a)}),
    "a wrong token": lambda a: reply(200, {"access_token": everything(a) + "\n"}),
    "another address": lambda a: redirect(f"{a.origin}/?{one_line(a)}"),
    "headers": lambda a: reply(400, {"error": "invalid_request"}, headers=[("X-Echo", one_line(a)), ("Set-Cookie", one_line(a))]),
    "what is no HTTP": lambda a: raw(f"HTTP/9 {everything(a)}\r\n\r\n".encode()),
    "a header that is none": lambda a: raw(f"HTTP/1.1 200 OK\r\nodd {one_line(a)}\r\n\r\n".encode()),
    "a reason": lambda a: raw(f"HTTP/1.1 400 {one_line(a)}\r\nContent-Length: 0\r\n\r\n".encode()),
    "a list": lambda a: reply(400, [everything(a)]),
    "nothing": lambda a: hang_up(),
}  # fmt: skip


def attempt(client, **options):
    try:
        return client.run("getUser", ME, debug=True, **options)
    except errors.ConnectorError as error:
        return error


USED = ("its own kind of token", "its own kind of life")  # odd replies whose token is used all the same


@pytest.mark.parametrize("case", ECHOES)
@pytest.mark.parametrize("kind", ["oauth2", "serverToServer"])
def test_whatever_the_token_endpoint_gives_back(zoom, authority, log, clock, tmp_path, kind, case):
    store = FileStore(tmp_path / "store")
    connection = authority.connection(zoom, kind, store=store, name="work")
    authority.then(*[lambda _: ECHOES[case](authority)] * 3)
    with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
        got = [attempt(client), attempt(client), attempt(client)]
        assert isinstance(got[0], errors.ConnectorError)
        tokens = connection.token_source
        things = (client, connection, tokens, tokens._refresher, tokens.read_token_set(), tokens._context, store)
        things = (*things, connection.oauth_client)
        assert_clean(authority, log, *got, *things, *tokens._refreshes.in_progress.values())


@pytest.mark.parametrize("play", [lost, unheard], ids=["lost", "unheard"])
def test_when_a_reply_is_lost(zoom, authority, log, clock, play):
    authority.then(play(), play())
    connection = authority.connection(zoom)
    with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
        assert_clean(authority, log, attempt(client), attempt(client), attempt(client), client, connection)


def test_when_all_goes_well_and_when_the_api_gives_the_token_back(zoom, authority, log, clock):
    connection = authority.connection(zoom)
    with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
        good = attempt(client)
        assert good.status == 200

        def echo(status, request):
            shown = f"{request.header('authorization')} {CLIENT_SECRET}"
            return reply(status, {"code": 124 if status == 401 else 300, "message": shown})

        got = []
        for status in (401, 400, 500):
            authority.answers = partial(echo, status)
            clock.passed += 100
            got.append(attempt(client))
        assert_clean(authority, log, good, *got, client, connection, connection.token_source.read_token_set())


def test_when_the_store_cannot_keep_the_token(zoom, authority, log, clock):
    class Full(MemoryStore):
        room = True

        def write(self, key, data, *, version=None):
            if not self.room and data["grant"]["expires_at"] > 1:
                raise errors.StoreError("The disk is full.", path="memory")
            return super().write(key, data, version=version)

    store = Full()
    connection = authority.connection(zoom, store=store, name="work")
    store.room = False
    with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
        assert attempt(client).status == 200
        assert "in memory only" in log.text
        renewal = connection.token_source._refresher
        assert_clean(authority, log, client, connection, renewal, renewal._pending_save.token_set)
        store.room = True
        clock.passed = 4000
        assert attempt(client).status == 200


@pytest.mark.parametrize("case", ["it goes well", *ECHOES])
def test_during_a_sign_in(zoom, authority, log, clock, case):
    store = MemoryStore()
    wanted = {
        "name": "work",
        "redirect_uri": "http://127.0.0.1:1/callback",
        "store": store,
        "inputs": authority.inputs(),
    }
    began = begin_sign_in(zoom, clock=clock, **wanted)
    waiting = store.read(store.keys()[0])
    verifier = waiting.data["verifier"]
    assert verifier not in began.url
    things = [waiting, store, f"{began!r} {began}"]
    if case != "it goes well":
        authority.then(lambda _: ECHOES[case](authority))
    try:
        connection = finish_sign_in(zoom, authority.consent(began.url), store=store, clock=clock)
    except errors.ConnectorError as error:
        things.append(error)
    else:
        things += [connection, Connection.load(zoom, "work", store=store), store.read(store.keys()[0])]
    assert (case in ("it goes well", *USED)) == isinstance(things[-1], type(waiting))
    secrets = (verifier, began.state, authority.forms[0]["code"])
    assert_clean(authority, log, *things, secrets=secrets)


@pytest.mark.parametrize(
    "changed", [{"error": "CODE STATE"}, {"error": "x", "error_description": "CODE STATE"}, {"iss": "https://CODE/"}]
)
def test_a_callback_that_is_refused_is_not_repeated(zoom, authority, log, clock, changed):
    store = MemoryStore()
    wanted = {
        "name": "work",
        "redirect_uri": "http://127.0.0.1:1/callback",
        "store": store,
        "inputs": authority.inputs(),
    }
    began = begin_sign_in(zoom, clock=clock, **wanted)
    code = "canary-" + "code-1"  # the text of a traceback shows the lines of this test
    given = {name: text.replace("CODE", code).replace("STATE", began.state) for name, text in changed.items()}
    back = "?" + urlencode({"code": code, "state": began.state, **given})
    with pytest.raises(errors.SignInError) as caught:
        finish_sign_in(zoom, back, store=store, clock=clock)
    assert_clean(authority, log, caught.value, secrets=(code, began.state, CLIENT_SECRET))
