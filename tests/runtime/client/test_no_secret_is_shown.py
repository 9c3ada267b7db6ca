"""No secret is shown by a result's headers, an error, a debug record, a HAR file or a log; the data stay as they came."""

from __future__ import annotations

import base64
import html
import json
import logging
from urllib.parse import quote

import pytest

from connector import Client, Connection, errors
from connector.core.response.reply import Failure, Reply

TOKEN = "-_canary/of=a+token" * 12
ENCODINGS = [
    str, html.escape, quote, lambda text: quote(text, safe=""), lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"), lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: "".join(f"&#x{ord(char):02x};" for char in text), lambda text: "".join(f"&#{ord(char)};" for char in text),
    lambda text: text.replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;"),
    lambda text: text.replace("/", "\\u002f").replace("=", "\\u003D"),
]  # fmt: skip
SECRET_FIELDS = [
    "token", "accessToken", "refreshToken", "clientSecret", "api_key", "secret", "jwt", "private_key", "zak", "id_token",
    "apiKey", "session-token", "userPassword",
]  # fmt: skip


class Answering:
    """A transport that answers with one reply."""

    def __init__(self, answer: Reply | Failure) -> None:
        self._answer = answer

    def send(self, *_: object) -> Reply | Failure:
        """Return the answer."""
        return self._answer


@pytest.fixture
def ask(zoom):
    """Make a call that gets this answer."""

    def call(answer, **options):
        connection = Connection(zoom, "accessToken", accessToken=TOKEN)
        with Client(zoom, connection, http=Answering(answer)) as client:
            return client.run("getUser", {"userId": "me"}, retry={"maxRetries": 0}, **options)

    return call


def reply(status, body, *headers, content_type="application/json"):
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Reply(status, (("content-type", content_type), ("content-length", str(len(content))), *headers), content)


def is_hidden(shown):
    """Whether nothing of the token is left that could be put together again."""
    plain = html.unescape(shown.replace("\\", "")).replace("%2F", "/")
    return (
        "canary/of" not in plain
        and "canary%2" not in plain
        and base64.b64encode(TOKEN.encode()).decode()[:20] not in shown
    )


@pytest.mark.parametrize("encode", ENCODINGS)
def test_headers_of_a_result_echo_no_secret(ask, encode):
    headers = [
        ("link", f"<https://h/x?key={encode(TOKEN)}>; rel=next"),
        ("x-echo", encode(TOKEN)),
        ("x-other", "a%2Fb"),
    ]
    result = ask(reply(200, {"id": "u", "token": TOKEN}, *headers))
    assert is_hidden(result.headers["link"])
    assert is_hidden(result.headers["x-echo"])
    assert result.headers["x-other"] == "a%2Fb"
    assert result.data == {"id": "u", "token": TOKEN}


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_an_error_echoes_no_secret(ask, encode, status):
    page = f"<html>{'x' * 100}<p>Invalid token: {encode(TOKEN)}</p></html>"
    answers = [
        reply(status, page, content_type="text/html"),
        reply(
            status, {"code": 124, "message": f"Invalid token {encode(TOKEN)}.", "errors": [{"field": encode(TOKEN)}]}
        ),
        reply(status, json.dumps({"code": 124, "message": f"x {encode(TOKEN)} x"})[:-2]),
    ]
    for answer in answers:
        with pytest.raises(errors.ConnectorError) as caught:
            ask(answer, debug=True)
        shown = [str(caught.value), repr(caught.value.to_dict()), json.dumps(caught.value.debug.to_list())]
        assert all(map(is_hidden, shown)), shown


@pytest.mark.parametrize("start", [1_800, 1_880, 1_990, 65_400])
@pytest.mark.parametrize("encode", ENCODINGS)
def test_a_page_that_is_cut_echoes_no_part_of_a_secret(ask, encode, start):
    page = "x" * start + encode(TOKEN) + "x" * 3_000
    for answer in (reply(200, page, content_type="text/html"), reply(400, page[:65_536], content_type="text/plain")):
        with pytest.raises(errors.ConnectorError) as caught:
            ask(answer, debug=True)
        assert is_hidden(json.dumps(caught.value.to_dict()) + json.dumps(caught.value.debug.to_list()))


@pytest.mark.parametrize("name", SECRET_FIELDS)
def test_what_is_named_like_a_secret_is_in_no_record(ask, caplog, name):
    body = {name: "canary-1", "a": [{name: {"value": "canary-2"}}], "next_page_token": "shown-3"}
    with caplog.at_level(logging.DEBUG, "connector.debug"):
        result = ask(reply(200, body, ("x-" + name, "canary-4")), debug=True)
    records = (json.dumps(result.debug.to_list()), json.dumps(result.debug.har()), caplog.text)
    for shown in records:
        assert "canary" not in shown
        assert "shown-3" in shown, "cursors tell how a listing went"
    assert result.data == body


def test_a_sentence_ends_with_one_full_stop(ask):
    with pytest.raises(errors.TransportError) as caught:
        ask(Failure("tls", "certificate is not valid for '127.0.0.1'.", sent="nothing", final=True))
    assert ".." not in str(caught.value)
