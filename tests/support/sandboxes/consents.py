"""Asking a sandbox's authority, parameter by parameter, and counting what reaches it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector import Connection
    from connector.runtime.storage.store import Store
    from connector.sandbox.http.responses import SandboxResponse
    from connector.sandbox.sandbox import Sandbox
    from support.servers import GivenClock

BACK = "http://127.0.0.1:7000/callback"
CLIENT = ("app-1", "s3cret-canary")
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def basic(name: str, secret: str) -> tuple[str, str]:
    """The header of a client's id and secret."""
    return ("Authorization", "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode())


class Asker:
    """Asks the authority of one sandbox, whose paths are the usual ones, and its API."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box

    def consent(self, *more: tuple[str, str], **changed: str | None) -> SandboxResponse:
        """Ask for consent; `changed` replaces a parameter, None takes it away, `more` stands after the others."""
        usual = {
            "response_type": "code",
            "client_id": CLIENT[0],
            "redirect_uri": BACK,
            "state": "st&te=1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        pairs = [(name, value) for name, value in {**usual, **changed}.items() if value is not None]
        return self.box.service.handle("GET", f"/oauth/authorize?{urlencode([*pairs, *more])}", [], b"")

    def code(self, **changed: str | None) -> str:
        """A new code."""
        return brought(self.consent(**changed))["code"]

    def post(self, path: str, form: Any, *headers: tuple[str, str]) -> tuple[int, dict[str, Any]]:
        """Send a form, and return the status and what is said."""
        answer = self.box.service.handle("POST", path, [FORM, *headers], urlencode(form).encode())
        return answer.status, json.loads(answer.body)

    def token(self, client: tuple[str, str] = CLIENT, **form: str) -> tuple[int, dict[str, Any]]:
        """Ask for a token as a client."""
        return self.post("/oauth/token", form, basic(*client))

    def redeem(self, code: str, /, **changed: Any) -> tuple[int, dict[str, Any]]:
        """Turn a code into tokens."""
        usual = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.token(**{**usual, "code": code, **changed})

    def signed_in(self) -> dict[str, Any]:
        """The tokens of a new consent."""
        status, tokens = self.redeem(self.code())
        assert status == 200, tokens
        return tokens

    def renew(self, refresh_token: str, client: tuple[str, str] = CLIENT, **more: str) -> tuple[int, dict[str, Any]]:
        """Ask for the tokens after these."""
        return self.token(client, grant_type="refresh_token", refresh_token=refresh_token, **more)

    def revoke(self, token: str, client: tuple[str, str] = CLIENT) -> tuple[int, dict[str, Any]]:
        """Give a token back."""
        return self.post("/oauth/revoke", {"token": token}, basic(*client))

    def call(self, token: str) -> int:
        """The status that the API answers to a bearer token."""
        return self.box.service.handle("GET", "/v2/users/me", [("Authorization", f"Bearer {token}")], b"").status


def brought(answer: SandboxResponse) -> dict[str, str]:
    """What a redirect brings back."""
    assert answer.status == 302
    return dict(parse_qsl(urlsplit(dict(answer.headers)["location"]).query))


def refused(asked: tuple[int, dict[str, Any]], status: int, error: str) -> None:
    """Check that a request was refused, in the shape that services have."""
    assert (asked[0], asked[1]["error"]) == (status, error)
    assert asked[1].keys() == {"error", "reason"}


def counted(box: Sandbox) -> list[str]:
    """The method and path of every request that reaches a sandbox from now on, in process or over HTTP."""
    seen: list[str] = []
    handle: Callable[..., SandboxResponse] = box.service.handle

    def noted(method: str, target: str, headers: Any, body: bytes) -> SandboxResponse:
        seen.append(f"{method} {target.partition('?')[0]}")
        return handle(method, target, headers, body)

    box.service.handle = noted  # type: ignore[method-assign]
    return seen


def signed_in(box: Sandbox, clock: GivenClock, *, store: Store | None = None) -> Connection:
    """A connection of a whole sign-in, in process."""
    store = store or MemoryStore()
    inputs = box.build_oauth_inputs()
    begun = begin_sign_in(box.connector, name="work", redirect_uri=BACK, store=store, inputs=inputs, clock=clock)
    return finish_sign_in(box.connector, box.consent(begun.url), store=store, clock=clock, http=box.http)
