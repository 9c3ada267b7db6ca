"""Libraries that replace parts of httpx or httpcore do not reach our requests, as the page for tests says."""

from __future__ import annotations

import asyncio

import httpcore
import httpx
import pytest

from connector import AsyncClient, Client

REPLACED = [  # by pytest-httpx, by respx, and by vcrpy
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (httpcore.ConnectionPool, "handle_request"),
    (httpcore.AsyncConnectionPool, "handle_async_request"),
]


@pytest.fixture(autouse=True)
def _replaced(monkeypatch):
    for kind, name in REPLACED:
        monkeypatch.setattr(kind, name, lambda *_: pytest.fail("intercepted"))


def test_what_they_replace_is_never_called(zoom, token_connection, server):
    with Client(zoom, token_connection, base_url=server.url, http="httpx") as client:
        client.run("getUser", {"userId": "me"})

    async def run():
        async with AsyncClient(zoom, token_connection, base_url=server.url, http="httpx") as client:
            await client.run("getUser", {"userId": "me"})

    asyncio.run(run())
    assert server.count == 2


def test_other_clients_are_intercepted(server):
    with httpx.Client() as client, pytest.raises(pytest.fail.Exception, match="intercepted"):
        client.get(server.url)
    assert server.count == 0
