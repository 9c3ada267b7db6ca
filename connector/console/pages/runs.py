"""The log of runs: what was called, by whom, with what outcome; a call made again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.cli.output.times import parse_time
from connector.console.calls.make import make_call
from connector.console.forms.build import build_fields
from connector.console.forms.reading import write_inputs
from connector.console.rendering import format_json
from connector.console.route import PageRoute
from connector.console.visit import Redirect, View
from connector.core.request.raw_request import RAW_ACTION
from connector.core.response.trace import Trace, build_curl_command, describe_entry
from connector.errors import InputError, Problem, UsageError
from connector.runtime.run_log.run import DOORS, OUTCOMES, RunQuery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.console.desk import Desk
    from connector.console.visit import Answer, Visit
    from connector.runtime.run_log.run import Run
    from connector.runtime.run_log.run_log import RunLog

_FILTERS = ("action", "outcome", "connection", "door", "since")
_MAX_SHOWN = 100


def show_runs(desk: Desk, visit: Visit) -> View:
    """List runs: those of uncertain outcome first, then the newest."""
    filters = {name: visit.asked(name) for name in _FILTERS}
    data: dict[str, Any] = {"filters": filters, "outcomes": OUTCOMES, "doors": DOORS, "runs": [], "why": ""}
    if desk.log is None:
        return View("runs", "Runs", {**data, "why": "No runs are kept: the settings say off."})
    try:
        query = _build_query(desk, filters)
    except InputError as error:
        return View("runs", "Runs", {**data, "why": " ".join(map(str, error.problems))}, 422)
    return View("runs", "Runs", {**data, "runs": desk.log.find(query)})


def _build_query(desk: Desk, filters: Mapping[str, str]) -> RunQuery:
    """Return the query of the filters. Raises InputError for a time that is none."""
    chosen: dict[str, Any] = {name: value for name, value in filters.items() if value and name != "since"}
    query = RunQuery(**chosen, connector=desk.connector.name, limit=_MAX_SHOWN)
    return replace(query, since=parse_time(filters["since"], time.time(), "since")) if filters["since"] else query


def show_run(desk: Desk, visit: Visit) -> View:
    """Show everything about a run."""
    run = _get_run(desk, visit)
    data = {
        "run": run,
        "inputs": format_json(run.inputs),
        "entries": [*_describe_trace(run)],
        "is_own": run.connector == desk.connector.name,
        "is_action": run.action != RAW_ACTION.action,
        "may_repeat": not (desk.read_only and run.is_write),
        "wants_yes": _wants_yes(desk, run),
        "har": format_json(Trace([dict(entry) for entry in run.trace]).har()) if run.trace else "",
    }
    return View("run", run.action, data)


def _describe_trace(run: Run) -> Iterator[dict[str, Any]]:
    """Yield what happened, each with a line, and what was sent and answered as text."""
    for entry in run.trace:
        shown: dict[str, Any] = {
            "at": entry["at"],
            "line": describe_entry(entry),
            "request": "",
            "reply": "",
            "curl": "",
        }
        if entry["what"] == "send":
            request = entry["request"]
            texts = {"request": format_json(request), "reply": format_json(entry.get("reply") or entry["failure"])}
            shown |= {**texts, "curl": build_curl_command(request)}
        yield shown


def _wants_yes(desk: Desk, run: Run) -> str:
    """Return why a person must say yes before a run is made again; empty where nothing speaks against it."""
    if run.outcome == "uncertain" and run.is_write:
        return f"{run.request} may have been done already. Look at the service first."
    if run.connector == desk.connector.name and run.action != RAW_ACTION.action:
        action = desk.connector.action(run.action)
        return f"{run.request} may destroy something." if action.is_destructive else ""
    return ""


def run_again(desk: Desk, visit: Visit) -> Answer:
    """Make the call of a run again, and lead to what came of it; where inputs were not kept, to its form."""
    run = _get_run(desk, visit)
    if run.connector != desk.connector.name or run.action == RAW_ACTION.action:
        hint = f"Use: connector runs again {run.id[-8:]}"
        raise UsageError("This run is of another connector, or a raw request.", hint=hint)
    if desk.read_only and run.is_write:
        raise UsageError("This console only reads, and this run may have changed something.", hint="Nothing was sent.")
    if run.hidden_inputs:
        return Redirect(f"/actions/{run.action}?run={run.id}", "Some values were not kept; enter them again.", "failed")
    why = _wants_yes(desk, run)
    if why and visit.sent("confirmed") != "yes":
        problem = Problem("confirmed", "no yes", f"a yes: {why}", "tick the box")
        raise InputError.from_problems(run.action, [problem])
    action = desk.connector.action(run.action)
    entered = write_inputs(build_fields(desk.connector.form_schema(run.action)), run.inputs)
    connection = run.connection if run.connection in desk.context.list_names() else None
    options = {**run.options, "connection": connection}
    return Redirect(make_call(desk, action, run.inputs, options, entered, is_click=visit.is_from_page))


def _get_log(desk: Desk) -> RunLog:
    if desk.log is None:
        raise UsageError("No runs are kept: the settings say off.", hint="Set CONNECTOR_RUNS to a URL, or unset it.")
    return desk.log


def _get_run(desk: Desk, visit: Visit) -> Run:
    run = _get_log(desk).get(visit.part("run"))
    if run is None:
        problem = Problem("run", visit.part("run"), "the ID of a run that is kept", "choose one of the list")
        raise InputError.from_problems("runs", [problem], undone="done")
    return run


ROUTES = (
    PageRoute("GET", "/runs", show_runs),
    PageRoute("GET", "/runs/{run}", show_run),
    PageRoute("POST", "/runs/{run}/again", run_again),
)
