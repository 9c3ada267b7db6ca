"""Only a recent delivery that the service signed, over its exact bytes, is an event."""

from __future__ import annotations

import contextlib
import email.message
import hashlib
import hmac
import json
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some
from starlette.datastructures import Headers
from support.signature_schemes import NOW, SECRET, build_event, refusal_reason, sign

from connector import errors
from connector.core.webhook import keys
from connector.core.webhook.body import BodyFormat
from connector.core.webhook.event import Challenge, Event
from connector.runtime.webhooks.verify import verify_webhook

VALIDATION = (
    '{"payload":{"plainToken":"xys8n8PGS7mAU0m5-YJjRA"},"event_ts":1720705455858,"event":"endpoint.url_validation"}'
)
STARTED = (
    '{"event":"meeting.started","payload":{"account_id":"VjZoEArIT5y-HlWxkV-tVA","object":{"duration":60,'
    '"start_time":"2024-07-11T14:12:55Z","timezone":"America/New_York","topic":"Test \\uD83D\\uDE92\\uD83D\\uDE92 ? - '
    '\u2019 - \u2013 \\uD83D\\uDE97 HOLA","id":"85393847045","type":2,"uuid":"jUh5o3dKQIytvcsfTtKBlg==",'
    '"host_id":"8lzIwvZTSOqjndWPbPqzuA"}},"event_ts":1720707175904}'
)
VALIDATED = "v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6"
DELIVERED = [  # real deliveries, with the secret that signed them; and the same, tampered with
    (SECRET, "1720705455", VALIDATION, VALIDATED, True),
    (SECRET, "1720707175", STARTED, "v0=1a14e79349318fa1bead50ebbd3c185ae078e182d3bbd30ab8010fcb7f4357c7", True),
    ("wrongSecretToken", "1720705455", VALIDATION, VALIDATED, False),
    (SECRET, "1720705455", VALIDATION.replace("xys8n8PGS7mAU0m5-YJjRA", "MODIFIED"), VALIDATED, False),
    (SECRET, "9999999999", VALIDATION, VALIDATED, False),
    ("wrongSecret", "1720705455", VALIDATION, VALIDATED, False),
    (SECRET, "1720705455", VALIDATION.replace("xys8n8PGS7mAU0m5-YJjRA", "TAMPERED"), VALIDATED, False),
]


@pytest.mark.parametrize(("secret", "timestamp", "body", "signature", "genuine"), DELIVERED)
def test_real_deliveries_are_judged_as_they_are(zoom, secret, timestamp, body, signature, genuine):
    headers = {"X-Zm-Signature": signature, "X-Zm-Request-Timestamp": timestamp}
    if genuine:
        assert isinstance(verify_webhook(zoom, secret, headers, body.encode(), now=NOW), Event | Challenge)
    else:
        assert refusal_reason(zoom, headers, body, secret) == ("signature", 401)


def test_an_event_says_its_name_time_account_and_object(zoom):
    secret, timestamp, body, signature, _ = DELIVERED[1]
    headers = [("X-ZM-Signature", signature), ("X-ZM-Request-Timestamp", timestamp)]
    got = verify_webhook(zoom, secret, headers, body.encode(), now=NOW)
    assert (got.name, got.account, got.object["id"]) == ("meeting.started", "VjZoEArIT5y-HlWxkV-tVA", "85393847045")
    assert got.at.isoformat() == "2024-07-11T14:12:55.904000+00:00"
    assert got.object["topic"] == "Test \U0001f692\U0001f692 ? - \u2019 - \u2013 \U0001f697 HOLA"
    assert got.raw == body.encode()
    assert "HOLA" not in repr(got)


def test_a_challenge_is_answered_with_the_token_and_its_digest(zoom):
    secret, token = "UB_rdTwhTruoYCMr6x6-MQ", "qgg8vlvZRS6UYooatFL8Aw"
    body = build_event("endpoint.url_validation", plainToken=token)
    got = verify_webhook(zoom, secret, sign(body, secret), body.encode(), now=NOW)
    digest = "439d1ed256e8d5513d2acd195e0adc64bbbfeb6b795b9d1880534610b58c674c"
    assert got == Challenge({"plainToken": token, "encryptedToken": digest})
    assert digest not in repr(got)


