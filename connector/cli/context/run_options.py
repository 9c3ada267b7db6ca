"""The options that `run`, `request` and `download` share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import load_settings, reject_store_with_sandbox, store_option
from connector.cli.context.settings import OUTPUT_FORMATS, Settings
from connector.cli.groups import get_meta
from connector.errors import UsageError
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from connector.cli.context.settings import Setting


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
        options = cls(**flags, quiet=bool(get_meta(ctx, "quiet")))
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
    click.option("--yes", is_flag=True, help="Do not ask before something is destroyed."),
    click.option("--debug", is_flag=True, help="Print request, reply and every attempt on stderr, without secrets."),
)  # fmt: skip
_LAST_OPTIONS = (
    click.option("--page-size", type=click.IntRange(min=1), metavar="N",
                 help="Ask for N items a page of a listing (default: as many as the service gives)."),
    click.option("--timeout", metavar="TIME", help="The time limit of the whole call, such as 10s, 500ms or 2m."),
    click.option("--retry", multiple=True, metavar="NAME=VALUE",
                 help="A retry setting: maxRetries, retryDelayMS, useExponentialBackoff or retryAllErrors."),
    click.option("--output", type=click.Choice(OUTPUT_FORMATS),
                 help="json: the whole result (default). yaml: the same. table: a listing's items, or the data. "
                      "lines: one item a line for a listing, else one result a line."),
    click.option("--query", metavar="JMESPATH", help="Print only what this expression selects from the data."),
    click.option("--har", metavar="FILE", type=click.Path(path_type=Path),
                 help="Record requests and replies as HAR 1.2."),
    click.option("--curl", is_flag=True, help="Print the equivalent curl command on stderr."),
    click.option("--base-url", metavar="URL", help="The base URL to send to: https, or http on loopback."),
    click.option("--account", metavar="ID", help="The sub-account to act on."),
)  # fmt: skip
