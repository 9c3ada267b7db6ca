"""Limits of a delivery: lengths, secrets, locations, and the fields that identify an event."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from support.signature_schemes import (
    BODY,
    ENDPOINT,
    GITHUB,
    KEY,
    NOW,
    SECRET,
    STANDARD,
    STRIPE,
    WHSEC,
    build_event,
    refusal_reason,
    sign,
)

from connector import errors
from connector.core.webhook.challenge import MAX_TOKEN_LENGTH
from connector.core.webhook.event import Challenge, Event
from connector.core.webhook.identity import KeyBuilder
from connector.runtime.webhooks.verify import verifier_for, verify_webhook

TRIGGER = """\
triggers:
  lamps:
    label: Lamps
    summary: Receive lamps.
    inputs: {{}}
    signature: {{header: X-Sig, timestamp: part.t, id: part.i, payload: "{{id}}.{{timestamp}}.{{body}}", format: "v={{hex}}", separator: ";", digest: hex}}
    event: {{name: kind, at: when{more}}}
    dedupe: [id]
"""


def read(connector, body, secret, id_="id-1", now=NOW, **how):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = verifier_for(connector).sign(secret, int(now), body, id_)
    return verify_webhook(connector, secret, headers, body, now=now, **how)


def verify_zoom(zoom, body):
    body = body if isinstance(body, str) else json.dumps(body)
    return verify_webhook(zoom, SECRET, sign(body), body.encode(), now=NOW)


def refusal_message(connector, headers, body=b"{}", secret=KEY):
    with pytest.raises(errors.WebhookError) as caught:
        verify_webhook(connector, secret, headers, body, now=NOW)
    return str(caught.value)


# Secrets


@pytest.mark.parametrize("secret", ["12345678", "a b c d e", "x" * 500])
def test_a_secret_of_eight_characters_is_one(zoom, secret):
    body = build_event()
    assert verify_webhook(zoom, secret, sign(body, secret), body.encode(), now=NOW).name == "user.activated"


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("1234567", "is shorter than 8 characters, which is easy to guess"),
        ("", "is empty, or has surrounding spaces or control characters"),
        (" 12345678", "is empty, or has surrounding spaces or control characters"),
        ("12345678\n", "is empty, or has surrounding spaces or control characters"),
        ("1234\x005678", "is empty, or has surrounding spaces or control characters"),
    ],
)
def test_a_secret_that_is_none_is_told_with_the_reason_and_where_to_find_it(zoom, secret, why):
    with pytest.raises(errors.UsageError) as caught:
        verifier_for(zoom).decode_secret(secret)
    assert str(caught.value).startswith(f"The webhook's secret {why}.")
    assert caught.value.hint == (
        "Copy it again. The Secret Token on your app's Feature page, where event subscriptions are."
    )


def test_where_a_manifest_does_not_say_where_secrets_are_nothing_is_made_up(folder):
    with pytest.raises(errors.UsageError) as caught:
        verifier_for(folder(TRIGGER.format(more=""))).decode_secret("short")
    assert caught.value.hint == "Copy it again."
    inputs = "inputs: {note: {label: N, help: Not this., type: text}, key: {label: K, help: This., type: password}}"
    with pytest.raises(errors.UsageError) as caught:
        verifier_for(folder(TRIGGER.format(more="").replace("inputs: {}", inputs))).decode_secret("short")
    assert caught.value.hint == "Copy it again. This."


def test_the_name_of_a_header_may_have_dots(folder):
    dotted = TRIGGER.format(more="").replace("part.i", "header.X.Id")
    headers = verifier_for(folder(dotted)).sign(KEY, int(NOW), b'{"kind": "on"}', "id-1")
    assert headers["X.Id"] == "id-1"
    assert verify_webhook(folder(dotted), KEY, headers, b'{"kind": "on"}', now=NOW).name == "on"


# Headers


def test_a_header_that_is_missing_doubled_or_endless_is_told_by_name(zoom):
    body = build_event().encode()
    name, stamp = "x-zm-signature", ("x-zm-request-timestamp", "5")
    assert refusal_message(zoom, [stamp], body) == f"The header {name} is missing."
    assert refusal_message(zoom, [stamp, (name, "a"), (name, "b")], body) == f"The header {name} appears twice."
    assert refusal_message(zoom, [stamp, (name, "a"), (name, "b" * 5000)], body) == f"The header {name} appears twice."
    assert refusal_message(zoom, [stamp, (name, "a" * 4097)], body) == f"The header {name} is too long."


def test_a_header_of_four_kilobytes_is_read():
    assert read(STANDARD, {"type": "a"}, WHSEC, id_="i" * 4096).name == "a"
    with pytest.raises(errors.WebhookError, match="is too long"):
        read(STANDARD, {"type": "a"}, WHSEC, id_="i" * 4097)


def test_the_parts_of_a_header_stand_in_their_order_and_have_spaces_around_them(folder):
    stamp = int(NOW)
    assert verifier_for(STRIPE).sign(ENDPOINT, stamp, BODY)["stripe-signature"].startswith(f"t={stamp},v1=")
    lamp = folder(TRIGGER.format(more=""))
    header = verifier_for(lamp).sign(KEY, stamp, b'{"kind": "on"}', "id-1")["X-Sig"]
    assert header.startswith(f"i=id-1;t={stamp};v=")
    for spaced in (header, header.replace(";", " ; "), f" {header} "):
        assert verify_webhook(lamp, KEY, {"x-sig": spaced}, b'{"kind": "on"}', now=NOW).name == "on"
    assert refusal_reason(lamp, {"x-sig": header.replace("i=id-1;", "")}, b'{"kind": "on"}', KEY) == ("unsigned", 401)
    assert refusal_reason(lamp, {"x-sig": f"{header};i=id-1"}, b'{"kind": "on"}', KEY) == ("unsigned", 401)
    assert refusal_reason(lamp, {"x-sig": f"{header};t={stamp}"}, b'{"kind": "on"}', KEY) == ("timestamp", 401)


def test_a_scheme_has_the_name_of_its_trigger_and_its_events_too(zoom):
    assert verifier_for(zoom).name == "webhookReceiver"
    assert verify_zoom(zoom, build_event()).trigger == "webhookReceiver"


# Age


def test_no_age_is_judged_where_no_time_is_signed_whatever_is_allowed():
    headers = {**verifier_for(GITHUB).sign(KEY, 0, b"{}", "d-1"), "x-github-event": "ping"}
    assert verify_webhook(GITHUB, KEY, headers, b"{}", now=NOW, max_age=300).name == "ping"


def test_no_age_is_judged_where_the_manifest_allows_any(folder):
    lamp = folder(TRIGGER.format(more=""))
    assert read(lamp, {"kind": "on"}, KEY, now=5).name == "on"
    headers = verifier_for(lamp).sign(KEY, 5, b'{"kind": "on"}', "id-1")
    assert verify_webhook(lamp, KEY, headers, b'{"kind": "on"}', now=NOW).name == "on"
    with pytest.raises(errors.WebhookError, match=r"older than 300 s"):
        verify_webhook(lamp, KEY, headers, b'{"kind": "on"}', now=NOW, max_age=300)


# Challenges


def test_a_challenge_of_128_characters_is_answered_and_says_little_of_itself(zoom):
    got = verify_zoom(zoom, build_event("endpoint.url_validation", plainToken="a" * MAX_TOKEN_LENGTH))
    assert got.reply["plainToken"] == "a" * 128
    assert repr(got) == "<Challenge, answered with plainToken, encryptedToken>"
    assert Challenge().reply == {}


# Events


def test_an_event_says_little_of_itself(zoom):
    got = verify_zoom(zoom, {"event": "a.b", "event_ts": 1_500})
    assert repr(got) == f"<Event 'a.b' at 1970-01-01T00:00:01.500000+00:00 {got.key[:12]}>"
    assert repr(verify_zoom(zoom, {"event": "a.b"})).startswith("<Event 'a.b' ")
    assert " at " not in repr(verify_zoom(zoom, {"event": "a.b"}))


def test_the_beginning_of_1970_is_a_time_and_seconds_may_have_parts(zoom, folder):
    assert verify_zoom(zoom, {"event": "a.b", "event_ts": 0}).at == datetime(1970, 1, 1, tzinfo=UTC)
    lamp = folder(TRIGGER.format(more=""))
    assert read(lamp, {"kind": "on", "when": 2.5}, KEY).at == datetime(1970, 1, 1, 0, 0, 2, 500_000, tzinfo=UTC)
    assert read(lamp, {"kind": "on", "when": 253_402_300_799}, KEY).at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert read(lamp, {"kind": "on", "when": 253_402_300_800}, KEY).at is None


def test_an_object_may_be_the_body_itself_or_nothing(folder):
    assert read(folder(TRIGGER.format(more=", object: .")), {"kind": "on"}, KEY).object == {"kind": "on"}
    assert read(folder(TRIGGER.format(more="")), {"kind": "on"}, KEY).object is None


def test_a_name_has_at_most_200_characters_and_is_not_missing(zoom):
    assert verify_zoom(zoom, build_event("n" * 200)).name == "n" * 200
    headers = verifier_for(GITHUB).sign(KEY, 0, b"{}", "d-1")
    assert refusal_message(GITHUB, headers) == "The delivery has no event name."
    twice = [*headers.items(), ("x-github-event", "a"), ("x-github-event", "b")]
    assert refusal_message(GITHUB, twice) == "The delivery has no event name."


def test_a_delivery_that_is_refused_says_that_it_was_rejected(zoom):
    with pytest.raises(errors.WebhookError) as caught:
        verify_webhook(zoom, SECRET, {}, b"", now=NOW)
    assert (caught.value.outcome, caught.value.reason, caught.value.status) == ("rejected", "unsigned", 401)


def test_the_key_of_an_event_is_what_it_was_in_every_version_or_its_copies_would_be_new(zoom, folder):
    def dump(data):
        return json.dumps(data, sort_keys=True, separators=(",", ":"))

    def digest(*parts, content=None):
        return hashlib.sha256(f"{dump(parts)}{dump(content) if content else ''}".encode()).hexdigest()

    body = {
        "event": "meeting.ended",
        "event_ts": 5,
        "download_token": "t",
        "payload": {"object": {"uuid": "é=", "id": 7}},
    }
    got = verify_zoom(zoom, body)
    kept = {"event": "meeting.ended", "event_ts": "5", "payload": {"object": {"uuid": "é=", "id": "7"}}}
    assert got.key == digest("webhookReceiver", "meeting.ended", "body", content=kept)
    assert got.subject == "é="
    lamp = folder(TRIGGER.format(more=""))
    assert read(lamp, {"kind": "on", "id": 7}, KEY).key == digest("lamps", "on", "id", "7")
    bare = read(lamp, {"kind": "on", "id": None}, KEY)
    assert bare.key == bare.subject == digest("lamps", "on", "body", content={"kind": "on", "id": None})


@pytest.mark.parametrize("headers", [{}, {"x-kind": ["é"]}, {"x-kind": ["a", "b"]}])
def test_a_key_of_headers_and_of_bytes_is_what_it_was_in_every_version_too(folder, headers):
    def digest(name, basis, text):
        head = json.dumps(["lamps", name, basis, headers.get("x-kind", [])], separators=(",", ":"))
        return hashlib.sha256(f"{head}{text}".encode()).hexdigest()

    lamps = folder(TRIGGER.format(more="").replace("name: kind", "name: header.x-kind")).manifest.triggers["lamps"]
    builder, raw = KeyBuilder("lamps", lamps), b"no JSON"
    for _ in range(2):
        assert builder.build_key(b'{"n": 1.50}', {"n": 1.5}, "on", headers) == digest("on", "body", '{"n":"1.50"}')
        assert builder.build_raw_key(raw, headers) == digest("", "bytes", hashlib.sha256(raw).hexdigest())


@pytest.mark.parametrize(("length", "kept"), [(200, True), (201, False)])
def test_what_a_long_event_is_about_is_the_same_for_its_events_and_no_others(zoom, length, kept):
    def got(name, uuid):
        return verify_zoom(zoom, build_event(name, object={"uuid": uuid}))

    one, two, other = got("a.b", "u" * length), got("a.c", "u" * length), got("a.b", "v" * length)
    assert one.subject == two.subject != other.subject
    assert one.key != two.key
    assert one.subject == ("u" * 200 if kept else hashlib.sha256(b"u" * 201).hexdigest())


def test_a_kept_event_is_read_again_with_the_key_that_it_had(zoom):
    got = verify_zoom(zoom, build_event("meeting.ended", object={"uuid": "u"}))
    again = verifier_for(zoom).restore_event(got.raw, got.name, "kept-key")
    kept = verifier_for(GITHUB).restore_event(b'{"repository": {"id": 9}}', "issues", "kept-key")
    assert (kept.key, kept.name, kept.subject) == ("kept-key", "issues", "9")
    assert (again.key, again.name, again.object, again.subject, again.data) == (
        "kept-key", got.name, got.object, got.subject, got.data,
    )  # fmt: skip


@pytest.mark.parametrize("host", ["[::1", "a]b", "\u2100.example", ""])
def test_a_query_is_read_whatever_a_sender_wrote_as_the_host(folder, host):
    connector = folder(
        "triggers:\n  lamps:\n    label: Lamps\n    summary: Receive lamps.\n    token: query.key\n    event: {name: kind}\n"
        "    inputs: {key: {label: K, help: K., type: password, required: true}}\n"
    )
    event = verify_webhook(connector, KEY, {}, b'{"kind": "on"}', url=f"https://{host}/hook?key={KEY}#key=2")
    assert isinstance(event, Event)
    assert event.name == "on"
