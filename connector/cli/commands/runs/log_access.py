"""The log that the commands read: which runs of it, and what their options say of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import CommandContext, open_run_log
from connector.cli.output.times import parse_time
from connector.errors import InputError, Problem, UsageError
from connector.runtime.run_log.run import DOORS, OUTCOMES, RunQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.runtime.run_log.run import Run
    from connector.runtime.run_log.run_log import RunLog

sandbox_option = click.option("--sandbox", is_flag=True, help="The runs of the sandbox, which are kept apart.")


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that select runs."""
    for option in (
        click.option("--since", metavar="TIME", help="Since this time: ISO 8601, or a duration ago such as 1h."),
        click.option("--door", type=click.Choice(DOORS), help="Made by a command, an agent, or a program."),
        click.option("--connection", metavar="NAME", help="Of this connection."),
        click.option("--failed", is_flag=True, help="All that did not end as they should."),
        click.option("--outcome", type=click.Choice(OUTCOMES), help="Of this outcome."),
        click.option("--action", metavar="ACTION", help="Of this action."),
    ):
        command = option(command)
    return command


def open_log(ctx: click.Context, context: CommandContext) -> RunLog:
    """Return the log, closed with the command. Raises UsageError where none is kept."""
    log = open_run_log(context.connector, context.settings, sandbox=context.sandbox)
    if log is None:
        source = context.settings.get("runs").source
        raise UsageError(f"No runs are kept: {source} says off.", hint="Set CONNECTOR_RUNS to a URL, or unset it.")
    return ctx.with_resource(log)


def get_run(log: RunLog, context: CommandContext, run_id: str) -> Run:
    """Return a run by its ID, or the end of it. Raises InputError."""
    run = log.get(run_id)
    if run is None:
        fix = f"'{context.format_command('runs')}' lists them; the last characters of an ID are enough"
        problem = Problem("ID", run_id, "the ID of a run that is kept", fix)
        raise InputError.from_problems("runs", [problem], undone="done")
    return run


def build_query(context: CommandContext, filters: dict[str, Any], limit: int) -> RunQuery:
    """Return the query of the options. Raises InputError for a time that is none."""
    since = filters.pop("since", None)
    query = RunQuery(**filters, connector=context.connector.name, limit=limit)
    return query if since is None else replace(query, since=parse_time(since, time.time(), "--since"))
