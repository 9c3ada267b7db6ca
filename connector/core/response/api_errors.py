"""What a bad reply, or none at all, becomes: the typed error, with what is known to have happened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector import errors
from connector.core.response import redirects as hops
from connector.core.response import retry_after as waits

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.response.parser import Failure, Reader, Reply, Result, Said
    from connector.definition.action import Action

LOOK = "It may have been done: look before you repeat it."
_LONGEST_SAID = 500
_LONGEST_CODE = 60
_LONGEST_TEXT = 200
_SAFE = ("GET", "HEAD")  # nothing changes at the service, whatever becomes of the reply


def is_write(action: Action, request: Request) -> bool:
    """Whether sending a request twice could do a thing twice."""
    return request.method in ("POST", "PATCH") if action.is_raw else action.is_write


def changes(request: Request) -> bool:
    """Whether a request may have changed something when its reply was lost or cannot be read."""
    return request.method not in _SAFE


def refused(reader: Reader, request: Request, reply: Reply, said: Said, now: float) -> errors.ConnectorError:
    """Return the typed error of a reply that is no result; `now` is epoch seconds."""
    safe = request.safe
    message = safe.text(said.message)[:_LONGEST_SAID]
    shown = _shown(reader, request, reply, said)
    facts: dict[str, Any] = {
        "status": reply.status,
        "code": safe.text(said.code)[:_LONGEST_CODE] if isinstance(said.code, str) else said.code,
        "tracking_id": shown.tracking_id,
    }
    if said.means == "scope":
        return _scope_missing(reader, said, message, facts)
    if said.means == "token" or (said.means is None and reply.status == 401):  # noqa: PLR2004
        hint = "The access token is wrong, expired or revoked: connect again, or give a fresh one."
        text = f"The service does not accept the token: {message}"
        return errors.SignInError(text, outcome="rejected", hint=hint, **facts)
    if said.means == "cursor":
        hint = "Begin the listing again; a cursor lives for a short while only."
        return errors.PageError(f"The service no longer knows the cursor: {message}", hint=hint)
    kind, retryable, hint = _kind(said, reply.status)
    if said.means == "unreadable" and reader.action.is_raw and _of_another_type(reply):
        hint = "Say that it is no JSON: response_type (--response-type) text or binary."
    sent_on = hops.following(request, reply, reader.connector.manifest.hosts)
    if isinstance(sent_on, str):
        message, hint = f"it sends on to {_where(request, reply)}", f"That is not followed: {sent_on}."
    if changes(request) and _unsettled(reply, said):
        facts["outcome"], hint = "uncertain", LOOK
        retryable = retryable and not is_write(reader.action, request)
    declared = reader.connector.manifest.errors.hints.get(str(said.code), "")
    facts["hint"] = f"{hint} {declared}".strip() if hint is LOOK else declared or hint
    if issubclass(kind, errors.RateLimited | errors.ServiceDown):
        at = waits.at(reply, now) or (waits.next_midnight(now) if said.means == "daily" else None)
        facts["retry_at"] = waits.moment(at) if at else None
    facts |= {"message": message, "result": shown, "retryable": retryable}
    return kind(_sentence(request, reply, said, message), **facts)


def _of_another_type(reply: Reply) -> bool:
    """Whether a reply is data of another type than JSON: a file, a text, but no web page."""
    kind = (reply.header("content-type") or "json").lower()
    return "json" not in kind and "html" not in kind


def _where(request: Request, reply: Reply) -> str:
    return request.safe.url(reply.header("location") or "")[:_LONGEST_TEXT]


def _kind(said: Said, status: int) -> tuple[type[errors.ApiError], bool, str]:
    """Return the error's class, whether trying again may help, and what to do next."""
    if said.means == "unreadable":
        return errors.ServiceDown, False, "Check the base URL, and what stands between here and the service."
    if said.means == "cut":
        return errors.ServiceDown, True, "Try again."
    if said.means in ("daily", "busy", "rate") or status == 429:  # noqa: PLR2004
        return errors.RateLimited, True, "Wait until the service takes calls again, or call less often."
    if said.means == "not_found" or status in (404, 410):
        return errors.NotFound, False, "Look at the ids that were given, and at what this connection may see."
    if status == 403:  # noqa: PLR2004
        return errors.Denied, False, "Ask the owner of the account for the right to do this."
    if status >= 500:  # noqa: PLR2004
        return errors.ServiceDown, True, "Try again later."
    return errors.Rejected, status in (408, 425), "Change what the service's message names."


