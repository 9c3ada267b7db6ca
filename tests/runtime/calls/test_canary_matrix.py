"""F87: secrets planted in every action's inputs, replies and errors show nowhere, debugged, whatever the service does.

F90: a log that does not take its records delays no call that is not debugged, and fails none.
"""

from __future__ import annotations

import base64
import json
import logging
import logging.handlers
import queue
import re
import threading
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import servers
from support.canaries import COOKIES, ECHO, PASSWORD, PLAIN, assert_clean, attempt
from support.servers import TOKEN

from connector import Client, Connector, errors

ZOOM = Connector.open()
ACTIONS = [action.action for action in ZOOM.actions() if not action.is_raw]
KINDS = (
    "good",
    "error in 2xx",
    "refused",
    "unauthorized",
    "scope",
    "rate",
    "down",
    "broken json",
    "page",
    "cut",
    "header",
)


def filled(name):
    """An example of an action, with as many passwords as it takes, each one that is watched for where it may be."""
    action = ZOOM.action(name)
    secret = {key: spec for key, spec in action.inputs.items() if spec.secret}
    examples = [dict(one.inputs) for one in action.examples.values()]
    given_ = max(examples, key=lambda one: len(secret.keys() & one.keys()))
    watched = {
        key: PASSWORD for key, spec in secret.items() if not (spec.format or spec.required_inputs or spec.pattern)
    }
    watched |= {key: PASSWORD for key in secret.keys() & given_.keys() if not secret[key].format}
    return {**given_, **watched}


def faults(known):
    """What the service may answer; in a free text only what is `known` as a secret to who sends it stands."""
    text = " ".join(f"{one}, {quote(one, safe='')}, {base64.b64encode(one.encode()).decode()}" for one in known)
    echo = {**ECHO, "message": f"Odd: {text}", "errors": [{"field": "password", "message": known[-1]}]}
    data = {key: value for key, value in echo.items() if key not in ("code", "message", "errors")}
    typed, broken = ("Content-Type", "application/json"), json.dumps(echo).replace('"code"', 'code"').encode()
    return {
        "good": servers.reply(200, data, headers=COOKIES),
        "error in 2xx": servers.reply(200, echo, headers=COOKIES),
        "refused": servers.reply(400, echo, headers=COOKIES),
        "unauthorized": servers.reply(401, echo | {"code": 124}, headers=COOKIES),
        "scope": servers.reply(400, echo | {"code": 4711}, headers=COOKIES),
        "rate": servers.reply(429, echo, headers=[*COOKIES, ("Retry-After", "36000")]),
        "down": servers.reply(503, echo, headers=COOKIES),
        "broken json": servers.reply(400, body=broken, headers=[typed, *COOKIES]),
        "page": servers.html(text=f"<html>{'x' * 150}{text} {json.dumps(echo)}</html>"),
        "cut": servers.cut_length(json.dumps(echo).encode(), keep=300),
        "header": servers.raw(f"HTTP/1.1 200 OK\r\nbad header {known[0]}\r\n\r\n".encode()),
    }


@pytest.mark.parametrize("fault", KINDS)
@pytest.mark.parametrize("name", ACTIONS)
def test_f87_no_action_shows_a_secret_whatever_comes_back(runner, server, clock, log, name, fault):
    given_ = filled(name)
    known = [TOKEN, *(value for key, value in given_.items() if ZOOM.action(name).inputs[key].secret)]
    server.always(faults(known)[fault])
    one = runner(server.url, clock=clock)
    outcome = attempt(one.run, name, given_, debug=True)
    assert_clean(outcome, one, log)
    assert any(record.name == "connector.debug" for record in log.records)
    assert server.count
    if fault not in ("good", "cut", "header"):
        assert isinstance(outcome, errors.ConnectorError)


