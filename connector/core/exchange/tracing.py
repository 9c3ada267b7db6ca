"""Record the asks and answers of a call in a trace, redacted."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from connector.core.exchange.asks import GetToken, SendRequest, Sleep
from connector.core.json_path import get_from_reply
from connector.core.redaction import MASK
from connector.core.response import retry_after
from connector.core.response.redirects import extract_access, extract_signed_values
from connector.core.response.reply import Failure, Reply
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.core.exchange.asks import Ask
    from connector.core.redaction import Redactor
    from connector.core.response.trace import Trace

_MAX_JSON_LENGTH = 65_536  # bytes; what is longer is recorded as text
_MAX_TEXT_LENGTH = 32_768  # characters of one text
_MAX_TEXT_BYTES = 2 * 4 * _MAX_TEXT_LENGTH  # of what is shown, and of what is searched behind it


def record(trace: Trace, ask: Ask, asked_at: float, now: float, answer: Any) -> str | None:
    """Add an ask and its answer to a trace; return the line to log, or None for an ask that is not recorded.

    `asked_at` and `now` are epoch seconds.
    """
    entry = _build_entry(ask, answer)
    if entry is None:
        return None
    entry = {
        "at": retry_after.to_utc_datetime(asked_at).isoformat(timespec="milliseconds"),
        "seconds": round(now - asked_at, 6),
        **entry,
    }
    trace.entries.append(entry)
    line = json.dumps(entry, ensure_ascii=False, default=str)
    return line if line.isprintable() else json.dumps(entry, default=str)  # a terminal obeys nothing of it


def _build_entry(ask: Ask, answer: Any) -> dict[str, Any] | None:
    if isinstance(ask, Sleep):
        return {"what": "wait", "least": ask.min_delay, "spread": ask.jitter, "why": ask.reason}
    if isinstance(ask, GetToken) and isinstance(answer, ConnectorError):
        return {"what": "token", "error": type(answer).__name__}
    if not isinstance(ask, SendRequest):
        return None
    redactor = ask.request.full_redactor.with_secrets([ask.credential.secret])
    if ask.request.may_leave_hosts and isinstance(answer, Reply):
        redactor = redactor.with_secrets(extract_signed_values(answer.header("location") or ""))
    if ask.request.upload_url is not None and isinstance(answer, Reply):
        redactor = redactor.with_secrets(_find_access(answer, ask.request.upload_url))
    return {"what": "send", "request": _describe_request(ask), **_describe_outcome(answer, redactor)}


def _find_access(reply: Reply, place: str) -> tuple[str, ...]:
    """Return what grants access in the URL that a reply has for a file."""
    data = None
    with contextlib.suppress(ValueError, RecursionError):
        data = json.loads(reply.body)
    url = get_from_reply(data, reply.header, place)
    return extract_access(url) if isinstance(url, str) else ()


def _describe_request(ask: SendRequest) -> dict[str, Any]:
    view, redactor = ask.request.describe(_MAX_TEXT_LENGTH), ask.request.redactor
    credential_headers = {
        name: _mask_credential(ask, value, is_secret=redactor.is_secret_header(name))
        for name, value in ask.credential.headers
    }
    for name, value in ask.credential.query:
        masked = _mask_credential(ask, value, is_secret=redactor.is_secret_parameter(name))
        view["url"] += f"{'&' if '?' in view['url'] else '?'}{name}={masked}"
    content_type = ask.request.body.content_type if ask.request.body else None
    view["headers"] = {
        **credential_headers,
        **({"Content-Type": content_type} if content_type else {}),
        **view["headers"],
    }
    return view


def _mask_credential(ask: SendRequest, value: str, *, is_secret: bool) -> str:
    """Return a signing header or parameter with $TOKEN for its secret, and without the connection's other secrets.

    A sandbox credential has no secret, and is shown.
    """
    secret = ask.credential.secret
    prefix, match, suffix = value.rpartition(secret) if secret else (value, "", "")
    if match:
        return f"{prefix}$TOKEN{suffix}"
    if not secret and not ask.request.secrets:
        return value
    return MASK if is_secret else ask.request.full_redactor.redact_url(value)


def _describe_outcome(outcome: Any, redactor: Redactor) -> dict[str, Any]:
    if isinstance(outcome, Failure):
        return {
            "failure": {"kind": outcome.kind, "sent": outcome.sent, "message": redactor.redact_text(outcome.message)}
        }
    assert isinstance(outcome, Reply)
    return {
        "reply": {
            "status": outcome.status,
            "headers": dict(redactor.redact_headers(outcome.headers)),
            "body": _describe_body(outcome, redactor),
        }
    }


def _describe_body(reply: Reply, redactor: Redactor) -> Any:
    content = reply.body
    if len(content) <= _MAX_JSON_LENGTH:
        try:
            return redactor.redact_data(json.loads(content), _MAX_TEXT_LENGTH) if content else None
        except (ValueError, RecursionError):
            pass
    content_type = reply.header("content-type") or ""
    if content_type.startswith("text/") or "json" in content_type or "xml" in content_type:
        return redactor.mask_text(content[:_MAX_TEXT_BYTES].decode("utf-8", "replace"), _MAX_TEXT_LENGTH)
    return f"{len(content)} bytes"
