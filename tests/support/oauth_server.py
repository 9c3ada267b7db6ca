"""An OAuth server and its API on real sockets: strict rotation, request counts, faults on demand.

A refresh token is good once. Used a second time, the whole family of its sign-in ends, as OAuth 2.0 Security Best
Current Practice (RFC 9700, 4.14.2) has it. `lenient` keeps the token before the newest good until the newest is used.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from connector import Connection
from support.pace import wait_until
from support.servers import Counting, hang_up, held, html, redirect, reply, silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector import Connector
    from support.servers import Behaviour, Recorded

CLIENT_ID, CLIENT_SECRET = "app-1", "canary/client+secret"
ACCOUNT = "account-1"
INVALID = {"reason": "Invalid Token!", "error": "invalid_grant"}


@dataclass
class Family:
    """The refresh tokens of one consent: the valid one, the one before it, and the spent ones."""

    good: str = ""
    before: str = ""
    spent: set[str] = field(default_factory=set)
    access: set[str] = field(default_factory=set)
    newest: str = ""
    ended: bool = False


class Authority:
    """Serves `/oauth/token` and the API below `/v2`; `reply` has further members of every token reply."""

    def __init__(self, *, lenient: bool = False, **fields: Any) -> None:
        self.fields = {"token_type": "bearer", "expires_in": 3600, **fields}
        self.lenient = lenient
        self.forms: list[dict[str, str]] = []  # one for each token request
        self.refused: Counter[str] = Counter()
        self.api: Counter[int] = Counter()
        self.created = 0
        self.families: list[Family] = []
        self.own: set[str] = set()  # access tokens of clients that act for themselves
        self.answers: Callable[[Recorded], Behaviour | None] = lambda request: None
        self.on_token: Callable[[], None] = lambda: None
        self._codes: dict[str, dict[str, str]] = {}
        self._plays: list[Any] = []
        self._lock = threading.RLock()
        self._server = Counting(lambda request: self._answer(request))  # noqa: PLW0108  a method would count as two arguments

    @property
    def asked(self) -> int:
        """The number of token requests."""
        return len(self.forms)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"{self.origin}/v2"

    @property
    def requests(self) -> list[Recorded]:
        return self._server.requests

    def inputs(self, kind: str = "oauth2") -> dict[str, str]:
        """The inputs of a connection to this server."""
        more = (
            {"accountId": ACCOUNT} if kind == "serverToServer" else {"authorizeUrl": f"{self.origin}/oauth/authorize"}
        )
        url = f"{self.origin}/oauth/token"
        return {"tokenUrl": url, "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, **more}

    def connection(self, zoom: Connector, kind: str = "oauth2", *, ends: float = 1.0, **more: Any) -> Connection:
        """A signed-in connection; `ends` is when its first token expires, in epoch seconds."""
        if kind == "oauth2" and "token" not in more:
            more["token"] = self.sign_in(ends)
        return Connection(zoom, kind, **{**self.inputs(kind), **more})

    def sign_in(self, ends: float = 1.0) -> dict[str, Any]:
        """The tokens of a new consent, as a program would pass them."""
        with self._lock:
            self.families.append(Family())
            made = self._granted(self.families[-1])
        return {"access_token": made["access_token"], "refresh_token": made["refresh_token"], "expires_at": ends}

    def consent(self, url: str) -> str:
        """Consent at the URL of a sign-in; return the callback URL."""
        asked = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = f"canary-code-{secrets.token_hex(8)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def then(self, *plays: Any) -> Self:
        """Play these once each, in order, for the next token requests."""
        self._plays += plays
        return self

    def expire(self) -> None:
        """Reject every access token issued so far; refresh tokens stay valid."""
        with self._lock:
            self.own.clear()
            for family in self.families:
                family.access.clear()

    async def was_asked(self) -> None:
        """Wait for a token request."""
        await asyncio.to_thread(wait_until, lambda: self.asked > 0)

    def alive(self) -> bool:
        """Whether the newest sign-in, if any, can still be refreshed."""
        return not (self.families and self.families[-1].ended)

    def _answer(self, request: Recorded) -> Behaviour:
        if request.path == "/oauth/token":
            return self._token(request)
        with self._lock:
            return self.answers(request) or self._api(request)

    def _api(self, request: Recorded) -> Behaviour:
        token = (request.header("authorization") or "").removeprefix("Bearer ")
        status = 401
        if token in self.own or any(token in one.access for one in self.families):
            status = 201 if request.method == "POST" else 200
        self.api[status] += 1
        if status == 401:
            return reply(401, {"code": 124, "message": "Access token is expired."})
        self.created += status == 201
        for family in self.families:
            if token == family.newest and family.before:  # the newest pair is in use: the one before it has ended
                family.spent.add(family.before)
                family.before = ""
        return reply(status, {"id": self.created})

    def _token(self, request: Recorded) -> Behaviour:
        form = dict(parse_qsl(request.body.decode()))
        with self._lock:
            self.forms.append(form)
            play = self._plays.pop(0) if self._plays else None
        self.on_token()
        if play is not None:
            return play(lambda: self._grant(request, form))
        return self._grant(request, form)

    def _grant(self, request: Recorded, form: dict[str, str]) -> Behaviour:
        coded = base64.b64encode(f"{CLIENT_ID}:canary%2Fclient%2Bsecret".encode()).decode()
        with self._lock:
            if request.header("authorization") != f"Basic {coded}":
                return self._refuse(401, {"error": "invalid_client", "reason": "Invalid client_id or client_secret"})
            if form["grant_type"] == "refresh_token":
                return self._refreshed(form["refresh_token"])
            if form["grant_type"] == "authorization_code":
                return self._redeemed(form)
            made = self._granted(None)
            self.own.add(made["access_token"])
            return reply(json_=made)

    def _refreshed(self, token: str) -> Behaviour:
        for family in self.families:
            if token in (family.good, family.before) and not family.ended:
                return reply(json_=self._granted(family, token))
            if token in family.spent:
                family.ended = True
                family.access.clear()
        return self._refuse(400, INVALID)

    def _redeemed(self, form: dict[str, str]) -> Behaviour:
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or (asked["code_challenge"], asked["redirect_uri"]) != (challenge, form["redirect_uri"]):
            return self._refuse(400, {"reason": "Invalid authorization code", "error": "invalid_grant"})
        self.families.append(Family())
        return reply(json_=self._granted(self.families[-1]))

    def _refuse(self, status: int, said: dict[str, str]) -> Behaviour:
        self.refused[said["error"]] += 1
        return reply(status, said)

    def _granted(self, family: Family | None, used: str = "") -> dict[str, Any]:
        made = {"access_token": f"canary-access-{secrets.token_hex(12)}", **self.fields}
        if family is None:
            return made
        if used and not self.lenient:
            family.spent.add(used)
        elif used and used == family.good:
            family.spent |= {family.before}
            family.before = used
        elif used:
            family.spent.add(family.good)
        family.good = made["refresh_token"] = f"canary-refresh-{secrets.token_hex(12)}"
        family.newest = made["access_token"]
        family.access.add(family.newest)
        return made

    def close(self) -> None:
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def says(status: int, json_: Any = None, **headers: str) -> Any:
    """Answer with this, and issue nothing."""
    return lambda _: reply(
        status, json_ or {}, headers=[(name.replace("_", "-"), text) for name, text in headers.items()]
    )


def page(status: int = 200) -> Any:
    """Answer with a web page."""
    return lambda _: html(status, "<html>canary-page</html>")


def lost() -> Any:
    """Issue tokens, and hang up before the reply."""
    return lambda grant: (grant(), hang_up())[1]


def unheard() -> Any:
    """Hang up before issuing tokens."""
    return lambda _: hang_up()


def mute() -> Any:
    """Issue tokens, and send nothing until the client disconnects."""
    return lambda grant: (grant(), silence())[1]


def when(gate: threading.Event) -> Any:
    """Issue tokens at once, and reply when a gate opens."""
    return lambda grant: held(gate, grant())


def moved(to: str, status: int = 302) -> Any:
    """Redirect the client."""
    return lambda _: redirect(to, status)
