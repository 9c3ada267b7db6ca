"""The exchange: one call as a generator that yields asks and receives answers, without I/O.

Every answer is `(now, value)`: the driver reads the clock and draws the jitter. `now` and `deadline` are epoch seconds
that only move forward within a call. Expected failures are values; only cancellation closes the generator.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from connector.core.exchange import scopes
from connector.core.exchange.asks import (
    RETRY_QUOTA,
    AcquireSlot,
    Answer,
    Ask,
    ExchangeOptions,
    GetToken,
    SendRequest,
    Sleep,
    Steps,
    YieldPage,
)
from connector.core.exchange.retry import Attempt, Reauthenticate, Retry, decide
from connector.core.http_semantics import BODY_METHODS
from connector.core.request.body import add_body_fields
from connector.core.request.credential import Credential
from connector.core.response import redirects
from connector.core.response.api_errors import add_call_facts, mark_uncertain
from connector.core.response.outcomes import is_write
from connector.core.response.pagination.merged import MergedPages
from connector.core.response.pagination.page import note_unread_pages
from connector.core.response.pagination.paginator import MAX_PAGES, Paginator
from connector.core.response.reply import Failure, Reply
from connector.core.response.result import Result
from connector.errors import ConnectorError, DeadlineError, PageError, RateLimited

if TYPE_CHECKING:
    from collections.abc import Generator

    from connector.core.exchange.plan import CompiledAction
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination

ENGINE_MAX_WAIT = 1.0  # seconds that a call waits for a slot when an engine owns retries
MIN_PROGRESS_BYTES = (
    1 << 20
)  # bytes of an interrupted download that reset the retry count without using the retry quota
_NO_CREDENTIAL = Credential("")
_AttemptOutcome = tuple[float, "Request", Credential, Reply | Failure]


class _Rejection(NamedTuple):
    """A token that the service rejected, and the decision that followed."""

    token: str
    decision: Reauthenticate


def run_call(plan: CompiledAction, request: Request, options: ExchangeOptions, deadline: float, now: float) -> Steps:
    """Run one request to its result, as `run_timed`."""
    _, result = yield from run_timed(plan, request, options, deadline, now)
    return result


def run_timed(
    plan: CompiledAction, request: Request, options: ExchangeOptions, deadline: float, now: float
) -> Generator[Ask, Answer, tuple[float, Result]]:
    """Run one request: credential, rate slot, send, decide, retry; return the time and its result.

    Raises ConnectorError.
    """
    started_at, attempt, reply_lost, attempts_before_progress, rejection, refusal = now, 0, False, 0, None, None
    try:
        while True:
            now, last_request, credential, reply_or_failure = yield from _make_attempt(
                plan, request, options, deadline, rejection
            )
            made_progress = (
                options.sink is not None
                and isinstance(reply_or_failure, Failure)
                and reply_or_failure.received >= MIN_PROGRESS_BYTES
            )
            attempts_before_progress = attempt if made_progress else attempts_before_progress
            decision = decide(
                plan.parser,
                last_request,
                Attempt(options.policy, attempt + 1, reply_lost, attempts_before_progress),
                reply_or_failure,
                now,
            )
            if isinstance(decision, Reauthenticate) and rejection is None and credential.renewable:
                rejection, refusal = _Rejection(credential.secret, decision), decision.error
                request.ensure_replayable()
                continue
            attempt += 1
            if isinstance(decision, Result):
                possibly_repeated = reply_lost and options.policy.all_errors and is_write(plan.action, request)
                return now, _with_attempts(decision, attempt, possibly_repeated=possibly_repeated)
            error = decision.error
            if not isinstance(decision, Retry):
                if isinstance(reply_or_failure, Failure) and now >= deadline:
                    raise _build_deadline_error(error, options, now - started_at)
                raise scopes.explain_token_scopes(error, credential)
            if now + decision.min_delay + decision.jitter >= deadline:
                raise _build_deadline_error(error, options, now - started_at)
            reply_lost, refusal = reply_lost or error.outcome == "uncertain", error
            request.ensure_replayable()
            now, quota_answer = (now, None) if made_progress else (yield AcquireSlot(RETRY_QUOTA, deadline))
            if isinstance(quota_answer, ConnectorError):
                raise error.with_hint(str(quota_answer.args[0]))  # why it is not tried again
            now = _check_wait((yield Sleep(decision.min_delay, decision.jitter, "retry")))
    except ConnectorError as error:
        if refusal is not None:  # the error may come from elsewhere, such as the renewal of a token
            add_call_facts(error, refusal)
        if reply_lost:
            mark_uncertain(error, plan.action, request)
        error.idempotency_key = options.policy.idempotency_key
        raise


def _make_attempt(
    plan: CompiledAction, request: Request, options: ExchangeOptions, deadline: float, rejection: _Rejection | None
) -> Generator[Ask, Answer, _AttemptOutcome]:
    """Get a credential and a slot, send once, and follow redirects. Raises ConnectorError."""
    token, lacks_scope = (None, False) if rejection is None else (rejection.token, rejection.decision.lacks_scope)
    now, credential = yield GetToken(token, deadline, lacks_scope)
    if rejection is not None or not isinstance(credential, Credential) or scopes.missing_scope_error(plan, credential):
        now, credential = yield from _check_credential(plan, deadline, rejection, (now, credential))
    if not request.sends_credential:
        credential = _NO_CREDENTIAL
    request = _with_credential(plan, request, credential)
    if options.rates:
        now = yield from _acquire_slot(options, deadline, now)
    send_deadline = deadline if request.attempt_timeout is None else min(deadline, now + request.attempt_timeout)
    if options.sink is not None:
        request = options.sink.resume_request(request)
    now, reply_or_failure = yield SendRequest(request, credential.sign(request, now), send_deadline, options.sink)
    while isinstance(reply_or_failure, Reply) and reply_or_failure.status in redirects.REDIRECT_STATUSES:
        next_hop = redirects.follow_redirect(request, reply_or_failure, plan.connector.manifest.allowed_hosts)
        if next_hop is None or isinstance(next_hop, str):
            break
        request, credential = next_hop, credential if next_hop.sends_credential else _NO_CREDENTIAL
        now, reply_or_failure = yield SendRequest(request, credential.sign(request, now), send_deadline, options.sink)
    if options.sink is not None:
        reply_or_failure = options.sink.finish_attempt(reply_or_failure)
    return now, request, credential, reply_or_failure


def _check_credential(
    plan: CompiledAction, deadline: float, rejection: _Rejection | None, answer: Answer
) -> Generator[Ask, Answer, tuple[float, Credential]]:
    """Return a credential that has a scope of the action, and is not the rejected one. Raises ConnectorError."""
    now, credential = answer
    scope_error: ConnectorError | None = None
    if isinstance(credential, Credential) and (scope_error := scopes.missing_scope_error(plan, credential)):
        now, better = yield GetToken(credential.secret, deadline, lacks_scope=True)
        if isinstance(better, Credential):
            credential, scope_error = better, scopes.missing_scope_error(plan, better)
        else:
            scope_error = scope_error.with_hint(f"No other token could be had: {better.args[0]}")
    elif isinstance(credential, ConnectorError) and rejection is not None and rejection.decision.lacks_scope:
        scope_error = rejection.decision.error.with_hint(f"No other token could be had: {credential.args[0]}")
    if isinstance(credential, ConnectorError):
        raise scope_error or credential
    if rejection is not None and credential.secret == rejection.token:
        raise scopes.explain_token_scopes(rejection.decision.error, credential)
    if scope_error:
        raise scope_error
    return now, credential


def _acquire_slot(options: ExchangeOptions, deadline: float, now: float) -> Generator[Ask, Answer, float]:
    """Acquire a slot of the rates and wait for it; return the time then. Raises RateLimited."""
    deadline = min(deadline, now + ENGINE_MAX_WAIT) if options.policy.engine_retries else deadline
    now, delay = yield AcquireSlot(options.rates, deadline, None, options.weight)
    while delay and not isinstance(delay, ConnectorError):
        reserved_at = now
        _check_wait((yield Sleep(delay, 0.0, "rate budget")))
        # the service may have closed the rate
        now, delay = yield AcquireSlot(options.rates, deadline, reserved_at, options.weight)
    if isinstance(delay, ConnectorError):
        raise delay
    return now


def _check_wait(answer: Answer) -> float:
    """Return the time after a wait. Raises the error that ended it."""
    now, interruption = answer
    if isinstance(interruption, ConnectorError):
        raise interruption
    return now


def run_single(plan: CompiledAction, request: Request, options: ExchangeOptions, deadline: float, now: float) -> Steps:
    """Run one request, as `run_call`; the result of a raw request says whether its reply names a next page."""
    steps = run_call(plan, request, options, deadline, now)
    return steps if plan.raw_pagination is None else _note_next_page(plan.raw_pagination, steps)


def _note_next_page(pagination: Pagination, steps: Steps) -> Steps:
    return note_unread_pages(pagination, (yield from steps))


def collect_pages(plan: CompiledAction, request: Request, options: ExchangeOptions, now: float) -> Steps:
    """Read every page into one result. Raises PageError with the items read so far."""
    paginator = _begin_walk(plan, options, MAX_PAGES)
    merged = MergedPages(paginator)
    deadline = now + options.timeout
    next_request: Request | None = paginator.build_first_request(request)
    try:
        while next_request is not None:
            result = yield from run_call(plan, next_request, options, deadline, now)
            merged.add_page(result)
            next_request = paginator.next_request(next_request)
            if next_request is not None:
                yield YieldPage(result)
    except ConnectorError as error:
        error.attempts += merged.attempts
        if isinstance(error, PageError):
            _attach_partial_result(error, merged)
        raise
    return merged.build_result()  # type: ignore[return-value]  # there is at least one page


def stream_pages(plan: CompiledAction, request: Request, options: ExchangeOptions, now: float) -> Steps:
    """Yield pages one by one, each with its own deadline; return the last. Raises PageError."""
    paginator = _begin_walk(plan, options, None)
    next_request: Request | None = paginator.build_first_request(request)
    while True:
        assert next_request is not None
        result = None
        try:
            result = yield from run_call(plan, next_request, options, now + options.timeout, now)
            taken = paginator.take_page(result)
        except PageError as error:
            error.pages, error.cursor = paginator.page_count, paginator.shown_cursor
            if result is not None:
                add_call_facts(error, result)
            raise
        page = replace(taken, pages=paginator.page_count, complete=False)
        try:
            next_request = paginator.next_request(next_request)
        except PageError as error:
            add_call_facts(error, page)
            yield YieldPage(page)
            raise
        if next_request is None:
            return replace(page, complete=paginator.complete, warnings=(*page.warnings, *paginator.warnings))
        now, _ = yield YieldPage(page)


def _begin_walk(plan: CompiledAction, options: ExchangeOptions, max_pages: int | None) -> Paginator:
    pagination = options.pagination or plan.pagination
    assert pagination is not None
    is_raw = options.pagination is not None
    return Paginator(pagination, options.limit, options.page_size, max_pages, is_raw)


def _with_credential(plan: CompiledAction, request: Request, credential: Credential) -> Request:
    """Return the request with the credential's secret, to mask it, the base URL that the token names, and its body."""
    if credential.body and (request.method in BODY_METHODS or request.body is not None):
        request = replace(request, body=add_body_fields(plan.action, request.body, credential.body))
    if credential.base_url is None and (not credential.secret or credential.secret in request.secrets):
        return request
    return request.with_credential(credential.secret, credential.base_url)


