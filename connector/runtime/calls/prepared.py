"""A prepared call: exchange generator, credentials, clock and observers, ready for a driver."""

from __future__ import annotations

import logging
import time
from dataclasses import field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core.exchange import exchange
from connector.core.exchange.asks import ExchangeOptions, GetToken, SendRequest, Sleep
from connector.core.request.credential import Credential
from connector.core.response.api_errors import add_connection_hint, add_path_alias_hint
from connector.core.response.pagination.page import extract_items
from connector.core.response.reply import Reply
from connector.core.response.result import end_result
from connector.errors import ConnectorError, SignInError, UsageError
from connector.first_use import dataclass
from connector.runtime.calls.call_log import log_end
from connector.runtime.calls.interruption import end_steps
from connector.runtime.calls.page_options import check_page_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.exchange.asks import Ask, Steps
    from connector.core.exchange.body_sink import BodySink
    from connector.core.exchange.plan import CompiledAction
    from connector.core.exchange.retry import RetryPolicy
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination
    from connector.core.response.result import Result
    from connector.core.response.trace import Trace
    from connector.runtime.auth.credential_source import CredentialSource
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.call_context import CallContext
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.interruption import Interruption
    from connector.runtime.calls.job_calls import JobCalls
    from connector.runtime.calls.observer import Observer
    from connector.runtime.rate_budget.turns import Turns

_log = logging.getLogger("connector")
DEFAULT_TIMEOUT = 60.0  # seconds for a run, a raw request, and each page of items()
DEFAULT_LISTING_TIMEOUT = 600.0  # seconds for a listing that is merged


