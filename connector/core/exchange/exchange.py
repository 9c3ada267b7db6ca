"""The order of a run, as a generator that asks and is answered. It never touches the world.

Every answer is `(now, value)`: reading the clock is an answer, and so is the jitter that the driver draws.
`now` and `until` are epoch seconds that only move forward within a call. Expected failures are values; only
cancelling closes the generator.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from connector.core.exchange import scopes
from connector.core.exchange.retry import Policy, Seen, judge
from connector.core.response import pagination as pages
from connector.core.response import redirects as hops
from connector.core.response.api_errors import is_write, leave_open
from connector.core.response.parser import Failure, Reply
from connector.errors import ConnectorError, DeadlineError, PageError, RateLimited

if TYPE_CHECKING:
    from connector.core.exchange.plan import Plan
    from connector.core.request.builder import Request
    from connector.core.response.parser import Result


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """What a connection signs requests with: headers and query to add, its secret, the base URL and scopes it names."""

    value: str
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    base_url: str | None = None
    renewable: bool = False
    scopes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"<Signed by {', '.join(name for name, _ in (*self.headers, *self.query)) or 'nothing'}>"


class Token(NamedTuple):
    """Asks for a signed token. Answer: Signed or ConnectorError.

    `rejected` is the one that drew a 401. With `anew` the one at hand lacks a scope: what is kept may have it by now.
    """

    rejected: str | None
    until: float
    anew: bool = False


class Acquire(NamedTuple):
    """Asks for a slot under these rates, such as light and cap:value ("retry" is the shared quota).

    Answer: the seconds until its time comes, or RateLimited. Asked again when it has come, with the time `since` which
    the slot is held: 0.0 when it is still good.
    """

    what: tuple[str, ...]
    until: float
    since: float | None = None


class Send(NamedTuple):
    """Asks to send; a `sink` takes the body of a download. Answer: Reply or Failure."""

    request: Request
    token: Signed
    until: float
    sink: Sink | None = None


class Wait(NamedTuple):
    """Asks to wait from `least` to `least + spread` seconds. Answer: nothing."""

    least: float
    spread: float
    why: str


class Page(NamedTuple):
    """Hands a page to the caller, whose time is not the call's. Answer: nothing."""

    result: Result


class Sink(Protocol):
    """Where the body of a download goes; the edge has the rest of it."""

    def rest(self, request: Request) -> Request:
        """Return the request of what is not there yet: the whole, or a Range."""

    def settled(self, got: Reply | Failure) -> Reply | Failure:
        """Return what an attempt came to for the whole: a failure while bytes are missing. Raises StoreError.

        A failure's `received` are the bytes that the next attempt need not bring again.
        """


ENGINE_PATIENCE = 1.0  # seconds that a call waits for its slot where an engine owns all longer waits
PROGRESS = 1 << 20  # bytes; a cut download that brought as many has its tries begin anew, at no cost to the quota
RETRY = ("retry",)  # the shared quota's name among what is acquired
Ask = Token | Acquire | Send | Wait | Page
Answer = tuple[float, Any]
Steps = Generator[Ask, Answer, "Result"]
_NOBODY = Signed("")
_Attempted = tuple[float, "Request", Signed, Reply | Failure]


@dataclass(frozen=True, slots=True)
class Options:
    """How one call runs: its deadline in seconds, how it is tried again, how many items, where its body goes.

    `rates` are what each of its requests needs a slot of.
    """

    timeout: float
    policy: Policy
    limit: int | None = None
    sink: Sink | None = None
    rates: tuple[str, ...] = ()


def call(plan: Plan, request: Request, options: Options, until: float, now: float) -> Steps:
    """One request to its result: token, rate, send, judge, again. Raises ConnectorError."""
    started, attempt, rejected, lost, before = now, 0, None, False, 0
    try:
        while True:
            now, at, token, got = yield from _attempt(plan, request, options, until, rejected)
            gained = options.sink is not None and isinstance(got, Failure) and got.received >= PROGRESS
            before = attempt if gained else before
            verdict = judge(plan.reader, at, Seen(options.policy, attempt + 1, lost, before), got, now)
            if verdict.stale and rejected is None and token.renewable:
                rejected = token.value
                request.must_open_again()
                continue
            attempt += 1
            if verdict.result is not None:
                doubled = lost and options.policy.all_errors and is_write(plan.action, request)
                return _noted(verdict.result, attempt, doubled=doubled)
            late = now + verdict.least + verdict.spread if verdict.again else now
            if late >= until and (verdict.again or isinstance(got, Failure)):
                raise _too_late(verdict.error, options, now - started)
            if not verdict.again:
                raise scopes.told(verdict.error, token.scopes)
            lost = lost or verdict.error.outcome == "uncertain"
            request.must_open_again()
            now, spent = (now, None) if gained else (yield Acquire(RETRY, until))
            if isinstance(spent, ConnectorError):
                raise _spent(verdict.error, spent)
            now = _waited((yield Wait(verdict.least, verdict.spread, "retry")), verdict.error)
    except ConnectorError as error:
        if lost:
            leave_open(error, plan.action, request)
        error.idempotency_key = options.policy.key
        raise


