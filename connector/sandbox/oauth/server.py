"""OAuth server: auto-consent, token, refresh, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from connector.core.auth import device_code
from connector.core.auth.oauth import JWT_GRANT_TYPE
from connector.definition.connection_type import PERSON_KINDS
from connector.definition.lazy import cached_property
from connector.errors import UsageError
from connector.first_use import prepare_pattern
from connector.sandbox.data.issued_tokens import (
    CODE_LIFETIME,
    TOKEN_PREFIX,
    AuthorizationCode,
    CodeProof,
    OAuthError,
    TokenPolicy,
)
from connector.sandbox.http.body_parser import BadBody
from connector.sandbox.http.responses import SandboxResponse, build_json_response
from connector.sandbox.oauth import credentials, jwts
from connector.sandbox.oauth.endpoints import OAuthEndpoints, build_discovery_document, build_urls
from connector.sandbox.oauth.refusals import (
    NO_STORE_HEADERS,
    build_error_page,
    build_oauth_error,
    build_refusal,
    find_redirect_problem,
)
from connector.sandbox.oauth.scopes import list_needed_scopes, list_other_scopes
from connector.sandbox.oauth.token_messages import parse_parameters, shape_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.sandbox.data.issued_tokens import IssuedTokens, TokenRegistry
    from connector.sandbox.data.state import SandboxState
    from connector.sandbox.http.request import SandboxRequest
    from connector.sandbox.oauth.endpoints import Role

_CHALLENGE_PATTERN = prepare_pattern(r"[A-Za-z0-9_-]{43}\Z")
_GET_ROLES: tuple[Role, ...] = ("authorize", "discovery")
_KINDS_BY_GRANT: dict[str, tuple[str, ...]] = {
    "authorization_code": ("oauth2",),
    "refresh_token": PERSON_KINDS,
    "account_credentials": ("oauth2_account_credentials",),
    "client_credentials": ("oauth2_client_credentials",),
    JWT_GRANT_TYPE: ("jwt",),
    device_code.GRANT_TYPE: ("oauth2_device_code",),
}
_DEVICE = "device"  # in the place of a redirect URI, which a code for a device has not
_DEVICE_INTERVAL = 1  # seconds between polls


class AuthorizationServer:
    """Issues tokens for a connector's OAuth connection types; keeps them in the state.

    `redirect_uris` are the URLs beyond this machine that a sign-in may be sent back to; None, for a caller that
    consents itself, allows any https URL.
    """

    redirect_uris: frozenset[str] | None = None

    def __init__(
        self, connector: Connector, state: SandboxState, clock: Clock, token_policy: TokenPolicy | None = None
    ) -> None:
        self.endpoints = OAuthEndpoints(connector)
        self._connector = connector
        self._state = state
        self._clock = clock
        self._token_policy = token_policy or TokenPolicy()
        self._connection_types = [item for item in connector.manifest.connections.values() if item.is_oauth]
        secret_fields = [connection_type.inputs.get("clientSecret") for connection_type in self._connection_types]
        self._allows_public_clients = any(field is None or not field.required for field in secret_fields)
        self._grant_handlers: dict[str, Callable[[TokenRegistry, Mapping[str, str], str], IssuedTokens]] = {
            "authorization_code": self._redeem_code,
            "refresh_token": self._renew_tokens,
            "account_credentials": self._grant_account_token,
            "client_credentials": self._grant_client_token,
            JWT_GRANT_TYPE: self._exchange_jwt,
            device_code.GRANT_TYPE: self._redeem_device_code,
        }

    def build_connection_inputs(self, kind: str, origin: str) -> dict[str, Any]:
        """Return the inputs of a connection to this server, its URLs at an origin. Raises UsageError."""
        connection_types = self._connector.manifest.connections
        if kind not in connection_types:
            hint = f"It has {', '.join(connection_types) or 'none'}."
            raise UsageError(f"{self._connector.name} has no connection {kind!r}.", hint=hint)
        return credentials.build_sandbox_inputs(connection_types[kind], build_urls(connection_types[kind], origin))

    def accepts_token(self, request: SandboxRequest) -> bool:
        """Whether the bearer token of a request is valid, or was not issued here. Raises StoreError."""
        token = credentials.read_token(self._connector, request)
        if not token.startswith(TOKEN_PREFIX):
            return True
        with self._state.read() as data:
            is_valid = data.token_registry.is_valid(token, self._clock.time())
            is_unconfirmed = is_valid and data.token_registry.is_unconfirmed(token)
        if is_unconfirmed:
            with self._state.transaction() as data:
                data.token_registry.confirm(token)
        return is_valid

    def handle(self, role: Role, request: SandboxRequest) -> SandboxResponse:
        """Handle a request to one of the endpoints. Raises StoreError."""
        method = "GET" if role in _GET_ROLES else "POST"
        if request.method != method:
            allow = ("allow", method)
            return build_oauth_error(405, "invalid_request", "Method not allowed.", (allow,))
        if role == "authorize":
            return self._authorize(request)
        if role == "discovery":
            host = request.headers.get("host", "")
            return build_json_response(200, build_discovery_document(host, request.path))
        handlers = {"token": self._grant_token, "revoke": self._revoke, "device": self._issue_device_code}
        return self._handle_form(request, handlers[role])

    def _authorize(self, request: SandboxRequest) -> SandboxResponse:
        """Redirect back with a code; show an error page for an invalid client or URI."""
        parameters, duplicates = _split_duplicates(request.query)
        client, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
        problem = find_redirect_problem(client, redirect_uri, self.redirect_uris)
        if problem or duplicates & {"client_id", "redirect_uri"}:
            return build_error_page(problem or "The client_id or the redirect_uri is repeated.")
        try:
            result = {"code": self._issue_code(parameters, duplicates)}
        except OAuthError as error:
            result = {"error": error.error, "error_description": error.reason}
        if "state" in parameters:
            result["state"] = parameters["state"]
        separator = "&" if urlsplit(redirect_uri).query else "" if redirect_uri.endswith("?") else "?"
        return SandboxResponse(302, (("location", f"{redirect_uri}{separator}{urlencode(result)}"), *NO_STORE_HEADERS))

    def _issue_code(self, parameters: Mapping[str, str], duplicates: set[str]) -> str:
        """Issue an authorization code. Raises OAuthError."""
        if duplicates:
            raise OAuthError("invalid_request", "A parameter is repeated.")
        if _require_parameter(parameters, "response_type") != "code":
            raise OAuthError("unsupported_response_type", "The response_type must be code.")
        has_challenge = parameters.get("code_challenge_method") == "S256" and _CHALLENGE_PATTERN.match(
            parameters.get("code_challenge", "")
        )
        if not has_challenge and not self._is_challenge_optional(parameters):
            raise OAuthError("invalid_request", "A code_challenge with code_challenge_method S256 is required.")
        code = AuthorizationCode(
            client=parameters["client_id"],
            redirect_uri=parameters["redirect_uri"],
            challenge=parameters.get("code_challenge", ""),
            scope=self._select_scope(parameters),
            expires_at=self._clock.time() + CODE_LIFETIME,
        )
        with self._state.transaction() as data:
            data.token_registry.purge(self._clock.time())
            return data.token_registry.add_code(code)

    def _handle_form(
        self, request: SandboxRequest, handler: Callable[[TokenRegistry, Mapping[str, str], str], Any]
    ) -> SandboxResponse:
        """Handle a form request; an error is saved too, since it may revoke tokens."""
        try:
            form = _parse_form(request)
            is_client_grant = form.get("grant_type") in ("account_credentials", "client_credentials")
            if form.get("grant_type") == JWT_GRANT_TYPE:
                client = "jwt"  # the JWT itself is the credential
            else:
                allow_public = self._allows_public_clients and not is_client_grant
                client = credentials.authenticate_client(request, form, allow_public=allow_public)
        except OAuthError as error:
            return build_refusal(error, used_basic="authorization" in request.headers)
        with self._state.transaction() as data:
            try:
                response = build_json_response(200, handler(data.token_registry, form, client), NO_STORE_HEADERS)
            except OAuthError as error:
                response = build_refusal(error)
            data.token_registry.purge(self._clock.time())
        return response

    def _grant_token(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> dict[str, Any]:
        grant_type = _require_parameter(form, "grant_type")
        kinds = _KINDS_BY_GRANT.get(grant_type, ())
        connection_types = [item for item in self._connection_types if item.kind in kinds]
        if not connection_types:
            raise OAuthError("unsupported_grant_type", "No connection type of this connector uses this grant type.")
        tokens, policy = self._grant_handlers[grant_type](registry, form, client), self._token_policy
        reply = {
            "access_token": tokens.access_token,
            "token_type": "bearer",
            "refresh_token": tokens.refresh_token,
            "expires_in": policy.expires_in,
            "scope": tokens.scope,
        }
        return shape_reply(connection_types, reply, policy.api_url)

    def _is_challenge_optional(self, parameters: Mapping[str, str]) -> bool:
        types = [item for item in self._connection_types if item.kind == "oauth2"]
        return "code_challenge" not in parameters and not all(item.pkce for item in types)

    def _redeem_code(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> IssuedTokens:
        code, redirect_uri = (_require_parameter(form, name) for name in ("code", "redirect_uri"))
        is_optional = self._is_challenge_optional({})
        verifier = form.get("code_verifier", "") if is_optional else _require_parameter(form, "code_verifier")
        now = self._clock.time()
        family = registry.redeem_code(code, CodeProof(client, redirect_uri, verifier), now)
        return registry.issue_tokens(family, self._token_policy, now, renewable=True)

    def _renew_tokens(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> IssuedTokens:
        return registry.renew_tokens(
            _require_parameter(form, "refresh_token"), client, self._token_policy, self._clock.time()
        )

    def _grant_account_token(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> IssuedTokens:
        if _require_parameter(form, "account_id") in jwts.REJECTED_VALUES:
            raise OAuthError("invalid_request", "Unknown account_id.")
        return self._grant_client_token(registry, form, client)

    def _grant_client_token(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> IssuedTokens:
        family = registry.start_family(client, self._select_scope(form))
        return registry.issue_tokens(family, self._token_policy, self._clock.time(), renewable=False)

    def _exchange_jwt(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> IssuedTokens:
        if not jwts.has_valid_times(_require_parameter(form, "assertion"), self._clock.time()):
            raise OAuthError("invalid_grant", "The assertion is no JWT that is valid now.")
        return self._grant_client_token(registry, form, client)

    def _issue_device_code(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> dict[str, Any]:
        """Issue a code for a device; whoever polls with it finds that a person has consented."""
        expires_at, scope = self._clock.time() + CODE_LIFETIME, self._select_scope(form)
        code = AuthorizationCode(client=client, redirect_uri=_DEVICE, challenge="", scope=scope, expires_at=expires_at)
        return {
            "device_code": registry.add_code(code),
            "user_code": "SAND-BOXX",
            "verification_uri": "https://sandbox.example.com/device",
            "expires_in": int(CODE_LIFETIME),
            "interval": _DEVICE_INTERVAL,
        }

    def _redeem_device_code(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> IssuedTokens:
        now, proof = self._clock.time(), CodeProof(client, _DEVICE, "")
        family = registry.redeem_code(_require_parameter(form, "device_code"), proof, now)
        return registry.issue_tokens(family, self._token_policy, now, renewable=True)

    def _revoke(self, registry: TokenRegistry, form: Mapping[str, str], client: str) -> dict[str, Any]:
        registry.revoke_token(_require_parameter(form, "token"), client)
        return {"status": "success"}

    def _select_scope(self, parameters: Mapping[str, str]) -> str:
        """Return the granted scopes: those requested, or all defaults. Raises OAuthError."""
        defaults, allowed = self._default_and_allowed_scopes
        requested = parameters.get("scope", "").replace(",", " ").split()
        if allowed and not allowed.issuperset(requested):
            raise OAuthError("invalid_scope", "The application does not have this scope.")
        return " ".join(requested or defaults)

    @cached_property
    def _default_and_allowed_scopes(self) -> tuple[list[str], set[str]]:
        """The scopes granted by default, and all that may be requested."""
        if self._token_policy.scope is not None:
            names = self._token_policy.scope.split()
            return names, set(names)
        defaults = list_needed_scopes(self._connector)
        return defaults, {*defaults, *list_other_scopes(self._connector)}


def _parse_form(request: SandboxRequest) -> dict[str, str]:
    try:
        form, duplicates = _split_duplicates(parse_parameters(request))
    except BadBody as error:
        raise OAuthError("invalid_request", error.reason) from None
    if duplicates:
        raise OAuthError("invalid_request", "A parameter is repeated.")
    return form


def _split_duplicates(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], set[str]]:
    """Return the non-empty parameters by name, and the names that are repeated."""
    values: dict[str, str] = {}
    duplicates = set()
    for name, value in pairs:
        if name in values:
            duplicates.add(name)
        elif value:
            values[name] = value
    return values, duplicates


def _require_parameter(form: Mapping[str, str], name: str) -> str:
    if name not in form:
        raise OAuthError("invalid_request", f"The parameter {name} is missing.")
    return form[name]
