"""One line a call on the logger `connector.call`, without a secret."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.core.response.result import Result

_log = logging.getLogger("connector.call")


def log_end(action: str, outcome: Result | BaseException, seconds: float) -> None:
    """Log the end of a call; each fact is also an attribute of the log record. A failing handler fails no call."""
    if not _log.isEnabledFor(logging.INFO):
        return
    facts: dict[str, Any] = {
        "action": action,
        "outcome": getattr(outcome, "outcome", "interrupted"),
        "status": getattr(outcome, "status", None),
        "attempts": getattr(outcome, "attempts", 0),
        "seconds": round(seconds, 3),
    }
    if isinstance(outcome, BaseException):
        facts["error"] = type(outcome).__name__
    shown = " ".join(f"{name}={value}" for name, value in facts.items() if name not in ("action", "outcome"))
    with contextlib.suppress(Exception):
        _log.info("%s %s %s", action, facts["outcome"], shown, extra=facts)
