"""What makes calls for others, such as rows and chains: the common face of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.loader import Connector
    from connector.runtime.calls.call_options import CallOptions


class CallChecker(Protocol):
    """Knows the actions of a connector, and builds requests without sending them."""

    connector: Connector

    def dry_run(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        connection: str | None = None,
    ) -> Request:
        """Return the first request of a call, unsent. Raises InputError."""
        ...


class Caller(CallChecker, Protocol):
    """Makes calls with parsed options; safe to share among threads."""

    def execute(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> Result:
        """Make a call. Raises ConnectorError."""
        ...
