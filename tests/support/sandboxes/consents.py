"""Drive a sandbox's OAuth server parameter by parameter, and record its requests."""

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
    """Return the Basic header of a client."""
    return ("Authorization", "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode())


class OAuthTester:
    """Sends OAuth and API requests to one sandbox with the conventional paths."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def authorize(self, *more: tuple[str, str], **changed: str | None) -> SandboxResponse:
        """Request authorization; `changed` replaces a parameter or removes it (None), `more` is appended."""
        usual = {
            "response_type": "code",
            "client_id": CLIENT[0],
            "redirect_uri": BACK,
            "state": "st&te=1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        pairs = [(name, value) for name, value in {**usual, **changed}.items() if value is not None]
        return self.sandbox.service.handle("GET", f"/oauth/authorize?{urlencode([*pairs, *more])}", [], b"")

    def get_code(self, **changed: str | None) -> str:
        """Return a new code."""
        return redirect_params(self.authorize(**changed))["code"]

    def post(self, path: str, form: Any, *headers: tuple[str, str]) -> tuple[int, dict[str, Any]]:
        """Send a form; return status and JSON body."""
        answer = self.sandbox.service.handle("POST", path, [FORM, *headers], urlencode(form).encode())
        return answer.status, json.loads(answer.body)

    def request_token(self, client: tuple[str, str] = CLIENT, **form: str) -> tuple[int, dict[str, Any]]:
        """Request a token as a client."""
        return self.post("/oauth/token", form, basic(*client))

    def redeem(self, code: str, /, **changed: Any) -> tuple[int, dict[str, Any]]:
        """Exchange a code for tokens."""
        usual = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.request_token(**{**usual, "code": code, **changed})

    def sign_in(self) -> dict[str, Any]:
        """Return the tokens of a new authorization."""
        status, tokens = self.redeem(self.get_code())
        assert status == 200, tokens
        return tokens

    def renew(self, refresh_token: str, client: tuple[str, str] = CLIENT, **more: str) -> tuple[int, dict[str, Any]]:
        """Refresh tokens."""
        return self.request_token(client, grant_type="refresh_token", refresh_token=refresh_token, **more)

    def revoke(self, token: str, client: tuple[str, str] = CLIENT) -> tuple[int, dict[str, Any]]:
        """Revoke a token."""
        return self.post("/oauth/revoke", {"token": token}, basic(*client))

    def call_api(self, token: str) -> int:
        """Return the API status for a bearer token."""
        return self.sandbox.service.handle("GET", "/v2/users/me", [("Authorization", f"Bearer {token}")], b"").status


def redirect_params(answer: SandboxResponse) -> dict[str, str]:
    """Return the query parameters of a redirect."""
    assert answer.status == 302
    return dict(parse_qsl(urlsplit(dict(answer.headers)["location"]).query))


def assert_refused(asked: tuple[int, dict[str, Any]], status: int, error: str) -> None:
    """Assert that a response is this OAuth error."""
    assert (asked[0], asked[1]["error"]) == (status, error)
    assert asked[1].keys() == {"error", "reason"}


def record_requests(sandbox: Sandbox) -> list[str]:
    """Record the method and path of every later request to a sandbox, in process or over HTTP."""
    seen: list[str] = []
    handle: Callable[..., SandboxResponse] = sandbox.service.handle

    def noted(method: str, target: str, headers: Any, body: bytes) -> SandboxResponse:
        seen.append(f"{method} {target.partition('?')[0]}")
        return handle(method, target, headers, body)

    sandbox.service.handle = noted  # type: ignore[method-assign]
    return seen


def sign_in(sandbox: Sandbox, clock: GivenClock, *, store: Store | None = None) -> Connection:
    """Sign in completely, in process, and return the connection."""
    store = store or MemoryStore()
    inputs = sandbox.build_oauth_inputs()
    begun = begin_sign_in(sandbox.connector, name="work", redirect_uri=BACK, store=store, inputs=inputs, clock=clock)
    return finish_sign_in(sandbox.connector, sandbox.consent(begun.url), store=store, clock=clock, http=sandbox.http)