def _attempt(
    plan: Plan, request: Request, options: Options, until: float, rejected: str | None
) -> Generator[Ask, Answer, _Attempted]:
    """Ask for a token and a slot, and send once, on to where a reply sends a reader. Raises ConnectorError."""
    now, token = yield Token(rejected, until)
    if isinstance(token, Signed) and scopes.lacking(plan, token.scopes):
        now, token = yield Token(None, until, anew=True)
    if isinstance(token, ConnectorError):
        raise token
    if error := scopes.lacking(plan, token.scopes):
        raise error
    request = _signed(request, token)
    if options.rates:
        now = yield from _slot(options, until, now)
    ends = until if request.attempt_timeout is None else min(until, now + request.attempt_timeout)
    if options.sink is not None:
        request = options.sink.rest(request)
    now, got = yield Send(request, token, ends, options.sink)
    while isinstance(got, Reply) and 300 <= got.status < 400:  # noqa: PLR2004  it sends somebody on
        hop = hops.following(request, got, plan.connector.manifest.hosts)
        if hop is None or isinstance(hop, str):
            break
        request, token = hop, token if hop.carries else _NOBODY
        now, got = yield Send(request, token, ends, options.sink)
    if options.sink is not None:
        got = options.sink.settled(got)
    return now, request, token, got


def _slot(options: Options, until: float, now: float) -> Generator[Ask, Answer, float]:
    """Have a slot of the rates and wait for its time; return the time then. Raises RateLimited."""
    until = min(until, now + ENGINE_PATIENCE) if options.policy.engine else until
    now, gap = yield Acquire(options.rates, until)
    while gap and not isinstance(gap, ConnectorError):
        since = now
        _waited((yield Wait(gap, 0.0, "rate budget")), None)
        now, gap = yield Acquire(options.rates, until, since)  # the service may have closed the rate meanwhile
    if isinstance(gap, ConnectorError):
        raise gap
    return now


def _spent(error: ConnectorError, spent: ConnectorError) -> ConnectorError:
    """Say on the error of a call why it is not tried again although it could be."""
    error.hint = f"{error.hint} {spent.args[0]}".strip()
    return error


def _waited(answer: Answer, error: ConnectorError | None) -> float:
    """Return the time after a wait. Raises what ended it, with what is known of the attempts before."""
    now, ended = answer
    if not isinstance(ended, ConnectorError):
        return now
    if error is not None:
        ended.outcome, ended.attempts = error.outcome, error.attempts
    raise ended


def listing(plan: Plan, request: Request, options: Options, now: float) -> Steps:
    """Every page as one result. Raises PageError with what was read so far."""
    walk = pages.Walk(_words(plan), options.limit, pages.MOST_PAGES)
    merged = pages.Merged(walk)
    until = now + options.timeout
    following: Request | None = walk.first(request)
    try:
        while following is not None:
            result = yield from call(plan, following, options, until, now)
            merged.add(walk.take(result))
            following = walk.following(following, result)
    except PageError as error:
        raise _with_so_far(error, merged) from None
    return merged.result()  # type: ignore[return-value]  # a walk has at least one page


def stream(plan: Plan, request: Request, options: Options, now: float) -> Steps:
    """A page at a time, each with a deadline of its own; returns the last. Raises PageError."""
    walk = pages.Walk(_words(plan), options.limit)
    following: Request | None = walk.first(request)
    while True:
        assert following is not None
        try:
            result = yield from call(plan, following, options, now + options.timeout, now)
        except PageError as error:
            error.pages, error.cursor = walk.pages, walk.cursor
            raise
        page = replace(walk.take(result), pages=walk.pages, complete=False)
        try:
            following = walk.following(following, result)
        except PageError:
            yield Page(page)
            raise
        if following is None:
            return replace(page, complete=walk.complete)
        now, _ = yield Page(page)


def _signed(request: Request, token: Signed) -> Request:
    """Let a request know its token, to hide it, and the base URL that the token names."""
    known = not token.value or token.value in request.secrets
    return request if known and token.base_url is None else request.signed(token.value, token.base_url)


def _words(plan: Plan) -> pages.Words:
    assert plan.words is not None
    return plan.words


def _noted(result: Result, attempt: int, *, doubled: bool) -> Result:
    if attempt == 1 and not doubled:
        return result
    warnings = result.warnings
    if doubled:
        warnings = (*warnings, "It may have been done more than once: a reply was lost and the request was repeated.")
    return replace(result, attempts=attempt, warnings=warnings)


def _too_late(error: ConnectorError, options: Options, elapsed: float) -> ConnectorError:
    """What to raise when the next attempt would come after the deadline."""
    if isinstance(error, RateLimited) and error.retry_at:
        return error
    message = f"The call did not end within {options.timeout:g} s (after {elapsed:.1f} s): {error.args[0]}"
    hint = error.hint if error.outcome == "uncertain" else "Give it more time with timeout, or try again later."
    facts = {"limit": options.timeout, "elapsed": elapsed, "outcome": error.outcome, "attempts": error.attempts}
    facts |= {name: getattr(error, name) for name in ("status", "code") if hasattr(error, name)}
    return DeadlineError(message, hint=hint, retryable=error.retryable, retry_at=error.retry_at, **facts)


def _with_so_far(error: PageError, merged: pages.Merged) -> PageError:
    error.pages, error.cursor, error.attempts = merged.walk.pages, merged.walk.cursor, merged.attempts + error.attempts
    so_far = merged.result()
    error.result = replace(so_far, complete=False) if so_far else None
    return error