def _unsettled(reply: Reply, said: Said) -> bool:
    """Whether a reply leaves open what happened: a 5xx that does not ask to come back, or what cannot be read."""
    if said.means in ("unreadable", "cut"):
        return True
    return reply.status >= 500 and not (reply.status == 503 and reply.header("retry-after"))  # noqa: PLR2004


def _shown(reader: Reader, request: Request, reply: Reply, said: Said) -> Result:
    """Return what came back, without secrets; a text is shortened."""
    safe = request.safe
    data = safe.data(said.data)
    result = reader.result(request, reply, data[:_LONGEST_SAID] if isinstance(data, str) else data)
    headers = dict(safe.headers(result.headers.items()))
    return replace(result, outcome="rejected", headers=headers, tracking_id=safe.text(result.tracking_id or "") or None)


def _sentence(request: Request, reply: Reply, said: Said, message: str) -> str:
    where = f"{request.method} {request.safe.url(request.path)}"
    if said.means in ("unreadable", "cut"):
        text = f": {request.safe.text(said.data)[:_LONGEST_TEXT]}" if isinstance(said.data, str) else ""
        return f"{where}: HTTP {reply.status}, {message}{text}."
    named = said.code not in (None, reply.status)
    code = f", code {request.safe.text(str(said.code))[:_LONGEST_CODE]}" if named else ""
    return f"The service refused {where}: HTTP {reply.status}{code}: {message or 'no reason given'}"


def _scope_missing(reader: Reader, said: Said, message: str, facts: dict[str, Any]) -> errors.SignInError:
    granular = reader.action.scopes.granular
    wanted = said.scopes or tuple(granular)
    any_of = f" Any of these is enough: {', '.join(granular)}." if granular else ""
    hint = f"Add {', '.join(wanted) or 'the scope'} to the app, then connect again.{any_of}"
    text = f"The connection lacks a scope for {reader.action.action}: {message}"
    return errors.SignInError(text, scopes=wanted, outcome="rejected", hint=hint, **facts)


def unanswered(action: Action, request: Request, failure: Failure) -> errors.TransportError:
    """Return the typed error of a request that nobody answered."""
    maybe = failure.sent == "maybe"
    uncertain = maybe and changes(request)
    outcome: errors.Outcome = "uncertain" if uncertain else "rejected" if maybe else "not_sent"
    where = f"{request.method} {request.safe.url(request.base + request.path)}"
    message = f"{where}: {request.safe.text(failure.message)}."
    hint = LOOK if uncertain else _LOST_HINTS.get(failure.kind, "Try again; if it stays so, check the network.")
    retryable = not failure.final and not (uncertain and is_write(action, request))
    return errors.TransportError(message, kind=failure.kind, hint=hint, outcome=outcome, retryable=retryable)


def leave_open(error: errors.ConnectorError, action: Action, request: Request) -> None:
    """Say on the error of a later attempt that an earlier one may have been done."""
    if error.outcome == "uncertain":
        return
    error.outcome, error.hint = "uncertain", f"An earlier attempt may have been done: look first. {error.hint}".strip()
    error.retryable = error.retryable and not is_write(action, request)


_LOST_HINTS = {
    "dns": "Check the host of the base URL, and the network.",
    "tls": "Verification cannot be switched off. Check the host; SSL_CERT_FILE names authorities of your own.",
    "refused": "Nothing listens there. Check the base URL, and whether the service is up.",
    "proxy": "Look at HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
    "too_large": "Ask for less at once.",
}
