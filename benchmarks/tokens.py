"""What a crowd does to an expired token: two hundred callers at once, and refresh tokens that are good once.

Used a second time, one ends the connection, as RFC 9700, 4.14.2 has it. What counts is not time but how many token
requests are made, how many calls fail, and whether the connection is alive after.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import parse_qs

from benchmarks.rounds import Row, shuffled
from benchmarks.service import JsonHandler
from connector import AsyncClient, Client, Connection, Connector
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from benchmarks.service import Service

CALLERS = 200
DELAY = 0.05  # seconds that the token endpoint takes: a round trip, and a signature
ENDED = 1  # epoch seconds


class Came(NamedTuple):
    """What came of one crowd."""

    asked: int
    failed: int
    alive: bool


class Authority:
    """A server on loopback with one connection; its refresh token changes with each use, and reuse ends it."""

    def __enter__(self) -> Self:
        self._lock, self._number = threading.Lock(), itertools.count(1)
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sign_in(self) -> dict[str, Any]:
        """Begin a new connection, and return its tokens; the access token has ended."""
        self.asked, self.alive = 0, True
        self._refresh, self._access = f"refresh-{next(self._number)}", set[str]()
        return {"access_token": "ended", "refresh_token": self._refresh, "expires_at": ENDED, "token_type": "bearer"}

    def renewed(self, refresh: str) -> tuple[int, dict[str, Any]]:
        """Answer a token request."""
        time.sleep(DELAY)
        with self._lock:
            self.asked += 1
            if refresh != self._refresh or not self.alive:
                self.alive = False
                self._access.clear()
                return 400, {"error": "invalid_grant"}
            number = next(self._number)
            self._refresh, access = f"refresh-{number}", f"access-{number}"
            self._access.add(access)
        fields = {"token_type": "bearer", "expires_in": 3600}
        return 200, {"access_token": access, "refresh_token": self._refresh, **fields}

    def called(self, authorization: str) -> tuple[int, dict[str, Any]]:
        """Answer a call."""
        good = authorization.removeprefix("Bearer ") in self._access
        return (200, {"id": "me"}) if good else (401, {"code": 124, "message": "Access token is expired."})


class _Server(ThreadingHTTPServer):
    request_queue_size = 2 * CALLERS
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a client that hangs up is no error of ours."""


def _handler(authority: Authority) -> type[JsonHandler]:
    class Handler(JsonHandler):
        def do_POST(self) -> None:  # noqa: N802  the library names it
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            self.say(*authority.renewed(form["refresh_token"][0]))

        def do_GET(self) -> None:  # noqa: N802  the library names it
            self.say(*authority.called(self.headers.get("authorization", "")))

    return Handler


def rows(server: Service, count: int) -> Iterator[Row]:
    """Let crowds meet an expired token, ours and Authlib's in shuffled rounds."""
    del server  # it gives no tokens
    with Authority() as authority:
        for what, ours, theirs, name in (
            ("threads", _our_threads, _authlib_threads, "OAuth2Client"),
            ("tasks", _our_tasks, _authlib_tasks, "AsyncOAuth2Client"),
        ):
            crowds = {"ours": ours, **({"theirs": theirs} if _authlib() else {})}
            came: dict[str, list[Came]] = {key: [] for key in crowds}
            for key in shuffled(crowds, count):
                came[key].append(crowds[key](authority))
            beside = "Authlib is not installed"
            if "theirs" in came:
                beside = f"Authlib {_authlib()} {name}: {_shown(came['theirs'])}"
            goal = "1, none failed, alive"
            yield Row(
                f"{CALLERS} {what} meet an expired token: token requests", _shown(came["ours"]), beside, None, goal
            )


def _shown(came: list[Came]) -> str:
    asked, failed = (f"{median(values):g}" for values in list(zip(*came, strict=True))[:2])
    return f"{asked}, {failed} calls failed, alive after {sum(one.alive for one in came)} of {len(came)}"


def _authlib() -> str:
    try:
        return version("authlib")
    except PackageNotFoundError:
        return ""


def _in_threads(authority: Authority, call: Callable[[], Any]) -> Came:
    gate = threading.Barrier(CALLERS)

    def work(_: int) -> bool:
        gate.wait()
        return _fails(call)

    with ThreadPoolExecutor(CALLERS) as pool:
        failed = sum(pool.map(work, range(CALLERS)))
    return Came(authority.asked, failed, authority.alive and not _fails(call))


async def _in_tasks(authority: Authority, call: Callable[[], Awaitable[Any]]) -> Came:
    failed = sum(await asyncio.gather(*(_fails_async(call) for _ in range(CALLERS))))
    return Came(authority.asked, failed, authority.alive and not await _fails_async(call))


def _fails(call: Callable[[], Any]) -> bool:
    try:
        call()
    except Exception:
        return True
    return False


async def _fails_async(call: Callable[[], Awaitable[Any]]) -> bool:
    try:
        await call()
    except Exception:
        return True
    return False


def _connection(authority: Authority) -> tuple[Connector, Connection]:
    connector, token = Connector.open(), authority.sign_in()
    inputs: dict[str, Any] = {
        "clientId": "app",
        "clientSecret": "secret",
        "tokenUrl": f"{authority.origin}/oauth/token",
    }
    return connector, Connection(connector, "oauth2", name="crowd", store=MemoryStore(), token=token, **inputs)


def _our_threads(authority: Authority) -> Came:
    with Client(*_connection(authority), base_url=authority.origin) as client:
        return _in_threads(authority, partial(client.run, "getUser", {"userId": "me"}))


def _our_tasks(authority: Authority) -> Came:
    async def main() -> Came:
        async with AsyncClient(*_connection(authority), base_url=authority.origin) as client:
            return await _in_tasks(authority, partial(client.run, "getUser", {"userId": "me"}))

    return asyncio.run(main())


def _clients() -> Any:
    """Return Authlib's clients for httpx: the library that ours use too, though it advises another."""
    with warnings.catch_warnings():
        import authlib.deprecate  # noqa: F401  it asks to hear of everything

        warnings.simplefilter("ignore")
        from authlib.integrations import httpx_client
    return httpx_client


def _given(authority: Authority) -> dict[str, Any]:
    url = f"{authority.origin}/oauth/token"
    return {"client_id": "app", "client_secret": "secret", "token": authority.sign_in(), "token_endpoint": url}


def _authlib_threads(authority: Authority) -> Came:
    with _clients().OAuth2Client(**_given(authority)) as client:
        return _in_threads(authority, lambda: client.get(f"{authority.origin}/users/me").raise_for_status())


def _authlib_tasks(authority: Authority) -> Came:
    async def main() -> Came:
        async with _clients().AsyncOAuth2Client(**_given(authority)) as client:

            async def call() -> None:
                (await client.get(f"{authority.origin}/users/me")).raise_for_status()

            return await _in_tasks(authority, call)

    return asyncio.run(main())
