"""Software that is not ours, run beside the tests: two servers from the npm registry, and a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urljoin

import httpx
import platformdirs
import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = {"provider": "oidc-provider@9", "rivet": "@zoom/rivet@0.4.0"}  # what a fixture needs
LEAST_NODE = (20, 12)  # the OAuth server takes digests with crypto.hash
HERE = Path(__file__).parent
PATIENCE = 120.0  # seconds, for what takes a few
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
QUIET += " --disable-component-update --disable-sync --disable-extensions --no-default-browser-check"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot be run here, in one line; where everything is decided, a server that cannot is a failure."""
    wanted = getattr(item, "fixturenames", ())
    why = next(filter(None, (_missing(package) for name, package in PACKAGES.items() if name in wanted)), "")
    if why and os.environ.get("CI") == "true":
        pytest.fail(why, pytrace=False)
    if "browser" in wanted and not _chromium():
        why = f"no browser here: none of {', '.join(CHROMIUMS)}"
    if why:
        item.add_marker(pytest.mark.skip(reason=why))


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


@cache
def _missing(package: str) -> str:
    """Why a package of the npm registry cannot be run here, or nothing; it is then in this user's cache."""
    node = shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout if node else ""
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < LEAST_NODE:
        return f"{package} needs Node {'.'.join(map(str, LEAST_NODE))} or newer; here is {version.strip() or 'none'}"
    folder = _cache(package)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        there = folder / "installed"
        if there.exists():
            return ""
        npm = shutil.which("npm")
        if npm is None:
            return f"{package} is not installed, and there is no npm to install it"
        command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", package]
        try:
            failed = subprocess.run(command, check=False, capture_output=True, timeout=240, cwd=folder).returncode
        except subprocess.TimeoutExpired:
            failed = 1
        if failed:
            return f"npm cannot install {package} here"
        there.touch()
    return ""


def _cache(package: str) -> Path:
    return platformdirs.user_cache_path("connector-tests") / package.replace("/", "-")


def _started(script: str, package: str, *words: str) -> subprocess.Popen[str]:
    """Run a script of this folder with a package, until its standard input closes."""
    command = ["node", str(HERE / script), str(_cache(package)), *words]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, text=True, **pipes)


def _ended(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.wait(PATIENCE)
    process.stdout.close()


class Provider:
    """The OAuth server: where it is, what came to its token endpoint, and a person who consents to what it asks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        told = next((line for line in process.stdout if line.startswith('{"origin"')), None)
        assert told is not None, "the OAuth server did not start"
        self.origin: str = json.loads(told)["origin"]
        self._http = httpx.Client(base_url=self.origin, trust_env=False, timeout=PATIENCE)

    def inputs(self, client_id: str, client_secret: str) -> dict[str, str]:
        """The inputs of a connection there."""
        return {
            "authorizeUrl": f"{self.origin}/auth", "tokenUrl": f"{self.origin}/token",
            "revokeUrl": f"{self.origin}/token/revocation", "clientId": client_id, "clientSecret": client_secret,
        }  # fmt: skip

    def later(self, seconds: float) -> None:
        """Move its clock."""
        self._http.post("/test/later", params={"seconds": seconds}).raise_for_status()

    @property
    def tally(self) -> dict[str, Any]:
        """What came to the token endpoint: how often, what it granted and what it refused; how many grants ended."""
        return self._http.get("/test/tally").json()

    def post(self, path: str, app: tuple[str, str], **form: str) -> httpx.Response:
        """Post a form there, as another program with the same client would."""
        return self._http.post(path, data=form, auth=(quote_plus(app[0]), quote_plus(app[1])))

    def consent(self, url: str, *, who: str = "ada", refuse: bool = False) -> str:
        """Open an address, fill in every form that comes, and return where the browser is sent off this server."""
        with httpx.Client(trust_env=False, timeout=PATIENCE) as browser:
            reply = browser.get(url)
            for _ in range(20):
                while reply.has_redirect_location:
                    to = urljoin(str(reply.url), reply.headers["location"])
                    if not to.startswith(f"{self.origin}/"):
                        return to
                    reply = browser.get(to)
                page = _Page(reply.text)
                assert page.action, f"{reply.status_code}: {reply.text[:500]}"
                if refuse:
                    reply = browser.get(urljoin(str(reply.url), page.abort))
                else:
                    filled = {**page.fields, "login": who, "password": "any"}
                    reply = browser.post(urljoin(str(reply.url), page.action), data=filled)
        raise AssertionError("it asks and asks")

    def close(self) -> None:
        self._http.close()
        _ended(self.process)


class _Page(HTMLParser):
    """A page's form, and the link that refuses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = self.abort = ""
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "a" and given.get("href", "").endswith("/abort"):
            self.abort = given["href"]


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """An OAuth server that is not ours."""
    one = Provider(_started("provider.mjs", PACKAGES["provider"]))
    yield one
    one.close()


class Rivet:
    """Zoom's own SDK for Node, receiving webhooks; what it takes for an event it hands to its handler, and so to us."""

    SECRET = "4fv1RkqGQUq5sWbEz6hA5A"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process, self._told = process, process.stdout
        told = next((line for line in self._told if line.startswith('{"port"')), None)
        assert told is not None, "the SDK's receiver did not start"
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{json.loads(told)['port']}", trust_env=False, timeout=PATIENCE
        )

    def post(self, headers: dict[str, str], body: bytes) -> httpx.Response:
        """Deliver something to it."""
        return self._http.post("/zoom/events", content=body, headers={**headers, "content-type": "application/json"})

    def handled(self) -> dict[str, Any]:
        """What its handler was called with next."""
        return json.loads(self._told.readline())

    def close(self) -> None:
        self._http.close()
        _ended(self.process)


@pytest.fixture(scope="session")
def rivet() -> Iterator[Rivet]:
    """A receiver of webhooks that is Zoom's own."""
    one = Rivet(_started("rivet.mjs", PACKAGES["rivet"], Rivet.SECRET))
    yield one
    one.close()


@dataclass(frozen=True)
class Browser:
    """A command that opens an address in a real browser without a window, and keeps the page that it ends at."""

    command: str
    _page: Path

    def page(self) -> str:
        """The page as the browser has it, once it has loaded."""
        until = time.monotonic() + PATIENCE
        while not self._page.exists():
            assert time.monotonic() < until, "the browser shows nothing"
            threading.Event().wait(0.01)
        return self._page.read_text(encoding="utf-8")


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """A real browser, with a profile of its own."""
    path, page, profile = (tmp_path / name for name in ("browser", "page.html", "profile"))
    path.write_text(
        "#!/bin/sh\n"
        f"export HOME='{tmp_path}'\n"
        f"timeout {PATIENCE:.0f} '{_chromium()}' {QUIET} --user-data-dir='{profile}' --virtual-time-budget=10000 --dump-dom \"$1\" >'{page}.part' 2>'{page}.err'\n"
        f"mv '{page}.part' '{page}'\n"
    )
    path.chmod(0o755)
    return Browser(str(path), page)
