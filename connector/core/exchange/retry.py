"""The retry policy: decide from a reply or a failure whether a call is done, has failed, or is sent again.

A write is retried only when that cannot perform it twice: it was provably not processed (nothing sent, 401, 429, 503
with Retry-After), its action file declares it idempotent, it carries an idempotency key, or a raw caller asked for it.
"""

from __future__ import annotations

from dataclasses import field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.inputs.coerce import to_boolean, to_integer
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.core.response import retry_after
from connector.core.response.api_errors import (
    build_failure_error,
    build_reply_error,
    find_retry_at,
    is_token_rejected,
)
from connector.core.response.outcomes import asks_to_retry, is_unprocessed, is_write, may_change_state
from connector.core.response.reply import Failure, Reply
from connector.core.response.result import Result
from connector.definition.case import to_snake_case
from connector.definition.suggest import did_you_mean
from connector.errors import ConnectorError, InputError, NotFound, Problem, UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.request.builder import Request
    from connector.core.response.error_details import ErrorDetails
    from connector.core.response.parser import ResponseParser

BASE_DELAY = 0.5  # seconds; doubles with each attempt, and the wait is drawn between 0 and it
MAX_BACKOFF = 20.0  # seconds
MAX_RETRY_WAIT = 60.0  # seconds; a longer Retry-After is raised as an error with retry_at
MIN_DELAY = 0.05  # seconds: minimum delay between retries
MAX_RETRIES = 10
_RETRIED_CATEGORIES = ("concurrency", "rate_limit", "unavailable")
_RETRIED_STATUSES = (HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
MAX_DELAY_MS = 600_000  # milliseconds
RETRY_INPUTS = ("maxRetries", "retryDelayMS", "useExponentialBackoff", "retryAllErrors")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, after what delay and for which errors a call is retried."""

    max_retries: int = 2
    delay: float | None = None  # seconds between attempts; None: exponential, with full jitter
    all_errors: bool = False
    engine_retries: bool = False  # never wait: raise, and let the caller's engine retry
    idempotency_key: str | None = None  # the request's idempotency key


class Fail(NamedTuple):
    """The call has failed; a retry would not help, or could perform a write twice."""

    error: ConnectorError


class Retry(NamedTuple):
    """Retry after `min_delay` to `min_delay + jitter` seconds, or fail with `error` if that is not possible."""

    error: ConnectorError
    min_delay: float
    jitter: float = 0.0


class Reauthenticate(NamedTuple):
    """The token was rejected, or `lacks_scope`: retry with another one, or fail with `error`."""

    error: ConnectorError
    lacks_scope: bool = False


Decision = Result | Fail | Retry | Reauthenticate


class Attempt(NamedTuple):
    """The state of a call after `number` attempts: its policy, and whether a reply was lost.

    `attempts_before_progress` no longer count as tries, because a download has progressed since.
    """

    policy: RetryPolicy
    number: int
    reply_lost: bool = False
    attempts_before_progress: int = 0

    @property
    def tries_since_progress(self) -> int:
        """The number of attempts since the download last progressed."""
        return self.number - self.attempts_before_progress

    def may_repeat(self, parser: ResponseParser, request: Request) -> bool:
        """Whether sending the request twice is harmless, or requested by the caller."""
        requested_by_caller = self.policy.all_errors and parser.action.is_raw
        return requested_by_caller or self.policy.idempotency_key is not None or not is_write(parser.action, request)


@dataclass(frozen=True, slots=True)
class RetryOverrides:
    """The retry option of a call: values of RETRY_INPUTS; and whether an engine owns the retries, and counts them."""

    values: Mapping[str, Any] = field(default_factory=dict)
    engine_retries: bool = False

    def apply(self, default: RetryPolicy) -> RetryPolicy:
        """Return the policy of the call."""
        policy = policy_from_inputs(default, self.values) if self.values else default
        return replace(policy, max_retries=0, engine_retries=True) if self.engine_retries else policy


def parse_retry(given: Mapping[str, Any] | str) -> RetryOverrides:
    """Parse the retry option of a call: "engine", or a mapping with RETRY_INPUTS, or these in snake_case.

    Raises InputError, UsageError.
    """
    if given == "engine":
        return RetryOverrides(engine_retries=True)
    if isinstance(given, str) or not hasattr(given, "items"):
        raise UsageError(f"retry={given!r} is not valid.", hint='Use None, "engine" or a mapping.')
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    spelling_by_name: dict[str, str] = {}
    for spelling, value in given.items():
        name = _find_name(spelling)
        first = spelling_by_name.setdefault(name, spelling)
        if first != spelling:
            text = f"two values: as {first} and as {spelling}"
            problems.append(Problem(f"retry.{name}", text, "one", "remove one"))
            continue
        values[name] = _parse_retry_input(name, value, problems)
    if problems:
        raise InputError.from_problems("retry", problems)
    return RetryOverrides(values)


def policy_from_inputs(default: RetryPolicy, values: Mapping[str, Any]) -> RetryPolicy:
    """Return the default policy changed by checked values of RETRY_INPUTS."""
    delay = max(values["retryDelayMS"] / 1000, MIN_DELAY) if "retryDelayMS" in values else default.delay
    return replace(
        default,
        max_retries=min(values.get("maxRetries", default.max_retries), MAX_RETRIES),
        delay=None if values.get("useExponentialBackoff") else delay,
        all_errors=bool(values.get("retryAllErrors", default.all_errors)),
    )


def _find_name(spelling: str) -> str:
    """Return the name that a caller writes as it is, or in snake_case; any other spelling is returned unchanged."""
    if spelling in RETRY_INPUTS:
        return spelling
    return next((name for name in RETRY_INPUTS if to_snake_case(name) == spelling), spelling)


def _parse_retry_input(name: str, value: Any, problems: list[Problem]) -> Any:
    if name not in RETRY_INPUTS:
        fix = did_you_mean(str(name), RETRY_INPUTS).strip()
        problems.append(Problem(f"retry.{name}", "an unknown name", f"one of {', '.join(RETRY_INPUTS)}", fix))
        return None
    try:
        parsed = to_integer(value) if name in RETRY_INPUTS[:2] else to_boolean(value)
        _check_range(name, parsed)
    except InvalidValue as invalid:
        problems.append(Problem(f"retry.{name}", preview(value), invalid.expected, invalid.fix))
        return None
    return parsed


def _check_range(name: str, parsed: int) -> None:
    if name == "maxRetries" and not 0 <= parsed <= MAX_RETRIES:
        raise InvalidValue(f"0 to {MAX_RETRIES}")
    if name == "retryDelayMS" and not 0 <= parsed <= MAX_DELAY_MS:
        raise InvalidValue(f"0 to {MAX_DELAY_MS} milliseconds")


def decide(
    parser: ResponseParser, request: Request, attempt: Attempt, reply_or_failure: Reply | Failure, now: float
) -> Decision:
    """Decide what to do with a reply or failure. `now` is epoch seconds."""
    if isinstance(reply_or_failure, Failure):
        error: ConnectorError = build_failure_error(parser.action, request, reply_or_failure)
        is_final = reply_or_failure.final or (reply_or_failure.retry_once and attempt.tries_since_progress > 1)
        may_retry = not is_final and (reply_or_failure.sent == "nothing" or attempt.may_repeat(parser, request))
        return _decide_retry(attempt, error, None, now, may_retry=may_retry)
    parsed = parser.parse(request, reply_or_failure)
    if isinstance(parsed, Result):
        return parsed
    error = build_reply_error(parser, request, reply_or_failure, parsed, now)
    if attempt.reply_lost and request.method == "DELETE" and isinstance(error, NotFound):
        return parser.build_result(request, reply_or_failure, {})
    is_repeatable = not (parsed.is_partial and may_change_state(request))
    if request.sends_credential and is_token_rejected(reply_or_failure, parsed) and is_repeatable:
        error.attempts = attempt.number
        return Reauthenticate(error)
    if request.sends_credential and parsed.category == "scope" and is_repeatable:
        error.attempts = attempt.number
        return Reauthenticate(error, lacks_scope=True)
    retry_at = find_retry_at(parser, reply_or_failure, parsed, now)
    return _decide_retry(
        attempt, error, retry_at, now, may_retry=_may_retry_reply(parser, request, attempt, reply_or_failure, parsed)
    )


def _may_retry_reply(
    parser: ResponseParser, request: Request, attempt: Attempt, reply: Reply, details: ErrorDetails
) -> bool:
    if details.category in ("daily_quota", "scope"):
        return False
    is_temporary = reply.status in _RETRIED_STATUSES or details.category in _RETRIED_CATEGORIES
    if (is_temporary or asks_to_retry(reply, details)) and is_unprocessed(reply, details):
        return True
    is_down = details.category == "unavailable" or (
        details.category is None
        and (reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.REQUEST_TIMEOUT)
    )
    return (is_down or details.category == "cut" or attempt.policy.all_errors) and attempt.may_repeat(parser, request)


def _decide_retry(
    attempt: Attempt, error: ConnectorError, retry_at: float | None, now: float, *, may_retry: bool
) -> Decision:
    error.attempts = attempt.number
    min_delay = retry_at - now if retry_at is not None else 0.0
    if (
        not may_retry
        or attempt.tries_since_progress > attempt.policy.max_retries
        or attempt.policy.engine_retries
        or min_delay > MAX_RETRY_WAIT
    ):
        if attempt.policy.engine_retries and attempt.policy.all_errors and may_retry:
            error.retryable = True
        if error.retry_at is None and error.retryable and attempt.policy.engine_retries:
            usual = attempt.policy.delay or BASE_DELAY * 2**attempt.tries_since_progress
            delay = max(min_delay, usual)
            error.retry_at = retry_after.to_utc_datetime(now + delay)
        return Fail(error)
    if retry_at is not None:
        return Retry(error, min_delay, min(1.0, 0.1 * min_delay + 0.1))
    if attempt.policy.delay is not None:
        return Retry(error, attempt.policy.delay)
    backoff = min(MAX_BACKOFF, BASE_DELAY * 2 ** (attempt.tries_since_progress - 1))
    return Retry(error, MIN_DELAY, backoff - MIN_DELAY)
