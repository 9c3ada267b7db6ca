"""Map error replies and transport failures to typed errors, with the outcome of the request."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector import errors
from connector.core.response import redirects, retry_after
from connector.core.response.error_details import MAX_MESSAGE_LENGTH
from connector.core.response.outcomes import is_outcome_unknown, is_write, may_change_state

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.response.error_details import ErrorDetails
    from connector.core.response.parser import ResponseParser
    from connector.core.response.reply import Failure, Reply
    from connector.core.response.result import Result
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest

CHECK_BEFORE_RETRY = "The write may have succeeded; check before retrying."
_MAX_CODE_LENGTH = 60
_MAX_MEMBER_LENGTH = 32_768  # characters of one text in the data of an error
_MAX_URL_LENGTH = 2_000
_MAX_EXCERPT_LENGTH = 200


def build_reply_error(
    parser: ResponseParser, request: Request, reply: Reply, details: ErrorDetails, now: float
) -> errors.ConnectorError:
    """Return the typed error of an error reply; `now` is epoch seconds."""
    redactor = request.full_redactor
    message = redactor.redact_text(details.message, details.message_length)
    result = _build_redacted_result(parser, request, reply, details)
    is_uncertain = may_change_state(request) and is_outcome_unknown(reply, details)
    facts: dict[str, Any] = {
        "status": reply.status,
        "code": redactor.redact_text(details.code, _MAX_CODE_LENGTH) if isinstance(details.code, str) else details.code,
        "request_id": result.request_id,
        "outcome": "uncertain" if is_uncertain else "rejected",
    }
    if details.category == "scope":
        scopes = tuple(redactor.redact_text(scope, _MAX_CODE_LENGTH) for scope in details.scopes)
        return _build_scope_error(parser, scopes, message, facts)
    if is_token_rejected(reply, details) and request.sends_credential:
        hint = "The access token is wrong, expired or revoked; connect again, or pass a fresh one."
        text = f"The service does not accept the token: {message or 'no reason given'}"
        return errors.SignInError(text, hint=hint, **facts)
    if details.category == "cursor_expired":
        hint = (
            "Start the listing again. Where work on a page takes longer than its cursor lives, set a smaller page_size."
        )
        text = f"The service no longer knows the cursor: {message}"
        return errors.PageError(text, hint=hint, status=reply.status, request_id=result.request_id)
    error_class, retryable, hint = _classify_error(details, reply.status)
    if details.category == "unreadable" and parser.action.is_raw and _is_other_data_type(reply):
        hint = "If the reply is not JSON, set response_type (--response-type) to text or binary."
    redirect = redirects.follow_redirect(request, reply, parser.connector.manifest.allowed_hosts)
    if isinstance(redirect, str):
        message, hint = (
            f"it redirects to {_redirect_location(request, reply)}",
            f"The redirect is not followed: {redirect}.",
        )
    if is_token_rejected(reply, details):
        hint = "No credential was sent there, as the URL grants access by itself; it may have expired. Start over."
    declared_hint = parser.connector.manifest.errors.hints.get(str(details.code), "")
    facts["hint"] = declared_hint or hint
    if is_uncertain:
        redirect_hint = hint if isinstance(redirect, str) else ""
        facts["hint"] = " ".join(filter(None, (redirect_hint, CHECK_BEFORE_RETRY, declared_hint)))
        retryable = retryable and not is_write(parser.action, request)
    if issubclass(error_class, errors.RateLimited | errors.ServiceDown):
        retry_at = find_retry_at(parser, reply, details, now) or (
            retry_after.next_midnight(now) if details.category == "daily_quota" else None
        )
        facts["retry_at"] = retry_after.to_utc_datetime(retry_at) if retry_at else None
    facts |= {"message": message, "result": result, "retryable": retryable}
    return error_class(_format_message(request, reply, details, message), **facts)


def is_token_rejected(reply: Reply, details: ErrorDetails) -> bool:
    """Whether the service did not accept the token: by the definition, else by the status."""
    is_unauthorized = details.category is None and reply.status == HTTPStatus.UNAUTHORIZED
    return details.category == "token_rejected" or is_unauthorized


def find_retry_at(parser: ResponseParser, reply: Reply, details: ErrorDetails, now: float) -> float | None:
    """Return the epoch second of the next try: as the definition's field says, else as the headers say, or None."""
    declared = retry_after.parse_declared(details.retry_after, parser.connector.manifest.errors.unit, now)
    return declared or retry_after.parse_retry_at(reply, now)


