"""The options that `run`, `request` and `download` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.config_file import OUTPUT_FORMATS
from connector.cli.context.context import load_settings, reject_store_with_sandbox, store_option
from connector.cli.groups import get_meta
from connector.definition.json_path import PathSyntaxError, parse_path
from connector.errors import InputError, Problem, UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from connector.cli.context.settings import Setting, Settings
    from connector.runtime.calls.call_options import CallOptions


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The flags that say how calls run and how their results are printed."""

    connection: str | None = None
    store: str | None = None
    sandbox: bool = False
    faults: tuple[str, ...] = ()
    webhook_url: str | None = None
    dry_run: bool = False
    yes: bool = False
    debug: bool = False
    no_wait: bool = False
    limit: int | None = None
    page_size: int | None = None
    timeout: str | None = None
    retry: tuple[str, ...] = ()
    output: str | None = None
    columns: tuple[str, ...] = ()
    query: str | None = None
    har: Path | None = None
    curl: bool = False
    base_url: str | None = None
    account: str | None = None
    max_age: str | None = None
    stale_if_error: bool = False
    quiet: bool = False

    @classmethod
    def from_flags(cls, ctx: click.Context, flags: dict[str, Any]) -> RunOptions:
        """Check the flags of a command line. Raises UsageError for flags that cannot be combined."""
        is_text, columns = flags.pop("is_text", False), _parse_columns(flags.pop("columns", None))
        if is_text and flags.get("output") not in (None, "text"):
            raise UsageError(f"-r and --output {flags['output']} cannot be combined.", hint="Remove one of them.")
        flags |= {"output": "text"} if is_text else {}
        options = cls(**flags, columns=columns, quiet=bool(get_meta(ctx, "quiet")))
        if options.faults and not options.sandbox:
            raise UsageError("--fault needs the sandbox.", hint="Add --sandbox, or remove --fault.")
        if options.webhook_url and not options.sandbox:
            raise UsageError("--webhook-url needs the sandbox.", hint="Add --sandbox, or remove --webhook-url.")
        if options.sandbox and options.base_url:
            raise UsageError("--sandbox and --base-url cannot be combined.", hint="Remove one of them.")
        reject_store_with_sandbox(options.store, sandbox=options.sandbox)
        if options.har and options.dry_run:
            raise UsageError("--har and --dry-run cannot be combined: nothing is sent.", hint="Remove one of them.")
        return options

    def call_options(self, timeout: Setting) -> CallOptions:
        """Return the call options that flags set; the timeout only from its flag. Raises UsageError."""
        from connector.runtime.calls.call_options import CallOptions  # here, as help and completion run nothing

        flag_timeout = timeout.value if timeout.source.startswith("flag") else None
        return CallOptions.parse(
            timeout=flag_timeout,
            retry=self.retry_options,
            debug=self.debug,
            limit=self.limit,
            page_size=self.page_size,
            account=self.account,
            no_wait=self.no_wait,
            max_age=self.max_age,
            stale_if_error=self.stale_if_error,
        )

    @property
    def needs_records(self) -> bool:
        """Whether the copy of records may answer."""
        return self.max_age is not None or self.stale_if_error

    @property
    def retry_options(self) -> dict[str, str] | None:
        """The settings of --retry by name, or None. Raises UsageError."""
        parsed: dict[str, str] = {}
        for item in self.retry:
            name, separator, value = item.partition("=")
            if not (name and separator):
                raise UsageError(f"--retry {name} is not NAME=VALUE.", hint="Example: --retry maxRetries=3")
            if name in parsed:
                raise UsageError(f"--retry {name} is given twice.", hint="Remove one of them.")
            parsed[name] = value
        return parsed or None

    def load_settings(self, ctx: click.Context, **flags: Any) -> Settings:
        """Return the settings in force; `flags` are those of the command alone."""
        return load_settings(ctx, connection=self.connection, timeout=self.timeout, output=self.output,
                        base_url=self.base_url, store=self.store, **flags)  # fmt: skip


