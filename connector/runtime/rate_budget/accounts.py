"""The account that a connection's calls count against."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any

from connector.runtime.rate_budget.budget import LedgerBudget

if TYPE_CHECKING:
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials

_ANONYMOUS_NUMBERS = itertools.count(1)
_NUMBERS_BY_CONNECTION: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()  # without a name


class Accounts:
    """The account names of a client's connections."""

    def __init__(self, connector: Connector, base_url: str | None, budget: Any) -> None:
        self._is_process_local = isinstance(budget, LedgerBudget) and budget.in_memory
        self._input_key = (connector.manifest.rates.account or "").removeprefix("connection.")
        self._prefix = f"{connector.name}@{base_url}/" if base_url else f"{connector.name}/"
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

    def account_for(self, connection: Credentials | None) -> str:
        """Return the account: the value of the input that `rates.account` names, else the connection's name.

        Without either, a connection has its own budget in memory; in a database those of one type share one.
        """
        if connection is None:
            return self._prefix
        account = self._names.get(connection)
        if account is None:
            account = self._names[connection] = self._prefix + self._account_of(connection)
        return account

    def _account_of(self, connection: Credentials) -> str:
        value = connection.inputs().get(self._input_key) if self._input_key else None
        if value is None and self._is_process_local and connection.name == connection.kind:
            return f"{connection.kind}#{_NUMBERS_BY_CONNECTION.setdefault(connection, next(_ANONYMOUS_NUMBERS))}"
        return str(value or connection.name)
