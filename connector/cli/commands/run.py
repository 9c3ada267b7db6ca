"""`connector run`: run an action, the calls of a file, or an action over rows."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from connector.cli.bulk.options import BulkArguments, bulk_options
from connector.cli.calls.input_flags import describe_unknown_flag, list_input_options, note_args, take_input_flags
from connector.cli.chain.arguments import ChainArguments
from connector.cli.context.context import CommandContext, load_settings, open_connector
from connector.cli.context.key_values import input_option
from connector.cli.context.overlap import no_overlap_option
from connector.cli.context.run_options import RunOptions, run_options
from connector.cli.groups import CONFIRM_NOTE, StrictCommand, get_meta, global_options, set_meta
from connector.cli.help.helpful_command import note_connector
from connector.definition.case import to_flag_name
from connector.errors import DefinitionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.cli.calls.call import CallTask
    from connector.core.chain.chain import Chain
    from connector.definition.action import Action
    from connector.definition.loader import Connector

_HELP = """Run ACTION, the calls of a file, or ACTION for each row of a file.

Give inputs as flags after the action ('connector run ACTION --help' lists them), or as -i KEY=VALUE for a text,
KEY:=JSON for any other value, KEY=@FILE for the content of a file, KEY=env:NAME for a variable. Repeat the flag of a
list. Passwords have no flag: use -i KEY=@FILE, -i KEY=env:NAME, or -i KEY=? for a prompt.

On a terminal, what matters of the result is printed; elsewhere, all of it as JSON. An error is a sentence on stderr; if
JSON is requested or stdout is not a terminal, it is also {"error": ...} on stdout. Exit codes: 0 done, 1 rejected or
unreachable, 2 wrong input or usage, 3 sign-in needed, 4 rate limit or deadline, 5 a write may have happened, 130
interrupted.
"""


_CALL_FILE_HINT = "A call file has 'action: NAME' and 'inputs:'."


class RunCommand(StrictCommand):
    """Finds the action among the arguments, and adds its inputs as flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments with the flags of the action."""
        note_connector(ctx, args)
        note_args(ctx, args)
        name = self._first_word(args)
        if name is not None:
            _resolve_action(ctx, name)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if name is not None and not ctx.resilient_parsing:
                raise describe_unknown_flag(ctx, error) from None
            if ctx.resilient_parsing:
                raise
            flag = error.option_name.partition("=")[0]
            hint = f"Flags of an action come after its name: connector run ACTION {flag} ..."
            raise click.UsageError(f"Unknown option {flag} before the action. {hint}", ctx) from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters, and a flag for each input of the action."""
        return [*super().get_params(ctx), *list_input_options(ctx)]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summary of the action, or of the command."""
        action: Action | None = get_meta(ctx, "action")
        if action is None:
            super().format_help_text(ctx, formatter)
            return
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(f"{action.label}: {action.summary}")
            if action.is_destructive:
                formatter.write_text(CONFIRM_NOTE)
            show = CommandContext.from_click(ctx).format_command("show", action.action)
            formatter.write_text(f"Run '{show}' for examples, 'connector run --help' for -i.")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the inputs of the action, and the options of every run."""
        inputs = list_input_options(ctx)
        action: Action | None = get_meta(ctx, "action")
        if action is not None:
            rows = [record for option in inputs if (record := option.get_help_record(ctx))]
            rows += [
                (f"-i {key}=?", f"{field.help} Also {key}=@FILE or {key}=env:NAME.")
                for key, field in action.inputs.items()
                if field.secret
            ]
            with formatter.section(f"Inputs of {action.action}"):
                formatter.write_dl(rows or [("none", "")])
        self.format_sections(ctx, formatter, super().get_params(ctx))

    def extra_words_hint(self, ctx: click.Context, /) -> str:
        """Return how inputs are given, by the action's first required one if it has any."""
        action: Action | None = get_meta(ctx, "action")
        inputs = {} if action is None else action.inputs
        flag = next((f"--{to_flag_name(key)}" for key, field in inputs.items() if field.required), "--flag")
        return f" Give inputs as {flag} VALUE or -i KEY=VALUE; put a value with spaces in quotes."

    def _first_word(self, args: Sequence[str]) -> str | None:
        """Return the first argument that is neither an option nor an option's value."""
        value_flags = {name for param in self.params if _takes_value(param) for name in param.opts}
        known_flags = {name for param in self.params for name in param.opts} | {"-h", "--help"}
        remaining = iter(args)
        for arg in remaining:
            if arg == "--":
                return next(remaining, None)
            if not arg.startswith("-") or arg == "-":
                return arg
            if arg in value_flags:
                next(remaining, None)
            elif arg.partition("=")[0] not in known_flags and arg[:2] not in known_flags:
                return None
        return None


