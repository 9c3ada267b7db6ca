"""What tells two events apart, and what a copy of one may differ in: over every kind of event that is described."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import re
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, reject
from hypothesis import strategies as some
from support.signature_schemes import KEY, NOW

from connector import Connector
from connector.core.webhook.delivery import Delivery
from connector.core.webhook.identity import KeyBuilder
from connector.core.webhook.verifier import WebhookVerifier
from connector.definition.trigger import Trigger
from connector.errors import WebhookError
from connector.runtime.webhooks.verify import verifier_for, verify_webhook

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "openapi" / "zoom_webhooks.tar.xz"
MAX_DEPTH = 8  # of a description that contains itself
ZOOM = Connector.open()
TOKEN_FIELDS = ("download_token", "callback_token")
TRIGGER = {
    "label": "Hook", "summary": "Hear of orders.",
    "signature": {"header": "x-sig", "payload": "{body}", "format": "{hex}"},
    "event": {"name": "kind"},
}  # fmt: skip


def key_of(body, headers=(), **trigger):
    """Return the key of a delivery of a trigger."""
    verifier = WebhookVerifier("hook", Trigger.model_validate({**TRIGGER, **trigger}))
    raw = json.dumps(body).encode()
    return verifier.verify([KEY], [*verifier.sign(KEY, 0, raw).items(), *headers], raw, NOW).key


def zoom_key(body):
    raw = json.dumps(body).encode()
    secret = "a-secret-of-the-tests"
    return verify_webhook(ZOOM, secret, verifier_for(ZOOM).sign(secret, int(NOW), raw), raw, now=NOW).key


# Every kind of event


def types_of_catalogue():
    """Return the body of each kind of the catalogue, with types for values."""
    return {name: kind.body for name, kind in ZOOM.events.items()}


def types_of_description():
    """Return the body of each kind that a newer description has, where this machine has it."""
    bodies = {}
    with tarfile.open(REFERENCE) as archive:
        for member in archive:
            document = json.load(archive.extractfile(member)) if member.isfile() else {}
            for name, item in document.get("webhooks", {}).items():
                content = item["post"].get("requestBody", {}).get("content", {})
                schema = next((one["schema"] for one in content.values() if "schema" in one), None)
                if schema is not None:
                    bodies[f"{member.name} {name}"] = types_of_schema(schema, document)
    return bodies


def types_of_schema(schema, document, depth=0):
    """Return the structure that a JSON Schema describes, with types for values."""
    schema = resolve(schema, document)
    alternatives = (*schema.get("allOf", ()), *schema.get("oneOf", ())[:1], *schema.get("anyOf", ())[:1])
    parts = [resolve(part, document) for part in alternatives]
    properties = {name: item for part in (*parts, schema) for name, item in part.get("properties", {}).items()}
    if depth > MAX_DEPTH:
        return "string"
    if properties:
        return {name: types_of_schema(item, document, depth + 1) for name, item in properties.items()}
    if "items" in schema:
        return [types_of_schema(schema["items"], document, depth + 1)]
    return str(schema.get("type", "string"))


def resolve(schema, document):
    """Return a schema, or the one that it refers to; empty where the description is wrong."""
    target = document if isinstance(schema, dict) and "$ref" in schema else schema
    for name in schema["$ref"].removeprefix("#/").split("/") if target is document else ():
        target = target.get(name, {})
    return target if isinstance(target, dict) else {}


def draw_body(types, draw):
    """Return a body of these types with drawn values."""
    if isinstance(types, dict):
        return {name: draw_body(item, draw) for name, item in types.items()}
    if isinstance(types, list):
        return [draw_body(item, draw) for item in types]
    if types in ("integer", "number", "milliseconds", "integer id"):
        return draw.randrange(10**9)
    if types == "boolean":
        return draw.random() < 0.5
    if types == "url":
        return f"https://files.example.com/{draw.randrange(10**9)}?access_token={draw.randrange(10**9)}&page=1"
    return f"v{draw.randrange(10**9)}"


def leaf_paths(body, path=()):
    if isinstance(body, dict | list):
        for name, item in body.items() if isinstance(body, dict) else enumerate(body):
            yield from leaf_paths(item, (*path, name))
    else:
        yield path


def change_leaf(body, path, change):
    """Return a copy of a body with one value changed."""
    changed = copy.deepcopy(body)
    holder = changed
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = change(holder[path[-1]])
    return changed


def different(value):
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}x" if "?" not in value else value.replace("?", "x?")


def new_tokens(body):
    """Return a copy as a service may send it again: with other tokens, alone and in URLs."""
    if isinstance(body, dict):
        return {name: "another" if name in TOKEN_FIELDS else new_tokens(item) for name, item in body.items()}
    if isinstance(body, list):
        return [new_tokens(item) for item in body]
    is_link = isinstance(body, str) and "?access_token=" in body
    return body.replace("?access_token=", "?access_token=another") if is_link else body


@pytest.mark.parametrize("source", [types_of_catalogue, types_of_description])
def test_events_that_differ_in_one_value_are_two_and_copies_with_new_tokens_are_one(source):
    if source is types_of_description and not REFERENCE.is_file():
        pytest.skip(f"{REFERENCE.name}, a newer description of the service's events, is not on this machine")
    draw, wrong, kinds = random.Random(1), [], source()
    for name, types in kinds.items():
        body = draw_body({"event": "string", **types} if isinstance(types, dict) else {"event": "string"}, draw)
        body["event"] = name.rpartition(" ")[2]
        key = zoom_key(body)
        changes = [path for path in leaf_paths(body) if path[-1] not in TOKEN_FIELDS]
        wrong += [(name, path) for path in changes if zoom_key(change_leaf(body, path, different)) == key]
        wrong += [(name, "copy")] if zoom_key(new_tokens(body)) != key else []
    assert len(kinds) >= 534
    assert wrong == []


@given(some.recursive(some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False)
                      | some.text(), lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner)))  # fmt: skip
def test_a_body_that_is_written_another_way_is_a_copy(value):
    body = {"event": "a.b", "value": value, "event_ts": 5}
    text = json.dumps(dict(reversed(body.items())), indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")
    secret = "a-secret-of-the-tests"
    other = verify_webhook(ZOOM, secret, verifier_for(ZOOM).sign(secret, int(NOW), text), text, now=NOW)
    assert other.key == zoom_key(body)


def test_no_number_is_rounded():
    def key(number):
        raw, secret = b'{"event":"a.b","value":%b}' % number, "a-secret-of-the-tests"
        return verify_webhook(ZOOM, secret, verifier_for(ZOOM).sign(secret, int(NOW), raw), raw, now=NOW).key

    assert (
        len({key(b"0.1"), key(b"0.10000000000000000001"), key(b"1"), key(b"1" + b"0" * 400), key(b"1" + b"0" * 401)})
        == 5
    )


TEXTS = some.text() | some.sampled_from(
    ["https://a.b/?token=1&c=2#jwt=3", "http://a.b/#zak=\x7f", "a?tk=1://", "\x7f", "\ud83d", "\u2028/", *TOKEN_FIELDS]
)
LITERALS = some.sampled_from(["-0", "0", "-0.0", "1.0", "1E5", "1e400", "0.10000000000000000001", "9" * 400])
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | LITERALS.map(lambda text: f"<{text}>") | TEXTS,
    lambda inner: some.lists(inner) | some.dictionaries(TEXTS, inner),
)


def key_in_the_inboxes_of_earlier_releases(raw):
    """Return the key of an event as the standard library alone makes it, which wrote those that are kept."""

    def take_out(value):
        if isinstance(value, dict):
            return {name: take_out(item) for name, item in value.items() if name not in TOKEN_FIELDS}
        if isinstance(value, list):
            return [take_out(item) for item in value]
        is_url = isinstance(value, str) and value.startswith(("https://", "http://"))
        return re.sub(r"([?&#])(?:access_token|token|jwt|tk|zak)=[^&#]*&?", r"\1", value) if is_url else value

    data = take_out(json.loads(raw, parse_int=str, parse_float=str))
    head = json.dumps(["webhookReceiver", data["event"], "body"], separators=(",", ":"))
    return hashlib.sha256((head + json.dumps(data, sort_keys=True, separators=(",", ":"))).encode()).hexdigest()


@given(VALUES, some.booleans())
def test_keys_are_those_in_the_inboxes_of_earlier_releases(value, is_ascii):
    text = json.dumps({"event": "a.b", "value": value, "event_ts": 5, "again": 1}, ensure_ascii=is_ascii)
    text = re.sub(r'"<([-+.0-9eE]+)>"', r"\1", text).replace('"again"', '"event_ts"')
    raw, secret = text.encode("utf-8", "surrogatepass"), "a-secret-of-the-tests"
    try:
        event = verify_webhook(ZOOM, secret, verifier_for(ZOOM).sign(secret, int(NOW), raw), raw, now=NOW)
    except WebhookError:  # a lone surrogate is no UTF-8; a key in the place of a value is no JSON
        reject()
    assert event.key == key_in_the_inboxes_of_earlier_releases(raw)


@pytest.mark.parametrize("depth", [100, 150])
def test_a_body_of_many_levels_is_an_event(depth):
    def nested(value):
        return b'{"event":"a.b","payload":' + b"[" * depth + value + b"]" * depth + b"}"

    secret = "a-secret-of-the-tests"
    keys = {
        verify_webhook(ZOOM, secret, verifier_for(ZOOM).sign(secret, int(NOW), raw), raw, now=NOW).key
        for raw in (nested(b"1"), nested(b"2"), nested(b" 2"))
    }
    assert len(keys) == 2


def test_a_body_that_is_too_deep_to_walk_is_told_apart_by_its_bytes(monkeypatch):
    def overflow(*_):
        raise RecursionError

    monkeypatch.setattr(KeyBuilder, "_normalize", overflow)
    one, other = {"kind": "a", "n": 1}, {"kind": "a", "n": 2}
    assert key_of(one) == key_of(one) != key_of(other)


# What `dedupe` says


def test_an_id_alone_tells_events_apart_where_all_of_it_is_there():
    parts = {"dedupe": ["id", "state"]}
    one = {"kind": "a", "id": 5, "state": "sent", "time": 1}
    assert key_of(one, **parts) == key_of({**one, "time": 2}, **parts) == key_of({**one, "id": "5"}, **parts)
    assert key_of(one, **parts) != key_of({**one, "state": "read"}, **parts)


@pytest.mark.parametrize("missing", [{}, {"id": None}, {"id": ""}, {"id": [1]}, {"id": {}}])
def test_where_a_part_of_the_id_is_missing_the_whole_body_counts(missing):
    parts = {"dedupe": ["id", "state"]}
    one = {"kind": "a", "state": "sent", "time": 1, **missing}
    assert key_of(one, **parts) == key_of(dict(reversed(one.items())), **parts)
    assert key_of(one, **parts) != key_of({**one, "time": 2}, **parts)


def test_events_of_two_names_are_two_whatever_their_id_is():
    assert key_of({"kind": "a", "id": 1}, dedupe=["id"]) != key_of({"kind": "b", "id": 1}, dedupe=["id"])


def test_a_header_that_is_the_id_identifies_alone_and_one_that_comes_twice_does_not():
    rules = {"dedupe": ["header.X-Delivery"]}
    one, other = {"kind": "a", "n": 1}, {"kind": "a", "n": 2}
    assert key_of(one, [("x-delivery", "d1")], **rules) == key_of(other, [("X-DELIVERY", "d1")], **rules)
    assert key_of(one, [("x-delivery", "d1")], **rules) != key_of(one, [("x-delivery", "d2")], **rules)
    twice = [("x-delivery", "d1"), ("x-delivery", "d1")]
    assert key_of(one, twice, **rules) != key_of(other, twice, **rules)


def test_what_is_read_from_headers_tells_events_apart_too_unless_it_is_ignored():
    fields = {"name": "kind", "account": "header.X-Shop", "at": "header.X-At"}

    def key(shop, at, **dedupe):
        return key_of({"kind": "a"}, [("x-shop", shop), ("x-at", at)], event=fields, dedupe=dedupe)

    assert len({key("s1", "1"), key("s2", "1"), key("s1", "2")}) == 3
    ignore = {"paths": ["header.X-At"]}
    assert key("s1", "1", ignore=ignore) == key("s1", "2", ignore=ignore) != key("s2", "2", ignore=ignore)


def test_only_the_parts_that_change_are_ignored_where_they_stand():
    rules = {"dedupe": {"ignore": {"paths": ["try", "list.1.n", "deep.none"], "fields": ["token"], "query": ["sig"]}}}
    one = {"kind": "a", "data": {"try": 1}, "list": [{"n": 1}, {"n": 1}], "link": "https://a.b/c?d=1&sig=x&e=2#sig=y"}

    def is_copy(**changes):
        return key_of(one, **rules) == key_of({**one, **changes}, **rules)

    assert is_copy(**{"try": 2})
    assert is_copy(token="t")
    assert is_copy(list=[{"n": 1}, {"n": 5}])
    assert is_copy(data={"try": 1, "token": {"at": "any depth"}})
    assert is_copy(link="https://a.b/c?d=1&sig=&e=2#sig=")
    assert not is_copy(data={"try": 2})
    assert not is_copy(list=[{"n": 5}, {"n": 1}])
    assert not is_copy(link="https://a.b/c?d=2&sig=x&e=2#sig=y")
    assert not is_copy(link="no link: ?sig=z")
    assert not is_copy(deep="none")


@pytest.mark.parametrize(
    ("pair", "other"),
    [
        ({"event": "app_deauthorized", "payload": {"account_id": "A", "user_id": "U1"}}, {"payload": {"account_id": "A", "user_id": "U2"}}),
        ({"event": "bot_notification", "payload": {"accountId": "A", "cmd": "hello"}}, {"payload": {"accountId": "A", "cmd": "bye"}}),
        ({"event": "a", "value": True}, {"value": 1}),
        ({"event": "a", "value": None}, {}),
        ({"event": "a", "value": [1, 2]}, {"value": [2, 1]}),
        ({"event": "a", "value": [[1], 2]}, {"value": [1, [2]]}),
        ({"event": "a", "value": "1.0"}, {"value": 1}),
        ({"event": "a", "value": 2**70}, {"value": 2**70 + 1}),
        ({"event": "a", "value": "pre_download_token_x"}, {"value": "pre_download_token_y"}),
        ({"event": "a", "value": {"https://a.b/?jwt=1": 1}}, {"value": {"https://a.b/?jwt=2": 1}}),
        ({"event": "a", "value": "\ud83d"}, {"value": "\ud83e"}),
    ],
)  # fmt: skip
def test_events_that_look_alike_have_two_keys(pair, other):
    assert zoom_key(pair) != zoom_key({"event": pair["event"], **other})


# What an event is, from where it is said


@pytest.mark.parametrize(
    ("unit", "value", "at"),
    [
        ("s", "1767225600", 1767225600.0),
        ("ms", 1767225600500, 1767225600.5),
        ("iso", "2026-01-01T01:00:00+01:00", 1767225600.0),
        ("iso", "2026-01-01T00:00:00Z", 1767225600.0),
        ("iso", "2026-01-01T00:00:00", 1767225600.0),
        ("iso", 1767225600, None),
        ("iso", "0001-01-01T00:00:00+14:00", None),
        ("iso", "yesterday", None),
        ("iso", "2" * 5000, None),
        ("s", "2026-01-01", None),
        ("s", "\uff11\uff17", None),
    ],
)
def test_the_time_of_an_event_is_read_as_its_service_writes_it(unit, value, at):
    trigger = Trigger.model_validate({**TRIGGER, "event": {"name": "kind", "at": "sent", "unit": unit}})
    verifier = WebhookVerifier("hook", trigger)
    raw = json.dumps({"kind": "a", "sent": value}).encode()
    got = verifier.verify([KEY], verifier.sign(KEY, 0, raw), raw, NOW)
    assert (got.at and got.at.timestamp()) == at


def test_what_came_in_headers_is_there_when_a_kept_event_is_read_again():
    fields = {"name": "header.X-Topic", "at": "header.X-At", "account": "header.X-Shop", "subject": ["header.X-Order"]}
    verifier = WebhookVerifier("hook", Trigger.model_validate({**TRIGGER, "event": fields, "dedupe": ["id"]}))
    headers = {"X-Topic": "orders/paid", "X-At": "1767225600", "X-Shop": "a.example", "X-Order": "7", "X-More": "no"}
    got = verifier.verify([KEY], {**verifier.sign(KEY, 0, b'{"id":1}'), **headers}, b'{"id":1}', NOW)
    assert (got.account, got.at.timestamp(), got.subject) == ("a.example", 1767225600.0, "7")
    assert set(got.headers) == {"x-topic", "x-at", "x-shop", "x-order"}
    assert verifier.restore_event(got.raw, got.name, got.key, got.headers) == got


@pytest.mark.parametrize(("value", "account"), [(62515, "62515"), ("a", "a"), (True, None), (1.5, None), ([], None)])
def test_the_account_of_an_event_is_text(value, account):
    verifier = WebhookVerifier(
        "hook", Trigger.model_validate({**TRIGGER, "event": {"name": "kind", "account": "portalId"}})
    )
    raw = json.dumps({"kind": "a", "portalId": value}).encode()
    assert verifier.verify([KEY], verifier.sign(KEY, 0, raw), raw, NOW).account == account


def test_what_cannot_be_read_is_kept_by_its_bytes_and_read_again_under_the_key_that_it_had():
    older = WebhookVerifier("hook", Trigger.model_validate({**TRIGGER, "event": {"name": "type"}}))
    newer = WebhookVerifier("hook", Trigger.model_validate({**TRIGGER, "event": {"name": "kind"}}))

    def read(raw):
        (event,) = older.verify_delivery({older.key_name: [KEY.encode()]}, Delivery(older.sign(KEY, 0, raw), raw), NOW)
        assert (event.name, event.error is not None, event.raw) == ("", True, raw)
        return event

    kept = read(b'{"kind":"a"}')
    assert kept.key == read(b'{"kind":"a"}').key != read(b'{"kind":"b"}').key
    restored = newer.restore_event(kept.raw, kept.name, kept.key, kept.headers)
    assert (restored.name, restored.key, restored.error) == ("a", kept.key, None)
    with pytest.raises(WebhookError):
        older.restore_event(kept.raw, kept.name, kept.key, kept.headers)
    assert read(b"no JSON").data == {}
