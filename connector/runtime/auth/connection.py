"""A connection: which kind, with which values; it signs requests, renews its token, and never prints a secret."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from connector.core.auth import oauth
from connector.core.auth import token_set as grants
from connector.core.auth.oauth import App
from connector.core.exchange.exchange import Signed
from connector.core.inputs.coerce import Bad
from connector.core.inputs.field_checks import field_check
from connector.core.redaction import HIDDEN, shown
from connector.definition.fields import snake
from connector.errors import InputError, Problem, SignInError, StoreError, UsageError
from connector.runtime.auth import connection_record
from connector.runtime.auth import env_connection as environment
from connector.runtime.auth.token_refresh import LOCK_TIMEOUT, Owner
from connector.runtime.auth.token_source import Tokens
from connector.runtime.storage.open import MemoryStore, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.token_set import Grant
    from connector.definition.action import Action
    from connector.definition.fields import FormField
    from connector.definition.loader import Connector
    from connector.definition.manifest import ConnectionKind
    from connector.runtime.storage.open import Store

RENEWED = ("oauth2", "oauth2_account_credentials", "oauth2_client_credentials")
LEAST_JWT = 120.0  # seconds that an API JWT still has when it is used


def store_key(connector: Connector, name: str) -> str:
    """Return where a store keeps a connection."""
    return f"connection:{connector.name}:{name}"


class Connection:
    """Who calls: a kind that the connector's manifest declares, and its inputs.

    `Connection(connector, "accessToken", accessToken=...)`; inputs by key or in snake_case. `token` is a token to
    begin with: access_token, refresh_token, expires_at (epoch seconds; without it the token is used until refused).
    With `store` and `name` renewed tokens are kept there, for every process that uses the same, and `token` is taken
    only where the store has none that lives; without, they are kept in memory, and a refresh token that the service
    replaces is lost with the process. Raises InputError with every problem, UsageError for a kind that the manifest
    does not declare or that takes no token.
    """

    def __init__(
        self,
        connector: Connector,
        kind: str,
        *,
        name: str = "",
        store: Store | None = None,
        token: Mapping[str, Any] | None = None,
        http: Any = None,
        **inputs: Any,
    ) -> None:
        declared = connector.manifest.connections
        if kind not in declared:
            raise UsageError(f"{connector.name} has no connection {kind!r}.", hint=f"It has {', '.join(declared)}.")
        if store is not None and not name:
            raise UsageError("A connection that is kept needs a name.", hint="Give name=.")
        self.connector = connector
        self.kind = kind
        self.name = name or kind
        self.http = http
        self._declared = declared[kind]
        self._values = _checked(connector, self._declared, kind, inputs)
        self._signed: Signed | None = None
        self._jwt: tuple[float, Signed] | None = None
        self._lasting = store is not None
        self._store: Store = store if store is not None else MemoryStore()
        self._tokens = self._renewing()
        if token is not None:
            self._begin_with(token)

    @classmethod
    def from_env(
        cls, connector: Connector, kind: str | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Connection:
        """Make the connection that the environment describes, in variables such as NAME_ACCESS_TOKEN.

        `X_FILE` names a file that holds X; an empty variable is unset. Without `kind`, the one with the most
        required inputs set is taken. Raises SignInError when none is complete, UsageError when two are as good.
        """
        chosen, inputs = environment.connection(connector, kind, os.environ if environ is None else environ)
        return cls(connector, chosen, **inputs)

    @classmethod
    def stored(cls, connector: Connector, name: str, *, store: Store | None = None, http: Any = None) -> Connection:
        """Return the connection that was kept under a name (default store: the file store of this user).

        Raises SignInError when there is none, StoreError when it cannot be read.
        """
        place = store if store is not None else open_store(None)
        kept = connection_record.read(place, store_key(connector, name))
        if kept is None:
            every = store_key(connector, "")
            known = [key.removeprefix(every) for key in place.keys(every)]
            there = f"There are {', '.join(known)}." if known else "There are none."
            raise SignInError(f"No connection {name!r} is kept. {there}", hint=f"Run: connector connect {name}")
        made = cls(connector, kept.data["kind"], name=name, store=place, http=http, **kept.data["inputs"])
        made._tokens = made._renewing(follows=True)
        return made

    def _begin_with(self, token: Mapping[str, Any]) -> None:
        if self._tokens is None:
            raise UsageError(f"A connection of kind {self.kind} takes no token.", hint="Leave token= out.")
        key, record = store_key(self.connector, self.name), {**self._seed(), "grant": grants.check(token).to_dict()}
        kept = self._store.read(key)
        if kept is not None and kept.data.get("grant") and not kept.data.get("dead"):
            return
        try:
            self._store.write(key, record, version=kept.version if kept else 0)
        except StoreError as error:
            if not error.conflict:  # else a sibling began with it, and may have renewed it already
                raise

    def keep(self, grant: Grant | None = None) -> None:
        """Keep this connection and its token over whatever was kept; durable when it returns. Raises StoreError.

        It waits for no lock: a renewal that is under way, and may hang, sees at its next write that the record is
        another, and gives way.
        """
        token = None if grant is None else grant.to_dict()
        self._store.write(store_key(self.connector, self.name), {**self._seed(), "grant": token})
        self._tokens = self._renewing()

    def _seed(self) -> dict[str, Any]:
        return {"kind": self.kind, "inputs": self.given(), "grant": None, "intent": None, "dead": None}

    def given(self) -> dict[str, Any]:
        """Return its inputs, secrets included: for a store, never for a log."""
        return dict(self._values)

    def forget(self) -> bool:
        """Remove it from its store; whether it was there. Raises StoreError.

        A renewal that is under way is waited for: versions begin anew after a removal, so that it could take what is
        kept next for its own, and its new token would never come into the store to be removed.
        """
        key = store_key(self.connector, self.name)
        with self._store.lock(key, LOCK_TIMEOUT):
            return self._store.remove(key)

    @property
    def app(self) -> App:
        """Where and as whom its tokens are asked for."""
        return App.of(self._declared, self._values)

    @property
    def tokens(self) -> Tokens | None:
        """What renews its token; None for a kind that signs every request alike."""
        return self._tokens

    def _renewing(self, *, follows: bool = False) -> Tokens | None:
        """Return what renews the token; with `follows` by the inputs that its record has then."""
        if self._declared.kind not in RENEWED:
            return None
        again = f"Sign in again: connector connect {self.name}"
        if self._declared.kind != "oauth2":
            again = "Look at its inputs: the service does not accept them."
        owner = Owner(
            app=self.app,
            store=self._store,
            key=store_key(self.connector, self.name),
            hosts=self.connector.manifest.hosts,
            seed=self._seed(),
            again=again,
            lasting=self._lasting,
            follows=self._declared if follows else None,
            http=self.http,
        )
        return Tokens(owner)

    def may_run(self, action: Action) -> bool:
        """Whether the manifest and the action let a connection of this kind run it."""
        only, kinds = self._declared.only, action.connections
        return (only is None or action.action in only) and (kinds is None or self.kind in kinds)

    @property
    def base_url(self) -> str:
        """The manifest's base URL with this connection's values in it, each one DNS label."""
        url = self.connector.manifest.base_url
        for key, value in self._values.items():
            if f"{{{key}}}" in url:
                url = url.replace(f"{{{key}}}", _label(key, value))
        return url

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must never be shown."""
        return tuple(str(value) for key, value in self._values.items() if self._declared.inputs[key].secret and value)

    def signed(self, rejected: str | None, now: float) -> Signed | None:
        """Return what signs a request if it is at hand; None when a token must be got first (`tokens`)."""
        if self._tokens is not None:
            return self._tokens.current(rejected, now)
        if self._declared.kind == "jwt_hs256":
            return self._own_jwt(now)
        if self._signed is None:
            self._signed = self._sign()
        return self._signed

    def _own_jwt(self, now: float) -> Signed:
        """Return the API JWT at hand, or a new one when it ends soon; or when the clock went back behind it."""
        made = self._jwt
        if made is None or not LEAST_JWT <= made[0] - now <= oauth.JWT_LIFETIME:
            grant = oauth.api_jwt(str(self._values["apiKey"]), str(self._values["apiSecret"]), now)
            signed = Signed(grant.access_token, headers=(("Authorization", f"Bearer {grant.access_token}"),))
            made = self._jwt = (grant.expires_at, signed)
        return made[1]

    def _sign(self) -> Signed:
        """Return what signs every request of a kind that needs no sign-in."""
        kind, values = self._declared.kind, self._values
        if kind == "basic":
            user, *password = (str(values.get(key, "")) for key in self._declared.inputs)
            pair = f"{user}:{':'.join(password)}"  # a key may be the user's name, with no password after it
            coded = base64.b64encode(pair.encode()).decode()
            return Signed(coded, headers=(("Authorization", f"Basic {coded}"),))
        secret = str(_only_secret(self._declared.inputs, values))
        if kind == "bearer":
            return Signed(secret, headers=(("Authorization", f"Bearer {secret}"),))
        part, _, name = (self._declared.to or "header.X-API-Key").partition(".")
        return Signed(secret, **{"headers" if part == "header" else "query": ((name, secret),)})  # type: ignore[arg-type]

    def __repr__(self) -> str:
        inputs = self._declared.inputs
        shown_values = {key: HIDDEN if inputs[key].secret else value for key, value in self._values.items()}
        return f"<Connection {self.name}: {self.connector.name} {self.kind} {shown_values}>"


