"""HAR entries of requests and replies: whole, so that they can be replayed, and without secrets."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connector.core.redaction import MASK
from connector.core.response.redirects import extract_signed_values
from connector.core.response.reply import Failure, Reply
from connector.core.response.retry_after import to_utc_datetime
from connector.core.response.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.redaction import Redactor
    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential


def build_har(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the HAR of entries."""
    har = Trace().har()
    har["log"]["entries"] = list(entries)
    return har


def build_har_entry(
    request: Request, credential: Credential, outcome: Reply | Failure, times: tuple[float, float]
) -> dict[str, Any]:
    """Return the entry of a request and what came of it; `times` are epoch seconds. The credential is left out."""
    redactor = request.full_redactor.with_secrets([credential.secret])
    if isinstance(outcome, Reply):
        redactor = redactor.with_secrets(extract_signed_values(outcome.header("location") or ""))
    entry = _build_entry(request, times)
    response = entry["response"]
    if isinstance(outcome, Failure):
        response["_failure"] = {**asdict(outcome), "message": redactor.redact_text(outcome.message)}
        return entry
    response["status"] = outcome.status
    response["headers"] = [{"name": name, "value": value} for name, value in redactor.redact_headers(outcome.headers)]
    response["content"] = _build_content(outcome, redactor)
    return entry


def build_har_request(request: Request) -> dict[str, Any]:
    """Return a request in HAR, without its credential."""
    har_request: dict[str, Any] = _build_entry(request, (0.0, 0.0))["request"]
    return har_request


def _build_entry(request: Request, times: tuple[float, float]) -> dict[str, Any]:
    started_at, ended_at = times
    view = request.describe()
    content_type = request.body.content_type if request.body is not None else None
    view["headers"] = {**({"Content-Type": content_type} if content_type else {}), **view["headers"]}
    at = to_utc_datetime(started_at).isoformat(timespec="milliseconds")
    seconds = round(ended_at - started_at, 6)
    har_entry: dict[str, Any] = Trace([{"what": "send", "at": at, "seconds": seconds, "request": view}]).har()["log"][
        "entries"
    ][0]
    return har_entry


def _build_content(reply: Reply, redactor: Redactor) -> dict[str, Any]:
    """Return the content of a reply without secrets: JSON and text as such, anything else in base64."""
    content = {"size": len(reply.body), "mimeType": reply.header("content-type") or ""}
    try:
        text = reply.body.decode()
    except UnicodeDecodeError:
        body = reply.body
        for secret in redactor.known_values.values:
            body = body.replace(secret.encode(), MASK.encode())
        return {**content, "text": base64.b64encode(body).decode(), "encoding": "base64"}
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {**content, "text": redactor.mask_text(text)}
    shown = redactor.redact_data(data)
    return {**content, "text": text if shown == data else json.dumps(shown, ensure_ascii=False)}
