"""How far a run of rows is that workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.runtime.bulk.shared_results import count_rows

if TYPE_CHECKING:
    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import SharedRun


def describe_run(journal: SharedJournal, run: SharedRun) -> dict[str, Any]:
    """Return how far a run is: its rows by state, rows a second, and the seconds that are left at this rate."""
    counts = count_rows(journal, run)
    state = "done" if counts.open == 0 else run.state
    is_moving = state == "running" and counts.rate > 0
    return {
        "run": run.name,
        "action": run.header["action"],
        "state": state,
        "reason": run.reason,
        "rows": run.count,
        "stored": run.loaded,
        **counts.by_state,
        "rate": round(counts.rate, 2),
        "seconds_left": round(counts.open / counts.rate) if is_moving else None,
    }
