"""A command's connector, settings and shared flags."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Self

import click

from connector.cli.context.settings import Settings, default_records_url, default_runs_url, flag_of
from connector.cli.groups import get_meta
from connector.cli.output.stdio import print_stderr
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.definition.loader import Connector
    from connector.runtime.records.records import Records
    from connector.runtime.run_log.run_log import RunLog


class CommandContext:
    """A command's connector and settings, and its flags --sandbox and --quiet."""

    def __init__(self, connector: Connector, settings: Settings, *, sandbox: bool = False, quiet: bool = False) -> None:
        self.connector = connector
        self.settings = settings
        self.sandbox = sandbox
        self.quiet = quiet

    @classmethod
    def from_click(cls, ctx: click.Context, *, sandbox: bool = False, **flags: Any) -> Self:
        """Read the settings with these flags, and open the connector. Raises DefinitionError, InputError."""
        settings = load_settings(ctx, **flags)
        return cls(open_connector(settings), settings, sandbox=sandbox, quiet=bool(get_meta(ctx, "quiet")))

    def format_command(self, *args: str, flags: Sequence[str] = ("connector",)) -> str:
        """Return a command line, such as `connector list`, with those of these flags that the user gave."""
        given = [setting for setting in map(self.settings.get, flags) if setting.source.startswith("flag")]
        words = [word for setting in given for word in (flag_of(setting.name), str(setting.value))]
        return shlex.join(["connector", *args, *words, *(["--sandbox"] if self.sandbox else [])])

    def note(self, text: str) -> None:
        """Print a line on stderr that --quiet leaves out."""
        if not self.quiet:
            print_stderr(text, "hint")


def open_run_log(connector: Connector, settings: Settings, *, sandbox: bool) -> RunLog | None:
    """Return the log of runs that the settings name, or the sandbox's own; None where it is off. Raises UsageError."""
    url = settings.get("runs").value or default_runs_url()
    if url == "off":
        return None
    if sandbox:
        from connector.sandbox.sandbox import get_state_path

        url = f"sqlite:///{get_state_path(connector).parent / 'runs.sqlite'}"
    from connector.runtime.calls.call_options import parse_timeout
    from connector.runtime.run_log.run_log import RunLog

    return RunLog(url, keep_days=parse_timeout(settings.get("runs_keep").value) / 86_400)


def open_records(connector: Connector, settings: Settings, *, sandbox: bool, account: str | None = None) -> Records:
    """Return the copy of records that the settings name, or the sandbox's own. Raises UsageError."""
    from connector.runtime.records.records import Records

    url = settings.get("records").value or default_records_url()
    if sandbox:
        from connector.sandbox.sandbox import get_state_path

        url = f"sqlite:///{get_state_path(connector).parent / 'records.sqlite'}"
    return Records(url, account=account)


def load_settings(ctx: click.Context, **flags: Any) -> Settings:
    """Return the settings in force with these flags and --connector."""
    return Settings({**flags, "connector": get_meta(ctx, "connector")})


def open_connector(settings: Settings) -> Connector:
    """Open the connector that the settings name. Raises DefinitionError."""
    from connector.definition.loader import Connector

    return Connector.open(settings.get("connector").value)


def reject_store_with_sandbox(store: str | None, *, sandbox: bool) -> None:
    """Raise UsageError for --store with --sandbox, which has its own store."""
    if store and sandbox:
        raise UsageError("--sandbox and --store cannot be combined.", hint="Remove one of them.")


output_option = click.option(
    "--output", "output_format", type=click.Choice(["text", "json"]), default="text", help="text (default) or json."
)


store_option = click.option(
    "--store", metavar="URL", help="The store of connections: file:PATH, sqlite:///PATH or postgresql://..."
)
