"""`connector bulk status` and `connector bulk results`."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.bulk.run_state import describe_run
from connector.cli.bulk.shared import open_shared_journal
from connector.cli.commands.bulk.options import on_option, run_argument
from connector.cli.context.context import CommandContext, output_option
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.query import Query
from connector.cli.output.times import format_duration
from connector.runtime.bulk.shared_judgement import judge_run
from connector.runtime.bulk.shared_results import iter_results
from connector.runtime.bulk.shared_tables import ROW_OUTCOMES


@click.command("status", cls=StrictCommand, help="Show the rows of each run, or of one, by state.")
@run_argument
@on_option
@output_option
@global_options
@click.pass_context
def status_command(ctx: click.Context, /, name: str | None, on: str | None, output_format: str) -> None:
    """Show the rows by state."""
    context = CommandContext.from_click(ctx, bulk=on)
    journal = ctx.with_resource(open_shared_journal(context.settings))
    runs = [journal.choose_run(name)] if name is not None else journal.list_runs()
    states = [describe_run(journal, judge_run(journal, run)) for run in runs]
    if output_format == "json":
        printer.write_json(states)
        return
    for state in states:
        printer.write_text(_format_state(state))
    if not states:
        context.note(f"There are no runs in {journal.display_url}.")


def _format_state(state: dict[str, Any]) -> str:
    names = ("waiting", "running", *ROW_OUTCOMES)
    counts = ", ".join(f"{state[name]:,} {name}" for name in names if state[name] or name == "done")
    line = f"{state['run']}: {state['state']}; {format_count(state['rows'], 'row')}: {counts}"
    if state["seconds_left"] is not None:
        line += f"; {state['rate']:g} a second, about {format_duration(state['seconds_left'])} left"
    line += "."
    if state["stored"] < state["rows"]:
        missing = format_count(state["rows"] - state["stored"], "row")
        line += f"\n  {missing} not stored yet: the command that started the run goes on with them."
    if state["reason"] is not None:
        line += f"\n  Stopped by: {state['reason']['message']}"
    return line


@click.command("results", cls=StrictCommand, help="Print the results of a run, a line of JSON for each row.")
@run_argument
@on_option
@click.option("--outcome", "outcomes", multiple=True, type=click.Choice(ROW_OUTCOMES), help="Only these; repeatable.")
@click.option("--query", metavar="JMESPATH", help="Print only what this expression selects from each result.")
@global_options
@click.pass_context
def results_command(
    ctx: click.Context, /, name: str | None, on: str | None, outcomes: tuple[str, ...], query: str | None
) -> None:
    """Print the results."""
    context = CommandContext.from_click(ctx, bulk=on)
    journal = ctx.with_resource(open_shared_journal(context.settings))
    selected = Query(query) if query is not None else None
    run = judge_run(journal, journal.choose_run(name))
    for result in iter_results(journal, run, outcomes or ROW_OUTCOMES):
        printer.write_line(result if selected is None else selected.apply(result))