def _with_attempts(result: Result, attempts: int, *, possibly_repeated: bool) -> Result:
    if attempts == 1 and not possibly_repeated:
        return result
    warnings = result.warnings
    if possibly_repeated:
        warnings = (
            *warnings,
            "The write may have happened more than once: a reply was lost and the request was sent again.",
        )
    return replace(result, attempts=attempts, warnings=warnings)


def _build_deadline_error(error: ConnectorError, options: ExchangeOptions, elapsed: float) -> ConnectorError:
    """Return the error for a next attempt that would come after the deadline."""
    if isinstance(error, RateLimited) and error.retry_at:
        return error
    message = f"The call did not finish within {options.timeout:g} s (after {elapsed:.1f} s): {error.args[0]}"
    hint = error.hint if error.outcome == "uncertain" else "Allow more time with timeout, or try again later."
    details = {"limit": options.timeout, "elapsed": elapsed, "outcome": error.outcome, "attempts": error.attempts}
    details |= {name: getattr(error, name) for name in ("status", "code", "request_id") if hasattr(error, name)}
    return DeadlineError(message, hint=hint, retryable=error.retryable, retry_at=error.retry_at, **details)


def _attach_partial_result(error: PageError, merged: MergedPages) -> None:
    error.pages, error.cursor = merged.paginator.page_count, merged.paginator.shown_cursor
    if merged.last_reply is not None:
        add_call_facts(error, merged.last_reply)
    partial_result = merged.build_result()
    error.result = replace(partial_result, complete=False) if partial_result else None
