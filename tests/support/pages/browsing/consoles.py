"""A console that serves: in this process without a socket, or on a port for a real browser."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from starlette.testclient import TestClient

from connector.cli.context.connection_context import ConnectionContext
from connector.cli.context.settings import Settings
from connector.console.app import create_app
from connector.console.desk import Desk
from connector.console.security import Keys
from connector.console.server import ConsoleServer, build_config
from connector.definition.loader import Connector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from httpx import Response

PORT = 8095
ORIGIN = f"http://127.0.0.1:{PORT}"


def make_desk(folder: str | Path | None = None, *, sandbox: bool = True, read_only: bool = False) -> Desk:
    """Return the desk of a console."""
    settings = Settings({"connector": None if folder is None else str(folder)})
    context = ConnectionContext(Connector.open(folder), settings, sandbox=sandbox, quiet=True)
    return Desk(context, read_only=read_only)


class Visitor:
    """Asks for pages as a browser does that has the key."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.keys = Keys()
        place = ORIGIN + self.keys.root_path
        self._http = TestClient(create_app(desk, self.keys, PORT), base_url=place, follow_redirects=True)
        self._http.get(f"{ORIGIN}/", params={"token": self.keys.make_token()})

    def get(self, path: str, **query: Any) -> Seen:
        """Open a page."""
        return self._see(self._http.get(path, params=query or None))

    def post(self, path: str, form: Mapping[str, Any] | None = None, files: Any = None) -> Seen:
        """Send a form from one of the console's pages, and follow where it leads."""
        headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
        return self._see(self._http.post(path, data=form, files=files, headers=headers))

    def _see(self, reply: Response) -> Seen:
        return Seen(reply, self.keys.root_path)

    def close(self) -> None:
        """Leave."""
        self._http.close()
        self.desk.close()


class Seen:
    """A page: status, HTML, and its text as a person reads it; its addresses are those below the console's own."""

    def __init__(self, reply: Response, root_path: str) -> None:
        self.status = reply.status_code
        self.path = reply.url.path.removeprefix(root_path)
        self.headers = reply.headers
        self.html = reply.text.replace(f'="{root_path}/', '="/')
        self.text = _read_text(reply.text)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _read_text(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.parts)).strip()


@contextlib.contextmanager
def serve(desk: Desk) -> Iterator[str]:
    """Serve a console on a free port of this machine; yields the address with the key."""
    keys = Keys()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = ConsoleServer(build_config(create_app(desk, keys, port)), lambda: None, desk.end_waits)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/?token={keys.make_token()}"
        finally:
            server.should_exit = True
            thread.join(10)
            desk.close()
