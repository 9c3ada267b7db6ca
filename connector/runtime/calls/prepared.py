"""One call that is ready: its steps, its token, its clock, its debug tap."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core.exchange import exchange
from connector.core.exchange.exchange import Options, Signed
from connector.core.response import path_aliases as nobody
from connector.core.response.parser import Reply
from connector.errors import ConnectorError, InputError, Problem, SignInError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.exchange.exchange import Acquire, Ask, Page, Steps, Token
    from connector.core.exchange.plan import Plan
    from connector.core.exchange.retry import Policy
    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.core.response.trace import Records
    from connector.errors import RateLimited
    from connector.runtime.auth.connection import Connection
    from connector.runtime.auth.token_source import Tokens
    from connector.runtime.calls.factory import Caller

TIMEOUT = 60.0  # seconds for a run, a raw request, and each page of items()
LISTING_TIMEOUT = 600.0  # seconds for a listing that is merged
_log = logging.getLogger("connector.debug")


@dataclass(slots=True, repr=False)
class Started:
    """One call that is ready; `timeout` in seconds where the caller chose one, `limit` of a listing's items."""

    caller: Caller
    plan: Plan
    request: Request
    connection: Connection | None
    policy: Policy
    timeout: float | None
    limit: int | None
    records: Records | None
    slots: tuple[str, tuple[str, ...]] | None = None  # whose budget its requests count against, and which rates of it
    warnings: tuple[str, ...] = ()  # what its result says of its inputs
    _epoch: float = field(init=False)
    _monotonic: Callable[[], float] = field(init=False)
    _last: float = field(init=False, default=0.0)  # when the last ask was answered

    def __post_init__(self) -> None:
        clock = self.caller.clock
        self._monotonic = clock.monotonic
        self._epoch = clock.time() - clock.monotonic()

    @property
    def lists(self) -> bool:
        """Whether the action is a list of pages."""
        return self.plan.words is not None

    def now(self) -> float:
        """Return epoch seconds that only move forward, whatever is done to the machine's clock."""
        return self._epoch + self._monotonic()

    def until(self, epoch: float) -> float:
        """Return a deadline as `time.monotonic` counts, whatever clock was given."""
        return time.monotonic() + epoch - self.now()

    def _options(self, default: float) -> Options:
        timeout = default if self.timeout is None else self.timeout
        return Options(timeout, self.policy, self.limit, rates=self.slots[1] if self.slots else ())

    def steps(self) -> Steps:
        """Return the steps of a run: one call, or every page merged. Raises InputError for a limit of one call."""
        now = self.now()
        if self.lists:
            return exchange.listing(self.plan, self.request, self._options(LISTING_TIMEOUT), now)
        if self.limit is not None:
            got, expected = str(self.limit), f"none: {self.plan.action.action} is no listing"
            raise InputError.of("options", [Problem("limit", got, expected, "leave it out")])
        options = self._options(TIMEOUT)
        return exchange.call(self.plan, self.request, options, now + options.timeout, now)

    def stream(self) -> Steps:
        """Return the steps of a listing, a page at a time. Raises UsageError when the action is no list."""
        if not self.lists:
            raise UsageError(f"{self.plan.action.action} is no list.", hint="Use run().")
        return exchange.stream(self.plan, self.request, self._options(TIMEOUT), self.now())

    def items(self, result: Result) -> list[Any]:
        """Return the items of a page."""
        from connector.core.response.pagination import Walk  # noqa: PLC0415

        assert self.plan.words is not None
        return Walk(self.plan.words).items(result.data)

    def signed(self, ask: Token) -> Signed | ConnectorError | None:
        """Answer a Token ask when that needs no waiting; None when a token must be read or renewed first."""
        if self.connection is None:
            label = self.caller.connector.manifest.label
            return SignInError(f"No connection to {label} is given.", hint="Make one: Connection.from_env(connector).")
        signed = None if ask.anew else self.connection.signed(ask.rejected, self.now())
        return self.based(signed) if signed is not None else None

    def tokens(self) -> Tokens:
        """Return what renews the connection's token; asked for only when there is one to renew."""
        assert self.connection is not None
        assert self.connection.tokens is not None
        return self.connection.tokens

    def based(self, signed: Signed | ConnectorError) -> Signed | ConnectorError:
        """Drop the base URL that a token names when the owner of the process set another; else complete it."""
        if not isinstance(signed, Signed) or signed.base_url is None:
            return signed
        path = urlsplit(self.caller.connector.manifest.base_url).path
        return replace(signed, base_url=None if self.caller.owner_base else signed.base_url.rstrip("/") + path)

    def slot(self, ask: Acquire) -> float | RateLimited:
        """Return the seconds until a slot of the account's budget, or RateLimited."""
        assert self.slots is not None
        answer: float | RateLimited = self.caller.budget.acquire(self.slots[0], ask, self.now())
        return answer

    async def slot_async(self, ask: Acquire) -> float | RateLimited:
        """As `slot`, and never holds up an event loop."""
        assert self.slots is not None
        budget = self.caller.budget
        got: Any = getattr(budget, "acquire_async", budget.acquire)(self.slots[0], ask, self.now())
        answer: float | RateLimited = await got if hasattr(got, "__await__") else got
        return answer

    def begun(self, *, first: bool) -> Any:
        """Return what the steps are sent first: nothing to begin with, the time where they go on after a page."""
        self._last = self.now()
        return None if first else (self._last, None)

    def answered(self, ask: Ask, value: Any) -> tuple[float, Any]:
        """Return the answer to an ask, the time with it; what happened is noted for a debugged run."""
        now = self._epoch + self._monotonic()
        if self.records is not None:
            self._note(ask, self._last, now, value)
        if self.slots is not None and type(value) is Reply:
            self.caller.budget.heard(*self.slots, value, now)
        self._last = now
        return now, value

    def _note(self, ask: Ask, began: float, now: float, value: Any) -> None:
        """Keep and log an ask and its answer; a broken log never breaks a call."""
        assert self.records is not None
        line = self.records.tap(ask, began, now, value)
        if line is None:
            return
        with contextlib.suppress(Exception):
            _log.info("%s", line)

    def finished(self, result: Result) -> Result:
        """Return the result with what is to be said of its inputs, and its debug records."""
        if self.records is None and not self.warnings:
            return result
        return replace(result, debug=self.records, warnings=(*result.warnings, *self.warnings))

    def failed(self, error: BaseException) -> None:
        """Put the debug records on an error, and on a refusal what the connection's kind makes of its path."""
        if isinstance(error, ConnectorError) and self.connection is not None:
            nobody.told(error, self.caller.connector.manifest, self.connection.kind, self.request.path)
        if self.records is not None and isinstance(error, ConnectorError):
            error.debug = self.records

    def dry(self) -> Request:
        """Return the first request of the run, as it would be sent; nothing is."""
        run = self.steps()
        ask: Ask | Page = next(run)
        while not isinstance(ask, exchange.Send):
            signed = Signed("$TOKEN", headers=(("Authorization", "Bearer $TOKEN"),))
            ask = run.send((self.now(), signed if isinstance(ask, exchange.Token) else 0.0))
        run.close()
        return ask.request