@pytest.mark.parametrize("token", ["v0:1720707180:{}", "a" * 129, "", "a b", "a\n", 5, None, ["a"], "é", "a:b", "a.b"])
def test_nobody_has_a_text_of_his_own_signed_by_a_challenge(zoom, token):
    body = build_event("endpoint.url_validation", plainToken=token)
    assert refusal_reason(zoom, sign(body), body) == ("challenge", 400)
    assert refusal_reason(zoom, {}, body) == ("unsigned", 401)
    assert refusal_reason(zoom, sign(body, "another"), body) == ("signature", 401)


@pytest.mark.parametrize(
    "body",
    [
        '{"event":"a","payload":{"t":"😀"}}',
        r'{"event":"a","payload":{"t":"\ud83d\ude00"}}',
        r'{"event":"a","payload":{"t":"\ud83d"}}',
        r'{"event":"a","payload":{"t":"\u00e9 \/ \u2028"}}',
        '{"event":"a","payload":{"n":1.0,"m":1e2,"z":-0}}',
        '{"event":"a","payload":{"n":123456789012345678901234567890}}',
        '{"event":"a","event":"b","payload":{"10":1,"9":2}}',
        '{\n  "event" : "a",\t"payload": {}\r\n}\n',
        '  {"event":"a"}  ',
        '{"event":"a","payload":{"t":"é\u2028"}}',
    ],
)
def test_what_was_signed_are_the_bytes_however_they_are_written(zoom, body):
    got = verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW)
    assert got.name == json.loads(body)["event"]
    assert refusal_reason(zoom, sign(body), body + " ") == ("signature", 401)


@pytest.mark.parametrize(
    "value",
    [
        "", "v0=", "v0", "deadbeef", "v1={0}", "V0={0}", "v0={0}0", "v0={1}", "v0=v0={0}", "{0}", "v0={2}",
        "v0=" + "é" * 64, "v0={0},v0={0}", "v0={0} v0={0}", "v0=" + "0" * 1_000_000, "v0={0}\x00",
    ],
)  # fmt: skip
def test_a_signature_that_is_not_written_as_the_service_writes_it_is_none(zoom, value):
    body = build_event()
    digest = sign(body)["x-zm-signature"][3:]
    headers = {**sign(body), "x-zm-signature": value.format(digest, digest.upper(), digest[:-1])}
    assert refusal_reason(zoom, headers, body) == ("unsigned", 401)


def test_two_signatures_or_none_are_refused(zoom):
    body = build_event()
    pairs = list(sign(body).items())
    assert refusal_reason(zoom, [*pairs, pairs[0]], body) == ("unsigned", 401)
    assert refusal_reason(zoom, [*pairs, pairs[1]], body) == ("unsigned", 401)
    assert refusal_reason(zoom, pairs[:1], body) == ("unsigned", 401)
    assert refusal_reason(zoom, pairs[1:], body) == ("unsigned", 401)


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "-1",
        "abc",
        "1e3",
        "0x10",
        "\uff11\uff17\uff12\uff10\uff17\uff10\uff17\uff11\uff18\uff10",
        "1" + "0" * 400,
        " 1_0",
        "1.5",
        "+5",
        "1720707180\n1",
    ],
)
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(zoom, stamp):
    body = build_event()
    assert refusal_reason(zoom, sign(body, timestamp=stamp), body) == ("timestamp", 401)


@pytest.mark.parametrize(
    ("ago", "fits"),
    [(0, True), (5 * 60, True), (85 * 60, True), (5400, True), (5401, False), (-300, True), (-301, False)],
)
def test_a_delivery_is_good_as_long_as_the_service_sends_it_again(zoom, ago, fits):
    body = build_event()
    headers = sign(body, timestamp=str(int(NOW) - ago))
    if fits:
        assert isinstance(verify_webhook(zoom, SECRET, headers, body.encode(), now=NOW), Event)
    else:
        assert refusal_reason(zoom, headers, body) == ("age", 401)


@pytest.mark.parametrize("stamp", ["0", "1720707180000"])
def test_a_timestamp_of_1970_or_in_milliseconds_is_too_far_away(zoom, stamp):
    body = build_event()
    assert refusal_reason(zoom, sign(body, timestamp=stamp), body)[0] in ("age", "timestamp")


