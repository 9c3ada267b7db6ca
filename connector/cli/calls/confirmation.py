"""Ask before something is destroyed: on a terminal by a question, in a script by --yes.

The sandbox asks nothing, because it harms nobody and `connector sandbox reset` undoes what was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from connector.cli.calls.call import CallTask
from connector.cli.output import stdio
from connector.cli.output.counts import format_count
from connector.errors import UsageError
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.cli.calls.download_task import DownloadTask
    from connector.cli.context.run_options import RunOptions
    from connector.definition.loader import Connector

_MAX_LISTED = 10  # requests in one question


def confirm_calls(connector: Connector, options: RunOptions, tasks: Iterable[CallTask | DownloadTask]) -> None:
    """Ask once for all calls that destroy something. Raises UsageError without a yes, InputError for wrong inputs."""
    if options.sandbox or options.yes:
        return
    calls = [task for task in tasks if isinstance(task, CallTask) and _is_destructive(connector, task)]
    if not calls:
        return
    requests = [task.build_request(connector, None, CallOptions()) for task in calls]
    lines = [f"{request.method} {request.full_redactor.redact_url(request.path)}" for request in requests]
    listed = lines[:_MAX_LISTED] + ([f"and {len(lines) - _MAX_LISTED:,} more"] if len(lines) > _MAX_LISTED else [])
    _ask(f"This may destroy something: {', '.join(listed)}.")


def confirm_rows(connector: Connector, options: RunOptions, action: str, rows: int | None) -> None:
    """Ask once for all rows of an action that destroys something. Raises UsageError without a yes."""
    if options.sandbox or options.yes or not connector.action(action).is_destructive:
        return
    count = "each row" if rows is None else format_count(rows, "row")
    _ask(f"This may destroy something: {connector.action(action).request} for {count}.")


def confirm_actions(connector: Connector, options: RunOptions, actions: Iterable[str]) -> None:
    """Ask once for the actions of a chain that destroy something. Raises UsageError without a yes."""
    if options.sandbox or options.yes:
        return
    requests = [connector.action(name).request for name in actions if connector.action(name).is_destructive]
    if requests:
        _ask(f"This may destroy something: {', '.join(map(str, requests))}.")


def _is_destructive(connector: Connector, task: CallTask) -> bool:
    action = connector.action(task.action) if task.action is not None else None
    if action is not None and not action.is_raw:
        return action.is_destructive
    return str(task.given.get("method", "")).upper() == "DELETE"


def _ask(what: str) -> None:
    if not stdio.can_prompt():
        hint = "Add --yes where nobody can be asked, or --dry-run to see the request."
        raise UsageError(f"{what} Nothing was sent.", hint=hint)
    if not click.confirm(f"{what} Send it?", err=True):
        raise UsageError("Nothing was sent: the answer was no.", hint="Add --yes to run it without a question.")