@dataclass(slots=True, repr=False)
class PreparedCall:
    """One call, ready for a driver.

    `sink` receives the body of a download. `budget_scope` is the account and the names of the rates that its requests
    count against. `warnings` are added to its result. `waited` are the seconds of its time that have passed already;
    `on_rejected` is told that the service rejected the credentials.
    """

    context: CallContext
    compiled: CompiledAction
    request: Request
    credentials: Credentials | None
    retry_policy: RetryPolicy
    options: CallOptions
    observers: tuple[Observer, ...] = ()
    trace: Trace | None = None
    sink: BodySink | None = None
    budget_scope: tuple[str, tuple[str, ...]] | None = None
    warnings: tuple[str, ...] = ()
    waited: float = 0.0
    on_rejected: Callable[[Credentials], None] | None = None
    notes: dict[Any, Any] = field(default_factory=dict)  # of observers
    given: Mapping[str, Any] = field(default_factory=dict)  # the inputs as the caller passed them
    job: JobCalls | None = None  # what follows, where the call starts a job and waits for it
    started_job: Mapping[str, Any] | None = field(init=False, default=None)  # the call that asks for it
    turns: Turns | None = field(init=False, default=None)  # that its request has, or waits for
    interruption: Interruption | None = field(init=False, default=None)  # that ended it
    _started_at: float | None = field(init=False, default=None)  # epoch seconds
    _has_ended: bool = field(init=False, default=False)
    _epoch_offset: float = field(init=False)
    _monotonic: Callable[[], float] = field(init=False)
    _last_answer_at: float = field(init=False, default=0.0)  # epoch seconds

    def __post_init__(self) -> None:
        clock = self.context.clock
        self._monotonic = clock.monotonic
        self._epoch_offset = clock.time() - clock.monotonic()

    @property
    def action(self) -> str:
        """The action's key."""
        return self.compiled.action.action

    @property
    def pagination(self) -> Pagination | None:
        """How the pages of the call are read; None for a single reply."""
        if self.job is not None:
            return self.job.pagination
        raw_pagination = self.compiled.raw_pagination
        if raw_pagination is None or not self.options.paginate:
            return self.compiled.pagination
        return replace(raw_pagination, items=self.options.items)

    @property
    def is_listing(self) -> bool:
        """Whether the call returns a listing in pages."""
        return self.pagination is not None

    def now(self) -> float:
        """Return epoch seconds that never go back, even if the system clock is changed."""
        return self._epoch_offset + self._monotonic()

    @property
    def started_at(self) -> float:
        """When the call began, in epoch seconds."""
        return self.now() if self._started_at is None else self._started_at

    def measure_elapsed(self) -> float:
        """Return the seconds since the call began."""
        return 0.0 if self._started_at is None else self.now() - self._started_at

    def to_monotonic(self, deadline: float) -> float:
        """Convert a deadline to the scale of `time.monotonic`."""
        return time.monotonic() + deadline - self.now()

    def build_exchange_options(self, default_timeout: float) -> ExchangeOptions:
        """Return the options of the exchange; the default counts where the caller sets no timeout."""
        options = self.options
        timeout = default_timeout if options.timeout is None else options.timeout
        rates = self.budget_scope[1] if self.budget_scope else ()
        return ExchangeOptions(
            timeout,
            self.retry_policy,
            options.limit,
            self.sink,
            rates,
            options.page_size,
            self.pagination if options.paginate else None,
            self.compiled.action.weight,
        )

    def build_steps(self, default_timeout: float = DEFAULT_TIMEOUT) -> Steps:
        """Return the steps of a run: one call, or all pages merged. Raises InputError for unfit options."""
        now = self.now() - self.waited
        pagination = self.pagination
        check_page_options(self.compiled, self.request, self.options, pagination)
        if self.job is not None and self.options.no_wait and self.compiled.action.poll is not None:
            return self.job.build_start_steps(self, now, default_timeout)
        if self.job is not None:
            return self.job.build_steps(self, now)
        if pagination is not None:
            options = self.build_exchange_options(DEFAULT_LISTING_TIMEOUT)
            return exchange.collect_pages(self.compiled, self.request, options, now)
        options = self.build_exchange_options(default_timeout)
        return exchange.run_single(self.compiled, self.request, options, now + options.timeout, now)

    def build_page_steps(self) -> Steps:
        """Return the steps of a listing, a page at a time.

        Raises UsageError when the call is not a listing, InputError for options that its pages do not take.
        """
        if not self.is_listing:
            hint = "Use run()." if self.compiled.raw_pagination is None else "Use request(), or set paginate."
            raise UsageError(f"{self.compiled.action.action} is not a listing.", hint=hint)
        check_page_options(self.compiled, self.request, self.options, self.pagination)
        options, now = self.build_exchange_options(DEFAULT_TIMEOUT), self.now() - self.waited
        if self.job is not None:
            return self.job.build_steps(self, now, in_pages=True)
        return exchange.stream_pages(self.compiled, self.request, options, now)

    def extract_items(self, result: Result) -> list[Any]:
        """Return the items of a page."""
        assert self.pagination is not None
        return extract_items(self.pagination, result)

    def get_credential(self, ask: GetToken) -> Credential | ConnectorError | None:
        """Answer a GetToken ask without waiting; None if a token must be read or refreshed first."""
        if self.credentials is None:
            label = self.context.connector.manifest.label
            return SignInError(
                f"No connection to {label} was given.", hint="Create one: Connection.from_env(connector)."
            )
        credential = None if ask.lacks_scope else self.credentials.credential(ask.rejected_token, self.now())
        return self.with_base_url(credential) if credential is not None else None

    def get_credential_source(self) -> CredentialSource[Any]:
        """Return where the connection gets another credential; it must have such a source."""
        assert self.credentials is not None
        if self.context.base_url_override and self.credentials.token_source is not None:
            self.credentials.token_source.use_base_url(self.context.base_url_override)
        assert self.credentials.credential_source is not None
        return self.credentials.credential_source

    def with_base_url(self, credential: Credential | ConnectorError) -> Credential | ConnectorError:
        """Drop the base URL that a token names for a URL of its own; else append the base URL's path to a bare host."""
        if not isinstance(credential, Credential) or credential.base_url is None:
            return credential
        if self.context.base_url_override or self.compiled.action.server is not None:
            return replace(credential, base_url=None)
        if urlsplit(credential.base_url).path:
            return credential
        base_path = urlsplit(self.request.base_url).path
        return replace(credential, base_url=credential.base_url + base_path)

    def begin(self, *, first: bool) -> Any:
        """Return the first value to send to the steps: None at the start, the time after a page."""
        self._last_answer_at = self.now()
        if not first:
            return self._last_answer_at, None
        self._started_at = self._last_answer_at - self.waited
        for observer in self.observers:
            observer.begin(self)
        return None

    def announce(self, ask: Ask) -> None:
        """Notify the observers of an ask before it is answered."""
        for observer in self.observers:
            observer.before(self, ask)

    def answer(self, ask: Ask, value: Any) -> tuple[float, Any]:
        """Return the answer with the time; notify the observers and the rate budget."""
        now = self._epoch_offset + self._monotonic()
        if self.turns is not None and type(ask) is SendRequest:
            self.turns.release()
        if type(ask) is Sleep and ask.job is not None:
            self.started_job = ask.job
        for observer in self.observers:
            self._notify(observer.after, self, ask, value, (self._last_answer_at, now))
        if self.budget_scope is not None and type(value) is Reply:
            self._notify(self.context.budget.learn_from_reply, *self.budget_scope, value, now)
        self._last_answer_at = now
        return now, value

    def _notify(self, hook: Callable[..., None], *args: Any) -> None:
        """Call a hook with an answer. What it raises changes nothing about the call, and becomes a warning."""
        try:
            hook(*args)
        except Exception as error:  # noqa: BLE001  what was sent was sent, whatever a program's own hook does
            warning = f"{hook.__qualname__} failed after the reply: {type(error).__name__}."
            _log.warning("%s", warning)
            self.warnings = (*self.warnings, warning)

    def abort(self, steps: Steps, ask: Ask | None, error: BaseException) -> None:
        """End the steps after an error; a hook's and a transport's get what is known of the call."""
        if self.turns is not None:
            self.turns.release()
        self.interruption = end_steps(steps, ask, error, (self._last_answer_at, self.now()))
        if self.interruption is not None:
            self.interruption.add_notes(error, ask.job if isinstance(ask, Sleep) else self.started_job)
        self.fail(error)

    def finish(self, result: Result) -> Result:
        """End the call: return the result with its time, and the warnings and the trace of the call."""
        if self._has_ended or self._started_at is None:
            return result
        result = end_result(result, self.trace, self.warnings, self.measure_elapsed())
        self._report_end(result)
        return result

    def fail(self, error: BaseException) -> None:
        """End the call with an error."""
        self.annotate_error(error)
        self._report_end(error)

    def _report_end(self, outcome: Result | BaseException) -> None:
        """Log the end of the call and tell the observers, once; nothing that fails here changes the call."""
        if self._has_ended:
            return
        self._has_ended = True
        log_end(self, outcome)
        for observer in self.observers:
            self._notify(observer.end, self, outcome)

    def annotate_error(self, error: BaseException) -> None:
        """Add the trace to an error, and hints: of its connection type, and of a path alias that this does not know."""
        if not isinstance(error, ConnectorError):
            return
        if self.credentials is not None:
            manifest, kind = self.context.connector.manifest, self.credentials.kind
            add_path_alias_hint(error, manifest, kind, self.request.path)
            if not self.compiled.action.is_raw:
                add_connection_hint(error, manifest, kind)
            if self.on_rejected is not None and getattr(error, "status", None) == HTTPStatus.UNAUTHORIZED:
                self.on_rejected(self.credentials)
        if self.trace is not None:
            error.debug = self.trace
