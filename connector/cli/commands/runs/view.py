"""`connector runs list` and `tail`: the runs that are kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.runs.log_access import build_query, filter_options, open_log, sandbox_option
from connector.cli.context.context import CommandContext
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.rows import print_rows, rows_option
from connector.cli.output.times import format_time
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from connector.runtime.run_log.run import Run

_COLUMNS = ("id", "began", "action", "outcome", "status", "seconds", "connection", "door", "error")
_TAIL_SECONDS = 1.0  # between two looks
_TAIL_LIMIT = 1000  # runs that one look can have


@click.command("list", cls=StrictCommand, help="List runs: those of uncertain outcome first, then the newest.")
@filter_options
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, metavar="N", help="At most N (default: 50).")
@rows_option("run")
@sandbox_option
@global_options
@click.pass_context
def list_command(
    ctx: click.Context, /, output_format: str = "table", limit: int = 50, *, sandbox: bool = False, **filters: Any
) -> None:
    """List runs."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    log = open_log(ctx, context)
    action = filters["action"]
    runs = log.find(build_query(context, filters, limit))
    print_rows([run.to_dict() for run in runs], output_format, list(map(_build_row, runs)), header=_COLUMNS)
    if not runs and output_format == "table":
        known = context.connector.action_files
        meant = did_you_mean(action, known) if action is not None and action not in known else ""
        filters_page = context.format_command("runs", "list", "--help")
        others = "" if sandbox else f" Those of the sandbox: {context.format_command('runs', '--sandbox')}"
        context.note(f"No runs are kept that fit.{meant} '{filters_page}' lists the filters.{others}")


@click.command("tail", cls=StrictCommand, help="Print the last runs, the oldest first; with -f, go on as others end.")
@filter_options
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C, and print runs as they end.")
@click.option("--limit", type=click.IntRange(0, 1000), default=10, metavar="N", help="Begin with the last N.")
@sandbox_option
@global_options
@click.pass_context
def tail_command(ctx: click.Context, /, limit: int, *, follow: bool, sandbox: bool, **filters: Any) -> None:
    """Print the end of the log."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    log = open_log(ctx, context)
    query = build_query(context, filters, _TAIL_LIMIT)
    runs = sorted(log.find(query), key=_began)
    _print_lines(runs[-limit:] if limit else [])
    while follow:
        shown = {run.id: run.outcome for run in runs}
        time.sleep(_TAIL_SECONDS)
        runs = sorted(log.find(query), key=_began)
        _print_lines([run for run in runs if shown.get(run.id) != run.outcome])


def _began(run: Run) -> float:
    return run.started_at


def _print_lines(runs: list[Run]) -> None:
    for run in runs:
        printer.write_text(_format_line(run))
    printer.flush()


def _build_row(run: Run) -> dict[str, Any]:
    seconds = None if run.elapsed is None else round(run.elapsed, 2)
    began, error = format_time(run.started_at), run.message or run.error
    values = (run.id[-8:], began, run.action, run.outcome, run.status, seconds, run.connection, run.door, error)
    return dict(zip(_COLUMNS, values, strict=True))


def _format_line(run: Run) -> str:
    facts = [format_time(run.started_at), run.id[-8:], run.action, run.outcome, str(run.status or "-")]
    if run.elapsed is not None:
        facts.append(f"{run.elapsed:.2f} s")
    return "  ".join([*facts, *filter(None, [run.message])])
