"""`connector stubs`: write a connector's actions as typed Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from connector.cli.context.folder import folder_argument, format_folder, resolve_folder
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.generated_file import generated_file_options, require_file, update_file
from connector.cli.output.printer import write_text
from connector.cli.output.stdio import print_stderr

if TYPE_CHECKING:
    from pathlib import Path

_HELP = """Write a connector's actions as typed Python, for type checkers and editors.

Every action is a method of one class: its inputs are keywords with their types and choices, and what it returns has the
types of the connector's schemas. That of the bundled connector stands in connector.typed.
"""


@click.command("stubs", cls=StrictCommand, help=_HELP)
@folder_argument
@generated_file_options
@global_options
@click.pass_context
def stubs_command(ctx: click.Context, folder: Path | None, out: Path | None, *, check: bool) -> int:
    """Write or check a module."""
    from connector.authoring.stubs.module import write_module
    from connector.definition.loader import Connector

    require_file(ctx, out, check=check)
    target = resolve_folder(ctx, folder)
    text = write_module(Connector.open(target))
    if out is None:
        write_text(text.rstrip("\n"))
        return EXIT_DONE
    state = update_file(out, text, check=check)
    if not get_meta(ctx, "quiet"):
        print_stderr(f"{format_folder(target)}: {out} {state.words}.")
    return state.exit_code