def _is_other_data_type(reply: Reply) -> bool:
    """Whether a reply is a file or text, neither JSON nor a web page."""
    content_type = (reply.header("content-type") or "json").lower()
    return "json" not in content_type and "html" not in content_type


def _redirect_location(request: Request, reply: Reply) -> str:
    return request.full_redactor.redact_text(reply.header("location") or "", _MAX_EXCERPT_LENGTH)


def _classify_error(details: ErrorDetails, status: int) -> tuple[type[errors.ApiError], bool, str]:
    """Return the error class, whether a retry may help, and a hint."""
    if details.category == "unreadable":
        return errors.ServiceDown, False, "Check the base URL, and any proxy in between."
    if details.category == "cut":
        return errors.ServiceDown, True, "Try again."
    if details.category in _CLASSES_BY_CATEGORY:
        return _CLASSES_BY_CATEGORY[details.category]
    for error_class, statuses in _CLASSES_BY_STATUS:
        if status in statuses:
            return error_class
    may_retry = status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY)
    hint = "Check the proxy, and its user." if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED else _FIX_INPUT
    return errors.Rejected, may_retry, hint


_FIX_INPUT = "Fix the input that the service's message mentions."
_RATE_LIMITED = errors.RateLimited, True, "Wait until the service accepts calls again, or call less often."
_NOT_FOUND = errors.NotFound, False, "Check the path and the ids, and what this connection may access."
_SERVICE_DOWN = errors.ServiceDown, True, "Try again later."
_CLASSES_BY_CATEGORY: dict[str | None, tuple[type[errors.ApiError], bool, str]] = {
    "daily_quota": _RATE_LIMITED,
    "concurrency": _RATE_LIMITED,
    "rate_limit": _RATE_LIMITED,
    "not_found": _NOT_FOUND,
    "conflict": (errors.Rejected, False, "It exists already, or was changed meanwhile: read it, then decide."),
    "invalid": (errors.Rejected, False, _FIX_INPUT),
    "unavailable": _SERVICE_DOWN,
}
_CLASSES_BY_STATUS = (
    (_RATE_LIMITED, (HTTPStatus.TOO_MANY_REQUESTS,)),
    (_NOT_FOUND, (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)),
    ((errors.Denied, False, "Ask the account owner for permission."), (HTTPStatus.FORBIDDEN,)),
    (_SERVICE_DOWN, range(500, 1000)),
)


def _build_redacted_result(parser: ResponseParser, request: Request, reply: Reply, details: ErrorDetails) -> Result:
    """Return the error reply as a result without secrets; text is shortened."""
    redactor, data = request.full_redactor, details.data
    is_text = isinstance(data, str)
    data = redactor.redact_text(data, MAX_MESSAGE_LENGTH) if is_text else redactor.redact_data(data, _MAX_MEMBER_LENGTH)
    result = parser.build_result(request, reply, data)
    headers = dict(redactor.redact_headers(result.headers.items()))
    return replace(
        result, outcome="rejected", headers=headers, request_id=redactor.redact_text(result.request_id or "") or None
    )


def _format_message(request: Request, reply: Reply, details: ErrorDetails, message: str) -> str:
    request_line = f"{request.method} {request.full_redactor.redact_url(request.path, _MAX_URL_LENGTH)}"
    if details.category in ("unreadable", "cut"):
        excerpt = (
            f": {request.full_redactor.redact_text(details.data, _MAX_EXCERPT_LENGTH)}"
            if isinstance(details.data, str)
            else ""
        )
        reason = f"{message}{excerpt}".rstrip(".")
        return f"{request_line}: HTTP {reply.status}, {reason}."
    has_code = details.code not in (None, reply.status)
    code = f", code {request.full_redactor.redact_text(str(details.code), _MAX_CODE_LENGTH)}" if has_code else ""
    return f"The service refused {request_line}: HTTP {reply.status}{code}: {message or 'no reason given'}"


