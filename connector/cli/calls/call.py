"""The calls of a command, before they run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError
from connector.runtime.auth.connection_resolver import Connections
from connector.runtime.calls.factory import Caller, Choices, raw_given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.definition.loader import Connector
    from connector.runtime.calls.prepared import Started
    from connector.runtime.client.client import Client
    from connector.runtime.client.items import Items


@dataclass(frozen=True, slots=True)
class Task:
    """One call to make: an action, or None for a raw request; what is given; which connection; how."""

    action: str | None
    given: dict[str, Any]
    connection: str | None = None
    how: Choices = field(default_factory=Choices)

    @property
    def debugged(self) -> bool:
        """Whether the call itself asks for its records."""
        return self.how.debug or self.given.get("debugRequest") in (True, "true", "True")

    @property
    def signs(self) -> bool:
        """Whether it needs a connection."""
        return True

    @property
    def paged(self) -> bool:
        """Whether its items are the service's, page by page."""
        return True

    def items(self, connector: Connector) -> str | None:
        """Return the field that holds the items when this is a listing."""
        try:
            pages = connector.action(self.action).pages if self.action is not None else None
        except ConnectorError:
            return None
        return pages.items if pages else None

    def send(self, client: Client, how: Choices) -> Result:
        """Make the call. Raises ConnectorError."""
        options: dict[str, Any] = {
            "timeout": how.timeout, "retry": how.retry, "debug": how.debug, "account": how.account,
            "idempotency_key": how.idempotency_key,
        }  # fmt: skip
        if self.action is None:
            return client.raw(**self.given, **options)
        return client.run(self.action, self.given, limit=how.limit, **options)

    def stream(self, client: Client, how: Choices) -> Items:
        """Begin the listing, item by item. Raises ConnectorError."""
        assert self.action is not None
        return client.items(
            self.action, self.given, timeout=how.timeout, retry=how.retry, debug=how.debug, limit=how.limit,
            account=how.account,
        )  # fmt: skip

    def request(self, connector: Connector, base_url: str | None, how: Choices) -> Request:
        """Return the request that the call would send first. Raises InputError with every problem."""
        return self._ready(connector, base_url, how).dry()

    def check(self, connector: Connector, how: Choices) -> None:
        """Raise InputError with every problem of what is given."""
        self._ready(connector, None, how)

    def _ready(self, connector: Connector, base_url: str | None, how: Choices) -> Started:
        given = self.given if self.action is not None else _raw(**self.given)
        caller = Caller(connector, Connections(connector, None, None, None), base_url, None)
        return caller.prepare(self.action, given, how, find=False)


def _raw(method: str, path: str, *, response_type: str = "json", **parts: Any) -> dict[str, Any]:
    rest = {name: parts.get(name) for name in ("data", "form", "files")}
    return {**raw_given(method, path, parts.get("query"), parts.get("headers"), rest), "response_type": response_type}


@dataclass(frozen=True, slots=True)
class Tasks:
    """The calls of a command: in which order, whether they are a file's, whether one that fails ends them."""

    calls: Sequence[Task]
    from_file: bool = False
    keep_going: bool = False

    @property
    def several(self) -> bool:
        """Whether there is more than one."""
        return len(self.calls) != 1
