"""One call that is ready: its steps, its token, its clock, its debug tap."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core.exchange import exchange
from connector.core.exchange.exchange import Credential, ExchangeOptions
from connector.core.response import path_aliases
from connector.core.response.parser import Reply
from connector.errors import ConnectorError, InputError, Problem, SignInError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.exchange.exchange import AcquireSlot, Ask, GetToken, Steps, YieldPage
    from connector.core.exchange.plan import CompiledAction
    from connector.core.exchange.retry import RetryPolicy
    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.core.response.trace import Trace
    from connector.errors import RateLimited
    from connector.runtime.auth.connection import Connection
    from connector.runtime.auth.token_source import TokenSource
    from connector.runtime.calls.factory import CallFactory

DEFAULT_TIMEOUT = 60.0  # seconds for a run, a raw request, and each page of items()
DEFAULT_LISTING_TIMEOUT = 600.0  # seconds for a listing that is merged
_log = logging.getLogger("connector.debug")


@dataclass(slots=True, repr=False)
class PreparedCall:
    """One call that is ready; `timeout` in seconds where the caller chose one, `limit` of a listing's items."""

    factory: CallFactory
    compiled: CompiledAction
    request: Request
    connection: Connection | None
    retry_policy: RetryPolicy
    timeout: float | None
    limit: int | None
    trace: Trace | None
    budget_scope: tuple[str, tuple[str, ...]] | None = (
        None  # whose budget its requests count against, and which rates of it
    )
    warnings: tuple[str, ...] = ()  # what its result says of its inputs
    _epoch_offset: float = field(init=False)
    _monotonic: Callable[[], float] = field(init=False)
    _last_answer_at: float = field(init=False, default=0.0)  # when the last ask was answered

    def __post_init__(self) -> None:
        clock = self.factory.clock
        self._monotonic = clock.monotonic
        self._epoch_offset = clock.time() - clock.monotonic()

    @property
    def is_listing(self) -> bool:
        """Whether the action is a list of pages."""
        return self.compiled.pagination is not None

    def now(self) -> float:
        """Return epoch seconds that only move forward, whatever is done to the machine's clock."""
        return self._epoch_offset + self._monotonic()

    def to_monotonic(self, deadline: float) -> float:
        """Return a deadline as `time.monotonic` counts, whatever clock was given."""
        return time.monotonic() + deadline - self.now()

    def _build_options(self, default_timeout: float) -> ExchangeOptions:
        timeout = default_timeout if self.timeout is None else self.timeout
        return ExchangeOptions(
            timeout, self.retry_policy, self.limit, rates=self.budget_scope[1] if self.budget_scope else ()
        )

    def build_steps(self) -> Steps:
        """Return the steps of a run: one call, or every page merged. Raises InputError for a limit of one call."""
        now = self.now()
        if self.is_listing:
            return exchange.collect_pages(
                self.compiled, self.request, self._build_options(DEFAULT_LISTING_TIMEOUT), now
            )
        if self.limit is not None:
            shown_limit, expected = str(self.limit), f"none: {self.compiled.action.action} is no listing"
            raise InputError.from_problems("options", [Problem("limit", shown_limit, expected, "leave it out")])
        options = self._build_options(DEFAULT_TIMEOUT)
        return exchange.run_call(self.compiled, self.request, options, now + options.timeout, now)

    def build_page_steps(self) -> Steps:
        """Return the steps of a listing, a page at a time. Raises UsageError when the action is no list."""
        if not self.is_listing:
            raise UsageError(f"{self.compiled.action.action} is no list.", hint="Use run().")
        return exchange.stream_pages(self.compiled, self.request, self._build_options(DEFAULT_TIMEOUT), self.now())

    def extract_items(self, result: Result) -> list[Any]:
        """Return the items of a page."""
        from connector.core.response.pagination import Paginator  # noqa: PLC0415

        assert self.compiled.pagination is not None
        return Paginator(self.compiled.pagination).items_of(result.data)

    def get_credential(self, ask: GetToken) -> Credential | ConnectorError | None:
        """Answer a Token ask when that needs no waiting; None when a token must be read or renewed first."""
        if self.connection is None:
            label = self.factory.connector.manifest.label
            return SignInError(f"No connection to {label} is given.", hint="Make one: Connection.from_env(connector).")
        credential = None if ask.reload else self.connection.credential(ask.rejected_token, self.now())
        return self.with_base_url(credential) if credential is not None else None

    def get_token_source(self) -> TokenSource:
        """Return what renews the connection's token; asked for only when there is one to renew."""
        assert self.connection is not None
        assert self.connection.token_source is not None
        return self.connection.token_source

    def with_base_url(self, credential: Credential | ConnectorError) -> Credential | ConnectorError:
        """Drop the base URL that a token names when the owner of the process set another; else complete it."""
        if not isinstance(credential, Credential) or credential.base_url is None:
            return credential
        base_path = urlsplit(self.factory.connector.manifest.base_url).path
        return replace(
            credential, base_url=None if self.factory.base_url_override else credential.base_url.rstrip("/") + base_path
        )

    def acquire_slot(self, ask: AcquireSlot) -> float | RateLimited:
        """Return the seconds until a slot of the account's budget, or RateLimited."""
        assert self.budget_scope is not None
        delay_or_error: float | RateLimited = self.factory.budget.acquire(self.budget_scope[0], ask, self.now())
        return delay_or_error

    async def acquire_slot_async(self, ask: AcquireSlot) -> float | RateLimited:
        """As `slot`, and never holds up an event loop."""
        assert self.budget_scope is not None
        budget = self.factory.budget
        pending: Any = getattr(budget, "acquire_async", budget.acquire)(self.budget_scope[0], ask, self.now())
        delay_or_error: float | RateLimited = await pending if hasattr(pending, "__await__") else pending
        return delay_or_error

    def begin(self, *, first: bool) -> Any:
        """Return what the steps are sent first: nothing to begin with, the time where they go on after a page."""
        self._last_answer_at = self.now()
        return None if first else (self._last_answer_at, None)

    def answer(self, ask: Ask, value: Any) -> tuple[float, Any]:
        """Return the answer to an ask, the time with it; what happened is noted for a debugged run."""
        now = self._epoch_offset + self._monotonic()
        if self.trace is not None:
            self._trace_answer(ask, self._last_answer_at, now, value)
        if self.budget_scope is not None and type(value) is Reply:
            self.factory.budget.learn_from_reply(*self.budget_scope, value, now)
        self._last_answer_at = now
        return now, value

    def _trace_answer(self, ask: Ask, asked_at: float, now: float, value: Any) -> None:
        """Keep and log an ask and its answer; a broken log never breaks a call."""
        assert self.trace is not None
        entry = self.trace.record(ask, asked_at, now, value)
        if entry is None:
            return
        with contextlib.suppress(Exception):
            _log.info("%s", entry)

    def finish(self, result: Result) -> Result:
        """Return the result with what is to be said of its inputs, and its debug records."""
        if self.trace is None and not self.warnings:
            return result
        return replace(result, debug=self.trace, warnings=(*result.warnings, *self.warnings))

    def annotate_error(self, error: BaseException) -> None:
        """Put the debug records on an error, and on a refusal what the connection's kind makes of its path."""
        if isinstance(error, ConnectorError) and self.connection is not None:
            path_aliases.add_path_alias_hint(
                error, self.factory.connector.manifest, self.connection.kind, self.request.path
            )
        if self.trace is not None and isinstance(error, ConnectorError):
            error.debug = self.trace

    def build_first_request(self) -> Request:
        """Return the first request of the run, as it would be sent; nothing is."""
        steps = self.build_steps()
        ask: Ask | YieldPage = next(steps)
        while not isinstance(ask, exchange.SendRequest):
            credential = Credential("$TOKEN", headers=(("Authorization", "Bearer $TOKEN"),))
            ask = steps.send((self.now(), credential if isinstance(ask, exchange.GetToken) else 0.0))
        steps.close()
        return ask.request
