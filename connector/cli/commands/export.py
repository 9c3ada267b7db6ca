"""`connector export`: a connector in the form of other tools."""

from __future__ import annotations

import json
from pathlib import Path

import click

from connector.cli.context.folder import folder_argument, resolve_folder
from connector.cli.groups import StrictCommand, StrictGroup, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_USAGE
from connector.cli.output.stdio import print_stderr
from connector.errors import UsageError

_HELP = """Write the connector as an OpenAPI 3.1 document, webhooks too; to stdout without --out.

Postman, Insomnia and Swagger UI open it. 'connector import' of the document gives the folder back, without comments.
"""


@click.group("export", cls=StrictGroup, help="Write the connector in the form of other tools.")
@global_options
def export_command() -> None:
    """Hold the forms."""


@export_command.command("openapi", cls=StrictCommand, help=_HELP, short_help="Write an OpenAPI 3.1 document.")
@folder_argument
@click.option("-o", "--out", "out", type=click.Path(path_type=Path), metavar="FILE",
              help="The file to write (default: stdout).")  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; exit code 2 if FILE is out of date.")
@global_options
@click.pass_context
def openapi_command(ctx: click.Context, folder: Path | None, out: Path | None, *, check: bool) -> int:
    """Write or check an OpenAPI document."""
    from connector.authoring.openapi.document import build_document
    from connector.definition.loader import Connector

    if check and out is None:
        raise click.UsageError("--check needs the file to check: -o FILE.", ctx)
    document = build_document(Connector.open(resolve_folder(ctx, folder)))
    if out is None:
        printer.write_json(document)
        return EXIT_DONE
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    is_fresh = out.is_file() and out.read_text("utf-8") == text
    if not check and not is_fresh:
        _write(out, text)
    if not get_meta(ctx, "quiet"):
        count = sum(len(item) for item in document["paths"].values())
        state = "is up to date" if is_fresh else "is out of date" if check else "was written"
        operations, webhooks = (
            format_count(count, "operation"),
            format_count(len(document.get("webhooks", ())), "webhook"),
        )
        print_stderr(f"{out} {state}: {operations}, {webhooks}.")
    return EXIT_USAGE if check and not is_fresh else EXIT_DONE


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.", hint="-o names the file to write.") from None