def test_the_age_that_is_allowed_may_be_given(zoom):
    body = build_event()
    headers = sign(body, timestamp=str(int(NOW) - 400))
    assert refusal_reason(zoom, headers, body, max_age=300) == ("age", 401)


def test_each_of_several_secrets_is_good_and_the_challenge_is_answered_with_the_one_that_signed(zoom):
    body = build_event("endpoint.url_validation", plainToken="abc")
    for signer in ("old-secret", "new-secret"):
        got = verify_webhook(zoom, ["new-secret", "old-secret"], sign(body, signer), body.encode(), now=NOW)
        assert got.reply["encryptedToken"] == hmac.new(signer.encode(), b"abc", hashlib.sha256).hexdigest()
    assert refusal_reason(zoom, sign(body, "older"), body, ["new-secret", "old-secret"]) == ("signature", 401)


@pytest.mark.parametrize("secret", ["", " ", "abc ", "a\nb", "\x00", []])
def test_a_secret_that_cannot_be_one_is_told_to_who_runs_the_receiver(zoom, secret):
    body = build_event()
    with pytest.raises(errors.UsageError):
        verify_webhook(zoom, secret, sign(body), body.encode(), now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b'"a"',
        b"{",
        b'{"event":NaN}',
        b"\xff\xfe",
        b"{} {}",
        b"[" * 100_000,
        b'{"a":' * 9_000,
    ],
)
def test_what_is_signed_and_no_json_object_is_told_as_such(zoom, body):
    assert refusal_reason(zoom, sign(body), body) == ("body", 400)
    assert refusal_reason(zoom, {}, body) == ("unsigned", 401)


@pytest.mark.parametrize("name", [None, 5, "", ["a"], {}, True])
def test_an_event_has_a_name(zoom, name):
    body = build_event(name)
    assert refusal_reason(zoom, sign(body), body) == ("event", 400)


@pytest.mark.parametrize(
    "more", [{}, {"event_ts": "2024-09-08 15:58:40"}, {"event_ts": 10**30}, {"event_ts": -5}, {"event_ts": True}]
)
def test_unknown_events_and_odd_envelopes_pass(zoom, more):
    body = json.dumps({"event": "something.new", "payload": {"account_id": 5, "what": []}, "extra": 1, **more})
    got = verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW)
    assert (got.name, got.at, got.account, got.object) == ("something.new", None, "5", None)


def test_json_that_was_read_is_refused_since_it_is_not_what_was_signed(zoom):
    body = build_event()
    for other in (body, json.loads(body), None):
        with pytest.raises(errors.UsageError, match="bytes as received"):
            verify_webhook(zoom, SECRET, sign(body), other, now=NOW)


def test_deliveries_of_one_event_have_one_key_and_other_events_another(zoom):
    def key(name="meeting.ended", **object_):
        body = build_event(name, object={"uuid": "u==", "id": 5, **object_})
        return verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW).key

    assert key() == key(download_token="another") == key(id="5")
    others = [key("meeting.started"), key(id=6), key(uuid="v=="), key(participant={"user_id": "1"})]
    assert len({key(), *others}) == 5


@given(some.binary(max_size=200), some.dictionaries(some.text(max_size=20), some.text(max_size=80), max_size=4))
def test_whatever_comes_unsigned_is_a_webhook_error(zoom, body, headers):
    with pytest.raises(errors.WebhookError):
        verify_webhook(zoom, SECRET, headers, body, now=NOW)


@given(
    some.binary(max_size=200)
    | some.recursive(some.none() | some.text(), some.lists).map(lambda one: json.dumps(one).encode())
)
def test_whatever_comes_signed_is_an_event_or_a_webhook_error(zoom, body):
    got = None
    with contextlib.suppress(errors.WebhookError):
        got = verify_webhook(zoom, SECRET, sign(body), body, now=NOW)
    assert got is None or isinstance(got, Event | Challenge)


@pytest.mark.parametrize("name", ["a" * 201, "a\nb", "a\x00b", "\ud83d", "\u202e", " \t"])
def test_a_name_that_no_log_or_database_would_take_is_none(zoom, name):
    body = build_event(name)
    assert refusal_reason(zoom, sign(body), body) == ("event", 400)


