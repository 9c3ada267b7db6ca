"""A call of a command, before it runs."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

from connector.core.response.pagination.page import UnexpectedPage, read_items
from connector.definition.replies.plain_fields import list_plain_fields
from connector.errors import ConnectorError
from connector.first_use import dataclass
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.factory import CallFactory
from connector.runtime.calls.first_request import build_first_request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.core.auth.site import Site
    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.pagination import ActionPagination
    from connector.errors import Problem
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.client.client import Client


@dataclass(frozen=True, slots=True)
class CallTask:
    """A call to make: its action (None for a raw request), inputs and options; `locate` places problems in its file."""

    needs_connection: ClassVar[bool] = True
    streams_items: ClassVar[bool] = True  # page by page, as the service sends them

    action: str | None
    given: dict[str, Any]
    options: CallOptions = field(default_factory=CallOptions)
    locate: Callable[[Problem], Problem] | None = field(default=None, repr=False)

    @property
    def is_debugged(self) -> bool:
        """Whether the call itself is to be traced."""
        return self.options.debug or self.given.get("debugRequest") in (True, "true", "True")

    def is_listing(self, connector: Connector) -> bool:
        """Whether the result is a listing: of an action that lists, or of a raw request that is paged."""
        return self.options.paginate or self._find_pagination(connector) is not None

    def select_items(self, connector: Connector, data: Any) -> list[Any] | None:
        """Return the items in the data of a listing; None for any other result."""
        if not self.is_listing(connector):
            return None
        pagination = self._find_pagination(connector)
        items, item = (pagination.items, pagination.item) if pagination else (self.options.items, None)
        try:
            return read_items(items, item, data)
        except UnexpectedPage:
            return None

    def find_columns(self, connector: Connector) -> Sequence[str]:
        """Return the fields that a person wants first, by the definition; none where it does not say."""
        action = self._find_result_action(connector)
        return action.returns.columns if action is not None else ()

    def find_plain_fields(self, connector: Connector) -> Sequence[str]:
        """Return the plain fields of the result, as its schema lists them; none where there is no schema."""
        action = self._find_result_action(connector)
        try:
            return list_plain_fields(connector, action) if action is not None else ()
        except ConnectorError:
            return ()

    def _find_pagination(self, connector: Connector) -> ActionPagination | None:
        action = self._find_result_action(connector)
        return action.pagination if action is not None else None

    def _find_result_action(self, connector: Connector) -> Action | None:
        """Return the action whose reply is the result: of a job that is waited for, the one that reads its results."""
        if self.action is None:
            return None
        try:
            return connector.action(self.action) if self.options.no_wait else connector.result_action(self.action)
        except ConnectorError:
            return None

    def send(self, client: Client, options: CallOptions) -> Result:
        """Make the call. Raises ConnectorError."""
        return client.execute(self.action, self.given, options)

    def build_request(self, connector: Connector, place: str | Site | None, options: CallOptions) -> Request:
        """Return the first request of the call. Raises InputError with every problem."""
        return self.preview(connector, place, options)[0]

    def preview(
        self, connector: Connector, place: str | Site | None, options: CallOptions
    ) -> tuple[Request, tuple[str, ...]]:
        """Return the first request of the call, and what is odd about its inputs. Raises InputError."""
        prepared = prepare_unsent(connector, self, place, options)
        return build_first_request(prepared), prepared.warnings


def prepare_unsent(
    connector: Connector, task: CallTask, place: str | Site | None, options: CallOptions
) -> PreparedCall:
    """Prepare a call without a connection, to check or print it. Raises InputError with every problem."""
    factory = CallFactory.without_connections(connector, place)
    return factory.prepare(task.action, task.given, options, is_shown_only=True)
