"""Runs of rows: how far each is, which rows failed or are uncertain, and what a person says of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.cli.bulk.file_runs import FILE_OUTCOMES
from connector.cli.bulk.options import BulkArguments
from connector.cli.bulk.run_state import describe_run
from connector.cli.bulk.shared import open_shared_journal
from connector.cli.bulk.shared_change import cancel_run, resume_run, settle_rows
from connector.cli.output.times import format_duration
from connector.console.rendering import format_json
from connector.console.route import PageRoute
from connector.console.visit import Redirect, View
from connector.core import redaction
from connector.errors import ConnectorError, InputError, Problem, UsageError
from connector.runtime.bulk.shared_judgement import judge_run
from connector.runtime.bulk.shared_results import iter_results
from connector.runtime.bulk.shared_tables import ROW_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.cli.bulk.file_runs import FileRun
    from connector.console.desk import Desk
    from connector.console.visit import Visit
    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import SharedRun

_MAX_ROWS = 100
_FAILED = ("rejected", "not_sent", "failed")
_ON_FILES = "/bulk/file/"


def show_bulk(desk: Desk, _: Visit) -> View:
    """List the runs with the state of their rows: those in a database, and those with a journal in a folder."""
    files = [_complete(run.describe()) for run in desk.file_runs.list_runs()]
    data: dict[str, Any] = {"runs": [], "why": "", "where": "", "files": files[::-1], "folder": desk.file_runs.folder}
    try:
        journal = open_shared_journal(desk.context.settings, may_work=False)
    except UsageError as error:  # no database is named, or it is not there yet
        return View("bulk/list", "Bulk", {**data, "why": f"{error.args[0]} {error.hint or ''}"})
    with journal:
        runs = [_describe(desk, journal, run) for run in journal.list_runs() if _is_own(desk, run)]
        return View("bulk/list", "Bulk", {**data, "runs": runs[::-1], "where": journal.display_url})


def show_run(desk: Desk, visit: Visit) -> View:
    """Show a run of a database, with the rows that failed or are uncertain, or those of one outcome."""
    with open_shared_journal(desk.context.settings, may_work=False) as journal:
        run = _find_shared(desk, journal, visit)
        state = _describe(desk, journal, run)

        def find_rows(outcomes: Sequence[str]) -> Iterable[Mapping[str, Any]]:
            return iter_results(journal, run, outcomes)

        data = _build_rows(desk, visit, ROW_OUTCOMES, find_rows)
    at = f"/bulk/{quote(run.name)}"
    shown = {"run": state, "at": at, "is_shared": True, "may_destroy": _is_destructive(desk, state["action"])}
    return View("bulk/run", run.name, {**data, **shown, "command": ""})


def show_file_run(desk: Desk, visit: Visit) -> View:
    """Show a run whose journal is a file."""
    run = _find_file_run(desk, visit)
    data = _build_rows(desk, visit, FILE_OUTCOMES, run.iter_results)
    command = "" if run.state != "stopped" else desk.context.format_command(*run.find_command())
    shown = {"run": _complete(run.describe()), "at": f"{_ON_FILES}{quote(run.name)}", "is_shared": False}
    return View("bulk/run", run.name, {**data, **shown, "may_destroy": False, "command": command})


def _build_rows(desk: Desk, visit: Visit, outcomes: Sequence[str], find_rows: Any) -> dict[str, Any]:
    """Return some of the rows of a run: those of the outcome that was asked for, else those that are not done."""
    asked = visit.asked("outcome")
    wanted = (asked,) if asked in outcomes else tuple(one for one in outcomes if one != "done")
    redactor = redaction.redactor_for(desk.connector)
    found = list(itertools.islice(find_rows(wanted), _MAX_ROWS + 1))
    uncertain = list(itertools.islice(find_rows(("uncertain",)), _MAX_ROWS + 1))
    return {
        "outcome": asked,
        "outcomes": outcomes,
        "rows": [{"result": one, "text": format_json(redactor.redact_data(one))} for one in found[:_MAX_ROWS]],
        "has_more": len(found) > _MAX_ROWS,
        "uncertain": [one["row"] for one in uncertain[:_MAX_ROWS]],
        "has_more_uncertain": len(uncertain) > _MAX_ROWS,
    }


def settle(desk: Desk, visit: Visit) -> Redirect:
    """Settle uncertain rows of a run of a database."""
    arguments = _read_resolutions(visit)
    with open_shared_journal(desk.context.settings, may_work=False) as journal:
        run = _find_shared(desk, journal, visit)
        return Redirect(f"/bulk/{quote(run.name)}", settle_rows(journal, run, arguments))


def settle_file(desk: Desk, visit: Visit) -> Redirect:
    """Settle uncertain rows of a run whose journal is a file."""
    run, arguments = _find_file_run(desk, visit), _read_resolutions(visit)
    return Redirect(f"{_ON_FILES}{quote(run.name)}", run.settle(arguments))


def resume(desk: Desk, visit: Visit) -> Redirect:
    """Let workers continue a run."""
    with open_shared_journal(desk.context.settings, may_work=False) as journal:
        run = _find_shared(desk, journal, visit)
        if _is_destructive(desk, run.header["action"]):
            _check_confirmed(visit, "it may destroy something")
        told = resume_run(journal, run, BulkArguments(None, retry_failed=visit.sent("retry_failed") == "yes"))
    command = desk.context.format_command("bulk", "work")
    return Redirect(f"/bulk/{quote(run.name)}", f"{told} Workers run them: {command}")


def cancel(desk: Desk, visit: Visit) -> Redirect:
    """Send no further row of a run."""
    with open_shared_journal(desk.context.settings, may_work=False) as journal:
        run = _find_shared(desk, journal, visit)
        return Redirect(f"/bulk/{quote(run.name)}", cancel_run(journal, run))


def _read_resolutions(visit: Visit) -> BulkArguments:
    """Return what was said of uncertain rows.

    Raises InputError where nothing was, and where rows are to be sent again without a yes.
    """
    resolutions = tuple(text for text in visit.form.get("resolve", ()) if text)
    if not resolutions:
        raise InputError.from_problems("bulk", [Problem("resolve", "nothing", "what became of a row", "choose one")])
    if any(text.endswith("=retry") for text in resolutions):
        _check_confirmed(visit, "a row that is sent again may be done twice")
    return BulkArguments(None, resolutions=resolutions)


def _check_confirmed(visit: Visit, why: str) -> None:
    if visit.sent("confirmed") != "yes":
        raise InputError.from_problems("bulk", [Problem("confirmed", "no yes", f"a yes, since {why}", "tick the box")])


def _find_shared(desk: Desk, journal: SharedJournal, visit: Visit) -> SharedRun:
    """Return the run of the address. Raises UsageError for an unknown one, or one of another connector."""
    run = journal.choose_run(visit.part("run"))
    if not _is_own(desk, run):
        raise UsageError(f"The run {run.name} is of another connector.", hint="Open the console of that one.")
    return run


def _find_file_run(desk: Desk, visit: Visit) -> FileRun:
    """Return the run of the address. Raises UsageError for an unknown one."""
    run = desk.file_runs.find_run(visit.part("run"))
    if run is None:
        message = f"There is no journal of a run {visit.part('run')} in {desk.file_runs.folder}."
        raise UsageError(message, hint="Choose one of the list.")
    return run


def _is_own(desk: Desk, run: SharedRun) -> bool:
    return bool(run.header["connector"] == desk.connector.name)


def _is_destructive(desk: Desk, action: str) -> bool:
    """Whether the rows of a run may destroy something; those of an action that cannot be read may."""
    try:
        return desk.connector.action(action).is_destructive
    except ConnectorError:
        return True


def _describe(desk: Desk, journal: SharedJournal, run: SharedRun) -> dict[str, Any]:
    """Return how far a run is; the rows of workers that died are judged first, unless the console only reads."""
    return _complete(describe_run(journal, run if desk.read_only else judge_run(journal, run)))


def _complete(state: dict[str, Any]) -> dict[str, Any]:
    """Return how far a run is, with what a page says of it."""
    left, names = state["seconds_left"], ("waiting", "running", "failed", *ROW_OUTCOMES)
    return {
        **state,
        "finished": state["rows"] - state["waiting"] - state["running"],
        "left": "" if left is None else format_duration(left),
        "outcome_counts": {name: state[name] for name in names if state.get(name)},
        "failed_rows": sum(state.get(name, 0) for name in _FAILED),
    }


ROUTES = (
    PageRoute("GET", "/bulk", show_bulk),
    PageRoute("GET", "/bulk/file/{run}", show_file_run),
    PageRoute("POST", "/bulk/file/{run}/settle", settle_file, changes=True),
    PageRoute("GET", "/bulk/{run}", show_run),
    PageRoute("POST", "/bulk/{run}/settle", settle, changes=True),
    PageRoute("POST", "/bulk/{run}/resume", resume, changes=True),
    PageRoute("POST", "/bulk/{run}/cancel", cancel, changes=True),
)