def _checked(connector: Connector, declared: ConnectionKind, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {spelling: key for key in declared.inputs for spelling in (key, snake(key))}
    problems = [
        Problem(name, "an unknown input", f"an input of {kind}", f"the inputs are {', '.join(declared.inputs)}")
        for name in given
        if name not in names
    ]
    values: dict[str, Any] = {key: spec.default for key, spec in declared.inputs.items() if spec.has_default}
    for name, value in given.items():
        if name in names:
            _take(connector, declared.inputs[names[name]], names[name], value, (values, problems))
    for key, spec in declared.inputs.items():
        if spec.required and key not in values and key not in {problem.field for problem in problems}:
            variable = f"{connector.name}_{snake(key)}".upper()
            problems.append(Problem(key, "nothing", f"a value: {spec.help}", f"give {key}, or set {variable}"))
    if problems:
        raise InputError.of(f"connection {kind}", problems)
    return values


def _take(
    connector: Connector, spec: FormField, key: str, value: Any, into: tuple[dict[str, Any], list[Problem]]
) -> None:
    values, problems = into
    try:
        checked = field_check(spec, connector.choices)(value)
        values[key] = _whole(checked) if spec.secret else _trim(checked)
    except Bad as bad:
        problems.append(Problem(key, shown(value, secret=spec.secret), bad.expected, bad.fix))


def _trim(value: Any) -> Any:
    """Refuse a text that was pasted with spaces or line ends around it, or is none."""
    if isinstance(value, str) and (not value or value != value.strip()):
        if not value.strip():
            raise Bad("a value that is not blank")
        place = 1 if value[0].isspace() else len(value.rstrip()) + 1
        raise Bad("a value without spaces or line ends around it", f"look at position {place}")
    return value


def _whole(secret: str) -> str:
    """Refuse a secret that was pasted with something around it; never show it."""
    for place, char in enumerate(secret, 1):
        if char.isspace() or not char.isprintable() or char in "\"'" or not char.isascii():
            raise Bad("a secret without spaces, quotes or line ends", f"look at position {place}")
    if not secret:
        raise Bad("a secret that is not empty")
    return secret


def _only_secret(inputs: Mapping[str, FormField], values: Mapping[str, Any]) -> Any:
    return next(values[key] for key, spec in inputs.items() if spec.secret)


def _label(key: str, value: Any) -> str:
    text = str(value)
    if not text.isascii() or not text.replace("-", "").isalnum() or text.startswith("-"):
        problem = Problem(key, shown(value), "one part of a host name: letters, digits and hyphens")
        raise InputError.of("connection", [problem])
    return text
