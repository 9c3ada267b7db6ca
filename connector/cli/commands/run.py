"""`connector run`: an action with its inputs as flags, the calls of a file, or an action over rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from connector.cli.bulk.options import Asked, bulk_options
from connector.cli.calls import input_args as given
from connector.cli.context.run_options import Options, connector_of, run_options, settings
from connector.cli.groups import Command, keep, kept, shared
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

    from connector.cli.calls.call import Task
    from connector.definition.action import Action
    from connector.definition.describe import Flag
    from connector.definition.fields import Input
    from connector.definition.loader import Connector

_PREFIX = "given_"  # before an input's key, as the name of its option
_SHORT = 30  # characters of choices that fit beside a flag
_FEW = 12  # choices that a help page spells out
_HELP = """Run ACTION, the calls of a file, or ACTION for each row of a file.

An action's inputs are flags after its name ('connector run ACTION --help' lists them), or -i KEY=VALUE for a text,
KEY:=JSON for any other value, KEY=@FILE for what a file holds. A flag of a list is repeated. A password has no flag:
-i KEY=@FILE, -i KEY=env:NAME, or -i KEY=? to be asked.

JSON is printed unless --output says otherwise; an error is a sentence on stderr, and {"error": ...} on stdout where
JSON was asked for or stdout is no terminal. Exit codes: 0 done, 1 refused or unreachable, 2 wrong input or usage,
3 sign in, 4 too many calls or too late, 5 a write may have happened, 130 interrupted.
"""


class _Value(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.5
    """A text whose type is the core's to judge; a shell completes its choices."""

    def __init__(self, connector: Connector, action: Action, flag: Flag) -> None:
        self.name = "true|false" if flag.type == "boolean" else flag.type
        self._connector, self._spec, self._flag = connector, action.inputs[flag.key], flag

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Complete the choices, each with its meaning."""
        from click.shell_completion import CompletionItem

        if self._flag.type == "boolean":
            return [CompletionItem(word) for word in ("true", "false") if word.startswith(incomplete)]
        choices = {str(value): label for value, label in self._spec.options.items()}
        if self._spec.choices_file:
            choices |= self._connector.choices(self._spec.choices_file)
        return [CompletionItem(value, help=label) for value, label in choices.items() if value.startswith(incomplete)]


class RunCommand(Command):
    """Finds the action among the words first, then takes its inputs as flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the action, and parse with its flags."""
        keep_folder(ctx, args)
        name = self._first_word(args)
        if name is not None:
            _resolve(ctx, name)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if name is not None or ctx.resilient_parsing:
                raise
            flag = error.option_name.partition("=")[0]
            hint = f"An action's own flags come after its name: connector run ACTION {flag} ..."
            raise click.UsageError(f"There is no option {flag} before the action. {hint}", ctx) from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters, and a flag for each input of the action that is named."""
        return [*super().get_params(ctx), *_input_options(ctx)]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the action does, or what the command does."""
        action: Action | None = kept(ctx, "action")
        if action is None:
            super().format_help_text(ctx, formatter)
            return
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(f"{action.label}: {action.summary}")
            formatter.write_text(f"'connector show {action.action}' has examples; 'connector run --help' tells of -i.")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the inputs of the action, then the options of every run."""
        inputs = _input_options(ctx)
        action: Action | None = kept(ctx, "action")
        if action is not None:
            rows = [record for option in inputs if (record := option.get_help_record(ctx))]
            rows += [
                (f"-i {key}=?", f"{spec.help} Also {key}=@FILE or {key}=env:NAME.")
                for key, spec in action.inputs.items()
                if spec.secret
            ]
            with formatter.section(f"Inputs of {action.action}"):
                formatter.write_dl(rows or [("none", "")])
        with formatter.section("Options"):
            own = [param for param in super().get_params(ctx) if isinstance(param, click.Option)]
            formatter.write_dl([record for option in own if (record := option.get_help_record(ctx))])

    def extra_words_hint(self) -> str:
        """Return what words without a flag were probably meant to be."""
        return " Inputs are given as --flag VALUE or -i KEY=VALUE; put a value with spaces in quotes."

    def _first_word(self, args: Sequence[str]) -> str | None:
        """Return the first word that is no option and no option's value."""
        valued = {name for param in self.params if _takes_value(param) for name in param.opts}
        known = {name for param in self.params for name in param.opts} | {"-h", "--help"}
        words = iter(args)
        for word in words:
            if word == "--":
                return next(words, None)
            if not word.startswith("-") or word == "-":
                return word
            if word in valued:
                next(words, None)
            elif word.partition("=")[0] not in known and word[:2] not in known:
                return None
        return None


