"""Whose records a call tells of, so that two accounts never mix."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from connector.definition.connection_type import PERSON_KINDS
from connector.errors import UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.observer import ObservedCall

UNKNOWN_ACCOUNT = "The connection has no name, and its inputs do not say whose account it is"
ACCOUNT_HINT = 'Name the connection, or the account: records=Records(url, account="work").'
_ANONYMOUS_KINDS = (*PERSON_KINDS, "bearer", "api_key")  # what they have beside secrets is of an app or a tenant


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose records are kept under a name of a connector and of an account.

    `hosts` tell the connector from others of its name. `inputs`, a hash of each one that is no secret, tell the account
    of a connection from another one that is given its name.
    """

    connector: str
    account: str
    hosts: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...] = ()


def find_owner(call: ObservedCall, named: str | None) -> Owner | None:
    """Return whose records a call tells of: an account, or its sub-account; None where nothing says whose they are."""
    subaccount = call.options.chosen().get("account")
    return find_connection_owner(call.compiled.connector, call.credentials, named, subaccount)


def find_connection_owner(
    connector: Connector, credentials: Credentials | None, named: str | None, subaccount: str | None = None
) -> Owner | None:
    """Return whose records the calls of a connection tell of; None where nothing says whose they are."""
    account = find_connection_account(connector, credentials, named)
    if account is None:
        return None
    is_by_name = credentials is not None and account == credentials.name
    inputs = _hash_inputs(connector, credentials) if credentials is not None and is_by_name and not named else ()
    return Owner(
        connector.name, f"{account}/{subaccount}" if subaccount else account, connector.manifest.own_hosts, inputs
    )


def name_owner(connector: Connector, credentials: Credentials | None, named: str | None) -> Owner:
    """Return whose records the calls of a connection tell of. Raises UsageError where nothing says whose they are."""
    owner = find_connection_owner(connector, credentials, named)
    if owner is None:
        raise UsageError(f"{UNKNOWN_ACCOUNT}.", hint=ACCOUNT_HINT)
    return owner


def name_account(connector: Connector, credentials: Credentials | None, named: str | None) -> str:
    """Return the account of a connection. Raises UsageError where nothing says whose it is."""
    return name_owner(connector, credentials, named).account


def _hash_inputs(connector: Connector, credentials: Credentials) -> tuple[tuple[str, str], ...]:
    """Return a hash of each required input that is no secret: a client's id, an account's, a tenant."""
    connection_type = connector.manifest.connections.get(credentials.kind)
    fields = connection_type.inputs if connection_type is not None else {}
    return tuple(
        (key, hashlib.sha256(json.dumps([key, value], default=str).encode()).hexdigest()[:16])
        for key, value in sorted(credentials.inputs().items())
        if key in fields and fields[key].required and not fields[key].secret and value not in (None, "")
    )


def find_connection_account(connector: Connector, credentials: Credentials | None, named: str | None) -> str | None:
    """Return the account of a connection: what the program names it, else the input of `rates.account`, else its name.

    One without a name is known by its inputs, such as a client's id, where these say whose account it is.
    """
    if named or credentials is None:
        return named or ""
    inputs = credentials.inputs()
    key = (connector.manifest.rates.account or "").removeprefix("connection.")
    if key and inputs.get(key) is not None:
        return str(inputs[key])
    return credentials.name if credentials.name != credentials.kind else _hash_identity(connector, credentials, inputs)


def _hash_identity(connector: Connector, credentials: Credentials, inputs: dict[str, Any]) -> str | None:
    """Return a hash of the inputs that are no secret; None where two accounts may have the same."""
    connection_type = connector.manifest.connections.get(credentials.kind)
    if connection_type is None or connection_type.kind in _ANONYMOUS_KINDS:
        return None
    fields = connection_type.inputs
    own = {
        key: value
        for key, value in inputs.items()
        if key in fields and not fields[key].secret and value not in (None, fields[key].default)
    }
    if not any(fields[key].required for key in own):
        return None
    text = json.dumps([credentials.kind, own], sort_keys=True, default=str)
    return f"{credentials.kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
