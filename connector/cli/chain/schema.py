"""`connector run --schema`: the JSON Schema of call files, for an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.cli.context.context import load_settings, open_connector
from connector.cli.groups import get_meta
from connector.cli.output import printer
from connector.cli.output.exit_codes import EXIT_DONE
from connector.core.chain.file_schema import build_file_schema
from connector.errors import UsageError

if TYPE_CHECKING:
    import click


def print_file_schema(ctx: click.Context, action: str | None, file: str | None) -> int:
    """Print the schema of call files with an action, or with any. Raises ConnectorError."""
    if file is not None:
        hint = "Leave -f out; write the schema into a file that the first line of the call file names."
        raise UsageError("--schema is of call files, and reads none.", hint=hint)
    connector = get_meta(ctx, "opened") or open_connector(load_settings(ctx))
    printer.write_json(build_file_schema(connector, connector.action_files if action is None else [action]))
    return EXIT_DONE
