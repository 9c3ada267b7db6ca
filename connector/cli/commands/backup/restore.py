"""`connector restore`: put back what a backup holds."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls.named_file import check_named_file
from connector.cli.commands.backup.view import describe_manifest, format_part, place_options
from connector.cli.context.config_file import config_path
from connector.cli.context.context import load_keyring, load_settings, open_connector, output_option, restore_note_path
from connector.cli.context.locations import locate_part
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.stdio import can_prompt, print_stderr
from connector.errors import UsageError
from connector.runtime.backup.archive import ArchiveReader
from connector.runtime.backup.restore import JOURNAL_AHEAD, JOURNAL_NEW, JOURNAL_OTHER, JOURNAL_SAME, Restore
from connector.runtime.files import private_files

if TYPE_CHECKING:
    from connector.cli.context.settings import Settings
    from connector.runtime.backup.restore import RestoredJournal

_HELP = """Put back what FILE holds, a backup of 'connector backup': all of it or nothing.

It goes where the settings of this machine say, SQLite or PostgreSQL, whatever it came from. What is there is replaced,
which needs --yes. The config file is put back where there is none, and a journal that has gone on since is left alone.
"""
_JOURNAL_STATES = {
    JOURNAL_NEW: "is put back: rows that were sent after the backup would be sent again",
    JOURNAL_SAME: "is there already",
    JOURNAL_AHEAD: "has gone on since the backup, and is left as it is",
    JOURNAL_OTHER: "is replaced: what it says was sent after the backup is forgotten",
}


@click.command("restore", cls=StrictCommand, help=_HELP)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Replace what is there.")
@click.option("--check", is_flag=True, help="Check the file and say what would come back; change nothing.")
@click.option(
    "--write-key",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write the key of the backup into this new file.",
)
@place_options
@output_option
@global_options
@click.pass_context
def restore_command(
    ctx: click.Context,
    /,
    file: Path,
    key_file: Path | None,
    output_format: str,
    *,
    yes: bool,
    check: bool,
    **places: Any,
) -> None:
    """Restore a backup."""
    hint = "Name a file that 'connector backup' wrote. Nothing was restored."
    check_named_file(str(file), "a backup", hint, is_text=False)
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(ArchiveReader(file))
        _check_key_file(archive, key_file)
        undo = stack.enter_context(contextlib.ExitStack())
        has_settings = not check and _put_settings(archive)
        if has_settings:
            undo.callback(config_path().unlink)
        settings = load_settings(ctx, **places)
        restore = Restore(archive, partial(locate_part, open_connector(settings), settings), restore_note_path())
        if not check:
            _confirm(restore, yes=yes)
            restore.run()
            undo.pop_all()
            if key_file is not None:
                _put_key(archive, key_file)
        if output_format == "json":
            printer.write_json({**_describe(restore, archive), "restored": not check})
        else:
            printer.write_text("\n".join(_format_lines(restore, archive, check=check, has_settings=has_settings)))
        note = _describe_key(archive, settings, key_file)
        if note:
            print_stderr(note)


def _check_key_file(archive: ArchiveReader, key_file: Path | None) -> None:
    """Raise UsageError for a key file that cannot be written."""
    if key_file is not None and archive.manifest.key is None:
        raise UsageError(f"{archive.path} has no key.", hint="It has one after 'connector backup --include-key'.")
    if key_file is not None and key_file.exists():
        raise UsageError(f"--write-key: {key_file} exists.", hint="Name a new file.")


def _put_settings(archive: ArchiveReader) -> bool:
    """Put the config file back where there is none; return whether it was."""
    copy, path = archive.manifest.settings, config_path()
    if copy is None or path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        private_files.create_private(path, archive.read(copy.entry))
    except OSError as error:
        raise private_files.build_store_error(error, path) from error
    return True


def _put_key(archive: ArchiveReader, path: Path) -> None:
    assert archive.manifest.key is not None
    try:
        private_files.create_private(path, archive.read(archive.manifest.key))
    except OSError as error:
        raise private_files.build_store_error(error, path, "The data was restored, and the key was not.") from error


def _confirm(restore: Restore, *, yes: bool) -> None:
    """Raise UsageError where something would be overwritten without a yes."""
    if yes or not restore.replaces:
        return
    filled = [f"{format_part(one.part.kind, '', one.present)} in {one.place}" for one in restore.parts if one.present]
    filled += [f"the journal {one.path}" for one in restore.journals if one.state == JOURNAL_OTHER]
    message = f"This replaces {'; '.join(filled)}."
    if not can_prompt():
        raise UsageError(f"{message} Nothing was changed.", hint="Add --yes to replace it, or back it up first.")
    if not click.confirm(f"{message} Replace it?", err=True):
        raise UsageError("Nothing was changed: the answer was no.", hint="Back it up first, or add --yes.")


def _describe(restore: Restore, archive: ArchiveReader) -> dict[str, Any]:
    parts = [
        {"kind": one.part.kind, "name": one.part.name, "place": one.place, "rows": one.rows, "replaced": one.present}
        for one in restore.parts
    ]
    journals = [{"path": str(one.path), "state": one.state} for one in restore.journals]
    return {**describe_manifest(archive.manifest), "parts": parts, "journals": journals}


def _format_lines(restore: Restore, archive: ArchiveReader, *, check: bool, has_settings: bool) -> list[str]:
    manifest = archive.manifest
    verb = "would come back" if check else "came back"
    lines = [f"{archive.path} is whole: made {manifest.made_at} by connector {manifest.program}. What {verb}:"]
    for one in restore.parts:
        replaced = f", in place of {one.present:,}" if one.present else ""
        lines.append(f"  {format_part(one.part.kind, one.part.name, one.rows)}, to {one.place}{replaced}")
    lines += [f"  journal {_format_journal(one)}" for one in restore.journals]
    if has_settings:
        lines.append(f"  the config file, to {config_path()}")
    elif manifest.settings:
        lines.append("  not the config file: there is one here" if config_path().exists() else "  the config file")
    return lines


def _format_journal(journal: RestoredJournal) -> str:
    return f"{journal.path} {_JOURNAL_STATES[journal.state]}"


def _describe_key(archive: ArchiveReader, settings: Settings, key_file: Path | None) -> str:
    """Return which key the connections need that is not set here."""
    keyring = load_keyring(settings)
    missing = set(archive.manifest.sealed_with) - set(keyring.fingerprints if keyring else ())
    if not missing:
        return ""
    keys = ", ".join(sorted(missing))
    if key_file is not None:
        return f"The connections are encrypted with key {keys}: set CONNECTOR_KEY_FILE={key_file.absolute()}."
    if archive.manifest.key is not None:
        return f"The connections are encrypted with key {keys}, which the backup has: --write-key PATH writes it."
    return f"The connections are encrypted with key {keys}: set CONNECTOR_KEY or CONNECTOR_KEY_FILE to it to use them."
