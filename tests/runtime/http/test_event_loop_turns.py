"""Other tasks of an event loop have their turn, however small the pieces are in which a reply comes."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from support import servers
from support.pace import WIDE, counted

from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.runtime.http.transport import load_transport

PIECES = 30_000
REPLIES = {
    "chunks": servers.head(200, [("Transfer-Encoding", "chunked")]) + b"1\r\nx\r\n" * PIECES + b"0\r\n\r\n",
    "informational": b"HTTP/1.1 103 Early Hints\r\n\r\n" * PIECES + servers.head(200, [("Content-Length", "0")]),
}


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize("shape", REPLIES)
def test_a_reply_in_many_pieces_leaves_the_loop_its_turns(library, shape):
    async def exchange(url, work):
        turns, ended = [], asyncio.Event()

        async def tick():
            while not ended.is_set():
                turns.append(work.calls)
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        transport = load_transport(library, asynchronous=True)
        request = Request("GET", "/x", base_url=url, reply_type="binary")
        got = await transport.send(request, Credential(""), time.monotonic() + WIDE * 6, None, None)
        await transport.aclose()
        ended.set()
        await ticking
        return got, turns[-1], max(after - before for before, after in itertools.pairwise(turns))

    with servers.Counting(servers.raw(REPLIES[shape])) as server, counted() as work:
        got, whole, longest = asyncio.run(exchange(server.url, work))
    assert got.status == 200
    assert whole > PIECES, "the work was not counted"
    assert longest < whole / 4, "the loop was held for most of the work"
