"""Software that is not ours, run beside the tests: an OAuth server from the npm registry, and a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote_plus, urljoin

import httpx
import platformdirs
import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "oidc-provider@9"
LEAST_NODE = (20, 12)  # the package takes digests with crypto.hash
HERE = Path(__file__).parent
PATIENCE = 30.0


def do_without(why: str) -> NoReturn:
    """Skip what cannot be run here; where everything is decided, that it cannot be run is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def _node() -> str:
    node = shutil.which("node")
    version = _said(node, "--version") if node else ""
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if node is None or numbers < LEAST_NODE:
        do_without(f"the OAuth server needs Node {'.'.join(map(str, LEAST_NODE))}; here is {version or 'none'}")
    return node


def _said(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE).stdout.strip()


def _installed() -> Path:
    """The folder that has the package: in this user's cache, installed once by its name."""
    folder = platformdirs.user_cache_path("connector-tests") / PACKAGE
    folder.mkdir(parents=True, exist_ok=True)
    there = folder / "installed"
    with FileLock(folder / "lock"):
        if not there.exists():
            npm = shutil.which("npm")
            if npm is None:
                do_without(f"{PACKAGE} is not installed, and there is no npm to install it")
            command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE]
            try:
                ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, cwd=folder)
                failed = ran.returncode
            except subprocess.TimeoutExpired:
                failed = "no answer"
            if failed:
                do_without(f"npm cannot install {PACKAGE} ({failed})")
            there.touch()
    return folder


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
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


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
    command = [_node(), str(HERE / "provider.mjs"), str(_installed())]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    one = Provider(subprocess.Popen(command, text=True, **pipes))
    yield one
    one.close()

