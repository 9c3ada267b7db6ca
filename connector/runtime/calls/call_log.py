"""One line a call on the logger `connector.call`, without a secret."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.core.response.result import Result
    from connector.runtime.calls.observer import ObservedCall

_log = logging.getLogger("connector.call")
_SHOWN = ("status", "attempts", "seconds", "error")


def log_end(call: ObservedCall, outcome: Result | BaseException) -> None:
    """Log the end of a call; each fact is also an attribute of the log record. A failing handler fails no call."""
    if not _log.isEnabledFor(logging.INFO):
        return
    code, credentials = getattr(outcome, "code", None), call.credentials
    facts: dict[str, Any] = {
        "connector": call.compiled.connector.name,
        "connection": (credentials.name or credentials.kind) if credentials is not None else None,
        "action": call.action,
        "outcome": getattr(outcome, "outcome", "interrupted"),
        "status": getattr(outcome, "status", None),
        "code": None if code is None else str(code),
        "request_id": getattr(outcome, "request_id", None),
        "attempts": getattr(call.interruption or outcome, "attempts", 0),
        "seconds": round(call.measure_elapsed(), 3),
    }
    if isinstance(outcome, BaseException):
        facts["error"] = type(outcome).__name__
    shown = " ".join(f"{name}={facts[name]}" for name in _SHOWN if name in facts)
    with contextlib.suppress(Exception):
        _log.info("%s %s %s", call.action, facts["outcome"], shown, extra=facts)
