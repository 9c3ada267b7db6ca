"""`connector runs`: what was called, and what came of it; make a call again."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.config_file import OUTPUT_FORMATS
from connector.cli.context.context import CommandContext, open_run_log, output_option
from connector.cli.groups import StrictGroup, global_options
from connector.cli.output import printer
from connector.cli.output.times import format_time, parse_time
from connector.errors import InputError, Problem, UsageError
from connector.runtime.run_log.run import DOORS, RunQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.action import Action
    from connector.runtime.run_log.run import Run
    from connector.runtime.run_log.run_log import RunLog

_OUTCOMES = ("done", "rejected", "not_sent", "uncertain", "interrupted", "running")
_TAIL_SECONDS = 1.0  # between two looks
_LIST_OUTPUTS = click.option(
    "--output",
    "output_format",
    type=click.Choice(["table", "json", "lines"]),
    default="table",
    help="table (default), json, or lines: one run a line.",
)


_sandbox_option = click.option("--sandbox", is_flag=True, help="The runs of the sandbox, which are kept apart.")


def _filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that select runs."""
    for option in (
        click.option("--since", metavar="TIME", help="Since this time: ISO 8601, or a duration ago such as 1h."),
        click.option("--door", type=click.Choice(DOORS), help="Made by a command, an agent, or a program."),
        click.option("--connection", metavar="NAME", help="Of this connection."),
        click.option("--failed", is_flag=True, help="All that did not end as they should."),
        click.option("--outcome", type=click.Choice(_OUTCOMES), help="Of this outcome."),
        click.option("--action", metavar="ACTION", help="Of this action."),
    ):
        command = option(command)
    return command


