"""The web application of the examples signs people of several tenants in, each to an account of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from connector import Connector
from connector.runtime.storage.encryption import generate_key
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http_server import serve
from connector.sandbox.service import SandboxService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.sandbox.http_server import SandboxServer

ROOT = Path(__file__).parents[2]
SECRET = "canary-of-a-client-secret-77"
SCRIPT = ROOT / "examples" / "python" / "web_sign_in.py"


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
        assert self.open(url)[0] == 302
        self.halt = ""
        return self.stopped_at

    def open(self, url: str) -> tuple[int, str]:
        """Open an address; return the status and the text that it ends with."""
        try:
            with self._opener.open(url, timeout=30) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture
def stand_in(zoom: Connector) -> Iterator[SandboxServer]:
    with serve(SandboxService(zoom, SandboxState(None))) as one:
        yield one


@pytest.fixture
def start(tmp_path: Path, stand_in: SandboxServer) -> Iterator[Callable[..., str]]:
    """Start the script in a process of its own; return its address."""
    begun: list[subprocess.Popen[str]] = []

    def begin(**env: str) -> str:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        settings = {"PORT": "0", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **kept, **env}
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT)], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        begun.append(process)
        line = process.stdout.readline()
        assert line.startswith("Open http://127.0.0.1:"), process.stderr.read()
        return line.removeprefix("Open ").strip().removesuffix("/acme/connect")

    yield begin
    for process in begun:
        process.kill()
        assert process.communicate(timeout=20)[1] == ""


def test_it_runs_without_credentials(start):
    origin, browser = start(), Browser()
    assert browser.open(f"{origin}/acme/connect") == (200, "acme is connected as ada@example.com.\n")
    assert browser.open(f"{origin}/globex/me")[0] == 403
    assert browser.open(f"{origin}/globex/connect") == (200, "globex is connected as ada@example.com.\n")


@pytest.fixture
def shared(stand_in: SandboxServer, tmp_path: Path) -> dict[str, str]:
    """The settings of processes that serve one application: its app at the service, its store, its key."""
    variables = {key: name for name, key in Connector.open().manifest.environment_variables.items()}
    app = {variables[key]: value for key, value in {**stand_in.build_oauth_inputs(), "clientSecret": SECRET}.items()}
    place = f"file:{tmp_path / 'store'}"
    return {**app, "ZOOM_BASE_URL": stand_in.url, "CONNECTOR_STORE": place, "CONNECTOR_KEY": generate_key()}


def test_any_process_with_the_store_finishes_what_another_began(start, shared, tmp_path):
    first, second = start(**shared), start(**shared)
    browser = Browser()
    back = browser.sent_back(f"{first}/acme/connect")
    assert browser.open(back.replace(first, second)) == (200, "acme is connected as ada@example.com.\n")
    assert browser.open(f"{first}/acme/me") == (200, "acme is connected as ada@example.com.\n")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert b"sealed" in kept
    assert SECRET.encode() not in kept


def test_a_sign_in_is_finished_once_and_in_the_browser_that_began_it(start, shared):
    origin, browser = start(**shared), Browser()
    back = browser.sent_back(f"{origin}/acme/connect")
    assert Browser().open(back) == (403, "This sign-in began in another browser.\n")
    assert browser.open(f"{origin}/acme/me")[0] == 403
    assert browser.open(back)[0] == 200
    status, said = browser.open(back)
    assert (status, "already used" in said) == (403, True)
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert code not in said


def test_a_refused_consent_connects_nobody(start, shared):
    origin, browser = start(**shared), Browser()
    back = browser.sent_back(f"{origin}/acme/connect")
    state = parse_qs(urlsplit(back).query)["state"][0]
    status, said = browser.open(f"{origin}/callback?error=access_denied&state={state}")
    assert (status, "consent was not given" in said) == (403, True)
    assert browser.open(f"{origin}/acme/me")[0] == 403
