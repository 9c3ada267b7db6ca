"""The connector's folder that a command of an author works on."""

from __future__ import annotations

from pathlib import Path

import click

from connector.cli.context.context import load_settings
from connector.errors import UsageError

folder_argument = click.argument("folder", required=False, type=click.Path(path_type=Path))


def resolve_folder(ctx: click.Context, folder: Path | None) -> Path:
    """Return the folder to work on: the argument, the --connector, the current folder, or the bundled one.

    Raises DefinitionError that names the folder if it holds no connector.
    """
    if folder is None:
        configured = load_settings(ctx).get("connector").value
        current = Path() if Path("manifest.yaml").is_file() else None
        folder = Path(configured) if configured is not None else current
    if folder is not None and folder.is_file():
        near = next((parent for parent in folder.absolute().parents if (parent / "manifest.yaml").is_file()), None)
        hint = f"Name the folder: {near}" if near else "Name the folder that has its manifest.yaml."
        raise UsageError(f"{folder} is a file, and a connector is a folder.", hint=hint)
    if folder is None or not (folder / "manifest.yaml").is_file():
        from connector.definition.loader import Connector

        return Connector.open(folder).folder
    return folder


def format_folder(folder: Path) -> str:
    """Return the folder's name for a message."""
    return "this folder" if folder == Path() else str(folder)
