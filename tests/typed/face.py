"""The public face as a type checker sees it; each line that must be refused says why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, assert_type

from connector import AsyncClient, Client, Connection, Connector, Items, Request, Result, errors


def one_after_another(zoom: Connector, work: Connection) -> None:
    """The sync client, and what its calls bring back."""
    with Client(zoom, work, base_url="http://127.0.0.1:1/v2") as client:
        assert_type(client, Client)
        assert_type(client.run("getUser", {"userId": "me"}, timeout="10s", retry="engine", debug=True, limit=5), Result)
        assert_type(client.run("getUser", retry={"maxRetries": 3}, account="a", idempotency_key="k"), Result)
        assert_type(client.run_file("call.yaml"), Result)
        assert_type(client.run_file({"action": "listUsers"}), Result)
        assert_type(client.run_file([{"action": "listUsers"}]), Iterator[Result])
        assert_type(client.request("GET", "/users", query={"a": ["b", 1]}, response_type="binary"), Result)
        assert_type(client.dry_run("getUser"), Request)
        items = client.items("listUsers", limit=10)
        assert_type(items, Items)
        assert_type(items.complete, bool)
        assert_type(items.pages, int)
        with items as stream:
            assert_type(next(iter(stream)), Any)
        client.run(5)  # type: ignore[arg-type]
        client.run("getUser", {"userId": "me"}, 10)  # type: ignore[call-arg]
        client.run("getUser", timeot=5)  # type: ignore[call-arg]
        client.run("getUser", timeout=[1])  # type: ignore[arg-type]
    Client("zoom")  # type: ignore[arg-type]


async def awaited(zoom: Connector, work: Connection) -> None:
    """The async client: the same names."""
    async with AsyncClient(zoom, work) as client:
        assert_type(client, AsyncClient)
        assert_type(await client.run("getUser", {"userId": "me"}), Result)
        assert_type(await client.run_file("call.yaml"), Result)
        assert_type(await client.run_file([{"action": "listUsers"}]), AsyncIterator[Result])
        assert_type(await client.request("GET", "/users"), Result)
        assert_type(client.dry_run("getUser"), Request)
        async for item in client.items("listUsers"):
            assert_type(item, Any)
        async with client.items("listUsers") as stream:
            assert_type(stream.complete, bool)


def what_comes_back(result: Result, request: Request) -> None:
    """Facts of a result and of a request."""
    assert_type(result.data, Any)
    assert_type(result.status, int)
    assert_type(result.headers["x"], str)
    assert_type(result.request_id, str | None)
    assert_type(result.attempts, int)
    assert_type(result.outcome, errors.Outcome)
    assert_type(result.complete, bool)
    assert_type(result.warnings, tuple[str, ...])
    assert_type(result.to_dict(), dict[str, Any])
    assert_type(request.method, str)
    assert_type(request.to_dict(), dict[str, Any])
    result.status = 5  # type: ignore[misc]


def what_goes_wrong(client: Client) -> None:
    """Facts of an error."""
    try:
        client.run("getUser")
    except errors.ApiError as error:
        assert_type(error.status, int)
        assert_type(error.code, str | int | None)
        assert_type(error.retry_at, datetime | None)
    except errors.DeadlineError as error:
        assert_type(error.limit, float)
        assert_type(error.kind, str)
    except errors.InputError as error:
        assert_type(error.problems[0].field, str)
    except errors.ConnectorError as error:
        assert_type(error.retryable, bool)
        assert_type(error.outcome, errors.Outcome)
        assert_type(error.attempts, int)
        assert_type(error.to_dict(), dict[str, Any])


def connections(zoom: Connector) -> None:
    """How connections are made."""
    assert_type(Connector.open(), Connector)
    assert_type(Connection.from_env(zoom), Connection)
    assert_type(Connection(zoom, "accessToken", name="work", accessToken="t"), Connection)
    Connection(zoom)  # type: ignore[call-arg]
