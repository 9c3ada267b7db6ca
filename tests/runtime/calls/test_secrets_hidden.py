"""Secrets planted everywhere appear in no log, record, HAR, command, error or repr, whatever goes wrong."""

from __future__ import annotations

import json
import logging

import pytest
from support import servers
from support.canaries import COOKIES, ECHO, PASSWORD, SECRETS, SPELLED, assert_clean, attempt, everything
from support.servers import TOKEN

from connector import Connection, errors


def text_body():
    return json.dumps(ECHO).replace('"code"', 'code"').encode()


FAULTS = {
    "good": servers.reply(201, ECHO | {"code": None, "message": None}, headers=COOKIES),
    "refused": servers.reply(400, ECHO, headers=COOKIES),
    "error in 2xx": servers.reply(200, ECHO, headers=COOKIES),
    "unauthorized": servers.reply(401, ECHO | {"code": 124}, headers=COOKIES),
    "scope": servers.reply(400, ECHO | {"code": 4711}, headers=COOKIES),
    "not found": servers.reply(404, ECHO, headers=COOKIES),
    "slow down": servers.reply(429, ECHO, headers=[*COOKIES, ("Retry-After", "36000")]),
    "down": servers.reply(503, ECHO, headers=COOKIES),
    "broken json": servers.reply(400, body=text_body(), headers=[("Content-Type", "application/json"), *COOKIES]),
    "broken json in 2xx": servers.reply(
        200, body=text_body(), headers=[("Content-Type", "application/json"), *COOKIES]
    ),
    "page": servers.html(text=f"<html>{'x' * 150}{TOKEN} {json.dumps(ECHO)}</html>"),
    "page of an error": servers.html(500, text=f"<html>{'x' * 470}{TOKEN} {json.dumps(ECHO)}</html>"),
    "cut": servers.cut_length(json.dumps(ECHO).encode(), keep=300),
    "cut by the end": servers.cut_close(json.dumps(ECHO).encode(), keep=300),
    "hang up": servers.hang_up(),
    "garbage": servers.raw(f"HTTP/9 {TOKEN}\r\n{PASSWORD}\r\n\r\n".encode()),
    "header": servers.raw(f"HTTP/1.1 200 OK\r\nbad header {TOKEN}\r\n\r\n".encode()),
    "coding": servers.reply(body=json.dumps(ECHO).encode(), headers=[("Content-Encoding", "gzip")]),
    "odd code": servers.reply(400, ECHO | {"code": f"E {TOKEN}", "message": [PASSWORD]}),
    "list": servers.reply(400, [ECHO, TOKEN, PASSWORD]),
    "odd names": servers.reply(400, {TOKEN: PASSWORD, "message": {PASSWORD: TOKEN}}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_the_service_answers(runner, server, clock, log, name):
    server.always(FAULTS[name])
    one = runner(server.url, clock=clock)
    given = {
        "userId": "me",
        "topic": f"the {PASSWORD} song",
        "password": PASSWORD,
        "settingsExtraFields": {"h323_passcode": "passcanary"},
    }
    result = attempt(one.run, "createMeeting", given, debug=True)
    assert_clean(result, one, log)
    assert isinstance(result, errors.ConnectorError) == (name != "good")
    assert any(record.name == "connector.debug" for record in log.records)
    assert server.last.json()["password"] == PASSWORD, "what is sent is untouched"
    log.clear()
    given = {"method": "POST", "url": "/x", "queryParams": {"access_token": "downcanary", "pwd": "joincanary"}, "data": json.dumps(ECHO),
             "headers": {"X-Api-Key": "hostcanary"}, "debugRequest": "True"}  # fmt: skip
    assert_clean(attempt(one.run, "rawRequest", given), one, log)
    log.clear()
    options = {
        "form": {"password": PASSWORD, "note": TOKEN},
        "files": {"f": ("passcode.txt", PASSWORD.encode())},
        "debug": True,
    }
    assert_clean(attempt(one.request, "POST", "/x", **options), one, log)


@pytest.mark.parametrize(
    "options",
    [
        {"data": "password=a-canary%21&x=1"},
        {"data": b"x=1&client_secret=a-canary%21"},
        {"data": '{"in": [{"passcode": "a-canary!"}]}', "headers": {"Content-Type": "application/merge-patch+json"}},
        {"headers": {"X-Api-Key": "a-canary!"}},
        {"query": {"pwd": "a-canary!"}},
    ],
    ids=["form text", "bytes", "json text", "header", "query"],
)
def test_what_was_sent_in_a_secret_place_is_hidden_where_a_service_says_it_again(runner, server, log, options):
    server.always(servers.reply(400, {"code": 300, "message": "a-canary! is odd", "seen": "a-canary%21"}))
    one = runner(server.url)
    error = attempt(one.request, "POST", "/x", debug=True, **options)
    assert isinstance(error, errors.ConnectorError)
    assert "is odd" in str(error)
    for seen in everything(error, one, log):
        text = seen if isinstance(seen, str) else f"{seen!r} {seen}"
        assert "a-canary" not in text


def test_what_the_url_of_a_download_holds_is_hidden_where_a_service_says_it_again(runner, server, log, tmp_path):
    server.always(servers.reply(403, {"code": 300, "message": "a-canary is odd"}))
    one = runner(server.url)
    error = attempt(one.download, f"{server.url}/f?access_token=a-canary", tmp_path / "f", debug=True)
    assert "is odd" in str(error)
    for seen in everything(error, one, log):
        assert "a-canary" not in (seen if isinstance(seen, str) else f"{seen!r} {seen}")


def test_a_connection_that_fails_before_a_byte_is_said(runner, log, clock):
    one = runner(f"http://127.0.0.1:{servers.free_port()}/v2", clock=clock)
    assert_clean(attempt(one.run, "createMeeting", {"userId": "me", "password": PASSWORD}, debug=True), one, log)


def test_inputs_that_are_wrong(runner, log, zoom):
    one = runner("http://127.0.0.1:1/v2")
    wrong = {
        "userId": {"password": PASSWORD},
        "password": PASSWORD + "too-long-by-far",
        "topic": ["https://zoom.us/j/1?pwd=joincanary"],
        "settingsExtraFields": '{"password": "pw/canry+1", "x"',
        "trackingFields": {"host_key": "hostcanary"},
        "timezone": "https://zoom.us/s?zak=zakcanary",
        "metingId": SECRETS["start_url"],
    }
    error = attempt(one.run, "createMeeting", wrong, debug=True)
    assert isinstance(error, errors.InputError)
    assert len(error.problems) == len(wrong)
    for seen in (str(error), repr(error), json.dumps(error.to_dict()), repr(vars(error)), log.text):
        assert not [one for one in SPELLED if one in seen]
    for path in (
        "https://user:hostcanary@zoom.us/x?access_token=downcanary",
        "/x?access_token=downcanary",
        "/x y?pwd=joincanary",
    ):
        error = attempt(
            one.request, "GET", path, headers={"Authorization": f"Bearer {TOKEN}"}, timeout="x?token=downcanary"
        )
        for seen in (str(error), repr(error), json.dumps(error.to_dict())):
            assert not [one for one in SPELLED if one in seen]


@pytest.mark.parametrize(
    "secret", ["with space", "line\nend", "'quoted'", "a\u200bb", "tab\t", " x", "non-ascii-é", ""]
)
def test_a_secret_that_was_pasted_with_something_around_it_is_told_by_place_alone(zoom, secret):
    with pytest.raises(errors.InputError) as caught:
        Connection(zoom, "serverToServer", accountId="a", clientId="c", clientSecret=secret)
    problem = caught.value.problems[0]
    assert problem.field == "clientSecret"
    if secret:
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.to_dict())


def test_a_dry_run_prints_without_secrets_and_needs_no_connection(runner, log):
    one = runner(None, None)
    request = one.client.dry_run("createMeeting", {"userId": "me", "password": PASSWORD, "topic": PASSWORD})
    for seen in (str(request), repr(request), json.dumps(request.to_dict()), f"{[request]}"):
        assert PASSWORD not in seen
        assert "***" in seen
    assert request.body.value["password"] == PASSWORD
    assert not [record for record in log.records if record.name.startswith("connector")]


def test_only_the_line_of_the_call_is_logged_without_debug(runner, server, log):
    one = runner(server.url)
    one.run("createMeeting", {"userId": "me", "password": PASSWORD})
    assert [record.name for record in log.records if record.name.startswith("connector")] == ["connector.call"]
    for seen in (log.text, repr([vars(record) for record in log.records])):
        assert not [one for one in SPELLED if one in seen]


def test_a_log_that_fails_or_blocks_changes_nothing(runner, server, monkeypatch):
    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("disk full")

    logger = logging.getLogger("connector.debug")
    handler = Broken()
    logger.addHandler(handler)
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    try:
        result = runner(server.url).run("getUser", {"userId": "me"}, debug=True)
    finally:
        logger.removeHandler(handler)
    assert result.status == 200
    assert [entry["what"] for entry in result.debug.to_list()] == ["send"]


@pytest.mark.parametrize("topic", ["line\r\nbreak", "\x1b[31mred", "\u2028", "\u202egnp", "a\tb", "\x85"])
def test_a_record_is_one_line_whatever_is_in_it(runner, server, log, topic):
    server.always(servers.reply(400, {"code": 300, "message": f"bad {topic}"}, headers=[("X-Odd", "a\x1b[31mb")]))
    error = attempt(runner(server.url).run, "createMeeting", {"userId": "me", "topic": topic}, debug=True)
    lines = [record.getMessage() for record in log.records if record.name == "connector.debug"]
    assert len(lines) == 1
    assert lines[0].isprintable()
    assert str(error).isprintable()
    json.loads(lines[0])
