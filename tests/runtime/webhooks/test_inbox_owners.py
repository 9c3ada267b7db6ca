"""An inbox belongs to one connector for each source: another of its name neither gets nor adds events."""

from __future__ import annotations

import asyncio

import pytest
from support.receivers import SECRET, body, sign

from connector import Connector, Receiver, errors
from connector.runtime.webhooks.inbox import TABLE
from connector.runtime.webhooks.server import route_by_path


@pytest.fixture
def open_receiver(zoom, url):
    """Make a receiver of a connector named zoom, at a host."""
    every = []

    def make(host):
        changes = {"base_url": f"https://{host}/v2", "allowed_hosts": [host], "clouds": {}, "servers": {}}
        manifest = Connector.open().manifest.model_copy(update=changes)
        connector = Connector(zoom.folder, manifest)
        every.append(Receiver(connector, SECRET, inbox=url))
        return every[-1]

    yield make
    for one in every:
        one.inbox.close()


def deliver(receiver):
    content = body(1)
    return asyncio.run(receiver.handle(sign(content), content))[0]


def test_a_server_of_another_connector_of_the_name_does_not_start(open_receiver):
    open_receiver("api.ours.example").open_inbox()
    with pytest.raises(
        errors.UsageError, match=r"zoom\.\w+, for api\.ours\.example; this one is for api\.theirs\."
    ) as caught:
        route_by_path({"/hook": open_receiver("api.theirs.example")})
    assert "--inbox" in caught.value.hint


def test_an_application_with_its_receiver_does_not_start_either(open_receiver):
    open_receiver("api.ours.example").open_inbox()

    async def enter():
        async with open_receiver("api.theirs.example").lifespan():
            pass

    with pytest.raises(errors.UsageError, match="another connector's"):
        asyncio.run(enter())


def test_its_deliveries_are_not_kept_and_the_service_is_told_to_repeat_them(open_receiver, caplog):
    ours, theirs = open_receiver("api.ours.example"), open_receiver("api.theirs.example")
    assert (deliver(ours), deliver(theirs)) == (200, 503)
    assert "another connector's" in caplog.text
    assert len(ours.inbox.find(TABLE.c.id > 0, 10)) == 1


def test_the_same_connector_opens_it_again(open_receiver):
    assert [deliver(open_receiver("api.ours.example")) for _ in range(2)] == [200, 200]
