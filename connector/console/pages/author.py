"""The author's view: what lint finds, the files as they change, and the state of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.console.news import stream_news
from connector.console.rendering import format_json
from connector.console.route import PageRoute
from connector.console.visit import Redirect, View
from connector.console.workshop import read_mistakes
from connector.core import redaction
from connector.errors import DefinitionError, InputError, Problem, UsageError

if TYPE_CHECKING:
    from connector.console.desk import Desk
    from connector.console.visit import EventStream, Visit

_MAX_MISTAKES = 200
_MAX_RECORDS = 50  # of a collection


def show_author(desk: Desk, _: Visit) -> View:
    """Show what lint finds, after the files were read again where they have changed."""
    workshop = desk.workshop
    told = _reload(desk) if workshop.is_changed else ""
    check = workshop.check()
    progress = check.progress
    findings = [] if progress else check.findings.result()
    data = {
        "folder": str(workshop.folder),
        "seen": f"{check.state} {progress}".strip(),
        "reloaded": told,
        "progress": progress,
        "errors": sum(one.voice == "error" for one in findings),
        "advice": sum(one.voice == "advice" for one in findings),
        "mistakes": read_mistakes(findings[:_MAX_MISTAKES]),
        "more": max(0, len(findings) - _MAX_MISTAKES),
        "collections": _read_sandbox(desk),
    }
    return View("author/lint", "Author", data)


def _reload(desk: Desk) -> str:
    """Work with the files as they are; return what came of it."""
    try:
        desk.reload()
    except DefinitionError:
        return "The files have changed, and cannot be read: the pages show them as they were before."
    return "The files have changed, and were read again."


def _read_sandbox(desk: Desk) -> dict[str, dict[str, Any]]:
    """Return the records of each collection of the sandbox, without secrets; nothing for the service itself."""
    sandbox = desk.context.sandbox_instance
    if sandbox is None:
        return {}
    redactor = redaction.redactor_for(desk.connector)
    with sandbox.state.read() as state:
        return {
            name: {
                "count": len(records),
                "text": format_json(
                    [
                        {"id": one.id, "parent": one.parent, **redactor.redact_data(one.fields)}
                        for one in list(records.values())[:_MAX_RECORDS]
                    ]
                ),
            }
            for name, records in state.records.items()
        }


def stream_changes(desk: Desk, visit: Visit) -> EventStream:
    """Tell when the files change, and how far lint is with them."""
    return stream_news(desk, visit, desk.workshop.read_news)


def reset_sandbox(desk: Desk, visit: Visit) -> Redirect:
    """Return the sandbox to its first records."""
    sandbox = desk.context.sandbox_instance
    if sandbox is None:
        raise UsageError("This console works with the service itself.", hint="Nothing was reset.")
    if visit.sent("confirmed") != "yes":
        problem = Problem("confirmed", "no yes", "a yes: all that was made in the sandbox is lost", "tick the box")
        raise InputError.from_problems("sandbox", [problem], undone="done")
    sandbox.reset()
    return Redirect("/author", "The sandbox is as it was at first.")


ROUTES = (
    PageRoute("GET", "/author", show_author),
    PageRoute("GET", "/author/news", stream_changes),
    PageRoute("POST", "/author/sandbox/reset", reset_sandbox, changes=True),
)
