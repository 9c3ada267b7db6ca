"""The requests that a sandbox received, for tests to look at."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.core.exchange.plan import compile_action
from connector.core.redaction import MASK, preview, redactor_for
from connector.definition.suggest import did_you_mean
from connector.errors import ConnectorError, UsageError
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.sandbox.api.objects import MISSING
from connector.sandbox.http.body_parser import BadBody, parse_any_body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.sandbox.http.request import SandboxRequest
    from connector.sandbox.request_matcher import FoundAction, RequestMatcher

MAX_REQUESTS = 10_000  # a server that runs for days forgets the oldest
MAX_BODY_BYTES = 64 * 1024 * 1024  # of all bodies
_MAX_LISTED = 20


class ReceivedRequest:
    """A request that a sandbox received: method, path below the base URL, query, headers, body, action and inputs.

    `status` is the status of the reply, None where none arrived. Credentials are masked.
    """

    def __init__(self, request: SandboxRequest, connector: Connector, matcher: RequestMatcher) -> None:
        self._request = request
        self._matcher = matcher
        self._redactor = redactor_for(connector)
        self.status: int | None = None

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return self._request.method

    @cached_property
    def path(self) -> str:
        """The path below the base URL, as sent; the whole path of a request for a token."""
        path = self._matcher.strip_base_path(self._request.path)
        return self._request.path if path is None else path

    @cached_property
    def query(self) -> dict[str, str | list[str]]:
        """The query; a name that is repeated has a list. Credentials are masked."""
        values: dict[str, list[str]] = {}
        for name, value in self._request.query:
            values.setdefault(name, []).append(MASK if self._redactor.is_secret_parameter(name) else value)
        return {name: items[0] if len(items) == 1 else items for name, items in values.items()}

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers, with names in lower case. Credentials are masked."""
        return dict(self._redactor.redact_headers(self._request.headers.items()))

    @property
    def body_size(self) -> int:
        """The bytes of the body."""
        return len(self._request.body)

    @cached_property
    def body(self) -> Any:
        """The body: JSON data, the fields of a form, a text or bytes; None without one.

        A request for a token shows no secrets.
        """
        if not self._request.body:
            return None
        try:
            parsed = parse_any_body(self._request)
        except BadBody:
            return self._request.body
        if parsed.files:
            return {**parsed.tree, **parsed.files}
        is_of_api = self._matcher.strip_base_path(self._request.path) is not None
        if is_of_api and isinstance(parsed.data, bytes) and self._request.content_type.startswith("text/"):
            return parsed.data.decode("utf-8", "replace")
        return parsed.data if is_of_api else self._redactor.redact_data(parsed.data)

    @cached_property
    def _found(self) -> FoundAction | None:
        return self._matcher.find_action(self._request)

    @property
    def action(self) -> str | None:
        """The key of the action that the request calls, None where no action has it."""
        return self._found.action.action if self._found is not None else None

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs of the action that were sent, as the action's file names them."""
        return dict(self._found.inputs) if self._found is not None else {}

    def __repr__(self) -> str:
        action = f" ({self.action})" if self.action else ""
        return f"<{self.method} {self.path}{action}: {'no reply' if self.status is None else self.status}>"


