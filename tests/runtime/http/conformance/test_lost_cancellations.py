"""A task that is cancelled ends, even where the library swallows the cancellation and gives what it had just got."""

from __future__ import annotations

import asyncio
import time

import pytest
from support.pace import WIDE

from connector.core.request.builder import Request
from connector.core.request.credential import Credential

pyreqwest_transport = pytest.importorskip("connector.runtime.http.pyreqwest.transport", exc_type=ImportError)
CHUNK = b" " * 65_536


class Swallowing:
    """A reply of the library, one of whose steps returns in place of being cancelled."""

    status = 200
    headers = {"Content-Type": "application/json"}

    def __init__(self, step):
        self.step = step  # "head", "chunk", "end" or "failure"
        self.is_waiting = asyncio.Event()
        self.body_reader = self

    async def wait(self):
        self.is_waiting.set()
        await asyncio.Event().wait()  # for ever

    async def __aenter__(self):
        if self.step == "head":
            with pytest.raises(asyncio.CancelledError):
                await self.wait()
        return self

    async def __aexit__(self, *_):
        pass

    async def read(self, _size):
        if self.is_waiting.is_set():
            await self.wait()  # for a chunk that never comes
        with pytest.raises(asyncio.CancelledError):
            await self.wait()
        if self.step == "failure":
            raise ValueError("the connection broke")
        return CHUNK if self.step == "chunk" else None


@pytest.fixture(params=["head", "chunk", "end", "failure"])
def reply(request, monkeypatch):
    made = Swallowing(request.param)
    monkeypatch.setattr(pyreqwest_transport._PyreqwestCall, "build_request", lambda *_: made)
    return made


async def begin(transport, reply):
    """Start a call, and let it wait for the step that swallows."""
    request = Request("GET", "/x", base_url="http://127.0.0.1:1/v2")
    task = asyncio.ensure_future(transport.send(request, Credential("t"), time.monotonic() + 600, None, None))
    await reply.is_waiting.wait()
    return task


def test_a_close_ends_the_call(reply):
    async def run():
        transport = pyreqwest_transport.AsyncPyreqwestTransport()
        task = await begin(transport, reply)
        await transport.aclose()
        got = await asyncio.wait_for(task, WIDE)
        assert (got.kind, got.sent, task.cancelling()) == ("stopped", "maybe", 0)

    asyncio.run(run())


def test_a_cancelled_task_is_cancelled(reply):
    async def run():
        task = await begin(pyreqwest_transport.AsyncPyreqwestTransport(), reply)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, WIDE)
        assert task.cancelled()

    asyncio.run(run())
