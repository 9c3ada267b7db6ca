"""Events are signed as the connector's trigger describes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.servers import GivenClock

from connector import Connector, errors
from connector.definition.events import EventType
from connector.runtime.webhooks.verify import verifier_for, verify_webhook
from connector.sandbox.events.samples import EventSamples
from connector.sandbox.events.sender import EventSender, build_signed_delivery, get_samples, get_sandbox_secret

URL = "http://127.0.0.1:9/events"


SIGNED_ELSEWHERE = {
    "label": "Hook", "summary": "Hear of orders.",
    "inputs": {"hookSecret": {"label": "Secret", "help": "The secret.", "type": "password", "required": True}},
    "signature": {"header": "webhook-signature", "timestamp": "header.webhook-timestamp", "id": "header.webhook-id",
                  "payload": "{id}.{timestamp}.{body}", "format": "v1,{base64}", "separator": " ", "digest": "base64",
                  "secret": "base64", "secret_prefix": "whsec_"},
    "event": {"name": "header.x-topic", "at": "sent", "object": "."}, "dedupe": ["header.webhook-id"], "max_age": 300,
}  # fmt: skip


def test_another_services_way_to_sign_is_played_too(shop):
    manifest = shop.manifest.model_copy(
        update={"triggers": {"hook": type(verifier_for(Connector.open()).trigger).model_validate(SIGNED_ELSEWHERE)}}
    )
    other = Connector(shop.folder, manifest)
    sender = EventSender(other, URL, get_sandbox_secret(other), http=object(), clock=GivenClock())
    kind = EventType(name="order.paid", group="orders", body={"sent": "milliseconds", "total": "integer"})
    body = EventSamples(other, manifest.triggers["hook"]).build_body(kind, sender.clock.time())
    assert set(body) == {"sent", "total"}, "its name goes in a header"
    raw = json.dumps(body).encode()
    got = verify_webhook(
        other, get_sandbox_secret(other), sender.build_headers("order.paid", raw), raw, now=sender.clock.time()
    )
    assert got.name == "order.paid"


def test_a_delivery_to_test_with_is_one_that_verifies(zoom):
    headers, body = build_signed_delivery(zoom, "user.activated")
    assert verify_webhook(zoom, get_sandbox_secret(zoom), headers, body).name == "user.activated"
    assert build_signed_delivery(zoom, "user.activated", now=1.8e9) == build_signed_delivery(
        zoom, "user.activated", now=1.8e9
    )
    other = build_signed_delivery(zoom, "user.activated", secret="a-secret-of-mine", now=1.8e9, count=2)
    assert verify_webhook(zoom, "a-secret-of-mine", *other, now=1.8e9).object["id"]
    with pytest.raises(errors.UsageError, match=r"Did you mean 'user\.activated'\?"):
        build_signed_delivery(zoom, "user.activate")


def other_shop(shop, event, dedupe, **signature):
    described = {**SIGNED_ELSEWHERE, "event": event, "dedupe": dedupe}
    if signature:
        described["signature"] = signature
    trigger = type(verifier_for(Connector.open()).trigger).model_validate(described)
    return Connector(shop.folder, shop.manifest.model_copy(update={"triggers": {"hook": trigger}}))


def deliver(connector, body_types, name="page.content_updated", count=1, seed=None):
    """Return what a receiver reads from an event of these types."""
    sender = EventSender(connector, URL, get_sandbox_secret(connector), http=object(), clock=GivenClock(), seed=seed)
    kind = EventType(name=name, group="g", body=body_types)
    body = get_samples(connector, seed=seed).build_body(kind, sender.clock.time(), count)
    (event,) = sender.read(sender.build_delivery(name, body))
    return event


@pytest.mark.parametrize("path", ["type", "what.type", '"event.type"', "list.0.type"])
@pytest.mark.parametrize("type_", ["string", "id", "integer"])
def test_an_event_has_its_name_even_where_its_schema_names_that_field(shop, path, type_):
    other = other_shop(shop, {"name": path}, {"id": ["header.webhook-id"]})
    types = {"type": type_, "event.type": type_, "what": {"type": type_}, "list": [{"type": type_}], "id": "uuid"}
    assert deliver(other, types).name == "page.content_updated"


@pytest.mark.parametrize("type_", ["string", "id", "uuid", "integer", "integer id", "digits", "number"])
def test_an_id_that_identifies_alone_is_new_for_each_event(shop, type_):
    other = other_shop(shop, {"name": "type"}, ["id"])
    assert len({deliver(other, {"id": type_}, count=count).key for count in range(1, 6)}) == 5


def test_all_that_a_trigger_reads_from_headers_is_sent(shop):
    fields = {"name": "header.X-Topic", "at": "header.X-At", "unit": "iso", "account": "header.X-Shop"}
    other = other_shop(shop, fields, ["header.X-Webhook-Id"], header="x-sig", payload="{body}", format="{hex}")
    one, again = deliver(other, {"n": "integer"}), deliver(other, {"n": "integer"})
    assert (one.name, one.account, one.at) == ("page.content_updated", "account-of-the-sandbox", again.at)
    assert one.at is not None
    assert one.key != again.key
    assert deliver(other, {"n": "integer"}, seed="s").key == deliver(other, {"n": "integer"}, seed="s").key


SCRIPT = """
import json
from connector import Connector
from connector.sandbox.events.sender import build_signed_delivery
seeds = (None, "a-seed")
zoom = Connector.open()
deliveries = [build_signed_delivery(zoom, "meeting.started", now=1.8e9, seed=seed)[1].decode() for seed in seeds]
print(json.dumps(deliveries))
"""


def test_two_processes_send_no_event_twice_unless_a_seed_asks_for_it():
    def run():
        return json.loads(subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True).stdout)

    one, other = run(), run()
    assert json.loads(one[0])["payload"]["object"]["uuid"] != json.loads(other[0])["payload"]["object"]["uuid"]
    assert json.loads(one[0])["payload"]["object"]["id"] != json.loads(other[0])["payload"]["object"]["id"]
    assert json.loads(one[0])["payload"]["account_id"] == json.loads(other[0])["payload"]["account_id"]
    assert one[1] == other[1]


def test_a_process_that_was_forked_has_a_seed_of_its_own():
    from connector.sandbox.events.samples import get_process_seed

    def seed_of_child():
        read_end, write_end = os.pipe()
        if (child := os.fork()) == 0:
            os.write(write_end, get_process_seed().encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            return pipe.read()

    own = get_process_seed()
    assert len({own, get_process_seed(), seed_of_child(), seed_of_child()}) == 3