SPELLINGS = {
    "plain": lambda secret: secret,
    "percent": lambda secret: quote(secret, safe=""),
    "percent, lower": lambda secret: re.sub("%..", lambda one: one[0].lower(), quote(secret, safe="")),
    "twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json in json": lambda secret: json.dumps(json.dumps(secret))[1:-1],
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of a url": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 behind one": lambda secret: base64.b64encode(b"x" + secret.encode()).decode(),
    "base64 behind two": lambda secret: base64.b64encode(b"xy" + secret.encode()).decode(),
    "basic": lambda secret: "Basic " + base64.b64encode(f"client:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("status", [400, 500, 200])
def test_f87_a_secret_is_hidden_in_every_spelling_that_comes_back(runner, server, clock, log, spelling, status):
    spelled = SPELLINGS[spelling](TOKEN)
    said = {
        "code": 300,
        "message": f"odd: {spelled} there",
        "errors": [{"field": "x", "message": spelled}],
        "x": spelled,
    }
    server.always(servers.reply(status, said, headers=[("X-Said", spelled), ("x-zm-trackingid", spelled)]))
    one = runner(server.url, clock=clock)
    outcome = attempt(one.run, "getUser", {"userId": "me"}, debug=True)
    assert isinstance(outcome, errors.ConnectorError)
    seen = [str(outcome), repr(outcome), json.dumps(outcome.to_dict()), repr(vars(outcome)), log.text]
    seen += [json.dumps(outcome.debug.to_list()), json.dumps(outcome.debug.har()), json.dumps(outcome.result.to_dict())]
    for text in seen:
        assert spelled not in text
        assert TOKEN not in text
        assert json.dumps(spelled)[1:-1] not in text


@given(before=st.integers(0, 700), code=st.booleans())
@example(before=490, code=False)
@example(before=195, code=False)
@settings(max_examples=40)
def test_f87_where_a_long_text_is_cut_no_part_of_a_secret_is_left(client, server, before, code):
    """A cut in the midst of a secret must not leave its beginning."""
    text = "x" * before + TOKEN + "y" * 900
    server.always(servers.reply(400, {"code": text if code else 300, "message": text, "more": [text]}))
    for answer in (None, servers.html(400, text=text), servers.html(200, text=text)):
        if answer is not None:
            server.always(answer)
        with pytest.raises(errors.ConnectorError) as caught:
            client.run("getUser", {"userId": text}, debug=True)
        error = caught.value
        shown = [
            str(error),
            json.dumps(error.to_dict()),
            json.dumps(error.debug.to_list()),
            json.dumps(error.debug.har()),
        ]
        for one in shown:
            assert TOKEN[:10] not in one
            assert TOKEN[-10:] not in one


@pytest.mark.parametrize("name", ["createMeeting", "rawRequest"])
def test_f87_a_secret_of_a_reply_is_the_callers_in_data_alone(runner, server, log, name):
    named = {key: value for key, value in ECHO.items() if key not in ("code", "message", "errors")}
    server.always(servers.reply(200, named))
    one = runner(server.url)
    given_ = {"userId": "u", "password": PASSWORD} if name == "createMeeting" else {"method": "GET", "url": "/x"}
    result = one.run(name, given_, debug=True)
    assert result.data["password"] == PASSWORD
    for text in (repr(result), log.text, json.dumps(result.debug.to_list())):
        assert not [secret for secret in PLAIN if secret in text]


class _Stuck(logging.Handler):
    """A log whose disk hangs."""

    def __init__(self):
        super().__init__()
        self.go_on = threading.Event()

    def emit(self, record):
        self.go_on.wait(30)


FINE = servers.reply(200, {"id": 1})


def test_f90_a_log_that_hangs_holds_up_no_call(zoom, token_connection, server, clock):
    """Not debugged, and with the line of calls switched off, a call logs nothing: what hangs is never asked."""
    handler = _Stuck()
    logger, calls = logging.getLogger("connector"), logging.getLogger("connector.call")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    calls.setLevel(logging.WARNING)
    try:
        server.then(servers.reply(500, {}), servers.hang_up()).always(FINE)
        done = threading.Event()

        def run():
            with Client(zoom, token_connection, base_url=server.url, clock=clock) as client:
                assert client.run("getUser", {"userId": "me"}).attempts == 3
            done.set()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert done.wait(60)
    finally:
        handler.go_on.set()
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        calls.setLevel(logging.NOTSET)


def test_f90_records_of_a_debugged_call_may_go_through_a_queue(zoom, token_connection, server):
    """What Python offers against a log that hangs takes our records as they are."""
    handler, logger = _Stuck(), logging.getLogger("connector.debug")
    passed: queue.Queue[logging.LogRecord] = queue.Queue()
    listener = logging.handlers.QueueListener(passed, handler)
    sender = logging.handlers.QueueHandler(passed)
    logger.addHandler(sender)
    logger.setLevel(logging.INFO)
    listener.start()
    try:
        with Client(zoom, token_connection, base_url=server.always(FINE).url) as client:
            for _ in range(3):
                assert client.run("getUser", {"userId": "me"}, debug=True).status == 200
    finally:
        handler.go_on.set()
        listener.stop()
        logger.removeHandler(sender)
        logger.setLevel(logging.NOTSET)
    assert server.count == 3
