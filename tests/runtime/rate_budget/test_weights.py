"""A call that counts as several takes as many slots: of this process, of a shared database, and of the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import Client, Connector, errors
from connector.sandbox.sandbox import Sandbox

YOUTUBE = Path(__file__).parents[2] / "connectors" / "youtube"  # 10,000 a day; a search counts as 100
SEARCH = {"words": "lighthouse"}
VIDEO = {"video": b"1600 each", "title": "Dawn"}


@pytest.fixture(scope="module")
def youtube():
    return Connector.open(YOUTUBE)


@pytest.mark.parametrize("store", ["memory:", "sqlite"])
def test_a_day_has_room_for_what_its_calls_weigh(youtube, store, tmp_path, clock):
    sandbox = Sandbox(youtube, clock=clock)
    url = f"sqlite:///{tmp_path / 'budget.db'}" if store == "sqlite" else store
    limits = {"plan": "standard", "store": url}
    with Client(youtube, sandbox.connection, http=sandbox.http, clock=clock, rate_limit=limits) as client:
        for _ in range(6):
            client.run("uploadVideo", VIDEO)
        for _ in range(4):
            client.run("search", SEARCH, limit=1)
        with pytest.raises(errors.RateLimited, match="daily budget") as caught:
            client.run("search", SEARCH, limit=1)
    assert caught.value.outcome == "not_sent"
    assert len(sandbox.requests) == 6 * 2 + 4  # the bytes of a video are a request of their own, and count no more


def test_the_sandbox_counts_what_a_call_weighs(youtube, clock):
    sandbox = Sandbox(youtube, clock=clock, plan="standard")
    with Client(youtube, sandbox.connection, http=sandbox.http, clock=clock, rate_limit=False) as client:
        for _ in range(6):
            client.run("uploadVideo", VIDEO)
        with pytest.raises(errors.RateLimited) as caught:
            client.run("uploadVideo", VIDEO, retry={"maxRetries": 0})
        assert caught.value.status == 429
        assert client.run("search", SEARCH, limit=1).data["items"]
