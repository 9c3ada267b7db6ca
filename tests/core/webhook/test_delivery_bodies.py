"""A delivery that is written as a service sends it is read back, verified and timed as it was meant."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from connector.core.webhook import keys, times
from connector.core.webhook.body import BodyFormat
from connector.core.webhook.delivery import MAX_QUERY_LENGTH, Delivery, add_query, parse_query
from connector.core.webhook.verifier import WebhookVerifier
from connector.definition.trigger import Signature, Trigger
from connector.errors import UsageError, WebhookError

SECRET = {"label": "S", "help": "H.", "type": "password"}
TOKEN = "token-of-the-tests"
NOW = 1_720_707_175.904
SIGNATURE = {"header": "X-Sig", "payload": "{body}", "format": "{hex}"}
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def trigger(**words):
    secured = {} if "signature" in words else {"token": "header.X-Token"}
    inputs = {"secret": SECRET}
    return Trigger.model_validate(
        {"label": "L", "summary": "S.", "inputs": inputs, "event": {"name": "kind"}, **secured, **words}
    )


def body_format(body="json", each=None):
    return BodyFormat(trigger(body=body, event={"name": "kind", "each": each}))


def pem_of(private_key):
    form, encryption = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return private_key.private_bytes(PEM, form, encryption)


# Bodies


@pytest.mark.parametrize(
    ("body", "each", "written"),
    [
        ("json", None, '{"kind":"ä","n":[1]}'.encode()),
        ("json", "value.items", '{"value":{"items":[{"kind":"ä","n":[1]}]}}'.encode()),
        ("json", ".", '[{"kind":"ä","n":[1]}]'.encode()),
        ("form.data", None, b"data=%7B%22kind%22%3A%22%C3%A4%22%2C%22n%22%3A%5B1%5D%7D"),
        ("form.data", "items", b"data=%7B%22items%22%3A%5B%7B%22kind%22%3A%22%C3%A4%22%2C%22n%22%3A%5B1%5D%7D%5D%7D"),
        ("form.data", ".", b"data=%5B%7B%22kind%22%3A%22%C3%A4%22%2C%22n%22%3A%5B1%5D%7D%5D"),
    ],
)
def test_an_event_is_written_as_the_service_sends_it_and_read_back(body, each, written):
    form, event = body_format(body, each), {"kind": "ä", "n": [1]}
    assert form.encode(event) == written
    ((raw, data),) = form.list_events(written, form.parse(written))
    assert data == event
    assert form.parse_event(raw) == event


def test_a_form_has_texts_as_they_are_and_the_rest_as_json():
    event = {"kind": "a b&c", "list": ["x", "y", 1], "none": None, "on": True, "inner": {"n": 1}, "empty": ""}
    form = body_format("form")
    assert form.encode(event) == (
        b"kind=a+b%26c&list=x&list=y&list=1&none=null&on=true&inner=%7B%22n%22%3A+1%7D&empty="
    )
    assert form.parse(form.encode(event)) == {
        "kind": "a b&c", "list": ["x", "y", "1"], "none": "null", "on": "true", "inner": '{"n": 1}', "empty": "",
    }  # fmt: skip


def test_where_deliveries_have_no_body_none_is_written_and_any_is_passed_over():
    form = body_format("none")
    assert (form.encode({"kind": "a"}), form.content_type, form.is_plain) == (b"", "", False)
    assert form.parse(b"[what comes]") == form.parse_event(b"") == {}


@pytest.mark.parametrize("text", ["\ufffe\x00", "\U0001f692", "a\u2028&=+%"])
@pytest.mark.parametrize("body", ["json", "form.data"])
def test_any_text_survives_a_body_of_json(body, text):
    form = body_format(body)
    assert form.parse(form.encode({"kind": text})) == {"kind": text}


@pytest.mark.parametrize(
    ("body", "written"), [("json", rb'{"kind":"\ud83d"}'), ("form.data", rb"data=%7B%22kind%22%3A%22%5Cud83d%22%7D")]
)
def test_half_of_a_pair_of_surrogates_is_read_as_it_is_written(body, written):
    assert body_format(body).parse(written) == {"kind": "\ud83d"}


@pytest.mark.parametrize("raw", [b"[1]", b"null", b'"text"', b"5", b"", b"{", b"\xff"])
@pytest.mark.parametrize("each", [None, "items", "."])
def test_a_kept_event_that_is_no_object_is_refused(raw, each):
    with pytest.raises(WebhookError, match="must be a JSON object") as caught:
        body_format("json", each).parse_event(raw)
    assert (caught.value.reason, caught.value.status) == ("body", 400)


@pytest.mark.parametrize("body", [b"", b"other=1", b"data=", b"data=[]", b"data={}&data={}", b"data=%ff", b"data=\xff"])
def test_a_form_without_json_in_its_field_is_refused(body):
    with pytest.raises(WebhookError, match="must be a form") as caught:
        body_format("form.data").parse(body)
    assert (caught.value.reason, caught.value.status) == ("body", 400)


# Keys


def test_the_published_signature_of_ed25519_is_made_and_verified():
    """RFC 8032, 7.1, the second test."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    digest = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    signature = Signature.model_validate({**SIGNATURE, "algorithm": "ed25519", "secret": "hex"})
    assert keys.sign(signature, pem_of(private), b"\x72") == digest.encode()
    key = keys.decode_key(signature, public)
    assert keys.is_signed_by(signature, key, b"\x72", digest.encode())
    assert not keys.is_signed_by(signature, key, b"\x73", digest.encode())