class RequestLog:
    """The requests of one service, in order. Thread-safe."""

    def __init__(self, connector: Connector, matcher: RequestMatcher) -> None:
        self._connector = connector
        self._matcher = matcher
        self._requests: deque[ReceivedRequest] = deque()
        self._body_bytes = 0
        self._lock = ForkSafeLock()

    def add(self, request: SandboxRequest) -> ReceivedRequest:
        """Add a request."""
        received = ReceivedRequest(request, self._connector, self._matcher)
        with self._lock:
            self._requests.append(received)
            self._body_bytes += received.body_size
            while len(self._requests) > 1 and (len(self._requests) > MAX_REQUESTS or self._body_bytes > MAX_BODY_BYTES):
                self._body_bytes -= self._requests.popleft().body_size
        return received

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._requests.clear()
            self._body_bytes = 0

    def to_list(self) -> list[ReceivedRequest]:
        """Return the requests so far."""
        with self._lock:
            return list(self._requests)

    def find(self, action_name: str, expected: Mapping[str, Any]) -> list[ReceivedRequest]:
        """Return the requests of an action that have these inputs.

        Raises InputError for an unknown action, UsageError for an unknown input.
        """
        action = self._get_action(action_name, expected)
        return [
            received
            for received in self.to_list()
            if received.action == action.action and not self._find_differences(action, received, expected)
        ]

    def assert_called(self, action_name: str, expected: Mapping[str, Any]) -> None:
        """Raise AssertionError unless a request of an action has these inputs; it tells what was sent instead."""
        __tracebackhide__ = True  # pytest shows the test
        if self.find(action_name, expected):
            return
        action = self._get_action(action_name, expected)
        shown = self._format_inputs(action, expected)
        lines = [f"{action.action} was not called{' with ' + shown if shown else ''}."]
        calls = [received for received in self.to_list() if received.action == action.action]
        if calls:
            lines.append(f"It was called {len(calls)} time{'s' * (len(calls) > 1)}, with:")
            lines += self._list(calls, lambda received: self._format_differences(action, received, expected))
        else:
            lines.append(self._describe_all())
        raise AssertionError("\n".join(lines))

    def assert_not_called(self, action_name: str, expected: Mapping[str, Any]) -> None:
        """Raise AssertionError if a request of an action has these inputs."""
        __tracebackhide__ = True
        calls = self.find(action_name, expected)
        if calls:
            action = self._get_action(action_name, expected)
            lines = [f"{action.action} was called {len(calls)} time{'s' * (len(calls) > 1)}:"]
            lines += self._list(calls, lambda received: self._format_inputs(action, received.inputs) or "no inputs")
            raise AssertionError("\n".join(lines))

    def _get_action(self, name: str, expected: Mapping[str, Any]) -> Action:
        action = self._connector.action(name)
        for key in expected:
            if key not in action.inputs:
                hint = f"Its inputs are: {', '.join(action.inputs) or 'none'}."
                raise UsageError(f"{action.action} has no input {key!r}.{did_you_mean(key, action.inputs)}", hint=hint)
        return action

    def _find_differences(
        self, action: Action, received: ReceivedRequest, expected: Mapping[str, Any]
    ) -> dict[str, tuple[Any, Any]]:
        """Return what was sent (or MISSING) and what was expected, of the inputs that differ."""
        sent, differences = received.inputs, {}
        for key, value in expected.items():
            actual = sent.get(key, MISSING)
            if actual is MISSING or (actual != value and actual != self._convert(action, sent, key, value)):
                differences[key] = (actual, value)
        return differences

    def _convert(self, action: Action, sent: Mapping[str, Any], key: str, value: Any) -> Any:
        """Return a value as a call of the action would send it, such as a datetime as its text."""
        try:
            return compile_action(self._connector, action.action).validate({**sent, key: value}).get(key)
        except ConnectorError:
            return value

    def _format_differences(self, action: Action, received: ReceivedRequest, expected: Mapping[str, Any]) -> str:
        return ", ".join(
            f"{key}={self._show(action, key, actual)} (expected {self._show(action, key, value)})"
            if actual is not MISSING
            else f"no {key} (expected {self._show(action, key, value)})"
            for key, (actual, value) in self._find_differences(action, received, expected).items()
        )

    def _format_inputs(self, action: Action, inputs: Mapping[str, Any]) -> str:
        return ", ".join(f"{key}={self._show(action, key, value)}" for key, value in inputs.items())

    def _show(self, action: Action, key: str, value: Any) -> str:
        redactor = redactor_for(self._connector)
        is_secret = action.inputs[key].secret or redactor.is_secret_field(key, value)
        return preview(value, is_secret=is_secret, redactor=redactor)

    def _describe_all(self) -> str:
        requests = self.to_list()
        if not requests:
            return "The sandbox received no request."
        lines = self._list(requests, lambda received: received.action or "no action")
        return "\n".join([f"The sandbox received {len(requests)} request{'s' * (len(requests) > 1)}:", *lines])

    def _list(self, requests: Sequence[ReceivedRequest], describe: Any) -> list[str]:
        lines = [
            f"  {number}. {received.method} {received.path}: {describe(received)}"
            for number, received in enumerate(requests[:_MAX_LISTED], 1)
        ]
        more = len(requests) - _MAX_LISTED
        return [*lines, f"  and {more} more"] if more > 0 else lines
