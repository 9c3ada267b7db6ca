"""Requests are signed over the bytes that the words of the signature name, with the key and the time as they are written."""

from __future__ import annotations

import base64
import hmac
import io

import pytest

from connector.core.auth.request_signing import RequestSigning, decode_secret
from connector.core.request.body import Body, MultipartPart
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.definition.connection_type import ConnectionType
from connector.errors import UsageError

NOW = 1_720_707_175.904
TEXT = {"label": "L", "help": "H.", "type": "string"}
REQUEST = Request("POST", "/lamps/1", query=(("q", "a b"),), base_url="https://api.lamp.example/v2")
NAMED = Credential("s", headers=(("X-Key", "key-1"),), query=(("page", "2"),))


def connection_type(inputs=None, **signature):
    words = {"payload": "{timestamp}{body}", "to": "header.X-Sign", **signature}
    return ConnectionType.model_validate({"label": "S", "kind": "signed", "signature": words, "inputs": inputs or {}})


def sign(request=REQUEST, credential=NAMED, secret="s", values=None, inputs=None, **signature):
    return RequestSigning.of(connection_type(inputs, **signature), secret, values or {})(request, credential, NOW)


def build_payload(payload, request=REQUEST, values=None, inputs=None):
    signing = RequestSigning.of(connection_type(inputs, payload=payload), "s", values or {})
    return signing.build_payload(request, NAMED, "17")


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ],
)
@pytest.mark.parametrize("form", ["{hex}", "{base64}", "v1 {hex} or {base64}"])
def test_the_published_digests_of_an_hmac_are_written_as_the_format_says(name, digest, form):
    """RFC 2202 and RFC 4231, the second case of each."""
    (_, written) = sign(secret="Jefe", payload="what do ya want for nothing?", hash=name, format=form).headers[-1]
    assert written == form.format(hex=digest, base64=base64.b64encode(bytes.fromhex(digest)).decode())


@pytest.mark.parametrize(
    ("unit", "written"),
    [("s", "1720707175"), ("ms", "1720707175904"), ("iso", "2024-07-11T14:12:55.904Z")],
)
def test_the_time_that_is_sent_is_the_one_that_is_signed(unit, written):
    credential = sign(payload="at {timestamp}", timestamp={"to": "header.X-Time", "unit": unit})
    digest = hmac.digest(b"s", f"at {written}".encode(), "sha256").hex()
    assert credential.headers == (("X-Key", "key-1"), ("X-Time", written), ("X-Sign", digest))
    assert credential.query == NAMED.query


def test_a_whole_second_has_its_milliseconds_too():
    signing = RequestSigning.of(connection_type(timestamp={"to": "query.at", "unit": "iso"}), "s", {})
    assert dict(signing(REQUEST, NAMED, 1_720_707_175.0).query)["at"] == "2024-07-11T14:12:55.000Z"


def test_a_time_in_the_query_is_signed_with_it_and_the_signature_comes_last():
    credential = sign(payload="{query}", to="query.sign", timestamp={"to": "query.at", "unit": "s"})
    digest = hmac.digest(b"s", b"q=a+b&page=2&at=1720707175", "sha256").hex()
    assert credential.query == (("page", "2"), ("at", "1720707175"), ("sign", digest))
    assert credential.headers == NAMED.headers


def test_without_a_time_nothing_but_the_signature_is_added():
    digest = hmac.digest(b"s", b"POST", "sha256").hex()
    assert sign(payload="{timestamp}{method}").headers == (*NAMED.headers, ("X-Sign", digest))


@pytest.mark.parametrize(
    ("payload", "signed"),
    [
        ("{method} {path}", "POST /v2/lamps/1"),
        ("{query}", "q=a+b&page=2"),
        ("{target}", "/v2/lamps/1?q=a+b&page=2"),
        ("{url}", "https://api.lamp.example/v2/lamps/1?q=a+b&page=2"),
        ("{host}|{timestamp}", "api.lamp.example|17"),
        ("{timestamp}{timestamp}", "1717"),
        ("method", "method"),
        ("{nobody}.", "."),
    ],
)
def test_each_word_stands_for_its_part_of_the_request(payload, signed):
    assert build_payload(payload) == signed.encode()


def test_the_target_of_a_request_without_a_query_has_no_question_mark():
    request = Request("GET", "/lamps", base_url="https://api.lamp.example:8443")
    signing = RequestSigning.of(connection_type(payload="{target} {url} {host}"), "s", {})
    signed = b"/lamps https://api.lamp.example:8443/lamps api.lamp.example:8443"
    assert signing.build_payload(request, Credential("s")) == signed


@pytest.mark.parametrize(
    ("kind", "value", "signed"),
    [
        ("json", {"name": "ä", "on": True}, '{"name":"ä","on":true}'.encode()),
        ("form", [("a", "1 2"), ("b", "ä")], b"a=1+2&b=%C3%A4"),
        ("text", "plain {method}", b"plain {method}"),
        ("binary", b"\x00\xff", b"\x00\xff"),
        ("binary", io.BytesIO(b"of a file"), b"of a file"),
    ],
)
def test_a_body_is_signed_as_the_bytes_that_are_sent(kind, value, signed):
    request = Request("POST", "/x", body=Body(kind, value, None), base_url="https://api.lamp.example")
    assert build_payload("{method}.{body}", request) == b"POST." + signed
    assert build_payload("{method}.{body}", request) == b"POST." + signed, "and once more for another attempt"


def test_no_body_is_signed_as_nothing():
    assert build_payload("<{body}>") == b"<>"


class _Stream(io.BytesIO):
    """Bytes that come once."""

    def seekable(self):
        return False


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (Body("multipart", [MultipartPart("a", "1")], None), "has parts"),
        (Body("binary", _Stream(b"once"), None), "stream"),
    ],
)
def test_a_body_whose_bytes_are_not_known_is_refused_only_where_it_is_signed(body, message):
    request = Request("POST", "/x", body=body, base_url="https://api.lamp.example")
    with pytest.raises(UsageError, match=message):
        build_payload("{body}", request)
    assert build_payload("{method}", request) == b"POST"


def test_inputs_are_signed_by_their_name_or_their_place_and_what_was_not_given_is_nothing():
    inputs = {"key": TEXT, "shop": {**TEXT, "to": "path.site"}, "live": {**TEXT, "type": "boolean"}, "note": TEXT}
    values = {"key": "k-1", "shop": "harbour", "live": True, "note": None}
    assert build_payload("{key}/{site}/{live}/{note}/", values=values, inputs=inputs) == b"k-1/harbour/true//"


def test_an_input_does_not_replace_a_part_of_the_request():
    values = {"method": "DELETE", "body": "theirs"}
    assert build_payload("{method}{body}", values=values, inputs={"method": TEXT, "body": TEXT}) == b"POST"


def test_a_secret_in_base64_is_decoded_and_a_text_is_not():
    secret = base64.b64encode(b"\x00\x01key").decode()
    for form, key in (("text", secret.encode()), ("base64", b"\x00\x01key")):
        signing = RequestSigning.of(connection_type(payload="{method}", secret=form), secret, {})
        digest = hmac.digest(key, b"POST", "sha256").hex()
        assert signing(REQUEST, NAMED, NOW).headers[-1] == ("X-Sign", digest), form


@pytest.mark.parametrize("secret", ["not base64!", "YQ", "ä", "YWJj\n!"])
def test_a_secret_that_is_not_base64_is_refused(secret):
    signature = connection_type(secret="base64").signature
    with pytest.raises(ValueError):
        decode_secret(signature, secret)
