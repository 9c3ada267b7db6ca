"""Read rate limits from replies, and apply them to the states of the request's rates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from connector.core.rate_limit import DAY_SECONDS, SAFETY_FACTOR, RequestedRate
from connector.core.response import retry_after
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.response.reply import Reply

RESET_PRECISION = 2.0  # seconds; a reset nearer than that is the end of a second, rounded to whole seconds
LONG_CLOSURE = 60.0  # seconds; beyond, a closure is a quota's, such as one user's day
_TOO_MANY_REQUESTS = 429
_LIMIT_PATTERN = prepare_pattern(r"[1-9][0-9]{0,6}", re.ASCII)


class RateFeedback(NamedTuple):
    """What a reply says of a rate: closed until an epoch second, and the gap of a smaller limit per second."""

    closed_until: float | None = None
    gap: float | None = None


def read_feedback(reply: Reply, now: float) -> RateFeedback | None:
    """Return what a 429 or the X-RateLimit headers of a reply say of its rate, else None."""
    headers = {name: value for name, value in reply.headers if name.startswith("x-ratelimit-")}
    is_rejected = reply.status == _TOO_MANY_REQUESTS
    if not (is_rejected or headers):
        return None
    limit_type, limit = headers.get("x-ratelimit-type", "").lower(), headers.get("x-ratelimit-limit", "")
    gap = SAFETY_FACTOR / int(limit) if limit_type == "qps" and _LIMIT_PATTERN.fullmatch(limit) else None
    retry_at = retry_after.parse_retry_at(reply, now)
    if is_rejected and retry_at is None and "daily" in limit_type:
        retry_at = retry_after.next_midnight(now)
    closed_until = None
    if retry_at is not None:
        is_exhausted = headers.get("x-ratelimit-remaining") == "0" and retry_at > now + RESET_PRECISION
        if is_rejected or is_exhausted:
            closed_until = min(retry_at, now + DAY_SECONDS)
    return RateFeedback(closed_until, gap) if closed_until or gap else None


def apply_feedback(requested_rates: Sequence[RequestedRate], feedback: RateFeedback, now: float) -> None:
    """Apply feedback to the rates of a request.

    A long closure applies to the request's quotas where it has any; a short one to its tiers.
    """
    quotas = [requested_rate for requested_rate in requested_rates if ":" in requested_rate.name]
    tiers = [requested_rate for requested_rate in requested_rates if ":" not in requested_rate.name]
    if feedback.closed_until is not None:
        is_long = feedback.closed_until > now + LONG_CLOSURE
        for _, _, state in quotas if is_long and quotas else tiers:
            state.close_until(feedback.closed_until, now)
    if feedback.gap is not None:
        for _, rate, state in tiers:
            if feedback.gap > rate.gap > 0:
                state.reduced_gap, state.reduced_until = feedback.gap, now + DAY_SECONDS
