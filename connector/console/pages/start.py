"""The first page: what is connected, and what failed lately."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connector.console.pages.connections import list_rows
from connector.console.route import PageRoute
from connector.console.visit import View
from connector.runtime.run_log.run import RunQuery

if TYPE_CHECKING:
    from connector.console.desk import Desk
    from connector.console.visit import Visit

_LATELY = 7 * 86_400.0  # seconds
_MAX_SHOWN = 10  # runs


def show_start(desk: Desk, _: Visit) -> View:
    """Show what is connected, and what failed lately."""
    log, since = desk.log, time.time() - _LATELY
    own = desk.connector.name
    failed = log.find(RunQuery(connector=own, failed=True, since=since, limit=_MAX_SHOWN)) if log is not None else []
    last = log.find(RunQuery(connector=own, outcome="done", limit=_MAX_SHOWN)) if log is not None else []
    data = {
        "summary": desk.connector.manifest.summary,
        "rows": list_rows(desk),
        "count": len(desk.connector.action_files),
        "failed": failed,
        "last": last,
        "has_log": log is not None,
        "needs_connection": bool(desk.connector.manifest.connections),
    }
    return View("start", "Start", data)


ROUTES = (PageRoute("GET", "/", show_start),)
