"""`connector runs again`: make the call of a run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls import file_args
from connector.cli.commands.runs.log_access import get_run, open_log, sandbox_option
from connector.cli.context.config_file import OUTPUT_FORMATS
from connector.cli.context.context import CommandContext
from connector.cli.context.key_values import input_option
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import stdio
from connector.cli.output.times import format_time
from connector.core.invalid_value import InvalidValue
from connector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.runtime.run_log.run import Run


@click.command("again", cls=StrictCommand, help="Make the call of a run again.")
@click.argument("run_id", metavar="ID")
@input_option("An input that is not kept, or another value")
@click.option("--yes", is_flag=True, help="Do not ask, though the first run may have been done, or destroys something.")
@click.option("--dry-run", is_flag=True, help="Print the request and send nothing.")
@click.option("--output", type=click.Choice(OUTPUT_FORMATS), help="As of 'connector run'.")
@click.option("--query", metavar="JMESPATH", help="Print only what this expression selects from the data.")
@sandbox_option
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
    run = get_run(open_log(ctx, context), context, run_id)
    if run.connector != context.connector.name:
        hint = f"Name that connector with --connector: this is {context.connector.name}."
        raise UsageError(f"Run {run.id} is of the connector {run.connector}.", hint=hint)
    is_request = run.action == RAW_ACTION.action
    action = RAW_ACTION if is_request else context.connector.action(run.action)
    given = {**run.inputs, **input_args.parse_inputs(context.connector, action, items)}
    missing = [key for key in run.hidden_inputs if given.get(key) == run.inputs.get(key)]
    if stdio.can_prompt() and all(_may_ask(action, key) for key in missing):
        given |= {key: _ask(action, key) for key in missing}
    elif missing:
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


def _may_ask(action: Action, key: str) -> bool:
    """Whether a line can say an input: a secret, or the path of a file."""
    field = action.inputs.get(action.key_by_spelling.get(key, key))
    return field is not None and (field.secret or field.type == "file")


def _ask(action: Action, key: str) -> Any:
    """Ask for an input that was not kept. Raises InputError for a file that cannot be read."""
    field = action.inputs[action.key_by_spelling.get(key, key)]
    if field.secret:
        return click.prompt(field.label, hide_input=True, err=True)
    path = click.prompt(f"{field.label}, the path of the file", err=True)
    try:
        return file_args.open_file_argument(path)
    except InvalidValue as invalid:
        problem = Problem(key, path, invalid.expected, invalid.fix)
        raise InputError.from_problems(action.action, [problem]) from None


def _spell_item(action: Action, key: str) -> str:
    """Return the argument that gives an input again: asked for, or read from a file."""
    field = action.inputs.get(action.key_by_spelling.get(key, key))
    return f"{key}=@FILE" if field is not None and field.type == "file" else f"{key}=?"


def _confirm_uncertain(run: Run) -> None:
    what = f"{run.request} may have been done by the run of {format_time(run.started_at)}."
    if not stdio.can_prompt():
        hint = "Look at the service first; add --yes to send it again."
        raise UsageError(f"{what} Nothing was sent.", hint=hint)
    if not click.confirm(f"{what} Send it again?", err=True):
        raise UsageError("Nothing was sent: the answer was no.", hint="Look at the service first.")
