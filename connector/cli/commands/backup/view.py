"""What the commands of backups share: the options that name places, and what a backup holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import key_file_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.runtime.backup.archive import BackupManifest

_TITLES = {"store": "connections", "inbox": "events", "bulk": "bulk runs", "records": "records", "runs": "runs"}


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name places of data."""
    for option in (
        click.option("--runs", metavar="URL", help="The log of runs."),
        click.option("--records", metavar="URL", help="The copy of records."),
        click.option("--on", "bulk", metavar="URL", help="The database of bulk runs."),
        click.option("--inbox", metavar="URL", help="The inbox of events."),
        click.option("--store", metavar="URL", help="The store of connections."),
    ):
        command = option(command)
    decorated: Callable[..., Any] = key_file_option(command)
    return decorated


def describe_manifest(manifest: BackupManifest) -> dict[str, Any]:
    """Return what a backup holds as JSON-safe data."""
    parts = [
        {"kind": part.kind, "name": part.name, "place": part.place, "version": part.version,
         "rows": part.rows}
        for part in manifest.parts
    ]  # fmt: skip
    return {
        "program": manifest.program, "made_at": manifest.made_at, "parts": parts,
        "journals": [journal.path for journal in manifest.journals], "settings": manifest.settings is not None,
        "encrypted_with": manifest.sealed_with, "unencrypted": manifest.plain_records,
        "includes_key": manifest.key is not None,
    }  # fmt: skip


def format_part(kind: str, name: str, rows: int) -> str:
    """Return a part of a backup for a reader, such as `events of lamp: 12`."""
    return f"{_TITLES[kind]}{f' of {name}' if name else ''}: {rows:,}"
