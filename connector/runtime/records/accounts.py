"""Whose records a call tells of, so that two accounts never mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.observer import ObservedCall


def find_account(call: ObservedCall, named: str | None) -> str:
    """Return the account of a call, and the sub-account that it acts on. Raises UsageError where nothing names it."""
    account = name_account(call.compiled.connector, call.credentials, named)
    subaccount = call.options.chosen().get("account")
    return f"{account}/{subaccount}" if subaccount else account


def name_account(connector: Connector, credentials: Credentials | None, named: str | None) -> str:
    """Return the account of a connection: what the program names it, else the input of `rates.account`, else its name.

    Raises UsageError for a connection without any, as two of them may be of different accounts.
    """
    if named or credentials is None:
        return named or ""
    key = (connector.manifest.rates.account or "").removeprefix("connection.")
    value = credentials.inputs().get(key) if key else None
    if value is None and credentials.name == credentials.kind:
        hint = 'Name the connection, or the account: records=Records(url, account="work").'
        raise UsageError("The connection has no name, so the copy cannot tell whose records these are.", hint=hint)
    return str(value or credentials.name)
