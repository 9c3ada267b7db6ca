"""Run one command line, and report its error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from connector.cli.context.settings import DEFAULT_VALUES, Settings
from connector.cli.groups import UnknownCommand, root
from connector.cli.output.error_output import error_to_dict, from_click, print_error, to_connector_error
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, exit_code
from connector.cli.output.stdio import is_stdout_error, keeping_code, write_stderr
from connector.cli.registry import COMPLETION_VARIABLE
from connector.definition.suggest import suggest_action
from connector.errors import ConnectorError, DefinitionError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


_LOGS_MODULE = "connector.cli.output.logs"  # loaded where it makes a difference


def execute(args: Sequence[str]) -> int:
    """Run a command and return its exit code. Raises KeyboardInterrupt, and OSError of stdout."""
    completion_request = os.environ.get(COMPLETION_VARIABLE)
    if completion_request:
        return _complete(completion_request)
    try:
        return _invoke(args)
    except click.exceptions.Exit as exit_request:
        return exit_request.exit_code
    except (click.Abort, EOFError):
        raise KeyboardInterrupt from None
    except click.exceptions.NoArgsIsHelpError as error:
        return _show_missing_command(error)
    except click.ClickException as error:
        return _report_error(_suggest_run(error) or from_click(error, args), args)
    except Exception as error:  # last resort: a sentence instead of a traceback
        if is_stdout_error(error):
            raise
        return _report_error(to_connector_error(error), args)


def _invoke(args: Sequence[str]) -> int:
    _configure_logs()
    with root.make_context("connector", list(args)) as ctx:
        code = root.invoke(ctx)
    return code if isinstance(code, int) else EXIT_DONE


def _show_missing_command(error: click.exceptions.NoArgsIsHelpError) -> int:
    """Print the help of a group that was called without a command, and return the exit code."""
    write_stderr(f"{error.format_message()}\n\nA command is missing; the commands are above.")
    return EXIT_USAGE


def _suggest_run(error: click.ClickException) -> UsageError | None:
    """Return the error of somebody who typed an action as a command, or pasted a request; None for any other."""
    if not isinstance(error, UnknownCommand) or error.ctx is None or error.ctx.parent is not None:
        return None
    from connector.cli.context.context import load_settings, open_connector
    from connector.cli.help.pasted import is_url, suggest_request

    word = error.words[0]
    try:
        connector = open_connector(load_settings(error.ctx))
        if word == "curl" or is_url(word):
            command = suggest_request(error.words, connector.manifest.base_url)
            hint = f"Headers that sign it come from the connection. Write: {command}"
            return UsageError("This is a request, and no command.", hint=hint) if command else None
    except ConnectorError:
        return None
    try:
        return UsageError(f"{word} is an action.", hint=f"Try 'connector run {connector.action(word).action}'.")
    except InputError:
        meant = suggest_action(word, connector.action_files)
        is_near = meant.startswith("Did") and "Did you mean" not in error.message
        hint = f"{meant} Actions are run with 'connector run ACTION'."
        return UsageError(f"Unknown command '{word:.40}'.", hint=hint) if is_near else None
    except ConnectorError:
        return None


def _configure_logs() -> None:
    """Set the format of notes and log records. A config file that cannot be read is told by what needs it."""
    try:
        log_format = Settings({}).get("log_format").value
    except DefinitionError:
        log_format = DEFAULT_VALUES["log_format"]
    if log_format != DEFAULT_VALUES["log_format"] or _LOGS_MODULE in sys.modules:
        from connector.cli.output import logs

        logs.configure(log_format)


def _report_error(error: ConnectorError, args: Sequence[str]) -> int:
    """Print an error that the command did not print itself, and return its exit code."""
    if _wants_json(args):
        from connector.cli.output import printer

        with keeping_code(lambda: exit_code(error)):
            printer.write_json(error_to_dict(error))
    return print_error(error)


def _wants_json(args: Sequence[str]) -> bool:
    """Whether the arguments ask for JSON; in a pipe it is the default of `run`, `request` and `download`."""
    formats = [
        arg.partition("=")[2] if "=" in arg else "".join(args[index + 1 : index + 2])
        for index, arg in enumerate(args)
        if arg == "--output" or arg.startswith("--output=")
    ]
    if "-r" in args:
        return False
    if formats:
        return formats[-1] == "json"
    try:
        setting = Settings({}).get("output")
    except ConnectorError:
        return False
    is_run_command = any(arg in ("run", "request", "raw", "download") for arg in args if not arg.startswith("-"))
    return setting.value == "json" and (setting.source != "default" or (is_run_command and not sys.stdout.isatty()))


def _complete(completion_request: str) -> int:
    """Complete a word for a shell; errors are silent."""
    from click.shell_completion import shell_complete

    try:
        return shell_complete(root, {}, "connector", COMPLETION_VARIABLE, completion_request)
    except Exception:  # noqa: BLE001  the str() of a handler's error may fail in any way
        return EXIT_REFUSED
