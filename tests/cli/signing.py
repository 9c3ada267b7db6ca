"""A service that people sign in to: the sandbox over HTTP, which notes every secret that passes, and a browser."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.definition.model import snake
from connector.sandbox.server import serve
from connector.sandbox.service import Service
from connector.sandbox.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from connector import Connector
    from connector.sandbox.answers import Answer

SECRET = "canary-client-secret-4711"
_HIDDEN = ("code", "code_verifier", "refresh_token", "access_token", "token")


class Noting(Service):
    """A sandbox that notes what it is asked, and each secret that it hands out or is shown."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector, State(None))
        self.asked: list[str] = []
        self.secrets = {SECRET}
        self.down = False

    def handle(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """Answer, and note."""
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
    """The service at an address of this machine, and what a command needs to find it."""

    def __init__(self, connector: Connector, folder: Path) -> None:
        self.service = Noting(connector)
        self.server = serve(self.service)
        self.browser = _browser(folder)
        self._connector = connector

    @property
    def places(self) -> dict[str, str]:
        """The variables that lead to the service in place of the real one."""
        urls = {key: value for key, value in self.server.oauth().items() if key.endswith("Url")}
        named = {f"{self._connector.name}_{snake(key)}".upper(): value for key, value in urls.items()}
        return {**named, "ZOOM_BASE_URL": self.server.url, "BROWSER": self.browser}

    def app(self, **more: str) -> dict[str, str]:
        """The variables of an OAuth app there."""
        return {**self.places, "ZOOM_CLIENT_ID": "app-1", "ZOOM_CLIENT_SECRET": SECRET, **more}

    def tells(self, *texts: str) -> list[str]:
        """Return the secrets that stand in texts."""
        return sorted(secret for secret in self.service.secrets for text in texts if secret in text)

    def count(self, asked: str) -> int:
        """How often something was asked."""
        return self.service.asked.count(asked)


def _browser(folder: Path) -> str:
    """Write a browser: it opens the address it is given, and whatever that leads to."""
    path = folder / "browser"
    path.write_text(
        f"#!{sys.executable} -IS\n"
        "import sys, urllib.request\n"
        "print('a browser that talks')\n"
        "urllib.request.urlopen(sys.argv[1], timeout=20).read()\n"
    )
    path.chmod(0o755)
    return str(path)


def sent_back(url: str) -> str:
    """Open an address and return the one that the browser is sent to, unopened."""

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
    """Return the address to open that a command told."""
    return next(word for word in told.split() if "code_challenge=" in word)


def kept(folder: Mapping[str, str]) -> bytes:
    """Return everything that is below the data and state folders of a command."""
    from pathlib import Path

    homes = [Path(folder[name]) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME")]
    return b"".join(path.read_bytes() for home in homes for path in home.rglob("*") if path.is_file())
