"""A connection: which kind, with which values; it signs requests and never prints a secret."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from connector.core.convert import Bad
from connector.core.exchange import Signed
from connector.core.field import field_check
from connector.core.redact import HIDDEN, shown
from connector.definition.model import snake
from connector.errors import InputError, Problem, SignInError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.load import Connector
    from connector.definition.manifest import ConnectionKind
    from connector.definition.model import FormField

STATIC = ("bearer", "api_key", "basic")  # kinds that sign every request alike


class Connection:
    """Who calls: a kind that the connector's manifest declares, and its inputs.

    `Connection(connector, "accessToken", accessToken=...)`, inputs by key or in snake_case. Raises InputError with
    every problem, UsageError for a kind that the manifest does not declare. `name` is how it is called in messages.
    """

    def __init__(self, connector: Connector, kind: str, *, name: str = "", **inputs: Any) -> None:
        declared = connector.manifest.connections
        if kind not in declared:
            raise UsageError(f"{connector.name} has no connection {kind!r}.", hint=f"It has {', '.join(declared)}.")
        self.connector = connector
        self.kind = kind
        self.name = name or kind
        self._declared = declared[kind]
        self._values = _checked(connector, self._declared, kind, inputs)

    @classmethod
    def from_env(
        cls, connector: Connector, kind: str | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Connection:
        """Make the connection that the environment describes, in variables such as NAME_ACCESS_TOKEN.

        `X_FILE` names a file that holds X; an empty variable is unset. Without `kind`, the one with the most
        required inputs set is taken. Raises SignInError when none is complete, UsageError when two are as good.
        """
        known = os.environ if environ is None else environ
        found = {key: _setting(known, name) for name, key in connector.manifest.variables.items()}
        values = {key: value for key, value in found.items() if value}
        chosen = kind or _best(connector, values)
        declared = connector.manifest.connections.get(chosen)
        inputs = {key: value for key, value in values.items() if declared and key in declared.inputs}
        return cls(connector, chosen, **inputs)

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

    def secrets(self) -> list[str]:
        """Return the values that must never be shown."""
        return [str(value) for key, value in self._values.items() if self._declared.inputs[key].secret and value]

    def sign(self) -> Signed:
        """Return what signs a request of a kind that needs no sign-in. Raises SignInError for the others."""
        kind, values = self._declared.kind, self._values
        if kind == "bearer":
            token = str(_only_secret(self._declared.inputs, values))
            return Signed(token, headers=(("Authorization", f"Bearer {token}"),))
        if kind == "basic":
            user, *password = (str(values.get(key, "")) for key in self._declared.inputs)
            pair = f"{user}:{':'.join(password)}"  # a key may be the user's name, with no password after it
            coded = base64.b64encode(pair.encode()).decode()
            return Signed(coded, headers=(("Authorization", f"Basic {coded}"),))
        if kind == "api_key":
            part, _, name = (self._declared.to or "header.X-API-Key").partition(".")
            key = str(_only_secret(self._declared.inputs, values))
            return Signed(key, **{"headers" if part == "header" else "query": ((name, key),)})  # type: ignore[arg-type]
        usable = [name for name, one in self.connector.manifest.connections.items() if one.kind in STATIC]
        hint = f"Use {' or '.join(usable)}." if usable else ""
        raise SignInError(f"Connections of kind {kind} cannot sign in yet.", hint=hint)

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
        values[key] = (
            _whole(field_check(spec, connector.choices)(value))
            if spec.secret
            else field_check(spec, connector.choices)(value)
        )
    except Bad as bad:
        problems.append(Problem(key, shown(value, secret=spec.secret), bad.expected, bad.fix))


def _whole(secret: str) -> str:
    """Refuse a secret that was pasted with something around it; never show it."""
    for place, char in enumerate(secret, 1):
        if char.isspace() or not char.isprintable() or char in "\"'" or not char.isascii():
            raise Bad("a secret without spaces, quotes or line ends", f"look at position {place}")
    if not secret:
        raise Bad("a secret that is not empty")
    return secret


def _setting(known: Mapping[str, str], name: str) -> str | None:
    if known.get(name):
        return known[name]
    path = known.get(f"{name}_FILE")
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  a plain read
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError.of(f"{name}_FILE", [Problem(f"{name}_FILE", path, f"a file to read: {reason}")]) from None


def _best(connector: Connector, values: Mapping[str, str]) -> str:
    declared = connector.manifest.connections
    required = {name: [k for k, spec in kind.inputs.items() if spec.required] for name, kind in declared.items()}
    complete = {name: len(keys) for name, keys in required.items() if keys and all(key in values for key in keys)}
    if not complete:
        prefix = connector.name.upper()
        names = "; or ".join(
            ", ".join(f"{prefix}_{snake(key)}".upper() for key in keys) for keys in required.values() if keys
        )
        raise SignInError(f"The environment names no connection to {connector.manifest.label}.", hint=f"Set {names}.")
    most = max(complete.values())
    best = [name for name, count in complete.items() if count == most]
    if len(best) > 1:
        raise UsageError(f"The environment describes {' and '.join(best)} alike.", hint="Say which kind you mean.")
    return best[0]


def _only_secret(inputs: Mapping[str, FormField], values: Mapping[str, Any]) -> Any:
    return next(values[key] for key, spec in inputs.items() if spec.secret)


def _label(key: str, value: Any) -> str:
    text = str(value)
    if not text.isascii() or not text.replace("-", "").isalnum() or text.startswith("-"):
        problem = Problem(key, shown(value), "one part of a host name: letters, digits and hyphens")
        raise InputError.of("connection", [problem])
    return text
