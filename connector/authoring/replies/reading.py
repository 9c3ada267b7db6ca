"""Reading of a recorded reply: the exchange runs a call, and the reply is its only answer."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector import errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import AcquireSlot, ExchangeOptions, GetToken, SendRequest, YieldPage
from connector.core.exchange.retry import RetryPolicy
from connector.core.request.credential import Credential
from connector.core.response.error_details import ErrorDetails
from connector.core.response.reply import Reply
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from connector.core.exchange.plan import CompiledAction
    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.manifest import Manifest
    from connector.definition.replies.reply_example import ReplyExample

NOW = 1_800_000_000.0  # epoch seconds: a recorded reply is always read at the same time
_TIMEOUT = 60.0
_PLACEHOLDER = prepare_pattern(r"\{([^{}]*)\}")
# Category of an error that no rule of the manifest has named: by its class, else by its status.
_CATEGORY_BY_ERROR: dict[type[errors.ConnectorError], str] = {
    errors.SignInError: "token_rejected",
    errors.RateLimited: "rate_limit",
    errors.NotFound: "not_found",
}
_CATEGORY_BY_STATUS: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "invalid",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.PRECONDITION_FAILED: "conflict",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}


@dataclass(frozen=True, slots=True)
class ReplyReading:
    """What the client makes of one reply: a result or an error, and the request of the next page."""

    result: Result | None
    error: errors.ConnectorError | None
    category: str | None
    next_request: Request | None = None


def build_reply(example: ReplyExample) -> Reply:
    """Return a recorded reply as it comes from the network."""
    body = example.body
    raw = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = {name.lower(): value for name, value in example.headers.items()}
    headers.setdefault("content-length", str(len(raw)))
    if body is not None and not isinstance(body, str):
        headers.setdefault("content-type", "application/json")
    return Reply(example.status, tuple(headers.items()), raw)


def read_reply(plan: CompiledAction, request: Request, reply: Reply) -> ReplyReading:
    """Return what the client makes of a reply to a request. Nothing is sent, and nothing is tried again."""
    options = ExchangeOptions(_TIMEOUT, RetryPolicy(max_retries=0))
    is_list = plan.pagination is not None
    steps = (
        exchange.stream_pages(plan, request, options, NOW)
        if is_list
        else exchange.run_call(plan, request, options, NOW + _TIMEOUT, NOW)
    )
    driver = _ReplyDriver(reply)
    try:
        ask = next(steps)
        answer = driver.answer(ask)
        while driver.next_request is None:  # the same reply again would be the same page twice
            ask = steps.send((NOW, answer))
            answer = driver.answer(ask)
        steps.close()
        return ReplyReading(driver.page, None, None, driver.next_request)
    except StopIteration as end:
        return ReplyReading(end.value, None, None)
    except errors.ConnectorError as error:
        return ReplyReading(driver.page, error, _find_category(plan, driver.sent_request or request, reply, error))


class _ReplyDriver:
    """Answers the asks of one call: the first request with the reply; the second one is the next page's."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.sent_request: Request | None = None
        self.next_request: Request | None = None
        self.page: Result | None = None

    def answer(self, ask: Any) -> Any:
        if isinstance(ask, GetToken):
            return Credential("")
        if isinstance(ask, AcquireSlot):
            return 0.0
        if isinstance(ask, YieldPage):
            self.page = ask.result
        if isinstance(ask, SendRequest):
            if self.sent_request is not None:
                self.next_request = ask.request
            self.sent_request = self.sent_request or ask.request
            return self.reply
        return None


def _find_category(plan: CompiledAction, request: Request, reply: Reply, error: errors.ConnectorError) -> str | None:
    """Return the category that the manifest gives an error, else the one that its status stands for."""
    details = plan.parser.parse(request, reply)
    category = details.category if isinstance(details, ErrorDetails) else None
    by_error = next((name for kind, name in _CATEGORY_BY_ERROR.items() if isinstance(error, kind)), None)
    return category or by_error or _CATEGORY_BY_STATUS.get(reply.status)


def fill_base_url(manifest: Manifest, server: str | None) -> str:
    """Return the base URL, or that of a server, with examples in place of what a connection would fill in."""
    values: dict[str, str] = {}
    for connection_type in manifest.connections.values():
        for key, field in connection_type.inputs.items():
            sample = next((value for value in (field.example, field.default, field.suggest) if value), None)
            if sample is not None:
                values.setdefault(key, str(sample))
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], "example"), manifest.find_url(server))
