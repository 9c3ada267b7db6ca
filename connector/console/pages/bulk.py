"""Runs of rows that workers share: how far each is, and which rows failed or are uncertain."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from connector.cli.bulk.run_state import describe_run
from connector.cli.bulk.shared import open_shared_journal
from connector.cli.output.times import format_duration
from connector.console.rendering import format_json
from connector.console.route import PageRoute
from connector.console.visit import View
from connector.core import redaction
from connector.errors import UsageError
from connector.runtime.bulk.shared_judgement import judge_run
from connector.runtime.bulk.shared_results import iter_results
from connector.runtime.bulk.shared_tables import ROW_OUTCOMES

if TYPE_CHECKING:
    from connector.console.desk import Desk
    from connector.console.visit import Visit
    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import SharedRun

_MAX_ROWS = 100
_UNSUCCESSFUL = tuple(one for one in ROW_OUTCOMES if one != "done")


def show_bulk(desk: Desk, _: Visit) -> View:
    """List the runs with the state of their rows."""
    try:
        journal = open_shared_journal(desk.context.settings, may_work=False)
    except UsageError as error:  # no database is named, or it is not there yet
        return View("bulk/list", "Bulk", {"runs": [], "why": f"{error.args[0]} {error.hint or ''}", "where": ""})
    with journal:
        runs = [_describe(desk, journal, run) for run in journal.list_runs() if _is_own(desk, run)]
        return View("bulk/list", "Bulk", {"runs": runs[::-1], "why": "", "where": journal.display_url})


def show_run(desk: Desk, visit: Visit) -> View:
    """Show a run, with the rows that failed or are uncertain first, or those of one outcome."""
    outcome = visit.asked("outcome")
    outcomes = (outcome,) if outcome in ROW_OUTCOMES else _UNSUCCESSFUL
    with open_shared_journal(desk.context.settings, may_work=False) as journal:
        run = journal.choose_run(visit.part("run"))
        redactor = redaction.redactor_for(desk.connector)
        found = list(itertools.islice(iter_results(journal, run, outcomes), _MAX_ROWS + 1))
        rows = [{"result": one, "text": format_json(redactor.redact_data(one))} for one in found[:_MAX_ROWS]]
        data = {
            "run": _describe(desk, journal, run),
            "outcome": outcome,
            "outcomes": ROW_OUTCOMES,
            "rows": rows,
            "has_more": len(found) > _MAX_ROWS,
        }
    return View("bulk/run", run.name, data)


def _is_own(desk: Desk, run: SharedRun) -> bool:
    return bool(run.header["connector"] == desk.connector.name)


def _describe(desk: Desk, journal: SharedJournal, run: SharedRun) -> dict[str, Any]:
    """Return how far a run is; the rows of workers that died are judged first, unless the console only reads."""
    state = describe_run(journal, run if desk.read_only else judge_run(journal, run))
    left = state["seconds_left"]
    return {
        **state,
        "finished": state["rows"] - state["waiting"] - state["running"],
        "left": "" if left is None else format_duration(left),
        "outcome_counts": {name: state[name] for name in ("waiting", "running", *ROW_OUTCOMES) if state[name]},
    }


ROUTES = (
    PageRoute("GET", "/bulk", show_bulk),
    PageRoute("GET", "/bulk/{run}", show_run),
)