def _parse_columns(text: str | None) -> tuple[str, ...]:
    """Return the fields that --columns names. Raises InputError."""
    names = tuple(name.strip() for name in text.split(",")) if text is not None else ()
    problems = []
    for name in dict.fromkeys(names):
        try:
            parse_path(name)
        except PathSyntaxError as error:
            problems.append(Problem("--columns", repr(name), "names of fields with one comma between them", str(error)))
        if names.count(name) > 1:
            problems.append(Problem("--columns", f"{name} twice", "each field once", "remove one"))
    if problems:
        raise InputError.from_problems("options", problems)
    return names


def run_options(
    command: Callable[..., Any], limit_help: str = "Return at most N items of a listing."
) -> Callable[..., Any]:
    """Add the options of a run, in the order of the help page; `limit_help` says what is limited."""
    limit_option = click.option("--limit", type=click.IntRange(min=1), metavar="N", help=limit_help)
    for option in reversed((*_FIRST_OPTIONS, limit_option, *_LAST_OPTIONS)):
        command = option(command)
    return command


def _complete_connections(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of connections."""
    from connector.cli.context import connection_names
    from connector.cli.context.connection_context import ConnectionContext

    context = ConnectionContext.from_click(ctx, store=ctx.params.get("store"))
    return connection_names.complete_names(context, incomplete)


_FIRST_OPTIONS = (
    click.option("--connection", metavar="NAME", shell_complete=_complete_connections,
                 help="The connection to use: a stored one, or a kind that the environment configures."),
    store_option,
    click.option("--sandbox", is_flag=True, help="Run against a sandbox of the service; nothing leaves the machine."),
    click.option("--fault", "faults", multiple=True, metavar="FAULT",
                 help="Simulate a fault in the sandbox, such as 429:3 or drop-reply; repeatable."),
    click.option("--webhook-url", metavar="URL",
                 help="Send signed events of the sandbox to this URL: https, or http on loopback."),
    click.option("--dry-run", is_flag=True, help="Print the request and send nothing; needs no connection."),
    click.option("--yes", is_flag=True, help="Do not ask before something is destroyed; the sandbox never asks."),
    click.option("--debug", is_flag=True, help="Print request, reply and every attempt on stderr, without secrets."),
)  # fmt: skip
_LAST_OPTIONS = (
    click.option("--page-size", type=click.IntRange(min=1), metavar="N",
                 help="Ask for N items a page of a listing (default: as many as the service gives)."),
    click.option("--timeout", metavar="TIME", help="The time limit of the whole call, such as 10s, 500ms or 2m."),
    click.option("--retry", multiple=True, metavar="NAME=VALUE",
                 help="A retry setting: maxRetries, retryDelayMS, useExponentialBackoff or retryAllErrors."),
    click.option("--output", type=click.Choice(OUTPUT_FORMATS),
                 help="json: the whole result (default, but on a terminal). yaml: the same. table: a listing's items, "
                      "or the data. lines: one item a line for a listing, else one result a line. text: the data, "
                      "texts without quotes, one item a line. csv: a row for each item."),
    click.option("-r", "is_text", is_flag=True, help="As --output text: --query id -r prints the id alone."),
    click.option("--columns", metavar="A,B.C", help="Of a table or CSV: the fields to print, in this order."),
    click.option("--query", metavar="JMESPATH", help="Print only what this expression selects from the data."),
    click.option("--har", metavar="FILE", type=click.Path(path_type=Path),
                 help="Record requests and replies as HAR 1.2."),
    click.option("--curl", is_flag=True, help="Print the equivalent curl command on stderr."),
    click.option("--base-url", metavar="URL", help="The base URL to send to: https, or http on loopback."),
    click.option("--account", metavar="ID", help="The sub-account to act on."),
)  # fmt: skip
