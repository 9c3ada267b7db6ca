"""Programs of the examples in processes of their own, a service for them, and browsers."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.pace import wait_until
from support.servers import TOKEN

from connector import Connection, Connector, open_store
from connector.runtime.storage.encryption import Keyring, generate_key
from connector.testing import Sandbox, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.sandbox.http_server import SandboxServer

ROOT = Path(__file__).parents[2]
SECRET = "canary-of-a-client-secret-77"


class Browser:
    """A browser with cookies of its own; it follows redirects, unless it is told to stop before the application's."""

    def __init__(self) -> None:
        self.halt = ""
        outer = self

        class Following(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, req, fp, code, msg, headers, newurl):
                if outer.halt and outer.halt in newurl:
                    outer.stopped_at = newurl
                    return None
                return super().redirect_request(req, fp, code, msg, headers, newurl)

        self.stopped_at = ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), Following())

    def sent_back(self, url: str) -> str:
        """Open an address; return the one that the service sends the browser back to, unopened."""
        self.halt = "/callback?"
        assert 300 <= self.open(url)[0] < 400
        self.halt = ""
        return self.stopped_at

    def open(self, url: str, content: bytes | None = None, headers: Any = None) -> tuple[int, str]:
        """Open an address, or post to it; return the status and the text that it ends with."""
        request = urllib.request.Request(url, content, dict(headers or {}))
        try:
            with self._opener.open(request, timeout=30) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ask(self, url: str, data: Any = None) -> tuple[int, Any]:
        """Open an address, or post JSON to it; return the status and the JSON that it answers."""
        headers = {} if data is None else {"Content-Type": "application/json"}
        status, text = self.open(url, None if data is None else json.dumps(data).encode(), headers)
        return status, json.loads(text)


@pytest.fixture
def open_browser() -> type[Browser]:
    """Open a browser."""
    return Browser


@pytest.fixture
def sandbox(zoom: Connector) -> Sandbox:
    """What the service keeps, and what it is asked."""
    return Sandbox(zoom)


@pytest.fixture
def stand_in(sandbox: Sandbox) -> Iterator[SandboxServer]:
    """The sandbox over HTTP."""
    with serve(sandbox.service) as one:
        yield one


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a program: a home of its own, and no setting of this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def shared(stand_in: SandboxServer, tmp_path: Path) -> dict[str, str]:
    """The settings of processes that serve one application: its app at the service, its store, its key."""
    variables = {key: name for name, key in Connector.open().manifest.environment_variables.items()}
    app = {variables[key]: value for key, value in {**stand_in.build_oauth_inputs(), "clientSecret": SECRET}.items()}
    place = f"file:{tmp_path / 'store'}"
    return {**app, "ZOOM_BASE_URL": stand_in.url, "CONNECTOR_STORE": place, "CONNECTOR_KEY": generate_key()}


@pytest.fixture
def serve_example(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., str]]:
    """Start a program of the examples that serves on PORT; return its address."""
    begun: list[subprocess.Popen[str]] = []

    def begin(path: str, *arguments: str, **settings: str) -> str:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "examples" / path), *arguments],
            env={**environment, "PORT": str(port), **settings}, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(process)
        wait_until(lambda: _answers(process, port))
        return f"http://127.0.0.1:{port}"

    yield begin
    for process in begun:
        process.kill()
        printed = process.communicate(timeout=60)[1]
        assert not re.search(f"Traceback|code=|{SECRET}", printed), printed


def _answers(process: subprocess.Popen[str], port: int) -> bool:
    assert process.poll() is None, process.stderr.read()
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def account(zoom: Connector, tmp_path: Path, stand_in: SandboxServer) -> dict[str, str]:
    """The settings of a worker whose store has the connection `work`, which leads to the sandbox."""
    (tmp_path / "store").mkdir(mode=0o700)
    key, url = generate_key(), f"file:{tmp_path / 'store'}"
    store = open_store(url, keys=Keyring.from_env({"CONNECTOR_KEY": key}))
    Connection(zoom, "accessToken", name="work", store=store, accessToken=TOKEN).save()
    return {"ZOOM_BASE_URL": stand_in.url, "CONNECTOR_STORE": url, "CONNECTOR_KEY": key}
