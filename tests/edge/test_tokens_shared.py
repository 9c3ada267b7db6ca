"""Who waits for a renewal shares it: each waits as long as he may, gets an answer of his own, and cancels nothing."""

from __future__ import annotations

import asyncio
import threading
from concurrent import futures
from types import SimpleNamespace

import pytest

from connector.core.grant import Grant
from connector.edge import tokens as module
from connector.edge.tokens import Tokens

GRANT = Grant("canary-1", 9e9, scopes=("a",), api_url="https://api-eu.zoom.us")


class Renewing:
    """A renewal that goes on until it is let go, and then brings this."""

    def __init__(self, brings=GRANT):
        self.brings, self.go, self.threads, self.asked = brings, threading.Event(), [], []

    def renew(self, rejected, clock):
        self.threads.append(threading.current_thread())
        self.asked.append((rejected, clock))
        assert self.go.wait(60)
        if isinstance(self.brings, BaseException):
            raise self.brings
        return self.brings

    def at_hand(self, rejected, now):
        return None if rejected == "canary-1" else self.brings

    def known(self):
        return self.brings


@pytest.fixture
def made():
    """Make tokens whose renewal is this one; at the end it is let go, and its threads end."""
    all_of = []

    def make(renewing):
        one = Tokens(SimpleNamespace(hosts=["*.zoom.us"]))
        one._renewal = renewing
        all_of.append(renewing)
        return one

    yield make
    for renewing in all_of:
        renewing.go.set()
        for thread in renewing.threads:
            thread.join(60)


@pytest.fixture
def slices(monkeypatch):
    """The seconds of each look at a renewal, whoever looks; `then` is done at each look."""
    seen = SimpleNamespace(seconds=[], then=lambda: None)

    def wait(flights, timeout=None):
        assert len(flights) == 1
        seen.seconds.append(timeout)
        seen.then()
        return futures.wait(flights, timeout)

    async def wait_async(flights, *, timeout=None):  # noqa: ASYNC109  asyncio.wait's own name
        assert len(flights) == 1
        seen.seconds.append(timeout)
        seen.then()
        return await asyncio.wait(flights, timeout=timeout)

    monkeypatch.setattr(module, "futures", SimpleNamespace(wait=wait, Future=futures.Future))
    monkeypatch.setattr(
        module, "_ASYNC_WAIT", wait_async, raising=False
    )  # nothing reads it; the event loop's own is watched below
    return seen


def waited(tokens, how, seconds, rejected=None, stop=None):
    if how == "sync":
        return tokens.wait(rejected, "clock", seconds, stop)
    return asyncio.run(tokens.wait_async(rejected, "clock", seconds, stop))
