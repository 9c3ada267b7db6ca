"""Format errors: sentences for stderr, an object for `--output json`."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

from connector import errors
from connector.cli.groups import get_meta
from connector.cli.help.expected_flags import suggest_flag
from connector.cli.help.expected_values import describe_bad_value
from connector.cli.output.exit_codes import exit_code
from connector.cli.output.stdio import has_note_format, print_stderr, write_stderr
from connector.cli.terminal.screen import Screen
from connector.definition.case import to_camel_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click


def format_error(error: errors.ConnectorError) -> str:
    """Return an error as sentences, one a line, with details of its call below."""
    return "\n".join(filter(None, (str(error), _format_call_details(error))))


def print_error(error: errors.ConnectorError) -> int:
    """Print an error on stderr, and return its exit code."""
    screen = Screen.of(sys.stderr)
    if (screen.is_terminal or screen.has_colour) and not has_note_format():
        from connector.cli.output.error_page import format_page

        write_stderr(format_page(error, _format_call_details(error), screen))
    else:
        print_stderr(format_error(error), level="error")
    return exit_code(error)


def _format_call_details(error: errors.ConnectorError) -> str:
    """Return the outcome, attempts and request id of a call that reached the service."""
    if not error.attempts and error.outcome == "not_sent":
        return ""
    details = {
        "outcome": error.outcome,
        "attempts": error.attempts or None,
        "retry at": error.retry_at.isoformat(timespec="seconds") if error.retry_at else None,
        "request id": getattr(error, "request_id", None),
    }
    return "  " + " · ".join(f"{name}: {value}" for name, value in details.items() if value is not None)


_SERVICE_FLAGS = ("--sandbox", "--connection")
_RENAMED_FLAGS = {
    "--at": "--timestamp",
    "--at-once": "--concurrency",
    "--events-to": "--webhook-url",
    "--keep-token": "--no-revoke",
    "--only": "--event",
    "--plain": "--unencrypted",
    "--rows": "--rows-format",
    "--settle": "--resolve",
    "--state": "--status",
}


def from_click(error: click.ClickException, args: Sequence[str]) -> errors.UsageError:
    """Convert click's error to a UsageError whose hint names the help page."""
    import click

    message = error.format_message()
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption):
        message = _no_such_option(error, args)
    elif isinstance(error, click.MissingParameter) and isinstance(error.param, click.Argument):
        message = f"{error.param.make_metavar(error.ctx) if error.ctx else error.param.name} is missing."
    elif isinstance(error, click.BadOptionUsage | click.BadParameter):
        message = describe_bad_value(error, _list_flags(ctx))
    path = ctx.command_path if ctx else "connector"
    action = get_meta(ctx, "action") if ctx else None
    path += f" {action.action}" if action else ""
    return errors.UsageError(message if message.endswith((".", "?")) else f"{message}.", hint=f"Try '{path} --help'.")


def _list_flags(ctx: click.Context | None) -> set[str]:
    """Return the flags of the command that is read."""
    return {flag for param in ctx.command.get_params(ctx) for flag in param.opts} if ctx else set()


def _no_such_option(error: click.NoSuchOption, args: Sequence[str]) -> str:
    """Return the message for an unknown option; a value after its = may be a secret, and is left out."""
    name = error.option_name.partition("=")[0]
    renamed = _RENAMED_FLAGS.get(name)
    if renamed and error.ctx and any(renamed in param.opts for param in error.ctx.command.params):
        return f"Unknown option {name}. Did you mean {renamed}?"
    if name in _SERVICE_FLAGS and error.ctx and _sends_nothing(error.ctx.command):
        return f"Unknown option {name}. '{error.ctx.command_path}' needs none: it sends nothing to the service."
    meant = suggest_flag(name, args, _list_flags(error.ctx))
    if meant:
        return f"Unknown option {name}. {meant}"
    if any(part in name.lower() for part in ("token", "secret", "password", "passcode", "api-key")):
        return f"Unknown option {name}: secrets must not be on the command line.{_secret_fix(args)}"
    suggestion = f" Did you mean {error.possibilities[0]}?" if error.possibilities else ""
    if not suggestion and _takes_values(error.ctx) and name.startswith("--"):
        suggestion = f" An input is -i {to_camel_case(name[2:]):.60}=VALUE."
    return f"Unknown option {name:.60}.{suggestion}"


def _takes_values(ctx: click.Context | None) -> bool:
    """Whether a command takes values of inputs; that which makes an action takes their names."""
    params = ctx.command.params if ctx else []
    return any("--input" in param.opts and str(param.metavar).endswith("=VALUE") for param in params)


def _sends_nothing(command: click.Command) -> bool:
    """Whether a command uses no connection, so that there is nothing for a sandbox to stand in for."""
    import click

    flags = {flag for param in command.params for flag in param.opts}
    return not isinstance(command, click.Group) and flags.isdisjoint((*_SERVICE_FLAGS, "--store"))


def _secret_fix(args: Sequence[str]) -> str:
    if {"run", "connect"}.intersection(args[:4]):
        return " Use -i KEY=@FILE, -i KEY=env:NAME or -i KEY=?; for a connection use the environment."
    return " Use the environment, or a file that NAME_FILE names."


def to_connector_error(error: Exception, outcome: errors.Outcome = "not_sent") -> errors.ConnectorError:
    """Return any error as one of ours; `outcome` is what is known of the call that it ended."""
    if isinstance(error, errors.ConnectorError):
        return error
    if not isinstance(error, OSError):
        return errors.ConnectorError(describe_unexpected(error), outcome=outcome)
    if error.filename is None:
        reason = str(error.strerror or error).rstrip(".")
        return errors.StoreError(f"{reason}.", hint="Check the files and pipes of the command.", outcome=outcome)
    path, hint = str(error.filename), "Check the path and its permissions."
    return errors.StoreError(f"{path}: {error.strerror}.", path=path, hint=hint, outcome=outcome)


def describe_unexpected(error: BaseException) -> str:
    """Return the message for an internal error: type and place; its own text may hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    location = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"Internal error in connector: {type(error).__name__}{location}. Please report it."


def error_to_dict(error: errors.ConnectorError) -> dict[str, Any]:
    """Return an error for `--output json`, with the partial result of a listing beside it."""
    data: dict[str, Any] = {"error": error.to_dict()}
    partial_result = error.result if isinstance(error, errors.PageError) else None
    if partial_result is not None:
        data["result"] = partial_result.to_dict()
    return data
