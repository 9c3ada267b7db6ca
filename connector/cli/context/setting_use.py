"""Whether the value of a setting is of use: asked where it is set, before it is in the way of every command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.context.config_file import DATABASE_SETTINGS
from connector.cli.context.locations import NO_PLACES
from connector.cli.context.settings import Settings
from connector.core import url_policy
from connector.core.invalid_value import InvalidValue
from connector.definition.loader import Connector
from connector.errors import ConnectorError, UsageError
from connector.runtime.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATABASES = ("sqlite", "postgresql", "postgres")


def check_use(key: str, values: Mapping[str, str], connector: str | None) -> None:
    """Check the value of a key among those of a file or profile; `connector` outranks the one that they name.

    A name may be that of something which is made later, such as a connection; what can be known now is checked. Raises
    ConnectorError.
    """
    value = values[key]
    if key == "connector":
        Connector.open(value)
    elif key == "base_url":
        _check_base_url(value)
    elif key in ("plan", "budget"):
        _check_budget(key, value, connector or values.get("connector"))
    elif key == "store_key_file":
        from connector.runtime.storage.encryption import Keyring

        Keyring.from_file(Path(value).expanduser())
    elif key == "store":
        from connector.runtime.storage.open import open_store

        open_store(value)
    elif key in DATABASE_SETTINGS and value not in NO_PLACES:
        _check_database(value)


def _check_base_url(value: str) -> None:
    try:
        url_policy.check_base_url(value)
    except InvalidValue as error:
        raise UsageError(f"expected {error.expected}.", hint=f"Fix: {error.fix}." if error.fix else "") from None


def _check_budget(key: str, value: str, connector: str | None) -> None:
    from connector.runtime.rate_budget.budget import open_budget

    try:
        opened = Connector.open(connector or Settings({}).get("connector").value)
    except ConnectorError:
        return  # that it cannot be opened is told by what opens it
    given = {"plan": value, "store": "memory:"} if key == "plan" else {"store": value}
    open_budget(given, opened, SystemClock(), sandboxed=False)


def _check_database(value: str) -> None:
    scheme, _, location = value.partition("://")
    if scheme.partition("+")[0] not in _DATABASES or not location:
        hint = "Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        raise UsageError("the URL does not name a supported database.", hint=hint)
