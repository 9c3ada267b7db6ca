"""What is done with the calls of a command: they are sent, or their requests are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.cli.output.query import Query
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.cli.calls.call_list import CallList
    from connector.cli.context.run_options import RunOptions
    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector


def run_calls(connector: Connector, settings: Settings, options: RunOptions, tasks: CallList) -> int:
    """Run the calls and return the exit code. Raises KeyboardInterrupt, and ConnectorError before the first call."""
    query = Query(options.query) if options.query is not None else None
    settings.get("timeout")  # one that is no time is told, whether or not anything is sent
    tasks = tasks.without_wait() if options.no_wait else tasks
    check_columns(settings, options)
    _check_page_flags(connector, options, tasks)
    check_copy_flags(connector, options, [task.action for task in tasks.calls])
    if options.dry_run:
        from connector.cli.calls.dry_run import print_requests

        return print_requests(connector, settings, options, tasks)
    from connector.cli.calls.runner import send_calls

    return send_calls(connector, settings, options, tasks, query)


def check_columns(settings: Settings, options: RunOptions) -> None:
    """Check that --columns has an output that is made of columns. Raises UsageError."""
    output = settings.get("output").value
    if options.columns and output not in ("csv", "table"):
        hint = "Add --output csv or --output table, or remove --columns."
        raise UsageError(f"--columns is for tables and CSV, and the output is {output}.", hint=hint)


def check_copy_flags(connector: Connector, options: RunOptions, actions: Sequence[str | None]) -> None:
    """Check that --max-age and --stale-if-error have a read; None is a raw request. Raises UsageError, InputError."""
    if not options.needs_records or not all(action and not connector.action(action).is_read for action in actions):
        return
    flag = "--max-age" if options.max_age is not None else "--stale-if-error"
    names = dict.fromkeys(connector.action(action).action for action in actions if action)
    raise UsageError(f"{flag} is for reads; {', '.join(names)} writes.", hint="Remove it.")


def _check_page_flags(connector: Connector, options: RunOptions, tasks: CallList) -> None:
    """Check that --limit and --page-size have a listing. Raises UsageError, and InputError for an unknown action."""
    flag = "--limit" if options.limit is not None else "--page-size" if options.page_size is not None else None
    if flag is None or any(task.is_listing(connector) for task in tasks.calls):
        return
    actions = [connector.action(task.action).action if task.action else "a raw request" for task in tasks.calls]
    message = f"{flag} is for listings; {', '.join(dict.fromkeys(actions))} returns one result."
    has_raw_request = any(task.action is None for task in tasks.calls)
    raise UsageError(message, hint="Add --paginate, or remove it." if has_raw_request else "Remove it.")
