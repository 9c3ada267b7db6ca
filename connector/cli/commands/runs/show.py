"""`connector runs show`: everything about one run, and how to find out what became of an uncertain one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote

import click

from connector.cli.commands.runs.log_access import get_run, open_log, sandbox_option
from connector.cli.context.context import CommandContext, output_option
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer, stdio
from connector.cli.output.times import format_time
from connector.cli.terminal.page import TextPage
from connector.cli.terminal.pager import show_page
from connector.cli.terminal.screen import Screen
from connector.core.response.trace import Trace, describe_entry
from connector.definition.forms.action_heads import ActionHeads
from connector.definition.forms.checking_action import find_check
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.runtime.run_log.run import Run


@click.command("show", cls=StrictCommand, help="Print everything about a run, without secrets.")
@click.argument("run_id", metavar="ID")
@click.option("--curl", is_flag=True, help="Print the curl command of its last request, with $TOKEN for the secret.")
@output_option
@sandbox_option
@global_options
@click.pass_context
def show_command(ctx: click.Context, /, run_id: str, output_format: str, *, curl: bool, sandbox: bool) -> None:
    """Print a run."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    run = get_run(open_log(ctx, context), context, run_id)
    if curl:
        printer.write_text(_build_curl(context, run))
    elif output_format == "json":
        printer.write_json(run.to_dict())
    else:
        screen = Screen.of(sys.stdout)
        lines = _describe_look(context, run)
        if screen.is_terminal:
            show_page(_format_page(run, lines, screen), is_allowed=False)
        else:
            printer.write_text("\n".join([*_format_run(run), *lines]))


def _build_curl(context: CommandContext, run: Run) -> str:
    """Return the command of the last request. Raises UsageError where none is kept."""
    command = Trace([dict(entry) for entry in run.trace]).curl()
    if not command:
        hint = f"'{context.format_command('runs', 'again', run.id[-8:], '--dry-run')}' builds it anew."
        raise UsageError("No request of this run is kept: it was a row, or nothing was sent.", hint=hint)
    return command


def _describe_look(context: CommandContext, run: Run) -> list[str]:
    """Return how to find out whether an uncertain write was done, and what to do then; nothing for other runs."""
    if run.outcome != "uncertain" or not run.is_write or run.connector != context.connector.name:
        return []
    look = _build_look(context, run)
    first = f"Look whether it was done: {look}" if look else "Look at the service whether it was done."
    again = context.format_command("runs", "again", run.id[-8:])
    return ["", first, f"If it was not done, make it again: {again}"]


def _build_look(context: CommandContext, run: Run) -> str:
    """Return the command that reads what a write changed, of the same record; empty where no action does."""
    path = run.request.partition(" ")[2]
    head = find_check(context.connector.derive(ActionHeads.read).heads, path)
    if head is None:
        return ""
    action = context.connector.action(head.action)
    keys = {str(field.location): key for key, field in action.inputs.items()}
    given: list[str] = []
    for template, value in zip(head.path.strip("/").split("/"), path.strip("/").split("/"), strict=False):
        key = keys.get(f"path.{template[1:-1]}") if template.startswith("{") else None
        if key is not None:
            given += ["-i", f"{key}={unquote(value)}"]
    connection = ["--connection", run.connection] if run.connection and not context.sandbox else []
    return context.format_command("run", head.action, *given, *connection)


def _format_page(run: Run, last_lines: Sequence[str], screen: Screen) -> str:
    """Return a run as a page at the width of a screen."""
    page = TextPage(screen)
    page.add_terms([(name, stdio.escape_controls(value)) for name, value in _list_facts(run)], 0)
    page.add_terms([(entry["at"], stdio.escape_controls(describe_entry(entry))) for entry in run.trace], 0)
    for line in last_lines:
        page.add_text(line)
    return str(page)


def _format_run(run: Run) -> list[str]:
    """Return a run as lines, one for each fact and each request."""
    facts = _list_facts(run)
    width = max(len(name) for name, _ in facts)
    lines = [f"{name:<{width}}  {value}" for name, value in facts]
    return [*lines, *(f"{entry['at']}  {describe_entry(entry)}" for entry in run.trace)]


def _list_facts(run: Run) -> list[tuple[str, str]]:
    """Return what is known of a run, by name."""
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
    return [(name, str(value)) for name, value in facts.items() if value is not None]
