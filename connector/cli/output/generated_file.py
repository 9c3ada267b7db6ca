"""A file that a command generates: written where it is out of date, or only checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from connector.cli.output.exit_codes import EXIT_DONE, EXIT_USAGE
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def generated_file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --out and --check to a command that generates one file."""
    out = click.option("-o", "--out", "out", type=click.Path(path_type=Path), metavar="FILE",
                       help="The file to write (default: stdout).")  # fmt: skip
    check = click.option("--check", is_flag=True, help="Write nothing; exit code 2 if FILE is out of date.")
    return out(check(command))


class FileState(NamedTuple):
    """What became of a generated file, as words of a sentence, and the exit code of the command."""

    words: str
    exit_code: int


def require_file(ctx: click.Context, out: Path | None, *, check: bool) -> None:
    """Raise click.UsageError where a file is to be checked and none is named."""
    if check and out is None:
        raise click.UsageError("--check needs the file to check: -o FILE.", ctx)


def update_file(out: Path, text: str, *, check: bool) -> FileState:
    """Write a file whose text is another, or only tell. Raises UsageError where it cannot be written."""
    if out.is_file() and out.read_text("utf-8") == text:
        return FileState("is up to date", EXIT_DONE)
    if check:
        return FileState("is out of date", EXIT_USAGE)
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}.", hint="-o names the file to write.") from None
    return FileState("was written", EXIT_DONE)
