"""A command's connector, settings and shared flags."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from connector.cli.context.locations import find_data_folder, find_url
from connector.cli.context.project import compute_digest, find_trust, set_trust
from connector.cli.context.settings import Settings, flag_of
from connector.cli.groups import get_meta, meta_option, root
from connector.cli.help.given_flags import SANDBOX_FLAG, SETTING_FLAGS, format_command
from connector.cli.output import stdio
from connector.cli.output.stdio import print_stderr
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.context.settings import Setting
    from connector.definition.loader import Connector
    from connector.runtime.records.records import Records
    from connector.runtime.run_log.run_log import RunLog
    from connector.runtime.storage.encryption import Keyring


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
        _tell_unfinished_restore()
        return cls(open_connector(settings), settings, sandbox=sandbox, quiet=bool(get_meta(ctx, "quiet")))

    def format_command(self, *words: str) -> str:
        """Return a command line, such as `connector list`, with those of the given flags that it needs."""
        settings = map(self.settings.get, SETTING_FLAGS)
        given = {SETTING_FLAGS[one.name]: one.value for one in settings if one.source.startswith("flag")}
        return format_command(root, {**given, SANDBOX_FLAG: self.sandbox}, words)

    def note(self, text: str) -> None:
        """Print a line on stderr that --quiet leaves out."""
        if not self.quiet:
            print_stderr(text, "hint")

    def require_trust(self) -> None:
        """Check that this user has said where credentials go, or trusts the folder that does. Raises UsageError."""
        found = map(self.settings.get, ("connector", "store"))
        chosen = [one for one in found if one.is_of_project and not _is_installed(one)]
        project = self.settings.project
        if self.sandbox or project is None or not chosen:
            return
        project_file, digest = project.path, compute_digest(project, self.connector)
        trust = find_trust(project_file, digest)
        if trust == "trusted":
            return
        flags = " ".join(f"{flag_of(one.name)} {one.value}" for one in chosen)
        named = " and ".join(f"the {one.name} {one.value}" for one in chosen)
        message = f"{project_file} names {named}, which decides where credentials are sent."
        if trust == "changed":
            message = f"{message} It has changed since you trusted the folder."
        hint = f"If you trust that folder, run 'connector config trust'; or say so each time: {flags}"
        if not stdio.can_prompt():
            raise UsageError(f"{message} Nothing was sent.", hint=hint)
        if not click.confirm(f"{message} Do you trust {project_file.parent}?", err=True):
            raise UsageError("Nothing was sent: the answer was no.", hint=hint)
        set_trust(project_file, trusted=True, digest=digest)


def _is_installed(setting: Setting) -> bool:
    """Whether a setting is the name of an installed connector: this user has chosen its hosts."""
    return setting.name == "connector" and not Path(setting.value).is_absolute()


def open_run_log(connector: Connector, settings: Settings, *, sandbox: bool) -> RunLog | None:
    """Return the log of runs that the settings name, or the sandbox's own; None where it is off. Raises UsageError."""
    url = find_url("runs", connector, settings, sandbox=sandbox)
    if url is None or settings.get("runs").value == "off":
        return None
    from connector.runtime.calls.call_options import parse_timeout
    from connector.runtime.run_log.run_log import RunLog

    return RunLog(url, keep_days=parse_timeout(settings.get("runs_keep").value) / 86_400)


def open_records(connector: Connector, settings: Settings, *, sandbox: bool, account: str | None = None) -> Records:
    """Return the copy of records that the settings name, or the sandbox's own. Raises UsageError."""
    from connector.runtime.calls.call_options import parse_timeout
    from connector.runtime.records.records import Records

    return Records(
        str(find_url("records", connector, settings, sandbox=sandbox)),
        account=account,
        keep_days=parse_timeout(settings.get("records_keep").value) / 86_400,
    )


def restore_note_path() -> Path:
    """Return the path of the note that a restore has not ended."""
    return find_data_folder() / "restoring.json"


def _tell_unfinished_restore() -> None:
    """Say that what is kept is partly old and partly new, where a restore died between two places."""
    note_path = restore_note_path()
    if note_path.exists():
        from connector.runtime.backup.restore import find_unfinished

        file = find_unfinished(note_path)
        print_stderr(
            f"A restore of {file} did not end: some of what is kept is old, some is new. "
            f"Run: {shlex.join(['connector', 'restore', str(file), '--yes'])}"
        )


def load_settings(ctx: click.Context, **flags: Any) -> Settings:
    """Return the settings in force with these flags, --connector, --profile and --store-key-file."""
    return Settings({**flags, **{key: get_meta(ctx, key) for key in ("connector", "profile", "store_key_file")}})


def load_keyring(settings: Settings) -> Keyring | None:
    """Return the keys that the settings name; None where there are none. Raises UsageError."""
    from connector.runtime.storage.encryption import Keyring

    path = find_key_file(settings)
    return Keyring.from_file(path) if path else Keyring.from_env()


def find_key_file(settings: Settings) -> Path | None:
    """Return the file of the keys; None where CONNECTOR_KEY has them, or there are none."""
    setting = settings.get("store_key_file")
    is_outranked = os.environ.get("CONNECTOR_KEY") and not setting.source.startswith("flag")
    return Path(setting.value).expanduser() if setting.value and not is_outranked else None


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


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --store and --store-key-file; the settings have the latter."""
    help_line = "The store of connections: file:PATH, sqlite:///PATH or postgresql://..."
    decorated: Callable[..., Any] = click.option("--store", metavar="URL", help=help_line)(key_file_option(command))
    return decorated


key_file_option = meta_option(
    "--store-key-file",
    metavar="PATH",
    type=click.Path(dir_okay=False),
    help="The file of the key that connections are encrypted with (default: CONNECTOR_KEY, CONNECTOR_KEY_FILE).",
)