def _takes_value(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and not param.is_flag


def keep_folder(context: click.Context, args: Sequence[str]) -> None:
    """Note the folder that --connector names anywhere among the words: the action is looked up in it."""
    for place, word in enumerate(args):
        if word == "--connector" and place + 1 < len(args):
            keep(context, "connector", args[place + 1])
        elif word.startswith("--connector="):
            keep(context, "connector", word.partition("=")[2])


def _resolve(context: click.Context, name: str) -> None:
    """Open the connector and find the action. Raises InputError with the nearest name."""
    connector = connector_of(settings(context))
    keep(context, "opened", connector)
    keep(context, "action", connector.action(name))


def _input_options(context: click.Context) -> list[click.Option]:
    """Return a flag for each input that may stand on a command line."""
    action: Action | None = kept(context, "action")
    made: list[click.Option] | None = kept(context, "flags")
    if action is None or made is not None:
        return made or []
    from connector.definition.describe import flags

    connector: Connector = kept(context, "opened")
    made = [_option(connector, action, flag) for flag in flags(action) if not flag.secret]
    keep(context, "flags", made)
    return made


def _option(connector: Connector, action: Action, flag: Flag) -> click.Option:
    bare: dict[str, Any] = {"is_flag": False, "flag_value": "true"} if flag.type == "boolean" else {}
    short = "|".join(flag.choices)
    metavar = short if short and len(short) <= _SHORT else "[true|false]" if bare else flag.type.upper()
    words = [
        flag.help,
        _meanings(action.inputs[flag.key]),
        "Bare means true." if bare else "",
        "Repeat for more." if flag.repeats else "",
        "(required)" if flag.required else "",
    ]
    return click.Option(
        [_PREFIX + flag.key, flag.name, *flag.aliases],
        multiple=True,
        type=_Value(connector, action, flag),
        metavar=metavar,
        help=" ".join(filter(None, words)),
        **bare,
    )


def _meanings(spec: Input) -> str:
    """Return the choices with what they mean, where they are few."""
    options = spec.options
    if not 0 < len(options) <= _FEW:
        return ""
    return f"One of {', '.join(f'{value} ({label})' for value, label in options.items())}."


def _actions(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of actions."""
    return [name for name in connector_of(settings(context)).files if name.startswith(incomplete)]


@click.command("run", cls=RunCommand, help=_HELP)
@click.argument("name", metavar="ACTION", required=False, shell_complete=_actions)
@click.option("-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help="An input; repeat for more.")
@click.option("-f", "--file", "file", type=click.Path(allow_dash=True), metavar="FILE",
              help="A call file; with ACTION its rows: CSV, JSON lines, YAML. - is standard input.")  # fmt: skip
@click.option("--keep-going", is_flag=True, help="With -f: run the calls or rows after one that failed, too.")
@bulk_options
@run_options
@shared
@click.pass_context
def run_command(
    context: click.Context, /, name: str | None, items: tuple[str, ...], file: str | None, **found: Any
) -> int:
    """Run an action, or the calls of a file."""
    from connector.cli.calls.call import Tasks
    from connector.cli.calls.runner import play

    asked = Asked.of(file, found)
    flags = {key[len(_PREFIX) :]: list(found.pop(key)) for key in list(found) if key.startswith(_PREFIX)}
    options = Options.of(context, found)
    known = options.settings(context)
    connector = kept(context, "opened") or connector_of(known)
    if name is not None and file is not None:
        from connector.cli.bulk.run import Job, run

        return run(Job(connector, known, options, asked, _call(connector, kept(context, "action"), items, flags)))
    asked.refuse_alone()
    if name is None:
        calls = read_file(_only_file(file, items))
    else:
        calls = [_call(connector, kept(context, "action"), items, flags)]
    return play(connector, known, options, Tasks(calls, from_file=name is None, keep_going=asked.keep_going))


def _only_file(file: str | None, items: Sequence[str]) -> str:
    """Refuse a command that names no call, or gives inputs beside those of a file. Raises UsageError."""
    if file is None:
        raise UsageError("ACTION is missing.", hint="Name one ('connector list' shows them), or give a file with -f.")
    if items:
        hint = "A call file says actions and inputs; for one action over rows name the action, too."
        raise UsageError("-f and -i do not go together without ACTION.", hint=hint)
    return file


def _call(connector: Connector, action: Action, items: Sequence[str], flags: dict[str, list[str]]) -> Task:
    """Return the call of one action; the connection may be named among its inputs. Raises InputError."""
    from connector.cli.calls.call import Task

    found = given.read(connector, action, items, flags)
    connection = found.pop("connection", None)
    return Task(action.action, found, connection)


def read_file(path: str) -> list[Task]:
    """Read the calls of a file, or of standard input for -. Raises DefinitionError, InputError, UsageError."""
    from pathlib import Path

    from connector.cli.calls.call import Task
    from connector.definition.loader import read_bytes
    from connector.runtime.calls.call_file import read_calls

    if path != "-":
        raw, source = read_bytes(Path(path)), path
    elif sys.stdin is None or sys.stdin.isatty():
        hint = "Pipe a call file into the command, or name one: connector run -f call.yaml"
        raise UsageError("-f - reads standard input, and that is a terminal.", hint=hint)
    else:
        raw, source = sys.stdin.buffer.read(), "standard input"
    return [Task(call.action, dict(call.given), call.connection, call.how) for call in read_calls(raw, source)]
