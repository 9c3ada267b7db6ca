"""A sign-in service for tests: the sandbox over HTTP, recording secrets; fake browser; terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import termios
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector import Connection, open_store
from connector.definition.case import to_snake_case
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http_server import serve
from connector.sandbox.service import SandboxService
from support.pace import PATIENCE
from support.processes.files import read_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from connector import Connector, Store
    from connector.sandbox.http.responses import SandboxResponse

SECRET = "canary-client-secret-4711"
_HIDDEN = ("code", "code_verifier", "refresh_token", "access_token", "token")


class RecordingService(SandboxService):
    """A sandbox that records its requests and every secret that it issues or receives."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector, SandboxState(None))
        self.asked: list[str] = []
        self.secrets = {SECRET}
        self.down = False

    def handle(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> SandboxResponse:
        """Handle a request, and record it."""
        self.asked.append(f"{method} {target.partition('?')[0]}")
        self._note(parse_qsl(body.decode("utf-8", "replace")))
        answer = super().handle(method, target, headers, body)
        back = dict(answer.headers).get("location", "")
        self._note(parse_qsl(urlsplit(back).query))
        with suppress(ValueError, AttributeError):
            self._note(json.loads(answer.body).items())
        return answer

    def _note(self, pairs: Iterable[tuple[str, Any]]) -> None:
        self.secrets |= {value for name, value in pairs if name in _HIDDEN and isinstance(value, str)}


class World:
    """The service on loopback, and the variables that lead a command there."""

    def __init__(self, connector: Connector, folder: Path) -> None:
        self.service = RecordingService(connector)
        self.server = serve(self.service, redirect_uris=("https://app.example/back",))
        self.browser = browser(folder)
        self._connector = connector

    @property
    def places(self) -> dict[str, str]:
        """The variables that point at this service instead of the real one."""
        urls = {key: value for key, value in self.server.build_oauth_inputs().items() if key.endswith("Url")}
        named = {f"{self._connector.name}_{to_snake_case(key)}".upper(): value for key, value in urls.items()}
        return {**named, "ZOOM_BASE_URL": self.server.url, "BROWSER": self.browser}

    def app(self, **more: str) -> dict[str, str]:
        """The variables of an OAuth app of this service."""
        return {**self.places, "ZOOM_CLIENT_ID": "app-1", "ZOOM_CLIENT_SECRET": SECRET, **more}

    def tells(self, *texts: str) -> list[str]:
        """Return the secrets that appear in texts."""
        return sorted(secret for secret in self.service.secrets for text in texts if secret in text)

    def count(self, asked: str) -> int:
        """Count the requests with this method and path."""
        return self.service.asked.count(asked)


_GO = "go(url)"
_BROWSER = """\
import sys, urllib.error, urllib.request
from urllib.parse import parse_qs, urlsplit

def go(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as page:
            return page.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code

print("a browser that talks")
url = sys.argv[1]
asked = parse_qs(urlsplit(url).query)
back, state = asked["redirect_uri"][0], asked["state"][0]
"""


def browser(folder: Path, does: str = _GO) -> str:
    """Write a fake browser that runs Python lines with `url`, `back`, `state` and `go`."""
    path = folder / "browser"
    path.write_text(f"#!{sys.executable} -IS\n{_BROWSER}{does}\n")
    path.chmod(0o755)
    return str(path)


def told_until(stream: Any, mark: str) -> str:
    """Read a pipe up to a mark; fail after a long silence."""
    said = ""
    while mark not in said:
        assert select.select([stream], [], [], PATIENCE)[0], f"silence after {said!r}"
        part = os.read(stream.fileno(), 65536)
        assert part, said
        said += part.decode()
    return said


class Terminal:
    """A terminal for a command: `theirs` is its end; `said` is its output so far."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        self.said = ""

    def answer(self, mark: str, text: str, *, hidden: bool = False) -> None:
        """Type a line once a prompt appears; a hidden one once echo is off."""
        self._read(lambda: mark in self.said)
        if hidden:
            self._read(lambda: not termios.tcgetattr(self._ours)[3] & termios.ECHO)
        os.write(self._ours, f"{text}\n".encode())

    def _read(self, enough: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE / 0.05)):
            if enough():
                return
            if select.select([self._ours], [], [], 0.05)[0]:
                self.said += os.read(self._ours, 4096).decode()
        raise AssertionError(f"not what was awaited: {self.said!r}")

    def close(self) -> str:
        """Close the terminal after the command; return all output."""
        os.close(self.theirs)
        try:
            while select.select([self._ours], [], [], 0)[0]:
                part = os.read(self._ours, 4096)
                if not part:
                    break
                self.said += part.decode()
        except OSError:  # end of the terminal on Linux
            pass
        os.close(self._ours)
        return self.said


class Shelf:
    """A store, and connections saved in it as after a sign-in."""

    def __init__(self, connector: Connector, url: str | None = None) -> None:
        self._connector = connector
        self._url = url

    @property
    def store(self) -> Store:
        """The store, with the encryption keys of the current environment."""
        return open_store(self._url)

    def put(self, name: str, kind: str = "oauth2", **token: Any) -> None:
        """Save a connection with these token fields."""
        inputs: dict[str, Any] = {key: f"{key}-of-{name}".replace(" ", "-") for key in ("clientId", "clientSecret")}
        if kind == "serverToServer":
            inputs["accountId"] = f"account-of-{name}"
        if kind == "accessToken":
            inputs = {"accessToken": f"token-of-{name}"}
        made = Connection(self._connector, kind, name=name, store=self.store, token=token or None, **inputs)
        if not token:
            made.save()

    def change(self, name: str, **more: Any) -> None:
        """Replace fields of a record, and of its grant by `grant`."""
        store, key = self.store, f"connection:{self._connector.name}:{name}"
        kept = store.read(key)
        assert kept is not None
        grant = {**(kept.data["grant"] or {}), **more.pop("grant", {})}
        store.write(key, {**kept.data, "grant": grant or None, **more})


def sent_back(url: str) -> str:
    """Open a URL and return its redirect target without following it."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    try:
        urllib.request.build_opener(Stay()).open(url, timeout=20).close()
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers["location"])
    raise AssertionError("nobody is sent back")


def address(told: str) -> str:
    """Return the sign-in URL in the output of a command."""
    return next(word for word in told.split() if "code_challenge=" in word)


def kept(folder: Mapping[str, str]) -> bytes:
    """Return the bytes of all files below the data and state folders of a command."""
    from pathlib import Path

    homes = [Path(folder[name]) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME")]
    return b"".join(read_files(home) for home in homes)