@click.group(
    "runs", cls=StrictGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@global_options
@click.pass_context
def runs_command(ctx: click.Context) -> None:
    """Show what was called, by whom, and what came of it: those of uncertain outcome first, then the newest.

    Runs are kept for 30 days (CONNECTOR_RUNS_KEEP), without secrets; CONNECTOR_RUNS=off keeps none.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command)


@runs_command.command("list", help="List runs: those of uncertain outcome first, then the newest.")
@_filter_options
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, metavar="N", help="At most N (default: 50).")
@_LIST_OUTPUTS
@_sandbox_option
@global_options
@click.pass_context
def list_command(
    ctx: click.Context, /, output_format: str = "table", limit: int = 50, *, sandbox: bool = False, **filters: Any
) -> None:
    """List runs."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    log = _open_log(ctx, context)
    runs = log.find(_build_query(context, filters, limit))
    if output_format == "json":
        printer.write_json([run.to_dict() for run in runs])
    elif output_format == "lines":
        for run in runs:
            printer.write_line(run.to_dict())
    elif runs:
        from connector.cli.output import table

        table.print_data([_build_row(run) for run in runs])
    else:
        context.note("No runs are kept that fit. 'connector runs list --help' lists the filters.")


@runs_command.command("show", help="Print everything about a run: requests, replies and waits, without secrets.")
@click.argument("run_id", metavar="ID")
@output_option
@_sandbox_option
@global_options
@click.pass_context
def show_command(ctx: click.Context, /, run_id: str, output_format: str, *, sandbox: bool) -> None:
    """Print a run."""
    run = _get_run(_open_log(ctx, CommandContext.from_click(ctx, sandbox=sandbox)), run_id)
    if output_format == "json":
        printer.write_json(run.to_dict())
        return
    printer.write_text("\n".join(_format_run(run)))


@runs_command.command("tail", help="Print runs as they end, the oldest first, until Ctrl-C.")
@_filter_options
@click.option("--limit", type=click.IntRange(0, 1000), default=10, metavar="N", help="Begin with the last N.")
@_sandbox_option
@global_options
@click.pass_context
def tail_command(ctx: click.Context, /, limit: int, *, sandbox: bool, **filters: Any) -> None:
    """Follow the log."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    log = _open_log(ctx, context)
    query = _build_query(context, filters, 1000)
    shown: dict[str, str] = {}
    first = True
    while True:
        runs = sorted(log.find(query), key=lambda run: run.started_at)
        new = [run for run in runs if shown.get(run.id) != run.outcome]
        for run in new[-limit:] if first and limit else [] if first else new:
            printer.write_text(_format_line(run))
        printer.flush()
        shown = {run.id: run.outcome for run in runs}
        first = False
        time.sleep(_TAIL_SECONDS)


@runs_command.command("again", help="Make the call of a run again.")
@click.argument("run_id", metavar="ID")
@click.option(
    "-i",
    "--input",
    "items",
    multiple=True,
    metavar="KEY=VALUE",
    help="An input that is not kept, or another value; repeatable.",
)
@click.option("--yes", is_flag=True, help="Do not ask, though the first run may have been done, or destroys something.")
@click.option("--dry-run", is_flag=True, help="Print the request and send nothing.")
@click.option("--output", type=click.Choice(OUTPUT_FORMATS), help="As of 'connector run'.")
@click.option("--query", metavar="JMESPATH", help="Print only what this expression selects from the data.")
@_sandbox_option
@global_options
@click.pass_context
def again_command(ctx: click.Context, /, run_id: str, items: tuple[str, ...], *, sandbox: bool, **flags: Any) -> int:
    """Run again."""
    from connector.cli.calls import input_args
    from connector.cli.calls.call import CallTask
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.execution import run_calls
    from connector.cli.context.run_options import RunOptions
    from connector.core.request.raw_request import RAW_ACTION
    from connector.runtime.calls.call_options import CallOptions

    context = CommandContext.from_click(ctx, sandbox=sandbox)
    run = _get_run(_open_log(ctx, context), run_id)
    if run.connector != context.connector.name:
        hint = f"Name that connector with --connector: this is {context.connector.name}."
        raise UsageError(f"Run {run.id} is of the connector {run.connector}.", hint=hint)
    is_request = run.action == RAW_ACTION.action
    action = RAW_ACTION if is_request else context.connector.action(run.action)
    given = {**run.inputs, **input_args.parse_inputs(context.connector, action, items, {})}
    missing = [key for key in run.hidden_inputs if given.get(key) == run.inputs.get(key)]
    if missing:
        problems = [
            Problem(key, "nothing: its value was not kept", "the value", f"add -i {_spell_item(action, key)}")
            for key in missing
        ]
        raise InputError.from_problems(run.action, problems)
    if run.outcome == "uncertain" and run.is_write and not (flags["yes"] or flags["dry_run"]):
        _confirm_uncertain(run)
    options = RunOptions(
        connection=None if sandbox else run.connection or None, sandbox=sandbox, quiet=context.quiet, **flags
    )
    task = CallTask(None if is_request else run.action, given, CallOptions.parse(**run.options))
    return run_calls(context.connector, options.load_settings(ctx), options, CallList([task]))


def _spell_item(action: Action, key: str) -> str:
    """Return the argument that gives an input again: asked for, or read from a file."""
    field = action.inputs.get(action.key_by_spelling.get(key, key))
    return f"{key}=@FILE" if field is not None and field.type == "file" else f"{key}=?"


def _confirm_uncertain(run: Run) -> None:
    from connector.cli.output import stdio

    what = f"{run.request} may have been done by the run of {format_time(run.started_at)}."
    if not stdio.can_prompt():
        hint = "Look at the service first; add --yes to send it again."
        raise UsageError(f"{what} Nothing was sent.", hint=hint)
    if not click.confirm(f"{what} Send it again?", err=True):
        raise UsageError("Nothing was sent: the answer was no.", hint="Look at the service first.")


def _open_log(ctx: click.Context, context: CommandContext) -> RunLog:
    """Return the log, closed with the command. Raises UsageError where none is kept."""
    log = open_run_log(context.connector, context.settings, sandbox=context.sandbox)
    if log is None:
        source = context.settings.get("runs").source
        raise UsageError(f"No runs are kept: {source} says off.", hint="Set CONNECTOR_RUNS to a URL, or unset it.")
    return ctx.with_resource(log)


def _get_run(log: RunLog, run_id: str) -> Run:
    run = log.get(run_id)
    if run is None:
        fix = "'connector runs' lists them; the last characters of an ID are enough"
        problem = Problem("ID", run_id, "the ID of a run that is kept", fix)
        raise InputError.from_problems("runs", [problem], undone="done")
    return run


def _build_query(context: CommandContext, filters: dict[str, Any], limit: int) -> RunQuery:
    """Return the query of the options. Raises InputError for a time that is none."""
    since = filters.pop("since", None)
    query = RunQuery(**filters, connector=context.connector.name, limit=limit)
    return query if since is None else replace(query, since=parse_time(since, time.time(), "--since"))


def _build_row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id[-8:],
        "began": format_time(run.started_at),
        "action": run.action,
        "outcome": run.outcome,
        "status": run.status,
        "seconds": None if run.elapsed is None else round(run.elapsed, 2),
        "connection": run.connection,
        "door": run.door,
        "error": run.message or run.error,
    }


def _format_line(run: Run) -> str:
    facts = [format_time(run.started_at), run.id[-8:], run.action, run.outcome, str(run.status or "-")]
    if run.elapsed is not None:
        facts.append(f"{run.elapsed:.2f} s")
    return "  ".join([*facts, *filter(None, [run.message])])


def _format_run(run: Run) -> list[str]:
    """Return the lines of a card."""
    facts = {
        "run": run.id,
        "action": run.action,
        "request": run.request,
        "began": format_time(run.started_at),
        "seconds": None if run.elapsed is None else f"{run.elapsed:.3f}, of which {run.waited:.3f} waiting",
        "outcome": run.outcome,
        "status": run.status,
        "code": run.code,
        "error": " ".join(filter(None, (run.message or run.error, run.hint))) or None,
        "request ID": run.request_id,
        "attempts": run.attempts or None,
        "connection": run.connection or None,
        "made by": f"{run.door}, process {run.process}",
        "inputs": json.dumps(run.inputs, ensure_ascii=False),
        "not kept": ", ".join(run.hidden_inputs) or None,
        "options": json.dumps(run.options) if run.options else None,
        "warnings": " ".join(run.warnings) or None,
    }
    width = max(map(len, facts))
    lines = [f"{name:<{width}}  {value}" for name, value in facts.items() if value is not None]
    return [*lines, *(f"{entry['at']}  {_format_entry(entry)}" for entry in run.trace)]


def _format_entry(entry: Any) -> str:
    if entry["what"] == "wait":
        return f"waited {entry['seconds']:.3f} s: {entry['why']}"
    if entry["what"] == "token":
        return f"no token: {entry['error']}"
    came = f"{entry['reply']['status']}" if "reply" in entry else entry["failure"]["message"]
    return f"{entry['request']['method']} {entry['request']['url']} -> {came} ({entry['seconds']:.3f} s)"
