"""`connector export`: a connector in the form of other tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from connector.cli.context.folder import folder_argument, resolve_folder
from connector.cli.groups import StrictCommand, StrictGroup, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.generated_file import generated_file_options, require_file, update_file
from connector.cli.output.stdio import print_stderr

if TYPE_CHECKING:
    from pathlib import Path

_HELP = """Write the connector as an OpenAPI 3.1 document, webhooks too; to stdout without --out.

Postman, Insomnia and Swagger UI open it. 'connector import' of the document gives the folder back, without comments.
"""


@click.group("export", cls=StrictGroup, help="Write the connector in the form of other tools.")
@global_options
def export_command() -> None:
    """Hold the forms."""


@export_command.command("openapi", cls=StrictCommand, help=_HELP, short_help="Write an OpenAPI 3.1 document.")
@folder_argument
@generated_file_options
@global_options
@click.pass_context
def openapi_command(ctx: click.Context, folder: Path | None, out: Path | None, *, check: bool) -> int:
    """Write or check an OpenAPI document."""
    from connector.authoring.openapi.document import build_document
    from connector.definition.loader import Connector

    require_file(ctx, out, check=check)
    document = build_document(Connector.open(resolve_folder(ctx, folder)))
    if out is None:
        printer.write_json(document)
        return EXIT_DONE
    state = update_file(out, json.dumps(document, indent=2, ensure_ascii=False) + "\n", check=check)
    if not get_meta(ctx, "quiet"):
        operations = format_count(sum(map(len, document["paths"].values())), "operation")
        webhooks = format_count(len(document.get("webhooks", ())), "webhook")
        print_stderr(f"{out} {state.words}: {operations}, {webhooks}.")
    return state.exit_code
