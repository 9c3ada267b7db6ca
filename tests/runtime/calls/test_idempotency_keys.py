"""Idempotency keys: wherever a service wants them, all attempts of a write carry one, and it happens once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from connector import Client, Connector, errors
from connector.core.exchange.plan import compile_action
from connector.core.request.idempotency import add_idempotency_key, takes_key
from connector.definition.action import Action
from connector.definition.manifest import Idempotency, Manifest
from connector.integrations import work
from connector.sandbox.sandbox import Sandbox

SQUARE = Path(__file__).parents[2] / "connectors" / "square"  # idempotency: {to: body.idempotency_key}
RAW = {"source_id": "s", "amount_money": {"amount": 1, "currency": "USD"}}
PAYMENT = {"source": "cnon:card", "amount": 1000}


@pytest.fixture
def square():
    return Connector.open(SQUARE)


@pytest.fixture
def sandbox(square):
    return Sandbox(square)


@pytest.fixture
def client(square, sandbox):
    with sandbox.open_client() as one:
        yield one


def keys_of(sandbox):
    return [request.body.get("idempotency_key") for request in sandbox.requests if request.method == "POST"]


def test_a_payment_whose_reply_was_lost_is_made_once(client, sandbox):
    before = len(client.run("listPayments").data["payments"])
    sandbox.drop_reply("createPayment")
    assert client.run("createPayment", PAYMENT).attempts == 2
    first, second = keys_of(sandbox)
    assert (first, len(first)) == (second, 36)
    assert len(client.run("listPayments").data["payments"]) == before + 1


def test_each_call_has_a_key_of_its_own_unless_one_is_given(client, sandbox):
    client.run("createPayment", PAYMENT)
    client.run("createPayment", PAYMENT, idempotency_key="order-81")
    client.run("createPayment", PAYMENT, idempotency_key="if-known:order-82")
    keys = keys_of(sandbox)
    assert (len({*keys}), keys[1:]) == (3, ["order-81", "order-82"])


def test_a_raw_request_keeps_the_key_of_its_own_body(client, sandbox):
    client.request("POST", "/payments", data={**RAW, "idempotency_key": "mine"})
    client.request("POST", "/payments", data=RAW, idempotency_key="other")
    assert keys_of(sandbox) == ["mine", "other"]


def test_a_body_without_fields_takes_no_key(client, sandbox):
    with pytest.raises(errors.UsageError, match="no place for an idempotency key"):
        client.request("POST", "/payments", data=[1, 2], idempotency_key="k")
    assert sandbox.requests == []


def test_engines_make_a_keyed_write_again_and_no_other(client):
    assert work.may_repeat_blindly("createPayment", PAYMENT, client=client)
    assert not work.may_repeat_blindly("createPayment", PAYMENT, client=client, since=1.0)


def action(**words):
    head = {"action": "add", "label": "A", "summary": "A.", "request": "POST /things"}
    return Action.model_validate({**head, **words})


@pytest.mark.parametrize(
    ("words", "takes"),
    [
        ({}, True),
        ({"body": "form"}, True),
        ({"body": "text", "inputs": {}}, False),
        ({"request": "DELETE /things"}, False),
        ({"inputs": {"all": {"label": "L", "help": "H.", "type": "json", "to": "body"}}}, False),
    ],
)
def test_a_key_of_the_body_needs_a_body_with_fields(words, takes):
    assert takes_key(action(**words), Idempotency(to="body.key")) is takes
    assert takes_key(action(**words), Idempotency(to="header.Key"))


@pytest.mark.parametrize(
    ("to", "body", "where"),
    [
        ("header.X-Key", "json", lambda request: dict(request.headers)["X-Key"]),
        ("query.requestId", "json", lambda request: dict(request.query)["requestId"]),
        ("body.meta.key", "json", lambda request: request.body.value["meta"]["key"]),
        ("body.key", "form", lambda request: dict(request.body.value)["key"]),
    ],
)
def test_the_key_goes_where_the_manifest_says(to, body, where, tmp_path):
    manifest = {"connector": "lamp", "label": "L", "summary": "S.", "base_url": "https://lamp.example"}
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(json.dumps({**manifest, "allowed_hosts": ["lamp.example"]}))
    (tmp_path / "actions" / "add.yaml").write_text(json.dumps({
        "action": "add", "label": "A", "summary": "A.", "request": "POST /things", "body": body,
        "inputs": {"name": {"label": "N", "help": "N.", "type": "string", "to": f"{'form' if body == 'form' else 'body'}.name"}},
    }))  # fmt: skip
    plan = compile_action(Connector.open(tmp_path), "add")
    settings = Idempotency(to=to)
    keyed = add_idempotency_key(plan.build_request({"name": "a"}), plan.action, settings, "k-1")
    assert (keyed.key, where(keyed.request)) == ("k-1", "k-1")
    again = add_idempotency_key(keyed.request, plan.action, settings, "k-2")
    assert again.key == "k-1"
    assert again.request == keyed.request


def test_a_header_may_be_named_by_itself_but_one_place_is_enough():
    head = {"connector": "lamp", "label": "L", "summary": "S.", "base_url": "https://lamp.example"}
    manifest = Manifest.model_validate({**head, "idempotency": {"to": "header.Idempotency-Key"}})
    assert str(manifest.idempotency.location) == "header.Idempotency-Key"
    for wrong in ({}, {"header": "A", "to": "header.A"}, {"to": "path.key"}):
        with pytest.raises(ValidationError):
            Idempotency.model_validate(wrong)


def test_a_dry_run_shows_the_key_in_the_body(square):
    connection = Sandbox(square).connection
    assert "idempotency_key" in Client(square, connection).dry_run("createPayment", PAYMENT).body.value