def _build_scope_error(
    parser: ResponseParser, named_scopes: tuple[str, ...], message: str, facts: dict[str, Any]
) -> errors.SignInError:
    granular = parser.action.scopes.granular
    missing_scopes = named_scopes or tuple(parser.action.scopes.all or granular)
    alternatives = f" Any of these is enough: {', '.join(granular)}." if granular else ""
    hint = f"Add {', '.join(missing_scopes) or 'the scope'} to the app, then connect again.{alternatives}"
    text = f"The connection lacks a scope for {parser.action.action}: {message}"
    return errors.SignInError(text, scopes=missing_scopes, hint=hint, **facts)


def build_failure_error(action: Action, request: Request, failure: Failure) -> errors.TransportError:
    """Return the typed error of a request without a reply."""
    may_have_arrived = failure.sent == "maybe"
    uncertain = may_have_arrived and may_change_state(request)
    outcome: errors.Outcome = "uncertain" if uncertain else "rejected" if may_have_arrived else "not_sent"
    request_line = (
        f"{request.method} {request.full_redactor.redact_url(request.base_url + request.path, _MAX_URL_LENGTH)}"
    )
    message = f"{request_line}: {request.full_redactor.redact_text(failure.message).rstrip('.')}."
    hint = (
        CHECK_BEFORE_RETRY
        if uncertain
        else _FAILURE_HINTS.get(failure.kind, "Try again; if the problem persists, check the network.")
    )
    retryable = not failure.final and not (uncertain and is_write(action, request))
    return errors.TransportError(message, kind=failure.kind, hint=hint, outcome=outcome, retryable=retryable)


def add_call_facts(error: errors.ConnectorError, known: errors.ConnectorError | Result) -> None:
    """Add to an error what is known of its call from before it; what the error knows itself stays."""
    error.attempts = max(error.attempts, known.attempts)
    if error.outcome == "not_sent" and isinstance(known, errors.ConnectorError):
        error.outcome = known.outcome
    if getattr(error, "status", 0) is not None:  # it cannot tell a status, or has one
        return
    for name in ("status", "code", "request_id"):
        if hasattr(error, name):
            setattr(error, name, getattr(known, name, None))


def mark_uncertain(error: errors.ConnectorError, action: Action, request: Request) -> None:
    """Mark the error of a later attempt as uncertain, because an earlier attempt may have succeeded."""
    if error.outcome == "uncertain":
        return
    error.outcome = "uncertain"
    error.with_hint("An earlier attempt may have succeeded; check first.", first=True)
    error.retryable = error.retryable and not is_write(action, request)


_FAILURE_HINTS = {
    "dns": "Check the host of the base URL, and the network.",
    "tls": "Verification cannot be turned off. Check the host, or name your own authorities in SSL_CERT_FILE.",
    "refused": "Nothing listens at that address. Check the base URL, and whether the service is up.",
    "proxy": "Check HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
    "guard": "Pass http= to the client: the transport of a sandbox, of a recording, or your own.",
    "too_large": "Request less data at once.",
}


def add_path_alias_hint(error: errors.ConnectorError, manifest: Manifest, connection_type: str, path: str) -> None:
    """Add a hint to an error when the path has an alias, such as `me`, that the connection type does not support."""
    connection = manifest.connections.get(connection_type)
    aliases = [alias for alias in (connection.unsupported_aliases if connection else ()) if alias in path.split("/")]
    if not aliases or not isinstance(error, errors.Denied | errors.NotFound | errors.Rejected):
        return
    oauth_types = [name for name, settings in manifest.connections.items() if settings.needs_person]
    alternative = f", or use a connection of kind {' or '.join(oauth_types)}" if oauth_types else ""
    error.with_hint(
        f'"{aliases[0]}" is not available with a {connection_type} connection; pass an explicit id{alternative}.',
        first=True,
    )


def add_connection_hint(error: errors.ConnectorError, manifest: Manifest, connection_type: str) -> None:
    """Add what the manifest says of a connection type to an error with which the service refuses its credential."""
    connection = manifest.connections.get(connection_type)
    if connection is not None and connection.hint and isinstance(error, errors.SignInError | errors.Denied):
        error.with_hint(connection.hint, first=True)