MAKE_KEY = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa_sha256": lambda: rsa.generate_private_key(65537, 2048),
    "ecdsa_sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@pytest.mark.parametrize(
    ("algorithm", "written"),
    [("ed25519", "hex"), ("rsa_sha256", "base64"), ("ecdsa_sha256", "base64"), ("ecdsa_sha256", "hex")],
)
@pytest.mark.parametrize("form", ["pem", "base64", "hex"])
def test_a_public_key_is_read_in_each_form_and_verifies_what_its_private_key_signed(algorithm, written, form):
    made = MAKE_KEY[algorithm]()
    der = made.public_key().public_bytes(DER, SPKI)
    text = {
        "pem": f"\n{made.public_key().public_bytes(PEM, SPKI).decode()}\n",
        "base64": base64.b64encode(der).decode(),
        "hex": der.hex(),
    }[form]
    words = {"algorithm": algorithm, "secret": form, "digest": written, "format": f"{{{written}}}"}
    verifier = WebhookVerifier("hook", trigger(signature={**SIGNATURE, **words}))
    body = b'{"kind":"a"}'
    headers = verifier.sign(pem_of(made).decode(), NOW, body)
    assert verifier.verify([text], headers, body, NOW).name == "a"
    with pytest.raises(WebhookError, match="does not match"):
        verifier.verify([text], headers, body + b" ", NOW)


@pytest.mark.parametrize(
    ("algorithm", "made", "problem"),
    [
        ("rsa_sha256", rsa.generate_private_key(65537, 1024), "is shorter than 2048 bits"),
        ("rsa_sha256", ed25519.Ed25519PrivateKey.generate(), "is no public key for rsa_sha256"),
        ("ed25519", ec.generate_private_key(ec.SECP256R1()), "is no public key for ed25519"),
        ("ecdsa_sha256", ec.generate_private_key(ec.SECP384R1()), "is not of the curve P-256"),
        ("ecdsa_sha256", ed25519.Ed25519PrivateKey.generate(), "is no public key for ecdsa_sha256"),
        ("rsa_sha256", None, "is no public key"),
    ],
)
def test_a_weak_key_or_one_of_another_kind_is_refused_without_its_text(algorithm, made, problem):
    text = made.public_key().public_bytes(PEM, SPKI).decode() if made else "-----BEGIN PUBLIC KEY-----"
    signature = {**SIGNATURE, "algorithm": algorithm, "secret": "pem"}
    with pytest.raises(UsageError) as caught:
        WebhookVerifier("hook", trigger(signature=signature)).decode_secret(text)
    assert str(caught.value).startswith(f"The webhook's public key {problem}.")
    assert "-----" not in str(caught.value)


# Tokens, where a service sends one instead of a signature


@pytest.mark.parametrize(
    ("place", "headers", "event", "url"),
    [
        ("header.X-Token", {"X-Token": TOKEN}, {"kind": "a"}, "https://x.example/in?a=1"),
        ("query.token", {}, {"kind": "a"}, f"https://x.example/in?a=1&token={TOKEN}"),
        ("body.auth.token", {}, {"kind": "a", "auth": {"token": TOKEN}}, "https://x.example/in?a=1"),
    ],
)
def test_a_delivery_has_the_token_at_its_place_alone_and_is_verified_by_it(place, headers, event, url):
    verifier, given = WebhookVerifier("hook", trigger(token=place)), {"kind": "a"}
    assert verifier.complete_event(given, TOKEN, NOW) == event
    assert verifier.complete_url("https://x.example/in?a=1", TOKEN) == url
    assert verifier.sign(TOKEN, NOW, b"") == headers
    assert given == {"kind": "a"}
    delivery = Delivery(headers, json.dumps(event).encode(), "POST", url)
    assert [event.name for event in verifier.verify_delivery({"secret": [TOKEN.encode()]}, delivery, NOW)] == ["a"]
    with pytest.raises(WebhookError, match="expected token"):
        verifier.verify_delivery({"secret": [b"another-token"]}, delivery, NOW)


