"""Whose records a call tells of, so that two accounts never mix."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from connector.definition.connection_type import PERSON_KINDS
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.observer import ObservedCall

UNKNOWN_ACCOUNT = "The connection has no name, and its inputs do not say whose account it is"
ACCOUNT_HINT = 'Name the connection, or the account: records=Records(url, account="work").'
_ANONYMOUS_KINDS = (*PERSON_KINDS, "bearer", "api_key")  # what they have beside secrets is of an app or a tenant


def find_account(call: ObservedCall, named: str | None) -> str | None:
    """Return the account of a call, and the sub-account that it acts on; None where nothing says whose it is."""
    account = find_connection_account(call.compiled.connector, call.credentials, named)
    subaccount = call.options.chosen().get("account")
    return f"{account}/{subaccount}" if subaccount and account is not None else account


def name_account(connector: Connector, credentials: Credentials | None, named: str | None) -> str:
    """Return the account of a connection. Raises UsageError where nothing says whose it is."""
    account = find_connection_account(connector, credentials, named)
    if account is None:
        raise UsageError(f"{UNKNOWN_ACCOUNT}.", hint=ACCOUNT_HINT)
    return account


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
