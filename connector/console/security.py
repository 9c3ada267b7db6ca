"""Who may talk to the console: the browser of whoever started it, from the console's own pages."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "connector-console"
KEY_FIELD = "token"  # of the query of the first address
MAX_BODY = 64 * 1024 * 1024  # bytes of a form, with its files
BODY_SECONDS = 60.0  # for a form to arrive, which comes from this machine
_MAX_DIGITS = 20  # of a length
_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # Pico's icons
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_POLICY = "; ".join(f"{name} {sources}" for name, sources in _SOURCES.items())
_HEADERS = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer, browsers send the origin of a form as null
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_NO_STORE = (b"cache-control", b"no-store")


class Keys:
    """What opens the console: the tokens of first addresses, the session of the cookie, and the path of the pages.

    Browsers send a cookie to every port of a host, which may be another user's, but to its own path alone. So the path
    is a secret too: nobody else knows what to have a browser ask for. Only hashes of tokens are kept.
    """

    def __init__(self) -> None:
        self.root_path = f"/{secrets.token_urlsafe(16)}"
        self._tokens: dict[bytes, bool] = {}  # hash: whether it opens once
        self._session = secrets.token_urlsafe(32)

    def make_token(self, *, once: bool = False) -> str:
        """Return a new token; one that is handed to another program opens once, since others may see its arguments."""
        token = secrets.token_urlsafe(32)
        self._tokens[_hash(token)] = once
        return token

    def open(self, token: str) -> str | None:
        """Return the session that a token opens, or None."""
        digest = _hash(token)
        known = next((own for own in self._tokens if hmac.compare_digest(own, digest)), None)
        if known is None:
            return None
        if self._tokens[known]:
            del self._tokens[known]
        return self._session

    def is_session(self, value: str) -> bool:
        """Whether a cookie's value is the session."""
        return hmac.compare_digest(_hash(value), _hash(self._session))


class Guard:
    """An ASGI application that passes on what comes from the console's own pages, with the cookie of this console."""

    def __init__(self, app: App, keys: Keys, port: int) -> None:
        self._app = app
        self._keys = keys
        self._hosts = {f"{host}:{port}" for host in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = _Headers(scope)
        refusal = self._find_refusal(scope, headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        root_path = self._keys.root_path
        if scope["path"].startswith(f"{root_path}/") and self._has_session(headers):
            await self._app({**scope, "root_path": root_path}, _limit(receive), _with_headers(send))
            return
        session = self._keys.open(_read_token(scope)) if scope["method"] == "GET" else None
        if session is None:
            text = "Open the console at the address that 'connector console' printed: it holds the key."
            await _answer(send, 401, text)
            return
        cookie = f"{COOKIE}={session}; Path={root_path}/; HttpOnly; SameSite=Strict"
        await _answer(send, 303, "", (b"location", f"{root_path}/".encode()), (b"set-cookie", cookie.encode()))

    def _find_refusal(self, scope: Scope, headers: _Headers) -> tuple[int, str] | None:
        """Return status and reason of a request that no page of this console sends, or None."""
        host, origin, site = headers.one("host"), headers.one("origin"), headers.one("sec-fetch-site")
        if host is None or host.lower() not in self._hosts:
            return 421, "This console answers at its own address only."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "This console knows GET and POST."
        if origin is not None and origin != f"http://{host}":
            return 403, "Another page sent this."
        is_change = scope["method"] == "POST"
        if site not in (("same-origin",) if is_change else (None, "same-origin", "none")) and not (
            is_change and site is None and origin is not None
        ):
            return 403, "Another page sent this, or none."
        length = headers.one("content-length") or "0"
        if not length.isdecimal() or len(length) > _MAX_DIGITS or int(length) > MAX_BODY:
            return 413, f"A form may have {MAX_BODY // 1024 // 1024} MiB."
        return None

    def _has_session(self, headers: _Headers) -> bool:
        pairs = [pair.strip().partition("=") for pair in (headers.one("cookie") or "").split(";")]
        return any(name == COOKIE and self._keys.is_session(value) for name, _, value in pairs)


class _Headers:
    """The headers of a request; one that comes twice is as good as wrong."""

    def __init__(self, scope: Scope) -> None:
        self._pairs = [(name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]

    def one(self, name: str) -> str | None:
        """Return the value of a header; None where it is missing, and what equals nothing where it comes twice."""
        values = [value for own, value in self._pairs if own == name]
        if name == "cookie":
            return "; ".join(values) or None
        return None if not values else values[0] if len(values) == 1 else "\0"


class BodyTooLargeError(Exception):
    """A body without a length is longer than it may be."""


class BodyTooLateError(Exception):
    """A body does not arrive."""


def _limit(receive: Receive) -> Receive:
    """Return `receive`, which ends with an error where the body is too large, or takes too long."""
    got, deadline, is_whole = 0, asyncio.get_running_loop().time() + BODY_SECONDS, False

    async def receive_some() -> MutableMapping[str, Any]:
        nonlocal got, is_whole
        if is_whole:  # what comes then is that the browser leaves
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise BodyTooLateError from None
        is_whole = not message.get("more_body", False)
        got += len(message.get("body", b""))
        if got > MAX_BODY:
            raise BodyTooLargeError
        return message

    return receive_some


def _with_headers(send: Send) -> Send:
    """Return `send`, which adds the headers of every page; what is not said to be kept, is not kept."""

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = message.get("headers", [])
            names = {name.lower() for name, _ in own}
            message["headers"] = [*own, *_HEADERS, *([] if b"cache-control" in names else [_NO_STORE])]
        await send(message)

    return send_with_headers


async def _answer(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    body = text.encode()
    own = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *headers]
    start = {"type": "http.response.start", "status": status, "headers": own}
    await _with_headers(send)(start)
    await send({"type": "http.response.body", "body": body})


def _read_token(scope: Scope) -> str:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return (query.get(KEY_FIELD) or [""])[-1] if scope["path"] == "/" else ""


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
