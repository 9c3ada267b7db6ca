"""Events are signed as the connector's trigger describes."""

from __future__ import annotations

import json

import pytest
from support.servers import GivenClock

from connector import Connector, errors
from connector.definition.events import EventType
from connector.runtime.webhooks.verify import verifier_for, verify_webhook
from connector.sandbox.events.samples import EventSamples
from connector.sandbox.events.sender import EventSender, build_signed_delivery, get_sandbox_secret

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
