"""What a reply says of the effect of its request: whether it may have changed something, and whether it did."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from connector.core.http_semantics import NON_IDEMPOTENT_METHODS
from connector.definition.action import SAFE_METHODS

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.response.error_details import ErrorDetails
    from connector.core.response.reply import Reply
    from connector.definition.action import Action

# By their meaning (RFC 9110, RFC 6585, RFC 8470) the request was not processed.
_UNPROCESSED_STATUSES = (HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_UNREADABLE = ("unreadable", "cut")
_TURNED_AWAY = ("token_rejected", "scope", "daily_quota", "concurrency", "rate_limit")  # before anything is done


def is_write(action: Action, request: Request) -> bool:
    """Whether sending a request twice could perform a write twice."""
    return request.method in NON_IDEMPOTENT_METHODS if action.is_raw else action.is_write


def may_change_state(request: Request) -> bool:
    """Whether a request whose reply is lost or unreadable may have changed something."""
    return request.method not in SAFE_METHODS and not request.read_only


def is_done_by_status(action: Action, request: Request) -> bool:
    """Whether a status of success alone says that a request was done: a write, not a listing by POST."""
    return may_change_state(request) and action.pagination is None


def asks_to_retry(reply: Reply, details: ErrorDetails) -> bool:
    """Whether a reply is a 503 that says when to try again, so the request was not processed."""
    is_unavailable = reply.status == HTTPStatus.SERVICE_UNAVAILABLE
    return is_unavailable and (bool(reply.header("retry-after")) or details.retry_after is not None)


def is_unprocessed(reply: Reply, details: ErrorDetails) -> bool:
    """Whether the service says that it did nothing: by the status, or by a category of the definition."""
    if details.is_partial or details.category in _UNREADABLE:
        return False
    if reply.status in _UNPROCESSED_STATUSES or asks_to_retry(reply, details):
        return True
    is_classified = details.category is not None and reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_classified or details.category in _TURNED_AWAY


def is_outcome_unknown(reply: Reply, details: ErrorDetails) -> bool:
    """Whether a write that got this error reply may have been done.

    A redirect may be the answer to a write that was done, 408 come after its last byte, and an interim reply is none.
    """
    if details.is_partial or details.category in _UNREADABLE:
        return True
    is_refusal = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_known = reply.is_success or (is_refusal and reply.status != HTTPStatus.REQUEST_TIMEOUT)
    return not (is_known or is_unprocessed(reply, details))
