"""`connector backup`: everything that is kept, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.backup.view import describe_manifest, format_part, place_options
from connector.cli.context.config_file import config_path
from connector.cli.context.context import load_keyring, load_settings, output_option, restore_note_path
from connector.cli.context.locations import list_locations
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.stdio import print_stderr
from connector.errors import StoreError, UsageError
from connector.runtime.backup.backup import BackupSources, make_backup
from connector.runtime.backup.restore import find_unfinished

if TYPE_CHECKING:
    from connector.runtime.backup.archive import BackupManifest

_HELP = """Copy everything that is kept into FILE, a new zip file that only you can read.

The connections, the inboxes of events, bulk runs in a database, the log of runs, the copy of records, the journals of
this folder, and the config file. Nothing has to be stopped for it. The rate budget is left out: its numbers are of the
moment.
"""


@click.command("backup", cls=StrictCommand, help=_HELP)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--journal", "journals", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
    help="A journal, or a folder of journals (default: those of this folder). Repeatable.",
)  # fmt: skip
@click.option("--include-key", is_flag=True, help="Put the key into the file too: it then opens every connection.")
@place_options
@output_option
@global_options
@click.pass_context
def backup_command(
    ctx: click.Context,
    /,
    file: Path,
    journals: tuple[Path, ...],
    output_format: str,
    *,
    include_key: bool,
    **places: Any,
) -> None:
    """Write a backup."""
    settings = load_settings(ctx, **places)
    unfinished = find_unfinished(restore_note_path())
    if unfinished:
        message = f"A restore of {unfinished} did not end: some places have old data, and some have new."
        raise StoreError(message, hint=f"End it first: connector restore {unfinished} --yes")
    keyring = load_keyring(settings)
    if file == Path(file.name) and not file.suffix:
        hint = f"For a file, name it {file}.zip. 'connector restore FILE --check' says what a backup has."
        raise UsageError(f"{file} may be meant as a command, and there is none. Nothing was written.", hint=hint)
    if include_key and keyring is None:
        raise UsageError("--include-key: no key is set.", hint="Set CONNECTOR_KEY or CONNECTOR_KEY_FILE, or remove it.")
    config = config_path()
    sources = BackupSources(
        locations=list_locations(settings),
        journals=_list_journals(journals),
        settings=config if config.exists() else None,
        keys=keyring.reveal() if include_key and keyring is not None else None,
    )
    manifest = make_backup(file, sources)
    if output_format == "json":
        printer.write_json({"file": str(file), **describe_manifest(manifest)})
        return
    lines = [f"  {format_part(part['kind'], part['name'], part['rows'])}, from {part['place']}"
             for part in describe_manifest(manifest)["parts"]]  # fmt: skip
    lines += [f"  journal {journal.path}" for journal in manifest.journals]
    lines += ["  the config file"] if manifest.settings else []
    printer.write_text("\n".join([f"{file} has:", *(lines or ["  nothing: no data is kept yet"])]))
    if not get_meta(ctx, "quiet"):
        print_stderr(_describe_secrets(manifest))


def _list_journals(paths: tuple[Path, ...]) -> list[Path]:
    """Return the journals that were named, or those of this folder."""
    named = [path for one in paths for path in (sorted(one.glob("*.journal")) if one.is_dir() else [one])]
    found = named if paths else sorted(Path().glob("*.journal"))
    return list(dict.fromkeys(path.absolute() for path in found))


def _describe_secrets(manifest: BackupManifest) -> str:
    """Return what the file is worth to a thief, and where the key is."""
    if manifest.key is not None:
        return "The key is in the file: whoever reads it can use every connection. Keep it as you keep the key."
    sentences = []
    if manifest.plain_records:
        sentences.append("The connections are not encrypted: whoever reads the file can use them. Keep it private.")
    if manifest.sealed_with:
        keys = ", ".join(manifest.sealed_with)
        sentences.append(
            f"The connections are encrypted with key {keys}, which is not in the file: keep the key elsewhere. "
            "Without it they are lost."
        )
    return " ".join(sentences) or "The file has no connections."
