"""Which connection a call uses: its client's own, or the one that the call names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.redaction import kind_of, shown
from connector.errors import InputError, Problem, UsageError
from connector.runtime.auth.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.runtime.storage.store import Store

    Resolve = Callable[[str], Connection]


class Connections:
    """The connections of one client.

    A client with a connection uses that one alone: what is given to a call may come from anybody, and must not choose
    somebody else's account. A client without one finds those that its calls name, and keeps each it has found.
    """

    def __init__(
        self, connector: Connector, own: Connection | str | None, store: Store | None, resolve: Resolve | None
    ) -> None:
        self._connector = connector
        self._resolve = resolve or (lambda name: Connection.stored(connector, name, store=store))
        self._found: dict[str, Connection] = {}
        self.own = self._of_name(own) if isinstance(own, str) else self._checked(own)

    def of_call(self, named: Any, action: Action, *, find: bool) -> Connection | None:
        """Return the connection of a call; None where there is none. Raises InputError, and what finding it raises.

        Without `find`, for a call that is only shown, one that a call names is not looked for.
        """
        own = self.own
        if own is None and (named is None or not find):
            return None
        if own is None:
            if not isinstance(named, str) or not named:
                raise InputError.of(action.action, [Problem("connection", shown(named), "the name of a connection")])
            own = self._of_name(named)
        elif named not in (None, own.name, own.kind):
            problem = Problem("connection", shown(named), own.name, "make a client with that connection")
            raise InputError.of(action.action, [problem])
        if not own.may_run(action):
            usable = ", ".join(action.connections or self._connector.manifest.connections)
            problem = Problem("connection", own.kind, f"a connection that may run it: {usable}")
            raise InputError.of(action.action, [problem])
        return own

    def _of_name(self, name: str) -> Connection:
        found = self._found.get(name)
        if found is None:
            found = self._checked(self._resolve(name))
            assert found is not None
            self._found[name] = found
        return found

    def _checked(self, found: Connection | None) -> Connection | None:
        """Refuse a connection of another connector: its secret must not reach another service. Raises UsageError."""
        owner: Connector | None = getattr(found, "connector", None)
        if found is not None and owner is None:
            raise UsageError(f"The connection is {kind_of(found)}.", hint="Give a Connection, or its name.")
        if owner is not None and owner.name != self._connector.name:
            hint = "Its secret must not reach another service; make a connection of this connector."
            raise UsageError(f"The connection is one of {owner.name}, not of {self._connector.name}.", hint=hint)
        return found
