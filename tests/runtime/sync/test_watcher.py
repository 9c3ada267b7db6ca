"""Handlers get what changes at a service without webhooks as they get its webhooks."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from support import private_postgres

from connector import Client, Connector, Watcher, errors
from connector.runtime.records.records import Records
from connector.runtime.records.tables import PURGED_FEED
from connector.runtime.webhooks.inbox import TABLE
from connector.sandbox.sandbox import Sandbox

MANIFEST = """format: 1
version: 1.0.0
connector: shop
label: Shop
summary: Sell things.
docs: https://shop.example/docs
base_url: https://api.shop.example
allowed_hosts: []
pagination: {style: none}
connections:
  token:
    label: Token
    kind: bearer
    inputs: {accessToken: {label: Token, help: The token., type: password, required: true}}
triggers:
  orders:
    label: Orders
    summary: Tell of orders.
    watch: {resources: [orders], every: 1m}
resources:
  orders: {list: /orders, item: "/orders/{orderId}", id: id, seed: [{id: "1", state: open}]}
"""
ACTIONS = {
    "list-orders": "action: listOrders\nrequest: GET /orders\npagination: {items: orders}\n"
    "returns: {help: All., example: {orders: [{id: '1', state: open}]}}\n",
    "update-order": "action: updateOrder\nrequest: PATCH /orders/{orderId}\n"
    "inputs:\n  orderId: {label: Id, help: The id., type: string, required: true, to: path.orderId}\n"
    "  state: {label: State, help: The state., type: string, to: body.state}\n"
    "returns: {help: It., example: {id: '1', state: open}}\n",
    "delete-order": "action: deleteOrder\nrequest: DELETE /orders/{orderId}\n"
    "inputs:\n  orderId: {label: Id, help: The id., type: string, required: true, to: path.orderId}\n"
    "returns: {help: Nothing., example: {}}\n",
}


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request, tmp_path):
    folder = tmp_path / "shop"
    (folder / "actions").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(MANIFEST)
    for name, text in ACTIONS.items():
        head = f"label: {name}\nsummary: Do it.\ndocs: https://shop.example/docs#x\n"
        (folder / "actions" / f"{name}.yaml").write_text(head + text)
    connector = Connector.open(folder)
    sandbox = Sandbox(connector)
    is_local = request.param == "sqlite"
    url = "" if is_local else private_postgres.fresh()
    with Records(url or f"sqlite:///{tmp_path / 'records.sqlite'}") as records:
        client = Client(connector, sandbox.connection, http=sandbox.http, records=records)
        watcher = Watcher(client, inbox=url or f"sqlite:///{tmp_path / 'inbox.sqlite'}")
        other = Client(connector, sandbox.connection, http=sandbox.http)
        yield SimpleNamespace(sandbox=sandbox, records=records, client=client, watcher=watcher, other=other)
        watcher.inbox.close()


async def deliver(watcher, count):
    """Return the events that a handler gets."""
    got = []
    is_done = asyncio.Event()

    async def handle(event):
        got.append(event)
        if len(got) == count:
            is_done.set()

    watcher.on()(handle)
    async with watcher.lifespan():
        await asyncio.wait_for(is_done.wait(), 10)
    return got


def test_what_is_there_at_first_is_no_news_and_what_changes_is(shop):
    assert shop.watcher.poll() == 0
    shop.sandbox.seed("orders", [{"id": "2", "state": "new"}])
    shop.other.run("updateOrder", {"orderId": "1", "state": "paid"})
    assert shop.watcher.poll() == 2
    shop.other.run("deleteOrder", {"orderId": "2"})
    assert shop.watcher.poll() == 1
    assert shop.watcher.poll() == 0
    events = {event.name: event for event in asyncio.run(deliver(shop.watcher, 3))}
    assert set(events) == {"orders.created", "orders.updated", "orders.deleted"}
    updated = events["orders.updated"]
    assert (updated.object["id"], updated.object["state"]) == ("1", "paid")
    assert (updated.account, updated.trigger, updated.subject) == ("sandbox", "orders", "orders 1")
    assert updated.at is not None
    assert len({event.key for event in events.values()}) == 3


def test_a_handler_gets_a_change_while_it_watches(shop):
    often = Watcher(shop.client, inbox=shop.watcher.inbox, every="100ms")
    often.poll()
    shop.sandbox.seed("orders", [{"id": "3"}])
    [event] = asyncio.run(deliver(often, 1))
    assert (event.name, event.object["id"]) == ("orders.created", "3")


def test_the_changes_of_calls_are_told_without_a_reading(shop, tmp_path):
    shop.watcher.poll()
    shop.client.run("updateOrder", {"orderId": "1", "state": "paid"})
    assert shop.watcher.store_changes() == 1


def test_a_process_that_dies_before_it_noted_its_place_stores_nothing_twice(shop):
    shop.watcher.poll()
    shop.client.run("updateOrder", {"orderId": "1", "state": "paid"})
    place = shop.records.find_feed("shop.orders sandbox")
    shop.watcher.store_changes()
    shop.records.save_feed("shop.orders sandbox", place)
    assert shop.watcher.store_changes() == 1
    assert len(shop.watcher.inbox.find(TABLE.c.id > 0, 10)) == 1


def test_a_reading_that_fails_is_told_and_made_again(shop, caplog):
    shop.watcher.poll()
    shop.sandbox.seed("orders", [{"id": "3"}])
    shop.sandbox.add_fault("html:1")
    with pytest.raises(errors.ConnectorError):
        shop.watcher.poll()
    assert shop.watcher.poll() == 1


def test_one_process_reads_at_a_time(shop):
    shop.watcher.poll()
    shop.sandbox.seed("orders", [{"id": "3"}])
    with shop.records.hold("watch shop.orders sandbox") as is_ours:
        assert is_ours
        assert shop.watcher.poll() == 0  # that one reads it
    assert shop.watcher.poll() == 1


def test_a_watcher_without_polling_follows_the_copy(shop, tmp_path):
    zoom = Connector.open()
    sandbox = Sandbox(zoom)
    with Records(f"sqlite:///{tmp_path / 'zoom.sqlite'}") as records:
        client = Client(zoom, sandbox.connection, http=sandbox.http, records=records)
        watcher = Watcher(client, inbox=f"sqlite:///{tmp_path / 'zoom-inbox.sqlite'}", polls=False)
        assert watcher.store_changes() == 0
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})
        assert watcher.store_changes() == 1
        [event] = asyncio.run(deliver(watcher, 1))
        watcher.inbox.close()
    assert (event.name, event.object["topic"], event.trigger) == ("meeting.created", "Standup", "records")


def test_what_cannot_be_watched_is_told(shop, tmp_path):
    inbox = f"sqlite:///{tmp_path / 'inbox.sqlite'}"
    with pytest.raises(errors.UsageError, match="copy of the records"):
        Watcher(shop.other, inbox=inbox)
    with pytest.raises(errors.UsageError, match="no trigger"):
        Watcher(shop.client, inbox=inbox, trigger="orderz")
    zoom = Connector.open()
    with Records(f"sqlite:///{tmp_path / 'zoom.sqlite'}") as records:
        client = Client(zoom, Sandbox(zoom).connection, records=records)
        with pytest.raises(errors.UsageError, match="is a webhook"):
            Watcher(client, inbox=inbox, trigger="webhookReceiver")


def test_who_was_away_for_too_long_is_told_what_is_no_longer_kept(shop, caplog):
    shop.watcher.poll()
    shop.client.run("updateOrder", {"orderId": "1", "state": "paid"})
    purged = shop.records.find_last_seq() + 5
    shop.records.save_feed(PURGED_FEED, purged)
    shop.watcher.store_changes()
    assert f"to {purged} are no longer kept" in caplog.text


def test_two_readings_from_cron_at_once_deliver_a_change_once(shop):
    got = []
    watchers = [shop.watcher, Watcher(shop.client, inbox=shop.watcher.inbox)]
    for watcher in watchers:
        watcher.on()(lambda event: got.append(event.key))
    shop.watcher.poll()
    shop.sandbox.seed("orders", [{"id": "2"}])

    async def run():
        return await asyncio.gather(*(watcher.run_once() for watcher in watchers))

    asyncio.run(run())
    asyncio.run(shop.watcher.run_once())
    assert len(got) == 1