@pytest.mark.parametrize("at", ["1" + "0" * 400, "1e999", "1e308", "253402300800000", "-1", "0.5", "253402300799000"])
def test_a_time_of_any_size_is_a_time_or_none(zoom, at):
    body = f'{{"event":"a.b","event_ts":{at},"payload":{{}}}}'
    got = verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW)
    assert (got.at is None) == (at not in ("0.5", "253402300799000"))


def test_what_a_field_holds_that_should_be_one_value_makes_no_twins(zoom):
    def got(id_, **more):
        body = build_event("meeting.ended", object={"uuid": "u", "id": id_}, **more)
        return verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW)

    keys = [got(id_).key for id_ in ([1], [2], {"a": 1}, [[]], "[1]")]
    assert len(set(keys)) == 5
    assert got([1]).key == got([1]).key


@pytest.mark.parametrize("id_", ["a\x00b", "\ud83d", "x" * 500, "a\nb"])
def test_what_an_event_is_about_can_be_kept_anywhere(zoom, id_):
    body = build_event("meeting.ended", object={"uuid": id_})
    got = verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW)
    assert len(got.subject) == 64
    assert got.subject.isalnum()
    assert got.object["uuid"] == id_


def test_deep_values_are_a_webhook_error_or_an_event_and_nothing_else(zoom):
    for depth in (10, 190, 210, 500, 800, 990, 1_010, 5_000):
        for deep in ("[" * depth + "]" * depth, '{"a":' * depth + '"\\ud83d"' + "}" * depth):
            body = f'{{"event":"a.b","payload":{{"object":{{"id":{deep}}}}}}}'
            with contextlib.suppress(errors.WebhookError):
                assert verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW).name == "a.b"


@pytest.mark.parametrize("coding", ["utf-16", "utf-32", "utf-16-le", "latin-1"])
def test_a_body_in_another_coding_is_no_json(zoom, coding):
    body = '{"event":"é"}'.encode(coding)
    assert refusal_reason(zoom, sign(body), body) == ("body", 400)


def test_headers_come_as_servers_have_them(zoom):
    body, message = build_event(), email.message.Message()
    for name, value in sign(body).items():
        message[name.title()] = value
    raw = [(name.encode(), value.encode()) for name, value in sign(body).items()]
    many = [message, raw, iter(raw), dict(raw), Headers(raw=raw), httpx.Headers(raw), list(message.items())]
    for headers in many:
        assert verify_webhook(zoom, SECRET, headers, body.encode(), now=NOW).name == "user.activated"
    message["X-ZM-Signature"] = "v0="
    assert refusal_reason(zoom, message, body) == ("unsigned", 401)


@pytest.mark.parametrize("headers", [None, 5, "ab", ["x-zm-signature"], [("a",)], [(None, "b")], {5: "a"}])
def test_headers_that_are_none_are_told_to_who_gives_them(zoom, headers):
    with pytest.raises(errors.UsageError, match="must be a mapping or pairs"):
        verify_webhook(zoom, SECRET, headers, b"{}", now=NOW)


def test_a_secret_that_cannot_be_one_is_told_before_anything_is_judged_and_where_to_find_it(zoom):
    for secret in ("", "7Zq-x", f"{SECRET}\n"):
        with pytest.raises(errors.UsageError, match=r"Secret Token on your app's Feature page") as caught:
            verify_webhook(zoom, [SECRET, secret], {}, b"", now=NOW)
        assert not secret or secret not in str(caught.value)


def test_every_secret_and_every_digest_is_compared_whatever_fits(zoom, monkeypatch):
    compared = []

    def compare(one, other):
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(keys, "hmac", SimpleNamespace(digest=hmac.digest, compare_digest=compare))
    body = build_event()
    headers = sign(body, "the-second-one")
    secrets = ["the-first-one", "the-second-one", "the-third-one"]
    assert verify_webhook(zoom, secrets, headers, body.encode(), now=NOW).name == "user.activated"
    assert [len(one) for one, _ in compared] == [64] * 3
    assert all(type(one) is type(other) is bytes for one, other in compared)
    monkeypatch.setattr(BodyFormat, "parse", None)  # nothing of the body is read before a digest fits
    assert refusal_reason(zoom, sign(body, "the-fourth-one"), body, secrets) == ("signature", 401)
    assert len(compared) == 6