@pytest.mark.parametrize(
    ("unit", "written"), [("s", 1_720_707_175), ("ms", 1_720_707_175_904), ("iso", "2024-07-11T14:12:55.904000Z")]
)
def test_a_signed_delivery_has_its_time_in_the_body_where_the_service_writes_it_there(unit, written):
    signature = {**SIGNATURE, "timestamp": "body.sent.at", "unit": unit}
    verifier = WebhookVerifier("hook", trigger(signature=signature, max_age=300))
    event = verifier.complete_event({"kind": "a"}, TOKEN, NOW)
    assert event == {"kind": "a", "sent": {"at": written}}
    body = json.dumps(event).encode()
    headers = verifier.sign(TOKEN, NOW, body)
    assert verifier.verify([TOKEN], headers, body, NOW + 299).name == "a"
    assert verifier.find_signing_time(Delivery(headers, body)) == pytest.approx(NOW, abs=1)
    with pytest.raises(WebhookError, match="older than 300 s"):
        verifier.verify([TOKEN], headers, body, NOW + 302)


def test_an_event_that_is_signed_elsewhere_stays_as_it_is():
    event = {"kind": "a"}
    assert WebhookVerifier("hook", trigger(signature=SIGNATURE)).complete_event(event, TOKEN, NOW) is event


# URLs


@pytest.mark.parametrize(
    ("url", "parameters", "whole"),
    [
        ("https://x.example/in", {}, "https://x.example/in"),
        ("https://x.example/in", {"t": "a b&c"}, "https://x.example/in?t=a+b%26c"),
        ("https://x.example/in?a=1", {"t": "ä", "u": ""}, "https://x.example/in?a=1&t=%C3%A4&u="),
    ],
)
def test_parameters_are_added_to_the_query_of_a_url_and_read_from_it(url, parameters, whole):
    assert add_query(url, parameters) == whole
    assert parse_query(whole) == parse_query(url) | {name: [value] for name, value in parameters.items()}


@pytest.mark.parametrize(
    ("url", "values"),
    [
        ("/in?a=1&a=2&b", {"a": ["1", "2"], "b": [""]}),
        ("/in?a=1#b?c=2", {"a": ["1"]}),
        ("//[/in?a=1", {"a": ["1"]}),
        ("/in?a=%ff", {}),
        ("/in", {}),
        (f"/in?a={'1' * (MAX_QUERY_LENGTH - 2)}", {"a": ["1" * (MAX_QUERY_LENGTH - 2)]}),
        (f"/in?a={'1' * (MAX_QUERY_LENGTH - 1)}", {}),
    ],
)
def test_a_query_is_read_whatever_the_rest_of_its_url_is(url, values):
    assert parse_query(url) == values


# Times


@pytest.mark.parametrize(
    ("unit", "written", "seconds"),
    [
        ("s", 1_720_707_175, 1_720_707_175.0),
        ("ms", 1_720_707_175_904, NOW),
        ("iso", "2024-07-11T14:12:55.904000Z", NOW),
    ],
)
def test_a_time_is_written_and_read_back_in_its_unit(unit, written, seconds):
    assert times.format_time(unit, NOW) == written
    assert times.to_epoch_seconds(written, unit) == seconds
    assert times.to_datetime(written, unit) == datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-07-11T14:12:55", 1_720_707_175.0),
        ("2024-07-11T16:12:55+02:00", 1_720_707_175.0),
        ("2024-07-11T14:12:55.5Z", 1_720_707_175.5),
        ("1969-12-31T23:59:59Z", -1.0),
        ("yesterday", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("2024-07-11T14:12:55Z" + " " * 30, None),
        (1_720_707_175, None),
        ("", None),
        (None, None),
    ],
)
def test_a_signed_time_in_iso_8601_counts_from_its_offset_and_what_is_no_time_is_none(text, seconds):
    assert times.to_epoch_seconds(text, "iso") == seconds
