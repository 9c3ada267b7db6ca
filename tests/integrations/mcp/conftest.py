"""An agent's client: in this process, or over stdio and HTTP with a server in another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from connector import AsyncClient, Connector
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


class Person:
    """Who is asked before something is destroyed, and what they say."""

    def __init__(self, *, agrees: bool) -> None:
        self.agrees = agrees
        self.asked: list[str] = []

    async def answer(self, _: Any, params: Any) -> Any:
        """Answer a question of the server."""
        from mcp.types import ElicitResult

        self.asked.append(params.message)
        return ElicitResult(
            action="accept" if self.agrees else "decline", content={"yes": True} if self.agrees else None
        )


class Agent:
    """Calls the tools of one connector in its sandbox; `run` runs what is done with the client."""

    def __init__(self, connector: Connector, faults: tuple[str, ...] = (), **options: Any) -> None:
        self.sandbox = Sandbox(connector, faults=faults)
        self.connector = connector
        self.options = options

    @contextlib.asynccontextmanager
    async def connect(self, person: Person | None = None, mode: str = "auto") -> AsyncIterator[Any]:
        """Yield a client that speaks to a server in this process."""
        from mcp import Client

        from connector.integrations.mcp.server import ConnectorServer

        client = AsyncClient(self.connector, self.sandbox.connection, http=self.sandbox.http, rate_limit=False)
        server = ConnectorServer(client, **self.options).build()
        async with client, Client(server, mode=mode, elicitation_callback=person and person.answer) as connected:
            yield connected

    def call(
        self, name: str, given: dict[str, Any] | None = None, person: Person | None = None, mode: str = "auto"
    ) -> Any:
        """Call one tool and return its answer."""

        async def call() -> Any:
            async with self.connect(person, mode) as connected:
                return await connected.call_tool(name, given or {})

        return asyncio.run(call())

    def list_tools(self) -> dict[str, Any]:
        """Return the tools by name."""

        async def call() -> Any:
            async with self.connect() as connected:
                return (await connected.list_tools()).tools

        return {tool.name: tool for tool in asyncio.run(call())}


@pytest.fixture
def agent(zoom: Connector) -> Callable[..., Agent]:
    """Make an agent of the bundled connector, or of another."""

    def make(connector: Connector = zoom, **options: Any) -> Agent:
        return Agent(connector, **options)

    return make


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a server: no settings of the user, and its own folders."""
    homes = {name: str(tmp_path / name) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1", **homes}


@pytest.fixture
def serve(surroundings: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., tuple[str, str]]]:
    """Serve over HTTP in another process; return URL and token."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str, **env: str) -> tuple[str, str]:
        command = [sys.executable, "-m", "connector", "mcp", "--http", "127.0.0.1:0", "--quiet", *words]
        log = (tmp_path / "server.log").open("w")
        process = subprocess.Popen(command, env={**surroundings, **env}, stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        processes.append(process)
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        return url, env.get("CONNECTOR_MCP_TOKEN") or process.stdout.readline().strip()

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0


@pytest.fixture(params=["stdio", "http"])
def over_the_wire(
    request: pytest.FixtureRequest, surroundings: dict[str, str], serve: Callable[..., tuple[str, str]]
) -> Callable[..., Any]:
    """Connect over stdio, and over HTTP, to a server in another process."""

    @contextlib.asynccontextmanager
    async def connect(*words: str, person: Person | None = None, mode: str = "auto", **env: str) -> AsyncIterator[Any]:
        from mcp import Client

        callback = person and person.answer
        if request.param == "stdio":
            from mcp.client.stdio import StdioServerParameters

            command = StdioServerParameters(
                command=sys.executable, args=["-m", "connector", "mcp", *words], env={**surroundings, **env}
            )
            async with Client(command, mode=mode, elicitation_callback=callback) as connected:
                yield connected
            return
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        url, token = serve(*words, **env)
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode=mode, elicitation_callback=callback) as connected:
                yield connected

    return connect


class Desk:
    """The tools of an agent without a client: what is asked of them comes as a client would send it."""

    def __init__(self, agent: Agent) -> None:
        from connector.integrations.mcp.server import ConnectorServer

        client = AsyncClient(agent.connector, agent.sandbox.connection, http=agent.sandbox.http, rate_limit=False)
        self.toolbox = ConnectorServer(client, **agent.options).toolbox

    async def call(self, name: str, given: dict[str, Any], **answers: Any) -> Any:
        """Call a tool, from a client that can ask a person."""
        from mcp import types

        async def report(*_: Any) -> None:
            """Nobody listens."""

        capabilities = types.ClientCapabilities(elicitation=types.ElicitationCapability())
        session = SimpleNamespace(client_capabilities=capabilities, report_progress=report)
        context = SimpleNamespace(session=session, protocol_version="2026-07-28", request_id=1)
        return await self.toolbox.call(context, types.CallToolRequestParams(name=name, arguments=given, **answers))


@pytest.fixture
def desk() -> type[Desk]:
    """Tools without a client."""
    return Desk


@pytest.fixture
def person() -> type[Person]:
    """Who is asked."""
    return Person
