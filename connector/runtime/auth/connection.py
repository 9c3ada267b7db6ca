"""A connection: its type and inputs; signs requests, refreshes its token, and never prints a secret."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core.auth.jwt import JwtIssuer
from connector.core.auth.oauth_client import OAuthClient
from connector.core.auth.session import compile_login
from connector.core.auth.signing import Signer
from connector.core.auth.site import resolve_site
from connector.core.auth.token_set import parse_token
from connector.core.redaction import MASK
from connector.definition.connection_type import URL_INPUTS
from connector.errors import SignInError, StoreError, UsageError
from connector.runtime.auth import connection_record, env_connection
from connector.runtime.auth.connection_inputs import check_inputs, find_main_secret, list_secrets, merge_inputs
from connector.runtime.auth.connection_record import ConnectionRecord, store_key
from connector.runtime.auth.keys.client_certificate import build_certificate
from connector.runtime.auth.keys.own_credential import OwnCredential
from connector.runtime.auth.refresh_context import RefreshContext
from connector.runtime.auth.stored_credential import StoredCredentialSource
from connector.runtime.auth.token_refresh import LOCK_TIMEOUT
from connector.runtime.auth.token_source import TokenSource
from connector.runtime.process.argument_types import require_connector, require_store
from connector.runtime.process.command_lines import format_command
from connector.runtime.storage.memory_store import MemoryStore
from connector.runtime.storage.open import open_store
from connector.runtime.storage.store import hold_session

if TYPE_CHECKING:
    from connector.core.auth.site import Site
    from connector.core.auth.token_set import TokenSet
    from connector.core.request.credential import Credential
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.runtime.auth.credential_source import CredentialSource
    from connector.runtime.storage.store import Store


class Connection:
    """An account at the service: a connection type of the connector's manifest, and its inputs.

    `Connection(connector, "accessToken", accessToken=...)`; inputs by key or in snake_case. `inputs` is a mapping of
    them, and the way to give one that is called like an argument: inputs={"name": ...}. `token` is the initial token:
    access_token, refresh_token, expires_at (epoch seconds; without it the token is used until rejected).
    With `store` and `name`, refreshed tokens are stored there and shared with every process that uses the same name;
    `token` is used only if the store has none that is valid. Without them, tokens stay in memory, and a refresh token
    that the service replaces is lost with the process. Raises InputError with every problem, UsageError for a type
    that the manifest does not declare or that takes no token.
    """

    def __init__(
        self,
        connector: Connector,
        kind: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        store: Store | None = None,
        token: Mapping[str, Any] | None = None,
        http: Any = None,
        **more_inputs: Any,
    ) -> None:
        connection_types = require_connector(connector).manifest.connections
        if kind not in tuple(connection_types):  # which may be of any type
            hint = f"It has {', '.join(connection_types)}."
            raise UsageError(f"{connector.name} has no connection {kind!r}.", hint=hint)
        if require_store(store) is not None and not name:
            raise UsageError("A stored connection needs a name.", hint="Pass name=.")
        self.connector, self.kind = connector, kind
        self.name = name or kind
        self.http = http
        self._type = connection_types[kind]
        self._values = check_inputs(connector, kind, merge_inputs(inputs, more_inputs))
        self.site = resolve_site(connector.manifest, self._type, self._values)
        self._values |= {
            key: getattr(self.site, word) for word, key in URL_INPUTS.items() if self._values.get(key) is not None
        }
        self._secrets = list_secrets(self._type, self._values)
        self._main_secret = find_main_secret(connector, kind)
        self._signer = self._build_signer(self._values)
        secret = self._find_secret(self._values)
        issuer = JwtIssuer.of(self._type, secret or "", self._values)
        self._own_credential = OwnCredential(self._type, self._signer, self._values, secret, issuer)
        self._renewable_credential: tuple[Credential, Credential] | None = None  # for a stored connection
        self._is_durable = store is not None
        self._is_stored = False  # whether the store has it, and may replace it
        self._store: Store = store if store is not None else MemoryStore()
        self._token_source = self._build_token_source()
        self._credential_source = StoredCredentialSource(self)
        if token is not None:
            self._store_initial_token(token)

    @classmethod
    def from_env(
        cls, connector: Connector, kind: str | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Connection:
        """Create the connection that the environment defines, in variables such as NAME_ACCESS_TOKEN.

        `X_FILE` names a file that holds X; an empty variable is unset. Without `kind`, the type with
        the most required inputs set is used. Raises SignInError if none is complete, UsageError if two tie.
        """
        chosen_kind, inputs = env_connection.read_env_connection(
            connector, kind, os.environ if environ is None else environ
        )
        return cls(connector, chosen_kind, inputs)

    @classmethod
    def load(cls, connector: Connector, name: str, *, store: Store | None = None, http: Any = None) -> Connection:
        """Return the connection stored under a name (default store: the file store of this user).

        Raises SignInError if there is none, or another connector of this name stored it; StoreError if it cannot be
        read.
        """
        resolved_store: Store = require_store(store) if store is not None else open_store(None)
        record = connection_record.read_own_record(resolved_store, connector, name)
        if record is None:  # without the other names: whoever may name one may be a stranger
            raise SignInError(f"No connection {name!r} is stored.", hint=f"Run: {format_command('connect', name)}")
        connection = cls(connector, record.kind, record.inputs, name=name, store=resolved_store, http=http)
        connection._token_source = connection._build_token_source(reload_inputs=True)
        connection._is_stored = True
        return connection

    def reload(self) -> bool:
        """Take over what its store has under its name now; return whether that is another credential.

        Raises SignInError if it was removed, StoreError if it cannot be read.
        """
        if connection_record.read_own_record(self._store, self.connector, self.name) is None:
            message = f"The connection {self.name!r} is no longer in its store: it was removed."
            raise SignInError(message, hint=f"Run: {format_command('connect', self.name)}", outcome="rejected")
        stored = Connection.load(self.connector, self.name, store=self._store, http=self.http)
        if (stored.kind, stored.inputs()) == (self.kind, self.inputs()):
            return False
        self.__dict__ = {**stored.__dict__, "_credential_source": self._credential_source}  # all at once
        self._token_source = self._build_token_source(reload_inputs=True)  # which reloads this object
        return True

    def _store_initial_token(self, token: Mapping[str, Any]) -> None:
        if self._token_source is None or ("token" in self._type.inputs and not isinstance(token, Mapping)):
            hint = "Remove token=."
            if "token" in self._type.inputs:
                hint = "Give its input of that name as inputs={'token': ...}."
            raise UsageError(f"token= is an initial token, and a connection of kind {self.kind} takes none.", hint=hint)
        key, record = store_key(self.connector, self.name), self._build_record(parse_token(token))
        stored = connection_record.read_own_record(self._store, self.connector, self.name)
        if stored is not None and stored.token_set and not stored.revocation:
            return
        try:
            self._store.write(key, record.to_dict(), version=stored.version if stored else 0)
        except StoreError as error:
            if not error.conflict:  # else another process stored it first, and may have refreshed it already
                raise

    def save(self, token_set: TokenSet | None = None) -> None:
        """Store this connection and its token, replacing any record of its connector; durable on return.

        Raises StoreError, SignInError where another connector of this name has stored one under its name.

        It takes no lock: a refresh in progress, which may hang, finds at its next write that the record has changed,
        and yields.
        """
        with hold_session(self._store):
            with contextlib.suppress(StoreError):  # of a record that cannot be read: it is replaced
                connection_record.read_own_record(self._store, self.connector, self.name)
            self._store.write(store_key(self.connector, self.name), self._build_record(token_set).to_dict())
        self._token_source = self._build_token_source()
        self._is_stored = True

    def _build_record(self, token_set: TokenSet | None = None) -> ConnectionRecord:
        return ConnectionRecord(self.kind, self.inputs(), token_set, hosts=self.connector.manifest.own_hosts)

    def inputs(self) -> dict[str, Any]:
        """Return the inputs by key, secrets included: for a store, never for a log."""
        return dict(self._values)

    def delete(self) -> bool:
        """Remove the connection from its store; return whether it was there. Raises StoreError.

        It waits for a refresh in progress: versions restart after a removal, so the refresh could mistake the next
        record for its own, or store its token after the removal.
        """
        key = store_key(self.connector, self.name)
        with self._store.lock(key, LOCK_TIMEOUT):
            return self._store.remove(key)

    @property
    def oauth_client(self) -> OAuthClient:
        """The OAuth client that requests tokens."""
        return self._build_oauth_client(self.site, self._values)

    def _build_oauth_client(self, site: Site, values: Mapping[str, Any]) -> OAuthClient:
        signer = self._build_signer(values)
        issuer = JwtIssuer.of(self._type, self._find_secret(values) or "", values)
        client = OAuthClient.from_inputs(self._type, site, values)
        client = replace(client, certificate=signer.certificate, issuer_of_jwts=issuer)
        login = None if self._type.login is None else compile_login(self.connector, self._type, signer, values, site)
        return client if login is None else client.with_login(login)

    def _find_secret(self, values: Mapping[str, Any]) -> str | None:
        """Return the main secret of a kind that has one, or None."""
        value = None if self._main_secret is None else values.get(self._main_secret)
        return None if value is None else str(value)

    def _build_signer(self, values: Mapping[str, Any]) -> Signer:
        signer = Signer.of(self._type, self.connector.manifest.filled_constants, values)
        return replace(signer, certificate=build_certificate(self._type, values))

    def _read_inputs(self, inputs: Mapping[str, Any]) -> tuple[OAuthClient, Signer]:
        """Return the client and the signer of a stored record of this kind, which another sign-in may have replaced."""
        values = check_inputs(self.connector, self.kind, inputs)
        site = resolve_site(self.connector.manifest, self._type, values)
        return self._build_oauth_client(site, values), self._build_signer(values)

    @property
    def token_source(self) -> TokenSource | None:
        """The source of refreshed tokens; None for a type without tokens."""
        return self._token_source

    @property
    def credential_source(self) -> CredentialSource[Any] | None:
        """The source of another credential than a rejected one; None where there is none."""
        return self._token_source or (self._credential_source if self._is_stored else None)

    def _build_token_source(self, *, reload_inputs: bool = False) -> TokenSource | None:
        """Build the token source; with `reload_inputs` it follows the inputs of the stored record."""
        if not self._type.gets_tokens:
            return None
        sign_in = f"Sign in again: {format_command('connect', self.name)}"
        hint = sign_in if self._type.needs_person else "Check its inputs: the service does not accept them."
        context = RefreshContext(
            oauth_client=self.oauth_client,
            store=self._store,
            key=store_key(self.connector, self.name),
            allowed_hosts=self.allowed_hosts,
            signer=self._signer,
            initial_record=self._build_record(),
            sign_in_hint=hint,
            is_durable=self._is_durable,
            read_inputs=self._read_inputs if reload_inputs else None,
            reload_connection=self.reload,
            http=self.http,
        )
        return TokenSource(context)

    def can_run(self, action: Action) -> bool:
        """Whether the manifest and the action allow this connection type to run it."""
        allowed_actions, kinds = self._type.allowed_actions, action.connections
        return (allowed_actions is None or action.action in allowed_actions) and (kinds is None or self.kind in kinds)

    @property
    def base_url(self) -> str:
        """The base URL of the manifest, or of the connection's cloud, with the connection's values in it."""
        return self.site.base_url

    def find_url(self, server: str | None) -> str:
        """Return the URL of a server, or the base URL for none."""
        return self.site.find_url(server)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The hosts that may receive this connection's credentials."""
        return self.site.allowed_hosts

    def secrets(self) -> tuple[str, ...]:
        """Return the secret values, which must never be shown."""
        return self._secrets

    def credential(self, rejected_token: str | None, now: float) -> Credential | None:
        """Return the credential of a request; None when a token must be read or refreshed (`token_source`)."""
        if self._token_source is not None:
            return self._token_source.get_cached(rejected_token, now)
        if self._is_stored and rejected_token is not None:
            return None  # it may have been replaced
        return self.own_credential(now)

    def own_credential(self, now: float) -> Credential:
        """Return the credential of a type that needs no sign-in."""
        credential = self._own_credential.get(now)
        if not self._is_stored:
            return credential
        cached = self._renewable_credential
        if cached is None or cached[0] is not credential:
            cached = self._renewable_credential = (credential, replace(credential, renewable=True))
        return cached[1]

    def __repr__(self) -> str:
        inputs = self._type.inputs
        shown_values = {
            key: MASK if inputs[key].secret else value
            for key, value in self._values.items()
            if not (inputs[key].hidden and value == inputs[key].default)
        }
        return f"<Connection {self.name}: {self.connector.name} {self.kind} {shown_values}>"
