"""The authority of the stand-in service: it asks nobody for consent, gives tokens, renews them and takes them back."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from connector.core.url_policy import is_loopback_url
from connector.errors import UsageError
from connector.runtime.auth.connection import RENEWED
from connector.sandbox.data.issued_tokens import CODE_LIFETIME, ISSUED, Code, Proof, Refused, Terms
from connector.sandbox.http import body_parser as bodies
from connector.sandbox.http import responses as answers
from connector.sandbox.http.body_parser import Unreadable
from connector.sandbox.http.responses import Answer
from connector.sandbox.oauth import credentials, endpoints
from connector.sandbox.oauth.endpoints import Endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.sandbox.data.issued_tokens import Grants, Issued
    from connector.sandbox.data.state import State
    from connector.sandbox.http.request import Incoming
    from connector.sandbox.oauth.endpoints import Role

_PRIVATE = (("cache-control", "no-store"), ("pragma", "no-cache"), ("referrer-policy", "no-referrer"))
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_METHODS: dict[Role, str] = {"authorize": "GET", "token": "POST", "revoke": "POST"}
_OFFERED = {
    "authorization_code": "oauth2",
    "refresh_token": "oauth2",
    "account_credentials": "oauth2_account_credentials",
    "client_credentials": "oauth2_client_credentials",
}


class Authority:
    """Gives tokens for the kinds of connection that a connector has; what it gave is in the state."""

    def __init__(self, connector: Connector, state: State, clock: Clock, terms: Terms | None = None) -> None:
        self.endpoints = Endpoints(connector)
        self._connector = connector
        self._state = state
        self._clock = clock
        self._terms = terms or Terms()
        kinds = [kind for kind in connector.manifest.connections.values() if kind.kind in RENEWED]
        self._kinds = {kind.kind for kind in kinds}
        secrets = [kind.inputs.get("clientSecret") for kind in kinds]
        self._public = any(spec is None or not spec.required for spec in secrets)
        self._gives: dict[str, Callable[[Grants, Mapping[str, str], str], Issued]] = {
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh,
            "account_credentials": self._by_account,
            "client_credentials": self._by_client,
        }

    def inputs(self, kind: str, origin: str) -> dict[str, Any]:
        """Return the inputs of a connection that is let in here, its URLs at an origin. Raises UsageError."""
        declared = self._connector.manifest.connections
        if kind not in declared:
            hint = f"It has {', '.join(declared) or 'none'}."
            raise UsageError(f"{self._connector.name} has no connection {kind!r}.", hint=hint)
        return credentials.stand_ins(declared[kind], endpoints.urls(declared[kind], origin))

    def admits(self, request: Incoming) -> bool:
        """Whether the bearer token of a request is good, or none that was given here. Raises StoreError."""
        token = credentials.bearer(request)
        if not token.startswith(ISSUED):
            return True
        with self._state.reading() as data:
            alive = data.grants.alive(token, self._clock.time())
            unproven = alive and data.grants.unproven(token)
        if unproven:
            with self._state.writing() as data:
                data.grants.use(token)
        return alive

    def answer(self, role: Role, request: Incoming) -> Answer:
        """Answer a request to one of the endpoints. Raises StoreError."""
        if request.method != _METHODS[role]:
            refusal = trouble(405, "invalid_request", "This method is not allowed here.")
            return Answer(405, (*refusal.headers, ("allow", _METHODS[role])), refusal.body)
        if role == "authorize":
            return self._authorize(request)
        return self._done(request, self._token if role == "token" else self._revoke)

    def _authorize(self, request: Incoming) -> Answer:
        """Send a person back with a code; to nowhere when it is not sure whose application asks."""
        asked, twice = _once(request.query)
        client, back = asked.get("client_id", ""), asked.get("redirect_uri", "")
        unfit = _unfit(client, back)
        if unfit or twice & {"client_id", "redirect_uri"}:
            return _page(unfit or "The request names its application twice.")
        try:
            said = {"code": self._consented(asked, twice)}
        except Refused as refused:
            said = {"error": refused.error, "error_description": refused.reason}
        if "state" in asked:
            said["state"] = asked["state"]
        joint = "&" if urlsplit(back).query else "" if back.endswith("?") else "?"
        return Answer(302, (("location", f"{back}{joint}{urlencode(said)}"), *_PRIVATE))

    def _consented(self, asked: Mapping[str, str], twice: set[str]) -> str:
        """Return the code of a consent. Raises Refused."""
        if twice:
            raise Refused("invalid_request", "A parameter stands more than once.")
        if _needed(asked, "response_type") != "code":
            raise Refused("unsupported_response_type", "The response_type is to be code.")
        if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.match(asked.get("code_challenge", "")):
            raise Refused("invalid_request", "A code_challenge with the code_challenge_method S256 is needed.")
        code = Code(
            client=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            challenge=asked["code_challenge"],
            scope=self._scope(asked),
            until=self._clock.time() + CODE_LIFETIME,
        )
        with self._state.writing() as data:
            data.grants.tidy(self._clock.time())
            return data.grants.consent(code)

    def _done(self, request: Incoming, does: Callable[[Grants, Mapping[str, str], str], Any]) -> Answer:
        """Do what a client asks for in a form; what is refused may have ended something, so it is kept as well."""
        try:
            form = _form(request)
            asks_anew = form.get("grant_type") in ("account_credentials", "client_credentials")
            client = credentials.client(request, form, public=self._public and not asks_anew)
        except Refused as refused:
            return _refusal(refused, basic="authorization" in request.headers)
        with self._state.writing() as data:
            try:
                answer = answers.data(200, does(data.grants, form, client), _PRIVATE)
            except Refused as refused:
                answer = _refusal(refused)
            data.grants.tidy(self._clock.time())
        return answer

    def _token(self, grants: Grants, form: Mapping[str, str], client: str) -> dict[str, Any]:
        grant = _needed(form, "grant_type")
        if _OFFERED.get(grant) not in self._kinds:
            raise Refused("unsupported_grant_type", "No kind of connection of this connector asks like that.")
        issued, terms = self._gives[grant](grants, form, client), self._terms
        reply = {
            "access_token": issued.access,
            "token_type": "bearer",
            "refresh_token": issued.refresh,
            "expires_in": terms.expires_in,
            "scope": issued.scope,
            "api_url": terms.api_url,
        }
        return {name: value for name, value in reply.items() if value is not None}

    def _by_code(self, grants: Grants, form: Mapping[str, str], client: str) -> Issued:
        code, back, verifier = (_needed(form, name) for name in ("code", "redirect_uri", "code_verifier"))
        now = self._clock.time()
        family = grants.redeem(code, Proof(client, back, verifier), now)
        return grants.issue(family, self._terms, now, renewable=True)

    def _by_refresh(self, grants: Grants, form: Mapping[str, str], client: str) -> Issued:
        return grants.renew(_needed(form, "refresh_token"), client, self._terms, self._clock.time())

    def _by_account(self, grants: Grants, form: Mapping[str, str], client: str) -> Issued:
        if _needed(form, "account_id") in credentials.REFUSED:
            raise Refused("invalid_request", "The account_id is not known.")
        return self._by_client(grants, form, client)

    def _by_client(self, grants: Grants, form: Mapping[str, str], client: str) -> Issued:
        family = grants.begin(client, self._scope(form))
        return grants.issue(family, self._terms, self._clock.time(), renewable=False)

    def _revoke(self, grants: Grants, form: Mapping[str, str], client: str) -> dict[str, Any]:
        grants.revoke(_needed(form, "token"), client)
        return {"status": "success"}

    def _scope(self, asked: Mapping[str, str]) -> str:
        """Return the scopes that a request gets: those it asks for, or all. Raises Refused."""
        given, known = self._scopes
        words = asked.get("scope", "").split()
        if known and not known.issuperset(words):
            raise Refused("invalid_scope", "The application has no such scope.")
        return " ".join(words or given)

    @cached_property
    def _scopes(self) -> tuple[list[str], set[str]]:
        """The scopes that are given, and all that may be asked for."""
        if self._terms.scope is not None:
            words = self._terms.scope.split()
            return words, set(words)
        needed = [action.scopes for action in self._connector.actions()]
        given = list(dict.fromkeys(scope for scopes in needed for scope in scopes.granular))
        return given, {*given, *(scope for scopes in needed for scope in scopes.classic)}


def trouble(status: int, error: str, reason: str) -> Answer:
    """Answer as an authority that gives no token."""
    return answers.data(status, {"reason": reason, "error": error}, _PRIVATE)


def _refusal(refused: Refused, *, basic: bool = False) -> Answer:
    if refused.error != "invalid_client":
        return trouble(400, refused.error, refused.reason)
    answer = trouble(401, refused.error, refused.reason)
    asks = (("www-authenticate", 'Basic realm="sandbox"'),) if basic else ()
    return Answer(401, (*answer.headers, *asks), answer.body)


def _page(why: str) -> Answer:
    text = f"<!DOCTYPE html><html><head><title>No sign-in</title></head><body><p>{why}</p></body></html>"
    return Answer(400, (("content-type", "text/html; charset=utf-8"), *_PRIVATE), text.encode())


def _unfit(client: str, back: str) -> str:
    """Return why nobody is sent back to an application, or nothing; no word of the request is in it."""
    if not client or client == credentials.REFUSED[-1] or not client.isprintable():
        return "The request names no application: look at its client_id."
    try:
        parts = urlsplit(back)
        safe = is_loopback_url(back) or (parts.scheme == "https" and parts.hostname and parts.username is None)
    except ValueError:
        safe = False
    plain = back.isascii() and back.isprintable() and not any(char in back for char in ' #\\"<>')
    return "" if safe and plain else "The redirect_uri is neither https nor http at this machine."


def _form(request: Incoming) -> dict[str, str]:
    try:
        form, twice = _once(bodies.flat(request))
    except Unreadable as error:
        raise Refused("invalid_request", error.why) from None
    if twice:
        raise Refused("invalid_request", "A parameter stands more than once.")
    return form


def _once(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], set[str]]:
    """Return parameters by name, those without a value left out, and the names that stand more than once."""
    found: dict[str, str] = {}
    twice = set()
    for name, value in pairs:
        if name in found:
            twice.add(name)
        elif value:
            found[name] = value
    return found, twice


def _needed(form: Mapping[str, str], name: str) -> str:
    if name not in form:
        raise Refused("invalid_request", f"The parameter {name} is missing.")
    return form[name]
