"""The calls of a command, before they run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError
from connector.runtime.auth.connection_resolver import ConnectionResolver
from connector.runtime.calls.factory import CallFactory, CallOptions, build_raw_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.definition.loader import Connector
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.client.client import Client
    from connector.runtime.client.items import Items


@dataclass(frozen=True, slots=True)
class CallTask:
    """One call to make: an action, or None for a raw request; what is given; which connection; how."""

    action: str | None
    given: dict[str, Any]
    connection: str | None = None
    options: CallOptions = field(default_factory=CallOptions)

    @property
    def is_debugged(self) -> bool:
        """Whether the call itself asks for its records."""
        return self.options.debug or self.given.get("debugRequest") in (True, "true", "True")

    @property
    def needs_connection(self) -> bool:
        """Whether it needs a connection."""
        return True

    @property
    def streams_items(self) -> bool:
        """Whether its items are the service's, page by page."""
        return True

    def find_items_path(self, connector: Connector) -> str | None:
        """Return the field that holds the items when this is a listing."""
        try:
            pagination = connector.action(self.action).pages if self.action is not None else None
        except ConnectorError:
            return None
        return pagination.items if pagination else None

    def send(self, client: Client, options: CallOptions) -> Result:
        """Make the call. Raises ConnectorError."""
        arguments: dict[str, Any] = {
            "timeout": options.timeout, "retry": options.retry, "debug": options.debug, "account": options.account,
            "idempotency_key": options.idempotency_key,
        }  # fmt: skip
        if self.action is None:
            return client.raw(**self.given, **arguments)
        return client.run(self.action, self.given, limit=options.limit, **arguments)

    def stream(self, client: Client, options: CallOptions) -> Items:
        """Begin the listing, item by item. Raises ConnectorError."""
        assert self.action is not None
        return client.items(
            self.action, self.given, timeout=options.timeout, retry=options.retry, debug=options.debug, limit=options.limit,
            account=options.account,
        )  # fmt: skip

    def build_request(self, connector: Connector, base_url: str | None, options: CallOptions) -> Request:
        """Return the request that the call would send first. Raises InputError with every problem."""
        return self._prepare(connector, base_url, options).build_first_request()

    def validate(self, connector: Connector, options: CallOptions) -> None:
        """Raise InputError with every problem of what is given."""
        self._prepare(connector, None, options)

    def _prepare(self, connector: Connector, base_url: str | None, options: CallOptions) -> PreparedCall:
        given = self.given if self.action is not None else _build_raw_inputs(**self.given)
        factory = CallFactory(connector, ConnectionResolver(connector, None, None, None), base_url, None)
        return factory.prepare(self.action, given, options, resolve_connection=False)


def _build_raw_inputs(method: str, path: str, *, response_type: str = "json", **parts: Any) -> dict[str, Any]:
    body_parts = {name: parts.get(name) for name in ("data", "form", "files")}
    return {
        **build_raw_inputs(method, path, parts.get("query"), parts.get("headers"), body_parts),
        "response_type": response_type,
    }


@dataclass(frozen=True, slots=True)
class CallList:
    """The calls of a command: in which order, whether they are a file's, whether one that fails ends them."""

    calls: Sequence[CallTask]
    from_file: bool = False
    keep_going: bool = False

    @property
    def several(self) -> bool:
        """Whether there is more than one."""
        return len(self.calls) != 1