def _takes_value(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and not param.is_flag


def _resolve_action(ctx: click.Context, name: str) -> None:
    """Open the connector and find the action. Raises InputError with a suggestion."""
    connector = open_connector(load_settings(ctx))
    set_meta(ctx, "opened", connector)
    set_meta(ctx, "action", connector.action(name))


def _complete_actions(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of actions."""
    return [name for name in open_connector(load_settings(ctx)).action_files if name.startswith(incomplete)]


@click.command("run", cls=RunCommand, help=_HELP)
@click.argument("name", metavar="ACTION", required=False, shell_complete=_complete_actions)
@input_option("An input, of an action or of a file with steps")
@click.option("-f", "--file", "file", type=click.Path(allow_dash=True), metavar="FILE",
              help="A call file; with ACTION, rows: CSV, JSON lines or YAML. - is standard input.")  # fmt: skip
@click.option("--schema", "prints_schema", is_flag=True,
              help="Print the JSON Schema of call files, of ACTION or all actions, for an editor.")  # fmt: skip
@click.option("--keep-going", is_flag=True, help="With -f: continue after a failed call or row.")
@click.option("--no-wait", is_flag=True, help="Of an action that starts a job: return the started job at once.")
@click.option("--max-age", metavar="TIME",
              help="Answer a read from the copy of records, if it was read no longer ago, such as 5m.")  # fmt: skip
@click.option("--stale-if-error", is_flag=True,
              help="Answer from a copy of any age where the service is down or refuses for now.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Of a file with steps: go on where an earlier run of it ended.")
@click.option("--settle", "settlements", multiple=True, metavar="STEP=done|not-done|@FILE",
              help="Settle an uncertain step: it was done, is to be done again, or has this reply.")  # fmt: skip
@no_overlap_option
@bulk_options
@run_options
@global_options
@click.pass_context
def run_command(
    ctx: click.Context, /, name: str | None, items: tuple[str, ...], file: str | None, **raw_options: Any
) -> int:
    """Run an action, or the calls of a file."""
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.execution import run_calls

    if raw_options.pop("prints_schema"):
        from connector.cli.chain.schema import print_file_schema

        return print_file_schema(ctx, name, file)
    bulk_arguments = BulkArguments.from_options(file, raw_options)
    chain_arguments = ChainArguments(raw_options.pop("resume"), raw_options.pop("settlements"))
    flags = take_input_flags(ctx, raw_options)
    options = RunOptions.from_flags(ctx, raw_options)
    settings = options.load_settings(ctx, bulk=bulk_arguments.on)
    connector = get_meta(ctx, "opened") or open_connector(settings)
    source = None if name is not None else read_source(_require_file(file))
    chain = None if source is None else read_chain(*source, connector, items)
    if chain is not None:
        from connector.cli.chain.run import ChainJob, run_chain

        bulk_arguments.reject_without_rows(is_chain=True)
        return run_chain(ChainJob(connector, settings, options, bulk_arguments, chain_arguments, chain))
    chain_arguments.reject_without_steps()
    if name is not None and file is not None:
        from connector.cli.bulk.job import BulkJob
        from connector.cli.bulk.run import run

        task = _build_task(connector, get_meta(ctx, "action"), items, flags)
        return run(BulkJob(connector, settings, options, bulk_arguments, task))
    bulk_arguments.reject_without_rows()
    if source is not None:
        tasks = read_call_file(*source)
    else:
        task = _build_task(connector, get_meta(ctx, "action"), items, flags)
        tasks = [replace(task, action=name)]  # as it was written, so that an earlier name is told
    calls = CallList(tasks, file if name is None else None, keep_going=bulk_arguments.keep_going)
    return run_calls(connector, settings, options, calls)


def _require_file(file: str | None) -> str:
    """Return the call file. Raises UsageError if there is none."""
    if file is None:
        raise UsageError(
            "ACTION is missing.", hint="Name an action ('connector list' lists them), or a call file with -f."
        )
    return file


def _build_task(
    connector: Connector, action: Action, items: Sequence[str], flags: dict[str, list[tuple[str, str]]]
) -> CallTask:
    """Return the call of an action; its inputs may name the connection. Raises InputError."""
    from connector.cli.calls import input_args  # here, as help and completion read no values
    from connector.cli.calls.call import CallTask
    from connector.runtime.calls.call_options import CallOptions

    inputs = input_args.parse_inputs(connector, action, items, flags)
    connection = inputs.pop("connection", None)
    return CallTask(action.action, inputs, CallOptions.parse(connection=connection))


def read_source(path: str) -> tuple[bytes, str]:
    """Return the text of a call file, or of standard input for -, and its name. Raises DefinitionError, UsageError."""
    from pathlib import Path

    from connector.cli.calls.named_file import check_named_file
    from connector.core.bulk.row_formats import ROWS_SUFFIXES
    from connector.definition.loader import read_bytes

    if path != "-":
        is_rows = Path(path).suffix.lower() in ROWS_SUFFIXES
        check_named_file(path, "a call file, which is YAML or JSON", _CALL_FILE_HINT, is_text=not is_rows)
        if is_rows:
            hint = f"Rows need an action: connector run ACTION -f {path}"
            raise UsageError(f"{path} holds rows, and no calls.", hint=hint)
        return read_bytes(Path(path)), path
    if sys.stdin is None or sys.stdin.isatty():
        hint = "Pipe a call file into the command, or name a file: connector run -f call.yaml"
        raise UsageError("-f - reads standard input, but it is a terminal.", hint=hint)
    return sys.stdin.buffer.read(), "standard input"


def read_chain(raw: bytes, source: str, connector: Connector, items: Sequence[str]) -> Chain | None:
    """Return the chain of a call file; None where it has no steps. Raises ConnectorError with every problem."""
    if b"steps" in raw:
        from connector.cli.chain.inputs import read_chain_with_inputs

        chain = read_chain_with_inputs(raw, source, connector, items)
        if chain is not None:
            return chain
    if items:
        hint = "A call file has its own inputs; to run an action over rows, name the action too."
        raise UsageError("-f and -i cannot be combined without ACTION.", hint=hint)
    return None


def read_call_file(raw: bytes, source: str) -> list[CallTask]:
    """Read the calls of a file. Raises DefinitionError, InputError, UsageError."""
    from connector.cli.calls.call import CallTask
    from connector.runtime.calls.call_file import read_calls

    try:
        specs = read_calls(raw, source)
    except DefinitionError as error:
        if b"action" in raw or "Did you mean 'action'" in str(error):
            raise
        hint = f"Rows, or the inputs of one call, need an action: connector run ACTION -f {source}. {_CALL_FILE_HINT}"
        raise UsageError(f"{source} names no action, so it is no call file.", hint=hint) from None
    return [CallTask(spec.action, dict(spec.given), spec.options, spec.locate) for spec in specs]
