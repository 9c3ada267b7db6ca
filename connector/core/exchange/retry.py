"""(attempt, request, reply or failure) -> result, error, or again after how long.

A write is sent again only when that cannot double it: it was provably not processed (nothing sent, 401, 429, 503
with Retry-After), its file says why it is repeatable, it carries an idempotency key, or a raw caller asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.inputs.coerce import Bad, boolean, integer
from connector.core.redaction import shown
from connector.core.response import retry_after as waits
from connector.core.response.api_errors import is_write, refused, unanswered
from connector.core.response.parser import Failure, Reader, Reply, Result, Said
from connector.definition.suggest import did_you_mean
from connector.errors import ConnectorError, InputError, NotFound, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.request.builder import Request

BASE = 0.5  # seconds; doubles with each attempt, the wait is drawn between 0 and that
LONGEST_BACKOFF = 20.0
LONGEST_WAIT = 60.0  # a service that asks for more is told as an error with retry_at
LEAST_PAUSE = 0.05  # never a loop without a breath
MOST = 10
LONGEST_DELAY = 600_000  # milliseconds
NAMES = ("maxRetries", "retryDelayMS", "useExponentialBackoff", "retryAllErrors")


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how patiently a call is tried again."""

    most: int = 2
    delay: float | None = None  # seconds between attempts; None: exponential, with full jitter
    all_errors: bool = False
    engine: bool = False  # never wait: raise, and let the caller's engine come back
    key: str | None = None  # the request's idempotency key


class Verdict(NamedTuple):
    """What to do with what came back: a `result`; or an `error`, or again after `least`..`least + spread`.

    `stale` says that the token is what was refused.
    """

    result: Result | None = None
    error: ConnectorError = ConnectorError("The call came to no result.")
    least: float = 0.0
    spread: float = 0.0
    again: bool = False
    stale: bool = False


class Seen(NamedTuple):
    """What is known of a call so far: its policy, requests answered or lost, whether a reply was lost.

    `before` of the requests do not count as tries any more: a download has come on since.
    """

    policy: Policy
    attempt: int
    lost: bool = False
    before: int = 0

    @property
    def tries(self) -> int:
        """How often it was tried, from the last time that it came on."""
        return self.attempt - self.before

    def may_repeat(self, reader: Reader, request: Request) -> bool:
        """Whether sending it twice can do no harm, or is what the caller asked for."""
        asked = self.policy.all_errors and reader.action.is_raw
        return asked or self.policy.key is not None or not is_write(reader.action, request)


def policy(default: Policy, given: Mapping[str, Any] | str | None) -> Policy:
    """Return the policy of a call: None, "engine", or the page's four retry names. Raises InputError."""
    if given is None:
        return default
    if given == "engine":
        return replace(default, most=0, engine=True)
    if isinstance(given, str) or not hasattr(given, "items"):
        raise UsageError(f"retry={given!r} is not known.", hint='Give None, "engine", or a mapping.')
    problems: list[Problem] = []
    read = {name: _knob(name, value, problems) for name, value in given.items()}
    if problems:
        raise InputError.of("retry", problems)
    return knobs(default, read)


def knobs(default: Policy, read: Mapping[str, Any]) -> Policy:
    """Return a policy from checked values of the page's four retry names."""
    delay = max(read["retryDelayMS"] / 1000, LEAST_PAUSE) if "retryDelayMS" in read else default.delay
    return replace(
        default,
        most=min(read.get("maxRetries", default.most), MOST),
        delay=None if read.get("useExponentialBackoff") else delay,
        all_errors=bool(read.get("retryAllErrors", default.all_errors)),
    )


def _knob(name: str, value: Any, problems: list[Problem]) -> Any:
    if name not in NAMES:
        fix = did_you_mean(str(name), NAMES).strip()
        problems.append(Problem(f"retry.{name}", "an unknown name", f"one of {', '.join(NAMES)}", fix))
        return None
    try:
        read = integer(value) if name in NAMES[:2] else boolean(value)
        _within(name, read)
    except Bad as bad:
        problems.append(Problem(f"retry.{name}", shown(value), bad.expected, bad.fix))
        return None
    return read


def _within(name: str, read: int | bool) -> None:  # noqa: FBT001  a flag has no limits
    if name == "maxRetries" and not 0 <= read <= MOST:
        raise Bad(f"0 to {MOST}")
    if name == "retryDelayMS" and not 0 <= read <= LONGEST_DELAY:
        raise Bad(f"0 to {LONGEST_DELAY} milliseconds")


def judge(reader: Reader, request: Request, seen: Seen, got: Reply | Failure, now: float) -> Verdict:
    """Say what to do with what came back; pure. `now` is epoch seconds."""
    if isinstance(got, Failure):
        error: ConnectorError = unanswered(reader.action, request, got)
        hopeless = got.final or (got.doubtful and seen.tries > 1)
        repeat = not hopeless and (got.sent == "nothing" or seen.may_repeat(reader, request))
        return _again(seen, error, None, now, repeat=repeat)
    read = reader.read(request, got)
    if isinstance(read, Result):
        return Verdict(result=read)
    error = refused(reader, request, got, read, now)
    if seen.lost and request.method == "DELETE" and isinstance(error, NotFound):
        return Verdict(result=reader.result(request, got, {}))
    if request.carries and (read.means == "token" or (got.status == 401 and read.means is None)):  # noqa: PLR2004
        error.attempts = seen.attempt
        return Verdict(error=error, stale=True)
    when = waits.at(got, now)
    return _again(seen, error, when, now, repeat=_repeats(reader, request, seen, got, read))


def _repeats(reader: Reader, request: Request, seen: Seen, reply: Reply, said: Said) -> bool:
    if said.means in ("daily", "scope"):
        return False
    if reply.status in (425, 429) or said.means in ("busy", "rate"):  # by their meaning, nothing was processed
        return True
    if reply.status == 503 and reply.header("retry-after"):  # noqa: PLR2004
        return True
    down = (reply.status >= 500 or reply.status == 408) and said.means is None  # noqa: PLR2004
    return (down or said.means == "cut" or seen.policy.all_errors) and seen.may_repeat(reader, request)


def _again(seen: Seen, error: ConnectorError, when: float | None, now: float, *, repeat: bool) -> Verdict:
    error.attempts = seen.attempt
    least = when - now if when is not None else 0.0
    if not repeat or seen.tries > seen.policy.most or seen.policy.engine or least > LONGEST_WAIT:
        if error.retry_at is None and error.retryable and seen.policy.engine:
            error.retry_at = waits.moment(now + max(least, BASE * 2**seen.tries))
        return Verdict(error=error)
    if when is not None:
        return Verdict(error=error, again=True, least=least, spread=min(1.0, 0.1 * least + 0.1))
    if seen.policy.delay is not None:
        return Verdict(error=error, again=True, least=seen.policy.delay)
    spread = min(LONGEST_BACKOFF, BASE * 2 ** (seen.tries - 1))
    return Verdict(error=error, again=True, least=LEAST_PAUSE, spread=spread - LEAST_PAUSE)
