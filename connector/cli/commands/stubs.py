"""`connector stubs`: write a connector's actions as typed Python."""

from __future__ import annotations

from pathlib import Path

import click

from connector.cli.context.folder import folder_argument, format_folder, resolve_folder
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_USAGE
from connector.cli.output.printer import write_text
from connector.cli.output.stdio import print_stderr
from connector.errors import UsageError

_HELP = """Write a connector's actions as typed Python, for type checkers and editors.

Every action is a method of one class: its inputs are keywords with their types and choices, and what it returns has the
types of the connector's schemas. That of the bundled connector stands in connector.typed.
"""


@click.command("stubs", cls=StrictCommand, help=_HELP)
@folder_argument
@click.option("-o", "--out", "out", type=click.Path(path_type=Path), metavar="FILE",
              help="The file to write (default: stdout).")  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; exit code 2 if FILE is out of date.")
@global_options
@click.pass_context
def stubs_command(ctx: click.Context, folder: Path | None, out: Path | None, *, check: bool) -> int:
    """Write or check a module."""
    from connector.authoring.stubs.module import write_module
    from connector.definition.loader import Connector

    if check and out is None:
        raise click.UsageError("--check needs the file to check: -o FILE.", ctx)
    target = resolve_folder(ctx, folder)
    text = write_module(Connector.open(target))
    if out is None:
        write_text(text.rstrip("\n"))
        return EXIT_DONE
    is_fresh = out.is_file() and out.read_text("utf-8") == text
    if not check and not is_fresh:
        _write(out, text)
    if not get_meta(ctx, "quiet"):
        state = "is up to date" if is_fresh else "is out of date" if check else "was written"
        print_stderr(f"{format_folder(target)}: {out} {state}.")
    return EXIT_USAGE if check and not is_fresh else EXIT_DONE


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.", hint="-o names the file to write.") from None
